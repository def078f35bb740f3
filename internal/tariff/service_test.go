package tariff_test

import (
	"context"
	"reflect"
	"testing"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
	"ccms/internal/tariff"
)

// world is two operators on one database, the first with a sub-operator.
type world struct {
	*tariff.Service
	st       *store.Store
	a, b     authz.Scope // staff
	sub      authz.Scope // staff of a's sub-operator
	subPoint authz.Scope // a charge point of the sub-operator
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		w := &world{st: st}
		w.Service = tariff.New(w.write, w.read)
		now := storetest.NewClock().Now()
		a, b, sub := ident.New[ident.Operator](now), ident.New[ident.Operator](now), ident.New[ident.SubOperator](now)
		staff := authz.Actor{Staff: ident.New[ident.Staff](now)}
		w.a, w.b = authz.ForStaff(a, ident.SubOperator{}, staff), authz.ForStaff(b, ident.SubOperator{}, staff)
		w.sub = authz.ForStaff(a, sub, staff)
		w.subPoint = authz.ForChargePoint(a, sub, ident.New[ident.ChargePoint](now))
		err := st.Write(t.Context(), authz.Everything("test"), func(tx *store.Tx) error {
			for i, o := range []ident.Operator{a, b} {
				if err := tx.InsertOperator(operator.Operator{ID: o, Name: "Operator", Code: []string{"010000", "010001"}[i],
					Currency: "EUR", TimeZone: "Europe/Paris", Version: 1}); err != nil {
					return err
				}
			}
			return tx.InsertSubOperator(operator.SubOperator{ID: sub, Operator: a, No: 1, Name: "Sub", Status: operator.SubValid, Version: 1})
		})
		if err != nil {
			t.Fatal(err)
		}
		f(t, w)
	})
}

func (w *world) write(ctx context.Context, sc authz.Scope, fn func(tariff.Tx) error) error {
	return w.st.Write(ctx, sc, func(tx *store.Tx) error { return fn(tx) })
}

func (w *world) read(ctx context.Context, sc authz.Scope, fn func(tariff.Tx) error) error {
	return w.st.Read(ctx, sc, func(tx *store.Tx) error { return fn(tx) })
}

func draft(name string, price money.Rate) tariff.Draft {
	return tariff.Draft{Name: name, Currency: "EUR", VAT: 200, ServicePerKWh: 100_000,
		Electricity: []tariff.Band{{To: 720, Price: price}, {From: 720, To: 1440, Price: 2 * price}},
		Idle:        &tariff.IdleFee{PerMinute: 200_000, Grace: 900e9}}
}

func (w *world) create(t *testing.T, sc authz.Scope, d tariff.Draft) tariff.Plan {
	t.Helper()
	p, err := w.CreatePlan(t.Context(), sc, d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSavingAPlanMakesAVersionAndKeepsTheOld_PRICE_R3(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		first := w.create(t, w.a, draft("Day and night", 300_000))
		got, err := w.Plan(t.Context(), w.a, first.ID, 0)
		if err != nil || !reflect.DeepEqual(got, first) {
			t.Fatalf("read back: %v\n%+v\n%+v", err, got, first)
		}
		second, err := w.SavePlan(t.Context(), w.a, first.ID, first.Version, draft("Dearer", 400_000))
		if err != nil || second.Number != 2 || second.Version != 2 {
			t.Fatalf("%+v %v", second, err)
		}
		if now, err := w.Plan(t.Context(), w.a, first.ID, 0); err != nil || !reflect.DeepEqual(now, second) {
			t.Errorf("newest: %v\n%+v\n%+v", err, now, second)
		}
		old, err := w.Plan(t.Context(), w.a, first.ID, 1)
		old.Version = first.Version // of the plan's row, which is newer
		if err != nil || !reflect.DeepEqual(old, first) {
			t.Errorf("version 1 afterwards: %v\n%+v\n%+v", err, old, first)
		}
		_, err = w.SavePlan(t.Context(), w.a, first.ID, first.Version, draft("Late", 500_000))
		if f := fault.Of(err); f == nil || f.Code != "stale_version" || f.Have != 2 || f.Want != 1 {
			t.Errorf("a stale save: %v", err)
		}
		if _, err := w.Plan(t.Context(), w.a, first.ID, 3); !fault.Is(err, fault.Missing) {
			t.Errorf("version 3: %v", err)
		}
	})
}

func TestOfTwoSavesOfOneVersionOneIsStale(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		p := w.create(t, w.a, draft("Contended", 300_000))
		answers := make(chan error)
		for i := range 8 {
			go func() {
				_, err := w.SavePlan(context.Background(), w.a, p.ID, 1, draft("Contended", money.Rate(300_000+i)))
				answers <- err
			}()
		}
		saved := 0
		for range 8 {
			switch err := <-answers; {
			case err == nil:
				saved++
			case !fault.Is(err, fault.Conflict):
				t.Error(err)
			}
		}
		if now, err := w.Plan(t.Context(), w.a, p.ID, 0); saved != 1 || err != nil || now.Number != 2 {
			t.Errorf("%d saves went through, the plan is at version %d, %v", saved, now.Number, err)
		}
	})
}

func TestPlansAreListedByNameAndStayInTheirOperator(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for _, n := range []string{"Night", "Noon", "Day"} {
			w.create(t, w.a, draft(n, 300_000))
		}
		other := w.create(t, w.b, draft("Night elsewhere", 300_000))
		names := func(sc authz.Scope, f tariff.Filter, page operator.Page) (out []string) {
			l, err := w.Plans(t.Context(), sc, f, page)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range l.Items {
				out = append(out, p.Name)
			}
			return out
		}
		if got := names(w.a, tariff.Filter{}, operator.Page{}); !reflect.DeepEqual(got, []string{"Day", "Night", "Noon"}) {
			t.Errorf("all: %v", got)
		}
		if got := names(w.a, tariff.Filter{Name: "n"}, operator.Page{Sort: "-name"}); !reflect.DeepEqual(got, []string{"Noon", "Night"}) {
			t.Errorf("n…, backwards: %v", got)
		}
		l, err := w.Plans(t.Context(), w.a, tariff.Filter{}, operator.Page{Limit: 2})
		if err != nil || l.Total != 3 || l.Next == "" {
			t.Fatalf("%+v %v", l, err)
		}
		if got := names(w.a, tariff.Filter{}, operator.Page{Limit: 2, Cursor: l.Next}); !reflect.DeepEqual(got, []string{"Noon"}) {
			t.Errorf("second page: %v", got)
		}
		if _, err := w.Plan(t.Context(), w.a, other.ID, 0); !fault.Is(err, fault.Missing) {
			t.Errorf("another operator's plan: %v", err)
		}
		if _, err := w.Plan(t.Context(), w.a, other.ID, 1); !fault.Is(err, fault.Missing) {
			t.Errorf("another operator's version: %v", err)
		}
		if _, err := w.SavePlan(t.Context(), w.a, other.ID, 1, draft("Mine", 1)); !fault.Is(err, fault.Missing) {
			t.Errorf("saving another operator's plan: %v", err)
		}
	})
}

func TestChargePointOfASubOperatorReadsTheOperatorsPlansAndWritesNone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		p := w.create(t, w.a, draft("Operator-wide", 300_000))
		own := w.create(t, w.sub, draft("Of the sub-operator", 350_000))
		for _, id := range []ident.Plan{p.ID, own.ID} {
			if _, err := w.Plan(t.Context(), w.subPoint, id, 1); err != nil {
				t.Errorf("the charge point reads %s: %v", id, err)
			}
		}
		if _, err := w.SavePlan(t.Context(), w.subPoint, p.ID, 1, draft("Free", 0)); err == nil {
			t.Error("the charge point changed the operator's plan")
		}
		if _, err := w.Plan(t.Context(), w.sub, p.ID, 0); !fault.Is(err, fault.Missing) {
			t.Errorf("staff of the sub-operator read the operator's plan: %v", err)
		}
		if now, err := w.Plan(t.Context(), w.a, own.ID, 0); err != nil || now.Sub != w.sub.Sub() {
			t.Errorf("the operator reads its sub-operator's: %v %v", now.Sub, err)
		}
	})
}

func TestPlanIsInTheCurrencyOfItsOperator(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		d := draft("Dollars", 300_000)
		d.Currency = "USD"
		if _, err := w.CreatePlan(t.Context(), w.a, d); !fault.Is(err, fault.Invalid) {
			t.Errorf("create: %v", err)
		}
		p := w.create(t, w.a, draft("Euros", 300_000))
		if _, err := w.SavePlan(t.Context(), w.a, p.ID, 1, d); !fault.Is(err, fault.Invalid) {
			t.Errorf("save: %v", err)
		}
		if _, err := w.CreatePlan(t.Context(), authz.Everything("test"), draft("Nobody's", 1)); !fault.Is(err, fault.Denied) {
			t.Errorf("without an operator: %v", err)
		}
		if _, err := w.CreatePlan(t.Context(), w.a, tariff.Draft{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("empty: %v", err)
		}
	})
}
