package web

import (
	"context"

	"ccms/internal/asset"
	"ccms/internal/ident"
)

// Site is a place with charge points; the guide's "Charging Station".
type Site struct {
	ID            ident.Site        `json:"id"`
	SubOperatorID ident.SubOperator `json:"sub_operator_id,omitzero" doc:"Absent: the operator's own."`
	Name          string            `json:"name"`
	Address       string            `json:"address"`
	TimeZone      string            `json:"time_zone" doc:"IANA name; prices follow it." example:"Europe/Berlin"`
	CustomerCare  string            `json:"customer_care,omitempty" doc:"The phone number on the pile."`
	PlanID        ident.Plan        `json:"plan_id,omitzero" doc:"Absent: the operator's default plan."`
	Status        asset.Status      `json:"status" enum:"VALID,INVALID"`
	Version       int64             `json:"version" export:"-"`
}

func siteOf(s asset.Site) Site {
	return Site{ID: s.ID, SubOperatorID: s.Sub, Name: s.Name, Address: s.Address, TimeZone: s.TimeZone,
		CustomerCare: s.CustomerCare, PlanID: s.Plan, Status: s.Status, Version: s.Version}
}

// SitePath is the {id} in a path.
type SitePath struct {
	ID ident.Site `path:"id"`
}

type sitesInput struct {
	Paging
	Name          string            `query:"name" maxLength:"100" doc:"How a word of the name begins."`
	Q             string            `query:"q" maxLength:"100" doc:"How words of name, address or customer care begin."`
	Status        asset.Status      `query:"status" enum:"VALID,INVALID"`
	SubOperatorID ident.SubOperator `query:"sub_operator_id"`
}

func (h *handlers) listSites(ctx context.Context, in *sitesInput) (*found[Site], error) {
	l, err := h.svc.Asset.Sites(ctx, scopeOf(ctx), asset.SiteFilter{Name: in.Name, Q: in.Q, Status: in.Status, Sub: in.SubOperatorID}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, siteOf), nil
}

type newSiteInput struct {
	Body struct {
		SubOperatorID ident.SubOperator `json:"sub_operator_id,omitzero" doc:"Absent: the operator's own."`
		Name          string            `json:"name" minLength:"1" maxLength:"200"`
		Address       string            `json:"address,omitempty" maxLength:"300"`
		TimeZone      string            `json:"time_zone" minLength:"1" maxLength:"60" doc:"IANA name"`
		CustomerCare  string            `json:"customer_care,omitempty" maxLength:"100"`
		PlanID        ident.Plan        `json:"plan_id,omitzero"`
	} `nameHint:"SiteNew"`
}

func (h *handlers) createSite(ctx context.Context, in *newSiteInput) (*made[Site], error) {
	b := in.Body
	s, err := h.svc.Asset.CreateSite(ctx, scopeOf(ctx), asset.Site{Sub: b.SubOperatorID, Name: b.Name, Address: b.Address,
		TimeZone: b.TimeZone, CustomerCare: b.CustomerCare, Plan: b.PlanID})
	if err != nil {
		return nil, err
	}
	return madeOf(siteOf(s), s.Version, "/api/v1/sites/"+s.ID.String()), nil
}

func (h *handlers) getSite(ctx context.Context, in *SitePath) (*single[Site], error) {
	s, err := h.svc.Asset.Site(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return singleOf(siteOf(s), s.Version), nil
}

type sitePatchInput struct {
	SitePath
	Body struct {
		Name         *string         `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Address      Opt[string]     `json:"address,omitempty"`
		TimeZone     *string         `json:"time_zone,omitempty" minLength:"1" maxLength:"60"`
		CustomerCare Opt[string]     `json:"customer_care,omitempty"`
		PlanID       Opt[ident.Plan] `json:"plan_id,omitempty" doc:"null: the operator's default plan."`
		Status       *asset.Status   `json:"status,omitempty" enum:"VALID,INVALID"`
	} `nameHint:"SitePatch"`
}

func (h *handlers) updateSite(ctx context.Context, in *sitePatchInput) (*single[Site], error) {
	b := in.Body
	s, err := h.svc.Asset.UpdateSite(ctx, scopeOf(ctx), in.ID, asset.SiteChange{Name: b.Name, Address: b.Address.ptr(), TimeZone: b.TimeZone,
		CustomerCare: b.CustomerCare.ptr(), Plan: b.PlanID.ptr(), Status: b.Status}, versionOf(ctx))
	if err != nil {
		return nil, err
	}
	return singleOf(siteOf(s), s.Version), nil
}

func (h *handlers) deleteSite(ctx context.Context, in *SitePath) (*nothing, error) {
	return &nothing{}, h.svc.Asset.DeleteSite(ctx, scopeOf(ctx), in.ID, versionOf(ctx))
}
