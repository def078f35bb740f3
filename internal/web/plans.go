package web

import (
	"context"
	"time"

	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// Plan is a billing plan in its newest version.
type Plan struct {
	ID            ident.Plan        `json:"id"`
	SubOperatorID ident.SubOperator `json:"sub_operator_id,omitzero"`
	PlanVersion   int               `json:"plan_version" doc:"1, 2, 3 … A session keeps the one it started with."`
	SavedAt       time.Time         `json:"saved_at" doc:"When this version was made."`
	Version       int64             `json:"version" export:"-"`
	PlanBody
}

// PlanBody is a plan as people write it.
type PlanBody struct {
	Name             string          `json:"name" minLength:"1" maxLength:"100"`
	Currency         money.Currency  `json:"currency" pattern:"^[A-Z]{3}$"`
	PricesIncludeTax bool            `json:"prices_include_tax,omitempty"`
	VAT              unit.Permille   `json:"vat_permille" minimum:"0" maximum:"1000" doc:"200 is 20 %."`
	Electricity      []Band          `json:"electricity" minItems:"1" maxItems:"100" doc:"Bands that cover the day without overlap. Those with a date, a season, holidays, energy or power win over those without."`
	ServicePerKWh    money.Rate      `json:"service_per_kwh,omitempty" doc:"Decimal, up to six places." example:"0.10"`
	ServicePerMinute money.Rate      `json:"service_per_minute,omitempty" doc:"Per minute of the session without idle time."`
	ServiceAfterS    int64           `json:"service_after_s,omitempty" minimum:"0" maximum:"604800" doc:"Seconds of the session that cost no service_per_minute."`
	ServiceFlat      money.Rate      `json:"service_flat,omitempty" doc:"Per session that delivered energy."`
	StartFee         money.Rate      `json:"start_fee,omitempty" doc:"Per session that delivered energy."`
	StartFrom        unit.Wh         `json:"start_from_wh,omitempty" minimum:"0" maximum:"1000000000" doc:"A session with less pays no start fee."`
	Reservation      *ReservationFee `json:"reservation,omitempty" doc:"Absent: none."`
	Idle             *IdleFee        `json:"idle,omitempty" doc:"Absent: none."`
	Hold             *Money          `json:"hold,omitempty" doc:"Set aside at the start. Absent: 50.00."`
	MinBalance       *Money          `json:"min_balance,omitempty" doc:"Must be available before a start."`
	Holidays         []tariff.Date   `json:"holidays,omitempty" maxItems:"400" doc:"The days that bands mean by holidays, of the site's zone."`
	Min              *Limit          `json:"min,omitempty" doc:"Least that a session with energy costs."`
	Max              *Limit          `json:"max,omitempty" doc:"Most that a session costs."`
	EnergyStep       unit.Wh         `json:"energy_step_wh,omitempty" minimum:"0" maximum:"86400" doc:"What is charged per kWh is rounded up to it, once. Absent: 1."`
	TimeStep         int64           `json:"time_step_s,omitempty" minimum:"0" maximum:"86400" doc:"What is charged per minute is rounded up to it, once. Absent: 1."`
}

// Band is a price of energy for a time of day, in the site's zone.
type Band struct {
	Name       string         `json:"name,omitempty" maxLength:"100" example:"peak"`
	From       tariff.Clock   `json:"from" pattern:"^[0-2][0-9]:[0-5][0-9]$" example:"00:00"`
	To         tariff.Clock   `json:"to" pattern:"^[0-2][0-9]:[0-5][0-9]$" doc:"Before from: over midnight." example:"24:00"`
	Days       []string       `json:"days,omitempty" enum:"mon,tue,wed,thu,fri,sat,sun" doc:"Absent: every day."`
	Price      money.Rate     `json:"price" doc:"Per kWh; decimal, up to six places." example:"0.30"`
	Holidays   string         `json:"holidays,omitempty" enum:"ONLY,NOT" doc:"Absent: on all days alike."`
	SeasonFrom tariff.YearDay `json:"season_from,omitzero" pattern:"^[0-1][0-9]-[0-3][0-9]$" example:"11-01"`
	SeasonTo   tariff.YearDay `json:"season_to,omitzero" pattern:"^[0-1][0-9]-[0-3][0-9]$" doc:"First day after the season." example:"03-01"`
	Since      tariff.Date    `json:"since,omitzero" format:"date" doc:"First day of a price that holds for some days."`
	Before     tariff.Date    `json:"before,omitzero" format:"date" doc:"First day after them."`
	EnergyFrom unit.Wh        `json:"energy_from_wh,omitempty" minimum:"0" doc:"Of what the session got."`
	EnergyTo   unit.Wh        `json:"energy_to_wh,omitempty" minimum:"0"`
	PowerFrom  unit.W         `json:"power_from_w,omitempty" minimum:"0" doc:"The mean between two samples of the meter."`
	PowerTo    unit.W         `json:"power_to_w,omitempty" minimum:"0"`
}

// IdleFee is the fee for occupying a connector after the energy has ended.
type IdleFee struct {
	PerMinute  money.Rate   `json:"per_minute" example:"0.10"`
	GraceS     int64        `json:"grace_s" minimum:"0" maximum:"86400" doc:"Seconds that cost nothing."`
	Cap        *Money       `json:"cap,omitempty" doc:"The most it costs in one session. Absent: 20.00."`
	ExemptFrom tariff.Clock `json:"exempt_from,omitzero" pattern:"^[0-2][0-9]:[0-5][0-9]$" doc:"From here to exempt_to it costs nothing." example:"22:00"`
	ExemptTo   tariff.Clock `json:"exempt_to,omitzero" pattern:"^[0-2][0-9]:[0-5][0-9]$" example:"06:00"`
}

// ReservationFee is the fee for keeping a connector, which the session pays that uses it.
type ReservationFee struct {
	PerMinute  money.Rate `json:"per_minute,omitempty" example:"0.05"`
	Flat       money.Rate `json:"flat,omitempty"`
	FreeS      int64      `json:"free_s,omitempty" minimum:"0" maximum:"604800" doc:"Seconds that cost nothing."`
	LongestS   int64      `json:"longest_s,omitempty" minimum:"0" maximum:"604800" doc:"No more seconds than these are charged. Absent: all of them."`
	RefundFrom unit.Wh    `json:"refund_from_wh,omitempty" minimum:"0" doc:"A session with so much energy pays no reservation. Absent: it does."`
}

// Limit is an amount for a whole session: without tax, with tax, or both.
type Limit struct {
	Net   *Money `json:"net,omitempty"`
	Gross *Money `json:"gross,omitempty"`
}

func (l *Limit) limit(at string) (out tariff.Limit, err error) {
	if l == nil {
		return out, nil
	}
	read := func(m *Money, name string, to **money.Amount) {
		if m == nil || err != nil {
			return
		}
		var a money.Amount
		if a, err = m.parse(at + "/" + name); err == nil {
			*to = &a
		}
	}
	read(l.Net, "net", &out.Net)
	read(l.Gross, "gross", &out.Gross)
	return out, err
}

func limitOf(l tariff.Limit) *Limit {
	if l == (tariff.Limit{}) {
		return nil
	}
	out := &Limit{}
	if l.Net != nil {
		out.Net = new(amount(*l.Net))
	}
	if l.Gross != nil {
		out.Gross = new(amount(*l.Gross))
	}
	return out
}

var weekdays = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func (b PlanBody) draft() (d tariff.Draft, err error) {
	d = tariff.Draft{Name: b.Name, Currency: b.Currency, PricesIncludeTax: b.PricesIncludeTax, VAT: b.VAT, ServicePerKWh: b.ServicePerKWh,
		ServicePerMinute: b.ServicePerMinute, ServiceAfter: inSeconds(b.ServiceAfterS), ServiceFlat: b.ServiceFlat, StartFee: b.StartFee,
		StartFrom: b.StartFrom, Holidays: b.Holidays, EnergyStep: b.EnergyStep, TimeStep: b.TimeStep}
	for _, e := range b.Electricity {
		band := tariff.Band{Name: e.Name, From: e.From, To: e.To, Price: e.Price, Special: tariff.Special{Since: e.Since, Before: e.Before,
			Season: tariff.Season{From: e.SeasonFrom, To: e.SeasonTo}, Holidays: tariff.HolidayRule(e.Holidays),
			EnergyFrom: e.EnergyFrom, EnergyTo: e.EnergyTo, PowerFrom: e.PowerFrom, PowerTo: e.PowerTo}}
		for _, name := range e.Days {
			for i, w := range weekdays {
				if w == name {
					band.Days |= tariff.On(time.Weekday(i))
				}
			}
		}
		d.Electricity = append(d.Electricity, band)
	}
	parse := func(m *Money, pointer string, to *money.Amount) {
		if m != nil && err == nil {
			*to, err = m.parse(pointer)
		}
	}
	parse(b.Hold, "/hold", &d.Hold)
	parse(b.MinBalance, "/min_balance", &d.MinBalance)
	if b.Idle != nil {
		d.Idle = &tariff.IdleFee{PerMinute: b.Idle.PerMinute, Grace: inSeconds(b.Idle.GraceS), ExemptFrom: b.Idle.ExemptFrom, ExemptTo: b.Idle.ExemptTo}
		parse(b.Idle.Cap, "/idle/cap", &d.Idle.Cap)
	}
	if r := b.Reservation; r != nil {
		d.Reservation = &tariff.ReservationFee{PerMinute: r.PerMinute, Flat: r.Flat, ReserveRule: tariff.ReserveRule{
			Free: inSeconds(r.FreeS), Longest: inSeconds(r.LongestS), RefundFrom: r.RefundFrom}}
	}
	if err == nil {
		d.Min, err = b.Min.limit("/min")
	}
	if err == nil {
		d.Max, err = b.Max.limit("/max")
	}
	return d, err
}

// plan is the plan that the body says, complete and checked.
func (b PlanBody) plan() (tariff.Plan, error) {
	d, err := b.draft()
	if err != nil {
		return tariff.Plan{}, err
	}
	return d.Plan()
}

func inSeconds(n int64) time.Duration { return time.Duration(n) * time.Second }

func planOf(p tariff.Plan) Plan {
	return Plan{ID: p.ID, SubOperatorID: p.Sub, PlanVersion: p.Number, SavedAt: at(p.SavedAt), Version: p.Version, PlanBody: planBody(p)}
}

func planBody(p tariff.Plan) PlanBody {
	d, _ := p.Draft() // every plan of an operator is written as a draft
	out := PlanBody{Name: p.Name, Currency: p.Currency, PricesIncludeTax: p.PricesIncludeTax, VAT: p.VAT, Electricity: []Band{},
		ServicePerKWh: d.ServicePerKWh, ServicePerMinute: d.ServicePerMinute, ServiceAfterS: int64(d.ServiceAfter / time.Second), ServiceFlat: d.ServiceFlat,
		StartFee: d.StartFee, StartFrom: d.StartFrom, Hold: someAmount(p.Hold), MinBalance: someAmount(p.MinBalance), Holidays: d.Holidays,
		Min: limitOf(d.Min), Max: limitOf(d.Max), EnergyStep: d.EnergyStep, TimeStep: d.TimeStep}
	for _, b := range d.Electricity {
		band := Band{Name: b.Name, From: b.From, To: b.To, Price: b.Price, Holidays: string(b.Holidays), SeasonFrom: b.Season.From, SeasonTo: b.Season.To,
			Since: b.Since, Before: b.Before, EnergyFrom: b.EnergyFrom, EnergyTo: b.EnergyTo, PowerFrom: b.PowerFrom, PowerTo: b.PowerTo}
		for i, w := range weekdays {
			if b.Days != 0 && b.Days.Has(time.Weekday(i)) {
				band.Days = append(band.Days, w)
			}
		}
		out.Electricity = append(out.Electricity, band)
	}
	if d.Idle != nil {
		out.Idle = &IdleFee{PerMinute: d.Idle.PerMinute, GraceS: int64(d.Idle.Grace / time.Second), Cap: someAmount(d.Idle.Cap),
			ExemptFrom: d.Idle.ExemptFrom, ExemptTo: d.Idle.ExemptTo}
	}
	if r := d.Reservation; r != nil {
		out.Reservation = &ReservationFee{PerMinute: r.PerMinute, Flat: r.Flat, FreeS: int64(r.Free / time.Second),
			LongestS: int64(r.Longest / time.Second), RefundFrom: r.RefundFrom}
	}
	return out
}

// PlanPath is the {id} in a path.
type PlanPath struct {
	ID ident.Plan `path:"id"`
}

type plansInput struct {
	Paging
	Name string `query:"name" maxLength:"100" doc:"How the name begins."`
}

func (h *handlers) listPlans(ctx context.Context, in *plansInput) (*found[Plan], error) {
	l, err := h.svc.Tariff.Plans(ctx, scopeOf(ctx), tariff.Filter{Name: in.Name}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, planOf), nil
}

type newPlanInput struct{ Body PlanBody }

func (h *handlers) createPlan(ctx context.Context, in *newPlanInput) (*made[Plan], error) {
	d, err := in.Body.draft()
	if err != nil {
		return nil, err
	}
	p, err := h.svc.Tariff.CreatePlan(ctx, scopeOf(ctx), d)
	if err != nil {
		return nil, err
	}
	return madeOf(planOf(p), p.Version, "/api/v1/plans/"+p.ID.String()), nil
}

type getPlanInput struct {
	PlanPath
	PlanVersion int `query:"plan_version" minimum:"1" doc:"Absent: the newest."`
}

func (h *handlers) getPlan(ctx context.Context, in *getPlanInput) (*single[Plan], error) {
	p, err := h.svc.Tariff.Plan(ctx, scopeOf(ctx), in.ID, in.PlanVersion)
	if err != nil {
		return nil, err
	}
	return singleOf(planOf(p), p.Version), nil
}

type putPlanInput struct {
	PlanPath
	Body PlanBody
}

func (h *handlers) savePlan(ctx context.Context, in *putPlanInput) (*single[Plan], error) {
	d, err := in.Body.draft()
	if err != nil {
		return nil, err
	}
	p, err := h.svc.Tariff.SavePlan(ctx, scopeOf(ctx), in.ID, versionOf(ctx), d)
	if err != nil {
		return nil, err
	}
	return singleOf(planOf(p), p.Version), nil
}
