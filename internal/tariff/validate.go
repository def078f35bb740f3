package tariff

import (
	"fmt"
	"time"

	"ccms/internal/fault"
	"ccms/internal/money"
)

// Most that a plan may hold; a plan of the guide has five layers and 48 bands.
const (
	maxLayers   = 16
	maxElements = 7 * 48
	maxPrice    = 1_000_000_000_000 // a million of the major unit
	maxGrace    = 7 * 24 * time.Hour
	maxName     = 100
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
	if len(p.Layers) == 0 || len(p.Layers) > maxLayers {
		bad.at("/layers", "must be 1 to %d", maxLayers)
	} else {
		for i := range p.Layers {
			p.Layers[i].validate(fmt.Sprintf("/layers/%d", i), &bad)
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
		bad.at(at+"/kind", "must be one of %v", Kinds)
	}
	if len(l.Elements) == 0 || len(l.Elements) > maxElements {
		bad.at(at+"/elements", "must be 1 to %d", maxElements)
		return
	}
	for i := range l.Elements {
		e := &l.Elements[i]
		at := fmt.Sprintf("%s/elements/%d", at, i)
		if c := e.Cond; c.From < 0 || c.From >= 1440 || c.To < 0 || c.To > 1440 || c.Days > everyDay {
			bad.at(at+"/cond", "must be local times between 00:00 and 24:00 on weekdays")
		}
		if len(e.Components) == 0 {
			bad.at(at+"/components", "must not be empty")
		}
		seen := map[Basis]bool{}
		for k := range e.Components {
			c := &e.Components[k]
			at := fmt.Sprintf("%s/components/%d", at, k)
			c.validate(at, l.Kind, bad)
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

func (c *Component) validate(at string, k Kind, bad *faults) {
	switch c.Basis {
	case Energy, Time, Flat:
		if k == KindIdle {
			bad.at(at+"/basis", "must be IDLE_TIME in a layer of kind IDLE")
		}
	case IdleTime:
		if k != KindIdle {
			bad.at(at+"/basis", "IDLE_TIME belongs into a layer of kind IDLE")
		}
	default:
		bad.at(at+"/basis", "must be ENERGY, TIME, IDLE_TIME or FLAT")
	}
	if c.Price < 0 || c.Price > maxPrice {
		bad.at(at+"/price", "must be between 0 and %s", money.Rate(maxPrice))
	}
	if c.VAT != nil && (*c.VAT < 0 || *c.VAT > 1000) {
		bad.at(at+"/vat_permille", "must be between 0 and 1000")
	}
}

// coverage refuses an electricity layer that leaves a minute of the week without a
// price of energy (PRICE-R2: no price is not free), and two bands that claim the
// same minute, unless the later one is the price for the rest of the week.
func (l *Layer) coverage(at string, bad *faults) {
	var owner [7 * 1440]int16
	priced := false
	for i := range l.Elements {
		e := &l.Elements[i]
		if !e.prices(Energy) {
			continue
		}
		priced = true
		clash := -1
		for m := range owner {
			switch {
			case !e.Cond.holds(m%1440*60, time.Weekday(m/1440)):
			case owner[m] == 0:
				owner[m] = int16(i + 1)
			case clash < 0 && !e.Cond.always():
				clash = int(owner[m]) - 1
			}
		}
		if clash >= 0 {
			bad.at(fmt.Sprintf("%s/elements/%d/cond", at, i), "overlaps band %d", clash+1)
		}
	}
	if !priced {
		bad.at(at+"/elements", "have no price of energy")
		return
	}
	for m, o := range owner {
		if o == 0 {
			bad.at(at+"/elements", "leave %s %s without a price", time.Weekday(m / 1440).String()[:3], Clock(m%1440))
			return
		}
	}
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
