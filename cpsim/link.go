package cpsim

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gobwas/ws"
)

const (
	readBuffer = 512     // per idle connection
	maxMessage = 4 << 20 // bytes of one message of the server
	writeLimit = 30 * time.Second
)

// link is one WebSocket. Its fields are guarded by the point's lock.
type link struct {
	conn    net.Conn
	r       io.Reader
	out     []outFrame
	writing bool // a writer goroutine exists
	closing bool // close once everything is written
	kept    bool // QuirkHalfOpen: leave it open, read and write no more
}

type outFrame struct {
	op      ws.OpCode
	payload []byte
}

// HandshakeError is an HTTP answer other than 101.
type HandshakeError struct{ Status int }

func (e *HandshakeError) Error() string {
	return fmt.Sprintf("cpsim: handshake answered with HTTP %d", e.Status)
}

// Run connects, boots and keeps the point alive until ctx ends, which is not
// an error. A point can be run once.
func (cp *ChargePoint) Run(ctx context.Context) error {
	cp.lock()
	if cp.running || cp.closed {
		cp.unlock()
		return errors.New("cpsim: Run was called before")
	}
	cp.running = true
	cp.unlock()
	defer cp.shutdown()

	failures := 0
	for cp.powered(ctx) {
		l, err := cp.connect(ctx)
		if err != nil {
			failures++
			if ctx.Err() == nil {
				cp.lock()
				cp.emit(Event{Kind: Refused, Err: err})
				cp.unlock()
			}
		} else {
			failures = 0
			cp.serve(ctx, l)
		}
		cp.lock()
		planned := cp.dark || cp.offline
		d := cp.backoff(failures)
		cp.unlock()
		if !planned {
			cp.pause(ctx, d)
		}
	}
	return nil
}

// powered waits while the point is dark or its network is cut, and is false
// when ctx ended.
func (cp *ChargePoint) powered(ctx context.Context) bool {
	for ctx.Err() == nil {
		cp.lock()
		ready := !cp.dark && !cp.offline
		cp.unlock()
		if ready {
			return true
		}
		select {
		case <-ctx.Done():
		case <-cp.wake:
		}
	}
	return false
}

func (cp *ChargePoint) pause(ctx context.Context, d time.Duration) {
	up := make(chan struct{})
	stop := cp.cfg.AfterFunc(d, func() { close(up) })
	defer stop()
	select {
	case <-ctx.Done():
	case <-up:
	case <-cp.wake:
	}
}

func (cp *ChargePoint) wakeUp() {
	select {
	case cp.wake <- struct{}{}:
	default:
	}
}

// backoff doubles with each failure and is spread over half of its length, so
// that the points of a restarted server do not come back as one.
func (cp *ChargePoint) backoff(failures int) time.Duration {
	d := cp.cfg.MinBackoff
	for range failures {
		if d *= 2; d >= cp.cfg.MaxBackoff {
			break
		}
	}
	d = min(d, cp.cfg.MaxBackoff)
	return d/2 + time.Duration(cp.rng.Int64N(int64(d/2)+1))
}

func (cp *ChargePoint) connect(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, cp.cfg.CallTimeout)
	defer cancel()
	header := http.Header{}
	if cp.cfg.Password != "" {
		cred := base64.StdEncoding.EncodeToString([]byte(cp.cfg.Identity + ":" + cp.cfg.Password))
		header.Set("Authorization", "Basic "+cred)
	}
	d := ws.Dialer{
		ReadBufferSize: 1024, WriteBufferSize: 1024, // pooled by the library
		Protocols: []string{"ocpp1.6"},
		Header:    ws.HandshakeHeaderHTTP(header),
		TLSConfig: cp.cfg.TLS,
	}
	if cp.cfg.Dial != nil {
		d.NetDial = func(ctx context.Context, _, _ string) (net.Conn, error) { return cp.cfg.Dial(ctx) }
	}
	target := strings.TrimRight(cp.cfg.URL, "/") + "/" + url.PathEscape(cp.cfg.Identity)
	conn, br, hs, err := d.Dial(ctx, target)
	if err != nil {
		var status ws.StatusError
		if errors.As(err, &status) {
			return nil, &HandshakeError{Status: int(status)}
		}
		return nil, err
	}
	if hs.Protocol != "ocpp1.6" {
		conn.Close()
		return nil, fmt.Errorf("cpsim: the server chose sub-protocol %q", hs.Protocol)
	}
	var src io.Reader = conn
	if br != nil {
		early := make([]byte, br.Buffered())
		_, err := io.ReadFull(br, early)
		ws.PutReader(br)
		if err != nil {
			conn.Close()
			return nil, err
		}
		src = io.MultiReader(bytes.NewReader(early), conn)
	}
	return &link{conn: conn, r: bufio.NewReaderSize(src, readBuffer)}, nil
}

// serve reads the link until it is lost.
func (cp *ChargePoint) serve(ctx context.Context, l *link) {
	cp.lock()
	if cp.offline || cp.dark { // decided while we were dialling
		cp.unlock()
		l.conn.Close()
		return
	}
	cp.link = l
	cp.emit(Event{Kind: Connected})
	cp.onConnect()
	cp.unlock()

	stop := context.AfterFunc(ctx, func() {
		cp.lock()
		defer cp.unlock()
		l.conn.SetDeadline(time.Now().Add(time.Second))
		cp.write(l, outFrame{ws.OpClose, ws.NewCloseFrameBody(ws.StatusGoingAway, "")})
		l.closing = true
	})
	err := cp.read(l)
	stop()

	cp.lock()
	defer cp.unlock()
	if l.kept {
		cp.zombies = append(cp.zombies, l)
	} else {
		l.closing = true
		if !l.writing { // else the writer closes it: our Close frame may be on its way
			l.conn.Close()
		}
	}
	if cp.link == l {
		cp.detach()
	}
	cp.emit(Event{Kind: Disconnected, Err: err})
}

// cut ends the current link from our side: at once, as a network does, or
// after what is queued has been written.
func (cp *ChargePoint) cut(flush bool) {
	l := cp.link
	if l == nil {
		return
	}
	switch {
	case cp.has(QuirkHalfOpen):
		l.kept, l.out = true, nil
		l.conn.SetReadDeadline(time.Unix(1, 0)) // lets the reader go, leaves the socket
	case flush:
		l.closing = true
		if !l.writing {
			l.conn.Close()
		}
	default:
		l.closing, l.out = true, nil
		l.conn.Close()
	}
	cp.detach()
}

// detach forgets the link: what was outstanding is undelivered now.
func (cp *ChargePoint) detach() {
	cp.link, cp.accepted, cp.extra = nil, false, nil
	if cp.stopBeat != nil {
		cp.stopBeat()
		cp.stopBeat = nil
	}
	var lost []*item
	if f := cp.flight; f != nil {
		f.stop()
		cp.flight = nil
		if f.item.tx == nil {
			lost = append(lost, f.item)
		}
	}
	lost = append(lost, cp.plain...)
	cp.plain = nil
	for _, it := range lost {
		_ = it.finish(nil, ErrOffline)
	}
	for _, c := range cp.connectors {
		cp.energise(c.tx)
	}
}

func (cp *ChargePoint) shutdown() {
	cp.lock()
	cp.closed = true
	for _, z := range cp.zombies {
		z.conn.Close()
	}
	cp.zombies = nil
	cp.unlock()
	// Returns when the last event has been delivered, by whomever.
	_ = cp.waitFor(context.Background(), func() bool { return true })
}
