package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"ccms/cpsim"
	"ccms/internal/app"
	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/ocpp"
	"ccms/internal/operator"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
	"ccms/internal/tariff"
)

var long = os.Getenv("CCMS_LONG") != ""

// size is the full number in the long run, else the small one.
func size(small, whole int) int {
	if long {
		return whole
	}
	return small
}

// patience is reached only by a test that fails.
func patience() time.Duration {
	if long {
		return 15 * time.Minute
	}
	return time.Minute
}

// node is a node with n charge points, each with a driver, a card and money.
type node struct {
	*testing.T
	*app.App
	url     string
	scope   authz.Scope
	points  []cpsim.LoadPoint
	ids     []ident.ChargePoint
	wallets []ident.Account
	errs    *strings.Builder // what it logged as an error
}

// each runs f on both databases, one after the other.
func each(t *testing.T, n int, f func(*node)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		run(t, n, app.Config{DataDir: filepath.Dir(storetest.SQLiteURL(t))}, f)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		dir := t.TempDir()
		cfg := app.Config{DataDir: dir, DatabaseURL: storetest.PostgresURL(t), KeyFile: filepath.Join(dir, "keys")}
		if _, err := store.LoadKeys(cfg.KeyFile, true); err != nil {
			t.Fatal(err)
		}
		run(t, n, cfg, f)
	})
}

// errorLog keeps what is logged as an error.
type errorLog struct {
	mu sync.Mutex
	b  *strings.Builder
}

func (l *errorLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func run(t *testing.T, n int, cfg app.Config, f func(*node)) {
	t.Helper()
	w := &node{T: t, errs: &strings.Builder{}}
	cfg.Log = slog.New(slog.NewTextHandler(io.MultiWriter(&errorLog{b: w.errs}), &slog.HandlerOptions{Level: slog.LevelError}))
	cfg.Login = operator.HashCost{Memory: 64, Time: 1, Threads: 1}
	cfg.Door = ocpp.Options{CallTimeout: commandLimit}
	ctx := context.Background()
	a, err := app.Open(ctx, cfg)
	w.ok(err)
	w.App = a
	w.ok(a.Start(ctx))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	w.ok(err)
	w.url = "ws://" + ln.Addr().String() + "/ocpp"
	srv, front := a.Front(ln)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(front) }()
	t.Cleanup(func() {
		end, cancel := context.WithTimeout(ctx, patience())
		defer cancel()
		w.books(end)
		if err := a.Stop(end, srv.Shutdown); err != nil {
			t.Errorf("stopping: %v", err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serving ended with %v", err)
		}
		if w.errs.Len() > 0 {
			t.Errorf("the node logged:\n%.4000s", w.errs)
		}
	})
	w.furnish(n)
	f(w)
}

func (w *node) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// books checks that the ledger sums to zero and every wallet is what its postings say.
func (w *node) books(ctx context.Context) {
	w.Helper()
	sc := authz.Everything("test")
	sums, err := w.Ledger.TrialBalance(ctx, sc)
	if err == nil {
		err = ledger.Balanced(sums)
	}
	if err != nil {
		w.Errorf("the books: %v", err)
	}
	if drifts, err := w.Ledger.CheckBalances(ctx, sc); err != nil || len(drifts) > 0 {
		w.Errorf("wallets and their postings differ: %+v (%v)", drifts, err)
	}
}

func (w *node) furnish(n int) {
	w.Helper()
	ctx := w.Context()
	o, err := w.Operators.CreateOperator(ctx, authz.Everything("test"), operator.NewOperator{Name: "A3E", Currency: "EUR", TimeZone: "Europe/Berlin"})
	w.ok(err)
	w.scope = authz.ForSystem(o.ID, "test")
	price, err := money.ParseRate("0.40")
	w.ok(err)
	plan, err := w.Tariffs.CreatePlan(ctx, w.scope, tariff.Draft{
		Name: "flat", Currency: "EUR", Electricity: []tariff.Band{{From: 0, To: 24 * 60, Price: price}}, Hold: money.New(5000, "EUR"),
	})
	w.ok(err)
	_, err = w.Operators.UpdateOperator(ctx, w.scope, o.ID, o.Version, operator.OperatorChange{DefaultPlan: &plan.ID})
	w.ok(err)
	site, err := w.Assets.CreateSite(ctx, w.scope, asset.Site{Name: "A3E_station", Address: "C-333, Dulcinea, Copiapó", TimeZone: "Europe/Berlin"})
	w.ok(err)
	w.points, w.ids, w.wallets = make([]cpsim.LoadPoint, n), make([]ident.ChargePoint, n), make([]ident.Account, n)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(60)
	for i := range n {
		g.Go(func() error {
			p := cpsim.LoadPoint{Identity: fmt.Sprintf("CP%05d", i+1), Tag: fmt.Sprintf("04A1B2C3%06X", i+1)}
			cp, key, err := w.Assets.CreateChargePoint(ctx, w.scope, asset.NewChargePoint{
				Site: site.ID, Identity: p.Identity, Name: p.Identity, Type: asset.AC, MaxPower: 22000,
				Connectors: []asset.ConnectorSpec{{Number: 1, MaxPower: 22000}},
			})
			if err != nil {
				return err
			}
			p.Password = key
			d, err := w.Members.CreateDriver(ctx, w.scope, member.Driver{Account: p.Identity + "@example.com", Email: p.Identity + "@example.com"})
			if err != nil {
				return err
			}
			if _, err := w.Members.CreateToken(ctx, w.scope, member.Token{Driver: d.ID, UID: p.Tag}); err != nil {
				return err
			}
			_, err = w.Ledger.Recharge(ctx, w.scope, ledger.RechargeRequest{
				Driver: d.ID, Account: d.Wallet, Amount: money.New(1_000_000, "EUR"), From: ledger.FromAdmin, Reason: "test", Key: p.Identity,
			})
			w.points[i], w.ids[i], w.wallets[i] = p, cp.ID, d.Wallet
			return err
		})
	}
	w.ok(g.Wait())
}

// until waits for what another goroutine makes true.
func (w *node) until(what string, is func() bool) {
	w.Helper()
	if !w.comes(is) {
		w.Fatalf("waited in vain: %s", what)
	}
}

// comes reports whether what another goroutine makes true comes true.
func (w *node) comes(is func() bool) bool {
	over := time.NewTimer(patience())
	defer over.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-over.C:
			return false
		}
	}
	return true
}

// held is what the process holds: both the node and the charge points are in it, and
// neither may keep anything of the other.
type held struct {
	goroutines int
	memory     uint64 // of the heap and of stacks, in use
	forever    uint64 // of that: descriptors of goroutines, which the runtime keeps
}

// descriptors is what the runtime has got for goroutines so far; the tests of this package
// run one after the other.
var descriptors uint64

func holds() held {
	debug.FreeOSMemory() // collects
	runtime.GC()         // again: what finalizers let go
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return held{runtime.NumGoroutine(), m.HeapAlloc + m.StackInuse, 0}
}

// slack is what pools and caches of the whole process may keep, whatever the load, and
// tables what those of connections keep for each that there was: Go's maps and the
// runtime's timers do not shrink. It is kept once, however often they come.
const (
	slack  = 3 << 20
	tables = 256
)

// back waits until the process holds what it held before, within 10 %.
func (w *node) back(before held) {
	w.Helper()
	var now held
	most := before.memory + (before.memory-before.forever)/10 + slack + tables*uint64(len(w.points))
	over := time.Now().Add(patience())
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		now = holds()
		if now.goroutines <= before.goroutines+before.goroutines/10+2 && now.memory <= most {
			break
		}
		if time.Now().After(over) {
			var b strings.Builder
			_ = pprof.Lookup("goroutine").WriteTo(&b, 1) // to memory
			w.Errorf("after the load the process holds %d goroutines and %d KiB, before %d and %d\n%.4000s",
				now.goroutines, now.memory>>10, before.goroutines, before.memory>>10, &b)
			return
		}
		<-tick.C
	}
	w.Logf("goroutines %d → %d, memory %d KiB → %d KiB", before.goroutines, now.goroutines, before.memory>>10, now.memory>>10)
}

// warm lets a few points do what the load will do, so that what is made once is made.
func (w *node) warm() held {
	w.Helper()
	few := *w
	few.points = w.points[:min(10, len(w.points))]
	few.load(order{Sessions: 2, Samples: 4}, nil)
	w.until("the warm points are gone", func() bool { return w.Door.Connected() == 0 })
	before := holds()
	// The runtime keeps the descriptor of a goroutine that has ended for the next one, for
	// ever: those of so many at once as the load may have are made here, and counted apart.
	const each = 4
	var there, gone sync.WaitGroup
	end := make(chan struct{})
	for range each * len(w.points) {
		there.Add(1)
		gone.Go(func() { there.Done(); <-end })
	}
	there.Wait()
	close(end)
	gone.Wait()
	w.until("these goroutines are gone", func() bool { return runtime.NumGoroutine() <= before.goroutines })
	now := holds()
	descriptors += now.memory - min(before.memory, now.memory)
	now.forever = min(descriptors, now.memory)
	w.Logf("before: %d goroutines, %d KiB without %d KiB of goroutines that were", now.goroutines, (now.memory-now.forever)>>10, now.forever>>10)
	return now
}
