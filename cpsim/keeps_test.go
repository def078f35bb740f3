package cpsim

import (
	"testing"
	"time"
)

func card(tag, state, parent string) object {
	info := object{"status": state}
	if parent != "" {
		info["parentIdTag"] = parent
	}
	return object{"idTag": tag, "idTagInfo": info}
}

// OCPP 1.6 §5.15: whole, then what changed, each with a higher version; what does not fit
// changes nothing.
func TestLocalList_wholeAndChanges(t *testing.T) {
	t.Parallel()
	bubble(t, Config{Keys: map[string]string{"LocalAuthListMaxLength": "3", "SendLocalListMaxLength": "2"}}, func(s *sim) {
		send := func(version int, kind string, cards ...object) string {
			return s.csms.last().status("SendLocalList", object{"listVersion": version, "updateType": kind, "localAuthorizationList": cards})
		}
		for _, row := range []struct {
			why     string
			version int
			kind    string
			cards   []object
			want    string
			has     int
		}{
			{"whole", 1, "Full", []object{card("A", "Accepted", "P"), card("B", "Accepted", "")}, "Accepted", 2},
			{"more than one message takes", 2, "Differential", []object{card("C", "Accepted", ""), card("D", "Accepted", ""), card("E", "Accepted", "")}, "Failed", 2},
			{"a version that it has", 1, "Differential", []object{card("C", "Accepted", "")}, "VersionMismatch", 2},
			{"one more, one off", 2, "Differential", []object{card("C", "Accepted", ""), {"idTag": "b"}}, "Accepted", 2},
			{"more than it keeps", 3, "Differential", []object{card("D", "Accepted", ""), card("E", "Accepted", "")}, "Failed", 2},
			{"whole with one to take off", 3, "Full", []object{{"idTag": "A"}}, "Failed", 2},
			{"none", 7, "Full", nil, "Accepted", 0},
		} {
			if got := send(row.version, row.kind, row.cards...); got != row.want || s.State().List != row.has {
				s.t.Errorf("%s: %s, it has %d", row.why, got, s.State().List)
			}
		}
		if f := s.csms.last().call("GetLocalListVersion", object{}); string(f.Payload) != `{"listVersion":7}` {
			s.t.Errorf("%s", f.Payload)
		}
		s.csms.last().status("ChangeConfiguration", object{"key": "LocalAuthListEnabled", "value": "false"})
		if f := s.csms.last().call("GetLocalListVersion", object{}); string(f.Payload) != `{"listVersion":-1}` || send(8, "Full") != "NotSupported" {
			s.t.Errorf("turned off: %s", f.Payload)
		}
	})
}

// Offline a card that is on the list is judged by it, and by nothing else.
func TestLocalList_offlineStarts(t *testing.T) {
	t.Parallel()
	bubble(t, Config{Keys: map[string]string{"AllowOfflineTxForUnknownId": "false"}, Quirks: Quirks{QuirkForgetList: true}}, func(s *sim) {
		soon := card("SOON", "Accepted", "")
		soon["idTagInfo"].(object)["expiryDate"] = time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		s.csms.last().status("SendLocalList", object{"listVersion": 1, "updateType": "Full",
			"localAuthorizationList": []object{card("GOOD", "Accepted", "P"), card("BAD", "Blocked", ""), soon}})
		s.must(s.Plug(1))
		s.GoOffline()
		try := func(tag string, want bool) {
			s.t.Helper()
			s.must(s.Tag(1, tag))
			if got := s.State().Connectors[0].Transaction; got != want {
				s.t.Errorf("%s charges: %v", tag, got)
			}
			if want {
				s.must(s.Stop(1, ""))
			}
		}
		try("good", true)
		try("BAD", false)
		try("NOBODY", false)
		try("SOON", true)
		s.pass(2 * time.Hour)
		try("SOON", false)
		s.Reboot()
		s.pass(time.Minute)
		if s.State().List != 0 || s.State().ListVersion != 0 {
			s.t.Error("it has not forgotten its list")
		}
	})
}

// OCPP 1.6 §5.13: kept for a card and its group until a time.
func TestReserve_keepsTheConnector(t *testing.T) {
	t.Parallel()
	bubble(t, Config{Connectors: make([]Connector, 2)}, func(s *sim) {
		p := s.csms.last()
		ask := func(conn, id int, tag string, in time.Duration) string {
			return p.status("ReserveNow", object{"connectorId": conn, "reservationId": id, "idTag": tag, "parentIdTag": "P",
				"expiryDate": time.Now().Add(in).UTC().Format(time.RFC3339)})
		}
		if got := ask(1, 5, "A", time.Hour); got != "Accepted" {
			s.t.Fatal(got)
		}
		if got := ask(1, 6, "B", time.Hour); got != "Occupied" {
			s.t.Errorf("a second at the connector: %s", got)
		}
		s.wantStory("1 Reserved")
		if got := p.status("RemoteStartTransaction", object{"idTag": "B", "connectorId": 1}); got != "Rejected" {
			s.t.Errorf("another from afar: %s", got)
		}
		s.must(s.Plug(1))
		s.must(s.Tag(1, "B"))
		s.delivered()
		if s.State().Connectors[0].Transaction {
			s.t.Error("another charges")
		}
		s.must(s.Tag(1, "A"))
		s.delivered()
		if m := s.csms.all("StartTransaction")[0]; m.num("reservationId") != 5 || s.State().Reservations != 0 {
			s.t.Error(m.Raw)
		}
		// Any connector: the last free one is kept.
		if got := ask(0, 7, "A", 10*time.Minute); got != "Accepted" {
			s.t.Fatal(got)
		}
		if got := p.status("RemoteStartTransaction", object{"idTag": "B", "connectorId": 2}); got != "Rejected" {
			s.t.Errorf("the last free one: %s", got)
		}
		s.pass(11 * time.Minute)
		if s.State().Reservations != 0 {
			s.t.Error("it did not end")
		}
		ask(2, 8, "A", time.Hour)
		if got := p.status("CancelReservation", object{"reservationId": 8}); got != "Accepted" || p.status("CancelReservation", object{"reservationId": 8}) != "Rejected" {
			s.t.Error(got)
		}
		s.must(s.Status(2, Faulted, "GroundFailure", ""))
		if got := ask(2, 9, "A", time.Hour); got != "Faulted" {
			s.t.Error(got)
		}
	})
}
