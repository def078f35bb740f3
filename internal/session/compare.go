package session

import (
	"context"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/operator"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// CompareUpTo is how many sessions are priced again at once.
const CompareUpTo = 2000

// CompareRequest asks what finished sessions would have cost under a plan.
type CompareRequest struct {
	Plan tariff.Plan // a version as stored, or one that is not saved
	Filter
}

// Comparison is what the finished sessions of a filter would have cost under a plan, beside
// what they were billed. Both sums are of the same sessions.
type Comparison struct {
	Count         int
	Energy        unit.Wh
	Billed, Would BilledSum
	Running       int  // left out: without an end, or without a bill yet
	Abnormal      int  // left out: a person has not decided of it, or it is void
	OtherCurrency int  // left out: billed in another currency than the plan's
	Unpriced      int  // left out: the plan's price does not fit what was used
	More          bool // more than CompareUpTo were found: the newest are in it
}

// Compare prices the finished sessions of a filter again, the newest first, from what was
// measured. Nothing is changed. What their balance or their hold allowed then is not looked
// at: a fee for idling that stopped there is whole here.
func (s *Service) Compare(ctx context.Context, sc authz.Scope, q CompareRequest) (Comparison, error) {
	if q.From.IsZero() || q.To.IsZero() || !q.From.Before(q.To) {
		return Comparison{}, fault.BadInput("/to", "must be after from, and both must be there")
	}
	out := Comparison{Billed: *newBilledSum(q.Plan.Currency), Would: *newBilledSum(q.Plan.Currency)}
	sheets := map[string]*tariff.Sheet{}
	page := operator.Page{Whole: true}
	for looked := 0; ; {
		var l operator.List[Row]
		// A page at a time: each within what a transaction may take.
		err := s.read(ctx, sc, func(tx Tx) (err error) {
			if l, err = tx.SessionList(q.Filter, page); err != nil {
				return err
			}
			if looked+len(l.Items) > CompareUpTo {
				l.Items, out.More = l.Items[:CompareUpTo-looked], true
			}
			for i := range l.Items {
				regs, err := registersFor(tx, &l.Items[i].State)
				if err != nil {
					return err
				}
				out.add(&l.Items[i].State, regs, s.sheetFor(&q.Plan, l.Items[i].Zone, sheets))
			}
			return nil
		})
		if err != nil {
			return Comparison{}, err
		}
		looked += len(l.Items)
		if page.Cursor = l.Next; page.Cursor == "" || out.More {
			return out, nil
		}
		if looked == CompareUpTo {
			out.More = true
			return out, nil
		}
	}
}

// sheetFor is the plan in a zone; one that is not saved has no place in the cache.
func (s *Service) sheetFor(p *tariff.Plan, zone string, made map[string]*tariff.Sheet) *tariff.Sheet {
	if made[zone] == nil {
		made[zone] = tariff.NewSheet(p, s.zone(zone))
	}
	return made[zone]
}

func registersFor(tx Tx, st *State) ([]Register, error) {
	if st.Phase != Completed || st.Bill == nil {
		return nil, nil
	}
	return tx.RegistersOf(st.ID)
}

func (c *Comparison) add(st *State, regs []Register, prices *tariff.Sheet) {
	switch {
	case st.Phase == Abnormal || st.Phase == Rejected || st.Phase == FailedToStart:
		c.Abnormal++
		return
	case st.Phase != Completed || st.Bill == nil:
		c.Running++
		return
	case st.Currency != prices.Plan.Currency:
		c.OtherCurrency++
		return
	}
	bill, err := prices.Rate(st.used(regs, prices))
	if err != nil {
		c.Unpriced++
		return
	}
	c.Count++
	c.Energy += st.Energy
	c.Billed.add(Summed{Currency: st.Currency, Bill: st.Bill, Captured: st.Captured, Debt: st.Debt})
	c.Would.add(Summed{Currency: st.Currency, Bill: &bill, Captured: st.Captured, Debt: st.Debt})
}

// used is what a finished session used, as its bill was made of it.
func (s *State) used(regs []Register, prices *tariff.Sheet) tariff.Usage {
	var m machine
	m.begin(s, Env{Now: s.BilledAt, Prices: prices, MaxPower: s.MaxPower, Registers: regs})
	m.total()
	if m.s.Energy != s.Energy { // a person has corrected it, or its readings are gone by age: it flowed evenly
		m.s.Energy, m.points = s.Energy, nil
	}
	return m.usage()
}
