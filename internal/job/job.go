package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"ccms/internal/authz"
	"ccms/internal/store"
)

// Job is a claimed job. Attempts counts this one.
type Job = store.Job

// Effect writes what the job causes, in one commit with its end. It runs in the
// scope of the system inside the job's operator, and may run more than once.
type Effect func(tx *store.Tx) error

// Handler works on one job outside of any transaction; it may use the network. What
// it does there may happen again after a crash. ctx ends with the job's lease. A nil
// Effect only ends the job.
type Handler func(ctx context.Context, j Job) (Effect, error)

// Defaults of a Runner.
const (
	DefaultWorkers  = 4
	DefaultLease    = 2 * time.Minute
	DefaultPoll     = time.Second
	DefaultAttempts = 12
	longestPause    = time.Hour
)

// Runner runs jobs of the kinds it has handlers for.
type Runner struct {
	Workers  int           // jobs at the same time
	Lease    time.Duration // how long a job may take before others think its runner dead
	Poll     time.Duration // how often is looked for jobs that became due; new ones wake it
	Attempts int           // after so many a job is dead
	Log      *slog.Logger
	// Pause is the time from a failure to the next attempt.
	Pause func(attempts int) time.Duration

	store    *store.Store
	owner    string
	handlers map[string]Handler
	kinds    []string
}

// New makes a runner. owner names this process among all that share the database.
func New(st *store.Store, owner string, handlers map[string]Handler) *Runner {
	return &Runner{
		Workers: DefaultWorkers, Lease: DefaultLease, Poll: DefaultPoll, Attempts: DefaultAttempts, Log: slog.Default(), Pause: Pause,
		store: st, owner: owner, handlers: handlers, kinds: slices.Sorted(maps.Keys(handlers)),
	}
}

// Pause doubles from 2 s up to an hour: twelve attempts take about three hours.
func Pause(attempts int) time.Duration {
	return min(time.Second<<min(attempts, 12), longestPause)
}

// Run runs jobs until ctx ends and returns when the last has returned.
func (r *Runner) Run(ctx context.Context) {
	wake, done := r.store.WakeOnJobs()
	defer done()
	free := make(chan struct{}, r.Workers)
	finished := make(chan struct{}, 1)
	var working sync.WaitGroup
	defer working.Wait()
	for ctx.Err() == nil {
		room := cap(free) - len(free)
		jobs, err := r.claim(ctx, room)
		if err != nil && ctx.Err() == nil {
			r.Log.Error("jobs could not be claimed", "error", err)
		}
		for _, j := range jobs {
			free <- struct{}{}
			working.Go(func() {
				defer func() {
					<-free
					select {
					case finished <- struct{}{}:
					default:
					}
				}()
				r.work(ctx, j)
			})
		}
		if room > 0 && len(jobs) == room {
			continue // there may be more
		}
		select {
		case <-wake:
		case <-finished:
		case <-time.After(r.Poll):
		case <-ctx.Done():
		}
	}
}

// Step claims what is due now, at most as many as there are workers, runs it and
// returns when all of it has ended. For tests and for commands that run once.
func (r *Runner) Step(ctx context.Context) (ran int, err error) {
	jobs, err := r.claim(ctx, r.Workers)
	if err != nil {
		return 0, err
	}
	var working sync.WaitGroup
	for _, j := range jobs {
		working.Go(func() { r.work(ctx, j) })
	}
	working.Wait()
	return len(jobs), nil
}

func (r *Runner) claim(ctx context.Context, room int) (jobs []Job, err error) {
	if room == 0 || len(r.kinds) == 0 {
		return nil, nil
	}
	err = r.store.Write(ctx, authz.Everything("job: claim"), func(tx *store.Tx) (err error) {
		jobs, err = tx.ClaimJobs(r.owner, r.kinds, tx.Now().Add(r.Lease), room)
		return err
	})
	return jobs, err
}

// work runs one job and writes how it ended.
func (r *Runner) work(ctx context.Context, j Job) {
	sc := authz.ForSystem(j.Operator, "job: "+j.Kind)
	effect, err := Effect(nil), errors.New("its runner ended without an answer, too often")
	if j.Attempts <= r.Attempts {
		effect, err = r.handle(ctx, j)
	}
	// The end is written even when we are closing down; else the lease must run out.
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err == nil {
		err = r.store.Write(end, sc, func(tx *store.Tx) error {
			if effect != nil {
				if err := effect(tx); err != nil {
					return err
				}
			}
			return tx.FinishJob(j)
		})
		if err == nil {
			return
		}
	}
	dead := j.Attempts >= r.Attempts
	r.Log.Error("a job failed", "kind", j.Kind, "job", j.ID, "operator", j.Operator.String(), "attempt", j.Attempts, "dead", dead, "error", err)
	err = r.store.Write(end, sc, func(tx *store.Tx) error {
		return tx.FailJob(j, err.Error(), tx.Now().Add(r.Pause(j.Attempts)), dead)
	})
	if err != nil {
		r.Log.Warn("the end of a job was not written; it comes again", "kind", j.Kind, "job", j.ID, "error", err)
	}
}

// handle calls the handler; a panic is its error.
func (r *Runner) handle(ctx context.Context, j Job) (effect Effect, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.Lease)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			r.Log.Error("a job panicked", "kind", j.Kind, "job", j.ID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return r.handlers[j.Kind](ctx, j)
}
