package store

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ccms/internal/fault"
	"ccms/internal/operator"
)

// Page says which part of a list is wanted.
type Page struct {
	Sort   string // a key of the list, "-" before it for descending; "" is the list's default
	Cursor string // Next of the page before, "" for the first
	Limit  int    // 1…100; 0 is 20
	Quick  bool   // they are not counted
	Whole  bool   // one of all pages, for an export: 500 rows, and they are not counted
}

// Listed is one page.
type Listed[T any] struct {
	Items  []T
	Next   string // "" on the last page
	Total  int    // how many rows the filter finds, counted up to 10,000; 0 where Page.Whole says not to
	Capped bool   // there are more than Total
}

const (
	defaultLimit = 20
	maxLimit     = 100
	wholeLimit   = operator.WholeLimit
	countUpTo    = 10_000 // product §2.2
)

// listSpec declares a list: what it shows, where from, and by what it may be sorted.
type listSpec struct {
	Cols string // "s.id, s.name"
	From string // "sites s"
	// FromOf is From for a sort by a column of another table: SQLite begins with the
	// first table of a CROSS JOIN, and so reads in the order of its index.
	FromOf map[string]string
	Count  string            // From without what is only shown; "" is From
	Where  string            // "{{scope sites s}} {{if status}} AND s.status = ? {{end}}"
	ID     string            // "s.id": settles the order among equals
	Sorts  map[string]string // name in the API → column, NOT NULL: "name": "s.name_sort"
	Sort   string            // the default, "-created_at"
	// Few selects the rows whose ids the next argument has, for a list that takes among
	// (few.go): "{{scope sites s id}} AND {{in s.id}}". Its sorts are by numbers.
	Few string
	// Rare are the options that few rows have, by an index of their own that has the order
	// of the page: they are counted in it. Without an order SQLite takes any index that
	// begins with the operator, and goes through all rows.
	Rare []string
}

// List is a declared list.
type List struct {
	spec  listSpec
	pages map[string]*Stmt // by sort, "-" before it for descending
	heads map[string]*Stmt // what a page is sorted by, and the ids
	few   map[string]*Stmt // rows by their ids
	count *Stmt
	// countRare counts in the order of the page.
	countRare *Stmt
}

// listing declares a list. Call it from a package-level variable.
func listing(sp listSpec) *List {
	l := &List{spec: sp, pages: map[string]*Stmt{}, heads: map[string]*Stmt{}, few: map[string]*Stmt{}}
	from := sp.Count
	if from == "" {
		from = sp.From
	}
	for name, column := range sp.Sorts {
		tables := sp.From
		if sp.FromOf[name] != "" {
			tables = sp.FromOf[name]
		}
		for _, d := range [...]struct{ sign, order, after string }{{"", "ASC", ">"}, {"-", "DESC", "<"}} {
			page := func(more, tables, where string) *Stmt {
				return stmt(fmt.Sprintf("SELECT %[1]s, %[2]s%[3]s FROM %[4]s WHERE %[5]s ORDER BY %[1]s %[6]s, %[2]s %[6]s LIMIT ?",
					column, sp.ID, more, tables, where, d.order))
			}
			after := fmt.Sprintf("%s {{if after}} AND (%s, %s) %s (?, ?) {{end}}", strings.ReplaceAll(sp.Where, met, "{{lite +}}"), column, sp.ID, d.after)
			l.pages[d.sign+name] = page(", "+sp.Cols, tables, after)
			if sp.Few != "" {
				l.heads[d.sign+name] = page("", from, after)
				l.few[d.sign+name] = page(", "+sp.Cols, tables, sp.Few)
			}
		}
	}
	if l.pages[sp.Sort] == nil {
		registry.problems = append(registry.problems, "the list of "+sp.From+" has no such default sort")
	}
	count := func(order string) *Stmt {
		return stmt(fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %s WHERE %s%s LIMIT %d) counted", from, unmet(sp.Where), order, countUpTo+1))
	}
	l.count = count("")
	if len(sp.Rare) > 0 {
		l.countRare = count(fmt.Sprintf(" ORDER BY %s DESC, %s DESC", sp.Sorts[strings.TrimPrefix(sp.Sort, "-")], sp.ID))
	}
	return l
}

// position is what a cursor holds: the sort and the last row's place in it.
type position struct {
	Sort string `json:"s"`
	Key  wire   `json:"k"`
	ID   wire   `json:"i"`
}

// wire is one int64, string or []byte with its kind.
type wire struct {
	N *int64  `json:"n,omitempty"`
	S *string `json:"s,omitempty"`
	B []byte  `json:"b,omitempty"`
}

func toWire(c cell) wire {
	switch v := c.(type) {
	case int64:
		return wire{N: &v}
	case string:
		return wire{S: &v}
	case []byte:
		return wire{B: append([]byte{}, v...)}
	}
	return wire{}
}

func (w wire) value() any {
	switch {
	case w.N != nil:
		return *w.N
	case w.S != nil:
		return *w.S
	}
	return append([]byte{}, w.B...) // never nil, which would be NULL
}

// list reads one page. args are the arguments of Where, with opt or among for its parts.
func list[T any](tx *Tx, l *List, page Page, scan scanner[T], args ...any) (Listed[T], error) {
	var out Listed[T]
	if page.Sort == "" {
		page.Sort = l.spec.Sort
	}
	q := l.pages[page.Sort]
	if q == nil {
		return out, fault.BadInput("/query/sort", "must be one of %s, with - before it for descending", strings.Join(slices.Sorted(maps.Keys(l.spec.Sorts)), ", "))
	}
	switch {
	case page.Whole:
		page.Limit = wholeLimit
	case page.Limit == 0:
		page.Limit = defaultLimit
	case page.Limit < 1 || page.Limit > maxLimit:
		return out, fault.BadInput("/limit", "must be 1 to %d", maxLimit)
	}
	args, several, nothing := narrowed(args)
	if nothing {
		return out, nil
	}
	pageArgs := slices.Clone(args)
	if page.Cursor != "" {
		pos, err := tx.store.openCursor(page.Cursor)
		if err != nil || pos.Sort != page.Sort {
			return out, fault.BadInput("/cursor", "is not a cursor of this list")
		}
		pageArgs = append(pageArgs, opt("after", pos.Key.value(), pos.ID.value()))
	}
	if several != nil {
		ids, err := tx.first(l, page, several, pageArgs)
		if err != nil {
			return out, err
		}
		q, pageArgs = l.few[page.Sort], []any{ids}
	}
	last, n := position{Sort: page.Sort}, 0
	err := each(tx, q, func(r *Row) error {
		n++
		if n > page.Limit {
			r.next = len(r.cells)
			return nil
		}
		last.Key, last.ID = toWire(r.cells[0]), toWire(r.cells[1])
		r.next = 2
		var v T
		if err := scan(r, &v); err != nil {
			return err
		}
		out.Items = append(out.Items, v)
		return nil
	}, append(pageArgs, page.Limit+1)...)
	if err != nil {
		return out, err
	}
	if n > page.Limit {
		out.Next = tx.store.sealCursor(last)
	}
	if page.Whole || page.Quick {
		return out, nil
	}
	total, err := tx.total(l, several, args)
	out.Total, out.Capped = min(total, countUpTo), total > countUpTo
	return out, err
}

// A cursor carries a tag, because what comes back is put into a comparison with a
// column of a certain type.
const cursorTag = 8

func (s *Store) sealCursor(p position) string {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and numbers
	}
	return base64.RawURLEncoding.EncodeToString(append(s.keys.tag("cursor", b)[:cursorTag], b...))
}

func (s *Store) openCursor(text string) (p position, err error) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < cursorTag || !hmac.Equal(s.keys.tag("cursor", b[cursorTag:])[:cursorTag], b[:cursorTag]) {
		return p, fault.BadInput("/cursor", "is not a cursor of this list")
	}
	return p, json.Unmarshal(b[cursorTag:], &p)
}
