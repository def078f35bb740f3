package store

import (
	"context"
	"sync"
)

// maxReaders is how many snapshots are read at once; more wait.
const maxReaders = 8

// readers lends connections for reading. It is this small because a connection is
// lent for one transaction and comes back idle, or not at all.
type readers struct {
	db    database
	slots chan struct{}

	mu   sync.Mutex
	idle []conn
}

func newReaders(db database) *readers {
	return &readers{db: db, slots: make(chan struct{}, maxReaders)}
}

// borrow lends a connection; fresh leaves those aside that have been idle, which the
// database may have closed meanwhile. Each borrow needs its giveBack.
func (r *readers) borrow(ctx context.Context, fresh bool) (conn, error) {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	r.mu.Lock()
	if n := len(r.idle); n > 0 && !fresh {
		c := r.idle[n-1]
		r.idle = r.idle[:n-1]
		r.mu.Unlock()
		return c, nil
	}
	r.mu.Unlock()
	c, err := r.db.connect(ctx, true)
	if err != nil {
		<-r.slots
	}
	return c, err
}

// giveBack takes a connection back; one that is not idle is closed.
func (r *readers) giveBack(c conn) {
	if c.idle() {
		r.mu.Lock()
		r.idle = append(r.idle, c)
		r.mu.Unlock()
	} else {
		c.close()
	}
	<-r.slots
}

func (r *readers) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.idle {
		c.close()
	}
	r.idle = nil
}
