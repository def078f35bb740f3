package cpsim

import (
	"encoding/json"
	"testing"
	"time"
)

func profile(id int, purpose string, more object, periods ...object) object {
	p := object{"chargingProfileId": id, "stackLevel": 0, "chargingProfilePurpose": purpose, "chargingProfileKind": "Absolute",
		"chargingSchedule": object{"chargingRateUnit": "W", "chargingSchedulePeriod": periods}}
	for k, v := range more {
		p[k] = v
	}
	return p
}

func set(conn int, p object) object { return object{"connectorId": conn, "csChargingProfiles": p} }

// shows: SetChargingProfile, ClearChargingProfile
func TestProfile_boundsWhatIsDrawn(t *testing.T) {
	t.Parallel()
	bubble(t, Config{Connectors: []Connector{{MaxW: 11000}}}, func(s *sim) {
		s.charging(1)
		p := s.csms.last()
		ask := func(action string, payload object, want string) {
			s.t.Helper()
			if got := p.status(action, payload); got != want {
				s.t.Errorf("%s %v: %s, want %s", action, payload, got, want)
			}
		}
		draws := func(why string, w int64) {
			s.t.Helper()
			s.lock()
			defer s.unlock()
			if got := s.connectors[1].meter.power(); got != w {
				s.t.Errorf("%s: %d W, want %d", why, got, w)
			}
		}
		ask("SetChargingProfile", set(1, profile(1, "TxDefaultProfile", nil, object{"startPeriod": 0, "limit": 6000.0}, object{"startPeriod": 60, "limit": 0})), "Accepted")
		draws("the first period", 6000)
		s.pass(61 * time.Second)
		draws("the second period", 0)
		if got := s.State().Connectors[0].Status; got != SuspendedEVSE {
			s.t.Errorf("a limit of nothing leaves it %s", got)
		}
		ask("SetChargingProfile", set(1, profile(2, "TxProfile", object{"transactionId": 101, "stackLevel": 1}, object{"startPeriod": 0, "limit": 8000})), "Accepted")
		draws("the transaction's own", 8000)
		ask("SetChargingProfile", set(0, profile(3, "ChargePointMaxProfile", nil, object{"startPeriod": 0, "limit": 5000})), "Accepted")
		draws("no more than the whole point may", 5000)
		ask("ClearChargingProfile", object{"id": 3}, "Accepted")
		ask("ClearChargingProfile", object{"id": 3}, "Unknown")
		draws("without the point's", 8000)
		ask("ClearChargingProfile", object{}, "Accepted")
		draws("without any", 11000)
	})
}

// Behaviour 75: a limit of 0 is accepted and told as what holds, and current flows on.
func TestRow75_ALimitOfZeroIsIgnored(t *testing.T) {
	t.Parallel()
	bubble(t, Config{Connectors: []Connector{{MaxW: 11000}}, Quirks: Quirks{QuirkIgnoreZero: true}}, func(s *sim) {
		s.charging(1)
		for limit, want := range map[int]int64{0: 11000, 6000: 6000} {
			if got := s.csms.last().status("SetChargingProfile", set(0, profile(3, "ChargePointMaxProfile", nil, object{"startPeriod": 0, "limit": limit}))); got != "Accepted" {
				s.t.Error(got)
			}
			s.lock()
			if got := s.connectors[1].meter.power(); got != want {
				s.t.Errorf("at a limit of %d it draws %d W", limit, got)
			}
			s.unlock()
		}
	})
}

// shows: SetChargingProfile
func TestProfile_refusals(t *testing.T) {
	t.Parallel()
	one := object{"startPeriod": 0, "limit": 6000}
	bubble(t, Config{Keys: map[string]string{"ChargingScheduleMaxPeriods": "2", "ChargeProfileMaxStackLevel": "1", "ChargingScheduleAllowedChargingRateUnit": "Power"}}, func(s *sim) {
		for why, r := range map[string]object{
			"no such connector":        set(9, profile(1, "TxDefaultProfile", nil, one)),
			"too high":                 set(1, profile(1, "TxDefaultProfile", object{"stackLevel": 2}, one)),
			"too many periods":         set(1, profile(1, "TxDefaultProfile", nil, one, one, one)),
			"for a connector":          set(1, profile(1, "ChargePointMaxProfile", nil, one)),
			"no transaction runs":      set(1, profile(1, "TxProfile", nil, one)),
			"a unit that it has not":   set(1, profile(1, "TxDefaultProfile", object{"chargingSchedule": object{"chargingRateUnit": "A", "chargingSchedulePeriod": []object{one}}}, one)),
			"another transaction's":    set(1, profile(1, "TxProfile", object{"transactionId": 7}, one)),
			"a schedule without limit": set(1, profile(1, "TxDefaultProfile", nil)),
		} {
			if got := s.csms.last().status("SetChargingProfile", r); got != "Rejected" {
				s.t.Errorf("%s: %s", why, got)
			}
		}
	})
	bubble(t, Config{Keys: map[string]string{"SupportedFeatureProfiles": "Core"}}, func(s *sim) {
		if got := s.csms.last().status("SetChargingProfile", set(1, profile(1, "TxDefaultProfile", nil, one))); got != "NotSupported" {
			s.t.Error(got)
		}
	})
}

// shows: GetCompositeSchedule
func TestProfile_compositeSchedule(t *testing.T) {
	t.Parallel()
	bubble(t, Config{Connectors: []Connector{{MaxW: 11000}}}, func(s *sim) {
		p := s.csms.last()
		p.status("SetChargingProfile", set(1, profile(1, "TxDefaultProfile", nil, object{"startPeriod": 0, "limit": 6900}, object{"startPeriod": 60, "limit": 3450})))
		var got compositeResponse
		if err := json.Unmarshal(p.call("GetCompositeSchedule", object{"connectorId": 1, "duration": 120, "chargingRateUnit": "A"}).Payload, &got); err != nil {
			s.t.Fatal(err)
		}
		if got.Status != "Accepted" || got.Schedule == nil || len(got.Schedule.Periods) != 2 || got.Schedule.Periods[0].Limit != "10.0" || got.Schedule.Periods[1].Limit != "5.0" {
			s.t.Errorf("%+v %+v", got, got.Schedule)
		}
		if got := p.status("GetCompositeSchedule", object{"connectorId": 4, "duration": 120}); got != "Rejected" {
			s.t.Error(got)
		}
	})
}

// shows: DataTransfer, ExtendedTriggerMessage
func TestRemote_vendorAndExtendedTrigger(t *testing.T) {
	t.Parallel()
	bubble(t, Config{}, func(s *sim) {
		p := s.csms.last()
		for _, c := range []struct {
			action string
			ask    object
			want   string
		}{
			{"DataTransfer", object{"vendorId": "org.example", "messageId": "Echo"}, "UnknownVendorId"},
			{"DataTransfer", object{"vendorId": "CCMS", "messageId": "Sing"}, "UnknownMessageId"},
			{"DataTransfer", object{"vendorId": "ccms", "messageId": "Echo", "data": "x"}, "Accepted"},
			{"ExtendedTriggerMessage", object{"requestedMessage": "SignChargePointCertificate"}, "NotImplemented"},
			{"ExtendedTriggerMessage", object{"requestedMessage": "MeterValues", "connectorId": 9}, "Rejected"},
			{"ExtendedTriggerMessage", object{"requestedMessage": "Heartbeat"}, "Accepted"},
		} {
			if got := p.status(c.action, c.ask); got != c.want {
				s.t.Errorf("%s %v: %s, want %s", c.action, c.ask, got, c.want)
			}
		}
	})
}
