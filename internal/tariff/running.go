package tariff

import (
	"slices"
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
}

// Begin is the running price of a session that starts now.
func Begin(start time.Time) Running {
	return Running{Start: start, Last: Point{At: start}}
}

// Add goes on to the next point. A point that goes back in time or energy changes
// nothing, as in Rate. p is the plan version that the session keeps; with another
// one the sums stay as they were and Bill fails.
func (r Running) Add(p Plan, to Point, loc *time.Location) Running {
	if to.At.Before(r.Last.At) || to.Energy < r.Last.Energy {
		return r
	}
	m := r.meter(&p, loc)
	if m == nil {
		return r
	}
	m.energy(r.Last, to)
	if p.Has(Time) {
		m.elapsed(Time, whole(r.Last.At), whole(to.At), 1)
	}
	r.Quantities, r.Interpolated, r.Last = m.q, m.interpolated, to
	return r
}

// meter takes up the sums so far; nil if they were made with another plan.
func (r *Running) meter(p *Plan, loc *time.Location) *meter {
	m := &meter{p: p, loc: loc, interpolated: r.Interpolated}
	switch n := p.size(); len(r.Quantities) {
	case n:
		m.q = slices.Clone(r.Quantities)
	case 0:
		m.q = make([]int64, n)
	default:
		return nil
	}
	return m
}

// Energy is what was delivered so far.
func (r Running) Energy() unit.Wh { return r.Last.Energy }

// Bill prices what was used so far, with the idle clock as it stands, without
// segments and explanation.
func (r Running) Bill(p Plan, idle []Interval, loc *time.Location) (Bill, error) {
	if err := ratable(&p, r.Last.Energy); err != nil {
		return Bill{}, err
	}
	m := r.meter(&p, loc)
	if m == nil {
		return Bill{}, fault.New(fault.Internal, "running_price", "The running price belongs to another version of the plan.")
	}
	if p.Has(Time) {
		for _, w := range windows(idle, 0) {
			m.elapsed(Time, later(w.From, whole(r.Start)), earlier(w.To, whole(r.Last.At)), -1)
		}
	}
	m.flat(r.Start, r.Last.Energy)
	m.idle(idle)
	var flags []Flag
	if m.interpolated {
		flags = append(flags, Interpolated)
	}
	return m.bill(false, flags)
}

// Cost is the total of Bill: what the driver would pay now.
func (r Running) Cost(p Plan, idle []Interval, loc *time.Location) (money.Amount, error) {
	b, err := r.Bill(p, idle, loc)
	return b.Total, err
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
