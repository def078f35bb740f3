package store

import (
	"encoding/json"
	"fmt"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
)

// An audit row is never changed. before and after may hold personal data and are
// sealed; so is the address.
var _ = table("audit", wideWrite, appendOnly(),
	plain("id xid operator_id sub_operator_id source staff_id on_behalf_of point_id request_id reason action object at"),
	personal("ip_sealed", "identifier", "12 months from at", "drop key"),
	personal("before_sealed after_sealed", "what was changed about a person", "12 months from at", "drop key"))

var qAuditInsert = stmt(`INSERT INTO audit (xid, operator_id, sub_operator_id, source, staff_id, on_behalf_of, point_id, request_id, reason,
		action, object, at, ip_sealed, before_sealed, after_sealed)
	VALUES ({{pg CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT)}}{{lite 0}}, {{own audit}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)

var qAudit = listing(listSpec{
	Cols: `a.id, a.operator_id, a.sub_operator_id, a.source, a.staff_id, a.on_behalf_of, a.point_id, a.request_id, a.reason,
		a.action, a.object, a.at, a.ip_sealed, a.before_sealed, a.after_sealed`,
	From: `audit a`,
	Where: `{{scope audit a}} {{if action}} AND a.action = ? {{end}} {{if object}} AND a.object = ? {{end}}
		{{if staff}} AND a.staff_id = ? {{end}} {{if from}} AND a.at >= ? {{end}} {{if to}} AND a.at < ? {{end}}`,
	ID:    `a.id`,
	Sorts: map[string]string{"at": "a.at"},
	Sort:  "-at",
})

// Audit keeps who changed what, in this commit. The actor is the scope's. before
// and after are JSON-able or nil.
func (tx *Tx) Audit(action, object string, before, after any) error {
	a, op := tx.scope.Actor, tx.scope.Operator()
	seal := func(column string, v any) (Sealed, error) {
		if v == nil {
			return Sealed{}, nil
		}
		b, err := json.Marshal(v)
		if err != nil {
			return Sealed{}, fmt.Errorf("store: audit of %s: %w", action, err)
		}
		return tx.Seal(op, column, b)
	}
	ip, err := tx.SealText(op, "audit.ip_sealed", a.IP)
	if err != nil {
		return err
	}
	old, err := seal("audit.before_sealed", before)
	if err != nil {
		return err
	}
	new, err := seal("audit.after_sealed", after)
	if err != nil {
		return err
	}
	_, err = tx.exec(qAuditInsert, op, tx.scope.Sub(), tx.scope.Source(), a.Staff, a.OnBehalfOf, a.Point, a.RequestID, a.Reason,
		action, object, tx.now, ip, old, new)
	return err
}

// AuditRow is one kept change.
type AuditRow struct {
	ID            int64
	Operator      ident.Operator
	Sub           ident.SubOperator
	Source        authz.Source
	Actor         authz.Actor
	Action        string
	Object        string
	At            time.Time
	Before, After json.RawMessage // nil where there is none
}

// AuditFilter narrows the list; zero fields do not.
type AuditFilter struct {
	Action, Object string
	Staff          ident.Staff
	From, To       time.Time
}

// AuditRows lists what was kept within the scope.
func (tx *Tx) AuditRows(f AuditFilter, page Page) (Listed[AuditRow], error) {
	type sealedRow struct {
		AuditRow
		ip, before, after Sealed
	}
	rows, err := list(tx, qAudit, page, func(r *Row, a *sealedRow) error {
		return r.Scan(&a.ID, &a.Operator, &a.Sub, &a.Source, &a.Actor.Staff, &a.Actor.OnBehalfOf, &a.Actor.Point, &a.Actor.RequestID,
			&a.Actor.Reason, &a.Action, &a.Object, &a.At, &a.ip, &a.before, &a.after)
	},
		optIf(f.Action != "", "action", f.Action), optIf(f.Object != "", "object", f.Object),
		optIf(!f.Staff.IsZero(), "staff", f.Staff), optIf(!f.From.IsZero(), "from", f.From), optIf(!f.To.IsZero(), "to", f.To))
	out := Listed[AuditRow]{Next: rows.Next, Total: rows.Total, Capped: rows.Capped}
	if err != nil {
		return out, err
	}
	for _, s := range rows.Items {
		a := s.AuditRow
		if a.Actor.IP, err = tx.OpenText(a.Operator, "audit.ip_sealed", s.ip); err != nil {
			return out, err
		}
		if a.Before, err = tx.Open(a.Operator, "audit.before_sealed", s.before); err != nil {
			return out, err
		}
		if a.After, err = tx.Open(a.Operator, "audit.after_sealed", s.after); err != nil {
			return out, err
		}
		out.Items = append(out.Items, a)
	}
	return out, nil
}
