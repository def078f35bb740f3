// Command paysim is Stripe and PayPal for trying out payments without money: it serves
// both, with pages to pay on, until it is interrupted.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"ccms/internal/psp/psptest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, p := psptest.NewStripe(), psptest.NewPayPal()
	defer s.Close()
	defer p.Close()
	fmt.Printf("stripe %s secret_key %s webhook_secret %s\n", s.URL(), psptest.StripeKey, psptest.StripeHook)
	fmt.Printf("paypal %s client_id %s secret_key %s webhook_id %s\n", p.URL(), psptest.PayPalID, psptest.PayPalKey, psptest.PayPalHook)
	<-ctx.Done()
}
