package session

import (
	"context"
	"fmt"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// judgement is the answer to "may this token start here, who pays, at what price".
type judgement struct {
	decision Decision
	reason   string // one sentence for support
	holder   member.Holder
	plan     *tariff.Plan
	choice   tariff.Choice // why that plan
	hold     money.Amount  // to place
	// owes: the card may not charge, but the energy flowed while nobody could ask. It is
	// billed to the card's owner (BILL-R9).
	owes bool
}

// charged reports whether somebody pays for the session.
func (j *judgement) charged() bool { return j.decision == Accepted || j.owes }

// minStart is added to the reserve for the least balance that may start (BAL-R2).
const minStart = 1 // major unit

// asking is who wants to start, where and when.
type asking struct {
	point     asset.ChargePoint
	place     Place
	connector int // 0: not known yet
	maxPower  unit.W
	token     string
	holder    member.Holder // of the token, read before
	promotion string        // the code that was given
	at        time.Time
	// offline means that the energy flowed already: then the balance does not matter, the
	// session is billed to its owner whatever it holds.
	offline bool
}

// judge decides a start.
func (s *Service) judge(tx Tx, q asking) (judgement, error) {
	var j judgement
	p, h := q.point, q.holder
	if p.Status != asset.Valid {
		j.decision, j.reason = Blocked, "The charge point is out of use."
		return j, nil
	}
	if q.token == "" {
		j.decision, j.reason = Invalid, "No card was named."
		return j, nil
	}
	j.holder = h
	verdict, why := member.Judge(h, tx.Now())
	owes := verdict != member.Accepted && q.offline && h.Liable()
	if verdict != member.Accepted && !owes {
		j.decision, j.reason = Decision(verdict), why
		return j, nil
	}
	if err := s.price(tx, q, &j); err != nil {
		return j, err
	}
	if q.promotion != "" && !j.choice.Of(tariff.ForPromotion) && !j.choice.OverPromotion() {
		j.decision, j.reason = Blocked, "The promotion code does not count here."
		return j, nil
	}
	if j.plan == nil {
		j.decision, j.reason = Blocked, "No billing plan applies at this charge point (NO_PRICE)."
		return j, nil
	}
	acc, err := tx.LockAccount(h.Driver.Wallet)
	if err != nil {
		return j, err
	}
	err = j.afford(acc, s.sheet(j.plan, q.place.Zone), q.maxPower, tx.Now(), q.offline)
	if owes && j.decision == Accepted {
		j.owes, j.decision, j.reason = true, Decision(verdict), why+" It flowed already: its owner is billed."
	}
	return j, err
}

// afford is the last question of a start: does the account have enough for the price?
func (j *judgement) afford(acc ledger.Account, prices *tariff.Sheet, maxPower unit.W, now time.Time, offline bool) error {
	plan := prices.Plan
	if acc.Balance.Currency != plan.Currency {
		j.decision = Blocked
		j.reason = fmt.Sprintf("The charging account is in %s, the plan in %s.", acc.Balance.Currency, plan.Currency)
		return nil
	}
	available := acc.Available()
	least, err := leastToStart(prices, maxPower, now)
	if err != nil {
		return err
	}
	if available.Less(least) && !offline {
		j.decision = Blocked
		j.reason = fmt.Sprintf("The available balance %s is below the %s needed to start.", available, least)
		return nil
	}
	j.hold = plan.Hold
	if available.Less(j.hold) {
		j.hold = available
	}
	if j.hold.Minor < 0 {
		j.hold.Minor = 0
	}
	j.decision, j.reason = Accepted, "The card may charge."
	return nil
}

// leastToStart is what must be there before a start: what the first samples may cost, and
// a little more (BAL-R2).
func leastToStart(prices *tariff.Sheet, maxPower unit.W, now time.Time) (money.Amount, error) {
	least, err := prices.Reserve(maxPower, 2*defaultGap+reserveMargin, now)
	if err != nil {
		return least, err
	}
	plan := prices.Plan
	least = least.Add(major(minStart, plan.Currency))
	if plan.MinBalance.Currency == least.Currency && least.Less(plan.MinBalance) {
		least = plan.MinBalance
	}
	return least, nil
}

func major(n int64, c money.Currency) money.Amount {
	for range c.Exponent() {
		n *= 10
	}
	return money.New(n, c)
}

// price finds the plan of a start. An Authorize names no connector: where the charge point
// as a whole has no price one of its connectors may have one.
func (s *Service) price(tx Tx, q asking, j *judgement) (err error) {
	who := askerOf(q.holder.Driver)
	who.Promotion = q.promotion
	spot := placeOf(q.point, q.place, q.connector)
	j.plan, j.choice, err = s.resolve(tx, spot, who, q.at)
	if err != nil || j.plan != nil || q.connector > 0 {
		return err
	}
	cs, err := tx.ConnectorsOf(q.point.ID)
	for _, c := range cs {
		if err == nil && j.plan == nil {
			spot.Connector = c.Number
			j.plan, j.choice, err = s.resolve(tx, spot, who, q.at)
		}
	}
	return err
}

// placeOf is where a charge at the connector is, for its price.
func placeOf(p asset.ChargePoint, place Place, connector int) tariff.Spot {
	return tariff.Spot{Operator: p.Operator, Sub: p.Sub, Site: p.Site, Point: p.ID, Connector: connector, PointPlan: p.Plan, SitePlan: place.Plan}
}

// askerOf is what a price may depend on of a driver; nobody is ad hoc.
func askerOf(d member.Driver) tariff.Asker {
	return tariff.Asker{Registered: !d.ID.IsZero(), Level: d.Level, Group: d.Group}
}

// resolve finds the plan in force at an instant, and why it is that one (PRICE-R1). nil
// means NO_PRICE (PRICE-R2).
func (s *Service) resolve(tx Tx, spot tariff.Spot, who tariff.Asker, at time.Time) (*tariff.Plan, tariff.Choice, error) {
	all, err := tx.AssignmentsFor(spot, who)
	if err != nil {
		return nil, tariff.Choice{}, err
	}
	c := tariff.Choose(all, spot, who, at)
	own := c.Plan
	v, ok, err := tx.NewestVersion(own, spot.Operator)
	if err != nil {
		return nil, c, err
	}
	if own.IsZero() {
		c.WithDefault(v.Plan)
	} else {
		c.WithDefault(ident.Plan{})
	}
	if !ok {
		return nil, c, nil
	}
	if !v.SavedAt.After(at) {
		p, err := s.plan(tx, v.Plan, v.Number)
		return p, c, err
	}
	old, err := tx.PlanInForce(v.Plan, at)
	if fault.Is(err, fault.Missing) {
		return nil, c, nil
	}
	return &old, c, err
}

// AuthorizeReport is an Authorize.
type AuthorizeReport struct {
	Report
	Token string
}

// AuthorizeAnswer goes back in the Authorize.conf.
type AuthorizeAnswer struct {
	Status Decision
	Parent string // the charging account, where the card may charge (AUTH-R6)
}

// Authorize answers a tap. While the token has a session running on the point it is
// always Accepted: many points ask on the tap that stops (AUTH-R1).
func (s *Service) Authorize(ctx context.Context, sc authz.Scope, r AuthorizeReport) (AuthorizeAnswer, error) {
	var d Decision
	var parent string
	err := s.once(ctx, sc, func(tx Tx) error {
		p, place, err := s.point(tx, r.Report, func() {
			_, _ = tx.LiveSessions(r.Point)
			_, _ = s.holder(tx, r.Token)
			_, _ = tx.StandingReservations(r.Point)
		})
		if err != nil {
			return err
		}
		parent = ""
		att := Attempt{Point: p.ID, Kind: "authorize", TokenUID: r.Token}
		live, err := tx.LiveSessions(p.ID)
		if err != nil {
			return err
		}
		for _, st := range live {
			if r.Token == "" || !member.SameToken(st.TokenUID, r.Token) {
				continue
			}
			switch {
			case st.Phase.Open(), st.Phase == Rejected && st.Has(FlagDeniedEnergy):
				att.Reason = "Its session runs on this charge point; the tap may stop it."
			case st.Phase == Starting:
				// A point that asks before it does what we told it to; the hold is placed.
				att.Reason = "Its start was asked for from afar."
			default:
				continue
			}
			d = Accepted
			att.Session, att.Token, att.Driver, att.Connector = st.ID, st.Token, st.Driver, st.Connector
			return s.attempt(tx, p, att, d)
		}
		h, err := s.holder(tx, r.Token)
		if err != nil {
			return err
		}
		q := asking{point: p, place: place, maxPower: p.MaxPower, token: r.Token, holder: h, at: tx.Now()}
		if h.Found {
			tx.Ahead(func() { _, _ = tx.LockAccount(h.Driver.Wallet) })
		}
		j, err := s.judge(tx, q)
		if err != nil {
			return err
		}
		if j.decision == Accepted {
			standing, err := tx.StandingReservations(p.ID)
			if err != nil {
				return err
			}
			if err := s.unreserved(tx, p.ID, standing, 0, h, &j); err != nil {
				return err
			}
		}
		if d = j.decision; d == Accepted {
			parent = h.Driver.ChargingAccount
		}
		att.Token, att.Driver, att.Reason = j.holder.Token.ID, j.holder.Driver.ID, j.reason
		return s.attempt(tx, p, att, d)
	})
	return AuthorizeAnswer{Status: d, Parent: parent}, err
}

// unreserved refuses who would take what is reserved for somebody else. An Authorize names
// no connector (0): then it is refused only where all that are free are reserved.
func (s *Service) unreserved(tx Tx, p ident.ChargePoint, standing []Reservation, connector int, h member.Holder, j *judgement) error {
	if len(standing) == 0 {
		return nil
	}
	cs, err := tx.ConnectorsOf(p)
	if err != nil {
		return err
	}
	live, err := tx.LiveSessions(p)
	if err != nil {
		return err
	}
	if r, kept := inTheWay(standing, connectorsOf(cs, live), connector, h.Driver.ID); kept {
		j.decision, j.reason = Blocked, reservedFor(r)
	}
	return nil
}

// holder is who holds a card; nobody holds none.
func (s *Service) holder(tx Tx, token string) (member.Holder, error) {
	if token == "" {
		return member.Holder{}, nil
	}
	return tx.TokenByUID(token)
}

func (s *Service) attempt(tx Tx, p asset.ChargePoint, a Attempt, d Decision) error {
	a.ID = ident.New[ident.Attempt](tx.Now())
	a.Operator, a.Sub, a.Decision, a.At = p.Operator, p.Sub, d, tx.Now()
	return tx.InsertAttempt(a)
}

// Start takes a StartTransaction. It always answers with a transactionId > 0
// (AUTH-R2), whatever the report lacks (AUTH-R9).
func (s *Service) Start(ctx context.Context, sc authz.Scope, r StartReport) (StartAnswer, error) {
	var (
		p      asset.ChargePoint
		st     State
		parent string
	)
	err := s.once(ctx, sc, func(tx Tx) (err error) {
		var place Place
		parent = ""
		p, place, err = s.point(tx, r.Report, func() {
			_, _, _ = s.sameStart(tx, sc.Operator(), r)
			_, _ = tx.ConnectorsOf(r.Point)
			_, _ = s.holder(tx, r.Token)
			_, _ = tx.LiveSessions(r.Point)
			_, _ = tx.StandingReservations(r.Point)
			_, _ = tx.NextOCPPID()
		})
		if err != nil {
			return err
		}
		var again bool
		if st, again, err = s.sameStart(tx, p.Operator, r); err != nil {
			return err
		}
		h, err := s.holder(tx, r.Token)
		if err != nil {
			return err
		}
		if !again {
			st, err = s.begin(tx, p, place, h, r)
		}
		if st.StartAnswer == Accepted {
			parent = h.Driver.ChargingAccount
		}
		return err
	})
	if err != nil {
		return StartAnswer{}, err
	}
	s.remember(r.Cache, p, st)
	return StartAnswer{OCPPID: st.OCPPID, Status: st.StartAnswer, Parent: parent}, nil
}

// sameStart finds the session that this very StartTransaction made before (BILL-R8).
func (s *Service) sameStart(tx Tx, op ident.Operator, r StartReport) (State, bool, error) {
	st, ok, err := tx.SessionByStartMessage(r.Point, r.Epoch, r.MessageID)
	if err != nil || ok && st.StartDevice.Equal(r.Stamp.At) && st.Connector == r.Connector {
		return st, ok, err
	}
	return tx.SessionByStart(StartKey{
		Operator: op, Point: r.Point, Connector: r.Connector, TokenUID: ident.NormalToken(r.Token), Device: r.Stamp.At, Register: r.Register,
	})
}

func (s *Service) begin(tx Tx, p asset.ChargePoint, place Place, h member.Holder, r StartReport) (State, error) {
	standing, err := tx.StandingReservations(p.ID)
	if err != nil {
		return State{}, err
	}
	cs, err := tx.ConnectorsOf(p.ID)
	if err != nil {
		return State{}, err
	}
	power, known := p.MaxPower, asset.Meter{}
	for _, c := range cs {
		if c.Number != r.Connector {
			continue
		}
		known = c.Meter
		if c.MaxPower > 0 {
			power = c.MaxPower
		}
	}
	// Whoever was just let in at this point, or sent here from afar, starts now.
	tx.Ahead(func() {
		if h.Found {
			_, _ = tx.LockAccount(h.Driver.Wallet)
			_, _ = tx.RunningOfToken(h.Token.ID)
		}
		_, _, _ = s.resolve(tx, placeOf(p, place, r.Connector), askerOf(h.Driver), tx.Now())
	})
	asked, err := tx.AskedSince(p.ID, p.Operator, r.Token, later(r.ReceivedAt.Add(-askedWithin), p.ConnectedAt))
	if err != nil {
		return State{}, err
	}
	read, err := s.readClock(tx, p, place.Zone, r.Stamp, Clock{Received: r.ReceivedAt, Live: asked})
	if err != nil {
		return State{}, err
	}
	id, err := tx.NextOCPPID()
	if err != nil {
		return State{}, err
	}
	// A cable is in one car: what was there has ended or lost its stop.
	var waiting *State
	there, err := s.each(tx, p.ID, func(old State) Event {
		switch {
		case old.Phase == Starting && waiting == nil && (old.Connector == r.Connector || old.Connector == 0) &&
			member.SameToken(old.TokenUID, r.Token):
			waiting = &old
		case old.Connector == r.Connector && old.Phase != Starting && old.Phase != Completed:
			return Replaced{At: read.At}
		}
		return nil
	})
	if err != nil {
		return State{}, err
	}
	// Many devices tell whole seconds: a start in the second of the connection is of now.
	offline := !asked && read.At.Before(p.ConnectedAt.Truncate(time.Second))
	var j judgement
	if waiting == nil {
		q := asking{point: p, place: place, connector: r.Connector, maxPower: power, token: r.Token, holder: h, at: read.At, offline: offline}
		if j, err = s.judge(tx, q); err != nil {
			return State{}, err
		}
		if j.decision == Accepted && !offline { // what happened then is no longer at once with anything
			n, err := tx.RunningOfToken(j.holder.Token.ID)
			if err != nil {
				return State{}, err
			}
			if n >= j.holder.Token.MaxSessions { // AUTH-R3
				j.decision, j.reason = Concurrent, "The card has a session running already."
			}
		}
		if j.decision == Accepted && !offline { // nor is what it took then to be kept for anybody
			if err := s.unreserved(tx, p.ID, standing, r.Connector, h, &j); err != nil {
				return State{}, err
			}
		}
	}
	var st State
	if waiting != nil {
		st = *waiting
		j.decision, j.reason = Accepted, "Started from afar, as asked."
	} else {
		st = State{
			ID: ident.New[ident.Session](tx.Now()), Operator: p.Operator, Sub: p.Sub, Site: p.Site, Point: p.ID,
			Source: ByRFID, TokenUID: r.Token, Zone: place.Zone,
		}
	}
	st.Connector, st.MaxPower, st.OCPPID = r.Connector, power, id
	st.StartedAt, st.StartDevice, st.StartEpoch, st.StartMsgID = read.At, r.Stamp.At, r.Epoch, r.MessageID
	st.MeterStart, st.Inner.Register = r.Register, r.Register
	direct(&st, p)
	st.Phase = Charging
	st.Inner.PluggedUntil = read.At
	if read.Fixed {
		st.flag(FlagClock)
	}
	if read.Untimed {
		st.flag(FlagUntimed)
	}
	if !r.HasRegister || r.Incomplete || r.Connector <= 0 || r.Token == "" {
		st.flag(FlagMissingField)
		j.decision, j.owes, j.reason = Invalid, false, "The start lacked its connector, card, register or time."
	}
	if j.owes {
		st.flag(FlagRefusedCard)
	}
	st.base(known)
	if j.charged() {
		for _, old := range there {
			if !old.Phase.Open() {
				continue
			}
			if _, err := s.step(tx, old, Rivalled{read.At}); err != nil {
				return State{}, err
			}
		}
	}
	if waiting != nil && j.decision != Accepted {
		// The hold of the remote start must not stay behind.
		if err := s.releaseHold(tx, &st); err != nil {
			return State{}, err
		}
	}
	if waiting == nil {
		st.Token, st.Driver = j.holder.Token.ID, j.holder.Driver.ID
	}
	switch {
	case !j.charged():
		st.Phase, st.Wallet = Rejected, ident.Account{}
	case waiting == nil:
		st.Wallet, st.Plan, st.PlanNumber, st.Choice = j.holder.Driver.Wallet, j.plan.ID, j.plan.Number, j.choice
	}
	if j.plan != nil {
		st.Currency = j.plan.Currency
	}
	if st.Currency == "" {
		op, err := tx.OperatorByID(p.Operator)
		if err != nil {
			return State{}, err
		}
		st.Currency = op.Currency
	}
	if st.Phase == Charging && waiting == nil {
		st.HoldAmount = money.New(0, st.Currency)
		if j.hold.Minor > 0 { // an offline session may find nothing to hold
			h, err := placeHold(tx, st, j.hold)
			if err != nil {
				return State{}, err
			}
			st.HoldAmount = h.Amount
		}
	}
	st.open(j.decision, tx.Now())
	var kept Reservation
	uses := false
	if j.decision == Accepted {
		if kept, uses, err = reservationOf(tx, st, r.Reservation, standing); err != nil {
			return State{}, err
		}
		if uses {
			st.Inner.Running.Reservation = kept.charged(st.StartedAt)
		}
	}
	if waiting != nil {
		err = tx.SaveSession(st)
		st.Rev++
		if err == nil && !st.Runs() {
			err = tx.SetRunning(st, false)
		}
	} else {
		err = tx.InsertSession(st)
	}
	if err != nil {
		return State{}, err
	}
	if uses {
		if err := s.useBy(tx, kept, st); err != nil {
			return State{}, err
		}
	}
	if err := s.keep(tx, p, st.ID, "StartTransaction", r.Report, r.Stamp, read); err != nil {
		return State{}, err
	}
	if waiting != nil {
		err := asset.EffectOn(tx, p.ID, asset.CommandRemoteStart, "The session started.", func(a asset.Args) bool {
			r, ok := a.(asset.RemoteStart)
			return ok && r.Session == st.ID
		})
		if err != nil {
			return State{}, err
		}
	}
	out := Outcome{Next: st, Fact: "session.started"}
	if st.Phase == Rejected {
		out.Fact = "session.rejected"
	}
	if err := s.record(tx, State{}, out); err != nil {
		return State{}, err
	}
	return st, s.attempt(tx, p, Attempt{
		Point: p.ID, Connector: st.Connector, Kind: "start", TokenUID: r.Token, Token: st.Token, Driver: st.Driver,
		Session: st.ID, Reason: j.reason,
	}, j.decision)
}

// direct notes what the session's energy is bounded by (BILL-R2, R3).
func direct(st *State, p asset.ChargePoint) { st.Inner.Direct = !p.Type.Alternating() }

// open sets what a session begins with, once it is decided.
func (s *State) open(d Decision, now time.Time) {
	s.Cost = money.New(0, s.Currency)
	s.Inner.Running = tariff.Begin(s.StartedAt)
	s.StartAnswer = d
	// A meter that stays silent from the first second matters too.
	if s.Phase == Charging {
		s.Inner.HeardAt = now
		s.Inner.SilentAt = now.Add(2*defaultGap + reserveMargin)
		s.DueAt = s.Inner.SilentAt
	} else {
		s.DueAt = now.Add(forgetAfter)
	}
}

func (s *Service) releaseHold(tx Tx, st *State) error {
	if st.Wallet.IsZero() {
		return nil
	}
	st.HoldAmount = money.New(0, st.Currency)
	_, err := ledger.Release(tx, payer(*st))
	return err
}

// readStamp judges a device time and remembers what it tells of the device's clock.
func (s *Service) readStamp(tx Tx, p asset.ChargePoint, siteZone string, st Stamp, received, after time.Time) (Read, error) {
	return s.readClock(tx, p, siteZone, st, Clock{Received: received, After: after})
}

func (s *Service) readClock(tx Tx, p asset.ChargePoint, siteZone string, st Stamp, c Clock) (Read, error) {
	c.Offset, c.Site = p.ClockOffset, s.zone(siteZone)
	c.Online = p.Open() && c.Received.Sub(p.ConnectedAt) > onlineAfter
	if p.Zone != "" {
		c.Zone = s.zone(p.Zone)
	}
	read := c.Read(st)
	offset, zone := p.ClockOffset, p.Zone
	if read.Zone != nil && zone == "" {
		zone = siteZone
	}
	if read.Measured != 0 {
		offset = read.Measured
	}
	if offset == p.ClockOffset && zone == p.Zone {
		return read, nil
	}
	return read, asset.LearnClock(tx, p.ID, offset, zone)
}

// zoneOf is the zone of the site that sessions of one point are at.
func zoneOf(sessions []State) string {
	if len(sessions) == 0 {
		return ""
	}
	return sessions[0].Zone
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// askedWithin is how long after its Authorize a start may come: the cable has to be
// plugged in (OCPP 1.6 §9.1.3).
const askedWithin = 5 * time.Minute

// onlineAfter: what comes later than this after connecting is not backlog. The
// offline queue of a point is delivered at once when it is back.
const onlineAfter = time.Minute

// keep writes the raw report into the commit.
func (s *Service) keep(tx Tx, p asset.ChargePoint, id ident.Session, kind string, r Report, st Stamp, read Read) error {
	return tx.InsertEvent(kept(p.Operator, p.Sub, p.ID, id, kind, &r, st, read))
}
