package tariff

import (
	"fmt"
	"time"

	"ccms/internal/fault"
	"ccms/internal/money"
)

// mostPerLine keeps sums of lines far from the end of int64.
const mostPerLine = 1 << 53

var tooMuch = fault.New(fault.Invalid, "amount_out_of_range", "The price is larger than the platform can hold.")

// per is the number of base units (Wh, s, times) that the price is for.
func (c *Component) per() int64 {
	switch c.Basis {
	case Energy, Returned:
		return 1000
	case Time, IdleTime, Parking:
		if c.Hourly {
			return 3600
		}
		return 60
	}
	return 1
}

func (b Basis) unit() string {
	switch b {
	case Energy, Returned:
		return "Wh"
	case Time, IdleTime, Parking:
		return "s"
	}
	return "×1"
}

// bill prices the quantities. With words the bill has segments and explains itself.
func (m *meter) bill(words bool, flags []Flag) (Bill, error) {
	p := m.sheet.Plan
	b := Bill{Currency: p.Currency, TaxIncluded: p.PricesIncludeTax, Flags: flags}
	q := m.rounded()
	hit := 0
	for _, n := range q {
		if n != 0 {
			hit++
		}
	}
	var err error
	if b.Lines, err = m.lines(make([]Line, 0, hit), q); err != nil {
		return Bill{}, err
	}
	if words {
		m.label(&b, q)
	}
	p.cap(b.Lines)
	if b.Net, b.Taxes, b.Total, err = p.sum(b.Lines, nil); err != nil {
		return Bill{}, err
	}
	if p.limited() && m.due() {
		if err := p.limit(&b); err != nil {
			return Bill{}, err
		}
	}
	if words {
		b.Explanation = m.explain(&b)
	}
	return b, nil
}

// total is the total of bill before the limits of the plan, without making one.
func (m *meter) total() (money.Amount, error) {
	var (
		someLines [8]Line
		someTaxes [4]Tax
	)
	lines, err := m.lines(someLines[:0], m.rounded())
	if err != nil {
		return money.Amount{}, err
	}
	m.sheet.Plan.cap(lines)
	_, _, total, err := m.sheet.Plan.sum(lines, someTaxes[:0])
	return total, err
}

// lines appends a line for each component that was hit, before the idle cap.
func (m *meter) lines(to []Line, quantities []int64) ([]Line, error) {
	for n, q := range quantities {
		if q == 0 {
			continue
		}
		r := &m.sheet.rows[n]
		l := Line{Kind: r.kind, Basis: r.basis, Layer: r.layer, Element: r.element, Quantity: q,
			Unit: r.basis.unit(), Price: r.price, Hourly: r.per == 3600, VAT: r.vat, Stepped: q - m.q[n], Discount: m.sheet.Plan.Layers[r.layer].Discount}
		num, den := q, r.per
		if l.Discount != 0 {
			if q > mostPerLine/1000 || q < -mostPerLine/1000 {
				return nil, tooMuch
			}
			num, den = q*(1000-int64(l.Discount)), den*1000
		}
		amount, err := r.price.Per(num, den, m.sheet.Plan.Currency)
		if err != nil || amount.Minor > mostPerLine || amount.Minor < -mostPerLine {
			return nil, tooMuch.Because(err)
		}
		l.Amount = amount
		to = append(to, l)
	}
	return to, nil
}

// label gives the lines, which are those of lines, their words.
func (m *meter) label(b *Bill, quantities []int64) {
	i := 0
	for n, q := range quantities {
		if q == 0 {
			continue
		}
		r := &m.sheet.rows[n]
		b.Lines[i].Name = m.sheet.Plan.Layers[r.layer].Elements[r.element].Name
		b.Lines[i].Label = r.cond.String()
		if m.segments != nil {
			b.Lines[i].Segments = m.explained(n)
		}
		i++
	}
}

// cap takes what is above the idle cap off the idle lines, the last first.
func (p *Plan) cap(lines []Line) {
	capped := func(l *Line) bool { return l.Kind == KindIdle && p.Layers[l.Layer].Kind == KindIdle }
	var over int64
	for i := range lines {
		if capped(&lines[i]) {
			over += lines[i].Amount.Minor
		}
	}
	over -= p.IdleFee.Cap.Minor
	for i := len(lines) - 1; i >= 0 && over > 0; i-- {
		if l := &lines[i]; capped(l) && l.Amount.Minor > 0 {
			off := min(over, l.Amount.Minor)
			l.Amount.Minor -= off
			l.Capped = true
			over -= off
		}
	}
}

// sum is the net, the taxes and the total of lines: tax per rate on the sum of its
// lines, once; worked back where prices include it (MON-R2). Taxes are appended.
func (p *Plan) sum(lines []Line, taxes []Tax) (net money.Amount, _ []Tax, total money.Amount, err error) {
	zero := money.New(0, p.Currency)
	net, total = zero, zero
	for i := range lines {
		l := &lines[i]
		net, total = net.Add(l.Amount), total.Add(l.Amount)
		if l.VAT == 0 {
			continue
		}
		found := false
		for j := range taxes {
			if taxes[j].VAT == l.VAT {
				taxes[j].Net = taxes[j].Net.Add(l.Amount)
				found = true
			}
		}
		if !found {
			taxes = append(taxes, Tax{l.VAT, l.Amount, zero})
		}
	}
	for j := range taxes {
		t := &taxes[j]
		den := int64(1000)
		if p.PricesIncludeTax {
			den += int64(t.VAT)
		}
		tax, err := t.Net.Share(int64(t.VAT), den)
		if err != nil {
			return net, nil, total, tooMuch.Because(err)
		}
		t.Tax = tax
		if p.PricesIncludeTax {
			t.Net = t.Net.Sub(tax)
			net = net.Sub(tax)
		} else {
			total = total.Add(tax)
		}
	}
	return net, taxes, total, nil
}

// explained is a copy of a component's segments that charged something, in UTC and
// with the reason.
func (m *meter) explained(c int) []Segment {
	why := "applies at all times"
	if s := m.sheet.rows[c].cond.String(); s != "" {
		why = "first band that matches: " + s + " " + m.sheet.Zone.String()
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

var kindWords = map[Kind]string{KindElectricity: "Electricity", KindService: "Service", KindStart: "Start", KindIdle: "Idle",
	KindReservation: "Reservation", KindNoShow: "Reservation that was not used", KindOCPI: "OCPI tariff"}

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
		if l.Kind == KindLimit {
			continue
		}
		s := l.Kind.words()
		if l.Name != "" {
			s += " " + l.Name
		}
		if l.Label != "" {
			s += " " + l.Label
		}
		s += ": " + quantityText(l.Quantity, l.Basis) + " × " + l.Price.In(b.Currency) + " " + string(b.Currency)
		if l.Hourly {
			s += " per hour"
		}
		if l.Discount != 0 {
			s += " − " + percent(l.Discount)
		}
		s += " = "
		if l.Capped {
			s += "capped at "
		}
		out = append(out, s+l.Amount.Decimal()+" "+string(b.Currency))
	}
	if g := m.sheet.Plan.IdleFee.Grace; g > 0 && b.charged(KindIdle) {
		out = append(out, fmt.Sprintf("The first %s of idle time are free and deducted.", quantityText(int64(g/time.Second), IdleTime)))
	}
	if m.note != "" {
		out = append(out, m.note)
	}
	for i := range b.Lines {
		if l := &b.Lines[i]; l.Kind == KindLimit {
			what := "Raised to the least that a session costs: "
			if l.Amount.Minor < 0 {
				what = "Lowered to the most that a session costs: "
			}
			out = append(out, what+l.Amount.String())
		}
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
	if !m.sheet.has[flatDim] || m.noSession {
		return false
	}
	for n := range m.sheet.rows {
		if d := m.sheet.rows[n].dim; m.q[n] != 0 && (d == energyDim || d == flatDim) {
			return false
		}
	}
	return true
}
