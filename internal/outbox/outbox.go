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
	// What it does there may happen again after a crash. A nil Effect only moves the
	// cursor. After an error the same fact comes again, and the ones behind it wait.
	Handle func(ctx context.Context, f Fact) (Effect, error)
}

// Defaults of a Runner.
const (
	DefaultLease = 30 * time.Second
	DefaultPoll  = time.Second
	batch        = 100
	firstPause   = time.Second
	longestPause = time.Minute
)

// Runner delivers facts to consumers.
type Runner struct {
	// Lease is how long a consumer is this node's after each move of its cursor.
	Lease time.Duration
	// Poll is how often is looked for facts of other nodes, and for those that were
	// held back. Facts of this process wake it.
	Poll time.Duration
	Log  *slog.Logger

	store     *store.Store
	owner     string
	consumers []Consumer
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
	return &Runner{Lease: DefaultLease, Poll: DefaultPoll, Log: slog.Default(), store: st, owner: owner, consumers: consumers}
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
		case <-wake:
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// leave ends the lease, so that another node need not wait for its end.
func (r *Runner) leave(c Consumer) {
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
	// The cursor moves with each effect, and past what nobody handles at the end.
	for i, f := range facts {
		wanted := len(c.Kinds) == 0 || slices.Contains(c.Kinds, f.Kind)
		if !wanted && i < len(facts)-1 {
			continue
		}
		var effect Effect
		if wanted {
			if effect, err = handle(ctx, c, f); err != nil {
				return passed, fmt.Errorf("fact %d of %s: %w", f.ID, f.Kind, err)
			}
		}
		if err := r.move(ctx, c, at, f, effect); err != nil {
			return passed, err
		}
		at, passed = f.Position, i+1
	}
	return passed, nil
}

func (r *Runner) lease(ctx context.Context, c Consumer) (at store.Position, mine bool, err error) {
	err = r.store.Write(ctx, r.everything(c), func(tx *store.Tx) (err error) {
		at, mine, err = tx.LeaseCursor(c.Name, r.owner, tx.Now().Add(r.Lease))
		return err
	})
	return at, mine, err
}

// move commits the effect and the cursor behind the fact.
func (r *Runner) move(ctx context.Context, c Consumer, from store.Position, f Fact, effect Effect) error {
	sc := authz.ForSystem(f.Operator, "outbox: consumer "+c.Name)
	return r.store.Write(ctx, sc, func(tx *store.Tx) error {
		if effect != nil {
			if err := effect(tx); err != nil {
				return fmt.Errorf("fact %d of %s: %w", f.ID, f.Kind, err)
			}
		}
		return tx.MoveCursor(c.Name, r.owner, from, f.Position, tx.Now().Add(r.Lease))
	})
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
