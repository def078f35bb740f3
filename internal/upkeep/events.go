package upkeep

import (
	"fmt"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
)

// Disconnected: the socket of an epoch closed.
type Disconnected struct {
	Epoch int64
	At    time.Time
}

func (e Disconnected) apply(d *desk) {
	if e.Epoch <= d.w.ClosedEpoch {
		return
	}
	d.lostUpTo(e.Epoch, e.At)
	if e.Epoch >= d.w.Epoch { // else a newer one stands: facts of two commits may change places
		d.w.Epoch, d.w.ClosedAt, d.w.DueAt = e.Epoch, e.At, e.At.Add(asset.Grace)
	}
}

// missedAtOnce is how many sockets in a row nothing was told of, for their numbers to say
// that they were there. A restored database goes on with numbers far ahead.
const missedAtOnce = 1000

// lostUpTo counts the sockets up to an epoch that were not counted as lost yet. Each
// socket has the next number, and not all of them are told: of those that a newer one
// replaced only the newer is, and facts of two commits may change places.
func (d *desk) lostUpTo(epoch int64, at time.Time) {
	n := epoch - d.w.ClosedEpoch
	if n > missedAtOnce {
		n = 1
	}
	d.w.ClosedEpoch = max(epoch, d.w.ClosedEpoch)
	for range n {
		d.lost(at)
	}
}

// lost counts a disconnect, and says where there are too many (LIVE-R1, LIVE-A2).
func (d *desk) lost(at time.Time) {
	d.watched = true
	d.w.Disconnects++
	if d.w.Recent = append(d.w.Recent, at); len(d.w.Recent) > FlapTimes {
		d.w.Recent = d.w.Recent[len(d.w.Recent)-FlapTimes:]
	}
	if d.w.flaps() {
		d.raise(told{typ: Flapping, level: levels[Flapping], at: at, due: d.now.Add(FlapWithin), count: FlapTimes})
	}
}

// Connected: a new socket stands. Those before it were lost, whether told as closed or
// not: it has taken their place.
type Connected struct {
	Epoch int64
	At    time.Time
}

func (e Connected) apply(d *desk) {
	if e.Epoch <= d.w.Epoch {
		return
	}
	d.watched = true
	d.lostUpTo(e.Epoch-1, e.At)
	d.w.Epoch, d.w.ClosedAt, d.w.DueAt = e.Epoch, time.Time{}, time.Time{}
	if i := d.find(0, Offline, ""); i >= 0 {
		d.gone(i, e.At)
	}
}

// Away: the grace of a closed socket is over, or nothing is heard over an open one
// since Silence. Counts says whether the point counts as offline now.
type Away struct {
	Counts bool
	Since  time.Time
	Again  time.Time // else: when to look again; zero: when the next fact comes
}

func (e Away) apply(d *desk) {
	if !d.w.DueAt.Equal(e.Again) {
		d.w.DueAt, d.watched = e.Again, true
	}
	if !e.Counts {
		return
	}
	i := d.find(0, Offline, "")
	if i >= 0 && d.live[i].GoneAt.IsZero() && !e.Since.After(d.live[i].At) {
		return // it is known
	}
	d.raise(told{typ: Offline, level: levels[Offline], at: e.Since})
}

// StatusSeen: a connector, or the device as connector 0, said how it is. Over is set
// where the report is older than what is known already: then it ended at that time.
type StatusSeen struct {
	Connector  int
	Status     asset.ConnectorStatus
	Code       string
	VendorCode string
	At         time.Time
	Over       time.Time
}

func (e StatusSeen) apply(d *desk) {
	t, code, level, bad := trouble(e.Status, e.Code)
	if e.Over.IsZero() {
		for i, w := range d.live {
			if w.Live() && w.Connector == e.Connector && (w.Type == ConnectorError || w.Type == InternalError) &&
				!(bad && w.Type == t && w.Code == code) && !e.At.Before(w.At) {
				d.gone(i, e.At)
			}
		}
	}
	if !bad {
		return
	}
	known := d.find(e.Connector, t, code) >= 0
	detail := e.VendorCode
	if detail == "" && e.Code != code && code == "OtherError" {
		detail = e.Code
	}
	i := d.raise(told{connector: e.Connector, typ: t, code: code, level: level, at: e.At, detail: detail})
	if !e.Over.IsZero() && !known {
		d.gone(i, e.Over)
	}
}

// BadRecord: a charge cannot be billed without a person ("Abnormal bill").
type BadRecord struct {
	Connector int
	Code      string // the session's flag
	Session   ident.Session
	At        time.Time
}

func (e BadRecord) apply(d *desk) {
	d.raise(told{connector: e.Connector, typ: ChargeRecordError, code: e.Code, level: levels[ChargeRecordError], at: e.At, session: e.Session})
}

// Silenced: a session charges and its meter says nothing.
type Silenced struct {
	Connector int
	Session   ident.Session
	At        time.Time
}

func (e Silenced) apply(d *desk) {
	if i := d.find(e.Connector, MeterSilent, ""); i >= 0 && d.live[i].Session == e.Session && d.live[i].GoneAt.IsZero() {
		return
	}
	d.raise(told{connector: e.Connector, typ: MeterSilent, level: levels[MeterSilent], at: e.At, session: e.Session, due: d.now.Add(time.Minute)})
}

// StartFailed: a start that was accepted did not become a charge.
type StartFailed struct {
	Connector int
	Session   ident.Session
	At        time.Time
}

func (e StartFailed) apply(d *desk) {
	d.watched = true
	d.w.Streaks[e.Connector]++
	if n := d.w.Streaks[e.Connector]; n >= StreakOf {
		d.raise(told{connector: e.Connector, typ: StartFailureStreak, level: levels[StartFailureStreak], at: e.At, session: e.Session, count: n})
	}
}

// Charged: energy flowed, which ends a streak of failed starts.
type Charged struct {
	Connector int
	At        time.Time
}

func (e Charged) apply(d *desk) {
	for _, c := range []int{e.Connector, 0} { // a remote start may name no connector
		if d.w.Streaks[c] > 0 {
			delete(d.w.Streaks, c)
			d.watched = true
		}
		if i := d.find(c, StartFailureStreak, ""); i >= 0 {
			d.gone(i, e.At)
		}
	}
}

// Knocked: somebody wanted in with an identity that nobody knows, or whose point is
// out of use.
type Knocked struct {
	Identity string // "" stands for all beyond UnknownLive
	At       time.Time
}

func (e Knocked) apply(d *desk) {
	d.raise(told{typ: UnknownPoint, code: e.Identity, level: levels[UnknownPoint], at: e.At, due: d.now.Add(UnknownQuiet)})
}

// Contested: two devices take each other's place, and the newcomer is held off (LIVE-R4).
type Contested struct {
	At     time.Time
	Detail string
}

func (e Contested) apply(d *desk) {
	d.raise(told{typ: DuplicateIdentity, level: levels[DuplicateIdentity], at: e.At, detail: e.Detail, due: d.now.Add(FlapWithin)})
}

// Secured: something touched the security of the point.
type Secured struct {
	Kind asset.SecurityKind
	At   time.Time
}

func (e Secured) apply(d *desk) {
	level, known := securityLevels[e.Kind]
	if !known {
		level = Warn
	}
	d.raise(told{typ: Security, code: string(e.Kind), level: level, at: e.At, due: d.now.Add(SecurityQuiet)})
}

// Expiring: the point's certificate ends in so many days; 0: it has ended.
type Expiring struct {
	Days int
	At   time.Time
}

func (e Expiring) apply(d *desk) {
	detail := fmt.Sprintf("%d days left", e.Days)
	if e.Days == 0 {
		detail = "expired"
	}
	d.raise(told{typ: CertExpiring, level: expiryLevel(e.Days), at: e.At, detail: detail, due: d.now.Add(Recheck)})
}

// Renewed: the point has a new certificate, or the old one was revoked.
type Renewed struct{ At time.Time }

func (e Renewed) apply(d *desk) {
	if i := d.find(0, CertExpiring, ""); i >= 0 {
		d.gone(i, e.At)
	}
}

// FirmwareBroke: a charge point could not fetch or install an image.
type FirmwareBroke struct {
	Release string
	Detail  string
	At      time.Time
}

func (e FirmwareBroke) apply(d *desk) {
	d.raise(told{typ: FirmwareFailed, code: e.Release, level: levels[FirmwareFailed], at: e.At, detail: e.Detail})
}

// FirmwareSettled: a charge point has the firmware that it was to have.
type FirmwareSettled struct{ At time.Time }

func (e FirmwareSettled) apply(d *desk) {
	for i, w := range d.live {
		if w.Live() && w.Type == FirmwareFailed {
			d.gone(i, e.At)
		}
	}
}

// ListFailed: a charge point did not take its local list, after the last try.
type ListFailed struct{ At time.Time }

func (e ListFailed) apply(d *desk) {
	d.raise(told{typ: ListPushFailed, level: levels[ListPushFailed], at: e.At, due: d.now.Add(Hold)})
}

// OtherHardware: another device booted with the identity of the point, or staff said that
// it is right.
type OtherHardware struct {
	From, To string // serial numbers; "": not known
	Known    bool
	At       time.Time
}

func (e OtherHardware) apply(d *desk) {
	if !e.Known {
		d.raise(told{typ: HardwareChanged, level: levels[HardwareChanged], at: e.At, detail: e.From + " → " + e.To})
		return
	}
	if i := d.find(0, HardwareChanged, ""); i >= 0 {
		d.gone(i, e.At)
	}
}

// Over: the condition of a live warning has ended.
type Over struct {
	ID ident.Warning
	At time.Time
}

func (e Over) apply(d *desk) {
	for i := range d.live {
		if d.live[i].ID == e.ID {
			d.gone(i, e.At)
		}
	}
}

// Decided: a person has decided what a warning asked one for. It ends at once: what a
// person decides does not come and go.
type Decided struct{ ID ident.Warning }

func (e Decided) apply(d *desk) {
	for i := range d.live {
		if d.live[i].ID == e.ID && d.live[i].Live() {
			d.end(i)
		}
	}
}

// Due: it is time to look at a warning. Holds says whether its condition stands.
type Due struct {
	ID    ident.Warning
	Holds bool
}

func (e Due) apply(d *desk) {
	for i := range d.live {
		w := &d.live[i]
		if w.ID != e.ID || !w.Live() || w.DueAt.IsZero() || w.DueAt.After(d.now) {
			continue
		}
		switch {
		case w.Type.momentary(), !w.GoneAt.IsZero():
			d.end(i) // it was quiet for long enough
		case e.Holds:
			w.DueAt = d.now.Add(w.recheck())
			w.Version++
		default:
			d.gone(i, d.now)
		}
	}
}

// WindowEnded: the window of maintenance that a warning was raised in is over. Holds says
// whether its condition stands; what happened in a moment holds nothing, and is raised
// again where it goes on.
type WindowEnded struct {
	ID    ident.Warning
	Holds bool
}

func (e WindowEnded) apply(d *desk) {
	for i := range d.live {
		w := &d.live[i]
		if w.ID == e.ID && w.State == Suppressed && w.GoneAt.IsZero() && e.Holds && !w.Type.momentary() {
			w.State = Open
			d.note(i, Entry{Kind: WindowOver, At: d.now})
		}
	}
}

// recheck is how soon what still holds is looked at again.
func (w Warning) recheck() time.Duration {
	switch {
	case w.Type == MeterSilent:
		return time.Minute
	case w.Storm():
		return Hold
	}
	return Recheck
}

// Acknowledge is a person's "I have seen it".
type Acknowledge struct {
	ID    ident.Warning
	Actor string
}

func (e Acknowledge) apply(d *desk) {
	for i := range d.live {
		w := &d.live[i]
		if w.ID == e.ID && w.State == Open {
			w.State, w.AcknowledgedAt, w.AcknowledgedBy = Acknowledged, d.now, e.Actor
			d.note(i, Entry{Kind: WasAck, At: d.now, Actor: e.Actor})
		}
	}
}

// Clear is a person's "this is over", with the reason.
type Clear struct {
	ID     ident.Warning
	Actor  string
	Reason string
}

func (e Clear) apply(d *desk) {
	for i := range d.live {
		w := &d.live[i]
		if w.ID == e.ID && w.Live() {
			w.State, w.ClearedAt, w.ClearedBy, w.ClearReason, w.DueAt = Cleared, d.now, e.Actor, e.Reason, time.Time{}
			d.note(i, Entry{Kind: WasCleared, At: d.now, Actor: e.Actor, Note: e.Reason})
		}
	}
}

// Gather puts a warning under a storm.
type Gather struct {
	ID    ident.Warning
	Storm ident.Warning
}

func (e Gather) apply(d *desk) {
	for i := range d.live {
		w := &d.live[i]
		if w.ID == e.ID && w.Parent != e.Storm {
			w.Parent = e.Storm
			d.note(i, Entry{Kind: Joined, At: w.At})
		}
	}
}

// Stormed: so many points of a site or firmware are away at once; all of them by now.
type Stormed struct {
	Code     string
	At       time.Time // when the newest went
	Began    time.Time // and the first
	Children int
	Detail   string
}

func (e Stormed) apply(d *desk) {
	i := d.find(0, Offline, e.Code)
	if i < 0 {
		i = d.raise(told{typ: Offline, code: e.Code, level: levels[Offline], at: e.At, detail: e.Detail, count: e.Children, due: d.now.Add(Hold)})
		d.live[i].Children, d.live[i].FirstAt = e.Children, e.Began
		return
	}
	w := &d.live[i]
	w.Children, w.Count, w.GoneAt, w.DueAt, w.ReceivedAt = e.Children, e.Children, time.Time{}, d.now.Add(Hold), d.now
	if e.At.After(w.At) {
		w.At = e.At
	}
	w.Version++
}
