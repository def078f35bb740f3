package session

import (
	"slices"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/unit"
)

// A session that waits for its unplug is counted at its stop and again for its bill, and
// what the first count flagged must not change the second.
func TestBILL_R18_CountedTwiceIsTheSame(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		known       unit.Wh // 0: nothing is
		start, stop unit.Wh
		values      []unit.Wh
		energy      unit.Wh
	}{
		"only the start told the lifetime register": {0, 910_000, 8010, []unit.Wh{500, 4000, 8000}, 8010},
		"the start told zero":                       {910_000, 0, 914_000, []unit.Wh{910_500, 914_000}, 3500},
		"neither end told anything":                 {1000, 0, 0, []unit.Wh{1000}, 0},
		"the register is the session's":             {910_000, 0, 8010, []unit.Wh{500, 8000}, 8010},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := State{Phase: Charging, Connector: 1, StartedAt: begin, MeterStart: c.start, MaxPower: 22_000, Inner: Inner{Register: c.start}}
			known := asset.Meter{Register: c.known}
			if c.known > 0 {
				known.At = begin.Add(-time.Hour)
			}
			st.base(known)
			var regs []Register
			for i, v := range c.values {
				regs = append(regs, Register{begin.Add(time.Duration(i+1) * 20 * time.Minute), v})
			}
			end := begin.Add(time.Duration(len(regs)+1) * 20 * time.Minute)
			m := &machine{Env: Env{Now: end, MaxPower: 22_000, Registers: regs}, s: st}
			m.s.RealStop, m.s.EndedAt, m.s.MeterStop, m.s.Inner.Base = true, end, c.stop, st.Has(FlagMeterBase)
			m.total()
			once, points, learn := m.s, m.points, *m.then.Learn
			m.total()
			if once.Energy != c.energy || m.s.Energy != c.energy {
				t.Errorf("counted %d, then %d; it is %d", once.Energy, m.s.Energy, c.energy)
			}
			if !slices.Equal(points, m.points) || learn != *m.then.Learn || !slices.Equal(once.Flags, m.s.Flags) {
				t.Errorf("counted again it is %v %v %v, was %v %v %v", m.points, *m.then.Learn, m.s.Flags, points, learn, once.Flags)
			}
		})
	}
}
