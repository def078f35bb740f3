package report

import "time"

// Licence is what the operator may run, and until when.
type Licence struct {
	ValidTo time.Time // zero: it does not end
}

// Tone says how a licence's days are shown.
type Tone string

// The tones (HOME-R1): more than 30 days, at most 30, at most 7, none left.
const (
	Good    Tone = "good"
	Soon    Tone = "soon"
	Urgent  Tone = "urgent"
	Expired Tone = "expired"
)

// EffectiveDays are the days that a licence still runs, one that has begun counted
// whole, on the operator's clock (HOME-R1): one that ends tomorrow at 00:00 has one. A
// day goes from an hour to the same hour, also where a clock is changed between.
func EffectiveDays(validTo, now time.Time, loc *time.Location) int {
	if !validTo.After(now) {
		return 0
	}
	local := now.In(loc)
	days := max(int(validTo.Sub(now)/(24*time.Hour))-1, 0)
	for local.AddDate(0, 0, days).Before(validTo) {
		days++
	}
	return days
}

// ToneOf is the colour of so many days.
func ToneOf(days int) Tone {
	switch {
	case days > 30:
		return Good
	case days > 7:
		return Soon
	case days > 0:
		return Urgent
	}
	return Expired
}
