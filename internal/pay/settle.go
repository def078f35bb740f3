package pay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/session"
)

const (
	// settleAgain is when a guest is looked at again whose payments are worked on, should
	// nothing be heard of them.
	settleAgain = 30 * time.Second
	// captureTries is how often a hold is captured that the provider refuses.
	captureTries = 3
)

// workGuests carries guests on that are due.
func (s *Service) workGuests(ctx context.Context, now time.Time) (int, error) {
	due, err := one(ctx, s.read, authz.Everything("guests that are due"), func(tx Tx) ([]DueGuest, error) { return tx.DueGuests(now, workBatch) })
	var errs []error
	for _, d := range due {
		if ctx.Err() != nil {
			break
		}
		sc := authz.ForSystem(d.Operator, "a guest")
		err := s.write(ctx, sc, func(tx Tx) error { return s.turn(tx, sc, d.ID) })
		if err != nil && fault.Of(err).Code != "stale_version" { // it is due again
			errs = append(errs, fmt.Errorf("guest %s: %w", d.ID, err))
		}
	}
	return len(due), errors.Join(append(errs, err)...)
}

// Wake has those guests looked at that a payment or a session is of: something happened to
// it. It joins the caller's transaction.
func Wake(tx Tx, p ident.Payment, st ident.Session) error { return tx.WakeGuests(p, st, tx.Now()) }

// turn decides what is next for a guest. All that it asks for is stored in the same
// commit, so whoever dies between two turns loses nothing.
func (s *Service) turn(tx Tx, sc authz.Scope, id ident.Guest) error {
	g, err := tx.GuestByID(id)
	if err != nil {
		return err
	}
	_, err = tx.LockPoint(g.Point) // it comes before everything else
	gone := fault.Is(err, fault.Missing)
	if err != nil && !gone {
		return err
	}
	at := g.Point
	if g, err = tx.LockGuest(id); err != nil {
		return err
	}
	now := tx.Now()
	if g.DueAt.IsZero() || g.DueAt.After(now) || g.Point != at {
		return nil
	}
	p, err := tx.LockPayment(g.Hold)
	if err != nil {
		return err
	}
	var st *session.State
	if !g.Session.IsZero() {
		x, err := tx.SessionByID(g.Session)
		if err != nil {
			return err
		}
		st = &x
	}
	g.DueAt = time.Time{}
	if gone && g.State == GuestHeld {
		g.State = GuestSettling
	}
	switch g.State {
	case GuestPaying:
		switch {
		case p.State.Held():
			g.State, g.DueAt = GuestHeld, now
		case !p.State.Open():
			g.State, g.Failure, g.EndedAt = GuestDone, p.Failure, now
		}
	case GuestHeld:
		g, err = s.startGuest(tx, sc, g, p)
	case GuestReady:
		if g.DueAt = g.Until; !now.Before(g.Until) || !p.State.Held() {
			g.State, g.DueAt = GuestSettling, now
		}
	case GuestRunning:
		if g = ranOn(g, p, st, now); g.State == GuestSettling && st != nil && st.Phase.Open() {
			err = s.sessions.AskStop(tx, *st, "hold ends")
		}
	case GuestSettling, GuestDone:
		g, err = s.settle(tx, g, p, st)
	}
	if err != nil {
		return err
	}
	return tx.SaveGuest(g)
}

// startGuest has the charge point begin what is paid for.
func (s *Service) startGuest(tx Tx, sc authz.Scope, g Guest, p Payment) (Guest, error) {
	if !p.State.Held() {
		g.State, g.DueAt = GuestSettling, tx.Now()
		return g, nil
	}
	st, refused, err := s.sessions.StartGuest(tx, sc, session.GuestStart{Point: g.Point, Connector: g.Connector, Token: g.Card(), Wallet: g.Account,
		Plan: g.Plan, PlanNumber: g.PlanNumber, Hold: p.Amount})
	if err != nil {
		return g, err
	}
	if refused != nil {
		return g.waits(Failure{refused.Code, refused.Detail, true}, tx.Now()), nil //nolint:nilerr // it is an answer, which is kept
	}
	g.State, g.Session, g.Failure = GuestRunning, st.ID, Failure{}
	g.DueAt = lastCapture(p)
	p.Session = st.ID
	return g, tx.SavePayment(p)
}

// waits keeps the hold for another attempt.
func (g Guest) waits(why Failure, now time.Time) Guest {
	g.State, g.Failure, g.Until = GuestReady, why, now.Add(retryWithin)
	g.DueAt = g.Until
	return g
}

// lastCapture is when a hold is captured at the latest; zero: nobody has said when it ends.
func lastCapture(p Payment) time.Time {
	if p.ExpiresAt.IsZero() {
		return time.Time{}
	}
	return p.ExpiresAt.Add(-captureBefore)
}

var notStarted = Failure{"start_failed", "The charge point did not begin in time.", true}

// ranOn looks what became of the session.
func ranOn(g Guest, p Payment, st *session.State, now time.Time) Guest {
	last := lastCapture(p)
	switch {
	case st == nil:
		g.State, g.DueAt = GuestSettling, now
	case st.Bill == nil && (st.Phase == session.FailedToStart || st.Phase == session.Rejected):
		g = g.waits(notStarted, now)
		if st.Has(session.FlagReviewed) { // a person has decided: nothing is owed
			g.State, g.DueAt = GuestSettling, now
		}
	case st.Bill != nil:
		g.State, g.DueAt = GuestSettling, now
	case !last.IsZero() && !now.Before(last):
		if p.State.Held() { // the bill is not there, and the hold will not be for long (PAY-R5)
			g.State, g.DueAt = GuestSettling, now
		}
	default:
		g.DueAt = last
	}
	return g
}

// owes is what a session comes to: its bill, or what of it is safe to take while there is
// none.
func owes(st *session.State, c money.Currency) (amount money.Amount, final bool) {
	switch {
	case st == nil, st.Bill == nil && (st.Phase == session.FailedToStart || st.Phase == session.Rejected):
		return money.New(0, c), true
	case st.Bill != nil:
		return st.Captured, true
	case st.Phase == session.Abnormal:
		return st.HoldAmount, false
	}
	return st.Cost, false
}

// settle takes of the hold what the session has cost, gives the rest back, and charges
// what the hold did not cover (PAY-R2, R5, R6). A bill that changes afterwards comes here
// again.
func (s *Service) settle(tx Tx, g Guest, p Payment, st *session.State) (Guest, error) {
	now := tx.Now()
	steps, err := tx.StepsOf(p.ID)
	if err != nil {
		return g, err
	}
	if n := len(steps); n > 0 && steps[n-1].State == StepOpen {
		g.DueAt = now.Add(settleAgain)
		return g, nil
	}
	total, final := owes(st, p.Amount.Currency)
	switch {
	case p.State.Held():
		return s.endHold(tx, g, p, steps, total)
	case p.State == RequiresAction: // it was cancelled before it was paid
		if p.Refs.Zero() {
			g.DueAt = now.Add(settleAgain)
			return g, nil
		}
		p.DueAt, g.DueAt = now, now.Add(settleAgain)
		if err := step(tx, p, OpVoid, p.Amount); err != nil {
			return g, err
		}
		return g, tx.SavePayment(p)
	case p.State.Open():
		g.DueAt = now.Add(settleAgain)
		return g, nil
	case !final: // captured before its time; the bill follows
		g.State = GuestRunning
		return g, nil
	}
	return s.even(tx, g, p, st, total)
}

// endHold captures a hold, or gives it back where nothing is owed.
func (s *Service) endHold(tx Tx, g Guest, p Payment, steps []Step, total money.Amount) (Guest, error) {
	tries := 0
	for _, x := range steps {
		if x.Op == OpCapture {
			tries++
		}
	}
	take := total
	if p.Amount.Less(take) {
		take = p.Amount
	}
	op := OpCapture
	if take.Minor <= 0 || tries >= captureTries {
		op, take = OpVoid, p.Amount
	}
	if err := step(tx, p, op, take); err != nil {
		return g, err
	}
	if op == OpCapture {
		p.State = CapturePending
	}
	p.DueAt, g.DueAt = tx.Now(), tx.Now().Add(settleAgain)
	return g, tx.SavePayment(p)
}

// even compares what was taken with what is owed, once the hold is over.
func (s *Service) even(tx Tx, g Guest, p Payment, st *session.State, total money.Amount) (Guest, error) {
	now := tx.Now()
	left := total.Sub(p.Captured)
	back := p.Refunded.Add(p.Refunding)
	var rest *Payment
	if !g.Rest.IsZero() {
		r, err := tx.LockPayment(g.Rest)
		if err != nil {
			return g, err
		}
		if r.State.Open() {
			g.DueAt = now.Add(settleAgain)
			return g, nil
		}
		rest, left, back = &r, left.Sub(r.Captured), back.Add(r.Refunded).Add(r.Refunding)
	}
	if left.Minor > 0 && rest == nil && p.Card.Method != "" && s.can(g.Method).Save {
		return s.charge(tx, g, p, left)
	}
	if g.State != GuestDone {
		g.EndedAt = now
	}
	g.State = GuestDone
	if st != nil {
		owed := left
		if owed.Minor < 0 {
			owed.Minor = 0
		}
		if err := session.Owes(tx, *st, owed); err != nil {
			return g, err
		}
	}
	// What the bill came to afterwards is less than what was taken.
	for _, of := range []*Payment{&p, rest} {
		much := left.Neg().Sub(back)
		if of == nil || much.Minor <= 0 {
			continue
		}
		if r := of.Remaining(); r.Less(much) {
			much = r
		}
		if much.Minor <= 0 {
			continue
		}
		key := fmt.Sprintf("guest:%s:back:%d", g.ID, of.Refunded.Minor+of.Refunding.Minor)
		if _, err := giveBack(tx, *of, RefundRequest{Payment: of.ID, Amount: much, Code: WrongAmount, Reason: "The bill was corrected", Overdraw: true, Key: key}, ident.Staff{}); err != nil {
			return g, err
		}
		back = back.Add(much)
	}
	return g, nil
}

// charge asks the card for what the hold did not cover. Its holder is not there; where the
// bank wants to hear from them, it is a debt.
func (s *Service) charge(tx Tx, g Guest, hold Payment, left money.Amount) (Guest, error) {
	a, err := tx.LockAccount(g.Account)
	if err != nil {
		return g, err
	}
	rest, err := begin(tx, a, Payment{Type: Sale, Provider: hold.Provider, Account: a.ID, Sub: g.Sub, Session: g.Session, Amount: left, Card: hold.Card,
		Key: "guest:" + g.ID.String() + ":rest"}, OpCreate)
	if err != nil {
		return g, err
	}
	g.Rest, g.State, g.DueAt = rest.ID, GuestSettling, tx.Now().Add(settleAgain)
	return g, nil
}
