package store_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

func TestNoCallerIsAnsweredBeforeCommit(t *testing.T) {
	t.Parallel()
	storetest.EachWith(t, oneJoiner, func(t *testing.T, st *store.Store) {
		op := newOperator()
		sc := authz.ForSystem(op, "test")
		open := st.Gate(t)
		first, ran := make(chan error, 1), make(chan struct{})
		go func() {
			first <- st.Write(context.Background(), sc, func(tx *store.Tx) error {
				defer close(ran)
				return tx.Add("test_own", rowID("a"), op, ident.SubOperator{}, 1)
			})
		}()
		until(t, "the first to queue", func() bool { return st.Queued() == 1 })
		var early error
		second := make(chan error, 1)
		go func() {
			second <- st.Write(context.Background(), sc, func(tx *store.Tx) error {
				<-ran
				for range 1000 { // room for the first caller to be answered, if it were
					runtime.Gosched()
				}
				select {
				case err := <-first:
					early = errors.New("the first caller was answered while the second's closure runs")
					first <- err
				default:
				}
				if n := sum(t, st, sc, "test_own"); n != 0 {
					early = errors.New("a reader sees what is not committed")
				}
				return tx.Add("test_own", rowID("b"), op, ident.SubOperator{}, 2)
			})
		}()
		until(t, "both to queue", func() bool { return st.Queued() == 2 })
		open()
		if err := errors.Join(<-first, <-second, early); err != nil {
			t.Fatal(err)
		}
		if n := sum(t, st, sc, "test_own"); n != 3 {
			t.Fatalf("sum %d after both were answered", n)
		}
	})
}

func TestFailureLeavesNothingBehindAndTakesNobodyWithIt(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, e := range []string{"SQLite", "PostgreSQL"} {
		t.Run(e, func(t *testing.T) {
			t.Parallel()
			h := &heard{}
			st := opener(e)(t, h.option)
			op := newOperator()
			sc := authz.ForSystem(op, "test")
			adds := func(id string, n int64, end func(tx *store.Tx) error) call {
				return call{scope: sc, fn: func(tx *store.Tx) error {
					tx.Changed(store.Change{ID: id})
					if err := tx.Add("test_own", rowID(id), op, ident.SubOperator{}, n); err != nil {
						return err
					}
					return end(tx)
				}}
			}
			fine := func(*store.Tx) error { return nil }
			errs := inOneTransaction(t, st,
				adds("a", 1, fine),
				adds("b", 10, func(*store.Tx) error { return broken }),
				adds("c", 100, fine),
				adds("d", 1000, func(*store.Tx) error { panic("boom") }),
				adds("a", 10000, fine), // a double key
				adds("e", 100000, func(tx *store.Tx) error {
					_ = tx.Add("test_own", rowID("a"), op, ident.SubOperator{}, 1) // swallows the error
					return nil
				}),
				adds("f", 1000000, fine),
			)
			for i, want := range []bool{true, false, true, false, false, false, true} {
				if (errs[i] == nil) != want {
					t.Errorf("closure %d was answered %v", i, errs[i])
				}
			}
			if !errors.Is(errs[1], broken) {
				t.Errorf("the closure's own error became %v", errs[1])
			}
			if f := fault.Of(errs[3]); f.Code != "panic" || !strings.Contains(f.Error(), "boom") || !strings.Contains(f.Error(), "joiner_test.go") {
				t.Errorf("the panic became %v", errs[3])
			}
			if n := sum(t, st, sc, "test_own"); n != 1000101 {
				t.Errorf("stored sum %d, want the three that were fine: 1000101", n)
			}
			if got := h.all(); !slices.Equal(got, []string{"a", "c", "f"}) {
				t.Errorf("told about %v after the commit", got)
			}
			if h.commits != nil && len(h.commits) != 1 {
				t.Errorf("%d commits, so the closures did not share one", len(h.commits))
			}
		})
	}
}

func opener(engine string) func(testing.TB, func(*store.Options)) *store.Store {
	if engine == "SQLite" {
		return storetest.SQLite
	}
	return storetest.Postgres
}

// A closure that fails alone takes the other way: its whole transaction goes.
func TestFailureAloneLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op := newOperator()
		sc := authz.ForSystem(op, "test")
		broken := errors.New("broken")
		for range 10 {
			err := st.Write(t.Context(), sc, func(tx *store.Tx) error {
				return errors.Join(tx.Add("test_own", rowID("a"), op, ident.SubOperator{}, 1), broken)
			})
			if !errors.Is(err, broken) {
				t.Fatal(err)
			}
		}
		if n := sum(t, st, sc, "test_own"); n != 0 {
			t.Fatalf("%d is stored", n)
		}
	})
}

func TestStatementThatEndsTheTransactionLosesNobody(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"ROLLBACK", "INSERT OR ROLLBACK INTO test_own SELECT * FROM test_own"} {
		t.Run(strings.Fields(raw)[0], func(t *testing.T) {
			t.Parallel()
			storetest.EachWith(t, oneJoiner, func(t *testing.T, st *store.Store) {
				if st.IsPostgres() && raw != "ROLLBACK" {
					t.Skip("PostgreSQL has no such statement")
				}
				op := newOperator()
				sc := authz.ForSystem(op, "test")
				add := func(id string, n int64) call {
					return call{scope: sc, fn: func(tx *store.Tx) error {
						return tx.Add("test_own", rowID(id), op, ident.SubOperator{}, n)
					}}
				}
				errs := inOneTransaction(t, st, add("a", 1),
					call{scope: sc, fn: func(tx *store.Tx) error {
						if err := tx.Add("test_own", rowID("b"), op, ident.SubOperator{}, 10); err != nil {
							return err
						}
						if err := tx.Raw(raw); err != nil {
							return err
						}
						if !st.IsPostgres() {
							return nil // SQLite would commit at once what comes now
						}
						return tx.Add("test_own", rowID("c"), op, ident.SubOperator{}, 100)
					}},
					add("d", 1000))
				if errs[0] != nil || errs[2] != nil {
					t.Fatalf("the neighbours were answered %v and %v", errs[0], errs[2])
				}
				if errs[1] == nil {
					t.Fatal("who ended the transaction was told that all is well")
				}
				if n := sum(t, st, sc, "test_own"); n != 1001 {
					t.Fatalf("stored sum %d, want 1001", n)
				}
			})
		})
	}
}

func TestScopeIsSetForEveryClosure(t *testing.T) {
	t.Parallel()
	storetest.EachWith(t, oneJoiner, func(t *testing.T, st *store.Store) {
		a, b := newOperator(), newOperator()
		var seenA, seenB, blind, unscoped int64
		errs := inOneTransaction(t, st,
			call{scope: authz.ForSystem(a, "test"), fn: func(tx *store.Tx) error {
				return tx.Add("test_own", rowID("a"), a, ident.SubOperator{}, 1)
			}},
			call{scope: authz.ForSystem(b, "test"), fn: func(tx *store.Tx) (err error) {
				if err := tx.Add("test_own", rowID("b"), b, ident.SubOperator{}, 10); err != nil {
					return err
				}
				if tx.IsPostgres() { // without a predicate only row-level security is left
					if unscoped, err = tx.RawInt("SELECT sum(n)::bigint FROM test_own"); err != nil || unscoped != 10 {
						return errors.Join(err, errors.New("row-level security shows another operator's row"))
					}
				}
				seenB, err = tx.Sum("test_own")
				return err
			}},
			call{scope: authz.Scope{}, fn: func(tx *store.Tx) (err error) {
				if tx.IsPostgres() { // what the closures before it have set must not count
					if n, err := tx.RawInt("SELECT count(*) FROM test_own"); err != nil || n != 0 {
						return errors.Join(err, errors.New("an unset scope inherits the one before it"))
					}
				}
				blind, err = tx.Sum("test_own")
				return err
			}},
			call{scope: authz.ForSystem(a, "test"), fn: func(tx *store.Tx) (err error) {
				seenA, err = tx.Sum("test_own")
				return err
			}},
		)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if seenA != 1 || seenB != 10 || blind != 0 {
			t.Fatalf("the first saw %d, the second %d, the unset scope %d", seenA, seenB, blind)
		}
	})
}

func TestAtMostSixtyShareATransaction(t *testing.T) {
	t.Parallel()
	for _, e := range []string{"SQLite", "PostgreSQL"} {
		t.Run(e, func(t *testing.T) {
			t.Parallel()
			h := &heard{}
			st := opener(e)(t, h.option)
			op := newOperator()
			sc := authz.ForSystem(op, "test")
			var calls []call
			for i := range 2*store.MaxJoined + 10 {
				calls = append(calls, call{scope: sc, fn: func(tx *store.Tx) error {
					tx.Changed(store.Change{ID: "x"})
					return tx.Add("test_own", []byte{byte(i)}, op, ident.SubOperator{}, 1)
				}})
			}
			if err := errors.Join(inOneTransaction(t, st, calls...)...); err != nil {
				t.Fatal(err)
			}
			var sizes []int
			for _, c := range h.commits {
				sizes = append(sizes, len(c))
			}
			if !slices.Equal(sizes, []int{store.MaxJoined, store.MaxJoined, 10}) {
				t.Fatalf("transactions of %v closures", sizes)
			}
			if n := sum(t, st, sc, "test_own"); n != int64(len(calls)) {
				t.Fatalf("%d rows of %d", n, len(calls))
			}
		})
	}
}

func TestConflictComesAgainInTheNextTransactionAndNotForEver(t *testing.T) {
	t.Parallel()
	for _, e := range []string{"SQLite", "PostgreSQL"} {
		t.Run(e, func(t *testing.T) {
			t.Parallel()
			h := &heard{}
			st := opener(e)(t, h.option)
			op := newOperator()
			sc := authz.ForSystem(op, "test")
			var twice, ever int
			adds := func(id string, meets func() bool) call {
				return call{scope: sc, fn: func(tx *store.Tx) error {
					tx.Changed(store.Change{ID: id})
					if err := tx.Add("test_own", rowID(id), op, ident.SubOperator{}, 1); err != nil {
						return err
					}
					if meets() {
						return tx.Conflict()
					}
					return nil
				}}
			}
			never := func() bool { return false }
			errs := inOneTransaction(t, st, adds("a", never),
				adds("victim", func() bool { twice++; return twice < 2 }),
				adds("c", never),
				adds("hopeless", func() bool { ever++; return true }))
			if errs[0] != nil || errs[1] != nil || errs[2] != nil {
				t.Fatal(errs)
			}
			if f := fault.Of(errs[3]); f.Kind != fault.Unavailable || f.Code != "busy" {
				t.Fatalf("the hopeless one was answered %v", errs[3])
			}
			if twice != 2 || ever != store.MaxConflicts+1 {
				t.Fatalf("run %d and %d times", twice, ever)
			}
			if !slices.Equal(h.commits[0], []string{"a"}) || !slices.Equal(h.commits[1], []string{"victim", "c"}) {
				t.Fatalf("commits %v: the rest goes first, then the victim before newcomers", h.commits)
			}
		})
	}
}

// Each of two transactions holds one wallet, and in each a second closure wants both.
func TestTwoTransactionsLockTwoWalletsCrosswise(t *testing.T) {
	t.Parallel()
	storetest.EachWith(t, func(o *store.Options) { o.Joiners = 2 }, func(t *testing.T, st *store.Store) {
		st.JoinWithoutEnd()
		op := newOperator()
		sc := authz.ForSystem(op, "test")
		write(t, st, sc, func(tx *store.Tx) error {
			return errors.Join(tx.Add("test_wallets", rowID("1"), op, ident.SubOperator{}, 0), tx.Add("test_wallets", rowID("2"), op, ident.SubOperator{}, 0))
		})
		// SQLite has one writer: there the same closures only come one after the other.
		var holding sync.WaitGroup // both first closures hold their wallet
		if st.IsPostgres() {
			holding.Add(2)
		}
		var runs atomic.Int32
		var wg sync.WaitGroup
		errs := make([]error, 4)
		goOn := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
		for i, wallet := range []string{"1", "2"} {
			met := false
			wg.Go(func() {
				errs[i] = st.Write(context.Background(), sc, func(tx *store.Tx) error {
					if err := tx.Lock("test_wallets", rowID(wallet)); err != nil {
						return err
					}
					if !met && tx.IsPostgres() {
						met = true
						holding.Done()
						<-goOn[i]
					}
					_, err := tx.Raise("test_wallets", rowID(wallet), 1)
					return err
				})
			})
		}
		holding.Wait()
		for i, order := range [][2]string{{"1", "2"}, {"2", "1"}} {
			running := make(chan struct{})
			var once sync.Once
			wg.Go(func() {
				errs[2+i] = st.Write(context.Background(), sc, func(tx *store.Tx) error {
					runs.Add(1)
					once.Do(func() { close(running) })
					for _, wallet := range order {
						if err := tx.Lock("test_wallets", rowID(wallet)); err != nil {
							return err
						}
						if _, err := tx.Raise("test_wallets", rowID(wallet), 10); err != nil {
							return err
						}
					}
					return nil
				})
			})
			if st.IsPostgres() { // each second closure joins another first one
				until(t, "the queueing of a second closure", func() bool { return st.Queued() == 1 })
				close(goOn[i])
			}
			await(t, "the start of a second closure", running)
		}
		finished := make(chan struct{})
		go func() { wg.Wait(); close(finished) }()
		await(t, "the end of the embrace", finished)
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if n := sum(t, st, sc, "test_wallets"); n != 42 {
			t.Fatalf("the wallets sum to %d, want 1+1+4×10", n)
		}
		if st.IsPostgres() && runs.Load() < 3 {
			t.Fatalf("the second closures ran %d times: they never met", runs.Load())
		}
	})
}

func TestDeadlineBeforeTheStartMeansItNeverStarts(t *testing.T) {
	t.Parallel()
	storetest.EachWith(t, oneJoiner, func(t *testing.T, st *store.Store) {
		open := st.Gate(t)
		ctx, cancel := context.WithCancel(context.Background())
		var ran atomic.Bool
		answer := make(chan error, 1)
		go func() {
			answer <- st.Write(ctx, authz.Everything("test"), func(*store.Tx) error { ran.Store(true); return nil })
		}()
		until(t, "the queueing", func() bool { return st.Queued() == 1 })
		cancel()
		var err error
		select {
		case err = <-answer:
		case <-time.After(patience):
			t.Fatal("the caller waits although its deadline has passed")
		}
		if f := fault.Of(err); f.Kind != fault.Unavailable || f.Code != "deadline" || !errors.Is(err, context.Canceled) {
			t.Fatalf("answered %v", err)
		}
		open()
		write(t, st, authz.Everything("test"), func(*store.Tx) error { return nil }) // behind it in the queue
		if ran.Load() {
			t.Fatal("the closure ran after its caller was told that it will not")
		}
		if err := st.Write(ctx, authz.Everything("test"), func(*store.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Fatalf("a deadline that was over from the start: %v", err)
		}
	})
}

func TestDeadlineAfterTheStartDoesNotReachTheStatement(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op := newOperator()
		sc := authz.ForSystem(op, "test")
		ctx, cancel := context.WithCancel(context.Background())
		err := st.Write(ctx, sc, func(tx *store.Tx) error {
			cancel()
			for i := range 20 {
				if err := tx.Add("test_own", []byte{byte(i)}, op, ident.SubOperator{}, 1); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatalf("a closure that had started was answered %v", err)
		}
		if n := sum(t, st, sc, "test_own"); n != 20 {
			t.Fatalf("%d of 20 rows", n)
		}
	})
}

func TestCommitThatIsRefusedFailsOnlyWhoCausedIt(t *testing.T) {
	t.Parallel()
	for _, e := range []string{"SQLite", "PostgreSQL"} {
		t.Run(e, func(t *testing.T) {
			t.Parallel()
			h := &heard{}
			st := opener(e)(t, h.option)
			op := newOperator()
			sc := authz.ForSystem(op, "test")
			add := func(id string) call {
				return call{scope: sc, fn: func(tx *store.Tx) error {
					tx.Changed(store.Change{ID: id})
					return tx.Add("test_own", rowID(id), op, ident.SubOperator{}, 1)
				}}
			}
			orphan := call{scope: sc, fn: func(tx *store.Tx) error {
				tx.Changed(store.Change{ID: "orphan"})
				return tx.AddChild(rowID("orphan"), op, rowID("nobody"))
			}}
			errs := inOneTransaction(t, st, add("a"), orphan, add("b"))
			if errs[0] != nil || errs[1] == nil || errs[2] != nil {
				t.Fatal(errs)
			}
			if n := sum(t, st, sc, "test_own"); n != 2 {
				t.Fatalf("%d rows of 2", n)
			}
			if got := h.all(); !slices.Equal(got, []string{"a", "b"}) && !slices.Equal(got, []string{"b", "a"}) {
				t.Fatalf("told about %v", got)
			}
		})
	}
}

func TestClosureThatEndsItsGoroutineIsAnswered(t *testing.T) {
	t.Parallel()
	storetest.EachWith(t, oneJoiner, func(t *testing.T, st *store.Store) {
		op := newOperator()
		sc := authz.ForSystem(op, "test")
		errs := inOneTransaction(t, st,
			call{scope: sc, fn: func(tx *store.Tx) error { return tx.Add("test_own", rowID("a"), op, ident.SubOperator{}, 1) }},
			call{scope: sc, fn: func(tx *store.Tx) error { runtime.Goexit(); return nil }},
			call{scope: sc, fn: func(tx *store.Tx) error { return tx.Add("test_own", rowID("b"), op, ident.SubOperator{}, 1) }})
		if errs[0] != nil || errs[1] == nil || errs[2] != nil {
			t.Fatal(errs)
		}
		if n := sum(t, st, sc, "test_own"); n != 2 {
			t.Fatalf("%d rows of 2", n)
		}
	})
}

func TestReadIsOneSnapshotAndWritesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op := newOperator()
		sc := authz.ForSystem(op, "test")
		add := func(id string) {
			write(t, st, sc, func(tx *store.Tx) error { return tx.Add("test_own", rowID(id), op, ident.SubOperator{}, 1) })
		}
		add("a")
		err := st.Read(t.Context(), sc, func(tx *store.Tx) error {
			if n, err := tx.Sum("test_own"); err != nil || n != 1 {
				t.Errorf("saw %d, %v", n, err)
			}
			finished := make(chan struct{})
			go func() { defer close(finished); add("b") }()
			await(t, "a write beside a read", finished)
			n, err := tx.Sum("test_own")
			if n != 1 {
				t.Errorf("saw %d in the same snapshot", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = st.Read(t.Context(), sc, func(tx *store.Tx) error { return tx.Add("test_own", rowID("c"), op, ident.SubOperator{}, 1) })
		if err == nil {
			t.Fatal("Read wrote")
		}
		err = st.Read(t.Context(), sc, func(tx *store.Tx) error { return tx.Raw("DELETE FROM test_own") })
		if err == nil {
			t.Fatal("the database let Read delete")
		}
		if n := sum(t, st, sc, "test_own"); n != 2 {
			t.Fatalf("%d rows of 2", n)
		}
	})
}

func TestTxIsOverAfterItsClosure(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		var kept *store.Tx
		write(t, st, authz.Everything("test"), func(tx *store.Tx) error { kept = tx; return nil })
		if _, err := kept.Sum("test_own"); err == nil {
			t.Fatal("a Tx works after its closure")
		}
	})
}

func TestNowIsStampedOncePerRun(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	storetest.EachWith(t, func(o *store.Options) { o.Now = clock.Now }, func(t *testing.T, st *store.Store) {
		write(t, st, authz.Everything("test"), func(tx *store.Tx) error {
			before := tx.Now()
			clock.Advance(time.Second)
			if !tx.Now().Equal(before) || tx.Now().Location() != time.UTC {
				t.Errorf("%v, then %v", before, tx.Now())
			}
			return nil
		})
	})
}

func TestCloseWaitsForWhatWasAccepted(t *testing.T) {
	t.Parallel()
	storetest.EachWith(t, oneJoiner, func(t *testing.T, st *store.Store) {
		op := newOperator()
		sc := authz.ForSystem(op, "test")
		open := st.Gate(t)
		answer := make(chan error, 1)
		go func() {
			answer <- st.Write(context.Background(), sc, func(tx *store.Tx) error {
				return tx.Add("test_own", rowID("a"), op, ident.SubOperator{}, 1)
			})
		}()
		until(t, "the queueing", func() bool { return st.Queued() == 1 })
		closed := make(chan struct{})
		go func() { st.Close(); close(closed) }()
		until(t, "the refusal of newcomers", func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			return fault.Of(st.Write(ctx, sc, func(*store.Tx) error { return nil })).Code == "closing"
		})
		open()
		await(t, "Close", closed)
		if err := <-answer; err != nil {
			t.Fatal(err)
		}
		again, err := store.Open(context.Background(), store.Options{URL: st.URL(), Keys: st.Master()})
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		if n := sum(t, again, sc, "test_own"); n != 1 {
			t.Fatal("what was answered is not there after Close and Open")
		}
	})
}

func TestManyRowsInOneCall(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op, other := newOperator(), newOperator()
		sc := authz.ForSystem(op, "test")
		var rows [][]any
		for i := range 100 {
			rows = append(rows, []any{bytes.Repeat([]byte{byte(i)}, 16), op, ident.SubOperator{}, 1})
		}
		write(t, st, sc, func(tx *store.Tx) error { return tx.AddMany("test_own", rows) })
		if n := sum(t, st, sc, "test_own"); n != 100 {
			t.Fatalf("%d of 100 rows", n)
		}
		err := st.Write(t.Context(), sc, func(tx *store.Tx) error { return tx.AddMany("test_own", rows[50:51]) })
		if err == nil {
			t.Fatal("a double key passed")
		}
		err = st.Write(t.Context(), sc, func(tx *store.Tx) error {
			return tx.AddMany("test_own", [][]any{{rowID("x"), op, ident.SubOperator{}, 1}, {rowID("y"), other, ident.SubOperator{}, 1}})
		})
		if fault.Of(err).Code != "scope" {
			t.Fatalf("a row of another operator among many: %v", err)
		}
	})
}

func TestOldestWriteThatWaitsIsKnown(t *testing.T) {
	t.Parallel()
	storetest.EachWith(t, oneJoiner, func(t *testing.T, st *store.Store) {
		if d := st.Waiting(); d != 0 {
			t.Fatalf("without a write something waits for %v", d)
		}
		open := st.Gate(t)
		answer := make(chan error, 1)
		go func() {
			answer <- st.TestWrite(context.Background())
		}()
		until(t, "the queueing", func() bool { return st.Queued() == 1 })
		leave := st.WaitsSince(time.Now().Add(-6 * time.Second))
		if d := st.Waiting(); d < 6*time.Second {
			t.Fatalf("a write that came six seconds ago waits for %v", d)
		}
		open()
		if err := <-answer; err != nil {
			t.Fatal(err)
		}
		if d := st.Waiting(); d <= 0 || d > 5*time.Second {
			t.Fatalf("others were taken a moment ago, and yet one waits for %v", d)
		}
		taken := st.Taken()
		sc := authz.Everything("test")
		_ = st.Write(t.Context(), sc, func(tx *store.Tx) error {
			return errors.Join(tx.Add("test_own", rowID("a"), newOperator(), ident.SubOperator{}, 1), errors.New("no"))
		})
		write(t, st, sc, func(tx *store.Tx) error { _, err := tx.Sum("test_own"); return err })
		write(t, st, sc, func(tx *store.Tx) error { _, err := tx.Raise("test_own", nil, 1); return err })
		write(t, st, sc, func(*store.Tx) error { return nil })
		if !st.Taken().Equal(taken) {
			t.Fatal("a commit that stored nothing counts as a write that was taken")
		}
		leave()
		if d := st.Waiting(); d != 0 {
			t.Fatalf("after the last answer something waits for %v", d)
		}
	})
}

func TestTestWriteIsAWriteLikeAnyOther(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		for range 2 {
			if err := st.TestWrite(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if err := st.TestWrite(over); !fault.Is(err, fault.Unavailable) || store.Trouble(err) != "" {
			t.Fatalf("one that nobody waited for is %v, trouble %q", err, store.Trouble(err))
		}
	})
}
