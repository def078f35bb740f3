package main_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ccms/cpsim"
	"ccms/internal/app"
	"ccms/internal/operator"
	"ccms/internal/session"
)

// jump is how far a clock jumps.
const jump = time.Hour

// jumping is a clock that jumps.
type jumping struct{ by atomic.Int64 }

func (j *jumping) now() time.Time       { return time.Now().Add(time.Duration(j.by.Load())) }
func (j *jumping) move(d time.Duration) { j.by.Add(int64(d)) }

// The clock of the server's machine jumps by an hour while sessions run, and back
// nine minutes later. Reports keep their meaning, timers do no harm, logins and cards
// stay good, each session is billed once for what the meter says, no hold is left over.
func TestServerClockJumps_SessionsAndBillsStayRight(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		fault faultID
		by    time.Duration
	}{{"ahead", serverAhead, jump}, {"back", serverBack, -jump}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			eachEngine(t, func(t *testing.T, s setting) {
				clock := &jumping{}
				clocksJump(t, s, tc.fault, clock.now, func(int) func() time.Time { return time.Now }, func(back bool) {
					if back {
						clock.move(-tc.by)
					} else {
						clock.move(tc.by)
					}
				})
			})
		})
	}
}

// The clocks of the charge points jump while sessions run: of one half ahead, of the
// other back, and back again. Every second one never takes the server's time.
func TestChargePointClockJumps_SessionsAndBillsStayRight(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, s setting) {
		var ahead, behind jumping
		clocksJump(t, s, pointClock, time.Now, func(i int) func() time.Time {
			if i < 8 {
				return ahead.now
			}
			return behind.now
		}, func(back bool) {
			d := jump
			if back {
				d = -jump
			}
			ahead.move(d)
			behind.move(-d)
		})
	})
}

// clocksJump lets sixteen points charge around two jumps, four and thirteen minutes in.
func clocksJump(t *testing.T, s setting, f faultID, server func() time.Time, device func(i int) func() time.Time, move func(back bool)) {
	w := s.furnish(t, 16)
	w.flags = []session.Flag{session.FlagClock} // a device time was corrected, and the bill stands
	x := shows(t, f, s, 2)
	now := time.Now()
	var st *clockStory
	synctest.Test(t, func(t *testing.T) {
		<-time.After(time.Until(now)) // a bubble begins in the year 2000
		st = &clockStory{t: t, w: w, acks: newAcks()}
		st.node = s.openNode(t, app.Config{Now: server})
		st.run(device, move)
		st.node.stop(t)
	})
	if st.lost > 0 || st.errors > 0 {
		t.Errorf("%d reports were given up, %d answered with an error", st.lost, st.errors)
	}
	db := x.judge(t, w, s, st.acks)
	for _, ses := range db.sessions {
		if d := ses.EndedAt.Sub(ses.StartedAt); d < 0 || d > 2*jump {
			t.Errorf("%d lasted %s", ses.OCPPID, d)
		}
		if testing.Verbose() {
			t.Logf("%d %s device %s started %s ended %s lasted %s (device %s) flags %v", ses.OCPPID, w.identity(ses.Point), ses.StartDevice.Sub(now).Round(time.Second), ses.StartedAt.Sub(now).Round(time.Second), ses.EndedAt.Sub(now).Round(time.Second), ses.EndedAt.Sub(ses.StartedAt).Round(time.Second), ses.StopDevice.Sub(ses.StartDevice).Round(time.Second), ses.Flags)
		}
	}
	x.Cells[colBack] = "never away"
	x.Cells[colSaid] = "ready throughout"
	x.record(t)
}

// clockStory is what happens around the jumps, and what was seen of it.
type clockStory struct {
	t    *testing.T
	w    *world
	node *node
	acks *acks

	password string

	mu     sync.Mutex
	lost   int
	errors int
}

func (c *clockStory) event(e cpsim.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e.Kind {
	case cpsim.Dropped:
		c.lost++
	case cpsim.Failed:
		c.errors++
	case cpsim.Answered:
		c.acks.add(cpsim.Ack{At: e.At, Identity: e.Identity, Action: e.Action, MessageID: e.MessageID, Attempt: e.Attempt, Request: e.Request, Response: e.Response})
	}
}

func (c *clockStory) run(device func(i int) func() time.Time, move func(back bool)) {
	ctx, cancel := context.WithCancel(context.Background())
	var ended, story sync.WaitGroup
	begin := time.Now()
	at := func(minutes float64) {
		<-time.After(time.Until(begin.Add(time.Duration(minutes * float64(time.Minute)))))
	}
	for i, p := range c.w.points {
		cfg := cpsim.Config{URL: "ws://memory/ocpp", Identity: p.Identity, Password: p.Password, Dial: c.node.ln.dial, Seed: uint64(i),
			Now: device(i), MeterInterval: -1, OnEvent: c.event}
		if i%2 == 1 {
			cfg.Quirks = cpsim.Quirks{cpsim.QuirkIgnoreServerTime: true}
		}
		cp := cpsim.New(cfg)
		ended.Go(func() { _ = cp.Run(ctx) }) // it ends with ctx
		story.Go(func() {
			try := func(err error) {
				if err != nil {
					c.t.Errorf("%s: %v", p.Identity, err)
				}
			}
			// charge is a car from one minute to another: 300 Wh each minute, so that a
			// jump of the device's clock makes no energy.
			charge := func(from, to float64) {
				at(from)
				try(cp.PlugEV(1, cpsim.EV{MaxW: 150}))
				try(cp.Tag(1, p.Tag))
				for m := from + 1; m < to; m++ {
					at(m)
					try(cp.AddEnergy(1, 300))
					try(cp.Sample(1))
				}
				at(to)
				try(cp.Stop(1, "Local"))
				try(cp.Unplug(1))
			}
			try(cp.WaitStatus(ctx, 1, "Available"))
			switch i / 2 % 4 {
			case 0: // across the jump
				charge(1, 8.5)
			case 1: // one ends before it, one begins right after it
				charge(1, 3.5)
				charge(4.5, 11)
			case 2: // ends right after it
				charge(2, 4.2)
			case 3: // without a network at the jump
				off := time.AfterFunc(time.Until(begin.Add(3*time.Minute+20*time.Second)), cp.GoOffline)
				on := time.AfterFunc(time.Until(begin.Add(5*time.Minute+50*time.Second)), cp.GoOnline)
				defer off.Stop()
				defer on.Stop()
				charge(1, 8)
			}
			charge(11.5, 16) // and across the jump back
			try(cp.WaitDelivered(ctx))
		})
	}
	at(2)
	cookie := c.login()
	at(4)
	move(false)
	c.stillIn(cookie)
	at(13)
	move(true)
	c.stillIn(cookie)
	c.stillIn(c.login())
	story.Wait()
	cancel()
	ended.Wait()
}

// login logs the owner in.
func (c *clockStory) login() []*http.Cookie {
	c.t.Helper()
	ctx := context.Background()
	if c.password == "" {
		password, _, err := c.node.app.Operators.EnsureOwner(ctx)
		if err != nil {
			c.t.Fatal(err)
		}
		c.password = password
	}
	a := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/api/v1/login", strings.NewReader(`{"login":"`+operator.OwnerLogin+`","password":"`+c.password+`"}`))
	r.Header.Set("Content-Type", "application/json")
	c.node.app.ServeHTTP(a, r)
	if a.Code != http.StatusOK {
		c.t.Fatalf("logging in: %d %s", a.Code, a.Body)
	}
	return a.Result().Cookies()
}

// stillIn fails the test unless a login still counts and the server is ready.
func (c *clockStory) stillIn(cookies []*http.Cookie) {
	c.t.Helper()
	for _, path := range []string{"/api/v1/me", "/readyz"} {
		a := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		for _, k := range cookies {
			r.AddCookie(k)
		}
		c.node.app.ServeHTTP(a, r)
		if a.Code != http.StatusOK {
			c.t.Errorf("%s: %d %s", path, a.Code, a.Body)
		}
	}
}
