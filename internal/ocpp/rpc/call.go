package rpc

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strconv"
	"time"
)

// Errors of Peer.Call. A *CallError is the charge point's own.
var (
	ErrQueueFull  = errors.New("too many calls wait for this charge point") // never sent
	ErrNotSent    = errors.New("connection ended before the call was sent") // never sent
	ErrLost       = errors.New("connection ended before the answer")        // sent; the outcome is unknown
	ErrUnanswered = errors.New("call not answered in time")                 // sent; the outcome is unknown
	ErrMalformed  = errors.New("answer could not be read")                  // sent; the outcome is unknown
)

// outbox is the state of our CALLs on one peer. Peer.mu guards it.
type outbox struct {
	slot     *pending   // the one that may be on the wire
	waiting  []*pending // for the slot, in order
	lastDead string     // action of the previous CALL if it stayed unanswered
	prefix   string     // of our ids on this connection
	count    uint64
	stopped  bool
}

// pending is one CALL of ours.
type pending struct {
	id     string
	action string
	turn   chan struct{} // closed when it has the slot
	done   chan answer   // one answer
	sent   bool          // given to the socket
	timer  *time.Timer   // from sending
}

type answer struct {
	payload []byte
	err     error
}

// Call sends a CALL when the slot is free and waits for the answer: the payload
// of the CALLRESULT (nil if it had none), a *CallError, or one of the errors
// above. When ctx ends before the CALL was sent, it never is; when after, its
// slot stays taken until the answer or the deadline, which counts from sending.
// action and payload are ours and go out as they are.
func (p *Peer) Call(ctx context.Context, action string, payload []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := &pending{action: action, turn: make(chan struct{}), done: make(chan answer, 1)}
	if err := p.calls.add(p, c); err != nil {
		return nil, err
	}
	select {
	case <-c.turn:
	case a := <-c.done:
		return a.payload, a.err
	case <-ctx.Done():
		if p.calls.withdraw(p, c) {
			return nil, ctx.Err()
		}
	}
	if frame := p.calls.dispatch(p, c, payload); frame != nil {
		if p.send(Tapped{Type: TypeCall, ID: c.id, Action: action, Raw: frame}) != nil {
			p.calls.answer(p, c.id, answer{err: ErrLost})
		}
	}
	select {
	case a := <-c.done:
		return a.payload, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (o *outbox) add(p *Peer, c *pending) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case o.stopped:
		return ErrNotSent
	case o.slot == nil:
		o.slot = c
		close(c.turn)
	case len(o.waiting) >= orDefault(p.cfg.MaxCalls, DefaultMaxCalls):
		return ErrQueueFull
	default:
		o.waiting = append(o.waiting, c)
	}
	return nil
}

// withdraw takes back a CALL that was not sent. False: it has the slot.
func (o *outbox) withdraw(p *Peer, c *pending) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, w := range o.waiting {
		if w == c {
			o.waiting = append(o.waiting[:i], o.waiting[i+1:]...)
			return true
		}
	}
	if o.slot == c && !c.sent {
		o.next()
		return true
	}
	return false
}

// dispatch gives the CALL its id and starts its deadline; nil if the connection
// ended meanwhile.
func (o *outbox) dispatch(p *Peer, c *pending, payload []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o.slot != c {
		return nil
	}
	if o.prefix == "" {
		// Ids of another connection must not match: a charge point may answer
		// late, on the next socket.
		var b [5]byte
		rand.Read(b[:])
		o.prefix = hex.EncodeToString(b[:]) + "-"
	}
	o.count++
	c.id = o.prefix + strconv.FormatUint(o.count, 10)
	c.sent = true
	c.timer = time.AfterFunc(orDefault(p.cfg.CallTimeout, DefaultCallTimeout), func() { o.expire(p, c) })
	return appendCall(make([]byte, 0, 24+len(c.id)+len(c.action)+len(payload)), c.id, c.action, payload)
}

// answer ends the CALL on the wire if the id is its own. Any other id is that of
// a late or doubled answer and is ignored.
func (o *outbox) answer(p *Peer, id string, a answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := o.slot
	if c == nil || !c.sent || c.id != id {
		return
	}
	c.timer.Stop()
	c.done <- a
	if a.err != ErrLost {
		o.lastDead = ""
	}
	o.next()
}

func (o *outbox) expire(p *Peer, c *pending) {
	p.mu.Lock()
	if o.slot != c {
		p.mu.Unlock()
		return
	}
	c.done <- answer{err: ErrUnanswered}
	first := o.lastDead
	o.lastDead = c.action
	o.next()
	p.mu.Unlock()
	if first != "" && first != c.action {
		p.owner.Unresponsive(first, c.action)
	}
}

// next gives the slot to the CALL that has waited longest. The goroutine of that
// CALL does the writing: neither the reader nor a timer waits for the socket.
func (o *outbox) next() {
	o.slot = nil
	if len(o.waiting) == 0 {
		o.waiting = nil
		return
	}
	o.slot = o.waiting[0]
	o.waiting[0] = nil
	o.waiting = o.waiting[1:]
	close(o.slot.turn)
}

// stop fails what was not sent. The CALL on the wire may still be answered.
func (o *outbox) stop(p *Peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o.stopped = true
	for _, c := range o.waiting {
		c.done <- answer{err: ErrNotSent}
	}
	o.waiting = nil
	if c := o.slot; c != nil && !c.sent {
		c.done <- answer{err: ErrNotSent}
		o.slot = nil
	}
}

// end fails the CALL on the wire, too.
func (o *outbox) end(p *Peer) {
	o.stop(p)
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := o.slot; c != nil {
		c.timer.Stop()
		c.done <- answer{err: ErrLost}
		o.slot = nil
	}
}
