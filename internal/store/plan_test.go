package store_test

import (
	"context"
	"database/sql"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

// Every statement names the operator, and SQLite, which knows nothing of how many rows
// an operator has, takes an index that begins with it as gladly as one that begins with
// an id. What is looked for by an id must not be found by going through all the
// operator's rows: that is quick in every test and takes seconds with a real fleet.
func TestWhatIsLookedForByAnIDIsFoundByIt(t *testing.T) {
	t.Parallel()
	byID := regexp.MustCompile(`\b(?:id|(?:driver|token|session|point|site|plan|account|entry|object|staff|event)_id) = \?`)
	all := regexp.MustCompile(`\(operator_id=\?(?: AND sub_operator_id=\?)?\)|^SCAN `)
	db := migratedLite(t)
	looked := 0
	for _, r := range store.EveryRendering() {
		// Lists have filters that may be absent; their speed is measured on real sizes.
		if r.Postgres || r.Shape != store.ShapeOperator && r.Shape != store.ShapeSub ||
			strings.Contains(r.Source, "{{if") || !byID.MatchString(r.Source) {
			continue
		}
		looked++
		for _, step := range planOf(t, db, r.SQL) {
			if all.MatchString(step) && step != "SCAN counted" { // the rows that are to be counted
				t.Errorf("%s\n\tin %s", step, r.Source)
			}
		}
	}
	if looked < 100 {
		t.Fatalf("only %d statements look for an id", looked)
	}
}

// An order is offered where an index that begins with the operator gives it: a page
// of ten million rows reads fifty of them and sorts nothing (product §2.2).
func TestEveryOrderOfAListComesFromAnIndex(t *testing.T) {
	t.Parallel()
	db := migratedLite(t)
	// Few rows per operator or account, which are sorted at once.
	few := regexp.MustCompile(`FROM (sub_operators so|api_tokens t|staff_views v|staff_columns c|exports e|operators o|commands c) `)
	looked := 0
	for _, r := range store.EveryRendering() {
		if r.Postgres || r.Shape != store.ShapeOperator || !strings.HasSuffix(r.Source, " LIMIT ?") || !strings.Contains(r.Source, "{{if after}}") ||
			strings.Contains(r.Source, "test_") || few.MatchString(r.Source) ||
			strings.Contains(r.SQL, ") > (?, ?)") || strings.Contains(r.SQL, ") < (?, ?)") {
			continue
		}
		looked++
		for _, step := range planOf(t, db, r.SQL) {
			if step == "USE TEMP B-TREE FOR ORDER BY" {
				t.Errorf("all rows are sorted\n\tin %s", r.Source)
			}
		}
	}
	if looked < 20 {
		t.Fatalf("only %d orders", looked)
	}
}

// The rows of a page whose ids are known are read by them, and then put in order: read
// in order, all rows would be looked at for the few.
func TestAPageOfFewIsReadByItsIDs(t *testing.T) {
	t.Parallel()
	db := migratedLite(t)
	looked := 0
	for _, r := range store.EveryRendering() {
		if r.Postgres || r.Shape != store.ShapeOperator || !strings.Contains(r.Source, "AND {{in s.id}} ORDER BY") {
			continue
		}
		looked++
		steps := planOf(t, db, strings.Replace(r.SQL, "s.id IN (?)", "s.id IN (?"+strings.Repeat(", ?", 50)+")", 1))
		if !slices.ContainsFunc(steps, func(step string) bool {
			return strings.HasPrefix(step, "SEARCH s ") && strings.HasSuffix(step, "(id=?)")
		}) {
			t.Errorf("%s\n\tin %s", strings.Join(steps, "\n"), r.Source)
		}
	}
	if looked == 0 {
		t.Fatal("no such page")
	}
}

// migratedLite is an empty SQLite database with the newest schema.
func migratedLite(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+storetest.SQLiteURL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// planOf is how SQLite goes about a statement.
func planOf(t *testing.T, db *sql.DB, text string) (steps []string) {
	t.Helper()
	args := make([]any, strings.Count(text, "?"))
	for i := range args {
		args[i] = 1
	}
	rows, err := db.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+text, args...)
	if err != nil {
		t.Fatalf("%v\n\tin %s", err, text)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}

// PostgreSQL keeps the plan that a writer's connection made for a statement first, and
// on a young database that is before any row could tell one index from another.
func TestPostgreSQLFindsWhatAWriterLooksForByAnIndexOfItsOwn(t *testing.T) {
	t.Parallel()
	st := storetest.Postgres(t, nil)
	compared := regexp.MustCompile(`\b\w*(?:id|key|hash|identity|code|number) = \$\d+`)
	owner := regexp.MustCompile(`\b(?:sub_)?operator_id = \$\d+`)
	operators := regexp.MustCompile(`^Index Cond: \(\(?(?:\w+\.)?operator_id = \$\d+\)?(?: AND \(sub_operator_id = \$\d+\))?\)$`)
	looked := 0
	for _, r := range store.EveryRendering() {
		if !r.Postgres || r.Shape != store.ShapeOperator && r.Shape != store.ShapeSub ||
			strings.Contains(r.Source, "{{if") || !compared.MatchString(owner.ReplaceAllString(r.SQL, "")) || strings.HasPrefix(r.SQL, "INSERT") {
			continue
		}
		looked++
		plan, err := st.GenericPlan(t.Context(), r.SQL)
		if err != nil {
			t.Fatalf("%v\n\tin %s", err, r.SQL)
		}
		for i, line := range plan {
			if strings.Contains(line, "One-Time Filter: false") {
				break // the scope sees nothing there
			}
			line = strings.TrimSpace(line)
			all := strings.Contains(line, "Seq Scan") || operators.MatchString(line)
			if all && i+1 < len(plan) && compared.MatchString(owner.ReplaceAllString(plan[i+1], "")) {
				t.Errorf("all rows of the operator are gone through: %s, %s, %s\n\tin %s", strings.TrimSpace(plan[max(0, i-1)]), line,
					strings.TrimSpace(plan[i+1]), r.Source)
				break
			}
		}
	}
	if looked < 50 {
		t.Fatalf("only %d statements look for something", looked)
	}
}

// What writes from a join finds each row of the joined table by its key. Otherwise it goes
// through all that the operator has for each row of the other: Home's sums of a busy hour
// took longer than the charges of that hour.
func TestPostgreSQLJoinsByKeysWhereSumsAreWritten(t *testing.T) {
	t.Parallel()
	st := storetest.Postgres(t, nil)
	looked := 0
	for _, r := range store.EveryRendering() {
		if !r.Postgres || r.Shape != store.ShapeOperator || r.Write == "" || !strings.Contains(r.Source, "JOIN ") {
			continue
		}
		looked++
		plan, err := st.GenericPlan(t.Context(), r.SQL)
		if err != nil {
			t.Fatalf("%v\n\tin %s", err, r.SQL)
		}
		for _, line := range plan {
			if strings.Contains(line, "Join Filter:") && strings.Contains(line, "id = ") {
				t.Errorf("each row is looked for among all: %s\n\tin %s", strings.TrimSpace(line), r.Source)
			}
		}
	}
	if looked < 5 {
		t.Fatalf("only %d statements write from a join", looked)
	}
}

// What is looked for by many ids is found by them, not among all of the operator's rows:
// drivers by theirs, the postings of some entries by the entries'.
func TestManyAreFoundByTheirIDs(t *testing.T) {
	t.Parallel()
	db := migratedLite(t)
	byIDs := regexp.MustCompile(`\{\{scope \w+ (\w+) id\}\}`)
	looked := 0
	for _, r := range store.EveryRendering() {
		m := byIDs.FindStringSubmatch(r.Source)
		if r.Postgres || r.Shape != store.ShapeOperator || m == nil {
			continue
		}
		looked++
		steps := planOf(t, db, r.SQL)
		found := regexp.MustCompile(`^SEARCH ` + m[1] + ` USING .*\((entry_)?id=\?\)$`)
		if !slices.ContainsFunc(steps, found.MatchString) {
			t.Errorf("%s\n\tin %s", strings.Join(steps, "; "), r.Source)
		}
	}
	if looked < 3 {
		t.Fatalf("only %d statements look for many ids", looked)
	}
}

// Few of all sessions run, are abnormal or were refused; counting them must not go
// through all that there are.
func TestRareSessionsAreCountedByTheirIndex(t *testing.T) {
	t.Parallel()
	db := migratedLite(t)
	rare := regexp.MustCompile(`INDEX sessions_(running|open|settling|abnormal|void|unpaid|adjusted) `)
	for _, parts := range [][]string{{"running"}, {"record_running"}, {"record_running", "phases"}, {"record_settling"}, {"record_abnormal"},
		{"record_void"}, {"record_void", "phases"}, {"record_unpaid"}, {"record_adjusted"}} {
		for _, text := range store.SessionListWith(parts...) {
			if steps := strings.Join(planOf(t, db, text), "; "); !rare.MatchString(steps) {
				t.Errorf("%v: %s\n\tin %s", parts, steps, text)
			}
		}
	}
}
