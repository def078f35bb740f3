package live_test

import (
	"testing"
	"time"

	"ccms/internal/ident"
	"ccms/internal/live"
)

// Who watches a point gets its frames and no other's; one who takes nothing loses what
// waits and is told, and a frame costs nothing where nobody watches.
func TestFrames_reachWhoWatchesTheirPoint(t *testing.T) {
	t.Parallel()
	a, b := ident.New[ident.ChargePoint](time.Now()), ident.New[ident.ChargePoint](time.Now())
	f := &live.Frames{}
	if f.Watched(a) {
		t.Error("nobody watches yet")
	}
	w, ok := f.Watch(a, 1)
	if _, second := f.Watch(b, 1); !ok || second || !f.Watched(a) || f.Watched(b) {
		t.Fatal("one may watch, and one does")
	}
	f.Publish(live.Frame{Point: b})
	f.Publish(live.Frame{Point: a, MessageID: "1"})
	<-w.Wake()
	if got, behind := w.Take(); behind || len(got) != 1 || got[0].MessageID != "1" {
		t.Errorf("%v, behind %v", got, behind)
	}
	for range 20 {
		f.Publish(live.Frame{Point: a, Raw: make([]byte, 100_000)})
	}
	if got, behind := w.Take(); !behind || len(got) != 0 {
		t.Errorf("%d wait, behind %v", len(got), behind)
	}
	f.Publish(live.Frame{Point: a, MessageID: "2"})
	if got, behind := w.Take(); behind || len(got) != 1 {
		t.Errorf("after that: %d, behind %v", len(got), behind)
	}
	w.Close()
	w.Close()
	if _, ok := f.Watch(b, 1); !ok || f.Watched(a) {
		t.Error("a place that was given back is free")
	}
}
