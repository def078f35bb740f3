package csmstest

import (
	"fmt"
	"testing"
	"time"

	"ccms/internal/authz"
)

// maker brings a point online that tells maker, model and firmware.
func (p *Point) maker(firmware string) *Conn {
	p.Helper()
	c := p.Dial()
	c.Boot(M{"chargePointVendor": "Maker", "chargePointModel": "M1", "firmwareVersion": firmware})
	return c
}

// campaign reads a campaign.
func (a *API) campaign(id string) M { return a.Get("/api/v1/firmware-campaigns/" + id).Body }

func (a *API) rows(campaign, state string) []M {
	return a.Get("/api/v1/firmware-installs?sort=number&campaign_id=" + campaign + "&state=" + state).Items()
}

// obeys has every point of these rows accept what it is asked.
func obeys(rows []M, conns map[string]*Conn) {
	for _, r := range rows {
		conns[r.Str("charge_point_id")].Asked("UpdateFirmware").Reply(M{})
	}
}

// installed plays the whole way of an image at a point that has accepted it.
func (c *Conn) installed(release string) {
	c.Helper()
	for _, s := range []string{"Downloading", "Downloaded", "Installing", "Installed"} {
		c.Call("FirmwareStatusNotification", M{"status": s})
	}
	c.Boot(M{"chargePointVendor": "Maker", "chargePointModel": "M1", "firmwareVersion": release})
}

// AST-R5: those that go first, the window of the site, never during a session, halt above
// 5 %, and back again.
func TestAST_R5_FirmwareCampaign(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		w.Driver("CARD1", "100.00")
		staff := w.Staff(authz.OpOps)
		older, image := staff.image("1.0", firmware("1.0", 1000), nil), staff.image("2.0", firmware("2.0", 1000), nil)
		conns := map[string]*Conn{}
		for i := range 6 {
			p := w.Point(fmt.Sprint("CP", i))
			conns[p.ID.String()] = p.maker("1.0")
		}
		has := w.Point("CP-new")
		has.maker("2.0")
		w.Point("CP-other").Online() // another model
		w.Advance(2 * time.Minute)
		busy := w.Point("CP-busy")
		b := busy.maker("1.0")
		conns[busy.ID.String()] = b
		w.Advance(2 * time.Minute)
		id := b.Charge(1, "CARD1", 0)

		// The clock says 10:0x; the window opens at 11:00.
		body := M{"name": "Spring", "image_id": image, "rollback_image_id": older, "canary_percent": 10, "parallel": 3, "window_from": "11:00", "window_to": "13:00", "reason": "test"}
		w.Staff(authz.Auditor).Do("POST", "/api/v1/firmware-campaigns", body).Want(403)
		staff.Do("POST", "/api/v1/firmware-campaigns", body.with([]M{{"rollback_image_id": image}})).Want(422)
		campaign := staff.Do("POST", "/api/v1/firmware-campaigns", body).Want(201).Body.Str("id")
		w.Timers()
		got := staff.campaign(campaign)
		if got.Int("total") != 8 || got.Int("counts", "waiting") != 7 || got.Int("counts", "skipped") != 1 || got.Int("counts", "open") != 0 || got.Int("counts", "canaries") != 1 {
			w.Fatalf("before the window: %v", got)
		}
		for range 6 {
			w.Advance(9 * time.Minute)
		}
		w.Advance(100 * time.Second) // 11:00 or later by a moment
		first := staff.rows(campaign, "ASKED")
		busyFirst := false
		if len(first) == 0 { // the one that goes first is charging
			busyFirst = true
			if r := staff.rows(campaign, "WAITING")[0]; r.Str("charge_point_id") != busy.ID.String() || r["canary"] != true {
				w.Fatalf("nobody goes first: %v", staff.rows(campaign, "WAITING"))
			}
			b.Finish(id, 1000)
			b.Status(1, "Available")
			w.Advance(6 * time.Minute)
			first = staff.rows(campaign, "ASKED")
		}
		if len(first) != 1 || first[0]["canary"] != true {
			w.Fatalf("first: %v", first)
		}
		obeys(first, conns)
		w.Advance(time.Minute)
		if n := len(staff.rows(campaign, "ASKED")); n != 1 {
			w.Fatalf("the others do not wait for the first: %d", n)
		}
		conns[first[0].Str("charge_point_id")].installed("2.0")
		staff.installBecomes(first[0].Str("id"), "DONE")
		w.Advance(time.Minute)
		asked := staff.rows(campaign, "ASKED")
		if len(asked) != 3 {
			w.Fatalf("then %d at once, want 3", len(asked))
		}
		obeys(asked, conns)
		if !busyFirst {
			for _, r := range asked {
				if r.Str("charge_point_id") == busy.ID.String() {
					w.Error("it is asked while it charges")
				}
			}
		}

		// Paused: those on their way go on, no other begins.
		staff.Do("POST", "/api/v1/firmware-campaigns/"+campaign+"/pause", nil).Want(200)
		conns[asked[0].Str("charge_point_id")].installed("2.0")
		staff.installBecomes(asked[0].Str("id"), "DONE")
		w.Advance(time.Minute)
		if n := len(staff.rows(campaign, "ASKED")); n != 2 {
			w.Errorf("paused: %d are asked", n)
		}
		staff.Do("POST", "/api/v1/firmware-campaigns/"+campaign+"/resume", nil).Want(200)
		w.Advance(time.Minute)
		if n := len(staff.rows(campaign, "ASKED")); n != 3 {
			w.Errorf("resumed: %d are asked", n)
		}
	})
}

// More than 5 % of what is finished failed: nothing more begins until somebody has looked,
// and what has the new version can be taken back.
func TestAST_R5_FirmwareCampaignHaltsAndIsTakenBack(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		staff := w.Staff(authz.OpOps)
		older, image := staff.image("1.0", firmware("1.0", 1000), nil), staff.image("2.0", firmware("2.0", 1000), nil)
		conns := map[string]*Conn{}
		for i := range 4 {
			p := w.Point(fmt.Sprint("CP", i))
			conns[p.ID.String()] = p.maker("1.0")
		}
		w.Advance(2 * time.Minute)
		campaign := staff.Do("POST", "/api/v1/firmware-campaigns", M{"name": "Spring", "image_id": image, "rollback_image_id": older, "canary_percent": 0,
			"parallel": 2, "halt_min_count": 2, "reason": "test"}).Want(201).Body.Str("id")
		w.Timers()
		asked := staff.rows(campaign, "ASKED")
		if len(asked) != 2 {
			w.Fatalf("%d are asked", len(asked))
		}
		obeys(asked, conns)
		conns[asked[0].Str("charge_point_id")].installed("2.0")
		c := conns[asked[1].Str("charge_point_id")]
		c.Call("FirmwareStatusNotification", M{"status": "DownloadFailed"})
		staff.installBecomes(asked[0].Str("id"), "DONE")
		staff.installBecomes(asked[1].Str("id"), "FAILED")
		w.Advance(time.Minute)
		got := staff.campaign(campaign)
		if got.Str("state") != "HALTED" || got.Str("why") == "" || got.Int("counts", "open") != 0 {
			w.Fatalf("it goes on: %v", got)
		}
		w.Advance(time.Minute)
		if n := staff.campaign(campaign).Int("counts", "waiting"); n != 2 {
			w.Errorf("%d wait", n)
		}

		staff.Do("POST", "/api/v1/firmware-campaigns/"+campaign+"/rollback", M{"reason": ""}).Want(422)
		back := staff.Do("POST", "/api/v1/firmware-campaigns/"+campaign+"/rollback", M{"reason": "it was bad"}).Want(201).Body.Str("id")
		if got := staff.campaign(campaign); got.Str("state") != "CANCELLED" || got.Int("counts", "cancelled") != 2 {
			w.Errorf("the first: %v", got)
		}
		w.Timers()
		rows := staff.rows(back, "ASKED")
		if len(rows) != 1 || rows[0].Str("charge_point_id") != asked[0].Str("charge_point_id") || rows[0].Str("release") != "1.0" {
			w.Fatalf("taken back: %v", rows)
		}
		obeys(rows, conns)
		conns[rows[0].Str("charge_point_id")].installed("1.0")
		staff.installBecomes(rows[0].Str("id"), "DONE")
		w.Advance(time.Minute)
		if got := staff.campaign(back); got.Str("state") != "DONE" || got.Str("takes_back_id") != campaign {
			w.Errorf("then: %v", got)
		}
		staff.Do("POST", "/api/v1/firmware-campaigns/"+campaign+"/resume", nil).Want(409)
		w.Staff(authz.OpAdmin).Do("DELETE", "/api/v1/firmware-images/"+image, nil, "If-Match", `"2"`).Want(204)
	})
}

// A pause does not make a halt forgotten: who resumes after both forgives what had failed.
func TestAST_R5_APauseDoesNotHideAHalt(t *testing.T) {
	EachWith(t, Options{Files: true}, func(w *World) {
		staff := w.Staff(authz.OpOps)
		image := staff.image("2.0", firmware("2.0", 1000), nil)
		conns := map[string]*Conn{}
		for i := range 2 {
			p := w.Point(fmt.Sprint("CP", i))
			conns[p.ID.String()] = p.maker("1.0")
		}
		w.Advance(2 * time.Minute)
		campaign := staff.Do("POST", "/api/v1/firmware-campaigns", M{"name": "Spring", "image_id": image, "canary_percent": 0,
			"parallel": 1, "halt_min_count": 1, "reason": "test"}).Want(201).Body.Str("id")
		w.Timers()
		asked := staff.rows(campaign, "ASKED")
		obeys(asked, conns)
		staff.Becomes(asked[0].Str("command_id"), "accepted")
		conns[asked[0].Str("charge_point_id")].Call("FirmwareStatusNotification", M{"status": "DownloadFailed"})
		staff.installBecomes(asked[0].Str("id"), "FAILED")
		w.Advance(time.Minute)
		if got := staff.campaign(campaign); got.Str("state") != "HALTED" {
			w.Fatalf("it goes on: %v", got)
		}
		path := "/api/v1/firmware-campaigns/" + campaign
		staff.Do("POST", path+"/pause", nil).Want(200)
		if got := staff.campaign(campaign); got.Str("state") != "PAUSED" || got.Str("why") == "" {
			w.Errorf("paused after a halt: %v", got)
		}
		staff.Do("POST", path+"/resume", nil).Want(200)
		w.Timers()
		if got := staff.campaign(campaign); got.Str("state") != "RUNNING" || got.Str("why") != "" || got.Int("counts", "open") != 1 {
			w.Errorf("what had failed before is not forgiven: %v", got)
		}
	})
}
