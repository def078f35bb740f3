package operator

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
)

// Operator is tier 1: it owns sites, drivers, prices and staff.
type Operator struct {
	ID          ident.Operator
	Name        string
	Code        string         // six digits, unique on the platform; ends every transaction id (MON-R7)
	Currency    money.Currency // of its accounts; fixed once made
	TimeZone    string         // IANA zone of its own days
	DefaultPlan ident.Plan     // price where neither point nor site names a plan; zero: none yet
	Version     int64
}

// NewOperator is what it takes to make one.
type NewOperator struct {
	Name     string
	Code     string // "" takes the next free one
	Currency money.Currency
	TimeZone string
}

// OperatorChange holds the fields to change; nil leaves a field alone.
type OperatorChange struct {
	Name        *string
	Currency    *money.Currency
	TimeZone    *string
	DefaultPlan *ident.Plan // a zero plan takes the default away
}

// OperatorFilter narrows a list of operators.
type OperatorFilter struct {
	Name string // prefix, any case
}

func (o Operator) check() error {
	bad := fault.New(fault.Invalid, "invalid_input", "Some fields are not right.")
	n := len(bad.Fields)
	bad = checkName(bad, "/name", o.Name)
	if len(o.Code) != 6 || strings.Trim(o.Code, "0123456789") != "" {
		bad = bad.At("/code", "must be six digits")
	}
	if !o.Currency.Valid() {
		bad = bad.At("/currency", "must be a currency code of three capital letters, like EUR")
	}
	bad = checkZone(bad, "/time_zone", o.TimeZone)
	if len(bad.Fields) > n {
		return bad
	}
	return nil
}

// apply changes the operator.
func (o Operator) apply(c OperatorChange) (Operator, error) {
	if c.Currency != nil && *c.Currency != o.Currency {
		// SYS-A4: balances, plans and open bills are kept in the old one.
		return o, fault.New(fault.Conflict, "currency_fixed", "The currency of an operator cannot change: its accounts and plans are kept in it.")
	}
	set(&o.Name, c.Name, clean)
	set(&o.TimeZone, c.TimeZone, strings.TrimSpace)
	if c.DefaultPlan != nil {
		o.DefaultPlan = *c.DefaultPlan
	}
	return o, o.check()
}

// MaxName is the longest name of anything, in characters.
const MaxName = 100

func checkName(e *fault.Error, pointer, s string) *fault.Error {
	switch {
	case s == "":
		return e.At(pointer, "must not be empty")
	case utf8.RuneCountInString(s) > MaxName:
		return e.At(pointer, "must have at most 100 characters")
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }):
		return e.At(pointer, "must not contain control characters")
	}
	return e
}

func checkZone(e *fault.Error, pointer, zone string) *fault.Error {
	// LoadLocation takes "" and "Local" too; neither names a place.
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		return e.At(pointer, "must be a time zone of the IANA database, like Europe/Berlin")
	}
	return e
}

// clean trims a name and folds runs of blanks, so that two names that look alike
// are alike.
func clean(s string) string { return strings.Join(strings.Fields(s), " ") }

// Fold is the form in which names are searched: lower case, one blank.
func Fold(s string) string { return strings.ToLower(clean(s)) }

func set[T any](to *T, from *T, f func(T) T) {
	if from != nil {
		*to = f(*from)
	}
}

func same[T any](v T) T { return v }
