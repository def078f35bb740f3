package ledger

import (
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
)

// OpenWallet makes a wallet with nothing in it.
func OpenWallet(tx Tx, op ident.Operator, sub ident.SubOperator, c money.Currency, number string) (ident.Account, error) {
	zero := money.New(0, c)
	a := Account{ID: ident.New[ident.Account](tx.Now()), Operator: op, Sub: sub, Number: number, Currency: c,
		Balance: zero, Bonus: zero, Held: zero, Backed: zero, Version: 1}
	return a.ID, tx.InsertAccount(a)
}

// HoldRequest asks for money to be set aside.
type HoldRequest struct {
	Account ident.Account
	Session ident.Session
	Sub     ident.SubOperator // of the session
	Want    money.Amount      // the plan's hold
	Least   money.Amount      // without this much available nothing is held (BAL-R2)
}

// PlaceHold sets aside what is wanted, or what there is of it. Less than the least:
// Limit "insufficient_balance". A session has one hold; asking again gives it.
func PlaceHold(tx Tx, r HoldRequest) (Hold, error) {
	if r.Session.IsZero() || r.Want.Minor <= 0 || r.Least.Minor < 0 {
		return Hold{}, fault.New(fault.Internal, "hold_request", "A hold needs a session and an amount above 0.")
	}
	a, err := tx.LockAccount(r.Account)
	if err != nil {
		return Hold{}, err
	}
	if a.Currency != r.Want.Currency || a.Currency != r.Least.Currency {
		return Hold{}, wrongCurrency(a, r.Want.Currency)
	}
	h, found, err := tx.HoldBySession(r.Session)
	if err != nil || found {
		return h, err
	}
	have := a.Available()
	if have.Less(r.Least) || have.Minor <= 0 {
		return Hold{}, fault.New(fault.Limit, "insufficient_balance", "The balance is too low: %s are available, %s are needed.", have, r.Least)
	}
	h = Hold{ID: ident.New[ident.Hold](tx.Now()), Operator: a.Operator, Sub: r.Sub, Account: a.ID, Session: r.Session,
		Amount: least(have, r.Want), State: HoldHeld, At: tx.Now(), Version: 1}
	a.Held = a.Held.Add(h.Amount)
	if err := tx.SaveAccount(a); err != nil {
		return Hold{}, err
	}
	return h, tx.InsertHold(h)
}

// Extend makes the hold grow up to an amount, as far as the account has it, and
// returns the hold as it is now.
func Extend(tx Tx, h Hold, upTo money.Amount) (Hold, error) {
	a, h, err := locked(tx, h)
	if err != nil || h.State != HoldHeld {
		return h, err
	}
	if a.Currency != upTo.Currency {
		return h, wrongCurrency(a, upTo.Currency)
	}
	more := least(upTo.Sub(h.Amount), a.Available())
	if more.Minor <= 0 {
		return h, nil
	}
	a.Held, h.Amount = a.Held.Add(more), h.Amount.Add(more)
	if err := tx.SaveAccount(a); err != nil {
		return h, err
	}
	if err := tx.SaveHold(h); err != nil {
		return h, err
	}
	h.Version++
	return h, nil
}

// Release gives a hold back. One that is not held any more stays as it is.
func Release(tx Tx, h Hold) (Hold, error) {
	a, h, err := locked(tx, h)
	if err != nil || h.State != HoldHeld {
		return h, err
	}
	if err := end(tx, &a, &h, HoldReleased); err != nil {
		return h, err
	}
	return h, tx.SaveAccount(a)
}

// Back notes that payment providers hold so much more for a wallet, or less where it is
// below 0.
func Back(tx Tx, id ident.Account, more money.Amount) error {
	a, err := tx.LockAccount(id)
	if err != nil {
		return err
	}
	if a.Currency != more.Currency {
		return wrongCurrency(a, more.Currency)
	}
	if a.Backed = a.Backed.Add(more); a.Backed.Minor < 0 {
		return fault.New(fault.Internal, "ledger_backed", "No more than what was held for the wallet can be let go.")
	}
	return tx.SaveAccount(a)
}

// end takes the hold off the account, which the caller saves.
func end(tx Tx, a *Account, h *Hold, to HoldState) error {
	a.Held = a.Held.Sub(h.Amount)
	h.State = to
	if err := tx.SaveHold(*h); err != nil {
		return err
	}
	h.Version++
	return nil
}

// locked locks the account and reads the session's hold behind the lock: the caller's copy
// may be old, or name only who would pay.
func locked(tx Tx, h Hold) (Account, Hold, error) {
	tx.Ahead(func() { _, _, _ = tx.HoldBySession(h.Session) })
	a, err := tx.LockAccount(h.Account)
	if err != nil {
		return a, h, err
	}
	now, found, err := tx.HoldBySession(h.Session)
	switch {
	case err != nil:
		return a, h, err
	case !found && h.ID.IsZero():
		return a, h, nil
	case !found || now.Account != h.Account || !h.ID.IsZero() && now.ID != h.ID:
		return a, h, fault.NotFound("hold")
	}
	return a, now, nil
}

// Foresee has what Capture with the key reads travel with the caller's next query (Tx.Ahead).
// It is called there.
func Foresee(tx Tx, h Hold, key string) {
	_, _ = tx.LockAccount(h.Account)
	_, _, _ = tx.HoldBySession(h.Session)    //nolint:dogsled // it finds nothing yet
	_, _, _ = tx.EntryByKey(h.Operator, key) //nolint:dogsled // it finds nothing yet
}

func least(a, b money.Amount) money.Amount {
	if a.Less(b) {
		return a
	}
	return b
}

func wrongCurrency(a Account, c money.Currency) error {
	return fault.New(fault.Conflict, "currency_mismatch", "The account is kept in %s, not in %s.", a.Currency, c)
}
