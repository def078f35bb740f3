package ledger_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/unit"
)

func (w *world) reverse(t *testing.T, r ledger.ReversalRequest) (ledger.Recharge, error) {
	t.Helper()
	if r.Reason == "" {
		r.Reason = "wrong account"
	}
	if r.Key == "" {
		r.Key = "reverse " + r.Recharge.String()
	}
	return w.Reverse(t.Context(), w.a, r)
}

func TestReversalTakesARechargeBackAndPointsAtIt_RCH_R2(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "0")
		first := w.recharge(t, w.a, a, "30.00")
		kept := w.recharge(t, w.a, a, "12.50")
		back, err := w.reverse(t, ledger.ReversalRequest{Recharge: first.ID})
		must(t, err)
		if back.Kind != ledger.Reversal || back.Amount != eur("-30.00") || back.Reverses != first.ID || back.BalanceAfter != eur("12.50") ||
			back.State != ledger.Success || back.Account != a || back.Driver != first.Driver || back.Actor != w.a.Actor.Staff ||
			back.TransactionID == first.TransactionID || back.BalanceBefore() != eur("42.50") {
			t.Errorf("%+v", back)
		}
		w.has(t, a, "12.50", "0")
		d, err := w.RechargeDetail(t.Context(), w.a, first.ID)
		must(t, err)
		if d.State != ledger.Reversed || d.Reversed != eur("30.00") || d.Counterpart == nil || d.Counterpart.ID != back.ID {
			t.Errorf("the recharge: %+v", d)
		}
		d, err = w.RechargeDetail(t.Context(), w.a, back.ID)
		must(t, err)
		if d.Counterpart == nil || d.Counterpart.ID != first.ID || len(d.Postings) != 2 ||
			d.Postings[0] != (ledger.Posting{Book: ledger.Wallet, Account: a, Amount: eur("-30.00")}) ||
			d.Postings[1].Book != ledger.ManualCredit || d.Postings[1].Amount != eur("30.00") {
			t.Errorf("the reversal: %+v", d)
		}
		w.in(t, w.a, func(tx ledger.Tx) error {
			e, found, err := tx.EntryByKey(w.a.Operator(), "reversal:"+back.ID.String())
			if err == nil && (!found || e.Corrects != first.Entry || e.Amount != eur("30.00") || e.Debt != eur("0") || e.Balance != eur("12.50")) {
				t.Errorf("the entry: %+v %v", e, found)
			}
			return err
		})
		if _, err := w.Reverse(t.Context(), w.b, ledger.ReversalRequest{Recharge: kept.ID, Reason: "r", Key: "other"}); !fault.Is(err, fault.Missing) {
			t.Errorf("from another operator: %v", err)
		}
		if _, err := w.Reverse(t.Context(), w.sub1, ledger.ReversalRequest{Recharge: kept.ID, Reason: "r", Key: "sub"}); !fault.Is(err, fault.Missing) {
			t.Errorf("from a sub-operator: %v", err)
		}
		w.has(t, a, "12.50", "0")
		w.sound(t)
	})
}

func TestReversalIsDoneOnce_RCH_R2(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "100.00")
		r := w.recharge(t, w.a, a, "20.00")
		var mu sync.Mutex
		done, refused := map[string]int{}, 0
		var wg sync.WaitGroup
		for i := range 12 { // three keys, four times each
			wg.Go(func() {
				back, err := w.Reverse(context.Background(), w.a, ledger.ReversalRequest{Recharge: r.ID, Reason: "twice", Key: fmt.Sprint("k", i%3)})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					done[back.ID.String()]++
				case fault.Of(err).Code == "recharge_reversed":
					refused++
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(done) != 1 || refused != 8 {
			t.Errorf("%d reversals, %d refused", len(done), refused)
		}
		w.has(t, a, "100.00", "0")
		// In part is once, too.
		p := w.recharge(t, w.a, a, "9.00")
		part, err := w.reverse(t, ledger.ReversalRequest{Recharge: p.ID, Amount: eur("4.01")})
		must(t, err)
		if _, err := w.reverse(t, ledger.ReversalRequest{Recharge: p.ID, Amount: eur("1.00"), Key: "again"}); fault.Of(err).Code != "recharge_reversed" {
			t.Errorf("a second part: %v", err)
		}
		if _, err := w.reverse(t, ledger.ReversalRequest{Recharge: p.ID, Amount: eur("4.00")}); fault.Of(err).Code != "idempotency_key_reused" {
			t.Errorf("another amount with the same key: %v", err)
		}
		if _, err := w.reverse(t, ledger.ReversalRequest{Recharge: part.ID}); fault.Of(err).Code != "not_a_recharge" {
			t.Errorf("a reversal of a reversal: %v", err)
		}
		d, err := w.RechargeDetail(t.Context(), w.a, p.ID)
		must(t, err)
		if d.State != ledger.PartiallyReversed || d.Reversed != eur("4.01") {
			t.Errorf("%+v", d)
		}
		w.has(t, a, "104.99", "0")
		w.sound(t)
	})
}

func TestReversalLeavesWhatIsSpentOrHeldUnlessToldOtherwise_RCH_R2(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "0")
		r := w.recharge(t, w.a, a, "50.00")
		h := w.hold(t, w.point, a, "20.00")
		for amount, ok := range map[string]bool{"50.00": false, "30.01": false} {
			_, err := w.reverse(t, ledger.ReversalRequest{Recharge: r.ID, Amount: eur(amount)})
			if (err == nil) != ok || fault.Of(err).Code != "recharge_spent" {
				t.Errorf("%s of 50.00 with 20.00 held: %v", amount, err)
			}
		}
		w.has(t, a, "50.00", "20.00")
		back, err := w.reverse(t, ledger.ReversalRequest{Recharge: r.ID, Overdraw: true})
		must(t, err)
		if back.BalanceAfter != eur("0") {
			t.Errorf("%+v", back)
		}
		w.has(t, a, "0.00", "20.00")
		// The session that holds it ends: the bill is posted whole and is a debt.
		w.capture(t, w.point, h, bill(18_437), "capture")
		w.has(t, a, "-8.84", "0")
		owing := w.recharge(t, w.a, a, "5.00")
		if _, err := w.reverse(t, ledger.ReversalRequest{Recharge: owing.ID, Amount: eur("0.01")}); fault.Of(err).Code != "recharge_spent" {
			t.Errorf("of an account that owes: %v", err)
		}
		must(t, func() error {
			_, err := w.reverse(t, ledger.ReversalRequest{Recharge: owing.ID, Overdraw: true})
			return err
		}())
		w.has(t, a, "-8.84", "0")
		w.sound(t)
	})
}

func TestReversalSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a := w.wallet(t, w.a, "0")
		r := w.recharge(t, w.a, a, "10.00")
		for why, c := range map[string]struct {
			change  func(*ledger.ReversalRequest)
			pointer string
		}{
			"nothing":           {func(r *ledger.ReversalRequest) { r.Amount = eur("0") }, "/amount"},
			"less than nothing": {func(r *ledger.ReversalRequest) { r.Amount = eur("-1.00") }, "/amount"},
			"more than it was":  {func(r *ledger.ReversalRequest) { r.Amount = eur("10.01") }, "/amount"},
			"another currency":  {func(r *ledger.ReversalRequest) { r.Amount = money.New(100, "JPY") }, "/amount/currency"},
			"no reason":         {func(r *ledger.ReversalRequest) { r.Reason = "" }, "/reason"},
		} {
			req := ledger.ReversalRequest{Recharge: r.ID, Reason: "r", Key: why}
			c.change(&req)
			_, err := w.Reverse(t.Context(), w.a, req)
			if f := fault.Of(err); err == nil || f.Kind != fault.Invalid || f.Fields[0].Pointer != c.pointer {
				t.Errorf("%s: %v", why, err)
			}
		}
		w.has(t, a, "10.00", "0")
	})
}

func TestRechargeRecordIsFilteredAndSummedToTheCent_RCH_R4(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		a, b := w.wallet(t, w.a, "0"), w.wallet(t, w.a, "0")
		first := w.recharge(t, w.a, a, "10.00")
		w.clock.Advance(time.Second)
		from := w.clock.Now()
		w.recharge(t, w.a, a, "7.77")
		w.recharge(t, w.a, b, "10.00")
		_, err := w.reverse(t, ledger.ReversalRequest{Recharge: first.ID, Amount: eur("2.23")})
		must(t, err)
		w.wallet(t, w.b, "99.00")
		wa, err := w.Balance(t.Context(), w.a, a)
		must(t, err)
		for why, c := range map[string]struct {
			f                    ledger.RechargeFilter
			n                    int
			recharged, back, net string
		}{
			"everything":         {ledger.RechargeFilter{}, 4, "27.77", "2.23", "25.54"},
			"an account":         {ledger.RechargeFilter{Account: a}, 3, "17.77", "2.23", "15.54"},
			"its number":         {ledger.RechargeFilter{ChargingAccount: wa.Number}, 3, "17.77", "2.23", "15.54"},
			"recharges":          {ledger.RechargeFilter{Kind: ledger.Forward}, 3, "27.77", "0", "27.77"},
			"reversals":          {ledger.RechargeFilter{Kind: ledger.Reversal}, 1, "0", "2.23", "-2.23"},
			"an amount":          {ledger.RechargeFilter{Amount: eur("10.00")}, 2, "20.00", "0", "20.00"},
			"an amount, back":    {ledger.RechargeFilter{Amount: eur("2.23")}, 1, "0", "2.23", "-2.23"},
			"a number":           {ledger.RechargeFilter{TransactionID: first.TransactionID}, 1, "10.00", "0", "10.00"},
			"until":              {ledger.RechargeFilter{To: from}, 1, "10.00", "0", "10.00"},
			"from":               {ledger.RechargeFilter{From: from}, 3, "17.77", "2.23", "15.54"},
			"nobody of the name": {ledger.RechargeFilter{Words: "nobody"}, 0, "", "", ""},
		} {
			l, err := w.Recharges(t.Context(), w.a, c.f, operator.Page{})
			must(t, err)
			sums, capped, err := w.RechargeSums(t.Context(), w.a, c.f)
			must(t, err)
			if capped || len(l.Items) != c.n || l.Total != c.n {
				t.Errorf("%s: %d rows of %d, capped %v", why, len(l.Items), l.Total, capped)
			}
			if c.n == 0 {
				if len(sums) != 0 {
					t.Errorf("%s: %+v", why, sums)
				}
				continue
			}
			if s := sums[0]; len(sums) != 1 || s.Count != c.n || s.Recharged != eur(c.recharged) || s.Reversed != eur(c.back) || s.Net != eur(c.net) {
				t.Errorf("%s: %+v", why, sums)
			}
			total := eur("0")
			for _, r := range l.Items {
				total = total.Add(r.Amount)
			}
			if total != eur(c.net) {
				t.Errorf("%s: the rows come to %s", why, total)
			}
		}
		w.sound(t)
	})
}

// After a random history of recharges, charges and reversals, at once and repeated, the
// books come to nothing, every wallet is what its postings say and what a plain sum
// says, and no recharge has given back more than it gave (MON-R5).
func TestReversalsAfterARandomHistoryKeepTheBooks_MON_R5(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		const workers, steps = 8, 60
		var wg sync.WaitGroup
		for n := range workers {
			a := w.wallet(t, w.a, "0")
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(n), 24))
				plain := int64(0)
				var given []ledger.Recharge
				for i := range steps {
					switch r.IntN(4) {
					case 0:
						amount := int64(1 + r.IntN(9000))
						got, err := w.Recharge(context.Background(), w.a, ledger.RechargeRequest{Driver: driver, Account: a,
							Amount: money.New(amount, "EUR"), From: ledger.FromAdmin, Reason: "random", Key: fmt.Sprint(n, " ", i)})
						if err != nil {
							t.Error(err)
							return
						}
						plain += amount
						given = append(given, got)
					case 1, 2:
						if len(given) == 0 {
							continue
						}
						of := given[r.IntN(len(given))]
						req := ledger.ReversalRequest{Recharge: of.ID, Reason: "random", Overdraw: r.IntN(3) == 0, Key: fmt.Sprint("r", n, " ", i)}
						if r.IntN(2) == 0 {
							req.Amount = money.New(int64(1+r.IntN(int(of.Amount.Minor))), "EUR")
						}
						back, err := w.Reverse(context.Background(), w.a, req)
						switch code := fault.Of(err); {
						case err == nil:
							plain += back.Amount.Minor
							// The answer was lost: the same again changes nothing.
							if again, err := w.Reverse(context.Background(), w.a, req); err != nil || again.ID != back.ID {
								t.Errorf("the same again: %+v %v", again, err)
							}
						case code.Code != "recharge_reversed" && code.Code != "recharge_spent":
							t.Error(err)
						}
					case 3:
						again, err := w.randomCharge(r, a)
						if err != nil {
							t.Error(err)
							return
						}
						plain -= again
					}
				}
				now, err := w.Balance(context.Background(), w.a, a)
				if err != nil || now.Balance.Minor != plain || now.Held.Minor != 0 {
					t.Errorf("wallet %d has %v and holds %v, want %d: %v", n, now.Balance, now.Held, plain, err)
				}
				sums, _, err := w.RechargeSums(context.Background(), w.a, ledger.RechargeFilter{Account: a})
				if err != nil {
					t.Error(err)
				}
				for _, of := range given {
					d, err := w.RechargeDetail(context.Background(), w.a, of.ID)
					if err != nil || d.Amount.Less(d.Reversed) || (d.Counterpart != nil) != (d.State != ledger.Success) ||
						d.Counterpart != nil && d.Counterpart.Amount.Neg() != d.Reversed {
						t.Errorf("%+v %v", d, err)
					}
					if err == nil && len(sums) == 1 {
						sums[0].Net = sums[0].Net.Sub(d.Amount).Add(d.Reversed)
					}
				}
				if len(sums) == 1 && !sums[0].Net.Zero() {
					t.Errorf("sums and rows differ by %s", sums[0].Net)
				}
			})
		}
		wg.Wait()
		w.sound(t)
	})
}

// randomCharge holds, captures and says what was taken.
func (w *world) randomCharge(r *rand.Rand, a ident.Account) (int64, error) {
	ctx := context.Background()
	h := ledger.Hold{Account: a, Operator: w.point.Operator(), Session: newSession()}
	err := w.write(ctx, w.point, func(tx ledger.Tx) error {
		placed, err := ledger.PlaceHold(tx, ledger.HoldRequest{Account: a, Session: h.Session, Want: money.New(int64(1+r.IntN(3000)), "EUR"), Least: eur("0")})
		if err == nil {
			h = placed
		}
		return err
	})
	if err != nil && !fault.Is(err, fault.Limit) {
		return 0, err
	}
	b := bill(unit.Wh(r.IntN(20_000)))
	err = w.write(ctx, w.point, func(tx ledger.Tx) error {
		_, err := ledger.Capture(tx, h, b, "capture "+h.Session.String())
		return err
	})
	return b.Total.Minor, err
}
