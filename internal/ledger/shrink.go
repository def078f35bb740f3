package ledger

import "ccms/internal/money"

// Shrink gives back what a hold has above an amount; nothing left is a release. A
// session that a person must look at keeps only what is safe to take.
func Shrink(tx Tx, h Hold, to money.Amount) (Hold, error) {
	if to.Minor <= 0 {
		return Release(tx, h)
	}
	a, h, err := locked(tx, h)
	if err != nil || h.State != HoldHeld || h.ID.IsZero() {
		return h, err
	}
	if a.Currency != to.Currency {
		return h, wrongCurrency(a, to.Currency)
	}
	less := h.Amount.Sub(to)
	if less.Minor <= 0 {
		return h, nil
	}
	a.Held, h.Amount = a.Held.Sub(less), to
	if err := tx.SaveAccount(a); err != nil {
		return h, err
	}
	if err := tx.SaveHold(h); err != nil {
		return h, err
	}
	h.Version++
	return h, nil
}
