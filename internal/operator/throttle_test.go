package operator

import (
	"testing"
	"time"
)

func TestRateAllowsABurstAndThenThePace(t *testing.T) {
	t.Parallel()
	r := Rate{Burst: 3, Every: time.Minute}
	t0 := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	var tat time.Time
	for _, c := range []struct {
		why  string
		at   time.Duration
		ok   bool
		wait time.Duration
	}{
		{"first of the burst", 0, true, 0},
		{"second", 0, true, 0},
		{"third", time.Second, true, 0},
		{"the burst is used up", 2 * time.Second, false, 58 * time.Second},
		{"asking again costs nothing", 2 * time.Second, false, 58 * time.Second},
		{"one comes back after the pace", time.Minute, true, 0},
		{"and only one", time.Minute + time.Second, false, 59 * time.Second},
		{"the whole burst after a long rest", time.Hour, true, 0},
		{"second after the rest", time.Hour, true, 0},
		{"third after the rest", time.Hour, true, 0},
		{"not more than the burst after the rest", time.Hour, false, time.Minute},
	} {
		next, wait, ok := r.spend(tat, t0.Add(c.at))
		if ok != c.ok || wait != c.wait {
			t.Fatalf("%s: ok %v wait %v, want %v %v", c.why, ok, wait, c.ok, c.wait)
		}
		tat = next
	}
}

func TestRateWaitIsHonest(t *testing.T) {
	t.Parallel()
	r := Rate{Burst: 2, Every: 7 * time.Second}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var tat time.Time
	for range 2 {
		tat, _, _ = r.spend(tat, now)
	}
	_, wait, ok := r.spend(tat, now)
	if ok {
		t.Fatal("a third attempt went through")
	}
	if _, _, ok := r.spend(tat, now.Add(wait-time.Nanosecond)); ok {
		t.Error("a shorter wait was enough")
	}
	if _, _, ok := r.spend(tat, now.Add(wait)); !ok {
		t.Error("whoever waits as told is refused")
	}
	if _, _, ok := r.spend(r.refund(tat), now); !ok {
		t.Error("a refund gives nothing back")
	}
}
