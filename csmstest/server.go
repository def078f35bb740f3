package csmstest

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"ccms/internal/app"
	"ccms/internal/authz"
	"ccms/internal/ledger"
	"ccms/internal/ocpp"
	"ccms/internal/ocpp/files"
	"ccms/internal/ocpp/wire"
	"ccms/internal/operator"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
	"ccms/internal/upkeep"
)

// Options of a World. The zero value suits most tests.
type Options struct {
	// BootGrace and CallTimeout run by the real clock. Zero: an hour, so that nothing
	// happens in a test that it did not ask for.
	BootGrace, CallTimeout time.Duration
	// Settle runs by the real clock too. Zero: none to speak of.
	Settle time.Duration
	// Front and Wire are the limits of the HTTP server and of charge points' sockets.
	Front app.FrontLimits
	Wire  wire.Limits
	// TrustProxy believes the header X-Forwarded-For, by which a test is another address.
	TrustProxy bool
	// TLS listens for charge points by TLS too, at Secure.
	TLS bool
	// Files takes and gives files of charge points, by HTTP and by FTP.
	Files bool
	// MaxUpload is the largest file of a charge point, in bytes.
	MaxUpload int64
	// Providers are where payment providers are; zero: nowhere that can be reached.
	Providers app.Providers
	// Errors allows the server to log errors.
	Errors bool
}

// World is one node with a database of its own, and what a test made in it.
type World struct {
	*testing.T
	Clock  *storetest.Clock
	App    *app.App
	Addr   string // host:port it listens on
	Secure string // host:port for charge points by TLS
	Server *Log   // what the node logs
	// ServerCA signs the server's certificates.
	ServerCA *CA
	Fixtures

	opt      Options
	cfg      app.Config
	srv      *http.Server
	secure   *http.Server
	served   chan error
	beats    map[time.Duration]chan time.Time
	roots    *x509.CertPool // of selfSigned
	mu       sync.Mutex
	conns    []*Conn
	serial   int
	finished bool
}

// Each runs f against both databases, as parallel subtests.
func Each(t *testing.T, f func(w *World)) {
	t.Helper()
	EachWith(t, Options{}, f)
}

// EachWith is Each with options.
func EachWith(t *testing.T, o Options, f func(w *World)) {
	t.Helper()
	t.Parallel()
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			on(t, engine, o, f)
		})
	}
}

// on runs f against one database.
func on(t *testing.T, engine string, o Options, f func(w *World)) {
	t.Helper()
	if engine == "SQLite" {
		f(newWorld(t, o, app.Config{DataDir: filepath.Dir(storetest.SQLiteURL(t))}))
		return
	}
	dir := t.TempDir()
	cfg := app.Config{DataDir: dir, DatabaseURL: storetest.PostgresURL(t), KeyFile: filepath.Join(dir, "keys")}
	if _, err := store.LoadKeys(cfg.KeyFile, true); err != nil {
		t.Fatal(err)
	}
	f(newWorld(t, o, cfg))
}

func newWorld(t *testing.T, o Options, cfg app.Config) *World {
	if o.BootGrace == 0 {
		o.BootGrace = time.Hour
	}
	if o.CallTimeout == 0 {
		o.CallTimeout = time.Hour
	}
	if o.Settle == 0 {
		o.Settle = time.Nanosecond
	}
	w := &World{T: t, Clock: storetest.NewClock(), Server: &Log{}, opt: o, cfg: cfg, beats: map[time.Duration]chan time.Time{}}
	w.cfg.Now = w.Clock.Now
	w.cfg.Log = slog.New(slog.NewTextHandler(w.Server, &slog.HandlerOptions{Level: slog.LevelInfo}))
	w.cfg.Login = operator.HashCost{Memory: 64, Time: 1, Threads: 1}
	w.cfg.Door = ocpp.Options{BootGrace: o.BootGrace, CallTimeout: o.CallTimeout, Settle: o.Settle, Limits: o.Wire}
	w.cfg.Front, w.cfg.TrustProxy = o.Front, o.TrustProxy
	if w.cfg.Providers = o.Providers; w.cfg.Providers == (app.Providers{}) {
		w.cfg.Providers = app.Providers{Stripe: "http://127.0.0.1:1", PayPal: "http://127.0.0.1:1"}
	}
	if o.Files {
		w.cfg.Transfers = app.Files{FTP: files.FTP{Addr: "127.0.0.1:0", FTPSAddr: "127.0.0.1:0", TLS: w.selfSigned()}, MaxUpload: o.MaxUpload}
	}
	w.cfg.Beat = func(d time.Duration) (<-chan time.Time, func()) {
		c := make(chan time.Time)
		w.mu.Lock()
		w.beats[d] = c
		w.mu.Unlock()
		return c, func() {}
	}
	if o.TLS {
		w.ServerCA = w.NewCA("server root")
		dir := t.TempDir()
		w.cfg.TLS = []app.CertificateFiles{w.ServerCA.writeServer(dir, "rsa", w.RSAKey(2048)), w.ServerCA.writeServer(dir, "ecdsa", w.ECKey())}
	}
	w.Start()
	t.Cleanup(w.finish)
	w.furnish()
	return w
}

// Start opens the node on its data and listens.
func (w *World) Start() {
	w.Helper()
	ctx := context.Background()
	a, err := app.Open(ctx, w.cfg)
	w.OK(err)
	w.OK(a.Start(ctx))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	w.OK(err)
	w.App, w.Addr = a, ln.Addr().String()
	if w.opt.Files {
		a.Upkeep.Offer(upkeep.Offers{Web: "http://" + w.Addr, FTP: a.Files.FTPAddrs()[0].String(), FTPS: a.Files.FTPAddrs()[1].String(), Usual: upkeep.FTP})
	}
	srv, front := a.Front(ln)
	w.srv, w.served = srv, make(chan error, 2)
	go func(served chan<- error) { served <- srv.Serve(front) }(w.served)
	if w.opt.TLS {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		w.OK(err)
		srv, front := a.SecureFront(ln)
		w.secure, w.Secure = srv, ln.Addr().String()
		go func(served chan<- error) { served <- srv.Serve(front) }(w.served)
	}
}

// Stop drains the node as SIGTERM does.
func (w *World) Stop() {
	w.Helper()
	if w.App == nil {
		return
	}
	end, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	servers := []*http.Server{w.srv}
	if w.secure != nil {
		servers = append(servers, w.secure)
	}
	shut := make(chan error, len(servers))
	for _, s := range servers {
		go func() { shut <- s.Shutdown(end) }()
	}
	if err := w.App.Stop(end); err != nil {
		w.Errorf("stopping the node: %v", err)
	}
	for range servers {
		if err := <-shut; err != nil {
			w.Errorf("stopping the node: %v", err)
		}
		if err := <-w.served; !errors.Is(err, http.ErrServerClosed) {
			w.Errorf("serving ended with %v", err)
		}
	}
	w.App = nil
}

// finish checks what holds after every test, and ends everything.
func (w *World) finish() {
	w.finished = true
	if w.App == nil {
		return
	}
	w.Books()
	for _, c := range w.open() {
		c.Drop()
	}
	w.Stop()
	if errs := append(w.Server.Lines("level=ERROR"), w.Server.Lines("frames not kept")...); len(errs) > 0 && !w.opt.Errors {
		w.Errorf("the server logged:\n%s", strings.Join(errs, "\n"))
	}
	if w.Failed() && len(w.Server.String()) > 0 && testing.Verbose() {
		w.Logf("log of the server:\n%s", w.Server)
	}
}

// Books fails the test unless the ledger sums to zero and every wallet is what its
// postings and holds say.
func (w *World) Books() {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	sc := authz.Everything("test")
	sums, err := w.App.Ledger.TrialBalance(ctx, sc)
	if err == nil {
		err = ledger.Balanced(sums)
	}
	if err != nil {
		w.Errorf("trial balance: %v: %v", err, sums)
	}
	drifts, err := w.App.Ledger.CheckBalances(ctx, sc)
	if err != nil || len(drifts) > 0 {
		w.Errorf("wallets and their postings differ: %+v (%v)", drifts, err)
	}
}

// Now is the server's clock.
func (w *World) Now() time.Time { return w.Clock.Now() }

// Advance moves the clock by d, lets every connected charge point send a Heartbeat,
// as it would have meanwhile, and runs what is due.
func (w *World) Advance(d time.Duration) {
	w.Helper()
	w.Clock.Advance(d)
	for _, c := range w.open() {
		if !c.Silent {
			c.Call("Heartbeat", nil)
		}
	}
	w.App.Door.Seen(w.Context())
	w.Timers()
}

// Timers runs what is due now: timers of sessions, deadlines of commands, warnings.
func (w *World) Timers() {
	w.Helper()
	for range 20 { // what a timer sets going may be due at once
		n, err := w.App.Sessions.Sweep(w.Context(), w.Now())
		w.OK(err)
		if n == 0 {
			break
		}
	}
	_, err := w.App.Sessions.ExpireCommands(w.Context())
	w.OK(err)
	_, err = w.App.Sessions.SweepReservations(w.Context(), w.Now())
	w.OK(err)
	_, err = w.App.Assets.RunBulks(w.Context())
	w.OK(err)
	_, err = w.App.Assets.RunSettings(w.Context())
	w.OK(err)
	_, err = w.App.Pay.Work(w.Context(), w.Now())
	w.OK(err)
	_, err = w.App.Upkeep.Sweep(w.Context(), w.Now())
	w.OK(err)
	_, err = w.App.Upkeep.SweepWindows(w.Context(), w.Now())
	w.OK(err)
	_, err = w.App.Upkeep.RunCampaigns(w.Context(), w.Now())
	w.OK(err)
	_, err = w.App.Upkeep.SweepInstalls(w.Context(), w.Now())
	w.OK(err)
	w.OK(w.App.Upkeep.SweepFiles(w.Context(), func(string) error { return nil }))
	_, err = w.App.Members.SweepLists(w.Context(), w.Now())
	w.OK(err)
}

// Journal makes the server write the frames that it has gathered.
func (w *World) Journal() {
	w.Helper()
	w.mu.Lock()
	beat := w.beats[500*time.Millisecond]
	w.mu.Unlock()
	for range 2 { // the second is taken when the work of the first is done
		select {
		case beat <- w.Now():
		case <-time.After(wait):
			w.Fatal("the journal does not listen")
		}
	}
}

// OK ends the test on an error.
func (w *World) OK(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// wait is how long anything may take that needs no clock of ours. It is only reached
// by a test that fails.
const wait = time.Minute

// Until waits for a condition that another goroutine makes true.
func (w *World) Until(what string, ok func() bool) {
	w.Helper()
	w.eventually(ok, func() { w.Fatalf("waited in vain: %s", what) })
}

func (w *World) eventually(ok func() bool, inVain func()) {
	w.Helper()
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			inVain()
		}
	}
}

// Log keeps what the server logs.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Lines are the lines with a word in them.
func (l *Log) Lines(word string) (out []string) {
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, word) {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}
