package pay

import (
	"time"

	"ccms/internal/fault"
	"ccms/internal/money"
)

// Status is what a provider says of a payment, in our words.
type Status string

// What a provider may say. Unchanged is for answers that tell nothing new.
const (
	Unchanged    Status = ""
	Waiting      Status = "waiting"  // for the payer
	Agreed       Status = "agreed"   // by the payer; the provider waits for us
	InWork       Status = "in_work"  // by the provider
	SetAside     Status = "held"     // money is held
	Taken        Status = "taken"    // money moved
	LetGo        Status = "released" // a hold was given back
	Over         Status = "expired"  // nobody paid in time
	Declined     Status = "declined" // for good
	Disputing    Status = "disputed"
	SentBack     Status = "refunded" // of a refund
	SendingBack  Status = "refunding"
	RefundFailed Status = "refund_failed"
)

// Seen is a payment as its provider has it now. Amounts without a currency are not told.
type Seen struct {
	Status    Status
	Refs      Refs
	Held      money.Amount
	Captured  money.Amount
	Refunded  money.Amount
	Fee       money.Amount
	Card      Card
	Action    string
	ExpiresAt time.Time
	Failure   Failure
}

func told(a money.Amount) bool { return a.Currency != "" }

// Apply is the state machine: what is known of a payment after the provider was heard. It
// never goes back: an answer that was overtaken changes nothing. Money that was taken is
// taken, whatever we thought before.
func Apply(p Payment, s Seen, now time.Time) Payment {
	if s.Refs.Page != "" {
		p.Refs.Page = s.Refs.Page
	}
	if s.Refs.Money != "" {
		p.Refs.Money = s.Refs.Money
	}
	if s.Card.Last4 != "" {
		p.Card = s.Card
	}
	if !s.ExpiresAt.IsZero() {
		p.ExpiresAt = s.ExpiresAt
	}
	if told(s.Fee) {
		p.Fee = s.Fee
	}
	if told(s.Captured) && p.Captured.Less(s.Captured) {
		p.Captured = s.Captured
	}
	if p.Type == Refund {
		return applyRefund(p, s, now)
	}
	switch s.Status {
	case Waiting:
		if p.State == Created || p.State == RequiresAction {
			p.State, p.Action = RequiresAction, s.Action
			p.Failure = s.Failure // a card that was declined on the page; another may be tried
		}
	case Agreed, InWork:
		if p.State == Created || p.State == RequiresAction {
			p.State, p.Action = RequiresAction, ""
		}
	case SetAside:
		if p.State == Created || p.State == RequiresAction || p.State.Held() {
			if told(s.Held) {
				if p.State.Held() && p.Amount.Less(s.Held) {
					p.State = Incremented
				}
				p.Amount = s.Held
			}
			if !p.State.Held() {
				p.State = Authorised
			}
			p.Action, p.Failure = "", Failure{}
		}
	case Taken:
		if p.Captured.Minor > 0 && !p.State.Paid() {
			p.State, p.Action, p.Failure, p.EndedAt = Captured, "", Failure{}, now
		}
	case Disputing:
		if p.Captured.Minor > 0 {
			p.State = Disputed
		}
	case LetGo:
		p = ended(p, Voided, s, now)
	case Over:
		p = ended(p, Expired, s, now)
	case Declined:
		p = ended(p, Failed, s, now)
	}
	return p
}

// ended ends a payment that took nothing.
func ended(p Payment, as State, s Seen, now time.Time) Payment {
	if !p.State.Open() || p.Captured.Minor > 0 {
		return p
	}
	p.State, p.Action, p.EndedAt, p.DueAt = as, "", now, time.Time{}
	if s.Failure.Code != "" {
		p.Failure = s.Failure
	}
	return p
}

func applyRefund(p Payment, s Seen, now time.Time) Payment {
	if p.State != Created {
		return p
	}
	switch s.Status {
	case SentBack:
		p.State, p.EndedAt, p.Failure = Refunded, now, Failure{}
	case RefundFailed, Declined:
		p.State, p.EndedAt, p.Failure, p.DueAt = Failed, now, s.Failure, time.Time{}
	}
	return p
}

// refunding takes note of money that shall go back: never more than is left (PAY-R8).
func refunding(p Payment, a money.Amount) (Payment, error) {
	left := p.Remaining()
	switch {
	case !p.State.Paid() || p.Type == Refund:
		return p, errNotPaid
	case a.Currency != left.Currency:
		return p, fault.BadInput("/amount/currency", "must be %s, the currency of the payment", left.Currency)
	case a.Minor <= 0:
		return p, fault.BadInput("/amount", "must be above 0")
	case left.Less(a):
		f := fault.New(fault.Conflict, "refund_too_much", "Only %s of this payment are left to give back.", left)
		return p, f.At("/amount", "must be at most "+left.Decimal())
	}
	p.Refunding = p.Refunding.Add(a)
	return p, nil
}

// refunded notes what became of it.
func refunded(p Payment, a money.Amount, done bool) Payment {
	p.Refunding = p.Refunding.Sub(a)
	if !done {
		return p
	}
	p.Refunded = p.Refunded.Add(a)
	if p.State != Disputed {
		p.State = PartiallyRefunded
		if p.Refunded == p.Captured {
			p.State = Refunded
		}
	}
	return p
}

// Pauses between tries of a step, and between looks at a payment that nothing is heard
// of. Webhooks are faster; this is for those that never come.
const (
	claimFor   = 90 * time.Second // longer than a call may take
	CallWithin = 25 * time.Second // the deadline of one call
	longPause  = 15 * time.Minute
)

// again is how long to wait after a number of tries.
func again(tries int) time.Duration {
	return min(2*time.Second<<min(tries, 12), longPause)
}

// giveUpAfter is how long an operation is tried. What would take or hold money is given up
// before the provider forgets the step's key, so that a late repetition is still the same
// one; what ends a hold or gives money back is tried for as long as a hold lasts.
func giveUpAfter(o Op) time.Duration {
	switch o {
	case OpCreate, OpConfirm, OpIncrement:
		return 23 * time.Hour
	}
	return 7 * 24 * time.Hour
}
