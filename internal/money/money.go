package money

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Amount is money in minor units of one currency.
type Amount struct {
	Minor    int64 // minor units, signed
	Currency Currency
}

// New is the amount of n minor units.
func New(n int64, c Currency) Amount { return Amount{Minor: n, Currency: c} }

// Zero reports whether the amount is nothing, whatever its currency.
func (a Amount) Zero() bool { return a.Minor == 0 }

// Neg mirrors the amount.
func (a Amount) Neg() Amount { return Amount{-a.Minor, a.Currency} }

// Add adds an amount of the same currency. Mixing currencies is a programming
// error and panics: no rate is known here, and a wrong sum must not be stored.
func (a Amount) Add(b Amount) Amount {
	if a.Currency != b.Currency {
		panic(fmt.Sprintf("money: %s + %s", a.Currency, b.Currency))
	}
	return Amount{a.Minor + b.Minor, a.Currency}
}

// Sub subtracts an amount of the same currency.
func (a Amount) Sub(b Amount) Amount { return a.Add(b.Neg()) }

// Less compares amounts of the same currency.
func (a Amount) Less(b Amount) bool { return a.Sub(b).Minor < 0 }

// Decimal prints the number with the currency's decimals, without its code.
func (a Amount) Decimal() string {
	e := a.Currency.Exponent()
	sign, u := "", uint64(a.Minor)
	if a.Minor < 0 {
		sign, u = "-", -u
	}
	s := strconv.FormatUint(u, 10)
	if e == 0 {
		return sign + s
	}
	for len(s) <= e {
		s = "0" + s
	}
	return sign + s[:len(s)-e] + "." + s[len(s)-e:]
}

// String prints "12.34 EUR".
func (a Amount) String() string { return a.Decimal() + " " + string(a.Currency) }

// ErrAmount is returned for text that is no amount of the currency.
var ErrAmount = errors.New("money: not an amount")

// ParseAmount reads "12.34" exactly. More decimals than the currency has are
// refused rather than rounded: whoever typed them meant something.
func ParseAmount(s string, c Currency) (Amount, error) {
	if !c.Valid() {
		return Amount{}, fmt.Errorf("%w: currency %.8q", ErrAmount, string(c))
	}
	n, err := parseDecimal(s, c.Exponent())
	return Amount{n, c}, err
}

func parseDecimal(s string, places int) (int64, error) {
	body, neg := s, false
	if strings.HasPrefix(body, "-") {
		body, neg = body[1:], true
	}
	whole, frac, point := strings.Cut(body, ".")
	if whole == "" || len(whole) > 15 || (point && frac == "") || len(frac) > places {
		return 0, fmt.Errorf("%w: %.24q", ErrAmount, s)
	}
	frac += strings.Repeat("0", places-len(frac))
	for _, d := range whole + frac {
		if d < '0' || d > '9' {
			return 0, fmt.Errorf("%w: %.24q", ErrAmount, s)
		}
	}
	n, err := strconv.ParseInt(whole+frac, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %.24q", ErrAmount, s)
	}
	if neg {
		n = -n
	}
	return n, nil
}

type wire struct {
	Amount   string   `json:"amount"`
	Currency Currency `json:"currency"`
}

// MarshalJSON writes {"amount":"12.34","currency":"EUR"}.
func (a Amount) MarshalJSON() ([]byte, error) {
	return json.Marshal(wire{a.Decimal(), a.Currency})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *Amount) UnmarshalJSON(b []byte) error {
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	v, err := ParseAmount(w.Amount, w.Currency)
	*a = v
	return err
}

// Rate is a price in millionths of the major unit, per kWh, per minute or per
// session as its field says. 0.30 EUR/kWh is 300000.
type Rate int64

// ParseRate reads "0.305" with up to six decimals, exactly.
func ParseRate(s string) (Rate, error) {
	n, err := parseDecimal(s, 6)
	return Rate(n), err
}

// String prints the rate without trailing zeros but with at least two decimals.
func (r Rate) String() string { return r.text(2) }

// In prints the rate as people read it in a currency: with at least its decimals, and no
// more zeros than those. 35 JPY, 0.30 EUR, 0.025 KWD.
func (r Rate) In(c Currency) string { return r.text(c.Exponent()) }

func (r Rate) text(decimals int) string {
	sign, u := "", uint64(r)
	if r < 0 {
		sign, u = "-", -u
	}
	s := strconv.FormatUint(u, 10)
	for len(s) <= 6 {
		s = "0" + s
	}
	s = s[:len(s)-6] + "." + s[len(s)-6:]
	for strings.HasSuffix(s, "0") && len(s)-strings.IndexByte(s, '.') > decimals+1 {
		s = s[:len(s)-1]
	}
	return sign + strings.TrimSuffix(s, ".")
}

// MarshalText writes the rate as String does.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what ParseRate reads.
func (r *Rate) UnmarshalText(b []byte) error {
	v, err := ParseRate(string(b))
	*r = v
	return err
}

// ErrOverflow is returned where a product does not fit 64 bits.
var ErrOverflow = errors.New("money: amount out of range")

// Per is rate × quantity / per in minor units, rounded half away from zero once.
// quantity and per are in the same base unit: Wh and 1000 for a rate per kWh,
// seconds and 60 for a rate per minute, 1 and 1 for a flat one. The product is
// held in 128 bits.
func (r Rate) Per(quantity, per int64, c Currency) (Amount, error) {
	neg := (r < 0) != (quantity < 0)
	hi, lo := bits.Mul64(abs(int64(r)), abs(quantity))
	// minor = rate/1e6 × 10^exp × quantity/per
	den := uint64(1_000_000)
	for range c.Exponent() {
		den /= 10
	}
	h2, l2 := bits.Mul64(den, uint64(per))
	if per <= 0 || h2 != 0 || hi >= l2 {
		return Amount{}, ErrOverflow
	}
	q, rem := bits.Div64(hi, lo, l2)
	if rem >= l2-rem {
		q++
	}
	if q > 1<<62 {
		return Amount{}, ErrOverflow
	}
	n := int64(q)
	if neg {
		n = -n
	}
	return Amount{n, c}, nil
}

// Share is amount × num / den rounded half away from zero once (tax per rate,
// a split by contract). num ≥ 0, den > 0.
func (a Amount) Share(num, den int64) (Amount, error) {
	if num < 0 || den <= 0 {
		return Amount{}, ErrOverflow
	}
	hi, lo := bits.Mul64(abs(a.Minor), uint64(num))
	if hi >= uint64(den) {
		return Amount{}, ErrOverflow
	}
	q, rem := bits.Div64(hi, lo, uint64(den))
	if rem >= uint64(den)-rem {
		q++
	}
	if q > 1<<62 {
		return Amount{}, ErrOverflow
	}
	n := int64(q)
	if a.Minor < 0 {
		n = -n
	}
	return Amount{n, a.Currency}, nil
}

func abs(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}
