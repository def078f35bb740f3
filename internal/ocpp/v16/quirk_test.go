package v16

import (
	"testing"
	"time"

	"ccms/internal/asset"
)

// A profile is given another form only where it says the same; where it cannot it stays.
func TestRow71_AProfileKeepsItsMeaning(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	one, two := []asset.Period{{Limit: 16_000}}, []asset.Period{{Limit: 16_000}, {Start: 600, Limit: 6_000}}
	for _, c := range []struct {
		why  string
		in   asset.Profile
		q    asset.ProfileQuirks
		kind asset.ProfileKind
	}{
		{"one limit is the same from any instant", asset.Profile{Kind: asset.Relative, Schedule: asset.Schedule{Periods: one}}, asset.ProfileQuirks{Kind: asset.Absolute}, asset.Absolute},
		{"two limits begin with the charge, whose begin nobody knows yet", asset.Profile{Kind: asset.Relative, Schedule: asset.Schedule{Periods: two}}, asset.ProfileQuirks{Kind: asset.Absolute}, asset.Relative},
		{"one that counts already", asset.Profile{Kind: asset.Absolute, Schedule: asset.Schedule{Periods: one, Start: now.Add(-time.Hour)}}, asset.ProfileQuirks{Kind: asset.Relative}, asset.Relative},
		{"one that is to come would count at once", asset.Profile{Kind: asset.Absolute, Schedule: asset.Schedule{Periods: one, Start: now.Add(time.Hour)}}, asset.ProfileQuirks{Kind: asset.Relative}, asset.Absolute},
		{"no charge begins what counts for the whole device", asset.Profile{Kind: asset.Absolute, Purpose: asset.ForPoint, Schedule: asset.Schedule{Periods: one}}, asset.ProfileQuirks{Kind: asset.Relative}, asset.Absolute},
		{"a week is neither", asset.Profile{Kind: asset.Recurring, Schedule: asset.Schedule{Periods: one}}, asset.ProfileQuirks{Kind: asset.Relative}, asset.Recurring},
	} {
		got := Quirk(asset.SetProfile{Profile: c.in}, c.q, Device{Connectors: 1, Alternating: true}, now).(asset.SetProfile).Profile
		if got.Kind != c.kind || got.Kind == asset.Absolute && c.in.Kind == asset.Relative && !got.Schedule.Start.Equal(now) {
			t.Errorf("%s: %s from %s", c.why, got.Kind, got.Schedule.Start)
		}
	}
}

// Behaviour 72: amperes are watts by 230 V and the phases; rounding never gives more.
func TestRow72_AmperesAndWatts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to asset.RateUnit
		limit    int64
		phases   int
		want     int64
	}{
		{asset.Amperes, asset.Watts, 16_000, 3, 3_680_000},
		{asset.Amperes, asset.Watts, 16_000, 0, 3_680_000},
		{asset.Amperes, asset.Watts, 32_000, 1, 7_360_000},
		{asset.Watts, asset.Amperes, 11_000_000, 3, 15_942},
		{asset.Watts, asset.Amperes, 0, 3, 0},
		{asset.Watts, asset.Watts, 5, 3, 5},
	} {
		in := asset.SetProfile{Profile: asset.Profile{Schedule: asset.Schedule{Unit: c.from, Periods: []asset.Period{{Limit: c.limit, Phases: c.phases}}}}}
		got := Quirk(in, asset.ProfileQuirks{Unit: c.to}, Device{Connectors: 1, Alternating: true}, time.Time{}).(asset.SetProfile).Profile.Schedule
		if got.Unit != c.to || got.Periods[0].Limit != c.want || in.Profile.Schedule.Periods[0].Limit != c.limit {
			t.Errorf("%d %s on %d phases is %d %s, want %d", c.limit, c.from, c.phases, got.Periods[0].Limit, got.Unit, c.want)
		}
	}
}

// Behaviour 73: a device that refuses profiles for connector 0 gets them for connector 1,
// but the whole device's limit, which only connector 0 can have.
func TestRow73_ConnectorOneForTheWholeDevice(t *testing.T) {
	t.Parallel()
	for purpose, want := range map[asset.ProfilePurpose]int{asset.ByDefault: 1, asset.ForPoint: 0} {
		in := asset.SetProfile{Profile: asset.Profile{Purpose: purpose}}
		if got := Quirk(in, asset.ProfileQuirks{ConnectorOne: true}, Device{Connectors: 1, Alternating: true}, time.Time{}).(asset.SetProfile).Connector; got != want {
			t.Errorf("%s goes to connector %d", purpose, got)
		}
	}
}

// Whatever a model wants, a limit is never lifted by it: what ends keeps its level and its
// kind, a second connector is not left out, and of direct current nobody knows the amperes.
func TestRow70_71_72_73_NoFormAllowsMore(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	limit := asset.Profile{Stack: 1, Purpose: asset.ByDefault, Kind: asset.Relative,
		Schedule: asset.Schedule{Unit: asset.Watts, Duration: 3600, Periods: []asset.Period{{Limit: 11_000_000}}}}
	q := asset.ProfileQuirks{StackZero: true, Kind: asset.Absolute, Unit: asset.Amperes, ConnectorOne: true}
	got := Quirk(asset.SetProfile{Profile: limit}, q, Device{Connectors: 2}, now).(asset.SetProfile)
	if got.Connector != 0 || got.Profile.Stack != 1 || got.Profile.Kind != asset.Relative || got.Profile.Schedule.Unit != asset.Watts {
		t.Errorf("%+v", got)
	}
}
