package web

import (
	"context"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
)

// PointSecurity is how a charge point shows who it is.
type PointSecurity struct {
	Profile       int                `json:"profile" minimum:"0" maximum:"3" doc:"What the charge point itself must at least fulfil. 0: nothing, 1: a key, 2: a key by TLS, 3: a certificate of its own."`
	Minimum       int                `json:"minimum" minimum:"0" maximum:"3" doc:"What the operator asks of all at least."`
	Required      int                `json:"required" minimum:"0" maximum:"3" doc:"The higher of the two: with less it is refused."`
	Met           *int               `json:"met,omitempty" minimum:"0" maximum:"3" doc:"What it fulfilled when it came last; absent: it never came."`
	MetAt         time.Time          `json:"met_at,omitzero"`
	Transport     string             `json:"transport,omitempty" doc:"Of that connection; absent: without TLS." example:"TLS 1.3, TLS_AES_128_GCM_SHA256"`
	CertificateID ident.Certificate  `json:"certificate_id,omitzero" doc:"The certificate that it showed."`
	RefusedAt     time.Time          `json:"refused_at,omitzero" doc:"When somebody was last refused who said to be it."`
	RefusedWhy    string             `json:"refused_why,omitempty"`
	RootAt        time.Time          `json:"root_installed_at,omitzero" doc:"When it took a root certificate for this server from us."`
	Installed     []InstalledRoot    `json:"installed,omitempty" doc:"The root certificates for this server that it said it has."`
	InstalledAt   time.Time          `json:"installed_at,omitzero" doc:"When it said so; absent: it was never asked."`
	Changes       []SecurityChange   `json:"changes" doc:"Changes of its key and profile, newest first; one may be on its way."`
	Certificates  []PointCertificate `json:"certificates" doc:"Newest first."`
}

// InstalledRoot is a root certificate that a charge point has, by its hashes.
type InstalledRoot struct {
	HashAlgorithm  string `json:"hash_algorithm"`
	IssuerNameHash string `json:"issuer_name_hash"`
	IssuerKeyHash  string `json:"issuer_key_hash"`
	SerialNumber   string `json:"serial_number"`
}

// SecurityChange is a change of a charge point's key or profile over its connection.
type SecurityChange struct {
	ID        ident.SecurityChange `json:"id"`
	Kind      asset.ChangeKind     `json:"kind" enum:"key,profile"`
	From      *int                 `json:"from,omitempty" doc:"Of a profile."`
	To        *int                 `json:"to,omitempty"`
	State     asset.ChangeState    `json:"state" enum:"asked,taken,restart,unclear,done,refused,rolled_back" doc:"taken: it said yes, and has not come back yet. restart: it said yes once it has started again. unclear: no answer came. done: it came back with what is new."`
	CommandID ident.Command        `json:"command_id"`
	Detail    string               `json:"detail,omitempty" doc:"How it ended."`
	Actor     string               `json:"actor" doc:"Who asked: the name of an account, or why the system did."`
	Reason    string               `json:"reason"`
	CreatedAt time.Time            `json:"created_at"`
	EndedAt   time.Time            `json:"ended_at,omitzero"`
}

func changeOf(c asset.SecurityChange, name names) SecurityChange {
	out := SecurityChange{ID: c.ID, Kind: c.Kind, State: c.State, CommandID: c.Command, Detail: c.Detail, Actor: name.of(c.Actor), Reason: c.Reason,
		CreatedAt: at(c.CreatedAt), EndedAt: at(c.EndedAt)}
	if c.Kind == asset.ChangeOfProfile {
		from, to := int(c.From), int(c.To)
		out.From, out.To = &from, &to
	}
	return out
}

func (h *handlers) getPointSecurity(ctx context.Context, in *PointPath) (*struct{ Body PointSecurity }, error) {
	return h.pointSecurity(ctx, in.ID)
}

func (h *handlers) pointSecurity(ctx context.Context, id ident.ChargePoint) (*struct{ Body PointSecurity }, error) {
	s, err := h.svc.Asset.PointSecurity(ctx, scopeOf(ctx), id)
	if err != nil {
		return nil, err
	}
	out := PointSecurity{Profile: int(s.Profile), Minimum: int(s.Settings.Minimum), Required: int(s.Required(s.Settings)), MetAt: at(s.MetAt), Transport: s.Transport,
		CertificateID: s.Certificate, RefusedAt: at(s.RefusedAt), RefusedWhy: s.RefusedWhy, RootAt: at(s.RootAt), InstalledAt: at(s.InstalledAt),
		Changes: make([]SecurityChange, 0, len(s.Changes)), Certificates: make([]PointCertificate, 0, len(s.Certificates))}
	if !s.MetAt.IsZero() {
		met := int(s.Met)
		out.Met = &met
	}
	for _, c := range s.Installed {
		out.Installed = append(out.Installed, InstalledRoot{HashAlgorithm: c.Algorithm, IssuerNameHash: c.Name, IssuerKeyHash: c.Key, SerialNumber: c.Serial})
	}
	name := h.names(ctx, scopeOf(ctx))
	for _, c := range s.Changes {
		out.Changes = append(out.Changes, changeOf(c, name))
	}
	for _, c := range s.Certificates {
		out.Certificates = append(out.Certificates, certificateOf(asset.CertificateRow{PointCertificate: c, PointName: s.Point.Name, PointIdentity: s.Point.Identity}))
	}
	return &struct{ Body PointSecurity }{out}, nil
}

type profileInput struct {
	PointPath
	Body struct {
		Profile int    `json:"profile" minimum:"0" maximum:"3"`
		Reason  string `json:"reason" minLength:"1" maxLength:"200"`
	} `nameHint:"SecurityProfileSet"`
}

func (h *handlers) requireProfile(ctx context.Context, in *profileInput) (*struct{ Body PointSecurity }, error) {
	if err := h.svc.Asset.RequireProfile(ctx, scopeOf(ctx), in.ID, asset.SecurityProfile(in.Body.Profile), in.Body.Reason); err != nil {
		return nil, err
	}
	return h.pointSecurity(ctx, in.ID)
}

type keyChangeInput struct {
	PointPath
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200"`
	} `nameHint:"KeyChange"`
}

type changeOutput struct {
	Status int
	Body   SecurityChange
}

func (h *handlers) changeKey(ctx context.Context, in *keyChangeInput) (*changeOutput, error) {
	c, err := h.svc.Asset.ChangeKey(ctx, scopeOf(ctx), in.ID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return &changeOutput{202, changeOf(c, h.names(ctx, scopeOf(ctx)))}, nil
}

type upgradeInput struct {
	PointPath
	Body struct {
		To        int    `json:"to" minimum:"2" maximum:"3"`
		RootKnown bool   `json:"root_known,omitempty" doc:"Somebody knows that the charge point trusts this server's certificate, though it was not installed from here."`
		Reason    string `json:"reason" minLength:"1" maxLength:"200"`
	} `nameHint:"ProfileUpgrade"`
}

func (h *handlers) raiseProfile(ctx context.Context, in *upgradeInput) (*changeOutput, error) {
	c, err := h.svc.Asset.RaiseProfile(ctx, scopeOf(ctx), in.ID, asset.SecurityProfile(in.Body.To), in.Body.RootKnown, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return &changeOutput{202, changeOf(c, h.names(ctx, scopeOf(ctx)))}, nil
}

// SecurityEvent is something that touches the security of a charge point.
type SecurityEvent struct {
	ID              ident.SecurityEvent  `json:"id"`
	ChargePointID   ident.ChargePoint    `json:"charge_point_id"`
	ChargePointName string               `json:"charge_point_name,omitempty"`
	SiteName        string               `json:"site_name,omitempty"`
	TimeZone        string               `json:"time_zone,omitempty" doc:"Of the site."`
	Source          asset.SecuritySource `json:"source" enum:"charge_point,server" doc:"Who noticed."`
	Kind            asset.SecurityKind   `json:"kind" doc:"The charge point's word, as OCPP's security whitepaper lists them, or ours." example:"TamperDetectionActivated"`
	Critical        bool                 `json:"critical" doc:"It raises a warning."`
	At              time.Time            `json:"at" doc:"When it happened, by the device's corrected clock."`
	ReceivedAt      time.Time            `json:"received_at"`
	Detail          string               `json:"detail,omitempty" doc:"What the charge point added, or what we saw." export:"pii"`
}

type securityEventsInput struct {
	Paging
	PointID  ident.ChargePoint    `query:"charge_point_id"`
	Kind     string               `query:"kind" maxLength:"50"`
	Source   asset.SecuritySource `query:"source" enum:"charge_point,server"`
	Critical optional[bool]       `query:"critical" doc:"true: only what raises a warning."`
	From     time.Time            `query:"from" doc:"Happened at or after."`
	To       time.Time            `query:"to" doc:"Happened before."`
}

func (h *handlers) listSecurityEvents(ctx context.Context, in *securityEventsInput) (*found[SecurityEvent], error) {
	l, err := h.svc.Asset.SecurityEvents(ctx, scopeOf(ctx), asset.SecurityFilter{Point: in.PointID, Kind: asset.SecurityKind(in.Kind), Source: in.Source,
		Critical: in.Critical.Set && in.Critical.Value, From: in.From, To: in.To}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, func(e asset.SecurityRow) SecurityEvent {
		return SecurityEvent{ID: e.ID, ChargePointID: e.Point, ChargePointName: e.PointName, SiteName: e.SiteName, TimeZone: e.SiteZone, Source: e.Source, Kind: e.Kind,
			Critical: e.Critical, At: at(e.At), ReceivedAt: at(e.ReceivedAt), Detail: e.Detail}
	}), nil
}

// SecuritySettings are those of the operator.
type SecuritySettings struct {
	Minimum int          `json:"minimum" minimum:"0" maximum:"3" doc:"The least security profile that a charge point may have. 0 lets those in without a key that say so themselves, and nobody else."`
	Issuer  asset.Issuer `json:"issuer" enum:"built_in,own" doc:"Who signs what charge points ask for: an authority of ours, at once; or the operator's own, by hand."`
	Version int64        `json:"version"`
}

func (h *handlers) getSecuritySettings(ctx context.Context, _ *struct{}) (*single[SecuritySettings], error) {
	s, err := h.svc.Asset.SecuritySettings(ctx, scopeOf(ctx))
	if err != nil {
		return nil, err
	}
	return singleOf(SecuritySettings{int(s.Minimum), s.Issuer, s.Version}, s.Version), nil
}

type securitySettingsInput struct {
	Body struct {
		Minimum int          `json:"minimum" minimum:"0" maximum:"3"`
		Issuer  asset.Issuer `json:"issuer" enum:"built_in,own"`
	} `nameHint:"SecuritySettingsSet"`
}

func (h *handlers) putSecuritySettings(ctx context.Context, in *securitySettingsInput) (*single[SecuritySettings], error) {
	s, err := h.svc.Asset.SetSecuritySettings(ctx, scopeOf(ctx), asset.SecurityProfile(in.Body.Minimum), in.Body.Issuer, versionOf(ctx))
	if err != nil {
		return nil, err
	}
	return singleOf(SecuritySettings{int(s.Minimum), s.Issuer, s.Version}, s.Version), nil
}
