package csmstest

import (
	"testing"
	"time"

	"ccms/internal/authz"
	"ccms/internal/session"
	"ccms/internal/upkeep"
)

// Hardware is replaced: identity, code and history stay, the old key ends, and both serial
// numbers are in the history.
func TestAST_R1_ASwapKeepsTheChargePoint(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD", "20.00")
		staff, p := w.Staff(authz.OpAdmin), w.Point("CP1")
		c := p.Dial()
		c.bootAs("Vendor", "Old", "1", "SN-OLD")
		c.Finish(c.Charge(1, "CARD", 0), 1000)
		code := p.View().Code
		r := staff.Do("POST", "/api/v1/charge-points/"+p.ID.String()+"/swap", M{"reason": "burnt relay"}).Want(200)
		c.Closed()
		if p.refusedWith(Handshake{}) != 401 || r.Body.Str("key") == "" {
			t.Errorf("the old key opens still, or no new one was given: %v", r.Body)
		}
		p.Key = r.Body.Str("key")
		w.Clock.Advance(time.Minute)
		d := p.Dial()
		d.bootAs("Vendor", "New", "2", "SN-NEW")
		d.bootAs("Vendor", "New", "2", "SN-NEW")
		if l := w.Warnings(upkeep.Filter{Types: []upkeep.Type{upkeep.HardwareChanged}}); len(l) > 0 { // it was announced
			t.Errorf("the warnings: %v", l)
		}
		if v := p.View(); v.Code != code || v.Identity != "CP1" || v.Serial != "SN-NEW" || len(p.Sessions()) != 1 {
			t.Errorf("after the swap: %+v", v.ChargePoint)
		}
		all := staff.Get("/api/v1/charge-points/" + p.ID.String() + "/hardware").Want(200).Items()
		if len(all) != 2 || all[0].Str("hardware_serial") != "SN-NEW" || all[0].Str("origin") != "swap" || all[0].Str("reason") != "burnt relay" || all[0]["confirmed"] != true ||
			all[1].Str("hardware_serial") != "SN-OLD" || !all[1].Has("until") {
			t.Errorf("the history: %v", all)
		}
		if found := staff.Get("/api/v1/charge-points?q=SN-NEW").Want(200).Items(); len(found) != 1 {
			t.Errorf("its new serial number finds %v", found)
		}
		w.Staff(authz.OpOps).Do("POST", "/api/v1/charge-points/"+p.ID.String()+"/swap", M{"reason": "x"}).Want(403)
	})
}

// A boot with another serial number than the known one is noted and waits for somebody's
// word; who says that it is right needs no new key.
func TestAST_R1_AnotherSerialNumberIsNotedAndShown(t *testing.T) {
	Each(t, func(w *World) {
		staff, p := w.Staff(authz.OpAdmin), w.Point("CP1")
		c := p.Dial()
		c.bootAs("Vendor", "Box", "1", "SN-1")
		c.bootAs("Vendor", "Box", "2", "SN-1") // an update is no other device
		c.bootAs("Vendor", "Box", "2", "SN-2")
		path := "/api/v1/charge-points/" + p.ID.String()
		all := staff.Get(path + "/hardware").Want(200).Items()
		if len(all) != 2 || all[0].Str("origin") != "seen" || all[0]["confirmed"] != false {
			t.Fatalf("the history: %v", all)
		}
		if row := w.Warned("HARDWARE_CHANGED WARN 0 ×1")[0]; row.Detail != "SN-1 → SN-2" {
			t.Errorf("the warning says %q", row.Detail)
		}
		w.Clock.Advance(2 * time.Hour)
		w.Warned("HARDWARE_CHANGED WARN 0 ×1") // until somebody says that it is right
		staff = w.Staff(authz.OpAdmin)         // the login has expired
		staff.Do("POST", path+"/swap", M{"reason": "replaced on Monday", "keep_key": true}).Want(200)
		c.Call("Heartbeat", nil) // it stays connected
		all = staff.Get(path + "/hardware").Want(200).Items()
		if len(all) != 2 || all[0]["confirmed"] != true || all[0].Str("reason") != "replaced on Monday" || all[0].Str("hardware_serial") != "SN-2" {
			t.Errorf("the history: %v", all)
		}
		w.Until("the warning has an end", func() bool {
			l := w.Warnings(upkeep.Filter{Types: []upkeep.Type{upkeep.HardwareChanged}})
			return len(l) == 1 && !l[0].GoneAt.IsZero()
		})
		c.bootAs("Vendor", "Box", "2", "SN-1") // and the old one is back
		w.Warned("HARDWARE_CHANGED WARN 0 ×2")
	})
}

// A key that is on its way ends with a swap and with a new key: whoever has it is out, and
// where it was not sent yet it never is.
func TestAST_R1_AKeyOnItsWayEndsWithASwap(t *testing.T) {
	Each(t, func(w *World) {
		staff, p := w.Staff(authz.OpAdmin), w.Point("CP1")
		path := "/api/v1/charge-points/" + p.ID.String()
		c := p.Online()
		staff.Do("POST", path+"/key-change", M{"reason": "yearly"}).Want(202)
		a := c.Asked("ChangeConfiguration")
		a.Accept()
		p.Key = staff.Do("POST", path+"/swap", M{"reason": "burnt relay"}).Want(200).Body.Str("key")
		c.Closed()
		if got := p.answer(Handshake{Key: a.Payload.Str("value")}); got != 401 {
			t.Errorf("the key that the old device was given: %d", got)
		}
		c = p.Dial() // it has not booted: what is asked of it waits
		staff.Do("POST", path+"/key-change", M{"reason": "yearly"}).Want(202)
		p.Key = staff.Do("POST", path+"/swap", M{"reason": "again"}).Want(200).Body.Str("key")
		c.Closed()
		p.Online().NotAsked()
		if got := staff.Get("/api/v1/commands?charge_point_id=" + p.ID.String()).Want(200).Items()[0]; got.Str("state") != "failed" {
			t.Errorf("the command that waited: %v", got)
		}
	})
}

// Another device, or another meter in it, begins with a register of its own: its first
// charge is billed without a person, and what the old one is still told of teaches nothing.
func TestAST_R1_ASwapForgetsTheMeter(t *testing.T) {
	for name, other := range map[string]func(w *World, p *Point, c *Conn) *Conn{
		"swapped by staff": func(w *World, p *Point, c *Conn) *Conn {
			w.Staff(authz.OpAdmin).Do("POST", "/api/v1/charge-points/"+p.ID.String()+"/swap", M{"reason": "burnt", "keep_key": true}).Want(200)
			c.Drop()
			d := p.Dial()
			d.Boot(M{"chargePointSerialNumber": "SN-2"})
			return d
		},
		"swapped, and tells no serial number": func(w *World, p *Point, c *Conn) *Conn {
			w.Staff(authz.OpAdmin).Do("POST", "/api/v1/charge-points/"+p.ID.String()+"/swap", M{"reason": "burnt", "keep_key": true}).Want(200)
			c.Drop()
			return p.Connect()
		},
		"seen at a boot": func(_ *World, _ *Point, c *Conn) *Conn {
			c.Boot(M{"chargePointSerialNumber": "SN-2", "meterSerialNumber": "M-1"})
			return c
		},
		"another meter": func(_ *World, _ *Point, c *Conn) *Conn {
			c.Boot(M{"chargePointSerialNumber": "SN-1", "meterSerialNumber": "M-2"})
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			Each(t, func(w *World) {
				w.Driver("CARD1", "100.00")
				p := w.Point("CP1")
				c := p.Dial()
				c.Boot(M{"chargePointSerialNumber": "SN-1", "meterSerialNumber": "M-1"})
				c.Status(1, "Available")
				w.Advance(time.Minute)
				c.visit(500_000, []int{500_400}, 501_000).Is(session.Completed, "COMPLETED").Flagged()
				w.Advance(time.Minute)
				c = other(w, p, c)
				w.Advance(2 * time.Minute)
				c.visit(0, []int{400}, 1000).Is(session.Completed, "COMPLETED").Delivered(1000).Flagged()
				w.Advance(time.Minute)
				c.visit(200, []int{400}, 1000).Is(session.Abnormal, "ABNORMAL").Flagged("METER_BASE")
			})
		})
	}
}

// What ran when the device burnt is closed later, with the old register.
func TestAST_R1_TheOldDevicesLastChargeTeachesNothing(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		w.Driver("CARD2", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD2", 500_000)
		w.Advance(2 * time.Minute)
		c.Meter(1, id, 500_400)
		w.Advance(time.Second)
		w.Staff(authz.OpAdmin).Do("POST", "/api/v1/charge-points/"+p.ID.String()+"/swap", M{"reason": "burnt", "keep_key": true}).Want(200)
		c.Drop()
		w.Advance(time.Minute)
		c = p.Connect()
		w.Advance(20 * time.Minute)
		w.Session(id).Is(session.Completed, "COMPLETED")
		c.visit(0, []int{400}, 1000).Is(session.Completed, "COMPLETED").Delivered(1000).Flagged()
	})
}
