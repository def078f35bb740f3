package ledger

import (
	"fmt"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/operator"
)

// RechargeFrom is where the money of a recharge came from, in the guide's words.
type RechargeFrom string

// FromAdmin is a credit that staff gave: no money was received (RCH-R1).
const FromAdmin RechargeFrom = "Admin"

// Recharge is money put on a charging account.
type Recharge struct {
	ID            ident.Recharge
	Operator      ident.Operator
	Sub           ident.SubOperator
	Driver        ident.Driver
	Account       ident.Account
	TransactionID string // 25 digits, unique on the platform
	At            time.Time
	From          RechargeFrom
	Kind          RechargeKind
	Reverses      ident.Recharge // of a reversal: what it takes back
	Reversed      money.Amount   // how much of it was taken back, ≥ 0
	Amount        money.Amount   // of a reversal below 0
	Bonus         money.Amount   // given on top; of a reversal what was taken back of it, below 0
	BalanceAfter  money.Amount
	Reason        string
	Actor         ident.Staff // who did it; none for the platform itself
	Key           string
	State         string // SUCCESS, REVERSED, PARTIALLY_REVERSED
	Entry         ident.Entry
}

// Success is the state of a recharge that was posted; others come with providers.
const Success = "SUCCESS"

// BalanceBefore is what the account had until then.
func (r Recharge) BalanceBefore() money.Amount { return r.BalanceAfter.Sub(r.Amount).Sub(r.Bonus) }

// RechargeRequest asks for a recharge.
type RechargeRequest struct {
	Driver  ident.Driver
	Account ident.Account
	Amount  money.Amount
	From    RechargeFrom
	Reason  string
	Key     string // of whoever asks; the same key posts once
}

// Most that one recharge by staff may give, in hundredths of the major unit. The
// largest of the guide's screens is 10000.00.
const mostRecharge = 100_000_00

// Longest texts, in letters.
const (
	maxReason = 200
	maxKey    = 200
)

func (r RechargeRequest) check() error {
	most := mostOf(r.Amount.Currency)
	switch n := len([]rune(r.Reason)); {
	case r.Amount.Minor <= 0:
		return fault.BadInput("/amount", "must be above 0")
	case r.Amount.Minor > most.Minor:
		return fault.BadInput("/amount", "must be at most %s", most)
	case n == 0 || n > maxReason:
		return fault.BadInput("/reason", "must say why, in at most %d letters", maxReason)
	case r.From != FromAdmin:
		return fault.BadInput("/recharge_from", "must be %s", FromAdmin)
	case r.Key == "" || len(r.Key) > maxKey:
		return fault.New(fault.Invalid, "idempotency_key_missing", "A recharge needs an idempotency key, so that a repeated request posts once.")
	}
	return nil
}

// Credit posts a recharge. replayed says that the key had been used for the same
// request: then this is the first answer and nothing changed.
func Credit(tx Tx, r RechargeRequest, actor ident.Staff) (out Recharge, replayed bool, err error) {
	return credit(tx, r, actor, false)
}

func credit(tx Tx, r RechargeRequest, actor ident.Staff, approved bool) (out Recharge, replayed bool, err error) {
	if err := r.check(); err != nil {
		return Recharge{}, false, err
	}
	a, err := tx.LockAccount(r.Account)
	if err != nil {
		return Recharge{}, false, err
	}
	if first, found, err := tx.RechargeByKey(a.Operator, r.Key); err != nil || found {
		if err == nil && (first.Kind != Forward || first.Account != r.Account || first.Amount != r.Amount || first.Reason != r.Reason || first.From != r.From) {
			err = fault.New(fault.Conflict, "idempotency_key_reused", "This idempotency key came with another request before.")
		}
		return first, true, err
	}
	if a.Currency != r.Amount.Currency {
		return Recharge{}, false, fault.BadInput("/amount/currency", "must be %s, the currency of the account", a.Currency)
	}
	rules, err := rulesOf(tx, a.Operator)
	if err != nil {
		return Recharge{}, false, err
	}
	if !approved { // what was asked for was judged then
		if err := rules.allow(r.Amount); err != nil {
			return Recharge{}, false, err
		}
		if rules.NeedsApproval(r.Amount) && !tx.Past() {
			return Recharge{}, false, fault.New(fault.Conflict, "approval_needed", "Above %s a second person must approve a recharge. Ask for it.", rules.ApproveAbove)
		}
	}
	no, err := transactionID(tx, a.Operator)
	if err != nil {
		return Recharge{}, false, err
	}
	bonus := rules.bonusFor(r.Amount)
	a.Balance, a.Bonus = a.Balance.Add(r.Amount).Add(bonus), a.Bonus.Add(bonus)
	out = Recharge{ID: ident.New[ident.Recharge](tx.Now()), Operator: a.Operator, Sub: a.Sub, Driver: r.Driver, Account: a.ID,
		TransactionID: no, At: tx.Now(), From: r.From, Kind: Forward, Reversed: money.New(0, a.Currency), Amount: r.Amount, Bonus: bonus, BalanceAfter: a.Balance, Reason: r.Reason,
		Actor: actor, Key: r.Key, State: Success, Entry: ident.New[ident.Entry](tx.Now())}
	e := Entry{ID: out.Entry, Operator: a.Operator, Sub: a.Sub, At: tx.Now(), Kind: KindRecharge, Recharge: out.ID,
		Key: "recharge:" + out.ID.String(), Amount: r.Amount.Neg(), Debt: money.New(0, a.Currency), Balance: a.Balance,
		Postings: []Posting{{Wallet, a.ID, r.Amount}, {ManualCredit, ident.Account{}, r.Amount.Neg()}}}
	if bonus.Minor > 0 {
		e.Postings = append(e.Postings, Posting{WalletBonus, a.ID, bonus}, Posting{BonusGiven, ident.Account{}, bonus.Neg()})
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
	return out, false, tx.InsertRecharge(out)
}

// transactionID has the look of the guide's 25 digits: 2 for a recharge, the local
// time of the operator to the second, the number within its day, its code (MON-R7).
// The number makes it unique, so a clock that goes back does no harm.
func transactionID(tx Tx, op ident.Operator) (string, error) {
	o, err := tx.OperatorByID(op)
	if err != nil {
		return "", err
	}
	loc, err := time.LoadLocation(o.TimeZone)
	if err != nil {
		return "", fault.New(fault.Internal, "operator_zone", "The operator's time zone is not known.").Because(err)
	}
	at := tx.Now().In(loc)
	n, err := tx.NextRechargeNo(op, at.Format("2006-01-02"))
	if err != nil {
		return "", err
	}
	return transactionText(at, n, o)
}

func transactionText(at time.Time, n int, o operator.Operator) (string, error) {
	if n < 1 || n > 999_999 || len(o.Code) != 6 {
		return "", fault.New(fault.Unavailable, "recharge_numbers", "The operator has used up the transaction numbers of this day.")
	}
	return fmt.Sprintf("2%s%06d%s", at.Format("060102150405"), n, o.Code), nil
}
