package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"ccms/internal/authz"
	"ccms/internal/store"
)

const (
	// healthBeat is how often it is looked whether a write waits.
	healthBeat = 250 * time.Millisecond
	// doubtAfter is how long a write may wait before a test write goes out. One that
	// failed for the database's sake raises the doubt at once.
	doubtAfter = time.Second
	// awayAfter is how long the database may take no write before every charge point is
	// sent away: a connected one gives a report up after a few attempts, one that is not
	// connected keeps it (OCPP 1.6 §3.7.1).
	awayAfter = 5 * time.Second
	// testEvery is the pause between test writes, testSeldom that in an outage which has
	// lasted for longer than longOutage.
	testEvery  = time.Second
	testSeldom = 5 * time.Second
	longOutage = time.Minute
	// relapseWithin a recovery the next one must last, twice as long each time, from
	// steadyLeast to steadyMost: a database that comes and goes must not make all charge
	// points come and go.
	relapseWithin = time.Minute
	steadyLeast   = 2 * time.Second
	steadyMost    = 30 * time.Second
)

// health is whether the database takes writes. It decides, from what it is told; it
// asks nobody and does nothing.
//
//	well     → doubtful  a write failed for the database's sake, or waits for a second
//	doubtful → well      a test write was taken that began after the last failure
//	doubtful → away      no write was taken for five seconds
//	away     → well      a test write was taken; after a relapse, for a while
//
// Only test writes end a doubt that a failure raised: on a full disk some writes are
// still taken, those that need no room. Where one was only too slow, or still waits, any
// write that is taken ends it.
type health struct {
	mu        sync.Mutex
	doubt     time.Time // since when no write was taken; zero: none
	failed    time.Time // the last write that failed since; zero: none, one is only slow
	slow      bool      // one was stopped for its time
	why       string
	away      bool
	testing   bool
	tested    time.Time // when the last test write ended
	steady    time.Duration
	taken     time.Time // of the test writes that were taken one after the other, the first
	recovered time.Time
}

// move is what became of the charge points by an event.
type move uint8

const (
	stay move = iota
	sendAway
	letIn
)

// failure is told of a write that failed now, and since when none was taken.
func (h *health) failure(since, now time.Time, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.blame(now, why)
	if h.doubt.IsZero() {
		h.doubt = since
	}
}

func (h *health) blame(now time.Time, why string) {
	h.why = why
	if why == store.TooSlow {
		h.slow = true
	} else {
		h.failed = now
	}
}

// look is told when a write was last taken, and for how long one has been waiting while
// none was. test asks for a test write; its end is told to testEnded.
func (h *health) look(now, taken time.Time, waits time.Duration) (m move, test bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed.IsZero() && !h.away && (taken.After(h.doubt) || waits < doubtAfter && !h.slow) {
		h.doubt, h.slow = time.Time{}, false
	}
	if h.doubt.IsZero() && waits >= doubtAfter {
		h.doubt = now.Add(-waits)
	}
	if h.doubt.IsZero() {
		return stay, false
	}
	if !h.away && now.Sub(h.doubt) > awayAfter {
		h.away, m = true, sendAway
		h.taken = time.Time{}
		if h.steady = min(max(2*h.steady, steadyLeast), steadyMost); h.recovered.IsZero() || now.Sub(h.recovered) > relapseWithin {
			h.steady = 0
		}
	}
	pause := testEvery
	if h.away && h.taken.IsZero() && now.Sub(h.doubt) > longOutage {
		pause = testSeldom
	}
	if !h.testing && now.Sub(h.tested) >= pause {
		h.testing, test = true, true
	}
	return m, test
}

// testEnded is told how a test write went that began at an instant; why is "" if it
// was taken.
func (h *health) testEnded(begun, now time.Time, taken bool, why string) move {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.testing, h.tested = false, now
	if !taken {
		h.taken = time.Time{}
		if why != "" {
			h.blame(now, why)
		}
		return stay
	}
	if begun.Before(h.failed) {
		return stay // it says nothing about what failed after it
	}
	if h.taken.IsZero() {
		h.taken = begun
	}
	if h.away && now.Sub(h.taken) < h.steady {
		return stay
	}
	was := h.away
	h.doubt, h.failed, h.slow, h.why, h.away, h.taken = time.Time{}, time.Time{}, false, "", false, time.Time{}
	if was {
		h.recovered = now
		return letIn
	}
	return stay
}

// isAway reports whether charge points are sent away, and why in words.
func (h *health) isAway(now time.Time) (why string, away bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.away {
		return "", false
	}
	why = h.why
	if why == "" {
		why = "it does not answer"
	}
	return fmt.Sprintf("the database has taken no write for %d s: %s", int(now.Sub(h.doubt).Seconds()), why), true
}

// watched tells the machine of the writes that the database failed.
func (a *App) watched(ctx context.Context, sc authz.Scope, fn func(*store.Tx) error) error {
	begun := time.Now()
	err := a.Store.Write(ctx, sc, fn)
	if err != nil {
		if why := store.Trouble(err); why != "" {
			if taken := a.Store.Taken(); taken.After(begun) {
				begun = taken
			}
			a.health.failure(begun, time.Now(), why)
		}
	}
	return err
}

// watch runs the machine until ctx ends. Its clock is the machine's, which a jump of
// the time of day does not move.
func (a *App) watch(ctx context.Context) {
	beat, stop := a.cfg.Beat(healthBeat)
	defer stop()
	ended := make(chan move, 1)
	for {
		var m move
		select {
		case <-ctx.Done():
			return
		case m = <-ended:
		case <-beat:
			var test bool
			if m, test = a.health.look(time.Now(), a.Store.Taken(), a.Store.Waiting()); test {
				a.running.Go(func() {
					begun := time.Now()
					err := a.Store.TestWrite(ctx)
					ended <- a.health.testEnded(begun, time.Now(), err == nil, store.Trouble(err))
				})
			}
		}
		switch m {
		case sendAway:
			why, _ := a.health.isAway(time.Now())
			a.cfg.Log.Error("charge points are sent away", "why", why)
			a.Door.SendAway()
		case letIn:
			a.cfg.Log.Info("the database takes writes again: charge points are let in")
			a.Door.LetIn()
			a.running.Go(func() { a.Door.Settle(ctx) })
		}
	}
}
