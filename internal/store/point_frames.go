package store

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/session"
)

// A point's frames are in three places: the journal; the loose reports that money hangs
// on; and the meter values, which have no way of their own because every index on them
// is paid for with each one, and are found through the sessions of the point.
const pointFrameCols = `SELECT f.id, f.received_at, f.received_at, f.inbound, f.action, f.message_id, f.raw_sealed, f.flaws, f.operator_id`

var (
	qPointFrames = stmt(pointFrameCols + ` FROM frames f WHERE {{scope frames f}} AND f.point_id = ? AND f.received_at <= ?
		ORDER BY f.received_at DESC, f.id DESC LIMIT ?`)
	qPointReports = stmt(`SELECT e.id, e.device_at, e.received_at, 1, e.kind, e.message_id, e.raw_sealed, e.flaws, e.operator_id
		FROM session_events e WHERE {{scope session_events e}} AND e.point_id = ? AND e.loose = 1 AND e.received_at <= ?
		ORDER BY e.received_at DESC, e.id DESC LIMIT ?`)
	qPointMeter = stmt(`SELECT v.id, v.device_at, v.received_at, 1, v.kind, v.message_id, v.raw_sealed, v.flaws, v.operator_id
		FROM sessions s JOIN session_samples m ON {{scope session_samples m}} AND m.session_id = s.id AND m.ordinal = 0
		JOIN session_events v ON {{scope session_events v}} AND v.id = m.event_id
		WHERE {{scope sessions s}} AND s.point_id = ? AND s.sort_at >= ? AND s.sort_at <= ?
		AND v.received_at >= ? AND v.received_at <= ?
		ORDER BY v.received_at DESC, v.id DESC LIMIT ?`)
)

// longestSession is more than a session lasts whose meter values are looked for beside
// younger frames.
const longestSession = 7 * 24 * time.Hour

type pointFrame struct {
	session.Frame
	id     ident.Event
	op     ident.Operator
	sealed Sealed
	flaws  string
	column string
}

func (f pointFrame) before(at time.Time, id ident.Event) bool {
	return f.ReceivedAt.Before(at) || f.ReceivedAt.Equal(at) && f.id.Before(id)
}

// framesSort names the order in a cursor.
const framesSort = "frames"

// FramesOfPoint implements session.Tx.
func (tx *Tx) FramesOfPoint(p ident.ChargePoint, page operator.Page) (operator.List[session.Frame], error) {
	var out operator.List[session.Frame]
	n := pageOf(page).Limit
	if n == 0 {
		n = defaultLimit
	}
	if n < 1 || n > maxLimit {
		return out, fault.BadInput("/limit", "must be 1 to %d", maxLimit)
	}
	if page.Sort != "" {
		return out, fault.BadInput("/sort", "cannot be chosen: the newest come first")
	}
	upTo, last := tx.Now().Add(time.Minute), ident.Event{}
	if page.Cursor != "" {
		pos, err := tx.store.openCursor(page.Cursor)
		if err != nil || pos.Sort != framesSort || pos.Key.N == nil {
			return out, fault.BadInput("/cursor", "is not a cursor of this list")
		}
		if last, err = ident.FromBytes[ident.Event](pos.ID.B); err != nil {
			return out, fault.BadInput("/cursor", "is not a cursor of this list")
		}
		upTo = time.UnixMicro(*pos.Key.N)
	}
	// Of one microsecond there may be several: they are asked for again, and left out.
	var found []pointFrame
	take := func(column string, q *Stmt, limit int, args ...any) error {
		rows, err := all(tx, q, func(r *Row, f *pointFrame) error {
			f.column = column
			return r.Scan(&f.id, &f.At, &f.ReceivedAt, &f.Inbound, &f.Action, &f.MessageID, &f.sealed, &f.flaws, &f.op)
		}, append(args, limit)...)
		for _, f := range rows {
			if page.Cursor == "" || f.before(upTo, last) {
				found = append(found, f)
			}
		}
		return err
	}
	const sameInstant = 50
	if err := take("frames.raw_sealed", qPointFrames, n+1+sameInstant, p, upTo); err != nil {
		return out, err
	}
	if err := take("session_events.raw_sealed", qPointReports, n+1+sameInstant, p, upTo); err != nil {
		return out, err
	}
	newest := func(a, b pointFrame) int {
		if c := b.ReceivedAt.Compare(a.ReceivedAt); c != 0 {
			return c
		}
		return cmp.Compare(string(b.id.Bytes()), string(a.id.Bytes()))
	}
	slices.SortFunc(found, newest)
	// Meter values between the frames of this page belong on it.
	from := tx.Now().Add(-keepFrames)
	if len(found) > n {
		from = found[n].ReceivedAt
	}
	if err := take("session_events.raw_sealed", qPointMeter, n+1+sameInstant, p, from.Add(-longestSession), upTo, from, upTo); err != nil {
		return out, err
	}
	slices.SortFunc(found, newest)
	out.Total = min(len(found), n)
	if len(found) > n {
		found = found[:n]
		at := micros(found[n-1].ReceivedAt)
		out.Next, out.Capped = tx.store.sealCursor(position{Sort: framesSort, Key: wire{N: &at}, ID: wire{B: found[n-1].id.Bytes()}}), true
	}
	for _, f := range found {
		payload, err := tx.Open(f.op, f.column, f.sealed)
		if err != nil {
			return out, err
		}
		f.Payload = payload
		if f.flaws != "" {
			f.Flaws = strings.Split(f.flaws, "\n")
		}
		f.ID = f.id
		out.Items = append(out.Items, f.Frame)
	}
	return out, nil
}
