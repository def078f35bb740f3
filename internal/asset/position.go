package asset

import (
	"fmt"
	"strconv"
	"strings"
)

// Degrees is an angle in millionths of a degree, which is a tenth of a metre on the
// ground. On the wire it is a decimal number in quotes, as OCPI writes it (OCPI 2.2.1
// §8.4.13).
type Degrees int64

const wholeDegree Degrees = 1_000_000

// ParseDegrees reads a decimal number of degrees; digits behind the sixth are cut off.
func ParseDegrees(s string) (Degrees, error) {
	bad := fmt.Errorf("%q is no number of degrees; write one such as -33.4489", s)
	text, negative := strings.CutPrefix(s, "-")
	whole, rest, _ := strings.Cut(text, ".")
	if len(whole) == 0 || len(whole) > 3 || len(rest) > 20 || strings.Trim(whole+rest, "0123456789") != "" {
		return 0, bad
	}
	n, err := strconv.ParseInt(whole+(rest + "000000")[:6], 10, 64)
	if err != nil {
		return 0, bad
	}
	if negative {
		n = -n
	}
	return Degrees(n), nil
}

func (d Degrees) String() string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	return fmt.Sprintf("%s%d.%06d", sign, d/wholeDegree, d%wholeDegree)
}

// MarshalText writes the decimal number.
func (d Degrees) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the decimal number.
func (d *Degrees) UnmarshalText(b []byte) error {
	v, err := ParseDegrees(string(b))
	if err == nil {
		*d = v
	}
	return err
}

// Position is where a site is (WGS 84); zero: nobody has said. What has no position
// is often written down as 0, 0, and nobody charges there, in the sea.
type Position struct{ Latitude, Longitude Degrees }

// IsZero reports whether nobody has said.
func (p Position) IsZero() bool { return p == Position{} }

func (p Position) check(bad *flaws) {
	if p.Latitude < -90*wholeDegree || p.Latitude > 90*wholeDegree {
		bad.add("/position/latitude", "must be between -90 and 90 degrees")
	}
	if p.Longitude < -180*wholeDegree || p.Longitude > 180*wholeDegree {
		bad.add("/position/longitude", "must be between -180 and 180 degrees")
	}
}
