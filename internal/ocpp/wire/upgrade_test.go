package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

var policy16 = Policy{Protocols: []string{"ocpp1.6"}, Default: "ocpp1.6"}

type upgraded struct {
	c   *Conn
	err error
}

func listen(t *testing.T, pol Policy, secure bool) (*httptest.Server, <-chan upgraded) {
	t.Helper()
	got := make(chan upgraded, 1)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Upgrade(w, r, pol, nil)
		got <- upgraded{c, err}
	})
	var srv *httptest.Server
	if secure {
		srv = httptest.NewTLSServer(h)
	} else {
		srv = httptest.NewServer(h)
	}
	t.Cleanup(srv.Close)
	return srv, got
}

func dial(t *testing.T, srv *httptest.Server, protocols ...string) (net.Conn, ws.Handshake, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	d := ws.Dialer{Protocols: protocols, TLSConfig: &tls.Config{InsecureSkipVerify: true}}
	nc, br, hs, err := d.Dial(ctx, "ws"+strings.TrimPrefix(srv.URL, "http")+"/ocpp/CP1")
	if nc != nil {
		t.Cleanup(func() { nc.Close() })
		nc.SetDeadline(time.Now().Add(30 * time.Second))
	}
	if br != nil { // the server was quick: its first frame came with the answer
		nc = buffered{nc, br}
	}
	return nc, hs, err
}

type buffered struct {
	net.Conn
	br *bufio.Reader
}

func (b buffered) Read(p []byte) (int, error) { return b.br.Read(p) }

func TestFramesOverRealSockets(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		srv, got := listen(t, policy16, secure)
		nc, hs, err := dial(t, srv, "ocpp2.0.1", "ocpp1.6")
		if err != nil || hs.Protocol != "ocpp1.6" {
			t.Fatalf("tls %v: handshake %v, sub-protocol %q", secure, err, hs.Protocol)
		}
		up := <-got
		if up.err != nil || up.c.Protocol() != "ocpp1.6" {
			t.Fatalf("tls %v: %v", secure, up.err)
		}
		p := peer{t, nc}
		rd := reads(up.c)
		long := strings.Repeat("x", 200_000)
		for _, msg := range []string{"a", "bc", long, "d"} {
			p.text(msg)
			if r := <-rd; r.err != nil || r.msg != msg {
				t.Fatalf("tls %v: read %.20q %v", secure, r.msg, r.err)
			}
			if err := up.c.WriteText([]byte(msg)); err != nil {
				t.Fatal(err)
			}
			if f := p.read(); string(f.Payload) != msg || f.Header.OpCode != ws.OpText || f.Header.Masked {
				t.Fatalf("tls %v: peer read %v %.20q", secure, f.Header, f.Payload)
			}
		}
		nc.Close()
		if r := <-rd; r.err == nil {
			t.Fatal("the reader did not see the end")
		}
	}
}

func TestSubprotocolPolicy(t *testing.T) {
	t.Parallel()
	cases := []struct {
		why     string
		pol     Policy
		offers  []string
		want    string // agreed; empty: refused
		replied string // in the handshake
	}{
		{"offered", policy16, []string{"ocpp1.6"}, "ocpp1.6", "ocpp1.6"},
		{"the peer prefers another of ours", Policy{Protocols: []string{"ocpp1.6", "ocpp2.0.1"}}, []string{"ocpp2.0.1", "ocpp1.6"}, "ocpp2.0.1", "ocpp2.0.1"},
		{"none offered, default", policy16, nil, "ocpp1.6", ""},
		{"none offered, no default", Policy{Protocols: []string{"ocpp1.6"}}, nil, "", ""},
		{"only unknown ones: the default does not apply", policy16, []string{"ocpp2.0.1.1"}, "", ""},
	}
	for _, tc := range cases {
		srv, got := listen(t, tc.pol, false)
		nc, hs, err := dial(t, srv, tc.offers...)
		if err != nil {
			t.Fatalf("%s: the handshake must be completed: %v", tc.why, err)
		}
		if hs.Protocol != tc.replied {
			t.Fatalf("%s: replied %q, want %q", tc.why, hs.Protocol, tc.replied)
		}
		if tc.want == "" {
			peer{t, nc}.wantClose(1002)
			nc.Close()
			if up := <-got; !errors.Is(up.err, ErrSubprotocol) {
				t.Fatalf("%s: %v", tc.why, up.err)
			}
			continue
		}
		up := <-got
		if up.err != nil || up.c.Protocol() != tc.want {
			t.Fatalf("%s: %v, want %s", tc.why, up.err, tc.want)
		}
		up.c.CloseNow()
	}
}

// rawDial sends the request as written and returns the answer's reader.
func rawDial(t *testing.T, srv *httptest.Server, request string) (net.Conn, *bufio.Reader) {
	t.Helper()
	nc, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(nc, request); err != nil {
		t.Fatal(err)
	}
	return nc, bufio.NewReader(nc)
}

const handshakeTail = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"

func TestRow08_HandshakeWithoutConnectionUpgrade(t *testing.T) {
	t.Parallel()
	for _, connection := range []string{"", "Connection: keep-alive\r\n", "Connection: keep-alive\r\nConnection: Upgrade\r\n"} {
		srv, got := listen(t, policy16, false)
		_, br := rawDial(t, srv, "GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"+connection+handshakeTail)
		res, err := http.ReadResponse(br, nil)
		if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("%q: %v %v", connection, res, err)
		}
		if up := <-got; up.err != nil {
			t.Fatalf("%q: %v", connection, up.err)
		}
	}
}

func TestAPlainRequestIsRefused(t *testing.T) {
	t.Parallel()
	srv, got := listen(t, policy16, false)
	_, br := rawDial(t, srv, "GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\n\r\n")
	res, err := http.ReadResponse(br, nil)
	if err != nil || res.StatusCode != http.StatusBadRequest {
		t.Fatalf("%v %v", res, err)
	}
	if up := <-got; up.err == nil {
		t.Fatal("upgraded")
	}
}

func TestFramesSentBehindTheRequestAreNotLost(t *testing.T) {
	t.Parallel()
	srv, got := listen(t, policy16, false)
	first := ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte("first"))))
	second := ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte("second"))))
	nc, _ := rawDial(t, srv, "GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+handshakeTail+
		string(first)+string(second[:3]))
	up := <-got
	if up.err != nil {
		t.Fatal(up.err)
	}
	rd := reads(up.c)
	if r := <-rd; r.msg != "first" {
		t.Fatalf("got %q %v", r.msg, r.err)
	}
	peer{t, nc}.raw(second[3:])
	if r := <-rd; r.msg != "second" {
		t.Fatalf("got %q %v", r.msg, r.err)
	}
}

func TestThePeerLearnsWhyTenMegabytesWereRefused(t *testing.T) {
	t.Parallel()
	srv, got := listen(t, policy16, false)
	nc, _, err := dial(t, srv, "ocpp1.6")
	if err != nil {
		t.Fatal(err)
	}
	rd := reads((<-got).c)
	nc.Write(ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame(make([]byte, 10<<20)))))
	peer{t, nc}.wantClose(1009)
	nc.Close()
	if r := <-rd; r.err == nil {
		t.Fatal("delivered")
	}
}
