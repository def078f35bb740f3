// Package storetest opens stores for tests: every test of rows runs on both engines,
// with the real migrations, and on PostgreSQL as ccms_app.
//
// Owns: fresh databases, copied from one that was migrated once per test process.
// Refuses: fakes. Where PostgreSQL is not installed its half is skipped with a line
// that says so.
package storetest

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"ccms/internal/store"
	"ccms/internal/store/pgtest"
)

// Each runs f on a fresh SQLite database and on a fresh PostgreSQL database, as two
// parallel subtests.
func Each(t *testing.T, f func(t *testing.T, st *store.Store)) {
	t.Helper()
	EachWith(t, nil, f)
}

// EachWith is Each with options of the test's own. change may be nil; it is called
// once per engine and must not touch URL.
func EachWith(t *testing.T, change func(*store.Options), f func(t *testing.T, st *store.Store)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		f(t, SQLite(t, change))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		f(t, Postgres(t, change))
	})
}

// SQLite opens a store on a fresh file that goes with t.
func SQLite(t testing.TB, change func(*store.Options)) *store.Store {
	t.Helper()
	return open(t, SQLiteURL(t), change)
}

// Postgres opens a store on a fresh PostgreSQL database that goes with t.
func Postgres(t testing.TB, change func(*store.Options)) *store.Store {
	t.Helper()
	return open(t, PostgresURL(t), change)
}

// SQLiteURL is a migrated database's file.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	b, err := migrated()
	if err != nil {
		t.Fatalf("migrating SQLite: %v", err)
	}
	path := filepath.Join(t.TempDir(), "ccms.db")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// PostgresURL is a migrated database's URL; its role owns the tables.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return pgtest.CloneURL(t, "migrated", func(url string) error {
		return store.Migrate(context.Background(), store.Options{URL: url, Log: quiet})
	})
}

// migrated is an SQLite file after all migrations, made once.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "ccms-sqlite-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "ccms.db")
	// Closing the last connection folds the log into the file.
	if err := store.Migrate(context.Background(), store.Options{URL: path, Log: quiet}); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func open(t testing.TB, url string, change func(*store.Options)) *store.Store {
	t.Helper()
	o := store.Options{URL: url, Keys: store.RandomKeys(), Log: quiet}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	st, err := store.Open(ctx, o)
	if err != nil {
		t.Fatalf("opening the store: %v", err)
	}
	t.Cleanup(st.Close)
	return st
}

// Clock is a clock that stands still until it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts at a fixed instant.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
}

// Now is for Options.Now.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// Until waits for a condition that nothing signals.
func Until(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s did not happen", what)
		}
	}
}
