package web

import (
	"context"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/pay"
	"ccms/internal/session"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// How often one address may ask what codes stand for, and begin charges: nobody who
// stands before a charge point types faster, and whoever tries all codes is stopped. A
// page that is open asks for its own charge only, which counts as any call does.
var (
	guestLooks  = operator.Rate{Burst: 60, Every: time.Second}
	guestStarts = operator.Rate{Burst: 20, Every: 15 * time.Second}
)

// Pile is what a code on a charge point stands for.
type Pile struct {
	Code        string          `json:"code" example:"010001-1000"`
	Operator    string          `json:"operator"`
	Site        string          `json:"site"`
	Address     string          `json:"address,omitempty"`
	Phone       string          `json:"phone,omitempty" doc:"Of who helps."`
	TimeZone    string          `json:"time_zone" doc:"Whose hours prices mean."`
	ChargePoint string          `json:"charge_point"`
	Connector   int             `json:"connector,omitempty" doc:"That the code names, or the only one there is."`
	Connectors  []PileConnector `json:"connectors"`
	Methods     []pay.Method    `json:"methods" enum:"card,paypal" doc:"How somebody without an account can pay here."`
	Now         time.Time       `json:"now" doc:"By the server's clock."`
}

// PileConnector is one connector with what charging costs there.
type PileConnector struct {
	Number      int                   `json:"number"`
	Type        string                `json:"type,omitempty" example:"CCS2"`
	MaxPower    unit.W                `json:"max_power_w"`
	Status      asset.ConnectorStatus `json:"status" enum:"Unknown,Available,Preparing,Charging,SuspendedEV,SuspendedEVSE,Finishing,Reserved,Unavailable,Faulted"`
	StatusAt    time.Time             `json:"status_at,omitzero" doc:"When the charge point last told of it."`
	Usable      bool                  `json:"usable" doc:"A charge can start now."`
	ReasonCode  string                `json:"reason_code,omitempty" doc:"Why not."`
	Reason      string                `json:"reason,omitempty"`
	Prices      []ShownPrice          `json:"prices" doc:"With tax."`
	IdleGraceS  int64                 `json:"idle_grace_s,omitempty" doc:"Seconds without energy that cost nothing."`
	IdleCap     *Money                `json:"idle_cap,omitempty" doc:"The most that it costs to stand there without energy."`
	Min         *Money                `json:"min,omitempty" doc:"The least that a charge costs."`
	Max         *Money                `json:"max,omitempty" doc:"The most that it costs."`
	VAT         unit.Permille         `json:"vat_permille" doc:"Tax that the prices have in them."`
	Currency    money.Currency        `json:"currency,omitempty"`
	Hold        *Money                `json:"hold,omitempty" doc:"What is set aside at the start. Only what was charged is taken of it."`
	PlanVersion int                   `json:"plan_version,omitempty"`
}

// ShownPrice is one price with the time that it is for.
type ShownPrice struct {
	Kind    tariff.Kind  `json:"kind" enum:"ELECTRICITY,SERVICE,START,IDLE"`
	Per     string       `json:"per" enum:"kWh,min,h,charge"`
	Price   money.Rate   `json:"price" doc:"With tax; decimal." example:"0.48"`
	Name    string       `json:"name,omitempty" example:"peak"`
	From    tariff.Clock `json:"from" example:"00:00"`
	To      tariff.Clock `json:"to" example:"24:00"`
	Days    []string     `json:"days,omitempty" enum:"mon,tue,wed,thu,fri,sat,sun" doc:"Absent: every day."`
	Special string       `json:"special,omitempty" doc:"What else it is for, in words."`
	Now     bool         `json:"now" doc:"It applies now."`
}

func shownFrom(x tariff.Shown) ShownPrice {
	out := ShownPrice{Kind: x.Kind, Per: "charge", Price: x.Price, Name: x.Name, From: x.From, To: x.To, Special: x.Special, Now: x.Now}
	switch {
	case x.Basis == tariff.Energy:
		out.Per = "kWh"
	case x.Basis != tariff.Flat && x.Hourly:
		out.Per = "h"
	case x.Basis != tariff.Flat:
		out.Per = "min"
	}
	for i, name := range weekdays {
		if x.Days != 0 && x.Days.Has(time.Weekday(i)) {
			out.Days = append(out.Days, name)
		}
	}
	return out
}

func pileConnector(o session.Offer, now time.Time) PileConnector {
	c := o.Connector
	out := PileConnector{Number: c.Number, Type: c.Type, MaxPower: c.MaxPower, Status: c.Status, StatusAt: at(c.StatusAt), Usable: o.Refusal == nil, Prices: []ShownPrice{}}
	if out.MaxPower == 0 {
		out.MaxPower = o.Point.MaxPower
	}
	if o.Refusal != nil {
		out.ReasonCode, out.Reason = o.Refusal.Code, o.Refusal.Detail
	}
	p := o.Plan()
	if p == nil {
		return out
	}
	for _, x := range o.Prices.Shown(now) {
		out.Prices = append(out.Prices, shownFrom(x))
	}
	if p.HasIdle() {
		if most, err := p.IdleCap(); err == nil {
			out.IdleGraceS, out.IdleCap = int64(p.IdleFee.Grace/time.Second), someAmount(most)
		}
	}
	if p.Min.Gross != nil {
		out.Min = someAmount(*p.Min.Gross)
	}
	if p.Max.Gross != nil {
		out.Max = someAmount(*p.Max.Gross)
	}
	out.VAT, out.Currency, out.Hold, out.PlanVersion = p.VAT, p.Currency, someAmount(o.Hold), p.Number
	return out
}

func (h *handlers) getPile(ctx context.Context, in *struct {
	Code string `path:"code" maxLength:"43" doc:"As it stands on the charge point: the operator's digits, the charge point's code, the connector." example:"010001-1000-1"`
}) (*single[Pile], error) {
	if err := h.pace.guest(h.pace.looks, requestOf(ctx).IP); err != nil {
		return nil, err
	}
	p, err := h.svc.Pay.Pile(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	now := h.now()
	out := Pile{Code: pay.CodeOf(p.Operator, p.Point), Operator: p.Operator.Name, Site: p.Site.Name, Address: p.Site.Address, Phone: p.Site.CustomerCare,
		TimeZone: p.Site.TimeZone, ChargePoint: p.Point.Name, Connector: p.Chosen, Connectors: []PileConnector{}, Methods: []pay.Method{}, Now: at(now)}
	out.Methods = append(out.Methods, p.Methods...)
	for _, o := range p.Offers {
		out.Connectors = append(out.Connectors, pileConnector(o, now))
	}
	return singleOf(out, 0), nil
}

// GuestCharge is a charge of somebody without an account.
type GuestCharge struct {
	State       string          `json:"state" enum:"paying,held,ready,starting,charging,paused,offline,stopping,idle,checking,settling,done" doc:"paying: the payer is at the provider. held: a start is on its way. ready: the start failed, and the money is held until retry_until. starting: plug in. offline: the charge point is out of reach. idle: charged, and still plugged in. checking: a person looks at the bill. settling: the bill is taken, the rest given back."`
	Code        string          `json:"code" doc:"Of the charge point."`
	Operator    string          `json:"operator"`
	Site        string          `json:"site"`
	Address     string          `json:"address,omitempty"`
	Phone       string          `json:"phone,omitempty"`
	TimeZone    string          `json:"time_zone"`
	ChargePoint string          `json:"charge_point"`
	Connector   int             `json:"connector"`
	Plugged     bool            `json:"plugged" doc:"The charge point says that a cable is in."`
	Method      pay.Method      `json:"method" enum:"card,paypal"`
	Hold        Money           `json:"hold" doc:"What is set aside, or shall be."`
	HoldState   pay.State       `json:"hold_state" enum:"CREATED,REQUIRES_ACTION,AUTHORISED,INCREMENTED,CAPTURE_PENDING,CAPTURED,PARTIALLY_REFUNDED,REFUNDED,VOIDED,EXPIRED,FAILED,DISPUTED"`
	ActionURL   string          `json:"action_url,omitempty" doc:"Where the payer has to go; absent once that is over."`
	Card        *PaymentCardFew `json:"card,omitempty"`
	Failure     *PaymentFailure `json:"failure,omitempty" doc:"Why it is not paid, or did not begin."`
	RetryUntil  time.Time       `json:"retry_until,omitzero"`
	HoldLow     bool            `json:"hold_low" doc:"Most of what is set aside is spent; the charge stops when all of it is."`
	HoldSpent   bool            `json:"hold_spent" doc:"It was stopped because what was set aside was spent."`
	SessionID   ident.Session   `json:"session_id,omitzero"`
	StartedAt   time.Time       `json:"started_at,omitzero"`
	EndedAt     time.Time       `json:"ended_at,omitzero"`
	HeardAt     time.Time       `json:"heard_at,omitzero" doc:"When the meter was last heard of."`
	Energy      unit.Wh         `json:"energy_wh"`
	Power       *unit.W         `json:"power_w,omitempty"`
	SoC         *unit.Permille  `json:"soc_permille,omitempty"`
	Cost        Money           `json:"cost" doc:"So far; of a bill its total."`
	Bill        *Bill           `json:"bill,omitempty"`
	Taken       Money           `json:"taken" doc:"What the provider took in all."`
	Refunded    Money           `json:"refunded"`
	Owed        Money           `json:"owed" doc:"What of the bill is not paid."`
	BeganAt     time.Time       `json:"began_at"`
	Now         time.Time       `json:"now" doc:"By the server's clock."`
}

func (h *handlers) guestCharge(v pay.GuestView) GuestCharge {
	g := v.Guest
	none := money.New(0, g.Amount.Currency)
	out := GuestCharge{State: strings.ToLower(string(g.State)), Code: pay.CodeOf(v.Operator, v.Point), Operator: v.Operator.Name, Site: v.Site.Name,
		Address: v.Site.Address, Phone: v.Site.CustomerCare, TimeZone: v.Site.TimeZone, ChargePoint: v.Point.Name, Connector: g.Connector,
		Plugged: plugged(v.Connector.Status), Method: g.Method, Hold: amount(v.Hold.Amount), HoldState: v.Hold.State, ActionURL: v.Hold.Action,
		Card: cardFrom(v.Hold.Card), RetryUntil: at(g.Until), HoldLow: v.Low(), Cost: amount(none), Refunded: amount(none), Owed: amount(none),
		BeganAt: at(g.At), Now: at(h.now())}
	if out.Failure = failureFrom(g.Failure); out.Failure == nil {
		out.Failure = failureFrom(v.Hold.Failure)
	}
	taken, back := v.Hold.Captured, v.Hold.Refunded.Add(v.Hold.Refunding)
	if v.Rest != nil {
		taken, back = taken.Add(v.Rest.Captured), back.Add(v.Rest.Refunded).Add(v.Rest.Refunding)
	}
	out.Taken, out.Refunded = amount(taken), amount(back)
	st := v.Session
	if st == nil {
		return out
	}
	if g.State == pay.GuestRunning {
		out.State = sessionWord(st.Phase)
	}
	if st.StartedAt.IsZero() {
		return out
	}
	out.SessionID, out.StartedAt, out.EndedAt, out.HeardAt = st.ID, at(st.StartedAt), at(st.EndedAt), at(st.Inner.HeardAt)
	out.Energy, out.Cost, out.Owed = st.Energy, amount(st.Cost), amount(st.Debt)
	out.HoldSpent = st.Has(session.FlagLowBalance)
	if st.Phase.Open() && st.Last.Has&session.HasPower != 0 {
		out.Power = new(st.Last.Power)
	}
	if st.Last.Has&session.HasSoC != 0 {
		out.SoC = new(st.Last.SoC)
	}
	if st.Bill != nil {
		out.Bill = billOf(st.Bill)
	}
	return out
}

func plugged(s asset.ConnectorStatus) bool {
	switch s {
	case asset.Preparing, asset.Charging, asset.SuspendedEV, asset.SuspendedEVSE, asset.Finishing:
		return true
	}
	return false
}

// sessionWord is the state of a charge whose session is in a phase.
func sessionWord(p session.Phase) string {
	switch p {
	case session.Starting:
		return "starting"
	case session.Charging:
		return "charging"
	case session.Paused:
		return "paused"
	case session.OfflineRunning:
		return "offline"
	case session.Stopping, session.StopUnconfirmed:
		return "stopping"
	case session.Idle:
		return "idle"
	case session.Abnormal:
		return "checking"
	}
	return "settling" // it has ended, and is looked at in a moment
}

// GuestSecret is who has a charge.
type GuestSecret struct {
	Secret string `header:"Charge-Secret" maxLength:"43" doc:"32 random bytes in base64url, which the phone made and keeps: whoever has them has the charge."`
}

func actorOf(ctx context.Context) authz.Actor {
	r := requestOf(ctx)
	return authz.Actor{IP: r.IP, RequestID: r.ID}
}

func (h *handlers) beginGuest(ctx context.Context, in *struct {
	GuestSecret
	Body struct {
		Code      string     `json:"code" maxLength:"43"`
		Connector int        `json:"connector,omitempty" minimum:"1" maximum:"999" doc:"Where the code names none."`
		Method    pay.Method `json:"method" enum:"card,paypal"`
		ReturnURL string     `json:"return_url" maxLength:"500" doc:"Where the provider's page leads back to."`
	} `nameHint:"GuestChargeNew"`
}) (*made[GuestCharge], error) {
	if in.Secret == "" {
		return nil, errNoSecret
	}
	if err := h.pace.guest(h.pace.starts, requestOf(ctx).IP); err != nil {
		return nil, err
	}
	v, err := h.svc.Pay.BeginGuest(ctx, actorOf(ctx), pay.GuestRequest{Secret: in.Secret, Code: in.Body.Code, Connector: in.Body.Connector,
		Method: in.Body.Method, ReturnURL: strings.TrimSpace(in.Body.ReturnURL)})
	if err != nil {
		return nil, err
	}
	return madeOf(h.guestCharge(v), 0, "/api/v1/guest-charges/mine"), nil
}

var errNoSecret = fault.New(fault.Invalid, "charge_secret_missing", "Send 32 random bytes in base64url in the header Charge-Secret, and keep them.")

func (h *handlers) getGuest(ctx context.Context, in *GuestSecret) (*single[GuestCharge], error) {
	v, err := h.svc.Pay.Guest(ctx, in.Secret)
	if err != nil {
		return nil, err
	}
	return singleOf(h.guestCharge(v), 0), nil
}

func (h *handlers) stopGuest(ctx context.Context, in *GuestSecret) (*single[GuestCharge], error) {
	v, err := h.svc.Pay.StopGuest(ctx, actorOf(ctx), in.Secret)
	if err != nil {
		return nil, err
	}
	return singleOf(h.guestCharge(v), 0), nil
}
