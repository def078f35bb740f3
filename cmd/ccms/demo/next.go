package demo

import (
	"math/rand/v2"
	"time"
)

// Guest is a car that comes to a connector in real time. It comes by the habits of the
// past, so that nobody sees in a chart where the past ends.
type Guest struct {
	In      time.Duration // until it comes
	Charges time.Duration // at most; a car that is full ends before
	Lingers time.Duration // from stop to unplug
	Battery int64         // Wh
	Fill    int64         // permille at the plug
	Most    int64         // W that it takes at most
	Eases   int64         // fill, in permille, from which it takes less
}

// emptyFor is how long a connector stays empty at least.
const emptyFor = 12 * time.Minute

// Next is the car that comes to the point's nth connector after the moment, always the
// same for the same seed and moment; at first it is the one that is there already.
func (w *World) Next(seed uint64, p *Point, nth int, now time.Time, first bool) Guest {
	loc, err := time.LoadLocation(p.site.TimeZone)
	if err != nil {
		loc = time.UTC // it was checked when it was saved
	}
	free := now
	if !first {
		free = now.Add(emptyFor)
	}
	day := now.UTC().Truncate(24 * time.Hour)
	if first { // who came a day ago may be there still
		day, free = day.AddDate(0, 0, -1), time.Time{}
	}
	for {
		at, ok := w.arrival(seed, p, nth, day, free, loc)
		if !ok {
			day = day.AddDate(0, 0, 1)
			continue
		}
		g := p.guest(seed, nth, at)
		ends := at.Add(g.Charges)
		if at.After(now) {
			g.In = at.Sub(now)
			return g
		}
		if ends.After(now.Add(time.Minute)) {
			g.there(now.Sub(at), int64(p.Connectors[nth].MaxPower))
			g.In, g.Charges = time.Duration(2+at.Unix()%50)*time.Second, ends.Sub(now)
			return g
		}
		free = ends.Add(g.Lingers + emptyFor)
	}
}

// seeded are the dice of what happens at a connector at a moment.
func (p *Point) seeded(seed uint64, nth int, at time.Time) *rand.Rand {
	h := uint64(nth)
	for _, ch := range []byte(p.Identity) {
		h = h*31 + uint64(ch)
	}
	return rand.New(rand.NewPCG(seed^h<<20, uint64(at.Unix())))
}

// arrival is the first car of a UTC day that finds the connector free.
func (w *World) arrival(seed uint64, p *Point, nth int, day, free time.Time, loc *time.Location) (first time.Time, ok bool) {
	for _, at := range arrivals(p.seeded(seed, nth, day), p, day, 0, loc) {
		if !at.Before(free) && (!ok || at.Before(first)) {
			first, ok = at, true
		}
	}
	return first, ok
}

// guest is the car that comes at a moment.
func (p *Point) guest(seed uint64, nth int, at time.Time) Guest {
	rng := p.seeded(seed, nth, at)
	c := someCar(rng, p, p.Connectors[nth].MaxPower)
	g := Guest{Battery: c.battery, Fill: c.soc, Most: c.most, Eases: c.easesFrom(), Charges: somePark(rng, p, c.dc)}
	overstays := someStory(rng) == overstays
	g.Lingers = time.Duration(30+rng.IntN(200)) * time.Second
	if overstays {
		g.Lingers = time.Duration(20+rng.IntN(200)) * time.Minute
	}
	for took := time.Minute; took < g.Charges; took += time.Minute {
		c.minute()
		if c.power() > 0 {
			continue
		}
		// It has what it came for; on DC it would take more.
		if soon, ok := comesBack(rng, c.dc, overstays); ok {
			g.Lingers += min(g.Charges-took, soon)
			g.Charges = took
		}
		break
	}
	return g
}

// there is the car after it has charged for a while.
func (g *Guest) there(since time.Duration, plug int64) {
	c := car{dc: g.Eases < 1000, most: g.Most, battery: g.Battery, soc: g.Fill, target: 1000, plug: plug}
	for ; since >= time.Minute; since -= time.Minute {
		c.minute()
	}
	g.Fill = c.fill()
}
