package operator

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// Status of staff.
type Status string

// The states of staff.
const (
	Valid   Status = "VALID"
	Invalid Status = "INVALID" // cannot log in; their tokens do not work
)

// Staff is a person, or a program, that works in the portal.
type Staff struct {
	ID           ident.Staff
	Operator     ident.Operator    // zero: platform staff
	Sub          ident.SubOperator // zero: the whole operator
	Login        string            // unique on the platform, lower case
	Name         string
	Role         authz.Role
	Status       Status
	PasswordHash string    // PHC string with its parameters; never leaves the package's callers
	LastLoginAt  time.Time // zero: never
	Version      int64
}

// NewStaff is what it takes to make staff. The operator is the scope's.
type NewStaff struct {
	Sub      ident.SubOperator
	Login    string
	Name     string
	Role     authz.Role
	Password string
}

// StaffChange holds the fields to change; nil leaves a field alone.
type StaffChange struct {
	Name   *string
	Role   *authz.Role
	Status *Status
}

// StaffFilter narrows a list of staff.
type StaffFilter struct {
	Login  string // exact, any case
	Role   authz.Role
	Status Status
}

// NormalLogin is the form in which logins are compared.
func NormalLogin(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// Scope is how far the staff see when they act themselves.
func (s Staff) Scope(a authz.Actor) authz.Scope {
	a.Staff = s.ID
	if s.Operator.IsZero() {
		return authz.ForPlatform(a)
	}
	return authz.ForStaff(s.Operator, s.Sub, a)
}

func (s Staff) check() error {
	bad := fault.New(fault.Invalid, "invalid_input", "Some fields are not right.")
	if n := utf8.RuneCountInString(s.Login); n < 3 || n > MaxName ||
		strings.ContainsFunc(s.Login, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == utf8.RuneError }) {
		bad = bad.At("/login", "must have 3 to 100 characters and no blanks")
	}
	bad = checkName(bad, "/name", s.Name)
	switch platform := s.Operator.IsZero(); {
	case !s.Role.Known():
		bad = bad.At("/role", "is not a role")
	case platform != (s.Role == authz.Owner):
		bad = bad.At("/role", "must be owner for staff of the platform, and only for them")
	}
	if s.Status != Valid && s.Status != Invalid {
		bad = bad.At("/status", "must be VALID or INVALID")
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func (s Staff) apply(c StaffChange) (Staff, error) {
	set(&s.Name, c.Name, clean)
	set(&s.Role, c.Role, same[authz.Role])
	set(&s.Status, c.Status, same[Status])
	return s, s.check()
}

// leads reports whether the staff count as one of those who can always let others
// in: an owner of the platform, or an OpAdmin of the whole operator (SEC-R2).
func (s Staff) leads() bool {
	return s.Status == Valid && s.Sub.IsZero() && (s.Role == authz.OpAdmin || s.Role == authz.Owner)
}
