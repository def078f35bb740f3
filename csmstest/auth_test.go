package csmstest

import (
	"strings"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/session"
	"ccms/internal/tariff"
)

// The tap that stops is always accepted: money and suspension are judged at a start.
func TestAUTH_R1_TapOnRunningSessionIsAccepted(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("13ADF65A", "3.00")
		p, other := w.Point("CP1", 2), w.Point("CP2")
		c, o := p.Online(), other.Online()
		id := c.Charge(1, "13ADF65A", 0)
		d.Has("3.00", "3.00") // all of it is held
		d.Suspend()
		for _, spelling := range []string{"13ADF65A", "13adf65a", " 13:AD:F6:5A"} {
			if got := c.Authorize(spelling); got != "Accepted" {
				w.Errorf("the tap %q on the point is answered %s", spelling, got)
			}
		}
		if got := o.Authorize("13ADF65A"); got != "Blocked" {
			w.Errorf("a tap elsewhere is answered %s", got)
		}
		if s := c.Begin(2, "13ADF65A", 0); s.Status != "Blocked" {
			w.Errorf("a new start is answered %+v", s)
		}
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		if got := c.Authorize("13ADF65A"); got != "Blocked" {
			w.Errorf("after the session the tap is answered %s", got)
		}
	})
}

// A point that asks before it does what it was told: the hold of that very start must
// not stand in its way.
//
// shows: Authorize
func TestAUTH_R1_AuthorizeOfARemoteStartIsAccepted(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "3.00")
		p := w.Point("CP1")
		c := p.Online()
		w.Staff(authz.OpAdmin).Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}).Want(202)
		c.Asked("RemoteStartTransaction").Accept()
		d.Has("3.00", "3.00")
		if got := c.Authorize("CARD1"); got != "Accepted" {
			w.Errorf("the Authorize is answered %s", got)
		}
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		p.Only().Is(session.Completed, "COMPLETED").Total("0.48")
	})
}

// StartTransaction.conf always has a transactionId and the card's status. Energy that
// flows all the same is stopped after 30 s and goes to a person.
func TestAUTH_R2_StartWithABadCard(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		s := c.Begin(1, "NOBODY", 1000)
		if s.ID <= 0 || s.Status != "Invalid" {
			w.Fatalf("the start is answered %+v", s)
		}
		w.Session(s.ID).Is(session.Rejected, "VOID")
		w.Advance(20 * time.Second)
		c.Meter(1, s.ID, 1100)
		c.NotAsked()
		w.Advance(20 * time.Second)
		c.Meter(1, s.ID, 1200)
		if a := c.Asked("RemoteStopTransaction"); a.Payload.Int("transactionId") != s.ID {
			w.Errorf("the stop is for %v", a.Payload)
		} else {
			a.Accept()
		}
		if got := c.Authorize("NOBODY"); got != "Accepted" {
			w.Errorf("the tap that stops is answered %s", got)
		}
		w.Advance(10 * time.Second)
		c.Finish(s.ID, 1250)
		w.Session(s.ID).Is(session.Abnormal, "ABNORMAL").Delivered(250).Total("").Flagged("DENIED_ENERGY")

		// No energy: nothing to review.
		s = c.Begin(1, "NOBODY", 1250)
		w.Advance(10 * time.Second)
		c.Finish(s.ID, 1250)
		w.Session(s.ID).Is(session.Rejected, "VOID").Delivered(0).Flagged()
	})
}

// One session at once, fleets more; only StartTransaction says ConcurrentTx, never of a
// repeat and never because of a session that is held stale.
func TestAUTH_R3_SessionsAtOnce(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "500.00")
		p, q := w.Point("CP1", 2), w.Point("CP2", 2)
		c, e := p.Online(), q.Online()
		start := c.StartPayload(1, "CARD1", 0)
		c.Call("StartTransaction", start)
		if got := e.Authorize("CARD1"); got != "Accepted" {
			w.Errorf("Authorize elsewhere is answered %s", got)
		}
		if s := e.Begin(1, "CARD1", 0); s.Status != "ConcurrentTx" || s.ID <= 0 {
			w.Errorf("the second start is answered %+v", s)
		}
		if a := c.Call("StartTransaction", start); a.Str("idTagInfo", "status") != "Accepted" {
			w.Errorf("the repeat is answered %v", a)
		}
		d.AllowSessions(2)
		if s := e.Begin(1, "CARD1", 10); s.Status != "Accepted" {
			w.Errorf("with two allowed, the second start is answered %+v", s)
		}
		if s := e.Begin(2, "CARD1", 0); s.Status != "ConcurrentTx" {
			w.Errorf("with two allowed, the third start is answered %+v", s)
		}
		w.Advance(time.Minute)
		c.Boot() // what ran there may have lost its stop
		if s := e.Begin(2, "CARD1", 20); s.Status != "Accepted" {
			w.Errorf("beside a stale session the start is answered %+v", s)
		}
	})
}

// Many devices tell whole seconds. A start in the second in which the charge point
// connected is one of now, and who cannot pay does not get it.
func TestAUTH_R3_AStartInTheSecondOfTheConnectionIsNotOffline(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("POOR", "0")
		second := w.Now().Truncate(time.Second).Add(time.Minute)
		w.Clock.Advance(second.Add(400 * time.Millisecond).Sub(w.Now()))
		c := w.Point("CP1").Connect()
		if s := c.Begin(1, "POOR", 0, M{"timestamp": Stamp(second)}); s.Status != "Blocked" {
			w.Errorf("it is answered %+v", s)
		}
		// What was told of the second before had begun already.
		if s := c.Begin(1, "POOR", 10, M{"timestamp": Stamp(second.Add(-time.Second))}); s.Status != "Accepted" {
			w.Errorf("what began before is answered %+v", s)
		}
	})
}

// What happened while the point was out of reach is not at once with what runs now.
func TestAUTH_R3_OfflineStartIsNotConcurrent(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p, q := w.Point("CP1"), w.Point("CP2")
		p.Online().Drop()
		began := w.Now()
		w.Advance(time.Hour)
		q.Online().Charge(1, "CARD1", 0)
		c := p.Connect()
		id := c.Charge(1, "CARD1", 0, M{"timestamp": Stamp(began.Add(10 * time.Minute))})
		c.Finish(id, 1000, M{"timestamp": Stamp(began.Add(30 * time.Minute))})
		w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48")
	})
}

// Every Authorize, start and remote start is kept with its decision and a reason that
// can be read out.
//
// shows: Authorize, StartTransaction
func TestAUTH_R5_AttemptsAreKept(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		w.Driver("POOR", "0")
		p := w.Point("CP1", 2)
		c := p.Online()
		staff := w.Staff(authz.OpAdmin)
		c.Authorize("NOBODY")
		w.Advance(time.Second)
		c.Authorize("POOR")
		w.Advance(time.Second)
		c.Begin(1, "NOBODY", 0)
		w.Advance(time.Second)
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Second)
		c.Authorize("CARD1")
		w.Advance(time.Second)
		staff.Command(p, M{"type": "remote_start", "connector": 2, "token_uid": "POOR"}).Want(409)
		want := []struct{ kind, decision, reason string }{
			{"authorize", "Invalid", "not known"},
			{"authorize", "Blocked", "balance"},
			{"start", "Invalid", "not known"},
			{"start", "Accepted", "may charge"},
			{"authorize", "Accepted", "may stop"},
			{"remote_start", "Blocked", "balance"},
		}
		got := p.Attempts()
		if len(got) != len(want) {
			w.Fatalf("%d attempts are kept, want %d: %+v", len(got), len(want), got)
		}
		for i, a := range got {
			if a.Kind != want[i].kind || string(a.Decision) != want[i].decision || !strings.Contains(a.Reason, want[i].reason) || !strings.HasSuffix(a.Reason, ".") {
				w.Errorf("attempt %d: %s %s %q, want %+v", i, a.Kind, a.Decision, a.Reason, want[i])
			}
		}
		if got[3].Session != w.Session(id).ID || got[3].Driver.IsZero() || got[0].TokenUID != "NOBODY" {
			w.Errorf("the attempts name session %v, driver %v, card %q", got[3].Session, got[3].Driver, got[0].TokenUID)
		}
	})
}

func withIdle() tariff.Draft {
	d := B1()
	d.VAT, d.ServicePerKWh = 0, 0
	d.Idle = &tariff.IdleFee{PerMinute: Rate("0.20"), Grace: 15 * time.Minute, Cap: EUR("10.00")}
	return d
}

// The bill is made at the stop where nothing can follow; else at the unplug, when the
// cap is reached, or a day later, and without evidence of a cable there is no idle.
func TestAUTH_R8_WhenTheBillIsMade(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		register := 0
		charge := func() int64 {
			w.Helper()
			id := c.Charge(1, "CARD1", register)
			c.Status(1, "Charging")
			w.Advance(30 * time.Minute)
			c.Meter(1, id, register+5000)
			w.Advance(30 * time.Minute)
			register += 10000
			c.Finish(id, register)
			return id
		}
		id := charge()
		w.Session(id).Is(session.Completed, "COMPLETED").Total("4.80")

		w.Price(withIdle())
		id = charge() // at the unplug
		c.Status(1, "Finishing")
		w.Session(id).Is(session.Idle, "SETTLING").Total("")
		w.Advance(25 * time.Minute)
		c.Status(1, "Available")
		w.Session(id).Is(session.Completed, "COMPLETED").Lines("ELECTRICITY=3.00 IDLE=2.00")

		id = charge() // at the cap
		c.Status(1, "Finishing")
		w.Advance(70 * time.Minute)
		w.Session(id).Is(session.Completed, "COMPLETED").Lines("ELECTRICITY=3.00 IDLE=10.00")
		c.Status(1, "Available")

		id = charge() // a day later; the point fell silent right after the stop
		c.Drop()
		w.Advance(23 * time.Hour)
		w.Session(id).Is(session.Idle, "SETTLING")
		w.Advance(2 * time.Hour)
		w.Session(id).Is(session.Completed, "COMPLETED").Lines("ELECTRICITY=3.00")
		d.Has("74.20", "0.00") // 100 − 4.80 − 5.00 − 13.00 − 3.00
	})
}

// A running transaction that we never knew is taken in without payer; the stop's card
// says whose it was.
func TestRow50_AUTH_R8_UnknownRunningTransactionIsAdopted(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		c.Meter(1, 777, 5000)
		w.Advance(time.Minute)
		c.Meter(1, 777, 5500)
		s := p.Only().Is(session.Abnormal, "ABNORMAL").Delivered(500).Flagged("ADOPTED")
		if !s.Wallet.IsZero() || !s.Driver.IsZero() {
			w.Errorf("it has the payer %v", s.Wallet)
		}
		w.Advance(time.Minute)
		c.Finish(777, 6000, M{"idTag": "CARD1"})
		s = p.Only().Is(session.Abnormal, "ABNORMAL").Delivered(1000).Total("").Flagged("ADOPTED", "UNPRICED")
		if s.Driver != d.ID || !s.RealStop {
			w.Errorf("it belongs to %v, stopped %v", s.Driver, s.RealStop)
		}
		d.Has("100.00", "0.00")
	})
}

// What carries money is never answered with CALLERROR, whatever it lacks.
func TestAUTH_R9_MoneyIsNeverAnsweredWithAnError(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		seen := map[int64]bool{}
		for _, wrong := range []M{{"connectorId": nil}, {"idTag": nil}, {"meterStart": nil}, {"timestamp": nil}, {"meterStart": "lots"},
			{"connectorId": M{}}, {"connectorId": nil, "idTag": nil, "meterStart": nil, "timestamp": nil}} {
			w.Advance(time.Second)
			payload := c.StartPayload(1, "CARD1", 0, wrong)
			a := c.Call("StartTransaction", payload)
			id := a.Int("transactionId")
			if id <= 0 || seen[id] || a.Str("idTagInfo", "status") != "Invalid" {
				w.Errorf("%v is answered with %v", payload, a)
				continue
			}
			seen[id] = true
			s := w.Session(id).Is(session.Rejected, "VOID")
			if !s.Has(session.FlagMissingField) {
				w.Errorf("%v is flagged %v", payload, s.Flags)
			}
			if len(s.Reports()) != 1 || len(s.Reports()[0].Flaws) == 0 {
				w.Errorf("%v is kept as %+v", payload, s.Reports())
			}
		}
		for _, frame := range []string{`[]`, `null`, `"text"`, `17`} {
			if a := c.RawCall("odd", `[2,"odd","StartTransaction",`+frame+`]`); a.Code != "" || a.Payload.Int("transactionId") <= 0 {
				w.Errorf("a start with the payload %s is answered with %+v", frame, a)
			}
		}
		id := c.Charge(1, "CARD1", 1000)
		w.Advance(time.Minute)
		for _, payload := range []M{{}, {"connectorId": 1}, {"connectorId": 1, "transactionId": id, "meterValue": "none"},
			{"connectorId": "one", "transactionId": id, "meterValue": []any{M{"sampledValue": []any{M{"value": "1100"}}}}},
			{"connectorId": 1, "transactionId": id, "meterValue": []any{M{"timestamp": 5, "sampledValue": []any{M{"value": "x"}}}}}} {
			c.Call("MeterValues", payload)
		}
		if a := c.Call("StopTransaction", c.StopPayload(id, 0, M{"meterStop": nil})); len(a) != 0 {
			w.Errorf("the stop is answered with %v", a)
		}
		w.Session(id).Is(session.Abnormal, "ABNORMAL")
		for _, payload := range []M{{}, {"transactionId": "x"}, {"meterStop": 5}} {
			c.Call("StopTransaction", payload)
		}
		kept := 0
		for _, s := range p.Sessions() {
			for _, r := range s.Reports() {
				if r.Action == "StopTransaction" {
					kept++
				}
			}
		}
		if kept != 4 {
			w.Errorf("%d of 4 stops are kept", kept)
		}
	})
}
