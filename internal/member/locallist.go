package member

import (
	"slices"
	"strings"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

// LocalList says which cards some charge points let in while they are offline
// (product §3.7.4).
type LocalList struct {
	ID       ident.LocalList
	Operator ident.Operator
	Sub      ident.SubOperator // its cards and charge points are those of the sub-operator
	Name     string

	Cards          CardRule
	CardsOf        ident.SubOperator // where Cards is CardsOfSub
	WithoutBalance bool              // cards of accounts that have nothing to spend, too (LAL-R1)
	Tokens         []ident.Token     // where Cards is CardsManual
	Sites          []ident.Site      // all their charge points
	Points         []ident.ChargePoint

	Status   ListStatus
	Revision int64 // of the content: it rises with every change of a card on it
	Entries  int   // cards on it
	LeftOut  int   // cards that OCPP 1.6 cannot name: more than 20 characters
	TooMany  bool  // the rule finds more than MaxEntries: the oldest are on it
	DueAt    time.Time
	Asked    int64 // how often it was asked to be worked out again
	Version  int64
}

// CardRule is how the cards of a list are found.
type CardRule string

// The rules. Each leaves out cards that may not start a charge.
const (
	CardsAll    CardRule = "ALL"
	CardsOfSub  CardRule = "SUB_OPERATOR" // those of the drivers of a sub-operator
	CardsManual CardRule = "MANUAL"       // those that were picked
)

// ListStatus is the state of the record.
type ListStatus string

// The states of the record. An invalid list has no cards: its charge points are told so.
const (
	ListValid   ListStatus = "VALID"
	ListInvalid ListStatus = "INVALID"
)

// What a list may hold.
const (
	// MaxEntries is far more than a device of today can keep.
	MaxEntries = 10_000
	// MaxPicks is how many cards, sites and charge points may be picked one by one.
	MaxPicks = 2000
	maxName  = 100
)

// maxWire is how long an idTag may be (OCPP 1.6 §7.28).
const maxWire = 20

// NewLocalList is what somebody asks for.
type NewLocalList struct {
	Sub            ident.SubOperator
	Name           string
	Cards          CardRule
	CardsOf        ident.SubOperator
	WithoutBalance bool
	Tokens         []ident.Token
	Sites          []ident.Site
	Points         []ident.ChargePoint
}

// LocalListChange holds the fields to change; nil leaves a field alone.
type LocalListChange struct {
	Name           *string
	Cards          *CardRule
	CardsOf        *ident.SubOperator
	WithoutBalance *bool
	Status         *ListStatus
	Tokens         *[]ident.Token
	Sites          *[]ident.Site
	Points         *[]ident.ChargePoint
}

func (l LocalList) apply(c LocalListChange) (LocalList, error) {
	set(&l.Name, c.Name)
	set(&l.Cards, c.Cards)
	set(&l.CardsOf, c.CardsOf)
	set(&l.WithoutBalance, c.WithoutBalance)
	set(&l.Status, c.Status)
	set(&l.Tokens, c.Tokens)
	set(&l.Sites, c.Sites)
	set(&l.Points, c.Points)
	return l.checked()
}

// checked returns the list in normal form, or where it is wrong.
func (l LocalList) checked() (LocalList, error) {
	var bad flaws
	if l.Name = strings.TrimSpace(l.Name); l.Name == "" {
		bad.add("/name", "must not be empty")
	}
	bad.text("/name", l.Name, maxName)
	switch l.Cards {
	case CardsAll, CardsManual:
		l.CardsOf = ident.SubOperator{}
	case CardsOfSub:
		if l.CardsOf.IsZero() {
			bad.add("/cards_of", "must name the sub-operator")
		}
	default:
		bad.add("/cards", "must be one of ALL, SUB_OPERATOR, MANUAL")
	}
	if l.Cards != CardsManual {
		l.Tokens = nil
	}
	if l.Status != ListValid && l.Status != ListInvalid {
		bad.add("/status", "must be VALID or INVALID")
	}
	l.Tokens, l.Sites, l.Points = distinct(l.Tokens), distinct(l.Sites), distinct(l.Points)
	for pointer, n := range map[string]int{"/token_ids": len(l.Tokens), "/site_ids": len(l.Sites), "/charge_point_ids": len(l.Points)} {
		if n > MaxPicks {
			bad.add(pointer, "are too many; at most 2000")
		}
	}
	return l, bad.err()
}

func distinct[T interface {
	comparable
	String() string
}](ids []T) []T {
	out := slices.Clone(ids)
	slices.SortFunc(out, func(a, b T) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(out)
}

// Card is a card as a list holds it: what a device needs to know, and no name (LAL-R8).
type Card struct {
	Token   ident.Token
	UID     string
	Account string    // the charging account: the parentIdTag of all cards of a driver (AUTH-R6)
	Expires time.Time // zero: never
}

// Entry is a card of a list, or one that was on it.
type Entry struct {
	Card
	Number  int64 // its place, given once
	Removed bool
	Changed int64 // the revision that it became so by
}

// reconcile gives the entries that must change so that exactly the cards are on the list:
// those that are new, changed or back, and those that go. last is the highest number of
// all entries.
func reconcile(have []Entry, cards []Card, revision int64) (changed []Entry) {
	byToken := make(map[ident.Token]Entry, len(have))
	last := int64(0)
	for _, e := range have {
		byToken[e.Token] = e
		last = max(last, e.Number)
	}
	for _, c := range cards {
		e, known := byToken[c.Token]
		delete(byToken, c.Token)
		switch {
		case !known:
			last++
			changed = append(changed, Entry{Card: c, Number: last, Changed: revision})
		case e.Removed || e.UID != c.UID || e.Account != c.Account || !e.Expires.Equal(c.Expires):
			changed = append(changed, Entry{Card: c, Number: e.Number, Changed: revision})
		}
	}
	for _, e := range have {
		if _, gone := byToken[e.Token]; gone && !e.Removed {
			e.Removed, e.Changed = true, revision
			changed = append(changed, e)
		}
	}
	return changed
}

// sendable leaves out what 1.6 cannot name.
func sendable(cards []Card) (fit []Card, leftOut int) {
	for _, c := range cards {
		if len(c.UID) > maxWire {
			leftOut++
			continue
		}
		fit = append(fit, c)
	}
	return fit, leftOut
}

var listInUse = fault.New(fault.Conflict, "local_list_in_use",
	"Charge points have cards of this list. Set it to INVALID first, and delete it when they have let go of them.")

// PointHasList is the conflict of a second list for a charge point.
func PointHasList(list string) *fault.Error {
	return fault.New(fault.Conflict, "charge_point_has_list", "A charge point keeps one list, and one of these has %s already.", list).
		At("/charge_point_ids", "has another list already")
}
