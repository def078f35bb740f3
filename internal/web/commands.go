package web

import (
	"context"
	"encoding/json"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
)

// Command is one request to a charge point.
type Command struct {
	ID            ident.Command      `json:"id"`
	ChargePointID ident.ChargePoint  `json:"charge_point_id"`
	SessionID     ident.Session      `json:"session_id,omitzero"`
	Type          asset.CommandType  `json:"type" enum:"remote_start,remote_stop,trigger_message,reset"`
	State         asset.CommandState `json:"state" enum:"queued,sent,accepted,rejected,not_supported,timeout,offline,failed" doc:"How far it got. accepted is not done: see effect."`
	Answer        json.RawMessage    `json:"answer,omitempty" doc:"What the charge point answered, as received."`
	ErrorDetail   string             `json:"error_detail,omitempty" doc:"Why it was not accepted, in words."`
	Effect        *Effect            `json:"effect,omitempty" doc:"Absent until the command is accepted."`
	Reason        string             `json:"reason,omitempty"`
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

type commandID struct {
	ID ident.Command `path:"id"`
}

func (h *handlers) getCommand(ctx context.Context, in *commandID) (*struct{ Body Command }, error) {
	c, err := h.svc.Asset.Command(ctx, scopeOf(ctx), in.ID)
	return &struct{ Body Command }{commandOf(c)}, err
}

type commandsInput struct {
	paging
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
