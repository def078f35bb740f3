package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"ccms/cpsim"
	"ccms/internal/app"
	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

type demoCmd struct {
	database
	listen
}

// The demo's people. Their passwords are no secret: the demo listens on this machine
// and its charge points are simulated.
const demoPassword = "demo-demo-demo"

var demoLogins = []struct {
	login, name string
	role        authz.Role
}{
	{"admin", "Ada Admin", authz.OpAdmin},
	{"ops", "Olga Operations", authz.OpOps},
	{"auditor", "Aldo Auditor", authz.Auditor},
}

// The four points of the guide's screens, its drivers and its cards.
var (
	demoPoints = []struct {
		name, identity, code string
		kind                 asset.ChargerType
		power                unit.W
		connectors           int
	}{
		{"Point_0", "IOC_CL_A3E_0", "1000", asset.AC, 7000, 1},
		{"Point_1", "IOC_CL_A3E_1", "1001", asset.AC, 7000, 1},
		{"Point_2", "IOC_CL_A3E_2", "1002", asset.DCFast, 60000, 2},
		{"point_3", "IOC_CL_A3E_3", "1003", asset.AC, 7000, 1},
	}
	demoDrivers = []struct{ account, name, email, card string }{
		{"13000000000", "Min Qian", "1@1.com", "144E7EDA"},
		{"13000000001", "Elena Rojas", "a@a.com", "13ADF65A"},
		{"13000000002", "Tomás Vidal", "2@0.com", "142FA77A"},
		{"13000000003", "Amara Okoye", "3@0.com", "136E8CDA"},
		{"13000000004", "Jonas Weber", "4@0.com", "146DA4CA"},
		{"13400000005", "Lucía Paz", "5@0.com", "142E325A"},
	}
)

func (c *demoCmd) Run(ctx context.Context, log *slog.Logger) error {
	// Its passwords are in the documentation: nobody else shall reach them.
	host, _, err := net.SplitHostPort(c.Addr)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("the demo listens on this machine only, for its passwords are public; choose --addr 127.0.0.1:PORT")
	}
	return serve(ctx, c.database, c.listen, log, func(ctx context.Context, a *app.App, addr string) error {
		sc, err := c.furnish(ctx, a)
		if err != nil {
			return fmt.Errorf("demo data: %w", err)
		}
		if err := c.plugIn(ctx, a, sc, addr, log); err != nil {
			return fmt.Errorf("demo charge points: %w", err)
		}
		fmt.Printf("\nThe portal is at http://%s\n", addr)
		for _, l := range demoLogins {
			fmt.Printf("login: %s / %s\n", l.login, demoPassword)
		}
		fmt.Println()
		return nil
	})
}

// furnish makes the demo operator once; a second start finds it.
func (c *demoCmd) furnish(ctx context.Context, a *app.App) (authz.Scope, error) {
	o, err := operatorBy(ctx, a, "A3E")
	if err == nil || !fault.Is(err, fault.Missing) {
		return authz.ForSystem(o.ID, "demo"), err
	}
	l, err := a.Operators.Operators(ctx, atTheMachine, operator.OperatorFilter{}, operator.Page{Limit: 1})
	if err != nil {
		return authz.Scope{}, err
	}
	if l.Total > 0 {
		return authz.Scope{}, fmt.Errorf("there are other operators in these data; the demo wants a folder of its own, see --data")
	}
	o, err = a.Operators.CreateOperator(ctx, atTheMachine, operator.NewOperator{Name: "A3E", Currency: "EUR", TimeZone: "America/Santiago"})
	if err != nil {
		return authz.Scope{}, err
	}
	sc := authz.ForSystem(o.ID, "demo")
	for _, l := range demoLogins {
		n := operator.NewStaff{Login: l.login, Name: l.name, Role: l.role, Password: demoPassword}
		if _, err := a.Operators.CreateStaff(ctx, sc, n); err != nil {
			return sc, err
		}
	}
	rate := func(text string) money.Rate { r, _ := money.ParseRate(text); return r }
	plan, err := a.Tariffs.CreatePlan(ctx, sc, tariff.Draft{
		Name: "Day and night", Currency: "EUR", VAT: 190,
		Electricity: []tariff.Band{
			{From: 0, To: 6 * 60, Price: rate("0.22")}, {From: 6 * 60, To: 22 * 60, Price: rate("0.30")}, {From: 22 * 60, To: 24 * 60, Price: rate("0.22")},
		},
		ServicePerKWh: rate("0.10"),
		Idle:          &tariff.IdleFee{PerMinute: rate("0.05"), Grace: time.Minute, Cap: money.New(1000, "EUR")},
		Hold:          money.New(5000, "EUR"),
	})
	if err != nil {
		return sc, err
	}
	if _, err := a.Operators.UpdateOperator(ctx, sc, o.ID, o.Version, operator.OperatorChange{DefaultPlan: &plan.ID}); err != nil {
		return sc, err
	}
	site, err := a.Assets.CreateSite(ctx, sc, asset.Site{
		Name: "A3E_station", Address: "C-333, Dulcinea, Copiapó, Región de Atacama, Chile", TimeZone: "America/Santiago", CustomerCare: "0000000000",
	})
	if err != nil {
		return sc, err
	}
	for _, p := range demoPoints {
		n := asset.NewChargePoint{Site: site.ID, Identity: p.identity, Name: p.name, Code: p.code, Type: p.kind, MaxPower: p.power}
		for i := range p.connectors {
			n.Connectors = append(n.Connectors, asset.ConnectorSpec{Number: i + 1, MaxPower: p.power})
		}
		if _, _, err := a.Assets.CreateChargePoint(ctx, sc, n); err != nil {
			return sc, err
		}
	}
	for _, d := range demoDrivers {
		drv, err := a.Members.CreateDriver(ctx, sc, member.Driver{Account: d.account, Name: d.name, Email: d.email})
		if err != nil {
			return sc, err
		}
		if _, err := a.Members.CreateToken(ctx, sc, member.Token{Driver: drv.ID, UID: d.card}); err != nil {
			return sc, err
		}
		_, err = a.Ledger.Recharge(ctx, sc, ledger.RechargeRequest{
			Driver: drv.ID, Account: drv.Wallet, Amount: money.New(1_000_000, "EUR"), From: ledger.FromAdmin, Reason: "demo", Key: "demo " + d.account,
		})
		if err != nil {
			return sc, err
		}
	}
	return sc, nil
}

// plugIn connects a simulated charge point for each of the demo's, with a key made
// for this run.
func (c *demoCmd) plugIn(ctx context.Context, a *app.App, sc authz.Scope, addr string, log *slog.Logger) error {
	l, err := a.Assets.ChargePoints(ctx, sc, asset.PointFilter{}, operator.Page{Limit: operator.MaxLimit})
	if err != nil {
		return err
	}
	byIdentity := map[string]ident.ChargePoint{}
	for _, p := range l.Items {
		byIdentity[p.Identity] = p.ID
	}
	for i, p := range demoPoints {
		id, ok := byIdentity[p.identity]
		if !ok {
			continue // somebody deleted it; a demo may be changed
		}
		key, err := a.Assets.NewKey(ctx, sc, id)
		if err != nil {
			return err
		}
		cfg := cpsim.Config{
			URL: "ws://" + addr + "/ocpp", Identity: p.identity, Password: key, Vendor: "A3E", Model: string(p.kind),
			Serial: fmt.Sprintf("A3E%05d", i), Firmware: "1.4.2", MeterInterval: 10 * time.Second, Seed: uint64(i + 1),
			BootOnReconnect: true, Log: slog.New(slog.DiscardHandler),
		}
		for n := range p.connectors {
			cfg.Connectors = append(cfg.Connectors, cpsim.Connector{
				MaxW: int64(p.power), Phases: 1 + 2*(i%2), DC: p.kind != asset.AC, MeterWh: int64(1_000_000*(i+1) + 10_000*n),
			})
		}
		tags := []string{demoDrivers[i].card}
		if p.connectors > 1 {
			tags = append(tags, demoDrivers[len(demoPoints)+i-1].card)
		}
		go func() {
			b := cpsim.Behaviour{
				Tags: tags, Seed: uint64(i + 1),
				Pause: [2]time.Duration{10 * time.Second, 40 * time.Second}, Reach: [2]time.Duration{2 * time.Second, 8 * time.Second},
				Charge: [2]time.Duration{3 * time.Minute, 12 * time.Minute}, Linger: [2]time.Duration{10 * time.Second, 90 * time.Second},
			}
			if err := cpsim.Live(ctx, cfg, b); err != nil && ctx.Err() == nil {
				log.Error("demo charge point stopped", "identity", p.identity, "error", err)
			}
		}()
	}
	return nil
}
