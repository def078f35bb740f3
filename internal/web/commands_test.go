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
	for kind, o := range map[string]Order{"change_availability": {}, "explode": {}} {
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
