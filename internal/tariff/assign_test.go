package tariff_test

import (
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
	"ccms/internal/store"
	"ccms/internal/tariff"
)

// place is a site with a charge point of two connectors, of the operator or of its
// sub-operator.
type place struct {
	site  asset.Site
	point asset.ChargePoint
}

func (w *world) place(t *testing.T, name string, sub ident.SubOperator) (p place) {
	t.Helper()
	err := w.st.Write(t.Context(), authz.ForSystem(w.a.Operator(), "test"), func(tx *store.Tx) error {
		op := w.a.Operator()
		p.site = asset.Site{ID: ident.New[ident.Site](tx.Now()), Operator: op, Sub: sub, Name: name, TimeZone: "UTC", Status: asset.Valid, Version: 1}
		p.point = asset.ChargePoint{ID: ident.New[ident.ChargePoint](tx.Now()), Operator: op, Sub: sub, Site: p.site.ID, Identity: name, Name: name, Code: name,
			Type: asset.AC, Status: asset.Valid, Keys: asset.KeyMACs{Text: []byte(name), Raw: []byte(name)}, Rolled: "PENDING", Version: 1}
		if err := tx.InsertSite(p.site); err != nil {
			return err
		}
		if _, err := tx.InsertPoint(p.point); err != nil {
			return err
		}
		for n := 1; n <= 2; n++ {
			if err := tx.InsertConnector(asset.Connector{ID: ident.New[ident.Connector](tx.Now()), Operator: op, Sub: sub, Point: p.point.ID, Number: n, Condition: asset.Condition{Status: asset.Available}, Version: 1}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (w *world) group(t *testing.T, sc authz.Scope, name string) member.Group {
	t.Helper()
	g := member.Group{Operator: sc.Operator(), Sub: sc.Sub(), Name: name, Version: 1}
	err := w.st.Write(t.Context(), sc, func(tx *store.Tx) error {
		g.ID = ident.New[ident.Group](tx.Now())
		return tx.InsertGroup(g)
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (w *world) assign(t *testing.T, sc authz.Scope, want int, q tariff.Assigning) {
	t.Helper()
	if n, err := w.Assign(t.Context(), sc, q); err != nil || n != want {
		t.Fatalf("%+v: %d changed, %v; want %d", q, n, err, want)
	}
}

var when = time.Date(2030, 3, 1, 12, 0, 0, 0, time.UTC)

func TestPlansAreAssignedReplacedAndTakenAway(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		one, two := w.create(t, w.a, draft("One", 300_000)), w.create(t, w.a, draft("Two", 400_000))
		p := w.place(t, "P1", ident.SubOperator{})
		gold := tariff.Audience{Kind: tariff.ForLevel, Value: "Gold"}
		q := tariff.Assigning{Plan: one.ID, Audience: gold, Places: []tariff.Place{{Point: p.point.ID, Connector: 2}, {Site: p.site.ID}}}
		w.assign(t, w.a, 2, q)
		w.assign(t, w.a, 0, q)
		asked := tariff.Question{Point: p.point.ID, Connector: 2, Who: tariff.Asker{Registered: true, Level: "GOLD"}, At: when}
		win := func(why tariff.Reason, plan string) tariff.Winner {
			t.Helper()
			won, err := w.PlanFor(t.Context(), w.a, asked)
			if err != nil || won.Why != why || won.Plan.Name != plan {
				t.Fatalf("%q because of %q, %v; want %q because of %q", won.Plan.Name, won.Why, err, plan, why)
			}
			return won
		}
		won := win(tariff.OfLevel, "One")
		if len(won.Candidates) != 2 || won.Candidates[0].Place != tariff.AtConnector || won.Candidates[1].Outcome != tariff.WiderPlace {
			t.Errorf("explained by %+v", won.Candidates)
		}
		// The spelling of a level makes no second assignment; the plan is replaced.
		q.Plan, q.Value, q.Places = two.ID, "gOLD", q.Places[:1]
		w.assign(t, w.a, 1, q)
		win(tariff.OfLevel, "Two")
		asked.Connector = 1
		win(tariff.OfLevel, "One")
		q.Plan = ident.Plan{}
		w.assign(t, w.a, 1, q)
		w.assign(t, w.a, 0, q)
		asked.Connector = 2
		win(tariff.OfLevel, "One")
		l, err := w.Assignments(t.Context(), w.a, tariff.AssignmentFilter{Site: p.site.ID}, operator.Page{})
		if err != nil || len(l.Items) != 1 || l.Items[0].PlanName != "One" || l.Items[0].PlaceName != "P1" {
			t.Fatalf("%+v %v", l, err)
		}
		a := l.Items[0]
		if err := w.Unassign(t.Context(), w.a, a.ID, a.Version+1); fault.Of(err) == nil || fault.Of(err).Code != "stale_version" {
			t.Errorf("a stale end: %v", err)
		}
		if err := w.Unassign(t.Context(), w.a, a.ID, a.Version); err != nil {
			t.Error(err)
		}
		win("", "") // NO_PRICE, not free
	})
}

// What is for everyone and for good are the fields of operator, site and charge point.
func TestAPlanForEveryoneIsAFieldOfWhereItCounts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		one, two := w.create(t, w.a, draft("One", 300_000)), w.create(t, w.a, draft("Two", 400_000))
		p, q := w.place(t, "P1", ident.SubOperator{}), w.place(t, "P2", ident.SubOperator{})
		all := tariff.Assigning{Plan: one.ID, Audience: tariff.Audience{Kind: tariff.ForEveryone},
			Places: []tariff.Place{{}, {Site: p.site.ID}, {Site: q.site.ID}, {Point: q.point.ID}}}
		w.assign(t, w.a, 4, all)
		w.assign(t, w.a, 0, all)
		all.Plan, all.Places = two.ID, all.Places[2:3]
		w.assign(t, w.a, 1, all)
		err := w.st.Read(t.Context(), w.a, func(tx *store.Tx) error {
			o, err := tx.OperatorByID(w.a.Operator())
			if err != nil || o.DefaultPlan != one.ID {
				t.Errorf("the default is %v, %v", o.DefaultPlan, err)
			}
			s, err := tx.SiteByID(q.site.ID)
			if err != nil || s.Plan != two.ID {
				t.Errorf("the site has %v, %v", s.Plan, err)
			}
			c, err := tx.PointByID(q.point.ID)
			if err != nil || c.Plan != one.ID {
				t.Errorf("the charge point has %v, %v", c.Plan, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if l, err := w.Assignments(t.Context(), w.a, tariff.AssignmentFilter{}, operator.Page{}); err != nil || len(l.Items) != 0 {
			t.Errorf("rows for it: %+v %v", l, err)
		}
		// For a time it is an assignment, and comes before the field.
		dated := tariff.Assigning{Plan: two.ID, Audience: all.Audience, From: when, Until: when.Add(24 * time.Hour), Places: []tariff.Place{{Point: q.point.ID}}}
		w.assign(t, w.a, 1, dated)
		for at, want := range map[time.Time]string{when.Add(-time.Second): "One", when: "Two", when.Add(24 * time.Hour): "One"} {
			won, err := w.PlanFor(t.Context(), w.a, tariff.Question{Point: q.point.ID, Who: tariff.Asker{Registered: true}, At: at})
			if err != nil || won.Plan.Name != want || won.Why != tariff.OfPoint {
				t.Errorf("at %s: %q because of %q, %v", at, won.Plan.Name, won.Why, err)
			}
		}
	})
}

// At a sub-operator's the operator's plans count, but what it grants to its own drivers
// does not without a contract; a plan of the sub-operator counts at its places alone.
func TestPRICE_R3_AtASubOperatorsPlace(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		wide, own := w.create(t, w.a, draft("Operator-wide", 300_000)), w.create(t, w.sub, draft("Of the sub-operator", 400_000))
		p, elsewhere := w.place(t, "SUB", w.sub.Sub()), w.place(t, "OWN", ident.SubOperator{})
		g := w.group(t, w.a, "Fleet")
		w.assign(t, w.a, 1, tariff.Assigning{Plan: wide.ID, Audience: tariff.Audience{Kind: tariff.ForGroup, Value: g.ID.String()}, Places: []tariff.Place{{}}})
		w.assign(t, w.sub, 1, tariff.Assigning{Plan: own.ID, Audience: tariff.Audience{Kind: tariff.ForEveryone}, Places: []tariff.Place{{Sub: w.sub.Sub()}}})
		who := tariff.Asker{Registered: true, Group: g.ID}
		for _, sc := range []authz.Scope{w.a, w.sub} {
			won, err := w.PlanFor(t.Context(), sc, tariff.Question{Point: p.point.ID, Who: who, At: when})
			if err != nil || won.Why != tariff.OfSub || len(won.Candidates) != 2 || won.Candidates[1].Outcome != tariff.NoContract {
				t.Errorf("at the sub-operator's: %q, %+v, %v", won.Why, won.Candidates, err)
			}
		}
		won, err := w.PlanFor(t.Context(), w.a, tariff.Question{Point: elsewhere.point.ID, Who: who, At: when})
		if err != nil || won.Why != tariff.OfGroup {
			t.Errorf("at the operator's own: %q %v", won.Why, err)
		}
		if _, err := w.PlanFor(t.Context(), w.sub, tariff.Question{Point: elsewhere.point.ID, Who: who, At: when}); !fault.Is(err, fault.Missing) {
			t.Errorf("the sub-operator asks about the operator's: %v", err)
		}
		everyone := tariff.Audience{Kind: tariff.ForAdHoc}
		for why, c := range map[string]struct {
			sc authz.Scope
			q  tariff.Assigning
		}{
			"the sub-operator's plan at the operator's site": {w.a, tariff.Assigning{Plan: own.ID, Audience: everyone, Places: []tariff.Place{{Site: elsewhere.site.ID}}}},
			"the sub-operator at all of the operator":        {w.sub, tariff.Assigning{Plan: own.ID, Audience: everyone, Places: []tariff.Place{{}}}},
			"the sub-operator at the operator's site":        {w.sub, tariff.Assigning{Plan: own.ID, Audience: everyone, Places: []tariff.Place{{Site: elsewhere.site.ID}}}},
			"the sub-operator with the operator's plan":      {w.sub, tariff.Assigning{Plan: wide.ID, Audience: everyone, Places: []tariff.Place{{Sub: w.sub.Sub()}}}},
			"another operator at the site":                   {w.b, tariff.Assigning{Plan: w.create(t, w.b, draft("Other", 1)).ID, Audience: everyone, Places: []tariff.Place{{Site: elsewhere.site.ID}}}},
			"a connector that is not there":                  {w.a, tariff.Assigning{Plan: wide.ID, Audience: everyone, Places: []tariff.Place{{Point: p.point.ID, Connector: 3}}}},
			"no level":                                       {w.a, tariff.Assigning{Plan: wide.ID, Audience: tariff.Audience{Kind: tariff.ForLevel}, Places: []tariff.Place{{}}}},
			"a code nobody can read out":                     {w.a, tariff.Assigning{Plan: wide.ID, Audience: tariff.Audience{Kind: tariff.ForPromotion, Value: "a b"}, Places: []tariff.Place{{}}}},
			"a group that is none":                           {w.a, tariff.Assigning{Plan: wide.ID, Audience: tariff.Audience{Kind: tariff.ForGroup, Value: "x"}, Places: []tariff.Place{{}}}},
			"an end before the beginning":                    {w.a, tariff.Assigning{Plan: wide.ID, Audience: everyone, From: when, Until: when, Places: []tariff.Place{{}}}},
			"nowhere":                                        {w.a, tariff.Assigning{Plan: wide.ID, Audience: everyone}},
			"an audience that is none":                       {w.a, tariff.Assigning{Plan: wide.ID, Audience: tariff.Audience{Kind: "CATS"}, Places: []tariff.Place{{}}}},
			"everyone with a level":                          {w.a, tariff.Assigning{Plan: wide.ID, Audience: tariff.Audience{Kind: tariff.ForEveryone, Value: "Gold"}, Places: []tariff.Place{{}}}},
		} {
			if n, err := w.Assign(t.Context(), c.sc, c.q); !fault.Is(err, fault.Invalid) || n != 0 {
				t.Errorf("%s: %d, %v", why, n, err)
			}
		}
	})
}
