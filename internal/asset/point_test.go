package asset_test

import (
	"encoding/hex"
	"strings"
	"sync"
	"testing"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

func TestAnIdentityIsUniqueOnThePlatform(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.point(t, w.a, w.site(t, w.a, "A"), "IOC_CL_A3E_0")
		sub, other := w.site(t, w.sub1, "S"), w.site(t, w.b, "B")
		for why, c := range map[string]struct {
			sc   authz.Scope
			site asset.Site
		}{"a sub-operator": {w.sub1, sub}, "another operator (AST-R7)": {w.b, other}} {
			_, _, err := w.CreateChargePoint(ctx, c.sc, asset.NewChargePoint{Site: c.site.ID, Identity: "IOC_CL_A3E_0", Name: "x", Type: asset.AC})
			refused(t, err, "identity_taken")
			if err != nil && strings.Contains(err.Error(), "A3E_") {
				t.Errorf("%s learns whose it is: %v", why, err)
			}
		}
		w.point(t, w.b, other, "ioc_cl_a3e_0") // case-sensitive: another device
	})
}

func TestOfManyWhoRegisterAnIdentityAtOnceOneSucceeds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		sites := []asset.Site{w.site(t, w.a, "A"), w.site(t, w.b, "B")}
		scopes := []authz.Scope{w.a, w.b}
		errs := make([]error, 8)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				_, _, errs[i] = w.CreateChargePoint(t.Context(), scopes[i%2], asset.NewChargePoint{Site: sites[i%2].ID, Identity: "SAME", Name: "x", Type: asset.AC})
			})
		}
		wg.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
			} else {
				refused(t, err, "identity_taken")
			}
		}
		if made != 1 {
			t.Errorf("%d charge points have the identity", made)
		}
	})
}

func TestCodesCountFromAThousandAndPassOverTypedOnes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		site, sub := w.site(t, w.a, "A"), w.site(t, w.sub1, "S")
		code := func(sc authz.Scope, s asset.Site, identity, code string) (string, error) {
			v, _, err := w.CreateChargePoint(ctx, sc, asset.NewChargePoint{Site: s.ID, Identity: identity, Name: "x", Code: code, Type: asset.AC})
			return v.Code, err
		}
		if c := ok(code(w.a, site, "P0", ""))(t); c != "1000" {
			t.Errorf("the first code is %s", c)
		}
		ok(code(w.a, site, "P1", "1001"))(t)
		if c := ok(code(w.sub1, sub, "P2", ""))(t); c != "1002" {
			t.Errorf("a sub-operator got %s", c)
		}
		_, err := code(w.sub1, sub, "P3", "1001") // of its operator, which it does not see
		refused(t, err, "code_taken")
		if c := ok(code(w.b, w.site(t, w.b, "B"), "P4", ""))(t); c != "1000" {
			t.Errorf("another operator begins with %s", c)
		}
		p := w.point(t, w.a, site, "P5")
		taken := "1000"
		_, err = w.UpdateChargePoint(ctx, w.a, p.ID, asset.ChargePointChange{Code: &taken}, 1)
		refused(t, err, "code_taken")
	})
}

func TestAChargePointIsFoundByIdentityAndKnownByItsKey(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		site := w.site(t, w.a, "A")
		v, key, err := w.CreateChargePoint(ctx, w.a, asset.NewChargePoint{Site: site.ID, Identity: "RDAM|123", Name: "x", Type: asset.DCFast})
		must(t, err)
		p := ok(w.Identify(ctx, "RDAM|123"))(t)
		raw, _ := hex.DecodeString(key)
		if p.ID != v.ID || len(raw) != 20 {
			t.Fatalf("%+v, key of %d bytes", p, len(raw))
		}
		if !w.CheckKey(p, key) || !w.CheckKey(p, string(raw)) || w.CheckKey(p, "") || w.CheckKey(p, key[1:]) {
			t.Error("the key does not decide")
		}
		second := ok(w.NewKey(ctx, w.a, p.ID))(t)
		p = ok(w.Identify(ctx, "RDAM|123"))(t)
		if second == key || !w.CheckKey(p, second) || w.CheckKey(p, key) {
			t.Error("the first key is still good, or the second is not")
		}
		_, err = w.NewKey(ctx, w.b, p.ID)
		refused(t, err, "not_found")
		for _, id := range []string{"rdam|123", "RDAM", "", "a/b"} {
			_, err := w.Identify(ctx, id)
			refused(t, err, "not_found")
		}
		given := strings.Repeat("0f", 16)
		_, shown, err := w.CreateChargePoint(ctx, w.a, asset.NewChargePoint{Site: site.ID, Identity: "HAS-KEY", Name: "x", Type: asset.AC, Key: given})
		must(t, err)
		if p := ok(w.Identify(ctx, "HAS-KEY"))(t); shown != given || !w.CheckKey(p, given) {
			t.Error("a key that the device had already was not taken")
		}
		invalid := asset.Invalid
		ok(w.UpdateChargePoint(ctx, w.a, p.ID, asset.ChargePointChange{Status: &invalid}, p.Version))(t)
		_, err = w.Identify(ctx, "RDAM|123")
		refused(t, err, "not_found")
	})
}

func TestAChargePointChangesWithItsConnectors(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p := w.point(t, w.a, w.site(t, w.a, "A"), "CP-1")
		if len(p.Connectors) != 2 || p.Connectors[0].MaxPower != 7000 || p.PointStatus != asset.PointOffline || p.SiteName != "A" {
			t.Fatalf("%+v", p)
		}
		other := "CP-2"
		_, err := w.UpdateChargePoint(ctx, w.a, p.ID, asset.ChargePointChange{Identity: &other}, 1)
		refused(t, err, "identity_immutable")
		name, typ := "Point_0", asset.DCFast
		v := ok(w.UpdateChargePoint(ctx, w.a, p.ID, asset.ChargePointChange{Name: &name, Type: &typ,
			Connectors: []asset.ConnectorSpec{{Number: 1, Type: "CCS2", MaxPower: 60000}, {Number: 3, Type: "CHAdeMO"}}}, 1))(t)
		if v.Version != 2 || v.Name != name || v.Type != typ || v.Identity != "CP-1" || len(v.Connectors) != 2 {
			t.Fatalf("%+v", v)
		}
		if c := v.Connectors[0]; c.ID != p.Connectors[0].ID || c.Type != "CCS2" || c.MaxPower != 60000 || c.Version != 2 {
			t.Errorf("connector 1: %+v", c)
		}
		if c := v.Connectors[1]; c.Number != 3 || c.MaxPower != 7000 || c.Status != asset.Unknown {
			t.Errorf("connector 3: %+v", c)
		}
		_, err = w.UpdateChargePoint(ctx, w.a, p.ID, asset.ChargePointChange{Name: &name}, 1)
		refused(t, err, "stale_version")
		if f := fault.Of(err); f.Have != 2 || f.Want != 1 {
			t.Errorf("have %d, want %d", f.Have, f.Want)
		}
		sc := authz.ForChargePoint(p.Operator, p.Sub, p.ID)
		w.in(t, sc, func(tx asset.Tx) error {
			_, _, err := asset.ReportStatus(tx, asset.StatusReport{Point: p.ID, Number: 3, Status: asset.Charging, At: tx.Now(), ReceivedAt: tx.Now()})
			return err
		})
		_, err = w.UpdateChargePoint(ctx, w.a, p.ID, asset.ChargePointChange{Connectors: []asset.ConnectorSpec{{Number: 1}}}, 2)
		refused(t, err, "connector_used")
		if got := ok(w.ChargePoint(ctx, w.a, p.ID))(t); got.Version != 2 || got.Connectors[0].Type != "CCS2" || len(got.Connectors) != 2 {
			t.Errorf("a refused change left something behind: %+v", got)
		}
		foreign := w.site(t, w.sub1, "S").ID
		_, err = w.UpdateChargePoint(ctx, w.a, p.ID, asset.ChargePointChange{Site: &foreign}, 2)
		refused(t, err, "invalid_input")
	})
}

func TestAPointWithARunningSessionIsNotDeleted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		site := w.site(t, w.a, "A")
		unused, used := w.point(t, w.a, site, "UNUSED"), w.point(t, w.a, site, "USED")
		ok(w.Connect(ctx, w.a, used.ID))(t)
		w.blocked = fault.New(fault.Conflict, "session_running", "A session runs.")
		refused(t, w.DeleteChargePoint(ctx, w.a, used.ID, 1), "session_running")
		invalid := asset.Invalid
		_, err := w.UpdateChargePoint(ctx, w.a, used.ID, asset.ChargePointChange{Status: &invalid}, 1)
		refused(t, err, "session_running")
		w.blocked = nil
		refused(t, w.DeleteChargePoint(ctx, w.b, used.ID, 1), "not_found")
		must(t, w.DeleteChargePoint(ctx, w.a, used.ID, 1))
		if got := ok(w.ChargePoint(ctx, w.a, used.ID))(t); got.Status != asset.Invalid || got.Version != 2 {
			t.Errorf("a used point: %+v", got)
		}
		must(t, w.DeleteChargePoint(ctx, w.a, unused.ID, 1))
		_, err = w.ChargePoint(ctx, w.a, unused.ID)
		refused(t, err, "not_found")
		w.point(t, w.a, site, "UNUSED") // the identity is free again
	})
}

func TestPointsAreListedByWhatTheyAreDoing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		north, south := w.site(t, w.a, "Nord"), w.site(t, w.a, "Süd")
		p0, p1 := w.point(t, w.a, north, "IOC_0"), w.point(t, w.a, north, "IOC_1")
		w.point(t, w.a, south, "IOC_2")
		w.point(t, w.b, w.site(t, w.b, "Nord"), "IOC_3")
		for _, p := range []asset.PointView{p0, p1} {
			ok(w.Connect(ctx, w.a, p.ID))(t)
		}
		w.in(t, w.a, func(tx asset.Tx) error {
			_, _, err := asset.ReportStatus(tx, asset.StatusReport{Point: p0.ID, Number: 2, Status: asset.Charging, At: tx.Now(), ReceivedAt: tx.Now()})
			if err == nil {
				_, err = asset.Booted(tx, asset.BootReport{Point: p1.ID, Vendor: "V", Model: "M", Serial: "SN-777", At: tx.Now()})
			}
			return err
		})
		yes, no := true, false
		name := func(v asset.PointView) string { return v.Identity + " " + string(v.PointStatus) }
		for _, c := range []struct {
			why  string
			f    asset.PointFilter
			want string
		}{
			{"all", asset.PointFilter{}, "[IOC_0 CHARGING IOC_1 PENDING IOC_2 OFFLINE]"},
			{"online", asset.PointFilter{Online: &yes}, "[IOC_0 CHARGING IOC_1 PENDING]"},
			{"offline", asset.PointFilter{Online: &no}, "[IOC_2 OFFLINE]"},
			{"one state", asset.PointFilter{Point: asset.PointCharging}, "[IOC_0 CHARGING]"},
			{"OFFLINE as a state", asset.PointFilter{Point: asset.PointOffline}, "[IOC_2 OFFLINE]"},
			{"of a site", asset.PointFilter{Site: south.ID}, "[IOC_2 OFFLINE]"},
			{"of sites called so", asset.PointFilter{SiteName: "nor"}, "[IOC_0 CHARGING IOC_1 PENDING]"},
			{"by identity", asset.PointFilter{Q: "ioc_1"}, "[IOC_1 PENDING]"},
			{"by the hardware's serial", asset.PointFilter{Q: "777"}, "[IOC_1 PENDING]"},
			{"by code", asset.PointFilter{Q: "1002"}, "[IOC_2 OFFLINE]"},
			{"by name", asset.PointFilter{Name: "ioc 0"}, "[IOC_0 CHARGING]"},
			{"offline and charging", asset.PointFilter{Online: &no, Point: asset.PointCharging}, "[]"},
			{"out of use", asset.PointFilter{Status: asset.Invalid}, "[]"},
		} {
			l := ok(w.ChargePoints(ctx, w.a, c.f, operator.Page{Sort: "identity"}))(t)
			if got := names(l.Items, name); got != c.want || l.Total != len(l.Items) {
				t.Errorf("%s: %s, want %s", c.why, got, c.want)
			}
		}
		l := ok(w.ChargePoints(ctx, w.a, asset.PointFilter{}, operator.Page{Sort: "code", Limit: 1}))(t)
		if len(l.Items) != 1 || len(l.Items[0].Connectors) != 2 || l.Items[0].Connectors[1].Status != asset.Charging || l.Items[0].SiteName != "Nord" || l.Next == "" || l.Total != 3 {
			t.Errorf("%+v", l)
		}
		w.clock.Advance(asset.Silence) // nobody said anything
		if l := ok(w.ChargePoints(ctx, w.a, asset.PointFilter{Online: &yes}, operator.Page{}))(t); len(l.Items) != 0 {
			t.Errorf("%d points are online without a word", len(l.Items))
		}
		if l := ok(w.ChargePoints(ctx, w.sub1, asset.PointFilter{}, operator.Page{}))(t); len(l.Items) != 0 {
			t.Errorf("a sub-operator sees %d points of its operator", len(l.Items))
		}
		if _, err := w.ChargePoint(ctx, w.b, p0.ID); !fault.Is(err, fault.Missing) {
			t.Errorf("another operator reads the point: %v", err)
		}
		_, _, err := w.CreateChargePoint(ctx, w.b, asset.NewChargePoint{Site: north.ID, Identity: "X", Name: "x", Type: asset.AC})
		refused(t, err, "invalid_input")
		_, _, err = w.CreateChargePoint(ctx, w.a, asset.NewChargePoint{Site: north.ID, Identity: "X", Name: "x", Type: asset.AC, Plan: ident.New[ident.Plan](w.clock.Now())})
		refused(t, err, "invalid_input")
	})
}
