package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
)

// Status takes a StatusNotification: the connector's live state, and what it tells
// of the session there.
func (s *Service) Status(ctx context.Context, sc authz.Scope, r StatusReport) error {
	var (
		p    asset.ChargePoint
		seen State // the session at the connector, as it is now
	)
	err := s.once(ctx, sc, func(tx Tx) (err error) {
		var place Place
		seen = State{}
		p, place, err = s.point(tx, r.Report, func() {
			asset.ForeseeStatus(tx, r.Point)
			_, _ = tx.LiveSessions(r.Point)
		})
		if err != nil {
			return err
		}
		at := r.ReceivedAt
		if !r.Stamp.At.IsZero() {
			read, err := s.readStamp(tx, p, place.Zone, r.Stamp, r.ReceivedAt, time.Time{})
			if err != nil {
				return err
			}
			if !read.Untimed && read.At.Before(at) { // nothing is seen before it happens
				at = read.At
			}
		}
		_, after, err := asset.ReportStatus(tx, asset.StatusReport{
			Point: p.ID, Number: r.Connector, Status: r.Status, ErrorCode: r.ErrorCode, Info: r.Info,
			VendorErrorCode: r.VendorErrorCode, At: at, ReceivedAt: r.ReceivedAt,
		})
		if err != nil {
			return err
		}
		if r.Connector == 0 || after.Status != r.Status || !after.StatusAt.Equal(at) {
			return nil // of the whole point, or older than what is known (behaviour 32)
		}
		changed, err := s.each(tx, p.ID, func(st State) Event {
			if st.Connector != r.Connector || at.Before(st.StartedAt) {
				return nil
			}
			if !st.Phase.Open() && st.Phase != Idle {
				return nil
			}
			return StatusSeen{Status: r.Status, At: at}
		})
		if len(changed) == 1 {
			seen = changed[0]
		}
		return err
	})
	if err == nil {
		s.remember(r.Cache, p, seen)
	}
	return err
}

// Boot takes a BootNotification. Open sessions may have lost their stop (BILL-R5):
// one that goes on will say so with its next meter values.
func (s *Service) Boot(ctx context.Context, sc authz.Scope, r Report, b asset.BootReport) error {
	return s.once(ctx, sc, func(tx Tx) error {
		p, _, err := s.point(tx, r, func() {
			asset.ForeseeBoot(tx, r.Point)
			_, _ = tx.LiveSessions(r.Point)
		})
		if err != nil {
			return err
		}
		if _, err := asset.Booted(tx, b); err != nil {
			return err
		}
		_, err = s.each(tx, p.ID, func(st State) Event {
			if !st.Phase.Open() {
				return nil
			}
			return Suspected{"the charge point booted"}
		})
		return err
	})
}

// Connect takes over a charge point for a new socket and gives its epoch.
func (s *Service) Connect(ctx context.Context, sc authz.Scope, p ident.ChargePoint) (epoch int64, err error) {
	err = s.once(ctx, sc, func(tx Tx) error {
		if epoch, err = asset.Connected(tx, p, s.node, tx.Now()); err != nil {
			return err
		}
		cs, err := tx.ConnectorsOf(p)
		if err != nil {
			return err
		}
		status := map[int]asset.ConnectorStatus{}
		for _, c := range cs {
			status[c.Number] = c.Status
		}
		_, err = s.each(tx, p, func(st State) Event {
			if st.Inner.OfflineSince.IsZero() && st.Phase != Idle {
				return nil
			}
			return CameBack{At: tx.Now(), Status: status[st.Connector]}
		})
		return err
	})
	return epoch, err
}

// Disconnect says that the socket of an epoch closed; a newer one is left alone.
func (s *Service) Disconnect(ctx context.Context, sc authz.Scope, p ident.ChargePoint, epoch int64) error {
	return s.once(ctx, sc, func(tx Tx) error { return s.disconnected(tx, p, epoch) })
}

func (s *Service) disconnected(tx Tx, p ident.ChargePoint, epoch int64) error {
	cp, err := tx.PointByID(p)
	if err != nil || cp.Epoch != epoch {
		return err
	}
	if err := asset.Disconnected(tx, p, epoch, tx.Now()); err != nil {
		return err
	}
	_, err = s.each(tx, p, func(st State) Event {
		if !st.Phase.Open() && st.Phase != Idle {
			return nil
		}
		return WentOffline{tx.Now()}
	})
	return err
}

// Restarted closes the connections that this server held before it was stopped. It
// is called once, before the first socket is accepted.
func (s *Service) Restarted(ctx context.Context) error {
	const batch = 50
	for {
		var open []asset.ChargePoint
		err := s.read(ctx, authz.Everything("sockets of a stopped server"), func(tx Tx) (err error) {
			open, err = tx.OpenPoints(s.node, batch)
			return err
		})
		if err != nil {
			return err
		}
		errs := make([]error, len(open))
		var together sync.WaitGroup // they join one commit
		for i, p := range open {
			together.Go(func() {
				errs[i] = s.once(ctx, authz.ForChargePoint(p.Operator, p.Sub, p.ID), func(tx Tx) error {
					return s.disconnected(tx, p.ID, p.Epoch)
				})
			})
		}
		together.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		if len(open) < batch {
			return nil
		}
	}
}
