package session

import (
	"context"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// Review is what a person makes of a session that waits for one (product §3.4.5). Without
// any correction it is accepted as it stands. A session is reviewed once, and what its
// charge point tells of it afterwards changes no bill.
type Review struct {
	Session  ident.Session
	Operator ident.Operator
	Sub      ident.SubOperator
	Void     bool          // nothing is owed; nothing is corrected then
	Energy   *unit.Wh      // what was delivered
	From, To time.Time     // when it was, both or none
	Driver   ident.Driver  // who pays, where nobody did
	Reason   string        // 1…200 characters
	By       ident.Staff   //
	At       time.Time     //
	Was      unit.Wh       // the energy before
	Began    time.Time     // and the times
	Ended    time.Time     //
	Wallet   ident.Account // of Driver
}

const (
	longestReason = 200
	// longestCharge bounds the times that a person gives; nothing charges for a month.
	longestCharge = 31 * 24 * time.Hour
)

// Reviewed is a person's decision.
type Reviewed struct{ Review }

func (e Reviewed) apply(m *machine) {
	s, in := &m.s, &m.s.Inner
	if s.Phase != Abnormal {
		return
	}
	was := m.s
	before := s.Bill
	s.flag(FlagReviewed)
	in.Forgotten = true
	m.fact = "session.reviewed"
	if e.Void {
		s.Phase, s.Cost = Rejected, money.New(0, s.Currency)
		if before == nil {
			m.then.Release = true
			return
		}
		nothing := tariff.Bill{Currency: before.Currency, TaxIncluded: before.TaxIncluded, Net: money.New(0, before.Currency), Total: money.New(0, before.Currency)}
		s.Bill, s.BilledAt, s.Adjusted, m.then.Adjust = &nothing, m.Now, true, before
		return
	}
	if !e.From.IsZero() {
		s.StartedAt, s.EndedAt = e.From, e.To
		s.unflag(FlagUntimed)
		in.Unplugged, in.IdleFrom, in.Idle = e.To, time.Time{}, nil // nothing is known of the cable beyond
	}
	if e.Energy == nil && e.From.IsZero() {
		m.total()
		m.then.Learn = nil // it is not news
	} else if e.Energy != nil { // the readings are not what happened: it flowed evenly
		s.Energy = *e.Energy
	}
	if e.Driver != (ident.Driver{}) {
		s.Driver, s.Wallet = e.Driver, e.Wallet
	}
	bill, err := m.rate(before == nil)
	if err != nil {
		m.s, m.then, m.fact = was, Then{}, ""
		return
	}
	s.Bill, s.BilledAt, s.Cost, s.Phase, s.Adjusted = &bill, m.Now, bill.Total, Completed, true
	if before != nil {
		m.then.Adjust = before
		return
	}
	m.then.Capture = true
}

// check says why the decision cannot be taken.
func (r *Review) check(st *State, now time.Time) error {
	if st.Phase != Abnormal {
		return fault.New(fault.Conflict, "session_not_waiting", "This record does not wait for a person.")
	}
	if r.Void {
		return nil
	}
	from, to := st.StartedAt, st.EndedAt
	if !r.From.IsZero() {
		from, to = r.From, r.To
		if to.After(now) {
			return fault.BadInput("/ended_at", "must not be in the future")
		}
	}
	if from.IsZero() || to.IsZero() {
		return fault.New(fault.Conflict, "session_not_over", "Nothing tells when this session began and ended. Give both, or void it.")
	}
	lasted := to.Sub(from)
	if r.Energy != nil && *r.Energy > st.most(lasted)+totalSlack {
		return fault.BadInput("/energy_wh", "is more than the connector can give in %s", lasted.Round(time.Minute))
	}
	switch {
	case st.Wallet.IsZero() && r.Driver.IsZero():
		return fault.New(fault.Conflict, "nobody_pays", "Nobody pays for this session. Say which driver does, or void it.")
	case !st.Wallet.IsZero() && !r.Driver.IsZero():
		return fault.New(fault.Conflict, "somebody_pays", "A charging account pays for this session already.")
	}
	return nil
}

// shape says what of a decision is wrong whatever it is of.
func (r *Review) shape() error {
	r.Reason = strings.TrimSpace(r.Reason)
	switch n := len([]rune(r.Reason)); {
	case n == 0:
		return fault.BadInput("/reason", "is missing: say why")
	case n > longestReason:
		return fault.BadInput("/reason", "has at most %d characters", longestReason)
	}
	if r.Void && (r.Energy != nil || !r.From.IsZero() || !r.To.IsZero() || !r.Driver.IsZero()) {
		return fault.BadInput("/verdict", "void goes without corrections")
	}
	if r.Energy != nil && *r.Energy < 0 {
		return fault.BadInput("/energy_wh", "must not be below 0")
	}
	switch {
	case r.From.IsZero() != r.To.IsZero():
		return fault.BadInput("/ended_at", "goes together with started_at: give both or none")
	case !r.From.IsZero() && !r.From.Before(r.To):
		return fault.BadInput("/ended_at", "must be after started_at")
	case r.To.Sub(r.From) > longestCharge:
		return fault.BadInput("/ended_at", "is more than 31 days after started_at")
	}
	r.From, r.To = r.From.Truncate(time.Second), r.To.Truncate(time.Second)
	return nil
}

// Review bills or voids a session that waits for a person.
func (s *Service) Review(ctx context.Context, sc authz.Scope, r Review) error {
	if err := r.shape(); err != nil {
		return err
	}
	// Only what the caller may see is decided, and only who the caller may see pays; the
	// account may be the operator's.
	err := s.read(ctx, sc, func(tx Tx) error {
		if _, err := tx.SessionByID(r.Session); err != nil || r.Driver.IsZero() {
			return err
		}
		d, err := tx.DriverByID(r.Driver)
		if fault.Is(err, fault.Missing) {
			return fault.BadInput("/driver_id", "is no driver here")
		}
		r.Wallet = d.Wallet
		return err
	})
	if err != nil {
		return err
	}
	return s.once(ctx, sc.WithinSession(), func(tx Tx) error {
		st, _, err := locked(tx, r.Session)
		if err != nil {
			return err
		}
		if err := r.check(&st, tx.Now()); err != nil {
			return err
		}
		r.Operator, r.Sub, r.At = st.Operator, st.Sub, tx.Now()
		r.Was, r.Began, r.Ended = st.Energy, st.StartedAt, st.EndedAt
		if !r.Void {
			if err := s.priced(tx, &st, r); err != nil {
				return err
			}
		}
		next, err := s.step(tx, st, Reviewed{r})
		if err != nil {
			return err
		}
		if next.Phase == Abnormal {
			return fault.New(fault.Conflict, "bill_not_made", "The price of this session cannot be worked out. Correct its energy, or void it.")
		}
		return tx.InsertReview(r)
	})
}

// priced gives a session without a plan the one that was in force, else the one that is.
func (s *Service) priced(tx Tx, st *State, r Review) error {
	wallet := st.Wallet
	if wallet.IsZero() {
		wallet = r.Wallet
	}
	if st.Plan.IsZero() {
		p, place, err := tx.PointAt(st.Point)
		if err != nil {
			return err
		}
		from := st.StartedAt
		if !r.From.IsZero() {
			from = r.From
		}
		payer := st.Driver
		if payer.IsZero() {
			payer = r.Driver
		}
		var d member.Driver
		if !payer.IsZero() {
			if d, err = tx.DriverByID(payer); err != nil {
				return err
			}
		}
		spot := placeOf(p, place, st.Connector)
		plan, choice, err := s.resolve(tx, spot, askerOf(d), from)
		if plan == nil && err == nil {
			plan, choice, err = s.resolve(tx, spot, askerOf(d), tx.Now())
		}
		if err != nil {
			return err
		}
		if plan == nil {
			return fault.New(fault.Conflict, "no_price", "No billing plan applies at this charge point. Give it one, or void the session.")
		}
		if err := tx.SaveChoice(st.ID, choice); err != nil {
			return err
		}
		st.Plan, st.PlanNumber, st.Currency = plan.ID, plan.Number, plan.Currency
		for _, a := range []*money.Amount{&st.HoldAmount, &st.Cost, &st.Captured, &st.Debt} {
			a.Currency = plan.Currency
		}
		if st.Zone == "" {
			st.Zone = place.Zone
		}
	}
	acc, err := tx.LockAccount(wallet)
	if err != nil {
		return err
	}
	if acc.Currency != st.Currency {
		return fault.New(fault.Conflict, "currency_differs", "The charging account is in %s, the price in %s.", acc.Currency, st.Currency)
	}
	return nil
}

// ChoiceOf is why a session has its plan; false where nobody wrote it down.
func (s *Service) ChoiceOf(ctx context.Context, sc authz.Scope, id ident.Session) (c tariff.Choice, ok bool, err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { c, ok, err = tx.ChoiceOf(id); return err })
	return c, ok, err
}

// ReviewOf is what was decided of a session; false: nothing.
func (s *Service) ReviewOf(ctx context.Context, sc authz.Scope, id ident.Session) (r Review, ok bool, err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { r, ok, err = tx.ReviewOf(id); return err })
	return r, ok, err
}
