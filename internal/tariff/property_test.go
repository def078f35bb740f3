package tariff

import (
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"ccms/internal/money"
	"ccms/internal/unit"
)

// fold prices the usage by Running.
func fold(p Plan, u Usage, loc *time.Location) (Bill, error) {
	pts, _ := u.path()
	s, r := NewSheet(&p, loc), Begin(pts[0].At)
	if u.Reservation != nil {
		r.Reservation = *u.Reservation
	}
	for _, pt := range pts[1:] {
		r = r.Add(s, pt)
	}
	return r.Bill(s, u.Idle)
}

// samePrice compares what is owed and for what; texts, segments and the flag that a
// running price does not know are left out.
func samePrice(a, b *Bill) bool {
	plain := func(b *Bill) Bill {
		c := *b
		c.Lines, c.Flags, c.Explanation = nil, nil, nil
		for _, l := range b.Lines {
			l.Segments, l.Label, l.Name = nil, "", ""
			c.Lines = append(c.Lines, l)
		}
		for _, f := range b.Flags {
			if f != NoSamples && f != Interpolated {
				c.Flags = append(c.Flags, f)
			}
		}
		return c
	}
	return reflect.DeepEqual(plain(a), plain(b))
}

// refined adds samples that lie exactly on the lines between the given ones.
func refined(u Usage) (out []Point) {
	pts, _ := u.path()
	for i := 1; i < len(pts); i++ {
		a, b := pts[i-1], pts[i]
		span, delta := int64(b.At.Sub(a.At)), int64(b.Energy-a.Energy)
		for k := int64(1); k < 8; k++ {
			// The k-th eighth, if both its time and its energy are whole.
			if span%8 == 0 && delta*k%8 == 0 {
				out = append(out, Point{At: a.At.Add(time.Duration(span / 8 * k)), Energy: a.Energy + unit.Wh(delta*k/8)})
			}
		}
		if i < len(pts)-1 {
			out = append(out, b)
		}
	}
	return out
}

var zones = []string{"UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia"}

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// Days around changes of the clock, and an ordinary one.
var days = []string{"2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01", "2026-07-15", "2011-12-29"}

// anyPlan is a plan with up to five layers, bands, weekdays, times, flats and taxes.
func anyPlan(r *rand.Rand) Plan {
	p := Plan{Name: "any", Currency: []money.Currency{"EUR", "JPY", "KWD"}[r.IntN(3)], VAT: unit.Permille(r.IntN(4) * 55),
		PricesIncludeTax: r.IntN(3) == 0}
	price := func() money.Rate { return money.Rate(r.IntN(1_000_000)) }
	cond := func() Cond {
		c := Cond{From: Clock(r.IntN(96) * 15), To: Clock(r.IntN(97) * 15)}
		if r.IntN(3) == 0 {
			c.Days = Days(r.IntN(127))
		}
		return c
	}
	layer := func(k Kind, bases ...Basis) {
		l := Layer{Kind: k}
		for range r.IntN(4) {
			e := Element{Cond: cond()}
			for _, b := range bases {
				if r.IntN(4) > 0 {
					e.Components = append(e.Components, Component{Basis: b, Price: price()})
				}
			}
			if len(e.Components) > 0 {
				l.Elements = append(l.Elements, e)
			}
		}
		var v *unit.Permille
		if r.IntN(3) == 0 {
			v = new(unit.Permille)
			*v = unit.Permille(r.IntN(300))
		}
		l.Elements = append(l.Elements, Element{Components: []Component{{Basis: bases[0], Price: price(), VAT: v}}})
		p.Layers = append(p.Layers, l)
	}
	layer(KindElectricity, Energy)
	if r.IntN(2) == 0 {
		layer(KindService, Energy, Time)
	}
	if r.IntN(2) == 0 {
		layer(KindService, Time)
	}
	if r.IntN(2) == 0 {
		layer(KindStart, Flat)
	}
	if r.IntN(2) == 0 {
		layer(KindIdle, IdleTime)
		p.IdleFee = IdleRule{Grace: time.Duration(r.IntN(30)) * time.Minute, Cap: money.New(int64(1+r.IntN(3000)), p.Currency)}
	}
	return p.Complete()
}

func anyUsage(r *rand.Rand, loc *time.Location) Usage {
	day, err := time.ParseInLocation("2006-01-02", days[r.IntN(len(days))], loc)
	if err != nil {
		panic(err)
	}
	at := day.Add(time.Duration(r.IntN(30*3600)) * time.Second).UTC()
	u := Usage{Start: at}
	for range r.IntN(12) {
		at = at.Add(time.Duration(1+r.IntN(3000)) * time.Second).Add(time.Duration(r.IntN(2)*r.IntN(1000)) * time.Millisecond)
		u.Energy += unit.Wh(r.IntN(5000) * r.IntN(3) / 2)
		u.Points = append(u.Points, Point{At: at, Energy: u.Energy})
	}
	u.Stop = at.Add(time.Duration(r.IntN(5000)) * time.Second)
	u.Energy += unit.Wh(r.IntN(3000))
	idle := u.Stop.Add(time.Duration(r.IntN(7200)-3600) * time.Second)
	for range r.IntN(3) {
		to := idle.Add(time.Duration(r.IntN(10000)) * time.Second)
		u.Idle = append(u.Idle, Interval{idle, to})
		idle = to.Add(time.Duration(r.IntN(2000)-500) * time.Second)
	}
	return u
}

// widen adds to a plan what the guide's plans do not have: special bands, tiers, steps,
// limits, discounts, reservations; every third becomes an OCPI tariff.
func widen(r *rand.Rand, p *Plan) {
	special := func(b Basis, k Kind) (s Special) {
		switch r.IntN(8) {
		case 0:
			s.Season = Season{From: YearDay(101 + r.IntN(12)*100), To: YearDay(101 + r.IntN(12)*100)}
		case 1:
			s.Holidays = []HolidayRule{OnHolidays, NotHolidays}[r.IntN(2)]
		case 2:
			s.LastsFrom = int64(r.IntN(4000))
			s.LastsTo = s.LastsFrom + 1 + int64(r.IntN(4000))
		case 3:
			s.EnergyFrom = unit.Wh(r.IntN(9000))
			s.EnergyTo = s.EnergyFrom + 1 + unit.Wh(r.IntN(9000))
		case 4:
			s.PowerFrom = unit.W(r.IntN(9000))
			s.PowerTo = s.PowerFrom + 1 + unit.W(r.IntN(9000))
		case 5:
			s.Since = 20260701
		}
		if k != KindOCPI && b != Energy && (s.byPathOf() || b != Time && s.LastsTo != 0) {
			return Special{}
		}
		return s
	}
	ocpi := r.IntN(3) == 0
	price := func() money.Rate { return money.Rate(r.IntN(1_000_000)) }
	for d := Date(20260301); d < 20260330; d += Date(1 + r.IntN(3)) {
		p.Holidays = append(p.Holidays, d)
	}
	if ocpi {
		l := Layer{Kind: KindOCPI}
		for range 1 + r.IntN(5) {
			e := Element{Cond: Cond{From: Clock(r.IntN(96) * 15), To: Clock(r.IntN(97) * 15), Special: special(Energy, KindOCPI)}}
			for _, b := range []Basis{Energy, Time, Parking, Flat} {
				if r.IntN(3) > 0 {
					c := Component{Basis: b, Price: price()}
					if b != Flat && r.IntN(2) == 0 {
						c.Step = int64(r.IntN(1000))
					}
					c.Hourly = b != Energy && b != Flat
					e.Components = append(e.Components, c)
				}
			}
			if len(e.Components) > 0 {
				l.Elements = append(l.Elements, e)
			}
		}
		l.Elements = append(l.Elements, Element{Components: []Component{{Basis: Energy, Price: price()}}})
		p.Layers, p.IdleFee = []Layer{l}, IdleRule{}
	} else {
		for i := range p.Layers {
			l := &p.Layers[i]
			if r.IntN(4) == 0 {
				l.Discount = unit.Permille(r.IntN(1001))
			}
			if l.Kind == KindElectricity || l.Kind == KindService {
				b := l.Elements[0].Components[0].Basis
				l.Elements = append([]Element{{Cond: Cond{Special: special(b, l.Kind)}, Components: []Component{{Basis: b, Price: price(), Step: int64(r.IntN(2) * r.IntN(900))}}}}, l.Elements...)
			}
		}
		if r.IntN(2) == 0 {
			p.Layers = append(p.Layers, Layer{Kind: KindReservation, Elements: []Element{{Components: []Component{{Basis: Time, Price: price()}, {Basis: Flat, Price: price()}}}}})
			p.Reservation = ReserveRule{Free: time.Duration(r.IntN(400)) * time.Second, RefundFrom: unit.Wh(r.IntN(2) * r.IntN(20000))}
		}
	}
	limit := func(n int) *money.Amount {
		if r.IntN(2) == 0 {
			return nil
		}
		a := money.New(int64(n), p.Currency)
		return &a
	}
	if r.IntN(3) == 0 {
		n := r.IntN(2000)
		p.Min = Limit{limit(n), limit(n + r.IntN(500))}
		p.Max = Limit{limit(n + 1000), limit(n + 1600)}
	}
	*p = p.Complete()
}

func (s *Special) byPathOf() bool { c := Cond{Special: *s}; return c.byPath() }

// forAny checks the guide's plans, and as many with everything in them.
func forWide(t *testing.T, n int, check func(t *testing.T, p Plan, u Usage, loc *time.Location)) {
	t.Helper()
	forAny(t, n, check)
	checked := 0
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(i), 11))
		loc := zone(t, zones[r.IntN(len(zones))])
		p := anyPlan(r)
		widen(r, &p)
		if err := p.Validate(); err != nil {
			continue // random bands may overlap
		}
		checked++
		u := anyUsage(r, loc)
		if r.IntN(3) == 0 {
			u.Reservation = &Reserved{From: u.Start.Add(-time.Duration(r.IntN(4000)) * time.Second), To: u.Start, Outcome: ReservationUsed}
		}
		check(t, p, u, loc)
		if t.Failed() {
			b, _ := json.MarshalIndent(struct {
				Seed  int
				Zone  string
				Plan  Plan
				Usage Usage
			}{i, loc.String(), p, u}, "", " ")
			t.Fatalf("%s", b)
		}
	}
	if checked < n/3 {
		t.Errorf("only %d of %d wide plans were valid", checked, n)
	}
}

func forAny(t *testing.T, n int, check func(t *testing.T, p Plan, u Usage, loc *time.Location)) {
	t.Helper()
	checked := 0
	defer func() {
		if !t.Failed() && checked < n/2 {
			t.Errorf("only %d of %d plans were valid", checked, n)
		}
	}()
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(i), 7))
		loc := zone(t, zones[r.IntN(len(zones))])
		p := anyPlan(r)
		if err := p.Validate(); err != nil {
			continue // random bands may overlap
		}
		checked++
		u := anyUsage(r, loc)
		check(t, p, u, loc)
		if t.Failed() {
			b, _ := json.MarshalIndent(struct {
				Seed  int
				Zone  string
				Plan  Plan
				Usage Usage
			}{i, loc.String(), p, u}, "", " ")
			t.Fatalf("%s", b)
		}
	}
}

func mustRate(t *testing.T, p Plan, u Usage, loc *time.Location) Bill {
	t.Helper()
	b, err := Rate(p, u, loc)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRunningFoldEqualsRate(t *testing.T) {
	t.Parallel()
	forWide(t, 2000, func(t *testing.T, p Plan, u Usage, loc *time.Location) {
		b := mustRate(t, p, u, loc)
		pts, _ := u.path()
		s, r := NewSheet(&p, loc), Begin(pts[0].At)
		if u.Reservation != nil {
			r.Reservation = *u.Reservation
		}
		for _, pt := range pts[1:] {
			r = r.Add(s, pt)
			// What is kept between two samples is its JSON.
			j, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			r = Running{}
			if err := json.Unmarshal(j, &r); err != nil {
				t.Fatal(err)
			}
		}
		f, err := r.Bill(s, u.Idle)
		if err != nil || !samePrice(&f, &b) || f.Has(Interpolated) != b.Has(Interpolated) {
			t.Errorf("folded %v %v\nat once %v", show(&f, false), err, show(&b, false))
		}
		if c, err := r.Cost(s, u.Idle); err != nil || c != b.Total {
			t.Errorf("cost %v %v, total %v", c, err, b.Total)
		}
	})
}

func TestMoreSamplesOnTheSameLinesNeverChangeThePrice(t *testing.T) {
	t.Parallel()
	refinedAtAll := 0
	forWide(t, 2000, func(t *testing.T, p Plan, u Usage, loc *time.Location) {
		b := mustRate(t, p, u, loc)
		v := u
		v.Points = refined(u)
		refinedAtAll += len(v.Points) - len(u.Points)
		if c := mustRate(t, p, v, loc); !samePrice(&b, &c) {
			t.Errorf("without %v\nwith %v", show(&b, false), show(&c, false))
		}
	})
	if refinedAtAll < 1000 {
		t.Errorf("only %d samples were added", refinedAtAll)
	}
}

// Splitting a band at any minute into two bands of the same price moves nothing from
// one price to another: the quantities per price stay.
func TestAddingACutPointNeverChangesThePrice(t *testing.T) {
	t.Parallel()
	forAny(t, 3000, func(t *testing.T, p Plan, u Usage, loc *time.Location) {
		perPrice := func(p Plan) map[[2]int64]int64 {
			b := mustRate(t, p, u, loc)
			q := map[[2]int64]int64{}
			for _, l := range b.Lines {
				q[[2]int64{int64(l.Layer), int64(l.Price)}] += l.Quantity
			}
			return q
		}
		split := p
		split.Layers = make([]Layer, len(p.Layers))
		for i, l := range p.Layers {
			split.Layers[i].Kind = l.Kind
			for j, e := range l.Elements {
				mid := Clock((i*397 + j*131 + int(u.Energy)) % 1440)
				if e.Cond.always() {
					split.Layers[i].Elements = append(split.Layers[i].Elements,
						Element{Cond: Cond{From: 0, To: mid}, Components: e.Components}, Element{Cond: Cond{From: mid, To: 1440}, Components: e.Components})
					continue
				}
				split.Layers[i].Elements = append(split.Layers[i].Elements, e)
			}
		}
		if whole, parts := perPrice(p), perPrice(split); !reflect.DeepEqual(whole, parts) {
			t.Errorf("whole %v, split %v", whole, parts)
		}
	})
}

func TestTaxesSumToTotalMinusNetAndPartsToNet(t *testing.T) {
	t.Parallel()
	forWide(t, 2000, func(t *testing.T, p Plan, u Usage, loc *time.Location) {
		b := mustRate(t, p, u, loc)
		tax, parts, lines := money.New(0, p.Currency), money.New(0, p.Currency), money.New(0, p.Currency)
		for _, x := range b.Taxes {
			tax = tax.Add(x.Tax)
		}
		for _, x := range b.Parts() {
			parts = parts.Add(x.Net)
		}
		for _, l := range b.Lines {
			lines = lines.Add(l.Amount)
		}
		if b.Total.Sub(b.Net) != tax || parts != b.Net {
			t.Errorf("net %v total %v taxes %v parts %v", b.Net, b.Total, tax, parts)
		}
		if want := b.Net; b.TaxIncluded && lines != b.Total || !b.TaxIncluded && lines != want {
			t.Errorf("lines %v, bill %v/%v", lines, b.Net, b.Total)
		}
		if p.Layers[0].Kind != KindOCPI && b.Sum(KindIdle).Minor > p.IdleFee.Cap.Minor {
			t.Errorf("idle %v above the cap %v", b.Sum(KindIdle), p.IdleFee.Cap)
		}
		energy := map[int]int64{}
		for _, l := range b.Lines {
			var seg int64
			for i, s := range l.Segments {
				seg += s.Quantity
				if i > 0 && s.From.Before(l.Segments[i-1].To) {
					t.Errorf("segments overlap: %v", l.Segments)
				}
			}
			if seg != l.Quantity-l.Stepped && l.Kind != KindLimit {
				t.Errorf("segments sum to %d, the line has %d of which a step made %d", seg, l.Quantity, l.Stepped)
			}
			if l.Basis == Energy {
				energy[l.Layer] += l.Quantity - l.Stepped
			}
		}
		if u.Energy > 0 && energy[0] != int64(u.Energy) {
			t.Errorf("electricity has %d Wh of %d", energy[0], u.Energy)
		}
	})
}

// naive prices a session second by second with rationals: for each second it asks the
// calendar for the wall time and takes the first element that matches.
func naive(p *Plan, u Usage, loc *time.Location) (lines int64) {
	type key struct{ layer, element, component int }
	q := map[key]int64{}
	hit := func(b Basis, at time.Time, n int64) {
		l := at.In(loc)
		minute := Clock(l.Hour()*60 + l.Minute())
		for i := range p.Layers {
		layer:
			for j, e := range p.Layers[i].Elements {
				c := e.Cond
				in := c.From == c.To || c.From < c.To && c.From <= minute && minute < c.To || c.From > c.To && (minute >= c.From || minute < c.To)
				if !in || c.Days != 0 && c.Days>>l.Weekday()&1 == 0 {
					continue
				}
				for k, x := range e.Components {
					if x.Basis == b {
						q[key{i, j, k}] += n
						break layer
					}
				}
			}
		}
	}
	idle := func(s time.Time) bool {
		for _, w := range u.Idle {
			if !s.Before(whole(w.From)) && s.Before(whole(w.To)) {
				return true
			}
		}
		return false
	}
	pts, _ := u.path()
	for i := 1; i < len(pts); i++ {
		a, b := pts[i-1], pts[i]
		upTo := func(at time.Time) int64 {
			x := new(big.Rat).SetFrac64(int64(b.Energy-a.Energy)*2*int64(at.Sub(a.At))+int64(b.At.Sub(a.At)), 2*int64(b.At.Sub(a.At)))
			return new(big.Int).Div(x.Num(), x.Denom()).Int64()
		}
		if !b.At.After(a.At) {
			hit(Energy, a.At, int64(b.Energy-a.Energy))
			continue
		}
		done := int64(0)
		for at := a.At; at.Before(b.At); {
			next := whole(at).Add(time.Second)
			if next.After(b.At) {
				next = b.At
			}
			n := upTo(next)
			hit(Energy, at, n-done)
			at, done = next, n
		}
	}
	start, stop := whole(pts[0].At), whole(pts[len(pts)-1].At)
	for s := start; s.Before(stop); s = s.Add(time.Second) {
		if !idle(s) {
			hit(Time, s, 1)
		}
	}
	if u.Energy > 0 {
		hit(Flat, pts[0].At, 1)
	}
	first, last := time.Unix(1<<40, 0), time.Time{}
	for _, w := range u.Idle {
		first, last = earlier(first, whole(w.From)), later(last, whole(w.To))
	}
	free := int64(p.IdleFee.Grace / time.Second)
	for s := first; s.Before(last); s = s.Add(time.Second) {
		if idle(s) {
			if free--; free < 0 {
				hit(IdleTime, s, 1)
			}
		}
	}
	scale := int64(1)
	for range p.Currency.Exponent() {
		scale *= 10
	}
	idleSum := int64(0)
	for k, n := range q {
		c := p.Layers[k.layer].Elements[k.element].Components[k.component]
		x := big.NewRat(int64(c.Price), 1_000_000)
		x.Mul(x, big.NewRat(n*scale, map[Basis]int64{Energy: 1000, Time: 60, IdleTime: 60, Flat: 1}[c.Basis]))
		x.Add(x, big.NewRat(1, 2))
		minor := new(big.Int).Div(x.Num(), x.Denom()).Int64()
		if p.Layers[k.layer].Kind == KindIdle {
			idleSum += minor
		} else {
			lines += minor
		}
	}
	return lines + min(idleSum, p.IdleFee.Cap.Minor)
}

func TestRateAgreesWithCountingEverySecond(t *testing.T) {
	t.Parallel()
	forAny(t, 150, func(t *testing.T, p Plan, u Usage, loc *time.Location) {
		b := mustRate(t, p, u, loc)
		sum := int64(0)
		for _, l := range b.Lines {
			sum += l.Amount.Minor
		}
		if want := naive(&p, u, loc); sum != want {
			t.Errorf("lines come to %d, counted %d", sum, want)
		}
	})
}

func FuzzRateHasAPriceForWhateverWasReported(f *testing.F) {
	f.Add(int64(1772355600), int64(3600), int64(18437), int64(1800), int64(9000), int64(900), uint64(1))
	f.Add(int64(0), int64(-5), int64(0), int64(-9), int64(7), int64(1<<40), uint64(3))
	f.Add(int64(1792888200), int64(1<<33), int64(1<<50), int64(1<<30), int64(1<<40), int64(5), uint64(9))
	f.Fuzz(func(t *testing.T, start, d, energy, at, part, idle int64, seed uint64) {
		const most = 1 << 34 // seconds: 500 years
		if start%most != start || d%most != d || at%most != at || idle%most != idle || energy < 0 {
			return
		}
		if d > 1<<25 || idle > 1<<25 {
			return // a year of bands takes a while
		}
		r := rand.New(rand.NewPCG(seed, 1))
		p, loc := anyPlan(r), zone(t, zones[r.IntN(len(zones))])
		s := time.Unix(start, 0)
		u := Usage{Start: s, Stop: s.Add(time.Duration(d) * time.Second), Energy: unit.Wh(energy),
			Points: []Point{{At: s.Add(time.Duration(at) * time.Second), Energy: unit.Wh(part)}},
			Idle:   []Interval{{s.Add(time.Duration(at) * time.Second), s.Add(time.Duration(idle) * time.Second)}}}
		b, err := Rate(p, u, loc)
		if err != nil {
			if energy < 1<<40 {
				t.Fatalf("%v", err)
			}
			return
		}
		if b.Total.Minor < 0 || b.Net.Minor < 0 {
			t.Fatalf("negative: %v", b)
		}
		if f, err := fold(p, u, loc); err != nil || !samePrice(&f, &b) {
			t.Fatalf("folded %v %v, at once %v", show(&f, false), err, show(&b, false))
		}
	})
}
