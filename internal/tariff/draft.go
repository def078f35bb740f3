package tariff

import (
	"errors"
	"fmt"
	"time"

	"ccms/internal/fault"
	"ccms/internal/money"
	"ccms/internal/unit"
)

// Draft is a plan as people write it: electricity by bands of the day, one service
// fee per kWh, one idle fee. It is what the screens and the API edit; Plan makes the
// layers of it.
type Draft struct {
	Name             string
	Currency         money.Currency
	PricesIncludeTax bool
	VAT              unit.Permille
	Electricity      []Band     // cover 24 hours without overlap
	ServicePerKWh    money.Rate // 0: none
	StartFee         money.Rate // per session, 0: none
	Idle             *IdleFee   // nil: none
	Hold             money.Amount
	MinBalance       money.Amount
}

// Band is a price of energy for a time of day.
type Band struct {
	From, To Clock // "00:00" to "24:00"; To before From: over midnight
	Days     Days  // none: every day
	Price    money.Rate
}

// IdleFee is the fee for occupying a connector after the energy has ended.
type IdleFee struct {
	PerMinute money.Rate
	Grace     time.Duration
	Cap       money.Amount // zero: 20.00 (IDLE-R5)
}

// Plan makes the layers, fills in the defaults and refuses what cannot be right, with
// pointers into the API's form of a draft.
func (d Draft) Plan() (Plan, error) {
	p := Plan{Name: d.Name, Currency: d.Currency, PricesIncludeTax: d.PricesIncludeTax, VAT: d.VAT,
		Hold: d.Hold, MinBalance: d.MinBalance}
	electricity := Layer{Kind: KindElectricity}
	for _, b := range d.Electricity {
		electricity.Elements = append(electricity.Elements, Element{Cond: Cond{b.From, b.To, b.Days},
			Components: []Component{{Basis: Energy, Price: b.Price}}})
	}
	p.Layers = append(p.Layers, electricity)
	single := func(k Kind, b Basis, price money.Rate) {
		p.Layers = append(p.Layers, Layer{Kind: k, Elements: []Element{{Components: []Component{{Basis: b, Price: price}}}}})
	}
	if d.ServicePerKWh != 0 {
		single(KindService, Energy, d.ServicePerKWh)
	}
	if d.StartFee != 0 {
		single(KindStart, Flat, d.StartFee)
	}
	if d.Idle != nil {
		single(KindIdle, IdleTime, d.Idle.PerMinute)
		p.IdleFee = IdleRule{Grace: d.Idle.Grace, Cap: d.Idle.Cap}
	}
	p = p.Complete()
	if err := p.Validate(); err != nil {
		return Plan{}, d.pointers(p, err)
	}
	return p, nil
}

// pointers moves the faults of a plan to where the draft has the value.
func (d *Draft) pointers(p Plan, err error) error {
	var e *fault.Error
	if !errors.As(err, &e) {
		return err
	}
	moved := *e
	moved.Fields = nil
	for _, f := range e.Fields {
		var layer, element int
		if n, _ := fmt.Sscanf(f.Pointer, "/layers/%d/elements/%d", &layer, &element); n > 0 {
			switch p.Layers[layer].Kind {
			case KindElectricity:
				f.Pointer = "/electricity"
				if n == 2 {
					f.Pointer = fmt.Sprintf("/electricity/%d", element)
				}
			case KindService:
				f.Pointer = "/service_per_kwh"
			case KindStart:
				f.Pointer = "/start_fee"
			case KindIdle:
				f.Pointer = "/idle/per_minute"
			}
		}
		moved.Fields = append(moved.Fields, f)
	}
	return &moved
}

// Draft is the plan as people write it. ok is false where the plan says more than a
// draft can.
func (p Plan) Draft() (d Draft, ok bool) {
	d = Draft{Name: p.Name, Currency: p.Currency, PricesIncludeTax: p.PricesIncludeTax, VAT: p.VAT,
		Hold: p.Hold, MinBalance: p.MinBalance}
	seen := map[Kind]bool{}
	for i := range p.Layers {
		l := &p.Layers[i]
		if seen[l.Kind] {
			return Draft{}, false
		}
		seen[l.Kind] = true
		for j := range l.Elements {
			e := &l.Elements[j]
			if len(e.Components) != 1 || e.Components[0].VAT != nil || l.Kind != KindElectricity && (j > 0 || e.Cond != Cond{}) {
				return Draft{}, false
			}
			switch c := e.Components[0]; {
			case l.Kind == KindElectricity && c.Basis == Energy:
				d.Electricity = append(d.Electricity, Band{e.Cond.From, e.Cond.To, e.Cond.Days, c.Price})
			case l.Kind == KindService && c.Basis == Energy:
				d.ServicePerKWh = c.Price
			case l.Kind == KindStart && c.Basis == Flat:
				d.StartFee = c.Price
			case l.Kind == KindIdle && c.Basis == IdleTime:
				d.Idle = &IdleFee{c.Price, p.IdleFee.Grace, p.IdleFee.Cap}
			default:
				return Draft{}, false
			}
		}
	}
	return d, seen[KindElectricity]
}
