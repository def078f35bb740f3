package report

import (
	"context"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/session"
	"ccms/internal/unit"
)

// Tx is what reports need of the database transaction they run in.
type Tx interface {
	fact.Tx
	OperatorByID(ident.Operator) (operator.Operator, error)
	SubOperatorByID(ident.SubOperator) (operator.SubOperator, error)
	SiteByID(ident.Site) (asset.Site, error)

	// MarkSession marks the bucket of a session's end, and of the end it had before.
	MarkSession(id ident.Session, before time.Time) error
	MarkPosting(op ident.Operator, at time.Time) error
	// MarkPoint marks the buckets of all that ended at a charge point.
	MarkPoint(ident.ChargePoint) error
	// Marks are the oldest marks.
	Marks(limit int) ([]Mark, error)
	ForgetMarks(ids []int64) error
	// OneRoller keeps others that sum for the scope's operator waiting until the commit.
	OneRoller() error
	// SumSessionDay makes the hours and the day anew from sessions, of one zone, at one
	// site or at all, and who was seen in the day and so in its month and year.
	SumSessionDay(day Span, zone string, site ident.Site) error
	// SumSessionMonth makes a month anew from its days.
	SumSessionMonth(month Bucket, zone string, site ident.Site) error
	// SumMoneyHours makes the hours from first to last, all of one day, anew from postings.
	SumMoneyHours(first, last Bucket, midnight, from, to time.Time) error
	// SumMoney makes a bucket anew from those that it consists of.
	SumMoney(to, first, last Bucket) error
	ZonesEnded(from, to time.Time) ([]string, error)
	RecordedSpan() (Recorded, error)
	// ForgetSums deletes all sums of the scope's operator.
	ForgetSums() error
	// Unbuilt are the operators whose sums were not made from the rows that were there
	// before, or on another clock.
	Unbuilt(limit int) ([]Clock, error)
	SaveBuilt(Clock) error

	// SessionSums are sums by bucket, from first to last, all of one grain.
	SessionSums(f Filter, first, last Bucket) (map[Bucket]Sessions, error)
	// DriversSeen counts who was seen in a day, a month, a year.
	DriversSeen(f Filter, b Bucket) (int64, error)
	// Running counts the sessions that run now.
	Running(Filter) (int64, error)
	MoneySums(f Filter, first, last Bucket) ([]Posted, error)
	// EndedZones are the clocks of what ended in a bucket.
	EndedZones(first, last Bucket) ([]string, error)
	// EndedRows are the sessions of a bucket, as far as they lie in one of the spans.
	EndedRows(f Filter, spans []ZoneSpan, p operator.Page) (operator.List[EndedRow], error)
	PostedRows(f Filter, side Side, c money.Currency, from, to time.Time, p operator.Page) (operator.List[PostedRow], error)
	// Outstanding is what wallets are below zero, by currency.
	Outstanding(Filter) ([]money.Amount, error)
	ConnectorCounts(Filter) ([]ConnectorCount, error)
	// SiteStates reads sites in use by name, each with what its connectors do now: at
	// most as many sites, and says whether there are more.
	SiteStates(f Filter, most int) (sites []SiteState, more bool, err error)
	NetworkCounts(Filter) (Network, error)
	// Drawn is what running sessions last said of their power.
	Drawn(Filter) ([]Drawing, error)

	// Contracted is what the grid gives the sites in use; ACDC narrows nothing.
	Contracted(Filter) (Contract, error)

	// Owners are all who have sites.
	Owners() ([]Owner, error)
	AddLooks([]Look) error
	Slots(f Filter, from, to time.Time) ([]Slot, error)
	ForgetSlots(from, to time.Time) error
	// MeteredIn are the samples of sessions that ended between, by session and time.
	MeteredIn(from, to time.Time) ([]Metered, error)

	HomeLayout(ident.Staff) (Layout, bool, error)
	SaveHomeLayout(ident.Staff, Layout) error
}

// Run runs a closure in one database transaction within a scope. The closure may run
// twice: it touches only its Tx and its own results.
type Run func(context.Context, authz.Scope, func(Tx) error) error

// ACDC is what a charge point feeds the car with.
type ACDC string

// The kinds of current.
const (
	AC ACDC = "AC"
	DC ACDC = "DC"
)

// Filter narrows what a block shows; zero fields do not.
type Filter struct {
	Site ident.Site
	Sub  ident.SubOperator
	ACDC ACDC
}

// whole reports whether the filter leaves nothing out but sub-operators: money that is
// nobody's session belongs to no site.
func (f Filter) whole() bool { return f.Site.IsZero() && f.ACDC == "" }

// What names a kind of mark.
type What string

// The kinds of marks.
const (
	MarkedSession What = "session"
	MarkedPosting What = "posting"
)

// Mark says that a bucket must be made anew.
type Mark struct {
	ID       int64
	Operator ident.Operator
	What     What
	Site     ident.Site // of a session
	Zone     string     // of a session
	At       time.Time
}

// Recorded is when the first and the last session ended and posting was made; zero
// where there is none.
type Recorded struct{ FirstEnd, LastEnd, FirstPosting, LastPosting time.Time }

// Clock is an operator with the zone of its own days.
type Clock struct {
	Operator ident.Operator
	Zone     string
}

// Owner is an operator, or one of its sub-operators.
type Owner struct {
	Operator ident.Operator
	Sub      ident.SubOperator
}

// ConnectorCount is how many connectors are in one state; OFFLINE where their point is.
type ConnectorCount struct {
	State string
	ACDC  ACDC
	Count int64
}

// Offline is the state of connectors whose charge point is not there to be asked.
const Offline = "OFFLINE"

// Network is how large it is.
type Network struct {
	Sites, Points, Connectors int64
	SubOperators              int64
	Drivers                   int64
	DriversCapped             bool  // there are more
	Connected                 int64 // points that have ever connected
}

// ZoneSpan is a bucket in time on one clock.
type ZoneSpan struct {
	Zone     string
	From, To time.Time
}

// EndedRow is a session behind a sum.
type EndedRow struct {
	ID        ident.Session
	OCPPID    int64
	Site      ident.Site
	SiteName  string
	PointName string
	Zone      string
	Phase     session.Phase
	StartedAt time.Time
	EndedAt   time.Time
	Energy    unit.Wh
}

// PostedRow is an entry behind a sum.
type PostedRow struct {
	ID       ident.Entry
	At       time.Time
	Kind     ledger.EntryKind
	Session  ident.Session
	OCPPID   int64
	Recharge ident.Recharge
	SiteName string
	Amount   money.Amount // above 0
}

// Side is which of a bucket's entries: they come to the figure of that name.
type Side string

// The sides.
const (
	Charged   Side = "charged"   // Gross
	Refunded  Side = "refunded"  // Refunds
	Recharged Side = "recharged" // Recharge
	Reversed  Side = "reversed"  // Reversed
)
