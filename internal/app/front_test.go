package app

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"testing"
	"time"
)

// front serves h behind a gate that counts loopback addresses like any other.
func front(t *testing.T, h http.Handler, lim FrontLimits) (addr string, g *gate) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := &App{cfg: Config{Front: lim, Log: slog.New(slog.DiscardHandler)}}
	srv, in := a.Front(ln)
	srv.Handler = h
	g = in.(*gate)
	g.address = func(c net.Conn) netip.Addr { return c.RemoteAddr().(*net.TCPAddr).AddrPort().Addr() }
	served := make(chan error, 1)
	go func() { served <- srv.Serve(in) }()
	t.Cleanup(func() {
		srv.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serving ended with %v", err)
		}
	})
	return ln.Addr().String(), g
}

// from dials as another address of this machine.
func from(t *testing.T, ip, to string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}, Timeout: 10 * time.Second}
	c, err := d.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

// ended waits for the server to close the connection.
func ended(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, c); err != nil {
		if n := net.Error(nil); errors.As(err, &n) && n.Timeout() {
			t.Fatal("the connection stays")
		}
	}
}

func get(t *testing.T, c net.Conn) {
	t.Helper()
	io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	b := make([]byte, 12)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "HTTP/1.1 200" {
		t.Fatalf("answered %q (%v)", b, err)
	}
}

func (g *gate) counts() (guests, sources, silent int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.guests, len(g.of), g.silent.Len()
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
		<-time.After(2 * time.Millisecond)
	}
}

var yes = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// A fleet behind one address gets in while there is room; where there is none, others
// come first.
func TestOneAddressMayHaveAllPlacesButMakesRoomForOthers(t *testing.T) {
	t.Parallel()
	inside, leave := make(chan bool, 16), make(chan bool)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stay" {
			inside <- true
			<-leave
		}
	})
	defer close(leave)
	addr, g := front(t, h, FrontLimits{Guests: 8, GuestsOfOne: 5})
	var mine []net.Conn
	for range 8 { // three more than its share, and none of them silent
		c := from(t, "127.0.0.2", addr)
		io.WriteString(c, "GET /stay HTTP/1.1\r\nHost: x\r\n\r\n")
		<-inside
		mine = append(mine, c)
	}
	ended(t, from(t, "127.0.0.2", addr)) // the ninth has no place, and no right to one
	for i := range 3 {
		get(t, from(t, "127.0.0.3", addr)) // nobody else is hurt
		ended(t, mine[i])
	}
	g.mu.Lock()
	over, share := len(g.over), g.of[netip.MustParseAddr("127.0.0.2")].guests.Len()
	g.mu.Unlock()
	if over != 0 || share != 5 {
		t.Errorf("%d addresses over their share, %d guests of the first", over, share)
	}
}

// Behind a proxy all have one address, so that it says nothing.
func TestWithATrustedProxyNoAddressIsCounted(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	a := &App{cfg: Config{TrustProxy: true, Front: FrontLimits{Guests: 2, GuestsOfOne: 1}, Log: slog.New(slog.DiscardHandler)}}
	_, in := a.Front(ln)
	g := in.(*gate)
	g.address = func(net.Conn) netip.Addr { return netip.MustParseAddr("192.0.2.1") } // not this machine
	accepted := make(chan net.Conn, 3)
	go func() {
		for {
			c, err := in.Accept()
			if err != nil {
				return
			}
			g.state(c, http.StateActive) // being served: nobody makes room
			accepted <- c
		}
	}()
	defer in.Close()
	var first net.Conn
	for range 2 {
		from(t, "127.0.0.1", ln.Addr().String())
		first = <-accepted
	}
	third := from(t, "127.0.0.1", ln.Addr().String())
	third.SetReadDeadline(time.Now().Add(1500 * time.Millisecond)) // past the grace for the silent
	if _, err := third.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the third does not wait: %v", err)
	}
	if _, sources, _ := g.counts(); sources != 0 {
		t.Errorf("%d addresses are counted", sources)
	}
	first.Close()
	select {
	case c := <-accepted:
		c.Close()
	case <-time.After(10 * time.Second):
		t.Error("the third is not accepted where there is room again")
	}
}

func TestTheSilentMakeRoomForOthers(t *testing.T) {
	t.Parallel()
	addr, g := front(t, yes, FrontLimits{Guests: 8, GuestsOfOne: 8})
	var mute []net.Conn
	for range 8 {
		mute = append(mute, from(t, "127.0.0.2", addr))
	}
	until(t, "all are in", func() bool { n, _, _ := g.counts(); return n == 8 })
	get(t, from(t, "127.0.0.3", addr)) // waits to be accepted until one has been silent for a second
	ended(t, mute[0])
	if n, _, _ := g.counts(); n > 8 {
		t.Errorf("%d guests", n)
	}
	get(t, mute[7]) // who speaks stays
}

func TestWhoIsBeingServedIsNotClosedForOthers(t *testing.T) {
	t.Parallel()
	inside, leave := make(chan bool, 4), make(chan bool)
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inside <- true; <-leave })
	addr, _ := front(t, h, FrontLimits{Guests: 3})
	var busy []net.Conn
	for range 3 {
		c := from(t, "127.0.0.2", addr)
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		<-inside
		busy = append(busy, c)
	}
	next := from(t, "127.0.0.3", addr)
	io.WriteString(next, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	select {
	case <-inside:
		t.Error("a fourth was let in")
	case <-time.After(1500 * time.Millisecond): // past the grace for the silent
	}
	close(leave)
	b := make([]byte, 12)
	for _, c := range append(busy, next) {
		if _, err := io.ReadFull(c, b); err != nil || string(b) != "HTTP/1.1 200" {
			t.Errorf("answered %q (%v)", b, err)
		}
	}
}

func TestASocketThatIsUpgradedIsNoGuest(t *testing.T) {
	t.Parallel()
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			io.WriteString(c, "x")
			io.Copy(io.Discard, c)
			c.Close()
		}
	})
	addr, g := front(t, h, FrontLimits{Guests: 2, GuestsOfOne: 2})
	for range 6 {
		c := from(t, "127.0.0.2", addr)
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "nobody is counted", func() bool {
		guests, sources, silent := g.counts()
		return guests == 0 && sources == 0 && silent == 0
	})
}
