package csmstest

import (
	"strings"
	"testing"

	"ccms/internal/authz"
)

func profile(purpose string, more M, periods ...M) M {
	p := M{"id": 7, "stack_level": 1, "purpose": purpose, "kind": "absolute", "schedule": M{"unit": "A", "periods": periods}}
	return p.with([]M{more})
}

// A profile goes out as the protocol has it, its answer and what the charge point makes
// of it are shown beside what was asked.
//
// shows: SetChargingProfile, ClearChargingProfile, GetCompositeSchedule
func TestProfile_setAskedAndCleared(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		cmd := staff.Command(p, M{"type": "set_charging_profile", "connector": 1, "reason": "roof works",
			"profile": profile("tx_default", nil, M{"start_s": 0, "limit_milli": 16500, "phases": 3}, M{"start_s": 3600, "limit_milli": 6000})}).Want(202).Body.Str("id")
		a := c.Asked("SetChargingProfile")
		if got := a.Payload; got.Str("connectorId") != "1" || got.Str("csChargingProfiles", "chargingProfilePurpose") != "TxDefaultProfile" ||
			!strings.Contains(all(got), "16.5") {
			w.Errorf("the point is asked %v", got)
		}
		a.Accept()
		got := staff.Becomes(cmd, "accepted")
		if got.Str("effect", "state") != "seen" || got.Str("profile", "schedule", "unit") != "A" || got.Int("connector") != 1 {
			w.Errorf("shown as %v", got)
		}
		cmd = staff.Command(p, M{"type": "get_composite_schedule", "connector": 1, "composite": M{"duration_s": 7200}}).Want(202).Body.Str("id")
		c.Asked("GetCompositeSchedule").Reply(M{"status": "Accepted", "connectorId": 1, "scheduleStart": "2026-05-01T10:00:00Z", "chargingSchedule": M{
			"duration": 7200, "chargingRateUnit": "A", "chargingSchedulePeriod": []any{M{"startPeriod": 0, "limit": 16.5}, M{"startPeriod": 3600, "limit": 6}}}})
		got = staff.Becomes(cmd, "accepted")
		periods, _ := got["composite"].(map[string]any)["periods"].([]any)
		if len(periods) != 2 || M(periods[0].(map[string]any)).Int("limit_milli") != 16500 || got.Str("composite", "start") != "2026-05-01T10:00:00Z" {
			w.Errorf("the schedule is shown as %v", got["composite"])
		}
		cmd = staff.Command(p, M{"type": "clear_charging_profile", "reason": "done", "profile_filter": M{"id": 7}}).Want(202).Body.Str("id")
		a = c.Asked("ClearChargingProfile")
		if a.Payload.Str("id") != "7" || a.Payload.Has("connectorId") {
			w.Errorf("the point is asked %v", a.Payload)
		}
		a.Reply(M{"status": "Unknown"})
		if got := staff.Becomes(cmd, "rejected"); got.Int("profile_filter", "id") != 7 || got.Str("error_detail") == "" {
			w.Errorf("shown as %v", got)
		}
	})
}

// The answer of a charge point that has no limits to tell is an answer (behaviour 74).
//
// shows: GetCompositeSchedule
func TestRow74_aCompositeScheduleWithoutPeriodsIsAccepted(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		for _, answer := range []M{
			{"status": "Accepted", "connectorId": 1, "scheduleStart": "2026-05-01T10:00:00Z",
				"chargingSchedule": M{"chargingRateUnit": "A", "chargingSchedulePeriod": []any{}}},
			{"status": "Accepted"},
		} {
			cmd := staff.Command(p, M{"type": "get_composite_schedule", "connector": 1, "composite": M{"duration_s": 600}}).Want(202).Body.Str("id")
			c.Asked("GetCompositeSchedule").Reply(answer)
			got := staff.Becomes(cmd, "accepted")
			periods, shown := got["composite"].(map[string]any)["periods"].([]any)
			if !shown || len(periods) != 0 || got.Str("effect", "state") != "seen" {
				w.Errorf("%v is shown as %v", answer, got)
			}
		}
		w.Warned()
	})
}

// A profile for one charge names the session; the charge point's number for it is looked
// up, and a session that has ended has none.
//
// shows: SetChargingProfile
func TestProfile_forOneSessionNamesIt(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p, other := w.Point("CP1"), w.Point("CP2")
		c := p.Online()
		other.Online()
		number := c.Charge(1, "CARD1", 0)
		id := p.Only().ID.String()
		staff := w.Staff(authz.OpAdmin)
		body := M{"type": "set_charging_profile", "reason": "test", "profile": profile("tx", M{"session_id": id}, M{"start_s": 0, "limit_milli": 6000})}
		cmd := staff.Command(p, body).Want(202)
		if got := cmd.Body.Str("session_id"); got != id {
			w.Errorf("the command is about the session %q", got)
		}
		a := c.Asked("SetChargingProfile")
		if a.Payload.Int("csChargingProfiles", "transactionId") != number || a.Payload.Int("connectorId") != 1 {
			w.Errorf("the point is asked %v", a.Payload)
		}
		a.Accept()
		staff.Becomes(cmd.Body.Str("id"), "accepted")
		for why, x := range map[string]Reply{
			"another charge point's session": staff.Command(other, body),
			"it would wait":                  staff.Command(p, body.with([]M{{"queue_until_online_s": 60}})),
			"another connector":              staff.Command(p, body.with([]M{{"connector": 2}})),
			"a default names no session":     staff.Command(p, M{"type": "set_charging_profile", "reason": "test", "profile": profile("tx_default", M{"session_id": id}, M{"start_s": 0, "limit_milli": 0})}),
			"a bulk":                         staff.Do("POST", "/api/v1/command-bulks", body.with([]M{{"charge_point_ids": []string{p.ID.String()}}})),
		} {
			if x.Status != 422 {
				w.Errorf("%s: %d %v", why, x.Status, x.Body)
			}
		}
		c.Finish(number, 1000)
		if r := staff.Command(p, body); r.Status != 409 || r.Body.Str("code") != "session_not_running" {
			w.Errorf("after its end: %d %v", r.Status, r.Body)
		}
		c.NotAsked()
	})
}

// What the charge point told of its bounds counts before anything is sent.
//
// shows: SetChargingProfile, GetCompositeSchedule
func TestProfile_withinWhatThePointTold(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpAdmin)
		tells := func(keys ...string) {
			w.Helper()
			read := staff.Command(p, M{"type": "get_configuration"}).Want(202).Body.Str("id")
			var told []any
			for i := 0; i < len(keys); i += 2 {
				told = append(told, M{"key": keys[i], "readonly": true, "value": keys[i+1]})
			}
			c.Asked("GetConfiguration").Reply(M{"configurationKey": told})
			staff.Becomes(read, "accepted")
		}
		ask := func(unit string, stack, periods int) Reply {
			list := make([]M, periods)
			for i := range list {
				list[i] = M{"start_s": i * 60, "limit_milli": 6000}
			}
			return staff.Command(p, M{"type": "set_charging_profile", "connector": 1, "reason": "test",
				"profile": profile("tx_default", M{"stack_level": stack, "schedule": M{"unit": unit, "periods": list}})})
		}
		at := func(r Reply, want string) {
			w.Helper()
			errs, _ := r.Body["errors"].([]any)
			if r.Status != 422 || len(errs) != 1 || M(errs[0].(map[string]any)).Str("pointer") != want {
				w.Errorf("%d %v, want an error at %s", r.Status, r.Body, want)
			}
		}
		tells("SupportedFeatureProfiles", "Core,SmartCharging", "ChargingScheduleMaxPeriods", "2", "ChargeProfileMaxStackLevel", "0",
			"ChargingScheduleAllowedChargingRateUnit", "'W'")
		at(ask("W", 0, 3), "/profile/schedule/periods")
		at(ask("W", 1, 1), "/profile/stack_level")
		at(ask("A", 0, 1), "/profile/schedule/unit")
		at(staff.Command(p, M{"type": "get_composite_schedule", "composite": M{"duration_s": 60, "unit": "A"}}), "/composite/unit")
		c.NotAsked()
		ask("W", 0, 2).Want(202)
		c.Asked("SetChargingProfile").Accept()
		tells("SupportedFeatureProfiles", "Core")
		for _, body := range []M{{"type": "clear_charging_profile", "reason": "test"}, {"type": "get_composite_schedule", "composite": M{"duration_s": 60}}} {
			if r := staff.Command(p, body); r.Status != 422 || r.Body.Str("code") != "command_unsupported" {
				w.Errorf("%v: %d %v", body, r.Status, r.Body)
			}
		}
		c.NotAsked()
	})
}

// A message is seen when it comes, whichever command asked for it.
//
// shows: ExtendedTriggerMessage, TriggerMessage, Heartbeat, LogStatusNotification, SignedFirmwareStatusNotification
func TestLIVE_R2_theExtendedTriggerIsSeenWhenItsMessageComes(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		c.Status(1, "Available")
		staff := w.Staff(authz.OpOps)
		cmd := staff.Command(p, M{"type": "extended_trigger", "requested_message": "StatusNotification", "connector": 1}).Want(202).Body.Str("id")
		a := c.Asked("ExtendedTriggerMessage")
		if a.Payload.Str("requestedMessage") != "StatusNotification" || a.Payload.Str("connectorId") != "1" {
			w.Errorf("the point is asked %v", a.Payload)
		}
		a.Accept()
		if got := staff.Becomes(cmd, "accepted"); got.Str("effect", "state") != "pending" {
			w.Errorf("before the message: %v", got)
		}
		c.Status(1, "Available")
		if got := staff.effect(cmd); got != "seen" {
			w.Errorf("after the message: %s", got)
		}
		for _, kind := range []string{"extended_trigger", "trigger_message"} {
			cmd := staff.Command(p, M{"type": kind, "requested_message": "Heartbeat"}).Want(202).Body.Str("id")
			c.Asked(map[string]string{"extended_trigger": "ExtendedTriggerMessage", "trigger_message": "TriggerMessage"}[kind]).Accept()
			staff.Becomes(cmd, "accepted")
			c.Call("Heartbeat", nil)
			w.Until("the Heartbeat is seen", func() bool { return staff.effect(cmd) == "seen" })
		}
		// Those of the security extension have messages of their own for firmware and logs;
		// a connector without a charge has a meter too.
		meter := c.MeterPayload(1, nil, 4711, -1)
		for _, x := range []struct {
			kind, asked, message string
			body                 M
		}{
			{"trigger_message", "FirmwareStatusNotification", "FirmwareStatusNotification", M{"status": "Idle"}},
			{"extended_trigger", "FirmwareStatusNotification", "SignedFirmwareStatusNotification", M{"status": "Idle"}},
			{"extended_trigger", "LogStatusNotification", "LogStatusNotification", M{"status": "Idle", "requestId": 0}},
			{"trigger_message", "DiagnosticsStatusNotification", "DiagnosticsStatusNotification", M{"status": "Idle"}},
			{"trigger_message", "MeterValues", "MeterValues", meter},
			{"extended_trigger", "MeterValues", "MeterValues", meter},
		} {
			cmd := staff.Command(p, M{"type": x.kind, "requested_message": x.asked}).Want(202).Body.Str("id")
			c.Asked(map[string]string{"extended_trigger": "ExtendedTriggerMessage", "trigger_message": "TriggerMessage"}[x.kind]).Accept()
			staff.Becomes(cmd, "accepted")
			c.Call(x.message, x.body)
			if got := staff.effect(cmd); got != "seen" {
				w.Errorf("%s of %s: after %s the effect is %s", x.kind, x.asked, x.message, got)
			}
		}
	})
}
