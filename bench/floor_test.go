package main

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccms/internal/store/pgtest"
)

func TestScheduleHasTheRateAndIsTheSameForFloorAndSystem(t *testing.T) {
	t.Parallel()
	s := schedule{every: pacedPoints * time.Second / pacedPerSecond}
	at := s.moments(pacedPoints, time.Minute)
	if n := len(at); n < 60*pacedPerSecond-pacedPoints || n > 60*pacedPerSecond+pacedPoints {
		t.Errorf("%d moments in a minute", n)
	}
	seen := map[time.Duration]bool{}
	for i, x := range at {
		if i > 0 && x < at[i-1] {
			t.Fatalf("moment %d is before the last", i)
		}
		seen[x] = true
	}
	for i := range pacedPoints {
		if p := s.phase(i); p != s.phase(i) || !seen[p] {
			t.Errorf("charge point %d has no phase of its own in the schedule", i)
		}
	}
}

func TestPercentileIsAmongTheWorst(t *testing.T) {
	t.Parallel()
	var all []time.Duration
	for i := range 200 {
		all = append(all, time.Duration(200-i))
	}
	for _, c := range []struct {
		permille int
		want     time.Duration
	}{{500, 101}, {990, 199}, {1000, 200}} {
		if got := percentile(all, c.permille); got != c.want {
			t.Errorf("%d: %d, want %d", c.permille, got, c.want)
		}
	}
	if percentile(nil, 990) != 0 {
		t.Error("of nothing")
	}
}

func TestBarsInWordsAndInTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why  string
		r    row
		want string
	}{
		{"30× but under 5 ms", row{must: 3, goal: 2, orBelow: 5, system: []float64{3}, floor: []float64{.1}}, "within the bar"},
		{"over both", row{must: 3, goal: 2, orBelow: 5, system: []float64{6}, floor: []float64{.1}}, "**above the bar**"},
		{"a bar in words has no ratio", row{goal: 2, mustBe: "none lost", system: []float64{9}, floor: []float64{1}}, "within the bar"},
		{"a broken one is none", row{goal: 2, mustBe: "none lost", broken: "3 lost", system: []float64{1}, floor: []float64{1}}, "**3 lost**"},
	} {
		if got := c.r.verdict(); got != c.want {
			t.Errorf("%s: %s", c.why, got)
		}
	}
}

func TestRowsAreAskedForByNameOrByFamily(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		asked, row string
		want       bool
	}{
		{"", "idle", true}, {"stored", "stored-postgres", true}, {"stored-sqlite", "stored-postgres", false},
		{"heartbeat,p99-sqlite", "p99-sqlite", true}, {"heartbeat,p99-sqlite", "heartbeat", true}, {"idle", "heartbeat", false},
	} {
		if got := (settings{rows: c.asked}).wanted(c.row); got != c.want {
			t.Errorf("%q asked for, %s: %v", c.asked, c.row, got)
		}
	}
}

func TestPacedFloorCommitsEachMessageByItself(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source := filepath.Join(dir, "source.db")
	db, err := sql.Open("sqlite", source)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`CREATE TABLE event (id INTEGER PRIMARY KEY, raw BLOB); INSERT INTO event (raw) VALUES (x'01'), (x'02'), (x'03'), (x'04')`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	at := []time.Duration{0, 0, 5 * time.Millisecond}
	out, err := replay{Engine: sqlite, Source: source, Tables: map[string]int{"event": 3}, Messages: 3, At: at}.run(dir, func() {})
	if err != nil {
		t.Fatal(err)
	}
	if out.Messages != 3 || len(out.Took) != 3 || min(out.Took[0], out.Took[1], out.Took[2]) <= 0 {
		t.Fatalf("%+v", out)
	}
	w, err := openWAL(filepath.Join(dir, "floor.db-wal"))
	if err == nil { // it stays only while somebody has the database open
		w.file.Close()
		t.Error("the floor left its database open")
	}
}

func TestReplayOnPostgreSQLInsertsTheRowsWithTheirIndexes(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	ctx := t.Context()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.WithoutCancel(ctx))
	const messages = 50
	if _, err := c.Exec(ctx, `CREATE TABLE sample (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, session BYTEA, value BIGINT, small SMALLINT, note TEXT);
		CREATE INDEX sample_value ON sample (session, value);
		INSERT INTO sample (session, value, small, note) SELECT '\x01', n, 3, 'x' FROM generate_series(1, 120) n`); err != nil {
		t.Fatal(err)
	}
	r := replay{Engine: postgres, Source: url, Tables: map[string]int{"sample": 2 * messages}, Messages: messages, Batch: 7}
	for range 2 { // the second begins anew
		out, err := r.run(t.TempDir(), func() {})
		if err != nil {
			t.Fatal(err)
		}
		if out.Messages != messages || out.CPU <= 0 {
			t.Fatalf("%+v", out)
		}
	}
	var rows, sum, indexes int
	err = c.QueryRow(ctx, `SELECT count(*), sum(value), (SELECT count(*) FROM pg_indexes WHERE schemaname = 'floor') FROM floor.sample`).Scan(&rows, &sum, &indexes)
	if err != nil {
		t.Fatal(err)
	}
	if rows != 100 || sum != (21+120)*100/2 || indexes != 2 {
		t.Fatalf("%d rows that sum to %d, %d indexes", rows, sum, indexes)
	}
}

func TestPostgreSQLsOwnProcessorTimeIsCounted(t *testing.T) {
	t.Parallel()
	db, err := newPostgres(t.TempDir())
	if errors.Is(err, pgtest.ErrNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer db.close()
	before, err := db.cpu()
	if err != nil {
		t.Fatal(err)
	}
	n, err := db.number(`SELECT count(*) FROM generate_series(1, 2000000) n WHERE n % 7 = 0`)
	if err != nil || n != 285714 {
		t.Fatal(n, err)
	}
	// The backend has ended; what it took is in the postmaster's sum.
	for deadline := time.Now().Add(10 * time.Second); ; {
		after, err := db.cpu()
		if err != nil {
			t.Fatal(err)
		}
		if after > before {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("no processor time was counted")
		}
	}
}
