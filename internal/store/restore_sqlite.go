package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ccms/internal/fault"
)

// intoSQLite fills a new file beside the database and then gives it its name.
func (r *restorer) intoSQLite() error {
	path := litePath(r.o.URL)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	exists, err := fileThere(path)
	if err != nil {
		return err
	}
	if exists && !r.replace {
		return holdsData(path)
	}
	fresh := path + ".restoring"
	if err := removeDatabase(fresh); err != nil { // of a restore that was cut off
		return err
	}
	err = r.fillFile(fresh)
	if err == nil && exists {
		r.out.Kept = path + ".before-restore-" + r.o.Now().UTC().Format("20060102T150405Z")
		err = keepFile(path, r.out.Kept)
	}
	if err == nil {
		err = os.Rename(fresh, path)
	}
	if err != nil {
		return errors.Join(err, removeDatabase(fresh))
	}
	return syncDir(filepath.Dir(path))
}

func holdsData(where string) error {
	return fault.New(fault.Conflict, "holds_data", "%s holds data already. To put the backup in its place say --replace. Nothing was changed.", where)
}

func fileThere(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func removeDatabase(path string) error {
	var errs []error
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + end); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (r *restorer) fillFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) // before the driver makes one that others may read
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// Nobody reads the file before it is whole and synced: no journal, no order of rows.
	q := url.Values{"_pragma": {"journal_mode(OFF)", "synchronous(OFF)", "foreign_keys(0)", "temp_store(MEMORY)", "cache_size(-64000)",
		"locking_mode(EXCLUSIVE)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	if err := errors.Join(r.fillLite(db), db.Close()); err != nil {
		return err
	}
	if f, err = os.OpenFile(path, os.O_RDWR, 0); err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (r *restorer) fillLite(db *sql.DB) error {
	c, err := db.Conn(r.ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	run := func(text string, args ...any) error {
		_, err := c.ExecContext(r.ctx, text, args...)
		return err
	}
	if err := run("BEGIN"); err != nil {
		return err
	}
	if err := r.fill(c, r.insert(c)); err != nil {
		return err // the file goes
	}
	for name, value := range r.out.Sequences {
		if err := run(`INSERT INTO `+numbersTable+` (name, value) VALUES (?, ?)`, name, value); err != nil {
			return err
		}
	}
	for name, n := range r.counters {
		if err := errors.Join(run(`DELETE FROM sqlite_sequence WHERE name = ?`, name), run(`INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)`, name, n)); err != nil {
			return err
		}
	}
	if err := run("COMMIT"); err != nil {
		return err
	}
	return eachRow(r.ctx, c, `SELECT "table", parent FROM pragma_foreign_key_check LIMIT 1`, func(scan scanRow) error {
		var table, parent string
		if err := scan(&table, &parent); err != nil {
			return err
		}
		return fault.New(fault.Invalid, "backup_incoherent", "A row of %s in the backup refers to one of %s that is not there. Nothing was changed.", table, parent)
	})
}

// insert loads rows one by one with a prepared statement.
func (r *restorer) insert(c *sql.Conn) loader {
	return func(t layoutTable, next func() ([]cell, error)) error {
		st, err := c.PrepareContext(r.ctx, `INSERT INTO `+t.name+` ("`+strings.Join(t.names(), `", "`)+`") VALUES (?`+strings.Repeat(", ?", len(t.columns)-1)+`)`)
		if err != nil {
			return err
		}
		defer st.Close()
		quick := context.WithoutCancel(r.ctx) // watching each insert costs more than the insert
		for n := 0; ; n++ {
			row, err := next()
			if err != nil || row == nil {
				return err
			}
			if n%1000 == 0 && r.ctx.Err() != nil {
				return r.ctx.Err()
			}
			if _, err := st.ExecContext(quick, row...); err != nil {
				return err
			}
		}
	}
}

// keepFile gives the former database a second name, whole in one file, and leaves
// nothing beside it that would be taken for a part of the new one.
func keepFile(path, kept string) error {
	if err := foldLog(path); err != nil {
		var f *fault.Error
		if errors.As(err, &f) {
			return err
		}
		// It cannot be opened: perhaps that is why it is replaced. Its parts go together.
		for _, end := range []string{"-wal", "-shm"} {
			if err := os.Rename(path+end, kept+end); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	if err := os.Link(path, kept); err != nil {
		return fmt.Errorf("the former database could not be kept beside the new one; move it away yourself: %w", err)
	}
	return nil
}

// foldLog carries the log over into the database's file. Who closes the last
// connection removes the log.
func foldLog(path string) error {
	db, err := sql.Open("sqlite", liteDSN(path, false))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var busy, pages, carried int
	err = db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &carried)
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	left, err := fileThere(path + "-wal")
	if err != nil {
		return err
	}
	if busy != 0 || left {
		return fault.New(fault.Conflict, "in_use", "Another program has %s open. Stop it and try again. Nothing was changed.", path)
	}
	return nil
}
