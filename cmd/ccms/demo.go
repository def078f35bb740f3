package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"ccms/cmd/ccms/demo"
	"ccms/cpsim"
	"ccms/internal/app"
	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/operator"
	"ccms/internal/report"
	"ccms/internal/unit"
)

type demoCmd struct {
	database
	listen
	Sites   int `default:"40" help:"How many sites a new demo has, 1 to 40 (${default})."`
	History int `default:"365" placeholder:"DAYS" help:"How many days of past sessions it gets, 0 to 365 (${default}). They are written while it runs."`
}

// The demo's people. Their passwords are no secret: the demo listens on this machine
// and its charge points are simulated.
const (
	demoPassword = "demo-demo-demo"
	subLogin     = "costa"
	demoSeed     = 20
)

var demoLogins = []struct {
	login, name string
	role        authz.Role
}{
	{"admin", "Ada Admin", authz.OpAdmin},
	{"ops", "Olga Operations", authz.OpOps},
	{"auditor", "Aldo Auditor", authz.Auditor},
}

func (c *demoCmd) Run(ctx context.Context, log *slog.Logger) error {
	// Its passwords are in the documentation: nobody else shall reach them.
	host, _, err := net.SplitHostPort(c.Addr)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("the demo listens on this machine only, for its passwords are public; choose --addr 127.0.0.1:PORT")
	}
	if c.History < 0 || c.History > 365 {
		return fmt.Errorf("--history is a number of days between 0 and 365")
	}
	var past sync.WaitGroup
	defer past.Wait()
	var trial *demoProviders
	if c.StripeURL == "" && c.PayPalURL == "" {
		trial = openProviders()
		defer trial.close()
		c.StripeURL, c.PayPalURL = trial.stripe.URL(), trial.paypal.URL()
	}
	if c.FilesURL == "" { // simulated charge points bring and fetch files here
		c.FilesURL = "http://" + c.Addr
	}
	return serve(ctx, c.database, c.listen, log, func(ctx context.Context, a *app.App, addr string) error {
		o, err := c.furnish(ctx, a)
		if err != nil {
			return fmt.Errorf("demo data: %w", err)
		}
		w, err := demo.Open(ctx, a.Store, o)
		if err != nil {
			return fmt.Errorf("demo data: %w", err)
		}
		if err := c.plugIn(ctx, a, w, addr, log); err != nil {
			return fmt.Errorf("demo charge points: %w", err)
		}
		if c.History > 0 {
			past.Go(func() { c.remember(ctx, a, w, o, log) })
			past.Go(func() { c.work(ctx, addr, log) })
		}
		code, err := trial.offer(ctx, a, w, o, addr)
		if err != nil {
			return fmt.Errorf("demo payments: %w", err)
		}
		fmt.Printf("\nThe portal is at http://%s\n", addr)
		if code != "" {
			fmt.Printf("Charge with a phone, and no money, at http://%s/c/%s\n", addr, code)
		}
		for _, l := range demoLogins {
			fmt.Printf("login: %s / %s\n", l.login, demoPassword)
		}
		if w.HasSub() {
			fmt.Printf("login: %s / %s (of the sub-operator %s)\n", subLogin, demoPassword, demo.SubName)
		}
		fmt.Println()
		return nil
	})
}

// furnish makes the demo operator and its world; a second start finds them, or makes
// what an interrupted first one has left out.
func (c *demoCmd) furnish(ctx context.Context, a *app.App) (operator.Operator, error) {
	o, err := operatorBy(ctx, a, "A3E")
	if fault.Is(err, fault.Missing) {
		l, err := a.Operators.Operators(ctx, atTheMachine, operator.OperatorFilter{}, operator.Page{Limit: 1})
		if err != nil {
			return o, err
		}
		if l.Total > 0 {
			return o, fmt.Errorf("there are other operators in these data; the demo wants a folder of its own, see --data")
		}
		o, err = a.Operators.CreateOperator(ctx, atTheMachine, operator.NewOperator{Name: "A3E", Currency: "EUR", TimeZone: "America/Santiago"})
		if err != nil {
			return o, err
		}
	} else if err != nil {
		return o, err
	}
	sc := authz.ForSystem(o.ID, "demo")
	staff := func(n operator.NewStaff) error {
		n.Password = demoPassword
		l, err := a.Operators.StaffList(ctx, sc, operator.StaffFilter{Login: n.Login}, operator.Page{Limit: 1})
		if err != nil || len(l.Items) > 0 {
			return err
		}
		_, err = a.Operators.CreateStaff(ctx, sc, n)
		return err
	}
	for _, l := range demoLogins {
		if err := staff(operator.NewStaff{Login: l.login, Name: l.name, Role: l.role}); err != nil {
			return o, err
		}
	}
	if err := demo.Furnish(ctx, a.Store, o, c.Sites, c.History > 0); err != nil {
		return o, err
	}
	subs, err := a.Operators.SubOperators(ctx, sc, operator.SubOperatorFilter{Name: demo.SubName}, operator.Page{Limit: 1})
	if err != nil || len(subs.Items) == 0 {
		return o, err
	}
	return o, staff(operator.NewStaff{Login: subLogin, Name: "Carla Costa", Role: authz.OpOps, Sub: subs.Items[0].ID})
}

// remember writes the demo's past beside what happens now.
func (c *demoCmd) remember(ctx context.Context, a *app.App, w *demo.World, o operator.Operator, log *slog.Logger) {
	began := time.Now()
	p := demo.Past{Seed: demoSeed, Until: demo.Made(o.ID), Days: c.History, Log: log}
	l, err := a.Operators.StaffList(ctx, authz.ForSystem(o.ID, "demo"), operator.StaffFilter{Login: demoLogins[0].login}, operator.Page{Limit: 1})
	if err == nil && len(l.Items) > 0 {
		p.Staff = l.Items[0].ID
	}
	done, err := w.Write(ctx, p)
	switch {
	case ctx.Err() != nil:
		log.Info("the demo's past is not complete; the next start goes on")
	case err != nil:
		log.Error("the demo's past could not be written", "error", err)
	case done.Visits == 0:
		log.Info("the demo's past is there")
	default:
		// The sums follow the facts by themselves; a year of them at once is quicker.
		if err := summed(ctx, a, p, o); err != nil && ctx.Err() == nil {
			log.Error("the sums of the demo's past could not be made; they follow", "error", err)
		}
		log.Info("the demo's past is complete", "days", c.History, "sessions", done.Sessions, "seconds", int(time.Since(began).Seconds()))
	}
}

// summed makes the sums that Home reads of the past, and the last day's power.
func summed(ctx context.Context, a *app.App, p demo.Past, o operator.Operator) error {
	if err := a.Reports.Build(ctx, o.ID, p.Until.AddDate(0, 0, -p.Days-2), p.Until.Add(time.Hour)); err != nil {
		return err
	}
	return a.Reports.BuildPower(ctx, o.ID, p.Until.Add(-36*time.Hour), p.Ends().Truncate(report.SlotLength))
}

// phases is how many a connector has: those up to 7.4 kW have one.
func phases(most unit.W) int {
	if most <= 7_400 {
		return 1
	}
	return 3
}

func visitOf(g demo.Guest) cpsim.Visit {
	return cpsim.Visit{Pause: g.In, Charge: g.Charges, Linger: g.Lingers,
		EV: cpsim.EV{BatteryWh: g.Battery, SoCPermille: g.Fill, MaxW: g.Most, EasesFrom: g.Eases}}
}

// plugIn connects a simulated charge point for each of the demo's, with a key made
// for this run.
func (c *demoCmd) plugIn(ctx context.Context, a *app.App, w *demo.World, addr string, log *slog.Logger) error {
	keys := make([]string, len(w.Points))
	var together errgroup.Group // they join each other's commits
	together.SetLimit(32)
	for i, p := range w.Points {
		together.Go(func() (err error) {
			keys[i], err = a.Assets.NewKey(ctx, w.Scope(), p.ID)
			return err
		})
	}
	if err := together.Wait(); err != nil {
		return err
	}
	meter := cpsim.Odometer(time.Now())
	for i, p := range w.Points {
		cfg := cpsim.Config{
			URL: "ws://" + addr + "/ocpp", Identity: p.Identity, Password: keys[i], Vendor: p.Vendor, Model: p.Model,
			Serial: fmt.Sprintf("A3E%05d", i), Firmware: "1.4.2", MeterInterval: 10 * time.Second, Seed: uint64(i + 1),
			BootOnReconnect: true, Log: slog.New(slog.DiscardHandler),
		}
		for n, con := range p.Connectors {
			cfg.Connectors = append(cfg.Connectors, cpsim.Connector{
				MaxW: int64(con.MaxPower), Phases: phases(con.MaxPower), DC: p.Type != asset.AC, MeterWh: meter + int64(1_000_000*(i+1)+10_000*n),
			})
		}
		b := cpsim.Behaviour{
			Tags: p.Cards, Seed: uint64(i + 1),
			Pause: [2]time.Duration{10 * time.Second, 40 * time.Second}, Reach: [2]time.Duration{2 * time.Second, 8 * time.Second},
			Charge: [2]time.Duration{3 * time.Minute, 12 * time.Minute}, Linger: [2]time.Duration{10 * time.Second, 90 * time.Second},
		}
		switch {
		case c.History > 0: // as slow as life, and as in the past
			cfg.MeterInterval = time.Minute
			b.Next = func(connector int, first bool) cpsim.Visit {
				return visitOf(w.Next(demoSeed, &w.Points[i], connector-1, time.Now(), first))
			}
		case !p.Guide: // as slow as life, but some charge soon, whatever the hour: there is nothing else to see
			cfg.MeterInterval = time.Minute
			b.Pause = [2]time.Duration{20 * time.Minute, 9 * time.Hour}
			b.First = [2]time.Duration{5 * time.Minute, 6 * time.Hour}
			if i%5 < 2 {
				b.First = [2]time.Duration{2 * time.Second, 3 * time.Minute}
			}
			b.Charge = [2]time.Duration{25 * time.Minute, 4 * time.Hour}
			if p.Type != asset.AC {
				b.Charge = [2]time.Duration{12 * time.Minute, 50 * time.Minute}
			}
		}
		go func() {
			if err := cpsim.Live(ctx, cfg, b); err != nil && ctx.Err() == nil {
				log.Error("demo charge point stopped", "identity", p.Identity, "error", err)
			}
		}()
	}
	return nil
}
