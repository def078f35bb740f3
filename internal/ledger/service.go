package ledger

import (
	"context"
	"fmt"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
)

// Run opens the one transaction of a call.
type Run func(context.Context, authz.Scope, func(Tx) error) error

// Service is what doors and jobs call.
type Service struct{ write, read Run }

// New makes the service. write joins the group commit, read is a snapshot.
func New(write, read Run) *Service { return &Service{write: write, read: read} }

// Recharged is the fact of a recharge that was posted.
const Recharged fact.Kind = "ledger.recharged"

// RechargeReversed is the fact of a recharge that was taken back; its amount is below 0.
const RechargeReversed fact.Kind = "ledger.recharge_reversed"

// RechargedPayload is what Recharged and RechargeReversed say.
type RechargedPayload struct {
	Account ident.Account `json:"account_id"`
	Driver  ident.Driver  `json:"driver_id"`
	Amount  money.Amount  `json:"amount"`
	Balance money.Amount  `json:"balance"`
}

// Recharge puts money on a wallet. The same key and input again give the first
// answer; the key with other input is a Conflict.
func (s *Service) Recharge(ctx context.Context, sc authz.Scope, r RechargeRequest) (Recharge, error) {
	return one(ctx, s.write, sc, func(tx Tx) (Recharge, error) {
		before, err := tx.AccountByID(r.Account)
		if err != nil {
			return Recharge{}, err
		}
		out, replayed, err := Credit(tx, r, sc.Actor.Staff)
		if err != nil || replayed {
			return out, err
		}
		return out, moved(tx, Recharged, out, "wallet.recharged", out.Account.String(), before)
	})
}

// Reverse takes a recharge back. The same key and input again give the first answer.
func (s *Service) Reverse(ctx context.Context, sc authz.Scope, r ReversalRequest) (Recharge, error) {
	return one(ctx, s.write, sc, func(tx Tx) (Recharge, error) {
		before, err := tx.RechargeByID(r.Recharge)
		if err != nil {
			return Recharge{}, err
		}
		out, replayed, err := Reverse(tx, r, sc.Actor.Staff)
		if err != nil || replayed {
			return out, err
		}
		return out, moved(tx, RechargeReversed, out, "recharge.reversed", before.ID.String(), before)
	})
}

// moved records what a recharge or its reversal did, for consumers and for the audit.
func moved(tx Tx, kind fact.Kind, r Recharge, action, object string, before any) error {
	err := tx.Record(fact.Fact{Kind: kind, Version: 1, Operator: r.Operator, Sub: r.Sub,
		Object: r.Account.String(), At: r.At, Payload: RechargedPayload{r.Account, r.Driver, r.Amount, r.BalanceAfter}})
	if err != nil {
		return err
	}
	return tx.Audit(action, object, before, r)
}

// Entries are what was posted for a session with the postings, oldest first.
func (s *Service) Entries(ctx context.Context, sc authz.Scope, id ident.Session) ([]Entry, error) {
	return one(ctx, s.read, sc, func(tx Tx) ([]Entry, error) {
		out, err := tx.EntriesOf(id)
		for i := range out {
			if err == nil {
				out[i].Postings, err = tx.PostingsOf(out[i].ID)
			}
		}
		return out, err
	})
}

// Balance is a wallet as it is now.
func (s *Service) Balance(ctx context.Context, sc authz.Scope, id ident.Account) (Account, error) {
	return one(ctx, s.read, sc, func(tx Tx) (Account, error) { return tx.AccountByID(id) })
}

// BookSum is what a book comes to, in one currency.
type BookSum struct {
	Currency money.Currency
	Book     Book
	Sum      money.Amount
}

// Drift is a wallet whose stored figures are not what its rows say.
type Drift struct {
	Account        ident.Account
	Stored         money.Amount // balance
	Posted         money.Amount // Σ postings
	StoredHeld     money.Amount
	HeldBySession  money.Amount // Σ holds in state held
	StoredBonus    money.Amount
	PostedBonus    money.Amount
	StoredBacked   money.Amount
	HeldByProvider money.Amount // Σ payments that are held
}

// TrialBalance sums every book of the scope.
func (s *Service) TrialBalance(ctx context.Context, sc authz.Scope) ([]BookSum, error) {
	return one(ctx, s.read, sc, func(tx Tx) ([]BookSum, error) { return tx.BookSums() })
}

// CheckBalances compares each wallet with its postings and holds; none is good. It
// needs a scope that sees all postings of the wallets: an operator's, or everything.
func (s *Service) CheckBalances(ctx context.Context, sc authz.Scope) ([]Drift, error) {
	if !sc.Sub().IsZero() {
		return nil, fault.New(fault.Denied, "operator_only", "A sub-operator does not see all postings of a wallet.")
	}
	return one(ctx, s.read, sc, func(tx Tx) ([]Drift, error) { return tx.Drifts() })
}

// Balanced is an error unless the books sum to zero in each currency.
func Balanced(sums []BookSum) error {
	total := map[money.Currency]int64{}
	for _, b := range sums {
		total[b.Currency] += b.Sum.Minor
	}
	for c, n := range total {
		if n != 0 {
			return fault.New(fault.Internal, "books_unbalanced", "The books do not balance.").
				Because(fmt.Errorf("ledger: all books together come to %s", money.New(n, c)))
		}
	}
	return nil
}

// one runs fn in a transaction and returns what its last run gave.
func one[T any](ctx context.Context, run Run, sc authz.Scope, fn func(Tx) (T, error)) (T, error) {
	var out, none T
	err := run(ctx, sc, func(tx Tx) (err error) {
		out, err = fn(tx)
		return err
	})
	if err != nil {
		return none, err
	}
	return out, nil
}
