package asset

import (
	"encoding/json"
	"strconv"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// MaxBulk is how many charge points one bulk may name (product §3.2.1).
const MaxBulk = 500

// MaxInterval is the longest pause between two points of one site.
const MaxInterval = time.Hour

// BulkState is how far a bulk is.
type BulkState string

// The bulk states.
const (
	BulkRunning   BulkState = "running"
	BulkDone      BulkState = "done" // every row has its command, or the reason why it has none
	BulkCancelled BulkState = "cancelled"
)

// ItemState is how far a row of a bulk is. What becomes of its command is the command's.
type ItemState string

// The states of a row.
const (
	ItemWaiting   ItemState = "waiting"
	ItemMade      ItemState = "made"
	ItemRefused   ItemState = "refused"
	ItemCancelled ItemState = "cancelled"
)

// Bulk is one command for many charge points.
type Bulk struct {
	ID       ident.Bulk
	Operator ident.Operator
	Sub      ident.SubOperator
	Type     CommandType
	Args     json.RawMessage
	Reason   string
	Actor    authz.Actor // who asked: each row acts and is audited as theirs
	// Interval is the pause between two points of one site, so that they do not all
	// restart in one moment.
	Interval time.Duration
	Wait     time.Duration // how long a point may take to come online; 0: refused when offline
	Total    int
	State    BulkState

	CreatedAt, EndedAt time.Time
	Version            int64
}

// BulkItem is one row of a bulk.
type BulkItem struct {
	Bulk     ident.Bulk
	Operator ident.Operator
	Sub      ident.SubOperator
	Number   int // from 0, in the order they were named
	Point    ident.ChargePoint
	Site     ident.Site // zero where the point is not the asker's
	Command  ident.Command
	State    ItemState
	Code     string // why it was refused
	Detail   string // in words
	DueAt    time.Time
	DoneAt   time.Time
}

// BulkRow is a row as a list shows it, with what became of its command.
type BulkRow struct {
	BulkItem
	PointName, Identity, SiteName string
	CommandState                  CommandState
	ErrorDetail                   string
	Outcome                       Outcome
	EffectState                   EffectState
	EffectText                    string
}

// BulkCount counts the rows of a bulk that are alike.
type BulkCount struct {
	State   ItemState
	Command CommandState // "" where there is no command
	Effect  EffectState
	Count   int
}

// BulkView is a bulk with how its rows stand.
type BulkView struct {
	Bulk
	Counts []BulkCount
}

// BulkFilter narrows a list of bulks; zero fields do not narrow.
type BulkFilter struct {
	Type  CommandType
	State BulkState
}

// NewBulk is what is asked for.
type NewBulk struct {
	Points   []ident.ChargePoint
	Args     Args
	Reason   string
	Interval *time.Duration // nil: the command's own
	Wait     time.Duration
}

// pause is the pause between two points of a site where nobody says another. A charge
// point is away for about a minute when it restarts.
func (t CommandType) pause() time.Duration {
	switch t {
	case CommandReset:
		return 15 * time.Second
	case CommandAvailability, CommandChangeConfig, CommandGetConfig, CommandSetProfile, CommandClearProfile:
		return 2 * time.Second
	}
	return time.Second
}

func (n NewBulk) checked() (NewBulk, error) {
	switch a := n.Args.(type) {
	case Reset, Availability, Trigger, GetConfig, ChangeConfig, ClearCache, ClearProfile, DataTransfer, ExtendedTrigger:
	case SetProfile:
		if a.Profile.Purpose == ForSession {
			return n, fault.BadInput("/profile/purpose", "must not be tx: a charge runs at one charge point")
		}
	default:
		return n, fault.BadInput("/type", "cannot be sent to many charge points at once")
	}
	if a, ok := n.Args.(Availability); ok && a.Connector != 0 {
		return n, fault.BadInput("/connector", "must be left out: a bulk is for whole charge points")
	}
	if err := Askable(n.Args, n.Reason, n.Wait); err != nil {
		return n, err
	}
	if cut(n.Reason) == "" {
		return n, fault.BadInput("/reason", "must say why, in at most 200 letters")
	}
	n.Reason = cut(n.Reason)
	if n.Interval == nil {
		d := CommandOf(n.Args).Type.pause()
		n.Interval = &d
	}
	if *n.Interval < 0 || *n.Interval > MaxInterval {
		return n, fault.BadInput("/interval_s", "must be between 0 and 3600 seconds")
	}
	if len(n.Points) == 0 || len(n.Points) > MaxBulk {
		return n, fault.BadInput("/charge_point_ids", "must be 1 to %d charge points", MaxBulk)
	}
	seen := make(map[ident.ChargePoint]bool, len(n.Points))
	for i, p := range n.Points {
		if p.IsZero() || seen[p] {
			return n, fault.BadInput("/charge_point_ids/"+strconv.Itoa(i), "is empty or there twice")
		}
		seen[p] = true
	}
	return n, nil
}

// spread gives every row its time: those of one site one after the other, from where
// another bulk leaves the site; sites do not wait for each other.
func spread(items []BulkItem, interval time.Duration, busy map[ident.Site]time.Time, now time.Time) {
	next := make(map[ident.Site]time.Time, len(busy))
	for site, until := range busy {
		next[site] = until.Add(interval)
	}
	for i := range items {
		it := &items[i]
		if it.State != ItemWaiting {
			continue
		}
		it.DueAt = next[it.Site]
		if it.DueAt.Before(now) {
			it.DueAt = now
		}
		next[it.Site] = it.DueAt.Add(interval)
	}
}

// tooLate is how far behind its time a bulk may be before the rest of it is put off: a
// server that was away must not send everything that became due meanwhile at once.
const tooLate = 5 * time.Second
