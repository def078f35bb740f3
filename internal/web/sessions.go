package web

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/session"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// Session is one charge, as lists and the live screen show it. Money is absent
// without the permission finance.read.
type Session struct {
	ID                ident.Session         `json:"id"`
	TransactionID     string                `json:"transaction_id,omitempty" doc:"The number people read out; absent until the charge point has started."`
	OCPPTransactionID int64                 `json:"ocpp_transaction_id,omitempty" doc:"The number the charge point knows."`
	SiteID            ident.Site            `json:"site_id"`
	SiteName          string                `json:"site_name"`
	ChargePointID     ident.ChargePoint     `json:"charge_point_id"`
	ChargePointName   string                `json:"charge_point_name"`
	Connector         int                   `json:"connector,omitempty"`
	State             string                `json:"state" enum:"STARTING,CHARGING,PAUSED,OFFLINE_RUNNING,STOPPING,STOP_UNCONFIRMED,IDLE,COMPLETED,FAILED_TO_START,REJECTED,ABNORMAL" doc:"Where the session stands."`
	RecordState       string                `json:"record_state" enum:"RUNNING,SETTLING,COMPLETED,UNPAID,ABNORMAL,ADJUSTED,FREE,VOID" doc:"The word of the charging record."`
	User              string                `json:"user,omitempty" doc:"The driver's name." export:"pii"`
	Mobile            string                `json:"mobile,omitempty" doc:"The driver's mobile number, else the login." export:"pii"`
	DriverID          ident.Driver          `json:"driver_id,omitzero"`
	EVType            string                `json:"ev_type,omitempty"`
	StartedAt         time.Time             `json:"started_at" doc:"Of a session that has not started: when it was asked for."`
	EndedAt           time.Time             `json:"ended_at,omitzero"`
	Energy            unit.Wh               `json:"energy_wh"`
	Duration          int64                 `json:"duration_s" doc:"To the end, or to now."`
	Current           *unit.MilliAmp        `json:"current_ma,omitempty" doc:"Of the highest phase."`
	Voltage           *unit.MilliVolt       `json:"voltage_mv,omitempty"`
	Power             *unit.W               `json:"power_w,omitempty"`
	SoC               *unit.Permille        `json:"soc_permille,omitempty" doc:"State of charge."`
	SampleAt          time.Time             `json:"sample_at,omitzero" doc:"When the meter said so."`
	ConnectorStatus   asset.ConnectorStatus `json:"connector_status,omitempty"`
	Online            bool                  `json:"online" doc:"The charge point is connected."`
	Cost              *Money                `json:"cost,omitempty" doc:"So far, with tax."`
	Total             *Money                `json:"total,omitempty" doc:"Of the bill, with tax; absent until there is one."`
	Fees              *SessionFees          `json:"fees,omitempty" doc:"What the bill comes to by kind of fee; absent until there is one."`
	Captured          *Money                `json:"captured,omitempty" doc:"What was taken from the charging account."`
	Debt              *Money                `json:"debt,omitempty" doc:"What the balance did not cover."`
	Currency          money.Currency        `json:"currency,omitempty"`
	Account           string                `json:"account,omitempty" doc:"The driver's login." export:"pii"`
	ChargingAccount   string                `json:"charging_account,omitempty" doc:"Who pays: the number of the charging account."`
	TokenUID          string                `json:"token_uid,omitempty" doc:"The card that was shown." export:"pii"`
	Source            string                `json:"source,omitempty" enum:"RFID,PORTAL,GUEST,UNKNOWN" doc:"How it was started."`
	MeterStart        unit.Wh               `json:"meter_start_wh"`
	MeterStop         *unit.Wh              `json:"meter_stop_wh,omitempty"`
	Plan              *SessionPlan          `json:"plan,omitempty"`
	Close             *SessionClose         `json:"close,omitempty"`
	Abnormal          bool                  `json:"abnormal" doc:"A person must look at it."`
	Flags             []string              `json:"flags" doc:"What a person should know of the record."`
	StopReason        string                `json:"stop_reason,omitempty"`
	TimeZone          string                `json:"time_zone,omitempty" doc:"Of the site."`
	CanStop           bool                  `json:"can_stop" doc:"POST …/stop makes sense now." export:"-"`
	Masked            bool                  `json:"masked" export:"-"`
	Version           int64                 `json:"version" export:"-"`
}

// SessionFees is a bill by kind of fee. The kinds are net; with the tax they make the
// total.
type SessionFees struct {
	Electricity Money `json:"electricity"`
	Service     Money `json:"service"`
	Start       Money `json:"start"`
	Reservation Money `json:"reservation" doc:"With the fee for one that nobody used."`
	Idle        Money `json:"idle"`
	Limit       Money `json:"limit" doc:"What the least or the most of a session added or took off."`
	Net         Money `json:"net"`
	Tax         Money `json:"tax"`
}

func feesOf(b *tariff.Bill) *SessionFees {
	by := map[tariff.Kind]money.Amount{}
	for _, k := range tariff.Kinds {
		by[k] = money.New(0, b.Currency)
	}
	for _, p := range b.Parts() {
		by[p.Kind] = p.Net
	}
	return fees(by, b.Net, b.Total.Sub(b.Net))
}

func fees(by map[tariff.Kind]money.Amount, net, tax money.Amount) *SessionFees {
	return &SessionFees{Electricity: amount(by[tariff.KindElectricity]), Service: amount(by[tariff.KindService]), Start: amount(by[tariff.KindStart]),
		Reservation: amount(by[tariff.KindReservation].Add(by[tariff.KindNoShow])), Idle: amount(by[tariff.KindIdle]), Limit: amount(by[tariff.KindLimit]),
		Net: amount(net), Tax: amount(tax)}
}

func (h *handlers) session(c operator.Caller, r *session.Row) Session {
	st := &r.State
	out := Session{ID: st.ID, OCPPTransactionID: int64(st.OCPPID), SiteID: st.Site, SiteName: r.SiteName, ChargePointID: st.Point, ChargePointName: r.PointName,
		Connector: st.Connector, State: string(st.Phase), RecordState: string(st.RecordState()), DriverID: st.Driver, StartedAt: at(st.StartedAt), EndedAt: at(st.EndedAt),
		Energy: st.Energy, SampleAt: at(st.Last.At), ConnectorStatus: r.ConnectorStatus, Online: r.PointOnline, Currency: st.Currency,
		Abnormal: st.Phase == session.Abnormal || st.Suspect(), Flags: []string{}, StopReason: st.StopReason, TimeZone: st.Zone,
		CanStop: canStop(r), Masked: !c.May(authz.PIIView), Version: st.Rev}
	if st.OCPPID == 0 {
		out.OCPPTransactionID = st.ForeignID
	}
	if out.OCPPTransactionID != 0 {
		out.TransactionID = strconv.FormatInt(out.OCPPTransactionID, 10)
	}
	if st.StartedAt.IsZero() {
		out.StartedAt = at(st.RequestedAt)
	} else {
		end := st.EndedAt
		if end.IsZero() {
			end = h.now()
		}
		out.Duration = max(0, int64(end.Sub(st.StartedAt)/time.Second))
	}
	for _, f := range st.Flags {
		out.Flags = append(out.Flags, string(f))
	}
	l := st.Last
	out.Current, out.Voltage = some(l.Current, l.Has&session.HasCurrent != 0), some(l.Voltage, l.Has&session.HasVoltage != 0)
	out.Power, out.SoC = some(l.Power, l.Has&session.HasPower != 0), some(l.SoC, l.Has&session.HasSoC != 0)
	d := driverOf(r)
	if out.Masked {
		d = d.Masked()
	}
	out.User, out.Mobile = d.Name, d.Mobile
	if out.Mobile == "" {
		out.Mobile = d.Account
	}
	out.Account, out.ChargingAccount, out.TokenUID, out.Source = d.Account, d.ChargingAccount, st.TokenUID, string(st.Source)
	if out.Masked {
		out.TokenUID = member.MaskAccount(out.TokenUID)
	}
	out.MeterStart, out.MeterStop = st.MeterStart, some(st.MeterStop, st.RealStop)
	if !st.Plan.IsZero() {
		out.Plan = &SessionPlan{ID: st.Plan, Name: r.PlanName, PlanVersion: st.PlanNumber}
	}
	if st.ClosedBy != "" {
		out.Close = &SessionClose{By: st.ClosedBy, Provisional: st.Has(session.FlagProvisional)}
	}
	if c.May(authz.FinanceRead) {
		out.Cost = someAmount(st.Cost)
		if st.Bill != nil {
			out.Total, out.Fees = someAmount(st.Bill.Total), feesOf(st.Bill)
			out.Captured, out.Debt = someAmount(st.Captured), someAmount(st.Debt)
		}
	}
	return out
}

func driverOf(r *session.Row) member.Driver {
	return member.Driver{Account: r.DriverAccount, Name: r.DriverName, Mobile: r.DriverMobile, ChargingAccount: r.ChargingAccount}
}

// canStop says where a click on Stop makes sense: the charge point runs something
// it knows by a number, and is there to be asked.
func canStop(r *session.Row) bool {
	st := &r.State
	return r.PointOnline && !st.RealStop && (st.OCPPID > 0 || st.ForeignID > 0) &&
		(st.Phase.Open() || st.Phase == session.Rejected || st.Has(session.FlagAdopted))
}

// SessionPath is the {id} in a path.
type SessionPath struct {
	ID ident.Session `path:"id"`
}

// SessionFilters is what lists and sums of sessions are narrowed by.
type SessionFilters struct {
	State    string            `query:"state" maxLength:"200" doc:"running, ended, or states with commas between." example:"running"`
	SiteID   ident.Site        `query:"site_id"`
	Site     string            `query:"site" maxLength:"100" doc:"How the site's name begins."`
	PointID  ident.ChargePoint `query:"charge_point_id"`
	Point    string            `query:"point" maxLength:"100" doc:"How the charge point's name begins."`
	DriverID ident.Driver      `query:"driver_id"`
	Q        string            `query:"q" maxLength:"100" doc:"A transaction id, or how the charge point's name begins."`
	From     time.Time         `query:"from" doc:"Started at or after."`
	To       time.Time         `query:"to" doc:"Started before."`

	RecordState     session.RecordState `query:"record_state" enum:"RUNNING,SETTLING,COMPLETED,UNPAID,ADJUSTED,ABNORMAL,VOID" doc:"The word of the charging record."`
	User            string              `query:"user" maxLength:"100" doc:"How words of the driver's name, nickname, account, mobile, e-mail or charging account begin."`
	Account         string              `query:"account" maxLength:"254" doc:"The driver's whole login."`
	ChargingAccount string              `query:"charging_account" maxLength:"11" doc:"The whole number of who pays."`
	Card            string              `query:"card" maxLength:"80" doc:"The whole UID of the card that was shown, in any spelling."`
	PlanID          ident.Plan          `query:"plan_id" doc:"Priced by any version of this plan."`
}

type sessionsInput struct {
	Paging
	SessionFilters
}

var phases = []session.Phase{session.Starting, session.Charging, session.Paused, session.OfflineRunning, session.Stopping, session.StopUnconfirmed,
	session.Idle, session.Completed, session.FailedToStart, session.Rejected, session.Abnormal}

func (in *SessionFilters) filter() (session.Filter, error) {
	f := session.Filter{Site: in.SiteID, Point: in.PointID, Driver: in.DriverID, SiteName: in.Site, PointName: in.Point, From: in.From, To: in.To,
		Record: in.RecordState, Words: in.User, Login: strings.TrimSpace(in.Account), ChargingAccount: strings.TrimSpace(in.ChargingAccount),
		TokenUID: strings.TrimSpace(in.Card), Plan: in.PlanID}
	for s := range strings.SplitSeq(in.State, ",") {
		switch p := session.Phase(s); {
		case s == "":
		case s == "running":
			f.Running = true
		case s == "ended":
			f.Ended = true
		case slices.Contains(phases, p):
			f.Phases = append(f.Phases, p)
		default:
			return f, fault.BadInput("/query/state", "must be running, ended, or states of a session")
		}
	}
	if q := strings.TrimSpace(in.Q); q != "" {
		n, err := strconv.ParseInt(q, 10, 64)
		switch {
		case err == nil && n > 0 && n <= math.MaxInt32:
			f.OCPPID = n
		case f.PointName == "":
			f.PointName = q
		}
	}
	return f, nil
}

func (h *handlers) listSessions(ctx context.Context, in *sessionsInput) (*found[Session], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	c := callerOf(ctx)
	l, err := h.svc.Session.List(ctx, c.Scope, f, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, func(r session.Row) Session { return h.session(c, &r) }), nil
}

// SessionSums is what a filter of records comes to.
type SessionSums struct {
	Count    int         `json:"count" doc:"Records that were looked at."`
	Running  int         `json:"running" doc:"Of them without an end: in no sum."`
	Unbilled int         `json:"unbilled" doc:"Of them ended without a bill: only their energy is summed."`
	Energy   unit.Wh     `json:"energy_wh" doc:"Of all that ended."`
	Items    []BilledSum `json:"items" doc:"The bills, one sum for each currency."`
	Capped   bool        `json:"capped" doc:"The filter finds more records than are summed; narrow it."`
	UpTo     int         `json:"up_to" doc:"How many records are summed at most."`
}

// BilledSum is the sum of bills in one currency.
type BilledSum struct {
	Count    int         `json:"count"`
	Fees     SessionFees `json:"fees"`
	Total    Money       `json:"total"`
	Captured Money       `json:"captured"`
	Debt     Money       `json:"debt"`
}

type sessionSumsInput struct{ SessionFilters }

func (h *handlers) sumSessions(ctx context.Context, in *sessionSumsInput) (*single[SessionSums], error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	s, err := h.svc.Session.Sums(ctx, scopeOf(ctx), f)
	if err != nil {
		return nil, err
	}
	out := SessionSums{Count: s.Count, Running: s.Running, Unbilled: s.Unbilled, Energy: s.Energy, Items: []BilledSum{}, Capped: s.Capped, UpTo: session.SumsUpTo}
	for _, b := range s.Billed {
		out.Items = append(out.Items, BilledSum{Count: b.Count, Total: amount(b.Total), Captured: amount(b.Captured), Debt: amount(b.Debt),
			Fees: *fees(b.Fees, b.Net, b.Tax)})
	}
	return singleOf(out, 0), nil
}
