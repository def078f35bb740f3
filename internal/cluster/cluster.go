// Package cluster knows which node holds which charge point, and wakes the holder
// when there is work for it.
//
// Owns: the register of connections held by this process. There is one node so far;
// among several, waking goes over the network and nothing else changes.
// Refuses: carrying the work itself. A command is a row in the database; a wake-up
// that is lost delays it until the next one, and correctness never rests on it.
package cluster

import (
	"sync"

	"ccms/internal/ident"
)

// Registry is this node's register. Use New.
type Registry struct {
	mu   sync.RWMutex
	held map[ident.ChargePoint]*holder
}

type holder struct{ wake func() }

// New makes an empty register.
func New() *Registry { return &Registry{held: map[ident.ChargePoint]*holder{}} }

// Hold registers the holder of p until release is called; an earlier holder is
// replaced and hears no more wakes. Which of two is later the caller decides: it must
// not call Hold for both at once. wake must not block, and may be called from now on.
func (r *Registry) Hold(p ident.ChargePoint, wake func()) (release func()) {
	h := &holder{wake}
	r.mu.Lock()
	r.held[p] = h
	r.mu.Unlock()
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.held[p] == h {
			delete(r.held, p)
		}
	}
}

// Wake tells the holder of p that there is work. It reports whether p is held here.
func (r *Registry) Wake(p ident.ChargePoint) bool {
	r.mu.RLock()
	h := r.held[p]
	r.mu.RUnlock()
	if h == nil {
		return false
	}
	h.wake()
	return true
}

// Held is how many charge points this node holds.
func (r *Registry) Held() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.held)
}
