package v16

import (
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"ccms/internal/session"
)

// usual are payloads that the quick way must take, or it is of no use.
var usual = []string{
	`{"connectorId":1,"transactionId":184467,"meterValue":[{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[` +
		`{"value":"1044","context":"Sample.Periodic","measurand":"Energy.Active.Import.Register","location":"Outlet","unit":"Wh"},` +
		`{"value":"11.0215","context":"Sample.Periodic","measurand":"Power.Active.Import","unit":"kW"},` +
		`{"value":"15.9","measurand":"Current.Import","phase":"L2","location":"Outlet","unit":"A"},` +
		`{"value":"230.1","measurand":"Voltage","phase":"L1-N","unit":"V"},{"value":"-0.5","measurand":"Temperature","unit":"Celsius"},` +
		`{"unit":"Percent","value":"63","measurand":"SoC","location":"EV","format":"Raw"}]}]}`,
	`{"connectorId": 2, "meterValue": [{"timestamp": "2026-03-01T12:00:00.500+01:00", "sampledValue": [{"value": "7"}]}]}`,
	"{\n \"meterValue\": [],\n \"transactionId\": -1,\n \"connectorId\": 0\n}\n",
	`{"connectorId":1,"transactionId":7,"meterValue":[` +
		`{"timestamp":"2026-03-01T12:01:00Z","sampledValue":[{"value":"20","context":"Transaction.End"}]},` +
		`{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[{"value":"10","context":"Trigger"},{"value":"1","format":"SignedData"}]},` +
		`{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[{"value":"10","context":"Trigger"}]}]}`,
}

// unusual are those that it must leave to the other.
var unusual = []string{
	``, `{}`, `[]`, `null`, `{"connectorId":1}`, `{"connectorId":1,"meterValue":[]`, `{"connectorId":1,"meterValue":[]}}`,
	`{"connectorId":1,"meterValue":[],}`, `{,"connectorId":1,"meterValue":[]}`, `{"connectorId":1 "meterValue":[]}`,
	`{"connectorId":"1","meterValue":[]}`, `{"connectorId":1.5,"meterValue":[]}`, `{"connectorId":null,"meterValue":[]}`,
	`{"connectorId":1,"meterValue":[],"meterValue":[]}`, `{"connectorId":1,"meterValue":[],"transactionId":}`,
	`{"connectorId":1,"meterValue":[],"x":1}`, `{"connectorId":1,"meterValue":{}}`, `{"connector\u0049d":1,"meterValue":[]}`,
	`{"connectorId":1,"meterValue":[{"timestamp":"2026-03-01T12:00:00","sampledValue":[{"value":"7"}]}]}`,
	`{"connectorId":1,"meterValue":[{"timestamp":"2026-03-01T12:00:00Z"}]}`,
	`{"connectorId":1,"meterValue":[{"sampledValue":[{"value":"7"}]}]}`,
	`{"connectorId":1,"meterValue":[{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[{"value":7}]}]}`,
	`{"connectorId":1,"meterValue":[{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[{"value":"7 kWh"}]}]}`,
	`{"connectorId":1,"meterValue":[{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[{"value":"7","unit":"kwh"}]}]}`,
	`{"connectorId":1,"meterValue":[{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[{"value":"7","unit":""}]}]}`,
	`{"connectorId":1,"meterValue":[{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[{"unit":"Wh"}]}]}`,
	`{"connectorId":1,"meterValue":[{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[{"value":"7"},]}]}`,
}

// agree checks that the quick way, where it says yes, says what the other says.
func agree(t *testing.T, payload string) (quick bool) {
	t.Helper()
	before := session.MeterReport{Connector: -9, OCPPID: -9}
	r := before
	if !quickMeterValues([]byte(payload), &r) {
		if !reflect.DeepEqual(r, before) {
			t.Fatalf("left alone, but changed: %+v\n%s", r, payload)
		}
		return false
	}
	m, flaws, err := DecodeMeterValuesReq([]byte(payload))
	samples, bad := readSamples(m.MeterValue)
	if err != nil || flaws.Any() || len(bad) > 0 {
		t.Fatalf("was read in spite of %v %v %v\n%s", err, flaws, bad, payload)
	}
	want := session.MeterReport{Connector: connector(m.ConnectorID), OCPPID: m.TransactionID.Or(0), Samples: samples}
	if !reflect.DeepEqual(r, want) {
		t.Fatalf("was read as\n%+v, is\n%+v\n%s", r, want, payload)
	}
	return true
}

func TestQuickMeterValuesTakesTheUsualAndLeavesTheRest(t *testing.T) {
	t.Parallel()
	for _, s := range usual {
		if !agree(t, s) {
			t.Errorf("left alone: %s", s)
		}
	}
	for _, s := range unusual {
		if agree(t, s) {
			t.Errorf("taken: %s", s)
		}
	}
}

func TestQuickMeterValuesAgreesWhateverIsChanged(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	parts := []string{`"`, `,`, `:`, `{`, `}`, `[`, `]`, ` `, `0`, `-`, `.`, `\`, "\x00", `null`, `"value":"8",`, `"unit":"kWh",`, `"unit":"Wh"`, `"phase":"N",`, `SignedData`, `Z`}
	taken := 0
	for range 30_000 {
		s := usual[r.IntN(len(usual))]
		for range 1 + r.IntN(3) {
			at := r.IntN(len(s))
			if r.IntN(2) == 0 && s[at]-'0' <= 9 {
				s = s[:at] + string("0123456789.- "[r.IntN(13)]) + s[at+1:]
				continue
			}
			end := min(len(s), at+r.IntN(3)*r.IntN(12))
			s = s[:at] + parts[r.IntN(len(parts))] + s[end:]
		}
		if agree(t, s) {
			taken++
		}
	}
	if taken < 300 {
		t.Errorf("only %d changed payloads were still taken", taken)
	}
}

func TestQuickMeterValuesKeepsNothingOfTheFrame(t *testing.T) {
	t.Parallel()
	payload := []byte(usual[3])
	var r session.MeterReport
	if !quickMeterValues(payload, &r) {
		t.Fatal("left alone")
	}
	clear(payload)
	for _, s := range r.Samples {
		if strings.ContainsRune(s.Context, 0) {
			t.Errorf("%q lies in the frame", s.Context)
		}
	}
}

// From the frame to samples it is at most six times the frame, all allocations together,
// by either way.
func TestMeterValuesCostNoMoreThanSixTimesTheFrame(t *testing.T) {
	const size = 200 << 10
	allocated := func(f func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	for _, each := range []string{
		`{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[]}`, `{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[{"value":"7"}]}`,
		`{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[{"value":"\"timestamp\"\"timestamp\"\"timestamp\"\"timestamp\""}]}`,
		`{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[{"value":"7","context":"Trigger"},{"value":"x"},{"value":"x","measurand":"x"}]}`,
	} {
		payload := []byte(`{"connectorId":1,"meterValue":[` + strings.Repeat(each+",", size/len(each)) + each + `]}`)
		got := allocated(func() {
			var r session.MeterReport
			if !quickMeterValues(payload, &r) {
				m, _, _ := DecodeMeterValuesReq(payload)
				r.Samples, _ = readSamples(m.MeterValue)
			}
		})
		if got > 6*uint64(len(payload)) {
			t.Errorf("%s: %.1f times", each, float64(got)/float64(len(payload)))
		}
		t.Logf("%s: %.1f times", each, float64(got)/float64(len(payload)))
	}
}

func FuzzQuickMeterValues(f *testing.F) {
	for _, s := range append(usual, unusual...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, payload string) { agree(t, payload) })
}
