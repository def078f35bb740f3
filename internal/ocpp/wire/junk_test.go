package wire

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"ccms/internal/ocpp/junk"
)

// stream is a socket whose other end has sent all that it ever will.
type stream struct {
	in  []byte
	src *junk.Source
}

func (s *stream) Read(b []byte) (int, error) {
	if len(s.in) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.in[:min(len(s.in), 1+s.src.IntN(200))])
	s.in = s.in[n:]
	return n, nil
}

func (s *stream) Write(b []byte) (int, error)      { return len(b), nil }
func (s *stream) Close() error                     { s.in = nil; return nil }
func (s *stream) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (s *stream) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (s *stream) SetDeadline(time.Time) error      { return nil }
func (s *stream) SetReadDeadline(time.Time) error  { return nil }
func (s *stream) SetWriteDeadline(time.Time) error { return nil }

// Streams of messages in one piece and in many, with pings between them, and the same
// with wounds: what is whole is delivered as it was sent, in order, up to the limit; of
// the rest nothing but text within the limit.
func TestJunk_Frames(t *testing.T) {
	const limit = 300
	src := junk.New(4, []byte(`[2,"1","Heartbeat",{}]`), []byte("é"), []byte(strings.Repeat("long ", 30)), nil)
	whole := 0
	n := junk.Inputs()
	junk.Flat(t, n, func(i int) {
		var sent []byte
		var want []string
		tooBig := false
		frame := func(op ws.OpCode, fin bool, p []byte) {
			sent = append(sent, ws.MustCompileFrame(ws.MaskFrameWith(ws.NewFrame(op, fin, p), [4]byte{byte(src.Uint32()), 2, 3, byte(i)}))...)
		}
		for range 1 + src.IntN(4) {
			msg := bytes.Repeat(src.Seed(), 1+src.IntN(3))
			if !tooBig {
				if tooBig = len(msg) > limit; !tooBig {
					want = append(want, string(msg))
				}
			}
			op := ws.OpText
			for rest := msg; ; {
				if src.IntN(4) == 0 {
					frame(ws.OpPing, true, []byte("p"))
				}
				cut := len(rest)
				if src.IntN(2) == 0 {
					cut = src.IntN(len(rest) + 1)
				}
				frame(op, cut == len(rest), rest[:cut])
				op = ws.OpContinuation
				if rest = rest[cut:]; cut == len(rest)+cut {
					break
				}
			}
		}
		got := src.Wound(sent)
		intact := bytes.Equal(got, sent)
		c := NewConn(&stream{in: slices.Clone(got), src: src}, nil, "ocpp1.6", &Limits{Message: limit})
		var delivered []string
		for r := range reads(c) {
			var v *Violation
			switch {
			case r.err == nil:
				delivered = append(delivered, r.msg)
				if len(r.msg) > limit || !utf8.ValidString(r.msg) {
					t.Fatalf("input %d: delivered %d bytes %q", i, len(r.msg), r.msg)
				}
			case errors.As(r.err, &v) && v.Code < 1002:
				t.Fatalf("input %d: closed with %d", i, v.Code)
			case intact && tooBig && (v == nil || v.Code != 1009):
				t.Fatalf("input %d: a message past the limit ends with %v", i, r.err)
			case intact && !tooBig && v != nil:
				t.Fatalf("input %d: %v", i, r.err)
			}
		}
		if intact {
			whole++
			if !slices.Equal(delivered, want) {
				t.Fatalf("input %d: delivered %q, want %q", i, delivered, want)
			}
		}
	})
	if whole < n/20 {
		t.Errorf("only %d of %d streams were whole", whole, n)
	}
}
