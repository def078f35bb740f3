package main_test

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // another process that has SQLite's file open

	"ccms/cpsim"
	"ccms/internal/store/pgtest"
)

// impatient points ask again soon, so that a fault of the database is met by many
// retries on the same socket.
func impatient(_ int, c *cpsim.Config) { c.CallTimeout = 4 * time.Second }

// The reasons for which /readyz says that nothing is taken.
func takesNoWrite(state string) bool { return strings.Contains(state, "has taken no write for") }
func ready(state string) bool        { return state == isReady }

// awayFor is how long a fault lasts that charge points are sent away for.
const awayFor = 8 * time.Second

// Every process of PostgreSQL dies under load. Started again at once nobody notices
// more than a pause; where it stays away the points are sent away until it is back.
func TestPostgreSQLKilled_LosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	pg := pgtest.Start(t, pgtest.Options{})
	s := onPostgres(t, pg)
	const points = 20
	w := s.furnish(t, points)
	srv := s.start(t, "serve", "--addr", freePort(t))
	p := newProbe(t, srv.addr)
	l := w.atWork(t, srv.addr, calm, impatient)
	n := 3
	if long() {
		n = 60
	}
	x := shows(t, databaseKilled, s, n)
	var took []time.Duration
	for i := range n {
		l.answered(t, points, fmt.Sprintf("before kill %d\n%s", i+1, srv.stderr))
		if err := pg.Kill(); err != nil {
			t.Fatal(err)
		}
		if i%3 == 2 {
			p.wait(t, "PostgreSQL is gone", takesNoWrite)
		}
		if err := pg.Restart(); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		l.acks.forget()
		l.answered(t, 1, fmt.Sprintf("after kill %d\n%s", i+1, srv.stderr))
		took = append(took, time.Since(begun))
	}
	l.answered(t, points, fmt.Sprintf("after the last kill\n%s", srv.stderr))
	p.wait(t, "PostgreSQL is back", ready)
	l.finish(t)
	l.sentAway(t, points)
	x.back(t, took...)
	x.Cells[colSaid] = p.heard(t)
	if code := srv.term(t); code != 0 {
		t.Errorf("exit code %d after SIGTERM\n%s", code, srv.stderr)
	}
	x.judge(t, w, s, l.acks)
	x.record(t)
}

// hang makes the database of s take no write until end is called.
func hang(t *testing.T, s setting, pg *pgtest.Server) (end func()) {
	t.Helper()
	if s.url == "" {
		return lockFile(t, s)
	}
	pids := pg.PIDs()
	signal := func(sig syscall.Signal) {
		for _, pid := range pids {
			_ = syscall.Kill(pid, sig) // a backend may have ended meanwhile
		}
	}
	signal(syscall.SIGSTOP)
	t.Cleanup(func() { signal(syscall.SIGCONT) })
	return func() { signal(syscall.SIGCONT) }
}

// lockFile is another process that holds the one lock for writing.
func lockFile(t *testing.T, s setting) (end func()) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "ccms.db")+"?_pragma=busy_timeout(30000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if _, err := c.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A database that is there and does nothing: after five seconds the points are sent
// away, because a connected one gives its reports up (order rule 7 of the connection).
func TestDatabaseHangs_ChargePointsAreSentAway(t *testing.T) {
	t.Parallel()
	t.Run(onLite, func(t *testing.T) {
		t.Parallel()
		hangUnderLoad(t, onSQLite(t), nil)
	})
	t.Run(onPG, func(t *testing.T) {
		t.Parallel()
		pg := pgtest.Start(t, pgtest.Options{})
		hangUnderLoad(t, onPostgres(t, pg), pg)
	})
}

func hangUnderLoad(t *testing.T, s setting, pg *pgtest.Server) {
	const points = 20
	w := s.furnish(t, points)
	srv := s.start(t, "serve", "--addr", freePort(t))
	p := newProbe(t, srv.addr)
	l := w.atWork(t, srv.addr, calm, impatient)
	x := shows(t, databaseHangs, s, 1)
	l.inFull(t, points)
	end, begun := hang(t, s, pg), time.Now()
	p.wait(t, "the database hangs", takesNoWrite)
	if d := time.Since(begun); d < 5*time.Second || d > 10*time.Second {
		t.Errorf("the points were sent away after %s", d)
	}
	<-time.After(time.Until(begun.Add(awayFor)))
	end()
	l.acks.forget()
	begun = time.Now()
	l.answered(t, 1, "the database goes on\n"+srv.stderr.String())
	x.back(t, time.Since(begun))
	l.answered(t, points, "the database goes on\n"+srv.stderr.String())
	p.wait(t, "the database goes on", ready)
	l.finish(t)
	l.sentAway(t, points)
	x.Cells[colSaid] = p.heard(t)
	srv.term(t)
	x.judge(t, w, s, l.acks)
	x.record(t)
}

// One statement that hangs: who does not need it goes on (PostgreSQL), or is answered
// as soon as it is gone (SQLite, which has one writer). Nobody is sent away for it.
func TestSlowQuery_HoldsNobodyUpForLong(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, s setting) {
		const points = 20
		w := s.furnish(t, points)
		srv := s.start(t, "serve", "--addr", freePort(t))
		p := newProbe(t, srv.addr)
		l := w.atWork(t, srv.addr, calm, impatient)
		x := shows(t, slowQuery, s, 1)
		l.inFull(t, points)
		if s.url == "" {
			end := lockFile(t, s)
			<-time.After(4 * time.Second)
			end()
		} else {
			end := slowPoint(t, s, w, w.points[0].Identity)
			<-time.After(2 * time.Second) // the statements that it meets are under way
			for range 3 {
				l.acks.forget()
				l.answered(t, points-1, "beside the slow query\n"+srv.stderr.String())
			}
			end()
		}
		begun := time.Now()
		l.acks.forget()
		l.answered(t, points, "the slow query is gone\n"+srv.stderr.String())
		x.back(t, time.Since(begun))
		l.finish(t)
		if l.mu.Lock(); l.closed["1013"] > 0 || l.refused[503] > 0 {
			t.Errorf("points were sent away for a slow query: %v, %v", l.closed, l.refused)
		}
		l.mu.Unlock()
		if said := p.heard(t); said != "" {
			t.Errorf("/readyz said %s", said)
		}
		x.Cells[colSaid] = "ready throughout"
		srv.term(t)
		x.judge(t, w, s, l.acks)
		x.record(t)
	})
}

// slowPoint makes each statement that writes a session of the point sleep for longer
// than any may take, until end.
func slowPoint(t *testing.T, s setting, w *world, identity string) (end func()) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), s.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	try := func(q string) {
		t.Helper()
		if _, err := c.Exec(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	try(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$`)
	try(`CREATE TRIGGER slow BEFORE INSERT OR UPDATE ON sessions FOR EACH ROW WHEN (NEW.point_id = '\x` +
		hex.EncodeToString(w.byName[identity].Bytes()) + `'::bytea) EXECUTE FUNCTION slow()`)
	return func() { try(`DROP TRIGGER slow ON sessions`) }
}
