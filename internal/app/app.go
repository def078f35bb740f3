// Package app puts one ccms node together: store, services, doors and what runs in
// the background.
//
// Owns: which implementation goes where, and the order of starting and stopping.
// Refuses: decisions of any other kind; nothing here knows a rule of the product.
//
// Invariants: no socket is accepted before the connections of an earlier run are
// closed in the database; stopping answers the frames in work before the store closes.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/cluster"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/job"
	"ccms/internal/ledger"
	"ccms/internal/live"
	"ccms/internal/member"
	"ccms/internal/ocpp"
	"ccms/internal/ocpp/files"
	"ccms/internal/ocpp/v16"
	"ccms/internal/operator"
	"ccms/internal/outbox"
	"ccms/internal/pay"
	"ccms/internal/psp"
	"ccms/internal/report"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/tariff"
	"ccms/internal/upkeep"
	"ccms/internal/web"
	"ccms/portal"
)

// Config of a node. Zero fields take the defaults.
type Config struct {
	// DataDir holds SQLite's file and the keys; "data".
	DataDir string
	// DatabaseURL is postgres://… for PostgreSQL; "" is SQLite in DataDir.
	DatabaseURL string
	// KeyFile holds the master keys; DataDir/keys. On PostgreSQL it must exist.
	KeyFile string
	// Node names this node among those that share a database; "node-1".
	Node string
	Now  func() time.Time
	Log  *slog.Logger

	MetricsForAll bool
	TrustProxy    bool
	// TLS are the certificates for charge points; none: no SecureFront.
	TLS       []CertificateFiles
	MapTiles  web.MapTiles
	Login     operator.HashCost // cost of a login's hash; tests take a cheap one
	Door      ocpp.Options      // Now, Log and Journal are set here
	Front     FrontLimits       // of the HTTP server
	Transfers Files             // how charge points bring and fetch files
	Providers Providers         // where payment providers are
	// Beat gives the ticks of the background work; default a ticker. Tests send their own.
	Beat func(time.Duration) (c <-chan time.Time, stop func())
}

func (c Config) filled() Config {
	if c.DataDir == "" {
		c.DataDir = "data"
	}
	if c.KeyFile == "" {
		c.KeyFile = filepath.Join(c.DataDir, "keys")
	}
	if c.Node == "" {
		c.Node = "node-1"
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Beat == nil {
		c.Beat = func(d time.Duration) (<-chan time.Time, func()) {
			t := time.NewTicker(d)
			return t.C, t.Stop
		}
	}
	return c
}

func (c Config) postgres() bool {
	return strings.HasPrefix(c.DatabaseURL, "postgres://") || strings.HasPrefix(c.DatabaseURL, "postgresql://")
}

func (c Config) storeOptions() (store.Options, error) {
	o := store.Options{URL: c.DatabaseURL, Now: c.Now, Log: c.Log}
	if !c.postgres() {
		if c.DatabaseURL != "" {
			return o, fmt.Errorf("database URL: only postgres://… is known; leave it out for SQLite in the data folder")
		}
		if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
			return o, err
		}
		o.URL = filepath.Join(c.DataDir, "ccms.db")
	}
	keys, err := store.LoadKeys(c.KeyFile, !c.postgres())
	if errors.Is(err, fs.ErrNotExist) {
		return o, fmt.Errorf("there is no key file %s; on PostgreSQL it is not made by itself, because all servers share one: "+
			"name it with --key-file, or make the first with ccms admin create-key-file", c.KeyFile)
	}
	if err != nil {
		return o, err
	}
	o.Keys = keys
	return o, nil
}

// Check says what is wrong with the database's URL or the key file, before anything is
// asked of the database.
func (c Config) Check() error {
	_, err := c.filled().storeOptions()
	return err
}

// Migrate brings the database to this program's schema.
func Migrate(ctx context.Context, c Config) error {
	c = c.filled()
	o, err := c.storeOptions()
	if err != nil {
		return err
	}
	return store.Migrate(ctx, o)
}

// Providers are the addresses of payment providers; "" is the real one. Others are for
// sandboxes and for tests.
type Providers struct{ Stripe, PayPal string }

// App is one node.
type App struct {
	Operators *operator.Service
	Assets    *asset.Service
	Members   *member.Service
	Tariffs   *tariff.Service
	Ledger    *ledger.Service
	Pay       *pay.Service
	Sessions  *session.Service
	Upkeep    *upkeep.Service
	Reports   *report.Service
	Door      *ocpp.Door
	Files     *files.Door
	Web       *web.Server
	Store     *store.Store

	cfg      Config
	cluster  *cluster.Registry
	facts    *outbox.Runner
	journal  *store.Journal
	vault    *store.Vault // of exports
	kept     *store.Vault // of charge points: what they bring and fetch
	jobs     *job.Runner
	stop     context.CancelFunc
	stopBeat func() // of the journal
	running  sync.WaitGroup
	stopping atomic.Bool
	drift    atomic.Int64 // what the last ledger check found wrong

	certificates *Certificates
	handshakes   *handshakes
	health       health
}

// flawsOf is what is wrong with a frame; ours are right.
func flawsOf(inbound bool, raw []byte) []string {
	if !inbound {
		return nil
	}
	return v16.FrameFlaws(raw)
}

// run adapts the store to the Run of one domain package.
func run[T any](do func(context.Context, authz.Scope, func(*store.Tx) error) error, as func(*store.Tx) T) func(context.Context, authz.Scope, func(T) error) error {
	return func(ctx context.Context, sc authz.Scope, fn func(T) error) error {
		return do(ctx, sc, func(tx *store.Tx) error { return fn(as(tx)) })
	}
}

// Open opens a node on a migrated database. Nothing runs before Start.
func Open(ctx context.Context, c Config) (*App, error) {
	c = c.filled()
	o, err := c.storeOptions()
	if err != nil {
		return nil, err
	}
	var certificates *Certificates
	if len(c.TLS) > 0 {
		if certificates, err = LoadCertificates(c.TLS, c.Now); err != nil {
			return nil, fmt.Errorf("certificates for charge points: %w", err)
		}
	}
	bus, held := live.NewBus(), cluster.New()
	o.OnCommit = func(changes []store.Change) {
		for _, ch := range changes {
			bus.Publish(live.Event{Topic: ch.Topic, Operator: ch.Operator, Sub: ch.Sub, ID: ch.ID})
			if cmd, ok := ch.Value.(asset.Command); ok && cmd.State == asset.CommandQueued {
				held.Wake(ch.Point)
			}
		}
	}
	st, err := store.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	a := &App{Store: st, cfg: c, cluster: held, certificates: certificates, handshakes: newHandshakes(c.Log)}
	write, read := operator.Once(a.watched), st.Read
	planExists := func(tx *store.Tx, id ident.Plan) error { _, err := tx.CurrentPlan(id); return err }

	a.Operators = operator.New(
		run(write, func(tx *store.Tx) operator.Tx { return tx }), run(read, func(tx *store.Tx) operator.Tx { return tx }),
		operator.Options{Cost: c.Login, PlanExists: func(tx operator.Tx, id ident.Plan) error { return planExists(tx.(*store.Tx), id) }})
	a.Assets = asset.New(
		run(write, func(tx *store.Tx) asset.Tx { return tx }), run(read, func(tx *store.Tx) asset.Tx { return tx }),
		asset.Options{
			MAC: o.Keys.PointMAC, Node: c.Node, TLS: len(c.TLS) > 0 || c.TrustProxy, MayStill: mayStill, Drop: func(id ident.ChargePoint) { a.Door.Drop(id) },
			Settled:    func(identity string) { a.Door.Settled(identity) },
			Blockers:   func(tx asset.Tx, id ident.ChargePoint) error { return session.PointBlocked(tx.(*store.Tx), id) },
			PlanExists: func(tx asset.Tx, id ident.Plan) error { return planExists(tx.(*store.Tx), id) },
		})
	a.Members = member.New(
		run(write, func(tx *store.Tx) member.Tx { return tx }), run(read, func(tx *store.Tx) member.Tx { return tx }),
		member.Options{
			OpenAccount: func(tx member.Tx, d member.Driver) (ident.Account, error) {
				stx := tx.(*store.Tx)
				op, err := stx.OperatorByID(d.Operator)
				if err != nil {
					return ident.Account{}, err
				}
				return ledger.OpenWallet(stx, d.Operator, d.Sub, op.Currency, d.ChargingAccount)
			},
			Blockers:    func(tx member.Tx, d member.Driver) error { return session.DriverBlocked(tx.(*store.Tx), d) },
			GroupPriced: func(tx member.Tx, id ident.Group) (bool, error) { return tariff.GroupPriced(tx.(*store.Tx), id) },
		})
	a.Tariffs = tariff.New(run(write, func(tx *store.Tx) tariff.Tx { return tx }), run(read, func(tx *store.Tx) tariff.Tx { return tx }))
	a.Ledger = ledger.New(run(write, func(tx *store.Tx) ledger.Tx { return tx }), run(read, func(tx *store.Tx) ledger.Tx { return tx }))
	a.Sessions = session.New(
		run(write, func(tx *store.Tx) session.Tx { return tx }), run(read, func(tx *store.Tx) session.Tx { return tx }), c.Node)
	a.Pay = pay.New(run(write, func(tx *store.Tx) pay.Tx { return tx }), run(read, func(tx *store.Tx) pay.Tx { return tx }),
		map[pay.Provider]pay.Gateway{pay.Stripe: psp.NewStripe(c.Providers.Stripe), pay.PayPal: psp.NewPayPal(c.Providers.PayPal)}, a.Sessions, c.Now, c.Log)
	a.Upkeep = upkeep.New(run(write, func(tx *store.Tx) upkeep.Tx { return tx }), run(read, func(tx *store.Tx) upkeep.Tx { return tx }))
	a.facts = outbox.New(st, c.Node, warnings(), sums(), guests())
	a.facts.Log = c.Log

	a.Reports = report.New(run(write, func(tx *store.Tx) report.Tx { return tx }), run(read, func(tx *store.Tx) report.Tx { return tx }))

	beat, stopBeat := c.Beat(500 * time.Millisecond)
	vault, err := store.NewVault(st, filepath.Join(c.DataDir, "exports"))
	if err != nil {
		st.Close()
		return nil, err
	}
	a.vault = vault
	if a.kept, err = store.NewVault(st, filepath.Join(c.DataDir, "files")); err != nil {
		st.Close()
		return nil, err
	}
	a.Upkeep.Offer(c.Transfers.Offers)
	a.Upkeep.Keep(a.kept.Has)
	a.Files = files.New(a.Upkeep, pointFiles{a.kept}, files.Options{Log: c.Log, Now: c.Now, MaxUpload: c.Transfers.MaxUpload, FTP: c.Transfers.FTP,
		ClientIP: func(r *http.Request) string { return a.Web.ClientIP(r) }})

	a.journal = store.NewJournal(st, c.Log, beat)
	a.stopBeat = stopBeat
	door := c.Door
	door.Now, door.Log, door.Files = c.Now, c.Log, a.Upkeep
	door.ClientIP = func(r *http.Request) string { return a.Web.ClientIP(r) }
	door.ByTLS = func(r *http.Request) bool { return c.TrustProxy && r.Header.Get("X-Forwarded-Proto") == "https" }
	door.Journal = func(f ocpp.Frame) { a.journal.Log(store.JournalFrame(f)) }
	a.journal.Flaws = func(f store.JournalFrame) []string { return flawsOf(f.Inbound, f.Raw) }
	frames := &live.Frames{}
	door.Watched = frames.Watched
	door.Live = func(f ocpp.Frame) {
		frames.Publish(live.Frame{Point: f.Point, Inbound: f.Inbound, Action: f.Action, MessageID: f.MessageID, At: f.At, Raw: f.Raw,
			Flaws: flawsOf(f.Inbound, f.Raw)})
	}
	a.Door = ocpp.New(a.Assets, a.Sessions, held, door)

	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a.register(metrics)
	a.Web = web.New(web.Services{
		Operator: a.Operators, Asset: a.Assets, Member: a.Members, Tariff: a.Tariffs, Ledger: a.Ledger, Pay: a.Pay, Session: a.Sessions, Upkeep: a.Upkeep, Report: a.Reports, Live: bus, Frames: frames,
	}, web.Options{
		Log: c.Log, Now: c.Now, Ready: a.ready, Portal: portal.Handler(), Metrics: metrics, MetricsForAll: c.MetricsForAll, TrustProxy: c.TrustProxy, MapTiles: c.MapTiles,
		Files: exportFiles{vault}, PointFiles: pointVault{a.kept},
	})
	a.jobs = job.New(st, c.Node, map[string]job.Handler{operator.ExportJob: a.exportJob})
	a.jobs.Log, a.jobs.Workers, a.jobs.Lease = c.Log, exportWorkers, exportLease
	return a, nil
}

// mayStill says whether staff may still send commands. Platform staff inside an operator
// are not the operator's, and answer to the platform.
func mayStill(tx asset.Tx, a authz.Actor) (bool, error) {
	if !a.OnBehalfOf.IsZero() {
		return true, nil
	}
	st, err := tx.(*store.Tx).StaffByID(a.Staff)
	if fault.Is(err, fault.Missing) {
		return false, nil
	}
	return err == nil && st.Status == operator.Valid && st.Role.May(authz.LiveCommand), err
}

// readyWithin is how long the database may take to say that it is there.
const readyWithin = 2 * time.Second

func (a *App) ready(ctx context.Context) error {
	if a.stopping.Load() {
		return notReady("the server is stopping")
	}
	if why, away := a.health.isAway(time.Now()); away {
		return notReady(why)
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	err := a.Store.Read(ctx, authz.Everything("is the database there"), func(tx *store.Tx) error { return tx.Ping() })
	if err == nil {
		return nil
	}
	why := store.Trouble(err)
	if why == "" {
		why = "it does not answer"
	}
	return notReady("the database cannot be read: " + why).Because(err)
}

func notReady(why string) *fault.Error { return fault.New(fault.Unavailable, "not_ready", "%s", why) }

func (a *App) register(r *prometheus.Registry) {
	gauge := func(name, help string, f func() float64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "ccms", Name: name, Help: help}, f))
	}
	counter := func(name, help string, f func() int64) {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "ccms", Name: name, Help: help},
			func() float64 { return float64(f()) }))
	}
	gauge("charge_points_connected", "Charge points connected to this node.", func() float64 { return float64(a.Door.Connected()) })
	gauge("strangers_connected", "Charge points connected to this node that nobody registered.", func() float64 { return float64(a.Door.Strangers()) })
	gauge("ledger_drifts", "What the last check of the ledger found wrong: accounts, and the books as a whole.", func() float64 { return float64(a.drift.Load()) })
	gauge("database_takes_writes", "1, or 0 while charge points are sent away because the database takes no writes.", func() float64 {
		if _, away := a.health.isAway(time.Now()); away {
			return 0
		}
		return 1
	})
	counter("ocpp_connections_accepted_total", "Charge point connections accepted.", a.Door.Stats.Accepted.Load)
	counter("ocpp_connections_refused_total", "Charge point connections refused.", a.Door.Stats.Refused.Load)
	counter("tls_handshakes_failed_total", "TLS handshakes at the address for charge points that failed.", a.handshakes.failed.Load)
	counter("ocpp_frames_total", "OCPP frames in and out.", a.Door.Stats.Frames.Load)
	counter("ocpp_messages_not_handled_total", "Messages left without an answer because they could not be stored.", a.Door.Stats.Unstored.Load)
	counter("ocpp_unresponsive_total", "Times a charge point left two different commands in a row unanswered.", a.Door.Stats.Unresponsive.Load)
	counter("journal_frames_lost_total", "Frames that the journal could not keep.", a.journal.Lost.Load)
}

// ServeHTTP takes charge points before the mux, which would redirect the doubled
// slashes that some of them send.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if forDoor(r) {
		a.Door.ServeHTTP(w, r)
		return
	}
	if strings.HasPrefix(r.URL.Path, upkeep.WebPath) {
		a.Files.ServeHTTP(w, r)
		return
	}
	a.Web.ServeHTTP(w, r)
}

func forDoor(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, ocpp.Prefix) || strings.HasPrefix(r.URL.Path, "//") && strings.Contains(r.URL.Path, ocpp.Prefix)
}

// Start begins the background work; Stop ends it.
func (a *App) Start(ctx context.Context) error {
	if err := a.Sessions.Restarted(ctx); err != nil {
		return err
	}
	listening, err := a.Files.ListenFTP(ctx)
	if err != nil {
		return err
	}
	for _, at := range listening {
		a.cfg.Log.Info("files of charge points come and go by FTP", "address", at.String())
	}
	ctx, a.stop = context.WithCancel(context.WithoutCancel(ctx))
	a.running.Go(func() { a.journal.Run(ctx) })
	a.running.Go(func() { a.watch(ctx) })
	a.running.Go(func() { a.jobs.Run(ctx) })
	a.running.Go(func() { a.facts.Run(ctx) })
	a.every(ctx, 2*time.Second, "warnings", func(ctx context.Context) error {
		_, err := a.Upkeep.Sweep(ctx, a.cfg.Now())
		return err
	})
	a.every(ctx, 3300*time.Millisecond, "windows of maintenance", func(ctx context.Context) error {
		_, err := a.Upkeep.SweepWindows(ctx, a.cfg.Now())
		return err
	})
	a.every(ctx, 1200*time.Millisecond, "local lists", func(ctx context.Context) error {
		_, err := a.Members.SweepLists(ctx, a.cfg.Now())
		return err
	})
	a.every(ctx, 2*time.Minute, "silent points", func(ctx context.Context) error {
		_, err := a.Upkeep.SweepSilent(ctx, a.cfg.Now())
		return err
	})
	a.every(ctx, 3*time.Second, "sums for home", func(ctx context.Context) error {
		_, err := a.Reports.Roll(ctx)
		return err
	})
	a.every(ctx, 10*time.Second, "sums for home, from before", func(ctx context.Context) error {
		_, err := a.Reports.BuildNew(ctx)
		return err
	})
	a.every(ctx, 30*time.Second, "a look at the power", a.Reports.Look)
	a.every(ctx, time.Second, "session timers", func(ctx context.Context) error {
		_, err := a.Sessions.Sweep(ctx, a.cfg.Now())
		return err
	})
	a.every(ctx, 1100*time.Millisecond, "reservations", func(ctx context.Context) error {
		_, err := a.Sessions.SweepReservations(ctx, a.cfg.Now())
		return err
	})
	a.every(ctx, 5*time.Second, "command deadlines", func(ctx context.Context) error {
		_, err := a.Sessions.ExpireCommands(ctx)
		return err
	})
	a.every(ctx, 1500*time.Millisecond, "commands for many charge points", func(ctx context.Context) error {
		_, err := a.Assets.RunBulks(ctx)
		return err
	})
	a.every(ctx, 2500*time.Millisecond, "settings of charge points", func(ctx context.Context) error {
		_, err := a.Assets.RunSettings(ctx)
		return err
	})
	a.every(ctx, 5*time.Second, "changes of keys and profiles", func(ctx context.Context) error {
		_, err := a.Assets.SweepChanges(ctx, a.cfg.Now())
		return err
	})
	a.every(ctx, time.Minute, "certificates of charge points", func(ctx context.Context) error {
		_, err := a.Assets.SweepCertificates(ctx, a.cfg.Now())
		return err
	})
	a.every(ctx, 2500*time.Millisecond, "firmware campaigns", a.firmware)
	a.every(ctx, 9*time.Minute, "old files of charge points", a.sweepFiles)
	a.every(ctx, 6*time.Hour, "files of charge points without a row", a.sweepStrays)
	a.every(ctx, time.Minute, "signs of life", func(ctx context.Context) error { a.Door.Seen(ctx); return nil })
	a.every(ctx, 5*time.Minute, "old logins", a.Operators.Forget)
	a.every(ctx, time.Hour, "retention", func(ctx context.Context) error {
		_, err := a.Store.Prune(ctx, a.cfg.Now())
		return err
	})
	a.every(ctx, time.Hour, "ledger check", a.checkLedger)
	a.every(ctx, 1300*time.Millisecond, "payments", func(ctx context.Context) error {
		_, err := a.Pay.Work(ctx, a.cfg.Now())
		return err
	})
	a.every(ctx, 20*time.Minute, "payments compared with their providers", func(ctx context.Context) error {
		_, err := a.Pay.Reconcile(ctx, a.cfg.Now())
		return err
	})
	a.every(ctx, 10*time.Minute, "old exports", a.forgetExports)
	if a.certificates != nil {
		a.every(ctx, 10*time.Second, "certificates for charge points", func(context.Context) error { return a.renewCertificates() })
	}
	return nil
}

// checkLedger compares every wallet with its postings, and the books with zero. What
// it finds is a defect of ours; the figure in /metrics is for an alarm.
func (a *App) checkLedger(ctx context.Context) error {
	sc := authz.Everything("ledger check")
	drifts, err := a.Ledger.CheckBalances(ctx, sc)
	if err != nil {
		return err
	}
	sums, err := a.Ledger.TrialBalance(ctx, sc)
	if err != nil {
		return err
	}
	off := int64(len(drifts))
	if err := ledger.Balanced(sums); err != nil {
		off++
		a.cfg.Log.Error("the ledger does not sum to zero", "error", err)
	}
	for _, d := range drifts {
		a.cfg.Log.Error("a balance differs from its postings", "account", d.Account)
	}
	a.drift.Store(off)
	return nil
}

// every runs work at each beat until the node stops. An error is logged and tried
// again at the next beat.
func (a *App) every(ctx context.Context, d time.Duration, what string, work func(context.Context) error) {
	beat, stop := a.cfg.Beat(d)
	a.running.Go(func() {
		defer stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-beat:
			}
			if _, away := a.health.isAway(time.Now()); away {
				continue // it is known that nothing can be written
			}
			if err := work(ctx); err != nil && ctx.Err() == nil {
				a.cfg.Log.Error("background work failed", "work", what, "error", err)
			}
		}
	})
}

// Stop drains: event streams end, every frame in work is handled and answered, the
// background work ends, the store closes. Past ctx's end it does not wait for charge
// points any longer. also is what drains beside the charge points and needs the store
// until then: the HTTP server.
func (a *App) Stop(ctx context.Context, also ...func(context.Context) error) error {
	a.stopping.Store(true)
	a.Web.Drain()
	errs := make([]error, len(also))
	var others sync.WaitGroup
	for i, drain := range also {
		others.Go(func() { errs[i] = drain(ctx) })
	}
	err := a.Door.Drain(ctx)
	err = errors.Join(err, a.Files.CloseFTP(ctx))
	others.Wait()
	err = errors.Join(append(errs, err)...)
	if a.stop != nil {
		a.stop()
	}
	a.running.Wait()
	a.stopBeat()
	a.Store.Close()
	return err
}

// sums has the facts noted that change a sum of Home.
func sums() outbox.Consumer {
	return outbox.Consumer{Name: report.Consumer, Kinds: report.Kinds, Together: 60,
		Handle: func(_ context.Context, f outbox.Fact) (outbox.Effect, error) {
			return func(tx *store.Tx) error { return report.Note(tx, f.Operator, f.Kind, f.Payload) }, nil
		}}
}
