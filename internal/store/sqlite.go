package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"ccms/internal/authz"
)

// maxPrepared statements are kept per connection of SQLite; past it all are let go.
const maxPrepared = 400

// liteDB is SQLite in the process: one writer, a few readers that write nothing. It
// speaks to the driver itself: a pool between them would take a lock and a goroutine
// for each statement of a connection that is never shared.
type liteDB struct {
	driver  driver.Driver
	path    string
	indexes map[string]string // "sites.operator_id, sites.name" → index
}

func litePath(u string) string { return strings.TrimPrefix(u, "sqlite:") }

// liteDSN: WAL lets readers see the last commit while one writes; FULL syncs each
// commit, because acknowledged means durable. The log may grow to 16 MB before it is
// carried over: the pages of running sessions are written again and again, and only
// their last state has to be.
func liteDSN(path string, readOnly bool) string {
	q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"temp_store(MEMORY)", "cache_size(-16000)", "trusted_schema(0)", "wal_autocheckpoint(4000)"}}
	if readOnly {
		q.Add("_pragma", "query_only(1)")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

func openSQLite(ctx context.Context, o Options) (*liteDB, error) {
	path := litePath(o.URL)
	pool, err := sql.Open("sqlite", liteDSN(path, true))
	if err != nil {
		return nil, err
	}
	db := &liteDB{driver: pool.Driver(), path: path}
	if err = checkVersion(ctx, pool, lite); err == nil {
		err = db.readIndexes(ctx, pool)
	}
	if err = errors.Join(err, pool.Close()); err != nil {
		return nil, err
	}
	return db, nil
}

// readIndexes learns the names of unique indexes, because SQLite's error names the
// columns instead.
func (db *liteDB) readIndexes(ctx context.Context, pool *sql.DB) error {
	rs, err := pool.QueryContext(ctx, `SELECT m.name, l.name, i.name FROM sqlite_master m
		JOIN pragma_index_list(m.name) l JOIN pragma_index_info(l.name) i
		WHERE m.type = 'table' AND l."unique" = 1 ORDER BY m.name, l.name, i.seqno`)
	if err != nil {
		return err
	}
	defer rs.Close()
	columns := map[string][]string{}
	for rs.Next() {
		var tableName, index string
		var column sql.NullString
		if err := rs.Scan(&tableName, &index, &column); err != nil {
			return err
		}
		columns[index] = append(columns[index], tableName+"."+column.String)
	}
	db.indexes = map[string]string{}
	for index, list := range columns {
		key := strings.Join(list, ", ")
		if old := db.indexes[key]; old == "" || strings.HasPrefix(old, "sqlite_autoindex") {
			db.indexes[key] = index
		}
	}
	return rs.Err()
}

func (db *liteDB) connect(_ context.Context, readOnly bool) (conn, error) {
	c, err := db.driver.Open(liteDSN(db.path, readOnly))
	if err != nil {
		return nil, err
	}
	return &liteConn{db: db, c: c, prepared: map[string]*liteStmt{}}, nil
}

func (db *liteDB) close() {} // each connection is closed by who opened it

type liteConn struct {
	db       *liteDB
	c        driver.Conn
	prepared map[string]*liteStmt
	args     []driver.NamedValue // of the statement at hand
	broken   bool
}

// liteStmt is a prepared statement.
type liteStmt struct {
	driver.Stmt
	// short statements cannot run away: they mark the transaction, or insert one row,
	// perhaps with what a key leads to.
	// Nobody needs to watch them, and watching costs a goroutine each time.
	short bool
}

func isShort(text string) bool {
	switch verb, _, _ := strings.Cut(text, " "); verb {
	case "SAVEPOINT", "RELEASE":
		return true
	case "INSERT":
		return !strings.Contains(text, "SELECT") || strings.HasPrefix(text, "INSERT INTO session_samples")
	}
	return false
}

func (c *liteConn) engine() engine { return lite }

func (c *liteConn) begin(ctx context.Context, _ authz.Scope, readOnly bool, _ time.Duration) error {
	if readOnly {
		return c.run(ctx, "BEGIN")
	}
	return c.run(ctx, "BEGIN IMMEDIATE")
}

func (c *liteConn) savepoint(ctx context.Context, _ authz.Scope, _ time.Duration) error {
	return c.run(ctx, "SAVEPOINT closure")
}

func (c *liteConn) release(ctx context.Context) error { return c.run(ctx, "RELEASE closure") }

func (c *liteConn) rollbackTo(ctx context.Context) error {
	if err := c.run(ctx, "ROLLBACK TO closure"); err != nil {
		return err
	}
	return c.run(ctx, "RELEASE closure")
}

// commit has no deadline: it waits for the disk, and giving up would leave open
// what was stored.
func (c *liteConn) commit(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	err := c.run(ctx, "COMMIT")
	if err == nil {
		return nil
	}
	var e *sqlite.Error
	if !errors.As(err, &e) || e.Code()&0xff == sqlite3.SQLITE_IOERR || e.Code()&0xff == sqlite3.SQLITE_CORRUPT {
		return err // the log may have been written before the sync failed
	}
	if e.Code()&0xff == sqlite3.SQLITE_ERROR {
		return err // "no transaction is active": who ended it, and how, is not known
	}
	// BUSY leaves the transaction open, FULL and a failed deferred constraint too;
	// what ROLLBACK ends was not committed.
	if back := c.run(ctx, "ROLLBACK"); back != nil {
		return errors.Join(err, back)
	}
	return fmt.Errorf("%w: %w", errNotCommitted, err)
}

func (c *liteConn) rollback(ctx context.Context) error {
	err := c.run(context.WithoutCancel(ctx), "ROLLBACK")
	c.broken = c.broken || err != nil
	return err
}

// alive: SQLite tells nothing; a savepoint that cannot be ended tells it.
func (c *liteConn) alive() bool { return true }

func (c *liteConn) idle() bool { return !c.broken }

func (c *liteConn) spoil() { c.broken = true }

func (c *liteConn) run(ctx context.Context, text string) error {
	_, err := c.exec(ctx, text, nil)
	return err
}

func (c *liteConn) prepare(ctx context.Context, text string) (*liteStmt, error) {
	if st := c.prepared[text]; st != nil {
		return st, nil
	}
	if len(c.prepared) >= maxPrepared {
		for k, st := range c.prepared {
			_ = st.Close() // the connection closes it otherwise
			delete(c.prepared, k)
		}
	}
	prepared, err := c.c.Prepare(text)
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	st := &liteStmt{prepared, isShort(text)}
	c.prepared[text] = st
	return st, nil
}

// named are the arguments as the driver wants them; it copies what it keeps.
func (c *liteConn) named(args []any) []driver.NamedValue {
	c.args = c.args[:0]
	for i, a := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return c.args
}

func (c *liteConn) exec(ctx context.Context, text string, args []any) (int64, error) {
	st, err := c.prepare(ctx, text)
	if err != nil {
		return 0, err
	}
	watched := ctx
	if st.short {
		if ctx.Err() != nil {
			return 0, c.explain(ctx, ctx.Err())
		}
		watched = context.WithoutCancel(ctx)
	}
	res, err := st.Stmt.(driver.StmtExecContext).ExecContext(watched, c.named(args))
	if err != nil {
		return 0, c.explain(ctx, err)
	}
	return res.RowsAffected()
}

func (c *liteConn) execMany(ctx context.Context, text string, args [][]any) (total int64, err error) {
	for _, a := range args {
		n, err := c.exec(ctx, text, a)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

func (c *liteConn) later(ctx context.Context, text string, args []any, then func(int64, error) error) error {
	return then(c.exec(ctx, text, args))
}

func (c *liteConn) settle(context.Context) error { return nil }

func (c *liteConn) query(ctx context.Context, text string, args []any, _ []*reading) (rows, error) {
	st, err := c.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	rs, err := st.Stmt.(driver.StmtQueryContext).QueryContext(ctx, c.named(args))
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	n := len(rs.Columns())
	return &liteRows{c: c, ctx: ctx, rs: rs, values: make([]driver.Value, n), cells: make([]cell, n)}, nil
}

func (c *liteConn) close() {
	for _, st := range c.prepared {
		_ = st.Close()
	}
	// A transaction that is still open is rolled back by it. Nothing can be done about
	// an error, and nothing is lost by it: every commit was synced.
	_ = c.c.Close()
}

func (c *liteConn) explain(ctx context.Context, err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch code := e.Code(); {
		case code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || code == sqlite3.SQLITE_CONSTRAINT_ROWID:
			if _, columns, ok := strings.Cut(e.Error(), "UNIQUE constraint failed: "); ok {
				columns, _, _ = strings.Cut(columns, " (")
				return &duplicateError{c.db.indexes[columns]}
			}
		case code == sqlite3.SQLITE_CONSTRAINT_NOTNULL:
			return fmt.Errorf("%w: %w", errNull, err)
		case code&0xff == sqlite3.SQLITE_BUSY || code&0xff == sqlite3.SQLITE_LOCKED:
			return fmt.Errorf("%w: %w", errConflict, err)
		case code&0xff == sqlite3.SQLITE_INTERRUPT:
			return fmt.Errorf("%w: %w", errSlow, err)
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", errSlow, err)
	}
	if errors.Is(err, driver.ErrBadConn) {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return err
}

type liteRows struct {
	c      *liteConn
	ctx    context.Context
	rs     driver.Rows
	values []driver.Value
	cells  []cell
}

func (r *liteRows) next(cells *[]cell) (bool, error) {
	switch err := r.rs.Next(r.values); {
	case err == io.EOF:
		return false, nil
	case err != nil:
		return false, r.c.explain(r.ctx, err)
	}
	for i, v := range r.values {
		r.cells[i] = v
	}
	*cells = r.cells
	return true, nil
}

func (r *liteRows) close() error {
	_ = r.rs.Close() // its error was next's
	return nil
}
