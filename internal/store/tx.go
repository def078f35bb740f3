package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
)

// Change is what screens and caches hear after a commit, and may miss.
type Change struct {
	Topic    string
	Operator ident.Operator
	Sub      ident.SubOperator
	ID       string
	Point    ident.ChargePoint
	Value    any // immutable from here on
}

// Tx is one run of a closure. It is of no use after the closure has returned.
type Tx struct {
	store    *Store
	conn     conn
	ctx      context.Context
	scope    authz.Scope
	now      time.Time
	readOnly bool
	over     bool
	failed   error // the first error of a statement; later ones are not sent

	// A closure's savepoint is opened by its first statement, which may never come.
	bare     bool          // it needs none
	entered  bool          // it is open, or none is needed
	patience time.Duration // of its statements
	cancel   func()        // ends ctx, which begins with the first statement
	wrote    bool          // a statement has touched a row
	measured []measured    // to be written behind it

	past bool // what follows is stamped with an instant that is over

	// What was read ahead, and what is known because the closure holds its lock (ahead.go).
	foretold bool       // queries are only taken note of
	ahead    []*reading // to travel with the next query
	read     []*reading // answered
	owed     error      // what became of a write that was put off
	point    *lockedPoint
	account  *ledger.Account

	changes  []Change
	newKeys  [][]dataKey // read or made by this closure, remembered after the commit
	hasFacts bool
	hasJobs  bool
}

// Now is the instant of this run of the closure, in µs UTC, stamped once.
func (tx *Tx) Now() time.Time { return tx.now }

// Scope is the scope that the closure runs in.
func (tx *Tx) Scope() authz.Scope { return tx.scope }

// Backdate stamps what follows in this closure with an instant that is over: a history
// that was not written while it happened. Screens hear nothing of it.
func (tx *Tx) Backdate(at time.Time) error {
	at = at.UTC().Truncate(time.Microsecond)
	if at.After(tx.store.now()) {
		return tx.fail(fmt.Errorf("store: backdated to %s, which is to come", at))
	}
	tx.now, tx.past = at, true
	return nil
}

// Changed tells screens and caches, after the commit, that something is new.
func (tx *Tx) Changed(changes ...Change) {
	if !tx.past {
		tx.changes = append(tx.changes, changes...)
	}
}

// may says why nothing can be done now; writes tells that it would write, and what
// names it.
func (tx *Tx) may(writes bool, what string) error {
	switch {
	case tx.over:
		return errors.New("store: Tx used after its closure")
	case tx.failed != nil:
		return tx.failed
	case tx.readOnly && writes:
		return fmt.Errorf("store: a write inside Read: %s", what)
	}
	return nil
}

// prepare checks that the statement may run now and binds it.
func (tx *Tx) prepare(q *Stmt, args []any) (string, []any, error) {
	writes := q.verb != verbSelect
	if err := tx.may(writes, q.source); err != nil {
		return "", nil, err
	}
	if writes && tx.foretold {
		return "", nil, fmt.Errorf("store: a write inside Ahead: %s", q.source)
	}
	if err := tx.enter(); err != nil {
		return "", nil, err
	}
	sql, values, err := q.bind(tx.conn.engine(), tx.scope, args)
	if err != nil {
		return "", nil, tx.fail(err)
	}
	if writes {
		tx.outdate(q.target)
	}
	return sql, values, nil
}

// enter opens the closure's savepoint before its first statement.
func (tx *Tx) enter() error {
	if tx.entered {
		return nil
	}
	tx.entered = true
	tx.ctx, tx.cancel = context.WithTimeout(context.Background(), tx.store.options.Budget)
	if tx.bare {
		return nil
	}
	if err := tx.conn.savepoint(tx.ctx, tx.scope, tx.patience); err != nil {
		return tx.fail(fmt.Errorf("%w: %w", errGone, err))
	}
	return nil
}

// fail remembers a statement's error. PostgreSQL ignores every statement after one
// that failed; SQLite would go on, perhaps outside of the transaction.
func (tx *Tx) fail(err error) error {
	if tx.failed == nil {
		tx.failed = err
	}
	return err
}

// exec runs a write and returns how many rows it touched.
func (tx *Tx) exec(q *Stmt, args ...any) (int64, error) {
	sql, values, err := tx.prepare(q, args)
	if err != nil {
		return 0, err
	}
	n, err := tx.conn.exec(tx.ctx, sql, values)
	if err != nil {
		return 0, tx.answer(fmt.Errorf("%w in %s", err, q.source))
	}
	tx.wrote = tx.wrote || n > 0
	return n, nil
}

// execOne runs a write that must touch one row; what names it in the fault.
func (tx *Tx) execOne(what string, q *Stmt, args ...any) error {
	n, err := tx.exec(q, args...)
	switch {
	case err != nil:
		return err
	case n == 0:
		return fault.NotFound(what)
	case n > 1:
		return tx.fail(fmt.Errorf("store: %d rows instead of one in %s", n, q.source))
	}
	return nil
}

// execMany runs a write once per row, in one round trip where the engine can.
func (tx *Tx) execMany(q *Stmt, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	var sql string
	bound := make([][]any, len(rows))
	for i, args := range rows {
		text, values, err := tx.prepare(q, args)
		switch {
		case err != nil:
			return err
		case i > 0 && text != sql:
			return tx.fail(fmt.Errorf("store: execMany with different options in %s", q.source))
		}
		sql, bound[i] = text, values
	}
	n, err := tx.conn.execMany(tx.ctx, sql, bound)
	if err != nil {
		return tx.answer(fmt.Errorf("%w in %s", err, q.source))
	}
	tx.wrote = tx.wrote || n > 0
	return nil
}

// scanner reads one row into its place.
type scanner[T any] func(*Row, *T) error

// all reads every row. Statements without a LIMIT are for what is small by nature.
func all[T any](tx *Tx, q *Stmt, scan scanner[T], args ...any) ([]T, error) {
	var found []T
	err := each(tx, q, func(r *Row) error {
		var v T
		if err := scan(r, &v); err != nil {
			return err
		}
		found = append(found, v)
		return nil
	}, args...)
	return found, err
}

// maybe reads the one row that may be there.
func maybe[T any](tx *Tx, q *Stmt, scan scanner[T], args ...any) (v T, ok bool, err error) {
	found, err := all(tx, q, scan, args...)
	switch {
	case err != nil || len(found) == 0:
		return v, false, err
	case len(found) > 1:
		return v, false, tx.fail(fmt.Errorf("store: %d rows instead of one in %s", len(found), q.source))
	}
	return found[0], true, nil
}

// one reads the one row that must be there; what names it in the fault.
func one[T any](tx *Tx, what string, q *Stmt, scan scanner[T], args ...any) (T, error) {
	v, ok, err := maybe(tx, q, scan, args...)
	if err == nil && !ok {
		err = fault.NotFound(what)
	}
	return v, err
}

// scalar reads a single column: scalar[int64](tx, q, …). No row is the zero value.
func scalar[T any](tx *Tx, q *Stmt, args ...any) (T, error) {
	v, _, err := maybe(tx, q, func(r *Row, v *T) error { return r.Scan(v) }, args...)
	return v, err
}

// each hands every row to f. f runs no statement: one connection, one result.
func each(tx *Tx, q *Stmt, f func(*Row) error, args ...any) error {
	sql, values, err := tx.prepare(q, args)
	if err != nil {
		return err
	}
	if tx.foretold {
		tx.foretell(q, sql, values)
		return nil
	}
	if r := tx.foreseen(q, values); r != nil {
		return tx.scan(q, &readRows{r.rows}, f)
	}
	sent := tx.ahead
	tx.ahead = nil
	rs, err := tx.conn.query(tx.ctx, sql, values, sent)
	if err != nil {
		return tx.answer(fmt.Errorf("%w in %s", err, q.source))
	}
	err = tx.scan(q, rs, f)
	if failed := rs.close(); failed != nil && err == nil {
		err = tx.fail(fmt.Errorf("%w in what was read ahead with %s", failed, q.source))
	}
	tx.read = append(tx.read, sent...)
	return err
}

func (tx *Tx) scan(q *Stmt, rs rows, f func(*Row) error) error {
	var row Row
	for {
		more, err := rs.next(&row.cells)
		if err != nil {
			return tx.fail(fmt.Errorf("%w in %s", err, q.source))
		}
		if !more {
			return nil
		}
		row.next = 0
		if err := f(&row); err != nil {
			return tx.fail(fmt.Errorf("%w in %s", err, q.source))
		}
		if err := row.done(); err != nil {
			return tx.fail(fmt.Errorf("%w in %s", err, q.source))
		}
	}
}
