package store

import "time"

var _ = table("idempotency", own,
	plain("operator_id sub_operator_id actor key body_hash status created_at"),
	personal("answer_sealed", "answers to requests", "24 hours from created_at", "delete row"))

var qAnswerPrune = stmt(`DELETE FROM idempotency WHERE {{scope idempotency idempotency}} AND created_at < ?`)

// answerHash hides the body and is keyed, because bodies are small and could be guessed.
func (tx *Tx) answerHash(body []byte) []byte { return tx.store.keys.tag("idempotency", body) }

// PruneAnswers forgets answers older than the instant.
func (tx *Tx) PruneAnswers(before time.Time) (int64, error) { return tx.exec(qAnswerPrune, before) }
