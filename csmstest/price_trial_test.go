package csmstest

import (
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/operator"
	"ccms/internal/tariff"
)

// FIN-A10, for the plans that there are: a charge point's own, its site's, the operator's
// default. Which one wins and why, and the bill line by line; none is no price, not free.
func TestFIN_A10_ThePriceTestSaysWhichPlanWinsAndWhy(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		staff := w.Staff(authz.OpAdmin)
		ask := func(over M) M {
			body := M{"charge_point_id": p.ID.String(), "at": "2027-03-01T10:00:00Z", "energy_wh": 18437, "charging_s": 3600}
			for k, v := range over {
				body[k] = v
			}
			return staff.Do("POST", "/api/v1/price-tests", body).Want(200).Body
		}
		w.DefaultPlan(w.NewPlan(B1()).ID)
		got := ask(nil)
		if got.Str("reason") != "operator_default" || M(got["plan"].(map[string]any)).Str("name") != "B1" {
			w.Errorf("the default: %v", got)
		}
		bill := M(got["bill"].(map[string]any))
		lines := bill["lines"].([]any)
		if len(lines) != 2 || M(bill["total"].(map[string]any)).Str("amount") != "8.84" {
			w.Errorf("B1 comes to %v in %d lines", bill["total"], len(lines))
		}
		for _, l := range lines {
			for _, g := range l.(map[string]any)["segments"].([]any) {
				if M(g.(map[string]any)).Str("why") == "" {
					w.Errorf("a stretch without a reason: %v", g)
				}
			}
		}
		// What a session pays is what the test said.
		w.Driver("CARD1", "100.00")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Hour)
		c.Finish(id, 18437)
		w.Session(id).Total("8.84")

		own := w.NewPlan(tariff.Draft{Name: "own", Currency: "EUR", Electricity: Allday("1.00")})
		staffOps := w.Staff(authz.OpAdmin)
		r := staffOps.Get("/api/v1/charge-points/" + p.ID.String())
		staffOps.Do("PATCH", "/api/v1/charge-points/"+p.ID.String(), M{"plan_id": own.ID.String()}, "If-Match", r.Header.Get("ETag")).Want(200)
		if got := ask(nil); got.Str("reason") != "charge_point" || M(got["plan"].(map[string]any)).Str("name") != "own" {
			w.Errorf("its own: %v", got)
		}
		// A plan that is not saved, and one that cannot be.
		draft := M{"name": "x", "currency": "EUR", "vat_permille": 0, "electricity": []any{M{"from": "00:00", "to": "24:00", "price": "0.50"}}}
		unsaved := staff.Do("POST", "/api/v1/price-tests", M{"plan": draft, "at": "2027-03-01T10:00:00Z", "energy_wh": 2000, "charging_s": 60}).Want(200).Body
		if got := M(M(unsaved["bill"].(map[string]any))["total"].(map[string]any)).Str("amount"); got != "1.00" {
			w.Errorf("not saved: %s", got)
		}
		draft["electricity"] = []any{M{"from": "06:00", "to": "24:00", "price": "0.50"}}
		gap := staff.Do("POST", "/api/v1/price-tests", M{"plan": draft, "at": "2027-03-01T10:00:00Z", "energy_wh": 2000, "charging_s": 60}).Want(422).Body
		if at := M(gap["errors"].([]any)[0].(map[string]any)).Str("pointer"); at != "/plan/electricity" {
			w.Errorf("a gap is at %s", at)
		}
	})
}

// PRICE-R2: where no plan applies the test says so.
func TestPRICE_R2_ThePriceTestSaysThatThereIsNone(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		w.DefaultPlan(operator.Operator{}.DefaultPlan)
		got := w.Staff(authz.OpAdmin).Do("POST", "/api/v1/price-tests", M{"charge_point_id": p.ID.String(), "at": "2027-03-01T10:00:00Z", "energy_wh": 1, "charging_s": 1}).Want(200).Body
		if got["no_price"] != true || got["bill"] != nil {
			w.Errorf("%v", got)
		}
	})
}
