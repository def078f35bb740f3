package session

import "time"

// earliest is the first instant a charge point may honestly write (BILL-R7).
var earliest = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	futureSlack = 5 * time.Minute            // BILL-R7
	orderSlack  = time.Minute                // a sample may be stamped a little before its start
	liveSlack   = 10 * time.Second           // what is created online arrives at once
	zoneSlack   = 15 * time.Minute           // behaviour 28
	neighbours  = 15 * time.Minute           // BILL-R7: a time bounded this closely counts
	measurable  = 100 * 365 * 24 * time.Hour // beyond is no clock, but a zero value (behaviour 31)
)

// Clock is what is known when a stamp is read.
type Clock struct {
	Received time.Time
	Offset   time.Duration  // device − server as measured, 0: none known
	Zone     *time.Location // learned for zone-less stamps, nil: none
	Site     *time.Location
	After    time.Time // a message known to be earlier (the start); zero: none
	Last     time.Time // the newest reading that arrived before; zero: none
	Online   bool      // created on this connection: receive time is the truth
	// Live: something else shows that it was made a moment ago, an Authorize or a remote
	// start before it. Then a clock that is behind shows too.
	Live bool
}

// Read is what Clock makes of a stamp.
type Read struct {
	At      time.Time
	Fixed   bool           // corrected: FlagClock
	Untimed bool           // and only bounded: no time-based price may hang on it
	Zone    *time.Location // newly learned zone of zone-less stamps
	Offset  time.Duration  // that was taken off
	// Measured is how far the device's clock is off, where this stamp shows it; else 0.
	Measured time.Duration
}

// Read applies BILL-R7 and behaviours 28, 30 and 31: a believable time is kept;
// else it is corrected by the measured offset, else the receive time where the
// message was created online, else it is bounded by its neighbours. A time that was
// corrected stays behind what arrived before: the clock of either side may have been
// set back, and a register that grows must not seem to step back. This is for readings:
// nobody pays by their times alone, but by a stop's, which is never moved so.
func (c Clock) Read(s Stamp) Read {
	r := c.judge(s)
	if r.Fixed && !c.Last.IsZero() && !r.At.After(c.Last) {
		r.At = c.Last.Add(time.Microsecond)
	}
	return r
}

func (c Clock) judge(s Stamp) Read {
	at := s.At
	var learned *time.Location
	if s.Zoneless && !at.IsZero() {
		switch {
		case c.Zone != nil:
			at = inZone(at, c.Zone)
		case c.Site != nil && away(at, c.Received) > zoneSlack && away(inZone(at, c.Site), c.Received) <= zoneSlack:
			learned = c.Site
			at = inZone(at, c.Site)
		}
	}
	if at.Before(c.After) && away(at, c.After) <= orderSlack {
		at = c.After
	}
	behind := c.Received.Sub(at) > futureSlack
	if c.believable(at) && !(c.Live && behind) && !(c.Online && behind && c.explains(at)) {
		return Read{At: at, Zone: learned}
	}
	if c.Offset != 0 && !at.IsZero() {
		// Of a live message it must also fit: a clock may have jumped since it was measured,
		// or stand still.
		if fixed := at.Add(-c.Offset); c.believable(fixed) && (!c.Online || away(fixed, c.Received) <= liveSlack) {
			return Read{At: fixed, Fixed: true, Offset: c.Offset, Zone: learned}
		}
	}
	if c.Online || c.Live {
		r := Read{At: c.Received, Fixed: true, Zone: learned}
		if r.At.Before(c.After) {
			r.At = c.After
		}
		if d := at.Sub(c.Received); !at.IsZero() && d.Abs() < measurable {
			r.Measured = d
		}
		return r
	}
	switch {
	case at.Before(c.After):
		at = c.After
	case at.After(c.Received), at.Before(earliest):
		at = later(c.Received, c.After)
	}
	// Neighbours that stand close tell the time well enough to price by it.
	near := !c.After.IsZero() && c.Received.Sub(c.After) <= neighbours
	return Read{At: at, Fixed: true, Untimed: !near, Zone: learned}
}

// follows is the newest reading that a sample of a message certainly comes after; the
// first value of a transaction may be told with its last.
func follows(last time.Time, sample *Sample, earlier []Reading) time.Time {
	if sample.Context == "Transaction.Begin" {
		return time.Time{}
	}
	if n := len(earlier); n > 0 {
		return later(earlier[n-1].At, last)
	}
	return last
}

// explains reports whether the measured offset makes a stamp that is behind one of now.
func (c Clock) explains(at time.Time) bool {
	return c.Offset.Abs() > futureSlack && away(at.Add(-c.Offset), c.Received) <= futureSlack
}

func (c Clock) believable(at time.Time) bool {
	return !at.Before(earliest) && !at.After(c.Received.Add(futureSlack)) && !at.Before(c.After)
}

// inZone reads the wall clock of a UTC instant as that of the zone.
func inZone(at time.Time, z *time.Location) time.Time {
	y, m, d := at.Date()
	return time.Date(y, m, d, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), z).UTC()
}

func away(a, b time.Time) time.Duration { return a.Sub(b).Abs() }
