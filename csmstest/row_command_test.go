package csmstest

import (
	"strings"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/session"
)

// The rows of docs/protocols/ocpp16.md about what is asked of charge points.

// request asks for a command as the server itself does.
func (p *Point) order(a asset.Args) string {
	p.Helper()
	cmd, err := p.App.Assets.Request(p.Context(), p.Scope, p.ID, a, "test")
	p.OK(err)
	return cmd.ID.String()
}

// Names in another case, lists with quotes and blanks: read as what they mean.
func TestRow65_SettingsInAnotherSpelling(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpAdmin)
		read := staff.Command(p, M{"type": "get_configuration"}).Want(202).Body.Str("id")
		c.Asked("GetConfiguration").Reply(M{"configurationKey": []any{
			M{"key": "supportedfeatureprofiles", "readonly": true, "value": "'Core' , 'SmartCharging'"},
			M{"key": "heartbeatInterval", "readonly": "false", "value": "300"},
			M{"key": "METERVALUESAMPLEINTERVAL", "readonly": true, "value": "60"},
			M{"key": "ChargingScheduleAllowedChargingRateUnit", "readonly": true, "value": "Current,W"}}})
		staff.Becomes(read, "accepted")
		// What it cannot do is known, in whatever case it said so.
		if r := staff.Command(p, M{"type": "trigger_message", "requested_message": "Heartbeat"}).Want(422); r.Body.Str("code") != "command_unsupported" {
			w.Errorf("%v", r.Body)
		}
		staff.Command(p, M{"type": "change_configuration", "key": "MeterValueSampleInterval", "value": "30", "reason": "test"}).Want(422)
		set := staff.Command(p, M{"type": "change_configuration", "key": "HeartbeatInterval", "value": "60", "reason": "test"}).Want(202).Body.Str("id")
		c.Asked("ChangeConfiguration").Accept()
		staff.Becomes(set, "accepted")
		n := 0
		for _, k := range staff.Get("/api/v1/charge-points/" + p.ID.String() + "/configuration").Items() {
			if strings.EqualFold(k.Str("key"), "HeartbeatInterval") {
				n++
				if k.Str("value") != "60" {
					w.Errorf("%v", k)
				}
			}
		}
		if n != 1 {
			w.Errorf("the setting is there %d times", n)
		}
	})
}

// A standard setting that it does not let anybody change, or does not know, is no error.
func TestRow66_AStandardSettingThatIsRefused(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpAdmin)
		for _, x := range [][2]string{{"Rejected", "rejected"}, {"NotSupported", "not_supported"}} { // the second is remembered of the model
			answer, want := x[0], x[1]
			cmd := staff.Command(p, M{"type": "change_configuration", "key": "ClockAlignedDataInterval", "value": "900", "reason": "test"}).Want(202).Body.Str("id")
			c.Asked("ChangeConfiguration").Reply(M{"status": answer})
			if got := staff.Becomes(cmd, want); got.Str("error_detail") == "" || got.Str("effect", "state") != "" {
				w.Errorf("%s is shown as %v", answer, got)
			}
		}
		c.NotAsked() // nor is it tried again
		w.Warned()
	})
}

// A remote start always names the connector, also where there is only one.
func TestRow68_ARemoteStartNamesTheConnector(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		w.Staff(authz.OpOps).Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}).Want(202)
		if a := c.Asked("RemoteStartTransaction"); a.Payload.Int("connectorId") != 1 || a.Payload.Str("idTag") != "CARD1" {
			w.Errorf("it is asked %v", a.Payload)
		}
	})
}

// A remote start that is refused while the cable of the last charge is in: staff read
// what helps, and the hold is free at once.
func TestRow69_ARemoteStartIsRefusedInFinishing(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpOps)
		ask := func() string {
			w.Helper()
			cmd := staff.Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}).Want(202).Body.Str("id")
			c.Asked("RemoteStartTransaction").Reply(M{"status": "Rejected"})
			return staff.Becomes(cmd, "rejected").Str("error_detail")
		}
		c.Status(1, "Finishing")
		if why := ask(); !strings.Contains(why, "unplug") {
			w.Errorf("staff read %q", why)
		}
		c.Status(1, "Available")
		if why := ask(); strings.Contains(why, "unplug") {
			w.Errorf("staff read %q", why)
		}
		d.Has("100.00", "0.00")
	})
}

// A schedule without periods is an answer.
func TestRow74_AnEmptySchedule(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		p := w.Point("CP1")
		c := p.Online()
		cmd := p.order(asset.GetSchedule{Connector: 1, Duration: 600})
		c.Asked("GetCompositeSchedule").Reply(M{"status": "Accepted", "connectorId": 1,
			"chargingSchedule": M{"chargingRateUnit": "A", "chargingSchedulePeriod": []any{}}})
		w.Staff(authz.OpAdmin).Becomes(cmd, "accepted")
	})
}

// It says that it can everything, accepts, and does nothing: what was seen to happen is
// shown beside its answer.
func TestRow85_AcceptedAndNothingHappens(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		staff := w.Staff(authz.OpAdmin)
		cmd := staff.Command(p, M{"type": "remote_start", "connector": 1, "token_uid": "CARD1"}).Want(202).Body.Str("id")
		c.Asked("RemoteStartTransaction").Accept()
		staff.Becomes(cmd, "accepted")
		w.Advance(151 * time.Second)
		if got := staff.effect(cmd); got != "failed" {
			w.Errorf("the effect is %s", got)
		}
		p.Only().Is(session.FailedToStart, "VOID")
		cmd = staff.Command(p, M{"type": "change_availability", "availability": "inoperative", "reason": "test"}).Want(202).Body.Str("id")
		c.Asked("ChangeAvailability").Accept()
		staff.Becomes(cmd, "accepted")
		c.Status(1, "Available")
		if got := staff.effect(cmd); got != "pending" {
			w.Errorf("the effect is %s", got)
		}
	})
}

// ReserveNow, and the point asks for the card before it answers.
func TestRow86_AuthorizeBeforeTheAnswer(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		cmd := p.order(asset.Reserve{Number: 5, Connector: 1, Token: "CARD1", Until: w.Now().Add(time.Hour)})
		a := c.Asked("ReserveNow")
		if got := c.Authorize("CARD1"); got != "Accepted" {
			w.Errorf("meanwhile the card is %s", got)
		}
		c.Status(1, "Reserved")
		a.Accept()
		w.Staff(authz.OpAdmin).Becomes(cmd, "accepted")
	})
}
