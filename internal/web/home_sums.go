package web

import (
	"context"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/report"
	"ccms/internal/unit"
)

// HomePeriod asks for a day, a month or a year.
type HomePeriod struct {
	Period string `query:"period" enum:"day,month,year" default:"day"`
	Date   string `query:"date" maxLength:"10" pattern:"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$" doc:"2026-11-30, 2026-11 or 2026 after the period; absent: the one that is now." example:"2026-11-30"`
}

func (in HomePeriod) query(f report.Filter) (report.Query, error) {
	q := report.Query{Filter: f, Grain: map[string]report.Grain{"day": report.Day, "month": report.Month, "year": report.Year}[in.Period]}
	if in.Date == "" {
		return q, nil
	}
	rest := map[report.Grain]string{report.Day: "", report.Month: "-01", report.Year: "-01-01"}[q.Grain]
	day, err := report.ParseDay(in.Date + rest)
	if err != nil || day < 1970_01_01 {
		return q, fault.BadInput("/query/date", "must be a %s such as %s", in.Period, "2026-11-30"[:len("2026-11-30")-len(rest)])
	}
	switch q.Grain {
	case report.Month:
		q.Bucket = day.Month()
	case report.Year:
		q.Bucket = day.Year()
	default:
		q.Bucket = day
	}
	return q, nil
}

// HomeSpan is a day, month or year, or a part of one.
type HomeSpan struct {
	Label string    `json:"label" doc:"2026, 2026-11, 2026-11-30, or 13:00 for an hour. An hour that comes twice is two."`
	From  time.Time `json:"from"`
	To    time.Time `json:"to" doc:"Not included."`
}

func homeSpan(s report.Span, zone string) HomeSpan {
	out := HomeSpan{Label: s.Bucket.Text(), From: at(s.From), To: at(s.To)}
	if s.Bucket.Grain() == report.Hour {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			loc = time.UTC
		}
		out.Label = s.From.In(loc).Format("15:04")
	}
	return out
}

// HomeSessions is what ended sessions come to.
type HomeSessions struct {
	Sessions  int64          `json:"sessions" minimum:"0" doc:"That ended in the period, on their site's clock."`
	Failed    int64          `json:"failed" minimum:"0" doc:"Starts that failed or were refused; not among sessions."`
	Energy    unit.Wh        `json:"energy_wh"`
	Duration  int64          `json:"duration_s" minimum:"0" doc:"From start to end, of all together."`
	AvgEnergy *unit.Wh       `json:"average_energy_wh,omitempty" doc:"Per session; absent where there was none."`
	AvgTime   *int64         `json:"average_duration_s,omitempty" minimum:"0" doc:"Per session; absent where there was none."`
	Success   *unit.Permille `json:"success_permille,omitempty" minimum:"0" maximum:"1000" doc:"Share of attempts that led to energy and whose record is not abnormal; absent where nobody tried."`
}

func homeSessions(s report.Sessions) HomeSessions {
	out := HomeSessions{Sessions: s.Sessions, Failed: s.Failed, Energy: s.Energy, Duration: s.Seconds}
	if v, ok := s.AverageEnergy(); ok {
		out.AvgEnergy = &v
	}
	if v, ok := s.AverageSeconds(); ok {
		out.AvgTime = &v
	}
	if v, ok := s.Success(); ok {
		out.Success = &v
	}
	return out
}

// HomeAnalytics is what was charged.
type HomeAnalytics struct {
	HomeSpan
	Period   string              `json:"period" enum:"day,month,year"`
	TimeZone string              `json:"time_zone" doc:"Of from and to. Each session counts on its own site's clock."`
	Total    HomeSessions        `json:"total"`
	Parts    []HomeSessionsPart  `json:"parts" doc:"Hours of a day, days of a month, months of a year. They come to total."`
	Compared *HomeComparison     `json:"compared,omitempty" doc:"With the period before; absent while none of its parts is over."`
	Drivers  int64               `json:"unique_drivers" minimum:"0"`
	Running  int64               `json:"running" minimum:"0" doc:"Sessions that run now; they are in none of the sums."`
	Avoided  int64               `json:"co2_avoided_g"`
	Carbon   HomeCarbonPrinciple `json:"co2_factors"`
}

// HomeSessionsPart is a part of the chart.
type HomeSessionsPart struct {
	HomeSpan
	HomeSessions
}

// HomeComparison sets the parts that are over beside the same parts of the period
// before, so that half a day is not measured against a whole one.
type HomeComparison struct {
	Now    HomeSessions `json:"now"`
	Before HomeSessions `json:"before"`
}

// HomeCarbonPrinciple says how CO₂ was worked out.
type HomeCarbonPrinciple struct {
	Version string `json:"version"`
	Region  string `json:"region"`
	Fuel    int64  `json:"fuel_g_per_kwh" doc:"What a petrol car emits for what one kWh drives."`
	Grid    int64  `json:"grid_g_per_kwh"`
}

func (h *handlers) homeAnalytics(ctx context.Context, in *struct {
	HomeScope
	HomePeriod
}) (*homeOf[HomeAnalytics], error) {
	q, err := in.query(in.filter())
	if err != nil {
		return nil, err
	}
	v, err := h.svc.Report.Analytics(ctx, scopeOf(ctx), q)
	if err != nil {
		return nil, err
	}
	out := HomeAnalytics{HomeSpan: homeSpan(v.Span, v.Zone), Period: in.Period, TimeZone: v.Zone, Total: homeSessions(v.Total), Drivers: v.Drivers,
		Running: v.Running, Avoided: v.Avoided, Carbon: HomeCarbonPrinciple{v.Carbon.Version, v.Carbon.Region, v.Carbon.Fuel, v.Carbon.Grid}}
	for _, p := range v.Parts {
		out.Parts = append(out.Parts, HomeSessionsPart{homeSpan(p.Span, v.Zone), homeSessions(p.Value)})
	}
	if v.Compared {
		out.Compared = &HomeComparison{homeSessions(v.Complete), homeSessions(v.Before)}
	}
	return &homeOf[HomeAnalytics]{Body: out}, nil
}

// HomeMoney is what postings of one currency come to. gross is electricity, service,
// reservation, idle, other and tax less discounts, to the cent.
type HomeMoney struct {
	Gross       Money `json:"gross" doc:"Charged for sessions, with tax."`
	Electricity Money `json:"electricity" doc:"Net."`
	Service     Money `json:"service" doc:"Net."`
	Reservation Money `json:"reservation" doc:"Net."`
	Idle        Money `json:"idle" doc:"Net."`
	Other       Money `json:"other" doc:"Net: start fees."`
	Discounts   Money `json:"discounts"`
	Tax         Money `json:"tax"`
	Refunds     Money `json:"refunds" doc:"Given back for sessions, with tax, on the day it was given."`
	Recharge    Money `json:"recharge" doc:"Put on charging accounts."`
	Given       Money `json:"recharge_given" doc:"The part of recharge that staff gave and nobody paid."`
	Reversed    Money `json:"recharge_reversed" doc:"Recharges taken back."`
}

func homeMoney(f report.Finance) HomeMoney {
	return HomeMoney{amount(f.Gross), amount(f.Electricity), amount(f.Service), amount(f.Reservation), amount(f.Idle), amount(f.Other),
		amount(f.Discounts), amount(f.Tax), amount(f.Refunds), amount(f.Recharge), amount(f.Given), amount(f.Reversed)}
}

// HomeFinance is what was earned, one row per currency.
type HomeFinance struct {
	HomeSpan
	Period     string         `json:"period" enum:"day,month,year"`
	TimeZone   string         `json:"time_zone" doc:"The operator's: a posting counts on the day that it is dated."`
	Currencies []HomeCurrency `json:"currencies" doc:"At least the operator's own, which stands first. Currencies are never added."`
}

// HomeCurrency is one currency's row.
type HomeCurrency struct {
	Currency     money.Currency  `json:"currency" example:"EUR"`
	Total        HomeMoney       `json:"total"`
	Outstanding  *Money          `json:"outstanding,omitempty" doc:"What charging accounts owe now; absent with a filter by site or current, for accounts belong to neither."`
	Parts        []HomeMoneyPart `json:"parts" doc:"Hours of a day, days of a month, months of a year. They come to total."`
	Compared     *HomeMoneyDelta `json:"compared,omitempty"`
	SubOperators []HomeMoneyOf   `json:"sub_operators,omitempty" doc:"Where sub-operators earned; the operator's own first. They come to total."`
}

// HomeMoneyPart is a part of the chart.
type HomeMoneyPart struct {
	HomeSpan
	HomeMoney
}

// HomeMoneyDelta sets the parts that are over beside the same parts of the period before.
type HomeMoneyDelta struct {
	Now    HomeMoney `json:"now"`
	Before HomeMoney `json:"before"`
}

// HomeMoneyOf is a sub-operator's share.
type HomeMoneyOf struct {
	SubOperatorID ident.SubOperator `json:"sub_operator_id,omitzero" doc:"Absent: the operator's own."`
	Name          string            `json:"name,omitempty"`
	HomeMoney
}

func (h *handlers) homeFinance(ctx context.Context, in *struct {
	HomeScope
	HomePeriod
}) (*homeOf[HomeFinance], error) {
	q, err := in.query(in.filter())
	if err != nil {
		return nil, err
	}
	v, err := h.svc.Report.Finance(ctx, scopeOf(ctx), q)
	if err != nil {
		return nil, err
	}
	out := HomeFinance{HomeSpan: homeSpan(v.Span, v.Zone), Period: in.Period, TimeZone: v.Zone}
	for _, c := range v.Currencies {
		row := HomeCurrency{Currency: c.Currency, Total: homeMoney(c.Total)}
		if c.Outstanding != nil {
			row.Outstanding = someAmount(*c.Outstanding)
		}
		for _, p := range c.Parts {
			row.Parts = append(row.Parts, HomeMoneyPart{homeSpan(p.Span, v.Zone), homeMoney(p.Value)})
		}
		if v.Compared {
			row.Compared = &HomeMoneyDelta{homeMoney(c.Complete), homeMoney(c.Before)}
		}
		for _, s := range c.Subs {
			row.SubOperators = append(row.SubOperators, HomeMoneyOf{s.Sub, s.Name, homeMoney(s.Total)})
		}
		out.Currencies = append(out.Currencies, row)
	}
	return &homeOf[HomeFinance]{Body: out}, nil
}
