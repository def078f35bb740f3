package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// socket is a charge point as far as the wire sees one: frames that were
// encoded before, with a few digits changed in place. It is no OCPP client and
// uses no WebSocket library, so that the generator stays lighter than what it
// loads.
type socket struct {
	conn    net.Conn
	in      *bufio.Reader
	message message
	serial  int
}

// message is a frame of which some places change with every call.
type message struct {
	frame  []byte // a whole WebSocket frame
	places []place
}

type place struct {
	at, width int
	write     func(dst []byte, n int)
}

const answerWithin = 30 * time.Second

// openSocket does the handshake of RFC 6455 §4.1 as OCPP-J wants it.
func openSocket(conn net.Conn, identity, key string) (*socket, error) {
	s := &socket{conn: conn, in: bufio.NewReaderSize(conn, 512)}
	basic := base64.StdEncoding.EncodeToString([]byte(identity + ":" + key))
	_, err := fmt.Fprintf(conn, "GET /ocpp/%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"+
		"Sec-WebSocket-Protocol: ocpp1.6\r\nAuthorization: Basic %s\r\n\r\n", identity, conn.RemoteAddr(), basic)
	if err != nil {
		return nil, err
	}
	if err := conn.SetReadDeadline(time.Now().Add(answerWithin)); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(s.in, nil)
	if err != nil {
		return nil, fmt.Errorf("handshake of %s: %w", identity, err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return nil, fmt.Errorf("handshake of %s: %s", identity, resp.Status)
	}
	return s, nil
}

// frame wraps a payload as RFC 6455 §5.2 wants it from a client. The mask is
// zero: the server unmasks all the same, and digits can be changed in place.
func frame(payload string) []byte {
	b := []byte{0x81}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = append(b, 0x80|126)
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	default:
		b = append(b, 0x80|127)
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	b = append(b, 0, 0, 0, 0)
	return append(b, payload...)
}

// running is what changes: wherever mark stands, write puts what belongs to the
// nth call, in exactly as many bytes.
type running struct {
	mark  string
	write func(dst []byte, n int)
}

func newMessage(payload string, parts ...running) message {
	m := message{frame: frame(payload)}
	for _, p := range parts {
		for from := 0; ; {
			i := bytes.Index(m.frame[from:], []byte(p.mark))
			if i < 0 {
				break
			}
			m.places = append(m.places, place{at: from + i, width: len(p.mark), write: p.write})
			from += i + len(p.mark)
		}
	}
	return m
}

func (m message) set(n int) {
	for _, p := range m.places {
		p.write(m.frame[p.at:p.at+p.width], n)
	}
}

// counting is a decimal number with leading zeros.
func counting(start int) func([]byte, int) {
	return func(dst []byte, n int) {
		v := start + n
		for i := len(dst) - 1; i >= 0; i-- {
			dst[i] = byte('0' + v%10)
			v /= 10
		}
	}
}

// ticking is a time in RFC 3339 that advances by step.
func ticking(from time.Time, step time.Duration) func([]byte, int) {
	return func(dst []byte, n int) {
		from.Add(time.Duration(n)*step).UTC().AppendFormat(dst[:0], time.RFC3339)
	}
}

func (s *socket) roundTrip() error {
	s.serial++
	s.message.set(s.serial)
	if err := s.conn.SetReadDeadline(time.Now().Add(answerWithin)); err != nil {
		return err
	}
	if _, err := s.conn.Write(s.message.frame); err != nil {
		return err
	}
	answer, err := s.read()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(answer, "[3,") {
		return fmt.Errorf("the answer to %s is %s", s.message.frame, answer)
	}
	return nil
}

// call sends one payload and returns the answer; for what happens before the
// measurement.
func (s *socket) call(payload string) (string, error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(answerWithin)); err != nil {
		return "", err
	}
	if _, err := s.conn.Write(frame(payload)); err != nil {
		return "", err
	}
	return s.read()
}

// read returns the next answer. Calls of the server are answered with "I cannot
// do that", pings with pongs.
func (s *socket) read() (string, error) {
	for {
		op, payload, err := s.readFrame()
		switch {
		case err != nil:
			return "", err
		case op == 0x9: // RFC 6455 §5.5.2
			pong := frame(string(payload))
			pong[0] = 0x8A
			if _, err := s.conn.Write(pong); err != nil {
				return "", err
			}
		case op == 0x8:
			return "", fmt.Errorf("closed by the server: %q", payload)
		case bytes.HasPrefix(payload, []byte("[2,")):
			id, _, _ := bytes.Cut(payload[3:], []byte(","))
			if _, err := s.conn.Write(frame("[4," + string(id) + `,"NotSupported","",{}]`)); err != nil {
				return "", err
			}
		default:
			return string(payload), nil
		}
	}
}

func (s *socket) readFrame() (op byte, payload []byte, err error) {
	var head [8]byte
	if _, err := io.ReadFull(s.in, head[:2]); err != nil {
		return 0, nil, err
	}
	op = head[0] & 0x0f
	n := uint64(head[1] & 0x7f)
	switch n {
	case 126:
		if _, err := io.ReadFull(s.in, head[:2]); err != nil {
			return 0, nil, err
		}
		n = uint64(binary.BigEndian.Uint16(head[:2]))
	case 127:
		if _, err := io.ReadFull(s.in, head[:8]); err != nil {
			return 0, nil, err
		}
		n = binary.BigEndian.Uint64(head[:8])
	}
	if n > 1<<20 {
		return 0, nil, fmt.Errorf("a frame of %d bytes", n)
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(s.in, payload)
	return op, payload, err
}

func (s *socket) close() error { return s.conn.Close() }
