package tariff

import (
	"fmt"
	"time"
)

// Date is a day of the calendar, 20260301; no zone.
type Date int

// DateOf is the date that t shows in its zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date(y*10000 + int(m)*100 + d)
}

func (d Date) yearDay() YearDay { return YearDay(d % 10000) }

// String prints "2026-03-01".
func (d Date) String() string {
	return fmt.Sprintf("%04d-%02d-%02d", int(d)/10000, int(d)/100%100, int(d)%100)
}

// ParseDate reads what String prints, if there is such a day.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("tariff: not a date such as 2026-03-01: %.12q", s)
	}
	return DateOf(t), nil
}

// MarshalText writes String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDate reads.
func (d *Date) UnmarshalText(b []byte) error {
	v, err := ParseDate(string(b))
	*d = v
	return err
}

// YearDay is a day of every year, 301 for the first of March.
type YearDay int

// String prints "03-01".
func (d YearDay) String() string { return fmt.Sprintf("%02d-%02d", int(d)/100, int(d)%100) }

// ParseYearDay reads what String prints. A leap year has all of them.
func ParseYearDay(s string) (YearDay, error) {
	t, err := time.Parse(time.DateOnly, "2024-"+s)
	if err != nil {
		return 0, fmt.Errorf("tariff: not a day of the year such as 03-01: %.8q", s)
	}
	return DateOf(t).yearDay(), nil
}

// MarshalText writes String.
func (d YearDay) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseYearDay reads.
func (d *YearDay) UnmarshalText(b []byte) error {
	v, err := ParseYearDay(string(b))
	*d = v
	return err
}
