package cpsim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// sec is the virtual second at which something happened: bubbles begin at
// midnight.
func sec(t *testing.T, stamp string) int {
	t.Helper()
	at, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		t.Fatal(err)
	}
	return int(at.Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) / time.Second)
}

func TestOffline_everythingIsDeliveredInOrderWithItsOwnTime(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.GoOffline()
		s.must(s.Plug(1))
		s.pass(10 * time.Second)
		s.must(s.Tag(1, "AA")) // t=10
		s.pass(150 * time.Second)
		s.must(s.Tag(1, "AA")) // t=160
		s.pass(40 * time.Second)
		s.must(s.Tag(1, "BB")) // t=200
		s.pass(100 * time.Second)
		s.wantStory()
		if q := s.State().Queued; q != 6 {
			s.t.Errorf("%d are queued", q)
		}
		s.GoOnline() // t=300
		s.delivered()
		s.wantStory("StartTransaction", "MeterValues", "MeterValues", "StopTransaction Local",
			"StartTransaction", "MeterValues", "1 Charging")
		var got []string
		for _, m := range s.csms.all() {
			stamp := m.str("timestamp")
			if m.Action == "MeterValues" {
				stamp = m.Payload["meterValue"].([]any)[0].(object)["timestamp"].(string)
			}
			id := m.num("transactionId")
			if m.Action == "StartTransaction" || m.Action == "StatusNotification" {
				id = 0
			}
			got = append(got, fmt.Sprintf("%d@%d", id, sec(s.t, stamp)))
		}
		want := []string{"0@10", "101@70", "101@130", "101@160", "0@200", "102@260", "0@300"}
		if !slices.Equal(got, want) {
			s.t.Errorf("ids and times %v, not %v", got, want)
		}
	})
}

func TestOffline_unknownCardNeedsLeave(t *testing.T) {
	t.Parallel()
	cfg := Config{Keys: map[string]string{"AllowOfflineTxForUnknownId": "false"}}
	bubble(t, cfg, func(s *sim) {
		s.charging(1) // the cache learns AA
		s.must(s.Stop(1, ""))
		s.delivered()
		s.GoOffline()
		s.must(s.Tag(1, "BB"))
		if s.State().Connectors[0].Transaction {
			s.t.Error("an unknown card charges")
		}
		s.must(s.Tag(1, "AA"))
		if !s.State().Connectors[0].Transaction {
			s.t.Error("a known card does not charge")
		}
	})
}

func TestOffline_aLostConnectionIsNoFailure(t *testing.T) {
	t.Parallel()
	cfg := Config{Keys: map[string]string{"TransactionMessageAttempts": "1"}}
	bubble(t, cfg, func(s *sim) {
		n := 0
		s.csms.answer = func(_ *peer, m message) any {
			if m.Action == "StartTransaction" {
				if n++; n <= 5 {
					return hangUp{}
				}
			}
			return nil
		}
		s.must(s.Plug(1))
		s.must(s.Tag(1, "AA"))
		s.pass(5 * time.Minute)
		s.delivered()
		starts := s.csms.all("StartTransaction")
		if len(starts) != 6 || s.count(Dropped) != 0 {
			s.t.Fatalf("%d starts, %d given up", len(starts), s.count(Dropped))
		}
		for _, m := range starts[1:] {
			if m.ID == starts[0].ID {
				s.t.Error("a message id came twice")
			}
			if m.str("timestamp") != starts[0].str("timestamp") || m.num("meterStart") != starts[0].num("meterStart") {
				s.t.Errorf("the repeat says something else: %s, %s", starts[0].Raw, m.Raw)
			}
		}
	})
}

func TestRetry_waitsLongerEachTimeThenGivesUp(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why    string
		answer any
		want   []time.Duration // between the transmissions
	}{
		// OCPP 1.6 §3.7.1: interval × number of transmissions so far.
		{"CALLERROR", callError("InternalError"), []time.Duration{20 * time.Second, 40 * time.Second}},
		{"no answer: the timeout comes on top", silence{}, []time.Duration{30 * time.Second, 50 * time.Second}},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			cfg := Config{CallTimeout: 10 * time.Second, MeterInterval: -1, Keys: map[string]string{
				"TransactionMessageAttempts": "3", "TransactionMessageRetryInterval": "20",
			}}
			bubble(t, cfg, func(s *sim) {
				s.csms.answer = func(_ *peer, m message) any {
					if m.Action == "StopTransaction" && m.num("transactionId") == 101 {
						return row.answer
					}
					return nil
				}
				s.charging(1)
				s.must(s.Stop(1, ""))
				s.must(s.StartLocal(1, "BB")) // stays behind: the order holds
				s.pass(5 * time.Minute)
				stops := s.csms.all("StopTransaction")
				if len(stops) != 3 {
					s.t.Fatalf("%d attempts", len(stops))
				}
				for i, want := range row.want {
					if got := stops[i+1].At.Sub(stops[i].At); got != want {
						s.t.Errorf("wait %d: %s, not %s", i, got, want)
					}
				}
				if s.count(Dropped) != 1 {
					s.t.Errorf("%d given up", s.count(Dropped))
				}
				starts := s.csms.all("StartTransaction")
				if len(starts) != 2 || starts[1].At.Before(stops[2].At) {
					s.t.Error("the next transaction overtook the failing stop")
				}
			})
		})
	}
}

func TestRetry_untilAnswered(t *testing.T) {
	t.Parallel()
	cfg := Config{Keys: map[string]string{"TransactionMessageAttempts": "10", "TransactionMessageRetryInterval": "5"}}
	bubble(t, cfg, func(s *sim) {
		n := 0
		s.csms.answer = func(_ *peer, m message) any {
			if m.Action == "StartTransaction" {
				if n++; n < 4 {
					return callError("InternalError")
				}
			}
			return nil
		}
		s.must(s.Plug(1))
		s.must(s.Tag(1, "AA"))
		s.pass(time.Second)
		if st := s.State().Connectors[0]; st.Status != Charging || st.TransactionID != 0 {
			s.t.Errorf("while it is tried again: %+v", st)
		}
		s.delivered()
		if st := s.State().Connectors[0]; st.TransactionID != 101 {
			s.t.Errorf("after: %+v", st)
		}
	})
}

func TestRetry_withoutStartTheRestIsGivenUp(t *testing.T) {
	t.Parallel()
	cfg := Config{Keys: map[string]string{"TransactionMessageAttempts": "1"}}
	bubble(t, cfg, func(s *sim) {
		s.csms.answer = func(_ *peer, m message) any {
			if m.Action == "StartTransaction" {
				return callError("InternalError")
			}
			return nil
		}
		s.must(s.Plug(1))
		s.must(s.Tag(1, "AA"))
		s.pass(61 * time.Second)
		s.must(s.Stop(1, ""))
		s.delivered()
		s.wantStory("1 Preparing", "Authorize", "StartTransaction", "1 Charging", "1 Finishing")
		if s.count(Dropped) != 3 {
			s.t.Errorf("%d given up, not start, sample and stop", s.count(Dropped))
		}
	})
}

func TestReconnect_backsOffAndSpreads(t *testing.T) {
	t.Parallel()
	waits := func(seed uint64) []time.Duration {
		var out []time.Duration
		synctest.Test(t, func(t *testing.T) {
			s := prepare(t, Config{Seed: seed, MinBackoff: time.Second, MaxBackoff: 20 * time.Second})
			s.csms.refuse = true
			s.run()
			s.pass(2 * time.Minute)
			s.mu.Lock()
			defer s.mu.Unlock()
			for i := 1; i < len(s.events); i++ {
				out = append(out, s.events[i].At.Sub(s.events[i-1].At))
			}
		})
		return out
	}
	a := waits(1)
	if len(a) < 6 {
		t.Fatalf("only %d attempts", len(a))
	}
	full := time.Second
	for i, d := range a {
		full = min(2*full, 20*time.Second)
		if d < full/2 || d > full {
			t.Errorf("wait %d is %s, not from %s to %s", i, d, full/2, full)
		}
	}
	if slices.Equal(a, waits(2)) {
		t.Error("two points come back as one")
	}
}

func TestReconnect_sendsOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	bubble(t, Config{Connectors: make([]Connector, 2)}, func(s *sim) {
		s.GoOffline()
		s.must(s.Plug(2))
		s.must(s.Unplug(2))
		s.must(s.Plug(1))
		s.pass(time.Minute)
		s.GoOnline()
		s.delivered()
		s.wantStory("1 Preparing")
	})
}

func TestReconnect_afterTheServerClosed(t *testing.T) {
	t.Parallel()
	bubble(t, Config{BootOnReconnect: true}, func(s *sim) {
		s.csms.last().conn.Close()
		s.pass(5 * time.Second)
		s.delivered()
		s.wantStory("BootNotification")
	})
}

func TestReboot_keepsRegisterAndQueue(t *testing.T) {
	t.Parallel()
	bubble(t, Config{MeterInterval: -1}, func(s *sim) {
		s.charging(1)
		s.must(s.AddEnergy(1, 1000))
		s.csms.forget()
		s.Reboot()
		s.pass(time.Second)
		if s.State().Online {
			s.t.Error("online while dark")
		}
		s.pass(3 * time.Second)
		s.delivered()
		s.wantStory("BootNotification", "StopTransaction Reboot", "0 Available", "1 Preparing")
		if got := s.csms.all("StopTransaction")[0].num("meterStop"); got != 1000 {
			s.t.Errorf("meterStop %d", got)
		}
		s.must(s.Tag(1, "AA"))
		s.delivered()
		if got := s.csms.all("StartTransaction")[0].num("meterStart"); got != 1000 {
			s.t.Errorf("meterStart %d", got)
		}
	})
}

func TestAuthorize_lostConnectionDecidesLocally(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.csms.answer = func(_ *peer, m message) any {
			if m.Action == "Authorize" {
				return hangUp{}
			}
			return nil
		}
		s.must(s.Plug(1))
		s.must(s.Tag(1, "AA"))
		s.pass(5 * time.Second)
		s.delivered()
		s.wantStory("1 Preparing", "Authorize", "StartTransaction", "1 Charging")
	})
}

func TestCall_returnsWhatTheServerSaid(t *testing.T) {
	t.Parallel()
	bubble(t, Config{CallTimeout: 10 * time.Second}, func(s *sim) {
		s.csms.answer = func(_ *peer, m message) any {
			switch m.Action {
			case "DataTransfer":
				return object{"status": "UnknownVendorId"}
			case "Nonsense":
				return callError("NotImplemented")
			case "Silence":
				return silence{}
			}
			return nil
		}
		conf, err := s.Call(s.ctx, "DataTransfer", object{"vendorId": "X"})
		if err != nil || string(conf) != `{"status":"UnknownVendorId"}` {
			s.t.Errorf("%s, %v", conf, err)
		}
		var ce *CallError
		if _, err := s.Call(s.ctx, "Nonsense", object{}); !errors.As(err, &ce) || ce.Code != "NotImplemented" {
			s.t.Errorf("a CALLERROR is %v", err)
		}
		if _, err := s.Call(s.ctx, "Silence", object{}); !errors.Is(err, ErrTimeout) {
			s.t.Errorf("no answer is %v", err)
		}
		s.GoOffline()
		if _, err := s.Call(s.ctx, "DataTransfer", object{}); !errors.Is(err, ErrOffline) {
			s.t.Errorf("without a connection: %v", err)
		}
		if err := s.SendRaw([]byte("x")); !errors.Is(err, ErrOffline) {
			s.t.Errorf("raw without a connection: %v", err)
		}
	})
}

func TestSendRaw_goesOutAsItIs(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.must(s.SendRaw([]byte("this is not JSON")))
		s.must(s.SendRaw([]byte(`[2,"my id","Heartbeat",{}]`)))
		s.pass(time.Second)
		if got := s.csms.all(); len(got) != 2 || got[0].Raw != "this is not JSON" || got[1].ID != "my id" {
			s.t.Errorf("%+v", got)
		}
		if s.count(Unmatched) != 1 {
			s.t.Error("the answer is not reported")
		}
	})
}

func TestEvents_answeredIsWhatTheServerAcknowledged(t *testing.T) {
	t.Parallel()
	bubble(t, Config{MeterInterval: -1}, func(s *sim) {
		s.charging(1)
		s.must(s.Sample(1))
		s.must(s.Stop(1, "Remote"))
		s.delivered()
		s.mu.Lock()
		defer s.mu.Unlock()
		var got []string
		for _, e := range s.events {
			if e.Kind == Answered && e.Action != "StatusNotification" {
				got = append(got, e.Action)
				if e.Action == "StartTransaction" && !strings.Contains(string(e.Request)+string(e.Response), `"idTag":"AA"`) {
					s.t.Errorf("request %s", e.Request)
				}
				if e.Action == "StartTransaction" && !strings.Contains(string(e.Response), `"transactionId":101`) {
					s.t.Errorf("response %s", e.Response)
				}
			}
		}
		want := []string{"BootNotification", "Authorize", "StartTransaction", "MeterValues", "StopTransaction"}
		if !slices.Equal(got, want) {
			s.t.Errorf("%v", got)
		}
	})
}

func TestWait_endsWithTheContextAndWithThePoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := prepare(t, Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.WaitStatus(ctx, 1, Charging); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("deadline: %v", err)
		}
		run, off := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(run) }()
		waited := make(chan error)
		go func() { waited <- s.WaitStatus(t.Context(), 1, Charging) }()
		synctest.Wait()
		off()
		if err := <-waited; !errors.Is(err, ErrClosed) {
			t.Errorf("switched off: %v", err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
