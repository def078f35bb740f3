package cpsim

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

func TestRemoteStart_pluggedStartsAtOnce(t *testing.T) {
	t.Parallel()
	bubble(t, Config{Connectors: make([]Connector, 2)}, func(s *sim) {
		s.must(s.Plug(2))
		// Without a connector the one with a car is meant.
		if got := s.csms.last().status("RemoteStartTransaction", object{"idTag": "APP"}); got != "Accepted" {
			s.t.Fatal(got)
		}
		s.delivered()
		s.wantStory("2 Preparing", "StartTransaction", "2 Charging")
		if m := s.csms.all("StartTransaction")[0]; m.str("idTag") != "APP" || m.num("connectorId") != 2 {
			s.t.Error(m.Raw)
		}
	})
}

func TestRemoteStart_waitsForThePlug(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		p := s.csms.last()
		start := object{"idTag": "APP", "connectorId": 1}
		if got := p.status("RemoteStartTransaction", start); got != "Accepted" {
			s.t.Fatal(got)
		}
		if got := p.status("RemoteStartTransaction", start); got != "Rejected" {
			s.t.Errorf("a second one while the first waits: %s", got)
		}
		if !s.State().Connectors[0].Waiting {
			s.t.Error("it does not wait")
		}
		s.pass(59 * time.Second)
		s.must(s.Plug(1))
		s.delivered()
		s.wantStory("1 Preparing", "StartTransaction", "1 Charging")
	})
}

func TestRemoteStart_givesUpAfterConnectionTimeOut(t *testing.T) {
	t.Parallel()
	bubble(t, Config{Keys: map[string]string{"ConnectionTimeOut": "20"}}, func(s *sim) {
		s.csms.last().status("RemoteStartTransaction", object{"idTag": "APP", "connectorId": 1})
		s.pass(21 * time.Second)
		s.wantStory("1 Preparing", "1 Available")
		s.must(s.Plug(1))
		s.delivered()
		if n := len(s.csms.all("StartTransaction")); n != 0 {
			s.t.Error("it started after its time")
		}
	})
}

func TestRemoteStart_asksFirstWhenTold(t *testing.T) {
	t.Parallel()
	bubble(t, Config{Keys: map[string]string{"AuthorizeRemoteTxRequests": "true"}}, func(s *sim) {
		s.must(s.Plug(1))
		s.csms.last().status("RemoteStartTransaction", object{"idTag": "APP", "connectorId": 1})
		s.delivered()
		s.wantStory("1 Preparing", "Authorize", "StartTransaction", "1 Charging")
	})
}

func TestRemoteStart_rejectedWhereItCannot(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.charging(1)
		for _, c := range []int{0, 1, 2, -1} {
			if got := s.csms.last().status("RemoteStartTransaction", object{"idTag": "APP", "connectorId": c}); got != "Rejected" {
				s.t.Errorf("connector %d: %s", c, got)
			}
		}
	})
}

func TestRemoteStop_stopsOnlyWhatRuns(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.charging(1)
		s.csms.forget()
		p := s.csms.last()
		if got := p.status("RemoteStopTransaction", object{"transactionId": 999}); got != "Rejected" {
			s.t.Errorf("unknown id: %s", got)
		}
		if got := p.status("RemoteStopTransaction", object{"transactionId": 101}); got != "Accepted" {
			s.t.Errorf("%s", got)
		}
		s.delivered()
		s.wantStory("StopTransaction Remote", "1 Finishing")
	})
}

func TestReset_softDeliversFirstHardAfterwards(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		kind string
		want []string
	}{
		{"Soft", []string{"StopTransaction SoftReset", "1 Finishing", "BootNotification", "0 Available", "1 Preparing"}},
		{"Hard", []string{"BootNotification", "StopTransaction HardReset", "0 Available", "1 Preparing"}},
	} {
		t.Run(row.kind, func(t *testing.T) {
			t.Parallel()
			bubble(t, Config{}, func(s *sim) {
				s.charging(1)
				s.csms.forget()
				if got := s.csms.last().status("Reset", object{"type": row.kind}); got != "Accepted" {
					s.t.Fatal(got)
				}
				s.pass(5 * time.Second)
				s.delivered()
				s.wantStory(row.want...)
			})
		})
	}
}

func TestTrigger_sendsWhatIsAsked(t *testing.T) {
	t.Parallel()
	bubble(t, Config{Connectors: make([]Connector, 2)}, func(s *sim) {
		s.charging(1)
		s.csms.forget()
		p := s.csms.last()
		for _, row := range []struct {
			ask  object
			want string
		}{
			{object{"requestedMessage": "BootNotification"}, "Accepted"},
			{object{"requestedMessage": "Heartbeat"}, "Accepted"},
			{object{"requestedMessage": "StatusNotification"}, "Accepted"},
			{object{"requestedMessage": "StatusNotification", "connectorId": 1}, "Accepted"},
			{object{"requestedMessage": "MeterValues", "connectorId": 1}, "Accepted"},
			{object{"requestedMessage": "MeterValues", "connectorId": 9}, "Rejected"},
			{object{"requestedMessage": "FirmwareStatusNotification"}, "Accepted"},
			{object{"requestedMessage": "DiagnosticsStatusNotification"}, "Accepted"},
			{object{"requestedMessage": "LogStatusNotification"}, "NotImplemented"},
		} {
			if got := p.status("TriggerMessage", row.ask); got != row.want {
				s.t.Errorf("%v: %s, not %s", row.ask, got, row.want)
			}
		}
		s.delivered()
		s.wantStory("BootNotification", "Heartbeat", "0 Available", "1 Charging", "2 Available", "1 Charging", "MeterValues",
			"FirmwareStatusNotification", "DiagnosticsStatusNotification")
		if got := s.csms.all("MeterValues")[0]; got.num("transactionId") != 101 {
			s.t.Error(got.Raw)
		}
	})
}

func TestConfiguration_readAndChange(t *testing.T) {
	t.Parallel()
	bubble(t, Config{Connectors: make([]Connector, 3)}, func(s *sim) {
		p := s.csms.last()
		for _, row := range []struct {
			key, value, want, why string
		}{
			{"MeterValueSampleInterval", "30", "Accepted", "writable"},
			{"metervaluesampleinterval", "30", "Accepted", "keys are CiStrings"},
			{"MeterValueSampleInterval", "often", "Rejected", "not a number"},
			{"MeterValueSampleInterval", "-1", "Rejected", "below zero"},
			{"AuthorizeRemoteTxRequests", "maybe", "Rejected", "not a boolean"},
			{"MeterValuesSampledData", "SoC, Voltage", "Accepted", "a list with a blank"},
			{"MeterValuesSampledData", "Mood", "Rejected", "not a measurand"},
			{"NumberOfConnectors", "9", "Rejected", "read-only"},
			{"Colour", "blue", "NotSupported", "unknown"},
		} {
			if got := p.status("ChangeConfiguration", object{"key": row.key, "value": row.value}); got != row.want {
				s.t.Errorf("%s=%s: %s, not %s: %s", row.key, row.value, got, row.want, row.why)
			}
		}
		var r getConfigurationResponse
		if err := json.Unmarshal(p.call("GetConfiguration", object{"key": []string{"NumberOfConnectors", "MeterValueSampleInterval", "Colour"}}).Payload, &r); err != nil {
			s.t.Fatal(err)
		}
		if len(r.ConfigurationKey) != 2 || *r.ConfigurationKey[0].Value != "3" || !r.ConfigurationKey[0].Readonly ||
			*r.ConfigurationKey[1].Value != "30" || !slices.Equal(r.UnknownKey, []string{"Colour"}) {
			s.t.Errorf("%+v", r)
		}
		r = getConfigurationResponse{}
		if err := json.Unmarshal(p.call("GetConfiguration", object{}).Payload, &r); err != nil || len(r.ConfigurationKey) != len(keySpecs) {
			s.t.Errorf("all keys: %d, %v", len(r.ConfigurationKey), err)
		}
	})
}

func TestConfiguration_newSampleIntervalHoldsAtOnce(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.charging(1)
		s.csms.last().status("ChangeConfiguration", object{"key": "MeterValueSampleInterval", "value": "10"})
		s.pass(31 * time.Second)
		if n := len(s.csms.all("MeterValues")); n != 3 {
			s.t.Errorf("%d samples in 31 s", n)
		}
	})
}

func TestAvailability_waitsForTheTransaction(t *testing.T) {
	t.Parallel()
	bubble(t, Config{Connectors: make([]Connector, 2)}, func(s *sim) {
		s.charging(1)
		s.csms.forget()
		p := s.csms.last()
		off := func(c int) object { return object{"connectorId": c, "type": "Inoperative"} }
		if got := p.status("ChangeAvailability", off(2)); got != "Accepted" {
			s.t.Errorf("idle: %s", got)
		}
		if got := p.status("ChangeAvailability", off(1)); got != "Scheduled" {
			s.t.Errorf("charging: %s", got)
		}
		if got := p.status("ChangeAvailability", off(7)); got != "Rejected" {
			s.t.Errorf("unknown: %s", got)
		}
		s.must(s.Stop(1, ""))
		s.delivered()
		if s.Tag(1, "AA") == nil {
			s.t.Error("an unavailable connector takes a card")
		}
		p.status("ChangeAvailability", object{"connectorId": 0, "type": "Operative"})
		s.delivered()
		s.wantStory("2 Unavailable", "StopTransaction Local", "1 Unavailable", "1 Preparing", "2 Available")
	})
}

func TestUnlock_endsTheTransaction(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		s.charging(1)
		s.csms.forget()
		p := s.csms.last()
		if got := p.status("UnlockConnector", object{"connectorId": 3}); got != "NotSupported" {
			s.t.Errorf("unknown: %s", got)
		}
		if got := p.status("UnlockConnector", object{"connectorId": 1}); got != "Unlocked" {
			s.t.Errorf("%s", got)
		}
		s.delivered()
		s.wantStory("StopTransaction UnlockCommand", "1 Finishing")
	})
}

func TestRemote_therestIsNotImplemented(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		p := s.csms.last()
		for _, action := range []string{"NotThere", "Whatever"} {
			if f := p.call(action, object{}); f.Type != typeCallError || f.Code != "NotImplemented" {
				s.t.Errorf("%s: %+v", action, f)
			}
		}
		if f := p.call("RemoteStopTransaction", object{"transactionId": "text"}); f.Code != "FormationViolation" {
			s.t.Errorf("a wrong type: %+v", f)
		}
		if got := p.status("DataTransfer", object{"vendorId": "X"}); got != "UnknownVendorId" {
			s.t.Error(got)
		}
		if got := p.status("ClearCache", object{}); got != "Accepted" {
			s.t.Error(got)
		}
	})
}

// A CALL of the server is answered while one of the point's waits: nothing
// waits for anything else.
func TestRemote_fullDuplex(t *testing.T) {
	t.Parallel()
	bubble(t, Config{CallTimeout: time.Hour}, func(s *sim) {
		s.csms.answer = func(_ *peer, m message) any { return silence{} }
		s.must(s.Plug(1)) // its StatusNotification is never answered
		s.pass(time.Second)
		if got := s.csms.last().status("UnlockConnector", object{"connectorId": 1}); got != "Unlocked" {
			s.t.Errorf("%q", got)
		}
	})
}
