package web

import (
	"strings"
	"testing"
)

func TestCashAndBankTransferAreReceivedByStaffWithAReference(t *testing.T) {
	each(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		admin := bearer(w.mine.admin)
		path := "/api/v1/drivers/" + w.mine.driver + "/recharges"
		cash := `{"amount":{"amount":"30.00","currency":"EUR"},"reason":"at the desk","recharge_from":"Cash","reference":"R-17"}`
		w.call("POST", path, cash, admin, key("cash-a")).wantCode(w, 409, "method_not_offered")
		w.call("PUT", "/api/v1/payment-options/cash", `{"enabled":true}`, admin, version(1)).want(w, 200)
		w.call("POST", path, strings.Replace(cash, "R-17", " ", 1), admin, key("cash-b")).wantCode(w, 422, "invalid_input")
		var r Recharge
		w.call("POST", path, cash, admin, key("cash-c")).want(w, 201).into(&r)
		if r.RechargeFrom != "Cash" || r.Reference != "R-17" {
			w.Fatalf("%+v", r)
		}
		var d RechargeDetail
		w.call("GET", "/api/v1/recharges/"+r.ID.String(), "", admin).want(w, 200).into(&d)
		if len(d.Postings) != 2 || d.Postings[1].Book != "cash" || d.Postings[1].Amount.Amount != "-30.00" {
			w.Fatalf("%+v", d.Postings)
		}
		for _, amount := range []string{"10.00", "20.00"} { // in parts, as long as something is left
			w.call("POST", "/api/v1/recharges/"+r.ID.String()+"/reversal", `{"amount":{"amount":"`+amount+`","currency":"EUR"},"reason":"x"}`, admin, key("back-"+amount)).want(w, 201)
		}
		w.call("POST", "/api/v1/recharges/"+r.ID.String()+"/reversal", `{"amount":{"amount":"0.01","currency":"EUR"},"reason":"x"}`, admin, key("z")).wantCode(w, 409, "recharge_reversed")
	})
}

func TestNoAnswerHasAKeyOfAProvider(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		admin := bearer(w.mine.admin)
		for _, a := range []answer{
			w.call("GET", "/api/v1/payment-options", "", admin).want(w, 200),
			w.call("GET", "/api/v1/payments/"+w.mine.payment, "", admin).want(w, 200),
			w.call("GET", "/api/v1/audit?limit=100", "", admin).want(w, 200),
			{body: []byte(w.log.String())},
		} {
			if s := string(a.body); strings.Contains(s, stripeKey) || strings.Contains(s, stripeHook) {
				w.Errorf("a key: %s", s)
			}
		}
	})
}

func TestPAY_R9_aCardNumberInFreeTextIsMaskedBeforeItIsStored(t *testing.T) {
	lite(t, func(w *world) {
		w.tenants()
		w.furnish(&w.mine)
		admin := bearer(w.mine.admin)
		var r Recharge
		a := w.call("POST", "/api/v1/drivers/"+w.mine.driver+"/recharges", `{"amount":{"amount":"1.00","currency":"EUR"},"reason":"paid with 4242 4242 4242 4242"}`, admin, key("pan")).want(w, 201)
		if a.into(&r); r.Reason != "paid with **** **** **** 4242" {
			w.Errorf("%q", r.Reason)
		}
		if a := w.call("GET", "/api/v1/audit?limit=100", "", admin).want(w, 200); strings.Contains(string(a.body), "4242 4242") {
			w.Error("the audit has it")
		}
		// What is no free text stays as it is: a card of a driver may look like one.
		w.call("POST", "/api/v1/tokens", `{"driver_id":"`+w.mine.driver+`","uid":"4242424242424242"}`, admin).want(w, 201)
		w.call("GET", "/api/v1/tokens?uid=4242424242424242", "", admin).want(w, 200)
	})
}
