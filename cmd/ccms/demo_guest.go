package main

import (
	"context"

	"ccms/cmd/ccms/demo"
	"ccms/internal/app"
	"ccms/internal/asset"
	"ccms/internal/operator"
	"ccms/internal/pay"
	"ccms/internal/psp/psptest"
)

// demoProviders are a Stripe and a PayPal without money, for guests of the demo.
type demoProviders struct {
	stripe *psptest.Stripe
	paypal *psptest.PayPal
}

func openProviders() *demoProviders {
	return &demoProviders{psptest.NewStripe(), psptest.NewPayPal()}
}

func (d *demoProviders) close() {
	d.stripe.Close()
	d.paypal.Close()
}

// offer has guests pay at the trial providers, and gives the code of a charge point to try
// it at; "" where there are other providers.
func (d *demoProviders) offer(ctx context.Context, a *app.App, w *demo.World, o operator.Operator, addr string) (string, error) {
	if d == nil || len(w.Points) == 0 {
		return "", nil
	}
	hooks := "http://" + addr + "/api/v1/payment-hooks/" + o.ID.String()
	d.stripe.HookURL, d.paypal.HookURL = hooks+"/stripe", hooks+"/paypal"
	have, err := a.Pay.Options(ctx, w.Scope())
	if err != nil {
		return "", err
	}
	text := func(s string) *string { return &s }
	for _, x := range have {
		c := pay.OptionChange{Method: x.Method, Enabled: true, Guests: true, Version: x.Version}
		switch x.Method {
		case pay.ByCard:
			c.Key, c.Webhook = text(psptest.StripeKey), text(psptest.StripeHook)
		case pay.ByPayPal:
			c.ID, c.Key, c.Webhook = text(psptest.PayPalID), text(psptest.PayPalKey), text(psptest.PayPalHook)
		default:
			continue
		}
		if x.Version > 1 { // somebody has decided
			continue
		}
		if _, err := a.Pay.SaveOption(ctx, w.Scope(), c); err != nil {
			return "", err
		}
	}
	best := w.Points[0]
	for _, p := range w.Points { // one where not everybody goes
		if !p.Guide && p.Type == asset.AC {
			best = p
			break
		}
	}
	return pay.CodeOf(o, best.ChargePoint) + "-1", nil
}
