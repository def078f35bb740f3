package ledger

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
)

// RechargeRules are what an operator says of recharges. Amounts are in its currency; the
// zero Amount means that nothing is said.
type RechargeRules struct {
	Operator ident.Operator `json:"-"`
	Presets  []money.Amount `json:"presets,omitempty"` // what screens offer, upwards
	Least    money.Amount   `json:"least,omitzero"`
	Most     money.Amount   `json:"most,omitzero"`
	// ApproveAbove is from what amount on, itself not included, a second person must
	// approve what staff give.
	ApproveAbove money.Amount `json:"approve_above,omitzero"`
	// ApproveWithin is after how many hours a request that nobody decided is over.
	ApproveWithin int         `json:"approve_within_h"`
	Bonus         []BonusRule `json:"bonus,omitempty"`       // upwards; the highest that is reached counts
	BonusFirst    bool        `json:"bonus_first,omitempty"` // bonus is spent before what was paid
	Version       int64       `json:"-"`                     // 1: never saved
}

const (
	mostPresets    = 8
	approveWithin  = 72 // hours, where nothing is said
	mostApproveFor = 30 * 24
)

// defaultRules are those of an operator that saved none.
func defaultRules(op ident.Operator) RechargeRules {
	return RechargeRules{Operator: op, ApproveWithin: approveWithin, Version: 1}
}

func said(a money.Amount) bool { return a.Currency != "" }

// same reports whether a bound is said in the currency of an amount.
func same(bound, a money.Amount) bool { return said(bound) && bound.Currency == a.Currency }

// check refuses rules that contradict themselves, or are of another currency.
func (r RechargeRules) check(c money.Currency) error {
	for at, a := range map[string]money.Amount{"/least": r.Least, "/most": r.Most, "/approve_above": r.ApproveAbove} {
		switch {
		case said(a) && a.Currency != c:
			return fault.BadInput(at+"/currency", "must be %s, the operator's currency", c)
		case said(a) && a.Minor < 0, said(a) && at != "/approve_above" && a.Minor == 0:
			return fault.BadInput(at, "must be above 0")
		case said(a) && mostOf(c).Less(a):
			return fault.BadInput(at, "must be at most %s", mostOf(c))
		}
	}
	if said(r.Least) && said(r.Most) && r.Most.Less(r.Least) {
		return fault.BadInput("/most", "must not be below the least")
	}
	if len(r.Presets) > mostPresets {
		return fault.BadInput("/presets", "must be at most %d", mostPresets)
	}
	for i, p := range r.Presets {
		switch {
		case p.Currency != c:
			return fault.BadInput("/presets", "must be in %s, the operator's currency", c)
		case p.Minor <= 0, said(r.Least) && p.Less(r.Least), said(r.Most) && r.Most.Less(p):
			return fault.BadInput("/presets", "must be within the least and the most")
		case i > 0 && !r.Presets[i-1].Less(p):
			return fault.BadInput("/presets", "must go upwards, each once")
		}
	}
	if err := r.checkBonus(c); err != nil {
		return err
	}
	if r.ApproveWithin < 1 || r.ApproveWithin > mostApproveFor {
		return fault.BadInput("/approve_within_h", "must be 1 to %d hours", mostApproveFor)
	}
	return nil
}

// allow refuses an amount that the rules do not let staff give.
func (r RechargeRules) allow(a money.Amount) error {
	switch {
	case same(r.Least, a) && a.Less(r.Least):
		return fault.BadInput("/amount", "must be at least %s", r.Least)
	case same(r.Most, a) && r.Most.Less(a):
		return fault.BadInput("/amount", "must be at most %s", r.Most)
	}
	return nil
}

// NeedsApproval reports whether a second person must approve the amount.
func (r RechargeRules) NeedsApproval(a money.Amount) bool {
	return said(r.ApproveAbove) && (r.ApproveAbove.Currency != a.Currency || r.ApproveAbove.Less(a))
}

func mostOf(c money.Currency) money.Amount {
	most := money.New(mostRecharge, c)
	if c.Exponent() == 3 {
		most.Minor *= 10
	}
	return most
}

// rulesOf reads an operator's rules.
func rulesOf(tx Tx, op ident.Operator) (RechargeRules, error) {
	r, found, err := tx.RechargeRules(op)
	if err == nil && !found {
		r = defaultRules(op)
	}
	return r, err
}

// Rules are those of the scope's operator.
func (s *Service) Rules(ctx context.Context, sc authz.Scope) (RechargeRules, error) {
	return one(ctx, s.read, sc, func(tx Tx) (RechargeRules, error) { return rulesOf(tx, sc.Operator()) })
}

// SaveRules changes the rules where they still have r.Version.
func (s *Service) SaveRules(ctx context.Context, sc authz.Scope, r RechargeRules) (RechargeRules, error) {
	if !sc.Sub().IsZero() {
		return RechargeRules{}, fault.New(fault.Denied, "operator_only", "The rules of recharges are the operator's.")
	}
	r.Operator = sc.Operator()
	return one(ctx, s.write, sc, func(tx Tx) (RechargeRules, error) {
		o, err := tx.OperatorByID(r.Operator)
		if err != nil {
			return r, err
		}
		if err := r.check(o.Currency); err != nil {
			return r, err
		}
		before, err := rulesOf(tx, r.Operator)
		if err != nil {
			return r, err
		}
		if before.Version != r.Version {
			return r, fault.Stale(before.Version, r.Version)
		}
		after := r
		after.Version++
		if err := tx.SaveRechargeRules(r); err != nil {
			return r, err
		}
		return after, tx.Audit("recharge_rules.changed", r.Operator.String(), before, after)
	})
}

// AskState is where a request for a recharge is in its life.
type AskState string

// The states; EXPIRED is a pending one whose time is over, and is not stored.
const (
	AskPending  AskState = "PENDING"
	AskApproved AskState = "APPROVED"
	AskRefused  AskState = "REFUSED"
	AskExpired  AskState = "EXPIRED"
)

// Ask is a recharge that waits for a second person.
type Ask struct {
	ID             ident.Ask
	Operator       ident.Operator
	Sub            ident.SubOperator
	Driver         ident.Driver
	Account        ident.Account
	Amount         money.Amount
	Reason         string
	By             ident.Staff
	At             time.Time
	ExpiresAt      time.Time
	State          AskState
	DecidedBy      ident.Staff
	DecidedAt      time.Time
	DecisionReason string
	Recharge       ident.Recharge // once it is approved
	Key            string
	From           RechargeFrom
	Reference      string
}

// StateAt is the state with what time has done to it.
func (a Ask) StateAt(now time.Time) AskState {
	if a.State == AskPending && !now.Before(a.ExpiresAt) {
		return AskExpired
	}
	return a.State
}

// AskRow is a request with what lists show of its driver and staff.
type AskRow struct {
	Ask
	DriverAccount   string
	DriverName      string
	ChargingAccount string
	ByName          string
	DecidedByName   string
}
