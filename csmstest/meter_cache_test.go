package csmstest

import (
	"errors"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/session"
	"ccms/internal/unit"
)

// A connection remembers the session that it charges. None of that may show.

func TestMeterValuesOfARememberedSessionAreStoredLikeTheFirst(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CACHE01", "100.00")
		c := w.Point("CACHE").Online()
		id := c.Charge(1, "CACHE01", 1000)
		for i := range 6 {
			w.Advance(time.Minute)
			c.Meter(1, id, 1000+(i+1)*100)
		}
		s := w.Session(id).Is(session.Charging, "RUNNING").Delivered(600)
		if n, reports := len(s.Samples()), len(s.Reports()); n != 6 || reports != 7 {
			t.Fatalf("%d samples and %d reports are kept, want 6 and 7", n, reports)
		}
		// The same values again, under another id: kept as a report, counted once.
		c.Meter(1, id, 1600)
		s = w.Session(id).Delivered(600)
		if n, reports := len(s.Samples()), len(s.Reports()); n != 6 || reports != 8 {
			t.Fatalf("after a repeat %d samples and %d reports are kept, want 6 and 8", n, reports)
		}
		w.Advance(time.Minute)
		c.Meter(1, id, 1700)
		w.Advance(time.Minute)
		c.Finish(id, 1800)
		w.Session(id).Delivered(800)
		if a := d.Account(); a.Balance.Minor >= 10000 {
			t.Fatalf("nothing was paid: %v", a.Balance)
		}
	})
}

func TestARememberedSessionGivesWayToWhatOthersWrote(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CACHE02", "100.00")
		c := w.Point("CACHE").Online()
		id := c.Charge(1, "CACHE02", 1000)
		for i := range 3 {
			w.Advance(time.Minute)
			c.Meter(1, id, 1000+(i+1)*100)
		}
		// Staff stop it; the charge point refuses. Both write the session.
		_, err := w.App.Sessions.RequestStop(w.Context(), w.Scope, w.Session(id).ID, "test")
		w.OK(err)
		asked := c.Asked("RemoteStopTransaction")
		w.Advance(10 * time.Second)
		c.Meter(1, id, 1350)
		w.Session(id).Is(session.Stopping, "RUNNING").Delivered(350)
		asked.Reply(M{"status": "Rejected"})
		w.Until("the refused stop leaves it charging", func() bool { return w.Session(id).Phase == session.Charging })
		w.Advance(time.Minute)
		c.Meter(1, id, 1400)
		w.Session(id).Is(session.Charging, "RUNNING").Delivered(400)
		w.Advance(time.Minute)
		c.Meter(1, id, 1500)
		w.Session(id).Is(session.Charging, "RUNNING").Delivered(500)
	})
}

func TestARememberedSessionTakesNothingFromAnOldSocket(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CACHE03", "100.00")
		p := w.Point("CACHE")
		id := p.Online().Charge(1, "CACHE03", 1000)
		v := p.View()
		var cache session.Cache
		sc := authz.ForChargePoint(v.Operator, v.Sub, v.ID)
		report := func(register unit.Wh) error {
			w.Clock.Advance(time.Minute)
			return w.App.Sessions.Meter(w.Context(), sc, session.MeterReport{
				Report:    session.Report{Point: p.ID, Epoch: v.Epoch, ReceivedAt: w.Now(), MessageID: "m", Raw: []byte("raw"), Cache: &cache},
				Connector: 1, OCPPID: id,
				Samples: []session.Sample{{
					Reading: session.Reading{Has: session.HasEnergy, Energy: register, Context: "Sample.Periodic"}, Stamp: session.Stamp{At: w.Now()},
				}},
			})
		}
		w.OK(report(1100))
		w.OK(report(1200))
		w.Session(id).Delivered(200)
		p.Dial()
		w.Until("the new socket counts", func() bool { return p.View().Epoch > v.Epoch })
		if err := report(1300); !errors.Is(err, asset.StaleConnection) {
			t.Fatalf("the old socket's report gets %v", err)
		}
		s := w.Session(id).Delivered(200)
		if n := len(s.Samples()); n != 2 {
			t.Fatalf("%d samples are kept, want 2", n)
		}
	})
}
