package tariff

import (
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
	found *[dims]atomic.Pointer[span] // apart, or the compiler moves every sum to the heap
}

// row is one component of one element of one layer.
type row struct {
	layer, element int
	kind           Kind
	dim            dim
	basis          Basis
	price          money.Rate
	vat            unit.Permille
	cond           *Cond
	always         bool
	// hidden: an earlier component of the element prices the same, and wins.
	hidden bool
}

// dim numbers the bases.
type dim uint8

const (
	energyDim dim = iota
	timeDim
	idleDim
	flatDim
	dims
)

func (b Basis) dim() dim {
	switch b {
	case Energy:
		return energyDim
	case Time:
		return timeDim
	case IdleTime:
		return idleDim
	}
	return flatDim
}

// NewSheet makes a plan ready.
func NewSheet(p *Plan, loc *time.Location) *Sheet {
	s := &Sheet{Plan: p, Zone: loc, rows: make([]row, 0, p.size()), found: new([dims]atomic.Pointer[span])}
	for i := range p.Layers {
		for j := range p.Layers[i].Elements {
			e := &p.Layers[i].Elements[j]
			var seen [dims]bool
			for k := range e.Components {
				c := &e.Components[k]
				d := c.Basis.dim()
				s.rows = append(s.rows, row{layer: i, element: j, kind: p.Layers[i].Kind, dim: d, basis: c.Basis, price: c.Price,
					vat: p.vat(c), cond: &e.Cond, always: e.Cond.always(), hidden: seen[d]})
				seen[d], s.has[d] = true, true
			}
		}
	}
	return s
}

// forever is later than any cut.
var forever = time.Unix(1<<40, 0).UTC()

// span is a stretch of time in which the same components apply. It does not change.
type span struct {
	from, to time.Time // [from, to)
	active   []int     // per layer the number of the component that applies, −1 for none
}

func (s *span) covers(t time.Time) bool {
	return s != nil && !t.Before(s.from) && t.Before(s.to)
}

// at is what applies at t in one dimension. Sessions that run at the same time mostly
// ask for the same, so the answer is kept.
func (s *Sheet) at(d dim, t time.Time) *span {
	if x := s.found[d].Load(); x.covers(t) {
		return x
	}
	x := s.find(d, t)
	s.found[d].Store(x)
	return x
}

// find looks up what applies at t: inside each layer the first element that matches
// and prices the dimension. It ends at the next band edge, local midnight (where
// weekdays count) or change of the zone's offset, whichever is first. Within one
// offset local time is UTC plus a constant, so a wall time that a change of the clock
// skips has no edge and one that it repeats has two: both passes match
// (ocpi/ocpi#534).
func (s *Sheet) find(d dim, t time.Time) *span {
	x := &span{from: t, to: forever, active: make([]int, len(s.Plan.Layers))}
	for i := range x.active {
		x.active[i] = -1
	}
	sod, day, zoned := 0, time.Sunday, false
	for n := range s.rows {
		r := &s.rows[n]
		if r.dim != d || r.hidden {
			continue
		}
		if !r.always {
			if !zoned {
				sod, day, x.to = localTime(t, s.Zone)
				zoned = true
			}
			x.until(t, sod, r.cond)
		}
		if x.active[r.layer] < 0 && (r.always || r.cond.holds(sod, day)) {
			x.active[r.layer] = n
		}
	}
	return x
}

// localTime is the local second of the day and weekday of t, and when the zone's
// offset changes next.
func localTime(t time.Time, loc *time.Location) (sod int, day time.Weekday, change time.Time) {
	l := t.In(loc)
	h, m, sec := l.Clock()
	change = forever
	if _, end := l.ZoneBounds(); !end.IsZero() {
		change = end
	}
	return h*3600 + m*60 + sec, l.Weekday(), change
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
	if c.Days != 0 && c.Days != everyDay {
		edge(0)
	}
}
