package main

import (
	"io"
	"sync"
)

// oneAtATime lets the log and the answers to what is typed share a writer: a
// line of one never stands in the middle of a line of the other.
type oneAtATime struct {
	mu sync.Mutex
	w  io.Writer
}

func (o *oneAtATime) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(p)
}
