package member_test

import (
	"context"
	"fmt"
	"testing"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

// world is two operators, the first with two sub-operators, on one database.
type world struct {
	*member.Service
	st    *store.Store
	url   string
	clock *storetest.Clock

	a, b       authz.Scope // staff of the operators
	sub1, sub2 authz.Scope // staff of the sub-operators of a
	point1     authz.Scope // a charge point of the first sub-operator

	wallets map[ident.Account]member.Driver // opened
	blocked error                           // what Blockers says
}

// each runs f on both engines, each with a clock of its own.
func each(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB, func(*store.Options)) *store.Store{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{clock: storetest.NewClock()}
			w.st = open(t, func(o *store.Options) { o.Now, w.url = w.clock.Now, o.URL })
			w.setUp(t)
			f(t, w)
		})
	}
}

func (w *world) setUp(t *testing.T) {
	now := w.clock.Now()
	a, b := ident.New[ident.Operator](now), ident.New[ident.Operator](now)
	s1, s2 := ident.New[ident.SubOperator](now), ident.New[ident.SubOperator](now)
	staff := authz.Actor{Staff: ident.New[ident.Staff](now)}
	w.a, w.b = authz.ForStaff(a, ident.SubOperator{}, staff), authz.ForStaff(b, ident.SubOperator{}, staff)
	w.sub1, w.sub2 = authz.ForStaff(a, s1, staff), authz.ForStaff(a, s2, staff)
	w.point1 = authz.ForChargePoint(a, s1, ident.New[ident.ChargePoint](now))
	w.wallets = map[ident.Account]member.Driver{}
	w.Service = member.New(w.write, w.read, member.Options{
		OpenAccount: func(tx member.Tx, d member.Driver) (ident.Account, error) {
			id := ident.New[ident.Account](tx.Now())
			w.wallets[id] = d
			return id, nil
		},
		Blockers: func(member.Tx, member.Driver) error { return w.blocked },
	})
	must(t, w.st.Write(t.Context(), w.a, func(tx *store.Tx) error {
		for i, s := range []ident.SubOperator{s1, s2} {
			if err := tx.InsertSubOperator(operator.SubOperator{ID: s, Operator: a, No: i + 1, Name: "Sub", Status: operator.SubValid, Version: 1}); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (w *world) write(ctx context.Context, sc authz.Scope, fn func(member.Tx) error) error {
	return w.st.Write(ctx, sc, func(tx *store.Tx) error { return fn(tx) })
}

func (w *world) read(ctx context.Context, sc authz.Scope, fn func(member.Tx) error) error {
	return w.st.Read(ctx, sc, func(tx *store.Tx) error { return fn(tx) })
}

// driver makes a driver who is nothing but an account.
func (w *world) driver(t *testing.T, sc authz.Scope, account string) member.Driver {
	t.Helper()
	return ok(w.CreateDriver(t.Context(), sc, member.Driver{Account: account}))(t)
}

// card makes a card of the driver.
func (w *world) card(t *testing.T, sc authz.Scope, d member.Driver, uid string) member.Holder {
	t.Helper()
	return ok(w.CreateToken(t.Context(), sc, member.Token{Driver: d.ID, UID: uid}))(t)
}

// present is what a charge point in the scope finds for a card.
func (w *world) present(t *testing.T, sc authz.Scope, uid string) (h member.Holder) {
	t.Helper()
	must(t, w.read(t.Context(), sc, func(tx member.Tx) (err error) {
		h, err = tx.TokenByUID(uid)
		return err
	}))
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ok(f())(t) is the value of f, or the end of the test.
func ok[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused fails the test where err is not a fault with the code.
func refused(t *testing.T, err error, code string) {
	t.Helper()
	if err == nil || fault.Of(err).Code != code {
		t.Errorf("want the fault %q, have %v", code, err)
	}
}

func names[T any](items []T, name func(T) string) string {
	var out []string
	for _, i := range items {
		out = append(out, name(i))
	}
	return fmt.Sprint(out)
}
