package report_test

import (
	"testing"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/report"
	"ccms/internal/store"
	"ccms/internal/unit"
)

// The map says of each site what the block Connectors says of all.
func TestTheMapComesToTheConnectors(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		ctx := t.Context()
		free, fp := w.site(ident.SubOperator{}, "UTC", asset.AC, asset.HPC)
		_, bp := w.site(w.sub, "UTC", asset.AC)
		_, op := w.site(ident.SubOperator{}, "UTC", asset.HPC)
		empty, _ := w.site(ident.SubOperator{}, "UTC")
		dark, dp := w.site(ident.SubOperator{}, "UTC", asset.AC)
		gone, _ := w.site(ident.SubOperator{}, "UTC", asset.AC)
		w.connector(fp[0], 1, asset.Available)
		w.connector(fp[0], 2, asset.Faulted)
		w.connector(fp[1], 1, asset.Charging)
		w.connector(bp[0], 1, asset.SuspendedEV)
		w.connector(op[0], 1, asset.Unavailable)
		w.connector(dp[0], 1, asset.Available) // it said so before it went
		w.write(func(tx *store.Tx) error {
			for _, p := range []asset.ChargePoint{fp[0], fp[1], bp[0], op[0]} {
				if _, err := tx.OpenConnection(p.ID, "node-1", w.clock.Now()); err != nil {
					return err
				}
			}
			gone.Status = asset.Invalid
			if err := tx.SaveSite(gone, 1); err != nil {
				return err
			}
			dark.Position = asset.Position{Latitude: -33_448_900, Longitude: -70_669_300}
			return tx.SaveSite(dark, 1)
		})
		for _, f := range []report.Filter{{}, {ACDC: report.AC}, {ACDC: report.DC}, {Sub: w.sub}, {Site: free.ID}} {
			k, err := w.Connectors(ctx, w.sc, f)
			w.ok(err)
			v, err := w.Sites(ctx, w.sc, f)
			w.ok(err)
			var n, unknown int64
			for _, s := range v.Sites {
				n += s.Connectors
				unknown += s.Unknown
				if s.Site == gone.ID {
					t.Errorf("%+v: a site that is out of use is on the map", f)
				}
			}
			offline := int64(0)
			for _, s := range k.Slices {
				if s.State == report.Offline {
					offline += s.Count
				}
			}
			if n != k.Total || unknown != offline {
				t.Errorf("%+v: %d connectors on the map, %d in the block; %d unknown, %d offline", f, n, k.Total, unknown, offline)
			}
		}
		v, err := w.Sites(ctx, w.sc, report.Filter{})
		w.ok(err)
		words := map[ident.Site]report.Word{}
		for _, s := range v.Sites {
			words[s.Site] = s.Word()
			if s.Site == dark.ID && s.Position != (asset.Position{Latitude: -33_448_900, Longitude: -70_669_300}) {
				t.Errorf("the position came back as %+v", s.Position)
			}
		}
		for id, want := range map[ident.Site]report.Word{free.ID: report.SiteFree, fp[0].Site: report.SiteFree, bp[0].Site: report.SiteInUse,
			op[0].Site: report.SiteOutOfOrder, empty.ID: report.SiteUnknown, dark.ID: report.SiteUnknown} {
			if words[id] != want {
				t.Errorf("%v is %s, want %s", id, words[id], want)
			}
		}
	})
}

// The share of the contracted power is told where it is known of all who may draw, and
// who still draws counts although the site is out of use.
func TestTheShareOfTheContractedPower(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		ctx := t.Context()
		a, ap := w.site(ident.SubOperator{}, "UTC", asset.AC)
		b, _ := w.site(ident.SubOperator{}, "UTC", asset.AC)
		contract := func(s *asset.Site, watts unit.W, status asset.Status) {
			s.Contracted, s.Status = watts, status
			w.write(func(tx *store.Tx) error { return tx.SaveSite(*s, s.Version) })
			s.Version++
		}
		contract(&a, 40_000, asset.Valid)
		s := w.session(a, ap[0], ident.New[ident.Driver](w.clock.Now()), w.clock.Now())
		w.measured(s, 10_000, w.clock.Now())
		v, err := w.Power(ctx, w.sc, report.Filter{})
		w.ok(err)
		if _, ok := v.Contract.Share(v.Now.Power); ok || v.Contract != (report.Contract{Power: 40_000, Known: 1, Sites: 2}) {
			t.Errorf("one of two is known: %+v", v.Contract)
		}
		contract(&b, 10_000, asset.Valid)
		contract(&a, 40_000, asset.Invalid) // its session still runs
		v, err = w.Power(ctx, w.sc, report.Filter{})
		w.ok(err)
		if share, ok := v.Contract.Share(v.Now.Power); !ok || share != 200 {
			t.Errorf("10 of 50 kW: %d, %v of %+v", share, ok, v.Contract)
		}
		v, err = w.Power(ctx, w.sc, report.Filter{ACDC: report.AC})
		w.ok(err)
		if v.Contract.Known != 0 || len(v.Sites) != 1 || v.Sites[0].Contracted != 0 {
			t.Errorf("the grid does not tell AC from DC: %+v, %+v", v.Contract, v.Sites)
		}
	})
}
