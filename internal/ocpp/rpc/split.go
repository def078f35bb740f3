package rpc

import (
	"bytes"
	"strconv"
)

// Type is the first element of a frame. OCPP-J 1.6 §4.1.3.
type Type int

const (
	TypeCall   Type = 2
	TypeResult Type = 3
	TypeError  Type = 4
)

// Frame is one message, cut into its elements. Its strings and slices are parts
// of the raw bytes, which must not change afterwards.
type Frame struct {
	Type   Type
	ID     string // decoded; a number as it was written
	RawID  []byte // the JSON token, for the answer
	Action string // CALL

	Payload []byte // CALL and CALLRESULT; nil: absent

	Code        string // CALLERROR, as written
	Description string // CALLERROR
	Details     []byte // CALLERROR; any JSON value, nil: absent
}

// SplitError says why a frame could not be cut, with what could be read.
type SplitError struct {
	Reason string
	Type   Type   // 0: not found
	ID     string // decoded; empty: not found
	RawID  []byte // nil: not found
	Offset int
}

func (e *SplitError) Error() string {
	return "frame does not split at byte " + strconv.Itoa(e.Offset) + ": " + e.Reason
}

// Split cuts a frame by a scan that only follows brackets and strings: a
// payload with an error inside is still found whole, and the decoder judges it.
//
// Tolerated: a byte order mark and blanks before the array, anything behind it,
// a missing last bracket, an id or a type of the wrong kind, elements that are
// absent at the end or too many.
func Split(raw []byte) (Frame, error) {
	s := scan{b: raw}
	var f Frame
	if err := s.frame(&f); err != "" {
		e := &SplitError{Reason: err, Type: f.Type, ID: f.ID, RawID: f.RawID, Offset: s.i}
		if e.RawID == nil {
			e.find(raw)
		}
		return f, e
	}
	return f, nil
}

type scan struct {
	b []byte
	i int
}

func (s *scan) frame(f *Frame) (problem string) {
	if len(s.b) >= 3 && s.b[0] == 0xef && s.b[1] == 0xbb && s.b[2] == 0xbf {
		s.i = 3
	}
	s.blanks()
	if !s.eat('[') {
		return "not an array"
	}
	kind, ok := s.value()
	if !ok || len(kind) == 0 {
		return "no message type"
	}
	switch string(unquote(kind)) {
	case "2":
		f.Type = TypeCall
	case "3":
		f.Type = TypeResult
	case "4":
		f.Type = TypeError
	default:
		n, err := strconv.Atoi(string(kind))
		if err != nil {
			return "message type is not a number"
		}
		f.Type = Type(n)
	}
	if !s.eat(',') {
		return "no message id"
	}
	id, ok := s.value()
	if !ok || len(id) == 0 || id[0] == '{' || id[0] == '[' {
		return "no message id"
	}
	f.ID = text(id)
	f.RawID = echo(id, f.ID)
	switch f.Type {
	case TypeCall:
		return s.call(f)
	case TypeResult:
		return s.result(f)
	case TypeError:
		return s.callError(f)
	}
	return "unknown message type"
}

func (s *scan) call(f *Frame) string {
	if !s.eat(',') {
		return "no action"
	}
	action, ok := s.value()
	if !ok || len(action) == 0 || action[0] != '"' {
		return "action is not a string"
	}
	f.Action = text(action)
	return s.last(&f.Payload)
}

func (s *scan) result(f *Frame) string { return s.last(&f.Payload) }

func (s *scan) callError(f *Frame) string {
	for _, to := range []*string{&f.Code, &f.Description} {
		if !s.eat(',') {
			return s.tail()
		}
		v, ok := s.value()
		if !ok {
			return "unfinished value"
		}
		*to = text(v)
	}
	return s.last(&f.Details)
}

// last reads an optional element and the end of the array.
func (s *scan) last(to *[]byte) string {
	if s.eat(',') {
		if v := s.balanced(); v != nil {
			*to = v
			return ""
		}
		v, ok := s.value()
		if !ok {
			return "unfinished value"
		}
		if len(v) > 0 && string(v) != "null" {
			*to = v
		}
	}
	return s.tail()
}

// balanced takes an object that reaches to the last bracket of the frame, if a
// count of its brackets and quotes lets expect nothing else. It is much quicker
// than following them, and nearly all frames are like that. A surplus element
// behind the object stays in it, for the decoder to pass over.
func (s *scan) balanced() []byte {
	s.blanks()
	v := trimRight(s.b[s.i:])
	if len(v) < worthCounting || v[0] != '{' || v[len(v)-1] != ']' {
		return nil
	}
	v = trimRight(v[:len(v)-1])
	if v[len(v)-1] != '}' || bytes.IndexByte(v, '\\') >= 0 ||
		bytes.Count(v, quote)%2 != 0 ||
		bytes.Count(v, openBrace) != bytes.Count(v, closeBrace) ||
		bytes.Count(v, openBracket) != bytes.Count(v, closeBracket) {
		return nil
	}
	s.i = len(s.b)
	return v
}

// worthCounting is the length past which counting is quicker than following.
const worthCounting = 128

func trimRight(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] <= ' ') {
		b = b[:len(b)-1]
	}
	return b
}

var quote, openBrace, closeBrace, openBracket, closeBracket = []byte{'"'}, []byte{'{'}, []byte{'}'}, []byte{'['}, []byte{']'}

// tail wants the end of the array, or of everything: what matters is complete.
func (s *scan) tail() string {
	for s.eat(',') {
		if _, ok := s.value(); !ok {
			return "unfinished value"
		}
	}
	if !s.eat(']') && s.i < len(s.b) {
		return "neither a comma nor the end of the array"
	}
	return ""
}

func (s *scan) blanks() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\r', '\n', 0:
			s.i++
		default:
			return
		}
	}
}

func (s *scan) eat(c byte) bool {
	s.blanks()
	if s.i < len(s.b) && s.b[s.i] == c {
		s.i++
		return true
	}
	return false
}

// value returns the next value; empty where there is none before a comma or a
// bracket. False: it does not end.
func (s *scan) value() ([]byte, bool) {
	s.blanks()
	start := s.i
	if s.i == len(s.b) {
		return nil, false
	}
	switch s.b[s.i] {
	case '"':
		if !s.str() {
			return nil, false
		}
		return s.b[start:s.i], true
	case '{', '[':
		if !s.nested() {
			return nil, false
		}
		return s.b[start:s.i], true
	}
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			return s.b[start:s.i], true
		}
		s.i++
	}
	return nil, false
}

// str skips a string from its opening quote.
func (s *scan) str() bool {
	end := stringEnd(s.b, s.i+1)
	if end == 0 {
		s.i = len(s.b)
		return false
	}
	s.i = end
	return true
}

// stringEnd is the index behind the quote that closes the string whose content
// starts at i; 0: there is none.
func stringEnd(b []byte, i int) int {
	for i < len(b) {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return 0
		}
		end := i + n
		// An odd number of backslashes before it makes it part of the content.
		back := end
		for back > i && b[back-1] == '\\' {
			back--
		}
		i = end + 1
		if (end-back)%2 == 0 {
			return i
		}
	}
	return 0
}

// nested skips an object or array from its opening bracket. Brackets are
// counted, each kind for itself, and need not alternate as JSON wants.
func (s *scan) nested() bool {
	braces, brackets := 0, 0
	b := s.b
	for i := s.i; i < len(b); i++ {
		switch b[i] {
		case '"':
			if i = stringEnd(b, i+1); i == 0 {
				s.i = len(b)
				return false
			}
			i--
			continue
		case '{':
			braces++
		case '[':
			brackets++
		case '}':
			braces--
		case ']':
			brackets--
		default:
			continue
		}
		if braces|brackets == 0 {
			s.i = i + 1
			return true
		}
		if braces < 0 || brackets < 0 {
			s.i = i
			return false
		}
	}
	s.i = len(b)
	return false
}

// find looks for the type and the id where the frame is too damaged to be cut:
// the first number, and the first string that follows it.
func (e *SplitError) find(raw []byte) {
	i := 0
	for i < len(raw) && i < 16 && (raw[i] < '2' || raw[i] > '4') {
		i++
	}
	if i == len(raw) || i == 16 {
		return
	}
	if e.Type == 0 {
		e.Type = Type(raw[i] - '0')
	}
	for i++; i < len(raw) && raw[i] != '"'; i++ {
		if raw[i] == '{' || raw[i] == '[' {
			return
		}
	}
	s := scan{b: raw, i: i}
	if i < len(raw) && s.str() && s.i-i <= maxFoundID {
		e.ID = text(raw[i:s.i])
		e.RawID = echo(raw[i:s.i], e.ID)
	}
}

// maxFoundID keeps prose from being taken for an id: 36 characters are allowed
// (OCPP-J 1.6 §4.1.4), and some escapes.
const maxFoundID = 64
