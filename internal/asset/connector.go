package asset

import (
	"strconv"
	"strings"
	"time"

	"ccms/internal/ident"
	"ccms/internal/unit"
)

// ConnectorStatus is OCPP 1.6's word (OCPP 1.6 §7.7), or Unknown before the first report.
type ConnectorStatus string

// The connector states.
const (
	Unknown       ConnectorStatus = "Unknown"
	Available     ConnectorStatus = "Available"
	Preparing     ConnectorStatus = "Preparing"
	Charging      ConnectorStatus = "Charging"
	SuspendedEV   ConnectorStatus = "SuspendedEV"
	SuspendedEVSE ConnectorStatus = "SuspendedEVSE"
	Finishing     ConnectorStatus = "Finishing"
	Reserved      ConnectorStatus = "Reserved"
	Unavailable   ConnectorStatus = "Unavailable"
	Faulted       ConnectorStatus = "Faulted"
)

// Known reports whether s is one of the states above.
func (s ConnectorStatus) Known() bool {
	switch s {
	case Unknown, Available, Preparing, Charging, SuspendedEV, SuspendedEVSE, Finishing, Reserved, Unavailable, Faulted:
		return true
	}
	return false
}

// Condition is what a connector, or the device as connector 0, last said of itself.
type Condition struct {
	Status          ConnectorStatus
	ErrorCode       string // as received; "" and "NoError" mean none
	VendorErrorCode string
	Info            string
	StatusAt        time.Time // when it happened, corrected
	ReceivedAt      time.Time
}

// HasError reports whether an error code stands beside the status.
func (c Condition) HasError() bool { return c.ErrorCode != "" && c.ErrorCode != "NoError" }

// Connector is one plug or socket. Number is OCPP 1.6's connectorId, from 1.
type Connector struct {
	ID       ident.Connector
	Operator ident.Operator
	Sub      ident.SubOperator
	Point    ident.ChargePoint
	Number   int
	Type     string // Type2, CCS2, CHAdeMO, NACS, …
	MaxPower unit.W
	Reported bool // first seen in a report, not configured by a person
	Condition
	Meter   Meter
	Version int64
}

// Meter is what was learned of the register that a connector's sessions begin and end
// with.
type Meter struct {
	Register unit.Wh   // at the end of the last session
	At       time.Time // or, with no register, when the hardware became another
	// Restarts counts sessions in a row that were seen to begin with a register of their
	// own, below that of the session before.
	Restarts int
	// Swapped: meter values are in kWh where they say Wh, or the other way round
	// (behaviour 54).
	Swapped bool
}

// restartsLearned is how many restarts in a row are no accident.
const restartsLearned = 2

// PerSession reports whether the meter was learned to begin again with each session
// (behaviour 57).
func (m Meter) PerSession() bool { return m.Restarts >= restartsLearned }

// MeterSeen is what the end of a session tells of its connector's meter.
type MeterSeen struct {
	Register  unit.Wh
	At        time.Time
	Restarted bool // the session had a register of its own
	WentOn    bool // it began where the one before had ended, or later
	Swapped   bool
}

// ConnectorSpec is a connector as a person configures it.
type ConnectorSpec struct {
	Number   int
	Type     string
	MaxPower unit.W
}

// checkConnectors returns the specs with blanks trimmed, or where they are wrong.
func checkConnectors(specs []ConnectorSpec) ([]ConnectorSpec, error) {
	var bad flaws
	if len(specs) > maxConnectors {
		bad.add("/connectors", "are too many; at most "+strconv.Itoa(maxConnectors))
		return nil, bad.err()
	}
	out, seen := make([]ConnectorSpec, len(specs)), map[int]bool{}
	for i, c := range specs {
		at := "/connectors/" + strconv.Itoa(i)
		c.Type = strings.TrimSpace(c.Type)
		switch {
		case c.Number < 1 || c.Number > maxConnectors:
			bad.add(at+"/number", "must be between 1 and "+strconv.Itoa(maxConnectors))
		case seen[c.Number]:
			bad.add(at+"/number", "is there twice")
		}
		seen[c.Number] = true
		bad.text(at+"/type", c.Type, 0, 32)
		bad.power(at+"/max_power_w", c.MaxPower)
		out[i] = c
	}
	if err := bad.err(); err != nil {
		return nil, err
	}
	return out, nil
}
