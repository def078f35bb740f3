package ledger

import (
	"time"

	"ccms/internal/fact"
	"ccms/internal/ident"
	"ccms/internal/money"
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
	// SaveAccount writes Balance, Bonus and Held where the row still has a.Version.
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

	// SpentOn is what the entries of a session took of its wallet.
	SpentOn(ident.Session) (Spent, error)
	// EntryByID reads an entry without its postings.
	EntryByID(ident.Entry) (Entry, error)
	// TakenBackBy is the reversal of an entry.
	TakenBackBy(Entry) (Entry, bool, error)

	// Past says that what is written is stamped with an instant that is over.
	Past() bool
	// ClosedUntil is until when the books are closed, Never where nothing is. Nobody
	// closes or opens them until the commit.
	ClosedUntil(ident.Operator) (time.Time, error)
	// LockClosed is the same for whoever closes or opens them: nobody posts for an
	// instant that may be closed until the commit.
	LockClosed(ident.Operator) (time.Time, error)
	SaveClosed(ident.Operator, time.Time) error
	InsertClosing(Closing) error
	SaveReopened(Closing) error // ReopenedAt, ReopenedBy and ReopenReason
	ClosingByID(ident.Closing) (Closing, error)
	ClosingPage(operator.Page) (operator.List[Closing], error)

	// TrialLines sums each book per currency, by the dates it is booked for.
	TrialLines(JournalFilter) ([]TrialLine, error)
	JournalOf(ident.Entry) ([]JournalLine, error)
	JournalPage(JournalFilter, operator.Page) (operator.List[JournalLine], error)

	// PostingsOf are an entry's postings in their order.
	PostingsOf(ident.Entry) ([]Posting, error)

	InsertRecharge(Recharge) error
	// SaveReversed writes Reversed and State of a recharge of which before was reversed.
	SaveReversed(r Recharge, before money.Amount) error
	RechargeByID(ident.Recharge) (Recharge, error)
	RechargeByKey(op ident.Operator, key string) (Recharge, bool, error)
	// ReversalOf is the newest reversal of a recharge.
	ReversalOf(ident.Recharge) (Recharge, bool, error)
	RechargeRow(ident.Recharge) (RechargeRow, error)
	RechargePage(RechargeFilter, operator.Page) (operator.List[RechargeRow], error)
	RechargeSums(RechargeFilter, int) ([]RechargeSum, bool, error)
	// NextRechargeNo counts 1, 2, 3 … within an operator and day ("2026-03-01").
	NextRechargeNo(op ident.Operator, day string) (int, error)

	RechargeRules(ident.Operator) (RechargeRules, bool, error)
	SaveRechargeRules(RechargeRules) error // where they still have r.Version

	InsertAsk(Ask) error
	SaveAsk(Ask) error // the decision, of one that is pending
	AskByID(ident.Ask) (Ask, error)
	AskByKey(op ident.Operator, key string) (Ask, bool, error)
	AskPage(pending bool, now time.Time, p operator.Page) (operator.List[AskRow], error)

	BookSums() ([]BookSum, error)
	Drifts() ([]Drift, error)
}
