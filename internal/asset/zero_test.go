package asset

import (
	"testing"
	"time"
)

// Behaviour 75: when a profile allows nothing.
func TestRow75_WhenAProfileAllowsNothing(t *testing.T) {
	t.Parallel()
	given := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	begin := given.Add(-time.Hour)
	at := func(d time.Duration) time.Time { return given.Add(d) }
	later := []Period{{Limit: 16000}, {Start: 1800, Limit: 0}, {Start: 3600, Limit: 6000}}
	for _, row := range []struct {
		why  string
		p    Profile
		at   time.Time
		want bool
	}{
		{"always", Profile{Kind: Relative, Schedule: Schedule{Periods: []Period{{Limit: 0}}}}, given, true},
		{"less than a tenth is sent as 0", Profile{Kind: Relative, Schedule: Schedule{Periods: []Period{{Limit: 99}}}}, given, true},
		{"little is not nothing", Profile{Kind: Relative, Schedule: Schedule{Periods: []Period{{Limit: 100}}}}, given, false},
		{"not yet, from when it was given", Profile{Kind: Absolute, Schedule: Schedule{Periods: later}}, at(20 * time.Minute), false},
		{"from when it was given", Profile{Kind: Absolute, Schedule: Schedule{Periods: later}}, at(40 * time.Minute), true},
		{"from the begin of the charge it is over", Profile{Kind: Relative, Schedule: Schedule{Periods: later}}, at(40 * time.Minute), false},
		{"from its own start", Profile{Kind: Absolute, Schedule: Schedule{Start: at(-40 * time.Minute), Periods: later}}, given, true},
		{"before its start", Profile{Kind: Absolute, Schedule: Schedule{Start: at(time.Hour), Periods: []Period{{Limit: 0}}}}, given, false},
		{"each day", Profile{Kind: Recurring, Recurrence: Daily, Schedule: Schedule{Start: at(-10*24*time.Hour - 40*time.Minute), Periods: later}}, given, true},
		{"each week, and it is another day", Profile{Kind: Recurring, Recurrence: Weekly, Schedule: Schedule{Start: at(-10*24*time.Hour - 40*time.Minute), Periods: later}}, given, false},
		{"behind its duration", Profile{Kind: Relative, Schedule: Schedule{Duration: 1800, Periods: []Period{{Limit: 0}}}}, given, false},
		{"not valid any more", Profile{Kind: Relative, ValidTo: given, Schedule: Schedule{Periods: []Period{{Limit: 0}}}}, given, false},
		{"not valid yet", Profile{Kind: Relative, ValidFrom: at(time.Second), Schedule: Schedule{Periods: []Period{{Limit: 0}}}}, given, false},
	} {
		if got := row.p.StopsAt(row.at, given, begin); got != row.want {
			t.Errorf("%s: %v", row.why, got)
		}
	}
}
