package session

import (
	"context"
	"slices"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/money"
)

// Stop takes a StopTransaction. It is always acknowledged; what fits no session
// becomes an orphan record (BILL-R4). The same stop always gets the same answer and
// never a second bill (BILL-R8).
func (s *Service) Stop(ctx context.Context, sc authz.Scope, r StopReport) (StopAnswer, error) {
	var ans StopAnswer
	err := s.once(ctx, sc, func(tx Tx) error {
		ans = StopAnswer{}
		p, place, err := s.point(tx, r.Report, func() {
			_, _, _ = tx.SessionByStop(r.Point, r.Stamp.At, r.Register, r.OCPPID)
			_, _ = s.stopAnswer(tx, r.Token)
			if r.OCPPID > 0 {
				_, _, _ = tx.SessionByOCPPID(r.Point, r.OCPPID)
			}
			_, _ = tx.ConnectorsOf(r.Point)
			foreseeEnd(tx, r.Point)
		})
		if err != nil {
			return err
		}
		st, again, err := tx.SessionByStop(p.ID, r.Stamp.At, r.Register, r.OCPPID)
		if err != nil {
			return err
		}
		if again {
			ans = StopAnswer{HasToken: st.Inner.StopAnswer != "", Status: st.Inner.StopAnswer}
			return nil
		}
		if ans, err = s.stopAnswer(tx, r.Token); err != nil {
			return err
		}
		st, matched, ok, err := s.stopSession(tx, p, r)
		if err != nil {
			return err
		}
		if !ok {
			return s.orphan(tx, p, place, r, ans)
		}
		if st.RealStop {
			// Ended by an earlier stop with another time or register: the first one counts.
			return s.keep(tx, p, st.ID, "StopTransaction", r.Report, r.Stamp, Read{At: r.ReceivedAt})
		}
		st.Inner.StopAnswer = ans.Status
		return s.stop(tx, p, st, r, matched)
	})
	return ans, err
}

// stopAnswer judges only the card that was named; a stop is never refused by money.
func (s *Service) stopAnswer(tx Tx, token string) (StopAnswer, error) {
	if token == "" {
		return StopAnswer{}, nil
	}
	h, err := tx.TokenByUID(token)
	if err != nil {
		return StopAnswer{}, err
	}
	v, _ := member.Judge(h, tx.Now())
	return StopAnswer{HasToken: true, Status: Decision(v)}, nil
}

// stopSession finds the session that a stop ends: by its id, else the only candidate
// among the point's open ones (BILL-R4).
func (s *Service) stopSession(tx Tx, p asset.ChargePoint, r StopReport) (st State, matched, ok bool, err error) {
	if r.OCPPID > 0 {
		if st, ok, err = tx.SessionByOCPPID(p.ID, r.OCPPID); err != nil || ok {
			return st, false, ok, err
		}
		// It ends a session that was lost, not the one that is left.
		if lost, err := tx.LostNumber(r.OCPPID); err != nil || lost {
			return st, false, false, err
		}
	}
	live, err := tx.LiveSessions(p.ID)
	if err != nil {
		return st, false, false, err
	}
	read, err := s.readStamp(tx, p, zoneOf(live), r.Stamp, r.ReceivedAt, time.Time{})
	if err != nil {
		return st, false, false, err
	}
	var found []State
	for _, c := range live {
		open := (c.Phase.Open() || c.Phase == Rejected || c.Has(FlagProvisional) || c.Has(FlagAdopted)) && !c.RealStop
		if !open || c.StartedAt.After(read.At) {
			continue
		}
		if r.Token != "" && !member.SameToken(c.TokenUID, r.Token) {
			continue
		}
		if r.HasRegister && r.Register < c.Inner.Register-registerSlack {
			continue
		}
		found = append(found, c)
	}
	// One that runs comes before one that was given up.
	if running := slices.DeleteFunc(slices.Clone(found), func(c State) bool { return !c.Phase.Open() }); len(running) > 0 {
		found = running
	}
	if len(found) != 1 {
		return st, false, false, nil
	}
	return found[0], true, true, nil
}

func (s *Service) stop(tx Tx, p asset.ChargePoint, st State, r StopReport, matched bool) error {
	// A stop needs no Last: total leaves out the readings after it and counts its register
	// in any case, so nothing steps back. With it, readings that came while our clock was
	// ahead would move the end to where no time has passed, and the driver would pay for
	// that. So the driver pays for no minute that our clock does not show between start
	// and stop; the operator is paid for all of the energy, without a person.
	read, err := s.readClock(tx, p, st.Zone, r.Stamp, Clock{Received: r.ReceivedAt, After: st.StartedAt})
	if err != nil {
		return err
	}
	if _, _, err := s.samples(tx, p, &st, r.Report, r.Samples); err != nil {
		return err
	}
	if err := s.keep(tx, p, st.ID, "StopTransaction", r.Report, r.Stamp, read); err != nil {
		return err
	}
	if st.Has(FlagAdopted) && st.Wallet.IsZero() && r.Token != "" {
		if err := s.assign(tx, &st, r.Token); err != nil {
			return err
		}
	}
	out, err := s.cableOut(tx, st)
	if err != nil {
		return err
	}
	ev := Stopped{
		At: read.At, Device: r.Stamp.At, Fixed: read.Fixed, Untimed: read.Untimed, Register: r.Register,
		HasRegister: r.HasRegister, Reason: r.Reason, ReportedID: r.OCPPID, Matched: matched, CableOut: out,
		Since: p.ConnectedAt,
	}
	var rivals []State
	if !read.Fixed && !read.Untimed {
		if rivals, err = s.rivals(tx, st, read.At); err != nil {
			return err
		}
	}
	if len(rivals) > 0 {
		if err := lockPayers(tx, append(rivals, st)...); err != nil {
			return err
		}
	}
	if st, err = s.step(tx, st, ev); err != nil {
		return err
	}
	for _, r := range rivals {
		if _, err := s.step(tx, r, Overlapped{}); err != nil {
			return err
		}
	}
	return asset.EffectOn(tx, p.ID, asset.CommandRemoteStop, "The session ended.", func(a asset.Args) bool {
		r, ok := a.(asset.RemoteStop)
		return ok && r.OCPPID == st.wireID()
	})
}

// foreseeEnd has what the effect of a stop is judged by travel with the next query.
func foreseeEnd(tx Tx, p ident.ChargePoint) {
	_ = asset.EffectOn(tx, p, asset.CommandRemoteStop, "", nil)
}

// assign gives an adopted session to the holder of the card that stopped it
// (AUTH-R8). It stays ABNORMAL: its first part was never seen.
func (s *Service) assign(tx Tx, st *State, token string) error {
	h, err := tx.TokenByUID(token)
	if err != nil || !h.Found {
		return err
	}
	st.TokenUID, st.Token, st.Driver = token, h.Token.ID, h.Driver.ID
	return nil
}

func (s *Service) cableOut(tx Tx, st State) (bool, error) {
	cs, err := tx.ConnectorsOf(st.Point)
	if err != nil {
		return false, err
	}
	for _, c := range cs {
		if c.Number == st.Connector {
			return c.Status == asset.Available && c.StatusAt.After(st.StartedAt), nil
		}
	}
	return false, nil
}

// orphan keeps a stop that fits no session (BILL-R4, behaviour 47).
func (s *Service) orphan(tx Tx, p asset.ChargePoint, place Place, r StopReport, ans StopAnswer) error {
	op, err := tx.OperatorByID(p.Operator)
	if err != nil {
		return err
	}
	read, err := s.readStamp(tx, p, place.Zone, r.Stamp, r.ReceivedAt, p.ConnectedAt.AddDate(-1, 0, 0))
	if err != nil {
		return err
	}
	st := State{
		ID: ident.New[ident.Session](tx.Now()), Operator: p.Operator, Sub: p.Sub, Site: p.Site, Point: p.ID,
		ForeignID: r.OCPPID, Phase: Abnormal, Source: Unknown, TokenUID: r.Token, Zone: place.Zone,
		Currency: op.Currency, Cost: money.New(0, op.Currency),
		StartedAt: read.At, EndedAt: read.At, StartEpoch: r.Epoch, StopDevice: r.Stamp.At,
		MeterStart: r.Register, MeterStop: r.Register, RealStop: true, StopID: r.OCPPID, ClosedBy: "charge_point", StopReason: r.Reason,
	}
	st.Inner.StopAnswer = ans.Status
	st.flag(FlagOrphanStop)
	if r.Token != "" {
		if err := s.assign(tx, &st, r.Token); err != nil {
			return err
		}
	}
	if err := tx.InsertSession(st); err != nil {
		return err
	}
	if _, _, err := s.samples(tx, p, &st, r.Report, r.Samples); err != nil {
		return err
	}
	if err := s.keep(tx, p, st.ID, "StopTransaction", r.Report, r.Stamp, read); err != nil {
		return err
	}
	return s.record(tx, State{}, Outcome{Next: st, Fact: "session.orphan_stop"})
}
