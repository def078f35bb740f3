package csmstest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/session"
)

// rounds is how often a race is run: enough here that a defect shows within some runs,
// and six times that with CCMS_LONG=1. More sessions of a point than 100 no list shows.
func rounds(n int) int {
	if os.Getenv("CCMS_LONG") != "" {
		return 6 * n
	}
	return n
}

// span is when a request was sent and when its answer was there. Of two that do not
// overlap it is known which came first, and the outcome must say the same.
type span struct{ sent, answered time.Time }

func (a span) before(b span) bool { return a.answered.Before(b.sent) }

// timed runs f and notes when. Each contestant is held back by nothing, a little, or a
// little more, so that each gets to be the first.
func timed(hold time.Duration, f func()) (s span) {
	for begin := time.Now(); time.Since(begin) < hold; {
		runtime.Gosched()
	}
	s.sent = time.Now()
	f()
	s.answered = time.Now()
	return s
}

// together lets all of them loose at the same moment and waits for the last.
func together(fs ...func()) {
	gate := make(chan struct{})
	var done sync.WaitGroup
	for _, f := range fs {
		done.Go(func() {
			<-gate
			f()
		})
	}
	close(gate)
	done.Wait()
}

// head is a lead of up to as long as a request takes.
func head(rnd *rand.Rand) time.Duration { return time.Duration(rnd.IntN(4000)) * time.Microsecond }

// duel runs two requests at once and says when each was.
func duel(rnd *rand.Rand, a, b func()) (first, second span) {
	held := [2]time.Duration{}
	held[rnd.IntN(2)] = head(rnd)
	together(func() { first = timed(held[0], a) }, func() { second = timed(held[1], b) })
	return first, second
}

// send is a CALL that may find the socket gone.
func (c *Conn) send(id, action string, payload M) (Answer, error) {
	b, err := json.Marshal([]any{2, id, action, payload})
	if err != nil {
		return Answer{}, err
	}
	ch := c.expect(id)
	if err := c.write(ws.OpText, b); err != nil {
		return Answer{}, err
	}
	return c.await(ch)
}

// obey answers whatever the server asks with Accepted, as a device does that has
// nothing against it.
func (c *Conn) obey() *Conn {
	go func() {
		for {
			select {
			case <-c.ended:
				return
			case a := <-c.calls:
				b, err := json.Marshal([]any{3, a.ID, M{"status": "Accepted"}})
				if err == nil {
					err = c.write(ws.OpText, b)
				}
				if err != nil {
					return // the socket has ended
				}
			}
		}
	}()
	return c
}

// passes moves the clock while the device is heard of; no timer runs.
func (c *Conn) passes(d time.Duration) {
	c.Helper()
	c.Clock.Advance(d)
	c.Call("Heartbeat", nil)
	c.App.Door.Seen(c.Context())
}

// posted counts what was posted for a session.
func (s *Session) posted(k ledger.EntryKind) (n int) {
	s.world.Helper()
	entries, err := s.world.App.Ledger.Entries(s.world.Context(), s.world.Scope, s.ID)
	s.world.OK(err)
	for _, e := range entries {
		if e.Kind == k {
			n++
		}
	}
	return n
}

// reason is why the last try of a kind ended as it did.
func (p *Point) reason(kind string) session.AttemptRow {
	p.Helper()
	var last session.AttemptRow
	for _, a := range p.Attempts() {
		if a.Kind == kind {
			last = a
		}
	}
	return last
}

// anotherCard gives the driver a second card on the same charging account.
func (d *Driver) anotherCard(uid string) {
	w := d.world
	w.Helper()
	_, err := w.App.Members.CreateToken(w.Context(), w.Scope, member.Token{Driver: d.ID, UID: uid})
	w.OK(err)
}

// Two cards of one account at two points, and money for one: one starts, the other is
// Blocked for its balance, and never is more held than there is.
func TestRace_TwoStartsOnOneWallet(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "50.00")
		d.anotherCard("CARD2")
		p, q := w.Point("CP1"), w.Point("CP2")
		a, b := p.Online(), q.Online()
		rnd := rand.New(rand.NewPCG(1, 1))
		for range rounds(15) {
			w.Clock.Advance(time.Second)
			var x, y Started
			duel(rnd, func() { x = a.Begin(1, "CARD1", 0) }, func() { y = b.Begin(1, "CARD2", 0) })
			loser, at, lost := b, q, y
			winner := x
			if y.Status == "Accepted" {
				loser, at, lost, winner = a, p, x, y
			}
			if winner.Status != "Accepted" || lost.Status != "Blocked" || x.ID <= 0 || y.ID <= 0 || x.ID == y.ID {
				w.Fatalf("the starts are answered %+v and %+v", x, y)
			}
			if r := at.reason("start"); !strings.Contains(r.Reason, "available balance") {
				w.Fatalf("the reason kept is %q", r.Reason)
			}
			d.Has("50.00", "50.00")
			loser.Finish(lost.ID, 0)
			w.Session(lost.ID).Is(session.Rejected, "VOID")
			if winner == x {
				a.Finish(x.ID, 0)
			} else {
				b.Finish(y.ID, 0)
			}
			w.Session(winner.ID).Is(session.Completed, "COMPLETED").Total("0.00")
			d.Has("50.00", "0.00")
		}
	})
}

// One card at two points: one session, the other is told ConcurrentTx (AUTH-R3). The
// same between the portal and the pile.
func TestRace_OneCardAtTwoPoints(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "500.00")
		p, q := w.Point("CP1"), w.Point("CP2")
		a, b := p.Online().obey(), q.Online()
		staff := w.Staff(authz.OpAdmin)
		rnd := rand.New(rand.NewPCG(2, 1))
		for i := range rounds(15) {
			w.Clock.Advance(time.Second)
			var x, y Started
			var remote Reply
			if i%2 == 0 {
				duel(rnd, func() { x = a.Begin(1, "CARD1", 0) }, func() { y = b.Begin(1, "CARD1", 0) })
			} else {
				duel(rnd, func() { remote = staff.Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}) },
					func() { y = b.Begin(1, "CARD1", 0) })
				switch {
				case remote.Status == 202:
					x = a.Begin(1, "CARD1", 0) // the device does as it was told
				case remote.Status == 409 && remote.Body.Str("code") == "start_refused":
					x.Status = "ConcurrentTx"
				default:
					w.Fatalf("the remote start is answered %d %v", remote.Status, remote.Body)
				}
			}
			if s := x.Status + " " + y.Status; s != "Accepted ConcurrentTx" && s != "ConcurrentTx Accepted" {
				w.Fatalf("round %d: the starts are answered %s", i, s)
			}
			d.Has("500.00", "50.00")
			if x.ID > 0 {
				a.Finish(x.ID, 0)
			}
			b.Finish(y.ID, 0)
			d.Has("500.00", "0.00")
		}
	})
}

// Two remote starts on one connector with cards of different drivers: one is sent, the
// other is refused as busy, and only one hold is placed.
func TestRace_TwoRemoteStartsOnOneConnector(t *testing.T) {
	Each(t, func(w *World) {
		d, e := w.Driver("CARD1", "100.00"), w.Driver("CARD2", "100.00")
		p := w.Point("CP1")
		c := p.Online().obey()
		one, two := w.Staff(authz.OpAdmin), w.Staff(authz.OpAdmin)
		rnd := rand.New(rand.NewPCG(3, 1))
		start := func(card string) M { return M{"type": "remote_start", "connector": 1, "token_uid": card} }
		for i := range rounds(15) {
			w.Clock.Advance(time.Second)
			var x, y Reply
			duel(rnd, func() { x = one.Command(p, start("CARD1")) }, func() { y = two.Command(p, start("CARD2")) })
			card, lost := "CARD1", y
			if x.Status != 202 {
				card, lost, x = "CARD2", x, y
			}
			if x.Status != 202 || lost.Status != 409 || lost.Body.Str("code") != "connector_busy" {
				w.Fatalf("round %d: the remote starts are answered %d and %d %v", i, x.Status, lost.Status, lost.Body)
			}
			if held := d.Account().Held.Add(e.Account().Held); held != EUR("50.00") {
				w.Fatalf("round %d: %v are held", i, held)
			}
			id := c.Charge(1, card, 0)
			c.Finish(id, 0)
			d.Has("100.00", "0.00")
			e.Has("100.00", "0.00")
		}
	})
}

// A card is disabled while it starts: either the start came first and is a session like
// any other, or it is Blocked with the reason; nothing in between.
func TestRace_StartAgainstDisableOfTheCard(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "500.00")
		p := w.Point("CP1", 2)
		c := p.Online()
		staff := w.Staff(authz.OpAdmin)
		path := "/api/v1/tokens/" + d.Card.ID.String()
		rnd := rand.New(rand.NewPCG(4, 1))
		set := func(status string) {
			r := staff.Get(path)
			staff.Do("PATCH", path, M{"status": status}, "If-Match", r.Header.Get("ETag")).Want(200)
		}
		seen := map[string]int{}
		for range rounds(15) {
			w.Clock.Advance(time.Second)
			version := staff.Get(path).Header.Get("ETag")
			var s Started
			start, disable := duel(rnd, func() { s = c.Begin(1, "CARD1", 0) }, func() {
				staff.Do("PATCH", path, M{"status": "DISABLE"}, "If-Match", version).Want(200)
			})
			seen[s.Status]++
			switch {
			case s.Status == "Accepted" && disable.before(start), s.Status != "Accepted" && start.before(disable):
				w.Fatalf("the start is answered %+v out of turn", s)
			case s.Status == "Accepted":
				d.Has("500.00", "50.00")
				w.Session(s.ID).Is(session.Charging, "RUNNING")
				if got := c.Authorize("CARD1"); got != "Accepted" { // AUTH-R1
					w.Errorf("the tap on the running session is answered %s", got)
				}
				c.Finish(s.ID, 0)
				w.Session(s.ID).Is(session.Completed, "COMPLETED").Total("0.00")
			case s.Status == "Blocked" && s.ID > 0:
				d.Has("500.00", "0.00")
				if r := p.reason("start"); r.Decision != session.Blocked || r.Reason != "The card is disabled." {
					w.Errorf("the attempt is %s: %s", r.Decision, r.Reason)
				}
				c.Finish(s.ID, 0)
				w.Session(s.ID).Is(session.Rejected, "VOID")
			default:
				w.Fatalf("the start is answered %+v", s)
			}
			if s := c.Begin(2, "CARD1", 0); s.Status != "Blocked" {
				w.Errorf("after that a start is answered %+v", s)
			} else {
				c.Finish(s.ID, 0)
			}
			set("ENABLE")
			d.Has("500.00", "0.00")
		}
		w.Logf("the start came first %d times, the card was disabled first %d times", seen["Accepted"], seen["Blocked"])
	})
}

// A charge point is taken out of use while a session starts on it: either the session is
// there and the point stays, or the point is gone and nothing runs on it.
func TestRace_StartAgainstTakingThePointOutOfUse(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "500.00")
		p := w.Point("CP1")
		staff := w.Staff(authz.OpAdmin)
		path := "/api/v1/charge-points/" + p.ID.String()
		rnd := rand.New(rand.NewPCG(5, 1))
		c := p.Online()
		for i := range rounds(15) {
			w.Clock.Advance(time.Second)
			version := staff.Get(path).Header.Get("ETag")
			var s Answer
			var gone error
			var out Reply
			payload := c.StartPayload(1, "CARD1", 0)
			duel(rnd, func() { s, gone = c.send(c.id(), "StartTransaction", payload) },
				func() { out = staff.Do("PATCH", path, M{"status": "INVALID"}, "If-Match", version) })
			running := 0
			for _, x := range p.Sessions() {
				if x.Phase.Open() {
					running++
				}
			}
			switch {
			case out.Status == 409 && out.Body.Str("code") == "session_running":
				if gone != nil || s.Payload.Str("idTagInfo", "status") != "Accepted" || running != 1 {
					w.Fatalf("round %d: the point stays for a session, the start is answered %+v (%v), %d run", i, s, gone, running)
				}
				c.Finish(s.Payload.Int("transactionId"), 0)
			case out.Status == 200:
				if gone == nil && s.Payload.Str("idTagInfo", "status") != "Blocked" || running != 0 {
					w.Fatalf("round %d: the point is out of use, the start is answered %+v, %d run", i, s, running)
				}
				if code, _ := c.Closed(); code != 1008 && code != 0 {
					w.Errorf("round %d: closed with %d", i, code)
				}
				c.gone()
				version = staff.Get(path).Header.Get("ETag")
				staff.Do("PATCH", path, M{"status": "VALID"}, "If-Match", version).Want(200)
				c = p.Online()
			default:
				w.Fatalf("round %d: taking the point out of use is answered %d %v", i, out.Status, out.Body)
			}
			d.Has("500.00", "0.00")
		}
	})
}

// The stop of the station, of the portal and of a timer at once: one stop, one bill, one
// capture, and whoever asked is told what is so.
func TestRace_StopFromThreeSidesAtOnce(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "500.00")
		p := w.Point("CP1")
		c := p.Online().obey()
		staff := w.Staff(authz.OpAdmin)
		rnd := rand.New(rand.NewPCG(6, 1))
		register := 0
		spent := EUR("0.00")
		for i := range rounds(15) {
			if i%20 == 19 { // a login ends after some hours
				staff = w.Staff(authz.OpAdmin)
			}
			c.passes(time.Minute)
			id := c.Charge(1, "CARD1", register)
			c.passes(time.Minute)
			c.Meter(1, id, register+700)
			if i%2 == 0 {
				c.passes(200 * time.Second) // the timer finds a silent meter
			} else {
				c.Status(1, "Available") // the timer finds a stop that was lost (BILL-R5)
				c.passes(16 * time.Minute)
			}
			s := w.Session(id)
			var portal Reply
			var answer Answer
			var gone error
			var swept error
			stop := c.StopPayload(id, register+1000)
			hold := [3]time.Duration{head(rnd), head(rnd), head(rnd)}
			together(
				func() { timed(hold[0], func() { answer, gone = c.send(c.id(), "StopTransaction", stop) }) },
				func() { timed(hold[1], func() { portal = staff.StopSession(s) }) },
				func() { timed(hold[2], func() { _, swept = w.App.Sessions.Sweep(w.Context(), w.Now()) }) },
			)
			register += 1000
			if gone != nil || answer.Code != "" {
				w.Fatalf("round %d: the station's stop is answered %+v (%v)", i, answer, gone)
			}
			if swept != nil {
				w.Fatalf("round %d: the timer fails: %v", i, swept)
			}
			if portal.Status != 202 && (portal.Status != 409 || portal.Body.Str("code") != "session_not_running") {
				w.Fatalf("round %d: the portal is answered %d %v", i, portal.Status, portal.Body)
			}
			// The same stop again: the same answer, no second bill.
			if again := c.Try("StopTransaction", stop); again.Code != "" {
				w.Errorf("round %d: the stop again is answered %+v", i, again)
			}
			w.Timers()
			s = w.Session(id)
			s.Delivered(1000).Total("0.48")
			if s.Phase != session.Completed || !s.RealStop || s.Captured != EUR("0.48") || s.HoldAmount.Minor != 0 {
				w.Fatalf("round %d: the session is %s, captured %v, held %v", i, s.Phase, s.Captured, s.HoldAmount)
			}
			if n := s.posted(ledger.KindCapture); n != 1 {
				w.Fatalf("round %d: %d captures", i, n)
			}
			if n := s.posted(ledger.KindAdjust); n > 1 || n == 1 && !s.Adjusted {
				w.Fatalf("round %d: %d adjustments, flagged %v", i, n, s.Adjusted)
			}
			spent = spent.Add(EUR("0.48"))
			d.Has(EUR("500.00").Sub(spent).Decimal(), "0.00")
			if portal.Status == 202 { // and the command ends like any other
				staff.Becomes(portal.Body.Str("id"), "accepted")
			}
		}
	})
}

// A plan is saved at the moment of a start: the session keeps one version, the one in
// force by the order of the two, and is billed by it (PRICE-R3).
func TestRace_PlanEditedAtTheMomentOfAStart(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "9000.00")
		p := w.Point("CP1")
		c := p.Online().obey()
		staff := w.Staff(authz.OpAdmin)
		path := "/api/v1/plans/" + w.Plan.ID.String()
		price := func(version int) string { return fmt.Sprintf("0.%02d", version%90+10) }
		plan := func(version int) M {
			return M{"name": "B1", "currency": "EUR", "vat_permille": 0, "electricity": []any{M{"from": "00:00", "to": "24:00", "price": price(version)}}}
		}
		r := staff.Get(path)
		r = staff.Do("PUT", path, plan(2), "If-Match", r.Header.Get("ETag")).Want(200)
		version, register := 2, 0
		rnd := rand.New(rand.NewPCG(7, 1))
		old := 0
		n := rounds(15)
		for i := range n {
			w.Clock.Advance(time.Second)
			var id int64
			var start, edit span
			next := version + 1
			save := func() { r = staff.Do("PUT", path, plan(next), "If-Match", r.Header.Get("ETag")).Want(200) }
			if i%2 == 0 {
				start, edit = duel(rnd, func() { id = c.Charge(1, "CARD1", register) }, save)
			} else { // of a remote start the price is that of the request
				start, edit = duel(rnd, func() {
					staff.Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}).Want(202)
				}, save)
				id = c.Charge(1, "CARD1", register)
			}
			s := w.Session(id)
			kept := s.PlanNumber
			switch {
			case s.Plan != w.Plan.ID || kept != version && kept != next:
				w.Fatalf("round %d: the session has version %d of %v, there are %d and %d", i, kept, s.Plan, version, next)
			case start.before(edit) && kept != version, edit.before(start) && kept != next:
				w.Fatalf("round %d: the session has version %d, by the order of the two it is not that one (%d, %d)", i, kept, version, next)
			case kept == version:
				old++
			}
			w.Advance(time.Minute)
			c.Meter(1, id, register+500)
			w.Advance(time.Minute)
			register += 1000
			c.Finish(id, register)
			s = w.Session(id).Is(session.Completed, "COMPLETED").Total(price(kept))
			if s.PlanNumber != kept || s.Cost.Decimal() != price(kept) {
				w.Errorf("round %d: the session ends with version %d at %v, began with %d", i, s.PlanNumber, s.Cost, kept)
			}
			version = next
		}
		w.Logf("the start came first %d times, the plan %d times", old, n-old)
	})
}

// A socket that has its answer and is gone at once, as on a link that flaps, takes nothing
// from the next, which comes before the first is in the store.
func TestRace_ASocketThatIsGoneAtOnceTakesNothingOver(t *testing.T) {
	EachWith(t, Options{TLS: true}, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		own := Handshake{TLS: w.TLS(c.certified()), NoKey: true}
		c.Drop()
		for range rounds(200) {
			if got := p.answer(own); got != 101 { // and is gone
				w.Fatalf("answered %d", got)
			}
			c, err := p.Knock(own)
			w.OK(err)
			c.Boot()
			c.Drop()
		}
	})
}

// A second socket of the station while reports of the first are in flight: the newest
// wins, a write with the old epoch fails, and what the station had no answer for and
// sends again is there once.
func TestRace_TwoSocketsOfOneChargePoint(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "500.00")
		p := w.Point("CP1")
		c := p.Online()
		rnd := rand.New(rand.NewPCG(8, 1))
		register, lost := 0, 0
		spent := EUR("0.00")
		n := rounds(15)
		for i := range n {
			w.Clock.Advance(time.Minute)
			epoch := p.View().Epoch
			type report struct {
				action  string
				payload M
				answer  Answer
				err     error
			}
			var reports []*report
			add := func(action string, payload M) { reports = append(reports, &report{action: action, payload: payload}) }
			var id int64
			starting := i%3 == 0
			if starting { // the start itself is in flight
				add("StartTransaction", c.StartPayload(1, "CARD1", register))
			} else {
				id = c.Charge(1, "CARD1", register)
				for range 1 + rnd.IntN(5) {
					w.Clock.Advance(10 * time.Second)
					register += 100
					add("MeterValues", c.MeterPayload(1, id, register, 22000))
				}
				if i%3 == 1 {
					w.Clock.Advance(10 * time.Second)
					register += 100
					add("StopTransaction", c.StopPayload(id, register))
				}
			}
			old := c
			var newer *Conn
			duel(rnd, func() {
				for _, r := range reports { // one after the other, as a station does
					if r.answer, r.err = old.send(old.id(), r.action, r.payload); r.err != nil {
						return
					}
				}
			}, func() { newer = p.Connect() })
			c = newer
			old.Closed() // the newest wins
			if v := p.View(); v.Epoch != epoch+1 || !v.Open() {
				w.Fatalf("round %d: epoch %d after %d, open %v", i, v.Epoch, epoch, v.Open())
			}
			for _, r := range reports { // what has no answer goes out again, in order
				if r.err == nil && r.answer.Payload != nil {
					continue
				}
				lost++
				if r.answer, r.err = c.send(c.id(), r.action, r.payload); r.err != nil || r.answer.Code != "" {
					w.Fatalf("round %d: %s again is answered %+v (%v)", i, r.action, r.answer, r.err)
				}
			}
			if starting {
				id = reports[0].answer.Payload.Int("transactionId")
				if got := reports[0].answer.Payload.Str("idTagInfo", "status"); id <= 0 || got != "Accepted" {
					w.Fatalf("round %d: the start is answered %+v", i, reports[0].answer)
				}
				d.Has(EUR("500.00").Sub(spent).Decimal(), "50.00")
			}
			// A write with the old epoch changes nothing.
			sc := authz.ForChargePoint(w.Operator.ID, p.View().Sub, p.ID)
			stale := session.MeterReport{Connector: 1, OCPPID: id, Samples: []session.Sample{{
				Reading: session.Reading{At: w.Now(), Energy: w.wh(register + 5000), Has: session.HasEnergy}, Stamp: session.Stamp{At: w.Now()}}}}
			stale.Report = session.Report{Point: p.ID, Epoch: epoch, ReceivedAt: w.Now(), MessageID: "stale", Raw: []byte(`[2,"stale","MeterValues",{}]`)}
			if err := w.App.Sessions.Meter(w.Context(), sc, stale); err == nil || !strings.Contains(err.Error(), asset.StaleConnection.Code) {
				w.Fatalf("round %d: a write with the old epoch ends with %v", i, err)
			}
			if i%3 != 1 {
				w.Clock.Advance(10 * time.Second)
				c.Finish(id, register)
			}
			s := w.Session(id)
			samples := 0
			for _, r := range reports {
				if r.action == "MeterValues" {
					samples++
				}
			}
			if got := s.Samples(); len(got) != samples {
				w.Fatalf("round %d: %d samples are kept, %d were sent", i, len(got), samples)
			}
			if s.Phase != session.Completed || s.Bill == nil || s.posted(ledger.KindAdjust) != 0 ||
				s.posted(ledger.KindCapture) != 1 && s.Bill.Total.Minor != 0 {
				w.Fatalf("round %d: the session is %s with %v", i, s.Phase, s.Bill)
			}
			spent = spent.Add(s.Bill.Total)
			d.Has(EUR("500.00").Sub(spent).Decimal(), "0.00")
		}
		if all := p.Sessions(); len(all) != n && n <= 15 {
			w.Errorf("%d sessions of %d starts", len(all), n)
		}
		w.Logf("%d reports had no answer and went out again", lost)
	})
}

// One key, twice at once: the money comes once. Whoever is second gets the first answer
// or is told that the request is being worked on, and the answer when asking again.
func TestRace_TwoRechargesWithOneKey(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "0")
		staff := w.Staff(authz.OpAdmin)
		path := "/api/v1/drivers/" + d.ID.String() + "/recharges"
		rnd := rand.New(rand.NewPCG(9, 1))
		have := EUR("0.00")
		body := M{"amount": M{"amount": "1.00", "currency": "EUR"}, "reason": "test"}
		for i := range rounds(15) {
			key := fmt.Sprint("race-", i)
			pay := func() Reply { return staff.Do("POST", path, body, "Idempotency-Key", key) }
			var x, y Reply
			duel(rnd, func() { x = pay() }, func() { y = pay() })
			z := pay().Want(201)
			have = have.Add(EUR("1.00"))
			d.Has(have.Decimal(), "0.00")
			id := z.Body.Str("transaction_id")
			made := 0
			for _, r := range []Reply{x, y} {
				switch {
				case r.Status == 201 && r.Body.Str("transaction_id") == id && id != "":
					made++
				case r.Status == 409:
				default:
					w.Fatalf("round %d: the recharges are answered %d %v and %d %v", i, x.Status, x.Body, y.Status, y.Body)
				}
			}
			if made == 0 {
				w.Fatalf("round %d: nobody was given the answer", i)
			}
			if z.Header.Get("Idempotency-Replayed") != "true" {
				w.Errorf("round %d: the third is no replay", i)
			}
		}
	})
}
