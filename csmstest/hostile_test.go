package csmstest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"ccms/internal/app"
	"ccms/internal/authz"
	"ccms/internal/ocpp/wire"
	"ccms/internal/session"
	"ccms/internal/store/storetest"
	"ccms/internal/web"
)

// lite is EachWith on SQLite alone: for what never reaches the database.
func lite(t *testing.T, o Options, f func(w *World)) {
	t.Helper()
	t.Parallel()
	f(newWorld(t, o, app.Config{DataDir: filepath.Dir(storetest.SQLiteURL(t))}))
}

// knock is a handshake's refusal, 101 where it was none.
func (p *Point) knock(h Handshake) *Refused {
	p.Helper()
	c, err := p.Knock(h)
	if err == nil {
		c.Drop()
		return &Refused{Status: http.StatusSwitchingProtocols}
	}
	r, ok := err.(*Refused)
	if !ok {
		p.Fatalf("the handshake ends with %v", err)
	}
	return r
}

// Whoever fails again and again is told to wait; whoever has the right key comes in all
// the while, from the same address, and so does one that mostly fails.
func TestHostile_FailedHandshakesAreThrottledAndNobodyIsBanned(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p, noisy := w.Point("CP1"), w.Point("CP2")
		c := p.Online()
		seen := map[int]int{}
		for i := range 200 {
			h := Handshake{Key: "wrong"}
			if i%2 == 0 {
				h = Handshake{Path: "/ocpp/NOBODY" + strconv.Itoa(i)}
			}
			r := noisy.knock(h)
			seen[r.Status]++
			if r.Status == http.StatusTooManyRequests {
				if n, err := strconv.Atoi(r.Header.Get("Retry-After")); err != nil || n < 1 || n > 60 {
					w.Fatalf("Retry-After %q", r.Header.Get("Retry-After"))
				}
			}
			if i%50 == 49 {
				noisy.Connect().Drop()
			}
		}
		// Some of those that nobody knows may say who they are (AST-R2).
		if failed := seen[401] + seen[404]; failed < 60 || failed > 120 || seen[101] > 60 || seen[429] < 20 || len(seen) > 4 {
			w.Errorf("the handshakes were answered %v", seen)
		}
		if n := len(w.Server.Lines("wrong key")); n > 70 {
			w.Errorf("%d lines about it in the log", n)
		}
		c.NotAsked() // the others have not noticed
	})
}

// tcp is a connection to the server that nobody reads from or writes to but the test.
func (w *World) tcp() *net.TCPConn {
	w.Helper()
	c, err := net.DialTimeout("tcp", w.Addr, wait)
	w.OK(err)
	w.Cleanup(func() { c.Close() })
	w.OK(c.SetDeadline(time.Now().Add(wait)))
	return c.(*net.TCPConn)
}

// isClosed waits for the server to end the connection and returns what it said before.
func (w *World) isClosed(what string, c net.Conn) string {
	w.Helper()
	said, err := io.ReadAll(c)
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		w.Fatalf("%s: the connection stays", what)
	}
	return string(said)
}

// socket is the charge point's connection after the handshake, as bytes.
func (p *Point) socket() net.Conn {
	p.Helper()
	d := ws.Dialer{Timeout: wait, Protocols: []string{"ocpp1.6"}, NetDial: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err == nil {
			err = c.(*net.TCPConn).SetReadBuffer(4 << 10)
		}
		return c, err
	}}
	d.Header = ws.HandshakeHeaderHTTP{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(p.Identity+":"+p.Key))}}
	c, br, _, err := d.Dial(p.Context(), "ws://"+p.Addr+"/ocpp/"+p.Identity)
	p.OK(err)
	if br != nil {
		p.Fatal("the server speaks first")
	}
	p.Cleanup(func() { c.Close() })
	p.OK(c.SetDeadline(time.Now().Add(wait)))
	return c
}

// readFrame reads one frame of the server, which sends none of a MiB.
func readFrame(c net.Conn) (ws.Header, []byte, error) {
	h, err := ws.ReadHeader(c)
	if err != nil {
		return h, nil, err
	}
	if h.Length > 1<<20 {
		return h, nil, fmt.Errorf("a frame of %d bytes", h.Length)
	}
	payload := make([]byte, h.Length)
	_, err = io.ReadFull(c, payload)
	return h, payload, err
}

// closeCode waits for a close frame behind whatever comes before it; 0: there was none.
func closeCode(c net.Conn) int {
	for {
		h, payload, err := readFrame(c)
		if err != nil {
			return 0
		}
		if h.OpCode == ws.OpClose {
			code, _ := ws.ParseCloseFrameData(payload)
			return int(code)
		}
	}
}

// frameHeader is the header of a client's frame that says it is so long.
func frameHeader(op ws.OpCode, fin bool, length uint64) []byte {
	b := []byte{byte(op), 0x80 | 127}
	if fin {
		b[0] |= 0x80
	}
	b = binary.BigEndian.AppendUint64(b, length)
	return append(b, 0, 0, 0, 0) // a mask that changes nothing
}

// Whoever is slow with anything is let go; whoever is merely silent on an event stream or
// on the socket of a charge point is not.
func TestHostile_TheSlowAreLetGoAndTheSilentStay(t *testing.T) {
	o := Options{
		Front: app.FrontLimits{Header: 2 * time.Second, Request: 4 * time.Second, Answer: 4 * time.Second, Idle: 2 * time.Second},
		Wire:  wire.Limits{Partial: time.Second},
	}
	lite(t, o, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		stream := w.Staff(authz.OpAdmin).Watch("")
		began := time.Now()
		var all sync.WaitGroup
		slow := func(name string, f func()) {
			all.Go(func() {
				f()
				if took := time.Since(began); took > wait {
					w.Errorf("%s: it took %v", name, took)
				}
			})
		}
		half, dribbling := w.Point("CP2"), w.Point("CP3")
		slow("no byte at all", func() {
			w.isClosed("a client that says nothing", w.tcp())
		})
		slow("a header byte by byte", func() {
			c := w.tcp()
			go func() { // ends with the connection
				io.WriteString(c, "GET /healthz HTTP/1.1\r\nX-Long: ")
				for tick := time.NewTicker(10 * time.Millisecond); ; <-tick.C {
					if _, err := io.WriteString(c, "x"); err != nil {
						tick.Stop()
						return
					}
				}
			}()
			if said := w.isClosed("a dribbled header", c); strings.Contains(said, "200 OK") {
				w.Errorf("answered %.100q", said)
			}
		})
		for _, path := range []string{"/healthz", "/", "/api/v1/nowhere", "/ocpp/CP1", "/ocpp/NOBODY", "/api/v1/sites"} {
			slow("a body that never comes: "+path, func() {
				c := w.tcp()
				fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", path)
				w.isClosed("a body that never comes", c)
			})
		}
		slow("no second request", func() {
			c := w.tcp()
			io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
			if said := w.isClosed("an idle connection", c); !strings.Contains(said, "200 OK") {
				w.Errorf("answered %.100q", said)
			}
		})
		slow("answers that nobody takes", func() {
			c := w.tcp()
			w.OK(c.SetReadBuffer(4 << 10))
			for i := 0; ; i++ {
				if _, err := io.WriteString(c, "GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
					if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
						w.Errorf("after %d requests the connection stays", i)
					}
					return
				}
			}
		})
		slow("half a frame", func() {
			c := half.socket()
			c.Write(append(frameHeader(ws.OpText, true, 100), `[2,"1",`...))
			if code := closeCode(c); code != 1008 {
				w.Errorf("closed with %d", code)
			}
		})
		slow("half a frame header, and then bytes one by one", func() {
			c := dribbling.socket()
			c.Write(frameHeader(ws.OpText, true, 1000))
			go func() {
				for tick := time.NewTicker(10 * time.Millisecond); ; <-tick.C {
					if _, err := c.Write([]byte("x")); err != nil {
						tick.Stop()
						return
					}
				}
			}()
			if code := closeCode(c); code != 1008 {
				w.Errorf("closed with %d", code)
			}
		})
		all.Wait()
		if took := time.Since(began); took < o.Front.Request {
			w.Fatalf("only %v have passed", took)
		}
		c.NotAsked() // past all limits
		c.Status(1, "Preparing")
		stream.Until("the status shows", func(name string, _ M) bool { return name == "charge_point" })
	})
}

// A request whose handler waits for its body has 20 s for that, and is then told.
func TestHostile_ABodyThatAHandlerWaitsFor(t *testing.T) {
	if os.Getenv("CCMS_LONG") == "" {
		t.Skip("it takes 20 s; CCMS_LONG=1 does it")
	}
	lite(t, Options{}, func(w *World) {
		c := w.tcp()
		w.OK(c.SetDeadline(time.Now().Add(2 * time.Minute)))
		io.WriteString(c, "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
		if said := w.isClosed("a slow login", c); !strings.HasPrefix(said, "HTTP/1.1 408 ") {
			w.Errorf("answered %.300q", said)
		}
	})
}

// More connections than there is room for: those that say nothing make room, and a charge
// point gets in; what is connected does not notice.
func TestHostile_AFloodOfConnections(t *testing.T) {
	lite(t, Options{Front: app.FrontLimits{Guests: 32}}, func(w *World) {
		p, late := w.Point("CP1"), w.Point("CP2")
		c := p.Online()
		staff := w.Staff(authz.OpAdmin)
		stream := staff.Watch("")
		for range 100 {
			w.tcp()
		}
		n := late.Connect()
		n.Call("Heartbeat", nil)
		staff.Get("/api/v1/me")
		c.NotAsked()
		c.Status(1, "Preparing")
		stream.Until("the status shows", func(name string, _ M) bool { return name == "charge_point" })
		if n := w.App.Door.Connected(); n != 2 {
			w.Errorf("%d charge points are connected", n)
		}
	})
}

// What is no HTTP, again and again from the address of a charge point: that one comes and
// goes as it likes (behaviour 9).
func TestRow09_MalformedRequestsBanNobody(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("CP1")
		rnd := rand.New(rand.NewPCG(1, 2))
		noise := make([]byte, 300)
		for i := range noise {
			noise[i] = byte(rnd.Uint32())
		}
		for i, junk := range []string{
			"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", // TLS on the plain port
			"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "EHLO x\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\r\n\r\n\r\n\r\n", string(noise),
			"GET /ocpp/CP1 HTTP/1.1\r\n\r\n", "GET /ocpp/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
			"GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
			"GET /ocpp/CP1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nzz",
			"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
			"GET /" + strings.Repeat("a", 100<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 100<<10) + "\r\n\r\n",
		} {
			for range 10 {
				c := w.tcp()
				io.WriteString(c, junk)
				c.CloseWrite()
				w.isClosed(fmt.Sprintf("junk %d", i), c)
			}
			p.Connect().Drop()
		}
	})
}

// A frame past 256 KiB, in one piece or in many, is refused by its header, before its
// bytes have come; up to it all is well. What is no text frame of OCPP ends the socket
// with its code, and the charge point is back at once.
func TestHostile_Frames(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		c.Drop()
		const most = wire.DefaultMessage
		text := func(fin bool, op ws.OpCode, s string) []byte {
			return ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(op, fin, []byte(s))))
		}
		pieces := func(n, size int) []byte { // n bytes in pieces, the last one open
			b := text(false, ws.OpText, strings.Repeat(" ", size))
			for n -= size; n > 0; n -= size {
				b = append(b, text(false, ws.OpContinuation, strings.Repeat(" ", min(n, size)))...)
			}
			return b
		}
		for _, f := range []struct {
			why  string
			send []byte
			code int
		}{
			{"one byte too long, none of it sent", frameHeader(ws.OpText, true, most+1), 1009},
			{"of the greatest length there is", frameHeader(ws.OpText, true, 1<<63-1), 1009},
			{"of a length that is none", frameHeader(ws.OpText, true, 1<<63), 1002},
			{"in pieces, the last of which is too much", append(pieces(most, 64<<10), frameHeader(ws.OpContinuation, true, 1)...), 1009},
			{"in many small pieces", append(pieces(most, 1<<10), frameHeader(ws.OpContinuation, false, 1)...), 1009},
			{"compressed (behaviour 10)", append([]byte{0xc1}, frameHeader(ws.OpText, true, 10)[1:]...), 1002},
			{"without a mask", ws.MustCompileFrame(ws.NewTextFrame([]byte("[]"))), 1002},
			{"binary", text(true, ws.OpBinary, "[]"), 1003},
			{"no UTF-8", text(true, ws.OpText, "[\xff\xfe]"), 1007},
			{"a ping that is too long", append([]byte{0x89, 0x80 | 126, 0, 126, 0, 0, 0, 0}, make([]byte, 126)...), 1002},
			{"a continuation of nothing", text(true, ws.OpContinuation, "[]"), 1002},
			{"of an opcode that is none", append([]byte{0x83}, frameHeader(ws.OpText, true, 10)[1:]...), 1002},
		} {
			s := p.socket()
			if _, err := s.Write(f.send); err != nil {
				w.Fatalf("a frame %s: %v", f.why, err)
			}
			if code := closeCode(s); code != f.code {
				w.Errorf("a frame %s: closed with %d, want %d", f.why, code, f.code)
			}
			s.Close()
		}
		s := p.socket()
		head, tail := `[2,"pieces","MeterValues",{"connectorId":1,"note":"`, `"}]`
		body := head + strings.Repeat("x", most-len(head)-len(tail)) + tail
		b := text(false, ws.OpText, body[:1])
		for i := 1; i < most; i += 4 << 10 {
			end := min(i+4<<10, most)
			b = append(b, text(end == most, ws.OpContinuation, body[i:end])...)
		}
		if _, err := s.Write(b); err != nil {
			w.Fatal(err)
		}
		if _, payload, err := readFrame(s); err != nil || string(payload) != `[3,"pieces",{}]` {
			w.Errorf("256 KiB in pieces are answered %q (%v)", payload, err)
		}
		s.Close()
		c = p.Connect()
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48")
	})
}

// JSON that goes as deep as a frame or a body may be long: it costs what its bytes cost,
// and is answered like anything else that is wrong in its place.
func TestHostile_Nesting(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		for kind, deep := range map[string]func(int) string{
			"arrays":            func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) },
			"objects":           func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) },
			"arrays left open":  func(n int) string { return strings.Repeat("[", 2*n) },
			"objects left open": func(n int) string { return strings.Repeat(`{"a":`, n) },
		} {
			for i, frame := range []string{
				`[2,"%s","MeterValues",{"connectorId":1,"transactionId":` + fmt.Sprint(id) + `,"x":%s}]`,
				`[2,"%s","MeterValues",{"connectorId":1,"meterValue":%s}]`,
				`[2,"%s","MeterValues",{"connectorId":1,"meterValue":[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":%s}]}]}]`,
				`[2,"%s","MeterValues",%s]`,
				`[2,"%s","DataTransfer",{"vendorId":"x","data":%s}]`,
				`[2,"%s","Heartbeat",{"a":%s}]`,
				`[2,"%s",%s]`,
			} {
				msg := fmt.Sprintf("deep-%d-%s", i, strings.ReplaceAll(kind, " ", "-"))
				began := time.Now()
				a := c.RawCall(msg, fmt.Sprintf(frame, msg, deep(40_000)))
				if took := time.Since(began); took > wait/4 {
					w.Errorf("%s in %s took %v", kind, frame, took)
				}
				if a.Code == "InternalError" {
					w.Errorf("%s in %s: %+v", kind, frame, a)
				}
			}
		}
		// And as the answer to a CALL of ours; the command can be shown afterwards.
		staff := w.Staff(authz.OpAdmin)
		cmd := staff.Command(p, M{"type": "reset", "reason": "test"}).Want(202).Body.Str("id")
		asked := c.Asked("Reset")
		c.SendRaw(`[3,"` + asked.ID + `",{"status":"Accepted","x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}]`)
		w.Until("the command has ended", func() bool { return staff.Get("/api/v1/commands/"+cmd).Body.Str("state") != "sent" })

		for _, body := range []string{
			strings.Repeat("[", 500_000), strings.Repeat(`{"name":`, 100_000), `{"name":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `}`,
		} {
			r, err := http.NewRequestWithContext(w.Context(), http.MethodPost, "http://"+w.Addr+"/api/v1/sites", strings.NewReader(body))
			w.OK(err)
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Cookie", staff.cookie)
			r.Header.Set("X-CSRF-Token", staff.csrf)
			resp, err := client.Do(r)
			w.OK(err)
			resp.Body.Close()
			if resp.StatusCode != http.StatusBadRequest && resp.StatusCode != http.StatusUnprocessableEntity {
				w.Errorf("%.20s… is answered %d", body, resp.StatusCode)
			}
		}
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48")
	})
}

// One that asks and asks and never reads an answer: what waits for it is bounded, after
// the time for a write it is let go, and it can come again.
func TestHostile_AChargePointThatNeverReads(t *testing.T) {
	lite(t, Options{Wire: wire.Limits{Write: 300 * time.Millisecond}}, func(w *World) {
		p, other := w.Point("CP1"), w.Point("CP2")
		o := other.Online()
		s := p.socket()
		w.OK(s.SetDeadline(time.Now().Add(4 * wait))) // the buffers of the system come first
		frame := ws.MustCompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(
			`[2,"` + strings.Repeat("i", 2000) + `","Heartbeat",{}]`))))
		block := bytes.Repeat(frame, 20)
		taken := 0
		for {
			n, err := s.Write(block)
			taken += n
			if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
				w.Fatalf("after %d bytes the connection stays", taken)
			}
			if err != nil {
				break
			}
			if taken > 256<<20 {
				w.Fatalf("%d bytes were taken", taken)
			}
		}
		o.NotAsked()
		w.Until("it is let go", func() bool { return w.App.Door.Connected() == 1 })
		p.Connect().Call("Heartbeat", nil)
	})
}

// The limits of a request, each with its own answer.
func TestHostile_RequestsPastTheirLimits(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		for _, r := range []struct {
			why, path string
			status    int
		}{
			{"a page of 101 rows", "/api/v1/sessions?limit=101", 422},
			{"a page of 0 rows", "/api/v1/sessions?limit=0", 422},
			{"a page of a number that is none", "/api/v1/sessions?limit=1e99", 422},
			{"a long cursor", "/api/v1/sessions?cursor=" + strings.Repeat("a", 501), 422},
			{"a long search", "/api/v1/charge-points?q=" + strings.Repeat("a", 5000), 422},
			{"a parameter that is none", "/api/v1/sessions?" + strings.Repeat("a", 5000) + "=1", 422},
			{"a long id", "/api/v1/sites/" + strings.Repeat("a", 5000), 404},
		} {
			if a := staff.Do("GET", r.path, nil); a.Status != r.status || a.Body.Str("code") == "" || len(fmt.Sprint(a.Body)) > 1000 {
				w.Errorf("%s: %d %.300v, want %d", r.why, a.Status, a.Body, r.status)
			}
		}
		send := func(head string, body int) string {
			c := w.tcp()
			go func() { // until the server has enough
				io.WriteString(c, head+"\r\n\r\n")
				io.CopyN(c, endless{}, int64(body))
				c.CloseWrite()
			}()
			line, err := bufio.NewReader(c).ReadString('\n')
			if err != nil {
				w.Fatalf("%.60s: %v", head, err)
			}
			return line
		}
		post := "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
		if got := send(post+fmt.Sprint("Content-Length: ", web.MaxBody+1), web.MaxBody+1); !strings.Contains(got, "413") {
			w.Errorf("a body of 1 MiB and a byte: %s", got)
		}
		if got := send(post+"Transfer-Encoding: chunked\r\n\r\n200000", web.MaxBody+1); !strings.Contains(got, "413") {
			w.Errorf("a body of 1 MiB and a byte, in chunks: %s", got)
		}
		if got := send("GET / HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("a", 80<<10), 0); !strings.Contains(got, "431") {
			w.Errorf("a header of 80 KiB: %s", got)
		}
	})
}

// endless is a stream of blanks.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

// Meter values of one charge that come the newest first, again, and after the stop, each in
// a frame of its own: each is answered, each reading is kept once and in its place, and
// the bill is of what was charged.
func TestHostile_MessagesOutOfOrderAndAgain(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		began := w.Now()
		w.Advance(10 * time.Minute)
		read := func(minute, register int) {
			w.Helper()
			c.CallAs(fmt.Sprint("m", minute), "MeterValues", c.MeterPayload(1, id, register, -1, M{"timestamp": Stamp(began.Add(time.Duration(minute) * time.Minute))}))
		}
		for _, minute := range []int{8, 2, 6, 2, 8} {
			read(minute, 100*minute)
		}
		w.Session(id).Is(session.Charging, "RUNNING").Delivered(800).Flagged()
		for range 2 {
			c.CallAs("stop", "StopTransaction", c.StopPayload(id, 1000, M{"timestamp": Stamp(began.Add(10 * time.Minute))}))
		}
		read(4, 400)
		read(4, 400)
		s := p.Only().Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48")
		var got []int64
		for _, x := range s.Samples() {
			got = append(got, int64(x.Energy))
		}
		if fmt.Sprint(got) != "[200 400 600 800]" {
			w.Errorf("the readings are %v", got)
		}
		d.Has("99.52", "0.00")
	})
}
