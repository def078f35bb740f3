package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/session"
)

// scripted is a connection to a PostgreSQL that does as told and notes what it is asked.
type scripted struct {
	conn     // whatever else is called panics
	together func(light []*joined) error
	alone    func(w ident.Session) error
	lost     bool // ROLLBACK TO finds the connection gone
	log      []string
}

func (c *scripted) engine() engine { return postgres }
func (c *scripted) alive() bool    { return true }
func (c *scripted) close()         { c.log = append(c.log, "close") }

func (c *scripted) note(what string) error { c.log = append(c.log, what); return nil }

func (c *scripted) begin(context.Context, authz.Scope, bool, time.Duration) error {
	return c.note("begin")
}
func (c *scripted) savepoint(context.Context, authz.Scope, time.Duration) error {
	return c.note("savepoint")
}
func (c *scripted) release(context.Context) error  { return c.note("release") }
func (c *scripted) commit(context.Context) error   { return c.note("commit") }
func (c *scripted) rollback(context.Context) error { return c.note("rollback") }

func (c *scripted) rollbackTo(context.Context) error {
	if c.lost {
		return errGone
	}
	return c.note("back")
}

// settle: exec answers at once.
func (c *scripted) settle(context.Context) error { return nil }

func (c *scripted) later(ctx context.Context, text string, args []any, then func(int64, error) error) error {
	return then(c.exec(ctx, text, args))
}

func (c *scripted) exec(_ context.Context, _ string, args []any) (int64, error) {
	if id, ok := args[0].([]byte); ok && len(args) > 15 { // qMeasure begins with the session
		if err := c.alone(sessionOf(id)); err != nil {
			return 0, err
		}
	}
	return 1, nil
}

func (c *scripted) writeTogether(_ context.Context, light []*joined) error { return c.together(light) }

func sessionOf(b []byte) (id ident.Session) {
	var r Row
	r.cells = []cell{b}
	if err := r.Scan(&id); err != nil {
		panic(err)
	}
	return id
}

func (c *scripted) counts(what string) (n int) {
	for _, x := range c.log {
		if x == what {
			n++
		}
	}
	return n
}

// bench is a joiner without a database.
type bench struct {
	*joiner
	c   *scripted
	op  ident.Operator
	all []*request
}

func newBench() *bench {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	c := &scripted{together: func([]*joined) error { return nil }, alone: func(ident.Session) error { return nil }}
	s := &Store{options: Options{Budget: time.Second, Now: func() time.Time { return at }, Log: slog.New(slog.DiscardHandler)},
		queue: make(chan *request, 1024), joinFor: time.Hour}
	return &bench{joiner: &joiner{store: s, conn: c}, c: c, op: ident.New[ident.Operator](at)}
}

// light queues n closures that leave a meter value each, heavy n that run a statement.
func (b *bench) light(n int) {
	for range n {
		at := b.store.now()
		s := &session.State{ID: ident.New[ident.Session](at), Operator: b.op}
		b.add(func(tx *Tx) error {
			tx.measured = append(tx.measured, measured{number: 1, Measured: session.Measured{State: s,
				Samples: make([]session.Sample, 1), Reads: []session.Read{{At: at}},
				Raw: session.Kept{Operator: b.op, Session: s.ID, At: at, ReceivedAt: at}}})
			return nil
		})
	}
}

func (b *bench) heavy(n int) {
	for range n {
		b.add(func(tx *Tx) error { return tx.Add("test_own", []byte("x"), b.op, ident.SubOperator{}, 1) })
	}
}

func (b *bench) add(fn func(*Tx) error) {
	r := &request{scope: authz.ForSystem(b.op, "test"), fn: fn, done: make(chan outcome, 2)}
	b.all = append(b.all, r)
	b.store.queue <- r
}

// next runs one transaction; false if nobody waits.
func (b *bench) next() bool {
	r := b.take()
	if r != nil {
		b.transaction(r)
	}
	return r != nil
}

// answers are what each was told so far; more than one answer is a fault of its own.
func (b *bench) answers(t *testing.T) []*outcome {
	t.Helper()
	all := make([]*outcome, len(b.all))
	for i, r := range b.all {
		if len(r.done) > 1 {
			t.Fatalf("closure %d was answered %d times", i, len(r.done))
		}
		if len(r.done) == 1 {
			o := <-r.done
			r.done <- o
			all[i] = &o
		}
	}
	return all
}

func answered(all []*outcome) (n int) {
	for _, o := range all {
		if o != nil {
			n++
		}
	}
	return n
}

var errLocked = fmt.Errorf("%w: locked", errConflict)

// Whoever runs again in another transaction has no answer from this one, also where it
// is lost beside or after the conflict.
func TestLightClosureIsEitherLostOrRunsAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		ends  []error // of those written one by one
		lost  bool    // at the end of the savepoint behind a conflict
		again bool    // all run again; else all are lost
	}{
		{name: "a conflict, then the connection is gone", ends: []error{errLocked, errGone, errGone}, again: true},
		{name: "one is written, then the connection is gone", ends: []error{nil, errGone, errGone}},
		{name: "a conflict that takes the connection along", ends: []error{errLocked, nil, nil}, lost: true},
	} {
		b := newBench()
		b.light(3)
		b.c.together = func([]*joined) error { return errApart }
		tries := 0
		b.c.alone = func(ident.Session) error { tries++; return c.ends[tries-1] }
		b.c.lost = c.lost
		b.next()
		for i, o := range b.answers(t) {
			again := slices.Contains(b.carry, b.all[i])
			if again == (o != nil) || again != c.again || o != nil && !o.lost {
				t.Errorf("%s: closure %d runs again: %v, and was answered: %+v", c.name, i, again, o)
			}
		}
	}
}

// The others keep their locks through ROLLBACK TO: they commit before the light ones
// try again, which then share no transaction with newcomers that hold any.
func TestLightClosuresInConflictLetTheOthersCommitFirst(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.heavy(2)
	b.light(240)
	b.c.together = func([]*joined) error { return errLocked }
	b.c.alone = func(ident.Session) error { return errors.New("written one by one beside others") }
	b.next()
	all := b.answers(t)
	if answered(all) != 2 || all[0].err != nil || all[1].err != nil || b.c.counts("commit") != 1 {
		t.Fatalf("%d were answered in %v", answered(all), b.c.log[:min(9, len(b.c.log))])
	}
	b.heavy(1)
	b.c.together = func(light []*joined) error {
		if len(light) != 240 {
			return fmt.Errorf("%d together", len(light))
		}
		return nil
	}
	b.next()
	if all = b.answers(t); answered(all) != 242 || all[242] != nil || all[241].err != nil {
		t.Fatalf("%d were answered after the second transaction", answered(all))
	}
	b.next()
	if all = b.answers(t); all[242] == nil || all[242].err != nil || b.next() {
		t.Fatal("the newcomer was not answered")
	}
}

// Where a statement for all fails, all are written, and no transaction has more
// savepoints than PostgreSQL likes.
func TestLightClosuresAreWrittenOneByOneInSmallTransactions(t *testing.T) {
	t.Parallel()
	for _, heavy := range []int{0, 20, maxJoined - 1} {
		b := newBench()
		b.heavy(heavy)
		b.light(200)
		b.c.together = func(light []*joined) error { return errApart }
		transactions := 0
		for ; b.next(); transactions++ {
			if n := b.c.counts("savepoint"); n > maxJoined+1 { // one is that of all together, and rolled back
				t.Fatalf("%d heavy: a transaction has %d savepoints", heavy, n)
			}
			b.c.log = nil
		}
		all := b.answers(t)
		for i, o := range all {
			if o == nil || o.err != nil || o.lost {
				t.Fatalf("%d heavy: closure %d was answered %+v", heavy, i, o)
			}
		}
		if transactions > 6 {
			t.Fatalf("%d transactions", transactions)
		}
	}
}

// One row that stays locked costs its own closure the answer, and nobody else's.
func TestLightClosureWhoseRowStaysLockedIsAnsweredAndTheOthersWritten(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.light(100)
	var hot ident.Session
	b.c.together = func(light []*joined) error {
		if hot == (ident.Session{}) {
			hot = light[30].tx.measured[0].State.ID
		}
		if slices.ContainsFunc(light, func(e *joined) bool { return e.tx.measured[0].State.ID == hot }) {
			return errLocked
		}
		return nil
	}
	b.c.alone = func(id ident.Session) error {
		if id == hot {
			return errLocked
		}
		return nil
	}
	transactions := 0
	for b.next() {
		transactions++
	}
	failed := 0
	for i, o := range b.answers(t) {
		switch {
		case o == nil || o.lost:
			t.Fatalf("closure %d was answered %+v", i, o)
		case o.err != nil:
			if failed++; fault.Of(o.err).Code != "busy" {
				t.Errorf("closure %d was answered %v", i, o.err)
			}
		}
	}
	if failed != 1 || transactions > maxConflicts+3 {
		t.Fatalf("%d failed in %d transactions", failed, transactions)
	}
}

// A table that stays locked is answered to all in the end, and no write counts as taken.
func TestLightClosuresBehindALockedTableAreAllAnswered(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.heavy(1)
	b.light(70)
	b.c.together = func(light []*joined) error { return errLocked }
	b.c.alone = func(ident.Session) error { return errLocked }
	b.next()
	b.store.waiting.committed(time.Time{})
	for n := 0; b.next(); n++ {
		if n > 70*(maxConflicts+1) {
			t.Fatal("it goes on for ever")
		}
	}
	for i, o := range b.answers(t) {
		if o == nil || i > 0 && fault.Of(o.err).Code != "busy" {
			t.Fatalf("closure %d was answered %+v", i, o)
		}
	}
	if !b.store.Taken().IsZero() {
		t.Error("commits that stored nothing count as writes that were taken")
	}
}

func TestPanicWhileMeterValuesAreWrittenIsAnswered(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.heavy(1)
	b.light(2)
	b.c.together = func([]*joined) error { panic("boom") }
	b.next()
	for i, o := range b.answers(t) {
		if o == nil || !o.lost || fault.Of(o.err).Code != "panic" {
			t.Errorf("closure %d was answered %+v", i, o)
		}
	}
	if b.c.counts("close") != 1 || b.c.counts("commit") != 0 {
		t.Errorf("the connection was used on: %v", b.c.log)
	}
}

// Between two runs of one that waits long for its lock the others get a transaction.
func TestGatedClosureLetsOthersGoBetweenItsRuns(t *testing.T) {
	t.Parallel()
	b := newBench()
	var mu sync.Mutex
	var order []string
	note := func(s string) { mu.Lock(); order = append(order, s); mu.Unlock() }
	b.add(func(tx *Tx) error { note("hot"); return tx.fail(errLocked) })
	for range aloneAfter {
		b.next()
	}
	b.next()
	b.add(func(tx *Tx) error { note("other"); return nil })
	b.next()
	b.next()
	if want := []string{"hot", "hot", "hot", "other", "hot"}; !slices.Equal(order, want) {
		t.Fatalf("they ran in the order %v, want %v", order, want)
	}
}
