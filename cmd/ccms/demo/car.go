package demo

import (
	"math/rand/v2"
	"time"

	"ccms/internal/asset"
	"ccms/internal/session"
	"ccms/internal/unit"
)

// car is what comes to a connector. Power and energy are integers, so that the same seed
// gives the same watt-hours on every machine.
type car struct {
	dc       bool
	phases   int64
	most     int64 // W that it takes at most
	battery  int64 // Wh
	soc      int64 // permille at the plug
	target   int64 // permille at which it is left or takes no more
	plug     int64 // W of the connector
	consumed int64 // W·s so far
}

func someCar(rng *rand.Rand, p *Point, plug unit.W) car {
	c := car{dc: p.Type != asset.AC, plug: int64(plug), battery: 38_000 + 1000*rng.Int64N(48), phases: 3}
	if c.dc {
		c.most = []int64{50_000, 75_000, 100_000, 125_000, 150_000, 170_000, 230_000}[rng.IntN(7)]
		c.soc, c.target = 80+rng.Int64N(420), 700+rng.Int64N(230)
		return c
	}
	c.most = []int64{3_700, 7_400, 7_400, 11_000, 11_000, 11_000, 22_000}[rng.IntN(7)]
	if c.most <= 7_400 {
		c.phases = 1
	}
	c.soc, c.target = 250+rng.Int64N(450), 1000
	return c
}

func (c *car) wh() int64 { return c.consumed / 3600 }

func (c *car) fill() int64 { return min(1000, c.soc+c.wh()*1000/c.battery) }

// easesFrom is the fill, in permille, from which a car takes less and less: on DC only.
func (c *car) easesFrom() int64 { return pick[int64](c.dc, 600, 1000) }

// power is what flows now, as a simulated charge point has it.
func (c *car) power() int64 {
	fill := c.fill()
	if fill >= c.target {
		return 0
	}
	p := min(c.most, c.plug)
	if from := c.easesFrom(); fill >= from {
		p = max(p*(1000-fill)/(1000-from), p/20, 1)
	}
	return p
}

// minute lets it charge for a minute.
func (c *car) minute() { c.consumed += 60 * c.power() }

// reading is what the meter shows.
func (c *car) reading(at time.Time, start unit.Wh, context string) session.Reading {
	w := c.power()
	r := session.Reading{
		At: at, Power: unit.W(w), Energy: start + unit.Wh(c.wh()), Context: context,
		Has: session.HasEnergy | session.HasPower | session.HasCurrent | session.HasVoltage,
	}
	mv := 229_000 + at.Unix()%7*400
	if c.dc {
		mv = 340_000 + 120*c.fill()
		r.SoC, r.Has = unit.Permille(c.fill()), r.Has|session.HasSoC
	}
	r.Voltage = unit.MilliVolt(mv)
	r.Current = unit.MilliAmp(w * 1_000_000 / mv)
	if !c.dc {
		r.Current /= unit.MilliAmp(c.phases)
	}
	return r
}
