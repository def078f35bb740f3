package asset_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

func kind(c asset.Command) string { return string(c.Type) + " " + string(c.State) }

// enqueue puts a command into the point's queue.
func (w *world) enqueue(t *testing.T, p asset.ChargePoint, c asset.Command) asset.Command {
	t.Helper()
	w.in(t, w.a, func(tx asset.Tx) (err error) {
		c, err = asset.Enqueue(tx, p, c)
		return err
	})
	return c
}

func TestCommandsWaitInTheirOrder(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, sc := w.online(t, "CP-1")
		q, _ := w.online(t, "CP-2")
		ses := ident.New[ident.Session](w.clock.Now())
		w.told("commands")
		start := asset.CommandOf(asset.RemoteStart{Connector: 1, Token: "13ADF65A", Session: ses})
		start.Session, start.Actor, start.Reason = ses, asset.ActorOf(w.a), "asked by phone"
		w.in(t, w.a, func(tx asset.Tx) error { // two at the same instant in one commit
			for _, c := range []asset.Command{start, asset.CommandOf(asset.Trigger{Message: "MeterValues", Connector: 1})} {
				if _, err := asset.Enqueue(tx, p, c); err != nil {
					return err
				}
			}
			return nil
		})
		w.enqueue(t, q, asset.CommandOf(asset.Reset{}))
		w.enqueue(t, p, asset.CommandOf(asset.RemoteStop{OCPPID: 5}))

		cs := ok(w.Queued(ctx, sc, p.ID))(t)
		if got := names(cs, kind); got != "[remote_start queued trigger_message queued remote_stop queued]" {
			t.Fatalf("%s", got)
		}
		a, err := cs[0].Arguments()
		if err != nil || a != (asset.RemoteStart{Connector: 1, Token: "13ADF65A", Session: ses}) || cs[0].Session != ses || cs[0].Reason != "asked by phone" {
			t.Errorf("%+v, %v", a, err)
		}
		if told := w.told("commands"); len(told) != 4 || told[0].Point != p.ID || told[0].Value.(asset.Command).State != asset.CommandQueued {
			t.Errorf("told %+v", told)
		}
		must(t, w.Sent(ctx, sc, cs[0].ID))
		refused(t, w.Sent(ctx, sc, cs[0].ID), "command_not_queued")
		if got := names(ok(w.Queued(ctx, sc, p.ID))(t), kind); got != "[trigger_message queued remote_stop queued]" {
			t.Errorf("%s", got)
		}
		l := ok(w.Commands(ctx, w.a, asset.CommandFilter{Point: p.ID}, operator.Page{Limit: 2}))(t)
		if got := names(l.Items, kind); got != "[remote_stop queued trigger_message queued]" || l.Total != 3 || l.Next == "" {
			t.Errorf("%s of %d", got, l.Total)
		}
		l = ok(w.Commands(ctx, w.a, asset.CommandFilter{Session: ses}, operator.Page{}))(t)
		if got := names(l.Items, kind); got != "[remote_start sent]" {
			t.Errorf("%s", got)
		}
		for why, sc := range map[string]authz.Scope{"another operator": w.b, "a sub-operator": w.sub1} {
			if _, err := w.Command(ctx, sc, cs[0].ID); !fault.Is(err, fault.Missing) {
				t.Errorf("%s reads a command: %v", why, err)
			}
			if l := ok(w.Commands(ctx, sc, asset.CommandFilter{}, operator.Page{}))(t); len(l.Items) != 0 {
				t.Errorf("%s lists %d commands", why, len(l.Items))
			}
			_, err := w.Request(ctx, sc, p.ID, asset.Reset{}, "test")
			refused(t, err, "not_found")
		}
	})
}

func TestManyCommandsAtOnceEachHaveTheirPlace(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		p, sc := w.online(t, "CP-1")
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() {
				if _, err := w.Request(t.Context(), w.a, p.ID, asset.Reset{}, "test"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		cs := ok(w.Queued(t.Context(), sc, p.ID))(t)
		for i := 1; i < len(cs); i++ {
			if cs[i].No <= cs[i-1].No {
				t.Fatalf("places %d, %d", cs[i-1].No, cs[i].No)
			}
		}
		if len(cs) != 30 {
			t.Errorf("%d commands wait", len(cs))
		}
	})
}

func TestACommandForAnOfflinePointIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, sc := w.online(t, "CP-1")
		must(t, w.Disconnect(ctx, sc, p.ID, 1))
		ok(w.Request(ctx, w.a, p.ID, asset.Reset{}, "test"))(t) // within the grace
		w.clock.Advance(asset.Grace)
		_, err := w.Request(ctx, w.a, p.ID, asset.Reset{}, "test")
		refused(t, err, "charge_point_offline")
		_, err = w.Refresh(ctx, w.a, p.ID, 1, ident.Session{})
		refused(t, err, "charge_point_offline")
		if l := ok(w.Commands(ctx, w.a, asset.CommandFilter{}, operator.Page{}))(t); len(l.Items) != 1 {
			t.Errorf("%d commands are kept", len(l.Items))
		}
		_, err = w.Request(ctx, w.a, p.ID, asset.Trigger{Message: "Everything"}, "")
		refused(t, err, "invalid_input")
		if _, err := w.Request(ctx, w.a, p.ID, asset.RemoteStop{OCPPID: 1}, ""); err == nil {
			t.Error("a stop went past the session")
		}
	})
}

func TestTheFirstAnswerStays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, sc := w.online(t, "CP-1")
		c := ok(w.Request(ctx, w.a, p.ID, asset.Reset{Hard: true}, "test"))(t)
		must(t, w.Sent(ctx, sc, c.ID))
		first := ok(w.Answered(ctx, sc, c.ID, asset.Answer{State: asset.CommandAccepted, Raw: []byte(`{"status":"Accepted"}`)}))(t)
		if first.State != asset.CommandAccepted || first.EffectState != asset.EffectPending || first.AnsweredAt.IsZero() {
			t.Fatalf("%+v", first)
		}
		w.told("commands")
		for _, late := range []asset.Answer{{State: asset.CommandRejected, Raw: []byte(`{}`)}, {State: asset.CommandAccepted}} {
			again := ok(w.Answered(ctx, sc, c.ID, late))(t)
			if again.State != asset.CommandAccepted || string(again.Answer) != `{"status":"Accepted"}` || again.Version != first.Version {
				t.Errorf("%+v", again)
			}
		}
		if n := len(w.told("commands")); n != 0 {
			t.Errorf("a repeated answer told %d changes", n)
		}
		if _, err := w.Answered(ctx, sc, c.ID, asset.Answer{State: asset.CommandQueued}); err == nil {
			t.Error("queued was taken as an answer")
		}
		w.in(t, sc, func(tx asset.Tx) error {
			_, err := asset.Booted(tx, asset.BootReport{Point: p.ID, At: tx.Now()})
			return err
		})
		if got := ok(w.Command(ctx, w.a, c.ID))(t); got.EffectState != asset.EffectSeen || got.EffectText == "" {
			t.Errorf("the boot after a reset: %+v", got)
		}
		w.recorded(t, c.ID.String(), "[command.queued command.ended command.effect_seen]")
	})
}

func TestOfTwoWhoAnswerAtOnceOneCounts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		p, sc := w.online(t, "CP-1")
		for range 10 {
			c := ok(w.Request(t.Context(), w.a, p.ID, asset.Reset{}, "test"))(t)
			must(t, w.Sent(t.Context(), sc, c.ID))
			var wg sync.WaitGroup
			for _, s := range []asset.CommandState{asset.CommandAccepted, asset.CommandTimeout} {
				wg.Go(func() { // the loser is told so, or finds the winner's answer
					if _, err := w.Answered(t.Context(), sc, c.ID, asset.Answer{State: s}); err != nil && fault.Of(err).Code != "stale_version" {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			w.recorded(t, c.ID.String(), "[command.queued command.ended]")
		}
	})
}

func TestTheSweepEndsCommandsThatNobodyAnswered(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, sc := w.online(t, "CP-1")
		q, qsc := w.online(t, "CP-2")
		sent := ok(w.Request(ctx, w.a, p.ID, asset.Reset{}, "test"))(t)
		must(t, w.Sent(ctx, sc, sent.ID))
		waiting := ok(w.Request(ctx, w.a, p.ID, asset.Reset{}, "test"))(t)
		stranded := ok(w.Request(ctx, w.a, q.ID, asset.Reset{}, "test"))(t)
		must(t, w.Disconnect(ctx, qsc, q.ID, 1))
		state := func(c asset.Command) asset.CommandState { return ok(w.Command(ctx, w.a, c.ID))(t).State }

		w.clock.Advance(asset.AnswerWithin - 1*time.Microsecond)
		if n := ok(w.Expire(ctx))(t); n != 0 {
			t.Errorf("%d ended before their time", n)
		}
		w.clock.Advance(time.Microsecond)
		if n := ok(w.Expire(ctx))(t); n != 1 || state(sent) != asset.CommandTimeout || state(waiting) != asset.CommandQueued {
			t.Errorf("%d ended; sent %s, waiting %s", n, state(sent), state(waiting))
		}
		w.clock.Advance(asset.Grace - asset.AnswerWithin)
		if n := ok(w.Expire(ctx))(t); n != 1 || state(stranded) != asset.CommandOffline || state(waiting) != asset.CommandQueued {
			t.Errorf("%d ended; stranded %s", n, state(stranded))
		}
		w.clock.Advance(asset.SendWithin)
		if n := ok(w.Expire(ctx))(t); n != 1 || state(waiting) != asset.CommandTimeout {
			t.Errorf("%d ended; waiting %s", n, state(waiting))
		}
		if n := ok(w.Expire(ctx))(t); n != 0 {
			t.Errorf("%d ended twice", n)
		}
		late := ok(w.Answered(ctx, sc, sent.ID, asset.Answer{State: asset.CommandAccepted}))(t)
		if late.State != asset.CommandTimeout {
			t.Errorf("an answer after the deadline made it %s", late.State)
		}
		if got := ok(w.Command(ctx, w.a, stranded.ID))(t); got.ErrorDetail == "" || !got.Deadline.IsZero() || got.AnsweredAt.IsZero() {
			t.Errorf("%+v", got)
		}
	})
}

// The server was down, and the point is back before the sweep.
func TestACommandPastItsDeadlineIsNotSent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, sc := w.online(t, "CP-1")
		c := ok(w.Request(ctx, w.a, p.ID, asset.Reset{}, "test"))(t)
		w.clock.Advance(asset.SendWithin - time.Microsecond)
		if got := names(ok(w.Queued(ctx, sc, p.ID))(t), kind); got != "[reset queued]" {
			t.Errorf("in time: %s", got)
		}
		w.clock.Advance(time.Microsecond)
		if got := names(ok(w.Queued(ctx, sc, p.ID))(t), kind); got != "[]" {
			t.Errorf("too late: %s", got)
		}
		refused(t, w.Sent(ctx, sc, c.ID), "command_not_queued")
		if n := ok(w.Expire(ctx))(t); n != 1 || ok(w.Command(ctx, w.a, c.ID))(t).State != asset.CommandTimeout {
			t.Errorf("the sweep ended %d", n)
		}
	})
}

func TestACommandThatDidNotGoOutIsQueuedAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, sc := w.online(t, "CP-1")
		c := ok(w.Request(ctx, w.a, p.ID, asset.Reset{}, "test"))(t)
		w.clock.Advance(time.Minute)
		must(t, w.Sent(ctx, sc, c.ID))
		w.told("commands")
		must(t, w.Unsent(ctx, sc, c.ID))
		if told := w.told("commands"); len(told) != 1 {
			t.Errorf("the holder of the socket hears of %d changes", len(told))
		}
		got := ok(w.Command(ctx, w.a, c.ID))(t)
		if got.State != asset.CommandQueued || !got.SentAt.IsZero() || !got.Deadline.Equal(c.Deadline) || got.No != c.No {
			t.Errorf("%+v", got)
		}
		must(t, w.Sent(ctx, sc, c.ID))
		ok(w.Answered(ctx, sc, c.ID, asset.Answer{State: asset.CommandAccepted}))(t)
		must(t, w.Unsent(ctx, sc, c.ID))
		if got := ok(w.Command(ctx, w.a, c.ID))(t); got.State != asset.CommandAccepted {
			t.Errorf("an answered command is %s", got.State)
		}
	})
}

func TestRefreshAsksForStatusAndMeterAndSeesThemCome(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p, sc := w.online(t, "CP-1")
		ses := ident.New[ident.Session](w.clock.Now())
		cs := ok(w.Refresh(ctx, w.a, p.ID, 2, ses))(t)
		if len(cs) != 2 || cs[0].Session != ses {
			t.Fatalf("%+v", cs)
		}
		for _, c := range cs {
			must(t, w.Sent(ctx, sc, c.ID))
		}
		report := func(number int) {
			w.in(t, sc, func(tx asset.Tx) error {
				_, _, err := asset.ReportStatus(tx, asset.StatusReport{Point: p.ID, Number: number, Status: asset.Available, At: tx.Now(), ReceivedAt: tx.Now()})
				return err
			})
		}
		effect := func(i int) asset.EffectState { return ok(w.Command(ctx, w.a, cs[i].ID))(t).EffectState }
		report(1)
		if effect(0) != asset.EffectNone {
			t.Error("the status of connector 1 answered for connector 2")
		}
		report(2) // before the answer: full duplex
		if effect(0) != asset.EffectSeen || effect(1) != asset.EffectNone {
			t.Errorf("status %s, meter %s", effect(0), effect(1))
		}
		w.in(t, sc, func(tx asset.Tx) error {
			return asset.EffectOn(tx, p.ID, asset.CommandTrigger, "The charge point sent its meter.", func(a asset.Args) bool {
				return a.(asset.Trigger).Message == "MeterValues"
			})
		})
		if effect(1) != asset.EffectSeen {
			t.Errorf("meter %s", effect(1))
		}
		if cs := ok(w.Refresh(ctx, w.a, p.ID, 0, ident.Session{}))(t); len(cs) != 1 || !strings.Contains(string(cs[0].Args), "StatusNotification") {
			t.Errorf("the whole point: %+v", cs)
		}
	})
}
