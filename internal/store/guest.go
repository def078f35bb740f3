package store

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/pay"
)

// A charge is no person's: who has the secret is not known here.
var _ = table("guests", wideWrite, plain(`id operator_id sub_operator_id rev secret_hash site_id point_id connector account_id hold_id rest_id
	session_id plan_id plan_number method amount currency state failure_code failure_text failure_retry began_at until_at ended_at due_at`))

const guestCols = `g.id, g.operator_id, g.sub_operator_id, g.rev, g.secret_hash, g.site_id, g.point_id, g.connector, g.account_id, g.hold_id, g.rest_id,
	g.session_id, g.plan_id, g.plan_number, g.method, g.amount, g.currency, g.state, g.failure_code, g.failure_text, g.failure_retry, g.began_at,
	g.until_at, g.ended_at, g.due_at`

var (
	qGuestInsert = stmt(`INSERT INTO guests (id, operator_id, sub_operator_id, rev, secret_hash, site_id, point_id, connector, account_id, hold_id,
			rest_id, session_id, plan_id, plan_number, method, amount, currency, state, failure_code, failure_text, failure_retry, began_at,
			until_at, ended_at, due_at)
		VALUES (?, {{own guests}}, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qGuestSave = stmt(`UPDATE guests SET rev = rev + 1, point_id = ?, connector = ?, rest_id = ?, session_id = ?, plan_id = ?,
			plan_number = ?, state = ?, failure_code = ?, failure_text = ?, failure_retry = ?, until_at = ?, ended_at = ?, due_at = ?
		WHERE {{scope guests guests}} AND id = ? AND rev = ?`)
	qGuest         = stmt(`SELECT ` + guestCols + ` FROM guests g WHERE {{scope guests g}} AND g.id = ?`)
	qGuestLock     = stmt(`SELECT ` + guestCols + ` FROM guests g WHERE {{scope guests g}} AND g.id = ? {{lock}}`)
	qGuestBySecret = stmt(`SELECT ` + guestCols + ` FROM guests g WHERE {{scope guests g key}} AND g.secret_hash = ?`)
	qGuestsDue     = stmt(`SELECT g.id, g.operator_id FROM guests g WHERE {{scope guests g}} AND g.due_at <= ? ORDER BY g.due_at LIMIT ?`)
	qWakeHold      = stmt(`UPDATE guests SET due_at = ? WHERE {{scope guests guests key}} AND hold_id = ?`)
	qWakeRest      = stmt(`UPDATE guests SET due_at = ? WHERE {{scope guests guests key}} AND rest_id = ?`)
	qWakeSession   = stmt(`UPDATE guests SET due_at = ? WHERE {{scope guests guests key}} AND session_id = ?`)
	qPointByCode   = stmt(`SELECT ` + pointCols + ` FROM charge_points p WHERE {{scope charge_points p key}} AND (p.operator_id = ?) IS TRUE AND p.code = ?`)
)

func scanGuest(r *Row, g *pay.Guest) error {
	return r.Scan(&g.ID, &g.Operator, &g.Sub, &g.Version, &g.Hash, &g.Site, &g.Point, &g.Connector, &g.Account, &g.Hold, &g.Rest, &g.Session, &g.Plan,
		&g.PlanNumber, &g.Method, &g.Amount, &g.State, &g.Failure.Code, &g.Failure.Text, &g.Failure.Retryable, &g.At, &g.Until, &g.EndedAt, &g.DueAt)
}

// InsertGuest implements pay.Tx.
func (tx *Tx) InsertGuest(g pay.Guest) error {
	_, err := tx.exec(qGuestInsert, g.ID, g.Operator, g.Sub, g.Hash, g.Site, g.Point, g.Connector, g.Account, g.Hold, g.Rest, g.Session, g.Plan,
		g.PlanNumber, g.Method, g.Amount, g.State, g.Failure.Code, g.Failure.Text, g.Failure.Retryable, g.At, g.Until, g.EndedAt, g.DueAt)
	if duplicate(err, "guests_secret") {
		return fault.New(fault.Conflict, "guest_known", "This charge has begun already.")
	}
	return err
}

// SaveGuest implements pay.Tx.
func (tx *Tx) SaveGuest(g pay.Guest) error {
	n, err := tx.exec(qGuestSave, g.Point, g.Connector, g.Rest, g.Session, g.Plan, g.PlanNumber, g.State, g.Failure.Code, g.Failure.Text,
		g.Failure.Retryable, g.Until, g.EndedAt, g.DueAt, g.ID, g.Version)
	if err == nil && n == 0 {
		return fault.Stale(0, g.Version)
	}
	return err
}

// LockGuest implements pay.Tx.
func (tx *Tx) LockGuest(id ident.Guest) (pay.Guest, error) {
	return one(tx, "charge", qGuestLock, scanGuest, id)
}

// GuestByID implements pay.Tx.
func (tx *Tx) GuestByID(id ident.Guest) (pay.Guest, error) {
	return one(tx, "charge", qGuest, scanGuest, id)
}

// GuestBySecret implements pay.Tx.
func (tx *Tx) GuestBySecret(hash []byte) (pay.Guest, bool, error) {
	return maybe(tx, qGuestBySecret, scanGuest, hash)
}

// DueGuests implements pay.Tx.
func (tx *Tx) DueGuests(now time.Time, limit int) ([]pay.DueGuest, error) {
	return all(tx, qGuestsDue, func(r *Row, d *pay.DueGuest) error { return r.Scan(&d.ID, &d.Operator) }, now, limit)
}

// WakeGuests implements pay.Tx.
func (tx *Tx) WakeGuests(p ident.Payment, s ident.Session, at time.Time) error {
	if !p.IsZero() {
		for _, q := range []*Stmt{qWakeHold, qWakeRest} {
			if _, err := tx.exec(q, at, p); err != nil {
				return err
			}
		}
	}
	if s.IsZero() {
		return nil
	}
	_, err := tx.exec(qWakeSession, at, s)
	return err
}

// PointByCode implements pay.Tx.
func (tx *Tx) PointByCode(op ident.Operator, code string) (asset.ChargePoint, bool, error) {
	return maybe(tx, qPointByCode, scanPoint, op, code)
}
