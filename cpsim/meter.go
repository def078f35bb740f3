package cpsim

import "time"

// voltages of the simulated supply.
const (
	voltAC = 230 // per phase
	voltDC = 400
)

// wattNanos is one watt-hour in watts times nanoseconds.
const wattNanos = int64(time.Hour)

// step bounds the time over which the power counts as constant.
const step = 15 * time.Second

// meter is the register of a connector and the car behind it. Energy is whole
// Wh with an exact remainder: the sum over any way of reading is the same to
// the watt-hour.
type meter struct {
	wh      int64     // register
	rest    int64     // of the next Wh, in watts times nanoseconds
	at      time.Time // how far the register has been brought
	drawing bool      // the contactor is closed
	maxW    int64     // of the connector
	limit   int64     // SetPower; below 0: none
	bound   bool      // charging profiles say how much
	offer   int64     // and it is so much, in W
	ev      EV
	level   int64 // Wh in the car's battery
}

func (m *meter) connect(ev EV) {
	m.ev = ev
	m.level = ev.BatteryWh * ev.SoCPermille / 1000
}

func (m *meter) start(maxW int64) {
	m.drawing, m.maxW = true, maxW
}

func (m *meter) socPermille() int64 {
	if m.ev.BatteryWh <= 0 {
		return 0
	}
	return m.level * 1000 / m.ev.BatteryWh
}

// eases is the fill from which a car takes less and less, where it does not say.
const eases = 800

// power is what flows now, in W: the least of connector, car and limit, less
// and less from a fill of the battery on, nothing when it is full.
func (m *meter) power() int64 {
	if !m.drawing {
		return 0
	}
	w := m.maxW
	if m.ev.MaxW > 0 {
		w = min(w, m.ev.MaxW)
	}
	if m.ev.BatteryWh > 0 {
		soc, from := m.socPermille(), m.ev.EasesFrom
		if from <= 0 {
			from = eases
		}
		switch {
		case m.level >= m.ev.BatteryWh:
			return 0
		case soc >= from && from < 1000:
			w = max(w*(1000-soc)/(1000-from), w/20, 1)
		}
	}
	if m.limit >= 0 {
		w = min(w, m.limit)
	}
	if m.bound {
		w = min(w, m.offer)
	}
	return w
}

// advance brings the register to now.
func (m *meter) advance(now time.Time) {
	left := now.Sub(m.at)
	m.at = now
	if !m.drawing || left <= 0 {
		return
	}
	for left > 0 {
		d := min(left, step)
		left -= d
		w := m.power()
		if w == 0 {
			return
		}
		m.rest += w * int64(d)
		m.add(m.rest / wattNanos)
		m.rest %= wattNanos
	}
}

// add puts whole watt-hours through.
func (m *meter) add(wh int64) {
	m.wh += wh
	if m.ev.BatteryWh > 0 {
		m.level = min(m.level+wh, m.ev.BatteryWh)
	}
}

// untilFull is how long until the car takes nothing more, 0: never.
func (m *meter) untilFull() time.Duration {
	if m.ev.BatteryWh <= 0 {
		return 0
	}
	c := *m
	var d time.Duration
	for d < 48*time.Hour {
		if c.power() == 0 {
			return d
		}
		c.advance(c.at.Add(step))
		d += step
	}
	return d
}
