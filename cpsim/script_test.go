package cpsim

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var scriptRows = []struct {
	line string
	want Step
	why  string
}{
	{"plug 1", Step{Verb: "plug", Conn: 1}, "a car of any kind"},
	{"  plug\t2 60000 350  # comment", Step{Verb: "plug", Conn: 2, N: 60000, M: 350}, "a certain car; blanks and comments"},
	{"unplug 1", Step{Verb: "unplug", Conn: 1}, ""},
	{"tag 1 13ADF65A", Step{Verb: "tag", Conn: 1, Word: "13ADF65A"}, ""},
	{"start 1 X", Step{Verb: "start", Conn: 1, Word: "X"}, ""},
	{"stop 1", Step{Verb: "stop", Conn: 1, Word: "Local"}, "the usual reason"},
	{"stop 1 EmergencyStop", Step{Verb: "stop", Conn: 1, Word: "EmergencyStop"}, ""},
	{"power 1 7000", Step{Verb: "power", Conn: 1, N: 7000}, ""},
	{"power 1 -1", Step{Verb: "power", Conn: 1, N: -1}, "no limit"},
	{"energy 1 250", Step{Verb: "energy", Conn: 1, N: 250}, ""},
	{"sample 1", Step{Verb: "sample", Conn: 1}, ""},
	{"status 0 Faulted", Step{Verb: "status", Word: "Faulted"}, "the point itself"},
	{"status 1 Faulted GroundFailure", Step{Verb: "status", Conn: 1, Word: "Faulted", Text: "GroundFailure"}, ""},
	{"heartbeat", Step{Verb: "heartbeat"}, ""},
	{"offline", Step{Verb: "offline"}, ""},
	{"online", Step{Verb: "online"}, ""},
	{"reboot", Step{Verb: "reboot"}, ""},
	{"wait 1m30s", Step{Verb: "wait", Wait: 90 * time.Second}, ""},
	{"expect online", Step{Verb: "expect online"}, ""},
	{"expect booted within 1s", Step{Verb: "expect booted", Wait: time.Second}, ""},
	{"expect status 1 Charging within 20s", Step{Verb: "expect status", Conn: 1, Word: "Charging", Wait: 20 * time.Second}, ""},
	{"expect transaction 1", Step{Verb: "expect transaction", Conn: 1}, ""},
	{"expect no transaction 1", Step{Verb: "expect no transaction", Conn: 1}, ""},
	{"expect queue 0", Step{Verb: "expect queue"}, ""},
	{`raw [2,"a # b", `, Step{Verb: "raw", Text: `[2,"a # b",`}, "raw text keeps everything"},
	{"call Heartbeat", Step{Verb: "call", Word: "Heartbeat", Text: "{}"}, "the empty payload"},
	{`call DataTransfer {"vendorId":"a b"}`, Step{Verb: "call", Word: "DataTransfer", Text: `{"vendorId":"a b"}`}, ""},
}

func TestScript_lines(t *testing.T) {
	t.Parallel()
	for _, row := range scriptRows {
		got, ok, err := ParseStep(row.line)
		if err != nil || !ok || got != row.want {
			t.Errorf("%q (%s): %+v, %t, %v", row.line, row.why, got, ok, err)
		}
	}
	for _, line := range []string{"", "   ", "# a comment"} {
		if _, ok, err := ParseStep(line); ok || err != nil {
			t.Errorf("%q: %t, %v", line, ok, err)
		}
	}
}

func TestScript_mistakes(t *testing.T) {
	t.Parallel()
	for line, why := range map[string]string{
		"dance":                         "no such command",
		"plug":                          "a connector is missing",
		"plug 0":                        "from 1",
		"plug one":                      "not \"one\"",
		"plug 1 60000":                  "fill in permille is missing",
		"plug 1 60000 1001":             "from 0 to 1000",
		"tag 1":                         "a card is missing",
		"tag 1 A B":                     "too much",
		"power 1":                       "missing",
		"wait 5":                        "not a duration",
		"wait -5s":                      "not a duration",
		"raw":                           "a text is missing",
		"call":                          "an action is missing",
		"call X {":                      "not JSON",
		"expect":                        "missing",
		"expect rain":                   "nothing to expect",
		"expect no rain":                "no \"rain\"",
		"expect status 1":               "a status is missing",
		"expect online soon":            "within is missing",
		"expect status 1 X within":      "a duration is missing",
		"expect status 1 X within 1s 2": "too much",
	} {
		if _, _, err := ParseStep(line); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, without %q", line, err, why)
		}
	}
	if _, err := ParseScript(strings.NewReader("plug 1\n\ndance\n")); err == nil || !strings.HasPrefix(err.Error(), "line 3: ") {
		t.Errorf("the line is not named: %v", err)
	}
}

func FuzzScript_lineAndStepAreOneThing(f *testing.F) {
	for _, row := range scriptRows {
		f.Add(row.line)
	}
	f.Add("expect no")
	f.Fuzz(func(t *testing.T, line string) {
		st, ok, err := ParseStep(line)
		if err != nil || !ok {
			return
		}
		again, ok, err := ParseStep(st.String())
		if err != nil || !ok || again != st {
			t.Fatalf("%q is %+v, written %q, read %+v, %v", line, st, st.String(), again, err)
		}
	})
}

// The help, the package comment and the parser say the same.
func TestScript_helpIsTrue(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	verbs := map[string]bool{}
	for line := range strings.SplitSeq(ScriptHelp, "\n") {
		if !strings.Contains(string(doc), strings.TrimSpace(line)) {
			t.Errorf("not in the package comment: %q", line)
		}
		example, ok := strings.CutPrefix(line, "  ")
		if !ok {
			continue
		}
		if i := strings.Index(example, "   "); i > 0 {
			example = example[:i]
		}
		if strings.HasPrefix(example, "raw") {
			example, _, _ = strings.Cut(example, "  ")
		}
		st, ok, err := ParseStep(example)
		if err != nil || !ok {
			t.Errorf("the example %q: %v", example, err)
		}
		verbs[st.Verb] = true
	}
	for _, row := range scriptRows {
		if !verbs[row.want.Verb] && row.want.Verb != "expect offline" {
			t.Errorf("the help does not show %q", row.want.Verb)
		}
	}
}

func TestScript_runsAWholeCharge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := prepare(t, Config{})
		s.run()
		// Offline between two samples: one whose answer is lost comes twice, and rightly so.
		script, err := ParseScript(strings.NewReader(`
expect booted
plug 1 60000 200
tag 1 13ADF65A
expect status 1 Charging within 5s
expect transaction 1
power 1 7000
energy 1 500
wait 125s
offline
expect offline
wait 45s
stop 1
online
expect online
expect queue 0
expect no transaction 1
unplug 1
heartbeat
call DataTransfer {"vendorId":"X"}
raw [2,"r1","Heartbeat",{}]
status 1 Faulted GroundFailure
wait 1s
reboot
expect booted within 1m
expect queue 0
`))
		if err != nil {
			t.Fatal(err)
		}
		if err := script.Run(t.Context(), s.ChargePoint); err != nil {
			t.Fatal(err)
		}
		for action, n := range map[string]int{"BootNotification": 2, "StartTransaction": 1, "MeterValues": 2, "StopTransaction": 1, "Heartbeat": 2, "DataTransfer": 1} {
			if got := len(s.csms.all(action)); got != n {
				t.Errorf("%d %s, not %d", got, action, n)
			}
		}
		// 7 kW for 170 s and 500 Wh at once.
		if got := s.csms.all("StopTransaction")[0].num("meterStop"); got != 830 {
			t.Errorf("meterStop %d", got)
		}
	})
}

func TestScript_failsWhereItIsNotAsExpected(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"plug 1\nexpect status 1 Charging within 5s": "line 2: expect status 1 Charging within 5s: not within 5s; connector 1 is Preparing",
		"expect transaction 3":                       "line 1: expect transaction 3: cpsim: no such connector: 3",
		"unplug 1":                                   "line 1: unplug 1: ",
		"call Nonsense":                              "line 1: call Nonsense {}: cpsim: CALLERROR NotImplemented",
	} {
		bubble(t, Config{}, func(s *sim) {
			s.csms.answer = func(_ *peer, m message) any {
				if m.Action == "Nonsense" {
					return callError("NotImplemented")
				}
				return nil
			}
			sc, err := ParseScript(strings.NewReader(script))
			s.must(err)
			if err := sc.Run(s.ctx, s.ChargePoint); err == nil || !strings.HasPrefix(err.Error(), want) {
				s.t.Errorf("%q: %v", script, err)
			}
		})
	}
}
