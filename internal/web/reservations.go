package web

import (
	"context"
	"slices"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/session"
)

// Reservation keeps a connector for a driver until a time.
type Reservation struct {
	ID              ident.Reservation        `json:"id"`
	Number          int32                    `json:"number" doc:"reservationId of OCPP 1.6."`
	SiteID          ident.Site               `json:"site_id"`
	SiteName        string                   `json:"site_name,omitempty"`
	TimeZone        string                   `json:"time_zone,omitempty" doc:"Of the site."`
	ChargePointID   ident.ChargePoint        `json:"charge_point_id"`
	ChargePointName string                   `json:"charge_point_name,omitempty"`
	Connector       int                      `json:"connector" doc:"0: any of the charge point."`
	DriverID        ident.Driver             `json:"driver_id"`
	Account         string                   `json:"account,omitempty" doc:"The driver's login." export:"pii"`
	Name            string                   `json:"name,omitempty" export:"pii"`
	ChargingAccount string                   `json:"charging_account"`
	TokenUID        string                   `json:"token_uid" doc:"The card that it is for." export:"pii"`
	State           session.ReservationState `json:"state" enum:"REQUESTED,ACTIVE,USED,CANCELLED,EXPIRED,REFUSED" doc:"REQUESTED: the charge point has not answered yet. REFUSED: by the charge point. EXPIRED: nobody came."`
	Soft            bool                     `json:"soft" doc:"The charge point keeps no reservations: the server alone refuses others when they start."`
	SessionID       ident.Session            `json:"session_id,omitzero" doc:"That used it."`
	CommandID       ident.Command            `json:"command_id,omitzero" doc:"The last that was sent for it."`
	Detail          string                   `json:"detail,omitempty" doc:"Why it is so, in words." export:"pii"`
	Actor           string                   `json:"actor,omitempty" doc:"Name of the account that made it, or its id where the name is out of reach."`
	Reason          string                   `json:"reason,omitempty" export:"pii"`
	CreatedAt       time.Time                `json:"created_at"`
	Until           time.Time                `json:"until"`
	EndedAt         time.Time                `json:"ended_at,omitzero"`
	Masked          bool                     `json:"masked" export:"-"`
	Version         int64                    `json:"version" export:"-"`
}

func reservationOf(ctx context.Context, name names, r session.ReservationRow) Reservation {
	d := member.Driver{Account: r.DriverAccount, Name: r.DriverName}
	uid, masked := r.TokenUID, !callerOf(ctx).May(authz.PIIView)
	if masked {
		d, uid = d.Masked(), member.MaskAccount(uid)
	}
	return Reservation{ID: r.ID, Number: r.Number, SiteID: r.Site, SiteName: r.SiteName, TimeZone: r.TimeZone, ChargePointID: r.Point,
		ChargePointName: r.PointName, Connector: r.Connector, DriverID: r.Driver, Account: d.Account, Name: d.Name, ChargingAccount: r.Reservation.Account,
		TokenUID: uid, State: r.State, Soft: r.Soft, SessionID: r.Session, CommandID: r.Command, Detail: r.Detail, Actor: name.of(r.Actor), Reason: r.Reason,
		CreatedAt: at(r.CreatedAt), Until: at(r.Until), EndedAt: at(r.EndedAt), Masked: masked, Version: r.Version}
}

// ReservationPath is the {id} in a path.
type ReservationPath struct {
	ID ident.Reservation `path:"id"`
}

type reservationsInput struct {
	Paging
	PointID  ident.ChargePoint `query:"charge_point_id"`
	DriverID ident.Driver      `query:"driver_id"`
	State    string            `query:"state" maxLength:"60" doc:"States with commas between." example:"REQUESTED,ACTIVE"`
}

func (h *handlers) listReservations(ctx context.Context, in *reservationsInput) (*found[Reservation], error) {
	f := session.ReservationFilter{Point: in.PointID, Driver: in.DriverID}
	for word := range strings.SplitSeq(in.State, ",") {
		if s := session.ReservationState(word); slices.Contains(session.ReservationStates, s) {
			f.States = append(f.States, s)
		} else if word != "" {
			return nil, fault.BadInput("/query/state", "must be REQUESTED, ACTIVE, USED, CANCELLED, EXPIRED or REFUSED")
		}
	}
	l, err := h.svc.Session.Reservations(ctx, scopeOf(ctx), f, in.page())
	if err != nil {
		return nil, err
	}
	name := h.names(ctx, scopeOf(ctx))
	return foundOf(l, func(r session.ReservationRow) Reservation { return reservationOf(ctx, name, r) }), nil
}

func (h *handlers) reservation(ctx context.Context, r session.ReservationRow) Reservation {
	return reservationOf(ctx, h.names(ctx, scopeOf(ctx)), r)
}

func (h *handlers) getReservation(ctx context.Context, in *ReservationPath) (*single[Reservation], error) {
	r, err := h.svc.Session.Reservation(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return singleOf(h.reservation(ctx, r), r.Version), nil
}

type newReservationInput struct {
	Body struct {
		ChargePointID ident.ChargePoint `json:"charge_point_id"`
		Connector     int               `json:"connector" minimum:"0" maximum:"64" doc:"0: any, where the charge point says that it can (ReserveConnectorZeroSupported)."`
		TokenUID      string            `json:"token_uid,omitempty" maxLength:"80" doc:"The card that it is for."`
		DriverID      ident.Driver      `json:"driver_id,omitzero" doc:"Whose card it is for, where no card is named."`
		Until         time.Time         `json:"until" doc:"At most 24 hours from now."`
		Reason        string            `json:"reason,omitempty" maxLength:"200"`
	} `nameHint:"ReservationNew"`
}

func (h *handlers) createReservation(ctx context.Context, in *newReservationInput) (*made[Reservation], error) {
	b := in.Body
	if b.TokenUID == "" {
		var err error
		if b.TokenUID, err = h.cardOf(ctx, b.DriverID); err != nil {
			return nil, err
		}
	}
	r, err := h.svc.Session.Reserve(ctx, scopeOf(ctx), session.ReserveRequest{Point: b.ChargePointID, Connector: b.Connector, Token: b.TokenUID, Until: b.Until, Reason: b.Reason})
	if fault.Is(err, fault.Missing) {
		return nil, fault.BadInput("/charge_point_id", "there is no such charge point")
	}
	if err != nil {
		return nil, err
	}
	return madeOf(h.reservation(ctx, r), r.Version, "/api/v1/reservations/"+r.ID.String()), nil
}

type cancelReservationInput struct {
	ReservationPath
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"200"`
	} `nameHint:"ReservationCancel"`
}

func (h *handlers) cancelReservation(ctx context.Context, in *cancelReservationInput) (*single[Reservation], error) {
	r, err := h.svc.Session.CancelReservation(ctx, scopeOf(ctx), in.ID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return singleOf(h.reservation(ctx, r), r.Version), nil
}
