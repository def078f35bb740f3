package web

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/money"
)

// RechargeRules are what an operator says of recharges by staff.
type RechargeRules struct {
	RechargeRulesBody
	Version int64 `json:"version"`
}

// RechargeRulesBody is what can be changed of them.
type RechargeRulesBody struct {
	Presets       []Money         `json:"presets" maxItems:"8" doc:"What screens offer, upwards."`
	Least         *Money          `json:"least,omitempty" doc:"Absent: whatever is above 0."`
	Most          *Money          `json:"most,omitempty" doc:"Absent: what the platform allows."`
	ApproveAbove  *Money          `json:"approve_above,omitempty" doc:"More than this needs the approval of a second person; absent: nothing does."`
	ApproveWithin int             `json:"approve_within_h" minimum:"1" maximum:"720" doc:"After so many hours a request that nobody decided is over."`
	Bonus         []RechargeBonus `json:"bonus,omitempty" maxItems:"8" doc:"What a recharge gets on top, upwards: the highest that it reaches."`
	BonusFirst    bool            `json:"bonus_first,omitempty" doc:"Bonus is spent before what was paid; absent: after it."`
}

// RechargeBonus is what a recharge of an amount or more gets on top.
type RechargeBonus struct {
	From  Money `json:"from"`
	Bonus Money `json:"bonus"`
}

func rulesFrom(r ledger.RechargeRules) RechargeRules {
	out := RechargeRules{RechargeRulesBody{Presets: []Money{}, Least: someAmount(r.Least), Most: someAmount(r.Most), ApproveAbove: someAmount(r.ApproveAbove),
		ApproveWithin: r.ApproveWithin, BonusFirst: r.BonusFirst}, r.Version}
	for _, b := range r.Bonus {
		out.Bonus = append(out.Bonus, RechargeBonus{amount(b.From), amount(b.Bonus)})
	}
	for _, p := range r.Presets {
		out.Presets = append(out.Presets, amount(p))
	}
	return out
}

func (h *handlers) getRechargeRules(ctx context.Context, _ *struct{}) (*single[RechargeRules], error) {
	r, err := h.svc.Ledger.Rules(ctx, scopeOf(ctx))
	if err != nil {
		return nil, err
	}
	return singleOf(rulesFrom(r), r.Version), nil
}

type rechargeRulesInput struct {
	Body RechargeRulesBody `nameHint:"RechargeRulesBody"`
}

func (h *handlers) putRechargeRules(ctx context.Context, in *rechargeRulesInput) (*single[RechargeRules], error) {
	b := in.Body
	r := ledger.RechargeRules{ApproveWithin: b.ApproveWithin, BonusFirst: b.BonusFirst, Version: versionOf(ctx)}
	for _, f := range []struct {
		from *Money
		to   *money.Amount
		at   string
	}{{b.Least, &r.Least, "/least"}, {b.Most, &r.Most, "/most"}, {b.ApproveAbove, &r.ApproveAbove, "/approve_above"}} {
		if f.from == nil {
			continue
		}
		var err error
		if *f.to, err = f.from.parse(f.at); err != nil {
			return nil, err
		}
	}
	for i, p := range b.Presets {
		a, err := p.parse(fmt.Sprintf("/presets/%d", i))
		if err != nil {
			return nil, err
		}
		r.Presets = append(r.Presets, a)
	}
	for i, x := range b.Bonus {
		from, err := x.From.parse(fmt.Sprintf("/bonus/%d/from", i))
		if err != nil {
			return nil, err
		}
		more, err := x.Bonus.parse(fmt.Sprintf("/bonus/%d/bonus", i))
		if err != nil {
			return nil, err
		}
		r.Bonus = append(r.Bonus, ledger.BonusRule{From: from, Bonus: more})
	}
	r, err := h.svc.Ledger.SaveRules(ctx, scopeOf(ctx), r)
	if err != nil {
		return nil, err
	}
	return singleOf(rulesFrom(r), r.Version), nil
}

// RechargeAsk is a recharge that waits for a second person, or did.
type RechargeAsk struct {
	ID              ident.Ask           `json:"id"`
	DriverID        ident.Driver        `json:"driver_id"`
	User            string              `json:"user,omitempty" doc:"The driver's name." export:"pii"`
	Account         string              `json:"account,omitempty" doc:"The driver's login." export:"pii"`
	ChargingAccount string              `json:"charging_account,omitempty"`
	Amount          Money               `json:"amount"`
	RechargeFrom    ledger.RechargeFrom `json:"recharge_from" doc:"Where the money comes from."`
	Reference       string              `json:"reference,omitempty" export:"pii"`
	Reason          string              `json:"reason" export:"pii"`
	AskedBy         ident.Staff         `json:"asked_by"`
	AskedByName     string              `json:"asked_by_name,omitempty" export:"pii"`
	AskedAt         time.Time           `json:"asked_at"`
	ExpiresAt       time.Time           `json:"expires_at"`
	State           ledger.AskState     `json:"state" enum:"PENDING,APPROVED,REFUSED,EXPIRED"`
	DecidedBy       ident.Staff         `json:"decided_by,omitzero"`
	DecidedByName   string              `json:"decided_by_name,omitempty" export:"pii"`
	DecidedAt       time.Time           `json:"decided_at,omitzero"`
	DecisionReason  string              `json:"decision_reason,omitempty" export:"pii"`
	RechargeID      ident.Recharge      `json:"recharge_id,omitzero" doc:"Once it is approved."`
	Own             bool                `json:"own" doc:"The caller asked for it, and cannot approve it." export:"-"`
}

func (h *handlers) ask(ctx context.Context, a ledger.AskRow) RechargeAsk {
	c := callerOf(ctx)
	out := RechargeAsk{ID: a.ID, DriverID: a.Driver, ChargingAccount: a.ChargingAccount, Amount: amount(a.Amount), Reason: a.Reason, RechargeFrom: a.From, Reference: a.Reference, AskedBy: a.By, AskedByName: a.ByName,
		AskedAt: at(a.At), ExpiresAt: at(a.ExpiresAt), State: a.State, DecidedBy: a.DecidedBy, DecidedByName: a.DecidedByName,
		DecidedAt: at(a.DecidedAt), DecisionReason: a.DecisionReason, RechargeID: a.Recharge, Own: a.By == c.Staff.ID}
	d := member.Driver{Account: a.DriverAccount, Name: a.DriverName, ChargingAccount: a.ChargingAccount}
	if !c.May(authz.PIIView) {
		d = d.Masked()
	}
	out.User, out.Account, out.ChargingAccount = d.Name, d.Account, d.ChargingAccount
	return out
}

// AskPath is the {id} in a path.
type AskPath struct {
	ID ident.Ask `path:"id"`
}

func (h *handlers) askRecharge(ctx context.Context, in *rechargeInput) (*made[RechargeAsk], error) {
	q, d, err := h.rechargeRequest(ctx, in)
	if err != nil {
		return nil, err
	}
	k, err := h.svc.Ledger.Ask(ctx, scopeOf(ctx), q)
	if err != nil {
		return nil, err
	}
	row := rowFor(ledger.Recharge{}, d)
	return madeOf(h.ask(ctx, ledger.AskRow{Ask: k, DriverAccount: row.DriverAccount, DriverName: row.DriverName, ChargingAccount: row.ChargingAccount}), 0, ""), nil
}

func (h *handlers) listAsks(ctx context.Context, in *struct {
	Paging
	Pending bool `query:"pending" doc:"Only those that wait."`
}) (*found[RechargeAsk], error) {
	l, err := h.svc.Ledger.Asks(ctx, scopeOf(ctx), in.Pending, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, func(a ledger.AskRow) RechargeAsk { return h.ask(ctx, a) }), nil
}

func (h *handlers) approveAsk(ctx context.Context, in *AskPath) (*single[RechargeAsk], error) {
	a, err := h.svc.Ledger.Approve(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return singleOf(h.ask(ctx, ledger.AskRow{Ask: a}), 0), nil
}

type refuseInput struct {
	AskPath
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200"`
	} `nameHint:"RechargeRefusal"`
}

func (h *handlers) refuseAsk(ctx context.Context, in *refuseInput) (*single[RechargeAsk], error) {
	a, err := h.svc.Ledger.Refuse(ctx, scopeOf(ctx), in.ID, strings.TrimSpace(in.Body.Reason))
	if err != nil {
		return nil, err
	}
	return singleOf(h.ask(ctx, ledger.AskRow{Ask: a}), 0), nil
}
