//go:build unix

package wire

import (
	"io"
	"net"
	"syscall"
)

const descriptors = true

// readable takes in what the descriptor has; false tells the runtime to wait until
// there is more. Readiness is announced once per arrival and kept until the wait, so
// that a read that did not fill its buffer need not be followed by one that finds
// nothing. Only an end of the stream that came together with the bytes stays unseen
// then, until the next deadline: while frames come, that is a moment away.
func (c *Conn) readable(fd uintptr) (done bool) {
	for {
		if c.gone.Load() {
			c.err = net.ErrClosed
			return true
		}
		room := c.in.room()
		n, err := syscall.Read(int(fd), room)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			c.in.rest()
			return false
		case err != nil:
			c.err = err
			return true
		case n == 0:
			c.err = io.EOF
			return true
		}
		whole := n < len(room)
		if c.err = c.arrived(n); c.err != nil {
			return true
		}
		if whole {
			return false
		}
	}
}
