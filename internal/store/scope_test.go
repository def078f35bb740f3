package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

// tenants are two operators, the first with two sub-operators. Each row's number is
// a power of ten, so that a sum tells which rows were there.
type tenants struct {
	a, b   ident.Operator
	a1, a2 ident.SubOperator
}

const (
	rowA    = 1     // operator a's own
	rowA1   = 10    // of its first sub-operator
	rowA2   = 100   // of its second
	rowB    = 1000  // operator b's own
	rowZero = 10000 // the platform's own
)

func seed(t *testing.T, st *store.Store) tenants {
	t.Helper()
	x := tenants{newOperator(), newOperator(), newSub(), newSub()}
	write(t, st, authz.Everything("test"), func(tx *store.Tx) error {
		var errs []error
		for _, table := range store.TestTables {
			errs = append(errs,
				tx.Add(table, rowID("A"), x.a, ident.SubOperator{}, rowA),
				tx.Add(table, rowID("A1"), x.a, x.a1, rowA1),
				tx.Add(table, rowID("A2"), x.a, x.a2, rowA2),
				tx.Add(table, rowID("B"), x.b, ident.SubOperator{}, rowB),
				tx.Add(table, rowID("0"), ident.Operator{}, ident.SubOperator{}, rowZero))
		}
		errs = append(errs, tx.AddRoot(x.a, rowA), tx.AddRoot(x.b, rowB))
		return errors.Join(errs...)
	})
	return x
}

// sights says, per scope, which rows of each class are read and which are written.
// It is written by hand: it is the promise, and both locks are held to it.
func (x tenants) sights() []sight {
	all := int64(rowA + rowA1 + rowA2 + rowB + rowZero)
	a := int64(rowA + rowA1 + rowA2)
	table := func(own, tokensRead, tokensWrite, wallets, shared, rootRead, rootWrite int64) map[string][2]int64 {
		return map[string][2]int64{
			"test_own": {own, own}, "test_tokens": {tokensRead, tokensWrite}, "test_wallets": {wallets, wallets},
			"test_shared": {shared, shared}, "test_roots": {rootRead, rootWrite},
		}
	}
	sub := table(rowA1, rowA1, rowA1, rowA1, a, rowA, 0)
	wide := table(rowA1, a, rowA1, a, a, rowA, 0)
	return []sight{
		{"unset", authz.Scope{}, table(0, 0, 0, 0, 0, 0, 0)},
		{"everything", authz.Everything("test"), table(all, all, all, all, all, rowA+rowB, rowA+rowB)},
		{"platform staff", authz.ForPlatform(authz.Actor{}), table(rowZero, rowZero, rowZero, rowZero, rowZero, rowA+rowB, rowA+rowB)},
		{"staff of the operator", authz.ForStaff(x.a, ident.SubOperator{}, authz.Actor{}), table(a, a, a, a, a, rowA, rowA)},
		{"system inside the operator", authz.ForSystem(x.a, "test"), table(a, a, a, a, a, rowA, rowA)},
		{"staff of the sub-operator", authz.ForStaff(x.a, x.a1, authz.Actor{}), sub},
		{"the same within a session", authz.ForStaff(x.a, x.a1, authz.Actor{}).WithinSession(), wide},
		{"charge point of the sub-operator", authz.ForChargePoint(x.a, x.a1, ident.ChargePoint{}), wide},
		{"charge point of the operator", authz.ForChargePoint(x.a, ident.SubOperator{}, ident.ChargePoint{}), table(a, a, a, a, a, rowA, rowA)},
		{"staff of the other operator", authz.ForStaff(x.b, ident.SubOperator{}, authz.Actor{}), table(rowB, rowB, rowB, rowB, rowB, rowB, rowB)},
		{"the other operator, this one's sub-operator", authz.ForStaff(x.b, x.a1, authz.Actor{}), table(0, 0, 0, 0, rowB, rowB, 0)},
	}
}

type sight struct {
	name  string
	scope authz.Scope
	rows  map[string][2]int64 // read, written
}

var errUndo = errors.New("undo")

func TestFirstLockKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := seed(t, st)
		for _, s := range x.sights() {
			for table, want := range s.rows {
				err := st.Write(t.Context(), s.scope, func(tx *store.Tx) error {
					look := func() (int64, error) { return tx.Sum(table) }
					raise := func() (int64, error) { return tx.Raise(table, nil, 1) }
					if table == "test_roots" {
						look, raise = tx.SumRoots, func() (int64, error) { return tx.RaiseRoots(1) }
					}
					read, err := look()
					if err != nil {
						return err
					}
					if read != want[0] {
						t.Errorf("%s reads %d of %s, want %d", s.name, read, table, want[0])
					}
					if n, err := raise(); err != nil || n != digits(want[1]) {
						t.Errorf("%s writes %d rows of %s (%v), want those of %d", s.name, n, table, err, want[1])
					}
					return errUndo
				})
				if !errors.Is(err, errUndo) {
					t.Errorf("%s, %s: %v", s.name, table, err)
				}
			}
		}
	})
}

// digits counts the rows in a sum of powers of ten.
func digits(sum int64) (n int64) {
	for ; sum > 0; sum /= 10 {
		n += sum % 10
	}
	return n
}

// The second lock alone: SQL without any predicate, as ccms_app.
func TestSecondLockKeepsTenantsApart(t *testing.T) {
	t.Parallel()
	st := storetest.Postgres(t, nil)
	x := seed(t, st)
	c := appConn(t, st)
	for _, s := range x.sights() {
		for table, want := range s.rows {
			inScope(t, c, s.scope, func(tx pgx.Tx) {
				var read int64
				if err := tx.QueryRow(t.Context(), "SELECT coalesce(sum(n), 0)::bigint FROM "+table).Scan(&read); err != nil {
					t.Fatalf("%s, %s: %v", s.name, table, err)
				}
				if read != want[0] {
					t.Errorf("%s reads %d of %s, want %d", s.name, read, table, want[0])
				}
				tag, err := tx.Exec(t.Context(), "UPDATE "+table+" SET n = n")
				if err != nil || tag.RowsAffected() != digits(want[1]) {
					t.Errorf("%s updates %d rows of %s (%v), want those of %d", s.name, tag.RowsAffected(), table, err, want[1])
				}
				tag, err = tx.Exec(t.Context(), "DELETE FROM "+table)
				if err != nil || tag.RowsAffected() != digits(want[1]) {
					t.Errorf("%s deletes %d rows of %s (%v), want those of %d", s.name, tag.RowsAffected(), table, err, want[1])
				}
			})
		}
	}
	// No settings at all, as a connection begins.
	for _, table := range append([]string{"test_roots"}, store.TestTables...) {
		var read int64
		if err := c.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&read); err != nil || read != 0 {
			t.Errorf("without any setting %d rows of %s are seen (%v)", read, table, err)
		}
	}
}

// appConn is a connection as the store makes its own.
func appConn(t *testing.T, st *store.Store) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), st.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	if err := store.BecomeApp(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

func inScope(t *testing.T, c *pgx.Conn, sc authz.Scope, fn func(pgx.Tx)) {
	t.Helper()
	tx, err := c.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	if _, err := tx.Exec(t.Context(), store.Settings(sc)); err != nil {
		t.Fatal(err)
	}
	fn(tx)
}

// inserts says where each scope may put a row: per class, of the owners a, a1, a2
// and b, which are accepted.
func (x tenants) inserts() []insert {
	return []insert{
		{"unset", authz.Scope{}, "", "", "", ""},
		{"everything", authz.Everything("test"), "a a1 a2 b", "a a1 a2 b", "a a1 a2 b", "a a1 a2 b"},
		{"platform staff", authz.ForPlatform(authz.Actor{}), "", "", "", ""},
		{"staff of the operator", authz.ForStaff(x.a, ident.SubOperator{}, authz.Actor{}), "a a1 a2", "a a1 a2", "a a1 a2", "a a1 a2"},
		{"staff of the sub-operator", authz.ForStaff(x.a, x.a1, authz.Actor{}), "a1", "a1", "a1", "a a1 a2"},
		{"charge point of the sub-operator", authz.ForChargePoint(x.a, x.a1, ident.ChargePoint{}), "a1", "a1", "a a1 a2", "a a1 a2"},
	}
}

type insert struct {
	name                         string
	scope                        authz.Scope
	own, tokens, wallets, shared string
}

func (x tenants) owners() map[string]struct {
	op  ident.Operator
	sub ident.SubOperator
} {
	type o = struct {
		op  ident.Operator
		sub ident.SubOperator
	}
	return map[string]o{"a": {x.a, ident.SubOperator{}}, "a1": {x.a, x.a1}, "a2": {x.a, x.a2}, "b": {x.b, ident.SubOperator{}}}
}

func has(list, word string) bool {
	for _, w := range fields(list) {
		if w == word {
			return true
		}
	}
	return false
}

func TestRowsOutsideTheScopeAreRefusedByBothLocks(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := seed(t, st)
		for _, s := range x.inserts() {
			for table, accepted := range map[string]string{"test_own": s.own, "test_tokens": s.tokens, "test_wallets": s.wallets, "test_shared": s.shared} {
				for name, o := range x.owners() {
					err := st.Write(t.Context(), s.scope, func(tx *store.Tx) error {
						return errors.Join(tx.Add(table, rowID("new"), o.op, o.sub, 7), errUndo)
					})
					refused := err != nil && fault.Of(err).Code == "scope"
					if refused == has(accepted, name) || !refused && err.Error() != errUndo.Error() {
						t.Errorf("first lock: %s puts a row of %s into %s: %v", s.name, name, table, err)
					}
					if !st.IsPostgres() {
						continue
					}
					c := appConn(t, st)
					inScope(t, c, s.scope, func(tx pgx.Tx) {
						_, err := tx.Exec(t.Context(), "INSERT INTO "+table+" (id, operator_id, sub_operator_id, n) VALUES ($1, $2, $3, 7)",
							rowID("new"), o.op.Bytes(), o.sub.Bytes())
						if (err == nil) != has(accepted, name) {
							t.Errorf("second lock: %s puts a row of %s into %s: %v", s.name, name, table, err)
						}
					})
					c.Close(t.Context())
				}
			}
		}
	})
}

func TestRowMovesOnlyInsideTheScope(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		x := seed(t, st)
		staff := authz.ForStaff(x.a, ident.SubOperator{}, authz.Actor{})
		write(t, st, staff, func(tx *store.Tx) error {
			n, err := tx.Move(rowID("A1"), x.a, x.a2)
			if n != 1 {
				return fmt.Errorf("moved %d rows (%v)", n, err)
			}
			return err
		})
		err := st.Write(t.Context(), staff, func(tx *store.Tx) error {
			_, err := tx.Move(rowID("A1"), x.b, ident.SubOperator{})
			return err
		})
		if fault.Of(err).Code != "scope" {
			t.Fatalf("a row was given to another operator: %v", err)
		}
		err = st.Write(t.Context(), staff, func(tx *store.Tx) error {
			n, err := tx.Move(rowID("B"), x.a, ident.SubOperator{})
			if n != 0 {
				t.Error("another operator's row was taken")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestAppendOnlyIsGranted(t *testing.T) {
	t.Parallel()
	st := storetest.Postgres(t, nil)
	x := seed(t, st)
	c := appConn(t, st)
	for _, q := range []string{
		"UPDATE test_log SET n = n", "DELETE FROM test_log", "TRUNCATE test_log", "UPDATE facts SET at = at", "DELETE FROM audit",
		"SELECT * FROM goose_db_version", "CREATE TABLE mine (n int)", "DROP TABLE test_log", "ALTER TABLE test_log DISABLE ROW LEVEL SECURITY",
	} {
		inScope(t, c, authz.ForSystem(x.a, "test"), func(tx pgx.Tx) {
			if _, err := tx.Exec(t.Context(), q); err == nil {
				t.Errorf("ccms_app may %s", q)
			}
		})
	}
}

func TestServingRefusesRolesThatRowLevelSecurityDoesNotBind(t *testing.T) {
	t.Parallel()
	st := storetest.Postgres(t, nil)
	owner, err := pgx.Connect(t.Context(), st.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(context.Background())
	if err := store.CheckRole(t.Context(), owner); err == nil {
		t.Error("the owner of the tables may serve")
	}
	config := owner.Config().Copy()
	config.User = "postgres"
	super, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer super.Close(context.Background())
	if err := store.CheckRole(t.Context(), super); err == nil {
		t.Error("a superuser may serve")
	}
	for _, q := range []string{"DROP ROLE IF EXISTS test_bypass", "CREATE ROLE test_bypass BYPASSRLS", "SET ROLE test_bypass"} {
		if _, err := super.Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.CheckRole(t.Context(), super); err == nil {
		t.Error("a role with BYPASSRLS may serve")
	}
	if err := store.CheckRole(t.Context(), appConn(t, st)); err != nil {
		t.Error(err)
	}
}
