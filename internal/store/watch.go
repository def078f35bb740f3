package store

import (
	"encoding/json"
	"fmt"
	"time"

	"ccms/internal/ident"
	"ccms/internal/upkeep"
)

var _ = table("point_watches", own,
	plain("point_id operator_id sub_operator_id disconnects recent epoch closed_epoch closed_at due_at streaks version"))

const watchCols = `v.point_id, v.operator_id, v.sub_operator_id, v.disconnects, v.recent, v.epoch, v.closed_epoch, v.closed_at, v.due_at, v.streaks, v.version`

var (
	qWatch       = stmt(`SELECT ` + watchCols + ` FROM point_watches v WHERE {{scope point_watches v}} AND v.point_id = ?`)
	qWatchLock   = stmt(`SELECT ` + watchCols + ` FROM point_watches v WHERE {{scope point_watches v}} AND v.point_id = ? {{lock}}`)
	qWatchInsert = stmt(`INSERT INTO point_watches (operator_id, sub_operator_id, point_id, disconnects, recent, epoch, closed_epoch, closed_at,
			due_at, streaks, version)
		VALUES ({{own point_watches}}, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	// A point may go to another site, and so to another owner.
	qWatchSave = stmt(`UPDATE point_watches SET (operator_id, sub_operator_id) = ({{own point_watches}}), disconnects = ?, recent = ?, epoch = ?,
			closed_epoch = ?, closed_at = ?, due_at = ?, streaks = ?, version = version + 1
		WHERE {{scope point_watches point_watches}} AND point_id = ? AND version = ?`)
	qWatchVersion = stmt(`SELECT v.version FROM point_watches v WHERE {{scope point_watches v}} AND v.point_id = ?`)
	qWatchesDue   = stmt(`SELECT v.operator_id, v.point_id FROM point_watches v WHERE {{scope point_watches v}} AND v.due_at <= ? ORDER BY v.due_at LIMIT ?`)
	qHalfOpen     = stmt(`SELECT p.operator_id, p.id FROM charge_points p WHERE {{scope charge_points p}} AND p.status = 'VALID'
		AND p.connected_at IS NOT NULL AND p.disconnected_at IS NULL AND p.online_until <= ?
		AND NOT EXISTS (SELECT 1 FROM warnings w WHERE {{scope warnings w}} AND w.operator_id = p.operator_id AND w.point_id = p.id
			AND w.warning_type = 'OFFLINE' AND w.state <> 'CLEARED') ORDER BY p.id LIMIT ?`)
)

func scanWatch(r *Row, w *upkeep.Watch) error {
	var recent, streaks []byte
	if err := r.Scan(&w.Point, &w.Operator, &w.Sub, &w.Disconnects, &recent, &w.Epoch, &w.ClosedEpoch, &w.ClosedAt, &w.DueAt, &streaks, &w.Version); err != nil {
		return err
	}
	var times []int64
	if err := json.Unmarshal(recent, &times); err != nil {
		return fmt.Errorf("recent: %w", err)
	}
	for _, us := range times {
		w.Recent = append(w.Recent, time.UnixMicro(us).UTC())
	}
	return json.Unmarshal(streaks, &w.Streaks)
}

// LockWatch implements upkeep.Tx.
func (tx *Tx) LockWatch(p ident.ChargePoint) (upkeep.Watch, error) { return tx.watch(qWatchLock, p) }

// WatchOf implements upkeep.Tx.
func (tx *Tx) WatchOf(p ident.ChargePoint) (upkeep.Watch, error) { return tx.watch(qWatch, p) }

func (tx *Tx) watch(q *Stmt, p ident.ChargePoint) (upkeep.Watch, error) {
	w, _, err := maybe(tx, q, scanWatch, p)
	w.Point = p
	return w, err
}

// SaveWatch implements upkeep.Tx.
func (tx *Tx) SaveWatch(w upkeep.Watch) error {
	times := make([]int64, len(w.Recent))
	for i, t := range w.Recent {
		times[i] = micros(t)
	}
	recent, err := json.Marshal(times)
	if err != nil {
		return err
	}
	streaks, err := json.Marshal(w.Streaks)
	if err != nil {
		return err
	}
	if w.Version == 0 {
		_, err := tx.exec(qWatchInsert, w.Operator, w.Sub, w.Point, w.Disconnects, string(recent), w.Epoch, w.ClosedEpoch, w.ClosedAt, w.DueAt, string(streaks), int64(1))
		return err
	}
	n, err := tx.exec(qWatchSave, w.Operator, w.Sub, w.Disconnects, string(recent), w.Epoch, w.ClosedEpoch, w.ClosedAt, w.DueAt, string(streaks), w.Point, w.Version)
	return tx.oneVersion("watch", n, err, qWatchVersion, w.Point, w.Version)
}

func scanDueWatch(r *Row, d *upkeep.DueWatch) error { return r.Scan(&d.Operator, &d.Point) }

// DueWatches implements upkeep.Tx.
func (tx *Tx) DueWatches(now time.Time, limit int) ([]upkeep.DueWatch, error) {
	return all(tx, qWatchesDue, scanDueWatch, now, limit)
}

// HalfOpen implements upkeep.Tx.
func (tx *Tx) HalfOpen(now time.Time, limit int) ([]upkeep.DueWatch, error) {
	return all(tx, qHalfOpen, scanDueWatch, now, limit)
}
