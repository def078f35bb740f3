package cpsim

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
)

// Two transactions of one card in the same millisecond, without energy, must
// not look like one that is repeated.
func TestStamp_neverTwiceTheSame(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.must(s.Plug(1))
		for range 3 {
			s.must(s.Tag(1, "AA"))
			s.delivered()
			s.must(s.Tag(1, "AA"))
			s.delivered()
		}
		seen := map[string]bool{}
		for _, m := range s.csms.all("StartTransaction") {
			if !m.At.Equal(s.csms.all()[0].At) {
				s.t.Fatal("the clock moved: this shows nothing")
			}
			if seen[m.str("timestamp")] {
				s.t.Errorf("twice: %s", m.Raw)
			}
			seen[m.str("timestamp")] = true
		}
	})
}

func TestLost_whileTheStartIsAnswered_theCarChargesOffline(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.csms.answer = func(_ *peer, m message) any {
			if m.Action == "StartTransaction" {
				return silence{}
			}
			return nil
		}
		s.must(s.Plug(1))
		s.must(s.Tag(1, "AA"))
		s.pass(time.Second)
		if st := s.State().Connectors[0].Status; st != Preparing {
			s.t.Errorf("before the answer it is %s", st)
		}
		s.GoOffline()
		if st := s.State().Connectors[0].Status; st != Charging {
			s.t.Errorf("cut off it is %s", st)
		}
	})
}

func TestLost_whileAStatusIsAnswered_itIsSentAgain(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		first := true
		s.csms.answer = func(*peer, message) any {
			if first {
				first = false
				return hangUp{}
			}
			return nil
		}
		s.must(s.Plug(1))
		s.pass(5 * time.Second)
		s.delivered()
		s.wantStory("1 Preparing", "1 Preparing")
	})
}

func TestReboot_whileACardIsAsked_forgetsTheCard(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.csms.answer = func(_ *peer, m message) any {
			if m.Action == "Authorize" {
				return silence{}
			}
			return nil
		}
		s.must(s.Plug(1))
		s.must(s.Tag(1, "AA"))
		s.pass(time.Second)
		s.Reboot()
		s.pass(5 * time.Second)
		s.delivered()
		s.wantStory("1 Preparing", "Authorize", "BootNotification", "0 Available", "1 Preparing")
	})
}

func TestLink_answersPings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := prepare(t, Config{})
		pong := make(chan string, 1)
		s.csms.onControl = func(h ws.Header, payload []byte) {
			if h.OpCode == ws.OpPong {
				pong <- string(payload)
			}
		}
		s.boot()
		p := s.csms.last()
		p.wmu.Lock()
		s.must(ws.WriteFrame(p.conn, ws.NewPingFrame([]byte("hello"))))
		p.wmu.Unlock()
		select {
		case got := <-pong:
			if got != "hello" {
				t.Errorf("pong %q", got)
			}
		case <-time.After(time.Minute):
			t.Error("no pong")
		}
	})
}

func TestLink_fragmentsAndControlFramesBetween(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		p := s.csms.last()
		ch := make(chan frame, 1)
		s.csms.mu.Lock()
		p.wait["f1"] = ch
		s.csms.mu.Unlock()
		text := `[2,"f1","GetConfiguration",{"key":["NumberOfConnectors"]}]`
		p.wmu.Lock()
		for _, f := range []ws.Frame{
			ws.NewFrame(ws.OpText, false, []byte(text[:10])),
			ws.NewPingFrame(nil),
			ws.NewFrame(ws.OpContinuation, false, []byte(text[10:30])),
			ws.NewFrame(ws.OpContinuation, true, []byte(text[30:])),
		} {
			s.must(ws.WriteFrame(p.conn, f))
		}
		p.wmu.Unlock()
		select {
		case f := <-ch:
			if f.Type != typeCallResult {
				s.t.Errorf("%+v", f)
			}
		case <-time.After(time.Minute):
			s.t.Error("no answer")
		}
	})
}

func TestLink_oddAnswersAreToldAndForgotten(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		for _, text := range []string{"", "{}", "[]", `[9,"x",{}]`, `[2,"x"]`, `[3,"nobody",{}]`, `[4,"nobody","InternalError","",{}]`, `[3,5,{}]`} {
			s.csms.last().send(text)
		}
		s.must(s.Plug(1))
		s.delivered()
		s.wantStory("1 Preparing")
		if n := s.count(Unmatched); n != 8 {
			s.t.Errorf("%d of 8 were told", n)
		}
		if n := s.count(Disconnected); n != 0 {
			s.t.Error("the connection was given up")
		}
	})
}

func TestRun_endsWithEverythingClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := prepare(t, Config{Quirks: Quirks{QuirkHalfOpen: true}})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		s.delivered()
		s.GoOffline()
		s.GoOnline()
		s.must(s.Plug(1))
		s.delivered()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		for i, p := range s.csms.peers {
			select {
			case <-p.gone:
			case <-time.After(time.Minute):
				t.Errorf("connection %d is still open", i)
				p.conn.Close()
			}
		}
		if err := s.Run(t.Context()); err == nil {
			t.Error("it ran twice")
		}
	})
}
