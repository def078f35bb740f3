package ocpp

import (
	"context"
	"errors"
	"time"

	"ccms/internal/asset"
	"ccms/internal/fault"
	"ccms/internal/ocpp/rpc"
	"ccms/internal/ocpp/v16"
	"ccms/internal/ocpp/wire"
)

// Unresponsive closes a connection on which two different actions of ours in a row
// went unanswered (order rule 5).
func (c *conn) Unresponsive(first, second string) {
	if c.flag(first, second) {
		c.peer.Close(wire.CloseTryLater, "no answers")
	}
}

// flag stores that the point answers nothing, and reports whether to close it for that.
func (c *conn) flag(first, second string) bool {
	if !c.begin() {
		return false
	}
	defer c.work.Done()
	d := c.door
	d.Stats.Unresponsive.Add(1)
	if !d.mayKick(c) {
		return false
	}
	d.opt.Log.Warn("charge point answers nothing: closed", "charge_point", c.Point, "identity", c.identity, "first", first, "second", second)
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	defer cancel()
	if err := d.assets.Unresponsive(ctx, c.Scope, c.Point, first, second); err != nil {
		d.opt.Log.Error("unresponsive model not flagged", "charge_point", c.Point, "error", err)
	}
	return true
}

// wake works on the point's queue of commands; a goroutine exists only while there
// is work.
func (c *conn) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.ready, c.shut, c.over:
	case c.sending:
		c.again = true
	default:
		c.sending = true
		c.work.Go(c.send)
	}
}

// lookAgain is how long after a failure of the store the queue is looked at again.
const lookAgain = 5 * time.Second

// send works on the queue until nothing is left that it was woken for. What the store
// refused to tell is not lost with it.
func (c *conn) send() {
	for {
		failed := !c.sendQueued()
		c.mu.Lock()
		switch {
		case c.over || c.shut:
		case failed:
			c.endTimer()
			c.timer = time.AfterFunc(lookAgain, c.wake)
		case c.again:
			c.again = false
			c.mu.Unlock()
			continue
		}
		c.sending, c.again = false, false
		c.mu.Unlock()
		return
	}
}

// sendQueued sends what is in the queue, and reports whether the store let it.
func (c *conn) sendQueued() bool {
	d := c.door
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	queued, err := d.assets.Queued(ctx, c.Scope, c.Point)
	cancel()
	if err != nil {
		d.opt.Log.Error("commands not read", "charge_point", c.Point, "error", err)
		return false
	}
	for _, cmd := range queued {
		if c.peer.Over() {
			return true
		}
		if left := c.settling(cmd); left > 0 {
			c.lookIn(left)
			continue
		}
		if !c.sendOne(cmd) {
			return false
		}
	}
	return true
}

// settling is how long a command has to wait for the settle window to end: those that
// ask for what a point sends by itself after it connected.
func (c *conn) settling(cmd asset.Command) time.Duration {
	left := c.door.opt.Settle - time.Since(c.since)
	if left <= 0 || cmd.Type != asset.CommandTrigger && cmd.Type != asset.CommandExtendedTrigger {
		return 0
	}
	args, err := cmd.Arguments()
	if a, ok := asset.TriggerOf(args); err == nil && ok && (a.Message == "StatusNotification" || a.Message == "BootNotification") {
		return left
	}
	return 0
}

// lookIn looks at the queue again after a time; the timer is free once commands go out.
func (c *conn) lookIn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || c.shut {
		return
	}
	c.endTimer()
	c.timer = time.AfterFunc(d, c.wake)
}

// sendOne marks a command sent, sends it and stores what came of it. A crash in
// between leaves a command that times out, never one that is sent twice. It reports
// whether the next may follow.
func (c *conn) sendOne(cmd asset.Command) bool {
	d := c.door
	args, err := cmd.Arguments()
	if err != nil {
		d.opt.Log.Error("command not readable", "command", cmd.ID, "error", err)
		return true
	}
	if cmd.Type == asset.CommandSetProfile {
		if args, err = c.quirky(args); err != nil {
			d.opt.Log.Error("what is known of the model is not read", "command", cmd.ID, "error", err)
			return false
		}
	}
	action, msg, err := v16.Outbound(args)
	if err != nil {
		c.answered(cmd, asset.Answer{State: asset.CommandNotSupported, Detail: fault.Of(err).Detail})
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	err = d.assets.Sent(ctx, c.Scope, cmd.ID)
	cancel()
	switch {
	case fault.Is(err, fault.Conflict): // somebody else has it, or it is over
		return true
	case err != nil:
		d.opt.Log.Error("command not marked", "command", cmd.ID, "error", err)
		return false
	}
	if t, ok := asset.TriggerOf(args); ok && t.Message == string(v16.ActionHeartbeat) {
		c.beat.Store(true)
	}
	payload, err := c.peer.Call(string(action), msg.AppendJSON(nil))
	if errors.Is(err, rpc.ErrNotSent) {
		c.unsent(cmd)
		return false
	}
	c.answered(cmd, v16.Answer(action, payload, err))
	return true
}

// quirky gives a command the form that the model takes.
func (c *conn) quirky(args asset.Args) (asset.Args, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	defer cancel()
	known, err := c.door.assets.Capability(ctx, c.Scope, c.Point)
	if err != nil {
		return args, err
	}
	p, err := c.door.assets.ChargePoint(ctx, c.Scope, c.Point)
	if err != nil {
		return args, err
	}
	d := v16.Device{Alternating: p.Type.Alternating()}
	for _, x := range p.Connectors {
		if x.Number > 0 {
			d.Connectors++
		}
	}
	return v16.Quirk(args, known.Profile, d, c.door.opt.Now()), nil
}

// beaten notes the effect of a command that asked for a Heartbeat. The Heartbeat itself is
// answered without it: it writes nothing.
func (c *conn) beaten() {
	defer c.work.Done()
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	defer cancel()
	if err := again(func() error {
		return c.door.assets.Triggered(ctx, c.Scope, c.Point, string(v16.ActionHeartbeat), "The charge point sent a Heartbeat.")
	}); err != nil {
		c.door.opt.Log.Error("effect of a command not stored", "charge_point", c.Point, "error", err)
	}
}

// unsent puts a command back for the next connection; this one is closing, and must not
// take it again when it hears of the change.
func (c *conn) unsent(cmd asset.Command) {
	c.mu.Lock()
	c.shut = true
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	defer cancel()
	if err := c.door.assets.Unsent(ctx, c.Scope, cmd.ID); err != nil {
		c.door.opt.Log.Error("command not put back", "command", cmd.ID, "error", err)
	}
}

func (c *conn) answered(cmd asset.Command, a asset.Answer) {
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	defer cancel()
	if err := again(func() error { return c.door.sessions.Answered(ctx, c.Scope, cmd.ID, a) }); err != nil {
		c.door.opt.Log.Error("answer not stored", "command", cmd.ID, "error", err)
	}
}

// again does something anew where somebody else wrote the same row meanwhile: what a
// command was answered and what follows from it may come in the same moment.
func again(do func() error) (err error) {
	for range 4 {
		if err = do(); !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return err
}
