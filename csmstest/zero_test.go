package csmstest

import (
	"strings"
	"testing"
	"time"

	"ccms/internal/authz"
)

// zero is a profile that allows nothing: for the whole charge point, or for a charge.
func zero(charge *Session) M {
	if charge == nil {
		return M{"type": "set_charging_profile", "reason": "pause", "profile": profile("charge_point_max", nil, M{"start_s": 0, "limit_milli": 0})}
	}
	return M{"type": "set_charging_profile", "connector": charge.Connector, "reason": "pause",
		"profile": profile("tx", M{"session_id": charge.ID.String(), "kind": "relative"}, M{"start_s": 0, "limit_milli": 0})}
}

// drawing sends a meter value with a power a minute later.
func (c *Conn) drawing(id int64, register, power int) {
	c.Helper()
	c.Advance(time.Minute)
	c.MeterPower(1, id, register, power)
}

// Behaviour 75: a limit of 0 is accepted and current flows on. The meter shows it: the
// command says so and what to do, the charge point is known for it at once and its model by
// a second one, and a limit of 0 is refused from then on with what works instead.
func TestRow75_ALimitOfZeroThatStopsNothing(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		w.Driver("CARD2", "100.00")
		staff, ops := w.Staff(authz.OpAdmin), w.Staff(authz.OpOps)
		pass := func(p *Point, serial, card string) {
			w.Helper()
			c := p.Dial()
			c.bootAs("Fox", "EV", "2.1", serial)
			c.Status(1, "Charging")
			id := c.Charge(1, card, 0)
			c.drawing(id, 200, 11_000)
			cmd := ops.Command(p, zero(w.Session(id))).Want(202).Body.Str("id")
			c.Asked("SetChargingProfile").Accept()
			if got := ops.Becomes(cmd, "accepted"); got.Str("effect", "state") != "pending" {
				w.Errorf("accepted only, it is shown as %v", got["effect"])
			}
			c.drawing(id, 400, 11_000) // the car may take its time
			if got := ops.Becomes(cmd, "accepted"); got.Str("effect", "state") != "pending" {
				w.Errorf("after a minute it is shown as %v", got["effect"])
			}
			c.drawing(id, 600, 10_900)
			got := ops.Becomes(cmd, "accepted")
			if text := got.Str("effect", "text"); got.Str("effect", "state") != "failed" || !strings.Contains(text, "10900 W") || !strings.Contains(text, "Stop the session") {
				w.Errorf("shown as %v", got["effect"])
			}
			for _, again := range []M{zero(w.Session(id)), zero(nil)} {
				if r := ops.Command(p, again).Want(422); r.Body.Str("code") != "zero_limit_ignored" || !strings.Contains(r.Body.Str("detail"), "stop the session") ||
					!strings.Contains(r.Body.Str("detail"), "out of service") {
					w.Errorf("a limit of 0 again: %v", r.Body)
				}
			}
			c.NotAsked()
			c.Finish(id, 700)
		}
		p, twin, third := w.Point("CP1"), w.Point("CP2"), w.Point("CP3")
		pass(p, "A", "CARD1")
		known := staff.models("Fox")
		if len(known) != 1 || learnt(known[0], "effect", "zero_limit_ignored").Str("counts_for") != "charge_point" {
			t.Fatalf("learned: %v", known)
		}
		pass(twin, "B", "CARD2") // one alone does not decide for it
		if known = staff.models("Fox"); learnt(known[0], "effect", "zero_limit_ignored").Str("counts_for") != "model" {
			t.Errorf("learned: %v", known)
		}
		c := third.Dial()
		c.bootAs("FOX", "ev", "2.1", "C")
		ops.Command(third, zero(nil)).Want(422)
		ops.Command(third, M{"type": "set_charging_profile", "reason": "less", "profile": profile("charge_point_max", nil, M{"start_s": 0, "limit_milli": 6000})}).Want(202)
		c.Asked("SetChargingProfile").Accept()

		// Staff who know better say so.
		staff.Do("PUT", "/api/v1/models/"+known[0].Str("id"), M{"quirks": M{"zero_limit_ignored": false}}, "If-Match", `"1"`).Want(200)
		ops.Command(third, zero(nil)).Want(202)
		c.Asked("SetChargingProfile").Accept()
	})
}

// A limit of 0 that is kept is seen to be: by the power, or by the register where no power
// is told; where nothing charges there is nothing to see.
func TestRow75_ALimitOfZeroThatIsKept(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		ops, p := w.Staff(authz.OpOps), w.Point("CP1")
		c := p.Dial()
		c.bootAs("Good", "Box", "1", "A")
		effect := func(cmd, state, text string) {
			w.Helper()
			if got := ops.Becomes(cmd, "accepted"); got.Str("effect", "state") != state || !strings.Contains(got.Str("effect", "text"), text) {
				w.Errorf("shown as %v, want %s: %s", got["effect"], state, text)
			}
		}
		give := func(m M) string {
			w.Helper()
			cmd := ops.Command(p, m).Want(202).Body.Str("id")
			c.Asked("SetChargingProfile").Accept()
			ops.Becomes(cmd, "accepted")
			return cmd
		}
		effect(give(zero(nil)), "seen", "keeps to the profile")
		id := c.Charge(1, "CARD1", 0)
		c.drawing(id, 200, 11_000)
		cmd := give(zero(w.Session(id)))
		c.drawing(id, 210, 60)
		effect(cmd, "seen", "nothing flow")

		c.drawing(id, 400, 11_000)
		first := give(zero(nil))
		cmd = give(zero(nil)) // again: the first is not watched any more
		effect(first, "seen", "Another profile")
		for range 3 {
			c.drawing(id, 410, -1)
		}
		effect(cmd, "seen", "nothing flow")

		cmd = give(zero(nil))
		c.Finish(id, 420)
		effect(cmd, "seen", "ended")
		if known := w.Staff(authz.OpAdmin).models("Good"); len(known) != 0 {
			w.Errorf("learned: %v", known)
		}
	})
}

// Where no power is told, the register shows that current flows on.
func TestRow75_TheRegisterShowsIt(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		ops, p := w.Staff(authz.OpOps), w.Point("CP1")
		c := p.Dial()
		c.bootAs("Fox", "EV", "2.1", "A")
		id := c.Charge(1, "CARD1", 0)
		c.drawing(id, 100, -1)
		cmd := ops.Command(p, zero(nil)).Want(202).Body.Str("id")
		c.Asked("SetChargingProfile").Accept()
		ops.Becomes(cmd, "accepted")
		for i := range 3 {
			c.drawing(id, 200+100*i, -1)
		}
		if got := ops.Becomes(cmd, "accepted"); got.Str("effect", "state") != "failed" || !strings.Contains(got.Str("effect", "text"), "6000 W") {
			w.Errorf("shown as %v", got["effect"])
		}
	})
}
