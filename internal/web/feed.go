package web

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/live"
	"ccms/internal/operator"
)

const (
	feedWaits    = 5000                   // objects that may have changed and wait to be read
	feedBeat     = 250 * time.Millisecond // changes of one beat go together
	feedWithin   = 10 * time.Second       // the reading of one beat
	screenBehind = 8                      // beats that may wait for one screen
)

// sight is what decides how an object looks on a screen. Screens with the same sight share
// a stream: an object that changed is read and written down once for all of them, however
// many there are.
type sight struct {
	operator ident.Operator
	sub      ident.SubOperator
	role     authz.Role
}

func sightOf(c operator.Caller) sight {
	v := sight{c.Scope.Operator(), c.Scope.Sub(), c.Staff.Role}
	if !c.Login.ActingIn.IsZero() {
		v.role = authz.OpAdmin // an owner inside an operator (product §2.1)
	}
	return v
}

// feeds are the streams that have a screen.
type feeds struct {
	mu  sync.Mutex
	all map[sight]*stream
}

// stream reads what changed and hands it to its screens. It waits for none of them.
type stream struct {
	*handlers
	sight   sight
	caller  operator.Caller // the first screen's; the others look at the same
	watcher *live.Watcher
	stop    chan struct{}
	grace   map[string]time.Time // charge points whose socket closed: when they count as offline

	mu      sync.Mutex
	screens map[*screenQueue]struct{}
}

// join gives a screen its place in the stream of its sight; leave gives it back.
func (h *handlers) join(c operator.Caller, topics []string) (q *screenQueue, leave func()) {
	h.feeds.mu.Lock()
	defer h.feeds.mu.Unlock()
	v := sightOf(c)
	f := h.feeds.all[v]
	if f == nil {
		var all []string
		for t, p := range liveTopics {
			if c.May(p) {
				all = append(all, t)
			}
		}
		f = &stream{handlers: h, sight: v, caller: c, stop: make(chan struct{}), grace: map[string]time.Time{},
			watcher: h.svc.Live.Watch(c.Scope, all, feedWaits), screens: map[*screenQueue]struct{}{}}
		if h.feeds.all == nil {
			h.feeds.all = map[sight]*stream{}
		}
		h.feeds.all[v] = f
		go f.run()
	}
	q = &screenQueue{topics: topics, wake: make(chan struct{}, 1)}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.screens[q] = struct{}{}
	return q, func() { h.leave(f, q) }
}

func (h *handlers) leave(f *stream, q *screenQueue) {
	h.feeds.mu.Lock()
	defer h.feeds.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.screens, q)
	if len(f.screens) == 0 {
		delete(h.feeds.all, f.sight)
		f.watcher.Close()
		close(f.stop)
	}
}

func (f *stream) run() {
	beat, stopBeat := f.opt.Tick(feedBeat)
	defer stopBeat()
	wake := f.watcher.Wake()
	var due <-chan time.Time // the beat, while something waits
	for {
		select {
		case <-f.stop:
			return
		case <-f.closing:
			return
		case <-wake:
			wake = nil
		case <-due:
			ctx, cancel := context.WithTimeout(context.Background(), feedWithin)
			if wake == nil {
				wake = f.watcher.Wake()
				events, behind := f.watcher.Take()
				f.publish(f.written(ctx, events, behind))
			}
			if over := f.graceOver(); len(over) > 0 {
				f.publish(f.written(ctx, over, false))
			}
			cancel()
		}
		if due = nil; wake == nil || len(f.grace) > 0 {
			due = beat
		}
	}
}

// graceOver are points that count as offline now: nothing happens at that instant that
// could be published.
func (f *stream) graceOver() (over []live.Event) {
	for id, until := range f.grace {
		if !f.now().Before(until) {
			over = append(over, live.Event{Topic: "charge_points", ID: id})
		}
	}
	return over
}

// news is what one beat has for the screens, by topic, as it goes over the wire.
type news struct {
	topics map[string][]byte
	behind bool // something was lost: fetch anew
}

// written reads the objects as they are now.
func (f *stream) written(ctx context.Context, events []live.Event, behind bool) news {
	n := news{topics: map[string][]byte{}, behind: behind}
	if behind {
		return n
	}
	buffers := map[string]*bytes.Buffer{}
	for _, e := range events {
		name, v, err := f.object(ctx, e)
		switch {
		case fault.Is(err, fault.Missing): // gone meanwhile
		case err != nil:
			f.log.Error("a change could not be read for the screens", "error", err)
			n.behind = true
			return n
		default:
			b := buffers[e.Topic]
			if b == nil {
				b = new(bytes.Buffer)
				buffers[e.Topic] = b
			}
			writeEvent(b, name, v)
		}
	}
	for topic, b := range buffers {
		n.topics[topic] = b.Bytes()
	}
	return n
}

func (f *stream) publish(n news) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for q := range f.screens {
		q.offer(n)
	}
}

func writeEvent(b *bytes.Buffer, name string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own structs
	}
	b.WriteString("event: " + name + "\ndata: ")
	b.Write(data) // one line: JSON escapes line ends
	b.WriteString("\n\n")
}

// screenQueue is what waits for one screen. The bytes are shared with the others.
type screenQueue struct {
	topics []string
	wake   chan struct{} // one token: something waits

	mu     sync.Mutex
	waits  [][]byte // one or more of a beat
	beats  int
	behind bool
}

// offer never waits: a screen that is too slow loses what it has not got yet, and is
// told to fetch anew when it takes something again.
func (q *screenQueue) offer(n news) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.behind:
		return
	case n.behind, q.beats >= screenBehind:
		q.behind, q.waits, q.beats = true, nil, 0
	default:
		some := false
		for topic, b := range n.topics {
			if slices.Contains(q.topics, topic) {
				q.waits, some = append(q.waits, b), true
			}
		}
		if !some {
			return
		}
		q.beats++
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take empties the queue; behind says that something was lost before.
func (q *screenQueue) take() (waits [][]byte, behind bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	waits, behind = q.waits, q.behind
	q.waits, q.beats, q.behind = nil, 0, false
	return waits, behind
}
