package ocpi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"ccms/internal/fault"
	"ccms/internal/money"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// Most that a tariff may be.
const (
	maxBytes    = 256 << 10
	maxElements = 300
	maxID       = 36
)

// Tariff is a partner's tariff (2.2.1 and 2.3.0, mod_tariffs).
type Tariff struct {
	Country, Party, ID string
	Type               string // "" for everybody
	AltURL             string
	AltText            []Text
	From, To           time.Time // when it may be used; zero: open
	LastUpdated        time.Time
	Plan               tariff.Plan // one layer
}

// Text is a text in one language.
type Text struct {
	Language string `json:"language"`
	Text     string `json:"text"`
}

type wireTariff struct {
	Country  string        `json:"country_code"`
	Party    string        `json:"party_id"`
	ID       string        `json:"id"`
	Currency string        `json:"currency"`
	Type     string        `json:"type"`
	AltText  []Text        `json:"tariff_alt_text"`
	AltURL   string        `json:"tariff_alt_url"`
	Min      *wireLimit    `json:"min_price"`
	Max      *wireLimit    `json:"max_price"`
	Elements []wireElement `json:"elements"`
	Tax      string        `json:"tax_included"`
	From     *wireTime     `json:"start_date_time"`
	To       *wireTime     `json:"end_date_time"`
	Updated  *wireTime     `json:"last_updated"`
}

// wireLimit is a Price of 2.2.1, or a PriceLimit of 2.3.0.
type wireLimit struct {
	Excl   *json.Number `json:"excl_vat"`
	Incl   *json.Number `json:"incl_vat"`
	Before *json.Number `json:"before_taxes"`
	After  *json.Number `json:"after_taxes"`
}

type wireElement struct {
	Components   []wireComponent   `json:"price_components"`
	Restrictions *wireRestrictions `json:"restrictions"`
}

type wireComponent struct {
	Type  string       `json:"type"`
	Price *json.Number `json:"price"`
	VAT   *json.Number `json:"vat"`
	Step  *json.Number `json:"step_size"`
}

type wireRestrictions struct {
	StartTime   string       `json:"start_time"`
	EndTime     string       `json:"end_time"`
	StartDate   string       `json:"start_date"`
	EndDate     string       `json:"end_date"`
	MinKWh      *json.Number `json:"min_kwh"`
	MaxKWh      *json.Number `json:"max_kwh"`
	MinCurrent  *json.Number `json:"min_current"`
	MaxCurrent  *json.Number `json:"max_current"`
	MinPower    *json.Number `json:"min_power"`
	MaxPower    *json.Number `json:"max_power"`
	MinDuration *json.Number `json:"min_duration"`
	MaxDuration *json.Number `json:"max_duration"`
	Days        []string     `json:"day_of_week"`
	Reservation string       `json:"reservation"`
}

// wireTime is a DateTime of OCPI: RFC 3339, and UTC where no zone is written.
type wireTime time.Time

// UnmarshalJSON reads it.
func (t *wireTime) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	for _, f := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(f, s); err == nil {
			*t = wireTime(at.UTC())
			return nil
		}
	}
	return fmt.Errorf("not a time such as 2026-03-01T12:00:00Z: %.40q", s)
}

func (t *wireTime) time() time.Time {
	if t == nil {
		return time.Time{}
	}
	return time.Time(*t)
}

// ReadTariff reads a Tariff object. Fields that it does not know are passed over, as OCPI
// asks of receivers; a restriction is none of them, because it would change the price.
func ReadTariff(b []byte) (Tariff, error) {
	if len(b) > maxBytes {
		return Tariff{}, fault.New(fault.Invalid, "tariff_too_large", "The tariff is larger than %d KiB.", maxBytes>>10)
	}
	var w wireTariff
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&w); err != nil {
		return Tariff{}, fault.New(fault.Invalid, "not_a_tariff", "This is not the JSON of an OCPI tariff.").Because(err)
	}
	if w.ID == "" || len(w.ID) > maxID {
		return Tariff{}, fault.BadInput("/id", "must have 1 to %d characters", maxID)
	}
	if len(w.Elements) == 0 || len(w.Elements) > maxElements {
		return Tariff{}, fault.BadInput("/elements", "must be 1 to %d", maxElements)
	}
	t := Tariff{Country: w.Country, Party: w.Party, ID: w.ID, Type: w.Type, AltText: w.AltText, AltURL: w.AltURL, From: w.From.time(), To: w.To.time(),
		LastUpdated: w.Updated.time()}
	p := tariff.Plan{Name: strings.TrimSpace(strings.Join([]string{w.Country, w.Party, w.ID}, " ")), Currency: money.Currency(strings.ToUpper(w.Currency))}
	if !p.Currency.Valid() {
		return Tariff{}, fault.BadInput("/currency", "must be an ISO 4217 code such as EUR")
	}
	switch w.Tax {
	case "", "NO", "N/A": // 2.2.1 does not say: its prices are without tax
	case "YES":
		p.PricesIncludeTax = true
	default:
		return Tariff{}, fault.BadInput("/tax_included", "must be YES, NO or N/A")
	}
	var err error
	if p.Min, err = w.Min.limit("/min_price", p.Currency); err != nil {
		return Tariff{}, err
	}
	if p.Max, err = w.Max.limit("/max_price", p.Currency); err != nil {
		return Tariff{}, err
	}
	layer := tariff.Layer{Kind: tariff.KindOCPI}
	for i := range w.Elements {
		e, never, err := w.Elements[i].element(fmt.Sprintf("/elements/%d", i))
		if err != nil {
			return Tariff{}, err
		}
		if !never {
			layer.Elements = append(layer.Elements, e)
		}
	}
	p.Layers = []tariff.Layer{layer}
	t.Plan = p.Complete()
	return t, t.Plan.Validate()
}

func (w *wireLimit) limit(at string, c money.Currency) (l tariff.Limit, err error) {
	if w == nil {
		return l, nil
	}
	read := func(to **money.Amount, name string, n *json.Number) {
		if n == nil || err != nil {
			return
		}
		var minor int64
		if minor, err = scaled(at+"/"+name, n, int64(c.Exponent())); err == nil {
			a := money.New(minor, c)
			*to = &a
		}
	}
	read(&l.Net, "excl_vat", w.Excl)
	read(&l.Gross, "incl_vat", w.Incl)
	read(&l.Net, "before_taxes", w.Before)
	read(&l.Gross, "after_taxes", w.After)
	return l, err
}

// element reads one; never says that its restrictions leave nothing.
func (w *wireElement) element(at string) (e tariff.Element, never bool, err error) {
	if w.Restrictions != nil {
		if e.Cond, never, err = w.Restrictions.cond(at + "/restrictions"); err != nil {
			return e, never, err
		}
	}
	for i := range w.Components {
		c, err := w.Components[i].component(fmt.Sprintf("%s/price_components/%d", at, i))
		if err != nil {
			return e, never, err
		}
		e.Components = append(e.Components, c)
	}
	return e, never, nil
}

func (w *wireComponent) component(at string) (c tariff.Component, err error) {
	switch w.Type {
	case "ENERGY":
		c.Basis = tariff.Energy
	case "TIME":
		c.Basis, c.Hourly = tariff.Time, true
	case "PARKING_TIME":
		c.Basis, c.Hourly = tariff.Parking, true
	case "FLAT":
		c.Basis = tariff.Flat
	default:
		return c, fault.BadInput(at+"/type", "must be ENERGY, TIME, PARKING_TIME or FLAT")
	}
	if w.Price == nil {
		return c, fault.BadInput(at+"/price", "must be there")
	}
	price, err := scaled(at+"/price", w.Price, 6)
	if err != nil {
		return c, err
	}
	c.Price = money.Rate(price)
	if w.VAT != nil {
		vat, err := scaled(at+"/vat", w.VAT, 1)
		if err != nil {
			return c, err
		}
		v := unit.Permille(vat)
		c.VAT = &v
	}
	if w.Step != nil && c.Basis != tariff.Flat { // a fee that is due once has no steps
		if c.Step, err = scaled(at+"/step_size", w.Step, 0); err != nil {
			return c, err
		}
	}
	return c, nil
}

var days = map[string]time.Weekday{"MONDAY": time.Monday, "TUESDAY": time.Tuesday, "WEDNESDAY": time.Wednesday, "THURSDAY": time.Thursday,
	"FRIDAY": time.Friday, "SATURDAY": time.Saturday, "SUNDAY": time.Sunday}

// cond reads restrictions. A start without an end lasts to the end of the day, an end
// without a start begins with it (ocpi/ocpi#466); dates and times are apart (#499).
func (w *wireRestrictions) cond(at string) (c tariff.Cond, never bool, err error) {
	if w.StartTime != "" || w.EndTime != "" {
		c.To = 24 * 60
		if err = clock(at+"/start_time", w.StartTime, &c.From); err != nil {
			return c, false, err
		}
		if err = clock(at+"/end_time", w.EndTime, &c.To); err != nil {
			return c, false, err
		}
		c.From %= 24 * 60
	}
	if err = date(at+"/start_date", w.StartDate, &c.Since); err != nil {
		return c, false, err
	}
	if err = date(at+"/end_date", w.EndDate, &c.Before); err != nil {
		return c, false, err
	}
	for i, d := range w.Days {
		day, ok := days[d]
		if !ok {
			return c, false, fault.BadInput(fmt.Sprintf("%s/day_of_week/%d", at, i), "must be a day such as MONDAY")
		}
		c.Days |= tariff.On(day)
	}
	switch s := tariff.Stage(w.Reservation); s {
	case "", tariff.Reserving, tariff.Expired:
		c.Reservation = s
	default:
		return c, false, fault.BadInput(at+"/reservation", "must be RESERVATION or RESERVATION_EXPIRES")
	}
	for _, x := range []struct {
		name   string
		n      *json.Number
		places int64
		to     *int64
		most   bool
	}{
		{"min_kwh", w.MinKWh, 3, (*int64)(&c.EnergyFrom), false}, {"max_kwh", w.MaxKWh, 3, (*int64)(&c.EnergyTo), true},
		{"min_current", w.MinCurrent, 3, (*int64)(&c.CurrentFrom), false}, {"max_current", w.MaxCurrent, 3, (*int64)(&c.CurrentTo), true},
		{"min_power", w.MinPower, 3, (*int64)(&c.PowerFrom), false}, {"max_power", w.MaxPower, 3, (*int64)(&c.PowerTo), true},
		{"min_duration", w.MinDuration, 0, &c.LastsFrom, false}, {"max_duration", w.MaxDuration, 0, &c.LastsTo, true},
	} {
		if x.n == nil {
			continue
		}
		if *x.to, err = scaled(at+"/"+x.name, x.n, x.places); err != nil {
			return c, false, err
		}
		never = never || x.most && *x.to == 0 // nothing is below 0
	}
	never = never || c.Since != 0 && c.Before != 0 && c.Since >= c.Before
	return c, never, nil
}

func clock(at, s string, to *tariff.Clock) error {
	if s == "" {
		return nil
	}
	c, err := tariff.ParseClock(s)
	if err != nil {
		return fault.BadInput(at, "must be a local time of day between 00:00 and 24:00")
	}
	*to = c
	return nil
}

func date(at, s string, to *tariff.Date) error {
	if s == "" {
		return nil
	}
	d, err := tariff.ParseDate(s)
	if err != nil {
		return fault.BadInput(at, "must be a date such as 2026-03-01")
	}
	*to = d
	return nil
}

// scaled is a number ≥ 0 of JSON times 10^places, exactly. What needs more places is
// refused: a rounded price is another price.
func scaled(at string, n *json.Number, places int64) (int64, error) {
	s := n.String()
	if _, exp, found := strings.Cut(strings.ToLower(s), "e"); found {
		if x, err := strconv.Atoi(exp); err != nil || x < -12 || x > 12 {
			return 0, fault.BadInput(at, "is out of range")
		}
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok || len(s) > 40 {
		return 0, fault.BadInput(at, "must be a number")
	}
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(places), nil)))
	switch {
	case !r.IsInt():
		return 0, fault.BadInput(at, "has more than the %d decimals that can be held exactly", places)
	case r.Sign() < 0 || !r.Num().IsInt64() || r.Num().Int64() > 1<<53:
		return 0, fault.BadInput(at, "is out of range")
	}
	return r.Num().Int64(), nil
}
