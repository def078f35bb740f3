package session

import (
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
)

// Lives of up to twenty events in any order, 20,000 and with CCMS_LONG=1 a million: what
// FuzzApply promises, and nothing of them stays.
func TestJunk_Apply(t *testing.T) {
	n := 20_000
	if os.Getenv("CCMS_LONG") != "" {
		n = 1_000_000
	}
	live := anyOrder(t)
	rnd := rand.New(rand.NewPCG(5, 5))
	var in [40]byte
	var before uint64
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for i := range n {
		if i == n/10 {
			before = inUse()
		}
		b := in[:2*(1+rnd.IntN(len(in)/2))]
		for k := range b {
			b[k] = byte(rnd.Uint32())
			if k%2 == 1 && rnd.IntN(2) == 0 {
				b[k] %= 8 // close together
			}
		}
		live(t, b)
	}
	after := inUse()
	if after > before+before/20+256<<10 {
		t.Errorf("%d bytes are in use after %d lives, %d were before", after, n, before)
	}
	t.Logf("%d lives; heap %d KB, then %d KB", n, before>>10, after>>10)
}
