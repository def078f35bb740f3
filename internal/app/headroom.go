package app

import "runtime"

// headroom is memory that nothing is ever written to: it takes addresses and no pages.
// The collector counts it as in use, and so collects a small node's garbage after tens
// of megabytes instead of every four: each collection walks, and trims, the stack of
// every connection.
var headroom []byte

const headroomBytes = 64 << 20

// Headroom makes room for garbage; a program that serves calls it once.
func Headroom() {
	headroom = make([]byte, headroomBytes)
	runtime.KeepAlive(headroom)
}
