package app

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// As much garbage may lie about as headroomBytes and a quarter of what is in use. Go's
// default is as much as is in use: with little in use a node would collect every four
// megabytes, and each collection walks, and trims, the stack of every connection; with
// much, a connection would cost twice what it holds.
const (
	headroomBytes = 64 << 20
	garbage       = 25 // percent
)

// Headroom makes room for garbage and keeps to it as the node grows; a program that
// serves calls it once. Who set GOGC or GOMEMLIMIT knows better.
func Headroom() {
	if os.Getenv("GOGC") != "" || debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return
	}
	tune()
	followCollections()
}

// collection is garbage of its own: its cleanup runs after each collection.
type collection struct{ _ [16]byte }

func followCollections() {
	runtime.AddCleanup(new(collection), func(int) {
		tune()
		followCollections()
	}, 0)
}

var tuning struct {
	sync.Mutex
	percent int
}

// tune sets Go's one figure, a percentage, to what the two come to now.
func tune() {
	in := sampled("/gc/heap/live:bytes", "/gc/scan/stack:bytes", "/gc/scan/globals:bytes")
	tuning.Lock()
	defer tuning.Unlock()
	p := percentFor(in[0] + in[1] + in[2])
	if d := p - tuning.percent; d > tuning.percent/20 || d < -tuning.percent/20 { // setting it stops the world
		debug.SetGCPercent(p)
		tuning.percent = p
	}
}

// percentFor is the percentage of the bytes in use that may be garbage. A program that
// has collected nothing yet has a few megabytes.
func percentFor(inUse uint64) int {
	return garbage + int(headroomBytes*100/max(inUse, 4<<20))
}

func sampled(names ...string) []uint64 {
	s := make([]metrics.Sample, len(names))
	for i, n := range names {
		s[i].Name = n
	}
	metrics.Read(s)
	out := make([]uint64, len(names))
	for i := range s {
		if s[i].Value.Kind() == metrics.KindUint64 {
			out[i] = s[i].Value.Uint64()
		}
	}
	return out
}
