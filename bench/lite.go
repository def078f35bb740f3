package main

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"time"
)

// liteDatabase is SQLite's file in the server's data folder.
type liteDatabase struct{ folder string }

func (d *liteDatabase) serveArgs() []string { return nil }

func (d *liteDatabase) path() (string, error) {
	found, err := filepath.Glob(filepath.Join(d.folder, "*.db"))
	if err != nil || len(found) != 1 {
		return "", errors.Join(errNoDatabase, err)
	}
	return found[0], nil
}

func (d *liteDatabase) source() string {
	path, err := d.path()
	if err != nil {
		return "" // the floor will say so
	}
	return path
}

func (d *liteDatabase) open() (*sql.DB, error) {
	path, err := d.path()
	if err != nil {
		return nil, err
	}
	return sql.Open("sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(5000)")
}

func (d *liteDatabase) counts() (map[string]int, error) {
	db, err := d.open()
	if err != nil {
		return nil, err
	}
	defer db.Close()
	names, err := tableNames(db)
	if err != nil {
		return nil, err
	}
	rows := map[string]int{}
	for _, name := range names {
		var n int
		if err := db.QueryRow(fmt.Sprintf(`SELECT count(*) FROM %q`, name)).Scan(&n); err != nil {
			return nil, err
		}
		rows[name] = n
	}
	return rows, nil
}

func tableNames(db *sql.DB) ([]string, error) {
	q, err := db.Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	var names []string
	for q.Next() {
		var n string
		if err := q.Scan(&n); err != nil {
			return nil, err
		}
		names = append(names, n)
	}
	return names, q.Err()
}

// sizes counts whole pages, of a table and its indexes.
func (d *liteDatabase) sizes() (map[string]int64, error) {
	db, err := d.open()
	if err != nil {
		return nil, err
	}
	defer db.Close()
	q, err := db.Query(`SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY m.tbl_name`)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	all := map[string]int64{}
	for q.Next() {
		var name string
		var bytes int64
		if err := q.Scan(&name, &bytes); err != nil {
			return nil, err
		}
		all[name] = bytes
	}
	return all, q.Err()
}

func (d *liteDatabase) number(query string) (n int64, err error) {
	db, err := d.open()
	if err != nil {
		return 0, err
	}
	defer db.Close()
	return n, db.QueryRow(query).Scan(&n)
}

// cpu: SQLite runs in the server.
func (d *liteDatabase) cpu() (time.Duration, error) { return 0, nil }

func (d *liteDatabase) close() error { return nil } // it goes with the folder

// watch reads the write-ahead log while the server writes it.
func (d *liteDatabase) watch() (commitWatch, error) {
	path, err := d.path()
	if err != nil {
		return nil, err
	}
	w, err := openWAL(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the server has no write-ahead log")
	}
	if err != nil {
		return nil, err
	}
	l := &liteWatch{wal: w, stop: make(chan struct{}), stopped: make(chan struct{})}
	if err := w.read(); err != nil {
		return nil, errors.Join(err, w.file.Close())
	}
	go l.run()
	return l, nil
}

// liteWatch looks again and again: a log of some thousand pages takes far longer to
// fill, and to be begun anew, than the pause between two looks.
type liteWatch struct {
	mu            sync.Mutex
	wal           *walReader
	failed        error
	stop, stopped chan struct{}
}

func (l *liteWatch) run() {
	defer close(l.stopped)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-tick.C:
			if _, err := l.commits(); err != nil {
				return
			}
		}
	}
}

func (l *liteWatch) commits() (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == nil {
		l.failed = l.wal.read()
	}
	return l.wal.commits, l.failed
}

func (l *liteWatch) close() error {
	close(l.stop)
	<-l.stopped
	return l.wal.file.Close()
}
