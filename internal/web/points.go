package web

import (
	"context"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/unit"
)

// ChargePoint is one device with one OCPP connection.
type ChargePoint struct {
	ID             ident.ChargePoint `json:"id"`
	SiteID         ident.Site        `json:"site_id"`
	SiteName       string            `json:"site_name"`
	TimeZone       string            `json:"time_zone" doc:"Of its site; times of the charge point are shown in it." example:"Europe/Berlin"`
	SubOperatorID  ident.SubOperator `json:"sub_operator_id,omitzero"`
	Identity       string            `json:"identity" doc:"OCPP identity in the path of its connection; case-sensitive, never changes."`
	Subprotocol    string            `json:"subprotocol" enum:"lenient,required,pinned" doc:"What is made of the sub-protocols that it offers. lenient: none counts as OCPP 1.6. required: ocpp1.6 must be offered. pinned: whatever is offered, it speaks OCPP 1.6."`
	Name           string            `json:"name"`
	Code           string            `json:"code" doc:"Printed on the pile."`
	ChargerType    asset.ChargerType `json:"charger_type" enum:"AC,DC Fast,DC,HPC,MCS,Wireless,V2G"`
	MaxPower       unit.W            `json:"max_power_w"`
	PlanID         ident.Plan        `json:"plan_id,omitzero" doc:"Absent: the site's."`
	Status         asset.Status      `json:"status" enum:"VALID,INVALID"`
	Connectors     []Connector       `json:"connectors"`
	Vendor         string            `json:"vendor,omitempty"`
	Model          string            `json:"model,omitempty"`
	Firmware       string            `json:"firmware,omitempty"`
	HardwareSerial string            `json:"hardware_serial,omitempty"`
	Online         bool              `json:"online"`
	LastSeenAt     time.Time         `json:"last_seen_at,omitzero"`
	PointStatus    asset.PointStatus `json:"point_status" enum:"OFFLINE,FAULT,UPGRADING,MAINTENANCE,ALARM,CHARGING,SUSPENDED,FINISHING,RESERVED,PREPARING,AVAILABLE,PENDING" doc:"The worst of its connectors, or OFFLINE."`
	SettingsDiffer int               `json:"settings_differ,omitempty" doc:"How many settings are not as the template for the charge point wants them."`
	Version        int64             `json:"version" export:"-"`
}

// Connector is one plug or socket.
type Connector struct {
	ID              ident.Connector       `json:"id"`
	Number          int                   `json:"number" doc:"OCPP 1.6 connectorId, from 1."`
	Type            string                `json:"type,omitempty" example:"CCS2"`
	MaxPower        unit.W                `json:"max_power_w"`
	Status          asset.ConnectorStatus `json:"status" enum:"Unknown,Available,Preparing,Charging,SuspendedEV,SuspendedEVSE,Finishing,Reserved,Unavailable,Faulted"`
	ErrorCode       string                `json:"error_code,omitempty"`
	VendorErrorCode string                `json:"vendor_error_code,omitempty"`
	Info            string                `json:"info,omitempty"`
	StatusAt        time.Time             `json:"status_at,omitzero" doc:"When it became so, by the device's corrected clock."`
}

func pointOf(p asset.PointView) ChargePoint {
	out := ChargePoint{ID: p.ID, SiteID: p.Site, SiteName: p.SiteName, TimeZone: p.SiteZone, SubOperatorID: p.Sub, Identity: p.Identity, Subprotocol: offerName(p.Offer), Name: p.Name, Code: p.Code,
		ChargerType: p.Type, MaxPower: p.MaxPower, PlanID: p.Plan, Status: p.Status, Connectors: make([]Connector, 0, len(p.Connectors)),
		Vendor: p.Vendor, Model: p.Model, Firmware: p.Firmware, HardwareSerial: p.Serial, Online: p.Online,
		LastSeenAt: at(p.LastSeenAt), PointStatus: p.PointStatus, SettingsDiffer: p.SettingsDiffer, Version: p.Version}
	for _, c := range p.Connectors {
		con := Connector{ID: c.ID, Number: c.Number, Type: c.Type, MaxPower: c.MaxPower, Status: c.Status,
			VendorErrorCode: c.VendorErrorCode, Info: c.Info, StatusAt: at(c.StatusAt)}
		if c.HasError() {
			con.ErrorCode = c.ErrorCode
		}
		out.Connectors = append(out.Connectors, con)
	}
	return out
}

const offerLenient = "lenient"

func offerName(o asset.Offer) string {
	if o == asset.OfferLenient {
		return offerLenient
	}
	return string(o)
}

func offerOf(name string) asset.Offer {
	if name == offerLenient {
		return asset.OfferLenient
	}
	return asset.Offer(name)
}

// PointPath is the {id} in a path.
type PointPath struct {
	ID ident.ChargePoint `path:"id"`
}

type pointsInput struct {
	Paging
	SiteID      ident.Site            `query:"site_id"`
	Site        string                `query:"site" maxLength:"100" doc:"How a word of the site's name begins."`
	Name        string                `query:"name" maxLength:"100" doc:"How a word of the name begins."`
	Q           string                `query:"q" maxLength:"100" doc:"How words of name, code, identity or hardware serial begin."`
	Status      asset.Status          `query:"status" enum:"VALID,INVALID"`
	PointStatus asset.PointStatus     `query:"point_status" enum:"OFFLINE,FAULT,UPGRADING,MAINTENANCE,ALARM,CHARGING,SUSPENDED,FINISHING,RESERVED,PREPARING,AVAILABLE,PENDING"`
	Online      optional[bool]        `query:"online"`
	Differ      bool                  `query:"settings_differ" doc:"true: those whose settings are not as their template wants them."`
	Connector   asset.ConnectorStatus `query:"connector_status" enum:"Unknown,Available,Preparing,Charging,SuspendedEV,SuspendedEVSE,Finishing,Reserved,Unavailable,Faulted" doc:"Online, with a connector in this state."`
}

func (h *handlers) listPoints(ctx context.Context, in *pointsInput) (*found[ChargePoint], error) {
	l, err := h.svc.Asset.ChargePoints(ctx, scopeOf(ctx), asset.PointFilter{Site: in.SiteID, SiteName: in.Site, Name: in.Name, Q: in.Q,
		Status: in.Status, Point: in.PointStatus, Online: some(in.Online.Value, in.Online.Set), Connector: in.Connector, Differ: in.Differ}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, pointOf), nil
}

// ConnectorSpec is a connector as people configure it.
type ConnectorSpec struct {
	Number   int    `json:"number" minimum:"1" maximum:"64"`
	Type     string `json:"type,omitempty" maxLength:"30" example:"CCS2"`
	MaxPower unit.W `json:"max_power_w,omitempty" minimum:"0" maximum:"10000000"`
}

func specsOf(in []ConnectorSpec) []asset.ConnectorSpec {
	if in == nil {
		return nil
	}
	out := make([]asset.ConnectorSpec, 0, len(in))
	for _, c := range in {
		out = append(out, asset.ConnectorSpec{Number: c.Number, Type: c.Type, MaxPower: c.MaxPower})
	}
	return out
}

type newPointInput struct {
	Body struct {
		SiteID      ident.Site        `json:"site_id"`
		Identity    string            `json:"identity" minLength:"1" maxLength:"48" pattern:"^[A-Za-z0-9*_=:+|@.-]+$" doc:"OCPP identity."`
		Name        string            `json:"name" minLength:"1" maxLength:"200"`
		Code        string            `json:"code,omitempty" maxLength:"32" doc:"Absent takes the next free one."`
		ChargerType asset.ChargerType `json:"charger_type" enum:"AC,DC Fast,DC,HPC,MCS,Wireless,V2G"`
		MaxPower    unit.W            `json:"max_power_w,omitempty" minimum:"0" maximum:"10000000"`
		PlanID      ident.Plan        `json:"plan_id,omitzero"`
		Subprotocol string            `json:"subprotocol,omitempty" enum:"lenient,required,pinned" doc:"Absent: lenient."`
		Connectors  []ConnectorSpec   `json:"connectors,omitempty" maxItems:"64"`
	} `nameHint:"ChargePointNew"`
}

// ChargePointMade has the key of the device, which is not shown again.
type ChargePointMade struct {
	ChargePoint ChargePoint `json:"charge_point"`
	Key         string      `json:"key" doc:"Password of the device's HTTP Basic login, in hexadecimal. Shown this once."`
}

func (h *handlers) createPoint(ctx context.Context, in *newPointInput) (*made[ChargePointMade], error) {
	b := in.Body
	p, key, err := h.svc.Asset.CreateChargePoint(ctx, scopeOf(ctx), asset.NewChargePoint{Site: b.SiteID, Identity: b.Identity, Name: b.Name,
		Code: b.Code, Type: b.ChargerType, MaxPower: b.MaxPower, Plan: b.PlanID, Offer: offerOf(b.Subprotocol), Connectors: specsOf(b.Connectors)})
	if err != nil {
		return nil, err
	}
	return madeOf(ChargePointMade{ChargePoint: pointOf(p), Key: key}, p.Version, "/api/v1/charge-points/"+p.ID.String()), nil
}

func (h *handlers) getPoint(ctx context.Context, in *PointPath) (*single[ChargePoint], error) {
	p, err := h.svc.Asset.ChargePoint(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return singleOf(pointOf(p), p.Version), nil
}

type pointPatchInput struct {
	PointPath
	Body struct {
		Identity    *string            `json:"identity,omitempty" doc:"Only the one it has."`
		SiteID      *ident.Site        `json:"site_id,omitempty"`
		Name        *string            `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Code        *string            `json:"code,omitempty" maxLength:"32"`
		ChargerType *asset.ChargerType `json:"charger_type,omitempty" enum:"AC,DC Fast,DC,HPC,MCS,Wireless,V2G"`
		MaxPower    *unit.W            `json:"max_power_w,omitempty" minimum:"0" maximum:"10000000"`
		PlanID      Opt[ident.Plan]    `json:"plan_id,omitempty" doc:"null: the site's."`
		Status      *asset.Status      `json:"status,omitempty" enum:"VALID,INVALID"`
		Subprotocol *string            `json:"subprotocol,omitempty" enum:"lenient,required,pinned"`
		Connectors  []ConnectorSpec    `json:"connectors,omitempty" maxItems:"64" doc:"All that shall be there."`
	} `nameHint:"ChargePointPatch"`
}

func (h *handlers) updatePoint(ctx context.Context, in *pointPatchInput) (*single[ChargePoint], error) {
	b := in.Body
	var offer *asset.Offer
	if b.Subprotocol != nil {
		o := offerOf(*b.Subprotocol)
		offer = &o
	}
	p, err := h.svc.Asset.UpdateChargePoint(ctx, scopeOf(ctx), in.ID, asset.ChargePointChange{Identity: b.Identity, Site: b.SiteID, Name: b.Name, Code: b.Code,
		Type: b.ChargerType, MaxPower: b.MaxPower, Plan: b.PlanID.ptr(), Status: b.Status, Offer: offer, Connectors: specsOf(b.Connectors)}, versionOf(ctx))
	if err != nil {
		return nil, err
	}
	return singleOf(pointOf(p), p.Version), nil
}

func (h *handlers) deletePoint(ctx context.Context, in *PointPath) (*nothing, error) {
	return &nothing{}, h.svc.Asset.DeleteChargePoint(ctx, scopeOf(ctx), in.ID, versionOf(ctx))
}

type keyOutput struct {
	Body struct {
		Key string `json:"key" doc:"Password of the device's HTTP Basic login, in hexadecimal. Shown this once."`
	} `nameHint:"ChargePointKey"`
}

func (h *handlers) newPointKey(ctx context.Context, in *PointPath) (*keyOutput, error) {
	key, err := h.svc.Asset.NewKey(ctx, scopeOf(ctx), in.ID)
	out := &keyOutput{}
	out.Body.Key = key
	return out, err
}
