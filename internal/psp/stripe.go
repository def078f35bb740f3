package psp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85"
	"github.com/stripe/stripe-go/v85/webhook"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/pay"
)

// Stripe is payment intents, and Checkout as the page to pay on: card data are typed there
// and nowhere else (PAY-R9).
type Stripe struct {
	url    string
	client *http.Client
}

// NewStripe reaches Stripe; url is for tests, "" is the real one.
func NewStripe(url string) *Stripe {
	return &Stripe{url: url, client: newClient()}
}

// newClient has a deadline of its own beside each call's context.
func newClient() *http.Client {
	return &http.Client{Timeout: pay.CallWithin, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Our names in Stripe's metadata.
const (
	metaPayment = "ccms_payment"
	metaStep    = "ccms_step"
)

// hookTolerance is how old a signature may be: Stripe signs each delivery anew.
const hookTolerance = 5 * time.Minute

// silent keeps Stripe's library from writing a log of its own.
type silent struct{}

func (silent) Debugf(string, ...any) {}
func (silent) Infof(string, ...any)  {}
func (silent) Warnf(string, ...any)  {}
func (silent) Errorf(string, ...any) {}

func (s *Stripe) with(a pay.Access) *stripe.Client {
	c := &stripe.BackendConfig{HTTPClient: s.client, MaxNetworkRetries: new(int64), EnableTelemetry: new(bool), LeveledLogger: silent{}}
	if s.url != "" {
		c.URL = stripe.String(s.url)
	}
	return stripe.NewClient(a.Secret.Key, stripe.WithBackends(&stripe.Backends{API: stripe.GetBackendWithConfig(stripe.APIBackend, c)}))
}

// Can implements pay.Gateway.
func (s *Stripe) Can() pay.Abilities { return pay.Abilities{Increment: true, Save: true} }

const withCharge = "latest_charge.balance_transaction"

// Do implements pay.Gateway.
func (s *Stripe) Do(ctx context.Context, a pay.Access, o pay.Order) (pay.Seen, error) {
	c := s.with(a)
	if o.Op == pay.OpCapture {
		o.Amount = takable(o.Amount)
	}
	minor, err := toStripe(o.Amount)
	if err != nil {
		return pay.Seen{}, err
	}
	meta := map[string]string{metaPayment: o.Payment.String(), metaStep: o.Key}
	var pi *stripe.PaymentIntent
	switch {
	case o.Op == pay.OpCreate && o.Card.Method == "":
		return s.page(ctx, c, o, minor, meta)
	case o.Op == pay.OpCreate:
		p := &stripe.PaymentIntentCreateParams{Amount: &minor, Currency: stripe.String(currency(o.Amount.Currency)), PaymentMethod: &o.Card.Method,
			Confirm: new(true), Description: &o.Text, PaymentMethodTypes: []*string{stripe.String("card")}, Metadata: meta}
		if o.Card.Customer != "" {
			p.Customer = &o.Card.Customer
		}
		if o.Present {
			p.ReturnURL = &o.ReturnURL
		} else {
			p.OffSession = new(true)
		}
		if o.Type == pay.Hold {
			p.CaptureMethod = stripe.String("manual")
		}
		p.SetIdempotencyKey(o.Key)
		p.AddExpand(withCharge)
		pi, err = c.V1PaymentIntents.Create(ctx, p)
	case o.Op == pay.OpCapture:
		p := &stripe.PaymentIntentCaptureParams{AmountToCapture: &minor}
		p.SetIdempotencyKey(o.Key)
		p.AddExpand(withCharge)
		pi, err = c.V1PaymentIntents.Capture(ctx, o.Refs.Money, p)
	case o.Op == pay.OpIncrement:
		p := &stripe.PaymentIntentIncrementAuthorizationParams{Amount: &minor}
		p.SetIdempotencyKey(o.Key)
		p.AddExpand(withCharge)
		pi, err = c.V1PaymentIntents.IncrementAuthorization(ctx, o.Refs.Money, p)
	case o.Op == pay.OpVoid && o.Refs.Money == "":
		p := &stripe.CheckoutSessionExpireParams{}
		p.SetIdempotencyKey(o.Key)
		if _, err := c.V1CheckoutSessions.Expire(ctx, o.Refs.Page, p); err != nil {
			return pay.Seen{}, stripeError(err)
		}
		return pay.Seen{Status: pay.LetGo}, nil
	case o.Op == pay.OpVoid:
		p := &stripe.PaymentIntentCancelParams{}
		p.SetIdempotencyKey(o.Key)
		pi, err = c.V1PaymentIntents.Cancel(ctx, o.Refs.Money, p)
	case o.Op == pay.OpRefund:
		return s.refund(ctx, c, o, minor, meta)
	default:
		return pay.Seen{}, refuse("unsupported", "Stripe has no such operation.")
	}
	if err != nil {
		return pay.Seen{}, stripeError(err)
	}
	return seenIntent(pi), nil
}

// page makes a page to pay on. It is over within an hour, so that a link that was left open
// is not paid by accident.
func (s *Stripe) page(ctx context.Context, c *stripe.Client, o pay.Order, minor int64, meta map[string]string) (pay.Seen, error) {
	p := &stripe.CheckoutSessionCreateParams{
		Mode: stripe.String("payment"), PaymentMethodTypes: []*string{stripe.String("card")}, ClientReferenceID: stripe.String(o.Payment.String()),
		SuccessURL: &o.ReturnURL, CancelURL: &o.ReturnURL, ExpiresAt: new(o.Since.Add(time.Hour).Unix()), Metadata: meta,
		LineItems: []*stripe.CheckoutSessionCreateLineItemParams{{Quantity: stripe.Int64(1), PriceData: &stripe.CheckoutSessionCreateLineItemPriceDataParams{
			Currency: stripe.String(currency(o.Amount.Currency)), UnitAmount: &minor,
			ProductData: &stripe.CheckoutSessionCreateLineItemPriceDataProductDataParams{Name: &o.Text}}}},
		PaymentIntentData: &stripe.CheckoutSessionCreatePaymentIntentDataParams{Metadata: meta, Description: &o.Text},
	}
	if o.Type == pay.Hold {
		p.PaymentIntentData.CaptureMethod = stripe.String("manual")
	}
	if o.SaveCard {
		p.CustomerCreation = stripe.String("always")
		p.PaymentIntentData.SetupFutureUsage = stripe.String("off_session")
	}
	p.SetIdempotencyKey(o.Key)
	cs, err := c.V1CheckoutSessions.Create(ctx, p)
	if err != nil {
		return pay.Seen{}, stripeError(err)
	}
	return seenPage(cs), nil
}

// refund sends money back. One that was asked for before is looked for first: Stripe forgets
// keys sooner than we give up.
func (s *Stripe) refund(ctx context.Context, c *stripe.Client, o pay.Order, minor int64, meta map[string]string) (pay.Seen, error) {
	if o.Again {
		l := &stripe.RefundListParams{PaymentIntent: &o.Refs.Money}
		l.Limit = stripe.Int64(100)
		for r, err := range c.V1Refunds.List(ctx, l).All(ctx) {
			if err != nil {
				return pay.Seen{}, stripeError(err)
			}
			if r.Metadata[metaStep] == o.Key {
				return seenRefund(r), nil
			}
		}
	}
	p := &stripe.RefundCreateParams{PaymentIntent: &o.Refs.Money, Amount: &minor, Metadata: meta}
	p.SetIdempotencyKey(o.Key)
	r, err := c.V1Refunds.Create(ctx, p)
	if err != nil {
		return pay.Seen{}, stripeError(err)
	}
	return seenRefund(r), nil
}

// Look implements pay.Gateway.
func (s *Stripe) Look(ctx context.Context, a pay.Access, o pay.Order) (pay.Seen, error) {
	c := s.with(a)
	switch {
	case o.Type == pay.Refund:
		r, err := c.V1Refunds.Retrieve(ctx, o.Refs.Money, nil)
		if err != nil {
			return pay.Seen{}, stripeError(err)
		}
		return seenRefund(r), nil
	case o.Refs.Money != "":
		p := &stripe.PaymentIntentRetrieveParams{}
		p.AddExpand(withCharge)
		pi, err := c.V1PaymentIntents.Retrieve(ctx, o.Refs.Money, p)
		if err != nil {
			return pay.Seen{}, stripeError(err)
		}
		return seenIntent(pi), nil
	case o.Refs.Page != "":
		p := &stripe.CheckoutSessionRetrieveParams{}
		p.AddExpand("payment_intent." + withCharge)
		cs, err := c.V1CheckoutSessions.Retrieve(ctx, o.Refs.Page, p)
		if err != nil {
			return pay.Seen{}, stripeError(err)
		}
		return seenPage(cs), nil
	}
	return pay.Seen{}, nil
}

func seenPage(cs *stripe.CheckoutSession) pay.Seen {
	seen := pay.Seen{Refs: pay.Refs{Page: cs.ID}}
	switch cs.Status {
	case stripe.CheckoutSessionStatusExpired:
		seen.Status = pay.Over
	case stripe.CheckoutSessionStatusComplete:
		if cs.PaymentIntent == nil {
			seen.Status = pay.InWork
			return seen
		}
		seen = seenIntent(cs.PaymentIntent)
		seen.Refs.Page = cs.ID
	default:
		seen.Status, seen.Action = pay.Waiting, cs.URL
		if pi := cs.PaymentIntent; pi != nil && pi.LastPaymentError != nil {
			seen.Failure = failureOf(pi.LastPaymentError)
		}
	}
	return seen
}

func seenIntent(pi *stripe.PaymentIntent) pay.Seen {
	seen := pay.Seen{Refs: pay.Refs{Money: pi.ID}}
	if pi.LastPaymentError != nil {
		seen.Failure = failureOf(pi.LastPaymentError)
	}
	if pi.PaymentMethod != nil {
		seen.Card.Method = pi.PaymentMethod.ID
	}
	if pi.Customer != nil {
		seen.Card.Customer = pi.Customer.ID
	}
	if ch := pi.LatestCharge; ch != nil {
		if d := ch.PaymentMethodDetails; d != nil && d.Card != nil {
			seen.Card.Brand, seen.Card.Last4, seen.Card.Month, seen.Card.Year = string(d.Card.Brand), d.Card.Last4, int(d.Card.ExpMonth), int(d.Card.ExpYear)
			if d.Card.CaptureBefore > 0 {
				seen.ExpiresAt = time.Unix(d.Card.CaptureBefore, 0).UTC()
			}
		}
		if t := ch.BalanceTransaction; t != nil && t.Currency == pi.Currency {
			seen.Fee = fromStripe(t.Fee, t.Currency)
		}
		seen.Refunded = fromStripe(ch.AmountRefunded, pi.Currency)
	}
	switch pi.Status {
	case stripe.PaymentIntentStatusRequiresPaymentMethod:
		seen.Status = pay.Declined
	case stripe.PaymentIntentStatusRequiresAction, stripe.PaymentIntentStatusRequiresConfirmation:
		seen.Status = pay.Waiting
		if n := pi.NextAction; n != nil && n.RedirectToURL != nil {
			seen.Action = n.RedirectToURL.URL
		}
	case stripe.PaymentIntentStatusProcessing:
		seen.Status = pay.InWork
	case stripe.PaymentIntentStatusRequiresCapture:
		seen.Status, seen.Held = pay.SetAside, fromStripe(pi.AmountCapturable, pi.Currency)
	case stripe.PaymentIntentStatusCanceled:
		seen.Status = pay.LetGo
		if pi.CancellationReason == stripe.PaymentIntentCancellationReasonAutomatic {
			seen.Status = pay.Over
		}
	case stripe.PaymentIntentStatusSucceeded:
		seen.Status, seen.Captured = pay.Taken, fromStripe(pi.AmountReceived, pi.Currency)
		if pi.LatestCharge != nil && pi.LatestCharge.Disputed {
			seen.Status = pay.Disputing
		}
	}
	return seen
}

func seenRefund(r *stripe.Refund) pay.Seen {
	seen := pay.Seen{Refs: pay.Refs{Money: r.ID}}
	switch r.Status {
	case stripe.RefundStatusSucceeded:
		seen.Status = pay.SentBack
	case stripe.RefundStatusFailed, stripe.RefundStatusCanceled:
		seen.Status, seen.Failure = pay.RefundFailed, pay.Failure{Code: string(r.FailureReason), Text: "The bank did not take the money back."}
		if seen.Failure.Code == "" {
			seen.Failure.Code = string(r.Status)
		}
	default:
		seen.Status = pay.SendingBack
	}
	return seen
}

func failureOf(e *stripe.Error) pay.Failure {
	code := string(e.DeclineCode)
	if code == "" {
		code = string(e.Code)
	}
	if code == "" {
		code = string(e.Type)
	}
	return pay.Failure{Code: code, Text: e.Msg, Retryable: code != "stolen_card" && code != "lost_card" && code != "fraudulent" && code != "expired_card"}
}

// stripeError tells a definite no from what nobody knows.
func stripeError(err error) error {
	var e *stripe.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.HTTPStatusCode == http.StatusUnauthorized || e.HTTPStatusCode == http.StatusForbidden:
		return fault.New(fault.Unavailable, "keys_refused", "Stripe does not take this key. Check it under Finance / Payment options.")
	case e.HTTPStatusCode == http.StatusConflict || e.HTTPStatusCode == http.StatusTooManyRequests || e.HTTPStatusCode >= 500 || e.HTTPStatusCode == 0:
		return fault.New(fault.Unavailable, "provider_error", "Stripe has answered with an error of its own.").Because(errors.New("stripe: status " + strconv.Itoa(e.HTTPStatusCode)))
	}
	return &pay.Refused{Failure: failureOf(e)}
}

func refuse(code, text string) error {
	return &pay.Refused{Failure: pay.Failure{Code: code, Text: text}}
}

// Hear implements pay.Gateway. While a signing secret is changed, both are right.
func (s *Stripe) Hear(_ context.Context, a pay.Access, d pay.Delivery) (pay.Notice, error) {
	header := d.Header["Stripe-Signature"]
	signed, found := signedAt(header)
	if !found || a.Now.Sub(signed) > hookTolerance || signed.Sub(a.Now) > hookTolerance {
		return pay.Notice{}, pay.ErrForged
	}
	if webhook.ValidatePayloadIgnoringTolerance(d.Body, header, a.Secret.Webhook) != nil &&
		(a.Secret.Former == "" || webhook.ValidatePayloadIgnoringTolerance(d.Body, header, a.Secret.Former) != nil) {
		return pay.Notice{}, pay.ErrForged
	}
	var e struct {
		ID   string `json:"id"`
		Type string `json:"type"`
		Data struct {
			Object struct {
				ID       string            `json:"id"`
				Object   string            `json:"object"`
				Metadata map[string]string `json:"metadata"`
				Intent   json.RawMessage   `json:"payment_intent"`
			} `json:"object"`
		} `json:"data"`
	}
	if err := json.Unmarshal(d.Body, &e); err != nil || e.ID == "" {
		return pay.Notice{}, pay.ErrForged
	}
	n := pay.Notice{ID: e.ID, Kind: e.Type}
	if id, err := ident.Parse[ident.Payment](e.Data.Object.Metadata[metaPayment]); err == nil {
		n.Payment = id
	}
	switch o := e.Data.Object; o.Object {
	case "checkout.session":
		n.Refs.Page = o.ID
	case "payment_intent", "refund":
		n.Refs.Money = o.ID
	default:
		var intent string
		if json.Unmarshal(o.Intent, &intent) == nil {
			n.Refs.Money = intent
		}
	}
	return n, nil
}

// signedAt is the t of Stripe's signature header.
func signedAt(header string) (time.Time, bool) {
	for part := range strings.SplitSeq(header, ",") {
		if k, v, _ := strings.Cut(strings.TrimSpace(part), "="); k == "t" {
			n, err := strconv.ParseInt(v, 10, 64)
			return time.Unix(n, 0), err == nil
		}
	}
	return time.Time{}, false
}

// mostMoved bounds one comparison.
const mostMoved = 20_000

var errTooMany = fault.New(fault.Limit, "too_many_movements", "The provider moved more in this time than can be compared at once.")

// Moved implements pay.Gateway.
func (s *Stripe) Moved(ctx context.Context, a pay.Access, from, to time.Time) ([]pay.Movement, error) {
	p := &stripe.BalanceTransactionListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: from.Unix(), LesserThan: to.Unix()}}
	p.Limit = stripe.Int64(100)
	p.AddExpand("data.source")
	var out []pay.Movement
	for t, err := range s.with(a).V1BalanceTransactions.List(ctx, p).All(ctx) {
		if err != nil {
			return nil, stripeError(err)
		}
		if len(out) == mostMoved {
			return nil, errTooMany
		}
		m := pay.Movement{Ref: t.ID, Amount: fromStripe(t.Amount, t.Currency), Fee: fromStripe(t.Fee, t.Currency), At: time.Unix(t.Created, 0).UTC()}
		var meta map[string]string
		switch src := t.Source; {
		case src == nil:
		case src.Charge != nil:
			meta, m.Ref = src.Charge.Metadata, src.Charge.ID
		case src.Refund != nil:
			meta, m.Ref = src.Refund.Metadata, src.Refund.ID
		}
		switch t.Type {
		case stripe.BalanceTransactionTypeCharge, stripe.BalanceTransactionTypePayment, stripe.BalanceTransactionTypeRefund,
			stripe.BalanceTransactionTypePaymentRefund, stripe.BalanceTransactionTypePaymentFailureRefund, stripe.BalanceTransactionTypeRefundFailure:
		default:
			continue // payouts, fees of the account: not between us and a driver
		}
		if id, err := ident.Parse[ident.Payment](meta[metaPayment]); err == nil {
			m.Payment = id
		}
		out = append(out, m)
	}
	return out, nil
}

// Test implements pay.Gateway.
func (s *Stripe) Test(ctx context.Context, a pay.Access) error {
	_, err := s.with(a).V1Balance.Retrieve(ctx, nil)
	if err != nil {
		return stripeError(err)
	}
	return nil
}

func currency(c money.Currency) string { return strings.ToLower(string(c)) }

// hundredths are currencies without decimals that Stripe counts in hundredths all the same.
func hundredths(c money.Currency) bool { return c == "ISK" || c == "UGX" }

// takable is what Stripe can take of a bill: with three decimals the last must be 0, and
// more than the bill is never taken.
func takable(a money.Amount) money.Amount {
	if a.Currency.Exponent() == 3 {
		a.Minor -= a.Minor % 10
	}
	return a
}

// toStripe is an amount as Stripe counts it.
func toStripe(a money.Amount) (int64, error) {
	switch {
	case hundredths(a.Currency):
		return a.Minor * 100, nil
	case a.Currency.Exponent() == 3 && a.Minor%10 != 0:
		return 0, refuse("amount_too_fine", "Stripe takes amounts in this currency with two decimals only.")
	}
	return a.Minor, nil
}

func fromStripe(n int64, c stripe.Currency) money.Amount {
	cur := money.Currency(strings.ToUpper(string(c)))
	if hundredths(cur) {
		n /= 100
	}
	return money.New(n, cur)
}
