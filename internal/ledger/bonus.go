package ledger

import (
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
)

// A wallet has two buckets: what was paid, and bonus, which came on top of a recharge and
// is never paid out (BAL-R1). Both are one balance to whoever charges; the operator says
// which is spent first.

// BonusRule gives a bonus on a recharge of at least From.
type BonusRule struct {
	From  money.Amount `json:"from"`
	Bonus money.Amount `json:"bonus"`
}

// bonusFor is what a recharge gets on top: by the highest rule that it reaches.
func (r RechargeRules) bonusFor(a money.Amount) money.Amount {
	out := money.New(0, a.Currency)
	for _, b := range r.Bonus {
		if b.From.Currency == a.Currency && !a.Less(b.From) {
			out = b.Bonus
		}
	}
	return out
}

func (r RechargeRules) checkBonus(c money.Currency) error {
	if len(r.Bonus) > mostPresets {
		return fault.BadInput("/bonus", "must be at most %d rules", mostPresets)
	}
	for i, b := range r.Bonus {
		switch {
		case b.From.Currency != c, b.Bonus.Currency != c:
			return fault.BadInput("/bonus", "must be in %s, the operator's currency", c)
		case b.From.Minor <= 0, b.Bonus.Minor <= 0, mostOf(c).Less(b.From), mostOf(c).Less(b.Bonus):
			return fault.BadInput("/bonus", "must be above 0, and at most %s", mostOf(c))
		case i > 0 && !r.Bonus[i-1].From.Less(b.From):
			return fault.BadInput("/bonus", "must go upwards, each amount once")
		}
	}
	return nil
}

// Paid is the bucket of the balance that is not bonus; below 0: a debt.
func (a Account) Paid() money.Amount { return a.Balance.Sub(a.Bonus) }

// bonusPart is how much of what is taken of a wallet for a session comes from the bonus;
// below 0: how much of what is given back goes there. What was spent last comes back
// first.
func bonusPart(tx Tx, a Account, taken money.Amount, session ident.Session) (money.Amount, error) {
	none := money.New(0, a.Currency)
	if taken.Minor == 0 || taken.Minor > 0 && a.Bonus.Minor == 0 {
		return none, nil
	}
	spent := Spent{none, none}
	if taken.Minor < 0 {
		var err error
		if spent, err = tx.SpentOn(session); err != nil || spent.Bonus.Minor <= 0 {
			return none, err
		}
	}
	rules, err := rulesOf(tx, a.Operator)
	if err != nil {
		return none, err
	}
	switch back := taken.Neg(); {
	case taken.Minor > 0 && rules.BonusFirst:
		return least(a.Bonus, taken), nil
	case taken.Minor > 0:
		return least(a.Bonus, atLeastNothing(taken.Sub(atLeastNothing(a.Paid())))), nil
	case rules.BonusFirst:
		return least(spent.Bonus, atLeastNothing(back.Sub(atLeastNothing(spent.Paid)))).Neg(), nil
	default:
		return least(spent.Bonus, back).Neg(), nil
	}
}

// Spent is what a session's entries took of the buckets of a wallet.
type Spent struct{ Paid, Bonus money.Amount }

// split moves what comes from the bonus from the wallet's posting to one of its own.
func split(ps []Posting, wallet ident.Account, bonus money.Amount) []Posting {
	if bonus.Minor == 0 {
		return ps
	}
	return merge(append(ps, Posting{Wallet, wallet, bonus}, Posting{WalletBonus, wallet, bonus.Neg()}))
}

// withinBonus moves to the paid bucket what the bonus does not have.
func withinBonus(ps []Posting, a Account) []Posting {
	for _, p := range ps {
		if short := a.Bonus.Add(p.Amount); p.Book == WalletBonus && short.Minor < 0 {
			return merge(append(ps, Posting{Wallet, a.ID, short}, Posting{WalletBonus, a.ID, short.Neg()}))
		}
	}
	return ps
}

// bonusOf is what postings put into the bonus, or took of it.
func bonusOf(ps []Posting, c money.Currency) money.Amount {
	out := money.New(0, c)
	for _, p := range ps {
		if p.Book == WalletBonus {
			out = out.Add(p.Amount)
		}
	}
	return out
}
