package csmstest

import (
	"fmt"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/session"
	"ccms/internal/upkeep"
)

// A socket is killed: within the grace nothing, after it the list of points and the
// warnings say the same at once; back for the hold time, it ends by itself.
func TestLIVE_A1_AKilledSocketIsOfflineAfterTheGrace(t *testing.T) {
	Each(t, func(w *World) {
		staff := w.Staff(authz.OpOps)
		p := w.Point("CP1")
		p.Online().Drop()
		closed := w.Now()
		w.Advance(asset.Grace - time.Second)
		if got := p.View(); !got.Online {
			t.Errorf("within the grace the point is %s", got.PointStatus)
		}
		w.Warned()
		w.Advance(2 * time.Second)
		row := w.Warned("OFFLINE ERROR 0 ×1")[0]
		if !row.At.Equal(closed) || row.PointStatus != asset.PointOffline || row.SiteName != "A3E_station" {
			w.Errorf("%+v", row)
		}
		if got := staff.Get("/api/v1/charge-points/" + p.ID.String()).Body; got.Str("point_status") != "OFFLINE" || got["online"] != false {
			w.Errorf("the list says %v", got)
		}
		if got := staff.Get("/api/v1/warnings?state=live").Items(); len(got) != 1 || got[0].Str("type") != "OFFLINE" || got[0].Str("point_status") != "OFFLINE" {
			w.Errorf("the warnings say %v", got)
		}

		p.Connect()
		w.Until("it is seen that the point is back", func() bool { return !w.Warnings(upkeep.Filter{})[0].GoneAt.IsZero() })
		w.Advance(upkeep.Hold - time.Second)
		w.Warned("OFFLINE ERROR 0 ×1")
		w.Advance(2 * time.Second)
		w.Warned()
		if end := w.Warnings(upkeep.Filter{})[0]; end.State != upkeep.Cleared || end.ClearedBy != "" {
			w.Errorf("%+v", end.Warning)
		}
	})
}

// A short loss is no warning, and still counted (LIVE-R1).
func TestLIVE_R1_AShortLossIsOnlyCounted(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		p.Online().Drop()
		w.Advance(30 * time.Second)
		c := p.Connect()
		w.Advance(5 * time.Minute)
		lost := func(times int) { // what facts tell comes a moment later: before the clock goes on
			w.Helper()
			w.Until("the loss is counted", func() bool {
				x, err := w.App.Upkeep.WatchOf(w.Context(), w.Scope, p.ID)
				return err == nil && x.Disconnects == int64(times)
			})
		}
		lost(1)
		w.Warned()
		// Away again, and again for longer: the same row while it stands, another later.
		c.Drop()
		lost(2)
		w.Advance(2 * time.Minute)
		w.Warned("OFFLINE ERROR 0 ×1")
		c = p.Connect()
		w.Advance(time.Minute)
		c.Drop()
		lost(3)
		w.Advance(2 * time.Minute)
		w.Warned("OFFLINE ERROR 0 ×2")
	})
}

// Ten losses a minute for five minutes: one FLAPPING and no fifty OFFLINE.
func TestLIVE_A2_FlappingIsOneWarning(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		for range 50 {
			c := p.Dial()
			w.Clock.Advance(3 * time.Second)
			c.Drop()
			w.Clock.Advance(3 * time.Second)
		}
		row := w.Warned("FLAPPING WARN 0 ×50")[0]
		d, err := w.App.Upkeep.Detail(w.Context(), w.Scope, row.ID)
		w.OK(err)
		if d.Disconnects != 50 || len(d.Entries) != 46 {
			w.Errorf("%d disconnects, %d lines of history", d.Disconnects, len(d.Entries))
		}
		for _, r := range w.Warnings(upkeep.Filter{}) {
			if r.Type == upkeep.Offline {
				w.Errorf("%+v", r.Warning)
			}
		}
		p.Connect()
		w.Advance(upkeep.FlapWithin)
		w.Warned()
	})
}

// A ground fault on connector 2: CRITICAL and of that connector only; the point rolls
// up to FAULT and the other connector starts all the same. It does not end by itself.
//
// shows: StatusNotification
func TestLIVE_A4_AGroundFaultIsCriticalAndOfOneConnector(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1", 2)
		c := p.Online()
		c.Status(1, "Available")
		c.Status(2, "Faulted", M{"errorCode": "GroundFailure", "vendorErrorCode": "0x41"})
		row := w.Warned("CONNECTOR_ERROR GroundFailure CRITICAL 2 ×1")[0]
		if row.PointStatus != asset.PointFault || row.Detail != "0x41" {
			w.Errorf("%+v", row)
		}
		id := c.Charge(1, "CARD1", 0)
		w.Session(id).Is(session.Charging, "RUNNING")

		c.Status(2, "Available")
		w.Until("the fault is seen to be over", func() bool { return !w.Warnings(upkeep.Filter{})[0].GoneAt.IsZero() })
		w.Advance(10 * time.Minute)
		w.Warned("CONNECTOR_ERROR GroundFailure CRITICAL 2 ×1")
		staff := w.Staff(authz.OpOps)
		staff.Do("POST", "/api/v1/warnings/"+row.ID.String()+"/clear", M{"reason": "insulation measured"}).Want(200)
		w.Warned()
	})
}

// Other faults end by themselves, and the guide's "Internal Error" has a type of its own.
func TestWARN_R3_AFaultEndsWithItsCondition(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1", 2)
		c := p.Online()
		c.Status(1, "Faulted", M{"errorCode": "InternalError"})
		w.Advance(time.Second)
		c.Status(2, "Available", M{"errorCode": "WeakSignal"})
		w.Warned("CONNECTOR_ERROR WeakSignal NOTICE 2 ×1", "INTERNAL_ERROR InternalError ERROR 1 ×1")
		w.Advance(time.Second)
		c.Status(1, "Faulted", M{"errorCode": "ReaderFailure"}) // another fault instead
		w.Advance(time.Second)
		c.Status(2, "Available")
		w.Advance(upkeep.Hold - time.Second)
		c.Status(1, "Available")
		w.Advance(time.Second)
		w.Until("the second fault is seen to be over", func() bool {
			for _, r := range w.Warnings(upkeep.Filter{}) {
				if r.Code == "ReaderFailure" && !r.GoneAt.IsZero() {
					return true
				}
			}
			return false
		})
		w.Advance(upkeep.Hold)
		w.Advance(upkeep.Hold)
		w.Warned()
		if all := w.Warnings(upkeep.Filter{}); len(all) != 3 {
			w.Errorf("the history has %d rows", len(all))
		}
	})
}

// meterStop below meterStart: acknowledged, and "Abnormal bill" of type Charge Record Error.
func TestLIVE_A5_AnAbnormalBillIsAWarning(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		for n := range 2 {
			id := c.Charge(1, "CARD1", 9000)
			w.Advance(time.Minute)
			if a := c.Finish(id, 100, M{"idTag": "CARD1"}); a.Str("idTagInfo", "status") != "Accepted" {
				w.Errorf("the stop is answered with %v", a)
			}
			row := w.Warned(fmt.Sprintf("CHARGE_RECORD_ERROR STOP_BELOW ERROR 1 ×%d", n+1))[0]
			if row.Session != w.Session(id).ID {
				w.Errorf("it is about %s", row.Session)
			}
			w.Advance(time.Minute)
		}
		w.Advance(2 * time.Hour) // nobody has looked at it
		w.Warned("CHARGE_RECORD_ERROR STOP_BELOW ERROR 1 ×2")
	})
}

// A warning of abnormal bills ends with the decision of the last of them, and nobody has
// to clear it beside.
func TestLIVE_A5_ADecidedBillEndsItsWarning(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		var bills []*Session
		for range 2 {
			id := c.Charge(1, "CARD1", 9000)
			w.Advance(time.Minute)
			c.Finish(id, 100)
			bills = append(bills, w.Session(id).Is(session.Abnormal, "ABNORMAL"))
		}
		w.Warned("CHARGE_RECORD_ERROR STOP_BELOW ERROR 1 ×2")
		decide := func(s *Session) {
			w.Staff(authz.OpAdmin).Do("POST", "/api/v1/sessions/"+s.ID.String()+"/review", M{"verdict": "void", "reason": "looked at the meter"}).Want(200)
		}
		decide(bills[1])
		w.Advance(2 * time.Hour) // the other waits still, also where it is looked at again
		w.Warned("CHARGE_RECORD_ERROR STOP_BELOW ERROR 1 ×2")
		decide(bills[0])
		w.Warned()
		if all := w.Warnings(upkeep.Filter{}); len(all) != 1 || all[0].State != upkeep.Cleared {
			w.Errorf("the history has %+v", all)
		}
	})
}

// A stop for an unknown transaction: acknowledged, kept as an orphan, told.
func TestLIVE_A6_AnOrphanStopIsAWarning(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		if a := c.Finish(123456, 5000); len(a) != 0 {
			w.Errorf("the stop is answered with %v", a)
		}
		row := w.Warned("CHARGE_RECORD_ERROR ORPHAN_STOP ERROR 0 ×1")[0]
		if row.Session != p.Only().Is(session.Abnormal, "ABNORMAL").ID || row.Point != p.ID {
			w.Errorf("%+v", row)
		}
	})
}

// What an offline buffer tells three hours late stands where it happened.
func TestLIVE_A9_WarningsSortByWhenItHappened(t *testing.T) {
	Each(t, func(w *World) {
		old, now := w.Point("CP1"), w.Point("CP2")
		happened := w.Now()
		w.Advance(3 * time.Hour)
		now.Online().Status(1, "Faulted", M{"errorCode": "ReaderFailure"})
		w.Warned("CONNECTOR_ERROR ReaderFailure ERROR 1 ×1")
		w.Advance(time.Second)
		old.Connect().Status(1, "Faulted", M{"errorCode": "PowerMeterFailure", "timestamp": Stamp(happened)})
		rows := w.Warned("CONNECTOR_ERROR ReaderFailure ERROR 1 ×1", "CONNECTOR_ERROR PowerMeterFailure ERROR 1 ×1")
		if late := rows[1]; !late.At.Equal(happened) || late.ReceivedAt.Sub(late.At) < 3*time.Hour {
			w.Errorf("it happened %s and was heard of %s", late.At, late.ReceivedAt)
		}
		staff := w.Staff(authz.Auditor)
		if l := staff.Get("/api/v1/warnings?sort=at").Items(); l[0].Str("code") != "PowerMeterFailure" || l[0].Str("received_at") <= l[1].Str("received_at") {
			w.Errorf("%v", l)
		}
	})
}

// An error that was over when it was told is history from the start.
//
// shows: StatusNotification
func TestLIVE_A9_AnErrorToldAfterItsEndIsHistory(t *testing.T) {
	Each(t, func(w *World) {
		p := w.Point("CP1")
		happened := w.Now()
		w.Advance(time.Hour)
		c := p.Connect()
		c.Status(1, "Available")
		c.Status(1, "Faulted", M{"errorCode": "ReaderFailure", "timestamp": Stamp(happened)})
		row := w.Warned("CONNECTOR_ERROR ReaderFailure ERROR 1 ×1")[0]
		if row.GoneAt.IsZero() || !row.At.Equal(happened) {
			w.Errorf("%+v", row.Warning)
		}
		w.Advance(upkeep.Hold)
		w.Warned()
	})
}

// A site goes dark: one warning with the points under it; one click ends all.
func TestWARN_R2_ASiteGoesDarkAsOneWarning(t *testing.T) {
	Each(t, func(w *World) {
		const all = 24
		other := w.PointAt(w.NewSite(asset.Site{Name: "elsewhere", TimeZone: "UTC"}).ID, "ELSE")
		far := other.Connect()
		var conns []*Conn
		for i := range all {
			conns = append(conns, w.Point(fmt.Sprintf("CP%d", i)).Dial())
		}
		w.Advance(2 * time.Minute)
		for _, c := range conns {
			c.Drop()
			w.Clock.Advance(time.Second)
		}
		far.Drop()
		w.Advance(2 * time.Minute)
		code := "SITE " + w.Site.ID.String()
		rows := w.Warned("OFFLINE ERROR 0 ×1", fmt.Sprintf("OFFLINE %s ERROR 0 ×%d", code, all))
		storm := rows[1]
		children := w.Warnings(upkeep.Filter{Parent: storm.ID})
		if storm.Children != all || len(children) != all || storm.SiteName != "A3E_station" || storm.PointName != "" {
			w.Errorf("%d children, %+v", len(children), storm)
		}
		staff := w.Staff(authz.OpOps)
		staff.Do("POST", "/api/v1/warnings/"+storm.ID.String()+"/acknowledge", nil).Want(200)
		for _, c := range w.Warnings(upkeep.Filter{Parent: storm.ID}) {
			if c.State != upkeep.Acknowledged {
				w.Errorf("a warning under the storm is %s", c.State)
			}
		}
		for _, c := range conns {
			c.Point.Dial()
		}
		w.Until("all are seen to be back", func() bool {
			for _, c := range w.Warnings(upkeep.Filter{Parent: storm.ID}) {
				if c.GoneAt.IsZero() {
					return false
				}
			}
			return true
		})
		for range 3 { // the points' own, then that of the site
			w.Advance(upkeep.Hold)
		}
		w.Warned("OFFLINE ERROR 0 ×1")
	})
}

// A session charges and its meter says nothing: told, once, until it speaks again.
func TestASilentMeterIsTold(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		for n := range 3 {
			w.Advance(time.Minute)
			c.Meter(1, id, 500*(n+1))
		}
		for range 8 {
			w.Advance(time.Minute)
		}
		row := w.Warned("METER_SILENT WARN 1 ×1")[0]
		if row.Session != w.Session(id).ID {
			w.Errorf("it is about %s", row.Session)
		}
		for n := range 6 {
			w.Advance(time.Minute)
			c.Meter(1, id, 5000+500*n)
		}
		w.Warned()
	})
}

// Three remote starts in a row that became nothing: told, until one works.
func TestThreeFailedStartsInARowAreTold(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpAdmin)
		for n := range 3 {
			if n == 2 {
				w.Warned()
			}
			cmd := staff.Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}).Want(202).Body
			c.Asked("RemoteStartTransaction").Accept()
			staff.Becomes(cmd.Str("id"), "accepted")
			w.Advance(150 * time.Second)
		}
		w.Warned("START_FAILURE_STREAK ERROR 1 ×3")
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		w.Until("the streak is seen to be over", func() bool { return !w.Warnings(upkeep.Filter{})[0].GoneAt.IsZero() })
		w.Advance(upkeep.Hold)
		w.Warned()
	})
}
