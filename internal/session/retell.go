package session

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/tariff"
)

// PastTx is a transaction that can be stamped with an earlier instant.
type PastTx interface {
	Tx
	// Backdate stamps what follows in the closure with an instant that is over.
	Backdate(time.Time) error
}

// Past is a session that was over before it is written: a history that somebody brings
// along. It is judged, priced and billed by what judges, prices and bills a session that
// runs. What is left out is what others were told while it ran: no fact, no command.
type Past struct {
	// Start is where it was, how it was started, from when and from which register; with
	// RequestedAt from afar. Without StartedAt the start from afar came to nothing.
	Start  State
	Holder member.Holder // of the card
	Prices *tariff.Sheet // the plan version in force; nil: none
	// AskedAt is when the charge point asked whether the card may start; zero: it did not,
	// for it was out of reach, or the start came from afar.
	AskedAt time.Time
	Then    []Happened // in time order
	// OutOfMoney gives what happens instead of the rest once the session is stopped
	// before it overdraws the account. nil: it is not stopped.
	OutOfMoney func(State, time.Time) []Happened
	Samples    bool // the readings are kept as rows
	// Raw gives the reports to keep, for how the session ended and what happened until
	// then; whose they are is filled in. nil: none.
	Raw func(State, []Happened) []Kept
}

// Happened is an event of the past.
type Happened struct {
	At    time.Time
	Event Event
}

// Retell writes a session of the past in the caller's commit, and gives how it ended and
// how its start was answered. A start that was refused before it began leaves its attempt
// and no session.
func (s *Service) Retell(tx PastTx, p Past) (State, Decision, error) {
	st := p.Start
	cp := asset.ChargePoint{ID: st.Point, Operator: st.Operator, Sub: st.Sub}
	att := Attempt{Point: st.Point, TokenUID: st.TokenUID, Token: p.Holder.Token.ID, Driver: p.Holder.Driver.ID}
	at, offline := st.StartedAt, false
	switch {
	case !st.RequestedAt.IsZero():
		at, att.Kind, att.Connector = st.RequestedAt, "remote_start", st.Connector
	case !p.AskedAt.IsZero():
		at, att.Kind = p.AskedAt, "authorize"
	default:
		offline = true
	}
	if err := tx.Backdate(at); err != nil {
		return st, "", err
	}
	j, err := judgePast(tx, p, at, offline)
	if err != nil {
		return st, "", err
	}
	att.Reason = j.reason
	if !offline {
		if att.Kind == "remote_start" && j.decision == Accepted {
			att.Session = st.ID
		}
		if err := s.attempt(tx, cp, att, j.decision); err != nil || j.decision != Accepted {
			return State{}, j.decision, err
		}
	}
	if st, err = s.beginPast(tx, p, j); err != nil {
		return st, "", err
	}
	if !st.StartedAt.IsZero() {
		att.ID, att.Kind, att.Connector, att.Session = ident.Attempt{}, "start", st.Connector, st.ID
		if !st.RequestedAt.IsZero() {
			att.Reason = "Started from afar, as asked."
		}
		if err := s.attempt(tx, cp, att, j.decision); err != nil {
			return st, "", err
		}
	}
	st, was, err := s.goThrough(tx, st, p)
	if err != nil {
		return st, "", err
	}
	return st, j.decision, s.insertPast(tx, st, p, was)
}

// judgePast is judge with what the caller has looked up.
func judgePast(tx Tx, p Past, at time.Time, offline bool) (j judgement, err error) {
	if v, why := member.Judge(p.Holder, at); v != member.Accepted {
		j.decision, j.reason = Decision(v), why
		return j, nil
	}
	if p.Prices == nil {
		j.decision, j.reason = Blocked, "No billing plan applies at this charge point (NO_PRICE)."
		return j, nil
	}
	j.plan = p.Prices.Plan
	acc, err := tx.LockAccount(p.Holder.Driver.Wallet)
	if err != nil {
		return j, err
	}
	err = j.afford(acc, p.Prices, p.Start.MaxPower, at, offline)
	return j, err
}

// beginPast is the session as it stood after its start.
func (s *Service) beginPast(tx PastTx, p Past, j judgement) (State, error) {
	st := p.Start
	st.Token, st.Driver = p.Holder.Token.ID, p.Holder.Driver.ID
	st.HoldAmount, st.Cost = money.New(0, st.Currency), money.New(0, st.Currency)
	if j.decision == Accepted {
		st.Wallet, st.Plan, st.PlanNumber, st.Currency = p.Holder.Driver.Wallet, j.plan.ID, j.plan.Number, j.plan.Currency
	}
	if j.decision == Accepted && j.hold.Minor > 0 {
		h, err := placeHold(tx, st, j.hold)
		if err != nil {
			return st, err
		}
		st.HoldAmount = h.Amount
	}
	if st.StartedAt.IsZero() {
		st.Phase = Starting
		st.DueAt = st.RequestedAt.Add(startTimeout)
		return st, nil
	}
	if err := tx.Backdate(st.StartedAt); err != nil {
		return st, err
	}
	id, err := tx.NextOCPPID()
	if err != nil {
		return st, err
	}
	st.OCPPID, st.StartDevice = id, st.StartedAt
	st.Phase = Charging
	if j.decision != Accepted {
		st.Phase = Rejected
	}
	st.Inner.Register, st.Inner.PluggedUntil = st.MeterStart, st.StartedAt
	st.open(j.decision, st.StartedAt)
	return st, nil
}

// goThrough applies what happened, with the money that it asks for, and tells what that
// was in the end.
func (s *Service) goThrough(tx PastTx, st State, p Past) (State, []Happened, error) {
	var was []Happened
	var regs []Register
	for rest := p.Then; len(rest) > 0; {
		h := rest[0]
		rest = rest[1:]
		if m, ok := h.Event.(Metered); ok {
			for _, r := range m.Readings {
				if r.Has&HasEnergy != 0 {
					regs = append(regs, Register{At: r.At, Value: r.Energy})
				}
				st.NewestAt = later(st.NewestAt, r.At)
			}
		}
		if stop, ok := h.Event.(Stopped); ok && stop.ReportedID == 0 {
			stop.ReportedID = int64(st.OCPPID)
			h.Event = stop
		}
		was = append(was, h)
		env := Env{Now: h.At, Prices: p.Prices, MaxPower: st.MaxPower}
		if NeedsRegisters(st, h.Event) {
			env.Registers = regs
		}
		out := Apply(st, h.Event, env)
		out.Then.Learn = nil // the point is not there to be asked what its meter says now
		if out.Then != (Then{}) {
			if err := tx.Backdate(h.At); err != nil {
				return st, nil, err
			}
			var err error
			if out.Then.Extend.Minor > 0 {
				if out, err = s.extend(tx, env, out); err != nil {
					return st, nil, err
				}
			}
			if out.Then.Stop != "" && p.OutOfMoney != nil {
				rest = p.OutOfMoney(out.Next, h.At)
			}
			if out, err = s.settle(tx, out); err != nil {
				return st, nil, err
			}
		}
		st = out.Next
	}
	return st, was, nil
}

// insertPast writes the session as it ended, with the rows that are kept of it.
func (s *Service) insertPast(tx PastTx, st State, p Past, was []Happened) error {
	if err := tx.InsertSession(st); err != nil {
		return err
	}
	rows := st
	rows.NewestAt = time.Time{} // nothing is there that they could repeat
	for _, h := range was {
		m, ok := h.Event.(Metered)
		if !ok || !p.Samples {
			continue
		}
		if err := tx.Backdate(h.At); err != nil {
			return err
		}
		for i, r := range m.Readings {
			if _, err := tx.InsertSample(rows, Sample{Reading: r, Stamp: Stamp{At: r.At}, Ordinal: i}, Read{At: r.At}); err != nil {
				return err
			}
		}
	}
	if p.Raw == nil {
		return nil
	}
	for _, k := range p.Raw(st, was) {
		if err := tx.Backdate(k.ReceivedAt); err != nil {
			return err
		}
		k.Operator, k.Sub, k.Point, k.Session = st.Operator, st.Sub, st.Point, st.ID
		if err := tx.InsertEvent(k); err != nil {
			return err
		}
	}
	return nil
}
