package store

import (
	"time"

	"ccms/internal/fault"
)

var _ = table("cursors", global, plain("name xid id owner until"))

var (
	qCursorAdd = stmt(`INSERT INTO cursors (name, xid, id, owner, until) VALUES (?, 0, 0, '', 0) ON CONFLICT DO NOTHING {{unscoped a consumer reads every operator's facts}}`)
	qCursor    = stmt(`SELECT c.xid, c.id FROM cursors c WHERE c.name = ? {{unscoped a consumer reads every operator's facts}}`)
	// Compare-and-set instead of a row lock: a lock would hold back whoever shares
	// the joined transaction.
	qCursorLease = stmt(`UPDATE cursors SET owner = ?, until = ? WHERE name = ? AND (owner = ? OR until < ?) {{unscoped a consumer reads every operator's facts}}`)
	qCursorMove  = stmt(`UPDATE cursors SET xid = ?, id = ?, until = ? WHERE name = ? AND owner = ? AND xid = ? AND id = ? {{unscoped a consumer reads every operator's facts}}`)
	qCursorLeave = stmt(`UPDATE cursors SET until = 0 WHERE name = ? AND owner = ? {{unscoped a consumer reads every operator's facts}}`)
)

// LeaseCursor makes owner the one that moves the cursor until the instant given, and
// tells where it stands. It is false while another's lease lasts.
func (tx *Tx) LeaseCursor(name, owner string, until time.Time) (p Position, ok bool, err error) {
	if _, err = tx.exec(qCursorAdd, name); err != nil {
		return p, false, err
	}
	n, err := tx.exec(qCursorLease, owner, until, name, owner, tx.now)
	if err != nil || n == 0 {
		return p, false, err
	}
	return maybe(tx, qCursor, func(r *Row, p *Position) error { return r.Scan(&p.XID, &p.ID) }, name)
}

// MoveCursor puts the cursor behind what was worked off, and prolongs the lease. If
// another has taken over meanwhile it is a Conflict, and the effect written in the
// same closure goes with it.
func (tx *Tx) MoveCursor(name, owner string, from, to Position, until time.Time) error {
	n, err := tx.exec(qCursorMove, to.XID, to.ID, until, name, owner, from.XID, from.ID)
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "lease_lost", "Another node has taken over this consumer.")
	}
	return err
}

// LeaveCursor ends the lease, so that another need not wait for its end.
func (tx *Tx) LeaveCursor(name, owner string) error {
	_, err := tx.exec(qCursorLeave, name, owner)
	return err
}
