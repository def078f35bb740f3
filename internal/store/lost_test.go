package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/store"
	"ccms/internal/store/pgtest"
	"ccms/internal/store/storetest"
)

func ownerConn(t *testing.T, st *store.Store) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), st.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func terminate(t *testing.T, c *pgx.Conn, pid int64) error {
	t.Helper()
	var done bool
	if err := c.QueryRow(context.Background(), "SELECT pg_terminate_backend($1, 10000)", pid).Scan(&done); err != nil {
		return err
	}
	if !done {
		return errors.New("the backend is not gone")
	}
	return nil
}

func TestKilledBackendInTheMiddleLosesNobody(t *testing.T) {
	t.Parallel()
	st := storetest.Postgres(t, oneJoiner)
	killer := ownerConn(t, st)
	op := newOperator()
	sc := authz.ForSystem(op, "test")
	runs := 0
	add := func(id string, n int64, kill func(tx *store.Tx) error) call {
		return call{scope: sc, fn: func(tx *store.Tx) error {
			if err := tx.Add("test_own", rowID(id), op, ident.SubOperator{}, n); err != nil {
				return err
			}
			return kill(tx)
		}}
	}
	lives := func(*store.Tx) error { return nil }
	errs := inOneTransaction(t, st, add("a", 1, lives),
		add("b", 10, func(tx *store.Tx) error {
			if runs++; runs > 1 {
				return nil
			}
			pid, err := tx.RawInt("SELECT pg_backend_pid()::bigint")
			return errors.Join(err, terminate(t, killer, pid))
		}), add("c", 100, lives))
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if n := sum(t, st, sc, "test_own"); n != 111 || runs != 2 {
		t.Fatalf("stored sum %d after %d runs, want each once", n, runs)
	}
	// All connections, while idle: the next call of each kind finds out by itself.
	if _, err := killer.Exec(t.Context(), "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"); err != nil {
		t.Fatal(err)
	}
	write(t, st, sc, add("d", 1000, lives).fn)
	if n := sum(t, st, sc, "test_own"); n != 1111 {
		t.Fatalf("stored sum %d", n)
	}
}

func TestBackendKilledOnEveryRunIsAnsweredUnavailable(t *testing.T) {
	t.Parallel()
	st := storetest.Postgres(t, oneJoiner)
	killer := ownerConn(t, st)
	sc := authz.ForSystem(newOperator(), "test")
	runs := 0
	err := st.Write(t.Context(), sc, func(tx *store.Tx) error {
		runs++
		pid, err := tx.RawInt("SELECT pg_backend_pid()::bigint")
		if err != nil {
			return err
		}
		if err := terminate(t, killer, pid); err != nil {
			return err
		}
		_, err = tx.Sum("test_own")
		return err
	})
	if fault.Of(err).Kind != fault.Unavailable || runs != 3 {
		t.Fatalf("%v after %d runs", err, runs)
	}
}

// While COMMIT waits inside a deferred trigger its backend is killed: nobody can
// know, and nobody may be told otherwise.
func TestBackendKilledDuringCommitIsAnsweredUnknown(t *testing.T) {
	t.Parallel()
	st := storetest.Postgres(t, oneJoiner)
	other := ownerConn(t, st)
	if _, err := other.Exec(t.Context(), "SELECT pg_advisory_lock(4711)"); err != nil {
		t.Fatal(err)
	}
	op := newOperator()
	sc := authz.ForSystem(op, "test")
	runs := 0
	answer, pids := make(chan error, 1), make(chan int64, 1)
	go func() {
		answer <- st.Write(context.Background(), sc, func(tx *store.Tx) error {
			runs++
			pid, err := tx.RawInt("SELECT pg_backend_pid()::bigint")
			if err == nil {
				pids <- pid
			}
			return errors.Join(err, tx.Add("test_held", rowID("a"), op, ident.SubOperator{}, 4711))
		})
	}()
	pid := <-pids
	until(t, "the COMMIT that waits", func() bool {
		var waits bool
		err := other.QueryRow(t.Context(), "SELECT coalesce(bool_or(wait_event = 'advisory'), false) FROM pg_stat_activity WHERE pid = $1", pid).Scan(&waits)
		return err == nil && waits
	})
	if err := terminate(t, other, pid); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-answer:
		if f := fault.Of(err); f.Kind != fault.Unavailable || f.Code != "outcome_unknown" || runs != 1 {
			t.Fatalf("%v after %d runs", err, runs)
		}
		if why := store.Trouble(err); why != "it cannot be reached" {
			t.Errorf("the trouble is %q", why)
		}
	case <-time.After(patience):
		t.Fatal("no answer")
	}
	write(t, st, sc, func(tx *store.Tx) error { return tx.Add("test_own", rowID("a"), op, ident.SubOperator{}, 1) })
}

func TestRestartedServerIsFoundAgain(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{NoAppRole: true}) // so that Migrate makes the role
	url := server.URL(t)
	if _, err := store.Open(t.Context(), store.Options{URL: url, Keys: store.RandomKeys()}); err == nil {
		t.Fatal("a database without a schema was opened")
	}
	if err := store.Migrate(t.Context(), store.Options{URL: url}); err != nil {
		// An ordinary owner may not create roles; then an administrator does.
		t.Logf("migrating without the right to make a role: %v", err)
		admin, cerr := pgx.ParseConfig(url)
		if cerr != nil {
			t.Fatal(cerr)
		}
		role := admin.User
		admin.User = "postgres"
		c, cerr := pgx.ConnectConfig(t.Context(), admin)
		if cerr != nil {
			t.Fatal(cerr)
		}
		if _, cerr = c.Exec(t.Context(), fmt.Sprintf("ALTER ROLE %s CREATEROLE", role)); cerr != nil {
			t.Fatal(cerr)
		}
		c.Close(t.Context())
		if err := store.Migrate(t.Context(), store.Options{URL: url}); err != nil {
			t.Fatal(err)
		}
	}
	st, err := store.Open(t.Context(), store.Options{URL: url, Keys: store.RandomKeys()})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	op := newOperator()
	sc := authz.ForSystem(op, "test")
	add := func(id string, n int64) error {
		return st.Write(context.Background(), sc, func(tx *store.Tx) error {
			return tx.Add("test_own", rowID(id), op, ident.SubOperator{}, n)
		})
	}
	if err := add("a", 1); err != nil {
		t.Fatal(err)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	answer := make(chan error, 1)
	go func() { answer <- add("b", 10) }()
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	if err := <-answer; err != nil && fault.Of(err).Kind != fault.Unavailable {
		t.Fatal(err)
	} else if err != nil {
		t.Logf("the server took longer than a write waits: %v", err)
		if err := add("b", 10); err != nil {
			t.Fatal(err)
		}
	}
	if n := sum(t, st, sc, "test_own"); n != 11 {
		t.Fatalf("stored sum %d", n)
	}
}

// Who stops the server while its database is gone does not wait for everybody's turn to
// find that out.
func TestCloseDoesNotWaitForADatabaseThatIsGone(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Options{NoFsync: true})
	o := store.Options{URL: server.URL(t), Keys: store.RandomKeys(), Joiners: 1}
	if err := store.Migrate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	const many = 100 // a turn takes five seconds
	answers := make(chan error, many)
	for range many {
		go func() {
			answers <- st.Write(context.Background(), authz.Everything("test"), func(*store.Tx) error { return nil })
		}()
	}
	until(t, "the queueing", func() bool { return st.Queued() > many/2 })
	closed := make(chan struct{})
	go func() { st.Close(); close(closed) }()
	await(t, "Close", closed)
	for range many {
		if err := <-answers; !fault.Is(err, fault.Unavailable) {
			t.Fatalf("a write was answered %v", err)
		}
	}
}

func TestMigrateAgainChangesNothingAndOpenWantsItsSchema(t *testing.T) {
	t.Parallel()
	for _, url := range map[string]func(testing.TB) string{"SQLite": storetest.SQLiteURL, "PostgreSQL": storetest.PostgresURL} {
		u := url(t)
		if err := store.Migrate(t.Context(), store.Options{URL: u}); err != nil {
			t.Fatal(err)
		}
		st, err := store.Open(t.Context(), store.Options{URL: u, Keys: store.RandomKeys()})
		if err != nil {
			t.Fatal(err)
		}
		st.Close()
	}
	if _, err := store.Open(t.Context(), store.Options{URL: t.TempDir() + "/empty.db", Keys: store.RandomKeys()}); err == nil {
		t.Fatal("an empty file was opened")
	}
	if _, err := store.Open(t.Context(), store.Options{URL: storetest.SQLiteURL(t)}); err == nil {
		t.Fatal("a store was opened without keys")
	}
}

// One row that another holds costs who wants it the answer, in words, and nobody else
// more than a moment: also where a single joiner writes for all.
func TestRowThatStaysLockedIsNamedAndDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	st := storetest.Postgres(t, oneJoiner)
	op := newOperator()
	sc := authz.ForSystem(op, "test")
	write(t, st, sc, func(tx *store.Tx) error { return tx.Add("test_wallets", rowID("a"), op, ident.SubOperator{}, 1) })
	holder := ownerConn(t, st)
	if _, err := holder.Exec(t.Context(), "BEGIN; SELECT set_config('ccms.op', '*', true); LOCK TABLE test_wallets IN EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	answer := make(chan error, 1)
	go func() {
		answer <- st.Write(context.Background(), sc, func(tx *store.Tx) error {
			_, err := tx.Raise("test_wallets", rowID("a"), 1)
			return err
		})
	}()
	var err error
	longest, others := time.Duration(0), 0
	for waits := true; waits; others++ {
		begun := time.Now()
		if err := st.TestWrite(context.Background()); err != nil {
			t.Fatal(err)
		}
		longest = max(longest, time.Since(begun))
		select {
		case err = <-answer:
			waits = false
		default:
		}
	}
	if fault.Of(err).Code != "busy" || store.Trouble(err) != "it is locked" {
		t.Errorf("answered %v, trouble %q", err, store.Trouble(err))
	}
	if longest > 4*time.Second || others < 3 {
		t.Errorf("%d others were written meanwhile, one of them took %v", others, longest)
	}
}
