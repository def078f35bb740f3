package tariff

import (
	"slices"
	"time"

	"ccms/internal/unit"
)

// Point is what the meter showed at an instant.
type Point struct {
	At     time.Time `json:"at"`
	Energy unit.Wh   `json:"energy_wh"` // delivered since the start of the session, ≥ 0
	// Current flowed since the point before; 0 where nobody told it.
	Current unit.MilliAmp `json:"current_ma,omitempty"`
}

// Interval is [From, To).
type Interval struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Usage is what a session used. Package session has judged the readings: they are
// corrected for the device's clock and summed over monotone stretches.
type Usage struct {
	Start, Stop time.Time
	Energy      unit.Wh // delivered from Start to Stop, ≥ 0
	// Points are the samples in between. Those outside of [Start, Stop], and those
	// that go back in time or energy, are passed over.
	Points []Point
	// Idle is the idle clock before grace: one clock, which a load limit may have
	// interrupted (IDLE-R4). It may overlap the session and go on after Stop.
	Idle []Interval
	// NoClock: the times cannot be trusted. Energy is billed at the lowest price of
	// each layer and nothing by time (BILL-R7).
	NoClock bool
	// Returned are the samples of what the vehicle gave back, cumulative, ≥ 0. The first is
	// taken to rise from 0 at Start.
	Returned []Point
	// Reservation came before the session. Where no session came of it, Start is zero.
	Reservation *Reserved
}

// Outcome is how a reservation ended.
type Outcome string

// The outcomes.
const (
	ReservationUsed      Outcome = "USED"
	ReservationExpired   Outcome = "EXPIRED" // nobody came
	ReservationCancelled Outcome = "CANCELLED"
	ReservationFailed    Outcome = "FAILED" // the charge point did not keep it: nothing is owed
)

// Reserved is a reservation as it is charged for.
type Reserved struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"` // when it was used, cancelled or over
	Outcome Outcome   `json:"outcome"`
}

// path is the usage as monotone points from Start to Stop, and whether a sample of
// the meter lies between them.
func (u *Usage) path() (pts []Point, sampled bool) {
	stop := later(u.Start, u.Stop)
	pts = make([]Point, 1, len(u.Points)+2)
	pts[0] = Point{At: u.Start}
	for _, p := range u.Points {
		last := pts[len(pts)-1]
		if p.At.Before(last.At) || p.At.After(stop) || p.Energy < last.Energy || p.Energy > u.Energy {
			continue
		}
		pts = append(pts, p)
		sampled = sampled || p.At.After(u.Start) && p.At.Before(stop)
	}
	return append(pts, Point{At: stop, Energy: u.Energy}), sampled
}

// whole truncates to the second. All time is counted between such instants, so
// that the parts of an interval add up to the whole.
func whole(t time.Time) time.Time { return time.Unix(t.Unix(), 0).UTC() }

// windows returns the intervals in whole seconds, in order, without overlaps, empty
// ones and the first grace of them.
func windows(in []Interval, grace time.Duration) []Interval {
	if len(in) == 0 {
		return nil
	}
	out := make([]Interval, 0, len(in))
	for _, w := range in {
		w.From, w.To = whole(w.From), whole(w.To)
		if w.From.Before(w.To) {
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b Interval) int { return a.From.Compare(b.From) })
	kept := out[:0]
	for _, w := range out {
		if n := len(kept); n > 0 && !w.From.After(kept[n-1].To) {
			if w.To.After(kept[n-1].To) {
				kept[n-1].To = w.To
			}
			continue
		}
		kept = append(kept, w)
	}
	left := grace.Truncate(time.Second)
	for len(kept) > 0 && left > 0 {
		d := kept[0].To.Sub(kept[0].From)
		if d > left {
			kept[0].From = kept[0].From.Add(left)
			break
		}
		left -= d
		kept = kept[1:]
	}
	return kept
}
