package session

import (
	"context"

	"ccms/internal/authz"
	"ccms/internal/ledger"
	"ccms/internal/money"
)

// TakeBack takes an entry of the books back, whole and once. Where the entry is of a
// session, the record says what is left of what was taken.
func (s *Service) TakeBack(ctx context.Context, sc authz.Scope, r ledger.TakeBackRequest) (out ledger.Entry, err error) {
	// Only what the caller may see is taken back. An entry never changes, so this holds for
	// what follows, which sees more: the wallet may be the operator's.
	var of ledger.Entry
	if err := s.read(ctx, sc, func(tx Tx) (err error) { of, err = tx.EntryByID(r.Entry); return err }); err != nil {
		return out, err
	}
	err = s.once(ctx, sc.WithinSession(), func(tx Tx) error {
		if of.Session.IsZero() {
			out, _, err = ledger.TakeBack(tx, r)
			return err
		}
		st, _, err := locked(tx, of.Session)
		if err != nil {
			return err
		}
		var replayed bool
		if out, replayed, err = ledger.TakeBack(tx, r); err != nil || replayed {
			return err
		}
		st.Adjusted, st.Captured = true, st.Captured.Add(out.Amount)
		st.Debt = stillOwed(st.Debt, out.Amount, out.Debt)
		return tx.SaveSession(st)
	})
	return out, err
}

// stillOwed is a session's debt after more was taken, of which fresh is debt; what is
// given back (taken below 0) pays the debt first.
func stillOwed(debt, taken, fresh money.Amount) money.Amount {
	switch less := taken.Neg(); {
	case fresh.Minor > 0:
		return debt.Add(fresh)
	case less.Minor > 0 && debt.Less(less):
		return money.New(0, debt.Currency)
	case less.Minor > 0:
		return debt.Sub(less)
	}
	return debt
}
