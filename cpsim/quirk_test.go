package cpsim

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// with is a point with one quirk.
func with(q Quirk) Config { return Config{MeterInterval: -1, Quirks: Quirks{q: true}} }

func TestQuirks_eachIsListedOnceAndParses(t *testing.T) {
	t.Parallel()
	seen := Quirks{}
	for _, d := range AllQuirks {
		if seen[d.Name] || d.Doc == "" {
			t.Errorf("%s", d.Name)
		}
		seen[d.Name] = true
		if got, err := ParseQuirks("", string(d.Name)); err != nil || !got[d.Name] || len(got) != 1 {
			t.Errorf("%s: %v, %v", d.Name, got, err)
		}
	}
	if _, err := ParseQuirks("perfect"); err == nil {
		t.Error("an unknown quirk passes")
	}
}

func TestQuirk_11_halfOpen(t *testing.T) {
	t.Parallel()
	bubble(t, with(QuirkHalfOpen), func(s *sim) {
		first := s.csms.last()
		s.GoOffline()
		s.pass(time.Second)
		s.GoOnline()
		s.must(s.Plug(1))
		s.delivered()
		if s.csms.last() == first {
			s.t.Fatal("no second connection")
		}
		s.pass(time.Hour)
		select {
		case <-first.gone:
			s.t.Error("the first connection was closed")
		default:
		}
		if got := s.csms.last().status("TriggerMessage", object{"requestedMessage": "Heartbeat"}); got != "Accepted" {
			s.t.Error("the second connection is dead")
		}
	})
}

func TestQuirk_18_noBoot(t *testing.T) {
	t.Parallel()
	bubble(t, with(QuirkNoBoot), func(s *sim) {
		s.Reboot()
		s.pass(5 * time.Second)
		s.delivered()
		s.wantStory("0 Available", "1 Available")
		s.csms.last().status("TriggerMessage", object{"requestedMessage": "BootNotification"})
		s.delivered()
		if len(s.csms.all("BootNotification")) != 1 {
			s.t.Error("not even when triggered")
		}
	})
}

func TestQuirk_22_bootAgain(t *testing.T) {
	t.Parallel()
	bubble(t, with(QuirkBootAgain), func(s *sim) {
		s.pass(35 * time.Second)
		boots := s.csms.all("BootNotification")
		if len(boots) != 3 {
			s.t.Fatalf("%d more boots in 35 s", len(boots))
		}
		for _, b := range boots {
			if b.ID != boots[0].ID || b.Raw != boots[0].Raw {
				s.t.Error("it differs")
			}
		}
		if s.count(Unmatched) != 0 {
			s.t.Error("the answers are not taken")
		}
	})
}

func TestQuirk_23_idsRestart(t *testing.T) {
	t.Parallel()
	bubble(t, with(QuirkIDsRestart), func(s *sim) {
		for range 2 {
			s.csms.forget()
			s.Reboot()
			s.pass(5 * time.Second)
			s.delivered()
			for i, m := range s.csms.all() {
				if want := fmt.Sprint(1000000 + i); m.ID != want {
					s.t.Errorf("message %d has id %s, not %s", i, m.ID, want)
				}
			}
		}
	})
}

func TestQuirk_27_invalidJSON(t *testing.T) {
	t.Parallel()
	bubble(t, with(QuirkInvalidJSON), func(s *sim) {
		s.charging(1)
		s.csms.forget()
		s.must(s.Sample(1))
		s.must(s.Sample(1))
		s.pass(time.Second)
		got := s.csms.all()
		if len(got) != 1 || !strings.Contains(got[0].Raw, `"transactionId":,"meterValue"`) {
			s.t.Fatalf("%+v", got)
		}
		if s.csms.last().status("TriggerMessage", object{"requestedMessage": "Heartbeat"}) != "Accepted" {
			s.t.Error("the connection is lost")
		}
	})
}

func TestQuirk_28_noZone(t *testing.T) {
	t.Parallel()
	cfg := with(QuirkNoZone)
	cfg.Zone = time.FixedZone("", 8*3600)
	bubble(t, cfg, func(s *sim) {
		s.charging(1)
		if got := s.csms.all("StartTransaction")[0].str("timestamp"); got != "2000-01-01T08:00:00" {
			s.t.Error(got)
		}
	})
}

func TestQuirk_41_startTwice(t *testing.T) {
	t.Parallel()
	bubble(t, with(QuirkStartTwice), func(s *sim) {
		s.charging(1)
		starts := s.csms.all("StartTransaction")
		if len(starts) != 2 || starts[0].ID == starts[1].ID {
			s.t.Fatalf("%+v", starts)
		}
		if fmt.Sprint(starts[0].Payload) != fmt.Sprint(starts[1].Payload) {
			s.t.Error("the two differ")
		}
		if s.count(Unmatched) != 0 {
			s.t.Error("the second answer is not taken")
		}
		s.must(s.Stop(1, ""))
		s.delivered()
		if got := s.csms.all("StopTransaction"); len(got) != 1 || got[0].num("transactionId") != 101 {
			s.t.Errorf("%+v", got)
		}
	})
}

func TestQuirk_44_stopZero(t *testing.T) {
	t.Parallel()
	bubble(t, with(QuirkStopZero), func(s *sim) {
		s.charging(1)
		s.must(s.Sample(1))
		s.must(s.Stop(1, ""))
		s.delivered()
		if s.csms.all("MeterValues")[0].num("transactionId") != 101 || s.csms.all("StopTransaction")[0].num("transactionId") != 0 {
			s.t.Error(s.csms.all())
		}
	})
}

func TestQuirk_45_offlineMinusOne(t *testing.T) {
	t.Parallel()
	bubble(t, with(QuirkOfflineMinusOne), func(s *sim) {
		for i, want := range []int{-1, 102} { // the second starts online
			s.csms.forget()
			if i == 0 {
				s.GoOffline()
			}
			s.must(s.StartLocal(1, "AA"))
			if i == 0 {
				s.must(s.Plug(1))
				s.GoOnline()
			}
			s.delivered()
			s.must(s.Sample(1))
			s.must(s.Stop(1, ""))
			s.delivered()
			for _, m := range s.csms.all("MeterValues", "StopTransaction") {
				if m.num("transactionId") != want {
					s.t.Errorf("not %d: %s", want, m.Raw)
				}
			}
			if n := len(s.csms.all("MeterValues", "StopTransaction", "StartTransaction")); n != 3 {
				s.t.Errorf("%d messages", n)
			}
		}
	})
}

func TestQuirk_47_stopUnknown(t *testing.T) {
	t.Parallel()
	bubble(t, with(QuirkStopUnknown), func(s *sim) {
		s.charging(1)
		s.must(s.Sample(1))
		s.must(s.AddEnergy(1, 500))
		s.must(s.Stop(1, ""))
		s.delivered()
		s.wantStory("1 Preparing", "Authorize", "1 Charging", "StopTransaction Local", "1 Finishing")
		if got := s.csms.all("StopTransaction")[0]; got.num("transactionId") < 900000000 || got.num("meterStop") != 500 {
			s.t.Error(got.Raw)
		}
	})
}

func TestQuirk_48_meterZero(t *testing.T) {
	t.Parallel()
	bubble(t, with(QuirkMeterZero), func(s *sim) {
		s.charging(1)
		for range 40 {
			s.must(s.Sample(1))
		}
		s.delivered()
		zero := 0
		for _, m := range s.csms.all("MeterValues") {
			switch m.num("transactionId") {
			case 0:
				zero++
			case 101:
			default:
				s.t.Error(m.Raw)
			}
		}
		if zero < 8 || zero > 32 {
			s.t.Errorf("%d of 40 have id 0", zero)
		}
	})
}

func TestQuirk_51_statusBeforeStop(t *testing.T) {
	t.Parallel()
	bubble(t, with(QuirkStatusBeforeStop), func(s *sim) {
		s.charging(1)
		s.csms.forget()
		s.must(s.Stop(1, ""))
		s.pass(time.Second)
		s.wantStory("1 Preparing")
		s.pass(2 * time.Second)
		s.wantStory("1 Preparing", "StopTransaction Local")
		s.must(s.Tag(1, "AA"))
		s.delivered()
		s.csms.forget()
		s.must(s.Unplug(1))
		s.pass(3 * time.Second)
		s.wantStory("1 Available", "StopTransaction EVDisconnected")
	})
}

func TestQuirk_57_meterResets(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		q    Quirk
		want []int // meterStart of three transactions of 500 Wh, a reboot before the third
	}{
		{"", []int{0, 500, 1000}},
		{QuirkMeterResetReboot, []int{0, 500, 0}},
		{QuirkMeterResetTx, []int{0, 0, 0}},
	} {
		t.Run("quirk "+string(row.q), func(t *testing.T) {
			t.Parallel()
			bubble(t, with(row.q), func(s *sim) {
				s.must(s.Plug(1))
				for i := range row.want {
					if i == 2 {
						s.Reboot()
						s.pass(5 * time.Second)
					}
					s.must(s.Tag(1, "AA"))
					s.delivered()
					s.must(s.AddEnergy(1, 500))
					s.must(s.Tag(1, "AA"))
					s.delivered()
				}
				for i, m := range s.csms.all("StartTransaction") {
					if m.num("meterStart") != row.want[i] {
						s.t.Errorf("transaction %d starts at %d, not %d", i, m.num("meterStart"), row.want[i])
					}
				}
				for i, m := range s.csms.all("StopTransaction") {
					if m.num("meterStop") != row.want[i]+500 {
						s.t.Errorf("transaction %d stops at %d", i, m.num("meterStop"))
					}
				}
			})
		})
	}
}

func TestQuirk_13_neverAnswer(t *testing.T) {
	t.Parallel()
	bubble(t, with(QuirkNeverAnswer), func(s *sim) {
		if f := s.csms.last().call("GetConfiguration", object{}); f.Type != 0 {
			s.t.Errorf("%+v", f)
		}
		s.must(s.Plug(1))
		s.delivered() // its own CALLs go on
		s.wantStory("1 Preparing")
	})
}

func TestQuirk_69_rejectRemote(t *testing.T) {
	t.Parallel()
	bubble(t, with(QuirkRejectRemote), func(s *sim) {
		s.must(s.Plug(1))
		if got := s.csms.last().status("RemoteStartTransaction", object{"idTag": "APP", "connectorId": 1}); got != "Rejected" {
			s.t.Error(got)
		}
		s.must(s.Tag(1, "AA"))
		s.delivered()
		if got := s.csms.last().status("RemoteStopTransaction", object{"transactionId": 101}); got != "Rejected" {
			s.t.Error(got)
		}
	})
}

func TestQuirk_authorizeOnStop(t *testing.T) {
	t.Parallel()
	bubble(t, with(QuirkAuthorizeOnStop), func(s *sim) {
		s.charging(1)
		s.csms.forget()
		s.must(s.Tag(1, "AA"))
		s.delivered()
		s.wantStory("Authorize", "StopTransaction Local", "1 Finishing")
	})
}
