package csmstest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/session"
	"ccms/internal/tariff"
)

// The tests of this file are charge points that do what was seen in the field; the
// numbers are those of docs/protocols/ocpp16.md.

// A half-open socket must not keep the charge point out: the newest connection wins.
func TestField_11_NewestConnectionWins(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		old := p.Online()
		id := old.Charge(1, "CARD1", 1000)
		fresh := p.Connect() // the old socket is still there
		old.Closed()
		fresh.Call("Heartbeat", nil)
		if !p.View().Open() || w.App.Door.Connected() != 1 {
			w.Errorf("open %v, %d connections held", p.View().Open(), w.App.Door.Connected())
		}
		w.Advance(10 * time.Minute)
		fresh.Meter(1, id, 1500)
		w.Advance(time.Minute)
		fresh.Finish(id, 2000)
		p.Only().Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48").Flagged()
	})
}

// The same boot with the same id every ten seconds gets the same answer and does
// nothing to what runs.
//
// shows: BootNotification
func TestField_22_SameBootAgainAndAgain(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		for i := range 6 {
			a := c.CallAs("boot", "BootNotification", M{"chargePointVendor": "Metron", "chargePointModel": "M1"})
			if a.Str("status") != "Accepted" || a.Int("interval") <= 0 || !a.Has("currentTime") {
				w.Errorf("boot %d is answered with %v", i, a)
			}
			w.Advance(10 * time.Second)
			c.Meter(1, id, 100*(i+1))
		}
		w.Advance(20 * time.Minute)
		p.Only().Is(session.Charging, "RUNNING").Delivered(600)
		c.Finish(id, 1000)
		p.Only().Is(session.Completed, "COMPLETED").Total("0.48").Flagged()
		if v := p.View(); v.Vendor != "Metron" {
			w.Errorf("the vendor is %q", v.Vendor)
		}
	})
}

// Message ids start again at 1000000 after each reboot: an old id must not bring an
// old answer.
func TestField_23_MessageIDsStartAgain(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		var numbers []int64
		for i := range 3 {
			c := p.Dial()
			c.CallAs("1000000", "BootNotification", M{"chargePointVendor": "V", "chargePointModel": "M"})
			a := c.CallAs("1000001", "StartTransaction", c.StartPayload(1, "CARD1", 1000*i))
			if a.Str("idTagInfo", "status") != "Accepted" {
				w.Fatalf("start %d: %v", i, a)
			}
			w.Advance(time.Minute)
			c.CallAs("1000002", "StopTransaction", c.StopPayload(a.Int("transactionId"), 1000*i+1000))
			w.Advance(time.Minute)
			// The same id on the same socket, for another start.
			b := c.CallAs("1000001", "StartTransaction", c.StartPayload(1, "CARD1", 1000*i+1000))
			c.CallAs("1000002", "StopTransaction", c.StopPayload(b.Int("transactionId"), 1000*i+1000))
			numbers = append(numbers, a.Int("transactionId"), b.Int("transactionId"))
			w.Advance(time.Minute)
			c.Drop()
		}
		seen := map[int64]bool{}
		for i, n := range numbers {
			if seen[n] {
				w.Errorf("transactionId %d was given twice: %v", n, numbers)
			}
			seen[n] = true
			want := []string{"0.48", "0.00"}[i%2]
			w.Session(n).Is(session.Completed, "COMPLETED").Total(want)
		}
	})
}

// "transactionId":, is repaired: the value counts as absent. A frame that cannot be
// split is answered with the id found in it. The socket stays.
func TestField_27_InvalidJSON(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Minute)
		a := c.RawCall("x27", `[2,"x27","MeterValues",{"connectorId":1,"transactionId":,"meterValue":[{"timestamp":"`+
			Stamp(w.Now())+`","sampledValue":[{"value":"700"}]}]}]`)
		if a.Code != "" {
			w.Fatalf("the repaired frame is answered with %s %s", a.Code, a.Description)
		}
		s := p.Only().Delivered(700)
		if n := len(s.Samples()); n != 1 {
			w.Errorf("%d samples are kept, want 1", n)
		}
		if f := s.Reports()[1]; len(f.Flaws) == 0 || !strings.Contains(string(f.Payload), `"transactionId":,`) {
			w.Errorf("the frame is kept as %s, flaws %v", f.Payload, f.Flaws)
		}
		if a = c.RawCall("x28", `[2,"x28","Heartbeat",{`); a.Code != "FormationViolation" {
			w.Errorf("the broken frame is answered with %+v", a)
		}
		if a = c.RawCall("x29", `[2,"x29","MeterValues",{"connectorId":1,"meterValue":[{]}]`); a.Code != "FormationViolation" {
			w.Errorf("the values that do not split are answered with %+v", a)
		}
		w.Advance(time.Second)
		w.Journal() // what could not be read is not lost
		frames, err := w.App.Sessions.Frames(w.Context(), w.Scope, s.ID, 1000)
		w.OK(err)
		if !slices.ContainsFunc(frames, func(f session.Frame) bool { return strings.HasSuffix(string(f.Payload), `"meterValue":[{]}]`) }) {
			w.Error("the frame that does not split is not in the timeline")
		}
		c.Finish(id, 1000)
		p.Only().Is(session.Completed, "COMPLETED").Total("0.48")
	})
}

// Times without a zone are UTC; where that is far off a live message and the zone of
// the site fits, they are the site's, from then on.
func TestField_28_TimesWithoutZone(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		plan := tariff.Draft{Name: "an hour is dear", Currency: "EUR", Electricity: []tariff.Band{
			{From: 0, To: 7 * 60, Price: Rate("0.10")}, {From: 7 * 60, To: 8 * 60, Price: Rate("1.00")}, {From: 8 * 60, To: 24 * 60, Price: Rate("0.10")}}}
		w.Price(plan)
		site := w.NewSite(asset.Site{Name: "Copiapó", Address: "C-333", TimeZone: "America/Santiago"})
		local := func(at time.Time) M {
			zone, err := time.LoadLocation("America/Santiago")
			w.OK(err)
			return M{"timestamp": at.In(zone).Format("2006-01-02T15:04:05")}
		}

		p := w.PointAt(site.ID, "CP1")
		c := p.Online() // 10:02 UTC, 07:02 there
		began := w.Now()
		id := c.Charge(1, "CARD1", 0, local(w.Now()))
		if at := w.Session(id).StartedAt; !at.Equal(began) {
			w.Errorf("started at %v, want %v", at, began)
		}
		if z := p.View().Zone; z != "America/Santiago" {
			w.Errorf("the zone remembered is %q", z)
		}
		w.Advance(time.Minute)
		c.Meter(1, id, 500, local(w.Now()))
		w.Advance(time.Minute)
		c.Finish(id, 1000, local(w.Now()))
		w.Session(id).Is(session.Completed, "COMPLETED").Total("1.00").Flagged()

		// Backlog is told by the zone that was learned.
		c.Drop()
		w.Advance(30 * time.Minute)
		c = p.Connect()
		begin, end := w.Now().Add(-20*time.Minute), w.Now().Add(-10*time.Minute)
		id = c.Charge(1, "CARD1", 1000, local(begin))
		c.Finish(id, 2000, local(end))
		s := w.Session(id).Is(session.Completed, "COMPLETED").Total("1.00")
		if !s.StartedAt.Equal(begin) || !s.EndedAt.Equal(end) {
			w.Errorf("from %v to %v, want %v to %v", s.StartedAt, s.EndedAt, begin, end)
		}

		// One that means UTC is taken at its word.
		q := w.PointAt(site.ID, "CP2")
		c = q.Online()
		id = c.Charge(1, "CARD1", 0, M{"timestamp": w.Now().Format("2006-01-02T15:04:05")})
		if at := w.Session(id).StartedAt; !at.Equal(w.Now()) || q.View().Zone != "" {
			w.Errorf("started at %v, zone %q", at, q.View().Zone)
		}
		c.Finish(id, 0)
	})
}

// StartTransaction twice with different message ids: one session, one hold, one
// answer; on the next socket too.
func TestField_41_StartSentTwice(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		start := c.StartPayload(1, "CARD1", 1000)
		first := c.Call("StartTransaction", start)
		again := c.Call("StartTransaction", start)
		c.Drop()
		w.Advance(5 * time.Minute)
		c = p.Connect()
		third := c.Call("StartTransaction", start)
		if first.Int("transactionId") <= 0 || fmt.Sprint(first) != fmt.Sprint(again) || fmt.Sprint(first) != fmt.Sprint(third) {
			w.Errorf("the answers are %v, %v, %v", first, again, third)
		}
		d.Has("100.00", "50.00")
		c.Finish(first.Int("transactionId"), 2000)
		p.Only().Is(session.Completed, "COMPLETED").Total("0.48")
		d.Has("99.52", "0.00")
	})
}

// StopTransaction with id 0 is acknowledged and ends the only session it can mean.
func TestField_44_StopWithIDZero(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		c.Charge(1, "CARD1", 1000)
		w.Advance(time.Minute)
		if a := c.Finish(0, 2000, M{"idTag": "CARD1"}); a.Str("idTagInfo", "status") != "Accepted" {
			w.Errorf("the stop is answered with %v", a)
		}
		p.Only().Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48").Flagged("MATCHED", "NO_SAMPLES")
		d.Has("99.52", "0.00")
	})
}

// A session that began offline: its MeterValues and its stop carry −1.
func TestField_45_MinusOneAfterOfflineStart(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		p.Online().Drop()
		w.Advance(time.Hour)
		c := p.Connect()
		at := func(minutes int) M { return M{"timestamp": Stamp(w.Now().Add(time.Duration(-minutes) * time.Minute))} }
		s := c.Begin(1, "CARD1", 1000, at(50))
		if s.Status != "Accepted" {
			w.Fatalf("the start is answered with %+v", s)
		}
		c.Meter(1, -1, 1400, at(40))
		c.Meter(1, -1, 1800, at(30))
		c.Finish(-1, 2000, at(20))
		one := p.Only().Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48").Flagged("MATCHED")
		if n := len(one.Samples()); n != 2 {
			w.Errorf("%d samples are attached, want 2", n)
		}
		if got := one.EndedAt.Sub(one.StartedAt); got != 30*time.Minute {
			w.Errorf("it lasted %v", got)
		}
		d.Has("99.52", "0.00")
	})
}

// A stop for a transaction that we never knew is acknowledged and kept as an orphan.
func TestField_47_StopOfUnknownTransaction(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		stop := c.StopPayload(4711, 5000, M{"reason": "Local"})
		for range 2 {
			if a := c.Call("StopTransaction", stop); len(a) != 0 {
				w.Errorf("the stop is answered with %v, want {}", a)
			}
		}
		s := p.Only().Is(session.Abnormal, "ABNORMAL").Delivered(0).Total("").Flagged("ORPHAN_STOP")
		if len(s.Reports()) != 1 || !s.Wallet.IsZero() {
			w.Errorf("%d reports are kept, wallet %v", len(s.Reports()), s.Wallet)
		}
		d.Has("100.00", "0.00")
	})
}

// MeterValues with id 0 now and then belong to the session of their connector.
func TestField_48_MeterValuesWithIDZero(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		w.Driver("CARD2", "100.00")
		p := w.Point("CP1", 2)
		c := p.Online()
		one, two := c.Charge(1, "CARD1", 0), c.Charge(2, "CARD2", 50000)
		w.Advance(time.Minute)
		c.Meter(2, 0, 50300)
		c.Meter(1, one, 100)
		w.Advance(time.Minute)
		c.Meter(1, 0, 200)
		w.Session(one).Delivered(200)
		w.Session(two).Delivered(300)
		w.Advance(time.Minute)
		c.Finish(one, 1000)
		w.Advance(time.Minute)
		c.Meter(1, 0, 1000) // of nobody: the connector is free
		c.Finish(two, 51000)
		for _, id := range []int64{one, two} {
			w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48").Flagged()
		}
		if n := len(p.Sessions()); n != 2 {
			w.Errorf("there are %d sessions", n)
		}
	})
}

// Available before the stop: the stop is waited for; when it never comes the session
// is closed provisionally.
func TestField_51_AvailableBeforeStop(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Minute)
		c.Meter(1, id, 500)
		w.Advance(time.Minute)
		c.Status(1, "Preparing")
		c.Status(1, "Available")
		w.Session(id).Is(session.Charging, "RUNNING")
		w.Advance(2 * time.Minute)
		c.Finish(id, 1000)
		w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48").Flagged()

		id = c.Charge(1, "CARD1", 1000)
		w.Advance(time.Minute)
		c.Meter(1, id, 1500)
		w.Advance(time.Minute)
		c.Status(1, "Available")
		w.Advance(14 * time.Minute)
		w.Session(id).Is(session.Charging, "RUNNING")
		w.Advance(2 * time.Minute)
		w.Session(id).Is(session.Completed, "COMPLETED").Delivered(500).Total("0.24")
		d.Has("99.28", "0.00")
	})
}

// Meters that start again per reboot, per session, or never: energy is only what the
// register rose by.
func TestField_57_MeterStartsAgain(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		bill := func(from, to int) {
			w.Helper()
			id := c.Charge(1, "CARD1", from)
			w.Advance(time.Minute)
			c.Meter(1, id, (from+to)/2)
			w.Advance(time.Minute)
			c.Finish(id, to)
			w.Session(id).Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48").Flagged()
		}
		bill(7000, 8000) // goes on for ever
		bill(8000, 9000)
		bill(0, 1000) // starts again with each session
		bill(0, 1000)

		id := c.Charge(1, "CARD1", 1000) // starts again with a reboot, in the middle
		w.Advance(10 * time.Minute)
		c.Meter(1, id, 3000)
		c.Drop()
		w.Advance(time.Minute)
		c = p.Connect()
		w.Advance(2 * time.Minute)
		c.Meter(1, id, 100)
		w.Advance(time.Minute)
		c.Meter(1, id, 500)
		w.Advance(time.Minute)
		c.Finish(id, 800)
		w.Session(id).Is(session.Abnormal, "ABNORMAL").Delivered(2700).Total("").Flagged("REGISTER_BACK", "STOP_BELOW")
		d.Has("98.08", "0.96") // what was safe before the reset stays held, nothing is taken
	})
}
