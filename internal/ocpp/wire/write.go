package wire

import (
	"encoding/binary"
	"sync"

	"github.com/gobwas/ws"
)

// writeSize holds every answer and nearly every CALL of OCPP 1.6 with its
// header; what is longer gets a buffer of its own.
const writeSize = 4 << 10

var writeBuffers = sync.Pool{New: func() any { return new([writeSize]byte) }}

const maxHeader = 10 // a server's frame carries no mask

// appendHeader appends the header of one unfragmented, unmasked frame.
func appendHeader(b []byte, op ws.OpCode, n int) []byte {
	b = append(b, 0x80|byte(op))
	switch {
	case n < 126:
		return append(b, byte(n))
	case n < 1<<16:
		b = append(b, 126)
		return binary.BigEndian.AppendUint16(b, uint16(n))
	default:
		b = append(b, 127)
		return binary.BigEndian.AppendUint64(b, uint64(n))
	}
}

func (c *Conn) write(op ws.OpCode, p []byte) error {
	c.writing.take()
	defer c.writing.give()
	if c.closeSent || c.closing.Load() {
		return ErrClosed
	}
	return c.writeLocked(op, p)
}

func (c *Conn) writeClose(code ws.StatusCode, reason string) error {
	if len(reason) > ws.MaxControlFramePayloadSize-2 {
		reason = reason[:ws.MaxControlFramePayloadSize-2]
	}
	var p []byte
	if code != ws.StatusNoStatusRcvd {
		p = ws.NewCloseFrameBody(code, reason)
	}
	c.writing.take()
	defer c.writing.give()
	if c.closeSent {
		return ErrClosed
	}
	c.closeSent = true
	return c.writeLocked(ws.OpClose, p)
}

// writeLocked sends header and payload in one call. A frame that could not be
// written whole cannot be followed by another: the socket is ended.
func (c *Conn) writeLocked(op ws.OpCode, p []byte) error {
	var b []byte
	if maxHeader+len(p) <= writeSize {
		pooled := writeBuffers.Get().(*[writeSize]byte)
		defer writeBuffers.Put(pooled)
		b = pooled[:0]
	} else {
		b = make([]byte, 0, maxHeader+len(p))
	}
	b = append(appendHeader(b, op, len(p)), p...)

	// Moving a deadline costs as much as the rest of a small write, so one that
	// is still far enough away stays.
	limit := orDefault(c.lim.Write, DefaultWrite)
	if at := now(); c.writeBy-at < stamp(limit) {
		c.writeBy = at.add(2 * limit)
		if err := c.nc.SetWriteDeadline(c.writeBy.deadline()); err != nil {
			c.cut()
			return err
		}
	}
	if _, err := c.nc.Write(b); err != nil {
		c.cut()
		return err
	}
	return nil
}
