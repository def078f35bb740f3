package session

import (
	"testing"
	"time"

	"ccms/internal/unit"
)

// BILL-R13: a car cannot empty while energy flows into it. What it estimates anew, up to
// 2 %, is no flaw, nor what it uses while nothing flows.
func TestBILL_R13_ACarThatEmptiesWhileItCharges(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	type told struct {
		soc unit.Permille
		wh  unit.Wh
	}
	for _, c := range []struct {
		name string
		told []told
		want bool
	}{
		{"fills", []told{{300, 0}, {400, 5000}, {500, 10000}}, false},
		{"estimates anew", []told{{300, 0}, {400, 5000}, {380, 6000}}, false},
		{"empties", []told{{300, 0}, {400, 5000}, {379, 6000}}, true},
		{"empties bit by bit", []told{{400, 5000}, {385, 6000}, {370, 7000}}, true},
		{"heats while nothing flows", []told{{400, 5000}, {350, 5000}}, false},
		{"tells nothing", []told{{0, 0}, {0, 5000}}, false},
	} {
		st := State{Phase: Charging, StartedAt: start, MaxPower: 150_000, Inner: Inner{Direct: true}}
		st.open(Accepted, start)
		for i, x := range c.told {
			at := start.Add(time.Duration(i+1) * 5 * time.Minute)
			st = Apply(st, Metered{Readings: []Reading{{At: at, Energy: x.wh, SoC: x.soc, Has: HasEnergy | HasSoC}}}, Env{Now: at, MaxPower: 150_000}).Next
		}
		if got := st.Has(FlagChargeFell); got != c.want {
			t.Errorf("%s: flagged %v (%v)", c.name, got, st.Flags)
		}
		if st.Suspect() {
			t.Errorf("%s: kept for a person: %v", c.name, st.Flags)
		}
	}
}
