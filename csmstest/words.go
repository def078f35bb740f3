package csmstest

import (
	"strconv"
	"time"
)

// Stamp writes a time as charge points should.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Boot sends a BootNotification, which must be accepted.
func (c *Conn) Boot(over ...M) {
	c.Helper()
	a := c.Call("BootNotification", M{"chargePointVendor": "Scripted", "chargePointModel": "S1", "firmwareVersion": "1.0"}.with(over))
	if a.Str("status") != "Accepted" {
		c.Fatalf("the boot is answered with %v", a)
	}
}

// Status sends a StatusNotification.
func (c *Conn) Status(connector int, status string, over ...M) {
	c.Helper()
	c.Call("StatusNotification", M{"connectorId": connector, "status": status, "errorCode": "NoError", "timestamp": Stamp(c.Now())}.with(over))
}

// Authorize sends an Authorize and returns the status of the card.
func (c *Conn) Authorize(card string) string {
	c.Helper()
	return c.Call("Authorize", M{"idTag": card}).Str("idTagInfo", "status")
}

// Started is the answer to a StartTransaction.
type Started struct {
	ID     int64
	Status string
}

// StartPayload is a StartTransaction as of now.
func (c *Conn) StartPayload(connector int, card string, register int, over ...M) M {
	return M{"connectorId": connector, "idTag": card, "meterStart": register, "timestamp": Stamp(c.Now())}.with(over)
}

// Begin sends a StartTransaction.
func (c *Conn) Begin(connector int, card string, register int, over ...M) Started {
	c.Helper()
	a := c.Call("StartTransaction", c.StartPayload(connector, card, register, over...))
	return Started{a.Int("transactionId"), a.Str("idTagInfo", "status")}
}

// Charge is Begin that must be accepted; it returns the transactionId.
func (c *Conn) Charge(connector int, card string, register int, over ...M) int64 {
	c.Helper()
	s := c.Begin(connector, card, register, over...)
	if s.Status != "Accepted" || s.ID <= 0 {
		c.Fatalf("the start is answered with %+v", s)
	}
	return s.ID
}

// MeterPayload is a MeterValues as of now. power below 0 leaves it out; id nil too.
func (c *Conn) MeterPayload(connector int, id any, register, power int, over ...M) M {
	values := []any{M{"value": strconv.Itoa(register), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}}
	if power >= 0 {
		values = append(values, M{"value": strconv.Itoa(power), "measurand": "Power.Active.Import", "unit": "W"})
	}
	at := Stamp(c.Now())
	for _, o := range over {
		if s, ok := o["timestamp"].(string); ok {
			at = s
			delete(o, "timestamp")
		}
	}
	m := M{"connectorId": connector, "meterValue": []any{M{"timestamp": at, "sampledValue": values}}}
	if id != nil {
		m["transactionId"] = id
	}
	return m.with(over)
}

// Meter sends a MeterValues with the register of now; "timestamp" of over goes into
// the sample.
func (c *Conn) Meter(connector int, id any, register int, over ...M) {
	c.Helper()
	c.Call("MeterValues", c.MeterPayload(connector, id, register, -1, over...))
}

// MeterPower is Meter with the power beside it.
func (c *Conn) MeterPower(connector int, id any, register, power int, over ...M) {
	c.Helper()
	c.Call("MeterValues", c.MeterPayload(connector, id, register, power, over...))
}

// StopPayload is a StopTransaction as of now.
func (c *Conn) StopPayload(id any, register int, over ...M) M {
	return M{"transactionId": id, "meterStop": register, "timestamp": Stamp(c.Now())}.with(over)
}

// Finish sends a StopTransaction.
func (c *Conn) Finish(id any, register int, over ...M) M {
	c.Helper()
	return c.Call("StopTransaction", c.StopPayload(id, register, over...))
}
