package main_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ccms/cpsim"
	"ccms/internal/session"
)

// seedOf is the seed of a test's dice; CCMS_SEED repeats one.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if v := os.Getenv("CCMS_SEED"); v != "" {
		var err error
		if seed, err = strconv.ParseUint(v, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("CCMS_SEED=%d", seed)
	return seed
}

// load is the points of a world at work against one address, whoever listens there.
// They are an independent record of what was acknowledged.
type load struct {
	acks *acks
	line atomic.Pointer[wire] // to the present life of the server

	until  chan struct{}
	loaded chan cpsim.Report
	cancel context.CancelFunc

	mu      sync.Mutex
	closed  map[string]int // close codes of the server
	refused map[int]int    // HTTP status of refused handshakes
}

// atWork lets the points charge in closed loops until finish, with a pause between the
// messages of a session.
func (w *world) atWork(t *testing.T, addr string, pause time.Duration, adjust func(i int, c *cpsim.Config)) *load {
	t.Helper()
	l := &load{acks: newAcks(), until: make(chan struct{}), loaded: make(chan cpsim.Report, 1), closed: map[string]int{}, refused: map[int]int{}}
	l.line.Store(new(wire))
	ctx, cancel := context.WithCancel(t.Context())
	l.cancel = cancel
	t.Cleanup(cancel)
	seed := seedOf(t)
	go func() {
		r, err := cpsim.Load(ctx, cpsim.LoadConfig{
			URL: "ws://" + addr + "/ocpp", Points: w.points, Seed: seed, Interval: pause, Until: l.until, Drain: patience,
			Adjust: func(i int, c *cpsim.Config) {
				c.Dial = func(ctx context.Context) (net.Conn, error) { return l.line.Load().dial(ctx, addr) }
				c.MinBackoff, c.MaxBackoff = 20*time.Millisecond, 300*time.Millisecond
				c.Keys["StopTxnSampledData"] = "Energy.Active.Import.Register"
				if adjust != nil {
					adjust(i, c)
				}
			},
			OnAck: l.acks.add, OnEvent: l.event,
		})
		if err != nil {
			t.Error(err)
		}
		l.loaded <- r
	}()
	return l
}

var closeCode = regexp.MustCompile(`closed by the server: (\d+)`)

func (l *load) event(e cpsim.Event) {
	var h *cpsim.HandshakeError
	switch {
	case e.Kind == cpsim.Disconnected && e.Err != nil:
		if m := closeCode.FindStringSubmatch(e.Err.Error()); m != nil {
			l.mu.Lock()
			l.closed[m[1]]++
			l.mu.Unlock()
		}
	case e.Kind == cpsim.Refused && errors.As(e.Err, &h):
		l.mu.Lock()
		l.refused[h.Status]++
		l.mu.Unlock()
	}
}

// sentAway fails the test unless every point's socket was closed with 1013 and
// handshakes were refused with 503.
func (l *load) sentAway(t *testing.T, points int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed["1013"] < points || l.refused[http.StatusServiceUnavailable] == 0 {
		t.Errorf("the sockets of %d points were closed with %v, handshakes refused with %v", points, l.closed, l.refused)
	}
}

// answered waits until so many points were answered since acks.forget.
func (l *load) answered(t *testing.T, points int, what string) {
	t.Helper()
	if err := l.acks.wait(patience, points); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// inFull waits until the points are in the middle of their sessions.
func (l *load) inFull(t *testing.T, points int) {
	t.Helper()
	l.answered(t, points, "before the fault")
	full := make(chan struct{})
	l.acks.onMessage("MeterValues", 5*points, func() { close(full) })
	select {
	case <-full:
	case <-time.After(patience):
		t.Fatal("the load does not run")
	}
}

// finish lets the points end what runs and deliver everything. Nothing may have been
// given up or answered with an error; unanswered calls belong to a fault.
func (l *load) finish(t *testing.T) cpsim.Report {
	t.Helper()
	close(l.until)
	r := <-l.loaded
	t.Logf("%s", r)
	if r.CallErrors > 0 || r.Dropped > 0 || r.Undelivered > 0 || r.Sessions == 0 {
		t.Errorf("CALLERRORs %d, given up %d, undelivered %d, sessions %d; first: %s", r.CallErrors, r.Dropped, r.Undelivered, r.Sessions, r.FirstError)
	}
	return r
}

// probe asks a server again and again how it is.
type probe struct {
	addr string
	stop context.CancelFunc
	done chan struct{}

	mu     sync.Mutex
	ready  int
	said   map[string]int // reasons, without their seconds
	state  string         // the last answer, "" for none
	turned chan struct{}  // closed at the next change of state
	sick   []string       // what /healthz answered beside 200
}

func newProbe(t *testing.T, addr string) *probe {
	ctx, cancel := context.WithCancel(t.Context())
	p := &probe{addr: addr, stop: cancel, done: make(chan struct{}), said: map[string]int{}, turned: make(chan struct{})}
	go p.run(ctx)
	t.Cleanup(p.end)
	return p
}

const (
	isReady = "ready"
	isDown  = "no answer" // the process is not there
)

func (p *probe) run(ctx context.Context) {
	defer close(p.done)
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	get := func(path string) (int, string) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+path, nil)
		if err != nil {
			return 0, ""
		}
		r, err := client.Do(req)
		if err != nil {
			return 0, ""
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body) // what is cut off reads as no reason
		var body struct{ Reason string }
		_ = json.Unmarshal(b, &body)
		return r.StatusCode, body.Reason
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		status, reason := get("/readyz")
		health, _ := get("/healthz")
		if ctx.Err() != nil {
			return
		}
		p.mu.Lock()
		state := reason
		switch {
		case status == 0:
			state = isDown
		case status == http.StatusOK:
			state = isReady
			p.ready++
		case reason == "":
			state = fmt.Sprintf("%d without a reason", status)
		}
		if state != isReady && state != isDown {
			p.said[seconds.ReplaceAllString(state, "N s")]++
		}
		if health != 0 && health != http.StatusOK {
			p.sick = append(p.sick, fmt.Sprintf("/healthz answered %d", health))
		}
		if state != p.state {
			p.state = state
			close(p.turned)
			p.turned = make(chan struct{})
		}
		p.mu.Unlock()
	}
}

var seconds = regexp.MustCompile(`\d+ s\b`)

// wait waits until the state is as asked for, and gives it.
func (p *probe) wait(t *testing.T, what string, is func(state string) bool) string {
	t.Helper()
	over := time.After(patience)
	for {
		p.mu.Lock()
		state, turned := p.state, p.turned
		p.mu.Unlock()
		if is(state) {
			return state
		}
		select {
		case <-turned:
		case <-over:
			t.Fatalf("%s: /readyz says %q", what, state)
		}
	}
}

func (p *probe) end() {
	p.stop()
	<-p.done
}

// heard ends the probe and gives what was said, most often first. /healthz must have
// been well throughout.
func (p *probe) heard(t *testing.T) string {
	t.Helper()
	p.end()
	if len(p.sick) > 0 {
		t.Errorf("%s, %d times", p.sick[0], len(p.sick))
	}
	var said []string
	for reason := range p.said {
		said = append(said, reason)
	}
	slices.SortFunc(said, func(a, b string) int { return cmp.Or(p.said[b]-p.said[a], strings.Compare(a, b)) })
	for i := range said {
		said[i] = "“" + said[i] + "”"
	}
	return oneOf(said)
}

// wire is the way from one life of the server to the points.
type wire struct{ dead atomic.Bool }

func (w *wire) dial(ctx context.Context, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	return &wired{conn, w}, err
}

// wired is a connection whose answers are lost once its wire is dead. What a point
// sends still arrives.
type wired struct {
	net.Conn
	wire *wire
}

func (c *wired) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	for err == nil && c.wire.dead.Load() {
		n, err = c.Conn.Read(b)
	}
	return n, err
}

// acks are the acknowledgements that the points have received.
type acks struct {
	mu      sync.Mutex
	all     []cpsim.Ack
	points  map[string]bool // acknowledged something since forget
	changed chan struct{}   // closed at the next acknowledgement
	action  string          // act is called within the due-th message of it, "" any
	due     int
	act     func()
}

func newAcks() *acks { return &acks{points: map[string]bool{}, changed: make(chan struct{})} }

func (a *acks) add(x cpsim.Ack) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, x)
	a.points[x.Identity] = true
	close(a.changed)
	a.changed = make(chan struct{})
	if a.act == nil || a.action != "" && a.action != x.Action {
		return
	}
	if a.due--; a.due <= 0 {
		a.act()
		a.act = nil
	}
}

// onMessage calls act within the nth message of an action from now on.
func (a *acks) onMessage(action string, n int, act func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.action, a.due, a.act = action, n, act
}

// forget begins to count anew; the acknowledgements stay.
func (a *acks) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.points)
	a.act = nil
}

// wait waits until so many points were answered since forget.
func (a *acks) wait(d time.Duration, points int) error {
	over := time.After(d)
	for {
		a.mu.Lock()
		have, changed := len(a.points), a.changed
		a.mu.Unlock()
		if have >= points {
			return nil
		}
		select {
		case <-changed:
		case <-over:
			return fmt.Errorf("%d points were answered within %s, not %d", have, d, points)
		}
	}
}

// carried are the reports that money hangs on.
var carried = []string{"StartTransaction", "MeterValues", "StopTransaction"}

// retried says of how many reports the first attempt went unanswered, and how many of
// these had been stored by it: the kill came between the commit and the answer.
func (a *acks) retried(db *rows) (sent, done map[string]int) {
	byNumber := map[int32]session.State{}
	for _, st := range db.sessions {
		byNumber[st.OCPPID] = st
	}
	sent, done = map[string]int{}, map[string]int{}
	for _, x := range a.all {
		if !slices.Contains(carried, x.Action) || x.Attempt == 1 {
			continue
		}
		sent[x.Action]++
		var id struct {
			TransactionID int32 `json:"transactionId"`
		}
		from := x.Request
		if x.Action == "StartTransaction" {
			from = x.Response
		}
		_ = json.Unmarshal(from, &id) // compare has complained
		if slices.ContainsFunc(db.events[byNumber[id.TransactionID].ID], func(e session.Frame) bool {
			return e.Action == x.Action && e.MessageID != x.MessageID && bytes.Contains(e.Payload, x.Request)
		}) {
			done[x.Action]++
		}
	}
	return sent, done
}
