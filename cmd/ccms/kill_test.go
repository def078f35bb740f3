package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"ccms/internal/store/pgtest"
)

// kills is how often the server dies in one test. CCMS_KILLS says otherwise.
func kills(t *testing.T) int {
	t.Helper()
	if v := os.Getenv("CCMS_KILLS"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if long() {
		return 200
	}
	return 20
}

// targets are the answers at which the server is killed in turn: one of the first so
// many of an action since the server's start, "" of any.
//
// Killed at once, what the server still had to write for this answer would be lost.
// Where the line goes dead a moment before, the answers of what was stored meanwhile
// are lost, and the points' retries find their work done.
var targets = []struct {
	action string
	among  int
	dead   bool
}{
	{"StartTransaction", 20, true}, // the points begin together, so most wait for this answer
	{"StopTransaction", 20, true},
	{"MeterValues", 300, false},
	{"", 500, false},
	{"MeterValues", 200, true},
	{"StartTransaction", 40, false},
	{"", 150, false},
	{"MeterValues", 300, false},
}

// The server is killed with SIGKILL under load, at random moments, and started again
// on the same data. The points keep what was not answered and send it again, as
// devices do. In the end the database must hold what was acknowledged, once, and
// bill it, once.
func TestKill9_LosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	t.Run(onLite, func(t *testing.T) {
		t.Parallel()
		killUnderLoad(t, onSQLite(t))
	})
	t.Run(onPG, func(t *testing.T) {
		t.Parallel()
		killUnderLoad(t, onPostgres(t, pgtest.Start(t, pgtest.Options{}))) // durable, as in production
	})
}

func killUnderLoad(t *testing.T, s setting) {
	const points = 30
	w := s.furnish(t, points)
	addr := freePort(t)
	srv := s.start(t, "serve", "--addr", addr)
	l := w.atWork(t, addr, busy, nil)
	n := kills(t)
	x := shows(t, serverKilled, s, n)
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	var took []time.Duration
	for i := range n {
		l.answered(t, 1, fmt.Sprintf("before kill %d\n%s", i+1, srv.stderr))
		target := targets[i%len(targets)]
		reached := make(chan struct{})
		dying, current := 20+random.IntN(100), l.line.Load()
		l.acks.onMessage(target.action, 1+random.IntN(target.among), func() {
			if target.dead {
				current.dead.Store(true)
			} else {
				_ = srv.cmd.Process.Kill()
			}
			close(reached)
		})
		select {
		case <-reached:
		case <-time.After(soon): // a slow machine: now is as good
		}
		if target.dead {
			<-time.After(time.Duration(dying) * time.Millisecond)
		}
		l.line.Store(new(wire))
		srv.kill()
		l.acks.forget()
		begun := time.Now()
		srv = s.start(t, "serve", "--addr", addr)
		l.answered(t, 1, fmt.Sprintf("after kill %d\n%s", i+1, srv.stderr))
		took = append(took, time.Since(begun))
	}
	l.answered(t, points, fmt.Sprintf("after the last kill\n%s", srv.stderr))
	if r := l.finish(t); r.Timeouts > 0 {
		t.Errorf("%d CALLs without an answer", r.Timeouts)
	}
	if code := srv.term(t); code != 0 {
		t.Errorf("exit code %d after SIGTERM\n%s", code, srv.stderr)
	}
	db := x.judge(t, w, s, l.acks)
	sent, done := l.acks.retried(db)
	t.Logf("%d sessions, %d samples; sent again: %v, of these stored before: %v", len(db.sessions), db.sampleCount(), sent, done)
	if len(done) == 0 {
		t.Error("no kill came between a commit and its answer: the test has shown little")
	}
	x.back(t, took...)
	x.Cells[colSaid] = "nothing: the process is gone"
	x.record(t)
}

// busy is a pause between messages that keeps a server at work, calm one that leaves
// the machine to others.
const (
	busy = 5 * time.Millisecond
	calm = 25 * time.Millisecond
)

// soon is how long a kill waits for its moment.
const soon = 2 * time.Second
