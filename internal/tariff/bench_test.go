package tariff

import (
	"testing"
	"time"

	"ccms/internal/unit"
)

// benchSession is a session with 60 samples across a change of bands, and a plan with
// five layers (spec performance: goal 15 µs).
func benchSession(b *testing.B) (Plan, Usage, *time.Location) {
	b.Helper()
	comp := func(k Basis, price string) []Component { return []Component{{Basis: k, Price: rate(price)}} }
	p := Plan{Name: "five layers", Currency: "EUR", VAT: 200, Layers: []Layer{
		{Kind: KindElectricity, Elements: []Element{{Cond: Cond{From: 22 * 60, To: 6 * 60}, Components: comp(Energy, "0.20")}, {Cond: Cond{From: 6 * 60, To: 22 * 60}, Components: comp(Energy, "0.40")}}},
		{Kind: KindService, Elements: []Element{{Components: comp(Energy, "0.10")}}},
		{Kind: KindService, Elements: []Element{{Components: comp(Time, "0.01")}}},
		{Kind: KindStart, Elements: []Element{{Components: comp(Flat, "0.50")}}},
		{Kind: KindIdle, Elements: []Element{{Components: comp(IdleTime, "0.20")}}},
	}}
	p.IdleFee.Grace = 15 * time.Minute
	p = p.Complete()
	if err := p.Validate(); err != nil {
		b.Fatal(err)
	}
	u := Usage{Start: time.Date(2026, 3, 1, 20, 30, 30, 0, time.UTC)}
	at := u.Start
	for range 60 {
		at = at.Add(time.Minute)
		u.Energy += 367
		u.Points = append(u.Points, Point{At: at, Energy: u.Energy})
	}
	u.Stop = at.Add(30 * time.Second)
	u.Energy += 180
	u.Idle = []Interval{{u.Stop, u.Stop.Add(time.Hour)}}
	return p, u, zone(b, "Europe/Paris")
}

// The floor of BenchmarkRate: the same samples summed in integers.
func BenchmarkIntegerSum(b *testing.B) {
	_, u, _ := benchSession(b)
	var sum, seconds int64
	for b.Loop() {
		last := Point{At: u.Start}
		sum, seconds = 0, 0
		for _, p := range u.Points {
			sum += int64(p.Energy - last.Energy)
			seconds += p.At.Unix() - last.At.Unix()
			last = p
		}
	}
	if unit.Wh(sum) != u.Points[59].Energy || seconds != 3600 {
		b.Fatal(sum, seconds)
	}
}

func BenchmarkRate(b *testing.B) {
	p, u, loc := benchSession(b)
	var bill Bill
	for b.Loop() {
		var err error
		if bill, err = Rate(p, u, loc); err != nil {
			b.Fatal(err)
		}
	}
	if len(bill.Lines) != 6 {
		b.Fatalf("%+v", bill.Lines)
	}
}

// What a MeterValues costs: the next point, the price so far, and what must be left.
func BenchmarkRunning(b *testing.B) {
	p, u, loc := benchSession(b)
	s, r := NewSheet(&p, loc), Begin(u.Start)
	for _, pt := range u.Points[:58] {
		r = r.Add(s, pt)
	}
	b.ReportAllocs()
	for b.Loop() {
		next := r.Add(s, u.Points[58])
		if _, err := next.Cost(s, nil); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Reserve(22_000, 2*time.Minute, u.Points[58].At); err != nil {
			b.Fatal(err)
		}
	}
}
