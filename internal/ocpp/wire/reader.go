package wire

import (
	"errors"
	"io"
	"os"
)

// Receiver is told what a connection brings, by one goroutine at a time.
type Receiver interface {
	// Receive takes a message, whose bytes are its own from now on. While it does not
	// return nothing is read. It may write and close.
	Receive(message []byte)

	// Ended is told once, as the last, why the connection ended; the close frame that
	// belongs to it has been sent and the socket is closed.
	Ended(why error)
}

// Start begins to read, on a goroutine of the connection's own. It must be called once.
func (c *Conn) Start(to Receiver) {
	c.to = to
	go c.begin()
}

func (c *Conn) begin() {
	for len(c.early) > 0 {
		n := copy(c.in.room(), c.early)
		c.early = c.early[n:]
		if err := c.arrived(n); err != nil {
			c.to.Ended(c.end(err))
			return
		}
	}
	c.early = nil
	c.read()
}

// read waits for bytes, with little on its stack. What they cause makes the stack
// grow, and it would never shrink again below twice what it was; so a goroutine whose
// connection has become quiet hands over to a new one.
func (c *Conn) read() {
	for {
		c.watch()
		expired, err := c.await()
		if expired {
			var quiet bool
			if quiet, err = c.expired(); quiet {
				go c.read()
				return
			}
		}
		if err != nil {
			c.to.Ended(c.end(err))
			return
		}
	}
}

// await takes in what arrives until there is an error or the read deadline passes.
func (c *Conn) await() (expired bool, err error) {
	if c.raw == nil {
		return c.stream()
	}
	if err := c.raw.Read(c.readable); err != nil {
		return errors.Is(err, os.ErrDeadlineExceeded), err
	}
	return false, c.err
}

// stream is await where the descriptor is hidden, as under TLS. It waits with a few
// bytes of its own and reads what follows with a buffer.
func (c *Conn) stream() (expired bool, err error) {
	few := make([]byte, 32)
	for {
		to := few
		if c.msg.inner || c.in.buffered() > 0 {
			to = c.in.room()
		}
		n, err := c.nc.Read(to)
		if n == 0 { // an error behind bytes comes again
			if err == nil {
				err = io.ErrNoProgress
			}
			return errors.Is(err, os.ErrDeadlineExceeded), err
		}
		if len(to) == len(few) && &to[0] == &few[0] {
			copy(c.in.room(), few[:n])
		}
		if err := c.arrived(n); err != nil {
			return false, err
		}
	}
}

// arrived takes in n bytes that were put behind the unread ones.
func (c *Conn) arrived(n int) error {
	c.in.w += n
	if c.restAt == 0 {
		c.restAt = now().add(linger)
	}
	if err := c.parse(); err != nil {
		return err
	}
	c.in.rest()
	c.watch()
	return nil
}
