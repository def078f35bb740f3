package csmstest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"ccms/internal/ocpp/junk"
	"ccms/internal/ocpp/v16"
)

// M is a payload.
type M map[string]any

// with is m with the fields of others put over it; nil takes a field away.
func (m M) with(others []M) M {
	out := maps.Clone(m)
	for _, o := range others {
		for k, v := range o {
			if out[k] = v; v == nil {
				delete(out, k)
			}
		}
	}
	return out
}

// Str is the text at a path, "" where there is none.
func (m M) Str(path ...string) string {
	switch v := m.at(path).(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

// Int is the whole number at a path, 0 where there is none.
func (m M) Int(path ...string) int64 {
	n, ok := m.at(path).(json.Number)
	if !ok {
		return 0
	}
	i, _ := n.Int64()
	return i
}

// Has reports whether there is something at a path.
func (m M) Has(path ...string) bool { return m.at(path) != nil }

func (m M) at(path []string) any {
	var v any = map[string]any(m)
	for _, k := range path {
		o, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = o[k]
	}
	return v
}

// readM reads an object with its numbers as they are.
func readM(b []byte) (M, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var m map[string]any
	err := d.Decode(&m)
	return M(m), err
}

// Handshake is how a charge point knocks. Zero fields are as they should be.
type Handshake struct {
	Path        string // "/ocpp/<identity>"
	User, Key   string
	NoKey       bool
	Subprotocol string      // "ocpp1.6"; "-": none
	From        string      // another address, where the proxy is trusted
	Proto       string      // how it came to the proxy: "https"
	TLS         *tls.Config // by TLS to World.Secure
}

// Refused is an HTTP answer other than 101.
type Refused struct {
	Status int
	Header http.Header
}

func (r *Refused) Error() string { return fmt.Sprint("refused with status ", r.Status) }

// Knock tries to connect.
func (p *Point) Knock(h Handshake) (*Conn, error) {
	p.Helper()
	c := &Conn{Point: p, waiting: map[string]chan Answer{}, asked: map[string]string{}, calls: make(chan Asked, 100), ended: make(chan struct{})}
	d := ws.Dialer{Timeout: wait, Protocols: []string{"ocpp1.6"}}
	switch h.Subprotocol {
	case "":
	case "-":
		d.Protocols = nil
	default:
		d.Protocols = []string{h.Subprotocol}
	}
	if h.User == "" {
		h.User = p.Identity
	}
	if h.Key == "" {
		h.Key = p.Key
	}
	if !h.NoKey {
		d.Header = ws.HandshakeHeaderHTTP{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(h.User+":"+h.Key))}}
	}
	for name, value := range map[string]string{"X-Forwarded-For": h.From, "X-Forwarded-Proto": h.Proto} {
		if value == "" {
			continue
		}
		header, _ := d.Header.(ws.HandshakeHeaderHTTP)
		if header == nil {
			header = ws.HandshakeHeaderHTTP{}
		}
		header[name] = []string{value}
		d.Header = header
	}
	if h.Path == "" {
		h.Path = "/ocpp/" + url.PathEscape(p.Identity)
	}
	refused := &Refused{Header: http.Header{}}
	d.OnStatusError = func(status int, _ []byte, answer io.Reader) {
		refused.Status = status
		if r, err := http.ReadResponse(bufio.NewReader(answer), nil); err == nil {
			refused.Header = r.Header
		}
	}
	target := "ws://" + p.Addr
	if h.TLS != nil {
		d.TLSConfig, target = h.TLS, "wss://"+p.Secure
	}
	nc, br, _, err := d.Dial(p.Context(), target+h.Path)
	if err != nil {
		if refused.Status != 0 {
			return nil, refused
		}
		return nil, err
	}
	c.nc, c.in = nc, nc
	if br != nil {
		c.in = struct {
			io.Reader
			io.Writer
		}{br, nc}
	}
	go c.read()
	p.mu.Lock()
	p.conns = append(p.conns, c)
	p.mu.Unlock()
	return c, nil
}

// Dial connects without a word.
func (p *Point) Dial() *Conn {
	p.Helper()
	c, err := p.Knock(Handshake{})
	p.OK(err)
	return c
}

// Connect connects and boots.
func (p *Point) Connect() *Conn {
	p.Helper()
	c := p.Dial()
	c.Boot()
	return c
}

// Online connects, boots, and has been connected for long enough that what it sends
// is no backlog.
func (p *Point) Online() *Conn {
	p.Helper()
	c := p.Connect()
	p.Advance(2 * time.Minute)
	return c
}

// open are the connections that have not ended.
func (w *World) open() (out []*Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		select {
		case <-c.ended:
		default:
			out = append(out, c)
		}
	}
	return out
}

// Conn is one connection of a scripted charge point. It does nothing of its own
// accord.
type Conn struct {
	*Point
	Silent bool // sends no Heartbeat when the clock is moved

	nc net.Conn
	in io.ReadWriter
	wm sync.Mutex

	cm      sync.Mutex
	next    int
	waiting map[string]chan Answer
	asked   map[string]string // action of a CALL of ours, by its id
	stray   []string          // answers that nobody waits for

	calls chan Asked
	ended chan struct{}
	end   error
}

// Answer is a CALLRESULT or a CALLERROR.
type Answer struct {
	Payload     M
	Code        string // "" for a CALLRESULT
	Description string
}

// Asked is a CALL of the server.
type Asked struct {
	ID, Action string
	Payload    M
	conn       *Conn
}

// mostFrame is more than the server ever sends.
const mostFrame = 1 << 20

// frame reads one; the server does not fragment.
func (c *Conn) frame() (f ws.Frame, err error) {
	if f.Header, err = ws.ReadHeader(c.in); err != nil {
		return f, err
	}
	if f.Header.Length > mostFrame {
		return f, fmt.Errorf("a frame of %d bytes", f.Header.Length)
	}
	f.Payload = make([]byte, f.Header.Length)
	_, err = io.ReadFull(c.in, f.Payload)
	return f, err
}

func (c *Conn) read() {
	defer close(c.ended)
	for {
		f, err := c.frame()
		if err != nil {
			c.end = err
			c.nc.Close()
			return
		}
		switch f.Header.OpCode {
		case ws.OpText:
			c.take(f.Payload)
		case ws.OpPing:
			_ = c.write(ws.OpPong, f.Payload) // the next read says what is wrong
		case ws.OpClose:
			code, reason := ws.ParseCloseFrameData(f.Payload)
			c.end = &closed{int(code), reason}
			_ = c.write(ws.OpClose, f.Payload)
			c.nc.Close()
			return
		}
	}
}

// closed is the server's close frame.
type closed struct {
	code   int
	reason string
}

func (e *closed) Error() string { return fmt.Sprintf("closed with %d %s", e.code, e.reason) }

func (c *Conn) take(raw []byte) {
	var f []json.RawMessage
	if err := json.Unmarshal(raw, &f); err != nil || len(f) < 3 {
		c.cm.Lock()
		c.stray = append(c.stray, string(raw))
		c.cm.Unlock()
		return
	}
	text := func(i int) (s string) {
		if i < len(f) {
			_ = json.Unmarshal(f[i], &s) // what is no text reads as ""
		}
		return s
	}
	object := func(i int) M {
		if i >= len(f) {
			return nil
		}
		m, _ := readM(f[i])
		return m
	}
	id := text(1)
	var a Answer
	switch string(f[0]) {
	case "2":
		c.valid(text(2), f[len(f)-1])
		c.calls <- Asked{ID: id, Action: text(2), Payload: object(3), conn: c}
		return
	case "3":
		a.Payload = object(2)
		c.cm.Lock()
		action := c.asked[id]
		c.cm.Unlock()
		if action != "" {
			c.valid(action+"Response", f[2])
		}
	case "4":
		a.Code, a.Description, a.Payload = text(2), text(3), object(4)
	}
	c.cm.Lock()
	defer c.cm.Unlock()
	if w := c.waiting[id]; w != nil {
		delete(c.waiting, id)
		w <- a
		return
	}
	c.stray = append(c.stray, string(raw))
}

// schemas are OCA's; nil where the data is not there.
var schemas = sync.OnceValues(junk.LoadSchemas)

// valid fails the test where the server sends what the schema of the message forbids.
func (c *Conn) valid(name string, payload []byte) {
	all, err := schemas()
	if err != nil || all == nil {
		return
	}
	s := all[name]
	if s == nil {
		if !c.finished {
			c.Errorf("the server sends %s, which is no message of 1.6", name)
		}
		return
	}
	if faults := s.Faults(payload); faults != nil && !c.finished {
		c.Errorf("the server sends a %s that its schema forbids: %s\n%v", name, payload, faults)
	}
}

// SendRaw sends a text frame as it stands.
func (c *Conn) SendRaw(text string) {
	c.Helper()
	c.OK(c.write(ws.OpText, []byte(text)))
}

func (c *Conn) write(op ws.OpCode, b []byte) error {
	c.wm.Lock()
	defer c.wm.Unlock()
	return wsutil.WriteClientMessage(c.nc, op, b)
}

// expect registers for the answer to an id.
func (c *Conn) expect(id string) <-chan Answer {
	ch := make(chan Answer, 1)
	c.cm.Lock()
	c.waiting[id] = ch
	c.cm.Unlock()
	return ch
}

// Later sends a CALL and returns where its answer will come.
func (c *Conn) Later(id, action string, payload M) <-chan Answer {
	c.Helper()
	if payload == nil {
		payload = M{}
	}
	b, err := json.Marshal([]any{2, id, action, payload})
	c.OK(err)
	ch := c.expect(id)
	if v16.Action(action).Known() {
		c.cm.Lock()
		c.asked[id] = action
		c.cm.Unlock()
	}
	c.OK(c.write(ws.OpText, b))
	return ch
}

// Await takes an answer.
func (c *Conn) Await(ch <-chan Answer) Answer {
	c.Helper()
	a, err := c.await(ch)
	c.OK(err)
	return a
}

func (c *Conn) await(ch <-chan Answer) (Answer, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case a := <-ch:
		return a, nil
	case <-c.ended:
		select {
		case a := <-ch:
			return a, nil
		default:
		}
		return Answer{}, fmt.Errorf("the connection ended before the answer: %w", c.end)
	case <-timer.C:
		return Answer{}, errors.New("no answer")
	}
}

// id is a message id that this connection has not used.
func (c *Conn) id() string {
	c.cm.Lock()
	defer c.cm.Unlock()
	c.next++
	return fmt.Sprint("m", c.next)
}

// Try sends a CALL and takes what comes.
func (c *Conn) Try(action string, payload M) Answer {
	c.Helper()
	return c.Await(c.Later(c.id(), action, payload))
}

// Call sends a CALL and takes its CALLRESULT; a CALLERROR ends the test.
func (c *Conn) Call(action string, payload M) M {
	c.Helper()
	return c.CallAs(c.id(), action, payload)
}

// CallAs is Call with a message id.
func (c *Conn) CallAs(id, action string, payload M) M {
	c.Helper()
	a := c.Await(c.Later(id, action, payload))
	if a.Code != "" {
		c.Fatalf("%s was answered with CALLERROR %s %s", action, a.Code, a.Description)
	}
	return a.Payload
}

// RawCall sends a frame as it stands and takes the answer to the id in it.
func (c *Conn) RawCall(id, frame string) Answer {
	c.Helper()
	ch := c.expect(id)
	c.SendRaw(frame)
	return c.Await(ch)
}

// Asked takes the server's next CALL, which must be of this action.
func (c *Conn) Asked(action string) Asked {
	c.Helper()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case a := <-c.calls:
		if a.Action != action {
			c.Fatalf("the server asks %s %v, want %s", a.Action, a.Payload, action)
		}
		return a
	case <-c.ended:
		c.Fatalf("the connection ended (%v), want %s", c.end, action)
	case <-timer.C:
		c.Fatalf("the server does not ask %s", action)
	}
	return Asked{}
}

// NotAsked fails the test where the server has sent a CALL. A Heartbeat goes first:
// what was sent before its answer has arrived.
func (c *Conn) NotAsked() {
	c.Helper()
	c.Call("Heartbeat", nil)
	select {
	case a := <-c.calls:
		c.Errorf("the server asks %s %v", a.Action, a.Payload)
	default:
	}
}

// Reply answers a CALL of the server.
func (a Asked) Reply(payload M) {
	a.conn.Helper()
	if payload == nil {
		payload = M{}
	}
	b, err := json.Marshal([]any{3, a.ID, payload})
	a.conn.OK(err)
	a.conn.OK(a.conn.write(ws.OpText, b))
}

// Refuse answers a CALL of the server with a CALLERROR.
func (a Asked) Refuse(code string) {
	a.conn.Helper()
	b, err := json.Marshal([]any{4, a.ID, code, "", M{}})
	a.conn.OK(err)
	a.conn.OK(a.conn.write(ws.OpText, b))
}

// Accept answers a CALL of the server with the status Accepted.
func (a Asked) Accept() { a.conn.Helper(); a.Reply(M{"status": "Accepted"}) }

// Drop ends the socket without a word, and waits until the server has noticed.
func (c *Conn) Drop() {
	c.Helper()
	c.nc.Close()
	<-c.ended
	if !c.finished {
		c.gone()
	}
}

// gone waits until the server holds no connection of the point, or a newer one.
func (c *Conn) gone() {
	c.Helper()
	c.Until("the server notices that the socket is gone", func() bool {
		for _, o := range c.World.open() {
			if o.Point == c.Point {
				return true
			}
		}
		return !c.View().Open()
	})
}

// Closed waits until the server ends the connection; the code is 0 where it ended
// without a close frame.
func (c *Conn) Closed() (code int, reason string) {
	c.Helper()
	select {
	case <-c.ended:
	case <-time.After(wait):
		c.Fatal("the server keeps the connection")
	}
	if e := (*closed)(nil); errors.As(c.end, &e) {
		return e.code, e.reason
	}
	return 0, fmt.Sprint(c.end)
}

// Strays are frames of the server that answer nothing that is waited for.
func (c *Conn) Strays() string {
	c.cm.Lock()
	defer c.cm.Unlock()
	return strings.Join(c.stray, "\n")
}

// all is a whole body as text.
func all(m M) string {
	b, _ := json.Marshal(m) // it came as JSON
	return string(b)
}
