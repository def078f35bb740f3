package ledger

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/operator"
)

// RechargeFilter narrows the recharge record; zero fields do not.
type RechargeFilter struct {
	Driver          ident.Driver
	Account         ident.Account
	TransactionID   string // whole
	Words           string // how words of the driver begin
	Login           string // the driver's whole login
	ChargingAccount string // whole
	Kind            RechargeKind
	Amount          money.Amount // exactly, whichever way it went; its currency is not looked at
	From, To        time.Time    // half-open
}

// RechargeRow is a recharge with what lists show of its driver.
type RechargeRow struct {
	Recharge
	DriverAccount   string
	DriverName      string
	DriverEmail     string
	ChargingAccount string
}

// RechargeSum is what a filter finds, in one currency.
type RechargeSum struct {
	Currency  money.Currency
	Count     int          // rows
	Recharged money.Amount // Σ of recharges
	Reversed  money.Amount // Σ of reversals, ≥ 0
	Net       money.Amount // Recharged − Reversed
}

// SumsUpTo is how many rows are summed for a screen. More are for the roll-ups.
const SumsUpTo = 10_000

// RechargeDetail is one recharge with its counterpart and its postings.
type RechargeDetail struct {
	RechargeRow
	Counterpart *Recharge // the reversal of a recharge, the recharge of a reversal
	Postings    []Posting
}

// Recharges lists recharges and reversals, newest first (RCH-R4).
func (s *Service) Recharges(ctx context.Context, sc authz.Scope, f RechargeFilter, p operator.Page) (operator.List[RechargeRow], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[RechargeRow], error) { return tx.RechargePage(f, p) })
}

// RechargeSums sums all that a filter finds, to the cent. capped says that there is
// more than SumsUpTo, and nothing was summed.
func (s *Service) RechargeSums(ctx context.Context, sc authz.Scope, f RechargeFilter) (sums []RechargeSum, capped bool, err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) {
		sums, capped, err = tx.RechargeSums(f, SumsUpTo)
		return err
	})
	return sums, capped, err
}

// RechargeDetail is one recharge or reversal.
func (s *Service) RechargeDetail(ctx context.Context, sc authz.Scope, id ident.Recharge) (RechargeDetail, error) {
	return one(ctx, s.read, sc, func(tx Tx) (RechargeDetail, error) {
		r, err := tx.RechargeRow(id)
		if err != nil {
			return RechargeDetail{}, err
		}
		out := RechargeDetail{RechargeRow: r}
		if out.Postings, err = tx.PostingsOf(r.Entry); err != nil {
			return out, err
		}
		var other Recharge
		found := true
		if r.Kind == Reversal {
			other, err = tx.RechargeByID(r.Reverses)
		} else {
			other, found, err = tx.ReversalOf(id)
		}
		if err == nil && found {
			out.Counterpart = &other
		}
		return out, err
	})
}
