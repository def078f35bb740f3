package store

import (
	"fmt"
	"slices"
	"strings"
)

// class says how a table's rows belong to tenants. Unless a class says otherwise
// a row carries operator_id and sub_operator_id, 16 zero bytes where it has none,
// and a scope with a sub-operator sees that sub-operator's rows only.
type class uint8

const (
	// own: rows of the operator, or of exactly one of its sub-operators.
	own class = iota + 1
	// wideRead: the scope of a session on a sub-operator's charge point reads the
	// whole operator's rows, but writes only the sub-operator's (tokens, drivers,
	// plans).
	wideRead
	// wideWrite: that scope writes the whole operator's rows too (accounts, holds,
	// entries, postings).
	wideWrite
	// shared: every scope inside the operator reads and writes all the operator's
	// rows (its data keys).
	shared
	// root: the operators themselves; the tenant is the row's own id. Platform
	// staff see all of them; a sub-operator reads its operator and writes none.
	root
	// global: no tenant. Statements say {{unscoped reason}}.
	global
)

// Personal tags a column that holds personal data, in clear, sealed or hashed.
type Personal struct {
	Category  string // what about a person: "contact", "identifier", "behaviour"
	Retention string // how long it is kept and counted from when
	Erasure   string // what erasing does: "delete row", "overwrite", "drop key", "keep locked"
}

type tableInfo struct {
	name       string
	class      class
	columns    map[string]*Personal // nil: not personal
	appendOnly bool                 // neither UPDATE nor DELETE
	noUpdate   bool                 // DELETE by age only
}

type tableOption func(*tableInfo)

// plain lists columns that hold no personal data, separated by blanks.
func plain(columns string) tableOption {
	return func(t *tableInfo) {
		for c := range strings.FieldsSeq(columns) {
			t.columns[c] = nil
		}
	}
}

// personal lists columns that hold personal data. Each column of a table is in
// one of plain and personal; a test reads the schema and misses those that are not.
func personal(columns, category, retention, erasure string) tableOption {
	return func(t *tableInfo) {
		for c := range strings.FieldsSeq(columns) {
			t.columns[c] = &Personal{category, retention, erasure}
		}
	}
}

// appendOnly tables are never updated nor deleted from, by grant and by check.
func appendOnly() tableOption { return func(t *tableInfo) { t.appendOnly = true } }

// prunable tables are never updated; rows go by age.
func prunable() tableOption { return func(t *tableInfo) { t.noUpdate = true } }

// registered is what the package's variables declare: tables, statements, sequences.
type registered struct {
	tables    map[string]*tableInfo
	stmts     []*Stmt
	sequences map[string]*Sequence
	problems  []string
}

var registry = &registered{tables: map[string]*tableInfo{}, sequences: map[string]*Sequence{}}

// table declares a table of a migration. Call it from a package-level variable.
func table(name string, c class, options ...tableOption) *tableInfo {
	t := &tableInfo{name: name, class: c, columns: map[string]*Personal{}}
	for _, o := range options {
		o(t)
	}
	if _, double := registry.tables[name]; double {
		registry.problems = append(registry.problems, fmt.Sprintf("table %s is declared twice", name))
	}
	registry.tables[name] = t
	return t
}

// Tables lists the names of all declared tables, sorted.
func Tables() []string {
	names := make([]string, 0, len(registry.tables))
	for n := range registry.tables {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// PersonalColumns lists the tagged columns of a table.
func PersonalColumns(tableName string) map[string]Personal {
	found := map[string]Personal{}
	if t := registry.tables[tableName]; t != nil {
		for c, p := range t.columns {
			if p != nil {
				found[c] = *p
			}
		}
	}
	return found
}

// The registry is checked when every package-level variable is there. A defect
// stops the program before it opens anything.
func init() {
	if problems := registry.check(); len(problems) > 0 {
		panic("store: " + strings.Join(problems, "\nstore: "))
	}
}

func (r *registered) check() []string {
	problems := slices.Clone(r.problems)
	for _, q := range r.stmts {
		for _, p := range q.check(r.tables) {
			problems = append(problems, p+"\n\tin "+q.source)
		}
	}
	return problems
}
