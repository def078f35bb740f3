package report_test

import (
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/report"
	"ccms/internal/store"
)

// HOME-A1: 3 points, 1 offline, 1 charging on 1 of 2 connectors, 1 available.
func TestHOME_A1_slicesComeToTheConnectors(t *testing.T) {
	each(t, func(w *world) {
		_, ps := w.site(ident.SubOperator{}, "Europe/Berlin", asset.AC, asset.HPC, asset.AC)
		w.connector(ps[0], 1, asset.Charging) // it said so before it went
		w.connector(ps[1], 1, asset.Charging)
		w.connector(ps[1], 2, asset.Available)
		w.connector(ps[2], 1, asset.Available)
		for _, p := range ps[1:] {
			w.write(func(tx *store.Tx) error { _, err := tx.OpenConnection(p.ID, "n", tx.Now()); return err })
		}
		look := func(want map[string]int64, usable int64) {
			w.t.Helper()
			v, err := w.Connectors(w.t.Context(), w.sc, report.Filter{})
			w.ok(err)
			got, sum := map[string]int64{}, int64(0)
			for _, c := range v.Slices {
				got[c.State] += c.Count
				sum += c.Count
			}
			if sum != 4 || v.Total != 4 || v.Usable != usable || len(got) != len(want) {
				w.t.Errorf("%v, total %d, usable %d; want %v, 4, %d", got, v.Total, v.Usable, want, usable)
			}
			for state, n := range want {
				if got[state] != n {
					w.t.Errorf("%s: %d, want %d", state, got[state], n)
				}
			}
		}
		look(map[string]int64{"Available": 2, "Charging": 1, report.Offline: 1}, 3)
		// Whoever falls silent takes its connectors along, whatever they said last.
		w.clock.Advance(asset.Silence)
		look(map[string]int64{report.Offline: 4}, 0)
	})
}

// HOME-A2: a meter says 20 kW and then nothing: after twice its interval the site shows
// it as stale, and the network draws 20 kW less.
func TestHOME_A2_aSilentMeterCountsNoLonger(t *testing.T) {
	each(t, func(w *world) {
		one, p1 := w.site(ident.SubOperator{}, "Europe/Berlin", asset.HPC)
		two, p2 := w.site(ident.SubOperator{}, "Europe/Berlin", asset.AC)
		at := w.clock.Now()
		silent := w.measured(w.session(one, p1[0], ident.Driver{}, at), 20_000, at)
		w.clock.Advance(time.Minute)
		silent = w.measured(silent, 20_000, w.clock.Now())
		heard := w.measured(w.session(two, p2[0], ident.Driver{}, at), 7_000, w.clock.Now())
		look := func(power int, stale int) {
			w.t.Helper()
			v, err := w.Power(w.t.Context(), w.sc, report.Filter{})
			w.ok(err)
			if int(v.Now.Power) != power || v.Now.Stale != stale || v.Now.Running != 2 || len(v.Sites) != 2 {
				w.t.Errorf("%+v, %d sites; want %d W, %d stale", v.Now, len(v.Sites), power, stale)
			}
			for _, s := range v.Sites {
				if s.Site == one.ID && s.Stale != stale {
					w.t.Errorf("the silent site: %+v", s)
				}
			}
		}
		look(27_000, 0)
		// Now is a part of today, also before the first slot is over.
		v, err := w.Power(w.t.Context(), w.sc, report.Filter{})
		w.ok(err)
		if peak, ok := v.Peak.Mean(); !ok || peak != 27_000 || !v.Peak.At.Equal(w.clock.Now()) {
			w.t.Errorf("peak %d at %v, %v; want what is drawn now", peak, v.Peak.At, ok)
		}
		w.clock.Advance(2 * time.Minute) // exactly two intervals
		w.measured(heard, 7_000, w.clock.Now())
		look(27_000, 0)
		w.clock.Advance(time.Second)
		look(7_000, 1)
		w.ok(w.Look(w.t.Context()))
		// A late value of the past, as after an outage, is not now either.
		late := silent
		late.Last.At = silent.Last.At.Add(-time.Second)
		w.write(func(tx *store.Tx) error { return tx.SaveMetered(late) })
		look(7_000, 1)
		w.clock.Advance(report.SlotLength)
		v, err = w.Power(w.t.Context(), w.sc, report.Filter{})
		w.ok(err)
		if peak, ok := v.Peak.Mean(); !ok || peak != 7_000 || len(v.Curve) != 288 {
			w.t.Errorf("peak %d, %v; %d points", peak, ok, len(v.Curve))
		}
		seen := 0
		for _, s := range v.Curve {
			if _, ok := s.Mean(); ok {
				seen++
			}
		}
		if seen != 1 {
			w.t.Errorf("%d slots have a value; nobody looked in the others", seen)
		}
	})
}

// HOME-A3: a session from 23:50 to 00:20 local counts on the second day; a month is the
// sum of its days and a year of its months; also where a day has 25 hours, and over the
// end of a year.
func TestHOME_A3_aSessionCountsWhereItEnds(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.t.Context()
		for _, zone := range []string{"America/Santiago", "Pacific/Auckland"} {
			s, ps := w.site(ident.SubOperator{}, zone, asset.AC)
			end := func(from, to string) {
				w.ended(s, ps[0], ident.Driver{}, local(w.t, zone, from), local(w.t, zone, to), 1000)
			}
			end("2026-11-10 23:50", "2026-11-11 00:20")
			end("2026-11-11 08:00", "2026-11-11 09:00")
			end("2026-10-31 23:59", "2026-11-01 00:00")
			end("2025-12-31 23:00", "2026-01-01 00:00")
			end("2025-12-31 22:00", "2025-12-31 23:59")
			w.rolled()
			of := func(b report.Bucket) report.AnalyticsView {
				w.t.Helper()
				v, err := w.Analytics(ctx, w.sc, report.Query{Filter: report.Filter{Site: s.ID}, Bucket: b})
				w.ok(err)
				sum := report.Sessions{}
				for _, p := range v.Parts {
					sum = sum.Add(p.Value)
				}
				if sum != v.Total {
					w.t.Errorf("%s %s: the parts come to %+v, the whole is %+v", zone, b.Text(), sum, v.Total)
				}
				return v
			}
			for b, want := range map[report.Bucket]int64{20261110: 0, 20261111: 2, 20261031: 0, 20261101: 1, 202611: 3, 202610: 0, 20251231: 1,
				20260101: 1, 2025: 1, 2026: 4} {
				if got := of(b).Total.Sessions; got != want {
					w.t.Errorf("%s: %d sessions in %s, want %d", zone, got, b.Text(), want)
				}
			}
			days := report.Sessions{}
			for d := day(w.t, "2026-11-01"); d.Month() == 202611; d = d.AddDays(1) {
				days = days.Add(of(d).Total)
			}
			if m := of(202611).Total; days != m {
				w.t.Errorf("%s: the days come to %+v, the month is %+v", zone, days, m)
			}
			if first := of(20261111).Parts[0].Value.Sessions; first != 1 {
				w.t.Errorf("%s: %d sessions in the first hour of the second day", zone, first)
			}
		}
		// Clocks go back: this day has 25 hours, and the hour that comes twice is two.
		s, ps := w.site(ident.SubOperator{}, "Europe/Berlin", asset.AC)
		first := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC) // 02:30 in summer
		for _, at := range []time.Time{first, first.Add(time.Hour)} {
			w.ended(s, ps[0], ident.Driver{}, at.Add(-time.Hour), at, 1000)
		}
		w.rolled()
		v, err := w.Analytics(ctx, w.sc, report.Query{Filter: report.Filter{Site: s.ID}, Bucket: 20261025})
		w.ok(err)
		if len(v.Parts) != 25 || v.Parts[2].Value.Sessions != 1 || v.Parts[3].Value.Sessions != 1 || v.Total.Sessions != 2 {
			w.t.Errorf("%d hours, %+v", len(v.Parts), v.Total)
		}
		v, err = w.Analytics(ctx, w.sc, report.Query{Filter: report.Filter{Site: s.ID}, Bucket: 20260329})
		w.ok(err)
		if len(v.Parts) != 23 {
			w.t.Errorf("the day on which clocks go forward has %d hours", len(v.Parts))
		}
	})
}

// HOME-A4: 3.00 given back today for yesterday's session: today's refunds are 3.00 more,
// yesterday is what it was.
func TestHOME_A4_aRefundIsOfItsDay(t *testing.T) {
	each(t, func(w *world) {
		s, ps := w.site(ident.SubOperator{}, "America/Santiago", asset.AC)
		a := w.wallet(ident.SubOperator{})
		w.recharge(a, 10_000)
		at := w.clock.Now()
		st := w.ended(s, ps[0], ident.Driver{}, at.Add(-time.Hour), at, 20_000)
		before, after := billAt(20_000, 0), billAt(12_500, 0) // 8.00 and 5.00
		w.capture(a, st, before)
		w.rolled()
		yesterday := report.DayOf(at, mustZone("America/Santiago"))
		of := func(b report.Bucket) report.Finance {
			w.t.Helper()
			v, err := w.Finance(w.t.Context(), w.sc, report.Query{Bucket: b})
			w.ok(err)
			return v.Currencies[0].Total
		}
		was := of(yesterday)
		if was.Gross.Minor != 800 || was.Refunds.Minor != 0 || was.Recharge.Minor != 10_000 || was.Given.Minor != 10_000 {
			w.t.Fatalf("yesterday: %+v", was)
		}
		w.clock.Advance(24 * time.Hour)
		w.adjust(a, st, before, after)
		w.rolled()
		if now := of(yesterday); now != was {
			w.t.Errorf("yesterday has changed from %+v to %+v", was, now)
		}
		if today := of(yesterday.AddDays(1)); today.Refunds.Minor != 300 || today.Gross.Minor != 0 || today.Tax.Minor != 0 {
			w.t.Errorf("today: %+v", today)
		}
		if month := of(yesterday.Month()); month.Gross.Minor != 800 || month.Refunds.Minor != 300 {
			w.t.Errorf("the month: %+v", month)
		}
	})
}

// A database from before there were sums gets them, once; and again when the operator's
// clock is changed, for its postings belong to other days then.
func TestSumsAreMadeOfWhatWasThereBefore(t *testing.T) {
	each(t, func(w *world) {
		s, ps := w.site(ident.SubOperator{}, "Europe/Berlin", asset.AC)
		at := local(w.t, "Europe/Berlin", "2026-11-20 12:00")
		st := w.ended(s, ps[0], ident.New[ident.Driver](at), at.Add(-time.Hour), at, 5000)
		w.capture(w.wallet(ident.SubOperator{}), st, *st.Bill)
		n, err := w.BuildNew(w.t.Context())
		w.ok(err)
		v, err := w.Analytics(w.t.Context(), w.sc, report.Query{Bucket: 2026})
		w.ok(err)
		m, err := w.Finance(w.t.Context(), w.sc, report.Query{Bucket: 2026})
		w.ok(err)
		if n != 1 || v.Total.Sessions != 1 || v.Drivers != 1 || m.Currencies[0].Total.Gross != st.Bill.Total {
			w.t.Errorf("%d built, %+v, %d drivers, %+v", n, v.Total, v.Drivers, m.Currencies[0].Total)
		}
		if n, err = w.BuildNew(w.t.Context()); n != 0 || err != nil {
			w.t.Errorf("built again: %d, %v", n, err)
		}
		w.write(func(tx *store.Tx) error {
			o, err := tx.OperatorByID(w.op)
			if err != nil {
				return err
			}
			o.TimeZone = "Asia/Tokyo"
			return tx.SaveOperator(o)
		})
		n, err = w.BuildNew(w.t.Context())
		w.ok(err)
		posted := report.DayOf(w.clock.Now(), mustZone("Asia/Tokyo"))
		m, err = w.Finance(w.t.Context(), w.sc, report.Query{Bucket: posted})
		w.ok(err)
		if n != 1 || m.Currencies[0].Total.Gross != st.Bill.Total {
			w.t.Errorf("on another clock: %d built, %+v", n, m.Currencies[0].Total)
		}
	})
}

// The curve of a time in which nobody looked is made of the samples.
func TestPowerOfThePastIsMadeOfSamples(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 10, 2, 0, 0, time.UTC)
	a, b := ident.New[ident.Session](at), ident.New[ident.Session](at)
	site := ident.New[ident.Site](at)
	looks := report.Spread(ident.Operator{}, []report.Metered{
		{Session: a, Site: site, ACDC: report.DC, At: at, Power: 10_000},                        // 10:02 to 10:06
		{Session: a, Site: site, ACDC: report.DC, At: at.Add(4 * time.Minute), Power: 20_000},   // 10:06 to 10:21, not to 11:02
		{Session: a, Site: site, ACDC: report.DC, At: at.Add(60 * time.Minute), Power: 99_000},  // the end
		{Session: b, Site: site, ACDC: report.DC, At: at.Add(3 * time.Minute), Power: -6_000},   // 10:05 to 10:10, into the grid
		{Session: b, Site: site, ACDC: report.DC, At: at.Add(8 * time.Minute), Power: -100_000}, // the end
	}, 15*time.Minute)
	want := map[string]int64{"10:00": 10_000 * 3 / 5, "10:05": (10_000*1+20_000*4)/5 - 6_000, "10:10": 20_000, "10:15": 20_000, "10:20": 20_000 / 5}
	if len(looks) != len(want) {
		t.Errorf("%d slots, want %d: %+v", len(looks), len(want), looks)
	}
	for _, l := range looks {
		if w := want[l.At.Format("15:04")]; l.Watts != w {
			t.Errorf("%s: %d W, want %d", l.At.Format("15:04"), l.Watts, w)
		}
	}
}
