package wire

import (
	"errors"
	"os"
	"time"
)

// heard notes a complete frame; whole says that no message is half read.
func (c *Conn) heard(whole bool) {
	c.seen = now()
	if whole {
		c.begun, c.wholeBy = false, 0
	}
}

// wait reads more bytes. The read deadline is not moved with each frame: one
// that fires early finds out what is due from the time of the last frame. So a
// busy connection never touches its timer.
func (c *Conn) wait() error {
	if (c.begun || c.in.buffered() > 0) && c.wholeBy == 0 {
		c.wholeBy = now().add(orDefault(c.lim.Partial, DefaultPartial))
	}
	for {
		if at := c.due(); c.armed == 0 || at < c.armed {
			c.armed = at
			if err := c.in.conn.SetReadDeadline(at.deadline()); err != nil {
				return err
			}
		}
		err := c.in.more()
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		c.armed = 0
		if err := c.overdue(now()); err != nil {
			return err
		}
	}
}

// due is when the reader must act if nothing arrives.
func (c *Conn) due() stamp {
	if c.wholeBy != 0 {
		return c.wholeBy
	}
	at := c.seen.add(time.Duration(c.idle.Load()))
	if every := orDefault(c.lim.Ping, DefaultPing); every > 0 {
		if ping := max(c.seen, c.pinged).add(every); ping < at {
			return ping
		}
	}
	return at
}

// overdue does what is due: end the connection, or ping.
func (c *Conn) overdue(at stamp) error {
	if c.wholeBy != 0 {
		if at >= c.wholeBy {
			return ErrSlow
		}
		return nil
	}
	if at-c.seen >= stamp(c.idle.Load()) {
		return ErrIdle
	}
	every := orDefault(c.lim.Ping, DefaultPing)
	if every > 0 && at-max(c.seen, c.pinged) >= stamp(every) {
		c.pinged = at
		if err := c.Ping(); err != nil && !errors.Is(err, ErrClosed) {
			return err
		}
	}
	return nil
}
