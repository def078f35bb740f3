package web

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/live"
)

// screen reads an event stream over a real socket.
type screen struct {
	*world
	body  *bufio.Scanner
	close func()
}

type event struct{ name, data string }

func (w *world) watch(url, query string, opts ...callOption) *screen {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 20*time.Second)
	r, err := http.NewRequestWithContext(ctx, "GET", url+"/api/v1/live"+query, nil)
	w.ok(err)
	for _, o := range opts {
		o(r)
	}
	a, err := http.DefaultClient.Do(r)
	w.ok(err)
	w.Cleanup(func() { cancel(); a.Body.Close() })
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "text/event-stream" {
		w.Fatalf("%d %s", a.StatusCode, a.Header.Get("Content-Type"))
	}
	s := &screen{world: w, body: bufio.NewScanner(a.Body), close: cancel}
	if e := s.next(); e.name != "hello" {
		w.Fatalf("first event %+v", e)
	}
	return s
}

// next is the next event, or comment; the zero event is the end of the stream.
func (s *screen) next() event {
	var e event
	for s.body.Scan() {
		line := s.body.Text()
		switch {
		case line == "" && (e.name != "" || e.data != ""):
			return e
		case strings.HasPrefix(line, ":"):
			e.name = line
		case strings.HasPrefix(line, "event: "):
			e.name = line[7:]
		case strings.HasPrefix(line, "data: "):
			e.data = line[6:]
		}
	}
	return event{}
}

// connect makes a charge point connect or disconnect, which its screens hear of.
func (w *world) connect(t tenant) {
	w.Helper()
	p := w.point(t)
	_, err := w.svc.Session.Connect(w.Context(), authz.ForChargePoint(p.Operator, p.Sub, p.ID), p.ID)
	w.ok(err)
}

func TestAScreenHearsOfItsOwnOperatorOnly(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		w.furnish(&w.theirs)
		srv := httptest.NewServer(w.srv)
		defer srv.Close()
		mine, theirs := w.watch(srv.URL, "?topics=charge_points", bearer(w.mine.admin)), w.watch(srv.URL, "?topics=charge_points", bearer(w.theirs.admin))
		w.connect(w.mine)
		e := mine.next()
		var p ChargePoint
		w.ok(json.Unmarshal([]byte(e.data), &p))
		if e.name != "charge_point" || p.ID.String() != w.mine.point || !p.Online || p.SiteName != "a3e_station" {
			w.Errorf("%+v", e)
		}
		// Theirs comes after mine; the first that their screen hears is theirs.
		w.connect(w.theirs)
		e = theirs.next()
		w.ok(json.Unmarshal([]byte(e.data), &p))
		if p.ID.String() != w.theirs.point {
			w.Errorf("another operator's event: %+v", e)
		}
		mine.close()
		theirs.close()
	})
}

func TestAScreenHearsItsTopicsOnly(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		srv := httptest.NewServer(w.srv)
		defer srv.Close()
		s := w.watch(srv.URL, "?topics=commands", bearer(w.mine.admin))
		w.connect(w.mine)
		w.call("POST", "/api/v1/charge-points/"+w.mine.point+"/commands", `{"type":"reset","reason":"test"}`, bearer(w.mine.admin), key("c1")).want(w, 202)
		e := s.next()
		var c Command
		w.ok(json.Unmarshal([]byte(e.data), &c))
		if e.name != "command" || c.Type != "reset" || c.State != "queued" {
			w.Errorf("%+v", e)
		}
		s.close()
		w.call("GET", "/api/v1/live?topics=nonsense", "", bearer(w.mine.admin)).wantCode(w, 422, "invalid_input")
		w.call("GET", "/api/v1/live", "").wantCode(w, 401, "not_signed_in")
		owner := w.loginAs(authz.Owner)
		w.call("GET", "/api/v1/live", "", owner.option).wantCode(w, 403, "forbidden")
	})
}

func TestASessionsEventIsTheItemOfTheList(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		srv := httptest.NewServer(w.srv)
		defer srv.Close()
		admin, auditor := bearer(w.mine.admin), w.loginAs(authz.Auditor)
		open, masked := w.watch(srv.URL, "?topics=sessions", admin), w.watch(srv.URL, "?topics=sessions", auditor.option)
		w.svc.Live.Publish(live.Event{Topic: "sessions", Operator: w.mine.op.ID, ID: w.mine.session})
		var l struct{ Items []json.RawMessage }
		w.call("GET", "/api/v1/sessions", "", admin).want(w, 200).into(&l)
		if e := open.next(); e.name != "session" || e.data != string(l.Items[0]) {
			w.Errorf("%s\n%s", e.data, l.Items[0])
		}
		if e := masked.next(); e.name != "session" || strings.Contains(e.data, "Dora") || !strings.Contains(e.data, `"masked":true`) {
			w.Errorf("the auditor hears %s", e.data)
		}
		open.close()
		masked.close()
	})
}

func TestAScreenThatFellBehindIsToldOnce(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		w.ticks.beat = make(chan time.Time)
		w.srv.opt.Tick = w.ticks.tick
		srv := httptest.NewServer(w.srv)
		defer srv.Close()
		s := w.watch(srv.URL, "", bearer(w.mine.admin))
		for range feedWaits + 1 {
			w.svc.Live.Publish(live.Event{Topic: "sessions", Operator: w.mine.op.ID, ID: ident.New[ident.Session](w.clock.Now()).String()})
		}
		w.ticks.beat <- w.clock.Now()
		if e := s.next(); e.name != "resync" {
			w.Errorf("%+v", e)
		}
		w.svc.Live.Publish(live.Event{Topic: "charge_points", Operator: w.mine.op.ID, ID: w.mine.point})
		w.ticks.beat <- w.clock.Now()
		if e := s.next(); e.name != "charge_point" {
			w.Errorf("after the resync: %+v", e)
		}
		s.close()
	})
}

// SYS-A2
func TestAStreamEndsWithItsLogin(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		srv := httptest.NewServer(w.srv)
		defer srv.Close()
		b := w.loginAs(authz.OpOps)
		s := w.watch(srv.URL, "", b.option)
		w.ticks.recheck <- w.clock.Now()
		w.ticks.ping <- w.clock.Now()
		if e := s.next(); e.name != ": ping" {
			w.Errorf("%+v", e)
		}
		w.call("POST", "/api/v1/logout", "", b.option).want(w, 204)
		w.ticks.recheck <- w.clock.Now()
		if e := s.next(); e != (event{}) {
			w.Errorf("the stream goes on: %+v", e)
		}
	})
}

// LIVE-R1: nothing is published when the grace ends.
func TestAPointTurnsOfflineOnTheScreenAfterItsGrace(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		srv := httptest.NewServer(w.srv)
		defer srv.Close()
		s := w.watch(srv.URL, "?topics=charge_points", bearer(w.mine.admin))
		p := w.point(w.mine)
		w.ok(w.svc.Session.Disconnect(w.Context(), authz.ForChargePoint(p.Operator, p.Sub, p.ID), p.ID, p.Epoch))
		online := func() bool {
			var p ChargePoint
			w.ok(json.Unmarshal([]byte(s.next().data), &p))
			return p.Online
		}
		if !online() {
			w.Error("offline at once: a short loss flaps")
		}
		w.clock.Advance(asset.Grace)
		w.ticks.recheck <- w.clock.Now()
		if online() {
			w.Error("still online")
		}
		s.close()
	})
}

func TestDrainEndsStreams(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		srv := httptest.NewServer(w.srv)
		defer srv.Close()
		s := w.watch(srv.URL, "", bearer(w.mine.admin))
		w.srv.Drain()
		if e := s.next(); e != (event{}) {
			w.Errorf("%+v", e)
		}
	})
}
