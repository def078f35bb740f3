package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"ccms/internal/fault"
)

// Backup writes all rows as of one moment to w, for Restore on either engine. The
// server goes on meanwhile: a snapshot is read, and nobody waits for it. The keys are
// not in it. program is the version that is noted. On an error what was written is no
// backup.
func Backup(ctx context.Context, o Options, w io.Writer, program string) (BackupInfo, error) {
	o = o.filled()
	c, err := openToCopy(ctx, o)
	if err != nil {
		return BackupInfo{}, err
	}
	defer c.close()
	takenAt := o.Now().UTC() // before the snapshot: what was committed until then is in it
	text := "BEGIN"
	if o.engine() == postgres {
		text = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	if _, err := c.exec(ctx, text, nil); err != nil {
		return BackupInfo{}, err
	}
	defer func() { _ = c.rollback(context.WithoutCancel(ctx)) }() // it only read
	b := &copier{ctx: ctx, c: c}
	info := BackupInfo{TakenAt: takenAt, Program: program, Engine: o.engine().String(), KeyCheck: o.Keys.check(),
		Sequences: map[string]int64{}, Counters: map[string]int64{}}
	if info.Schema, err = b.version(); err != nil {
		return info, err
	}
	if info.Schema == 0 || info.Schema > wantVersion() {
		return info, newerSchema(info.Schema)
	}
	l, err := layoutAt(ctx, info.Schema)
	if err != nil {
		return info, err
	}
	for _, t := range l {
		info.Tables = append(info.Tables, BackupTable{t.name, t.names()})
	}
	if err := b.numbers(l, &info); err != nil {
		return info, err
	}
	if info.KeyIDs, err = b.keyIDs(o.Keys); err != nil {
		return info, err
	}
	out, err := newBackupWriter(w, info)
	if err != nil {
		return info, err
	}
	for _, t := range l {
		if err := b.table(t, out); err != nil {
			return info, fmt.Errorf("store: backup of %s: %w", t.name, err)
		}
	}
	if err := out.finish(); err != nil {
		return info, err
	}
	info.Rows, info.Bytes, info.SHA256 = out.end.Rows, out.bytes, out.end.SHA256
	return info, nil
}

var errNoDatabase = fault.New(fault.Missing, "no_database", "There is no ccms database here. Say where it is with --data or --database-url.")

// newerSchema refuses a schema that this program does not know.
func newerSchema(have int64) error {
	return fault.New(fault.Unsupported, "newer_schema", "The database has schema %d, and this ccms knows %d: a newer ccms has upgraded it. "+
		"Start that one again, or restore the backup that was made before the upgrade.", have, wantVersion())
}

// openToCopy opens a connection that sees every operator's rows and is never timed out.
func openToCopy(ctx context.Context, o Options) (conn, error) {
	if o.engine() == lite {
		path := litePath(o.URL)
		if _, err := os.Stat(path); err != nil {
			return nil, errNoDatabase.Because(err)
		}
		pool, err := sql.Open("sqlite", "")
		if err != nil {
			return nil, err
		}
		db := &liteDB{driver: pool.Driver(), path: path}
		return db.connect(ctx, true)
	}
	config, err := ownerConfig(o, "ccms backup")
	if err != nil {
		return nil, err
	}
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	return &pgConn{c: c}, nil
}

// ownerConfig connects as the URL's role, which owns the tables. Row-level security is
// forced on it too, so it asks for every operator's rows.
func ownerConfig(o Options, name string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return nil, errors.New("store: the database URL cannot be read") // err quotes it, with the password
	}
	config.RuntimeParams["application_name"] = name
	config.RuntimeParams["timezone"] = "UTC"
	config.RuntimeParams["ccms.op"] = "*"
	config.RuntimeParams["statement_timeout"] = "0"
	config.ConnectTimeout = reconnectFor
	return config, nil
}

// copier reads everything through one snapshot.
type copier struct {
	ctx context.Context
	c   conn
}

// each gives the rows of a query; the cells are the callback's until it returns.
func (b *copier) each(text string, f func(cells []cell) error) error {
	rs, err := b.c.query(b.ctx, text, nil, nil)
	if err != nil {
		return err
	}
	defer func() { _ = rs.close() }() // nothing was read behind it
	var cells []cell
	for {
		more, err := rs.next(&cells)
		if err != nil || !more {
			return err
		}
		if err := f(cells); err != nil {
			return err
		}
	}
}

// number is the one number of a query, 0 for none.
func (b *copier) number(text string) (n int64, err error) {
	err = b.each(text, func(cells []cell) error { return number(cells[0], &n) })
	return n, err
}

func (b *copier) version() (int64, error) {
	switch n, err := b.number(versionTableThere(b.c.engine())); {
	case err != nil:
		return 0, err
	case n == 0:
		return 0, errNoDatabase
	}
	return b.number(appliedVersion(b.c.engine()))
}

// numbers reads the last numbers that were given. On PostgreSQL sequences do not
// belong to a snapshot: what is read is this moment's or later, never too small.
func (b *copier) numbers(l layout, info *BackupInfo) error {
	if b.c.engine() == lite {
		if err := b.each(`SELECT name, value FROM `+numbersTable, func(c []cell) error {
			return put2(c, info.Sequences)
		}); err != nil {
			return err
		}
		counters := map[string]int64{}
		err := b.each(`SELECT name, seq FROM sqlite_sequence`, func(c []cell) error { return put2(c, counters) })
		for _, t := range l {
			if n := counters[t.name]; t.counter != "" && n > 0 {
				info.Counters[t.name] = n
			}
		}
		return err
	}
	given := func(sequence string) (int64, error) {
		return b.number(`SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ` + sequence)
	}
	for _, q := range registry.sequencesByName() {
		switch there, err := b.number(`SELECT count(to_regclass('` + q.pgName() + `'))`); {
		case err != nil:
			return err
		case there == 0:
			continue // a later schema brings it
		}
		n, err := given(q.pgName())
		if err != nil {
			return err
		}
		if n > 0 {
			info.Sequences[q.name] = n
		}
	}
	for _, t := range l {
		if t.counter == "" {
			continue
		}
		var name string
		err := b.each(`SELECT pg_get_serial_sequence('`+t.name+`', '`+t.counter+`')`, func(c []cell) error { return str(c[0], &name) })
		if err != nil {
			return err
		}
		n, err := given(name)
		if err != nil {
			return err
		}
		if n > 0 {
			info.Counters[t.name] = n
		}
	}
	return nil
}

func put2(c []cell, into map[string]int64) error {
	var name string
	var n int64
	err := errors.Join(str(c[0], &name), number(c[1], &n))
	into[name] = n
	return err
}

// keyIDs are the master keys that data keys are wrapped with. Keys that do not open
// them are not this database's: a backup that notes them could not be restored.
func (b *copier) keyIDs(keys *Keys) (ids []string, err error) {
	ids = []string{}
	err = b.each(`SELECT master_id, operator_id, wrapped FROM operator_keys ORDER BY master_id`, func(c []cell) error {
		var id string
		op, err1 := raw(c[1], false)
		wrapped, err2 := raw(c[2], false)
		if err := errors.Join(str(c[0], &id), err1, err2); err != nil {
			return err
		}
		if _, err := keys.unwrap(id, wrapped, op); err != nil {
			return fault.New(fault.Invalid, "wrong_key_file", "The key file is not this database's: it does not open what was sealed with the key %s. "+
				"Name the server's own with --key-file. Nothing was written.", id)
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		return nil
	})
	return ids, err
}

func (b *copier) table(t layoutTable, out *backupWriter) error {
	text := `SELECT "` + strings.Join(t.names(), `", "`) + `" FROM ` + t.name
	if t.ordered() {
		text += ` ORDER BY xid, "` + t.counter + `"`
	}
	n := 0
	err := b.each(text, func(cells []cell) error {
		if n++; n%1000 == 0 && b.ctx.Err() != nil {
			return b.ctx.Err()
		}
		return out.row(t, cells)
	})
	if err != nil {
		return err
	}
	return out.endTable()
}

// check is a value that only the same first key gives: what charge points, cookies
// and searches are checked with is derived from it.
func (k *Keys) check() string { return hex.EncodeToString(k.tag("backup check", nil)) }

// fits refuses a backup that these keys cannot open.
func (k *Keys) fits(info BackupInfo) error {
	var have []string
	for _, m := range k.masters {
		have = append(have, m.id)
	}
	for _, id := range info.KeyIDs {
		if !slices.Contains(have, id) {
			return fault.New(fault.Invalid, "wrong_key_file", "The backup needs the key %s, and the key file has %s: put the key file of the server that it was made on in its place. "+
				"Nothing was changed.", id, strings.Join(have, ", "))
		}
	}
	if k.check() != info.KeyCheck {
		return fault.New(fault.Invalid, "wrong_key_file", "The key file does not fit the backup: put the key file of the server that it was made on in its place. Nothing was changed.")
	}
	return nil
}

// SchemaVersions tells which schema a database has, 0 for none yet, and which one this
// program works with. It changes nothing.
func SchemaVersions(ctx context.Context, o Options) (have, want int64, err error) {
	c, err := openToCopy(ctx, o)
	if errors.Is(err, errNoDatabase) || errors.Is(err, fs.ErrNotExist) {
		return 0, wantVersion(), nil
	}
	if err != nil {
		return 0, 0, err
	}
	defer c.close()
	have, err = (&copier{ctx: ctx, c: c}).version()
	if errors.Is(err, errNoDatabase) {
		err = nil
	}
	return have, wantVersion(), err
}
