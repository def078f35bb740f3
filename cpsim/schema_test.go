package cpsim

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// schema is as much of JSON Schema as OCA's files for OCPP 1.6 use.
type schema struct {
	Type                 string            `json:"type"`
	Properties           map[string]schema `json:"properties"`
	Required             []string          `json:"required"`
	AdditionalProperties *bool             `json:"additionalProperties"`
	Items                *schema           `json:"items"`
	Enum                 []string          `json:"enum"`
	MaxLength            int               `json:"maxLength"`
	Format               string            `json:"format"`
}

func (s schema) check(path string, v any) (faults []string) {
	fault := func(format string, a ...any) { faults = append(faults, path+": "+fmt.Sprintf(format, a...)) }
	switch s.Type {
	case "object":
		m, ok := v.(map[string]any)
		if !ok {
			fault("not an object")
			return
		}
		for _, k := range s.Required {
			if _, ok := m[k]; !ok {
				fault("%s is missing", k)
			}
		}
		for k, e := range m {
			p, ok := s.Properties[k]
			if !ok {
				fault("%s is not a field", k)
				continue
			}
			faults = append(faults, p.check(path+"."+k, e)...)
		}
	case "array":
		l, ok := v.([]any)
		if !ok {
			fault("not an array")
		}
		for i, e := range l {
			faults = append(faults, s.Items.check(fmt.Sprintf("%s[%d]", path, i), e)...)
		}
	case "string":
		t, ok := v.(string)
		if !ok {
			fault("not a string")
		}
		if s.MaxLength > 0 && len(t) > s.MaxLength {
			fault("%q is longer than %d", t, s.MaxLength)
		}
		if len(s.Enum) > 0 && !slices.Contains(s.Enum, t) {
			fault("%q is not of the list", t)
		}
		if s.Format == "date-time" {
			if _, err := time.Parse(time.RFC3339, t); err != nil {
				fault("%q is not a time", t)
			}
		}
	case "integer":
		if f, ok := v.(float64); !ok || f != math.Trunc(f) {
			fault("%v is not an integer", v)
		}
	case "boolean":
		if _, ok := v.(bool); !ok {
			fault("%v is not a boolean", v)
		}
	default:
		fault("the schema has type %q, which this test does not know", s.Type)
	}
	return faults
}

// An honest point says nothing that OCA's schemas do not allow.
func TestSchema_everythingSentIsValid(t *testing.T) {
	t.Parallel()
	data := os.Getenv("CCMS_SPEC_DATA")
	if data == "" {
		t.Skip("CCMS_SPEC_DATA is not set: the schemas of OCPP are not here")
	}
	schemas := map[string]schema{}
	load := func(name string) schema {
		if s, ok := schemas[name]; ok {
			return s
		}
		b, err := os.ReadFile(filepath.Join(data, "ocpp", "1.6", "core", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var s schema
		if err := json.Unmarshal(b, &s); err != nil {
			t.Fatal(err)
		}
		schemas[name] = s
		return s
	}
	check := func(name string, raw []byte) {
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		for _, f := range load(name).check(name, v) {
			t.Errorf("%s in %s", f, raw)
		}
	}
	cfg := Config{
		Identity:   strings.Repeat("long-identity-", 4),
		Connectors: []Connector{{Phases: 1}, {DC: true}, {}},
		Keys: map[string]string{
			"MeterValuesSampledData": strings.Join(measurands, ","),
			"StopTxnSampledData":     strings.Join(measurands, ","),
		},
	}
	var sent, answered []Event
	bubble(t, cfg, func(s *sim) {
		p := s.csms.last()
		for n := 1; n <= 3; n++ {
			s.charging(n)
		}
		s.pass(5 * time.Minute)
		s.must(s.Unplug(1))
		s.must(s.Tag(2, "AA"))
		s.must(s.Status(3, Faulted, "GroundFailure", "info"))
		s.Heartbeat()
		for action, payload := range map[string]object{
			"RemoteStartTransaction": {"idTag": "APP", "connectorId": 1},
			"RemoteStopTransaction":  {"transactionId": 103},
			"TriggerMessage":         {"requestedMessage": "MeterValues"},
			"GetConfiguration":       {"key": []string{"Colour", "NumberOfConnectors"}},
			"ChangeConfiguration":    {"key": "ConnectionTimeOut", "value": "10"},
			"ChangeAvailability":     {"connectorId": 2, "type": "Inoperative"},
			"UnlockConnector":        {"connectorId": 2},
			"ClearCache":             {},
			"DataTransfer":           {"vendorId": "X"},
		} {
			p.call(action, payload)
		}
		p.call("Reset", object{"type": "Soft"})
		s.pass(time.Minute)
		s.delivered()
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, e := range s.events {
			switch e.Kind {
			case Answered:
				sent = append(sent, e)
			case Received:
				answered = append(answered, e)
			case Failed, TimedOut, Dropped, Unmatched:
				t.Errorf("%+v", e)
			}
		}
	})
	kinds := map[string]bool{}
	for _, e := range sent {
		check(e.Action, e.Request)
		kinds[e.Action] = true
	}
	for _, e := range answered {
		check(e.Action+"Response", e.Response)
		kinds[e.Action+"Response"] = true
	}
	if len(kinds) != 7+10 {
		t.Errorf("only these were seen: %v", kinds)
	}
}
