package csmstest

import (
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ledger"
	"ccms/internal/operator"
	"ccms/internal/session"
)

// A driver of the operator charges at a sub-operator's point: the rows are the
// sub-operator's, the money moves on the operator's account, and another sub-operator
// sees nothing of it.
func TestSubOperatorsPointChargesTheOperatorsDriver(t *testing.T) {
	Each(t, func(w *World) {
		ctx := w.Context()
		north, err := w.App.Operators.CreateSubOperator(ctx, w.Scope, operator.NewSubOperator{Name: "North"})
		w.OK(err)
		south, err := w.App.Operators.CreateSubOperator(ctx, w.Scope, operator.NewSubOperator{Name: "South"})
		w.OK(err)
		d := w.Driver("CARD1", "100.00")
		site := w.NewSite(asset.Site{Name: "North_station", Address: "Street 2", TimeZone: "UTC", Sub: north.ID})
		p := w.PointAt(site.ID, "CP-N")
		c := p.Online()
		if got := c.Authorize("CARD1"); got != "Accepted" {
			w.Fatalf("the card is answered %s", got)
		}
		id := c.Charge(1, "CARD1", 0)
		d.Has("100.00", "50.00")
		w.Advance(time.Minute)
		c.Meter(1, id, 500)

		of := w.SubStaff(authz.OpAdmin, north.ID)
		s := w.Session(id)
		if s.Sub != north.ID || s.Wallet != d.Wallet {
			w.Errorf("the session is of %v, paid by %v", s.Sub, s.Wallet)
		}
		if got := of.Get("/api/v1/sessions?state=running").Items(); len(got) != 1 || got[0].Str("id") != s.ID.String() {
			w.Errorf("its staff see %v", got)
		}
		cmd := of.StopSession(s).Want(202).Body
		c.Asked("RemoteStopTransaction").Accept()
		of.Becomes(cmd.Str("id"), "accepted")
		w.Advance(time.Minute)
		c.Finish(id, 1000, M{"reason": "Remote"})
		s = w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48")
		d.Has("99.52", "0.00")

		// Rows in the sub-operator's scope, and the revenue too.
		sub := authz.ForStaff(w.Operator.ID, north.ID, authz.Actor{})
		if _, err := w.InScope(sub, s.ID); err != nil {
			w.Errorf("in the sub-operator's scope: %v", err)
		}
		sums, err := w.App.Ledger.TrialBalance(ctx, sub)
		w.OK(err)
		earned := EUR("0.00")
		for _, b := range sums {
			if b.Book != ledger.Wallet {
				earned = earned.Add(b.Sum)
			}
		}
		if earned != EUR("0.48") {
			w.Errorf("in the sub-operator's books: %v in %v", earned, sums)
		}
		// The account is the operator's: recharges there are not the sub-operator's.
		if _, err := w.App.Ledger.Balance(ctx, sub, d.Wallet); !fault.Is(err, fault.Missing) {
			w.Errorf("the sub-operator's staff read the wallet: %v", err)
		}

		stranger := w.SubStaff(authz.OpAdmin, south.ID)
		for _, path := range []string{"", "/frames", "/samples"} {
			stranger.Do("GET", "/api/v1/sessions/"+s.ID.String()+path, nil).Want(404)
		}
		stranger.StopSession(s).Want(404)
		stranger.Command(p, M{"type": "reset", "reason": "test"}).Want(404)
		if got := stranger.Get("/api/v1/sessions").Items(); len(got) != 0 {
			w.Errorf("another sub-operator sees %v", got)
		}
	})
}

// A card that charges at one sub-operator's point is in use at another's.
func TestCardInUseAcrossSubOperators(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		var conns []*Conn
		for _, name := range []string{"North", "South"} {
			sub, err := w.App.Operators.CreateSubOperator(w.Context(), w.Scope, operator.NewSubOperator{Name: name})
			w.OK(err)
			site := w.NewSite(asset.Site{Name: name, Address: "Street", TimeZone: "UTC", Sub: sub.ID})
			conns = append(conns, w.PointAt(site.ID, "CP-"+name).Online())
		}
		id := conns[0].Charge(1, "CARD1", 0)
		if s := conns[1].Begin(1, "CARD1", 0); s.Status != "ConcurrentTx" {
			w.Errorf("the second start is answered %+v", s)
		}
		conns[0].Finish(id, 0)
		id = conns[1].Charge(1, "CARD1", 10)
		conns[1].Finish(id, 10)
		d.Has("100.00", "0.00")
	})
}

// A card of another operator is a card that nobody knows, and nothing of one operator's
// sessions is seen by another.
func TestOperatorsAreApart(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		mine := p.Online()
		id := mine.Charge(1, "CARD1", 0)
		s := w.Session(id)

		here := w.Fixtures
		w.Operator = w.NewOperator("B4F")
		w.Scope = authz.ForSystem(w.Operator.ID, "test")
		w.DefaultPlan(w.NewPlan(B1()).ID)
		w.Site = w.NewSite(asset.Site{Name: "B4F_station", Address: "Street", TimeZone: "UTC"})
		their := w.Point("CP2").Online()
		if got := their.Authorize("CARD1"); got != "Invalid" {
			w.Errorf("the card is answered %s", got)
		}
		their.Finish(id, 1000) // the number of a session elsewhere
		stranger := w.Staff(authz.OpAdmin)
		stranger.Do("GET", "/api/v1/sessions/"+s.ID.String(), nil).Want(404)
		stranger.StopSession(s).Want(404)
		if got := stranger.Get("/api/v1/sessions").Items(); len(got) != 1 || got[0].Str("charge_point_name") != "CP2" || got[0].Str("state") != "ABNORMAL" {
			w.Errorf("they see %v", got)
		}
		w.Fixtures = here
		w.Session(id).Is(session.Charging, "RUNNING")
		mine.Finish(id, 1000)
		w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48")
		d.Has("99.52", "0.00")
	})
}
