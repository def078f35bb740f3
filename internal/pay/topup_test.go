package pay_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"ccms/internal/fault"
	"ccms/internal/operator"
	"ccms/internal/pay"
	"ccms/internal/psp/psptest"
)

func TestTopUpByCardIsPaidOnTheProvidersPageAndCreditedOnce_RCH_R3(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		p := w.topUp("25.00", func(r *pay.TopUpRequest) { r.SaveCard = true })
		if p.State != pay.RequiresAction || !strings.HasPrefix(p.Action, w.stripe.URL()) || w.balance() != "0.00" {
			t.Fatalf("%+v", p)
		}
		if !w.stripe.Pay(p.Refs.Page, psptest.GoodCard) {
			t.Fatal("the page does not take the card")
		}
		w.work(time.Hour) // no webhook ever came
		p = w.get(p.ID)
		if p.State != pay.Captured || p.Captured != eur("25.00") || p.Action != "" || p.Card.Last4 != "4242" || w.balance() != "25.00" || w.recharges() != 1 {
			t.Fatalf("%+v, balance %s", p, w.balance())
		}
		// The provider owes the operator what it took without its fee.
		if a, b := w.book("provider:stripe"), w.book("fees:stripe"); a != "-24.38" || b != "-0.62" {
			t.Fatal(a, b)
		}
		cards, err := w.Cards(t.Context(), w.staff, w.driver)
		if err != nil || len(cards) != 1 { // it is the one that was there
			t.Fatal(cards, err)
		}
	})
}

func TestFIN_A2_aCaptureWhoseAnswerIsLostIsOneCapture(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		w.stripe.Next("create", psptest.LostAfter, psptest.LostAfter, psptest.ErrorBefore)
		p := w.topUp("20.00", w.savedCard)
		if p.State != pay.Created || w.balance() != "0.00" {
			t.Fatalf("nobody knows yet: %+v", p)
		}
		again, err := w.TopUp(t.Context(), w.staff, pay.TopUpRequest{Driver: w.driver, Account: w.wallet, Amount: eur("20.00"), Method: pay.ByCard, Card: w.card, Key: p.Key})
		if err != nil || again.ID != p.ID {
			t.Fatal(again, err)
		}
		w.work(time.Hour)
		minor, times := w.stripe.Taken()
		if p = w.get(p.ID); p.State != pay.Captured || minor != 2000 || times != 1 || w.balance() != "20.00" || w.recharges() != 1 {
			t.Fatalf("%+v: taken %d in %d", p, minor, times)
		}
		if n := w.stripe.Calls("create"); n != 4 {
			t.Fatalf("asked %d times", n)
		}
	})
}

func TestACallHasADeadlineAndItsEndIsNotTheEndOfThePayment_FIN_A2(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		w.stripe.Next("create", psptest.HangAfter)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := w.TopUp(ctx, w.staff, pay.TopUpRequest{Driver: w.driver, Account: w.wallet, Amount: eur("20.00"), Method: pay.ByCard, Card: w.card, Key: "slow"})
		if err == nil {
			t.Fatal("it hangs")
		}
		w.work(time.Hour)
		if _, times := w.stripe.Taken(); times != 1 || w.balance() != "20.00" {
			t.Fatal(times, w.balance())
		}
	})
}

func TestAProviderThatIsDownForADayCostsNobodyAnything(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		paid := w.topUp("30.00", w.savedCard)
		w.stripe.Down(true)
		new1 := w.topUp("10.00", w.savedCard)
		back, err := w.Refund(t.Context(), w.staff, pay.RefundRequest{Payment: paid.ID, Amount: eur("5.00"), Code: pay.ByRequest, Reason: "asked", Key: "r"})
		w.must(err)
		w.work(24 * time.Hour)
		if p := w.get(new1.ID); p.State != pay.Failed || p.Failure.Code != "provider_error" || w.balance() != "25.00" {
			t.Fatalf("what would take money is given up before its key is forgotten: %+v", p)
		}
		w.stripe.Down(false)
		w.work(time.Hour)
		if p, of := w.get(back.ID), w.get(paid.ID); p.State != pay.Refunded || of.State != pay.PartiallyRefunded || w.balance() != "25.00" {
			t.Fatalf("what gives it back is not: %+v %+v", p, of)
		}
		if n := w.stripe.Calls("create"); n > 200 {
			t.Fatalf("%d calls in a day", n)
		}
	})
}

func TestADeclinedCardSaysWhyAndTakesNothing(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		p := w.topUp("25.00")
		if w.stripe.Pay(p.Refs.Page, psptest.DeclinedCard) {
			t.Fatal("it was taken")
		}
		w.work(time.Minute)
		if p = w.get(p.ID); p.State != pay.RequiresAction || p.Failure.Code != "insufficient_funds" || !p.Failure.Retryable {
			t.Fatalf("another card may be tried: %+v", p)
		}
		w.work(3 * time.Hour)
		if p = w.get(p.ID); p.State != pay.Expired || !p.DueAt.IsZero() || w.balance() != "0.00" {
			t.Fatalf("a page that nobody paid on is over: %+v", p)
		}
	})
}

func TestByPayPalTheOrderIsCapturedOnceThePayerAgreed(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		w.paypal.Next("confirm", psptest.LostAfter)
		p := w.topUp("25.00", byPayPal)
		if p.State != pay.RequiresAction || p.Action == "" {
			t.Fatalf("%+v", p)
		}
		w.paypal.Approve(p.Refs.Page)
		w.work(time.Hour)
		minor, times := w.paypal.Taken()
		if p = w.get(p.ID); p.State != pay.Captured || minor != 2500 || times != 1 || w.balance() != "25.00" {
			t.Fatalf("%+v, taken %d in %d", p, minor, times)
		}
		if a := w.book("provider:paypal"); a != "-23.93" { // 2.9 % and 0.35
			t.Fatal(a)
		}
		back, err := w.Refund(t.Context(), w.staff, pay.RefundRequest{Payment: p.ID, Code: pay.Duplicate, Reason: "twice", Key: "back"})
		if err != nil || back.State != pay.Refunded || w.balance() != "0.00" || w.get(p.ID).State != pay.Refunded {
			t.Fatal(back, err)
		}
		w.paypal.Decline(true)
		p = w.topUp("25.00", byPayPal)
		w.paypal.Approve(p.Refs.Page)
		w.work(time.Hour)
		if p = w.get(p.ID); p.State != pay.Failed || p.Failure.Code != "INSTRUMENT_DECLINED" {
			t.Fatalf("%+v", p)
		}
	})
}

func TestFIN_A6_aWebhookFiveTimesAndOutOfOrderIsOneRowAndOneCredit_RCH_R3_PAY_R7(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		p := w.topUp("25.00")
		w.stripe.Pay(p.Refs.Page, psptest.DeclinedCard)
		w.stripe.Pay(p.Refs.Page, psptest.GoodCard)
		hooks := w.stripe.Hooks()
		if len(hooks) < 4 {
			t.Fatal(len(hooks))
		}
		for range 5 {
			for i := len(hooks) - 1; i >= 0; i-- {
				w.must(w.hear(hooks[i], pay.Stripe))
				w.must(work(w))
			}
		}
		w.work(time.Hour)
		if w.balance() != "25.00" || w.recharges() != 1 || len(w.all()) != 1 {
			t.Fatal(w.balance(), w.recharges())
		}
		d, err := w.Detail(t.Context(), w.staff, p.ID)
		if err != nil || len(d.Notices) != len(hooks) {
			t.Fatalf("%d of %d are kept, each once: %v", len(d.Notices), len(hooks), err)
		}
		q := w.topUp("10.00", byPayPal)
		w.paypal.Approve(q.Refs.Page)
		for range 5 {
			for _, h := range w.paypal.Hooks() {
				w.must(w.hear(h, pay.PayPal))
			}
			w.must(work(w))
		}
		if w.balance() != "35.00" || w.recharges() != 2 {
			t.Fatal(w.balance(), w.recharges())
		}
	})
}

func work(w *world) error {
	_, err := w.Work(w.Context(), w.clock.Now())
	return err
}

func TestAForgedWebhookIsRefused_PAY_R7(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		p := w.topUp("25.00")
		w.stripe.Pay(p.Refs.Page, psptest.GoodCard)
		h := w.stripe.Hooks()[0]
		now := w.clock.Now()
		for why, forged := range map[string]psptest.Hook{
			"another's secret":    w.stripe.Signed(h.ID, h.Kind, h.Body, "whsec_other", now),
			"another's body":      {Header: h.Header, Body: []byte(strings.Replace(string(h.Body), "pi_", "pj_", 1))},
			"no signature":        {Body: h.Body},
			"six minutes old":     w.stripe.Signed(h.ID, h.Kind, h.Body, psptest.StripeHook, now.Add(-6*time.Minute)),
			"of the future":       w.stripe.Signed(h.ID, h.Kind, h.Body, psptest.StripeHook, now.Add(6*time.Minute)),
			"signed but no event": w.stripe.Signed(h.ID, h.Kind, []byte(`{}`), psptest.StripeHook, now),
		} {
			if err := w.hear(forged, pay.Stripe); code(err) != "signature" {
				t.Errorf("%s: %v", why, err)
			}
		}
		if err := w.hear(w.stripe.Signed(h.ID, h.Kind, h.Body, psptest.StripeHook, now.Add(-4*time.Minute)), pay.Stripe); err != nil {
			t.Errorf("four minutes are not too old: %v", err)
		}
		// While the signing secret is changed, both are right.
		o, err := w.Options(t.Context(), w.staff)
		w.must(err)
		text := "whsec_next"
		_, err = w.SaveOption(t.Context(), w.staff, pay.OptionChange{Method: pay.ByCard, Enabled: true, Webhook: &text, Version: o[0].Version})
		w.must(err)
		for _, secret := range []string{psptest.StripeHook, "whsec_next"} {
			if err := w.hear(w.stripe.Signed(h.ID, h.Kind, h.Body, secret, now), pay.Stripe); err != nil {
				t.Errorf("%s: %v", secret, err)
			}
		}
		q := w.topUp("10.00", byPayPal)
		w.paypal.Approve(q.Refs.Page)
		hook := w.paypal.Hooks()[0]
		hook.Body = []byte(strings.Replace(string(hook.Body), "APPROVED", "COMPLETED", 1))
		if err := w.hear(hook, pay.PayPal); code(err) != "signature" {
			t.Errorf("a changed body at PayPal: %v", err)
		}
		w.paypal.Next("verify", psptest.ErrorBefore)
		if err := w.hear(w.paypal.Hooks()[0], pay.PayPal); !fault.Is(err, fault.Unavailable) {
			t.Errorf("what cannot be verified now comes again: %v", err)
		}
	})
}

func TestFIN_A5_refundsAreNeverMoreThanIsLeft_PAY_R8(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		p := w.topUp("8.84", w.savedCard)
		ask := func(amount, key string) (pay.Payment, error) {
			return w.Refund(t.Context(), w.staff, pay.RefundRequest{Payment: p.ID, Amount: eur(amount), Code: pay.ByRequest, Reason: "asked for it", Key: key})
		}
		back, err := ask("2.00", "a")
		if err != nil || back.State != pay.Refunded || w.balance() != "6.84" {
			t.Fatal(back, err)
		}
		_, err = ask("9.00", "b")
		if code(err) != "refund_too_much" || !strings.Contains(err.Error(), "6.84") {
			t.Fatalf("%v", err)
		}
		if same, err := ask("2.00", "a"); err != nil || same.ID != back.ID {
			t.Fatal("the same key is the same refund", same, err)
		}
		w.stripe.Next("refund", psptest.LostAfter) // on its way: it counts
		if back, err = ask("6.00", "c"); err != nil || back.State != pay.Created {
			t.Fatal(back, err)
		}
		if _, err = ask("0.85", "d"); code(err) != "refund_too_much" || !strings.Contains(err.Error(), "0.84") {
			t.Fatalf("%v", err)
		}
		w.work(time.Hour)
		if back, err = ask("0.84", "e"); err != nil || w.get(p.ID).State != pay.Refunded || w.balance() != "0.00" {
			t.Fatal(back, err, w.balance())
		}
		if minor, times := w.stripe.SentBack(); minor != 884 || times != 3 {
			t.Fatal(minor, times)
		}
		if w.book("provider:stripe") != "0.38" { // only its fee is left
			t.Fatal(w.book("provider:stripe"))
		}
	})
}

func TestARefundTakesWhatIsSpentOnlyWhereItIsSaid_RCH_R2(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		p := w.topUp("20.00", w.savedCard)
		w.spend("15.00")
		r := pay.RefundRequest{Payment: p.ID, Amount: eur("6.00"), Code: pay.ByRequest, Reason: "asked", Key: "a"}
		if _, err := w.Refund(t.Context(), w.staff, r); code(err) != "recharge_spent" {
			t.Fatal(err)
		}
		if q := w.get(p.ID); q.Refunding.Minor != 0 || len(w.all()) != 1 {
			t.Fatalf("nothing is left of a refused refund: %+v", q)
		}
		r.Overdraw, r.Key = true, "b"
		if _, err := w.Refund(t.Context(), w.staff, r); err != nil || w.balance() != "-1.00" {
			t.Fatal(err, w.balance())
		}
	})
}

func TestARefundThatFailsAtTheProviderIsTheWalletsAgain(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		p := w.topUp("20.00", byPayPal)
		w.paypal.Approve(p.Refs.Page)
		w.work(time.Hour)
		w.paypal.Drain(w.get(p.ID).Refs.Money)
		back, err := w.Refund(t.Context(), w.staff, pay.RefundRequest{Payment: p.ID, Amount: eur("5.00"), Code: pay.ByRequest, Reason: "asked", Key: "a"})
		if err != nil || back.State != pay.Failed || back.Failure.Code != "REFUND_AMOUNT_EXCEEDED" || w.balance() != "20.00" {
			t.Fatalf("%+v %v %s", back, err, w.balance())
		}
		if q := w.get(p.ID); q.Remaining() != eur("20.00") || q.State != pay.Captured {
			t.Fatalf("%+v", q)
		}
	})
}

func TestTopUpSaysWhatIsWrong(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		good := pay.TopUpRequest{Driver: w.driver, Account: w.wallet, Amount: eur("20.00"), Method: pay.ByCard, Card: w.card, Key: "k"}
		for _, c := range []struct {
			why    string
			change func(*pay.TopUpRequest)
			want   string
		}{
			{"nothing", func(r *pay.TopUpRequest) { r.Amount = eur("0.00") }, "invalid_input"},
			{"cash is the desk's", func(r *pay.TopUpRequest) { r.Method = pay.Cash }, "invalid_input"},
			{"a page that leads nowhere", func(r *pay.TopUpRequest) { r.Card, r.ReturnURL = zeroCard, "javascript:alert(1)" }, "invalid_input"},
			{"no key", func(r *pay.TopUpRequest) { r.Key = "" }, "idempotency_key_missing"},
			{"another's card", func(r *pay.TopUpRequest) { r.Driver = otherDriver }, "not_found"},
			{"another currency", func(r *pay.TopUpRequest) { r.Amount.Currency = "USD" }, "invalid_input"},
			{"more than anybody may", func(r *pay.TopUpRequest) { r.Amount = eur("100000.01") }, "invalid_input"},
		} {
			r := good
			c.change(&r)
			if _, err := w.TopUp(t.Context(), w.staff, r); code(err) != c.want {
				t.Errorf("%s: %v", c.why, err)
			}
		}
		o, err := w.Options(t.Context(), w.staff)
		w.must(err)
		_, err = w.SaveOption(t.Context(), w.staff, pay.OptionChange{Method: pay.ByCard, Version: o[0].Version})
		w.must(err)
		if _, err := w.TopUp(t.Context(), w.staff, good); code(err) != "method_not_offered" {
			t.Error(err)
		}
		if n := w.stripe.Calls("create"); n != 0 {
			t.Errorf("Stripe was asked %d times", n)
		}
	})
}

func TestKeysOfAProviderAreSealedAndNobodyReadsThemBack(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		o, err := w.Options(t.Context(), w.staff)
		if err != nil || len(o) != 4 || o[0].Method != pay.ByCard || o[0].Secret.Key+o[0].Secret.Webhook != "" || o[0].Hint != "6789" || !o[0].HookSet {
			t.Fatalf("%+v %v", o, err)
		}
		tested, err := w.TestOption(t.Context(), w.staff, pay.ByCard)
		if err != nil || tested.TestFailure != "" || tested.TestedAt.IsZero() {
			t.Fatalf("%+v %v", tested, err)
		}
		bad := "sk_test_of_somebody_else"
		changed, err := w.SaveOption(t.Context(), w.staff, pay.OptionChange{Method: pay.ByCard, Enabled: true, Key: &bad, Version: tested.Version})
		if err != nil || !changed.TestedAt.IsZero() {
			t.Fatalf("a new key was not tested yet: %+v %v", changed, err)
		}
		if tested, err = w.TestOption(t.Context(), w.staff, pay.ByCard); err != nil || !strings.Contains(tested.TestFailure, "does not take this key") {
			t.Fatalf("%+v %v", tested, err)
		}
		if _, err = w.SaveOption(t.Context(), w.staff, pay.OptionChange{Method: pay.ByCard, Enabled: true, Version: 2}); code(err) != "stale_version" {
			t.Fatal(err)
		}
		empty := ""
		if _, err = w.SaveOption(t.Context(), w.staff, pay.OptionChange{Method: pay.ByCard, Enabled: true, Key: &empty, Version: tested.Version}); code(err) != "invalid_input" {
			t.Fatal("it is offered without a key", err)
		}
		if disk := w.onDisk(); strings.Contains(disk, psptest.StripeHook) || strings.Contains(disk, psptest.PayPalKey) {
			t.Error("a key lies in the database as it is")
		}
	})
}

func TestNightlyTheProviderAndTheLedgerAreCompared_PAY_R7(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		p := w.topUp("20.00", w.savedCard)
		_, err := w.Refund(t.Context(), w.staff, pay.RefundRequest{Payment: p.ID, Amount: eur("5.00"), Code: pay.ByRequest, Reason: "x", Key: "a"})
		w.must(err)
		q := w.topUp("25.00", byPayPal)
		w.paypal.Approve(q.Refs.Page)
		w.work(14*time.Hour + 4*time.Hour) // past midnight, and past what is late
		n, err := w.Reconcile(t.Context(), w.clock.Now())
		if err != nil || n != 6 { // three days of two providers
			t.Fatal(n, err)
		}
		if n, err = w.Reconcile(t.Context(), w.clock.Now()); err != nil || n != 0 {
			t.Fatal("a day is compared once", n, err)
		}
		l, err := w.Checks(t.Context(), w.staff, operator.Page{})
		w.must(err)
		sums := map[pay.Provider]pay.Check{}
		for _, c := range l.Items {
			if c.State != pay.Matched {
				t.Errorf("%+v", c)
			}
			if c.Day == "2026-11-22" {
				sums[c.Provider] = c
			}
		}
		if a, b := sums[pay.Stripe], sums[pay.PayPal]; a.AtProvider != eur("15.00") || a.InLedger != eur("15.00") || a.Matched != 2 || b.InLedger != eur("25.00") {
			t.Fatalf("%+v %+v", a, b)
		}
		// Somebody takes money with the operator's login there, and one of ours is lost.
		w.stripe.Stray(4200, "eur")
		lost := w.topUp("10.00", w.savedCard)
		w.stripe.Forget(w.get(lost.ID).Refs.Money)
		w.work(24 * time.Hour)
		w.stripe.Next("moved", psptest.ErrorBefore)
		_, err = w.Reconcile(t.Context(), w.clock.Now())
		w.must(err)
		if c := w.check(pay.Stripe, "2026-11-23"); c.State != pay.CheckFailed || c.Failure == "" {
			t.Fatalf("%+v", c)
		}
		_, err = w.Reconcile(t.Context(), w.clock.Now())
		w.must(err)
		c := w.check(pay.Stripe, "2026-11-23")
		if c.State != pay.DriftFound || len(c.Drifts) != 2 {
			t.Fatalf("%+v", c)
		}
		if d := c.Drifts[0]; !d.Payment.IsZero() || d.AtProvider != eur("42.00") {
			t.Fatalf("%+v", d)
		}
		if d := c.Drifts[1]; d.Payment != lost.ID || d.AtProvider != eur("0.00") || d.InLedger != eur("10.00") {
			t.Fatalf("%+v", d)
		}
	})
}

func TestAProcessThatEndsBetweenAnyTwoStepsTakesMoneyOnce_FIN_A2(t *testing.T) {
	each(t, func(w *world) {
		t := w.T
		paid, back := 0, 0
		for n := 1; ; n++ {
			w.dies.set(n)
			w.serial++
			r := pay.TopUpRequest{Driver: w.driver, Account: w.wallet, Amount: eur("20.00"), Method: pay.ByCard, Card: w.card, Key: "crash-" + time.Duration(n).String()}
			p, err := w.TopUp(t.Context(), w.staff, r)
			if err == nil {
				_, err = w.Refund(t.Context(), w.staff, pay.RefundRequest{Payment: p.ID, Amount: eur("5.00"), Code: pay.ByRequest, Reason: "x", Key: "back" + r.Key})
			}
			ended := w.dies.ended()
			w.dies.set(0)
			w.restart()
			w.work(30 * time.Minute)
			if err != nil { // whoever asked asks again, with the same keys
				p, err = w.TopUp(t.Context(), w.staff, r)
				w.must(err)
				_, err = w.Refund(t.Context(), w.staff, pay.RefundRequest{Payment: p.ID, Amount: eur("5.00"), Code: pay.ByRequest, Reason: "x", Key: "back" + r.Key})
				w.must(err)
			}
			w.work(30 * time.Minute)
			paid, back = paid+1, back+1
			if _, times := w.stripe.Taken(); times != paid {
				t.Fatalf("ended at %d: taken %d times instead of %d", n, times, paid)
			}
			if _, times := w.stripe.SentBack(); times != back {
				t.Fatalf("ended at %d: sent back %d times instead of %d", n, times, back)
			}
			if want := eur("15.00"); w.balance() != (pay.Payment{Captured: eur("0.00")}.Captured.Add(mul(want, n))).Decimal() {
				t.Fatalf("ended at %d: the wallet has %s", n, w.balance())
			}
			if !ended {
				if n < 12 {
					t.Fatalf("it ended only in %d places", n)
				}
				return
			}
		}
	})
}
