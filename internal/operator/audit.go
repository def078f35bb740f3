package operator

import (
	"encoding/json"
	"time"

	"ccms/internal/ident"
)

// AuditRow is one thing somebody did.
type AuditRow struct {
	ID         int64
	Operator   ident.Operator
	Sub        ident.SubOperator
	At         time.Time
	Staff      ident.Staff       // zero: not a person
	Point      ident.ChargePoint // zero: not a charge point
	OnBehalfOf ident.Operator    // platform staff inside an operator
	IP         string
	RequestID  string
	Reason     string
	Action     string
	Object     string          // prefixed id
	Before     json.RawMessage // nil where there was nothing; may hold personal data
	After      json.RawMessage
}

// AuditFilter narrows the audit.
type AuditFilter struct {
	Action string // exact
	Object string // exact
	Staff  ident.Staff
	From   time.Time // at or after; zero: no limit
	To     time.Time // before; zero: no limit
}
