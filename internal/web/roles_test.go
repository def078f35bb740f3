package web

import (
	"net/http"
	"strings"
	"testing"

	"ccms/internal/authz"
	"ccms/internal/operator"
)

// bodies has a body for each route that takes one: it passes the checks of form, so
// that what is tested is who may.
func (w *world) body(pattern string, t tenant) string {
	switch pattern {
	case "POST /api/v1/login":
		return `{"login":"nobody","password":"` + password + `"}`
	case "POST /api/v1/me/operator":
		return `{"operator_id":"` + t.op.ID.String() + `","reason":"test"}`
	case "POST /api/v1/api-tokens", "POST /api/v1/sub-operators":
		return `{"name":"x"}`
	case "POST /api/v1/operators":
		return `{"name":"C","currency":"EUR","time_zone":"UTC"}`
	case "POST /api/v1/staff":
		return `{"login":"matrix-` + strings.ToLower(newRequestID()) + `","name":"x","role":"op_ops","password":"` + password + `"}`
	case "POST /api/v1/staff/{id}/password":
		return `{"password":"` + password + `"}`
	case "POST /api/v1/price-tests":
		return `{"charge_point_id":"` + t.point + `","at":"2026-03-01T10:00:00Z","energy_wh":1000,"charging_s":3600}`
	case "POST /api/v1/price-comparisons":
		return `{"plan_id":"` + t.plan + `","from":"2026-03-01T00:00:00Z","to":"2026-03-08T00:00:00Z"}`
	case "POST /api/v1/groups":
		return `{"name":"` + newRequestID() + `"}`
	case "PATCH /api/v1/groups/{id}":
		return `{"name":"` + newRequestID() + `"}`
	case "POST /api/v1/plan-assignments":
		return `{"plan_id":"` + t.plan + `","audience":"LEVEL","membership_level":"Gold","places":[{"charge_point_id":"` + t.point + `"}]}`
	case "POST /api/v1/sites":
		return `{"name":"x","time_zone":"UTC"}`
	case "POST /api/v1/charge-points":
		return `{"site_id":"` + t.site + `","identity":"M-` + newRequestID() + `","name":"x","charger_type":"AC"}`
	case "POST /api/v1/unknown-charge-points/{id}/adopt":
		return `{"site_id":"` + t.site + `","name":"x","charger_type":"AC"}`
	case "POST /api/v1/unknown-charge-points/{id}/alias":
		return `{"charge_point_id":"` + t.point + `","reason":"x"}`
	case "POST /api/v1/unknown-charge-points/{id}/ignore":
		return `{"ignored":true}`
	case "POST /api/v1/charge-points/{id}/swap":
		return `{"reason":"x"}`
	case "POST /api/v1/models":
		return `{"vendor":"V","model":"` + newRequestID() + `"}`
	case "PUT /api/v1/models/{id}":
		return `{"quirks":{"never_probe":true}}`
	case "POST /api/v1/config-templates", "PUT /api/v1/config-templates/{id}":
		return `{"name":"x","vendor":"` + newRequestID() + `","settings":[{"key":"HeartbeatInterval","value":"60"}]}`
	case "POST /api/v1/config-templates/{id}/apply", "POST /api/v1/charge-points/{id}/settings/apply":
		return `{"reason":"x"}`
	case "PUT /api/v1/onboarding":
		return `{"unknown_may_knock":true}`
	case "POST /api/v1/drivers":
		return `{"account":"m` + newRequestID() + `@x.example"}`
	case "POST /api/v1/drivers/{id}/recharges":
		return `{"amount":{"amount":"1.00","currency":"EUR"},"reason":"x"}`
	case "POST /api/v1/drivers/{id}/payments":
		return `{"amount":{"amount":"1.00","currency":"EUR"},"method":"card","return_url":"https://portal.example/"}`
	case "POST /api/v1/payments/{id}/refunds":
		return `{"reason_code":"OTHER","reason":"x"}`
	case "PUT /api/v1/payment-options/{method}":
		return `{"enabled":true}`
	case "POST /api/v1/payment-options/{method}/test":
		return ``
	case "POST /api/v1/payment-checks":
		return `{"provider":"stripe","day":"2026-11-20"}`
	case "POST /api/v1/payment-hooks/{id}/{provider}":
		return `{}`
	case "POST /api/v1/guest-charges":
		return `{"code":"010001-1000-1","method":"card","return_url":"https://charge.example/"}`
	case "PUT /api/v1/recharge-rules":
		return `{"presets":[],"approve_above":{"amount":"0.50","currency":"EUR"},"approve_within_h":24}`
	case "POST /api/v1/drivers/{id}/recharge-requests":
		return `{"amount":{"amount":"600.00","currency":"EUR"},"reason":"x"}`
	case "POST /api/v1/recharge-requests/{id}/approval":
		return ``
	case "POST /api/v1/book-closings":
		return `{"month":"2026-10","reason":"x"}`
	case "POST /api/v1/ledger-entries/{id}/reversal", "POST /api/v1/recharge-requests/{id}/refusal", "POST /api/v1/book-closings/{id}/reopen":
		return `{"reason":"x"}`
	case "POST /api/v1/recharges/{id}/reversal":
		return `{"amount":{"amount":"1.00","currency":"EUR"},"reason":"x"}`
	case "POST /api/v1/sessions/{id}/review":
		return `{"verdict":"void","reason":"x"}`
	case "POST /api/v1/vendor-rules":
		return `{"vendor_id":"v` + newRequestID() + `","answer":"accepted"}`
	case "POST /api/v1/tokens":
		return `{"driver_id":"` + t.driver + `","uid":"` + newRequestID()[:14] + `"}`
	case "POST /api/v1/plans", "PUT /api/v1/plans/{id}":
		return planJSON
	case "POST /api/v1/views":
		return `{"list":"records","name":"x","query":"state=running"}`
	case "PUT /api/v1/columns":
		return `{"list":"records","columns":{"mobile":false}}`
	case "POST /api/v1/warnings/{id}/clear":
		return `{"reason":"looked at it"}`
	case "POST /api/v1/warnings/acknowledge":
		return `{"ids":["` + t.warning + `"]}`
	case "POST /api/v1/warnings/clear":
		return `{"ids":["` + t.warning + `"],"reason":"looked at it"}`
	case "PUT /api/v1/home/layout":
		return `{"blocks":["connectors"]}`
	case "POST /api/v1/charge-points/{id}/commands":
		return `{"type":"reset","reason":"test"}`
	case "PUT /api/v1/charge-points/{id}/security-profile":
		return `{"profile":2,"reason":"test"}`
	case "POST /api/v1/charge-points/{id}/key-change", "POST /api/v1/certificates/{id}/revoke", "POST /api/v1/authorities/{id}/drop":
		return `{"reason":"test"}`
	case "POST /api/v1/charge-points/{id}/profile-upgrade":
		return `{"to":2,"reason":"test"}`
	case "POST /api/v1/charge-points/{id}/certificate-commands":
		return `{"type":"get_certificates"}`
	case "POST /api/v1/certificates/{id}/signed":
		return `{"certificate_pem":"x"}`
	case "POST /api/v1/authorities":
		return `{"kind":"built_in"}`
	case "PUT /api/v1/authorities/{id}/revocations":
		return `{"list_pem":"x"}`
	case "PUT /api/v1/security-settings":
		return `{"minimum":1,"issuer":"built_in"}`
	case "POST /api/v1/firmware-images":
		return imageJSON
	case "POST /api/v1/charge-points/{id}/firmware":
		return `{"image_id":"` + t.image + `","reason":"test"}`
	case "POST /api/v1/firmware-campaigns":
		return `{"name":"x","image_id":"` + t.image + `","reason":"test"}`
	case "POST /api/v1/firmware-campaigns/{id}/rollback":
		return `{"reason":"test"}`
	case "POST /api/v1/local-lists":
		return `{"name":"x","cards":"MANUAL","token_ids":["` + t.token + `"],"site_ids":["` + t.site + `"],"charge_point_ids":["` + t.point + `"]}`
	case "POST /api/v1/local-lists/{id}/push", "POST /api/v1/reservations/{id}/cancel":
		return `{}`
	case "POST /api/v1/reservations":
		return `{"charge_point_id":"` + t.point + `","connector":1,"driver_id":"` + t.driver + `","until":"2026-06-01T00:00:00Z"}`
	case "POST /api/v1/maintenance-windows":
		return `{"site_id":"` + t.site + `","until":"2026-06-01T00:00:00Z","reason":"test"}`
	case "PUT /api/v1/warning-levels":
		return `{"levels":{"OFFLINE":"WARN"}}`
	case "POST /api/v1/command-bulks":
		return `{"type":"clear_cache","reason":"test","charge_point_ids":["` + t.point + `"]}`
	}
	if strings.HasPrefix(pattern, "PATCH") {
		return `{}`
	}
	return ""
}

// path fills the id of a tenant's object in.
func (w *world) path(rt Route, t tenant) string {
	id := map[string]string{
		"api-tokens": t.key, "operators": t.op.ID.String(), "sub-operators": t.sub, "staff": t.spare, "sites": t.site, "charge-points": t.point,
		"views": t.view, "exports": t.export, "drivers": t.driver, "tokens": t.token, "plans": t.plan, "sessions": t.session, "commands": t.command, "command-bulks": t.bulk,
		"warnings": t.warning, "unknown-charge-points": t.stranger, "models": t.model, "config-templates": t.template, "vendor-rules": t.vendorRule,
		"certificates": t.certificate, "authorities": t.authority,
		"charge-point-files": t.file, "firmware-images": t.image, "firmware-installs": t.install, "firmware-campaigns": t.campaign,
		"local-lists": t.list, "reservations": t.reservation, "maintenance-windows": t.window,
		"recharges": t.recharge, "ledger-entries": t.entry, "book-closings": t.closing, "recharge-requests": t.ask,
		"groups": t.group, "plan-assignments": t.assignment, "payments": t.payment, "payment-cards": t.card, "payment-hooks": t.op.ID.String(),
	}[rt.tag()]
	if strings.Contains(rt.Path, "{id}") && id == "" {
		w.Fatalf("%s: the test has no object for it", rt.Pattern())
	}
	return strings.NewReplacer("{id}", id, "{identity}", "NOBODY", "{method}", "cash", "{provider}", "stripe", "{code}", "010001-1000-1").Replace(rt.Path)
}

func (w *world) callRoute(rt Route, t tenant, opts ...callOption) answer {
	w.Helper()
	return w.callPath(rt, w.path(rt, t), t, opts...)
}

func (w *world) callPath(rt Route, path string, t tenant, opts ...callOption) answer {
	w.Helper()
	if rt.Versioned {
		opts = append(opts, version(1))
	}
	if rt.Keyed {
		opts = append(opts, key(newRequestID()))
	}
	return w.call(rt.Method, path, w.body(rt.Pattern(), t), opts...)
}

// own says that the answer hangs on more than the role: a login of its own is
// needed, or the object is the caller's own.
func personal(rt Route) bool {
	return (rt.tag() == "api-tokens" || rt.tag() == "views" || rt.tag() == "exports") && strings.Contains(rt.Path, "{id}")
}

// Every route × every role: who holds the permission gets past the guard, who does
// not gets 403; × no login: 401; × an object of another operator: 404.
func TestEveryRouteForEveryRole(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		w.furnish(&w.theirs)
		for _, rt := range Routes() {
			if rt.Streams {
				continue // a stream does not end by itself: see live_test.go, frames_test.go
			}
			if a := w.callRoute(rt, w.mine); rt.Permission != authz.Open && (a.status != 401 || a.code() != "not_signed_in") {
				w.Errorf("%s without login: %d %s", rt.Pattern(), a.status, a.body)
			}
			if rt.Permission == authz.Open {
				continue
			}
			for _, role := range authz.Roles {
				b := w.loginAs(role)
				may := role.May(rt.Permission)
				// Another operator's object first: it must not change by it.
				if strings.Contains(rt.Path, "{id}") {
					a := w.callRoute(rt, w.theirs, b.option)
					switch platform := role == authz.Owner && rt.tag() == "operators"; {
					case !may && (a.status != 403 || a.code() != "forbidden"):
						w.Errorf("%s as %s on another's: %d %s", rt.Pattern(), role, a.status, a.body)
					case may && !platform && (a.status != 404 || a.code() != "not_found"):
						w.Errorf("%s as %s on another's: %d %s", rt.Pattern(), role, a.status, a.body)
					}
				}
				a := w.callRoute(rt, w.mine, b.option)
				switch {
				case !may && (a.status != 403 || a.code() != "forbidden"):
					w.Errorf("%s as %s: %d, want 403: %s", rt.Pattern(), role, a.status, a.body)
				case may && (a.status == 401 || a.status == 403 || a.status >= 500) && !refusedForAReason(rt, role, a):
					w.Errorf("%s as %s: %d: %s", rt.Pattern(), role, a.status, a.body)
				case may && rt.Method == http.MethodGet && !personal(rt) && a.status != 200 && !(role == authz.Owner && a.status == 404):
					w.Errorf("%s as %s: %d: %s", rt.Pattern(), role, a.status, a.body)
				}
			}
		}
	})
}

// refusedForAReason lists where a role holds the permission and its place does not
// allow the request: an owner outside of any operator has no sub-operators.
func refusedForAReason(rt Route, role authz.Role, a answer) bool {
	return role == authz.Owner && a.status == 403 && a.code() == "operator_only" && rt.tag() == "sub-operators"
}

// noList is what a GET of one thing is, which takes no limit.
func noList(rt Route) bool {
	switch strings.TrimPrefix(rt.Path, "/api/v1/") {
	case "me", "search", "site-status", "onboarding", "security-settings", "warning-levels", "recharge-rules", "trial-balance", "payment-options":
		return true
	}
	return rt.tag() == "authorities" || rt.tag() == "home" || strings.HasSuffix(rt.Path, "/sums")
}

// What a foreign operator owns does not show in any list, by no filter, and cannot
// be named in a new object.
func TestNothingOfAnotherOperatorShows(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		w.furnish(&w.theirs)
		theirs := []string{w.theirs.op.ID.String(), w.theirs.sub, w.theirs.site, w.theirs.point, w.theirs.driver, w.theirs.token, w.theirs.plan,
			w.theirs.session, w.theirs.command, w.theirs.bulk, w.theirs.spare, w.theirs.key, w.theirs.recharge, w.theirs.view, w.theirs.export,
			w.theirs.warning, w.theirs.stranger, w.theirs.model, w.theirs.template, w.theirs.certificate, w.theirs.authority,
			w.theirs.file, w.theirs.image, w.theirs.install, w.theirs.campaign, w.theirs.list, w.theirs.reservation, w.theirs.window, w.theirs.entry, w.theirs.closing, w.theirs.ask, w.theirs.payment, w.theirs.card,
			w.theirs.group, w.theirs.assignment}
		mine := bearer(w.mine.admin)
		for _, rt := range Routes() {
			if rt.Method != http.MethodGet || strings.Contains(rt.Path, "{id}") || rt.Pattern() == livePattern || strings.HasPrefix(rt.tag(), "guest-") {
				continue // guests are nobody's staff: csmstest has what they may see
			}
			for _, query := range []string{"", "?limit=100"} {
				if query != "" && noList(rt) {
					continue
				}
				a := w.call("GET", rt.Path+query, "", mine).want(w, 200)
				for _, id := range theirs {
					if strings.Contains(string(a.body), id) {
						w.Errorf("%s%s shows %s of another operator", rt.Path, query, id)
					}
				}
			}
		}
		for _, filtered := range []string{
			"/api/v1/charge-points?site_id=" + w.theirs.site, "/api/v1/tokens?driver_id=" + w.theirs.driver, "/api/v1/recharges?driver_id=" + w.theirs.driver,
			"/api/v1/sessions?site_id=" + w.theirs.site, "/api/v1/sessions?driver_id=" + w.theirs.driver, "/api/v1/sessions?charge_point_id=" + w.theirs.point,
			"/api/v1/commands?session_id=" + w.theirs.session, "/api/v1/commands?charge_point_id=" + w.theirs.point,
			"/api/v1/warnings?charge_point_id=" + w.theirs.point, "/api/v1/warnings?site_id=" + w.theirs.site, "/api/v1/warnings?parent_id=" + w.theirs.warning,
			"/api/v1/certificates?charge_point_id=" + w.theirs.point, "/api/v1/security-events?charge_point_id=" + w.theirs.point,
			"/api/v1/attempts?charge_point_id=" + w.theirs.point, "/api/v1/audit?object=" + w.theirs.site,
			"/api/v1/reservations?charge_point_id=" + w.theirs.point,
			"/api/v1/drivers?account=driver@b4f.example", "/api/v1/tokens?uid=13ADF6B0", "/api/v1/sites?name=b4f", "/api/v1/sessions?point=b4f",
		} {
			var l struct {
				Items []any
				Total int
			}
			w.call("GET", filtered, "", mine).want(w, 200).into(&l)
			if len(l.Items) != 0 || l.Total != 0 {
				w.Errorf("%s: %d items, total %d", filtered, len(l.Items), l.Total)
			}
		}
		for _, c := range []struct{ why, method, path, body string }{
			{"a charge point on their site", "POST", "/api/v1/charge-points", w.body("POST /api/v1/charge-points", w.theirs)},
			{"a card for their driver", "POST", "/api/v1/tokens", w.body("POST /api/v1/tokens", w.theirs)},
			{"a site with their plan", "POST", "/api/v1/sites", `{"name":"x","time_zone":"UTC","plan_id":"` + w.theirs.plan + `"}`},
			{"a site of their sub-operator", "POST", "/api/v1/sites", `{"name":"x","time_zone":"UTC","sub_operator_id":"` + w.theirs.sub + `"}`},
			{"an account in their sub-operator", "POST", "/api/v1/staff", `{"login":"spy-1","name":"x","role":"op_ops","password":"` + password + `","sub_operator_id":"` + w.theirs.sub + `"}`},
			{"a list of their cards", "POST", "/api/v1/local-lists", `{"name":"x","cards":"MANUAL","token_ids":["` + w.theirs.token + `"]}`},
			{"a list for their site", "POST", "/api/v1/local-lists", `{"name":"x","cards":"ALL","site_ids":["` + w.theirs.site + `"]}`},
			{"a list for their charge point", "POST", "/api/v1/local-lists", `{"name":"x","cards":"ALL","charge_point_ids":["` + w.theirs.point + `"]}`},
			{"a list of their sub-operator", "POST", "/api/v1/local-lists", `{"name":"x","cards":"SUB_OPERATOR","cards_of":"` + w.theirs.sub + `"}`},
			{"a price of their plan", "POST", "/api/v1/plan-assignments", `{"plan_id":"` + w.theirs.plan + `","audience":"AD_HOC","places":[{}]}`},
			{"a price for their group", "POST", "/api/v1/plan-assignments", `{"plan_id":"` + w.mine.plan + `","audience":"GROUP","group_id":"` + w.theirs.group + `","places":[{}]}`},
			{"a price at their site", "POST", "/api/v1/plan-assignments", `{"plan_id":"` + w.mine.plan + `","audience":"AD_HOC","places":[{"site_id":"` + w.theirs.site + `"}]}`},
			{"a price at their charge point", "POST", "/api/v1/plan-assignments", `{"plan_id":"` + w.mine.plan + `","audience":"AD_HOC","places":[{"charge_point_id":"` + w.theirs.point + `"}]}`},
			{"a plan for everyone at their charge point", "POST", "/api/v1/plan-assignments", `{"plan_id":"` + w.mine.plan + `","audience":"EVERYONE","places":[{"charge_point_id":"` + w.theirs.point + `"}]}`},
			{"a price at their sub-operator's", "POST", "/api/v1/plan-assignments", `{"plan_id":"` + w.mine.plan + `","audience":"AD_HOC","places":[{"sub_operator_id":"` + w.theirs.sub + `"}]}`},
			{"a driver of their group", "POST", "/api/v1/drivers", `{"account":"spy@x.example","group_id":"` + w.theirs.group + `"}`},
			{"what their driver would pay", "POST", "/api/v1/price-tests", `{"site_id":"` + w.mine.site + `","driver_id":"` + w.theirs.driver + `","at":"2026-03-01T10:00:00Z","energy_wh":1000,"charging_s":3600}`},
			{"last week under their plan", "POST", "/api/v1/price-comparisons", w.body("POST /api/v1/price-comparisons", w.theirs)},
			{"what their site costs", "POST", "/api/v1/price-tests", `{"site_id":"` + w.theirs.site + `","at":"2026-03-01T10:00:00Z","energy_wh":1000,"charging_s":3600}`},
			{"a reservation of their charge point", "POST", "/api/v1/reservations", w.body("POST /api/v1/reservations", w.theirs)},
			{"a start with their driver", "POST", "/api/v1/charge-points/" + w.mine.point + "/commands", `{"type":"remote_start","connector":1,"driver_id":"` + w.theirs.driver + `"}`},
			{"a stop of their session", "POST", "/api/v1/charge-points/" + w.mine.point + "/commands", `{"type":"remote_stop","session_id":"` + w.theirs.session + `"}`},
		} {
			a := w.call(c.method, c.path, c.body, mine, key(newRequestID()))
			if a.status != 404 && a.status != 422 && a.status != 409 {
				w.Errorf("%s: %d %s", c.why, a.status, a.body)
			}
		}
	})
}

// SUB-A1: a sub-operator's staff see nothing of the operator's own nor of a sibling.
func TestASubOperatorSeesOnlyItself(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		admin := bearer(w.mine.admin)
		newSub := func(name string) (id string, token string) {
			var s SubOperator
			w.call("POST", "/api/v1/sub-operators", `{"name":"`+name+`"}`, admin).want(w, 201).into(&s)
			st, err := w.svc.Operator.CreateStaff(w.Context(), authz.ForSystem(w.mine.op.ID, "test"),
				operator.NewStaff{Sub: s.ID, Login: "admin-" + name, Name: name, Role: authz.OpAdmin, Password: password})
			w.ok(err)
			_, token, err = w.svc.Operator.CreateAPIToken(w.Context(), authz.ForSystem(w.mine.op.ID, "test"), operator.NewAPIToken{Staff: st.ID, Name: "x"})
			w.ok(err)
			return s.ID.String(), token
		}
		east, eastToken := newSub("east")
		_, westToken := newSub("west")
		for _, rt := range Routes() {
			if !strings.Contains(rt.Path, "{id}") || !authz.OpAdmin.May(rt.Permission) || rt.Permission == authz.Open || rt.tag() == "operators" {
				continue
			}
			a := w.callRoute(rt, w.mine, bearer(eastToken))
			if a.status != 404 {
				w.Errorf("%s on the parent's object: %d %s", rt.Pattern(), a.status, a.body)
			}
		}
		var site Site
		w.call("POST", "/api/v1/sites", `{"name":"east site","time_zone":"UTC"}`, bearer(eastToken)).want(w, 201).into(&site)
		if site.SubOperatorID.String() != east {
			w.Errorf("the site belongs to %q", site.SubOperatorID)
		}
		path := "/api/v1/sites/" + site.ID.String()
		w.call("GET", path, "", bearer(westToken)).wantCode(w, 404, "not_found")
		w.call("GET", path, "", admin).want(w, 200)
		w.call("GET", "/api/v1/sub-operators/"+east, "", bearer(westToken)).wantCode(w, 404, "not_found")
		w.call("POST", "/api/v1/sub-operators", `{"name":"third tier"}`, bearer(eastToken)).wantCode(w, 403, "two_tiers_only")
		var l struct{ Total int }
		w.call("GET", "/api/v1/staff", "", bearer(eastToken)).want(w, 200).into(&l)
		if l.Total != 1 {
			w.Errorf("%d accounts show", l.Total)
		}
	})
}

func TestAnOwnerWorksInsideAnOperatorOnlyAfterEntering(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		b := w.loginAs(authz.Owner)
		w.call("GET", "/api/v1/sites", "", b.option).wantCode(w, 403, "forbidden")
		a := w.call("POST", "/api/v1/me/operator", w.body("POST /api/v1/me/operator", w.mine), b.option).want(w, 200)
		if !strings.Contains(string(a.body), `"acting_in"`) {
			w.Errorf("%s", a.body)
		}
		w.call("GET", "/api/v1/sites", "", b.option).want(w, 200)
		w.call("POST", "/api/v1/api-tokens", `{"name":"x"}`, b.option).wantCode(w, 409, "leave_operator_first")
		var l struct{ Items []AuditRow }
		w.call("GET", "/api/v1/audit?action=operator.entered", "", bearer(w.mine.admin)).want(w, 200).into(&l)
		if len(l.Items) != 1 || l.Items[0].OnBehalfOf != w.mine.op.ID || l.Items[0].StaffID != w.owner.ID {
			w.Errorf("the operator's audit: %+v", l.Items)
		}
		w.call("DELETE", "/api/v1/me/operator", "", b.option).want(w, 200)
		w.call("GET", "/api/v1/sites", "", b.option).wantCode(w, 403, "forbidden")
	})
}

func TestPersonalDataAreCoveredWithoutThePermission(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		secrets := []string{"driver@a3e.example", "Dora", "13ADF6A0", "13adf6a0", "+49170"}
		auditor, ops, admin := w.loginAs(authz.Auditor), w.loginAs(authz.OpOps), w.loginAs(authz.OpAdmin)
		_, err := w.svc.Member.SweepLists(w.Context(), w.clock.Now())
		w.ok(err)
		for _, path := range []string{"/api/v1/local-lists/" + w.mine.list + "/cards", "/api/v1/reservations", "/api/v1/reservations/" + w.mine.reservation,
			"/api/v1/drivers", "/api/v1/drivers/" + w.mine.driver, "/api/v1/tokens", "/api/v1/tokens/" + w.mine.token,
			"/api/v1/recharges", "/api/v1/sessions", "/api/v1/sessions/" + w.mine.session, "/api/v1/sessions/" + w.mine.session + "/frames",
			"/api/v1/attempts", "/api/v1/audit?limit=100"} {
			a := w.call("GET", path, "", auditor.option).want(w, 200)
			for _, s := range secrets {
				if strings.Contains(string(a.body), s) {
					w.Errorf("%s shows %q to the auditor: %s", path, s, a.body)
				}
			}
		}
		open := w.call("GET", "/api/v1/drivers/"+w.mine.driver, "", admin.option).want(w, 200)
		if !strings.Contains(string(open.body), "Dora") || strings.Contains(string(open.body), `"masked":true`) {
			w.Errorf("the admin sees %s", open.body)
		}
		// No money for the technicians (product §2.1).
		for _, path := range []string{"/api/v1/drivers", "/api/v1/sessions", "/api/v1/sessions/" + w.mine.session} {
			a := w.call("GET", path, "", ops.option).want(w, 200)
			for _, s := range []string{`"balance"`, `"cost"`, `"hold"`, `"bill"`, `"captured"`} {
				if strings.Contains(string(a.body), s) {
					w.Errorf("%s shows %s to a role without finance.read: %s", path, s, a.body)
				}
			}
		}
	})
}
