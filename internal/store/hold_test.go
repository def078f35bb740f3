package store_test

import (
	"testing"
	"time"

	"ccms/internal/fault"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

// A start waits for longer than it takes until PostgreSQL lets go of a machine that has
// vanished without a word: the next one's start succeeds by itself.
func TestHold_patienceOutlastsAMachineThatIsGone(t *testing.T) {
	t.Parallel()
	idle, unacknowledged := store.GoneAfter()
	for _, d := range []time.Duration{idle, unacknowledged} {
		if d <= 0 || d+time.Second > store.HoldPatience {
			t.Errorf("it takes %s, and a start waits for %s", d, store.HoldPatience)
		}
	}
}

// One at a time has a database; another database is none of its business.
func TestHold_isOneAtATimeForEachDatabase(t *testing.T) {
	t.Parallel()
	o, elsewhere := store.Options{URL: storetest.PostgresURL(t)}, store.Options{URL: storetest.PostgresURL(t)}
	first, err := store.TakeHold(t.Context(), o, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.TakeHold(t.Context(), o, 300*time.Millisecond); !fault.Is(err, fault.Conflict) || fault.Of(err).Code != "in_use" {
		t.Errorf("a second hold is %v", err)
	}
	other, err := store.TakeHold(t.Context(), elsewhere, time.Second)
	if err != nil {
		t.Fatalf("the hold of another database: %v", err)
	}
	other.Release()
	first.Release()
	second, err := store.TakeHold(t.Context(), o, patience)
	if err != nil {
		t.Fatal(err)
	}
	second.Release()
}
