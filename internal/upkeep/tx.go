package upkeep

import (
	"context"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
	"ccms/internal/session"
)

// Tx is what this package needs of a database transaction. Every method sees only the
// rows inside the transaction's scope; what lies outside is fault.Missing.
type Tx interface {
	session.Tx // of which asset.Tx is a part: files are asked for by commands
	TransferTx
	ImageTx
	InstallTx
	CampaignTx
	RulesTx
	ListPointOf(ident.ChargePoint) (member.ListPoint, bool, error)

	// LockWatch gives a point's watch, of Version 0 where there is none yet; other
	// writers of it wait.
	LockWatch(ident.ChargePoint) (Watch, error)
	SaveWatch(Watch) error
	// WatchOf is LockWatch without a lock.
	WatchOf(ident.ChargePoint) (Watch, error)
	// DueWatches lists the points whose grace is over.
	DueWatches(now time.Time, limit int) ([]DueWatch, error)
	// HalfOpen lists points in use with an open socket that nothing was heard over for
	// asset.Silence, and which no live warning tells of.
	HalfOpen(now time.Time, limit int) ([]DueWatch, error)

	// LockLive gives what is live of a point, by id; other writers of it wait.
	LockLive(ident.ChargePoint) ([]Warning, error)
	// LockKey gives the one live warning of a key.
	LockKey(Key) (Warning, bool, error)
	LockWarning(ident.Warning) (Warning, error)
	// SaveWarning inserts or updates the warning and appends its entries.
	SaveWarning(Changed) error
	// DueWarnings lists live warnings that it is time to look at.
	DueWarnings(now time.Time, limit int) ([]DueWarning, error)
	// CountLive counts an operator's live warnings of a type.
	CountLive(ident.Operator, Type) (int, error)
	// Away lists live OFFLINE warnings of single points whose condition stands and that
	// happened since; of the site, else of the firmware.
	Away(AwayFilter, int) ([]Warning, error)
	// CountChildren counts the live warnings under a storm, and those whose condition stands.
	CountChildren(ident.Warning) (live, standing int, err error)
	// ChildrenOf lists the live warnings under a storm.
	ChildrenOf(ident.Warning, int) ([]Warning, error)
	// Told reports whether a warning's history speaks of the session.
	Told(ident.Warning, ident.Session) (bool, error)
	// Undecided reports whether a session of a warning's history waits for a person.
	Undecided(ident.Warning) (bool, error)

	WarningRow(ident.Warning) (Row, error)
	WarningList(Filter, operator.Page) (operator.List[Row], error)
	WarningEntries(ident.Warning, int) ([]Entry, error)
}

// Run opens the one transaction of a call; it may run fn twice.
type Run func(context.Context, authz.Scope, func(Tx) error) error

// DueWatch names a point to look at.
type DueWatch struct {
	Operator ident.Operator
	Point    ident.ChargePoint
}

// DueWarning names a warning to look at.
type DueWarning struct {
	Operator ident.Operator
	ID       ident.Warning
}

// AwayFilter selects points that went away together.
type AwayFilter struct {
	Operator ident.Operator
	Sub      ident.SubOperator
	Site     ident.Site // zero: by Firmware
	Firmware string
	Since    time.Time
}

// Filter narrows a list of warnings; zero fields do not narrow.
type Filter struct {
	Site                ident.Site
	Point               ident.ChargePoint
	SiteName, PointName string // a word begins so
	Types               []Type
	Levels              []Level
	States              []State
	Parent              ident.Warning
	// Top leaves out what is gathered under a storm.
	Top      bool
	From, To time.Time // of At, half-open
}

// Row is a warning with the names that lists show beside it.
type Row struct {
	Warning
	SiteName      string
	TimeZone      string // of the site
	PointName     string
	PointIdentity string
	PointStatus   asset.PointStatus // now; "" where it has no point
}
