package encode

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestValues(t *testing.T) {
	t.Parallel()
	cet := time.FixedZone("", 3600)
	for want, got := range map[string][]byte{
		`{"a":1,"b":true}`:           append(Bool(Key(Int(Key([]byte("{"), "a"), 1), "b"), true), '}'),
		`0`:                          Tenths(nil, 99),
		`16`:                         Tenths(nil, 16000),
		`16.1`:                       Tenths(nil, 16199),
		`-16.1`:                      Tenths(nil, -16199),
		`-0.1`:                       Tenths(nil, -100),
		`1.005`:                      Milli(nil, 1005),
		`-1.5`:                       Milli(nil, -1500),
		`7`:                          Milli(nil, 7000),
		`-9223372036854775.808`:      Milli(nil, -1<<63),
		`"2026-03-01T11:00:00.123Z"`: Time(nil, time.Date(2026, 3, 1, 12, 0, 0, 123_999_999, cet)),
	} {
		if string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestTimesAreThoseOfTheStandardLibrary(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{
		{}, time.Unix(0, 0), time.Unix(1e9, 999_999_999), time.Date(2024, 2, 29, 23, 59, 59, 1_000_000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -3600)),
		time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		want := at.UTC().Format(`"2006-01-02T15:04:05.000Z"`)
		if got := string(Time(nil, at)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func BenchmarkTime(b *testing.B) {
	at, buf := time.Unix(1e9, 999_999_999), make([]byte, 0, 32)
	for b.Loop() {
		buf = Time(buf[:0], at)
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"", "plain", `"\`, "\x00\x1f\n", "é\u2028", "\xff\xc3", "\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := String([]byte("x"), s)[1:]
		var back string
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatalf("%q is no JSON: %v", b, err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); strings.Count(back, "\ufffd") < strings.Count(want, "\ufffd") ||
			strings.ReplaceAll(back, "\ufffd", "") != strings.ReplaceAll(want, "\ufffd", "") {
			t.Fatalf("%q came back as %q", s, back)
		}
	})
}
