package web

import (
	"context"
	"time"

	"ccms/internal/ident"
	"ccms/internal/upkeep"
)

// MaintenanceWindow is a time in which warnings about a site or a charge point ask for nobody.
type MaintenanceWindow struct {
	ID              ident.Window       `json:"id"`
	SiteID          ident.Site         `json:"site_id"`
	SiteName        string             `json:"site_name,omitempty"`
	TimeZone        string             `json:"time_zone,omitempty" doc:"Of the site."`
	ChargePointID   ident.ChargePoint  `json:"charge_point_id,omitzero" doc:"Absent: all of the site."`
	ChargePointName string             `json:"charge_point_name,omitempty"`
	State           upkeep.WindowState `json:"state" enum:"PLANNED,RUNNING,OVER"`
	From            time.Time          `json:"from"`
	Until           time.Time          `json:"until"`
	Reason          string             `json:"reason" export:"pii"`
	Suppressed      int                `json:"suppressed" doc:"Warnings that are suppressed in it now."`
	CreatedBy       string             `json:"created_by,omitempty"`
	CreatedAt       time.Time          `json:"created_at"`
	EndedBy         string             `json:"ended_by,omitempty" doc:"Who ended it before its time, or called it off."`
}

func (h *handlers) windowOf(r upkeep.WindowRow, name names) MaintenanceWindow {
	return MaintenanceWindow{ID: r.ID, SiteID: r.Site, SiteName: r.SiteName, TimeZone: r.TimeZone, ChargePointID: r.Point, ChargePointName: r.PointName,
		State: r.State(h.now()), From: at(r.From), Until: at(r.Until), Reason: r.Reason, Suppressed: r.Suppressed,
		CreatedBy: name.of(r.CreatedBy), CreatedAt: at(r.CreatedAt), EndedBy: name.of(r.EndedBy)}
}

type windowsInput struct {
	Paging
	State   upkeep.WindowState `query:"state" enum:"PLANNED,RUNNING,OVER"`
	SiteID  ident.Site         `query:"site_id"`
	Site    string             `query:"site" maxLength:"100" doc:"How a word of the site's name begins."`
	PointID ident.ChargePoint  `query:"charge_point_id"`
	Point   string             `query:"point" maxLength:"100" doc:"How a word of the charge point's name begins."`
}

func (h *handlers) listWindows(ctx context.Context, in *windowsInput) (*found[MaintenanceWindow], error) {
	f := upkeep.WindowFilter{Site: in.SiteID, SiteName: in.Site, Point: in.PointID, PointName: in.Point, State: in.State}
	l, err := h.svc.Upkeep.Windows(ctx, scopeOf(ctx), f, in.page())
	if err != nil {
		return nil, err
	}
	name := h.names(ctx, scopeOf(ctx))
	return foundOf(l, func(r upkeep.WindowRow) MaintenanceWindow { return h.windowOf(r, name) }), nil
}

// WindowPath is the {id} in a path.
type WindowPath struct {
	ID ident.Window `path:"id"`
}

func (h *handlers) getWindow(ctx context.Context, in *WindowPath) (*struct{ Body MaintenanceWindow }, error) {
	r, err := h.svc.Upkeep.Window(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body MaintenanceWindow }{h.windowOf(r, h.names(ctx, scopeOf(ctx)))}, nil
}

type newWindowInput struct {
	Body struct {
		SiteID        ident.Site        `json:"site_id,omitzero" doc:"All charge points of this site."`
		ChargePointID ident.ChargePoint `json:"charge_point_id,omitzero" doc:"Or only this one."`
		From          time.Time         `json:"from,omitzero" doc:"Absent: now."`
		Until         time.Time         `json:"until" doc:"At most 31 days after the beginning."`
		Reason        string            `json:"reason" minLength:"1" maxLength:"200" doc:"What is done."`
	} `nameHint:"MaintenanceWindowNew"`
}

func (h *handlers) planWindow(ctx context.Context, in *newWindowInput) (*made[MaintenanceWindow], error) {
	b := in.Body
	r, err := h.svc.Upkeep.PlanWindow(ctx, scopeOf(ctx), upkeep.NewWindow{Site: b.SiteID, Point: b.ChargePointID, From: b.From, Until: b.Until, Reason: b.Reason})
	if err != nil {
		return nil, err
	}
	return madeOf(h.windowOf(r, h.names(ctx, scopeOf(ctx))), r.Version, "/api/v1/maintenance-windows/"+r.ID.String()), nil
}

func (h *handlers) endWindow(ctx context.Context, in *WindowPath) (*struct{ Body MaintenanceWindow }, error) {
	r, err := h.svc.Upkeep.EndWindow(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body MaintenanceWindow }{h.windowOf(r, h.names(ctx, scopeOf(ctx)))}, nil
}

// WarningLevel is how bad warnings of a type are.
type WarningLevel struct {
	Type    upkeep.Type `json:"type" enum:"OFFLINE,FLAPPING,CONNECTOR_ERROR,INTERNAL_ERROR,CHARGE_RECORD_ERROR,METER_SILENT,START_FAILURE_STREAK,UNKNOWN_STATION,DUPLICATE_IDENTITY,SECURITY_EVENT,CERT_EXPIRING,FIRMWARE_FAILED,LIST_PUSH_FAILED,HARDWARE_CHANGED"`
	Level   string      `json:"level,omitempty" enum:"INFO,NOTICE,WARN,ERROR" doc:"What the operator gives it; absent: what is built in."`
	Lowest  string      `json:"built_in_lowest" enum:"INFO,NOTICE,WARN,ERROR" doc:"What is built in; some types have more than one level, by their code."`
	Highest string      `json:"built_in_highest" enum:"INFO,NOTICE,WARN,ERROR"`
	// Safety says that some of the type may hurt somebody.
	Safety bool `json:"safety" doc:"Some of it may hurt somebody: that is CRITICAL, whatever is given here."`
}

// WarningLevels are those of all types.
type WarningLevels struct {
	Items   []WarningLevel `json:"items"`
	Version int64          `json:"version"`
}

func warningLevelsOf(s upkeep.LevelSettings) *single[WarningLevels] {
	out := WarningLevels{Version: s.Version, Items: make([]WarningLevel, 0, len(upkeep.Types))}
	for _, t := range upkeep.Types {
		lowest, highest := upkeep.BuiltIn(t)
		l := WarningLevel{Type: t, Lowest: lowest.String(), Highest: highest.String(), Safety: t == upkeep.ConnectorError}
		if given, ok := s.Levels[t]; ok {
			l.Level = given.String()
		}
		out.Items = append(out.Items, l)
	}
	return singleOf(out, s.Version)
}

func (h *handlers) getWarningLevels(ctx context.Context, _ *struct{}) (*single[WarningLevels], error) {
	s, err := h.svc.Upkeep.Levels(ctx, scopeOf(ctx))
	if err != nil {
		return nil, err
	}
	return warningLevelsOf(s), nil
}

type warningLevelsInput struct {
	Body struct {
		Levels map[string]string `json:"levels" doc:"A level for each type that shall have another than the one built in: INFO, NOTICE, WARN or ERROR. A type that is left out has its own again." example:"{\"OFFLINE\":\"WARN\"}"`
	} `nameHint:"WarningLevelsSet"`
}

func (h *handlers) putWarningLevels(ctx context.Context, in *warningLevelsInput) (*single[WarningLevels], error) {
	levels := make(map[upkeep.Type]upkeep.Level, len(in.Body.Levels))
	for t, word := range in.Body.Levels {
		l, _ := upkeep.LevelOf(word) // none is one that cannot be given
		levels[upkeep.Type(t)] = l
	}
	s, err := h.svc.Upkeep.SetLevels(ctx, scopeOf(ctx), levels, versionOf(ctx))
	if err != nil {
		return nil, err
	}
	return warningLevelsOf(s), nil
}
