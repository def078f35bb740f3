package cpsim

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestStart_bootsAndReportsEveryConnector(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := prepare(t, Config{Identity: "CP|1", Password: "secret", Connectors: make([]Connector, 2)})
		s.run()
		s.delivered()
		s.wantStory("BootNotification", "0 Available", "1 Available", "2 Available")
		p := s.csms.last()
		if p.path != "/ocpp/CP%7C1" {
			t.Errorf("path %s", p.path)
		}
		if got := p.headers["authorization"]; got != "Basic Q1B8MTpzZWNyZXQ=" {
			t.Errorf("authorization %q", got)
		}
		s.csms.forget()
		s.pass(2*time.Hour + time.Minute)
		s.wantStory("Heartbeat", "Heartbeat")
	})
}

func TestStart_saysNothingElseUntilAccepted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := prepare(t, Config{})
		boots := 0
		s.csms.answer = func(_ *peer, m message) any {
			if m.Action != "BootNotification" {
				return nil
			}
			if boots++; boots < 3 {
				return object{"status": "Pending", "currentTime": "2026-01-01T00:00:00Z", "interval": 7}
			}
			return nil
		}
		s.run()
		s.pass(10 * time.Second)
		if got := s.csms.last().status("TriggerMessage", object{"requestedMessage": "Heartbeat"}); got != "Accepted" {
			t.Errorf("a pending point answers: %s", got)
		}
		s.delivered()
		s.wantStory("BootNotification", "BootNotification", "Heartbeat", "BootNotification", "0 Available", "1 Available")
	})
}

func TestStart_rejectedPointIsSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := prepare(t, Config{})
		s.csms.answer = func(_ *peer, m message) any {
			return object{"status": "Rejected", "currentTime": "2026-01-01T00:00:00Z", "interval": 600}
		}
		s.run()
		s.pass(time.Second)
		if f := s.csms.last().call("GetConfiguration", object{}); f.Type != 0 {
			t.Errorf("it answered %+v", f)
		}
		s.wantStory("BootNotification")
	})
}

func TestCharge_inTheRightOrder(t *testing.T) {
	t.Parallel()
	bubble(t, Config{Connectors: []Connector{{MaxW: 11000, MeterWh: 5000}}}, func(s *sim) {
		s.must(s.PlugEV(1, EV{BatteryWh: 50000, SoCPermille: 100}))
		s.pass(time.Second)
		s.must(s.Tag(1, "AA"))
		s.delivered()
		s.pass(2*time.Minute + time.Second)
		s.must(s.Tag(1, "aa")) // a card is a CiString
		s.delivered()
		s.must(s.Unplug(1))
		s.delivered()
		s.wantStory("1 Preparing", "Authorize", "StartTransaction", "1 Charging", "MeterValues", "MeterValues",
			"StopTransaction Local", "1 Finishing", "1 Available")
		start := s.csms.all("StartTransaction")[0]
		if start.num("meterStart") != 5000 || start.str("idTag") != "AA" || start.num("connectorId") != 1 {
			s.t.Errorf("start %s", start.Raw)
		}
		for i, m := range s.csms.all("MeterValues") {
			// 11 kW: 183.3 Wh a minute.
			if got := m.sample("Energy.Active.Import.Register"); len(got) != 1 || got[0] != []string{"5183", "5366"}[i] {
				s.t.Errorf("sample %d: %v", i, got)
			}
			if m.num("transactionId") != 101 {
				s.t.Errorf("sample %d: %s", i, m.Raw)
			}
			if got := m.sample("Current.Import"); len(got) != 3 || got[0] != "15.9" {
				s.t.Errorf("currents %v", got)
			}
		}
		stop := s.csms.all("StopTransaction")[0]
		if stop.num("meterStop") != 5369 || stop.num("transactionId") != 101 {
			s.t.Errorf("stop %s", stop.Raw)
		}
	})
}

func TestCharge_fullCarSuspends(t *testing.T) {
	t.Parallel()
	bubble(t, Config{Connectors: []Connector{{MaxW: 50000, DC: true}}}, func(s *sim) {
		s.must(s.PlugEV(1, EV{BatteryWh: 50000, SoCPermille: 700}))
		s.must(s.Tag(1, "AA"))
		s.pass(3 * time.Hour)
		s.must(s.Stop(1, ""))
		s.delivered()
		var order []string
		for _, m := range s.csms.all("StatusNotification") {
			order = append(order, m.str("status"))
		}
		if got := strings.Join(order, " "); got != "Preparing Charging SuspendedEV Finishing" {
			s.t.Errorf("statuses %s", got)
		}
		if got := s.csms.all("StopTransaction")[0].num("meterStop"); got < 15000 || got > 15300 {
			s.t.Errorf("a 50 kWh battery at 70 %% took %d Wh", got)
		}
		mv := s.csms.all("MeterValues")
		if got := mv[len(mv)-1].sample("SoC"); len(got) != 1 || got[0] != "100" {
			s.t.Errorf("SoC %v", got)
		}
		if got := mv[len(mv)-1].sample("Power.Active.Import"); got[0] != "0" {
			s.t.Errorf("power %v", got)
		}
	})
}

func TestCharge_powerFollowsTheCar(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.charging(1)
		s.csms.forget()
		s.must(s.SetPower(1, 0))
		s.pass(time.Second)
		s.must(s.SetPower(1, 7000))
		s.pass(time.Second)
		s.wantStory("1 SuspendedEV", "1 Charging")
		if got := s.State().Connectors[0].PowerW; got != 7000 {
			s.t.Errorf("power %d", got)
		}
	})
}

func TestCharge_cardBeforePlug(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.must(s.Tag(1, "AA"))
		s.pass(30 * time.Second)
		s.must(s.Plug(1))
		s.delivered()
		s.wantStory("Authorize", "1 Preparing", "StartTransaction", "1 Charging")
	})
}

func TestCharge_cardWithoutPlugTimesOut(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.must(s.Tag(1, "AA"))
		s.pass(61 * time.Second)
		s.must(s.Plug(1))
		s.delivered()
		s.wantStory("Authorize", "1 Preparing", "1 Available", "1 Preparing")
	})
}

func TestCharge_refusedCard(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.csms.answer = func(_ *peer, m message) any {
			if m.Action == "Authorize" {
				return object{"idTagInfo": object{"status": "Blocked"}}
			}
			return nil
		}
		s.must(s.Plug(1))
		s.must(s.Tag(1, "AA"))
		s.delivered()
		s.wantStory("1 Preparing", "Authorize")
		if s.count(Denied) != 1 {
			s.t.Error("nobody was told")
		}
	})
}

func TestCharge_refusedAtStart(t *testing.T) {
	t.Parallel()
	refuse := func(_ *peer, m message) any {
		if m.Action == "StartTransaction" {
			return object{"transactionId": 7, "idTagInfo": object{"status": "ConcurrentTx"}}
		}
		return nil
	}
	for _, row := range []struct {
		why  string
		cfg  Config
		want []string
	}{
		{"by default the transaction ends", Config{},
			[]string{"1 Preparing", "Authorize", "StartTransaction", "StopTransaction DeAuthorized", "1 Finishing"}},
		{"StopTransactionOnInvalidId=false gives no energy",
			Config{Keys: map[string]string{"StopTransactionOnInvalidId": "false"}},
			[]string{"1 Preparing", "Authorize", "StartTransaction", "1 SuspendedEVSE"}},
		{"a careless point charges on", Config{Quirks: Quirks{QuirkChargeAnyway: true}},
			[]string{"1 Preparing", "Authorize", "StartTransaction", "1 Charging"}},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			bubble(t, row.cfg, func(s *sim) {
				s.csms.answer = refuse
				s.must(s.Plug(1))
				s.must(s.Tag(1, "AA"))
				s.delivered()
				s.wantStory(row.want...)
			})
		})
	}
}

func TestCharge_groupCardStops(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.csms.answer = func(_ *peer, m message) any {
			info := object{"status": "Accepted", "parentIdTag": "FAMILY"}
			if m.str("idTag") == "STRANGER" {
				info["parentIdTag"] = "OTHERS"
			}
			switch m.Action {
			case "Authorize":
				return object{"idTagInfo": info}
			case "StartTransaction":
				return object{"idTagInfo": info, "transactionId": 5}
			}
			return nil
		}
		s.charging(1)
		s.csms.forget()
		s.must(s.Tag(1, "STRANGER"))
		s.delivered()
		s.must(s.Tag(1, "BB"))
		s.delivered()
		s.wantStory("Authorize", "Authorize", "StopTransaction Local", "1 Finishing")
	})
}

func TestCharge_unplugEndsIt(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.charging(1)
		s.csms.forget()
		s.must(s.Unplug(1))
		s.delivered()
		s.wantStory("StopTransaction EVDisconnected", "1 Available")
	})
}

func TestCharge_transactionDataWhenAsked(t *testing.T) {
	t.Parallel()
	bubble(t, Config{Keys: map[string]string{"StopTxnSampledData": "Energy.Active.Import.Register"}}, func(s *sim) {
		s.charging(1)
		s.must(s.AddEnergy(1, 321))
		s.must(s.Stop(1, ""))
		s.delivered()
		raw := s.csms.all("StopTransaction")[0].Raw
		for _, want := range []string{`"value":"0","context":"Transaction.Begin"`, `"value":"321","context":"Transaction.End"`} {
			if !strings.Contains(raw, want) {
				s.t.Errorf("%s is missing in %s", want, raw)
			}
		}
	})
}

func TestClock_followsTheServer(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why    string
		quirks Quirks
		year   string
	}{
		{"the server sets the clock", nil, "2026-"},
		{"a clock that cannot be set stays in 1970", Quirks{QuirkIgnoreServerTime: true}, "1970-"},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				s := prepare(t, Config{Quirks: row.quirks, Now: func() time.Time { return time.Unix(1000, 0).Add(time.Since(start)) }})
				s.csms.answer = func(_ *peer, m message) any {
					if m.Action == "BootNotification" {
						return object{"status": "Accepted", "currentTime": "2026-03-01T12:00:00Z", "interval": 60}
					}
					return nil
				}
				s.boot()
				s.csms.answer = nil
				s.must(s.StartLocal(1, "AA"))
				s.must(s.Plug(1))
				s.delivered()
				if got := s.csms.all("StartTransaction")[0].str("timestamp"); !strings.HasPrefix(got, row.year) {
					t.Errorf("timestamp %s", got)
				}
			})
		})
	}
}

func TestSeed_sameSeedSameStory(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) (out []string) {
		bubble(t, Config{Seed: seed, Quirks: Quirks{QuirkMeterZero: true}}, func(s *sim) {
			s.charging(1)
			s.pass(50 * time.Minute) // before the first Heartbeat: what falls together has no order
			s.must(s.Unplug(1))
			s.delivered()
			for _, m := range s.csms.all() {
				out = append(out, m.At.String()+m.Raw)
			}
		})
		return out
	}
	a, b, c := run(1), run(1), run(2)
	if len(a) != len(b) {
		t.Fatalf("two runs with seed 1 have %d and %d messages", len(a), len(b))
	}
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("two runs with seed 1 differ in message %d:\n%s\n%s", i, a[i], b[i])
		}
	}
	if slices.Equal(a, c) {
		t.Error("another seed made no difference")
	}
}
