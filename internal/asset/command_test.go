package asset

import (
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
		{"ended", CommandAccepted, time.Hour, false, CommandAccepted},
	} {
		got, changed := Command{State: c.state, Deadline: t0}.due(c.online, t0.Add(c.after))
		if got.State != c.want || changed != (c.want != c.state) {
			t.Errorf("%s: %s, changed %v", c.why, got.State, changed)
		}
	}
}

func TestArgumentsAreCheckedAndComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	ses := ident.New[ident.Session](t0)
	for _, a := range []Args{RemoteStart{Connector: 2, Token: "13ADF65A", Session: ses}, RemoteStop{OCPPID: 7}, Trigger{Message: "MeterValues", Connector: 1}, Reset{Hard: true}} {
		got, err := CommandOf(a).Arguments()
		if err != nil || got != a || got.check() != nil {
			t.Errorf("%#v came back as %#v, %v", a, got, err)
		}
	}
	for _, a := range []Args{RemoteStart{Connector: 0, Token: "x"}, RemoteStart{Connector: 1}, RemoteStop{}, RemoteStop{OCPPID: -1}, Trigger{Message: "Reset"}, Trigger{Message: "Heartbeat", Connector: -1}} {
		if err := a.check(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%#v: %v", a, err)
		}
	}
	if _, err := (Command{Type: "unlock"}).Arguments(); err == nil {
		t.Error("an unknown type was read")
	}
}
