package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/store"
	"ccms/internal/store/pgtest"
	"ccms/internal/store/storetest"
)

// parts is what lies in the folder of a database, by the end of its name.
func parts(t *testing.T, path string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(name, path)] = string(b)
	}
	return all
}

// A database is lost and its log is left, as a crash leaves it: SQLite would play it
// back over whatever file has the name.
func TestRestore_keepsALogWhoseDatabaseIsGoneAwayFromTheNewOne(t *testing.T) {
	t.Parallel()
	st := storetest.SQLite(t, nil)
	fill(t, st)
	path := backup(t, st)
	want := dump(t, st.URL(), "facts.xid", "audit.xid")

	url := storetest.SQLiteURL(t)
	old := reopen(t, url, st.Master())
	fill(t, old, 9)
	log, err := os.ReadFile(url + "-wal") // of a server that is killed now
	if err != nil || len(log) < 10_000 {
		t.Fatalf("%d bytes, %v", len(log), err)
	}
	old.Close()
	left := map[string][]byte{"-wal": log, "-journal": []byte("a journal")}
	if err := os.Remove(url); err != nil {
		t.Fatal(err)
	}
	for end, b := range left {
		if err := os.WriteFile(url+end, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	done, err := store.Restore(t.Context(), store.Options{URL: url, Keys: st.Master(), Log: quiet}, path, false)
	if err != nil {
		t.Fatal(err)
	}
	got := dump(t, url, "facts.xid", "audit.xid")
	for table, rows := range want {
		if table != "restores" && !slices.Equal(rows, got[table]) {
			t.Errorf("%s is not what it was in the backup", table)
		}
	}
	reopen(t, url, st.Master())
	if done.Kept != "" || len(done.KeptLogs) != len(left) {
		t.Fatalf("kept %q and %q", done.Kept, done.KeptLogs)
	}
	for end, b := range left {
		i := slices.IndexFunc(done.KeptLogs, func(name string) bool { return strings.HasSuffix(name, end) })
		if now, err := os.ReadFile(done.KeptLogs[max(0, i)]); err != nil || string(now) != string(b) {
			t.Errorf("%s is not kept: %v", end, err)
		}
	}
}

// Another program's lock and a log that takes too long say nothing against the
// database: it stays as it is, with its log.
func TestRestore_touchesNothingWhereTheFormerDatabaseIsBusy(t *testing.T) {
	t.Parallel()
	st := storetest.SQLite(t, nil)
	fill(t, st)
	path := backup(t, st)
	url := storetest.SQLiteURL(t)
	old := reopen(t, url, st.Master())
	fill(t, old)
	log := parts(t, url)["-wal"]
	old.Close()
	o := store.Options{URL: url, Keys: st.Master(), Log: quiet}

	db, err := sql.Open("sqlite", "file:"+url+"?_pragma=locking_mode(EXCLUSIVE)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE somebodys (n INTEGER)"); err != nil {
		t.Fatal(err)
	}
	before := parts(t, url)
	if before["-wal"] == "" {
		t.Fatal("there is no log")
	}
	_, err = store.Restore(t.Context(), o, path, true)
	refused(t, err, "in_use", url, "Nothing was changed")
	if now := parts(t, url); !same(now, before) {
		t.Errorf("it was changed: %v, before %v", names(now), names(before))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(url+"-wal", []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	before = parts(t, url)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	refused(t, store.KeepFormer(ctx, url, url+".kept"), "in_use", url, "Nothing was changed")
	now := parts(t, url)
	if _, there := now[".kept"]; there || now[""] != before[""] {
		t.Errorf("it was changed: %v, before %v", names(now), names(before))
	}
}

func same(a, b map[string]string) bool {
	if !slices.Equal(names(a), names(b)) {
		return false
	}
	for end := range a {
		if end != "-shm" && a[end] != b[end] { // that one has the locks
			return false
		}
	}
	return true
}

func names(m map[string]string) (all []string) {
	for end := range m {
		all = append(all, end)
	}
	slices.Sort(all)
	return all
}

// If the former database cannot be kept, all its parts have their names again; if it
// can, then all of them, though nobody can read it.
func TestRestore_putsTheFormerDatabaseBackIfItCannotKeepIt(t *testing.T) {
	t.Parallel()
	st := storetest.SQLite(t, nil)
	fill(t, st)
	path := backup(t, st)
	url := storetest.SQLiteURL(t)
	now := time.Now()
	kept := url + ".before-restore-" + now.UTC().Format("20060102T150405Z")
	for _, name := range []string{url, url + "-wal", url + "-shm", kept + "-shm"} { // no database, and a name that is taken
		if err := os.WriteFile(name, []byte(strings.Repeat(filepath.Base(name), 2000)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := parts(t, url)
	o := store.Options{URL: url, Keys: st.Master(), Log: quiet, Now: func() time.Time { return now }}
	if _, err := store.Restore(t.Context(), o, path, true); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("%v", err)
	}
	if after := parts(t, url); !same(after, before) {
		t.Errorf("it was changed: %q, before %q", names(after), names(before))
	}
	if err := os.Remove(kept + "-shm"); err != nil {
		t.Fatal(err)
	}
	done, err := store.Restore(t.Context(), o, path, true)
	if err != nil || done.Kept != kept || !slices.Equal(done.KeptLogs, []string{kept + "-wal", kept + "-shm"}) {
		t.Fatalf("kept %q and %q, %v", done.Kept, done.KeptLogs, err)
	}
	after := parts(t, kept)
	for _, end := range []string{"", "-wal", "-shm"} {
		if after[end] != before[end] {
			t.Errorf("what is kept as %q is not what there was", end)
		}
	}
}

// What others keep in the database beside ccms stays, and what fails after the restore
// is done is told, but is no failure of the restore.
func TestRestore_leavesOthersFunctionsAlone(t *testing.T) {
	t.Parallel()
	st := storetest.SQLite(t, nil)
	fill(t, st)
	path := backup(t, st)
	var told strings.Builder
	o := store.Options{URL: pgtest.URL(t), Keys: st.Master(), Log: slog.New(slog.NewTextHandler(&told, nil))}
	if err := store.Migrate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if err := store.Exec(t.Context(), o,
		"CREATE FUNCTION somebodys() RETURNS integer LANGUAGE sql AS 'SELECT 7'",
		"CREATE PROCEDURE somebodys_too() LANGUAGE sql AS 'SELECT 7'",
		// A table in another schema that cannot be analyzed.
		"CREATE SCHEMA other",
		"CREATE FUNCTION other.same(n integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN n; END'",
		"CREATE TABLE other.rows AS SELECT generate_series(1, 10) AS n",
		"CREATE INDEX ON other.rows (other.same(n))",
		"CREATE OR REPLACE FUNCTION other.same(n integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RAISE ''cannot be analyzed''; END'",
	); err != nil {
		t.Fatal(err)
	}
	done, err := store.Restore(t.Context(), o, path, true)
	if err != nil || done.Schema != store.WantVersion() {
		t.Fatalf("%+v, %v", done, err)
	}
	if !strings.Contains(told.String(), "the backup is restored, but ANALYZE failed") || !strings.Contains(told.String(), "cannot be analyzed") {
		t.Errorf("it said %s", told.String())
	}
	if err := store.Exec(t.Context(), o, "SELECT somebodys()", "CALL somebodys_too()"); err != nil {
		t.Error(err)
	}
	if n := len(dump(t, o.URL)["facts"]); n != 15 {
		t.Errorf("%d facts", n)
	}
}

// The time in a backup is a promise: what was committed before is in it.
func TestBackup_holdsWhatWasCommittedBeforeItsTime(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		var once sync.Once
		o := store.Options{URL: st.URL(), Keys: st.Master(), Now: func() time.Time {
			once.Do(func() {
				write(t, st, authz.ForSystem(newOperator(), "test"), func(tx *store.Tx) error {
					return tx.Record(fact.Fact{Kind: "x.happened", Version: 1, Object: "at the last moment"})
				})
			})
			return time.Now()
		}}
		var b strings.Builder
		info, err := store.Backup(t.Context(), o, &b, "v-test")
		if err != nil || info.Rows["facts"] != 1 {
			t.Error(fmt.Sprint(info.Rows["facts"]), "facts,", err)
		}
	})
}
