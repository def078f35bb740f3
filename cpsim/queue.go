package cpsim

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// item is a CALL of ours that waits to be sent or to be answered.
type item struct {
	seq     uint64
	action  string
	payload func() any // evaluated when it is sent: the transaction id may come late
	conn    int
	tx      *transaction // not nil: kept until answered, retried
	anytime bool         // may go out before the boot is accepted
	held    bool         // waits for its retry
	sent    int          // transmissions
	failed  int          // of these, failures to process

	done func(conf json.RawMessage, err error) error // under the lock
}

func (it *item) finish(conf json.RawMessage, err error) error {
	if it.done == nil {
		return nil
	}
	return it.done(conf, err)
}

// flight is a transmission that waits for its answer.
type flight struct {
	id      string
	item    *item
	request json.RawMessage
	at      time.Time
	stop    func() bool
}

// mostQueued bounds the memory of a long outage. Past it MeterValues are left
// out, which OCPP 1.6 §3.7 allows for them alone.
const mostQueued = 10000

func (cp *ChargePoint) enqueue(it *item) {
	cp.seq++
	it.seq = cp.seq
	switch {
	case it.tx != nil:
		if it.action == "MeterValues" && len(cp.txq) >= mostQueued {
			cp.emit(Event{Kind: Dropped, Action: it.action, Connector: it.conn, Err: ErrOffline})
			return
		}
		cp.txq = append(cp.txq, it)
	case cp.link == nil:
		_ = it.finish(nil, ErrOffline)
	default:
		cp.plain = append(cp.plain, it)
	}
}

func (cp *ChargePoint) queued() int {
	n := len(cp.plain) + len(cp.txq)
	if cp.flight != nil && cp.flight.item.tx == nil {
		n++ // a transaction message stays at the head of its queue
	}
	return n
}

// pump sends the next message if the slot is free.
func (cp *ChargePoint) pump() {
	for cp.link != nil && !cp.link.closing && cp.flight == nil {
		it := cp.next()
		if it == nil {
			return
		}
		cp.transmit(it)
	}
}

// next takes the oldest message that may go out.
func (cp *ChargePoint) next() *item {
	for len(cp.txq) > 0 && cp.txq[0].tx.lost && cp.txq[0].action != "StartTransaction" {
		// Its StartTransaction was given up: the server has no id for it.
		it := cp.txq[0]
		cp.txq = cp.txq[1:]
		cp.emit(Event{Kind: Dropped, Action: it.action, Connector: it.conn, Err: ErrTimeout})
	}
	var p, t *item
	if len(cp.plain) > 0 {
		p = cp.plain[0]
	}
	if !cp.accepted {
		for i, it := range cp.plain {
			if it.anytime {
				cp.plain = append(cp.plain[:i:i], cp.plain[i+1:]...)
				return it
			}
		}
		return nil
	}
	if len(cp.txq) > 0 && !cp.txq[0].held {
		t = cp.txq[0]
	}
	switch {
	case t != nil && (p == nil || t.seq < p.seq):
		return t
	case p != nil:
		cp.plain = cp.plain[1:]
	}
	return p
}

func (cp *ChargePoint) transmit(it *item) {
	f := cp.put(it)
	if it.action == "StartTransaction" && cp.has(QuirkStartTwice) && it.sent == 1 {
		twin := cp.put(it)
		cp.remember(twin)
	}
	f.stop = cp.after(cp.cfg.CallTimeout, func() {
		if cp.flight != f {
			return
		}
		cp.flight = nil
		cp.fail(f, TimedOut, ErrTimeout)
	})
	cp.flight = f
}

// put writes one CALL.
func (cp *ChargePoint) put(it *item) *flight {
	it.sent++
	payload, err := json.Marshal(it.payload())
	if err != nil { // structs of strings and integers, or raw JSON that was checked
		panic(fmt.Sprintf("cpsim: %s cannot be written: %v", it.action, err))
	}
	f := &flight{id: cp.nextID(), item: it, request: payload, at: time.Now()}
	b := callFrame(f.id, it.action, payload)
	if it.action == "MeterValues" && cp.has(QuirkInvalidJSON) {
		b = breakTransactionID(b)
	}
	cp.sendText(cp.link, b)
	return f
}

// remember makes an answer that comes outside the slot known.
func (cp *ChargePoint) remember(f *flight) {
	if cp.extra == nil {
		cp.extra = map[string]*flight{}
	}
	cp.extra[f.id] = f
}

// take handles one message of the server.
func (cp *ChargePoint) take(b []byte) {
	f, err := parseFrame(b)
	if err != nil {
		cp.emit(Event{Kind: Unmatched, Response: b, Err: err})
		return
	}
	if f.Type == typeCall {
		cp.handle(f)
		return
	}
	fl := cp.flight
	if fl == nil || fl.id != f.ID {
		if fl = cp.extra[f.ID]; fl == nil {
			cp.emit(Event{Kind: Unmatched, MessageID: f.ID, Response: b})
			return
		}
		if f.Type == typeCallResult {
			cp.emit(cp.report(fl, Answered, f.Payload, nil))
		} else {
			cp.emit(cp.report(fl, Failed, nil, &CallError{f.Code, f.Description}))
		}
		return
	}
	fl.stop()
	cp.flight = nil
	if f.Type == typeCallError {
		cp.fail(fl, Failed, &CallError{f.Code, f.Description})
		return
	}
	it := fl.item
	// Reported before the point acts on it: what it does then comes after.
	cp.emit(cp.report(fl, Answered, f.Payload, nil))
	if it.tx != nil {
		cp.txq = cp.txq[1:]
	}
	if err := it.finish(f.Payload, nil); err != nil {
		cp.emit(cp.report(fl, Failed, f.Payload, err))
	}
	if it.action == "BootNotification" && cp.accepted && cp.has(QuirkBootAgain) {
		cp.bootAgain(fl)
	}
}

func (cp *ChargePoint) report(f *flight, kind EventKind, conf json.RawMessage, err error) Event {
	return Event{
		Kind: kind, Connector: f.item.conn, Action: f.item.action, MessageID: f.id, Attempt: f.item.sent,
		Latency: time.Since(f.at), Request: f.request, Response: conf, Err: err,
	}
}

// fail counts a CALLERROR or a timeout. A transaction message is sent again
// after TransactionMessageRetryInterval × failures, until it has failed
// TransactionMessageAttempts times (OCPP 1.6 §3.7.1).
func (cp *ChargePoint) fail(f *flight, kind EventKind, err error) {
	it := f.item
	cp.emit(cp.report(f, kind, nil, err))
	if it.tx == nil {
		_ = it.finish(nil, err)
		return
	}
	it.failed++
	if it.failed >= cp.intKey("TransactionMessageAttempts") {
		cp.txq = cp.txq[1:]
		cp.emit(cp.report(f, Dropped, nil, err))
		_ = it.finish(nil, err)
		return
	}
	it.held = true
	wait := time.Duration(cp.intKey("TransactionMessageRetryInterval")) * time.Second * time.Duration(it.failed)
	cp.after(wait, func() { it.held = false })
	if it.action == "StartTransaction" {
		cp.energise(it.tx) // no answer to wait for: as if offline
	}
}

// Call sends any CALL and waits for its answer: the payload of the CALLRESULT,
// or a *CallError, ErrTimeout or ErrOffline. It takes its turn behind what is
// queued, but does not wait for the boot.
func (cp *ChargePoint) Call(ctx context.Context, action string, payload any) (json.RawMessage, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	type result struct {
		conf json.RawMessage
		err  error
	}
	ch := make(chan result, 1)
	cp.lock()
	cp.enqueue(&item{
		action: action, anytime: true,
		payload: func() any { return json.RawMessage(raw) },
		done: func(conf json.RawMessage, err error) error {
			ch <- result{conf, err}
			return nil
		},
	})
	cp.unlock()
	select {
	case r := <-ch:
		return r.conf, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// SendRaw writes the bytes as one text message, whatever they are. Its answer
// comes as an Unmatched event.
func (cp *ChargePoint) SendRaw(b []byte) error {
	cp.lock()
	defer cp.unlock()
	if cp.link == nil {
		return ErrOffline
	}
	cp.sendText(cp.link, b)
	return nil
}
