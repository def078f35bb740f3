package asset

import (
	"testing"
	"testing/quick"
)

func TestDegreesAreReadToTheMillionth(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		text string
		want Degrees
		why  string
	}{
		{"0", 0, "the equator"},
		{"48.137154", 48_137_154, "six digits"},
		{"-33.4489", -33_448_900, "fewer digits, south"},
		{"-0.5", -500_000, "the sign of a half"},
		{"180", 180_000_000, "no digits"},
		{"11.57538", 11_575_380, "OCPI's five digits"},
		{"11.5753829999", 11_575_382, "a map's many digits are cut off"},
	} {
		if have, err := ParseDegrees(row.text); err != nil || have != row.want {
			t.Errorf("%s (%s): %d, %v", row.text, row.why, have, err)
		}
	}
	for _, text := range []string{"", "-", ".5", "48,137", "1e2", "+4", "4 8", "1234", "NaN", "48.1.2", "--4", "48.-1"} {
		if have, err := ParseDegrees(text); err == nil {
			t.Errorf("%q is read as %d", text, have)
		}
	}
	roundTrip := func(n int32) bool {
		d := Degrees(n) % (180 * wholeDegree)
		have, err := ParseDegrees(d.String())
		return err == nil && have == d
	}
	if err := quick.Check(roundTrip, nil); err != nil {
		t.Error(err)
	}
}

func FuzzParseDegrees(f *testing.F) {
	f.Add("48.137154")
	f.Add("-0.5")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDegrees(s)
		if err != nil {
			return
		}
		if again, err := ParseDegrees(d.String()); err != nil || again != d {
			t.Errorf("%q is %d, which is written as %s and read as %d, %v", s, d, d, again, err)
		}
	})
}
