package store

import (
	"ccms/internal/fault"
	"ccms/internal/session"
)

// The connection's epoch is compared in the write itself: a report that came on an old
// socket changes nothing.
var qSessionMeasure = stmt(`UPDATE sessions SET rev = rev + 1, phase = ?, energy_wh = ?, last = ?, cost = ?, flags = ?, due_at = ?, inner_state = ?
	WHERE {{scope sessions sessions}} AND id = ? AND rev = ? AND EXISTS (SELECT 1 FROM charge_points p
		WHERE {{scope charge_points p}} AND p.id = sessions.point_id AND p.connection_epoch = ?)`)

// SaveMeasured implements session.Tx.
func (tx *Tx) SaveMeasured(m *session.Measured) (fresh bool, err error) {
	s := m.State
	for i := range m.Samples {
		if fresh, err := tx.InsertSample(*s, m.Samples[i], m.Reads[i]); err != nil || !fresh {
			return false, err
		}
	}
	if err := tx.InsertEvent(m.Raw); err != nil {
		return false, err
	}
	last, flags, inner, err := liveJSON(*s)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(qSessionMeasure, s.Phase, s.Energy, last, s.Cost.Minor, flags, s.DueAt, inner, s.ID, s.Rev, m.Epoch)
	if err != nil {
		return false, err
	}
	if n == 0 {
		return false, fault.Stale(0, s.Rev)
	}
	tx.sessionChanged(*s)
	return true, nil
}
