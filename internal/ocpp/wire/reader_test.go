package wire

import (
	"bytes"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
)

// onto tells with each message which goroutine brought it.
type onto struct{ told }

func (o onto) Receive([]byte) {
	var stack [64]byte
	o.told <- read{msg: strings.Fields(string(stack[:runtime.Stack(stack[:], false)]))[1]}
}

func TestAQuietConnectionIsGivenAFreshGoroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, p := pair(t, nil)
		o := onto{make(told, 100)}
		c.Start(o)
		say := func() string { p.text("x"); return (<-o.told).msg }
		first := say()
		for range 100 { // ten seconds, none of them quiet
			time.Sleep(100 * time.Millisecond)
			if again := say(); again != first {
				t.Fatalf("goroutine %s, then %s", first, again)
			}
		}
		time.Sleep(3 * linger)
		if again := say(); again == first {
			t.Fatal("the goroutine with the grown stack still waits")
		}
	})
}

// sockets is a connection over TCP and the charge point's end of it.
func sockets(t *testing.T) (*Conn, peer) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	a, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return NewConn(a, nil, "ocpp1.6", &Limits{Grace: 10 * time.Millisecond}), peer{t, b}
}

func ended(t *testing.T, got <-chan read) error {
	t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		select {
		case r := <-got:
			if r.err != nil {
				return r.err
			}
		case <-timeout:
			t.Fatal("the end was not seen")
		}
	}
}

func TestAnEndThatComesWithTheLastBytesIsSeen(t *testing.T) {
	t.Parallel()
	c, p := sockets(t)
	p.text("last")
	if err := p.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	got := reads(c) // both have arrived before the first read
	if r := <-got; r.msg != "last" {
		t.Fatalf("got %q, %v", r.msg, r.err)
	}
	_ = ended(t, got)
}

// answering writes from inside Receive, as a quick answer is.
type answering struct {
	told
	c     *Conn
	ready chan struct{}
}

func (a answering) Receive(msg []byte) {
	<-a.ready
	for err := error(nil); err == nil; { // until the socket has failed
		err = a.c.WriteText(msg)
	}
	a.told.Receive(msg)
}

func TestAFailedWriteInsideReceiveEndsTheSocket(t *testing.T) {
	t.Parallel()
	c, p := sockets(t)
	a := answering{make(told, 100), c, make(chan struct{})}
	c.Start(a)
	p.send(ws.MaskFrame(ws.NewTextFrame([]byte("x"))))
	if err := p.Conn.(*net.TCPConn).SetLinger(0); err != nil { // a reset
		t.Fatal(err)
	}
	p.Close()
	close(a.ready)
	_ = ended(t, a.told)
}

func TestAReceiverMayEndItsConnection(t *testing.T) {
	t.Parallel()
	for why, end := range map[string]func(*Conn){
		"with a word":    func(c *Conn) { _ = c.Close(CloseNormal, "") },
		"without a word": (*Conn).CloseNow,
	} {
		c, p := sockets(t)
		e := ending{make(told, 100), func() { end(c) }}
		c.Start(e)
		p.text("x")
		t.Log(why, ended(t, e.told))
	}
}

type ending struct {
	told
	end func()
}

func (e ending) Receive([]byte) { e.end() }

// cutting ends its socket in the middle of the first message, as a failed write does,
// once there is much more to read.
type cutting struct {
	told
	c    *Conn
	more <-chan struct{}
	n    *int
}

func (x cutting) Receive([]byte) {
	if *x.n++; *x.n == 1 {
		<-x.more
		x.c.cut()
	}
}

func TestAReaderThatAlwaysFindsMoreLearnsThatTheSocketHasEnded(t *testing.T) {
	t.Parallel()
	c, p := sockets(t)
	more, n := make(chan struct{}), 0
	x := cutting{make(told, 1), c, more, &n}
	frame := ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame(make([]byte, 100))))
	sent := readSize * 16 / len(frame)
	go func() {
		defer close(more)
		_, _ = p.Write(bytes.Repeat(frame, sent)) // it fits the system's buffers
	}()
	c.Start(x)
	select {
	case <-x.told:
	case <-time.After(20 * time.Second):
		t.Fatal("it still reads")
	}
	if most := 2*readSize/len(frame) + 1; n > most {
		t.Fatalf("%d messages of %d were taken from a socket that had ended, at most %d had been read", n, sent, most)
	}
}
