package web

import (
	"context"
	"errors"
	"slices"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// PriceTestBody asks what a usage would cost: at a charge point, under a stored plan, or
// under one that is not saved yet.
type PriceTestBody struct {
	ChargePointID ident.ChargePoint `json:"charge_point_id,omitzero" doc:"The plan that wins there. One of this, plan_id and plan."`
	PlanID        ident.Plan        `json:"plan_id,omitzero" doc:"Its newest version."`
	Plan          *PlanBody         `json:"plan,omitempty" doc:"A plan that is not saved."`
	At            time.Time         `json:"at" doc:"Start of the charge."`
	TimeZone      string            `json:"time_zone,omitempty" maxLength:"64" doc:"Whose hours bands mean. Absent: the charge point's, else the operator's."`
	Energy        unit.Wh           `json:"energy_wh" minimum:"0" maximum:"10000000" doc:"Taken to flow evenly."`
	ChargingS     int64             `json:"charging_s" minimum:"0" maximum:"2678400"`
	IdleS         int64             `json:"idle_s,omitempty" minimum:"0" maximum:"2678400" doc:"How long the car stays plugged in after it."`
	ReservedS     int64             `json:"reserved_s,omitempty" minimum:"0" maximum:"2678400" doc:"How long before the start the connector was kept."`
}

// PriceTest is what it would cost and why.
type PriceTest struct {
	NoPrice  bool         `json:"no_price" doc:"No plan applies: nobody could start there."`
	Plan     *SessionPlan `json:"plan,omitempty" doc:"Absent: the plan was not saved, or there is none."`
	Reason   string       `json:"reason,omitempty" enum:"charge_point,site,operator_default" doc:"Whose plan it is. Absent: the plan was named."`
	At       time.Time    `json:"at"`
	TimeZone string       `json:"time_zone"`
	Bill     *Bill        `json:"bill,omitempty"`
}

type priceTestInput struct{ Body PriceTestBody }

func (h *handlers) testPrice(ctx context.Context, in *priceTestInput) (*single[PriceTest], error) {
	b, sc := in.Body, scopeOf(ctx)
	asked := 0
	for _, named := range []bool{!b.ChargePointID.IsZero(), !b.PlanID.IsZero(), b.Plan != nil} {
		if named {
			asked++
		}
	}
	if asked != 1 {
		return nil, fault.BadInput("/", "must name one of charge_point_id, plan_id and plan")
	}
	out := PriceTest{At: b.At.UTC(), TimeZone: b.TimeZone}
	var p tariff.Plan
	switch {
	case b.Plan != nil:
		d, err := b.Plan.draft()
		if err == nil {
			p, err = d.Plan()
		}
		if err != nil {
			return nil, under("/plan", err)
		}
	case !b.PlanID.IsZero():
		stored, err := h.svc.Tariff.Plan(ctx, sc, b.PlanID, 0)
		if err != nil {
			return nil, err
		}
		p = stored
	default:
		won, zone, err := h.winner(ctx, b.ChargePointID, out.At)
		if err != nil {
			return nil, err
		}
		if out.TimeZone == "" {
			out.TimeZone = zone
		}
		if out.NoPrice = won.Why == ""; out.NoPrice {
			return singleOf(out, 0), nil
		}
		p, out.Reason = won.Plan, string(won.Why)
	}
	if !p.ID.IsZero() {
		out.Plan = &SessionPlan{ID: p.ID, Name: p.Name, PlanVersion: p.Number}
	}
	if out.TimeZone == "" && !sc.Operator().IsZero() {
		o, err := h.svc.Operator.Operator(ctx, sc, sc.Operator())
		if err != nil {
			return nil, err
		}
		out.TimeZone = o.TimeZone
	}
	loc, err := time.LoadLocation(out.TimeZone)
	if err != nil || out.TimeZone == "Local" {
		return nil, fault.BadInput("/time_zone", "must be a zone of IANA such as Europe/Berlin")
	}
	if out.TimeZone == "" {
		out.TimeZone = "UTC"
	}
	u, err := tariff.Trial{At: out.At, Energy: b.Energy, Charging: inSeconds(b.ChargingS), Idle: inSeconds(b.IdleS), Reserved: inSeconds(b.ReservedS)}.Usage()
	if err != nil {
		return nil, err
	}
	bill, err := tariff.Rate(p, u, loc)
	if err != nil {
		return nil, err
	}
	out.Bill = billOf(&bill)
	return singleOf(out, 0), nil
}

// under moves the faults of an input to where it stands in a larger one.
func under(at string, err error) error {
	var e *fault.Error
	if !errors.As(err, &e) {
		return err
	}
	moved := *e
	moved.Fields = slices.Clone(e.Fields)
	for i := range moved.Fields {
		moved.Fields[i].Pointer = at + moved.Fields[i].Pointer
	}
	return &moved
}

// winner is the plan that prices a start at a charge point, with the zone of its site.
func (h *handlers) winner(ctx context.Context, id ident.ChargePoint, at time.Time) (tariff.Winner, string, error) {
	sc := scopeOf(ctx)
	point, err := h.svc.Asset.ChargePoint(ctx, sc, id)
	if err != nil {
		return tariff.Winner{}, "", err
	}
	site, err := h.svc.Asset.Site(ctx, sc, point.Site)
	if err != nil {
		return tariff.Winner{}, "", err
	}
	won, err := h.svc.Tariff.PlanFor(ctx, sc, tariff.Place{Point: point.Plan, Site: site.Plan, Operator: point.Operator}, at)
	return won, site.TimeZone, err
}
