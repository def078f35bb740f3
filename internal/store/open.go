package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
)

// Options of a store.
type Options struct {
	// URL is postgres://… for PostgreSQL, else the path of SQLite's file.
	URL string
	// Keys are the master keys; without them nothing opens.
	Keys *Keys
	// Now is the clock of transactions; nil is the machine's.
	Now func() time.Time
	// OnCommit hears the changes of each commit, in the order of commits of one
	// joiner, before the callers are answered. It returns at once.
	OnCommit func([]Change)
	// Log gets what no caller can be told; nil is slog's default.
	Log *slog.Logger
	// Joiners is how many transactions PostgreSQL gets at once; 0 is one for each core,
	// at least 2 and at most 4: more of them share fewer closures each, and cost more.
	// SQLite has one.
	Joiners int
	// Budget is how long a closure may take; 0 is 5 s.
	Budget time.Duration
}

func (o Options) filled() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Joiners == 0 {
		o.Joiners = min(4, max(2, runtime.GOMAXPROCS(0)))
	}
	if o.Budget == 0 {
		o.Budget = 5 * time.Second
	}
	return o
}

func (o Options) engine() engine {
	if strings.HasPrefix(o.URL, "postgres://") || strings.HasPrefix(o.URL, "postgresql://") {
		return postgres
	}
	return lite
}

// database opens connections of one engine.
type database interface {
	// connect opens a connection that only the caller uses.
	connect(ctx context.Context, readOnly bool) (conn, error)
	close()
}

// Store is an open database.
type Store struct {
	options Options
	db      database
	readers *readers
	keys    *Keys
	ring    keyring
	queue   chan *request
	joinFor time.Duration
	waiting waiting
	facts   wakers
	jobs    wakers

	mu       sync.RWMutex
	closed   bool
	accepted sync.WaitGroup // calls of Write and Read that are under way
	stop     chan struct{}
	gate     sync.Mutex     // closures that met too many conflicts pass one at a time
	stopped  sync.WaitGroup // joiners
}

// Open opens a database that Migrate has prepared. It refuses one whose schema is
// not this program's, and a PostgreSQL role that row-level security does not bind.
func Open(ctx context.Context, o Options) (*Store, error) {
	o = o.filled()
	if o.Keys == nil {
		return nil, errors.New("store: no keys")
	}
	s := &Store{options: o, keys: o.Keys, queue: make(chan *request, 1024), joinFor: joinWithin, stop: make(chan struct{})}
	var err error
	if o.engine() == postgres {
		s.db, err = openPostgres(ctx, o)
	} else {
		s.db, err = openSQLite(ctx, o)
		s.options.Joiners = 1 // one writer
	}
	if err != nil {
		return nil, err
	}
	s.readers = newReaders(s.db)
	for range s.options.Joiners {
		s.stopped.Add(1)
		go (&joiner{store: s}).run()
	}
	return s, nil
}

// Close waits for what was accepted and closes the connections.
func (s *Store) Close() {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	s.accepted.Wait()
	if first {
		close(s.stop)
	}
	s.stopped.Wait()
	if first {
		s.readers.close()
		s.db.close()
	}
}

// closing reports whether Close was called: nobody comes any more, and those who are
// there are not kept waiting for a database that is gone.
func (s *Store) closing() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.closed
}

// accept registers a call; false after Close.
func (s *Store) accept() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return false
	}
	s.accepted.Add(1)
	return true
}

func (s *Store) now() time.Time { return s.options.Now().UTC().Truncate(time.Microsecond) }

// Now is the clock that transactions are stamped with.
func (s *Store) Now() time.Time { return s.now() }

var errClosed = fault.New(fault.Unavailable, "closing", "The server is closing down. Try again in a moment.")

func unavailable(detail string, err error) error {
	return fault.New(fault.Unavailable, "database_unavailable", "%s", detail).Because(err)
}

// Read runs fn on one snapshot, read-only, in a transaction of its own. The caller's
// context counts throughout. fn runs once and calls neither Write nor Read.
func (s *Store) Read(ctx context.Context, sc authz.Scope, fn func(*Tx) error) error {
	if !s.accept() {
		return errClosed
	}
	defer s.accepted.Done()
	ctx, cancel := context.WithTimeout(ctx, 2*s.options.Budget)
	defer cancel()
	c, err := s.snapshot(ctx, sc)
	if err != nil {
		return unavailable("The database cannot be reached. Nothing was read.", err)
	}
	defer s.readers.giveBack(c)
	tx := &Tx{store: s, conn: c, ctx: ctx, scope: sc, now: s.now(), readOnly: true, entered: true}
	defer func() {
		tx.over = true
		if err := c.rollback(context.WithoutCancel(ctx)); err == nil && tx.failed == nil {
			for _, keys := range tx.newKeys {
				s.ring.keep(keys[0].operator, keys)
			}
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	switch {
	case tx.failed == nil:
		return nil
	case errors.Is(tx.failed, errGone):
		return unavailable("The connection to the database was lost. Nothing was read.", tx.failed)
	}
	return fmt.Errorf("store: an error was swallowed: %w", tx.failed)
}

// snapshot lends a connection with its transaction begun. One that was idle may have
// died meanwhile; then a fresh one is tried.
func (s *Store) snapshot(ctx context.Context, sc authz.Scope) (conn, error) {
	for fresh := false; ; fresh = true {
		c, err := s.readers.borrow(ctx, fresh)
		if err != nil {
			return nil, err
		}
		if err = c.begin(ctx, sc, true, s.options.Budget); err == nil {
			return c, nil
		}
		c.spoil()
		s.readers.giveBack(c)
		if fresh {
			return nil, err
		}
	}
}
