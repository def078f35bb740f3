package csmstest

import (
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/session"
	"ccms/internal/tariff"
)

// What finished sessions would have cost under another plan: by fee, to the cent, with what
// was left out. Under their own plan it is what they were billed.
func TestWhatLastWeekWouldHaveCost(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1", 2)
		own := w.Price(tariff.Draft{Name: "With idle", Currency: "EUR", VAT: 200, Electricity: []tariff.Band{{To: 720, Price: Rate("0.31")}, {From: 720, To: 1440, Price: Rate("0.47")}},
			ServicePerMinute: Rate("0.013"), Idle: &tariff.IdleFee{PerMinute: Rate("0.07"), Grace: 5 * time.Minute}, StartFee: Rate("0.50")})
		cheap := w.NewPlan(tariff.Draft{Name: "Cheap", Currency: "EUR", VAT: 200, Electricity: Allday("0.10")})
		from := w.Now()
		w.Driver("CARD1", "500.00")
		c := p.Online()
		for i := range 3 {
			id := c.Charge(1, "CARD1", i*10000)
			w.Advance(40 * time.Minute)
			c.Finish(id, (i+1)*10000)
			c.Status(1, "Finishing")
			w.Advance(20 * time.Minute)
			c.Status(1, "Available")
			w.Session(id).Is(session.Completed, "COMPLETED")
		}
		c.Charge(2, "CARD1", 0)
		staff := w.Staff(authz.OpAdmin)
		ask := func(over M) M {
			body := M{"plan_id": own.ID.String(), "from": from.Format(time.RFC3339), "to": w.Now().Add(time.Hour).Format(time.RFC3339)}
			for k, v := range over {
				body[k] = v
			}
			return staff.Do("POST", "/api/v1/price-comparisons", body).Want(200).Body
		}
		total := func(of M, sum string) string {
			return M(M(of[sum].(map[string]any))["total"].(map[string]any)).Str("amount")
		}
		same := ask(nil)
		if same.Int("count") != 3 || same.Int("left_out_running") != 1 || M(same["difference"].(map[string]any)).Str("amount") != "0.00" || total(same, "billed") == "0.00" {
			w.Errorf("under their own plan: %v", same)
		}
		// 30 kWh at 0.10, 20 % of VAT; each session's line is rounded by itself.
		other := ask(M{"plan_id": cheap.ID.String()})
		if total(other, "would") != "3.60" || total(other, "billed") != total(same, "billed") {
			w.Errorf("under another: %v", other)
		}
		fees := M(M(other["would"].(map[string]any))["fees"].(map[string]any))
		if M(fees["electricity"].(map[string]any)).Str("amount") != "3.00" || M(fees["idle"].(map[string]any)).Str("amount") != "0.00" {
			w.Errorf("by fee: %v", fees)
		}
		if none := ask(M{"to": from.Add(-time.Hour).Format(time.RFC3339), "from": from.Add(-2 * time.Hour).Format(time.RFC3339)}); none.Int("count") != 0 {
			w.Errorf("before: %v", none)
		}
		staff.Do("POST", "/api/v1/price-comparisons", M{"plan_id": own.ID.String(), "from": from.Format(time.RFC3339), "to": from.Format(time.RFC3339)}).Want(422)
		w.Staff(authz.OpOps).Do("POST", "/api/v1/price-comparisons", M{"plan_id": own.ID.String(), "from": from.Format(time.RFC3339), "to": from.Format(time.RFC3339)}).Want(403)
	})
}
