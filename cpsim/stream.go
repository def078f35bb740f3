package cpsim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gobwas/ws"
)

// read hands over each text message until the link is lost.
func (cp *ChargePoint) read(l *link) error {
	var message []byte
	for {
		h, err := ws.ReadHeader(l.r)
		if err != nil {
			return err
		}
		if h.Masked { // RFC 6455 §5.1
			return errors.New("cpsim: the server masks its frames")
		}
		if h.Rsv != 0 {
			return errors.New("cpsim: reserved bits are set")
		}
		if h.Length > maxMessage || int64(len(message))+h.Length > maxMessage {
			return errors.New("cpsim: message too long")
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(l.r, payload); err != nil {
			return err
		}
		switch h.OpCode {
		case ws.OpPing:
			cp.lock()
			cp.write(l, outFrame{ws.OpPong, payload})
			cp.unlock()
		case ws.OpPong:
		case ws.OpClose:
			code, reason := ws.ParseCloseFrameData(payload)
			cp.lock()
			cp.write(l, outFrame{ws.OpClose, payload})
			l.closing = true
			cp.unlock()
			return fmt.Errorf("cpsim: closed by the server: %d %s", code, reason)
		case ws.OpText, ws.OpContinuation:
			if h.OpCode == ws.OpText {
				message = nil
			}
			message = append(message, payload...)
			if h.Fin {
				cp.lock()
				if cp.link == l {
					cp.logFrame("<-", message)
					cp.take(message)
				}
				cp.unlock()
				message = nil
			}
		default:
			return fmt.Errorf("cpsim: frame with opcode %d", h.OpCode)
		}
	}
}

func (cp *ChargePoint) sendText(l *link, b []byte) {
	cp.logFrame("->", b)
	cp.write(l, outFrame{ws.OpText, b})
}

// write queues a frame and makes sure that somebody writes it. The lock is
// held, so it must not block.
func (cp *ChargePoint) write(l *link, f outFrame) {
	if l.closing || l.kept {
		return
	}
	l.out = append(l.out, f)
	if !l.writing {
		l.writing = true
		go cp.writer(l)
	}
}

// writer lives while there is something to write.
func (cp *ChargePoint) writer(l *link) {
	for {
		cp.mu.Lock()
		batch := l.out
		l.out = nil
		if len(batch) == 0 {
			l.writing = false
			if l.closing {
				l.conn.Close()
			}
			cp.mu.Unlock()
			return
		}
		closing := l.closing
		cp.mu.Unlock()

		var buf bytes.Buffer
		for _, f := range batch {
			// A client masks; the frame is built in memory and cannot fail.
			ws.MustWriteFrame(&buf, ws.MaskFrameInPlace(ws.NewFrame(f.op, true, bytes.Clone(f.payload))))
		}
		if !closing {
			l.conn.SetWriteDeadline(time.Now().Add(writeLimit))
		}
		if _, err := l.conn.Write(buf.Bytes()); err != nil {
			l.conn.Close() // the reader sees it and reports
			cp.mu.Lock()
			l.writing, l.closing, l.out = false, true, nil
			cp.mu.Unlock()
			return
		}
	}
}
