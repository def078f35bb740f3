package v16

import (
	"ccms/internal/asset"
	"ccms/internal/ocpp/decode"
)

var purposes = map[asset.ProfilePurpose]ChargingProfilePurpose{
	asset.ForPoint:   ChargingProfilePurposeChargePointMaxProfile,
	asset.ByDefault:  ChargingProfilePurposeTxDefaultProfile,
	asset.ForSession: ChargingProfilePurposeTxProfile,
}

var kinds = map[asset.ProfileKind]ChargingProfileKind{
	asset.Absolute:  ChargingProfileKindAbsolute,
	asset.Recurring: ChargingProfileKindRecurring,
	asset.Relative:  ChargingProfileKindRelative,
}

var recurrences = map[asset.Recurrence]RecurrencyKind{
	asset.Daily:  RecurrencyKindDaily,
	asset.Weekly: RecurrencyKindWeekly,
}

func setProfile(a asset.SetProfile) *SetChargingProfileReq {
	p := a.Profile
	m := ChargingProfile{
		ChargingProfileID: int64(p.ID), StackLevel: int64(p.Stack), ChargingProfilePurpose: purposes[p.Purpose],
		ChargingProfileKind: kinds[p.Kind], RecurrencyKind: recurrences[p.Recurrence],
		ValidFrom: decode.TimeOf(p.ValidFrom), ValidTo: decode.TimeOf(p.ValidTo),
		ChargingSchedule: ChargingSchedule{StartSchedule: decode.TimeOf(p.Schedule.Start), ChargingRateUnit: ChargingRateUnit(p.Schedule.Unit)},
	}
	if p.OCPPID > 0 {
		m.TransactionID = decode.Some(int64(p.OCPPID))
	}
	s := &m.ChargingSchedule
	if p.Schedule.Duration > 0 {
		s.Duration = decode.Some(int64(p.Schedule.Duration))
	}
	if p.Schedule.MinRate > 0 {
		s.MinChargingRate = decode.Some(decode.Milli(p.Schedule.MinRate))
	}
	for _, x := range p.Schedule.Periods {
		period := ChargingSchedulePeriod{StartPeriod: int64(x.Start), Limit: decode.Milli(x.Limit)}
		if x.Phases > 0 {
			period.NumberPhases = decode.Some(int64(x.Phases))
		}
		s.ChargingSchedulePeriod = append(s.ChargingSchedulePeriod, period)
	}
	return &SetChargingProfileReq{ConnectorID: int64(a.Connector), CSChargingProfiles: m}
}

func clearProfile(a asset.ClearProfile) *ClearChargingProfileReq {
	m := &ClearChargingProfileReq{ChargingProfilePurpose: purposes[a.Purpose]}
	if a.ID > 0 {
		m.ID = decode.Some(int64(a.ID))
	}
	if a.Connector != nil {
		m.ConnectorID = decode.Some(int64(*a.Connector))
	}
	if a.Stack != nil {
		m.StackLevel = decode.Some(int64(*a.Stack))
	}
	return m
}

// composite is the schedule that an answer holds; where it holds none, or one without
// periods, that is an answer too (behaviour 74). nil: it cannot be read.
func composite(payload []byte) *asset.Composite {
	m, _, err := DecodeGetCompositeScheduleConf(payload)
	if err != nil {
		return nil
	}
	c := &asset.Composite{Connector: connector(m.ConnectorID.Or(0)), Start: m.ScheduleStart.At}
	if m.ChargingSchedule == nil {
		return c
	}
	s := m.ChargingSchedule
	if c.Start.IsZero() {
		c.Start = s.StartSchedule.At
	}
	c.Schedule = asset.Schedule{Unit: asset.RateUnit(s.ChargingRateUnit), Duration: bounded(s.Duration.Or(0)), MinRate: int64(s.MinChargingRate.Or(0))}
	for _, p := range s.ChargingSchedulePeriod[:min(len(s.ChargingSchedulePeriod), maxComposite)] {
		c.Schedule.Periods = append(c.Schedule.Periods, asset.Period{Start: bounded(p.StartPeriod), Limit: int64(p.Limit), Phases: bounded(p.NumberPhases.Or(0))})
	}
	return c
}

// maxComposite is how many periods of an answer are read: a week of quarters of an hour,
// and some.
const maxComposite = 1000

// bounded keeps what a device says within what a number of ours holds everywhere.
func bounded(n int64) int { return int(max(0, min(n, 1<<31-1))) }
