package session

import (
	"context"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// RequestProfile gives one running session a charging profile. The device knows the
// session by a number of its own, which nobody has to name here; its connector is the
// session's.
func (s *Service) RequestProfile(ctx context.Context, sc authz.Scope, point ident.ChargePoint, id ident.Session, a asset.SetProfile, reason string) (cmd asset.Command, err error) {
	err = s.once(ctx, sc, func(tx Tx) error {
		if _, err := tx.PointByID(point); err != nil {
			return err
		}
		st, p, err := s.running(tx, id)
		switch {
		case fault.Is(err, fault.Missing) || err == nil && p.ID != point:
			return fault.BadInput("/profile/session_id", "is no session of this charge point")
		case err != nil:
			return err
		case st.wireID() <= 0:
			return fault.New(fault.Conflict, "session_without_id", "The charge point never gave this session an id; no profile can name it.")
		case a.Connector != 0 && a.Connector != st.Connector:
			return fault.BadInput("/connector", "is not where the session runs; leave it out")
		}
		a.Connector, a.Profile.OCPPID = st.Connector, st.wireID()
		if err := asset.Askable(a, reason, 0); err != nil {
			return err
		}
		cmd, err = s.enqueue(tx, sc, p, id, reason, a)
		return err
	})
	return cmd, err
}
