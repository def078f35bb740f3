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
