package web

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/session"
	"ccms/internal/unit"
)

// SessionReview is what a person decided of a session that waited for one.
type SessionReview struct {
	Verdict   string       `json:"verdict" enum:"bill,void"`
	Reason    string       `json:"reason"`
	By        ident.Staff  `json:"by"`
	ByName    string       `json:"by_name" doc:"Name of the account, or its id where the name is out of reach."`
	At        time.Time    `json:"at"`
	Energy    *unit.Wh     `json:"energy_wh,omitempty" doc:"As it was corrected."`
	StartedAt time.Time    `json:"started_at,omitzero" doc:"As it was corrected."`
	EndedAt   time.Time    `json:"ended_at,omitzero" doc:"As it was corrected."`
	DriverID  ident.Driver `json:"driver_id,omitzero" doc:"Who was made to pay."`
	Before    ReviewBefore `json:"before"`
}

// ReviewBefore is what the record said before.
type ReviewBefore struct {
	Energy    unit.Wh   `json:"energy_wh"`
	StartedAt time.Time `json:"started_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
}

type reviewInput struct {
	SessionPath
	Key  string `header:"Idempotency-Key" hidden:"true"`
	Body struct {
		Verdict   string       `json:"verdict" enum:"bill,void" doc:"bill takes what the record comes to, with the corrections that are given; void takes nothing and gives back what was taken."`
		Energy    *unit.Wh     `json:"energy_wh,omitempty" minimum:"0" doc:"What was delivered, if not what the record says."`
		StartedAt time.Time    `json:"started_at,omitzero" doc:"When it was, if not when the record says; together with ended_at."`
		EndedAt   time.Time    `json:"ended_at,omitzero"`
		DriverID  ident.Driver `json:"driver_id,omitzero" doc:"Who pays, where nobody does."`
		Reason    string       `json:"reason" minLength:"1" maxLength:"200"`
	} `nameHint:"SessionReviewNew"`
}

func (h *handlers) reviewSession(ctx context.Context, in *reviewInput) (*single[SessionDetail], error) {
	c := callerOf(ctx)
	err := h.svc.Session.Review(ctx, c.Scope, session.Review{
		Session: in.ID, Void: in.Body.Verdict == "void", Energy: in.Body.Energy, From: in.Body.StartedAt, To: in.Body.EndedAt,
		Driver: in.Body.DriverID, Reason: in.Body.Reason, By: c.Staff.ID,
	})
	if err != nil {
		return nil, err
	}
	return h.getSession(ctx, &in.SessionPath)
}

// review adds what was decided, and whether something is to be.
func (h *handlers) review(ctx context.Context, out *SessionDetail, st *session.State) error {
	c := callerOf(ctx)
	out.CanReview = st.Phase == session.Abnormal && c.May(authz.FinanceWrite)
	if !st.Has(session.FlagReviewed) || !c.May(authz.FinanceRead) {
		return nil
	}
	r, ok, err := h.svc.Session.ReviewOf(ctx, c.Scope, st.ID)
	if err != nil || !ok {
		return err
	}
	v := SessionReview{Verdict: "bill", Reason: r.Reason, By: r.By, ByName: h.names(ctx, c.Scope).of(r.By.String()), At: at(r.At), Energy: r.Energy,
		StartedAt: at(r.From), EndedAt: at(r.To), DriverID: r.Driver,
		Before: ReviewBefore{Energy: r.Was, StartedAt: at(r.Began), EndedAt: at(r.Ended)}}
	if r.Void {
		v.Verdict = "void"
	}
	out.Review = &v
	return nil
}
