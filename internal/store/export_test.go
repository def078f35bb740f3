package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccms/internal/authz"
	"ccms/internal/ident"
)

// Tables of the tests' own, one per class, in a migration of their own.
var (
	_ = table("test_own", own, plain("id operator_id sub_operator_id n"))
	_ = table("test_tokens", wideRead, plain("id operator_id sub_operator_id n"))
	_ = table("test_wallets", wideWrite, plain("id operator_id sub_operator_id n"))
	_ = table("test_shared", shared, plain("id operator_id sub_operator_id n"))
	_ = table("test_roots", root, plain("id n"))
	_ = table("test_log", own, appendOnly(), plain("id operator_id sub_operator_id n"))
	_ = table("test_children", own, plain("id operator_id sub_operator_id n parent_id"))
	_ = table("test_held", own, plain("id operator_id sub_operator_id n"))

	testSequence = sequence("test_numbers", 1000)
)

func init() {
	columns := "(id BYTEA NOT NULL PRIMARY KEY, operator_id BYTEA NOT NULL, sub_operator_id BYTEA NOT NULL, n BIGINT NOT NULL%s);\n"
	var b strings.Builder
	b.WriteString("-- +goose Up\n")
	for _, name := range []string{"own", "tokens", "wallets", "shared", "log", "held"} {
		fmt.Fprintf(&b, "CREATE TABLE test_"+name+" "+columns, "")
	}
	fmt.Fprintf(&b, "CREATE TABLE test_children "+columns, ", parent_id BYTEA REFERENCES test_own (id) DEFERRABLE INITIALLY DEFERRED")
	b.WriteString(`CREATE TABLE test_roots (id BYTEA NOT NULL PRIMARY KEY, n BIGINT NOT NULL);
CREATE INDEX test_own_list ON test_own (operator_id, n, id);
CREATE UNIQUE INDEX test_tokens_n ON test_tokens (operator_id, n);
--pg: -- +goose StatementBegin
--pg: CREATE FUNCTION test_hold() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$
--pg: BEGIN PERFORM pg_advisory_xact_lock(NEW.n); RETURN NULL; END $$;
--pg: -- +goose StatementEnd
--pg: CREATE CONSTRAINT TRIGGER test_hold AFTER INSERT ON test_held DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION test_hold();
`)
	migrations["90001_test.sql"] = []byte(b.String())
}

// TestTables are those with an owner and a number.
var TestTables = []string{"test_own", "test_tokens", "test_wallets", "test_shared"}

type tableStmts struct{ insert, sum, add, lock *Stmt }

var testStmts = func() map[string]tableStmts {
	all := map[string]tableStmts{}
	for _, n := range append([]string{"test_log", "test_held"}, TestTables...) {
		s := tableStmts{
			insert: stmt("INSERT INTO " + n + " (id, operator_id, sub_operator_id, n) VALUES (?, {{own " + n + "}}, ?)"),
			sum:    stmt("SELECT CAST(coalesce(sum(x.n), 0) AS BIGINT) FROM " + n + " x WHERE {{scope " + n + " x}} {{if id}} AND x.id = ? {{end}}"),
		}
		if n != "test_log" {
			s.add = stmt("UPDATE " + n + " SET n = n + ? WHERE {{scope " + n + " " + n + "}} {{if id}} AND id = ? {{end}}")
			s.lock = stmt("SELECT x.n FROM " + n + " x WHERE {{scope " + n + " x}} AND x.id = ? {{lock}}")
		}
		all[n] = s
	}
	return all
}()

var (
	qTestChild   = stmt(`INSERT INTO test_children (id, operator_id, sub_operator_id, n, parent_id) VALUES (?, {{own test_children}}, 0, ?)`)
	qTestRoot    = stmt(`INSERT INTO test_roots (id, n) VALUES ({{own test_roots}}, ?)`)
	qTestRoots   = stmt(`SELECT CAST(coalesce(sum(r.n), 0) AS BIGINT) FROM test_roots r WHERE {{scope test_roots r}}`)
	qTestRootAdd = stmt(`UPDATE test_roots SET n = n + ? WHERE {{scope test_roots test_roots}}`)
	qTestMove    = stmt(`UPDATE test_own SET (operator_id, sub_operator_id) = ({{own test_own}}) WHERE {{scope test_own test_own}} AND id = ?`)
	qTestIn      = stmt(`SELECT CAST(coalesce(sum(x.n), 0) AS BIGINT) FROM test_own x WHERE {{scope test_own x}} AND {{in x.n}} AND {{in x.id}}`)
	qTestList    = listing(listSpec{Cols: "x.id, x.n", From: "test_own x", Where: "{{scope test_own x}} {{if least}} AND x.n >= ? {{end}}",
		ID: "x.id", Sorts: map[string]string{"n": "x.n"}, Sort: "n"})
)

// Add writes a row of a test table.
func (tx *Tx) Add(table string, id []byte, op ident.Operator, sub ident.SubOperator, n int64) error {
	_, err := tx.exec(testStmts[table].insert, id, op, sub, n)
	return err
}

// Sum adds up what the scope sees.
func (tx *Tx) Sum(table string) (int64, error) { return scalar[int64](tx, testStmts[table].sum) }

// Of is the number of one row, 0 if the scope does not see it.
func (tx *Tx) Of(table string, id []byte) (int64, error) {
	return scalar[int64](tx, testStmts[table].sum, opt("id", id))
}

// Raise adds n to one row, or to all with a nil id, and tells how many it reached.
func (tx *Tx) Raise(table string, id []byte, n int64) (int64, error) {
	return tx.exec(testStmts[table].add, n, optIf(id != nil, "id", id))
}

// Lock locks a row.
func (tx *Tx) Lock(table string, id []byte) error {
	_, err := scalar[int64](tx, testStmts[table].lock, id)
	return err
}

func (tx *Tx) AddRoot(op ident.Operator, n int64) error {
	_, err := tx.exec(qTestRoot, op, n)
	return err
}

func (tx *Tx) SumRoots() (int64, error) { return scalar[int64](tx, qTestRoots) }

func (tx *Tx) RaiseRoots(n int64) (int64, error) { return tx.exec(qTestRootAdd, n) }

func (tx *Tx) Move(id []byte, op ident.Operator, sub ident.SubOperator) (int64, error) {
	return tx.exec(qTestMove, op, sub, id)
}

func (tx *Tx) SumIn(numbers []int64, ids [][]byte) (int64, error) {
	return scalar[int64](tx, qTestIn, numbers, ids)
}

// AddChild writes a row that only COMMIT checks for its parent.
func (tx *Tx) AddChild(id []byte, op ident.Operator, parent []byte) error {
	_, err := tx.exec(qTestChild, id, op, ident.SubOperator{}, parent)
	return err
}

func (tx *Tx) AddMany(table string, rows [][]any) error {
	return tx.execMany(testStmts[table].insert, rows)
}

// AddLater is Add that is put off; taken is its answer where the row is in the way.
func (tx *Tx) AddLater(table string, id []byte, op ident.Operator, n int64, taken error) error {
	return tx.later(testStmts[table].insert, func(_ int64, err error) error {
		if err != nil && taken != nil {
			return taken
		}
		return err
	}, id, op, ident.SubOperator{}, n)
}

// RaiseLater raises the number of one row, which must be there.
func (tx *Tx) RaiseLater(table string, id []byte, by int64) error {
	return tx.laterOne("row", testStmts[table].add, by, opt("id", id))
}

// ReadAhead is how many answers are there before they are asked for.
func (tx *Tx) ReadAhead() int { return len(tx.read) }

// TestRow is a row of the test list.
type TestRow struct {
	ID string
	N  int64
}

func (tx *Tx) TestList(p Page, least int64) (Listed[TestRow], error) {
	return list(tx, qTestList, p, func(r *Row, v *TestRow) error {
		var id []byte
		err := r.Scan(&id, &v.N)
		v.ID = string(id)
		return err
	}, optIf(least > 0, "least", least))
}

func (tx *Tx) NextTest() (int64, error) { return tx.Next(testSequence) }

// Raw runs text that no statement may hold, past all checks.
func (tx *Tx) Raw(text string) error {
	if err := tx.enter(); err != nil {
		return err
	}
	_, err := tx.conn.exec(tx.ctx, text, nil)
	if err != nil {
		tx.fail(err)
	}
	return err
}

// RawInt is Raw for one number.
func (tx *Tx) RawInt(text string) (n int64, err error) {
	if err := tx.enter(); err != nil {
		return 0, err
	}
	rs, err := tx.conn.query(tx.ctx, text, nil, nil)
	if err != nil {
		return 0, tx.fail(err)
	}
	defer rs.close()
	var row Row
	if _, err := rs.next(&row.cells); err != nil {
		return 0, tx.fail(err)
	}
	return n, row.Scan(&n)
}

func (tx *Tx) IsPostgres() bool { return tx.conn.engine() == postgres }

func (s *Store) IsPostgres() bool { return s.options.engine() == postgres }

func (s *Store) URL() string { return s.options.URL }

func (s *Store) Master() *Keys { return s.keys }

// Duplicate tells the test which index refused a row.
func Duplicate(err error, index string) bool { return duplicate(err, index) }

// Gate holds one joiner until the func it returns is called. What is written
// meanwhile then shares one transaction, however long it takes.
func (s *Store) Gate(t testing.TB) (open func()) {
	t.Helper()
	s.joinFor = time.Hour // before the joiner gets the request, so it happens before it reads it
	entered, opened := make(chan struct{}), make(chan struct{})
	r := &request{scope: authz.Everything("test"), alone: true, done: make(chan outcome, 1), fn: func(*Tx) error {
		close(entered)
		<-opened
		return nil
	}}
	s.queue <- r
	select {
	case <-entered:
	case <-time.After(10 * time.Second):
		t.Fatal("no joiner took the gate")
	}
	return func() { close(opened) }
}

// JoinWithoutEnd lets a transaction take in whoever waits, however long it takes. It
// is called before the first write.
func (s *Store) JoinWithoutEnd() { s.joinFor = time.Hour }

// WaitsSince lets a write wait that came at the instant.
func (s *Store) WaitsSince(at time.Time) (leave func()) {
	s.waiting.mu.Lock()
	defer s.waiting.mu.Unlock()
	e := s.waiting.since.PushFront(at)
	return func() { s.waiting.leave(e) }
}

// Queued is how many requests wait.
func (s *Store) Queued() int { return len(s.queue) }

// Check says what is wrong with a statement.
func Check(source string) []string {
	q, err := parse(source)
	if err != nil {
		return []string{err.Error()}
	}
	return q.check(registry.tables)
}

// Rendered is one text of one statement.
type Rendered struct {
	Source, SQL string
	Postgres    bool
	Write       string // the table written
	Shape       int
}

// EveryRendering renders every statement for both engines and every shape, with all
// its options and with none.
func EveryRendering() []Rendered {
	var all []Rendered
	for _, q := range registry.stmts {
		for _, e := range []engine{lite, postgres} {
			if q.pgOnly && e == lite {
				continue
			}
			for s := range shapes {
				for _, parts := range []uint64{0, 1<<len(q.keys) - 1} {
					r := q.render(rendering{e, s, parts})
					all = append(all, Rendered{q.source, strings.ReplaceAll(r.sql, listMark, "?"), e == postgres, q.target, int(s)})
				}
			}
		}
	}
	return all
}

// GenericPlan is how a writer's connection to PostgreSQL goes about a statement, in the
// words of EXPLAIN, whatever its values are.
func (s *Store) GenericPlan(ctx context.Context, text string) ([]string, error) {
	c, err := s.db.connect(ctx, false)
	if err != nil {
		return nil, err
	}
	defer c.close()
	pg := c.(*pgConn).c
	described, err := pg.Prepare(ctx, "", text)
	if err != nil {
		return nil, err
	}
	if _, err := pg.Exec(ctx, "PREPARE s AS "+text); err != nil {
		return nil, err
	}
	call := "EXPLAIN EXECUTE s"
	if n := len(described.ParamOIDs); n > 0 {
		call += "(NULL" + strings.Repeat(", NULL", n-1) + ")"
	}
	rows, err := pg.Query(ctx, call)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// TableClass names a table's class.
func TableClass(name string) string {
	t := registry.tables[name]
	if t == nil {
		return ""
	}
	return map[class]string{own: "own", wideRead: "wideRead", wideWrite: "wideWrite", shared: "shared", root: "root", global: "global"}[t.class]
}

// TableColumns lists the declared columns.
func TableColumns(name string) map[string]bool {
	found := map[string]bool{}
	for c := range registry.tables[name].columns {
		found[c] = true
	}
	return found
}

const (
	ShapeNone     = int(shapeNone)
	ShapeAll      = int(shapeAll)
	ShapePlatform = int(shapePlatform)
	ShapeOperator = int(shapeOperator)
	ShapeSub      = int(shapeSub)
	ShapeSubWide  = int(shapeSubWide)
	MaxJoined     = maxJoined
	MaxConflicts  = maxConflicts
)

// Settings are the SQL that tells row-level security the scope.
func Settings(sc authz.Scope) string { return settings(sc, time.Second).plain }

// BecomeApp is what each connection does first.
func BecomeApp(ctx context.Context, c *pgx.Conn) error { return becomeApp(ctx, c) }

// CheckRole is the check that refuses roles that row-level security does not bind.
func CheckRole(ctx context.Context, c *pgx.Conn) error { return checkRole(ctx, c) }

// ParseKeys reads the text of a key file.
func ParseKeys(text string) (*Keys, error) { return parseKeys([]byte(text)) }

// Conflict makes a closure the victim of a conflict, as 40001 does.
func (tx *Tx) Conflict() error { return tx.fail(errConflict) }

// GoneAfter is how long PostgreSQL takes to end the hold of a machine that has vanished: by
// what it asks for itself, and where it has sent something that nobody acknowledges.
func GoneAfter() (idle, unacknowledged time.Duration) {
	n := func(name string) int {
		v, err := strconv.Atoi(forDeadPeers[name])
		if err != nil {
			panic(err)
		}
		return v
	}
	return time.Duration(n("tcp_keepalives_idle")+n("tcp_keepalives_interval")*n("tcp_keepalives_count")) * time.Second, time.Duration(n("tcp_user_timeout")) * time.Millisecond
}

// SessionListWith renders the page and the count of the list of sessions with these of
// its options, as SQLite gets them.
func SessionListWith(options ...string) (texts []string) {
	for _, q := range []*Stmt{qSessionList.pages[qSessionList.spec.Sort], qSessionList.countRare} {
		var parts uint64
		for i, k := range q.keys {
			if slices.Contains(options, k) {
				parts |= 1 << i
			}
		}
		texts = append(texts, strings.ReplaceAll(q.render(rendering{lite, shapeOperator, parts}).sql, listMark, "?"))
	}
	return texts
}
