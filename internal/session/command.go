package session

import (
	"context"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/tariff"
)

// StartRequest asks a charge point to start for a token.
type StartRequest struct {
	Point     ident.ChargePoint
	Connector int
	Token     string // uid, any spelling
	Promotion string // a code that the driver gives; "" none
	Reason    string
}

// RequestStart starts a session from afar. What would be refused at the pile is
// refused here, in words, before anything is sent; the price is frozen now (PRICE-R3).
func (s *Service) RequestStart(ctx context.Context, sc authz.Scope, r StartRequest) (cmd asset.Command, err error) {
	var refused error // kept apart: the attempt is committed although it is refused (AUTH-R5)
	err = s.once(ctx, sc.WithinSession(), func(tx Tx) error {
		refused = nil
		r := r
		p, place, err := tx.PointAt(r.Point) // or two requests would each find the connector free
		if err != nil {
			return err
		}
		at, err := spotOf(tx, p, r.Connector)
		if err != nil {
			return err
		}
		refuse := func(f *fault.Error) error {
			refused = f
			return s.attempt(tx, p, Attempt{
				Point: p.ID, Connector: r.Connector, Kind: "remote_start", TokenUID: r.Token, Reason: f.Detail,
			}, Blocked)
		}
		if f := at.unfree(tx.Now()); f != nil {
			return refuse(f)
		}
		h, err := s.holder(tx, r.Token)
		if err != nil {
			return err
		}
		if f := at.kept(h.Driver.ID); f != nil {
			return refuse(f)
		}
		for _, x := range at.standing { // the start uses the card of the reservation (AUTH-R6)
			if h.Found && x.fits(0, r.Connector, h.Driver.ID, tx.Now()) && !member.SameToken(x.TokenUID, r.Token) {
				r.Token = x.TokenUID
				if h, err = s.holder(tx, r.Token); err != nil {
					return err
				}
			}
		}
		j, err := s.judge(tx, asking{point: p, place: place, connector: r.Connector, maxPower: at.power, token: r.Token, holder: h,
			promotion: tariff.CleanCode(r.Promotion), at: tx.Now()})
		if err != nil {
			return err
		}
		if j.decision == Accepted {
			n, err := tx.RunningOfToken(j.holder.Token.ID)
			if err != nil {
				return err
			}
			if n >= j.holder.Token.MaxSessions {
				j.decision, j.reason = Concurrent, "The card has a session running already."
			}
		}
		att := Attempt{
			Point: p.ID, Connector: r.Connector, Kind: "remote_start", TokenUID: r.Token, Token: j.holder.Token.ID,
			Driver: j.holder.Driver.ID, Reason: j.reason,
		}
		if j.decision != Accepted {
			refused = fault.New(fault.Conflict, "start_refused", "%s", j.reason)
			return s.attempt(tx, p, att, j.decision)
		}
		st := State{
			ID: ident.New[ident.Session](tx.Now()), Operator: p.Operator, Sub: p.Sub, Site: p.Site, Point: p.ID,
			Connector: r.Connector, Phase: Starting, Source: ByPortal, TokenUID: r.Token, Token: j.holder.Token.ID,
			Driver: j.holder.Driver.ID, Wallet: j.holder.Driver.Wallet, Plan: j.plan.ID, PlanNumber: j.plan.Number, Choice: j.choice,
			Currency: j.plan.Currency, Zone: place.Zone, MaxPower: at.power, RequestedAt: tx.Now(),
			Cost: money.New(0, j.plan.Currency),
		}
		st.DueAt = st.RequestedAt.Add(startTimeout)
		held, err := placeHold(tx, st, j.hold)
		if err != nil {
			return err
		}
		st.HoldAmount = held.Amount
		if err := tx.InsertSession(st); err != nil {
			return err
		}
		cmd, err = s.enqueue(tx, sc, p, st.ID, r.Reason, asset.RemoteStart{Connector: r.Connector, Token: r.Token, Session: st.ID})
		if err != nil {
			return err
		}
		att.Session = st.ID
		return s.attempt(tx, p, att, Accepted)
	})
	if err == nil {
		err = refused
	}
	return cmd, err
}

// RequestStop asks the charge point to end a session. "Accepted" will not mean
// "ended": the effect is shown beside the answer (LIVE-R2).
func (s *Service) RequestStop(ctx context.Context, sc authz.Scope, id ident.Session, reason string) (cmd asset.Command, err error) {
	err = s.once(ctx, sc.WithinSession(), func(tx Tx) error { // the plan may be the operator's
		st, p, err := s.running(tx, id)
		if err != nil {
			return err
		}
		if st.wireID() <= 0 {
			return fault.New(fault.Conflict, "session_without_id", "The charge point never gave this session an id; it cannot be stopped from here.")
		}
		cmd, err = s.enqueue(tx, sc, p, id, reason, asset.RemoteStop{OCPPID: st.wireID()})
		if err != nil {
			return err
		}
		if err := tx.Audit("session.stop_requested", id.String(), nil, map[string]string{"reason": reason, "command": cmd.ID.String()}); err != nil {
			return err
		}
		if !st.Phase.Open() {
			return nil // a rejected or adopted one that still runs
		}
		_, err = s.step(tx, st, StopAsked{At: tx.Now(), Command: cmd.ID})
		return err
	})
	return cmd, err
}

func (s *Service) running(tx Tx, id ident.Session) (State, asset.ChargePoint, error) {
	st, p, err := locked(tx, id)
	if err != nil {
		return st, p, err
	}
	if st.RealStop || !(st.Phase.Open() || st.Phase == Rejected || st.Has(FlagAdopted)) {
		return st, p, fault.New(fault.Conflict, "session_not_running", "This session does not run any more.")
	}
	return st, p, nil
}

// Refresh asks the charge point for fresh meter values and status of a session.
func (s *Service) Refresh(ctx context.Context, sc authz.Scope, id ident.Session) (cmds []asset.Command, err error) {
	err = s.once(ctx, sc, func(tx Tx) error {
		cmds = nil
		st, p, err := s.running(tx, id)
		if err != nil {
			return err
		}
		for _, msg := range []string{"MeterValues", "StatusNotification"} {
			cmd, err := s.enqueue(tx, sc, p, id, "refresh", asset.Trigger{Message: msg, Connector: st.Connector})
			if err != nil {
				return err
			}
			cmds = append(cmds, cmd)
		}
		st.Inner.RefreshedAt = tx.Now()
		return tx.SaveSession(st)
	})
	return cmds, err
}

func (s *Service) enqueue(tx Tx, sc authz.Scope, p asset.ChargePoint, id ident.Session, reason string, a asset.Args) (asset.Command, error) {
	c := asset.CommandOf(a)
	c.Session, c.Actor, c.Reason = id, asset.ActorOf(sc), reason
	return asset.Enqueue(tx, p, c)
}

// Answered takes the charge point's answer to a command, or that none came.
func (s *Service) Answered(ctx context.Context, sc authz.Scope, id ident.Command, a asset.Answer) error {
	return s.once(ctx, sc, func(tx Tx) error {
		a := a
		if a.State == asset.CommandRejected {
			hint, err := refusedBy(tx, id)
			if err != nil {
				return err
			}
			if hint != "" {
				a.Detail = hint
			}
		}
		cmd, err := asset.Answered(tx, id, a)
		if err != nil {
			return err
		}
		return s.commandEnded(tx, cmd)
	})
}

// refusedBy says why a start from afar was refused, where that can be seen: many points
// start nothing until the cable of the last charge was out (behaviour 69).
func refusedBy(tx Tx, id ident.Command) (string, error) {
	cmd, err := tx.CommandByID(id)
	if err != nil {
		return "", err
	}
	args, err := cmd.Arguments()
	start, ok := args.(asset.RemoteStart)
	if !ok {
		return "", err
	}
	cs, err := tx.ConnectorsOf(cmd.Point)
	for _, c := range cs {
		if c.Number == start.Connector && c.Status == asset.Finishing {
			return "The charge point refused. The cable of the last charge is still in: unplug it, and plug it in again.", err
		}
	}
	return "", err
}

// commandEnded tells the session of a command what came of it. Without an answer the
// start or the stop may still come: the session's timer decides.
func (s *Service) commandEnded(tx Tx, cmd asset.Command) error {
	if cmd.Type == asset.CommandReserve || cmd.Type == asset.CommandCancelReserve {
		return s.reservationAnswered(tx, cmd)
	}
	if cmd.Type == asset.CommandSetProfile || cmd.Type == asset.CommandClearProfile {
		return s.profileAnswered(tx, cmd)
	}
	if cmd.Session.IsZero() || cmd.State == asset.CommandAccepted || cmd.State == asset.CommandTimeout {
		return nil
	}
	st, err := tx.SessionByID(cmd.Session)
	if err != nil {
		return err
	}
	switch {
	case cmd.Type == asset.CommandRemoteStart && st.Phase == Starting:
		// Nothing will come, or nothing was sent: the hold goes back at once.
		err = s.CancelStart(tx, st)
	case cmd.Type == asset.CommandRemoteStop && cmd.State != asset.CommandOffline:
		_, err = s.step(tx, st, StopRefused{Command: cmd.ID})
	}
	return err
}
