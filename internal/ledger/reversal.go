package ledger

import (
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
)

// RechargeKind tells a recharge from what takes one back.
type RechargeKind string

// The kinds.
const (
	Forward  RechargeKind = "recharge"
	Reversal RechargeKind = "reversal" // Amount below 0; Reverses names the recharge
)

// The states of a recharge that was taken back, whole or in part. A reversal is a
// Success itself.
const (
	Reversed          = "REVERSED"
	PartiallyReversed = "PARTIALLY_REVERSED"
)

// ReversalRequest asks to take a recharge back.
type ReversalRequest struct {
	Recharge ident.Recharge
	Amount   money.Amount // zero value: all of it
	Reason   string
	// Overdraw takes it although part of it is spent or held: the account then has
	// less than nothing to spend. Whoever sets it has said so (RCH-R2).
	Overdraw bool
	Key      string // of whoever asks; the same key posts once
	// Payment is the refund that carries the money back, of a recharge by a provider.
	Payment ident.Payment
}

func (r ReversalRequest) check(of Recharge) (money.Amount, error) {
	none := money.Amount{}
	if of.Kind != Forward {
		return none, fault.New(fault.Conflict, "not_a_recharge", "This is a reversal. Recharge the account instead.")
	}
	amount := r.Amount
	if amount == none {
		amount = of.Amount
	}
	switch n := len([]rune(r.Reason)); {
	case r.Key == "" || len(r.Key) > maxKey:
		return none, fault.New(fault.Invalid, "idempotency_key_missing", "A reversal needs an idempotency key, so that a repeated request posts once.")
	case n == 0 || n > maxReason:
		return none, fault.BadInput("/reason", "must say why, in at most %d letters", maxReason)
	case amount.Currency != of.Amount.Currency:
		return none, fault.BadInput("/amount/currency", "must be %s, the currency of the account", of.Amount.Currency)
	case amount.Minor <= 0:
		return none, fault.BadInput("/amount", "must be above 0")
	case of.Amount.Less(amount):
		return none, fault.BadInput("/amount", "must be at most %s", of.Amount)
	}
	return amount, nil
}

// Reverse takes a recharge back, whole or in part, once: with a new entry that points
// at the recharge's own. What is spent or held stays, unless the request says that the
// account may be overdrawn. replayed is as in Credit.
func Reverse(tx Tx, r ReversalRequest, actor ident.Staff) (out Recharge, replayed bool, err error) {
	of, err := tx.RechargeByID(r.Recharge)
	if err != nil {
		return Recharge{}, false, err
	}
	amount, err := r.check(of)
	if err != nil {
		return Recharge{}, false, err
	}
	a, err := tx.LockAccount(of.Account)
	if err != nil {
		return Recharge{}, false, err
	}
	if first, found, err := tx.RechargeByKey(a.Operator, r.Key); err != nil || found {
		if err == nil && (first.Reverses != of.ID || r.Amount != (money.Amount{}) && first.Amount != amount.Neg() || first.Reason != r.Reason) {
			err = fault.New(fault.Conflict, "idempotency_key_reused", "This idempotency key came with another request before.")
		}
		return first, true, err
	}
	if of.Payment.IsZero() != r.Payment.IsZero() {
		return Recharge{}, false, fault.New(fault.Conflict, "recharge_by_provider", "This recharge came by a payment provider. Refund its payment, and the money goes back there.")
	}
	// Behind the lock: another may have taken it back meanwhile.
	if of, err = tx.RechargeByID(r.Recharge); err != nil {
		return Recharge{}, false, err
	}
	if r.Amount == (money.Amount{}) && of.Source != ManualCredit && of.Reversed.Less(of.Amount) {
		amount = of.Amount.Sub(of.Reversed)
	}
	// The bonus goes with it, as far as it is not spent; what was paid may not be what
	// the bonus is held for.
	bonus, err := bonusBack(of, amount)
	if err != nil {
		return Recharge{}, false, err
	}
	bonus = least(bonus, a.Bonus)
	can := least(a.Paid(), a.Available().Sub(bonus))
	switch {
	case of.Reversed.Minor > 0 && of.Source == ManualCredit:
		return Recharge{}, false, fault.New(fault.Conflict, "recharge_reversed", "%s of this recharge have been taken back already. A recharge is reversed once.", of.Reversed)
	case of.Amount.Sub(of.Reversed).Less(amount):
		return Recharge{}, false, fault.New(fault.Conflict, "recharge_reversed", "%s of this recharge have been taken back already; %s are left.",
			of.Reversed, of.Amount.Sub(of.Reversed))
	case can.Less(amount) && !r.Overdraw:
		return Recharge{}, false, fault.New(fault.Conflict, "recharge_spent",
			"Only %s can be taken back: the rest is spent or held. Take less, or say that the account may be overdrawn.", atLeastNothing(can))
	}
	no, err := transactionID(tx, a.Operator)
	if err != nil {
		return Recharge{}, false, err
	}
	a.Balance, a.Bonus = a.Balance.Sub(amount).Sub(bonus), a.Bonus.Sub(bonus)
	nothing := money.New(0, a.Currency)
	debt := nothing
	if a.Balance.Minor < 0 {
		debt = least(a.Balance.Neg(), amount)
	}
	out = Recharge{ID: ident.New[ident.Recharge](tx.Now()), Operator: a.Operator, Sub: a.Sub, Driver: of.Driver, Account: a.ID,
		TransactionID: no, At: tx.Now(), From: of.From, Kind: Reversal, Reverses: of.ID, Reversed: nothing, Amount: amount.Neg(), Bonus: bonus.Neg(),
		BalanceAfter: a.Balance, Reason: r.Reason, Actor: actor, Key: r.Key, State: Success, Entry: ident.New[ident.Entry](tx.Now()),
		Source: of.Source, Payment: r.Payment, Fee: nothing}
	e := Entry{ID: out.Entry, Operator: a.Operator, Sub: a.Sub, At: tx.Now(), Kind: KindRecharge, Recharge: out.ID, Corrects: of.Entry,
		Key: "reversal:" + out.ID.String(), Amount: amount, Debt: debt, Balance: a.Balance,
		Postings: []Posting{{Wallet, a.ID, amount.Neg()}, {of.Source, ident.Account{}, amount}}}
	if bonus.Minor > 0 {
		e.Postings = append(e.Postings, Posting{WalletBonus, a.ID, bonus.Neg()}, Posting{BonusGiven, ident.Account{}, bonus})
	}
	if err := date(tx, &e); err != nil {
		return Recharge{}, false, err
	}
	if err := tx.Append(e); err != nil {
		return Recharge{}, false, err
	}
	if err := tx.SaveAccount(a); err != nil {
		return Recharge{}, false, err
	}
	if err := tx.InsertRecharge(out); err != nil {
		return Recharge{}, false, err
	}
	before := of.Reversed
	of.Reversed, of.State = before.Add(amount), PartiallyReversed
	if of.Reversed == of.Amount {
		of.State = Reversed
	}
	return out, false, tx.SaveReversed(of, before)
}

// bonusBack is the share of a recharge's bonus that goes with what is taken back.
func bonusBack(of Recharge, amount money.Amount) (money.Amount, error) {
	if of.Bonus.Minor == 0 {
		return of.Bonus, nil
	}
	return of.Bonus.Share(amount.Minor, of.Amount.Minor)
}

// atLeastNothing is what can be taken of an account that may owe.
func atLeastNothing(a money.Amount) money.Amount {
	if a.Minor < 0 {
		return money.New(0, a.Currency)
	}
	return a
}
