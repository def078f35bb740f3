package web

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// PriceTestBody asks what a usage would cost: at a place for somebody, under a stored plan,
// or under one that is not saved yet.
type PriceTestBody struct {
	ChargePointID   ident.ChargePoint `json:"charge_point_id,omitzero" doc:"The plan that wins there. One of this, site_id, plan_id and plan."`
	Connector       int               `json:"connector,omitempty" minimum:"1" maximum:"64" doc:"Of the charge point."`
	SiteID          ident.Site        `json:"site_id,omitzero" doc:"The plan that wins at charge points of the site without one of their own."`
	DriverID        ident.Driver      `json:"driver_id,omitzero" doc:"Who would charge; absent: somebody with a profile."`
	AdHoc           bool              `json:"ad_hoc,omitempty" doc:"Somebody without a profile."`
	MembershipLevel string            `json:"membership_level,omitempty" maxLength:"50" doc:"Somebody of this level."`
	GroupID         ident.Group       `json:"group_id,omitzero" doc:"A member of this group."`
	PromotionCode   string            `json:"promotion_code,omitempty" maxLength:"40" doc:"Who gives this code."`
	PlanID          ident.Plan        `json:"plan_id,omitzero" doc:"Its newest version."`
	Plan            *PlanBody         `json:"plan,omitempty" doc:"A plan that is not saved."`
	At              time.Time         `json:"at" doc:"Start of the charge."`
	TimeZone        string            `json:"time_zone,omitempty" maxLength:"64" doc:"Whose hours bands mean. Absent: the site's, else the operator's."`
	Energy          unit.Wh           `json:"energy_wh" minimum:"0" maximum:"10000000" doc:"Taken to flow evenly."`
	ChargingS       int64             `json:"charging_s" minimum:"0" maximum:"2678400"`
	IdleS           int64             `json:"idle_s,omitempty" minimum:"0" maximum:"2678400" doc:"How long the car stays plugged in after it."`
	ReservedS       int64             `json:"reserved_s,omitempty" minimum:"0" maximum:"2678400" doc:"How long before the start the connector was kept."`
}

// question is what of it is about the place and who would charge there.
func (b *PriceTestBody) question() (tariff.Question, error) {
	q := tariff.Question{Point: b.ChargePointID, Site: b.SiteID, Connector: b.Connector, Driver: b.DriverID, At: b.At.UTC(),
		Who: tariff.Asker{Registered: !b.AdHoc, Level: strings.TrimSpace(b.MembershipLevel), Group: b.GroupID, Promotion: tariff.CleanCode(b.PromotionCode)}}
	switch {
	case b.Connector > 0 && b.ChargePointID.IsZero():
		return q, fault.BadInput("/connector", "is one of a charge point: name it")
	case (b.AdHoc || !b.DriverID.IsZero()) && (q.Who.Level != "" || !b.GroupID.IsZero()):
		return q, fault.BadInput("/membership_level", "and group_id are for somebody who is not named")
	case b.AdHoc && !b.DriverID.IsZero():
		return q, fault.BadInput("/ad_hoc", "has no driver")
	}
	return q, nil
}

// PriceTest is what it would cost and why.
type PriceTest struct {
	NoPrice    bool             `json:"no_price" doc:"No plan applies: nobody could start there."`
	Plan       *SessionPlan     `json:"plan,omitempty" doc:"Absent: the plan was not saved, or there is none."`
	Reason     string           `json:"reason,omitempty" enum:"group,membership,promotion,audience,connector,charge_point,site,sub_operator,operator_default" doc:"Why it is that plan. Absent: the plan was named."`
	Candidates []PriceCandidate `json:"candidates,omitempty" doc:"All that could have priced it, the winner first, each with what was against it. Absent: the plan was named."`
	At         time.Time        `json:"at"`
	TimeZone   string           `json:"time_zone"`
	Bill       *Bill            `json:"bill,omitempty"`
}

type priceTestInput struct{ Body PriceTestBody }

func (h *handlers) testPrice(ctx context.Context, in *priceTestInput) (*single[PriceTest], error) {
	b, sc := in.Body, scopeOf(ctx)
	asked := 0
	for _, named := range []bool{!b.ChargePointID.IsZero(), !b.SiteID.IsZero(), !b.PlanID.IsZero(), b.Plan != nil} {
		if named {
			asked++
		}
	}
	if asked != 1 {
		return nil, fault.BadInput("/", "must name one of charge_point_id, site_id, plan_id and plan")
	}
	out := PriceTest{At: b.At.UTC(), TimeZone: b.TimeZone}
	var p tariff.Plan
	switch {
	case b.Plan != nil:
		var err error
		if p, err = b.Plan.plan(); err != nil {
			return nil, under("/plan", err)
		}
	case !b.PlanID.IsZero():
		stored, err := h.svc.Tariff.Plan(ctx, sc, b.PlanID, 0)
		if err != nil {
			return nil, err
		}
		p = stored
	default:
		q, err := b.question()
		if err != nil {
			return nil, err
		}
		won, err := h.svc.Tariff.PlanFor(ctx, sc, q)
		if err != nil {
			return nil, err
		}
		if out.TimeZone == "" {
			out.TimeZone = won.Zone
		}
		out.Candidates = h.candidates(ctx, won.Choice)
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
