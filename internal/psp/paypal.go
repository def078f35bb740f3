package psp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/pay"
)

// PayPal is Orders v2: an order that is captured once the payer agreed is a recharge, one
// that is authorised a hold. PayPal keeps no library for Go.
type PayPal struct {
	url    string
	client *http.Client

	mu     sync.Mutex
	tokens map[string]token // by client id and secret
}

type token struct {
	text string
	ends time.Time
}

const (
	paypalURL = "https://api-m.paypal.com"
	// longestAnswer bounds what is read of an answer.
	longestAnswer = 8 << 20
	mostTokens    = 1000
)

// NewPayPal reaches PayPal; at is for its sandbox and for tests, "" is the real one.
func NewPayPal(at string) *PayPal {
	if at == "" {
		at = paypalURL
	}
	return &PayPal{url: strings.TrimSuffix(at, "/"), client: newClient(), tokens: map[string]token{}}
}

// Can implements pay.Gateway. A PayPal authorisation cannot grow.
func (p *PayPal) Can() pay.Abilities { return pay.Abilities{} }

type ppAmount struct {
	Currency string `json:"currency_code"`
	Value    string `json:"value"`
}

type ppLink struct {
	Href string `json:"href"`
	Rel  string `json:"rel"`
}

type ppBreakdown struct {
	Fee *ppAmount `json:"paypal_fee"`
}

type ppPart struct {
	ID      string   `json:"id"`
	Status  string   `json:"status"`
	Amount  ppAmount `json:"amount"`
	Custom  string   `json:"custom_id"`
	Expires string   `json:"expiration_time"`
	Details *struct {
		Reason string `json:"reason"`
	} `json:"status_details"`
	Breakdown *ppBreakdown `json:"seller_receivable_breakdown"`
	Links     []ppLink     `json:"links"`
}

type ppOrder struct {
	ID     string   `json:"id"`
	Status string   `json:"status"`
	Links  []ppLink `json:"links"`
	Units  []struct {
		Payments struct {
			Authorizations []ppPart `json:"authorizations"`
			Captures       []ppPart `json:"captures"`
			Refunds        []ppPart `json:"refunds"`
		} `json:"payments"`
	} `json:"purchase_units"`
}

type ppError struct {
	Name    string `json:"name"`
	Message string `json:"message"`
	Details []struct {
		Issue       string `json:"issue"`
		Description string `json:"description"`
	} `json:"details"`
}

// Do implements pay.Gateway.
func (p *PayPal) Do(ctx context.Context, a pay.Access, o pay.Order) (pay.Seen, error) {
	amount, err := toPayPal(o.Amount)
	if err != nil {
		return pay.Seen{}, err
	}
	switch o.Op {
	case pay.OpCreate:
		intent := "CAPTURE"
		if o.Type == pay.Hold {
			intent = "AUTHORIZE"
		}
		body := map[string]any{"intent": intent,
			"purchase_units": []any{map[string]any{"reference_id": "default", "custom_id": o.Payment.String(), "description": o.Text, "amount": amount}},
			"payment_source": map[string]any{"paypal": map[string]any{"experience_context": map[string]any{
				"return_url": o.ReturnURL, "cancel_url": o.ReturnURL, "user_action": "PAY_NOW", "shipping_preference": "NO_SHIPPING"}}}}
		var order ppOrder
		if err := p.call(ctx, a, http.MethodPost, "/v2/checkout/orders", o.Key, body, &order); err != nil {
			return pay.Seen{}, err
		}
		return seenOrder(order), nil
	case pay.OpConfirm:
		verb := "capture"
		if o.Type == pay.Hold {
			verb = "authorize"
		}
		var order ppOrder
		err := p.call(ctx, a, http.MethodPost, "/v2/checkout/orders/"+url.PathEscape(o.Refs.Page)+"/"+verb, o.Key, map[string]any{}, &order)
		if err != nil {
			return pay.Seen{}, err
		}
		return seenOrder(order), nil
	case pay.OpCapture:
		var c ppPart
		err := p.call(ctx, a, http.MethodPost, "/v2/payments/authorizations/"+url.PathEscape(o.Refs.Money)+"/capture", o.Key,
			map[string]any{"amount": amount, "final_capture": true}, &c)
		if err != nil {
			return pay.Seen{}, err
		}
		return seenCapture(c), nil
	case pay.OpVoid:
		if o.Refs.Money == "" {
			return pay.Seen{Status: pay.LetGo}, nil // an order that nobody agreed to holds nothing
		}
		err := p.call(ctx, a, http.MethodPost, "/v2/payments/authorizations/"+url.PathEscape(o.Refs.Money)+"/void", o.Key, map[string]any{}, nil)
		if err != nil {
			return pay.Seen{}, err
		}
		return pay.Seen{Status: pay.LetGo}, nil
	case pay.OpRefund:
		return p.refund(ctx, a, o, amount)
	}
	return pay.Seen{}, refuse("unsupported", "PayPal has no such operation.")
}

func (p *PayPal) refund(ctx context.Context, a pay.Access, o pay.Order, amount ppAmount) (pay.Seen, error) {
	if o.Again && o.Refs.Page != "" {
		order, err := p.order(ctx, a, o.Refs.Page)
		if err != nil {
			return pay.Seen{}, err
		}
		for _, u := range order.Units {
			for _, r := range u.Payments.Refunds {
				if r.Custom == o.Payment.String() {
					return seenPayPalRefund(r), nil
				}
			}
		}
	}
	var r ppPart
	err := p.call(ctx, a, http.MethodPost, "/v2/payments/captures/"+url.PathEscape(o.Refs.Money)+"/refund", o.Key,
		map[string]any{"amount": amount, "custom_id": o.Payment.String()}, &r)
	if err != nil {
		return pay.Seen{}, err
	}
	return seenPayPalRefund(r), nil
}

func (p *PayPal) order(ctx context.Context, a pay.Access, id string) (ppOrder, error) {
	var order ppOrder
	err := p.call(ctx, a, http.MethodGet, "/v2/checkout/orders/"+url.PathEscape(id), "", nil, &order)
	return order, err
}

// Look implements pay.Gateway.
func (p *PayPal) Look(ctx context.Context, a pay.Access, o pay.Order) (pay.Seen, error) {
	if o.Type == pay.Refund {
		var r ppPart
		if err := p.call(ctx, a, http.MethodGet, "/v2/payments/refunds/"+url.PathEscape(o.Refs.Money), "", nil, &r); err != nil {
			return pay.Seen{}, err
		}
		return seenPayPalRefund(r), nil
	}
	if o.Refs.Page == "" {
		return pay.Seen{}, nil
	}
	order, err := p.order(ctx, a, o.Refs.Page)
	if no := (*pay.Refused)(nil); asRefused(err, &no) && no.Failure.Code == "RESOURCE_NOT_FOUND" {
		return pay.Seen{Status: pay.Over, Failure: pay.Failure{Code: "expired", Text: "Nobody paid in time."}}, nil // PayPal forgets orders that nobody agreed to
	}
	if err != nil {
		return pay.Seen{}, err
	}
	return seenOrder(order), nil
}

func asRefused(err error, to **pay.Refused) bool {
	no, ok := err.(*pay.Refused) //nolint:errorlint // call makes it
	*to = no
	return ok
}

func seenOrder(o ppOrder) pay.Seen {
	seen := pay.Seen{Refs: pay.Refs{Page: o.ID}}
	for _, u := range o.Units {
		for _, c := range u.Payments.Captures {
			found := seenCapture(c)
			found.Refs.Page = o.ID
			return found
		}
		for _, z := range u.Payments.Authorizations {
			seen.Refs.Money = z.ID
			if t, err := time.Parse(time.RFC3339, z.Expires); err == nil {
				seen.ExpiresAt = t.UTC()
			}
			switch z.Status {
			case "CREATED", "PARTIALLY_CAPTURED":
				seen.Status, seen.Held = pay.SetAside, fromPayPal(z.Amount)
			case "VOIDED":
				seen.Status = pay.LetGo
			case "EXPIRED":
				seen.Status = pay.Over
			case "DENIED":
				seen.Status, seen.Failure = pay.Declined, pay.Failure{Code: z.Status, Text: "PayPal denied the payment."}
			default:
				seen.Status = pay.InWork
			}
			return seen
		}
	}
	switch o.Status {
	case "APPROVED":
		seen.Status = pay.Agreed
	case "VOIDED":
		seen.Status = pay.Over
	case "COMPLETED":
		seen.Status = pay.InWork
	default:
		seen.Status = pay.Waiting
		for _, l := range o.Links {
			if l.Rel == "payer-action" || l.Rel == "approve" {
				seen.Action = l.Href
			}
		}
	}
	return seen
}

func seenCapture(c ppPart) pay.Seen {
	seen := pay.Seen{Refs: pay.Refs{Money: c.ID}}
	if c.Breakdown != nil && c.Breakdown.Fee != nil {
		seen.Fee = fromPayPal(*c.Breakdown.Fee)
	}
	switch c.Status {
	case "COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED":
		seen.Status, seen.Captured = pay.Taken, fromPayPal(c.Amount)
	case "DECLINED", "FAILED":
		seen.Status, seen.Failure = pay.Declined, pay.Failure{Code: c.Status, Text: "PayPal declined the payment.", Retryable: true}
	default:
		seen.Status = pay.InWork
	}
	return seen
}

func seenPayPalRefund(r ppPart) pay.Seen {
	seen := pay.Seen{Refs: pay.Refs{Money: r.ID}}
	switch r.Status {
	case "COMPLETED":
		seen.Status = pay.SentBack
	case "FAILED", "CANCELLED":
		seen.Status, seen.Failure = pay.RefundFailed, pay.Failure{Code: r.Status, Text: "PayPal could not send the money back."}
	default:
		seen.Status = pay.SendingBack
	}
	return seen
}

// Hear implements pay.Gateway: PayPal itself says whether a webhook is its own.
func (p *PayPal) Hear(ctx context.Context, a pay.Access, d pay.Delivery) (pay.Notice, error) {
	if !json.Valid(d.Body) {
		return pay.Notice{}, pay.ErrForged
	}
	body := map[string]any{
		"auth_algo": d.Header["Paypal-Auth-Algo"], "cert_url": d.Header["Paypal-Cert-Url"], "transmission_id": d.Header["Paypal-Transmission-Id"],
		"transmission_sig": d.Header["Paypal-Transmission-Sig"], "transmission_time": d.Header["Paypal-Transmission-Time"],
		"webhook_id": a.Secret.Webhook, "webhook_event": rawJSON(d.Body)}
	for _, k := range []string{"auth_algo", "cert_url", "transmission_id", "transmission_sig", "transmission_time"} {
		if body[k] == "" {
			return pay.Notice{}, pay.ErrForged
		}
	}
	var said struct {
		Status string `json:"verification_status"`
	}
	if err := p.call(ctx, a, http.MethodPost, "/v1/notifications/verify-webhook-signature", "", body, &said); err != nil {
		return pay.Notice{}, err
	}
	if said.Status != "SUCCESS" {
		return pay.Notice{}, pay.ErrForged
	}
	var e struct {
		ID       string `json:"id"`
		Type     string `json:"event_type"`
		Resource struct {
			ID     string `json:"id"`
			Custom string `json:"custom_id"`
			Units  []struct {
				Custom string `json:"custom_id"`
			} `json:"purchase_units"`
			Related struct {
				IDs struct {
					Order string `json:"order_id"`
				} `json:"related_ids"`
			} `json:"supplementary_data"`
		} `json:"resource"`
	}
	if err := json.Unmarshal(d.Body, &e); err != nil || e.ID == "" {
		return pay.Notice{}, pay.ErrForged
	}
	n := pay.Notice{ID: e.ID, Kind: e.Type, Refs: pay.Refs{Page: e.Resource.Related.IDs.Order, Money: e.Resource.ID}}
	if strings.HasPrefix(e.Type, "CHECKOUT.ORDER") {
		n.Refs = pay.Refs{Page: e.Resource.ID}
	}
	custom := e.Resource.Custom
	if custom == "" && len(e.Resource.Units) > 0 {
		custom = e.Resource.Units[0].Custom
	}
	if id, err := ident.Parse[ident.Payment](custom); err == nil {
		n.Payment = id
	}
	return n, nil
}

// rawJSON is sent byte for byte: PayPal's signature is over what it wrote.
type rawJSON []byte

// MarshalJSON implements json.Marshaler.
func (r rawJSON) MarshalJSON() ([]byte, error) { return r, nil }

// Moved implements pay.Gateway.
func (p *PayPal) Moved(ctx context.Context, a pay.Access, from, to time.Time) ([]pay.Movement, error) {
	var out []pay.Movement
	for page, pages := 1, 1; page <= pages; page++ {
		q := url.Values{"start_date": {from.UTC().Format(time.RFC3339)}, "end_date": {to.Add(-time.Second).UTC().Format(time.RFC3339)},
			"fields": {"transaction_info"}, "page_size": {"500"}, "page": {fmt.Sprint(page)}}
		var got struct {
			Pages int `json:"total_pages"`
			Items []struct {
				Info struct {
					ID     string    `json:"transaction_id"`
					Event  string    `json:"transaction_event_code"`
					Status string    `json:"transaction_status"`
					At     string    `json:"transaction_initiation_date"`
					Amount ppAmount  `json:"transaction_amount"`
					Fee    *ppAmount `json:"fee_amount"`
					Custom string    `json:"custom_field"`
				} `json:"transaction_info"`
			} `json:"transaction_details"`
		}
		if err := p.call(ctx, a, http.MethodGet, "/v1/reporting/transactions?"+q.Encode(), "", nil, &got); err != nil {
			return nil, err
		}
		pages = got.Pages
		for _, i := range got.Items {
			t := i.Info
			// T00xx are payments, T11xx reversals and refunds; S is done.
			if t.Status != "S" && t.Status != "" || !strings.HasPrefix(t.Event, "T00") && !strings.HasPrefix(t.Event, "T11") {
				continue
			}
			if len(out) == mostMoved {
				return nil, errTooMany
			}
			m := pay.Movement{Ref: t.ID, Amount: fromPayPal(t.Amount)}
			for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05-0700"} {
				if at, err := time.Parse(form, t.At); err == nil {
					m.At = at.UTC()
				}
			}
			if t.Fee != nil {
				m.Fee = fromPayPal(*t.Fee).Neg()
			}
			if id, err := ident.Parse[ident.Payment](t.Custom); err == nil {
				m.Payment = id
			}
			out = append(out, m)
		}
	}
	return out, nil
}

// Test implements pay.Gateway: a token is given to right keys only.
func (p *PayPal) Test(ctx context.Context, a pay.Access) error {
	p.forget(a)
	_, err := p.token(ctx, a)
	return err
}

func tokenKey(a pay.Access) string { return a.Secret.ID + "\x00" + a.Secret.Key }

func (p *PayPal) forget(a pay.Access) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.tokens, tokenKey(a))
}

// token is what calls are made with; it is good for some hours.
func (p *PayPal) token(ctx context.Context, a pay.Access) (string, error) {
	p.mu.Lock()
	t, found := p.tokens[tokenKey(a)]
	p.mu.Unlock()
	if found && a.Now.Before(t.ends) {
		return t.text, nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/v1/oauth2/token", strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		return "", err
	}
	r.SetBasicAuth(a.Secret.ID, a.Secret.Key)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var said struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"`
	}
	if err := p.send(r, &said); err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.tokens) >= mostTokens {
		clear(p.tokens)
	}
	p.tokens[tokenKey(a)] = token{said.Token, a.Now.Add(time.Duration(said.Expires)*time.Second - time.Minute)}
	return said.Token, nil
}

// call asks PayPal once. into may be nil.
func (p *PayPal) call(ctx context.Context, a pay.Access, method, path, key string, body, into any) error {
	t, err := p.token(ctx, a)
	if err != nil {
		return err
	}
	var send io.Reader
	if body != nil {
		b, err := marshal(body)
		if err != nil {
			return err
		}
		send = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, p.url+path, send)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+t)
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("PayPal-Request-Id", key)
		r.Header.Set("Prefer", "return=representation")
	}
	err = p.send(r, into)
	if f := fault.Of(err); err != nil && f.Code == "keys_refused" {
		p.forget(a) // the token may have been taken back before its time
	}
	return err
}

// marshal leaves the bytes of rawJSON as they are; json.Marshal would compact them.
func marshal(body any) ([]byte, error) {
	m, ok := body.(map[string]any)
	if !ok || m["webhook_event"] == nil {
		return json.Marshal(body)
	}
	raw := m["webhook_event"].(rawJSON)
	rest := map[string]any{}
	for k, v := range m {
		if k != "webhook_event" {
			rest[k] = v
		}
	}
	b, err := json.Marshal(rest)
	if err != nil {
		return nil, err
	}
	b = append(b[:len(b)-1], `,"webhook_event":`...)
	return append(append(b, raw...), '}'), nil
}

func (p *PayPal) send(r *http.Request, into any) error {
	answer, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(io.LimitReader(answer.Body, longestAnswer))
	if err != nil {
		return err
	}
	switch code := answer.StatusCode; {
	case code >= 200 && code < 300:
		if into == nil || len(b) == 0 {
			return nil
		}
		return json.Unmarshal(b, into)
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return fault.New(fault.Unavailable, "keys_refused", "PayPal does not take these keys, or they may not do this. Check them under Finance / Payment options.")
	case code == http.StatusConflict || code == http.StatusTooManyRequests || code >= 500 || code < 400:
		return fault.New(fault.Unavailable, "provider_error", "PayPal has answered with an error of its own.").Because(fmt.Errorf("paypal: status %d", code))
	}
	var e ppError
	if json.Unmarshal(b, &e) != nil || e.Name == "" {
		return refuse("refused", "PayPal refused the request.")
	}
	f := pay.Failure{Code: e.Name, Text: e.Message}
	if len(e.Details) > 0 {
		f.Code, f.Text = e.Details[0].Issue, e.Details[0].Description
	}
	if e.Name == "RESOURCE_NOT_FOUND" {
		f.Code = e.Name
	}
	f.Retryable = f.Code == "INSTRUMENT_DECLINED"
	return &pay.Refused{Failure: f}
}

// whole are currencies that PayPal takes without decimals although they have some.
func whole(c money.Currency) bool { return c == "HUF" || c == "TWD" }

// toPayPal is an amount as PayPal writes it.
func toPayPal(a money.Amount) (ppAmount, error) {
	v := a.Decimal()
	switch {
	case whole(a.Currency):
		head, rest, _ := strings.Cut(v, ".")
		if strings.Trim(rest, "0") != "" {
			return ppAmount{}, refuse("amount_too_fine", "PayPal takes this currency without decimals only.")
		}
		v = head
	case a.Currency.Exponent() == 3:
		return ppAmount{}, refuse("currency_not_supported", "PayPal does not take this currency.")
	}
	return ppAmount{string(a.Currency), v}, nil
}

// fromPayPal reads one; what cannot be read is not told.
func fromPayPal(a ppAmount) money.Amount {
	m, err := money.ParseAmount(a.Value, money.Currency(a.Currency))
	if err != nil {
		return money.Amount{}
	}
	return m
}
