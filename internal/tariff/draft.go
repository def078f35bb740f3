package tariff

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"ccms/internal/fault"
	"ccms/internal/money"
	"ccms/internal/unit"
)

// Draft is a plan as people write it: electricity by bands of the day, the fees of each
// stage, limits. It is what the screens and the API edit; Plan makes the layers of it.
type Draft struct {
	Name             string
	Currency         money.Currency
	PricesIncludeTax bool
	VAT              unit.Permille
	Electricity      []Band        // cover 24 hours without overlap; special ones win over general ones
	ServicePerKWh    money.Rate    // 0: none
	ServicePerMinute money.Rate    // 0: none
	ServiceAfter     time.Duration // of the session, that cost no ServicePerMinute
	ServiceFlat      money.Rate    // 0: none
	StartFee         money.Rate    // per session, 0: none
	StartFrom        unit.Wh       // a session with less energy pays no StartFee
	Reservation      *ReservationFee
	Idle             *IdleFee // nil: none
	Hold             money.Amount
	MinBalance       money.Amount
	Holidays         []Date
	Min, Max         Limit
	EnergyStep       unit.Wh // what is charged per kWh is rounded up to it; 0: 1
	TimeStep         int64   // and what is charged per minute, s
}

// Band is a price of energy for a time of day.
type Band struct {
	Name     string // "peak"; may be empty
	From, To Clock  // "00:00" to "24:00"; To before From: over midnight
	Days     Days   // none: every day
	Special
	Price money.Rate
}

// IdleFee is the fee for occupying a connector after the energy has ended.
type IdleFee struct {
	PerMinute money.Rate
	Grace     time.Duration
	Cap       money.Amount // zero: 20.00 (IDLE-R5)
	// ExemptFrom, ExemptTo are local times between which it costs nothing; equal: none.
	ExemptFrom, ExemptTo Clock
}

// ReservationFee is the fee for keeping a connector, and for not coming.
type ReservationFee struct {
	PerMinute money.Rate
	Flat      money.Rate
	NoShow    money.Rate // on top, where nobody came
	ReserveRule
}

// special orders bands: the narrower their condition, the earlier they are asked.
func (s *Special) special() (n int) {
	if s.Holidays == OnHolidays {
		n += 16
	}
	if s.Since != 0 || s.Before != 0 {
		n += 8
	}
	if s.Season.From != s.Season.To {
		n += 4
	}
	for _, there := range []bool{s.EnergyFrom != 0 || s.EnergyTo != 0, s.PowerFrom != 0 || s.PowerTo != 0, s.LastsFrom != 0 || s.LastsTo != 0, s.Holidays == NotHolidays} {
		if there {
			n++
		}
	}
	return n
}

// order is the bands' order as elements, by index.
func (d *Draft) order() []int {
	out := make([]int, len(d.Electricity))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int { return d.Electricity[b].special() - d.Electricity[a].special() })
	return out
}

// Plan makes the layers, fills in the defaults and refuses what cannot be right, with
// pointers into the API's form of a draft.
func (d Draft) Plan() (Plan, error) {
	p := d.layered()
	err := d.validate(p)
	if err == nil {
		return p, nil
	}
	return Plan{}, d.pointers(p, err)
}

// layered is the plan, right or not.
func (d *Draft) layered() Plan {
	p := Plan{Name: d.Name, Currency: d.Currency, PricesIncludeTax: d.PricesIncludeTax, VAT: d.VAT,
		Hold: d.Hold, MinBalance: d.MinBalance}
	p.Holidays, p.Min, p.Max = slices.Clone(d.Holidays), d.Min, d.Max
	electricity := Layer{Kind: KindElectricity}
	for _, i := range d.order() {
		b := &d.Electricity[i]
		electricity.Elements = append(electricity.Elements, Element{Name: b.Name, Cond: Cond{From: b.From, To: b.To, Days: b.Days, Special: b.Special},
			Components: []Component{{Basis: Energy, Price: b.Price, Step: int64(d.EnergyStep)}}})
	}
	p.Layers = append(p.Layers, electricity)
	single := func(k Kind, c Cond, comp ...Component) {
		kept := comp[:0]
		for _, x := range comp {
			if x.Price != 0 {
				kept = append(kept, x)
			}
		}
		if len(kept) > 0 {
			p.Layers = append(p.Layers, Layer{Kind: k, Elements: []Element{{Cond: c, Components: kept}}})
		}
	}
	single(KindService, Cond{}, Component{Basis: Energy, Price: d.ServicePerKWh, Step: int64(d.EnergyStep)})
	single(KindService, Cond{Special: Special{LastsFrom: int64(d.ServiceAfter / time.Second)}}, Component{Basis: Time, Price: d.ServicePerMinute, Step: d.TimeStep})
	single(KindService, Cond{}, Component{Basis: Flat, Price: d.ServiceFlat})
	single(KindStart, Cond{Special: Special{EnergyFrom: d.StartFrom}}, Component{Basis: Flat, Price: d.StartFee})
	if r := d.Reservation; r != nil {
		single(KindReservation, Cond{}, Component{Basis: Time, Price: r.PerMinute, Step: d.TimeStep}, Component{Basis: Flat, Price: r.Flat})
		single(KindNoShow, Cond{}, Component{Basis: Flat, Price: r.NoShow})
		p.Reservation = r.ReserveRule
	}
	if d.Idle != nil {
		cond := Cond{}
		if d.Idle.ExemptFrom != d.Idle.ExemptTo {
			cond.From, cond.To = d.Idle.ExemptTo%1440, d.Idle.ExemptFrom
		}
		p.Layers = append(p.Layers, Layer{Kind: KindIdle, Elements: []Element{{Cond: cond, Components: []Component{{Basis: IdleTime, Price: d.Idle.PerMinute, Step: d.TimeStep}}}}})
		p.IdleFee = IdleRule{Grace: d.Idle.Grace, Cap: d.Idle.Cap}
	}
	return p.Complete()
}

// validate is the plan's, and refuses what would be lost on the way to it.
func (d *Draft) validate(p Plan) error {
	if err := p.Validate(); err != nil {
		return err
	}
	bad := faults{}
	switch {
	case d.ServiceAfter < 0 || d.ServiceAfter%time.Second != 0 || d.ServiceAfter > maxGrace:
		bad.at("/service_after_s", "must be whole seconds, at most 7 days")
	case d.ServiceAfter != 0 && d.ServicePerMinute == 0:
		bad.at("/service_after_s", "needs a service_per_minute")
	case d.StartFrom != 0 && d.StartFee == 0:
		bad.at("/start_from_wh", "needs a start_fee")
	case d.Reservation != nil && d.Reservation.PerMinute == 0 && d.Reservation.Flat == 0 && d.Reservation.NoShow == 0:
		bad.at("/reservation", "needs a price: per_minute, flat or no_show")
	case d.Idle != nil && (d.Idle.ExemptFrom < 0 || d.Idle.ExemptTo < 0 || d.Idle.ExemptFrom > 1440 || d.Idle.ExemptTo > 1440):
		bad.at("/idle/exempt_from", "must be a local time of day")
	}
	return bad.err()
}

// pointers moves the faults of a plan to where the draft has the value.
func (d *Draft) pointers(p Plan, err error) error {
	var e *fault.Error
	if !errors.As(err, &e) {
		return err
	}
	moved := *e
	moved.Fields = nil
	order := d.order()
	for _, f := range e.Fields {
		var layer, element int
		if n, _ := fmt.Sscanf(f.Pointer, "/layers/%d/elements/%d", &layer, &element); n > 0 {
			l := &p.Layers[layer]
			basis := Basis("")
			if n == 2 && len(l.Elements[element].Components) > 0 {
				basis = l.Elements[element].Components[0].Basis
			}
			switch l.Kind {
			case KindElectricity:
				f.Pointer = "/electricity"
				if n == 2 {
					f.Pointer = fmt.Sprintf("/electricity/%d", order[element])
				}
			case KindService:
				f.Pointer = map[Basis]string{Energy: "/service_per_kwh", Time: "/service_per_minute", Flat: "/service_flat"}[basis]
			case KindStart:
				f.Pointer = "/start_fee"
			case KindReservation:
				f.Pointer = "/reservation/per_minute"
				if basis == Flat || strings.Contains(f.Pointer, "components/1") {
					f.Pointer = "/reservation/flat"
				}
			case KindNoShow:
				f.Pointer = "/reservation/no_show"
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
		Hold: p.Hold, MinBalance: p.MinBalance, Holidays: p.Holidays, Min: p.Min, Max: p.Max}
	for i := range p.Layers {
		l := &p.Layers[i]
		if l.Discount != 0 || l.Kind != KindElectricity && len(l.Elements) != 1 {
			return Draft{}, false
		}
		for j := range l.Elements {
			e := &l.Elements[j]
			for k := range e.Components {
				c := &e.Components[k]
				if c.VAT != nil || c.Hourly || !d.take(&p, l, e, c) {
					return Draft{}, false
				}
			}
		}
	}
	// What a draft makes is what was read, or something was lost.
	again := d.layered()
	if !reflect.DeepEqual(again.Layers, p.Layers) || !reflect.DeepEqual(again.Reservation, p.Reservation) {
		return Draft{}, false
	}
	return d, true
}

// take reads one component into the draft.
func (d *Draft) take(p *Plan, l *Layer, e *Element, c *Component) bool {
	reservation := func() *ReservationFee {
		if d.Reservation == nil {
			d.Reservation = &ReservationFee{ReserveRule: p.Reservation}
		}
		return d.Reservation
	}
	switch {
	case l.Kind == KindElectricity && c.Basis == Energy:
		d.Electricity = append(d.Electricity, Band{Name: e.Name, From: e.Cond.From, To: e.Cond.To, Days: e.Cond.Days, Special: e.Cond.Special, Price: c.Price})
		d.EnergyStep = unit.Wh(c.Step)
	case l.Kind == KindService && c.Basis == Energy:
		d.ServicePerKWh = c.Price
	case l.Kind == KindService && c.Basis == Time:
		d.ServicePerMinute, d.ServiceAfter, d.TimeStep = c.Price, time.Duration(e.Cond.LastsFrom)*time.Second, c.Step
	case l.Kind == KindService && c.Basis == Flat:
		d.ServiceFlat = c.Price
	case l.Kind == KindStart && c.Basis == Flat:
		d.StartFee, d.StartFrom = c.Price, e.Cond.EnergyFrom
	case l.Kind == KindReservation && c.Basis == Time:
		reservation().PerMinute, d.TimeStep = c.Price, c.Step
	case l.Kind == KindReservation && c.Basis == Flat:
		reservation().Flat = c.Price
	case l.Kind == KindNoShow && c.Basis == Flat:
		reservation().NoShow = c.Price
	case l.Kind == KindIdle && c.Basis == IdleTime:
		d.Idle = &IdleFee{PerMinute: c.Price, Grace: p.IdleFee.Grace, Cap: p.IdleFee.Cap}
		if e.Cond.From != e.Cond.To {
			d.Idle.ExemptFrom, d.Idle.ExemptTo = e.Cond.To, e.Cond.From
		}
		d.TimeStep = c.Step
	default:
		return false
	}
	return true
}
