package tariff

import (
	"fmt"
	"math/bits"
	"slices"
	"time"

	"ccms/internal/fault"
	"ccms/internal/unit"
)

// Rate prices a session. It fails only on a plan or amounts that cannot be right;
// whatever a charge point reported has a price.
func Rate(p Plan, u Usage, loc *time.Location) (Bill, error) { return NewSheet(&p, loc).Rate(u) }

// Rate prices a session, as the function does.
func (s *Sheet) Rate(u Usage) (Bill, error) {
	if err := ratable(s.Plan, u.Energy); err != nil {
		return Bill{}, err
	}
	m := meter{sheet: s, q: make([]int64, s.sums())}
	m.open(u.Start)
	if u.NoClock {
		m.cheapest(u.Energy)
		m.reservation(u.Reservation, u.Energy)
		return m.bill(true, []Flag{BadClock})
	}
	m.record()
	m.reservation(u.Reservation, u.Energy)
	if m.noSession {
		return m.bill(true, nil)
	}
	pts, sampled := u.path()
	for i := 1; i < len(pts); i++ {
		m.energy(energyDim, pts[i-1], pts[i])
	}
	m.returned(&u)
	m.timed(pts, u.Idle, u.Energy)
	var flags []Flag
	if m.interpolated {
		flags = append(flags, Interpolated)
	}
	if !sampled && u.Energy > 0 {
		flags = append(flags, NoSamples)
	}
	return m.bill(true, flags)
}

// timed attributes everything but energy. Path are the points of the session, where time
// depends on how its energy flowed.
func (m *meter) timed(pts []Point, idle []Interval, energy unit.Wh) {
	s := m.sheet
	if s.has[timeDim] || s.has[parkingDim] {
		clock := windows(idle, 0)
		if s.has[timeDim] {
			for _, w := range without(pts[0].At, pts[len(pts)-1].At, clock) {
				m.elapsed(timeDim, w.From, w.To, 1, pts)
			}
		}
		m.parking(clock, pts)
	}
	m.flat(pts[0].At, energy, pts)
	m.idle(idle, pts)
}

func ratable(p *Plan, e unit.Wh) error {
	if !p.Currency.Valid() {
		return fault.New(fault.Internal, "plan_without_currency", "The plan has no currency.")
	}
	if e < 0 {
		return fault.New(fault.Unsupported, "exported_energy", "Energy that a vehicle gave back has no price yet.")
	}
	return nil
}

// without is [from, to) in whole seconds less the windows, which are in order.
func without(from, to time.Time, less []Interval) []Interval {
	from, to = whole(from), whole(to)
	var out []Interval
	for _, w := range less {
		if w.From.After(from) {
			end := w.From
			if to.Before(end) {
				end = to
			}
			if from.Before(end) {
				out = append(out, Interval{from, end})
			}
		}
		if w.To.After(from) {
			from = w.To
		}
	}
	if from.Before(to) {
		out = append(out, Interval{from, to})
	}
	return out
}

// meter adds up what each component of the plan was hit with.
type meter struct {
	sheet     *Sheet
	q         []int64 // per component, in plan order, and what sums says
	start     int64   // of the session, Unix; a time.Time here would move every sum to the heap
	noSession bool
	// interpolated: a price of energy changed strictly between two samples that
	// differ in energy.
	interpolated bool
	cur, prev    *span // where the energy walk is, and what applied before that

	ends     []int64     // per component the end of the last time it counted, Unix; nil: nobody asks
	segments [][]Segment // per component; nil: not recorded
	note     string      // for the explanation
}

func (m *meter) open(start time.Time) {
	m.start, m.noSession = start.Unix(), start.IsZero()
	if m.sheet.stepped {
		m.ends = make([]int64, len(m.sheet.rows))
	}
}

func (m *meter) record() { m.segments = make([][]Segment, len(m.sheet.rows)) }

// energy attributes what was delivered from one point to the next. Between the
// points the register is taken to rise evenly; its value at a cut is rounded to the
// Wh on the cumulative line, so the parts always add up to the whole and do not
// depend on how many cuts there are (PRICE-R4).
func (m *meter) energy(d dim, from, to Point) {
	if m.sheet.byUse[d] {
		m.energyByUse(d, from, to)
		return
	}
	delta := int64(to.Energy - from.Energy)
	at, done := from.At, int64(0)
	for {
		guessed := false
		if !m.cur.covers(at) {
			m.prev, m.cur = m.cur, m.sheet.at(d, at)
			guessed = delta > 0 && at.After(from.At) && !slices.Equal(m.prev.active, m.cur.active)
			m.interpolated = m.interpolated || guessed
		}
		end, upTo := to.At, delta
		if m.cur.to.Before(end) {
			end = m.cur.to
			upTo = along(delta, end.Sub(from.At), to.At.Sub(from.At))
		}
		m.charge(d, at, end, upTo-done, guessed)
		if !end.Before(to.At) {
			return
		}
		at, done = end, upTo
	}
}

// energyByUse is energy where prices depend on what the session did: it cuts where the
// register or the time meets a bound too.
func (m *meter) energyByUse(d dim, from, to Point) {
	delta, all := int64(to.Energy-from.Energy), to.At.Sub(from.At)
	at, done := from.At, int64(0)
	first := true
	for {
		u := use{start: m.start, since: at.Unix() - m.start, energy: from.Energy + unit.Wh(done), flow: flow{delta, all, to.Current}}
		next := m.sheet.find(d, at, &u)
		m.prev, m.cur = m.cur, next
		guessed := !first && at.After(from.At) && delta > 0 && m.prev.upTo != u.energy && !slices.Equal(m.prev.active, next.active)
		m.interpolated = m.interpolated || guessed
		first = false
		end, upTo := to.At, delta
		if next.to.Before(end) {
			end = next.to
			upTo = max(done, along(delta, end.Sub(from.At), all))
		}
		if need := int64(next.upTo - from.Energy); next.upTo > 0 && need <= upTo && need > done {
			// The register meets the bound at or just before the cut in time.
			when := from.At.Add(share(all, need, delta))
			upTo = need
			if when.Before(at) {
				when = at
			}
			if when.Before(end) {
				end = when
			}
		}
		m.charge(d, at, end, upTo-done, guessed)
		if !end.Before(to.At) && upTo == delta {
			return
		}
		at, done = end, upTo
	}
}

// charge gives n Wh of [from, to) to what applies now.
func (m *meter) charge(d dim, from, to time.Time, n int64, guessed bool) {
	sign := int64(1)
	if d == returnedDim {
		sign = -1
	}
	for layer, c := range m.cur.active {
		changed := guessed && m.prev.active[layer] != c
		if changed && m.segments != nil && m.prev.active[layer] >= 0 {
			if s := m.segments[m.prev.active[layer]]; len(s) > 0 {
				s[len(s)-1].Interpolated = true
			}
		}
		if c < 0 {
			continue
		}
		m.q[c] += sign * n
		if m.sheet.stepped && n > 0 && d == energyDim {
			m.q[len(m.sheet.rows)+layer] = int64(c) + 1
		}
		if m.segments != nil {
			m.segment(c, from, to, sign*n, changed)
		}
	}
}

// returned attributes what the vehicle gave back.
func (m *meter) returned(u *Usage) {
	if !m.sheet.has[returnedDim] || len(u.Returned) == 0 {
		return
	}
	m.cur, m.prev = nil, nil
	last := Point{At: u.Start}
	for _, p := range u.Returned {
		if p.At.Before(last.At) || p.Energy < last.Energy {
			continue
		}
		m.energy(returnedDim, last, p)
		last = p
	}
	m.cur, m.prev = nil, nil
}

// share is all × part / whole rounded up, in 128 bits.
func share(all time.Duration, part, whole int64) time.Duration {
	hi, lo := bits.Mul64(uint64(all), uint64(part))
	q, rem := bits.Div64(hi, lo, uint64(whole))
	if rem > 0 {
		q++
	}
	return time.Duration(q)
}

// along is delta × part / all rounded half up, in 128 bits: a register may rise by
// gigawatt-hours between two samples that are years apart.
func along(delta int64, part, all time.Duration) int64 {
	hi, lo := bits.Mul64(uint64(delta), uint64(part))
	q, rem := bits.Div64(hi, lo, uint64(all))
	if rem >= uint64(all)-rem {
		q++
	}
	return int64(q)
}

// within is delta × part / all rounded down: a register reaches a bound no earlier.
func within(delta int64, part, all time.Duration) int64 {
	hi, lo := bits.Mul64(uint64(delta), uint64(part))
	q, _ := bits.Div64(hi, lo, uint64(all))
	return int64(q)
}

// elapsed attributes the seconds of [from, to), times sign, to the components of a
// dimension that counts time. Both ends are whole seconds, and so is every cut.
func (m *meter) elapsed(d dim, from, to time.Time, sign int64, path []Point) {
	if m.sheet.byUse[d] {
		m.elapsedByUse(d, from, to, sign, path)
		return
	}
	for at := from; at.Before(to); {
		s := m.sheet.at(d, at)
		end := to
		if s.to.Before(end) {
			end = s.to
		}
		m.lapse(s, at, end, sign)
		at = end
	}
}

// elapsedByUse is elapsed where prices depend on what the session did: stretch by stretch
// between its samples, and after the last one with nothing flowing.
func (m *meter) elapsedByUse(d dim, from, to time.Time, sign int64, path []Point) {
	if !m.sheet.byPath || len(path) == 0 {
		m.stretch(d, from, to, sign, Point{At: from}, Point{At: to})
		return
	}
	for i := 1; i < len(path); i++ {
		a, b := path[i-1], path[i]
		m.stretch(d, later(from, whole(a.At)), earlier(to, whole(b.At)), sign, a, b)
	}
	last := path[len(path)-1]
	m.stretch(d, later(from, whole(last.At)), to, sign, last, Point{At: later(to, last.At), Energy: last.Energy})
}

// stretch attributes the seconds of [from, to), which lie between two samples.
func (m *meter) stretch(d dim, from, to time.Time, sign int64, a, b Point) {
	delta, all := int64(b.Energy-a.Energy), b.At.Sub(a.At)
	f := flow{delta, max(all, 1), b.Current}
	if d != timeDim {
		f = flow{0, 1, 0} // the vehicle takes nothing
	}
	for at := from; at.Before(to); {
		u := use{start: m.start, since: at.Unix() - m.start, energy: a.Energy, flow: f}
		if at.After(a.At) && all > 0 {
			u.energy += unit.Wh(within(delta, at.Sub(a.At), all))
		}
		s := m.sheet.find(d, at, &u)
		end := to
		if s.to.Before(end) {
			end = s.to
		}
		if s.upTo > 0 && s.upTo <= b.Energy {
			// The first whole second at which the register has met the bound.
			when := whole(a.At.Add(share(all, int64(s.upTo-a.Energy), delta)).Add(time.Second - 1))
			if !when.After(at) {
				when = at.Add(time.Second)
			}
			end = earlier(end, when)
		}
		m.lapse(s, at, end, sign)
		at = end
	}
}

// lapse gives the seconds of [from, to) to what applies.
func (m *meter) lapse(s *span, from, to time.Time, sign int64) {
	n := sign * (to.Unix() - from.Unix())
	for _, c := range s.active {
		if c < 0 {
			continue
		}
		m.q[c] += n
		if m.ends != nil && sign > 0 {
			m.ends[c] = max(m.ends[c], to.Unix())
		}
		if m.segments != nil {
			m.segment(c, from, to, n, false)
		}
	}
}

// idle attributes the idle clock after the grace.
func (m *meter) idle(clock []Interval, path []Point) {
	if !m.sheet.has[idleDim] {
		return
	}
	for _, w := range windows(clock, m.sheet.Plan.IdleFee.Grace) {
		m.elapsed(idleDim, w.From, w.To, 1, path)
	}
}

// parking attributes the idle clock as OCPI counts it.
func (m *meter) parking(clock []Interval, path []Point) {
	if !m.sheet.has[parkingDim] {
		return
	}
	for _, w := range clock {
		m.elapsed(parkingDim, w.From, w.To, 1, path)
	}
}

// flat charges what is due once, by the prices at the start and what was delivered in all.
// Without energy it is waived: nobody pays for a start that gave nothing (bill B9). An OCPI
// tariff charges it with the first of its elements that came to apply.
func (m *meter) flat(start time.Time, delivered unit.Wh, path []Point) {
	if !m.sheet.has[flatDim] {
		return
	}
	var active []int
	if m.sheet.byUse[flatDim] {
		u := use{start: m.start, energy: delivered, flow: flow{0, 1, 0}}
		active = m.sheet.find(flatDim, start, &u).active
	} else {
		active = m.sheet.at(flatDim, start).active
	}
	for layer, c := range active {
		at := start
		if m.sheet.Plan.Layers[layer].Kind == KindOCPI {
			if c, at = m.firstFlat(layer, start, path); c < 0 {
				continue
			}
		} else if c < 0 || delivered == 0 {
			continue
		}
		m.once(c, at)
	}
}

func (m *meter) once(c int, at time.Time) {
	m.q[c] = 1
	if m.segments != nil {
		m.segment(c, at, at, 1, false)
	}
}

// firstFlat is the first flat component of a layer that applied in a session, and since when.
func (m *meter) firstFlat(layer int, start time.Time, path []Point) (int, time.Time) {
	if !m.sheet.byUse[flatDim] && (len(path) == 0 || m.sheet.at(flatDim, start).active[layer] >= 0) {
		return m.sheet.at(flatDim, start).active[layer], start
	}
	for i := 1; i < len(path); i++ {
		a, b := path[i-1], path[i]
		delta, all := int64(b.Energy-a.Energy), b.At.Sub(a.At)
		for at, got := a.At, int64(0); ; {
			u := use{start: m.start, since: at.Unix() - m.start, energy: a.Energy + unit.Wh(got), flow: flow{delta, max(all, 1), b.Current}}
			s := m.sheet.find(flatDim, at, &u)
			if c := s.active[layer]; c >= 0 {
				return c, at
			}
			end, upTo := b.At, delta
			if s.to.Before(end) {
				end, upTo = s.to, along(delta, s.to.Sub(a.At), all)
			}
			if need := int64(s.upTo - a.Energy); s.upTo > 0 && need <= upTo && need > got {
				end, upTo = earlier(end, later(at, a.At.Add(share(all, need, delta)))), need
			}
			if !end.Before(b.At) && (upTo == got || upTo == delta && s.upTo != b.Energy) {
				break
			}
			at, got = end, upTo
		}
	}
	return -1, start
}

// reservation charges for what came before the session.
func (m *meter) reservation(r *Reserved, delivered unit.Wh) {
	s := m.sheet
	if r == nil || r.Outcome == "" || !s.has[reserveTimeDim] && !s.has[reserveFlatDim] && !s.has[expiredTimeDim] && !s.has[expiredFlatDim] {
		return
	}
	rule := s.Plan.Reservation
	switch {
	case r.Outcome == ReservationFailed:
		m.note = "The charge point did not keep the reservation: nothing is charged for it."
		return
	case r.Outcome == ReservationCancelled && r.To.Sub(r.From) < rule.CancelFree:
		m.note = "The reservation was cancelled in time: nothing is charged for it."
		return
	case r.Outcome == ReservationUsed && rule.RefundFrom > 0 && delivered >= rule.RefundFrom:
		m.note = fmt.Sprintf("The session got %s kWh or more: nothing is charged for the reservation.", rule.RefundFrom.KWh())
		return
	}
	kept := windows([]Interval{{r.From, r.To}}, rule.Free)
	if d := rule.Longest; d > 0 && len(kept) > 0 && kept[0].To.Sub(kept[0].From) > d {
		kept[0].To = kept[0].From.Add(d)
	}
	at := whole(r.From)
	m.kept(reserveTimeDim, reserveFlatDim, kept, at, r.Outcome == ReservationExpired)
	if r.Outcome == ReservationExpired {
		m.kept(expiredTimeDim, expiredFlatDim, kept, at, false)
	}
}

// kept charges for a reservation in one stage. What an OCPI tariff asks for the time of
// one that expired replaces the price of the time reserved (example 18 of its tariffs).
func (m *meter) kept(timed, once dim, kept []Interval, at time.Time, replaced bool) {
	if m.sheet.has[timed] {
		for _, w := range kept {
			m.elapsed(timed, w.From, w.To, 1, nil)
		}
		for c := range m.sheet.rows {
			if r := &m.sheet.rows[c]; replaced && r.dim == timed && m.sheet.replaced[r.layer] {
				m.q[c] = 0
				if m.segments != nil {
					m.segments[c] = nil
				}
			}
		}
	}
	if m.sheet.has[once] {
		for _, c := range m.sheet.at(once, at).active {
			if c >= 0 {
				m.once(c, at)
			}
		}
	}
}

// cheapest bills energy, and what is due once, at the lowest price of each layer.
func (m *meter) cheapest(delivered unit.Wh) {
	low := func(d dim, n int64) {
		best := make([]int, len(m.sheet.Plan.Layers))
		for i := range best {
			best[i] = -1
		}
		for c := range m.sheet.rows {
			r := &m.sheet.rows[c]
			if b := best[r.layer]; r.dim == d && (b < 0 || r.price < m.sheet.rows[b].price) {
				best[r.layer] = c
			}
		}
		for _, c := range best {
			if c >= 0 {
				m.q[c] = n
			}
		}
	}
	low(energyDim, int64(delivered))
	if delivered > 0 {
		low(flatDim, 1)
	}
}

// segment adds to the component's last segment, or starts one where the component
// did not apply just before.
func (m *meter) segment(c int, from, to time.Time, n int64, interpolated bool) {
	s := m.segments[c]
	if l := len(s); l > 0 && s[l-1].To.Equal(from) {
		s[l-1].To = to
		s[l-1].Quantity += n
		return
	}
	m.segments[c] = append(s, Segment{From: from, To: to, Quantity: n, Interpolated: interpolated})
}
