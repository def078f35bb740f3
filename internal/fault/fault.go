// Package fault is the one error type that crosses package borders.
//
// Owns: the kinds of error and the fields a door needs to answer well.
// Refuses: wrapping of secrets; Detail is shown to people.
// Invariant: a door maps Kind once (problem+json, CALLERROR, OCPI status); code
// returns a fault or logs it, never both.
package fault

import (
	"errors"
	"fmt"
)

// Kind tells a door how to answer.
type Kind uint8

// The kinds.
const (
	Internal    Kind = iota // our defect; Detail is not shown
	Invalid                 // the input is wrong; Fields say where
	Denied                  // known, but not allowed
	Missing                 // not there, or not yours
	Conflict                // stale version, double key, wrong state
	Limit                   // too many, too much, too fast
	Unsupported             // the charge point or partner cannot do it
	Unavailable             // try again later; nothing was stored
)

var kindNames = [...]string{"internal", "invalid", "denied", "missing", "conflict", "limit", "unsupported", "unavailable"}

func (k Kind) String() string { return kindNames[k] }

// Field is one wrong input.
type Field struct {
	Pointer string // JSON pointer into the input, "/price"
	Detail  string // what is wrong and what to do, in words
}

// Error is a fault.
type Error struct {
	Kind   Kind
	Code   string // stable, lower_snake, listed in the API reference
	Detail string // one sentence for a person: what happened and what to do
	Fields []Field
	// Have and Want are the row versions of a stale write (Conflict).
	Have, Want int64
	cause      error
}

func (e *Error) Error() string {
	s := e.Kind.String() + ": " + e.Code
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	for _, f := range e.Fields {
		s += "; " + f.Pointer + " " + f.Detail
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.cause }

// New makes a fault.
func New(k Kind, code, detail string, args ...any) *Error {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	return &Error{Kind: k, Code: code, Detail: detail}
}

// Because returns a copy that remembers its cause for the log.
func (e *Error) Because(err error) *Error {
	c := *e
	c.cause = err
	return &c
}

// At returns a copy with one more wrong field.
func (e *Error) At(pointer, detail string) *Error {
	c := *e
	c.Fields = append(append([]Field(nil), e.Fields...), Field{pointer, detail})
	return &c
}

// BadInput is an Invalid fault about one field.
func BadInput(pointer, detail string, args ...any) *Error {
	return New(Invalid, "invalid_input", "Some fields are not right.").At(pointer, fmt.Sprintf(detail, args...))
}

// NotFound is the answer for what is not there and for what is not yours.
func NotFound(what string) *Error {
	return New(Missing, "not_found", "There is no such %s.", what)
}

// Stale is the Conflict for a write with an old row version.
func Stale(have, want int64) *Error {
	e := New(Conflict, "stale_version", "Somebody changed this meanwhile. Load it again and repeat your change.")
	e.Have, e.Want = have, want
	return e
}

// Of finds the fault in err; what is none is Internal with err as its cause.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return New(Internal, "internal", "Something went wrong on our side.").Because(err)
}

// Is reports whether err is a fault of the kind.
func Is(err error, k Kind) bool { return err != nil && Of(err).Kind == k }
