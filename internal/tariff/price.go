package tariff

import (
	"fmt"
	"time"

	"ccms/internal/fault"
	"ccms/internal/money"
	"ccms/internal/unit"
)

// mostPerLine keeps sums of lines far from the end of int64.
const mostPerLine = 1 << 53

var tooMuch = fault.New(fault.Invalid, "amount_out_of_range", "The price is larger than the platform can hold.")

// per is the number of base units (Wh, s, times) that a price of b is for.
func (b Basis) per() int64 {
	switch b {
	case Energy:
		return 1000
	case Time, IdleTime:
		return 60
	}
	return 1
}

func (b Basis) unit() string {
	switch b {
	case Energy:
		return "Wh"
	case Time, IdleTime:
		return "s"
	}
	return "×1"
}

// bill prices the quantities. With words the bill has segments and explains itself.
func (m *meter) bill(words bool, flags []Flag) (Bill, error) {
	b := Bill{Currency: m.p.Currency, TaxIncluded: m.p.PricesIncludeTax, Flags: flags}
	hit := 0
	for _, q := range m.q {
		if q != 0 {
			hit++
		}
	}
	b.Lines = make([]Line, 0, hit)
	n := 0
	for i := range m.p.Layers {
		for j := range m.p.Layers[i].Elements {
			e := &m.p.Layers[i].Elements[j]
			for k := range e.Components {
				c, q := &e.Components[k], m.q[n]
				n++
				if q == 0 {
					continue
				}
				amount, err := c.Price.Per(q, c.Basis.per(), m.p.Currency)
				if err != nil || amount.Minor > mostPerLine || amount.Minor < -mostPerLine {
					return Bill{}, tooMuch.Because(err)
				}
				l := Line{Kind: m.p.Layers[i].Kind, Basis: c.Basis, Layer: i, Element: j, Quantity: q,
					Unit: c.Basis.unit(), Price: c.Price, Amount: amount, VAT: m.p.vat(c)}
				if words {
					l.Label = e.Cond.String()
					if m.segments != nil {
						l.Segments = m.explained(n-1, e)
					}
				}
				b.Lines = append(b.Lines, l)
			}
		}
	}
	m.p.cap(b.Lines)
	if err := b.sum(); err != nil {
		return Bill{}, err
	}
	if words {
		b.Explanation = m.explain(&b)
	}
	return b, nil
}

// cap takes what is above the idle cap off the idle lines, the last first.
func (p *Plan) cap(lines []Line) {
	var over int64
	for i := range lines {
		if lines[i].Kind == KindIdle {
			over += lines[i].Amount.Minor
		}
	}
	over -= p.IdleFee.Cap.Minor
	for i := len(lines) - 1; i >= 0 && over > 0; i-- {
		if l := &lines[i]; l.Kind == KindIdle && l.Amount.Minor > 0 {
			off := min(over, l.Amount.Minor)
			l.Amount.Minor -= off
			l.Capped = true
			over -= off
		}
	}
}

// sum fills Net, Taxes and Total from the lines: tax per rate on the sum of its
// lines, once; worked back where prices include it (MON-R2).
func (b *Bill) sum() error {
	zero := money.New(0, b.Currency)
	b.Net, b.Total = zero, zero
	for i := range b.Lines {
		l := &b.Lines[i]
		b.Net, b.Total = b.Net.Add(l.Amount), b.Total.Add(l.Amount)
		if l.VAT == 0 {
			continue
		}
		found := false
		for j := range b.Taxes {
			if b.Taxes[j].VAT == l.VAT {
				b.Taxes[j].Net = b.Taxes[j].Net.Add(l.Amount)
				found = true
			}
		}
		if !found {
			b.Taxes = append(b.Taxes, Tax{l.VAT, l.Amount, zero})
		}
	}
	for j := range b.Taxes {
		t := &b.Taxes[j]
		den := int64(1000)
		if b.TaxIncluded {
			den += int64(t.VAT)
		}
		tax, err := t.Net.Share(int64(t.VAT), den)
		if err != nil {
			return tooMuch.Because(err)
		}
		t.Tax = tax
		if b.TaxIncluded {
			t.Net = t.Net.Sub(tax)
			b.Net = b.Net.Sub(tax)
		} else {
			b.Total = b.Total.Add(tax)
		}
	}
	return nil
}

// explained is a copy of a component's segments that charged something, in UTC and
// with the reason.
func (m *meter) explained(c int, e *Element) []Segment {
	why := "applies at all times"
	if s := e.Cond.String(); s != "" {
		why = "first band that matches: " + s + " " + m.loc.String()
	}
	out := make([]Segment, 0, len(m.segments[c]))
	for _, s := range m.segments[c] {
		if s.Quantity != 0 {
			s.From, s.To, s.Why = s.From.UTC(), s.To.UTC(), why
			out = append(out, s)
		}
	}
	return out
}

var kindWords = map[Kind]string{KindElectricity: "Electricity", KindService: "Service", KindStart: "Start", KindIdle: "Idle"}

func (k Kind) words() string {
	if s, ok := kindWords[k]; ok {
		return s
	}
	return string(k)
}

// explain says how the total came about, in the order of the sums.
func (m *meter) explain(b *Bill) []string {
	out := make([]string, 0, len(b.Lines)+6)
	for i := range b.Lines {
		l := &b.Lines[i]
		s := l.Kind.words()
		if l.Label != "" {
			s += " " + l.Label
		}
		s += ": " + quantityText(l.Quantity, l.Basis) + " × " + l.Price.String() + " " + string(b.Currency) + " = "
		if l.Capped {
			s += "capped at "
		}
		out = append(out, s+l.Amount.Decimal()+" "+string(b.Currency))
	}
	if g := m.p.IdleFee.Grace; g > 0 && b.charged(KindIdle) {
		out = append(out, fmt.Sprintf("The first %s of idle time are free and deducted.", quantityText(int64(g/time.Second), IdleTime)))
	}
	for _, t := range b.Taxes {
		if b.TaxIncluded {
			out = append(out, fmt.Sprintf("VAT %s contained in the prices: %s, net %s", percent(t.VAT), t.Tax, t.Net))
		} else {
			out = append(out, fmt.Sprintf("VAT %s of %s = %s", percent(t.VAT), t.Net, t.Tax))
		}
	}
	for _, f := range b.Flags {
		out = append(out, flagWords[f])
	}
	if m.waived() {
		out = append(out, "No energy was delivered: what is due once per session is waived.")
	}
	return append(out, "Total "+b.Total.String())
}

var flagWords = map[Flag]string{
	Interpolated: "A price changed between two meter samples: the energy was split along a straight line between them.",
	NoSamples:    "The meter sent nothing between start and stop: the energy was spread evenly over the time.",
	BadClock:     "The times of the charge point cannot be trusted: energy at the lowest price, nothing by time.",
}

func (b *Bill) charged(k Kind) bool {
	for i := range b.Lines {
		if b.Lines[i].Kind == k {
			return true
		}
	}
	return false
}

// waived reports whether the plan has a flat price that was not charged for want of
// energy.
func (m *meter) waived() bool {
	n, flat, energy := 0, false, unit.Wh(0)
	for i := range m.p.Layers {
		for j := range m.p.Layers[i].Elements {
			for k := range m.p.Layers[i].Elements[j].Components {
				switch m.p.Layers[i].Elements[j].Components[k].Basis {
				case Energy:
					energy += unit.Wh(m.q[n])
				case Flat:
					flat = true
				}
				n++
			}
		}
	}
	return flat && energy == 0
}
