package ledger

import (
	"slices"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/tariff"
)

// Capture posts a bill on the wallet and gives the rest of the hold back. The whole
// bill is posted, whatever was held: what the wallet does not have is a debt. Where
// no hold was placed h has no ID, but names Account, Operator, Sub and Session. The
// same key again changes nothing and gets the first answer.
func Capture(tx Tx, h Hold, b tariff.Bill, key string) (Settlement, error) {
	event := h.Ended
	a, h, err := locked(tx, h)
	if err != nil {
		return Settlement{}, err
	}
	done, found, err := replay(tx, h, KindCapture, key)
	if err != nil || found {
		return done, err
	}
	e := Entry{Kind: KindCapture, Event: event, Key: key, Postings: postings(a.ID, b, 1)}
	return settle(tx, a, h, b.Total, e, true)
}

// Adjust posts the difference between two bills of one session, either sign, as a new
// entry that points at the one it corrects (FIN-A12). h is as in Capture.
func Adjust(tx Tx, h Hold, before, after tariff.Bill, key string) (Settlement, error) {
	event := h.Ended
	a, h, err := locked(tx, h)
	if err != nil {
		return Settlement{}, err
	}
	done, found, err := replay(tx, h, KindAdjust, key)
	if err != nil || found {
		return done, err
	}
	e := Entry{Kind: KindAdjust, Event: event, Key: key, Postings: merge(append(postings(a.ID, after, 1), postings(a.ID, before, -1)...))}
	last, found, err := tx.LastEntry(h.Session)
	if err != nil {
		return Settlement{}, err
	}
	if found {
		e.Corrects = last.ID
	}
	return settle(tx, a, h, after.Total.Sub(before.Total), e, false)
}

// replay finds what the key was answered before.
func replay(tx Tx, h Hold, k EntryKind, key string) (Settlement, bool, error) {
	if key == "" || h.Session.IsZero() || h.Operator.IsZero() {
		return Settlement{}, false, fault.New(fault.Internal, "ledger_key", "A posting needs a key, a session and an operator.")
	}
	e, found, err := tx.EntryByKey(h.Operator, key)
	if err != nil || !found {
		return Settlement{}, false, err
	}
	if e.Kind != k || e.Session != h.Session {
		return Settlement{}, false, fault.New(fault.Internal, "ledger_key_reused", "The key of this posting belongs to another one.")
	}
	return Settlement{Entry: e.ID, Captured: e.Amount, Debt: e.Debt, Balance: e.Balance, Replayed: true}, true, nil
}

// settle posts the entry, moves the balance by what was taken and ends the hold.
func settle(tx Tx, a Account, h Hold, taken money.Amount, e Entry, endHold bool) (Settlement, error) {
	if taken.Currency != a.Currency {
		return Settlement{}, wrongCurrency(a, taken.Currency)
	}
	s := Settlement{Captured: taken, Debt: money.New(0, a.Currency)}
	changed := false
	if endHold && h.State == HoldHeld && !h.ID.IsZero() {
		to := HoldReleased
		if taken.Minor > 0 {
			to = HoldCaptured
		}
		if err := end(tx, &a, &h, to); err != nil {
			return Settlement{}, err
		}
		changed = true
	}
	if len(e.Postings) > 0 {
		bonus, err := bonusPart(tx, a, taken, h.Session)
		if err != nil {
			return Settlement{}, err
		}
		e.Postings = split(e.Postings, a.ID, bonus)
		a.Balance, a.Bonus = a.Balance.Sub(taken), a.Bonus.Sub(bonus)
		if covered := a.Balance.Add(a.Backed); covered.Minor < 0 && taken.Minor > 0 {
			s.Debt = least(covered.Neg(), taken)
		}
		e.ID = ident.New[ident.Entry](tx.Now())
		e.Operator, e.Sub, e.At, e.Session = h.Operator, h.Sub, tx.Now(), h.Session
		e.Amount, e.Debt, e.Balance = taken, s.Debt, a.Balance
		if err := date(tx, &e); err != nil {
			return Settlement{}, err
		}
		if err := tx.Append(e); err != nil {
			return Settlement{}, err
		}
		s.Entry = e.ID
		changed = true
	}
	s.Balance = a.Balance
	if !changed {
		return s, nil
	}
	return s, tx.SaveAccount(a)
}

// postings books a bill: the total off the wallet, net by kind into revenue, each
// tax into its book. sign −1 turns it round. A bill that comes to nothing has none.
func postings(wallet ident.Account, b tariff.Bill, sign int64) []Posting {
	var out []Posting
	add := func(book Book, a ident.Account, amount money.Amount) {
		if amount.Minor != 0 {
			out = append(out, Posting{book, a, money.New(sign*amount.Minor, amount.Currency)})
		}
	}
	add(Wallet, wallet, b.Total.Neg())
	for _, p := range b.Parts() {
		add(revenue(p.Kind), ident.Account{}, p.Net)
	}
	for _, t := range b.Taxes {
		add(TaxBook(t.VAT), ident.Account{}, t.Tax)
	}
	return out
}

// merge adds up the postings of each book and drops those that come to nothing.
func merge(in []Posting) []Posting {
	var out []Posting
	for _, p := range in {
		i := slices.IndexFunc(out, func(o Posting) bool {
			return o.Book == p.Book && o.Account == p.Account && o.Amount.Currency == p.Amount.Currency
		})
		if i < 0 {
			out = append(out, p)
		} else {
			out[i].Amount = out[i].Amount.Add(p.Amount)
		}
	}
	return slices.DeleteFunc(out, func(p Posting) bool { return p.Amount.Zero() })
}
