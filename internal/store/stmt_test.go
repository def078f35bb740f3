package store_test

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // the driver

	"ccms/internal/store"
	"ccms/internal/store/storetest"
)

func fields(s string) []string { return strings.Fields(s) }

func TestStatementsThatCouldReachAnotherTenantAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, source, says string }{
		{"no macro at all", `SELECT x.n FROM test_own x`, "has no {{scope test_own x}}"},
		{"a join without its own", `SELECT x.n FROM test_own x JOIN test_tokens k ON k.n = x.n WHERE {{scope test_own x}}`, "has no {{scope test_tokens k}}"},
		{"a comma join", `SELECT x.n FROM test_own x, test_tokens k WHERE {{scope test_own x}}`, "has no {{scope test_tokens k}}"},
		{"a sub-select", `SELECT x.n FROM test_own x WHERE {{scope test_own x}} AND EXISTS (SELECT 1 FROM test_tokens k WHERE k.n = x.n)`, "has no {{scope test_tokens k}}"},
		{"the scope of another alias", `SELECT x.n FROM test_own x JOIN test_own y ON y.n = x.n WHERE {{scope test_own x}}`, "has no {{scope test_own y}}"},
		{"a CTE", `WITH c AS (SELECT k.n FROM test_tokens k) SELECT x.n FROM test_own x JOIN c ON c.n = x.n WHERE {{scope test_own x}}`, "has no {{scope test_tokens k}}"},
		{"lifted by OR", `SELECT x.n FROM test_own x WHERE {{scope test_own x}} OR x.n = ?`, "OR beside"},
		{"OR before it", `SELECT x.n FROM test_own x WHERE x.n = ? OR x.n = 2 AND {{scope test_own x}}`, "OR beside"},
		{"negated", `SELECT x.n FROM test_own x WHERE NOT {{scope test_own x}}`, "stands after WHERE, AND or ON"},
		{"in the select list", `SELECT {{scope test_own x}} FROM test_own x`, "stands after WHERE, AND or ON"},
		{"in the ON of another table", `SELECT x.n FROM test_own x LEFT JOIN test_tokens k ON {{scope test_own x}} AND k.n = 1 WHERE {{scope test_tokens k}}`, "in the ON of"},
		{"only in a part that may be left out", `SELECT x.n FROM test_own x WHERE x.n = 1 {{if mine}} AND {{scope test_own x}} {{end}}`, "has no {{scope test_own x}}"},
		{"unscoped with a tenant's table", `SELECT x.n FROM test_own x {{unscoped because}}`, "{{unscoped}} with the table of a tenant"},
		{"an unknown table", `SELECT x.n FROM sqlite_master x WHERE {{scope test_own x}}`, "is not declared"},
		{"no table and no macro", `SELECT 1`, "neither {{scope}}"},
		{"an INSERT without its owner", `INSERT INTO test_own (id, operator_id, sub_operator_id, n) VALUES (?, ?, ?, ?)`, "needs {{own test_own}}"},
		{"an INSERT from a table without scope", `INSERT INTO test_own (id, operator_id, sub_operator_id, n) SELECT k.id, {{own test_own}}, k.n FROM test_tokens k`, "has no {{scope test_tokens k}}"},
		{"the row in the way may be another's", `INSERT INTO test_own (id, operator_id, sub_operator_id, n) VALUES (?, {{own test_own}}, 1) ON CONFLICT (id) DO UPDATE SET n = 2`, "ON CONFLICT DO UPDATE needs"},
		{"an UPDATE without scope", `UPDATE test_own SET n = 1`, "has no {{scope test_own test_own}}"},
		{"an UPDATE that gives a row away", `UPDATE test_own SET operator_id = ? WHERE {{scope test_own test_own}}`, "the owner of a row moves by"},
		{"a DELETE without scope", `DELETE FROM test_own`, "has no {{scope test_own test_own}}"},
		{"an UPDATE of what is append-only", `UPDATE test_log SET n = 1 WHERE {{scope test_log test_log}}`, "append-only"},
		{"a DELETE of what is append-only", `DELETE FROM test_log WHERE {{scope test_log test_log}}`, "append-only"},
		{"a write in a CTE", `WITH gone AS (DELETE FROM test_own WHERE {{scope test_own test_own}} RETURNING id) SELECT gone.id FROM gone`, "inside of another statement"},
		{"the end of the transaction", `COMMIT`, "a statement is SELECT"},
		{"another role", `SET ROLE postgres`, "a statement is SELECT"},
		{"another scope", `SELECT set_config('ccms.op', '*', true) FROM test_own x WHERE {{scope test_own x}}`, "SET_CONFIG"},
		{"two statements", `SELECT x.n FROM test_own x WHERE {{scope test_own x}}; DELETE FROM test_own`, "is not for statements"},
		{"a comment that hides the scope", `SELECT x.n FROM test_own x -- WHERE {{scope test_own x}}`, "is not for statements"},
		{"INSERT OR ROLLBACK ends the transaction", `INSERT OR ROLLBACK INTO test_own (id, operator_id, sub_operator_id, n) VALUES (?, {{own test_own}}, 1)`, "is not for statements"},
		{"FOR UPDATE is not SQLite's", `SELECT x.n FROM test_own x WHERE {{scope test_own x}} FOR UPDATE`, "{{lock}}"},
		{"LIKE scans under row-level security", `SELECT x.n FROM test_own x WHERE {{scope test_own x}} AND x.id LIKE ?`, "LIKE"},
		{"a float", `SELECT CAST(x.n AS REAL) FROM test_own x WHERE {{scope test_own x}}`, "REAL"},
		{"an unknown macro", `SELECT x.n FROM test_own x WHERE {{tenant x}}`, "no macro"},
		{"an {{if}} that does not end", `SELECT x.n FROM test_own x WHERE {{scope test_own x}} {{if n}} AND x.n = ?`, "without {{end}}"},
		{"the macro of a table that is not there", `SELECT x.n FROM test_own x WHERE {{scope test_own x}} AND {{scope test_tokens k}}`, "names no table"},
		{"the owner of another table", `UPDATE test_own SET (operator_id, sub_operator_id) = ({{own test_tokens}}) WHERE {{scope test_own test_own}}`, "{{own test_tokens}}"},
		{"the owner of a row without one", `INSERT INTO test_own (id, operator_id, sub_operator_id, n) SELECT r.id, {{own test_own of r}}, r.n FROM test_roots r WHERE {{scope test_roots r}}`, "names no row with an owner"},
		{"the owner of a row that is not read", `INSERT INTO test_own (id, operator_id, sub_operator_id, n) SELECT k.id, {{own test_own of x}}, k.n FROM test_own k WHERE {{scope test_own k}}`, "names no row with an owner"},
		{"the owner of a row out of scope", `INSERT INTO test_own (id, operator_id, sub_operator_id, n) SELECT k.id, {{own test_own of k}}, k.n FROM test_tokens k`, "has no {{scope test_tokens k}}"},
	} {
		if problems := strings.Join(store.Check(c.source), "\n"); !strings.Contains(problems, c.says) {
			t.Errorf("%s: want %q, have %q\n\t%s", c.why, c.says, problems, c.source)
		}
	}
}

func TestStatementsThatKeepTheirScopeAreAccepted(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		`SELECT x.n FROM test_own x WHERE {{scope test_own x}}`,
		`SELECT test_own.n FROM test_own WHERE {{scope test_own test_own}}`,
		`SELECT x.n FROM test_own AS x LEFT JOIN test_tokens k ON {{scope test_tokens k}} AND k.n = x.n WHERE {{scope test_own x}} AND (x.n = ? OR x.n = ?)`,
		`SELECT x.n FROM test_own x WHERE {{scope test_own x}} {{if k}} AND EXISTS (SELECT 1 FROM test_tokens k WHERE {{scope test_tokens k}} AND k.n = ?) {{end}}`,
		`WITH c AS (SELECT k.n FROM test_tokens k WHERE {{scope test_tokens k}}) SELECT x.n FROM test_own x JOIN c ON c.n = x.n WHERE {{scope test_own x}}`,
		`INSERT INTO test_own (id, operator_id, sub_operator_id, n) VALUES (?, {{own test_own}}, 1) ON CONFLICT (id) DO UPDATE SET n = 2 WHERE {{scope test_own test_own}}`,
		`SELECT x.n FROM test_own x WHERE {{scope test_own x}} AND x.n IS DISTINCT FROM ?`,
		`INSERT INTO test_own (id, operator_id, sub_operator_id, n) SELECT k.id, {{own test_own of k}}, k.n FROM test_tokens k WHERE {{scope test_tokens k}}`,
		`SELECT c.name FROM cursors c {{unscoped the outbox}}`,
		`SELECT 'it is ? and {' , x.n FROM test_own x WHERE {{scope test_own x}}`,
	} {
		if problems := store.Check(source); len(problems) > 0 {
			t.Errorf("%s\n\t%s", problems, source)
		}
	}
}

// This looks at the SQL that is sent, with its own eyes: every place where a table
// is named must come with the table's predicate.
func TestEveryRenderedStatementHasItsPredicates(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile(`(?i)\b(FROM|JOIN|UPDATE)\s+([a-z_]+)(?:\s+(?:AS\s+)?([a-z_]+))?`)
	keywords := fields("where join left on set order limit inner values group union do select using returning")
	seen := 0
	for _, r := range store.EveryRendering() {
		if strings.Contains(r.SQL, "{{") {
			t.Errorf("a macro is left in %s", r.SQL)
		}
		for _, m := range named.FindAllStringSubmatch(r.SQL, -1) {
			table, alias := strings.ToLower(m[2]), m[3]
			class := store.TableClass(table)
			if class == "" || class == "global" {
				continue
			}
			if alias == "" || slices.Contains(keywords, strings.ToLower(alias)) {
				alias = table
			}
			write := r.Write == table && !strings.HasPrefix(strings.TrimSpace(strings.ToUpper(r.SQL)), "INSERT")
			want := predicate(class, alias, r.Shape, write)
			if !strings.Contains(parameters.ReplaceAllString(r.SQL, "?"), want) {
				t.Errorf("shape %d: %s %s lacks %q in\n%s", r.Shape, table, alias, want, r.SQL)
			}
			seen++
		}
	}
	if seen < 100 {
		t.Fatalf("only %d tables were found in all statements", seen)
	}
}

var parameters = regexp.MustCompile(`\$\d+`)

func predicate(class, alias string, shape int, write bool) string {
	operator := alias + ".operator_id = ?"
	sub := operator + " AND " + alias + ".sub_operator_id = ?"
	switch shape {
	case store.ShapeNone:
		return "1=0"
	case store.ShapeAll:
		return "1=1"
	}
	if class == "root" {
		switch {
		case shape == store.ShapePlatform:
			return "1=1"
		case write && shape != store.ShapeOperator:
			return "1=0"
		}
		return alias + ".id = ?"
	}
	narrow := shape == store.ShapeSub || shape == store.ShapeSubWide
	switch {
	case !narrow || class == "shared":
		return operator
	case shape == store.ShapeSubWide && (class == "wideWrite" || class == "wideRead" && !write):
		return operator
	}
	return sub
}

func TestEveryStatementIsUnderstoodByItsEngine(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		db, err := sql.Open("sqlite", "file:"+storetest.SQLiteURL(t))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, r := range store.EveryRendering() {
			if r.Postgres {
				continue
			}
			st, err := db.PrepareContext(t.Context(), r.SQL)
			if err != nil {
				t.Errorf("%v\n\tin %s", err, r.SQL)
				continue
			}
			st.Close()
		}
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		c := appConn(t, storetest.Postgres(t, nil))
		for i, r := range store.EveryRendering() {
			if !r.Postgres {
				continue
			}
			if _, err := c.Prepare(t.Context(), fmt.Sprintf("s%d", i), r.SQL); err != nil {
				t.Errorf("%v\n\tin %s", err, r.SQL)
				continue
			}
			if err := c.Deallocate(t.Context(), fmt.Sprintf("s%d", i)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestEveryColumnIsDeclaredPlainOrPersonal(t *testing.T) {
	t.Parallel()
	compare := func(t *testing.T, columns map[string][]string) {
		t.Helper()
		for _, table := range store.Tables() {
			declared := store.TableColumns(table)
			for _, c := range columns[table] {
				if !declared[c] {
					t.Errorf("%s.%s is declared neither plain nor personal", table, c)
				}
				delete(declared, c)
			}
			for c := range declared {
				t.Errorf("%s.%s is declared and not in the database", table, c)
			}
			for c, p := range store.PersonalColumns(table) {
				if p.Category == "" || p.Retention == "" || p.Erasure == "" {
					t.Errorf("%s.%s: a personal column needs category, retention and erasure", table, c)
				}
			}
			delete(columns, table)
		}
		for table := range columns {
			if table != "goose_db_version" && !strings.HasPrefix(table, "sqlite_") {
				t.Errorf("the table %s is not declared", table)
			}
		}
	}
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		db, err := sql.Open("sqlite", "file:"+storetest.SQLiteURL(t))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		rows, err := db.QueryContext(t.Context(), `SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		columns := map[string][]string{}
		for rows.Next() {
			var table, column string
			if err := rows.Scan(&table, &column); err != nil {
				t.Fatal(err)
			}
			columns[table] = append(columns[table], column)
		}
		compare(t, columns)
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		c, err := pgx.Connect(t.Context(), storetest.PostgresURL(t))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(t.Context())
		rows, err := c.Query(t.Context(), `SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = 'public'`)
		if err != nil {
			t.Fatal(err)
		}
		columns := map[string][]string{}
		for rows.Next() {
			var table, column string
			if err := rows.Scan(&table, &column); err != nil {
				t.Fatal(err)
			}
			columns[table] = append(columns[table], column)
		}
		compare(t, columns)
	})
}

func TestEveryTableHasItsPolicies(t *testing.T) {
	t.Parallel()
	c, err := pgx.Connect(t.Context(), storetest.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	rows, err := c.Query(t.Context(), `SELECT c.relname::text, c.relrowsecurity AND c.relforcerowsecurity,
			(SELECT count(DISTINCT p.polcmd) FROM pg_policy p WHERE p.polrelid = c.oid),
			has_table_privilege('ccms_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
		FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')`)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rows.Next() {
		var table string
		var secured, reachable bool
		var policies int
		if err := rows.Scan(&table, &secured, &policies, &reachable); err != nil {
			t.Fatal(err)
		}
		n++
		if reachable && (!secured || policies != 4) {
			t.Errorf("%s: row-level security forced %v, policies for %d of the 4 commands", table, secured, policies)
		}
		if !reachable && table != "goose_db_version" {
			t.Errorf("ccms_app cannot use %s", table)
		}
	}
	if err := rows.Err(); err != nil || n < len(store.Tables()) {
		t.Fatalf("%d tables (%v)", n, err)
	}
}
