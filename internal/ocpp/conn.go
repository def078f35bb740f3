package ocpp

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
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

	heard   atomic.Bool // a frame arrived since the last Seen
	booting atomic.Bool // a boot was accepted, its answer is on the way

	mu      sync.Mutex
	grace   *time.Timer // until commands go out without a boot
	known   bool        // it has booted with us before
	ready   bool        // our CALLs may go out (order rule 2)
	sending bool        // a goroutine works on the queue
	again   bool        // and shall look once more
	over    bool        // the socket has ended: nothing is begun any more

	work sync.WaitGroup // what was begun; added to under mu while not over
}

func newConn(d *Door, p asset.ChargePoint) *conn {
	c := &conn{door: d, identity: p.Identity, known: !p.BootedAt.IsZero()}
	c.Link = v16.Link{
		Sessions: d.sessions, Point: p.ID, Scope: authz.ForChargePoint(p.Operator, p.Sub, p.ID), Heartbeat: d.opt.Heartbeat, Now: d.opt.Now,
		Booted: c.booted, Replaced: c.replaced, Failed: c.failed,
	}
	return c
}

// run takes over a socket after its handshake. The goroutine that then waits for
// frames, for days, is another one: what comes first needs a deep stack.
func (c *conn) run(ws *wire.Conn) {
	if !c.connect(ws) {
		c.door.running.Done()
		return
	}
	c.peer.Start()
}

// connect tells the store, the door and the cluster of the connection.
func (c *conn) connect(ws *wire.Conn) bool {
	d := c.door
	started, stop := d.whileHere(storeWait)
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
	c.release = d.cluster.Hold(c.Point, c.wake)
	c.mu.Lock()
	c.grace = time.AfterFunc(d.opt.BootGrace, c.bootOver)
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
	c.endGrace()
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
func (c *conn) booted() { c.booting.Store(true) }

// replaced: a newer connection has taken over.
func (c *conn) replaced() { c.peer.CloseNow() }

// failed: a message was not handled, and the fault is ours.
func (c *conn) failed(action string, err error) {
	c.door.Stats.Unstored.Add(1)
	c.door.opt.Log.Error("message not handled", "charge_point", c.Point, "action", action, "error", err)
}

// bootOver ends the wait for a boot. A point that never booted with us is asked to,
// once per connection; one that did goes on with what it had (order rule 2).
func (c *conn) bootOver() {
	c.mu.Lock()
	if c.over || c.ready {
		c.mu.Unlock()
		return
	}
	c.work.Add(1)
	defer c.work.Done()
	ask := !c.booting.Load() && !c.known
	c.mu.Unlock()
	c.open()
	if !ask {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	defer cancel()
	sc := authz.ForSystem(c.Scope.Operator(), "no boot after connecting")
	if _, err := c.door.assets.Request(ctx, sc, c.Point, asset.Trigger{Message: "BootNotification"}, "no boot after connecting"); err != nil {
		c.door.opt.Log.Warn("boot not asked for", "charge_point", c.Point, "error", err)
	}
}

// open lets our CALLs out.
func (c *conn) open() {
	c.booting.Store(false)
	c.mu.Lock()
	c.ready = true
	c.endGrace()
	c.mu.Unlock()
	c.wake()
}

// endGrace gives the timer back; c.mu is held.
func (c *conn) endGrace() {
	if c.grace != nil {
		c.grace.Stop()
		c.grace = nil
	}
}

// Tap sees every frame: for the journal, and for the boot's answer going out.
func (c *conn) Tap(f rpc.Tapped) {
	c.door.Stats.Frames.add(c.cell)
	if !f.Out && !c.heard.Load() {
		c.heard.Store(true)
	}
	if f.Out && f.Type != rpc.TypeCall && c.booting.Load() {
		c.open()
	}
	if kept(f) {
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
	c.door.opt.Journal(told)
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

// Unresponsive closes a connection on which two different actions of ours in a row
// went unanswered (order rule 5).
func (c *conn) Unresponsive(first, second string) {
	d := c.door
	d.Stats.Unresponsive.Add(1)
	if !d.mayKick(c.Point) {
		return
	}
	d.opt.Log.Warn("charge point answers nothing: closed", "charge_point", c.Point, "identity", c.identity, "first", first, "second", second)
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	defer cancel()
	if err := d.assets.Unresponsive(ctx, c.Scope, c.Point, first, second); err != nil {
		d.opt.Log.Error("unresponsive model not flagged", "charge_point", c.Point, "error", err)
	}
	c.peer.Close(wire.CloseTryLater, "no answers")
}

// wake works on the point's queue of commands; a goroutine exists only while there
// is work.
func (c *conn) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.ready, c.over:
	case c.sending:
		c.again = true
	default:
		c.sending = true
		c.work.Go(c.send)
	}
}

func (c *conn) send() {
	for {
		c.sendQueued()
		c.mu.Lock()
		if !c.again {
			c.sending = false
			c.mu.Unlock()
			return
		}
		c.again = false
		c.mu.Unlock()
	}
}

func (c *conn) sendQueued() {
	d := c.door
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	queued, err := d.assets.Queued(ctx, c.Scope, c.Point)
	cancel()
	if err != nil {
		d.opt.Log.Error("commands not read", "charge_point", c.Point, "error", err)
		return
	}
	for _, cmd := range queued {
		if c.peer.Over() {
			return
		}
		c.sendOne(cmd)
	}
}

// sendOne marks a command sent, sends it and stores what came of it. A crash in
// between leaves a command that times out, never one that is sent twice.
func (c *conn) sendOne(cmd asset.Command) {
	d := c.door
	args, err := cmd.Arguments()
	if err != nil {
		d.opt.Log.Error("command not readable", "command", cmd.ID, "error", err)
		return
	}
	action, msg, err := v16.Outbound(args)
	if err != nil {
		c.answered(cmd, asset.Answer{State: asset.CommandNotSupported, Detail: fault.Of(err).Detail})
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	err = d.assets.Sent(ctx, c.Scope, cmd.ID)
	cancel()
	if err != nil {
		if !fault.Is(err, fault.Conflict) { // somebody else has it, or it is over
			d.opt.Log.Error("command not marked", "command", cmd.ID, "error", err)
		}
		return
	}
	payload, err := c.peer.Call(context.Background(), string(action), msg.AppendJSON(nil)) // the peer has the deadline
	c.answered(cmd, v16.Answer(action, payload, err))
}

func (c *conn) answered(cmd asset.Command, a asset.Answer) {
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	defer cancel()
	if err := c.door.sessions.Answered(ctx, c.Scope, cmd.ID, a); err != nil {
		c.door.opt.Log.Error("answer not stored", "command", cmd.ID, "error", err)
	}
}
