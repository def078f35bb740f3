package app

import (
	"container/list"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// FrontLimits bound what anybody may do to the HTTP server before and while being
// served. A charge point's socket is out of their reach once it is upgraded: the door has
// its own. Zero fields take the defaults.
type FrontLimits struct {
	// Header is how long the first byte and the whole header of a request may take,
	// from the accept or, on a connection that was used before, from its first byte.
	Header time.Duration
	// Request is how long a request may take to arrive with its body.
	Request time.Duration
	// Answer is how long the client may take to accept the answer. An event stream
	// sets its own with each event.
	Answer time.Duration
	// Idle is how long a connection may wait for its next request.
	Idle time.Duration
	// HeaderBytes is the largest header of a request.
	HeaderBytes int
	// Guests is how many connections there may be that are no charge point's socket;
	// past it new ones wait to be accepted.
	Guests int
	// GuestsOfOne is how many of them one address may have; past it a new one is closed.
	// Addresses of this machine are not counted: a proxy may stand there.
	GuestsOfOne int
}

// The defaults of FrontLimits.
const (
	DefaultHeader      = 10 * time.Second
	DefaultRequest     = 30 * time.Second
	DefaultAnswer      = 2 * time.Minute
	DefaultIdle        = 2 * time.Minute
	DefaultHeaderBytes = 64 << 10
	DefaultGuests      = 8192
	DefaultGuestsOfOne = 1024
)

// guestGrace is how long a guest may be silent before it makes room for another.
const guestGrace = time.Second

func orDefault[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

// Front is the HTTP server of a node and the listener to serve, with the limits of the
// node's Config.
func (a *App) Front(ln net.Listener) (*http.Server, net.Listener) {
	lim := a.cfg.Front
	g := &gate{
		Listener: ln, of: map[netip.Addr]*source{}, room: make(chan struct{}, 1), closed: make(chan struct{}), log: a.cfg.Log, address: address,
		most: orDefault(lim.Guests, DefaultGuests), mostOfOne: orDefault(lim.GuestsOfOne, DefaultGuestsOfOne),
	}
	if a.cfg.TrustProxy {
		g.mostOfOne = g.most // all come from the proxy
	}
	return &http.Server{
		Handler:           a,
		ReadHeaderTimeout: orDefault(lim.Header, DefaultHeader),
		ReadTimeout:       orDefault(lim.Request, DefaultRequest),
		WriteTimeout:      orDefault(lim.Answer, DefaultAnswer),
		IdleTimeout:       orDefault(lim.Idle, DefaultIdle),
		MaxHeaderBytes:    orDefault(lim.HeaderBytes, DefaultHeaderBytes),
		ConnState:         g.state,
		ErrorLog:          slog.NewLogLogger(a.cfg.Log.Handler(), slog.LevelError),
	}, g
}

// gate counts the connections that are no charge point's socket yet. Whoever sends
// nothing makes room for others first.
type gate struct {
	net.Listener
	most, mostOfOne int
	address         func(net.Conn) netip.Addr
	log             *slog.Logger
	room            chan struct{} // holds a token when a guest has left
	closed          chan struct{}
	once            sync.Once

	mu     sync.Mutex
	guests int
	of     map[netip.Addr]*source
	silent list.List // *guest, the longest silent first
	refuse time.Time // when a refusal was last logged
}

// source is one address with its guests; nil where they are not counted.
type source struct {
	addr   netip.Addr
	guests int
}

// guest is one connection. It keeps the methods of a TCPConn: sockets are read by
// descriptor and closed by halves.
type guest struct {
	*net.TCPConn
	gate  *gate
	from  *source
	wait  *list.Element // in silent
	since time.Time
	left  bool
}

// Accept waits for a connection that may come in.
func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		tcp, ok := c.(*net.TCPConn)
		if !ok {
			return c, nil
		}
		if in := g.admit(tcp); in != nil {
			return in, nil
		}
		select {
		case <-g.closed:
			return nil, net.ErrClosed
		default:
		}
	}
}

// Close ends the listening.
func (g *gate) Close() error {
	g.once.Do(func() { close(g.closed) })
	return g.Listener.Close()
}

// admit makes a guest of a connection; nil: it was closed.
func (g *gate) admit(c *net.TCPConn) *guest {
	x := &guest{TCPConn: c, gate: g}
	addr := g.address(c)
	tick := time.NewTicker(guestGrace / 10)
	defer tick.Stop()
	for {
		g.mu.Lock()
		from := g.of[addr]
		if from == nil {
			from = &source{addr: addr}
		}
		if addr.IsValid() && from.guests >= g.mostOfOne && !g.drop(from) {
			loud := time.Since(g.refuse) >= time.Minute
			if loud {
				g.refuse = time.Now()
			}
			g.mu.Unlock()
			if loud {
				g.log.Warn("too many connections of one address: closed", "address", addr, "limit", g.mostOfOne)
			}
			c.Close()
			return nil
		}
		if g.guests < g.most || g.drop(nil) {
			g.guests++
			if addr.IsValid() {
				from.guests++
				g.of[addr] = from
				x.from = from
			}
			x.quiet()
			g.mu.Unlock()
			return x
		}
		g.mu.Unlock()
		select {
		case <-g.room:
		case <-tick.C:
		case <-g.closed:
			c.Close()
			return nil
		}
	}
}

// drop closes the guest, of the source if one is given, that has been silent for
// longest, if that is long enough. The lock is held.
func (g *gate) drop(of *source) bool {
	for e := g.silent.Front(); e != nil; e = e.Next() {
		x := e.Value.(*guest)
		if time.Since(x.since) < guestGrace {
			return false
		}
		if of == nil || x.from == of {
			x.leave()
			x.TCPConn.Close() // its server goroutine notices
			return true
		}
	}
	return false
}

// state is told by the HTTP server what a connection is doing.
func (g *gate) state(c net.Conn, s http.ConnState) {
	x, ok := c.(*guest)
	if !ok {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch s {
	case http.StateActive:
		x.speaks()
	case http.StateIdle:
		if !x.left {
			x.quiet()
		}
	case http.StateHijacked, http.StateClosed: // hijacked: a charge point that is known
		x.leave()
	}
}

// quiet puts the guest at the end of those that are silent; the gate is locked.
func (x *guest) quiet() {
	x.speaks()
	x.since = time.Now()
	x.wait = x.gate.silent.PushBack(x)
}

func (x *guest) speaks() {
	if x.wait != nil {
		x.gate.silent.Remove(x.wait)
		x.wait = nil
	}
}

// leave stops counting the guest; the gate is locked.
func (x *guest) leave() {
	if x.left {
		return
	}
	x.left = true
	x.speaks()
	x.gate.guests--
	if x.from != nil {
		if x.from.guests--; x.from.guests == 0 {
			delete(x.gate.of, x.from.addr)
		}
		x.from = nil
	}
	select {
	case x.gate.room <- struct{}{}:
	default:
	}
}

// Close implements net.Conn.
func (x *guest) Close() error {
	x.gate.mu.Lock()
	x.leave()
	x.gate.mu.Unlock()
	return x.TCPConn.Close()
}

// address is whose connection it is; invalid where that is not counted.
func address(c net.Conn) netip.Addr {
	at, ok := c.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	addr := at.AddrPort().Addr().Unmap().WithZone("")
	if addr.IsLoopback() {
		return netip.Addr{}
	}
	if addr.Is6() { // who has one IPv6 address has 2^64 of them
		net, _ := addr.Prefix(64)
		return net.Addr()
	}
	return addr
}
