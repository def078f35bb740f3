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

// message is the text that is being received, as far as it has come.
type message struct {
	text  []byte
	begun bool // a first frame has come, and the last is not complete
	left  int  // bytes to come of this frame's payload
	inner bool // inside a payload; left may be 0
	fin   bool // this frame is the last
	mask  [4]byte
	at    int // of the next byte in this frame's payload, for the mask
}

// parse cuts what is unread and delivers what is complete. An error is final.
func (c *Conn) parse() error {
	for {
		if c.msg.inner {
			if !c.payload() {
				return nil
			}
			if err := c.deliver(); err != nil {
				return err
			}
			continue
		}
		h, size, err := header(c.in.unread())
		if err != nil {
			return err
		}
		if size == 0 {
			return nil
		}
		state := ws.StateServerSide
		if c.msg.begun {
			state = state.Set(ws.StateFragmented)
		}
		if err := ws.CheckHeader(h, state); err != nil {
			return &Violation{CloseProtocol, err.Error()}
		}
		if h.OpCode.IsControl() {
			if c.in.buffered() < size+int(h.Length) {
				return nil
			}
			c.in.skip(size)
			if err := c.control(h); err != nil {
				return err
			}
			continue
		}
		if h.OpCode == ws.OpBinary {
			return &Violation{uint16(ws.StatusUnsupportedData), "OCPP messages are text"}
		}
		if h.Length > int64(orDefault(c.lim.Message, DefaultMessage)-len(c.msg.text)) {
			return &Violation{CloseTooBig, "message too big"}
		}
		c.in.skip(size)
		m := &c.msg
		m.begun, m.inner, m.fin, m.left, m.mask, m.at = true, true, h.Fin, int(h.Length), h.Mask, 0
		if m.text == nil {
			m.text = make([]byte, 0, min(m.left, firstChunk))
		}
	}
}

// header reads a frame header. RFC 6455 §5.2. size is 0 where b does not hold all of it.
func header(b []byte) (h ws.Header, size int, err error) {
	if len(b) < 2 {
		return h, 0, nil
	}
	h.Fin = b[0]&0x80 != 0
	h.Rsv = b[0] >> 4 & 0x7
	h.OpCode = ws.OpCode(b[0] & 0xf)
	h.Masked = b[1]&0x80 != 0
	size = 2
	length := b[1] & 0x7f
	switch length {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if h.Masked {
		size += 4
	}
	if len(b) < size {
		return h, 0, nil
	}
	switch length {
	case 126:
		h.Length = int64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		n := binary.BigEndian.Uint64(b[2:])
		if n>>63 != 0 {
			return h, 0, &Violation{CloseProtocol, "frame length out of range"}
		}
		h.Length = int64(n)
	default:
		h.Length = int64(length)
	}
	if h.Masked {
		copy(h.Mask[:], b[size-4:size])
	}
	return h, size, nil
}

// payload moves what has come of the payload into the message; false: there is more
// to come.
func (c *Conn) payload() bool {
	m := &c.msg
	b := c.in.unread()
	b = b[:min(len(b), m.left)]
	start := len(m.text)
	m.text = append(m.text, b...)
	ws.Cipher(m.text[start:], m.mask, m.at)
	c.in.skip(len(b))
	m.at += len(b)
	m.left -= len(b)
	return m.left == 0
}

// deliver ends a frame of a message, and the message if it was the last.
func (c *Conn) deliver() error {
	c.heard()
	c.msg.inner = false
	if !c.msg.fin {
		return nil
	}
	text := c.msg.text
	c.msg = message{}
	c.wholeBy = 0
	if c.closing.Load() {
		return nil
	}
	if !utf8.Valid(text) {
		return &Violation{uint16(ws.StatusInvalidFramePayloadData), "text is not UTF-8"}
	}
	c.to.Receive(text)
	return nil
}

// control acts on a control frame, whose payload is complete.
func (c *Conn) control(h ws.Header) error {
	n := int(h.Length)
	var data [ws.MaxControlFramePayloadSize]byte
	copy(data[:], c.in.unread()[:n])
	c.in.skip(n)
	ws.Cipher(data[:n], h.Mask, 0)
	c.heard()
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
