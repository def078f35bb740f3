package store

import (
	"encoding/json"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/session"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

const (
	tokenRetention = "24 months after the session"
	frameRetention = "90 days"
)

var (
	_ = table("sessions", own,
		plain(`id operator_id sub_operator_id rev site_id point_id connector ocpp_id foreign_id phase live source
			account_id plan_id plan_number currency zone max_power_w hold requested_at started_at sort_at start_device_at
			start_epoch start_message start_answer meter_start_wh ended_at stop_device_at meter_stop_wh real_stop
			stop_reported_id stop_reason closed_by energy_wh cost bill billed_at captured debt adjusted flags due_at state plan_choice`),
		personal("token_sealed token_hash token_id driver_id", "identifier", tokenRetention, "overwrite"))
	_ = table("running_tokens", wideWrite, plain("session_id operator_id sub_operator_id"),
		personal("token_id", "identifier", "while the session runs", "delete row"))

	sessionNumbers = sequence("session_ocpp_id", 1)
)

// Where a running session stands is in its newest sample, if that is newer than the
// session's own row (session_measured.go).
const sessionColumns = `s.id, s.operator_id, s.sub_operator_id, s.rev, s.site_id, s.point_id, s.connector, s.ocpp_id,
	s.foreign_id, s.phase, s.source, s.token_sealed, s.token_id, s.driver_id, s.account_id, s.plan_id, s.plan_number,
	s.currency, s.zone, s.max_power_w, s.hold, s.requested_at, s.started_at, s.start_device_at, s.start_epoch, s.start_message,
	s.start_answer, s.meter_start_wh, s.ended_at, s.stop_device_at, s.meter_stop_wh, s.real_stop, s.stop_reported_id, s.stop_reason,
	s.closed_by, s.energy_wh, s.cost, s.bill, s.billed_at, s.captured, s.debt, s.adjusted, s.flags, s.due_at, s.state, ` + newestState

const newestState = `CASE WHEN s.live = 1 THEN (SELECT n.state FROM session_samples n WHERE {{scope session_samples n}}
	AND n.session_id = s.id AND n.number > s.rev AND n.ordinal = 0 ORDER BY n.number DESC LIMIT 1) END`

var (
	qSessionInsert = stmt(`INSERT INTO sessions (id, operator_id, sub_operator_id, rev, site_id, point_id, connector,
		ocpp_id, foreign_id, phase, live, source, token_sealed, token_hash, token_id, driver_id, account_id, plan_id,
		plan_number, currency, zone, max_power_w, hold, requested_at, started_at, sort_at, start_device_at, start_epoch,
		start_message, start_answer, meter_start_wh, ended_at, stop_device_at, meter_stop_wh, real_stop, stop_reported_id,
		stop_reason, closed_by, energy_wh, cost, bill, billed_at, captured, debt, adjusted, flags, due_at, state, plan_choice)
		VALUES (?, {{own sessions}}, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
		?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qSessionSave = stmt(`UPDATE sessions SET rev = ?, connector = ?, ocpp_id = ?, phase = ?, live = ?,
		token_sealed = ?, token_hash = ?, token_id = ?, driver_id = ?, account_id = ?, plan_id = ?, plan_number = ?, currency = ?, hold = ?,
		started_at = ?, sort_at = ?, start_device_at = ?, start_epoch = ?, start_message = ?, start_answer = ?, meter_start_wh = ?,
		ended_at = ?, stop_device_at = ?, meter_stop_wh = ?, real_stop = ?, stop_reported_id = ?, stop_reason = ?, closed_by = ?,
		energy_wh = ?, cost = ?, bill = ?, billed_at = ?, captured = ?, debt = ?, adjusted = ?, flags = ?, due_at = ?, state = ?
		WHERE {{scope sessions sessions}} AND id = ? AND rev <= ?`)
	// The row of a number in the samples is what two writers of a session meet at.
	qSessionStep = stmt(`INSERT INTO session_samples (session_id, number, ordinal, operator_id, sub_operator_id, device_at, context, at,
		received_at, clock_offset_us, has, register_wh, power_w, current_ma, voltage_mv, soc_permille, event_id, state)
		VALUES (?, ?, 0, {{own session_samples}}, 0, '', ?, ?, 0, NULL, 0, 0, 0, 0, 0, ?, ?) ON CONFLICT DO NOTHING`)
	qChoice           = stmt(`SELECT s.plan_choice FROM sessions s WHERE {{scope sessions s}} AND s.id = ?`)
	qChoiceSave       = stmt(`UPDATE sessions SET plan_choice = ? WHERE {{scope sessions sessions}} AND id = ?`)
	qSession          = stmt(`SELECT ` + sessionColumns + ` FROM sessions s WHERE {{scope sessions s}} AND s.id = ?`)
	qSessionByOCPP    = stmt(`SELECT ` + sessionColumns + ` FROM sessions s WHERE {{scope sessions s key}} AND s.ocpp_id = ? AND s.ocpp_id > 0 AND s.point_id = ?`)
	qSessionByForeign = stmt(`SELECT ` + sessionColumns + ` FROM sessions s WHERE {{scope sessions s key}} AND s.point_id = ?
		AND s.foreign_id = ? AND s.foreign_id > 0 ORDER BY s.sort_at DESC LIMIT 1`)
	qSessionByStart = stmt(`SELECT ` + sessionColumns + ` FROM sessions s WHERE {{scope sessions s key}} AND s.point_id = ?
		AND s.connector = ? AND s.token_hash = ? AND s.start_device_at = ? AND s.meter_start_wh = ? AND s.real_stop = 0 AND s.ocpp_id > 0`)
	qSessionByMessage = stmt(`SELECT ` + sessionColumns + ` FROM sessions s WHERE {{scope sessions s key}} AND s.point_id = ?
		AND s.start_epoch = ? AND s.start_message = ? ORDER BY s.sort_at DESC LIMIT 1`)
	qSessionByStop = stmt(`SELECT ` + sessionColumns + ` FROM sessions s WHERE {{scope sessions s key}} AND s.point_id = ?
		AND s.stop_device_at = ? AND s.meter_stop_wh = ? AND s.stop_reported_id = ? AND s.real_stop = 1 ORDER BY s.sort_at DESC LIMIT 1`)
	qSessionsLive = stmt(`SELECT ` + sessionColumns + ` FROM sessions s WHERE {{scope sessions s key}} AND s.point_id = ?
		AND s.live = 1 ORDER BY s.sort_at DESC LIMIT 50`)
	qSessionsBegan = stmt(`SELECT ` + sessionColumns + ` FROM sessions s WHERE {{scope sessions s}} AND s.point_id = ?
		AND s.sort_at >= ? AND s.sort_at < ? AND s.connector = ? ORDER BY s.sort_at, s.id LIMIT ?`)
	qSessionsDue = stmt(`SELECT s.id, s.operator_id, s.due_at, ` + newestState + ` FROM sessions s
		WHERE {{scope sessions s key}} AND s.due_at <= ? ORDER BY s.due_at LIMIT ?`)
	qSessionPostpone = stmt(`UPDATE sessions SET due_at = ? WHERE {{scope sessions sessions}} AND id = ? AND due_at = ?`)

	qRunningInsert = stmt(`INSERT INTO running_tokens (session_id, operator_id, sub_operator_id, token_id)
		VALUES (?, {{own running_tokens}}, ?) ON CONFLICT DO NOTHING`)
	qRunningDelete = stmt(`DELETE FROM running_tokens WHERE {{scope running_tokens running_tokens key}} AND session_id = ?`)
	qRunningCount  = stmt(`SELECT count(*) FROM running_tokens r WHERE {{scope running_tokens r key}} AND r.token_id = ?`)
)

func scanSession(r *Row, s *sessionRow) error {
	return r.Scan(&s.ID, &s.Operator, &s.Sub, &s.Rev, &s.Site, &s.Point, &s.Connector, &s.OCPPID, &s.ForeignID, &s.Phase,
		&s.Source, &s.token, &s.Token, &s.Driver, &s.Wallet, &s.Plan, &s.PlanNumber, &s.Currency, &s.Zone, &s.MaxPower,
		&s.HoldAmount.Minor, &s.RequestedAt, &s.StartedAt, &s.StartDevice, &s.StartEpoch, &s.StartMsgID, &s.StartAnswer,
		&s.MeterStart, &s.EndedAt, &s.StopDevice, &s.MeterStop, &s.RealStop, &s.StopID, &s.StopReason, &s.ClosedBy, &s.Energy,
		&s.Cost.Minor, &s.bill, &s.BilledAt, &s.Captured.Minor, &s.Debt.Minor, &s.Adjusted, &s.flags, &s.DueAt, &s.state, &s.newest)
}

// sessionRow is a session with what must be opened or decoded after the row is read.
type sessionRow struct {
	session.State
	token         Sealed
	bill, flags   string
	state, newest []byte
}

func (tx *Tx) session(r sessionRow) (session.State, error) {
	s := r.State
	for _, a := range []*money.Amount{&s.HoldAmount, &s.Cost, &s.Captured, &s.Debt} {
		a.Currency = s.Currency
	}
	var err error
	if s.TokenUID, err = tx.OpenText(s.Operator, "sessions.token_sealed", r.token); err != nil {
		return s, err
	}
	if r.newest != nil {
		r.state = r.newest
	}
	if err := s.ReadRunning(r.state); err != nil {
		return s, err
	}
	if r.flags != noFlags {
		if err := json.Unmarshal([]byte(r.flags), &s.Flags); err != nil {
			return s, err
		}
	}
	if r.bill != "" {
		s.Bill = new(tariff.Bill)
		if err := json.Unmarshal([]byte(r.bill), s.Bill); err != nil {
			return s, err
		}
	}
	return s, nil
}

// sessionArgs are the encoded columns of a session.
func (tx *Tx) sessionArgs(s session.State) (sealed Sealed, hash []byte, flags string, bill any, err error) {
	if sealed, err = tx.SealText(s.Operator, "sessions.token_sealed", s.TokenUID); err != nil {
		return
	}
	if hash, err = tx.SearchHash(s.Operator, ident.NormalToken(s.TokenUID)); err != nil {
		return
	}
	flags = noFlags
	if len(s.Flags) > 0 {
		var b []byte
		if b, err = json.Marshal(s.Flags); err != nil {
			return
		}
		flags = string(b)
	}
	if s.Bill != nil {
		var b []byte
		b, err = json.Marshal(s.Bill)
		bill = string(b)
	}
	return
}

const noFlags = "[]"

func sortAt(s session.State) time.Time {
	if s.StartedAt.IsZero() {
		return s.RequestedAt
	}
	return s.StartedAt
}

// NextOCPPID gives the next transactionId of the platform.
func (tx *Tx) NextOCPPID() (int32, error) {
	n, err := tx.Next(sessionNumbers)
	return int32(n), err
}

// InsertSession writes a new session. A start that somebody else wrote at the same
// moment is a stale write: the caller looks again and finds it.
func (tx *Tx) InsertSession(s session.State) error {
	sealed, hash, flags, bill, err := tx.sessionArgs(s)
	if err != nil {
		return err
	}
	choice, err := choiceColumn(s.Choice)
	if err != nil {
		return err
	}
	taken := func(_ int64, err error) error {
		if duplicate(err, "sessions_start") {
			return fault.Stale(0, 0)
		}
		return err
	}
	err = tx.later(qSessionInsert, taken, s.ID, s.Operator, s.Sub, s.Site, s.Point, s.Connector, s.OCPPID, s.ForeignID, s.Phase,
		s.Live(), s.Source, sealed, hash, s.Token, s.Driver, s.Wallet, s.Plan, s.PlanNumber, s.Currency, s.Zone, s.MaxPower,
		s.HoldAmount.Minor, s.RequestedAt, s.StartedAt, sortAt(s), s.StartDevice, s.StartEpoch, s.StartMsgID, s.StartAnswer,
		s.MeterStart, s.EndedAt, s.StopDevice, s.MeterStop, s.RealStop, s.StopID, s.StopReason, s.ClosedBy, s.Energy,
		s.Cost.Minor, bill, s.BilledAt, s.Captured.Minor, s.Debt.Minor, s.Adjusted, flags, s.DueAt, s.AppendRunning(nil), choice)
	if err != nil {
		return err
	}
	tx.sessionChanged(s)
	if s.Runs() {
		return tx.SetRunning(s, true)
	}
	return nil
}

// choiceColumn is nil where nothing was chosen from.
func choiceColumn(c tariff.Choice) (any, error) {
	if len(c.Candidates) == 0 {
		return nil, nil
	}
	b, err := json.Marshal(c)
	return string(b), err
}

// ChoiceOf implements session.Tx.
func (tx *Tx) ChoiceOf(id ident.Session) (c tariff.Choice, ok bool, err error) {
	text, err := one(tx, "session", qChoice, func(r *Row, text *string) error { return r.Scan(text) }, id)
	if err != nil || text == "" {
		return c, false, err
	}
	return c, true, json.Unmarshal([]byte(text), &c)
}

// SaveChoice implements session.Tx.
func (tx *Tx) SaveChoice(id ident.Session, c tariff.Choice) error {
	text, err := choiceColumn(c)
	if err != nil {
		return err
	}
	return tx.execOne("session", qChoiceSave, text, id)
}

// SaveSession writes a session where nobody else did meanwhile.
func (tx *Tx) SaveSession(s session.State) error {
	if err := tx.step(&s, nil); err != nil {
		return err
	}
	sealed, hash, flags, bill, err := tx.sessionArgs(s)
	if err != nil {
		return err
	}
	return tx.later(qSessionSave, mustTouch(1, fault.Stale(0, s.Rev-1)), s.Rev, s.Connector, s.OCPPID, s.Phase, s.Live(), sealed, hash, s.Token, s.Driver, s.Wallet, s.Plan,
		s.PlanNumber, s.Currency, s.HoldAmount.Minor, s.StartedAt, sortAt(s), s.StartDevice, s.StartEpoch, s.StartMsgID, s.StartAnswer,
		s.MeterStart, s.EndedAt, s.StopDevice, s.MeterStop, s.RealStop, s.StopID, s.StopReason, s.ClosedBy, s.Energy,
		s.Cost.Minor, bill, s.BilledAt, s.Captured.Minor, s.Debt.Minor, s.Adjusted, flags, s.DueAt, s.AppendRunning(nil), s.ID, s.Rev)
}

// SaveMetered writes what a meter value changes, where nobody else wrote meanwhile.
func (tx *Tx) SaveMetered(s session.State) error {
	next := s
	next.Rev++
	return tx.step(&s, next.AppendRunning(nil))
}

// step takes the session's next number; state is nil where the session's own row has it.
func (tx *Tx) step(s *session.State, state []byte) error {
	err := tx.later(qSessionStep, mustTouch(1, fault.Stale(0, s.Rev)), s.ID, s.Rev+1, s.Operator, s.Sub, tx.Now(), tx.Now(), ident.Event{}, state)
	if err != nil {
		return err
	}
	s.Rev++
	tx.sessionChanged(*s)
	return nil
}

// TopicSessions is the topic of changed sessions.
const TopicSessions = "sessions"

func (tx *Tx) sessionChanged(s session.State) {
	tx.Changed(Change{Topic: TopicSessions, Operator: s.Operator, Sub: s.Sub, ID: s.ID.String(), Point: s.Point})
}

// SetRunning keeps the register of tokens in use.
func (tx *Tx) SetRunning(s session.State, runs bool) error {
	if s.Token.IsZero() {
		return nil
	}
	if runs {
		return tx.later(qRunningInsert, nil, s.ID, s.Operator, s.Sub, s.Token)
	}
	return tx.later(qRunningDelete, nil, s.ID)
}

// RunningOfToken counts a token's sessions that run or are about to.
func (tx *Tx) RunningOfToken(t ident.Token) (int, error) {
	n, err := scalar[int64](tx, qRunningCount, t)
	return int(n), err
}

// SessionByID reads a session.
func (tx *Tx) SessionByID(id ident.Session) (session.State, error) {
	r, err := one(tx, "session", qSession, scanSession, id)
	if err != nil {
		return session.State{}, err
	}
	return tx.session(r)
}

func (tx *Tx) maybeSession(q *Stmt, args ...any) (session.State, bool, error) {
	r, ok, err := maybe(tx, q, scanSession, args...)
	if err != nil || !ok {
		return session.State{}, false, err
	}
	s, err := tx.session(r)
	return s, err == nil, err
}

// SessionByOCPPID finds a point's session by the number that its reports carry.
func (tx *Tx) SessionByOCPPID(p ident.ChargePoint, id int64) (session.State, bool, error) {
	s, ok, err := tx.maybeSession(qSessionByOCPP, id, p)
	if err != nil || ok {
		return s, ok, err
	}
	return tx.maybeSession(qSessionByForeign, p, id)
}

// SessionByStart finds the session without a real stop that this start made.
func (tx *Tx) SessionByStart(k session.StartKey) (session.State, bool, error) {
	hash, err := tx.SearchHash(k.Operator, k.TokenUID)
	if err != nil {
		return session.State{}, false, err
	}
	return tx.maybeSession(qSessionByStart, k.Point, k.Connector, hash, k.Device, k.Register)
}

// SessionByStartMessage finds what the same message on the same socket made.
func (tx *Tx) SessionByStartMessage(p ident.ChargePoint, epoch int64, messageID string) (session.State, bool, error) {
	return tx.maybeSession(qSessionByMessage, p, epoch, messageID)
}

// SessionByStop finds what this very stop ended.
func (tx *Tx) SessionByStop(p ident.ChargePoint, device time.Time, register unit.Wh, reportedID int64) (session.State, bool, error) {
	return tx.maybeSession(qSessionByStop, p, device, register, reportedID)
}

// LiveSessions are a point's sessions that a report may still change.
func (tx *Tx) LiveSessions(p ident.ChargePoint) ([]session.State, error) {
	return tx.sessions(all(tx, qSessionsLive, scanSession, p))
}

// SessionsBegan implements session.Tx. sort_at is the begin of what has begun.
func (tx *Tx) SessionsBegan(p ident.ChargePoint, connector int, from, to time.Time, limit int) ([]session.State, error) {
	return tx.sessions(all(tx, qSessionsBegan, scanSession, p, from, to, connector, limit))
}

func (tx *Tx) sessions(rows []sessionRow, err error) ([]session.State, error) {
	if err != nil {
		return nil, err
	}
	out := make([]session.State, len(rows))
	for i, r := range rows {
		if out[i], err = tx.session(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// DueSessions implements session.Tx.
func (tx *Tx) DueSessions(now time.Time, limit int) ([]session.DueSession, error) {
	return all(tx, qSessionsDue, func(r *Row, d *session.DueSession) error {
		var newest []byte
		if err := r.Scan(&d.ID, &d.Operator, &d.SavedDue, &newest); err != nil {
			return err
		}
		d.DueAt = d.SavedDue
		if newest == nil {
			return nil
		}
		var s session.State
		err := s.ReadRunning(newest)
		d.DueAt = s.DueAt
		return err
	}, now, limit)
}

// Postpone implements session.Tx. A session that was saved since keeps what it was
// saved with.
func (tx *Tx) Postpone(due []session.DueSession) error {
	rows := make([][]any, len(due))
	for i, d := range due {
		rows[i] = []any{d.DueAt, d.ID, d.SavedDue}
	}
	return tx.execMany(qSessionPostpone, rows)
}
