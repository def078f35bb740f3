package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/store"
)

// Fact is a fact as it was recorded.
type Fact = store.Recorded

// Effect writes what a fact causes, in one commit with the cursor's move. It runs in
// the scope of the system inside the fact's operator, and may run more than once.
type Effect func(tx *store.Tx) error

// Consumer acts on facts.
type Consumer struct {
	Name  string      // of the stored cursor: never changed, never used again
	Kinds []fact.Kind // none: all
	// Handle works on one fact outside of any transaction; it may use the network.
	// What it does there may happen again after a crash. A nil Effect causes nothing:
	// the cursor moves past it with the next one. After an error the same fact comes
	// again, and the ones behind it wait.
	Handle func(ctx context.Context, f Fact) (Effect, error)
	// Together is how many effects of one operator may share a commit, in their order;
	// below 2 each has its own. For a consumer whose Handle does not look at what the
	// effects before it have written.
	Together int
}

// Defaults of a Runner.
const (
	DefaultLease = 30 * time.Second
	DefaultPoll  = time.Second
	// DefaultGather keeps the cost of a busy time low and is nothing to a person.
	DefaultGather = 100 * time.Millisecond
	batch         = 100
	firstPause    = time.Second
	longestPause  = time.Minute
)

// Runner delivers facts to consumers.
type Runner struct {
	// Lease is how long a consumer is this node's after each move of its cursor.
	Lease time.Duration
	// Poll is how often is looked for facts of other nodes, and for those that were
	// held back. Facts of this process wake it.
	Poll time.Duration
	// Gather is how long is waited for the facts that follow the first.
	Gather time.Duration
	Log    *slog.Logger

	store     *store.Store
	owner     string
	consumers []Consumer

	mu      sync.Mutex
	tenures map[string]tenure // by consumer
}

// New makes a runner. owner names this process among all that share the database.
func New(st *store.Store, owner string, consumers ...Consumer) *Runner {
	names := map[string]bool{}
	for _, c := range consumers {
		if c.Name == "" || names[c.Name] {
			panic(fmt.Sprintf("outbox: the name %q is empty or taken", c.Name))
		}
		names[c.Name] = true
	}
	return &Runner{Lease: DefaultLease, Poll: DefaultPoll, Gather: DefaultGather, Log: slog.Default(), store: st, owner: owner, consumers: consumers, tenures: map[string]tenure{}}
}

// Run delivers until ctx ends, and then ends the leases.
func (r *Runner) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, c := range r.consumers {
		wg.Go(func() { r.serve(ctx, c) })
	}
	wg.Wait()
}

func (r *Runner) serve(ctx context.Context, c Consumer) {
	wake, done := r.store.WakeOnFacts()
	defer done()
	defer r.leave(c)
	pause := firstPause
	for ctx.Err() == nil {
		n, err := r.Step(ctx, c.Name)
		wait := r.Poll
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			r.Log.Error("a fact could not be worked off", "consumer", c.Name, "again_in", pause, "error", err)
			wait, pause = pause, min(2*pause, longestPause)
			select { // a new fact is no reason to try the old one earlier
			case <-time.After(wait):
			case <-ctx.Done():
			}
			continue
		case n > 0:
			pause = firstPause
			continue
		}
		pause = firstPause
		select {
		case <-wake: // others follow as a rule: they share what is done for this one
			wait = r.Gather
		case <-time.After(wait):
			continue
		case <-ctx.Done():
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// leave ends the lease, so that another node need not wait for its end.
func (r *Runner) leave(c Consumer) {
	r.keep(c, tenure{}, false)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := r.store.Write(ctx, r.everything(c), func(tx *store.Tx) error { return tx.LeaveCursor(c.Name, r.owner) })
	if err != nil {
		r.Log.Warn("a lease was not ended; it ends by itself", "consumer", c.Name, "error", err)
	}
}

func (r *Runner) everything(c Consumer) authz.Scope {
	return authz.Everything("outbox: consumer " + c.Name)
}

// Step works off one batch of a consumer's facts and tells how many it has passed.
// None and no error: there is nothing, or the consumer is another node's.
func (r *Runner) Step(ctx context.Context, name string) (passed int, err error) {
	i := slices.IndexFunc(r.consumers, func(c Consumer) bool { return c.Name == name })
	if i < 0 {
		return 0, fmt.Errorf("outbox: no consumer %q", name)
	}
	c := r.consumers[i]
	at, mine, err := r.lease(ctx, c)
	if err != nil || !mine {
		return 0, err
	}
	var facts []Fact
	err = r.store.Read(ctx, r.everything(c), func(tx *store.Tx) (err error) {
		facts, err = tx.FactsAfter(at, batch)
		return err
	})
	if err != nil {
		return 0, err
	}
	// The cursor moves with the effects, and past what nobody handles with the next of
	// them or at the end.
	var run []caused
	commit := func(to Fact, upTo int) error {
		if err := r.move(ctx, c, at, to, run); err != nil {
			return err
		}
		at, passed, run = to.Position, upTo, nil
		return nil
	}
	for i, f := range facts {
		var effect Effect
		if len(c.Kinds) == 0 || slices.Contains(c.Kinds, f.Kind) {
			effect, err = handle(ctx, c, f)
			if err != nil {
				err = fmt.Errorf("fact %d of %s: %w", f.ID, f.Kind, err)
				if i > passed { // what came before it is done
					err = errors.Join(err, commit(facts[i-1], i))
				}
				return passed, err
			}
		}
		if effect != nil {
			if len(run) > 0 && (len(run) >= c.Together || run[0].fact.Operator != f.Operator) {
				if err := commit(facts[i-1], i); err != nil {
					return r.alone(ctx, c, at, run, passed, err)
				}
			}
			run = append(run, caused{f, effect, i + 1})
		}
	}
	if len(facts) == 0 {
		return 0, nil
	}
	if err := commit(facts[len(facts)-1], len(facts)); err != nil {
		return r.alone(ctx, c, at, run, passed, err)
	}
	return passed, nil
}

// caused is the effect of a fact; upTo counts the facts up to it in its batch.
type caused struct {
	fact   Fact
	effect Effect
	upTo   int
}

// alone goes on where effects that shared a commit failed: each has its own now, up to
// the one that fails by itself.
func (r *Runner) alone(ctx context.Context, c Consumer, at store.Position, run []caused, passed int, why error) (int, error) {
	if len(run) < 2 || ctx.Err() != nil {
		return passed, why
	}
	for _, one := range run {
		if err := r.move(ctx, c, at, one.fact, []caused{one}); err != nil {
			return passed, err
		}
		at, passed = one.fact.Position, one.upTo
	}
	return passed, nil
}

// tenure is a consumer's lease and place as this runner knows them.
type tenure struct {
	at    store.Position
	until time.Time
}

// lease makes the consumer this node's. While half of its lease is left, that is not
// asked again: an idle server writes nothing for it.
func (r *Runner) lease(ctx context.Context, c Consumer) (at store.Position, mine bool, err error) {
	r.mu.Lock()
	t, known := r.tenures[c.Name]
	r.mu.Unlock()
	if now := r.store.Now(); known && t.until.After(now.Add(r.Lease/2)) && !t.until.After(now.Add(r.Lease)) {
		return t.at, true, nil
	}
	err = r.store.Write(ctx, r.everything(c), func(tx *store.Tx) (err error) {
		t.until = tx.Now().Add(r.Lease)
		t.at, mine, err = tx.LeaseCursor(c.Name, r.owner, t.until)
		return err
	})
	r.keep(c, t, err == nil && mine)
	return t.at, mine, err
}

// keep remembers a lease, or forgets it.
func (r *Runner) keep(c Consumer, t tenure, held bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if held {
		r.tenures[c.Name] = t
	} else {
		delete(r.tenures, c.Name)
	}
}

// move commits the effects and the cursor behind the fact.
func (r *Runner) move(ctx context.Context, c Consumer, from store.Position, to Fact, run []caused) error {
	sc := authz.ForSystem(to.Operator, "outbox: consumer "+c.Name)
	if len(run) > 0 {
		sc = authz.ForSystem(run[0].fact.Operator, "outbox: consumer "+c.Name)
	}
	t := tenure{at: to.Position}
	err := r.store.Write(ctx, sc, func(tx *store.Tx) error {
		for _, one := range run {
			if err := one.effect(tx); err != nil {
				return fmt.Errorf("fact %d of %s: %w", one.fact.ID, one.fact.Kind, err)
			}
		}
		t.until = tx.Now().Add(r.Lease)
		return tx.MoveCursor(c.Name, r.owner, from, to.Position, t.until)
	})
	r.keep(c, t, err == nil)
	return err
}

// handle calls the consumer; a panic is its error.
func handle(ctx context.Context, c Consumer, f Fact) (effect Effect, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(fmt.Errorf("panic: %v", p), errors.New(string(debug.Stack())))
		}
	}()
	return c.Handle(ctx, f)
}
