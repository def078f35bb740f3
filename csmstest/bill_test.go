package csmstest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ccms/internal/session"
	"ccms/internal/tariff"
)

// A register that steps back: by up to 2 Wh it is rounding, by more a person looks and
// the stretches that rose are summed.
func TestBILL_R1_RegisterStepsBack(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "500.00")
		for i, row := range []struct {
			why         string
			start, stop int
			samples     []int
			energy      int
			phase       session.Phase
			total       string
			flags       []string
		}{
			{"2 Wh back between samples", 1000, 3000, []int{2000, 1998, 2500}, 2000, session.Completed, "0.96", nil},
			{"1 Wh back at the stop", 1000, 1999, []int{1500, 2000}, 1000, session.Completed, "0.48", nil},
			{"stop 2 Wh below start", 1000, 998, nil, 0, session.Completed, "0.00", nil},
			{"stop 3 Wh below start", 1000, 997, nil, 0, session.Abnormal, "", []string{"STOP_BELOW", "REGISTER_BACK"}},
			{"stop far below start", 9000, 100, []int{9500}, 500, session.Abnormal, "", []string{"STOP_BELOW", "REGISTER_BACK"}},
			{"3 Wh back between samples", 1000, 3000, []int{2000, 1997, 2500}, 2003, session.Abnormal, "", []string{"REGISTER_BACK"}},
			{"from zero again in the middle", 1000, 4000, []int{3000, 0}, 6000, session.Abnormal, "", []string{"REGISTER_BACK"}},
		} {
			c := w.Point(fmt.Sprint("CP", i)).Online()
			before := d.Account()
			id := c.Charge(1, "CARD1", row.start)
			for _, r := range row.samples {
				w.Advance(5 * time.Minute)
				c.Meter(1, id, r)
			}
			w.Advance(5 * time.Minute)
			if a := c.Finish(id, row.stop); len(a) != 0 {
				w.Errorf("%s: the stop is answered with %v", row.why, a)
			}
			record := map[session.Phase]string{session.Completed: "COMPLETED", session.Abnormal: "ABNORMAL"}[row.phase]
			s := w.Session(id).Is(row.phase, record).Delivered(w.wh(row.energy)).Total(row.total).Flagged(row.flags...)
			if s.Phase == session.Abnormal && d.Account().Balance != before.Balance {
				w.Errorf("%s: %v was taken", row.why, before.Balance.Sub(d.Account().Balance))
			}
			if w.Failed() {
				w.Fatal(row.why)
			}
		}
	})
}

// A stop without a usable id ends the only session that it can mean, else nothing.
func TestBILL_R4_StopWithoutItsID(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "500.00")
		w.Driver("CARD2", "500.00")
		p := w.Point("CP1", 2)
		c := p.Online()
		one := c.Charge(1, "CARD1", 1000)
		w.Advance(time.Minute)
		two := c.Charge(2, "CARD2", 50000)
		w.Advance(time.Minute)
		c.Meter(1, one, 2000)
		c.Meter(2, two, 51000)
		w.Advance(time.Minute)
		orphans := func() (n int) {
			for _, s := range p.Sessions() {
				if s.Has(session.FlagOrphanStop) {
					n++
				}
			}
			return n
		}
		for i, o := range []struct {
			why  string
			stop M
		}{
			{"both fit", c.StopPayload(0, 60000)},
			{"the card of one, the register below its last", c.StopPayload(-1, 1900, M{"idTag": "CARD1"})},
			{"a card of neither", c.StopPayload(0, 60001, M{"idTag": "CARD3"})},
			{"before both", c.StopPayload(999999, 60000, M{"timestamp": Stamp(w.Now().Add(-time.Hour))})},
		} {
			c.Call("StopTransaction", o.stop)
			w.Session(one).Is(session.Charging, "RUNNING")
			w.Session(two).Is(session.Charging, "RUNNING")
			if orphans() != i+1 {
				w.Fatalf("%s: %d orphan records, want %d", o.why, orphans(), i+1)
			}
		}
		c.Finish(-1, 2500, M{"idTag": "card1"}) // the card decides
		w.Session(one).Is(session.Completed, "COMPLETED").Flagged("MATCHED")
		w.Session(two).Is(session.Charging, "RUNNING")
		c.Finish(4711, 52000) // the only one left
		w.Session(two).Is(session.Completed, "COMPLETED").Delivered(2000).Flagged("MATCHED")
		if n := orphans(); n != 4 {
			w.Errorf("%d orphan records", n)
		}
	})
}

// A start without stop is closed provisionally, not before 15 minutes connected and
// quiet; its real stop corrects the bill, more or less.
func TestBILL_R5_StartWithoutStop(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "500.00")
		p := w.Point("CP1")
		c := p.Online()

		// By a boot without a resume.
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Minute)
		c.Meter(1, id, 1000)
		c.Drop()
		w.Advance(time.Hour)
		w.Session(id).Is(session.OfflineRunning, "RUNNING")
		c = p.Connect()
		w.Advance(14 * time.Minute)
		w.Session(id).Is(session.Charging, "RUNNING")
		w.Advance(2 * time.Minute)
		s := w.Session(id).Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48")
		if !s.Has(session.FlagProvisional) || s.ClosedBy != "system" || s.RealStop {
			w.Errorf("closed by %q, flags %v, real stop %v", s.ClosedBy, s.Flags, s.RealStop)
		}
		d.Has("499.52", "0.00")
		c.Finish(id, 3000)
		w.Session(id).Is(session.Completed, "ADJUSTED").Delivered(3000).Total("1.44")
		d.Has("498.56", "0.00")
		c.Finish(id, 3000) // the same again
		c.Finish(id, 4000) // another one: the first counts
		w.Session(id).Is(session.Completed, "ADJUSTED").Delivered(3000).Total("1.44")
		d.Has("498.56", "0.00")

		// By a new session on the connector, on a connection that lasts. The card is free
		// for it at once.
		w.Advance(20 * time.Minute)
		lost := c.Charge(1, "CARD1", 3000)
		w.Advance(time.Minute)
		c.Meter(1, lost, 4000)
		w.Advance(time.Minute)
		next := c.Charge(1, "CARD1", 5000)
		w.Advance(10 * time.Minute)
		c.Meter(1, next, 5500)
		w.Session(lost).Is(session.Charging, "RUNNING")
		w.Advance(6 * time.Minute)
		c.Meter(1, next, 6000)
		w.Session(lost).Is(session.Completed, "COMPLETED").Total("0.48")
		c.Finish(next, 6000)
		w.Session(next).Is(session.Completed, "COMPLETED").Total("0.48")

		// A session that goes on after the boot was not lost.
		id = c.Charge(1, "CARD1", 6000)
		w.Advance(time.Minute)
		c.Boot()
		w.Advance(time.Minute)
		c.Meter(1, id, 6500)
		w.Advance(30 * time.Minute)
		w.Session(id).Is(session.Charging, "RUNNING")
		c.Finish(id, 7000)
		w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48").Flagged()
	})
}

// The real stop may turn the bill into a debt.
func TestBILL_R5_CorrectionBecomesADebt(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "2.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Minute)
		c.Meter(1, id, 300)
		c.Status(1, "Available")
		w.Advance(17 * time.Minute)
		w.Session(id).Is(session.Completed, "COMPLETED").Delivered(300)
		c.Finish(id, 10000)
		s := w.Session(id).Is(session.Completed, "UNPAID").Total("4.80")
		if s.Debt != EUR("2.80") || !s.Adjusted {
			w.Errorf("the debt is %v, adjusted %v", s.Debt, s.Adjusted)
		}
		d.Has("-2.80", "0.00")
		if got := c.Authorize("CARD1"); got != "Blocked" {
			w.Errorf("with a debt the card is %s", got)
		}
	})
}

// Times that cannot be: the receive time of what was created online, the measured
// offset of the clock for what was not, else neither time nor band is believed.
func TestBILL_R7_ImpossibleTimes(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "500.00")
		plan := withIdle()
		plan.Electricity = []tariff.Band{{From: 0, To: 9 * 60, Price: Rate("0.10")}, {From: 9 * 60, To: 24 * 60, Price: Rate("0.50")}}
		w.Price(plan)
		register := 0
		begin := func(p *Point, c *Conn, at string) (int64, *Session) {
			w.Helper()
			id := c.Charge(1, "CARD1", register, M{"timestamp": at})
			return id, w.Session(id)
		}
		// Online.
		p := w.Point("CP1")
		c := p.Online()
		for _, at := range []string{"1970-01-01T00:10:00Z", "2027-01-01T00:00:00Z", Stamp(w.Now().Add(20 * time.Minute)), "2019-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "yesterday"} {
			id, s := begin(p, c, at)
			if !s.StartedAt.Equal(w.Now()) || !s.Has(session.FlagClock) || s.Has(session.FlagUntimed) {
				w.Errorf("%s: started at %v, flags %v", at, s.StartedAt, s.Flags)
			}
			w.Advance(time.Minute)
			c.Meter(1, id, register+500, M{"timestamp": at})
			if got := w.Session(id).Samples(); len(got) != 1 || !got[0].At.Equal(w.Now()) {
				w.Errorf("%s: the sample is at %v", at, got)
			}
			w.Advance(time.Minute)
			register += 1000
			c.Finish(id, register, M{"timestamp": at, "reason": "EVDisconnected"})
			s = w.Session(id).Is(session.Completed, "COMPLETED").Total("0.50").Flagged("CLOCK")
			if s.EndedAt.Sub(s.StartedAt) != 2*time.Minute {
				w.Errorf("%s: it lasted %v", at, s.EndedAt.Sub(s.StartedAt))
			}
			w.Advance(time.Minute)
		}

		// A sample stamped before its session began is bounded by the start.
		id, s := begin(p, c, Stamp(w.Now()))
		w.Advance(time.Minute)
		c.Meter(1, id, register+500, M{"timestamp": Stamp(w.Now().Add(-30 * time.Hour))})
		if got := w.Session(id).Samples(); got[0].At.Before(s.StartedAt) {
			w.Errorf("the sample is at %v, before the start at %v", got[0].At, s.StartedAt)
		}
		w.Advance(time.Minute)
		c.Finish(id, register+1000, M{"reason": "EVDisconnected"})
		w.Session(id).Is(session.Completed, "COMPLETED").Total("0.50").Flagged("CLOCK")

		register = 0
		// Offline, and nothing is known of the clock: the cheapest price, nothing by time.
		q := w.Point("CP2")
		q.Online().Drop()
		w.Advance(time.Hour)
		c = q.Connect()
		id, _ = begin(q, c, "1970-01-01T00:10:00Z")
		c.Finish(id, 1000, M{"timestamp": "1970-01-01T00:40:00Z"})
		w.Session(id).Is(session.Completed, "COMPLETED").Lines("ELECTRICITY=0.10").Flagged("CLOCK", "CLOCK", "UNTIMED")

		// Its clock shows itself when it is online, and then the backlog is told by it.
		w.Advance(2 * time.Minute)
		wrong := func(at time.Time) string { return Stamp(at.AddDate(-50, 0, 0)) }
		id, s = begin(q, c, wrong(w.Now()))
		if !s.StartedAt.Equal(w.Now()) {
			w.Errorf("started at %v, want %v", s.StartedAt, w.Now())
		}
		c.Finish(id, 0, M{"timestamp": wrong(w.Now())})
		c.Drop()
		w.Advance(time.Hour)
		c = q.Connect()
		began := w.Now().Add(-40 * time.Minute)
		id, _ = begin(q, c, wrong(began))
		c.Finish(id, 1000, M{"timestamp": wrong(began.Add(20 * time.Minute)), "reason": "EVDisconnected"})
		s = w.Session(id).Is(session.Completed, "COMPLETED").Total("0.50").Flagged("CLOCK", "NO_SAMPLES")
		if d := s.StartedAt.Sub(began); d.Abs() > time.Second || s.EndedAt.Sub(s.StartedAt) != 20*time.Minute {
			w.Errorf("from %v to %v, want from %v on for 20 minutes", s.StartedAt, s.EndedAt, began)
		}
	})
}

// Our own clock was an hour ahead for a while, and a reading came then: the stop is at
// its own time, so that no time and no band is paid for that did not pass; the energy
// is paid for.
func TestBILL_R7_OurClockSetBackLengthensNoSession(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "500.00")
		w.until("11:30")
		plan := tariff.Draft{Name: "dear from noon on", Currency: "EUR", Electricity: []tariff.Band{
			{From: 0, To: 12 * 60, Price: Rate("0.10")}, {From: 12 * 60, To: 24 * 60, Price: Rate("0.50")}}}
		w.Price(plan)
		p := w.Point("CP1")
		c := p.Online()
		wrong := "1970-01-01T00:10:00Z"
		began := w.Now()
		id := c.Charge(1, "CARD1", 0, M{"timestamp": wrong})
		w.Clock.Advance(time.Hour)
		c.Meter(1, id, 400, M{"timestamp": wrong})
		w.Clock.Advance(5*time.Minute - time.Hour)
		c.Meter(1, id, 500, M{"timestamp": wrong})
		w.Clock.Advance(5 * time.Minute)
		c.Finish(id, 1000, M{"timestamp": wrong, "reason": "EVDisconnected"})
		s := w.Session(id).Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.10")
		if !s.Has(session.FlagClock) || !s.StartedAt.Equal(began) || s.EndedAt.Sub(began) != 10*time.Minute {
			w.Errorf("from %v to %v, flags %v, want 10 minutes from %v on", s.StartedAt, s.EndedAt, s.Flags, began)
		}
	})
}

// The same start and the same stop: the same answer, one session, one bill, as long as
// there was no real stop or the very message comes again; after that a new session.
//
// shows: StartTransaction, StopTransaction
func TestBILL_R8_Duplicates(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "500.00")
		p := w.Point("CP1")
		c := p.Online()
		start := c.StartPayload(1, "CARD1", 0)
		first := c.CallAs("one", "StartTransaction", start)
		id := first.Int("transactionId")
		same := func(why string, a M) {
			w.Helper()
			if fmt.Sprint(a) != fmt.Sprint(first) {
				w.Errorf("%s: the answer is %v, want %v", why, a, first)
			}
		}
		same("the same message", c.CallAs("one", "StartTransaction", start))
		same("another message id", c.Call("StartTransaction", start))
		w.Advance(time.Minute)
		c.Meter(1, id, 500)
		c.Drop()
		w.Advance(5 * time.Minute)
		c = p.Dial()
		same("on the next socket", c.Call("StartTransaction", start))
		c.Boot()
		w.Advance(17 * time.Minute)
		w.Session(id).Is(session.Completed, "COMPLETED").Total("0.24")
		same("closed provisionally", c.CallAs("two", "StartTransaction", start))
		d.Has("499.76", "0.00")

		stop := c.StopPayload(id, 1000, M{"idTag": "CARD1"})
		done := c.Call("StopTransaction", stop)
		d.Suspend() // the card's standing has changed; the answer has not
		for _, msg := range []string{"stop", "stop", "another"} {
			if a := c.CallAs(msg, "StopTransaction", stop); fmt.Sprint(a) != fmt.Sprint(done) {
				w.Errorf("the repeated stop is answered with %v, want %v", a, done)
			}
		}
		w.Session(id).Is(session.Completed, "ADJUSTED").Total("0.48")
		d.Has("499.52", "0.00")
		if n := len(p.Sessions()); n != 1 {
			w.Errorf("there are %d sessions", n)
		}
	})
}

func TestBILL_R8_SameStartAfterARealStopIsANewSession(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "500.00")
		p := w.Point("CP1")
		c := p.Online()
		start := c.StartPayload(1, "CARD1", 0)
		first := c.CallAs("one", "StartTransaction", start)
		w.Advance(time.Minute)
		c.Finish(first.Int("transactionId"), 1000)
		if a := c.CallAs("one", "StartTransaction", start); fmt.Sprint(a) != fmt.Sprint(first) {
			w.Errorf("the very message again is answered with %v, want %v", a, first)
		}
		d.Has("499.52", "0.00")
		second := c.CallAs("two", "StartTransaction", start)
		if second.Int("transactionId") == first.Int("transactionId") || second.Str("idTagInfo", "status") != "Accepted" {
			w.Errorf("the same start as another message is answered with %v after %v", second, first)
		}
		w.Advance(time.Minute)
		c.Finish(second.Int("transactionId"), 1000)
		if n := len(p.Sessions()); n != 2 {
			w.Errorf("there are %d sessions", n)
		}
		if strings.Contains(w.Server.String(), "panic") {
			w.Error("something panicked")
		}
	})
}

// More than the connector can give in the time: 43 kW are 47.3 kWh in an hour at 253 V,
// and a tenth and 0.5 kWh more.
func TestBILL_R2_MoreThanTheConnectorCanGive(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "500.00")
		p := w.Point("CP1")
		c := p.Online()
		hour := func(from, energy int) *Session {
			w.Helper()
			id := c.Charge(1, "CARD1", from)
			w.Advance(30 * time.Minute)
			c.Meter(1, id, from+energy/2)
			w.Advance(30 * time.Minute)
			c.Finish(id, from+energy)
			w.Advance(time.Minute)
			return w.Session(id)
		}
		hour(0, 52_500).Is(session.Completed, "COMPLETED").Total("25.20").Flagged()
		hour(52_500, 52_600).Is(session.Abnormal, "ABNORMAL").Delivered(52_600).Total("").Flagged("IMPLAUSIBLE")
		w.Warned("CHARGE_RECORD_ERROR IMPLAUSIBLE ERROR 1 ×1")
		d.Has("474.80", "12.62") // of the second what it cost at its last value stays held
	})
}

// A day, and no energy worth the name: it is stopped, and a person looks at the record.
func TestBILL_R3_ADayWithoutEnergy(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "500.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 1000)
		c.Status(1, "SuspendedEV")
		w.Clock.Advance(24*time.Hour - 2*time.Minute)
		c.Meter(1, id, 1003)
		w.Advance(time.Minute)
		c.NotAsked()
		w.Advance(time.Minute)
		if a := c.Asked("RemoteStopTransaction"); a.Payload.Int("transactionId") != id {
			w.Errorf("it is asked %v", a.Payload)
		} else {
			a.Accept()
		}
		w.Advance(5 * time.Second)
		c.Finish(id, 1003, M{"reason": "Remote"})
		p.Only().Is(session.Abnormal, "ABNORMAL").Delivered(3).Total("").Flagged("LONG_EMPTY")
		w.Warned("CHARGE_RECORD_ERROR LONG_EMPTY ERROR 1 ×1")
		d.Has("500.00", "0.00")
	})
}

// Two sessions at once on a connector: of neither nobody knows what the cable of the
// other took.
func TestBILL_R16_TwoSessionsOnOneConnector(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "500.00")
		w.Driver("CARD2", "500.00")
		p := w.Point("CP1")
		c := p.Online()
		first := c.Charge(1, "CARD1", 0)
		w.Advance(2 * time.Minute)
		c.Meter(1, first, 500)
		second := c.Charge(1, "CARD2", 500)
		w.Advance(2 * time.Minute)
		c.Finish(first, 1000)
		w.Session(first).Is(session.Abnormal, "ABNORMAL").Delivered(1000).Total("").Flagged("OVERLAP")
		w.Advance(2 * time.Minute)
		c.Finish(second, 1500)
		w.Session(second).Is(session.Abnormal, "ABNORMAL").Total("").Flagged("OVERLAP")

		// A stop that was sent behind the next start, and is of before it.
		third := c.Charge(1, "CARD1", 1500)
		w.Advance(2 * time.Minute)
		stop := c.StopPayload(third, 2000)
		fourth := c.Charge(1, "CARD2", 2000)
		w.Advance(time.Second)
		c.Call("StopTransaction", stop)
		w.Session(third).Is(session.Completed, "COMPLETED").Flagged("NO_SAMPLES")
		w.Advance(2 * time.Minute)
		c.Finish(fourth, 3000)
		w.Session(fourth).Is(session.Completed, "COMPLETED")
		w.Warned("CHARGE_RECORD_ERROR OVERLAP ERROR 1 ×2")
	})
}

// The second is in doubt too where it has ended already, and where only its car stands
// there still; what was taken for it stays until a person has decided.
func TestBILL_R16_TheSecondHasEndedBefore(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "500.00")
		d := w.Driver("CARD2", "500.00")
		c := w.Point("CP1").Online()
		first := c.Charge(1, "CARD1", 0)
		w.Advance(2 * time.Minute)
		c.Meter(1, first, 500)
		second := c.Charge(1, "CARD2", 500)
		w.Advance(time.Minute)
		c.Meter(1, first, 600)
		c.Meter(1, second, 1000)
		w.Advance(time.Minute)
		c.Finish(second, 1500)
		w.Session(second).Is(session.Completed, "COMPLETED").Total("0.48")
		w.Advance(time.Minute)
		c.Finish(first, 2000)
		w.Session(first).Is(session.Abnormal, "ABNORMAL").Total("").Flagged("OVERLAP")
		w.Session(second).Is(session.Abnormal, "ABNORMAL").Total("0.48").Flagged("OVERLAP")
		d.Has("499.52", "0.00")
		w.Warned("CHARGE_RECORD_ERROR OVERLAP ERROR 1 ×2")
	})
}
