package asset_test

import (
	"testing"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

func TestASiteLivesChangesAndGoes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		s := w.site(t, w.a, "A3E_station")
		if s.Version != 1 || s.Status != asset.Valid || s.Operator != w.a.Operator() {
			t.Fatalf("%+v", s)
		}
		if got := ok(w.Site(ctx, w.a, s.ID))(t); got != s {
			t.Errorf("stored %+v, read %+v", s, got)
		}
		address := "C-333, Copiapó"
		next := ok(w.UpdateSite(ctx, w.a, s.ID, asset.SiteChange{Address: &address, Plan: &w.plan}, 1))(t)
		if next.Version != 2 || next.Address != address || next.Plan != w.plan || next.Name != s.Name {
			t.Errorf("%+v", next)
		}
		if got := ok(w.Site(ctx, w.a, s.ID))(t); got != next {
			t.Errorf("saved %+v, read %+v", next, got)
		}
		_, err := w.UpdateSite(ctx, w.a, s.ID, asset.SiteChange{Address: &address}, 1)
		refused(t, err, "stale_version")
		other := ident.New[ident.Plan](w.clock.Now())
		_, err = w.UpdateSite(ctx, w.a, s.ID, asset.SiteChange{Plan: &other}, 2)
		refused(t, err, "invalid_input")

		refused(t, w.DeleteSite(ctx, w.a, s.ID, 1), "stale_version")
		must(t, w.DeleteSite(ctx, w.a, s.ID, 2))
		_, err = w.Site(ctx, w.a, s.ID)
		refused(t, err, "not_found")
	})
}

func TestASiteThatHadAChargePointIsKept(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		s := w.site(t, w.a, "Depot")
		p := w.point(t, w.a, s, "CP-1")
		refused(t, w.DeleteSite(ctx, w.a, s.ID, 1), "site_has_charge_points")
		invalid := asset.Invalid
		_, err := w.UpdateSite(ctx, w.a, s.ID, asset.SiteChange{Status: &invalid}, 1)
		refused(t, err, "site_has_charge_points")
		ok(w.UpdateChargePoint(ctx, w.a, p.ID, asset.ChargePointChange{Status: &invalid}, 1))(t)
		must(t, w.DeleteSite(ctx, w.a, s.ID, 1))
		if got := ok(w.Site(ctx, w.a, s.ID))(t); got.Status != asset.Invalid || got.Version != 2 {
			t.Errorf("%+v", got)
		}
		_, _, err = w.CreateChargePoint(ctx, w.a, asset.NewChargePoint{Site: s.ID, Identity: "CP-2", Name: "x", Type: asset.AC})
		refused(t, err, "site_invalid")
		valid := asset.Valid
		_, err = w.UpdateChargePoint(ctx, w.a, p.ID, asset.ChargePointChange{Status: &valid}, 2)
		refused(t, err, "site_invalid")
	})
}

func TestSitesOfOthersAreNotThere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		own, first := w.site(t, w.a, "Own"), w.site(t, w.sub1, "First")
		if first.Sub != w.sub1.Sub() || first.Operator != w.a.Operator() {
			t.Fatalf("a sub-operator's site belongs to %v", first.Sub)
		}
		name := "Taken"
		for why, c := range map[string]struct {
			sc authz.Scope
			id ident.Site
		}{
			"another operator": {w.b, own.ID}, "another sub-operator": {w.sub2, first.ID}, "a sub-operator, its operator's": {w.sub1, own.ID},
			"nobody": {authz.Scope{}, own.ID}, "the platform's staff": {authz.ForPlatform(authz.Actor{}), own.ID},
		} {
			if _, err := w.Site(ctx, c.sc, c.id); err == nil {
				t.Errorf("%s reads it", why)
			}
			if _, err := w.UpdateSite(ctx, c.sc, c.id, asset.SiteChange{Name: &name}, 1); err == nil {
				t.Errorf("%s changes it", why)
			}
			if err := w.DeleteSite(ctx, c.sc, c.id, 1); err == nil {
				t.Errorf("%s deletes it", why)
			}
			if l, err := w.Sites(ctx, c.sc, asset.SiteFilter{}, operator.Page{}); err == nil {
				for _, s := range l.Items {
					if s.ID == c.id {
						t.Errorf("%s lists it", why)
					}
				}
			}
		}
		ok(w.Site(ctx, w.a, first.ID))(t) // the operator sees its sub-operators' sites
		_, err := w.CreateSite(ctx, w.sub1, asset.Site{Name: "x", Sub: w.sub2.Sub()})
		refused(t, err, "invalid_input")
		_, err = w.CreateSite(ctx, w.b, asset.Site{Name: "x", Sub: w.sub1.Sub()})
		refused(t, err, "invalid_input")
		_, err = w.CreateSite(ctx, authz.ForPlatform(authz.Actor{}), asset.Site{Name: "x"})
		refused(t, err, "operator_needed")
		given := ok(w.CreateSite(ctx, w.a, asset.Site{Name: "Given", Sub: w.sub2.Sub()}))(t)
		ok(w.Site(ctx, w.sub2, given.ID))(t)
	})
}

func TestSitesAreListedSearchedAndPaged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		for _, n := range []string{"Zürich Nord", "A3E_station", "Bahnhof Süd", "alte Bahn", "Copiapó"} {
			w.site(t, w.a, n)
			w.clock.Advance(1e9)
		}
		ok(w.CreateSite(ctx, w.a, asset.Site{Name: "Depot", Address: "Bahnhofstraße 1", TimeZone: "UTC"}))(t)
		w.site(t, w.b, "Bahn of another")
		name := func(s asset.Site) string { return s.Name }
		for _, c := range []struct {
			why  string
			f    asset.SiteFilter
			sort string
			want string
		}{
			{"by name, marks and capitals aside", asset.SiteFilter{}, "", "[A3E_station alte Bahn Bahnhof Süd Copiapó Depot Zürich Nord]"},
			{"by age", asset.SiteFilter{}, "-created", "[Depot Copiapó alte Bahn Bahnhof Süd A3E_station Zürich Nord]"},
			{"a word of the name begins so", asset.SiteFilter{Name: "BAHN"}, "", "[alte Bahn Bahnhof Süd]"},
			{"two words in a row", asset.SiteFilter{Name: "zurich no"}, "", "[Zürich Nord]"},
			{"a word behind a sign", asset.SiteFilter{Name: " stat"}, "", "[A3E_station]"},
			{"nothing inside of words", asset.SiteFilter{Name: "hof"}, "", "[]"},
			{"a sign is no pattern", asset.SiteFilter{Name: "%"}, "", "[]"},
			{"the address too", asset.SiteFilter{Q: "bahnhof"}, "", "[Bahnhof Süd Depot]"},
			{"name and address together", asset.SiteFilter{Q: "bahnhof", Name: "dep"}, "", "[Depot]"},
			{"by status", asset.SiteFilter{Status: asset.Invalid}, "", "[]"},
		} {
			l := ok(w.Sites(ctx, w.a, c.f, operator.Page{Sort: c.sort}))(t)
			if got := names(l.Items, name); got != c.want {
				t.Errorf("%s: %s, want %s", c.why, got, c.want)
			}
			if l.Total != len(l.Items) || l.Next != "" {
				t.Errorf("%s: total %d, next %q", c.why, l.Total, l.Next)
			}
		}
		for _, sort := range []string{"name", "-name", "created", "-created"} {
			full := ok(w.Sites(ctx, w.a, asset.SiteFilter{}, operator.Page{Sort: sort}))(t)
			var got []asset.Site
			page := operator.Page{Sort: sort, Limit: 2}
			for {
				l := ok(w.Sites(ctx, w.a, asset.SiteFilter{}, page))(t)
				if len(l.Items) > 2 || l.Total != 6 {
					t.Fatalf("%s: %d rows of %d on a page of two", sort, len(l.Items), l.Total)
				}
				got = append(got, l.Items...)
				if page.Cursor = l.Next; l.Next == "" {
					break
				}
			}
			if names(got, name) != names(full.Items, name) {
				t.Errorf("%s: pages give %s, the whole %s", sort, names(got, name), names(full.Items, name))
			}
		}
		for why, p := range map[string]operator.Page{"sort": {Sort: "address"}, "limit": {Limit: 101}, "cursor": {Cursor: "bm9uZQ"}} {
			if _, err := w.Sites(ctx, w.a, asset.SiteFilter{}, p); err == nil {
				t.Errorf("a wrong %s was taken", why)
			}
		}
	})
}
