package ledger

import (
	"fmt"
	"slices"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/operator"
)

// RechargeFrom is where the money of a recharge came from, in the guide's words.
type RechargeFrom string

// Where money comes from. FromAdmin is a credit that staff gave: none was received (RCH-R1).
// FromRefund is money that could not be given back to where it came from.
const (
	FromAdmin    RechargeFrom = "Admin"
	FromCash     RechargeFrom = "Cash"
	FromTransfer RechargeFrom = "Bank transfer"
	FromCard     RechargeFrom = "Card"
	FromPayPal   RechargeFrom = "Paypal"
	FromRefund   RechargeFrom = "Refund"
)

// ByStaff are those that a member of staff may name: a gift, or money in hand.
var ByStaff = []RechargeFrom{FromAdmin, FromCash, FromTransfer}

// source is the book that the money of a recharge by staff comes from.
func (f RechargeFrom) source() Book {
	switch f {
	case FromCash:
		return CashDesk
	case FromTransfer:
		return Bank
	}
	return ManualCredit
}

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
	Source        Book          // that the money came from, and goes back to
	Payment       ident.Payment // of a provider
	Fee           money.Amount  // that the provider kept
	Reference     string        // of a receipt or a transfer
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
	// Reference is what a receipt or a bank statement calls it: needed for money that staff
	// received.
	Reference string
}

// Most that one recharge by staff may give, in hundredths of the major unit. The
// largest of the guide's screens is 10000.00.
const mostRecharge = 100_000_00

// Longest texts, in letters.
const (
	maxReason    = 200
	maxKey       = 200
	maxReference = 60
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
	case !slices.Contains(ByStaff, r.From):
		return fault.BadInput("/recharge_from", "must be one of %s, %s, %s", FromAdmin, FromCash, FromTransfer)
	case r.From != FromAdmin && (r.Reference == "" || len([]rune(r.Reference)) > maxReference):
		return fault.BadInput("/reference", "must be the number of the receipt or of the transfer, in at most %d letters", maxReference)
	case r.From == FromAdmin && r.Reference != "":
		return fault.BadInput("/reference", "is for money that was received")
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
		if err == nil && (first.Kind != Forward || first.Account != r.Account || first.Amount != r.Amount || first.Reason != r.Reason || first.From != r.From || first.Reference != r.Reference) {
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
	out, err = put(tx, a, Recharge{Driver: r.Driver, From: r.From, Amount: r.Amount, Bonus: rules.bonusFor(r.Amount), Reason: r.Reason, Actor: actor,
		Key: r.Key, Source: r.From.source(), Fee: money.New(0, a.Currency), Reference: r.Reference})
	return out, false, err
}

// put posts a recharge on an account that is locked.
func put(tx Tx, a Account, r Recharge) (Recharge, error) {
	no, err := transactionID(tx, a.Operator)
	if err != nil {
		return r, err
	}
	a.Balance, a.Bonus = a.Balance.Add(r.Amount).Add(r.Bonus), a.Bonus.Add(r.Bonus)
	r.ID, r.Operator, r.Sub, r.Account, r.TransactionID, r.At = ident.New[ident.Recharge](tx.Now()), a.Operator, a.Sub, a.ID, no, tx.Now()
	r.Kind, r.Reversed, r.BalanceAfter, r.State, r.Entry = Forward, money.New(0, a.Currency), a.Balance, Success, ident.New[ident.Entry](tx.Now())
	e := Entry{ID: r.Entry, Operator: a.Operator, Sub: a.Sub, At: tx.Now(), Kind: KindRecharge, Recharge: r.ID,
		Key: "recharge:" + r.ID.String(), Amount: r.Amount.Neg(), Debt: money.New(0, a.Currency), Balance: a.Balance,
		Postings: []Posting{{Wallet, a.ID, r.Amount}, {r.Source, ident.Account{}, r.Amount.Neg()}}}
	if r.Bonus.Minor > 0 {
		e.Postings = append(e.Postings, Posting{WalletBonus, a.ID, r.Bonus}, Posting{BonusGiven, ident.Account{}, r.Bonus.Neg()})
	}
	if r.Fee.Minor > 0 {
		e.Postings = append(e.Postings, feePostings(r.Source, r.Fee)...)
	}
	if err := date(tx, &e); err != nil {
		return r, err
	}
	if err := tx.Append(e); err != nil {
		return r, err
	}
	if err := tx.SaveAccount(a); err != nil {
		return r, err
	}
	return r, tx.InsertRecharge(r)
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
