package ledger

import (
	"ccms/internal/fact"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// Tx is what this package needs of a transaction. Rows that two may write are only
// written under LockAccount, which is taken first.
type Tx interface {
	fact.Tx
	OperatorByID(ident.Operator) (operator.Operator, error)
	// Ahead has what reads asks for travel with the next query, where the database is
	// another process. reads only reads, finds nothing, and asks again afterwards.
	Ahead(reads func())

	// LockAccount reads a wallet and keeps others from it until the commit.
	LockAccount(ident.Account) (Account, error)
	AccountByID(ident.Account) (Account, error)
	InsertAccount(Account) error // conflict "account_number_taken"
	// SaveAccount writes Balance and Held where the row still has a.Version.
	SaveAccount(Account) error

	HoldBySession(ident.Session) (Hold, bool, error)
	InsertHold(Hold) error
	SaveHold(Hold) error // Amount and State, where the row still has h.Version

	// Append writes an entry with its postings; one that does not balance is refused.
	Append(Entry) error
	EntryByKey(op ident.Operator, key string) (Entry, bool, error)
	// LastEntry is the newest entry of a session.
	LastEntry(ident.Session) (Entry, bool, error)
	// EntriesOf are a session's entries, oldest first: the capture and its corrections.
	EntriesOf(ident.Session) ([]Entry, error)

	InsertRecharge(Recharge) error
	RechargeByKey(op ident.Operator, key string) (Recharge, bool, error)
	RechargePage(RechargeFilter, operator.Page) (operator.List[Recharge], error)
	// NextRechargeNo counts 1, 2, 3 … within an operator and day ("2026-03-01").
	NextRechargeNo(op ident.Operator, day string) (int, error)

	BookSums() ([]BookSum, error)
	Drifts() ([]Drift, error)
}
