package ledger_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// world is two operators on one database, the first with two sub-operators.
type world struct {
	*ledger.Service
	st         *store.Store
	clock      *storetest.Clock
	a, b       authz.Scope // staff
	sub1, sub2 authz.Scope // staff of a's sub-operators
	point      authz.Scope // a charge point of a
	subPoint   authz.Scope // a charge point of the first sub-operator
	wallets    int
}

func each(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB, func(*store.Options)) *store.Store{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, newWorld(t, open))
		})
	}
}

func newWorld(t *testing.T, open func(testing.TB, func(*store.Options)) *store.Store) *world {
	t.Helper()
	w := &world{clock: storetest.NewClock()}
	w.st = open(t, func(o *store.Options) { o.Now = w.clock.Now })
	w.Service = ledger.New(w.write, w.read)
	now := w.clock.Now()
	a, b := ident.New[ident.Operator](now), ident.New[ident.Operator](now)
	s1, s2 := ident.New[ident.SubOperator](now), ident.New[ident.SubOperator](now)
	staff := authz.Actor{Staff: ident.New[ident.Staff](now)}
	w.a, w.b = authz.ForStaff(a, ident.SubOperator{}, staff), authz.ForStaff(b, ident.SubOperator{}, staff)
	w.sub1, w.sub2 = authz.ForStaff(a, s1, staff), authz.ForStaff(a, s2, staff)
	w.point = authz.ForChargePoint(a, ident.SubOperator{}, ident.New[ident.ChargePoint](now))
	w.subPoint = authz.ForChargePoint(a, s1, ident.New[ident.ChargePoint](now))
	must(t, w.st.Write(t.Context(), authz.Everything("test"), func(tx *store.Tx) error {
		for i, o := range []ident.Operator{a, b} {
			if err := tx.InsertOperator(operator.Operator{ID: o, Name: "Operator", Code: fmt.Sprintf("0100%02d", i),
				Currency: "EUR", TimeZone: "Asia/Shanghai", Version: 1}); err != nil {
				return err
			}
		}
		return nil
	}))
	return w
}

func (w *world) write(ctx context.Context, sc authz.Scope, fn func(ledger.Tx) error) error {
	return w.st.Write(ctx, sc, func(tx *store.Tx) error { return fn(tx) })
}

func (w *world) read(ctx context.Context, sc authz.Scope, fn func(ledger.Tx) error) error {
	return w.st.Read(ctx, sc, func(tx *store.Tx) error { return fn(tx) })
}

// in runs fn as one transaction and fails the test where fn fails.
func (w *world) in(t *testing.T, sc authz.Scope, fn func(ledger.Tx) error) {
	t.Helper()
	must(t, w.write(t.Context(), sc, fn))
}

// wallet opens one with something in it.
func (w *world) wallet(t *testing.T, sc authz.Scope, balance string) ident.Account {
	t.Helper()
	w.wallets++
	var id ident.Account
	w.in(t, sc, func(tx ledger.Tx) (err error) {
		id, err = ledger.OpenWallet(tx, sc.Operator(), sc.Sub(), "EUR", fmt.Sprintf("101%08d", w.wallets))
		return err
	})
	if balance != "0" {
		w.recharge(t, sc, id, balance)
	}
	return id
}

func (w *world) recharge(t *testing.T, sc authz.Scope, id ident.Account, amount string) ledger.Recharge {
	t.Helper()
	r, err := w.Recharge(t.Context(), sc, ledger.RechargeRequest{Driver: driver, Account: id, Amount: eur(amount), From: ledger.FromAdmin,
		Reason: "welcome", Key: fmt.Sprintf("%s %s %d", id, amount, time.Now().UnixNano())})
	must(t, err)
	return r
}

var driver = ident.New[ident.Driver](time.Unix(1_772_355_600, 0))

func newSession() ident.Session { return ident.New[ident.Session](time.Unix(1_772_355_600, 0)) }

// hold places one for a new session.
func (w *world) hold(t *testing.T, sc authz.Scope, a ident.Account, want string) ledger.Hold {
	t.Helper()
	var h ledger.Hold
	w.in(t, sc, func(tx ledger.Tx) (err error) {
		h, err = ledger.PlaceHold(tx, ledger.HoldRequest{Account: a, Session: newSession(), Sub: sc.Sub(), Want: eur(want), Least: eur("0")})
		return err
	})
	return h
}

func (w *world) capture(t *testing.T, sc authz.Scope, h ledger.Hold, b tariff.Bill, key string) ledger.Settlement {
	t.Helper()
	var s ledger.Settlement
	w.in(t, sc, func(tx ledger.Tx) (err error) {
		s, err = ledger.Capture(tx, h, b, key)
		return err
	})
	return s
}

// has checks a wallet's balance and what is held.
func (w *world) has(t *testing.T, a ident.Account, balance, held string) {
	t.Helper()
	now, err := w.Balance(t.Context(), w.a, a)
	must(t, err)
	if now.Balance != eur(balance) || now.Held != eur(held) {
		t.Errorf("the wallet has %v and holds %v, want %s and %s", now.Balance, now.Held, balance, held)
	}
}

// sound checks that all books balance and every wallet is what its rows say.
func (w *world) sound(t *testing.T) {
	t.Helper()
	all := authz.Everything("test")
	sums, err := w.TrialBalance(t.Context(), all)
	must(t, err)
	must(t, ledger.Balanced(sums))
	drifts, err := w.CheckBalances(t.Context(), all)
	must(t, err)
	if len(drifts) > 0 {
		t.Errorf("wallets that are not what their rows say: %+v", drifts)
	}
}

// books are the sums that a scope sees, as text.
func (w *world) books(t *testing.T, sc authz.Scope) map[ledger.Book]string {
	t.Helper()
	sums, err := w.TrialBalance(t.Context(), sc)
	must(t, err)
	out := map[ledger.Book]string{}
	for _, s := range sums {
		out[s.Book] = s.Sum.Decimal()
	}
	return out
}

// bill is what energy costs under the plan of bill B1, 0.30 and 0.10 with 20 % tax.
func bill(energy unit.Wh) tariff.Bill {
	d := tariff.Draft{Name: "B1", Currency: "EUR", VAT: 200, ServicePerKWh: 100_000, Electricity: []tariff.Band{{To: 1440, Price: 300_000}}}
	p, err := d.Plan()
	if err != nil {
		panic(err)
	}
	at := time.Unix(1_772_355_600, 0)
	b, err := tariff.Rate(p, tariff.Usage{Start: at, Stop: at.Add(time.Hour), Energy: energy}, time.UTC)
	if err != nil {
		panic(err)
	}
	return b
}

func eur(s string) money.Amount {
	if s == "0" {
		return money.New(0, "EUR")
	}
	a, err := money.ParseAmount(s, "EUR")
	if err != nil {
		panic(err)
	}
	return a
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
