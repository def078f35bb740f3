package upkeep

import (
	"fmt"
	"strings"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

// CampaignState is how far a firmware campaign is.
type CampaignState string

// The states of a campaign. Halted is Paused by itself: too much failed.
const (
	CampaignRunning   CampaignState = "RUNNING"
	CampaignPaused    CampaignState = "PAUSED"
	CampaignHalted    CampaignState = "HALTED"
	CampaignCancelled CampaignState = "CANCELLED"
	CampaignDone      CampaignState = "DONE"
)

func (s CampaignState) over() bool { return s == CampaignCancelled || s == CampaignDone }

const (
	// HaltPercent: a campaign halts where more of what is finished failed (AST-R5).
	HaltPercent = 5
	// MostCampaign is how many charge points one campaign may have.
	MostCampaign = 5000
	// campaignEvery is how often a campaign looks for what is next.
	campaignEvery = 10 * time.Second
	// againIn is when a point is looked at again that was offline or charging.
	againIn = 5 * time.Minute
	day     = 24 * 60 // minutes
)

// Campaign brings an image into many charge points (AST-R5): some of them first, in a
// window of the site's local time, never during a session, so many at once, until too
// much fails.
type Campaign struct {
	ID       ident.Campaign
	Operator ident.Operator
	Sub      ident.SubOperator
	Name     string
	Image    ident.Image
	Rollback ident.Image    // what takes it back; zero: nothing
	Takes    ident.Campaign // the campaign that this one takes back
	Canary   int            // percent of the points that go first; 0: none do
	// From and To are minutes of the site's day, between which installs may begin; equal:
	// at any time. To before From: over midnight.
	From, To int
	Parallel int // how many may be at it at once
	MinCount int // from how many finished ones on a share says something
	Protocol Protocol
	Signed   *bool
	Reason   string

	State   CampaignState
	Why     string // it halted, in words
	Actor   string // who asked
	Total   int
	Forgave Counted // what was finished when somebody let it go on after a halt

	DueAt     time.Time
	CreatedAt time.Time
	EndedAt   time.Time
	Version   int64
}

// Counted is how many installs of a campaign are finished.
type Counted struct{ Done, Failed int }

// Counts says how the installs of a campaign stand.
type Counts struct {
	Waiting, Open, Done, Failed, Cancelled, Skipped               int
	CanaryWaiting, CanaryOpen, CanaryDone, CanaryFailed, Canaries int
}

// InstallCount counts the installs of a campaign that are alike.
type InstallCount struct {
	State  InstallState
	Canary bool
	Count  int
}

func countOf(all []InstallCount) (c Counts) {
	for _, x := range all {
		n, canary := x.Count, 0
		if x.Canary {
			canary = n
			c.Canaries += n
		}
		switch x.State {
		case InstallWaiting:
			c.Waiting += n
			c.CanaryWaiting += canary
		case InstallDone:
			c.Done += n
			c.CanaryDone += canary
		case InstallFailed:
			c.Failed += n
			c.CanaryFailed += canary
		case InstallCancelled:
			c.Cancelled += n
		case InstallSkipped:
			c.Skipped += n
		default:
			c.Open += n
			c.CanaryOpen += canary
		}
	}
	return c
}

// canaries reports whether those that go first are at it still.
func (c Counts) canaries() bool { return c.CanaryWaiting+c.CanaryOpen > 0 }

func tooMany(failed, finished int) bool { return failed*100 > finished*HaltPercent }

// decide is the campaign after its installs stand so. Those that go first are judged when
// all of them are finished, however few they are: that is what they are for.
func (c Campaign) decide(n Counts, now time.Time) Campaign {
	if c.State != CampaignRunning {
		return c
	}
	failed, finished := n.Failed-c.Forgave.Failed, n.Done+n.Failed-c.Forgave.Done-c.Forgave.Failed
	judged := finished >= c.MinCount || n.Canaries > 0 && !n.canaries() && n.CanaryFailed > c.Forgave.Failed
	switch {
	case judged && tooMany(failed, finished):
		c.State, c.DueAt = CampaignHalted, time.Time{}
		c.Why = fmt.Sprintf("%d of %d failed, which is more than %d %%. Look why before you let it go on.", failed, finished, HaltPercent)
	case n.Waiting+n.Open == 0:
		c.State, c.EndedAt, c.DueAt = CampaignDone, now, time.Time{}
	default:
		c.DueAt = now.Add(campaignEvery)
	}
	return c
}

// wave is how many installs may begin now, and whether only of those that go first.
func (c Campaign) wave(n Counts) (most int, first bool) {
	if c.State != CampaignRunning {
		return 0, false
	}
	return max(0, c.Parallel-n.Open), n.canaries()
}

// opens is when installs may begin at a site: now, or the next beginning of the window.
func (c Campaign) opens(zone *time.Location, now time.Time) time.Time {
	if c.From == c.To {
		return now
	}
	local := now.In(zone)
	minute := local.Hour()*60 + local.Minute()
	inside := minute >= c.From && minute < c.To
	if c.To < c.From {
		inside = minute >= c.From || minute < c.To
	}
	if inside {
		return now
	}
	for d := range 3 { // a day on which the clock skips the beginning has none
		at := time.Date(local.Year(), local.Month(), local.Day()+d, c.From/60, c.From%60, 0, 0, zone)
		if at.After(now) {
			return at
		}
	}
	return now.Add(time.Hour)
}

func (c Campaign) checked() (Campaign, error) {
	c.Name, c.Reason = strings.TrimSpace(c.Name), strings.TrimSpace(c.Reason)
	switch {
	case c.Name == "" || len([]rune(c.Name)) > 100:
		return c, fault.BadInput("/name", "must be there, with at most 100 characters")
	case c.Reason == "" || len([]rune(c.Reason)) > 200:
		return c, fault.BadInput("/reason", "must say why, in at most 200 letters")
	case c.Canary < 0 || c.Canary > 100:
		return c, fault.BadInput("/canary_percent", "must be between 0 and 100")
	case c.From < 0 || c.From >= day:
		return c, fault.BadInput("/window_from", "must be a time of day")
	case c.To < 0 || c.To >= day:
		return c, fault.BadInput("/window_to", "must be a time of day")
	case c.Parallel < 1 || c.Parallel > 500:
		return c, fault.BadInput("/parallel", "must be between 1 and 500")
	case c.MinCount < 1 || c.MinCount > 1000:
		return c, fault.BadInput("/halt_min_count", "must be between 1 and 1000")
	}
	return c, nil
}
