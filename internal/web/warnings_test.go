package web

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
)

type warningPage struct {
	Items []Warning
	Total int
}

func (w *world) warnings(query string) (l warningPage) {
	w.Helper()
	w.call("GET", "/api/v1/warnings"+query, "", bearer(w.mine.admin)).want(w, 200).into(&l)
	return l
}

func (w *world) faulted(connector int, code string) {
	w.Helper()
	p := w.point(w.mine)
	w.told(p, asset.FactStatus, asset.StatusChanged{Point: p.ID, Connector: connector, From: asset.Available, To: asset.Faulted, ErrorCode: code, VendorCode: "E17"})
}

func TestAWarningHasTheGuidesColumns(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		got := w.warnings("").Items[0]
		if got.SiteName != "a3e_station" || got.ChargePointName != "a3e_point" || got.Connector != 1 || got.Type != "CONNECTOR_ERROR" || got.Code != "GroundFailure" ||
			got.Level != "CRITICAL" || got.State != "OPEN" || got.PointStatus == "" || got.TimeZone != "Europe/Berlin" || !got.At.Equal(w.clock.Now()) || got.Count != 1 {
			w.Errorf("%+v", got)
		}
	})
}

func TestWarningsAreFilteredByWhatStaffAskFor(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		w.clock.Advance(time.Hour)
		w.faulted(2, "ReaderFailure")
		w.call("POST", "/api/v1/warnings/"+w.mine.warning+"/acknowledge", "", bearer(w.mine.admin)).want(w, 200)
		soon := w.clock.Now().Add(-time.Minute).Format(time.RFC3339)
		for query, want := range map[string]int{
			"": 2, "?state=live": 2, "?state=OPEN": 1, "?state=ACKNOWLEDGED": 1, "?state=CLEARED": 0, "?state=OPEN,CLEARED": 1,
			"?level=CRITICAL": 1, "?level=ERROR,CRITICAL": 2, "?level=INFO": 0, "?type=CONNECTOR_ERROR": 2, "?type=OFFLINE,FLAPPING": 0,
			"?site_id=" + w.mine.site: 2, "?charge_point_id=" + w.mine.point: 2, "?site=a3e": 2, "?site=zzz": 0, "?point=a3e": 2, "?point=nobody": 0,
			"?from=" + soon: 1, "?to=" + soon: 1, "?sort=-level": 2, "?parent_id=" + w.mine.warning: 0,
		} {
			if l := w.warnings(query); len(l.Items) != want || l.Total != want {
				w.Errorf("%s: %d rows, total %d, want %d", query, len(l.Items), l.Total, want)
			}
		}
		if l := w.warnings("?sort=-level"); l.Items[0].Level != "CRITICAL" {
			w.Errorf("the worst does not come first: %+v", l.Items[0])
		}
		for _, bad := range []string{"?state=gone", "?type=<script>", "?level=9", "?sort=code", "?cursor=zzz", "?from=yesterday", "?limit=0"} {
			w.call("GET", "/api/v1/warnings"+bad, "", bearer(w.mine.admin)).wantCode(w, 422, "invalid_input")
		}
	})
}

func TestAPersonAcknowledgesAndClears(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		ops := w.loginAs(authz.OpOps)
		path := "/api/v1/warnings/" + w.mine.warning
		var got Warning
		w.call("POST", path+"/acknowledge", "", ops.option).want(w, 200).into(&got)
		if got.State != "ACKNOWLEDGED" || got.AcknowledgedBy == "" || strings.HasPrefix(got.AcknowledgedBy, "staff_") || got.AcknowledgedAt.IsZero() {
			w.Errorf("%+v", got)
		}
		w.call("POST", path+"/acknowledge", "", ops.option).want(w, 200) // again is no error
		w.call("POST", path+"/clear", `{"reason":""}`, ops.option).wantCode(w, 422, "invalid_input")
		w.call("POST", path+"/clear", `{"reason":"   "}`, ops.option).wantCode(w, 422, "invalid_input")
		w.call("POST", path+"/clear", `{"reason":"cable replaced"}`, ops.option).want(w, 200).into(&got)
		if got.State != "CLEARED" || got.ClearReason != "cable replaced" || got.ClearedBy == "" {
			w.Errorf("%+v", got)
		}
		var d WarningDetail
		w.call("GET", path, "", ops.option).want(w, 200).into(&d)
		var kinds []string
		for _, e := range d.Entries {
			kinds = append(kinds, string(e.Kind))
		}
		if strings.Join(kinds, " ") != "cleared acknowledged raised" || d.Entries[0].Note != "cable replaced" || d.Entries[2].Note != "" {
			w.Errorf("%+v", d.Entries)
		}
		var audit struct{ Items []struct{ Action string } }
		w.call("GET", "/api/v1/audit?object="+w.mine.warning, "", bearer(w.mine.admin)).want(w, 200).into(&audit)
		if len(audit.Items) != 2 || audit.Items[0].Action != "warning.cleared" || audit.Items[1].Action != "warning.acknowledged" {
			w.Errorf("%+v", audit.Items)
		}
		// The same fault again is another warning: this one is history.
		w.faulted(1, "GroundFailure")
		if l := w.warnings("?state=live"); len(l.Items) != 1 || l.Items[0].ID == got.ID {
			w.Errorf("%+v", l.Items)
		}
	})
}

func TestManyWarningsAreEndedAtOnceRowByRow(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		w.furnish(&w.theirs)
		ids, err := json.Marshal([]string{w.mine.warning, w.theirs.warning, ident.New[ident.Warning](w.clock.Now()).String()})
		w.ok(err)
		var r WarningResults
		w.call("POST", "/api/v1/warnings/acknowledge", `{"ids":`+string(ids)+`}`, bearer(w.mine.admin)).want(w, 200).into(&r)
		if len(r.Items) != 3 || r.Items[0].Warning == nil || r.Items[0].Warning.State != "ACKNOWLEDGED" || r.Items[1].Code != "not_found" || r.Items[2].Code != "not_found" {
			w.Errorf("%+v", r)
		}
		r = WarningResults{}
		w.call("POST", "/api/v1/warnings/clear", `{"ids":`+string(ids)+`,"reason":"done"}`, bearer(w.mine.admin)).want(w, 200).into(&r)
		if r.Items[0].Warning == nil || r.Items[0].Warning.State != "CLEARED" || r.Items[1].Code != "not_found" {
			w.Errorf("%+v", r)
		}
		var theirs Warning
		w.call("GET", "/api/v1/warnings/"+w.theirs.warning, "", bearer(w.theirs.admin)).want(w, 200).into(&theirs)
		if theirs.State != "OPEN" {
			w.Errorf("another operator's warning became %s", theirs.State)
		}
		w.call("POST", "/api/v1/warnings/acknowledge", `{"ids":[]}`, bearer(w.mine.admin)).wantCode(w, 422, "invalid_input")
	})
}

func TestAnOpenScreenHearsOfAWarning(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		srv := httptest.NewServer(w.srv)
		defer srv.Close()
		s := w.watch(srv.URL, "?topics=warnings", bearer(w.mine.admin))
		w.clock.Advance(time.Second) // after the one that is there: it is the first of the list
		w.faulted(2, "OverVoltage")
		e := s.next()
		l := w.warnings("?level=CRITICAL&state=OPEN")
		i := slices.IndexFunc(l.Items, func(x Warning) bool { return x.Code == "OverVoltage" }) // the other is as new
		want, err := json.Marshal(l.Items[max(i, 0)])
		w.ok(err)
		if e.name != "warning" || !strings.Contains(e.data, `"code":"OverVoltage"`) || len(want) != len(e.data) {
			w.Errorf("%s %s\n%s", e.name, e.data, want)
		}
		s.close()
	})
}
