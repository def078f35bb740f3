package report_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/report"
	"ccms/internal/session"
	"ccms/internal/store"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// model is what the rows say, kept as plainly as can be.
type model struct {
	sites    []asset.Site
	points   map[ident.Site][]asset.ChargePoint
	types    map[ident.ChargePoint]asset.ChargerType
	sessions []session.State
	bills    map[ident.Session]*tariff.Bill
	entries  []posted
}

type posted struct {
	at      time.Time
	session int // index, −1: a recharge
	sub     ident.SubOperator
	amount  int64
	tax     int64
}

// Sums say what the rows say, whatever happens to sessions and money, in any order:
// late ends, other ends, other energy, other drivers, refused, looked at, billed again;
// charge points that turn from AC to DC; days on which clocks are changed; sites on the
// other side of the world; facts read twice. And a rebuild gives the same sums.
func TestSumsSayWhatTheRowsSay(t *testing.T) {
	each(t, func(w *world) {
		w.history(rand.New(rand.NewPCG(uint64(len(w.t.Name())), 4))) // another one on each engine
	})
}

func (w *world) history(r *rand.Rand) {
	t := w.t
	m := &model{points: map[ident.Site][]asset.ChargePoint{}, types: map[ident.ChargePoint]asset.ChargerType{}, bills: map[ident.Session]*tariff.Bill{}}
	for i, zone := range []string{"America/Santiago", "Europe/Berlin", "Asia/Kolkata"} {
		sub := ident.SubOperator{}
		if i == 1 {
			sub = w.sub
		}
		s, ps := w.site(sub, zone, asset.AC, asset.HPC)
		m.sites, m.points[s.ID] = append(m.sites, s), ps
		for _, p := range ps {
			m.types[p.ID] = p.Type
		}
	}
	drivers := make([]ident.Driver, 4) // the first is nobody
	for i := range drivers[1:] {
		drivers[i+1] = ident.New[ident.Driver](w.clock.Now())
	}
	wallets := map[ident.SubOperator]ident.Account{{}: w.wallet(ident.SubOperator{}), w.sub: w.wallet(w.sub)}
	// Berlin puts its clocks back on the first of these days, Santiago forward on another.
	begin := time.Date(2026, 9, 4, 0, 0, 0, 0, time.UTC)
	moment := func() time.Time {
		at := begin.Add(time.Duration(r.IntN(60*24*60)) * time.Minute)
		if r.IntN(4) == 0 {
			at = time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(32*60)) * time.Minute)
		}
		return at.Add(time.Duration(r.IntN(1_000_000)) * time.Microsecond)
	}
	phases := []session.Phase{session.Completed, session.Completed, session.Completed, session.Abnormal, session.Rejected, session.FailedToStart}
	end := func(st session.State) session.State {
		st.EndedAt = moment()
		if st.EndedAt.Before(st.StartedAt) {
			st.EndedAt = st.StartedAt.Add(time.Duration(r.IntN(100)) * time.Minute)
		}
		st.Phase, st.Energy, st.Driver = phases[r.IntN(len(phases))], unit.Wh(r.IntN(3)*r.IntN(40_000)), drivers[r.IntN(len(drivers))]
		if st.Phase == session.Completed {
			st.Bill = new(bill(st.Energy))
		}
		return st
	}
	for range 300 {
		w.clock.Advance(time.Duration(r.IntN(5000)) * time.Second)
		switch n := r.IntN(20); {
		case n < 9 || len(m.sessions) == 0: // a session, late or not
			s := m.sites[r.IntN(len(m.sites))]
			was := w.session(s, m.points[s.ID][r.IntN(2)], drivers[0], moment())
			if r.IntN(6) == 0 {
				m.sessions = append(m.sessions, was) // runs on
				continue
			}
			m.sessions = append(m.sessions, w.save(was, end(was), session.EndFacts[r.IntN(len(session.EndFacts))]))
		case n < 13: // another end, energy, driver or state
			i := r.IntN(len(m.sessions))
			was := m.sessions[i]
			m.sessions[i] = w.save(was, end(was), "session.stopped")
		case n < 17: // a bill, and later another
			i := r.IntN(len(m.sessions))
			st := m.sessions[i]
			b, before := bill(unit.Wh(r.IntN(30_000))), m.bills[st.ID]
			if before == nil {
				w.capture(wallets[st.Sub], st, b)
				m.entries = append(m.entries, posted{w.clock.Now(), i, st.Sub, b.Total.Minor, taxOf(b)})
			} else {
				w.adjust(wallets[st.Sub], st, *before, b)
				if d := b.Total.Minor - before.Total.Minor; d != 0 {
					m.entries = append(m.entries, posted{w.clock.Now(), i, st.Sub, d, taxOf(b) - taxOf(*before)})
				}
			}
			m.bills[st.ID] = &b
		case n < 18:
			sub := []ident.SubOperator{{}, w.sub}[r.IntN(2)]
			amount := int64(1 + r.IntN(10_000))
			w.recharge(wallets[sub], amount)
			m.entries = append(m.entries, posted{w.clock.Now(), -1, sub, -amount, 0})
		case n < 19: // a device is replaced by one of the other kind
			s := m.sites[r.IntN(len(m.sites))]
			w.retype(m, &m.points[s.ID][r.IntN(2)])
		default:
			w.rolled()
		}
	}
	w.rolled()
	w.compare(m, "rolled")
	again := w.sums()
	// A fact that is read twice, as after a crash.
	st := m.sessions[0]
	m.sessions[0] = w.save(st, st, "session.completed")
	w.rolled()
	if got := w.sums(); !slices.Equal(got, again) {
		t.Error("a fact that changed nothing changed the sums")
	}
	w.ok(w.Rebuild(t.Context(), w.op))
	if got := w.sums(); !slices.Equal(got, again) {
		t.Errorf("a rebuild makes other sums: %d, before %d", len(got), len(again))
	}
	w.compare(m, "rebuilt")
}

func taxOf(b tariff.Bill) (n int64) {
	for _, t := range b.Taxes {
		n += t.Tax.Minor
	}
	return n
}

func (w *world) retype(m *model, p *asset.ChargePoint) {
	w.t.Helper()
	to := asset.AC
	if m.types[p.ID] == asset.AC {
		to = asset.HPC
	}
	w.write(func(tx *store.Tx) error {
		next := *p
		next.Type = to
		if err := tx.SavePoint(next, p.Version); err != nil {
			return err
		}
		return tx.Record(fact.Fact{Kind: asset.FactRetyped, Version: 1, Operator: w.op, Sub: p.Sub, Object: p.ID.String(), At: tx.Now(),
			Payload: asset.Retyped{Point: p.ID, From: p.Type, To: to}})
	})
	w.recorded++
	p.Type, p.Version = to, p.Version+1
	m.types[p.ID] = to
}

// sums are all sums there are, as text.
func (w *world) sums() []string {
	w.t.Helper()
	var out []string
	w.read(func(tx *store.Tx) error {
		out = nil
		for _, site := range append([]ident.Site{{}}, w.siteIDs(tx)...) {
			f := report.Filter{Site: site}
			all, err := tx.SessionSums(f, 0, report.Latest)
			if err != nil {
				return err
			}
			for b, s := range all {
				seen, err := tx.DriversSeen(f, b)
				if err != nil {
					return err
				}
				out = append(out, fmt.Sprint(site, b, s, seen))
			}
			years, err := tx.DriversSeen(f, 2026)
			if err != nil {
				return err
			}
			out = append(out, fmt.Sprint(site, years))
			money, err := tx.MoneySums(f, 0, report.Latest)
			if err != nil {
				return err
			}
			for _, p := range money {
				out = append(out, fmt.Sprint(site, p))
			}
		}
		return nil
	})
	slices.Sort(out)
	return out
}

func (w *world) siteIDs(tx *store.Tx) (ids []ident.Site) {
	w.t.Helper()
	l, err := tx.ListSites(asset.SiteFilter{}, pageOfAll)
	w.ok(err)
	for _, s := range l.Items {
		ids = append(ids, s.ID)
	}
	return ids
}

// compare asks for days, months and years with every filter, and sums the rows.
func (w *world) compare(m *model, when string) {
	t := w.t
	t.Helper()
	filters := []report.Filter{{}, {ACDC: report.AC}, {ACDC: report.DC}, {Sub: w.sub}, {Sub: w.sub, ACDC: report.DC}}
	for _, s := range m.sites {
		filters = append(filters, report.Filter{Site: s.ID}, report.Filter{Site: s.ID, ACDC: report.AC})
	}
	buckets := map[report.Bucket]bool{2026: true}
	for d := day(t, "2026-09-04"); d <= day(t, "2026-11-30"); d = d.AddDays(1) {
		buckets[d.Month()] = true
		if d%3 == 0 || d == day(t, "2026-10-25") || d == day(t, "2026-09-06") {
			buckets[d] = true
		}
	}
	for _, e := range m.entries[:min(3, len(m.entries))] {
		buckets[report.DayOf(e.at, mustZone("America/Santiago"))] = true
	}
	for _, f := range filters {
		for b := range maps.Keys(buckets) {
			got, err := w.Analytics(t.Context(), w.sc, report.Query{Filter: f, Bucket: b})
			w.ok(err)
			want, seen := m.ended(f, b)
			if got.Total != want || got.Drivers != seen {
				t.Fatalf("%s, %+v, %s: %+v by %d drivers, the rows say %+v by %d", when, f, b.Text(), got.Total, got.Drivers, want, seen)
			}
			w.compareRows(f, b, want, when)
			parts := report.Sessions{}
			for _, p := range got.Parts {
				parts = parts.Add(p.Value)
			}
			if parts != want {
				t.Fatalf("%s, %+v, %s: the parts come to %+v, the whole to %+v", when, f, b.Text(), parts, want)
			}
			w.compareMoney(m, f, b, when)
		}
	}
}

// compareRows asks for the rows behind a sum.
func (w *world) compareRows(f report.Filter, b report.Bucket, want report.Sessions, when string) {
	w.t.Helper()
	sum, page := report.Sessions{}, operator.Page{Limit: operator.MaxLimit}
	for {
		l, err := w.EndedRows(w.t.Context(), w.sc, report.Query{Filter: f, Bucket: b}, page)
		w.ok(err)
		for _, r := range l.Items {
			sum.Sessions++
			sum.Energy += r.Energy
		}
		if page.Cursor = l.Next; l.Next == "" {
			break
		}
	}
	if sum.Sessions != want.Sessions || sum.Energy != want.Energy {
		w.t.Fatalf("%s, %+v, %s: %d rows with %d Wh, want %+v", when, f, b.Text(), sum.Sessions, sum.Energy, want)
	}
}

func (w *world) compareMoney(m *model, f report.Filter, b report.Bucket, when string) {
	t := w.t
	t.Helper()
	got, err := w.Finance(t.Context(), w.sc, report.Query{Filter: f, Bucket: b})
	w.ok(err)
	if len(got.Currencies) != 1 || got.Currencies[0].Currency != "EUR" {
		t.Fatalf("%s: currencies %+v", when, got.Currencies)
	}
	v := got.Currencies[0]
	want := m.posted(f, b)
	have := [5]int64{v.Total.Gross.Minor, v.Total.Refunds.Minor, v.Total.Tax.Minor, v.Total.Recharge.Minor, v.Total.Given.Minor}
	if have != want {
		t.Fatalf("%s, %+v, %s: gross, refunds, tax, recharged, given %v, the rows say %v", when, f, b.Text(), have, want)
	}
	x := v.Total
	sum := x.Electricity.Add(x.Service).Add(x.Reservation).Add(x.Idle).Add(x.Other).Add(x.Tax).Sub(x.Discounts)
	if sum != x.Gross {
		t.Fatalf("%s, %+v, %s: the parts of the gross come to %s, it is %s", when, f, b.Text(), sum, x.Gross)
	}
	for side, figure := range map[report.Side]int64{report.Charged: x.Gross.Minor, report.Refunded: x.Refunds.Minor, report.Recharged: x.Recharge.Minor, report.Reversed: 0} {
		rows := int64(0)
		page := operator.Page{Limit: operator.MaxLimit}
		for {
			l, err := w.PostedRows(t.Context(), w.sc, report.Query{Filter: f, Bucket: b}, side, "", page)
			w.ok(err)
			for _, r := range l.Items {
				rows += r.Amount.Minor
			}
			if page.Cursor = l.Next; l.Next == "" {
				break
			}
		}
		if rows != figure {
			t.Fatalf("%s, %+v, %s: the rows of %s come to %d, the figure is %d", when, f, b.Text(), side, rows, figure)
		}
	}
	parts, subs := report.NoMoney("EUR"), report.NoMoney("EUR")
	for _, p := range v.Parts {
		parts = parts.Plus(p.Value)
	}
	for _, s := range v.Subs {
		subs = subs.Plus(s.Total)
	}
	if parts != x || len(v.Subs) > 0 && subs != x {
		t.Fatalf("%s, %+v, %s: the parts come to %+v, those of the sub-operators to %+v, the whole is %+v", when, f, b.Text(), parts, subs, x)
	}
}

var pageOfAll = operator.Page{Limit: operator.MaxLimit}

func mustZone(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return loc
}

func (m *model) takes(f report.Filter, st session.State) bool {
	acdc := report.DC
	if m.types[st.Point].Alternating() {
		acdc = report.AC
	}
	return (f.Site.IsZero() || f.Site == st.Site) && (f.Sub.IsZero() || f.Sub == st.Sub) && (f.ACDC == "" || f.ACDC == acdc)
}

// in reports whether an instant lies in a bucket, by its date on a wall.
func in(at time.Time, zone string, b report.Bucket) bool {
	text := at.In(mustZone(zone)).Format("2006-01-02")
	return text[:len(b.Text())] == b.Text()
}

func (m *model) ended(f report.Filter, b report.Bucket) (sum report.Sessions, drivers int64) {
	seen := map[ident.Driver]bool{}
	for _, st := range m.sessions {
		if st.EndedAt.IsZero() || !m.takes(f, st) || !in(st.EndedAt, st.Zone, b) {
			continue
		}
		if st.Phase == session.Rejected || st.Phase == session.FailedToStart {
			sum.Failed++
			continue
		}
		sum.Sessions++
		sum.Energy += st.Energy
		sum.Seconds += int64(st.EndedAt.Sub(st.StartedAt) / time.Second)
		if st.Phase != session.Abnormal && st.Energy > 0 {
			sum.Succeeded++
		}
		if !st.Driver.IsZero() {
			seen[st.Driver] = true
		}
	}
	return sum, int64(len(seen))
}

func (m *model) posted(f report.Filter, b report.Bucket) (sum [5]int64) {
	for _, e := range m.entries {
		if !in(e.at, "America/Santiago", b) {
			continue
		}
		if e.session < 0 {
			if f.Site.IsZero() && f.ACDC == "" && (f.Sub.IsZero() || f.Sub == e.sub) {
				sum[3] -= e.amount
				sum[4] -= e.amount
			}
			continue
		}
		if !m.takes(f, m.sessions[e.session]) {
			continue
		}
		if e.amount < 0 {
			sum[1] -= e.amount
		} else {
			sum[0] += e.amount
			sum[2] += e.tax
		}
	}
	return sum
}

// A sub-operator's staff get its own sums from every block (HOME-A5).
func TestHOME_A5_aSubOperatorSeesItsOwn(t *testing.T) {
	each(t, func(w *world) {
		t := w.t
		mine, mp := w.site(w.sub, "Europe/Berlin", asset.AC)
		others, op := w.site(ident.SubOperator{}, "Europe/Berlin", asset.HPC)
		w.connector(mp[0], 1, asset.Available)
		w.connector(op[0], 1, asset.Available)
		w.connector(op[0], 2, asset.Available)
		at := local(t, "Europe/Berlin", "2026-11-20 10:00")
		anna, bert := ident.New[ident.Driver](at), ident.New[ident.Driver](at)
		a := w.ended(mine, mp[0], anna, at, at.Add(time.Hour), 10_000)
		b := w.ended(others, op[0], bert, at, at.Add(time.Hour), 50_000)
		w.capture(w.wallet(w.sub), a, *a.Bill)
		w.capture(w.wallet(ident.SubOperator{}), b, *b.Bill)
		running := w.session(mine, mp[0], anna, w.clock.Now())
		w.measured(running, 7000, w.clock.Now())
		elsewhere := w.session(others, op[0], bert, w.clock.Now())
		w.measured(elsewhere, 90_000, w.clock.Now())
		w.ok(w.Look(t.Context()))
		w.rolled()
		w.clock.Advance(report.SlotLength)
		ctx := t.Context()
		for _, c := range []struct {
			who                                     string
			sc                                      authz.Scope
			f                                       report.Filter
			sites, connectors, ended, drivers, runs int64
			energy                                  unit.Wh
			gross, owed                             int64
			curve                                   unit.W
		}{
			{"the sub-operator", w.subs, report.Filter{}, 1, 1, 1, 1, 1, 10_000, a.Bill.Total.Minor, a.Bill.Total.Minor, 7000},
			{"the operator, of it", w.sc, report.Filter{Sub: w.sub}, 1, 1, 1, 1, 1, 10_000, a.Bill.Total.Minor, a.Bill.Total.Minor, 7000},
			{"the operator", w.sc, report.Filter{}, 2, 3, 2, 2, 2, 60_000, a.Bill.Total.Minor + b.Bill.Total.Minor, a.Bill.Total.Minor + b.Bill.Total.Minor, 97_000},
		} {
			n, err := w.Network(ctx, c.sc, c.f)
			w.ok(err)
			k, err := w.Connectors(ctx, c.sc, c.f)
			w.ok(err)
			sites, err := w.Sites(ctx, c.sc, c.f)
			w.ok(err)
			var sum report.SiteState
			for _, x := range sites.Sites {
				sum.Connectors += x.Connectors
				sum.Free, sum.InUse, sum.OutOfOrder, sum.Unknown = sum.Free+x.Free, sum.InUse+x.InUse, sum.OutOfOrder+x.OutOfOrder, sum.Unknown+x.Unknown
			}
			if int64(len(sites.Sites)) != c.sites || sites.More || sum.Connectors != c.connectors || sum.Free+sum.InUse+sum.OutOfOrder+sum.Unknown != c.connectors {
				t.Errorf("%s: the map has %d sites with %+v", c.who, len(sites.Sites), sum)
			}
			p, err := w.Power(ctx, c.sc, c.f)
			w.ok(err)
			s, err := w.Analytics(ctx, c.sc, report.Query{Filter: c.f, Bucket: 202611})
			w.ok(err)
			m, err := w.Finance(ctx, c.sc, report.Query{Filter: c.f, Bucket: 202611})
			w.ok(err)
			if n.Sites != c.sites || n.Connectors != c.connectors || k.Total != c.connectors {
				t.Errorf("%s: %d sites, %d connectors, in slices %d", c.who, n.Sites, n.Connectors, k.Total)
			}
			if s.Total.Sessions != c.ended || s.Total.Energy != c.energy || s.Drivers != c.drivers || s.Running != c.runs {
				t.Errorf("%s: %+v, %d drivers, %d running", c.who, s.Total, s.Drivers, s.Running)
			}
			if total := m.Currencies[0].Total.Gross.Minor; total != c.gross || m.Currencies[0].Outstanding.Minor != c.owed {
				t.Errorf("%s: gross %d, outstanding %v", c.who, total, m.Currencies[0].Outstanding)
			}
			if mean, ok := p.Peak.Mean(); !ok || mean != c.curve {
				t.Errorf("%s: the curve's peak is %d, %v; want %d", c.who, mean, ok, c.curve)
			}
		}
		// What is the operator's cannot be asked for by name.
		for _, f := range []report.Filter{{Site: others.ID}, {Sub: ident.New[ident.SubOperator](at)}} {
			if _, err := w.Analytics(ctx, w.subs, report.Query{Filter: f, Bucket: 202611}); err == nil {
				t.Errorf("%+v was answered", f)
			}
		}
	})
}

// measured gives a running session a sample.
func (w *world) measured(st session.State, power unit.W, at time.Time) session.State {
	w.t.Helper()
	if !st.Last.At.IsZero() {
		st.Inner.Gap = at.Sub(st.Last.At)
	}
	st.Last = session.Reading{At: at, Power: power, Has: session.HasPower}
	w.write(func(tx *store.Tx) error { return tx.SaveMetered(st) })
	st.Rev++
	return st
}
