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
	Name             string         `json:"name" minLength:"1" maxLength:"100"`
	Currency         money.Currency `json:"currency" pattern:"^[A-Z]{3}$"`
	PricesIncludeTax bool           `json:"prices_include_tax,omitempty"`
	VAT              unit.Permille  `json:"vat_permille" minimum:"0" maximum:"1000" doc:"200 is 20 %."`
	Electricity      []Band         `json:"electricity" minItems:"1" maxItems:"50" doc:"Bands that cover the day without overlap."`
	ServicePerKWh    money.Rate     `json:"service_per_kwh,omitempty" doc:"Decimal, up to six places." example:"0.10"`
	StartFee         money.Rate     `json:"start_fee,omitempty" doc:"Per session that delivered energy."`
	Idle             *IdleFee       `json:"idle,omitempty" doc:"Absent: none."`
	Hold             *Money         `json:"hold,omitempty" doc:"Set aside at the start. Absent: 50.00."`
	MinBalance       *Money         `json:"min_balance,omitempty" doc:"Must be available before a start."`
}

// Band is a price of energy for a time of day, in the site's zone.
type Band struct {
	From  tariff.Clock `json:"from" pattern:"^[0-2][0-9]:[0-5][0-9]$" example:"00:00"`
	To    tariff.Clock `json:"to" pattern:"^[0-2][0-9]:[0-5][0-9]$" doc:"Before from: over midnight." example:"24:00"`
	Days  []string     `json:"days,omitempty" enum:"mon,tue,wed,thu,fri,sat,sun" doc:"Absent: every day."`
	Price money.Rate   `json:"price" doc:"Per kWh; decimal, up to six places." example:"0.30"`
}

// IdleFee is the fee for occupying a connector after the energy has ended.
type IdleFee struct {
	PerMinute money.Rate `json:"per_minute" example:"0.10"`
	GraceS    int64      `json:"grace_s" minimum:"0" maximum:"86400" doc:"Seconds that cost nothing."`
	Cap       *Money     `json:"cap,omitempty" doc:"The most it costs in one session. Absent: 20.00."`
}

var weekdays = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func (b PlanBody) draft() (d tariff.Draft, err error) {
	d = tariff.Draft{Name: b.Name, Currency: b.Currency, PricesIncludeTax: b.PricesIncludeTax, VAT: b.VAT, ServicePerKWh: b.ServicePerKWh, StartFee: b.StartFee}
	for _, e := range b.Electricity {
		band := tariff.Band{From: e.From, To: e.To, Price: e.Price}
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
		d.Idle = &tariff.IdleFee{PerMinute: b.Idle.PerMinute, Grace: time.Duration(b.Idle.GraceS) * time.Second}
		parse(b.Idle.Cap, "/idle/cap", &d.Idle.Cap)
	}
	return d, err
}

func planOf(p tariff.Plan) Plan {
	d, _ := p.Draft() // every plan of this stage was written as a draft
	out := Plan{ID: p.ID, SubOperatorID: p.Sub, PlanVersion: p.Number, SavedAt: at(p.SavedAt), Version: p.Version, PlanBody: PlanBody{
		Name: p.Name, Currency: p.Currency, PricesIncludeTax: p.PricesIncludeTax, VAT: p.VAT, Electricity: []Band{},
		ServicePerKWh: d.ServicePerKWh, StartFee: d.StartFee, Hold: someAmount(p.Hold), MinBalance: someAmount(p.MinBalance)}}
	for _, b := range d.Electricity {
		band := Band{From: b.From, To: b.To, Price: b.Price}
		for i, w := range weekdays {
			if b.Days != 0 && b.Days.Has(time.Weekday(i)) {
				band.Days = append(band.Days, w)
			}
		}
		out.Electricity = append(out.Electricity, band)
	}
	if d.Idle != nil {
		out.Idle = &IdleFee{PerMinute: d.Idle.PerMinute, GraceS: int64(d.Idle.Grace / time.Second), Cap: someAmount(d.Idle.Cap)}
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
