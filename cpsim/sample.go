package cpsim

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// sample reads the measurands of a configuration key.
func (cp *ChargePoint) sample(c *connector, context, key string, at time.Time) meterValue {
	mv := meterValue{Timestamp: cp.format(at)}
	m := &c.meter
	w := m.power()
	add := func(measurand, value, unit, phase, location string) {
		mv.SampledValue = append(mv.SampledValue, sampledValue{
			Value: value, Context: context, Measurand: measurand, Unit: unit, Phase: phase, Location: location,
		})
	}
	phases := int64(c.spec.Phases)
	volt, perPhase := int64(voltAC), phases
	if c.spec.DC {
		volt, perPhase, phases = voltDC, 1, 0
	}
	// each runs once per phase, or once without a phase on DC.
	each := func(suffix string, f func(phase string)) {
		if phases == 0 {
			f("")
		}
		for p := range phases {
			f(fmt.Sprintf("L%d%s", p+1, suffix))
		}
	}
	for name := range strings.SplitSeq(cp.key(key), ",") {
		switch name = strings.TrimSpace(name); name {
		case "Energy.Active.Import.Register":
			add(name, strconv.FormatInt(m.wh, 10), "Wh", "", "Outlet")
		case "Power.Active.Import":
			add(name, strconv.FormatInt(w, 10), "W", "", "Outlet")
		case "Power.Offered":
			add(name, strconv.FormatInt(c.spec.MaxW, 10), "W", "", "Outlet")
		case "Current.Import":
			each("", func(phase string) { add(name, tenths(w*10/(volt*perPhase)), "A", phase, "Outlet") })
		case "Current.Offered":
			add(name, tenths(c.spec.MaxW*10/(volt*perPhase)), "A", "", "Outlet")
		case "Voltage":
			each("-N", func(phase string) { add(name, strconv.FormatInt(volt, 10), "V", phase, "Outlet") })
		case "Power.Reactive.Import":
			add(name, "0", "var", "", "Outlet")
		case "Temperature":
			add(name, strconv.FormatInt(25+w/1000, 10), "Celsius", "", "Body")
		case "SoC":
			if c.spec.DC && c.plugged { // an AC point does not know it
				add(name, strconv.FormatInt(m.socPermille()/10, 10), "Percent", "", "EV")
			}
		}
	}
	return mv
}

func tenths(n int64) string { return fmt.Sprintf("%d.%d", n/10, n%10) }

// armSample takes the next periodic sample.
func (cp *ChargePoint) armSample(c *connector) {
	if c.stopSample != nil {
		c.stopSample()
		c.stopSample = nil
	}
	tx := c.tx
	every := time.Duration(cp.intKey("MeterValueSampleInterval")) * time.Second
	if tx == nil || every <= 0 {
		return
	}
	c.stopSample = cp.after(every, func() {
		if c.tx == tx {
			cp.sendSample(c, "Sample.Periodic", false)
			cp.armSample(c)
		}
	})
}

// sendSample sends MeterValues. In a transaction they are queued like its
// start and stop, outside they are worth nothing later.
func (cp *ChargePoint) sendSample(c *connector, context string, anytime bool) {
	if cp.has(QuirkStopUnknown) && c.tx != nil {
		return
	}
	c.meter.advance(cp.cfg.Now())
	tx := c.tx
	r := meterRequest{
		ConnectorID: c.id,
		MeterValue:  []meterValue{cp.sample(c, context, "MeterValuesSampledData", cp.stamp())},
	}
	if len(r.MeterValue[0].SampledValue) == 0 {
		return // the schema wants one value at least
	}
	zero := cp.has(QuirkMeterZero) && cp.rng.IntN(2) == 0
	cp.enqueue(&item{
		action: "MeterValues", conn: c.id, tx: tx, anytime: anytime,
		payload: func() any {
			if tx != nil {
				id := cp.wireID(tx)
				if zero {
					id = 0
				}
				r.TransactionID = &id
			}
			return r
		},
	})
}

// breakTransactionID takes the value of the first transactionId away, and
// leaves the comma.
func breakTransactionID(b []byte) []byte {
	const key = `"transactionId":`
	i := bytes.Index(b, []byte(key))
	if i < 0 {
		return b
	}
	i += len(key)
	j := i
	for j < len(b) && (b[j] == '-' || b[j] >= '0' && b[j] <= '9') {
		j++
	}
	return append(bytes.Clone(b[:i]), b[j:]...)
}

// Sample sends MeterValues of a connector now.
func (cp *ChargePoint) Sample(conn int) error {
	cp.lock()
	defer cp.unlock()
	c, err := cp.connector(conn)
	if err != nil {
		return err
	}
	cp.sendSample(c, "Sample.Periodic", false)
	return nil
}

// SetPower limits what the car takes, in W; 0: it pauses; below 0: no limit.
func (cp *ChargePoint) SetPower(conn int, w int64) error {
	cp.lock()
	defer cp.unlock()
	c, err := cp.connector(conn)
	if err != nil {
		return err
	}
	c.meter.advance(cp.cfg.Now())
	c.meter.limit = w
	cp.followPower(c)
	return nil
}

// AddEnergy lets energy pass at once, for tests that have no time to wait.
func (cp *ChargePoint) AddEnergy(conn int, wh int64) error {
	cp.lock()
	defer cp.unlock()
	c, err := cp.connector(conn)
	if err != nil {
		return err
	}
	if wh < 0 || c.tx == nil {
		return ErrBusy
	}
	c.meter.advance(cp.cfg.Now())
	c.meter.add(wh)
	cp.followPower(c)
	return nil
}
