package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/sync/errgroup"

	"ccms/internal/app"
	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/tariff"
)

type createLoadPointsCmd struct {
	database
	N        int    `arg:"" help:"How many."`
	Operator string `required:"" help:"Operator by name or code. Take one of its own: what is made stays."`
	Prefix   string `default:"LOAD" help:"Of the identities (${default})."`
}

// deposit is on each wallet, in minor units: for long runs of short charges.
const deposit = 1_000_000

func (c *createLoadPointsCmd) Run(ctx context.Context, log *slog.Logger) error {
	if c.N < 1 || c.N > 100_000 {
		return fmt.Errorf("from 1 to 100000 points can be made at once, not %d", c.N)
	}
	return c.with(ctx, log, func(a *app.App) error {
		o, err := operatorBy(ctx, a, c.Operator)
		if err != nil {
			return err
		}
		sc := authz.ForSystem(o.ID, "ccms admin")
		site, err := a.Assets.CreateSite(ctx, sc, asset.Site{Name: c.Prefix, Address: "for load tests", TimeZone: o.TimeZone})
		if err != nil {
			return err
		}
		if o.DefaultPlan.IsZero() { // nobody can charge without a price
			if err := givePlan(ctx, a, sc, o); err != nil {
				return err
			}
		}
		made := make([][]string, c.N)
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(60) // as many as join one transaction
		for i := range c.N {
			g.Go(func() (err error) {
				made[i], err = c.makePoint(ctx, a, sc, site.ID, o.Currency, i+1)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		w := csv.NewWriter(os.Stdout)
		if err := w.WriteAll(append([][]string{{"identity", "password", "tag"}}, made...)); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%d charge points at the site %s, each with a driver, a card and money: cpsim load --points FILE\n", c.N, site.Name)
		return nil
	})
}

func givePlan(ctx context.Context, a *app.App, sc authz.Scope, o operator.Operator) error {
	price, err := money.ParseRate("0.40")
	if err != nil {
		return err
	}
	plan, err := a.Tariffs.CreatePlan(ctx, sc, tariff.Draft{
		Name: "Load test", Currency: o.Currency, Electricity: []tariff.Band{{From: 0, To: 24 * 60, Price: price}}, Hold: money.New(5000, o.Currency),
	})
	if err != nil {
		return err
	}
	_, err = a.Operators.UpdateOperator(ctx, sc, o.ID, o.Version, operator.OperatorChange{DefaultPlan: &plan.ID})
	return err
}

// makePoint makes one charge point and who charges there, and gives the line of it.
func (c *createLoadPointsCmd) makePoint(ctx context.Context, a *app.App, sc authz.Scope, site ident.Site, cur money.Currency, n int) ([]string, error) {
	identity := fmt.Sprintf("%s%05d", c.Prefix, n)
	_, key, err := a.Assets.CreateChargePoint(ctx, sc, asset.NewChargePoint{
		Site: site, Identity: identity, Name: identity, Type: asset.AC, MaxPower: 22000, Connectors: []asset.ConnectorSpec{{Number: 1, MaxPower: 22000}},
	})
	if err != nil {
		return nil, err
	}
	d, err := a.Members.CreateDriver(ctx, sc, member.Driver{Account: strings.ToLower(identity) + "@example.com", Email: strings.ToLower(identity) + "@example.com"})
	if err != nil {
		return nil, err
	}
	tag := "04" + strings.ToUpper(fmt.Sprintf("%x", identity))
	tag = tag[:4] + tag[max(4, len(tag)-16):] // 1.6 allows 20 characters; the end tells points apart
	if _, err := a.Members.CreateToken(ctx, sc, member.Token{Driver: d.ID, UID: tag}); err != nil {
		return nil, err
	}
	_, err = a.Ledger.Recharge(ctx, sc, ledger.RechargeRequest{
		Driver: d.ID, Account: d.Wallet, Amount: money.New(deposit, cur), From: ledger.FromAdmin, Reason: "load test", Key: identity,
	})
	return []string{identity, key, tag}, err
}
