package tariff

import (
	"fmt"
	"strings"
	"time"

	"ccms/internal/unit"
)

// Cond restricts an element to local times of day, weekdays and what Special says. The
// zero Cond always holds. OCPI's reading: the weekday is the instant's own local day, so a
// band 22:00–06:00 on Mondays covers Monday 00:00–06:00 and 22:00–24:00; equal ends
// mean the whole day (ocpi/ocpi#466, #499).
type Cond struct {
	From Clock `json:"from"`           // first minute of the band
	To   Clock `json:"to"`             // first minute after it; before From: over midnight
	Days Days  `json:"days,omitempty"` // none: every day
	Special
}

// Special narrows a condition beyond the times of a week. Ranges are [from, to); 0 is an
// open end.
type Special struct {
	Since    Date        `json:"since,omitzero"` // local dates, apart from the times (ocpi/ocpi#499)
	Before   Date        `json:"before,omitzero"`
	Season   Season      `json:"season,omitzero"`
	Holidays HolidayRule `json:"holidays,omitempty"`

	EnergyFrom unit.Wh `json:"energy_from_wh,omitempty"` // what the session got so far
	EnergyTo   unit.Wh `json:"energy_to_wh,omitempty"`
	// Power is the mean between two samples.
	PowerFrom   unit.W        `json:"power_from_w,omitempty"`
	PowerTo     unit.W        `json:"power_to_w,omitempty"`
	CurrentFrom unit.MilliAmp `json:"current_from_ma,omitempty"` // as the meter told it
	CurrentTo   unit.MilliAmp `json:"current_to_ma,omitempty"`
	LastsFrom   int64         `json:"lasts_from_s,omitempty"` // seconds since the start, idle counts (ocpi/ocpi#225)
	LastsTo     int64         `json:"lasts_to_s,omitempty"`

	Reservation Stage `json:"reservation,omitempty"` // in layers of kind OCPI
}

// Stage says which part of a reservation an element of an OCPI tariff is for.
type Stage string

// The stages. None: the session.
const (
	Reserving Stage = "RESERVATION"
	Expired   Stage = "RESERVATION_EXPIRES"
)

// HolidayRule says whether a condition holds on holidays. None: on all days alike.
type HolidayRule string

// The rules.
const (
	OnHolidays  HolidayRule = "ONLY"
	NotHolidays HolidayRule = "NOT"
)

// Season is a part of every year, [From, To). To before From: over new year. Equal: all
// the year.
type Season struct {
	From YearDay `json:"from"`
	To   YearDay `json:"to"`
}

func (s Season) has(d YearDay) bool {
	switch {
	case s.From == s.To:
		return true
	case s.From < s.To:
		return s.From <= d && d < s.To
	}
	return d >= s.From || d < s.To
}

// Clock is a local time of day in minutes, 0…1440; 1440 is "24:00".
type Clock int

// String prints "06:30".
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// ParseClock reads "06:30", up to "24:00".
func ParseClock(s string) (Clock, error) {
	if len(s) == 5 && s[2] == ':' {
		d := [4]int{int(s[0]) - '0', int(s[1]) - '0', int(s[3]) - '0', int(s[4]) - '0'}
		h, m := d[0]*10+d[1], d[2]*10+d[3]
		ok := h <= 23 && m <= 59 || h == 24 && m == 0
		for _, n := range d {
			ok = ok && 0 <= n && n <= 9
		}
		if ok {
			return Clock(h*60 + m), nil
		}
	}
	return 0, fmt.Errorf("tariff: not a time of day between 00:00 and 24:00: %.8q", s)
}

// MarshalText writes String.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what ParseClock reads.
func (c *Clock) UnmarshalText(b []byte) error {
	v, err := ParseClock(string(b))
	*c = v
	return err
}

// Days is a set of weekdays, bit 1<<time.Weekday.
type Days uint8

const everyDay Days = 1<<7 - 1

// On makes a set.
func On(days ...time.Weekday) (d Days) {
	for _, w := range days {
		d |= 1 << w
	}
	return d
}

// Has reports whether the set holds w; the empty set holds every day.
func (d Days) Has(w time.Weekday) bool { return d == 0 || d&(1<<w) != 0 }

// String prints "Mon Tue", "" for every day.
func (d Days) String() string {
	if d == 0 || d == everyDay {
		return ""
	}
	var out []string
	for _, w := range []time.Weekday{1, 2, 3, 4, 5, 6, 0} {
		if d&(1<<w) != 0 {
			out = append(out, w.String()[:3])
		}
	}
	return strings.Join(out, " ")
}

// wall is the local second of the day, its weekday and its date.
type wall struct {
	sod  int // 0…86399
	day  time.Weekday
	date Date
}

// holds reports whether the calendar part of the condition covers a local time.
func (c *Cond) holds(w wall, holiday func(Date) bool) bool {
	if !c.Days.Has(w.day) || c.dated() && !c.on(w.date, holiday) {
		return false
	}
	from, to := int(c.From)*60, int(c.To)*60
	switch {
	case from == to:
		return true
	case from < to:
		return from <= w.sod && w.sod < to
	}
	return w.sod >= from || w.sod < to
}

// on reports whether the condition covers any of a local date, weekdays aside.
func (c *Cond) on(d Date, holiday func(Date) bool) bool {
	return (c.Since == 0 || d >= c.Since) && (c.Before == 0 || d < c.Before) && c.Season.has(d.yearDay()) &&
		(c.Holidays == "" || (c.Holidays == OnHolidays) == holiday(d))
}

// allows reports whether what the session used meets the condition.
func (c *Cond) allows(u *use) bool {
	return u.energy >= c.EnergyFrom && (c.EnergyTo == 0 || u.energy < c.EnergyTo) &&
		u.since >= c.LastsFrom && (c.LastsTo == 0 || u.since < c.LastsTo) &&
		(c.PowerFrom == 0 || u.flow.atLeast(c.PowerFrom)) && (c.PowerTo == 0 || !u.flow.atLeast(c.PowerTo)) &&
		u.flow.current >= c.CurrentFrom && (c.CurrentTo == 0 || u.flow.current < c.CurrentTo)
}

// weekly reports whether the condition covers every minute of a week.
func (c *Cond) weekly() bool {
	return (c.Days == 0 || c.Days == everyDay) && (c.From == c.To || c.From == 0 && c.To == 1440)
}

// always reports whether the condition covers every instant of every session.
func (c *Cond) always() bool { return c.weekly() && c.Special == Special{Reservation: c.Reservation} }

// dated reports whether the date counts.
func (c *Cond) dated() bool {
	return c.Since != 0 || c.Before != 0 || c.Season.From != c.Season.To || c.Holidays != ""
}

// byPath reports whether it counts how the energy flowed.
func (c *Cond) byPath() bool {
	return c.EnergyFrom != 0 || c.EnergyTo != 0 || c.PowerFrom != 0 || c.PowerTo != 0 || c.CurrentFrom != 0 || c.CurrentTo != 0
}

// byUse reports whether it counts what the session did until then.
func (c *Cond) byUse() bool { return c.byPath() || c.LastsFrom != 0 || c.LastsTo != 0 }

// String prints "22:00–06:00 Sat Sun", "" where it always holds.
func (c Cond) String() string {
	var out []string
	if c.From != c.To && (c.From != 0 || c.To != 1440) {
		out = append(out, c.From.String()+"–"+c.To.String())
	}
	add := func(s string) {
		if s != "" {
			out = append(out, s)
		}
	}
	add(c.Days.String())
	switch c.Holidays {
	case OnHolidays:
		add("on holidays")
	case NotHolidays:
		add("not on holidays")
	}
	if c.Season.From != c.Season.To {
		add("in the season " + c.Season.From.String() + " to " + c.Season.To.String())
	}
	dates := func(from, to string, a, b Date) {
		if a != 0 {
			add(from + a.String())
		}
		if b != 0 {
			add(to + b.String())
		}
	}
	dates("from ", "before ", c.Since, c.Before)
	between := func(a, b int64, text func(int64) string) {
		switch {
		case a != 0 && b != 0:
			add(text(a) + " to " + text(b))
		case a != 0:
			add("from " + text(a))
		case b != 0:
			add("below " + text(b))
		}
	}
	between(int64(c.EnergyFrom), int64(c.EnergyTo), func(n int64) string { return short(unit.Wh(n).KWh()) + " kWh" })
	between(int64(c.PowerFrom), int64(c.PowerTo), func(n int64) string { return short(unit.Wh(n).KWh()) + " kW" })
	between(int64(c.CurrentFrom), int64(c.CurrentTo), func(n int64) string { return short(unit.Wh(n).KWh()) + " A" })
	between(c.LastsFrom, c.LastsTo, func(n int64) string { return quantityText(n, Time) })
	return strings.Join(out, " ")
}

// short is a decimal without zeros at its end.
func short(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return s
}
