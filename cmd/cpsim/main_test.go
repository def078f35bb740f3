package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// server accepts everything and counts the actions.
type server struct {
	mu   sync.Mutex
	seen map[string]int
	fail string // this action is answered with a CALLERROR
}

func serve(t *testing.T, fail string) (*server, string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	s := &server{seen: map[string]int{}, fail: fail}
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go s.talk(conn)
		}
	}()
	return s, "ws://" + ln.Addr().String() + "/ocpp"
}

func (s *server) talk(conn net.Conn) {
	defer conn.Close()
	up := ws.Upgrader{Protocol: func(b []byte) bool { return string(b) == "ocpp1.6" }}
	if _, err := up.Upgrade(conn); err != nil {
		return
	}
	for {
		b, err := wsutil.ReadClientText(conn)
		if err != nil {
			return
		}
		var parts []any
		if json.Unmarshal(b, &parts) != nil || len(parts) != 4 {
			return
		}
		action, _ := parts[2].(string)
		s.mu.Lock()
		s.seen[action]++
		n := s.seen[action]
		s.mu.Unlock()
		answer := "{}"
		switch action {
		case "BootNotification":
			answer = fmt.Sprintf(`{"status":"Accepted","interval":300,"currentTime":%q}`, time.Now().UTC().Format(time.RFC3339))
		case "Authorize":
			answer = `{"idTagInfo":{"status":"Accepted"}}`
		case "StartTransaction":
			answer = fmt.Sprintf(`{"transactionId":%d,"idTagInfo":{"status":"Accepted"}}`, n)
		}
		text := fmt.Sprintf(`[3,%q,%s]`, parts[1], answer)
		if action == s.fail {
			text = fmt.Sprintf(`[4,%q,"InternalError","",{}]`, parts[1])
		}
		if wsutil.WriteServerText(conn, []byte(text)) != nil {
			return
		}
	}
}

func (s *server) count(action string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[action]
}

func parse(t *testing.T, args ...string) *cli {
	t.Helper()
	var c cli
	p, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Parse(args); err != nil {
		t.Fatal(err)
	}
	return &c
}

func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestRun_scenario(t *testing.T) {
	t.Parallel()
	s, url := serve(t, "")
	file := filepath.Join(t.TempDir(), "charge.cpsim")
	script := "expect booted\nplug 2\ntag 2 AA\nexpect transaction 2\nstop 2\nexpect queue 0\n"
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	c := parse(t, "run", "--url", url, "--id", "CP1", "--connectors", "2", "--quirk", "start-twice,boot-again", "--scenario", file)
	var out bytes.Buffer
	if err := c.Run.run(bounded(t), nil, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if s.count("StartTransaction") != 2 || s.count("StopTransaction") != 1 {
		t.Errorf("%v", s.seen)
	}
}

func TestRun_scenarioThatFailsSaysWhere(t *testing.T) {
	t.Parallel()
	_, url := serve(t, "")
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, []byte("expect booted\nexpect status 1 Charging within 10ms\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := parse(t, "run", "--url", url, "--id", "CP1", "--scenario", file)
	if err := c.Run.run(bounded(t), nil, &bytes.Buffer{}); err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
		t.Errorf("%v", err)
	}
}

func TestRun_standardInput(t *testing.T) {
	t.Parallel()
	s, url := serve(t, "")
	c := parse(t, "run", "--url", url, "--id", "CP1")
	var out bytes.Buffer
	in := strings.NewReader("dance\nexpect booted\nplug 1\ntag 1 AA\nexpect status 1 Charging\nstate\nhelp\nexpect queue 0\nquit\n")
	if err := c.Run.run(bounded(t), in, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"dance: no such command", "1 Charging, plugged true", "A script has one command per line"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if s.count("StartTransaction") != 1 {
		t.Errorf("%v", s.seen)
	}
}

func TestRun_mistakesInTheFlags(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--quirk", "perfect"}, {"--connectors", "0"}, {"--key", "NoValue"},
	} {
		c := parse(t, append([]string{"run", "--id", "CP1"}, args...)...)
		if err := c.Run.run(bounded(t), nil, &bytes.Buffer{}); err == nil {
			t.Errorf("%v pass", args)
		}
	}
}

func TestLoad_reportsAndLogs(t *testing.T) {
	t.Parallel()
	s, url := serve(t, "")
	dir := t.TempDir()
	points, acks := filepath.Join(dir, "points.csv"), filepath.Join(dir, "acks.jsonl")
	if err := os.WriteFile(points, []byte("identity,password,tag\nA,pw,T1\nB,pw,T2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := parse(t, "load", "--url", url, "--points", points, "--sessions", "2", "--samples", "3", "--ack-log", acks)
	var out bytes.Buffer
	if err := c.Load.run(bounded(t), &out, &out); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if !strings.Contains(out.String(), "2 points") || !strings.Contains(out.String(), "4 sessions") {
		t.Errorf("%s", out.String())
	}
	b, err := os.ReadFile(acks)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), `"action":"MeterValues"`); n != 12 || s.count("MeterValues") != 12 {
		t.Errorf("%d samples in the log, %d at the server", n, s.count("MeterValues"))
	}
}

func TestLoad_failsOnCallError(t *testing.T) {
	t.Parallel()
	_, url := serve(t, "StatusNotification")
	c := parse(t, "load", "--url", url, "-n", "2", "--tags", "AA", "--sessions", "1")
	var out bytes.Buffer
	if err := c.Load.run(bounded(t), &out, &out); err == nil || !strings.Contains(err.Error(), "CALLERRORs") {
		t.Errorf("%v", err)
	}
}

func TestLoad_needsACard(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-n", "2"}, {"--n=-1", "--tags", "AA"}} {
		c := parse(t, append([]string{"load"}, args...)...)
		if err := c.Load.run(bounded(t), &bytes.Buffer{}, &bytes.Buffer{}); err == nil {
			t.Errorf("%v pass", args)
		}
	}
}

func TestLoad_takesAsManyPointsAsAsked(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "points.csv")
	var lines strings.Builder
	for i := range 60 {
		fmt.Fprintf(&lines, "P%d,pw,T%d\n", i, i)
	}
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		args []string
		want int // -1: refused
	}{
		{[]string{"--points", file}, 60},
		{[]string{"--points", file, "-n", "50"}, 50},
		{[]string{"--points", file, "-n", "3"}, 3},
		{[]string{"--points", file, "-n", "70"}, 60},
		{[]string{"--points", file, "--n=-3"}, -1},
		{[]string{"--tags", "AA"}, 50},
		{[]string{"--tags", "AA", "-n", "7"}, 7},
	} {
		points, err := parse(t, append([]string{"load"}, row.args...)...).Load.points()
		if row.want < 0 != (err != nil) || err == nil && len(points) != row.want {
			t.Errorf("%v: %d points (%v), not %d", row.args, len(points), err, row.want)
		}
	}
}
