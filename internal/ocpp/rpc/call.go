package rpc

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strconv"
	"time"
)

// Errors of Peer.Call. A *CallError is the charge point's own.
var (
	ErrBusy       = errors.New("a call of ours is still unanswered")        // never sent
	ErrNotSent    = errors.New("connection ended before the call was sent") // never sent
	ErrLost       = errors.New("connection ended before the answer")        // sent; the outcome is unknown
	ErrUnanswered = errors.New("call not answered in time")                 // sent; the outcome is unknown
	ErrMalformed  = errors.New("answer could not be read")                  // sent; the outcome is unknown
)

// outbox is the state of our CALLs on one peer. Peer.mu guards it.
type outbox struct {
	slot     *pending // the one on the wire
	lastDead string   // action of the previous CALL if it stayed unanswered
	prefix   string   // of our ids on this connection
	count    uint64
	stopped  bool
}

// pending is one CALL of ours.
type pending struct {
	id     string
	action string
	done   chan answer // one answer
	timer  *time.Timer // from sending
}

type answer struct {
	payload []byte
	err     error
}

// Call sends a CALL and waits for the answer: the payload of the CALLRESULT (nil if it
// had none), a *CallError, or one of the errors above; for Config.CallTimeout at most.
// One at a time: what waits for its turn waits with the owner, who has it stored. action
// and payload are ours and go out as they are.
func (p *Peer) Call(action string, payload []byte) ([]byte, error) {
	c, err := p.calls.begin(p, action)
	if err != nil {
		return nil, err
	}
	frame := appendCall(make([]byte, 0, 24+len(c.id)+len(action)+len(payload)), c.id, action, payload)
	if p.send(Tapped{Type: TypeCall, ID: c.id, Action: action, Raw: frame}) != nil {
		p.calls.answer(p, c.id, answer{err: ErrLost})
	}
	a := <-c.done
	return a.payload, a.err
}

// begin takes the slot for a CALL, gives it its id and starts its deadline.
func (o *outbox) begin(p *Peer, action string) (*pending, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case o.stopped:
		return nil, ErrNotSent
	case o.slot != nil:
		return nil, ErrBusy
	}
	if o.prefix == "" {
		// Ids of another connection must not match: a charge point may answer
		// late, on the next socket.
		var b [5]byte
		rand.Read(b[:])
		o.prefix = hex.EncodeToString(b[:]) + "-"
	}
	o.count++
	c := &pending{id: o.prefix + strconv.FormatUint(o.count, 10), action: action, done: make(chan answer, 1)}
	c.timer = time.AfterFunc(orDefault(p.cfg.CallTimeout, DefaultCallTimeout), func() { o.expire(p, c) })
	o.slot = c
	return c, nil
}

// answer ends the CALL on the wire if the id is its own. Any other id is that of
// a late or doubled answer and is ignored.
func (o *outbox) answer(p *Peer, id string, a answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := o.slot
	if c == nil || c.id != id {
		return
	}
	c.timer.Stop()
	c.done <- a
	if a.err != ErrLost {
		o.lastDead = ""
	}
	o.slot = nil
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
	o.slot = nil
	p.mu.Unlock()
	if first != "" && first != c.action {
		p.owner.Unresponsive(first, c.action)
	}
}

// end fails the CALL on the wire: the socket has ended.
func (o *outbox) end(p *Peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o.stopped = true
	if c := o.slot; c != nil {
		c.timer.Stop()
		c.done <- answer{err: ErrLost}
		o.slot = nil
	}
}
