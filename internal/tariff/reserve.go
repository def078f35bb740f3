package tariff

import (
	"slices"
	"time"

	"ccms/internal/fault"
	"ccms/internal/money"
	"ccms/internal/unit"
)

// Reserve is what a session must still be able to pay for d from at on: full power
// at the dearest price of each layer that may apply, tax included, and the first
// step of the idle fee after its grace, one minute (BAL-R2). Quantities are rounded
// up: a reserve that is a cent too large stops a car a moment early, one that is too
// small makes a debt.
func Reserve(p Plan, power unit.W, d time.Duration, at time.Time, loc *time.Location) (money.Amount, error) {
	if power < 0 || d < 0 || power > 1<<40 {
		return money.Amount{}, fault.New(fault.Internal, "reserve_range", "Power and time of a reserve must not be negative.")
	}
	seconds := int64((d + time.Second - 1) / time.Second)
	wh := (int64(power)*min(seconds, 1<<20) + 3599) / 3600
	m := meter{p: &p, loc: loc, q: make([]int64, p.size())}
	until := at.Add(max(d, time.Nanosecond))
	m.dearest(Energy, wh, at, until)
	m.dearest(Time, seconds, at, until)
	grace := p.IdleFee.Grace
	m.dearest(IdleTime, 60, at, until.Add(grace+time.Minute))
	b, err := m.bill(false, nil)
	return b.Total, err
}

// dearest gives quantity n to the component with the highest price, tax counted,
// that applies in each layer at any time in [from, to).
func (m *meter) dearest(b Basis, n int64, from, to time.Time) {
	if !m.p.Has(b) {
		return
	}
	top := make([]int, len(m.p.Layers))
	for i := range top {
		top[i] = -1
	}
	prices := m.p.gross()
	var s span
	for at := from; at.Before(to); at = s.to {
		m.p.find(&s, b, at, m.loc)
		for i, c := range s.active {
			if c >= 0 && (top[i] < 0 || prices[c] > prices[top[i]]) {
				top[i] = c
			}
		}
	}
	for _, c := range top {
		if c >= 0 {
			m.q[c] += n
		}
	}
}

// gross is a measure by which components compare: price with its tax.
func (p *Plan) gross() (out []int64) {
	for i := range p.Layers {
		for j := range p.Layers[i].Elements {
			for k := range p.Layers[i].Elements[j].Components {
				c := &p.Layers[i].Elements[j].Components[k]
				g := int64(c.Price)
				if !p.PricesIncludeTax {
					g *= 1000 + int64(p.vat(c))
				}
				out = append(out, g)
			}
		}
	}
	return out
}

// idleHorizon bounds the search for the cap: nobody parks for longer at a price
// that reaches it later.
const idleHorizon = 31 * 24 * time.Hour

// IdleCapReached tells when the idle fee reaches its cap if the clock, which ran over
// the windows of past, runs on from from: from then on it costs nothing to stay, and
// the bill can be made (AUTH-R8). ok is false where the plan has no idle fee or the
// cap is more than a month away.
func IdleCapReached(p Plan, past []Interval, from time.Time, loc *time.Location) (at time.Time, ok bool) {
	if !p.HasIdle() {
		return time.Time{}, false
	}
	from = whole(from)
	reached := func(seconds int) bool {
		to := from.Add(time.Duration(seconds) * time.Second)
		m := meter{p: &p, loc: loc, q: make([]int64, p.size())}
		m.idle(append(slices.Clone(past), Interval{from, to}))
		uncapped := p
		uncapped.IdleFee.Cap = money.New(mostPerLine, p.Currency)
		m.p = &uncapped
		b, err := m.bill(false, nil)
		return err != nil || b.Sum(KindIdle).Minor >= p.IdleFee.Cap.Minor
	}
	// Every line grows with the clock, so the first second is found by bisection.
	low, high := 0, 3600
	for ; !reached(high); high *= 2 {
		if time.Duration(high)*time.Second > idleHorizon {
			return time.Time{}, false
		}
		low = high
	}
	if reached(0) {
		return from, true
	}
	for low+1 < high {
		if mid := (low + high) / 2; reached(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return from.Add(time.Duration(high) * time.Second), true
}
