package tariff

import (
	"fmt"
	"time"

	"ccms/internal/money"
	"ccms/internal/unit"
)

// Flag marks a bill that needs a second look or an honest word.
type Flag string

// The flags that rating sets.
const (
	Interpolated Flag = "INTERPOLATED" // a price changed between two samples (PRICE-R4)
	NoSamples    Flag = "NO_SAMPLES"   // energy without a sample between start and stop (BILL-R6)
	BadClock     Flag = "CLOCK"        // times unusable, lowest price (BILL-R7)
)

// Bill is the priced usage.
type Bill struct {
	Currency    money.Currency `json:"currency"`
	TaxIncluded bool           `json:"tax_included"` // amounts of lines contain the tax
	Lines       []Line         `json:"lines"`
	Net         money.Amount   `json:"net"`   // without tax
	Taxes       []Tax          `json:"taxes"` // one per rate above 0, in the order of the lines
	Total       money.Amount   `json:"total"` // what the driver pays
	Flags       []Flag         `json:"flags,omitempty"`
	Explanation []string       `json:"explanation,omitempty"` // how the total came about, a sentence each
}

// Line is one component of one element of one layer.
type Line struct {
	Kind     Kind          `json:"kind"`
	Basis    Basis         `json:"basis"`
	Name     string        `json:"name,omitempty"`    // of the band
	Label    string        `json:"label,omitempty"`   // the band, "22:00–06:00 Sat Sun"; empty: always
	Layer    int           `json:"layer"`             // index into the plan
	Element  int           `json:"element"`           // index into the layer
	Quantity int64         `json:"quantity"`          // in Unit
	Unit     string        `json:"unit"`              // Wh, s, ×1
	Price    money.Rate    `json:"unit_price"`        // per kWh, minute, session
	Hourly   bool          `json:"hourly,omitempty"`  // the price is per hour
	Stepped  int64         `json:"stepped,omitempty"` // the part of Quantity that a step added
	Discount unit.Permille `json:"discount_permille,omitempty"`
	Amount   money.Amount  `json:"amount"` // net, or gross where Bill.TaxIncluded
	VAT      unit.Permille `json:"vat_permille"`
	Capped   bool          `json:"capped,omitempty"` // the idle cap made it smaller
	Segments []Segment     `json:"segments,omitempty"`
}

// Segment is a stretch of time that a line charges for. Those of a line sum to its quantity
// less Stepped.
type Segment struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Quantity int64     `json:"quantity"`
	Why      string    `json:"why"` // why this price applies
	// Interpolated: energy at one of the ends lies on the line between two samples.
	Interpolated bool `json:"interpolated,omitempty"`
}

// Tax is what one rate adds.
type Tax struct {
	VAT unit.Permille `json:"vat_permille"`
	Net money.Amount  `json:"net"`
	Tax money.Amount  `json:"tax"`
}

// Has reports whether the bill carries the flag.
func (b *Bill) Has(f Flag) bool {
	for _, x := range b.Flags {
		if x == f {
			return true
		}
	}
	return false
}

// Sum is the amount of the lines of one kind, in the bill's tax mode.
func (b *Bill) Sum(k Kind) money.Amount {
	s := money.New(0, b.Currency)
	for i := range b.Lines {
		if b.Lines[i].Kind == k {
			s = s.Add(b.Lines[i].Amount)
		}
	}
	return s
}

// Part is a kind's net share of a bill.
type Part struct {
	Kind Kind
	Net  money.Amount
}

// Parts splits Net by kind, for the books. The parts sum to Net exactly: where lines
// contain their tax, each line gets its share of the net of its rate by cumulative
// rounding, so that no cent is lost or made.
func (b *Bill) Parts() []Part {
	sums := make(map[Kind]int64, len(Kinds))
	type run struct{ gross, net, seen, given int64 }
	rates := map[unit.Permille]*run{}
	if b.TaxIncluded {
		for i := range b.Lines {
			r := rates[b.Lines[i].VAT]
			if r == nil {
				r = &run{}
				rates[b.Lines[i].VAT] = r
			}
			r.gross += b.Lines[i].Amount.Minor
			r.net = r.gross
		}
		for _, t := range b.Taxes {
			rates[t.VAT].net = t.Net.Minor
		}
	}
	for i := range b.Lines {
		l := &b.Lines[i]
		n := l.Amount.Minor
		if r := rates[l.VAT]; r != nil && r.gross != 0 {
			r.seen += n
			upTo, err := money.New(r.net, b.Currency).Share(r.seen, r.gross)
			if err == nil {
				n, r.given = upTo.Minor-r.given, upTo.Minor
			}
		}
		sums[l.Kind] += n
	}
	var out []Part
	for _, k := range Kinds {
		if sums[k] != 0 {
			out = append(out, Part{k, money.New(sums[k], b.Currency)})
		}
	}
	return out
}

// quantityText prints "18.437 kWh", "65 min 5 s", "1".
func quantityText(n int64, b Basis) string {
	switch b {
	case Energy, Returned:
		return unit.Wh(n).KWh() + " kWh"
	case Time, IdleTime, Parking:
		if n%60 == 0 {
			return fmt.Sprintf("%d min", n/60)
		}
		return fmt.Sprintf("%d min %d s", n/60, n%60)
	}
	return fmt.Sprint(n)
}

func percent(v unit.Permille) string {
	if v%10 == 0 {
		return fmt.Sprintf("%d %%", v/10)
	}
	return fmt.Sprintf("%d.%d %%", v/10, v%10)
}
