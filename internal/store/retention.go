package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"time"

	"ccms/internal/authz"
)

// How long bulk rows stay (product §7): raw frames 90 days, meter samples 400.
const (
	keepFacts   = 90 * 24 * time.Hour // and as long as a consumer has not come by
	keepFrames  = 90 * 24 * time.Hour
	keepSamples = 400 * 24 * time.Hour
	// Warnings that ended, with their history.
	keepWarnings = 400 * 24 * time.Hour
	keepSecurity = 365 * 24 * time.Hour // the security log: 12 months
	pruneBatch   = 500
)

var prunes = []struct {
	keep time.Duration
	byID bool // ids begin with the time of what they name
	old  *Stmt
}{
	{keepFacts, false, stmt(`DELETE FROM facts WHERE {{scope facts facts}} AND id IN
		(SELECT f.id FROM facts f WHERE {{scope facts f}} AND f.recorded_at < ?
		AND NOT EXISTS (SELECT 1 FROM cursors c WHERE (c.xid, c.id) < (f.xid, f.id)) ORDER BY f.id LIMIT ?)`)},
	{keepFrames, false, stmt(`DELETE FROM frames WHERE {{scope frames frames}} AND id IN
		(SELECT f.id FROM frames f WHERE {{scope frames f}} AND f.received_at < ? ORDER BY f.received_at LIMIT ?)`)},
	{keepFrames, false, stmt(`DELETE FROM vendor_messages WHERE {{scope vendor_messages vendor_messages}} AND id IN
		(SELECT m.id FROM vendor_messages m WHERE {{scope vendor_messages m}} AND m.received_at < ? ORDER BY m.received_at LIMIT ?)`)},
	{keepFrames, true, stmt(`DELETE FROM session_events WHERE {{scope session_events session_events}} AND id IN
		(SELECT e.id FROM session_events e WHERE {{scope session_events e}} AND e.id < ? ORDER BY e.id LIMIT ?)`)},
	{keepWarnings, false, stmt(`DELETE FROM warnings WHERE {{scope warnings warnings}} AND id IN
		(SELECT w.id FROM warnings w WHERE {{scope warnings w}} AND w.cleared_at < ? ORDER BY w.cleared_at LIMIT ?)`)},
	{keepWarnings, false, stmt(`DELETE FROM maintenance_windows WHERE {{scope maintenance_windows maintenance_windows}} AND id IN
		(SELECT m.id FROM maintenance_windows m WHERE {{scope maintenance_windows m}} AND m.ends_at < ? AND m.due_at IS NULL ORDER BY m.ends_at LIMIT ?)`)},
	{keepStrangers, false, stmt(`DELETE FROM strangers WHERE {{scope strangers strangers}} AND id IN
		(SELECT u.id FROM strangers u WHERE {{scope strangers u}} AND u.last_at < ? ORDER BY u.last_at LIMIT ?)`)},
	{keepSecurity, false, stmt(`DELETE FROM security_events WHERE {{scope security_events security_events}} AND id IN
		(SELECT e.id FROM security_events e WHERE {{scope security_events e}} AND e.received_at < ? ORDER BY e.received_at LIMIT ?)`)},
	{keepSlots, false, stmt(`DELETE FROM power_slots WHERE {{scope power_slots power_slots}} AND (operator_id, slot_at, site_id, sub_operator_id, acdc) IN
		(SELECT p.operator_id, p.slot_at, p.site_id, p.sub_operator_id, p.acdc FROM power_slots p WHERE {{scope power_slots p}}
		AND p.slot_at < ? ORDER BY p.slot_at LIMIT ?)`)},
}

// A session's samples go together, by its beginning; while it is live they stay, for
// the bill is made of them and the newest one carries where the session stands. Old
// sessions that are still live are few: the ranges of the key between them are pruned,
// so that none of their rows is read. They are picked out here, because an id in the
// statement leads SQLite away from the index of live ones, to all sessions there were.
var (
	qLiveIDs    = stmt(`SELECT s.id FROM sessions s WHERE {{scope sessions s}} AND s.live = 1`)
	qOldSamples = stmt(`DELETE FROM session_samples WHERE {{scope session_samples session_samples}} AND (session_id, number, ordinal) IN
		(SELECT m.session_id, m.number, m.ordinal FROM session_samples m WHERE {{scope session_samples m}}
		AND m.session_id > ? AND m.session_id < ? ORDER BY m.session_id LIMIT ?)`)
)

// firstID is the least id that is made at the instant or later (RFC 9562 §5.7).
func firstID(at time.Time) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli())<<16)[:6], make([]byte, 10)...)
}

// Prune deletes bulk rows past their time, in small transactions that other writers
// can join, and returns how many went.
func (s *Store) Prune(ctx context.Context, now time.Time) (deleted int64, err error) {
	for _, p := range prunes {
		var before any = now.Add(-p.keep)
		if p.byID {
			before = firstID(now.Add(-p.keep))
		}
		n, err := s.prune(ctx, p.old, before)
		if deleted += n; err != nil {
			return deleted, err
		}
	}
	n, err := s.pruneSamples(ctx, firstID(now.Add(-keepSamples)))
	return deleted + n, err
}

func (s *Store) pruneSamples(ctx context.Context, before []byte) (deleted int64, err error) {
	var live [][]byte
	err = s.Read(ctx, authz.Everything("retention"), func(tx *Tx) (err error) {
		live, err = all(tx, qLiveIDs, func(r *Row, id *[]byte) error { return r.Scan(id) })
		return err
	})
	if err != nil {
		return 0, err
	}
	live = slices.DeleteFunc(live, func(id []byte) bool { return bytes.Compare(id, before) >= 0 })
	slices.SortFunc(live, bytes.Compare)
	after := make([]byte, len(before))
	for _, end := range append(live, before) {
		n, err := s.prune(ctx, qOldSamples, after, end)
		if deleted += n; err != nil {
			return deleted, err
		}
		after = end
	}
	return deleted, nil
}

// prune runs a statement until it finds less than a batch.
func (s *Store) prune(ctx context.Context, old *Stmt, args ...any) (deleted int64, err error) {
	args = append(args, pruneBatch)
	for {
		var n int64
		err := s.Write(ctx, authz.Everything("retention"), func(tx *Tx) (err error) {
			n, err = tx.exec(old, args...)
			return err
		})
		if err != nil {
			return deleted, err
		}
		if deleted += n; n < pruneBatch {
			return deleted, nil
		}
	}
}
