package web

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"

	"github.com/danielgtaylor/huma/v2"
)

func planned[I, O any](pattern string, p authz.Permission, summary string, opts ...option) Route {
	return route[I, O](pattern, p, func(context.Context, *I) (*O, error) { panic("planned") }, summary, opts...)
}

const livePattern = "GET /api/v1/live"

type sessionID struct {
	ID ident.Session `path:"id"`
}

type sessionsInput struct {
	paging
	State    []string          `query:"state" doc:"running, ended, or states with commas between."`
	SiteID   ident.Site        `query:"site_id"`
	Site     string            `query:"site" maxLength:"100" doc:"How a word of the site's name begins."`
	PointID  ident.ChargePoint `query:"charge_point_id"`
	Point    string            `query:"point" maxLength:"100" doc:"How a word of the charge point's name begins."`
	DriverID ident.Driver      `query:"driver_id"`
	Q        string            `query:"q" maxLength:"100" doc:"The transaction id."`
	From     time.Time         `query:"from" doc:"Started at or after."`
	To       time.Time         `query:"to" doc:"Started before."`
}

type timelineInput struct {
	sessionID
	Limit int `query:"limit" minimum:"1" maximum:"5000" default:"1000"`
}

type stopInput struct {
	sessionID
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"200"`
	} `nameHint:"SessionStop"`
}

type commandInput struct {
	pointID
	Body struct {
		Type             string        `json:"type" enum:"remote_start,remote_stop,trigger_message,reset,refresh"`
		Connector        int           `json:"connector,omitempty" minimum:"0" maximum:"64"`
		TokenUID         string        `json:"token_uid,omitempty" maxLength:"80"`
		DriverID         ident.Driver  `json:"driver_id,omitzero"`
		SessionID        ident.Session `json:"session_id,omitzero"`
		RequestedMessage string        `json:"requested_message,omitempty" maxLength:"50"`
		ResetType        string        `json:"reset_type,omitempty" enum:"soft,hard"`
		Reason           string        `json:"reason,omitempty" maxLength:"200"`
	} `nameHint:"CommandNew"`
}

type attemptsInput struct {
	paging
	ChargePointID ident.ChargePoint `query:"charge_point_id"`
	SessionID     ident.Session     `query:"session_id"`
	Q             string            `query:"q" maxLength:"80" doc:"The card's UID."`
	From          time.Time         `query:"from"`
	To            time.Time         `query:"to"`
}

type liveInput struct {
	Topics []string `query:"topics" enum:"sessions,charge_points,commands" doc:"With commas between; absent: all."`
}

type liveOutput struct {
	Body func(huma.Context)
}
