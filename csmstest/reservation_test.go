package csmstest

import (
	"fmt"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/member"
	"ccms/internal/session"
	"ccms/internal/tariff"
)

// reserve asks for a connector by the API; the answer is for the caller to want.
func (a *API) reserve(p *Point, connector int, card string, until time.Time) Reply {
	a.world.Helper()
	return a.Do("POST", "/api/v1/reservations", M{"charge_point_id": p.ID.String(), "connector": connector, "token_uid": card,
		"until": until.Format(time.RFC3339), "reason": "test"})
}

// reservation waits until a reservation stands so.
func (a *API) reservation(id, state string) M {
	a.world.Helper()
	var last M
	a.world.eventually(func() bool { last = a.Get("/api/v1/reservations/" + id).Body; return last.Str("state") == state },
		func() { a.world.Fatalf("the reservation is %v, want %s", last, state) })
	return last
}

// reserved makes a reservation that the charge point takes, and gives its id and number.
func (a *API) reserved(c *Conn, connector int, card string, until time.Time) (string, int64) {
	a.world.Helper()
	id := a.reserve(c.Point, connector, card, until).Want(201).Body.Str("id")
	ask := c.Asked("ReserveNow")
	ask.Accept()
	a.reservation(id, "ACTIVE")
	return id, ask.Payload.Int("reservationId")
}

// The reservation names card and account; the driver's own card, the other card of the
// same driver, and a start from afar use it, each with the card of the reservation where
// it must be that.
//
// shows: ReserveNow, RemoteStartTransaction, StartTransaction
func TestAUTH_R6_TheHoldersOwnCardUsesIt(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		w.Driver("OTHER", "100.00")
		p := w.Point("CP1", 2)
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		until := w.Now().Add(time.Hour)
		id := staff.reserve(p, 1, "card-1", until).Want(201).Body.Str("id")
		a := c.Asked("ReserveNow")
		if a.Payload.Str("idTag") != "CARD1" || a.Payload.Str("parentIdTag") != d.ChargingAccount || a.Payload.Int("connectorId") != 1 ||
			a.Payload.Int("reservationId") < 1 || a.Payload.Str("expiryDate") != Stamp(until.Truncate(time.Second)) {
			w.Errorf("the point is asked %v", a.Payload)
		}
		staff.reservation(id, "REQUESTED")
		a.Accept()
		staff.reservation(id, "ACTIVE")

		// Somebody else at that connector is refused, from afar and at the point.
		if got := staff.Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "OTHER"}).Want(409).Body.Str("code"); got != "connector_reserved" {
			w.Errorf("the start from afar is refused with %s", got)
		}
		if s := c.Begin(1, "OTHER", 0); s.Status != "Blocked" || s.ID <= 0 {
			w.Errorf("the other card is answered %+v", s)
		}
		if got := c.Authorize("OTHER"); got != "Accepted" { // connector 2 is free
			w.Errorf("the tap of the other is answered %s", got)
		}
		// The holder's tap carries the account, so that the point knows any card of theirs.
		if got := c.Call("Authorize", M{"idTag": "CARD1"}); got.Str("idTagInfo", "parentIdTag") != d.ChargingAccount {
			w.Errorf("the holder's tap is answered %v", got)
		}
		w.Advance(time.Minute)
		ses := c.Charge(1, "CARD1", 0, M{"reservationId": a.Payload.Int("reservationId")})
		used := staff.reservation(id, "USED")
		if used.Str("session_id") != w.Session(ses).ID.String() || used.Str("ended_at") == "" {
			w.Errorf("used: %v", used)
		}
		c.Finish(ses, 1000)

		// From afar: the card of the reservation goes out, whichever of the driver's was named.
		_, err := w.App.Members.CreateToken(w.Context(), w.Scope, second(d))
		w.OK(err)
		id, _ = staff.reserved(c, 2, "CARD1", w.Now().Add(time.Hour))
		staff.Command(p, M{"type": "remote_start", "connector": 2, "token_uid": "CARD1B"}).Want(202)
		start := c.Asked("RemoteStartTransaction")
		start.Accept()
		if start.Payload.Str("idTag") != "CARD1" {
			w.Errorf("the point is asked to start for %v", start.Payload)
		}
		c.Charge(2, "CARD1", 0)
		staff.reservation(id, "USED")
	})
}

// With every connector kept for somebody else, the tap is refused already; with any one of
// two kept, the last free one is.
//
// shows: ReserveNow, CancelReservation
func TestAUTH_R6_WhoIsInTheWay(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		w.Driver("OTHER", "100.00")
		p, q := w.Point("CP1"), w.Point("CP2", 2)
		c, e := p.Online(), q.Online()
		staff := w.Staff(authz.OpOps)
		id, number := staff.reserved(c, 1, "CARD1", w.Now().Add(time.Hour))
		if got := c.Authorize("OTHER"); got != "Blocked" {
			w.Errorf("the tap of another is answered %s", got)
		}
		if got := p.Attempts()[0].Reason; got[:25] != "The connector is reserved" {
			w.Errorf("the attempt says %q", got)
		}
		if got := staff.reserve(p, 1, "OTHER", w.Now().Add(time.Hour)).Want(409).Body.Str("code"); got != "connector_reserved" {
			w.Errorf("a second reservation: %s", got)
		}
		if got := staff.reserve(q, 1, "CARD1", w.Now().Add(time.Hour)).Want(409).Body.Str("code"); got != "driver_has_reservation" {
			w.Errorf("a second of the driver: %s", got)
		}
		staff.Do("POST", "/api/v1/reservations/"+id+"/cancel", M{"reason": "came early"}).Want(200)
		if a := c.Asked("CancelReservation"); a.Payload.Int("reservationId") != number {
			w.Errorf("cancelled: %v", a.Payload)
		} else {
			a.Accept()
		}
		staff.reservation(id, "CANCELLED")
		if got := c.Authorize("OTHER"); got != "Accepted" {
			w.Errorf("after the cancellation the tap is answered %s", got)
		}
		// Any connector: only where the point says that it can.
		if got := staff.reserve(q, 0, "CARD1", w.Now().Add(time.Hour)).Body.Str("code"); got != "reserve_any_unsupported" {
			w.Errorf("any connector: %s", got)
		}
		cmd := staff.Command(q, M{"type": "get_configuration"}).Want(202).Body.Str("id")
		e.Asked("GetConfiguration").Reply(M{"configurationKey": []any{M{"key": "ReserveConnectorZeroSupported", "readonly": true, "value": "true"}}})
		staff.Becomes(cmd, "accepted")
		id, _ = staff.reserved(e, 0, "CARD1", w.Now().Add(time.Hour))
		other := e.Charge(1, "OTHER", 0)
		w.Driver("THIRD", "100.00")
		if s := e.Begin(2, "THIRD", 0); s.Status != "Blocked" {
			w.Errorf("the last free connector is given to %+v", s)
		}
		e.Charge(2, "CARD1", 0)
		staff.reservation(id, "USED")
		e.Finish(other, 100)
	})
}

// Nobody comes: it ends by itself, another may charge, and a point that still calls the
// connector reserved is told. A start made in time and told later used it.
func TestReservation_EndsByItself(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		w.Driver("OTHER", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		id, number := staff.reserved(c, 1, "CARD1", w.Now().Add(10*time.Minute))
		c.Status(1, "Reserved")
		w.Advance(9 * time.Minute)
		staff.reservation(id, "ACTIVE")
		w.Advance(time.Minute)
		staff.reservation(id, "EXPIRED")
		if got := c.Authorize("OTHER"); got != "Accepted" {
			w.Errorf("the tap of another is answered %s", got)
		}
		w.Advance(time.Minute)
		if a := c.Asked("CancelReservation"); a.Payload.Int("reservationId") != number {
			w.Errorf("asked: %v", a.Payload)
		} else {
			a.Reply(M{"status": "Rejected"})
		}
		c.Status(1, "Available")

		id, number = staff.reserved(c, 1, "CARD1", w.Now().Add(10*time.Minute))
		began := w.Now().Add(5 * time.Minute)
		c.Drop()
		w.Advance(30 * time.Minute)
		staff.reservation(id, "EXPIRED")
		c = p.Connect()
		ses := c.Charge(1, "CARD1", 0, M{"timestamp": Stamp(began), "reservationId": number})
		staff.reservation(id, "USED")
		c.Finish(ses, 1000, M{"timestamp": Stamp(began.Add(10 * time.Minute))})

		// Another's start of the past is billed, whatever was kept for whom.
		c.Drop()
		w.Advance(time.Minute)
		c = p.Connect()
		w.Advance(2 * time.Minute)
		id, _ = staff.reserved(c, 1, "CARD1", w.Now().Add(time.Hour))
		began = w.Now().Add(time.Minute)
		c.Drop()
		w.Advance(20 * time.Minute)
		c = p.Connect()
		ses = c.Charge(1, "OTHER", 2000, M{"timestamp": Stamp(began)})
		c.Finish(ses, 3000, M{"timestamp": Stamp(began.Add(10 * time.Minute))})
		w.Session(ses).Is(session.Completed, "COMPLETED").Total("0.48")
		staff.reservation(id, "ACTIVE")
	})
}

// What the point answers, and one that keeps no reservations: then the server alone
// refuses others.
func TestReservation_WhatThePointAnswers(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		w.Driver("OTHER", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		for _, answer := range []string{"Faulted", "Occupied", "Rejected", "Unavailable"} {
			id := staff.reserve(p, 1, "CARD1", w.Now().Add(time.Hour)).Want(201).Body.Str("id")
			c.Asked("ReserveNow").Reply(M{"status": answer})
			if got := staff.reservation(id, "REFUSED"); got.Str("detail") == "" {
				w.Errorf("%s: %v", answer, got)
			}
		}
		id := staff.reserve(p, 1, "CARD1", w.Now().Add(time.Hour)).Want(201).Body.Str("id")
		c.Asked("ReserveNow").Refuse("NotSupported")
		if got := staff.reservation(id, "ACTIVE"); got["soft"] != true {
			w.Errorf("not supported: %v", got)
		}
		if s := c.Begin(1, "OTHER", 0); s.Status != "Blocked" {
			w.Errorf("another's start is answered %+v", s)
		}
		staff.Do("POST", "/api/v1/reservations/"+id+"/cancel", M{}).Want(200)
		c.NotAsked() // there is nothing to tell it
		staff.Do("POST", "/api/v1/reservations/"+id+"/cancel", M{}).Want(409)
		// Its model is known for it now: the next is kept by the server at once.
		id = staff.reserve(p, 1, "CARD1", w.Now().Add(time.Hour)).Want(201).Body.Str("id")
		if got := staff.reservation(id, "ACTIVE"); got["soft"] != true || got.Str("detail") == "" {
			w.Errorf("known not to support it: %v", got)
		}
		staff.Do("POST", "/api/v1/reservations/"+id+"/cancel", M{}).Want(200)
		c.NotAsked()
		if got := staff.reserve(p, 1, "NOBODY", w.Now().Add(time.Hour)).Want(409).Body.Str("code"); got != "reservation_refused" {
			w.Errorf("a card that nobody knows: %s", got)
		}
		staff.reserve(p, 1, "CARD1", w.Now().Add(25*time.Hour)).Want(422)
		staff.reserve(p, 2, "CARD1", w.Now().Add(time.Hour)).Want(422)
		c.Drop()
		w.Advance(2 * time.Minute)
		if got := staff.reserve(p, 1, "CARD1", w.Now().Add(time.Hour)).Want(409).Body.Str("code"); got != "charge_point_offline" {
			w.Errorf("offline: %s", got)
		}
		w.Staff(authz.Auditor).reserve(p, 1, "CARD1", w.Now().Add(time.Hour)).Want(403)
		if got := fmt.Sprint(len(staff.Get("/api/v1/reservations?charge_point_id=" + p.ID.String() + "&state=REFUSED").Items())); got != "4" {
			w.Errorf("%s are listed as refused", got)
		}
	})
}

// Row 86: a point asks for the card before it answers ReserveNow. Both are answered; no
// side waits for the other.
func TestRow86_AuthorizeBeforeReserveNowIsAnswered(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		id := staff.reserve(p, 1, "CARD1", w.Now().Add(time.Hour)).Want(201).Body.Str("id")
		ask := c.Asked("ReserveNow")
		if got := c.Call("Authorize", M{"idTag": ask.Payload.Str("idTag")}); got.Str("idTagInfo", "status") != "Accepted" ||
			got.Str("idTagInfo", "parentIdTag") != d.ChargingAccount {
			w.Errorf("its own question is answered %v", got)
		}
		if got := staff.reservation(id, "REQUESTED"); got.Str("ended_at") != "" {
			w.Errorf("%v", got)
		}
		ask.Accept()
		staff.reservation(id, "ACTIVE")
	})
}

// second is another card of the driver.
func second(d *Driver) member.Token { return member.Token{Driver: d.ID, UID: "CARD1B"} }

// B5: 0.05 a minute from 09:00, plugged in at 09:12; the bill of the session has the
// reservation in a line of its own, also where the charge gave nothing.
func TestFIN_A1_B5_TheSessionPaysTheReservationThatItUses(t *testing.T) {
	Each(t, func(w *World) {
		w.Price(tariff.Draft{Name: "B5", Currency: "EUR", Electricity: Allday("0.30"), Reservation: &tariff.ReservationFee{PerMinute: Rate("0.05")}})
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		w.until("08:50")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		w.until("09:00")
		id, _ := staff.reserved(c, 1, "CARD1", w.Now().Add(30*time.Minute))
		w.until("09:12")
		tx := c.Charge(1, "CARD1", 1000)
		staff.reservation(id, "USED")
		w.Advance(time.Minute)
		c.Finish(tx, 1000)
		s := w.Session(tx).Is(session.Completed, "COMPLETED").Total("0.60")
		if len(s.Bill.Lines) != 1 || s.Bill.Lines[0].Kind != tariff.KindReservation {
			w.Errorf("the lines are %+v", s.Bill.Lines)
		}
		// The next one reserved nothing.
		tx = c.Charge(1, "CARD1", 1000)
		w.Advance(time.Minute)
		c.Finish(tx, 2000)
		w.Session(tx).Is(session.Completed, "COMPLETED").Total("0.30")
	})
}
