package report

import (
	"fmt"
	"time"
)

// Bucket is an hour, a day, a month or a year as a number: 2026113013, 20261130,
// 202611, 2026. The last two digits of an hour count full hours since midnight: a day
// on which clocks are changed has 23 or 25 of them.
type Bucket int64

// Latest is behind every bucket.
const Latest Bucket = 9999_12_31_99

// Grain is how long a bucket is.
type Grain uint8

// The grains.
const (
	Hour Grain = iota
	Day
	Month
	Year
)

// Grain tells an hour from a day, a month, a year.
func (b Bucket) Grain() Grain {
	switch {
	case b >= 1_0000_00_00: // ten digits
		return Hour
	case b >= 1_0000_00:
		return Day
	case b >= 1_0000:
		return Month
	}
	return Year
}

// DayOf is the day of an instant on a clock.
func DayOf(at time.Time, loc *time.Location) Bucket {
	y, m, d := at.In(loc).Date()
	return Bucket(y*10000 + int(m)*100 + d)
}

// ParseDay reads "2026-11-30".
func ParseDay(s string) (Bucket, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, err
	}
	return DayOf(t, time.UTC), nil
}

// Day is the day of an hour.
func (b Bucket) Day() Bucket {
	if b.Grain() == Hour {
		return b / 100
	}
	return b
}

// Month is the month of a day or of an hour.
func (b Bucket) Month() Bucket {
	switch b.Grain() {
	case Hour:
		return b / 10000
	case Day:
		return b / 100
	}
	return b
}

// Year is the year of any of them.
func (b Bucket) Year() Bucket {
	m := b.Month()
	if m.Grain() == Month {
		return m / 100
	}
	return m
}

// FirstHour and LastHour hold the hours of a day between them.
func (b Bucket) FirstHour() Bucket { return b * 100 }

// LastHour is behind the last hour of a day.
func (b Bucket) LastHour() Bucket { return b*100 + 99 }

// FirstDay and LastDay hold the days of a month between them.
func (b Bucket) FirstDay() Bucket { return b*100 + 1 }

// LastDay is at or behind the last day of a month.
func (b Bucket) LastDay() Bucket { return b*100 + 31 }

// FirstMonth and LastMonth are January and December.
func (b Bucket) FirstMonth() Bucket { return b*100 + 1 }

// LastMonth is December.
func (b Bucket) LastMonth() Bucket { return b*100 + 12 }

// noon is an instant of a day that no clock leaves out.
func (b Bucket) noon() time.Time {
	return time.Date(int(b/10000), time.Month(b/100%100), int(b%100), 12, 0, 0, 0, time.UTC)
}

// AddDays counts days on from a day.
func (b Bucket) AddDays(n int) Bucket { return DayOf(b.noon().AddDate(0, 0, n), time.UTC) }

// Text prints "2026-11-30", "2026-11", "2026".
func (b Bucket) Text() string {
	switch b.Grain() {
	case Day:
		return fmt.Sprintf("%04d-%02d-%02d", b/10000, b/100%100, b%100)
	case Month:
		return fmt.Sprintf("%04d-%02d", b/100, b%100)
	}
	return fmt.Sprintf("%04d", b.Year())
}

// Span is a bucket in time, [From, To).
type Span struct {
	Bucket   Bucket
	Day      Bucket // of a day's span: the same
	From, To time.Time
}

// SpanOf is when a day, month or year lies on a clock.
func SpanOf(b Bucket, loc *time.Location) Span {
	from, next := b, b
	switch b.Grain() {
	case Day:
		next = b.AddDays(1)
	case Month:
		from = b.FirstDay()
		next = from.AddDays(31).Month().FirstDay()
	case Year:
		from, next = b.FirstMonth().FirstDay(), (b + 1).FirstMonth().FirstDay()
	case Hour:
		midnight := dayStart(b.Day(), loc)
		at := midnight.Add(time.Duration(b%100) * time.Hour)
		return Span{Bucket: b, Day: b.Day(), From: at, To: at.Add(time.Hour)}
	}
	return Span{Bucket: b, Day: from, From: dayStart(from, loc), To: dayStart(next, loc)}
}

// dayStart is the first instant of a day. Some clocks are changed at midnight: there it
// is not 00:00, or comes twice.
func dayStart(b Bucket, loc *time.Location) time.Time {
	// Between these two instants the date becomes b once: zones lie within a day of UTC.
	from, to := b.noon().Add(-36*time.Hour), b.noon().Add(12*time.Hour)
	for to.Sub(from) > time.Second {
		middle := from.Add(to.Sub(from) / 2).Truncate(time.Second)
		if !middle.After(from) {
			break
		}
		if DayOf(middle, loc) < b {
			from = middle
		} else {
			to = middle
		}
	}
	return to.UTC()
}

// Hours are the hours of a day on a clock: 23 to 25, the last one may be short.
func Hours(day Bucket, loc *time.Location) []Span {
	d := SpanOf(day, loc)
	var out []Span
	for i, at := 0, d.From; at.Before(d.To); i, at = i+1, at.Add(time.Hour) {
		end := at.Add(time.Hour)
		if end.After(d.To) {
			end = d.To
		}
		out = append(out, Span{Bucket: day.FirstHour() + Bucket(i), Day: day, From: at, To: end})
	}
	return out
}

// Parts are what a day, month or year is shown in: hours, days, months.
func Parts(b Bucket, loc *time.Location) []Span {
	var out []Span
	switch b.Grain() {
	case Day:
		return Hours(b, loc)
	case Month:
		for d := b.FirstDay(); d.Month() == b; d = d.AddDays(1) {
			out = append(out, SpanOf(d, loc))
		}
	case Year:
		for m := b.FirstMonth(); m <= b.LastMonth(); m++ {
			out = append(out, SpanOf(m, loc))
		}
	}
	return out
}

// Before is the bucket of the same length before it.
func (b Bucket) Before() Bucket {
	switch b.Grain() {
	case Day:
		return b.AddDays(-1)
	case Month:
		return b.FirstDay().AddDays(-1).Month()
	}
	return b - 1
}
