package asset

import (
	"encoding/json"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

// CommandType is what a charge point is asked to do.
type CommandType string

// The command types.
const (
	CommandRemoteStart CommandType = "remote_start"
	CommandRemoteStop  CommandType = "remote_stop"
	CommandTrigger     CommandType = "trigger_message"
	CommandReset       CommandType = "reset"
)

// CommandState is how far a command got (LIVE-R2).
type CommandState string

// The command states. All but Queued and Sent are final; Sent becomes Queued again only
// where nothing went out.
const (
	CommandQueued       CommandState = "queued"
	CommandSent         CommandState = "sent"
	CommandAccepted     CommandState = "accepted"
	CommandRejected     CommandState = "rejected"
	CommandNotSupported CommandState = "not_supported"
	CommandTimeout      CommandState = "timeout"
	CommandOffline      CommandState = "offline"
	CommandFailed       CommandState = "failed"
)

// Final reports whether the state never changes again.
func (s CommandState) Final() bool { return s != CommandQueued && s != CommandSent }

func (s CommandState) answer() bool {
	switch s {
	case CommandAccepted, CommandRejected, CommandNotSupported, CommandTimeout, CommandOffline, CommandFailed:
		return true
	}
	return false
}

// EffectState tells whether what the command asks for was seen to happen.
type EffectState string

// The effect states.
const (
	EffectNone    EffectState = "none"    // not accepted, or not answered yet
	EffectPending EffectState = "pending" // accepted, not seen yet
	EffectSeen    EffectState = "seen"
)

// How long a command may wait.
const (
	// SendWithin is how long it may stand in the queue of a point that is online: the
	// point takes one CALL at a time, and none before its boot is answered.
	SendWithin = 2 * time.Minute
	// AnswerWithin is how long the point may take to answer (LIVE-R2).
	AnswerWithin = 30 * time.Second
	// effectWithin is how long after its making a command is still held to be the
	// cause of what the point does.
	effectWithin = 15 * time.Minute
)

// Command is one request to a charge point. The row is the queue.
type Command struct {
	ID       ident.Command
	Operator ident.Operator
	Sub      ident.SubOperator
	Point    ident.ChargePoint
	Session  ident.Session // zero where it belongs to none
	No       int64         // the order in the queue; given by the store
	Type     CommandType
	Args     json.RawMessage // a RemoteStart, RemoteStop, Trigger or Reset

	State       CommandState
	Answer      json.RawMessage // what the point answered, as received
	ErrorDetail string          // in words
	EffectState EffectState
	EffectText  string
	EffectAt    time.Time

	CreatedAt  time.Time
	SentAt     time.Time
	AnsweredAt time.Time // or when it was given up
	Deadline   time.Time // when the sweeper looks at it; zero in a final state

	Actor   string // who asked: a staff id, or why the system did
	Reason  string
	Version int64
}

// Args are the arguments of a command.
type Args interface {
	commandType() CommandType
	check() error
}

// RemoteStart asks to start charging.
type RemoteStart struct {
	Connector int           `json:"connector"` // always sent: some boxes need it (behaviour 68)
	Token     string        `json:"token"`     // the raw uid, as the device shall report it
	Session   ident.Session `json:"session"`
}

// RemoteStop asks to stop the charging that the device knows by this number.
type RemoteStop struct {
	OCPPID int32 `json:"ocpp_id"`
}

// Trigger asks the device to send a message.
type Trigger struct {
	Message   string `json:"message"`
	Connector int    `json:"connector,omitempty"` // 0: the whole device
}

// Reset asks the device to restart.
type Reset struct {
	Hard bool `json:"hard"`
}

func (RemoteStart) commandType() CommandType { return CommandRemoteStart }
func (RemoteStop) commandType() CommandType  { return CommandRemoteStop }
func (Trigger) commandType() CommandType     { return CommandTrigger }
func (Reset) commandType() CommandType       { return CommandReset }

func (a RemoteStart) check() error {
	var bad flaws
	if a.Connector < 1 || a.Connector > maxConnectors {
		bad.add("/connector", "must be the number of a connector")
	}
	bad.text("/token_uid", a.Token, 1, 255)
	return bad.err()
}

func (a RemoteStop) check() error {
	if a.OCPPID <= 0 {
		return fault.BadInput("/session_id", "has no running transaction at the charge point")
	}
	return nil
}

func (a Trigger) check() error {
	var bad flaws
	// OCPP 1.6 §7.27 MessageTrigger.
	switch a.Message {
	case "BootNotification", "DiagnosticsStatusNotification", "FirmwareStatusNotification", "Heartbeat", "MeterValues", "StatusNotification":
	default:
		bad.add("/requested_message", "is no message that a charge point can be asked for")
	}
	if a.Connector < 0 || a.Connector > maxConnectors {
		bad.add("/connector", "must be the number of a connector")
	}
	return bad.err()
}

func (Reset) check() error { return nil }

// CommandOf is a command with its arguments; the caller adds Session, Actor and
// Reason and gives it to Enqueue.
func CommandOf(a Args) Command {
	raw, err := json.Marshal(a)
	if err != nil {
		panic(err) // the argument types hold nothing that cannot be written
	}
	return Command{Type: a.commandType(), Args: raw}
}

// Arguments reads Args as the type of the command.
func (c Command) Arguments() (Args, error) {
	switch c.Type {
	case CommandRemoteStart:
		return argsAs[RemoteStart](c.Args)
	case CommandRemoteStop:
		return argsAs[RemoteStop](c.Args)
	case CommandTrigger:
		return argsAs[Trigger](c.Args)
	case CommandReset:
		return argsAs[Reset](c.Args)
	}
	return nil, fault.New(fault.Internal, "command_type", "unknown command type %q", c.Type)
}

func argsAs[A Args](raw json.RawMessage) (Args, error) {
	var a A
	if err := json.Unmarshal(raw, &a); err != nil {
		return nil, fault.New(fault.Internal, "command_args", "arguments of a command cannot be read").Because(err)
	}
	return a, nil
}

// Answer is what became of a sent command.
type Answer struct {
	State  CommandState    // a final one
	Raw    json.RawMessage // the payload as received; nil where none came
	Detail string          // in words, where it is not accepted
}

// sent moves a queued command on. Past its deadline it is no longer wanted, though no
// sweep has come by yet: after an outage the point may be back before the sweeper.
func (c Command) sent(at time.Time) (Command, error) {
	switch {
	case c.State != CommandQueued:
		return c, fault.New(fault.Conflict, "command_not_queued", "The command is %s, it cannot be sent any more.", c.State)
	case c.late(at):
		return c, fault.New(fault.Conflict, "command_not_queued", "The command was not sent in time, it cannot be sent any more.")
	}
	c.State, c.SentAt, c.Deadline = CommandSent, at, at.Add(AnswerWithin)
	return c, nil
}

// unsent takes sent back, for a command of which it is certain that nothing went out.
// It has only what is left of its first time.
func (c Command) unsent() (next Command, changed bool) {
	if c.State != CommandSent {
		return c, false
	}
	c.State, c.SentAt, c.Deadline = CommandQueued, time.Time{}, c.CreatedAt.Add(SendWithin)
	return c, true
}

// late reports whether the deadline has passed.
func (c Command) late(now time.Time) bool { return !c.Deadline.IsZero() && !now.Before(c.Deadline) }

// answered ends a command. A command that has ended keeps its first answer.
func (c Command) answered(a Answer, at time.Time) (next Command, changed bool) {
	if c.State.Final() || !a.State.answer() {
		return c, false
	}
	c.State, c.Answer, c.ErrorDetail = a.State, a.Raw, a.Detail
	c.AnsweredAt, c.Deadline = at, time.Time{}
	if a.State == CommandAccepted && c.EffectState == EffectNone {
		c.EffectState = EffectPending
	}
	return c, true
}

// seen notes the effect. It may come before the answer: a point that stops sends
// StopTransaction and then the answer, or the other way round.
func (c Command) seen(text string, at time.Time) (next Command, changed bool) {
	if c.EffectState == EffectSeen {
		return c, false
	}
	c.EffectState, c.EffectText, c.EffectAt = EffectSeen, text, at
	return c, true
}

// due is what the sweeper makes of a command at now.
func (c Command) due(online bool, now time.Time) (next Command, changed bool) {
	switch {
	case c.State == CommandQueued && !online:
		return c.answered(Answer{State: CommandOffline, Detail: "The charge point went offline before the command was sent."}, now)
	case !c.late(now):
		return c, false
	case c.State == CommandQueued:
		return c.answered(Answer{State: CommandTimeout, Detail: "The charge point was busy; the command was not sent in time."}, now)
	}
	return c.answered(Answer{State: CommandTimeout, Detail: "The charge point did not answer in 30 seconds."}, now)
}
