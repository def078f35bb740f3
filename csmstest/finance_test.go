package csmstest

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/money"
	"ccms/internal/unit"
)

// The charging record (product §3.4.4): each filter that the screen offers finds the
// rows that are it, and the sums of a filter are what its rows come to, to the cent.
func TestChargingRecordIsFilteredAndSummedToTheCent(t *testing.T) {
	Each(t, func(w *World) {
		rich, poor := w.Driver("CARD1", "500.00"), w.Driver("CARD2", "0.10")
		c := w.Point("CP1").Online()
		for i, used := range []int{18_437, 7_001, 333} {
			id := c.Charge(1, "CARD1", 100_000*i)
			w.Advance(30 * time.Minute)
			c.Meter(1, id, 100_000*i+used)
			w.Advance(time.Minute)
			c.Finish(id, 100_000*i+used)
		}
		// More than was there: a debt.
		poor.Recharge("2.00")
		owing := c.Charge(1, "CARD2", 900_000)
		w.Advance(15 * time.Minute)
		c.Finish(owing, 910_000)
		w.Session(owing).Is("COMPLETED", "UNPAID")
		// A meter that fell: a person must look.
		odd := c.Charge(1, "CARD1", 950_000)
		w.Advance(time.Minute)
		c.Finish(odd, 100)
		w.Session(odd).Is("ABNORMAL", "ABNORMAL")
		w.Advance(time.Minute)
		running := c.Charge(1, "CARD1", 960_000)
		w.Advance(time.Minute)
		c.Meter(1, running, 961_000)

		admin := w.Staff(authz.OpAdmin)
		all := admin.Get("/api/v1/sessions?limit=100").Want(200).Items()
		if len(all) != 6 {
			w.Fatalf("%d records", len(all))
		}
		plan := all[0].sub("plan").Str("id")
		filters := map[string]func(M) bool{
			"": func(M) bool { return true },
			"account=" + url.QueryEscape(rich.Driver.Account): func(r M) bool { return r.Str("account") == rich.Driver.Account },
			"account=nobody@example.org":                      func(M) bool { return false },
			"charging_account=" + poor.Driver.ChargingAccount: func(r M) bool { return r.Str("charging_account") == poor.Driver.ChargingAccount },
			"user=dora": func(M) bool { return true },
			"user=" + url.QueryEscape("dora "+poor.Driver.Account): func(r M) bool { return r.Str("account") == poor.Driver.Account },
			"card=" + url.QueryEscape("card-2"):                    func(r M) bool { return r.Str("token_uid") == "CARD2" },
			"plan_id=" + plan:                                      func(M) bool { return true },
			"q=" + fmt.Sprint(owing):                               func(r M) bool { return r.Str("transaction_id") == fmt.Sprint(owing) },
		}
		for _, state := range []string{"RUNNING", "SETTLING", "COMPLETED", "UNPAID", "ADJUSTED", "ABNORMAL", "VOID"} {
			filters["record_state="+state] = func(r M) bool { return r.Str("record_state") == state }
		}
		for query, is := range filters {
			rows := admin.Get("/api/v1/sessions?limit=100&" + query).Want(200).Items()
			var want []string
			for _, r := range all {
				if is(r) {
					want = append(want, r.Str("id"))
				}
			}
			var have []string
			for _, r := range rows {
				have = append(have, r.Str("id"))
			}
			if !slices.Equal(have, want) {
				w.Errorf("%q finds %v, want %v", query, have, want)
			}
			w.sumsAre(query, admin.Get("/api/v1/sessions/sums?"+query).Want(200).Body, rows)
		}
		if n := len(admin.Get("/api/v1/sessions?record_state=COMPLETED").Want(200).Items()); n != 3 {
			w.Errorf("%d are completed", n)
		}
		w.Staff(authz.OpOps).Do("GET", "/api/v1/sessions/sums", nil).Want(403)
	})
}

// sumsAre adds the rows up by hand.
func (w *World) sumsAre(query string, sums M, rows []M) {
	w.Helper()
	kinds := []string{"electricity", "service", "start", "idle", "net", "tax"}
	have, want := map[string]money.Amount{}, map[string]money.Amount{}
	add := func(to map[string]money.Amount, key string, m M) {
		if _, ok := to[key]; !ok {
			to[key] = EUR("0.00")
		}
		to[key] = to[key].Add(EUR(m.Str("amount")))
	}
	energy, running, billed := unit.Wh(0), 0, 0
	for _, r := range rows {
		if r.Str("ended_at") == "" {
			running++
			continue
		}
		energy += unit.Wh(r.Int("energy_wh"))
		fees := r.sub("fees")
		if fees == nil {
			continue
		}
		billed++
		parts := EUR("0.00")
		for _, k := range kinds {
			add(want, k, fees.sub(k))
			if k != "net" {
				parts = parts.Add(EUR(fees.sub(k).Str("amount")))
			}
		}
		if total := EUR(r.sub("total").Str("amount")); parts != total {
			w.Errorf("%q: the fees of %s come to %s, its total is %s", query, r.Str("transaction_id"), parts, total)
		}
		add(want, "total", r.sub("total"))
		add(want, "captured", r.sub("captured"))
		add(want, "debt", r.sub("debt"))
	}
	items := Reply{Body: sums}.Items()
	n := 0
	for _, s := range items {
		n += int(s.Int("count"))
		for _, k := range kinds {
			add(have, k, s.sub("fees").sub(k))
		}
		add(have, "total", s.sub("total"))
		add(have, "captured", s.sub("captured"))
		add(have, "debt", s.sub("debt"))
	}
	if sums.Int("count") != int64(len(rows)) || sums.Int("running") != int64(running) || unit.Wh(sums.Int("energy_wh")) != energy || n != billed {
		w.Errorf("%q: %v, want %d rows, %d running, %d Wh, %d billed", query, sums, len(rows), running, energy, billed)
	}
	for k, v := range want {
		if have[k] != v {
			w.Errorf("%q: %s is summed to %v, the rows come to %v", query, k, have[k], v)
		}
	}
}

// From a number on the screen to the books: the bill's lines make its total, the total
// is the entry's, and the postings of the entry come to nothing.
func TestANumberOpensToItsLinesAndPostings(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		c := w.Point("CP1").Online()
		id := c.Charge(1, "CARD1", 0)
		w.Advance(30 * time.Minute)
		c.Finish(id, 18_437)
		d := w.Staff(authz.Auditor).Get("/api/v1/sessions/" + w.Session(id).ID.String()).Want(200).Body
		entries := d.list("entries")
		if len(entries) != 1 || entries[0].sub("amount").Str("amount") != d.sub("bill").sub("total").Str("amount") || d.sub("total").Str("amount") != "8.84" {
			w.Fatalf("%v", d)
		}
		sum, books := EUR("0.00"), map[string]string{}
		for _, p := range entries[0].list("postings") {
			sum = sum.Add(EUR(p.sub("amount").Str("amount")))
			books[p.Str("book")] = p.sub("amount").Str("amount")
		}
		if sum.Minor != 0 || books["wallet"] != "-8.84" || books["revenue:electricity"] != "5.53" || books["revenue:service"] != "1.84" || books["tax:200"] != "1.47" {
			w.Errorf("the postings %v come to %s", books, sum)
		}
	})
}

// A recharge given in error is taken back by a person who says why, once; the audit and
// the account know (RCH-R2).
func TestRCH_R2_StaffTakeARechargeBack(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		admin, auditor := w.Staff(authz.OpAdmin), w.Staff(authz.Auditor)
		c := w.Point("CP1").Online()
		id := c.Charge(1, "CARD1", 0)
		w.Advance(30 * time.Minute)
		c.Finish(id, 18_437)
		d.Has("91.16", "0.00")
		r := admin.Get("/api/v1/recharges?account=" + url.QueryEscape(d.Driver.Account)).Want(200).Items()[0]
		path := "/api/v1/recharges/" + r.Str("id")
		if can, _ := r["can_reverse"].(bool); !can || r.Str("state") != "SUCCESS" {
			w.Errorf("%v", r)
		}
		auditor.Do("POST", path+"/reversal", M{"reason": "x"}).Want(403)
		spent := admin.Do("POST", path+"/reversal", M{"reason": "wrong driver"}).Want(409)
		if spent.Body.Str("code") != "recharge_spent" {
			w.Errorf("%v", spent.Body)
		}
		d.Has("91.16", "0.00")
		back := admin.Do("POST", path+"/reversal", M{"reason": "wrong driver", "amount": M{"amount": "91.16", "currency": "EUR"}}, "Idempotency-Key", "once").Want(201)
		again := admin.Do("POST", path+"/reversal", M{"reason": "wrong driver", "amount": M{"amount": "91.16", "currency": "EUR"}}, "Idempotency-Key", "once").Want(201)
		if back.Body.Str("id") != again.Body.Str("id") || back.Body.sub("amount").Str("amount") != "-91.16" {
			w.Errorf("%v\n%v", back.Body, again.Body)
		}
		d.Has("0.00", "0.00")
		second := admin.Do("POST", path+"/reversal", M{"reason": "the rest", "overdraw": true}).Want(409)
		if second.Body.Str("code") != "recharge_reversed" {
			w.Errorf("%v", second.Body)
		}
		now := auditor.Get(path).Want(200).Body
		if now.Str("state") != "PARTIALLY_REVERSED" || now.sub("counterpart").Str("id") != back.Body.Str("id") || now.sub("reversed").Str("amount") != "91.16" {
			w.Errorf("%v", now)
		}
		sums := Reply{Body: auditor.Get("/api/v1/recharges/sums").Want(200).Body}.Items()
		if len(sums) != 1 || sums[0].sub("recharged").Str("amount") != "100.00" || sums[0].sub("reversed").Str("amount") != "91.16" || sums[0].sub("net").Str("amount") != "8.84" {
			w.Errorf("%v", sums)
		}
		audit := admin.Get("/api/v1/audit?action=recharge.reversed&object=" + r.Str("id")).Want(200).Items()
		if len(audit) != 1 || !audit[0].Has("before") {
			w.Errorf("the audit has %v", audit)
		}
	})
}

// sub is an object inside.
func (m M) sub(name string) M { return object(m[name]) }

// list are the objects of a list inside.
func (m M) list(name string) (out []M) {
	all, _ := m[name].([]any)
	for _, x := range all {
		out = append(out, object(x))
	}
	return out
}

func object(x any) M {
	switch v := x.(type) {
	case M:
		return v
	case map[string]any:
		return M(v)
	}
	return nil
}
