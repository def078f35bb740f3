package csmstest

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"ccms/internal/ocpp/junk"
	"ccms/internal/session"
)

// Frames of a charge, right and wrong in every way, thrown at a whole server: whatever
// they do to their own sessions, the socket stays, nothing fails on our side, the books
// balance, and the next charge is billed to the cent.
func TestJunk_ThroughTheWholeServer(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "500.00")
		d := w.Driver("CARD2", "100.00")
		p := w.Point("CP1", 2)
		c := p.Online().obey()
		at := Stamp(w.Now())
		var seeds [][]byte
		for _, f := range []string{
			`[2,"1","StartTransaction",{"connectorId":1,"idTag":"CARD1","meterStart":1000,"timestamp":"@"}]`,
			`[2,"2","StartTransaction",{"connectorId":2,"idTag":"CARD1","meterStart":0,"timestamp":"@","reservationId":1}]`,
			`[2,"3","MeterValues",{"connectorId":1,"transactionId":1,"meterValue":[{"timestamp":"@","sampledValue":[{"value":"1100"},{"value":"7.2","measurand":"Power.Active.Import","unit":"kW"},{"value":"55","measurand":"SoC","unit":"Percent"}]}]}]`,
			`[2,"4","MeterValues",{"connectorId":2,"meterValue":[{"timestamp":"@","sampledValue":[{"value":"1.5","unit":"kWh","context":"Sample.Clock"}]}]}]`,
			`[2,"5","StopTransaction",{"transactionId":1,"meterStop":2000,"timestamp":"@","reason":"Local","idTag":"CARD1"}]`,
			`[2,"6","StopTransaction",{"transactionId":-1,"meterStop":2000,"timestamp":"@","transactionData":[{"timestamp":"@","sampledValue":[{"value":"1990","context":"Transaction.End"}]}]}]`,
			`[2,"7","StatusNotification",{"connectorId":1,"status":"Charging","errorCode":"NoError","timestamp":"@","info":"x"}]`,
			`[2,"8","StatusNotification",{"connectorId":2,"status":"Available","errorCode":"NoError"}]`,
			`[2,"9","BootNotification",{"chargePointVendor":"v","chargePointModel":"m","chargePointSerialNumber":"s","firmwareVersion":"1"}]`,
			`[2,"10","Authorize",{"idTag":"CARD1"}]`, `[2,"11","DataTransfer",{"vendorId":"v","messageId":"m","data":"d"}]`,
			`[2,"12","SecurityEventNotification",{"type":"FirmwareUpdated","timestamp":"@"}]`, `[3,"13",{"status":"Accepted"}]`, `[4,"14","GenericError","",{}]`,
		} {
			seeds = append(seeds, []byte(strings.ReplaceAll(f, "@", at)))
		}
		src := junk.New(6, seeds...)
		n := 400
		if os.Getenv("CCMS_LONG") != "" {
			n = 20_000
		}
		for i := range n {
			c.SendRaw(strings.ToValidUTF8(string(src.Next()), "?"))
			if i%20 == 19 {
				w.Clock.Advance(time.Duration(src.IntN(60)) * time.Second)
				c.CallAs(fmt.Sprint("beat-", i), "Heartbeat", nil)
			}
			if i%100 == 99 {
				w.App.Door.Seen(w.Context())
				w.Timers()
			}
		}
		w.Journal()
		w.Books()
		for _, s := range p.Attempts()[:1] {
			if s.Reason == "" {
				w.Error("an attempt has no reason")
			}
		}
		other := w.Point("CP2")
		o := other.Online()
		id := o.Charge(1, "CARD2", 0)
		w.Advance(time.Minute)
		o.Finish(id, 1000)
		other.Only().Is(session.Completed, "COMPLETED").Total("0.48")
		d.Has("99.52", "0.00")
	})
}
