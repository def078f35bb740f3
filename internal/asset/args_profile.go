package asset

import (
	"strconv"
	"time"

	"ccms/internal/fault"
)

// RateUnit is what the limits of a charging profile count.
type RateUnit string

// The rate units.
const (
	Amperes RateUnit = "A" // per phase; limits are milliamperes
	Watts   RateUnit = "W" // of all phases; limits are milliwatts
)

func (u RateUnit) known() bool { return u == Amperes || u == Watts }

// ProfilePurpose is what a charging profile is for (OCPP 1.6 §3.13.1).
type ProfilePurpose string

// The purposes.
const (
	ForPoint   ProfilePurpose = "charge_point_max" // never more for the whole device
	ByDefault  ProfilePurpose = "tx_default"       // of every charge that begins
	ForSession ProfilePurpose = "tx"               // of one running charge
)

func (p ProfilePurpose) known() bool { return p == ForPoint || p == ByDefault || p == ForSession }

// ProfileKind says what the times of a schedule count from (OCPP 1.6 §3.13.3).
type ProfileKind string

// The kinds.
const (
	Absolute  ProfileKind = "absolute"
	Recurring ProfileKind = "recurring"
	Relative  ProfileKind = "relative" // to the begin of the charge
)

func (k ProfileKind) known() bool { return k == Absolute || k == Recurring || k == Relative }

// Recurrence is how often a recurring profile begins anew.
type Recurrence string

// The recurrences.
const (
	Daily  Recurrence = "daily"
	Weekly Recurrence = "weekly"
)

// Profile is a charging profile: what may be drawn when.
type Profile struct {
	ID         int            `json:"id"` // ≥ 1; the same again replaces it
	Stack      int            `json:"stack_level"`
	Purpose    ProfilePurpose `json:"purpose"`
	Kind       ProfileKind    `json:"kind"`
	Recurrence Recurrence     `json:"recurrence,omitempty"`
	ValidFrom  time.Time      `json:"valid_from,omitzero"`
	ValidTo    time.Time      `json:"valid_to,omitzero"`
	OCPPID     int32          `json:"ocpp_id,omitempty"` // of the charge that a profile for one belongs to
	Schedule   Schedule       `json:"schedule"`
}

// Schedule is a list of limits, each from its start until the next one's.
type Schedule struct {
	Unit     RateUnit  `json:"unit"`
	Start    time.Time `json:"start,omitzero"`
	Duration int       `json:"duration_s,omitempty"`     // seconds; 0: until the profile ends
	MinRate  int64     `json:"min_rate_milli,omitempty"` // below it charging is not efficient; mA or mW
	Periods  []Period  `json:"periods"`
}

// Period is one limit of a schedule.
type Period struct {
	Start  int   `json:"start_s"`          // seconds from the schedule's start
	Limit  int64 `json:"limit_milli"`      // mA or mW by the schedule's unit; sent in tenths (OCPP 1.6 §7.14)
	Phases int   `json:"phases,omitempty"` // 0: as many as there are
}

// SetProfile gives the device, or a connector, a charging profile.
type SetProfile struct {
	Connector int     `json:"connector,omitempty"` // 0: the whole device
	Profile   Profile `json:"profile"`
}

// ClearProfile takes charging profiles back; what is not given matches all.
type ClearProfile struct {
	ID        int            `json:"id,omitempty"`
	Connector *int           `json:"connector,omitempty"`
	Purpose   ProfilePurpose `json:"purpose,omitempty"`
	Stack     *int           `json:"stack_level,omitempty"`
}

// GetSchedule asks what the device makes of all its profiles together.
type GetSchedule struct {
	Connector int      `json:"connector,omitempty"` // 0: the whole device
	Duration  int      `json:"duration_s"`
	Unit      RateUnit `json:"unit,omitempty"`
}

func (SetProfile) commandType() CommandType   { return CommandSetProfile }
func (ClearProfile) commandType() CommandType { return CommandClearProfile }
func (GetSchedule) commandType() CommandType  { return CommandGetSchedule }

// Bounds of a profile. A device tells its own in ChargingScheduleMaxPeriods and
// ChargeProfileMaxStackLevel (OCPP 1.6 §9.4).
const (
	maxStack   = 100
	maxPeriods = 100
	maxLimit   = 10_000_000_000 // 10 MW, or ten thousand times what a cable takes
	maxSpan    = 7 * 24 * 3600  // a week, the longest recurrence
)

func (a SetProfile) check() error {
	var bad flaws
	p := a.Profile
	if a.Connector < 0 || a.Connector > maxConnectors {
		bad.add("/connector", "must be the number of a connector, or 0 for the whole charge point")
	}
	if p.ID < 1 {
		bad.add("/profile/id", "must be at least 1")
	}
	if p.Stack < 0 || p.Stack > maxStack {
		bad.add("/profile/stack_level", "must be between 0 and 100")
	}
	switch {
	case !p.Purpose.known():
		bad.add("/profile/purpose", "must be charge_point_max, tx_default or tx")
	case p.Purpose == ForPoint && a.Connector != 0: // OCPP 1.6 §3.13.1
		bad.add("/connector", "must be 0 for charge_point_max, which counts for the whole charge point")
	case p.Purpose == ForSession && a.Connector == 0:
		bad.add("/connector", "must name the connector of the running charge for tx")
	case p.Purpose != ForSession && p.OCPPID != 0:
		bad.add("/profile/purpose", "must be tx where a charge is named")
	}
	if !p.Kind.known() {
		bad.add("/profile/kind", "must be absolute, recurring or relative")
	}
	if p.Kind == Relative && p.Purpose == ForPoint {
		bad.add("/profile/kind", "cannot be relative for charge_point_max: no charge begins it")
	}
	if recurs := p.Recurrence != ""; recurs != (p.Kind == Recurring) || recurs && p.Recurrence != Daily && p.Recurrence != Weekly {
		bad.add("/profile/recurrence", "must be daily or weekly for the kind recurring, and absent else")
	}
	if !p.ValidTo.IsZero() && !p.ValidTo.After(p.ValidFrom) {
		bad.add("/profile/valid_to", "must be after valid_from")
	}
	p.Schedule.check(&bad)
	return bad.err()
}

func (s Schedule) check(bad *flaws) {
	if !s.Unit.known() {
		bad.add("/profile/schedule/unit", "must be A or W")
	}
	if s.Duration < 0 || s.Duration > maxSpan {
		bad.add("/profile/schedule/duration_s", "must be between 0 and 604800 seconds")
	}
	if s.MinRate < 0 || s.MinRate > maxLimit {
		bad.add("/profile/schedule/min_rate_milli", "must be between 0 and 10000000000")
	}
	if len(s.Periods) == 0 || len(s.Periods) > maxPeriods {
		bad.add("/profile/schedule/periods", "must be 1 to 100")
	}
	for i, p := range s.Periods {
		at := "/profile/schedule/periods/" + strconv.Itoa(i)
		switch {
		case i == 0 && p.Start != 0:
			bad.add(at+"/start_s", "must be 0 for the first period")
		case i > 0 && p.Start <= s.Periods[i-1].Start, p.Start > maxSpan:
			bad.add(at+"/start_s", "must be later than the period before, and within a week")
		}
		if p.Limit < 0 || p.Limit > maxLimit {
			bad.add(at+"/limit_milli", "must be between 0 and 10000000000")
		}
		if p.Phases < 0 || p.Phases > 3 {
			bad.add(at+"/phases", "must be 1, 2 or 3, or absent")
		}
	}
}

func (a ClearProfile) check() error {
	var bad flaws
	if a.ID < 0 {
		bad.add("/id", "must be at least 1, or absent")
	}
	if a.Connector != nil && (*a.Connector < 0 || *a.Connector > maxConnectors) {
		bad.add("/connector", "must be the number of a connector, 0 for the whole charge point, or absent for all")
	}
	if a.Purpose != "" && !a.Purpose.known() {
		bad.add("/purpose", "must be charge_point_max, tx_default or tx, or absent")
	}
	if a.Stack != nil && (*a.Stack < 0 || *a.Stack > maxStack) {
		bad.add("/stack_level", "must be between 0 and 100, or absent")
	}
	return bad.err()
}

func (a GetSchedule) check() error {
	switch {
	case a.Connector < 0 || a.Connector > maxConnectors:
		return fault.BadInput("/connector", "must be the number of a connector, or 0 for the whole charge point")
	case a.Duration < 1 || a.Duration > maxSpan:
		return fault.BadInput("/duration_s", "must be between 1 and 604800 seconds")
	case a.Unit != "" && !a.Unit.known():
		return fault.BadInput("/unit", "must be A or W, or absent")
	}
	return nil
}
