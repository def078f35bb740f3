package app

import (
	"container/list"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"ccms/internal/operator"
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
	// GuestsOfOne is how many of them one address may keep while all places are taken:
	// past it its own new ones are closed, and its oldest make room for others. While
	// there is room it may have more: a whole fleet may stand behind one address.
	// Addresses of this machine are not counted, and with a trusted proxy none.
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
		Listener: ln, of: map[netip.Addr]*source{}, over: map[*source]bool{}, room: make(chan struct{}, 1), closed: make(chan struct{}), log: a.cfg.Log, address: address,
		most: orDefault(lim.Guests, DefaultGuests), mostOfOne: orDefault(lim.GuestsOfOne, DefaultGuestsOfOne),
	}
	if a.cfg.TrustProxy {
		g.mostOfOne = 0 // all come from the proxy
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
	most, mostOfOne int // mostOfOne 0: addresses are not counted
	address         func(net.Conn) netip.Addr
	log             *slog.Logger
	room            chan struct{} // holds a token when a guest has left
	closed          chan struct{}
	once            sync.Once

	mu     sync.Mutex
	guests int
	of     map[netip.Addr]*source
	over   map[*source]bool // those with more than mostOfOne: few, because most is
	silent list.List        // *guest, the longest silent first
	refuse time.Time        // when a refusal was last logged
}

// source is one address with its guests; nil where they are not counted.
type source struct {
	addr   netip.Addr
	guests list.List // *guest, the oldest first
}

// guest is one connection. It keeps the methods of a TCPConn: sockets are read by
// descriptor and closed by halves.
type guest struct {
	*net.TCPConn
	gate  *gate
	from  *source
	place *list.Element // in the source's guests
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
	var addr netip.Addr
	if g.mostOfOne > 0 {
		addr = g.address(c)
	}
	tick := time.NewTicker(guestGrace / 10)
	defer tick.Stop()
	for {
		g.mu.Lock()
		from := g.of[addr]
		if from == nil {
			from = &source{addr: addr}
		}
		full := g.guests >= g.most
		if full && addr.IsValid() && from.guests.Len() >= g.mostOfOne {
			if !g.drop(from) {
				g.refuseLocked(addr)
				c.Close()
				return nil
			}
			full = false
		}
		if !full || g.drop(nil) || g.evict() {
			g.guests++
			if addr.IsValid() {
				x.from, x.place = from, from.guests.PushBack(x)
				g.of[addr] = from
				if from.guests.Len() > g.mostOfOne {
					g.over[from] = true
				}
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

// refuseLocked says once a minute that connections are closed, and unlocks.
func (g *gate) refuseLocked(addr netip.Addr) {
	loud := time.Since(g.refuse) >= time.Minute
	if loud {
		g.refuse = time.Now()
	}
	g.mu.Unlock()
	if loud {
		g.log.Warn("no room, and too many connections of one address: closed", "address", addr, "limit", g.mostOfOne)
	}
}

// evict closes the oldest guest of an address that has more than its share, whatever it
// is doing. The lock is held.
func (g *gate) evict() bool {
	for from := range g.over {
		x := from.guests.Front().Value.(*guest)
		x.leave()
		x.TCPConn.Close()
		return true
	}
	return false
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
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
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
		x.from.guests.Remove(x.place)
		if n := x.from.guests.Len(); n == 0 {
			delete(x.gate.of, x.from.addr)
		} else if n <= x.gate.mostOfOne {
			delete(x.gate.over, x.from)
		}
		x.from, x.place = nil, nil
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
	addr := at.AddrPort().Addr().Unmap()
	if addr.IsLoopback() {
		return netip.Addr{}
	}
	return operator.Origin(addr)
}
