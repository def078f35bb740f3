package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/operator"
)

func TestLoginIsOneTextForEveryFailureAndThrottled(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		try := func(login, pw, ip string) answer {
			return w.call("POST", "/api/v1/login", `{"login":"`+login+`","password":"`+pw+`"}`, from(ip))
		}
		unknown := try("nobody", password, "192.0.2.1").wantCode(w, 401, "bad_credentials")
		wrong := try("a3e-op_admin", "wrong wrong wrong", "192.0.2.1").wantCode(w, 401, "bad_credentials")
		strip := func(a answer) string {
			var p Problem
			a.into(&p)
			return p.Detail + p.Title
		}
		if strip(unknown) != strip(wrong) {
			w.Errorf("%s and %s", unknown.body, wrong.body)
		}
		for range 4 {
			try("a3e-op_admin", "wrong wrong wrong", "192.0.2.1").wantCode(w, 401, "bad_credentials")
		}
		a := try("a3e-op_admin", password, "192.0.2.1").wantCode(w, 429, "throttled")
		if n, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || n != 60 {
			w.Errorf("Retry-After %q", a.header.Get("Retry-After"))
		}
		w.clock.Advance(time.Minute)
		try("a3e-op_admin", password, "192.0.2.1").want(w, 200)
	})
}

func TestACookieNeedsTheCSRFToken(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		b := w.loginAs(authz.OpAdmin)
		site := `{"name":"x","time_zone":"UTC"}`
		for why, csrf := range map[string]string{"none": "", "another": "x" + b.csrf, "of another login": w.loginAs(authz.OpAdmin).csrf} {
			a := w.call("POST", "/api/v1/sites", site, browser{b.cookie, csrf}.option)
			if a.status != 403 || a.code() != "csrf" {
				w.Errorf("%s: %d %s", why, a.status, a.body)
			}
		}
		w.call("POST", "/api/v1/logout", "", browser{b.cookie, ""}.option).wantCode(w, 403, "csrf")
		var l struct{ Total int }
		w.call("GET", "/api/v1/sites", "", browser{b.cookie, ""}.option).want(w, 200).into(&l) // reading changes nothing
		if l.Total != 0 {
			w.Errorf("%d sites were made", l.Total)
		}
		w.call("POST", "/api/v1/sites", site, b.option).want(w, 201)
		w.call("POST", "/api/v1/sites", site, bearer(w.mine.admin)).want(w, 201) // no browser sends a bearer token by itself
	})
}

func TestTheCookieIsOutOfReachOfScripts(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		a := w.call("POST", "/api/v1/login", `{"login":"a3e-op_admin","password":"`+password+`"}`).want(w, 200)
		c, err := http.ParseSetCookie(a.header.Get("Set-Cookie"))
		w.ok(err)
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Secure || strings.Contains(string(a.body), c.Value) {
			w.Errorf("%+v", c)
		}
		b := w.loginAs(authz.OpAdmin)
		out := w.call("POST", "/api/v1/logout", "", b.option).want(w, 204)
		if gone, err := http.ParseSetCookie(out.header.Get("Set-Cookie")); err != nil || gone.MaxAge >= 0 || gone.Value != "" {
			w.Errorf("%v %v", gone, err)
		}
		w.call("GET", "/api/v1/me", "", b.option).wantCode(w, 401, "not_signed_in")
	})
}

func TestTheCookieIsSecureBehindTLS(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		a := w.call("POST", "/api/v1/login", `{"login":"a3e-op_admin","password":"`+password+`"}`, header("X-Forwarded-Proto", "https")).want(w, 200)
		c, err := http.ParseSetCookie(a.header.Get("Set-Cookie"))
		w.ok(err)
		if !c.Secure || a.header.Get("Strict-Transport-Security") == "" {
			w.Errorf("%+v %v", c, a.header)
		}
	}, func(_ *world, o *Options) { o.TrustProxy = true })
}

func TestAnExpiredLoginSaysSo(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		b := w.loginAs(authz.OpAdmin)
		w.clock.Advance(operator.LoginIdle)
		w.call("GET", "/api/v1/me", "", b.option).wantCode(w, 401, "login_expired")
		a := w.call("POST", "/api/v1/sites", `{"name":"x","time_zone":"UTC"}`, b.option).wantCode(w, 401, "login_expired")
		if !strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") {
			w.Error(a.header)
		}
	})
}

func TestAStaleVersionIsRefusedWithBoth(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		admin := bearer(w.mine.admin)
		a := w.call("POST", "/api/v1/sites", `{"name":"One","time_zone":"UTC"}`, admin).want(w, 201)
		path := a.header.Get("Location")
		if a.header.Get("ETag") != `"1"` || !strings.HasPrefix(path, "/api/v1/sites/site_") {
			w.Errorf("%v", a.header)
		}
		w.call("PATCH", path, `{"name":"Two"}`, admin, version(1)).want(w, 200)
		a = w.call("PATCH", path, `{"name":"Three"}`, admin, version(1)).wantCode(w, 409, "stale_version")
		var p Problem
		a.into(&p)
		if p.HaveVersion != 2 || p.WantVersion != 1 {
			w.Errorf("%s", a.body)
		}
		w.call("PATCH", path, `{"name":"Three"}`, admin).wantCode(w, 428, "if_match_missing")
		w.call("DELETE", path, "", admin).wantCode(w, 428, "if_match_missing")
		for _, bad := range []string{`"x"`, "*", `""`, `"1", "2"`, "-1"} {
			w.call("PATCH", path, `{"name":"Three"}`, admin, header("If-Match", bad)).wantCode(w, 422, "invalid_input")
		}
		w.call("PATCH", path, `{"name":"Three"}`, admin, header("If-Match", `W/"2"`)).want(w, 200)
		var s Site
		w.call("GET", path, "", admin).want(w, 200).into(&s)
		if s.Name != "Three" || s.Version != 3 {
			w.Errorf("%+v", s)
		}
	})
}

func TestMergePatchTellsNullFromAbsent(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		admin := bearer(w.mine.admin)
		var p Plan
		w.call("POST", "/api/v1/plans", planJSON, admin).want(w, 201).into(&p)
		var s Site
		w.call("POST", "/api/v1/sites", `{"name":"One","time_zone":"UTC","plan_id":"`+p.ID.String()+`","customer_care":"123"}`, admin).want(w, 201).into(&s)
		path := "/api/v1/sites/" + s.ID.String()
		w.call("PATCH", path, `{"name":"Two"}`, admin, version(1), header("Content-Type", "application/merge-patch+json")).want(w, 200).into(&s)
		if s.PlanID != p.ID || s.CustomerCare != "123" {
			w.Errorf("absent fields changed: %+v", s)
		}
		s = Site{}
		w.call("PATCH", path, `{"plan_id":null,"customer_care":null}`, admin, version(2)).want(w, 200).into(&s)
		if !s.PlanID.IsZero() || s.CustomerCare != "" || s.Name != "Two" {
			w.Errorf("null did not clear: %+v", s)
		}
		s = Site{}
		w.call("PATCH", path, `{"position":{"latitude":"-33.4489","longitude":"-70.66930001"},"contracted_power_w":60000}`, admin, version(3)).want(w, 200).into(&s)
		if s.Position == nil || s.Position.Latitude != -33_448_900 || s.Position.Longitude != -70_669_300 || s.Contracted != 60_000 {
			w.Errorf("it is not where it was put: %+v", s)
		}
		w.call("PATCH", path, `{"name":"Three"}`, admin, version(4)).want(w, 200).into(&s)
		if s.Position == nil || s.Contracted != 60_000 {
			w.Errorf("absent fields changed: %+v", s)
		}
		s = Site{}
		w.call("PATCH", path, `{"position":null,"contracted_power_w":null}`, admin, version(5)).want(w, 200).into(&s)
		if s.Position != nil || s.Contracted != 0 {
			w.Errorf("null did not clear: %+v", s)
		}
	})
}

// Bad input: the answer names each wrong field by a JSON pointer, has a stable code
// and the request's id, and repeats nothing that came in.
func TestBadInputIsNamedAndNotRepeated(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		const secret = "s3cr3t-value"
		for _, c := range []struct {
			why, method, path, body string
			status                  int
			code, pointers          string
		}{
			{"an empty form", "POST", "/api/v1/sites", `{}`, 422, "invalid_input", "/name /time_zone"},
			{"an empty form of a driver", "POST", "/api/v1/drivers", `{}`, 422, "invalid_input", "/account"},
			{"an empty login", "POST", "/api/v1/login", `{}`, 422, "invalid_input", "/login /password"},
			{"an empty name", "POST", "/api/v1/sites", `{"name":"","time_zone":"UTC"}`, 422, "invalid_input", "/name"},
			{"a text that PostgreSQL cannot hold", "POST", "/api/v1/sites", `{"name":"a\u0000b","time_zone":"UTC"}`, 422, "invalid_input", "/name"},
			{"the same in a filter", "GET", "/api/v1/audit?action=%00", ``, 422, "text_not_storable", ""},
			{"no body", "POST", "/api/v1/sites", ``, 400, "body_missing", ""},
			{"no JSON", "POST", "/api/v1/sites", `{"name": ` + secret, 400, "invalid_json", ""},
			{"a wrong type", "POST", "/api/v1/sites", `{"name":{"a":"` + secret + `"},"time_zone":"UTC"}`, 422, "invalid_input", "/name"},
			{"an unknown field", "POST", "/api/v1/sites", `{"name":"x","time_zone":"UTC","nmae":"` + secret + `"}`, 422, "invalid_input", "/nmae"},
			{"a zone that is none", "POST", "/api/v1/sites", `{"name":"x","time_zone":"` + secret + `"}`, 422, "invalid_input", "/time_zone"},
			{"a price that is none", "POST", "/api/v1/plans", strings.Replace(planJSON, "0.30", secret, 1), 422, "invalid_input", ""},
			{"an amount that is none", "POST", "/api/v1/drivers/drv_00000000000000000000000004/recharges", `{"amount":{"amount":"` + secret + `","currency":"EUR"},"reason":"x"}`, 422, "invalid_input", "/amount/amount"},
			{"a nested list", "POST", "/api/v1/charge-points", `{"site_id":"` + w.mine.site + `","identity":"X","name":"x","charger_type":"AC","connectors":[{"number":1},{"number":"` + secret + `"}]}`, 422, "invalid_input", "/connectors/1/number"},
			{"an id that is none", "GET", "/api/v1/sites/" + secret, ``, 404, "not_found", ""},
			{"an id of another kind", "GET", "/api/v1/sites/" + w.mine.op.ID.String(), ``, 404, "not_found", ""},
			{"a filter that is no id", "GET", "/api/v1/charge-points?site_id=" + secret, ``, 422, "invalid_input", "/query/site_id"},
			{"a latitude that is none", "POST", "/api/v1/sites", `{"name":"x","time_zone":"UTC","position":{"latitude":"` + secret + `","longitude":"1"}}`, 422, "invalid_input", "/position/latitude"},
			{"a latitude beyond the pole", "POST", "/api/v1/sites", `{"name":"x","time_zone":"UTC","position":{"latitude":"90.1","longitude":"1"}}`, 422, "invalid_input", "/position/latitude"},
			{"a position in the sea", "POST", "/api/v1/sites", `{"name":"x","time_zone":"UTC","position":{"latitude":"0","longitude":"0.0"}}`, 422, "invalid_input", "/position"},
			{"power below nothing", "POST", "/api/v1/sites", `{"name":"x","time_zone":"UTC","contracted_power_w":-1}`, 422, "invalid_input", "/contracted_power_w"},
			{"an unknown filter", "GET", "/api/v1/sites?" + secret + "=1", ``, 422, "invalid_input", ""},
			{"a limit of a million", "GET", "/api/v1/sites?limit=1000000", ``, 422, "invalid_input", "/query/limit"},
			{"a cursor that is none", "GET", "/api/v1/sites?cursor=" + secret, ``, 422, "invalid_input", "/cursor"},
			{"an unknown path", "GET", "/api/v1/" + secret, ``, 404, "not_found", ""},
			{"an unknown state", "GET", "/api/v1/sessions?state=" + secret, ``, 422, "invalid_input", "/query/state"},
		} {
			a := w.call(c.method, c.path, c.body, bearer(w.mine.admin), key(newRequestID()))
			var p Problem
			if json.Unmarshal(a.body, &p) != nil || a.status != c.status || p.Code != c.code {
				w.Errorf("%s: %d %s", c.why, a.status, a.body)
				continue
			}
			var got []string
			for _, f := range p.Errors {
				got = append(got, f.Pointer)
			}
			if c.pointers != "" && strings.Join(got, " ") != c.pointers {
				w.Errorf("%s: pointers %q, want %q: %s", c.why, got, c.pointers, a.body)
			}
			if c.why != "an unknown filter" && strings.Contains(string(a.body), secret) {
				w.Errorf("%s: the answer repeats the input: %s", c.why, a.body)
			}
			if p.RequestID == "" || p.RequestID != a.header.Get("X-Request-Id") || p.Type != "urn:ccms:problem:"+c.code || p.Status != c.status || p.Title == "" {
				w.Errorf("%s: %s", c.why, a.body)
			}
			if a.header.Get("Content-Type") != problemType {
				w.Errorf("%s: %s", c.why, a.header.Get("Content-Type"))
			}
		}
		if strings.Contains(w.log.String(), secret) {
			w.Error("the log repeats the input")
		}
		w.call("POST", "/api/v1/sites", `name=x`, bearer(w.mine.admin), header("Content-Type", "application/x-www-form-urlencoded")).wantCode(w, 415, "unknown_media_type")
		a := w.call("PUT", "/api/v1/sites", `{}`, bearer(w.mine.admin)).wantCode(w, 405, "method_not_allowed")
		if a.header.Get("Allow") != "GET, POST" {
			w.Errorf("Allow %q", a.header.Get("Allow"))
		}
	})
}

func TestABodyOf10MBIsRefusedAndNothingStored(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		big := `{"name":"` + strings.Repeat("x", 10<<20) + `","time_zone":"UTC"}`
		admin := bearer(w.mine.admin)
		for _, how := range []struct {
			why  string
			opts []callOption
		}{
			{"with its length", nil},
			{"in chunks", []callOption{func(r *http.Request) { r.ContentLength = -1 }}},
			{"in chunks with a key", []callOption{func(r *http.Request) { r.ContentLength = -1 }, key("big")}},
		} {
			a := w.call("POST", "/api/v1/sites", big, append(how.opts, admin)...)
			if a.status != 413 || a.code() != "body_too_large" {
				w.Errorf("%s: %d %s", how.why, a.status, a.code())
			}
		}
		w.call("POST", "/api/v1/login", big).wantCode(w, 413, "body_too_large")
		var l struct{ Total int }
		w.call("GET", "/api/v1/sites", "", admin).want(w, 200).into(&l)
		if l.Total != 0 {
			w.Errorf("%d sites", l.Total)
		}
	})
}

func TestARepeatedRequestGivesTheFirstAnswer(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		admin := bearer(w.mine.admin)
		body := `{"name":"One","time_zone":"UTC"}`
		first := w.call("POST", "/api/v1/sites", body, admin, key("k1")).want(w, 201)
		again := w.call("POST", "/api/v1/sites", body, admin, key("k1")).want(w, 201)
		if !bytes.Equal(first.body, again.body) || again.header.Get("Location") != first.header.Get("Location") || again.header.Get("ETag") != first.header.Get("ETag") ||
			again.header.Get("Idempotency-Replayed") != "true" || first.header.Get("Idempotency-Replayed") != "" {
			w.Errorf("%s %v\n%s %v", first.body, first.header, again.body, again.header)
		}
		w.call("POST", "/api/v1/sites", strings.Replace(body, "One", "Two", 1), admin, key("k1")).wantCode(w, 409, "idempotency_key_reused")
		w.call("POST", "/api/v1/plans", planJSON, admin, key("k1")).wantCode(w, 409, "idempotency_key_reused")
		w.call("POST", "/api/v1/sites", body, bearer(w.theirs.admin), key("k1")).want(w, 201) // another's key is another key
		w.call("POST", "/api/v1/sites", `{"name":""}`, admin, key("k2")).want(w, 422)
		w.call("POST", "/api/v1/sites", body, admin, key("k2")).want(w, 201) // nothing had happened under k2
		w.call("POST", "/api/v1/sites", body, admin, key("k 3")).wantCode(w, 422, "invalid_input")
		var l struct{ Total int }
		w.call("GET", "/api/v1/sites", "", admin).want(w, 200).into(&l)
		if l.Total != 2 {
			w.Errorf("%d sites, want 2", l.Total)
		}
		w.clock.Advance(operator.AnswersLast + time.Second)
		w.ok(w.svc.Operator.Forget(w.Context()))
		w.call("POST", "/api/v1/sites", body, admin, key("k1")).want(w, 201)
	})
}

func TestMoneyAndCommandsNeedAKey(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		admin := bearer(w.mine.admin)
		path := "/api/v1/drivers/" + w.mine.driver + "/recharges"
		body := `{"amount":{"amount":"10.00","currency":"EUR"},"reason":"test"}`
		w.call("POST", path, body, admin).wantCode(w, 400, "idempotency_key_missing")
		for _, rt := range Routes() {
			if rt.Keyed {
				w.call(rt.Method, w.path(rt, w.mine), w.body(rt.Pattern(), w.mine), admin).wantCode(w, 400, "idempotency_key_missing")
			}
		}
		first := w.call("POST", path, body, admin, key("r1")).want(w, 201)
		again := w.call("POST", path, body, admin, key("r1")).want(w, 201)
		if !bytes.Equal(first.body, again.body) {
			w.Errorf("%s\n%s", first.body, again.body)
		}
		var d Driver
		w.call("GET", "/api/v1/drivers/"+w.mine.driver, "", admin).want(w, 200).into(&d)
		if d.Balance == nil || d.Balance.Amount != "110.00" {
			w.Errorf("balance %+v after 100.00 and one of 10.00", d.Balance)
		}
	})
}

func TestOneLinePerRequestAndNoSecretInIt(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		b := w.loginAs(authz.OpAdmin)
		a := w.call("GET", "/api/v1/sites?q=Dora+Driver", "", b.option).want(w, 200)
		w.call("GET", "/api/v1/sites/site_nonsense", "", bearer("ccms_wrong-token"))
		log := w.log.String()
		for _, secret := range []string{password, b.cookie, b.csrf, w.mine.admin, "ccms_wrong-token", "Dora", "nonsense"} {
			if strings.Contains(log, secret) {
				w.Errorf("the log holds %q", secret)
			}
		}
		n := 0
		for sc := bufio.NewScanner(strings.NewReader(log)); sc.Scan(); {
			var line map[string]any
			w.ok(json.Unmarshal(sc.Bytes(), &line))
			if line["request_id"] == a.header.Get("X-Request-Id") {
				n++
				if line["msg"] != "request" || line["route"] != "GET /api/v1/sites" || line["status"] != 200.0 || line["staff"] != w.mine.staff[authz.OpAdmin].ID.String() {
					w.Errorf("%v", line)
				}
			}
		}
		if n != 1 {
			w.Errorf("%d lines for one request", n)
		}
	})
}

func TestHeadersKeepTheBrowserOnItsGuard(t *testing.T) {
	lite(t, func(w *world) {
		a := w.call("GET", "/", "")
		for name, part := range map[string]string{"Content-Security-Policy": "script-src 'self'", "X-Content-Type-Options": "nosniff",
			"X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"} {
			if !strings.Contains(a.header.Get(name), part) {
				w.Errorf("%s: %q", name, a.header.Get(name))
			}
		}
		if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "'unsafe-eval'") {
			w.Error(csp)
		}
		if c := w.call("GET", "/api/v1/me", "").header.Get("Cache-Control"); c != "no-store" {
			w.Errorf("answers of the API may be kept: %q", c)
		}
	})
}

func TestMetricsAnswerThisMachineOnly(t *testing.T) {
	lite(t, func(w *world) {
		w.call("GET", "/api/v1/nothing", "", from("127.0.0.1"))
		a := w.call("GET", "/metrics", "", from("127.0.0.1")).want(w, 200)
		if !strings.Contains(string(a.body), "ccms_http_requests_total{") || strings.Contains(string(a.body), "nothing") {
			w.Errorf("%s", a.body)
		}
		w.call("GET", "/metrics", "", from("192.0.2.1")).want(w, 404)
		w.call("GET", "/metrics", "", from("127.0.0.1"), header("X-Forwarded-For", "192.0.2.1")).want(w, 404)
	})
}

func TestHealthAndReadiness(t *testing.T) {
	var ready error = io.EOF
	lite(t, func(w *world) {
		w.call("GET", "/healthz", "").want(w, 200)
		a := w.call("GET", "/readyz", "").want(w, 503)
		if strings.Contains(string(a.body), ready.Error()) {
			w.Errorf("the cause is shown: %s", a.body)
		}
		if !strings.Contains(w.log.String(), `"cause":"EOF"`) {
			w.Error("the cause is not logged")
		}
		ready = fault.New(fault.Unavailable, "not_ready", "the disk is full").Because(io.EOF)
		a = w.call("GET", "/readyz", "").want(w, 503)
		if got := strings.TrimSpace(string(a.body)); got != `{"status":"not ready","reason":"the disk is full"}` {
			w.Errorf("it says %s", got)
		}
	}, func(_ *world, o *Options) {
		o.Ready = func(context.Context) error { return ready }
	})
}

func TestThePortalGetsWhatIsNotTheAPI(t *testing.T) {
	lite(t, func(w *world) {
		if a := w.call("GET", "/live/charging", "").want(w, 200); string(a.body) != "portal" {
			w.Errorf("%s", a.body)
		}
		w.call("GET", "/api/v2/x", "").wantCode(w, 404, "not_found")
	}, func(_ *world, o *Options) {
		o.Portal = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "portal") })
	})
}

// A panic is a 500 with the request's id, and the server goes on.
func TestAPanicIsAnAnswer(t *testing.T) {
	lite(t, func(w *world) {
		a := w.call("GET", "/", "").wantCode(w, 500, "internal")
		if strings.Contains(string(a.body), "boom") || !strings.Contains(w.log.String(), "boom") {
			w.Errorf("%s", a.body)
		}
	}, func(_ *world, o *Options) {
		o.Portal = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })
	})
}

// Over a real socket: a refused body does not keep the connection busy.
func TestATooLargeBodyOverASocket(t *testing.T) {
	lite(t, func(w *world) {
		srv := httptest.NewServer(w.srv)
		defer srv.Close()
		c, err := net.Dial("tcp", srv.Listener.Addr().String())
		w.ok(err)
		defer c.Close()
		w.ok(c.SetDeadline(time.Now().Add(10 * time.Second)))
		_, err = io.WriteString(c, "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10485760\r\n\r\n{")
		w.ok(err)
		a, err := http.ReadResponse(bufio.NewReader(c), nil)
		w.ok(err)
		if a.StatusCode != 413 || !a.Close {
			w.Errorf("%d close %v", a.StatusCode, a.Close)
		}
	})
}
