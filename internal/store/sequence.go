package store

import (
	"slices"
	"strings"
)

// Sequence gives numbers that rise and have gaps. It is no row that transactions
// wait for: on PostgreSQL a sequence of the database.
type Sequence struct {
	name  string
	first int64
	next  *Stmt
}

// sequence declares a sequence. Call it from a package-level variable.
func sequence(name string, first int64) *Sequence {
	q := &Sequence{name: name, first: first}
	if registry.sequences[name] != nil {
		registry.problems = append(registry.problems, "sequence "+name+" is declared twice")
	}
	registry.sequences[name] = q
	q.next = stmt(`SELECT {{pg nextval('` + q.pgName() + `')}}{{lite value}} {{unscoped numbers belong to no tenant}} {{lite FROM sequences WHERE name = '` + name + `'}}`)
	return q
}

func (q *Sequence) pgName() string { return "seq_" + q.name }

func (r *registered) sequencesByName() []*Sequence {
	var all []*Sequence
	for _, q := range r.sequences {
		all = append(all, q)
	}
	slices.SortFunc(all, func(a, b *Sequence) int { return strings.Compare(a.name, b.name) })
	return all
}

var _ = table("sequences", global, plain("name value"))

var qSequenceStep = stmt(`INSERT INTO sequences (name, value) VALUES (?, ?)
	ON CONFLICT (name) DO UPDATE SET value = sequences.value + 1 {{unscoped numbers belong to no tenant}}`)

// Next is the sequence's next number. It is never given twice; a closure that fails
// may leave a gap.
func (tx *Tx) Next(q *Sequence) (int64, error) {
	if tx.conn.engine() == lite {
		if _, err := tx.exec(qSequenceStep, q.name, q.first); err != nil {
			return 0, err
		}
	}
	return scalar[int64](tx, q.next)
}
