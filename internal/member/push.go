package member

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
)

// PushState is how far a charge point has its list.
type PushState string

// The states.
const (
	PushQueued       PushState = "QUEUED"  // it lacks something, and waits for its turn or to be online
	PushPushing      PushState = "PUSHING" // it is being sent
	PushSuccess      PushState = "SUCCESS" // it says that it has the newest
	PushFailed       PushState = "FAILED"
	PushOutOfSync    PushState = "OUT_OF_SYNC" // it has another version than it was given
	PushNotSupported PushState = "NOT_SUPPORTED"
)

// PushStates are those of a charge point.
var PushStates = []PushState{PushQueued, PushPushing, PushSuccess, PushFailed, PushOutOfSync, PushNotSupported}

// The states that only a whole list has.
const (
	PushDraft   PushState = "DRAFT"   // it is for no charge point yet
	PushPartial PushState = "PARTIAL" // some have it
)

// Asking is what a charge point is asked now.
type Asking string

// What is asked in a push, in this order.
const (
	AskNothing Asking = ""
	AskKeys    Asking = "keys"    // what it can keep
	AskVersion Asking = "version" // what it has, before anything is sent
	AskChunk   Asking = "chunk"   // to take a part of the list
	AskCheck   Asking = "check"   // whether it has what it took
)

// ListPoint is a charge point of a list and what is known of its copy.
type ListPoint struct {
	Point    ident.ChargePoint
	List     ident.LocalList
	Operator ident.Operator
	Sub      ident.SubOperator

	State   PushState
	Asking  Asking
	Command ident.Command // that asks
	// Reported is the version that it told last; -1: it keeps no list; nil: never asked.
	Reported   *int64
	ReportedAt time.Time
	// ListVersion is that of the last message that it took. Each has one of its own
	// (OCPP 1.6 §5.15), higher than all before.
	ListVersion int64
	Revision    int64 // of the list that it has whole; 0: none
	Goal        int64 // the revision that is being sent
	SentVersion int64 // of the message that is on its way
	SentUpTo    int64 // the entry that it ends with
	Whole       bool  // the list is sent anew, not what changed
	After       int64 // the entry that the last taken part ended with
	Chunk       int   // parts taken
	Chunks      int
	Cards       int // that it has
	Tries       int // that failed in a row
	Detail      string
	DueAt       time.Time
	StartedAt   time.Time
	SucceededAt time.Time
	Leaving     bool // it is no longer one of the list's: it is emptied
	Version     int64
}

// mostTries is how often a push that failed is tried again (LAL-R3).
const mostTries = 3

// pauses are those before the tries after a failure.
var pauses = [...]time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute}

// bootSettle is how long after its boot a device is left alone before it is asked what
// it has.
const bootSettle = 30 * time.Second

// want has the point get a revision, where it has another. What is under way goes on: its
// end looks again.
func (p ListPoint) want(revision int64, now time.Time) ListPoint {
	if p.State == PushPushing || p.State == PushNotSupported || p.State == PushSuccess && p.Revision == revision && !p.Leaving {
		return p
	}
	if p.State != PushQueued || p.DueAt.IsZero() {
		p.DueAt = now
	}
	p.State, p.Tries = PushQueued, 0
	return p
}

// again has the point get the whole list, whatever it has and said.
func (p ListPoint) again(now time.Time) ListPoint {
	p = p.idle() // what is on its way may still be taken: then its version tells
	p.State, p.Tries, p.Detail, p.Revision, p.After, p.Chunk, p.Chunks, p.DueAt = PushQueued, 0, "", 0, 0, 0, 0, now
	return p
}

// has is the oldest revision that something on the device may be of; 0: there is nothing.
func (p ListPoint) has() int64 {
	if p.Revision > 0 {
		return p.Revision
	}
	return p.Goal
}

// empty reports whether the device keeps no card of ours: it took no message, and was sent
// none that it may have taken although its answer was lost. One that says now that it keeps
// no list may keep the cards that it took before, and let them in when its list is turned
// on again.
func (p ListPoint) empty() bool {
	return p.ListVersion == 0 && p.SentVersion == 0 && p.Asking == AskNothing
}

// asks notes the command that asks.
func (p ListPoint) asks(a Asking, cmd ident.Command, now time.Time) ListPoint {
	if p.State != PushSuccess && p.State != PushPushing {
		p.State, p.StartedAt = PushPushing, now
	}
	p.Asking, p.Command, p.DueAt = a, cmd, time.Time{}
	return p
}

// idle is p with nothing asked.
func (p ListPoint) idle() ListPoint {
	p.Asking, p.Command = AskNothing, ident.Command{}
	return p
}

// offline has it wait for the device to come back: then it gets the newest only (LAL-R3).
func (p ListPoint) offline(now time.Time) ListPoint {
	p = p.idle()
	if p.State == PushSuccess { // it was only to be looked at; the next boot or night does it
		p.DueAt = now.Add(24 * time.Hour)
		return p
	}
	p.State, p.DueAt = PushQueued, time.Time{}
	return p
}

// unsupported ends it for a device that keeps no list. One that may have cards is asked
// again each night.
func (p ListPoint) unsupported(why string, night time.Time) ListPoint {
	p = p.idle()
	p.State, p.Detail, p.DueAt, p.Revision, p.Cards, p.After, p.Chunk, p.Chunks = PushNotSupported, why, time.Time{}, 0, 0, 0, 0, 0
	if !p.empty() {
		p.DueAt = night
	}
	return p
}

// failed puts the next try off, and makes it one of the whole list; after the last the
// point stays as it is until the list changes, somebody pushes, or the night.
func (p ListPoint) failed(why string, now, night time.Time) ListPoint {
	p = p.idle()
	p.Revision, p.After, p.Chunk, p.Chunks, p.Detail = 0, 0, 0, 0, why
	if p.Tries++; p.Tries > mostTries {
		p.State, p.DueAt, p.Tries = PushFailed, night, 0
		return p
	}
	p.State, p.DueAt = PushQueued, now.Add(pauses[p.Tries-1])
	return p
}

// outOfSync is a device that has not what it was given: it gets all of it (USR-A3).
func (p ListPoint) outOfSync(now time.Time) ListPoint {
	p = p.idle()
	p.State, p.Revision, p.After, p.Chunk, p.Chunks, p.DueAt = PushOutOfSync, 0, 0, 0, 0, now
	p.Detail = fmt.Sprintf("It has version %d, not %d.", *p.Reported, p.ListVersion)
	return p
}

// done is the end of a push that the device confirmed.
func (p ListPoint) done(cards int, now, night time.Time) ListPoint {
	p = p.idle()
	p.State, p.Revision, p.Cards, p.Tries, p.Detail = PushSuccess, p.Goal, cards, 0, ""
	p.Chunk, p.Chunks, p.After = 0, 0, 0
	p.SucceededAt, p.DueAt = now, night
	return p
}

// told notes the version that the device has.
func (p ListPoint) told(version int64, now time.Time) ListPoint {
	p.Reported, p.ReportedAt = &version, now
	return p
}

// nextVersion is the version of the next message: higher than all that it may have.
func (p ListPoint) nextVersion() int64 {
	v := p.ListVersion
	if p.Reported != nil {
		v = max(v, *p.Reported)
	}
	return v + 1
}

// plan decides what is sent to a device that has told its version: the rest of what it was
// getting, what changed since the revision that it has, or all of it.
func (p ListPoint) plan(revision int64) ListPoint {
	same := *p.Reported == p.ListVersion && p.ListVersion > 0
	if same && p.After > 0 && !p.Leaving {
		return p // it was interrupted between two parts
	}
	p.Whole = p.Leaving || !same || p.Revision == 0
	p.Goal, p.After, p.Chunk, p.Chunks = revision, 0, 0, 0
	return p
}

// taken notes that the device took the part that was sent.
func (p ListPoint) taken() ListPoint {
	p.ListVersion, p.After = p.SentVersion, p.SentUpTo
	p.Chunk++
	return p
}

// Keeps is what a device says that it can keep (OCPP 1.6 §9.2).
type Keeps struct {
	PerMessage int
	Most       int    // 0: it does not say
	Not        string // why it keeps no list
}

// carefulMessage is how many cards are sent at once to a device that does not say.
const carefulMessage = 100

// largestMessage is what one message may hold; asset refuses more.
const largestMessage = 1000

// keysOfLists are the settings that tell it.
var keysOfLists = []string{"LocalAuthListEnabled", "LocalAuthListMaxLength", "SendLocalListMaxLength", "SupportedFeatureProfiles"}

// keepsOf reads what a device said of itself; it is asked anew before it gets a whole list.
func keepsOf(cfg asset.Configuration) Keeps {
	k := Keeps{PerMessage: carefulMessage}
	number := func(key string) int {
		s, _ := cfg.Find(key)
		n, err := strconv.Atoi(strings.Trim(s.Value, ` "'`))
		if err != nil || n < 1 {
			return 0
		}
		return n
	}
	k.Most = number("LocalAuthListMaxLength")
	if n := number("SendLocalListMaxLength"); n > 0 {
		k.PerMessage = min(n, largestMessage)
	}
	if s, known := cfg.Find("SupportedFeatureProfiles"); known && s.Value != "" && !strings.Contains(strings.ToLower(s.Value), "localauthlist") {
		k.Not = "It says that it keeps no local list: it has no profile LocalAuthListManagement."
	}
	if s, known := cfg.Find("LocalAuthListEnabled"); known && strings.EqualFold(strings.Trim(s.Value, ` "'`), "false") {
		k.Not = "Its local list is turned off: set LocalAuthListEnabled to true, and push again."
	}
	return k
}

// nextNight is when the version of a device is asked again: a time of its own between one
// and three o'clock at its site (LAL-R5).
func nextNight(now time.Time, zone *time.Location, whose []byte) time.Time {
	h := fnv.New32a()
	h.Write(whose)
	local := now.In(zone)
	at := time.Date(local.Year(), local.Month(), local.Day(), 1, 0, int(h.Sum32()%7200), 0, zone)
	for !at.After(now) {
		at = at.AddDate(0, 0, 1)
	}
	return at.UTC()
}

// Pushes is how the charge points of a list stand.
type Pushes struct {
	Count     map[PushState]int // of those that are to have it
	StartedAt time.Time         // the newest
	// SucceededAt is when the last of them confirmed it.
	SucceededAt time.Time
	Cards       int // the least that one of those has that keep a list
	Leaving     int
}

// Points counts those that are to have the list.
func (s Pushes) Points() (n int) {
	for _, c := range s.Count {
		n += c
	}
	return n
}

// State is one word for all of them (product §3.7.4).
func (s Pushes) State() PushState {
	n, ok := s.Points(), s.Count[PushSuccess]
	switch {
	case n == 0:
		return PushDraft
	case ok == n:
		return PushSuccess
	case s.Count[PushPushing] > 0:
		return PushPushing
	case ok > 0:
		return PushPartial
	case s.Count[PushOutOfSync] > 0:
		return PushOutOfSync
	case s.Count[PushQueued] > 0:
		return PushQueued
	}
	return PushFailed
}
