package web

import (
	"context"
	"strconv"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/tariff"
)

// Audience is whom a plan is for.
type Audience struct {
	Audience        tariff.AudienceKind `json:"audience" enum:"GROUP,LEVEL,PROMOTION,REGISTERED,AD_HOC,EVERYONE" doc:"The strongest first: of plans that count at one place, the one for the strongest audience that a driver belongs to is taken."`
	GroupID         ident.Group         `json:"group_id,omitzero" doc:"Of GROUP."`
	MembershipLevel string              `json:"membership_level,omitempty" maxLength:"50" doc:"Of LEVEL, in any spelling of capitals."`
	PromotionCode   string              `json:"promotion_code,omitempty" maxLength:"40" doc:"Of PROMOTION, in any spelling of capitals." example:"SUMMER-26"`
}

func (a Audience) audience() tariff.Audience {
	return tariff.Audience{Kind: a.Audience, Value: a.GroupID.String() + a.MembershipLevel + a.PromotionCode} // check: one of them at most
}

// check refuses a value that belongs to another kind of audience.
func (a Audience) check() error {
	for _, x := range []struct {
		there bool
		at    string
		of    tariff.AudienceKind
	}{{!a.GroupID.IsZero(), "/group_id", tariff.ForGroup}, {a.MembershipLevel != "", "/membership_level", tariff.ForLevel},
		{a.PromotionCode != "", "/promotion_code", tariff.ForPromotion}} {
		if x.there && a.Audience != x.of {
			return fault.BadInput(x.at, "is only for the audience %s", x.of)
		}
	}
	return nil
}

func audienceOf(a tariff.Audience) Audience {
	out := Audience{Audience: a.Kind}
	switch a.Kind {
	case tariff.ForGroup:
		out.GroupID, _ = ident.Parse[ident.Group](a.Value) // what was stored is one
	case tariff.ForLevel:
		out.MembershipLevel = a.Value
	case tariff.ForPromotion:
		out.PromotionCode = a.Value
	}
	return out
}

// PricePlace is where a plan counts. Nothing of it: all of the operator.
type PricePlace struct {
	SubOperatorID ident.SubOperator `json:"sub_operator_id,omitzero"`
	SiteID        ident.Site        `json:"site_id,omitzero"`
	ChargePointID ident.ChargePoint `json:"charge_point_id,omitzero"`
	Connector     int               `json:"connector,omitempty" minimum:"1" maximum:"64" doc:"Of the charge point; absent: all of it."`
}

func (p PricePlace) place(at string) (tariff.Place, error) {
	named := 0
	for _, there := range []bool{!p.SubOperatorID.IsZero(), !p.SiteID.IsZero(), !p.ChargePointID.IsZero()} {
		if there {
			named++
		}
	}
	if named > 1 || p.Connector > 0 && p.ChargePointID.IsZero() {
		return tariff.Place{}, fault.BadInput(at, "must name one of sub_operator_id, site_id and charge_point_id, or none for all of the operator")
	}
	return tariff.Place{Sub: p.SubOperatorID, Site: p.SiteID, Point: p.ChargePointID, Connector: p.Connector}, nil
}

// PlanAssignment says that a plan counts for an audience at a place. What operators, sites
// and charge points have for everyone and for good is a field of theirs and no assignment.
type PlanAssignment struct {
	ID            ident.Assignment  `json:"id"`
	SubOperatorID ident.SubOperator `json:"sub_operator_id,omitzero" doc:"Whose place it is; absent: the operator's."`
	PlanID        ident.Plan        `json:"plan_id"`
	PlanName      string            `json:"plan_name,omitempty"`
	Place         tariff.PlaceKind  `json:"place" enum:"CONNECTOR,CHARGE_POINT,SITE,SUB_OPERATOR,OPERATOR"`
	At            PricePlace        `json:"at"`
	PlaceName     string            `json:"place_name,omitempty" doc:"Of the site, the charge point, the sub-operator or the operator."`
	Audience
	GroupName string    `json:"group_name,omitempty"`
	From      time.Time `json:"from,omitzero" doc:"Absent: always."`
	Until     time.Time `json:"until,omitzero" doc:"The first instant without it. Absent: for good."`
	CreatedAt time.Time `json:"created_at"`
	Version   int64     `json:"version" export:"-"`
}

func assignmentOf(a tariff.AssignmentRow) PlanAssignment {
	p := a.Place
	return PlanAssignment{ID: a.ID, SubOperatorID: a.Sub, PlanID: a.Plan, PlanName: a.PlanName, Place: p.Kind(), PlaceName: a.PlaceName,
		At:       PricePlace{SubOperatorID: p.Sub, SiteID: p.Site, ChargePointID: p.Point, Connector: p.Connector},
		Audience: audienceOf(a.Audience), GroupName: a.GroupName, From: at(a.From), Until: at(a.Until), CreatedAt: at(a.CreatedAt), Version: a.Version}
}

type assignmentsInput struct {
	Paging
	PlanID  ident.Plan          `query:"plan_id"`
	GroupID ident.Group         `query:"group_id"`
	Kind    tariff.AudienceKind `query:"audience" enum:"GROUP,LEVEL,PROMOTION,REGISTERED,AD_HOC,EVERYONE"`
	SiteID  ident.Site          `query:"site_id" doc:"Of the site itself."`
	PointID ident.ChargePoint   `query:"charge_point_id" doc:"Of the charge point and its connectors."`
}

func (h *handlers) listAssignments(ctx context.Context, in *assignmentsInput) (*found[PlanAssignment], error) {
	l, err := h.svc.Tariff.Assignments(ctx, scopeOf(ctx), tariff.AssignmentFilter{Plan: in.PlanID, Group: in.GroupID, Kind: in.Kind,
		Site: in.SiteID, Point: in.PointID}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, assignmentOf), nil
}

type assignInput struct {
	Body struct {
		PlanID ident.Plan `json:"plan_id,omitzero" doc:"Absent: what is assigned there to the audience from this instant on is taken away."`
		Audience
		From   time.Time    `json:"from,omitzero" doc:"Absent: always. Of two at one place for one audience the one that began last counts."`
		Until  time.Time    `json:"until,omitzero" doc:"The first instant without it. Absent: for good."`
		Places []PricePlace `json:"places" minItems:"1" maxItems:"200"`
	} `nameHint:"PlanAssign"`
}

// PlansAssigned is what an assignment did.
type PlansAssigned struct {
	Changed   int `json:"changed" doc:"At how many of the places something changed."`
	Unchanged int `json:"unchanged" doc:"At how many it was so already."`
}

func (h *handlers) assignPlan(ctx context.Context, in *assignInput) (*struct{ Body PlansAssigned }, error) {
	b := in.Body
	if err := b.check(); err != nil {
		return nil, err
	}
	q := tariff.Assigning{Plan: b.PlanID, Audience: b.audience(), From: b.From, Until: b.Until}
	for i, p := range b.Places {
		place, err := p.place("/places/" + strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		q.Places = append(q.Places, place)
	}
	// The plan for everyone is a field of the site or the charge point.
	if b.Audience.Audience == tariff.ForEveryone && !callerOf(ctx).May(authz.AssetWrite) {
		return nil, fault.New(fault.Denied, "forbidden", "Your role does not allow to change sites and charge points.")
	}
	n, err := h.svc.Tariff.Assign(ctx, scopeOf(ctx), q)
	if err != nil {
		return nil, err
	}
	return &struct{ Body PlansAssigned }{PlansAssigned{Changed: n, Unchanged: len(q.Places) - n}}, nil
}

// AssignmentPath is the {id} in a path.
type AssignmentPath struct {
	ID ident.Assignment `path:"id"`
}

func (h *handlers) unassignPlan(ctx context.Context, in *AssignmentPath) (*nothing, error) {
	return &nothing{}, h.svc.Tariff.Unassign(ctx, scopeOf(ctx), in.ID, versionOf(ctx))
}

// PriceCandidate is a plan that could have priced a start, and what became of it.
type PriceCandidate struct {
	PlanID   ident.Plan       `json:"plan_id"`
	PlanName string           `json:"plan_name,omitempty"`
	Place    tariff.PlaceKind `json:"place" enum:"CONNECTOR,CHARGE_POINT,SITE,SUB_OPERATOR,OPERATOR" doc:"Where it is assigned."`
	Audience
	GroupName string      `json:"group_name,omitempty"`
	From      time.Time   `json:"from,omitzero"`
	Until     time.Time   `json:"until,omitzero"`
	Outcome   tariff.Fate `json:"outcome" enum:"WON,WEAKER_AUDIENCE,WIDER_PLACE,EARLIER,OTHER_AUDIENCE,NOT_YET,OVER,NO_CONTRACT" doc:"WEAKER_AUDIENCE: a price for a stronger audience comes first. WIDER_PLACE: one for the same audience at a narrower place. EARLIER: one there that began later. OTHER_AUDIENCE: it is for others. NOT_YET, OVER: it does not count at that time. NO_CONTRACT: a price that the operator grants, at a place of a sub-operator who has not agreed to it."`
}

// candidates are those of a choice, with the names that their readers know.
func (h *handlers) candidates(ctx context.Context, c tariff.Choice) []PriceCandidate {
	sc := scopeOf(ctx).WithinSession() // at a sub-operator's place the operator's plans are among them
	plans, groups := map[ident.Plan]string{}, map[ident.Group]string{}
	out := []PriceCandidate{}
	for _, x := range c.Candidates {
		row := PriceCandidate{PlanID: x.Plan, Place: x.Place, Audience: audienceOf(x.Audience), From: at(x.From), Until: at(x.Until), Outcome: x.Outcome}
		// What cannot be read has no name.
		if _, known := plans[x.Plan]; !known {
			p, _ := h.svc.Tariff.Plan(ctx, sc, x.Plan, 0)
			plans[x.Plan] = p.Name
		}
		if _, known := groups[row.GroupID]; !known && !row.GroupID.IsZero() {
			g, _ := h.svc.Member.Group(ctx, sc, row.GroupID)
			groups[row.GroupID] = g.Name
		}
		row.PlanName, row.GroupName = plans[x.Plan], groups[row.GroupID]
		out = append(out, row)
	}
	return out
}
