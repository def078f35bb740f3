package upkeep

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
)

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// desktop applies events one after the other, as the store would.
type desktop struct {
	s   Subject
	log []string
}

func (d *desktop) take(now time.Time, ev Event) {
	out := Apply(d.s, ev, now)
	if out.Watched {
		d.s.Watch = out.Watch
		d.s.Watch.Version++
	}
	for _, c := range out.Warnings {
		found := false
		for i := range d.s.Live {
			if d.s.Live[i].ID == c.ID {
				found = true
				if d.s.Live[i].Version != c.Was {
					panic("a version was lost")
				}
				d.s.Live[i] = c.Warning
			}
		}
		if !found {
			if c.Was != 0 {
				panic("a new warning was there before")
			}
			d.s.Live = append(d.s.Live, c.Warning)
		}
		for _, e := range c.Entries {
			d.log = append(d.log, fmt.Sprintf("%s %s", c.Type, e.Kind))
		}
	}
	live := d.s.Live[:0]
	for _, w := range d.s.Live {
		if w.Live() {
			live = append(live, w)
		}
	}
	d.s.Live = live
}

// stands describes what is live.
func (d *desktop) stands() string {
	var out []string
	for _, w := range d.s.Live {
		line := fmt.Sprintf("%s/%s/%d %s ×%d", w.Type, w.Code, w.Connector, w.Level, w.Count)
		if w.State == Acknowledged {
			line += " ack"
		}
		if !w.GoneAt.IsZero() {
			line += " gone"
		}
		out = append(out, line)
	}
	return strings.Join(out, ", ")
}

func at(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }

func says(s asset.ConnectorStatus, code string, sec int) StatusSeen {
	return StatusSeen{Connector: 1, Status: s, Code: code, At: at(sec)}
}

func TestApply(t *testing.T) {
	t.Parallel()
	type step struct {
		sec int // when it is worked off
		ev  Event
	}
	session := ident.New[ident.Session](noon)
	for _, c := range []struct {
		why, want string
		steps     []step
	}{
		{"a status without an error is nothing", "", []step{{0, says(asset.Charging, "NoError", 0)}}},
		{"Faulted without a code still tells", "CONNECTOR_ERROR/Faulted/1 ERROR ×1", []step{{0, says(asset.Faulted, "NoError", 0)}}},
		{"an error beside a status that works is milder", "CONNECTOR_ERROR/ReaderFailure/1 WARN ×1", []step{{0, says(asset.Available, "ReaderFailure", 0)}}},
		{"what may hurt somebody is CRITICAL all the same", "CONNECTOR_ERROR/HighTemperature/1 CRITICAL ×1", []step{{0, says(asset.Charging, "HighTemperature", 0)}}},
		{"an error code that nobody knows is one", "CONNECTOR_ERROR/OtherError/1 ERROR ×1", []step{{0, says(asset.Faulted, "Vandalism", 0)}}},
		{"the echo of a fault beside Finishing raises none (behaviour 38)", "", []step{{0, says(asset.Finishing, "ReaderFailure", 0)}}},
		{"and ends the one that stood", "CONNECTOR_ERROR/ReaderFailure/1 ERROR ×1 gone", []step{{0, says(asset.Faulted, "ReaderFailure", 0)}, {1, says(asset.Finishing, "ReaderFailure", 1)}}},
		{"the same again counts up (WARN-R1)", "CONNECTOR_ERROR/ReaderFailure/1 ERROR ×2", []step{
			{0, says(asset.Faulted, "ReaderFailure", 0)}, {1, says(asset.Available, "", 1)}, {2, says(asset.Faulted, "ReaderFailure", 2)}}},
		{"what gets worse is open again", "CONNECTOR_ERROR/ReaderFailure/1 ERROR ×2", []step{
			{0, says(asset.Available, "ReaderFailure", 0)}, {1, all{func(d *desk) Event { return Acknowledge{ID: d.live[0].ID} }}}, {2, says(asset.Faulted, "ReaderFailure", 2)}}},
		{"what stays as bad stays acknowledged", "CONNECTOR_ERROR/ReaderFailure/1 ERROR ×2 ack", []step{
			{0, says(asset.Faulted, "ReaderFailure", 0)}, {1, all{func(d *desk) Event { return Acknowledge{ID: d.live[0].ID} }}}, {2, says(asset.Faulted, "ReaderFailure", 2)}}},
		{"a good word from before the fault ends nothing", "CONNECTOR_ERROR/ReaderFailure/1 ERROR ×1", []step{
			{5, says(asset.Faulted, "ReaderFailure", 5)}, {6, says(asset.Available, "", 4)}}},
		{"another connector's word ends nothing", "CONNECTOR_ERROR/ReaderFailure/1 ERROR ×1", []step{
			{0, says(asset.Faulted, "ReaderFailure", 0)}, {1, StatusSeen{Connector: 2, Status: asset.Available, At: at(1)}}}},
		{"gone for less than the hold time it stands", "CONNECTOR_ERROR/ReaderFailure/1 ERROR ×1 gone", []step{
			{0, says(asset.Faulted, "ReaderFailure", 0)}, {1, says(asset.Available, "", 1)}, {120, all{due(false)}}}},
		{"for the hold time it ends (WARN-R3)", "", []step{
			{0, says(asset.Faulted, "ReaderFailure", 0)}, {1, says(asset.Available, "", 1)}, {121, all{due(false)}}}},
		{"safety never ends by itself", "CONNECTOR_ERROR/GroundFailure/1 CRITICAL ×1 gone", []step{
			{0, says(asset.Faulted, "GroundFailure", 0)}, {1, says(asset.Available, "", 1)}, {100000, all{due(false)}}}},
		{"safety ends by a person", "", []step{
			{0, says(asset.Faulted, "GroundFailure", 0)}, {1, all{func(d *desk) Event { return Clear{ID: d.live[0].ID, Actor: "staff", Reason: "x"} }}}}},
		{"a condition that ended unseen ends at the look", "CONNECTOR_ERROR/ReaderFailure/1 ERROR ×1 gone", []step{
			{0, says(asset.Faulted, "ReaderFailure", 0)}, {120, all{due(false)}}}},
		{"one that holds stands", "CONNECTOR_ERROR/ReaderFailure/1 ERROR ×1", []step{
			{0, says(asset.Faulted, "ReaderFailure", 0)}, {120, all{due(true)}}, {3720, all{due(true)}}}},
		{"four losses are not yet flapping", "", []step{
			{0, Disconnected{1, at(0)}}, {60, Disconnected{2, at(60)}}, {120, Disconnected{3, at(120)}}, {180, Disconnected{4, at(180)}}}},
		{"five within ten minutes are", "FLAPPING//0 WARN ×5", []step{
			{0, Disconnected{1, at(0)}}, {60, Disconnected{2, at(60)}}, {120, Disconnected{3, at(120)}}, {180, Disconnected{4, at(180)}}, {240, Disconnected{5, at(240)}}}},
		{"five within an hour are not", "", []step{
			{0, Disconnected{1, at(0)}}, {600, Disconnected{2, at(600)}}, {1200, Disconnected{3, at(1200)}}, {1800, Disconnected{4, at(1800)}}, {2400, Disconnected{5, at(2400)}}}},
		{"a point that is back is not offline", "", []step{{0, Disconnected{1, at(0)}}, {30, Connected{2, at(30)}}, {60, Away{}}}},
		{"the same absence is told once", "OFFLINE//0 ERROR ×1", []step{
			{0, Disconnected{1, at(0)}}, {60, Away{Counts: true, Since: at(0)}}, {90, Away{Counts: true, Since: at(0)}}}},
		{"a silent meter is told once per silence", "METER_SILENT//1 WARN ×1", []step{
			{0, Silenced{1, session, at(0)}}, {60, Silenced{1, session, at(60)}}}},
		{"two failed starts are no streak", "", []step{{0, StartFailed{1, session, at(0)}}, {1, StartFailed{1, session, at(1)}}}},
		{"nor three with a charge between", "", []step{
			{0, StartFailed{1, session, at(0)}}, {1, StartFailed{1, session, at(1)}}, {2, Charged{1, at(2)}}, {3, StartFailed{1, session, at(3)}}}},
		{"four in a row are, counted", "START_FAILURE_STREAK//1 ERROR ×4", []step{
			{0, StartFailed{1, session, at(0)}}, {1, StartFailed{1, session, at(1)}}, {2, StartFailed{1, session, at(2)}}, {3, StartFailed{1, session, at(3)}}}},
	} {
		d := &desktop{}
		for _, s := range c.steps {
			ev := s.ev
			if a, ok := ev.(all); ok {
				ev = a.pick(&desk{live: d.s.Live})
			}
			d.take(at(s.sec), ev)
		}
		if got := d.stands(); got != c.want {
			t.Errorf("%s:\n\t%q, want %q\n\t%v", c.why, got, c.want, d.log)
		}
	}
}

// all lets a row name the warning that is live by then.
type all struct{ pick func(*desk) Event }

func (all) apply(*desk) {}

func due(holds bool) func(*desk) Event {
	return func(d *desk) Event { return Due{ID: d.live[0].ID, Holds: holds} }
}

// Facts of two commits may change places, and of a socket that was replaced only the
// newer is told: every loss is counted once all the same.
func TestEveryLossIsCountedOnceInAnyOrder(t *testing.T) {
	t.Parallel()
	var orders func(done, rest []Event)
	orders = func(done, rest []Event) {
		if len(rest) == 0 {
			d := &desktop{}
			for _, ev := range done {
				d.take(at(10), ev)
				d.take(at(10), ev) // at least once
			}
			if n := d.s.Watch.Disconnects; n != 3 {
				t.Errorf("%v: %d losses are counted, want 3", done, n)
			}
		}
		for i := range rest {
			orders(append(slices.Clone(done), rest[i]), slices.Delete(slices.Clone(rest), i, i+1))
		}
	}
	orders(nil, []Event{Connected{1, at(0)}, Disconnected{1, at(1)}, Connected{2, at(2)}, Disconnected{2, at(3)}, Connected{3, at(4)}, Disconnected{3, at(5)}})
	orders(nil, []Event{Connected{1, at(0)}, Connected{2, at(2)}, Connected{3, at(4)}, Disconnected{3, at(5)}})
	// A restored database goes on with numbers far ahead: nothing was lost for them.
	d := &desktop{}
	for _, ev := range []Event{Connected{1, at(0)}, Disconnected{1, at(1)}, Connected{1_000_300, at(2)}, Disconnected{1_000_300, at(3)}} {
		d.take(at(3), ev)
	}
	if n := d.s.Watch.Disconnects; n != 3 {
		t.Errorf("%d losses with a jump of the numbers", n)
	}
	// A socket whose place a newer one took, and that was never told as closed.
	d = &desktop{}
	for _, ev := range []Event{Connected{1, at(0)}, Connected{2, at(1)}, Connected{3, at(2)}} {
		d.take(at(3), ev)
	}
	if d.s.Watch.Disconnects != 2 || !d.s.Watch.DueAt.IsZero() {
		t.Errorf("%+v", d.s.Watch)
	}
}

// A device that talks all day fills no table: the history of one warning is bounded,
// its count is not.
func TestTheHistoryOfAWarningIsBounded(t *testing.T) {
	t.Parallel()
	d := &desktop{}
	for n := range 1000 {
		d.take(at(n), Knocked{"X", at(n)})
	}
	if len(d.log) > entriesKept || d.s.Live[0].Count != 1000 {
		t.Errorf("%d lines, ×%d", len(d.log), d.s.Live[0].Count)
	}
}
