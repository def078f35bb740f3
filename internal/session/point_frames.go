package session

import (
	"context"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// PointFrames lists what a charge point and we said to each other, newest first: the
// journal, and the reports that money hangs on, which are kept with their sessions.
func (s *Service) PointFrames(ctx context.Context, sc authz.Scope, id ident.ChargePoint, p operator.Page) (l operator.List[Frame], err error) {
	err = s.read(ctx, sc, func(tx Tx) error {
		if _, err := tx.PointByID(id); err != nil {
			return err
		}
		l, err = tx.FramesOfPoint(id, p)
		return err
	})
	return l, err
}
