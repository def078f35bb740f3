package tariff

import (
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
	m := meter{sheet: s, q: make([]int64, len(s.rows))}
	if u.NoClock {
		m.cheapest(u.Energy)
		return m.bill(true, []Flag{BadClock})
	}
	m.record()
	pts, sampled := u.path()
	for i := 1; i < len(pts); i++ {
		m.energy(pts[i-1], pts[i])
	}
	start, stop := pts[0].At, pts[len(pts)-1].At
	idle := windows(u.Idle, 0)
	if s.has[timeDim] {
		for _, w := range without(start, stop, idle) {
			m.elapsed(timeDim, w.From, w.To, 1)
		}
	}
	m.flat(start, u.Energy)
	m.idle(u.Idle)
	var flags []Flag
	if m.interpolated {
		flags = append(flags, Interpolated)
	}
	if !sampled && u.Energy > 0 {
		flags = append(flags, NoSamples)
	}
	return m.bill(true, flags)
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
	sheet *Sheet
	q     []int64 // per component, in plan order
	// interpolated: a price of energy changed strictly between two samples that
	// differ in energy.
	interpolated bool
	cur, prev    *span // where the energy walk is, and what applied before that

	segments [][]Segment // per component; nil: not recorded
}

func (m *meter) record() { m.segments = make([][]Segment, len(m.q)) }

// energy attributes what was delivered from one point to the next. Between the
// points the register is taken to rise evenly; its value at a cut is rounded to the
// Wh on the cumulative line, so the parts always add up to the whole and do not
// depend on how many cuts there are (PRICE-R4).
func (m *meter) energy(from, to Point) {
	delta := int64(to.Energy - from.Energy)
	at, done := from.At, int64(0)
	for {
		guessed := false
		if !m.cur.covers(at) {
			m.prev, m.cur = m.cur, m.sheet.at(energyDim, at)
			guessed = delta > 0 && at.After(from.At) && !slices.Equal(m.prev.active, m.cur.active)
			m.interpolated = m.interpolated || guessed
		}
		end, upTo := to.At, delta
		if m.cur.to.Before(end) {
			end = m.cur.to
			upTo = along(delta, end.Sub(from.At), to.At.Sub(from.At))
		}
		for layer, c := range m.cur.active {
			changed := guessed && m.prev.active[layer] != c
			if changed && m.segments != nil && m.prev.active[layer] >= 0 {
				s := m.segments[m.prev.active[layer]]
				s[len(s)-1].Interpolated = true
			}
			if c < 0 {
				continue
			}
			m.q[c] += upTo - done
			if m.segments != nil {
				m.segment(c, at, end, upTo-done, changed)
			}
		}
		if !end.Before(to.At) {
			return
		}
		at, done = end, upTo
	}
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

// elapsed attributes the seconds of [from, to), times sign, to the components of a
// dimension that counts time. Both ends are whole seconds, and so is every cut.
func (m *meter) elapsed(d dim, from, to time.Time, sign int64) {
	for at := from; at.Before(to); {
		s := m.sheet.at(d, at)
		end := to
		if s.to.Before(end) {
			end = s.to
		}
		n := sign * (end.Unix() - at.Unix())
		for _, c := range s.active {
			if c < 0 {
				continue
			}
			m.q[c] += n
			if m.segments != nil {
				m.segment(c, at, end, n, false)
			}
		}
		at = end
	}
}

// idle attributes the idle clock after the grace.
func (m *meter) idle(clock []Interval) {
	if !m.sheet.has[idleDim] {
		return
	}
	for _, w := range windows(clock, m.sheet.Plan.IdleFee.Grace) {
		m.elapsed(idleDim, w.From, w.To, 1)
	}
}

// flat charges what is due once, by the prices at the start. Without energy it is
// waived: nobody pays for a start that gave nothing (bill B9).
func (m *meter) flat(start time.Time, delivered unit.Wh) {
	if delivered == 0 || !m.sheet.has[flatDim] {
		return
	}
	for _, c := range m.sheet.at(flatDim, start).active {
		if c >= 0 {
			m.q[c] = 1
			if m.segments != nil {
				m.segment(c, start, start, 1, false)
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
