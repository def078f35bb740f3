package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ccms/cpsim"
	"ccms/internal/app"
	"ccms/internal/store/pgtest"
)

// outage is how long the database is gone, in virtual time.
const outage = 30 * time.Minute

// The database is gone for half an hour while charge points that try a report three
// times, a minute apart, charge on: sessions end and begin meanwhile. Had they stayed
// connected, each would have thrown reports away after four minutes (OCPP 1.6 §3.7.1).
// It does not run beside the others of this package: its clock stands while the real
// database works, and the more there is to do, the more of its half hour is one moment.
func TestDatabaseGoneForHalfAnHour_NoReportIsGivenUp(t *testing.T) {
	t.Run(onLite, func(t *testing.T) {
		t.Parallel()
		disk := smallDisk(t, 96)
		var empty func()
		goneForHalfAnHour(t, setting{dir: disk}, func() { empty = fill(t, disk) }, func() { empty() })
	})
	t.Run(onPG, func(t *testing.T) {
		t.Parallel()
		pg := pgtest.Start(t, pgtest.Options{})
		try := func(f func() error) func() {
			return func() {
				if err := f(); err != nil {
					t.Error(err)
				}
			}
		}
		goneForHalfAnHour(t, onPostgres(t, pg), try(pg.Kill), try(pg.Restart))
	})
}

func goneForHalfAnHour(t *testing.T, s setting, goes, comes func()) {
	const points = 20
	w := s.furnish(t, points)
	x := shows(t, databaseGone, s, 1)

	real, done := outsideOfTime()
	defer done()

	now := time.Now()
	var r *halfHour
	synctest.Test(t, func(t *testing.T) {
		<-time.After(time.Until(now)) // a bubble begins in the year 2000
		r = &halfHour{t: t, w: w, acks: newAcks(), closed: map[string]int{}, refused: map[int]int{}, said: map[string]int{}}
		r.node = s.openNode(t, app.Config{})
		r.run(func() { real(goes) }, func() { real(comes) })
		r.node.stop(t)
	})
	if r.dropped > 0 || r.errors > 0 {
		t.Errorf("%d reports were given up, %d answered with an error", r.dropped, r.errors)
	}
	if r.closed["1013"] != points || r.refused[http.StatusServiceUnavailable] < points {
		t.Errorf("sockets closed with %v, handshakes refused with %v", r.closed, r.refused)
	}
	// The first report that finds the database gone comes after two seconds.
	if r.away < 5*time.Second || r.away > 9*time.Second {
		t.Errorf("the sockets were closed after %s", r.away)
	}
	if r.retryAfter == "" {
		t.Error("a refused handshake does not say when to come again")
	}
	if r.stops != points+points/4 {
		t.Errorf("%d stops were acknowledged", r.stops)
	}
	x.Cells[colBack] = fmt.Sprintf("%.0f s to the first answer, %.0f s until all was delivered", r.first.Seconds(), r.all.Seconds())
	var said []string
	for text := range r.said {
		said = append(said, "“"+text+"”")
	}
	slices.Sort(said)
	x.Cells[colSaid] = oneOf(said)
	x.judge(t, w, s, r.acks)
	x.record(t)
}

// outsideOfTime runs what the database does: it is none of virtual time's business, which
// stands meanwhile. It is called outside of the bubble.
func outsideOfTime() (real func(func()), done func()) {
	outside, inside := make(chan func()), make(chan struct{})
	go func() {
		for f := range outside {
			f()
			inside <- struct{}{}
		}
	}()
	return func(f func()) { outside <- f; <-inside }, func() { close(outside) }
}

// halfHour is what happens in virtual time, and what was seen of it.
type halfHour struct {
	t    *testing.T
	w    *world
	node *node
	acks *acks

	mu         sync.Mutex
	gone, back time.Time // when the database went and came
	closed     map[string]int
	refused    map[int]int
	said       map[string]int
	dropped    int
	errors     int
	stops      int
	retryAfter string
	away       time.Duration // from gone to the last socket closed
	first, all time.Duration // from back to the first answer, and until nothing waited
}

func (r *halfHour) event(e cpsim.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var h *cpsim.HandshakeError
	switch {
	case e.Kind == cpsim.Dropped:
		r.dropped++
	case e.Kind == cpsim.Failed:
		r.errors++
	case e.Kind == cpsim.Refused && errors.As(e.Err, &h):
		r.refused[h.Status]++
	case e.Kind == cpsim.Disconnected && e.Err != nil:
		if m := closeCode.FindStringSubmatch(e.Err.Error()); m != nil && m[1] == "1013" {
			r.closed[m[1]]++
			r.away = time.Since(r.gone)
		}
	case e.Kind == cpsim.Answered:
		r.acks.add(cpsim.Ack{At: e.At, Identity: e.Identity, Action: e.Action, MessageID: e.MessageID, Attempt: e.Attempt, Request: e.Request, Response: e.Response})
		if e.Action == "StopTransaction" {
			r.stops++
		}
		if !r.back.IsZero() && r.first == 0 {
			r.first = time.Since(r.back)
		}
	}
}

// run is the story: five minutes of charging, the outage, and what comes after. Each
// quarter of the points ends its session at another moment.
func (r *halfHour) run(goes, comes func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var ended, story sync.WaitGroup
	begin := time.Now()
	at := func(d time.Duration) { <-time.After(time.Until(begin.Add(d))) }
	const fault = 5 * time.Minute
	var cps []*cpsim.ChargePoint
	for i, p := range r.w.points {
		cp := cpsim.New(cpsim.Config{URL: "ws://memory/ocpp", Identity: p.Identity, Password: p.Password, Dial: r.node.ln.dial, Seed: uint64(i), OnEvent: r.event})
		cps = append(cps, cp)
		ended.Go(func() { _ = cp.Run(ctx) }) // it ends with ctx
		story.Go(func() {
			try := func(err error) {
				if err != nil {
					r.t.Errorf("%s: %v", p.Identity, err)
				}
			}
			charge := func() { try(cp.PlugEV(1, cpsim.EV{})); try(cp.Tag(1, p.Tag)) }
			stop := func() { try(cp.Stop(1, "Local")); try(cp.Unplug(1)) }
			try(cp.WaitStatus(ctx, 1, "Available"))
			try(cp.WaitDelivered(ctx))
			charge()
			switch i % 4 {
			case 0: // connected, and nobody answers
				at(fault + 2*time.Second)
				stop()
			case 1: // not connected; the next car comes meanwhile
				at(fault + 10*time.Minute)
				stop()
				at(fault + 15*time.Minute)
				charge()
				at(fault + outage + 5*time.Minute)
				stop()
			case 2: // just before the end
				at(fault + outage - time.Second)
				stop()
			case 3: // after it; the last of them loses its network meanwhile
				if i == len(r.w.points)-1 {
					at(fault + 10*time.Minute)
					cp.GoOffline()
					at(fault + outage + 9*time.Minute)
					cp.GoOnline()
				}
				at(fault + outage + 10*time.Minute)
				stop()
			}
			try(cp.WaitDelivered(ctx))
		})
	}
	at(fault)
	r.mu.Lock()
	r.gone = time.Now()
	r.mu.Unlock()
	goes()
	<-time.After(9 * time.Second)
	for time.Since(r.gone) < outage {
		r.look()
		<-time.After(7 * time.Second)
	}
	comes()
	r.mu.Lock()
	r.back = time.Now()
	r.mu.Unlock()
	last := len(cps) - 1
	for _, cp := range cps[:last] {
		if err := cp.WaitDelivered(ctx); err != nil {
			r.t.Error(err)
		}
	}
	r.mu.Lock()
	r.all = time.Since(r.back)
	r.mu.Unlock()
	// That a socket ended while nothing could be stored is stored now.
	at(fault + outage + 5*time.Minute)
	for i, p := range r.w.points {
		v, err := r.node.app.Assets.ChargePoint(ctx, r.w.scope, r.w.byName[p.Identity])
		if err != nil || v.Open() != (i != last) {
			r.t.Errorf("%s is shown as connected: %v, %v", p.Identity, v.Open(), err)
		}
	}
	story.Wait()
	cancel()
	ended.Wait()
}

// look asks how the server is, and knocks.
func (r *halfHour) look() {
	a := httptest.NewRecorder()
	r.node.app.ServeHTTP(a, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	var body struct{ Reason string }
	if err := json.Unmarshal(a.Body.Bytes(), &body); err != nil || a.Code != http.StatusServiceUnavailable {
		r.t.Errorf("/readyz: %d %s", a.Code, a.Body)
	}
	health := httptest.NewRecorder()
	r.node.app.ServeHTTP(health, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	knock := httptest.NewRecorder()
	r.node.app.ServeHTTP(knock, httptest.NewRequest(http.MethodGet, "/ocpp/CP0001", nil))
	if health.Code != http.StatusOK || knock.Code != http.StatusServiceUnavailable {
		r.t.Errorf("/healthz %d, a handshake %d", health.Code, knock.Code)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said[seconds.ReplaceAllString(body.Reason, "N s")]++
	r.retryAfter = knock.Header().Get("Retry-After")
}
