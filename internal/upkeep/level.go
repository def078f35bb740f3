package upkeep

import "ccms/internal/asset"

// levels of the types that have one.
var levels = map[Type]Level{
	Offline: Error, Flapping: Warn, InternalError: Error, ChargeRecordError: Error, MeterSilent: Warn,
	StartFailureStreak: Error, UnknownPoint: Notice, DuplicateIdentity: Error, FirmwareFailed: Error, ListPushFailed: Warn, HardwareChanged: Warn,
}

// securityLevels are those of security events that are told of; others are Warn. What every
// device tells after a visit of maintenance is for the record.
var securityLevels = map[asset.SecurityKind]Level{
	"TamperDetectionActivated": Error, "SecurityLogWasCleared": Error, "MaintenanceLoginFailed": Error,
	"FirmwareUpdated": Info, "SettingSystemTime": Info, "StartupOfTheDevice": Info, "ResetOrReboot": Info, "MaintenanceLoginAccepted": Notice,
	asset.KindProfileNotMet: Error, asset.KindBadCertificate: Error,
}

// expiryLevel is how bad it is that a certificate ends in so many days (AST-R6).
func expiryLevel(days int) Level {
	switch {
	case days >= 60:
		return Notice
	case days >= 30:
		return Warn
	}
	return Error
}

// errorLevels are those of OCPP 1.6's error codes (OCPP 1.6 §7.6). What may hurt
// somebody is CRITICAL whatever the status beside it says.
var errorLevels = map[string]Level{
	"GroundFailure": Critical, "HighTemperature": Critical, "OverVoltage": Critical, "EmergencyStop": Critical,
	"ConnectorLockFailure": Error, "OverCurrentFailure": Error, "PowerMeterFailure": Error, "PowerSwitchFailure": Error,
	"ReaderFailure": Error, "ResetFailure": Error, "UnderVoltage": Error, "OtherError": Error,
	"EVCommunicationError": Warn, "LocalListConflict": Notice, "WeakSignal": Notice,
}

// trouble is the warning that a status report asks for; ok is false where it tells of
// none. A code beside Finishing is the echo of a fault that is over (behaviour 38).
func trouble(status asset.ConnectorStatus, code string) (t Type, c string, l Level, ok bool) {
	if code == "NoError" {
		code = ""
	}
	switch {
	case code == "" && status == asset.Faulted:
		return ConnectorError, "Faulted", Error, true
	case code == "", status == asset.Finishing && errorLevels[code] != Critical:
		return "", "", 0, false
	case code == "InternalError":
		return InternalError, code, levels[InternalError], true
	}
	l, known := errorLevels[code]
	if !known { // a word of its own (behaviour 36); the status keeps it as it came
		code, l = "OtherError", Error
	}
	if l == Error && status != asset.Faulted { // it goes on working
		l = Warn
	}
	return ConnectorError, code, l, true
}
