package session

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/unit"
)

// Stamp is a time as a charge point wrote it.
type Stamp struct {
	At       time.Time // zero where it was missing or unreadable
	Zoneless bool      // written without a zone, read as UTC (behaviour 28)
}

// Report is what every report of a charge point carries.
type Report struct {
	Point      ident.ChargePoint
	Epoch      int64     // of the connection it came on
	ReceivedAt time.Time // when its frame was read
	MessageID  string
	Raw        []byte   // the frame, kept in the commit where money hangs on it
	Flaws      []string // what the decoder had to tolerate
	Cache      *Cache   // of the connection; nil: none
}

// Sample is one instant of a MeterValues, after the defaults of OCPP 1.6 §7.43.
type Sample struct {
	Reading
	Stamp   Stamp
	Ordinal int // its place in the message, part of the natural key
	// Swapped is the register, if the value were in kWh where it says Wh, or the other way
	// round; 0 where it cannot be (behaviour 54).
	Swapped unit.Wh
}

// Device is the instant that the sample is known by among the session's, as precise
// as it is kept.
func (s *Sample) Device(read Read) time.Time {
	at := s.Stamp.At
	if at.IsZero() {
		at = read.At
	}
	return at.Truncate(time.Microsecond)
}

// StartReport is a StartTransaction.
type StartReport struct {
	Report
	Connector   int
	Token       string // idTag as sent
	Register    unit.Wh
	HasRegister bool
	Stamp       Stamp
	Reservation int64 // reservationId; 0 where absent
	Incomplete  bool  // something else that it must have did not arrive (AUTH-R9)
}

// StartAnswer goes back in the StartTransaction.conf. OCPPID is always > 0
// (AUTH-R2).
type StartAnswer struct {
	OCPPID int32
	Status Decision
	Parent string // the charging account, where the card may charge
}

// MeterReport is a MeterValues.
type MeterReport struct {
	Report
	Connector int
	OCPPID    int64    // 0 where absent
	Samples   []Sample // the service fills in their corrected times
}

// StopReport is a StopTransaction.
type StopReport struct {
	Report
	OCPPID      int64
	Token       string // "" where absent, which is legal
	Register    unit.Wh
	HasRegister bool
	Stamp       Stamp
	Reason      string // as sent; "" means Local (OCPP 1.6 §6.45)
	Samples     []Sample
}

// StopAnswer goes back in the StopTransaction.conf.
type StopAnswer struct {
	HasToken bool
	Status   Decision
}

// StatusReport is a StatusNotification.
type StatusReport struct {
	Report
	Connector       int
	Status          asset.ConnectorStatus
	ErrorCode       string
	Info            string
	VendorErrorCode string
	Stamp           Stamp
}

// Decision is the answer to "may this token start", in the words every OCPP
// version has.
type Decision string

// The decisions.
const (
	Accepted   Decision = "Accepted"
	Blocked    Decision = "Blocked"
	Expired    Decision = "Expired"
	Invalid    Decision = "Invalid"
	Concurrent Decision = "ConcurrentTx"
)

// Attempt is one try to start, with the reason in words (AUTH-R5).
type Attempt struct {
	ID        ident.Attempt
	Operator  ident.Operator
	Sub       ident.SubOperator
	Point     ident.ChargePoint
	Connector int    // 0 where not known
	Kind      string // "authorize", "start", "remote_start"
	TokenUID  string // sealed in the store
	Token     ident.Token
	Driver    ident.Driver
	Session   ident.Session
	Decision  Decision
	Reason    string // one sentence that support can read out
	At        time.Time
}

// Kept is a money report kept raw in the commit: a bill can be worked out again
// from these rows.
type Kept struct {
	Operator   ident.Operator
	Sub        ident.SubOperator
	Point      ident.ChargePoint
	Session    ident.Session // zero: an orphan
	Kind       string        // "StartTransaction", "MeterValues", "StopTransaction"
	MessageID  string
	Epoch      int64
	DeviceAt   time.Time // as written
	At         time.Time // corrected
	ReceivedAt time.Time
	Offset     time.Duration // clock offset that was applied
	Raw        []byte        // sealed in the store
	Flaws      []string
}
