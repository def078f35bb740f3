package asset

import (
	"strings"
	"testing"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

func TestCommandMovesForwardOnly(t *testing.T) {
	t.Parallel()
	c := CommandOf(Reset{Hard: true})
	c.State, c.EffectState, c.Deadline = CommandQueued, EffectNone, t0.Add(SendWithin)

	s, err := c.sent(t0)
	if err != nil || s.State != CommandSent || !s.Deadline.Equal(t0.Add(AnswerWithin)) {
		t.Fatalf("sent: %+v, %v", s, err)
	}
	if _, err := s.sent(t0); fault.Of(err).Code != "command_not_queued" {
		t.Errorf("a sent command was sent again: %v", err)
	}
	a, changed := s.answered(Answer{State: CommandAccepted}, t0)
	if !changed || a.State != CommandAccepted || a.EffectState != EffectPending || !a.Deadline.IsZero() {
		t.Fatalf("accepted: %+v", a)
	}
	if again, changed := a.answered(Answer{State: CommandRejected}, t0); changed || again.State != CommandAccepted {
		t.Errorf("a second answer changed the first to %s", again.State)
	}
	if _, err := a.sent(t0); err == nil {
		t.Error("an answered command was sent")
	}
	if _, changed := s.answered(Answer{State: CommandQueued}, t0); changed {
		t.Error("an answer brought a command back into the queue")
	}
}

func TestACommandIsSentUpToItsDeadline(t *testing.T) {
	t.Parallel()
	c := Command{State: CommandQueued, CreatedAt: t0, Deadline: t0.Add(SendWithin)}
	s, err := c.sent(t0.Add(SendWithin - 1))
	if err != nil || s.State != CommandSent {
		t.Fatalf("in time: %+v, %v", s, err)
	}
	for _, late := range []time.Duration{0, time.Hour} {
		if got, err := c.sent(t0.Add(SendWithin + late)); !fault.Is(err, fault.Conflict) || got.State != CommandQueued {
			t.Errorf("%s past its deadline it is %s, %v", late, got.State, err)
		}
	}
	back, changed := s.unsent()
	if !changed || back.State != CommandQueued || !back.SentAt.IsZero() || !back.Deadline.Equal(c.Deadline) {
		t.Errorf("put back: %+v", back)
	}
	if _, err := back.sent(t0.Add(SendWithin)); err == nil {
		t.Error("what was put back has a new deadline")
	}
	a, _ := s.answered(Answer{State: CommandAccepted}, t0)
	if got, changed := a.unsent(); changed || got.State != CommandAccepted {
		t.Errorf("an answered command went back: %s", got.State)
	}
}

func TestTheEffectMayComeBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	c := Command{State: CommandSent, EffectState: EffectNone}
	c, _ = c.seen("stopped", t0)
	c, _ = c.answered(Answer{State: CommandAccepted}, t0.Add(time.Second))
	if c.EffectState != EffectSeen || !c.EffectAt.Equal(t0) {
		t.Errorf("%+v", c)
	}
	if _, changed := c.seen("again", t0.Add(time.Hour)); changed {
		t.Error("the effect was seen twice")
	}
	r, _ := Command{State: CommandSent, EffectState: EffectNone}.answered(Answer{State: CommandRejected}, t0)
	if r.EffectState != EffectNone {
		t.Error("a rejected command awaits an effect")
	}
}

func TestDueEndsWhatNobodyAnswered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why    string
		state  CommandState
		after  time.Duration // since the deadline
		online bool
		want   CommandState
	}{
		{"sent, in time", CommandSent, -1, true, CommandSent},
		{"sent, answered by nobody", CommandSent, 0, true, CommandTimeout},
		{"sent, in time, the point went offline: the answer may still come", CommandSent, -1, false, CommandSent},
		{"queued, the point is online, in time", CommandQueued, -1, true, CommandQueued},
		{"queued, the point was busy all the time", CommandQueued, 0, true, CommandTimeout},
		{"queued, the point went offline", CommandQueued, -time.Hour, false, CommandOffline},
		{"waits for the point to come online, in time", CommandQueued, -1, false, CommandQueued},
		{"ended", CommandAccepted, time.Hour, false, CommandAccepted},
	} {
		cmd := Command{State: c.state, Deadline: t0}
		if strings.HasPrefix(c.why, "waits") {
			cmd.WaitsUntil = t0
		}
		got, changed := cmd.due(c.online, t0.Add(c.after))
		if got.State != c.want || changed != (c.want != c.state) {
			t.Errorf("%s: %s, changed %v", c.why, got.State, changed)
		}
	}
}

func TestArgumentsAreCheckedAndComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	ses := ident.New[ident.Session](t0)
	for _, a := range []Args{RemoteStart{Connector: 2, Token: "13ADF65A", Session: ses}, RemoteStop{OCPPID: 7}, Trigger{Message: "MeterValues", Connector: 1}, Reset{Hard: true},
		Unlock{Connector: 1}, Availability{Connector: 2, Operative: true}, Availability{}, ChangeConfig{Key: "HeartbeatInterval", Value: "60"}, ClearCache{}} {
		got, err := CommandOf(a).Arguments()
		if err != nil || got != a || got.check() != nil {
			t.Errorf("%#v came back as %#v, %v", a, got, err)
		}
	}
	for _, a := range []Args{RemoteStart{Connector: 0, Token: "x"}, RemoteStart{Connector: 1}, RemoteStop{}, RemoteStop{OCPPID: -1}, Trigger{Message: "Reset"}, Trigger{Message: "Heartbeat", Connector: -1},
		Unlock{}, Unlock{Connector: 65}, Availability{Connector: -1}, Availability{Connector: 65}, GetConfig{Keys: []string{""}}, GetConfig{Keys: make([]string, 101)},
		ChangeConfig{Value: "1"}, ChangeConfig{Key: strings.Repeat("k", 51)}, ChangeConfig{Key: "k", Value: strings.Repeat("v", 501)}, ChangeConfig{Key: "a\x00b"}} {
		if err := a.check(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%#v: %v", a, err)
		}
	}
	if got, err := CommandOf(GetConfig{Keys: []string{"a", "b"}}).Arguments(); err != nil || len(got.(GetConfig).Keys) != 2 {
		t.Errorf("%#v, %v", got, err)
	}
	if _, err := (Command{Type: "explode"}).Arguments(); err == nil {
		t.Error("an unknown type was read")
	}
}

// LIVE-R2: the answer and what was seen are two things; some answers are both.
func TestLIVE_R2_TheEffectBesideTheAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why    string
		ask    CommandType
		answer Answer
		want   EffectState
	}{
		{"a reset is seen by the boot", CommandReset, Answer{State: CommandAccepted}, EffectPending},
		{"unlocked is the effect", CommandUnlock, Answer{State: CommandAccepted}, EffectSeen},
		{"the lock was tried and did not open", CommandUnlock, Answer{State: CommandAccepted, Outcome: OutcomeUnlockFailed}, EffectFailed},
		{"out of service is seen by the status", CommandAvailability, Answer{State: CommandAccepted}, EffectPending},
		{"after the running charge", CommandAvailability, Answer{State: CommandAccepted, Outcome: OutcomeScheduled}, EffectPending},
		{"the value counts at once", CommandChangeConfig, Answer{State: CommandAccepted}, EffectSeen},
		{"the value counts after a restart", CommandChangeConfig, Answer{State: CommandAccepted, Outcome: OutcomeReboot}, EffectPending},
		{"the answer is the configuration", CommandGetConfig, Answer{State: CommandAccepted}, EffectSeen},
		{"the cache is empty", CommandClearCache, Answer{State: CommandAccepted}, EffectSeen},
		{"nothing happens", CommandUnlock, Answer{State: CommandRejected}, EffectNone},
		{"nothing happens", CommandClearCache, Answer{State: CommandNotSupported}, EffectNone},
	} {
		got, _ := Command{Type: c.ask, State: CommandSent, EffectState: EffectNone, SentAt: t0}.answered(c.answer, t0)
		if got.EffectState != c.want || got.EffectState.final() == got.EffectAt.IsZero() {
			t.Errorf("%s, %s %s: %s at %v", c.why, c.ask, c.answer.Outcome, got.EffectState, got.EffectAt)
		}
	}
	c := Command{Type: CommandReset, State: CommandAccepted, EffectState: EffectPending, SentAt: t0}
	if c.Overdue(t0.Add(15*time.Minute-1)) || !c.Overdue(t0.Add(15*time.Minute)) {
		t.Error("a restart that does not come in a quarter of an hour is late")
	}
	c.Type = CommandAvailability
	if c.Overdue(t0.Add(23 * time.Hour)) {
		t.Error("what is scheduled waits for the charge to end")
	}
}

// Rows of one site come one after the other, sites do not wait for each other, and what
// another bulk has before it is let go first.
func TestABulkDoesNotRestartASiteAtOnce(t *testing.T) {
	t.Parallel()
	a, b := ident.New[ident.Site](t0), ident.New[ident.Site](t0)
	items := []BulkItem{{Site: a, State: ItemWaiting}, {Site: b, State: ItemWaiting}, {Site: a, State: ItemWaiting}, {State: ItemRefused}, {Site: a, State: ItemWaiting}}
	spread(items, 15*time.Second, map[ident.Site]time.Time{b: t0.Add(time.Minute)}, t0)
	for i, want := range []time.Duration{0, 75 * time.Second, 15 * time.Second, -1, 30 * time.Second} {
		if want >= 0 && !items[i].DueAt.Equal(t0.Add(want)) {
			t.Errorf("row %d is due after %s, want %s", i, items[i].DueAt.Sub(t0), want)
		}
	}
}
