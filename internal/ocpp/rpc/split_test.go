package rpc

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	long := `{"vendorId":"V","data":"` + strings.Repeat("0123456789", 20) + `"}`
	escaped := `{"vendorId":"V","data":"` + strings.Repeat(`]}\"`, 50) + `"}`
	cases := []struct {
		why  string
		raw  string
		want string // type id rawid action payload | type id rawid code description details
	}{
		{"a CALL", `[2,"19","Heartbeat",{}]`, `2 19 "19" Heartbeat {}`},
		{"blanks everywhere", " [ 2 ,\t\"19\" , \"Heartbeat\" ,\r\n { } ] \n", `2 19 "19" Heartbeat { }`},
		{"a byte order mark", "\xef\xbb\xbf[2,\"19\",\"Heartbeat\",{}]", `2 19 "19" Heartbeat {}`},
		{"zero bytes of a C buffer behind the array", "[2,\"19\",\"Heartbeat\",{}]\x00\x00", `2 19 "19" Heartbeat {}`},
		{"remains of an older message behind the array", `[2,"19","Heartbeat",{}]:"x"}]`, `2 19 "19" Heartbeat {}`},
		{"an id that is a number", `[2,1000000,"Heartbeat",{}]`, `2 1000000 1000000 Heartbeat {}`},
		{"an id that is neither", `[2,null,"Heartbeat",{}]`, `2 null "null" Heartbeat {}`},
		{"an id with escapes keeps its spelling in the answer", `[2,"a\"b\u00e9","Heartbeat",{}]`, `2 a"bé "a\"b\u00e9" Heartbeat {}`},
		{"a type that is a string", `["2","19","Heartbeat",{}]`, `2 19 "19" Heartbeat {}`},
		{"no payload", `[2,"19","Heartbeat"]`, `2 19 "19" Heartbeat `},
		{"a payload of null", `[2,"19","Heartbeat",null]`, `2 19 "19" Heartbeat `},
		{"a payload with nothing where it should be", `[2,"19","Heartbeat",]`, `2 19 "19" Heartbeat `},
		{"an element too many", `[2,"19","Heartbeat",{},{}]`, `2 19 "19" Heartbeat {}`},
		{"an element too many behind a long payload is left to the decoder", `[2,"19","DataTransfer",` + long + `,{}]`, `2 19 "19" DataTransfer ` + long + `,{}`},
		{"a long payload with escapes", `[2,"19","DataTransfer",` + escaped + `,{}]`, `2 19 "19" DataTransfer ` + escaped},
		{"a long payload and blanks", `[2,"19","DataTransfer", ` + long + " \r\n] \x00", `2 19 "19" DataTransfer ` + long},
		{"no last bracket", `[2,"19","Heartbeat",{}`, `2 19 "19" Heartbeat {}`},
		{"brackets in strings", `[2,"19","DataTransfer",{"data":"]}\"]\\"}]`, `2 19 "19" DataTransfer {"data":"]}\"]\\"}`},
		{"a missing value inside the payload", `[2,"19","MeterValues",{"transactionId":,"connectorId":1}]`, `2 19 "19" MeterValues {"transactionId":,"connectorId":1}`},
		{"a CALLRESULT", `[3,"a",{"status":"Accepted"}]`, `3 a "a" {"status":"Accepted"}`},
		{"a CALLRESULT without payload", `[3,"a"]`, `3 a "a" `},
		{"a CALLERROR", `[4,"a","NotSupported","no",{"x":1}]`, `4 a "a" NotSupported no {"x":1}`},
		{"CALLERROR, details a string", `[4,"a","NotSupported","no","why"]`, `4 a "a" NotSupported no "why"`},
		{"CALLERROR, details an array", `[4,"a","NotSupported","no",[]]`, `4 a "a" NotSupported no []`},
		{"CALLERROR, short", `[4,"a","NotSupported"]`, `4 a "a" NotSupported  `},
		{"CALLERROR, shortest", `[4,"a"]`, `4 a "a"   `},
	}
	for _, tc := range cases {
		f, err := Split([]byte(tc.raw))
		got := fmt.Sprintf("%d %s %s %s %s", f.Type, f.ID, f.RawID, f.Action, f.Payload)
		switch f.Type {
		case TypeResult:
			got = fmt.Sprintf("%d %s %s %s", f.Type, f.ID, f.RawID, f.Payload)
		case TypeError:
			got = fmt.Sprintf("%d %s %s %s %s %s", f.Type, f.ID, f.RawID, f.Code, f.Description, f.Details)
		}
		if err != nil || got != tc.want {
			t.Errorf("%s: got %q %v, want %q", tc.why, got, err, tc.want)
		}
	}
}

func TestSplitFindsTheIdInWhatItCannotCut(t *testing.T) {
	t.Parallel()
	cases := []struct {
		why, raw string
		kind     Type
		id       string // as in the answer; empty: none
	}{
		{"cut off in the payload", `[2,"19","StopTransaction",{"meterStop":12`, 2, `"19"`},
		{"a string that does not end", `[2,"19","StopTransaction",{"idTag":"AB}]`, 2, `"19"`},
		{"brackets that do not match", `[2,"19","StopTransaction",{"a":[}`, 2, `"19"`},
		{"one bracket too many", `[2,"19","StopTransaction",{}}]`, 2, `"19"`},
		{"no action", `[2,"19"]`, 2, `"19"`},
		{"an action that is no string", `[2,"19",{},{}]`, 2, `"19"`},
		{"commas lost", `[2 "19" "Heartbeat" {}]`, 2, `"19"`},
		{"the opening bracket lost", `2,"19","Heartbeat",{}]`, 2, `"19"`},
		{"a long one cut off", `[2,"19","StopTransaction",{"idTag":"` + strings.Repeat("x", 200) + `"]}]`, 2, `"19"`},
		{"a long one with a quote too few", `[2,"19","StopTransaction",{"idTag":"` + strings.Repeat("x", 200) + `}]`, 2, `"19"`},
		{"an id cut off", `[2,"19`, 2, ``},
		{"a broken answer", `[3,"19",{"status":`, 3, `"19"`},
		{"an unknown type", `[9,"19",{}]`, 9, `"19"`},
		{"an object", `{"a":1}`, 0, ``},
		{"not JSON", `hello`, 0, ``},
		{"nothing", ``, 0, ``},
		{"an empty array", `[]`, 0, ``},
		{"only a type", `[2]`, 2, ``},
	}
	for _, tc := range cases {
		_, err := Split([]byte(tc.raw))
		var e *SplitError
		if !errors.As(err, &e) {
			t.Errorf("%s: %v, want a SplitError", tc.why, err)
			continue
		}
		if e.Type != tc.kind || string(e.RawID) != tc.id || e.Reason == "" {
			t.Errorf("%s: type %d id %s (%v), want %d %s", tc.why, e.Type, e.RawID, e, tc.kind, tc.id)
		}
	}
}

// The splitter may accept more than JSON, never less: whatever encoding/json
// reads as a frame it must cut into the same elements.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{
		`[2,"19","Heartbeat",{}]`, `[3,"a",{"status":"Accepted"}]`, `[4,"a","NotSupported","no",{"x":[1,2,"]"]}]`,
		`[2,1000000,"Heartbeat",{}]`, `[2,"a\"b\u00e9","X",{"a":"\\"}]`, `[2,"19","MeterValues",{"transactionId":,"c":1}]`,
		`[2,"19","StopTransaction",{"a":[}]`, "\xef\xbb\xbf[2 ,\"\\u12\",\"\",[[]],", `[4,"a"]`, `{}`, ``, meterValues12,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(splitsAsJSONDoes)
}

func splitsAsJSONDoes(t *testing.T, raw []byte) {
	got, err := Split(raw)
	var e *SplitError
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("error of type %T", err)
	}
	id := got.RawID
	if err != nil {
		id = e.RawID
	}
	if id != nil && utf8.Valid(raw) && !json.Valid(id) {
		t.Fatalf("id for the answer is not JSON: %q", id)
	}
	var want []json.RawMessage
	if !utf8.Valid(raw) || json.Unmarshal(raw, &want) != nil || len(want) < 3 {
		return
	}
	var action string
	if string(want[0]) == "2" && len(want[1]) > 0 && want[1][0] == '"' && json.Unmarshal(want[2], &action) == nil && want[2][0] == '"' {
		if err != nil {
			t.Fatalf("a CALL in JSON was refused: %v", err)
		}
		var id string
		json.Unmarshal(want[1], &id)
		if got.Action != action && !strings.ContainsAny(string(want[2]), "\\") {
			t.Fatalf("action %q, want %q", got.Action, action)
		}
		if got.ID != id && !strings.ContainsAny(string(want[1]), "\\") && !strings.Contains(id, "\ufffd") {
			t.Fatalf("id %q, want %q", got.ID, id)
		}
		if len(want) > 3 && string(want[3]) != "null" && string(got.Payload) != string(want[3]) &&
			(len(want) == 4 || !strings.HasPrefix(string(got.Payload), string(want[3]))) {
			t.Fatalf("payload %q, want %q", got.Payload, want[3])
		}
	}
}

// meterValues12 is what a three-phase charge point sends each minute.
var meterValues12 = func() string {
	var b strings.Builder
	b.WriteString(`[2,"3b1c0f2e-6a7d-4f0e-9a43-0d6f1a2b3c4d","MeterValues",{"connectorId":1,"transactionId":184467,"meterValue":[{"timestamp":"2026-03-01T12:00:00.000Z","sampledValue":[`)
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
	b.WriteString(`]}]}]`)
	return b.String()
}()

func BenchmarkSplit(b *testing.B) {
	for name, raw := range map[string][]byte{
		"Heartbeat":     []byte(`[2,"3b1c0f2e-6a7d-4f0e-9a43-0d6f1a2b3c4d","Heartbeat",{}]`),
		"MeterValues12": []byte(meterValues12),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				if _, err := Split(raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
