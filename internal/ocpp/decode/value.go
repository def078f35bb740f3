package decode

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// String reads a required string of at most limit characters (0: any number). A
// value of another type is taken as it is written. False: null, absent.
func (r *Reader) String(to *string, limit int) bool {
	switch c := r.peek(); c {
	case '"':
		*to = r.text()
	case 'n':
		if r.null() {
			r.Flaw(Placeholder)
			return false
		}
		fallthrough
	default:
		*to = r.token()
		if c == '{' || c == '[' || literal(*to) {
			r.Flaw(WrongType)
		} else {
			r.Flaw(Repaired) // a word that lost its quotes
		}
	}
	r.limit(*to, limit)
	return true
}

// OptString reads an optional string; what only stands for nothing leaves it
// empty.
func (r *Reader) OptString(to *string, limit int) {
	if r.peek() == '"' {
		v := r.text()
		if placeholder(v) {
			r.Flaw(Placeholder)
			return
		}
		*to = v
		r.limit(v, limit)
		return
	}
	if r.String(to, limit) && placeholder(*to) { // a word that lost its quotes
		r.Flaw(Placeholder)
		*to = ""
	}
}

// limit notes a string of more than limit characters (0: any number).
func (r *Reader) limit(v string, limit int) {
	if limit > 0 && len(v) > limit && utf8.RuneCountInString(v) > limit {
		r.Flaw(TooLong)
	}
}

// placeholder reports whether an optional field says nothing. Some firmware
// writes "null" or a zero in hex where it has no value.
func placeholder(s string) bool {
	if len(s) > 8 {
		return false
	}
	if len(s) > 0 {
		switch s[0] {
		case ' ', '\t', '\r', '\n', 'n', 'N', '0':
		default:
			return false
		}
	}
	t := strings.TrimSpace(s)
	if t == "" || strings.EqualFold(t, "null") {
		return true
	}
	return len(t) > 2 && t[0] == '0' && (t[1] == 'x' || t[1] == 'X') && strings.Trim(t[2:], "0") == ""
}

// literal reports whether a bare word is JSON: a number, true or false.
func literal(s string) bool {
	if s == "true" || s == "false" {
		return true
	}
	if _, ok := ParseMilli(s); ok {
		return true
	}
	return s != "" && s[0] <= '9' && json.Valid([]byte(s)) // a number beyond what anybody measures
}

// scalar reads what should be a number or a boolean. A string's content is
// taken with WrongType noted. False: absent.
func (r *Reader) scalar() (string, bool) {
	switch r.peek() {
	case '"':
		s := strings.TrimSpace(r.text())
		if placeholder(s) && !strings.HasPrefix(s, "0") {
			r.Flaw(Placeholder)
			return "", false
		}
		r.Flaw(WrongType)
		return s, true
	case '{', '[':
		r.mismatch()
		return "", false
	}
	s := r.bare()
	switch s {
	case "null":
		r.Flaw(Placeholder)
		return "", false
	case "":
		r.Flaw(Repaired)
		r.i++
		return "", false
	}
	return s, true
}

// Int reads an integer. A fraction is rounded; what is no number or does not
// fit counts as absent.
func (r *Reader) Int(to *int64) bool {
	s, ok := r.scalar()
	if !ok {
		return false
	}
	v, exact, ok := parseInt(s)
	if !ok {
		r.Flaw(BadValue)
		return false
	}
	if !exact {
		r.Flaw(WrongType)
	}
	*to = v
	return true
}

// OptInt reads an optional integer.
func (r *Reader) OptInt(to *Opt[int64]) { to.Set = r.Int(&to.V) || to.Set }

// Milli reads a decimal number.
func (r *Reader) Milli(to *Milli) bool {
	s, ok := r.scalar()
	if !ok {
		return false
	}
	v, ok := ParseMilli(s)
	if !ok {
		r.Flaw(BadValue)
		return false
	}
	*to = Milli(v)
	return true
}

// OptMilli reads an optional decimal number.
func (r *Reader) OptMilli(to *Opt[Milli]) { to.Set = r.Milli(&to.V) || to.Set }

// Bool reads a boolean; 0, 1 and the words in any case are understood.
func (r *Reader) Bool(to *bool) bool {
	s, ok := r.scalar()
	if !ok {
		return false
	}
	switch strings.ToLower(s) {
	case "true", "1":
		*to = true
	case "false", "0":
		*to = false
	default:
		r.Flaw(BadValue)
		return false
	}
	if s != "true" && s != "false" {
		r.Flaw(WrongType)
	}
	return true
}

// OptBool reads an optional boolean.
func (r *Reader) OptBool(to *Opt[bool]) { to.Set = r.Bool(&to.V) || to.Set }

// Time reads a time. False: nothing was there to read.
func (r *Reader) Time(to *Time) bool {
	var s string
	switch c := r.peek(); {
	case c == '"':
		s = r.text()
	default:
		var ok bool
		if s, ok = r.scalar(); !ok {
			return false
		}
		r.Flaw(WrongType)
	}
	*to = ParseTime(s)
	if to.Flaw != 0 {
		r.Flaw(BadTime)
	}
	return true
}

// OptTime reads an optional time.
func (r *Reader) OptTime(to *Time) {
	if r.peek() == '"' {
		at := r.i
		if s := r.text(); placeholder(s) {
			r.Flaw(Placeholder)
			return
		}
		r.i = at
	}
	r.Time(to)
}
