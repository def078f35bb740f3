package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// One server per test process, started by the first test that needs it. It does
// not fsync: nothing of it is read again after the process.
var shared = sync.OnceValues(func() (*Server, error) {
	return Launch(Options{NoFsync: true})
})

// Shared is the server behind [URL], for tests that need several databases or
// a prepared one. Nobody may kill it. Without PostgreSQL it skips t.
func Shared(t testing.TB) *Server {
	t.Helper()
	s, err := shared()
	skipOrFail(t, err)
	return s
}

// URL returns the address of a fresh, empty database that goes when t ends.
// Its role owns the database and is no superuser.
func URL(t testing.TB) string {
	t.Helper()
	return Shared(t).URL(t)
}

// CloneURL is URL with a start: prepare, typically the migrations, runs once
// per process and name on a database of its own, and every call gets a copy.
// prepare must close its connections.
func CloneURL(t testing.TB, name string, prepare func(url string) error) string {
	t.Helper()
	return Shared(t).CloneURL(t, name, prepare)
}

// URL is [URL] on this server.
func (s *Server) URL(t testing.TB) string {
	t.Helper()
	return s.database(t, "template1")
}

// CloneURL is [CloneURL] on this server.
func (s *Server) CloneURL(t testing.TB, name string, prepare func(url string) error) string {
	t.Helper()
	template, err := s.template(name, prepare)
	if err != nil {
		t.Fatalf("preparing the database %s: %v", name, err)
	}
	return s.database(t, template)
}

// NewDatabase makes an empty database that lives as long as the server, for
// programs that measure.
func (s *Server) NewDatabase() (string, error) {
	name, err := s.createDatabase("template1")
	if err != nil {
		return "", err
	}
	return s.url(owner, name), nil
}

func (s *Server) database(t testing.TB, template string) string {
	t.Helper()
	name, err := s.createDatabase(template)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.drop(t, name) })
	return s.url(owner, name)
}

// createDatabase makes one database. Creations go one after the other: they copy the
// same files, and in parallel they only wait for each other inside the server.
func (s *Server) createDatabase(template string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	name := fmt.Sprintf("t%d", s.serial)
	q := fmt.Sprintf(`CREATE DATABASE %s OWNER %s TEMPLATE %s`, name, owner, template)
	if s.opts.NoFsync && s.version() >= 15 {
		q += ` STRATEGY FILE_COPY` // the other way writes all of it to the log too
	}
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.admin(ctx, q)
		var pg *pgconn.PgError
		// 55006: a connection to the template was closed by the client but its
		// backend is not gone yet.
		if !errors.As(err, &pg) || pg.Code != "55006" {
			return name, err
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("the template %s stays in use: %w", template, err)
		case <-tick.C:
		}
	}
}

// version is that of the cluster; 0 where it has none that is whole.
func (s *Server) version() int {
	b, err := os.ReadFile(filepath.Join(s.data(), "PG_VERSION"))
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return n
}

func (s *Server) template(name string, prepare func(url string) error) (string, error) {
	preparing.Lock()
	defer preparing.Unlock()
	s.mu.Lock()
	db, ok := s.ready[name]
	s.mu.Unlock()
	if ok {
		return db, nil
	}
	db, err := s.createDatabase("template1")
	if err != nil {
		return "", err
	}
	if err := prepare(s.url(owner, db)); err != nil {
		return "", err
	}
	s.mu.Lock()
	s.ready[name] = db
	s.mu.Unlock()
	return db, nil
}

// preparing lets one caller prepare while the others wait for its result.
var preparing sync.Mutex

func (s *Server) drop(t testing.TB, name string) {
	s.mu.Lock()
	running := s.proc != nil
	s.mu.Unlock()
	if !running {
		return // killed by the test; the folder goes with the server
	}
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	// FORCE: a test that failed may have left connections.
	if err := s.admin(ctx, `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
		t.Errorf("dropping %s: %v", name, err)
	}
}
