package ocpp

import (
	"context"
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

// conn is one connection of a charge point.
type conn struct {
	door  *Door
	point asset.ChargePoint
	scope authz.Scope
	epoch int64
	peer  *rpc.Peer

	release func()      // of the cluster's hold
	grace   *time.Timer // until commands go out without a boot

	heard atomic.Bool // a frame arrived since the last Seen

	mu      sync.Mutex
	booting bool // a boot was accepted, its answer is on the way
	ready   bool // our CALLs may go out (order rule 2)
	sending bool // a goroutine works on the queue
	again   bool // and shall look once more
	over    bool // the socket has ended: nothing is begun any more
	skip    string

	work sync.WaitGroup // what was begun; added to under mu while not over
}

// run takes over a socket after its handshake and calls ended once that is gone. What
// comes first needs a deep stack; the goroutine that then waits for frames, for days,
// is another one.
func (c *conn) run(ws *wire.Conn, ended func()) {
	if c.connect(ws) {
		go c.talk(ended)
	} else {
		ended()
	}
}

// connect tells the store, the door and the cluster of the connection.
func (c *conn) connect(ws *wire.Conn) bool {
	d := c.door
	started, stop := d.whileHere(storeWait)
	epoch, err := d.sessions.Connect(started, c.scope, c.point.ID)
	stop()
	if err != nil {
		d.opt.Log.Error("connection not stored", "charge_point", c.point.ID, "error", err)
		_ = ws.Close(wire.CloseTryLater, "try again later") // it may be gone already
		return false
	}
	c.epoch = epoch
	link := &v16.Link{
		Sessions: d.sessions, Point: c.point.ID, Scope: c.scope, Epoch: epoch, Heartbeat: d.opt.Heartbeat, Now: d.opt.Now,
		Booted:   c.booted,
		Replaced: func() { go c.peer.CloseNow() },
		Failed: func(action string, err error) {
			d.Stats.Unstored.Add(1)
			d.opt.Log.Error("message not handled", "charge_point", c.point.ID, "action", action, "error", err)
		},
	}
	c.peer = rpc.NewPeer(ws, &rpc.Config{
		CallTimeout: d.opt.CallTimeout, Quick: v16.Quick, Tap: c.tap, Unresponsive: c.unresponsive, Now: d.opt.Now, Log: d.opt.Log,
	}, link.Handle)
	if !d.take(c) {
		_ = ws.Close(wire.CloseTryLater, "try again later")
		c.gone()
		return false
	}
	c.release = d.cluster.Hold(c.point.ID, c.wake)
	c.grace = time.AfterFunc(d.opt.BootGrace, c.bootOver)
	d.opt.Log.Info("charge point connected", "charge_point", c.point.ID, "identity", c.point.Identity, "epoch", epoch)
	return true
}

// talk reads until the socket ends.
func (c *conn) talk(ended func()) {
	err := c.peer.Run(context.Background())
	c.end(err)
	ended()
}

func (c *conn) end(why error) {
	d := c.door
	c.grace.Stop()
	c.release()
	// The store may close once the connection is gone: what was begun ends before.
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
	c.work.Wait()
	d.leave(c)
	d.opt.Log.Info("charge point disconnected", "charge_point", c.point.ID, "identity", c.point.Identity, "epoch", c.epoch, "why", why)
	c.gone()
}

func (c *conn) gone() {
	ctx, cancel := c.door.whileHere(storeWait)
	defer cancel()
	if err := c.door.sessions.Disconnect(ctx, c.scope, c.point.ID, c.epoch); err != nil {
		c.door.owe(c)
		if ctx.Err() == nil {
			c.door.opt.Log.Error("disconnection not stored", "charge_point", c.point.ID, "error", err)
		}
	}
}

// booted: commands may go out once the answer to the boot is on its way.
func (c *conn) booted() {
	c.mu.Lock()
	c.booting = true
	c.mu.Unlock()
}

// bootOver ends the wait for a boot. A point that never booted with us is asked to,
// once per connection; one that did goes on with what it had (order rule 2).
func (c *conn) bootOver() {
	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		return
	}
	c.work.Add(1)
	defer c.work.Done()
	waited := !c.ready && !c.booting
	c.mu.Unlock()
	c.open()
	if !waited || !c.point.BootedAt.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	defer cancel()
	sc := authz.ForSystem(c.point.Operator, "no boot after connecting")
	if _, err := c.door.assets.Request(ctx, sc, c.point.ID, asset.Trigger{Message: "BootNotification"}, "no boot after connecting"); err != nil {
		c.door.opt.Log.Warn("boot not asked for", "charge_point", c.point.ID, "error", err)
	}
}

func (c *conn) open() {
	c.mu.Lock()
	c.ready, c.booting = true, false
	c.mu.Unlock()
	c.wake()
}

// tap sees every frame: for the journal, and for the boot's answer going out.
func (c *conn) tap(_ *rpc.Peer, dir rpc.Direction, f *rpc.Frame, whole bool, raw []byte, at time.Time) {
	c.door.Stats.Frames.Add(1)
	in := dir == rpc.In
	if in && !c.heard.Load() {
		c.heard.Store(true)
	}
	c.mu.Lock()
	quiet := whole && c.skip != "" && f.ID == c.skip && !in
	if quiet {
		c.skip = ""
	}
	if in && whole && (f.Action == string(v16.ActionHeartbeat) || f.Action == string(v16.ActionMeterValues)) {
		c.skip = f.ID // their empty answers say nothing
	}
	opening := !in && c.booting && f.Action == ""
	c.mu.Unlock()
	if opening {
		c.open()
	}
	switch {
	case quiet, in && f.Action == string(v16.ActionHeartbeat):
	case in && whole && v16.Carried(f.Action): // kept by the commit that acts on it
	default:
		c.door.opt.Journal(Frame{
			Operator: c.point.Operator, Sub: c.point.Sub, Point: c.point.ID, Inbound: in,
			Action: v16.Clean(f.Action), MessageID: v16.Clean(f.ID), At: at, Raw: raw,
		})
	}
}

// unresponsive closes a connection on which two different actions of ours in a row
// went unanswered (order rule 5).
func (c *conn) unresponsive(_ *rpc.Peer, first, second string) {
	d := c.door
	d.Stats.Unresponsive.Add(1)
	if !d.mayKick(c.point.ID) {
		return
	}
	d.opt.Log.Warn("charge point answers nothing: closed", "charge_point", c.point.ID, "vendor", c.point.Vendor,
		"model", c.point.Model, "firmware", c.point.Firmware, "first", first, "second", second)
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	defer cancel()
	if err := d.assets.Unresponsive(ctx, c.scope, c.point.ID, first, second); err != nil {
		d.opt.Log.Error("unresponsive model not flagged", "charge_point", c.point.ID, "error", err)
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
	queued, err := d.assets.Queued(ctx, c.scope, c.point.ID)
	cancel()
	if err != nil {
		d.opt.Log.Error("commands not read", "charge_point", c.point.ID, "error", err)
		return
	}
	for _, cmd := range queued {
		select {
		case <-c.peer.Done():
			return
		default:
			c.sendOne(cmd)
		}
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
	err = d.assets.Sent(ctx, c.scope, cmd.ID)
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
	if err := c.door.sessions.Answered(ctx, c.scope, cmd.ID, a); err != nil {
		c.door.opt.Log.Error("answer not stored", "command", cmd.ID, "error", err)
	}
}
