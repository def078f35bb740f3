package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	_ "modernc.org/sqlite"
)

// The floor of "answered after commit": the rows that one message left in the
// server's own database are inserted again into an empty one with the same
// tables and indexes, by the bare driver, as many messages to a commit as the
// server was seen to join.

// replay is what the parent asks of the process that inserts.
type replay struct {
	Source   string         // the server's database, which nobody has open
	Tables   map[string]int // table → rows that the measured messages left in it
	Messages int            // how many messages left them
	Batch    int            // messages per commit
}

// replayed is its answer.
type replayed struct {
	Messages int
	CPU      time.Duration
	Bytes    int64 // of the database it made
}

// mostMessages bounds the rows held in memory.
const mostMessages = 20_000

func serveReplay(arg string) error {
	var r replay
	if err := json.Unmarshal([]byte(arg), &r); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(r.Source), "floor-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	out, err := r.run(filepath.Join(dir, "floor.db"))
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// written holds the rows of one table.
type written struct {
	insert string
	rows   [][]any
}

func (r replay) run(path string) (replayed, error) {
	source, err := sql.Open("sqlite", "file:"+r.Source+"?mode=ro")
	if err != nil {
		return replayed{}, err
	}
	defer source.Close()
	messages := min(r.Messages, mostMessages)
	var schema []string
	var tables []written
	for name, rows := range r.Tables {
		take := int(int64(rows) * int64(messages) / int64(r.Messages))
		if take == 0 {
			continue // less than a row in all these messages is not theirs
		}
		ddl, w, err := readTable(source, name, take)
		if err != nil {
			return replayed{}, fmt.Errorf("%s: %w", name, err)
		}
		schema = append(schema, ddl...)
		tables = append(tables, w)
	}
	var pageSize int
	if err := source.QueryRow(`PRAGMA page_size`).Scan(&pageSize); err != nil {
		return replayed{}, err
	}

	// The same promises as the server's: WAL, and every commit on the disk.
	db, err := sql.Open("sqlite", fmt.Sprintf("file:%s?_pragma=page_size(%d)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate", path, pageSize))
	if err != nil {
		return replayed{}, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, ddl := range schema {
		if _, err := db.Exec(ddl); err != nil {
			return replayed{}, fmt.Errorf("%s: %w", ddl, err)
		}
	}
	cpu, err := insertAll(db, tables, messages, r.Batch)
	if err != nil {
		return replayed{}, err
	}
	size, err := os.Stat(path)
	if err != nil {
		return replayed{}, err
	}
	return replayed{Messages: messages, CPU: cpu, Bytes: size.Size()}, nil
}

// readTable returns what makes the table and its indexes, and its last rows in
// the order in which they were written.
func readTable(db *sql.DB, name string, rows int) (ddl []string, w written, err error) {
	q, err := db.Query(`SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('table', 'index') AND sql IS NOT NULL ORDER BY type DESC`, name)
	if err != nil {
		return nil, w, err
	}
	defer q.Close()
	for q.Next() {
		var s string
		if err := q.Scan(&s); err != nil {
			return nil, w, err
		}
		ddl = append(ddl, s)
	}
	if err := q.Err(); err != nil {
		return nil, w, err
	}
	order := "ORDER BY rowid DESC"
	if len(ddl) > 0 && strings.Contains(strings.ToUpper(ddl[0]), "WITHOUT ROWID") {
		order = ""
	}
	data, err := db.Query(fmt.Sprintf(`SELECT * FROM %q %s LIMIT %d`, name, order, rows))
	if err != nil {
		return nil, w, err
	}
	defer data.Close()
	columns, err := data.Columns()
	if err != nil {
		return nil, w, err
	}
	w.insert = fmt.Sprintf(`INSERT INTO %q VALUES (%s)`, name, strings.TrimSuffix(strings.Repeat("?,", len(columns)), ","))
	for data.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := data.Scan(into...); err != nil {
			return nil, w, err
		}
		w.rows = append(w.rows, values)
	}
	for i, j := 0, len(w.rows)-1; i < j; i, j = i+1, j-1 {
		w.rows[i], w.rows[j] = w.rows[j], w.rows[i]
	}
	return ddl, w, data.Err()
}

func insertAll(db *sql.DB, tables []written, messages, batch int) (time.Duration, error) {
	if batch < 1 {
		return 0, errors.New("a commit of less than one message")
	}
	insert := make([]*sql.Stmt, len(tables))
	for i, t := range tables {
		var err error
		if insert[i], err = db.Prepare(t.insert); err != nil {
			return 0, err
		}
		defer insert[i].Close()
	}
	before, err := ownCPU()
	if err != nil {
		return 0, err
	}
	for first := 0; first < messages; first += batch {
		tx, err := db.Begin()
		if err != nil {
			return 0, err
		}
		for m := first; m < min(first+batch, messages); m++ {
			for i, t := range tables {
				stmt := tx.Stmt(insert[i])
				// Rows of tables that get several or less than one per message
				// are spread evenly.
				for _, row := range t.rows[m*len(t.rows)/messages : (m+1)*len(t.rows)/messages] {
					if _, err := stmt.Exec(row...); err != nil {
						return 0, errors.Join(err, tx.Rollback())
					}
				}
			}
		}
		if err := tx.Commit(); err != nil {
			return 0, err
		}
	}
	after, err := ownCPU()
	return after - before, err
}

func ownCPU() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
