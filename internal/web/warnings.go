package web

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/upkeep"
)

// Warning is one thing that staff should know.
type Warning struct {
	ID              ident.Warning     `json:"id"`
	SiteID          ident.Site        `json:"site_id,omitzero"`
	SiteName        string            `json:"site_name,omitempty"`
	TimeZone        string            `json:"time_zone,omitempty" doc:"Of the site."`
	ChargePointID   ident.ChargePoint `json:"charge_point_id,omitzero" doc:"Absent for a storm, and for a station that nobody knows."`
	ChargePointName string            `json:"charge_point_name,omitempty"`
	Connector       int               `json:"connector" doc:"0: the whole charge point."`
	Type            upkeep.Type       `json:"type" enum:"OFFLINE,FLAPPING,CONNECTOR_ERROR,INTERNAL_ERROR,CHARGE_RECORD_ERROR,METER_SILENT,START_FAILURE_STREAK,UNKNOWN_STATION,DUPLICATE_IDENTITY,SECURITY_EVENT,CERT_EXPIRING,FIRMWARE_FAILED,LIST_PUSH_FAILED,HARDWARE_CHANGED"`
	Code            string            `json:"code,omitempty" doc:"What tells warnings of a type apart: OCPP 1.6's errorCode, the flag of a charging record, the identity that is not known, the kind of a security event." example:"GroundFailure"`
	Level           string            `json:"level" enum:"INFO,NOTICE,WARN,ERROR,CRITICAL" doc:"CRITICAL is about safety and never ends by itself."`
	State           upkeep.State      `json:"state" enum:"OPEN,ACKNOWLEDGED,SUPPRESSED,CLEARED" doc:"SUPPRESSED: raised in a window of maintenance; it becomes OPEN if it holds when that ends."`
	Count           int               `json:"count" minimum:"1" doc:"How often it happened while it stood."`
	FirstAt         time.Time         `json:"first_at" doc:"When it happened first, by the device's corrected clock."`
	At              time.Time         `json:"at" doc:"When it happened last. Lists go by it."`
	ReceivedAt      time.Time         `json:"received_at" doc:"When it was heard of; much later than at where the charge point was away."`
	GoneAt          time.Time         `json:"gone_at,omitzero" doc:"Since when the condition is over; absent while it lasts."`
	ParentID        ident.Warning     `json:"parent_id,omitzero" doc:"The storm that it is part of."`
	Children        int               `json:"children,omitempty" doc:"Of a storm: how many went away together."`
	Firmware        string            `json:"firmware,omitempty" doc:"Vendor, model and firmware of the charge point when it was raised."`
	SessionID       ident.Session     `json:"session_id,omitzero" doc:"The last that it is about."`
	Detail          string            `json:"detail,omitempty" doc:"The vendor's error code, or what else tells more."`
	PointStatus     asset.PointStatus `json:"point_status,omitempty" enum:"OFFLINE,FAULT,UPGRADING,MAINTENANCE,ALARM,CHARGING,SUSPENDED,FINISHING,RESERVED,PREPARING,AVAILABLE,PENDING" doc:"Of the charge point now."`
	AcknowledgedAt  time.Time         `json:"acknowledged_at,omitzero"`
	AcknowledgedBy  string            `json:"acknowledged_by,omitempty" doc:"Name of the account, or its id where the name is out of reach."`
	ClearedAt       time.Time         `json:"cleared_at,omitzero"`
	ClearedBy       string            `json:"cleared_by,omitempty" doc:"Absent where it ended by itself."`
	ClearReason     string            `json:"clear_reason,omitempty"`
	Version         int64             `json:"version"`
}

func warningOf(r upkeep.Row) Warning {
	w := r.Warning
	return Warning{ID: w.ID, SiteID: w.Site, SiteName: r.SiteName, TimeZone: r.TimeZone, ChargePointID: w.Point, ChargePointName: r.PointName,
		Connector: w.Connector, Type: w.Type, Code: w.Code, Level: w.Level.String(), State: w.State, Count: w.Count,
		FirstAt: at(w.FirstAt), At: at(w.At), ReceivedAt: at(w.ReceivedAt), GoneAt: at(w.GoneAt), ParentID: w.Parent, Children: w.Children,
		Firmware: w.Firmware, SessionID: w.Session, Detail: w.Detail, PointStatus: r.PointStatus,
		AcknowledgedAt: at(w.AcknowledgedAt), AcknowledgedBy: w.AcknowledgedBy, ClearedAt: at(w.ClearedAt), ClearedBy: w.ClearedBy,
		ClearReason: w.ClearReason, Version: w.Version}
}

// WarningEntry is one line of a warning's history.
type WarningEntry struct {
	Kind       upkeep.EntryKind `json:"kind" enum:"raised,again,condition_gone,joined_storm,acknowledged,window_over,cleared"`
	At         time.Time        `json:"at" doc:"When it happened."`
	ReceivedAt time.Time        `json:"received_at" doc:"When it was heard of."`
	SessionID  ident.Session    `json:"session_id,omitzero"`
	Actor      string           `json:"actor,omitempty" doc:"Absent: the system."`
	Note       string           `json:"note,omitempty"`
}

// WarningDetail is a warning with its history.
type WarningDetail struct {
	Warning
	Disconnects int64          `json:"disconnects" doc:"How often the charge point's connection was lost, ever."`
	Entries     []WarningEntry `json:"entries" doc:"The newest first, at most 200."`
}

// WarningPath is the {id} in a path.
type WarningPath struct {
	ID ident.Warning `path:"id"`
}

type warningsInput struct {
	Paging
	State    string            `query:"state" maxLength:"60" doc:"live (OPEN or ACKNOWLEDGED), or states with commas between; absent: all." example:"live"`
	Type     string            `query:"type" maxLength:"200" doc:"Types with commas between."`
	Level    string            `query:"level" maxLength:"60" doc:"Levels with commas between." example:"ERROR,CRITICAL"`
	SiteID   ident.Site        `query:"site_id"`
	Site     string            `query:"site" maxLength:"100" doc:"How a word of the site's name begins."`
	PointID  ident.ChargePoint `query:"charge_point_id"`
	Point    string            `query:"point" maxLength:"100" doc:"How a word of the charge point's name begins."`
	ParentID ident.Warning     `query:"parent_id" doc:"What is gathered under this storm. Without it and without charge_point_id those are left out."`
	From     time.Time         `query:"from" doc:"Happened at or after."`
	To       time.Time         `query:"to" doc:"Happened before."`
}

func (in *warningsInput) filter() (upkeep.Filter, error) {
	f := upkeep.Filter{Site: in.SiteID, SiteName: in.Site, Point: in.PointID, PointName: in.Point, Parent: in.ParentID, From: in.From, To: in.To}
	f.Top = f.Parent.IsZero() && f.Point.IsZero() && f.PointName == ""
	for word := range strings.SplitSeq(in.State, ",") {
		switch s := upkeep.State(word); {
		case word == "":
		case word == "live":
			f.States = append(f.States, upkeep.Open, upkeep.Acknowledged)
		case slices.Contains(upkeep.States, s):
			f.States = append(f.States, s)
		default:
			return f, fault.BadInput("/query/state", "must be live, OPEN, ACKNOWLEDGED, SUPPRESSED or CLEARED")
		}
	}
	for word := range strings.SplitSeq(in.Type, ",") {
		if t := upkeep.Type(word); slices.Contains(upkeep.Types, t) {
			f.Types = append(f.Types, t)
		} else if word != "" {
			return f, fault.BadInput("/query/type", "is no type of a warning")
		}
	}
	for word := range strings.SplitSeq(in.Level, ",") {
		if l, ok := upkeep.LevelOf(word); ok {
			f.Levels = append(f.Levels, l)
		} else if word != "" {
			return f, fault.BadInput("/query/level", "must be INFO, NOTICE, WARN, ERROR or CRITICAL")
		}
	}
	return f, nil
}

func (h *handlers) listWarnings(ctx context.Context, in *warningsInput) (*found[Warning], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	l, err := h.svc.Upkeep.List(ctx, scopeOf(ctx), f, in.page())
	if err != nil {
		return nil, err
	}
	name := h.names(ctx, scopeOf(ctx))
	return foundOf(l, func(r upkeep.Row) Warning { return name.in(warningOf(r)) }), nil
}

func (h *handlers) getWarning(ctx context.Context, in *WarningPath) (*single[WarningDetail], error) {
	d, err := h.svc.Upkeep.Detail(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	name := h.names(ctx, scopeOf(ctx))
	out := WarningDetail{Warning: name.in(warningOf(d.Row)), Disconnects: d.Disconnects, Entries: make([]WarningEntry, 0, len(d.Entries))}
	for _, e := range d.Entries {
		out.Entries = append(out.Entries, WarningEntry{Kind: e.Kind, At: at(e.At), ReceivedAt: at(e.ReceivedAt), SessionID: e.Session, Actor: name.of(e.Actor), Note: e.Note})
	}
	return singleOf(out, d.Version), nil
}

func (h *handlers) acknowledgeWarning(ctx context.Context, in *WarningPath) (*single[Warning], error) {
	r, err := h.svc.Upkeep.Acknowledge(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return singleOf(h.names(ctx, scopeOf(ctx)).in(warningOf(r)), r.Version), nil
}

type clearWarningInput struct {
	WarningPath
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"Why this is over."`
	} `nameHint:"WarningClear"`
}

func (h *handlers) clearWarning(ctx context.Context, in *clearWarningInput) (*single[Warning], error) {
	r, err := h.svc.Upkeep.Clear(ctx, scopeOf(ctx), in.ID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return singleOf(h.names(ctx, scopeOf(ctx)).in(warningOf(r)), r.Version), nil
}

// WarningResult is what became of one of many.
type WarningResult struct {
	ID      ident.Warning `json:"id"`
	Warning *Warning      `json:"warning,omitempty" doc:"As it is now."`
	Code    string        `json:"code,omitempty" doc:"Why it was not done." example:"not_found"`
}

// WarningResults has one row per warning that was named.
type WarningResults struct {
	Items []WarningResult `json:"items"`
}

type manyWarningsInput struct {
	Body struct {
		IDs []ident.Warning `json:"ids" minItems:"1" maxItems:"100"`
	} `nameHint:"WarningsAcknowledge"`
}

func (h *handlers) acknowledgeWarnings(ctx context.Context, in *manyWarningsInput) (*struct{ Body WarningResults }, error) {
	return h.eachWarning(ctx, in.Body.IDs, func(id ident.Warning) (upkeep.Row, error) {
		return h.svc.Upkeep.Acknowledge(ctx, scopeOf(ctx), id)
	})
}

type clearWarningsInput struct {
	Body struct {
		IDs    []ident.Warning `json:"ids" minItems:"1" maxItems:"100"`
		Reason string          `json:"reason" minLength:"1" maxLength:"200" doc:"Why these are over."`
	} `nameHint:"WarningsClear"`
}

func (h *handlers) clearWarnings(ctx context.Context, in *clearWarningsInput) (*struct{ Body WarningResults }, error) {
	return h.eachWarning(ctx, in.Body.IDs, func(id ident.Warning) (upkeep.Row, error) {
		return h.svc.Upkeep.Clear(ctx, scopeOf(ctx), id, in.Body.Reason)
	})
}

// eachWarning does one thing to each; what one row is refused stops no other.
func (h *handlers) eachWarning(ctx context.Context, ids []ident.Warning, do func(ident.Warning) (upkeep.Row, error)) (*struct{ Body WarningResults }, error) {
	out := &struct{ Body WarningResults }{WarningResults{Items: make([]WarningResult, 0, len(ids))}}
	name := h.names(ctx, scopeOf(ctx))
	for _, id := range ids {
		r, err := do(id)
		var f *fault.Error
		switch {
		case err == nil:
			w := name.in(warningOf(r))
			out.Body.Items = append(out.Body.Items, WarningResult{ID: id, Warning: &w})
		case errors.As(err, &f) && f.Kind != fault.Internal && f.Kind != fault.Unavailable:
			out.Body.Items = append(out.Body.Items, WarningResult{ID: id, Code: f.Code})
		default:
			return nil, err
		}
	}
	return out, nil
}

// names are those of the staff that rows speak of, each asked for once.
type names struct {
	ask   func(ident.Staff) string
	known map[string]string
}

func (h *handlers) names(ctx context.Context, sc authz.Scope) names {
	return names{known: map[string]string{}, ask: func(id ident.Staff) string {
		s, err := h.svc.Operator.StaffMember(ctx, sc, id)
		if err != nil { // out of this scope, or gone: the id is what there is
			return id.String()
		}
		return s.Name
	}}
}

func (n names) of(actor string) string {
	id, err := ident.Parse[ident.Staff](actor)
	if err != nil {
		return actor
	}
	if _, ok := n.known[actor]; !ok {
		n.known[actor] = n.ask(id)
	}
	return n.known[actor]
}

func (n names) in(w Warning) Warning {
	w.AcknowledgedBy, w.ClearedBy = n.of(w.AcknowledgedBy), n.of(w.ClearedBy)
	return w
}
