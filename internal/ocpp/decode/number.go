package decode

import (
	"strings"

	"ccms/internal/unit"
)

// Milli is a decimal number in thousandths: 16.1 is 16100.
type Milli int64

// ParseMilli reads a decimal number, such as a meter value, as thousandths.
func ParseMilli(s string) (int64, bool) { return Scaled(s, 3) }

// Scaled reads a decimal number times 10^places, with places from 0 to 3: exactly, or
// rounded half away from zero once. Blanks around it are skipped. False: not a number,
// or it does not fit.
func Scaled(s string, places int) (int64, bool) {
	if v, ok := quickScaled(s, places); ok {
		return v, true
	}
	v, err := unit.Parse(s, places)
	return v, err == nil
}

var tens = [...]int64{1, 10, 100, 1000}

// quickScaled reads what nearly all meter values look like: up to 15 digits with a
// point among them.
func quickScaled(s string, places int) (int64, bool) {
	neg := false
	if len(s) > 0 && s[0] == '-' {
		neg, s = true, s[1:]
	}
	if len(s) == 0 || len(s) > 15 {
		return 0, false
	}
	var v int64
	point := len(s) - 1
	for i := 0; i < len(s); i++ {
		c := s[i] - '0'
		if c <= 9 {
			v = v*10 + int64(c)
			continue
		}
		if s[i] != '.' || i == 0 || point != len(s)-1 {
			return 0, false
		}
		point = i
	}
	switch more := places - (len(s) - 1 - point); {
	case more >= 0:
		v *= tens[more]
	case more >= -3:
		cut := tens[-more]
		v = (v + cut/2) / cut // v is not negative: half goes up
	default:
		return 0, false
	}
	if neg {
		v = -v
	}
	return v, true
}

// parseInt reads an integer. exact is false where a fraction was rounded away.
func parseInt(s string) (v int64, exact, ok bool) {
	neg := false
	t := s
	if len(t) > 0 && t[0] == '-' {
		neg, t = true, t[1:]
	}
	if len(t) > 0 && len(t) <= 18 {
		for i := 0; i < len(t); i++ {
			if t[i]-'0' > 9 {
				t = ""
				break
			}
			v = v*10 + int64(t[i]-'0')
		}
		if t != "" {
			if neg {
				v = -v
			}
			return v, true, true
		}
	}
	v, err := unit.Parse(s, 0)
	if err != nil {
		return 0, false, false
	}
	return v, !strings.ContainsAny(s, ".eE"), true
}
