package wire

import (
	"errors"
	"io"
	"net"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// Whatever bytes come, the reader ends with an error, and what it delivers is
// text within the limit.
func FuzzReceive(f *testing.F) {
	masked := func(op ws.OpCode, fin bool, s string) []byte {
		return ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(op, fin, []byte(s))))
	}
	f.Add(masked(ws.OpText, true, `[2,"1","Heartbeat",{}]`))
	f.Add(append(masked(ws.OpText, false, "a"), masked(ws.OpContinuation, true, "b")...))
	f.Add(append(masked(ws.OpPing, true, "x"), masked(ws.OpClose, true, "\x03\xe8")...))
	f.Add(ws.MustCompileFrame(ws.NewTextFrame([]byte("unmasked"))))
	f.Add([]byte{0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0})
	f.Add([]byte{0xc1, 0x80, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, stream []byte) {
		const limit = 300
		a, b := net.Pipe()
		defer b.Close()
		go io.Copy(io.Discard, b)
		go func() {
			b.Write(stream)
			b.Close()
		}()
		c := NewConn(a, nil, "ocpp1.6", &Limits{Message: limit})
		for r := range reads(c) {
			var v *Violation
			switch {
			case r.err == nil:
				if len(r.msg) > limit || !utf8.ValidString(r.msg) {
					t.Fatalf("delivered %d bytes %q", len(r.msg), r.msg)
				}
			case errors.As(r.err, &v) && v.Code < 1002:
				t.Fatalf("closed with %d", v.Code)
			case c.in.buf != nil:
				t.Fatal("the buffer was not given back")
			}
		}
	})
}
