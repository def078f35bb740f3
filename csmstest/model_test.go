package csmstest

import (
	"testing"

	"ccms/internal/asset"
	"ccms/internal/authz"
)

// boot boots as a device of a model.
func (c *Conn) bootAs(vendor, model, firmware, serial string) {
	c.Helper()
	c.Boot(M{"chargePointVendor": vendor, "chargePointModel": model, "firmwareVersion": firmware, "chargePointSerialNumber": serial})
}

// models is what is known of the models whose name begins so.
func (a *API) models(name string) []M {
	a.world.Helper()
	return a.Get("/api/v1/models?name=" + name).Want(200).Items()
}

// learnt is one thing that was learned of a model.
func learnt(m M, kind, subject string) M {
	facts, _ := m["learned"].([]any)
	for _, f := range facts {
		if f, ok := f.(map[string]any); ok && f["kind"] == kind && f["subject"] == subject {
			return f
		}
	}
	return nil
}

// Behaviours 66 and 67: what a charge point says it does not support is remembered, and it is
// not asked again; nor is any of its model once a second one has said the same. Staff who
// know better say so.
func TestRow66_WhatAModelDoesNotSupportIsRemembered(t *testing.T) {
	Each(t, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		p, twin, third, newer := w.Point("CP1"), w.Point("CP2"), w.Point("CP3"), w.Point("CP4")
		c, b, d, n := p.Dial(), twin.Dial(), third.Dial(), newer.Dial()
		c.bootAs("Grizzl-E", "Box", "1.0", "A")
		b.bootAs("GRIZZL-E", " box", "1.0", "B")
		d.bootAs("Grizzl-E", "Box", "1.0", "C")
		n.bootAs("Grizzl-E", "Box", "2.0", "D")
		asked := []M{
			{"type": "change_configuration", "key": "WebSocketPingInterval", "value": "60", "reason": "x"}, {"type": "clear_cache", "reason": "x"},
			{"type": "trigger_message", "requested_message": "MeterValues"},
		}
		cannot := func(p *Point, c *Conn) {
			w.Helper()
			for i, says := range []func(Asked){
				func(a Asked) { a.Reply(M{"status": "NotSupported"}) }, func(a Asked) { a.Refuse("NotImplemented") }, func(a Asked) { a.Reply(M{"status": "NotImplemented"}) },
			} {
				id := staff.Command(p, asked[i]).Want(202).Body.Str("id")
				says(c.Asked([]string{"ChangeConfiguration", "ClearCache", "TriggerMessage"}[i]))
				staff.Becomes(id, "not_supported")
			}
		}
		refused := func(p *Point) {
			w.Helper()
			for _, m := range asked {
				if r := staff.Command(p, m); r.Status != 422 || r.Body.Str("code") != "command_unsupported" {
					t.Errorf("%v of %s: %d %v", m, p.Identity, r.Status, r.Body)
				}
			}
		}
		counts := func(want string) M {
			w.Helper()
			known := staff.models("Grizzl-E")
			if len(known) != 1 || known[0].Str("firmware") != "1.0" {
				t.Fatalf("learned: %v", known)
			}
			for kind, subject := range map[string]string{"key": "WebSocketPingInterval", "action": "clear_cache"} {
				if got := learnt(known[0], kind, subject).Str("counts_for"); got != want {
					t.Errorf("%s counts for %q, want %s", subject, got, want)
				}
			}
			if learnt(known[0], "action", "trigger_message:MeterValues") == nil {
				t.Errorf("learned: %v", known)
			}
			return known[0]
		}
		cannot(p, c)
		refused(p)
		counts("charge_point")
		cannot(twin, b) // one that is broken decides for no other
		refused(twin)
		refused(third)
		model := counts("model")
		staff.Command(third, M{"type": "trigger_message", "requested_message": "Heartbeat"}).Want(202) // another message
		id := staff.Command(newer, M{"type": "clear_cache", "reason": "x"}).Want(202).Body.Str("id")   // another firmware
		n.Asked("ClearCache").Accept()
		staff.Becomes(id, "accepted")

		path := "/api/v1/models/" + model.Str("id")
		staff.Do("PUT", path, M{"quirks": M{"actions": M{"clear_cache": true}}}, "If-Match", `"1"`).Want(200)
		staff.Do("PUT", path, M{"quirks": M{}}, "If-Match", `"1"`).Want(409)
		staff.Command(p, M{"type": "clear_cache", "reason": "x"}).Want(202)
		staff.Command(third, M{"type": "clear_cache", "reason": "x"}).Want(202)
		if log := staff.Get("/api/v1/audit?action=model.changed").Want(200).Items(); len(log) != 1 {
			t.Errorf("the audit has %v", log)
		}
	})
}

// What the old device could not do, the one in its place may.
func TestAST_R1_ASwapForgetsWhatOnlyTheOldDeviceRefused(t *testing.T) {
	Each(t, func(w *World) {
		staff, p := w.Staff(authz.OpAdmin), w.Point("CP1")
		c := p.Dial()
		c.bootAs("V", "Box", "1", "SN-1")
		id := staff.Command(p, M{"type": "clear_cache", "reason": "x"}).Want(202).Body.Str("id")
		c.Asked("ClearCache").Refuse("NotImplemented")
		staff.Becomes(id, "not_supported")
		staff.Command(p, M{"type": "clear_cache", "reason": "x"}).Want(422)
		c.bootAs("V", "Box", "1", "SN-2")
		staff.Command(p, M{"type": "clear_cache", "reason": "x"}).Want(202)
	})
}

// Behaviour 67: staff know that ChangeAvailability harms a model, any firmware of it.
func TestRow67_StaffSayWhatAModelMustNotBeSent(t *testing.T) {
	Each(t, func(w *World) {
		staff, p := w.Staff(authz.OpAdmin), w.Point("CP1")
		p.Dial().bootAs("EN+", "Caro", "3.1", "A")
		staff.Do("POST", "/api/v1/models", M{"vendor": "en+", "model": "caro", "firmware": "3*", "quirks": M{"actions": M{"change_availability": false}}}).Want(201)
		staff.Do("POST", "/api/v1/models", M{"vendor": "EN+", "model": "Caro", "firmware": "3*"}).Want(409)
		if r := staff.Command(p, M{"type": "change_availability", "availability": "inoperative", "reason": "x"}); r.Body.Str("code") != "command_unsupported" {
			t.Errorf("%d %v", r.Status, r.Body)
		}
		for _, bad := range []M{{"actions": M{"remote_stop": false}}, {"actions": M{"dance": false}}, {"keys": M{"": true}}} {
			staff.Do("POST", "/api/v1/models", M{"vendor": "x", "model": "y", "quirks": bad}).Want(422)
		}
		w.Staff(authz.OpOps).Do("POST", "/api/v1/models", M{"vendor": "x", "model": "y"}).Want(403)
	})
}

// Behaviour 21: a model that restarts when it is asked for its settings is never asked.
func TestRow21_AModelThatMustNotBeProbedIsNotAsked(t *testing.T) {
	Each(t, func(w *World) {
		staff, p := w.Staff(authz.OpAdmin), w.Point("CP1")
		c := p.Dial()
		c.bootAs("ABB", "Terra AC", "1.6", "A")
		staff.Do("POST", "/api/v1/models", M{"vendor": "ABB", "model": "Terra AC", "quirks": M{"never_probe": true}}).Want(201)
		for _, keys := range [][]string{nil, {"HeartbeatInterval"}} {
			if r := staff.Command(p, M{"type": "get_configuration", "keys": keys}); r.Body.Str("code") != "command_unsupported" {
				t.Errorf("%d %v", r.Status, r.Body)
			}
		}
		c.NotAsked()
	})
}

// What a model's messages have wrong is counted, once a minute for all that are of it.
func TestFlawsAreCountedByModel(t *testing.T) {
	Each(t, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		for _, id := range []string{"CP1", "CP2"} {
			c := w.Point(id).Dial()
			c.bootAs("Vendor", "Sloppy", "1", id)
			c.Status(1, "Available", M{"extra": 1})
			c.Status(1, "Available", M{"extra": 1})
		}
		w.App.Door.Seen(w.Context())
		known := staff.models("Vendor")
		if len(known) != 1 || learnt(known[0], "flaw", "unknown field /extra")["times"] == nil {
			t.Fatalf("learned: %v", known)
		}
		if n := learnt(known[0], "flaw", "unknown field /extra").Int("times"); n != 4 {
			t.Errorf("counted %d", n)
		}
	})
}

func relative(connector int) asset.SetProfile {
	return asset.SetProfile{Connector: connector, Profile: asset.Profile{ID: 1, Stack: 2, Purpose: asset.ByDefault, Kind: asset.Relative,
		Schedule: asset.Schedule{Unit: asset.Amperes, Periods: []asset.Period{{Limit: 16000}}}}}
}

// sent is a charging profile as it went out.
func (a Asked) sent() (connector int64, kind, unit string, stack int64, limit string) {
	p := "csChargingProfiles"
	periods, _ := a.Payload.at([]string{p, "chargingSchedule", "chargingSchedulePeriod"}).([]any)
	if len(periods) > 0 {
		limit = M(periods[0].(map[string]any)).Str("limit")
	}
	return a.Payload.Int("connectorId"), a.Payload.Str(p, "chargingProfileKind"), a.Payload.Str(p, "chargingSchedule", "chargingRateUnit"), a.Payload.Int(p, "stackLevel"), limit
}

// Behaviours 70 to 73: a profile takes the form that staff say the model wants.
func TestRow70_71_72_73_AProfileTakesTheFormThatTheModelWants(t *testing.T) {
	Each(t, func(w *World) {
		staff, p := w.Staff(authz.OpAdmin), w.Point("CP1")
		c := p.Dial()
		c.bootAs("Huawei", "Wall", "1", "A")
		staff.Do("POST", "/api/v1/models", M{"vendor": "Huawei", "model": "Wall", "quirks": M{"stack_level_zero": true, "profile_kind": "absolute",
			"rate_unit": "W", "profile_connector_one": true}}).Want(201)
		_, err := w.App.Assets.Request(w.Context(), w.Scope, p.ID, relative(0), "x")
		w.OK(err)
		a := c.Asked("SetChargingProfile")
		connector, kind, unit, stack, limit := a.sent()
		if connector != 1 || kind != "Absolute" || unit != "W" || stack != 0 || limit != "3680" { // nobody says how many phases, so one is reckoned with
			t.Errorf("sent to %d as %s %s, level %d, limit %s", connector, kind, unit, stack, limit)
		}
		if a.Payload.Str("csChargingProfiles", "chargingSchedule", "startSchedule") == "" {
			t.Error("an absolute schedule without a start")
		}
		a.Accept()
	})
}

// Behaviours 71 and 73: a profile that is refused is tried in the other forms, each once;
// the one that passes is what the next charge point of the model gets at once.
func TestRow71_72_73_TheLadderFindsTheFormThatPasses(t *testing.T) {
	Each(t, func(w *World) {
		staff, p, twin := w.Staff(authz.OpAdmin), w.Point("CP1"), w.Point("CP2")
		c := p.Dial()
		c.bootAs("Picky", "Box", "1", "A")
		c.Status(1, "Available")
		_, err := w.App.Assets.Request(w.Context(), w.Scope, p.ID, relative(0), "x")
		w.OK(err)
		for _, want := range []struct {
			connector  int64
			kind, unit string
			stack      int64
			passes     bool
		}{{0, "Relative", "A", 2, false}, {1, "Relative", "A", 2, false}, {0, "Absolute", "A", 2, false}, {0, "Relative", "A", 0, false}, {0, "Relative", "W", 2, true}} {
			a := c.Asked("SetChargingProfile")
			connector, kind, unit, stack, _ := a.sent()
			if connector != want.connector || kind != want.kind || unit != want.unit || stack != want.stack {
				t.Errorf("sent to %d as %s %s, level %d; want %+v", connector, kind, unit, stack, want)
			}
			if want.passes {
				a.Accept()
			} else {
				a.Reply(M{"status": "Rejected"})
			}
		}
		w.Until("it is learned", func() bool {
			known := staff.models("Picky")
			return len(known) == 1 && learnt(known[0], "profile", "rate_unit_w") != nil
		})
		c.NotAsked()
		d := twin.Dial()
		d.bootAs("Picky", "Box", "1", "B")
		_, err = w.App.Assets.Request(w.Context(), w.Scope, twin.ID, relative(1), "x")
		w.OK(err)
		if _, _, unit, _, _ := d.Asked("SetChargingProfile").sent(); unit != "W" {
			t.Errorf("its twin gets %s", unit)
		}
	})
}

// A profile that is refused in every form is tried no more.
func TestRow71_TheLadderEnds(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		c := p.Dial()
		c.bootAs("Never", "Box", "1", "A")
		c.Status(1, "Available")
		_, err := w.App.Assets.Request(w.Context(), w.Scope, p.ID, relative(0), "x")
		w.OK(err)
		for range 5 {
			c.Asked("SetChargingProfile").Reply(M{"status": "Rejected"})
		}
		w.Until("all are answered", func() bool {
			l, err := w.App.Assets.Commands(w.Context(), w.Scope, asset.CommandFilter{Point: p.ID, State: asset.CommandRejected}, page(20))
			w.OK(err)
			return len(l.Items) == 5
		})
		c.NotAsked()
	})
}

// An answer is kept where the next form of the profile may not be sent any more.
func TestRow71_ARefusalStandsWhereNothingMoreMayBeSent(t *testing.T) {
	Each(t, func(w *World) {
		staff, p := w.Staff(authz.OpAdmin), w.Point("CP1")
		c := p.Dial()
		c.bootAs("Picky", "Box", "1", "A")
		cmd, err := w.App.Assets.Request(w.Context(), w.Scope, p.ID, relative(1), "x")
		w.OK(err)
		a := c.Asked("SetChargingProfile")
		staff.Do("POST", "/api/v1/models", M{"vendor": "Picky", "model": "Box", "quirks": M{"actions": M{"set_charging_profile": false}}}).Want(201)
		a.Reply(M{"status": "Rejected"})
		staff.Becomes(cmd.ID.String(), "rejected")
		c.NotAsked()
	})
}
