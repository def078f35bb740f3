package store

import (
	"ccms/internal/ident"
	"ccms/internal/session"
)

var _ = table("session_reviews", own, plain(`session_id operator_id sub_operator_id void energy_wh started_at ended_at driver_id decided_by decided_at
		was_energy_wh was_started_at was_ended_at`),
	personal("reason_sealed", "behaviour", "ten years, as the books", "drop key"))

const reviewReason = "session_reviews.reason_sealed"

var (
	qReviewInsert = stmt(`INSERT INTO session_reviews (session_id, operator_id, sub_operator_id, void, energy_wh, started_at, ended_at, driver_id,
			reason_sealed, decided_by, decided_at, was_energy_wh, was_started_at, was_ended_at)
		VALUES (?, {{own session_reviews}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qReview = stmt(`SELECT v.operator_id, v.sub_operator_id, v.void, v.energy_wh, v.started_at, v.ended_at, v.driver_id, v.reason_sealed, v.decided_by,
			v.decided_at, v.was_energy_wh, v.was_started_at, v.was_ended_at
		FROM session_reviews v WHERE {{scope session_reviews v}} AND v.session_id = ?`)
)

// InsertReview implements session.Tx.
func (tx *Tx) InsertReview(r session.Review) error {
	reason, err := tx.SealText(r.Operator, reviewReason, r.Reason)
	if err != nil {
		return err
	}
	var energy any
	if r.Energy != nil {
		energy = *r.Energy
	}
	_, err = tx.exec(qReviewInsert, r.Session, r.Operator, r.Sub, r.Void, energy, r.From, r.To, r.Driver, reason, r.By, r.At, r.Was, r.Began, r.Ended)
	return err
}

// ReviewOf implements session.Tx.
func (tx *Tx) ReviewOf(id ident.Session) (session.Review, bool, error) {
	var reason Sealed
	r, ok, err := maybe(tx, qReview, func(row *Row, r *session.Review) error {
		return row.Scan(&r.Operator, &r.Sub, &r.Void, &r.Energy, &r.From, &r.To, &r.Driver, &reason, &r.By, &r.At, &r.Was, &r.Began, &r.Ended)
	}, id)
	if err != nil || !ok {
		return r, ok, err
	}
	r.Session = id
	r.Reason, err = tx.OpenText(r.Operator, reviewReason, reason)
	return r, true, err
}
