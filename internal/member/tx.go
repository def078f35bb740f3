package member

import (
	"context"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// Tx is what this package needs of a database transaction. Every method sees only
// the rows inside the transaction's scope; what lies outside is fault.Missing.
// Methods that take a version fail with fault.Stale when the row has another one.
type Tx interface {
	fact.Tx

	SubOperatorByID(ident.SubOperator) (operator.SubOperator, error)

	// NextChargingAccount counts the charging accounts of the platform, from 1.
	NextChargingAccount() (int64, error)
	// InsertDriver fails with fault.Conflict "account_taken".
	InsertDriver(Driver) error
	// SaveDriver fails with fault.Conflict "account_taken".
	SaveDriver(d Driver, version int64) error
	DriverByID(ident.Driver) (Driver, error)
	ListDrivers(DriverFilter, operator.Page) (operator.List[Driver], error)

	// InsertToken fails with fault.Conflict "token_exists".
	InsertToken(Token) error
	SaveToken(t Token, version int64) error
	TokenByID(ident.Token) (Token, error)
	// TokenByUID finds the token that is spelt so in any byte order, within the whole
	// operator of the scope where the scope is wide. Not found is no error.
	TokenByUID(uid string) (Holder, error)
	ListTokens(TokenFilter, operator.Page) (operator.List[Holder], error)
}

// Run opens the one transaction of a call; it may run fn twice.
type Run func(context.Context, authz.Scope, func(Tx) error) error

// DriverFilter narrows a list of drivers; zero fields do not narrow. Personal data
// is compared by keyed hashes: a whole value, or the beginnings of words.
type DriverFilter struct {
	Q               string // words of name, nickname, account, mobile, e-mail or charging account start so
	Account         string // exactly
	Mobile          string // exactly
	Email           string // exactly
	ChargingAccount string // exactly
	Status          DriverStatus
}

// TokenFilter narrows a list of tokens; zero fields do not narrow.
type TokenFilter struct {
	Driver          ident.Driver
	UID             string // exactly, in any spelling
	ChargingAccount string // exactly
	Q               string // the uid in any spelling, or words of the driver as in DriverFilter
	Status          TokenStatus
}
