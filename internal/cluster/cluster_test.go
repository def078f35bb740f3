package cluster

import (
	"testing"
	"time"

	"ccms/internal/ident"
)

func TestWakesAreKeptButNeverPileUp(t *testing.T) {
	t.Parallel()
	r := New()
	p := ident.New[ident.ChargePoint](time.UnixMilli(1))
	if r.Wake(p) {
		t.Fatal("woke a point that nobody holds")
	}
	wake, release := r.Hold(p)
	for range 3 {
		if !r.Wake(p) {
			t.Fatal("the holder was not found")
		}
	}
	<-wake
	select {
	case <-wake:
		t.Fatal("three wakes before a look are one")
	default:
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
	old, releaseOld := r.Hold(p)
	newer, release := r.Hold(p)
	releaseOld() // must not take the newer one away
	if !r.Wake(p) {
		t.Fatal("the newer holder was lost")
	}
	<-newer
	select {
	case <-old:
		t.Fatal("the old holder was woken")
	default:
	}
	release()
}
