package main

import (
	"fmt"
	"strings"
	"time"
)

// Frames as a charge point of OCPP 1.6 sends them. Runs of one letter are what
// changes from call to call, see newMessage.

const bootPayload = `[2,"boot","BootNotification",{"chargePointVendor":"Bench","chargePointModel":"Light","firmwareVersion":"1.0"}]`

func heartbeat() message {
	return newMessage(`[2,"IIIIIIII","Heartbeat",{}]`, running{"IIIIIIII", counting(0)})
}

// samplesApart is how much later each sample says it is than the one before: a
// repeated one would rightly be taken for a duplicate.
const samplesApart = time.Second

// meterValues carries 12 values, as a three-phase AC charge point does: the
// register, power, what was offered twice, temperature, state of charge, and
// current and voltage of each phase.
func meterValues(connector, transaction int, from time.Time) message {
	const stamp = "TTTTTTTTTTTTTTTTTTTT" // as wide as 2026-01-02T03:04:05Z
	return meterValuesOf(connector, transaction, stamp, counting(meterStart), ticking(from, samplesApart))
}

// meterValuesOf takes what writes the register, of nine digits, and what writes the
// time over stamp.
func meterValuesOf(connector, transaction int, stamp string, register, at func([]byte, int)) message {
	values := []string{
		`{"value":"RRRRRRRRR","context":"Sample.Periodic","measurand":"Energy.Active.Import.Register","location":"Outlet","unit":"Wh"}`,
		`{"value":"11021.5","context":"Sample.Periodic","measurand":"Power.Active.Import","location":"Outlet","unit":"W"}`,
		`{"value":"16.0","context":"Sample.Periodic","measurand":"Current.Offered","unit":"A"}`,
		`{"value":"11040","context":"Sample.Periodic","measurand":"Power.Offered","unit":"W"}`,
		`{"value":"34.5","context":"Sample.Periodic","measurand":"Temperature","location":"Body","unit":"Celsius"}`,
		`{"value":"63","context":"Sample.Periodic","measurand":"SoC","location":"EV","unit":"Percent"}`,
	}
	for _, phase := range []string{"L1", "L2", "L3"} {
		values = append(values,
			`{"value":"15.9","context":"Sample.Periodic","measurand":"Current.Import","phase":"`+phase+`","location":"Outlet","unit":"A"}`,
			`{"value":"230.1","context":"Sample.Periodic","measurand":"Voltage","phase":"`+phase+`-N","location":"Outlet","unit":"V"}`)
	}
	payload := fmt.Sprintf(`[2,"IIIIIIII","MeterValues",{"connectorId":%d,"transactionId":%d,"meterValue":[{"timestamp":"%s","sampledValue":[%s]}]}]`,
		connector, transaction, stamp, strings.Join(values, ","))
	return newMessage(payload,
		running{"IIIIIIII", counting(0)},
		running{"RRRRRRRRR", register},
		running{stamp, at},
	)
}

// meterStart is the register at the start of a session, in Wh.
const meterStart = 1000
