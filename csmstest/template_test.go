package csmstest

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"ccms/internal/authz"
)

// device answers for the settings of a scripted charge point.
type device struct {
	*Conn
	keys    M // as they are
	refuses map[string]string
	deaf    map[string]bool // it says yes and does nothing
}

// read answers the next GetConfiguration.
func (d *device) read() {
	d.Helper()
	a := d.Asked("GetConfiguration")
	var out []M
	for k, v := range d.keys {
		out = append(out, M{"key": k, "readonly": strings.HasPrefix(k, "Number"), "value": v})
	}
	a.Reply(M{"configurationKey": out})
}

// change answers the next ChangeConfiguration, and tells its key and its value.
func (d *device) change() string {
	d.Helper()
	a := d.Asked("ChangeConfiguration")
	key := a.Payload.Str("key")
	status := d.refuses[key]
	if status == "" {
		status = "Accepted"
	}
	if (status == "Accepted" || status == "RebootRequired") && !d.deaf[key] {
		d.keys[key] = a.Payload.Str("value")
	}
	a.Reply(M{"status": status})
	return key + "=" + a.Payload.Str("value")
}

// template makes an active one.
func (a *API) template(name string, settings ...M) string {
	a.world.Helper()
	return a.Do("POST", "/api/v1/config-templates", M{"name": name, "active": true, "settings": settings}).Want(201).Body.Str("id")
}

// settled waits until a comparison is over, and tells how each setting stands.
func (a *API) settled(p *Point, phase string) map[string]string {
	a.world.Helper()
	var last M
	out := map[string]string{}
	a.world.eventually(func() bool {
		last = a.Get("/api/v1/charge-points/" + p.ID.String() + "/settings").Want(200).Body
		return last.Str("phase") == phase
	}, func() { a.world.Fatalf("the settings are %v, want the phase %s", last, phase) })
	items, _ := last["items"].([]any)
	for _, i := range items {
		m := M(i.(map[string]any))
		out[m.Str("key")] = m.Str("state")
	}
	return out
}

// due lets the sweeper come by after a while.
func (w *World) due(d time.Duration) {
	w.Helper()
	w.Clock.Advance(d)
	_, err := w.App.Assets.RunSettings(w.Context())
	w.OK(err)
}

func wants(w *World, got map[string]string, want M) {
	w.Helper()
	for k, v := range want {
		if got[k] != v {
			w.Errorf("%s is %q, want %v (all: %v)", k, got[k], v, got)
		}
	}
}

// A template is applied when a charge point starts: differences only, one restart when
// idle and never twice for a revision; each setting that it refuses has a clear state.
func TestAST_R4_ATemplateIsAppliedOnBootAndRestartsOnce(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD", "20.00")
		staff := w.Staff(authz.OpAdmin)
		staff.template("All", M{"key": "HeartbeatInterval", "value": "300"}, M{"key": "TransactionMessageAttempts", "value": "10", "at_least": true},
			M{"key": "MeterValueSampleInterval", "value": "60"}, M{"key": "StopTransactionOnInvalidId", "value": "true"},
			M{"key": "MaxEnergyOnInvalidId", "value": "0"}, M{"key": "NumberOfConnectors", "value": "2"}, M{"key": "AllowOfflineTxForUnknownId", "value": "false"})
		p := w.Point("CP1")
		d := &device{Conn: p.Dial(), keys: M{"heartbeatinterval": "300", "TransactionMessageAttempts": "12", "MeterValueSampleInterval": "900",
			"StopTransactionOnInvalidId": "False", "NumberOfConnectors": "1", "AllowOfflineTxForUnknownId": "true"},
			refuses: map[string]string{"StopTransactionOnInvalidId": "RebootRequired", "MaxEnergyOnInvalidId": "NotSupported", "AllowOfflineTxForUnknownId": "Rejected"}}
		d.bootAs("Vendor", "Box", "1", "SN")
		tx := d.Charge(1, "CARD", 0)
		staff.settled(p, "waiting")
		w.due(15 * time.Second)
		d.read()
		for _, want := range []string{"MeterValueSampleInterval=60", "StopTransactionOnInvalidId=true", "MaxEnergyOnInvalidId=0", "AllowOfflineTxForUnknownId=false"} {
			if got := d.change(); got != want {
				t.Fatalf("it is given %s, want %s", got, want)
			}
		}
		wants(w, staff.settled(p, "restart"), M{"HeartbeatInterval": "same", "TransactionMessageAttempts": "same", "MeterValueSampleInterval": "taken",
			"StopTransactionOnInvalidId": "restart", "MaxEnergyOnInvalidId": "not_supported", "NumberOfConnectors": "read_only", "AllowOfflineTxForUnknownId": "refused"})
		w.due(2 * time.Minute)
		d.NotAsked() // it charges
		d.Finish(tx, 1000)
		d.Status(1, "Available")
		w.Advance(15 * time.Minute)
		d.Asked("Reset").Accept()
		d.Drop()

		d.Conn = p.Dial()
		d.bootAs("Vendor", "Box", "1", "SN")
		w.Until("it has started again", func() bool { return staff.settled(p, "waiting") != nil })
		w.due(15 * time.Second)
		d.keys["StopTransactionOnInvalidId"] = "false" // it forgot in the restart
		d.read()
		wants(w, staff.settled(p, "idle"), M{"MeterValueSampleInterval": "same", "StopTransactionOnInvalidId": "not_taken", "AllowOfflineTxForUnknownId": "refused"})
		d.NotAsked() // nothing is sent in vain again, and there is no second restart
		if v := staff.Get("/api/v1/charge-points?settings_differ=true").Want(200).Items(); len(v) != 1 || v[0].Int("settings_differ") != 2 {
			t.Errorf("the list of those that differ: %v", v)
		}
		// What two of the model do not have, the next one is not asked for (decision 0020).
		without, next := []string{"StopTransactionOnInvalidId=true", "AllowOfflineTxForUnknownId=false"}, []*Point{w.Point("CP2"), w.Point("CP3")}
		for i, wants := range [][]string{{without[0], "MaxEnergyOnInvalidId=0", without[1]}, without} {
			e := &device{Conn: next[i].Dial(), keys: maps.Clone(d.keys), refuses: map[string]string{"AllowOfflineTxForUnknownId": "Rejected", "MaxEnergyOnInvalidId": "NotSupported"}}
			e.bootAs("vendor", "box", "1", fmt.Sprint("SN", i+2))
			staff.settled(next[i], "waiting")
			w.due(15 * time.Second)
			e.read()
			for _, want := range wants {
				if got := e.change(); got != want {
					t.Errorf("%s is given %s, want %s", next[i].Identity, got, want)
				}
			}
		}
	})
}

// AST-A6: somebody on site changes a setting: it is flagged within a day, and one click
// gives it back.
func TestAST_A6_ADriftIsFlaggedWithinADayAndAppliedAgain(t *testing.T) {
	Each(t, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		staff.template("All", M{"key": "HeartbeatInterval", "value": "300"})
		p := w.Point("CP1")
		d := &device{Conn: p.Dial(), keys: M{"HeartbeatInterval": "300"}}
		d.bootAs("Vendor", "Box", "1", "SN")
		staff.settled(p, "waiting")
		w.due(15 * time.Second)
		d.read()
		staff.settled(p, "idle")

		d.keys["HeartbeatInterval"] = "86400"
		for range 24 * 60 / 10 { // it goes on with its life
			w.Clock.Advance(10 * time.Minute)
			d.Call("Heartbeat", nil)
			w.App.Door.Seen(w.Context())
		}
		_, err := w.App.Assets.RunSettings(w.Context())
		w.OK(err)
		d.read()
		staff = w.Staff(authz.OpAdmin) // the login of yesterday has ended
		wants(w, staff.settled(p, "idle"), M{"HeartbeatInterval": "differs"})
		d.NotAsked() // flagged, and left alone
		if v := staff.Get("/api/v1/charge-points?settings_differ=true").Want(200).Items(); len(v) != 1 {
			t.Errorf("flagged: %v", v)
		}
		staff.Do("POST", "/api/v1/charge-points/"+p.ID.String()+"/settings/apply", M{"reason": "as agreed"}, "Idempotency-Key", "k1").Want(200)
		w.due(time.Second)
		d.read()
		d.change()
		staff.settled(p, "waiting")
		w.due(15 * time.Second)
		d.read()
		wants(w, staff.settled(p, "idle"), M{"HeartbeatInterval": "same"})
		if v := staff.Get("/api/v1/charge-points?settings_differ=true").Want(200).Items(); len(v) != 0 {
			t.Errorf("still flagged: %v", v)
		}
		w.Staff(authz.Auditor).Do("POST", "/api/v1/charge-points/"+p.ID.String()+"/settings/apply", M{"reason": "x"}, "Idempotency-Key", "k2").Want(403)
	})
}

// Behaviour 85: a device says yes and does nothing: what it has is read, not believed; a
// click tries again.
func TestRow85_WhatADeviceSaysIsVerified(t *testing.T) {
	Each(t, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		id := staff.template("All", M{"key": "HeartbeatInterval", "value": "300"})
		p := w.Point("CP1")
		d := &device{Conn: p.Dial(), keys: M{"HeartbeatInterval": "60"}, deaf: map[string]bool{"HeartbeatInterval": true}}
		d.bootAs("Vendor", "Box", "1", "SN")
		staff.settled(p, "waiting")
		w.due(15 * time.Second)
		d.read()
		d.change()
		wants(w, staff.settled(p, "waiting"), M{"HeartbeatInterval": "taken"})
		w.due(15 * time.Second)
		d.read()
		wants(w, staff.settled(p, "idle"), M{"HeartbeatInterval": "not_taken"})
		w.Advance(time.Hour)
		d.bootAs("Vendor", "Box", "1", "SN")
		staff.settled(p, "waiting")
		w.due(15 * time.Second)
		d.read()
		staff.settled(p, "idle")
		d.NotAsked() // not for every start again

		staff.Do("POST", "/api/v1/config-templates/"+id+"/apply", M{"reason": "once more"}, "Idempotency-Key", "k").Want(204)
		w.due(15 * time.Second)
		d.read()
		d.deaf = nil
		d.change()
		staff.settled(p, "waiting")
		w.due(15 * time.Second)
		d.read()
		wants(w, staff.settled(p, "idle"), M{"HeartbeatInterval": "same"})
	})
}

// Behaviour 21 with a template: a model that must not be asked is neither read nor changed.
func TestRow21_ATemplateLeavesAModelAloneThatMustNotBeAsked(t *testing.T) {
	Each(t, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		staff.Do("POST", "/api/v1/models", M{"vendor": "ABB", "model": "Terra AC", "quirks": M{"never_probe": true}}).Want(201)
		staff.template("All", M{"key": "HeartbeatInterval", "value": "300"})
		p := w.Point("CP1")
		c := p.Dial()
		c.bootAs("ABB", "Terra AC", "1", "SN")
		staff.settled(p, "waiting")
		w.due(15 * time.Second)
		wants(w, staff.settled(p, "never_asked"), M{"HeartbeatInterval": "unread"})
		c.NotAsked()
	})
}

// The narrowest template counts; a draft counts for nobody; what cannot be is refused.
func TestAST_R4_WhichTemplateCounts(t *testing.T) {
	Each(t, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		staff.Do("POST", "/api/v1/config-templates", M{"name": "Draft"}).Want(201)
		if all := staff.Get("/api/v1/config-templates").Want(200).Items(); len(all) != 1 || !strings.Contains(all2(all), "StopTransactionOnInvalidId") || !strings.Contains(all2(all), "MaxEnergyOnInvalidId") {
			t.Errorf("the default settings: %v", all)
		}
		staff.Do("POST", "/api/v1/config-templates", M{"name": "Vendor's", "vendor": "vendor", "active": true, "settings": []M{{"key": "A", "value": "1"}}}).Want(201)
		staff.Do("POST", "/api/v1/config-templates", M{"name": "Box", "vendor": "VENDOR", "model": "box", "active": true, "settings": []M{{"key": "B", "value": "1"}}}).Want(201)
		staff.Do("POST", "/api/v1/config-templates", M{"name": "Box again", "vendor": "vendor", "model": "Box", "settings": []M{{"key": "B", "value": "1"}}}).Want(409)
		p := w.Point("CP1")
		d := &device{Conn: p.Dial(), keys: M{"A": "0"}}
		d.bootAs("Vendor", "Box", "1", "SN")
		staff.settled(p, "waiting")
		w.due(15 * time.Second)
		d.read()
		if got := d.change(); got != "B=1" {
			t.Errorf("it is given %s", got)
		}
		for _, bad := range []M{
			{"name": "x", "vendor": "w", "settings": []M{{"key": "AuthorizationKey", "value": "00"}}}, {"name": "x", "model": "y"},
			{"name": "x", "vendor": "w", "settings": []M{{"key": "A", "value": "1"}, {"key": "a", "value": "2"}}},
			{"name": "x", "vendor": "w", "settings": []M{{"key": "A", "value": "many", "at_least": true}}},
		} {
			staff.Do("POST", "/api/v1/config-templates", bad).Want(422)
		}
	})
}

func all2(rows []M) string {
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(all(r))
	}
	return b.String()
}
