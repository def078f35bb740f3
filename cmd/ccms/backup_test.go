package main_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ccms/cpsim"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/store/pgtest"
)

// The drill of docs/operations/backup.md: a server under load, a backup in the middle
// of it, the server lost, the backup restored elsewhere, the charge points go on there.
func TestRestoreDrill(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		from, to := onSQLite(t), onSQLite(t)
		drill(t, from, to)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		pg := pgtest.Shared(t)
		from, to := onPostgres(t, pg), setting{dir: t.TempDir(), url: pg.URL(t)}
		drill(t, from, to)
	})
}

func drill(t *testing.T, from, to setting) {
	const points = 10
	w := from.furnish(t, points)
	addr := freePort(t)
	srv := from.start(t, "serve", "--addr", addr)

	acks := newAcks()
	var line atomic.Pointer[wire]
	line.Store(new(wire))
	until := make(chan struct{})
	loaded := make(chan cpsim.Report, 1)
	go func() {
		r, err := cpsim.Load(t.Context(), cpsim.LoadConfig{
			URL: "ws://" + addr + "/ocpp", Points: w.points, Seed: 1, Interval: 20 * time.Millisecond, Until: until, Drain: patience,
			Adjust: func(_ int, c *cpsim.Config) {
				c.Dial = func(ctx context.Context) (net.Conn, error) { return line.Load().dial(ctx, addr) }
				c.MinBackoff, c.MaxBackoff = 20*time.Millisecond, 300*time.Millisecond
			},
			OnAck: acks.add,
		})
		if err != nil {
			t.Error(err)
		}
		loaded <- r
	}()
	after := func(messages int) {
		t.Helper()
		reached := make(chan struct{})
		acks.onMessage("", messages, func() { close(reached) })
		select {
		case <-reached:
		case <-time.After(patience):
			t.Fatalf("%d more messages were not answered\n%s", messages, srv.stderr)
		}
	}

	after(300)
	kept := acks.soFar() // acknowledged before the backup begins
	file := filepath.Join(t.TempDir(), "drill.backup")
	out := from.must(t, "backup", "--out", file)
	during := len(acks.soFar()) - len(kept)
	if !strings.Contains(out, "The key file "+filepath.Join(from.dir, "keys")+" is not in it.") || !regexp.MustCompile(`(?m)^  session_samples +\d{2,}$`).MatchString(out) {
		t.Errorf("backup says\n%s", out)
	}
	after(150)
	srv.kill()

	// Elsewhere, with the key file as the manual says.
	key, err := os.ReadFile(filepath.Join(from.dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to.dir, "keys"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	out = to.must(t, "restore", file)
	if !strings.Contains(out, fmt.Sprintf("The ledger sums to zero, and %d wallets equal their postings.", points)) {
		t.Errorf("restore says\n%s", out)
	}
	restored := w.load(t, to)
	atBackup := lastNumber(restored)
	for _, f := range missing(w, restored, kept) {
		t.Error(f)
	}

	lost := acks.soFar()[len(kept):]
	line.Store(new(wire))
	acks.forget()
	srv = to.start(t, "serve", "--addr", addr)
	if err := acks.wait(patience, points); err != nil {
		t.Fatalf("after the restore: %v\n%s", err, srv.stderr)
	}
	after(200)
	close(until)
	report := <-loaded
	t.Logf("%d messages acknowledged before the backup, %d while it ran, %d before the server was lost; %s", len(kept), during, len(lost), report)
	if code := srv.term(t); code != 0 {
		t.Errorf("exit code %d\n%s", code, srv.stderr)
	}

	end := w.load(t, to)
	for _, f := range missing(w, end, kept) {
		t.Errorf("in the end: %s", f)
	}
	if len(end.drifts) > 0 {
		t.Errorf("wallets differ from their postings: %+v", end.drifts)
	}
	bills, after1 := 0, 0
	for _, st := range end.sessions {
		if st.OCPPID > atBackup && st.OCPPID < atBackup+1_000_000 {
			t.Errorf("the session %d has a number that the lost server gave to another", st.OCPPID)
		}
		if st.OCPPID > atBackup {
			after1++
		}
		if st.Phase != session.Completed || st.Wallet.IsZero() || !st.RealStop {
			continue
		}
		bills++
		// 0.40 a kWh, half up; what the load bills is stated by the meter alone.
		want := (int64(st.MeterStop-st.MeterStart)*40 + 500) / 1000
		if st.Bill == nil || st.Bill.Total.Minor != want || int64(st.Energy) != int64(st.MeterStop-st.MeterStart) {
			t.Errorf("session %d: %d Wh from %d to %d is billed %v, want %d cents", st.OCPPID, st.Energy, st.MeterStart, st.MeterStop, st.Bill, want)
		}
		if e, ok := end.captures[st.ID]; !ok || e.Amount.Minor != want && e.Amount.Minor != -want {
			t.Errorf("session %d: the books have %+v, want %d cents", st.OCPPID, e, want)
		}
	}
	if bills < points || after1 < points {
		t.Errorf("%d bills, %d sessions since the restore: the test shows little", bills, after1)
	}
}

// soFar are the acknowledgements up to now.
func (a *acks) soFar() []cpsim.Ack {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.all)
}

func lastNumber(r *rows) (last int32) {
	for _, st := range r.sessions {
		last = max(last, st.OCPPID)
	}
	return last
}

// missing says which acknowledged reports the database does not hold.
func missing(w *world, db *rows, acked []cpsim.Ack) (faults []string) {
	byNumber := map[int32]session.State{}
	for _, st := range db.sessions {
		byNumber[st.OCPPID] = st
	}
	for _, x := range acked {
		if !slices.Contains(carried, x.Action) {
			continue
		}
		var id struct {
			TransactionID int32 `json:"transactionId"`
		}
		from := x.Request
		if x.Action == "StartTransaction" {
			from = x.Response
		}
		if err := json.Unmarshal(from, &id); err != nil {
			return append(faults, err.Error())
		}
		st, ok := byNumber[id.TransactionID]
		if !ok || st.Point != w.byName[x.Identity] {
			faults = append(faults, fmt.Sprintf("%s: %s of %d was acknowledged before the backup and is not there", x.Identity, x.Action, id.TransactionID))
			continue
		}
		if !slices.ContainsFunc(db.events[st.ID], func(e session.Frame) bool {
			return e.Action == x.Action && strings.Contains(string(e.Payload), string(x.Request))
		}) {
			faults = append(faults, fmt.Sprintf("%s: the raw %s of %d is not there: %s", x.Identity, x.Action, id.TransactionID, x.Request))
		}
		if x.Action == "StopTransaction" && !st.RealStop {
			faults = append(faults, fmt.Sprintf("%s: the stop of %d is not there", x.Identity, id.TransactionID))
		}
	}
	return faults
}

// What must not be done is refused in words, and nothing is touched: not the backup
// that is there, not a server that runs, not the data of another.
func TestBackupAndRestore_refusals(t *testing.T) {
	onBoth(t, func(t *testing.T, s setting) {
		nowhere := setting{dir: t.TempDir()}
		dir := t.TempDir()
		file := filepath.Join(dir, "b")
		says := func(r result, words ...string) {
			t.Helper()
			if r.code == 0 || r.stdout != "" || strings.Count(r.stderr, "\n") != 1 {
				t.Errorf("exit %d\n%s%s", r.code, r.stdout, r.stderr)
			}
			for _, w := range words {
				if !strings.Contains(r.stderr, w) {
					t.Errorf("%q is not in %q", w, r.stderr)
				}
			}
		}
		says(nowhere.run(t, "backup", "--out", file), "no ccms database")
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%v is left (%v)", left, err)
		}
		s.must(t, "migrate")
		s.must(t, "admin", "create-operator", "A3E")
		srv := s.start(t, "serve", "--addr", "127.0.0.1:0")
		s.must(t, "backup", "--out", file)
		before, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v", st.Mode(), err)
		}
		says(s.run(t, "backup", "--out", file), file+" is there already", "--force")
		if now, err := os.ReadFile(file); err != nil || string(now) != string(before) {
			t.Errorf("the backup was changed (%v)", err)
		}
		s.must(t, "backup", "--out", file, "--force")
		piped := s.run(t, "backup", "--out", "-")
		if piped.code != 0 || !strings.HasPrefix(piped.stdout, "ccms-backup 1\n") || !strings.Contains(piped.stderr, "is not in it") {
			t.Errorf("exit %d: %s", piped.code, piped.stderr)
		}
		out := s.must(t, "restore", file, "--check")
		if !strings.Contains(out, "is whole") || !strings.Contains(out, "by ccms v0-test from") {
			t.Errorf("%s", out)
		}

		says(s.run(t, "restore", file, "--replace"), "othing was changed", "top")
		if status := (caller{base: srv.addr}).do(t, "GET", "/readyz", nil, nil); status != http.StatusOK {
			t.Errorf("the server is not ready after a restore was tried: %d", status)
		}
		if code := srv.term(t); code != 0 {
			t.Errorf("exit %d", code)
		}
		says(s.run(t, "restore", file), "holds data already", "--replace")
		if err := os.WriteFile(filepath.Join(dir, "half"), before[:len(before)/2], 0o600); err != nil {
			t.Fatal(err)
		}
		says(s.run(t, "restore", filepath.Join(dir, "half"), "--replace"), "no whole backup", "othing was changed")
		says(s.run(t, "restore", filepath.Join(dir, "half"), "--check"), "no whole backup")
		other := setting{dir: t.TempDir(), url: s.url}
		if s.url == "" {
			says(other.run(t, "restore", file), "no key file "+filepath.Join(other.dir, "keys"))
		}
		if _, err := store.LoadKeys(filepath.Join(other.dir, "keys"), true); err != nil {
			t.Fatal(err)
		}
		says(other.run(t, "restore", file, "--replace"), "key", "othing was changed")

		s.must(t, "admin", "create-operator", "Another")
		s.must(t, "restore", file, "--replace")
		if r := s.run(t, "admin", "create-staff", "ann", "--operator", "Another", "--role", "op_ops"); r.code == 0 {
			t.Error("what came after the backup is there after the restore")
		}
		s.must(t, "admin", "create-staff", "ann", "--operator", "A3E", "--role", "op_ops")
	})
}

// An upgrade and the way back: a database of an earlier release, upgraded by this
// program, which makes a backup first; that backup restored is the earlier database.
func TestUpgrade_makesABackupThatLeadsBack(t *testing.T) {
	onBoth(t, func(t *testing.T, s setting) {
		s.older(t)
		if s.url != "" {
			r := s.run(t, "migrate")
			if r.code == 0 || !strings.Contains(r.stderr, "--backup FILE") || !strings.Contains(r.stderr, "Nothing was changed") {
				t.Fatalf("exit %d: %s", r.code, r.stderr)
			}
			s.must(t, "migrate", "--backup", filepath.Join(s.dir, "before-schema.backup"))
		} else {
			srv := s.start(t, "serve", "--addr", "127.0.0.1:0")
			if code := srv.term(t); code != 0 || !strings.Contains(srv.stderr.String(), "made a backup before the upgrade") {
				t.Errorf("exit %d\n%s", code, srv.stderr)
			}
		}
		made, err := filepath.Glob(filepath.Join(s.dir, "before-schema*.backup"))
		if err != nil || len(made) != 1 {
			t.Fatalf("%v, %v", made, err)
		}
		if out := s.must(t, "migrate"); out != "The database is up to date.\n" {
			t.Errorf("%q", out)
		}
		if out := s.must(t, "restore", made[0], "--check"); !strings.Contains(out, ", schema 7\n") {
			t.Errorf("%s", out)
		}
		out := s.must(t, "restore", made[0], "--replace")
		if !strings.Contains(out, "The schema was brought from 7 to ") || !strings.Contains(out, "The ledger sums to zero") {
			t.Errorf("%s", out)
		}
	})
}

// A server that runs acknowledges reports that a backup made before the upgrade would
// not hold: nothing is upgraded under it.
func TestUpgrade_isRefusedWhileAServerRuns(t *testing.T) {
	onBoth(t, func(t *testing.T, s setting) {
		s.must(t, "migrate")
		srv := s.start(t, "serve", "--addr", "127.0.0.1:0")
		s.must(t, "migrate") // there is nothing to upgrade
		driver, source := "sqlite", filepath.Join(s.dir, "ccms.db")
		if s.url != "" {
			driver, source = "pgx", s.url
		}
		db, err := sql.Open(driver, source)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		// The server's schema is made one that this program would upgrade.
		if _, err := db.ExecContext(t.Context(), "DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)"); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(s.dir, "b")
		commands := [][]string{{"migrate", "--backup", file}, {"migrate", "--no-backup"}}
		if s.url == "" {
			commands = append(commands, []string{"admin", "create-operator", "A3E"})
		}
		for _, args := range commands {
			r := s.run(t, args...)
			if r.code == 0 || !strings.Contains(r.stderr, "use") || !strings.Contains(strings.ToLower(r.stderr), "stop") || !strings.Contains(r.stderr, "changed") {
				t.Errorf("%v: exit %d: %s", args, r.code, r.stderr)
			}
		}
		if _, err := os.Stat(file); err == nil {
			t.Error("a backup was made")
		}
		if status := (caller{base: srv.addr}).do(t, "GET", "/readyz", nil, nil); status != http.StatusOK {
			t.Errorf("the server is not ready: %d", status)
		}
		if code := srv.term(t); code != 0 {
			t.Errorf("exit %d\n%s", code, srv.stderr)
		}
	})
}

// older makes the database of a release with schema 7: its migrations are still there.
func (s setting) older(t *testing.T) {
	t.Helper()
	driver, source, mine, other, collation, yes := "sqlite", filepath.Join(s.dir, "ccms.db"), "--lite:", "--pg:", "", "1"
	if s.url != "" {
		driver, source, mine, other, collation, yes = "pgx", s.url, "--pg:", "--lite:", `COLLATE "C"`, "true"
	} else if _, err := store.LoadKeys(filepath.Join(s.dir, "keys"), true); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := filepath.Glob("../../internal/store/migrations/0000[1-7]_*.sql")
	if err != nil || len(files) != 7 {
		t.Fatalf("%v, %v", files, err)
	}
	number := "INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now'))"
	if s.url != "" {
		number = "integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp NOT NULL DEFAULT now()"
	}
	texts := []string{"CREATE TABLE goose_db_version (id " + number + ")", "INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, " + yes + ")"}
	for i, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for line := range strings.Lines(string(b)) {
			if !strings.HasPrefix(line, other) {
				text.WriteString(strings.ReplaceAll(strings.TrimPrefix(line, mine), "{{C}}", collation))
			}
		}
		texts = append(texts, text.String(), fmt.Sprintf("INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, %s)", i+1, yes))
	}
	for _, text := range texts {
		if _, err := db.ExecContext(t.Context(), text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}
