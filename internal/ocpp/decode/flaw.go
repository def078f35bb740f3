package decode

import (
	"strconv"
	"strings"
)

// Kind is the kind of a flaw.
type Kind uint8

const (
	Missing      Kind = iota // a required field is absent
	WrongType                // another JSON type than the schema's; the value was converted if it could be
	TooLong                  // more characters than allowed; kept whole
	UnknownEnum              // a value the schema does not list; kept
	BadTime                  // a time that is not RFC 3339, has no zone, is implausible or unreadable
	BadValue                 // a number that is none or does not fit; counts as absent
	UnknownField             // a field the schema does not know; ignored
	Placeholder              // null, "", "null" or 0x0000 in an optional field; counts as absent
	Repaired                 // not JSON: a value, comma, quote or bracket was missing or too many
	NotObject                // the payload is not an object
	TooMany                  // more in a list than its bytes are worth; the rest is left out
	kinds
)

var kindNames = [kinds]string{
	"missing", "wrong type", "too long", "unknown enum", "bad time", "bad value",
	"unknown field", "placeholder", "repaired", "not an object", "too many",
}

func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// Flaw is one departure from the schema.
type Flaw struct {
	Kind    Kind
	Pointer string // JSON pointer of the first place
	Count   int    // places that differ only in array indexes

	leaf  string
	depth int
}

func (f Flaw) String() string { return f.Kind.String() + " " + f.Pointer }

// maxFlaws bounds the list; the bits know all kinds.
const maxFlaws = 32

// Flaws is what was wrong with one payload. The zero value is a clean one.
type Flaws struct {
	Bits uint16 // 1 << Kind
	List []Flaw // at most 32, in order of discovery
}

// Any reports whether there is a flaw at all.
func (f Flaws) Any() bool { return f.Bits != 0 }

// Has reports whether there is a flaw of the kind.
func (f Flaws) Has(k Kind) bool { return f.Bits&(1<<k) != 0 }

// At reports whether the list has a flaw of the kind at the pointer.
func (f Flaws) At(k Kind, pointer string) bool {
	if !f.Has(k) {
		return false
	}
	for _, x := range f.List {
		if x.Kind == k && x.Pointer == pointer {
			return true
		}
	}
	return false
}

// String lists the flaws: "missing /idTag, too long /info".
func (f Flaws) String() string {
	var b strings.Builder
	for i, x := range f.List {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(x.String())
	}
	return b.String()
}

func (r *Reader) note(k Kind, leaf string, depth int, pointer func() string) {
	r.flaws.Bits |= 1 << k
	for i := range r.flaws.List {
		x := &r.flaws.List[i]
		if x.Kind == k && x.depth == depth && x.leaf == leaf {
			x.Count++
			return
		}
	}
	if len(r.flaws.List) < maxFlaws {
		r.flaws.List = append(r.flaws.List, Flaw{Kind: k, Pointer: pointer(), Count: 1, leaf: leaf, depth: depth})
	}
}

// Flaw notes a flaw of the value that is being, or has just been read.
func (r *Reader) Flaw(k Kind) {
	leaf := ""
	if d := r.level(); d > 0 {
		leaf = r.path[d-1].key
	}
	r.note(k, leaf, r.depth, r.pointer)
}

// Missing notes an absent required field of the object just read.
func (r *Reader) Missing(name string) {
	r.note(Missing, name, r.depth+1, func() string { return r.pointer() + "/" + name })
}

func (r *Reader) pointer() string {
	var b strings.Builder
	for _, s := range r.path[:r.level()] {
		b.WriteByte('/')
		if s.array {
			b.WriteString(strconv.Itoa(int(s.index)))
		} else {
			b.WriteString(escapePointer.Replace(s.key))
		}
	}
	return b.String()
}

var escapePointer = strings.NewReplacer("~", "~0", "/", "~1") // RFC 6901 §3
