package main

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	_ "modernc.org/sqlite"
)

// bareLite inserts by modernc.org/sqlite and nothing above it but database/sql.
type bareLite struct {
	source, db *sql.DB
	insert     map[string]*sql.Stmt
}

func openBareLite(source, dir string) (*bareLite, error) {
	from, err := sql.Open("sqlite", "file:"+source+"?mode=ro")
	if err != nil {
		return nil, err
	}
	var pageSize int
	if err := from.QueryRow(`PRAGMA page_size`).Scan(&pageSize); err != nil {
		return nil, errors.Join(err, from.Close())
	}
	// The same promises as the server's: WAL, and every commit on the disk.
	db, err := sql.Open("sqlite", fmt.Sprintf("file:%s?_pragma=page_size(%d)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate",
		filepath.Join(dir, "floor.db"), pageSize))
	if err != nil {
		return nil, errors.Join(err, from.Close())
	}
	db.SetMaxOpenConns(1)
	return &bareLite{source: from, db: db, insert: map[string]*sql.Stmt{}}, nil
}

func (b *bareLite) table(name string, rows int) ([][]any, error) {
	q, err := b.source.Query(`SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('table', 'index') AND sql IS NOT NULL ORDER BY type DESC`, name)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	var ddl []string
	for q.Next() {
		var s string
		if err := q.Scan(&s); err != nil {
			return nil, err
		}
		ddl = append(ddl, s)
	}
	if err := q.Err(); err != nil {
		return nil, err
	}
	for _, s := range ddl {
		if _, err := b.db.Exec(s); err != nil {
			return nil, fmt.Errorf("%s: %w", s, err)
		}
	}
	order := "ORDER BY rowid DESC"
	if len(ddl) > 0 && strings.Contains(strings.ToUpper(ddl[0]), "WITHOUT ROWID") {
		order = ""
	}
	data, err := b.source.Query(fmt.Sprintf(`SELECT * FROM %q %s LIMIT %d`, name, order, rows))
	if err != nil {
		return nil, err
	}
	defer data.Close()
	columns, err := data.Columns()
	if err != nil {
		return nil, err
	}
	var found [][]any
	for data.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := data.Scan(into...); err != nil {
			return nil, err
		}
		found = append(found, values)
	}
	slices.Reverse(found)
	if err := data.Err(); err != nil {
		return nil, err
	}
	b.insert[name], err = b.db.Prepare(fmt.Sprintf(`INSERT INTO %q VALUES (%s)`, name, strings.TrimSuffix(strings.Repeat("?,", len(columns)), ",")))
	return found, err
}

func (b *bareLite) commit(rows []insertion) error {
	tx, err := b.db.Begin()
	if err != nil {
		return err
	}
	for _, r := range rows {
		if _, err := tx.Stmt(b.insert[r.table]).Exec(r.row...); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

func (b *bareLite) close() error {
	for _, s := range b.insert {
		s.Close()
	}
	return errors.Join(b.source.Close(), b.db.Close())
}
