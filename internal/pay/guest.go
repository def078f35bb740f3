package pay

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/session"
)

// Guest is a charge of somebody without an account: a hold at a payment provider, the
// session that it backs, and what is done with the hold afterwards. The phone keeps a
// secret; whoever has it is the guest.
type Guest struct {
	ID         ident.Guest
	Operator   ident.Operator
	Sub        ident.SubOperator // of the site: who earns
	Hash       []byte            // SHA-256 of the secret
	Site       ident.Site
	Point      ident.ChargePoint // of the last attempt; it may move within the site
	Connector  int
	Account    ident.Account // a wallet for this charge alone
	Hold       ident.Payment
	Rest       ident.Payment // a sale, of what the bill has above the hold
	Session    ident.Session // of the last attempt
	Plan       ident.Plan    // of the price that was shown (PRICE-R3)
	PlanNumber int
	Method     Method
	Amount     money.Amount // to hold, as it was shown (PAY-R3)
	State      GuestState
	Failure    Failure // why the last attempt did not charge
	At         time.Time
	Until      time.Time // how long a hold without a session waits for another attempt
	EndedAt    time.Time
	DueAt      time.Time // when the worker has to look at it next; zero: when something happens
	Version    int64
}

// GuestState is where a guest is.
type GuestState string

// The states.
const (
	GuestPaying   GuestState = "PAYING"   // at the provider
	GuestHeld     GuestState = "HELD"     // the money is held, and a start is wanted
	GuestReady    GuestState = "READY"    // the start failed; another may use the hold (PAY-R1)
	GuestRunning  GuestState = "RUNNING"  // a session runs, or its bill is not made yet
	GuestSettling GuestState = "SETTLING" // the hold is captured or given back
	GuestDone     GuestState = "DONE"
)

const (
	// retryWithin is how long a hold waits for another attempt: with what the provider
	// takes to hear of it, it is void within a minute of the last (PAY-R2).
	retryWithin = 45 * time.Second
	// captureBefore is how long before a hold ends it is captured at the latest (PAY-R5).
	captureBefore = 12 * time.Hour
	// receiptFor is how long the secret opens the receipt.
	receiptFor = 366 * 24 * time.Hour
	// lookEvery is how often a page that is open may have the provider asked.
	lookEvery = 4 * time.Second
	// secretBytes is how many random bytes a phone's secret has.
	secretBytes = 32
	maxCode     = 6 + 1 + 32 + 1 + 3
)

// hashOf is what is kept of a phone's secret.
func hashOf(secret string) ([]byte, error) {
	b, err := base64.RawURLEncoding.DecodeString(secret)
	if err != nil || len(b) != secretBytes {
		return nil, fault.BadInput("/secret", "must be 32 random bytes in base64url")
	}
	h := sha256.Sum256(b)
	return h[:], nil
}

// Card is the token that the charge point reports. It cannot be guessed, and fits in the
// 20 letters of OCPP 1.6.
func (g Guest) Card() string {
	h := sha256.Sum256(append([]byte("card of a guest "), g.Hash...))
	return "G" + base32.HexEncoding.EncodeToString(h[:])[:19]
}

// number is what lists show the wallet by.
func (g Guest) number() string {
	id := g.ID.String()
	return "G" + strings.ToUpper(id[len(id)-10:])
}

// Pile is what a code on a charge point stands for.
type Pile struct {
	Operator operator.Operator
	Site     asset.Site
	Point    asset.ChargePoint
	Offers   []session.Offer // by connector
	Chosen   int             // the connector that the code names; 0: none
	Methods  []Method
}

var errNoCode = fault.New(fault.Missing, "code_unknown", "There is no charge point with this code.")

// find says what a code stands for: the operator's six digits, the code of the charge
// point and the connector, with a dash between. Where there is one operator only, its
// digits may be left out, and so may the connector.
func find(tx Tx, code string) (asset.ChargePoint, int, error) {
	code = strings.TrimSpace(code)
	if code == "" || len(code) > maxCode {
		return asset.ChargePoint{}, 0, errNoCode
	}
	digits, rest, _ := strings.Cut(code, "-")
	if op, found, err := tx.OperatorByCode(digits); err != nil {
		return asset.ChargePoint{}, 0, err
	} else if found {
		if p, connector, err := findIn(tx, op, rest); !fault.Is(err, fault.Missing) {
			return p, connector, err
		}
	}
	op, sole, err := tx.SoleOperator()
	if err != nil || !sole {
		return asset.ChargePoint{}, 0, orElse(err, errNoCode)
	}
	return findIn(tx, op, code)
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func findIn(tx Tx, op ident.Operator, code string) (asset.ChargePoint, int, error) {
	if i := strings.LastIndexByte(code, '-'); i > 0 {
		if n, err := strconv.Atoi(code[i+1:]); err == nil && n > 0 && n < 1000 {
			p, found, err := tx.PointByCode(op, code[:i])
			if err != nil || found {
				return p, n, err
			}
		}
	}
	p, found, err := tx.PointByCode(op, code)
	if err != nil || !found {
		return p, 0, orElse(err, errNoCode)
	}
	return p, 0, nil
}

// CodeOf is the code of a charge point, as find takes it.
func CodeOf(o operator.Operator, p asset.ChargePoint) string { return o.Code + "-" + p.Code }

// Pile says what a code stands for, at what price one can charge there and how one pays.
func (s *Service) Pile(ctx context.Context, code string) (Pile, error) {
	sc := authz.Everything("a code on a charge point")
	p, chosen, err := two(ctx, s.read, sc, func(tx Tx) (asset.ChargePoint, int, error) { return find(tx, code) })
	if err != nil {
		return Pile{}, err
	}
	return one(ctx, s.read, authz.ForSystem(p.Operator, "a guest"), func(tx Tx) (Pile, error) {
		out := Pile{Point: p, Chosen: chosen}
		var err error
		if out.Operator, err = tx.OperatorByID(p.Operator); err != nil {
			return out, err
		}
		if out.Site, err = tx.SiteByID(p.Site); err != nil {
			return out, err
		}
		cs, err := tx.ConnectorsOf(p.ID)
		if err != nil {
			return out, err
		}
		there := false
		for _, c := range cs {
			o, err := s.sessions.Offer(tx, p.ID, c.Number)
			if err != nil {
				return out, err
			}
			out.Offers = append(out.Offers, o)
			there = there || c.Number == chosen
		}
		if chosen > 0 && !there {
			return out, errNoCode
		}
		if len(cs) == 1 {
			out.Chosen = cs[0].Number
		}
		out.Methods, err = guestMethods(tx, p.Operator)
		return out, err
	})
}

// guestMethods are the ways in which guests may pay.
func guestMethods(tx Tx, op ident.Operator) ([]Method, error) {
	all, err := tx.PayOptions(op)
	var out []Method
	for _, m := range Methods {
		for _, o := range all {
			if o.Method == m && o.Ready() && o.Guests {
				out = append(out, m)
			}
		}
	}
	return out, err
}

// GuestRequest asks for a charge without an account.
type GuestRequest struct {
	Secret    string // that the phone made and keeps: the same one is the same charge
	Code      string
	Connector int // where the code names none
	Method    Method
	ReturnURL string // where the provider's page leads back to
}

var (
	errGuestOver      = fault.New(fault.Conflict, "charge_over", "This charge is over. Begin a new one.")
	errGuestElsewhere = fault.New(fault.Conflict, "charge_elsewhere", "Money is held for a charge at another place. Stop that one first.")
	errGuestRunning   = fault.New(fault.Conflict, "charge_running", "Your charge runs on another connector. Stop it first.")
)

// BeginGuest begins a charge without an account, or another attempt of one: as long as
// money is held, it serves every attempt at the same site, on whatever connector (PAY-R1).
// A repeated request changes nothing.
func (s *Service) BeginGuest(ctx context.Context, a authz.Actor, r GuestRequest) (GuestView, error) {
	hash, err := hashOf(r.Secret)
	switch {
	case err != nil:
		return GuestView{}, err
	case r.Method.Provider() == "":
		return GuestView{}, fault.BadInput("/method", "must be %s or %s", ByCard, ByPayPal)
	case !webAddress(r.ReturnURL):
		return GuestView{}, fault.BadInput("/return_url", "must be an address that begins with https:// or http://, in at most %d letters", maxURL)
	}
	p, connector, err := two(ctx, s.read, authz.Everything("a code on a charge point"), func(tx Tx) (asset.ChargePoint, int, error) { return find(tx, r.Code) })
	if err != nil {
		return GuestView{}, err
	}
	if connector == 0 {
		connector = r.Connector
	}
	sc := authz.ForSystem(p.Operator, "a guest")
	sc.Actor.IP, sc.Actor.RequestID = a.IP, a.RequestID
	begin := func(tx Tx) (Guest, error) { return s.beginGuest(tx, p, connector, hash, r) }
	g, err := one(ctx, s.write, sc, begin)
	if err != nil && fault.Is(err, fault.Conflict) && (fault.Of(err).Code == "guest_known" || fault.Of(err).Code == "stale_version") {
		g, err = one(ctx, s.write, sc, begin) // the same request came twice at once: the other was faster
	}
	if err != nil {
		return GuestView{}, err
	}
	if g.State == GuestPaying {
		if _, err := s.carriedOn(ctx, sc, Payment{ID: g.Hold, Operator: g.Operator}); err != nil {
			return GuestView{}, err
		}
	}
	return s.guestView(ctx, g.Operator, g.ID)
}

func (s *Service) beginGuest(tx Tx, p asset.ChargePoint, connector int, hash []byte, r GuestRequest) (Guest, error) {
	g, known, err := tx.GuestBySecret(hash)
	if err != nil {
		return g, err
	}
	if known {
		if g, err = tx.LockGuest(g.ID); err != nil {
			return g, err
		}
		here := g.Point == p.ID && g.Connector == connector
		switch {
		case g.State == GuestSettling || g.State == GuestDone:
			return g, errGuestOver
		case g.Site != p.Site:
			return g, errGuestElsewhere
		case g.State == GuestRunning && !here:
			return g, errGuestRunning
		case here && g.State != GuestReady:
			return g, nil
		}
	}
	o, err := s.sessions.Offer(tx, p.ID, connector)
	if err != nil {
		return g, err
	}
	if o.Refusal != nil {
		return g, o.Refusal
	}
	plan := o.Plan()
	if known { // another attempt, maybe on another connector, at the price that is shown there
		if plan.Currency != g.Amount.Currency {
			return g, errGuestElsewhere
		}
		g.Point, g.Connector, g.Plan, g.PlanNumber = p.ID, connector, plan.ID, plan.Number
		if g.State == GuestReady {
			g.State, g.Failure, g.Until, g.DueAt = GuestHeld, Failure{}, time.Time{}, tx.Now()
		}
		if err := tx.SaveGuest(g); err != nil {
			return g, err
		}
		g.Version++
		return g, nil
	}
	op, err := optionOf(tx, p.Operator, r.Method)
	if err != nil {
		return g, err
	}
	if !op.Ready() || !op.Guests {
		return g, notForGuests
	}
	g = Guest{ID: ident.New[ident.Guest](tx.Now()), Operator: p.Operator, Sub: p.Sub, Hash: hash, Site: p.Site, Point: p.ID, Connector: connector,
		Plan: plan.ID, PlanNumber: plan.Number, Method: r.Method, Amount: o.Hold, State: GuestPaying, At: tx.Now(), Version: 1}
	if g.Account, err = ledger.OpenWallet(tx, p.Operator, ident.SubOperator{}, plan.Currency, g.number()); err != nil {
		return g, err
	}
	a, err := tx.LockAccount(g.Account)
	if err != nil {
		return g, err
	}
	hold, err := begin(tx, a, Payment{Type: Hold, Provider: r.Method.Provider(), Account: a.ID, Sub: p.Sub, Amount: o.Hold, ReturnURL: r.ReturnURL,
		SaveCard: s.can(r.Method).Save, // what the bill has above the hold is charged without asking again (PAY-R6)
		Key:      "guest:" + g.ID.String()}, OpCreate)
	if err != nil {
		return g, err
	}
	g.Hold = hold.ID
	return g, tx.InsertGuest(g)
}

var notForGuests = fault.New(fault.Conflict, "method_not_for_guests", "One cannot pay this way here.")

func (s *Service) can(m Method) Abilities {
	if g := s.gateways[m.Provider()]; g != nil {
		return g.Can()
	}
	return Abilities{}
}

// GuestView is a guest with what its page shows.
type GuestView struct {
	Guest
	Operator  operator.Operator
	Site      asset.Site
	Point     asset.ChargePoint
	Connector asset.Connector // as it is now; zero where it was taken off the charge point
	Hold      Payment
	Rest      *Payment
	Session   *session.State
}

// Low reports that most of what is held is spent: it is said in time (PAY-R4).
func (v *GuestView) Low() bool {
	st := v.Session
	return st != nil && st.Phase.Open() && st.HoldAmount.Minor > 0 && st.Cost.Minor*5 >= st.HoldAmount.Minor*4
}

// bySecret finds a guest of any operator.
func (s *Service) bySecret(ctx context.Context, secret string) (Guest, error) {
	hash, err := hashOf(secret)
	if err != nil {
		return Guest{}, fault.NotFound("charge")
	}
	return one(ctx, s.read, authz.Everything("the secret of a guest"), func(tx Tx) (Guest, error) {
		g, found, err := tx.GuestBySecret(hash)
		if err == nil && (!found || tx.Now().Sub(g.At) > receiptFor) {
			err = fault.NotFound("charge")
		}
		return g, err
	})
}

// Guest is a charge as it is now. While its payer is at the provider, that is asked.
func (s *Service) Guest(ctx context.Context, secret string) (GuestView, error) {
	g, err := s.bySecret(ctx, secret)
	if err != nil {
		return GuestView{}, err
	}
	if g.State == GuestPaying {
		sc := authz.ForSystem(g.Operator, "a guest")
		err := s.write(ctx, sc, func(tx Tx) error {
			p, err := tx.LockPayment(g.Hold)
			if err != nil || p.State != RequiresAction || p.DueAt.IsZero() {
				return err
			}
			if looked := p.DueAt.Add(-again(p.Looks)); tx.Now().Sub(looked) < lookEvery || !p.DueAt.After(tx.Now()) {
				return nil
			}
			p.DueAt = tx.Now()
			return tx.SavePayment(p)
		})
		if err != nil && !fault.Is(err, fault.Conflict) { // somebody was faster
			return GuestView{}, err
		}
	}
	return s.guestView(ctx, g.Operator, g.ID)
}

func (s *Service) guestView(ctx context.Context, op ident.Operator, id ident.Guest) (GuestView, error) {
	return one(ctx, s.read, authz.ForSystem(op, "a guest"), func(tx Tx) (GuestView, error) {
		var v GuestView
		var err error
		if v.Guest, err = tx.GuestByID(id); err != nil {
			return v, err
		}
		if v.Operator, err = tx.OperatorByID(op); err != nil {
			return v, err
		}
		cs, err := tx.ConnectorsOf(v.Guest.Point)
		if err != nil {
			return v, err
		}
		for _, c := range cs {
			if c.Number == v.Guest.Connector {
				v.Connector = c
			}
		}
		if v.Point, err = tx.PointByID(v.Guest.Point); err != nil {
			return v, err
		}
		if v.Site, err = tx.SiteByID(v.Guest.Site); err != nil {
			return v, err
		}
		if v.Hold, err = tx.PaymentByID(v.Guest.Hold); err != nil {
			return v, err
		}
		if !v.Guest.Rest.IsZero() {
			rest, err := tx.PaymentByID(v.Guest.Rest)
			if err != nil {
				return v, err
			}
			v.Rest = &rest
		}
		if !v.Guest.Session.IsZero() {
			st, err := tx.SessionByID(v.Guest.Session)
			if err != nil {
				return v, err
			}
			v.Session = &st
		}
		return v, nil
	})
}

// StopGuest ends a charge: what has not begun is cancelled, what runs is asked to stop.
// Again it changes nothing.
func (s *Service) StopGuest(ctx context.Context, a authz.Actor, secret string) (GuestView, error) {
	g, err := s.bySecret(ctx, secret)
	if err != nil {
		return GuestView{}, err
	}
	sc := authz.ForSystem(g.Operator, "a guest")
	sc.Actor.IP, sc.Actor.RequestID = a.IP, a.RequestID
	runs, err := one(ctx, s.write, sc, func(tx Tx) (bool, error) { return s.cancelGuest(tx, g) })
	if err == nil && runs {
		_, err = s.sessions.RequestStop(ctx, sc, g.Session, "guest")
		if f := fault.Of(err); err != nil && f.Code == "session_not_running" { // it has just ended
			err = nil
		}
	}
	if err != nil {
		return GuestView{}, err
	}
	return s.guestView(ctx, g.Operator, g.ID)
}

// cancelGuest ends a charge that has not begun; true: it has, and must be stopped.
func (s *Service) cancelGuest(tx Tx, g Guest) (bool, error) {
	if _, err := tx.LockPoint(g.Point); err != nil {
		return false, err
	}
	g, err := tx.LockGuest(g.ID)
	if err != nil {
		return false, err
	}
	switch g.State {
	case GuestSettling, GuestDone:
		return false, nil
	case GuestRunning:
		st, err := tx.SessionByID(g.Session)
		if err != nil {
			return false, err
		}
		if st.Phase != session.Starting {
			return st.Phase.Open() && st.Phase != session.Stopping, nil
		}
		if err := s.sessions.CancelStart(tx, st); err != nil {
			return false, err
		}
	}
	g.State, g.Until, g.DueAt = GuestSettling, time.Time{}, tx.Now()
	return false, tx.SaveGuest(g)
}

// two is one for functions with two results.
func two[A, B any](ctx context.Context, run Run, sc authz.Scope, fn func(Tx) (A, B, error)) (A, B, error) {
	type pair struct {
		a A
		b B
	}
	p, err := one(ctx, run, sc, func(tx Tx) (pair, error) {
		a, b, err := fn(tx)
		return pair{a, b}, err
	})
	return p.a, p.b, err
}
