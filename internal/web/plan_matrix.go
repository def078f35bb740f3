package web

import (
	"context"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/tariff"
)

// PlanMatrix says which plan counts where, and for whom.
type PlanMatrix struct {
	Audiences     []MatrixAudience `json:"audiences" doc:"The columns: drivers with a profile, those without, then all that plans are assigned for."`
	MoreAudiences bool             `json:"more_audiences" doc:"There are more than are shown."`
	List[MatrixRow]
}

// MatrixAudience is a column.
type MatrixAudience struct {
	Audience
	GroupName string `json:"group_name,omitempty"`
}

// MatrixRow is a site, or a charge point where a site is named.
type MatrixRow struct {
	SiteID          ident.Site        `json:"site_id"`
	SiteName        string            `json:"site_name"`
	ChargePointID   ident.ChargePoint `json:"charge_point_id,omitzero"`
	ChargePointName string            `json:"charge_point_name,omitempty"`
	Cells           []MatrixCell      `json:"cells" doc:"One for each column."`
}

// MatrixCell is the plan that counts.
type MatrixCell struct {
	PlanID   ident.Plan    `json:"plan_id,omitzero" doc:"Absent: no plan counts, and nobody can start."`
	PlanName string        `json:"plan_name,omitempty"`
	Reason   tariff.Reason `json:"reason,omitempty" enum:"group,membership,promotion,audience,connector,charge_point,site,sub_operator,operator_default"`
}

type matrixInput struct {
	Paging
	SiteID ident.Site `query:"site_id" doc:"The charge points of this site. Absent: the sites."`
	Name   string     `query:"name" maxLength:"100" doc:"How a word of the site's or the charge point's name begins."`
	At     time.Time  `query:"at" doc:"Absent: now."`
}

func (h *handlers) planMatrix(ctx context.Context, in *matrixInput) (*struct{ Body PlanMatrix }, error) {
	sc := scopeOf(ctx)
	out := PlanMatrix{Audiences: []MatrixAudience{}, List: List[MatrixRow]{Items: []MatrixRow{}}}
	var spots []tariff.Spot
	if in.SiteID.IsZero() {
		l, err := h.svc.Asset.Sites(ctx, sc, asset.SiteFilter{Name: in.Name, Status: asset.Valid}, in.page())
		if err != nil {
			return nil, err
		}
		out.NextCursor, out.Total, out.TotalCapped = l.Next, l.Total, l.Capped
		for _, s := range l.Items {
			spots = append(spots, tariff.Spot{Operator: s.Operator, Sub: s.Sub, Site: s.ID, SitePlan: s.Plan})
			out.Items = append(out.Items, MatrixRow{SiteID: s.ID, SiteName: s.Name})
		}
	} else {
		site, err := h.svc.Asset.Site(ctx, sc, in.SiteID)
		if err != nil {
			return nil, err
		}
		l, err := h.svc.Asset.ChargePoints(ctx, sc, asset.PointFilter{Site: site.ID, Name: in.Name, Status: asset.Valid}, in.page())
		if err != nil {
			return nil, err
		}
		out.NextCursor, out.Total, out.TotalCapped = l.Next, l.Total, l.Capped
		for _, p := range l.Items {
			spots = append(spots, tariff.Spot{Operator: p.Operator, Sub: p.Sub, Site: p.Site, Point: p.ID, PointPlan: p.Plan, SitePlan: site.Plan})
			out.Items = append(out.Items, MatrixRow{SiteID: site.ID, SiteName: site.Name, ChargePointID: p.ID, ChargePointName: p.Name})
		}
	}
	when := in.At
	if when.IsZero() {
		when = h.now()
	}
	m, err := h.svc.Tariff.Matrix(ctx, sc, spots, when)
	if err != nil {
		return nil, err
	}
	out.MoreAudiences = m.More
	for _, a := range m.Audiences {
		out.Audiences = append(out.Audiences, MatrixAudience{Audience: audienceOf(a.Audience), GroupName: a.GroupName})
	}
	for i, row := range m.Cells {
		for _, c := range row {
			out.Items[i].Cells = append(out.Items[i].Cells, MatrixCell{PlanID: c.Plan, PlanName: m.Names[c.Plan], Reason: c.Why})
		}
	}
	return &struct{ Body PlanMatrix }{out}, nil
}
