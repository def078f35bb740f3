package asset

import (
	"encoding/json"
	"testing"
	"time"
)

// Every command can be written to the queue and read from it, and says that it is what
// it is.
func TestArguments_everyTypeComesBackAsItWent(t *testing.T) {
	t.Parallel()
	for kind, read := range argsOf {
		a, err := read(json.RawMessage(`{}`))
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		c := CommandOf(a)
		if c.Type != kind {
			t.Errorf("%s is stored as %s", kind, c.Type)
		}
		if again, err := c.Arguments(); err != nil || CommandOf(again).Type != kind {
			t.Errorf("%s comes back as %T: %v", kind, again, err)
		}
	}
}

func TestArguments_whatNoDeviceCouldTakeIsRefused(t *testing.T) {
	t.Parallel()
	ok := Profile{ID: 1, Purpose: ByDefault, Kind: Absolute, Schedule: Schedule{Unit: Amperes, Periods: []Period{{Limit: 16000}}}}
	with := func(change func(*Profile)) SetProfile {
		p := ok
		p.Schedule.Periods = []Period{{Limit: 16000}}
		change(&p)
		return SetProfile{Connector: 1, Profile: p}
	}
	soon := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	file := Transfer{URL: "https://files.example/x"}
	for why, c := range map[string]struct {
		args Args
		ok   bool
	}{
		"a profile":                              {with(func(*Profile) {}), true},
		"the whole point's limit on a connector": {with(func(p *Profile) { p.Purpose = ForPoint }), false},
		"a recurring profile that never recurs":  {with(func(p *Profile) { p.Kind = Recurring }), false},
		"a daily profile":                        {with(func(p *Profile) { p.Kind, p.Recurrence = Recurring, Daily }), true},
		"a first period that begins late":        {with(func(p *Profile) { p.Schedule.Periods[0].Start = 60 }), false},
		"periods that go back": {with(func(p *Profile) {
			p.Schedule.Periods = []Period{{Limit: 1}, {Start: 60}, {Start: 60}}
		}), false},
		"a limit below nothing":          {with(func(p *Profile) { p.Schedule.Periods[0].Limit = -1 }), false},
		"no periods":                     {with(func(p *Profile) { p.Schedule.Periods = nil }), false},
		"a full list":                    {SendList{Version: 1, Full: true, Entries: []ListEntry{{UID: "04A1", Status: "Accepted"}}}, true},
		"a full list that takes a card":  {SendList{Version: 1, Full: true, Entries: []ListEntry{{UID: "04A1"}}}, false},
		"a change that takes a card":     {SendList{Version: 2, Entries: []ListEntry{{UID: "04A1"}}}, true},
		"the version that means no list": {SendList{Full: true}, false},
		"a card that is too long":        {Reserve{Number: 1, Token: "123456789012345678901", Until: soon}, false},
		"a reservation for ever":         {Reserve{Number: 1, Token: "04A1"}, false},
		"an address of no transfer":      {GetDiagnostics{Transfer: Transfer{URL: "javascript:alert(1)"}}, false},
		"a log that ends first":          {GetLog{Transfer: file, Log: SecurityLog, From: soon, To: soon.Add(-1)}, false},
		"a log of no kind":               {GetLog{Transfer: file}, false},
		"an image without a signature":   {SignedUpdate{Transfer: file, At: soon, Certificate: "x"}, false},
		"a certificate for nothing":      {InstallCertificate{PEM: "x"}, false},
		"a vendor's message":             {DataTransfer{Vendor: "com.example", Data: "{}"}, true},
		"a vendor's message of nobody":   {DataTransfer{Data: "{}"}, false},
	} {
		if err := c.args.check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", why, err)
		}
	}
}
