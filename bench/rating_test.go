package main

import (
	"testing"
	"time"

	"ccms/internal/money"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// ratedSession is four hours over a change of band with 60 samples, and a plan
// of five layers. bench/run.sh puts both figures under the report: rating it, and
// adding up the samples.
func ratedSession(tb testing.TB) (tariff.Plan, tariff.Usage, *time.Location) {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		tb.Skip(err) // a machine without time zones
	}
	rate := func(s string) money.Rate {
		r, err := money.ParseRate(s)
		if err != nil {
			tb.Fatal(err)
		}
		return r
	}
	always := func(b tariff.Basis, price string) []tariff.Element {
		return []tariff.Element{{Components: []tariff.Component{{Basis: b, Price: rate(price)}}}}
	}
	day, night := tariff.Clock(6*60), tariff.Clock(22*60)
	plan := tariff.Plan{Currency: "EUR", VAT: 190, Layers: []tariff.Layer{
		{Kind: tariff.KindElectricity, Elements: []tariff.Element{
			{Cond: tariff.Cond{From: day, To: night}, Components: []tariff.Component{{Basis: tariff.Energy, Price: rate("0.39")}}},
			{Cond: tariff.Cond{From: night, To: day}, Components: []tariff.Component{{Basis: tariff.Energy, Price: rate("0.29")}}},
		}},
		{Kind: tariff.KindService, Elements: always(tariff.Energy, "0.05")},
		{Kind: tariff.KindService, Elements: always(tariff.Time, "0.01")},
		{Kind: tariff.KindStart, Elements: always(tariff.Flat, "0.50")},
		{Kind: tariff.KindIdle, Elements: always(tariff.IdleTime, "0.10")},
	}}.Complete()
	start := time.Date(2026, 3, 2, 19, 0, 0, 0, time.UTC)
	usage := tariff.Usage{Start: start, Stop: start.Add(4 * time.Hour), Energy: 44_000,
		Idle: []tariff.Interval{{From: start.Add(4 * time.Hour), To: start.Add(5 * time.Hour)}}}
	for i := range 60 {
		usage.Points = append(usage.Points, tariff.Point{
			At: start.Add(time.Duration(i+1)*3*time.Minute + 30*time.Second), Energy: unit.Wh(700 * (i + 1))})
	}
	return plan, usage, loc
}

func BenchmarkRatingOneSession(b *testing.B) {
	plan, usage, loc := ratedSession(b)
	bill, err := tariff.Rate(plan, usage, loc)
	if err != nil {
		b.Fatal(err)
	}
	if len(bill.Lines) != 6 {
		b.Fatalf("%d lines, so this is not the session it should be", len(bill.Lines))
	}
	for b.Loop() {
		if _, err := tariff.Rate(plan, usage, loc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRatingFloorSum(b *testing.B) {
	_, usage, _ := ratedSession(b)
	for b.Loop() {
		var sum, last int64
		for _, p := range usage.Points {
			sum += (int64(p.Energy) - last) * 390_000
			last = int64(p.Energy)
		}
		if sum == 0 {
			b.Fatal("nothing was added up")
		}
	}
}
