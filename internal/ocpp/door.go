package ocpp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ccms/internal/asset"
	"ccms/internal/cluster"
	"ccms/internal/ident"
	"ccms/internal/ocpp/rpc"
	"ccms/internal/ocpp/v16"
	"ccms/internal/ocpp/wire"
	"ccms/internal/operator"
	"ccms/internal/session"
	"ccms/internal/upkeep"
)

// Prefix is where charge points connect; it is matched before the mux, which would
// redirect the doubled slashes that some of them send (behaviour 5).
const Prefix = "/ocpp/"

// Frame is a frame for the journal.
type Frame struct {
	Operator  ident.Operator
	Sub       ident.SubOperator
	Point     ident.ChargePoint
	Inbound   bool
	Action    string // "" for answers
	MessageID string
	At        time.Time
	Raw       []byte
}

// Options of a Door. Zero durations mean the defaults.
type Options struct {
	Now       func() time.Time
	Log       *slog.Logger
	Heartbeat time.Duration // told to charge points; 300 s
	// BootGrace is how long a connection may go without a boot before commands are sent
	// all the same (order rule 2); 20 s.
	BootGrace time.Duration
	// Settle is how long after it connected a point is left to report by itself before
	// it is asked for its boot or its status (LIVE-R5; behaviour 20: some start over when
	// they are asked too early); 10 s.
	Settle time.Duration
	// Journal takes every frame that no commit keeps. It must not block.
	Journal func(Frame)
	// Watched reports whether somebody watches a point; Live then takes every frame of
	// it, those too that the journal has no need of. Neither may block. nil: nobody.
	Watched func(ident.ChargePoint) bool
	Live    func(Frame)
	Limits  wire.Limits
	// CallTimeout is how long an answer to our CALL may take; 30 s.
	CallTimeout time.Duration
	// Files hears how the files of charge points stand.
	Files *upkeep.Service
	// ClientIP says whose request it is; default the socket's other end.
	ClientIP func(*http.Request) string
	// ByTLS says that a request that came here without TLS had it up to a proxy that is
	// trusted; default: never.
	ByTLS func(*http.Request) bool
}

// Door accepts charge points.
type Door struct {
	assets   *asset.Service
	sessions *session.Service
	cluster  *cluster.Registry
	opt      Options
	peers    rpc.Config      // of all connections
	looking  chan struct{}   // a token for each handshake that asks the store
	failed   *operator.Crowd // addresses whose handshakes failed
	// identities that nobody knows: each, those of one address, and all
	strange, origins, strangers *operator.Crowd
	// points that are refused: for a wrong key, and what is told of it
	wrong, refusals, reasons *operator.Crowd

	mu       sync.Mutex
	conns    map[ident.ChargePoint]*conn
	coming   map[ident.ChargePoint]chan struct{} // closed when its last handshake has become a connection, or did not
	kicked   map[ident.ChargePoint]time.Time     // last close for not answering (order rule 5)
	pruned   time.Time                           // when kicked was last looked through
	contests map[ident.ChargePoint]*contest      // whose socket others take
	drops    uint64                              // how many points were sent away
	dropped  map[ident.ChargePoint]drop          // the last time each was
	taken    uint8                               // connections, roughly: for their cells in the tally
	flaws    flaws
	guests   map[string]*guest // strangers that are connected, by identity
	draining bool
	away     away
	running  sync.WaitGroup

	Stats Stats
}

// Stats count what the door did, for /metrics.
type Stats struct {
	Accepted, Refused, Unstored, Unresponsive atomic.Int64
	Frames                                    tally
}

// New makes a door.
func New(a *asset.Service, s *session.Service, c *cluster.Registry, o Options) *Door {
	if o.Heartbeat == 0 {
		o.Heartbeat = 300 * time.Second
	}
	if o.BootGrace == 0 {
		o.BootGrace = 20 * time.Second
	}
	if o.Settle == 0 {
		o.Settle = 10 * time.Second
	}
	if o.ClientIP == nil {
		o.ClientIP = peerIP
	}
	if o.ByTLS == nil {
		o.ByTLS = func(*http.Request) bool { return false }
	}
	if o.Journal == nil {
		o.Journal = func(Frame) {}
	}
	if o.Watched == nil {
		o.Watched = func(ident.ChargePoint) bool { return false }
	}
	return &Door{assets: a, sessions: s, cluster: c, opt: o, conns: map[ident.ChargePoint]*conn{}, coming: map[ident.ChargePoint]chan struct{}{}, kicked: map[ident.ChargePoint]time.Time{}, dropped: map[ident.ChargePoint]drop{},
		looking: make(chan struct{}, MaxLookups), failed: operator.NewCrowd(FailedKnocks),
		strange: operator.NewCrowd(StrangerRate), origins: operator.NewCrowd(StrangerOrigin), guests: map[string]*guest{}, strangers: operator.NewCrowd(StrangersRate), contests: map[ident.ChargePoint]*contest{},
		wrong: operator.NewCrowd(WrongKeys), refusals: operator.NewCrowd(RefusalsTold), reasons: operator.NewCrowd(ReasonsTold),
		away:  newAway(),
		peers: rpc.Config{CallTimeout: o.CallTimeout, Quick: v16.Quick, Now: o.Now, Log: o.Log}}
}

// Connected is how many charge points are connected here.
func (d *Door) Connected() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.conns)
}

// identity is the last segment of the path that is not empty, percent-decoded once
// (behaviours 4, 5, 6).
func identity(u *url.URL) string {
	id, err := url.PathUnescape(lastOf(u.EscapedPath()))
	if err != nil {
		return ""
	}
	return id
}

// lastOf is the last segment of a path that is not empty.
func lastOf(path string) string {
	p := strings.TrimRight(path, "/")
	return p[strings.LastIndexByte(p, '/')+1:]
}

// protocol is what we speak, as the handshake says it.
const protocol = "ocpp1.6"

// policyOf is what a point's handshake may end with. What it offers beside what we know is
// told by its prefix: ocpp1.6j is 1.6, ocpp2.0.1.1 is nothing that we speak (behaviour 2).
func policyOf(o asset.Offer) wire.Policy {
	pol := wire.Policy{Protocols: []string{protocol}, Default: protocol, Accepts: func(offered string) bool {
		rest, ours := strings.CutPrefix(strings.ToLower(offered), protocol)
		return ours && (rest == "" || rest[0] < '0' || rest[0] > '9')
	}}
	switch o {
	case asset.OfferRequired:
		pol.Default = ""
	case asset.OfferPinned:
		pol.Accepts = func(string) bool { return true }
	}
	return pol
}

// ServeHTTP takes a charge point in: an identity that we do not know comes into the inbox
// or gets 404 (nothing tells whether it exists elsewhere), a wrong key 401, and a right one
// where more is required 403 (AUTH-R7).
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	draining, sentAway, begun := d.draining, d.away.on, d.drops
	d.mu.Unlock()
	if draining {
		d.refuse(w, http.StatusServiceUnavailable, "The server is stopping; connect again.")
		return
	}
	if sentAway {
		w.Header().Set("Retry-After", retryAfter())
		d.refuse(w, http.StatusServiceUnavailable, "The server can store nothing now; connect again later.")
		return
	}
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		d.refuse(w, http.StatusUpgradeRequired, "This address is for charge points speaking OCPP over WebSocket.")
		return
	}
	p, from, ok := d.whose(w, r)
	if !ok {
		return
	}
	turn := d.line(p.ID) // before it is answered: who has the answer may come again at once
	ws, err := wire.Upgrade(w, r, policyOf(p.Offer), &d.opt.Limits)
	if err != nil {
		turn.end()
		d.Stats.Refused.Add(1)
		d.opt.Log.Warn("charge point refused: handshake", "charge_point", p.ID, "error", err, "offers", v16.Clean(r.Header.Get("Sec-Websocket-Protocol")))
		return
	}
	d.Stats.Accepted.Add(1)
	c := newConn(d, p)
	c.from, c.begun = from, begun
	d.mu.Lock()
	if d.draining {
		d.mu.Unlock()
		turn.end()
		_ = ws.Close(wire.CloseGoingAway, "the server is stopping")
		return
	}
	d.running.Add(1)
	d.mu.Unlock()
	go c.run(ws, turn) // the handler returns, so that net/http lets go of its buffers
}

func (d *Door) refuse(w http.ResponseWriter, status int, text string) {
	d.Stats.Refused.Add(1)
	http.Error(w, text, status)
}

// turn is the place of a handshake among those of its point. What comes of them is told
// the store in their order, so that the newest has the highest epoch and wins.
type turn struct {
	door   *Door
	point  ident.ChargePoint
	before <-chan struct{} // nil: nobody is before it
	done   chan struct{}
}

func (d *Door) line(p ident.ChargePoint) turn {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := turn{door: d, point: p, before: d.coming[p], done: make(chan struct{})}
	d.coming[p] = t.done
	return t
}

// wait is over when the one before it is through, or with ctx.
func (t turn) wait(ctx context.Context) {
	if t.before == nil {
		return
	}
	select {
	case <-t.before:
	case <-ctx.Done():
	}
}

func (t turn) end() {
	t.door.mu.Lock()
	defer t.door.mu.Unlock()
	if t.door.coming[t.point] == t.done {
		delete(t.door.coming, t.point)
	}
	close(t.done)
}

// take makes c the connection of its point, for the door and for the cluster in one
// step: of two that come at once, the same one is known to both. The newest wins
// (behaviour 11).
func (d *Door) take(c *conn) (ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.draining || d.away.on || d.dropped[c.Point].number > c.begun {
		return false
	}
	if old := d.conns[c.Point]; old != nil {
		if old.Epoch > c.Epoch {
			return false
		}
		if !old.peer.Over() {
			d.replacedBy(old, c)
		}
		old.peer.CloseNow()
	}
	d.conns[c.Point] = c
	c.release = d.cluster.Hold(c.Point, c.wake)
	d.taken++
	c.cell = d.taken
	return true
}

func (d *Door) leave(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conns[c.Point] == c {
		delete(d.conns, c.Point)
	}
}

// drop is when a point was sent away: its place among all, and the time.
type drop struct {
	number uint64
	at     time.Time
}

// dropKept is how long it is remembered: longer than any handshake takes.
const dropKept = 10 * time.Minute

// Drop closes the connection of a point; it may come again with what is right now. A
// handshake that has begun was judged by what held before, and is not let in either.
func (d *Door) Drop(p ident.ChargePoint) {
	d.mu.Lock()
	c := d.conns[p]
	now := time.Now() // as timers run
	if d.drops++; d.drops%1000 == 0 {
		for id, x := range d.dropped {
			if now.Sub(x.at) >= dropKept {
				delete(d.dropped, id)
			}
		}
	}
	d.dropped[p] = drop{d.drops, now}
	d.mu.Unlock()
	if c != nil {
		c.peer.Close(wire.ClosePolicy, "the key or the state of this charge point changed")
	}
}

// mayKick reports whether a connection whose point does not answer may be closed: at
// most once an hour, because a box that never answers one action must not loop (order
// rule 5). One that a newer has replaced is closed as it is, and spends nothing.
func (d *Door) mayKick(c *conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conns[c.Point] != c {
		return false
	}
	now := d.opt.Now()
	if now.Sub(d.pruned) >= time.Minute {
		d.pruned = now
		for id, at := range d.kicked {
			if now.Sub(at) >= time.Hour {
				delete(d.kicked, id)
			}
		}
	}
	if at, before := d.kicked[c.Point]; before && now.Sub(at) < time.Hour {
		return false
	}
	d.kicked[c.Point] = now
	return true
}

// Seen writes the last sign of life of every connection that had one since the last
// call. A Heartbeat itself writes nothing.
func (d *Door) Seen(ctx context.Context) {
	d.mu.Lock()
	var heard []*conn
	for _, c := range d.conns {
		if c.heard.Swap(false) {
			heard = append(heard, c)
		}
	}
	d.mu.Unlock()
	const together = 50 // they join one commit
	each(heard, together, func(c *conn) {
		if c.peer.Over() {
			return // its end is stored instead
		}
		if err := d.assets.Seen(ctx, c.Scope, c.Point); err != nil && ctx.Err() == nil {
			d.opt.Log.Warn("last sign of life not stored", "charge_point", c.Point, "error", err)
		}
	})
	d.Settle(ctx)
	d.tellFlaws(ctx)
}

// Drain lets every frame in work finish and be answered, closes all sockets and
// returns when they are gone or ctx ends.
func (d *Door) Drain(ctx context.Context) error {
	d.mu.Lock()
	d.draining = true
	peers := make([]*rpc.Peer, 0, len(d.conns)+len(d.guests))
	for _, c := range d.conns {
		peers = append(peers, c.peer)
	}
	for _, g := range d.guests {
		peers = append(peers, g.peer)
	}
	d.mu.Unlock()
	var wg sync.WaitGroup
	for _, p := range peers {
		wg.Go(func() { _ = p.Drain(ctx) }) // its socket's end is what is waited for
	}
	done := make(chan struct{})
	go func() { wg.Wait(); d.running.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.New("ocpp: connections left when the time to drain was over")
	}
}
