package store

import (
	"fmt"
	"strings"
	"sync"
)

// Stmt is one constant SQL statement, declared once in a package-level variable:
//
//	var qSite = stmt(`SELECT s.id, s.name FROM sites s WHERE {{scope sites s}} AND s.id = ?`)
//
// Parameters are ? in the order of the arguments. The macros:
//
//	{{scope T A}}      the tenancy predicate of table T under alias A. It stands
//	                   directly after WHERE, AND or ON. One per named table.
//	                   {{scope T A key}}: the rows are found by a key of their own
//	                   (keyed.go); {{scope T A id}}: by their ids, many at once, which
//	                   SQLite too would look for among all that the operator has
//	{{own T}}          in VALUES (or SET (operator_id, sub_operator_id) = ({{own T}})):
//	                   the next two arguments, operator and sub-operator, which are
//	                   checked against the scope. For the operators: one, the id.
//	{{own T of A}}     in the SELECT of an INSERT: the owner of the row of A. Only
//	                   scopes that see a whole operator may run such a statement.
//	{{lock}}           FOR UPDATE on PostgreSQL, nothing on SQLite (one writer);
//	                   {{lock A}} only the rows of alias A
//	{{unscoped why}}   the statement names only tables without tenants
//	{{if key}}…{{end}} a part that is there when the caller gives opt(key, args…)
//	{{in expr}}        expr is one of the values of the next argument, a slice
//	{{pg …}} {{lite …}} text for one engine only
//
// The package does not start when a statement names a tenant's table without its
// macro, an unknown table, or a write that the table's class forbids.
type Stmt struct {
	source string
	parts  []part
	keys   []string // of {{if}}, by number
	verb   verb
	target string // table written, "" for SELECT
	pgOnly bool   // SQLite does not understand it and never gets it
	copies bool   // it has {{own T of A}}

	mu    sync.RWMutex
	cache map[rendering]*rendered
}

type verb uint8

const (
	verbSelect verb = iota
	verbInsert
	verbUpdate
	verbDelete
)

type partKind uint8

const (
	partText partKind = iota
	partArg           // ?
	partScope
	partOwn
	partOwnOf // text the table written, alias whose owner is taken
	partLock
	partIn
	partPG
	partLite
	partUnscoped
	// only in predicates
	partOp
	partSub
)

type part struct {
	kind  partKind
	text  string // SQL; the table of a scope or own; the expression of an in
	alias string
	group int // 0: always; n: in {{if}} number n
	keyed bool
	byID  bool
}

// stmt declares a statement. Call it from a package-level variable.
func stmt(source string) *Stmt {
	q, err := parse(source)
	if err != nil {
		registry.problems = append(registry.problems, err.Error()+"\n\tin "+source)
		return q
	}
	registry.stmts = append(registry.stmts, q)
	return q
}

// pgStmt declares a statement for PostgreSQL alone.
func pgStmt(source string) *Stmt {
	q := stmt(source)
	q.pgOnly = true
	return q
}

func parse(source string) (*Stmt, error) {
	q := &Stmt{source: strings.TrimSpace(source), cache: map[rendering]*rendered{}}
	group, rest := 0, q.source
	for rest != "" {
		head, tail, macro := strings.Cut(rest, "{{")
		if err := q.text(head, group); err != nil {
			return q, err
		}
		if !macro {
			break
		}
		body, tail, closed := strings.Cut(tail, "}}")
		if !closed {
			return q, fmt.Errorf("a macro is not closed")
		}
		rest = tail
		name, arg, _ := strings.Cut(strings.TrimSpace(body), " ")
		arg = strings.TrimSpace(arg)
		p := part{group: group, text: arg}
		switch name {
		case "scope":
			p.kind = partScope
			fields := strings.Fields(arg)
			if len(fields) == 3 && (fields[2] == "key" || fields[2] == "id") {
				p.keyed, p.byID, fields = true, fields[2] == "id", fields[:2]
			}
			if len(fields) != 2 {
				return q, fmt.Errorf("want {{scope table alias}}, have {{%s}}", body)
			}
			p.text, p.alias = fields[0], fields[1]
		case "own":
			p.kind = partOwn
			if fields := strings.Fields(arg); len(fields) == 3 && fields[1] == "of" {
				p.kind, p.text, p.alias, q.copies = partOwnOf, fields[0], fields[2], true
			}
		case "lock":
			p.kind = partLock
		case "in":
			p.kind = partIn
		case "pg":
			p.kind = partPG
		case "lite":
			p.kind = partLite
		case "unscoped":
			p.kind = partUnscoped
		case "if":
			if group != 0 || arg == "" || len(q.keys) == 60 {
				return q, fmt.Errorf("{{if}} needs a key and does not nest")
			}
			q.keys = append(q.keys, arg)
			group = len(q.keys)
			continue
		case "end":
			if group == 0 {
				return q, fmt.Errorf("{{end}} without {{if}}")
			}
			group = 0
			continue
		default:
			return q, fmt.Errorf("there is no macro {{%s}}", name)
		}
		if arg == "" && p.kind != partLock {
			return q, fmt.Errorf("{{%s}} needs an argument", name)
		}
		q.parts = append(q.parts, p)
	}
	if group != 0 {
		return q, fmt.Errorf("{{if %s}} without {{end}}", q.keys[group-1])
	}
	q.findKeys()
	return q, nil
}

// text splits SQL at its parameters; a ? inside quotes is none.
func (q *Stmt) text(s string, group int) error {
	start, quote := 0, byte(0)
	add := func(end int) {
		if end > start {
			q.parts = append(q.parts, part{kind: partText, text: s[start:end], group: group})
		}
	}
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '?':
			add(i)
			q.parts = append(q.parts, part{kind: partArg, group: group})
			start = i + 1
		case c == ';' || c == '$' || c == '-' && i+1 < len(s) && s[i+1] == '-' || c == '/' && i+1 < len(s) && s[i+1] == '*':
			return fmt.Errorf("%q is not for statements", c)
		}
	}
	if quote != 0 {
		return fmt.Errorf("quotes around a macro or not closed")
	}
	add(len(s))
	return nil
}
