package demo

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/store"
	"ccms/internal/tariff"
)

// Made is when the operator was made: its id begins with the time (RFC 9562 §5.7). The
// past ends there.
func Made(o ident.Operator) time.Time {
	var ms int64
	for _, b := range o.Bytes()[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms).UTC()
}

// SubName is the sub-operator of the demo, where it has sites.
const SubName = "Costa Verde Energía"

// per site: drivers of the past.
const driversPerSite = 22

// within gives services a transaction that is open already.
func within[T any](tx *store.Tx, as func(*store.Tx) T) func(context.Context, authz.Scope, func(T) error) error {
	return func(_ context.Context, _ authz.Scope, fn func(T) error) error { return fn(as(tx)) }
}

// builder makes the world with the services of the domain, in one commit.
type builder struct {
	ctx       context.Context
	sc        authz.Scope
	tx        *store.Tx
	operators *operator.Service
	assets    *asset.Service
	members   *member.Service
	tariffs   *tariff.Service
	ledger    *ledger.Service
}

func newBuilder(ctx context.Context, sc authz.Scope, tx *store.Tx, o operator.Operator) *builder {
	b := &builder{ctx: ctx, sc: sc, tx: tx}
	op := within(tx, func(tx *store.Tx) operator.Tx { return tx })
	as := within(tx, func(tx *store.Tx) asset.Tx { return tx })
	me := within(tx, func(tx *store.Tx) member.Tx { return tx })
	ta := within(tx, func(tx *store.Tx) tariff.Tx { return tx })
	le := within(tx, func(tx *store.Tx) ledger.Tx { return tx })
	b.operators = operator.New(op, op, operator.Options{PlanExists: func(operator.Tx, ident.Plan) error { return nil }})
	b.assets = asset.New(as, as, asset.Options{
		// The keys are made anew each time the points are plugged in; these open nothing.
		MAC:        func(b []byte) []byte { h := sha256.Sum256(b); return h[:] },
		PlanExists: func(asset.Tx, ident.Plan) error { return nil },
	})
	b.members = member.New(me, me, member.Options{OpenAccount: func(tx member.Tx, d member.Driver) (ident.Account, error) {
		return ledger.OpenWallet(tx.(*store.Tx), d.Operator, d.Sub, o.Currency, d.ChargingAccount)
	}})
	b.tariffs, b.ledger = tariff.New(ta, ta), ledger.New(le, le)
	return b
}

// Furnish makes the demo's world for an operator that has none yet, as if it had been
// there for a year; past tells that it has drivers who were. What an earlier start has
// made is left alone.
func Furnish(ctx context.Context, st *store.Store, o operator.Operator, sites int, past bool) error {
	if sites < 1 || sites > len(places) {
		return fault.New(fault.Invalid, "demo_sites", "The demo has between 1 and %d sites.", len(places))
	}
	sc := authz.ForSystem(o.ID, "demo")
	opened := Made(o.ID).AddDate(0, 0, -longest-1)
	err := st.Write(ctx, sc, func(tx *store.Tx) error {
		b := newBuilder(ctx, sc, tx, o)
		there, err := b.assets.Sites(ctx, sc, asset.SiteFilter{}, operator.Page{Limit: 1})
		if err != nil || len(there.Items) > 0 {
			return err
		}
		if err := tx.Backdate(opened); err != nil {
			return err
		}
		plans, err := b.plans(o)
		if err != nil {
			return err
		}
		sub, err := b.sub(sites)
		if err != nil {
			return err
		}
		for i, p := range places[:sites] {
			if err := b.site(i, p, plans, sub); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	w, err := Open(ctx, st, o)
	if err != nil {
		return err
	}
	// In pieces, that nobody who writes at the same time waits for long.
	for piece := range slices.Chunk(population(w.sites, w.connectors, past), 100) {
		err := st.Write(ctx, sc, func(tx *store.Tx) error {
			if err := tx.Backdate(opened); err != nil {
				return err
			}
			return newBuilder(ctx, sc, tx, o).people(piece)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// plans makes the price lists; the operator's default got dearer after half a year.
func (b *builder) plans(o operator.Operator) (map[string]ident.Plan, error) {
	plans := map[string]ident.Plan{}
	for _, x := range []struct {
		name string
		tariff.Draft
	}{{"", dayAndNight("0.19", "0.27")}, {"fast", fast()}, {"spain", peninsula()}, {"office", offices()}} {
		p, err := b.tariffs.CreatePlan(b.ctx, b.sc, x.Draft)
		if err != nil {
			return nil, err
		}
		plans[x.name] = p.ID
	}
	def := plans[""]
	now := b.tx.Now()
	if _, err := b.operators.UpdateOperator(b.ctx, b.sc, o.ID, o.Version, operator.OperatorChange{DefaultPlan: &def}); err != nil {
		return nil, err
	}
	if err := b.tx.Backdate(Made(o.ID).AddDate(0, 0, -180)); err != nil {
		return nil, err
	}
	if _, err := b.tariffs.SavePlan(b.ctx, b.sc, def, 1, dayAndNight("0.22", "0.30")); err != nil {
		return nil, err
	}
	return plans, b.tx.Backdate(now)
}

// sub makes the sub-operator if any of the sites is its.
func (b *builder) sub(sites int) (ident.SubOperator, error) {
	for _, p := range places[:sites] {
		if p.sub {
			s, err := b.operators.CreateSubOperator(b.ctx, b.sc, operator.NewSubOperator{Name: SubName, Email: "hola@example.com"})
			return s.ID, err
		}
	}
	return ident.SubOperator{}, nil
}

// site makes a site with its charge points.
func (b *builder) site(i int, p place, plans map[string]ident.Plan, sub ident.SubOperator) error {
	s := asset.Site{Name: p.name, Address: p.address, TimeZone: p.zone, CustomerCare: "+56 2 2000 0100", Position: p.position, Contracted: p.kind.contracted()}
	if p.zone == spain {
		s.CustomerCare, s.Plan = "+34 900 000 100", plans["spain"]
	}
	switch {
	case i == 0:
		s.CustomerCare = "0000000000" // as the guide has it
	case p.kind == highway && p.zone == chile:
		s.Plan = plans["fast"]
	case p.kind == office && p.zone == chile:
		s.Plan = plans["office"]
	}
	if p.sub {
		s.Sub = sub
	}
	s, err := b.assets.CreateSite(b.ctx, b.sc, s)
	if err != nil {
		return err
	}
	points := guidePoints
	if i > 0 {
		points = nil
		for n, st := range p.stands(i) {
			points = append(points, guidePoint{fmt.Sprintf("%s %d", p.tag, n+1), fmt.Sprintf("IOC_%s_%d", p.tag, n+1), "", st})
		}
	}
	for _, x := range points {
		n := asset.NewChargePoint{Site: s.ID, Identity: x.identity, Name: x.name, Code: x.code, Type: x.kind, MaxPower: x.power}
		for c := range x.connectors {
			n.Connectors = append(n.Connectors, asset.ConnectorSpec{Number: c + 1, Type: x.plug, MaxPower: x.power})
		}
		if _, _, err := b.assets.CreateChargePoint(b.ctx, b.sc, n); err != nil {
			return err
		}
	}
	return nil
}

// population is everybody: the guide's drivers, one more for each simulated connector,
// and those of the past.
func population(sites, connectors int, past bool) []person {
	all := append([]person(nil), guidePeople...)
	for n := range max(0, connectors-len(guidePeople)+1) {
		p := someone(100_000 + n)
		p.trouble, p.live = fine, true
		all = append(all, p)
	}
	if !past {
		return all
	}
	for n := range sites * driversPerSite {
		all = append(all, someone(n))
	}
	return all
}

// people makes the drivers with a card each, unless the first of them is there. Those
// that charge in real time have money; the others recharge when they need it.
func (b *builder) people(all []person) error {
	first, err := b.members.Drivers(b.ctx, b.sc, member.DriverFilter{Account: all[0].account}, operator.Page{Limit: 1})
	if err != nil || len(first.Items) > 0 {
		return err
	}
	for _, p := range all {
		d, err := b.members.CreateDriver(b.ctx, b.sc, p.driver())
		if err != nil {
			return fmt.Errorf("%s: %w", p.account, err)
		}
		t := p.token()
		t.Driver = d.ID
		if _, err := b.members.CreateToken(b.ctx, b.sc, t); err != nil {
			return fmt.Errorf("%s: %w", p.account, err)
		}
		if !p.live {
			continue
		}
		_, err = b.ledger.Recharge(b.ctx, b.sc, ledger.RechargeRequest{
			Driver: d.ID, Account: d.Wallet, Amount: money.New(1_000_000, currency), From: ledger.FromAdmin, Reason: "demo", Key: "demo " + p.account,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
