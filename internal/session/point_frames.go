package session

import (
	"context"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// PointFrames lists what a charge point and we said to each other, newest first: the
// journal, and the reports that money hangs on, which are kept with their sessions. For a
// session it is what was said around it, and its own reports.
func (s *Service) PointFrames(ctx context.Context, sc authz.Scope, id ident.ChargePoint, f FrameFilter, p operator.Page) (l operator.List[Frame], err error) {
	err = s.read(ctx, sc, func(tx Tx) error {
		if _, err := tx.PointByID(id); err != nil {
			return err
		}
		if !f.Session.IsZero() {
			st, err := tx.SessionByID(f.Session)
			if fault.Is(err, fault.Missing) || err == nil && st.Point != id {
				return fault.BadInput("/query/session_id", "is no session of this charge point")
			}
			if err != nil {
				return err
			}
			f.From, f.To = tx.AroundSession(st)
		}
		l, err = tx.FramesOfPoint(id, f, p)
		return err
	})
	return l, err
}
