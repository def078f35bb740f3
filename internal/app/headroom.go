package app

import (
	"context"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
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

const (
	// slackBytes of free memory are kept, and what is free is only given back when less
	// than calmBytes were used since the last look: who is busy needs it again.
	slackBytes = 16 << 20
	calmBytes  = 24 << 20
)

// GiveBack gives memory back to the system that is free once it is calm, at each beat
// until ctx ends. A storm of charge points needs some, and Go would keep a part of it.
func GiveBack(ctx context.Context, beat <-chan time.Time) {
	var s slack
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat:
		}
		now := sampled("/gc/heap/allocs:bytes", "/memory/classes/heap/free:bytes", "/memory/classes/heap/objects:bytes", "/gc/heap/live:bytes")
		if s.due(now[0], now[1]+now[2]-min(now[2], now[3])) {
			debug.FreeOSMemory()
		}
	}
}

// slack remembers how much had been allocated at the last look.
type slack struct{ allocated uint64 }

// due reports whether memory shall go back: allocated counts up, free is what is
// resident and not in use, garbage included.
func (s *slack) due(allocated, free uint64) bool {
	calm := allocated-s.allocated < calmBytes
	s.allocated = allocated
	return calm && free > slackBytes
}
