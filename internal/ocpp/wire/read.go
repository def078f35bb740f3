package wire

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// firstChunk is allocated for a message before its bytes have arrived, whatever
// length its header declares.
const firstChunk = 16 << 10

// ReadText waits for the next text message. Pings are answered and pongs noted
// on the way. An error is final: the close frame that belongs to it has been
// sent and the socket is closed.
func (c *Conn) ReadText() ([]byte, error) {
	if c.err != nil {
		return nil, c.err
	}
	msg, err := c.readText()
	if err != nil {
		c.err = c.end(err)
		return nil, c.err
	}
	return msg, nil
}

func (c *Conn) readText() ([]byte, error) {
	var msg []byte
	state := ws.StateServerSide
	for {
		h, err := c.header()
		if err != nil {
			return nil, err
		}
		if err := ws.CheckHeader(h, state); err != nil {
			return nil, &Violation{CloseProtocol, err.Error()}
		}
		if h.OpCode.IsControl() {
			if err := c.control(h, !state.Fragmented()); err != nil {
				return nil, err
			}
			continue
		}
		if h.OpCode == ws.OpBinary {
			return nil, &Violation{uint16(ws.StatusUnsupportedData), "OCPP messages are text"}
		}
		if h.Length > int64(orDefault(c.lim.Message, DefaultMessage)-len(msg)) {
			return nil, &Violation{CloseTooBig, "message too big"}
		}
		if msg, err = c.payload(msg, h); err != nil {
			return nil, err
		}
		c.heard(h.Fin)
		if !h.Fin {
			state = state.Set(ws.StateFragmented)
			continue
		}
		if c.closing.Load() {
			msg, state = nil, ws.StateServerSide
			continue
		}
		if !utf8.Valid(msg) {
			return nil, &Violation{uint16(ws.StatusInvalidFramePayloadData), "text is not UTF-8"}
		}
		return msg, nil
	}
}

// header reads a frame header. RFC 6455 §5.2.
func (c *Conn) header() (ws.Header, error) {
	var h ws.Header
	if err := c.need(2); err != nil {
		return h, err
	}
	c.begun = true
	b := c.in.unread()
	h.Fin = b[0]&0x80 != 0
	h.Rsv = b[0] >> 4 & 0x7
	h.OpCode = ws.OpCode(b[0] & 0xf)
	h.Masked = b[1]&0x80 != 0
	length, size := b[1]&0x7f, 2
	switch length {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if h.Masked {
		size += 4
	}
	if err := c.need(size); err != nil {
		return h, err
	}
	b = c.in.unread()
	switch length {
	case 126:
		h.Length = int64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		n := binary.BigEndian.Uint64(b[2:])
		if n>>63 != 0 {
			return h, &Violation{CloseProtocol, "frame length out of range"}
		}
		h.Length = int64(n)
	default:
		h.Length = int64(length)
	}
	if h.Masked {
		copy(h.Mask[:], b[size-4:size])
	}
	c.in.skip(size)
	return h, nil
}

// payload appends the unmasked payload of the frame to msg.
func (c *Conn) payload(msg []byte, h ws.Header) ([]byte, error) {
	left := int(h.Length)
	if msg == nil {
		msg = make([]byte, 0, min(left, firstChunk))
	}
	start := len(msg)
	for left > 0 {
		if err := c.need(1); err != nil {
			return nil, err
		}
		b := c.in.unread()
		b = b[:min(len(b), left)]
		msg = append(msg, b...)
		left -= len(b)
		c.in.skip(len(b))
	}
	ws.Cipher(msg[start:], h.Mask, 0)
	return msg, nil
}

// control acts on a control frame; alone says that no message is half read.
func (c *Conn) control(h ws.Header, alone bool) error {
	n := int(h.Length)
	var data [ws.MaxControlFramePayloadSize]byte
	if n > 0 {
		if err := c.need(n); err != nil {
			return err
		}
		copy(data[:], c.in.unread()[:n])
		c.in.skip(n)
		ws.Cipher(data[:n], h.Mask, 0)
	}
	c.heard(alone)
	switch h.OpCode {
	case ws.OpPing:
		if err := c.write(ws.OpPong, data[:n]); err != nil && !errors.Is(err, ErrClosed) {
			return err
		}
	case ws.OpClose:
		if n == 0 {
			return &PeerClosed{Code: uint16(ws.StatusNoStatusRcvd)}
		}
		if n == 1 {
			return &Violation{CloseProtocol, "close frame of one byte"}
		}
		code, reason := ws.ParseCloseFrameData(data[:n])
		// Codes of the registry past RFC 6455 (1012 to 1014) are accepted.
		if code < 1012 || code > 1014 {
			if err := ws.CheckCloseFrameData(code, reason); err != nil {
				return &Violation{CloseProtocol, err.Error()}
			}
		}
		return &PeerClosed{Code: uint16(code), Reason: reason}
	}
	return nil
}

// need waits until n bytes are unread; n is at most a header or the payload of
// a control frame.
func (c *Conn) need(n int) error {
	for c.in.buffered() < n {
		if err := c.wait(); err != nil {
			return err
		}
	}
	return nil
}
