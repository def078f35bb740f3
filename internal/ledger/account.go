package ledger

import (
	"fmt"
	"time"

	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// Account is a wallet.
type Account struct {
	ID       ident.Account
	Operator ident.Operator
	Sub      ident.SubOperator
	Number   string // the 11 digits of the charging account, unique in the operator
	Currency money.Currency
	Balance  money.Amount // Σ postings; negative: a debt
	Bonus    money.Amount // how much of the balance is bonus, ≥ 0
	Held     money.Amount // Σ holds in state held, ≥ 0
	// Backed is what payment providers hold for it, ≥ 0. It may be spent; it is taken once
	// the bill is known.
	Backed  money.Amount
	Version int64
}

// Available is what may be spent or held now.
func (a Account) Available() money.Amount { return a.Balance.Add(a.Backed).Sub(a.Held) }

// Book is where a posting goes.
type Book string

// The books. Revenue of the rest (start fees) is other.
const (
	Wallet             Book = "wallet"       // with the account's id
	WalletBonus        Book = "wallet_bonus" // the same; both are the wallet's balance
	ManualCredit       Book = "manual_credit"
	BonusGiven         Book = "bonus_given"
	CashDesk           Book = "cash"
	Bank               Book = "bank"
	RevenueElectricity Book = "revenue:electricity"
	RevenueService     Book = "revenue:service"
	RevenueIdle        Book = "revenue:idle"
	RevenueOther       Book = "revenue:other"
)

// OfWallet reports whether postings of the book name a wallet.
func (b Book) OfWallet() bool { return b == Wallet || b == WalletBonus }

// ProviderBook is what a payment provider has for the operator, below 0 like all that is
// not here yet; FeeBook is what it keeps of it.
func ProviderBook(provider string) Book { return Book("provider:" + provider) }

// FeeBook is what a payment provider has cost.
func FeeBook(provider string) Book { return Book("fees:" + provider) }

// TaxBook is what is owed as tax at one rate.
func TaxBook(v unit.Permille) Book { return Book(fmt.Sprintf("tax:%d", int64(v))) }

// revenue is the book for a kind of fee.
func revenue(k tariff.Kind) Book {
	switch k {
	case tariff.KindElectricity:
		return RevenueElectricity
	case tariff.KindService:
		return RevenueService
	case tariff.KindIdle:
		return RevenueIdle
	}
	return RevenueOther
}

// EntryKind says why money moved.
type EntryKind string

// The kinds of entries.
const (
	KindRecharge EntryKind = "recharge"
	KindCapture  EntryKind = "capture"
	KindAdjust   EntryKind = "adjust"
	KindReversal EntryKind = "reversal" // takes another entry back, whole
)

// Entry is one balanced set of postings.
type Entry struct {
	ID       ident.Entry
	Operator ident.Operator
	Sub      ident.SubOperator // who earns: the session's, or the wallet's
	At       time.Time         // when it was written
	Booked   time.Time         // what it counts for
	Event    time.Time         // when what it is of came to be
	Kind     EntryKind
	Session  ident.Session
	Recharge ident.Recharge
	Corrects ident.Entry // of an adjustment, and of a reversal
	Reason   string      // of a reversal
	Key      string      // unique in the operator
	// What the first call was answered, for those that repeat it.
	Amount  money.Amount // the wallet's posting with its sign turned: what was taken
	Debt    money.Amount
	Balance money.Amount // of the wallet, after
	// Postings are not read back where an entry is looked up by its key.
	Postings []Posting
}

// Posting is one amount in one book.
type Posting struct {
	Book    Book
	Account ident.Account // of a wallet
	Amount  money.Amount
}

// Posted is the fact of an entry.
const Posted fact.Kind = "ledger.posted"

// PostedPayload is its payload.
type PostedPayload struct {
	Entry    ident.Entry    `json:"entry_id"`
	Kind     EntryKind      `json:"kind"`
	Session  ident.Session  `json:"session_id,omitzero"`
	Recharge ident.Recharge `json:"recharge_id,omitzero"`
	Amount   money.Amount   `json:"amount"` // what was taken of the wallet
	At       time.Time      `json:"posted_at"`
	Booked   time.Time      `json:"booked_at,omitzero"` // facts of old have none: At
}

// BookedAt is what the entry counts for.
func (p PostedPayload) BookedAt() time.Time {
	if p.Booked.IsZero() {
		return p.At
	}
	return p.Booked
}

// Fact is what the outbox gets of the entry. The store records it where it writes the
// entry, so that none is posted unheard.
func (e Entry) Fact() fact.Fact {
	return fact.Fact{Kind: Posted, Version: 1, Operator: e.Operator, Sub: e.Sub, Object: e.ID.String(), At: e.At,
		Payload: PostedPayload{e.ID, e.Kind, e.Session, e.Recharge, e.Amount, e.At, e.Booked}}
}

// Check refuses an entry that does not balance. The store calls it before it writes.
func (e Entry) Check() error {
	sums := map[money.Currency]int64{}
	for _, p := range e.Postings {
		if p.Book.OfWallet() == p.Account.IsZero() {
			return fault.New(fault.Internal, "ledger_book", "A posting of the wallet book names a wallet, and no other does.")
		}
		sums[p.Amount.Currency] += p.Amount.Minor
	}
	for c, n := range sums {
		if n != 0 {
			return fault.New(fault.Internal, "ledger_unbalanced", "The entry does not balance.").
				Because(fmt.Errorf("ledger: %s sums to %s", e.Kind, money.New(n, c)))
		}
	}
	if e.Booked.IsZero() || e.Event.IsZero() || e.Booked.After(e.At) {
		return fault.New(fault.Internal, "ledger_undated", "The entry is not booked for a day that has come.")
	}
	if len(e.Postings) < 2 {
		return fault.New(fault.Internal, "ledger_empty", "An entry has at least two postings.")
	}
	return nil
}

// HoldState is where a hold is in its life.
type HoldState string

// The states: held, then one of the others for good.
const (
	HoldHeld     HoldState = "held"
	HoldCaptured HoldState = "captured"
	HoldReleased HoldState = "released"
)

// Hold is what a session has set aside of a wallet.
type Hold struct {
	ID       ident.Hold
	Operator ident.Operator
	Sub      ident.SubOperator // of the session: who earns
	Account  ident.Account
	Session  ident.Session
	Amount   money.Amount
	State    HoldState
	At       time.Time
	Version  int64
	// Ended is when what is charged for ended, of whoever settles it; zero: now. It is
	// not kept.
	Ended time.Time
}

// Settlement is what a posting for a session did.
type Settlement struct {
	Entry    ident.Entry  // none where there was nothing to post
	Captured money.Amount // posted on the wallet; negative: given back
	Debt     money.Amount // how much of it made the balance negative
	Balance  money.Amount // of the wallet, after
	Replayed bool         // the key had been used: this is the first answer
}
