package csmstest

import (
	"fmt"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// Fixtures are what every World has from the start: one operator in EUR, one site in
// UTC, and the plan of bill B1 as the operator's default.
type Fixtures struct {
	Operator operator.Operator
	Scope    authz.Scope // the system inside the operator
	Site     asset.Site
	Plan     tariff.Plan
}

// B1 is the plan of bill B1: electricity 0.30, service 0.10 net, VAT 20 %.
func B1() tariff.Draft {
	return tariff.Draft{Name: "B1", Currency: "EUR", VAT: 200, Electricity: Allday("0.30"), ServicePerKWh: Rate("0.10")}
}

// Allday is one price of electricity.
func Allday(price string) []tariff.Band { return []tariff.Band{{To: 24 * 60, Price: Rate(price)}} }

// Rate reads a price.
func Rate(text string) money.Rate {
	r, err := money.ParseRate(text)
	if err != nil {
		panic(err)
	}
	return r
}

// EUR reads an amount.
func EUR(text string) money.Amount {
	a, err := money.ParseAmount(text, "EUR")
	if err != nil {
		panic(err)
	}
	return a
}

func (w *World) furnish() {
	w.Helper()
	w.Operator = w.NewOperator("A3E")
	w.Scope = authz.ForSystem(w.Operator.ID, "test")
	w.Plan = w.NewPlan(B1())
	w.DefaultPlan(w.Plan.ID)
	w.Site = w.NewSite(asset.Site{Name: "A3E_station", Address: "Street 1", TimeZone: "UTC"})
}

// NewOperator makes an operator in EUR.
func (w *World) NewOperator(name string) operator.Operator {
	w.Helper()
	o, err := w.App.Operators.CreateOperator(w.Context(), authz.Everything("test"), operator.NewOperator{Name: name, Currency: "EUR", TimeZone: "UTC"})
	w.OK(err)
	return o
}

// NewPlan makes a billing plan.
func (w *World) NewPlan(d tariff.Draft) tariff.Plan {
	w.Helper()
	p, err := w.App.Tariffs.CreatePlan(w.Context(), w.Scope, d)
	w.OK(err)
	return p
}

// DefaultPlan makes a plan the operator's default; the zero id takes it away.
func (w *World) DefaultPlan(id ident.Plan) {
	w.Helper()
	o, err := w.App.Operators.Operator(w.Context(), w.Scope, w.Operator.ID)
	w.OK(err)
	w.Operator, err = w.App.Operators.UpdateOperator(w.Context(), w.Scope, o.ID, o.Version, operator.OperatorChange{DefaultPlan: &id})
	w.OK(err)
}

// Price makes a new plan the operator's default.
func (w *World) Price(d tariff.Draft) tariff.Plan {
	w.Helper()
	p := w.NewPlan(d)
	w.DefaultPlan(p.ID)
	return p
}

// NewSite makes a site.
func (w *World) NewSite(s asset.Site) asset.Site {
	w.Helper()
	s, err := w.App.Assets.CreateSite(w.Context(), w.Scope, s)
	w.OK(err)
	return s
}

// Point is a charge point as the operator made it.
type Point struct {
	*World
	ID       ident.ChargePoint
	Identity string
	Key      string
}

// Point makes an AC charge point of 43 kW at the site, with one connector or as many
// as asked for.
func (w *World) Point(identity string, connectors ...int) *Point {
	w.Helper()
	return w.PointAt(w.Site.ID, identity, connectors...)
}

// PointAt is Point at another site.
func (w *World) PointAt(site ident.Site, identity string, connectors ...int) *Point {
	w.Helper()
	n := asset.NewChargePoint{Site: site, Identity: identity, Name: identity, Type: asset.AC, MaxPower: 43000}
	for i := range max(1, sum(connectors)) {
		n.Connectors = append(n.Connectors, asset.ConnectorSpec{Number: i + 1, MaxPower: unit.W(43000)})
	}
	v, key, err := w.App.Assets.CreateChargePoint(w.Context(), w.Scope, n)
	w.OK(err)
	return &Point{World: w, ID: v.ID, Identity: identity, Key: key}
}

func sum(in []int) (n int) {
	for _, i := range in {
		n += i
	}
	return n
}

// View is the charge point as stored now.
func (p *Point) View() asset.PointView {
	p.Helper()
	v, err := p.App.Assets.ChargePoint(p.Context(), p.Scope, p.ID)
	p.OK(err)
	return v
}

// Driver is a driver with a card.
type Driver struct {
	member.Driver
	Card  member.Token
	world *World
}

// Driver makes a driver with a card and money on the charging account; "0" is none.
func (w *World) Driver(card, balance string) *Driver {
	w.Helper()
	w.mu.Lock()
	w.serial++
	n := w.serial
	w.mu.Unlock()
	drv, err := w.App.Members.CreateDriver(w.Context(), w.Scope, member.Driver{Account: fmt.Sprintf("driver%d@example.org", n), Name: "Dora Driver"})
	w.OK(err)
	h, err := w.App.Members.CreateToken(w.Context(), w.Scope, member.Token{Driver: drv.ID, UID: card})
	w.OK(err)
	d := &Driver{Driver: drv, Card: h.Token, world: w}
	if a := EUR(balance); a.Minor > 0 {
		d.Recharge(balance)
	}
	return d
}

// Recharge puts money on the charging account.
func (d *Driver) Recharge(amount string) {
	w := d.world
	w.Helper()
	w.mu.Lock()
	w.serial++
	key := fmt.Sprint("recharge ", w.serial)
	w.mu.Unlock()
	_, err := w.App.Ledger.Recharge(w.Context(), w.Scope, ledger.RechargeRequest{
		Driver: d.ID, Account: d.Wallet, Amount: EUR(amount), From: ledger.FromAdmin, Reason: "test", Key: key})
	w.OK(err)
}

// Account is the charging account as it is now.
func (d *Driver) Account() ledger.Account {
	d.world.Helper()
	a, err := d.world.App.Ledger.Balance(d.world.Context(), d.world.Scope, d.Wallet)
	d.world.OK(err)
	return a
}

// Has fails the test unless the account has this balance, and this much of it held.
func (d *Driver) Has(balance, held string) {
	d.world.Helper()
	if a := d.Account(); a.Balance != EUR(balance) || a.Held != EUR(held) {
		d.world.Errorf("the account has %v with %v held, want %s and %s", a.Balance, a.Held, balance, held)
	}
}

// Suspend takes the driver's right to start.
func (d *Driver) Suspend() {
	w := d.world
	w.Helper()
	status := member.DriverSuspended
	now, err := w.App.Members.UpdateDriver(w.Context(), w.Scope, d.ID, member.DriverChange{Status: &status}, d.Version)
	w.OK(err)
	d.Driver = now
}

// Turn gives the card another status.
func (d *Driver) Turn(status member.TokenStatus) {
	w := d.world
	w.Helper()
	h, err := w.App.Members.UpdateToken(w.Context(), w.Scope, d.Card.ID, member.TokenChange{Status: &status}, d.Card.Version)
	w.OK(err)
	d.Card = h.Token
}

// AllowSessions sets how many sessions the card may have at once.
func (d *Driver) AllowSessions(n int) {
	w := d.world
	w.Helper()
	h, err := w.App.Members.UpdateToken(w.Context(), w.Scope, d.Card.ID, member.TokenChange{MaxSessions: &n}, d.Card.Version)
	w.OK(err)
	d.Card = h.Token
}
