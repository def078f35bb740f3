package tariff

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/unit"
)

func rate(s string) money.Rate {
	r, err := money.ParseRate(s)
	if err != nil {
		panic(err)
	}
	return r
}

func eur(s string) money.Amount {
	a, err := money.ParseAmount(s, "EUR")
	if err != nil {
		panic(err)
	}
	return a
}

// guide is a plan as the screens make it.
func guide() Draft {
	return Draft{Name: "A3E standard", Currency: "EUR", VAT: 200,
		Electricity:   []Band{{From: 0, To: 6 * 60, Price: rate("0.20")}, {From: 6 * 60, To: 1440, Price: rate("0.40")}},
		ServicePerKWh: rate("0.10"), StartFee: rate("0.50"), Idle: &IdleFee{PerMinute: rate("0.20"), Grace: 15 * time.Minute}}
}

func TestDraftMakesAPlanAndComesBack(t *testing.T) {
	t.Parallel()
	p, err := guide().Plan()
	if err != nil {
		t.Fatal(err)
	}
	if p.Hold != eur("50.00") || p.IdleFee.Cap != eur("20.00") || p.MinBalance != eur("0") || !p.HasIdle() {
		t.Errorf("defaults (PAY-R3, IDLE-R5): hold %v cap %v least %v", p.Hold, p.IdleFee.Cap, p.MinBalance)
	}
	d, ok := p.Draft()
	want := guide()
	want.Hold, want.MinBalance, want.Idle.Cap = p.Hold, p.MinBalance, p.IdleFee.Cap
	if !ok || !reflect.DeepEqual(d, want) {
		t.Errorf("back: %+v %v", d, ok)
	}
	p.Layers[1].Elements[0].Cond.Days = On(time.Monday)
	if _, ok := p.Draft(); ok {
		t.Error("a service fee of Mondays is more than a draft says")
	}
}

func TestPlanSurvivesJSON(t *testing.T) {
	t.Parallel()
	p, err := guide().Plan()
	if err != nil {
		t.Fatal(err)
	}
	v := unit.Permille(55)
	p.ID, p.Number, p.Version, p.SavedAt = ident.New[ident.Plan](time.Now()), 3, 7, time.Unix(1, 0).UTC()
	p.Layers[0].Elements[0].Cond.Days = On(time.Monday, time.Sunday)
	p.Layers[0].Elements[0].Components[0].VAT = &v
	j, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var q Plan
	if err := json.Unmarshal(j, &q); err != nil || !reflect.DeepEqual(p, q) {
		t.Errorf("%v\n%+v\n%+v", err, p, q)
	}
	if !strings.Contains(string(j), `"to":"24:00"`) || !strings.Contains(string(j), `"price":"0.20"`) {
		t.Errorf("prices and times of day are text: %s", j)
	}
}

func TestDraftFaultsPointIntoTheForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why    string
		change func(*Draft)
		want   []string
	}{
		{"no bands", func(d *Draft) { d.Electricity = nil }, []string{"/electricity"}},
		{"a gap", func(d *Draft) { d.Electricity[1].To = 23 * 60 }, []string{"/electricity"}},
		{"an overlap", func(d *Draft) { d.Electricity[1].From = 5 * 60 }, []string{"/electricity/1"}},
		{"no time of day", func(d *Draft) { d.Electricity[1].To = 1441 }, []string{"/electricity/1"}},
		{"negative energy price", func(d *Draft) { d.Electricity[0].Price = -1 }, []string{"/electricity/0"}},
		{"negative service price", func(d *Draft) { d.ServicePerKWh = -1 }, []string{"/service_per_kwh"}},
		{"negative start fee", func(d *Draft) { d.StartFee = -1 }, []string{"/start_fee"}},
		{"negative idle price", func(d *Draft) { d.Idle.PerMinute = -1 }, []string{"/idle/per_minute"}},
		{"price too large", func(d *Draft) { d.ServicePerKWh = maxPrice + 1 }, []string{"/service_per_kwh"}},
		{"idle cap in another currency", func(d *Draft) { d.Idle.Cap = money.New(1, "USD") }, []string{"/idle/cap"}},
		{"negative grace", func(d *Draft) { d.Idle.Grace = -time.Second }, []string{"/idle/grace_s"}},
		{"grace of half a second", func(d *Draft) { d.Idle.Grace = time.Second / 2 }, []string{"/idle/grace_s"}},
		{"hold in another currency", func(d *Draft) { d.Hold = money.New(1, "USD") }, []string{"/hold"}},
		{"negative hold", func(d *Draft) { d.Hold = eur("-1.00") }, []string{"/hold"}},
		{"negative least balance", func(d *Draft) { d.MinBalance = eur("-1.00") }, []string{"/min_balance"}},
		{"tax above 100 %", func(d *Draft) { d.VAT = 1001 }, []string{"/vat_permille"}},
		{"no name, no currency", func(d *Draft) { d.Name, d.Currency = "", "eur" }, []string{"/name", "/currency"}},
	} {
		d := guide()
		c.change(&d)
		_, err := d.Plan()
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		var got []string
		for _, x := range f.Fields {
			got = append(got, x.Pointer)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.why, f.Fields, c.want)
		}
	}
}

func TestClockText(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]Clock{"00:00": 0, "06:30": 390, "23:59": 1439, "24:00": 1440} {
		if c, err := ParseClock(s); err != nil || c != want || c.String() != s {
			t.Errorf("%s: %v %v", s, c, err)
		}
	}
	for _, s := range []string{"", "6:30", "24:01", "25:00", "12:60", "ab:cd", "1234", "-1:00", "12:3 "} {
		if c, err := ParseClock(s); err == nil {
			t.Errorf("%q is taken for %v", s, c)
		}
	}
}

// BAL-R2, the pure vector: balance 5.00, 0.40 per kWh, 22 kW, a sample a minute. The
// reserve of an interval is 0.15, so the session stops at 4.85.
func TestReserveOfTheVector_BAL_R2(t *testing.T) {
	t.Parallel()
	d := Draft{Name: "vector", Currency: "EUR", Electricity: []Band{{To: 1440, Price: rate("0.40")}}}
	p, err := d.Plan()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r, err := NewSheet(&p, time.UTC).Reserve(22_000, time.Minute, at)
	if err != nil || r != eur("0.15") {
		t.Fatalf("reserve %v %v", r, err)
	}
	stop := money.Amount{}
	s, run := NewSheet(&p, time.UTC), Begin(at)
	for i := 1; i < 100; i++ {
		run = run.Add(s, Point{At: at.Add(time.Duration(i) * time.Minute), Energy: unit.Wh(i * 22_000 / 60)})
		c, err := run.Cost(s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !c.Add(r).Less(eur("5.00")) {
			stop = c
			break
		}
	}
	if stop.Less(eur("4.85")) || eur("5.00").Less(stop) {
		t.Errorf("stops at %v", stop)
	}
}

func TestReserveTakesTheDearestBandAheadTaxAndAMinuteOfIdle(t *testing.T) {
	t.Parallel()
	p, err := guide().Plan() // 0.20 until 06:00, then 0.40; service 0.10; idle 0.20; VAT 20 %
	if err != nil {
		t.Fatal(err)
	}
	at := func(h, m int) time.Time { return time.Date(2026, 3, 1, h, m, 0, 0, time.UTC) }
	for _, c := range []struct {
		why  string
		at   time.Time
		d    time.Duration
		want string
	}{
		{"10 kWh at night: 2.00 + 1.00 + 0.20, with tax", at(3, 0), time.Hour, "3.84"},
		{"the window reaches into the day: 4.00 + 1.00 + 0.20", at(5, 30), time.Hour, "6.24"},
		{"it ends at six, so the day does not count", at(5, 0), time.Hour, "3.84"},
		{"nothing ahead: the idle minute", at(3, 0), 0, "0.24"},
	} {
		r, err := NewSheet(&p, time.UTC).Reserve(10_000, c.d, c.at)
		if err != nil || r != eur(c.want) {
			t.Errorf("%s: %v %v, want %s", c.why, r, err, c.want)
		}
	}
	if _, err := NewSheet(&p, time.UTC).Reserve(-1, time.Hour, at(0, 0)); err == nil {
		t.Error("negative power has a reserve")
	}
}

func TestIdleCapReached(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	p, err := guide().Plan() // 0.20 a minute, grace 15 min, cap 20.00: 100 minutes
	if err != nil {
		t.Fatal(err)
	}
	capped, ok := NewSheet(&p, time.UTC).IdleCapReached(nil, at)
	// 19.995 rounds to 20.00: 1.5 s less than 100 minutes.
	if want := at.Add(115*time.Minute - time.Second); !ok || !capped.Equal(want) {
		t.Errorf("%v %v, want %v", capped, ok, want)
	}
	full := func(to time.Time, past ...Interval) money.Amount {
		b, err := Rate(p, Usage{Start: at, Stop: at, Idle: append(past, Interval{at, to})}, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		return b.Sum(KindIdle)
	}
	if full(capped) != eur("20.00") || full(capped.Add(-time.Second)) == eur("20.00") {
		t.Errorf("at the instant %v, a second before %v", full(capped), full(capped.Add(-time.Second)))
	}
	past := Interval{at.Add(-time.Hour), at.Add(-20 * time.Minute)} // 15 min grace and 25 min charged
	if again, ok := NewSheet(&p, time.UTC).IdleCapReached([]Interval{past}, at); !ok || !again.Equal(capped.Add(-40*time.Minute)) {
		t.Errorf("with past windows %v %v", again, ok)
	}
	if done, ok := NewSheet(&p, time.UTC).IdleCapReached([]Interval{{at.Add(-24 * time.Hour), at}}, at); !ok || !done.Equal(at) {
		t.Errorf("reached before: %v %v", done, ok)
	}
	night := p
	night.Layers = slices.Clone(p.Layers)
	night.Layers[3].Elements = []Element{{Cond: Cond{From: 12 * 60, To: 13 * 60}, Components: p.Layers[3].Elements[0].Components}}
	if c, ok := NewSheet(&night, time.UTC).IdleCapReached(nil, at); !ok || !c.Equal(time.Date(2026, 3, 2, 12, 39, 59, 0, time.UTC)) {
		t.Errorf("an hour a day: %v %v", c, ok)
	}
	dear := p
	dear.IdleFee.Cap = eur("1000000.00")
	if c, ok := NewSheet(&dear, time.UTC).IdleCapReached(nil, at); ok {
		t.Errorf("a cap that is years away: %v", c)
	}
	free := Draft{Name: "no idle", Currency: "EUR", Electricity: []Band{{To: 1440, Price: rate("0.40")}}}
	if q, err := free.Plan(); err != nil {
		t.Fatal(err)
	} else if _, ok := NewSheet(&q, time.UTC).IdleCapReached(nil, at); ok {
		t.Error("a plan without an idle fee has no cap to reach")
	}
}

func TestBillExplainsItself(t *testing.T) {
	t.Parallel()
	d := guide()
	d.Idle.Cap = eur("10.00")
	p, err := d.Plan()
	if err != nil {
		t.Fatal(err)
	}
	at := func(h, m int) time.Time { return time.Date(2026, 3, 1, h, m, 0, 0, time.UTC) }
	b := mustRate(t, p, Usage{Start: at(5, 0), Stop: at(7, 0), Energy: 18437,
		Points: []Point{{At: at(5, 30), Energy: 4000}, {At: at(6, 30), Energy: 14000}}, Idle: []Interval{{at(7, 0), at(8, 20)}}}, zone(t, "Europe/London"))
	want := []string{
		"Electricity 00:00–06:00: 9.000 kWh × 0.20 EUR = 1.80 EUR",
		"Electricity 06:00–24:00: 9.437 kWh × 0.40 EUR = 3.77 EUR",
		"Service: 18.437 kWh × 0.10 EUR = 1.84 EUR",
		"Start: 1 × 0.50 EUR = 0.50 EUR",
		"Idle: 65 min × 0.20 EUR = capped at 10.00 EUR",
		"The first 15 min of idle time are free and deducted.",
		"VAT 20 % of 17.91 EUR = 3.58 EUR",
		"A price changed between two meter samples: the energy was split along a straight line between them.",
		"Total 21.49 EUR",
	}
	if !slices.Equal(b.Explanation, want) {
		t.Errorf("%s", strings.Join(b.Explanation, "\n"))
	}
	s := b.Lines[1].Segments
	if len(s) != 1 || !s[0].Interpolated || !s[0].From.Equal(at(6, 0)) || !s[0].To.Equal(at(7, 0)) || s[0].Why != "first band that matches: 06:00–24:00 Europe/London" {
		t.Errorf("segments %+v", s)
	}
	var back Bill
	if j, err := json.Marshal(b); err != nil {
		t.Fatal(err)
	} else if err := json.Unmarshal(j, &back); err != nil || !reflect.DeepEqual(b, back) {
		t.Errorf("a bill is stored as its JSON: %v\n%+v\n%+v", err, b, back)
	}
	none := mustRate(t, p, Usage{Start: at(5, 0), Stop: at(5, 1)}, time.UTC)
	if want := []string{"No energy was delivered: what is due once per session is waived.", "Total 0.00 EUR"}; !slices.Equal(none.Explanation, want) {
		t.Errorf("%q", none.Explanation)
	}
}

func TestRateRefusesWhatCannotBePriced(t *testing.T) {
	t.Parallel()
	p, err := guide().Plan()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_772_355_600, 0)
	for _, c := range []struct {
		why  string
		plan Plan
		u    Usage
		want fault.Kind
	}{
		{"exported energy", p, Usage{Start: at, Stop: at, Energy: -1}, fault.Unsupported},
		{"more than money holds", p, Usage{Start: at, Stop: at, Energy: 1 << 62}, fault.Invalid},
		{"no currency", Plan{Layers: p.Layers}, Usage{Start: at, Stop: at}, fault.Internal},
	} {
		if _, err := Rate(c.plan, c.u, time.UTC); !fault.Is(err, c.want) {
			t.Errorf("%s: %v", c.why, err)
		}
	}
}

func TestRunningPriceOfAnotherPlanIsRefused(t *testing.T) {
	t.Parallel()
	p, err := guide().Plan()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_772_355_600, 0)
	r := Begin(at).Add(NewSheet(&p, time.UTC), Point{At: at.Add(time.Minute), Energy: 100})
	q := p
	q.Layers = p.Layers[:2]
	if _, err := r.Bill(NewSheet(&q, time.UTC), nil); !fault.Is(err, fault.Internal) {
		t.Errorf("%v", err)
	}
	if s := r.Add(NewSheet(&q, time.UTC), Point{At: at.Add(2 * time.Minute), Energy: 200}); !reflect.DeepEqual(s, r) {
		t.Errorf("the sums moved: %v", s)
	}
}
