package live

import (
	"context"
	"slices"
	"sync"

	"ccms/internal/authz"
	"ccms/internal/ident"
)

// Event says that an object changed. It carries no state, so a lost or merged one
// costs a late screen and nothing else.
type Event struct {
	Topic    string // "sessions", "charge_points", "commands"
	Operator ident.Operator
	Sub      ident.SubOperator
	ID       string // prefixed id of the object
}

// Bus is the fan-out. The zero Bus is not ready; use NewBus.
type Bus struct {
	mu       sync.RWMutex
	watchers map[*Watcher]struct{}
}

// NewBus makes a bus without watchers.
func NewBus() *Bus { return &Bus{watchers: map[*Watcher]struct{}{}} }

// Publish tells every watcher that may see the events. It never blocks on one.
func (b *Bus) Publish(events ...Event) {
	if len(events) == 0 {
		return
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	for w := range b.watchers {
		w.offer(events)
	}
}

// Watching is how many watch.
func (b *Bus) Watching() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.watchers)
}

// Watch starts watching the topics inside the scope; no topics is all of them.
// size bounds how many objects may wait.
func (b *Bus) Watch(sc authz.Scope, topics []string, size int) *Watcher {
	w := &Watcher{bus: b, scope: sc, topics: topics, size: size, waiting: map[subject]struct{}{}, wake: make(chan struct{}, 1)}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watchers[w] = struct{}{}
	return w
}

type subject struct{ topic, id string }

// Watcher is one that watches.
type Watcher struct {
	bus    *Bus
	scope  authz.Scope
	topics []string
	size   int
	wake   chan struct{} // one token: something waits

	mu      sync.Mutex
	queue   []Event              // in the order of each object's first unread change
	waiting map[subject]struct{} // what queue holds
	behind  bool
}

func (w *Watcher) offer(events []Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	news := false
	for _, e := range events {
		if !w.scope.Covers(e.Operator, e.Sub, false) || (len(w.topics) > 0 && !slices.Contains(w.topics, e.Topic)) {
			continue
		}
		if w.behind {
			continue // it will fetch everything anew
		}
		s := subject{e.Topic, e.ID}
		if _, ok := w.waiting[s]; ok {
			continue // unread: whoever reads the row sees this change too
		}
		news = true
		if len(w.queue) >= w.size {
			w.behind = true
			w.queue, w.waiting = nil, map[subject]struct{}{}
			continue
		}
		w.queue = append(w.queue, e)
		w.waiting[s] = struct{}{}
	}
	if news {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// Wake has a token when Take has something to give.
func (w *Watcher) Wake() <-chan struct{} { return w.wake }

// Take empties the queue. behind says that events were lost since the last Take:
// the watcher must fetch anew.
func (w *Watcher) Take() (events []Event, behind bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	events, behind = w.queue, w.behind
	w.queue, w.behind = nil, false
	clear(w.waiting)
	return events, behind
}

// Next waits for something to take, or for the end of ctx.
func (w *Watcher) Next(ctx context.Context) (events []Event, behind bool, err error) {
	for {
		if events, behind = w.Take(); len(events) > 0 || behind {
			return events, behind, nil
		}
		select {
		case <-w.wake:
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}

// Close stops watching.
func (w *Watcher) Close() {
	w.bus.mu.Lock()
	defer w.bus.mu.Unlock()
	delete(w.bus.watchers, w)
}
