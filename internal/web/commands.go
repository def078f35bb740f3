package web

import (
	"context"
	"encoding/json"
	"time"

	"ccms/internal/asset"
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
	Type          asset.CommandType  `json:"type" enum:"remote_start,remote_stop,trigger_message,reset"`
	State         asset.CommandState `json:"state" enum:"queued,sent,accepted,rejected,not_supported,timeout,offline,failed" doc:"How far it got. accepted is not done: see effect."`
	Answer        json.RawMessage    `json:"answer,omitempty" doc:"What the charge point answered, as received." export:"pii"`
	ErrorDetail   string             `json:"error_detail,omitempty" doc:"Why it was not accepted, in words."`
	Effect        *Effect            `json:"effect,omitempty" doc:"Absent until the command is accepted."`
	Reason        string             `json:"reason,omitempty" export:"pii"`
	CreatedAt     time.Time          `json:"created_at"`
	SentAt        time.Time          `json:"sent_at,omitzero"`
	AnsweredAt    time.Time          `json:"answered_at,omitzero"`
}

// Effect is what was seen of an accepted command.
type Effect struct {
	State asset.EffectState `json:"state" enum:"none,pending,seen"`
	Text  string            `json:"text,omitempty"`
	At    time.Time         `json:"at,omitzero"`
}

func commandOf(c asset.Command) Command {
	out := Command{ID: c.ID, ChargePointID: c.Point, SessionID: c.Session, Type: c.Type, State: c.State, Answer: c.Answer, ErrorDetail: c.ErrorDetail,
		Reason: c.Reason, CreatedAt: at(c.CreatedAt), SentAt: at(c.SentAt), AnsweredAt: at(c.AnsweredAt)}
	if c.EffectState != asset.EffectNone && c.EffectState != "" {
		out.Effect = &Effect{State: c.EffectState, Text: c.EffectText, At: at(c.EffectAt)}
	}
	return out
}

// CommandPath is the {id} in a path.
type CommandPath struct {
	ID ident.Command `path:"id"`
}

func (h *handlers) getCommand(ctx context.Context, in *CommandPath) (*struct{ Body Command }, error) {
	c, err := h.svc.Asset.Command(ctx, scopeOf(ctx), in.ID)
	return &struct{ Body Command }{commandOf(c)}, err
}

type commandsInput struct {
	Paging
	ChargePointID ident.ChargePoint `query:"charge_point_id"`
	SessionID     ident.Session     `query:"session_id"`
}

func (h *handlers) listCommands(ctx context.Context, in *commandsInput) (*found[Command], error) {
	l, err := h.svc.Asset.Commands(ctx, scopeOf(ctx), asset.CommandFilter{Point: in.ChargePointID, Session: in.SessionID}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, commandOf), nil
}

func acceptedCommand(c asset.Command) *accepted[Command] {
	return &accepted[Command]{Location: "/api/v1/commands/" + c.ID.String(), Body: commandOf(c)}
}

// Commands are what one click started.
type Commands struct {
	Items []Command `json:"items"`
}

func acceptedCommands(cs []asset.Command) *accepted[Commands] {
	out := &accepted[Commands]{Body: Commands{Items: make([]Command, 0, len(cs))}}
	for _, c := range cs {
		out.Body.Items = append(out.Body.Items, commandOf(c))
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
	return acceptedCommand(c), nil
}

func (h *handlers) refreshSession(ctx context.Context, in *SessionPath) (*accepted[Commands], error) {
	cs, err := h.svc.Session.Refresh(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return acceptedCommands(cs), nil
}

type commandInput struct {
	PointPath
	Body struct {
		Type             string        `json:"type" enum:"remote_start,remote_stop,trigger_message,reset,refresh"`
		Connector        int           `json:"connector,omitempty" minimum:"0" maximum:"64" doc:"For remote_start, trigger_message and refresh; absent: the whole device."`
		TokenUID         string        `json:"token_uid,omitempty" maxLength:"80" doc:"For remote_start: the card to start with."`
		DriverID         ident.Driver  `json:"driver_id,omitzero" doc:"For remote_start: whose card to start with."`
		SessionID        ident.Session `json:"session_id,omitzero" doc:"For remote_stop."`
		RequestedMessage string        `json:"requested_message,omitempty" maxLength:"50" doc:"For trigger_message." example:"StatusNotification"`
		ResetType        string        `json:"reset_type,omitempty" enum:"soft,hard" doc:"For reset; absent: soft."`
		Reason           string        `json:"reason,omitempty" maxLength:"200"`
	} `nameHint:"CommandNew"`
}

// sendCommand gives each type to the service that knows it.
func (h *handlers) sendCommand(ctx context.Context, in *commandInput) (*accepted[Command], error) {
	sc, b := scopeOf(ctx), in.Body
	var c asset.Command
	var err error
	switch b.Type {
	case "remote_start":
		uid := b.TokenUID
		if uid == "" {
			if uid, err = h.cardOf(ctx, b.DriverID); err != nil {
				return nil, err
			}
		}
		c, err = h.svc.Session.RequestStart(ctx, sc, session.StartRequest{Point: in.ID, Connector: b.Connector, Token: uid, Reason: b.Reason})
	case "remote_stop":
		var r session.Row
		if _, err = h.svc.Asset.ChargePoint(ctx, sc, in.ID); err != nil {
			return nil, err
		}
		if r, err = h.svc.Session.Get(ctx, sc, b.SessionID); err != nil || r.Point != in.ID {
			return nil, fault.BadInput("/session_id", "is no session of this charge point")
		}
		c, err = h.svc.Session.RequestStop(ctx, sc, b.SessionID, b.Reason)
	case "trigger_message":
		c, err = h.svc.Asset.Request(ctx, sc, in.ID, asset.Trigger{Message: b.RequestedMessage, Connector: b.Connector}, b.Reason)
	case "reset":
		c, err = h.svc.Asset.Request(ctx, sc, in.ID, asset.Reset{Hard: b.ResetType == "hard"}, b.Reason)
	case "refresh":
		var cs []asset.Command
		if cs, err = h.svc.Asset.Refresh(ctx, sc, in.ID, b.Connector, ident.Session{}); err == nil {
			c = cs[0]
		}
	}
	if err != nil {
		return nil, err
	}
	return acceptedCommand(c), nil
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
