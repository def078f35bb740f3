package cpsim

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"
)

// Errors of actions.
var (
	ErrOffline   = errors.New("cpsim: not connected")
	ErrTimeout   = errors.New("cpsim: no answer in time")
	ErrClosed    = errors.New("cpsim: the charge point has been switched off")
	ErrConnector = errors.New("cpsim: no such connector")
	ErrBusy      = errors.New("cpsim: the connector cannot do that now")
)

// ChargePoint is one simulated device. All methods may be called from any
// goroutine.
type ChargePoint struct {
	cfg Config

	mu        sync.Mutex
	rng       *rand.Rand
	link      *link
	zombies   []*link // QuirkHalfOpen: abandoned, still open
	wake      chan struct{}
	running   bool
	closed    bool
	offline   bool // GoOffline
	dark      bool // between power off and power on
	booted    bool // accepted since the last start
	accepted  bool // this connection may carry more than BootNotification
	resetting bool // Soft reset: reboot as soon as the queue is empty
	rejected  bool // the last boot was answered with Rejected
	idBase    string
	idCount   uint64
	offset    time.Duration // server time minus device clock
	lastStamp time.Time
	interval  time.Duration // of heartbeats
	stopBeat  func() bool
	keys      map[string]string // changed configuration keys; nil: none
	// what was told last of files and of firmware
	logStatus, firmwareStatus string

	cache        map[string]bool   // authorisation cache: accepted tags; nil: none
	list         map[string]listed // local authorisation list; nil: none
	listVersion  int
	reservations map[int]*reservation // by id; nil: none
	profiles     []chargingProfile    // that the server has set; they survive a reboot
	stopProfile  func() bool          // until a profile's next limit
	connectors   []*connector         // [0] is the point itself
	seq          uint64
	plain        []*item
	txq          []*item
	flight       *flight
	extra        map[string]*flight // answers that come outside the one slot
	waiters      []*waiter
	events       []Event
	delivering   bool
}

type waiter struct {
	cond func() bool
	done chan struct{}
}

// New makes a charge point; nothing happens before Run.
func New(cfg Config) *ChargePoint {
	cfg = cfg.withDefaults()
	h := fnv.New64a()
	h.Write([]byte(cfg.Identity))
	cp := &ChargePoint{
		cfg:  cfg,
		rng:  rand.New(rand.NewPCG(cfg.Seed, h.Sum64())),
		wake: make(chan struct{}, 1),
	}
	for i := range len(cfg.Connectors) + 1 {
		c := &connector{id: i, status: Available}
		if i > 0 {
			c.spec = cfg.Connectors[i-1].withDefaults()
			c.meter.wh = c.spec.MeterWh
			c.meter.limit = -1
		}
		cp.connectors = append(cp.connectors, c)
	}
	for k, v := range cfg.Keys {
		cp.setKey(k, v)
	}
	cp.newIDs()
	return cp
}

// Identity is the identity of the point.
func (cp *ChargePoint) Identity() string { return cp.cfg.Identity }

func (cp *ChargePoint) has(q Quirk) bool { return cp.cfg.Quirks[q] }

// newIDs begins the message ids of one uptime. The start time keeps them apart
// from those of an earlier one.
func (cp *ChargePoint) newIDs() {
	if cp.has(QuirkIDsRestart) {
		cp.idBase, cp.idCount = "", 999999
		return
	}
	cp.idBase, cp.idCount = fmt.Sprintf("%x-", cp.cfg.Now().UnixMilli()), 0
}

func (cp *ChargePoint) nextID() string {
	cp.idCount++
	return fmt.Sprintf("%s%d", cp.idBase, cp.idCount)
}

func (cp *ChargePoint) lock() { cp.mu.Lock() }

// unlock sends what can be sent, reports what happened, wakes who waits for
// it, and lets go. One goroutine at a time delivers events, so they keep
// their order even when the callback acts on the point.
func (cp *ChargePoint) unlock() {
	cp.pump()
	if cp.resetting && cp.queued() == 0 {
		cp.resetting = false
		cp.reboot()
	}
	if cp.delivering {
		cp.mu.Unlock()
		return
	}
	cp.delivering = true
	for len(cp.events) > 0 {
		batch := cp.events
		cp.events = nil
		if cp.cfg.OnEvent == nil {
			continue
		}
		cp.mu.Unlock()
		for _, e := range batch {
			cp.cfg.OnEvent(e)
		}
		cp.mu.Lock()
	}
	cp.delivering = false
	if len(cp.waiters) > 0 {
		kept := cp.waiters[:0]
		for _, w := range cp.waiters {
			if cp.closed || w.cond() {
				close(w.done)
			} else {
				kept = append(kept, w)
			}
		}
		clear(cp.waiters[len(kept):])
		cp.waiters = kept
	}
	cp.mu.Unlock()
}

func (cp *ChargePoint) emit(e Event) {
	e.At = time.Now()
	e.Identity = cp.cfg.Identity
	if cp.cfg.Log != nil {
		cp.logEvent(e)
	}
	if cp.cfg.OnEvent != nil {
		cp.events = append(cp.events, e)
	}
}

// after runs f under the lock once d has passed.
func (cp *ChargePoint) after(d time.Duration, f func()) func() bool {
	return cp.cfg.AfterFunc(d, func() {
		cp.lock()
		defer cp.unlock()
		if !cp.closed {
			f()
		}
	})
}

// waitFor returns once cond, which runs under the lock, is true and everything
// that happened until then has been reported.
func (cp *ChargePoint) waitFor(ctx context.Context, cond func() bool) error {
	w := &waiter{cond: cond, done: make(chan struct{})}
	cp.lock()
	cp.waiters = append(cp.waiters, w)
	cp.unlock()
	select {
	case <-w.done:
		cp.mu.Lock()
		defer cp.mu.Unlock()
		if cp.closed {
			return ErrClosed
		}
		return nil
	case <-ctx.Done():
		cp.mu.Lock()
		defer cp.mu.Unlock()
		for i, other := range cp.waiters {
			if other == w {
				cp.waiters = append(cp.waiters[:i], cp.waiters[i+1:]...)
				break
			}
		}
		return ctx.Err()
	}
}

// Wait returns once cond is true of the point's state, or with an error when
// ctx ends or the point is switched off. cond must not call the point.
func (cp *ChargePoint) Wait(ctx context.Context, cond func(State) bool) error {
	return cp.waitFor(ctx, func() bool { return cond(cp.state()) })
}

// WaitStatus waits until the connector has the status.
func (cp *ChargePoint) WaitStatus(ctx context.Context, conn int, status string) error {
	return cp.waitFor(ctx, func() bool {
		return conn >= 0 && conn < len(cp.connectors) && cp.connectors[conn].status == status
	})
}

// WaitDelivered waits until the point is connected and no message is waiting
// for delivery or for an answer.
func (cp *ChargePoint) WaitDelivered(ctx context.Context) error {
	return cp.waitFor(ctx, func() bool {
		return cp.accepted && len(cp.txq) == 0 && len(cp.plain) == 0 && cp.flight == nil
	})
}

// State is a copy of what the point is doing.
type State struct {
	Online       bool // the WebSocket is open
	Booted       bool // and the server accepted the point
	Queued       int  // messages not yet answered, the outstanding one included
	List         int  // cards on the local list
	ListVersion  int
	Reservations int
	Connectors   []ConnectorState // connector 1 first
}

// ConnectorState is a copy of one connector.
type ConnectorState struct {
	ID            int
	Status        string
	Plugged       bool
	Waiting       bool   // a card or a remote start waits for the plug
	Transaction   bool   // one is running
	TransactionID int    // the server's id, 0: not known yet
	IDTag         string // of the transaction
	MeterWh       int64
	PowerW        int64
	SoCPermille   int64
}

// State returns a copy of what the point is doing.
func (cp *ChargePoint) State() State {
	cp.lock()
	defer cp.unlock()
	return cp.state()
}

func (cp *ChargePoint) state() State {
	s := State{
		Online: cp.link != nil,
		Booted: cp.accepted,
		Queued: cp.queued(),
		List:   len(cp.list), ListVersion: cp.listVersion, Reservations: len(cp.reservations),
	}
	now := cp.cfg.Now()
	for _, c := range cp.connectors[1:] {
		c.meter.advance(now)
		cs := ConnectorState{
			ID: c.id, Status: c.status, Plugged: c.plugged, Waiting: c.intent != nil && !c.plugged,
			MeterWh: c.meter.wh, PowerW: c.meter.power(), SoCPermille: c.meter.socPermille(),
		}
		if c.tx != nil {
			cs.Transaction, cs.TransactionID, cs.IDTag = true, c.tx.id, c.tx.idTag
		}
		s.Connectors = append(s.Connectors, cs)
	}
	return s
}

// connector finds a connector by its number; zero is the point itself.
func (cp *ChargePoint) connector(n int) (*connector, error) {
	if n < 1 || n >= len(cp.connectors) {
		return nil, fmt.Errorf("%w: %d", ErrConnector, n)
	}
	return cp.connectors[n], nil
}

// stamp is the time for a message: the device's clock as the server set it,
// in whole milliseconds, never twice the same. Two transactions of the same
// card in the same millisecond would look like one repeated.
func (cp *ChargePoint) stamp() time.Time {
	t := cp.cfg.Now().Add(cp.offset).Truncate(time.Millisecond)
	if d := cp.lastStamp.Sub(t); d >= 0 && d < time.Second {
		t = cp.lastStamp.Add(time.Millisecond)
	}
	cp.lastStamp = t
	return t
}

func (cp *ChargePoint) format(t time.Time) string {
	if cp.has(QuirkNoZone) {
		return t.In(cp.cfg.Zone).Format("2006-01-02T15:04:05")
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
