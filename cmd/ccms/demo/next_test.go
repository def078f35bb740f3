package demo

import (
	"testing"
	"time"

	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

// drawn is what a visit's meter shows at a moment, in W, and its energy in all, in Wh.
func (v *visit) drawn(at time.Time) (power, energy int64) {
	for _, h := range v.Then {
		switch e := h.Event.(type) {
		case session.Metered:
			r := e.Readings[0]
			energy = int64(r.Energy - v.Start.MeterStart)
			if !r.At.After(at) {
				power = int64(r.Power)
			}
		case session.Stopped:
			if !e.At.After(at) {
				power = 0
			}
		}
	}
	return power, energy
}

// What comes in real time draws about what the past drew, in a week and at the moment at
// which the one follows the other: no chart shows where the past ends.
func TestDemo_thePresentDrawsWhatThePastDrew(t *testing.T) {
	t.Parallel()
	st := storetest.SQLite(t, func(o *store.Options) { o.Now = storetest.NewClock().Now })
	o := furnished(t, st, Sites)
	w := opened(t, st, o)
	const week = 7 * 24 * time.Hour
	var pastWh, pastW, presentWh, presentW int64
	// The moment alone is a matter of luck: the one follows the other at each hour.
	for h := range 24 {
		y := newYear(w, Past{Seed: 7, Until: Made(o.ID).Add(time.Duration(h) * time.Hour), Days: 2})
		for day := y.first(); day.Before(y.until); day = day.AddDate(0, 0, 1) {
			for _, v := range y.day(day) {
				power, _ := v.drawn(y.Ends().Add(-time.Minute))
				pastW += power
			}
		}
		for i := range w.Points {
			for n := range w.Points[i].Connectors {
				g := w.Next(7, &w.Points[i], n, y.until, true)
				if g.In < time.Minute {
					presentW += g.car(&w.Points[i], n).power()
				}
			}
		}
	}
	y := newYear(w, Past{Seed: 7, Until: Made(o.ID), Days: 9})
	for day := y.first(); day.Before(y.until); day = day.AddDate(0, 0, 1) {
		for _, v := range y.day(day) {
			if _, energy := v.drawn(y.until); v.Start.StartedAt.After(y.until.Add(-week)) {
				pastWh += energy
			}
		}
	}
	for i := range w.Points {
		p := &w.Points[i]
		for n := range p.Connectors {
			for now, first := y.until, true; ; first = false {
				g := w.Next(7, p, n, now, first)
				if now.Add(g.In).After(y.until.Add(week)) {
					break
				}
				if g != w.Next(7, p, n, now, first) {
					t.Fatal("the same moment gives another car")
				}
				if !first && g.In < emptyFor || g.Charges < time.Minute {
					t.Errorf("%s %d: %+v", p.Identity, n, g)
				}
				car := g.car(p, n)
				for range g.Charges / time.Minute {
					car.minute()
				}
				presentWh += car.wh()
				now = now.Add(g.In + g.Charges + g.Lingers)
			}
		}
	}
	t.Logf("in a week %d kWh after %d kWh; in the mean of 24 starts %d kW after %d kW", presentWh/1000, pastWh/1000, presentW/24_000, pastW/24_000)
	if pastWh <= 0 || presentWh < pastWh*8/10 || presentWh > pastWh*12/10 {
		t.Errorf("in a week %d kWh come after %d kWh", presentWh/1000, pastWh/1000)
	}
	if pastW <= 0 || presentW < pastW/2 || presentW > pastW*2 {
		t.Errorf("%d W are drawn at first, %d W at the end of the past", presentW/24, pastW/24)
	}
}

// car is the guest as its charge point simulates it.
func (g *Guest) car(p *Point, nth int) *car {
	return &car{dc: g.Eases < 1000, most: g.Most, battery: g.Battery, soc: g.Fill, target: 1000, plug: int64(p.Connectors[nth].MaxPower)}
}
