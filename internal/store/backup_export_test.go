package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
)

// Dump is every row of every table as text, sorted, by table. left are columns that
// are left out, "facts.xid".
func Dump(ctx context.Context, o Options, left ...string) (map[string][]string, error) {
	c, err := openToCopy(ctx, o)
	if err != nil {
		return nil, err
	}
	defer c.close()
	b := &copier{ctx: ctx, c: c}
	version, err := b.version()
	if err != nil {
		return nil, err
	}
	l, err := layoutAt(ctx, version)
	if err != nil {
		return nil, err
	}
	all := map[string][]string{}
	for _, t := range l {
		rows := []string{}
		err := b.each(`SELECT "`+strings.Join(t.names(), `", "`)+`" FROM `+t.name, func(cells []cell) error {
			var row []string
			for i, c := range cells {
				v, err := t.columns[i].kind.fits(c)
				if err != nil {
					return err
				}
				if !slices.Contains(left, t.name+"."+t.columns[i].name) {
					row = append(row, fmt.Sprintf("%s=%T:%q", t.columns[i].name, v, fmt.Sprint(v)))
				}
			}
			rows = append(rows, strings.Join(row, " "))
			return nil
		})
		if err != nil {
			return nil, err
		}
		slices.Sort(rows)
		all[t.name] = rows
	}
	return all, nil
}

// Forge writes a backup again with another head, whole by its sum.
func Forge(from, to string, change func(*BackupInfo)) error {
	return forge(from, to, func(head []byte) ([]byte, error) {
		var info BackupInfo
		if err := json.Unmarshal(head, &info); err != nil {
			return nil, err
		}
		change(&info)
		return json.Marshal(info)
	})
}

func forge(from, to string, change func(head []byte) ([]byte, error)) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	parts := bytes.SplitN(b, []byte("\n"), 3)
	last := bytes.LastIndexByte(b[:len(b)-1], '\n')
	var end backupEnd
	if err := json.Unmarshal(b[last+1:], &end); err != nil {
		return err
	}
	head, err := change(parts[1])
	if err != nil {
		return err
	}
	rows := b[len(parts[0])+len(parts[1])+2 : last]
	out := slices.Concat(parts[0], []byte("\n"), head, []byte("\n"), rows)
	sum := sha256.Sum256(out)
	end.SHA256 = hex.EncodeToString(sum[:])
	line, err := json.Marshal(end)
	if err != nil {
		return err
	}
	return os.WriteFile(to, slices.Concat(out, []byte("\n"), line, []byte("\n")), 0o600)
}

// ForgeRows is Forge for the rows as they stand unpacked in the file.
func ForgeRows(from, to string, change func([]byte) []byte) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	parts := bytes.SplitN(b, []byte("\n"), 3)
	last := bytes.LastIndexByte(b[:len(b)-1], '\n')
	gz, err := gzip.NewReader(bytes.NewReader(b[len(parts[0])+len(parts[1])+2 : last]))
	if err != nil {
		return err
	}
	rows, err := io.ReadAll(gz)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(change(rows)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	rest := slices.Concat(parts[0], []byte("\n"), parts[1], []byte("\n"), packed.Bytes(), b[last:])
	if err := os.WriteFile(to, rest, 0o600); err != nil {
		return err
	}
	return forge(to, to, func(head []byte) ([]byte, error) { return head, nil })
}

// Exec runs text as the role that owns the tables, past row-level security.
func Exec(ctx context.Context, o Options, texts ...string) error {
	db, err := ownerDB(o)
	if err != nil {
		return err
	}
	for _, text := range texts {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", text, err), db.Close())
		}
	}
	return db.Close()
}

func ownerDB(o Options) (*sql.DB, error) {
	if o.engine() == lite {
		return sql.Open("sqlite", liteDSN(litePath(o.URL), false))
	}
	config, err := ownerConfig(o, "a test")
	if err != nil {
		return nil, err
	}
	return stdlib.OpenDB(*config), nil
}

// Objects describes tables, indexes, constraints and policies, sorted.
func Objects(ctx context.Context, o Options) (all []string, err error) {
	db, err := ownerDB(o)
	if err != nil {
		return nil, err
	}
	texts := []string{`SELECT coalesce(sql, name) FROM sqlite_master`, `SELECT 'version ' || version_id || is_applied FROM goose_db_version`}
	if o.engine() == postgres {
		texts = []string{
			`SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') || ' ' || is_identity || coalesce(collation_name, '')
				FROM information_schema.columns WHERE table_schema = current_schema()`,
			`SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()`,
			`SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = current_schema()::regnamespace`,
			`SELECT tablename || ' ' || policyname || ' ' || cmd || ' ' || coalesce(qual, '') || ' ' || coalesce(with_check, '') FROM pg_policies WHERE schemaname = current_schema()`,
			`SELECT relname || ' ' || relkind::text || relrowsecurity || relforcerowsecurity || coalesce(array_to_string(relacl, ','), '') FROM pg_class WHERE relnamespace = current_schema()::regnamespace`,
			`SELECT obj_description('goose_db_version'::regclass)`,
			`SELECT 'version ' || version_id || is_applied FROM goose_db_version`,
		}
	}
	for _, text := range texts {
		err := eachRow(ctx, db, text, func(scan scanRow) error {
			var s string
			err := scan(&s)
			all = append(all, s)
			return err
		})
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	slices.Sort(all)
	return all, db.Close()
}

// Leap is how far a test's sequence jumps in a restore so long after the backup.
func Leap(d time.Duration) int64 { return otherwise.after(d) }

// WantVersion is the newest schema.
func WantVersion() int64 { return wantVersion() }

// Check is what a backup notes of the keys.
func (k *Keys) Check() string { return k.check() }

// BuildAt makes a database as it was at a schema version, with those rows of a backup
// that there was room for then, and with row-level security on PostgreSQL.
func BuildAt(ctx context.Context, o Options, path string, version int64) error {
	b, err := openBackup(path)
	if err != nil {
		return err
	}
	defer b.close()
	from := min(version, b.info.Schema)
	then, err := layoutAt(ctx, from)
	if err != nil {
		return err
	}
	db, err := ownerDB(o)
	if err != nil {
		return err
	}
	defer db.Close()
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	e := o.engine()
	run := func(texts ...string) error {
		for _, text := range texts {
			if _, err := c.ExecContext(ctx, text); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
		}
		return nil
	}
	if err := errors.Join(run("BEGIN"), build(ctx, c, e, 0, from)); err != nil {
		return err
	}
	r := &restorer{ctx: ctx, o: o}
	load := r.insert(c)
	if e == postgres {
		load = r.copyIn(c)
	}
	for _, bt := range b.info.Tables {
		rows := &tableRows{b: b, table: bt}
		t, had := then.table(bt.Name)
		err := error(nil)
		if had {
			err = load(t, func() ([]cell, error) {
				cells, err := rows.next()
				if err != nil || cells == nil {
					return nil, err
				}
				picked := make([]cell, len(t.columns))
				for i, col := range t.columns {
					if at := slices.Index(bt.Columns, col.name); at >= 0 {
						picked[i] = cells[at]
					}
				}
				return picked, nil
			})
		} else {
			for cells, e := rows.next(); cells != nil || e != nil; cells, e = rows.next() {
				if e != nil {
					return e
				}
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", bt.Name, err)
		}
	}
	if err := build(ctx, c, e, from, version); err != nil {
		return err
	}
	if e == postgres {
		now, err := layoutAt(ctx, version)
		if err != nil {
			return err
		}
		for _, t := range now {
			all := "(current_setting('ccms.op', true) = '*')"
			if err := run("ALTER TABLE "+t.name+" ENABLE ROW LEVEL SECURITY", "ALTER TABLE "+t.name+" FORCE ROW LEVEL SECURITY",
				"CREATE POLICY ccms_read ON "+t.name+" FOR SELECT USING "+all, "CREATE POLICY ccms_insert ON "+t.name+" FOR INSERT WITH CHECK "+all,
				"CREATE POLICY ccms_update ON "+t.name+" FOR UPDATE USING "+all, "CREATE POLICY ccms_delete ON "+t.name+" FOR DELETE USING "+all); err != nil {
				return err
			}
		}
	}
	return run("COMMIT")
}

// Versions are the schemas there ever were, without the tests' own.
func Versions() (all []int64) {
	for name := range migrations {
		if v := migrationNumber(name); v < 90000 {
			all = append(all, v)
		}
	}
	slices.Sort(all)
	return all
}

// KeepFormer gives a database the name it is kept by.
func KeepFormer(ctx context.Context, path, kept string) error {
	return (&formerFile{path: path, kept: kept}).keep(ctx, true)
}
