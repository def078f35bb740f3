package rpc

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"ccms/internal/ocpp/wire"
)

// Call is a CALL of the charge point. Its parts share the bytes of Raw, which
// never change and may be kept.
type Call struct {
	ID      string
	Action  string
	Payload []byte // nil: the frame had none
	Raw     []byte
	At      time.Time // when the frame was complete
}

// Owner is whose connection a Peer is.
type Owner interface {
	// Handle answers one CALL. It returns one of
	//   - an answer: the payload of the CALLRESULT, sent once it returns;
	//   - a CallError, sent as CALLERROR;
	//   - Unavailable, or nil and nil: nothing is sent.
	//
	// ctx does not end with the socket, since a report that has arrived is worth
	// storing even if nobody waits for the answer.
	Handle(ctx context.Context, c Call) (answer []byte, cerr *CallError)

	// Tap sees every frame as it was received, and as it was sent once the socket has
	// taken it. It must not block; it may keep what it is given.
	Tap(f Tapped)

	// Unresponsive is told when two different actions of ours stayed unanswered in a
	// row. Whether the socket is closed is the owner's decision. It is called on a
	// goroutine of its own.
	Unresponsive(first, second string)

	// Ended is told once, as the last, why the connection ended: no CALL is in work
	// then.
	Ended(why error)
}

// Tapped is a frame on its way.
type Tapped struct {
	Out    bool
	Whole  bool // false: it does not split, and what could be read is here
	Type   Type
	ID     string
	Action string    // of a CALL, or of the CALL that an answer of ours is for
	At     time.Time // of a frame out: before it was sent, so that by time it comes before its consequences
	Raw    []byte
}

// The defaults of Config.
const (
	DefaultCallTimeout = 30 * time.Second
	DefaultMaxWaiting  = 50
)

// Config is what Peers have in common. They share one and do not write to it.
type Config struct {
	// CallTimeout is how long a CALL of ours may stay unanswered.
	CallTimeout time.Duration

	// MaxWaiting is how many CALLs of the charge point may wait behind the one
	// in work. Past it the reader stops reading until there is room.
	MaxWaiting int

	// Quick names actions whose handler waits for nothing, such as Heartbeat.
	// When nothing is in work or waits, the reader handles them itself; a
	// goroutine for each would cost as much as the rest. Nil: none.
	Quick func(action string) bool

	// Now dates the frames; nil: time.Now. Deadlines run by the real clock.
	Now func() time.Time

	Log *slog.Logger // nil: slog.Default
}

func orDefault[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

// Peer is the other end of one socket.
type Peer struct {
	conn  *wire.Conn
	cfg   *Config
	owner Owner

	mu      sync.Mutex
	in      []inbound      // waiting, in order
	room    chan struct{}  // non-nil while the reader waits; closed when there is room
	working bool           // a CALL is in work
	parked  chan<- inbound // of the worker that waits for the next; nil: none
	rest    chan struct{}  // non-nil while someone waits for the worker's end
	stopped bool           // takes no more CALLs, sends no more of ours
	over    bool           // the socket has ended
	ended   chan struct{}  // closed then; made when someone asks
	calls   outbox
}

// inbound is one entry of the in-order queue: a CALL, or an answer that is
// already known and only has to go out in its turn.
type inbound struct {
	call  Call
	rawID []byte
	reply *CallError
	quick bool // handled the moment it came
}

// NewPeer is a peer that does nothing before Start. cfg may be nil.
func NewPeer(conn *wire.Conn, cfg *Config, owner Owner) *Peer {
	if cfg == nil {
		cfg = &Config{}
	}
	return &Peer{conn: conn, cfg: cfg, owner: owner}
}

// Start begins to read. It must be called once.
func (p *Peer) Start() { p.conn.Start(p) }

// Ended is for the socket to call.
func (p *Peer) Ended(why error) {
	p.mu.Lock()
	p.over = true
	if p.ended != nil {
		close(p.ended)
	}
	if p.parked != nil {
		close(p.parked)
		p.parked = nil
	}
	p.mu.Unlock()
	p.calls.end(p)
	<-p.resting()
	p.owner.Ended(why)
}

// Over reports whether the socket has ended.
func (p *Peer) Over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.over
}

// Done is closed when the socket has ended; the last CALL may still be in work.
func (p *Peer) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.over:
		return closedChan
	case p.ended == nil:
		p.ended = make(chan struct{})
	}
	return p.ended
}

// Close ends the connection with a close code. What waits is dropped; a CALL in
// work is finished, but not answered.
func (p *Peer) Close(code uint16, reason string) {
	p.stop()
	p.conn.Close(code, reason)
}

// CloseNow ends the socket without a word, for one that a newer has replaced.
func (p *Peer) CloseNow() {
	p.stop()
	p.conn.CloseNow()
}

// closeGoingAway tells the peer that the server goes down. RFC 6455 §7.4.1.
const closeGoingAway = 1001

// Drain ends the connection so that no frame is half handled: the CALL in work
// is finished and answered, no other is begun, and the socket is closed with
// 1001. It returns when the socket has ended, or, with an error, when ctx has.
func (p *Peer) Drain(ctx context.Context) error {
	p.stop()
	defer p.conn.CloseNow()
	select {
	case <-p.resting():
	case <-ctx.Done():
		return ctx.Err()
	}
	p.conn.Close(closeGoingAway, "server going down")
	select {
	case <-p.Done():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Peer) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped, p.calls.stopped = true, true
	p.in = nil
	p.makeRoom()
}

// resting is closed when no CALL is in work and none waits.
func (p *Peer) resting() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.working {
		return closedChan
	}
	if p.rest == nil {
		p.rest = make(chan struct{})
	}
	return p.rest
}

var closedChan = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

func (p *Peer) now() time.Time {
	if p.cfg.Now != nil {
		return p.cfg.Now()
	}
	return time.Now()
}

func (p *Peer) log() *slog.Logger {
	if p.cfg.Log != nil {
		return p.cfg.Log
	}
	return slog.Default()
}

// Receive routes one frame; it is for the socket to call.
func (p *Peer) Receive(raw []byte) {
	at := p.now()
	f, err := Split(raw)
	p.owner.Tap(Tapped{Whole: err == nil, Type: f.Type, ID: f.ID, Action: f.Action, At: at, Raw: raw})
	if err != nil {
		p.unsplit(err.(*SplitError))
		return
	}
	switch f.Type {
	case TypeCall:
		p.enqueue(&inbound{
			call:  Call{ID: f.ID, Action: f.Action, Payload: f.Payload, Raw: raw, At: at},
			rawID: f.RawID,
		})
	case TypeResult:
		p.calls.answer(p, f.ID, answer{payload: f.Payload})
	case TypeError:
		p.calls.answer(p, f.ID, answer{err: &CallError{
			Code: ParseCode(f.Code), Description: f.Description, Details: f.Details,
		}})
	}
}

// unreadableID answers a frame without any id. OCPP 1.6 is silent on it; the
// value is that of OCPP 2.0.1 part 4 §4.2.3.
var unreadableID = []byte(`"-1"`)

func (p *Peer) unsplit(e *SplitError) {
	switch e.Type {
	case TypeResult, TypeError:
		// An answer is never answered; the CALL it is for has failed.
		p.calls.answer(p, e.ID, answer{err: ErrMalformed})
	case TypeCall, 0:
		id, rawID := e.ID, e.RawID
		if rawID == nil {
			id, rawID = "-1", unreadableID
		}
		p.enqueue(&inbound{call: Call{ID: id}, rawID: rawID, reply: CallErrorFormation(e.Reason)})
	default:
		// OCPP-J 1.6 §4.1.3: a message with another type number is ignored.
	}
}

// enqueue hands an entry to the worker, which it starts if there is none. It does not
// keep x.
func (p *Peer) enqueue(x *inbound) {
	p.mu.Lock()
	for {
		if p.stopped {
			p.mu.Unlock()
			return
		}
		if !p.working {
			p.working = true
			if x.reply == nil && p.cfg.Quick != nil && p.cfg.Quick(x.call.Action) {
				p.mu.Unlock()
				x.quick = true
				p.work(x)
				return
			}
			parked := p.parked
			p.parked = nil
			p.mu.Unlock()
			if parked != nil {
				parked <- *x
			} else {
				go p.worker(*x)
			}
			return
		}
		if len(p.in) < orDefault(p.cfg.MaxWaiting, DefaultMaxWaiting) {
			p.in = append(p.in, *x)
			p.mu.Unlock()
			return
		}
		p.room = make(chan struct{})
		room := p.room
		p.mu.Unlock()
		<-room
		p.mu.Lock()
	}
}

// makeRoom wakes the reader; p.mu is held.
func (p *Peer) makeRoom() {
	if p.room != nil {
		close(p.room)
		p.room = nil
	}
}

// linger is how long a worker waits for the next CALL before it ends. The handlers
// need a deep stack; one that is not given back does not have to grow again for each
// message of a charge point that talks much. Those that beat every few minutes hold
// none.
const linger = time.Second

// worker handles entries as long as they come.
func (p *Peer) worker(x inbound) {
	next := make(chan inbound, 1) // closed when the socket has ended
	var idle *time.Timer
	for {
		p.work(&x)
		p.mu.Lock()
		if p.working || p.parked != nil || p.stopped || p.over {
			p.mu.Unlock()
			return
		}
		p.parked = next
		p.mu.Unlock()
		if idle == nil {
			idle = time.NewTimer(linger)
			defer idle.Stop()
		} else {
			idle.Reset(linger)
		}
		var more bool
		select {
		case x, more = <-next:
		case <-idle.C:
			p.mu.Lock()
			if p.parked == next {
				p.parked = nil
				p.mu.Unlock()
				return
			}
			p.mu.Unlock()
			x, more = <-next // given at this moment
		}
		if !more {
			return
		}
	}
}

// work handles x and what waits behind it.
func (p *Peer) work(x *inbound) {
	p.perform(x)
	for next, more := p.next(); more; next, more = p.next() {
		p.perform(&next)
	}
}

// next takes the entry that waits longest; where there is none, no CALL is in work.
func (p *Peer) next() (x inbound, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.in) == 0 {
		p.working, p.in = false, nil
		if p.rest != nil {
			close(p.rest)
			p.rest = nil
		}
		return x, false
	}
	x = p.in[0]
	p.in[0] = inbound{}
	p.in = p.in[1:]
	p.makeRoom()
	return x, true
}

func (p *Peer) perform(x *inbound) {
	if x.reply != nil {
		p.fail(x, x.reply)
		return
	}
	payload, cerr := p.protected(x.call)
	switch {
	case cerr == Unavailable:
	case cerr != nil:
		p.fail(x, cerr)
	case payload != nil:
		raw := appendResult(make([]byte, 0, 8+len(x.rawID)+len(payload)), x.rawID, payload)
		f := Tapped{Type: TypeResult, ID: x.call.ID, Action: x.call.Action, Raw: raw}
		if x.quick {
			f.At = x.call.At
		}
		_ = p.send(f)
	}
}

func (p *Peer) fail(x *inbound, e *CallError) {
	raw := appendCallError(make([]byte, 0, 96+len(x.rawID)+len(e.Description)), x.rawID, e)
	_ = p.send(Tapped{Type: TypeError, ID: x.call.ID, Action: x.call.Action, Raw: raw})
}

// protected keeps a panic of the handler from taking the server down. What was
// being handled is not answered: the charge point may send it again.
func (p *Peer) protected(c Call) (payload []byte, cerr *CallError) {
	ctx, returned := context.Background(), false
	defer func() {
		if returned {
			return // recover costs more than many a handler
		}
		v := recover()
		p.log().ErrorContext(ctx, "handler panicked", "action", c.Action, "panic", v, "stack", string(debug.Stack()))
		payload, cerr = nil, Unavailable
	}()
	payload, cerr = p.owner.Handle(ctx, c)
	returned = true
	return payload, cerr
}

// send writes a frame. Who answers need not look at the error: the socket has ended
// then, and the reader says so.
func (p *Peer) send(f Tapped) error {
	f.Out, f.Whole = true, true
	if f.At.IsZero() {
		f.At = p.now()
	}
	err := p.conn.WriteText(f.Raw)
	if err == nil {
		p.owner.Tap(f)
	}
	return err
}
