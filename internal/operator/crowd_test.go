package operator

import (
	"fmt"
	"testing"
	"time"
)

func TestACrowdKeepsEachToItsRate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	c := NewCrowd(Rate{Burst: 3, Every: time.Second})
	for i, want := range []int{2, 1, 0} {
		if left, _, ok := c.Spend("a", now); !ok || left != want {
			t.Errorf("the %d. leaves %d (%v), want %d", i+1, left, ok, want)
		}
	}
	if _, wait, ok := c.Spend("a", now); ok || wait != time.Second {
		t.Errorf("the fourth: %v, wait %v", ok, wait)
	}
	if left, _, ok := c.Spend("b", now); !ok || left != 2 {
		t.Error("another one pays for it")
	}
	if _, wait, ok := c.Spend("a", now.Add(400*time.Millisecond)); ok || wait != 600*time.Millisecond {
		t.Errorf("what was refused has a price: wait %v", wait)
	}
	if _, _, ok := c.Spend("a", now.Add(time.Second)); !ok {
		t.Error("whoever waited as told is refused")
	}
	if left, _, ok := c.Spend("a", now.Add(time.Hour)); !ok || left != 2 {
		t.Error("idleness does not give the burst back")
	}
}

func TestACrowdIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	c := NewCrowd(Rate{Burst: 2, Every: time.Second})
	c.most = 10
	for i := range 1000 {
		c.Spend(fmt.Sprint(i), now)
	}
	if len(c.tat) > c.most+1 {
		t.Errorf("%d are remembered", len(c.tat))
	}
	if _, _, ok := c.Spend("new", now); ok {
		t.Error("past the limit newcomers share one rate, which is spent")
	}
	if _, _, ok := c.Spend("3", now); !ok {
		t.Error("one that is remembered has lost its rate")
	}
	later := now.Add(time.Minute)
	if left, _, ok := c.Spend("new", later); !ok || left != 1 || len(c.tat) != 1 {
		t.Errorf("the idle are not forgotten: %d", len(c.tat))
	}
}
