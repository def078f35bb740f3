package psptest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Keys that the trial Stripe takes.
const (
	StripeKey  = "sk_test_trial_0123456789"
	StripeHook = "whsec_trial_0123456789"
)

// Payment methods that a payer may have, as Stripe's test cards are.
const (
	GoodCard     = "pm_good"
	DeclinedCard = "pm_declined"
	AskingCard   = "pm_authenticate" // the bank wants to hear from the holder
	OnceCard     = "pm_once"         // it pays on the page, and never without its holder
)

type obj = map[string]any

// Stripe is a stateful Stripe.
type Stripe struct {
	base
	intents  map[string]obj
	sessions map[string]obj
	refunds  map[string]obj
	moved    []obj
}

// NewStripe starts one.
func NewStripe() *Stripe {
	s := &Stripe{intents: map[string]obj{}, sessions: map[string]obj{}, refunds: map[string]obj{}}
	s.kept, s.Now = map[string]answer{}, time.Now
	m := http.NewServeMux()
	api := func(pattern, op string, do func(r *http.Request, f url.Values) (int, any)) {
		m.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+StripeKey {
				write(w, http.StatusUnauthorized, obj{"error": obj{"type": "invalid_request_error", "message": "Invalid API Key provided"}})
				return
			}
			body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
			form, err := url.ParseQuery(string(body))
			if err != nil {
				write(w, http.StatusBadRequest, nil)
				return
			}
			s.serve(w, r, op, func() (int, any) {
				s.state.Lock()
				defer s.state.Unlock()
				status, said := once(s.kept, r.Header.Get("Idempotency-Key"), r.URL.Path, string(body), func() (int, any) {
					status, said := do(r, form)
					// What was answered stays as it was then.
					return status, json.RawMessage(encoded(said))
				})
				return status, said
			})
		})
	}
	api("POST /v1/payment_intents", "create", s.createIntent)
	api("GET /v1/payment_intents/{id}", "look", func(r *http.Request, _ url.Values) (int, any) { return found(s.intents, r) })
	api("POST /v1/payment_intents/{id}/capture", "capture", s.capture)
	api("POST /v1/payment_intents/{id}/cancel", "void", s.cancel)
	api("POST /v1/payment_intents/{id}/increment_authorization", "increment", s.increment)
	api("POST /v1/checkout/sessions", "create", s.createSession)
	api("GET /v1/checkout/sessions/{id}", "look", s.getSession)
	api("POST /v1/checkout/sessions/{id}/expire", "void", func(r *http.Request, _ url.Values) (int, any) {
		cs := s.sessions[r.PathValue("id")]
		if cs == nil || cs["status"] != "open" {
			return stripeNo("resource_missing", "This session is not open.")
		}
		cs["status"] = "expired"
		return http.StatusOK, cs
	})
	api("POST /v1/refunds", "refund", s.createRefund)
	api("GET /v1/refunds/{id}", "look", func(r *http.Request, _ url.Values) (int, any) { return found(s.refunds, r) })
	api("GET /v1/refunds", "list", func(r *http.Request, _ url.Values) (int, any) {
		out := []any{}
		for _, x := range s.refunds {
			if x["payment_intent"] == r.URL.Query().Get("payment_intent") {
				out = append(out, x)
			}
		}
		return http.StatusOK, obj{"object": "list", "data": out, "has_more": false}
	})
	api("GET /v1/balance", "test", func(*http.Request, url.Values) (int, any) { return http.StatusOK, obj{"object": "balance"} })
	api("GET /v1/balance_transactions", "moved", func(r *http.Request, _ url.Values) (int, any) {
		from, _ := strconv.ParseInt(r.URL.Query().Get("created[gte]"), 10, 64)
		to, _ := strconv.ParseInt(r.URL.Query().Get("created[lt]"), 10, 64)
		out := []any{}
		for _, t := range s.moved {
			if at := t["created"].(int64); at >= from && at < to {
				out = append(out, t)
			}
		}
		return http.StatusOK, obj{"object": "list", "data": out, "has_more": false}
	})
	m.HandleFunc("/pay/{id}", s.payPage)
	s.srv = httptest.NewServer(m)
	return s
}

func found(in map[string]obj, r *http.Request) (int, any) {
	if x := in[r.PathValue("id")]; x != nil {
		return http.StatusOK, x
	}
	return stripeNo("resource_missing", "No such object.")
}

func stripeNo(code, text string) (int, any) {
	return http.StatusBadRequest, obj{"error": obj{"type": "invalid_request_error", "code": code, "message": text}}
}

func metadata(f url.Values, prefix string) obj {
	out := obj{}
	for k := range f {
		if rest, ok := strings.CutPrefix(k, prefix+"["); ok {
			out[strings.TrimSuffix(rest, "]")] = f.Get(k)
		}
	}
	return out
}

func whole64(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

func (s *Stripe) newIntent(amount int64, currency, method, capture string, meta obj) obj {
	pi := obj{"id": s.id("pi"), "object": "payment_intent", "amount": amount, "currency": currency, "capture_method": capture, "metadata": meta,
		"status": "requires_payment_method", "amount_received": int64(0), "amount_capturable": int64(0), "payment_method": nil, "latest_charge": nil}
	if method != "" {
		pi["payment_method"] = method
	}
	s.intents[pi["id"].(string)] = pi
	return pi
}

// charge is what a bank does with an intent.
func (s *Stripe) charge(pi obj, method string) (int, any) {
	card := obj{"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034}
	no := func(code, decline string) (int, any) {
		e := obj{"type": "card_error", "code": code, "message": "Your card was declined."}
		if decline != "" {
			e["decline_code"] = decline
		}
		pi["last_payment_error"], pi["status"] = e, "requires_payment_method"
		s.event("payment_intent.payment_failed", pi)
		e["payment_intent"] = obj{"id": pi["id"], "object": "payment_intent", "status": pi["status"]}
		return http.StatusPaymentRequired, obj{"error": e}
	}
	switch method {
	case DeclinedCard:
		return no("card_declined", "insufficient_funds")
	case AskingCard:
		return no("authentication_required", "authentication_required")
	}
	delete(pi, "last_payment_error")
	pi["payment_method"], pi["status"] = method, "requires_capture"
	pi["amount_capturable"] = pi["amount"]
	card["capture_before"] = s.Now().Add(7 * 24 * time.Hour).Unix()
	pi["latest_charge"] = obj{"id": s.id("ch"), "object": "charge", "amount": pi["amount"], "amount_refunded": int64(0), "currency": pi["currency"],
		"metadata": pi["metadata"], "payment_method_details": obj{"type": "card", "card": card}}
	if pi["capture_method"] == "manual" {
		s.event("payment_intent.amount_capturable_updated", pi)
		return http.StatusOK, pi
	}
	s.take(pi, pi["amount"].(int64))
	return http.StatusOK, pi
}

func (s *Stripe) take(pi obj, amount int64) {
	pi["status"], pi["amount_received"], pi["amount_capturable"] = "succeeded", amount, int64(0)
	ch := pi["latest_charge"].(obj)
	fee := amount*15/1000 + 25
	t := obj{"id": s.id("txn"), "object": "balance_transaction", "type": "charge", "amount": amount, "fee": fee, "currency": pi["currency"],
		"created": s.Now().Unix()}
	ch["balance_transaction"] = t
	moved := obj{}
	for k, v := range t {
		moved[k] = v
	}
	moved["source"] = obj{"object": "charge", "id": ch["id"], "metadata": pi["metadata"]}
	s.moved = append(s.moved, moved)
	s.event("payment_intent.succeeded", pi)
	s.event("charge.succeeded", obj{"object": "charge", "id": ch["id"], "payment_intent": pi["id"], "metadata": pi["metadata"]})
}

func (s *Stripe) createIntent(_ *http.Request, f url.Values) (int, any) {
	capture := f.Get("capture_method")
	if capture == "" {
		capture = "automatic"
	}
	pi := s.newIntent(whole64(f.Get("amount")), f.Get("currency"), "", capture, metadata(f, "metadata"))
	if c := f.Get("customer"); c != "" {
		pi["customer"] = c
	}
	if f.Get("confirm") != "true" {
		return http.StatusOK, pi
	}
	if f.Get("payment_method") == AskingCard && f.Get("off_session") != "true" {
		pi["status"], pi["payment_method"] = "requires_action", AskingCard
		pi["next_action"] = obj{"type": "redirect_to_url", "redirect_to_url": obj{"url": s.srv.URL + "/pay/" + pi["id"].(string)}}
		pi["return_url"] = f.Get("return_url")
		return http.StatusOK, pi
	}
	if f.Get("payment_method") == OnceCard {
		return s.charge(pi, DeclinedCard)
	}
	return s.charge(pi, f.Get("payment_method"))
}

func (s *Stripe) capture(r *http.Request, f url.Values) (int, any) {
	pi := s.intents[r.PathValue("id")]
	if pi == nil || pi["status"] != "requires_capture" {
		return stripeNo("payment_intent_unexpected_state", "This payment intent cannot be captured.")
	}
	amount := whole64(f.Get("amount_to_capture"))
	if amount <= 0 || amount > pi["amount_capturable"].(int64) {
		return stripeNo("amount_too_large", "The amount is above what is held.")
	}
	s.take(pi, amount)
	return http.StatusOK, pi
}

func (s *Stripe) cancel(r *http.Request, _ url.Values) (int, any) {
	pi := s.intents[r.PathValue("id")]
	if pi == nil || pi["status"] == "succeeded" || pi["status"] == "canceled" {
		return stripeNo("payment_intent_unexpected_state", "This payment intent cannot be canceled.")
	}
	pi["status"], pi["amount_capturable"] = "canceled", int64(0)
	s.event("payment_intent.canceled", pi)
	return http.StatusOK, pi
}

func (s *Stripe) increment(r *http.Request, f url.Values) (int, any) {
	pi := s.intents[r.PathValue("id")]
	if pi == nil || pi["status"] != "requires_capture" {
		return stripeNo("payment_intent_unexpected_state", "This payment intent cannot grow.")
	}
	pi["amount"] = whole64(f.Get("amount"))
	pi["amount_capturable"] = pi["amount"]
	return http.StatusOK, pi
}

func (s *Stripe) createSession(_ *http.Request, f url.Values) (int, any) {
	id := s.id("cs")
	capture := f.Get("payment_intent_data[capture_method]")
	if capture == "" {
		capture = "automatic"
	}
	cs := obj{"id": id, "object": "checkout.session", "status": "open", "url": s.srv.URL + "/pay/" + id, "success_url": f.Get("success_url"),
		"cancel_url": f.Get("cancel_url"), "payment_intent": nil, "metadata": metadata(f, "metadata"),
		"_amount": whole64(f.Get("line_items[0][price_data][unit_amount]")), "_currency": f.Get("line_items[0][price_data][currency]"), "_capture": capture,
		"_text": f.Get("line_items[0][price_data][product_data][name]"), "_meta": metadata(f, "payment_intent_data[metadata]"),
		"_keep": f.Get("payment_intent_data[setup_future_usage]") == "off_session", "expires_at": whole64(f.Get("expires_at"))}
	s.sessions[id] = cs
	return http.StatusOK, cs
}

func (s *Stripe) getSession(r *http.Request, _ url.Values) (int, any) {
	cs := s.sessions[r.PathValue("id")]
	if cs == nil {
		return stripeNo("resource_missing", "No such session.")
	}
	if cs["status"] == "open" && s.Now().Unix() > cs["expires_at"].(int64) {
		cs["status"] = "expired"
	}
	out := obj{}
	for k, v := range cs {
		out[k] = v
	}
	if pi, ok := cs["payment_intent"].(string); ok {
		out["payment_intent"] = s.intents[pi]
	}
	return http.StatusOK, out
}

// Pay has the payer of a page pay with a card. It reports whether the bank took it.
func (s *Stripe) Pay(id, card string) bool {
	s.state.Lock()
	defer s.state.Unlock()
	if pi := s.intents[id]; pi != nil { // the bank's own page
		status, _ := s.charge(pi, card)
		return status == http.StatusOK
	}
	cs := s.sessions[id]
	if cs == nil || cs["status"] != "open" {
		return false
	}
	pi, _ := cs["payment_intent"].(string)
	intent := s.intents[pi]
	if intent == nil {
		intent = s.newIntent(cs["_amount"].(int64), cs["_currency"].(string), "", cs["_capture"].(string), cs["_meta"].(obj))
		cs["payment_intent"] = intent["id"]
	}
	if cs["_keep"] == true {
		intent["customer"] = "cus_trial"
	}
	if status, _ := s.charge(intent, card); status != http.StatusOK {
		return false
	}
	cs["status"] = "complete"
	s.event("checkout.session.completed", cs)
	return true
}

func (s *Stripe) createRefund(_ *http.Request, f url.Values) (int, any) {
	pi := s.intents[f.Get("payment_intent")]
	if pi == nil || pi["status"] != "succeeded" {
		return stripeNo("charge_already_refunded", "Nothing was taken.")
	}
	ch, amount := pi["latest_charge"].(obj), whole64(f.Get("amount"))
	if ch["amount_refunded"].(int64)+amount > pi["amount_received"].(int64) {
		return stripeNo("charge_already_refunded", "The refund is above what is left.")
	}
	ch["amount_refunded"] = ch["amount_refunded"].(int64) + amount
	r := obj{"id": s.id("re"), "object": "refund", "amount": amount, "currency": pi["currency"], "payment_intent": pi["id"], "status": "succeeded",
		"metadata": metadata(f, "metadata")}
	s.refunds[r["id"].(string)] = r
	s.moved = append(s.moved, obj{"id": s.id("txn"), "object": "balance_transaction", "type": "refund", "amount": -amount, "fee": int64(0), "currency": pi["currency"],
		"created": s.Now().Unix(), "source": obj{"object": "refund", "id": r["id"], "metadata": r["metadata"]}})
	s.event("refund.created", r)
	return http.StatusOK, r
}

// Stray takes money that nobody here asked for, as somebody with the operator's login at
// Stripe may do.
func (s *Stripe) Stray(minor int64, currency string) {
	s.state.Lock()
	defer s.state.Unlock()
	s.take(func() obj {
		pi := s.newIntent(minor, currency, "", "automatic", obj{})
		pi["latest_charge"] = obj{"id": s.id("ch")}
		return pi
	}(), minor)
}

func (s *Stripe) event(kind string, about obj) {
	id := s.id("evt")
	body := encoded(obj{"id": id, "object": "event", "type": kind, "created": s.Now().Unix(), "data": obj{"object": about}})
	s.tell(s.Signed(id, kind, body, StripeHook, s.Now()))
}

// Signed is a webhook with a signature of a secret and an instant.
func (s *Stripe) Signed(id, kind string, body []byte, secret string, at time.Time) Hook {
	return Hook{ID: id, Kind: kind, Body: body, Header: http.Header{"Stripe-Signature": {sign(secret, at, body)}}}
}

// Taken is what was captured in all, and how many times.
func (s *Stripe) Taken() (minor int64, times int) {
	s.state.Lock()
	defer s.state.Unlock()
	for _, t := range s.moved {
		if t["type"] == "charge" {
			minor += t["amount"].(int64)
			times++
		}
	}
	return minor, times
}

// Intents counts intents by status.
func (s *Stripe) Intents() map[string]int {
	s.state.Lock()
	defer s.state.Unlock()
	out := map[string]int{}
	for _, pi := range s.intents {
		out[pi["status"].(string)]++
	}
	return out
}

// SentBack is what was refunded in all.
func (s *Stripe) SentBack() (minor int64, times int) {
	s.state.Lock()
	defer s.state.Unlock()
	for _, r := range s.refunds {
		minor += r["amount"].(int64)
		times++
	}
	return minor, times
}

// payPage is where a payer's browser goes.
func (s *Stripe) payPage(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	s.state.Lock()
	cs := s.sessions[id]
	s.state.Unlock()
	if cs == nil {
		http.NotFound(w, r)
		return
	}
	declined := false
	if r.Method == http.MethodPost {
		if r.FormValue("do") == "pay" && s.Pay(id, GoodCard) {
			http.Redirect(w, r, cs["success_url"].(string), http.StatusSeeOther)
			return
		}
		declined = !s.Pay(id, DeclinedCard)
	}
	show(w, obj{"Who": "Stripe", "Text": cs["_text"], "Amount": fmt.Sprintf("%d %s", cs["_amount"], cs["_currency"]), "Declined": declined})
}

// Forget takes the money of an intent off the account, as if it never came.
func (s *Stripe) Forget(intent string) {
	s.state.Lock()
	defer s.state.Unlock()
	charge := s.intents[intent]["latest_charge"].(obj)["id"]
	s.moved = slices.DeleteFunc(s.moved, func(t obj) bool { return t["source"].(obj)["id"] == charge })
}
