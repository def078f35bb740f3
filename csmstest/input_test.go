package csmstest

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"ccms/internal/session"
)

// knock expects an HTTP refusal.
func (p *Point) refused(h Handshake) *Refused {
	p.Helper()
	c, err := p.Knock(h)
	r := (*Refused)(nil)
	if !errors.As(err, &r) {
		if c != nil {
			c.Drop()
		}
		p.Fatalf("the handshake %+v ends with %v", h, err)
	}
	return r
}

// Who is not let in: what is no identity is 404 (one that nobody has waits in the inbox), a wrong key 401, a wrong sub-protocol
// gets its handshake and is closed. What runs goes on.
func TestHandshakeRefusals(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p, other := w.Point("CP1"), w.Point("CP2")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		for _, h := range []Handshake{{Path: "/ocpp/NO BODY"}, {Path: "/ocpp/NOBODY!"}, {Path: "/ocpp/%2525"}, {Path: "/ocpp/CP1%00"}} {
			if r := p.refused(h); r.Status != 404 {
				w.Errorf("%+v: status %d, want 404", h, r.Status)
			}
		}
		for _, h := range []Handshake{{NoKey: true}, {Key: "wrong"}, {Key: other.Key}, {User: "CP2"}, {User: "CP2", Key: other.Key}, {Key: p.Key + "00"}} {
			if r := p.refused(h); r.Status != 401 {
				w.Errorf("%+v: status %d, want 401", h, r.Status)
			}
		}
		for _, sub := range []string{"ocpp2.0.1", "chat"} {
			bad, err := p.Knock(Handshake{Subprotocol: sub})
			if err != nil {
				continue // the client found no sub-protocol in the answer and left
			}
			if code, _ := bad.Closed(); code != 1002 {
				w.Errorf("sub-protocol %s: closed with %d", sub, code)
			}
		}
		c.NotAsked() // the connection that is there was not replaced
		if !p.View().Open() || w.App.Door.Connected() != 1 {
			w.Errorf("open %v, %d connections", p.View().Open(), w.App.Door.Connected())
		}
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48")

		// The same point by odd ways: slashes, a whole URL as the path, the key as bytes.
		key, err := hex.DecodeString(p.Key)
		w.OK(err)
		for _, h := range []Handshake{{Path: "/ocpp//CP1/"}, {Path: "///ocpp///CP1"}, {Path: "/ocpp/ws:/" + w.Addr + "/CP1"}, {Path: "/ocpp/CP%31"}, {Key: string(key)}} {
			odd, err := p.Knock(h)
			if err != nil {
				w.Errorf("%+v: %v", h, err)
				continue
			}
			odd.Boot()
			odd.Drop()
		}
	})
}

// Frames that are wrong get the answer that says how, and the socket stays.
func TestFramesThatAreWrong(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		for _, f := range []struct{ why, id, frame, code string }{
			{"no JSON", "-1", `this is no JSON`, "FormationViolation"},
			{"no array", "-1", `{"a":1}`, "FormationViolation"},
			{"an unknown action", "a1", `[2,"a1","CustomOperation",{}]`, "NotImplemented"},
			{"an action for charge points", "a2", `[2,"a2","ChangeConfiguration",{"key":"a","value":"b"}]`, "NotSupported"},
			{"no payload object", "a4", `[2,"a4","BootNotification",["x"]]`, ""},
			{"no action", "a5", `[2,"a5"]`, "FormationViolation"},
		} {
			a := c.RawCall(f.id, f.frame)
			if f.code != "" && a.Code != f.code {
				w.Errorf("%s is answered with %+v, want %s", f.why, a, f.code)
			}
			if strings.Contains(a.Description, "CustomOperation{") || len(a.Description) > 255 {
				w.Errorf("%s: the description is %q", f.why, a.Description)
			}
		}
		for _, frame := range []string{`[3,"nobody-asked",{}]`, `[4,"nobody-asked","GenericError","",{}]`, `[9,"x",{}]`} {
			c.SendRaw(frame)
		}
		c.NotAsked() // and answered: the socket is there
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48")
		d.Has("99.52", "0.00")
	})
}

// Fields that are missing or of a wrong type outside of money: the message is read as
// far as it goes, and the socket stays.
func TestFieldsThatAreWrong(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		for _, m := range []struct {
			action  string
			payload M
		}{
			{"BootNotification", M{}},
			{"BootNotification", M{"chargePointVendor": 17, "chargePointModel": []any{}}},
			{"StatusNotification", M{}},
			{"StatusNotification", M{"connectorId": "one", "status": "Charging", "errorCode": "NoError"}},
			{"StatusNotification", M{"connectorId": 1, "status": "Dancing", "errorCode": "Error"}},
			{"StatusNotification", M{"connectorId": -5, "status": "Available", "errorCode": "NoError"}},
			{"StatusNotification", M{"connectorId": 99999, "status": "Available", "errorCode": "NoError"}},
			{"Authorize", M{}},
			{"Authorize", M{"idTag": 12345678}},
			{"Authorize", M{"idTag": strings.Repeat("A", 5000)}},
			{"DataTransfer", M{}},
			{"Heartbeat", M{"why": "not"}},
		} {
			a := c.Try(m.action, m.payload)
			if a.Code == "InternalError" {
				w.Errorf("%s %.80v is answered with %+v", m.action, m.payload, a)
			}
			if m.action == "Authorize" && a.Code == "" && a.Payload.Str("idTagInfo", "status") != "Invalid" {
				w.Errorf("%s %.80v is answered with %+v", m.action, m.payload, a)
			}
		}
		w.Session(id).Is(session.Charging, "RUNNING")
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		w.Session(id).Is(session.Completed, "COMPLETED").Total("0.48")
	})
}

// Numbers at their limits in what carries money.
func TestNumbersAtTheirLimits(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		for i, raw := range []string{`9223372036854775807`, `-1`, `99999999999999999999999999`, `1e300`, `0.5`, `"1000"`, `-9223372036854775808`} {
			w.Advance(time.Minute)
			msg := fmt.Sprint("big", i)
			a := c.RawCall(msg, `[2,"`+msg+`","StartTransaction",{"connectorId":1,"idTag":"CARD1","meterStart":`+raw+`,"timestamp":"`+Stamp(w.Now())+`"}]`)
			if a.Code != "" || a.Payload.Int("transactionId") <= 0 {
				w.Errorf("meterStart %s is answered with %+v", raw, a)
			}
			id := a.Payload.Int("transactionId")
			w.Advance(time.Minute)
			for j, stop := range []string{raw, `9223372036854775807`} {
				msg := fmt.Sprint("stop", i, j)
				a = c.RawCall(msg, `[2,"`+msg+`","StopTransaction",{"transactionId":`+fmt.Sprint(id)+`,"meterStop":`+stop+`,"timestamp":"`+Stamp(w.Now())+`"}]`)
				if a.Code != "" {
					w.Errorf("meterStop %s is answered with %+v", stop, a)
				}
			}
		}
		if a := d.Account(); a.Balance.Minor < 0 || EUR("100.00").Less(a.Balance) {
			w.Errorf("the account has %v", a.Balance)
		}
	})
}

// A frame of 256 KiB is taken; a larger one ends the connection with 1009, and nothing
// that was acknowledged is lost.
func TestFramesThatAreLarge(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		w.Advance(time.Minute)
		sized := func(n int) string {
			head := `[2,"large","MeterValues",{"connectorId":1,"transactionId":` + fmt.Sprint(id) + `,"meterValue":[{"timestamp":"` +
				Stamp(w.Now()) + `","sampledValue":[{"value":"700"}]}],"vendorNote":"`
			tail := `"}]`
			return head + strings.Repeat("x", n-len(head)-len(tail)) + tail
		}
		const limit = 256 << 10
		if a := c.RawCall("large", sized(limit)); a.Code != "" {
			w.Errorf("256 KiB are answered with %+v", a)
		}
		w.Session(id).Delivered(700)
		c.SendRaw(sized(limit + 1))
		if code, why := c.Closed(); code != 1009 {
			w.Errorf("closed with %d %s", code, why)
		}
		w.Until("the connection is gone", func() bool { return !p.View().Open() })
		c = p.Connect()
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		w.Session(id).Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48")
	})
}

// What no database takes, in every place of what carries money: it is answered and kept.
func TestTextThatNoDatabaseTakes(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		at := Stamp(w.Now())
		for i, connector := range []string{`9007199254740993`, `2147483648`, `-3`, `70000`} {
			msg := fmt.Sprint("c", i)
			a := c.RawCall(msg, `[2,"`+msg+`","StartTransaction",{"connectorId":`+connector+`,"idTag":"CARD1","meterStart":1,"timestamp":"`+at+`"}]`)
			if a.Code != "" || a.Payload.Int("transactionId") <= 0 {
				w.Errorf("connector %s is answered with %+v", connector, a)
			}
			c.Finish(a.Payload.Int("transactionId"), 1, M{"timestamp": at})
			c.RawCall(msg+"m", `[2,"`+msg+`m","MeterValues",{"connectorId":`+connector+`,"transactionId":5,"meterValue":[{"timestamp":"`+at+`","sampledValue":[{"value":"1"}]}]}]`)
			w.Advance(time.Minute)
		}
		nul := "\x00\x01\x1f\u2028\uFFFD"
		id := c.CallAs("id"+nul, "StartTransaction", c.StartPayload(1, "CARD1", 0)).Int("transactionId")
		w.Advance(time.Minute)
		c.Call("MeterValues", M{"connectorId": 1, "transactionId": id, "meterValue": []any{M{"timestamp": Stamp(w.Now()),
			"sampledValue": []any{M{"value": "500", "context": nul, "measurand": nul, "unit": nul}, M{"value": "600", "context": nul}}}}})
		w.Advance(time.Minute)
		c.CallAs("stop"+nul, "StopTransaction", c.StopPayload(id, 1000, M{"reason": nul, "idTag": nul}))
		w.Session(id).Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48")
		if s := c.Begin(1, nul+"CARD1", 1000); s.ID <= 0 {
			w.Errorf("a card with odd characters is answered %+v", s)
		}
		c.Call("MeterValues", M{"connectorId": 1, "transactionId": id, nul: nul, "meterValue": []any{M{"timestamp": nul, nul: 1,
			"sampledValue": []any{M{"value": nul, "measurand": nul}}}}})
		c.Authorize(nul)
		c.Call("StatusNotification", M{"connectorId": 1, "status": nul, "errorCode": nul, "info": nul, "vendorErrorCode": nul, "vendorId": nul})
		c.Boot(M{"chargePointVendor": nul, "chargePointModel": strings.Repeat(nul, 1000)})
		c.Try("DataTransfer", M{"vendorId": nul, "data": nul})
		c.Try("Custom"+nul, nil)
		w.Journal()
	})
}
