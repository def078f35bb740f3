package csmstest

import (
	"fmt"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/session"
	"ccms/internal/store"
)

// Nothing is asked of a charge point before its boot is answered.
//
// shows: BootNotification
func TestRow19_NoCallBeforeTheBootIsAnswered(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		staff := w.Staff(authz.OpAdmin)
		c := p.Dial()
		c.Call("Heartbeat", nil)
		cmd := staff.Command(p, M{"type": "trigger_message", "requested_message": "StatusNotification"}).Want(202).Body
		c.NotAsked()
		if got := staff.Get("/api/v1/commands/" + cmd.Str("id")).Body.Str("state"); got != "queued" {
			w.Errorf("before the boot the command is %s", got)
		}
		c.Boot()
		c.Asked("TriggerMessage").Accept()
		staff.Becomes(cmd.Str("id"), "accepted")
	})
}

// One that does not boot is asked to, once per connection, after the grace; one that was
// accepted before only has to wait.
func TestRow20_BootIsAskedForOnce(t *testing.T) {
	EachWith(t, Options{BootGrace: 30 * time.Millisecond}, func(w *World) {
		p := w.Point("CP1")
		c := p.Dial()
		a := c.Asked("TriggerMessage")
		if a.Payload.Str("requestedMessage") != "BootNotification" {
			w.Errorf("the server asks for %v", a.Payload)
		}
		a.Accept()
		c.Boot()
		c.NotAsked()
		c.Drop()

		c = p.Dial() // a reconnect without boot
		// What we know of its connectors is from before: once, unless it tells by itself.
		if a := c.Asked("TriggerMessage"); a.Payload.Str("requestedMessage") != "StatusNotification" || a.Payload.Has("connectorId") {
			w.Errorf("the server asks for %v", a.Payload)
		} else {
			a.Reply(M{"status": "NotImplemented"})
		}
		cmd := w.Staff(authz.OpAdmin).Command(p, M{"type": "reset", "reason": "test"}).Want(202).Body
		if a := c.Asked("Reset"); a.Payload.Str("type") != "Soft" {
			w.Errorf("the command %v is sent as %v", cmd, a.Payload)
		} else {
			a.Accept()
		}
		c.NotAsked()
	})
}

// One that tells its status within the grace is not asked for it. The grace runs by the
// real clock: it is as long as a busy machine needs for one message.
func TestOrder_2_WhoToldItsStatusIsNotAskedForIt(t *testing.T) {
	EachWith(t, Options{BootGrace: 3 * time.Second}, func(w *World) {
		p := w.Point("CP1")
		c := p.Dial()
		c.Boot()
		c.Drop()
		c = p.Dial()
		c.Status(1, "Available")
		staff := w.Staff(authz.OpAdmin)
		cmd := staff.Command(p, M{"type": "reset", "reason": "test"}).Want(202).Body
		c.Asked("Reset").Accept() // the grace is over
		staff.Becomes(cmd.Str("id"), "accepted")
		c.NotAsked()
		if n := len(staff.Get("/api/v1/commands?type=trigger_message").Items()); n != 0 {
			w.Errorf("%d messages were asked for", n)
		}
	})
}

// Full duplex: the charge point talks while our CALL is pending, and may ask Authorize
// before it answers us.
func TestRow87_FullDuplex(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpAdmin)
		cmd := staff.Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}).Want(202).Body
		ours := c.Asked("RemoteStartTransaction")
		if got := c.Authorize("CARD1"); got != "Accepted" {
			w.Errorf("meanwhile the Authorize is answered %s", got)
		}
		c.Status(1, "Preparing")
		id := c.Charge(1, "CARD1", 0)
		w.Advance(10 * time.Second)
		c.Meter(1, id, 500)
		ours.Accept()
		staff.Becomes(cmd.Str("id"), "accepted")
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		p.Only().Is(session.Completed, "COMPLETED").Total("0.48")
	})
}

// Only one CALL of ours is pending at a time; the next goes out when it is answered.
func TestOrder_4_OneCallAtATime(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpAdmin)
		staff.Command(p, M{"type": "trigger_message", "requested_message": "Heartbeat"}).Want(202)
		staff.Command(p, M{"type": "reset", "reason": "test"}).Want(202)
		first := c.Asked("TriggerMessage")
		c.NotAsked()
		first.Reply(M{"status": "Rejected"})
		c.Asked("Reset").Accept()
	})
}

// Two different CALLs in a row without answer, while its heartbeats go on: the socket is
// closed, at most once an hour. One action alone that is never answered closes nothing.
func TestRow13_ABoxThatAnswersNothing(t *testing.T) {
	EachWith(t, Options{CallTimeout: 30 * time.Millisecond}, func(w *World) {
		p := w.Point("CP1")
		staff := w.Staff(authz.OpAdmin)
		trigger := M{"type": "trigger_message", "requested_message": "Heartbeat"}
		ask := func(c *Conn, body M, action string) {
			w.Helper()
			cmd := staff.Command(p, body).Want(202).Body
			c.Asked(action)
			c.Call("Heartbeat", nil)
			staff.Becomes(cmd.Str("id"), "timeout")
		}
		c := p.Connect()
		for range 3 {
			ask(c, trigger, "TriggerMessage")
		}
		c.NotAsked() // and the connection is there
		staff.Command(p, M{"type": "reset", "reason": "test"}).Want(202)
		if code, why := c.Closed(); code != 1013 {
			w.Errorf("closed with %d %s", code, why)
		}
		w.Until("the connection is gone", func() bool { return !p.View().Open() })
		// On PostgreSQL a fact shows once every older transaction of the server is over.
		w.Until("its model is flagged", func() bool {
			flagged := 0
			w.OK(w.App.Store.Read(w.Context(), authz.Everything("test"), func(tx *store.Tx) error {
				facts, err := tx.FactsAfter(store.Position{}, 1000)
				for _, f := range facts {
					if f.Kind == asset.FactUnresponsive {
						flagged++
					}
				}
				return err
			}))
			return flagged == 1
		})

		c = p.Connect() // within the hour
		ask(c, trigger, "TriggerMessage")
		ask(c, M{"type": "reset", "reason": "test"}, "Reset")
		ask(c, trigger, "TriggerMessage")
		c.NotAsked()

		w.Advance(61 * time.Minute)
		staff.Command(p, M{"type": "reset", "reason": "test"}).Want(202)
		if code, why := c.Closed(); code != 1013 {
			w.Errorf("closed with %d %s", code, why)
		}
	})
}

// The charge point's CALLs are worked in order; a flood is neither refused nor lost.
func TestOrder_6_AFloodIsAnsweredInOrder(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		const flood = 150 // three times what may wait
		began := w.Now()
		w.Clock.Advance(flood * time.Second)
		answers := make([]<-chan Answer, flood)
		for i := range flood {
			answers[i] = c.Later(fmt.Sprint("flood", i), "MeterValues",
				c.MeterPayload(1, id, 10*(i+1), -1, M{"timestamp": Stamp(began.Add(time.Duration(i+1) * time.Second))}))
		}
		last := c.Later("stop", "StopTransaction", c.StopPayload(id, 1600))
		if a := c.Await(last); a.Code != "" {
			w.Errorf("the stop is answered with %+v", a)
		}
		for i, ch := range answers {
			select {
			case a := <-ch:
				if a.Code != "" {
					w.Errorf("message %d is answered with %+v", i, a)
				}
			default:
				w.Fatalf("message %d is answered after the last one", i)
			}
		}
		s := p.Only().Is(session.Completed, "COMPLETED").Delivered(1600)
		if n := len(s.Samples()); n != flood {
			w.Errorf("%d samples are kept, want %d", n, flood)
		}
	})
}
