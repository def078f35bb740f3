package authz

import "ccms/internal/ident"

// Source is where a scope came from.
type Source uint8

// The sources of a scope. Driver, guest link and roaming partner come with the
// doors that need them.
const (
	None        Source = iota
	StaffLogin         // login session or API token of staff
	ChargePoint        // the credential of a charge point
	Public             // nobody in particular: login page, health
	System             // the platform itself, with a reason
)

// Actor is who acts, for the audit.
type Actor struct {
	Staff      ident.Staff
	OnBehalfOf ident.Operator // set when platform staff act inside an operator
	Point      ident.ChargePoint
	IP         string
	RequestID  string
	Reason     string // why the system acts, or why a person said so
}

// Scope limits every statement to the rows the actor may see.
type Scope struct {
	source   Source
	all      bool
	operator ident.Operator
	sub      ident.SubOperator
	wide     bool // operator-wide tables too (tokens, plans, accounts of a session)
	Actor    Actor
}

// ForStaff is the scope of staff of an operator, or of one sub-operator where sub
// is set.
func ForStaff(op ident.Operator, sub ident.SubOperator, a Actor) Scope {
	return Scope{source: StaffLogin, operator: op, sub: sub, Actor: a}
}

// ForPlatform is the scope of platform staff outside of any operator: the list of
// operators and the platform's own rows.
func ForPlatform(a Actor) Scope { return Scope{source: StaffLogin, Actor: a} }

// ForChargePoint is the scope of a charge point. It writes in its owner's scope
// (a sub-operator's where it has one) and reaches the tokens, plans, accounts and
// postings of the whole operator, because any driver of it may charge there.
func ForChargePoint(op ident.Operator, sub ident.SubOperator, p ident.ChargePoint) Scope {
	return Scope{source: ChargePoint, operator: op, sub: sub, wide: true, Actor: Actor{Point: p}}
}

// ForSystem is the platform acting inside one operator. reason is kept in the audit.
func ForSystem(op ident.Operator, reason string) Scope {
	return Scope{source: System, operator: op, wide: true, Actor: Actor{Reason: reason}}
}

// Everything is the platform acting across operators: migrations, sweepers,
// finding out who logs in. reason is kept in the audit.
func Everything(reason string) Scope {
	return Scope{source: System, all: true, Actor: Actor{Reason: reason}}
}

// WithinSession widens a staff scope for the money of a session on the staff's own
// points: a sub-operator's staff stop a session whose driver and account belong to
// the operator.
func (s Scope) WithinSession() Scope {
	s.wide = s.source != None
	return s
}

// Source tells where the scope came from.
func (s Scope) Source() Source { return s.source }

// All reports whether the scope sees every operator.
func (s Scope) All() bool { return s.all }

// Platform reports whether this is platform staff outside of any operator.
func (s Scope) Platform() bool { return s.source == StaffLogin && s.operator.IsZero() }

// Operator is the operator of the scope; zero for All and Platform.
func (s Scope) Operator() ident.Operator { return s.operator }

// Sub is the sub-operator of the scope; zero where it is the whole operator.
func (s Scope) Sub() ident.SubOperator { return s.sub }

// Wide reports whether operator-wide tables are visible although Sub is set.
func (s Scope) Wide() bool { return s.wide || s.sub.IsZero() }

// Valid reports whether the scope sees anything at all.
func (s Scope) Valid() bool { return s.source != None && (s.source != Public) }

// Covers reports whether a row of operator op and sub-operator sub lies inside the
// scope. wide says that the row's table is operator-wide.
func (s Scope) Covers(op ident.Operator, sub ident.SubOperator, wide bool) bool {
	switch {
	case !s.Valid():
		return false
	case s.all:
		return true
	case s.operator != op:
		return false
	}
	return s.sub.IsZero() || s.sub == sub || (wide && s.wide)
}
