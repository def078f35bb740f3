package authz

import (
	"testing"
	"time"

	"ccms/internal/ident"
)

func TestScopeCovers(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1)
	a, b := newOp(now), newOp(now)
	s1, s2 := newSub(now), newSub(now)
	none := ident.SubOperator{}
	for _, c := range []struct {
		why       string
		sc        Scope
		op        ident.Operator
		sub       ident.SubOperator
		wide, yes bool
	}{
		{"the zero scope sees nothing", Scope{}, a, none, true, false},
		{"own operator", ForStaff(a, none, Actor{}), a, s1, false, true},
		{"another operator", ForStaff(a, none, Actor{}), b, none, true, false},
		{"own sub-operator", ForStaff(a, s1, Actor{}), a, s1, false, true},
		{"sibling sub-operator", ForStaff(a, s1, Actor{}), a, s2, true, false},
		{"the parent's own rows", ForStaff(a, s1, Actor{}), a, none, true, false},
		{"a point of a sub-operator, own rows", ForChargePoint(a, s1, ident.ChargePoint{}), a, none, false, false},
		{"a point of a sub-operator, the parent's tokens", ForChargePoint(a, s1, ident.ChargePoint{}), a, none, true, true},
		{"system everywhere", Everything("test"), b, s2, false, true},
		{"platform staff see no operator's rows", ForPlatform(Actor{}), a, none, true, false},
	} {
		if got := c.sc.Covers(c.op, c.sub, c.wide); got != c.yes {
			t.Errorf("%s: %v", c.why, got)
		}
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		r    Role
		p    Permission
		want bool
	}{
		{OpAdmin, LiveCommand, true}, {OpOps, LiveCommand, true}, {Auditor, LiveCommand, false},
		{OpAdmin, WarningWrite, true}, {OpOps, WarningWrite, true}, {Auditor, WarningWrite, false}, {Owner, WarningWrite, false},
		{OpOps, FinanceRead, false}, {Auditor, FinanceRead, true}, {Auditor, PIIView, false},
		{Owner, FinanceRead, false}, {Owner, OperatorSwitch, true}, {"nobody", SignedIn, false}, {OpOps, SignedIn, true},
	} {
		if c.r.May(c.p) != c.want {
			t.Errorf("%s %s: want %v", c.r, c.p, c.want)
		}
	}
}

func newOp(t time.Time) ident.Operator     { return ident.New[ident.Operator](t) }
func newSub(t time.Time) ident.SubOperator { return ident.New[ident.SubOperator](t) }
