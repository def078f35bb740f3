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
	CommandRemoteStart  CommandType = "remote_start"
	CommandRemoteStop   CommandType = "remote_stop"
	CommandTrigger      CommandType = "trigger_message"
	CommandReset        CommandType = "reset"
	CommandUnlock       CommandType = "unlock"
	CommandAvailability CommandType = "change_availability"
	CommandGetConfig    CommandType = "get_configuration"
	CommandChangeConfig CommandType = "change_configuration"
	CommandClearCache   CommandType = "clear_cache"

	CommandSetProfile   CommandType = "set_charging_profile"
	CommandClearProfile CommandType = "clear_charging_profile"
	CommandGetSchedule  CommandType = "get_composite_schedule"

	CommandSendList       CommandType = "send_local_list"
	CommandGetListVersion CommandType = "get_local_list_version"
	CommandReserve        CommandType = "reserve"
	CommandCancelReserve  CommandType = "cancel_reservation"

	CommandUpdateFirmware CommandType = "update_firmware"
	CommandSignedUpdate   CommandType = "signed_update_firmware"
	CommandGetDiagnostics CommandType = "get_diagnostics"
	CommandGetLog         CommandType = "get_log"
	CommandDataTransfer   CommandType = "data_transfer"

	CommandInstallCert     CommandType = "install_certificate"
	CommandDeleteCert      CommandType = "delete_certificate"
	CommandGetCerts        CommandType = "get_certificates"
	CommandCertSigned      CommandType = "certificate_signed"
	CommandExtendedTrigger CommandType = "extended_trigger"
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
	CommandExpired      CommandState = "expired" // it waited for the point to come online (LIVE-R3)
	CommandFailed       CommandState = "failed"
)

// Final reports whether the state never changes again.
func (s CommandState) Final() bool { return s != CommandQueued && s != CommandSent }

func (s CommandState) answer() bool {
	switch s {
	case CommandAccepted, CommandRejected, CommandNotSupported, CommandTimeout, CommandOffline, CommandExpired, CommandFailed:
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
	EffectFailed  EffectState = "failed" // seen not to happen
)

// final reports whether the effect state never changes again.
func (s EffectState) final() bool { return s == EffectSeen || s == EffectFailed }

// Outcome is what an accepted answer says beyond "accepted".
type Outcome string

// The outcomes.
const (
	OutcomeScheduled    Outcome = "scheduled"       // once the running charge has ended (OCPP 1.6 §5.2)
	OutcomeReboot       Outcome = "reboot_required" // counts after a restart (OCPP 1.6 §5.3)
	OutcomeUnlockFailed Outcome = "unlock_failed"   // the lock was tried and did not open (OCPP 1.6 §5.17)
)

// How long a command may wait.
const (
	// SendWithin is how long it may stand in the queue of a point that is online: the
	// point takes one CALL at a time, and none before its boot is answered.
	SendWithin = 2 * time.Minute
	// AnswerWithin is how long the point may take to answer (LIVE-R2).
	AnswerWithin = 30 * time.Second
	// MaxWait is how long a command may wait for a point to come online (LIVE-R3).
	MaxWait = 24 * time.Hour
	// longestEffect is the longest of effectWithin.
	longestEffect = 24 * time.Hour
)

// effectWithin is how long after it was sent a command is still held to be the cause
// of what the point does: what is scheduled waits for a charge to end, what needs a
// restart for somebody to ask for one.
func (t CommandType) effectWithin() time.Duration {
	switch t {
	case CommandAvailability, CommandChangeConfig, CommandUpdateFirmware, CommandSignedUpdate, CommandGetDiagnostics, CommandGetLog:
		return longestEffect
	}
	return 15 * time.Minute
}

// Overdue reports whether an effect that was awaited did not come in its time.
func (c Command) Overdue(now time.Time) bool {
	return c.EffectState == EffectPending && !c.SentAt.IsZero() && !now.Before(c.SentAt.Add(c.Type.effectWithin()))
}

// Command is one request to a charge point. The row is the queue.
type Command struct {
	ID       ident.Command
	Operator ident.Operator
	Sub      ident.SubOperator
	Point    ident.ChargePoint
	Session  ident.Session // zero where it belongs to none
	Bulk     ident.Bulk    // zero where it was asked for by itself
	No       int64         // the order in the queue; given by the store
	Type     CommandType
	Args     json.RawMessage // one of the types that are Args

	State       CommandState
	Outcome     Outcome
	Answer      json.RawMessage // what the point answered, as received
	Composite   *Composite      // what get_composite_schedule found
	ErrorDetail string          // in words
	EffectState EffectState
	EffectText  string
	EffectAt    time.Time

	CreatedAt  time.Time
	SentAt     time.Time
	AnsweredAt time.Time // or when it was given up
	Deadline   time.Time // when the sweeper looks at it; zero in a final state
	WaitsUntil time.Time // it may wait so long for the point to come online; zero: not at all

	Actor   string // who asked: a staff id, or why the system did
	Reason  string
	Version int64
}

// Answer is what became of a sent command.
type Answer struct {
	State   CommandState    // a final one
	Outcome Outcome         // where it is accepted, and there is more to say
	Raw     json.RawMessage // the payload as received; nil where none came
	Detail  string          // in words, where it is not accepted
	Keys    []ConfigKey     // of get_configuration
	Unknown []string        // keys that the point does not know
	// Part says that not supported is only what was asked of the action, not the action.
	Part bool
	// Composite is what get_composite_schedule found.
	Composite *Composite
	// Certificates are those of get_certificates.
	Certificates []CertificateHash
	// ListVersion is the answer to get_local_list_version; -1 stands for no list at all.
	ListVersion *int64
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
	c.State, c.SentAt, c.Deadline = CommandQueued, time.Time{}, c.sendBy()
	return c, true
}

// sendBy is when a queued command is no longer wanted.
func (c Command) sendBy() time.Time {
	if !c.WaitsUntil.IsZero() {
		return c.WaitsUntil
	}
	return c.CreatedAt.Add(SendWithin)
}

// late reports whether the deadline has passed.
func (c Command) late(now time.Time) bool { return !c.Deadline.IsZero() && !now.Before(c.Deadline) }

// answered ends a command. A command that has ended keeps its first answer.
func (c Command) answered(a Answer, at time.Time) (next Command, changed bool) {
	if c.State.Final() || !a.State.answer() {
		return c, false
	}
	c.State, c.Answer, c.ErrorDetail, c.Outcome, c.Composite = a.State, a.Raw, a.Detail, a.Outcome, a.Composite
	c.AnsweredAt, c.Deadline = at, time.Time{}
	if a.State == CommandAccepted && c.EffectState == EffectNone {
		if c.EffectState, c.EffectText = c.effectOf(a); c.EffectState.final() {
			c.EffectAt = at
		}
	}
	return c, true
}

// effectOf is what an accepted answer says of the effect: some answers are the effect
// themselves, the others announce it.
func (c Command) effectOf(a Answer) (EffectState, string) {
	switch {
	case c.Type == CommandSetProfile && c.stops():
		return EffectPending, "" // that it was accepted is not yet that it stops (behaviour 75)
	case a.Outcome == OutcomeUnlockFailed:
		return EffectFailed, "The lock did not open."
	case a.Outcome == OutcomeScheduled:
		return EffectPending, "It changes when the running charge has ended."
	case a.Outcome == OutcomeReboot:
		return EffectPending, "It counts after the next restart of the charge point."
	}
	if text := answerIsEffect[c.Type]; text != "" {
		return EffectSeen, text
	}
	return EffectPending, ""
}

// stops reports whether it is a charging profile that allows nothing at some time.
func (c Command) stops() bool {
	a, err := c.Arguments()
	p, ok := a.(SetProfile)
	return err == nil && ok && p.Profile.Schedule.stops()
}

// ProfileKept is the effect of a charging profile that is taken for kept once it was accepted.
const ProfileKept = "The charge point keeps to the profile."

// answerIsEffect are the commands that are done once they are accepted, and what that
// says. The others announce something that is seen later.
var answerIsEffect = map[CommandType]string{
	CommandUnlock:         "The connector is unlocked.",
	CommandChangeConfig:   "The charge point uses the new value.",
	CommandGetConfig:      "The configuration was read.",
	CommandClearCache:     "The cache of cards is empty.",
	CommandSetProfile:     ProfileKept,
	CommandClearProfile:   "The profiles are gone.",
	CommandGetSchedule:    "The schedule was read.",
	CommandSendList:       "The charge point has the list.",
	CommandGetListVersion: "The version of the list was read.",
	CommandReserve:        "The connector is reserved.",
	CommandCancelReserve:  "The reservation is cancelled.",
	CommandDataTransfer:   "The charge point took the message.",
	CommandInstallCert:    "The charge point keeps the certificate.",
	CommandDeleteCert:     "The certificate is gone.",
	CommandGetCerts:       "The certificates were read.",
	CommandCertSigned:     "The charge point has its certificate.",
}

// seen notes the effect. It may come before the answer: a point that stops sends
// StopTransaction and then the answer, or the other way round.
func (c Command) seen(text string, at time.Time) (next Command, changed bool) {
	if c.EffectState.final() {
		return c, false
	}
	c.EffectState, c.EffectText, c.EffectAt = EffectSeen, text, at
	return c, true
}

// unseen notes that the effect will not come.
func (c Command) unseen(text string, at time.Time) (next Command, changed bool) {
	if c, changed = c.seen(text, at); changed {
		c.EffectState = EffectFailed
	}
	return c, changed
}

// due is what the sweeper makes of a command at now.
func (c Command) due(online bool, now time.Time) (next Command, changed bool) {
	switch {
	case c.State == CommandQueued && !online && c.WaitsUntil.IsZero():
		return c.answered(Answer{State: CommandOffline, Detail: "The charge point went offline before the command was sent."}, now)
	case !c.late(now):
		return c, false
	case c.State == CommandQueued && !c.WaitsUntil.IsZero():
		return c.answered(Answer{State: CommandExpired, Detail: "The charge point did not come online in time. Nothing was sent."}, now)
	case c.State == CommandQueued:
		return c.answered(Answer{State: CommandTimeout, Detail: "The charge point was busy; the command was not sent in time."}, now)
	}
	return c.answered(Answer{State: CommandTimeout, Detail: "The charge point did not answer in 30 seconds."}, now)
}
