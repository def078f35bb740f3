package main_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"

	"ccms/cpsim"
	"ccms/internal/app"
	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/store/pgtest"
	"ccms/internal/tariff"
)

// onSQLite is a fresh data folder.
func onSQLite(t *testing.T) setting {
	t.Helper()
	return setting{dir: t.TempDir()}
}

// onPostgres is a fresh database of pg with a key file.
func onPostgres(t *testing.T, pg *pgtest.Server) setting {
	t.Helper()
	s := setting{dir: t.TempDir(), url: pg.URL(t)}
	if _, err := store.LoadKeys(filepath.Join(s.dir, "keys"), true); err != nil {
		t.Fatal(err)
	}
	return s
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// open opens the data beside the program, which must not be running: services and
// rows as the program itself sees them.
func (s setting) open(t *testing.T) *app.App {
	t.Helper()
	c := app.Config{DataDir: s.dir, DatabaseURL: s.url, Log: quiet}
	if err := app.Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// world is an operator with points, each with a driver, a card and money.
type world struct {
	operator ident.Operator
	scope    authz.Scope
	points   []cpsim.LoadPoint
	byName   map[string]ident.ChargePoint // by identity
	wallets  map[string]ident.Account     // by identity
	plan     tariff.Plan
	flags    []session.Flag // that a session may have in the end
}

const deposit = 100_000 // minor units on each wallet

// furnish makes an operator with n points of one connector. The plan has one price
// for energy and nothing else, so that the test works out each bill by itself.
func (s setting) furnish(t *testing.T, n int) *world {
	t.Helper()
	a := s.open(t)
	defer a.Store.Close()
	ctx := t.Context()
	try := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	o, err := a.Operators.CreateOperator(ctx, authz.Everything("test"), operator.NewOperator{Name: "A3E", Currency: "EUR", TimeZone: "Europe/Berlin"})
	try(err)
	w := &world{operator: o.ID, scope: authz.ForSystem(o.ID, "test"), points: make([]cpsim.LoadPoint, n),
		byName: map[string]ident.ChargePoint{}, wallets: map[string]ident.Account{}}
	price, err := money.ParseRate("0.40")
	try(err)
	w.plan, err = a.Tariffs.CreatePlan(ctx, w.scope, tariff.Draft{
		Name: "flat", Currency: "EUR", Electricity: []tariff.Band{{From: 0, To: 24 * 60, Price: price}}, Hold: money.New(5000, "EUR"),
	})
	try(err)
	_, err = a.Operators.UpdateOperator(ctx, w.scope, o.ID, o.Version, operator.OperatorChange{DefaultPlan: &w.plan.ID})
	try(err)
	site, err := a.Assets.CreateSite(ctx, w.scope, asset.Site{Name: "A3E_station", Address: "C-333, Dulcinea, Copiapó", TimeZone: "Europe/Berlin"})
	try(err)

	var mu sync.Mutex
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { // joined commits: together they take a fraction of the time
			errs[i] = func() error {
				p := cpsim.LoadPoint{Identity: fmt.Sprintf("CP%04d", i+1), Tag: fmt.Sprintf("04A1B2C3D4%04X", i+1)}
				cp, key, err := a.Assets.CreateChargePoint(ctx, w.scope, asset.NewChargePoint{
					Site: site.ID, Identity: p.Identity, Name: p.Identity, Type: asset.AC, MaxPower: 22000,
					Connectors: []asset.ConnectorSpec{{Number: 1, MaxPower: 22000}},
				})
				if err != nil {
					return err
				}
				p.Password = key
				d, err := a.Members.CreateDriver(ctx, w.scope, member.Driver{Account: fmt.Sprintf("driver%d@example.com", i+1), Email: fmt.Sprintf("driver%d@example.com", i+1)})
				if err != nil {
					return err
				}
				if _, err := a.Members.CreateToken(ctx, w.scope, member.Token{Driver: d.ID, UID: p.Tag}); err != nil {
					return err
				}
				_, err = a.Ledger.Recharge(ctx, w.scope, ledger.RechargeRequest{
					Driver: d.ID, Account: d.Wallet, Amount: money.New(deposit, "EUR"), From: ledger.FromAdmin, Reason: "test", Key: p.Identity,
				})
				mu.Lock()
				defer mu.Unlock()
				w.points[i], w.byName[p.Identity], w.wallets[p.Identity] = p, cp.ID, d.Wallet
				return err
			}()
		})
	}
	wg.Wait()
	try(errors.Join(errs...))
	return w
}

func (w *world) identity(p ident.ChargePoint) string {
	for identity, id := range w.byName {
		if id == p {
			return identity
		}
	}
	return p.String()
}
