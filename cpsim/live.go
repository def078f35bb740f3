package cpsim

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Behaviour is how the drivers of a live point behave. Each pair is a shortest
// and a longest time.
type Behaviour struct {
	Tags   []string         // cards, dealt out to the connectors: one card charges one car
	Pause  [2]time.Duration // an empty connector; default 20 s to 3 min
	First  [2]time.Duration // the pause before the first car; default: as the others
	Reach  [2]time.Duration // from plug to card; default 3 to 15 s
	Charge [2]time.Duration // default 3 to 12 min
	Linger [2]time.Duration // from stop to unplug; default 10 s to 1 min
	Seed   uint64

	// Next says what comes to an empty connector, first at the beginning, in place of the
	// times above and a car by chance. Connectors ask at the same time.
	Next func(connector int, first bool) Visit
}

// Visit is a car that comes to a connector.
type Visit struct {
	Pause  time.Duration // until it comes
	Charge time.Duration // at most
	Linger time.Duration // from stop to unplug
	EV     EV
}

func (b Behaviour) withDefaults() Behaviour {
	set := func(p *[2]time.Duration, from, to time.Duration) {
		if p[1] == 0 {
			*p = [2]time.Duration{from, to}
		}
	}
	set(&b.Pause, 20*time.Second, 3*time.Minute)
	set(&b.Reach, 3*time.Second, 15*time.Second)
	set(&b.Charge, 3*time.Minute, 12*time.Minute)
	set(&b.Linger, 10*time.Second, time.Minute)
	set(&b.First, b.Pause[0], b.Pause[1])
	return b
}

// Live runs a charge point at which cars come and go until ctx ends.
func Live(ctx context.Context, cfg Config, b Behaviour) error {
	cp := New(cfg)
	var wg sync.WaitGroup
	wg.Go(func() { Drive(ctx, cp, b) })
	err := cp.Run(ctx)
	wg.Wait()
	return err
}

// Drive lets cars come and go at every connector of a point that somebody else
// runs, until ctx ends or the point is switched off.
func Drive(ctx context.Context, cp *ChargePoint, b Behaviour) {
	b = b.withDefaults()
	var wg sync.WaitGroup
	for n := 1; n < len(cp.connectors); n++ {
		b := b
		b.Tags = dealt(b.Tags, n, len(cp.connectors)-1)
		d := &driver{cp: cp, conn: n, b: b, rng: rand.New(rand.NewPCG(b.Seed^cp.cfg.Seed, uint64(n)))}
		for _, ch := range []byte(cp.cfg.Identity) { // the points of a site differ
			for range ch % 7 {
				d.rng.Uint64()
			}
		}
		wg.Go(func() {
			for first := true; d.visit(ctx, first); first = false {
			}
		})
	}
	wg.Wait()
}

// dealt are the cards of connector n of so many; with fewer cards than connectors
// all share them, and some will be told that their card is in use.
func dealt(tags []string, n, connectors int) []string {
	if len(tags) < connectors {
		return tags
	}
	var own []string
	for i := n - 1; i < len(tags); i += connectors {
		own = append(own, tags[i])
	}
	return own
}

// driver is whoever comes to one connector.
type driver struct {
	cp   *ChargePoint
	conn int
	b    Behaviour
	rng  *rand.Rand
}

func (d *driver) between(p [2]time.Duration) time.Duration {
	if p[1] <= p[0] {
		return p[0]
	}
	return p[0] + time.Duration(d.rng.Int64N(int64(p[1]-p[0])))
}

// until waits for the condition, at most for the time; false: the end.
func (d *driver) until(ctx context.Context, t time.Duration, cond func(c *connector) bool) bool {
	over := false
	c := d.cp.connectors[d.conn]
	stop := d.cp.after(t, func() { over = true })
	defer stop()
	return d.cp.waitFor(ctx, func() bool { return over || cond(c) }) == nil
}

// next is what comes next.
func (d *driver) next(first bool) Visit {
	if d.b.Next != nil {
		return d.b.Next(d.conn, first)
	}
	pause := d.b.Pause
	if first {
		pause = d.b.First
	}
	battery := 40000 + d.rng.Int64N(40001)
	return Visit{
		Pause: d.between(pause), Charge: d.between(d.b.Charge), Linger: d.between(d.b.Linger),
		EV: EV{BatteryWh: battery, SoCPermille: 100 + d.rng.Int64N(600), MaxW: 7400 + 3600*d.rng.Int64N(40)},
	}
}

// visit is one car, false at the end of the world.
func (d *driver) visit(ctx context.Context, first bool) bool {
	cp := d.cp
	v := d.next(first)
	never := func(*connector) bool { return false }
	// A remote start ends the pause: somebody pressed Start beside the car.
	if !d.until(ctx, v.Pause, func(c *connector) bool { return c.intent != nil }) {
		return false
	}
	if cp.PlugEV(d.conn, v.EV) != nil {
		return d.until(ctx, time.Second, never)
	}
	charging := func(c *connector) bool { return c.tx != nil }
	if !d.until(ctx, d.between(d.b.Reach), charging) {
		return false
	}
	if len(d.b.Tags) > 0 && !cp.State().Connectors[d.conn-1].Transaction {
		_ = cp.Tag(d.conn, d.b.Tags[d.rng.IntN(len(d.b.Tags))])
		// Accepted or refused, within the patience of a driver.
		if !d.until(ctx, time.Minute, func(c *connector) bool { return !c.asking }) {
			return false
		}
	}
	if !d.until(ctx, v.Charge, func(c *connector) bool { return c.tx == nil }) {
		return false
	}
	if s := cp.State().Connectors[d.conn-1]; s.Transaction {
		if d.rng.IntN(8) == 0 || cp.Tag(d.conn, s.IDTag) != nil {
			_ = cp.Unplug(d.conn) // some just drive away
			return true
		}
	}
	if !d.until(ctx, v.Linger, never) {
		return false
	}
	_ = cp.Unplug(d.conn)
	return true
}
