package session

import (
	"context"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// Tx is what a session needs of the database transaction it runs in.
type Tx interface {
	asset.Tx
	member.Tx
	tariff.Tx
	ledger.Tx

	// PointAt is LockPoint with where the point stands.
	PointAt(ident.ChargePoint) (asset.ChargePoint, Place, error)
	// Ahead has what reads asks for travel with the next query, where the database is
	// another process. reads only reads, finds nothing, and asks again afterwards.
	Ahead(reads func())
	// NextOCPPID gives the next transactionId of the platform, > 0 (behaviour 43).
	NextOCPPID() (int32, error)
	InsertSession(State) error
	// SaveSession writes the state where its Rev is still the stored one; else
	// fault.Stale.
	SaveSession(State) error
	// SaveMetered is SaveSession where onlyMeter holds.
	SaveMetered(State) error
	// SaveMeasured writes samples, raw report and state at once, where onlyMeter holds
	// and all samples are newer than the session's NewestAt. It is the last word of its
	// closure, and written behind it, together with those of others: where the stored
	// session has another Rev or its point another epoch, the closure's caller gets
	// fault.Stale and nothing is stored.
	SaveMeasured(*Measured) error
	// SetRunning keeps the register of tokens in use (AUTH-R3).
	SetRunning(State, bool) error
	SessionByID(ident.Session) (State, error)
	// ChoiceOf is why a session has its plan; false where nobody wrote it down.
	ChoiceOf(ident.Session) (tariff.Choice, bool, error)
	// SaveChoice writes it for a session that got its plan later.
	SaveChoice(ident.Session, tariff.Choice) error
	InsertReview(Review) error
	// ReviewOf is what a person decided of a session; false: nothing.
	ReviewOf(ident.Session) (Review, bool, error)
	// SessionByOCPPID finds a point's session by the transactionId that its reports
	// carry: ours, or its own of an adopted session.
	SessionByOCPPID(p ident.ChargePoint, id int64) (State, bool, error)
	// SessionByStart finds the session without a real stop that this start made.
	SessionByStart(StartKey) (State, bool, error)
	// SessionByStartMessage finds what the same message on the same socket made.
	SessionByStartMessage(p ident.ChargePoint, epoch int64, messageID string) (State, bool, error)
	// LostNumber reports whether a transactionId was given out between a backup and
	// its restore: what it belonged to is not known here.
	LostNumber(ocppID int64) (bool, error)
	// SessionByStop finds the session or orphan record that this very stop ended.
	SessionByStop(p ident.ChargePoint, device time.Time, register unit.Wh, reportedID int64) (State, bool, error)
	// LiveSessions are a point's sessions that a report may still change: starting,
	// open, idle, rejected without a stop, provisionally closed in the last 7 days.
	LiveSessions(ident.ChargePoint) ([]State, error)
	// SessionsBegan are a connector's sessions that began in [from, to), the oldest first,
	// at most limit.
	SessionsBegan(p ident.ChargePoint, connector int, from, to time.Time, limit int) ([]State, error)
	// RunningOfToken counts the register's sessions of a token.
	RunningOfToken(ident.Token) (int, error)
	// DueSessions are the sessions whose timer was due when they were last saved with
	// SaveSession, at most limit; meter values may have put it off since.
	DueSessions(now time.Time, limit int) ([]DueSession, error)
	// Postpone has DueSessions leave out those whose timer was put off until then.
	Postpone([]DueSession) error

	// InsertSample keeps a sample of the report that the session is saved for next;
	// false where it is there already.
	InsertSample(State, Sample, Read) (bool, error)
	// RegistersOf are a session's energy readings in time order.
	RegistersOf(ident.Session) ([]Register, error)
	InsertEvent(Kept) error
	InsertAttempt(Attempt) error
	// AskedSince reports whether the token was let in at the point since then, by an
	// Authorize or a remote start.
	AskedSince(p ident.ChargePoint, op ident.Operator, token string, since time.Time) (bool, error)

	// NextReservation gives the next reservationId of the platform, > 0.
	NextReservation() (int32, error)
	InsertReservation(Reservation) error
	// SaveReservation writes it where its Version is still the stored one; else fault.Stale.
	SaveReservation(Reservation) error
	ReservationByID(ident.Reservation) (Reservation, error)
	ReservationByCommand(ident.ChargePoint, ident.Command) (Reservation, bool, error)
	ReservationByNumber(p ident.ChargePoint, number int64) (Reservation, bool, error)
	// ReservationOfDriver finds the one that stands.
	ReservationOfDriver(ident.Driver) (Reservation, bool, error)
	// StandingReservations are those of a point that are asked for or active.
	StandingReservations(ident.ChargePoint) ([]Reservation, error)
	DueReservations(now time.Time, limit int) ([]Reservation, error)
	ReservationRow(ident.Reservation) (ReservationRow, error)
	ReservationList(ReservationFilter, operator.Page) (operator.List[ReservationRow], error)

	SessionList(Filter, operator.Page) (operator.List[Row], error)
	SessionRow(ident.Session) (Row, error)
	// EachSummed gives at most upTo sessions of a filter, in no order, and reports whether
	// there are more.
	EachSummed(f Filter, upTo int, add func(Summed)) (more bool, err error)
	SamplesOf(ident.Session, int) ([]Sample, error)
	FramesOf(s State, limit int) ([]Frame, error)
	// FramesOfPoint lists the frames of a point, newest first: CALLs with their answers,
	// and what has no CALL.
	FramesOfPoint(ident.ChargePoint, FrameFilter, operator.Page) (operator.List[Frame], error)
	// AroundSession is the time in which what a point and we say belongs to a session.
	AroundSession(State) (from, to time.Time)
	AttemptList(AttemptFilter, operator.Page) (operator.List[AttemptRow], error)
}

// Place is what the site of a charge point means for its sessions.
type Place struct {
	Zone string     // IANA name
	Plan ident.Plan // zero where the site has none of its own
}

// StartKey is the natural key of a StartTransaction (BILL-R8).
type StartKey struct {
	Operator  ident.Operator
	Point     ident.ChargePoint
	Connector int
	TokenUID  string // normal form
	Device    time.Time
	Register  unit.Wh
}

// DueSession names a session whose timer may be due.
type DueSession struct {
	ID       ident.Session
	Operator ident.Operator
	SavedDue time.Time // as SaveSession kept it
	DueAt    time.Time // as the newest meter value left it
}

// Run runs a closure in one database transaction within a scope. The closure may
// run twice: it touches only its Tx and its own results.
type Run func(context.Context, authz.Scope, func(Tx) error) error

// Filter selects sessions for the live list and the charging record.
type Filter struct {
	Running             bool    // only what has not ended
	Ended               bool    // only what has
	Phases              []Phase // any of
	Site                ident.Site
	Point               ident.ChargePoint
	Driver              ident.Driver
	SiteName, PointName string // prefix
	OCPPID              int64
	From, To            time.Time // of the start, half-open
	Record              RecordState
	Words               string // how words of the driver begin
	Login               string // the driver's whole login
	ChargingAccount     string // whole
	TokenUID            string // whole, in any spelling
	Plan                ident.Plan
}

// Row is a session with the names that lists show beside it.
type Row struct {
	State
	SiteName, SiteAddress string
	PointName             string
	PointOnline           bool
	ConnectorStatus       asset.ConnectorStatus
	DriverAccount         string // opened from its seal
	DriverName            string
	DriverMobile          string
	ChargingAccount       string
	PlanName              string // of the snapshot's version; empty where there is none
}

// Summed is what one session adds to the sums of a filter.
type Summed struct {
	Currency       money.Currency
	Energy         unit.Wh
	Ended          bool
	Bill           *tariff.Bill // nil: none, or none yet
	Captured, Debt money.Amount
}

// AttemptFilter selects start attempts.
type AttemptFilter struct {
	Point     ident.ChargePoint
	PointName string // a word begins so
	Session   ident.Session
	TokenUID  string
	Decisions []Decision
	From, To  time.Time
}

// AttemptRow is a start attempt with the names that lists show beside it.
type AttemptRow struct {
	Attempt
	Site      ident.Site
	SiteName  string
	TimeZone  string // of the site
	PointName string
}

// Frame is one frame of a session's timeline.
type Frame struct {
	ID         ident.Event // where it is listed by itself
	At         time.Time   // device time where it carries one
	ReceivedAt time.Time
	Inbound    bool
	Action     string
	MessageID  string
	Payload    []byte
	Flaws      []string
	// Where it is listed by itself: the session that a report is of, and the answer to a
	// CALL.
	Session ident.Session
	Answer  *FrameAnswer
}

// FrameAnswer is the answer to a CALL.
type FrameAnswer struct {
	At      time.Time
	Payload []byte
	Flaws   []string
}

// FrameFilter narrows the frames of a point; zero fields do not narrow.
type FrameFilter struct {
	Action   string
	Inbound  *bool // of the CALL
	Flawed   bool
	Session  ident.Session
	From, To time.Time // received at or after, before; set by the service for a session
}
