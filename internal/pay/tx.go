package pay

import (
	"context"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/session"
)

// Tx is what this package needs of a transaction. The payment is locked first, then the
// wallet; of two payments the one that a refund is of first.
type Tx interface {
	session.Tx

	InsertPayment(Payment) error // conflict "idempotency_key_reused"
	// LockPayment reads a payment and keeps others from it until the commit.
	LockPayment(ident.Payment) (Payment, error)
	PaymentByID(ident.Payment) (Payment, error)
	PaymentByKey(op ident.Operator, key string) (Payment, bool, error)
	// PaymentByRef finds what the provider names so.
	PaymentByRef(op ident.Operator, p Provider, r Refs) (Payment, bool, error)
	// SavePayment writes what changes in its life, where the row still has p.Version.
	SavePayment(Payment) error
	RefundsOf(ident.Payment) ([]Payment, error)
	// DuePayments are those that somebody has to look at, the longest due first.
	DuePayments(now time.Time, limit int) ([]Due, error)
	PaymentPage(Filter, operator.Page) (operator.List[Row], error)
	PaymentRow(ident.Payment) (Row, error)

	InsertStep(Step) error
	SaveStep(Step) error // State, Tries, EndedAt, Failure
	// StepsOf are a payment's steps in their order; the last may be open.
	StepsOf(ident.Payment) ([]Step, error)
	// InsertNotice keeps a webhook; false where it came before.
	InsertNotice(Notice) (bool, error)
	NoticesOf(ident.Payment) ([]Notice, error)

	InsertCard(SavedCard) error
	CardByID(ident.Card) (SavedCard, error)
	CardsOf(ident.Driver) ([]SavedCard, error)
	RemoveCard(ident.Card) error

	PayOptions(ident.Operator) ([]Option, error)
	SavePayOption(Option) error // where it still has o.Version; fault.Stale
	// ProvidersInUse are the operators with a provider, for the nightly comparison.
	ProvidersInUse() ([]InUse, error)
	// TakenBetween is what the ledger has of a provider in [from, to), by payment.
	TakenBetween(op ident.Operator, p Provider, from, to time.Time) ([]Booked, error)
	SaveCheck(Check) error
	ChecksSince(op ident.Operator, day string) ([]Check, error)
	CheckPage(operator.Page) (operator.List[Check], error)

	InsertGuest(Guest) error // conflict "guest_known" where the secret is
	// LockGuest reads a guest and keeps others from it until the commit. It is locked after
	// the charge point and before its payments.
	LockGuest(ident.Guest) (Guest, error)
	GuestByID(ident.Guest) (Guest, error)
	// GuestBySecret finds a guest of any operator by the hash of what the phone keeps.
	GuestBySecret(hash []byte) (Guest, bool, error)
	// SaveGuest writes what changes in its life, where the row still has g.Version.
	SaveGuest(Guest) error
	DueGuests(now time.Time, limit int) ([]DueGuest, error)
	// WakeGuests has those looked at that a payment or a session is of.
	WakeGuests(ident.Payment, ident.Session, time.Time) error
	// PointByCode finds what has this code printed on it.
	PointByCode(op ident.Operator, code string) (asset.ChargePoint, bool, error)
}

// Run opens the one transaction of a call.
type Run func(context.Context, authz.Scope, func(Tx) error) error

// Due names a payment that has to be looked at.
type Due struct {
	ID       ident.Payment
	Operator ident.Operator
}

// DueGuest names a guest that has to be looked at.
type DueGuest struct {
	ID       ident.Guest
	Operator ident.Operator
}

// InUse is a provider of an operator.
type InUse struct {
	Operator ident.Operator
	Method   Method
}

// Booked is what the ledger has of one payment.
type Booked struct {
	Payment ident.Payment
	Of      ident.Payment // of a refund
	Amount  money.Amount  // below 0: given back
}

// Filter narrows the list of payments; zero fields do not.
type Filter struct {
	Driver   ident.Driver
	Provider Provider
	Type     Type
	States   []State
	Session  ident.Session
	From, To time.Time // half-open
}

// Row is a payment with what lists show of its driver.
type Row struct {
	Payment
	DriverAccount   string
	DriverName      string
	ChargingAccount string
}

// Detail is one payment with all that happened to it.
type Detail struct {
	Row
	Steps    []Step
	Notices  []Notice
	Refunds  []Payment
	Recharge *ledger.Recharge
}
