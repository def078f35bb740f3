package upkeep

import (
	"time"

	"ccms/internal/ident"
)

// Subject is what events are applied to: a charge point's Watch and what is live of it.
// For what has no point it is one key's live warning alone.
type Subject struct {
	Watch Watch
	Live  []Warning
	Rules Rules
}

// Changed is a warning as it is now, and what led there.
type Changed struct {
	Warning
	Was     int64 // the version it had; 0: it is new
	Entries []Entry
}

// Outcome is what an event changes.
type Outcome struct {
	Watch    Watch
	Watched  bool // Watch is another than before
	Warnings []Changed
}

// Event is something that happened to a subject.
type Event interface{ apply(*desk) }

// desk is where an event is worked off.
type desk struct {
	now     time.Time
	rules   Rules
	w       Watch
	watched bool
	live    []Warning
	was     []int64 // version of each of live before the event
	entries [][]Entry
}

// Apply decides what an event changes: pure, with time as an argument. An event that
// means nothing changes nothing.
func Apply(s Subject, ev Event, now time.Time) Outcome {
	d := &desk{now: now, rules: s.Rules, w: s.Watch.clone()}
	for _, w := range s.Live {
		d.live, d.was, d.entries = append(d.live, w), append(d.was, w.Version), append(d.entries, nil)
	}
	ev.apply(d)
	out := Outcome{Watch: d.w, Watched: d.watched}
	for i, w := range d.live {
		if len(d.entries[i]) > 0 || w.Version != d.was[i] {
			out.Warnings = append(out.Warnings, Changed{w, d.was[i], d.entries[i]})
		}
	}
	return out
}

// find is the place of a live warning, -1 where there is none.
func (d *desk) find(connector int, t Type, code string) int {
	for i, w := range d.live {
		if w.Live() && w.Connector == connector && w.Type == t && w.Code == code {
			return i
		}
	}
	return -1
}

// note makes the next version of a warning, with a line in its history.
func (d *desk) note(i int, e Entry) {
	w := &d.live[i]
	w.Version++
	if e.Kind == Again && w.Count > entriesKept {
		return
	}
	e.Warning, e.Number = w.ID, w.Version
	if e.ReceivedAt.IsZero() {
		e.ReceivedAt = d.now
	}
	d.entries[i] = append(d.entries[i], e)
}

// told is a condition as an event tells it.
type told struct {
	connector int
	typ       Type
	code      string
	level     Level
	at        time.Time // when it happened
	session   ident.Session
	detail    string
	due       time.Time // when to look again
	count     int       // at the first time; 0 is 1
}

// raise makes the warning or counts it up (WARN-R1).
func (d *desk) raise(r told) int {
	if r.due.IsZero() {
		r.due = d.now.Add(Hold)
	}
	level, given := d.rules.level(r.typ, r.level)
	aside := d.rules.Aside && level != Critical
	i := d.find(r.connector, r.typ, r.code)
	if i < 0 {
		w := Warning{
			ID:    ident.New[ident.Warning](d.now),
			Key:   Key{Operator: d.w.Operator, Sub: d.w.Sub, Point: d.w.Point, Connector: r.connector, Type: r.typ, Code: r.code},
			Level: level, State: Open, Count: max(1, r.count), FirstAt: r.at, At: r.at, ReceivedAt: d.now,
			Session: r.session, Detail: r.detail, DueAt: r.due,
		}
		if aside {
			w.State = Suppressed
		}
		d.live, d.was, d.entries = append(d.live, w), append(d.was, 0), append(d.entries, nil)
		i = len(d.live) - 1
		d.note(i, Entry{Kind: Raised, At: r.at, Session: r.session, Note: r.detail})
		return i
	}
	w := &d.live[i]
	w.Count++
	w.ReceivedAt, w.DueAt = d.now, r.due
	if r.at.After(w.At) {
		w.At = r.at
	}
	if r.at.Before(w.FirstAt) {
		w.FirstAt = r.at
	}
	if !w.GoneAt.IsZero() && !r.at.Before(w.GoneAt) {
		w.GoneAt = time.Time{}
	}
	switch {
	case level > w.Level: // it got worse: what was acknowledged was something milder
		w.Level = level
		if w.State == Acknowledged {
			w.State, w.AcknowledgedAt, w.AcknowledgedBy = Open, time.Time{}, ""
		}
	case given && w.Level != Critical:
		w.Level = level
	}
	if w.State == Suppressed && !aside {
		w.State = Open
	}
	if !r.session.IsZero() {
		w.Session = r.session
	}
	if r.detail != "" {
		w.Detail = r.detail
	}
	d.note(i, Entry{Kind: Again, At: r.at, Session: r.session, Note: r.detail})
	return i
}

// gone notes that the condition of a warning is over. It ends after the hold time,
// unless it is about safety.
func (d *desk) gone(i int, at time.Time) {
	w := &d.live[i]
	if !w.GoneAt.IsZero() || !w.Live() {
		return
	}
	w.GoneAt, w.DueAt = at, d.now.Add(Hold)
	if w.Safety() {
		w.DueAt = time.Time{}
	}
	d.note(i, Entry{Kind: Gone, At: at})
}

// end clears a warning without a person.
func (d *desk) end(i int) {
	w := &d.live[i]
	w.State, w.ClearedAt, w.ClearedBy, w.DueAt = Cleared, d.now, "", time.Time{}
	if w.GoneAt.IsZero() {
		w.GoneAt = d.now
	}
	d.note(i, Entry{Kind: WasCleared, At: d.now})
}
