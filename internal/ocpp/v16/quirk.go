package v16

import (
	"time"

	"ccms/internal/asset"
)

// Volts is what a phase is reckoned with where amperes are made of watts: the nominal
// voltage of IEC 60038.
const Volts = 230

// Device is what a charge point is, as far as its profiles depend on it.
type Device struct {
	Connectors  int
	Alternating bool // of direct current nobody knows the voltage that amperes count with
}

// Quirk gives a command the form that the model takes. Only charging profiles have quirks;
// a form that would say something else than what was asked for is not taken, and the
// charge point may refuse the profile.
func Quirk(args asset.Args, q asset.ProfileQuirks, d Device, now time.Time) asset.Args {
	a, ok := args.(asset.SetProfile)
	if !ok {
		return args
	}
	q = q.With(a.Try)
	// Behaviour 70. One that ends stays on its level: on level 0 it would take the place of
	// what holds after it.
	if q.StackZero && a.Profile.ValidTo.IsZero() && a.Profile.Schedule.Duration == 0 {
		a.Profile.Stack = 0
	}
	if q.ConnectorOne && d.Connectors == 1 && a.Connector == 0 && a.Profile.Purpose == asset.ByDefault { // behaviour 73
		a.Connector = 1
	}
	a.Profile = ofKind(a.Profile, q.Kind, now)
	if q.Unit != "" && a.Profile.Schedule.Unit != q.Unit && (d.Alternating || q.Unit == asset.Watts) {
		a.Profile.Schedule = inUnit(a.Profile.Schedule, q.Unit)
	}
	return a
}

// ofKind makes a profile absolute or relative (behaviour 71). Only of one limit that does
// not change both say the same: the other kind counts from another instant.
func ofKind(p asset.Profile, kind asset.ProfileKind, now time.Time) asset.Profile {
	switch constant := len(p.Schedule.Periods) == 1 && p.Schedule.Duration == 0; {
	case kind == asset.Absolute && p.Kind == asset.Relative && constant:
		p.Kind = asset.Absolute
		p.Schedule.Start = now.UTC().Truncate(time.Second)
	case kind == asset.Relative && p.Kind == asset.Absolute && constant && p.Purpose != asset.ForPoint && !p.Schedule.Start.After(now):
		p.Kind = asset.Relative
		p.Schedule.Start = time.Time{}
	}
	return p
}

// inUnit reckons the limits in the other unit (behaviour 72); what does not come out even
// is less, never more. A limit in A is taken for one phase, whatever the period says: a car
// may draw all watts from one. Where nobody says how many phases a limit in W is for, it is
// shared by three.
func inUnit(s asset.Schedule, unit asset.RateUnit) asset.Schedule {
	of := func(limit int64, n int) int64 {
		if unit == asset.Watts {
			return limit * Volts
		}
		if n == 0 {
			n = 3
		}
		return limit / (Volts * int64(n))
	}
	s.Unit = unit
	s.MinRate = of(s.MinRate, 0)
	periods := make([]asset.Period, len(s.Periods))
	for i, p := range s.Periods {
		p.Limit = of(p.Limit, p.Phases)
		periods[i] = p
	}
	s.Periods = periods
	return s
}
