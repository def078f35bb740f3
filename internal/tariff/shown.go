package tariff

import (
	"slices"
	"time"

	"ccms/internal/money"
	"ccms/internal/unit"
)

// Shown is one price of a plan as it is shown to whoever shall pay it: with tax and
// discount (PRICE-R7).
type Shown struct {
	Kind    Kind
	Basis   Basis
	Hourly  bool
	Price   money.Rate
	Name    string // of the band
	From    Clock
	To      Clock
	Days    Days
	Special string // the rest of its condition, in words; "" where there is none
	Now     bool   // it applies now
}

// Shown are the prices that a charge from at on may meet, in plan order. What is free is
// left out, unless it is the energy.
func (s *Sheet) Shown(at time.Time) []Shown {
	var out []Shown
	for i := range s.rows {
		r := &s.rows[i]
		switch r.dim {
		case energyDim, timeDim, parkingDim, idleDim, flatDim:
		default:
			continue
		}
		if r.hidden || r.price == 0 && r.dim != energyDim {
			continue
		}
		l := &s.Plan.Layers[r.layer]
		x := Shown{Kind: r.kind, Basis: r.basis, Hourly: r.per == 3600, Price: s.withTax(r, l.Discount), Name: l.Elements[r.element].Name,
			From: r.cond.From, To: r.cond.To, Days: r.cond.Days, Now: slices.Contains(s.at(r.dim, at).active, i)}
		if x.From == x.To {
			x.From, x.To = 0, 24*60
		}
		x.Special = Cond{Special: r.cond.Special}.String()
		out = append(out, x)
	}
	return out
}

// withTax is a component's price as it is paid, rounded half up.
func (s *Sheet) withTax(r *row, discount unit.Permille) money.Rate {
	scale := func(p money.Rate, permille int64) money.Rate {
		whole, rest := int64(p)/1000, int64(p)%1000 // a price may be large
		return money.Rate(whole*permille + (rest*permille+500)/1000)
	}
	p := r.price
	if discount > 0 {
		p = scale(p, 1000-int64(discount))
	}
	if !s.Plan.PricesIncludeTax {
		p = scale(p, 1000+int64(r.vat))
	}
	return p
}
