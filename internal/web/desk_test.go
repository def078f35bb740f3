package web

import (
	"fmt"
	"strings"
	"testing"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

func viewsOf(w *world, b browser, query string) (views []View) {
	w.Helper()
	var l struct{ Items []View }
	w.call("GET", "/api/v1/views"+query, "", b.option).want(w, 200).into(&l)
	return l.Items
}

// Product §2.2: saved views per account.
func TestViewsAreKeptPerAccount(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		ops, admin := w.loginAs(authz.OpOps), w.loginAs(authz.OpAdmin)
		save := func(body string) (v View) {
			w.call("POST", "/api/v1/views", body, ops.option).want(w, 201).into(&v)
			return v
		}
		first := save(`{"list":"records","name":"Running at  A3E","query":"?state=running&site=A3E","default":true}`)
		if first.Name != "Running at A3E" || first.Query != "state=running&site=A3E" {
			w.Errorf("%+v", first)
		}
		second := save(`{"list":"records","name":"\u4eca\u65e5\u306e\u5145\u96fb ≥ 10 kWh","query":"from=2026-01-01","default":true}`)
		save(`{"list":"sites","name":"x","query":""}`)
		byID := map[ident.View]View{}
		for _, v := range viewsOf(w, ops, "?list=records") {
			byID[v.ID] = v
		}
		if vs := byID; len(vs) != 2 || vs[first.ID].Default || !vs[second.ID].Default {
			w.Errorf("one default per list: %+v", vs)
		}
		if vs := viewsOf(w, admin, ""); len(vs) != 0 {
			w.Errorf("another account sees %+v", vs)
		}
		w.call("PATCH", "/api/v1/views/"+first.ID.String(), `{"name":"y"}`, admin.option).wantCode(w, 404, "not_found")
		w.call("DELETE", "/api/v1/views/"+first.ID.String(), "", admin.option).wantCode(w, 404, "not_found")
		w.call("PATCH", "/api/v1/views/"+first.ID.String(), `{"name":"Running","default":true}`, ops.option).want(w, 200)
		w.call("DELETE", "/api/v1/views/"+second.ID.String(), "", ops.option).want(w, 204)
		if vs := viewsOf(w, ops, "?list=records"); len(vs) != 1 || vs[0].Name != "Running" || !vs[0].Default || vs[0].Query != first.Query {
			w.Errorf("%+v", vs)
		}
		for why, body := range map[string]string{
			"no name": `{"list":"records","name":" ","query":""}`, "a long name": `{"list":"records","name":"` + strings.Repeat("x", 61) + `","query":""}`,
			"no list": `{"list":"../etc","name":"x","query":""}`, "a long query": `{"list":"records","name":"x","query":"` + strings.Repeat("x", 2001) + `"}`,
		} {
			if a := w.call("POST", "/api/v1/views", body, ops.option); a.status != 422 {
				w.Errorf("%s: %d %s", why, a.status, a.body)
			}
		}
	})
}

func TestAnAccountKeepsNoMoreViewsThanItCanRead(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		ops := w.loginAs(authz.OpOps)
		for i := range operator.ViewsPerAccount {
			w.call("POST", "/api/v1/views", fmt.Sprintf(`{"list":"records","name":"%d","query":""}`, i), ops.option).want(w, 201)
		}
		w.call("POST", "/api/v1/views", `{"list":"records","name":"x","query":""}`, ops.option).wantCode(w, 409, "too_many_views")
	})
}

// Product §2.2: each person sees the columns they chose, in every browser.
func TestColumnsAreKeptPerAccount(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		ops, admin := w.loginAs(authz.OpOps), w.loginAs(authz.OpAdmin)
		of := func(b browser) string {
			return string(w.call("GET", "/api/v1/columns", "", b.option).want(w, 200).body)
		}
		w.call("PUT", "/api/v1/columns", `{"list":"records","columns":{"mobile":false,"meter":true}}`, ops.option).want(w, 200)
		w.call("PUT", "/api/v1/columns", `{"list":"records","columns":{"mobile":false}}`, ops.option).want(w, 200)
		w.call("PUT", "/api/v1/columns", `{"list":"sites","columns":{"care":false}}`, ops.option).want(w, 200)
		if got := of(ops); !strings.Contains(got, `{"list":"records","columns":{"mobile":false}}`) || !strings.Contains(got, `"total":2`) {
			w.Error(got)
		}
		w.call("PUT", "/api/v1/columns", `{"list":"sites","columns":{}}`, ops.option).want(w, 200)
		if got := of(ops); !strings.Contains(got, `"total":1`) {
			w.Error(got)
		}
		if got := of(admin); !strings.Contains(got, `"total":0`) {
			w.Errorf("another account: %s", got)
		}
		w.call("PUT", "/api/v1/columns", `{"list":"records","columns":{"<script>":true}}`, ops.option).wantCode(w, 422, "invalid_input")
	})
}
