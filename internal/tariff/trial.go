package tariff

import (
	"context"
	"slices"
	"time"

	"ccms/internal/asset"
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

// Question asks which plan would price a start, and why.
type Question struct {
	Point     ident.ChargePoint // or only
	Site      ident.Site        //
	Connector int               // of Point; 0: not known
	Driver    ident.Driver      // whose level and group count in place of Who's; zero: Who as it is
	Who       Asker
	At        time.Time
}

// Winner is the plan that prices a start, why, and the zone whose hours its bands mean.
type Winner struct {
	Plan Plan
	Choice
	Zone string
}

// PlanFor finds the plan that would price a start, as a session finds it. All that is
// assigned at the place is explained, also what is for others.
func (s *Service) PlanFor(ctx context.Context, sc authz.Scope, q Question) (Winner, error) {
	var out Winner
	var spot Spot
	// Only a place and a driver that the caller sees are asked about; the plan may be the
	// operator's, as it may be for a session there.
	err := s.read(ctx, sc, func(tx Tx) (err error) {
		spot, out.Zone, err = q.spot(tx)
		if err != nil || q.Driver.IsZero() {
			return err
		}
		d, err := tx.DriverByID(q.Driver)
		if err != nil {
			return missingField(err, "/driver_id", "driver")
		}
		q.Who.Registered, q.Who.Level, q.Who.Group = true, d.Level, d.Group
		return nil
	})
	if err != nil {
		return Winner{}, err
	}
	err = s.read(ctx, sc.WithinSession(), func(tx Tx) error {
		all, err := tx.AssignmentsAt([]Spot{spot})
		if err != nil {
			return err
		}
		o, err := tx.OperatorByID(spot.Operator)
		if err != nil {
			return err
		}
		spot.Default = o.DefaultPlan
		out.Choice = Choose(all, spot, q.Who, q.At)
		out.WithDefault(ident.Plan{})
		if out.Why == "" {
			return nil
		}
		out.Plan, err = tx.PlanInForce(out.Choice.Plan, q.At)
		return err
	})
	return out, err
}

// spot is where the question is about, with the zone there.
func (q *Question) spot(tx Tx) (Spot, string, error) {
	var point asset.ChargePoint
	siteID := q.Site
	if !q.Point.IsZero() {
		var err error
		if point, err = tx.PointByID(q.Point); err != nil {
			return Spot{}, "", err
		}
		if q.Connector > 0 {
			cs, err := tx.ConnectorsOf(point.ID)
			if err != nil {
				return Spot{}, "", err
			}
			if !slices.ContainsFunc(cs, func(c asset.Connector) bool { return c.Number == q.Connector }) {
				return Spot{}, "", fault.BadInput("/connector", "there is no connector %d at this charge point", q.Connector)
			}
		}
		siteID = point.Site
	}
	site, err := tx.SiteByID(siteID)
	return Spot{Operator: site.Operator, Sub: site.Sub, Site: site.ID, Point: point.ID, Connector: q.Connector,
		PointPlan: point.Plan, SitePlan: site.Plan}, site.TimeZone, err
}
