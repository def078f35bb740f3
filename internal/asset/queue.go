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
	// ListVersion is the answer to get_local_list_version.
	ListVersion *int64 `json:"list_version,omitempty"`
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
	case c.WaitsUntil.IsZero() && !p.Online(now):
		return c, fault.New(fault.Unavailable, "charge_point_offline", "%s is offline. Nothing was sent.", p.Name)
	}
	if args, err = prepare(tx, p, args); err != nil {
		return c, err
	}
	c.Args = CommandOf(args).Args
	c.ID = ident.New[ident.Command](now)
	c.Operator, c.Sub = p.Operator, p.Sub
	c.State, c.EffectState, c.CreatedAt, c.Version = CommandQueued, EffectNone, now, 1
	c.Deadline = c.sendBy()
	if c, err = tx.InsertCommand(c); err != nil {
		return c, err
	}
	if err := audit(tx, c, args); err != nil {
		return c, err
	}
	return c, recordCommand(tx, FactCommandQueued, c, now)
}

// prepare refuses what the device says it cannot do, or its model is known not to, and notes what a setting was.
func prepare(tx Tx, p ChargePoint, args Args) (Args, error) {
	known, err := capabilityFor(tx, p)
	if err != nil {
		return args, err
	}
	if err := known.allows(args); err != nil {
		return args, err
	}
	switch args.(type) {
	case Trigger, ChangeConfig, SetProfile, ClearProfile, GetSchedule:
	default:
		return args, nil
	}
	cfg, err := tx.ConfigurationOf(p.ID)
	if err != nil {
		return args, err
	}
	if err := cfg.capable(p.Firmware, args); err != nil {
		return args, err
	}
	if a, ok := args.(ChangeConfig); ok {
		a.Before, a.ReadAt = nil, nil
		if k, known := cfg.Find(a.Key); known {
			a.Key, a.Before = k.Key, &k.Value
			if !k.ReadAt.IsZero() {
				a.ReadAt = &k.ReadAt
			}
		}
		args = a
	}
	return args, nil
}

// audit leaves a row for every command (SEC-R4): what was asked, why, and for a setting
// what it was. The token of a remote start stays in the sealed arguments, and so does
// the value of a setting that opens something.
func audit(tx Tx, c Command, args Args) error {
	after := map[string]any{"command_id": c.ID.String(), "session_id": c.Session.String(), "actor": c.Actor, "reason": c.Reason}
	if !c.Bulk.IsZero() {
		after["bulk_id"] = c.Bulk.String()
	}
	var before any
	switch a := args.(type) {
	case RemoteStart:
		after["connector"] = a.Connector
	case Trigger:
		after["message"], after["connector"] = a.Message, a.Connector
	case ExtendedTrigger:
		after["message"], after["connector"] = a.Message, a.Connector
	case SetProfile:
		after["connector"], after["profile"] = a.Connector, a.Profile
	case ClearProfile:
		after["profile_filter"] = a
	case GetSchedule:
		after["connector"], after["duration_s"] = a.Connector, a.Duration
	case DataTransfer: // its data may be a person's, and stays in the sealed arguments
		after["vendor_id"], after["message_id"], after["bytes"] = a.Vendor, a.Message, len(a.Data)
	case Reset:
		after["hard"] = a.Hard
	case Unlock:
		after["connector"] = a.Connector
	case Availability:
		after["connector"], after["operative"] = a.Connector, a.Operative
	case ChangeConfig:
		secret := SecretKey(a.Key)
		shown := func(v string) string {
			if secret {
				return "•••"
			}
			return v
		}
		after["key"], after["value"] = a.Key, shown(a.Value)
		if a.Before != nil {
			before = map[string]any{"key": a.Key, "value": shown(*a.Before)}
		}
	}
	return tx.Audit("command."+string(c.Type), c.Point.String(), before, after)
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
	if c.Type == CommandGetConfig {
		a.Raw = nil // it is kept sealed: settings hold keys
	}
	next, changed := c.answered(a, tx.Now())
	if !changed {
		return c, nil
	}
	if err := keepConfig(tx, c, a); err != nil {
		return c, err
	}
	if err := learnAnswer(tx, c, a); err != nil {
		return c, err
	}
	if err := settingsAnswered(tx, c, a); err != nil {
		return c, err
	}
	if next, err = alreadySo(tx, next); err != nil {
		return c, err
	}
	if next, err = end(tx, c, next, a.ListVersion); err != nil {
		return next, err
	}
	if err := climb(tx, next, a); err != nil {
		return next, err
	}
	return next, securityEnded(tx, next, a)
}

// alreadySo notes the effect of a change of availability that changes nothing: no
// report will come of it.
func alreadySo(tx Tx, c Command) (Command, error) {
	if c.Type != CommandAvailability || c.EffectState != EffectPending || c.Outcome != "" {
		return c, nil
	}
	args, err := c.Arguments()
	if err != nil {
		return c, err
	}
	cs, err := tx.ConnectorsOf(c.Point)
	if err == nil && args.(Availability).met(cs) {
		c, _ = c.seen("It is so already.", tx.Now())
	}
	return c, err
}

// met reports whether the connectors that are meant are as they shall be.
func (a Availability) met(all []Connector) bool {
	found := false
	for _, c := range all {
		if a.Connector != 0 && a.Connector != c.Number {
			continue
		}
		found = true
		if c.Status == Unknown || a.Operative == (c.Status == Unavailable) {
			return false
		}
	}
	return found
}

func end(tx Tx, c, next Command, listVersion *int64) (Command, error) {
	if err := tx.SaveCommand(next, c.Version); err != nil {
		return c, err
	}
	next.Version = c.Version + 1
	ended := changeOf(next)
	ended.ListVersion = listVersion
	return next, tx.Record(commandFact(FactCommandEnded, next, next.AnsweredAt, ended))
}

// Effect notes that what the command asked for was seen to happen.
func Effect(tx Tx, id ident.Command, text string) error {
	c, err := tx.CommandByID(id)
	if err != nil {
		return err
	}
	return effect(tx, c, text)
}

// NoEffect notes that what the command asked for was seen not to happen.
func NoEffect(tx Tx, id ident.Command, text string) error {
	c, err := tx.CommandByID(id)
	if err != nil {
		return err
	}
	if next, changed := c.unseen(text, tx.Now()); changed {
		return saveEffect(tx, c, next)
	}
	return nil
}

func effect(tx Tx, c Command, text string) error {
	if next, changed := c.seen(text, tx.Now()); changed {
		return saveEffect(tx, c, next)
	}
	return nil
}

func saveEffect(tx Tx, c, next Command) error {
	if err := tx.SaveCommand(next, c.Version); err != nil {
		return err
	}
	return recordCommand(tx, FactEffectSeen, next, next.EffectAt)
}

// NoEffectOn notes on every command of the type that the point was sent and that which
// picks that what it asked for will not happen.
func NoEffectOn(tx Tx, p ident.ChargePoint, t CommandType, text string, which func(Args) bool) error {
	awaited, err := tx.AwaitedCommands(p, tx.Now().Add(-longestEffect))
	if err != nil {
		return err
	}
	for _, c := range awaited {
		if c.Type != t {
			continue
		}
		a, err := c.Arguments()
		if err != nil {
			return err
		}
		if next, changed := c.unseen(text, tx.Now()); changed && which(a) {
			if err := saveEffect(tx, c, next); err != nil {
				return err
			}
		}
	}
	return nil
}

// EffectOn notes the effect on every command of the type that the point was sent and
// whose effect is awaited; which narrows by the arguments and may be nil.
func EffectOn(tx Tx, p ident.ChargePoint, t CommandType, text string, which func(Args) bool) error {
	return effects(tx, p, func(c Command, a Args) string {
		if c.Type == t && (which == nil || which(a)) {
			return text
		}
		return ""
	})
}

// effects notes the effect on every command that the point was sent and for which what
// happened gives a text.
func effects(tx Tx, p ident.ChargePoint, happened func(Command, Args) string) error {
	awaited, err := tx.AwaitedCommands(p, tx.Now().Add(-longestEffect))
	if err != nil {
		return err
	}
	for _, c := range awaited {
		if !tx.Now().Before(c.SentAt.Add(c.Type.effectWithin())) {
			continue
		}
		a, err := c.Arguments()
		if err != nil {
			return err
		}
		if text := happened(c, a); text != "" {
			if err := effect(tx, c, text); err != nil {
				return err
			}
		}
	}
	return nil
}

func recordCommand(tx Tx, k fact.Kind, c Command, at time.Time) error {
	return tx.Record(commandFact(k, c, at, changeOf(c)))
}

func changeOf(c Command) CommandChanged {
	return CommandChanged{Command: c.ID, Point: c.Point, Session: c.Session, Type: c.Type, State: c.State}
}

func commandFact(k fact.Kind, c Command, at time.Time, payload CommandChanged) fact.Fact {
	return fact.Fact{Kind: k, Version: 1, Operator: c.Operator, Sub: c.Sub, Object: c.ID.String(), At: at, Payload: payload}
}
