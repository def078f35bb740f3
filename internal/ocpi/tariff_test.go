package ocpi

import (
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ccms/internal/fault"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

func examples(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("CCMS_SPEC_DATA")
	if dir == "" {
		t.Skip("CCMS_SPEC_DATA is not set: the examples of the OCPI specification are not here")
	}
	return filepath.Join(dir, "ocpi")
}

// golden is a worked price of the specification.
type golden struct {
	file, scenario   string
	usage            tariff.Usage
	spec, excl, incl string
}

var periodForm = regexp.MustCompile(`\(([0-9.]+), '([CPR])', ([0-9.]+), ([0-9.]+), ([0-9.]+)\)`)

func readGolden(t testing.TB, dir string) (out []golden) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "tariff-golden.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n")[1:] {
		f := strings.Split(line, "\t")
		g := golden{file: f[0], scenario: f[1], spec: f[4], excl: f[6], incl: f[7]}
		at, err := time.Parse(time.DateTime, f[2])
		if err != nil {
			t.Fatal(err)
		}
		u := &g.usage
		for _, p := range periodForm.FindAllStringSubmatch(f[3], -1) {
			minutes, _ := unit.Parse(p[1], 0)
			wh, err := unit.Parse(p[3], 3)
			if err != nil {
				t.Fatal(err)
			}
			milliamps, err := unit.Parse(p[5], 3)
			if err != nil {
				t.Fatal(err)
			}
			end := at.Add(time.Duration(minutes) * time.Minute)
			if p[2] == "R" {
				u.Reservation = &tariff.Reserved{From: at, To: end, Outcome: tariff.ReservationExpired}
				at = end
				continue
			}
			if u.Start.IsZero() {
				u.Start = at
			}
			u.Energy += unit.Wh(wh)
			u.Points = append(u.Points, tariff.Point{At: end, Energy: u.Energy, Current: unit.MilliAmp(milliamps)})
			if p[2] == "P" {
				u.Idle = append(u.Idle, tariff.Interval{From: at, To: end})
			}
			u.Stop, at = end, end
		}
		if !u.Start.IsZero() && u.Reservation != nil {
			u.Reservation.Outcome = tariff.ReservationUsed
		}
		out = append(out, g)
	}
	return out
}

func exactly(t testing.TB, s string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("no number: %q", s)
	}
	return r
}

// Two figures of the specification are wrong: the table beside example 3 (5.61 and 6.22)
// leaves out its own step size, and the Saturday of example 4 takes 114 minutes at 1.25 an
// hour for 2.28, where they are 2.375. The file has the right ones in its exact columns.
const saturdayErratum = "12.28"

func TestWorkedPricesOfTheSpecificationComeOutExactly(t *testing.T) {
	t.Parallel()
	dir := examples(t)
	rows := readGolden(t, dir)
	if len(rows) != 26 {
		t.Fatalf("%d worked prices, want 26", len(rows))
	}
	versions := map[string]int{}
	for _, g := range rows {
		for _, version := range []string{"2.2.1-d2+bugfixes", "2.3.0-ed2"} {
			text, err := os.ReadFile(filepath.Join(dir, "examples", version, g.file))
			if errors.Is(err, os.ErrNotExist) {
				continue // the North American ones are of 2.3.0
			}
			if err != nil {
				t.Fatal(err)
			}
			versions[version]++
			name := version + " " + g.file + " " + g.scenario
			tf, err := ReadTariff(text)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if len(tf.Plan.Layers) != 1 {
				t.Errorf("%s: %d layers, want one", name, len(tf.Plan.Layers))
			}
			b, err := tariff.Rate(tf.Plan, g.usage, time.UTC)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			net, gross := b.Exact(&tf.Plan)
			if net.Cmp(exactly(t, g.excl)) != 0 || gross.Cmp(exactly(t, g.incl)) != 0 {
				t.Errorf("%s: exactly %s / %s, want %s / %s; %v", name, net.FloatString(5), gross.FloatString(5), g.excl, g.incl, b.Explanation)
			}
			// Our own bill rounds each line and each tax once (MON-R2).
			if g.spec != saturdayErratum && exactly(t, b.Net.Decimal()).Cmp(exactly(t, g.spec)) != 0 {
				t.Errorf("%s: the bill comes to %s without tax, the specification to %s", name, b.Net, g.spec)
			}
			apart := new(big.Rat).Sub(exactly(t, b.Total.Decimal()), gross)
			most := big.NewRat(int64(len(b.Lines)+len(b.Taxes)), 200)
			if apart.Abs(apart).Cmp(most) > 0 {
				t.Errorf("%s: the bill's total %s is %s from the exact one", name, b.Total, apart.FloatString(5))
			}
			checkSums(t, name, &b)
			checkFold(t, name, &tf.Plan, g.usage, &b)
		}
	}
	if versions["2.2.1-d2+bugfixes"] != 24 || versions["2.3.0-ed2"] != 26 {
		t.Errorf("tariffs rated: %v", versions)
	}
}

func checkSums(t *testing.T, name string, b *tariff.Bill) {
	t.Helper()
	var lines, taxes int64
	for _, l := range b.Lines {
		lines += l.Amount.Minor
	}
	for _, x := range b.Taxes {
		taxes += x.Tax.Minor
	}
	sum := b.Net
	if b.TaxIncluded {
		sum = b.Total
	}
	if lines != sum.Minor || b.Net.Minor+taxes != b.Total.Minor {
		t.Errorf("%s: lines %d, taxes %d, net %s, total %s", name, lines, taxes, b.Net, b.Total)
	}
}

// checkFold: what a session shows while it runs is what its bill says.
func checkFold(t *testing.T, name string, p *tariff.Plan, u tariff.Usage, b *tariff.Bill) {
	t.Helper()
	if u.Start.IsZero() {
		return
	}
	s, r := tariff.NewSheet(p, time.UTC), tariff.Begin(u.Start)
	if u.Reservation != nil {
		r.Reservation = *u.Reservation
	}
	for _, pt := range u.Points {
		r = r.Add(s, pt)
	}
	if cost, err := r.Cost(s, u.Idle); err != nil || cost != b.Total {
		t.Errorf("%s: %v %v while it runs, %v at the end", name, cost, err, b.Total)
	}
}

// Every tariff of the examples is read, and what it says is in the plan.
func TestEveryExampleOfATariffIsRead(t *testing.T) {
	t.Parallel()
	dir := examples(t)
	read := 0
	for _, version := range []string{"2.2.1-d2+bugfixes", "2.3.0-ed2", "2.3.0-payments", "2.3.0-bookings-1.1"} {
		files, err := filepath.Glob(filepath.Join(dir, "examples", version, "tariff*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			tf, err := ReadTariff(text)
			if err != nil {
				t.Errorf("%s: %v", f, err)
				continue
			}
			read++
			n := 0
			for _, e := range tf.Plan.Layers[0].Elements {
				n += len(e.Components)
			}
			if n != strings.Count(string(text), `"price"`) {
				t.Errorf("%s: %d components of %d", f, n, strings.Count(string(text), `"price"`))
			}
		}
	}
	if read < 80 {
		t.Errorf("only %d tariffs were read", read)
	}
}

const plain = `{"id":"1","currency":"EUR","elements":[{"price_components":[{"type":"ENERGY","price":0.25,"step_size":1}]%s}]%s}`

func TestWhatCannotBeHeldIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, text, pointer string }{
		{"no id", `{"currency":"EUR","elements":[]}`, "/id"},
		{"no elements", `{"id":"1","currency":"EUR","elements":[]}`, "/elements"},
		{"no currency of people", `{"id":"1","currency":"XYZ","elements":[{"price_components":[]}]}`, "/currency"},
		{"a price with seven decimals", strings.Replace(fmt.Sprintf(plain, "", ""), "0.25", "0.1234567", 1), "/elements/0/price_components/0/price"},
		{"a negative price", strings.Replace(fmt.Sprintf(plain, "", ""), "0.25", "-1", 1), "/elements/0/price_components/0/price"},
		{"a price beyond all bounds", strings.Replace(fmt.Sprintf(plain, "", ""), "0.25", "1e900000000", 1), "/elements/0/price_components/0/price"},
		{"an unknown dimension", strings.Replace(fmt.Sprintf(plain, "", ""), "ENERGY", "VOLTAGE", 1), "/elements/0/price_components/0/type"},
		{"a tax that is no permille", strings.Replace(fmt.Sprintf(plain, "", ""), `"step_size"`, `"vat":9.975,"step_size"`, 1), "/elements/0/price_components/0/vat"},
		{"half a watt-hour", fmt.Sprintf(plain, `,"restrictions":{"min_kwh":0.0005}`, ""), "/elements/0/restrictions/min_kwh"},
		{"25 o'clock", fmt.Sprintf(plain, `,"restrictions":{"start_time":"25:00"}`, ""), "/elements/0/restrictions/start_time"},
		{"no such day", fmt.Sprintf(plain, `,"restrictions":{"day_of_week":["MONDAY","Tuesday"]}`, ""), "/elements/0/restrictions/day_of_week/1"},
		{"no such date", fmt.Sprintf(plain, `,"restrictions":{"start_date":"2026-02-30"}`, ""), "/elements/0/restrictions/start_date"},
		{"an unknown stage", fmt.Sprintf(plain, `,"restrictions":{"reservation":"MAYBE"}`, ""), "/elements/0/restrictions/reservation"},
		{"half a cent at least", fmt.Sprintf(plain, "", `,"min_price":{"excl_vat":0.005}`), "/min_price/excl_vat"},
		{"tax perhaps", fmt.Sprintf(plain, "", `,"tax_included":"MAYBE"`), "/tax_included"},
	} {
		_, err := ReadTariff([]byte(c.text))
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Pointer != c.pointer {
			t.Errorf("%s: %v", c.why, err)
		}
	}
}

// Traps of OCPI's texts, each with what it is taken to mean.
func TestRestrictionsMeanWhatWasAgreed(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		x, err := time.Parse("2006-01-02 15:04", s)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for _, c := range []struct{ why, restrictions, from, to, net string }{
		{"no end: to the end of the day (#466)", `"start_time":"17:00"`, "2026-03-02 16:00", "2026-03-03 01:00", "1.75"},
		{"no start: from its beginning", `"end_time":"07:00"`, "2026-03-02 05:00", "2026-03-02 09:00", "0.50"},
		{"end at 00:00 is the end of the day", `"start_time":"20:00","end_time":"00:00"`, "2026-03-02 22:00", "2026-03-03 02:00", "0.50"},
		{"equal ends are the whole day (#502)", `"start_time":"08:00","end_time":"08:00"`, "2026-03-02 06:00", "2026-03-02 10:00", "1.00"},
		{"a weekday is the instant's own day", `"start_time":"20:00","end_time":"15:00","day_of_week":["MONDAY"]`, "2026-03-02 23:00", "2026-03-03 03:00", "0.25"},
		{"date and time are apart (#499)", `"start_date":"2026-03-03","start_time":"12:00"`, "2026-03-02 11:00", "2026-03-03 13:00", "0.25"},
		{"end date is not in it", `"end_date":"2026-03-03"`, "2026-03-02 22:00", "2026-03-03 02:00", "0.50"},
		{"a bound of 0 leaves nothing", `"max_kwh":0`, "2026-03-02 22:00", "2026-03-03 02:00", "0.00"},
		{"min_kwh is in, max_kwh is not", `"min_kwh":1,"max_kwh":3`, "2026-03-02 10:00", "2026-03-02 14:00", "0.50"},
	} {
		text := fmt.Sprintf(plain, `,"restrictions":{`+c.restrictions+`}`, "")
		if c.why == "a bound of 0 leaves nothing" {
			text = strings.Replace(text, `"elements":[`, `"elements":[{"price_components":[{"type":"FLAT","price":0}]},`, 1)
		}
		tf, err := ReadTariff([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
			continue
		}
		from, to := at(c.from), at(c.to)
		// One kWh an hour.
		b, err := tariff.Rate(tf.Plan, tariff.Usage{Start: from, Stop: to, Energy: unit.Wh(to.Sub(from) / time.Hour * 1000)}, time.UTC)
		if err != nil || b.Net.Decimal() != c.net {
			t.Errorf("%s: %v %v, want %s", c.why, b.Net, err, c.net)
		}
	}
}

func FuzzReadTariffNeverFailsHard(f *testing.F) {
	f.Add([]byte(fmt.Sprintf(plain, "", "")))
	f.Add([]byte(fmt.Sprintf(plain, `,"restrictions":{"start_time":"20:00","end_time":"06:00","min_power":3.5,"max_duration":600,"day_of_week":["SUNDAY"],"reservation":"RESERVATION_EXPIRES"}`, `,"max_price":{"before_taxes":1.00,"after_taxes":1.19},"tax_included":"YES"`)))
	f.Add([]byte(`{"id":"1","currency":"JPY","elements":[{"price_components":[{"type":"PARKING_TIME","price":1e2,"vat":10,"step_size":900},{"type":"FLAT","price":5}]}],"min_price":{"excl_vat":50}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		tf, err := ReadTariff(text)
		if err != nil {
			var e *fault.Error
			if !errors.As(err, &e) || e.Kind != fault.Invalid {
				t.Fatalf("%v", err)
			}
			return
		}
		start := time.Date(2026, 3, 28, 22, 30, 0, 0, time.UTC)
		u := tariff.Usage{Start: start, Stop: start.Add(4 * time.Hour), Energy: 30_000, Points: []tariff.Point{{At: start.Add(time.Hour), Energy: 9_000, Current: 16_000}},
			Idle:        []tariff.Interval{{From: start.Add(3 * time.Hour), To: start.Add(5 * time.Hour)}},
			Reservation: &tariff.Reserved{From: start.Add(-time.Hour), To: start, Outcome: tariff.ReservationUsed}}
		berlin, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		b, err := tariff.Rate(tf.Plan, u, berlin)
		if err != nil {
			var e *fault.Error
			if !errors.As(err, &e) || e.Code != "amount_out_of_range" {
				t.Fatalf("%v", err)
			}
			return
		}
		if b.Net.Minor < 0 || b.Total.Minor < b.Net.Minor {
			t.Fatalf("%+v", b)
		}
		checkSums(t, "fuzz", &b)
	})
}
