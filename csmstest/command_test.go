package csmstest

import (
	"strings"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/session"
)

// effect is what is shown beside the answer.
func (a *API) effect(command string) string {
	a.world.Helper()
	return a.Get("/api/v1/commands/"+command).Body.Str("effect", "state")
}

// Every command of the 1.6 core: what the charge point is asked, what its answer means,
// and the effect beside it (LIVE-R2).
//
// shows: Reset, UnlockConnector, ChangeAvailability, TriggerMessage, GetConfiguration, ChangeConfiguration, ClearCache
func TestLIVE_R2_EveryCommandOfTheCore(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1", 1, 2)
		c := p.Online()
		c.Status(1, "Available")
		c.Status(2, "Available")
		staff := w.Staff(authz.OpOps)
		for _, x := range []struct {
			why    string
			body   M
			action string
			asked  M // what must stand in the CALL
			answer M
			state  string
			effect string
		}{
			{"soft reset", M{"type": "reset"}, "Reset", M{"type": "Soft"}, M{"status": "Accepted"}, "accepted", "pending"},
			{"hard reset refused", M{"type": "reset", "reset_type": "hard"}, "Reset", M{"type": "Hard"}, M{"status": "Rejected"}, "rejected", ""},
			{"unlocked", M{"type": "unlock", "connector": 2}, "UnlockConnector", M{"connectorId": "2"}, M{"status": "Unlocked"}, "accepted", "seen"},
			{"the lock does not open", M{"type": "unlock", "connector": 1}, "UnlockConnector", M{"connectorId": "1"}, M{"status": "UnlockFailed"}, "accepted", "failed"},
			{"no lock", M{"type": "unlock", "connector": 1}, "UnlockConnector", nil, M{"status": "NotSupported"}, "not_supported", ""},
			{"a connector out of service", M{"type": "change_availability", "connector": 2, "availability": "inoperative"}, "ChangeAvailability",
				M{"connectorId": "2", "type": "Inoperative"}, M{"status": "Accepted"}, "accepted", "pending"},
			{"the whole point, later", M{"type": "change_availability", "availability": "inoperative"}, "ChangeAvailability",
				M{"connectorId": "0", "type": "Inoperative"}, M{"status": "Scheduled"}, "accepted", "pending"},
			{"in service already", M{"type": "change_availability", "connector": 1, "availability": "operative"}, "ChangeAvailability",
				M{"connectorId": "1", "type": "Operative"}, M{"status": "Accepted"}, "accepted", "seen"},
			{"a message that it does not know", M{"type": "trigger_message", "requested_message": "FirmwareStatusNotification"}, "TriggerMessage",
				M{"requestedMessage": "FirmwareStatusNotification"}, M{"status": "NotImplemented"}, "not_supported", ""},
			{"all settings", M{"type": "get_configuration"}, "GetConfiguration", M{"key": ""},
				M{"configurationKey": []any{M{"key": "HeartbeatInterval", "readonly": false, "value": "300"}, M{"key": "NumberOfConnectors", "readonly": true, "value": "2"}}}, "accepted", "seen"},
			{"some settings", M{"type": "get_configuration", "keys": []string{"HeartbeatInterval"}}, "GetConfiguration", M{"key": "[HeartbeatInterval]"},
				M{"configurationKey": []any{M{"key": "HeartbeatInterval", "readonly": false, "value": "300"}}}, "accepted", "seen"},
			{"a setting", M{"type": "change_configuration", "key": "HeartbeatInterval", "value": "60"}, "ChangeConfiguration",
				M{"key": "HeartbeatInterval", "value": "60"}, M{"status": "Accepted"}, "accepted", "seen"},
			{"a setting after a restart", M{"type": "change_configuration", "key": "HeartbeatInterval", "value": "90"}, "ChangeConfiguration",
				nil, M{"status": "RebootRequired"}, "accepted", "pending"},
			{"a setting that it does not know", M{"type": "change_configuration", "key": "Nothing", "value": "1"}, "ChangeConfiguration",
				nil, M{"status": "NotSupported"}, "not_supported", ""},
			{"the cache", M{"type": "clear_cache"}, "ClearCache", M{}, M{"status": "Accepted"}, "accepted", "seen"},
			{"no cache", M{"type": "clear_cache"}, "ClearCache", M{}, M{"status": "Rejected"}, "rejected", ""},
		} {
			x.body["reason"] = "test"
			cmd := staff.Command(p, x.body).Want(202).Body.Str("id")
			a := c.Asked(x.action)
			for k, v := range x.asked {
				if a.Payload.Str(k) != v {
					w.Errorf("%s: the point is asked %v", x.why, a.Payload)
				}
			}
			a.Reply(x.answer)
			got := staff.Becomes(cmd, x.state)
			if got.Str("effect", "state") != x.effect || x.state != "accepted" && got.Str("error_detail") == "" {
				w.Errorf("%s: shown as %v", x.why, got)
			}
		}
	})
}

// Accepted is not done: the boot after a reset, the status after out of service, the
// restart that a setting waits for.
//
// shows: ChangeAvailability, ChangeConfiguration, Reset, BootNotification
func TestLIVE_R2_TheEffectComesByItsOwnWay(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		c.Status(1, "Available")
		id := c.Charge(1, "CARD1", 0)
		c.Status(1, "Charging")
		staff := w.Staff(authz.OpAdmin)
		ask := func(body M, action string, answer M) string {
			w.Helper()
			body["reason"] = "test"
			cmd := staff.Command(p, body).Want(202).Body.Str("id")
			c.Asked(action).Reply(answer)
			if got := staff.Becomes(cmd, "accepted"); got.Str("effect", "state") != "pending" {
				w.Errorf("%v: %v", body, got)
			}
			return cmd
		}
		off := ask(M{"type": "change_availability", "availability": "inoperative"}, "ChangeAvailability", M{"status": "Scheduled"})
		if got := staff.Get("/api/v1/commands/" + off).Body; got.Str("outcome") != "scheduled" {
			w.Errorf("scheduled: %v", got)
		}
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		c.Status(1, "Unavailable")
		set := ask(M{"type": "change_configuration", "key": "MeterValueSampleInterval", "value": "30"}, "ChangeConfiguration", M{"status": "RebootRequired"})
		reset := ask(M{"type": "reset", "reset_type": "hard"}, "Reset", M{"status": "Accepted"})
		for cmd, want := range map[string]string{off: "seen", set: "pending", reset: "pending"} {
			if got := staff.effect(cmd); got != want {
				w.Errorf("before the restart: %s, want %s", got, want)
			}
		}
		items := staff.Get("/api/v1/charge-points/" + p.ID.String() + "/configuration").Items()
		if len(items) != 1 || items[0]["reboot_required"] != true || items[0].Str("value") != "30" {
			w.Errorf("the setting waits for the restart: %v", items)
		}
		c.Drop()
		w.Advance(time.Second)
		c = p.Connect()
		for _, cmd := range []string{set, reset} {
			if got := staff.effect(cmd); got != "seen" {
				w.Errorf("after the restart: %s", got)
			}
		}
		if items := staff.Get("/api/v1/charge-points/" + p.ID.String() + "/configuration").Items(); items[0]["reboot_required"] == true {
			w.Errorf("after the restart: %v", items)
		}
	})
}

// LIVE-A7: accepted, and no start in time: the effect says so beside the answer, and
// what was held is free.
func TestLIVE_A7_TheCommandSaysThatNoChargeBegan(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		cmd := staff.Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}).Want(202).Body.Str("id")
		c.Asked("RemoteStartTransaction").Accept()
		staff.Becomes(cmd, "accepted")
		w.Advance(150 * time.Second)
		p.Only().Is(session.FailedToStart, "VOID")
		d.Has("100.00", "0.00")
		got := staff.Get("/api/v1/commands/" + cmd).Body
		if got.Str("state") != "accepted" || got.Str("effect", "state") != "failed" || !strings.Contains(got.Str("effect", "text"), "No charge began") {
			w.Errorf("the command is shown as %v", got)
		}
	})
}

// LIVE-R3: refused at once, unless it may wait; then it goes out when the point is back,
// or expires.
func TestLIVE_R3_QueueUntilOnline(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		staff := w.Staff(authz.OpAdmin)
		reset := M{"type": "reset", "reason": "test"}
		if r := staff.Command(p, reset); r.Status != 409 || r.Body.Str("code") != "charge_point_offline" {
			w.Errorf("%d %v", r.Status, r.Body)
		}
		short := staff.Command(p, M{"type": "clear_cache", "reason": "test", "queue_until_online_s": 60}).Want(202).Body.Str("id")
		long := staff.Command(p, M{"type": "reset", "reason": "test", "queue_until_online_s": 86400}).Want(202).Body.Str("id")
		for _, body := range []M{
			{"type": "reset", "reason": "test", "queue_until_online_s": 86401}, {"type": "reset", "reason": "test", "queue_until_online_s": -1},
			{"type": "remote_start", "connector": 1, "token_uid": "CARD1", "queue_until_online_s": 60},
		} {
			staff.Command(p, body).Want(422)
		}
		w.Advance(2 * time.Minute)
		staff.Becomes(short, "expired")
		if got := staff.Becomes(long, "queued"); !got.Has("waits_until") {
			w.Errorf("it does not say how long it waits: %v", got)
		}
		w.Advance(20 * time.Hour)
		c := p.Connect()
		staff = w.Staff(authz.OpAdmin) // the login of yesterday is over
		c.Asked("Reset").Accept()
		staff.Becomes(long, "accepted")
		c.NotAsked()
	})
}

// LIVE-R5: for ten seconds after it connected a point is left to report by itself; what
// asks for it waits so long, and other commands pass.
func TestLIVE_R5_StatusIsAskedForAfterTheSettleWindow(t *testing.T) {
	trigger := func(message string) M { return M{"type": "trigger_message", "requested_message": message} }
	EachWith(t, Options{Settle: time.Hour}, func(w *World) {
		p := w.Point("CP1")
		staff := w.Staff(authz.OpAdmin)
		c := p.Connect()
		status := staff.Command(p, trigger("StatusNotification")).Want(202).Body.Str("id")
		staff.Command(p, trigger("Heartbeat")).Want(202)
		a := c.Asked("TriggerMessage")
		if a.Payload.Str("requestedMessage") != "Heartbeat" {
			w.Fatalf("the server asks for %v", a.Payload)
		}
		a.Accept()
		c.NotAsked()
		staff.Becomes(status, "queued")
	})
}

func TestLIVE_R5_StatusIsAskedForOnceTheSettleWindowIsOver(t *testing.T) {
	EachWith(t, Options{Settle: 300 * time.Millisecond}, func(w *World) {
		p := w.Point("CP1")
		staff := w.Staff(authz.OpAdmin)
		began := time.Now()
		c := p.Connect()
		status := staff.Command(p, M{"type": "trigger_message", "requested_message": "StatusNotification"}).Want(202).Body.Str("id")
		a := c.Asked("TriggerMessage")
		if d := time.Since(began); a.Payload.Str("requestedMessage") != "StatusNotification" || d < 300*time.Millisecond {
			w.Errorf("after %s the server asks for %v", d, a.Payload)
		}
		a.Accept()
		staff.Becomes(status, "accepted")
	})
}

// Capabilities, not versions: what the point said it cannot do is refused before anything
// is sent (LIVE-A3: the screen then shows the last value).
//
// shows: GetConfiguration, TriggerMessage
func TestLIVE_A3_AMessageThatThePointCannotBeAskedFor(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpAdmin)
		read := staff.Command(p, M{"type": "get_configuration"}).Want(202).Body.Str("id")
		c.Asked("GetConfiguration").Reply(M{"configurationKey": []any{
			M{"key": "SupportedFeatureProfiles", "readonly": true, "value": "Core,FirmwareManagement"}, M{"key": "AuthorizationKey", "readonly": false, "value": "0123"}}})
		if got := staff.Becomes(read, "accepted"); got.Has("answer") {
			w.Errorf("the answer shows settings: %v", got)
		}
		for _, body := range []M{{"type": "refresh"}, {"type": "trigger_message", "requested_message": "Heartbeat"}} {
			if r := staff.Command(p, body); r.Status != 422 || r.Body.Str("code") != "command_unsupported" {
				w.Errorf("%v: %d %v", body, r.Status, r.Body)
			}
		}
		if r := staff.Command(p, M{"type": "change_configuration", "key": "supportedfeatureprofiles", "value": "", "reason": "test"}); r.Body.Str("code") != "key_read_only" {
			w.Errorf("%d %v", r.Status, r.Body)
		}
		c.NotAsked()
		// What opens something shows to those alone who could set it.
		path := "/api/v1/charge-points/" + p.ID.String()
		auditor := w.Staff(authz.Auditor)
		w.Journal()
		for _, what := range []string{"/configuration", "/frames"} {
			if s := auditor.Get(path + what).Body; strings.Contains(all(s), "0123") || !strings.Contains(all(s), "AuthorizationKey") {
				w.Errorf("%s shows the auditor %v", what, s)
			}
			if s := staff.Get(path + what).Body; !strings.Contains(all(s), "0123") {
				w.Errorf("%s hides from the admin: %v", what, s)
			}
		}
	})
}

// The frames of a charge point, newest first, page by page: the journal, starts and stops,
// and meter values in their place.
func TestFramesOfAChargePoint(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		c.Status(1, "Preparing")
		id := c.Charge(1, "CARD1", 0)
		for i := range 7 {
			w.Advance(time.Minute)
			c.Meter(1, id, 100*(i+1))
		}
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		c.Status(1, "Available")
		w.Journal()
		staff := w.Staff(authz.OpAdmin)
		path := "/api/v1/charge-points/" + p.ID.String() + "/frames"
		var pages []M
		for cursor := ""; ; {
			r := staff.Get(path + "?limit=3" + cursor).Body
			l := Reply{Body: r}.Items()
			pages = append(pages, l...)
			if r.Str("next_cursor") == "" {
				break
			}
			if len(l) != 3 {
				w.Fatalf("a page of %d", len(l))
			}
			cursor = "&cursor=" + r.Str("next_cursor")
		}
		count, seen, last := map[string]int{}, map[string]bool{}, ""
		for _, f := range pages {
			if f.Str("direction") == "in" {
				count[f.Str("action")]++
			}
			if seen[f.Str("id")] || last != "" && f.Str("received_at") > last {
				w.Errorf("%s %s at %s comes after %s", f.Str("id"), f.Str("action"), f.Str("received_at"), last)
			}
			seen[f.Str("id")], last = true, f.Str("received_at")
		}
		for action, n := range map[string]int{"BootNotification": 1, "StartTransaction": 1, "MeterValues": 7, "StopTransaction": 1, "StatusNotification": 2} {
			if count[action] != n {
				w.Errorf("%d of %s, want %d", count[action], action, n)
			}
		}
		for _, f := range pages {
			if f.Str("kind") == "call" && f.Str("action") != "MeterValues" && f.Str("answer", "kind") != "result" {
				w.Errorf("%s has not its answer: %v", f.Str("action"), f)
			}
		}
		whole := staff.Get(path + "?limit=100")
		if len(whole.Items()) != len(pages) || !strings.Contains(all(whole.Body), "CARD1") {
			w.Errorf("in one page %d, in many %d", len(whole.Items()), len(pages))
		}
		if s := all(w.Staff(authz.Auditor).Get(path).Body); strings.Contains(s, "CARD1") {
			w.Error("the card shows to the auditor")
		}
		other := w.Point("CP2")
		if l := staff.Get("/api/v1/charge-points/" + other.ID.String() + "/frames").Items(); len(l) != 0 {
			w.Errorf("another point shows %v", l)
		}
		sub, err := w.App.Operators.CreateSubOperator(w.Context(), w.Scope, operator.NewSubOperator{Name: "North"})
		w.OK(err)
		w.SubStaff(authz.OpAdmin, sub.ID).Do("GET", path, nil).Want(404)
		staff.Do("GET", path+"?cursor=rubbish", nil).Want(422)
		staff.Do("GET", path+"?limit=101", nil).Want(422)
	})
}

// LIVE-A8 on the wire: what a sub-operator's staff may not see is a row with 404 and gets
// no frame; the others are asked one after the other, also over a restart of the server.
func TestLIVE_A8_BulkOnTheWire(t *testing.T) {
	Each(t, func(w *World) {
		sub, err := w.App.Operators.CreateSubOperator(w.Context(), w.Scope, operator.NewSubOperator{Name: "North"})
		w.OK(err)
		site := w.NewSite(asset.Site{Name: "North", Address: "Street", TimeZone: "UTC", Sub: sub.ID})
		var ids []ident.ChargePoint
		var points []*Point
		for _, name := range []string{"N1", "N2", "N3"} {
			p := w.PointAt(site.ID, name)
			points, ids = append(points, p), append(ids, p.ID)
		}
		conns := []*Conn{points[0].Online(), points[1].Online(), nil}
		parent := w.Point("CP1")
		parent.Online()
		ids = append(ids, parent.ID)
		staff := w.SubStaff(authz.OpOps, sub.ID)
		body := M{"type": "reset", "reset_type": "hard", "charge_point_ids": ids, "interval_s": 60, "reason": "new firmware"}
		b := staff.Do("POST", "/api/v1/command-bulks", body).Want(202).Body.Str("id")
		path := "/api/v1/command-bulks/" + b
		w.Advance(2 * time.Second)
		conns[0].Asked("Reset").Accept()
		conns[1].NotAsked()
		w.Stop()
		w.Start()
		for i := range 2 {
			conns[i] = points[i].Connect()
		}
		outside := parent.Connect()
		for range 40 {
			w.Advance(2 * time.Second)
		}
		conns[1].Asked("Reset").Accept()
		conns[0].NotAsked()
		for range 40 {
			w.Advance(2 * time.Second)
		}
		outside.NotAsked()
		staff = w.SubStaff(authz.OpOps, sub.ID)
		w.Until("all rows have their end", func() bool {
			got := staff.Get(path).Body
			return got.Str("state") == "done"
		})
		var rows []string
		for _, r := range staff.Get(path + "/items").Items() {
			rows = append(rows, r.Str("state")+" "+r.Str("status")+" "+r.Str("code")+" "+r.Str("charge_point_name"))
		}
		want := "made   " + points[0].View().Name + ", made   " + points[1].View().Name + ", refused 409 charge_point_offline " + points[2].View().Name + ", refused 404 not_found "
		if got := strings.Join(rows, ", "); got != want {
			w.Errorf("%s\nwant %s", got, want)
		}
		w.Staff(authz.OpAdmin).Get(path) // the operator sees its sub-operator's
		w.Staff(authz.Auditor).Do("POST", "/api/v1/command-bulks", body).Want(403)
	})
}
