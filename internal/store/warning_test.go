package store_test

import (
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
	"ccms/internal/upkeep"
)

// warned stores one warning of a point, taken through the events given.
func warned(t *testing.T, st *store.Store, op ident.Operator, sub ident.SubOperator, at time.Time, then ...func(upkeep.Warning) upkeep.Event) upkeep.Warning {
	t.Helper()
	out := upkeep.Apply(upkeep.Subject{Watch: upkeep.Watch{Operator: op, Sub: sub, Point: ident.New[ident.ChargePoint](at)}},
		upkeep.Knocked{Identity: "X", At: at}, at)
	w := out.Warnings[0]
	write(t, st, authz.ForSystem(op, "test"), func(tx *store.Tx) error { return tx.SaveWarning(w) })
	for _, ev := range then {
		out = upkeep.Apply(upkeep.Subject{Live: []upkeep.Warning{w.Warning}}, ev(w.Warning), at)
		w = out.Warnings[0]
		write(t, st, authz.ForSystem(op, "test"), func(tx *store.Tx) error { return tx.SaveWarning(w) })
	}
	return w.Warning
}

func cleared(w upkeep.Warning) upkeep.Event { return upkeep.Clear{ID: w.ID, Actor: "x", Reason: "y"} }

func TestAWarningComesBackAsItWasStored(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op, sub := newOperator(), newSub()
		want := warned(t, st, op, sub, instant, func(w upkeep.Warning) upkeep.Event { return upkeep.Acknowledge{ID: w.ID, Actor: "staff"} }, cleared)
		err := st.Read(t.Context(), authz.ForStaff(op, sub, authz.Actor{}), func(tx *store.Tx) error {
			r, err := tx.WarningRow(want.ID)
			if err == nil && r.Warning != want {
				t.Errorf("%+v\n%+v", r.Warning, want)
			}
			if r.SiteName != "" || r.PointStatus != "" {
				t.Errorf("of no site and no point: %+v", r)
			}
			entries, err2 := tx.WarningEntries(want.ID, 10)
			if len(entries) != 3 || entries[0].Kind != upkeep.WasCleared || entries[0].Note != "y" {
				t.Errorf("%+v", entries)
			}
			if err == nil {
				err = err2
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// A sub-operator sees its own warnings and no other's.
func TestWarningsKeepToTheirOwner(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op, mine, other := newOperator(), newSub(), newSub()
		warned(t, st, op, ident.SubOperator{}, instant)
		warned(t, st, op, other, instant)
		warned(t, st, newOperator(), ident.SubOperator{}, instant)
		w := warned(t, st, op, mine, instant)
		for name, want := range map[string]int{"sub": 1, "operator": 3} {
			sc := authz.ForStaff(op, mine, authz.Actor{})
			if name == "operator" {
				sc = authz.ForStaff(op, ident.SubOperator{}, authz.Actor{})
			}
			if err := st.Read(t.Context(), sc, func(tx *store.Tx) error {
				l, err := tx.WarningList(upkeep.Filter{Top: true}, operator.Page{})
				if len(l.Items) != want || want == 1 && l.Items[0].ID != w.ID {
					t.Errorf("%s sees %d", name, len(l.Items))
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Only what has ended goes by age, with its history.
func TestOldWarningsGoWithTheirHistory(t *testing.T) {
	t.Parallel()
	storetest.EachWith(t, func(o *store.Options) { o.Now = func() time.Time { return instant } }, func(t *testing.T, st *store.Store) {
		op := newOperator()
		stands, ended := warned(t, st, op, ident.SubOperator{}, instant), warned(t, st, op, ident.SubOperator{}, instant, cleared)
		if n, err := st.Prune(t.Context(), instant.AddDate(0, 0, 399)); err != nil || n != 0 {
			t.Fatalf("after 399 days %d rows went, %v", n, err)
		}
		if _, err := st.Prune(t.Context(), instant.AddDate(0, 0, 401)); err != nil {
			t.Fatal(err)
		}
		if err := st.Read(t.Context(), authz.ForSystem(op, "test"), func(tx *store.Tx) error {
			if _, err := tx.WarningRow(stands.ID); err != nil {
				t.Errorf("what stands went: %v", err)
			}
			if _, err := tx.WarningRow(ended.ID); err == nil {
				t.Error("what has ended is still there")
			}
			for id, want := range map[ident.Warning]int{stands.ID: 1, ended.ID: 0} {
				if e, err := tx.WarningEntries(id, 10); err != nil || len(e) != want {
					t.Errorf("%d lines of history, %v, want %d", len(e), err, want)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}
