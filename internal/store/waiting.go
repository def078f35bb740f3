package store

import (
	linked "container/list"
	"sync"
	"time"
)

// waiting knows how long the oldest unanswered write waits.
type waiting struct {
	mu    sync.Mutex
	since linked.List // of time.Time, oldest first
	taken time.Time   // the last COMMIT that stored something
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

func (w *waiting) committed(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taken = now
}

// Waiting is how long a write has been waiting while the database stored none; 0 if
// none waits. The machine's clock counts here, not Options.Now.
func (s *Store) Waiting() time.Duration {
	s.waiting.mu.Lock()
	defer s.waiting.mu.Unlock()
	e := s.waiting.since.Front()
	if e == nil {
		return 0
	}
	since := e.Value.(time.Time)
	if s.waiting.taken.After(since) {
		since = s.waiting.taken
	}
	return time.Since(since)
}

// Taken is when something was last stored; zero before the first.
func (s *Store) Taken() time.Time {
	s.waiting.mu.Lock()
	defer s.waiting.mu.Unlock()
	return s.waiting.taken
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
