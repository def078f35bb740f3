package store

import (
	"errors"
	"slices"
	"strings"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/session"
)

// A session's steps. Every save of a session takes its next number by a row in the
// samples: (session, number, ordinal 0). That key decides which of two writers was
// first, on both engines. The step of a meter value is its first sample's row, and
// carries in state where the session stands after it; the session's own row stays as
// it is. Whoever reads a session takes the newest state of both.
//
// The connection's epoch is compared in the write itself: a report that came on an old
// socket changes nothing.
var (
	qMeasure = pgStmt(`INSERT INTO session_samples (session_id, number, ordinal, operator_id, sub_operator_id, device_at, context, at,
		received_at, clock_offset_us, has, register_wh, power_w, current_ma, voltage_mv, soc_permille, event_id, state)
		SELECT ?, ?, 0, {{own session_samples}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM charge_points p
		WHERE {{scope charge_points p}} AND p.id = ? AND p.connection_epoch = ? ON CONFLICT DO NOTHING`)
	// On SQLite a row that comes from a SELECT is copied first, so that the statement
	// could be taken back: there the number is missing where the epoch is another.
	qMeasureLite = stmt(`INSERT INTO session_samples (session_id, number, ordinal, operator_id, sub_operator_id, device_at, context, at,
		received_at, clock_offset_us, has, register_wh, power_w, current_ma, voltage_mv, soc_permille, event_id, state)
		VALUES (?, (SELECT CAST(? AS BIGINT) FROM charge_points p WHERE {{scope charge_points p}} AND p.id = ? AND p.connection_epoch = ?),
			0, {{own session_samples}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	// The same for many of one owner, in columns; and their reports, of those that were
	// taken. A sub-select is looked up for each of them; a join might be planned the
	// other way round while the table is small, and read all of it when it is not.
	qMeasureMany = pgStmt(`INSERT INTO session_samples (session_id, number, ordinal, operator_id, sub_operator_id, device_at, context, at,
		received_at, clock_offset_us, has, register_wh, power_w, current_ma, voltage_mv, soc_permille, event_id, state)
		SELECT u.c1, u.c2, 0, {{own session_samples}}, u.c3, u.c4, u.c5, u.c6, u.c7, u.c8, u.c9, u.c10, u.c11, u.c12, u.c13, u.c14, u.c15
		FROM unnest(CAST(? AS BYTEA[]), CAST(? AS BIGINT[]), CAST(? AS BIGINT[]), CAST(? AS TEXT[]), CAST(? AS BIGINT[]),
			CAST(? AS BIGINT[]), CAST(? AS BIGINT[]), CAST(? AS INTEGER[]), CAST(? AS BIGINT[]), CAST(? AS BIGINT[]), CAST(? AS BIGINT[]),
			CAST(? AS BIGINT[]), CAST(? AS INTEGER[]), CAST(? AS BYTEA[]), CAST(? AS BYTEA[]), CAST(? AS BYTEA[]), CAST(? AS BIGINT[]))
			AS u (c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15, c16, c17)
		WHERE (SELECT p.connection_epoch FROM charge_points p WHERE {{scope charge_points p}} AND p.id = u.c16) = u.c17 ON CONFLICT DO NOTHING`)
	qMeasuredMany = pgStmt(`INSERT INTO session_events (id, operator_id, sub_operator_id, point_id, session_id, kind, message_id,
		connection_epoch, device_at, at, received_at, clock_offset_us, raw_sealed, flaws, loose)
		SELECT u.c1, {{own session_events}}, u.c2, u.c3, u.c4, u.c5, u.c6, nullif(u.c7, 0), u.c8, u.c9, u.c10, u.c11, u.c12, 0
		FROM unnest(CAST(? AS BYTEA[]), CAST(? AS BYTEA[]), CAST(? AS BYTEA[]), CAST(? AS TEXT[]), CAST(? AS TEXT[]), CAST(? AS BIGINT[]),
			CAST(? AS BIGINT[]), CAST(? AS BIGINT[]), CAST(? AS BIGINT[]), CAST(? AS BIGINT[]), CAST(? AS BYTEA[]), CAST(? AS TEXT[]),
			CAST(? AS BIGINT[])) AS u (c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13)
		WHERE (SELECT m.event_id FROM session_samples m WHERE {{scope session_samples m}}
			AND m.session_id = u.c3 AND m.number = u.c13 AND m.ordinal = 0) = u.c1`)
	qMeasuredTaken = pgStmt(`SELECT u.c1 FROM unnest(CAST(? AS BYTEA[]), CAST(? AS BYTEA[]), CAST(? AS BIGINT[])) AS u (c1, c2, c3)
		WHERE (SELECT m.event_id FROM session_samples m WHERE {{scope session_samples m}}
			AND m.session_id = u.c2 AND m.number = u.c3 AND m.ordinal = 0) = u.c1`)
)

// measured is what SaveMeasured leaves to be written behind its closure.
type measured struct {
	session.Measured
	number int64 // of the step; State may have gone on when it is written
	event  ident.Event
	sealed Sealed
	state  []byte
	now    int64
}

// SaveMeasured implements session.Tx.
func (tx *Tx) SaveMeasured(m *session.Measured) (err error) {
	s := m.State
	if err := tx.may(true, "SaveMeasured"); err != nil {
		return err
	}
	if len(m.Samples) == 0 || len(m.Samples) != len(m.Reads) {
		return tx.fail(errors.New("store: SaveMeasured without samples"))
	}
	if err := own.covers(tx.scope, s.Operator, s.Sub); err != nil {
		return tx.fail(err)
	}
	for _, text := range []string{m.Raw.MessageID, m.Raw.Kind, strings.Join(m.Raw.Flaws, "")} {
		if _, err := storable(text); err != nil {
			return tx.fail(err)
		}
	}
	for i := range m.Samples {
		if _, err := storable(m.Samples[i].Context); err != nil {
			return tx.fail(err)
		}
	}
	w := measured{Measured: *m, number: s.Rev + 1, event: ident.New[ident.Event](tx.now), now: micros(tx.now)}
	if w.sealed, err = tx.Seal(s.Operator, "session_events.raw_sealed", m.Raw.Raw); err != nil {
		return err
	}
	next := *s
	next.Rev++
	w.state = next.AppendRunning(make([]byte, 0, 160))
	tx.measured = append(tx.measured, w)
	tx.sessionChanged(*s)
	return nil
}

// heavy closures leave what is not written for many at once.
func (tx *Tx) heavy() bool {
	return tx.conn.engine() == postgres && slices.ContainsFunc(tx.measured, func(w measured) bool { return len(w.Samples) > 1 })
}

// writeMeasured writes what the closure has left, at its end.
func (tx *Tx) writeMeasured() error {
	for i := range tx.measured {
		w := &tx.measured[i]
		if taken, err := w.write(tx); err != nil {
			return err
		} else if !taken {
			return w.stale()
		}
	}
	return nil
}

// stale is the answer to who came too late.
func (w *measured) stale() error { return fault.Stale(0, w.number-1) }

// write writes it by itself. Where it was not taken nothing is written.
func (w *measured) write(tx *Tx) (taken bool, err error) {
	s, m, read := w.State, &w.Samples[0], &w.Reads[0]
	var n int64
	if tx.conn.engine() == lite {
		n, err = tx.exec(qMeasureLite, s.ID, w.number, s.Point, w.Epoch, s.Operator, s.Sub, m.Device(*read), m.Context, read.At, w.now,
			read.Offset.Microseconds(), m.Has, m.Energy, m.Power, m.Current, m.Voltage, m.SoC, w.event, w.state)
		if errors.Is(err, errNull) { // of all columns only the number can be missing
			return false, nil
		}
	} else {
		n, err = tx.exec(qMeasure, s.ID, w.number, s.Operator, s.Sub, m.Device(*read), m.Context, read.At, w.now, read.Offset.Microseconds(),
			m.Has, m.Energy, m.Power, m.Current, m.Voltage, m.SoC, w.event, w.state, s.Point, w.Epoch)
	}
	if err != nil || n == 0 {
		return false, err
	}
	for i := 1; i < len(w.Samples); i++ {
		if err := tx.addSample(s, w.number, &w.Samples[i], &w.Reads[i]); err != nil {
			return false, err
		}
	}
	_, err = tx.exec(qEventInsert, eventArgs(&w.Raw, w.event, w.sealed, false)...)
	return true, err
}

// owned is what one statement writes: of one owner, within the same scope.
type owned struct {
	scope authz.Scope
	op    ident.Operator
	sub   ident.SubOperator
	from  []*joined // whose it is
	of    []*measured
}

func (g *owned) takes(sc authz.Scope, s *session.State) bool {
	return g.op == s.Operator && g.sub == s.Sub && shapeOf(g.scope) == shapeOf(sc) &&
		g.scope.Operator() == sc.Operator() && g.scope.Sub() == sc.Sub()
}

// byOwner sorts what is to be written by who may write it, and by session: two nodes
// that write the same sessions then meet at the first, not crosswise.
func byOwner(light []*joined) []*owned {
	var groups []*owned
	for _, e := range light {
		for i := range e.tx.measured {
			w := &e.tx.measured[i]
			at := slices.IndexFunc(groups, func(g *owned) bool { return g.takes(e.tx.scope, w.State) })
			if at < 0 {
				at = len(groups)
				groups = append(groups, &owned{scope: e.tx.scope, op: w.State.Operator, sub: w.State.Sub})
			}
			groups[at].from, groups[at].of = append(groups[at].from, e), append(groups[at].of, w)
		}
	}
	return groups
}

// array is a column of values for unnest.
type array struct{ values any }

func column[T any](of []*measured, value func(*measured) T) array {
	c := make([]T, len(of))
	for i, w := range of {
		c[i] = value(w)
	}
	return array{c}
}

// sampleArgs are the arguments of qMeasureMany.
func (g *owned) sampleArgs() []any {
	of := g.of
	return []any{g.op, g.sub,
		column(of, func(w *measured) []byte { return w.State.ID.Bytes() }),
		column(of, func(w *measured) int64 { return w.number }),
		column(of, func(w *measured) int64 { return micros(w.Samples[0].Device(w.Reads[0])) }),
		column(of, func(w *measured) string { return w.Samples[0].Context }),
		column(of, func(w *measured) int64 { return micros(w.Reads[0].At) }),
		column(of, func(w *measured) int64 { return w.now }),
		column(of, func(w *measured) int64 { return w.Reads[0].Offset.Microseconds() }),
		column(of, func(w *measured) int32 { return int32(w.Samples[0].Has) }),
		column(of, func(w *measured) int64 { return int64(w.Samples[0].Energy) }),
		column(of, func(w *measured) int64 { return int64(w.Samples[0].Power) }),
		column(of, func(w *measured) int64 { return int64(w.Samples[0].Current) }),
		column(of, func(w *measured) int64 { return int64(w.Samples[0].Voltage) }),
		column(of, func(w *measured) int32 { return int32(w.Samples[0].SoC) }),
		column(of, func(w *measured) []byte { return w.event.Bytes() }),
		column(of, func(w *measured) []byte { return w.state }),
		column(of, func(w *measured) []byte { return w.State.Point.Bytes() }),
		column(of, func(w *measured) int64 { return w.Epoch }),
	}
}

// takenArgs are the arguments of qMeasuredTaken.
func (g *owned) takenArgs() []any {
	return []any{
		column(g.of, func(w *measured) []byte { return w.event.Bytes() }),
		column(g.of, func(w *measured) []byte { return w.State.ID.Bytes() }),
		column(g.of, func(w *measured) int64 { return w.number }),
	}
}

// eventArgs are the arguments of qMeasuredMany.
func (g *owned) eventArgs() []any {
	of := g.of
	return []any{g.op, g.sub,
		column(of, func(w *measured) []byte { return w.event.Bytes() }),
		column(of, func(w *measured) []byte { return w.Raw.Point.Bytes() }),
		column(of, func(w *measured) []byte { return w.Raw.Session.Bytes() }),
		column(of, func(w *measured) string { return w.Raw.Kind }),
		column(of, func(w *measured) string { return w.Raw.MessageID }),
		column(of, func(w *measured) int64 { return w.Raw.Epoch }),
		column(of, func(w *measured) int64 {
			if w.Raw.DeviceAt.IsZero() {
				return 0
			}
			return micros(w.Raw.DeviceAt)
		}),
		column(of, func(w *measured) int64 { return micros(w.Raw.At) }),
		column(of, func(w *measured) int64 { return micros(w.Raw.ReceivedAt) }),
		column(of, func(w *measured) int64 { return w.Raw.Offset.Microseconds() }),
		column(of, func(w *measured) []byte { b, _ := w.sealed.column().([]byte); return b }),
		column(of, func(w *measured) string { return strings.Join(w.Raw.Flaws, "\n") }),
		column(of, func(w *measured) int64 { return w.number }),
	}
}
