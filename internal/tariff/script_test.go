package tariff

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ccms/internal/fault"
	"ccms/internal/money"
	"ccms/internal/unit"
)

// The language is described in testdata/README.md.

func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) < 3 {
		t.Fatalf("scripts: %v %v", files, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		blocks, err := parseScript(filepath.Base(f), string(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blocks {
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				if err := b.run(); err != nil {
					t.Errorf("%s: %v", b.where, err)
				}
			})
		}
	}
}

// A script that expects something else must fail: the runner compares all of it.
func TestScriptRunnerNoticesEveryDifference(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/bills.test")
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"total 8.84", "total 8.85"}, {"net 7.37", "net 7.36"}, {"vat 20% 1.47", "vat 20% 1.46"},
		{"line SERVICE 18.437 kWh 1.84", "line SERVICE 18.437 kWh 1.85"}, {"line SERVICE 18.437 kWh 1.84\n", "\n"},
		{"flags INTERPOLATED", ""}, {"10.00 capped", "10.00"}, {"books ELECTRICITY 5.53 SERVICE 1.84", "books ELECTRICITY 7.37"},
		{"vat 20% 1.47\n", "\n"}, {"3900 s 13.00", "3901 s 13.00"}, {"line ELECTRICITY 18.437", "line SERVICE 18.437"},
	} {
		if !strings.Contains(string(text), change[0]) {
			t.Fatalf("no %q in the script", change[0])
		}
		blocks, err := parseScript("changed", strings.Replace(string(text), change[0], change[1], 1))
		if err != nil {
			t.Fatal(err)
		}
		failed := 0
		for _, b := range blocks {
			if b.run() != nil {
				failed++
			}
		}
		if failed != 1 {
			t.Errorf("%q → %q: %d sessions fail, want 1", change[0], change[1], failed)
		}
	}
}

type block struct {
	name, where string
	plan        Plan
	loc         *time.Location
	usage       Usage
	want        []string
	refused     []string // instead of a session: pointers of the plan's faults
	invalid     bool
}

func (b *block) run() error {
	if b.invalid {
		return b.runInvalid()
	}
	if err := b.plan.Validate(); err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	bill, err := Rate(b.plan, b.usage, b.loc)
	if err != nil {
		return err
	}
	if got := show(&bill, slices.ContainsFunc(b.want, func(s string) bool { return strings.HasPrefix(s, "books ") })); !slices.Equal(got, b.want) {
		return fmt.Errorf("have\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(b.want, "\n  "))
	}
	if b.usage.NoClock {
		return nil
	}
	if b.usage.Start.IsZero() || len(b.usage.Returned) > 0 {
		return nil // no session that runs ever has this
	}
	folded, err := fold(b.plan, b.usage, b.loc)
	if err != nil {
		return err
	}
	if !samePrice(&folded, &bill) {
		return fmt.Errorf("folded: %s, at once: %s", show(&folded, false), show(&bill, false))
	}
	u := b.usage
	u.Points = refined(u)
	more, err := Rate(b.plan, u, b.loc)
	if err != nil {
		return err
	}
	if !samePrice(&more, &bill) {
		return fmt.Errorf("with more samples: %s, without: %s", show(&more, false), show(&bill, false))
	}
	return nil
}

func (b *block) runInvalid() error {
	err := b.plan.Validate()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid {
		return fmt.Errorf("the plan is not refused: %v", err)
	}
	var got []string
	for _, x := range f.Fields {
		got = append(got, x.Pointer)
	}
	if !slices.Equal(got, b.refused) {
		return fmt.Errorf("refused %v, want %v", f.Fields, b.refused)
	}
	return nil
}

// show prints a bill as scripts do.
func show(b *Bill, books bool) (out []string) {
	for _, l := range b.Lines {
		q := fmt.Sprintf("%d s", l.Quantity)
		switch l.Unit {
		case "Wh":
			q = unit.Wh(l.Quantity).KWh() + " kWh"
		case "×1":
			q = fmt.Sprintf("%d x", l.Quantity)
		}
		s := fmt.Sprintf("line %s %s %s", l.Kind, q, l.Amount.Decimal())
		if l.Capped {
			s += " capped"
		}
		if l.Stepped != 0 {
			s += " stepped"
		}
		out = append(out, s)
	}
	out = append(out, "net "+b.Net.Decimal())
	for _, t := range b.Taxes {
		out = append(out, fmt.Sprintf("vat %s %s", strings.ReplaceAll(percent(t.VAT), " ", ""), t.Tax.Decimal()))
	}
	out = append(out, "total "+b.Total.Decimal())
	if len(b.Flags) > 0 {
		s := "flags"
		for _, f := range b.Flags {
			s += " " + string(f)
		}
		out = append(out, s)
	}
	if books {
		s := "books"
		for _, p := range b.Parts() {
			s += fmt.Sprintf(" %s %s", p.Kind, p.Net.Decimal())
		}
		out = append(out, s)
	}
	return out
}

type scriptParser struct {
	file    string
	n       int
	plan    Plan
	loc     *time.Location
	invalid bool
	cur     *block
	out     []*block
}

func parseScript(file, text string) ([]*block, error) {
	p := &scriptParser{file: file, loc: time.UTC}
	for i, line := range strings.Split(text, "\n") {
		p.n = i + 1
		line, _, _ = strings.Cut(line, "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if err := p.line(strings.Fields(line)); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, p.n, err)
		}
	}
	return p.out, nil
}

func (p *scriptParser) line(w []string) (err error) {
	rest := w[1:]
	switch w[0] {
	case "plan":
		return p.startPlan(rest)
	case "session":
		p.cur = &block{name: strings.Join(rest, " "), where: fmt.Sprintf("%s:%d", p.file, p.n), plan: p.plan.Complete(), loc: p.loc}
		p.out = append(p.out, p.cur)
		return nil
	case "refused":
		if !p.invalid {
			return errors.New("refused without plan … invalid")
		}
		p.out = append(p.out, &block{name: "refused " + strings.Join(rest, " "), where: fmt.Sprintf("%s:%d", p.file, p.n),
			plan: p.plan.Complete(), invalid: true, refused: rest})
		return nil
	}
	if p.cur == nil {
		return p.planLine(w)
	}
	return p.sessionLine(w)
}

func (p *scriptParser) startPlan(w []string) error {
	if len(w) < 3 || w[1] != "vat" {
		return errors.New("want: plan EUR vat 20%")
	}
	v, err := parsePercent(w[2])
	p.plan = Plan{Name: "script", Currency: money.Currency(w[0]), VAT: v}
	p.loc, p.cur, p.invalid = time.UTC, nil, len(w) == 4 && w[3] == "invalid"
	return err
}

func parsePercent(s string) (unit.Permille, error) {
	n, err := unit.Parse(strings.TrimSuffix(s, "%"), 1)
	return unit.Permille(n), err
}

func (p *scriptParser) planLine(w []string) (err error) {
	switch w[0] {
	case "zone":
		p.loc, err = time.LoadLocation(w[1])
	case "tax":
		p.plan.PricesIncludeTax = w[1] == "included"
	case "idle":
		for i := 1; i+1 < len(w) && err == nil; i += 2 {
			switch w[i] {
			case "grace":
				p.plan.IdleFee.Grace, err = time.ParseDuration(w[i+1])
			case "cap":
				p.plan.IdleFee.Cap, err = money.ParseAmount(w[i+1], p.plan.Currency)
			default:
				err = fmt.Errorf("idle has no %q", w[i])
			}
		}
	case "layer":
		l := Layer{Kind: Kind(w[1])}
		if len(w) == 4 && w[2] == "discount" {
			l.Discount, err = parsePercent(w[3])
		}
		p.plan.Layers = append(p.plan.Layers, l)
	case "holidays":
		for _, s := range w[1:] {
			d, err := ParseDate(s)
			if err != nil {
				return err
			}
			p.plan.Holidays = append(p.plan.Holidays, d)
		}
	case "reservation":
		r := &p.plan.Reservation
		for i := 1; i+1 < len(w) && err == nil; i += 2 {
			switch w[i] {
			case "free":
				r.Free, err = time.ParseDuration(w[i+1])
			case "longest":
				r.Longest, err = time.ParseDuration(w[i+1])
			case "cancel":
				r.CancelFree, err = time.ParseDuration(w[i+1])
			case "refund":
				var n int64
				n, err = unit.Parse(w[i+1], 3)
				r.RefundFrom = unit.Wh(n)
			default:
				err = fmt.Errorf("reservation has no %q", w[i])
			}
		}
	case "min", "max":
		limit := &p.plan.Min
		if w[0] == "max" {
			limit = &p.plan.Max
		}
		for i := 1; i+1 < len(w); i += 2 {
			a, err := money.ParseAmount(w[i+1], p.plan.Currency)
			if err != nil {
				return err
			}
			switch w[i] {
			case "net":
				limit.Net = &a
			case "gross":
				limit.Gross = &a
			default:
				return fmt.Errorf("a limit has no %q", w[i])
			}
		}
	default:
		if len(p.plan.Layers) == 0 {
			return fmt.Errorf("%q is no line of a plan", w[0])
		}
		l := &p.plan.Layers[len(p.plan.Layers)-1]
		var e Element
		if e, err = element(w, l.Kind); err == nil {
			l.Elements = append(l.Elements, e)
		}
	}
	return err
}

func element(w []string, k Kind) (e Element, err error) {
	for i := 0; i < len(w); i++ {
		day := slices.IndexFunc([]time.Weekday{0, 1, 2, 3, 4, 5, 6}, func(d time.Weekday) bool { return d.String()[:3] == w[i] })
		from, to, band := strings.Cut(w[i], "-")
		amount, per, priced := strings.Cut(w[i], "/")
		c := Component{}
		if i+1 < len(w) {
			if took, err := e.Cond.word(w[i], w[i+1]); took || err != nil {
				if err != nil {
					return e, err
				}
				i++
				continue
			}
		}
		switch {
		case w[i] == "holiday":
			e.Cond.Holidays = OnHolidays
			continue
		case w[i] == "workday":
			e.Cond.Holidays = NotHolidays
			continue
		case w[i] == "named" && i+1 < len(w):
			e.Name = w[i+1]
			i++
			continue
		case w[i] == "step" && i+1 < len(w) && len(e.Components) > 0:
			if e.Components[len(e.Components)-1].Step, err = strconv.ParseInt(w[i+1], 10, 64); err != nil {
				return e, err
			}
			i++
			continue
		case day >= 0:
			e.Cond.Days |= On(time.Weekday(day))
			continue
		case band:
			if e.Cond.From, err = ParseClock(from); err != nil {
				return e, err
			}
			if e.Cond.To, err = ParseClock(to); err != nil {
				return e, err
			}
			continue
		case w[i] == "vat" && i+1 < len(w) && len(e.Components) > 0:
			v, err := parsePercent(w[i+1])
			if err != nil {
				return e, err
			}
			e.Components[len(e.Components)-1].VAT = &v
			i++
			continue
		case priced && per == "kWh":
			c.Basis = Energy
		case priced && per == "back":
			c.Basis = Returned
		case priced && per == "h":
			c.Basis, c.Hourly = Time, true
		case priced && per == "parked":
			c.Basis = Parking
		case priced && per == "min" && k == KindIdle:
			c.Basis = IdleTime
		case priced && per == "min":
			c.Basis = Time
		case i+1 < len(w) && w[i+1] == "flat":
			c.Basis = Flat
			i++
		default:
			return e, fmt.Errorf("%q is no part of an element", w[i])
		}
		if c.Price, err = money.ParseRate(amount); err != nil {
			return e, err
		}
		e.Components = append(e.Components, c)
	}
	return e, nil
}

// word reads one of the conditions of two words.
func (c *Cond) word(name, value string) (took bool, err error) {
	from, to, ok := strings.Cut(value, "..")
	between := func(a, b *int64, places int) {
		if from != "" {
			*a, err = unit.Parse(from, places)
		}
		if to != "" && err == nil {
			*b, err = unit.Parse(to, places)
		}
	}
	var a, b int64
	switch {
	case !ok:
		return false, nil
	case name == "season":
		if c.Season.From, err = ParseYearDay(from); err == nil {
			c.Season.To, err = ParseYearDay(to)
		}
	case name == "dates":
		if c.Since, err = ParseDate(from); err == nil {
			c.Before, err = ParseDate(to)
		}
	case name == "kWh":
		between(&a, &b, 3)
		c.EnergyFrom, c.EnergyTo = unit.Wh(a), unit.Wh(b)
	case name == "kW":
		between(&a, &b, 3)
		c.PowerFrom, c.PowerTo = unit.W(a), unit.W(b)
	case name == "minutes":
		between(&a, &b, 0)
		c.LastsFrom, c.LastsTo = a*60, b*60
	default:
		return false, nil
	}
	return true, err
}

func (p *scriptParser) sessionLine(w []string) (err error) {
	u := &p.cur.usage
	switch w[0] {
	case "from":
		u.Start, u.Stop, err = p.fromTo(w[1:])
	case "idle":
		var i Interval
		i.From, i.To, err = p.fromTo(w[1:])
		u.Idle = append(u.Idle, i)
	case "sample":
		if len(w) != 4 {
			return errors.New("want: sample 2026-03-01 23:50 6.667")
		}
		var pt Point
		if pt.At, err = p.instant(w[1], w[2]); err != nil {
			return err
		}
		var n int64
		n, err = unit.Parse(w[3], 3)
		pt.Energy = unit.Wh(n)
		u.Points = append(u.Points, pt)
	case "reserved":
		r := Reserved{}
		if r.From, r.To, err = p.fromTo(w[1:min(len(w), 6)]); err == nil && len(w) == 7 {
			r.Outcome = Outcome(w[6])
		}
		u.Reservation = &r
	case "back":
		if len(w) != 4 {
			return errors.New("want: back 2026-03-01 23:50 6.667")
		}
		var pt Point
		if pt.At, err = p.instant(w[1], w[2]); err != nil {
			return err
		}
		var n int64
		n, err = unit.Parse(w[3], 3)
		pt.Energy = unit.Wh(n)
		u.Returned = append(u.Returned, pt)
	case "energy":
		var n int64
		n, err = unit.Parse(w[1], 3)
		u.Energy = unit.Wh(n)
	case "no":
		u.NoClock = len(w) == 2 && w[1] == "clock"
	case "line", "net", "vat", "total", "flags", "books":
		p.cur.want = append(p.cur.want, strings.Join(w, " "))
	default:
		err = fmt.Errorf("%q is no line of a session", w[0])
	}
	return err
}

func (p *scriptParser) fromTo(w []string) (from, to time.Time, err error) {
	if len(w) != 5 || w[2] != "to" {
		return from, to, errors.New("want: 2026-03-01 23:30 to 2026-03-02 00:30")
	}
	if from, err = p.instant(w[0], w[1]); err == nil {
		to, err = p.instant(w[3], w[4])
	}
	return from, to, err
}

// instant reads a local wall time, with an offset where it must say which.
func (p *scriptParser) instant(day, clock string) (time.Time, error) {
	for _, f := range []string{"15:04:05.000", "15:04:05", "15:04"} {
		if at, err := time.Parse("2006-01-02 "+f+"-07:00", day+" "+clock); err == nil {
			if at.In(p.loc).Format(f) != clock[:len(f)] {
				return at, fmt.Errorf("%s %s is %s in %s", day, clock, at.In(p.loc), p.loc)
			}
			return at.UTC(), nil
		}
		if at, err := time.ParseInLocation("2006-01-02 "+f, day+" "+clock, p.loc); err == nil {
			if at.Format("2006-01-02 "+f) != day+" "+clock {
				return at, fmt.Errorf("the clocks skip %s %s", day, clock)
			}
			for _, h := range []time.Duration{-time.Hour, time.Hour, -30 * time.Minute, 30 * time.Minute} {
				if at.Add(h).Format("2006-01-02 "+f) == day+" "+clock {
					return at, fmt.Errorf("%s %s happens twice: write the offset", day, clock)
				}
			}
			return at.UTC(), nil
		}
	}
	return time.Time{}, errors.New("no such time: " + strconv.Quote(day+" "+clock))
}
