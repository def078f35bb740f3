package rpc

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// Conn is the socket a Peer speaks over; *wire.Conn is one. ReadText is called
// by one goroutine at a time, the others by any. What ReadText returns is never
// written to again.
type Conn interface {
	ReadText() ([]byte, error)
	WriteText([]byte) error
	Close(code uint16, reason string) error
	CloseNow()
}

// Call is a CALL of the charge point. Its parts share the bytes of Raw, which
// never change and may be kept.
type Call struct {
	ID      string
	Action  string
	Payload []byte // nil: the frame had none
	Raw     []byte
	At      time.Time // when the frame was complete
}

// Handler answers one CALL. It returns one of
//   - an answer: the payload of the CALLRESULT, sent once the handler returns;
//   - a CallError, sent as CALLERROR;
//   - Unavailable, or nil and nil: nothing is sent.
//
// ctx is that of Run; it does not end with the socket, since a report that has
// arrived is worth storing even if nobody waits for the answer.
type Handler func(ctx context.Context, c Call) (answer []byte, cerr *CallError)

// Direction of a frame.
type Direction uint8

const (
	In  Direction = iota // from the charge point
	Out                  // to the charge point
)

// The defaults of Config.
const (
	DefaultCallTimeout = 30 * time.Second
	DefaultMaxWaiting  = 50
	DefaultMaxCalls    = 64
)

// Config is what the owner of a Peer decides. Peers may share one; a Peer does
// not write to it.
type Config struct {
	// CallTimeout is how long a CALL of ours may stay unanswered.
	CallTimeout time.Duration

	// MaxWaiting is how many CALLs of the charge point may wait behind the one
	// in work. Past it the reader stops reading until there is room.
	MaxWaiting int

	// MaxCalls is how many CALLs of ours may wait for the one slot.
	MaxCalls int

	// Quick names actions whose handler waits for nothing, such as Heartbeat.
	// When nothing is in work or waits, the reader handles them itself; a
	// goroutine for each would cost as much as the rest. Nil: none.
	Quick func(action string) bool

	// Tap sees every frame as it was received, and as it was sent once the
	// socket has taken it; at is then from before, so that by time a frame comes
	// before its consequences. f has its elements; where whole is false it does not
	// split, and f has what could be read. It must not block; it may keep raw, and f
	// until it returns.
	Tap func(p *Peer, d Direction, f *Frame, whole bool, raw []byte, at time.Time)

	// Unresponsive is told when two different actions of ours stayed unanswered
	// in a row. Whether the socket is closed is the owner's decision. It is
	// called on a goroutine of its own.
	Unresponsive func(p *Peer, first, second string)

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
	conn   Conn
	cfg    *Config
	handle Handler
	ended  chan struct{} // closed when the reader has ended

	mu      sync.Mutex
	in      []inbound      // waiting, in order
	room    chan struct{}  // non-nil while the reader waits; closed when there is room
	working bool           // a CALL is in work
	parked  chan<- inbound // of the worker that waits for the next; nil: none
	rest    chan struct{}  // non-nil while someone waits for the worker's end
	stopped bool           // takes no more CALLs, sends no more of ours
	calls   outbox
}

// inbound is one entry of the in-order queue: a CALL, or an answer that is
// already known and only has to go out in its turn.
type inbound struct {
	call  Call
	rawID []byte
	reply *CallError
}

// NewPeer is a peer that does nothing before Run. handle may be a method value
// of what the owner keeps for this connection. cfg may be nil.
func NewPeer(conn Conn, cfg *Config, handle Handler) *Peer {
	if cfg == nil {
		cfg = &Config{}
	}
	return &Peer{conn: conn, cfg: cfg, handle: handle, ended: make(chan struct{})}
}

// Run reads until the socket ends, and returns why once the last CALL that had
// arrived is handled. It must be called once. ctx is given to the handler;
// ending it does not end Run: Drain and Close do.
func (p *Peer) Run(ctx context.Context) error {
	var end error
	for {
		raw, err := p.conn.ReadText()
		if err != nil {
			end = err
			break
		}
		p.receive(ctx, raw, p.now())
	}
	close(p.ended)
	p.calls.end(p)
	<-p.resting()
	return end
}

// Done is closed when the socket has ended; the last CALL may still be in work.
func (p *Peer) Done() <-chan struct{} { return p.ended }

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
	case <-p.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Peer) stop() {
	p.mu.Lock()
	p.stopped = true
	p.in = nil
	p.makeRoom()
	p.mu.Unlock()
	p.calls.stop(p)
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

// receive routes one frame.
func (p *Peer) receive(ctx context.Context, raw []byte, at time.Time) {
	f, err := Split(raw)
	if p.cfg.Tap != nil {
		p.cfg.Tap(p, In, &f, err == nil, raw, at)
	}
	if err != nil {
		p.unsplit(ctx, err.(*SplitError))
		return
	}
	switch f.Type {
	case TypeCall:
		p.enqueue(ctx, inbound{
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

func (p *Peer) unsplit(ctx context.Context, e *SplitError) {
	switch e.Type {
	case TypeResult, TypeError:
		// An answer is never answered; the CALL it is for has failed.
		p.calls.answer(p, e.ID, answer{err: ErrMalformed})
	case TypeCall, 0:
		id, rawID := e.ID, e.RawID
		if rawID == nil {
			id, rawID = "-1", unreadableID
		}
		p.enqueue(ctx, inbound{call: Call{ID: id}, rawID: rawID, reply: CallErrorFormation(e.Reason)})
	default:
		// OCPP-J 1.6 §4.1.3: a message with another type number is ignored.
	}
}

// enqueue hands an entry to the worker, which it starts if there is none.
func (p *Peer) enqueue(ctx context.Context, x inbound) {
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
				p.work(ctx, x)
				return
			}
			parked := p.parked
			p.parked = nil
			p.mu.Unlock()
			if parked != nil {
				parked <- x
			} else {
				go p.worker(ctx, x)
			}
			return
		}
		if len(p.in) < orDefault(p.cfg.MaxWaiting, DefaultMaxWaiting) {
			p.in = append(p.in, x)
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
func (p *Peer) worker(ctx context.Context, x inbound) {
	next := make(chan inbound, 1)
	var idle *time.Timer
	for {
		p.work(ctx, x)
		p.mu.Lock()
		if p.working || p.parked != nil || p.stopped {
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
		select {
		case x = <-next:
			continue
		case <-idle.C:
		case <-p.ended:
		}
		p.mu.Lock()
		given := p.parked != next
		if !given {
			p.parked = nil
		}
		p.mu.Unlock()
		if !given {
			return
		}
		x = <-next
	}
}

// work handles entries until none is left.
func (p *Peer) work(ctx context.Context, x inbound) {
	for {
		p.perform(ctx, &x)
		p.mu.Lock()
		if len(p.in) == 0 {
			p.working, p.in = false, nil
			if p.rest != nil {
				close(p.rest)
				p.rest = nil
			}
			p.mu.Unlock()
			return
		}
		x = p.in[0]
		p.in[0] = inbound{}
		p.in = p.in[1:]
		p.makeRoom()
		p.mu.Unlock()
	}
}

func (p *Peer) perform(ctx context.Context, x *inbound) {
	if x.reply != nil {
		p.send(&Frame{Type: TypeError, ID: x.call.ID}, appendCallError(nil, x.rawID, x.reply))
		return
	}
	payload, cerr := p.protected(ctx, x.call)
	switch {
	case cerr == Unavailable:
	case cerr != nil:
		p.send(&Frame{Type: TypeError, ID: x.call.ID}, appendCallError(make([]byte, 0, 96+len(x.rawID)+len(cerr.Description)), x.rawID, cerr))
	case payload != nil:
		p.send(&Frame{Type: TypeResult, ID: x.call.ID}, appendResult(make([]byte, 0, 8+len(x.rawID)+len(payload)), x.rawID, payload))
	}
}

// protected keeps a panic of the handler from taking the server down. What was
// being handled is not answered: the charge point may send it again.
func (p *Peer) protected(ctx context.Context, c Call) (payload []byte, cerr *CallError) {
	defer func() {
		if v := recover(); v != nil {
			p.log().ErrorContext(ctx, "handler panicked", "action", c.Action, "panic", v, "stack", string(debug.Stack()))
			payload, cerr = nil, Unavailable
		}
	}()
	return p.handle(ctx, c)
}

// send writes a frame. The handler is not told of an error: the socket has
// ended, and the reader says so.
func (p *Peer) send(f *Frame, raw []byte) error {
	if p.cfg.Tap == nil {
		return p.conn.WriteText(raw)
	}
	at := p.now()
	err := p.conn.WriteText(raw)
	if err == nil {
		p.cfg.Tap(p, Out, f, true, raw, at)
	}
	return err
}
