package web

import (
	"context"
	"time"

	"ccms/internal/asset"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// Bulk is one command for many charge points.
type Bulk struct {
	ID        ident.Bulk        `json:"id"`
	Type      asset.CommandType `json:"type" enum:"trigger_message,extended_trigger,reset,change_availability,get_configuration,change_configuration,clear_cache,set_charging_profile,clear_charging_profile,data_transfer"`
	State     asset.BulkState   `json:"state" enum:"running,done,cancelled" doc:"done: every row has its command, or the reason why it has none."`
	Reason    string            `json:"reason" export:"pii"`
	StaffID   ident.Staff       `json:"staff_id,omitzero"`
	StaffName string            `json:"staff_name,omitempty" doc:"Name of the account, or its id where the name is out of reach."`
	Interval  int               `json:"interval_s" doc:"Seconds between two charge points of one site."`
	Wait      int               `json:"queue_until_online_s,omitempty"`
	Total     int               `json:"total"`
	CreatedAt time.Time         `json:"created_at"`
	EndedAt   time.Time         `json:"ended_at,omitzero"`
	Counts    []BulkCount       `json:"counts,omitempty" export:"-" doc:"How its rows stand."`
}

// BulkCount counts the rows that are alike.
type BulkCount struct {
	State   asset.ItemState    `json:"state" enum:"waiting,made,refused,cancelled"`
	Command asset.CommandState `json:"command_state,omitempty" enum:"queued,sent,accepted,rejected,not_supported,timeout,offline,expired,failed"`
	Effect  asset.EffectState  `json:"effect_state,omitempty" enum:"none,pending,seen,failed"`
	Count   int                `json:"count"`
}

// BulkItem is one row of a bulk.
type BulkItem struct {
	Number          int                `json:"number" doc:"From 1, in the order they were named."`
	ChargePointID   ident.ChargePoint  `json:"charge_point_id"`
	ChargePointName string             `json:"charge_point_name,omitempty"`
	Identity        string             `json:"identity,omitempty"`
	SiteName        string             `json:"site_name,omitempty"`
	State           asset.ItemState    `json:"state" enum:"waiting,made,refused,cancelled"`
	Status          int                `json:"status,omitempty" doc:"Of a row that was refused: the status that the command alone would have been answered with. 404 for what is not there and for what is not yours."`
	Code            string             `json:"code,omitempty" doc:"Of a row that was refused."`
	Detail          string             `json:"detail,omitempty" doc:"Why it was refused, or not accepted, in words."`
	CommandID       ident.Command      `json:"command_id,omitzero"`
	CommandState    asset.CommandState `json:"command_state,omitempty" enum:"queued,sent,accepted,rejected,not_supported,timeout,offline,expired,failed"`
	Outcome         asset.Outcome      `json:"outcome,omitempty" enum:"scheduled,reboot_required,unlock_failed"`
	EffectState     asset.EffectState  `json:"effect_state,omitempty" enum:"none,pending,seen,failed"`
	EffectText      string             `json:"effect_text,omitempty"`
	DueAt           time.Time          `json:"due_at,omitzero" doc:"When the row is up."`
	DoneAt          time.Time          `json:"done_at,omitzero"`
}

func bulkOf(b asset.Bulk, counts []asset.BulkCount, name names) Bulk {
	out := Bulk{ID: b.ID, Type: b.Type, State: b.State, Reason: b.Reason, StaffID: b.Actor.Staff, Interval: int(b.Interval / time.Second),
		Wait: int(b.Wait / time.Second), Total: b.Total, CreatedAt: at(b.CreatedAt), EndedAt: at(b.EndedAt)}
	if !b.Actor.Staff.IsZero() {
		out.StaffName = name.of(b.Actor.Staff.String())
	}
	for _, c := range counts {
		n := BulkCount{State: c.State, Command: c.Command, Count: c.Count}
		if c.Effect != asset.EffectNone {
			n.Effect = c.Effect
		}
		out.Counts = append(out.Counts, n)
	}
	return out
}

func bulkItemOf(r asset.BulkRow) BulkItem {
	out := BulkItem{Number: r.Number + 1, ChargePointID: r.Point, ChargePointName: r.PointName, Identity: r.Identity, SiteName: r.SiteName,
		State: r.State, Code: r.Code, Detail: r.Detail, CommandID: r.Command, CommandState: r.CommandState, Outcome: r.Outcome,
		EffectText: r.EffectText, DueAt: at(r.DueAt), DoneAt: at(r.DoneAt)}
	switch {
	case r.State == asset.ItemRefused:
		out.Status = statusOfRefusal(r.Code)
	case r.ErrorDetail != "":
		out.Detail = r.ErrorDetail
	}
	if r.EffectState != asset.EffectNone {
		out.EffectState = r.EffectState
	}
	return out
}

// statusOfRefusal is the status that belongs to the code of a row.
func statusOfRefusal(code string) int {
	if s, ok := statusOfCode[code]; ok {
		return s
	}
	switch code {
	case "not_found":
		return statusOf[fault.Missing]
	case "invalid_input", "command_unsupported", "key_read_only":
		return statusOf[fault.Invalid]
	}
	return statusOf[fault.Conflict]
}

// BulkPath is the {id} in a path.
type BulkPath struct {
	ID ident.Bulk `path:"id"`
}

type bulkInput struct {
	Body struct {
		Type           string              `json:"type" enum:"trigger_message,extended_trigger,reset,change_availability,get_configuration,change_configuration,clear_cache,set_charging_profile,clear_charging_profile,data_transfer"`
		ChargePointIDs []ident.ChargePoint `json:"charge_point_ids" minItems:"1" maxItems:"500" doc:"Each becomes a row with its own result; what is not there or not yours is a row with 404."`
		Interval       *int                `json:"interval_s,omitempty" minimum:"0" maximum:"3600" doc:"Seconds between two charge points of one site, so that a site does not restart as a whole. Absent: 15 for reset, 2 where settings, profiles or the availability change, else 1."`
		Order
	} `nameHint:"BulkNew"`
}

func (h *handlers) startBulk(ctx context.Context, in *bulkInput) (*accepted[Bulk], error) {
	b := in.Body
	args, err := orderFor(ctx, b.Type, b.Order)
	if err != nil {
		return nil, err
	}
	if b.Profile != nil && !b.Profile.SessionID.IsZero() {
		return nil, fault.BadInput("/profile/session_id", "must be left out: a session runs at one charge point")
	}
	n := asset.NewBulk{Points: b.ChargePointIDs, Args: args, Reason: b.Reason, Wait: time.Duration(b.QueueUntilOnline) * time.Second}
	if b.Interval != nil {
		d := time.Duration(*b.Interval) * time.Second
		n.Interval = &d
	}
	made, err := h.svc.Asset.StartBulk(ctx, scopeOf(ctx), n)
	if err != nil {
		return nil, err
	}
	return &accepted[Bulk]{Location: "/api/v1/command-bulks/" + made.ID.String(), Body: bulkOf(made, nil, h.names(ctx, scopeOf(ctx)))}, nil
}

type bulksInput struct {
	Paging
	Type  asset.CommandType `query:"type" enum:"trigger_message,extended_trigger,reset,change_availability,get_configuration,change_configuration,clear_cache,set_charging_profile,clear_charging_profile,data_transfer"`
	State asset.BulkState   `query:"state" enum:"running,done,cancelled"`
}

func (h *handlers) listBulks(ctx context.Context, in *bulksInput) (*found[Bulk], error) {
	l, err := h.svc.Asset.Bulks(ctx, scopeOf(ctx), asset.BulkFilter{Type: in.Type, State: in.State}, in.page())
	if err != nil {
		return nil, err
	}
	name := h.names(ctx, scopeOf(ctx))
	return foundOf(l, func(b asset.BulkView) Bulk { return bulkOf(b.Bulk, b.Counts, name) }), nil
}

func (h *handlers) getBulk(ctx context.Context, in *BulkPath) (*struct{ Body Bulk }, error) {
	b, counts, err := h.svc.Asset.Bulk(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Bulk }{bulkOf(b, counts, h.names(ctx, scopeOf(ctx)))}, nil
}

type bulkItemsInput struct {
	BulkPath
	Paging
}

func (h *handlers) bulkItems(ctx context.Context, in *bulkItemsInput) (*found[BulkItem], error) {
	l, err := h.svc.Asset.BulkItems(ctx, scopeOf(ctx), in.ID, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, bulkItemOf), nil
}

func (h *handlers) cancelBulk(ctx context.Context, in *BulkPath) (*struct{ Body Bulk }, error) {
	b, err := h.svc.Asset.CancelBulk(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &struct{ Body Bulk }{bulkOf(b, nil, h.names(ctx, scopeOf(ctx)))}, nil
}
