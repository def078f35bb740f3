package ledger

import (
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
)

// TakeBackRequest asks to take an entry back.
type TakeBackRequest struct {
	Entry  ident.Entry
	Reason string
	Key    string // of whoever asks; the same key posts once
}

// TakeBack posts an entry with its sides turned round, which names what it takes back.
// An entry is taken back whole, and once. It is of now: the day of the first stays as it
// was reported. replayed is as in Credit.
func TakeBack(tx Tx, r TakeBackRequest) (out Entry, replayed bool, err error) {
	if err := checkReason(r.Reason); err != nil {
		return Entry{}, false, err
	}
	if r.Key == "" || len(r.Key) > maxKey {
		return Entry{}, false, fault.New(fault.Invalid, "idempotency_key_missing", "A reversal needs an idempotency key, so that a repeated request posts once.")
	}
	of, err := tx.EntryByID(r.Entry)
	if err != nil {
		return Entry{}, false, err
	}
	switch of.Kind {
	case KindRecharge:
		return Entry{}, false, fault.New(fault.Conflict, "entry_of_recharge", "This entry is of a recharge. Take the recharge back, which looks at what is spent of it.")
	case KindReversal:
		return Entry{}, false, fault.New(fault.Conflict, "entry_is_reversal", "This entry takes another one back already. It stays.")
	}
	ps, err := tx.PostingsOf(of.ID)
	if err != nil {
		return Entry{}, false, err
	}
	var a Account
	moved := money.New(0, of.Amount.Currency)
	back := make([]Posting, len(ps))
	for i, p := range ps {
		back[i] = Posting{p.Book, p.Account, p.Amount.Neg()}
		if p.Book.OfWallet() {
			if a, err = tx.LockAccount(p.Account); err != nil {
				return Entry{}, false, err
			}
			moved = moved.Add(p.Amount.Neg())
		}
	}
	key := "reversal:" + r.Key
	if first, found, err := tx.EntryByKey(of.Operator, key); err != nil || found {
		if err == nil && (first.Corrects != of.ID || first.Reason != r.Reason) {
			err = fault.New(fault.Conflict, "idempotency_key_reused", "This idempotency key came with another request before.")
		}
		return first, true, err
	}
	if _, found, err := tx.TakenBackBy(of); err != nil || found {
		if err == nil {
			err = TakenBackAlready
		}
		return Entry{}, false, err
	}
	out = Entry{ID: ident.New[ident.Entry](tx.Now()), Operator: of.Operator, Sub: of.Sub, At: tx.Now(), Event: tx.Now(), Kind: KindReversal,
		Session: of.Session, Recharge: of.Recharge, Corrects: of.ID, Reason: r.Reason, Key: key,
		Amount: of.Amount.Neg(), Debt: money.New(0, of.Amount.Currency), Balance: of.Balance, Postings: back}
	if !a.ID.IsZero() {
		out.Postings = withinBonus(back, a)
		a.Balance, a.Bonus = a.Balance.Add(moved), a.Bonus.Add(bonusOf(out.Postings, a.Currency))
		out.Balance = a.Balance
		if taken := out.Amount; a.Balance.Minor < 0 && taken.Minor > 0 {
			out.Debt = least(a.Balance.Neg(), taken)
		}
	}
	if err := date(tx, &out); err != nil {
		return Entry{}, false, err
	}
	if err := tx.Append(out); err != nil {
		return Entry{}, false, err
	}
	if !a.ID.IsZero() {
		if err := tx.SaveAccount(a); err != nil {
			return Entry{}, false, err
		}
	}
	return out, false, tx.Audit("entry.reversed", of.ID.String(), of, out)
}

// TakenBackAlready is the answer to a second reversal.
var TakenBackAlready = fault.New(fault.Conflict, "entry_reversed", "This entry has been taken back already. An entry is taken back once.")
