package ledger

import (
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
)

// Receipt is money that a payment provider took for a wallet.
type Receipt struct {
	Payment  ident.Payment
	Account  ident.Account
	Driver   ident.Driver
	Provider string
	From     RechargeFrom
	Amount   money.Amount
	Fee      money.Amount // zero: not told yet, see PostFee
	Reason   string
	Actor    ident.Staff // who asked for it; none: the driver, or the platform
	// Bare receipts get no bonus: the money is for a session, or comes back from a refund.
	Bare bool
}

func (r Receipt) key() string { return "payment:" + r.Payment.String() + ":" + string(r.From) }

// Receive posts money that a provider took: into the wallet, and as what the provider has
// for the operator. The limits for staff do not bind it: it is there. A payment is
// received once, however often it is told (RCH-R3).
func Receive(tx Tx, r Receipt) (out Recharge, replayed bool, err error) {
	if r.Payment.IsZero() || r.Provider == "" || r.Amount.Minor <= 0 {
		return out, false, fault.New(fault.Internal, "ledger_receipt", "What is received has a payment, a provider and an amount above 0.")
	}
	before, err := tx.LockAccount(r.Account)
	if err != nil {
		return out, false, err
	}
	if first, found, err := tx.RechargeByKey(before.Operator, r.key()); err != nil || found {
		return first, true, err
	}
	if before.Currency != r.Amount.Currency {
		return out, false, wrongCurrency(before, r.Amount.Currency)
	}
	bonus := money.New(0, before.Currency)
	if !r.Bare {
		rules, err := rulesOf(tx, before.Operator)
		if err != nil {
			return out, false, err
		}
		bonus = rules.bonusFor(r.Amount)
	}
	fee := r.Fee
	if fee.Currency != before.Currency || fee.Minor < 0 { // a provider that settles in another currency tells it there
		fee = money.New(0, before.Currency)
	}
	out, err = put(tx, before, Recharge{Driver: r.Driver, From: r.From, Amount: r.Amount, Bonus: bonus, Reason: r.Reason, Actor: r.Actor, Key: r.key(),
		Source: ProviderBook(r.Provider), Payment: r.Payment, Fee: fee})
	if err != nil {
		return out, false, err
	}
	return out, false, moved(tx, Recharged, out, "wallet.recharged", out.Account.String(), before)
}

// SendBack takes what a provider will give back off the wallet, under its recharge. What
// is spent or held stays, unless the request says otherwise (RCH-R2).
func SendBack(tx Tx, r ReversalRequest, actor ident.Staff) (out Recharge, replayed bool, err error) {
	before, err := tx.RechargeByID(r.Recharge)
	if err != nil {
		return out, false, err
	}
	out, replayed, err = Reverse(tx, r, actor)
	if err != nil || replayed {
		return out, replayed, err
	}
	return out, false, moved(tx, RechargeReversed, out, "recharge.reversed", before.ID.String(), before)
}

// PostFee posts what a provider kept of a payment, where it told that later.
func PostFee(tx Tx, of Recharge, provider string, fee money.Amount) error {
	if fee.Minor <= 0 || fee.Currency != of.Amount.Currency {
		return nil
	}
	key := "fee:" + of.Payment.String()
	if _, found, err := tx.EntryByKey(of.Operator, key); err != nil || found {
		return err
	}
	nothing := money.New(0, fee.Currency)
	e := Entry{ID: ident.New[ident.Entry](tx.Now()), Operator: of.Operator, Sub: of.Sub, At: tx.Now(), Kind: KindRecharge, Recharge: of.ID, Key: key,
		Amount: nothing, Debt: nothing, Balance: of.BalanceAfter, Postings: feePostings(ProviderBook(provider), fee)}
	if err := date(tx, &e); err != nil {
		return err
	}
	return tx.Append(e)
}

// feePostings move a fee from what a provider has to what it has cost.
func feePostings(source Book, fee money.Amount) []Posting {
	const before = "provider:"
	provider := string(source)
	if len(provider) > len(before) {
		provider = provider[len(before):]
	}
	return []Posting{{source, ident.Account{}, fee}, {FeeBook(provider), ident.Account{}, fee.Neg()}}
}

// AllowTopUp refuses an amount that the operator's rules do not let anybody put on.
func AllowTopUp(tx Tx, op ident.Operator, a money.Amount) error {
	rules, err := rulesOf(tx, op)
	if err != nil {
		return err
	}
	if mostOf(a.Currency).Less(a) {
		return fault.BadInput("/amount", "must be at most %s", mostOf(a.Currency))
	}
	return rules.allow(a)
}
