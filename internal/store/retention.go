package store

import (
	"context"
	"time"

	"ccms/internal/authz"
)

// How long bulk rows stay (product §7): raw frames 90 days, meter samples 400.
const (
	keepFacts   = 90 * 24 * time.Hour // and as long as a consumer has not come by
	keepFrames  = 90 * 24 * time.Hour
	keepSamples = 400 * 24 * time.Hour
	pruneBatch  = 500
)

var prunes = []struct {
	keep time.Duration
	old  *Stmt
}{
	{keepFacts, stmt(`DELETE FROM facts WHERE {{scope facts facts}} AND id IN
		(SELECT f.id FROM facts f WHERE {{scope facts f}} AND f.recorded_at < ?
		AND NOT EXISTS (SELECT 1 FROM cursors c WHERE (c.xid, c.id) < (f.xid, f.id)) ORDER BY f.id LIMIT ?)`)},
	{keepFrames, stmt(`DELETE FROM frames WHERE {{scope frames frames}} AND id IN
		(SELECT f.id FROM frames f WHERE {{scope frames f}} AND f.received_at < ? ORDER BY f.received_at LIMIT ?)`)},
	{keepFrames, stmt(`DELETE FROM session_events WHERE {{scope session_events session_events}} AND id IN
		(SELECT e.id FROM session_events e WHERE {{scope session_events e}} AND e.received_at < ? ORDER BY e.received_at LIMIT ?)`)},
	{keepSamples, stmt(`DELETE FROM session_samples WHERE {{scope session_samples session_samples}} AND (session_id, device_at, context, ordinal) IN
		(SELECT m.session_id, m.device_at, m.context, m.ordinal FROM session_samples m WHERE {{scope session_samples m}} AND m.received_at < ?
		ORDER BY m.received_at LIMIT ?)`)},
}

// Prune deletes bulk rows past their time, in small transactions that other writers
// can join, and returns how many went.
func (s *Store) Prune(ctx context.Context, now time.Time) (deleted int64, err error) {
	for _, p := range prunes {
		for {
			var n int64
			err := s.Write(ctx, authz.Everything("retention"), func(tx *Tx) (err error) {
				n, err = tx.exec(p.old, now.Add(-p.keep), pruneBatch)
				return err
			})
			if err != nil {
				return deleted, err
			}
			if deleted += n; n < pruneBatch {
				break
			}
		}
	}
	return deleted, nil
}
