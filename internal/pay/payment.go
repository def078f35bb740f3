package pay

import (
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
)

// Type is what a payment is for (product §3.4.1).
type Type string

// The types.
const (
	Hold   Type = "HOLD"   // set aside first, captured when the session is over
	Sale   Type = "SALE"   // taken at once, for what a session cost beyond its hold
	TopUp  Type = "TOPUP"  // a recharge of a wallet
	Refund Type = "REFUND" // money of another payment that goes back
)

// State is where a payment is in its life (product §3.4.1).
type State string

// The states. A refund is CREATED until the provider has it, then REFUNDED.
const (
	Created           State = "CREATED"
	RequiresAction    State = "REQUIRES_ACTION"
	Authorised        State = "AUTHORISED"
	Incremented       State = "INCREMENTED"
	CapturePending    State = "CAPTURE_PENDING"
	Captured          State = "CAPTURED"
	PartiallyRefunded State = "PARTIALLY_REFUNDED"
	Refunded          State = "REFUNDED"
	Voided            State = "VOIDED"
	Expired           State = "EXPIRED"
	Failed            State = "FAILED"
	Disputed          State = "DISPUTED"
)

// Open reports whether the provider may still do something of its own accord, or was not
// asked yet.
func (s State) Open() bool {
	switch s {
	case Created, RequiresAction, Authorised, Incremented, CapturePending:
		return true
	}
	return false
}

// Held reports whether money is set aside at the provider.
func (s State) Held() bool { return s == Authorised || s == Incremented }

// Paid reports whether the provider took money.
func (s State) Paid() bool {
	return s == Captured || s == PartiallyRefunded || s == Refunded || s == Disputed
}

// Provider names who moves the money.
type Provider string

// The providers.
const (
	Stripe Provider = "stripe"
	PayPal Provider = "paypal"
)

// Failure is why a provider did not do what it was asked.
type Failure struct {
	Code      string `json:"code"` // the provider's
	Text      string `json:"text"` // for a person
	Retryable bool   `json:"retryable"`
}

// Refs are the names that a provider gives a payment. Which of them there are differs: a
// page to pay on has one before anybody paid, the money another.
type Refs struct {
	Page  string // a Checkout session, an order
	Money string // a payment intent, an authorisation or a capture; of a refund the refund
}

// Zero reports whether the provider has named nothing yet.
func (r Refs) Zero() bool { return r == Refs{} }

// Payment is money on its way through a provider.
type Payment struct {
	ID        ident.Payment
	Operator  ident.Operator
	Sub       ident.SubOperator
	Type      Type
	Provider  Provider
	State     State
	Account   ident.Account // the wallet that it is for
	Driver    ident.Driver  // none: a guest
	Session   ident.Session // of a hold or a sale
	Of        ident.Payment // of a refund: what goes back
	Amount    money.Amount  // asked for; of a hold what is held
	Captured  money.Amount
	Refunded  money.Amount // done
	Refunding money.Amount // on its way
	Fee       money.Amount // the provider's, once it is told
	Refs      Refs
	Card      Card   // as far as the provider tells
	SaveCard  bool   // keep it for later
	Saved     bool   // it was kept
	Action    string // where the payer has to go; "" once that is over
	ReturnURL string
	Failure   Failure
	Reason    string // of a refund, in words
	ReasonAs  ReasonCode
	ExpiresAt time.Time // of what is held
	At        time.Time
	EndedAt   time.Time
	By        ident.Staff // who asked; none: the payer or the platform
	Recharge  ident.Recharge
	Key       string // of whoever asked; unique in the operator
	// DueAt is when the worker has to look at it next; zero: never of its own accord.
	DueAt   time.Time
	Looks   int // in a row without news
	Version int64
}

// Remaining is what may still be given back (PAY-R8).
func (p Payment) Remaining() money.Amount {
	return p.Captured.Sub(p.Refunded).Sub(p.Refunding)
}

// backing is what a hold lets its wallet spend.
func (p Payment) backing() money.Amount {
	if p.Type == Hold && (p.State.Held() || p.State == CapturePending) {
		return p.Amount
	}
	return money.New(0, p.Amount.Currency)
}

// Card is what may be kept of one: enough to be recognised by its holder, never its
// number (PAY-R9).
type Card struct {
	Brand string
	Last4 string
	Month int
	Year  int
	// Customer and Method are the provider's names, to charge it again.
	Customer string
	Method   string
}

// SavedCard is a card that a driver pays with again.
type SavedCard struct {
	ID       ident.Card
	Operator ident.Operator
	Sub      ident.SubOperator
	Driver   ident.Driver
	Provider Provider
	Card     Card
	At       time.Time
	Removed  bool
}

// ReasonCode says why money goes back.
type ReasonCode string

// The codes.
const (
	ByRequest   ReasonCode = "REQUESTED_BY_CUSTOMER"
	Duplicate   ReasonCode = "DUPLICATE"
	ServiceFail ReasonCode = "SERVICE_FAILURE"
	WrongAmount ReasonCode = "WRONG_AMOUNT"
	FraudSeen   ReasonCode = "FRAUD"
	OtherReason ReasonCode = "OTHER"
)

// Reasons lists the codes in the order that screens show.
var Reasons = []ReasonCode{ByRequest, Duplicate, ServiceFail, WrongAmount, FraudSeen, OtherReason}

func knownReason(c ReasonCode) bool {
	for _, r := range Reasons {
		if r == c {
			return true
		}
	}
	return false
}

// Op is what a provider is asked to do.
type Op string

// The operations. Confirm takes what the payer has agreed to on the provider's page.
const (
	OpCreate    Op = "create"
	OpConfirm   Op = "confirm"
	OpIncrement Op = "increment"
	OpCapture   Op = "capture"
	OpVoid      Op = "void"
	OpRefund    Op = "refund"
)

// StepState is where a step is.
type StepState string

// The states: open, then one of the others for good.
const (
	StepOpen    StepState = "OPEN"
	StepDone    StepState = "DONE"
	StepRefused StepState = "REFUSED"
	StepGivenUp StepState = "GIVEN_UP"
)

// Step is one operation on a payment: the intent, and what came of it.
type Step struct {
	Payment  ident.Payment
	Number   int // from 1
	Operator ident.Operator
	Sub      ident.SubOperator
	Op       Op
	Amount   money.Amount
	State    StepState
	Tries    int
	At       time.Time
	EndedAt  time.Time
	Failure  Failure // of the last try
}

// Key is what the provider knows the step by, however often it is repeated (MON-R6).
func (s Step) Key() string { return s.Payment.String() + ":" + string(s.Op) + ":" + itoa(s.Number) }

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

// Notice is one delivery of a webhook, as it was received.
type Notice struct {
	ID       string // the provider's name of the event
	Kind     string
	Payment  ident.Payment // as we named it to the provider; may be none
	Refs     Refs
	Operator ident.Operator
	Provider Provider
	At       time.Time
}

var errNotPaid = fault.New(fault.Conflict, "payment_not_captured", "Nothing was taken with this payment, so nothing can go back.")
