package demo

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"ccms/internal/session"
)

// reports are the frames that a charge point would have sent, as they are kept for a bill
// to be worked out again from them.
func reports(st session.State, was []session.Happened) []session.Kept {
	n := 0
	keep := func(action string, at time.Time, payload any) session.Kept {
		n++
		id := fmt.Sprintf("%s-%d", st.ID.String()[len("ses_"):], n)
		raw, err := json.Marshal([]any{2, id, action, payload})
		if err != nil {
			panic(err) // strings and numbers
		}
		return session.Kept{Kind: action, MessageID: id, DeviceAt: at, At: at, ReceivedAt: at, Raw: raw}
	}
	type object = map[string]any
	stamp := func(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05Z") }
	out := []session.Kept{keep("StartTransaction", st.StartedAt, object{
		"connectorId": st.Connector, "idTag": st.TokenUID, "meterStart": int64(st.MeterStart), "timestamp": stamp(st.StartedAt),
	})}
	for _, h := range was {
		switch e := h.Event.(type) {
		case session.Metered:
			r := e.Readings[0]
			values := []object{
				{"measurand": "Energy.Active.Import.Register", "unit": "Wh", "value": strconv.FormatInt(int64(r.Energy), 10)},
				{"measurand": "Power.Active.Import", "unit": "W", "value": strconv.FormatInt(int64(r.Power), 10)},
				{"measurand": "Current.Import", "unit": "A", "value": thousandths(int64(r.Current))},
				{"measurand": "Voltage", "unit": "V", "value": thousandths(int64(r.Voltage))},
			}
			if r.Has&session.HasSoC != 0 {
				values = append(values, object{"measurand": "SoC", "unit": "Percent", "value": strconv.FormatInt(int64(r.SoC)/10, 10)})
			}
			out = append(out, keep("MeterValues", r.At, object{
				"connectorId": st.Connector, "transactionId": st.OCPPID,
				"meterValue": []object{{"timestamp": stamp(r.At), "sampledValue": values}},
			}))
		case session.Stopped:
			stop := object{"transactionId": st.OCPPID, "timestamp": stamp(e.At), "meterStop": int64(e.Register), "reason": e.Reason}
			if !e.HasRegister {
				delete(stop, "meterStop")
			}
			out = append(out, keep("StopTransaction", e.At, stop))
		}
	}
	return out
}

// thousandths prints a number of them with three digits behind the point.
func thousandths(n int64) string { return fmt.Sprintf("%d.%03d", n/1000, n%1000) }
