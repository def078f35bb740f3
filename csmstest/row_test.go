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
func TestRow11_NewestConnectionWins(t *testing.T) {
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
func TestRow22_SameBootAgainAndAgain(t *testing.T) {
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
func TestRow23_MessageIDsStartAgain(t *testing.T) {
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
func TestRow27_InvalidJSON(t *testing.T) {
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
func TestRow28_TimesWithoutZone(t *testing.T) {
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
func TestRow41_StartSentTwice(t *testing.T) {
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
func TestRow44_StopWithIDZero(t *testing.T) {
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
func TestRow45_MinusOneAfterOfflineStart(t *testing.T) {
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
func TestRow47_StopOfUnknownTransaction(t *testing.T) {
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
func TestRow48_MeterValuesWithIDZero(t *testing.T) {
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
func TestRow51_AvailableBeforeStop(t *testing.T) {
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

// After a lost link the start comes again, of another charge, and no stop of the one
// before: that is closed with what is known of it; how it ended is not known.
func TestRow42_AStartAgainAndNoStopBefore(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		lost := c.Charge(1, "CARD1", 1000)
		w.Advance(time.Minute)
		c.Meter(1, lost, 1500)
		c.Drop()
		w.Advance(10 * time.Minute)
		c = p.Dial()
		fresh := c.Charge(1, "CARD1", 2000) // the card is free for it
		w.Advance(5 * time.Minute)
		c.Meter(1, fresh, 2500)
		w.Session(lost).Is(session.Charging, "RUNNING")
		w.Advance(12 * time.Minute)
		c.Meter(1, fresh, 2800)
		s := w.Session(lost).Is(session.Completed, "COMPLETED").Delivered(500).Total("0.24").Flagged("NO_SAMPLES", "PROVISIONAL")
		if s.ClosedBy != "system" || s.RealStop || !strings.Contains(s.Inner.CloseWhy, "another session") {
			w.Errorf("closed by %q because %q", s.ClosedBy, s.Inner.CloseWhy)
		}
		c.Finish(fresh, 3000)
		w.Session(fresh).Is(session.Completed, "COMPLETED").Total("0.48").Flagged()
		d.Has("99.28", "0.00")
	})
}

// transactionIds are above zero, fit 31 bits, and none is given twice: not at another
// point, not after a restart.
func TestRow43_NumbersAboveZeroAndNeverTwice(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "1000.00")
		d.AllowSessions(20)
		seen := map[int64]bool{}
		give := func(points ...string) {
			w.Helper()
			for _, identity := range points {
				id := w.Point(identity).Connect().Charge(1, "CARD1", 0)
				if id <= 0 || id >= 1<<31 || seen[id] {
					w.Errorf("the number %d is given after %v", id, seen)
				}
				seen[id] = true
			}
		}
		give("A", "B", "C")
		for _, c := range w.open() {
			c.Drop()
		}
		w.Stop()
		w.Start()
		give("D", "E")
	})
}

// The start is answered ConcurrentTx, and the point sends its stop with −1.
func TestRow46_StopAfterConcurrentTx(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p, q := w.Point("CP1"), w.Point("CP2")
		running := p.Online().Charge(1, "CARD1", 0)
		c := q.Online()
		if s := c.Begin(1, "CARD1", 700); s.Status != "ConcurrentTx" || s.ID <= 0 {
			w.Errorf("the start is answered %+v", s)
		}
		w.Advance(10 * time.Second)
		if a := c.Finish(-1, 700); len(a) != 0 {
			w.Errorf("the stop is answered with %v", a)
		}
		q.Only().Is(session.Rejected, "VOID").Delivered(0).Total("").Flagged("MATCHED")
		w.Session(running).Is(session.Charging, "RUNNING")
		d.Has("100.00", "50.00")
		w.Warned()
	})
}

// Meter values go on with the number of a charge that is over: kept, and not billed.
func TestRow49_ValuesAfterTheStop(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		w.Advance(2 * time.Minute)
		c.Finish(id, 1000)
		for i := range 3 {
			w.Advance(time.Minute)
			c.Meter(1, id, 1000+100*i)
		}
		next := c.Charge(1, "CARD1", 1300)
		w.Advance(time.Minute)
		c.Meter(1, id, 1400) // still the old number, though another charge runs
		w.Session(next).Delivered(0)
		c.Meter(1, next, 1500)
		w.Advance(time.Minute)
		c.Finish(next, 2300)
		w.Session(id).Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48").Flagged("LATE_SAMPLE", "NO_SAMPLES")
		w.Session(next).Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48").Flagged()
		d.Has("99.04", "0.00")
	})
}

// The closing reading comes after the stop: it belongs to the session, and the bill of
// the stop stands.
func TestRow52_TheClosingReadingComesAfterTheStop(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		w.Advance(2 * time.Minute)
		stopped := Stamp(w.Now())
		c.Finish(id, 1000)
		w.Advance(10 * time.Second)
		c.Meter(1, id, 1000, M{"timestamp": stopped})
		s := p.Only().Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48")
		if n := len(s.Samples()); n != 1 || len(s.Reports()) != 3 {
			w.Errorf("%d samples, %d reports are kept", n, len(s.Reports()))
		}
		d.Has("99.52", "0.00")
	})
}

// The point makes up a number of its own and keeps to it.
func TestRow53_NumbersOfItsOwn(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1", 2)
		c := p.Online()
		ours := c.Charge(2, "CARD1", 5000)
		const own = 900001
		w.Advance(time.Minute)
		c.Meter(2, own, 5400)
		w.Session(ours).Delivered(400)
		w.Advance(time.Minute)
		c.Meter(2, own, 5800)
		w.Advance(time.Minute)
		c.Finish(own, 6000, M{"idTag": "CARD1"})
		p.Only().Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48").Flagged("MATCHED")
		d.Has("99.52", "0.00")
	})
}
