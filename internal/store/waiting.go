package store

import (
	linked "container/list"
	"sync"
	"time"
)

// stallAfter is when a write that waits means that the database is not well.
const stallAfter = 5 * time.Second

// waiting knows how long the oldest unanswered write waits.
type waiting struct {
	mu    sync.Mutex
	since linked.List // of time.Time, oldest first
}

func (w *waiting) enter(now time.Time) *linked.Element {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.since.PushBack(now)
}

func (w *waiting) leave(e *linked.Element) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.since.Remove(e)
}

// Stalled reports whether a write has been waiting for more than 5 s, and since
// when. The machine's clock counts here, not Options.Now.
func (s *Store) Stalled() (since time.Time, stalled bool) {
	s.waiting.mu.Lock()
	defer s.waiting.mu.Unlock()
	e := s.waiting.since.Front()
	if e == nil {
		return time.Time{}, false
	}
	since = e.Value.(time.Time)
	return since, time.Since(since) > stallAfter
}

// wakers are channels that hear of a commit and may miss all but the last.
type wakers struct {
	mu  sync.Mutex
	all map[chan struct{}]struct{}
}

func (w *wakers) add() (<-chan struct{}, func()) {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[chan struct{}]struct{}{}
	}
	w.all[c] = struct{}{}
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.all, c)
	}
}

func (w *wakers) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.all {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// WakeOnFacts gives a channel that hears when this process has committed facts.
// Other processes are not heard: poll too. Call the func when done.
func (s *Store) WakeOnFacts() (<-chan struct{}, func()) { return s.facts.add() }

// WakeOnJobs is WakeOnFacts for jobs.
func (s *Store) WakeOnJobs() (<-chan struct{}, func()) { return s.jobs.add() }
