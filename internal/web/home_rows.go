package web

import (
	"context"
	"strconv"
	"time"

	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/report"
	"ccms/internal/unit"
)

// HomeSession is a session that a sum of Home is made of.
type HomeSession struct {
	ID            ident.Session `json:"id"`
	TransactionID string        `json:"transaction_id,omitempty" doc:"The number people read out."`
	SiteID        ident.Site    `json:"site_id"`
	SiteName      string        `json:"site_name"`
	PointName     string        `json:"charge_point_name,omitempty"`
	TimeZone      string        `json:"time_zone" doc:"Of the site."`
	State         string        `json:"state" enum:"STARTING,CHARGING,PAUSED,OFFLINE_RUNNING,STOPPING,STOP_UNCONFIRMED,IDLE,COMPLETED,ABNORMAL"`
	StartedAt     time.Time     `json:"started_at,omitzero"`
	EndedAt       time.Time     `json:"ended_at"`
	Energy        unit.Wh       `json:"energy_wh"`
	Duration      int64         `json:"duration_s" minimum:"0"`
}

func homeSession(r report.EndedRow) HomeSession {
	out := HomeSession{ID: r.ID, SiteID: r.Site, SiteName: r.SiteName, PointName: r.PointName, TimeZone: r.Zone, State: string(r.Phase),
		StartedAt: at(r.StartedAt), EndedAt: at(r.EndedAt), Energy: r.Energy}
	if !r.StartedAt.IsZero() {
		out.Duration = int64(r.EndedAt.Sub(r.StartedAt) / time.Second)
	}
	if r.OCPPID > 0 {
		out.TransactionID = strconv.FormatInt(r.OCPPID, 10)
	}
	return out
}

func (h *handlers) homeSessionRows(ctx context.Context, in *struct {
	HomeScope
	HomePeriod
	Paging
}) (*found[HomeSession], error) {
	q, err := in.query(in.filter())
	if err != nil {
		return nil, err
	}
	l, err := h.svc.Report.EndedRows(ctx, scopeOf(ctx), q, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, homeSession), nil
}

// HomePosting is an entry that a figure of Home is made of.
type HomePosting struct {
	ID            ident.Entry    `json:"id"`
	Time          time.Time      `json:"time"`
	Kind          string         `json:"kind" example:"capture" doc:"Why money moved: capture, adjust, recharge."`
	SessionID     ident.Session  `json:"session_id,omitzero"`
	TransactionID string         `json:"transaction_id,omitempty" doc:"Of the session."`
	RechargeID    ident.Recharge `json:"recharge_id,omitzero"`
	SiteName      string         `json:"site_name,omitempty"`
	Amount        Money          `json:"amount" doc:"With tax; above 0."`
}

func homePosting(r report.PostedRow) HomePosting {
	out := HomePosting{ID: r.ID, Time: at(r.At), Kind: string(r.Kind), SessionID: r.Session, RechargeID: r.Recharge, SiteName: r.SiteName, Amount: amount(r.Amount)}
	if r.OCPPID > 0 {
		out.TransactionID = strconv.FormatInt(r.OCPPID, 10)
	}
	return out
}

func (h *handlers) homePostingRows(ctx context.Context, in *struct {
	HomeScope
	HomePeriod
	Paging
	Side     report.Side    `query:"side" enum:"charged,refunded,recharged,reversed" default:"charged" doc:"The rows come to gross, refunds, recharge, recharge_reversed."`
	Currency money.Currency `query:"currency" pattern:"^[A-Z]{3}$" doc:"Absent: the operator's."`
}) (*found[HomePosting], error) {
	q, err := in.query(in.filter())
	if err != nil {
		return nil, err
	}
	l, err := h.svc.Report.PostedRows(ctx, scopeOf(ctx), q, in.Side, in.Currency, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, homePosting), nil
}
