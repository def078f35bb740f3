package ocpp

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/cluster"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ocpp/rpc"
	"ccms/internal/ocpp/v16"
	"ccms/internal/ocpp/wire"
	"ccms/internal/session"
)

// world is a door on a store of which a test says what it does; by default it takes
// everything and has nothing.
type world struct {
	*Door
	t      *testing.T
	point  asset.ChargePoint
	epoch  int64
	asked  atomic.Int32 // reads of a queue
	wrote  atomic.Int32 // writes about an asset
	assets func(write bool, fn func(asset.Tx) error) error
	report func() error // a write about a session
}

func newWorld(t *testing.T) *world {
	w := &world{t: t}
	run := func(write bool) asset.Run {
		return func(_ context.Context, _ authz.Scope, fn func(asset.Tx) error) error {
			if write {
				w.wrote.Add(1)
			} else {
				w.asked.Add(1)
			}
			if w.assets == nil {
				return nil
			}
			return w.assets(write, fn)
		}
	}
	report := func(context.Context, authz.Scope, func(session.Tx) error) error {
		if w.report == nil {
			return nil
		}
		return w.report()
	}
	w.point = asset.ChargePoint{ID: ident.New[ident.ChargePoint](time.Now()), Operator: ident.New[ident.Operator](time.Now()), Identity: "CP-1"}
	w.Door = New(asset.New(run(true), run(false), asset.Options{}), session.New(report, report, "node-1"), cluster.New(),
		Options{Now: time.Now, Log: slog.New(slog.DiscardHandler), BootGrace: 20 * time.Second})
	return w
}

// dial makes a connection of the point that the door does not know yet.
func (w *world) dial() *conn {
	here, there := net.Pipe()
	w.t.Cleanup(func() { here.Close(); there.Close() })
	c := newConn(w.Door, w.point)
	w.epoch++
	c.Epoch = w.epoch
	c.peer = rpc.NewPeer(wire.NewConn(here, nil, "ocpp1.6", nil), &w.peers, c)
	w.running.Add(1)
	return c
}

// connect is dial and what comes with it: the newest has the point, and waits for a boot.
func (w *world) connect() *conn {
	w.t.Helper()
	c := w.dial()
	if !w.take(c) {
		w.t.Fatal("not let in")
	}
	c.mu.Lock()
	c.timer = time.AfterFunc(w.opt.BootGrace, c.bootOver)
	c.mu.Unlock()
	return c
}

func (c *conn) isReady() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ready
}

func (c *conn) wasWoken() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.again
}

// busy is a connection whose sender is at work for ever: a wake shows in wasWoken.
func (c *conn) busy() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ready, c.sending = true, true
}

const bootAction = string(v16.ActionBootNotification)

var errStore = errors.New("the store does not answer")

// A boot may wait in the store's queue for longer than the grace, when ten thousand
// connect at once. Nothing is asked before its answer, and no other boot.
func TestABootThatWaitsForTheStoreIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, known := range []bool{false, true} {
		for what, stored := range map[string]error{"stored in the end": nil, "not stored": fault.New(fault.Unavailable, "store_busy", "Try again.")} {
			t.Run(what, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					if known {
						w.point.BootedAt = time.Now()
					}
					release := make(chan struct{})
					w.report = func() error { <-release; return stored }
					c := w.connect()
					time.Sleep(19 * time.Second)
					payload := []byte(`{"chargePointVendor":"V","chargePointModel":"M"}`)
					c.Tap(rpc.Tapped{Whole: true, Type: rpc.TypeCall, ID: "1", Action: bootAction})
					done := make(chan *rpc.CallError)
					go func() {
						_, cerr := c.Handle(context.Background(), rpc.Call{ID: "1", Action: bootAction, Payload: payload})
						done <- cerr
					}()
					time.Sleep(5 * time.Minute)
					synctest.Wait()
					if c.isReady() || w.asked.Load() != 0 || w.wrote.Load() != 0 {
						t.Fatalf("while the boot is in work: ready %v, %d reads, %d writes", c.isReady(), w.asked.Load(), w.wrote.Load())
					}
					close(release)
					cerr := <-done
					if stored != nil {
						if cerr != rpc.Unavailable {
							t.Fatalf("answered %v", cerr)
						}
						time.Sleep(w.opt.BootGrace)
						synctest.Wait()
						// For another boot, or for the status of one that booted before.
						if !c.isReady() || w.wrote.Load() != 1 {
							t.Errorf("a grace after the boot was lost: ready %v, %d messages asked for", c.isReady(), w.wrote.Load())
						}
					} else {
						if cerr != nil || c.isReady() {
							t.Fatalf("answered %v, ready before the answer is out: %v", cerr, c.isReady())
						}
						c.Tap(rpc.Tapped{Out: true, Whole: true, Type: rpc.TypeResult, ID: "1", Action: bootAction})
						time.Sleep(time.Hour)
						synctest.Wait()
						if !c.isReady() || w.asked.Load() != 1 || w.wrote.Load() != 0 {
							t.Errorf("after the answer: ready %v, %d reads, %d writes", c.isReady(), w.asked.Load(), w.wrote.Load())
						}
					}
					w.report = nil
					c.Ended(nil)
				})
			})
		}
	}
}

// A boot that is answered with an error is over with its answer.
func TestABootThatIsRefusedIsNotWaitedForAnyLonger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.report = func() error { return errStore }
		c := w.connect()
		c.Tap(rpc.Tapped{Whole: true, Type: rpc.TypeCall, ID: "1", Action: bootAction})
		if _, cerr := c.Handle(context.Background(), rpc.Call{ID: "1", Action: bootAction, Payload: []byte(`{}`)}); cerr == nil || cerr == rpc.Unavailable {
			t.Fatalf("answered %v", cerr)
		}
		c.Tap(rpc.Tapped{Out: true, Whole: true, Type: rpc.TypeError, ID: "1", Action: bootAction})
		c.Tap(rpc.Tapped{Whole: false, Type: rpc.TypeCall, Action: bootAction}) // no CALL at all
		time.Sleep(w.opt.BootGrace)
		synctest.Wait()
		if !c.isReady() || w.wrote.Load() != 1 {
			t.Errorf("ready %v, asked %d times", c.isReady(), w.wrote.Load())
		}
		c.Ended(nil)
	})
}

// The connection that has the point is the one that hears of its commands, in whatever
// order two that came at once go on.
func TestTheConnectionThatHasThePointIsWoken(t *testing.T) {
	t.Parallel()
	for range 200 {
		w := newWorld(t)
		older, newer := w.dial(), w.dial()
		var wg sync.WaitGroup
		for _, c := range []*conn{older, newer} {
			c.busy()
			wg.Go(func() {
				if w.take(c) && c == older {
					c.Ended(nil) // the newer has closed it, or will
				}
			})
		}
		wg.Wait()
		if !w.cluster.Wake(w.point.ID) || !newer.wasWoken() {
			t.Fatal("nobody hears of the commands of a point that is connected")
		}
		if w.take(older) || w.cluster.Held() != 1 {
			t.Fatal("an older connection took the point over")
		}
	}
}

// A queue that could not be read is read again after a while, and a connection that has
// ended reads nothing.
func TestAWakeThatTheStoreSwallowedComesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		down := atomic.Bool{}
		w.assets = func(bool, func(asset.Tx) error) error {
			if down.Load() {
				return errStore
			}
			return nil
		}
		reads := func(want int32, when string) {
			t.Helper()
			synctest.Wait()
			if n := w.asked.Swap(0); n != want {
				t.Errorf("%s the queue is read %d times, want %d", when, n, want)
			}
		}
		c := w.connect()
		c.open()
		reads(1, "when it opens")
		down.Store(true)
		c.wake()
		time.Sleep(time.Minute - time.Second)
		reads(12, "in a minute of a store that is down")
		down.Store(false)
		time.Sleep(lookAgain)
		reads(1, "when it is back")
		time.Sleep(time.Hour)
		reads(0, "without a wake")
		down.Store(true)
		c.wake()
		reads(1, "at a wake")
		c.Ended(nil)
		time.Sleep(time.Hour)
		reads(0, "after the end")
	})
}

// oneCommand is a store with one command in it.
type oneCommand struct {
	asset.Tx
	c     asset.Command
	saved func(asset.Command)
}

func (o *oneCommand) Now() time.Time { return time.Now() }
func (o *oneCommand) CommandByID(ident.Command) (asset.Command, error) {
	return o.c, nil
}
func (o *oneCommand) PendingCommands(ident.ChargePoint) ([]asset.Command, error) {
	return []asset.Command{o.c}, nil
}
func (o *oneCommand) SaveCommand(c asset.Command, version int64) error {
	o.c = c
	o.saved(c)
	return nil
}

// What certainly did not go out waits for the next connection; the one that closes does
// not take it again and again.
func TestACommandThatTheSocketNoLongerTookIsPutBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		c := w.connect()
		cmd := asset.CommandOf(asset.Reset{})
		cmd.State, cmd.CreatedAt, cmd.Deadline = asset.CommandQueued, time.Now(), time.Now().Add(asset.SendWithin)
		var saved []asset.CommandState
		st := &oneCommand{c: cmd}
		st.saved = func(x asset.Command) {
			saved = append(saved, x.State)
			w.cluster.Wake(w.point.ID) // as after each commit
		}
		w.assets = func(_ bool, fn func(asset.Tx) error) error { return fn(st) }
		c.peer.CloseNow() // the end of the socket is not known yet
		time.Sleep(time.Second)
		c.open()
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(saved) != 2 || st.c.State != asset.CommandQueued || !st.c.Deadline.Equal(cmd.Deadline) {
			t.Errorf("saved as %v, with the deadline %v", saved, st.c.Deadline)
		}
		c.Ended(nil)
	})
}

// Only the connection that has the point flags it and spends its one close per hour;
// its end waits until that is stored.
func TestAnOldSocketFlagsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		old, c := w.connect(), w.connect()
		old.Unresponsive("Reset", "TriggerMessage")
		if w.wrote.Load() != 0 {
			t.Error("a socket that was replaced flagged the point")
		}
		release := make(chan struct{})
		w.assets = func(bool, func(asset.Tx) error) error { <-release; return nil }
		go c.Unresponsive("Reset", "TriggerMessage")
		synctest.Wait()
		if w.wrote.Load() != 1 {
			t.Fatalf("%d flags", w.wrote.Load())
		}
		var ended atomic.Bool
		go func() { c.Ended(nil); ended.Store(true) }()
		synctest.Wait()
		if ended.Load() {
			t.Error("the connection has ended, and something of it still writes")
		}
		close(release)
		synctest.Wait()
		if !ended.Load() {
			t.Error("the end waits for ever")
		}
		c.Unresponsive("Reset", "TriggerMessage")
		if w.wrote.Load() != 1 {
			t.Error("a connection that is over writes")
		}
		old.Ended(nil)
		ending := w.connect() // over, and the door still has it
		ending.mu.Lock()
		ending.over = true
		ending.mu.Unlock()
		time.Sleep(time.Hour) // another close is allowed
		ending.Unresponsive("Reset", "TriggerMessage")
		if w.wrote.Load() != 1 {
			t.Error("a connection that is over begins to write")
		}
		ending.Ended(nil)
	})
}

func TestAPointIsClosedOnceAnHourForNotAnswering(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a := w.connect()
		w.point.ID = ident.New[ident.ChargePoint](time.Now())
		b := w.connect()
		may := func(c *conn, want bool) {
			t.Helper()
			if w.mayKick(c) != want {
				t.Errorf("at %s it may be closed: %v", time.Now().Format(time.TimeOnly), !want)
			}
		}
		may(a, true)
		time.Sleep(30 * time.Second)
		may(b, true)
		time.Sleep(time.Hour - 31*time.Second)
		may(a, false)
		time.Sleep(time.Second) // seconds after the others were looked through
		may(a, true)
		may(b, false)
		time.Sleep(2 * time.Hour)
		may(a, true)
		if len(w.kicked) != 1 {
			t.Errorf("%d closes are kept", len(w.kicked))
		}
		a.Ended(nil)
		b.Ended(nil)
	})
}

// A handshake that was judged before its point was sent away is not let in; the next is.
func TestAHandshakeThatBeganBeforeADropIsNotLetIn(t *testing.T) {
	w := newWorld(t)
	other := w.dial()
	other.Point = ident.New[ident.ChargePoint](time.Now())
	early := w.dial()
	w.Drop(w.point.ID)
	if w.take(early) {
		t.Error("let in by what held before")
	}
	if !w.take(other) {
		t.Error("another point is not let in")
	}
	next := w.dial()
	next.begun = w.drops
	if !w.take(next) {
		t.Error("not let in after it")
	}
}
