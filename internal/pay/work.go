package pay

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
)

const (
	workAtOnce = 4  // payments that are worked on side by side
	workBatch  = 40 // of one sweep
)

// Work carries on what is due, and returns how many payments that were.
func (s *Service) Work(ctx context.Context, now time.Time) (int, error) {
	due, err := one(ctx, s.read, authz.Everything("payments that are due"), func(tx Tx) ([]Due, error) { return tx.DuePayments(now, workBatch) })
	if err != nil {
		return 0, err
	}
	var (
		working sync.WaitGroup
		mu      sync.Mutex
		errs    []error
	)
	room := make(chan struct{}, workAtOnce)
	for _, d := range due {
		if ctx.Err() != nil {
			break
		}
		room <- struct{}{}
		working.Go(func() {
			defer func() { <-room }()
			if err := s.carry(ctx, d); err != nil {
				mu.Lock()
				errs = append(errs, fmt.Errorf("payment %s: %w", d.ID, err))
				mu.Unlock()
			}
		})
	}
	working.Wait()
	guests, err := s.workGuests(ctx, now)
	return len(due) + guests, errors.Join(append(errs, err)...)
}

// task is what one turn on a payment does, decided in the transaction that claims it.
type task struct {
	p      Payment
	step   *Step // nil: only look
	access Access
	order  Order
}

// carry does one turn on a payment: claim, ask, note. Each of the three may be the last
// thing this process does.
func (s *Service) carry(ctx context.Context, d Due) error {
	sc := authz.ForSystem(d.Operator, "payment")
	t, err := one(ctx, s.write, sc, func(tx Tx) (*task, error) { return s.claim(tx, d.ID) })
	if err != nil || t == nil {
		return err
	}
	seen, asked := s.ask(ctx, t)
	// What came of it is written even when whoever asked has gone.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), CallWithin)
	defer cancel()
	return s.write(end, sc, func(tx Tx) error { return s.note(tx, t, seen, asked) })
}

// claim keeps others off a payment while the provider is asked. nil: there is nothing to
// do, or somebody else does it.
func (s *Service) claim(tx Tx, id ident.Payment) (*task, error) {
	p, err := tx.LockPayment(id)
	if err != nil {
		return nil, err
	}
	if p.DueAt.IsZero() || p.DueAt.After(tx.Now()) {
		return nil, nil //nolint:nilnil // somebody else has claimed it
	}
	steps, err := tx.StepsOf(id)
	if err != nil {
		return nil, err
	}
	t := &task{}
	if n := len(steps); n > 0 && steps[n-1].State == StepOpen {
		t.step = &steps[n-1]
		t.step.Tries++
		if err := tx.SaveStep(*t.step); err != nil {
			return nil, err
		}
	}
	o, err := optionOf(tx, p.Operator, p.Provider.Method())
	if err != nil {
		return nil, err
	}
	p.DueAt = tx.Now().Add(claimFor)
	if err := tx.SavePayment(p); err != nil {
		return nil, err
	}
	p.Version++
	t.p, t.access = p, s.access(o)
	t.order = Order{Type: p.Type, Payment: p.ID, Amount: p.Amount, Refs: p.Refs, Card: p.Card, SaveCard: p.SaveCard, ReturnURL: p.ReturnURL,
		Since: p.At, Text: "Charging"}
	if p.Type == TopUp {
		t.order.Text = "Recharge"
	}
	if p.Type == Refund && t.step != nil || p.Type == Refund && p.Refs.Money == "" {
		of, err := tx.PaymentByID(p.Of)
		if err != nil {
			return nil, err
		}
		t.order.Refs = of.Refs
	}
	if t.step != nil {
		t.order.Op, t.order.Key, t.order.Amount, t.order.Again, t.order.Since = t.step.Op, t.step.Key(), t.step.Amount, t.step.Tries > 1, t.step.At
	}
	return t, nil
}

var errNoKeys = errors.New("pay: the operator has no keys for this provider any more")

// ask asks the provider, outside of any transaction. What was sent before and not answered
// is looked up first: it may be done.
func (s *Service) ask(ctx context.Context, t *task) (Seen, error) {
	g := s.gateways[t.p.Provider]
	if g == nil || t.access.Secret.Key == "" {
		return Seen{}, errNoKeys
	}
	ctx, cancel := context.WithTimeout(ctx, CallWithin)
	defer cancel()
	if t.step == nil {
		return g.Look(ctx, t.access, t.order)
	}
	if t.order.Again && !t.order.Refs.Zero() && t.step.Op != OpRefund {
		seen, err := g.Look(ctx, t.access, t.order)
		if err != nil || done(t.step.Op, seen) {
			return seen, err
		}
	}
	return g.Do(ctx, t.access, t.order)
}

// done reports whether what a provider says shows that an operation happened, or can no
// longer.
func done(op Op, seen Seen) bool {
	switch op {
	case OpCapture, OpVoid:
		return seen.Captured.Minor > 0 || seen.Status == LetGo || seen.Status == Over
	case OpConfirm:
		return seen.Status == SetAside || seen.Captured.Minor > 0 || seen.Status == InWork
	}
	return false
}

// note writes what came of a turn, with the money that moved.
func (s *Service) note(tx Tx, t *task, seen Seen, asked error) error {
	p, err := tx.LockPayment(t.p.ID)
	if err != nil {
		return err
	}
	before := p
	var st *Step
	if t.step != nil {
		steps, err := tx.StepsOf(p.ID)
		if err != nil {
			return err
		}
		if n := len(steps); n == t.step.Number && steps[n-1].State == StepOpen {
			st = &steps[n-1]
		}
	}
	now := tx.Now()
	p.DueAt = time.Time{}
	var no *Refused
	switch {
	case asked == nil:
		p = Apply(p, seen, now)
		end(st, StepDone, Failure{}, now)
	case errors.As(asked, &no):
		if st != nil {
			p = refusedBy(p, st.Op, no.Failure, now)
		}
		end(st, StepRefused, no.Failure, now)
	case st != nil && now.Sub(st.At) >= giveUpAfter(st.Op):
		p = refusedBy(p, st.Op, whyOf(asked), now)
		end(st, StepGivenUp, whyOf(asked), now)
	case st != nil:
		st.Failure = whyOf(asked)
		p.DueAt = now.Add(again(st.Tries))
	default:
		p.Looks++
		p.DueAt = now.Add(again(p.Looks + 2))
	}
	if st != nil {
		if err := tx.SaveStep(*st); err != nil {
			return err
		}
	}
	if p, err = s.follow(tx, before, p, st, seen); err != nil {
		return err
	}
	if err := tx.SavePayment(p); err != nil {
		return err
	}
	if p.State == before.State && p.Captured == before.Captured {
		return nil
	}
	return tx.Record(fact.Fact{Kind: Changed, Version: 1, Operator: p.Operator, Sub: p.Sub, Object: p.ID.String(), At: now,
		Payload: ChangedPayload{p.ID, p.Type, p.State, p.Account, p.Driver, p.Session, p.Amount, p.Captured}})
}

func end(st *Step, as StepState, f Failure, now time.Time) {
	if st != nil {
		st.State, st.Failure, st.EndedAt = as, f, now
	}
}

// refusedBy is a payment after a definite no.
func refusedBy(p Payment, op Op, f Failure, now time.Time) Payment {
	switch op {
	case OpCreate, OpConfirm:
		return Apply(p, Seen{Status: Declined, Failure: f}, now)
	case OpRefund:
		return Apply(p, Seen{Status: RefundFailed, Failure: f}, now)
	case OpCapture:
		p.Failure = f
		p.DueAt = now.Add(again(1)) // what is left of it is looked up
		p.State = Authorised
	default:
		p.Failure = f
		p.DueAt = now.Add(again(1))
	}
	return p
}

// follow does what a change of a payment asks for: money into the books, the next step, the
// next look.
func (s *Service) follow(tx Tx, before, p Payment, st *Step, seen Seen) (Payment, error) {
	now := tx.Now()
	if p.Type == Refund {
		return s.followRefund(tx, before, p)
	}
	if more := p.backing().Sub(before.backing()); more.Minor != 0 {
		if err := ledger.Back(tx, p.Account, more); err != nil {
			return p, err
		}
	}
	if p.Captured.Minor > 0 && p.Recharge.IsZero() {
		var err error
		if p, err = receive(tx, p); err != nil {
			return p, err
		}
	} else if p.Captured.Minor > 0 && before.Fee.Zero() && p.Fee.Minor > 0 {
		r, err := tx.RechargeByID(p.Recharge)
		if err != nil {
			return p, err
		}
		if err := ledger.PostFee(tx, r, string(p.Provider), p.Fee); err != nil {
			return p, err
		}
	}
	if p.SaveCard && !p.Saved && p.Captured.Minor > 0 && p.Card.Method != "" && !p.Driver.IsZero() {
		if err := s.keepCard(tx, p); err != nil {
			return p, err
		}
		p.Saved = true
	}
	if st != nil && st.State == StepOpen {
		return p, nil // it is tried again when it is due
	}
	if !p.DueAt.IsZero() {
		return p, nil
	}
	switch {
	case seen.Status == Agreed && p.State == RequiresAction: // the provider waits for us
		if err := step(tx, p, OpConfirm, p.Amount); err != nil {
			return p, err
		}
		p.DueAt = now
	case p.State == Created || p.State == RequiresAction || p.State == CapturePending:
		p.Looks++
		p.DueAt = now.Add(again(p.Looks))
	}
	return p, nil
}

// receive books what the provider took.
func receive(tx Tx, p Payment) (Payment, error) {
	from := ledger.FromCard
	reason := "Paid by card"
	switch {
	case p.Provider == PayPal:
		from, reason = ledger.FromPayPal, "Paid by PayPal"
	case p.Card.Last4 != "":
		reason = fmt.Sprintf("Paid by card %s %s", p.Card.Brand, p.Card.Last4)
	}
	r, _, err := ledger.Receive(tx, ledger.Receipt{Payment: p.ID, Account: p.Account, Driver: p.Driver, Provider: string(p.Provider), From: from,
		Amount: p.Captured, Fee: p.Fee, Reason: reason, Actor: p.By, Bare: p.Type != TopUp})
	p.Recharge = r.ID
	return p, err
}

// keepCard keeps a card that was paid with, once.
func (s *Service) keepCard(tx Tx, p Payment) error {
	have, err := tx.CardsOf(p.Driver)
	if err != nil {
		return err
	}
	for _, c := range have {
		if c.Card.Method == p.Card.Method {
			return nil
		}
	}
	if len(have) >= mostCards {
		return nil
	}
	return tx.InsertCard(SavedCard{ID: ident.New[ident.Card](tx.Now()), Operator: p.Operator, Sub: p.Sub, Driver: p.Driver, Provider: p.Provider, Card: p.Card, At: tx.Now()})
}

const mostCards = 10

// followRefund notes on the payment what became of its refund. Money that could not be
// sent back is the wallet's again.
func (s *Service) followRefund(tx Tx, before, p Payment) (Payment, error) {
	if p.State == before.State {
		if p.DueAt.IsZero() { // the provider works on it
			p.Looks++
			p.DueAt = tx.Now().Add(again(p.Looks + 4))
		}
		return p, nil
	}
	of, err := tx.LockPayment(p.Of)
	if err != nil {
		return p, err
	}
	of = refunded(of, p.Amount, p.State == Refunded)
	if err := tx.SavePayment(of); err != nil {
		return p, err
	}
	if p.State == Refunded {
		return p, nil
	}
	_, _, err = ledger.Receive(tx, ledger.Receipt{Payment: p.ID, Account: p.Account, Driver: p.Driver, Provider: string(p.Provider), From: ledger.FromRefund,
		Amount: p.Amount, Fee: money.New(0, p.Amount.Currency), Reason: "The refund failed at the provider", Bare: true})
	return p, err
}

// whyOf is an error in words that may be shown.
func whyOf(err error) Failure {
	var no *Refused
	switch {
	case err == nil:
		return Failure{}
	case errors.As(err, &no):
		return no.Failure
	case errors.Is(err, errNoKeys):
		return Failure{"keys_missing", "There are no keys for this payment provider.", true}
	case errors.Is(err, context.DeadlineExceeded):
		return Failure{"no_answer", "The payment provider did not answer in time.", true}
	}
	if f := fault.Of(err); f.Kind != fault.Internal {
		return Failure{f.Code, f.Detail, true}
	}
	return Failure{"unreachable", "The payment provider could not be reached.", true}
}
