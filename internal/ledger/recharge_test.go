package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/operator"
)

func TestRechargeHasANumberThatReadsAsItsDay_MON_R7(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "0")
		// 10:00 UTC on 22 November is 18:00 in Shanghai, the operator's zone.
		first := w.recharge(t, w.a, a, "100.00")
		if first.TransactionID != "2261122180000000001010000" || first.BalanceAfter != eur("100.00") || first.From != ledger.FromAdmin ||
			first.State != ledger.Success || first.Driver != driver || first.Actor != w.a.Actor.Staff {
			t.Errorf("%+v", first)
		}
		if second := w.recharge(t, w.a, a, "0.50"); second.TransactionID != "2261122180000000002010000" || second.BalanceAfter != eur("100.50") {
			t.Errorf("%+v", second)
		}
		w.clock.Advance(6*time.Hour + time.Second) // past midnight in Shanghai, not in UTC
		if third := w.recharge(t, w.a, a, "1.00"); third.TransactionID != "2261123000001000001010000" {
			t.Errorf("the next day: %s", third.TransactionID)
		}
		other := w.wallet(t, w.b, "1.00")
		l, err := w.Recharges(t.Context(), w.b, ledger.RechargeFilter{Account: other}, operator.Page{})
		if err != nil || len(l.Items) != 1 || l.Items[0].TransactionID != "2261123000001000001010001" {
			t.Errorf("another operator counts by itself: %+v %v", l.Items, err)
		}
		w.sound(t)
	})
}

func TestRechargeIsPostedOncePerKey_RCH_R3(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a, other := w.wallet(t, w.a, "0"), w.wallet(t, w.a, "0")
		req := ledger.RechargeRequest{Driver: driver, Account: a, Amount: eur("25.00"), From: ledger.FromAdmin, Reason: "lost card", Key: "k"}
		var mu sync.Mutex
		seen := map[ident.Recharge]int{}
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				r, err := w.Recharge(context.Background(), w.a, req)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				seen[r.ID]++
				if r.BalanceAfter != eur("25.00") || r.Reason != "lost card" {
					t.Errorf("%+v", r)
				}
			})
		}
		wg.Wait()
		if len(seen) != 1 {
			t.Errorf("%d recharges for one key", len(seen))
		}
		w.has(t, a, "25.00", "0")
		for what, change := range map[string]func(*ledger.RechargeRequest){
			"amount":  func(r *ledger.RechargeRequest) { r.Amount = eur("26.00") },
			"reason":  func(r *ledger.RechargeRequest) { r.Reason = "found card" },
			"account": func(r *ledger.RechargeRequest) { r.Account = other },
		} {
			r := req
			change(&r)
			if _, err := w.Recharge(t.Context(), w.a, r); !fault.Is(err, fault.Conflict) {
				t.Errorf("another %s with the same key: %v", what, err)
			}
		}
		if _, err := w.Recharge(t.Context(), w.b, req); !fault.Is(err, fault.Missing) {
			t.Errorf("from another operator: %v", err)
		}
		w.has(t, a, "25.00", "0")
		w.has(t, other, "0", "0")
		w.sound(t)
	})
}

func TestRechargesInParallelHaveNumbersOfTheirOwn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		accounts := []ident.Account{w.wallet(t, w.a, "0"), w.wallet(t, w.a, "0"), w.wallet(t, w.a, "0")}
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				if _, err := w.Recharge(context.Background(), w.a, ledger.RechargeRequest{Driver: driver, Account: accounts[i%3],
					Amount: eur("1.00"), From: ledger.FromAdmin, Reason: "r", Key: fmt.Sprint(i)}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		numbers := map[string]bool{}
		cursor, pages := "", 0
		for {
			l, err := w.Recharges(t.Context(), w.a, ledger.RechargeFilter{Driver: driver}, operator.Page{Cursor: cursor})
			must(t, err)
			for _, r := range l.Items {
				numbers[r.TransactionID] = true
				if len(r.TransactionID) != 25 || strings.Trim(r.TransactionID, "0123456789") != "" {
					t.Errorf("number %s", r.TransactionID)
				}
			}
			pages++
			if cursor = l.Next; cursor == "" {
				break
			}
		}
		if len(numbers) != 30 || pages != 2 {
			t.Errorf("%d numbers on %d pages", len(numbers), pages)
		}
		w.has(t, accounts[0], "10.00", "0")
		w.sound(t)
	})
}

func TestRechargesAreListedNewestFirst_RCH_R4(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a, b := w.wallet(t, w.a, "0"), w.wallet(t, w.a, "0")
		w.recharge(t, w.a, a, "1.00")
		w.clock.Advance(time.Minute)
		w.recharge(t, w.a, b, "2.00")
		w.clock.Advance(time.Minute)
		last := w.recharge(t, w.a, a, "3.00")
		amounts := func(f ledger.RechargeFilter) (s string) {
			l, err := w.Recharges(t.Context(), w.a, f, operator.Page{})
			must(t, err)
			for _, r := range l.Items {
				s += r.Amount.Decimal() + " "
			}
			return s
		}
		for want, f := range map[string]ledger.RechargeFilter{
			"3.00 2.00 1.00 ": {}, "3.00 1.00 ": {Account: a}, "3.00 ": {TransactionID: last.TransactionID}, "": {TransactionID: last.TransactionID[:24]},
		} {
			if got := amounts(f); got != want {
				t.Errorf("%+v: %s, want %s", f, got, want)
			}
		}
		l, err := w.Recharges(t.Context(), w.b, ledger.RechargeFilter{}, operator.Page{})
		if err != nil || len(l.Items) != 0 {
			t.Errorf("another operator sees %+v %v", l.Items, err)
		}
	})
}

func TestRechargeThatCannotBeRightIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "0")
		for why, change := range map[string]func(*ledger.RechargeRequest){
			"nothing":            func(r *ledger.RechargeRequest) { r.Amount = eur("0") },
			"less than nothing":  func(r *ledger.RechargeRequest) { r.Amount = eur("-1.00") },
			"too much":           func(r *ledger.RechargeRequest) { r.Amount = eur("100000.01") },
			"another currency":   func(r *ledger.RechargeRequest) { r.Amount = money.New(100, "USD") },
			"no reason":          func(r *ledger.RechargeRequest) { r.Reason = "" },
			"a reason too long":  func(r *ledger.RechargeRequest) { r.Reason = strings.Repeat("x", 201) },
			"an unknown source":  func(r *ledger.RechargeRequest) { r.From = "Paypal" },
			"no idempotency key": func(r *ledger.RechargeRequest) { r.Key = "" },
		} {
			r := ledger.RechargeRequest{Driver: driver, Account: a, Amount: eur("1.00"), From: ledger.FromAdmin, Reason: "r", Key: why}
			change(&r)
			if _, err := w.Recharge(t.Context(), w.a, r); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", why, err)
			}
		}
		w.has(t, a, "0", "0")
	})
}

func TestWalletNumberIsTakenOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		open := func() error {
			return w.write(t.Context(), w.a, func(tx ledger.Tx) error {
				_, err := ledger.OpenWallet(tx, w.a.Operator(), ident.SubOperator{}, "EUR", "10100000054")
				return err
			})
		}
		must(t, open())
		if err := open(); !fault.Is(err, fault.Conflict) {
			t.Errorf("%v", err)
		}
	})
}
