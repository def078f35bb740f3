package store

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// What is looked for by a name is found first, and then the rows of what was found. A
// database that is given both at once has to guess how many there will be, and reads all
// rows in the order of the page where it should have gone by the index of one site, or
// the other way round.

// fewest is how many found things are still taken one by one; of more, their rows lie
// close enough together to be met on the way.
const fewest = 24

// met stands before a column by which a page is not read: so many things are meant that
// their rows are met on the way. SQLite would take the index of the column, and sort all
// their rows. What is counted or summed is found by it (unmet).
const met = `{{met}}`

func unmet(where string) string { return strings.ReplaceAll(where, met, "") }

// among is an argument of a list: its rows belong to one of values. None finds no row;
// one is compared with; of several each is read by an index of its own from where the
// page begins, and what comes first of all is the page.
type among struct {
	one, many string // the {{if}} parts that compare with a value and with a slice
	values    [][]byte
}

// found looks up what a name stands for: the ids that q selects, whose last parameter is
// a limit. Where there are too many to take one by one, it is otherwise. Without many or
// otherwise there cannot be more, and no filter is left out because there are.
func (tx *Tx) found(one, many string, otherwise []any, q *Stmt, args ...any) ([]any, error) {
	ids, err := all(tx, q, func(r *Row, id *[]byte) error { return r.Scan(id) }, append(args, fewest+1)...)
	switch {
	case err != nil:
		return nil, err
	case len(ids) > 1 && many == "", len(ids) > fewest && otherwise == nil:
		return nil, fmt.Errorf("store: %d rows where one was looked for in %s", len(ids), q.source)
	case len(ids) > fewest:
		return otherwise, nil
	}
	return []any{among{one: one, many: many, values: ids}}, nil
}

// narrowed gives the arguments with what was found in its parts. several is what has more
// than one value and is left out of them; nothing is true where no row can be found.
func narrowed(args []any) (rest []any, several *among, nothing bool) {
	for _, a := range args {
		x, ok := a.(among)
		switch {
		case !ok:
			rest = append(rest, a)
		case len(x.values) == 0:
			return nil, nil, true
		case len(x.values) == 1:
			rest = append(rest, opt(x.one, x.values[0]))
		case several == nil:
			several = &x
		default:
			rest = append(rest, opt(x.many, x.values))
		}
	}
	return rest, several, false
}

// flat is narrowed for a statement that no page is read by.
func flat(args []any) (rest []any, nothing bool) {
	rest, several, nothing := narrowed(args)
	if several != nil {
		rest = append(rest, opt(several.many, several.values))
	}
	return rest, nothing
}

// first gives the ids of a page of the rows of several, with one more where there is one.
func (tx *Tx) first(l *List, page Page, several *among, args []any) ([][]byte, error) {
	type head struct {
		key int64
		id  []byte
	}
	var heads []head
	for _, v := range several.values {
		of, err := all(tx, l.heads[page.Sort], func(r *Row, h *head) error { return r.Scan(&h.key, &h.id) },
			append(slices.Clip(args), opt(several.one, v), page.Limit+1)...)
		if err != nil {
			return nil, err
		}
		heads = append(heads, of...)
	}
	descending := page.Sort[0] == '-'
	slices.SortFunc(heads, func(a, b head) int {
		if descending {
			a, b = b, a
		}
		return cmp.Or(cmp.Compare(a.key, b.key), bytes.Compare(a.id, b.id))
	})
	ids := make([][]byte, 0, page.Limit+1)
	for _, h := range heads[:min(len(heads), page.Limit+1)] {
		ids = append(ids, h.id)
	}
	return ids, nil
}

// total counts up to one more than lists say.
func (tx *Tx) total(l *List, several *among, args []any) (n int, err error) {
	count := l.count
	if several == nil {
		if slices.ContainsFunc(args, func(a any) bool { o, ok := a.(option); return ok && slices.Contains(l.spec.Rare, o.key) }) {
			count = l.countRare
		}
		return scalar[int](tx, count, args...)
	}
	for _, v := range several.values {
		of, err := scalar[int](tx, count, append(slices.Clip(args), opt(several.one, v))...)
		if n += of; err != nil || n > countUpTo {
			return n, err
		}
	}
	return n, nil
}
