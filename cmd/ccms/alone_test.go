package main_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccms/internal/store/pgtest"
)

// A second server would hold the first one's charge points for lost: it is refused and
// told what to do, and the first goes on. Once that is gone, also by kill -9, the next
// has the data at once.
func TestSecondServer_isRefusedAndTheNextStartsAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s setting) {
		first := s.start(t, "serve", "--addr", "127.0.0.1:0")
		r := s.run(t, "serve", "--addr", "127.0.0.1:0")
		if r.code != 1 || r.stdout != "" || !strings.Contains(r.stderr, "nother server uses the ") || !strings.Contains(r.stderr, "stop ") {
			t.Errorf("exit %d: %s%s", r.code, r.stdout, r.stderr)
		}
		if status := (caller{base: first.addr}).do(t, "GET", "/readyz", nil, nil); status != http.StatusOK {
			t.Errorf("the first is not ready: %d", status)
		}
		for range 3 {
			first.kill()
			begun := time.Now()
			first = s.start(t, "serve", "--addr", "127.0.0.1:0")
			if took := time.Since(begun); took > 15*time.Second {
				t.Errorf("after kill -9 it took %s", took)
			}
			if strings.Contains(first.stderr.String(), "waiting for it to end") && s.url == "" {
				t.Errorf("%s", first.stderr)
			}
		}
		if code := first.term(t); code != 0 {
			t.Errorf("exit %d\n%s", code, first.stderr)
		}
	})
}

// Where the first is just stopping, as at a restart by a supervisor, the second waits
// for its end.
func TestSecondServer_waitsForOneThatEnds(t *testing.T) {
	t.Parallel()
	s := onPostgres(t, pgtest.Shared(t))
	first := s.start(t, "serve", "--addr", "127.0.0.1:0")
	second := s.launchWith(t, nil, "serve", "--addr", "127.0.0.1:0")
	if err := second.stderr.wait(patience, regexp.MustCompile("waiting for it to end"), second.ended); err != nil {
		t.Fatalf("%v\n%s", err, second.stderr)
	}
	if code := first.term(t); code != 0 {
		t.Errorf("exit %d\n%s", code, first.stderr)
	}
	second.ready(t)
}

// theLock is the advisory lock that says who serves.
const theLock = "x'63636d7373657276'::bigint"

func connectTo(t *testing.T, s setting) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func execute(t *testing.T, c *pgx.Conn, text string) {
	t.Helper()
	if _, err := c.Exec(t.Context(), text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

const endHolder = `SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND
	database = (SELECT oid FROM pg_database WHERE datname = current_database())`

// A server whose connection was cut, or whose PostgreSQL was started anew, has the
// database again before another can come.
func TestServer_takesItsDatabaseAgain(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t, pgtest.Options{})
	s := onPostgres(t, pg)
	srv := s.start(t, "serve", "--addr", "127.0.0.1:0")
	again := func(n int) {
		t.Helper()
		if err := srv.stderr.wait(patience, regexp.MustCompile(`(?s)`+strings.Repeat(`.*kept off the database again`, n)), srv.ended); err != nil {
			t.Fatalf("%v\n%s", err, srv.stderr)
		}
	}
	execute(t, connectTo(t, s), endHolder)
	again(1)
	if err := pg.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := pg.Restart(); err != nil {
		t.Fatal(err)
	}
	again(2)
	// PostgreSQL that hung does not know that its client has left the connection.
	end := hang(t, s, pg)
	if err := srv.stderr.wait(patience, regexp.MustCompile(`(?s)(.*taking it anew){3}`), srv.ended); err != nil {
		t.Fatalf("%v\n%s", err, srv.stderr)
	}
	end()
	again(3)
	var free bool
	if err := connectTo(t, s).QueryRow(t.Context(), "SELECT pg_try_advisory_lock("+theLock+")").Scan(&free); err != nil || free {
		t.Errorf("another could take the database: %v, %v", free, err)
	}
	if code := srv.term(t); code != 0 {
		t.Errorf("exit %d\n%s", code, srv.stderr)
	}
}

// Where another was quicker, the first stops: one of the two must, and the charge points
// are with the other by then.
func TestServer_stopsWhereAnotherHasTakenItsDatabase(t *testing.T) {
	t.Parallel()
	s := onPostgres(t, pgtest.Shared(t))
	srv := s.start(t, "serve", "--addr", "127.0.0.1:0")
	other, killer := connectTo(t, s), connectTo(t, s)
	took := make(chan error, 1)
	go func() {
		_, err := other.Exec(t.Context(), "SELECT pg_advisory_lock("+theLock+")")
		took <- err
	}()
	over := time.After(patience)
	for waits := false; !waits; { // it is the next in line
		if err := killer.QueryRow(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND pid = $1)`,
			other.PgConn().PID()).Scan(&waits); err != nil {
			t.Fatal(err)
		}
		select {
		case <-over:
			t.Fatal("nobody waits for the lock")
		default:
		}
	}
	execute(t, killer, endHolder)
	if err := <-took; err != nil {
		t.Fatal(err)
	}
	select {
	case <-srv.ended:
	case <-time.After(patience):
		t.Fatalf("it goes on\n%s", srv.stderr)
	}
	if code := srv.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(srv.stderr.String(), "ccms: another server has taken the database") {
		t.Errorf("exit %d\n%s", code, srv.stderr)
	}
}

// With PostgreSQL no backup is made by itself, so no start and no command upgrades data
// by the way.
func TestUpgrade_ofPostgreSQLIsAskedFor(t *testing.T) {
	t.Parallel()
	s := onPostgres(t, pgtest.Shared(t))
	s.older(t)
	for _, args := range [][]string{{"serve", "--addr", "127.0.0.1:0"}, {"admin", "create-operator", "A3E"}} {
		r := s.run(t, args...)
		if r.code != 1 || !strings.Contains(r.stderr, "ccms migrate --backup FILE") || !strings.Contains(r.stderr, "Nothing was changed") {
			t.Errorf("%v: exit %d: %s", args, r.code, r.stderr)
		}
	}
	var version int64
	if err := connectTo(t, s).QueryRow(t.Context(), "SELECT max(version_id) FROM goose_db_version").Scan(&version); err != nil || version != 7 {
		t.Errorf("schema %d, %v", version, err)
	}
	file := filepath.Join(s.dir, "b")
	s.must(t, "migrate", "--backup", file)
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	srv := s.start(t, "serve", "--addr", "127.0.0.1:0")
	if code := srv.term(t); code != 0 {
		t.Errorf("exit %d\n%s", code, srv.stderr)
	}
}
