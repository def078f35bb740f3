package web

import (
	"context"
	"slices"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// PointCertificate is the certificate of a charge point, from the request on.
type PointCertificate struct {
	ID              ident.Certificate      `json:"id"`
	ChargePointID   ident.ChargePoint      `json:"charge_point_id"`
	ChargePointName string                 `json:"charge_point_name,omitempty"`
	Identity        string                 `json:"identity,omitempty" doc:"Of the charge point; the common name of its certificate."`
	SiteName        string                 `json:"site_name,omitempty"`
	TimeZone        string                 `json:"time_zone,omitempty"`
	AuthorityID     ident.Authority        `json:"authority_id,omitzero" doc:"That signed it; absent: nobody has yet."`
	Serial          string                 `json:"serial,omitempty" doc:"Its number, in hexadecimal."`
	State           asset.CertificateState `json:"state" enum:"requested,issued,installed,refused,replaced,revoked" doc:"requested: it waits to be signed. issued: signed, and on its way. installed: the charge point has it. replaced: it has a newer one; this one is good until it ends."`
	RequestedAt     time.Time              `json:"requested_at"`
	IssuedAt        time.Time              `json:"issued_at,omitzero"`
	InstalledAt     time.Time              `json:"installed_at,omitzero"`
	NotBefore       time.Time              `json:"not_before,omitzero"`
	NotAfter        time.Time              `json:"not_after,omitzero"`
	RevokedAt       time.Time              `json:"revoked_at,omitzero"`
	RevokeReason    string                 `json:"revoke_reason,omitempty"`
	Version         int64                  `json:"version" export:"-"`
}

func certificateOf(c asset.CertificateRow) PointCertificate {
	return PointCertificate{ID: c.ID, ChargePointID: c.Point, ChargePointName: c.PointName, Identity: c.PointIdentity, SiteName: c.SiteName, TimeZone: c.SiteZone,
		AuthorityID: c.Authority, Serial: c.Serial, State: c.State, RequestedAt: at(c.RequestedAt), IssuedAt: at(c.IssuedAt), InstalledAt: at(c.InstalledAt),
		NotBefore: at(c.NotBefore), NotAfter: at(c.NotAfter), RevokedAt: at(c.RevokedAt), RevokeReason: c.RevokeReason, Version: c.Version}
}

// CertificateDetail is a certificate with what is handed on.
type CertificateDetail struct {
	PointCertificate
	RequestPEM     string `json:"request_pem" doc:"The request, for the operator's own authority."`
	CertificatePEM string `json:"certificate_pem,omitempty" doc:"The certificate with those behind it."`
}

func detailOf(c asset.PointCertificate) CertificateDetail {
	return CertificateDetail{PointCertificate: certificateOf(asset.CertificateRow{PointCertificate: c}), RequestPEM: c.RequestPEM(), CertificatePEM: string(c.Chain)}
}

// CertificatePath is the {id} in a path.
type CertificatePath struct {
	ID ident.Certificate `path:"id"`
}

type certificatesInput struct {
	Paging
	PointID ident.ChargePoint `query:"charge_point_id"`
	State   string            `query:"state" maxLength:"100" doc:"States with commas between." example:"requested"`
}

var certificateStates = []asset.CertificateState{asset.CertRequested, asset.CertIssued, asset.CertInstalled, asset.CertRefused, asset.CertReplaced, asset.CertRevoked}

func (h *handlers) listCertificates(ctx context.Context, in *certificatesInput) (*found[PointCertificate], error) {
	f := asset.CertificateFilter{Point: in.PointID}
	for word := range strings.SplitSeq(in.State, ",") {
		if s := asset.CertificateState(word); slices.Contains(certificateStates, s) {
			f.States = append(f.States, s)
		} else if word != "" {
			return nil, fault.BadInput("/query/state", "is no state of a certificate")
		}
	}
	l, err := h.svc.Asset.Certificates(ctx, scopeOf(ctx), f, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, certificateOf), nil
}

func (h *handlers) getCertificate(ctx context.Context, in *CertificatePath) (*single[CertificateDetail], error) {
	c, err := h.svc.Asset.Certificate(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return singleOf(detailOf(c), c.Version), nil
}

type uploadInput struct {
	CertificatePath
	Body struct {
		PEM string `json:"certificate_pem" minLength:"1" maxLength:"10000" doc:"The certificate, and those between it and the authority behind it."`
	} `nameHint:"CertificateUpload"`
}

func (h *handlers) uploadCertificate(ctx context.Context, in *uploadInput) (*single[CertificateDetail], error) {
	c, err := h.svc.Asset.UploadCertificate(ctx, scopeOf(ctx), in.ID, in.Body.PEM)
	if err != nil {
		return nil, err
	}
	return singleOf(detailOf(c), c.Version), nil
}

type revokeInput struct {
	CertificatePath
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200"`
	} `nameHint:"CertificateRevoke"`
}

func (h *handlers) revokeCertificate(ctx context.Context, in *revokeInput) (*single[CertificateDetail], error) {
	c, err := h.svc.Asset.RevokeCertificate(ctx, scopeOf(ctx), in.ID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return singleOf(detailOf(c), c.Version), nil
}

// Authority signs certificates of charge points.
type Authority struct {
	ID               ident.Authority `json:"id"`
	Kind             asset.Issuer    `json:"kind" enum:"built_in,own" doc:"built_in: its key is kept here, sealed. own: the operator's own."`
	Name             string          `json:"name"`
	Organisation     string          `json:"organisation" doc:"What its certificates must name; CpoName of charge points."`
	CertificatePEM   string          `json:"certificate_pem"`
	SHA256           string          `json:"sha256" doc:"Fingerprint of its certificate, in hexadecimal."`
	Trusted          bool            `json:"trusted"`
	NotBefore        time.Time       `json:"not_before"`
	NotAfter         time.Time       `json:"not_after"`
	RevocationsUntil time.Time       `json:"revocations_until,omitzero" doc:"Until when its list of what is revoked was said to be new; absent: there is none, or it is ours."`
	CreatedAt        time.Time       `json:"created_at"`
	Version          int64           `json:"version"`
}

func authorityOf(a asset.Authority) Authority {
	return Authority{ID: a.ID, Kind: a.Kind, Name: a.Name, Organisation: a.Organisation, CertificatePEM: a.CertificatePEM(), SHA256: a.Fingerprint(), Trusted: a.Trusted,
		NotBefore: at(a.NotBefore), NotAfter: at(a.NotAfter), RevocationsUntil: at(a.RevocationsUntil), CreatedAt: at(a.CreatedAt), Version: a.Version}
}

// Authorities are all that an operator has.
type Authorities struct {
	Items []Authority `json:"items" doc:"Newest first, at most 20."`
}

func (h *handlers) listAuthorities(ctx context.Context, _ *struct{}) (*struct{ Body Authorities }, error) {
	all, err := h.svc.Asset.Authorities(ctx, scopeOf(ctx))
	if err != nil {
		return nil, err
	}
	out := Authorities{Items: make([]Authority, 0, len(all))}
	for _, a := range all {
		out.Items = append(out.Items, authorityOf(a))
	}
	return &struct{ Body Authorities }{out}, nil
}

type newAuthorityInput struct {
	Body struct {
		Kind         asset.Issuer `json:"kind" enum:"built_in,own"`
		PEM          string       `json:"certificate_pem,omitempty" maxLength:"10000" doc:"Of the operator's own."`
		Organisation string       `json:"organisation,omitempty" maxLength:"64" doc:"What its certificates name; absent: as its own does."`
	} `nameHint:"AuthorityNew"`
}

func (h *handlers) addAuthority(ctx context.Context, in *newAuthorityInput) (*made[Authority], error) {
	var a asset.Authority
	var err error
	if in.Body.Kind == asset.BuiltIn {
		a, err = h.svc.Asset.MakeAuthority(ctx, scopeOf(ctx))
	} else {
		a, err = h.svc.Asset.AddAuthority(ctx, scopeOf(ctx), in.Body.PEM, in.Body.Organisation)
	}
	if err != nil {
		return nil, err
	}
	return madeOf(authorityOf(a), a.Version, "/api/v1/authorities"), nil
}

// AuthorityPath is the {id} in a path.
type AuthorityPath struct {
	ID ident.Authority `path:"id"`
}

type dropInput struct {
	AuthorityPath
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200"`
	} `nameHint:"AuthorityDrop"`
}

func (h *handlers) dropAuthority(ctx context.Context, in *dropInput) (*single[Authority], error) {
	a, err := h.svc.Asset.DropAuthority(ctx, scopeOf(ctx), in.ID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return singleOf(authorityOf(a), a.Version), nil
}

// Revocations are what an authority revoked.
type Revocations struct {
	ListPEM string `json:"list_pem" doc:"A list of revoked certificates (RFC 5280)."`
}

func (h *handlers) getRevocations(ctx context.Context, in *AuthorityPath) (*struct{ Body Revocations }, error) {
	text, err := h.svc.Asset.RevocationList(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Revocations }{Revocations{text}}, nil
}

type revocationsInput struct {
	AuthorityPath
	Body struct {
		ListPEM string `json:"list_pem" minLength:"1" maxLength:"900000"`
	} `nameHint:"RevocationsSet"`
}

func (h *handlers) putRevocations(ctx context.Context, in *revocationsInput) (*single[Authority], error) {
	a, err := h.svc.Asset.SetRevocations(ctx, scopeOf(ctx), in.ID, in.Body.ListPEM)
	if err != nil {
		return nil, err
	}
	return singleOf(authorityOf(a), a.Version), nil
}

type certificateCommandInput struct {
	PointPath
	Body struct {
		Type   string               `json:"type" enum:"request_certificate,install_certificate,delete_certificate,get_certificates" doc:"request_certificate: it shall ask for a certificate of its own. The others are about the root certificates that it trusts."`
		Use    asset.CertificateUse `json:"use,omitempty" enum:"central_system_root,manufacturer_root" doc:"For install_certificate and get_certificates; absent: central_system_root, for the certificate of this server."`
		PEM    string               `json:"certificate_pem,omitempty" maxLength:"5500" doc:"For install_certificate."`
		Hash   *InstalledRoot       `json:"hash,omitempty" doc:"For delete_certificate: as get_certificates found it."`
		Reason string               `json:"reason,omitempty" maxLength:"200" doc:"Needed to install and to delete."`
	} `nameHint:"CertificateCommand"`
}

func (h *handlers) certificateCommand(ctx context.Context, in *certificateCommandInput) (*accepted[Command], error) {
	b := in.Body
	if b.Use == "" {
		b.Use = asset.CentralRoot
	}
	var args asset.Args
	switch b.Type {
	case "request_certificate":
		args = asset.ExtendedTrigger{Message: "SignChargePointCertificate"}
	case "install_certificate":
		args = asset.InstallCertificate{Use: b.Use, PEM: b.PEM}
	case "get_certificates":
		args = asset.GetCertificates{Use: b.Use}
	default:
		if b.Hash == nil {
			return nil, fault.BadInput("/hash", "must name the certificate")
		}
		args = asset.DeleteCertificate{Hash: asset.CertificateHash{Algorithm: b.Hash.HashAlgorithm, Name: b.Hash.IssuerNameHash, Key: b.Hash.IssuerKeyHash, Serial: b.Hash.SerialNumber}}
	}
	c, err := h.svc.Asset.Request(ctx, scopeOf(ctx), in.ID, args, b.Reason)
	if err != nil {
		return nil, err
	}
	return h.acceptedCommand(ctx, c), nil
}
