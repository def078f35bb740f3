package web

import (
	"context"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/pay"
)

// Payment is money on its way through a payment provider.
type Payment struct {
	ID              ident.Payment   `json:"id"`
	Type            pay.Type        `json:"type" enum:"HOLD,SALE,TOPUP,REFUND"`
	State           pay.State       `json:"state" enum:"CREATED,REQUIRES_ACTION,AUTHORISED,INCREMENTED,CAPTURE_PENDING,CAPTURED,PARTIALLY_REFUNDED,REFUNDED,VOIDED,EXPIRED,FAILED,DISPUTED"`
	Provider        pay.Provider    `json:"provider" enum:"stripe,paypal"`
	Time            time.Time       `json:"time"`
	DriverID        ident.Driver    `json:"driver_id,omitzero" doc:"Absent: a guest."`
	User            string          `json:"user,omitempty" doc:"The driver's name." export:"pii"`
	Account         string          `json:"account,omitempty" doc:"The driver's login." export:"pii"`
	ChargingAccount string          `json:"charging_account,omitempty"`
	SessionID       ident.Session   `json:"session_id,omitzero"`
	Of              ident.Payment   `json:"of,omitzero" doc:"Of a refund: the payment that goes back."`
	Amount          Money           `json:"amount" doc:"What was asked for; of a hold what is held."`
	Captured        Money           `json:"captured" export:"bare"`
	Refunded        Money           `json:"refunded" doc:"Given back, or on its way back." export:"bare"`
	Remaining       Money           `json:"remaining" doc:"What may still be given back." export:"bare"`
	Fee             *Money          `json:"fee,omitempty" doc:"What the provider kept, once it is told." export:"bare"`
	ProviderRef     string          `json:"provider_ref,omitempty" doc:"The provider's name of it, to be found there."`
	Card            *PaymentCardFew `json:"card,omitempty" export:"pii"`
	ActionURL       string          `json:"action_url,omitempty" doc:"Where the payer has to go; absent once that is over." export:"-"`
	Failure         *PaymentFailure `json:"failure,omitempty" doc:"The last no of the provider or the bank."`
	ReasonCode      pay.ReasonCode  `json:"reason_code,omitempty" doc:"Of a refund."`
	Reason          string          `json:"reason,omitempty" export:"pii"`
	ExpiresAt       time.Time       `json:"expires_at,omitzero" doc:"Until when the provider holds it."`
	EndedAt         time.Time       `json:"ended_at,omitzero"`
	RechargeID      ident.Recharge  `json:"recharge_id,omitzero" doc:"What it did to the wallet."`
	CanRefund       bool            `json:"can_refund" doc:"Something is left to give back, and the caller may." export:"-"`
	Masked          bool            `json:"masked" export:"-"`
}

// PaymentCardFew is what is known of a card.
type PaymentCardFew struct {
	Brand string `json:"brand,omitempty" example:"visa"`
	Last4 string `json:"last4,omitempty" example:"4242"`
	Month int    `json:"month,omitempty"`
	Year  int    `json:"year,omitempty"`
}

// PaymentFailure is why a provider did not do what it was asked.
type PaymentFailure struct {
	Code      string `json:"code" doc:"The provider's."`
	Text      string `json:"text"`
	Retryable bool   `json:"retryable" doc:"It may go well another time."`
}

func failureFrom(f pay.Failure) *PaymentFailure {
	return some(PaymentFailure{f.Code, f.Text, f.Retryable}, f.Code != "")
}

func cardFrom(c pay.Card) *PaymentCardFew {
	return some(PaymentCardFew{c.Brand, c.Last4, c.Month, c.Year}, c.Last4 != "")
}

func (h *handlers) payment(ctx context.Context, r pay.Row) Payment {
	c := callerOf(ctx)
	d := member.Driver{Account: r.DriverAccount, Name: r.DriverName, ChargingAccount: r.ChargingAccount}
	masked := !c.May(authz.PIIView)
	if masked {
		d = d.Masked()
	}
	out := Payment{ID: r.ID, Type: r.Type, State: r.State, Provider: r.Provider, Time: at(r.At), DriverID: r.Driver, User: d.Name, Account: d.Account,
		ChargingAccount: d.ChargingAccount, SessionID: r.Session, Of: r.Of, Amount: amount(r.Amount), Captured: amount(r.Captured),
		Refunded: amount(r.Refunded.Add(r.Refunding)), Remaining: amount(r.Remaining()), ProviderRef: r.Refs.Money, Card: cardFrom(r.Card),
		Failure: failureFrom(r.Failure), ReasonCode: r.ReasonAs, Reason: r.Reason, ExpiresAt: at(r.ExpiresAt), EndedAt: at(r.EndedAt),
		RechargeID: r.Recharge, Masked: masked,
		CanRefund: r.Type != pay.Refund && r.State.Paid() && r.Remaining().Minor > 0 && c.May(authz.FinanceWrite)}
	if out.ProviderRef == "" {
		out.ProviderRef = r.Refs.Page
	}
	if r.Fee.Minor != 0 {
		out.Fee = someAmount(r.Fee)
	}
	if c.May(authz.FinanceWrite) {
		out.ActionURL = r.Action
	}
	return out
}

// PaymentPath is the {id} in a path.
type PaymentPath struct {
	ID ident.Payment `path:"id"`
}

// PaymentDetail is one payment with all that happened to it.
type PaymentDetail struct {
	Payment
	Steps   []PaymentStep   `json:"steps" doc:"What the provider was asked for, oldest first."`
	Notices []PaymentNotice `json:"notices" doc:"Webhooks of it, oldest first."`
	Refunds []PaymentRefund `json:"refunds" doc:"Oldest first."`
}

// PaymentStep is one operation that the provider was asked for.
type PaymentStep struct {
	Number  int             `json:"number"`
	Op      pay.Op          `json:"op" enum:"create,confirm,increment,capture,void,refund"`
	Amount  Money           `json:"amount"`
	State   pay.StepState   `json:"state" enum:"OPEN,DONE,REFUSED,GIVEN_UP"`
	Tries   int             `json:"tries"`
	BeganAt time.Time       `json:"began_at"`
	EndedAt time.Time       `json:"ended_at,omitzero"`
	Failure *PaymentFailure `json:"failure,omitempty" doc:"Of the last try."`
}

// PaymentNotice is a webhook. It is looked up, not believed.
type PaymentNotice struct {
	Kind       string    `json:"kind" example:"payment_intent.succeeded"`
	ReceivedAt time.Time `json:"received_at"`
}

// PaymentRefund is money of a payment that goes back.
type PaymentRefund struct {
	ID         ident.Payment   `json:"id"`
	Amount     Money           `json:"amount"`
	State      pay.State       `json:"state" enum:"CREATED,REFUNDED,FAILED"`
	Time       time.Time       `json:"time"`
	ReasonCode pay.ReasonCode  `json:"reason_code"`
	Reason     string          `json:"reason"`
	Failure    *PaymentFailure `json:"failure,omitempty"`
}

func (h *handlers) getPayment(ctx context.Context, in *PaymentPath) (*single[PaymentDetail], error) {
	d, err := h.svc.Pay.Detail(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out := PaymentDetail{Payment: h.payment(ctx, d.Row), Steps: []PaymentStep{}, Notices: []PaymentNotice{}, Refunds: []PaymentRefund{}}
	for _, s := range d.Steps {
		out.Steps = append(out.Steps, PaymentStep{s.Number, s.Op, amount(s.Amount), s.State, s.Tries, at(s.At), at(s.EndedAt), failureFrom(s.Failure)})
	}
	for _, n := range d.Notices {
		out.Notices = append(out.Notices, PaymentNotice{n.Kind, at(n.At)})
	}
	for _, r := range d.Refunds {
		out.Refunds = append(out.Refunds, PaymentRefund{r.ID, amount(r.Amount), r.State, at(r.At), r.ReasonAs, r.Reason, failureFrom(r.Failure)})
	}
	return singleOf(out, 0), nil
}

type paymentsInput struct {
	Paging
	DriverID  ident.Driver  `query:"driver_id"`
	SessionID ident.Session `query:"session_id"`
	Provider  pay.Provider  `query:"provider" enum:"stripe,paypal"`
	Type      pay.Type      `query:"type" enum:"HOLD,SALE,TOPUP,REFUND"`
	State     []pay.State   `query:"state" maxItems:"12" enum:"CREATED,REQUIRES_ACTION,AUTHORISED,INCREMENTED,CAPTURE_PENDING,CAPTURED,PARTIALLY_REFUNDED,REFUNDED,VOIDED,EXPIRED,FAILED,DISPUTED" doc:"Any of these, separated by commas."`
	From      time.Time     `query:"from" doc:"At or after."`
	To        time.Time     `query:"to" doc:"Before."`
}

func (h *handlers) listPayments(ctx context.Context, in *paymentsInput) (*found[Payment], error) {
	f := pay.Filter{Driver: in.DriverID, Session: in.SessionID, Provider: in.Provider, Type: in.Type, States: in.State, From: in.From, To: in.To}
	l, err := h.svc.Pay.Payments(ctx, scopeOf(ctx), f, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, func(r pay.Row) Payment { return h.payment(ctx, r) }), nil
}

type topUpInput struct {
	DriverPath
	Key  string `header:"Idempotency-Key" hidden:"true"`
	Body struct {
		Amount    Money      `json:"amount"`
		Method    pay.Method `json:"method" enum:"card,paypal"`
		CardID    ident.Card `json:"card_id,omitzero" doc:"A card that the driver keeps: it is charged at once. Absent: the payer goes to action_url."`
		SaveCard  bool       `json:"save_card,omitempty" doc:"Keep the card for later."`
		ReturnURL string     `json:"return_url,omitempty" maxLength:"500" doc:"Where the provider's page leads back to; needed without card_id."`
	} `nameHint:"PaymentNew"`
}

func (h *handlers) createPayment(ctx context.Context, in *topUpInput) (*made[Payment], error) {
	c := callerOf(ctx)
	d, err := h.svc.Member.Driver(ctx, c.Scope, in.ID)
	if err != nil {
		return nil, err
	}
	a, err := in.Body.Amount.parse("/amount")
	if err != nil {
		return nil, err
	}
	p, err := h.svc.Pay.TopUp(ctx, c.Scope, pay.TopUpRequest{Driver: d.ID, Account: d.Wallet, Amount: a, Method: in.Body.Method, Card: in.Body.CardID,
		SaveCard: in.Body.SaveCard, ReturnURL: strings.TrimSpace(in.Body.ReturnURL), Key: c.Staff.ID.String() + ":" + in.Key})
	if err != nil {
		return nil, err
	}
	return h.madePayment(ctx, p)
}

func (h *handlers) madePayment(ctx context.Context, p pay.Payment) (*made[Payment], error) {
	d, err := h.svc.Pay.Detail(ctx, scopeOf(ctx), p.ID)
	if err != nil {
		return nil, err
	}
	return madeOf(h.payment(ctx, d.Row), 0, "/api/v1/payments/"+p.ID.String()), nil
}

type refundInput struct {
	PaymentPath
	Key  string `header:"Idempotency-Key" hidden:"true"`
	Body struct {
		Amount     *Money         `json:"amount,omitempty" doc:"How much to give back; absent: all that is left."`
		ReasonCode pay.ReasonCode `json:"reason_code" enum:"REQUESTED_BY_CUSTOMER,DUPLICATE,SERVICE_FAILURE,WRONG_AMOUNT,FRAUD,OTHER"`
		Reason     string         `json:"reason" minLength:"1" maxLength:"200"`
		Overdraw   bool           `json:"overdraw,omitempty" doc:"Give it back although the wallet has spent it: the account may then owe."`
	} `nameHint:"PaymentRefundNew"`
}

func (h *handlers) refundPayment(ctx context.Context, in *refundInput) (*made[Payment], error) {
	c := callerOf(ctx)
	r := pay.RefundRequest{Payment: in.ID, Code: in.Body.ReasonCode, Reason: strings.TrimSpace(in.Body.Reason), Overdraw: in.Body.Overdraw,
		Key: c.Staff.ID.String() + ":" + in.Key}
	if in.Body.Amount != nil {
		a, err := in.Body.Amount.parse("/amount")
		if err != nil {
			return nil, err
		}
		r.Amount = a
	}
	p, err := h.svc.Pay.Refund(ctx, c.Scope, r)
	if err != nil {
		return nil, err
	}
	return h.madePayment(ctx, p)
}

// PaymentCard is a card that a driver pays with again. Its number is at the provider only.
type PaymentCard struct {
	ID ident.Card `json:"id"`
	PaymentCardFew
	Provider pay.Provider `json:"provider"`
	SavedAt  time.Time    `json:"saved_at"`
}

func (h *handlers) listCards(ctx context.Context, in *struct {
	DriverPath
	Paging
}) (*found[PaymentCard], error) {
	if _, err := h.svc.Member.Driver(ctx, scopeOf(ctx), in.ID); err != nil {
		return nil, err
	}
	cards, err := h.svc.Pay.Cards(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	out := &found[PaymentCard]{Body: List[PaymentCard]{Items: []PaymentCard{}, Total: len(cards)}}
	for _, c := range cards {
		out.Body.Items = append(out.Body.Items, PaymentCard{c.ID, PaymentCardFew{c.Card.Brand, c.Card.Last4, c.Card.Month, c.Card.Year}, c.Provider, at(c.At)})
	}
	return out, nil
}

func (h *handlers) removeCard(ctx context.Context, in *struct {
	ID ident.Card `path:"id"`
}) (*nothing, error) {
	return &nothing{}, h.svc.Pay.RemoveCard(ctx, scopeOf(ctx), in.ID)
}

// PaymentOption is a way to pay as the operator has set it up. Keys are written and never
// read.
type PaymentOption struct {
	Method      pay.Method   `json:"method" enum:"card,paypal,cash,bank_transfer"`
	Provider    pay.Provider `json:"provider,omitempty" enum:"stripe,paypal" doc:"Absent: staff receive the money."`
	Enabled     bool         `json:"enabled"`
	Guests      bool         `json:"guests" doc:"Those without an account may pay this way at the charge point."`
	Ready       bool         `json:"ready" doc:"It is enabled and has what it needs."`
	ClientID    string       `json:"client_id,omitempty" doc:"PayPal's; no secret."`
	KeySet      bool         `json:"key_set"`
	KeyEnds     string       `json:"key_ends,omitempty" doc:"The last letters of the secret key."`
	WebhookSet  bool         `json:"webhook_set"`
	WebhookPath string       `json:"webhook_path,omitempty" doc:"Where the provider has to send its webhooks, on this server."`
	TestedAt    time.Time    `json:"tested_at,omitzero"`
	TestFailure string       `json:"test_failure,omitempty" doc:"Why the last test failed; absent: it went well."`
	Version     int64        `json:"version"`
}

// PaymentOptions are all of them.
type PaymentOptions struct {
	Items []PaymentOption `json:"items"`
}

func optionFrom(op ident.Operator, o pay.Option) PaymentOption {
	out := PaymentOption{Method: o.Method, Provider: o.Method.Provider(), Enabled: o.Enabled, Guests: o.Guests, ClientID: o.Secret.ID, KeySet: o.Hint != "", KeyEnds: o.Hint,
		WebhookSet: o.HookSet, TestedAt: at(o.TestedAt), TestFailure: o.TestFailure, Version: o.Version}
	out.Ready = o.Enabled && (out.Provider == "" || out.KeySet)
	if out.Provider != "" {
		out.WebhookPath = "/api/v1/payment-hooks/" + op.String() + "/" + string(out.Provider)
	}
	return out
}

func (h *handlers) listOptions(ctx context.Context, _ *struct{}) (*single[PaymentOptions], error) {
	sc := scopeOf(ctx)
	all, err := h.svc.Pay.Options(ctx, sc)
	if err != nil {
		return nil, err
	}
	out := PaymentOptions{Items: []PaymentOption{}}
	for _, o := range all {
		out.Items = append(out.Items, optionFrom(sc.Operator(), o))
	}
	return singleOf(out, 0), nil
}

// PaymentMethodPath is the {method} in a path.
type PaymentMethodPath struct {
	Method pay.Method `path:"method" enum:"card,paypal,cash,bank_transfer"`
}

type optionInput struct {
	PaymentMethodPath
	Body struct {
		Enabled       bool    `json:"enabled"`
		Guests        bool    `json:"guests,omitempty" doc:"Those without an account may pay this way at the charge point."`
		ClientID      *string `json:"client_id,omitempty" maxLength:"500" doc:"PayPal's; absent: stays."`
		SecretKey     *string `json:"secret_key,omitempty" maxLength:"500" doc:"Absent: stays. It is sealed, and no answer has it."`
		WebhookSecret *string `json:"webhook_secret,omitempty" maxLength:"500" doc:"Stripe's signing secret, PayPal's webhook id; absent: stays."`
	} `nameHint:"PaymentOptionBody"`
}

func (h *handlers) putOption(ctx context.Context, in *optionInput) (*single[PaymentOption], error) {
	sc := scopeOf(ctx)
	o, err := h.svc.Pay.SaveOption(ctx, sc, pay.OptionChange{Method: in.Method, Enabled: in.Body.Enabled, Guests: in.Body.Guests, ID: in.Body.ClientID, Key: in.Body.SecretKey,
		Webhook: in.Body.WebhookSecret, Version: versionOf(ctx)})
	if err != nil {
		return nil, err
	}
	return singleOf(optionFrom(sc.Operator(), o), o.Version), nil
}

func (h *handlers) testOption(ctx context.Context, in *PaymentMethodPath) (*single[PaymentOption], error) {
	sc := scopeOf(ctx)
	o, err := h.svc.Pay.TestOption(ctx, sc, in.Method)
	if err != nil {
		return nil, err
	}
	return singleOf(optionFrom(sc.Operator(), o), o.Version), nil
}

// PaymentCheck is one day at a provider compared with the ledger.
type PaymentCheck struct {
	ID         string         `json:"id" export:"-" doc:"The day and the provider."`
	Day        string         `json:"day" doc:"UTC, as providers count." example:"2026-11-22"`
	Provider   pay.Provider   `json:"provider" enum:"stripe,paypal"`
	State      pay.CheckState `json:"state" enum:"MATCHED,DRIFT,FAILED"`
	CheckedAt  time.Time      `json:"checked_at"`
	Matched    int            `json:"matched" doc:"Payments and refunds that are the same on both sides."`
	AtProvider Money          `json:"at_provider" doc:"What the provider took that day, without what it gave back."`
	InLedger   Money          `json:"in_ledger"`
	Failure    string         `json:"failure,omitempty" doc:"Why nothing was compared; it is tried again."`
	Drifts     []PaymentDrift `json:"drifts" doc:"At most 50."`
}

// PaymentDrift is one payment that the two say different things of.
type PaymentDrift struct {
	PaymentID   ident.Payment `json:"payment_id,omitzero" doc:"Absent: the money was not moved from here."`
	ProviderRef string        `json:"provider_ref,omitempty"`
	AtProvider  Money         `json:"at_provider"`
	InLedger    Money         `json:"in_ledger"`
}

func checkFrom(c pay.Check) PaymentCheck {
	out := PaymentCheck{ID: c.Day + ":" + string(c.Provider), Day: c.Day, Provider: c.Provider, State: c.State, CheckedAt: at(c.At), Matched: c.Matched, AtProvider: amount(c.AtProvider),
		InLedger: amount(c.InLedger), Failure: c.Failure, Drifts: []PaymentDrift{}}
	for _, d := range c.Drifts {
		out.Drifts = append(out.Drifts, PaymentDrift{d.Payment, d.Ref, amount(d.AtProvider), amount(d.InLedger)})
	}
	return out
}

func (h *handlers) listChecks(ctx context.Context, in *struct{ Paging }) (*found[PaymentCheck], error) {
	l, err := h.svc.Pay.Checks(ctx, scopeOf(ctx), in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, checkFrom), nil
}

type checkInput struct {
	Body struct {
		Provider pay.Provider `json:"provider" enum:"stripe,paypal"`
		Day      string       `json:"day" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" maxLength:"10" doc:"UTC." example:"2026-11-22"`
	} `nameHint:"PaymentCheckNew"`
}

func (h *handlers) createCheck(ctx context.Context, in *checkInput) (*made[PaymentCheck], error) {
	sc := scopeOf(ctx)
	if !sc.Sub().IsZero() {
		return nil, fault.New(fault.Denied, "operator_only", "A sub-operator does not see all payments of a provider.")
	}
	day, err := time.Parse(dateForm, in.Body.Day)
	if err != nil {
		return nil, fault.BadInput("/day", "must be a day, like 2026-11-22")
	}
	c, err := h.svc.Pay.Compare(ctx, sc, sc.Operator(), in.Body.Provider, day)
	if err != nil {
		return nil, err
	}
	return madeOf(checkFrom(c), 0, ""), nil
}

type hookInput struct {
	ID        ident.Operator `path:"id"`
	Provider  pay.Provider   `path:"provider" enum:"stripe,paypal"`
	Stripe    string         `header:"Stripe-Signature" hidden:"true"`
	Algo      string         `header:"Paypal-Auth-Algo" hidden:"true"`
	CertURL   string         `header:"Paypal-Cert-Url" hidden:"true"`
	SentID    string         `header:"Paypal-Transmission-Id" hidden:"true"`
	SentAt    string         `header:"Paypal-Transmission-Time" hidden:"true"`
	Signature string         `header:"Paypal-Transmission-Sig" hidden:"true"`
	RawBody   []byte
	Body      map[string]any `doc:"As the provider writes it."`
}

// hearProvider takes a webhook: its very bytes, because the signature is over them.
func (h *handlers) hearProvider(ctx context.Context, in *hookInput) (*nothing, error) {
	return &nothing{}, h.svc.Pay.Hear(ctx, in.ID, in.Provider, pay.Delivery{Body: in.RawBody, Header: map[string]string{
		"Stripe-Signature": in.Stripe, "Paypal-Auth-Algo": in.Algo, "Paypal-Cert-Url": in.CertURL, "Paypal-Transmission-Id": in.SentID,
		"Paypal-Transmission-Time": in.SentAt, "Paypal-Transmission-Sig": in.Signature}})
}

// methodOf is the option that money in hand belongs to.
func methodOf(f ledger.RechargeFrom) (pay.Method, bool) {
	switch f {
	case ledger.FromCash:
		return pay.Cash, true
	case ledger.FromTransfer:
		return pay.BankTransfer, true
	}
	return "", false
}

// refundRecharge takes a recharge back that came by a provider: the money goes there.
func (h *handlers) refundRecharge(ctx context.Context, of ledger.Recharge, a money.Amount, in *reversalInput) (ident.Recharge, error) {
	p, err := h.svc.Pay.Refund(ctx, scopeOf(ctx), pay.RefundRequest{Payment: of.Payment, Amount: a, Code: pay.OtherReason, Reason: strings.TrimSpace(in.Body.Reason),
		Overdraw: in.Body.Overdraw, Key: callerOf(ctx).Staff.ID.String() + ":" + in.Key})
	return p.Recharge, err
}
