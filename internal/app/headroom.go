package app

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
)

// headroom is memory that nothing is ever written to: it takes addresses and no pages.
// The collector counts it as in use, and so collects a small node's garbage after 64 MB
// instead of every four: each collection walks, and trims, the stack of every
// connection.
var headroom []byte

// A quarter of the headroom and of what is in use may be garbage. Go's default is as
// much as is in use, and a connection would cost twice what it holds.
const (
	headroomBytes = 256 << 20
	garbage       = 25 // percent
)

// Headroom makes room for garbage; a program that serves calls it once. Who set GOGC or
// GOMEMLIMIT knows better.
func Headroom() {
	if os.Getenv("GOGC") != "" || debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return
	}
	debug.SetGCPercent(garbage)
	headroom = make([]byte, headroomBytes)
	runtime.KeepAlive(headroom)
}
