package decode

import (
	"math/big"
	"strings"
	"testing"

	"ccms/internal/unit"
)

func TestParseMilli(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{
		"0": 0, "7": 7000, "230.1": 230100, "-5.25": -5250, "12345.678": 12345678, "0.0005": 1, "0.0004": 0,
		"1.2E3": 1200000, " 42 ": 42000, "+3": 3000, "000123.4": 123400, "123456789012": 123456789012000,
		"9223372036854775.807": 9223372036854775807, "5.": 5000,
	} {
		if got, ok := ParseMilli(in); !ok || got != want {
			t.Errorf("%q: %d %v, want %d", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "-", ".", "abc", "1,5", "1.2.3", "0x10", "NaN", "Inf", "1e99", "9223372036854775.808", "12 34"} {
		if got, ok := ParseMilli(in); ok {
			t.Errorf("%q was read as %d", in, got)
		}
	}
}

// The quick way must agree with exact arithmetic, for each number of places.
func FuzzScaled(f *testing.F) {
	for _, s := range []string{"0", "-1.5", "123456789012.123", "1234567890123", "00.001", "1.2345", "0.4999999", "-0.5", "5.", "1e3", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for places := range 4 {
			got, ok := quickScaled(s, places)
			if !ok {
				continue
			}
			if want, err := unit.Parse(s, places); err != nil || got != want {
				t.Fatalf("%q with %d places was read as %d, is %d %v", s, places, got, want, err)
			}
			r, good := new(big.Rat).SetString(strings.TrimSuffix(s, "."))
			if !good {
				t.Fatalf("%q was read as %d", s, got)
			}
			exact := new(big.Rat).Mul(r, big.NewRat(tens[places], 1))
			off := new(big.Rat).Sub(exact, new(big.Rat).SetInt64(got))
			if off.Abs(off).Cmp(big.NewRat(1, 2)) > 0 {
				t.Fatalf("%q with %d places was read as %d, is %v", s, places, got, exact)
			}
		}
	})
}
