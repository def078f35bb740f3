package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

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
	if err := r.fillFile(fresh); err != nil {
		return errors.Join(err, removeDatabase(fresh))
	}
	former := &formerFile{path: path, kept: path + ".before-restore-" + r.o.Now().UTC().Format("20060102T150405Z")}
	err = former.keep(r.ctx, exists)
	if err == nil {
		err = syncDir(filepath.Dir(path)) // no log beside the new file, whatever of this is on the disk
	}
	if err == nil {
		err = os.Rename(fresh, path)
	}
	if err != nil {
		return errors.Join(err, former.putBack(), removeDatabase(fresh))
	}
	if exists {
		r.out.Kept = former.kept
	}
	for _, end := range former.moved {
		r.out.KeptLogs = append(r.out.KeptLogs, former.kept+end)
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

// logEnds are the names of what SQLite takes for a part of the file they stand beside.
var logEnds = []string{"-wal", "-shm", "-journal"}

func removeDatabase(path string) error {
	var errs []error
	for _, end := range append([]string{""}, logEnds...) {
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

// formerFile is the database that is replaced, on its way to the name it is kept by.
type formerFile struct {
	path, kept string
	linked     bool
	moved      []string // ends of the parts that have the kept name now
}

// keep gives the former database a second name, whole in one file, and leaves nothing
// beside it that would be taken for a part of the new one: SQLite would play a log
// that is left there back over it, also where its own file is gone.
func (f *formerFile) keep(ctx context.Context, exists bool) error {
	if exists {
		// One that cannot be read is replaced perhaps for that: its parts go together.
		// SQLite must not open what has not even its header, it would delete the log.
		if hasHeader(f.path) {
			err := foldLog(ctx, f.path)
			var refused *fault.Error
			if errors.As(err, &refused) {
				return err
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := os.Link(f.path, f.kept); err != nil {
			return fmt.Errorf("the former database could not be kept beside the new one; move it away yourself: %w", err)
		}
		f.linked = true
	}
	for _, end := range logEnds {
		there, err := fileThere(f.path + end)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		taken, err := fileThere(f.kept + end)
		if err != nil {
			return err
		}
		if taken {
			return fmt.Errorf("%s could not be moved out of the way: %s is there already", f.path+end, f.kept+end)
		}
		if err := os.Rename(f.path+end, f.kept+end); err != nil {
			return err
		}
		f.moved = append(f.moved, end)
	}
	return nil
}

// hasHeader reports whether a file begins as a database of SQLite does
// (https://www.sqlite.org/fileformat2.html#magic_header_string).
func hasHeader(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var head [16]byte
	_, err = io.ReadFull(f, head[:])
	return err == nil && string(head[:]) == "SQLite format 3\x00"
}

// putBack undoes keep.
func (f *formerFile) putBack() error {
	var errs []error
	for _, end := range f.moved {
		errs = append(errs, os.Rename(f.kept+end, f.path+end))
	}
	if f.linked {
		errs = append(errs, os.Remove(f.kept))
	}
	return errors.Join(errs...)
}

// foldWithin is how long it may take to carry a log over. For a lock the connection
// waits its own, shorter time.
const foldWithin = 10 * time.Minute

// foldLog carries the log over into the database's file. Who closes the last
// connection removes the log. A fault says that somebody else has the file open;
// then it is as it was.
func foldLog(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, foldWithin)
	defer cancel()
	db, err := sql.Open("sqlite", liteDSN(path, false))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	var busy, pages, carried int
	err = db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &carried)
	err = errors.Join(err, db.Close())
	inUse := fault.New(fault.Conflict, "in_use", "Another program has %s open. Stop it and try again. Nothing was changed.", path)
	var e *sqlite.Error
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fault.New(fault.Conflict, "in_use", "The log of %s could not be carried over into it in %s: another program uses it, or the disk is slow. "+
			"Stop what uses it and try again. Nothing was changed.", path, foldWithin).Because(err)
	case errors.As(err, &e) && (e.Code()&0xff == sqlite3.SQLITE_BUSY || e.Code()&0xff == sqlite3.SQLITE_LOCKED):
		return inUse.Because(err)
	case err != nil:
		return err
	}
	left, err := fileThere(path + "-wal")
	if err != nil {
		return err
	}
	if busy != 0 || left {
		return inUse
	}
	return nil
}
