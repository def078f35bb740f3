package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ccms/internal/session"
	"ccms/internal/store/pgtest"
)

// Every fault is met by the same promises; a column of docs/operations/faults.md is one
// of them. The tests write down what they have seen, and the page is made from that.
type column string

const (
	colKept    column = "nothing acknowledged lost"
	colOnce    column = "nothing billed twice"
	colBooks   column = "ledger zero"
	colWallets column = "wallets equal postings"
	colBack    column = "back by itself"
	colSaid    column = "/readyz said"
)

var columns = []column{colKept, colOnce, colBooks, colWallets, colBack, colSaid}

const (
	onLite = "SQLite"
	onPG   = "PostgreSQL"
)

var engines = []string{onLite, onPG}

// faultID is a row of the table, for each engine.
type faultID string

const (
	serverKilled   faultID = "server-killed"
	databaseKilled faultID = "database-killed"
	diskFull       faultID = "disk-full"
	databaseGone   faultID = "database-gone"
	databaseHangs  faultID = "database-hangs"
	slowQuery      faultID = "slow-query"
	serverAhead    faultID = "server-clock-ahead"
	serverBack     faultID = "server-clock-back"
	pointClock     faultID = "point-clock"
	terminated     faultID = "sigterm"
)

// matrix is the table: what each fault is, and the test that shows it.
var matrix = []struct {
	id     faultID
	title  string
	test   string
	on     map[string]string // how it is made on an engine
	sameAs map[string]faultID
}{
	{serverKilled, "kill -9 of the server under load", "TestKill9_LosesNothingAcknowledged", map[string]string{
		onLite: "SIGKILL at a random answer, half of the time after the line to the charge points went dead",
		onPG:   "the same, PostgreSQL goes on",
	}, nil},
	{databaseKilled, "kill -9 of the database under load", "TestPostgreSQLKilled_LosesNothingAcknowledged", map[string]string{
		onLite: "SQLite is part of the server's process: killed with it, the row above",
		onPG:   "SIGKILL to every process of PostgreSQL, started again at once and after seven seconds in turn",
	}, map[string]faultID{onLite: serverKilled}},
	{diskFull, "disk full under load", "TestDiskFull_LosesNothingAcknowledged", map[string]string{
		onLite: "the data folder on a small file system that a file fills up, then the file goes",
		onPG:   "the same with PostgreSQL's data folder",
	}, nil},
	{databaseGone, "the database gone for 30 minutes, charge points that try a report 3 times", "TestDatabaseGoneForHalfAnHour_NoReportIsGivenUp", map[string]string{
		onLite: "the file system takes no write for half an hour of virtual time",
		onPG:   "PostgreSQL killed, and started half an hour of virtual time later",
	}, nil},
	{databaseHangs, "the database hangs for 8 seconds under load", "TestDatabaseHangs_ChargePointsAreSentAway", map[string]string{
		onLite: "another process holds the lock of the file",
		onPG:   "every process of PostgreSQL stopped with SIGSTOP",
	}, nil},
	{slowQuery, "one slow query under load", "TestSlowQuery_HoldsNobodyUpForLong", map[string]string{
		onLite: "another process holds the one lock for four seconds",
		onPG:   "a trigger makes the statements of one charge point's session sleep until they are stopped for their time",
	}, nil},
	{serverAhead, "the server's clock jumps ahead by an hour during sessions", "TestServerClockJumps_SessionsAndBillsStayRight", map[string]string{
		onLite: "the clock that the server is given", onPG: "the clock that the server is given",
	}, nil},
	{serverBack, "the server's clock jumps back by an hour during sessions", "TestServerClockJumps_SessionsAndBillsStayRight", map[string]string{
		onLite: "the clock that the server is given", onPG: "the clock that the server is given",
	}, nil},
	{pointClock, "the clocks of charge points jump by an hour during sessions", "TestChargePointClockJumps_SessionsAndBillsStayRight", map[string]string{
		onLite: "half of them ahead, half of them back", onPG: "half of them ahead, half of them back",
	}, nil},
	{terminated, "SIGTERM under load", "TestSIGTERM_leavesNoFrameHalfHandled", map[string]string{
		onLite: "the server stops in order and is started again", onPG: "the server stops in order and is started again",
	}, nil},
}

// shown is what a test has seen of a fault on an engine.
type shown struct {
	Fault  faultID
	Engine string
	Test   string
	Times  int // how often it was made
	Cells  map[column]string
}

func shows(t *testing.T, f faultID, s setting, times int) *shown {
	engine := onLite
	if s.url != "" {
		engine = onPG
	}
	return &shown{Fault: f, Engine: engine, Test: t.Name(), Times: times, Cells: map[column]string{}}
}

// each runs f against both databases, as parallel subtests named after them.
func eachEngine(t *testing.T, f func(t *testing.T, s setting)) {
	t.Helper()
	t.Run(onLite, func(t *testing.T) {
		t.Parallel()
		f(t, onSQLite(t))
	})
	t.Run(onPG, func(t *testing.T) {
		t.Parallel()
		f(t, onPostgres(t, pgtest.Shared(t)))
	})
}

// judge compares what the points were told with what the database holds, and fills the
// cells that follow from it.
func (x *shown) judge(t *testing.T, w *world, s setting, a *acks) *rows {
	t.Helper()
	db := w.load(t, s)
	reports := 0
	for _, ack := range a.all {
		if slices.Contains(carried, ack.Action) {
			reports++
		}
	}
	bills := 0
	for _, st := range db.sessions {
		if st.Bill != nil {
			bills++
		}
	}
	if reports == 0 || bills == 0 {
		t.Errorf("%d reports were acknowledged and %d bills made: that shows nothing", reports, bills)
	}
	for c, all := range a.compare(w, db) {
		for i, text := range all {
			if i == 20 {
				t.Errorf("%s: … and %d more", c, len(all)-i)
				break
			}
			t.Errorf("%s: %s", c, text)
		}
	}
	x.Cells[colKept] = fmt.Sprintf("none of %d reports", reports)
	x.Cells[colOnce] = fmt.Sprintf("none of %d bills", bills)
	x.Cells[colBooks] = fmt.Sprintf("0 over %d books", len(db.books))
	x.Cells[colWallets] = fmt.Sprintf("%d of %d", len(db.wallets)-len(db.drifts), len(db.wallets))
	return db
}

// back notes how long the charge points waited for an answer once the fault was over.
func (x *shown) back(t *testing.T, took ...time.Duration) {
	t.Helper()
	slices.Sort(took)
	longest := took[len(took)-1]
	x.Cells[colBack] = fmt.Sprintf("%.1f s", longest.Seconds())
	if len(took) > 2 {
		x.Cells[colBack] = fmt.Sprintf("%.1f s, at most %.1f s", took[len(took)/2].Seconds(), longest.Seconds())
	}
	if longest > patience {
		t.Errorf("it took %s until a charge point was answered again", longest)
	}
}

// record writes the row for the page, if all went well and somebody asks for it.
func (x *shown) record(t *testing.T) {
	t.Helper()
	for _, c := range columns {
		if x.Cells[c] == "" {
			t.Errorf("nothing was seen of %q", c)
		}
	}
	t.Logf("%s on %s: %v", x.Fault, x.Engine, x.Cells)
	dir := os.Getenv("CCMS_FAULTS_OUT")
	if dir == "" || t.Failed() {
		return
	}
	b, err := json.MarshalIndent(x, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%s.json", x.Fault, x.Engine)), b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// mayHave reports whether a session may have these flags after the fault at hand.
func (w *world) mayHave(flags []session.Flag) bool {
	return !slices.ContainsFunc(flags, func(f session.Flag) bool { return !slices.Contains(w.flags, f) })
}

// long is true in make test-long.
func long() bool { return os.Getenv("CCMS_LONG") != "" }

// oneOf is a list in words.
func oneOf(texts []string) string { return strings.Join(texts, "; ") }
