package web

import (
	"slices"
	"strings"
	"testing"

	"ccms/internal/authz"
	"ccms/internal/report"
)

// HOME-A6: who may not see money has no Finance block, and the API refuses it.
func TestHOME_A6_noMoneyWithoutThePermission(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		ops, admin, auditor := w.loginAs(authz.OpOps), w.loginAs(authz.OpAdmin), w.loginAs(authz.Auditor)
		w.call("GET", "/api/v1/home/finance?period=month", "", ops.option).wantCode(w, 403, "forbidden")
		for _, path := range []string{"network", "connectors", "power", "analytics"} {
			a := w.call("GET", "/api/v1/home/"+path, "", ops.option).want(w, 200)
			if strings.Contains(string(a.body), `"currency"`) {
				w.Errorf("%s shows money: %s", path, a.body)
			}
		}
		blocks := func(b browser) (l HomeLayout) {
			w.call("GET", "/api/v1/home/layout", "", b.option).want(w, 200).into(&l)
			return l
		}
		for who, b := range map[string]browser{"ops": ops, "admin": admin, "auditor": auditor} {
			l := blocks(b)
			has := slices.Contains(l.Blocks, "finance")
			if has != slices.Contains(l.Available, "finance") || has != (who != "ops") || l.Own {
				w.Errorf("%s begins with %+v", who, l)
			}
		}
		w.call("PUT", "/api/v1/home/layout", `{"blocks":["finance"]}`, ops.option).wantCode(w, 403, "forbidden")

		// A page is its account's own; a new operator has zeros everywhere.
		w.call("PUT", "/api/v1/home/layout", `{"blocks":["finance","connectors"]}`, admin.option).want(w, 200)
		if l := blocks(admin); !slices.Equal(l.Blocks, []report.Block{"finance", "connectors"}) || !l.Own {
			w.Errorf("saved and read: %+v", l)
		}
		if l := blocks(auditor); l.Own {
			w.Errorf("the auditor has the admin's page: %+v", l)
		}
		for _, bad := range []string{`{"blocks":["weather"]}`, `{"blocks":["power","power"]}`, `{"blocks":"power"}`, `{}`} {
			w.call("PUT", "/api/v1/home/layout", bad, admin.option).want(w, 422)
		}
		var f HomeFinance
		w.call("GET", "/api/v1/home/finance?period=year", "", admin.option).want(w, 200).into(&f)
		if len(f.Currencies) != 1 || f.Currencies[0].Total.Gross.Amount != "0.00" || len(f.Currencies[0].Parts) != 12 || f.Currencies[0].Outstanding.Amount != "0.00" {
			w.Errorf("a new operator's finance: %+v", f)
		}
		var s HomeAnalytics
		w.call("GET", "/api/v1/home/analytics?period=day&date=2026-10-25", "", admin.option).want(w, 200).into(&s)
		if s.Total != (HomeSessions{}) || len(s.Parts) != 25 || s.Parts[2].Label != "02:00" || s.Parts[3].Label != "02:00" || s.Total.AvgEnergy != nil {
			w.Errorf("a new operator's day of 25 hours: %+v", s)
		}
		var n HomeNetwork
		w.call("GET", "/api/v1/home/network", "", admin.option).want(w, 200).into(&n)
		if !n.Licence.Unlimited || n.Licence.EffectiveDays != nil || n.Points != 1 || n.Connectors != 1 || n.Users != 1 || *n.SubOperators != 1 {
			w.Errorf("network: %+v", n)
		}
	})
}

func TestHomeRefusesWhatIsNoDayAndWhatIsNotTheirs(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		w.furnish(&w.theirs)
		mine := bearer(w.mine.admin)
		for _, q := range []string{"period=day&date=2026-02-30", "period=day&date=2026-11", "period=month&date=2026-11-30", "period=year&date=26",
			"period=year&date=0000", "period=week", "date=yesterday", "current=DC%20Fast", "site_id=x", "period=month&date=2026-13"} {
			for _, block := range []string{"analytics", "finance"} {
				if a := w.call("GET", "/api/v1/home/"+block+"?"+q, "", mine); a.status != 422 {
					w.Errorf("%s?%s: %d %s", block, q, a.status, a.body)
				}
			}
		}
		for _, block := range []string{"network", "connectors", "power", "analytics", "finance"} {
			w.call("GET", "/api/v1/home/"+block+"?site_id="+w.theirs.site, "", mine).wantCode(w, 404, "not_found")
			w.call("GET", "/api/v1/home/"+block+"?sub_operator_id="+w.theirs.sub, "", mine).wantCode(w, 404, "not_found")
			w.call("GET", "/api/v1/home/"+block+"?site_id="+w.mine.site+"&current=AC", "", mine).want(w, 200)
		}
	})
}
