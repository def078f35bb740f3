package store_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ccms/internal/authz"
	"ccms/internal/store"
)

// A database of any schema there ever was, with data in it, comes to this program's in
// place: every row is still there under its id, and the books say what they said.
func TestMigrate_bringsEverySchemaWithItsDataUpToDate(t *testing.T) {
	t.Parallel()
	dumps, err := filepath.Glob("testdata/releases/schema-*.backup")
	if err != nil || len(dumps) == 0 {
		t.Fatalf("no dump of a release: %v", err)
	}
	for _, path := range dumps {
		info, err := store.ReadBackup(path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(strings.TrimSuffix(path, "backup") + "keys")
		if err != nil {
			t.Fatal(err)
		}
		keys, err := store.ParseKeys(string(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range targets {
			t.Run(filepath.Base(path)+" on "+to.name, func(t *testing.T) {
				t.Parallel()
				for _, v := range from(info.Schema) {
					o := store.Options{URL: to.fresh(t), Keys: keys, Log: quiet}
					if err := store.BuildAt(t.Context(), o, path, v); err != nil {
						t.Fatalf("making schema %d: %v", v, err)
					}
					upgraded(t, o, info, v)
				}
			})
		}
	}
}

// from are the schemas that are begun with: the oldest, that of the dump, the newest, which
// nobody has upgraded from yet, and some between, for each takes a second or two; all of
// them with CCMS_LONG=1. A migration that fails on data fails from any before it.
func from(dump int64) []int64 {
	all := store.Versions()
	if os.Getenv("CCMS_LONG") != "" {
		return all
	}
	var some []int64
	for i, v := range all {
		if i == 0 || v == dump || i%20 == 0 || i >= len(all)-4 {
			some = append(some, v)
		}
	}
	return some
}

func upgraded(t *testing.T, o store.Options, info store.BackupInfo, v int64) {
	if have, _, err := store.SchemaVersions(t.Context(), o); have != v || err != nil {
		t.Fatalf("schema %d, %v, instead of %d", have, err, v)
	}
	before := dump(t, o.URL)
	if err := store.Migrate(t.Context(), o); err != nil {
		t.Fatalf("from schema %d: %v", v, err)
	}
	after := dump(t, o.URL)
	full := 0
	for table, rows := range before {
		now, still := after[table]
		if !still {
			t.Logf("from schema %d: %s is gone, with %d rows", v, table, len(rows))
			continue
		}
		if len(rows) > 0 {
			full++
		}
		if a, b := idsOf(rows), idsOf(now); len(rows) != len(now) || !slices.Equal(a, b) {
			t.Errorf("from schema %d: %s had %d rows and has %d, or others", v, table, len(rows), len(now))
		}
	}
	if v >= info.Schema && full < 20 {
		t.Errorf("from schema %d: only %d tables had rows: the test shows little", v, full)
	}
	st, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("from schema %d: %v", v, err)
	}
	defer st.Close()
	err = st.Read(t.Context(), authz.Everything("test"), func(tx *store.Tx) error {
		sums, err := tx.BookSums()
		if err != nil {
			return err
		}
		total := int64(0)
		for _, s := range sums {
			total += s.Sum.Minor
		}
		drifts, err := tx.Drifts()
		if total != 0 || len(drifts) > 0 || v >= info.Schema && len(sums) < 3 {
			t.Errorf("from schema %d: the books come to %d, %v, %d wallets differ", v, total, sums, len(drifts))
		}
		return err
	})
	if err != nil {
		t.Errorf("from schema %d: %v", v, err)
	}
}

// idsOf picks the ids out of a table's rows.
func idsOf(rows []string) (ids []string) {
	for _, r := range rows {
		for _, column := range strings.Split(r, " ") {
			if strings.HasPrefix(column, "id=") {
				ids = append(ids, column)
			}
		}
	}
	slices.Sort(ids)
	return ids
}
