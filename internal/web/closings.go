package web

import (
	"context"
	"strings"
	"time"

	"ccms/internal/ident"
	"ccms/internal/ledger"
)

// BookClosing is a month of the books that was closed.
type BookClosing struct {
	ID           ident.Closing `json:"id"`
	Month        string        `json:"month" example:"2026-10"`
	ClosedAt     time.Time     `json:"closed_at"`
	ClosedBy     ident.Staff   `json:"closed_by,omitzero"`
	Reason       string        `json:"reason" export:"pii"`
	ReopenedAt   time.Time     `json:"reopened_at,omitzero" doc:"Absent: it is closed."`
	ReopenedBy   ident.Staff   `json:"reopened_by,omitzero"`
	ReopenReason string        `json:"reopen_reason,omitempty" export:"pii"`
	BookedUntil  time.Time     `json:"booked_until" doc:"The first instant that is open: the end of the month on the operator's clock."`
}

func closingOf(c ledger.Closing) BookClosing {
	return BookClosing{ID: c.ID, Month: c.Month, ClosedAt: at(c.At), ClosedBy: c.By, Reason: c.Reason, ReopenedAt: at(c.ReopenedAt),
		ReopenedBy: c.ReopenedBy, ReopenReason: c.ReopenReason, BookedUntil: at(c.Until)}
}

func (h *handlers) listClosings(ctx context.Context, in *struct{ Paging }) (*found[BookClosing], error) {
	l, err := h.svc.Ledger.Closings(ctx, scopeOf(ctx), in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, closingOf), nil
}

type closeMonthInput struct {
	Body struct {
		Month  string `json:"month" pattern:"^[0-9]{4}-[0-9]{2}$" maxLength:"7" doc:"It and all months before it are closed." example:"2026-10"`
		Reason string `json:"reason" minLength:"1" maxLength:"200"`
	} `nameHint:"BookClosingNew"`
}

func (h *handlers) closeMonth(ctx context.Context, in *closeMonthInput) (*made[BookClosing], error) {
	c, err := h.svc.Ledger.Close(ctx, scopeOf(ctx), in.Body.Month, strings.TrimSpace(in.Body.Reason))
	if err != nil {
		return nil, err
	}
	return madeOf(closingOf(c), 0, ""), nil
}

type reopenMonthInput struct {
	ID   ident.Closing `path:"id"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200"`
	} `nameHint:"BookReopening"`
}

func (h *handlers) reopenMonth(ctx context.Context, in *reopenMonthInput) (*single[BookClosing], error) {
	c, err := h.svc.Ledger.Reopen(ctx, scopeOf(ctx), in.ID, strings.TrimSpace(in.Body.Reason))
	if err != nil {
		return nil, err
	}
	return singleOf(closingOf(c), 0), nil
}
