package store

import (
	"crypto/hmac"
	"fmt"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

var _ = table("idempotency", own,
	plain("operator_id sub_operator_id actor key body_hash status created_at"),
	personal("answer_sealed", "answers to requests", "24 hours from created_at", "delete row"))

var (
	qAnswerInsert = stmt(`INSERT INTO idempotency (operator_id, sub_operator_id, actor, key, body_hash, status, answer_sealed, created_at)
		VALUES ({{own idempotency}}, ?, ?, ?, ?, ?, ?)`)
	qAnswer = stmt(`SELECT i.operator_id, i.body_hash, i.status, i.answer_sealed FROM idempotency i
		WHERE {{scope idempotency i}} AND i.operator_id = ? AND i.actor = ? AND i.key = ?`)
	qAnswerPrune = stmt(`DELETE FROM idempotency WHERE {{scope idempotency idempotency}} AND created_at < ?`)
)

// Answer is the first answer to a request that came with a key.
type Answer struct {
	Status int
	Body   []byte
}

// answerHash hides the body and is keyed, because bodies are small and could be guessed.
func (tx *Tx) answerHash(body []byte) []byte { return tx.store.keys.tag("idempotency", body) }

// Answer looks up what was answered to the actor's key, nil if nothing was. The same
// key with another body is a Conflict.
func (tx *Tx) Answer(actor, key string, body []byte) (*Answer, error) {
	type stored struct {
		op     ident.Operator
		hash   []byte
		status int
		answer Sealed
	}
	a, ok, err := maybe(tx, qAnswer, func(r *Row, a *stored) error {
		return r.Scan(&a.op, &a.hash, &a.status, &a.answer)
	}, tx.scope.Operator(), actor, key)
	if err != nil || !ok {
		return nil, err
	}
	if !hmac.Equal(a.hash, tx.answerHash(body)) {
		return nil, fault.New(fault.Conflict, "idempotency_key_reused", "This Idempotency-Key was used for another request. Use a new one.")
	}
	plain, err := tx.Open(a.op, "idempotency.answer_sealed", a.answer)
	if err != nil {
		return nil, err
	}
	return &Answer{a.status, plain}, nil
}

// KeepAnswer stores the answer in the commit of the effect. When the same request
// runs at the same time in another transaction, this closure runs again and its
// call of Answer then finds the other's.
func (tx *Tx) KeepAnswer(actor, key string, body []byte, status int, answer []byte) error {
	op := tx.scope.Operator()
	sealed, err := tx.Seal(op, "idempotency.answer_sealed", answer)
	if err != nil {
		return err
	}
	_, err = tx.exec(qAnswerInsert, op, tx.scope.Sub(), actor, key, tx.answerHash(body), status, sealed, tx.now)
	if duplicate(err, "idempotency_key") {
		err = fmt.Errorf("%w: %w", errConflict, err)
		tx.failed = err
	}
	return err
}

// PruneAnswers forgets answers older than the instant.
func (tx *Tx) PruneAnswers(before time.Time) (int64, error) { return tx.exec(qAnswerPrune, before) }
