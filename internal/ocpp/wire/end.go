package wire

import (
	"errors"
	"io"
	"time"

	"github.com/gobwas/ws"
)

// lingerBytes is read and dropped at most after a violation.
const lingerBytes = 16 << 20

// end closes the socket in the way the error asks for and returns the error the
// caller sees.
func (c *Conn) end(err error) error {
	ours := c.closing.Swap(true)
	var violation *Violation
	var peer *PeerClosed
	switch {
	case errors.As(err, &peer):
		c.writeClose(ws.StatusCode(peer.Code), "")
	case errors.As(err, &violation):
		if c.writeClose(ws.StatusCode(violation.Code), violation.Reason) == nil {
			c.linger()
		}
	case errors.Is(err, ErrSlow):
		c.writeClose(ws.StatusPolicyViolation, "message not completed in time")
	case errors.Is(err, ErrIdle):
		c.writeClose(ws.StatusGoingAway, "silent too long")
	case ours && peer == nil:
		err = ErrClosed
	}
	c.nc.Close()
	c.in.release()
	c.msg = message{}
	return err
}

// linger lets the peer read our close frame: closing a socket with unread bytes
// in it resets the connection, and the reason is lost on the way.
func (c *Conn) linger() {
	half, ok := c.nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	c.nc.SetReadDeadline(time.Now().Add(orDefault(c.lim.Grace, DefaultGrace)))
	buf := readBuffers.Get().(*[readSize]byte)
	defer readBuffers.Put(buf)
	io.CopyBuffer(onlyWriter{io.Discard}, io.LimitReader(c.nc, lingerBytes), buf[:])
}

// onlyWriter hides ReaderFrom, so that the copy uses the buffer given.
type onlyWriter struct{ io.Writer }
