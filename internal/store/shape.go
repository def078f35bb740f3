package store

import (
	"fmt"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// shape is what a scope's predicates look like; there is one rendering of a
// statement per engine and shape.
type shape uint8

const (
	shapeNone     shape = iota // sees nothing
	shapeAll                   // the platform across operators
	shapePlatform              // platform staff outside of any operator
	shapeOperator              // one operator
	shapeSub                   // one sub-operator
	shapeSubWide               // one sub-operator, operator-wide where the table's class says so
	shapes
)

func shapeOf(sc authz.Scope) shape {
	switch {
	case !sc.Valid():
		return shapeNone
	case sc.All():
		return shapeAll
	case sc.Platform():
		return shapePlatform
	case sc.Sub().IsZero():
		return shapeOperator
	case sc.Wide():
		return shapeSubWide
	}
	return shapeSub
}

// reach is how far a shape sees into a table.
type reach uint8

const (
	nothing reach = iota
	everything
	byOperator // operator_id = ?
	bySub      // operator_id = ? AND sub_operator_id = ?
	byID       // id = ? with the operator's id
)

func (c class) reach(s shape, write bool) reach {
	switch {
	case s == shapeNone:
		return nothing
	case s == shapeAll:
		return everything
	case c == root:
		switch {
		case s == shapePlatform:
			return everything
		case write && s != shapeOperator:
			return nothing
		}
		return byID
	case s == shapePlatform, s == shapeOperator, c == shared:
		return byOperator
	case s == shapeSubWide && (c == wideWrite || c == wideRead && !write):
		return byOperator
	}
	return bySub
}

// predicate is the SQL of {{scope}} with its parameters still written as ?op and ?sub.
// One that is kept from indexes says the same in a form that none can be asked by.
func (c class) predicate(alias string, s shape, write, kept bool) []part {
	open, shut := "", ""
	if kept {
		open, shut = "(", ") IS TRUE"
	}
	switch c.reach(s, write) {
	case everything:
		return []part{{kind: partText, text: "1=1"}}
	case byOperator:
		return []part{{kind: partText, text: open + alias + ".operator_id = "}, {kind: partOp}, {kind: partText, text: shut}}
	case bySub:
		return []part{{kind: partText, text: open + alias + ".operator_id = "}, {kind: partOp},
			{kind: partText, text: " AND " + alias + ".sub_operator_id = "}, {kind: partSub}, {kind: partText, text: shut}}
	case byID:
		return []part{{kind: partText, text: alias + ".id = "}, {kind: partOp}}
	}
	return []part{{kind: partText, text: "1=0"}}
}

// covers checks the owner that an INSERT or a move writes.
func (c class) covers(sc authz.Scope, op ident.Operator, sub ident.SubOperator) error {
	ok := false
	switch c.reach(shapeOf(sc), true) {
	case everything:
		ok = true
	case byOperator, byID:
		ok = sc.Operator() == op
	case bySub:
		ok = sc.Operator() == op && sc.Sub() == sub
	}
	if !ok {
		return fault.New(fault.Internal, "scope", "Something outside of the scope was to be used.").
			Because(fmt.Errorf("store: scope of operator %q sub %q does not reach operator %q sub %q",
				sc.Operator(), sc.Sub(), op, sub))
	}
	return nil
}
