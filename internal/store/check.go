package store

import (
	"fmt"
	"slices"
	"strings"
)

// token is a word, a sign or a macro of a statement, with the bracket it is in.
type token struct {
	word  string // upper case for words
	raw   string
	macro *part
	group int // of {{if}}
	level int // number of the bracket, 0 outside of any
	depth int
}

func (q *Stmt) tokens() []token {
	var all []token
	stack, brackets := []int{0}, 0
	for i := range q.parts {
		p := &q.parts[i]
		level := stack[len(stack)-1]
		if p.kind != partText && p.kind != partPG && p.kind != partLite {
			all = append(all, token{macro: p, group: p.group, level: level, depth: len(stack)})
			continue
		}
		for s := p.text; s != ""; {
			n := 1
			switch c := s[0]; {
			case isWord(c):
				for n < len(s) && isWord(s[n]) {
					n++
				}
			case c == '\'' || c == '"':
				n = 2 + strings.IndexByte(s[1:], c)
			case c == '(':
				brackets++
				stack = append(stack, brackets)
			case c == ')' && len(stack) > 1:
				stack = stack[:len(stack)-1]
			}
			if raw := s[:n]; strings.TrimSpace(raw) != "" {
				all = append(all, token{word: strings.ToUpper(raw), raw: raw, group: p.group,
					level: stack[len(stack)-1], depth: len(stack)})
			}
			s = s[n:]
		}
	}
	return all
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// notAliases may follow a table's name without being its alias.
var notAliases = strings.Fields(`AS WHERE JOIN LEFT RIGHT INNER CROSS FULL ON SET VALUES SELECT ORDER GROUP LIMIT
	UNION RETURNING USING DO DEFAULT HAVING EXCEPT INTERSECT INDEXED NOT`)

type reference struct {
	table, alias string
	group, level int
	inserted     bool
}

// check returns what is wrong with the statement: the first of the two locks on
// tenants. It is strict on purpose: it reads words, not SQL, and refuses what it
// cannot place.
func (q *Stmt) check(tables map[string]*tableInfo) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	toks := q.tokens()
	word := func(i int) string {
		if i >= 0 && i < len(toks) {
			return toks[i].word
		}
		return ""
	}

	// CTE names are tables of the statement's own.
	own := map[string]bool{}
	for i := range toks {
		if (word(i+1) == "AS" || word(i+1) == "(") && (word(i-1) == "WITH" || word(i-1) == "RECURSIVE" || (word(0) == "WITH" && word(i-1) == "," && toks[i].depth == 1)) {
			own[strings.ToLower(toks[i].word)] = true
		}
	}

	verbs := map[string]verb{"SELECT": verbSelect, "INSERT": verbInsert, "UPDATE": verbUpdate, "DELETE": verbDelete}
	found := false
	for i, t := range toks {
		if v, ok := verbs[t.word]; ok && t.depth == 1 {
			q.verb, found = v, true
			switch v {
			case verbUpdate:
				q.target = strings.ToLower(word(i + 1))
			case verbInsert, verbDelete:
				q.target = strings.ToLower(word(i + 2))
				if w := word(i + 1); w != "INTO" && w != "FROM" {
					say("%s %s is not for statements", t.word, w)
				}
			}
			break
		}
		if i == 0 && t.word != "WITH" {
			break
		}
	}
	if !found {
		say("a statement is SELECT, INSERT, UPDATE or DELETE")
		return problems
	}

	var refs []reference
	for i, t := range toks {
		switch t.word {
		case "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE":
			switch {
			case t.word == "UPDATE" && word(i-1) == "FOR":
				say("FOR UPDATE is written {{lock}}")
			case t.word == "UPDATE" && word(i-1) == "DO":
			case verbs[t.word] != q.verb || t.depth != 1:
				say("%s inside of another statement", t.word)
			}
		case "LIKE", "ILIKE", "SIMILAR", "FLOAT", "REAL", "DOUBLE", "NUMERIC", "DECIMAL", "SET_CONFIG":
			say("%s is not for statements", t.word)
		}
		name := strings.ToLower(t.word)
		info := tables[name]
		named := slices.Contains([]string{"FROM", "JOIN", "INTO", "UPDATE"}, word(i-1)) && word(i-2) != "DISTINCT" && word(i-2) != "FOR" &&
			!(word(i-2) == "DO" && word(i-1) == "UPDATE")
		switch {
		case t.macro != nil || t.word == "":
			continue
		case info == nil && named && isWord(t.word[0]) && !own[name] && word(i+1) != "(" && t.word != "LATERAL" && t.word != "ONLY" && t.word != "SELECT" && t.word != "VALUES":
			say("the table %s is not declared", name)
			continue
		case info == nil, word(i+1) == ".", word(i-1) == ".":
			continue
		case !named && word(i-1) != ",":
			say("%s is the name of a table; columns and aliases need another", name)
			continue
		}
		r := reference{table: name, alias: name, group: t.group, level: t.level, inserted: q.verb == verbInsert && word(i-1) == "INTO"}
		j := i + 1
		if word(j) == "AS" {
			j++
		}
		if w := word(j); w != "" && isWord(w[0]) && !slices.Contains(notAliases, w) {
			r.alias = toks[j].raw
		}
		refs = append(refs, r)
		if t.level == 0 && q.target == name && q.verb != verbSelect {
			switch {
			case info.appendOnly && q.verb != verbInsert, info.noUpdate && q.verb == verbUpdate:
				say("%s is append-only", name)
			}
		}
	}

	unscoped := slices.ContainsFunc(q.parts, func(p part) bool { return p.kind == partUnscoped })
	tenants := 0
	for _, r := range refs {
		c := tables[r.table].class
		if c == global {
			continue
		}
		tenants++
		switch {
		case r.inserted:
			if !q.has(partOwn, r.table, "", r.group) && !q.copies {
				say("INSERT INTO %s needs {{own %s}}", r.table, r.table)
			}
			if i := slices.IndexFunc(toks, func(t token) bool { return t.word == "DO" }); i >= 0 && word(i+1) == "UPDATE" &&
				!q.has(partScope, r.table, r.alias, r.group) {
				say("ON CONFLICT DO UPDATE needs WHERE {{scope %s %s}}: the row in the way may be another tenant's", r.table, r.alias)
			}
		case !q.has(partScope, r.table, r.alias, r.group):
			say("%s %s has no {{scope %s %s}}", r.table, r.alias, r.table, r.alias)
		}
	}
	switch {
	case unscoped && tenants > 0:
		say("{{unscoped}} with the table of a tenant")
	case !unscoped && tenants == 0:
		say("neither {{scope}} nor {{own}} nor {{unscoped}}")
	}
	problems = append(problems, q.checkMacros(toks, refs)...)
	return problems
}

func (q *Stmt) has(kind partKind, table, alias string, group int) bool {
	return slices.ContainsFunc(q.parts, func(p part) bool {
		return p.kind == kind && p.text == table && p.alias == alias && (p.group == 0 || p.group == group)
	})
}

// checkMacros refuses a scope that other conditions could lift: one that does not
// stand after WHERE, AND or ON, one beside an OR, one in the ON of another table.
func (q *Stmt) checkMacros(toks []token, refs []reference) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	set, conflict := false, false
	for i, t := range toks {
		before := ""
		if i > 0 {
			before = toks[i-1].word
		}
		switch {
		case t.word == "CONFLICT":
			conflict = true
		case t.depth == 1 && t.word == "SET":
			set = true
		case t.depth == 1 && t.word == "WHERE":
			set = false
		case set && t.depth == 1 && (t.word == "OPERATOR_ID" || t.word == "SUB_OPERATOR_ID") && i+1 < len(toks) && toks[i+1].word == "=":
			say("the owner of a row moves by SET (operator_id, sub_operator_id) = ({{own %s}})", q.target)
		case t.macro == nil:
		case (t.macro.kind == partOwn || t.macro.kind == partOwnOf) && t.macro.text != q.target:
			say("{{own %s}} in a write of %q", t.macro.text, q.target)
		case t.macro.kind == partOwnOf && (q.verb != verbInsert || !slices.ContainsFunc(refs, func(r reference) bool {
			c := registry.tables[r.table].class
			return r.alias == t.macro.alias && !r.inserted && c != root && c != global
		})):
			say("{{own %s of %s}} names no row with an owner", t.macro.text, t.macro.alias)
		case t.macro.kind == partScope:
			m := t.macro
			if !slices.ContainsFunc(refs, func(r reference) bool { return r.table == m.text && r.alias == m.alias }) {
				say("{{scope %s %s}} names no table of the statement", m.text, m.alias)
			}
			if before != "WHERE" && before != "AND" && before != "ON" {
				say("{{scope}} stands after WHERE, AND or ON")
			}
			clause, last := "", ""
			for j, o := range toks {
				if o.level != t.level {
					continue
				}
				if o.word == "OR" {
					say("OR beside {{scope}} lifts it: put brackets around the OR")
				}
				if j < i {
					switch o.word {
					case "WHERE", "ON":
						clause = o.word
					case "JOIN":
						if j+1 < len(toks) {
							last = strings.ToLower(toks[j+1].word)
						}
					}
				}
			}
			if clause == "ON" && last != m.text && !conflict {
				say("{{scope %s}} in the ON of %s does not keep rows of %s out", m.text, last, m.text)
			}
		}
	}
	return problems
}
