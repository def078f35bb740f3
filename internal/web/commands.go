package web

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
	"ccms/internal/session"
)

// Command is one request to a charge point.
type Command struct {
	ID            ident.Command      `json:"id"`
	ChargePointID ident.ChargePoint  `json:"charge_point_id"`
	SessionID     ident.Session      `json:"session_id,omitzero"`
	BulkID        ident.Bulk         `json:"bulk_id,omitzero" doc:"The bulk that it is a row of."`
	Type          asset.CommandType  `json:"type" enum:"remote_start,remote_stop,trigger_message,reset,unlock,change_availability,get_configuration,change_configuration,clear_cache,set_charging_profile,clear_charging_profile,get_composite_schedule,send_local_list,get_local_list_version,reserve,cancel_reservation,update_firmware,signed_update_firmware,get_diagnostics,get_log,data_transfer,install_certificate,delete_certificate,get_certificates,certificate_signed,extended_trigger"`
	State         asset.CommandState `json:"state" enum:"queued,sent,accepted,rejected,not_supported,timeout,offline,expired,failed" doc:"How far it got. accepted is not done: see effect. expired: it waited for the charge point to come online, and it did not."`
	Outcome       asset.Outcome      `json:"outcome,omitempty" enum:"scheduled,reboot_required,unlock_failed" doc:"What the answer says beyond accepted."`
	Answer        json.RawMessage    `json:"answer,omitempty" doc:"What the charge point answered, as received. Not of get_configuration: see the configuration." export:"pii"`
	ErrorDetail   string             `json:"error_detail,omitempty" doc:"Why it was not accepted, in words."`
	Effect        *Effect            `json:"effect,omitempty" doc:"Absent until the command is accepted."`

	Connector        int             `json:"connector,omitempty" doc:"Absent: the whole device."`
	ResetType        string          `json:"reset_type,omitempty" enum:"soft,hard"`
	RequestedMessage string          `json:"requested_message,omitempty"`
	Availability     string          `json:"availability,omitempty" enum:"operative,inoperative"`
	Keys             []string        `json:"keys,omitempty" doc:"The settings that were read; absent: all."`
	Setting          *ChangedSetting `json:"setting,omitempty" doc:"Of change_configuration: the old value and the new one."`
	Profile          *Profile        `json:"profile,omitempty" doc:"Of set_charging_profile. The session is the command's session_id."`
	ProfileFilter    *ProfileFilter  `json:"profile_filter,omitempty" doc:"Of clear_charging_profile."`
	CompositeQuery   *CompositeQuery `json:"composite_query,omitempty" doc:"Of get_composite_schedule: what was asked."`
	Composite        *Composite      `json:"composite,omitempty" doc:"Of get_composite_schedule: what the charge point answered."`
	VendorMessage    *VendorTransfer `json:"vendor_message,omitempty" doc:"Of data_transfer; its data is covered without the permission pii.view."`
	Actor            string          `json:"actor,omitempty" doc:"Id of the staff who asked, or why the system did."`

	Reason     string    `json:"reason,omitempty" export:"pii"`
	CreatedAt  time.Time `json:"created_at"`
	SentAt     time.Time `json:"sent_at,omitzero"`
	AnsweredAt time.Time `json:"answered_at,omitzero"`
	WaitsUntil time.Time `json:"waits_until,omitzero" doc:"How long it may wait for the charge point to come online."`
}

// ChangedSetting is a setting before and after.
type ChangedSetting struct {
	Key      string    `json:"key"`
	Value    string    `json:"value"`
	Before   *string   `json:"before,omitempty" doc:"As last known; absent where it was never read."`
	BeforeAt time.Time `json:"before_at,omitzero" doc:"When that was read from the charge point."`
	Masked   bool      `json:"masked,omitempty" doc:"The values open something, and your role may not set them."`
}

// Effect is what was seen of an accepted command.
type Effect struct {
	State asset.EffectState `json:"state" enum:"none,pending,seen,failed" doc:"failed: it was seen not to happen."`
	Text  string            `json:"text,omitempty"`
	At    time.Time         `json:"at,omitzero"`
	// Late says that the effect did not come in the time in which it would count.
	Late bool `json:"late,omitempty" doc:"It is pending still, and did not come in the time in which it would have been held for the effect."`
}

const covered = "•••"

func (h *handlers) command(cl operator.Caller, c asset.Command) Command {
	out := Command{ID: c.ID, ChargePointID: c.Point, SessionID: c.Session, BulkID: c.Bulk, Type: c.Type, State: c.State, Outcome: c.Outcome,
		Answer: h.answerFor(cl, c), Composite: compositeOf(c.Composite), ErrorDetail: c.ErrorDetail, Actor: c.Actor, Reason: c.Reason, CreatedAt: at(c.CreatedAt), SentAt: at(c.SentAt),
		AnsweredAt: at(c.AnsweredAt), WaitsUntil: at(c.WaitsUntil)}
	if c.EffectState != asset.EffectNone && c.EffectState != "" {
		out.Effect = &Effect{State: c.EffectState, Text: c.EffectText, At: at(c.EffectAt), Late: c.Overdue(h.now())}
	}
	args, err := c.Arguments()
	if err != nil {
		return out // of a later version: what it is shows, what it asks for does not
	}
	switch a := args.(type) {
	case asset.RemoteStart:
		out.Connector = a.Connector
	case asset.Trigger:
		out.Connector, out.RequestedMessage = a.Connector, a.Message
	case asset.Reset:
		out.ResetType = "soft"
		if a.Hard {
			out.ResetType = "hard"
		}
	case asset.Unlock:
		out.Connector = a.Connector
	case asset.Availability:
		out.Connector, out.Availability = a.Connector, "inoperative"
		if a.Operative {
			out.Availability = "operative"
		}
	case asset.Reserve:
		out.Connector = a.Connector
	case asset.GetConfig:
		out.Keys = a.Keys
	case asset.ExtendedTrigger:
		out.Connector, out.RequestedMessage = a.Connector, a.Message
	case asset.SetProfile:
		out.Connector, out.Profile = a.Connector, profileOf(a.Profile)
	case asset.ClearProfile:
		out.ProfileFilter = &ProfileFilter{ID: a.ID, Connector: a.Connector, Purpose: a.Purpose, StackLevel: a.Stack}
	case asset.GetSchedule:
		out.Connector, out.CompositeQuery = a.Connector, &CompositeQuery{Duration: a.Duration, Unit: a.Unit}
	case asset.DataTransfer:
		out.VendorMessage = &VendorTransfer{VendorID: a.Vendor, MessageID: a.Message, Data: a.Data}
		if a.Data != "" && !cl.May(authz.PIIView) {
			out.VendorMessage.Data = covered
		}
	case asset.ChangeConfig:
		out.Setting = &ChangedSetting{Key: a.Key, Value: a.Value, Before: a.Before}
		if a.ReadAt != nil {
			out.Setting.BeforeAt = at(*a.ReadAt)
		}
		if strings.EqualFold(a.Key, ownKey) && !cl.May(authz.SecurityWrite) || asset.SecretKey(a.Key) && !cl.May(authz.LiveConfigure) {
			out.Setting.Value, out.Setting.Masked = covered, true
			if a.Before != nil {
				hidden := covered
				out.Setting.Before = &hidden
			}
		}
	}
	return out
}

// answerFor is the answer as received; of a vendor's message nobody knows whom it is about.
func (h *handlers) answerFor(cl operator.Caller, c asset.Command) json.RawMessage {
	if c.Type == asset.CommandDataTransfer && c.Answer != nil {
		return payload(c.Answer, hidden{persons: !cl.May(authz.PIIView)})
	}
	return c.Answer
}

// CommandPath is the {id} in a path.
type CommandPath struct {
	ID ident.Command `path:"id"`
}

func (h *handlers) getCommand(ctx context.Context, in *CommandPath) (*struct{ Body Command }, error) {
	c, err := h.svc.Asset.Command(ctx, scopeOf(ctx), in.ID)
	return &struct{ Body Command }{h.command(callerOf(ctx), c)}, err
}

type commandsInput struct {
	Paging
	ChargePointID ident.ChargePoint  `query:"charge_point_id"`
	SessionID     ident.Session      `query:"session_id"`
	BulkID        ident.Bulk         `query:"bulk_id"`
	Type          asset.CommandType  `query:"type" enum:"remote_start,remote_stop,trigger_message,reset,unlock,change_availability,get_configuration,change_configuration,clear_cache,set_charging_profile,clear_charging_profile,get_composite_schedule,send_local_list,get_local_list_version,reserve,cancel_reservation,update_firmware,signed_update_firmware,get_diagnostics,get_log,data_transfer,install_certificate,delete_certificate,get_certificates,certificate_signed,extended_trigger"`
	State         asset.CommandState `query:"state" enum:"queued,sent,accepted,rejected,not_supported,timeout,offline,expired,failed"`
}

func (h *handlers) listCommands(ctx context.Context, in *commandsInput) (*found[Command], error) {
	l, err := h.svc.Asset.Commands(ctx, scopeOf(ctx), asset.CommandFilter{Point: in.ChargePointID, Session: in.SessionID,
		Bulk: in.BulkID, Type: in.Type, State: in.State}, in.page())
	if err != nil {
		return nil, err
	}
	c := callerOf(ctx)
	return foundOf(l, func(cmd asset.Command) Command { return h.command(c, cmd) }), nil
}

func (h *handlers) acceptedCommand(ctx context.Context, c asset.Command) *accepted[Command] {
	return &accepted[Command]{Location: "/api/v1/commands/" + c.ID.String(), Body: h.command(callerOf(ctx), c)}
}

// Commands are what one click started.
type Commands struct {
	Items []Command `json:"items"`
}

func (h *handlers) acceptedCommands(ctx context.Context, cs []asset.Command) *accepted[Commands] {
	out := &accepted[Commands]{Body: Commands{Items: make([]Command, 0, len(cs))}}
	for _, c := range cs {
		out.Body.Items = append(out.Body.Items, h.command(callerOf(ctx), c))
	}
	return out
}

type stopInput struct {
	SessionPath
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"200"`
	} `nameHint:"SessionStop"`
}

func (h *handlers) stopSession(ctx context.Context, in *stopInput) (*accepted[Command], error) {
	reason := ""
	if in.Body != nil {
		reason = in.Body.Reason
	}
	c, err := h.svc.Session.RequestStop(ctx, scopeOf(ctx), in.ID, reason)
	if err != nil {
		return nil, err
	}
	return h.acceptedCommand(ctx, c), nil
}

func (h *handlers) refreshSession(ctx context.Context, in *SessionPath) (*accepted[Commands], error) {
	cs, err := h.svc.Session.Refresh(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return h.acceptedCommands(ctx, cs), nil
}

// Order is what a command asks for; commands of one charge point and of many share it.
type Order struct {
	Connector        int             `json:"connector,omitempty" minimum:"0" maximum:"64" doc:"For remote_start, unlock, change_availability, trigger_message, extended_trigger, set_charging_profile, get_composite_schedule and refresh; absent: the whole device."`
	RequestedMessage string          `json:"requested_message,omitempty" maxLength:"50" doc:"For trigger_message: BootNotification, DiagnosticsStatusNotification, FirmwareStatusNotification, Heartbeat, MeterValues or StatusNotification (OCPP 1.6 §7.27). For extended_trigger: LogStatusNotification and SignChargePointCertificate too, but not DiagnosticsStatusNotification (security extension)." example:"StatusNotification"`
	ResetType        string          `json:"reset_type,omitempty" enum:"soft,hard" doc:"For reset; absent: soft. hard needs the permission live.hard_reset."`
	Availability     string          `json:"availability,omitempty" enum:"operative,inoperative" doc:"For change_availability, which needs the permission live.availability."`
	Keys             []string        `json:"keys,omitempty" maxItems:"100" doc:"For get_configuration: which settings; absent: all."`
	Key              string          `json:"key,omitempty" maxLength:"50" doc:"For change_configuration, which needs the permission live.configure." example:"HeartbeatInterval"`
	Value            string          `json:"value,omitempty" maxLength:"500" doc:"For change_configuration."`
	Profile          *Profile        `json:"profile,omitempty" doc:"For set_charging_profile, which needs the permission live.profile. What the charge point said that it cannot do is refused before anything is sent: command_unsupported without the feature profile SmartCharging, else an error at the field."`
	ProfileFilter    *ProfileFilter  `json:"profile_filter,omitempty" doc:"For clear_charging_profile, which needs the permission live.profile; absent: all profiles."`
	Composite        *CompositeQuery `json:"composite,omitempty" doc:"For get_composite_schedule."`
	VendorMessage    *VendorTransfer `json:"vendor_message,omitempty" doc:"For data_transfer, which needs the permission live.configure."`
	Reason           string          `json:"reason,omitempty" maxLength:"200" doc:"Why. Must be there for reset, unlock, change_availability, change_configuration, clear_cache, set_charging_profile, clear_charging_profile and data_transfer, and for a bulk."`
	QueueUntilOnline int             `json:"queue_until_online_s,omitempty" minimum:"0" maximum:"86400" doc:"How long the command may wait for a charge point that is offline. Absent: it is refused at once. Not for remote_start and remote_stop."`
}

// args is the order as the domain has it, and the permission that it needs beside
// live.command.
func (o Order) args(kind string) (asset.Args, authz.Permission, error) {
	switch asset.CommandType(kind) {
	case asset.CommandTrigger:
		return asset.Trigger{Message: o.RequestedMessage, Connector: o.Connector}, authz.LiveCommand, nil
	case asset.CommandReset:
		if o.ResetType == "hard" {
			return asset.Reset{Hard: true}, authz.LiveHardReset, nil
		}
		return asset.Reset{}, authz.LiveCommand, nil
	case asset.CommandUnlock:
		return asset.Unlock{Connector: o.Connector}, authz.LiveUnlock, nil
	case asset.CommandAvailability:
		if o.Availability == "" {
			return nil, "", fault.BadInput("/availability", "must be operative or inoperative")
		}
		return asset.Availability{Connector: o.Connector, Operative: o.Availability == "operative"}, authz.LiveAvailability, nil
	case asset.CommandGetConfig:
		return asset.GetConfig{Keys: o.Keys}, authz.LiveCommand, nil
	case asset.CommandChangeConfig:
		return asset.ChangeConfig{Key: o.Key, Value: o.Value}, authz.LiveConfigure, nil
	case asset.CommandClearCache:
		return asset.ClearCache{}, authz.LiveCommand, nil
	case asset.CommandGetListVersion:
		return asset.GetListVersion{}, authz.LiveCommand, nil
	case asset.CommandExtendedTrigger:
		return asset.ExtendedTrigger{Message: o.RequestedMessage, Connector: o.Connector}, authz.LiveCommand, nil
	}
	return o.moreArgs(kind)
}

// moreArgs is args for the commands whose arguments are an object of their own.
func (o Order) moreArgs(kind string) (asset.Args, authz.Permission, error) {
	switch asset.CommandType(kind) {
	case asset.CommandSetProfile:
		if o.Profile == nil {
			return nil, "", fault.BadInput("/profile", "must be there")
		}
		return asset.SetProfile{Connector: o.Connector, Profile: o.Profile.asked()}, authz.LiveProfile, nil
	case asset.CommandClearProfile:
		f := o.ProfileFilter
		if f == nil {
			f = &ProfileFilter{}
		}
		return asset.ClearProfile{ID: f.ID, Connector: f.Connector, Purpose: f.Purpose, Stack: f.StackLevel}, authz.LiveProfile, nil
	case asset.CommandGetSchedule:
		if o.Composite == nil {
			return nil, "", fault.BadInput("/composite", "must be there")
		}
		return asset.GetSchedule{Connector: o.Connector, Duration: o.Composite.Duration, Unit: o.Composite.Unit}, authz.LiveCommand, nil
	case asset.CommandDataTransfer:
		if o.VendorMessage == nil {
			return nil, "", fault.BadInput("/vendor_message", "must be there")
		}
		m := o.VendorMessage
		return asset.DataTransfer{Vendor: m.VendorID, Message: m.MessageID, Data: m.Data}, authz.LiveConfigure, nil
	}
	return nil, "", fault.BadInput("/type", "is no command")
}

// orderFor reads an order and refuses who may not give it.
func orderFor(ctx context.Context, kind string, o Order) (asset.Args, error) {
	args, need, err := o.args(kind)
	if err != nil {
		return nil, err
	}
	if !callerOf(ctx).May(need) {
		return nil, fault.New(fault.Denied, "forbidden", "Your role does not allow this command.")
	}
	return args, nil
}

type commandInput struct {
	PointPath
	Body struct {
		Type      string        `json:"type" enum:"remote_start,remote_stop,trigger_message,extended_trigger,reset,unlock,change_availability,get_configuration,change_configuration,clear_cache,set_charging_profile,clear_charging_profile,get_composite_schedule,data_transfer,get_local_list_version,refresh,get_diagnostics,get_log" doc:"get_diagnostics and get_log need the permission live.files."`
		TokenUID  string        `json:"token_uid,omitempty" maxLength:"80" doc:"For remote_start: the card to start with."`
		DriverID  ident.Driver  `json:"driver_id,omitzero" doc:"For remote_start: whose card to start with."`
		Promotion string        `json:"promotion_code,omitempty" maxLength:"40" doc:"For remote_start: a code that the driver gives. One that does not count there refuses the start."`
		SessionID ident.Session `json:"session_id,omitzero" doc:"For remote_stop."`
		Order
		FileOrder
	} `nameHint:"CommandNew"`
}

// sendCommand gives each type to the service that knows it.
func (h *handlers) sendCommand(ctx context.Context, in *commandInput) (*accepted[Command], error) {
	sc, b := scopeOf(ctx), in.Body
	var c asset.Command
	var err error
	switch b.Type {
	case "remote_start", "remote_stop":
		if b.QueueUntilOnline > 0 {
			return nil, fault.BadInput("/queue_until_online_s", "is not for a start or a stop: nobody waits so long at the charge point")
		}
		c, err = h.sendSession(ctx, in)
	case "refresh":
		var cs []asset.Command
		if cs, err = h.svc.Asset.Refresh(ctx, sc, in.ID, b.Connector, ident.Session{}); err == nil {
			c = cs[0]
		}
	case string(asset.CommandGetDiagnostics), string(asset.CommandGetLog):
		c, err = h.sendForFile(ctx, in)
	default:
		var args asset.Args
		if args, err = orderFor(ctx, b.Type, b.Order); err != nil {
			break
		}
		if b.Profile != nil && !b.Profile.SessionID.IsZero() {
			c, err = h.sendProfile(ctx, in, args)
		} else {
			c, err = h.svc.Asset.RequestLater(ctx, sc, in.ID, args, b.Reason, time.Duration(b.QueueUntilOnline)*time.Second)
		}
	}
	if err != nil {
		return nil, err
	}
	return h.acceptedCommand(ctx, c), nil
}

// sendProfile gives a profile to a running session.
func (h *handlers) sendProfile(ctx context.Context, in *commandInput, args asset.Args) (asset.Command, error) {
	a, ok := args.(asset.SetProfile)
	switch {
	case !ok:
		return asset.Command{}, fault.BadInput("/profile", "is only for set_charging_profile")
	case a.Profile.Purpose != asset.ForSession:
		return asset.Command{}, fault.BadInput("/profile/session_id", "is only for the purpose tx")
	case in.Body.QueueUntilOnline > 0:
		return asset.Command{}, fault.BadInput("/queue_until_online_s", "is not for a running session: it may have ended by then")
	}
	return h.svc.Session.RequestProfile(ctx, scopeOf(ctx), in.ID, in.Body.Profile.SessionID, a, in.Body.Reason)
}

// sendSession starts or stops a session.
func (h *handlers) sendSession(ctx context.Context, in *commandInput) (asset.Command, error) {
	sc, b := scopeOf(ctx), in.Body
	if b.Type == "remote_stop" {
		if _, err := h.svc.Asset.ChargePoint(ctx, sc, in.ID); err != nil {
			return asset.Command{}, err
		}
		if r, err := h.svc.Session.Get(ctx, sc, b.SessionID); err != nil || r.Point != in.ID {
			return asset.Command{}, fault.BadInput("/session_id", "is no session of this charge point")
		}
		return h.svc.Session.RequestStop(ctx, sc, b.SessionID, b.Reason)
	}
	uid := b.TokenUID
	if uid == "" {
		var err error
		if uid, err = h.cardOf(ctx, b.DriverID); err != nil {
			return asset.Command{}, err
		}
	}
	return h.svc.Session.RequestStart(ctx, sc, session.StartRequest{Point: in.ID, Connector: b.Connector, Token: uid, Promotion: b.Promotion, Reason: b.Reason})
}

// cardOf is a card of the driver that works.
func (h *handlers) cardOf(ctx context.Context, id ident.Driver) (string, error) {
	if id.IsZero() {
		return "", fault.BadInput("/token_uid", "or driver_id must be there to start")
	}
	l, err := h.svc.Member.Tokens(ctx, scopeOf(ctx), member.TokenFilter{Driver: id, Status: member.TokenEnabled}, operator.Page{Limit: 1})
	if err != nil {
		return "", err
	}
	if len(l.Items) == 0 {
		return "", fault.BadInput("/driver_id", "has no card that works")
	}
	return l.Items[0].Token.UID, nil
}
