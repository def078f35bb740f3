package decode

import (
	"errors"
	"strings"
	"unsafe"
)

// ErrNotObject says that the payload is no JSON object.
var ErrNotObject = errors.New("payload is not a JSON object")

// maxDepth is the depth of the deepest generated type, with room to spare.
const maxDepth = 10

// step is one level of the path to the current value.
type step struct {
	key   string
	index int32
	array bool
	lone  bool // a value stands where an array of it should
}

// Reader reads one payload.
type Reader struct {
	s     string
	b     []byte // the bytes of s
	i     int
	left  int // room for lists and objects
	depth int // open objects and arrays; those past maxDepth have no step
	flaws Flaws
	path  [maxDepth]step
}

// Reset begins a payload. Nil is an absent one and reads as an empty object.
func (r *Reader) Reset(payload []byte) {
	r.s, r.b, r.i, r.depth, r.flaws = alias(payload), payload, 0, 0, Flaws{}
	r.left = Floor + worth*len(payload)
}

// alias is b as a string without a copy; payloads are never written to.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// End returns the flaws. read is what the outermost Open returned.
func (r *Reader) End(read bool) (Flaws, error) {
	if read {
		if r.blanks(); r.i < len(r.s) {
			r.Flaw(Repaired)
		}
		return r.flaws, nil
	}
	r.flaws.Bits, r.flaws.List = 0, nil
	r.Flaw(NotObject)
	// An absent payload, or the empty array that some languages make of an
	// empty map, says the same as {}.
	if body := strings.Join(strings.Fields(r.s), ""); body == "" || body == "[]" {
		return r.flaws, nil
	}
	return r.flaws, ErrNotObject
}

func (r *Reader) level() int { return min(r.depth, maxDepth) }

func (r *Reader) push(s step) {
	if r.depth < maxDepth {
		r.path[r.depth] = s
	}
	r.depth++
}

func (r *Reader) pop() { r.depth-- }

func (r *Reader) top() *step { return &r.path[r.level()-1] }

func (r *Reader) blanks() {
	for r.i < len(r.s) {
		switch r.s[r.i] {
		case ' ', '\t', '\r', '\n', 0:
			r.i++
		default:
			return
		}
	}
}

// peek is the first byte of what follows; 0: nothing does.
func (r *Reader) peek() byte {
	r.blanks()
	if r.i < len(r.s) {
		return r.s[r.i]
	}
	return 0
}

// Open begins the object that should follow. False: something else followed and
// was skipped.
func (r *Reader) Open() bool {
	if r.peek() != '{' {
		if r.depth > 0 { // at the top End looks at the whole
			r.mismatch()
		}
		return false
	}
	r.i++
	r.push(step{})
	return true
}

// Next goes to the next field that has a value; false: the object is over. The
// caller reads the value with exactly one call.
func (r *Reader) Next() bool {
	return r.nextUsual() || r.nextAny()
}

// nextUsual goes to the next field if it is written as nearly all are, without
// blanks and mistakes. False: nothing was consumed.
func (r *Reader) nextUsual() bool {
	s, i := r.s, r.i
	if i < len(s) && s[i] == ',' && s[i-1] != '{' {
		i++
	} else if s[i-1] != '{' {
		return false
	}
	if i >= len(s) || s[i] != '"' {
		return false
	}
	at := r.i
	r.i = i
	key := r.text()
	if i = r.i; i+1 < len(s) && s[i] == ':' {
		switch s[i+1] {
		case ',', '}', ']', ' ', '\t', '\r', '\n', 0:
		default:
			r.i++
			r.top().key = key
			return true
		}
	}
	r.i = at
	return false
}

func (r *Reader) nextAny() bool {
	first := r.s[r.i-1] == '{'
	for {
		c := r.peek()
		if c == ',' {
			r.i++
			if first {
				r.flawHere(Repaired)
			}
			first = false
			if c = r.peek(); c == ',' || c == '}' {
				r.flawHere(Repaired)
				continue
			}
		} else if !first && c != '}' && c != 0 {
			r.flawHere(Repaired) // no comma
		}
		first = false
		switch c {
		case '}':
			r.i++
			r.pop()
			return false
		case 0:
			r.flawHere(Repaired) // no closing bracket
			r.pop()
			return false
		case '"':
			r.top().key = r.text()
		default:
			key := r.bare()
			if key == "" {
				r.i++ // a bracket or colon out of place
				r.flawHere(Repaired)
				continue
			}
			r.top().key = key
			r.Flaw(Repaired)
		}
		if r.peek() == ':' {
			r.i++
		} else {
			r.Flaw(Repaired)
		}
		switch r.peek() {
		case ',', '}', ']', 0:
			r.Flaw(Repaired) // no value: absent
			continue
		}
		return true
	}
}

// flawHere notes a flaw of the object itself, not of its last field.
func (r *Reader) flawHere(k Kind) {
	r.depth--
	r.Flaw(k)
	r.depth++
}

// Key is the name of the current field.
func (r *Reader) Key() string { return r.top().key }

// Array begins the array that should follow; then comes Elem. A single object
// in its place is read as an array of one. False: nothing usable, skipped.
func (r *Reader) Array() bool {
	switch r.peek() {
	case '[':
		r.i++
		r.push(step{array: true, index: -1})
		return true
	case '{':
		r.Flaw(WrongType)
		r.push(step{array: true, index: -1, lone: true})
		return true
	}
	r.mismatch()
	return false
}

// Elem goes to the next element; false: the array is over.
func (r *Reader) Elem() bool {
	s := r.top()
	if s.lone {
		if s.index >= 0 {
			r.pop()
			return false
		}
		s.index++
		return true
	}
	comma := s.index < 0
	for {
		switch r.peek() {
		case ',':
			r.i++
			if comma {
				r.flawHere(Repaired)
			}
			comma = true
		case ']':
			r.i++
			if comma && s.index >= 0 {
				r.flawHere(Repaired)
			}
			r.pop()
			return false
		case 0:
			r.flawHere(Repaired)
			r.pop()
			return false
		case '}', ':':
			r.i++
			r.flawHere(Repaired)
		default:
			if !comma {
				r.flawHere(Repaired)
			}
			s.index++
			return true
		}
	}
}

// Objects estimates how many objects the current array holds, for its capacity: exactly
// if they hold neither lists nor objects and their strings no brackets. Braces alone would
// say too much: signed readings are texts full of them.
func (r *Reader) Objects() int {
	rest := r.s[r.i:]
	if end := strings.IndexByte(rest, ']'); end >= 0 {
		rest = rest[:end]
	}
	if !strings.Contains(rest, "{") {
		return 0
	}
	return strings.Count(rest, "},") + 1
}

// Unknown skips the value of a field the schema does not know.
func (r *Reader) Unknown() {
	r.Flaw(UnknownField)
	r.skip()
}

// mismatch skips a value of the wrong type; null is only a placeholder.
func (r *Reader) mismatch() {
	if r.null() {
		r.Flaw(Placeholder)
		return
	}
	r.Flaw(WrongType)
	r.skip()
}

func (r *Reader) null() bool {
	if strings.HasPrefix(r.s[r.i:], "null") {
		at := r.i
		if r.bare() == "null" {
			return true
		}
		r.i = at
	}
	return false
}

// skip passes one value of any type.
func (r *Reader) skip() { r.token() }

// token returns the bytes of the value that follows: a string with its quotes, a
// whole object or array, or a bare word.
func (r *Reader) token() string {
	first := r.peek()
	start := r.i
	switch first {
	case '"':
		r.text()
	case '{', '[':
		r.nested()
	default:
		r.bare()
	}
	return r.s[start:r.i]
}

// bare reads a number, a literal or a word without quotes.
func (r *Reader) bare() string {
	start := r.i
	for r.i < len(r.s) {
		switch r.s[r.i] {
		case ',', ':', '}', ']', '{', '[', '"', ' ', '\t', '\r', '\n', 0:
			return r.s[start:r.i]
		}
		r.i++
	}
	return r.s[start:]
}

// nested passes an object or array. The frame was split by the same count of
// brackets, so it ends inside the payload unless the brackets cross.
func (r *Reader) nested() {
	braces, brackets := 0, 0
	for r.i < len(r.s) {
		switch r.s[r.i] {
		case '"':
			r.text()
			continue
		case '{':
			braces++
		case '}':
			braces--
		case '[':
			brackets++
		case ']':
			brackets--
		}
		r.i++
		if braces <= 0 && brackets <= 0 {
			return
		}
	}
}
