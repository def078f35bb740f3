package web

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
)

// Profile is a charging profile as it is asked for: what may be drawn when (OCPP 1.6
// §3.13, §7.8).
type Profile struct {
	ID         int                  `json:"id" minimum:"1" maximum:"2147483647" doc:"Names the profile at the charge point; the same id again replaces it."`
	StackLevel int                  `json:"stack_level" minimum:"0" maximum:"100" doc:"Of two profiles for the same purpose the one with the higher level counts. At most what the charge point says in ChargeProfileMaxStackLevel."`
	Purpose    asset.ProfilePurpose `json:"purpose" enum:"charge_point_max,tx_default,tx" doc:"charge_point_max: never more for the whole charge point; without connector. tx_default: for every charge that begins, at the connector or at all of them. tx: for the one running charge that session_id names."`
	Kind       asset.ProfileKind    `json:"kind" enum:"absolute,recurring,relative" doc:"What the times count from. absolute: schedule.start. recurring: schedule.start, anew each day or week. relative: the begin of the charge; not for charge_point_max."`
	Recurrence asset.Recurrence     `json:"recurrence,omitempty" enum:"daily,weekly" doc:"For the kind recurring, and only for it."`
	ValidFrom  time.Time            `json:"valid_from,omitzero" doc:"Before it the profile does not count. Absent: from now on."`
	ValidTo    time.Time            `json:"valid_to,omitzero" doc:"After it the profile does not count. Absent: until it is cleared or replaced."`
	SessionID  ident.Session        `json:"session_id,omitzero" doc:"For tx: the session, which must run at this charge point. Its connector is the profile's."`
	Schedule   Schedule             `json:"schedule"`
}

// Schedule is a list of limits, each from its start until the next one's (OCPP 1.6 §7.13).
type Schedule struct {
	Unit     asset.RateUnit `json:"unit" enum:"A,W" doc:"What limits count. A: milliamperes per phase. W: milliwatts of all phases together. The charge point says in ChargingScheduleAllowedChargingRateUnit which it takes."`
	Start    time.Time      `json:"start,omitzero" doc:"What the periods count from. Absent: when the charge begins."`
	Duration int            `json:"duration_s,omitempty" minimum:"0" maximum:"604800" doc:"How long the last limit holds, from the start on, in seconds. Absent: until the profile ends."`
	MinRate  int64          `json:"min_rate_milli,omitempty" minimum:"0" maximum:"10000000000" doc:"Below it charging is not efficient, in milliamperes or milliwatts. A hint for the charge point."`
	Periods  []Period       `json:"periods" minItems:"1" maxItems:"100" nullable:"false" doc:"In order of time; the first starts at 0. At most as many as the charge point says in ChargingScheduleMaxPeriods."`
}

// Period is one limit of a schedule (OCPP 1.6 §7.14).
type Period struct {
	Start  int   `json:"start_s" minimum:"0" maximum:"604800" doc:"Seconds from the schedule's start."`
	Limit  int64 `json:"limit_milli" minimum:"0" maximum:"10000000000" doc:"Milliamperes per phase or milliwatts, by the schedule's unit. It travels in tenths of an ampere or watt. 0 pauses the charge." example:"16000"`
	Phases int   `json:"phases,omitempty" minimum:"0" maximum:"3" doc:"How many phases may be used; absent: as many as there are."`
}

// ProfileFilter is which charging profiles are taken back (OCPP 1.6 §5.4): all that match
// everything that is given.
type ProfileFilter struct {
	ID         int                  `json:"id,omitempty" minimum:"0" maximum:"2147483647" doc:"The one profile with this id."`
	Connector  *int                 `json:"connector,omitempty" minimum:"0" maximum:"64" doc:"Those of this connector; 0: those of the whole charge point; absent: of all."`
	Purpose    asset.ProfilePurpose `json:"purpose,omitempty" enum:"charge_point_max,tx_default,tx" doc:"Those for this purpose."`
	StackLevel *int                 `json:"stack_level,omitempty" minimum:"0" maximum:"100" doc:"Those of this level."`
}

// CompositeQuery is what a charge point is asked about its profiles (OCPP 1.6 §5.7).
type CompositeQuery struct {
	Duration int            `json:"duration_s" minimum:"1" maximum:"604800" doc:"How far ahead, in seconds." example:"86400"`
	Unit     asset.RateUnit `json:"unit,omitempty" enum:"A,W" doc:"In what to answer; absent: as the charge point likes."`
}

// Composite is what a charge point makes of all its profiles together.
type Composite struct {
	Connector int            `json:"connector,omitempty" doc:"Absent: the whole charge point."`
	Start     time.Time      `json:"start,omitzero" doc:"What the periods count from; absent: the charge point did not say."`
	Unit      asset.RateUnit `json:"unit,omitempty" enum:"A,W"`
	Duration  int            `json:"duration_s,omitempty"`
	MinRate   int64          `json:"min_rate_milli,omitempty"`
	Periods   []Period       `json:"periods" nullable:"false" doc:"Empty: nothing limits the charge, or the charge point does not say."`
}

// VendorTransfer is a vendor's own message (OCPP 1.6 §5.6 DataTransfer).
type VendorTransfer struct {
	VendorID  string `json:"vendor_id" minLength:"1" maxLength:"255" doc:"Whose message it is; reversed domain names are usual." example:"com.example"`
	MessageID string `json:"message_id,omitempty" maxLength:"50"`
	Data      string `json:"data,omitempty" maxLength:"65536" doc:"As the vendor has it, at most 65536 bytes." export:"pii"`
}

func profileOf(p asset.Profile) *Profile {
	return &Profile{ID: p.ID, StackLevel: p.Stack, Purpose: p.Purpose, Kind: p.Kind, Recurrence: p.Recurrence, ValidFrom: at(p.ValidFrom),
		ValidTo: at(p.ValidTo), Schedule: Schedule{Unit: p.Schedule.Unit, Start: at(p.Schedule.Start), Duration: p.Schedule.Duration,
			MinRate: p.Schedule.MinRate, Periods: periodsOf(p.Schedule.Periods)}}
}

func periodsOf(ps []asset.Period) []Period {
	out := make([]Period, 0, len(ps))
	for _, p := range ps {
		out = append(out, Period(p))
	}
	return out
}

func compositeOf(c *asset.Composite) *Composite {
	if c == nil {
		return nil
	}
	s := c.Schedule
	return &Composite{Connector: c.Connector, Start: at(c.Start), Unit: s.Unit, Duration: s.Duration, MinRate: s.MinRate, Periods: periodsOf(s.Periods)}
}

func (p Profile) asked() asset.Profile {
	out := asset.Profile{ID: p.ID, Stack: p.StackLevel, Purpose: p.Purpose, Kind: p.Kind, Recurrence: p.Recurrence, ValidFrom: p.ValidFrom, ValidTo: p.ValidTo,
		Schedule: asset.Schedule{Unit: p.Schedule.Unit, Start: p.Schedule.Start, Duration: p.Schedule.Duration, MinRate: p.Schedule.MinRate}}
	for _, x := range p.Schedule.Periods {
		out.Schedule.Periods = append(out.Schedule.Periods, asset.Period(x))
	}
	return out
}
