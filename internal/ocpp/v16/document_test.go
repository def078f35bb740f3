package v16_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"ccms/internal/ocpp/decode"
	"ccms/internal/ocpp/junk"
	"ccms/internal/ocpp/v16"
)

// message is one of the 78: an action's request or its confirmation.
type message struct {
	name   string
	action v16.Action
	read   func(v16.Action, []byte) (v16.Message, decode.Flaws, error)
	schema *junk.Schema
}

func messages(t *testing.T) (all []message) {
	t.Helper()
	schemas := junk.Schemas(t)
	for _, a := range v16.Actions {
		all = append(all, message{string(a), a, v16.DecodeReq, schemas[string(a)]},
			message{string(a) + "Response", a, v16.DecodeConf, schemas[string(a)+"Response"]})
	}
	return all
}

// soft are flaws that a document may have though its schema allows it: an optional text
// that only stands for nothing.
const soft = 1 << decode.Placeholder

// Whatever a schema allows is read without a flaw, and what is written of it is allowed
// by the schema and reads the same.
func TestDocuments_WhatASchemaAllowsIsRead(t *testing.T) {
	t.Parallel()
	for i, m := range messages(t) {
		r := rand.New(rand.NewPCG(uint64(i), 16))
		for range 150 {
			doc := m.schema.Valid(r, 4)
			if faults := m.schema.Faults(doc); faults != nil {
				t.Fatalf("%s: the test made %s: %v", m.name, doc, faults)
			}
			read, flaws, err := m.read(m.action, doc)
			if err != nil || flaws.Bits&^soft != 0 {
				t.Fatalf("%s: %s\nhas flaws %v %v", m.name, doc, flaws, err)
			}
			first := read.AppendJSON(nil)
			if faults := m.schema.Faults(first); faults != nil {
				t.Fatalf("%s: %s\nwas written as %s\n%v", m.name, doc, first, faults)
			}
			again, flaws, err := m.read(m.action, first)
			if second := again.AppendJSON(nil); err != nil || flaws.Bits&^soft != 0 || string(second) != string(first) {
				t.Fatalf("%s: %s\ncame back as %s\nflaws %v %v", m.name, first, second, flaws, err)
			}
		}
	}
}

// What stands for nothing is no hard flaw either.
func TestDocuments_PlaceholdersAreNoHardFlaw(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{`""`, `"null"`, `"0x0000"`, `" "`} {
		_, flaws, err := v16.DecodeReq(v16.ActionBootNotification, []byte(`{"chargePointVendor":"V","chargePointModel":"M","iccid":`+doc+`}`))
		if err != nil || flaws.Bits != soft {
			t.Errorf("%s: %v %v", doc, flaws, err)
		}
	}
}

// Valid documents with wounds: no panic, and what was read reads the same again.
func TestDocuments_WoundedOnesAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	for i, m := range messages(t) {
		r := rand.New(rand.NewPCG(uint64(i), 61))
		var seeds [][]byte
		for range 5 {
			seeds = append(seeds, m.schema.Valid(r, 3))
		}
		source := junk.New(uint64(i), seeds...)
		for range junk.Inputs() / 78 {
			decodesToItsEnd(t, i/2, append([]byte(nil), source.Next()...))
		}
	}
}

// allocated is how many bytes f takes from the heap.
func allocated(f func()) uint64 {
	least := uint64(math.MaxUint64)
	for range 2 { // the race detector and the runtime allocate now and then beside it
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

// Reading costs at most four times the bytes of the frame, all allocations together, and
// a little that does not grow: whatever is repeated in it, in whatever list, honest or not.
func TestDocuments_ReadingCostsNoMoreThanFourTimesTheFrame(t *testing.T) {
	const little, size, valid = 20 << 10, 64 << 10, 30
	elements := map[string]func([]byte) string{
		"valid ones":     func(valid []byte) string { return string(valid) },
		"empty objects":  func([]byte) string { return "{}" },
		"empty texts":    func([]byte) string { return `""` },
		"numbers":        func([]byte) string { return "1" },
		"nothing":        func([]byte) string { return "" },
		"nulls":          func([]byte) string { return "null" },
		"wrong objects":  func([]byte) string { return `{"a":1}` },
		"a value alone":  func([]byte) string { return `{"value":"1"}` },
		"lists in lists": func([]byte) string { return `[[]]` },
		"lists in one":   func([]byte) string { return `{"sampledValue":[{},{},{},{}]}` },
		"escapes":        func([]byte) string { return `{"value":"\u00e9\n\"\\","key":"\u00e9","idTag":"\u00e9"}` },
	}
	worst := 0.0
	check := func(m message, why string, doc []byte) {
		t.Helper()
		got := allocated(func() { _, _, _ = m.read(m.action, doc) })
		if got > times*uint64(len(doc))+little {
			t.Errorf("%s with %s: %d bytes for a frame of %d, %.1f times", m.name, why, got, len(doc), float64(got)/float64(len(doc)))
		}
		if len(doc) > size/2 {
			worst = max(worst, float64(got)/float64(len(doc)))
		}
	}
	for _, m := range messages(t) {
		for why, elem := range elements {
			seeds := 1
			if why == "valid ones" {
				seeds = valid
			}
			for seed := range seeds {
				r := rand.New(rand.NewPCG(uint64(seed), 4)) // of its own: the elements come in any order
				for _, doc := range m.schema.Lists(r, size, elem) {
					check(m, why, doc)
				}
			}
		}
		for why, doc := range map[string]string{
			"fields of no schema": "{" + strings.Repeat(`"x":1,`, size/6) + `"y":1}`,
			"deep objects":        strings.Repeat(`{"a":`, size/10) + "1" + strings.Repeat("}", size/10),
			"deep lists":          `{"meterValue":` + strings.Repeat("[", size/2) + strings.Repeat("]", size/2) + "}",
			"a long text":         fmt.Sprintf(`{"idTag":%q,"data":%q,"vendorId":%q}`, strings.Repeat("x", size/3), strings.Repeat("é\n", size/9), strings.Repeat("\\", size/3)),
			"only commas":         "{" + strings.Repeat(",", size) + "}",
			"no bytes":            "",
		} {
			check(m, why, []byte(doc))
		}
	}
	t.Logf("at most %.1f times the frame", worst)
	// And nothing of an honest one is left out, however long it is.
	value := `{"value":"1044","context":"Sample.Periodic","measurand":"Energy.Active.Import.Register","location":"Outlet","unit":"Wh"}`
	each := `{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[` + strings.Repeat(value+",", 3) + value + `]}`
	doc := `{"transactionId":1,"meterStop":2,"timestamp":"2026-03-01T12:00:00Z","transactionData":[` + strings.Repeat(each+",", size/len(each)) + each + `]}`
	if _, flaws, err := v16.DecodeStopTransactionReq([]byte(doc)); err != nil || flaws.Any() {
		t.Errorf("of %d bytes something is left out: %v %v", len(doc), flaws, err)
	}
	small := `{"connectorId":1,"meterValue":[{"timestamp":"2026-03-01T12:00:00Z","sampledValue":[` + strings.Repeat(`{"value":"1"},`, 99) + `{"value":"1"}]}]}`
	if m, flaws, err := v16.DecodeMeterValuesReq([]byte(small)); err != nil || flaws.Any() || len(m.MeterValue[0].SampledValue) != 100 {
		t.Errorf("of a hundred values some are left out: %v %v", flaws, err)
	}
}
