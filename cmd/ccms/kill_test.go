package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ccms/cpsim"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/store/pgtest"
)

// kills is how often the server dies in one test.
func kills() int {
	if os.Getenv("CCMS_LONG") != "" {
		return 100
	}
	return len(targets)
}

// targets are the answers at which the server is killed in turn: one of the first so
// many of an action since the server's start, "" of any.
//
// Killed at once, what the server still had to write for this answer would be lost.
// Where the line goes dead a moment before, the answers of what was stored meanwhile
// are lost, and the points' retries find their work done.
var targets = []struct {
	action string
	among  int
	dead   bool
}{
	{"StartTransaction", 20, true}, // the points begin together, so most wait for this answer
	{"StopTransaction", 20, true},
	{"MeterValues", 600, false},
	{"", 1000, false},
	{"MeterValues", 400, true},
	{"StartTransaction", 60, false},
	{"", 300, false},
	{"MeterValues", 600, false},
}

// The server is killed with SIGKILL under load, at random moments, and started again
// on the same data. The points keep what was not answered and send it again, as
// devices do. In the end the database must hold what was acknowledged, once, and
// bill it, once.
func TestKill9_LosesNothingAcknowledged(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		killUnderLoad(t, onSQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		killUnderLoad(t, onPostgres(t, pgtest.Start(t, pgtest.Options{}))) // durable, as in production
	})
}

func killUnderLoad(t *testing.T, s setting) {
	seed := uint64(time.Now().UnixNano())
	if v := os.Getenv("CCMS_SEED"); v != "" {
		var err error
		if seed, err = strconv.ParseUint(v, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("CCMS_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	const points = 50
	w := s.furnish(t, points)
	addr := freePort(t)
	srv := s.start(t, "serve", "--addr", addr)

	acks := newAcks()
	var line atomic.Pointer[wire]
	line.Store(new(wire))
	until := make(chan struct{})
	loaded := make(chan cpsim.Report, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		r, err := cpsim.Load(ctx, cpsim.LoadConfig{
			URL: "ws://" + addr + "/ocpp", Points: w.points, Seed: seed, Interval: 5 * time.Millisecond, Until: until, Drain: patience,
			Adjust: func(_ int, c *cpsim.Config) {
				c.Dial = func(ctx context.Context) (net.Conn, error) { return line.Load().dial(ctx, addr) }
				c.MinBackoff, c.MaxBackoff = 20*time.Millisecond, 300*time.Millisecond
				c.Keys["StopTxnSampledData"] = "Energy.Active.Import.Register"
			},
			OnAck: acks.add,
		})
		if err != nil {
			t.Error(err)
		}
		loaded <- r
	}()

	for n := range kills() {
		if err := acks.wait(patience, 1); err != nil {
			t.Fatalf("before kill %d: %v\n%s", n+1, err, srv.stderr)
		}
		target := targets[n%len(targets)]
		reached := make(chan struct{})
		dying, current := 20+random.IntN(100), line.Load()
		acks.onMessage(target.action, 1+random.IntN(target.among), func() {
			if target.dead {
				current.dead.Store(true)
			} else {
				_ = srv.cmd.Process.Kill()
			}
			close(reached)
		})
		select {
		case <-reached:
		case <-time.After(8 * time.Second): // a slow machine: now is as good
		}
		if target.dead {
			<-time.After(time.Duration(dying) * time.Millisecond)
		}
		line.Store(new(wire))
		srv.kill()
		acks.forget()
		srv = s.start(t, "serve", "--addr", addr)
	}
	if err := acks.wait(patience, points); err != nil {
		t.Fatalf("after the last kill: %v\n%s", err, srv.stderr)
	}
	close(until)
	report := <-loaded
	t.Logf("%s", report)
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	if code := srv.term(t); code != 0 {
		t.Errorf("exit code %d after SIGTERM\n%s", code, srv.stderr)
	}

	got := w.load(t, s)
	faults := acks.compare(w, got)
	for i, f := range faults {
		if i == 20 {
			t.Errorf("… and %d more", len(faults)-i)
			break
		}
		t.Error(f)
	}
	sent, done := acks.retried(got)
	t.Logf("%d sessions, %d samples; sent again: %v, of these stored before: %v", len(got.sessions), got.sampleCount(), sent, done)
	if len(done) == 0 {
		t.Error("no kill came between a commit and its answer: the test has shown little")
	}
}

// wire is the way from one life of the server to the points.
type wire struct{ dead atomic.Bool }

func (w *wire) dial(ctx context.Context, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	return &wired{conn, w}, err
}

// wired is a connection whose answers are lost once its wire is dead. What a point
// sends still arrives.
type wired struct {
	net.Conn
	wire *wire
}

func (c *wired) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	for err == nil && c.wire.dead.Load() {
		n, err = c.Conn.Read(b)
	}
	return n, err
}

// acks are the acknowledgements that the points have received.
type acks struct {
	mu      sync.Mutex
	all     []cpsim.Ack
	points  map[string]bool // acknowledged something since forget
	changed chan struct{}   // closed at the next acknowledgement
	action  string          // act is called within the due-th message of it, "" any
	due     int
	act     func()
}

func newAcks() *acks { return &acks{points: map[string]bool{}, changed: make(chan struct{})} }

func (a *acks) add(x cpsim.Ack) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, x)
	a.points[x.Identity] = true
	close(a.changed)
	a.changed = make(chan struct{})
	if a.act == nil || a.action != "" && a.action != x.Action {
		return
	}
	if a.due--; a.due <= 0 {
		a.act()
		a.act = nil
	}
}

// onMessage calls act within the nth message of an action from now on.
func (a *acks) onMessage(action string, n int, act func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.action, a.due, a.act = action, n, act
}

// forget begins to count anew; the acknowledgements stay.
func (a *acks) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.points)
	a.act = nil
}

// wait waits until so many points were answered since forget.
func (a *acks) wait(d time.Duration, points int) error {
	over := time.After(d)
	for {
		a.mu.Lock()
		have, changed := len(a.points), a.changed
		a.mu.Unlock()
		if have >= points {
			return nil
		}
		select {
		case <-changed:
		case <-over:
			return fmt.Errorf("%d points were answered within %s, not %d", have, d, points)
		}
	}
}

// carried are the reports that money hangs on.
var carried = []string{"StartTransaction", "MeterValues", "StopTransaction"}

// retried says of how many reports the first attempt went unanswered, and how many of
// these had been stored by it: the kill came between the commit and the answer.
func (a *acks) retried(db *rows) (sent, done map[string]int) {
	byNumber := map[int32]session.State{}
	for _, st := range db.sessions {
		byNumber[st.OCPPID] = st
	}
	sent, done = map[string]int{}, map[string]int{}
	for _, x := range a.all {
		if !slices.Contains(carried, x.Action) || x.Attempt == 1 {
			continue
		}
		sent[x.Action]++
		var id struct {
			TransactionID int32 `json:"transactionId"`
		}
		from := x.Request
		if x.Action == "StartTransaction" {
			from = x.Response
		}
		_ = json.Unmarshal(from, &id) // compare has complained
		if slices.ContainsFunc(db.events[byNumber[id.TransactionID].ID], func(e session.Frame) bool {
			return e.Action == x.Action && e.MessageID != x.MessageID && bytes.Contains(e.Payload, x.Request)
		}) {
			done[x.Action]++
		}
	}
	return sent, done
}

// rows is what the database holds of a world.
type rows struct {
	sessions []session.State
	samples  map[ident.Session][]session.Sample
	events   map[ident.Session][]session.Frame
	captures map[ident.Session]ledger.Entry
	wallets  map[string]ledger.Account // by identity of the point
	books    []ledger.BookSum
	drifts   []ledger.Drift
}

func (r *rows) sampleCount() (n int) {
	for _, s := range r.samples {
		n += len(s)
	}
	return n
}

// load reads everything through the store, as the program would.
func (w *world) load(t *testing.T, s setting) *rows {
	t.Helper()
	a := s.open(t)
	defer a.Store.Close()
	r := &rows{samples: map[ident.Session][]session.Sample{}, events: map[ident.Session][]session.Frame{},
		captures: map[ident.Session]ledger.Entry{}, wallets: map[string]ledger.Account{}}
	for page := (operator.Page{Limit: operator.MaxLimit}); ; {
		l, err := a.Sessions.List(t.Context(), w.scope, session.Filter{}, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range l.Items {
			r.sessions = append(r.sessions, row.State)
		}
		if page.Cursor = l.Next; page.Cursor == "" {
			break
		}
	}
	const most = 1000 // rows of a session; the load's have some twenty
	err := a.Store.Read(t.Context(), w.scope, func(tx *store.Tx) error {
		for _, st := range r.sessions {
			var err error
			if r.samples[st.ID], err = tx.SamplesOf(st.ID, most); err != nil {
				return err
			}
			if r.events[st.ID], err = tx.EventsOf(st, most); err != nil {
				return err
			}
			e, found, err := tx.LastEntry(st.ID)
			if err != nil {
				return err
			}
			if found {
				r.captures[st.ID] = e
			}
		}
		for identity, id := range w.wallets {
			acc, err := tx.AccountByID(id)
			if err != nil {
				return err
			}
			r.wallets[identity] = acc
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.books, err = a.Ledger.TrialBalance(t.Context(), authz.Everything("test")); err != nil {
		t.Fatal(err)
	}
	if r.drifts, err = a.Ledger.CheckBalances(t.Context(), authz.Everything("test")); err != nil {
		t.Fatal(err)
	}
	return r
}

// What of the messages the comparison reads.
type (
	startReq struct {
		ConnectorID int       `json:"connectorId"`
		IDTag       string    `json:"idTag"`
		MeterStart  int64     `json:"meterStart"`
		Timestamp   time.Time `json:"timestamp"`
	}
	startConf struct {
		TransactionID int32 `json:"transactionId"`
		IDTagInfo     struct {
			Status string `json:"status"`
		} `json:"idTagInfo"`
	}
	meterValue struct {
		Timestamp    time.Time `json:"timestamp"`
		SampledValue []struct {
			Value, Context, Measurand string
		} `json:"sampledValue"`
	}
	meterReq struct {
		TransactionID int32        `json:"transactionId"`
		MeterValue    []meterValue `json:"meterValue"`
	}
	stopReq struct {
		TransactionID   int32        `json:"transactionId"`
		MeterStop       int64        `json:"meterStop"`
		Timestamp       time.Time    `json:"timestamp"`
		TransactionData []meterValue `json:"transactionData"`
	}
)

// reading is what identifies a sample.
type reading struct {
	at      int64 // µs
	context string
	wh      int64
}

// compare says what of the acknowledgements the database does not keep to.
func (a *acks) compare(w *world, db *rows) []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	decode := func(raw json.RawMessage, into any) {
		if err := json.Unmarshal(raw, into); err != nil {
			fault("%s: %v", raw, err)
		}
	}

	byNumber := map[int32]session.State{}
	for _, st := range db.sessions {
		if _, twice := byNumber[st.OCPPID]; twice {
			fault("two sessions have the transactionId %d", st.OCPPID)
		}
		byNumber[st.OCPPID] = st
	}
	// find is the session that a report of a point speaks of.
	find := func(identity, action string, id int32) (session.State, bool) {
		st, ok := byNumber[id]
		if !ok || st.Point != w.byName[identity] {
			fault("%s: %s of transactionId %d was acknowledged and is not there", identity, action, id)
			return st, false
		}
		return st, true
	}
	// kept: the raw report is there too, from which a bill can be worked out again. One
	// that arrived twice, because its answer was lost, may be there twice: it did.
	kept := func(st session.State, x cpsim.Ack) {
		if !slices.ContainsFunc(db.events[st.ID], func(e session.Frame) bool {
			return e.Action == x.Action && bytes.Contains(e.Payload, x.Request)
		}) {
			fault("%s: the raw %s of %d is not there: %s", x.Identity, x.Action, st.OCPPID, x.Request)
		}
	}
	want := map[ident.Session]map[reading]int{} // acknowledged samples
	expect := func(st session.State, values []meterValue) {
		if want[st.ID] == nil {
			want[st.ID] = map[reading]int{}
		}
		for _, v := range values {
			for _, s := range v.SampledValue {
				if s.Measurand == "Energy.Active.Import.Register" {
					wh, err := strconv.ParseInt(s.Value, 10, 64)
					if err != nil {
						fault("%v", err)
					}
					want[st.ID][reading{v.Timestamp.UnixMicro(), s.Context, wh}]++
				}
			}
		}
	}

	type start struct {
		identity string
		at       int64
		register int64
	}
	started, stopped := map[start]int32{}, map[int32]bool{}
	for _, x := range a.all {
		switch x.Action {
		case "StartTransaction":
			var req startReq
			var conf startConf
			decode(x.Request, &req)
			decode(x.Response, &conf)
			if conf.IDTagInfo.Status != "Accepted" {
				fault("%s: a start was answered %s", x.Identity, conf.IDTagInfo.Status)
			}
			k := start{x.Identity, req.Timestamp.UnixMicro(), req.MeterStart}
			if first, again := started[k]; again {
				fault("%s: one start was acknowledged as %d and as %d", x.Identity, first, conf.TransactionID)
			}
			started[k] = conf.TransactionID
			st, ok := find(x.Identity, x.Action, conf.TransactionID)
			if !ok {
				continue
			}
			if st.Connector != req.ConnectorID || int64(st.MeterStart) != req.MeterStart || !st.StartDevice.Equal(req.Timestamp) || st.TokenUID != req.IDTag {
				fault("%s: %d is not the start that was sent: %+v", x.Identity, st.OCPPID, req)
			}
			kept(st, x)
		case "MeterValues":
			var req meterReq
			decode(x.Request, &req)
			if st, ok := find(x.Identity, x.Action, req.TransactionID); ok {
				expect(st, req.MeterValue)
				kept(st, x)
			}
		case "StopTransaction":
			var req stopReq
			decode(x.Request, &req)
			st, ok := find(x.Identity, x.Action, req.TransactionID)
			if !ok {
				continue
			}
			if stopped[st.OCPPID] {
				fault("%s: the stop of %d was acknowledged twice", x.Identity, st.OCPPID)
			}
			stopped[st.OCPPID] = true
			expect(st, req.TransactionData)
			kept(st, x)
			if !st.RealStop || int64(st.MeterStop) != req.MeterStop || !st.StopDevice.Equal(req.Timestamp) {
				fault("%s: the stop of %d was acknowledged and is not there", x.Identity, st.OCPPID)
			}
		}
	}

	// Everything was delivered in the end, so the database holds these sessions and
	// samples and no others: a retry that made a second one shows here.
	if len(db.sessions) != len(started) {
		fault("%d starts made %d sessions", len(started), len(db.sessions))
	}
	paid := map[string]money.Amount{}
	total := money.New(0, "EUR")
	identities := map[ident.ChargePoint]string{}
	for identity, id := range w.byName {
		identities[id], paid[identity] = identity, money.New(0, "EUR")
	}
	for _, st := range db.sessions {
		identity := identities[st.Point]
		have := map[reading]int{}
		for _, m := range db.samples[st.ID] {
			have[reading{m.Stamp.At.UnixMicro(), m.Context, int64(m.Energy)}]++
		}
		for r, n := range want[st.ID] {
			if n != 1 {
				fault("%s: a sample of %d was acknowledged %d times", identity, st.OCPPID, n)
			}
			if have[r] != 1 {
				fault("%s: the sample %+v of %d was acknowledged and is there %d times", identity, r, st.OCPPID, have[r])
			}
			delete(have, r)
		}
		for r := range have {
			fault("%s: %d has a sample %+v that nobody sent", identity, st.OCPPID, r)
		}

		if !stopped[st.OCPPID] {
			fault("%s: %d is in the database as %s and its stop was not acknowledged", identity, st.OCPPID, st.Phase)
			continue
		}
		// 0.40 a kWh and nothing else.
		due := money.New((int64(st.MeterStop-st.MeterStart)*40+500)/1000, "EUR")
		if st.Phase != session.Completed || st.Bill == nil || st.Bill.Total != due || len(st.Flags) > 0 {
			fault("%s: %d is %s with flags %v and bill %+v, not completed with %s", identity, st.OCPPID, st.Phase, st.Flags, st.Bill, due)
			continue
		}
		e, captured := db.captures[st.ID]
		if captured != (due.Minor != 0) || captured && (e.Kind != ledger.KindCapture || e.Amount != due) || st.Captured != due || st.Adjusted {
			fault("%s: %d was billed %s and charged %+v", identity, st.OCPPID, due, e)
		}
		paid[identity] = paid[identity].Add(due)
		total = total.Add(due)
	}

	for identity, sum := range paid {
		acc := db.wallets[identity]
		if left := money.New(deposit, "EUR").Sub(sum); acc.Balance != left || !acc.Held.Zero() {
			fault("%s: its wallet has %s and holds %s, not %s and nothing", identity, acc.Balance, acc.Held, left)
		}
	}
	if err := ledger.Balanced(db.books); err != nil {
		fault("%v: %v", err, db.books)
	}
	for _, b := range db.books {
		if b.Book == ledger.RevenueElectricity && b.Sum != total {
			fault("the revenue is %s, the bills come to %s", b.Sum, total)
		}
	}
	for _, d := range db.drifts {
		fault("a stored balance is not what was posted: %+v", d)
	}
	return faults
}
