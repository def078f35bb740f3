package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/outbox"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

const patience = 20 * time.Second

var everything = authz.Everything("test")

func newOperator() ident.Operator {
	return ident.New[ident.Operator](time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC))
}

func record(t *testing.T, st *store.Store, op ident.Operator, kind fact.Kind, objects ...string) {
	t.Helper()
	err := st.Write(t.Context(), authz.ForSystem(op, "test"), func(tx *store.Tx) error {
		for _, o := range objects {
			if err := tx.Record(fact.Fact{Kind: kind, Version: 1, Object: o, Payload: map[string]string{"of": o}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// collector is a consumer that remembers what it got and writes an audit row as its effect.
type collector struct {
	mu  sync.Mutex
	got []string
}

func (c *collector) consumer(name string, kinds ...fact.Kind) outbox.Consumer {
	return outbox.Consumer{Name: name, Kinds: kinds, Handle: func(_ context.Context, f outbox.Fact) (outbox.Effect, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.got = append(c.got, f.Object)
		return effect(f), nil
	}}
}

func (c *collector) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.got)
}

func effect(f outbox.Fact) outbox.Effect {
	return func(tx *store.Tx) error { return tx.Audit("effect", f.Object, nil, nil) }
}

// effects are the objects of the effects that are stored.
func effects(t *testing.T, st *store.Store) []string {
	t.Helper()
	var objects []string
	err := st.Read(t.Context(), everything, func(tx *store.Tx) error {
		rows, err := tx.AuditRows(store.AuditFilter{Action: "effect"}, store.Page{Limit: 100, Sort: "at"})
		for _, r := range rows.Items {
			objects = append(objects, r.Object)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func step(t *testing.T, r *outbox.Runner, name string) int {
	t.Helper()
	n, err := r.Step(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// pass steps until n facts are passed. PostgreSQL holds facts back while any older
// transaction of the server runs, another test's too.
func pass(t *testing.T, r *outbox.Runner, name string, n int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for n > 0 && time.Now().Before(deadline) {
		n -= step(t, r, name)
	}
	if n != 0 {
		t.Fatalf("%d facts too few (or, below zero, too many) were passed", n)
	}
}

func TestFactsComeInOrderOnceWithTheirEffect(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		a, b := newOperator(), newOperator()
		record(t, st, a, "x.happened", "1", "2")
		record(t, st, b, "y.happened", "3")
		record(t, st, b, "x.happened", "4")
		all, some := &collector{}, &collector{}
		r := outbox.New(st, "n1", all.consumer("all"), some.consumer("some", "x.happened"))
		pass(t, r, "all", 4)
		if n := step(t, r, "all"); n != 0 {
			t.Fatalf("passed %d again", n)
		}
		pass(t, r, "some", 4)
		record(t, st, a, "y.happened", "5")
		pass(t, r, "some", 1) // what nobody wants must be passed too
		record(t, st, a, "x.happened", "6")
		pass(t, r, "some", 1)
		if got := all.all(); !slices.Equal(got, []string{"1", "2", "3", "4"}) {
			t.Errorf("all got %v", got)
		}
		if got := some.all(); !slices.Equal(got, []string{"1", "2", "4", "6"}) {
			t.Errorf("some got %v", got)
		}
		if got := effects(t, st); len(got) != 8 {
			t.Errorf("effects %v", got)
		}
	})
}

func TestFailedClosureRecordsNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		undo := errors.New("undo")
		err := st.Write(t.Context(), everything, func(tx *store.Tx) error {
			return errors.Join(tx.Record(fact.Fact{Kind: "x.happened", Object: "1"}), undo)
		})
		if !errors.Is(err, undo) {
			t.Fatal(err)
		}
		c := &collector{}
		if n := step(t, outbox.New(st, "n1", c.consumer("c")), "c"); n != 0 {
			t.Fatalf("passed %d", n)
		}
	})
}

// Row ids are given before the commit: the older transaction has the smaller ones
// and commits last. Who moved past them would never see them.
func TestEarlierTransactionCommitsLast(t *testing.T) {
	t.Parallel()
	storetest.EachWith(t, func(o *store.Options) { o.Joiners = 2 }, func(t *testing.T, st *store.Store) {
		sqlite := strings.HasSuffix(t.Name(), "/SQLite")
		c := &collector{}
		r := outbox.New(st, "n1", c.consumer("c"))
		op := newOperator()
		recorded, release := make(chan struct{}), make(chan struct{})
		var once sync.Once
		answer := make(chan error, 1)
		go func() {
			answer <- st.Write(context.Background(), authz.ForSystem(op, "test"), func(tx *store.Tx) error {
				if err := tx.Record(fact.Fact{Kind: "x.happened", Object: "early"}); err != nil {
					return err
				}
				if _, err := tx.FactsAfter(store.Position{}, 1); err != nil { // takes the fact along, if it was put off
					return err
				}
				once.Do(func() { close(recorded) })
				select {
				case <-release:
				case <-time.After(patience):
					return errors.New("not released")
				}
				return nil
			})
		}()
		<-recorded
		if !sqlite { // SQLite's one writer is the early one: nobody can be later and first
			record(t, st, op, "x.happened", "late")
			if n := step(t, r, "c"); n != 0 {
				t.Errorf("%v was delivered while an older transaction runs", c.all())
			}
		}
		close(release)
		if err := <-answer; err != nil {
			t.Fatal(err)
		}
		if sqlite {
			record(t, st, op, "x.happened", "late")
		}
		deadline := time.Now().Add(patience)
		for len(c.all()) < 2 && time.Now().Before(deadline) {
			step(t, r, "c")
		}
		if got := c.all(); !slices.Equal(got, []string{"early", "late"}) {
			t.Fatalf("got %v", got)
		}
	})
}

func TestSlowConsumerDelaysNoOther(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		op := newOperator()
		stuck, release := make(chan struct{}), make(chan struct{})
		var once sync.Once
		slow := outbox.Consumer{Name: "slow", Handle: func(ctx context.Context, f outbox.Fact) (outbox.Effect, error) {
			once.Do(func() { close(stuck) })
			select {
			case <-release:
			case <-ctx.Done():
			}
			return nil, ctx.Err()
		}}
		failing := outbox.Consumer{Name: "failing", Handle: func(context.Context, outbox.Fact) (outbox.Effect, error) {
			panic("always")
		}}
		quick := &collector{}
		r := outbox.New(st, "n1", slow, failing, quick.consumer("quick"))
		r.Poll = 10 * time.Millisecond
		r.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { r.Run(ctx) })
		record(t, st, op, "x.happened", "1")
		<-stuck
		for i := 2; i <= 20; i++ {
			record(t, st, op, "x.happened", fmt.Sprint(i)) // no writer waits either
		}
		storetest.Until(t, "the delivery to the quick one", func() bool { return len(quick.all()) >= 20 })
		if got := quick.all(); len(got) != 20 {
			t.Errorf("the quick one got %v", got)
		}
		close(release)
		cancel()
		wg.Wait()
	})
}

func TestLeaseIsTakenOverAndTheEffectHappensOnce(t *testing.T) {
	t.Parallel()
	for _, engine := range []func(testing.TB, func(*store.Options)) *store.Store{storetest.SQLite, storetest.Postgres} {
		clock := storetest.NewClock()
		st := engine(t, func(o *store.Options) { o.Now = clock.Now })
		record(t, st, newOperator(), "x.happened", "1")

		working, release := make(chan struct{}), make(chan struct{})
		first := outbox.New(st, "n1", outbox.Consumer{Name: "c", Handle: func(_ context.Context, f outbox.Fact) (outbox.Effect, error) {
			close(working)
			<-release
			return effect(f), nil
		}})
		answer := make(chan error, 1)
		go func() {
			for {
				if n, err := first.Step(context.Background(), "c"); n > 0 || err != nil {
					answer <- err
					return
				}
			}
		}()
		<-working
		c := &collector{}
		second := outbox.New(st, "n2", c.consumer("c"))
		if n := step(t, second, "c"); n != 0 || len(c.all()) != 0 {
			t.Fatal("two nodes have one cursor")
		}
		clock.Advance(outbox.DefaultLease + time.Second)
		pass(t, second, "c", 1)
		close(release)
		if err := <-answer; fault.Of(err).Code != "lease_lost" {
			t.Fatalf("who lost the lease was answered %v", err)
		}
		if got := effects(t, st); !slices.Equal(got, []string{"1"}) {
			t.Fatalf("effects %v", got)
		}
	}
}

func TestErrorBringsTheSameFactAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		record(t, st, newOperator(), "x.happened", "1", "2")
		var got []string
		inEffect := true
		r := outbox.New(st, "n1", outbox.Consumer{Name: "c", Handle: func(_ context.Context, f outbox.Fact) (outbox.Effect, error) {
			got = append(got, f.Object)
			if len(got) == 1 {
				return nil, errors.New("not yet")
			}
			return func(tx *store.Tx) error {
				if err := effect(f)(tx); err != nil {
					return err
				}
				if f.Object == "2" && inEffect {
					inEffect = false
					return errors.New("not that either")
				}
				return nil
			}, nil
		}})
		for i, want := range []int{0, 1, 1} {
			n, err := r.Step(t.Context(), "c")
			for deadline := time.Now().Add(patience); n == 0 && err == nil && time.Now().Before(deadline); {
				n, err = r.Step(t.Context(), "c")
			}
			if n != want || (err == nil) != (i == 2) {
				t.Fatalf("step %d passed %d: %v", i, n, err)
			}
		}
		if !slices.Equal(got, []string{"1", "1", "2", "2"}) {
			t.Fatalf("got %v", got)
		}
		if e := effects(t, st); !slices.Equal(e, []string{"1", "2"}) {
			t.Fatalf("effects %v", e)
		}
	})
}

// Effects that may share a commit do, in their order and in one operator; one that
// fails holds back those behind it and none before it.
func TestEffectsShareACommitAndFailAlone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		a, b := newOperator(), newOperator()
		record(t, st, a, "test.happened", "1", "2", "3")
		record(t, st, b, "test.happened", "4", "5")
		record(t, st, b, "test.other", "6")
		record(t, st, b, "test.happened", "7")
		broken, commits := true, map[*store.Tx][]string{}
		var mu sync.Mutex
		r := outbox.New(st, "node-1", outbox.Consumer{Name: "shared", Kinds: []fact.Kind{"test.happened"}, Together: 10,
			Handle: func(_ context.Context, f outbox.Fact) (outbox.Effect, error) {
				return func(tx *store.Tx) error {
					mu.Lock()
					defer mu.Unlock()
					if broken && f.Object == "5" {
						return errors.New("broken")
					}
					commits[tx] = append(commits[tx], f.Object)
					return effect(f)(tx)
				}, nil
			}})
		step := func() (passed int, err error) {
			storetest.Until(t, "the facts can be read", func() bool {
				passed, err = r.Step(t.Context(), "shared")
				return passed > 0 || err != nil
			})
			return passed, err
		}
		var err error
		for err == nil { // PostgreSQL may hand them out in more than one go
			_, err = step()
		}
		if got := effects(t, st); !slices.Equal(got, []string{"1", "2", "3", "4"}) {
			t.Errorf("before the broken one is mended %v are stored", got)
		}
		mu.Lock()
		broken = false
		mu.Unlock()
		for range 10 {
			if len(effects(t, st)) == 6 {
				break
			}
			if _, err := step(); err != nil {
				t.Fatal(err)
			}
		}
		if got := effects(t, st); !slices.Equal(got, []string{"1", "2", "3", "4", "5", "7"}) {
			t.Errorf("%v are stored", got)
		}
		for _, together := range commits {
			if slices.Contains(together, "3") && slices.Contains(together, "4") {
				t.Errorf("two operators share a commit: %v", together)
			}
		}
	})
}

// While nothing happens nothing is written: the lease is kept, not asked for again.
func TestAnIdleConsumerWritesNothing(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	storetest.EachWith(t, func(o *store.Options) { o.Now = clock.Now }, func(t *testing.T, st *store.Store) {
		r := outbox.New(st, "node-1", (&collector{}).consumer("idle"))
		other := outbox.New(st, "node-2", (&collector{}).consumer("idle"))
		step := func(r *outbox.Runner) {
			t.Helper()
			if _, err := r.Step(t.Context(), "idle"); err != nil {
				t.Fatal(err)
			}
		}
		step(r)
		was := st.Taken()
		for range 5 {
			step(r)
		}
		if now := st.Taken(); !now.Equal(was) {
			t.Errorf("an idle consumer wrote at %s, after %s", now, was)
		}
		clock.Advance(r.Lease) // it was away: another may have it now
		step(other)
		record(t, st, newOperator(), "test.happened", "1")
		step(r)
		if got := effects(t, st); len(got) > 1 {
			t.Errorf("%v", got)
		}
	})
}
