package decode

import (
	"math/big"
	"strings"
	"testing"
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

// The quick way must agree with exact arithmetic.
func FuzzParseMilli(f *testing.F) {
	for _, s := range []string{"0", "-1.5", "123456789012.123", "1234567890123", "00.001", "1.2345", "1e3", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := quickMilli(s)
		if !ok {
			return
		}
		r, good := new(big.Rat).SetString(strings.TrimSuffix(s, "."))
		if !good {
			t.Fatalf("%q was read as %d", s, got)
		}
		if r.Mul(r, big.NewRat(1000, 1)); !r.IsInt() || r.Num().Int64() != got || !r.Num().IsInt64() {
			t.Fatalf("%q was read as %d, is %v", s, got, r)
		}
	})
}
