package unit

import (
	"errors"
	"math/big"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why   string
		in    string
		scale int
		want  int64
		err   error
	}{
		{"plain Wh", "18437", 0, 18437, nil},
		{"kWh as Wh", "18.437", 3, 18437, nil},
		{"half rounds away from zero", "0.5", 0, 1, nil},
		{"below half rounds down", "0.4999", 0, 0, nil},
		{"negative half rounds away from zero", "-0.5", 0, -1, nil},
		{"blanks around (behaviour 33)", " 230.1 ", 3, 230100, nil},
		{"exponent", "1.2E3", 0, 1200, nil},
		{"far below resolution", "0.0000004", 3, 0, nil},
		{"leading zeros", "000055.800000", 3, 55800, nil},
		{"largest", "9223372036854775807", 0, 9223372036854775807, nil},
		{"too large", "9223372036854775808", 0, 0, ErrRange},
		{"too large by scale", "9223372036854775807", 3, 0, ErrRange},
		{"empty", "", 0, 0, ErrNumber},
		{"only a point", ".", 0, 0, ErrNumber},
		{"a word", "NaN", 0, 0, ErrNumber},
		{"trailing rubbish", "12x", 0, 0, ErrNumber},
		{"point first", ".5", 1, 5, nil},
		{"zero with exponent", "0e10", 0, 0, nil},
	} {
		got, err := Parse(c.in, c.scale)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: Parse(%q,%d) = %d, %v; want %d, %v", c.why, c.in, c.scale, got, err, c.want, c.err)
		}
	}
}

func TestPrint(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		Wh(18437).KWh():       "18.437",
		Wh(-12).KWh():         "-0.012",
		MilliAmp(55800).A():   "55.8",
		MilliVolt(339349).V(): "339.3",
		MilliVolt(339350).V(): "339.4",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// FuzzParse checks against exact rationals.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"1", "-0.5", "1e5", "123.4567", " 7 ", "+3", "0.00049999", "5e-1"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, scale int) {
		if scale < 0 || scale > 6 {
			return
		}
		got, err := Parse(s, scale)
		if err != nil {
			return
		}
		want, ok := new(big.Rat).SetString(strings.Trim(s, " \t\r\n"))
		if !ok {
			t.Fatalf("accepted %q", s)
		}
		want.Mul(want, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
		d := new(big.Rat).Sub(want, new(big.Rat).SetInt64(got))
		if d.Abs(d).Cmp(big.NewRat(1, 2)) > 0 {
			t.Fatalf("Parse(%q,%d) = %d, want %s", s, scale, got, want)
		}
	})
}
