package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/money"
)

// engine is one of the two databases.
type engine uint8

const (
	lite engine = iota
	postgres
)

func (e engine) String() string { return [...]string{"SQLite", "PostgreSQL"}[e] }

// rendering names one text of a statement.
type rendering struct {
	engine engine
	shape  shape
	parts  uint64 // bit n-1: {{if}} number n is there
}

// rendered is the SQL for one engine and shape, and where its parameters come from.
type rendered struct {
	sql   string
	slots []slot
	lists bool // has {{in}} on SQLite: the text depends on the values
}

type slotKind uint8

const (
	slotArg slotKind = iota
	slotOp           // the scope's operator
	slotSub          // the scope's sub-operator
	slotOwn          // operator (and sub-operator) of a written row
	slotIn           // a slice
)

type slot struct {
	kind  slotKind
	group int
	class class
}

// textFor gives the rendering, made once.
func (q *Stmt) textFor(key rendering) *rendered {
	q.mu.RLock()
	r := q.cache[key]
	q.mu.RUnlock()
	if r != nil {
		return r
	}
	r = q.render(key)
	q.mu.Lock()
	q.cache[key] = r
	q.mu.Unlock()
	return r
}

// listMark stands for the values of {{in}} in SQLite's text.
const listMark = "\x00"

func (q *Stmt) render(key rendering) *rendered {
	r := &rendered{}
	var b strings.Builder
	n := 0
	param := func(s slot) {
		n++
		if key.engine == postgres {
			b.WriteString("$" + strconv.Itoa(n))
		} else {
			b.WriteByte('?')
		}
		r.slots = append(r.slots, s)
	}
	for _, p := range q.parts {
		if p.group > 0 && key.parts&(1<<(p.group-1)) == 0 {
			continue
		}
		switch p.kind {
		case partText:
			b.WriteString(p.text)
		case partArg:
			param(slot{kind: slotArg, group: p.group})
		case partLock:
			if key.engine == postgres {
				b.WriteString("FOR UPDATE")
				if p.text != "" {
					b.WriteString(" OF " + p.text)
				}
			}
		case partPG:
			if key.engine == postgres {
				b.WriteString(p.text)
			}
		case partLite:
			if key.engine == lite {
				b.WriteString(p.text)
			}
		case partIn:
			b.WriteString(p.text)
			if key.engine == postgres {
				b.WriteString(" = ANY(")
				param(slot{kind: slotIn, group: p.group})
				b.WriteByte(')')
			} else {
				b.WriteString(" IN (" + listMark + ")")
				r.lists = true
				r.slots = append(r.slots, slot{kind: slotIn, group: p.group})
			}
		case partOwn:
			c := registry.tables[p.text].class
			param(slot{kind: slotOwn, group: p.group, class: c})
			if c != root {
				b.WriteString(", ")
				param(slot{kind: slotOwn, group: p.group, class: c})
			}
		case partOwnOf:
			b.WriteString(p.alias + ".operator_id, " + p.alias + ".sub_operator_id")
		case partScope:
			c := registry.tables[p.text].class
			write := (q.verb == verbUpdate || q.verb == verbDelete || q.verb == verbInsert) && p.text == q.target
			for _, d := range c.predicate(p.alias, key.shape, write, p.byID || p.keyed && key.engine == postgres) {
				switch d.kind {
				case partOp:
					param(slot{kind: slotOp})
				case partSub:
					param(slot{kind: slotSub})
				default:
					b.WriteString(d.text)
				}
			}
		}
	}
	r.sql = b.String()
	return r
}

// option is an argument that switches an {{if}} part on.
type option struct {
	key  string
	args []any
}

// opt switches {{if key}} on and gives the part its arguments.
func opt(key string, args ...any) any { return option{key, args} }

// optIf is opt where there is something to ask for, nothing otherwise.
func optIf(there bool, key string, args ...any) any {
	if !there {
		return option{}
	}
	return option{key, args}
}

// bind renders the statement for the scope and puts the arguments in their places.
func (q *Stmt) bind(e engine, sc authz.Scope, args []any) (string, []any, error) {
	if sh := shapeOf(sc); q.copies && sh != shapeOperator && sh != shapeAll {
		return "", nil, fmt.Errorf("store: only who sees a whole operator may run %s", q.source)
	}
	if len(q.keys) == 0 && !slices.ContainsFunc(args, isOption) {
		if r := q.textFor(rendering{engine: e, shape: shapeOf(sc)}); !r.lists {
			return q.bindPlain(r, sc, args)
		}
	}
	var given [61][]any
	key := rendering{engine: e, shape: shapeOf(sc)}
	fixed := make([]any, 0, len(args)+2)
	for _, a := range args {
		o, ok := a.(option)
		if !ok {
			fixed = append(fixed, a)
			continue
		}
		if o.key == "" {
			continue
		}
		known := false
		for i, k := range q.keys {
			if k == o.key {
				if key.parts&(1<<i) != 0 {
					return "", nil, fmt.Errorf("store: {{if %s}} is given twice to %s", o.key, q.source)
				}
				known = true
				key.parts |= 1 << i
				flat, err := flatten(o.args)
				if err != nil {
					return "", nil, err
				}
				given[i+1] = flat
			}
		}
		if !known {
			return "", nil, fmt.Errorf("store: no {{if %s}} in %s", o.key, q.source)
		}
	}
	flat, err := flatten(fixed)
	if err != nil {
		return "", nil, fmt.Errorf("%w in %s", err, q.source)
	}
	given[0] = flat

	r := q.textFor(key)
	sql, values := r.sql, make([]any, 0, len(r.slots))
	var owner [][]byte
	for _, s := range r.slots {
		switch s.kind {
		case slotOp:
			values = append(values, sc.Operator().Bytes())
			continue
		case slotSub:
			values = append(values, sc.Sub().Bytes())
			continue
		}
		if len(given[s.group]) == 0 {
			return "", nil, fmt.Errorf("store: too few arguments for %s", q.source)
		}
		v := given[s.group][0]
		given[s.group] = given[s.group][1:]
		switch s.kind {
		case slotArg:
			if _, list := v.(listArg); list {
				return "", nil, fmt.Errorf("store: a slice needs {{in}} in %s", q.source)
			}
			values = append(values, v)
		case slotIn:
			l, ok := v.(listArg)
			if !ok {
				return "", nil, fmt.Errorf("store: {{in}} needs a slice in %s", q.source)
			}
			if e == postgres {
				values = append(values, l.array())
				continue
			}
			marks := strings.TrimSuffix(strings.Repeat("?,", len(l.values)), ",")
			sql = strings.Replace(sql, listMark, marks, 1)
			values = append(values, l.values...)
		case slotOwn:
			b, ok := v.([]byte)
			if !ok || len(b) != 16 {
				return "", nil, fmt.Errorf("store: {{own}} needs the ids of operator and sub-operator in %s", q.source)
			}
			owner = append(owner, b)
			values = append(values, b)
			if len(owner) == 2 || s.class == root {
				if err := coversBytes(s.class, sc, owner); err != nil {
					return "", nil, err
				}
				owner = nil
			}
		}
	}
	for g := range given {
		if len(given[g]) > 0 {
			return "", nil, fmt.Errorf("store: too many arguments for %s", q.source)
		}
	}
	return sql, values, nil
}

func isOption(a any) bool { _, ok := a.(option); return ok }

// bindPlain is bind for a text that does not depend on the arguments.
func (q *Stmt) bindPlain(r *rendered, sc authz.Scope, args []any) (string, []any, error) {
	values := make([]any, 0, len(r.slots))
	next := 0
	var currency any // the second half of a money.Amount
	take := func() (v any, err error) {
		if currency != nil {
			v, currency = currency, nil
			return v, nil
		}
		if next == len(args) {
			return nil, fmt.Errorf("store: too few arguments for %s", q.source)
		}
		a := args[next]
		next++
		if m, ok := a.(money.Amount); ok {
			currency = string(m.Currency)
			return m.Minor, nil
		}
		if v, err = value(a); err != nil {
			err = fmt.Errorf("%w in %s", err, q.source)
		}
		return v, err
	}
	var owner [2][]byte
	owners := 0
	for _, s := range r.slots {
		switch s.kind {
		case slotOp:
			values = append(values, sc.Operator().Bytes())
			continue
		case slotSub:
			values = append(values, sc.Sub().Bytes())
			continue
		}
		v, err := take()
		if err != nil {
			return "", nil, err
		}
		list, isList := v.(listArg)
		switch s.kind {
		case slotArg:
			if isList {
				return "", nil, fmt.Errorf("store: a slice needs {{in}} in %s", q.source)
			}
		case slotIn: // = ANY($n); SQLite's text depends on the values
			if !isList {
				return "", nil, fmt.Errorf("store: {{in}} needs a slice in %s", q.source)
			}
			v = list.array()
		case slotOwn:
			b, ok := v.([]byte)
			if !ok || len(b) != 16 {
				return "", nil, fmt.Errorf("store: {{own}} needs the ids of operator and sub-operator in %s", q.source)
			}
			owner[owners] = b
			if owners++; owners == 2 || s.class == root {
				if err := coversBytes(s.class, sc, owner[:owners]); err != nil {
					return "", nil, err
				}
				owners = 0
			}
		}
		values = append(values, v)
	}
	if next < len(args) || currency != nil {
		return "", nil, fmt.Errorf("store: too many arguments for %s", q.source)
	}
	return r.sql, values, nil
}

func coversBytes(c class, sc authz.Scope, owner [][]byte) error {
	op, err := ident.FromBytes[ident.Operator](owner[0])
	if err != nil {
		return err
	}
	var sub ident.SubOperator
	if len(owner) == 2 {
		if sub, err = ident.FromBytes[ident.SubOperator](owner[1]); err != nil {
			return err
		}
	}
	return c.covers(sc, op, sub)
}
