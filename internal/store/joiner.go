package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
)

const (
	// maxJoined closures share a transaction. PostgreSQL caches 64 subtransactions
	// per backend; past them every other backend's visibility checks get slow.
	maxJoined = 60
	// maxLight closures that only leave meter values join them: they need one savepoint
	// for all.
	maxLight = 240
	// joinWithin bounds how long a transaction takes in newcomers: the row locks of
	// its first closure are held that long.
	joinWithin = 20 * time.Millisecond
	// maxConflicts is how often a closure is run again after 40001, 40P01 or 55P03.
	maxConflicts = 8
	// shortPatience is how long a closure waits for another transaction's row while it
	// shares its own: with sixty closures behind it, giving up and coming again costs
	// less than waiting.
	shortPatience = 100 * time.Millisecond
	// aloneAfter conflicts a closure shares its transaction with none, holds only its
	// own locks, and passes the store's gate: one such closure runs at a time. All that
	// it can meet then are joined transactions, and they give way first.
	aloneAfter = 2
	// longPatience is for the one behind the gate. It stays below deadlock_timeout (1 s):
	// PostgreSQL ends the transaction that has waited longest, which would be this one.
	longPatience = 900 * time.Millisecond
	// maxLost is how often a closure is run whose transaction was lost before COMMIT.
	maxLost = 3
	// commitWithin is how long a COMMIT may take. It is generous: a COMMIT given up
	// is the one case in which nobody knows.
	commitWithin = 30 * time.Second
	// reconnectFor is how long a joiner tries to reach the database before it answers.
	reconnectFor = 5 * time.Second
	// noWrites is told to who wrote while the disk was full, for example.
	noWrites = "The database takes no writes now. Nothing was stored."
)

// States of a request. Between queued and the others decides one compare-and-swap,
// so that a caller's deadline either finds the closure not started, and it never
// will be, or waits for its end.
const (
	queued int32 = iota
	started
	gone
)

// request is one call of Write.
type request struct {
	scope     authz.Scope
	fn        func(*Tx) error
	state     atomic.Int32
	done      chan outcome
	alone     bool // its transaction was lost once: it shares none any more
	apart     bool // it was light where not all could be written: it runs among such only
	waited    bool // it was gated, and let others go before it
	conflicts int
}

// gated closures have met so many conflicts that they run one at a time.
func (r *request) gated() bool { return r.conflicts >= aloneAfter }

func (r *request) patience() time.Duration {
	if r.gated() {
		return longPatience
	}
	return shortPatience
}

// claim makes the request the joiner's; false if its caller has left.
func (r *request) claim() bool {
	return r.state.CompareAndSwap(queued, started) || r.state.Load() == started // started: it met a conflict before
}

type outcome struct {
	err  error
	lost bool // the transaction was lost and for certain not committed
}

// Write runs fn in a transaction that other callers may share, each behind its own
// savepoint. It returns nil after COMMIT, and no answer before it. fn may run more
// than once: it touches only its Tx and variables that it sets anew on each run. It
// does no network, no waiting, no hashing of passwords, and calls neither Write nor
// Read. ctx counts until fn has started.
func (s *Store) Write(ctx context.Context, sc authz.Scope, fn func(*Tx) error) error {
	if !s.accept() {
		return errClosed
	}
	defer s.accepted.Done()
	ticket := s.waiting.enter(time.Now())
	defer s.waiting.leave(ticket)

	for run := 1; ; run++ {
		if run == 1 && ctx.Err() != nil {
			return notStarted(ctx)
		}
		r := &request{scope: sc, fn: fn, done: make(chan outcome, 1), alone: run > 1}
		select {
		case s.queue <- r:
		case <-ctx.Done():
			return notStarted(ctx)
		}
		var out outcome
		select {
		case out = <-r.done:
		case <-ctx.Done():
			if r.state.CompareAndSwap(queued, gone) {
				return notStarted(ctx)
			}
			out = <-r.done
		}
		if !out.lost {
			return out.err
		}
		if run == maxLost && fault.Of(out.err).Code == "panic" {
			return out.err
		}
		if run == maxLost {
			return unavailable("The connection to the database was lost several times. Nothing was stored.", out.err)
		}
	}
}

func notStarted(ctx context.Context) error {
	return fault.New(fault.Unavailable, "deadline", "This took too long and was not begun. Nothing was stored.").
		Because(context.Cause(ctx))
}

// joiner owns one connection and runs the transactions on it.
type joiner struct {
	store *Store
	conn  conn
	carry []*request // met a conflict; they come first in the next transaction
}

func (j *joiner) run() {
	// A closure may end this goroutine (runtime.Goexit, as testing's FailNow does).
	// Then another takes over; run itself counts as stopped only once.
	normal := false
	defer func() {
		if !normal {
			go j.run()
			return
		}
		j.drop()
		j.store.stopped.Done()
	}()
	for {
		r := j.take()
		if r == nil {
			select {
			case r = <-j.store.queue:
			case <-j.store.stop:
				normal = true
				return
			}
		}
		j.transaction(r)
	}
}

// take is the next request that is there already, nil if none is. A gated one may wait
// long for its lock: between two of its runs the others get a transaction.
func (j *joiner) take() *request {
	if len(j.carry) == 0 {
		return j.queued()
	}
	r := j.carry[0]
	if r.gated() && !r.waited {
		r.waited = true
		if other := j.queued(); other != nil {
			return other
		}
	}
	j.carry = j.carry[1:]
	return r
}

// queued is the next of the queue, nil if it is empty.
func (j *joiner) queued() *request {
	select {
	case r := <-j.store.queue:
		return r
	default:
		return nil
	}
}

func (j *joiner) drop() {
	if j.conn != nil {
		j.conn.close()
		j.conn = nil
	}
}

// connect makes sure that there is a connection; it waits out a short restart of
// the database. Callers whose deadline passes meanwhile leave by themselves.
func (j *joiner) connect() error {
	if j.conn != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), reconnectFor)
	defer cancel()
	pause := 20 * time.Millisecond
	for {
		c, err := j.store.db.connect(ctx, false)
		if err == nil {
			j.conn = c
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", errGone, err)
		case <-time.After(pause):
			pause = min(2*pause, 500*time.Millisecond)
		}
	}
}

// joined is a closure that has run in the transaction at hand.
type joined struct {
	r   *request
	tx  *Tx
	err error
}

// stored reports whether the commit made something of it true.
func (e *joined) stored() bool { return e.err == nil && (e.tx.wrote || len(e.tx.measured) > 0) }

// transaction runs head and whoever else is waiting in one transaction. No caller's
// context comes near it: modernc drops a transaction whose write is cancelled, and
// pgx the connection, with everybody in it.
func (j *joiner) transaction(head *request) {
	if err := j.connect(); err != nil {
		err = unavailable("The database cannot be reached. Nothing was stored.", err)
		for r := head; r != nil; r = j.take() {
			if r.claim() {
				r.done <- outcome{err: err}
			}
			if !j.store.closing() {
				return // the next may have come a moment ago, and is tried for as long
			}
		}
		return
	}
	begun := time.Now()
	var in, light []*joined // light: those of in that only leave meter values
	var culprit *request    // its closure runs; if that ends the goroutine, see run
	defer func() {
		if culprit != nil {
			j.lose(append(in, &joined{r: culprit}), errors.New("store: a closure ended its goroutine"))
		}
	}()

	if head.gated() { // a gated closure is always the head, and leaves before the next
		j.store.gate.Lock()
		defer j.store.gate.Unlock()
	}
	open := false
	for r := head; r != nil; r = j.joins(head, len(in)-len(light), len(light), begun) {
		if r.alone && r != head {
			j.carry = append(j.carry, r)
			break
		}
		if !r.claim() {
			continue
		}
		// A closure that is alone needs no savepoint: its error rolls back everything.
		// SQLite gets one always, because only the savepoint's end tells there whether
		// the transaction is still the one that was begun.
		bare := !open && j.conn.engine() == postgres && (r.alone || len(j.carry) == 0 && len(j.store.queue) == 0)
		tx, end := j.closure(r, &culprit, &open, bare)
		if end.gone != nil {
			j.lose(append(in, &joined{r: r}), end.gone)
			return
		}
		if e := (&joined{r, tx, end.err}); !end.conflict || !j.again(e) {
			in = append(in, e)
			if end.light {
				light = append(light, e)
			}
		}
		if bare && tx.entered && (end.conflict || end.err != nil) {
			open = false // it rolled back a transaction that was only its own
			break
		}
		// ROLLBACK TO keeps the row locks of the others: the victim of a conflict would
		// only meet them again. They commit first.
		if end.conflict || r.alone {
			break
		}
	}
	if len(light) > 0 {
		kept, err := j.writeLight(light, len(in)-len(light))
		if err != nil {
			j.lose(in, err)
			return
		}
		in = slices.DeleteFunc(in, func(e *joined) bool { return slices.Contains(light, e) && !slices.Contains(kept, e) })
	}
	if open {
		ctx, cancel := context.WithTimeout(context.Background(), commitWithin)
		defer cancel()
		if err := j.conn.commit(ctx); err != nil {
			j.undecided(in, err)
			return
		}
		if slices.ContainsFunc(in, (*joined).stored) {
			j.store.waiting.committed(time.Now())
		}
	}
	j.settle(in)
}

// closure runs one closure in the transaction, opening that first if need be.
func (j *joiner) closure(r *request, culprit **request, open *bool, bare bool) (*Tx, ending) {
	if !*open {
		if err := j.begin(r); err != nil {
			return nil, ending{gone: err}
		}
		*open = true
	}
	tx := &Tx{store: j.store, conn: j.conn, scope: r.scope, now: j.store.now(), bare: bare, patience: r.patience()}
	*culprit = r
	err := run(tx, r.fn)
	*culprit = nil
	end := j.leave(tx, err, bare)
	if tx.cancel != nil {
		tx.cancel()
	}
	return tx, end
}

// begin opens a transaction that begins with r.
func (j *joiner) begin(r *request) error {
	ctx, cancel := context.WithTimeout(context.Background(), j.store.options.Budget)
	defer cancel()
	err := j.conn.begin(ctx, r.scope, false, r.patience())
	if err != nil { // an idle connection may have died long ago
		j.drop()
		if err = j.connect(); err == nil {
			err = j.conn.begin(ctx, r.scope, false, r.patience())
		}
	}
	return err
}

// again has a closure that met a conflict run in another transaction; false if it has
// met too many.
func (j *joiner) again(e *joined) bool {
	if e.r.conflicts == maxConflicts {
		e.err = fault.New(fault.Unavailable, "busy",
			"Too many changes of the same thing at once. Nothing was stored; try again.").Because(e.tx.failed)
		return false
	}
	e.r.conflicts++
	e.r.waited = false
	e.r.alone = e.r.alone || e.r.gated()
	j.carry = append(j.carry, e.r)
	return true
}

// joins is the next request that may still join head and those that are in already.
func (j *joiner) joins(head *request, in, light int, begun time.Time) *request {
	if in >= maxJoined || light >= maxLight || time.Since(begun) > j.store.joinFor {
		return nil
	}
	at := slices.IndexFunc(j.carry, func(r *request) bool { return !r.gated() && r.apart == head.apart })
	switch {
	case at >= 0:
		r := j.carry[at]
		j.carry = slices.Delete(j.carry, at, at+1)
		return r
	case head.apart:
		return nil
	}
	return j.queued()
}

// run runs the closure; a panic becomes its error, with the stack for the log.
func run(tx *Tx, fn func(*Tx) error) (err error) {
	defer func() {
		tx.over = true
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	if err := fn(tx); err != nil || !tx.entered && !tx.heavy() {
		return err
	}
	return tx.writeMeasured()
}

// panicked is the answer to a panic, with the stack for the log.
func panicked(p any) error {
	return fault.New(fault.Internal, "panic", "Something went wrong on our side.").
		Because(fmt.Errorf("store: panic: %v\n%s", p, debug.Stack()))
}

// ending is how a closure ended.
type ending struct {
	err      error // the closure's own answer
	conflict bool  // it shall run again in another transaction
	gone     error // the transaction is lost
	light    bool  // it ran no statement, and leaves meter values to be written
}

// leave closes the closure's savepoint. What the statements met counts more than
// what the closure made of it.
func (j *joiner) leave(tx *Tx, err error, bare bool) ending {
	if err == nil && tx.failed == nil && tx.entered {
		_ = tx.answer(j.conn.settle(tx.ctx)) // it stands in tx.failed
	}
	if tx.owed != nil {
		err = tx.owed // whatever the closure made of it
	}
	end := ending{err: err}
	if tx.failed != nil {
		end.conflict = errors.Is(tx.failed, errConflict)
		switch {
		case err == nil || errors.Is(err, errConflict):
			end.err = fmt.Errorf("store: a statement failed: %w", tx.failed)
		case errors.Is(tx.failed, errSlow):
			end.err = unavailable("The database took too long. Nothing was stored.", tx.failed)
		case Trouble(tx.failed) != "":
			end.err = unavailable(noWrites, tx.failed)
		}
		if errors.Is(tx.failed, errGone) {
			end.gone = tx.failed
			return end
		}
	} else if errors.Is(err, errConflict) {
		end.conflict = true
	}
	fine := end.err == nil && !end.conflict
	if !tx.entered {
		end.light = fine && len(tx.measured) > 0
		return end
	}
	ctx, cancel := context.WithTimeout(context.Background(), j.store.options.Budget)
	defer cancel()
	switch {
	case fine && !bare:
		end.gone = j.conn.release(ctx)
	case !fine && bare:
		if end.gone = j.conn.rollback(ctx); end.gone == nil {
			return end
		}
	case !fine:
		end.gone = j.conn.rollbackTo(ctx)
	}
	if end.gone == nil && !j.conn.alive() {
		end.gone = errGone
	}
	return end
}

// lose drops the connection after the transaction was lost before COMMIT was sent:
// nothing of it is stored, and every caller runs again, alone.
func (j *joiner) lose(in []*joined, err error) {
	j.drop()
	for _, e := range in {
		e.r.done <- outcome{err: err, lost: true}
	}
}

// undecided answers after a COMMIT that failed. Only where the engine guarantees
// that nothing was stored the callers run again.
func (j *joiner) undecided(in []*joined, err error) {
	if errors.Is(err, errNotCommitted) && !(len(in) == 1 && in[0].r.alone) {
		j.lose(in, err)
		return
	}
	j.drop()
	if errors.Is(err, errNotCommitted) { // alone: the fault is in what it wrote
		if Trouble(err) != "" {
			err = unavailable(noWrites, err)
		}
		in[0].r.done <- outcome{err: err}
		return
	}
	j.store.options.Log.Error("a commit was not answered", "joined", len(in), "error", err)
	for _, e := range in {
		e.r.done <- outcome{err: fault.New(fault.Unavailable, "outcome_unknown",
			"The connection to the database was lost while storing. Look whether your change is there.").Because(err)}
	}
}

// settle publishes what a commit made true and answers the callers.
func (j *joiner) settle(in []*joined) {
	var changes []Change
	facts, jobs := false, false
	for _, e := range in {
		if e.err != nil {
			continue
		}
		for _, keys := range e.tx.newKeys {
			j.store.ring.keep(keys[0].operator, keys)
		}
		changes = append(changes, e.tx.changes...)
		facts, jobs = facts || e.tx.hasFacts, jobs || e.tx.hasJobs
	}
	if len(changes) > 0 && j.store.options.OnCommit != nil {
		j.tell(changes)
	}
	if facts {
		j.store.facts.wake()
	}
	if jobs {
		j.store.jobs.wake()
	}
	for _, e := range in {
		e.r.done <- outcome{err: e.err}
	}
}

// tell calls the hook; its panic must not keep callers from their answer.
func (j *joiner) tell(changes []Change) {
	defer func() {
		if p := recover(); p != nil {
			j.store.options.Log.Error("panic after a commit", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	j.store.options.OnCommit(changes)
}
