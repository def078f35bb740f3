package tariff

import (
	"time"

	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/unit"
)

// Kind says what a layer charges for.
type Kind string

// The kinds. A layer of kind OCPI is a whole tariff of a partner; the lines that it makes
// have the kind of what they are for, and so does what a limit adds or takes.
const (
	KindElectricity Kind = "ELECTRICITY"
	KindService     Kind = "SERVICE"
	KindStart       Kind = "START"
	KindReservation Kind = "RESERVATION"
	KindNoShow      Kind = "RES_EXPIRED" // a reservation that nobody used
	KindIdle        Kind = "IDLE"
	KindLimit       Kind = "LIMIT" // of lines only
	KindOCPI        Kind = "OCPI"  // of layers only
)

// Kinds lists those of lines in the order in which bills show them.
var Kinds = []Kind{KindElectricity, KindService, KindStart, KindReservation, KindNoShow, KindIdle, KindLimit}

// Basis is the dimension that a component prices.
type Basis string

// The dimensions.
const (
	Energy   Basis = "ENERGY"       // per kWh; quantity in Wh
	Returned Basis = "EXPORT"       // per kWh that the vehicle gave back: it is paid for; quantity in Wh, below 0
	Time     Basis = "TIME"         // per minute between start and stop without idle, or of a reservation; quantity in s
	Parking  Basis = "PARKING_TIME" // per minute of the idle clock, without grace and cap: OCPI's; quantity in s
	IdleTime Basis = "IDLE_TIME"    // per minute of the idle clock after the grace; quantity in s
	Flat     Basis = "FLAT"         // once per session that delivered energy, or per reservation; quantity 1
)

// Plan is one version of a billing plan.
type Plan struct {
	ID       ident.Plan        `json:"id"`
	Operator ident.Operator    `json:"operator_id"`
	Sub      ident.SubOperator `json:"sub_operator_id"`
	Name     string            `json:"name"`
	Currency money.Currency    `json:"currency"`
	// PricesIncludeTax: prices, the idle cap and the amounts of lines contain the tax.
	PricesIncludeTax bool          `json:"prices_include_tax"`
	VAT              unit.Permille `json:"vat_permille"` // 0…1000, unless a component has its own
	Layers           []Layer       `json:"layers"`
	IdleFee          IdleRule      `json:"idle"` // for the layers of kind IDLE
	Rules
	Hold money.Amount `json:"hold"` // set aside at the start, as far as there is (PAY-R3)
	// MinBalance must be available before a start, on top of what BAL-R2 asks.
	MinBalance money.Amount `json:"min_balance"`
	Number     int          `json:"plan_version"` // 1, 2, 3 …; a session keeps (ID, Number) (PRICE-R3)
	Version    int64        `json:"version"`      // row version of the plan, for stale writes
	SavedAt    time.Time    `json:"saved_at"`     // when this version was made
}

// IdleRule limits the idle fee.
type IdleRule struct {
	Grace time.Duration `json:"grace_ns"` // deducted once from the idle clock, whole seconds ≥ 0
	Cap   money.Amount  `json:"cap"`      // most that idle costs in one session, in the plan's tax mode (IDLE-R5)
}

// Rules are what a plan says beside its layers.
type Rules struct {
	Holidays    []Date      `json:"holidays,omitempty"`   // the days that conditions call holidays, of the site's zone
	Reservation ReserveRule `json:"reservation,omitzero"` // for the layers of kind RESERVATION
	Min         Limit       `json:"min,omitzero"`         // least that a session costs that delivered energy
	Max         Limit       `json:"max,omitzero"`         // most that a session costs
}

// Limit is an amount for a whole session: without tax, with tax, or both. The zero Limit
// is none.
type Limit struct {
	Net   *money.Amount `json:"net,omitempty"`
	Gross *money.Amount `json:"gross,omitempty"`
}

// ReserveRule says which time of a reservation is charged for.
type ReserveRule struct {
	Free       time.Duration `json:"free_ns,omitempty"`        // deducted once, whole seconds ≥ 0
	Longest    time.Duration `json:"longest_ns,omitempty"`     // no more than this is charged; 0: all of it
	CancelFree time.Duration `json:"cancel_free_ns,omitempty"` // who cancels so soon pays nothing
	RefundFrom unit.Wh       `json:"refund_from_wh,omitempty"` // a session with so much energy pays no reservation; 0: it does
}

// Layer charges for one thing.
type Layer struct {
	Kind     Kind      `json:"kind"`
	Elements []Element `json:"elements"`
	// Discount comes off every line of the layer, before it is rounded. 0…1000.
	Discount unit.Permille `json:"discount_permille,omitempty"`
}

// Element prices one or more dimensions while its condition holds.
type Element struct {
	Name       string      `json:"name,omitempty"` // of the band, "peak"
	Cond       Cond        `json:"cond"`
	Components []Component `json:"components"`
}

// Component is the price of one dimension.
type Component struct {
	Basis Basis      `json:"basis"`
	Price money.Rate `json:"price"` // per kWh, minute or session, ≥ 0
	// Hourly: a price of time is per hour. Most prices per hour have no end per minute.
	Hourly bool `json:"hourly,omitempty"`
	// Step rounds what was used of the dimension in the whole session up to its multiple,
	// Wh or s, if the component was the last that applied (PRICE-R6). 0 and 1: not.
	Step int64 `json:"step,omitempty"`
	// VAT replaces the plan's where it is set.
	VAT *unit.Permille `json:"vat_permille,omitempty"`
}

// vat is the rate that applies to c.
func (p *Plan) vat(c *Component) unit.Permille {
	if c.VAT != nil {
		return *c.VAT
	}
	return p.VAT
}

// Has reports whether any component of the plan prices b.
func (p *Plan) Has(b Basis) bool {
	for i := range p.Layers {
		for j := range p.Layers[i].Elements {
			for k := range p.Layers[i].Elements[j].Components {
				if p.Layers[i].Elements[j].Components[k].Basis == b {
					return true
				}
			}
		}
	}
	return false
}

// IdleCap is the most that the idle fee costs in one session, tax included.
func (p *Plan) IdleCap() (money.Amount, error) {
	fee := p.IdleFee.Cap
	if !p.HasIdle() {
		return money.New(0, p.Currency), nil
	}
	if p.PricesIncludeTax {
		return fee, nil
	}
	tax, err := fee.Share(int64(p.VAT), 1000)
	return fee.Add(tax), err
}

// HasIdle reports whether the plan charges for idle time, so that a bill waits for
// the unplug (AUTH-R8).
func (p *Plan) HasIdle() bool { return p.Has(IdleTime) }

// size is the number of components; they are numbered through in plan order.
func (p *Plan) size() (n int) {
	for i := range p.Layers {
		for j := range p.Layers[i].Elements {
			n += len(p.Layers[i].Elements[j].Components)
		}
	}
	return n
}
