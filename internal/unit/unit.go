package unit

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Wh is energy in watt-hours. Registers of meters are Wh ≥ 0; exported energy
// (V2G) is negative where a field says so.
type Wh int64

// W is power in watts, negative when the vehicle exports.
type W int64

// MilliAmp is current in thousandths of an ampere, per phase.
type MilliAmp int64

// MilliVolt is voltage in thousandths of a volt, phase to neutral for AC.
type MilliVolt int64

// Permille is a share of 1000; state of charge is 0…1000.
type Permille int64

// KWh prints energy in kWh with all three decimals ("18.437").
func (e Wh) KWh() string { return decimal(int64(e), 3) }

// A prints current in ampere with one decimal, half away from zero ("55.8").
func (c MilliAmp) A() string { return decimal(roundDiv(int64(c), 100), 1) }

// V prints voltage in volt with one decimal, half away from zero ("339.3").
func (v MilliVolt) V() string { return decimal(roundDiv(int64(v), 100), 1) }

// ErrNumber is returned by Parse for text that is not a decimal number.
var ErrNumber = errors.New("unit: not a decimal number")

// ErrRange is returned by Parse for a number that does not fit.
var ErrRange = errors.New("unit: number out of range")

// Parse reads decimal text ("-12.5", "1.2E3", "+4") and returns it times
// 10^scale as an integer, rounded half away from zero. Blanks around the number
// are accepted, because chargers send them.
func Parse(s string, scale int) (int64, error) {
	for len(s) > 0 && isBlank(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isBlank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	neg := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	digits := make([]byte, 0, 24) // significant digits without the point
	point, seen := 0, false       // point: digits after the decimal point
	i := 0
	for ; i < len(s); i++ {
		c := s[i]
		if c == '.' && !seen {
			seen = true
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		if len(digits) > 0 || c != '0' {
			digits = append(digits, c)
		}
		if seen {
			point++
		}
		if len(digits) > 40 {
			return 0, ErrRange
		}
	}
	if i == 0 || (seen && i == 1) {
		return 0, fmt.Errorf("%w: %.20q", ErrNumber, s)
	}
	exp := 0
	if i < len(s) {
		if s[i] != 'e' && s[i] != 'E' {
			return 0, fmt.Errorf("%w: %.20q", ErrNumber, s)
		}
		e, err := strconv.Atoi(s[i+1:])
		if err != nil {
			return 0, fmt.Errorf("%w: %.20q", ErrNumber, s)
		}
		if e > 40 || e < -40 {
			return 0, ErrRange
		}
		exp = e
	}
	shift := scale + exp - point
	up := false
	switch {
	case shift >= 0:
		if len(digits) > 0 && len(digits)+shift > 19 {
			return 0, ErrRange
		}
		for range shift {
			digits = append(digits, '0')
		}
	case -shift > len(digits):
		digits = digits[:0]
	default:
		cut := len(digits) + shift
		up = digits[cut] >= '5'
		digits = digits[:cut]
	}
	if len(digits) == 0 {
		digits = append(digits, '0')
	}
	n, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil || (up && n == math.MaxInt64) {
		return 0, ErrRange
	}
	if up {
		n++
	}
	if neg {
		n = -n
	}
	return n, nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// roundDiv divides by d > 0, half away from zero.
func roundDiv(n, d int64) int64 {
	if n < 0 {
		return -roundDiv(-n, d)
	}
	q := n / d
	if n%d*2 >= d {
		q++
	}
	return q
}

func decimal(n int64, places int) string {
	sign := ""
	u := uint64(n)
	if n < 0 {
		sign, u = "-", -u
	}
	s := strconv.FormatUint(u, 10)
	for len(s) <= places {
		s = "0" + s
	}
	return sign + s[:len(s)-places] + "." + s[len(s)-places:]
}
