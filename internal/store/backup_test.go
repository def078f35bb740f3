package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/store"
	"ccms/internal/store/pgtest"
	"ccms/internal/store/storetest"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// target is a database that a backup goes into.
type target struct {
	name  string
	fresh func(t *testing.T) string // an empty one
}

var targets = []target{
	{"SQLite", func(t *testing.T) string { return filepath.Join(t.TempDir(), "ccms.db") }},
	{"PostgreSQL", func(t *testing.T) string { return pgtest.URL(t) }},
}

// backup makes a backup of a store's database.
func backup(t *testing.T, st *store.Store) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := store.Backup(t.Context(), store.Options{URL: st.URL(), Keys: st.Master()}, f, "v-test")
	if err != nil {
		t.Fatal(err)
	}
	read, err := store.ReadBackup(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Total() != read.Total() || read.Program != "v-test" || read.Schema != store.WantVersion() || time.Since(read.TakenAt) > time.Hour || read.Bytes != info.Bytes {
		t.Errorf("made %+v, read %+v", info, read)
	}
	return path
}

func dump(t *testing.T, url string, left ...string) map[string][]string {
	t.Helper()
	d, err := store.Dump(t.Context(), store.Options{URL: url}, left...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// reopen opens a store on a restored database.
func reopen(t *testing.T, url string, keys *store.Keys) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{URL: url, Keys: keys, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	return st
}

// eachWay runs f from each engine into each.
func eachWay(t *testing.T, f func(t *testing.T, st *store.Store, to target)) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		for _, to := range targets {
			t.Run("into "+to.name, func(t *testing.T) { f(t, st, to) })
		}
	})
}

// What is hard to carry over: no bytes against null, the ends of numbers, signs of all
// planes, keys and what is sealed with them.
func fill(t *testing.T, st *store.Store, more ...byte) (op ident.Operator, sealed store.Sealed) {
	t.Helper()
	for i := range 3 {
		op = newOperator()
		write(t, st, authz.ForSystem(op, "test"), func(tx *store.Tx) error {
			var err error
			if sealed, err = tx.SealText(op, "x.y", "Anna Ørsted 🚗"); err != nil {
				return err
			}
			none := ident.SubOperator{}
			for n, v := range []int64{-1 << 63, 1<<63 - 1, 0, -1} {
				if err := tx.Add("test_own", append(more, byte(i), byte(n), 0, 255), op, none, v); err != nil {
					return err
				}
			}
			if err := tx.AddChild(append(more, byte(i)), op, append(more, byte(i), 0, 0, 255)); err != nil {
				return err
			}
			for n := range 5 {
				if err := tx.Record(fact.Fact{Kind: "x.happened", Version: 1, Object: fmt.Sprint(i, n), Payload: map[string]string{"π": "\u2028\"'\\"}}); err != nil {
					return err
				}
				if err := tx.Later(fact.Job{Kind: "x", Args: []int{n}}); err != nil {
					return err
				}
				if err := tx.Audit("x.done", "o", nil, map[string]int{"n": n}); err != nil {
					return err
				}
			}
			_, err = tx.NextTest()
			return err
		})
	}
	write(t, st, authz.ForSystem(op, "test"), func(tx *store.Tx) error {
		return tx.Add("test_own", append([]byte{}, more...), op, ident.SubOperator{}, 7)
	})
	return op, sealed
}

func TestBackup_carriesEveryRowToEitherEngine(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op, sealed := fill(t, st)
		moved := []string{"facts.xid", "audit.xid"}
		want := dump(t, st.URL(), moved...)
		path := backup(t, st)
		_, err := store.Backup(t.Context(), store.Options{URL: st.URL(), Keys: store.RandomKeys()}, io.Discard, "")
		refused(t, err, "wrong_key_file", "random")
		for _, to := range targets {
			t.Run("into "+to.name, func(t *testing.T) {
				url := to.fresh(t)
				done, err := store.Restore(t.Context(), store.Options{URL: url, Keys: st.Master(), Log: quiet}, path, false)
				if err != nil {
					t.Fatal(err)
				}
				if done.Schema != store.WantVersion() || done.Kept != "" {
					t.Errorf("%+v", done)
				}
				got := dump(t, url, moved...)
				for table, rows := range want {
					if table != "restores" && !slices.Equal(rows, got[table]) {
						t.Errorf("%s was\n%s\nand is\n%s", table, strings.Join(rows, "\n"), strings.Join(got[table], "\n"))
					}
					if int64(len(rows)) != done.Backup.Rows[table] {
						t.Errorf("%s has %d rows, the backup says %d", table, len(rows), done.Backup.Rows[table])
					}
				}
				if len(got["restores"]) != 1 { // the one row that is new: which numbers were lost
					t.Errorf("restores: %v", got["restores"])
				}
				if len(got) != len(want) || len(want["facts"]) != 15 || len(want["test_children"]) != 3 || len(want["operator_keys"]) != 3 {
					t.Errorf("%d tables of %d", len(got), len(want))
				}
				again := reopen(t, url, st.Master())
				err = again.Read(t.Context(), authz.ForSystem(op, "test"), func(tx *store.Tx) error {
					plain, err := tx.OpenText(op, "x.y", sealed)
					if plain != "Anna Ørsted 🚗" {
						t.Errorf("opened as %q", plain)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
				// The database numbers on where it was, and takes new rows of every kind.
				fill(t, again, 1)
			})
		}
	})
}

// A schema that a restore makes is the one that migrations make one by one.
func TestRestore_makesTheSchemaThatMigrateMakes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		path := backup(t, st)
		to := targets[0]
		if st.IsPostgres() {
			to = targets[1]
		}
		url := to.fresh(t)
		if _, err := store.Restore(t.Context(), store.Options{URL: url, Keys: st.Master(), Log: quiet}, path, false); err != nil {
			t.Fatal(err)
		}
		want, err := store.Objects(t.Context(), store.Options{URL: st.URL()})
		if err != nil {
			t.Fatal(err)
		}
		check := func(when string) {
			got, err := store.Objects(t.Context(), store.Options{URL: url})
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range want {
				if !slices.Contains(got, o) {
					t.Errorf("%s: missing %s", when, o)
				}
			}
			for _, o := range got {
				if !slices.Contains(want, o) {
					t.Errorf("%s: more than there should be: %s", when, o)
				}
			}
		}
		check("restored")
		if err := store.Migrate(t.Context(), store.Options{URL: url, Log: quiet}); err != nil {
			t.Fatal(err)
		}
		check("migrated after it")
	})
}

// On PostgreSQL the order of facts is (xid, id). Another database counts its own
// transactions from somewhere else: nothing may be lost, skipped or delivered twice.
func TestRestore_deliversEachFactOnceInItsOrder(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, st *store.Store, to target) {
		o := store.Options{URL: st.URL(), Keys: st.Master()}
		system := ""
		if st.IsPostgres() {
			system = "OVERRIDING SYSTEM VALUE "
		}
		// (xid, id, object): ids that were given in another order than that of commits,
		// by a server that has counted far.
		rows := [][3]any{{9_000_000_000, 1, "d"}, {7_000_000_000, 2, "a"}, {7_000_000_000, 3, "b"}, {8_000_000_000, 5, "c"}, {9_000_000_001, 4, "e"}}
		if !st.IsPostgres() {
			rows = [][3]any{{0, 1, "a"}, {0, 2, "b"}, {0, 5, "c"}, {0, 8, "d"}, {0, 9, "e"}}
		}
		zeros := "CAST('0000000000000000' AS BYTEA)"
		texts := []string{"DELETE FROM facts", "DELETE FROM cursors", "DELETE FROM jobs"}
		for _, r := range rows {
			texts = append(texts, fmt.Sprintf(`INSERT INTO facts (id, xid, operator_id, sub_operator_id, kind, version, object, at, recorded_at, payload)
				`+system+`VALUES (%d, %d, %s, %s, 'x.happened', 1, '%s', 1, 1, '{}')`, r[1], r[0], zeros, zeros, r[2]))
		}
		if !st.IsPostgres() {
			for i := range texts {
				texts[i] = strings.ReplaceAll(texts[i], zeros, "zeroblob(16)")
			}
		}
		for name, behind := range map[string]int{"all": -1, "some": 1, "most": 3, "none": 4} {
			xid, id := any(0), any(0)
			if behind >= 0 {
				xid, id = rows[indexOf(rows, string(rune('a'+behind)))][0], rows[indexOf(rows, string(rune('a'+behind)))][1]
			}
			texts = append(texts, fmt.Sprintf(`INSERT INTO cursors (name, xid, id, owner, until) VALUES ('%s', %d, %d, 'dead', 9000000000000000000)`, name, xid, id))
		}
		if err := store.Exec(t.Context(), o, texts...); err != nil {
			t.Fatal(err)
		}
		claim := func(st *store.Store, owner string) (mine []store.Job) {
			write(t, st, authz.Everything("test"), func(tx *store.Tx) (err error) {
				mine, err = tx.ClaimJobs(owner, []string{"x"}, tx.Now().Add(time.Hour), 10)
				return err
			})
			return mine
		}
		write(t, st, authz.ForSystem(newOperator(), "test"), func(tx *store.Tx) error { return tx.Later(fact.Job{Kind: "x", Args: 1}) })
		if got := claim(st, "dead"); len(got) != 1 {
			t.Fatalf("%d jobs", len(got))
		}
		url := to.fresh(t)
		if _, err := store.Restore(t.Context(), store.Options{URL: url, Keys: st.Master(), Log: quiet}, backup(t, st), false); err != nil {
			t.Fatal(err)
		}
		again := reopen(t, url, st.Master())
		if got := claim(again, "me"); len(got) != 1 {
			t.Errorf("%d jobs of a dead server are run again, want 1", len(got))
		}
		write(t, again, authz.ForSystem(newOperator(), "test"), func(tx *store.Tx) error {
			return tx.Record(fact.Fact{Kind: "x.happened", Version: 1, Object: "f"})
		})
		for name, want := range map[string]string{"all": "abcdef", "some": "cdef", "most": "ef", "none": "f", "new": "abcdef"} {
			got := ""
			until(t, "the delivery to "+name, func() bool { // PostgreSQL may hold the last one back for others' sake
				write(t, again, authz.Everything("test"), func(tx *store.Tx) error {
					at, mine, err := tx.LeaseCursor(name, "me", tx.Now().Add(time.Hour))
					if err != nil || !mine {
						return fmt.Errorf("the lease of a dead server lives on (%v)", err)
					}
					facts, err := tx.FactsAfter(at, 100)
					for _, f := range facts {
						got += f.Object
						if err := tx.MoveCursor(name, "me", at, f.Position, tx.Now().Add(time.Hour)); err != nil {
							return err
						}
						at = f.Position
					}
					return err
				})
				return len(got) >= len(want)
			})
			if got != want {
				t.Errorf("%s got %q, want %q", name, got, want)
			}
		}
	})
}

func indexOf(rows [][3]any, object string) int {
	return slices.IndexFunc(rows, func(r [3]any) bool { return r[2] == object })
}

// A number that was given after the backup is known outside: it is not given again,
// neither after one restore nor after a second one of the same backup.
func TestRestore_givesNoNumberTwice(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, st *store.Store, to target) {
		next := func(st *store.Store) (n int64) {
			write(t, st, authz.Everything("test"), func(tx *store.Tx) (err error) {
				n, err = tx.NextTest()
				return err
			})
			return n
		}
		last := next(st)
		path := backup(t, st)
		after := next(st)
		for _, later := range []time.Duration{0, 100 * time.Hour} {
			url := to.fresh(t)
			o := store.Options{URL: url, Keys: st.Master(), Log: quiet, Now: func() time.Time { return time.Now().Add(later) }}
			done, err := store.Restore(t.Context(), o, path, false)
			if err != nil {
				t.Fatal(err)
			}
			got := next(reopen(t, url, st.Master()))
			if least := last + store.Leap(later); got <= least || got <= after || got > least+1000 || done.Sequences["test_numbers"] != got-1 {
				t.Errorf("%s later %d was given after %d and %d; said to be %d", later, got, last, after, done.Sequences["test_numbers"]+1)
			}
			after = got + 30_000 // what the restored one has given until it was lost too
		}
	})
}

// whole says that nothing of a database was changed.
func whole(t *testing.T, url string) (check func()) {
	t.Helper()
	state := func() string {
		if strings.HasPrefix(url, "postgres") {
			objects, err := store.Objects(t.Context(), store.Options{URL: url})
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(dump(t, url), objects)
		}
		var all []byte
		entries, err := os.ReadDir(filepath.Dir(url))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			b, err := os.ReadFile(filepath.Join(filepath.Dir(url), e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			all = fmt.Appendf(all, "%s %x\n", e.Name(), sha256.Sum256(b))
		}
		return string(all)
	}
	before := state()
	return func() {
		t.Helper()
		if now := state(); now != before {
			t.Errorf("the database was changed")
		}
	}
}

func refused(t *testing.T, err error, code string, words ...string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	for _, w := range words {
		if !strings.Contains(f.Detail, w) {
			t.Errorf("%q does not say %q", f.Detail, w)
		}
	}
}

// Whatever byte is damaged, and wherever the file ends early: it is refused, and the
// database it should have gone into is as it was.
func TestRestore_refusesADamagedBackup(t *testing.T) {
	t.Parallel()
	st := storetest.SQLite(t, nil)
	fill(t, st)
	path := backup(t, st)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	url := storetest.SQLiteURL(t)
	untouched := whole(t, url)
	bad := filepath.Join(t.TempDir(), "bad")
	try := func(what string, b []byte) {
		if err := os.WriteFile(bad, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := store.Restore(t.Context(), store.Options{URL: url, Keys: st.Master(), Log: quiet}, bad, true)
		if f := (*fault.Error)(nil); !errors.As(err, &f) || !strings.Contains(f.Detail, "othing was changed") {
			t.Errorf("%s: %v", what, err)
		}
	}
	step := max(1, len(good)/400)
	for i := 0; i < len(good); i += step {
		b := bytes.Clone(good)
		b[i] ^= 0x10
		try(fmt.Sprintf("byte %d of %d", i, len(good)), b)
		try(fmt.Sprintf("cut at %d of %d", i, len(good)), good[:i])
	}
	for i := len(good) - 100; i < len(good); i++ { // the end is what tells the rest
		b := bytes.Clone(good)
		b[i] ^= 0x01
		try(fmt.Sprintf("byte %d of %d", i, len(good)), b)
		try(fmt.Sprintf("cut at %d of %d", i, len(good)), good[:i])
	}
	try("with something behind it", append(bytes.Clone(good), "x\n"...))
	untouched()
}

func TestRestore_refusesWhatItCannotRestore(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		to := targets[0]
		if st.IsPostgres() {
			to = targets[1]
		}
		fill(t, st)
		path := backup(t, st)
		url := to.fresh(t)
		o := store.Options{URL: url, Keys: st.Master(), Log: quiet}
		if _, err := store.Restore(t.Context(), o, path, false); err != nil {
			t.Fatal(err)
		}
		untouched := whole(t, url)
		bad := filepath.Join(t.TempDir(), "bad")
		forged := func(change func(*store.BackupInfo)) string {
			if err := store.Forge(path, bad, change); err != nil {
				t.Fatal(err)
			}
			return bad
		}
		restore := func(from string, keys *store.Keys, replace bool) error {
			_, err := store.Restore(t.Context(), store.Options{URL: url, Keys: keys, Log: quiet}, from, replace)
			return err
		}
		refused(t, restore(path, st.Master(), false), "holds_data", "--replace")
		refused(t, restore(filepath.Join(t.TempDir(), "nothing"), st.Master(), true), "no_backup")
		refused(t, restore(t.TempDir(), st.Master(), true), "backup_not_a_file")
		refused(t, restore(forged(func(i *store.BackupInfo) { i.Schema = store.WantVersion() + 1 }), st.Master(), true), "newer_backup",
			fmt.Sprint(store.WantVersion()+1), fmt.Sprint(store.WantVersion()), "v-test")
		refused(t, restore(forged(func(i *store.BackupInfo) { i.Tables = i.Tables[1:] }), st.Master(), true), "other_tables")
		refused(t, restore(forged(func(i *store.BackupInfo) { i.Tables[0].Columns[0] += "x" }), st.Master(), true), "other_tables")
		refused(t, restore(forged(func(i *store.BackupInfo) { i.KeyIDs = []string{"m1234"} }), st.Master(), true), "wrong_key_file", "m1234", "random")
		// Keys of the same name, but not the same keys; told by the first key, and then by
		// the operators' keys that they do not open.
		refused(t, restore(path, store.RandomKeys(), true), "wrong_key_file")
		other := store.RandomKeys()
		refused(t, restore(forged(func(i *store.BackupInfo) { i.KeyCheck = other.Check() }), other, true), "wrong_key_file", "random")

		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(bad, bytes.Replace(b, []byte("ccms-backup 1\n"), []byte("ccms-backup 2\n"), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, restore(bad, st.Master(), true), "backup_format", "2", "1")
		if err := os.WriteFile(bad, []byte("SQLite format 3\x00 and so on\n\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, restore(bad, st.Master(), true), "not_a_backup")

		// A row is changed in a way that its sum says is right: found when all else is
		// loaded already, and taken back.
		if err := store.ForgeRows(path, bad, func(rows []byte) []byte {
			return bytes.Replace(rows, []byte("x.happened"), []byte("x.\xff\xfeppened"), 1)
		}); err != nil {
			t.Fatal(err)
		}
		if to.name == "PostgreSQL" {
			if err := restore(bad, st.Master(), true); err == nil {
				t.Error("text that is none was restored")
			}
		}
		if err := store.ForgeRows(path, bad, func(rows []byte) []byte { return rows[:len(rows)/2] }); err != nil {
			t.Fatal(err)
		}
		refused(t, restore(bad, st.Master(), true), "backup_damaged")
		untouched()
	})
}

func TestRestore_keepsTheFormerSQLiteDatabase(t *testing.T) {
	t.Parallel()
	st := storetest.SQLite(t, nil)
	fill(t, st)
	path := backup(t, st)
	url := storetest.SQLiteURL(t)
	old := reopen(t, url, st.Master())
	fill(t, old)
	want := dump(t, url)
	o := store.Options{URL: url, Keys: st.Master(), Log: quiet}
	_, err := store.Restore(t.Context(), o, path, true)
	refused(t, err, "in_use", url)
	if got := dump(t, url); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Error("a database in use was changed")
	}
	old.Close()
	done, err := store.Restore(t.Context(), o, path, true)
	if err != nil {
		t.Fatal(err)
	}
	if got := dump(t, done.Kept); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Error("what is kept is not what there was")
	}
	if got := dump(t, url); len(got["facts"]) != 15 {
		t.Errorf("%d facts", len(got["facts"]))
	}
	// A file that is no database any more is replaced too, with its log.
	for _, end := range []string{"", "-wal"} {
		if err := os.WriteFile(url+end, bytes.Repeat([]byte("rubbish "), 1000), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o.Now = func() time.Time { return time.Now().Add(time.Hour) } // what is kept gets another name
	if done, err = store.Restore(t.Context(), o, path, true); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(done.Kept); err != nil || !bytes.HasPrefix(b, []byte("rubbish")) {
		t.Errorf("what was there is not kept: %v", err)
	}
	reopen(t, url, st.Master())
}

func TestRestore_refusesAPostgresThatIsInUseOrNotOurs(t *testing.T) {
	t.Parallel()
	st := storetest.Postgres(t, nil)
	fill(t, st)
	path := backup(t, st)
	o := store.Options{URL: st.URL(), Keys: st.Master(), Log: quiet}
	before := dump(t, st.URL())
	_, err := store.Restore(t.Context(), o, path, true)
	refused(t, err, "in_use", "ccms (pid ", "Stop all servers")
	if fmt.Sprint(dump(t, st.URL())) != fmt.Sprint(before) {
		t.Error("it was changed")
	}
	url := pgtest.URL(t)
	o.URL = url
	if err := store.Exec(t.Context(), o, "CREATE TABLE somebodys (n BIGINT)"); err != nil {
		t.Fatal(err)
	}
	_, err = store.Restore(t.Context(), o, path, true)
	refused(t, err, "not_ours", "somebodys")
	if err := store.Exec(t.Context(), o, "SELECT * FROM somebodys"); err != nil {
		t.Error(err)
	}
}

// A program that is older than the database leaves it alone: it neither migrates, nor
// opens, nor copies what it does not know.
func TestAnOlderProgramLeavesANewerDatabaseAlone(t *testing.T) {
	t.Parallel()
	for _, to := range targets {
		t.Run(to.name, func(t *testing.T) {
			t.Parallel()
			o := store.Options{URL: to.fresh(t), Keys: store.RandomKeys(), Log: quiet}
			if have, want, err := store.SchemaVersions(t.Context(), o); have != 0 || want != store.WantVersion() || err != nil {
				t.Errorf("%d, %d, %v", have, want, err)
			}
			if err := store.Migrate(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			newer := store.WantVersion() + 1
			texts := []string{fmt.Sprintf("INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, true)", newer)}
			if to.name == "PostgreSQL" {
				texts = append(texts, "COMMENT ON TABLE goose_db_version IS 'policies of a newer one'")
			}
			if err := store.Exec(t.Context(), o, texts...); err != nil {
				t.Fatal(err)
			}
			untouched, err := store.Objects(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			words := []string{fmt.Sprint(newer), fmt.Sprint(store.WantVersion()), "restore the backup"}
			refused(t, store.Migrate(t.Context(), o), "newer_schema", words...)
			_, err = store.Open(t.Context(), o)
			refused(t, err, "newer_schema", words...)
			_, err = store.Backup(t.Context(), o, io.Discard, "")
			refused(t, err, "newer_schema", words...)
			if now, err := store.Objects(t.Context(), o); err != nil || !slices.Equal(now, untouched) {
				t.Errorf("it was changed: %v", err)
			}
			if have, _, err := store.SchemaVersions(t.Context(), o); have != newer || err != nil {
				t.Errorf("%d, %v", have, err)
			}
		})
	}
}

// The way back from an upgrade: the older program puts its backup in the place of a
// database with tables that it has never heard of.
func TestRestore_leadsBackFromANewerSchema(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		fill(t, st)
		want := dump(t, st.URL(), "facts.xid", "audit.xid")
		path := backup(t, st)
		st.Close()
		o := store.Options{URL: st.URL(), Keys: st.Master(), Log: quiet}
		texts := []string{
			"CREATE TABLE later_things (id BIGINT NOT NULL PRIMARY KEY)",
			"INSERT INTO later_things (id) VALUES (1)",
			"ALTER TABLE test_own ADD COLUMN later BIGINT NOT NULL DEFAULT 7",
			fmt.Sprintf("INSERT INTO goose_db_version (version_id, is_applied) VALUES (%d, true)", store.WantVersion()+1),
		}
		if st.IsPostgres() {
			texts = append(texts, "ALTER TABLE later_things ENABLE ROW LEVEL SECURITY", "CREATE POLICY ccms_read ON later_things FOR SELECT USING (true)",
				"CREATE SEQUENCE seq_later")
		}
		if err := store.Exec(t.Context(), o, texts...); err != nil {
			t.Fatal(err)
		}
		_, err := store.Restore(t.Context(), o, path, false)
		refused(t, err, "holds_data")
		if _, err := store.Restore(t.Context(), o, path, true); err != nil {
			t.Fatal(err)
		}
		got := dump(t, st.URL(), "facts.xid", "audit.xid")
		for table, rows := range want {
			if table != "restores" && !slices.Equal(rows, got[table]) {
				t.Errorf("%s is not what it was", table)
			}
		}
		reopen(t, st.URL(), st.Master())
		if err := store.Exec(t.Context(), o, "SELECT * FROM later_things"); err == nil {
			t.Error("a table of the newer schema is still there")
		}
	})
}

func TestBackup_needsADatabase(t *testing.T) {
	t.Parallel()
	for _, to := range targets {
		t.Run(to.name, func(t *testing.T) {
			t.Parallel()
			url := to.fresh(t)
			_, err := store.Backup(context.Background(), store.Options{URL: url, Keys: store.RandomKeys()}, io.Discard, "")
			refused(t, err, "no_database")
			if _, err := os.Stat(url); err == nil {
				t.Error("a database was made")
			}
		})
	}
}
