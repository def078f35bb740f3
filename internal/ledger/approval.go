package ledger

import (
	"context"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

var errNobody = fault.New(fault.Denied, "person_needed", "A person must do this: log in with an account of your own.")

// Ask asks for a recharge that a second person must approve. The same key and input
// again give the first answer.
func (s *Service) Ask(ctx context.Context, sc authz.Scope, r RechargeRequest) (Ask, error) {
	if sc.Actor.Staff.IsZero() {
		return Ask{}, errNobody
	}
	if err := r.check(); err != nil {
		return Ask{}, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (Ask, error) {
		a, err := tx.LockAccount(r.Account)
		if err != nil {
			return Ask{}, err
		}
		if first, found, err := tx.AskByKey(a.Operator, r.Key); err != nil || found {
			if err == nil && (first.Account != r.Account || first.Amount != r.Amount || first.Reason != r.Reason || first.From != r.From || first.Reference != r.Reference) {
				err = fault.New(fault.Conflict, "idempotency_key_reused", "This idempotency key came with another request before.")
			}
			return first, err
		}
		if a.Currency != r.Amount.Currency {
			return Ask{}, fault.BadInput("/amount/currency", "must be %s, the currency of the account", a.Currency)
		}
		rules, err := rulesOf(tx, a.Operator)
		if err != nil {
			return Ask{}, err
		}
		if err := rules.allow(r.Amount); err != nil {
			return Ask{}, err
		}
		if !rules.NeedsApproval(r.Amount) {
			return Ask{}, fault.New(fault.Conflict, "approval_not_needed", "Nobody needs to approve this amount. Recharge the account.")
		}
		out := Ask{ID: ident.New[ident.Ask](tx.Now()), Operator: a.Operator, Sub: a.Sub, Driver: r.Driver, Account: a.ID, Amount: r.Amount,
			Reason: r.Reason, By: sc.Actor.Staff, At: tx.Now(), ExpiresAt: tx.Now().Add(hours(rules.ApproveWithin)), State: AskPending, Key: r.Key, From: r.From, Reference: r.Reference}
		if err := tx.InsertAsk(out); err != nil {
			return Ask{}, err
		}
		return out, tx.Audit("recharge.asked", out.ID.String(), nil, out)
	})
}

// Approve gives what was asked for. It must be another person than the one who asked.
func (s *Service) Approve(ctx context.Context, sc authz.Scope, id ident.Ask) (Ask, error) {
	return s.decide(ctx, sc, id, AskApproved, "")
}

// Refuse ends a request without a recharge; whoever asked may do so too.
func (s *Service) Refuse(ctx context.Context, sc authz.Scope, id ident.Ask, reason string) (Ask, error) {
	if err := checkReason(reason); err != nil {
		return Ask{}, err
	}
	return s.decide(ctx, sc, id, AskRefused, reason)
}

func (s *Service) decide(ctx context.Context, sc authz.Scope, id ident.Ask, to AskState, reason string) (Ask, error) {
	if sc.Actor.Staff.IsZero() {
		return Ask{}, errNobody
	}
	return one(ctx, s.write, sc, func(tx Tx) (Ask, error) {
		a, err := tx.AskByID(id)
		if err != nil {
			return a, err
		}
		if _, err := tx.LockAccount(a.Account); err != nil {
			return a, err
		}
		if a, err = tx.AskByID(id); err != nil { // behind the lock
			return a, err
		}
		before := a
		switch st := a.StateAt(tx.Now()); {
		case st == AskExpired:
			return a, fault.New(fault.Conflict, "ask_expired", "This request is over: nobody decided in time. Ask again.")
		case st != AskPending:
			return a, fault.New(fault.Conflict, "ask_decided", "This request has been decided already.")
		case to == AskApproved && a.By == sc.Actor.Staff:
			return a, fault.New(fault.Conflict, "second_person", "A second person must approve it: you asked for it yourself.")
		}
		a.State, a.DecidedBy, a.DecidedAt, a.DecisionReason = to, sc.Actor.Staff, tx.Now(), reason
		if to == AskApproved {
			account, err := tx.AccountByID(a.Account)
			if err != nil {
				return a, err
			}
			r, _, err := credit(tx, RechargeRequest{Driver: a.Driver, Account: a.Account, Amount: a.Amount, From: a.From, Reason: a.Reason, Reference: a.Reference,
				Key: "ask:" + a.ID.String()}, a.By, true)
			if err != nil {
				return a, err
			}
			if err := moved(tx, Recharged, r, "wallet.recharged", r.Account.String(), account); err != nil {
				return a, err
			}
			a.Recharge = r.ID
		}
		if err := tx.SaveAsk(a); err != nil {
			return a, err
		}
		return a, tx.Audit("recharge."+map[AskState]string{AskApproved: "approved", AskRefused: "refused"}[to], a.ID.String(), before, a)
	})
}

// Asks lists requests for recharges, newest first; pending: only those that wait.
func (s *Service) Asks(ctx context.Context, sc authz.Scope, pending bool, p operator.Page) (operator.List[AskRow], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[AskRow], error) { return tx.AskPage(pending, tx.Now(), p) })
}
