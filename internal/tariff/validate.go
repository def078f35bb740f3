package tariff

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ccms/internal/fault"
	"ccms/internal/money"
	"ccms/internal/unit"
)

// Most that a plan may hold; a plan of the guide has five layers and 48 bands.
const (
	maxLayers   = 16
	maxElements = 7 * 48
	maxPrice    = 1_000_000_000_000 // a million of the major unit
	maxGrace    = 7 * 24 * time.Hour
	maxName     = 100
	maxHolidays = 400
	maxCases    = 2000 // of dates, holidays, energy and power that a layer tells apart
	maxStep     = 86_400
)

// Defaults of a plan that does not say (PAY-R3, IDLE-R5), for currencies without
// decimals hundredfold.
const (
	defaultHold    = 5000
	defaultIdleCap = 2000
)

func standard(hundredths int64, c money.Currency) money.Amount {
	if c.Exponent() == 3 {
		hundredths *= 10
	}
	return money.New(hundredths, c)
}

// Complete fills in what a plan may leave out: the hold, the idle cap, and the
// currency of zero amounts.
func (p Plan) Complete() Plan {
	if p.Hold.Zero() {
		p.Hold = standard(defaultHold, p.Currency)
	}
	if p.HasIdle() && p.IdleFee.Cap.Zero() {
		p.IdleFee.Cap = standard(defaultIdleCap, p.Currency)
	}
	slices.Sort(p.Holidays)
	for _, a := range []*money.Amount{&p.MinBalance, &p.IdleFee.Cap} {
		if a.Zero() {
			*a = money.New(0, p.Currency)
		}
	}
	return p
}

// Validate refuses a plan that cannot be charged by: Invalid, with a JSON pointer
// for each place.
func (p Plan) Validate() error {
	bad := faults{}
	if n := len([]rune(p.Name)); n == 0 || n > maxName {
		bad.at("/name", "must have 1 to %d letters", maxName)
	}
	if !p.Currency.Valid() {
		bad.at("/currency", "must be an ISO 4217 code such as EUR")
	}
	if p.VAT < 0 || p.VAT > 1000 {
		bad.at("/vat_permille", "must be between 0 and 1000")
	}
	p.amounts(&bad)
	p.Rules.validate(p.Currency, &bad)
	if len(p.Layers) == 0 || len(p.Layers) > maxLayers {
		bad.at("/layers", "must be 1 to %d", maxLayers)
	} else {
		for i := range p.Layers {
			p.Layers[i].validate(fmt.Sprintf("/layers/%d", i), &bad)
			if p.Layers[i].Kind == KindOCPI && len(p.Layers) > 1 {
				bad.at(fmt.Sprintf("/layers/%d/kind", i), "must be alone: an OCPI tariff is one layer")
			}
		}
	}
	return bad.err()
}

func (p *Plan) amounts(bad *faults) {
	for _, a := range []struct {
		at string
		v  money.Amount
	}{{"/hold", p.Hold}, {"/min_balance", p.MinBalance}, {"/idle/cap", p.IdleFee.Cap}} {
		switch {
		case a.v.Currency != p.Currency:
			bad.at(a.at, "must be in the plan's currency %s", p.Currency)
		case a.v.Minor < 0:
			bad.at(a.at, "must not be negative")
		case a.v.Minor > mostPerLine:
			bad.at(a.at, "is too large")
		}
	}
	if p.Hold.Zero() {
		bad.at("/hold", "must be above 0")
	}
	if p.HasIdle() && p.IdleFee.Cap.Zero() {
		bad.at("/idle/cap", "must be above 0: an idle fee without a cap is not allowed")
	}
	if g := p.IdleFee.Grace; g < 0 || g > maxGrace || g%time.Second != 0 {
		bad.at("/idle/grace_s", "must be whole seconds, at most 7 days")
	}
}

func (l *Layer) validate(at string, bad *faults) {
	if _, known := kindWords[l.Kind]; !known {
		bad.at(at+"/kind", "is no kind of layer")
	}
	if len(l.Elements) == 0 || len(l.Elements) > maxElements {
		bad.at(at+"/elements", "must be 1 to %d", maxElements)
		return
	}
	if l.Discount < 0 || l.Discount > 1000 {
		bad.at(at+"/discount_permille", "must be between 0 and 1000")
	}
	for i := range l.Elements {
		e := &l.Elements[i]
		at := fmt.Sprintf("%s/elements/%d", at, i)
		if len([]rune(e.Name)) > maxName {
			bad.at(at+"/name", "must have at most %d letters", maxName)
		}
		e.Cond.validate(at+"/cond", l.Kind, bad)
		if len(e.Components) == 0 {
			bad.at(at+"/components", "must not be empty")
		}
		seen := map[Basis]bool{}
		for k := range e.Components {
			c := &e.Components[k]
			at := fmt.Sprintf("%s/components/%d", at, k)
			c.validate(at, l.Kind, bad)
			e.Cond.fits(at, l.Kind, c.Basis, bad)
			if seen[c.Basis] {
				bad.at(at+"/basis", "appears twice in one element")
			}
			seen[c.Basis] = true
		}
	}
	if l.Kind == KindElectricity {
		l.coverage(at, bad)
	}
}

func (r *Rules) validate(c money.Currency, bad *faults) {
	if len(r.Holidays) > maxHolidays {
		bad.at("/holidays", "must be at most %d days", maxHolidays)
	}
	for i, d := range r.Holidays {
		if !d.valid() {
			bad.at(fmt.Sprintf("/holidays/%d", i), "must be a date such as 2026-12-25")
		}
	}
	q := r.Reservation
	for _, x := range []struct {
		at string
		d  time.Duration
	}{{"free_s", q.Free}, {"longest_s", q.Longest}, {"cancel_free_s", q.CancelFree}} {
		if x.d < 0 || x.d > maxGrace || x.d%time.Second != 0 {
			bad.at("/reservation/"+x.at, "must be whole seconds, at most 7 days")
		}
	}
	if q.RefundFrom < 0 || q.RefundFrom > maxTier {
		bad.at("/reservation/refund_from_wh", "must be between 0 and %d", int64(maxTier))
	}
	for _, x := range []struct {
		at string
		a  *money.Amount
	}{{"/min/net", r.Min.Net}, {"/min/gross", r.Min.Gross}, {"/max/net", r.Max.Net}, {"/max/gross", r.Max.Gross}} {
		switch {
		case x.a == nil:
		case x.a.Currency != c:
			bad.at(x.at, "must be in the plan's currency %s", c)
		case x.a.Minor < 0 || x.a.Minor > mostPerLine:
			bad.at(x.at, "must not be negative or too large")
		}
	}
	for _, x := range []struct {
		at          string
		least, most *money.Amount
	}{{"/max/net", r.Min.Net, r.Max.Net}, {"/max/gross", r.Min.Gross, r.Max.Gross}} {
		if x.least != nil && x.most != nil && x.least.Minor > x.most.Minor {
			bad.at(x.at, "must not be below the least that a session costs")
		}
	}
}

// maxTier is far above what a session can use: a thousand MWh, a GW, 16 kA, a week.
const maxTier = 1_000_000_000

func (c *Cond) validate(at string, k Kind, bad *faults) {
	if c.From < 0 || c.From >= 1440 || c.To < 0 || c.To > 1440 || c.Days > everyDay {
		bad.at(at, "must be local times between 00:00 and 24:00 on weekdays")
	}
	if c.Since != 0 && !c.Since.valid() || c.Before != 0 && !c.Before.valid() || c.Since != 0 && c.Before != 0 && c.Since >= c.Before {
		bad.at(at, "must have dates of which the first is before the second")
	}
	if c.Season.From != c.Season.To && (!c.Season.From.valid() || !c.Season.To.valid()) {
		bad.at(at, "must have a season from one day of the year to another, such as 11-01 to 03-01")
	}
	if c.Holidays != "" && c.Holidays != OnHolidays && c.Holidays != NotHolidays {
		bad.at(at, "must hold ONLY on holidays, NOT on holidays, or on all days alike")
	}
	for _, x := range [][2]int64{{int64(c.EnergyFrom), int64(c.EnergyTo)}, {int64(c.PowerFrom), int64(c.PowerTo)},
		{int64(c.CurrentFrom), int64(c.CurrentTo)}, {c.LastsFrom, c.LastsTo}} {
		if x[0] < 0 || x[1] < 0 || x[0] > maxTier || x[1] > maxTier || x[1] != 0 && x[0] >= x[1] {
			bad.at(at, "must have tiers whose lower end is below the upper one")
		}
	}
	if k != KindOCPI && (c.CurrentFrom != 0 || c.CurrentTo != 0 || c.Reservation != "") ||
		c.Reservation != "" && c.Reservation != Reserving && c.Reservation != Expired {
		bad.at(at, "may count the current or a reservation only as an OCPI tariff does")
	}
}

// fits refuses a condition that a price cannot be judged by.
func (c *Cond) fits(at string, k Kind, b Basis, bad *faults) {
	switch {
	case k == KindOCPI || !c.byUse() || b == Energy:
	case b == Time && k == KindService && !c.byPath():
	case b == Flat && k == KindStart && c.byUse() && c.Special == Special{EnergyFrom: c.EnergyFrom, Since: c.Since, Before: c.Before, Season: c.Season, Holidays: c.Holidays}:
	default:
		bad.at(at, "cannot depend on that: prices per kWh may depend on energy, power and time since the start, prices per minute on the time, a start fee on the energy")
	}
}

func (d Date) valid() bool {
	x, err := ParseDate(d.String())
	return err == nil && x == d
}

func (d YearDay) valid() bool {
	x, err := ParseYearDay(d.String())
	return err == nil && x == d
}

func (c *Component) validate(at string, k Kind, bad *faults) {
	allowed := map[Kind][]Basis{
		KindElectricity: {Energy, Returned, Time, Flat}, KindService: {Energy, Time, Flat}, KindStart: {Flat, Energy, Time}, KindIdle: {IdleTime},
		KindReservation: {Time, Flat}, KindNoShow: {Time, Flat}, KindOCPI: {Energy, Time, Parking, Flat},
	}[k]
	if len(allowed) > 0 && !slices.Contains(allowed, c.Basis) {
		bad.at(at+"/basis", "must be one of %v in a layer of kind %s", allowed, k)
	}
	if c.Price < 0 || c.Price > maxPrice {
		bad.at(at+"/price", "must be between 0 and %s", money.Rate(maxPrice))
	}
	if c.VAT != nil && (*c.VAT < 0 || *c.VAT > 1000) {
		bad.at(at+"/vat_permille", "must be between 0 and 1000")
	}
	if c.Step < 0 || c.Step > maxStep || c.Step > 1 && (c.Basis == Flat || c.Basis == Returned) {
		bad.at(at+"/step", "must be between 0 and %d, and is for energy and time only", maxStep)
	}
	if c.Hourly && c.per() != 3600 {
		bad.at(at+"/hourly", "is for prices of time only")
	}
}

// coverage refuses an electricity layer that leaves a minute of the week without a
// price of energy in some case of season, holiday, energy or power (PRICE-R2: no price is
// not free), two bands that claim the same minute in the same case, unless the later one is
// the price for the rest of the week, and a special band behind a general one.
func (l *Layer) coverage(at string, bad *faults) {
	type week [7 * 1440]int16
	owners := map[Special]*week{}
	var priced []int
	for i := range l.Elements {
		e := &l.Elements[i]
		if !e.prices(Energy) {
			continue
		}
		priced = append(priced, i)
		own := owners[e.Cond.Special]
		if own == nil {
			own = new(week)
			owners[e.Cond.Special] = own
		}
		general := owners[Special{}]
		clash, hidden := -1, -1
		plain := e.Cond
		plain.Special = Special{}
		for m := range own {
			if !plain.holds(wall{sod: m % 1440 * 60, day: time.Weekday(m / 1440)}, nil) {
				continue
			}
			if general != nil && general != own && general[m] != 0 && hidden < 0 {
				hidden = int(general[m]) - 1
			}
			switch {
			case own[m] == 0:
				own[m] = int16(i + 1)
			case clash < 0 && !e.Cond.weekly():
				clash = int(own[m]) - 1
			}
		}
		if clash >= 0 {
			bad.at(fmt.Sprintf("%s/elements/%d/cond", at, i), "overlaps band %d", clash+1)
		}
		if hidden >= 0 {
			bad.at(fmt.Sprintf("%s/elements/%d/cond", at, i), "is hidden by band %d, which always holds then: put the special band before it", hidden+1)
		}
	}
	if len(priced) == 0 {
		bad.at(at+"/elements", "have no price of energy")
		return
	}
	l.covered(at, priced, bad)
}

// covered goes through the cases that the elements tell apart, and looks in each for a
// time of the week that none of them prices.
func (l *Layer) covered(at string, priced []int, bad *faults) {
	dates, seasons, holidays := []int64{0}, []int64{101}, []int64{0}
	energies, powers, lasts := []int64{0}, []int64{0}, []int64{0}
	edge := func(to *[]int64, values ...int64) {
		for _, v := range values {
			if v != 0 && !slices.Contains(*to, v) {
				*to = append(*to, v)
			}
		}
	}
	minutes := []int64{0}
	for _, i := range priced {
		c := &l.Elements[i].Cond
		edge(&dates, int64(c.Since), int64(c.Before))
		if c.Season.From != c.Season.To {
			edge(&seasons, int64(c.Season.From), int64(c.Season.To))
		}
		if c.Holidays != "" {
			edge(&holidays, 1)
		}
		edge(&energies, int64(c.EnergyFrom), int64(c.EnergyTo))
		edge(&powers, int64(c.PowerFrom), int64(c.PowerTo))
		edge(&lasts, c.LastsFrom, c.LastsTo)
		edge(&minutes, int64(c.From), int64(c.To%1440))
	}
	slices.Sort(minutes)
	if len(dates)*len(seasons)*len(holidays)*len(energies)*len(powers)*len(lasts) > maxCases {
		bad.at(at+"/elements", "tell too many cases apart, more than %d: use fewer seasons, dates and tiers", maxCases)
		return
	}
	seen := map[string]bool{}
	for _, d := range dates {
		for _, y := range seasons {
			for _, h := range holidays {
				for _, e := range energies {
					for _, w := range powers {
						for _, s := range lasts {
							key := make([]byte, len(l.Elements))
							for _, i := range priced {
								if l.Elements[i].Cond.covers(Date(d), YearDay(y), h == 1, unit.Wh(e), unit.W(w), s) {
									key[i] = 1
								}
							}
							if seen[string(key)] {
								continue
							}
							seen[string(key)] = true
							if day, m, gap := l.gap(key, minutes); gap {
								bad.at(at+"/elements", "leave %s %s without a price%s", day.String()[:3], m, caseText(d, y, h, e, w, s))
								return
							}
						}
					}
				}
			}
		}
	}
}

// covers reports whether the special part of a condition holds in a case.
func (c *Cond) covers(d Date, y YearDay, holiday bool, e unit.Wh, w unit.W, lasts int64) bool {
	in := func(v, from, to int64) bool { return v >= from && (to == 0 || v < to) }
	return in(int64(d), int64(c.Since), int64(c.Before)) && c.Season.has(y) && (c.Holidays == "" || (c.Holidays == OnHolidays) == holiday) &&
		in(int64(e), int64(c.EnergyFrom), int64(c.EnergyTo)) && in(int64(w), int64(c.PowerFrom), int64(c.PowerTo)) && in(lasts, c.LastsFrom, c.LastsTo)
}

// gap is the first time of the week that none of the elements marked covers.
func (l *Layer) gap(marked []byte, minutes []int64) (time.Weekday, Clock, bool) {
	for day := range 7 {
		for _, m := range minutes {
			w, hit := wall{sod: int(m) * 60, day: time.Weekday(day)}, false
			for i := range marked {
				if marked[i] == 0 {
					continue
				}
				plain := l.Elements[i].Cond
				plain.Special = Special{}
				if plain.holds(w, nil) {
					hit = true
					break
				}
			}
			if !hit {
				return w.day, Clock(m), true
			}
		}
	}
	return 0, 0, false
}

func caseText(d, y, holiday, energy, power, lasts int64) string {
	c := Cond{Special: Special{Since: Date(d), EnergyFrom: unit.Wh(energy), PowerFrom: unit.W(power), LastsFrom: lasts}}
	if holiday == 1 {
		c.Holidays = OnHolidays
	}
	out := c.String()
	if y != 101 {
		out += " in the season from " + YearDay(y).String()
	}
	if out == "" {
		return ""
	}
	return " (" + strings.TrimSpace(out) + ")"
}

func (e *Element) prices(b Basis) bool {
	for i := range e.Components {
		if e.Components[i].Basis == b {
			return true
		}
	}
	return false
}

// faults collects what is wrong with an input.
type faults struct{ e *fault.Error }

func (f *faults) at(pointer, detail string, args ...any) {
	if f.e == nil {
		f.e = fault.New(fault.Invalid, "invalid_input", "Some fields are not right.")
	}
	f.e = f.e.At(pointer, fmt.Sprintf(detail, args...))
}

func (f *faults) err() error {
	if f.e == nil {
		return nil
	}
	return f.e
}
