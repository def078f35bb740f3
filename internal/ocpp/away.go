package ocpp

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/ocpp/rpc"
	"ccms/internal/ocpp/wire"
)

// away is the time in which the store takes no writes (order rule 7): no socket is
// held and none is let in. A charge point that is connected gives a report up after a
// few attempts; one that is not connected keeps it (OCPP 1.6 §3.7.1).
type away struct {
	on   bool
	here context.Context // ends when on becomes true
	stop context.CancelFunc
	// owed are the ends of sockets that the store could not take; a later epoch makes
	// them void.
	owed map[ident.ChargePoint]socketEnd
}

type socketEnd struct {
	scope authz.Scope
	epoch int64
}

func newAway() away {
	ctx, stop := context.WithCancel(context.Background())
	return away{here: ctx, stop: stop, owed: map[ident.ChargePoint]socketEnd{}}
}

var errAway = errors.New("ocpp: the store takes no writes")

// whileHere bounds a call into the store: it does not begin once charge points are
// sent away.
func (d *Door) whileHere(limit time.Duration) (context.Context, context.CancelFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return context.WithTimeoutCause(d.away.here, limit, errAway)
}

// retryAfter is 10 to 30 s, so that those who read it do not come back as one.
func retryAfter() string { return strconv.Itoa(10 + rand.IntN(21)) }

// SendAway closes every socket with 1013 and refuses new ones with 503, before
// anything is asked of the store, until LetIn. A report in work is stored if it still
// can be, and not answered: the charge point keeps it and finds it done.
func (d *Door) SendAway() {
	d.mu.Lock()
	if d.away.on {
		d.mu.Unlock()
		return
	}
	d.away.on = true
	d.away.stop()
	closing := make([]*rpc.Peer, 0, len(d.conns)+len(d.guests))
	for _, c := range d.conns {
		closing = append(closing, c.peer)
	}
	for _, g := range d.guests {
		closing = append(closing, g.peer)
	}
	d.mu.Unlock()
	const together = 64 // a peer that reads nothing holds one of them for a moment
	go each(closing, together, func(p *rpc.Peer) { p.Close(wire.CloseTryLater, "the server can store nothing now") })
}

// LetIn lets charge points in again. Settle is due then.
func (d *Door) LetIn() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away.on {
		d.away.on = false
		d.away.here, d.away.stop = context.WithCancel(context.Background())
	}
}

// owe keeps the end of a connection that the store could not take.
func (d *Door) owe(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away.owed[c.Point].epoch <= c.Epoch {
		d.away.owed[c.Point] = socketEnd{c.Scope, c.Epoch}
	}
}

// Settle stores the ends of connections that the store could not take. What fails
// stays owed until the next time.
func (d *Door) Settle(ctx context.Context) {
	d.mu.Lock()
	owed, here := maps.Clone(d.away.owed), d.away.here
	d.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(here, cancel)() // not while charge points are sent away
	points := make([]ident.ChargePoint, 0, len(owed))
	for p := range owed {
		points = append(points, p)
	}
	const together = 50 // they join one commit
	each(points, together, func(p ident.ChargePoint) {
		if err := d.sessions.Disconnect(ctx, owed[p].scope, p, owed[p].epoch); err != nil {
			return
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.away.owed[p] == owed[p] {
			delete(d.away.owed, p)
		}
	})
}

// each does something to all of them, so many at once.
func each[T any](all []T, together int, do func(T)) {
	slots := make(chan struct{}, together)
	var wg sync.WaitGroup
	for _, x := range all {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			do(x)
		})
	}
	wg.Wait()
}
