package v16_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"ccms/internal/ocpp/decode"
	"ccms/internal/ocpp/v16"
)

func TestWhatChargePointsSendIsRead(t *testing.T) {
	t.Parallel()
	cases := []struct {
		why     string
		action  v16.Action
		payload string
		want    string // as we would write it
		flaws   string
	}{
		{"as the schema wants", v16.ActionStartTransaction,
			`{"connectorId":1,"idTag":"A1","meterStart":12,"timestamp":"2026-03-01T12:00:00Z"}`,
			`{"connectorId":1,"idTag":"A1","meterStart":12,"timestamp":"2026-03-01T12:00:00.000Z"}`, ``},
		{"numbers in strings, with blanks", v16.ActionStartTransaction,
			`{"connectorId":" 1 ","idTag":"A1","meterStart":"12","timestamp":"2026-03-01T12:00:00Z"}`,
			`{"connectorId":1,"idTag":"A1","meterStart":12,"timestamp":"2026-03-01T12:00:00.000Z"}`,
			`wrong type /connectorId, wrong type /meterStart`},
		{"a register with a fraction", v16.ActionStartTransaction,
			`{"connectorId":1,"idTag":"A1","meterStart":12.6,"timestamp":"2026-03-01T12:00:00Z"}`,
			`{"connectorId":1,"idTag":"A1","meterStart":13,"timestamp":"2026-03-01T12:00:00.000Z"}`,
			`wrong type /meterStart`},
		{"an exponent", v16.ActionStartTransaction,
			`{"connectorId":1,"idTag":"A1","meterStart":1.2e3,"timestamp":"2026-03-01T12:00:00Z"}`,
			`{"connectorId":1,"idTag":"A1","meterStart":1200,"timestamp":"2026-03-01T12:00:00.000Z"}`,
			`wrong type /meterStart`},
		{"a number that does not fit", v16.ActionStartTransaction,
			`{"connectorId":1,"idTag":"A1","meterStart":99999999999999999999,"timestamp":"2026-03-01T12:00:00Z"}`,
			`{"connectorId":1,"idTag":"A1","meterStart":0,"timestamp":"2026-03-01T12:00:00.000Z"}`,
			`bad value /meterStart, missing /meterStart`},
		{"a string that is a number", v16.ActionAuthorize, `{"idTag":12345678}`, `{"idTag":"12345678"}`, `wrong type /idTag`},
		{"a string that is an object", v16.ActionDataTransfer,
			`{"vendorId":"V","data":{"a":[1,"}"]}}`, `{"vendorId":"V","data":"{\"a\":[1,\"}\"]}"}`, `wrong type /data`},
		{"a string without quotes", v16.ActionAuthorize, `{"idTag":04AB12CD}`, `{"idTag":"04AB12CD"}`, `repaired /idTag`},
		{"escapes, a surrogate pair and half of one", v16.ActionAuthorize,
			`{"idTag":"\"\\\/\n\u00e9\ud83d\ude00\ud83dx"}`, `{"idTag":"\"\\/\u000aé😀` + "\ufffd" + `x"}`, ``},
		{"what is no escape stays", v16.ActionAuthorize, `{"idTag":"a\qb\u12"}`, `{"idTag":"a\\qb\\u12"}`, ``},
		{"a blank in front stays: 40", v16.ActionAuthorize, `{"idTag":" AA:BB"}`, `{"idTag":" AA:BB"}`, ``},
		{"34: a serial number of 33 characters", v16.ActionBootNotification,
			`{"chargePointVendor":"V","chargePointModel":"M","chargePointSerialNumber":"123456789012345678901234567890123"}`,
			`{"chargePointVendor":"V","chargePointModel":"M","chargePointSerialNumber":"123456789012345678901234567890123"}`,
			`too long /chargePointSerialNumber`},
		{"36: an error code of its own", v16.ActionStatusNotification,
			`{"connectorId":1,"errorCode":"Error","status":"Faulted"}`,
			`{"connectorId":1,"errorCode":"Error","status":"Faulted"}`, `unknown enum /errorCode`},
		{"37: placeholders in optional fields", v16.ActionStatusNotification,
			`{"connectorId":1,"errorCode":"NoError","status":"Available","info":"null","vendorId":"","vendorErrorCode":"0x0000","timestamp":""}`,
			`{"connectorId":1,"errorCode":"NoError","status":"Available"}`,
			`placeholder /info, placeholder /vendorId, placeholder /vendorErrorCode, placeholder /timestamp`},
		{"null in optional fields", v16.ActionStopTransaction,
			`{"idTag":null,"meterStop":5,"timestamp":"2026-03-01T12:00:00Z","transactionId":7,"reason":null,"transactionData":null}`,
			`{"meterStop":5,"timestamp":"2026-03-01T12:00:00.000Z","transactionId":7}`,
			`placeholder /idTag, placeholder /reason, placeholder /transactionData`},
		{"null in required ones", v16.ActionStopTransaction,
			`{"meterStop":null,"timestamp":null,"transactionId":null}`,
			`{"meterStop":0,"timestamp":"0001-01-01T00:00:00.000Z","transactionId":0}`,
			`placeholder /meterStop, placeholder /timestamp, placeholder /transactionId, missing /meterStop, missing /timestamp, missing /transactionId`},
		{"39: an idTag that is too long", v16.ActionStopTransaction,
			`{"idTag":"123456789012345678901","meterStop":5,"timestamp":"2026-03-01T12:00:00Z","transactionId":-1}`,
			`{"idTag":"123456789012345678901","meterStop":5,"timestamp":"2026-03-01T12:00:00.000Z","transactionId":-1}`,
			`too long /idTag`},
		{"nothing at all in a money message", v16.ActionStopTransaction, `{}`,
			`{"meterStop":0,"timestamp":"0001-01-01T00:00:00.000Z","transactionId":0}`,
			`missing /meterStop, missing /timestamp, missing /transactionId`},
		{"33: no timestamp, a value that is a number", v16.ActionMeterValues,
			`{"connectorId":1,"meterValue":[{"sampledValue":[{"value":12.5},{"value":" 13 "}]}]}`,
			`{"connectorId":1,"meterValue":[{"timestamp":"0001-01-01T00:00:00.000Z","sampledValue":[{"value":"12.5"},{"value":" 13 "}]}]}`,
			`wrong type /meterValue/0/sampledValue/0/value, missing /meterValue/0/timestamp`},
		{"an object where a list should be", v16.ActionMeterValues,
			`{"connectorId":1,"meterValue":{"timestamp":"2026-03-01T12:00:00Z","sampledValue":{"value":"1"}}}`,
			`{"connectorId":1,"meterValue":[{"timestamp":"2026-03-01T12:00:00.000Z","sampledValue":[{"value":"1"}]}]}`,
			`wrong type /meterValue, wrong type /meterValue/0/sampledValue`},
		{"a word where an object should be", v16.ActionStopTransaction,
			`{"meterStop":5,"timestamp":"2026-03-01T12:00:00Z","transactionId":7,"transactionData":[5,null,{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[]}]}`,
			`{"meterStop":5,"timestamp":"2026-03-01T12:00:00.000Z","transactionId":7,"transactionData":[{"timestamp":"2026-03-01T12:00:00.000Z","sampledValue":[]}]}`,
			`wrong type /transactionData/0, placeholder /transactionData/1`},
		{"a field of the vendor", v16.ActionHeartbeat, `{"a/b~c":{"x":[{}]},"n":null}`, `{}`, `unknown field /a~1b~0c, unknown field /n`},
		{"27: a value that is missing", v16.ActionMeterValues,
			`{"connectorId":1,"transactionId":,"meterValue":[]}`, `{"connectorId":1,"meterValue":[]}`, `repaired /transactionId`},
		{"a required value that is missing, last", v16.ActionAuthorize, `{"idTag":}`, `{"idTag":""}`, `repaired /idTag, missing /idTag`},
		{"commas too many and too few", v16.ActionStatusNotification,
			`{,"connectorId":1 "errorCode":"NoError",,"status":"Available",}`,
			`{"connectorId":1,"errorCode":"NoError","status":"Available"}`, `repaired `},
		{"commas in lists", v16.ActionGetConfiguration, `{"key":[,"a","b" "c",]}`, `{"key":["a","b","c"]}`, `repaired /key`},
		{"keys without quotes", v16.ActionAuthorize, `{idTag:"A1"}`, `{"idTag":"A1"}`, `repaired /idTag`},
		{"a colon lost", v16.ActionAuthorize, `{"idTag" "A1"}`, `{"idTag":"A1"}`, `repaired /idTag`},
		{"brackets that cross", v16.ActionMeterValues, `{"connectorId":1,"meterValue":[{"sampledValue":[}]`,
			`{"connectorId":1,"meterValue":[{"timestamp":"0001-01-01T00:00:00.000Z","sampledValue":[]}]}`,
			`repaired /meterValue/0/sampledValue, repaired /meterValue/0, missing /meterValue/0/timestamp, repaired /meterValue, repaired `},
		{"cut off", v16.ActionStatusNotification, `{"connectorId":1,"errorCode":"NoEr`, `{"connectorId":1,"errorCode":"NoEr","status":""}`,
			`unknown enum /errorCode, repaired , missing /status`},
		{"two objects", v16.ActionAuthorize, `{"idTag":"A1"}{"idTag":"B2"}`, `{"idTag":"A1"}`, `repaired `},
		{"no payload", v16.ActionHeartbeat, ``, `{}`, `not an object `},
		{"an empty list for an empty object", v16.ActionHeartbeat, ` [ ] `, `{}`, `not an object `},
		{"a boolean in words", v16.ActionGetConfiguration, `conf:{"configurationKey":[{"key":"A","readonly":"False","value":""},{"key":"B","readonly":1}]}`,
			`{"configurationKey":[{"key":"A","readonly":false},{"key":"B","readonly":true}]}`,
			`wrong type /configurationKey/0/readonly, placeholder /configurationKey/0/value`},
		{"74: an empty list of periods", v16.ActionGetCompositeSchedule,
			`conf:{"status":"Accepted","chargingSchedule":{"chargingRateUnit":"W","chargingSchedulePeriod":[]}}`,
			`{"status":"Accepted","chargingSchedule":{"chargingRateUnit":"W","chargingSchedulePeriod":[]}}`, ``},
	}
	for _, tc := range cases {
		read := v16.DecodeReq
		payload, conf := strings.CutPrefix(tc.payload, "conf:")
		if conf {
			read = v16.DecodeConf
		}
		m, flaws, err := read(tc.action, []byte(payload))
		if err != nil {
			t.Errorf("%s: %v", tc.why, err)
			continue
		}
		if got := string(m.AppendJSON(nil)); !sameJSON(t, got, tc.want) {
			t.Errorf("%s: read as\n%s, want\n%s", tc.why, got, tc.want)
		}
		if flaws.String() != tc.flaws {
			t.Errorf("%s: flaws %q, want %q", tc.why, flaws, tc.flaws)
		}
	}
}

// sameJSON compares values, not the order of fields.
func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Errorf("%s: %v", a, err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Errorf("%s: %v", b, err)
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return string(p) == string(q)
}

func TestOnlyAnObjectIsAPayload(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{`"text"`, `5`, `[1]`, `[{}]`, `true`} {
		_, flaws, err := v16.DecodeMeterValuesReq([]byte(payload))
		if !errors.Is(err, decode.ErrNotObject) || !flaws.Has(decode.NotObject) {
			t.Errorf("%s: %v, flaws %v", payload, err, flaws)
		}
	}
	if _, _, err := v16.DecodeReq("CustomOperation", []byte(`{}`)); !errors.Is(err, v16.ErrUnknownAction) {
		t.Errorf("unknown action: %v", err)
	}
}

func TestRow29_TimesKeepWhatWasSent(t *testing.T) {
	t.Parallel()
	m, flaws, err := v16.DecodeStartTransactionReq([]byte(`{"connectorId":1,"idTag":"A","meterStart":0,"timestamp":"2024-04-26T14:35:02+02"}`))
	if err != nil || !flaws.At(decode.BadTime, "/timestamp") {
		t.Fatalf("%v %v", flaws, err)
	}
	if ts := m.Timestamp; ts.Raw != "2024-04-26T14:35:02+02" || ts.Flaw != decode.LooseFormat || !ts.At.Equal(time.Date(2024, 4, 26, 12, 35, 2, 0, time.UTC)) {
		t.Fatalf("%+v", ts)
	}
}

func TestTheSameFlawInManyPlacesIsCounted(t *testing.T) {
	t.Parallel()
	var samples, extras []string
	for i := range 100 {
		samples = append(samples, `{"value":"1","phase":""}`)
		extras = append(extras, `"x`+strings.Repeat("y", i)+`":1`)
	}
	_, flaws, err := v16.DecodeMeterValuesReq([]byte(`{"connectorId":1,"meterValue":[{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[` +
		strings.Join(samples, ",") + `]}],` + strings.Join(extras, ",") + `}`))
	if err != nil || len(flaws.List) != 32 {
		t.Fatalf("%d flaws listed, %v", len(flaws.List), err)
	}
	if f := flaws.List[0]; f.Kind != decode.Placeholder || f.Pointer != "/meterValue/0/sampledValue/0/phase" || f.Count != 100 {
		t.Fatalf("%+v", f)
	}
}

func TestLimitsAreSentInTenthsAndNeverGrow(t *testing.T) {
	t.Parallel()
	m := v16.ChargingSchedulePeriod{Limit: 16_090, NumberPhases: decode.Some[int64](3)}
	if got := string(m.AppendJSON(nil)); got != `{"startPeriod":0,"limit":16,"numberPhases":3}` {
		t.Fatal(got)
	}
}

func TestEachActionHasADirection(t *testing.T) {
	t.Parallel()
	from, to := 0, 0
	for _, a := range v16.Actions {
		if a.FromChargePoint() {
			from++
		}
		if a.ToChargePoint() {
			to++
		}
		if !a.Known() {
			t.Errorf("%s has none", a)
		}
	}
	if from != 14 || to != 26 { // DataTransfer goes both ways
		t.Errorf("%d from charge points, %d to them", from, to)
	}
	if v16.Action("heartbeat").Known() {
		t.Error("names are compared without case")
	}
}

// Whatever arrives is read to an end, and what was read is written as JSON that
// reads the same.
func FuzzDecode(f *testing.F) {
	for i, s := range []string{
		`{"connectorId":1,"idTag":"A1","meterStart":12,"timestamp":"2026-03-01T12:00:00Z"}`,
		`{"connectorId":1,"transactionId":,"meterValue":[{"sampledValue":[}]`, `{,a "b":"\ud83d`, `[]`, ``, `{"a":{"b":[`,
		`{"configurationKey":[{"key":"A","readonly":"x"}],"unknownKey":[1,[],{}]}`,
		`{"csChargingProfiles":{"chargingSchedule":{"chargingSchedulePeriod":[{"limit":"1e3"}]}}}`,
		meterValues12,
	} {
		f.Add(i, []byte(s))
	}
	f.Fuzz(decodesToItsEnd)
}

func decodesToItsEnd(t *testing.T, n int, payload []byte) {
	a := v16.Actions[uint(n)%uint(len(v16.Actions))]
	for _, read := range []func(v16.Action, []byte) (v16.Message, decode.Flaws, error){v16.DecodeReq, v16.DecodeConf} {
		m, flaws, err := read(a, payload)
		if err != nil && !errors.Is(err, decode.ErrNotObject) {
			t.Fatalf("%s: %v", a, err)
		}
		if json.Valid(payload) && flaws.Has(decode.Repaired) {
			t.Fatalf("%s: valid JSON was repaired: %v", a, flaws)
		}
		if (len(flaws.List) > 0) != flaws.Any() {
			t.Fatalf("%s: bits %b, list %v", a, flaws.Bits, flaws)
		}
		first := m.AppendJSON(nil)
		if !json.Valid(first) {
			t.Fatalf("%s: wrote %s", a, first)
		}
		again, _, err := read(a, first)
		if err != nil {
			t.Fatalf("%s: %s: %v", a, first, err)
		}
		if second := again.AppendJSON(nil); string(second) != string(first) {
			t.Fatalf("%s: %s came back as %s", a, first, second)
		}
	}
}
