package cpsim

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// csms is the server of these tests: it keeps every frame and answers as told.
// Every test runs in a bubble of virtual time over net.Pipe.
type csms struct {
	t *testing.T
	// answer decides; nil result: the default answer. Called in order per
	// connection.
	answer func(p *peer, m message) any

	onControl func(ws.Header, []byte)

	mu     sync.Mutex
	log    []message
	peers  []*peer
	lastTx int
	refuse bool // connections
}

// answers that are not payloads.
type (
	silence   struct{}
	hangUp    struct{}
	callError string
)

// message is a CALL that the point has sent.
type message struct {
	At      time.Time
	Conn    int // number of the connection, from 0
	ID      string
	Action  string
	Payload map[string]any
	Raw     string
}

func (m message) num(key string) int {
	f, ok := m.Payload[key].(float64)
	if !ok {
		return -1 << 31
	}
	return int(f)
}

func (m message) str(key string) string { s, _ := m.Payload[key].(string); return s }

// energies are the register values of a MeterValues.
func (m message) sample(measurand string) []string {
	var out []string
	values, _ := m.Payload["meterValue"].([]any)
	for _, v := range values {
		list, _ := v.(map[string]any)["sampledValue"].([]any)
		for _, s := range list {
			if e := s.(map[string]any); e["measurand"] == measurand {
				out = append(out, e["value"].(string))
			}
		}
	}
	return out
}

type peer struct {
	s       *csms
	n       int
	conn    net.Conn
	wmu     sync.Mutex
	wait    map[string]chan frame
	count   int
	gone    chan struct{}
	headers map[string]string
	path    string
}

// dial is Config.Dial.
func (s *csms) dial(context.Context) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse {
		return nil, fmt.Errorf("refused")
	}
	client, server := net.Pipe()
	p := &peer{s: s, n: len(s.peers), conn: server, wait: map[string]chan frame{}, gone: make(chan struct{}), headers: map[string]string{}}
	s.peers = append(s.peers, p)
	go p.serve()
	return client, nil
}

func (p *peer) serve() {
	defer close(p.gone)
	defer p.conn.Close()
	up := ws.Upgrader{
		Protocol:  func(b []byte) bool { return string(b) == "ocpp1.6" },
		OnRequest: func(uri []byte) error { p.path = string(uri); return nil },
		OnHeader: func(k, v []byte) error {
			p.headers[strings.ToLower(string(k))] = string(v)
			return nil
		},
	}
	if _, err := up.Upgrade(p.conn); err != nil {
		return
	}
	for {
		b, ok := p.read()
		if !ok {
			return
		}
		f, err := parseFrame(b)
		if err == nil && f.Type != typeCall {
			p.s.mu.Lock()
			ch := p.wait[f.ID]
			p.s.mu.Unlock()
			if ch != nil {
				ch <- f
			}
			continue
		}
		m := message{At: time.Now(), Conn: p.n, ID: f.ID, Action: f.Action, Raw: string(b)}
		if err == nil {
			_ = json.Unmarshal(f.Payload, &m.Payload)
		} else {
			m.Action = "not JSON"
		}
		p.s.mu.Lock()
		p.s.log = append(p.s.log, m)
		p.s.mu.Unlock()
		p.reply(m)
	}
}

// read returns the next text message, false when the connection is lost.
func (p *peer) read() ([]byte, bool) {
	for {
		h, err := ws.ReadHeader(p.conn)
		if err != nil || h.OpCode == ws.OpClose {
			return nil, false
		}
		if !h.Masked || h.Length > 1<<20 {
			p.s.t.Errorf("a client frame is not masked, or too long: %+v", h)
			return nil, false
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(p.conn, payload); err != nil {
			return nil, false
		}
		ws.Cipher(payload, h.Mask, 0)
		if h.OpCode == ws.OpText {
			return payload, true
		}
		if p.s.onControl != nil {
			p.s.onControl(h, payload)
		}
	}
}

func (p *peer) reply(m message) {
	var a any
	if p.s.answer != nil {
		a = p.s.answer(p, m)
	}
	if a == nil {
		a = p.s.standard(m)
	}
	switch a := a.(type) {
	case silence:
	case hangUp:
		p.conn.Close()
	case callError:
		p.send(fmt.Sprintf(`[4,%q,%q,"",{}]`, m.ID, string(a)))
	default:
		b, err := json.Marshal(a)
		if err != nil {
			panic(err)
		}
		p.send(fmt.Sprintf(`[3,%q,%s]`, m.ID, b))
	}
}

type object = map[string]any

func (s *csms) standard(m message) any {
	now := time.Now().UTC().Format(time.RFC3339Nano)
	switch m.Action {
	case "BootNotification":
		return object{"status": "Accepted", "currentTime": now, "interval": 3600}
	case "Heartbeat":
		return object{"currentTime": now}
	case "Authorize":
		return object{"idTagInfo": object{"status": "Accepted"}}
	case "StartTransaction":
		return object{"transactionId": s.newTx(), "idTagInfo": object{"status": "Accepted"}}
	case "not JSON":
		return silence{}
	}
	return object{}
}

func (s *csms) newTx() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastTx++
	return 100 + s.lastTx
}

func (p *peer) send(text string) {
	p.wmu.Lock()
	defer p.wmu.Unlock()
	_ = wsutil.WriteServerText(p.conn, []byte(text)) // a lost connection is the reader's to see
}

// call sends a CALL to the point and returns its answer.
func (p *peer) call(action string, payload any) frame {
	p.s.t.Helper()
	b, err := json.Marshal(payload)
	if err != nil {
		p.s.t.Fatal(err)
	}
	ch := make(chan frame, 1)
	p.s.mu.Lock()
	p.count++
	id := fmt.Sprintf("s%d", p.count)
	p.wait[id] = ch
	p.s.mu.Unlock()
	p.send(fmt.Sprintf(`[2,%q,%q,%s]`, id, action, b))
	select {
	case f := <-ch:
		return f
	case <-time.After(time.Minute):
		return frame{}
	}
}

// status is the status in the answer to a CALL.
func (p *peer) status(action string, payload any) string {
	p.s.t.Helper()
	var r statusResponse
	_ = json.Unmarshal(p.call(action, payload).Payload, &r)
	return r.Status
}

func (s *csms) last() *peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peers[len(s.peers)-1]
}

// all is what arrived, without the actions named with a leading minus, or only
// those named.
func (s *csms) all(actions ...string) []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []message
	for _, m := range s.log {
		if len(actions) == 0 || slices.Contains(actions, m.Action) {
			out = append(out, m)
		}
	}
	return out
}

func (s *csms) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}

// story is what arrived, in words.
func (s *csms) story() []string {
	var out []string
	for _, m := range s.all() {
		w := m.Action
		switch m.Action {
		case "StatusNotification":
			w = fmt.Sprintf("%d %s", m.num("connectorId"), m.str("status"))
		case "StopTransaction":
			w += " " + m.str("reason")
		}
		out = append(out, w)
	}
	return out
}

// sim is a point, its server and what it reported, in a bubble.
type sim struct {
	*ChargePoint
	t      *testing.T
	ctx    context.Context
	csms   *csms
	mu     sync.Mutex
	events []Event
}

// bubble runs f with a point that has booted.
func bubble(t *testing.T, cfg Config, f func(s *sim)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := prepare(t, cfg)
		s.boot()
		f(s)
	})
}

// prepare makes a point that does not run yet.
func prepare(t *testing.T, cfg Config) *sim {
	s := &sim{t: t, csms: &csms{t: t}}
	cfg.URL = "ws://csms.example/ocpp"
	if cfg.Identity == "" {
		cfg.Identity = "CP1"
	}
	cfg.Dial = s.csms.dial
	cfg.OnEvent = func(e Event) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events = append(s.events, e)
	}
	s.ChargePoint = New(cfg)
	ctx, cancel := context.WithTimeout(t.Context(), 100*24*time.Hour)
	s.ctx = ctx
	t.Cleanup(cancel)
	return s
}

func (s *sim) run() {
	ctx, cancel := context.WithCancel(s.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := s.Run(ctx); err != nil {
			s.t.Error(err)
		}
	}()
	s.t.Cleanup(func() {
		cancel()
		<-ended
		for _, p := range s.csms.peers {
			p.conn.Close()
			<-p.gone
		}
	})
}

// boot runs the point until it has said everything it says at the start, and
// forgets that.
func (s *sim) boot() {
	s.t.Helper()
	s.run()
	s.delivered()
	s.csms.forget()
}

func (s *sim) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *sim) delivered() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Minute)
	defer cancel()
	s.must(s.WaitDelivered(ctx))
	synctest.Wait() // what the point did with the last answer
}

// pass lets virtual time pass.
func (s *sim) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (s *sim) charging(conn int) {
	s.t.Helper()
	s.must(s.Plug(conn))
	s.must(s.Tag(conn, "AA"))
	s.delivered()
	if st := s.State().Connectors[conn-1].Status; st != Charging {
		s.t.Fatalf("connector %d is %s, not Charging; %v", conn, st, s.csms.story())
	}
}

func (s *sim) count(kind EventKind) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, e := range s.events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func (s *sim) wantStory(want ...string) {
	s.t.Helper()
	if got := s.csms.story(); !slices.Equal(got, want) {
		s.t.Fatalf("the server saw\n  %s\nnot\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
