package psptest

import (
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"time"
)

// Keys that the trial PayPal takes.
const (
	PayPalID   = "trial-client"
	PayPalKey  = "trial-secret-0123456789"
	PayPalHook = "WH-TRIAL-1"
)

// PayPal is a stateful PayPal.
type PayPal struct {
	base
	orders   map[string]obj
	parts    map[string]obj // authorisations, captures, refunds by id
	moved    []obj
	declines bool
}

// NewPayPal starts one.
func NewPayPal() *PayPal {
	p := &PayPal{orders: map[string]obj{}, parts: map[string]obj{}}
	p.kept, p.Now = map[string]answer{}, time.Now
	m := http.NewServeMux()
	m.HandleFunc("POST /v1/oauth2/token", func(w http.ResponseWriter, r *http.Request) {
		if id, key, _ := r.BasicAuth(); id != PayPalID || key != PayPalKey {
			write(w, http.StatusUnauthorized, obj{"error": "invalid_client"})
			return
		}
		p.serve(w, r, "token", func() (int, any) { return http.StatusOK, obj{"access_token": "trial-token", "expires_in": 32400} })
	})
	api := func(pattern, op string, do func(r *http.Request, body obj) (int, any)) {
		m.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer trial-token" {
				write(w, http.StatusUnauthorized, obj{"name": "AUTHENTICATION_FAILURE"})
				return
			}
			raw, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
			body := obj{}
			if len(raw) > 0 && json.Unmarshal(raw, &body) != nil {
				write(w, http.StatusBadRequest, obj{"name": "INVALID_REQUEST"})
				return
			}
			if op == "verify" {
				body["_raw"] = raw
			}
			p.serve(w, r, op, func() (int, any) {
				p.state.Lock()
				defer p.state.Unlock()
				return once(p.kept, r.Header.Get("PayPal-Request-Id"), r.URL.Path, string(raw), func() (int, any) {
					status, said := do(r, body)
					if said == nil {
						return status, nil
					}
					return status, json.RawMessage(encoded(said))
				})
			})
		})
	}
	api("POST /v2/checkout/orders", "create", p.create)
	api("GET /v2/checkout/orders/{id}", "look", func(r *http.Request, _ obj) (int, any) {
		if o := p.orders[r.PathValue("id")]; o != nil {
			return http.StatusOK, o
		}
		return paypalNo(http.StatusNotFound, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID", "no such order")
	})
	api("POST /v2/checkout/orders/{id}/capture", "confirm", func(r *http.Request, _ obj) (int, any) { return p.confirm(r, "CAPTURE") })
	api("POST /v2/checkout/orders/{id}/authorize", "confirm", func(r *http.Request, _ obj) (int, any) { return p.confirm(r, "AUTHORIZE") })
	api("POST /v2/payments/authorizations/{id}/capture", "capture", func(r *http.Request, body obj) (int, any) {
		z := p.parts[r.PathValue("id")]
		if z == nil || z["status"] != "CREATED" {
			return paypalNo(http.StatusUnprocessableEntity, "UNPROCESSABLE_ENTITY", "AUTHORIZATION_ALREADY_CAPTURED", "captured or voided already")
		}
		z["status"] = "CAPTURED"
		return http.StatusCreated, p.take(z["_order"].(string), body["amount"].(obj))
	})
	api("POST /v2/payments/authorizations/{id}/void", "void", func(r *http.Request, _ obj) (int, any) {
		z := p.parts[r.PathValue("id")]
		if z == nil || z["status"] != "CREATED" {
			return paypalNo(http.StatusUnprocessableEntity, "UNPROCESSABLE_ENTITY", "PREVIOUSLY_VOIDED", "captured or voided already")
		}
		z["status"] = "VOIDED"
		return http.StatusNoContent, nil
	})
	api("POST /v2/payments/captures/{id}/refund", "refund", p.refund)
	api("GET /v2/payments/refunds/{id}", "look", func(r *http.Request, _ obj) (int, any) {
		if x := p.parts[r.PathValue("id")]; x != nil {
			return http.StatusOK, x
		}
		return paypalNo(http.StatusNotFound, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID", "no such refund")
	})
	api("POST /v1/notifications/verify-webhook-signature", "verify", p.verify)
	api("GET /v1/reporting/transactions", "moved", func(r *http.Request, _ obj) (int, any) {
		from, _ := time.Parse(time.RFC3339, r.URL.Query().Get("start_date"))
		to, _ := time.Parse(time.RFC3339, r.URL.Query().Get("end_date"))
		out := []any{}
		for _, t := range p.moved {
			at, _ := time.Parse(time.RFC3339, t["transaction_initiation_date"].(string))
			if !at.Before(from) && !at.After(to) {
				out = append(out, obj{"transaction_info": t})
			}
		}
		return http.StatusOK, obj{"transaction_details": out, "total_pages": 1}
	})
	m.HandleFunc("/checkoutnow/{id}", p.payPage)
	p.srv = httptest.NewServer(m)
	return p
}

func paypalNo(status int, name, issue, text string) (int, any) {
	return status, obj{"name": name, "message": text, "details": []any{obj{"issue": issue, "description": text}}}
}

func (p *PayPal) create(_ *http.Request, body obj) (int, any) {
	id := p.id("ORDER")
	unit := body["purchase_units"].([]any)[0].(obj)
	unit["payments"] = obj{"authorizations": []any{}, "captures": []any{}, "refunds": []any{}}
	back := body["payment_source"].(obj)["paypal"].(obj)["experience_context"].(obj)["return_url"]
	o := obj{"id": id, "status": "PAYER_ACTION_REQUIRED", "intent": body["intent"], "purchase_units": []any{unit}, "_back": back,
		"links": []any{obj{"rel": "payer-action", "href": p.srv.URL + "/checkoutnow/" + id}}}
	p.orders[id] = o
	return http.StatusOK, o
}

// Approve has the payer agree to an order.
func (p *PayPal) Approve(id string) {
	p.state.Lock()
	defer p.state.Unlock()
	o := p.orders[id]
	if o == nil || o["status"] != "PAYER_ACTION_REQUIRED" {
		return
	}
	o["status"] = "APPROVED"
	p.event("CHECKOUT.ORDER.APPROVED", o)
}

// Decline has the payer's bank say no when it is asked.
func (p *PayPal) Decline(no bool) {
	p.state.Lock()
	defer p.state.Unlock()
	p.declines = no
}

func (p *PayPal) payments(order string) obj {
	return p.orders[order]["purchase_units"].([]any)[0].(obj)["payments"].(obj)
}

func (p *PayPal) add(order, list string, x obj) {
	ps := p.payments(order)
	ps[list] = append(ps[list].([]any), x)
	p.parts[x["id"].(string)] = x
}

func (p *PayPal) confirm(r *http.Request, intent string) (int, any) {
	o := p.orders[r.PathValue("id")]
	switch {
	case o == nil:
		return paypalNo(http.StatusNotFound, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID", "no such order")
	case o["status"] != "APPROVED" || o["intent"] != intent:
		return paypalNo(http.StatusUnprocessableEntity, "UNPROCESSABLE_ENTITY", "ORDER_NOT_APPROVED", "the payer has not agreed")
	case p.declines:
		return paypalNo(http.StatusUnprocessableEntity, "UNPROCESSABLE_ENTITY", "INSTRUMENT_DECLINED", "The bank declined the payment.")
	}
	o["status"] = "COMPLETED"
	amount := o["purchase_units"].([]any)[0].(obj)["amount"].(obj)
	if intent == "AUTHORIZE" {
		p.add(o["id"].(string), "authorizations", obj{"id": p.id("AUTH"), "status": "CREATED", "amount": amount, "_order": o["id"],
			"expiration_time": p.Now().Add(29 * 24 * time.Hour).UTC().Format(time.RFC3339)})
		return http.StatusCreated, o
	}
	p.take(o["id"].(string), amount)
	return http.StatusCreated, o
}

func cents(s string) int64 {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return 0
	}
	return new(big.Int).Quo(new(big.Int).Mul(r.Num(), big.NewInt(100)), r.Denom()).Int64()
}

func plain(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

func (p *PayPal) take(order string, amount obj) obj {
	custom := p.orders[order]["purchase_units"].([]any)[0].(obj)["custom_id"]
	n := cents(amount["value"].(string))
	fee := obj{"currency_code": amount["currency_code"], "value": plain(n*29/1000 + 35)}
	c := obj{"id": p.id("CAP"), "status": "COMPLETED", "amount": amount, "custom_id": custom, "_order": order, "_left": n,
		"seller_receivable_breakdown": obj{"paypal_fee": fee}}
	p.add(order, "captures", c)
	p.moved = append(p.moved, obj{"transaction_id": c["id"], "transaction_event_code": "T0006", "transaction_status": "S", "custom_field": custom,
		"transaction_initiation_date": p.Now().UTC().Format(time.RFC3339), "transaction_amount": amount})
	p.event("PAYMENT.CAPTURE.COMPLETED", obj{"id": c["id"], "custom_id": custom, "status": "COMPLETED", "amount": amount,
		"supplementary_data": obj{"related_ids": obj{"order_id": order}}})
	return c
}

func (p *PayPal) refund(r *http.Request, body obj) (int, any) {
	c := p.parts[r.PathValue("id")]
	amount := body["amount"].(obj)
	n := cents(amount["value"].(string))
	if c == nil || c["_left"].(int64) < n {
		return paypalNo(http.StatusUnprocessableEntity, "UNPROCESSABLE_ENTITY", "REFUND_AMOUNT_EXCEEDED", "more than is left")
	}
	c["_left"] = c["_left"].(int64) - n
	x := obj{"id": p.id("REF"), "status": "COMPLETED", "amount": amount, "custom_id": body["custom_id"]}
	p.add(c["_order"].(string), "refunds", x)
	p.moved = append(p.moved, obj{"transaction_id": x["id"], "transaction_event_code": "T1107", "transaction_status": "S", "custom_field": body["custom_id"],
		"transaction_initiation_date": p.Now().UTC().Format(time.RFC3339),
		"transaction_amount":          obj{"currency_code": amount["currency_code"], "value": plain(-n)}})
	return http.StatusCreated, x
}

// verify takes a webhook for its own where the signature is ours, over the very bytes that
// we wrote.
func (p *PayPal) verify(_ *http.Request, body obj) (int, any) {
	var sent struct {
		Event json.RawMessage `json:"webhook_event"`
	}
	said := "FAILURE"
	if json.Unmarshal(body["_raw"].([]byte), &sent) == nil && body["webhook_id"] == PayPalHook &&
		body["transmission_sig"] == sign(PayPalKey, time.Unix(0, 0), sent.Event) {
		said = "SUCCESS"
	}
	return http.StatusOK, obj{"verification_status": said}
}

func (p *PayPal) event(kind string, about obj) {
	id := p.id("WH-EVT")
	body := encoded(obj{"id": id, "event_type": kind, "resource": about})
	p.tell(Hook{ID: id, Kind: kind, Body: body, Header: http.Header{"Paypal-Auth-Algo": {"SHA256withRSA"}, "Paypal-Cert-Url": {p.srv.URL + "/cert"},
		"Paypal-Transmission-Id": {id}, "Paypal-Transmission-Time": {p.Now().UTC().Format(time.RFC3339)},
		"Paypal-Transmission-Sig": {sign(PayPalKey, time.Unix(0, 0), body)}}})
}

// Taken is what was captured in all, and how many times.
func (p *PayPal) Taken() (minor int64, times int) {
	p.state.Lock()
	defer p.state.Unlock()
	for _, t := range p.moved {
		if t["transaction_event_code"] == "T0006" {
			minor += cents(t["transaction_amount"].(obj)["value"].(string))
			times++
		}
	}
	return minor, times
}

// payPage is where a payer's browser goes.
func (p *PayPal) payPage(w http.ResponseWriter, r *http.Request) {
	p.state.Lock()
	o := p.orders[r.PathValue("id")]
	p.state.Unlock()
	if o == nil {
		http.NotFound(w, r)
		return
	}
	if r.Method == http.MethodPost {
		if r.FormValue("do") == "pay" {
			p.Approve(r.PathValue("id"))
		}
		http.Redirect(w, r, o["_back"].(string), http.StatusSeeOther)
		return
	}
	amount := o["purchase_units"].([]any)[0].(obj)["amount"].(obj)
	show(w, obj{"Who": "PayPal", "Text": "Order", "Amount": fmt.Sprintf("%s %s", amount["value"], amount["currency_code"])})
}

// Drain has nothing left of a capture to send back, as after a refund by hand.
func (p *PayPal) Drain(capture string) {
	p.state.Lock()
	defer p.state.Unlock()
	p.parts[capture]["_left"] = int64(0)
}
