package tariff

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/unit"
)

// Most that is tried out.
const (
	maxTrial       = 31 * 24 * time.Hour
	maxTrialEnergy = 10_000_000 // Wh
)

// Trial is a usage of which somebody asks what it would cost: energy that flows evenly
// from At on, a car that stays plugged in afterwards, a reservation before.
type Trial struct {
	At       time.Time
	Energy   unit.Wh
	Charging time.Duration
	Idle     time.Duration
	Reserved time.Duration // 0: none
}

// Usage is the trial as a session.
func (t Trial) Usage() (Usage, error) {
	bad := faults{}
	if t.At.IsZero() {
		bad.at("/at", "must be there")
	}
	if t.Energy < 0 || t.Energy > maxTrialEnergy {
		bad.at("/energy_wh", "must be between 0 and %d", maxTrialEnergy)
	}
	for _, x := range []struct {
		at string
		d  time.Duration
	}{{"/charging_s", t.Charging}, {"/idle_s", t.Idle}, {"/reserved_s", t.Reserved}} {
		if x.d < 0 || x.d > maxTrial {
			bad.at(x.at, "must be between 0 and 31 days")
		}
	}
	if err := bad.err(); err != nil {
		return Usage{}, err
	}
	stop := t.At.Add(t.Charging)
	u := Usage{Start: t.At, Stop: stop, Energy: t.Energy, Points: []Point{{At: t.At.Add(t.Charging / 2), Energy: t.Energy / 2}}}
	if t.Idle > 0 {
		u.Idle = []Interval{{stop, stop.Add(t.Idle)}}
	}
	if t.Reserved > 0 {
		u.Reservation = &Reserved{From: t.At.Add(-t.Reserved), To: t.At, Outcome: ReservationUsed}
	}
	return u, nil
}

// Place names the plans that a charge point may be priced by; zero where it has none.
type Place struct {
	Point, Site ident.Plan
	Operator    ident.Operator
}

// Winner is the plan that prices a start, and why.
type Winner struct {
	Plan Plan
	Why  Reason // "" where there is none: NO_PRICE (PRICE-R2)
}

// PlanFor finds the plan that would price a start at a place and an instant, as a session
// finds it.
func (s *Service) PlanFor(ctx context.Context, sc authz.Scope, place Place, at time.Time) (Winner, error) {
	return one(ctx, s.read, sc, func(tx Tx) (Winner, error) {
		own, why, ok := Resolve(place.Point, place.Site, ident.Plan{})
		if !ok {
			why = OfOperator
		}
		v, found, err := tx.NewestVersion(own, place.Operator)
		if err != nil || !found {
			return Winner{}, err
		}
		p, err := tx.PlanInForce(v.Plan, at)
		if fault.Is(err, fault.Missing) {
			return Winner{}, nil
		}
		return Winner{Plan: p, Why: why}, err
	})
}
