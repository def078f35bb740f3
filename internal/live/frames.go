package live

import (
	"sync"
	"sync/atomic"
	"time"

	"ccms/internal/ident"
)

// Frame is a frame of a charge point, as it passes.
type Frame struct {
	Point     ident.ChargePoint
	Inbound   bool
	Action    string // "" for an answer of the charge point
	MessageID string
	At        time.Time
	Raw       []byte
	Flaws     []string
}

const (
	frameWaits = 500     // frames that may wait for one who watches
	frameBytes = 1 << 20 // and their bytes
)

// Frames is the fan-out of frames to who watches one charge point. Nothing is kept:
// where nobody watches, a frame costs one look.
type Frames struct {
	watching atomic.Int64
	mu       sync.RWMutex
	of       map[ident.ChargePoint]map[*FrameWatcher]struct{}
}

// Watched reports whether somebody watches the point.
func (f *Frames) Watched(p ident.ChargePoint) bool {
	if f.watching.Load() == 0 {
		return false
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	return len(f.of[p]) > 0
}

// Publish hands a frame to who watches its point. It never blocks on one.
func (f *Frames) Publish(x Frame) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for w := range f.of[x.Point] {
		w.offer(x)
	}
}

// Watch starts watching a point, where no more than most watch already. Who asks has
// seen to it that they may.
func (f *Frames) Watch(p ident.ChargePoint, most int) (w *FrameWatcher, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.watching.Load() >= int64(most) {
		return nil, false
	}
	w = &FrameWatcher{of: f, point: p, wake: make(chan struct{}, 1)}
	if f.of == nil {
		f.of = map[ident.ChargePoint]map[*FrameWatcher]struct{}{}
	}
	if f.of[p] == nil {
		f.of[p] = map[*FrameWatcher]struct{}{}
	}
	f.of[p][w] = struct{}{}
	f.watching.Add(1)
	return w, true
}

// FrameWatcher is one who watches the frames of a point.
type FrameWatcher struct {
	of    *Frames
	point ident.ChargePoint
	wake  chan struct{} // one token: something waits

	mu     sync.Mutex
	queue  []Frame
	bytes  int
	behind bool
}

func (w *FrameWatcher) offer(x Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.behind {
		return
	}
	if len(w.queue) >= frameWaits || w.bytes+len(x.Raw) > frameBytes {
		w.queue, w.bytes, w.behind = nil, 0, true
	} else {
		w.queue, w.bytes = append(w.queue, x), w.bytes+len(x.Raw)
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Wake has a token when Take has something to give.
func (w *FrameWatcher) Wake() <-chan struct{} { return w.wake }

// Take empties the queue; behind says that frames were lost since the last Take.
func (w *FrameWatcher) Take() (frames []Frame, behind bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	frames, behind = w.queue, w.behind
	w.queue, w.bytes, w.behind = nil, 0, false
	return frames, behind
}

// Close stops watching; once is enough, and again does nothing.
func (w *FrameWatcher) Close() {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	if _, there := w.of.of[w.point][w]; !there {
		return
	}
	delete(w.of.of[w.point], w)
	if len(w.of.of[w.point]) == 0 {
		delete(w.of.of, w.point)
	}
	w.of.watching.Add(-1)
}
