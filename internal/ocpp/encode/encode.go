// Package encode appends JSON for the generated OCPP types.
//
// Owns: the form of keys and values: no blanks, times in UTC with milliseconds
// and Z, decimals without an exponent.
// Refuses: to know any message; reflection.
//
// Invariant: what is appended between an object's braces is valid JSON whatever
// bytes a string holds.
package encode

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// Key appends the name of the next field of an object, with a comma before it
// if it is not the first.
func Key(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, name...)
	return append(b, '"', ':')
}

const hex = "0123456789abcdef"

// String appends a JSON string. Bytes that are no UTF-8 become U+FFFD.
func String(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			b = append(b, s[from:i]...)
			if c == '"' || c == '\\' {
				b = append(b, '\\', c)
			} else {
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			from = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			b = append(b, s[from:i]...)
			b = utf8.AppendRune(b, r)
			from = i + 1
		}
		i += n
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// Int appends an integer.
func Int(b []byte, v int64) []byte { return strconv.AppendInt(b, v, 10) }

// Bool appends true or false.
func Bool(b []byte, v bool) []byte { return strconv.AppendBool(b, v) }

// Tenths appends thousandths as a decimal number with one place at most, as the
// schemas want limits (multipleOf 0.1). It drops what is below a tenth, so that
// a limit never grows.
func Tenths(b []byte, milli int64) []byte {
	tenths := milli / 100
	if tenths < 0 {
		b, tenths = append(b, '-'), -tenths
	}
	b = strconv.AppendInt(b, tenths/10, 10)
	if d := tenths % 10; d != 0 {
		b = append(b, '.', byte('0'+d))
	}
	return b
}

// Milli appends thousandths as a decimal number.
func Milli(b []byte, milli int64) []byte {
	u := uint64(milli)
	if milli < 0 {
		b, u = append(b, '-'), -u
	}
	b = strconv.AppendUint(b, u/1000, 10)
	if d := u % 1000; d != 0 {
		b = append(b, '.', byte('0'+d/100), byte('0'+d/10%10), byte('0'+d%10))
		for b[len(b)-1] == '0' {
			b = b[:len(b)-1]
		}
	}
	return b
}

// Time appends a time as OCPP 1.6 §3.14 and 2.x want it, in the form the most
// parsers understand.
func Time(b []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		b = append(b, '"')
		b = t.AppendFormat(b, "2006-01-02T15:04:05.000Z")
		return append(b, '"')
	}
	hour, minute, second := t.Clock()
	b = append(b, '"')
	b = pair(pair(b, year/100), year%100)
	b = pair(append(b, '-'), int(month))
	b = pair(append(b, '-'), day)
	b = pair(append(b, 'T'), hour)
	b = pair(append(b, ':'), minute)
	b = pair(append(b, ':'), second)
	milli := t.Nanosecond() / 1e6
	b = pair(append(b, '.', byte('0'+milli/100)), milli%100)
	return append(b, 'Z', '"')
}

// pair appends two digits.
func pair(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }
