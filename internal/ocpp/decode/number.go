package decode

import (
	"strings"

	"ccms/internal/unit"
)

// Milli is a decimal number in thousandths: 16.1 is 16100.
type Milli int64

// ParseMilli reads a decimal number, such as a meter value, as thousandths:
// exactly up to three places, rounded half away from zero past them. Blanks
// around it are skipped. False: not a number, or it does not fit.
func ParseMilli(s string) (int64, bool) {
	if v, ok := quickMilli(s); ok {
		return v, true
	}
	v, err := unit.Parse(s, 3)
	return v, err == nil
}

// quickMilli reads what nearly all meter values look like: up to 12 digits, a
// point, up to three digits.
func quickMilli(s string) (int64, bool) {
	neg := false
	if len(s) > 0 && s[0] == '-' {
		neg, s = true, s[1:]
	}
	if len(s) == 0 || len(s) > 16 {
		return 0, false
	}
	var v int64
	point := -1
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c-'0' <= 9 {
			v = v*10 + int64(c-'0')
			continue
		}
		if c != '.' || point >= 0 || i == 0 {
			return 0, false
		}
		point = i
	}
	places := 0
	if point >= 0 {
		places = len(s) - point - 1
	} else if len(s) > 12 {
		return 0, false
	}
	switch places {
	case 0:
		v *= 1000
	case 1:
		v *= 100
	case 2:
		v *= 10
	case 3:
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
