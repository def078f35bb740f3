package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

func TestSourceRulesFindWhatTheyName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule  string
		check func(*ast.File) []flaw
		body  string
		want  int
	}{
		{"clock", clockFlaws, `import "time"; var t = time.Now()`, 1},
		{"clock", clockFlaws, `import clock "time"; var t = clock.Since(clock.Time{})`, 1},
		{"clock", clockFlaws, `import "time"; func f(now time.Time) time.Time { return now.Add(time.Hour) }`, 0},
		{"clock", clockFlaws, `import "ccms/internal/x"; var t = time.Now()`, 0}, // some other thing called time
		{"float", floatFlaws, `var price float64`, 1},
		{"float", floatFlaws, `var half = 1 / 0.5`, 1},
		{"float", floatFlaws, `import "math"; var n = math.Round(3) + math.MaxInt64`, 1},
		{"float", floatFlaws, `import "strconv"; var n, _ = strconv.ParseFloat("1", 64)`, 1},
		{"float", floatFlaws, `import "strconv"; var n, _ = strconv.ParseInt("1", 10, 64)`, 0},
		{"station", stationFlaws, `type StationID int`, 1},
		{"station", stationFlaws, `type t struct { chargingStation int }; func (t) atStation(inStation int) { for overStation := range 3 { _ = overStation } }`, 4},
		{"station", stationFlaws, `import "x"; var v = x.ChargingStationType{}`, 0}, // declared elsewhere
		{"sleep", sleepFlaws, `import "time"; func f() { time.Sleep(1) }`, 1},
		{"sleep", sleepFlaws, `import ("time"; "testing/synctest"); func f() { synctest.Wait(); time.Sleep(1) }`, 0},
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package p; "+c.body, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.check(file); len(got) != c.want {
			t.Errorf("%s on %s: %d flaws %v, want %d", c.rule, c.body, len(got), got, c.want)
		}
	}
}

func TestLongFilesNeedAReason(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x\n", maxLines+1)
	if sizeFlaw(strings.Repeat("x\n", maxLines)) != nil {
		t.Error("a file at the bound is refused")
	}
	if sizeFlaw(long) == nil {
		t.Error("a file above the bound passes without a reason")
	}
	if err := sizeFlaw("// size: one table\n" + long); err != nil {
		t.Error(err)
	}
	if sizeFlaw(long+"// size: too late\n") == nil {
		t.Error("a reason at the end counts")
	}
}
