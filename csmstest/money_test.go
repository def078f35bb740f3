package csmstest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/session"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// until moves the clock to the next such time of day, UTC.
func (w *World) until(clock string) {
	w.Helper()
	of, err := time.Parse("15:04", clock)
	w.OK(err)
	now := w.Now()
	at := time.Date(now.Year(), now.Month(), now.Day(), of.Hour(), of.Minute(), 0, 0, time.UTC)
	if at.Before(now) {
		at = at.AddDate(0, 0, 1)
	}
	w.Advance(at.Sub(now))
}

// rerate works the bill of a session out again, from nothing but the raw frames that
// are kept and the plan.
func (s *Session) rerate() tariff.Bill {
	w := s.world
	w.Helper()
	w.Journal()
	frames, err := w.App.Sessions.Frames(w.Context(), w.Scope, s.ID, 1000)
	w.OK(err)
	var (
		u     tariff.Usage
		start int64
		idle  time.Time
	)
	when := func(m M) time.Time {
		at, err := time.Parse(time.RFC3339, m.Str("timestamp"))
		w.OK(err)
		return at
	}
	for _, f := range frames {
		var parts []json.RawMessage
		w.OK(json.Unmarshal(f.Payload, &parts))
		if !f.Inbound || len(parts) != 4 {
			continue
		}
		m, err := readM(parts[3])
		w.OK(err)
		switch f.Action {
		case "StartTransaction":
			u.Start, start = when(m), m.Int("meterStart")
		case "MeterValues":
			for _, v := range m["meterValue"].([]any) {
				value := M(v.(map[string]any))
				first := M(value["sampledValue"].([]any)[0].(map[string]any))
				wh, err := unit.Parse(first.Str("value"), 0)
				w.OK(err)
				u.Points = append(u.Points, tariff.Point{At: when(value), Energy: unit.Wh(wh - start)})
			}
		case "StopTransaction":
			u.Stop, u.Energy = when(m), unit.Wh(m.Int("meterStop")-start)
			if idle.IsZero() {
				idle = u.Stop
			}
		case "StatusNotification":
			switch at := when(m); {
			case u.Start.IsZero() || at.Before(u.Start):
			case m.Str("status") == "SuspendedEV" && idle.IsZero():
				idle = at
			case m.Str("status") == "Available" && !idle.IsZero() && at.After(u.Start):
				u.Idle = []tariff.Interval{{From: idle, To: at}}
			}
		}
	}
	plan, err := w.App.Tariffs.Plan(w.Context(), w.Scope, s.Plan, s.PlanNumber)
	w.OK(err)
	bill, err := tariff.Rate(plan, u, time.UTC)
	w.OK(err)
	return bill
}

// The worked bills to the cent through the whole server, and the same again from the
// raw reports.
//
// shows: StartTransaction, MeterValues, StopTransaction
func TestFIN_A1_WorkedBills(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "500.00")
		p := w.Point("CP1")
		c := p.Online()
		c.Status(1, "Available")
		simple := func(price string) tariff.Draft {
			return tariff.Draft{Name: "simple", Currency: "EUR", Electricity: Allday(price)}
		}
		b2 := simple("0.20")
		b2.Electricity = []tariff.Band{{From: 0, To: 12 * 60, Price: Rate("0.20")}, {From: 12 * 60, To: 24 * 60, Price: Rate("0.40")}}
		b4, b4b := simple("0.30"), simple("0.30")
		b4.Idle = &tariff.IdleFee{PerMinute: Rate("0.20"), Grace: 15 * time.Minute, Cap: EUR("10.00")}
		b4b.Idle = &tariff.IdleFee{PerMinute: Rate("0.20"), Grace: 15 * time.Minute} // the default cap
		b11 := B1()
		b11.PricesIncludeTax, b11.Electricity, b11.ServicePerKWh = true, Allday("0.36"), Rate("0.12")
		started := B1()
		started.StartFee = Rate("1.00")
		for i, b := range []struct {
			name  string
			plan  tariff.Draft
			steps string // clock, what, value; the register goes on from bill to bill
			lines string
			total string
			flags string
		}{
			{"B1", B1(), "10:00 start 1000, 10:30 meter 9000, 11:00 stop 19437, 11:00 status Available", "ELECTRICITY=5.53 SERVICE=1.84", "8.84", ""},
			{"B2", b2, "23:30 start 0, 23:50 meter 6667, 00:10 meter 13333, 00:30 stop 20000, 00:30 status Available", "ELECTRICITY=4.00 ELECTRICITY=2.00", "6.00", "INTERPOLATED"},
			{"B4", b4, "09:00 start 0, 09:30 meter 5000, 10:00 meter 10000, 10:00 status SuspendedEV, 10:02 stop 10000, 11:20 status Available", "ELECTRICITY=3.00 IDLE=10.00", "13.00", ""},
			{"B4b", b4b, "09:00 start 0, 09:30 meter 5000, 10:00 meter 10000, 10:00 status SuspendedEV, 10:02 stop 10000, 11:20 status Available", "ELECTRICITY=3.00 IDLE=13.00", "16.00", ""},
			{"B9", started, "12:00 start 500, 12:00 stop 500, 12:00 status Available", "", "0.00", ""},
			{"B11", b11, "13:00 start 0, 13:30 meter 9000, 14:00 stop 18437, 14:00 status Available", "ELECTRICITY=6.64 SERVICE=2.21", "8.85", ""},
		} {
			w.Price(b.plan)
			before := d.Account()
			var id int64
			for step := range strings.SplitSeq(b.steps, ", ") {
				f := strings.Fields(step)
				w.until(f[0])
				n, _ := unit.Parse(f[2], 0) // of a status: not used
				n += int64(i) * 100_000
				switch f[1] {
				case "start":
					id = c.Charge(1, "CARD1", int(n))
				case "meter":
					c.Meter(1, id, int(n))
				case "stop":
					c.Finish(id, int(n))
				case "status":
					c.Status(1, f[2])
				}
			}
			var lines []string
			s := w.Session(id).Is(session.Completed, "COMPLETED").Total(b.total).Flagged(strings.Fields(b.flags)...)
			for _, l := range s.Bill.Lines {
				if l.Amount.Minor != 0 {
					lines = append(lines, string(l.Kind)+"="+l.Amount.Decimal())
				}
			}
			// Elements are listed in the order of the plan.
			slices.Sort(lines)
			want := strings.Fields(b.lines)
			slices.Sort(want)
			if !slices.Equal(lines, want) {
				w.Errorf("%s: the lines are %v, want %v", b.name, lines, want)
			}
			if got := before.Balance.Sub(d.Account().Balance); got != EUR(b.total) {
				w.Errorf("%s: %v was taken", b.name, got)
			}
			if got, want := fmt.Sprintf("%+v", s.rerate()), fmt.Sprintf("%+v", *s.Bill); got != want {
				w.Errorf("%s: from the raw reports\n%s\nbilled\n%s", b.name, got, want)
			}
		}
	})
}

// A plan that is saved during a session changes the next one only. Of a remote start the
// price is that of the request.
func TestFIN_A4_PlanChangedInMidSession(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "500.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpAdmin)
		reprice := func(price string) {
			w.Helper()
			w.Advance(time.Minute)
			path := "/api/v1/plans/" + w.Plan.ID.String()
			r := staff.Get(path)
			body := M{"name": "B1", "currency": "EUR", "vat_permille": 0, "electricity": []any{M{"from": "00:00", "to": "24:00", "price": price}}}
			staff.Do("PUT", path, body, "If-Match", r.Header.Get("ETag")).Want(200)
			w.Advance(time.Minute)
		}
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Minute)
		c.Meter(1, id, 500)
		reprice("2.00")
		c.Meter(1, id, 800)
		if got := w.Session(id).Cost; got != EUR("0.38") {
			w.Errorf("the running price is %v", got)
		}
		c.Finish(id, 1000)
		w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48")

		id = c.Charge(1, "CARD1", 1000)
		w.Advance(time.Minute)
		c.Finish(id, 2000)
		s := w.Session(id).Is(session.Completed, "COMPLETED").Total("2.00")
		if s.PlanNumber != 2 {
			w.Errorf("it keeps version %d", s.PlanNumber)
		}

		staff.Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}).Want(202)
		c.Asked("RemoteStartTransaction").Accept()
		w.Clock.Advance(-time.Minute) // within the time to plug in
		reprice("5.00")
		id = c.Charge(1, "CARD1", 2000)
		w.Advance(time.Minute)
		c.Finish(id, 3000)
		w.Session(id).Is(session.Completed, "COMPLETED").Total("2.00")
	})
}

// Power loss: Boot and Available before the queued stop, the system closes, the stop
// comes 20 minutes later: one session, all of its energy, the difference as ADJUSTED.
func TestFIN_A12_PowerLoss(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		w.Advance(10 * time.Minute)
		c.Meter(1, id, 3000)
		c.Drop()
		lost := w.Now().Add(5 * time.Minute)
		w.Advance(30 * time.Minute)
		c = p.Connect()
		c.Status(1, "Available")
		w.Advance(17 * time.Minute)
		w.Session(id).Is(session.Completed, "COMPLETED").Delivered(3000).Total("1.44")
		d.Has("98.56", "0.00")
		w.Advance(3 * time.Minute)
		c.Meter(1, id, 3500, M{"timestamp": Stamp(lost.Add(-2 * time.Minute))})
		c.Finish(id, 4000, M{"timestamp": Stamp(lost), "reason": "PowerLoss"})
		s := p.Only().Is(session.Completed, "ADJUSTED").Delivered(4000).Total("1.92").Flagged("PROVISIONAL")
		if !s.EndedAt.Equal(lost) || s.ClosedBy != "charge_point" {
			w.Errorf("ended at %v by %s, want %v", s.EndedAt, s.ClosedBy, lost)
		}
		d.Has("98.08", "0.00")
	})
}

// drive lets a car take 22 kW until the server asks for a stop, a sample a minute.
func drive(c *Conn, id int64, register int) (at int) {
	c.Helper()
	for range 600 {
		c.Advance(time.Minute)
		register += 367
		c.Meter(1, id, register)
		select {
		case a := <-c.calls:
			if a.Action != "RemoteStopTransaction" || a.Payload.Int("transactionId") != id {
				c.Fatalf("the server asks %s %v", a.Action, a.Payload)
			}
			a.Accept()
			return register
		default:
		}
		if c.Session(id).Phase == session.Stopping {
			c.Asked("RemoteStopTransaction").Accept()
			return register
		}
	}
	c.Fatal("it was never stopped")
	return 0
}

// A session spends from its hold, which grows from the account, and is stopped before
// it could overdraw.
func TestBAL_R2_StoppedBeforeOverdraft(t *testing.T) {
	Each(t, func(w *World) {
		plan := B1()
		plan.VAT, plan.ServicePerKWh, plan.Electricity, plan.Hold = 0, 0, Allday("0.40"), EUR("2.00")
		w.Price(plan)
		d := w.Driver("CARD1", "5.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		d.Has("5.00", "2.00")
		register := drive(c, id, 0)
		s := w.Session(id).Is(session.Stopping, "RUNNING").Flagged("LOW_BALANCE")
		if s.HoldAmount != EUR("5.00") {
			w.Errorf("%v is held", s.HoldAmount)
		}
		// 0.72 is what 150 s at full power cost; one sample may pass it by.
		if cost := s.Cost.Minor; cost < 500-72-15 || cost >= 500 {
			w.Errorf("stopped at %v", s.Cost)
		}
		w.Advance(time.Minute)
		c.Finish(id, register+367)
		s = w.Session(id).Is(session.Completed, "COMPLETED")
		if s.Debt.Minor != 0 || d.Account().Balance.Minor < 0 {
			w.Errorf("the debt is %v, the balance %v", s.Debt, d.Account().Balance)
		}
	})
}

// The point refuses to stop: it is asked again, and what the car goes on taking is a
// debt.
func TestBAL_R2_StopRefusedBecomesADebt(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "3.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		register, asked := 0, 0
		for range 40 {
			w.Advance(time.Minute)
			register += 367
			c.Meter(1, id, register)
			if w.Session(id).Phase == session.Stopping {
				c.Asked("RemoteStopTransaction").Reply(M{"status": "Rejected"})
				w.Until("the refusal is known", func() bool { return w.Session(id).Phase == session.Charging })
				asked++
			}
		}
		if asked < 10 {
			w.Errorf("it was asked %d times", asked)
		}
		c.Finish(id, register)
		s := w.Session(id).Is(session.Completed, "UNPAID")
		if owed := s.Bill.Total.Sub(EUR("3.00")); s.Debt != owed || d.Account().Balance != owed.Neg() {
			w.Errorf("the debt is %v, the balance %v, owed %v", s.Debt, d.Account().Balance, owed)
		}
	})
}

// A meter that says nothing is taken to run at full power.
func TestBAL_R2_SilentMeter(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "5.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		for range 60 {
			w.Advance(time.Minute)
			if w.Session(id).Phase == session.Stopping {
				break
			}
		}
		s := w.Session(id).Is(session.Stopping, "RUNNING").Flagged("LOW_BALANCE")
		// 43 kW at 0.48: 5.00 are gone after 15 minutes.
		if ran := w.Now().Sub(s.StartedAt); ran > 15*time.Minute || ran < 10*time.Minute {
			w.Errorf("stopped after %v", ran)
		}
		c.Asked("RemoteStopTransaction").Accept()
		c.Finish(id, 1000)
	})
}

// Two sessions share one account: what both hold is never more than there is, and what
// both take neither.
func TestBAL_R3_TwoSessionsOnOneWallet(t *testing.T) {
	Each(t, func(w *World) {
		plan := B1()
		plan.Hold = EUR("3.00")
		w.Price(plan)
		d := w.Driver("CARD1", "7.00")
		d.AllowSessions(5)
		conns := []*Conn{w.Point("CP1").Online(), w.Point("CP2").Online()}
		var ids []int64
		for _, c := range conns {
			ids = append(ids, c.Charge(1, "CARD1", 0))
		}
		d.Has("7.00", "6.00")
		third := w.Point("CP3").Online()
		if s := third.Begin(1, "CARD1", 0); s.Status != "Blocked" {
			w.Errorf("with 1.00 left a third start is answered %s", s.Status)
		}
		running := map[int]bool{0: true, 1: true}
		for register := 367; len(running) > 0; register += 367 {
			if register > 100*367 {
				w.Fatal("they were never stopped")
			}
			w.Advance(time.Minute)
			for i := range conns {
				if !running[i] {
					continue
				}
				conns[i].Meter(1, ids[i], register)
				if a := d.Account(); a.Balance.Less(a.Held) {
					w.Fatalf("%v is held of %v", a.Held, a.Balance)
				}
				if w.Session(ids[i]).Phase == session.Stopping {
					conns[i].Asked("RemoteStopTransaction").Accept()
					conns[i].Finish(ids[i], register)
					w.Session(ids[i]).Is(session.Completed, "COMPLETED")
					delete(running, i)
				}
			}
		}
		if a := d.Account(); a.Balance.Minor < 0 || !a.Held.Zero() || EUR("1.50").Less(a.Balance) {
			w.Errorf("in the end there are %v with %v held", a.Balance, a.Held)
		}
	})
}

// Who may not start is told so at the pile, with the reason kept.
func TestWhoMayNotStart(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("POOR", "1.85") // a cent less than reserve and 1.00
		w.Driver("JUST", "1.86")
		rich := w.Driver("RICH", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		for card, want := range map[string]string{"POOR": "Blocked", "JUST": "Accepted", "NOBODY": "Invalid", "RICH": "Accepted"} {
			if got := c.Authorize(card); got != want {
				w.Errorf("%s is answered %s, want %s", card, got, want)
			}
		}
		for card, want := range map[string]string{"POOR": "Blocked", "NOBODY": "Invalid"} {
			s := c.Begin(1, card, 0)
			if s.Status != want || s.ID <= 0 {
				w.Errorf("the start of %s is answered %+v", card, s)
			}
			c.Finish(s.ID, 0)
		}
		w.DefaultPlan(tariff.Plan{}.ID)
		if got := c.Authorize("RICH"); got != "Blocked" {
			w.Errorf("without a price the card is answered %s", got)
		}
		s := c.Begin(1, "RICH", 0)
		if s.Status != "Blocked" {
			w.Errorf("without a price the start is answered %+v", s)
		}
		all := p.Attempts()
		if last := all[len(all)-1]; !slices.ContainsFunc(all, func(a session.AttemptRow) bool { return strings.Contains(a.Reason, "NO_PRICE") }) {
			w.Errorf("the reason kept is %q", last.Reason)
		}
		c.Finish(s.ID, 0)
		rich.Has("100.00", "0.00")
	})
}

// Energy that flowed while the point was out of reach is billed to its owner, whatever
// the account has; nobody's card goes to a person.
func TestOfflineSessionsAreBilled(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "0")
		p := w.Point("CP1")
		p.Online().Drop()
		w.Advance(time.Hour)
		c := p.Connect()
		ago := func(minutes int) M { return M{"timestamp": Stamp(w.Now().Add(time.Duration(-minutes) * time.Minute))} }
		id := c.Charge(1, "CARD1", 0, ago(50))
		c.Finish(id, 1000, ago(40))
		if s := w.Session(id).Is(session.Completed, "UNPAID").Total("0.48"); s.Debt != EUR("0.48") {
			w.Errorf("the debt is %v", s.Debt)
		}
		d.Has("-0.48", "0.00")
		unknown := c.Begin(1, "NOBODY", 1000, ago(30))
		if unknown.Status != "Invalid" {
			w.Errorf("the start is answered %+v", unknown)
		}
		c.Finish(unknown.ID, 2000, ago(20))
		w.Session(unknown.ID).Is(session.Abnormal, "ABNORMAL").Delivered(1000).Total("").Flagged("DENIED_ENERGY")
		d.Recharge("10.00")
		d.Has("9.52", "0.00")
		if got := c.Authorize("CARD1"); got != "Accepted" {
			w.Errorf("with the debt paid the card is %s", got)
		}
	})
}

// A card that was blocked or had expired, used while nobody could ask: its owner pays, and
// owes what is not there. A card that was reported lost waits for a person.
func TestBILL_R9_ABlockedCardOfflineIsBilledToItsOwner(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "0.10")
		lost := w.Driver("LOST1", "10.00")
		p := w.Point("CP1", 2)
		p.Online().Drop()
		d.Turn(member.TokenDisabled)
		lost.Turn(member.TokenLost)
		w.Advance(time.Hour)
		c := p.Connect()
		ago := func(minutes int) M { return M{"timestamp": Stamp(w.Now().Add(time.Duration(-minutes) * time.Minute))} }
		s := c.Begin(1, "CARD1", 0, ago(50))
		if s.Status != "Blocked" {
			w.Errorf("the start is answered %+v", s)
		}
		c.Finish(s.ID, 1000, ago(40))
		if got := w.Session(s.ID).Is(session.Completed, "UNPAID").Total("0.48").Flagged("NO_SAMPLES", "REFUSED_CARD"); got.Debt != EUR("0.38") {
			w.Errorf("the debt is %v", got.Debt)
		}
		d.Has("-0.38", "0.00")
		s = c.Begin(2, "LOST1", 0, ago(30))
		c.Finish(s.ID, 1000, ago(20))
		w.Session(s.ID).Is(session.Abnormal, "ABNORMAL").Total("").Flagged("DENIED_ENERGY")
		lost.Has("10.00", "0.00")

		// One that goes on is stopped, and pays for what it took.
		s = c.Begin(1, "CARD1", 1000, ago(10))
		c.Meter(1, s.ID, 1100)
		a := c.Asked("RemoteStopTransaction")
		if a.Payload.Int("transactionId") != s.ID {
			w.Errorf("the stop is for %v", a.Payload)
		}
		a.Accept()
		w.Advance(time.Minute)
		c.Finish(s.ID, 1200)
		w.Session(s.ID).Is(session.Completed, "UNPAID").Delivered(200).Flagged("REFUSED_CARD")
	})
}

// Some hundred sessions at random, from several points at once, with everything that
// goes wrong: in the end the ledger sums to zero, and each account is what a simple
// count says.
func TestFIN_A9_RandomSessions(t *testing.T) {
	Each(t, func(w *World) {
		plan := B1()
		plan.Hold = EUR("4.00")
		plan.Idle = &tariff.IdleFee{PerMinute: Rate("0.05"), Grace: time.Minute, Cap: EUR("2.00")}
		w.Price(plan)
		const points, rounds = 14, 15
		drivers := make([]*Driver, points)
		conns := make([]*Conn, points)
		registers := make([]int, points)
		for i := range points {
			drivers[i] = w.Driver(fmt.Sprint("CARD", i), "20.00")
			conns[i] = w.Point(fmt.Sprint("CP", i)).Connect()
		}
		w.Advance(2 * time.Minute)
		for round := range rounds {
			var wg sync.WaitGroup
			for i := range points {
				wg.Go(func() {
					rnd := rand.New(rand.NewPCG(uint64(round), uint64(i)))
					c, r := conns[i], registers[i]
					card := drivers[(i+rnd.IntN(2))%points].Card.UID // sometimes two of one account at once
					start := c.StartPayload(1, card, r)
					a := c.Call("StartTransaction", start)
					id := a.Int("transactionId")
					if rnd.IntN(4) == 0 {
						c.Call("StartTransaction", start)
					}
					at := c.Now()
					for range rnd.IntN(4) {
						r += rnd.IntN(400)
						at = at.Add(10 * time.Second)
						c.Meter(1, []any{id, 0, -1, nil}[rnd.IntN(4)], r, M{"timestamp": Stamp(at)})
					}
					r += rnd.IntN(400)
					stop := c.StopPayload(id, r, M{"timestamp": Stamp(at.Add(5 * time.Second)), "idTag": card})
					switch rnd.IntN(8) {
					case 0: // lost
					case 1:
						stop["transactionId"] = -1
						c.Call("StopTransaction", stop)
					case 2:
						stop["meterStop"] = max(0, r-5000)
						c.Call("StopTransaction", stop)
					case 3:
						c.Call("StopTransaction", stop)
						c.Call("StopTransaction", stop)
					default:
						c.Call("StopTransaction", stop)
					}
					if rnd.IntN(2) == 0 {
						c.Status(1, "Available", M{"timestamp": nil})
					}
					registers[i] = r
				})
			}
			wg.Wait()
			for _, c := range conns {
				drain(c)
			}
			w.Advance(5 * time.Minute)
			if round%5 == 4 {
				w.Books()
			}
		}
		for _, c := range conns {
			c.Status(1, "Available")
		}
		w.Advance(20 * time.Minute) // lost stops are given up
		w.Advance(26 * time.Hour)   // idle clocks end

		spent := map[string]money.Amount{}
		held := map[string]money.Amount{}
		n := 0
		for _, c := range conns {
			for _, s := range c.Sessions() {
				n++
				if s.Wallet.IsZero() {
					continue
				}
				key := s.Wallet.String()
				if _, ok := spent[key]; !ok {
					spent[key], held[key] = EUR("0.00"), EUR("0.00")
				}
				if s.Bill != nil {
					spent[key] = spent[key].Add(s.Bill.Total)
				}
				held[key] = held[key].Add(s.HoldAmount)
				if s.Phase.Open() || s.Phase == session.Idle {
					w.Errorf("session %d is still %s (%v)", s.OCPPID, s.Phase, s.Flags)
				}
			}
		}
		if n < points*rounds {
			w.Errorf("only %d sessions", n)
		}
		total := EUR("0.00")
		for _, d := range drivers {
			a := d.Account()
			if want := EUR("20.00").Sub(spent[d.Wallet.String()]); a.Balance != want || a.Held != held[d.Wallet.String()] {
				w.Errorf("%s has %v with %v held, want %v with %v", d.Account().Number, a.Balance, a.Held, want, held[d.Wallet.String()])
			}
			total = total.Add(EUR("20.00")).Sub(a.Balance)
		}
		if total.Minor <= 0 {
			w.Error("nothing was sold")
		}
	})
}

// drain accepts whatever the server asks.
func drain(c *Conn) {
	for {
		select {
		case a := <-c.calls:
			a.Accept()
		default:
			return
		}
	}
}
