package operator

import (
	"net/mail"
	"strings"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

// SubStatus is the state of a sub-operator (product §3.9).
type SubStatus string

// The states. Suspended locks the portal; charging goes on under the operator
// (SUB-R3).
const (
	SubInvited   SubStatus = "INVITED"
	SubValid     SubStatus = "VALID"
	SubSuspended SubStatus = "SUSPENDED"
	SubClosed    SubStatus = "CLOSED"
)

// Known reports whether s is a state.
func (s SubStatus) Known() bool {
	return s == SubInvited || s == SubValid || s == SubSuspended || s == SubClosed
}

// SubOperator is tier 2, under exactly one operator.
type SubOperator struct {
	ID       ident.SubOperator
	Operator ident.Operator
	No       int // 1, 2, 3 … within the operator, given when made
	Name     string
	Email    string // of its first administrator; may be empty
	Status   SubStatus
	Version  int64
}

// NewSubOperator is what it takes to make one.
type NewSubOperator struct {
	Name  string
	Email string
}

// SubOperatorChange holds the fields to change; nil leaves a field alone.
type SubOperatorChange struct {
	Name   *string
	Email  *string
	Status *SubStatus
}

// SubOperatorFilter narrows a list of sub-operators.
type SubOperatorFilter struct {
	No     int    // exact; 0 is any
	Name   string // prefix, any case
	Status SubStatus
}

func (s SubOperator) check() error {
	bad := fault.New(fault.Invalid, "invalid_input", "Some fields are not right.")
	bad = checkName(bad, "/name", s.Name)
	if s.Email != "" && !validEmail(s.Email) {
		bad = bad.At("/email", "must be an e-mail address")
	}
	if !s.Status.Known() {
		bad = bad.At("/status", "must be INVITED, VALID, SUSPENDED or CLOSED")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func (s SubOperator) apply(c SubOperatorChange) (SubOperator, error) {
	if s.Status == SubClosed && c.Status != nil && *c.Status != SubClosed {
		return s, fault.New(fault.Conflict, "sub_operator_closed", "A closed sub-operator cannot be opened again. Make a new one.")
	}
	set(&s.Name, c.Name, clean)
	set(&s.Email, c.Email, strings.TrimSpace)
	set(&s.Status, c.Status, same[SubStatus])
	return s, s.check()
}

func validEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= 254
}
