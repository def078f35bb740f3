package cluster

import (
	"testing"
	"time"

	"ccms/internal/ident"
)

func TestTheHolderHearsEveryWake(t *testing.T) {
	t.Parallel()
	r := New()
	p := ident.New[ident.ChargePoint](time.UnixMilli(1))
	if r.Wake(p) {
		t.Fatal("woke a point that nobody holds")
	}
	heard := 0
	release := r.Hold(p, func() { heard++ })
	for want := 1; want <= 2; want++ {
		if !r.Wake(p) || heard != want {
			t.Fatalf("heard %d of %d", heard, want)
		}
	}
	release()
	if r.Wake(p) || r.Held() != 0 {
		t.Fatal("released, but still held")
	}
}

func TestTheNewestHolderWins(t *testing.T) {
	t.Parallel()
	r := New()
	p := ident.New[ident.ChargePoint](time.UnixMilli(1))
	older, newer := 0, 0
	releaseOld := r.Hold(p, func() { older++ })
	release := r.Hold(p, func() { newer++ })
	releaseOld() // must not take the newer one away
	if !r.Wake(p) || older != 0 || newer != 1 {
		t.Fatalf("older %d, newer %d", older, newer)
	}
	release()
}
