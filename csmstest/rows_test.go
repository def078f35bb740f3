package csmstest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// fieldRows is how many behaviours of charge points in the field are known by number.
const fieldRows = 87

// leftRows are those that no test shows yet, with the reason. A row that gets a test
// leaves this list.
var leftRows = map[int]string{
	75: "needs somebody who sets limits by himself; comes with load management (its 2.x half with 2.x)",
	76: "OCPP 2.x: seqNo of a TransactionEvent",
	77: "OCPP 2.x: offline TransactionEvents",
	78: "OCPP 2.x: MeterValuesRequest beside TransactionEvent",
	79: "OCPP 2.x: NotifyReport",
	80: "OCPP 2.x: the inventory of the device model",
	82: "OCPP 2.x: chargingState beside connectorStatus; its 1.6 side is row 51",
}

// rowTests are the tests of all packages by the rows in their names: TestRow44_… is of
// row 44, TestRow30_31_… of both.
func rowTests(t *testing.T) map[int][]string {
	t.Helper()
	named := regexp.MustCompile(`(?m)^func (TestRow(\d\d(?:_\d\d)*)_\w+)\(`)
	tests := map[int][]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "portal" || d.Name() == "node_modules" || d.Name() == ".git"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		b, err := os.ReadFile(path)
		for _, m := range named.FindAllStringSubmatch(string(b), -1) {
			for n := range strings.SplitSeq(m[2], "_") {
				row, _ := strconv.Atoi(n) // two digits
				tests[row] = append(tests[row], m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}

// Every behaviour has a test with its number in the name, or a reason why not.
func TestEveryRowHasATestOrAReason(t *testing.T) {
	t.Parallel()
	tests := rowTests(t)
	for row := 1; row <= fieldRows; row++ {
		_, left := leftRows[row]
		switch {
		case len(tests[row]) == 0 && !left:
			t.Errorf("row %d has neither a test nor a reason", row)
		case len(tests[row]) > 0 && left:
			t.Errorf("row %d has %v and is left out all the same", row, tests[row])
		}
		delete(tests, row)
	}
	for row, names := range tests {
		slices.Sort(names)
		t.Errorf("there is no row %d: %v", row, names)
	}
}
