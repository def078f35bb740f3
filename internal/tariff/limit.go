package tariff

import (
	"math/big"

	"ccms/internal/money"
)

func (l Limit) none() bool { return l.Net == nil && l.Gross == nil }

func (p *Plan) limited() bool { return !p.Min.none() || !p.Max.none() }

// due reports whether the limits of a session count: one that got no energy owes nothing
// for being one. An OCPI tariff has a least price for every session.
func (m *meter) due() bool {
	if m.noSession {
		return false
	}
	for n := range m.sheet.rows {
		if r := &m.sheet.rows[n]; m.sheet.Plan.Layers[r.layer].Kind == KindOCPI || m.q[n] != 0 && r.dim == energyDim {
			return true
		}
	}
	return false
}

// limit brings a bill inside the plan's limits, by one line for each rate of tax, so that
// lines, taxes and totals still sum. Net and gross are held each by their own; where a
// limit names only one of them, the other moves in proportion.
func (p *Plan) limit(b *Bill) error {
	net, gross := b.Net.Minor, b.Total.Minor
	rates := p.rates(b)
	var err error
	alike := func(of, part, whole, num, den int64) int64 {
		if whole == 0 {
			part, whole = num, den // nothing was charged: by the first rate
		}
		x, e := money.New(of, p.Currency).Share(part, whole)
		if e != nil {
			err = e
		}
		return x.Minor
	}
	hold := func(l Limit, pick func(a, b int64) int64) {
		n, g := net, gross
		if l.Net != nil {
			n = pick(net, l.Net.Minor)
		}
		if l.Gross != nil {
			g = pick(gross, l.Gross.Minor)
		}
		with := 1000 + int64(rates[0].tax.VAT)
		switch {
		case l.Gross == nil && n != net:
			g = alike(n, gross, net, with, 1000)
		case l.Net == nil && g != gross:
			n = alike(g, net, gross, 1000, with)
		}
		net, gross = n, g
	}
	hold(p.Min, func(a, b int64) int64 { return max(a, b) })
	hold(p.Max, func(a, b int64) int64 { return min(a, b) })
	if net == b.Net.Minor && gross == b.Total.Minor {
		return nil
	}
	gross = max(gross, net)
	p.spread(rates, net, gross-net, &err)
	if err != nil {
		return tooMuch.Because(err)
	}
	b.Taxes = b.Taxes[:0]
	for i := range rates {
		r := &rates[i]
		before := r.before
		after := r.tax.Net.Minor
		if b.TaxIncluded {
			after += r.tax.Tax.Minor
		}
		if after != before {
			b.Lines = append(b.Lines, Line{Kind: KindLimit, Basis: Flat, Layer: -1, Element: -1, Quantity: 1, Unit: Flat.unit(),
				Amount: money.New(after-before, p.Currency), VAT: r.tax.VAT})
		}
		if r.tax.VAT != 0 || r.tax.Tax.Minor != 0 {
			b.Taxes = append(b.Taxes, r.tax)
		}
	}
	b.Net, b.Total = money.New(net, p.Currency), money.New(gross, p.Currency)
	return nil
}

// rated is what a bill comes to at one rate of tax.
type rated struct {
	tax    Tax
	before int64 // sum of its lines
}

func (p *Plan) rates(b *Bill) []rated {
	var out []rated
	for i := range b.Lines {
		l := &b.Lines[i]
		k := 0
		for k < len(out) && out[k].tax.VAT != l.VAT {
			k++
		}
		if k == len(out) {
			out = append(out, rated{tax: Tax{VAT: l.VAT, Net: money.New(0, p.Currency), Tax: money.New(0, p.Currency)}})
			for _, t := range b.Taxes {
				if t.VAT == l.VAT {
					out[k].tax = t
				}
			}
		}
		out[k].before += l.Amount.Minor
		if l.VAT == 0 {
			out[k].tax.Net.Minor += l.Amount.Minor
		}
	}
	if len(out) == 0 {
		out = append(out, rated{tax: Tax{VAT: p.VAT, Net: money.New(0, p.Currency), Tax: money.New(0, p.Currency)}})
	}
	return out
}

// spread gives each rate its share of a net and of a tax by cumulative rounding; where
// there was none, the first rate gets it.
func (p *Plan) spread(rates []rated, net, tax int64, err *error) {
	share := func(total int64, of func(*rated) *int64) {
		var whole, seen, given int64
		for i := range rates {
			whole += *of(&rates[i])
		}
		for i := range rates {
			x := of(&rates[i])
			if whole <= 0 {
				*x = 0
				if i == 0 {
					*x = total
				}
				continue
			}
			seen += *x
			upTo, e := money.New(total, p.Currency).Share(max(seen, 0), whole)
			if e != nil {
				*err = e
				return
			}
			*x, given = upTo.Minor-given, upTo.Minor
		}
	}
	share(net, func(r *rated) *int64 { return &r.tax.Net.Minor })
	share(tax, func(r *rated) *int64 { return &r.tax.Tax.Minor })
}

// Exact is what the bill comes to before anything is rounded, in the major unit. OCPI has
// no rule of rounding (ocpi/ocpi#401): what goes to a partner is told with four decimals
// of these.
func (b *Bill) Exact(p *Plan) (net, gross *big.Rat) {
	net, gross = new(big.Rat), new(big.Rat)
	one := big.NewRat(1, 1)
	minor := big.NewRat(1, 1)
	for range p.Currency.Exponent() {
		minor.Mul(minor, big.NewRat(1, 10))
	}
	of := func(a money.Amount) *big.Rat { return new(big.Rat).Mul(new(big.Rat).SetInt64(a.Minor), minor) }
	for i := range b.Lines {
		l := &b.Lines[i]
		if l.Kind == KindLimit {
			continue
		}
		x := of(l.Amount)
		if !l.Capped {
			c := Component{Basis: l.Basis, Hourly: l.Hourly}
			x = new(big.Rat).Mul(big.NewRat(int64(l.Price), 1_000_000), big.NewRat(l.Quantity, c.per()))
			x.Mul(x, big.NewRat(1000-int64(l.Discount), 1000))
		}
		with := new(big.Rat).Add(one, big.NewRat(int64(l.VAT), 1000))
		if b.TaxIncluded {
			gross.Add(gross, x)
			net.Add(net, new(big.Rat).Quo(x, with))
			continue
		}
		net.Add(net, x)
		gross.Add(gross, new(big.Rat).Mul(x, with))
	}
	limited := false
	for i := range b.Lines {
		limited = limited || b.Lines[i].Kind == KindLimit
	}
	if limited {
		return of(b.Net), of(b.Total)
	}
	return net, gross
}
