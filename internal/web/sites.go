package web

import (
	"context"

	"ccms/internal/asset"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/unit"
)

// Site is a place with charge points; the guide's "Charging Station".
type Site struct {
	ID            ident.Site        `json:"id"`
	SubOperatorID ident.SubOperator `json:"sub_operator_id,omitzero" doc:"Absent: the operator's own."`
	Name          string            `json:"name"`
	Address       string            `json:"address"`
	TimeZone      string            `json:"time_zone" doc:"IANA name; prices follow it." example:"Europe/Berlin"`
	CustomerCare  string            `json:"customer_care,omitempty" doc:"The phone number on the pile."`
	Position      *SitePosition     `json:"position,omitempty" doc:"Absent: nobody has said where it is."`
	Contracted    unit.W            `json:"contracted_power_w,omitzero" minimum:"0" maximum:"1000000000" doc:"What the grid gives the site at most; absent: nobody has said."`
	PlanID        ident.Plan        `json:"plan_id,omitzero" doc:"Absent: the operator's default plan."`
	Status        asset.Status      `json:"status" enum:"VALID,INVALID"`
	Version       int64             `json:"version" export:"-"`
}

// SitePosition is where a site is (WGS 84), as OCPI 2.2.1 §8.4.13 writes it.
type SitePosition struct {
	Latitude  asset.Degrees `json:"latitude" maxLength:"25" pattern:"^-?[0-9]{1,3}([.][0-9]{1,20})?$" patternDescription:"a decimal number of degrees such as -33.4489" doc:"Decimal degrees, -90 to 90, kept to six decimals." example:"-33.448900"`
	Longitude asset.Degrees `json:"longitude" maxLength:"25" pattern:"^-?[0-9]{1,3}([.][0-9]{1,20})?$" patternDescription:"a decimal number of degrees such as -33.4489" doc:"Decimal degrees, -180 to 180, kept to six decimals." example:"-70.669300"`
}

func positionOf(p asset.Position) *SitePosition {
	if p.IsZero() {
		return nil
	}
	return &SitePosition{p.Latitude, p.Longitude}
}

// position reads it; null is not known, and 0, 0 is no place.
func (p *SitePosition) position() (asset.Position, error) {
	if p == nil {
		return asset.Position{}, nil
	}
	at := asset.Position{Latitude: p.Latitude, Longitude: p.Longitude}
	if at.IsZero() {
		return at, fault.BadInput("/position", "0, 0 is in the sea; leave the position out where it is not known")
	}
	return at, nil
}

func siteOf(s asset.Site) Site {
	return Site{ID: s.ID, SubOperatorID: s.Sub, Name: s.Name, Address: s.Address, TimeZone: s.TimeZone,
		CustomerCare: s.CustomerCare, Position: positionOf(s.Position), Contracted: s.Contracted, PlanID: s.Plan, Status: s.Status, Version: s.Version}
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
		Position      *SitePosition     `json:"position,omitempty"`
		Contracted    unit.W            `json:"contracted_power_w,omitzero" minimum:"0" maximum:"1000000000"`
		PlanID        ident.Plan        `json:"plan_id,omitzero"`
	} `nameHint:"SiteNew"`
}

func (h *handlers) createSite(ctx context.Context, in *newSiteInput) (*made[Site], error) {
	b := in.Body
	at, err := b.Position.position()
	if err != nil {
		return nil, err
	}
	s, err := h.svc.Asset.CreateSite(ctx, scopeOf(ctx), asset.Site{Sub: b.SubOperatorID, Name: b.Name, Address: b.Address,
		TimeZone: b.TimeZone, CustomerCare: b.CustomerCare, Position: at, Contracted: b.Contracted, Plan: b.PlanID})
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
		Name         *string            `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Address      Opt[string]        `json:"address,omitempty"`
		TimeZone     *string            `json:"time_zone,omitempty" minLength:"1" maxLength:"60"`
		CustomerCare Opt[string]        `json:"customer_care,omitempty"`
		Position     Opt[*SitePosition] `json:"position,omitempty" doc:"null: not known."`
		Contracted   Opt[unit.W]        `json:"contracted_power_w,omitempty" doc:"null: not known."`
		PlanID       Opt[ident.Plan]    `json:"plan_id,omitempty" doc:"null: the operator's default plan."`
		Status       *asset.Status      `json:"status,omitempty" enum:"VALID,INVALID"`
	} `nameHint:"SitePatch"`
}

func (h *handlers) updateSite(ctx context.Context, in *sitePatchInput) (*single[Site], error) {
	b := in.Body
	change := asset.SiteChange{Name: b.Name, Address: b.Address.ptr(), TimeZone: b.TimeZone, CustomerCare: b.CustomerCare.ptr(),
		Contracted: b.Contracted.ptr(), Plan: b.PlanID.ptr(), Status: b.Status}
	if b.Position.Set {
		at, err := b.Position.Value.position()
		if err != nil {
			return nil, err
		}
		change.Position = &at
	}
	s, err := h.svc.Asset.UpdateSite(ctx, scopeOf(ctx), in.ID, change, versionOf(ctx))
	if err != nil {
		return nil, err
	}
	return singleOf(siteOf(s), s.Version), nil
}

func (h *handlers) deleteSite(ctx context.Context, in *SitePath) (*nothing, error) {
	return &nothing{}, h.svc.Asset.DeleteSite(ctx, scopeOf(ctx), in.ID, versionOf(ctx))
}
