package session

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// spot is a connector that a start from afar is for, with what may stand in its way.
type spot struct {
	point    asset.ChargePoint
	con      asset.Connector
	power    unit.W
	all      connectors
	standing []Reservation
}

func spotOf(tx Tx, p asset.ChargePoint, connector int) (spot, error) {
	at := spot{point: p}
	cs, err := tx.ConnectorsOf(p.ID)
	if err != nil {
		return at, err
	}
	for _, c := range cs {
		if c.Number == connector {
			at.con = c
		}
	}
	if connector <= 0 || at.con.Number == 0 {
		return at, fault.BadInput("/connector", "there is no connector %d at this charge point", connector)
	}
	if at.power = at.con.MaxPower; at.power == 0 {
		at.power = p.MaxPower
	}
	live, err := tx.LiveSessions(p.ID)
	if err != nil {
		return at, err
	}
	at.all = connectorsOf(cs, live)
	at.standing, err = tx.StandingReservations(p.ID)
	return at, err
}

// unfree says why nobody can start there now; nil: somebody can.
func (at *spot) unfree(now time.Time) *fault.Error {
	switch {
	case at.all.busy[at.con.Number]:
		return fault.New(fault.Conflict, "connector_busy", "A session runs on this connector. Stop it first.")
	case !at.point.Online(now):
		return fault.New(fault.Unavailable, "charge_point_offline", "%s is offline. Nothing was sent.", at.point.Name)
	}
	return nil
}

// kept says for whom the connector is kept, where that is somebody else; nil: for nobody.
func (at *spot) kept(d ident.Driver) *fault.Error {
	if r, found := inTheWay(at.standing, at.all, at.con.Number, d); found {
		return fault.New(fault.Conflict, "connector_reserved", "%s", reservedFor(r))
	}
	return nil
}

// unusable is unfree and kept for somebody without an account, whose money is not held
// for a connector that says itself that it cannot charge.
func (at *spot) unusable(now time.Time) *fault.Error {
	if at.point.Status != asset.Valid {
		return fault.New(fault.Conflict, "charge_point_invalid", "%s is out of use.", at.point.Name)
	}
	if f := at.unfree(now); f != nil {
		return f
	}
	if at.con.Status == asset.Faulted || at.con.Status == asset.Unavailable {
		return fault.New(fault.Conflict, "connector_unusable", "This connector cannot charge now.")
	}
	return at.kept(ident.Driver{})
}

// Offer is what a connector is to somebody who stands before it without an account.
type Offer struct {
	Point     asset.ChargePoint
	Zone      string
	Connector asset.Connector
	Prices    *tariff.Sheet // nil: no plan applies
	Hold      money.Amount  // what will be set aside (PAY-R3)
	Refusal   *fault.Error  // why no charge can start now; nil: one can
}

// Plan is the plan version that the offer is priced by; nil: none applies.
func (o *Offer) Plan() *tariff.Plan {
	if o.Prices == nil {
		return nil
	}
	return o.Prices.Plan
}

// Offer says at what price somebody could start now, and what would be held for it.
func (s *Service) Offer(tx Tx, id ident.ChargePoint, connector int) (Offer, error) {
	p, err := tx.PointByID(id)
	if err != nil {
		return Offer{}, err
	}
	site, err := tx.SiteByID(p.Site)
	if err != nil {
		return Offer{}, err
	}
	at, err := spotOf(tx, p, connector)
	if err != nil {
		return Offer{}, err
	}
	now := tx.Now()
	o := Offer{Point: p, Zone: site.TimeZone, Connector: at.con, Refusal: at.unusable(now)}
	plan, _, err := s.resolve(tx, placeOf(p, Place{Zone: site.TimeZone, Plan: site.Plan}, connector), tariff.Asker{}, now)
	if err != nil {
		return o, err
	}
	if plan == nil {
		o.Refusal = fault.New(fault.Conflict, "no_price", "No price applies at this charge point, so nobody can charge.")
		return o, nil
	}
	o.Prices = s.sheet(plan, site.TimeZone)
	o.Hold, err = holdFor(o.Prices, at.power, now)
	return o, err
}

// holdTime is how long a car is taken to charge when nobody knows what it needs (PAY-R3).
const holdTime = 2 * time.Hour

// holdFor is what is set aside of a stranger: what two hours at full power cost, in whole
// units, at most what the plan says and at least what a start needs (PAY-R3).
func holdFor(prices *tariff.Sheet, power unit.W, now time.Time) (money.Amount, error) {
	most := prices.Plan.Hold
	want, err := prices.Most(power, holdTime, now)
	if err != nil || power == 0 || most.Less(want) {
		want = most
	}
	if whole := major(1, want.Currency).Minor; want.Minor%whole != 0 && want != most {
		want.Minor += whole - want.Minor%whole
	}
	least, err := leastToStart(prices, power, now)
	if err == nil && want.Less(least) {
		want = least
	}
	return want, err
}

// GuestStart asks a charge point to start for somebody without an account. What a payment
// provider holds backs the wallet.
type GuestStart struct {
	Point      ident.ChargePoint
	Connector  int
	Token      string // that the charge point shall report
	Wallet     ident.Account
	Plan       ident.Plan
	PlanNumber int // of the price that was shown (PRICE-R3)
	Hold       money.Amount
}

// StartGuest is RequestStart for a guest, in the caller's transaction. What stands in its
// way is refused in words; the attempt is kept in either case (AUTH-R5).
func (s *Service) StartGuest(tx Tx, sc authz.Scope, g GuestStart) (st State, refused *fault.Error, err error) {
	p, place, err := tx.PointAt(g.Point)
	if err != nil {
		return st, nil, err
	}
	at, err := spotOf(tx, p, g.Connector)
	if fault.Is(err, fault.Invalid) {
		return st, fault.Of(err), nil // the connector was taken off the charge point
	}
	if err != nil {
		return st, nil, err
	}
	att := Attempt{Point: p.ID, Connector: g.Connector, Kind: "remote_start", TokenUID: g.Token}
	refuse := func(f *fault.Error) (State, *fault.Error, error) {
		att.Reason = f.Detail
		return State{}, f, s.attempt(tx, p, att, Blocked)
	}
	if f := at.unusable(tx.Now()); f != nil {
		return refuse(f)
	}
	st = State{
		ID: ident.New[ident.Session](tx.Now()), Operator: p.Operator, Sub: p.Sub, Site: p.Site, Point: p.ID,
		Connector: g.Connector, Phase: Starting, Source: ByGuest, TokenUID: g.Token, Wallet: g.Wallet, Plan: g.Plan, PlanNumber: g.PlanNumber,
		Currency: g.Hold.Currency, Zone: place.Zone, MaxPower: at.power, RequestedAt: tx.Now(), Cost: money.New(0, g.Hold.Currency),
	}
	st.DueAt = st.RequestedAt.Add(startTimeout)
	// Why it has this plan is only known as long as it still would get it.
	plan, choice, err := s.resolve(tx, placeOf(p, place, g.Connector), tariff.Asker{}, tx.Now())
	if err != nil {
		return st, nil, err
	}
	if plan != nil && plan.ID == g.Plan {
		st.Choice = choice
	}
	_, err = s.enqueue(tx, sc, p, st.ID, "guest", asset.RemoteStart{Connector: g.Connector, Token: g.Token, Session: st.ID})
	if f := fault.Of(err); err != nil && f.Kind != fault.Internal {
		return refuse(f)
	}
	if err != nil {
		return st, nil, err
	}
	held, err := placeHold(tx, st, g.Hold)
	if err != nil {
		return st, nil, err
	}
	st.HoldAmount = held.Amount
	if err := tx.InsertSession(st); err != nil {
		return st, nil, err
	}
	att.Session, att.Reason = st.ID, "A guest has paid for it."
	return st, nil, s.attempt(tx, p, att, Accepted)
}

// CancelStart gives a start up that the charge point has not begun yet. One that begins
// all the same is denied. The caller has locked the charge point.
func (s *Service) CancelStart(tx Tx, st State) error {
	if st.Phase != Starting {
		return nil
	}
	st.RequestedAt = tx.Now().Add(-startTimeout)
	_, err := s.step(tx, st, Due{})
	return err
}

// Owes notes how much of a session's bill nobody has paid.
func Owes(tx Tx, st State, debt money.Amount) error {
	if st.Debt == debt {
		return nil
	}
	st.Debt = debt
	return tx.SaveSession(st)
}

// AskStop asks the charge point to end a session, in the caller's transaction.
func (s *Service) AskStop(tx Tx, st State, reason string) error {
	env, err := s.env(tx, st, StopAsked{})
	if err != nil {
		return err
	}
	next, err := s.askStop(tx, env, st, reason)
	if err != nil {
		return err
	}
	return tx.SaveSession(next)
}
