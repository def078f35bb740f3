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
func (s *Sheet) Reserve(power unit.W, d time.Duration, at time.Time) (money.Amount, error) {
	if power < 0 || d < 0 || power > 1<<40 {
		return money.Amount{}, fault.New(fault.Internal, "reserve_range", "Power and time of a reserve must not be negative.")
	}
	seconds := int64((d + time.Second - 1) / time.Second)
	wh := (int64(power)*min(seconds, 1<<20) + 3599) / 3600
	var some [16]int64
	m, _ := s.resumed(nil, some[:])
	m.open(time.Time{}) // no session: its limits count in what it costs so far
	until := at.Add(max(d, time.Nanosecond))
	m.dearest(energyDim, wh, at, until)
	m.dearest(timeDim, seconds, at, until)
	m.dearest(idleDim, 60, at, until.Add(s.Plan.IdleFee.Grace+time.Minute))
	return m.total()
}

// dearest gives quantity n to the component with the highest price, tax counted,
// that applies in each layer at any time in [from, to).
func (m *meter) dearest(d dim, n int64, from, to time.Time) {
	if !m.sheet.has[d] {
		return
	}
	if m.sheet.byUse[d] {
		m.dearestByUse(d, n, from, to)
		return
	}
	now := m.sheet.at(d, from)
	top := now.active
	if now.to.Before(to) {
		top = slices.Clone(top)
		for at := now.to; at.Before(to); {
			next := m.sheet.find(d, at, nil)
			for i, c := range next.active {
				if c >= 0 && (top[i] < 0 || m.sheet.gross(c) > m.sheet.gross(top[i])) {
					top[i] = c
				}
			}
			at = next.to
		}
	}
	for _, c := range top {
		if c >= 0 {
			m.q[c] += n
		}
	}
}

// dearestByUse is dearest where prices depend on what the session does: any of those that
// the calendar allows may come to apply.
func (m *meter) dearestByUse(d dim, n int64, from, to time.Time) {
	top := make([]int, len(m.sheet.Plan.Layers))
	for i := range top {
		top[i] = -1
	}
	for at := from; at.Before(to); {
		x := m.sheet.find(d, at, nil)
		w, _ := m.sheet.localTime(at)
		for c := range m.sheet.rows {
			r := &m.sheet.rows[c]
			if r.dim == d && !r.hidden && r.cond.holds(w, m.sheet.holiday) && (top[r.layer] < 0 || m.sheet.gross(c) > m.sheet.gross(top[r.layer])) {
				top[r.layer] = c
			}
		}
		at = x.to
	}
	for _, c := range top {
		if c >= 0 {
			m.q[c] += n
		}
	}
}

// gross is a measure by which components compare: price with its tax.
func (s *Sheet) gross(c int) int64 {
	g := int64(s.rows[c].price)
	if s.rows[c].per == 3600 {
		g /= 60
	}
	if !s.Plan.PricesIncludeTax {
		g *= 1000 + int64(s.rows[c].vat)
	}
	return g
}

// Most is what charging at full power for d from at on costs, with the idle fee up to its
// cap: what is set aside of somebody who has nothing here yet (PAY-R3).
func (s *Sheet) Most(power unit.W, d time.Duration, at time.Time) (money.Amount, error) {
	if power < 0 || power > 1<<40 {
		return money.Amount{}, fault.New(fault.Internal, "reserve_range", "Power must not be negative.")
	}
	u, err := Trial{At: at, Energy: unit.Wh(int64(power) * int64(d/time.Second) / 3600), Charging: d}.Usage()
	if err != nil {
		return money.Amount{}, err
	}
	bill, err := s.Rate(u)
	if err != nil {
		return money.Amount{}, err
	}
	idle, err := s.Plan.IdleCap()
	return bill.Total.Add(idle), err
}

// idleHorizon bounds the search for the cap: nobody parks for longer at a price
// that reaches it later.
const idleHorizon = 31 * 24 * time.Hour

// IdleCapReached tells when the idle fee reaches its cap if the clock, which ran over
// the windows of past, runs on from from: from then on it costs nothing to stay, and
// the bill can be made (AUTH-R8). ok is false where the plan has no idle fee or the
// cap is more than a month away.
func (s *Sheet) IdleCapReached(past []Interval, from time.Time) (at time.Time, ok bool) {
	if !s.has[idleDim] {
		return time.Time{}, false
	}
	from = whole(from)
	reached := func(seconds int) bool {
		to := from.Add(time.Duration(seconds) * time.Second)
		m := meter{sheet: s, q: make([]int64, s.sums())}
		m.open(from)
		m.idle(append(slices.Clone(past), Interval{from, to}), nil)
		lines, err := m.lines(nil, m.rounded())
		fee := Bill{Currency: s.Plan.Currency, Lines: lines}
		return err != nil || fee.Sum(KindIdle).Minor >= s.Plan.IdleFee.Cap.Minor
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
