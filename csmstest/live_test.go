package csmstest

import (
	"strings"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/session"
)

// meterStop below meterStart: acknowledged, an abnormal bill, no negative money.
func TestLIVE_A5_StopBelowStartIsAnAbnormalBill(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		staff := w.Staff(authz.OpAdmin)
		c := p.Online()
		id := c.Charge(1, "CARD1", 9000)
		w.Advance(time.Minute)
		if a := c.Finish(id, 100, M{"idTag": "CARD1"}); a.Str("idTagInfo", "status") != "Accepted" {
			w.Errorf("the stop is answered with %v", a)
		}
		s := w.Session(id).Is(session.Abnormal, "ABNORMAL").Delivered(0).Total("")
		d.Has("100.00", "0.00")
		shown := staff.Get("/api/v1/sessions/" + s.ID.String()).Body
		if shown["abnormal"] != true || shown.Str("record_state") != "ABNORMAL" || shown.Has("total") {
			w.Errorf("the record is shown as %v", shown)
		}
	})
}

// A stop for an unknown transaction is acknowledged, and kept as an orphan record that
// the charging record shows.
func TestLIVE_A6_UnknownStopIsAnOrphan(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		if a := c.Finish(123456, 5000, M{"idTag": "CARD1", "transactionData": []any{
			M{"timestamp": Stamp(w.Now()), "sampledValue": []any{M{"value": "5000", "context": "Transaction.End"}}}}}); a.Str("idTagInfo", "status") != "Accepted" {
			w.Errorf("the stop is answered with %v", a)
		}
		s := p.Only().Is(session.Abnormal, "ABNORMAL").Flagged("ORPHAN_STOP")
		if s.Driver != d.ID || len(s.Samples()) != 1 || len(s.Reports()) != 1 {
			w.Errorf("driver %v, %d samples, %d reports", s.Driver, len(s.Samples()), len(s.Reports()))
		}
		list := w.Staff(authz.OpAdmin).Get("/api/v1/sessions?state=ended").Items()
		if len(list) != 1 || list[0].Str("id") != s.ID.String() || list[0]["abnormal"] != true {
			w.Errorf("the charging record shows %v", list)
		}
		d.Has("100.00", "0.00")
	})
}

// A remote start that is accepted but never starts: FAILED_TO_START, and the hold goes
// back within a minute of the time-out.
func TestLIVE_A7_RemoteStartWithoutStart(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpAdmin)
		cmd := staff.Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}).Want(202).Body
		c.Asked("RemoteStartTransaction").Accept()
		staff.Becomes(cmd.Str("id"), "accepted")
		d.Has("100.00", "50.00")
		w.Advance(149 * time.Second)
		p.Only().Is(session.Starting, "RUNNING")
		w.Advance(time.Second)
		p.Only().Is(session.FailedToStart, "VOID")
		d.Has("100.00", "0.00")
		if got := staff.Get("/api/v1/commands/" + cmd.Str("id")).Body; got.Str("effect", "state") == "seen" {
			w.Errorf("the command is shown as %v", got)
		}

		// When it comes after all it is a start like any other, with a new hold.
		id := c.Charge(1, "CARD1", 0)
		d.Has("100.00", "50.00")
		c.Finish(id, 0)
		d.Has("100.00", "0.00")
	})
}

// A remote start: the hold at once, the frame, the answer, and the session as the effect.
//
// shows: RemoteStartTransaction
func TestRemoteStartShowsItsEffect(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		cmd := staff.Command(p, M{"type": "remote_start", "connector": 1, "driver_id": d.ID.String()}).Want(202).Body
		a := c.Asked("RemoteStartTransaction")
		if a.Payload.Str("idTag") != "CARD1" || a.Payload.Int("connectorId") != 1 {
			w.Errorf("the point is asked %v", a.Payload)
		}
		d.Has("100.00", "50.00")
		a.Accept()
		got := staff.Becomes(cmd.Str("id"), "accepted")
		if got.Str("effect", "state") != "pending" {
			w.Errorf("before the start the command is %v", got)
		}
		again := staff.Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}).Want(409)
		if again.Body.Str("code") != "connector_busy" {
			w.Errorf("a second one is answered with %v", again.Body)
		}
		id := c.Charge(1, "CARD1", 0)
		got = staff.Get("/api/v1/commands/" + cmd.Str("id")).Body
		if got.Str("effect", "state") != "seen" || !strings.Contains(got.Str("effect", "text"), "started") {
			w.Errorf("after the start the command is %v", got)
		}
		s := p.Only().Is(session.Charging, "RUNNING")
		if s.Source != session.ByPortal || s.OCPPID != int32(id) || s.ID.String() != got.Str("session_id") {
			w.Errorf("session %v started by %s is number %d, want %d of %s", s.ID, s.Source, s.OCPPID, id, got.Str("session_id"))
		}
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		p.Only().Is(session.Completed, "COMPLETED").Total("0.48")
		d.Has("99.52", "0.00")
	})
}

// The charge point refuses: the hold goes back at once.
//
// shows: RemoteStartTransaction
func TestRemoteStartRefusedByThePoint(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		start := M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}
		cmd := staff.Command(p, start).Want(202).Body
		c.Asked("RemoteStartTransaction").Reply(M{"status": "Rejected"})
		staff.Becomes(cmd.Str("id"), "rejected")
		w.Until("the hold is released", func() bool { return d.Account().Held.Zero() })
		p.Only().Is(session.FailedToStart, "VOID")
		cmd = staff.Command(p, start).Want(202).Body
		c.Asked("RemoteStartTransaction").Refuse("NotSupported")
		staff.Becomes(cmd.Str("id"), "not_supported")
		w.Until("the hold is released", func() bool { return d.Account().Held.Zero() })
	})
}

// Stop by a click: STOPPING, the answer, and the end as the effect beside it.
//
// shows: RemoteStopTransaction
func TestRemoteStopShowsItsEffect(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Minute)
		cmd := staff.StopSession(w.Session(id)).Want(202).Body
		a := c.Asked("RemoteStopTransaction")
		if a.Payload.Int("transactionId") != id {
			w.Errorf("the point is asked %v", a.Payload)
		}
		w.Session(id).Is(session.Stopping, "RUNNING")
		a.Accept()
		if got := staff.Becomes(cmd.Str("id"), "accepted"); got.Str("effect", "state") != "pending" {
			w.Errorf("before the stop the command is %v", got)
		}
		w.Session(id).Is(session.Stopping, "RUNNING") // accepted is not done
		w.Advance(5 * time.Second)
		c.Finish(id, 1000, M{"reason": "Remote"})
		s := w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48")
		if s.StopReason != "Remote" {
			w.Errorf("the reason is %q", s.StopReason)
		}
		got := staff.Get("/api/v1/commands/" + cmd.Str("id")).Body
		if got.Str("effect", "state") != "seen" || !strings.Contains(got.Str("effect", "text"), "ended") {
			w.Errorf("after the stop the command is %v", got)
		}
		d.Has("99.52", "0.00")
		if code := staff.StopSession(s).Want(409).Body.Str("code"); code != "session_not_running" {
			w.Errorf("stopping it again is answered %s", code)
		}
	})
}

// Stop rejected: the session goes on and says so. Accepted but not done: unconfirmed
// after two minutes.
//
// shows: RemoteStopTransaction
func TestRemoteStopThatDoesNotStop(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		id := c.Charge(1, "CARD1", 0)
		cmd := staff.StopSession(w.Session(id)).Want(202).Body
		c.Asked("RemoteStopTransaction").Reply(M{"status": "Rejected"})
		if got := staff.Becomes(cmd.Str("id"), "rejected"); got.Str("error_detail") == "" {
			w.Errorf("nothing says why: %v", got)
		}
		w.Until("the session goes on", func() bool { return w.Session(id).Phase == session.Charging })

		cmd = staff.StopSession(w.Session(id)).Want(202).Body
		c.Asked("RemoteStopTransaction").Accept()
		staff.Becomes(cmd.Str("id"), "accepted")
		w.Advance(2 * time.Minute)
		w.Session(id).Is(session.StopUnconfirmed, "RUNNING")
		c.Meter(1, id, 500)
		w.Session(id).Is(session.StopUnconfirmed, "RUNNING").Delivered(500)

		cmd = staff.StopSession(w.Session(id)).Want(202).Body // no answer at all
		c.Asked("RemoteStopTransaction")
		w.Advance(31 * time.Second)
		if got := staff.Get("/api/v1/commands/" + cmd.Str("id")).Body; got.Str("state") != "timeout" {
			w.Errorf("the command is %v", got)
		}
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48")
	})
}

// An offline target is refused at once, in words, and nothing is left behind.
func TestOfflineTargetIsRefused(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		id := c.Charge(1, "CARD1", 0)
		c.Drop()
		w.Advance(2 * time.Minute)
		for _, r := range []Reply{
			staff.StopSession(w.Session(id)),
			staff.Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}),
			staff.Command(p, M{"type": "reset", "reason": "test"}),
			staff.Do("POST", "/api/v1/sessions/"+w.Session(id).ID.String()+"/refresh", nil),
		} {
			if r.Status != 503 && r.Status != 409 || r.Body.Str("code") != "charge_point_offline" && r.Body.Str("code") != "connector_busy" {
				w.Errorf("%s: %d %v", r.what, r.Status, r.Body)
			}
		}
		q := w.Point("CP2")
		if r := staff.Command(q, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}); r.Status == 202 {
			w.Errorf("one that was never here: %d %v", r.Status, r.Body)
		}
		if n := len(q.Sessions()); n != 0 {
			w.Errorf("%d sessions are left", n)
		}
		w.Session(id).Is(session.OfflineRunning, "RUNNING")
		d.Has("100.00", "50.00")
		if n := len(staff.Get("/api/v1/commands?charge_point_id=" + p.ID.String()).Items()); n != 0 {
			w.Errorf("%d commands are left", n)
		}
	})
}

// Refresh asks for values and status; what comes is the effect. A point that refuses is
// no error.
//
// shows: TriggerMessage, MeterValues
func TestRefreshBringsFreshValues(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Minute)
		cmds := staff.Do("POST", "/api/v1/sessions/"+w.Session(id).ID.String()+"/refresh", nil).Want(202).Items()
		if len(cmds) != 2 {
			w.Fatalf("%d commands: %v", len(cmds), cmds)
		}
		a := c.Asked("TriggerMessage")
		if a.Payload.Str("requestedMessage") != "MeterValues" || a.Payload.Int("connectorId") != 1 {
			w.Errorf("the point is asked %v", a.Payload)
		}
		a.Accept()
		b := c.Asked("TriggerMessage")
		b.Reply(M{"status": "NotImplemented"})
		staff.Becomes(cmds[1].Str("id"), "not_supported")
		c.Call("MeterValues", M{"connectorId": 1, "transactionId": id, "meterValue": []any{M{"timestamp": Stamp(w.Now()),
			"sampledValue": []any{M{"value": "700", "context": "Trigger"}}}}})
		if got := staff.Becomes(cmds[0].Str("id"), "accepted"); got.Str("effect", "state") != "seen" {
			w.Errorf("after the values the command is %v", got)
		}
		if n := staff.Get("/api/v1/sessions/" + w.Session(id).ID.String()).Body.Int("energy_wh"); n != 700 {
			w.Errorf("%d Wh are shown", n)
		}
	})
}

// The sockets of two charge points share nothing: one that does not read, or whose
// answers wait, holds up nobody.
func TestSocketsAreIndependent(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		deaf, lively := w.Point("CP1"), w.Point("CP2")
		c := lively.Online()
		silent := deaf.Online()
		staff := w.Staff(authz.OpOps)
		staff.Command(deaf, M{"type": "reset", "reason": "test"}).Want(202) // never answered
		silent.Asked("Reset")
		silent.Silent = true
		for range 30 {
			silent.SendRaw(`[2,"half`) // and rubbish
		}
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Minute)
		cmd := staff.StopSession(w.Session(id)).Want(202).Body
		c.Asked("RemoteStopTransaction").Accept()
		staff.Becomes(cmd.Str("id"), "accepted")
		c.Finish(id, 1000)
		w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48")
		silent.Drop()
		c.NotAsked()
		if !lively.View().Open() {
			w.Error("the other connection is gone")
		}
	})
}

// The live list follows the charge point: each change comes by the event stream, and
// the stream ends when the node stops.
func TestLiveListFollowsTheChargePoint(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		screen := w.Staff(authz.Auditor).Watch("?topics=sessions")
		id := c.Charge(1, "CARD1", 0)
		sid := w.Session(id).ID.String()
		is := func(field, value string) func(string, M) bool {
			return func(_ string, m M) bool { return m.Str("id") == sid && m.Str(field) == value }
		}
		screen.Until("the start", is("state", "CHARGING"))
		w.Advance(time.Minute)
		c.MeterPower(1, id, 500, 22000)
		screen.Until("the value", is("energy_wh", "500"))
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		screen.Until("the end", is("state", "COMPLETED"))
		w.Stop()
		if name, _ := screen.Next(); name != "" {
			w.Errorf("after the stop the stream goes on with %q", name)
		}
	})
}

// A reason is free text: whatever is in it, the command goes out.
func TestAReasonWithOddCharacters(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		staff.Command(p, M{"type": "trigger_message", "requested_message": "Heartbeat", "reason": "a\x00b\u202e"}).Want(202)
		c.Asked("TriggerMessage").Accept()
		staff.Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1", "reason": "a\x00b"}).Want(202)
		c.Asked("RemoteStartTransaction").Accept()
		id := c.Charge(1, "CARD1", 0)
		staff.Do("POST", "/api/v1/sessions/"+w.Session(id).ID.String()+"/stop", M{"reason": "a\x00b"}).Want(202)
		c.Asked("RemoteStopTransaction").Accept()
		c.Finish(id, 0)
	})
}
