package store

import (
	"encoding/json"
	"fmt"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
)

// Facts and audit rows carry the id of their transaction, because PostgreSQL gives
// row ids before the commit: the order of commits is (xid, id) below the oldest
// transaction that still runs. SQLite has one writer; there xid is 0.

var _ = table("facts", wideWrite, prunable(),
	plain("id xid operator_id sub_operator_id kind version object at recorded_at payload"))

var qFactInsert = stmt(`INSERT INTO facts (xid, operator_id, sub_operator_id, kind, version, object, at, recorded_at, payload)
	VALUES ({{pg CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)}}{{lite 0}}, {{own facts}}, ?, ?, ?, ?, ?, ?)`)

// owner fills in the scope's owner where a fact or job names none.
func owner(sc authz.Scope, op ident.Operator, sub ident.SubOperator) (ident.Operator, ident.SubOperator) {
	if op.IsZero() {
		return sc.Operator(), sc.Sub()
	}
	return op, sub
}

// Record writes facts to the outbox, in this commit.
func (tx *Tx) Record(facts ...fact.Fact) error {
	rows := make([][]any, len(facts))
	for i, f := range facts {
		payload, err := json.Marshal(f.Payload)
		if err != nil {
			return fmt.Errorf("store: payload of %s: %w", f.Kind, err)
		}
		op, sub := owner(tx.scope, f.Operator, f.Sub)
		at := f.At
		if at.IsZero() {
			at = tx.now
		}
		rows[i] = []any{op, sub, f.Kind, f.Version, f.Object, at, tx.now, string(payload)}
	}
	tx.hasFacts = tx.hasFacts || len(facts) > 0
	return tx.laterMany(qFactInsert, rows)
}

// Position is a place in the outbox.
type Position struct{ XID, ID int64 }

// Recorded is a fact as it lies in the outbox.
type Recorded struct {
	Position
	Operator   ident.Operator
	Sub        ident.SubOperator
	Kind       fact.Kind
	Version    int
	Object     string
	At         time.Time
	RecordedAt time.Time
	Payload    json.RawMessage
}

// Only what lies below the oldest running transaction is complete: a transaction
// with a smaller xid may still commit.
var qFactsAfter = stmt(`SELECT f.xid, f.id, f.operator_id, f.sub_operator_id, f.kind, f.version, f.object, f.at, f.recorded_at, f.payload
	FROM facts f WHERE {{scope facts f}} AND (f.xid, f.id) > (?, ?)
	{{pg AND f.xid < CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT)}}
	ORDER BY f.xid, f.id LIMIT ?`)

// FactsAfter reads the next facts behind a position, in the order of commits.
func (tx *Tx) FactsAfter(p Position, limit int) ([]Recorded, error) {
	return all(tx, qFactsAfter, func(r *Row, f *Recorded) error {
		return r.Scan(&f.XID, &f.ID, &f.Operator, &f.Sub, &f.Kind, &f.Version, &f.Object, &f.At, &f.RecordedAt, &f.Payload)
	}, p.XID, p.ID, limit)
}
