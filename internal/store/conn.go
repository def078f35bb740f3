package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ccms/internal/authz"
)

// conn is the seam between the joiner and a database: one connection, at most one
// transaction, at most one savepoint in it. begin and savepoint may wait to be sent
// until the next statement is.
type conn interface {
	engine() engine
	// begin opens a transaction and sets the scope for row-level security.
	begin(ctx context.Context, sc authz.Scope, readOnly bool, patience time.Duration) error
	// savepoint opens the savepoint of a closure and sets its scope. patience is how
	// long a statement waits for another transaction's row.
	savepoint(ctx context.Context, sc authz.Scope, patience time.Duration) error
	// release and rollbackTo end the savepoint. Their error means that the
	// transaction is gone.
	release(ctx context.Context) error
	rollbackTo(ctx context.Context) error
	// commit returns nil when the transaction is durable, errNotCommitted when the
	// engine guarantees that it is not, and else an error that says neither.
	commit(ctx context.Context) error
	rollback(ctx context.Context) error
	// alive reports whether the transaction that begin opened can still be there.
	alive() bool
	// idle reports whether the connection is fit for another transaction; spoil
	// makes it unfit.
	idle() bool
	spoil()
	exec(ctx context.Context, sql string, args []any) (int64, error)
	execMany(ctx context.Context, sql string, args [][]any) (int64, error)
	// query may carry other queries behind it, whose rows are there when its own are closed.
	query(ctx context.Context, sql string, args []any, ahead []*reading) (rows, error)
	// later is exec at the latest with the next statement or in settle; then is told what
	// came of it, and its error is that of the call in which this was found out.
	later(ctx context.Context, sql string, args []any, then func(int64, error) error) error
	// settle finds out what came of what was put off.
	settle(ctx context.Context) error
	// writeTogether writes what light closures have left and sets the errors of those
	// that came too late. Its own error means that each has to be written by itself.
	writeTogether(ctx context.Context, light []*joined) error
	close()
}

// rows are the rows of a query. next fills cells, whose bytes live until the next call.
type rows interface {
	next(cells *[]cell) (bool, error)
	// close returns the error of what was read behind them.
	close() error
}

var (
	// errNotCommitted wraps the error of a COMMIT that did not happen for certain.
	errNotCommitted = errors.New("store: not committed")
	// errConflict wraps what two transactions did to each other: run it again.
	errConflict = errors.New("store: two transactions in each other's way")
	// errGone wraps what ends the whole transaction.
	errGone = errors.New("store: the transaction is gone")
	// errApart says that closures have to be written one by one.
	errApart = errors.New("store: not to be written together")
	// errNull wraps SQLite's refusal of a row with a column that is missing.
	errNull = errors.New("store: a value is missing")
	// errSlow wraps a statement that the database stopped for its time.
	errSlow = errors.New("store: a statement took too long")
)

// duplicateError says that a unique index refused a row. It wraps no driver error,
// because those quote the values.
type duplicateError struct{ index string }

func (e *duplicateError) Error() string { return fmt.Sprintf("store: unique index %s", e.index) }

// duplicate reports whether err comes from the unique index of that name, on both
// engines. The closure must then return an error of its own: its statements are lost.
// To go on after a double row write ON CONFLICT DO NOTHING.
func duplicate(err error, index string) bool {
	var d *duplicateError
	return errors.As(err, &d) && d.index == index
}
