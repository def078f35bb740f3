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
// is paid for with each one, and are found through the sessions of the point. A CALL is
// listed with its answer, which is in the journal or, of meter values, nowhere: it is
// the first answer to that message in two minutes, the other way. An answer by itself
// is listed where there is no such CALL.
const (
	frameAnswerCols = `a.received_at, a.raw_sealed, coalesce(a.flaws, '')`
	frameAnswerFrom = ` LEFT JOIN frames a ON {{scope frames a}} AND a.id = (SELECT x.id FROM frames x WHERE {{scope frames x}}
		AND x.point_id = c.point_id AND x.received_at >= c.received_at AND x.received_at <= c.received_at + 120000000
		AND x.message_id = c.message_id AND x.action = '' `
	frameAnswerEnd = ` ORDER BY x.received_at, x.id LIMIT 1)`
)

var (
	qPointFrames = stmt(`SELECT c.id, c.received_at, c.received_at, c.inbound, c.action, c.message_id, c.raw_sealed, c.flaws, c.operator_id, NULL,
		` + frameAnswerCols + ` FROM frames c` + frameAnswerFrom + ` AND c.action <> '' AND x.inbound <> c.inbound` + frameAnswerEnd + `
		WHERE {{scope frames c}} AND c.point_id = ? AND c.received_at <= ?
		{{if from}} AND c.received_at >= ? {{end}} {{if to}} AND c.received_at < ? {{end}}
		{{if action}} AND c.action = ? {{end}} {{if inbound}} AND c.inbound = ? {{end}} {{if flawed}} AND c.flaws <> '' {{end}}
		AND (c.action <> '' OR NOT EXISTS (SELECT 1 FROM frames y WHERE {{scope frames y}} AND y.point_id = c.point_id
			AND y.received_at <= c.received_at AND y.received_at >= c.received_at - 120000000 AND y.message_id = c.message_id
			AND y.action <> '' AND y.inbound <> c.inbound)
		AND NOT EXISTS (SELECT 1 FROM session_events z WHERE {{scope session_events z}} AND z.point_id = c.point_id AND z.loose = 1
			AND z.received_at <= c.received_at AND z.received_at >= c.received_at - 120000000 AND z.message_id = c.message_id))
		ORDER BY c.received_at DESC, c.id DESC LIMIT ?`)
	qPointReports = stmt(`SELECT c.id, c.device_at, c.received_at, 1, c.kind, c.message_id, c.raw_sealed, c.flaws, c.operator_id, c.session_id,
		` + frameAnswerCols + ` FROM session_events c` + frameAnswerFrom + ` AND x.inbound = 0` + frameAnswerEnd + `
		WHERE {{scope session_events c}} AND c.point_id = ? AND c.loose = 1 AND c.received_at <= ?
		{{if session}} AND c.session_id = ? {{end}} {{if action}} AND c.kind = ? {{end}} {{if flawed}} AND c.flaws <> '' {{end}}
		ORDER BY c.received_at DESC, c.id DESC LIMIT ?`)
	qPointMeter = stmt(`SELECT v.id, v.device_at, v.received_at, 1, v.kind, v.message_id, v.raw_sealed, v.flaws, v.operator_id, v.session_id,
		NULL, NULL, '' FROM sessions s JOIN session_samples m ON {{scope session_samples m}} AND m.session_id = s.id AND m.ordinal = 0
		JOIN session_events v ON {{scope session_events v}} AND v.id = m.event_id
		WHERE {{scope sessions s}} AND s.point_id = ? AND s.sort_at >= ? AND s.sort_at <= ?
		AND v.received_at >= ? AND v.received_at <= ?
		{{if session}} AND s.id = ? {{end}} {{if flawed}} AND v.flaws <> '' {{end}}
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

	answeredAt   time.Time
	answerSealed Sealed
	answerFlaws  string
}

func (f pointFrame) before(at time.Time, id ident.Event) bool {
	return f.ReceivedAt.Before(at) || f.ReceivedAt.Equal(at) && f.id.Before(id)
}

// framesSort names the order in a cursor.
const framesSort = "frames"

// FramesOfPoint implements session.Tx.
func (tx *Tx) FramesOfPoint(p ident.ChargePoint, f session.FrameFilter, page operator.Page) (operator.List[session.Frame], error) {
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
	w := window{p: p, f: f, upTo: upTo, after: func(x pointFrame) bool { return page.Cursor == "" || x.before(upTo, last) }}
	if err := tx.framesIn(&w, n); err != nil {
		return out, err
	}
	found := w.found
	out.Total = min(len(found), n)
	if len(found) > n {
		found = found[:n]
		at := micros(found[n-1].ReceivedAt)
		out.Next, out.Capped = tx.store.sealCursor(position{Sort: framesSort, Key: wire{N: &at}, ID: wire{B: found[n-1].id.Bytes()}}), true
	}
	for _, x := range found {
		frame, err := tx.openPointFrame(x)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, frame)
	}
	return out, nil
}

// window is what is looked for, and what was found of it, newest first.
type window struct {
	p     ident.ChargePoint
	f     session.FrameFilter
	upTo  time.Time
	after func(pointFrame) bool // it comes after the page before
	found []pointFrame
}

// framesIn finds at least n frames where there are so many.
func (tx *Tx) framesIn(w *window, n int) error {
	// Of one microsecond there may be several: they are asked for again, and left out.
	const sameInstant = 50
	f, limit := w.f, n+1+sameInstant
	take := func(column string, q *Stmt, args ...any) error {
		rows, err := all(tx, q, func(r *Row, x *pointFrame) error {
			x.column = column
			return r.Scan(&x.id, &x.At, &x.ReceivedAt, &x.Inbound, &x.Action, &x.MessageID, &x.sealed, &x.flaws, &x.op, &x.Session,
				&x.answeredAt, &x.answerSealed, &x.answerFlaws)
		}, append(args, limit)...)
		for _, x := range rows {
			if w.after(x) {
				w.found = append(w.found, x)
			}
		}
		return err
	}
	newest := func(a, b pointFrame) int {
		if c := b.ReceivedAt.Compare(a.ReceivedAt); c != 0 {
			return c
		}
		return cmp.Compare(string(b.id.Bytes()), string(a.id.Bytes()))
	}
	action, flawed, session := optIf(f.Action != "", "action", f.Action), optIf(f.Flawed, "flawed"), optIf(!f.Session.IsZero(), "session", f.Session)
	inbound := option{}
	if f.Inbound != nil {
		inbound = option{"inbound", []any{*f.Inbound}}
	}
	if err := take("frames.raw_sealed", qPointFrames, w.p, w.upTo, optIf(!f.From.IsZero(), "from", f.From), optIf(!f.To.IsZero(), "to", f.To),
		action, inbound, flawed); err != nil {
		return err
	}
	if f.Inbound == nil || *f.Inbound {
		if err := take("session_events.raw_sealed", qPointReports, w.p, w.upTo, session, action, flawed); err != nil {
			return err
		}
	}
	slices.SortFunc(w.found, newest)
	if f.Inbound != nil && !*f.Inbound || f.Action != "" && f.Action != "MeterValues" {
		return nil
	}
	// Meter values between the frames of this page belong on it.
	from := tx.Now().Add(-keepFrames)
	if len(w.found) > n {
		from = w.found[n].ReceivedAt
	}
	if err := take("session_events.raw_sealed", qPointMeter, w.p, from.Add(-longestSession), w.upTo, from, w.upTo, session, flawed); err != nil {
		return err
	}
	slices.SortFunc(w.found, newest)
	return nil
}

func (tx *Tx) openPointFrame(x pointFrame) (session.Frame, error) {
	var err error
	f := x.Frame
	f.ID = x.id
	if f.Payload, err = tx.Open(x.op, x.column, x.sealed); err != nil {
		return f, err
	}
	f.Flaws = flawList(x.flaws)
	if x.answeredAt.IsZero() {
		return f, nil
	}
	f.Answer = &session.FrameAnswer{At: x.answeredAt, Flaws: flawList(x.answerFlaws)}
	f.Answer.Payload, err = tx.Open(x.op, "frames.raw_sealed", x.answerSealed)
	return f, err
}

func flawList(stored string) []string {
	if stored == "" {
		return nil
	}
	return strings.Split(stored, "\n")
}
