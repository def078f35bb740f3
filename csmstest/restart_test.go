package csmstest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"ccms/cpsim"
	"ccms/internal/authz"
	"ccms/internal/session"
	"ccms/internal/store"
)

// The node is stopped in the middle of a session and opened again on the same data: the
// session goes on and is billed, with what came meanwhile.
func TestRestartInMidSession(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		w.Price(withIdle())
		p := w.Point("CP1", 2)
		c := p.Online()
		start := c.StartPayload(1, "CARD1", 0)
		id := c.Call("StartTransaction", start).Int("transactionId")
		c.Status(1, "Charging")
		w.Advance(time.Minute)
		c.Meter(1, id, 500)
		began := w.Session(id).StartedAt

		w.Stop()
		if code, _ := c.Closed(); code != 1001 {
			w.Errorf("the socket was closed with %d", code)
		}
		w.Clock.Advance(5 * time.Minute)
		w.Start()
		w.Timers()
		w.Timers()
		s := w.Session(id).Is(session.OfflineRunning, "RUNNING").Delivered(500)
		if !s.StartedAt.Equal(began) {
			w.Errorf("it started at %v, now %v", began, s.StartedAt)
		}
		d.Has("100.00", "50.00")

		missed := M{"timestamp": Stamp(w.Now().Add(-2 * time.Minute))}
		c = p.Connect()
		c.Meter(1, id, 2000, missed)
		w.Session(id).Is(session.Charging, "RUNNING").Delivered(2000)
		if again := c.Call("StartTransaction", start); again.Int("transactionId") != id {
			w.Errorf("the start again is answered with %v", again)
		}
		w.Advance(2 * time.Minute)
		c.Finish(id, 3000)
		c.Status(1, "Finishing")
		w.Session(id).Is(session.Idle, "SETTLING")

		w.Stop() // and once more, while the idle clock runs
		c.Closed()
		w.Start()
		w.Advance(25 * time.Hour)
		w.Session(id).Is(session.Completed, "COMPLETED").Lines("ELECTRICITY=0.90")
		d.Has("99.10", "0.00")
	})
}

// What is in work when the node is told to stop is finished and answered; what comes
// behind it is not begun, and is taken by the next run.
func TestDrainAnswersTheFrameInWork(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Minute)

		// Somebody has the wallet's row: the stop waits for it.
		release, held := make(chan struct{}), make(chan struct{})
		blocked := make(chan error, 1)
		go func() {
			var once sync.Once
			blocked <- w.App.Store.Write(w.Context(), w.Scope, func(tx *store.Tx) error {
				_, err := tx.LockAccount(d.Wallet)
				once.Do(func() { close(held) })
				<-release
				return err
			})
		}()
		<-held
		before := w.App.Door.Stats.Frames.Load()
		stop := c.Later("stop", "StopTransaction", c.StopPayload(id, 1000))
		seen := 0
		w.Until("the frame is in work", func() bool {
			if w.App.Door.Stats.Frames.Load() > before {
				seen++
			}
			return seen > 2
		})
		done := make(chan struct{})
		go func() { w.Stop(); close(done) }()
		w.Until("nobody is let in any more", func() bool {
			late, err := p.Knock(Handshake{Path: "/ocpp/NOBODY!"}) // no identity: nothing is asked of the store
			if r := (*Refused)(nil); late != nil || errors.As(err, &r) && r.Status == 404 {
				return false
			}
			return true
		})
		select {
		case <-done:
			w.Error("the node stopped with a frame in work")
		default:
		}
		close(release)
		w.OK(<-blocked)
		if a := c.Await(stop); a.Code != "" {
			w.Errorf("the frame in work is answered with %+v", a)
		}
		<-done
		if code, _ := c.Closed(); code != 1001 {
			w.Errorf("closed with %d", code)
		}
		w.Start()
		w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48")
	})
}

// A command whose answer the stop cut off is neither sent twice nor left hanging.
func TestRestartWithACommandUnderWay(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpAdmin)
		id := c.Charge(1, "CARD1", 0)
		cmd := staff.StopSession(w.Session(id)).Want(202).Body
		c.Asked("RemoteStopTransaction") // no answer
		w.Stop()
		w.Start()
		c = p.Connect()
		c.NotAsked()
		w.Advance(time.Minute)
		c.NotAsked()
		if got := staff.Get("/api/v1/commands/" + cmd.Str("id")).Body; got.Str("state") != "offline" && got.Str("state") != "timeout" {
			w.Errorf("the command is %v", got)
		}
		c.Finish(id, 1000)
		w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48")
	})
}

// The simulated charge point of the demo against the whole server: plug, tap, charge,
// stop by the server, offline and back.
func TestSimulatedChargePoint(t *testing.T) {
	EachWith(t, Options{BootGrace: 20 * time.Millisecond}, func(w *World) { // it does not boot on a reconnect
		d := w.Driver("13ADF65A", "100.00")
		p := w.Point("CP1")
		cp := cpsim.New(cpsim.Config{URL: "ws://" + w.Addr + "/ocpp", Identity: p.Identity, Password: p.Key, Vendor: "A3E", Model: "AC",
			Connectors: []cpsim.Connector{{MaxW: 22000, Phases: 3, MeterWh: 1000}}, MeterInterval: -1, Now: w.Clock.Now,
			MinBackoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond})
		ctx, cancel := context.WithTimeout(w.Context(), wait)
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- cp.Run(ctx) }()
		cp.Plug(1)
		w.OK(cp.WaitStatus(ctx, 1, "Preparing"))
		w.OK(cp.WaitDelivered(ctx))
		cp.Tag(1, "13ADF65A")
		w.OK(cp.WaitStatus(ctx, 1, "Charging"))
		w.OK(cp.WaitDelivered(ctx))
		w.Clock.Advance(10 * time.Minute)
		cp.AddEnergy(1, 5000)
		cp.Sample(1)
		w.OK(cp.WaitDelivered(ctx))
		s := p.Only().Is(session.Charging, "RUNNING")
		if s.Energy < 5000 {
			w.Errorf("%d Wh", s.Energy)
		}
		cp.GoOffline()
		w.Until("it is gone", func() bool { return !p.View().Open() })
		w.Clock.Advance(10 * time.Minute)
		cp.AddEnergy(1, 5000)
		cp.Sample(1)
		cp.GoOnline()
		w.OK(cp.WaitDelivered(ctx))
		w.Until("it is back", func() bool { return p.View().Open() })
		staff := w.Staff(authz.OpOps)
		cmd := staff.StopSession(p.Only()).Want(202).Body
		staff.Becomes(cmd.Str("id"), "accepted")
		w.Until("it has stopped", func() bool { return p.Only().Phase == session.Completed })
		s = p.Only().Is(session.Completed, "COMPLETED")
		if s.Energy < 10000 || s.StopReason != "Remote" {
			w.Errorf("%d Wh, stopped by %q", s.Energy, s.StopReason)
		}
		if got := EUR("100.00").Sub(s.Bill.Total); d.Account().Balance != got {
			w.Errorf("the account has %v, want %v", d.Account().Balance, got)
		}
		cancel()
		<-ended
		w.Until("it is gone", func() bool { return !p.View().Open() })
	})
}
