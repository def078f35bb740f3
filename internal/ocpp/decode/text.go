package decode

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Eight bytes at a time: the lowest high bit set in zeroes(x) marks the first
// zero byte of x.
const (
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
)

func zeroes(x uint64) uint64 { return (x - lows) &^ x & highs }

// special is the index of the first quote or backslash of b from i on; len(b): there
// is none.
func special(b []byte, i int) int {
	for i+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[i:])
		if found := zeroes(w^'"'*lows) | zeroes(w^'\\'*lows); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
		i += 8
	}
	for ; i < len(b); i++ {
		if b[i] == '"' || b[i] == '\\' {
			return i
		}
	}
	return len(b)
}

// text reads a string from its opening quote.
func (r *Reader) text() string {
	start := r.i + 1
	end := special(r.b, start)
	switch {
	case end >= len(r.b): // no closing quote
		r.i = len(r.b)
		return r.s[min(start, len(r.b)):]
	case r.b[end] == '\\':
		return r.escaped(start)
	}
	r.i = end + 1
	return r.s[start:end]
}

// closing is the index of the quote that ends the string whose first byte is at i;
// len(r.b): there is none.
func (r *Reader) closing(i int) int {
	for {
		i = special(r.b, i)
		if i >= len(r.b) {
			return len(r.b)
		}
		if r.b[i] == '"' {
			return i
		}
		i += 2
	}
}

// escaped reads a string that has escapes. What is no valid escape stays as it
// is written.
func (r *Reader) escaped(start int) string {
	s := r.s
	var b strings.Builder
	b.Grow(r.closing(start) - start) // an escape is longer than what it stands for
	for i := start; i < len(s); i++ {
		switch s[i] {
		case '"':
			r.i = i + 1
			return b.String()
		case '\\':
			n := appendEscape(&b, s[i:])
			i += n - 1
		default:
			b.WriteByte(s[i])
		}
	}
	r.i = len(s)
	return b.String()
}

// appendEscape writes what the escape at the start of s means and returns its
// length.
func appendEscape(b *strings.Builder, s string) int {
	if len(s) < 2 {
		b.WriteByte('\\')
		return 1
	}
	switch s[1] {
	case '"', '\\', '/':
		b.WriteByte(s[1])
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case 'r':
		b.WriteByte('\r')
	case 'b':
		b.WriteByte('\b')
	case 'f':
		b.WriteByte('\f')
	case 'u':
		r, ok := hex4(s)
		if !ok {
			b.WriteByte('\\')
			return 1
		}
		if utf16.IsSurrogate(r) {
			if low, ok := hex4(s[6:]); ok && s[6] == '\\' {
				if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
					b.WriteRune(both)
					return 12
				}
			}
		}
		b.WriteRune(r)
		return 6
	default:
		b.WriteByte('\\')
		return 1
	}
	return 2
}

// hex4 reads \uXXXX at the start of s.
func hex4(s string) (rune, bool) {
	if len(s) < 6 || s[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(v), err == nil
}
