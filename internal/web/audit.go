package web

import (
	"context"
	"encoding/json"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// AuditRow is one thing somebody did.
type AuditRow struct {
	ID          int64             `json:"id"`
	At          time.Time         `json:"at"`
	StaffID     ident.Staff       `json:"staff_id,omitzero" doc:"Absent: no person."`
	ChargePoint ident.ChargePoint `json:"charge_point_id,omitzero"`
	OnBehalfOf  ident.Operator    `json:"on_behalf_of,omitzero" doc:"Platform staff acted inside this operator."`
	IP          string            `json:"ip,omitempty" export:"pii"`
	RequestID   string            `json:"request_id,omitempty"`
	Action      string            `json:"action" example:"site.created"`
	Object      string            `json:"object" doc:"Id of what it was done to."`
	Reason      string            `json:"reason,omitempty" export:"pii"`
	Before      json.RawMessage   `json:"before,omitempty" doc:"Absent without the permission pii.view." export:"pii"`
	After       json.RawMessage   `json:"after,omitempty" doc:"Absent without the permission pii.view." export:"pii"`
}

type auditInput struct {
	Paging
	Action string      `query:"action" maxLength:"60"`
	Object string      `query:"object" maxLength:"60"`
	Staff  ident.Staff `query:"staff_id"`
	From   time.Time   `query:"from" doc:"At or after."`
	To     time.Time   `query:"to" doc:"Before."`
}

func (h *handlers) listAudit(ctx context.Context, in *auditInput) (*found[AuditRow], error) {
	l, err := h.svc.Operator.Audit(ctx, scopeOf(ctx), operator.AuditFilter{Action: in.Action, Object: in.Object, Staff: in.Staff, From: in.From, To: in.To}, in.page())
	if err != nil {
		return nil, err
	}
	open := callerOf(ctx).May(authz.PIIView)
	return foundOf(l, func(a operator.AuditRow) AuditRow {
		row := AuditRow{ID: a.ID, At: at(a.At), StaffID: a.Staff, ChargePoint: a.Point, OnBehalfOf: a.OnBehalfOf, IP: a.IP,
			RequestID: a.RequestID, Action: a.Action, Object: a.Object, Reason: a.Reason}
		if open {
			row.Before, row.After = a.Before, a.After
		}
		return row
	}), nil
}
