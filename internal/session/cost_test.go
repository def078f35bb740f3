package session

import (
	"math/rand/v2"
	"testing"
	"time"

	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// After each meter value the running cost is the bill, rated from scratch, of the same
// samples: over changes of the clock, bands, idle time and its cap, late samples and
// registers that step back.
func TestTheRunningCostIsTheBillOfTheSameSamples(t *testing.T) {
	t.Parallel()
	idled, capped, dst := 0, 0, 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 17))
		zone, err := time.LoadLocation([]string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"}[r.IntN(4)])
		if err != nil {
			t.Fatal(err)
		}
		price := func() money.Rate { return money.Rate(1 + r.IntN(900_000)) }
		cut := tariff.Clock(15 * (1 + r.IntN(95)))
		draft := tariff.Draft{Name: "any", Currency: "EUR", VAT: unit.Permille(r.IntN(3) * 95), ServicePerKWh: price(),
			Electricity: []tariff.Band{{To: cut, Price: price()}, {From: cut, To: 1440, Price: price()}},
			Idle:        &tariff.IdleFee{PerMinute: price(), Grace: time.Duration(r.IntN(20)) * time.Minute, Cap: money.New(int64(50+r.IntN(2000)), "EUR")},
		}
		plan, err := draft.Plan()
		if err != nil {
			t.Fatal(err)
		}
		layer := tariff.Layer{Kind: tariff.KindService, Elements: []tariff.Element{{Components: []tariff.Component{{Basis: tariff.Time, Price: price()}}}}}
		plan.Layers = append(plan.Layers, layer)
		prices := tariff.NewSheet(&plan, zone)
		day := []string{"2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01", "2026-07-15"}[r.IntN(7)]
		began, err := time.ParseInLocation("2006-01-02", day, zone)
		if err != nil {
			t.Fatal(err)
		}
		began = began.Add(time.Duration(r.IntN(6*3600)) * time.Second).UTC()
		start := unit.Wh(r.IntN(1_000_000))
		st := State{
			ID: ident.New[ident.Session](began), OCPPID: 1, Connector: 1, Phase: Charging, StartedAt: began, Currency: "EUR",
			Wallet: ident.New[ident.Account](began), HoldAmount: money.New(1<<40, "EUR"), Cost: money.New(0, "EUR"),
			MeterStart: start, Inner: Inner{Register: start, HeardAt: began, Running: tariff.Begin(began)},
		}
		var points []tariff.Point
		register, at := start, began
		for range 30 {
			at = at.Add(time.Duration(1+r.IntN(1200)) * time.Second).Add(time.Duration(r.IntN(2)*r.IntN(999)) * time.Millisecond)
			power := unit.W(r.IntN(3) * 11_000)
			if power > 0 {
				register += unit.Wh(r.IntN(4000))
			}
			reading := Reading{At: at, Energy: register, Power: power, Has: HasEnergy | HasPower}
			switch r.IntN(12) {
			case 0:
				if late := at.Add(-time.Hour); late.After(began) {
					reading.At = late
				}
			case 1:
				reading.Energy -= registerSlack // rounded down
			case 2:
				reading.Has = HasPower
			}
			before := st.Last.At
			st = Apply(st, Metered{Readings: []Reading{reading}}, Env{Now: at, Prices: prices, MaxPower: 22_000}).Next
			if reading.Has&HasEnergy != 0 && !reading.At.Before(before) {
				points = append(points, tariff.Point{At: reading.At, Energy: st.Energy})
			}
			if len(points) == 0 || st.Inner.Running.Last.At.Before(st.Last.At) {
				continue // priced up to the last register, idle up to the last word
			}
			m := new(machine)
			m.begin(&st, Env{Now: at, Prices: prices})
			idle := m.idleWindows(st.Last.At)
			b, err := prices.Rate(tariff.Usage{Start: began, Stop: st.Inner.Running.Last.At, Energy: st.Energy, Points: points, Idle: idle})
			if err != nil || b.Total != st.Cost {
				t.Fatalf("seed %d: the session costs %v at %v, the bill is %v %v\n%v", seed, st.Cost, at, b.Total, err, b.Lines)
			}
			if len(idle) > 0 {
				idled++
			}
			for _, l := range b.Lines {
				if l.Capped {
					capped++
				}
			}
		}
		_, before := began.In(zone).Zone()
		if _, after := at.In(zone).Zone(); before != after {
			dst++
		}
	}
	if idled < 300 || capped < 30 || dst < 8 {
		t.Errorf("only %d with idle time, %d at the cap, %d over a change of the clock", idled, capped, dst)
	}
}
