package web

import (
	"context"
	"testing"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/operator"
)

// What may end a charge, open a lock or change how a device works has a permission of
// its own beside live.command (product §3.2.1), for one charge point and for many.
func TestDangerousCommandsHaveAPermissionOfTheirOwn(t *testing.T) {
	t.Parallel()
	as := func(r authz.Role) context.Context {
		return context.WithValue(context.Background(), callerKey{}, operator.Caller{Staff: operator.Staff{Role: r}})
	}
	for _, c := range []struct {
		kind  string
		order Order
		need  authz.Permission
	}{
		{"trigger_message", Order{RequestedMessage: "Heartbeat"}, authz.LiveCommand},
		{"get_configuration", Order{}, authz.LiveCommand},
		{"clear_cache", Order{}, authz.LiveCommand},
		{"reset", Order{}, authz.LiveCommand},
		{"reset", Order{ResetType: "soft"}, authz.LiveCommand},
		{"reset", Order{ResetType: "hard"}, authz.LiveHardReset},
		{"unlock", Order{Connector: 1}, authz.LiveUnlock},
		{"change_availability", Order{Availability: "inoperative"}, authz.LiveAvailability},
		{"change_availability", Order{Availability: "operative", Connector: 2}, authz.LiveAvailability},
		{"change_configuration", Order{Key: "k", Value: "v"}, authz.LiveConfigure},
		{"extended_trigger", Order{RequestedMessage: "Heartbeat"}, authz.LiveCommand},
		{"get_composite_schedule", Order{Composite: &CompositeQuery{Duration: 60}}, authz.LiveCommand},
		{"set_charging_profile", Order{Profile: &Profile{}}, authz.LiveProfile},
		{"clear_charging_profile", Order{}, authz.LiveProfile},
		{"data_transfer", Order{VendorMessage: &VendorTransfer{VendorID: "v"}}, authz.LiveConfigure},
	} {
		args, need, err := c.order.args(c.kind)
		if err != nil || need != c.need || string(asset.CommandOf(args).Type) != c.kind {
			t.Errorf("%s %+v: %v needs %s, %v", c.kind, c.order, args, need, err)
		}
		for _, role := range authz.Roles {
			_, err := orderFor(as(role), c.kind, c.order)
			if may := role.May(c.need); may != (err == nil) || !may && !fault.Is(err, fault.Denied) {
				t.Errorf("%s as %s: %v", c.kind, role, err)
			}
		}
	}
	for kind, o := range map[string]Order{"change_availability": {}, "explode": {}, "set_charging_profile": {}, "get_composite_schedule": {}, "data_transfer": {}} {
		if _, _, err := o.args(kind); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s %+v: %v", kind, o, err)
		}
	}
}

// The API refuses an order that is not whole, and says at which field.
func TestAnOrderThatIsNotWhole(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		path := "/api/v1/charge-points/" + w.mine.point + "/commands"
		for _, c := range []struct{ body, pointer string }{
			{`{"type":"reset"}`, "/reason"},
			{`{"type":"unlock","reason":"x"}`, "/connector"},
			{`{"type":"unlock","connector":65,"reason":"x"}`, "/connector"},
			{`{"type":"change_availability","reason":"x"}`, "/availability"},
			{`{"type":"change_availability","availability":"broken","reason":"x"}`, "/availability"},
			{`{"type":"change_configuration","value":"1","reason":"x"}`, "/key"},
			{`{"type":"change_configuration","key":"<script>alert(1)</script>` + "0123456789012345678901234567890" + `","value":"1","reason":"x"}`, "/key"},
			{`{"type":"get_configuration","keys":[""]}`, "/keys/0"},
			{`{"type":"clear_cache","reason":"x","queue_until_online_s":86401}`, "/queue_until_online_s"},
			{`{"type":"explode","reason":"x"}`, "/type"},
			{`{"type":"extended_trigger","requested_message":"DiagnosticsStatusNotification"}`, "/requested_message"},
			{`{"type":"set_charging_profile","reason":"x"}`, "/profile"},
			{`{"type":"set_charging_profile","profile":` + profileJSON("tx_default", "absolute", `{"start_s":0,"limit_milli":6000}`) + `}`, "/reason"},
			{`{"type":"set_charging_profile","reason":"x","profile":` + profileJSON("tx_default", "absolute", `{"start_s":5,"limit_milli":6000}`) + `}`, "/profile/schedule/periods/0/start_s"},
			{`{"type":"set_charging_profile","reason":"x","profile":` + profileJSON("tx_default", "recurring", `{"start_s":0,"limit_milli":6000}`) + `}`, "/profile/recurrence"},
			{`{"type":"set_charging_profile","reason":"x","profile":` + profileJSON("tx", "absolute", `{"start_s":0,"limit_milli":6000}`) + `,"connector":1}`, "/profile/session_id"},
			{`{"type":"set_charging_profile","reason":"x","connector":1,"profile":` + profileJSON("charge_point_max", "absolute", `{"start_s":0,"limit_milli":6000}`) + `}`, "/connector"},
			{`{"type":"set_charging_profile","reason":"x","profile":` + profileJSON("tx_default", "absolute", `{"start_s":0,"limit_milli":-1}`) + `}`, "/profile/schedule/periods/0/limit_milli"},
			{`{"type":"clear_charging_profile","reason":"x","profile_filter":{"purpose":"all"}}`, "/profile_filter/purpose"},
			{`{"type":"get_composite_schedule","composite":{"duration_s":0}}`, "/composite/duration_s"},
			{`{"type":"data_transfer","reason":"x","vendor_message":{"vendor_id":"a\u0001"}}`, "/vendor_message/vendor_id"},
		} {
			a := w.call("POST", path, c.body, bearer(w.mine.admin), key(newRequestID()))
			var p Problem
			a.into(&p)
			if a.status != 422 || len(p.Errors) == 0 || p.Errors[0].Pointer != c.pointer {
				w.Errorf("%s: %d %s", c.body, a.status, a.body)
			}
		}
		w.call("POST", path, `{"type":"clear_cache","reason":"x"}`, bearer(w.mine.admin)).wantCode(w, 400, "idempotency_key_missing")
		w.call("POST", "/api/v1/command-bulks", `{"type":"clear_cache","reason":"x","charge_point_ids":["`+w.mine.point+`"]}`, bearer(w.mine.admin)).wantCode(w, 400, "idempotency_key_missing")
		// The same key again is the same command.
		k := newRequestID()
		one := w.call("POST", path, `{"type":"clear_cache","reason":"x"}`, bearer(w.mine.admin), key(k)).want(w, 202)
		two := w.call("POST", path, `{"type":"clear_cache","reason":"x"}`, bearer(w.mine.admin), key(k)).want(w, 202)
		if string(one.body) != string(two.body) {
			w.Errorf("the same key gave %s and %s", one.body, two.body)
		}
	})
}

func profileJSON(purpose, kind, periods string) string {
	return `{"id":1,"stack_level":0,"purpose":"` + purpose + `","kind":"` + kind + `","schedule":{"unit":"A","periods":[` + periods + `]}}`
}
