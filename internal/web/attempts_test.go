package web

import (
	"testing"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/session"
)

// "My card was refused" is the first call that support gets: who, where, what was
// decided and why in words (AUTH-R5).
func TestAUTH_R5_AttemptsAreFoundByCardPointAndDecision(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine) // one start that was accepted
		p := w.point(w.mine)
		sc := authz.ForChargePoint(p.Operator, p.Sub, p.ID)
		d, err := w.svc.Session.Authorize(w.Context(), sc, session.AuthorizeReport{
			Report: session.Report{Point: p.ID, Epoch: w.epoch(p), ReceivedAt: w.clock.Now(), MessageID: "m2"}, Token: "04-DE-AD"})
		w.ok(err)
		if d.Status == session.Accepted {
			w.Fatalf("a card that nobody knows is %s", d.Status)
		}
		type list struct {
			Items []Attempt
			Total int
		}
		for query, want := range map[string]int{
			"": 2, "?decision=refused": 1, "?decision=Accepted": 1, "?decision=Accepted,Invalid": 2, "?decision=Expired": 0,
			"?q=04dead": 1, "?q=unheard": 0, "?point=a3e": 2, "?point=zzz": 0, "?point=a3e&decision=refused&q=04DEAD": 1,
		} {
			var l list
			w.call("GET", "/api/v1/attempts"+query, "", bearer(w.mine.admin)).want(w, 200).into(&l)
			if len(l.Items) != want || l.Total != want {
				w.Errorf("%s: %d rows, total %d, want %d", query, len(l.Items), l.Total, want)
			}
		}
		var l list
		w.call("GET", "/api/v1/attempts?decision=refused", "", bearer(w.mine.admin)).want(w, 200).into(&l)
		if a := l.Items[0]; a.SiteName != "a3e_station" || a.PointName != "a3e_point" || a.TimeZone != "Europe/Berlin" || a.Reason == "" || a.TokenUID != "04-DE-AD" {
			w.Errorf("%+v", a)
		}
		w.call("GET", "/api/v1/attempts?decision=maybe", "", bearer(w.mine.admin)).wantCode(w, 422, "invalid_input")
	})
}

// epoch is the point's current connection.
func (w *world) epoch(p asset.ChargePoint) int64 {
	w.Helper()
	v, err := w.svc.Asset.ChargePoint(w.Context(), authz.ForSystem(p.Operator, "test"), p.ID)
	w.ok(err)
	return v.Epoch
}
