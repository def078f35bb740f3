package store

import "regexp"

// PostgreSQL plans a writer's statement once, on a young database before any row could
// tell one index from another: then an index that begins with the operator looks as good
// as the one of the key that was given, and every look-up goes through all that the
// operator has, until the next ANALYZE. So where a row is found by a key of its own the
// tenancy predicate is written in a form that no index is asked by. It says the same, and
// row-level security is not touched.

// findKeys marks the tables of the statement whose rows are found by their id. Lists,
// which have {{if}} parts, are left to the planner of their readers.
func (q *Stmt) findKeys() {
	if len(q.keys) > 0 {
		return
	}
	for i := range q.parts {
		if p := &q.parts[i]; p.kind == partScope {
			byID := `\b` + p.alias + `\.id = `
			if p.alias == p.text { // the table of a write, whose columns stand alone
				byID = `(?:^|[ (])id = \?`
			}
			p.keyed = p.keyed || regexp.MustCompile(byID).MatchString(q.source)
		}
	}
}
