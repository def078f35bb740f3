package store

import (
	"strings"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/session"
)

var (
	_ = table("session_samples", own,
		plain(`session_id number ordinal operator_id sub_operator_id device_at context at received_at clock_offset_us has
			register_wh power_w current_ma voltage_mv soc_permille event_id state`), prunable())
	_ = table("session_events", own,
		plain(`id operator_id sub_operator_id point_id session_id kind message_id connection_epoch device_at at received_at
			clock_offset_us flaws loose`),
		personal("raw_sealed", "behaviour", frameRetention, "drop key"), prunable())
	_ = table("frames", own,
		plain("id operator_id sub_operator_id point_id inbound action message_id received_at flaws"),
		personal("raw_sealed", "behaviour", frameRetention, "drop key"), prunable())
	_ = table("start_attempts", own,
		plain("id operator_id sub_operator_id point_id connector kind session_id decision reason at"),
		personal("token_sealed token_hash token_id driver_id", "identifier", tokenRetention, "overwrite"))
)

var (
	// A row without has is a step of the session that no sample made; ordinal 0 is the
	// step's own (session_measured.go).
	qSampleInsert = stmt(`INSERT INTO session_samples (session_id, number, ordinal, operator_id, sub_operator_id, device_at, context,
		at, received_at, clock_offset_us, has, register_wh, power_w, current_ma, voltage_mv, soc_permille, event_id)
		VALUES (?, ?, (SELECT coalesce(max(x.ordinal), 0) + 1 FROM session_samples x WHERE {{scope session_samples x}}
			AND x.session_id = ? AND x.number = ?), {{own session_samples}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	qSampleSame = stmt(`SELECT count(*) FROM session_samples m WHERE {{scope session_samples m}} AND m.session_id = ?
		AND m.device_at = ? AND m.context = ? AND m.has = ? AND m.register_wh = ? AND m.power_w = ? AND m.current_ma = ?
		AND m.voltage_mv = ? AND m.soc_permille = ?`)
	qRegisters = stmt(`SELECT m.at, m.register_wh FROM session_samples m WHERE {{scope session_samples m}}
		AND m.session_id = ? AND m.has & 1 = 1 ORDER BY m.at, m.device_at, m.number, m.ordinal`)
	qSamples = stmt(`SELECT m.at, m.device_at, m.context, m.has, m.register_wh, m.power_w, m.current_ma, m.voltage_mv, m.soc_permille
		FROM session_samples m WHERE {{scope session_samples m}} AND m.session_id = ? AND m.has IS NOT NULL ORDER BY m.at, m.device_at, m.number, m.ordinal LIMIT ?`)
	qEventInsert = stmt(`INSERT INTO session_events (id, operator_id, sub_operator_id, point_id, session_id, kind, message_id,
		connection_epoch, device_at, at, received_at, clock_offset_us, raw_sealed, flaws, loose)
		VALUES (?, {{own session_events}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	// Reports that came with a sample are found through it, the loose ones by themselves.
	qEvents = stmt(`SELECT e.device_at, e.received_at, 1, e.kind, e.message_id, e.raw_sealed, e.flaws FROM session_events e
		WHERE {{scope session_events e}} AND e.session_id = ? AND e.loose = 1
		UNION ALL SELECT v.device_at, v.received_at, 1, v.kind, v.message_id, v.raw_sealed, v.flaws FROM session_samples m
		JOIN session_events v ON {{scope session_events v}} AND v.id = m.event_id
		WHERE {{scope session_samples m}} AND m.session_id = ? AND m.ordinal = 0 ORDER BY 2 LIMIT ?`)
	qFrameInsert = stmt(`INSERT INTO frames (id, operator_id, sub_operator_id, point_id, inbound, action, message_id, received_at,
		raw_sealed, flaws) VALUES (?, {{own frames}}, ?, ?, ?, ?, ?, ?, ?)`)
	qFrames = stmt(`SELECT f.received_at, f.received_at, f.inbound, f.action, f.message_id, f.raw_sealed, f.flaws FROM frames f
		WHERE {{scope frames f}} AND f.point_id = ? AND f.received_at >= ? AND f.received_at < ? ORDER BY f.received_at LIMIT ?`)
	qAttemptInsert = stmt(`INSERT INTO start_attempts (id, operator_id, sub_operator_id, point_id, connector, kind, token_sealed,
		token_hash, token_id, driver_id, session_id, decision, reason, at) VALUES (?, {{own start_attempts}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qAsked = stmt(`SELECT count(*) FROM start_attempts a WHERE {{scope start_attempts a key}} AND (a.operator_id = ?) IS TRUE AND a.token_hash = ?
		AND a.at >= ? AND a.point_id = ? AND a.kind <> 'start' AND a.decision = 'Accepted'`)
	qAttempts = listing(listSpec{
		Cols: `a.id, a.at, a.operator_id, a.sub_operator_id, a.point_id, a.connector, a.kind, a.token_sealed, a.token_id, a.driver_id,
			a.session_id, a.decision, a.reason, t.id, t.name, t.time_zone, p.name`,
		From: `start_attempts a
			LEFT JOIN charge_points p ON {{scope charge_points p}} AND p.id = a.point_id
			LEFT JOIN sites t ON {{scope sites t}} AND t.id = p.site_id`,
		Where: `{{scope start_attempts a}} {{if point}} AND a.point_id = ? {{end}} {{if session}} AND a.session_id = ? {{end}}
			{{if token}} AND a.token_hash = ? {{end}} {{if from}} AND a.at >= ? {{end}} {{if to}} AND a.at < ? {{end}}
			{{if decisions}} AND {{in a.decision}} {{end}}
			{{if point_name}} AND EXISTS (SELECT 1 FROM asset_words w WHERE {{scope asset_words w}} AND w.object_id = a.point_id
				AND w.field = 'point.name' AND w.phrase >= ? AND w.phrase < ?) {{end}}`,
		ID: `a.id`, Sorts: map[string]string{"at": "a.at"}, Sort: "-at",
	})
)

// InsertSample keeps a sample of the report that the session is saved for next, unless
// it is there. Points that report each measurand in a message of its own stamp them all
// alike: what says something else is another sample.
func (tx *Tx) InsertSample(s session.State, m session.Sample, read session.Read) (bool, error) {
	device := m.Device(read)
	if !device.After(s.NewestAt) {
		n, err := scalar[int64](tx, qSampleSame, s.ID, device, m.Context, m.Has, m.Energy, m.Power, m.Current, m.Voltage, m.SoC)
		if err != nil || n > 0 {
			return false, err
		}
	}
	return true, tx.addSample(&s, s.Rev+1, &m, &read)
}

func (tx *Tx) addSample(s *session.State, number int64, m *session.Sample, read *session.Read) error {
	return tx.later(qSampleInsert, mustTouch(1, fault.Stale(0, number-1)), s.ID, number, s.ID, number, s.Operator, s.Sub, m.Device(*read),
		m.Context, read.At, tx.Now(), read.Offset.Microseconds(), m.Has, m.Energy, m.Power, m.Current, m.Voltage, m.SoC, ident.Event{})
}

// RegistersOf are a session's energy readings in time order.
func (tx *Tx) RegistersOf(id ident.Session) ([]session.Register, error) {
	return all(tx, qRegisters, func(r *Row, g *session.Register) error { return r.Scan(&g.At, &g.Value) }, id)
}

// SamplesOf are a session's first limit samples in time order.
func (tx *Tx) SamplesOf(id ident.Session, limit int) ([]session.Sample, error) {
	return all(tx, qSamples, func(r *Row, m *session.Sample) error {
		return r.Scan(&m.At, &m.Stamp.At, &m.Context, &m.Has, &m.Energy, &m.Power, &m.Current, &m.Voltage, &m.SoC)
	}, id, limit)
}

// InsertEvent keeps a raw report.
func (tx *Tx) InsertEvent(e session.Kept) error {
	sealed, err := tx.Seal(e.Operator, "session_events.raw_sealed", e.Raw)
	if err != nil {
		return err
	}
	return tx.later(qEventInsert, nil, eventArgs(&e, ident.New[ident.Event](tx.Now()), sealed, true)...)
}

func eventArgs(e *session.Kept, id ident.Event, sealed Sealed, loose bool) []any {
	return []any{id, e.Operator, e.Sub, e.Point, e.Session, e.Kind, e.MessageID, e.Epoch, e.DeviceAt, e.At, e.ReceivedAt,
		e.Offset.Microseconds(), sealed, strings.Join(e.Flaws, "\n"), loose}
}

type frameRow struct {
	session.Frame
	sealed Sealed
	flaws  string
}

func scanFrame(r *Row, f *frameRow) error {
	return r.Scan(&f.At, &f.ReceivedAt, &f.Inbound, &f.Action, &f.MessageID, &f.sealed, &f.flaws)
}

// around is how much of a point's talk beside a session belongs to its timeline.
const around = 2 * time.Minute

// EventsOf are a session's own raw reports, in the order in which they came.
func (tx *Tx) EventsOf(s session.State, limit int) ([]session.Frame, error) {
	rows, err := all(tx, qEvents, scanFrame, s.ID, s.ID, limit)
	if err != nil {
		return nil, err
	}
	return tx.openFrames(s, "session_events.raw_sealed", rows)
}

// AroundSession implements session.Tx.
func (tx *Tx) AroundSession(s session.State) (from, to time.Time) {
	from, to = sortAt(s).Add(-around), tx.Now()
	if !s.RequestedAt.IsZero() {
		from = s.RequestedAt.Add(-around)
	}
	if !s.EndedAt.IsZero() {
		// What the idle fee hangs on comes after the stop.
		to = s.EndedAt
		for _, t := range []time.Time{s.Inner.PluggedUntil, s.Inner.Unplugged} {
			if t.After(to) {
				to = t
			}
		}
		to = to.Add(around)
	}
	return from, to
}

// FramesOf are the frames of a session's time line: its own reports, and what else
// its point and we said around it.
func (tx *Tx) FramesOf(s session.State, limit int) ([]session.Frame, error) {
	from, to := tx.AroundSession(s)
	events, err := tx.EventsOf(s, limit)
	if err != nil {
		return nil, err
	}
	rows, err := all(tx, qFrames, scanFrame, s.Point, from, to, limit)
	if err != nil {
		return nil, err
	}
	frames, err := tx.openFrames(s, "frames.raw_sealed", rows)
	return append(events, frames...), err
}

func (tx *Tx) openFrames(s session.State, column string, rows []frameRow) ([]session.Frame, error) {
	out := make([]session.Frame, 0, len(rows))
	for _, r := range rows {
		var err error
		if r.Payload, err = tx.Open(s.Operator, column, r.sealed); err != nil {
			return nil, err
		}
		if r.flaws != "" {
			r.Flaws = strings.Split(r.flaws, "\n")
		}
		out = append(out, r.Frame)
	}
	return out, nil
}

// InsertAttempt keeps a start attempt.
func (tx *Tx) InsertAttempt(a session.Attempt) error {
	sealed, err := tx.SealText(a.Operator, "start_attempts.token_sealed", a.TokenUID)
	if err != nil {
		return err
	}
	hash, err := tx.SearchHash(a.Operator, ident.NormalToken(a.TokenUID))
	if err != nil {
		return err
	}
	return tx.later(qAttemptInsert, nil, a.ID, a.Operator, a.Sub, a.Point, a.Connector, a.Kind, sealed, hash, a.Token, a.Driver,
		a.Session, a.Decision, a.Reason, a.At)
}

// AskedSince implements session.Tx.
func (tx *Tx) AskedSince(p ident.ChargePoint, op ident.Operator, token string, since time.Time) (bool, error) {
	hash, err := tx.SearchHash(op, ident.NormalToken(token))
	if err != nil {
		return false, err
	}
	n, err := scalar[int64](tx, qAsked, op, hash, since, p)
	return n > 0, err
}

type attemptRow struct {
	session.AttemptRow
	sealed Sealed
}

// AttemptList lists start attempts, newest first.
func (tx *Tx) AttemptList(f session.AttemptFilter, p operator.Page) (operator.List[session.AttemptRow], error) {
	var hash []byte
	if f.TokenUID != "" {
		var err error
		if hash, err = tx.SearchHash(tx.scope.Operator(), ident.NormalToken(f.TokenUID)); err != nil {
			return operator.List[session.AttemptRow]{}, err
		}
	}
	l, err := list(tx, qAttempts, pageOf(p), func(r *Row, a *attemptRow) error {
		return r.Scan(&a.ID, &a.At, &a.Operator, &a.Sub, &a.Point, &a.Connector, &a.Kind, &a.sealed, &a.Token, &a.Driver, &a.Session,
			&a.Decision, &a.Reason, &a.Site, &a.SiteName, &a.TimeZone, &a.PointName)
	}, optIf(!f.Point.IsZero(), "point", f.Point), optIf(!f.Session.IsZero(), "session", f.Session),
		optIf(hash != nil, "token", hash), optIf(!f.From.IsZero(), "from", f.From), optIf(!f.To.IsZero(), "to", f.To),
		optIf(len(f.Decisions) > 0, "decisions", f.Decisions), phrase("point_name", f.PointName))
	out := operator.List[session.AttemptRow]{Next: l.Next, Total: l.Total, Capped: l.Capped}
	if err != nil {
		return out, err
	}
	for _, a := range l.Items {
		if a.TokenUID, err = tx.OpenText(a.Operator, "start_attempts.token_sealed", a.sealed); err != nil {
			return out, err
		}
		out.Items = append(out.Items, a.AttemptRow)
	}
	return out, nil
}
