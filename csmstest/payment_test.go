package csmstest

import (
	"bytes"
	"net/http"
	"path"
	"strings"
	"testing"

	"ccms/internal/app"
	"ccms/internal/authz"
	"ccms/internal/psp/psptest"
)

// withProviders is a World with a Stripe and a PayPal of its own on the same clock.
func withProviders(t *testing.T, f func(w *World, s *psptest.Stripe, p *psptest.PayPal)) {
	t.Helper()
	t.Parallel()
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s, p := psptest.NewStripe(), psptest.NewPayPal()
			t.Cleanup(s.Close)
			t.Cleanup(p.Close)
			on(t, engine, Options{Providers: app.Providers{Stripe: s.URL(), PayPal: p.URL()}}, func(w *World) {
				s.Now, p.Now = w.Clock.Now, w.Clock.Now
				f(w, s, p)
			})
		})
	}
}

// takesCards sets the operator up at the trial Stripe.
func (a *API) takesCards() {
	a.Do("PUT", "/api/v1/payment-options/card", M{"enabled": true, "secret_key": psptest.StripeKey, "webhook_secret": psptest.StripeHook}, "If-Match", `"1"`).Want(200)
}

func TestFIN_A6_aRechargeByCardThroughTheAPI(t *testing.T) {
	withProviders(t, func(w *World, s *psptest.Stripe, _ *psptest.PayPal) {
		admin := w.Staff(authz.OpAdmin)
		admin.takesCards()
		if o := admin.Do("POST", "/api/v1/payment-options/card/test", nil).Want(200).Body; o.Str("test_failure") != "" || o.Str("tested_at") == "" {
			w.Fatal(o)
		}
		d := w.Driver("CARD01", "0.00")
		p := admin.Do("POST", "/api/v1/drivers/"+d.ID.String()+"/payments", M{"amount": M{"amount": "20.00", "currency": "EUR"}, "method": "card",
			"save_card": true, "return_url": "https://portal.example/"}).Want(201).Body
		if p.Str("state") != "REQUIRES_ACTION" || !strings.HasPrefix(p.Str("action_url"), s.URL()) {
			w.Fatal(p)
		}
		s.Pay(path.Base(p.Str("action_url")), psptest.GoodCard)
		hook := "http://" + w.Addr + "/api/v1/payment-hooks/" + w.Operator.ID.String() + "/stripe"
		hooks := s.Hooks()
		for i := range 5 * len(hooks) { // nobody is logged in there: the signature is what counts
			if status, err := hooks[len(hooks)-1-i%len(hooks)].Send(hook); status != http.StatusNoContent || err != nil {
				w.Fatal(status, err)
			}
			w.Timers()
		}
		forged := hooks[0]
		forged.Body = bytes.Replace(forged.Body, []byte("evt_"), []byte("evu_"), 1)
		if status, _ := forged.Send(hook); status != http.StatusForbidden {
			w.Errorf("a forged one: %d", status)
		}
		if status, _ := hooks[0].Send(strings.Replace(hook, "/stripe", "/paypal", 1)); status != http.StatusNotFound {
			w.Errorf("a provider that is not set up: %d", status)
		}
		one := "/api/v1/payments/" + p.Str("id")
		p = admin.Get(one).Want(200).Body
		if p.Str("state") != "CAPTURED" || p.Str("captured", "amount") != "20.00" || p.Str("fee", "amount") != "0.55" || p.Str("action_url") != "" {
			w.Fatal(p)
		}
		rows := admin.Get("/api/v1/recharges?driver_id=" + d.ID.String() + "&kind=recharge&amount=20.00").Want(200).Items()
		if len(rows) != 1 || rows[0].Str("recharge_from") != "Card" || rows[0].Str("payment_id") != p.Str("id") {
			w.Fatal(rows)
		}
		// To take the recharge back is to refund its payment: the money goes to the card.
		admin.Do("POST", "/api/v1/recharges/"+rows[0].Str("id")+"/reversal", M{"amount": M{"amount": "2.00", "currency": "EUR"}, "reason": "asked"}).Want(201)
		no := admin.Do("POST", one+"/refunds", M{"amount": M{"amount": "18.01", "currency": "EUR"}, "reason_code": "OTHER", "reason": "x"}).Want(409).Body
		if no.Str("code") != "refund_too_much" || !strings.Contains(no.Str("detail"), "18.00 EUR") {
			w.Error(no)
		}
		if minor, n := s.SentBack(); minor != 200 || n != 1 {
			w.Errorf("%d in %d", minor, n)
		}
		// The card is kept, and charged without its holder.
		cards := admin.Get("/api/v1/drivers/" + d.ID.String() + "/cards").Want(200).Items()
		if len(cards) != 1 || cards[0].Str("last4") != "4242" {
			w.Fatal(cards)
		}
		again := admin.Do("POST", "/api/v1/drivers/"+d.ID.String()+"/payments", M{"amount": M{"amount": "5.00", "currency": "EUR"}, "method": "card",
			"card_id": cards[0].Str("id")}).Want(201).Body
		if again.Str("state") != "CAPTURED" {
			w.Fatal(again)
		}
		admin.Do("DELETE", "/api/v1/payment-cards/"+cards[0].Str("id"), nil).Want(204)
		if left := admin.Get("/api/v1/drivers/" + d.ID.String() + "/cards").Want(200).Items(); len(left) != 0 {
			w.Error(left)
		}
		if log := w.Server.String(); strings.Contains(log, psptest.StripeKey) || strings.Contains(log, psptest.StripeHook) {
			w.Error("a key in the log")
		}
	})
}
