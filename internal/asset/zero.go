package asset

import (
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

// A charging profile with a limit of 0 is how a charge is paused, and there are models that
// take it and let the current flow on (behaviour 75). Whether it does is seen in the meter
// values; package session, which knows them, tells.

// leastLimit is the least limit that is sent as more than 0: limits go out in tenths (OCPP
// 1.6 §7.14).
const leastLimit = 100

// ZeroLimit is how Learned.Effects has it.
const ZeroLimit = "zero_limit_ignored"

// stops reports whether nothing may be drawn at some time of the schedule.
func (s Schedule) stops() bool {
	for _, p := range s.Periods {
		if p.Limit < leastLimit {
			return true
		}
	}
	return false
}

// StopsAt reports whether the profile allows nothing at an instant, for a charge that began
// at begin. A relative schedule counts from there, and so does an absolute one without a
// start from when it was given.
func (p Profile) StopsAt(at, given, begin time.Time) bool {
	if !p.ValidFrom.IsZero() && at.Before(p.ValidFrom) || !p.ValidTo.IsZero() && !at.Before(p.ValidTo) {
		return false
	}
	from := p.Schedule.Start
	switch {
	case p.Kind == Relative:
		from = begin
	case from.IsZero():
		from = given
	}
	passed := at.Sub(from)
	if p.Kind == Recurring {
		every := 24 * time.Hour
		if p.Recurrence == Weekly {
			every *= 7
		}
		if passed %= every; passed < 0 {
			passed += every
		}
	}
	if passed < 0 || p.Schedule.Duration > 0 && passed >= time.Duration(p.Schedule.Duration)*time.Second {
		return false
	}
	limit := int64(leastLimit)
	for _, x := range p.Schedule.Periods {
		if passed >= time.Duration(x.Start)*time.Second {
			limit = x.Limit
		}
	}
	return limit < leastLimit
}

// stopsNothing refuses a limit of 0 for a charge point that is known to go on at it.
func (c Capability) stopsNothing(a SetProfile) error {
	if !c.ZeroIgnored || !a.Profile.Schedule.stops() {
		return nil
	}
	return fault.New(fault.Unsupported, "zero_limit_ignored",
		"%s is known to go on charging at a limit of 0. Nothing was sent. To pause a charge stop the session; to keep one from beginning take the connector out of service (change_availability, inoperative). Staff can change what is known of it under Models.", c.name)
}

// ZeroIgnored notes that a charge went on in spite of a limit of 0 that the charge point
// had accepted, and remembers it of its model. seen is what was drawn, in words.
func ZeroIgnored(tx Tx, point ident.ChargePoint, id ident.Command, seen string) error {
	if err := NoEffect(tx, id, "The charge point took a limit of 0, and "+seen+" still. Stop the session, or take the connector out of service."); err != nil {
		return err
	}
	p, err := tx.PointByID(point)
	if err != nil {
		return err
	}
	return learned(tx, p, func(l *Learned) { note(&l.Effects, ZeroLimit, 1, point, tx.Now()) })
}
