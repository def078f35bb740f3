package decode

import (
	"testing"
	"time"
)

func TestParseTime(t *testing.T) {
	t.Parallel()
	cases := []struct {
		why, raw string
		want     string // RFC 3339 in UTC; empty: unreadable
		flaw     TimeFlaw
	}{
		{"as it should be", "2026-03-01T12:34:56Z", "2026-03-01T12:34:56Z", 0},
		{"milliseconds", "2026-03-01T12:34:56.789Z", "2026-03-01T12:34:56.789Z", 0},
		{"more digits than a nanosecond has", "2026-03-01T12:34:56.1234567891Z", "2026-03-01T12:34:56.123456789Z", 0},
		{"an offset", "2026-03-01T00:30:00+05:30", "2026-02-28T19:00:00Z", 0},
		{"a negative offset over the end of a leap February", "2028-02-29T23:00:00-02:00", "2028-03-01T01:00:00Z", 0},
		{"28: no zone", "2026-03-01T12:34:56", "2026-03-01T12:34:56Z", NoZone},
		{"28: no zone, with a fraction", "2026-03-01T12:34:56.5", "2026-03-01T12:34:56.5Z", NoZone},
		{"29: an offset of hours", "2024-04-26T14:35:02+02", "2024-04-26T12:35:02Z", LooseFormat},
		{"an offset without a colon", "2024-04-26T14:35:02+0230", "2024-04-26T12:05:02Z", LooseFormat},
		{"a blank for the T", "2026-03-01 12:34:56Z", "2026-03-01T12:34:56Z", LooseFormat},
		{"a blank for the T, no zone", "2026-03-01 12:34:56", "2026-03-01T12:34:56Z", LooseFormat | NoZone},
		{"UTC in letters", "2026-03-01T12:34:56 UTC", "2026-03-01T12:34:56Z", LooseFormat},
		{"small letters", "2026-03-01t12:34:56z", "2026-03-01T12:34:56Z", LooseFormat},
		{"blanks around it", " 2026-03-01T12:34:56Z\r\n", "2026-03-01T12:34:56Z", LooseFormat},
		{"no seconds", "2026-03-01T12:34Z", "2026-03-01T12:34:00Z", LooseFormat},
		{"ISO 8601 basic", "20260301T12:34:56Z", "2026-03-01T12:34:56Z", LooseFormat},
		{"a comma in the fraction", "2026-03-01T12:34:56,5Z", "2026-03-01T12:34:56.5Z", 0},
		{"seconds since 1970", "1772368496", "2026-03-01T12:34:56Z", LooseFormat},
		{"milliseconds since 1970", "1772368496789", "2026-03-01T12:34:56.789Z", LooseFormat},
		{"a leap second", "2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z", 0},
		{"30: a clock that was never set", "1970-01-01T00:00:12Z", "1970-01-01T00:00:12Z", Implausible},
		{"31: a zero value", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", Implausible},
		{"a far future", "2153-01-01T00:00:00Z", "2153-01-01T00:00:00Z", Implausible},
		{"nothing", "", "", Unreadable},
		{"a word", "now", "", Unreadable},
		{"only a date", "2026-03-01", "", Unreadable},
		{"no such day", "2026-02-29T12:00:00Z", "", Unreadable},
		{"no such month", "2026-13-01T12:00:00Z", "", Unreadable},
		{"no such hour", "2026-03-01T24:00:00Z", "", Unreadable},
		{"no such second", "2026-03-01T12:00:61Z", "", Unreadable},
		{"an offset without a number", "2026-03-01T12:00:00+", "", Unreadable},
		{"something behind it", "2026-03-01T12:00:00Z!", "", Unreadable},
		{"a fraction without digits", "2026-03-01T12:00:00.Z", "", Unreadable},
	}
	for _, tc := range cases {
		got := ParseTime(tc.raw)
		text := ""
		if got.Flaw&Unreadable == 0 {
			text = got.At.Format(time.RFC3339Nano)
		}
		if text != tc.want || got.Flaw != tc.flaw || got.Raw != tc.raw {
			t.Errorf("%s: %q: got %q flaw %b, want %q flaw %b", tc.why, tc.raw, text, got.Flaw, tc.want, tc.flaw)
		}
		if got.Set() != (tc.flaw&(Implausible|Unreadable) == 0) {
			t.Errorf("%s: Set is %v", tc.why, got.Set())
		}
	}
}

func TestRow28_ALocalTimeReadAgainInItsZone(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("CST", 8*3600)
	local := ParseTime("2026-03-01T20:00:00")
	if want := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC); !local.In(zone).Equal(want) {
		t.Errorf("got %v, want %v", local.In(zone), want)
	}
	given := ParseTime("2026-03-01T20:00:00Z")
	if !given.In(zone).Equal(given.At) {
		t.Error("a time with a zone was moved")
	}
}

func TestRow30_31_TheReceiveTimeStandsInForAnImpossibleOne(t *testing.T) {
	t.Parallel()
	received := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, raw := range []string{"1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "", "rubbish"} {
		got := ParseTime(raw)
		if !got.Or(received).Equal(received) || got.Raw != raw {
			t.Errorf("%q: %v, raw %q", raw, got.Or(received), got.Raw)
		}
	}
	if got := ParseTime("2026-01-01T00:00:00Z"); got.Or(received).Equal(received) {
		t.Error("a good time was replaced")
	}
}

func TestDaysAgreeWithTheCalendar(t *testing.T) {
	t.Parallel()
	at := time.Date(1899, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 110_000 { // 300 years
		y, m, d := at.Date()
		if got := daysSince1970(y, int(m), d); int64(got)*86400 != at.Unix() {
			t.Fatalf("%v is day %d", at, got)
		}
		at = at.AddDate(0, 0, 1)
		if next := at.Day(); (next == 1) != (d == daysIn(y, int(m))) {
			t.Fatalf("%d-%d has %d days", y, m, daysIn(y, int(m)))
		}
	}
}

// Whatever the standard library reads as RFC 3339 must be read the same.
func FuzzParseTime(f *testing.F) {
	for _, s := range []string{
		"2026-03-01T12:34:56.789Z", "2026-03-01T12:34:56+02:00", "2026-03-01 12:34:56", "1970-01-01T00:00:00Z",
		"0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999-23:59", "1772368496", "2024-04-26T14:35:02+02", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := ParseTime(s)
		want, err := time.Parse(time.RFC3339Nano, s)
		if err != nil || want.Year() < 1 {
			return
		}
		if got.Flaw&Unreadable != 0 || !got.At.Equal(want) {
			t.Fatalf("%q: got %v flaw %b, want %v", s, got.At, got.Flaw, want)
		}
	})
}
