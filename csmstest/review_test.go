package csmstest

import (
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/session"
)

// doubtful is a session of 10 kWh by its samples whose stop is far below its start.
func doubtful(w *World, p *Point, card string) *Session {
	w.Helper()
	c := p.Online()
	id := c.Charge(1, card, 9000)
	w.Advance(30 * time.Minute)
	c.Meter(1, id, 14000)
	w.Advance(30 * time.Minute)
	c.Finish(id, 100)
	c.Drop()
	return w.Session(id).Is(session.Abnormal, "ABNORMAL").Delivered(5000)
}

// What waits for a person is accepted, corrected or void, once, with a reason; the books
// have it, the record says who and why, and it counts as adjusted.
func TestBILL_Review_EachVerdict(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		staff := w.Staff(authz.OpAdmin)
		review := func(s *Session, body M) Reply {
			w.Helper()
			if !body.Has("reason") {
				body["reason"] = "looked at the meter"
			}
			return staff.Do("POST", "/api/v1/sessions/"+s.ID.String()+"/review", body)
		}
		balance := func(want string) {
			w.Helper()
			d.Has(want, "0.00")
		}

		s := doubtful(w, w.Point("ACCEPT"), "CARD1")
		if a := staff.Get("/api/v1/sessions/" + s.ID.String()); a.Body["can_review"] != true {
			w.Errorf("%v", a.Body)
		}
		review(s, M{"verdict": "bill"}).Want(200)
		w.SessionByID(s.ID).Is(session.Completed, "ADJUSTED").Delivered(5000).Total("2.40")
		balance("97.60")
		review(s, M{"verdict": "void"}).Want(409)
		a := staff.Get("/api/v1/sessions/" + s.ID.String()).Body
		if a.Str("review", "reason") != "looked at the meter" || a.Str("review", "verdict") != "bill" || a["abnormal"] != false || a["can_review"] != false {
			w.Errorf("the record says %v", a["review"])
		}

		s = doubtful(w, w.Point("ENERGY"), "CARD1")
		review(s, M{"verdict": "bill", "energy_wh": 900_000}).Want(422)
		review(s, M{"verdict": "bill", "energy_wh": 10_000}).Want(200)
		w.SessionByID(s.ID).Is(session.Completed, "ADJUSTED").Delivered(10_000).Total("4.80")
		balance("92.80")

		s = doubtful(w, w.Point("TIME"), "CARD1")
		from := s.StartedAt.Add(-2 * time.Hour)
		review(s, M{"verdict": "bill", "started_at": Stamp(from), "ended_at": Stamp(from)}).Want(422)
		review(s, M{"verdict": "bill", "started_at": Stamp(from)}).Want(422)
		review(s, M{"verdict": "bill", "started_at": Stamp(from), "ended_at": Stamp(w.Now().Add(time.Hour))}).Want(422)
		review(s, M{"verdict": "bill", "started_at": Stamp(from), "ended_at": Stamp(from.Add(time.Hour)), "energy_wh": 1000}).Want(200)
		got := w.SessionByID(s.ID).Is(session.Completed, "ADJUSTED").Delivered(1000).Total("0.48")
		if !got.StartedAt.Equal(from) || !got.EndedAt.Equal(from.Add(time.Hour)) {
			w.Errorf("%v to %v", got.StartedAt, got.EndedAt)
		}
		balance("92.32")

		s = doubtful(w, w.Point("VOID"), "CARD1")
		review(s, M{"verdict": "void", "energy_wh": 1}).Want(422)
		review(s, M{"verdict": "void", "reason": "  "}).Want(422)
		review(s, M{"verdict": "void"}).Want(200)
		w.SessionByID(s.ID).Is(session.Rejected, "VOID").Total("")
		balance("92.32")
		w.Books()
	})
}

// A session that nobody pays for is given to a driver, and what had been billed before the
// doubt came is given back when it is void.
func TestBILL_Review_AssignAndGiveBack(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		staff := w.Staff(authz.OpAdmin)
		path := func(s *Session) string { return "/api/v1/sessions/" + s.ID.String() + "/review" }

		p := w.Point("CP1")
		c := p.Online()
		c.Call("StopTransaction", M{"transactionId": 4711, "meterStop": 7000, "timestamp": Stamp(w.Now())})
		orphan := p.Only().Is(session.Abnormal, "ABNORMAL")
		end := w.Now()
		staff.Do("POST", path(orphan), M{"verdict": "bill", "reason": "r", "started_at": Stamp(end.Add(-time.Hour)), "ended_at": Stamp(end), "energy_wh": 5000}).Want(409)
		staff.Do("POST", path(orphan), M{"verdict": "bill", "reason": "the driver called", "started_at": Stamp(end.Add(-time.Hour)), "ended_at": Stamp(end),
			"energy_wh": 5000, "driver_id": d.ID.String()}).Want(200)
		w.SessionByID(orphan.ID).Is(session.Completed, "ADJUSTED").Delivered(5000).Total("2.40")
		d.Has("97.60", "0.00")

		// Two at once on a connector: the first was paid before the doubt came.
		c = w.Point("CP2").Online()
		first := c.Charge(1, "CARD1", 0)
		w.Advance(20 * time.Minute)
		c.Meter(1, first, 2000)
		w.Driver("CARD2", "100.00")
		second := c.Charge(1, "CARD2", 2000)
		w.Advance(20 * time.Minute)
		c.Finish(second, 4000)
		w.Session(second).Is(session.Completed, "COMPLETED")
		w.Advance(20 * time.Minute)
		c.Finish(first, 5000)
		s := w.Session(second).Is(session.Abnormal, "ABNORMAL")
		staff.Do("POST", path(s), M{"verdict": "void", "reason": "the other took it"}).Want(200)
		w.SessionByID(s.ID).Is(session.Rejected, "VOID").Total("0.00")
		w.Books()
		// Its stop that comes again changes nothing.
		c.Finish(second, 4000)
		w.SessionByID(s.ID).Is(session.Rejected, "VOID").Total("0.00")
	})
}
