package ocpp

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unique"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ocpp/rpc"
	"ccms/internal/ocpp/v16"
	"ccms/internal/ocpp/wire"
)

// storeWait bounds every call into the store that no frame waits for.
const storeWait = 30 * time.Second

// conn is one connection of a charge point: the owner of its rpc.Peer. Ten thousand of
// them wait at a time, so it holds what tells them apart and nothing else.
type conn struct {
	v16.Link // whose it is, and what its messages mean
	door     *Door
	identity string
	peer     *rpc.Peer
	release  func() // of the cluster's hold
	cell     uint8  // of the tally of frames

	begun         uint64        // drops of the door when its handshake began
	from          uint32        // mark of its address
	serial, rival atomic.Uint32 // marks of its device, and of the one whose socket it took

	heard   atomic.Bool  // a frame arrived since the last Seen
	booting atomic.Bool  // a boot was accepted, its answer is on the way
	boots   atomic.Int32 // that have arrived and are not answered

	strange atomic.Bool // it spoke another version than was agreed

	told  atomic.Bool // the point has reported a status on this connection
	beat  atomic.Bool // a Heartbeat was asked for and is awaited
	since time.Time   // when it connected

	mu      sync.Mutex
	kind    unique.Handle[asset.ModelKey] // what it says that it is
	timer   *time.Timer                   // until commands go out without a boot; later until the queue is looked at again
	known   bool                          // it has booted with us before
	ready   bool                          // our CALLs may go out (order rule 2)
	sending bool                          // a goroutine works on the queue
	again   bool                          // and shall look once more
	shut    bool                          // the socket takes no more CALLs of ours
	over    bool                          // the socket has ended: nothing is begun any more

	work sync.WaitGroup // what was begun; added to under mu while not over
}

func newConn(d *Door, p asset.ChargePoint) *conn {
	c := &conn{door: d, identity: p.Identity, known: !p.BootedAt.IsZero()}
	c.kind = kindOf(p.Vendor, p.Model, p.Firmware)
	c.Link = v16.Link{
		Sessions: d.sessions, Assets: d.assets, Files: d.opt.Files, Point: p.ID, Scope: authz.ForChargePoint(p.Operator, p.Sub, p.ID), Heartbeat: d.opt.Heartbeat, Now: d.opt.Now,
		Booted: c.booted, Flawed: c.flawed, Replaced: c.replaced, Failed: c.failed, Foreign: c.foreign,
	}
	return c
}

// run takes over a socket after its handshake. The goroutine that then waits for
// frames, for days, is another one: what comes first needs a deep stack.
func (c *conn) run(ws *wire.Conn, t turn) {
	if !c.connect(ws, t) {
		c.door.running.Done()
		return
	}
	c.peer.Start()
}

// connect tells the store, the door and the cluster of the connection.
func (c *conn) connect(ws *wire.Conn, t turn) bool {
	defer t.end()
	d := c.door
	started, stop := d.whileHere(storeWait)
	t.wait(started)
	epoch, err := d.sessions.Connect(started, c.Scope, c.Point)
	stop()
	if err != nil {
		d.opt.Log.Error("connection not stored", "charge_point", c.Point, "error", err)
		_ = ws.Close(wire.CloseTryLater, "try again later") // it may be gone already
		return false
	}
	c.Epoch = epoch
	c.peer = rpc.NewPeer(ws, &d.peers, c)
	if !d.take(c) {
		_ = ws.Close(wire.CloseTryLater, "try again later")
		c.gone()
		return false
	}
	c.mu.Lock()
	c.since = time.Now() // as timers run
	c.timer = time.AfterFunc(d.opt.BootGrace, c.bootOver)
	c.mu.Unlock()
	d.opt.Log.Info("charge point connected", "charge_point", c.Point, "identity", c.identity, "epoch", epoch)
	return true
}

// Ended is what comes after the last frame.
func (c *conn) Ended(why error) {
	d := c.door
	defer d.running.Done()
	c.release()
	// The store may close once the connection is gone: what was begun ends before.
	c.mu.Lock()
	c.over = true
	c.endTimer()
	c.mu.Unlock()
	c.work.Wait()
	d.leave(c)
	d.opt.Log.Info("charge point disconnected", "charge_point", c.Point, "identity", c.identity, "epoch", c.Epoch, "why", why)
	c.gone()
}

func (c *conn) gone() {
	ctx, cancel := c.door.whileHere(storeWait)
	defer cancel()
	if err := c.door.sessions.Disconnect(ctx, c.Scope, c.Point, c.Epoch); err != nil {
		c.door.owe(c)
		if ctx.Err() == nil {
			c.door.opt.Log.Error("disconnection not stored", "charge_point", c.Point, "error", err)
		}
	}
}

// booted: commands may go out once the answer to the boot is on its way.
func (c *conn) booted(r asset.BootReport) {
	c.mu.Lock()
	c.kind = kindOf(r.Vendor, r.Model, r.Firmware)
	c.mu.Unlock()
	c.door.bootedAs(c, r.Serial)
	c.booting.Store(true)
}

// replaced: a newer connection has taken over.
func (c *conn) replaced() { c.peer.CloseNow() }

// foreign: the device speaks another version than it agreed to (behaviour 3). It is told
// once per connection; what it sends is answered as the agreed version has it.
func (c *conn) foreign(why string) {
	if c.strange.CompareAndSwap(false, true) {
		c.door.opt.Log.Warn("charge point speaks another OCPP version than was agreed", "charge_point", c.Point, "identity", c.identity,
			"agreed", protocol, "sent", why)
	}
}

// failed: a message was not handled, and the fault is ours.
func (c *conn) failed(action string, err error) {
	c.door.Stats.Unstored.Add(1)
	c.door.opt.Log.Error("message not handled", "charge_point", c.Point, "action", action, "error", err)
}

// begin adds to the work that the connection's end waits for; it reports whether the
// connection still is there. c.work.Done is due then.
func (c *conn) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return false
	}
	c.work.Add(1)
	return true
}

// Tap sees every frame: for the journal, and for the boot's answer going out.
func (c *conn) Tap(f rpc.Tapped) {
	c.door.Stats.Frames.add(c.cell)
	if !f.Out && !c.heard.Load() {
		c.heard.Store(true)
	}
	switch boot := f.Whole && isBoot(f.Action); {
	case !f.Out && boot:
		c.boots.Add(1)
	case !f.Out && f.Whole && f.Action == string(v16.ActionStatusNotification):
		c.told.Store(true)
	case !f.Out && f.Whole && f.Action == string(v16.ActionHeartbeat):
		if c.beat.Swap(false) && c.begin() {
			go c.beaten()
		}
	case f.Out && f.Type != rpc.TypeCall:
		if c.booting.Load() {
			c.open()
		}
		if boot { // after open: in between nobody may ask for another
			c.boots.Add(-1)
		}
	}
	journal, live := !kept(f), c.door.opt.Watched != nil && c.door.opt.Watched(c.Point)
	if !journal && !live {
		return
	}
	told := Frame{
		Operator: c.Scope.Operator(), Sub: c.Scope.Sub(), Point: c.Point, Inbound: !f.Out,
		MessageID: v16.Clean(f.ID), At: f.At, Raw: f.Raw,
	}
	if !f.Out || f.Type == rpc.TypeCall {
		told.Action = v16.Clean(f.Action)
	}
	if f.Out { // an answer's id is a piece of the station's frame, which may be a thousand times as long
		told.MessageID, told.Action = strings.Clone(told.MessageID), strings.Clone(told.Action)
	}
	if live {
		shown := told
		shown.Action = strings.Clone(v16.Clean(f.Action)) // of an answer of ours too
		c.door.opt.Live(shown)
	}
	if journal {
		c.door.opt.Journal(told)
	}
}

// kept reports whether the journal need not have a frame.
func kept(f rpc.Tapped) bool {
	switch {
	case !f.Whole:
		return false
	case f.Action == string(v16.ActionHeartbeat):
		return true // its time is known, and says nothing else
	case f.Out:
		return f.Type == rpc.TypeResult && f.Action == string(v16.ActionMeterValues) // empty
	}
	return v16.Carried(f.Action) // by the commit that acts on it
}
