package wire

import (
	"errors"
	"time"
)

// linger is how long a connection without a frame counts as busy. A busy one keeps
// its goroutine with the stack that has grown; a quiet one gets a new one.
const linger = time.Second

// heard notes a complete frame.
func (c *Conn) heard() { c.seen = now() }

// watch starts the clock for what was begun, and sets the read deadline. The deadline
// is not moved with each frame: one that fires early finds out what is due from the
// time of the last frame. So a busy connection hardly touches its timer.
func (c *Conn) watch() {
	switch {
	case !c.msg.begun && c.in.buffered() == 0:
		c.wholeBy = 0
	case c.wholeBy == 0:
		c.wholeBy = now().add(orDefault(c.lim.Partial, DefaultPartial))
	}
	at := c.due()
	if c.armed != 0 && c.armed <= at {
		return
	}
	c.armed = at
	_ = c.nc.SetReadDeadline(at.deadline()) // the next read says what is wrong
}

// due is when the reader must act if nothing arrives.
func (c *Conn) due() stamp {
	at := c.wholeBy
	if at == 0 {
		at = c.seen.add(time.Duration(c.idle.Load()))
		if every := orDefault(c.lim.Ping, DefaultPing); every > 0 {
			at = min(at, max(c.seen, c.pinged).add(every))
		}
	}
	if c.restAt != 0 {
		at = min(at, c.restAt)
	}
	return at
}

// expired acts when the read deadline has passed: it ends the connection, or pings.
// quiet says that nothing came for a while.
func (c *Conn) expired() (quiet bool, err error) {
	at := now()
	c.armed = 0
	switch every := orDefault(c.lim.Ping, DefaultPing); {
	case c.wholeBy != 0:
		if at >= c.wholeBy {
			return false, ErrSlow
		}
	case at-c.seen >= stamp(c.idle.Load()):
		return false, ErrIdle
	case every > 0 && at-max(c.seen, c.pinged) >= stamp(every):
		c.pinged = at
		if err := c.Ping(); err != nil && !errors.Is(err, ErrClosed) {
			return false, err
		}
	}
	if at-c.seen < stamp(linger) {
		c.restAt = at.add(linger)
		return false, nil
	}
	c.restAt = 0
	return true, nil
}
