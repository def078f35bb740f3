package cpsim

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestLoad_idlePointsStayAndBeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &csms{t: t}
		defer s.end()
		lc := s.load(20)
		for i := range lc.Points {
			lc.Points[i].Tag = ""
		}
		lc.Idle, lc.Heartbeat, lc.Ramp, lc.Duration = true, 10*time.Second, 4*time.Second, time.Minute
		var mu sync.Mutex
		var seen []Progress
		lc.ProgressEvery = 3 * time.Second
		lc.OnProgress = func(p Progress) { mu.Lock(); seen = append(seen, p); mu.Unlock() }
		r, err := Load(t.Context(), lc)
		if err != nil || r.Err() != nil {
			t.Fatal(err, r.Err())
		}
		if beats := len(s.all("Heartbeat")); beats < 5*20 || beats > 6*20 {
			t.Errorf("%d heartbeats of 20 points in a minute, one in 10 s", beats)
		}
		if n := len(s.all("Authorize")); n > 0 || r.Sessions > 0 {
			t.Errorf("idle points charge: %d cards", n)
		}
		mu.Lock()
		defer mu.Unlock()
		if len(seen) != 20 {
			t.Fatalf("told %d times", len(seen))
		}
		if first := seen[0]; first.Connected != 15 { // 20 points in 4 s, told after 3 s; the last is just beginning
			t.Errorf("after 3 s: %+v", first)
		}
		if p := seen[10]; p.Connected != 20 || p.Errors != 0 || p.PerSecond < 0.5 || p.Answers < 20*5 {
			t.Errorf("in the middle: %+v", p)
		}
	})
}

func TestLoad_idlePointsThatNeverConnectAreAFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &csms{t: t, refuse: true}
		lc := s.load(2)
		lc.Idle, lc.Duration, lc.Drain = true, 10*time.Second, time.Second
		r, err := Load(t.Context(), lc)
		if err != nil || r.Err() == nil {
			t.Errorf("%v, %v", err, r.Err())
		}
		if _, err := Load(t.Context(), LoadConfig{Points: lc.Points, Idle: true}); err == nil {
			t.Error("idle for ever")
		}
	})
}

// The rate is what arrives, whatever the number of points.
func TestLoad_keepsToItsRate(t *testing.T) {
	t.Parallel()
	for _, n := range []int{5, 50} {
		synctest.Test(t, func(t *testing.T) {
			s := &csms{t: t}
			defer s.end()
			lc := s.load(n)
			lc.Rate, lc.Duration, lc.Samples = 2, 20*time.Minute, 8
			r, err := Load(t.Context(), lc)
			if err != nil || r.Err() != nil {
				t.Fatal(err, r.Err())
			}
			if rate := float64(r.Answers) / r.Elapsed.Seconds(); rate < 1.6 || rate > 2.4 {
				t.Errorf("%d points: %.2f messages/s, not 2", n, rate)
			}
		})
	}
}
