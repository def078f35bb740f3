package ledger_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/operator"
)

func (w *world) rules(t *testing.T, change func(*ledger.RechargeRules)) {
	t.Helper()
	r, err := w.Rules(t.Context(), w.a)
	must(t, err)
	change(&r)
	must1(w.SaveRules(t.Context(), w.a, r))
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return fault.Of(err).Code
}

// RCH-R1: above the operator's limit a recharge by staff is given by the second person
// who says so, once, however many say it at a time.
func TestASecondPersonApprovesALargeRecharge_RCH_R1(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a := w.wallet(t, w.a, "0")
		second := authz.ForStaff(w.a.Operator(), ident.SubOperator{}, authz.Actor{Staff: ident.New[ident.Staff](w.clock.Now())})
		w.rules(t, func(r *ledger.RechargeRules) { r.ApproveAbove, r.ApproveWithin = eur("100.00"), 48 })
		ask := ledger.RechargeRequest{Driver: driver, Account: a, Amount: eur("100.01"), From: ledger.FromAdmin, Reason: "a fleet", Key: "k1"}
		_, err := w.Recharge(ctx, w.a, ask)
		if code(err) != "approval_needed" {
			t.Errorf("above the limit: %v", err)
		}
		small := ask
		small.Amount, small.Key = eur("100.00"), "k2"
		must1(w.Recharge(ctx, w.a, small))
		if _, err := w.Ask(ctx, w.a, small); code(err) != "approval_not_needed" && code(err) != "idempotency_key_reused" {
			t.Errorf("what needs nobody: %v", err)
		}
		k, err := w.Ask(ctx, w.a, ask)
		must(t, err)
		if again, err := w.Ask(ctx, w.a, ask); err != nil || again.ID != k.ID {
			t.Errorf("the same again: %v, %v", again.ID, err)
		}
		w.has(t, a, "100.00", "0")
		if _, err := w.Approve(ctx, w.a, k.ID); code(err) != "second_person" {
			t.Errorf("who asked approves: %v", err)
		}
		if _, err := w.Approve(ctx, w.b, k.ID); !fault.Is(err, fault.Missing) {
			t.Errorf("another operator: %v", err)
		}
		var wg sync.WaitGroup
		var done atomic.Int64
		for range 4 {
			wg.Go(func() {
				if _, err := w.Approve(ctx, second, k.ID); err == nil {
					done.Add(1)
				} else if code(err) != "ask_decided" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		w.has(t, a, "200.01", "0")
		l, err := w.Asks(ctx, w.a, false, operator.Page{})
		must(t, err)
		if done.Load() != 1 || len(l.Items) != 1 || l.Items[0].State != ledger.AskApproved || l.Items[0].Recharge.IsZero() || l.Items[0].DecidedBy != second.Actor.Staff {
			t.Fatalf("%d approvals, %+v", done.Load(), l.Items)
		}
		r, err := w.RechargeDetail(ctx, w.a, l.Items[0].Recharge)
		must(t, err)
		if r.Actor != w.a.Actor.Staff || r.Amount != eur("100.01") {
			t.Errorf("the recharge is %+v", r.Recharge)
		}
		w.sound(t)
	})
}

// What nobody decides is over after its time; who asked may take it back.
func TestARequestThatNobodyDecidesIsOver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a := w.wallet(t, w.a, "0")
		second := authz.ForStaff(w.a.Operator(), ident.SubOperator{}, authz.Actor{Staff: ident.New[ident.Staff](w.clock.Now())})
		w.rules(t, func(r *ledger.RechargeRules) { r.ApproveAbove, r.ApproveWithin = eur("0"), 2 })
		asks := make([]ledger.Ask, 2)
		for i := range asks {
			asks[i] = must1(w.Ask(ctx, w.a, ledger.RechargeRequest{Driver: driver, Account: a, Amount: eur("5.00"), From: ledger.FromAdmin, Reason: "x", Key: fmt.Sprint(i)}))
		}
		must1(w.Refuse(ctx, w.a, asks[0].ID, "an error"))
		if _, err := w.Approve(ctx, second, asks[0].ID); code(err) != "ask_decided" {
			t.Errorf("what was taken back: %v", err)
		}
		w.clock.Advance(2*time.Hour - time.Microsecond)
		if l := must1(w.Asks(ctx, w.a, true, operator.Page{})); len(l.Items) != 1 {
			t.Errorf("%d wait", len(l.Items))
		}
		w.clock.Advance(time.Microsecond)
		if _, err := w.Approve(ctx, second, asks[1].ID); code(err) != "ask_expired" {
			t.Errorf("after its time: %v", err)
		}
		if l := must1(w.Asks(ctx, w.a, true, operator.Page{})); len(l.Items) != 0 {
			t.Errorf("%d wait", len(l.Items))
		}
		w.has(t, a, "0", "0")
	})
}

// Presets and limits: staff give no more and no less than the operator says, and rules
// that contradict themselves are refused with the field.
func TestRechargesKeepToTheOperatorsLimits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a := w.wallet(t, w.a, "0")
		w.rules(t, func(r *ledger.RechargeRules) {
			r.Least, r.Most, r.Presets = eur("5.00"), eur("50.00"), []money.Amount{eur("5.00"), eur("20.00"), eur("50.00")}
		})
		for amount, ok := range map[string]bool{"4.99": false, "5.00": true, "50.00": true, "50.01": false} {
			_, err := w.Recharge(ctx, w.a, ledger.RechargeRequest{Driver: driver, Account: a, Amount: eur(amount), From: ledger.FromAdmin, Reason: "x", Key: amount})
			if (err == nil) != ok {
				t.Errorf("%s: %v", amount, err)
			}
		}
		now := must1(w.Rules(ctx, w.a))
		if len(now.Presets) != 3 || now.Presets[1] != eur("20.00") || now.Version != 2 || now.Most != eur("50.00") || now.ApproveAbove.Currency != "" {
			t.Errorf("the rules are %+v", now)
		}
		for name, change := range map[string]func(*ledger.RechargeRules){
			"a preset below the least": func(r *ledger.RechargeRules) { r.Presets = []money.Amount{eur("1.00")} },
			"presets downwards":        func(r *ledger.RechargeRules) { r.Presets = []money.Amount{eur("20.00"), eur("5.00")} },
			"the most below the least": func(r *ledger.RechargeRules) { r.Most, r.Presets = eur("4.00"), nil },
			"another currency":         func(r *ledger.RechargeRules) { r.ApproveAbove = money.New(100, "USD") },
			"more than the platform's": func(r *ledger.RechargeRules) { r.Most = eur("100000.01") },
			"a time without an end":    func(r *ledger.RechargeRules) { r.ApproveWithin = 0 },
			"a limit below nothing":    func(r *ledger.RechargeRules) { r.ApproveAbove = eur("0").Sub(eur("1.00")) },
			"nine suggestions":         func(r *ledger.RechargeRules) { r.Presets = make([]money.Amount, 9) },
		} {
			r := now
			change(&r)
			if _, err := w.SaveRules(ctx, w.a, r); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		old := now
		old.Version = 1
		if _, err := w.SaveRules(ctx, w.a, old); code(err) != "stale_version" {
			t.Errorf("an old version: %v", err)
		}
		if _, err := w.SaveRules(ctx, w.sub1, now); code(err) != "operator_only" {
			t.Errorf("a sub-operator: %v", err)
		}
	})
}
