package job_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
	"ccms/internal/job"
	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

var everything = authz.Everything("test")

// bench is a store with a clock that stands still, on one engine.
type bench struct {
	*testing.T
	st    *store.Store
	clock *storetest.Clock
	op    ident.Operator
}

// conformance runs f on both engines: one suite, so that jobs mean the same on both.
func conformance(t *testing.T, f func(b bench)) {
	t.Helper()
	t.Parallel()
	for name, open := range map[string]func(testing.TB, func(*store.Options)) *store.Store{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := storetest.NewClock()
			st := open(t, func(o *store.Options) { o.Now = clock.Now })
			f(bench{t, st, clock, ident.New[ident.Operator](clock.Now())})
		})
	}
}

func (b bench) enqueue(jobs ...fact.Job) {
	b.Helper()
	err := b.st.Write(b.Context(), authz.ForSystem(b.op, "test"), func(tx *store.Tx) error {
		for _, j := range jobs {
			if err := tx.Later(j); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func (b bench) runner(owner string, handlers map[string]job.Handler) *job.Runner {
	r := job.New(b.st, owner, handlers)
	r.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	return r
}

func (b bench) step(r *job.Runner, want int) {
	b.Helper()
	if n, err := r.Step(b.Context()); err != nil || n != want {
		b.Fatalf("ran %d jobs, want %d: %v", n, want, err)
	}
}

// effects are the objects that effects have written.
func (b bench) effects() (objects []string) {
	b.Helper()
	err := b.st.Read(b.Context(), everything, func(tx *store.Tx) error {
		rows, err := tx.AuditRows(store.AuditFilter{Action: "effect"}, store.Page{Limit: 100, Sort: "at"})
		for _, r := range rows.Items {
			objects = append(objects, r.Object)
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return objects
}

func (b bench) dead() (jobs []job.Job) {
	b.Helper()
	err := b.st.Read(b.Context(), everything, func(tx *store.Tx) (err error) {
		jobs, err = tx.DeadJobs(10)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return jobs
}

func writes(object string) job.Effect {
	return func(tx *store.Tx) error { return tx.Audit("effect", object, nil, nil) }
}

func TestJobRunsWhenItIsDueAndOnlyOnce(t *testing.T) {
	conformance(t, func(b bench) {
		var mu sync.Mutex
		var got []string
		r := b.runner("n1", map[string]job.Handler{"greet": func(_ context.Context, j job.Job) (job.Effect, error) {
			var args struct{ Name string }
			if err := json.Unmarshal(j.Args, &args); err != nil {
				return nil, err
			}
			mu.Lock()
			defer mu.Unlock()
			got = append(got, args.Name)
			if j.Operator != b.op || j.Attempts != 1 {
				t.Errorf("%+v", j)
			}
			return writes(args.Name), nil
		}})
		b.enqueue(fact.Job{Kind: "greet", Args: map[string]string{"Name": "now"}},
			fact.Job{Kind: "greet", Args: map[string]string{"Name": "later"}, RunAt: b.clock.Now().Add(time.Minute)},
			fact.Job{Kind: "strange"})
		b.step(r, 1)
		b.step(r, 0)
		b.clock.Advance(time.Minute - time.Microsecond)
		b.step(r, 0)
		b.clock.Advance(time.Microsecond)
		b.step(r, 1)
		b.clock.Advance(time.Hour)
		b.step(r, 0)
		if !slices.Equal(got, []string{"now", "later"}) || !slices.Equal(b.effects(), got) {
			t.Fatalf("ran %v with the effects %v", got, b.effects())
		}
	})
}

func TestJobOfAFailedClosureDoesNotExist(t *testing.T) {
	conformance(t, func(b bench) {
		undo := errors.New("undo")
		err := b.st.Write(b.Context(), everything, func(tx *store.Tx) error {
			return errors.Join(tx.Later(fact.Job{Kind: "x"}), undo)
		})
		if !errors.Is(err, undo) {
			t.Fatal(err)
		}
		b.step(b.runner("n1", map[string]job.Handler{"x": func(context.Context, job.Job) (job.Effect, error) { return nil, nil }}), 0)
	})
}

func TestFailingJobComesAgainWithGrowingPausesAndEndsDead(t *testing.T) {
	conformance(t, func(b bench) {
		ran := 0
		r := b.runner("n1", map[string]job.Handler{"x": func(context.Context, job.Job) (job.Effect, error) {
			ran++
			switch ran {
			case 1:
				return nil, errors.New("no network")
			case 2:
				panic("a defect")
			}
			return func(tx *store.Tx) error {
				return errors.Join(writes("gone")(tx), errors.New("the effect fails"))
			}, nil
		}})
		r.Attempts = 3
		b.enqueue(fact.Job{Kind: "x"})
		b.step(r, 1)
		for attempt := 1; attempt < r.Attempts; attempt++ {
			b.clock.Advance(job.Pause(attempt) - time.Microsecond)
			b.step(r, 0)
			b.clock.Advance(time.Microsecond)
			b.step(r, 1)
		}
		b.clock.Advance(24 * time.Hour)
		b.step(r, 0)
		dead := b.dead()
		if len(dead) != 1 || dead[0].Attempts != 3 || dead[0].LastError != "the effect fails" || dead[0].Operator != b.op {
			t.Fatalf("%+v", dead)
		}
		if e := b.effects(); len(e) != 0 {
			t.Fatalf("a failed effect left %v", e)
		}
		if job.Pause(1) != 2*time.Second || job.Pause(100) != time.Hour {
			t.Fatal("pauses")
		}
	})
}

func TestJobOfADeadRunnerIsTakenOverAndHasItsEffectOnce(t *testing.T) {
	conformance(t, func(b bench) {
		working, release := make(chan struct{}), make(chan struct{})
		first := b.runner("n1", map[string]job.Handler{"x": func(context.Context, job.Job) (job.Effect, error) {
			close(working)
			<-release
			return writes("first"), nil
		}})
		second := b.runner("n2", map[string]job.Handler{"x": func(_ context.Context, j job.Job) (job.Effect, error) {
			if j.Attempts != 2 {
				t.Errorf("attempt %d", j.Attempts)
			}
			return writes("second"), nil
		}})
		b.enqueue(fact.Job{Kind: "x"})
		answer := make(chan error, 1)
		go func() {
			_, err := first.Step(context.Background())
			answer <- err
		}()
		<-working
		b.step(second, 0)
		b.clock.Advance(job.DefaultLease + time.Second)
		b.step(second, 1)
		close(release)
		if err := <-answer; err != nil {
			t.Fatal(err)
		}
		b.clock.Advance(24 * time.Hour)
		b.step(second, 0)
		if e := b.effects(); !slices.Equal(e, []string{"second"}) {
			t.Fatalf("effects %v", e)
		}
	})
}

func TestJobWhoseRunnerDiesEachTimeEndsDead(t *testing.T) {
	conformance(t, func(b bench) {
		b.enqueue(fact.Job{Kind: "x"})
		r := b.runner("n1", map[string]job.Handler{"x": func(context.Context, job.Job) (job.Effect, error) {
			t.Error("it ran once more")
			return nil, nil
		}})
		r.Attempts = 2
		for range r.Attempts { // claimed, and never heard of again
			err := b.st.Write(b.Context(), everything, func(tx *store.Tx) error {
				jobs, err := tx.ClaimJobs("gone", []string{"x"}, tx.Now().Add(time.Minute), 5)
				if len(jobs) != 1 {
					t.Errorf("claimed %d", len(jobs))
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			b.clock.Advance(2 * time.Minute)
		}
		b.step(r, 1)
		if dead := b.dead(); len(dead) != 1 {
			t.Fatalf("%+v", dead)
		}
	})
}

func TestTwoClaimersGetNoJobInCommon(t *testing.T) {
	conformance(t, func(b bench) {
		jobs := make([]fact.Job, 60)
		for i := range jobs {
			jobs[i].Kind = "x"
		}
		b.enqueue(jobs...)
		var mu sync.Mutex
		seen := map[int64]string{}
		var wg sync.WaitGroup
		for _, owner := range []string{"n1", "n2", "n3", "n4", "n5"} {
			wg.Go(func() {
				for {
					var got []job.Job
					err := b.st.Write(context.Background(), everything, func(tx *store.Tx) (err error) {
						got, err = tx.ClaimJobs(owner, []string{"x"}, tx.Now().Add(time.Minute), 7)
						return err
					})
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for _, j := range got {
						if other := seen[j.ID]; other != "" {
							t.Errorf("%s and %s have the job %d", other, owner, j.ID)
						}
						seen[j.ID] = owner
					}
					all := len(seen) == len(jobs)
					mu.Unlock()
					if all {
						return
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestRunIsWokenByACommitAndEndsWithItsWorkWritten(t *testing.T) {
	conformance(t, func(b bench) {
		ctx, cancel := context.WithCancel(b.Context())
		started := make(chan struct{})
		r := b.runner("n1", map[string]job.Handler{
			"quick": func(context.Context, job.Job) (job.Effect, error) { return writes("quick"), nil },
			"last": func(ctx context.Context, _ job.Job) (job.Effect, error) {
				close(started)
				<-ctx.Done()
				return writes("last"), nil
			}})
		r.Poll = time.Hour // only the commit wakes it
		var wg sync.WaitGroup
		wg.Go(func() { r.Run(ctx) })
		for range 20 {
			b.enqueue(fact.Job{Kind: "quick"})
		}
		storetest.Until(t, "the run of all twenty", func() bool { return len(b.effects()) == 20 })
		b.enqueue(fact.Job{Kind: "last"})
		<-started
		cancel()
		wg.Wait()
		if e := b.effects(); len(e) != 21 || !slices.Contains(e, "last") {
			t.Fatalf("effects %v", e)
		}
	})
}
