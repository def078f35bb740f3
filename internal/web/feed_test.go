package web

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/session"
)

// narrow makes sockets that hold little, so that a screen which does not read is felt
// soon.
type narrow struct{ net.Listener }

func (n narrow) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		err = tcp.SetWriteBuffer(4 << 10)
	}
	return c, err
}

// status has the point of the tenant say something new of its connector.
func (w *world) status(t tenant, epoch int64, info string) {
	w.Helper()
	p := w.point(t)
	w.ok(w.svc.Session.Status(w.Context(), authz.ForChargePoint(p.Operator, p.Sub, p.ID), session.StatusReport{
		Report:    session.Report{Point: p.ID, Epoch: epoch, ReceivedAt: w.clock.Now(), MessageID: info},
		Connector: 1, Status: asset.Available, ErrorCode: "OtherError", Info: info,
	}))
}

// says reads on until the connector has the info, and how many events that took; 0: the
// stream ended.
func (s *screen) says(info string) (events int, resyncs int) {
	for {
		e := s.next()
		switch e.name {
		case "":
			return 0, resyncs
		case "resync":
			resyncs++
		case "charge_point":
			events++
			var p ChargePoint
			s.ok(json.Unmarshal([]byte(e.data), &p))
			for _, c := range p.Connectors {
				if c.Info == info {
					return events, resyncs
				}
			}
		}
	}
}

// LIVE: a screen that takes nothing is not waited for. The others have each change while
// it hangs; when it reads again, it gets what was under way, is told once to fetch anew,
// and hears what changes from then on.
func TestLIVE_aSlowScreenIsDroppedAndToldToFetchAnew(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		w.srv.liveWrite = time.Minute // or a loaded machine lets the slow one go
		srv := httptest.NewUnstartedServer(w.srv)
		srv.Listener = narrow{srv.Listener}
		srv.Start()
		defer srv.Close()
		quick := w.watch(srv.URL, "?topics=charge_points", bearer(w.mine.admin))

		dialer := net.Dialer{}
		conn, err := dialer.DialContext(w.Context(), "tcp", srv.Listener.Addr().String())
		w.ok(err)
		defer conn.Close()
		w.ok(conn.(*net.TCPConn).SetReadBuffer(4 << 10))
		_, err = fmt.Fprintf(conn, "GET /api/v1/live?topics=charge_points HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", w.mine.admin)
		w.ok(err)

		p := w.point(w.mine)
		epoch, err := w.svc.Session.Connect(w.Context(), authz.ForChargePoint(p.Operator, p.Sub, p.ID), p.ID)
		w.ok(err)
		const changes = 120
		text := strings.Repeat("x", 40)
		for i := range changes {
			info := fmt.Sprint(i, text)
			w.status(w.mine, epoch, info)
			if n, resyncs := quick.says(info); n == 0 || resyncs > 0 {
				w.Fatalf("change %d did not reach the quick screen", i)
			}
		}
		// The slow one reads now, with room: through four kilobytes it would take a fifth
		// of a second for each.
		w.ok(conn.(*net.TCPConn).SetReadBuffer(1 << 20))
		w.ok(conn.SetDeadline(time.Now().Add(time.Minute)))
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		w.ok(err)
		defer func() {
			conn.Close() // or closing the body waits for the stream's end
			resp.Body.Close()
		}()
		slow := &screen{world: w, body: bufio.NewScanner(resp.Body)}
		told, hears := make(chan int, 1), make(chan bool, 1)
		go func() {
			seen, behind := 0, false
			for e := slow.next(); ; e = slow.next() {
				switch {
				case e.name == "":
					hears <- false
					return
				case e.name == "resync" && !behind:
					behind = true
					told <- seen
				case behind && strings.Contains(e.data, "afterwards"):
					hears <- true
					return
				default:
					seen++
				}
			}
		}()
		select {
		case seen := <-told:
			if seen >= changes {
				w.Errorf("it has got %d events although it read nothing", seen)
			}
		case <-hears:
			w.Fatal("it was not told to fetch anew")
		}
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			w.status(w.mine, epoch, fmt.Sprint("afterwards ", i))
			select {
			case ok := <-hears:
				if !ok {
					w.Error("after it was told to fetch anew it hears nothing")
				}
				return
			case <-tick.C:
			}
		}
	})
}

// However many screens of a role are open, what changed is read once for all of them.
func TestLIVE_screensOfOneViewShareWhatIsRead(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		srv := httptest.NewServer(w.srv)
		defer srv.Close()
		auditor := w.loginAs(authz.Auditor)
		var all []*screen
		for range 20 {
			all = append(all, w.watch(srv.URL, "?topics=charge_points", bearer(w.mine.admin)))
		}
		all = append(all, w.watch(srv.URL, "?topics=charge_points", auditor.option), w.watch(srv.URL, "?topics=commands", bearer(w.mine.admin)))
		if n := w.svc.Live.Watching(); n != 2 {
			w.Errorf("%d watch for two roles", n)
		}
		w.connect(w.mine)
		for i, s := range all[:21] {
			if e := s.next(); e.name != "charge_point" {
				w.Errorf("screen %d: %+v", i, e)
			}
		}
		for _, s := range all {
			s.close()
		}
		ctx, cancel := context.WithTimeout(w.Context(), 20*time.Second)
		defer cancel()
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for w.svc.Live.Watching() > 0 {
			select {
			case <-tick.C:
			case <-ctx.Done():
				w.Fatalf("%d still watch although no screen is open", w.svc.Live.Watching())
			}
		}
	})
}

// A screen's queue is bounded, and one that is full says so once.
func TestAScreensQueueIsBounded(t *testing.T) {
	t.Parallel()
	q := &screenQueue{topics: []string{"sessions"}, wake: make(chan struct{}, 1)}
	beat := news{topics: map[string][]byte{"sessions": []byte("s"), "commands": []byte("c")}}
	q.offer(news{topics: map[string][]byte{"commands": []byte("c")}})
	if waits, behind := q.take(); len(waits) != 0 || behind {
		t.Errorf("it hears of what it did not ask for: %q %v", waits, behind)
	}
	for range screenBehind {
		q.offer(beat)
	}
	if waits, behind := q.take(); len(waits) != screenBehind || behind {
		t.Errorf("%d beats, behind %v", len(waits), behind)
	}
	for range screenBehind + 5 {
		q.offer(beat)
	}
	if waits, behind := q.take(); len(waits) != 0 || !behind {
		t.Errorf("one beat too many: %d wait, behind %v", len(waits), behind)
	}
	q.offer(beat)
	if waits, behind := q.take(); len(waits) != 1 || behind {
		t.Errorf("afterwards: %d wait, behind %v", len(waits), behind)
	}
	q.offer(news{behind: true})
	if _, behind := q.take(); !behind {
		t.Error("what the feed has lost is not told")
	}
}
