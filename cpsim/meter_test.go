package cpsim

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestMeter_howOftenItIsReadMakesNoDifference(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	once := meter{at: start, limit: -1}
	once.start(7360)
	once.advance(start.Add(time.Hour))
	if once.wh != 7360 {
		t.Fatalf("7360 W for an hour are %d Wh", once.wh)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		m := meter{at: start, limit: -1}
		m.start(7360)
		for at := start; at.Before(start.Add(time.Hour)); {
			at = at.Add(time.Duration(rng.Int64N(int64(2 * time.Minute))))
			if at.After(start.Add(time.Hour)) {
				at = start.Add(time.Hour)
			}
			m.advance(at)
		}
		if m.wh != once.wh || m.rest != once.rest {
			t.Fatalf("read often: %d Wh and %d", m.wh, m.rest)
		}
	}
}

func TestMeter_taperAndFull(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		soc, limit int64
		want       int64
		why        string
	}{
		{500, -1, 100000, "below 80 %: all there is"},
		{800, -1, 100000, "the taper begins"},
		{900, -1, 50000, "half way"},
		{995, -1, 5000, "never below a twentieth"},
		{1000, -1, 0, "full"},
		{500, 6000, 6000, "a limit"},
		{500, 0, 0, "a limit of nothing"},
		{900, 80000, 50000, "a limit above the taper"},
	} {
		m := meter{limit: row.limit}
		m.connect(EV{BatteryWh: 100000, SoCPermille: row.soc, MaxW: 100000})
		m.start(150000)
		if got := m.power(); got != row.want {
			t.Errorf("%s: %d W, not %d", row.why, got, row.want)
		}
	}
}

func TestMeter_untilFullIsWhenItIsFull(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m := meter{at: start, limit: -1}
	m.connect(EV{BatteryWh: 60000, SoCPermille: 300})
	m.start(11000)
	d := m.untilFull()
	if d < 3*time.Hour || d > 8*time.Hour {
		t.Fatalf("%s", d)
	}
	before := m
	before.advance(start.Add(d - time.Minute))
	m.advance(start.Add(d))
	if before.power() == 0 || m.power() != 0 || m.wh != 42000 || m.level != 60000 {
		t.Errorf("before %d W; after %d W, %d Wh", before.power(), m.power(), m.wh)
	}
}

func TestMeter_notDrawingStandsStill(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	m := meter{at: start, limit: -1}
	m.advance(start.Add(time.Hour))
	m.start(1000)
	m.advance(start.Add(30 * time.Minute)) // a clock that was set back
	m.advance(start.Add(90 * time.Minute))
	if m.wh != 1000 {
		t.Errorf("%d Wh", m.wh)
	}
}
