package decode

import (
	"strings"
	"time"
)

// TimeFlaw says what was wrong with a time; bits.
type TimeFlaw uint8

const (
	NoZone      TimeFlaw = 1 << iota // read as UTC; In reads it again in a zone
	LooseFormat                      // readable, but not RFC 3339: +02, +0200, a blank for the T, no seconds
	Implausible                      // before 2000 or after 2099: a clock that was never set, a zero value
	Unreadable                       // no time at all
)

// Time is a time as a charge point gave it.
type Time struct {
	At   time.Time // UTC; zero where Raw is empty or unreadable
	Raw  string    // as received; empty: absent
	Flaw TimeFlaw
}

// TimeOf is a time to be sent.
func TimeOf(t time.Time) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{At: t.UTC()}
}

// Set reports whether there is a time that may be used.
func (t Time) Set() bool { return !t.At.IsZero() && t.Flaw&(Implausible|Unreadable) == 0 }

// Or is the time, or instead where it is absent, unreadable or implausible.
// instead is the time the message was received.
func (t Time) Or(instead time.Time) time.Time {
	if t.Set() {
		return t.At
	}
	return instead
}

// In reads a time that came without a zone as local time of loc. Any other is
// returned as it is.
func (t Time) In(loc *time.Location) time.Time {
	if t.Flaw&NoZone == 0 || t.At.IsZero() {
		return t.At
	}
	a := t.At
	return time.Date(a.Year(), a.Month(), a.Day(), a.Hour(), a.Minute(), a.Second(), a.Nanosecond(), loc).UTC()
}

// ParseTime reads a time in the ways charge points write it.
func ParseTime(raw string) Time {
	t := Time{Raw: raw}
	p := timeParser{s: raw}
	if !p.parse(&t) {
		return Time{Raw: raw, Flaw: Unreadable}
	}
	if y := t.At.Year(); y < 2000 || y > 2099 {
		t.Flaw |= Implausible
	}
	return t
}

type timeParser struct {
	s string
	i int
}

// digits reads exactly n digits; -1: there are not as many.
func (p *timeParser) digits(n int) int {
	if len(p.s)-p.i < n {
		return -1
	}
	v := 0
	for _, c := range []byte(p.s[p.i : p.i+n]) {
		if c-'0' > 9 {
			return -1
		}
		v = v*10 + int(c-'0')
	}
	p.i += n
	return v
}

func (p *timeParser) eat(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *timeParser) parse(t *Time) bool {
	if trimmed := strings.TrimSpace(p.s); len(trimmed) != len(p.s) {
		p.s = trimmed
		t.Flaw |= LooseFormat
	}
	if p.epoch(t) {
		return true
	}
	year := p.digits(4)
	if !p.eat('-') {
		t.Flaw |= LooseFormat
	}
	month := p.digits(2)
	if !p.eat('-') {
		t.Flaw |= LooseFormat
	}
	day := p.digits(2)
	if year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return false
	}
	if !p.eat('T') {
		t.Flaw |= LooseFormat
		if !p.eat('t') && !p.eat(' ') {
			return false
		}
	}
	hour := p.digits(2)
	if !p.eat(':') {
		return false
	}
	minute := p.digits(2)
	second, nano := 0, 0
	if p.eat(':') {
		second = p.digits(2)
		if p.eat('.') || p.eat(',') {
			if nano = p.fraction(); nano < 0 {
				return false
			}
		}
	} else {
		t.Flaw |= LooseFormat
	}
	if second == 60 { // a leap second
		second = 59
	}
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return false
	}
	offset, ok := p.zone(t)
	if !ok || p.i != len(p.s) {
		return false
	}
	secs := int64(daysSince1970(year, month, day))*86400 + int64(hour*3600+minute*60+second-offset)
	t.At = time.Unix(secs, int64(nano)).UTC()
	return true
}

// fraction reads the digits of a fraction of a second as nanoseconds.
func (p *timeParser) fraction() int {
	n, v, scale := 0, 0, 100_000_000
	for p.i < len(p.s) && p.s[p.i]-'0' <= 9 {
		v += int(p.s[p.i]-'0') * scale
		scale /= 10
		p.i++
		n++
	}
	if n == 0 {
		return -1
	}
	return v
}

// zone reads the offset in seconds.
func (p *timeParser) zone(t *Time) (int, bool) {
	if p.i == len(p.s) {
		t.Flaw |= NoZone
		return 0, true
	}
	if p.eat('Z') {
		return 0, true
	}
	if p.eat('z') {
		t.Flaw |= LooseFormat
		return 0, true
	}
	if p.eat(' ') {
		t.Flaw |= LooseFormat
	}
	if rest := p.s[p.i:]; strings.EqualFold(rest, "utc") || strings.EqualFold(rest, "gmt") {
		t.Flaw |= LooseFormat
		p.i = len(p.s)
		return 0, true
	}
	sign := 1
	if p.eat('-') {
		sign = -1
	} else if !p.eat('+') {
		return 0, false
	}
	hours, minutes := p.digits(2), 0
	if p.i == len(p.s) {
		t.Flaw |= LooseFormat
	} else {
		if !p.eat(':') {
			t.Flaw |= LooseFormat
		}
		minutes = p.digits(2)
	}
	if hours < 0 || hours > 23 || minutes < 0 || minutes > 59 {
		return 0, false
	}
	return sign * (hours*3600 + minutes*60), true
}

// epoch reads a bare count of seconds or milliseconds since 1970.
func (p *timeParser) epoch(t *Time) bool {
	if len(p.s) != 10 && len(p.s) != 13 {
		return false
	}
	v, exact, ok := parseInt(p.s)
	if !ok || !exact || v < 0 {
		return false
	}
	if len(p.s) == 10 {
		v *= 1000
	}
	t.At = time.UnixMilli(v).UTC()
	t.Flaw |= LooseFormat
	return true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSince1970 counts days in the proleptic Gregorian calendar, with years that
// begin in March so that the leap day comes last.
func daysSince1970(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	return 365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 719469
}
