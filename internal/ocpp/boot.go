package ocpp

import (
	"context"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ocpp/rpc"
	"ccms/internal/ocpp/v16"
)

// Handle answers one CALL. A boot that is not answered is over here, any other when its
// answer is out: see Tap.
func (c *conn) Handle(ctx context.Context, call rpc.Call) (answer []byte, cerr *rpc.CallError) {
	if !isBoot(call.Action) {
		return c.Link.Handle(ctx, call)
	}
	answers := false
	defer func() { // the handler may panic
		if !answers {
			c.boots.Add(-1)
		}
	}()
	answer, cerr = c.Link.Handle(ctx, call)
	answers = cerr != rpc.Unavailable
	return answer, cerr
}

func isBoot(action string) bool { return action == string(v16.ActionBootNotification) }

// bootOver ends the wait for a boot. A point that never booted with us is asked to,
// once per connection; one that did goes on with what it had (order rule 2), and is
// asked for its status unless it has sent it: what we know is from before the gap
// (LIVE-R5). A boot
// that has arrived is waited for, however long the store takes: nothing is asked
// before its answer, least of all another boot.
func (c *conn) bootOver() {
	c.mu.Lock()
	if c.over || c.ready {
		c.mu.Unlock()
		return
	}
	if c.boots.Load() > 0 {
		c.timer.Reset(c.door.opt.BootGrace)
		c.mu.Unlock()
		return
	}
	c.work.Add(1)
	defer c.work.Done()
	message, why := "BootNotification", "no boot after connecting"
	if c.known {
		message, why = "StatusNotification", "no status after connecting again"
	}
	ask := !c.known || !c.told.Load()
	c.mu.Unlock()
	c.open()
	if !ask {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	defer cancel()
	sc := authz.ForSystem(c.Scope.Operator(), why)
	_, err := c.door.assets.Request(ctx, sc, c.Point, asset.Trigger{Message: message}, why)
	if err != nil && !fault.Is(err, fault.Unsupported) {
		c.door.opt.Log.Warn("message not asked for", "charge_point", c.Point, "message", message, "error", err)
	}
}

// open lets our CALLs out.
func (c *conn) open() {
	c.booting.Store(false)
	c.mu.Lock()
	c.ready = true
	c.endTimer()
	c.mu.Unlock()
	c.wake()
}

// endTimer gives the timer back; c.mu is held.
func (c *conn) endTimer() {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}
