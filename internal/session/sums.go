package session

import (
	"cmp"
	"context"
	"slices"

	"ccms/internal/authz"
	"ccms/internal/money"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// SumsUpTo is how many records are summed for a screen: their bills are read one by
// one, so that the sum is exact. More are for the roll-ups.
const SumsUpTo = 10_000

// Sums is what a filter of records comes to.
type Sums struct {
	Count    int     // records
	Running  int     // of them without an end: in no sum
	Unbilled int     // ended without a bill: their energy is summed
	Energy   unit.Wh // of those that ended
	Billed   []BilledSum
	Capped   bool // more than SumsUpTo: nothing is summed
}

// BilledSum is the sum of the bills in one currency. Kinds are net; they and Tax make
// Total.
type BilledSum struct {
	Currency money.Currency
	Count    int
	Fees     map[tariff.Kind]money.Amount
	Net      money.Amount
	Tax      money.Amount
	Total    money.Amount
	Captured money.Amount
	Debt     money.Amount
}

func (b *BilledSum) add(x Summed) {
	b.Count++
	for _, p := range x.Bill.Parts() {
		b.Fees[p.Kind] = b.Fees[p.Kind].Add(p.Net)
	}
	b.Net, b.Total = b.Net.Add(x.Bill.Net), b.Total.Add(x.Bill.Total)
	b.Tax = b.Total.Sub(b.Net)
	b.Captured, b.Debt = b.Captured.Add(x.Captured), b.Debt.Add(x.Debt)
}

// Sums sums all that a filter finds, to the cent.
func (s *Service) Sums(ctx context.Context, sc authz.Scope, f Filter) (Sums, error) {
	var out Sums
	err := s.read(ctx, sc, func(tx Tx) (err error) {
		out = Sums{}
		by := map[money.Currency]*BilledSum{}
		out.Capped, err = tx.EachSummed(f, SumsUpTo, func(x Summed) {
			out.Count++
			switch {
			case !x.Ended:
				out.Running++
				return
			case x.Bill == nil:
				out.Unbilled++
			default:
				b := by[x.Currency]
				if b == nil {
					b = newBilledSum(x.Currency)
					by[x.Currency] = b
				}
				b.add(x)
			}
			out.Energy += x.Energy
		})
		for _, b := range by {
			out.Billed = append(out.Billed, *b)
		}
		slices.SortFunc(out.Billed, func(a, b BilledSum) int { return cmp.Compare(a.Currency, b.Currency) })
		return err
	})
	if out.Capped {
		return Sums{Capped: true}, err
	}
	return out, err
}

func newBilledSum(c money.Currency) *BilledSum {
	nothing := money.New(0, c)
	b := &BilledSum{Currency: c, Fees: map[tariff.Kind]money.Amount{}, Net: nothing, Tax: nothing, Total: nothing, Captured: nothing, Debt: nothing}
	for _, k := range tariff.Kinds {
		b.Fees[k] = nothing
	}
	return b
}
