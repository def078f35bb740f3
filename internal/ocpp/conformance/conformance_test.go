package main

import (
	"go/ast"
	"strings"
	"testing"
)

func TestWhatATestShows(t *testing.T) {
	t.Parallel()
	doc := func(lines ...string) *ast.CommentGroup {
		g := &ast.CommentGroup{}
		for _, l := range lines {
			g.List = append(g.List, &ast.Comment{Text: l})
		}
		return g
	}
	one, err := testOf("csmstest", "TestRow41_42_twoAtOnce", doc("// A test.", "//", "// shows: ReserveNow, DataTransfer in"))
	if err != nil || len(one.rows) != 2 || one.rows[1] != 42 || len(one.actions) != 2 || one.actions[0].in || !one.actions[1].in {
		t.Errorf("%+v, %v", one, err)
	}
	if both, err := testOf("x", "TestVendor_TC_061_CSMS_and_TC_7_2_CSMS", doc("// shows: DataTransfer")); err != nil || len(both.actions) != 2 || len(both.cases) != 2 {
		t.Errorf("%+v, %v", both, err)
	}
	for why, bad := range map[string]func() (test, error){
		"no such action":    func() (test, error) { return testOf("x", "TestX", doc("// shows: Sing")) },
		"the wrong way":     func() (test, error) { return testOf("x", "TestX", doc("// shows: Reset in")) },
		"no such behaviour": func() (test, error) { return testOf("x", "TestRow88_x", nil) },
	} {
		if _, err := bad(); err == nil {
			t.Error(why)
		}
	}
}

func TestThePageShowsWhatIsMissing(t *testing.T) {
	t.Parallel()
	page := string(render([]test{{pkg: "p", name: "TestRow01_x", rows: []int{1}, actions: []shown{{"Reset", false}}}}))
	for _, want := range []string{
		"| Reset | out | `p` TestRow01_x |", "| ReserveNow | out | **none** |", "| DataTransfer | in | **none** |", "| DataTransfer | out | **none** |",
		"| 2 | A sub-protocol that does not exist is offered | **none** |", "| 76 | The sequence number is always 0 | OCPP 2.x only |",
		"Actions shown: 1 of 40. Behaviours shown: 1 of 81", "No test carries the id of a case.",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if len(rows) != 87 {
		t.Errorf("%d behaviours", len(rows))
	}
}

// Every behaviour has a test with its number in the name, or is one of OCPP 2.x; one that
// gets a test loses that reason.
func TestEveryRowHasATestOrAReason(t *testing.T) {
	t.Parallel()
	tests, err := read("../../..")
	if err != nil {
		t.Fatal(err)
	}
	of := map[int][]string{}
	for _, x := range tests {
		for _, row := range x.rows {
			of[row] = append(of[row], x.String())
		}
	}
	for i, r := range rows {
		switch row := i + 1; {
		case len(of[row]) == 0 && !r.later:
			t.Errorf("row %d has neither a test nor a reason: %s", row, r.text)
		case len(of[row]) > 0 && r.later:
			t.Errorf("row %d has %v, and is said to be of OCPP 2.x alone", row, of[row])
		}
	}
	if page := string(render(tests)); strings.Contains(strings.SplitN(page, "## Actions", 2)[1], empty) {
		t.Error("a place of the page is empty")
	}
}
