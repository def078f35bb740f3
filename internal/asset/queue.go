package asset

import (
	"encoding/json"
	"time"

	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// CommandChanged is the payload of the command facts.
type CommandChanged struct {
	Command ident.Command     `json:"command_id"`
	Point   ident.ChargePoint `json:"charge_point_id"`
	Session ident.Session     `json:"session_id,omitzero"`
	Type    CommandType       `json:"type"`
	State   CommandState      `json:"state"`
}

// MaxQueue is how many commands may wait for one charge point, the one on its way
// with them. It takes one at a time and may be silent for 30 seconds each.
const MaxQueue = 64

// Enqueue puts a command into the point's queue. A target that is offline is
// refused at once (LIVE-R3) with fault.Unavailable "charge_point_offline", a full queue
// with fault.Limit "command_queue_full". The caller has locked the point.
func Enqueue(tx Tx, p ChargePoint, c Command) (Command, error) {
	n, err := tx.CountPendingCommands(p.ID)
	if err != nil {
		return c, err
	}
	if n >= MaxQueue {
		return c, fault.New(fault.Limit, "command_queue_full",
			"%d commands wait for %s already. Nothing was sent; try again when it has answered some.", MaxQueue, p.Name)
	}
	return EnqueueStop(tx, p, c)
}

// EnqueueStop is Enqueue past the limit: for a stop without which a charge would cost
// more than there is. The session that needs it asks once a minute at most.
func EnqueueStop(tx Tx, p ChargePoint, c Command) (Command, error) {
	args, err := c.Arguments()
	if err != nil {
		return c, err
	}
	if err := args.check(); err != nil {
		return c, err
	}
	c.Point, c.Reason = p.ID, cut(c.Reason)
	now := tx.Now()
	switch {
	case p.Status != Valid:
		return c, fault.New(fault.Conflict, "charge_point_invalid", "%s is out of use.", p.Name)
	case !p.Online(now):
		return c, fault.New(fault.Unavailable, "charge_point_offline", "%s is offline. Nothing was sent.", p.Name)
	}
	c.ID = ident.New[ident.Command](now)
	c.Operator, c.Sub = p.Operator, p.Sub
	c.State, c.EffectState, c.CreatedAt, c.Deadline, c.Version = CommandQueued, EffectNone, now, now.Add(SendWithin), 1
	if c, err = tx.InsertCommand(c); err != nil {
		return c, err
	}
	// SEC-R4: every command leaves a row with its reason. The token of a remote start
	// stays in the sealed arguments.
	if err := tx.Audit("command."+string(c.Type), p.ID.String(), nil, map[string]any{
		"command_id": c.ID.String(), "session_id": c.Session.String(), "actor": c.Actor, "reason": c.Reason}); err != nil {
		return c, err
	}
	return c, recordCommand(tx, FactCommandQueued, c, now)
}

// MarkSent moves a queued command on, before it goes out: a crash in between leaves
// a command that times out, never one that is sent twice. A command that is not
// queued any more or past its deadline is fault.Conflict "command_not_queued": do not
// send it.
func MarkSent(tx Tx, id ident.Command, at time.Time) error {
	c, err := tx.CommandByID(id)
	if err != nil {
		return err
	}
	next, err := c.sent(at)
	if err != nil {
		return err
	}
	return tx.SaveCommand(next, c.Version)
}

// MarkUnsent puts a command back whose connection ended before it went out: the next
// connection sends it, if its time is not over by then. One that has ended meanwhile
// stays as it is.
func MarkUnsent(tx Tx, id ident.Command) error {
	c, err := tx.CommandByID(id)
	if err != nil {
		return err
	}
	next, changed := c.unsent()
	if !changed {
		return nil
	}
	return tx.SaveCommand(next, c.Version)
}

// Answered ends a command with what came of it. The first answer stays: a second
// one, or one after the deadline, returns the command as it is.
func Answered(tx Tx, id ident.Command, a Answer) (Command, error) {
	c, err := tx.CommandByID(id)
	if err != nil {
		return c, err
	}
	if !a.State.answer() {
		return c, fault.New(fault.Internal, "command_state", "%q is no answer", a.State)
	}
	if a.Raw != nil && !json.Valid(a.Raw) {
		a.Raw = nil
	}
	a.Detail = cut(a.Detail)
	next, changed := c.answered(a, tx.Now())
	if !changed {
		return c, nil
	}
	return end(tx, c, next)
}

func end(tx Tx, c, next Command) (Command, error) {
	if err := tx.SaveCommand(next, c.Version); err != nil {
		return c, err
	}
	next.Version = c.Version + 1
	return next, recordCommand(tx, FactCommandEnded, next, next.AnsweredAt)
}

// Effect notes that what the command asked for was seen to happen.
func Effect(tx Tx, id ident.Command, text string) error {
	c, err := tx.CommandByID(id)
	if err != nil {
		return err
	}
	return effect(tx, c, text)
}

func effect(tx Tx, c Command, text string) error {
	next, changed := c.seen(text, tx.Now())
	if !changed {
		return nil
	}
	if err := tx.SaveCommand(next, c.Version); err != nil {
		return err
	}
	return recordCommand(tx, FactEffectSeen, next, next.EffectAt)
}

// EffectOn notes the effect on every command of the type that the point was sent and
// whose effect is awaited; which narrows by the arguments and may be nil.
func EffectOn(tx Tx, p ident.ChargePoint, t CommandType, text string, which func(Args) bool) error {
	awaited, err := tx.AwaitedCommands(p, t, tx.Now().Add(-effectWithin))
	if err != nil {
		return err
	}
	for _, c := range awaited {
		if which != nil {
			a, err := c.Arguments()
			if err != nil {
				return err
			}
			if !which(a) {
				continue
			}
		}
		if err := effect(tx, c, text); err != nil {
			return err
		}
	}
	return nil
}

func recordCommand(tx Tx, k fact.Kind, c Command, at time.Time) error {
	return tx.Record(fact.Fact{Kind: k, Version: 1, Operator: c.Operator, Sub: c.Sub, Object: c.ID.String(), At: at,
		Payload: CommandChanged{Command: c.ID, Point: c.Point, Session: c.Session, Type: c.Type, State: c.State}})
}
