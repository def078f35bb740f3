package upkeep

import (
	"time"

	"ccms/internal/ident"
)

// Type is what a warning is about (product §3.2.3).
type Type string

// The types that something raises so far.
const (
	Offline            Type = "OFFLINE"
	Flapping           Type = "FLAPPING"
	ConnectorError     Type = "CONNECTOR_ERROR" // Code is OCPP 1.6's errorCode
	InternalError      Type = "INTERNAL_ERROR"  // the guide has it apart
	ChargeRecordError  Type = "CHARGE_RECORD_ERROR"
	MeterSilent        Type = "METER_SILENT"
	StartFailureStreak Type = "START_FAILURE_STREAK"
	UnknownPoint       Type = "UNKNOWN_STATION" // Code is the identity that knocks
	DuplicateIdentity  Type = "DUPLICATE_IDENTITY"
	Security           Type = "SECURITY_EVENT" // Code is the kind of the event
	CertExpiring       Type = "CERT_EXPIRING"
	FirmwareFailed     Type = "FIRMWARE_FAILED"  // Code is the version that was to be
	ListPushFailed     Type = "LIST_PUSH_FAILED" // its local list (LAL-R3)
	HardwareChanged    Type = "HARDWARE_CHANGED" // another device has its identity (AST-R1)
)

// Types lists them all.
var Types = []Type{Offline, Flapping, ConnectorError, InternalError, ChargeRecordError, MeterSilent, StartFailureStreak, UnknownPoint, DuplicateIdentity, Security,
	CertExpiring, FirmwareFailed, ListPushFailed, HardwareChanged}

// momentary types tell of what happened, not of what lasts: they end when it has been
// quiet for long enough.
func (t Type) momentary() bool {
	return t == Flapping || t == DuplicateIdentity || t == UnknownPoint || t == Security
}

// Level is how bad it is.
type Level int

// The levels, mildest first. The numbers are stored.
const (
	Info     Level = 10
	Notice   Level = 20
	Warn     Level = 30
	Error    Level = 40
	Critical Level = 50 // safety
)

var levelNames = map[Level]string{Info: "INFO", Notice: "NOTICE", Warn: "WARN", Error: "ERROR", Critical: "CRITICAL"}

// Levels lists them, mildest first.
var Levels = []Level{Info, Notice, Warn, Error, Critical}

func (l Level) String() string { return levelNames[l] }

// LevelOf reads a level's word.
func LevelOf(word string) (Level, bool) {
	for _, l := range Levels {
		if l.String() == word {
			return l, true
		}
	}
	return 0, false
}

// State is where a warning stands.
type State string

// The states of a warning. All but the last are live. What is SUPPRESSED was raised in a
// window of maintenance and waits for nobody.
const (
	Open         State = "OPEN"
	Acknowledged State = "ACKNOWLEDGED"
	Suppressed   State = "SUPPRESSED"
	Cleared      State = "CLEARED"
)

// States lists them.
var States = []State{Open, Acknowledged, Suppressed, Cleared}

// Key is what there is one live warning of.
type Key struct {
	Operator  ident.Operator
	Sub       ident.SubOperator
	Point     ident.ChargePoint // zero: of more than one, or of none that is known
	Connector int               // 0: the whole point
	Type      Type
	Code      string
}

// Warning is one thing that staff should know.
type Warning struct {
	ID ident.Warning
	Key
	Site     ident.Site // zero: of no one site
	Firmware string     // vendor, model and firmware of the point when it was raised
	Level    Level
	State    State
	Count    int       // how often it happened while it was live
	FirstAt  time.Time // when it happened first
	At       time.Time // and last
	// ReceivedAt is when we heard of the last; hours after At where the point was away.
	ReceivedAt time.Time
	Parent     ident.Warning // the storm that it is part of
	Children   int           // how many are part of it
	Session    ident.Session // the last that it is about
	Detail     string        // vendor's code, or what else tells more; never a person's data
	GoneAt     time.Time     // since when the condition is over; zero while it lasts
	DueAt      time.Time     // when to look at it again; zero: never

	AcknowledgedAt time.Time
	AcknowledgedBy string // as asset.ActorOf says it
	ClearedAt      time.Time
	ClearedBy      string // "" where it ended by itself
	ClearReason    string
	Version        int64 // 0: not stored yet
}

// Live reports whether it still stands.
func (w Warning) Live() bool { return w.State != Cleared }

// Safety reports whether only a person may end it.
func (w Warning) Safety() bool { return w.Level == Critical }

// Storm reports whether others are gathered under it.
func (w Warning) Storm() bool { return w.Type == Offline && w.Point.IsZero() }

// EntryKind is what happened to a warning.
type EntryKind string

// The entries of a warning's history.
const (
	Raised     EntryKind = "raised"
	Again      EntryKind = "again"
	Gone       EntryKind = "condition_gone"
	Joined     EntryKind = "joined_storm"
	WasAck     EntryKind = "acknowledged"
	WindowOver EntryKind = "window_over" // it holds still, so it waits for somebody now
	WasCleared EntryKind = "cleared"
)

// Entry is one line of a warning's history.
type Entry struct {
	Warning    ident.Warning
	Number     int64 // the version that the warning had by it
	Kind       EntryKind
	At         time.Time
	ReceivedAt time.Time
	Session    ident.Session
	Actor      string // "" for the system itself
	Note       string
}
