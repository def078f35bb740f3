package main_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

const faultPage = "../../docs/operations/faults.md"

const faultIntro = `# Faults

What happens to what was acknowledged when something breaks. This page is made by ` + "`make faults`" + `: each row was
written by the test that made the fault and then compared what the charge points had been told with what the database
holds. Nobody writes it by hand, and a test fails when a cell is empty or a test is missing.

- **Nothing acknowledged lost**: each start, meter value and stop that a charge point got an answer to is in the database,
  with its raw message.
- **Nothing billed twice**: there is one session for each start, one bill for each session, for what the meter says.
- **Ledger zero**: all postings sum to zero and the revenue is the sum of the bills.
- **Wallets equal postings**: each charging account has what its postings say, and nothing is held any more.
- **Back by itself**: from the end of the fault to the next answer to a charge point.
- **/readyz said**: why the server was not ready meanwhile. /healthz stayed well.

Where the database takes no write for five seconds all charge points are sent away: sockets are closed with 1013 and new
ones refused with 503 and Retry-After, until a test write of 64 KiB succeeds. A connected charge point gives a report up
after a few attempts, one that is not connected keeps it. What comes back within a minute of a recovery and goes again
must hold for 2 s, then 4 s, up to 30 s, before charge points are let in. ` + "`ccms_database_takes_writes`" + ` in /metrics is 0 meanwhile.

By itself ` + "`make faults`" + ` kills the server 20 times for each database; 200 times are ` + "`CCMS_KILLS=200 make faults`" + `. With
` + "`CCMS_LONG=1 make faults`" + ` it is 200 times as well, and PostgreSQL is killed 60 times instead of 3. How often it was stands in the rows.

`

// The table on the page is whole: each fault on each database has a row without an
// empty cell, made by a test that exists. With CCMS_FAULTS_IN it is written anew from
// what the tests have left there; see make faults.
func TestFaultTable(t *testing.T) {
	t.Parallel()
	if dir := os.Getenv("CCMS_FAULTS_IN"); dir != "" {
		if err := os.WriteFile(faultPage, []byte(renderFaults(t, dir)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(faultPage)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(page), faultIntro) {
		t.Error("the page does not begin with what stands in the test: make faults")
	}
	tests := testNames(t)
	var want []string
	for _, f := range matrix {
		if !slices.Contains(tests, f.test) {
			t.Errorf("%s: there is no test %s", f.title, f.test)
		}
		for _, engine := range engines {
			want = append(want, f.title+" | "+engine)
		}
	}
	var have []string
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| fault") {
			continue
		}
		cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(line, "| "), " |"), " | ")
		if len(cells) != 4+len(columns) || slices.ContainsFunc(cells, func(c string) bool { return strings.Trim(c, " |") == "" }) {
			t.Errorf("a cell is empty: %s", line)
			continue
		}
		have = append(have, cells[0]+" | "+cells[1])
		for _, f := range matrix {
			if cells[0] == f.title && (cells[2] != f.on[cells[1]] || cells[len(cells)-1] != "`"+testOf(f.id, cells[1])+"`") {
				t.Errorf("the row is not what the test says: %s", line)
			}
		}
	}
	if !slices.Equal(have, want) {
		t.Errorf("the rows are\n%s\nnot\n%s\nmake faults writes them", strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}

func renderFaults(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(faultIntro)
	fmt.Fprintf(&b, "Made on %s on %s with %d processors.\n\n", time.Now().UTC().Format(time.DateOnly), runtime.GOOS, runtime.NumCPU())
	b.WriteString("| fault | database | how it is made |")
	for _, c := range columns {
		fmt.Fprintf(&b, " %s |", c)
	}
	b.WriteString(" test |\n" + strings.Repeat("|---", 4+len(columns)) + "|\n")
	for _, f := range matrix {
		for _, engine := range engines {
			id := f.id
			if same, ok := f.sameAs[engine]; ok {
				id = same
			}
			raw, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%s-%s.json", id, engine)))
			if err != nil {
				t.Fatalf("nothing was seen of %s on %s: its test failed or was skipped (a full disk needs root): %v", f.title, engine, err)
			}
			var x shown
			if err := json.Unmarshal(raw, &x); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "| %s | %s | %s |", f.title, engine, f.on[engine])
			for _, c := range columns {
				text := x.Cells[c]
				if c == colKept && x.Times > 1 {
					text += fmt.Sprintf(", %d times", x.Times)
				}
				fmt.Fprintf(&b, " %s |", text)
			}
			fmt.Fprintf(&b, " `%s` |\n", testOf(f.id, engine))
		}
	}
	return b.String()
}

// testOf is the test that shows a fault on a database.
func testOf(id faultID, engine string) string {
	for _, f := range matrix {
		if f.id != id {
			continue
		}
		if same, ok := f.sameAs[engine]; ok {
			return testOf(same, engine)
		}
		return f.test
	}
	return ""
}

// testNames are the tests of this folder, on whatever system they are for.
func testNames(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}
