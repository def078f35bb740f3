package store

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"ccms/internal/fault"
)

// Where the database is a process of its own, each statement costs a way there and back.
// Two things spare it and change nothing else. Reads that a closure is sure to make travel
// with an earlier one (Ahead). Writes whose answer says only whether the closure may stay
// travel with the next statement, or at the closure's end (later). SQLite is in this
// process and does each at once.

// reading is a query that was sent ahead of the call that wants it.
type reading struct {
	of     *Stmt
	text   string
	values []any
	rows   [][]cell
}

// Ahead has what reads asks for travel with the closure's next query. reads calls methods
// that read; each finds nothing then, and what it was asked for is there when it is called
// again, unless something was written to that table meanwhile. It may not be called at all.
func (tx *Tx) Ahead(reads func()) {
	if tx.conn.engine() == lite || tx.readOnly || tx.may(false, "") != nil {
		return
	}
	tx.foretold = true
	defer func() { tx.foretold = false }()
	reads()
}

// foreseen takes the answer that was read ahead, if there is one.
func (tx *Tx) foreseen(q *Stmt, values []any) *reading {
	i := slices.IndexFunc(tx.read, func(r *reading) bool { return r.of == q && slices.EqualFunc(r.values, values, sameValue) })
	if i < 0 {
		return nil
	}
	r := tx.read[i]
	tx.read = slices.Delete(tx.read, i, i+1)
	return r
}

// foretell takes note of a query for Ahead.
func (tx *Tx) foretell(q *Stmt, text string, values []any) {
	known := func(r *reading) bool { return r.of == q && slices.EqualFunc(r.values, values, sameValue) }
	if !slices.ContainsFunc(tx.read, known) && !slices.ContainsFunc(tx.ahead, known) {
		tx.ahead = append(tx.ahead, &reading{of: q, text: text, values: values})
	}
}

func sameValue(a, b any) bool {
	switch a := a.(type) {
	case []byte:
		b, ok := b.([]byte)
		return ok && bytes.Equal(a, b)
	case int64, string, nil:
		return a == b
	}
	return false // a slice for {{in}}
}

// outdate forgets what was read ahead of a table that is written now.
func (tx *Tx) outdate(table string) {
	tx.read = slices.DeleteFunc(tx.read, func(r *reading) bool { return r.of.reads(table) })
	switch table {
	case "charge_points":
		tx.point = nil
	case "accounts":
		tx.account = nil
	}
}

// reads reports whether the statement names the table.
func (q *Stmt) reads(table string) bool {
	return slices.ContainsFunc(q.parts, func(p part) bool { return p.kind == partScope && p.text == table })
}

// rows of a reading: they are all there.
type readRows struct{ left [][]cell }

func (r *readRows) next(cells *[]cell) (bool, error) {
	if len(r.left) == 0 {
		return false, nil
	}
	*cells, r.left = r.left[0], r.left[1:]
	return true, nil
}

func (r *readRows) close() error { return nil }

// errOwed says that a write that was put off has failed; its closure knows how.
var errOwed = errors.New("store: an earlier write of the closure failed")

// later runs a write of which the closure needs to know only whether it may stay. then
// judges what became of it, and may be nil where any number of rows will do; its error is
// the closure's answer.
func (tx *Tx) later(q *Stmt, then func(n int64, err error) error, args ...any) error {
	sql, values, err := tx.prepare(q, args)
	if err != nil {
		return err
	}
	err = tx.conn.later(tx.ctx, sql, values, func(n int64, err error) error {
		if err != nil {
			err = fmt.Errorf("%w in %s", err, q.source)
		}
		tx.wrote = tx.wrote || n > 0
		answer := err
		if then != nil {
			if answer = then(n, err); answer == nil {
				answer = err
			}
		}
		if answer == nil {
			return nil
		}
		if err == nil {
			err = answer // what was begun on its strength goes no further
		}
		tx.owed = answer
		_ = tx.fail(err)
		return errOwed
	})
	return tx.answer(err)
}

// answer is what the closure is told of a statement's error: of a write that was put off,
// what became of that.
func (tx *Tx) answer(err error) error {
	if errors.Is(err, errOwed) && tx.owed != nil {
		return tx.owed
	}
	if err != nil {
		return tx.fail(err)
	}
	return nil
}

// mustTouch is a judge of later: a write that has touched another number of rows is what
// it says.
func mustTouch(rows int64, what error) func(int64, error) error {
	return func(n int64, err error) error {
		if err == nil && n != rows {
			return what
		}
		return err
	}
}

// laterOne is later for a write that must touch one row; what names it in the fault.
func (tx *Tx) laterOne(what string, q *Stmt, args ...any) error {
	return tx.later(q, mustTouch(1, fault.NotFound(what)), args...)
}

// laterMany is later once per row.
func (tx *Tx) laterMany(q *Stmt, rows [][]any) error {
	for _, args := range rows {
		if err := tx.later(q, nil, args...); err != nil {
			return err
		}
	}
	return nil
}
