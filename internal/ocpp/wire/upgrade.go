package wire

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gobwas/ws"
)

// Policy says which sub-protocols a handshake may end with.
type Policy struct {
	// Protocols we speak. The peer's order of preference decides.
	Protocols []string

	// Accepts says of a sub-protocol that is offered whether we speak it, where Protocols
	// does not have it; nil: we do not.
	Accepts func(offered string) bool

	// Default is taken when the peer offers no sub-protocol at all, as some
	// charge points do; empty: such a peer is refused like one that offers only
	// what we do not speak.
	Default string
}

// ErrSubprotocol says that the peer offered nothing we speak. The handshake was
// completed without a sub-protocol and the socket closed.
var ErrSubprotocol = errors.New("no common sub-protocol")

// handshakeWrite bounds the writing of the HTTP answer.
const handshakeWrite = 10 * time.Second

// Upgrade makes a WebSocket of an HTTP request whose sender the caller has
// authenticated. On an error the HTTP answer has been written and the socket
// closed.
//
// The connection outlives the handler, and should: run the reader on a
// goroutine of its own and return from the handler, so that the HTTP server's
// buffers and its deep stack are given back. The context of r ends with the
// handler. lim is shared by the connections it is given to and not written.
//
// Reads take no buffer while they wait if the listener's connections have
// SyscallConn, as those of net do; keep that method when wrapping them.
func Upgrade(w http.ResponseWriter, r *http.Request, pol Policy, lim *Limits) (*Conn, error) {
	tolerateConnectionHeader(r.Header)
	offered := len(r.Header.Values("Sec-Websocket-Protocol")) > 0
	up := ws.HTTPUpgrader{
		Timeout: handshakeWrite,
		Protocol: func(p string) bool {
			for _, own := range pol.Protocols {
				if p == own {
					return true
				}
			}
			return pol.Accepts != nil && pol.Accepts(p)
		},
	}
	nc, rw, hs, err := up.Upgrade(r, w)
	if err != nil {
		if nc != nil {
			nc.Close()
		}
		return nil, fmt.Errorf("handshake: %w", err)
	}
	// A peer in a hurry may have sent frames behind its request.
	var early []byte
	if n := rw.Reader.Buffered(); n > 0 {
		peeked, _ := rw.Reader.Peek(n)
		early = append(early, peeked...)
	}
	c := NewConn(nc, early, hs.Protocol, lim)
	if c.protocol == "" && !offered {
		c.protocol = pol.Default
	}
	if c.protocol == "" {
		// OCPP-J 1.6 §3.2: complete the handshake without the header, then close.
		c.end(&Violation{CloseProtocol, "offer one of the sub-protocols " + strings.Join(pol.Protocols, ", ")})
		return nil, ErrSubprotocol
	}
	return c, nil
}

// tolerateConnectionHeader repairs a handshake that says Upgrade: websocket
// with a key and a version, but leaves out Connection: Upgrade.
func tolerateConnectionHeader(h http.Header) {
	if !strings.EqualFold(h.Get("Upgrade"), "websocket") || h.Get("Sec-Websocket-Key") == "" {
		return
	}
	if !strings.Contains(strings.ToLower(strings.Join(h.Values("Connection"), ",")), "upgrade") {
		h.Set("Connection", "Upgrade")
		return
	}
	// The token may stand in a second Connection line; the upgrader reads one.
	if len(h.Values("Connection")) > 1 {
		h.Set("Connection", "Upgrade")
	}
}
