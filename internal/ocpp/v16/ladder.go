package v16

import (
	"slices"
	"time"

	"ccms/internal/asset"
)

// Rung is one thing that is written otherwise in a charging profile which a charge point
// refused. They mean the same, or less power, never more.
type Rung uint8

// The rungs, in the order in which they are tried.
const (
	RungConnector Rung = 1 << iota // connector 1 for the whole device, where it has one (behaviour 73)
	RungKind                       // times counted from now, not from the charge's begin; or the other way round (71)
	RungUnit                       // A for W, W for A (72)
	RungStack                      // stack level 0 (70)
)

// ladder is what is tried after a refusal: each by itself, then what goes together.
var ladder = []Rung{RungConnector, RungKind, RungUnit, RungStack, RungKind | RungUnit, RungConnector | RungKind | RungUnit | RungStack}

// nominal is the voltage between a phase and the neutral that limits are converted by.
const nominal = 230

// Retry gives what to send instead of a charging profile that was refused: other ways to
// write it, the likeliest first. Of everything else there is none.
func Retry(a asset.Args, connectors int, now time.Time) (rungs []Rung, instead []asset.Args) {
	set, ok := a.(asset.SetProfile)
	if !ok {
		return nil, nil
	}
	for _, r := range ladder {
		if can := climb(set, connectors) & r; can != 0 && !slices.Contains(rungs, can) {
			rungs, instead = append(rungs, can), append(instead, Climb(set, can, now))
		}
	}
	return rungs, instead
}

// climb says which rungs make a difference to a profile.
func climb(a asset.SetProfile, connectors int) (r Rung) {
	p := a.Profile
	if a.Connector == 0 && connectors == 1 && p.Purpose == asset.ByDefault {
		r |= RungConnector
	}
	// A relative schedule of several periods counts from a begin that is over.
	if p.Kind == asset.Relative || p.Kind == asset.Absolute && p.Purpose != asset.ForPoint && len(p.Schedule.Periods) == 1 {
		r |= RungKind
	}
	if p.Stack != 0 {
		r |= RungStack
	}
	return r | RungUnit
}

// Climb writes a profile otherwise, as far as that is another way to write it.
func Climb(a asset.SetProfile, r Rung, now time.Time) asset.SetProfile {
	r &= climb(a, 1)
	p := &a.Profile
	if r&RungConnector != 0 {
		a.Connector = 1
	}
	if r&RungStack != 0 {
		p.Stack = 0
	}
	if r&RungKind != 0 {
		if p.Kind == asset.Relative {
			p.Kind, p.Schedule.Start = asset.Absolute, now
		} else {
			p.Kind, p.Schedule.Start = asset.Relative, time.Time{}
		}
	}
	if r&RungUnit != 0 {
		p.Schedule = inUnit(p.Schedule)
	}
	return a
}

// inUnit converts limits between A per phase and W of all phases, rounded down. Where
// nobody says how many phases there are a limit in A is taken for one phase, and one in W
// for three: both ways that is the lower.
func inUnit(s asset.Schedule) asset.Schedule {
	s.Periods = slices.Clone(s.Periods)
	phases := func(p asset.Period, unknown int64) int64 {
		if p.Phases > 0 {
			return int64(p.Phases)
		}
		return unknown
	}
	if s.Unit == asset.Amperes {
		s.Unit, s.MinRate = asset.Watts, s.MinRate*nominal
		for i, p := range s.Periods {
			s.Periods[i].Limit = p.Limit * nominal * phases(p, 1)
		}
		return s
	}
	s.Unit, s.MinRate = asset.Amperes, s.MinRate/nominal/3
	for i, p := range s.Periods {
		s.Periods[i].Limit = p.Limit / (nominal * phases(p, 3))
	}
	return s
}
