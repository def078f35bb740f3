package web

import (
	"context"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/session"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// PriceComparisonBody asks what finished sessions would have cost under a plan.
type PriceComparisonBody struct {
	PlanID        ident.Plan        `json:"plan_id,omitzero" doc:"One of this and plan."`
	PlanVersion   int               `json:"plan_version,omitempty" minimum:"1" doc:"Absent: the newest."`
	Plan          *PlanBody         `json:"plan,omitempty" doc:"A plan that is not saved."`
	SiteID        ident.Site        `json:"site_id,omitzero" doc:"Only sessions there."`
	ChargePointID ident.ChargePoint `json:"charge_point_id,omitzero" doc:"Only sessions there."`
	BilledPlanID  ident.Plan        `json:"billed_plan_id,omitzero" doc:"Only sessions that were billed by this plan."`
	From          time.Time         `json:"from" doc:"Started at or after."`
	To            time.Time         `json:"to" doc:"Started before."`
}

// PriceComparison is what finished sessions were billed, and what they would have cost.
type PriceComparison struct {
	Plan          *SessionPlan `json:"plan,omitempty" doc:"Absent: it was not saved."`
	Count         int          `json:"count" doc:"Sessions in both sums."`
	Energy        unit.Wh      `json:"energy_wh"`
	Billed        PriceSum     `json:"billed"`
	Would         PriceSum     `json:"would"`
	Difference    Money        `json:"difference" doc:"What they would have cost more; below 0: less."`
	Running       int          `json:"left_out_running" doc:"Without an end or a bill yet."`
	Abnormal      int          `json:"left_out_abnormal" doc:"Void, or waiting for a person."`
	OtherCurrency int          `json:"left_out_currency" doc:"Billed in another currency."`
	Unpriced      int          `json:"left_out_unpriced" doc:"The plan's price does not fit what was used."`
	More          bool         `json:"more" doc:"More sessions were found than are priced again; the newest are in it."`
	UpTo          int          `json:"up_to" doc:"How many are priced again at most."`
}

// PriceSum is a sum of bills by kind of fee.
type PriceSum struct {
	Fees  SessionFees `json:"fees"`
	Total Money       `json:"total"`
}

func priceSumOf(b session.BilledSum) PriceSum {
	return PriceSum{Fees: *fees(b.Fees, b.Net, b.Tax), Total: amount(b.Total)}
}

type priceComparisonInput struct{ Body PriceComparisonBody }

func (h *handlers) comparePrices(ctx context.Context, in *priceComparisonInput) (*struct{ Body PriceComparison }, error) {
	b, sc := in.Body, scopeOf(ctx)
	var p tariff.Plan
	var err error
	switch {
	case (b.Plan == nil) == b.PlanID.IsZero():
		return nil, fault.BadInput("/", "must name one of plan_id and plan")
	case b.Plan != nil:
		if p, err = b.Plan.plan(); err != nil {
			return nil, under("/plan", err)
		}
	default:
		if p, err = h.svc.Tariff.Plan(ctx, sc, b.PlanID, b.PlanVersion); err != nil {
			return nil, err
		}
	}
	c, err := h.svc.Session.Compare(ctx, sc, session.CompareRequest{Plan: p,
		Filter: session.Filter{Site: b.SiteID, Point: b.ChargePointID, Plan: b.BilledPlanID, From: b.From, To: b.To}})
	if err != nil {
		return nil, err
	}
	out := PriceComparison{Count: c.Count, Energy: c.Energy, Billed: priceSumOf(c.Billed), Would: priceSumOf(c.Would),
		Difference: amount(c.Would.Total.Sub(c.Billed.Total)), Running: c.Running, Abnormal: c.Abnormal, OtherCurrency: c.OtherCurrency,
		Unpriced: c.Unpriced, More: c.More, UpTo: session.CompareUpTo}
	if !p.ID.IsZero() {
		out.Plan = &SessionPlan{ID: p.ID, Name: p.Name, PlanVersion: p.Number}
	}
	return &struct{ Body PriceComparison }{out}, nil
}
