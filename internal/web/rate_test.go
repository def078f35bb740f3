package web

import (
	"strconv"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/operator"
)

// Whoever calls too often is told how long to wait, by whatever login or token; others
// go on, and so does everything on this machine itself.
func TestAnAccountThatCallsTooOftenIsToldToWait(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		b := w.login(w.mine.staff[authz.OpAdmin].Login)
		other := w.login(w.mine.staff[authz.OpOps].Login)
		var token struct {
			Secret string `json:"token"`
		}
		w.call("POST", "/api/v1/api-tokens", `{"name":"script"}`, b.option).want(w, 201).into(&token)
		if token.Secret == "" {
			w.Fatal("no token")
		}
		for i := range 2 { // making the token was the first of the three
			a := w.call("GET", "/api/v1/me", "", bearer(token.Secret)).want(w, 200)
			if got, want := a.header.Get("RateLimit"), `"account";r=`+strconv.Itoa(1-i); got != want {
				w.Errorf("RateLimit %s, want %s", got, want)
			}
			if got := a.header.Get("RateLimit-Policy"); got != `"account";q=3;w=180` {
				w.Errorf("RateLimit-Policy %s", got)
			}
		}
		for _, o := range []callOption{bearer(token.Secret), b.option} {
			a := w.call("GET", "/api/v1/me", "", o).wantCode(w, 429, "rate_limited")
			if n, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || n < 1 || n > 60 {
				w.Errorf("Retry-After %q", a.header.Get("Retry-After"))
			}
		}
		w.call("GET", "/api/v1/me", "", other.option).want(w, 200)
		for range 10 {
			w.call("GET", "/api/v1/me", "", b.option, from("127.0.0.1")).want(w, 200)
		}
	}, func(_ *world, o *Options) { o.AccountRate = operator.Rate{Burst: 3, Every: time.Minute} })
}

func TestAnAddressThatCallsTooOftenIsToldToWait(t *testing.T) {
	lite(t, func(w *world) {
		for range 5 {
			w.call("GET", "/api/v1/me", "", from("192.0.2.7")).wantCode(w, 401, "not_signed_in")
		}
		a := w.call("GET", "/api/v1/me", "", from("192.0.2.7")).wantCode(w, 429, "rate_limited")
		if a.header.Get("Retry-After") == "" || a.header.Get("RateLimit") == "" {
			w.Errorf("%v", a.header)
		}
		w.call("POST", "/api/v1/login", `{}`, from("192.0.2.7")).wantCode(w, 429, "rate_limited")
		w.call("GET", "/api/v1/me", "", from("192.0.2.8")).wantCode(w, 401, "not_signed_in")
		w.call("GET", "/healthz", "", from("192.0.2.7")).want(w, 200)
	}, func(_ *world, o *Options) { o.CallerRate = operator.Rate{Burst: 5, Every: time.Minute} })
}
