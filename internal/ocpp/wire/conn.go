package wire

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gobwas/ws"
)

// Close codes of RFC 6455 §7.4.1 and the IANA registry that the server uses.
const (
	CloseNormal    = uint16(ws.StatusNormalClosure)       // 1000
	CloseGoingAway = uint16(ws.StatusGoingAway)           // 1001: the server drains
	CloseProtocol  = uint16(ws.StatusProtocolError)       // 1002
	ClosePolicy    = uint16(ws.StatusPolicyViolation)     // 1008
	CloseTooBig    = uint16(ws.StatusMessageTooBig)       // 1009
	CloseInternal  = uint16(ws.StatusInternalServerError) // 1011
	CloseTryLater  = uint16(1013)                         // the store takes no writes
)

// Errors that end a connection.
var (
	ErrClosed = errors.New("socket closed")
	ErrIdle   = errors.New("idle limit passed without a frame")
	ErrSlow   = errors.New("frame begun but not completed in time")
)

// PeerClosed is the reason of an end after the peer's close frame.
type PeerClosed struct {
	Code   uint16 // 1005: the frame carried none
	Reason string
}

func (e *PeerClosed) Error() string {
	return fmt.Sprintf("closed by the peer: %d %s", e.Code, e.Reason)
}

// Violation is the reason of an end when the server has closed the socket
// because of what the peer sent.
type Violation struct {
	Code   uint16 // the close code that was sent
	Reason string
}

func (e *Violation) Error() string { return fmt.Sprintf("protocol violation: %d %s", e.Code, e.Reason) }

// Conn is the server's end of one WebSocket. Its methods may be called by any
// goroutine.
type Conn struct {
	nc       net.Conn
	raw      syscall.RawConn // nil: nc hides its descriptor, as TLS does
	lim      *Limits
	protocol string
	to       Receiver

	// Of the reading goroutine alone.
	early   []byte // came with the handshake
	in      input
	msg     message
	err     error // that ended reading from the descriptor
	seen    stamp // last complete frame
	pinged  stamp // last ping of ours, or the beginning
	armed   stamp // the read deadline that is set; 0: none
	wholeBy stamp // when what was begun must be complete; 0: nothing is
	restAt  stamp // when to see whether it has become quiet; 0: it has

	closing   atomic.Bool  // our close frame went out, or is about to
	gone      atomic.Bool  // the socket is closed, or is about to be
	closeSent bool         // guarded by writing
	idle      atomic.Int64 // nanoseconds
	writing   turn
	writeBy   stamp // the write deadline that is set
}

// stamp is a moment on the monotonic clock, in nanoseconds from some beginning.
// It is a third of the size of a time.Time, which counts in ten thousand
// connections. Only differences mean anything: in a test's own time all may be
// negative.
type stamp int64

var began = time.Now()

func now() stamp { return stamp(time.Since(began)) }

func (s stamp) add(d time.Duration) stamp { return s + stamp(d) }

// deadline is the moment as sockets want it.
func (s stamp) deadline() time.Time { return time.Now().Add(time.Duration(s - now())) }

// NewConn is a connection whose handshake is done. early holds bytes the peer
// sent behind it. lim may be nil for the defaults.
func NewConn(nc net.Conn, early []byte, protocol string, lim *Limits) *Conn {
	if lim == nil {
		lim = &Limits{}
	}
	at := now()
	c := &Conn{nc: nc, lim: lim, protocol: protocol, early: early, seen: at, pinged: at, writeBy: at}
	c.idle.Store(int64(orDefault(lim.Idle, DefaultIdle)))
	if s, ok := nc.(syscall.Conn); ok && descriptors {
		c.raw, _ = s.SyscallConn() // none: as if hidden
	}
	return c
}

// Protocol is the sub-protocol the handshake ended with.
func (c *Conn) Protocol() string { return c.protocol }

// RemoteAddr is the peer's address as the socket knows it.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// SetIdle changes the idle limit of this connection, for instance once its
// heartbeat interval is known. A reader that waits takes note when it next
// wakes, which is after a frame or a ping interval.
func (c *Conn) SetIdle(d time.Duration) { c.idle.Store(int64(d)) }

// WriteText sends one text message. The bytes are not kept and not changed.
func (c *Conn) WriteText(p []byte) error { return c.write(ws.OpText, p) }

// Ping sends a ping. The answer counts as any other frame.
func (c *Conn) Ping() error { return c.write(ws.OpPing, nil) }

// Close sends a close frame and ends the socket once the peer has answered or
// the grace has passed. It does not wait for that; the Receiver is told then.
// Messages that arrive in between are dropped.
func (c *Conn) Close(code uint16, reason string) error {
	if c.closing.Swap(true) {
		return ErrClosed
	}
	// Set before the write: it also frees a writer that a stuck peer holds.
	time.AfterFunc(orDefault(c.lim.Grace, DefaultGrace), c.cut)
	return c.writeClose(ws.StatusCode(code), reason)
}

// CloseNow ends the socket without a word.
func (c *Conn) CloseNow() {
	c.closing.Store(true)
	c.cut()
}

// cut ends the socket. Closing a descriptor waits for its reader, which may be us, and
// which a peer that sends without end keeps from waiting: so it is told.
func (c *Conn) cut() {
	c.gone.Store(true)
	go c.nc.Close()
}
