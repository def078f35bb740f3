package store

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
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

func (db *pgDB) connect(ctx context.Context, _ bool) (conn, error) {
	c, err := pgx.ConnectConfig(ctx, db.config.Copy())
	if err != nil {
		return nil, err
	}
	if err := becomeApp(ctx, c); err != nil {
		return nil, errors.Join(err, c.Close(ctx))
	}
	return &pgConn{c: c}, nil
}

func (db *pgDB) close() {} // each connection is closed by who opened it

type pgConn struct {
	c        *pgx.Conn
	spoilt   bool
	released bool // RELEASE goes out with the next SAVEPOINT or COMMIT
}

func (c *pgConn) engine() engine { return postgres }

// settings tell row-level security who asks. The values are hex digits or signs of
// ours, so that they can stand in the text and travel with what goes before.
func settings(sc authz.Scope, patience time.Duration) string {
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
	return "SELECT set_config('ccms.op', '" + op + "', true), set_config('ccms.sub', '" + sub + "', true), set_config('ccms.wide', '" + wide +
		"', true), set_config('lock_timeout', '" + strconv.FormatInt(patience.Milliseconds(), 10) + "', true)"
}

func (c *pgConn) begin(ctx context.Context, sc authz.Scope, readOnly bool, patience time.Duration) error {
	c.released = false
	start := "BEGIN ISOLATION LEVEL READ COMMITTED; "
	if readOnly {
		start = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
	}
	return c.run(ctx, start+settings(sc, patience))
}

func (c *pgConn) savepoint(ctx context.Context, sc authz.Scope, patience time.Duration) error {
	return c.run(ctx, c.pending()+"SAVEPOINT closure; "+settings(sc, patience))
}

// pending is the RELEASE that is still owed, to spare a round trip.
func (c *pgConn) pending() string {
	if !c.released {
		return ""
	}
	c.released = false
	return "RELEASE closure; "
}

func (c *pgConn) release(context.Context) error {
	if !c.alive() {
		return errGone
	}
	c.released = true
	return nil
}

func (c *pgConn) rollbackTo(ctx context.Context) error {
	return c.run(ctx, "ROLLBACK TO closure; RELEASE closure")
}

func (c *pgConn) commit(ctx context.Context) error {
	if c.released {
		if err := c.run(ctx, c.pending()); err != nil {
			return fmt.Errorf("%w: %w", errNotCommitted, err)
		}
	}
	results, err := c.c.PgConn().Exec(ctx, "COMMIT").ReadAll()
	var e *pgconn.PgError
	switch {
	case errors.As(err, &e) && e.Severity == "ERROR" && !c.c.IsClosed():
		return fmt.Errorf("%w: %w", errNotCommitted, err) // a deferred check refused it
	case err != nil:
		return err
	case len(results) != 1 || results[0].CommandTag.String() != "COMMIT":
		return fmt.Errorf("%w: COMMIT was answered %q", errNotCommitted, results[0].CommandTag) // it was already failed
	}
	return nil
}

func (c *pgConn) rollback(ctx context.Context) error { return c.run(ctx, "ROLLBACK") }

// alive: the server sends the state of the transaction with every answer.
func (c *pgConn) alive() bool { return !c.c.IsClosed() && c.c.PgConn().TxStatus() == 'T' }

func (c *pgConn) idle() bool { return !c.c.IsClosed() && c.c.PgConn().TxStatus() == 'I' && !c.spoilt }

func (c *pgConn) spoil() { c.spoilt = true }

func (c *pgConn) run(ctx context.Context, text string) error {
	_, err := c.c.PgConn().Exec(ctx, text).ReadAll()
	return c.explain(ctx, err)
}

func (c *pgConn) exec(ctx context.Context, text string, args []any) (int64, error) {
	tag, err := c.c.Exec(ctx, text, args...)
	return tag.RowsAffected(), c.explain(ctx, err)
}

func (c *pgConn) execMany(ctx context.Context, text string, args [][]any) (int64, error) {
	b := &pgx.Batch{}
	for _, a := range args {
		b.Queue(text, a...)
	}
	results := c.c.SendBatch(ctx, b)
	total := int64(0)
	for range args {
		tag, err := results.Exec()
		if err != nil {
			_ = results.Close() // its error is this one
			return 0, c.explain(ctx, err)
		}
		total += tag.RowsAffected()
	}
	return total, c.explain(ctx, results.Close())
}

func (c *pgConn) query(ctx context.Context, text string, args []any) (rows, error) {
	rs, err := c.c.Query(ctx, text, args...)
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	return &pgRows{c: c, ctx: ctx, rs: rs}, nil
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

func (r *pgRows) close() { r.rs.Close() }

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
