package upkeep

import (
	"context"
	"errors"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/session"
)

const (
	sweepBatch = 200
	// sweepTogether share a commit, and a writer's patience.
	sweepTogether = 20
)

// Sweep looks at what is due: points whose grace is over, and warnings. It returns how
// many it looked at. now only selects; each closure is stamped by the store.
func (s *Service) Sweep(ctx context.Context, now time.Time) (int, error) {
	var points []DueWatch
	var warnings []DueWarning
	err := s.read(ctx, authz.Everything("warnings that are due"), func(tx Tx) (err error) {
		if points, err = tx.DueWatches(now, sweepBatch); err != nil {
			return err
		}
		warnings, err = tx.DueWarnings(now, sweepBatch)
		return err
	})
	if err != nil {
		return 0, err
	}
	err = inTurns(ctx, s, points, func(d DueWatch) ident.Operator { return d.Operator }, func(tx Tx, d DueWatch) error { return away(tx, d.Point, false) })
	return len(points) + len(warnings), errors.Join(err,
		inTurns(ctx, s, warnings, func(d DueWarning) ident.Operator { return d.Operator }, func(tx Tx, d DueWarning) error { return look(tx, d.ID) }))
}

// SweepSilent looks for points that say nothing over a socket that is open as far as we
// know: no fact tells of them.
func (s *Service) SweepSilent(ctx context.Context, now time.Time) (int, error) {
	var points []DueWatch
	err := s.read(ctx, authz.Everything("points that say nothing"), func(tx Tx) (err error) {
		points, err = tx.HalfOpen(now, sweepBatch)
		return err
	})
	if err != nil {
		return 0, err
	}
	return len(points), inTurns(ctx, s, points, func(d DueWatch) ident.Operator { return d.Operator },
		func(tx Tx, d DueWatch) error { return away(tx, d.Point, true) })
}

// inTurns does something to each, a few of one operator in a commit.
func inTurns[T any](ctx context.Context, s *Service, all []T, of func(T) ident.Operator, do func(Tx, T) error) error {
	var errs []error
	for len(all) > 0 {
		n := 1
		for n < len(all) && n < sweepTogether && of(all[n]) == of(all[0]) {
			n++
		}
		run := all[:n]
		all = all[n:]
		err := s.write(ctx, authz.ForSystem(of(run[0]), "warnings"), func(tx Tx) error {
			for _, x := range run {
				if err := do(tx, x); err != nil {
					return err
				}
			}
			return nil
		})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// away judges a point whose grace is over, or that says nothing over an open socket.
func away(tx Tx, id ident.ChargePoint, silent bool) error {
	p, err := tx.PointByID(id)
	if err != nil && !fault.Is(err, fault.Missing) {
		return err
	}
	w, err := tx.LockWatch(id)
	if err != nil {
		return err
	}
	now := tx.Now()
	if !silent && (w.DueAt.IsZero() || w.DueAt.After(now)) {
		return nil
	}
	ev := Away{}
	switch {
	case p.ID.IsZero():
		if w.Version == 0 {
			return nil
		}
		w.DueAt = time.Time{}
		return tx.SaveWatch(w)
	case p.Status != asset.Valid:
	case !p.Online(now):
		ev.Counts, ev.Since = true, p.DisconnectedAt
		if ev.Since.IsZero() {
			ev.Since = p.LastSeenAt
		}
	case !p.Open():
		ev.Again = p.OnlineUntil()
	}
	out, err := applyTo(tx, id, ev)
	if err != nil {
		return err
	}
	for _, c := range out.Warnings {
		if c.Type == Offline && c.Parent.IsZero() && c.State != Suppressed {
			if err := storm(tx, c.Warning); err != nil {
				return err
			}
		}
	}
	return nil
}

// look judges whether the condition of a warning that is due still stands.
func look(tx Tx, id ident.Warning) error {
	w, err := tx.LockWarning(id)
	if fault.Is(err, fault.Missing) {
		return nil
	}
	if err != nil {
		return err
	}
	holds, err := stands(tx, w)
	if err != nil {
		return err
	}
	return save(tx, Apply(Subject{Live: []Warning{w}}, Due{ID: id, Holds: holds}, tx.Now()))
}

// stands looks at what a warning is about.
func stands(tx Tx, w Warning) (bool, error) {
	if w.Storm() {
		_, standing, err := tx.CountChildren(w.ID)
		return standing > 0, err
	}
	if w.Point.IsZero() {
		return true, nil
	}
	p, err := tx.PointByID(w.Point)
	if fault.Is(err, fault.Missing) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	switch w.Type {
	case Offline:
		return p.Status == asset.Valid && !p.Online(tx.Now()), nil
	case ConnectorError, InternalError:
		return conditionStands(tx, p, w)
	case ListPushFailed:
		l, found, err := tx.ListPointOf(w.Point)
		return found && l.SucceededAt.Before(w.At) && l.State != member.PushSuccess && l.State != member.PushNotSupported, err
	case HardwareChanged:
		all, err := tx.DevicesOf(w.Point)
		return len(all) > 0 && !all[len(all)-1].Confirmed, err
	case MeterSilent, ChargeRecordError:
		st, err := tx.SessionByID(w.Session)
		if fault.Is(err, fault.Missing) {
			return false, nil
		}
		if w.Type == MeterSilent {
			return st.MeterSilent(tx.Now()), err
		}
		if err != nil || st.Phase == session.Abnormal || !st.Has(session.FlagReviewed) && (st.Suspect() || st.Has(session.FlagDeniedEnergy)) {
			return true, err
		}
		return tx.Undecided(w.ID)
	}
	return true, nil
}

func conditionStands(tx Tx, p asset.ChargePoint, w Warning) (bool, error) {
	c := p.Own
	if w.Connector > 0 {
		all, err := tx.ConnectorsOf(p.ID)
		if err != nil {
			return false, err
		}
		c = asset.Condition{}
		for _, x := range all {
			if x.Number == w.Connector {
				c = x.Condition
			}
		}
	}
	t, code, _, bad := trouble(c.Status, c.ErrorCode)
	return bad && t == w.Type && code == w.Code, nil
}
