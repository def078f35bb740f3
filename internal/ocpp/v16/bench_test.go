package v16_test

import (
	"fmt"
	"strings"
	"testing"

	"ccms/internal/ocpp/decode"
	"ccms/internal/ocpp/v16"
	"ccms/internal/session"
)

// meterValues12 is what a three-phase charge point sends each minute.
var meterValues12 = func() string {
	var b strings.Builder
	b.WriteString(`{"connectorId":1,"transactionId":184467,"meterValue":[{"timestamp":"2026-03-01T12:00:00.000Z","sampledValue":[`)
	for i, v := range [][3]string{
		{"Energy.Active.Import.Register", "Wh", ""}, {"Power.Active.Import", "W", ""}, {"SoC", "Percent", ""},
		{"Current.Import", "A", "L1"}, {"Current.Import", "A", "L2"}, {"Current.Import", "A", "L3"},
		{"Voltage", "V", "L1-N"}, {"Voltage", "V", "L2-N"}, {"Voltage", "V", "L3-N"},
		{"Current.Offered", "A", ""}, {"Power.Offered", "W", ""}, {"Temperature", "Celsius", ""},
	} {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"value":"%d.%d","context":"Sample.Periodic","measurand":%q,"location":"Outlet","unit":%q`, 230+i*17, i, v[0], v[1])
		if v[2] != "" {
			fmt.Fprintf(&b, `,"phase":%q`, v[2])
		}
		b.WriteByte('}')
	}
	b.WriteString(`]}]}`)
	return b.String()
}()

// BenchmarkMeterValues12Decode reads, checks and parses the values exactly.
func BenchmarkMeterValues12Decode(b *testing.B) {
	payload := []byte(meterValues12)
	b.ReportAllocs()
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		m, flaws, err := v16.DecodeMeterValuesReq(payload)
		if err != nil || flaws.Any() || len(m.MeterValue) != 1 || len(m.MeterValue[0].SampledValue) != 12 {
			b.Fatal(m, flaws, err)
		}
		for i := range m.MeterValue[0].SampledValue {
			if _, ok := decode.ParseMilli(m.MeterValue[0].SampledValue[i].Value); !ok {
				b.Fatal("not a number")
			}
		}
	}
}

func BenchmarkStartTransactionConfAppend(b *testing.B) {
	var m v16.StartTransactionConf
	m.IDTagInfo.Status, m.TransactionID = v16.AuthorizationStatusAccepted, 184467
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		buf = m.AppendJSON(buf[:0])
	}
}

// BenchmarkMeterValues12Quick is what nearly all of them cost: payload to samples.
func BenchmarkMeterValues12Quick(b *testing.B) {
	payload := []byte(meterValues12)
	b.ReportAllocs()
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		var r session.MeterReport
		if !v16.QuickMeterValues(payload, &r) || len(r.Samples) != 1 {
			b.Fatal(r)
		}
	}
}
