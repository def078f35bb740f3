package csmstest

import (
	"sync"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/operator"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/tariff"
)

// A queue takes 64 commands, however many ask at once; the 65th is refused in words and
// changes nothing. A stop that money asks for is sent all the same, and with each answer
// there is room again.
func TestLimit_64CommandsWaitForOnePoint(t *testing.T) {
	Each(t, func(w *World) {
		dear := tariff.Draft{Name: "dear", Currency: "EUR", Electricity: Allday("5.00")}
		w.Price(dear)
		d := w.Driver("CARD1", "12.00")
		p, other := w.Point("CP1"), w.Point("CP2")
		c, o := p.Online(), other.Online()
		id := c.Charge(1, "CARD1", 0)
		s := w.Session(id)
		trigger := M{"type": "trigger_message", "requested_message": "Heartbeat"}
		const asking = asset.MaxQueue + 16
		replies := make([]Reply, asking)
		var wg sync.WaitGroup
		for desk := range 4 {
			staff := w.Staff(authz.OpAdmin)
			wg.Go(func() {
				for i := desk; i < asking; i += 4 {
					replies[i] = staff.Command(p, trigger)
				}
			})
		}
		wg.Wait()
		taken := 0
		for _, r := range replies {
			switch {
			case r.Status == 202:
				taken++
			case r.Status != 409 || r.Body.Str("code") != "command_queue_full":
				w.Fatalf("a command is answered %d %v", r.Status, r.Body)
			}
		}
		if taken != asset.MaxQueue {
			w.Fatalf("%d commands were taken, want %d", taken, asset.MaxQueue)
		}
		staff := w.Staff(authz.OpAdmin)
		for _, r := range []Reply{staff.StopSession(s), staff.Command(p, M{"type": "refresh"}), staff.Command(p, M{"type": "reset", "reason": "test"}),
			staff.Do("POST", "/api/v1/sessions/"+s.ID.String()+"/refresh", nil)} {
			if r.Status != 409 || r.Body.Str("code") != "command_queue_full" || r.Body.Str("detail") == "" {
				w.Errorf("with a full queue the answer is %d %v", r.Status, r.Body)
			}
		}
		w.Session(id).Is(session.Charging, "RUNNING")
		staff.Command(other, trigger).Want(202) // of this point alone
		o.Asked("TriggerMessage").Accept()

		c.Asked("TriggerMessage").Accept()
		w.Until("there is room for one", func() bool { return staff.Command(p, trigger).Status == 202 })
		if r := staff.Command(p, trigger); r.Status != 409 {
			w.Errorf("and the next is answered %d", r.Status)
		}

		// All that is held is used up: the stop of the system is not refused.
		w.Clock.Advance(time.Minute)
		c.Meter(1, id, 1_300)
		if s := w.Session(id); s.Phase != session.Stopping || !s.Has(session.FlagLowBalance) {
			w.Errorf("the session is %s %v", s.Phase, s.Flags)
		}
		for range asset.MaxQueue {
			c.Asked("TriggerMessage").Accept()
		}
		c.Asked("RemoteStopTransaction").Accept()
		c.Finish(id, 1_300)
		d.Has("5.50", "0.00")
	})
}

// One sweep ends all that is due, however much it is: those that were not sent in time,
// and those whose point went offline. Until then each takes one of the 64 places.
func TestLimit_CommandsThatAreOverGiveTheirPlacesBack(t *testing.T) {
	Each(t, func(w *World) {
		busy, gone := w.Point("CP1"), w.Point("CP2")
		busy.Dial() // without a boot, so that nothing is sent
		c := gone.Dial()
		const each = 60
		fill := func(p *Point) {
			w.Helper()
			w.Until("the point is connected", func() bool { return p.View().Open() })
			w.OK(w.App.Store.Write(w.Context(), authz.Everything("test"), func(tx *store.Tx) error {
				at, err := tx.LockPoint(p.ID)
				for range each {
					if err == nil {
						_, err = asset.Enqueue(tx, at, asset.CommandOf(asset.Trigger{Message: "Heartbeat"}))
					}
				}
				return err
			}))
		}
		fill(busy)
		w.Clock.Advance(asset.SendWithin - time.Second)
		fill(gone)
		c.Drop()
		w.Until("the other is gone", func() bool { return !gone.View().Open() })
		w.Clock.Advance(asset.Grace)
		n, err := w.App.Sessions.ExpireCommands(w.Context())
		if err != nil || n != 2*each {
			w.Errorf("%d commands ended, want %d (%v)", n, 2*each, err)
		}
		for p, want := range map[*Point]asset.CommandState{busy: asset.CommandTimeout, gone: asset.CommandOffline} {
			l, err := w.App.Assets.Commands(w.Context(), authz.Everything("test"), asset.CommandFilter{Point: p.ID}, operator.Page{Limit: 100})
			w.OK(err)
			for _, cmd := range l.Items {
				if cmd.State != want {
					w.Fatalf("a command of %s is %s, want %s", p.Identity, cmd.State, want)
				}
			}
		}
	})
}
