package wire

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
)

// peer is the charge point's end in a test: frames written and read with the
// library, not with the code under test.
type peer struct {
	t testing.TB
	net.Conn
}

func (p peer) send(f ws.Frame) {
	p.t.Helper()
	p.raw(ws.MustCompileFrame(f))
}

func (p peer) raw(b []byte) {
	p.t.Helper()
	if _, err := p.Write(b); err != nil {
		p.t.Fatalf("peer could not write: %v", err)
	}
}

func (p peer) text(s string) { p.t.Helper(); p.send(ws.MaskFrame(ws.NewTextFrame([]byte(s)))) }

func (p peer) read() ws.Frame {
	p.t.Helper()
	h, err := ws.ReadHeader(p)
	if err != nil {
		p.t.Fatalf("peer could not read: %v", err)
	}
	f := ws.Frame{Header: h, Payload: make([]byte, h.Length)}
	if _, err := io.ReadFull(p, f.Payload); err != nil {
		p.t.Fatalf("peer could not read the payload: %v", err)
	}
	return f
}

func (p peer) wantClose(code uint16) {
	p.t.Helper()
	f := p.read()
	if f.Header.OpCode != ws.OpClose {
		p.t.Fatalf("got %v %q, want a close frame", f.Header.OpCode, f.Payload)
	}
	if got, reason := ws.ParseCloseFrameData(f.Payload); uint16(got) != code {
		p.t.Fatalf("close code %d %q, want %d", got, reason, code)
	}
}

func pair(t testing.TB, lim *Limits) (*Conn, peer) {
	a, b := net.Pipe()
	t.Cleanup(func() { a.Close(); b.Close() })
	return NewConn(a, nil, "ocpp1.6", lim), peer{t, b}
}

type read struct {
	msg string
	err error
}

// told is a Receiver that passes on what it is told.
type told chan read

func (t told) Receive(msg []byte) { t <- read{msg: string(msg)} }

func (t told) Ended(why error) {
	t <- read{err: why}
	close(t)
}

// reads starts a connection; the last it tells is the error.
func reads(c *Conn) <-chan read {
	ch := make(told, 100)
	c.Start(ch)
	return ch
}

func TestTextArrivesWholeHoweverItIsCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é0123456789", 3000)
	masked := func(op ws.OpCode, fin bool, s string) []byte {
		return ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(op, fin, []byte(s))))
	}
	join := func(bs ...[]byte) []byte { return bytes.Join(bs, nil) }
	cases := []struct {
		why    string
		stream []byte
		want   []string
	}{
		{"one frame", masked(ws.OpText, true, "hello"), []string{"hello"}},
		{"an empty message", masked(ws.OpText, true, ""), []string{""}},
		{"two frames in one segment", join(masked(ws.OpText, true, "a"), masked(ws.OpText, true, "b")), []string{"a", "b"}},
		{"126 bytes need the 16-bit length", masked(ws.OpText, true, long[:126]), []string{long[:126]}},
		{"past the buffer", masked(ws.OpText, true, long), []string{long}},
		{"past 65535 bytes", masked(ws.OpText, true, long+long+long), []string{long + long + long}},
		{"fragments", join(masked(ws.OpText, false, "ab"), masked(ws.OpContinuation, false, "cd"), masked(ws.OpContinuation, true, "é")), []string{"abcdé"}},
		{"a character cut by a fragment", join(masked(ws.OpText, false, "\xc3"), masked(ws.OpContinuation, true, "\xa9")), []string{"é"}},
		{"a pong between fragments", join(masked(ws.OpText, false, "ab"), masked(ws.OpPong, true, "x"), masked(ws.OpContinuation, true, "cd")), []string{"abcd"}},
	}
	for _, tc := range cases {
		for _, step := range []int{1, 7, 1 << 20} {
			if step == 1 && len(tc.stream) > 10_000 {
				continue
			}
			c, p := pair(t, nil)
			got := reads(c)
			go func() {
				for s := tc.stream; len(s) > 0; {
					n := min(step, len(s))
					p.raw(s[:n])
					s = s[n:]
				}
				p.Close()
			}()
			for _, want := range tc.want {
				if r := <-got; r.err != nil || r.msg != want {
					t.Fatalf("%s, %d bytes at a time: got %.40q %v", tc.why, step, r.msg, r.err)
				}
			}
			if r := <-got; !errors.Is(r.err, io.EOF) {
				t.Fatalf("%s: after the end: %v, want EOF", tc.why, r.err)
			}
		}
	}
}

func TestViolationsAreClosedWithTheirCode(t *testing.T) {
	t.Parallel()
	frame := func(op ws.OpCode, fin bool, s string) ws.Frame {
		return ws.MaskFrame(ws.NewFrame(op, fin, []byte(s)))
	}
	rsv := frame(ws.OpText, true, "compressed")
	rsv.Header.Rsv = ws.Rsv(true, false, false)
	huge := frame(ws.OpText, true, "")
	huge.Header.Length = 10 << 20
	endless := frame(ws.OpText, true, "")
	endless.Header.Length = 1 << 62
	cases := []struct {
		why   string
		bytes [][]byte
		code  uint16
	}{
		{"RSV bit without an extension", [][]byte{ws.MustCompileFrame(rsv)}, 1002},
		{"unmasked frame", [][]byte{ws.MustCompileFrame(ws.NewTextFrame([]byte("x")))}, 1002},
		{"reserved opcode", [][]byte{ws.MustCompileFrame(frame(0x3, true, "x"))}, 1002},
		{"continuation of nothing", [][]byte{ws.MustCompileFrame(frame(ws.OpContinuation, true, "x"))}, 1002},
		{"a new message inside a message", [][]byte{ws.MustCompileFrame(frame(ws.OpText, false, "x")), ws.MustCompileFrame(frame(ws.OpText, true, "x"))}, 1002},
		{"a ping in fragments", [][]byte{ws.MustCompileFrame(frame(ws.OpPing, false, "x"))}, 1002},
		{"a ping of 126 bytes", [][]byte{ws.MustCompileFrame(frame(ws.OpPing, true, strings.Repeat("x", 126)))[:14]}, 1002},
		{"a close frame of one byte", [][]byte{ws.MustCompileFrame(frame(ws.OpClose, true, "x"))}, 1002},
		{"a close code nobody may send", [][]byte{ws.MustCompileFrame(ws.MaskFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(1005, ""))))}, 1002},
		{"binary", [][]byte{ws.MustCompileFrame(frame(ws.OpBinary, true, "x"))}, 1003},
		{"not UTF-8", [][]byte{ws.MustCompileFrame(frame(ws.OpText, true, "\xff\xfe"))}, 1007},
		{"ten megabytes declared", [][]byte{ws.MustCompileFrame(huge)}, 1009},
		{"a length that overflows", [][]byte{ws.MustCompileFrame(endless)}, 1009},
		{"too big in fragments", [][]byte{
			ws.MustCompileFrame(frame(ws.OpText, false, strings.Repeat("x", 200<<10))),
			ws.MustCompileFrame(frame(ws.OpContinuation, true, strings.Repeat("x", 57<<10)))[:8],
		}, 1009},
	}
	for _, tc := range cases {
		c, p := pair(t, nil)
		got := reads(c)
		go func() {
			for _, b := range tc.bytes {
				p.Write(b) // the last may be cut by the close
			}
		}()
		p.t = t
		f := p.read()
		code, reason := ws.ParseCloseFrameData(f.Payload)
		if f.Header.OpCode != ws.OpClose || uint16(code) != tc.code {
			t.Fatalf("%s: got %v %d %q, want close %d", tc.why, f.Header.OpCode, code, reason, tc.code)
		}
		r := <-got
		var v *Violation
		if !errors.As(r.err, &v) || v.Code != tc.code {
			t.Fatalf("%s: reader returned %v", tc.why, r.err)
		}
		if more, open := <-got; open {
			t.Fatalf("%s: told %v after the end", tc.why, more)
		}
	}
}

func TestPingIsAnsweredAndCloseIsEchoed(t *testing.T) {
	t.Parallel()
	c, p := pair(t, nil)
	got := reads(c)
	go p.send(ws.MaskFrame(ws.NewPingFrame([]byte("are you there"))))
	if f := p.read(); f.Header.OpCode != ws.OpPong || string(f.Payload) != "are you there" {
		t.Fatalf("got %v %q, want the pong", f.Header.OpCode, f.Payload)
	}
	go p.send(ws.MaskFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "bye"))))
	p.wantClose(1000)
	r := <-got
	var closed *PeerClosed
	if !errors.As(r.err, &closed) || closed.Code != 1000 || closed.Reason != "bye" {
		t.Fatalf("reader returned %v", r.err)
	}
	if err := c.WriteText([]byte("x")); !errors.Is(err, ErrClosed) {
		t.Fatalf("write after close: %v", err)
	}
}

func TestServerCloseWaitsForTheEchoAndDropsWhatComesBetween(t *testing.T) {
	t.Parallel()
	c, p := pair(t, nil)
	got := reads(c)
	go c.Close(CloseGoingAway, "going down")
	p.wantClose(1001)
	p.text(`[2,"1","Heartbeat",{}]`)
	go p.send(ws.MaskFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(1001, ""))))
	if r := <-got; r.err == nil {
		t.Fatalf("a message after our close was delivered: %q", r.msg)
	}
	if err := c.Close(CloseNormal, ""); !errors.Is(err, ErrClosed) {
		t.Fatalf("second close: %v", err)
	}
}

func TestServerCloseEndsWithoutAnEcho(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pair(t, &Limits{Grace: 3 * time.Second})
		got := reads(c)
		start := time.Now()
		go c.Close(CloseTryLater, "")
		p.wantClose(1013)
		r := <-got
		if !errors.Is(r.err, ErrClosed) || time.Since(start) != 3*time.Second {
			t.Fatalf("ended with %v after %v", r.err, time.Since(start))
		}
	})
}

func TestCloseFreesAWriterThatAStuckPeerHolds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := pair(t, &Limits{Write: time.Hour, Grace: time.Second})
		wrote := make(chan error, 1)
		go func() { wrote <- c.WriteText([]byte("nobody reads this")) }()
		synctest.Wait()
		start := time.Now()
		c.Close(CloseNormal, "")
		if err := <-wrote; err == nil || time.Since(start) != time.Second {
			t.Fatalf("writer ended with %v after %v", err, time.Since(start))
		}
	})
}

func TestAWriteNobodyReadsEndsTheSocket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := pair(t, &Limits{Write: 10 * time.Second})
		start := time.Now()
		if err := c.WriteText([]byte("x")); err == nil {
			t.Fatal("write succeeded")
		}
		if d := time.Since(start); d < 10*time.Second || d > 20*time.Second {
			t.Fatalf("gave up after %v", d)
		}
		if r := <-reads(c); r.err == nil {
			t.Fatal("the socket is still open")
		}
	})
}

func TestRow12_AnyFrameIsASignOfLife(t *testing.T) {
	t.Parallel()
	for _, frame := range []ws.Frame{
		ws.NewTextFrame([]byte("x")), ws.NewPingFrame(nil), ws.NewPongFrame([]byte("unasked")),
	} {
		synctest.Test(t, func(t *testing.T) {
			c, p := pair(t, &Limits{Idle: 5 * time.Minute, Ping: -1})
			got := reads(c)
			go func() { io.Copy(io.Discard, p) }()
			for range 6 { // each gap is shorter than the limit, their sum is not
				time.Sleep(4 * time.Minute)
				p.send(ws.MaskFrame(frame))
			}
			last := time.Now()
			for r := range got {
				if r.err == nil {
					continue
				}
				if !errors.Is(r.err, ErrIdle) || time.Since(last) != 5*time.Minute {
					t.Fatalf("opcode %v: ended with %v after %v", frame.Header.OpCode, r.err, time.Since(last))
				}
			}
		})
	}
}

func TestASilentPeerIsPingedAndKeptWhileItAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pair(t, &Limits{Idle: 3 * time.Minute, Ping: time.Minute})
		got := reads(c)
		start := time.Now()
		for i := 1; i <= 10; i++ {
			f := p.read()
			if f.Header.OpCode != ws.OpPing || time.Since(start) != time.Duration(i)*time.Minute {
				t.Fatalf("ping %d: got %v after %v", i, f.Header.OpCode, time.Since(start))
			}
			p.send(ws.MaskFrame(ws.NewPongFrame(f.Payload)))
		}
		// From here on it answers nothing: two more pings, then the end.
		for range 2 {
			p.read()
		}
		p.wantClose(1001)
		if r := <-got; !errors.Is(r.err, ErrIdle) || time.Since(start) != 13*time.Minute {
			t.Fatalf("ended with %v after %v", r.err, time.Since(start))
		}
	})
}

func TestABusyPeerIsNotPinged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pair(t, &Limits{Ping: time.Minute})
		reads(c)
		pings := make(chan ws.Frame, 10)
		go func() {
			for {
				h, err := ws.ReadHeader(p)
				if err != nil {
					return
				}
				pings <- ws.Frame{Header: h}
			}
		}()
		for range 20 {
			time.Sleep(50 * time.Second)
			p.text("x")
		}
		synctest.Wait()
		if len(pings) != 0 {
			t.Fatalf("%d pings to a peer that was never silent for a minute", len(pings))
		}
	})
}

func TestSetIdleShortensTheLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pair(t, &Limits{Idle: time.Hour, Ping: time.Minute})
		got := reads(c)
		go func() { io.Copy(io.Discard, p) }()
		synctest.Wait()
		c.SetIdle(150 * time.Second)
		start := time.Now()
		if r := <-got; !errors.Is(r.err, ErrIdle) || time.Since(start) != 150*time.Second {
			t.Fatalf("ended with %v after %v", r.err, time.Since(start))
		}
	})
}

func TestAMessageThatWasBegunMustBeCompleted(t *testing.T) {
	t.Parallel()
	whole := ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte("0123456789"))))
	first := ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(ws.OpText, false, []byte("01234"))))
	ping := ws.MustCompileFrame(ws.MaskFrame(ws.NewPingFrame(nil)))
	cases := map[string][]byte{
		"a byte of a header":           whole[:1],
		"a header":                     whole[:6],
		"half a payload":               whole[:10],
		"one fragment of two":          first,
		"one fragment, then a ping":    append(bytes.Clone(first), ping...),
		"a message and half of a next": append(bytes.Clone(whole), whole[:9]...),
	}
	for why, stream := range cases {
		synctest.Test(t, func(t *testing.T) {
			c, p := pair(t, &Limits{Idle: time.Hour, Ping: time.Minute, Partial: 30 * time.Second})
			got := reads(c)
			go func() { io.Copy(io.Discard, p) }()
			p.raw(stream)
			start := time.Now()
			for r := range got {
				if r.err == nil {
					continue
				}
				if !errors.Is(r.err, ErrSlow) || time.Since(start) != 30*time.Second {
					t.Fatalf("%s: ended with %v after %v", why, r.err, time.Since(start))
				}
			}
		})
	}
}

func TestAnIdleConnectionHoldsNoBuffer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pair(t, nil)
		got := reads(c)
		p.text("one")
		<-got
		synctest.Wait()
		if c.in.buf != nil {
			t.Fatal("the reader waits with a buffer in hand")
		}
	})
}
