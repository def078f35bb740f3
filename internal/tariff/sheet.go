package tariff

import (
	"math/bits"
	"sync/atomic"
	"time"

	"ccms/internal/money"
	"ccms/internal/unit"
)

// Sheet is a plan in a time zone, made ready to price by: its components stand in one
// list, and what applied last is remembered until it ends. The plan must not change
// any more. Many may use a Sheet at once.
type Sheet struct {
	Plan *Plan
	Zone *time.Location

	rows  []row // in plan order
	has   [dims]bool
	found *[dims]lately // apart, or the compiler moves every sum to the heap

	byUse    [dims]bool // what applies depends on what the session did, not on the time alone
	byPath   bool       // of time and idle: on how its energy flowed
	stepped  bool       // a component has a step
	dated    bool       // a condition counts the date
	holidays map[Date]bool
	replaced []bool // per layer: the time of a reservation that expired has a price of its own
}

// row is one component of one element of one layer.
type row struct {
	layer, element int
	kind           Kind // of the lines
	dim            dim
	basis          Basis
	price          money.Rate
	per            int64 // base units that the price is for
	step           int64
	vat            unit.Permille
	cond           *Cond
	always         bool
	// hidden: an earlier component of the element prices the same, and wins.
	hidden bool
}

// dim numbers what is counted apart.
type dim uint8

const (
	energyDim dim = iota
	returnedDim
	timeDim
	parkingDim
	idleDim
	flatDim
	reserveTimeDim
	reserveFlatDim
	expiredTimeDim
	expiredFlatDim
	dims
)

// dimOf is what a component counts, and the kind of its lines.
func dimOf(l *Layer, e *Element, b Basis) (dim, Kind) {
	kind := l.Kind
	stage := e.Cond.Reservation
	switch {
	case kind == KindReservation, stage == Reserving:
		if b == Flat {
			return reserveFlatDim, KindReservation
		}
		return reserveTimeDim, KindReservation
	case kind == KindNoShow, stage == Expired:
		if b == Flat {
			return expiredFlatDim, KindNoShow
		}
		return expiredTimeDim, KindNoShow
	}
	of := func(k Kind) Kind {
		if kind == KindOCPI {
			return k
		}
		return kind
	}
	switch b {
	case Energy:
		return energyDim, of(KindElectricity)
	case Returned:
		return returnedDim, of(KindElectricity)
	case Time:
		return timeDim, of(KindService)
	case Parking:
		return parkingDim, of(KindIdle)
	case IdleTime:
		return idleDim, of(KindIdle)
	}
	return flatDim, of(KindStart)
}

// NewSheet makes a plan ready.
func NewSheet(p *Plan, loc *time.Location) *Sheet {
	s := &Sheet{Plan: p, Zone: loc, rows: make([]row, 0, p.size()), found: new([dims]lately), replaced: make([]bool, len(p.Layers))}
	for i := range p.Layers {
		l := &p.Layers[i]
		for j := range l.Elements {
			e := &l.Elements[j]
			var seen [dims]bool
			for k := range e.Components {
				c := &e.Components[k]
				d, kind := dimOf(l, e, c.Basis)
				s.rows = append(s.rows, row{layer: i, element: j, kind: kind, dim: d, basis: c.Basis, price: c.Price, per: c.per(), step: c.Step,
					vat: p.vat(c), cond: &e.Cond, always: e.Cond.always(), hidden: seen[d]})
				seen[d], s.has[d] = true, true
				s.byUse[d] = s.byUse[d] || e.Cond.byUse()
				s.byPath = s.byPath || e.Cond.byPath() && (d == timeDim || d == parkingDim || d == idleDim || d == flatDim && l.Kind == KindOCPI)
				s.stepped = s.stepped || c.Step > 1
				s.replaced[i] = s.replaced[i] || d == expiredTimeDim && l.Kind == KindOCPI
			}
			s.dated = s.dated || e.Cond.dated()
		}
	}
	if s.dated {
		s.holidays = make(map[Date]bool, len(p.Holidays))
		for _, d := range p.Holidays {
			s.holidays[d] = true
		}
	}
	return s
}

// holiday reports whether a date is one of the plan's holidays.
func (s *Sheet) holiday(d Date) bool { return s.holidays[d] }

// sums is how many numbers a meter keeps: one for each component and, where steps count,
// for each layer the component that priced energy last, numbered from 1.
func (s *Sheet) sums() int {
	if s.stepped {
		return len(s.rows) + len(s.Plan.Layers)
	}
	return len(s.rows)
}

// forever is later than any cut.
var forever = time.Unix(1<<40, 0).UTC()

// span is a stretch of time in which the same components apply. It does not change.
type span struct {
	from, to time.Time // [from, to)
	active   []int     // per layer the number of the component that applies, −1 for none
	upTo     unit.Wh   // where what applies depends on the energy: the register at which it may change; 0: none
}

func (s *span) covers(t time.Time) bool {
	return s != nil && !t.Before(s.from) && t.Before(s.to)
}

// lately are the last two answers: what was measured and what is reserved ahead may lie on
// both sides of an edge.
type lately [2]atomic.Pointer[span]

// at is what applies at t in one dimension. Sessions that run at the same time mostly
// ask for the same, so the answer is kept.
func (s *Sheet) at(d dim, t time.Time) *span {
	known := &s.found[d]
	last := known[0].Load()
	if last.covers(t) {
		return last
	}
	if x := known[1].Load(); x.covers(t) {
		return x
	}
	x := s.find(d, t, nil)
	known[1].Store(last)
	known[0].Store(x)
	return x
}

// use is what a session did until an instant.
type use struct {
	start  int64 // Unix
	since  int64 // seconds since then
	energy unit.Wh
	flow   flow
}

// flow is the energy of a stretch of time.
type flow struct {
	energy  int64 // Wh
	time    time.Duration
	current unit.MilliAmp
}

// atLeast reports whether the mean power reaches p: energy × 3600 s ≥ p × time, in 128 bits.
func (f flow) atLeast(p unit.W) bool {
	hi, lo := bits.Mul64(uint64(f.energy), uint64(time.Hour))
	h2, l2 := bits.Mul64(uint64(p), uint64(f.time))
	return hi > h2 || hi == h2 && lo >= l2
}

// find looks up what applies at t: inside each layer the first element that matches
// and prices the dimension. It ends at the next band edge, local midnight (where
// weekdays or dates count) or change of the zone's offset, whichever is first. Within one
// offset local time is UTC plus a constant, so a wall time that a change of the clock
// skips has no edge and one that it repeats has two: both passes match
// (ocpi/ocpi#534). Without u the use of the session is left out.
func (s *Sheet) find(d dim, t time.Time, u *use) *span {
	x := &span{from: t, to: forever, active: make([]int, len(s.Plan.Layers))}
	for i := range x.active {
		x.active[i] = -1
	}
	w, zoned := wall{}, false
	for n := range s.rows {
		r := &s.rows[n]
		if r.dim != d || r.hidden {
			continue
		}
		if !r.always {
			if !zoned {
				w, x.to = s.localTime(t)
				zoned = true
			}
			x.until(t, w.sod, r.cond)
			if u != nil && r.cond.byUse() {
				x.untilUsed(u, r.cond)
			}
		}
		if x.active[r.layer] < 0 && (r.always || r.cond.holds(w, s.holiday) && (u == nil || r.cond.allows(u))) {
			x.active[r.layer] = n
		}
	}
	return x
}

// localTime is the wall time of t, and when the zone's offset changes next.
func (s *Sheet) localTime(t time.Time) (w wall, change time.Time) {
	l := t.In(s.Zone)
	h, m, sec := l.Clock()
	change = forever
	if _, end := l.ZoneBounds(); !end.IsZero() {
		change = end
	}
	w = wall{sod: h*3600 + m*60 + sec, day: l.Weekday()}
	if s.dated {
		w.date = DateOf(l)
	}
	return w, change
}

// until moves the end of s to the first edge of c after t.
func (s *span) until(t time.Time, sod int, c *Cond) {
	edge := func(at Clock) {
		d := (int(at)*60 - sod) % 86400
		if d <= 0 {
			d += 86400
		}
		if x := time.Unix(t.Unix()+int64(d), 0).UTC(); x.Before(s.to) {
			s.to = x
		}
	}
	if c.From != c.To {
		edge(c.From)
		edge(c.To)
	}
	if c.Days != 0 && c.Days != everyDay || c.dated() {
		edge(0)
	}
}

// untilUsed moves the end of s to where the use of the session next meets a bound of c.
func (s *span) untilUsed(u *use, c *Cond) {
	for _, n := range [2]int64{c.LastsFrom, c.LastsTo} {
		if n > u.since {
			if x := time.Unix(u.start+n, 0).UTC(); x.Before(s.to) {
				s.to = x
			}
		}
	}
	for _, e := range [2]unit.Wh{c.EnergyFrom, c.EnergyTo} {
		if e > u.energy && (s.upTo == 0 || e < s.upTo) {
			s.upTo = e
		}
	}
}
