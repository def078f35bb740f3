package csmstest

import (
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/tariff"
)

func flat(name, price string) tariff.Draft {
	return tariff.Draft{Name: name, Currency: "EUR", Electricity: Allday(price)}
}

// assign has a plan count, by the API.
func assign(staff *API, plan ident.Plan, audience M, places ...M) {
	body := M{"plan_id": plan.String(), "places": places}
	for k, v := range audience {
		body[k] = v
	}
	staff.Do("POST", "/api/v1/plan-assignments", body).Want(200)
}

// outcomes are the plans of a list of candidates with what became of each.
func outcomes(list any) (out []string) {
	for _, x := range list.([]any) {
		c := M(x.(map[string]any))
		out = append(out, c.Str("plan_name")+" "+c.Str("audience")+" "+c.Str("place")+" "+c.Str("outcome"))
	}
	return out
}

func same(w *World, what string, got []string, want ...string) {
	w.Helper()
	if len(got) != len(want) {
		w.Fatalf("%s: %q, want %q", what, got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			w.Errorf("%s: %q, want %q", what, got[i], want[i])
		}
	}
}

// A member of group G (and of level L) at connector C at time T: the price test explains why
// plan P wins, and a charge there then is billed by P and keeps the explanation.
func TestFIN_A10_GroupAndLevelAtAConnectorAtATime(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1", 2)
		staff := w.Staff(authz.OpAdmin)
		driver := w.Driver("CARD1", "100.00")
		group := staff.Do("POST", "/api/v1/groups", M{"name": "Couriers"}).Want(201).Body.Str("id")
		fleet, gold, own := w.NewPlan(flat("Fleet", "0.20")), w.NewPlan(flat("Gold", "0.25")), w.NewPlan(flat("Connector 2", "0.90"))
		night := w.NewPlan(flat("Courier week", "0.10"))
		connector := M{"charge_point_id": p.ID.String(), "connector": 2}
		assign(staff, own.ID, M{"audience": "EVERYONE"}, connector)
		assign(staff, gold.ID, M{"audience": "LEVEL", "membership_level": "Gold"}, M{"site_id": w.Site.ID.String()})
		assign(staff, fleet.ID, M{"audience": "GROUP", "group_id": group}, M{})
		later := w.Now().Add(48 * time.Hour).Truncate(time.Second)
		assign(staff, night.ID, M{"audience": "GROUP", "group_id": group, "from": later.Format(time.RFC3339)}, M{})

		path := "/api/v1/drivers/" + driver.ID.String()
		be := func(change M) {
			r := staff.Get(path)
			staff.Do("PATCH", path, change, "If-Match", r.Header.Get("ETag")).Want(200)
		}
		ask := func(at time.Time, over M) Reply {
			body := M{"charge_point_id": p.ID.String(), "connector": 2, "driver_id": driver.ID.String(), "at": at.Format(time.RFC3339), "energy_wh": 10000, "charging_s": 3600}
			for k, v := range over {
				if body[k] = v; v == nil {
					delete(body, k)
				}
			}
			return staff.Do("POST", "/api/v1/price-tests", body).Want(200)
		}
		check := func(what string, r Reply, reason, total string, of ...string) {
			w.Helper()
			bill := M(r.Body["bill"].(map[string]any))
			if got := M(bill["total"].(map[string]any)).Str("amount"); r.Body.Str("reason") != reason || got != total {
				w.Errorf("%s: %s because of %s, want %s because of %s", what, got, r.Body.Str("reason"), total, reason)
			}
			same(w, what, outcomes(r.Body["candidates"]), of...)
		}
		now := w.Now()
		check("anybody", ask(now, nil), "connector", "9.00", "Connector 2 EVERYONE CONNECTOR WON", "B1 EVERYONE OPERATOR WIDER_PLACE",
			"Courier week GROUP OPERATOR OTHER_AUDIENCE", "Fleet GROUP OPERATOR OTHER_AUDIENCE", "Gold LEVEL SITE OTHER_AUDIENCE")
		be(M{"membership_level": "gold"})
		check("level L", ask(now, nil), "membership", "2.50", "Gold LEVEL SITE WON", "Connector 2 EVERYONE CONNECTOR WEAKER_AUDIENCE", "B1 EVERYONE OPERATOR WEAKER_AUDIENCE",
			"Courier week GROUP OPERATOR OTHER_AUDIENCE", "Fleet GROUP OPERATOR OTHER_AUDIENCE")
		be(M{"group_id": group})
		check("group G", ask(now, nil), "group", "2.00", "Fleet GROUP OPERATOR WON", "Gold LEVEL SITE WEAKER_AUDIENCE", "Connector 2 EVERYONE CONNECTOR WEAKER_AUDIENCE",
			"B1 EVERYONE OPERATOR WEAKER_AUDIENCE", "Courier week GROUP OPERATOR NOT_YET")
		check("at a later time", ask(later, nil), "group", "1.00", "Courier week GROUP OPERATOR WON", "Fleet GROUP OPERATOR EARLIER", "Gold LEVEL SITE WEAKER_AUDIENCE",
			"Connector 2 EVERYONE CONNECTOR WEAKER_AUDIENCE", "B1 EVERYONE OPERATOR WEAKER_AUDIENCE")
		check("somebody of the group who is not named", ask(now, M{"driver_id": nil, "group_id": group}), "group", "2.00", "Fleet GROUP OPERATOR WON",
			"Connector 2 EVERYONE CONNECTOR WEAKER_AUDIENCE", "B1 EVERYONE OPERATOR WEAKER_AUDIENCE", "Courier week GROUP OPERATOR NOT_YET", "Gold LEVEL SITE OTHER_AUDIENCE")

		// What the test said is what the charge costs, and the record says why.
		c := p.Online()
		id := c.Charge(2, "CARD1", 0)
		w.Advance(time.Hour)
		c.Finish(id, 10000)
		w.Session(id).Total("2.00")
		detail := staff.Get("/api/v1/sessions/" + w.Session(id).ID.String()).Body
		same(w, "the record", outcomes(detail["plan_candidates"]), "Fleet GROUP OPERATOR WON", "Gold LEVEL SITE WEAKER_AUDIENCE",
			"Connector 2 EVERYONE CONNECTOR WEAKER_AUDIENCE", "Courier week GROUP OPERATOR NOT_YET")
		// What changes later changes no session (PRICE-R3).
		be(M{"group_id": nil, "membership_level": nil})
		if again := outcomes(staff.Get("/api/v1/sessions/" + w.Session(id).ID.String()).Body["plan_candidates"]); again[0] != "Fleet GROUP OPERATOR WON" {
			w.Errorf("afterwards: %q", again)
		}
		check("out of both", ask(now, nil), "connector", "9.00", "Connector 2 EVERYONE CONNECTOR WON", "B1 EVERYONE OPERATOR WIDER_PLACE",
			"Courier week GROUP OPERATOR OTHER_AUDIENCE", "Fleet GROUP OPERATOR OTHER_AUDIENCE", "Gold LEVEL SITE OTHER_AUDIENCE")
	})
}

// A code is given with a start from afar. One that does not count there is refused in words,
// and so is a start without a price.
func TestPRICE_R1_APromotionCodeIsGivenWithTheStart(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1", 2)
		p.Online()
		staff := w.Staff(authz.OpAdmin)
		w.Driver("CARD1", "100.00")
		cheap := w.NewPlan(flat("Summer", "0.10"))
		assign(staff, cheap.ID, M{"audience": "PROMOTION", "promotion_code": "summer-26"}, M{"charge_point_id": p.ID.String(), "connector": 1})
		start := M{"type": "remote_start", "connector": 2, "token_uid": "CARD1", "promotion_code": "SUMMER-26"}
		if r := staff.Command(p, start).Want(409); r.Body.Str("code") != "start_refused" {
			w.Errorf("at the other connector: %v", r.Body)
		}
		start["connector"], start["promotion_code"] = 1, "Summer-26 "
		id := staff.Command(p, start).Want(202).Body.Str("session_id")
		same(w, "with the code", outcomes(staff.Get("/api/v1/sessions/" + id).Body["plan_candidates"]), "Summer PROMOTION CONNECTOR WON")
	})
}

// PRICE-R2: where no plan counts the start is refused; where only a connector has one, a tap,
// which names none, is let in.
func TestPRICE_R2_OnlyAConnectorHasAPrice(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1", 2)
		w.DefaultPlan(operator.Operator{}.DefaultPlan)
		w.Driver("CARD1", "100.00")
		staff := w.Staff(authz.OpAdmin)
		c := p.Online()
		if got := c.Authorize("CARD1"); got != "Blocked" {
			w.Errorf("without any price: %s", got)
		}
		staff.Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}).Want(409)
		plan := w.NewPlan(flat("Two", "0.30"))
		assign(staff, plan.ID, M{"audience": "EVERYONE"}, M{"charge_point_id": p.ID.String(), "connector": 2})
		if got := c.Authorize("CARD1"); got != "Accepted" {
			w.Errorf("with one at a connector: %s", got)
		}
		staff.Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}).Want(409)
		staff.Command(p, M{"type": "remote_start", "connector": 2, "token_uid": "CARD1"}).Want(202)
	})
}

// Which price applies where: sites by audiences, and the charge points of a site; a plan is
// assigned to many at once.
func TestTheMatrixSaysWhichPriceAppliesWhere(t *testing.T) {
	Each(t, func(w *World) {
		staff := w.Staff(authz.OpAdmin)
		a, b := w.Point("CP-A"), w.Point("CP-B")
		gold, guests, own := w.NewPlan(flat("Gold", "0.25")), w.NewPlan(flat("Guests", "0.60")), w.NewPlan(flat("Own", "0.40"))
		assign(staff, gold.ID, M{"audience": "LEVEL", "membership_level": "Gold"}, M{})
		assign(staff, guests.ID, M{"audience": "AD_HOC"}, M{"charge_point_id": a.ID.String()})
		body := M{"plan_id": own.ID.String(), "audience": "EVERYONE", "places": []M{{"charge_point_id": a.ID.String()}, {"charge_point_id": b.ID.String()}}}
		if r := staff.Do("POST", "/api/v1/plan-assignments", body).Want(200); r.Body.Int("changed") != 2 {
			w.Errorf("in bulk: %v", r.Body)
		}
		if r := staff.Do("POST", "/api/v1/plan-assignments", body).Want(200); r.Body.Int("changed") != 0 || r.Body.Int("unchanged") != 2 {
			w.Errorf("again: %v", r.Body)
		}
		cells := func(path string) (out []string) {
			m := staff.Get(path).Body
			for _, x := range m["items"].([]any) {
				row := M(x.(map[string]any))
				line := row.Str("site_name") + " " + row.Str("charge_point_name") + ":"
				for _, y := range row["cells"].([]any) {
					line += " " + M(y.(map[string]any)).Str("plan_name")
				}
				out = append(out, line)
			}
			return out
		}
		same(w, "sites", cells("/api/v1/plan-matrix"), "A3E_station : B1 B1 Gold") // registered, ad hoc, Gold
		same(w, "charge points", cells("/api/v1/plan-matrix?site_id="+w.Site.ID.String()), "A3E_station CP-A: Own Guests Gold", "A3E_station CP-B: Own Own Gold")
	})
}
