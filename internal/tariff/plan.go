package tariff

import (
	"fmt"
	"strings"
	"time"

	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/unit"
)

// Kind says what a layer charges for.
type Kind string

// The kinds of layers that exist so far.
const (
	KindElectricity Kind = "ELECTRICITY"
	KindService     Kind = "SERVICE"
	KindStart       Kind = "START"
	KindIdle        Kind = "IDLE"
)

// Kinds lists them in the order in which bills show them.
var Kinds = []Kind{KindElectricity, KindService, KindStart, KindIdle}

// Basis is the dimension that a component prices.
type Basis string

// The dimensions.
const (
	Energy   Basis = "ENERGY"    // per kWh; quantity in Wh
	Time     Basis = "TIME"      // per minute between start and stop without idle; quantity in s
	IdleTime Basis = "IDLE_TIME" // per minute of the idle clock after the grace; quantity in s
	Flat     Basis = "FLAT"      // once per session that delivered energy; quantity 1
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
	Hold             money.Amount  `json:"hold"` // set aside at the start, as far as there is (PAY-R3)
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

// Layer charges for one thing.
type Layer struct {
	Kind     Kind      `json:"kind"`
	Elements []Element `json:"elements"`
}

// Element prices one or more dimensions while its condition holds.
type Element struct {
	Cond       Cond        `json:"cond"`
	Components []Component `json:"components"`
}

// Component is the price of one dimension.
type Component struct {
	Basis Basis      `json:"basis"`
	Price money.Rate `json:"price"` // per kWh, minute or session, ≥ 0
	// VAT replaces the plan's where it is set.
	VAT *unit.Permille `json:"vat_permille,omitempty"`
}

// Cond restricts an element to local times of day and weekdays. The zero Cond
// always holds. OCPI's reading: the weekday is the instant's own local day, so a
// band 22:00–06:00 on Mondays covers Monday 00:00–06:00 and 22:00–24:00; equal ends
// mean the whole day (ocpi/ocpi#466, #499).
type Cond struct {
	From Clock `json:"from"`           // first minute of the band
	To   Clock `json:"to"`             // first minute after it; before From: over midnight
	Days Days  `json:"days,omitempty"` // none: every day
}

// Clock is a local time of day in minutes, 0…1440; 1440 is "24:00".
type Clock int

// String prints "06:30".
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// ParseClock reads "06:30", up to "24:00".
func ParseClock(s string) (Clock, error) {
	if len(s) == 5 && s[2] == ':' {
		d := [4]int{int(s[0]) - '0', int(s[1]) - '0', int(s[3]) - '0', int(s[4]) - '0'}
		h, m := d[0]*10+d[1], d[2]*10+d[3]
		ok := h <= 23 && m <= 59 || h == 24 && m == 0
		for _, n := range d {
			ok = ok && 0 <= n && n <= 9
		}
		if ok {
			return Clock(h*60 + m), nil
		}
	}
	return 0, fmt.Errorf("tariff: not a time of day between 00:00 and 24:00: %.8q", s)
}

// MarshalText writes String.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what ParseClock reads.
func (c *Clock) UnmarshalText(b []byte) error {
	v, err := ParseClock(string(b))
	*c = v
	return err
}

// Days is a set of weekdays, bit 1<<time.Weekday.
type Days uint8

const everyDay Days = 1<<7 - 1

// On makes a set.
func On(days ...time.Weekday) (d Days) {
	for _, w := range days {
		d |= 1 << w
	}
	return d
}

// Has reports whether the set holds w; the empty set holds every day.
func (d Days) Has(w time.Weekday) bool { return d == 0 || d&(1<<w) != 0 }

// String prints "Mon Tue", "" for every day.
func (d Days) String() string {
	if d == 0 || d == everyDay {
		return ""
	}
	var out []string
	for _, w := range []time.Weekday{1, 2, 3, 4, 5, 6, 0} {
		if d&(1<<w) != 0 {
			out = append(out, w.String()[:3])
		}
	}
	return strings.Join(out, " ")
}

// holds reports whether the condition covers second s (0…86399) of local day w.
func (c Cond) holds(s int, w time.Weekday) bool {
	if !c.Days.Has(w) {
		return false
	}
	from, to := int(c.From)*60, int(c.To)*60
	switch {
	case from == to:
		return true
	case from < to:
		return from <= s && s < to
	}
	return s >= from || s < to
}

// always reports whether the condition covers every instant.
func (c Cond) always() bool {
	return (c.Days == 0 || c.Days == everyDay) && (c.From == c.To || c.From == 0 && c.To == 1440)
}

// String prints "22:00–06:00 Sat Sun", "" where it always holds.
func (c Cond) String() string {
	if c.always() {
		return ""
	}
	days := c.Days.String()
	if c.From == c.To {
		return days
	}
	return strings.TrimSuffix(c.From.String()+"–"+c.To.String()+" "+days, " ")
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

// Reason says why a plan was chosen.
type Reason string

// The reasons, strongest first (PRICE-R1; group, membership and promotion prices
// come before them once they exist).
const (
	OfPoint    Reason = "charge_point"
	OfSite     Reason = "site"
	OfOperator Reason = "operator_default"
)

// Resolve picks the plan of a connector: the charge point's own, else its site's,
// else the operator's default. ok is false where there is none: that is NO_PRICE,
// never free (PRICE-R2).
func Resolve(point, site, operator ident.Plan) (id ident.Plan, why Reason, ok bool) {
	switch {
	case !point.IsZero():
		return point, OfPoint, true
	case !site.IsZero():
		return site, OfSite, true
	case !operator.IsZero():
		return operator, OfOperator, true
	}
	return ident.Plan{}, "", false
}
