package v16_test

import (
	"testing"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ocpp/v16"
)

// watts is what a schedule allows at most, in mW, where a phase nobody counted is taken as
// the most there are.
func watts(s asset.Schedule) (most int64) {
	for _, p := range s.Periods {
		limit := p.Limit
		if s.Unit == asset.Amperes {
			phases := int64(3)
			if p.Phases > 0 {
				phases = int64(p.Phases)
			}
			limit *= 230 * phases
		}
		most = max(most, limit)
	}
	return most
}

// However a profile is written, it allows no more than it did, and is one that may be sent.
func TestRow70_71_72_73_NoOtherWayToWriteAProfileAllowsMore(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	tried := 0
	for _, unit := range []asset.RateUnit{asset.Amperes, asset.Watts} {
		for _, kind := range []asset.ProfileKind{asset.Absolute, asset.Relative} {
			for _, purpose := range []asset.ProfilePurpose{asset.ForPoint, asset.ByDefault, asset.ForSession} {
				for phases := range 4 {
					for _, connectors := range []int{1, 2} {
						a := asset.SetProfile{Profile: asset.Profile{ID: 1, Stack: 2, Purpose: purpose, Kind: kind,
							Schedule: asset.Schedule{Unit: unit, Start: now, Periods: []asset.Period{{Limit: 11_039_999, Phases: phases}}}}}
						if purpose == asset.ForSession {
							a.Connector = 1
						}
						before := watts(a.Profile.Schedule)
						_, instead := v16.Retry(a, connectors, now)
						for _, x := range instead {
							tried++
							got := x.(asset.SetProfile)
							if after := watts(got.Profile.Schedule); after > before || after == 0 {
								t.Errorf("%+v allows %d, before it was %d", got, after, before)
							}
							if got.Connector != a.Connector && connectors != 1 {
								t.Errorf("%+v names a connector of two", got)
							}
							if purpose == asset.ForPoint && (got.Connector != 0 || got.Profile.Kind != kind && kind != asset.Relative) {
								t.Errorf("%+v is no profile for a whole charge point", got)
							}
						}
						if watts(a.Profile.Schedule) != before {
							t.Error("the profile itself was changed")
						}
					}
				}
			}
		}
	}
	if tried < 200 {
		t.Errorf("only %d were tried", tried)
	}
	if _, instead := v16.Retry(asset.ClearCache{}, 1, now); instead != nil {
		t.Error("another command is sent again")
	}
}
