package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// layout is what a schema version's tables look like, the same on both engines. A
// table stands behind those that it refers to.
type layout []layoutTable

type layoutTable struct {
	name    string
	columns []layoutColumn
	// counter is the column that the database numbers by itself, "" where none is.
	counter string
	refers  []string
}

type layoutColumn struct {
	name string
	kind columnKind
}

// columnKind is what both engines keep in a column.
type columnKind uint8

const (
	kindNumber columnKind = iota + 1
	kindText
	kindBytes
)

// numbersTable counts on SQLite what are sequences on PostgreSQL. Backups carry the
// numbers, not the rows.
const numbersTable = "sequences"

func kindOf(declared string) (columnKind, error) {
	switch declared {
	case "INTEGER", "BIGINT", "SMALLINT":
		return kindNumber, nil
	case "TEXT":
		return kindText, nil
	case "BYTEA":
		return kindBytes, nil
	}
	return 0, fmt.Errorf("store: a column of type %q cannot be carried from one engine to the other", declared)
}

// fits brings a cell to its column's kind; SQLite keeps any kind anywhere.
func (k columnKind) fits(c cell) (cell, error) {
	switch v := c.(type) {
	case nil:
		return nil, nil
	case int64:
		if k == kindNumber {
			return v, nil
		}
	case string:
		switch k {
		case kindText:
			return v, nil
		case kindBytes:
			return []byte(v), nil
		}
	case []byte:
		switch k {
		case kindText:
			return string(v), nil
		case kindBytes:
			return v, nil
		}
	}
	return nil, fmt.Errorf("%T does not fit the column", c)
}

func (t layoutTable) has(column string) bool {
	return slices.ContainsFunc(t.columns, func(c layoutColumn) bool { return c.name == column })
}

func (t layoutTable) names() []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return names
}

// ordered tables are read in the order of commits: (xid, id).
func (t layoutTable) ordered() bool { return t.counter != "" && t.has("xid") }

func (l layout) table(name string) (layoutTable, bool) {
	i := slices.IndexFunc(l, func(t layoutTable) bool { return t.name == name })
	if i < 0 {
		return layoutTable{}, false
	}
	return l[i], true
}

// layouts are those that were asked for, by version: what a version looks like does not change.
var layouts sync.Map

// layoutAt makes an empty database of a schema version in memory and looks at it, so
// that no list of tables has to be kept beside the migrations.
func layoutAt(ctx context.Context, version int64) (layout, error) {
	if l, ok := layouts.Load(version); ok {
		return l.(layout), nil
	}
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // each connection would have a memory of its own
	l, err := readLayout(ctx, db, version)
	if err := errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	layouts.Store(version, l)
	return l, nil
}

func readLayout(ctx context.Context, db *sql.DB, version int64) (layout, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := build(ctx, c, lite, 0, version); err != nil {
		return nil, err
	}
	var tables layout
	err = eachRow(ctx, c, `SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name`, func(scan scanRow) error {
		var t layoutTable
		var text string
		if err := scan(&t.name, &text); err != nil {
			return err
		}
		if strings.HasPrefix(t.name, "sqlite_") || t.name == versionTable || t.name == numbersTable {
			return nil
		}
		if strings.Contains(text, "AUTOINCREMENT") {
			t.counter = "?"
		}
		tables = append(tables, t)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range tables {
		if err := tables[i].readColumns(ctx, c); err != nil {
			return nil, err
		}
	}
	return tables.sorted()
}

func (t *layoutTable) readColumns(ctx context.Context, c *sql.Conn) error {
	err := eachRow(ctx, c, `SELECT name, type, pk FROM pragma_table_info('`+t.name+`') ORDER BY cid`, func(scan scanRow) error {
		var name, declared string
		var key int
		if err := scan(&name, &declared, &key); err != nil {
			return err
		}
		kind, err := kindOf(declared)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", t.name, name, err)
		}
		if t.counter == "?" && key == 1 {
			t.counter = name
		}
		t.columns = append(t.columns, layoutColumn{name, kind})
		return nil
	})
	if err != nil {
		return err
	}
	return eachRow(ctx, c, `SELECT DISTINCT "table" FROM pragma_foreign_key_list('`+t.name+`')`, func(scan scanRow) error {
		var other string
		err := scan(&other)
		if other != t.name {
			t.refers = append(t.refers, other)
		}
		return err
	})
}

// sorted puts a table behind those that it refers to.
func (l layout) sorted() (layout, error) {
	var out layout
	for len(out) < len(l) {
		before := len(out)
		for _, t := range l {
			_, done := out.table(t.name)
			waits := slices.ContainsFunc(t.refers, func(name string) bool { _, ok := out.table(name); return !ok })
			if !done && !waits {
				out = append(out, t)
			}
		}
		if len(out) == before {
			return nil, errors.New("store: tables refer to each other in a circle")
		}
	}
	return out, nil
}

type scanRow func(places ...any) error

// queryer is a database, a connection or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

func eachRow(ctx context.Context, c queryer, text string, f func(scanRow) error) error {
	rs, err := c.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rs.Close()
	for rs.Next() {
		if err := f(rs.Scan); err != nil {
			return err
		}
	}
	return rs.Err()
}
