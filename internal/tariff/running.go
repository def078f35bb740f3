package tariff

import (
	"time"

	"ccms/internal/fault"
	"ccms/internal/money"
	"ccms/internal/unit"
)

// Running is a session's price so far: what Rate would say of the points seen until
// now, without reading them again. It is a value: Add returns the next one, and the
// old one stays as it was, so a cached copy survives a transaction that failed.
type Running struct {
	// Quantities per component in plan order: Wh, s. Times count idle time too,
	// which Bill takes off.
	Quantities   []int64   `json:"q,omitempty"`
	Start        time.Time `json:"start"`
	Last         Point     `json:"last"` // the newest point that was added
	Interpolated bool      `json:"interpolated,omitempty"`
	// Points are kept only where the price of time depends on how the energy flowed.
	Points []Point `json:"points,omitempty"`
	// Reservation came before the session; zero: none.
	Reservation Reserved `json:"reservation,omitzero"`
}

// Begin is the running price of a session that starts now.
func Begin(start time.Time) Running {
	return Running{Start: start, Last: Point{At: start}}
}

// Add goes on to the next point. A point that goes back in time or energy changes
// nothing, as in Rate. The sheet is that of the plan version that the session keeps;
// with another one the sums stay as they were and Bill fails.
func (r Running) Add(s *Sheet, to Point) Running {
	if to.At.Before(r.Last.At) || to.Energy < r.Last.Energy {
		return r
	}
	m, ok := s.resumed(r.Quantities, nil)
	if !ok {
		return r
	}
	m.start = r.Start.Unix()
	m.energy(energyDim, r.Last, to)
	switch {
	case s.byPath:
		if len(r.Points) == 0 {
			r.Points = []Point{{At: r.Start}}
		}
		r.Points = append(r.Points[:len(r.Points):len(r.Points)], to)
	case s.has[timeDim] && !s.whole():
		m.elapsed(timeDim, whole(r.Last.At), whole(to.At), 1, nil)
	}
	r.Quantities, r.Interpolated, r.Last = m.q, r.Interpolated || m.interpolated, to
	return r
}

// resumed is a meter that goes on from sums, which it copies into buf if they fit;
// false if they were made with another plan. None: it starts from zero.
func (s *Sheet) resumed(sums, buf []int64) (meter, bool) {
	n := s.sums()
	if len(sums) != n && len(sums) != 0 {
		return meter{}, false
	}
	if cap(buf) < n {
		buf = make([]int64, n)
	}
	buf = buf[:n]
	clear(buf[copy(buf, sums):])
	return meter{sheet: s, q: buf}, true
}

// Energy is what was delivered so far.
func (r Running) Energy() unit.Wh { return r.Last.Energy }

// sofar is what was used so far, with the idle clock as it stands; its sums are in buf
// if they fit.
func (r *Running) sofar(s *Sheet, idle []Interval, buf []int64) (meter, error) {
	if err := ratable(s.Plan, r.Last.Energy); err != nil {
		return meter{}, err
	}
	m, ok := s.resumed(r.Quantities, buf)
	if !ok {
		return meter{}, fault.New(fault.Internal, "running_price", "The running price belongs to another version of the plan.")
	}
	var some [2]Point
	m.open(r.Start)
	m.reservation(&r.Reservation, r.Last.Energy)
	pts := r.Points
	if len(pts) == 0 {
		pts = append(some[:0], Point{At: r.Start}, r.Last)
	}
	if s.whole() {
		m.timed(pts, idle, r.Last.Energy)
		return m, nil
	}
	if s.has[timeDim] || s.has[parkingDim] {
		clock := windows(idle, 0)
		if s.has[timeDim] {
			for _, w := range clock {
				m.elapsed(timeDim, later(w.From, whole(r.Start)), earlier(w.To, whole(r.Last.At)), -1, nil)
			}
		}
		m.parking(clock, pts)
	}
	m.flat(r.Start, r.Last.Energy, pts)
	m.idle(idle, pts)
	return m, nil
}

// whole reports whether time is counted from the start at every bill: where steps ask what
// came last, and where the flow of the energy counts, it is no sum that grows.
func (s *Sheet) whole() bool { return s.stepped || s.byPath }

// Bill prices what was used so far, with the idle clock as it stands, without
// segments and explanation.
func (r Running) Bill(s *Sheet, idle []Interval) (Bill, error) {
	m, err := r.sofar(s, idle, nil)
	if err != nil {
		return Bill{}, err
	}
	var flags []Flag
	if r.Interpolated {
		flags = append(flags, Interpolated)
	}
	return m.bill(false, flags)
}

// Cost is the total of Bill: what the driver would pay now.
func (r Running) Cost(s *Sheet, idle []Interval) (money.Amount, error) {
	if s.Plan.limited() {
		b, err := r.Bill(s, idle)
		return b.Total, err
	}
	var some [16]int64
	m, err := r.sofar(s, idle, some[:])
	if err != nil {
		return money.Amount{}, err
	}
	return m.total()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
