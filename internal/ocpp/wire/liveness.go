package wire

import (
	"errors"
	"os"
	"time"
)

// heard notes a complete frame; whole says that no message is half read.
func (c *Conn) heard(whole bool) {
	c.seen = time.Now()
	if whole {
		c.begun, c.wholeBy = false, time.Time{}
	}
}

// wait reads more bytes. The read deadline is not moved with each frame: one
// that fires early finds out what is due from the time of the last frame. So a
// busy connection never touches its timer.
func (c *Conn) wait() error {
	if (c.begun || c.in.buffered() > 0) && c.wholeBy.IsZero() {
		c.wholeBy = time.Now().Add(orDefault(c.lim.Partial, DefaultPartial))
	}
	for {
		if at := c.due(); c.armed.IsZero() || at.Before(c.armed) {
			c.armed = at
			if err := c.in.conn.SetReadDeadline(at); err != nil {
				return err
			}
		}
		err := c.in.more()
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		c.armed = time.Time{}
		if err := c.overdue(time.Now()); err != nil {
			return err
		}
	}
}

// due is when the reader must act if nothing arrives.
func (c *Conn) due() time.Time {
	if !c.wholeBy.IsZero() {
		return c.wholeBy
	}
	at := c.seen.Add(time.Duration(c.idle.Load()))
	if every := orDefault(c.lim.Ping, DefaultPing); every > 0 {
		if ping := later(c.seen, c.pinged).Add(every); ping.Before(at) {
			return ping
		}
	}
	return at
}

// overdue does what is due: end the connection, or ping.
func (c *Conn) overdue(now time.Time) error {
	if !c.wholeBy.IsZero() {
		if !now.Before(c.wholeBy) {
			return ErrSlow
		}
		return nil
	}
	if now.Sub(c.seen) >= time.Duration(c.idle.Load()) {
		return ErrIdle
	}
	every := orDefault(c.lim.Ping, DefaultPing)
	if every > 0 && now.Sub(later(c.seen, c.pinged)) >= every {
		c.pinged = now
		if err := c.Ping(); err != nil && !errors.Is(err, ErrClosed) {
			return err
		}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
