package member

import (
	"context"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// Tx is what this package needs of a database transaction. Every method sees only
// the rows inside the transaction's scope; what lies outside is fault.Missing.
// Methods that take a version fail with fault.Stale when the row has another one.
type Tx interface {
	asset.Tx // local lists are sent by commands

	// NextChargingAccount counts the charging accounts of the platform, from 1.
	NextChargingAccount() (int64, error)
	// InsertDriver fails with fault.Conflict "account_taken".
	InsertDriver(Driver) error
	// SaveDriver fails with fault.Conflict "account_taken".
	SaveDriver(d Driver, version int64) error
	DriverByID(ident.Driver) (Driver, error)
	ListDrivers(DriverFilter, operator.Page) (operator.List[Driver], error)

	// InsertGroup fails with fault.Conflict "group_taken", and so does SaveGroup.
	InsertGroup(Group) error
	SaveGroup(g Group, version int64) error
	DeleteGroup(id ident.Group, version int64) error
	GroupByID(ident.Group) (Group, error)
	ListGroups(GroupFilter, operator.Page) (operator.List[Group], error)

	// InsertToken fails with fault.Conflict "token_exists".
	InsertToken(Token) error
	SaveToken(t Token, version int64) error
	TokenByID(ident.Token) (Token, error)
	// TokenByUID finds the token that is spelt so in any byte order, within the whole
	// operator of the scope where the scope is wide. Not found is no error.
	TokenByUID(uid string) (Holder, error)
	ListTokens(TokenFilter, operator.Page) (operator.List[Holder], error)

	InsertLocalList(LocalList) error
	// SaveLocalList saves what people change, and asks for the list to be worked out again.
	SaveLocalList(l LocalList, version int64) error
	DeleteLocalList(id ident.LocalList, version int64) error
	LocalListByID(ident.LocalList) (LocalList, error)
	// LockLocalList is LocalListByID that makes other writers of this list wait.
	LockLocalList(ident.LocalList) (LocalList, error)
	ListLocalLists(ListFilter, operator.Page) (operator.List[ListView], error)
	PushesOf(ident.LocalList) (Pushes, error)
	// AskLocalList has a list worked out again at a time, AskLocalLists all of an operator's.
	AskLocalList(id ident.LocalList, at time.Time) error
	AskLocalLists(op ident.Operator, at time.Time) error
	// DueLocalLists lists those that are to be worked out again.
	DueLocalLists(now time.Time, limit int) ([]DueList, error)
	// CardsFor gives the cards that the rule of a list finds now, at most limit.
	CardsFor(l LocalList, now time.Time, limit int) ([]Card, error)
	// ListEntriesOf gives all entries of a list.
	ListEntriesOf(ident.LocalList) ([]Entry, error)
	SaveListEntries(LocalList, []Entry) error
	// SaveContent saves revision, counts and due time where the list was not asked for
	// again since it was read; else fault.Stale.
	SaveContent(LocalList) error
	// ForgetListEntries drops those that are off the list since a revision that every charge
	// point has.
	ForgetListEntries(id ident.LocalList, upTo int64) error
	// CountListEntries counts the entries of a part: those on the list, or those that changed
	// since a revision.
	CountListEntries(id ident.LocalList, whole bool, since int64) (int, error)
	// NextListEntries gives them in their order, behind one.
	NextListEntries(id ident.LocalList, whole bool, since, after int64, limit int) ([]Entry, error)

	// PointsFor lists the charge points that a list is for.
	PointsFor(LocalList) ([]ident.ChargePoint, error)
	// InsertListPoint answers false where the charge point has a list.
	InsertListPoint(ListPoint) (bool, error)
	SaveListPoint(ListPoint) error
	DeleteListPoint(ident.ChargePoint) error
	ListPointOf(ident.ChargePoint) (ListPoint, bool, error)
	// LockListPoint is ListPointOf that makes other writers wait.
	LockListPoint(ident.ChargePoint) (ListPoint, bool, error)
	// LockListPoints gives those of a list, in their order.
	LockListPoints(ident.LocalList) ([]ListPoint, error)
	DueListPoints(now time.Time, limit int) ([]DueListPoint, error)
	ListListPoints(ident.LocalList, ListPointFilter, operator.Page) (operator.List[ListPointRow], error)
	ListListCards(ident.LocalList, operator.Page) (operator.List[Entry], error)
}

// DueList names a list that is to be worked out again.
type DueList struct {
	ID       ident.LocalList
	Operator ident.Operator
}

// DueListPoint names a charge point whose copy of its list something is to be done about.
type DueListPoint struct {
	Point    ident.ChargePoint
	Operator ident.Operator
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
	Group           ident.Group
}

// TokenFilter narrows a list of tokens; zero fields do not narrow.
type TokenFilter struct {
	Driver          ident.Driver
	UID             string // exactly, in any spelling
	ChargingAccount string // exactly
	Q               string // the uid in any spelling, or words of the driver as in DriverFilter
	Status          TokenStatus
}
