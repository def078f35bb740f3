package wire

import "sync"

// turn is a lock that may be held as long as a peer does not read. Those who wait for
// it wait on a channel and not on the mutex, so that testing/synctest sees a wait that
// only time can end.
type turn struct {
	mu    sync.Mutex
	taken bool
	queue []chan struct{} // in the order they came
}

func (t *turn) take() {
	t.mu.Lock()
	if !t.taken {
		t.taken = true
		t.mu.Unlock()
		return
	}
	mine := make(chan struct{})
	t.queue = append(t.queue, mine)
	t.mu.Unlock()
	<-mine
}

// give passes the turn on.
func (t *turn) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.queue) == 0 {
		t.taken, t.queue = false, nil
		return
	}
	close(t.queue[0])
	t.queue = t.queue[1:]
}
