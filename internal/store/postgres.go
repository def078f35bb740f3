package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"ccms/internal/authz"
)

// appRole is what every connection becomes. It owns nothing, so that row-level
// security binds it.
const appRole = "ccms_app"

type pgDB struct{ config *pgx.ConnConfig }

func openPostgres(ctx context.Context, o Options) (*pgDB, error) {
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return nil, errors.New("store: the database URL cannot be read") // err quotes it, with the password
	}
	configure(config, o)
	db := &pgDB{config: config}
	if err := checkPostgresVersion(ctx, config); err != nil {
		return nil, err
	}
	c, err := db.connect(ctx, true) // a role that may not serve is found here, not at the first request
	if err != nil {
		return nil, err
	}
	c.close()
	return db, nil
}

// byKeys keeps PostgreSQL from planning a prepared statement anew for each set of
// values, and from a plan that was right while a table was empty. Writers find their
// rows by keys, and planning takes longer than that.
func byKeys(c *pgx.ConnConfig) {
	c.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	for _, way := range []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"} {
		c.RuntimeParams[way] = "off"
	}
}

func configure(c *pgx.ConnConfig, o Options) {
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	c.RuntimeParams["application_name"] = "ccms"
	c.RuntimeParams["timezone"] = "UTC"
	// The server stops a slow statement before our context does, because pgx gives
	// up the connection with the context.
	c.RuntimeParams["statement_timeout"] = ms(o.Budget * 4 / 5)
	c.RuntimeParams["idle_in_transaction_session_timeout"] = ms(12 * o.Budget)
	c.ConnectTimeout = reconnectFor
}

// becomeApp switches to the role that serves, and refuses to go on as one that
// row-level security would not bind.
func becomeApp(ctx context.Context, c *pgx.Conn) error {
	if _, err := c.Exec(ctx, "SET ROLE "+appRole); err != nil {
		return fmt.Errorf("becoming %s (ccms migrate makes it): %w", appRole, err)
	}
	return checkRole(ctx, c)
}

func checkRole(ctx context.Context, c *pgx.Conn) error {
	var user string
	var super, bypass, owns bool
	err := c.QueryRow(ctx, `SELECT r.rolname, r.rolsuper, r.rolbypassrls, EXISTS (SELECT 1 FROM pg_class t WHERE t.relowner = r.oid)
		FROM pg_roles r WHERE r.rolname = current_user`).Scan(&user, &super, &bypass, &owns)
	switch {
	case err != nil:
		return err
	case super, bypass, owns:
		return fmt.Errorf("store: the role %s is a superuser (%v), bypasses row-level security (%v) or owns tables (%v): tenants would not be kept apart",
			user, super, bypass, owns)
	}
	return nil
}

func (db *pgDB) connect(ctx context.Context, readOnly bool) (conn, error) {
	config := db.config.Copy()
	if !readOnly {
		byKeys(config)
	}
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := becomeApp(ctx, c); err != nil {
		return nil, errors.Join(err, c.Close(ctx))
	}
	return &pgConn{c: c, prepared: map[string]bool{}}, nil
}

func (db *pgDB) close() {} // each connection is closed by who opened it

type pgConn struct {
	c      *pgx.Conn
	spoilt bool
	// pending goes out with the next statement, in one round trip: BEGIN, SAVEPOINT,
	// RELEASE, the settings, and writes that were put off.
	pending  []pgStep
	begun    bool // BEGIN is among them
	prepared map[string]bool
	used     time.Time // when the server answered last
}

// pgStep is one statement of several that are sent at once.
type pgStep struct {
	text  string
	args  []any
	plain string // without parameters, where it is sent with other text
	// then is told what came of a write that was put off; nil for all else.
	then func(int64, error) error
}

func putOff(s pgStep) bool { return s.then != nil }

// idleFor is how long a connection may have been idle for BEGIN to travel with the
// first statement: one that died meanwhile should be found before a closure runs.
const idleFor = 250 * time.Millisecond

const (
	beginWrite = "BEGIN ISOLATION LEVEL READ COMMITTED"
	beginRead  = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	setScope   = `SELECT set_config('ccms.op', $1, true), set_config('ccms.sub', $2, true), set_config('ccms.wide', $3, true), set_config('lock_timeout', $4, true)`
)

func control(text string) pgStep { return pgStep{text: text, plain: text} }

func (c *pgConn) engine() engine { return postgres }

// settings tell row-level security who asks. The values are hex digits or signs of
// ours, so that they can stand in a text too.
func settings(sc authz.Scope, patience time.Duration) pgStep {
	op, sub, wide := "", "", ""
	switch shapeOf(sc) {
	case shapeNone:
	case shapeAll:
		op = "*"
	default:
		op = hex.EncodeToString(sc.Operator().Bytes())
		if !sc.Sub().IsZero() {
			sub = hex.EncodeToString(sc.Sub().Bytes())
		}
		if sc.Wide() {
			wide = "1"
		}
	}
	ms := strconv.FormatInt(patience.Milliseconds(), 10)
	return pgStep{text: setScope, args: []any{op, sub, wide, ms}, plain: "SELECT set_config('ccms.op', '" + op + "', true), set_config('ccms.sub', '" + sub +
		"', true), set_config('ccms.wide', '" + wide + "', true), set_config('lock_timeout', '" + ms + "', true)"}
}

func (c *pgConn) begin(ctx context.Context, sc authz.Scope, readOnly bool, patience time.Duration) error {
	c.pending = c.pending[:0]
	start := control(beginWrite)
	if readOnly {
		start = control(beginRead)
	}
	c.pending = append(c.pending, start, settings(sc, patience))
	if c.begun = true; !readOnly && time.Since(c.used) < idleFor {
		return nil
	}
	return c.flush(ctx)
}

func (c *pgConn) savepoint(_ context.Context, sc authz.Scope, patience time.Duration) error {
	if c.begun { // BEGIN's own settings would be for nothing
		c.pending = c.pending[:1]
	}
	c.pending = append(c.pending, control("SAVEPOINT closure"), settings(sc, patience))
	return nil
}

func (c *pgConn) release(context.Context) error {
	if !c.alive() {
		return errGone
	}
	c.pending = append(c.pending, control("RELEASE closure"))
	return nil
}

func (c *pgConn) rollbackTo(ctx context.Context) error {
	c.pending = slices.DeleteFunc(c.pending, putOff) // they would only be taken back
	c.pending = append(c.pending, control("ROLLBACK TO closure"), control("RELEASE closure"))
	return c.flush(ctx)
}

// later implements conn.
func (c *pgConn) later(ctx context.Context, text string, args []any, then func(int64, error) error) error {
	if err := c.prepare(ctx, text); err != nil {
		if errors.Is(err, errOwed) {
			return err
		}
		return then(0, err)
	}
	c.pending = append(c.pending, pgStep{text: text, args: args, then: then})
	return nil
}

// settle implements conn.
func (c *pgConn) settle(ctx context.Context) error {
	if !slices.ContainsFunc(c.pending, putOff) {
		return nil
	}
	_, err := c.send(ctx, nil)
	return err
}

// flush sends what is pending by itself.
func (c *pgConn) flush(ctx context.Context) error {
	if len(c.pending) == 0 {
		return nil
	}
	if slices.ContainsFunc(c.pending, putOff) {
		return c.settle(ctx)
	}
	var b strings.Builder
	for _, s := range c.pending {
		b.WriteString(s.plain + "; ")
	}
	c.pending, c.begun = c.pending[:0], false
	return c.run(ctx, b.String())
}

// send sends steps and what is pending before them in one round trip, and returns how
// many rows each of the steps touched.
func (c *pgConn) send(ctx context.Context, steps []pgStep) ([]int64, error) {
	results, err := c.start(ctx, steps)
	if err != nil {
		return nil, err
	}
	counts := make([]int64, len(steps))
	for i := range steps {
		tag, err := results.Exec()
		if err != nil {
			_ = results.Close() // its error is this one
			return nil, c.explain(ctx, err)
		}
		counts[i] = tag.RowsAffected()
	}
	c.used = time.Now()
	return counts, c.explain(ctx, results.Close())
}

// start sends steps and what is pending before them, and reads the answers to that.
func (c *pgConn) start(ctx context.Context, steps []pgStep) (pgx.BatchResults, error) {
	for _, s := range steps {
		if err := c.prepare(ctx, s.text); err != nil {
			return nil, err
		}
	}
	for _, s := range c.pending {
		if !c.prepared[s.text] {
			if err := c.prepareControls(ctx); err != nil {
				return nil, err
			}
			break
		}
	}
	b := &pgx.Batch{}
	for _, s := range c.pending {
		b.Queue(s.text, s.args...)
	}
	for _, s := range steps {
		b.Queue(s.text, s.args...)
	}
	before := c.pending
	c.pending, c.begun = nil, false // then may send something itself
	results := c.c.SendBatch(ctx, b)
	var owed error
	for _, s := range before {
		tag, err := results.Exec()
		if putOff(s) && owed == nil {
			owed = s.then(tag.RowsAffected(), c.explain(ctx, err))
		} else if err != nil && owed == nil {
			owed = fmt.Errorf("%w: %w", errGone, err)
		}
		if err != nil {
			break
		}
	}
	if owed != nil {
		_ = results.Close() // its error is this one
		return nil, owed
	}
	c.pending = before[:0]
	return results, nil
}

// prepare prepares a text, once per connection. What is pending comes first: a text that
// cannot be prepared ends no more than the savepoint it stands in.
func (c *pgConn) prepare(ctx context.Context, text string) error {
	if c.prepared[text] {
		return nil
	}
	if err := c.flush(ctx); errors.Is(err, errOwed) {
		return err
	} else if err != nil {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	if _, err := c.c.Prepare(ctx, text, text); err != nil {
		return c.explain(ctx, err)
	}
	c.prepared[text] = true
	return nil
}

// prepareControls prepares what marks transactions, once per connection.
func (c *pgConn) prepareControls(ctx context.Context) error {
	for _, text := range []string{beginWrite, "SAVEPOINT closure", "RELEASE closure", setScope, "COMMIT"} {
		if _, err := c.c.Prepare(ctx, text, text); err != nil {
			return fmt.Errorf("%w: %w", errGone, err)
		}
		c.prepared[text] = true
	}
	return nil
}

func (c *pgConn) commit(ctx context.Context) error {
	if c.begun { // nothing was sent, so there is nothing to commit
		c.pending, c.begun = c.pending[:0], false
		return nil
	}
	// A RELEASE that fails is answered before the COMMIT behind it, which is then
	// ignored.
	text, owed := "COMMIT", len(c.pending)
	for _, s := range slices.Backward(c.pending) {
		text = s.plain + "; " + text
	}
	c.pending = c.pending[:0]
	results, err := c.c.PgConn().Exec(ctx, text).ReadAll()
	var e *pgconn.PgError
	switch {
	case errors.As(err, &e) && e.Severity == "ERROR" && !c.c.IsClosed():
		return fmt.Errorf("%w: %w", errNotCommitted, err) // a deferred check refused it
	case err != nil:
		return c.explain(ctx, err)
	case len(results) != owed+1 || results[owed].CommandTag.String() != "COMMIT":
		return fmt.Errorf("%w: COMMIT was answered %v", errNotCommitted, results) // it was already failed
	}
	c.used = time.Now()
	return nil
}

func (c *pgConn) rollback(ctx context.Context) error {
	if c.begun {
		c.pending, c.begun = c.pending[:0], false
		return nil
	}
	c.pending = c.pending[:0]
	return c.run(ctx, "ROLLBACK")
}

// alive: the server sends the state of the transaction with every answer.
func (c *pgConn) alive() bool { return !c.c.IsClosed() && (c.begun || c.c.PgConn().TxStatus() == 'T') }

func (c *pgConn) idle() bool {
	return !c.c.IsClosed() && c.c.PgConn().TxStatus() == 'I' && len(c.pending) == 0 && !c.spoilt
}

func (c *pgConn) spoil() { c.spoilt = true }

func (c *pgConn) run(ctx context.Context, text string) error {
	_, err := c.c.PgConn().Exec(ctx, text).ReadAll()
	c.used = time.Now()
	return c.explain(ctx, err)
}

func (c *pgConn) exec(ctx context.Context, text string, args []any) (int64, error) {
	if len(c.pending) == 0 {
		tag, err := c.c.Exec(ctx, text, args...)
		return tag.RowsAffected(), c.explain(ctx, err)
	}
	counts, err := c.send(ctx, []pgStep{{text: text, args: args}})
	if err != nil {
		return 0, err
	}
	return counts[0], nil
}

func (c *pgConn) execMany(ctx context.Context, text string, args [][]any) (total int64, err error) {
	steps := make([]pgStep, len(args))
	for i, a := range args {
		steps[i] = pgStep{text: text, args: a}
	}
	counts, err := c.send(ctx, steps)
	for _, n := range counts {
		total += n
	}
	return total, err
}

func (c *pgConn) query(ctx context.Context, text string, args []any, ahead []*reading) (rows, error) {
	if len(c.pending) == 0 && len(ahead) == 0 {
		rs, err := c.c.Query(ctx, text, args...)
		if err != nil {
			return nil, c.explain(ctx, err)
		}
		return &pgRows{c: c, ctx: ctx, rs: rs}, nil
	}
	steps := make([]pgStep, 0, 1+len(ahead))
	steps = append(steps, pgStep{text: text, args: args})
	for _, r := range ahead {
		steps = append(steps, pgStep{text: r.text, args: r.values})
	}
	results, err := c.start(ctx, steps)
	if err != nil {
		return nil, err
	}
	rs, err := results.Query()
	if err != nil {
		_ = results.Close() // its error is this one
		return nil, c.explain(ctx, err)
	}
	return &pgRows{c: c, ctx: ctx, rs: rs, of: results, ahead: ahead}, nil
}

func (c *pgConn) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.c.Close(ctx) // it goes either way
}

func (c *pgConn) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if c.c.IsClosed() {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	var e *pgconn.PgError
	if errors.As(err, &e) {
		switch e.Code {
		case "23505":
			return &duplicateError{e.ConstraintName}
		case "40001", "40P01", "55P03":
			return fmt.Errorf("%w: %w", errConflict, err)
		case "57014":
			return fmt.Errorf("%w: %w", errSlow, err)
		}
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", errSlow, err)
	}
	return err
}

type pgRows struct {
	c     *pgConn
	ctx   context.Context
	rs    pgx.Rows
	of    pgx.BatchResults // that rs is of; nil where it was sent by itself
	ahead []*reading       // what comes behind rs
	cells []cell
}

func (r *pgRows) next(cells *[]cell) (bool, error) {
	if !r.rs.Next() {
		return false, r.c.explain(r.ctx, r.rs.Err())
	}
	raw, fields := r.rs.RawValues(), r.rs.FieldDescriptions()
	if r.cells == nil {
		r.cells = make([]cell, len(raw))
	}
	for i, b := range raw {
		v, err := decode(b, fields[i])
		if err != nil {
			return false, err
		}
		r.cells[i] = v
	}
	*cells = r.cells
	return true, nil
}

func (r *pgRows) close() error {
	r.rs.Close()
	if r.of == nil {
		return nil // an error was next's
	}
	failed := r.rs.Err() != nil // nothing comes behind it then
	var err error
	for _, a := range r.ahead {
		if failed {
			break
		}
		if err = r.c.keep(r.of, a); err != nil {
			break
		}
	}
	_ = r.of.Close() // its error is this one, or was next's
	r.c.used = time.Now()
	return r.c.explain(r.ctx, err)
}

// keep reads all rows of the next result. Their cells outlive it.
func (c *pgConn) keep(results pgx.BatchResults, into *reading) error {
	rs, err := results.Query()
	if err != nil {
		return err
	}
	defer rs.Close()
	for rs.Next() {
		raw, fields := rs.RawValues(), rs.FieldDescriptions()
		cells := make([]cell, len(raw))
		for i, b := range raw {
			if cells[i], err = decode(b, fields[i]); err != nil {
				return err
			}
			if b, ok := cells[i].([]byte); ok {
				cells[i] = bytes.Clone(b)
			}
		}
		into.rows = append(into.rows, cells)
	}
	return rs.Err()
}

// decode reads the few types that our columns have, in the binary form that pgx
// asks for.
func decode(b []byte, f pgconn.FieldDescription) (cell, error) {
	if b == nil {
		return nil, nil
	}
	if f.Format == pgtype.BinaryFormatCode {
		switch {
		case f.DataTypeOID == pgtype.Int8OID && len(b) == 8:
			return int64(binary.BigEndian.Uint64(b)), nil
		case f.DataTypeOID == pgtype.Int4OID && len(b) == 4:
			return int64(int32(binary.BigEndian.Uint32(b))), nil
		case f.DataTypeOID == pgtype.Int2OID && len(b) == 2:
			return int64(int16(binary.BigEndian.Uint16(b))), nil
		case f.DataTypeOID == pgtype.BoolOID && len(b) == 1:
			return int64(b[0]), nil
		case f.DataTypeOID == pgtype.ByteaOID:
			return b, nil
		}
	}
	switch f.DataTypeOID {
	case pgtype.TextOID, pgtype.VarcharOID, pgtype.NameOID:
		return string(b), nil
	}
	return nil, fmt.Errorf("store: column %s has a type (%d) that is not stored here; cast it", f.Name, f.DataTypeOID)
}
