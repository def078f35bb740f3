package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"ccms/internal/ocpp/rpc"
	"ccms/internal/ocpp/wire"
)

// script is the charge point's end of a pipe. Frames from the server are read as
// they come, so that neither end ever waits for the test.
type script struct {
	t    *testing.T
	conn net.Conn
	got  chan string // texts; closed at the end of the socket
	code chan uint16 // of the close frame
}

func (s *script) say(frames ...string) {
	s.t.Helper()
	for _, f := range frames {
		if err := ws.WriteFrame(s.conn, ws.MaskFrame(ws.NewTextFrame([]byte(f)))); err != nil {
			s.t.Fatalf("charge point could not send %s: %v", f, err)
		}
	}
}

func (s *script) listen() {
	defer close(s.got)
	for {
		h, err := ws.ReadHeader(s.conn)
		if err != nil {
			return
		}
		p := make([]byte, h.Length)
		if _, err := io.ReadFull(s.conn, p); err != nil {
			return
		}
		switch h.OpCode {
		case ws.OpText:
			s.got <- string(p)
		case ws.OpClose:
			code, _ := ws.ParseCloseFrameData(p)
			s.code <- uint16(code)
			ws.WriteFrame(s.conn, ws.MaskFrame(ws.NewCloseFrame(p)))
		}
	}
}

func (s *script) want(frame string) {
	s.t.Helper()
	if got := s.hear(); got != frame {
		s.t.Fatalf("charge point got %s, want %s", got, frame)
	}
}

func (s *script) hear() string {
	s.t.Helper()
	select {
	case f, ok := <-s.got:
		if !ok {
			s.t.Fatal("the socket ended")
		}
		return f
	case <-time.After(time.Hour): // virtual
		s.t.Fatal("charge point heard nothing for an hour")
	}
	return ""
}

// quiet fails if anything was sent that nobody has looked at.
func (s *script) quiet() {
	s.t.Helper()
	synctest.Wait()
	select {
	case f, ok := <-s.got:
		if ok {
			s.t.Fatalf("charge point got %s, want nothing", f)
		}
		s.t.Fatal("the socket ended")
	default:
	}
}

// id is the message id of a CALL.
func id(frame string) string {
	parts := strings.SplitN(frame, `"`, 3)
	if len(parts) < 3 {
		return ""
	}
	return parts[1]
}

type rig struct {
	*script
	peer *rpc.Peer
	end  chan error
}

// owner is made of what a test says; the rest does nothing.
type owner struct {
	handle       handler
	tap          func(rpc.Tapped)
	unresponsive func(first, second string)
	end          chan error
}

type handler func(context.Context, rpc.Call) ([]byte, *rpc.CallError)

func (o *owner) Handle(ctx context.Context, c rpc.Call) ([]byte, *rpc.CallError) {
	return o.handle(ctx, c)
}
func (o *owner) Tap(f rpc.Tapped)                  { o.tap(f) }
func (o *owner) Unresponsive(first, second string) { o.unresponsive(first, second) }
func (o *owner) Ended(why error)                   { o.end <- why }

func start(t *testing.T, cfg *rpc.Config, h handler) rig {
	t.Helper()
	return startOwned(t, cfg, owner{handle: h})
}

func startOwned(t *testing.T, cfg *rpc.Config, o owner) rig {
	t.Helper()
	a, b := net.Pipe()
	s := &script{t: t, conn: b, got: make(chan string, 1000), code: make(chan uint16, 1)}
	go s.listen()
	if cfg == nil {
		cfg = &rpc.Config{}
	}
	cfg.Log = slog.New(slog.DiscardHandler)
	if o.tap == nil {
		o.tap = func(rpc.Tapped) {}
	}
	if o.unresponsive == nil {
		o.unresponsive = func(string, string) {}
	}
	o.end = make(chan error, 1)
	r := rig{s, rpc.NewPeer(wire.NewConn(a, nil, "ocpp1.6", nil), cfg, &o), o.end}
	r.peer.Start()
	t.Cleanup(func() { r.peer.CloseNow(); b.Close() })
	return r
}

func echo(_ context.Context, c rpc.Call) ([]byte, *rpc.CallError) {
	return []byte(`{"of":"` + c.Action + `"}`), nil
}

func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

func TestACallIsAnsweredWithItsId(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, nil, echo)
		r.say(`[2,"a\"1","BootNotification",{"x":1}]`, `[2,1000000,"Heartbeat",{}]`)
		r.want(`[3,"a\"1",{"of":"BootNotification"}]`)
		r.want(`[3,1000000,{"of":"Heartbeat"}]`)
	})
}

func TestTheHandlerSeesTheFrameAsItCame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		calls := make(chan rpc.Call, 1)
		r := start(t, nil, func(_ context.Context, c rpc.Call) ([]byte, *rpc.CallError) {
			calls <- c
			return nil, nil
		})
		raw := `[ 2,"7","MeterValues", {"connectorId":1} ]`
		time.Sleep(time.Minute)
		r.say(raw)
		c := <-calls
		if c.ID != "7" || c.Action != "MeterValues" || string(c.Payload) != `{"connectorId":1}` || string(c.Raw) != raw || !c.At.Equal(time.Now()) {
			t.Fatalf("got %+v", c)
		}
	})
}

func TestHandlerOutcomes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, nil, func(_ context.Context, c rpc.Call) ([]byte, *rpc.CallError) {
			switch c.Action {
			case "Empty":
				return []byte{}, nil
			case "Unknown":
				return nil, rpc.CallErrorNotImplemented(c.Action)
			case "NotStored":
				return nil, rpc.Unavailable
			case "Panics":
				panic("the handler is broken")
			case "Details":
				return nil, &rpc.CallError{Code: rpc.PropertyConstraintViolation, Description: "say \"x\"\n" + strings.Repeat("é", 300), Details: []byte(`{"at":"/a"}`)}
			}
			return nil, nil // Silent
		})
		r.say(`[2,"1","Empty",{}]`)
		r.want(`[3,"1",{}]`)
		r.say(`[2,"2","Unknown",{}]`)
		r.want(`[4,"2","NotImplemented","unknown action Unknown",{}]`)
		r.say(`[2,"3","NotStored",{}]`, `[2,"4","Silent",{}]`, `[2,"5","Panics",{}]`)
		r.quiet()
		r.say(`[2,"6","Details",{}]`)
		r.want(`[4,"6","PropertyConstraintViolation","say \"x\"\u000a` + strings.Repeat("é", 123) + `",{"at":"/a"}]`)
	})
}

func TestRow22_TheSameCallWithTheSameIdIsAnsweredEachTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, nil, echo)
		for range 3 {
			r.say(`[2,"1","BootNotification",{}]`)
			r.want(`[3,"1",{"of":"BootNotification"}]`)
			time.Sleep(10 * time.Second)
		}
	})
}

func TestRow23_IdsRestartAndAreOursToo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, nil, echo)
		result := make(chan error, 1)
		go func() { _, err := r.peer.Call("Reset", nil); result <- err }()
		call := r.hear()
		// A CALL of the charge point may even use the id of our own.
		r.say(`[2,"` + id(call) + `","Heartbeat",{}]`)
		r.want(`[3,"` + id(call) + `",{"of":"Heartbeat"}]`)
		r.say(`[3,"` + id(call) + `",{}]`)
		if err := <-result; err != nil {
			t.Fatal(err)
		}
	})
}

func TestRow24_DoubledAndUnknownAnswersAreIgnored(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, nil, echo)
		r.say(`[3,"nobody",{}]`, `[4,"nobody","GenericError","",{}]`)
		for _, want := range []string{`{"n":1}`, `{"n":2}`} {
			result := make(chan string, 1)
			go func() {
				p, err := r.peer.Call("GetConfiguration", nil)
				result <- fmt.Sprint(string(p), err)
			}()
			call := id(r.hear())
			r.say(`[3,"other",{"n":9}]`, `[3,"`+call+`",`+want+`]`, `[3,"`+call+`",{"n":8}]`)
			if got := <-result; got != want+"<nil>" {
				t.Fatalf("got %s, want %s", got, want)
			}
		}
		r.say(`[2,"1","Heartbeat",{}]`)
		r.want(`[3,"1",{"of":"Heartbeat"}]`)
	})
}

func TestRow25_ErrorCodesInAnySpelling(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, nil, echo)
		for sent, want := range map[string]rpc.Code{
			"FormationViolation": rpc.FormationViolation, "FormatViolation": rpc.FormationViolation,
			"OccurenceConstraintViolation": rpc.OccurenceConstraintViolation, "OccurrenceConstraintViolation": rpc.OccurenceConstraintViolation,
			"notSupported ": rpc.NotSupported, "VendorCode": "VendorCode",
		} {
			result := make(chan error, 1)
			go func() { _, err := r.peer.Call("Reset", nil); result <- err }()
			r.say(`[4,"` + id(r.hear()) + `","` + sent + `","why",{}]`)
			var e *rpc.CallError
			if err := <-result; !errors.As(err, &e) || e.Code != want || e.Description != "why" {
				t.Fatalf("%s: got %v, want %s", sent, err, want)
			}
		}
	})
}

func TestRow26_ErrorDetailsOfAnyKind(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, nil, echo)
		for _, tail := range []string{`,"text"`, `,["a"]`, `,null`, ``} {
			result := make(chan error, 1)
			go func() { _, err := r.peer.Call("Reset", nil); result <- err }()
			r.say(`[4,"` + id(r.hear()) + `","GenericError",""` + tail + `]`)
			var e *rpc.CallError
			if err := <-result; !errors.As(err, &e) || e.Code != rpc.GenericError {
				t.Fatalf("details %q: %v", tail, err)
			}
		}
	})
}

func TestRow27_AFrameThatDoesNotSplitIsAnsweredAndTheSocketStays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var payload string
		r := start(t, nil, func(_ context.Context, c rpc.Call) ([]byte, *rpc.CallError) {
			payload = string(c.Payload)
			return []byte(`{}`), nil
		})
		r.say(`[2,"1","MeterValues",{"transactionId":,"connectorId":1}]`)
		r.want(`[3,"1",{}]`)
		if payload != `{"transactionId":,"connectorId":1}` {
			t.Fatalf("handler got %s", payload)
		}
		r.say(`[2,"2","MeterValues",{"transactionId":`)
		r.want(`[4,"2","FormationViolation","unfinished value",{}]`)
		r.say(`this is not JSON`)
		r.want(`[4,"-1","FormationViolation","not an array",{}]`)
		r.say(`[3,"nobody",{"status":`, `[9,"1",{}]`) // an answer is not answered, an unknown type ignored
		r.quiet()
		r.say(`[2,"3","Heartbeat",{}]`)
		r.want(`[3,"3",{}]`)
	})
}

func TestABrokenAnswerFailsItsCall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, nil, echo)
		result := make(chan error, 1)
		go func() { _, err := r.peer.Call("Reset", nil); result <- err }()
		r.say(`[3,"` + id(r.hear()) + `",{"status":`)
		if err := <-result; !errors.Is(err, rpc.ErrMalformed) {
			t.Fatal(err)
		}
	})
}

func TestCallsAreHandledInOrderOneAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var inWork int
		r := start(t, nil, func(_ context.Context, c rpc.Call) ([]byte, *rpc.CallError) {
			if inWork++; inWork > 1 {
				t.Error("two CALLs in work")
			}
			time.Sleep(time.Second)
			inWork--
			return []byte(`{}`), nil
		})
		for i := range 20 {
			r.say(fmt.Sprintf(`[2,"%d","Heartbeat",{}]`, i))
		}
		for i := range 20 {
			r.want(fmt.Sprintf(`[3,"%d",{}]`, i))
		}
	})
}

// Rule 4: a charge point may ask Authorize before it answers our RemoteStart.
func TestRow86_87_BothDirectionsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, nil, echo)
		result := make(chan error, 1)
		go func() { _, err := r.peer.Call("ReserveNow", []byte(`{"a":1}`)); result <- err }()
		call := r.hear()
		if want := `[2,"` + id(call) + `","ReserveNow",{"a":1}]`; call != want {
			t.Fatalf("sent %s, want %s", call, want)
		}
		r.say(`[2,"1","Authorize",{}]`)
		r.want(`[3,"1",{"of":"Authorize"}]`)
		r.say(`[3,"` + id(call) + `",{}]`)
		if err := <-result; err != nil {
			t.Fatal(err)
		}
	})
}

func TestAnAnswerPassesCallsThatWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		block := make(chan struct{})
		r := start(t, nil, func(_ context.Context, c rpc.Call) ([]byte, *rpc.CallError) {
			<-block
			return []byte(`{}`), nil
		})
		result := make(chan error, 1)
		go func() { _, err := r.peer.Call("Reset", nil); result <- err }()
		call := r.hear()
		r.say(`[2,"1","StopTransaction",{}]`, `[2,"2","Heartbeat",{}]`, `[3,"`+id(call)+`",{}]`)
		if err := <-result; err != nil {
			t.Fatal(err)
		}
		r.quiet()
		close(block)
		r.want(`[3,"1",{}]`)
		r.want(`[3,"2",{}]`)
	})
}

func TestPastFiftyWaitingItStopsReading(t *testing.T) {
	bubble(t, func(t *testing.T) {
		block := make(chan struct{})
		r := start(t, nil, func(_ context.Context, c rpc.Call) ([]byte, *rpc.CallError) {
			<-block
			return []byte(`{}`), nil
		})
		const n = 80
		sent := 0
		go func() {
			for i := range n {
				r.say(fmt.Sprintf(`[2,"%d","StopTransaction",{}]`, i))
				sent++
			}
		}()
		synctest.Wait()
		// One in work, fifty waiting, one in the reader's hand.
		if sent != 52 {
			t.Fatalf("%d frames were taken, want 52", sent)
		}
		close(block)
		for i := range n {
			r.want(fmt.Sprintf(`[3,"%d",{}]`, i))
		}
	})
}

func TestOneCallOfOursAtATime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, nil, echo)
		result := make(chan error, 1)
		for i := range 10 {
			go func() { _, err := r.peer.Call(fmt.Sprintf("A%d", i), nil); result <- err }()
			call := r.hear()
			if !strings.Contains(call, fmt.Sprintf(`"A%d"`, i)) {
				t.Fatalf("CALL %d is %s", i, call)
			}
			if _, err := r.peer.Call("Reset", nil); !errors.Is(err, rpc.ErrBusy) {
				t.Fatalf("a second one is %v", err)
			}
			r.quiet()
			r.say(`[3,"` + id(call) + `",{}]`)
			if err := <-result; err != nil {
				t.Fatal(err)
			}
		}
		go func() { _, err := r.peer.Call("Reset", nil); result <- err }()
		r.hear()
		r.conn.Close()
		if err := <-result; !errors.Is(err, rpc.ErrLost) {
			t.Fatalf("the one on the wire: %v", err)
		}
		if _, err := r.peer.Call("Reset", nil); !errors.Is(err, rpc.ErrNotSent) {
			t.Fatalf("after the end: %v", err)
		}
	})
}

func TestACallIsGivenUpAfterThirtySecondsAndTheNextIsSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, nil, echo)
		results := make(chan error, 2)
		begun := time.Now()
		go func() { _, err := r.peer.Call("GetConfiguration", nil); results <- err }()
		late := r.hear()
		if err := <-results; !errors.Is(err, rpc.ErrUnanswered) || time.Since(begun) != 30*time.Second {
			t.Fatalf("%v after %v", err, time.Since(begun))
		}
		go func() { _, err := r.peer.Call("GetConfiguration", nil); results <- err }()
		second := r.hear()
		time.Sleep(20 * time.Second)
		r.say(`[3,"` + id(late) + `",{}]`) // too late, and not the answer to the second
		time.Sleep(9 * time.Second)
		r.say(`[3,"` + id(second) + `",{}]`)
		if err := <-results; err != nil {
			t.Fatalf("the second: %v", err)
		}
	})
}

// Rule 5.
func TestRow13_TwoDifferentActionsUnansweredInARow(t *testing.T) {
	cases := []struct {
		why   string
		calls []string // a leading + is answered
		want  []string
	}{
		{"two different", []string{"Reset", "TriggerMessage"}, []string{"Reset TriggerMessage"}},
		{"one action that is never answered must not loop", []string{"Reset", "Reset", "Reset"}, nil},
		{"the same, then another", []string{"Reset", "Reset", "TriggerMessage"}, []string{"Reset TriggerMessage"}},
		{"an answer in between", []string{"Reset", "+GetConfiguration", "TriggerMessage"}, nil},
		{"an error is an answer", []string{"Reset", "-GetConfiguration", "TriggerMessage"}, nil},
		{"told again; the owner counts", []string{"Reset", "TriggerMessage", "Reset"}, []string{"Reset TriggerMessage", "TriggerMessage Reset"}},
	}
	for _, tc := range cases {
		t.Run(tc.why, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				told := make(chan string, 10)
				r := startOwned(t, nil, owner{handle: echo, unresponsive: func(a, b string) { told <- a + " " + b }})
				for _, action := range tc.calls {
					name := strings.TrimLeft(action, "+-")
					done := make(chan struct{})
					go func() { r.peer.Call(name, nil); close(done) }()
					call := id(r.hear())
					switch action[0] {
					case '+':
						r.say(`[3,"` + call + `",{}]`)
					case '-':
						r.say(`[4,"` + call + `","NotSupported","",{}]`)
					}
					<-done
				}
				r.quiet() // the socket is the owner's to close
				var got []string
				for len(told) > 0 {
					got = append(got, <-told)
				}
				if !slices.Equal(got, tc.want) {
					t.Fatalf("told %q, want %q", got, tc.want)
				}
			})
		})
	}
}

func TestDrainFinishesTheFrameInWorkAndTakesNoMore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var handled []string
		r := start(t, nil, func(_ context.Context, c rpc.Call) ([]byte, *rpc.CallError) {
			time.Sleep(5 * time.Second) // a slow commit
			handled = append(handled, c.ID)
			return []byte(`{}`), nil
		})
		calls := make(chan error, 1)
		go func() { _, err := r.peer.Call("Reset", nil); calls <- err }()
		r.hear()
		r.say(`[2,"in work","StartTransaction",{}]`, `[2,"waits","MeterValues",{}]`)
		synctest.Wait()
		drained := make(chan error, 1)
		go func() { drained <- r.peer.Drain(t.Context()) }()
		synctest.Wait()
		if _, err := r.peer.Call("Reset", nil); !errors.Is(err, rpc.ErrNotSent) {
			t.Fatalf("a CALL after the beginning of the end: %v", err)
		}
		r.say(`[2,"after","Heartbeat",{}]`)
		r.want(`[3,"in work",{}]`)
		if code := <-r.code; code != 1001 {
			t.Fatalf("close code %d", code)
		}
		if err := <-drained; err != nil {
			t.Fatal(err)
		}
		if err := <-calls; !errors.Is(err, rpc.ErrLost) {
			t.Fatalf("the CALL on the wire: %v", err)
		}
		if <-r.end; !slices.Equal(handled, []string{"in work"}) {
			t.Fatalf("handled %q", handled)
		}
	})
}

func TestDrainGivesUpWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		block := make(chan struct{})
		defer close(block)
		r := start(t, nil, func(context.Context, rpc.Call) ([]byte, *rpc.CallError) { <-block; return nil, nil })
		r.say(`[2,"1","StartTransaction",{}]`)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := r.peer.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if _, open := <-r.got; open {
			t.Fatal("something was sent")
		}
	})
}

// Rule 7: the owner closes with 1013 when the store takes no writes.
func TestCloseAnswersNothingMore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, nil, func(context.Context, rpc.Call) ([]byte, *rpc.CallError) {
			time.Sleep(time.Second)
			return []byte(`{}`), nil
		})
		r.say(`[2,"1","StopTransaction",{}]`, `[2,"2","Heartbeat",{}]`)
		synctest.Wait()
		r.peer.Close(1013, "")
		if code := <-r.code; code != 1013 {
			t.Fatalf("close code %d", code)
		}
		for f := range r.got {
			t.Fatalf("sent %s", f)
		}
		<-r.end
	})
}

func TestWhatHadArrivedIsHandledAfterTheSocketEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var handled []string
		r := start(t, nil, func(_ context.Context, c rpc.Call) ([]byte, *rpc.CallError) {
			time.Sleep(time.Second)
			handled = append(handled, c.ID)
			return []byte(`{}`), nil
		})
		r.say(`[2,"1","StopTransaction",{}]`, `[2,"2","StatusNotification",{}]`)
		r.conn.Close()
		<-r.peer.Done()
		if <-r.end; !slices.Equal(handled, []string{"1", "2"}) {
			t.Fatalf("handled %q", handled)
		}
	})
}

func TestTheTapSeesEveryFrame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var mu sync.Mutex
		var seen []string
		tap := func(f rpc.Tapped) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, fmt.Sprintf("%s out %t %s %s", f.At.Format("04:05"), f.Out, f.Action, f.Raw))
		}
		r := startOwned(t, nil, owner{handle: echo, tap: tap})
		time.Sleep(61 * time.Second)
		r.say(`[2,"1","Heartbeat",{}]`)
		r.want(`[3,"1",{"of":"Heartbeat"}]`)
		synctest.Wait()
		r.say(`rubbish`)
		r.hear()
		want := []string{
			`01:01 out false Heartbeat [2,"1","Heartbeat",{}]`, `01:01 out true Heartbeat [3,"1",{"of":"Heartbeat"}]`,
			`01:01 out false  rubbish`, `01:01 out true  [4,"-1","FormationViolation","not an array",{}]`,
		}
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(seen, want) {
			t.Fatalf("seen %q", seen)
		}
	})
}

func TestWhatIsQuickIsHandledByTheReaderIfItComesAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		release := make(chan struct{})
		cfg := &rpc.Config{Quick: func(action string) bool { return action == "Heartbeat" }}
		r := start(t, cfg, func(ctx context.Context, c rpc.Call) ([]byte, *rpc.CallError) {
			if c.Action != "Heartbeat" {
				<-release
			}
			return []byte(`{}`), nil
		})
		r.say(`[2,"1","Heartbeat",{}]`)
		r.want(`[3,"1",{}]`)
		// Behind one that is in work it waits like any other, and the reader reads on.
		r.say(`[2,"2","StopTransaction",{}]`, `[2,"3","Heartbeat",{}]`, `[2,"4","Heartbeat",{}]`)
		r.quiet()
		close(release)
		for _, id := range []string{"2", "3", "4"} {
			r.want(`[3,"` + id + `",{}]`)
		}
	})
}

func TestNoGoroutineIsLeftWhileNothingHappens(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := start(t, nil, echo)
		r.say(`[2,"1","Heartbeat",{}]`)
		r.hear()
		synctest.Wait()
		if r.peer.Working() {
			t.Fatal("a worker is left")
		}
	})
}
