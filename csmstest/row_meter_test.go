package csmstest

import (
	"strconv"
	"testing"
	"time"

	"ccms/internal/session"
	"ccms/internal/unit"
)

// The rows of docs/protocols/ocpp16.md about meters. What they mean in every order is in
// internal/session/testdata/sources.test; here it goes through the whole server.

// visit is one charge of CARD1 on connector 1, with its registers two minutes apart.
func (c *Conn) visit(start int, samples []int, stop int) *Session {
	c.Helper()
	id := c.Charge(1, "CARD1", start)
	for _, v := range samples {
		c.Advance(2 * time.Minute)
		c.Meter(1, id, v)
	}
	c.Advance(2 * time.Minute)
	c.Finish(id, stop)
	c.Advance(time.Minute)
	return c.Session(id)
}

// values sends a MeterValues of one instant.
func (c *Conn) values(id int64, values ...M) {
	c.Helper()
	var list []any
	for _, v := range values {
		list = append(list, v)
	}
	c.Call("MeterValues", M{"connectorId": 1, "transactionId": id, "meterValue": []any{M{"timestamp": Stamp(c.Now()), "sampledValue": list}}})
}

// Wh on the label, kWh in the value: the first value after a start shows it, and the
// connector is known for it from then on.
func TestRow54_KWhLabelledWh(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		from := 1_234_567
		for range 2 {
			id := c.Charge(1, "CARD1", from)
			for _, v := range []string{"0.400", "0.800"} {
				w.Advance(2 * time.Minute)
				more, err := unit.Parse(v, 3)
				w.OK(err)
				wh := int64(from) + more
				c.values(id, M{"value": strconv.FormatInt(wh/1000, 10) + "." + strconv.FormatInt(1000+wh%1000, 10)[1:], "unit": "Wh"})
				w.Session(id).Delivered(unit.Wh(more)).Flagged()
			}
			w.Advance(time.Minute)
			from += 1000
			c.Finish(id, from)
			w.Session(id).Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48").Flagged()
			if !p.connector(1).Meter.Swapped {
				w.Error("it was not learned")
			}
			w.Advance(time.Minute)
		}
	})
}

// kWh and Wh, kW and W, mixed: the unit that is named counts.
func TestRow55_UnitsMixed(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 12_000)
		w.Advance(2 * time.Minute)
		c.values(id, M{"value": "12.4", "unit": "kWh"}, M{"value": "11.04", "unit": "kW", "measurand": "Power.Active.Import"})
		if s := w.Session(id).Delivered(400); s.Last.Power != 11_040 {
			w.Errorf("it draws %v", s.Last.Power)
		}
		w.Advance(2 * time.Minute)
		c.values(id, M{"value": "12800", "unit": "Wh"}, M{"value": "11040", "unit": "W", "measurand": "Power.Active.Import"})
		if s := w.Session(id).Delivered(800); s.Last.Power != 11_040 {
			w.Errorf("it draws %v", s.Last.Power)
		}
		c.Finish(id, 13_000)
		p.Only().Is(session.Completed, "COMPLETED").Total("0.48").Flagged()
	})
}

// Meter values count per session, start and stop for life; and the other way round.
func TestRow56_TwoRegistersInOneSession(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		c := w.Point("CP1").Online()
		c.visit(100_000, []int{400, 800}, 101_000).Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48").Flagged()
		c.visit(101_000, []int{300, 700}, 102_000).Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48").Flagged()
		c = w.Point("CP2").Online()
		c.visit(0, []int{500_300, 500_700}, 1000).Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48").Flagged()
		// Where the two do not agree, the lower is shown and a person decides.
		c = w.Point("CP3").Online()
		c.visit(100_000, []int{400, 2000}, 100_500).Is(session.Abnormal, "ABNORMAL").Delivered(500).Total("").Flagged("REGISTERS")
		d.Has("98.56", "0.96") // what it cost at its last value stays held, nothing is taken
		w.Warned("CHARGE_RECORD_ERROR REGISTERS ERROR 1 ×1")
	})
}

// Meters that start again per reboot, per session, or never. One that begins again is
// suspect until it is learned (BILL-R18); energy is only what the register rose by.
func TestRow57_MeterStartsAgain(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		for _, from := range []int{7000, 8000} { // goes on for ever
			c.visit(from, []int{from + 500}, from+1000).Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48").Flagged()
		}
		for range 2 { // starts again with each session
			c.visit(0, []int{500}, 1000).Is(session.Abnormal, "ABNORMAL").Delivered(1000).Total("").Flagged("METER_BASE")
		}
		c.visit(0, []int{500}, 1000).Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48").Flagged()
		if !p.connector(1).Meter.PerSession() {
			w.Errorf("learned is %+v", p.connector(1).Meter)
		}
		w.Warned("CHARGE_RECORD_ERROR METER_BASE ERROR 1 ×2")
		d.Has("98.56", "0.48") // of each of the two what it cost at its last value stays held

		q := w.Point("CP2")
		c = q.Online()
		id := c.Charge(1, "CARD1", 1000) // starts again with a reboot, in the middle
		w.Advance(10 * time.Minute)
		c.Meter(1, id, 3000)
		c.Drop()
		w.Advance(time.Minute)
		c = q.Connect()
		w.Advance(2 * time.Minute)
		c.Meter(1, id, 100)
		w.Advance(time.Minute)
		c.Meter(1, id, 500)
		w.Advance(time.Minute)
		c.Finish(id, 800)
		w.Session(id).Is(session.Abnormal, "ABNORMAL").Delivered(2700).Total("").Flagged("REGISTER_BACK", "STOP_BELOW")
		d.Has("98.56", "1.44") // and of this one what was safe before the reset
	})
}

// An Iocharger AC wallbox that reboots with the cable in reports 0 at the start and its
// lifetime register at the end: 0.083 kWh must not be billed as 910 (BILL-R18, R2).
func TestRow58_TheLifetimeRegisterAtTheEnd(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "500.00")
		p := w.Point("CP1")
		c := p.Online()
		c.visit(909_000, []int{909_500}, 910_000).Is(session.Completed, "COMPLETED").Total("0.48")
		c.Drop()
		c = p.Online() // it has rebooted
		s := c.visit(0, []int{910_000, 910_040}, 910_083).Is(session.Abnormal, "ABNORMAL").Delivered(83).Total("").Flagged("METER_BASE")
		if len(s.Samples()) != 2 || s.MeterStart != 0 || s.MeterStop != 910_083 {
			w.Errorf("%d samples, from %d to %d", len(s.Samples()), s.MeterStart, s.MeterStop)
		}
		w.Warned("CHARGE_RECORD_ERROR METER_BASE ERROR 1 ×1")
		d.Has("499.52", "0.01") // nothing is taken
		c.visit(910_083, []int{910_500}, 911_083).Is(session.Completed, "COMPLETED").Total("0.48").Flagged()

		// Nothing is known of the connector, and there are no meter values: what it cannot
		// have given does not count.
		c = w.Point("CP2").Online()
		c.visit(0, nil, 910_083).Is(session.Abnormal, "ABNORMAL").Delivered(0).Total("").Flagged("IMPLAUSIBLE")
		// One reading jumps there and stays.
		c = w.Point("CP3").Online()
		c.visit(0, []int{500, 939_000, 939_300}, 939_400).Is(session.Abnormal, "ABNORMAL").Delivered(900).Total("").Flagged("IMPLAUSIBLE")
		// The start has no register at all.
		if s := c.Begin(1, "CARD1", 0, M{"meterStart": nil}); s.Status != "Invalid" || s.ID <= 0 {
			w.Errorf("the start is answered %+v", s)
		}
	})
}

// A little more after the stop, a little below zero at the start.
func TestRow59_ALittleMoreAfterTheStop(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		c.visit(-3, []int{400}, 1000).Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48").Flagged()
		id := c.Charge(1, "CARD1", 1000)
		w.Advance(2 * time.Minute)
		c.Meter(1, id, 1500)
		w.Advance(2 * time.Minute)
		c.Finish(id, 2000)
		w.Advance(time.Second)
		c.Meter(1, id, 2012)
		w.Session(id).Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48").Flagged("LATE_SAMPLE")
		w.Advance(time.Minute)
		c.visit(2012, []int{2500}, 3012).Is(session.Completed, "COMPLETED").Delivered(1000).Flagged()
		d.Has("98.56", "0.00")
	})
}

// A session without energy is a session, also from zero to zero.
func TestRow60_NoEnergyAtAll(t *testing.T) {
	Each(t, func(w *World) {
		d := w.Driver("CARD1", "100.00")
		c := w.Point("CP1").Online()
		for _, at := range []int{0, 5000, 0} {
			c.visit(at, nil, at).Is(session.Completed, "COMPLETED").Delivered(0).Total("0.00").Flagged()
		}
		d.Has("100.00", "0.00")
		w.Warned()
	})
}

// Which phase a value is of: the neutral carries no current of its own, a phase and the
// same to the neutral are one, energy may be told of the first phase alone.
func TestRow61_Phases(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 1000)
		of := func(measurand, phase, unit, value string) M {
			m := M{"measurand": measurand, "unit": unit, "value": value}
			if phase != "" {
				m["phase"] = phase
			}
			return m
		}
		const current, power, energy, voltage = "Current.Import", "Power.Active.Import", "Energy.Active.Import.Register", "Voltage"
		for _, x := range []struct {
			why    string
			values []M
			want   session.Reading
		}{
			{"Grizzl-E: L1-N for everything", []M{of(current, "L1-N", "A", "16"), of(power, "L1-N", "W", "3680"), of(energy, "L1-N", "Wh", "1100"), of(voltage, "L1-N", "V", "230")},
				session.Reading{Current: 16_000, Power: 3680, Energy: 1100, Voltage: 230_000}},
			{"Injet: a current on N", []M{of(current, "N", "A", "40"), of(current, "L1", "A", "10"), of(energy, "L1", "Wh", "1200")},
				session.Reading{Current: 10_000, Energy: 1200}},
			{"three phases add up, each once", []M{of(power, "L1", "W", "3000"), of(power, "L1-N", "W", "3000"), of(power, "L2", "W", "3100"), of(power, "L3", "W", "3200"),
				of(energy, "L1", "Wh", "500"), of(energy, "L2", "Wh", "450"), of(energy, "L3", "Wh", "350"), of(voltage, "L1-L2", "V", "400"), of(voltage, "L1-N", "V", "231")},
				session.Reading{Power: 9300, Energy: 1300, Voltage: 231_000}},
			{"the total counts, whatever stands beside it", []M{of(energy, "L1", "Wh", "9"), of(energy, "", "Wh", "1400"), of(power, "", "W", "5000"), of(power, "L1", "W", "1700")},
				session.Reading{Power: 5000, Energy: 1400}},
			{"only between phases", []M{of(voltage, "L1-L2", "V", "400"), of(voltage, "L2-L3", "V", "402")}, session.Reading{Voltage: 401_000}},
		} {
			w.Advance(time.Minute)
			c.values(id, x.values...)
			all := w.Session(id).Samples()
			got := all[len(all)-1].Reading
			got.At, got.Has, got.Context = time.Time{}, 0, ""
			if got != x.want {
				w.Errorf("%s: %+v, want %+v", x.why, got, x.want)
			}
		}
		c.Finish(id, 1500)
		p.Only().Is(session.Completed, "COMPLETED").Delivered(500).Flagged()
	})
}

// No context, no measurand, no unit: the defaults of OCPP.
func TestRow62_ValuesWithNothingBesideThem(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		w.Advance(2 * time.Minute)
		c.values(id, M{"value": "700"})
		s := w.Session(id).Delivered(700)
		if got := s.Samples()[0]; got.Context != "Sample.Periodic" || got.Has != session.HasEnergy {
			w.Errorf("%+v", got)
		}
		w.Advance(time.Minute)
		c.Finish(id, 1000)
		p.Only().Is(session.Completed, "COMPLETED").Total("0.48").Flagged()
	})
}

// What the clock asked for, between what the transaction asked for, is of another meter.
func TestRow63_SamplesOfTheClockInTransactionData(t *testing.T) {
	Each(t, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 1000)
		began := w.Now()
		w.Advance(10 * time.Minute)
		value := func(after time.Duration, context, v string) M {
			return M{"timestamp": Stamp(began.Add(after)), "sampledValue": []any{M{"value": v, "context": context}}}
		}
		c.Finish(id, 2000, M{"transactionData": []any{
			value(0, "Transaction.Begin", "1000"), value(5*time.Minute, "Sample.Clock", "5000000"), value(6*time.Minute, "Sample.Periodic", "1600"),
			value(7*time.Minute, "Sample.Clock", "5000900"), value(10*time.Minute, "Transaction.End", "2000")}})
		s := p.Only().Is(session.Completed, "COMPLETED").Delivered(1000).Total("0.48").Flagged()
		if n := len(s.Samples()); n != 3 {
			w.Errorf("%d samples are kept of the session", n)
		}
	})
}

// A voltage that never moves, or is zero while nothing flows, is shown and decides nothing.
func TestRow64_AVoltageThatSaysNothing(t *testing.T) {
	lite(t, Options{}, func(w *World) {
		w.Driver("CARD1", "100.00")
		p := w.Point("CP1")
		c := p.Online()
		id := c.Charge(1, "CARD1", 0)
		for _, volts := range []string{"230", "0", "0"} {
			w.Advance(time.Minute)
			c.values(id, M{"value": "500"}, M{"value": volts, "measurand": "Voltage", "unit": "V", "phase": "L1-N"})
		}
		if s := w.Session(id).Is(session.Charging, "RUNNING"); s.Last.Voltage != 0 || s.Last.Has&session.HasVoltage == 0 {
			w.Errorf("%+v", s.Last)
		}
		c.Finish(id, 1000)
		p.Only().Is(session.Completed, "COMPLETED").Total("0.48").Flagged()
		w.Warned()
	})
}
