package main_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// SIGTERM under load: what was read is either stored and answered, or neither. The next
// run takes the rest.
func TestSIGTERM_leavesNoFrameHalfHandled(t *testing.T) {
	t.Parallel()
	eachEngine(t, drainUnderLoad)
}

func drainUnderLoad(t *testing.T, s setting) {
	const points = 30
	w := s.furnish(t, points)
	srv := s.start(t, "serve", "--addr", freePort(t))
	p := newProbe(t, srv.addr)
	l := w.atWork(t, srv.addr, busy, nil)
	x := shows(t, terminated, s, 1)
	l.inFull(t, points)
	if code := srv.term(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if strings.Contains(srv.stderr.String(), "level=ERROR") {
		t.Errorf("%s", srv.stderr)
	}
	l.acks.mu.Lock()
	answered := map[string]int{} // identity, action, message id
	for _, x := range l.acks.all {
		if slices.Contains(carried, x.Action) {
			answered[x.Identity+" "+x.Action+" "+x.MessageID]++
		}
	}
	l.acks.mu.Unlock()
	db, stored := w.load(t, s), 0
	for _, st := range db.sessions {
		identity := w.identity(st.Point)
		for _, e := range db.events[st.ID] {
			stored++
			k := identity + " " + e.Action + " " + e.MessageID
			if answered[k] != 1 {
				t.Errorf("%s was stored and answered %d times", k, answered[k])
			}
			delete(answered, k)
		}
	}
	for k := range answered {
		t.Errorf("%s was answered and is not stored", k)
	}
	t.Logf("%d reports stored and answered", stored)

	l.acks.forget()
	begun := time.Now()
	srv = s.start(t, "serve", "--addr", srv.addr)
	l.answered(t, 1, "after the next start")
	x.back(t, time.Since(begun))
	if r := l.finish(t); r.Timeouts > 0 {
		t.Errorf("%d CALLs without an answer", r.Timeouts)
	}
	x.Cells[colSaid] = oneOf(slices.DeleteFunc([]string{p.heard(t), "nothing: the port closes at once"}, func(s string) bool { return s == "" }))
	srv.term(t)
	x.judge(t, w, s, l.acks)
	x.record(t)
}

// What hangs keeps a stop waiting for its time, unless somebody insists.
func TestSecondSIGTERM_endsAtOnce(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	srv := s.start(t, "serve", "--addr", "127.0.0.1:0")
	conn, err := net.Dial("tcp", srv.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// A request whose body never comes.
	if _, err := fmt.Fprintf(conn, "POST /api/v1/login HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n", srv.addr); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil { // 100 Continue: its handler waits for the body
		t.Fatal(err)
	}
	if err := srv.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := srv.stderr.wait(patience, regexp.MustCompile("ccms stops"), srv.ended); err != nil {
		t.Fatalf("%v\n%s", err, srv.stderr)
	}
	begun := time.Now()
	if err := srv.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatalf("it did not wait for the request: %v", err)
	}
	select {
	case <-srv.ended:
	case <-time.After(patience):
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if ws, ok := srv.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !ws.Signaled() {
		t.Errorf("it ended by itself: %s", srv.cmd.ProcessState)
	}
}

// A stopping server answers what it has begun and tells the balancer that it stops.
func TestSIGTERM_finishesRequestsAndIsNotReady(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	srv := s.start(t, "serve", "--addr", "127.0.0.1:0")
	password := ownerPassword(t, srv)
	body := fmt.Sprintf(`{"login":"owner","password":%q}`, password)

	conn, err := net.Dial("tcp", srv.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /api/v1/login HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", srv.addr, len(body))
	lines := newLines(conn)
	if l := lines.next(t); !strings.Contains(l, "100") {
		t.Fatal(l)
	}
	if err := srv.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := srv.stderr.wait(patience, regexp.MustCompile("ccms stops"), srv.ended); err != nil {
		t.Fatalf("%v\n%s", err, srv.stderr)
	}
	// The port closes before anything else, and nobody new gets in.
	gone := false
	for over := time.Now().Add(patience); !gone && time.Now().Before(over); {
		r, err := http.Get("http://" + srv.addr + "/readyz")
		if gone = err != nil; !gone {
			r.Body.Close()
			gone = r.StatusCode == http.StatusServiceUnavailable
		}
	}
	if !gone {
		t.Error("it takes new requests while it stops")
	}
	if _, err := fmt.Fprint(conn, body); err != nil {
		t.Fatal(err)
	}
	if l := lines.next(t); !strings.Contains(l, " 200 ") {
		t.Errorf("the request that was begun got %q", l)
	}
	select {
	case <-srv.ended:
	case <-time.After(patience):
		t.Fatalf("it does not end\n%s", srv.stderr)
	}
	if code := srv.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d\n%s", code, srv.stderr)
	}
}

// A port that is taken: one line, exit code 1, and the data of the other are not touched.
func TestServe_aTakenPortIsOneLine(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, command := range []string{"serve", "demo"} {
		s := onSQLite(t)
		r := s.run(t, command, "--addr", l.Addr().String())
		if r.code != 1 || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, l.Addr().String()+" is taken") || r.stdout != "" {
			t.Errorf("%s: exit %d, %q, %q", command, r.code, r.stderr, r.stdout)
		}
		if files, err := os.ReadDir(s.dir); err != nil || len(files) > 0 {
			t.Errorf("%s: it has touched the data: %v, %v", command, files, err)
		}
	}
}
