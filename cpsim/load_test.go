package cpsim

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func (s *csms) load(points int) LoadConfig {
	return LoadConfig{
		URL: "ws://csms.example/ocpp", Points: NumberedPoints("CP", points, "pw", []string{"AA", "BB"}),
		Adjust: func(_ int, c *Config) {
			c.Dial = s.dial
			c.CallTimeout = 5 * time.Second
		},
	}
}

func (s *csms) end() {
	for _, p := range s.peers {
		p.conn.Close()
		<-p.gone
	}
}

func TestLoad_closedLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &csms{t: t}
		defer s.end()
		s.answer = func(_ *peer, m message) any { time.Sleep(10 * time.Millisecond); return nil }
		var log bytes.Buffer
		lc := s.load(5)
		lc.Sessions, lc.Samples, lc.AckLog = 3, 4, &log
		r, err := Load(t.Context(), lc)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Err(); err != nil {
			t.Error(err)
		}
		want := map[string]int{"BootNotification": 5, "Authorize": 15, "StartTransaction": 15, "MeterValues": 60,
			"StopTransaction": 15, "StatusNotification": 5*2 + 15*4}
		total := 0
		for _, a := range r.Actions {
			if a.Answers != want[a.Action] || a.P50 != 10*time.Millisecond || a.P99 != 10*time.Millisecond {
				t.Errorf("%+v, not %d answers of 10 ms", a, want[a.Action])
			}
			total += a.Answers
		}
		if r.Sessions != 15 || r.Answers != total || r.Reconnects != 0 || r.Points != 5 {
			t.Errorf("%+v", r)
		}
		if got := len(s.all("MeterValues")[0].Payload["meterValue"].([]any)[0].(object)["sampledValue"].([]any)); got != 12 {
			t.Errorf("%d values in a sample", got)
		}
		starts := 0
		for line := range strings.Lines(log.String()) {
			var a Ack
			if err := json.Unmarshal([]byte(line), &a); err != nil {
				t.Fatal(err)
			}
			if a.Action == "StartTransaction" && strings.HasPrefix(a.Identity, "CP000") && len(a.Response) > 0 {
				starts++
			}
		}
		if starts != 15 {
			t.Errorf("%d starts in the log", starts)
		}
		// No two transactions of a point look like one repeated.
		seen := map[string]bool{}
		for _, m := range s.all("StartTransaction") {
			key := m.Raw[strings.Index(m.Raw, "{"):] + string(rune(m.Conn))
			if seen[key] {
				t.Errorf("twice: %s", m.Raw)
			}
			seen[key] = true
		}
	})
}

func TestLoad_endsAfterItsTimeWithNothingOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &csms{t: t}
		defer s.end()
		lc := s.load(3)
		lc.Duration, lc.Interval, lc.Ramp = time.Minute, time.Second, 3*time.Second
		r, err := Load(t.Context(), lc)
		if err != nil || r.Err() != nil {
			t.Fatal(err, r.Err())
		}
		if r.Elapsed < time.Minute || r.Elapsed > 75*time.Second {
			t.Errorf("it took %s", r.Elapsed)
		}
		if a, b := len(s.all("StartTransaction")), len(s.all("StopTransaction")); a != b || a != r.Sessions {
			t.Errorf("%d starts, %d stops, %d sessions", a, b, r.Sessions)
		}
	})
}

// Who ends the run by Until gets whole sessions, not some that were cut off.
func TestLoad_untilItIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &csms{t: t}
		defer s.end()
		lc := s.load(3)
		until := make(chan struct{})
		lc.Until, lc.Interval, lc.Samples = until, time.Second, 20
		time.AfterFunc(time.Minute, func() { close(until) })
		r, err := Load(t.Context(), lc)
		if err != nil || r.Err() != nil {
			t.Fatal(err, r.Err())
		}
		if r.Elapsed < time.Minute || r.Elapsed > 90*time.Second {
			t.Errorf("it took %s", r.Elapsed)
		}
		if samples := len(s.all("MeterValues")); r.Sessions == 0 || samples != 20*r.Sessions {
			t.Errorf("%d samples in %d sessions", samples, r.Sessions)
		}
	})
}

func TestLoad_saysWhatWentWrong(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why    string
		answer func(m message) any
		want   string
		check  func(Report) bool
	}{
		{"a CALLERROR", func(m message) any {
			if m.Action == "MeterValues" && m.Conn == 0 {
				return callError("InternalError")
			}
			return nil
		}, "CALLERROR", func(r Report) bool { return r.CallErrors > 0 && r.Undelivered > 0 && r.Sessions > 0 }},
		{"a lost answer", func(m message) any {
			if m.Action == "Authorize" && m.Conn == 0 {
				return silence{}
			}
			return nil
		}, "without an answer", func(r Report) bool { return r.Timeouts > 0 }},
		{"every card refused", func(m message) any {
			if m.Action == "Authorize" {
				return object{"idTagInfo": object{"status": "Invalid"}}
			}
			return nil
		}, "no session", func(r Report) bool { return r.Denied > 10 && r.Denied < 200 && r.Sessions == 0 }},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &csms{t: t}
				defer s.end()
				s.answer = func(_ *peer, m message) any {
					time.Sleep(10 * time.Millisecond)
					return row.answer(m)
				}
				lc := s.load(2)
				lc.Duration, lc.Drain = 20*time.Second, 10*time.Second
				r, err := Load(t.Context(), lc)
				if err != nil {
					t.Fatal(err)
				}
				if err := r.Err(); err == nil || !strings.Contains(err.Error(), row.want) {
					t.Errorf("%v", err)
				}
				if !row.check(r) {
					t.Errorf("%s", r)
				}
			})
		})
	}
}

// A server that dies and comes back loses nobody: what was interrupted is sent
// again, and that is not a fault.
func TestLoad_survivesARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &csms{t: t}
		defer s.end()
		s.answer = func(_ *peer, m message) any { time.Sleep(50 * time.Millisecond); return nil }
		lc := s.load(4)
		lc.Duration = time.Minute
		acked := make(chan Ack, 100000)
		lc.OnAck = func(a Ack) { acked <- a }
		done := make(chan Report)
		go func() {
			r, err := Load(t.Context(), lc)
			if err != nil {
				t.Error(err)
			}
			done <- r
		}()
		time.Sleep(20*time.Second + 3*time.Millisecond)
		s.mu.Lock()
		s.refuse = true
		for _, p := range s.peers {
			p.conn.Close()
		}
		s.mu.Unlock()
		time.Sleep(15 * time.Second)
		s.mu.Lock()
		s.refuse = false
		s.mu.Unlock()
		r := <-done
		if err := r.Err(); err != nil {
			t.Error(err)
		}
		if r.Reconnects != 4 || r.Refused == 0 {
			t.Errorf("%d reconnects, %d refused", r.Reconnects, r.Refused)
		}
		close(acked)
		n := 0
		for range acked {
			n++
		}
		if n != r.Answers {
			t.Errorf("%d acknowledgements, %d answers", n, r.Answers)
		}
	})
}

// Without a server it ends all the same, and soon when it is told to.
func TestLoad_endsWithoutAServer(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why      string
		cancel   time.Duration
		from, to time.Duration
	}{
		{"time and drain are over", time.Hour, 70 * time.Second, 71 * time.Second},
		{"the caller gives up", 10 * time.Second, 10 * time.Second, 16 * time.Second},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &csms{t: t, refuse: true}
				ctx, cancel := context.WithTimeout(t.Context(), row.cancel)
				defer cancel()
				lc := s.load(2)
				lc.Duration, lc.Drain = time.Minute, 10*time.Second
				r, err := Load(ctx, lc)
				if err != nil || r.Err() == nil || r.Refused == 0 {
					t.Errorf("%v, %v, %d refused", err, r.Err(), r.Refused)
				}
				if r.Elapsed < row.from || r.Elapsed > row.to {
					t.Errorf("it took %s", r.Elapsed)
				}
			})
		})
	}
}

func TestLoad_refusesNonsense(t *testing.T) {
	t.Parallel()
	for _, points := range [][]LoadPoint{nil, {{Identity: "", Tag: "AA"}}, {{Identity: "CP1"}}} {
		if _, err := Load(t.Context(), LoadConfig{Points: points, Sessions: 1}); err == nil {
			t.Errorf("%+v", points)
		}
	}
}

func TestReadPoints(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		in   string
		want []LoadPoint
		err  string
	}{
		{"identity,password,tag\nCP1,pw,AA\n# no\nCP2, p w ,BB\n", []LoadPoint{{"CP1", "pw", "AA"}, {"CP2", "p w ", "BB"}}, ""},
		{"CP1,pw,AA\nCP1,pw,AA\n", nil, "line 2: CP1 is there twice"},
		{",pw,AA\n", nil, "line 1: no identity"},
		{"CP1,pw\n", nil, "wrong number of fields"},
	} {
		got, err := ReadPoints(strings.NewReader(row.in))
		if row.err != "" {
			if err == nil || !strings.Contains(err.Error(), row.err) {
				t.Errorf("%q: %v", row.in, err)
			}
			continue
		}
		if err != nil || len(got) != len(row.want) {
			t.Fatalf("%q: %v, %v", row.in, got, err)
		}
		for i := range got {
			if got[i] != row.want[i] {
				t.Errorf("%q: %+v", row.in, got[i])
			}
		}
	}
}

func TestQuantile_nearestRank(t *testing.T) {
	t.Parallel()
	var ten []time.Duration
	for i := range 10 {
		ten = append(ten, time.Duration(i+1))
	}
	for _, row := range []struct {
		d       []time.Duration
		percent int
		want    time.Duration
	}{{nil, 50, 0}, {ten[:1], 99, 1}, {ten, 50, 5}, {ten, 99, 10}, {ten, 90, 9}, {ten, 100, 10}} {
		if got := quantile(row.d, row.percent); got != row.want {
			t.Errorf("%d %% of %v: %d", row.percent, row.d, got)
		}
	}
}

// The same over a real socket: what net.Pipe cannot show.
func TestLoad_overTCP(t *testing.T) {
	t.Parallel()
	s := &csms{t: t}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			p := &peer{s: s, n: len(s.peers), conn: conn, wait: map[string]chan frame{}, gone: make(chan struct{}), headers: map[string]string{}}
			s.peers = append(s.peers, p)
			s.mu.Unlock()
			go p.serve()
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := Load(ctx, LoadConfig{URL: "ws://" + ln.Addr().String() + "/ocpp", Points: NumberedPoints("CP", 20, "pw", []string{"AA"}), Sessions: 3})
	if err != nil || r.Err() != nil || r.Sessions != 60 {
		t.Fatalf("%v, %v\n%s", err, r.Err(), r)
	}
}
