package main

import (
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// living are the children that must not outlive us.
var living children

type children struct {
	mu  sync.Mutex
	all []*child
}

func (r *children) add(c *child) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, c)
}

func (r *children) remove(c *child) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = slices.DeleteFunc(r.all, func(x *child) bool { return x == c })
}

func (r *children) kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.all {
		_ = c.cmd.Process.Kill() // it may have ended by itself
	}
}

// endWithSignals kills the children when somebody interrupts the measurement.
func endWithSignals() {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-ch
		living.kill()
		os.Exit(130)
	}()
}

// tail keeps the end of what a child says.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailBytes = 8 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if len(t.buf) > tailBytes {
		t.buf = slices.Clone(t.buf[len(t.buf)-tailBytes:])
	}
	return len(p), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.buf))
}
