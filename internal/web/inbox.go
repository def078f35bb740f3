package web

import (
	"context"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/unit"
)

// UnknownChargePoint is a device that connects with an identity nobody has registered.
type UnknownChargePoint struct {
	ID              ident.Stranger    `json:"id"`
	Identity        string            `json:"identity" doc:"The last segment of the path that it connects to."`
	Address         string            `json:"address,omitempty" doc:"Of its last connection; absent without the permission pii.view." export:"pii"`
	Vendor          string            `json:"vendor,omitempty"`
	Model           string            `json:"model,omitempty"`
	Firmware        string            `json:"firmware,omitempty"`
	HardwareSerial  string            `json:"hardware_serial,omitempty"`
	FirstSeenAt     time.Time         `json:"first_seen_at"`
	LastSeenAt      time.Time         `json:"last_seen_at"`
	BootedAt        time.Time         `json:"booted_at,omitzero" doc:"When it last said what it is; absent: it has not."`
	Tries           int               `json:"tries" doc:"Connections that were counted; past a rate they are not."`
	KeyMark         string            `json:"key_mark,omitempty" doc:"Names the password that it presented last, without telling it; absent where it presented none that a charge point may have (16 to 20 bytes)."`
	KeysSeen        int               `json:"keys_seen" doc:"How many passwords it presented one after the other. More than one may be two devices."`
	HeldReports     int               `json:"held_reports" doc:"Starts and stops that were not acknowledged: the charge point sends them again once it is adopted."`
	Ignored         bool              `json:"ignored"`
	ChargePointID   ident.ChargePoint `json:"charge_point_id,omitzero" doc:"A registered charge point with the same hardware serial: it may be this one under another name."`
	ChargePointName string            `json:"charge_point_name,omitempty"`
}

func strangerOf(c operator.Caller) func(asset.Stranger) UnknownChargePoint {
	return func(s asset.Stranger) UnknownChargePoint {
		u := UnknownChargePoint{ID: s.ID, Identity: s.Identity, Address: s.Address, Vendor: s.Vendor, Model: s.Model, Firmware: s.Firmware, HardwareSerial: s.Serial,
			FirstSeenAt: at(s.FirstAt), LastSeenAt: at(s.LastAt), BootedAt: at(s.BootedAt), Tries: s.Tries, KeyMark: s.Key.Mark(), KeysSeen: s.KeysSeen,
			HeldReports: s.Held, Ignored: s.Ignored}
		if !c.May(authz.PIIView) {
			u.Address = ""
		}
		return u
	}
}

// UnknownChargePointDetail is one with what it reported.
type UnknownChargePointDetail struct {
	UnknownChargePoint
	Reports []HeldReport `json:"reports"`
}

// HeldReport is a start or a stop that waits for the adoption.
type HeldReport struct {
	Action     string    `json:"action" example:"StartTransaction"`
	ReceivedAt time.Time `json:"received_at"`
}

// StrangerPath is the {id} in a path.
type StrangerPath struct {
	ID ident.Stranger `path:"id"`
}

type strangersInput struct {
	Paging
	Identity string         `query:"identity" maxLength:"48" doc:"How the identity begins."`
	Ignored  optional[bool] `query:"ignored"`
}

func (h *handlers) listStrangers(ctx context.Context, in *strangersInput) (*found[UnknownChargePoint], error) {
	c := callerOf(ctx)
	l, err := h.svc.Asset.Strangers(ctx, c.Scope, asset.StrangerFilter{Identity: in.Identity, Ignored: some(in.Ignored.Value, in.Ignored.Set)}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, strangerOf(c)), nil
}

func (h *handlers) getStranger(ctx context.Context, in *StrangerPath) (*struct{ Body UnknownChargePointDetail }, error) {
	c := callerOf(ctx)
	s, held, err := h.svc.Asset.Stranger(ctx, c.Scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := UnknownChargePointDetail{UnknownChargePoint: strangerOf(c)(s), Reports: make([]HeldReport, 0, len(held))}
	if s.Serial != "" {
		same, err := h.svc.Asset.ChargePoints(ctx, c.Scope, asset.PointFilter{Q: s.Serial}, operator.Page{Limit: 5})
		if err != nil {
			return nil, err
		}
		for _, p := range same.Items {
			if p.Serial == s.Serial {
				out.ChargePointID, out.ChargePointName = p.ID, p.Name
				break
			}
		}
	}
	for _, r := range held {
		out.Reports = append(out.Reports, HeldReport{Action: r.Action, ReceivedAt: at(r.ReceivedAt)})
	}
	return &struct{ Body UnknownChargePointDetail }{out}, nil
}

type adoptInput struct {
	StrangerPath
	Body struct {
		SiteID      ident.Site        `json:"site_id"`
		Name        string            `json:"name" minLength:"1" maxLength:"200"`
		Code        string            `json:"code,omitempty" maxLength:"32" doc:"Absent takes the next free one."`
		ChargerType asset.ChargerType `json:"charger_type" enum:"AC,DC Fast,DC,HPC,MCS,Wireless,V2G"`
		MaxPower    unit.W            `json:"max_power_w,omitempty" minimum:"0" maximum:"10000000"`
		PlanID      ident.Plan        `json:"plan_id,omitzero"`
		Connectors  []ConnectorSpec   `json:"connectors,omitempty" maxItems:"64"`
		KeepKey     string            `json:"keep_key,omitempty" maxLength:"16" doc:"key_mark of the password that it shall keep; 409 key_changed where it presented another since. Absent: it gets a new key."`
	} `nameHint:"UnknownChargePointAdopt"`
}

// AdoptedChargePoint is the charge point that was made.
type AdoptedChargePoint struct {
	ChargePoint ChargePoint `json:"charge_point"`
	Key         string      `json:"key,omitempty" doc:"The new key, shown this once; absent where it keeps the one it presented."`
}

func (h *handlers) adoptStranger(ctx context.Context, in *adoptInput) (*made[AdoptedChargePoint], error) {
	b := in.Body
	p, key, err := h.svc.Asset.Adopt(ctx, scopeOf(ctx), in.ID, asset.Adoption{KeepKey: b.KeepKey, NewChargePoint: asset.NewChargePoint{
		Site: b.SiteID, Name: b.Name, Code: b.Code, Type: b.ChargerType, MaxPower: b.MaxPower, Plan: b.PlanID, Connectors: specsOf(b.Connectors)}})
	if err != nil {
		return nil, err
	}
	return madeOf(AdoptedChargePoint{ChargePoint: pointOf(p), Key: key}, p.Version, "/api/v1/charge-points/"+p.ID.String()), nil
}

type aliasInput struct {
	StrangerPath
	Body struct {
		ChargePointID ident.ChargePoint `json:"charge_point_id"`
		KeepKey       string            `json:"keep_key,omitempty" maxLength:"16" doc:"key_mark of the password that takes the place of the charge point's key. Absent: the charge point's key stays."`
		Reason        string            `json:"reason" minLength:"1" maxLength:"200"`
	} `nameHint:"UnknownChargePointIs"`
}

func (h *handlers) aliasStranger(ctx context.Context, in *aliasInput) (*single[ChargePoint], error) {
	p, err := h.svc.Asset.AddAlias(ctx, scopeOf(ctx), in.ID, in.Body.ChargePointID, in.Body.KeepKey, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return singleOf(pointOf(p), p.Version), nil
}

type ignoreInput struct {
	StrangerPath
	Body struct {
		Ignored bool `json:"ignored"`
	} `nameHint:"UnknownChargePointIgnore"`
}

func (h *handlers) ignoreStranger(ctx context.Context, in *ignoreInput) (*struct{ Body UnknownChargePoint }, error) {
	c := callerOf(ctx)
	s, err := h.svc.Asset.IgnoreStranger(ctx, c.Scope, in.ID, in.Body.Ignored)
	if err != nil {
		return nil, err
	}
	return &struct{ Body UnknownChargePoint }{strangerOf(c)(s)}, nil
}

func (h *handlers) forgetStranger(ctx context.Context, in *StrangerPath) (*nothing, error) {
	return &nothing{}, h.svc.Asset.ForgetStranger(ctx, scopeOf(ctx), in.ID)
}

// Onboarding is how new charge points are taken in.
type Onboarding struct {
	Knock bool   `json:"unknown_may_knock" doc:"Charge points that nobody registered may say who they are and wait in the inbox; false: they get 404."`
	Path  string `json:"path" doc:"Where they connect; the identity comes behind it. The operator's code in it says whose they are on a platform with several operators." example:"/ocpp/010000/"`
}

func (h *handlers) onboarding(ctx context.Context, o asset.Onboarding) (*struct{ Body Onboarding }, error) {
	out := Onboarding{Knock: o.Knock}
	op, err := h.svc.Operator.Operator(ctx, scopeOf(ctx), o.Operator)
	if err != nil {
		return nil, err
	}
	out.Path = "/ocpp/" + op.Code + "/"
	return &struct{ Body Onboarding }{out}, nil
}

func (h *handlers) getOnboarding(ctx context.Context, _ *struct{}) (*struct{ Body Onboarding }, error) {
	o, err := h.svc.Asset.Onboarding(ctx, scopeOf(ctx))
	if err != nil {
		return nil, err
	}
	return h.onboarding(ctx, o)
}

type onboardingInput struct {
	Body struct {
		Knock bool `json:"unknown_may_knock"`
	} `nameHint:"OnboardingPut"`
}

func (h *handlers) putOnboarding(ctx context.Context, in *onboardingInput) (*struct{ Body Onboarding }, error) {
	o, err := h.svc.Asset.SetOnboarding(ctx, scopeOf(ctx), in.Body.Knock)
	if err != nil {
		return nil, err
	}
	return h.onboarding(ctx, o)
}

// Alias is another identity that a charge point connects with.
type Alias struct {
	Identity string `json:"identity"`
}

// Aliases are all of a charge point.
type Aliases struct {
	Items []Alias `json:"items"`
}

func (h *handlers) listAliases(ctx context.Context, in *PointPath) (*struct{ Body Aliases }, error) {
	names, err := h.svc.Asset.Aliases(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out := Aliases{Items: make([]Alias, 0, len(names))}
	for _, n := range names {
		out.Items = append(out.Items, Alias{n})
	}
	return &struct{ Body Aliases }{out}, nil
}

type aliasPath struct {
	PointPath
	Identity string `path:"identity" maxLength:"48"`
}

func (h *handlers) removeAlias(ctx context.Context, in *aliasPath) (*nothing, error) {
	return &nothing{}, h.svc.Asset.RemoveAlias(ctx, scopeOf(ctx), in.ID, in.Identity)
}
