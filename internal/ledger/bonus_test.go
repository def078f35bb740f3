package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/unit"
)

// BAL-R1: a recharge gives a bonus by the highest rule that it reaches; bonus is spent
// first or last, comes back to where it was spent from, and is not paid out.
func TestBonusIsSpentAndComesBackByTheSetting_BAL_R1(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		for _, c := range []struct {
			first              bool
			captured, returned string // paid and bonus after a bill of 8.84, and after it was 0
		}{
			{true, "91.16 and 0.00", "95.00 and 5.00"},
			{false, "86.16 and 5.00", "95.00 and 5.00"},
		} {
			w.rules(t, func(r *ledger.RechargeRules) {
				r.Bonus, r.BonusFirst = []ledger.BonusRule{{From: eur("50.00"), Bonus: eur("2.00")}, {From: eur("95.00"), Bonus: eur("5.00")}}, c.first
			})
			buckets := func(a ident.Account) string {
				now := must1(w.Balance(t.Context(), w.a, a))
				return now.Paid().Decimal() + " and " + now.Bonus.Decimal()
			}
			a := w.wallet(t, w.a, "0")
			r := w.recharge(t, w.a, a, "95.00")
			if r.Bonus != eur("5.00") || r.BalanceAfter != eur("100.00") || r.BalanceBefore() != eur("0") {
				t.Errorf("the recharge is %+v", r)
			}
			h := w.hold(t, w.point, a, "10.00")
			w.capture(t, w.point, h, bill(18_437), "c"+h.Session.String()) // 8.84
			if got := buckets(a); got != c.captured {
				t.Errorf("bonus first %v: after the bill %s, want %s", c.first, got, c.captured)
			}
			w.in(t, w.point, func(tx ledger.Tx) error {
				_, err := ledger.Adjust(tx, h, bill(18_437), bill(0), "a"+h.Session.String())
				return err
			})
			if got := buckets(a); got != c.returned {
				t.Errorf("bonus first %v: after it came back %s, want %s", c.first, got, c.returned)
			}
			// What is taken back takes its bonus with it; the bonus alone is never paid out.
			_, err := w.Reverse(t.Context(), w.a, ledger.ReversalRequest{Recharge: r.ID, Reason: "x", Key: r.ID.String()})
			must(t, err)
			if got := buckets(a); got != "0.00 and 0.00" {
				t.Errorf("after the recharge was taken back %s", got)
			}
			b := w.wallet(t, w.a, "95.00")
			w.late(t, w.point, b, w.clock.Now(), 18_437)
			last := must1(w.Recharges(t.Context(), w.a, ledger.RechargeFilter{Account: b}, page1)).Items[0]
			_, err = w.Reverse(t.Context(), w.a, ledger.ReversalRequest{Recharge: last.ID, Reason: "x", Key: last.ID.String()})
			if code(err) != "recharge_spent" {
				t.Errorf("a recharge that was spent in part: %v", err)
			}
		}
		w.sound(t)
	})
}

// Whatever happens to wallets with bonus, in whatever order: the books come to nothing,
// wallets and their bonus are what their postings say, and bonus is never below 0.
func TestRandomBonusKeepsTheBooksSound(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a := w.wallet(t, w.a, "0")
		r := rand.New(rand.NewPCG(6, 6))
		var given []ledger.Recharge
		var charged []ledger.Hold
		bills := map[ident.Session]unit.Wh{}
		entries := []ident.Entry{}
		for n := range 150 {
			if n%25 == 0 {
				w.rules(t, func(x *ledger.RechargeRules) {
					x.Bonus, x.BonusFirst = []ledger.BonusRule{{From: eur("10.00"), Bonus: money.New(int64(1+r.IntN(900)), "EUR")}}, r.IntN(2) == 0
				})
			}
			key := fmt.Sprint("op ", n)
			switch r.IntN(6) {
			case 0, 1:
				given = append(given, must1(w.Recharge(ctx, w.a, ledger.RechargeRequest{Driver: driver, Account: a, Amount: money.New(int64(1+r.IntN(3000)), "EUR"),
					From: ledger.FromAdmin, Reason: "x", Key: key})))
			case 2:
				energy := unit.Wh(r.IntN(40_000))
				h := ledger.Hold{Account: a, Operator: w.a.Operator(), Session: newSession()}
				s := w.capture(t, w.point, h, bill(energy), key)
				charged, bills[h.Session] = append(charged, h), energy
				if !s.Entry.IsZero() {
					entries = append(entries, s.Entry)
				}
			case 3:
				if len(charged) == 0 {
					continue
				}
				h := charged[r.IntN(len(charged))]
				to := unit.Wh(r.IntN(40_000))
				w.in(t, w.point, func(tx ledger.Tx) error {
					s, err := ledger.Adjust(tx, h, bill(bills[h.Session]), bill(to), key)
					if err == nil && !s.Entry.IsZero() {
						entries = append(entries, s.Entry)
					}
					return err
				})
				bills[h.Session] = to
			case 4:
				if len(given) == 0 {
					continue
				}
				of := given[r.IntN(len(given))]
				amount := money.New(1+r.Int64N(of.Amount.Minor), "EUR")
				_, err := w.Reverse(ctx, w.a, ledger.ReversalRequest{Recharge: of.ID, Amount: amount, Reason: "x", Key: key, Overdraw: r.IntN(3) == 0})
				if c := code(err); c != "" && c != "recharge_reversed" && c != "recharge_spent" {
					t.Fatal(err)
				}
			case 5:
				if len(entries) == 0 {
					continue
				}
				err := w.write(ctx, w.a, func(tx ledger.Tx) error {
					_, _, err := ledger.TakeBack(tx, ledger.TakeBackRequest{Entry: entries[r.IntN(len(entries))], Reason: "x", Key: key})
					return err
				})
				if c := code(err); c != "" && c != "entry_reversed" {
					t.Fatal(err)
				}
			}
			if now := must1(w.Balance(ctx, w.a, a)); now.Bonus.Minor < 0 {
				t.Fatalf("after %d: %+v", n, now)
			}
		}
		w.trial(t, w.a, "", "")
		w.sound(t)
	})
}
