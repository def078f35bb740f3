package pay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/pay"
	"ccms/internal/psp"
	"ccms/internal/psp/psptest"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

// world is one operator with keys at a Stripe and a PayPal of its own, and a driver's
// wallet.
type world struct {
	*testing.T
	*pay.Service
	st     *store.Store
	clock  *storetest.Clock
	stripe *psptest.Stripe
	paypal *psptest.PayPal
	staff  authz.Scope
	wallet ident.Account
	driver ident.Driver
	card   ident.Card
	dies   *dying
	serial int
	url    string
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	t.Parallel()
	for name, open := range map[string]func(testing.TB, func(*store.Options)) *store.Store{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(newWorld(t, open))
		})
	}
}

func newWorld(t *testing.T, open func(testing.TB, func(*store.Options)) *store.Store) *world {
	t.Helper()
	w := &world{T: t, clock: storetest.NewClock(), stripe: psptest.NewStripe(), paypal: psptest.NewPayPal(), dies: &dying{}}
	t.Cleanup(w.stripe.Close)
	t.Cleanup(w.paypal.Close)
	w.stripe.Now, w.paypal.Now = w.clock.Now, w.clock.Now
	w.st = open(t, func(o *store.Options) { o.Now, w.url = w.clock.Now, o.URL })
	w.restart()
	now := w.clock.Now()
	op := ident.New[ident.Operator](now)
	w.driver = ident.New[ident.Driver](now)
	w.staff = authz.ForStaff(op, ident.SubOperator{}, authz.Actor{Staff: ident.New[ident.Staff](now)})
	w.must(w.st.Write(t.Context(), authz.Everything("test"), func(tx *store.Tx) error {
		return tx.InsertOperator(operator.Operator{ID: op, Name: "Operator", Code: "010001", Currency: "EUR", TimeZone: "Europe/Berlin", Version: 1})
	}))
	w.in(func(tx *store.Tx) (err error) {
		if w.wallet, err = ledger.OpenWallet(tx, op, ident.SubOperator{}, "EUR", "10100000001"); err != nil {
			return err
		}
		w.card = ident.New[ident.Card](now)
		return tx.InsertCard(pay.SavedCard{ID: w.card, Operator: op, Driver: w.driver, Provider: pay.Stripe, At: now,
			Card: pay.Card{Brand: "visa", Last4: "4242", Month: 12, Year: 2034, Customer: "cus_trial", Method: psptest.GoodCard}})
	})
	text := func(s string) *string { return &s }
	for _, c := range []pay.OptionChange{
		{Method: pay.ByCard, Enabled: true, Key: text(psptest.StripeKey), Webhook: text(psptest.StripeHook), Version: 1},
		{Method: pay.ByPayPal, Enabled: true, ID: text(psptest.PayPalID), Key: text(psptest.PayPalKey), Webhook: text(psptest.PayPalHook), Version: 1},
	} {
		_, err := w.SaveOption(t.Context(), w.staff, c)
		w.must(err)
	}
	return w
}

// restart is a new process on the same database.
func (w *world) restart() {
	gates := map[pay.Provider]pay.Gateway{pay.Stripe: gate{psp.NewStripe(w.stripe.URL()), w.dies}, pay.PayPal: gate{psp.NewPayPal(w.paypal.URL()), w.dies}}
	sessions := session.New(func(ctx context.Context, sc authz.Scope, fn func(session.Tx) error) error {
		return w.st.Write(ctx, sc, func(tx *store.Tx) error { return fn(tx) })
	}, nil, "test")
	w.Service = pay.New(w.dies.run(w.st.Write), w.dies.run(w.st.Read), gates, sessions, w.clock.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) in(fn func(*store.Tx) error) {
	w.Helper()
	w.must(w.st.Write(w.Context(), w.staff, fn))
}

// work lets the worker do what becomes due in a time, step by step.
func (w *world) work(d time.Duration) {
	w.Helper()
	end := w.clock.Now().Add(d)
	for {
		if _, err := w.Work(w.Context(), w.clock.Now()); err != nil {
			w.Fatal(err)
		}
		next := w.nextDue()
		if next.IsZero() || next.After(end) {
			w.clock.Advance(end.Sub(w.clock.Now()))
			return
		}
		if now := w.clock.Now(); next.After(now) {
			w.clock.Advance(next.Sub(now))
		}
	}
}

func (w *world) nextDue() (at time.Time) {
	for _, p := range w.all() {
		if !p.DueAt.IsZero() && (at.IsZero() || p.DueAt.Before(at)) {
			at = p.DueAt
		}
	}
	return at
}

func (w *world) all() (out []pay.Payment) {
	w.Helper()
	l, err := w.Payments(w.Context(), w.staff, pay.Filter{}, operator.Page{Limit: 100})
	w.must(err)
	for _, r := range l.Items {
		out = append(out, r.Payment)
	}
	return out
}

func (w *world) get(id ident.Payment) pay.Payment {
	w.Helper()
	d, err := w.Detail(w.Context(), w.staff, id)
	w.must(err)
	return d.Payment
}

func eur(s string) money.Amount {
	a, err := money.ParseAmount(s, "EUR")
	if err != nil {
		panic(err)
	}
	return a
}

func (w *world) topUp(amount string, change ...func(*pay.TopUpRequest)) pay.Payment {
	w.Helper()
	w.serial++
	r := pay.TopUpRequest{Driver: w.driver, Account: w.wallet, Amount: eur(amount), Method: pay.ByCard, ReturnURL: "https://portal.example/back", Key: fmt.Sprintf("key-%d", w.serial)}
	for _, c := range change {
		c(&r)
	}
	p, err := w.TopUp(w.Context(), w.staff, r)
	w.must(err)
	return p
}

func (w *world) savedCard(r *pay.TopUpRequest) { r.Card, r.ReturnURL = w.card, "" }
func byPayPal(r *pay.TopUpRequest)             { r.Method = pay.ByPayPal }

// balance is the wallet's, checked against the books.
func (w *world) balance() string {
	w.Helper()
	var a ledger.Account
	w.must(w.st.Read(w.Context(), w.staff, func(tx *store.Tx) (err error) {
		if a, err = tx.AccountByID(w.wallet); err != nil {
			return err
		}
		if d, err := tx.Drifts(); err != nil || len(d) > 0 {
			return errors.Join(err, fmt.Errorf("drifts %v", d))
		}
		sums, err := tx.BookSums()
		if err == nil {
			err = ledger.Balanced(sums)
		}
		return err
	}))
	return a.Balance.Decimal()
}

func (w *world) recharges() (n int) {
	w.Helper()
	w.must(w.st.Read(w.Context(), w.staff, func(tx *store.Tx) error {
		l, err := tx.RechargePage(ledger.RechargeFilter{}, operator.Page{})
		n = l.Total
		return err
	}))
	return n
}

func (w *world) book(b ledger.Book) string {
	w.Helper()
	out := "0.00"
	w.must(w.st.Read(w.Context(), w.staff, func(tx *store.Tx) error {
		sums, err := tx.BookSums()
		for _, s := range sums {
			if s.Book == b {
				out = s.Sum.Decimal()
			}
		}
		return err
	}))
	return out
}

func (w *world) hear(h psptest.Hook, by pay.Provider) error {
	return w.Hear(w.Context(), w.staff.Operator(), by, pay.Delivery{Header: h.Map(), Body: h.Body})
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return fault.Of(err).Code
}

// dying is a process that ends between two things that it does: a commit, a call. What
// comes later does not happen.
type dying struct {
	mu    sync.Mutex
	after int // events until it ends; 0: it does not
	done  bool
	seen  int
}

var errDead = errors.New("the process has ended")

// event reports whether the process is still there, before what is about to happen.
func (d *dying) event() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.done {
		return errDead
	}
	d.seen++
	if d.after > 0 && d.seen == d.after {
		d.done = true
		return errDead
	}
	return nil
}

func (d *dying) set(after int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.after, d.done, d.seen = after, false, 0
}

func (d *dying) ended() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.done
}

func (d *dying) run(do func(context.Context, authz.Scope, func(*store.Tx) error) error) pay.Run {
	return func(ctx context.Context, sc authz.Scope, fn func(pay.Tx) error) error {
		if err := d.event(); err != nil { // before the commit
			return err
		}
		if err := do(ctx, sc, func(tx *store.Tx) error { return fn(tx) }); err != nil {
			return err
		}
		return d.event() // after it
	}
}

// gate is a gateway of a process that may end before a call and after it.
type gate struct {
	pay.Gateway
	d *dying
}

func (g gate) Do(ctx context.Context, a pay.Access, o pay.Order) (pay.Seen, error) {
	if err := g.d.event(); err != nil {
		return pay.Seen{}, err
	}
	s, err := g.Gateway.Do(ctx, a, o)
	return s, errors.Join(err, g.d.event())
}

func (g gate) Look(ctx context.Context, a pay.Access, o pay.Order) (pay.Seen, error) {
	if err := g.d.event(); err != nil {
		return pay.Seen{}, err
	}
	s, err := g.Gateway.Look(ctx, a, o)
	return s, errors.Join(err, g.d.event())
}
