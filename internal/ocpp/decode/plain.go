package decode

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
)

// Plain reads a payload that is written as its schema has it. It is for the few
// messages that come by the million, and knows one way to write each thing: at the
// first byte that it does not expect it gives up, and then nothing that it said counts.
// Whoever uses it reads the payload with a Reader instead, which tells what is wrong.
//
// Like a Reader's, its strings alias the payload.
type Plain struct {
	s     string
	b     []byte // the bytes of s
	i     int
	fresh bool // a bracket was just opened
	lost  bool
}

// PlainOf begins a payload. One with an escape in it is not plain.
func PlainOf(payload []byte) Plain {
	p := Plain{s: alias(payload), b: payload}
	if bytes.IndexByte(payload, '\\') >= 0 {
		p.GiveUp()
	}
	return p
}

// GiveUp says that what was read is not what was expected.
func (p *Plain) GiveUp() { p.lost, p.i = true, len(p.s) }

// Lost reports whether it gave up.
func (p *Plain) Lost() bool { return p.lost }

// Done reports whether all was read and as expected.
func (p *Plain) Done() bool { return p.next() == 0 && p.i == len(p.s) && !p.lost }

// next is the first byte of what follows; 0: nothing does.
func (p *Plain) next() byte {
	for p.i < len(p.s) {
		switch c := p.s[p.i]; c {
		case ' ', '\t', '\r', '\n':
			p.i++
		default:
			return c
		}
	}
	return 0
}

// at reports whether the next byte is c; nearly all writers put no blanks before it.
func (p *Plain) at(c byte) bool { return p.i < len(p.s) && p.s[p.i] == c }

func (p *Plain) eat(c byte) bool {
	if !p.at(c) && p.next() != c {
		p.GiveUp()
		return false
	}
	p.i++
	return true
}

// Open begins an object or array, by its bracket.
func (p *Plain) Open(bracket byte) { p.fresh = p.eat(bracket) }

// More goes to the next field or element; false at the end, which is the bracket, and
// after giving up.
func (p *Plain) More(bracket byte) bool {
	fresh := p.fresh
	p.fresh = false
	if !fresh && p.at(',') {
		p.i++
		return true
	}
	if p.next() == bracket {
		p.i++
		return false
	}
	return fresh || p.eat(',')
}

// Key reads the name of a field.
func (p *Plain) Key() string {
	s := p.String()
	if p.at(':') {
		p.i++
	} else {
		p.eat(':')
	}
	return s
}

// String reads a string.
func (p *Plain) String() string {
	if p.at('"') {
		p.i++
	} else if !p.eat('"') {
		return ""
	}
	b, start := p.b, p.i
	for i := start; i+8 <= len(b); i += 8 {
		if found := zeroes(binary.LittleEndian.Uint64(b[i:]) ^ '"'*lows); found != 0 {
			i += bits.TrailingZeros64(found) / 8
			p.i = i + 1
			return p.s[start:i]
		}
	}
	// Within eight bytes of the end stand brackets, or something is missing.
	if n := strings.IndexByte(p.s[start:], '"'); n >= 0 {
		p.i = start + n + 1
		return p.s[start : start+n]
	}
	p.GiveUp()
	return ""
}

// Int reads an integer of up to 18 digits.
func (p *Plain) Int() (v int64) {
	neg := p.next() == '-'
	if neg {
		p.i++
	}
	start := p.i
	for p.i < len(p.s) && p.s[p.i]-'0' <= 9 {
		v = v*10 + int64(p.s[p.i]-'0')
		p.i++
	}
	if n := p.i - start; n == 0 || n > 18 {
		p.GiveUp()
		return 0
	}
	if neg {
		return -v
	}
	return v
}

// Time reads a time according to RFC 3339.
func (p *Plain) Time() Time {
	t := ParseTime(p.String())
	if t.Flaw != 0 {
		p.GiveUp()
	}
	return t
}
