package v16

import "errors"

// Action is the name of an action as it stands in a CALL.
type Action string

// ErrUnknownAction says that OCPP 1.6 has no such action.
var ErrUnknownAction = errors.New("unknown action")

// Message is a request or response that can be sent.
type Message interface {
	AppendJSON(b []byte) []byte
}

// Known reports whether OCPP 1.6 has the action.
func (a Action) Known() bool { return a.FromChargePoint() || a.ToChargePoint() }

// FromChargePoint reports whether a charge point may send the action. OCPP 1.6
// §4, security extension §4 and §5.
func (a Action) FromChargePoint() bool {
	switch a {
	case ActionAuthorize, ActionBootNotification, ActionDataTransfer, ActionDiagnosticsStatusNotification,
		ActionFirmwareStatusNotification, ActionHeartbeat, ActionLogStatusNotification, ActionMeterValues,
		ActionSecurityEventNotification, ActionSignCertificate, ActionSignedFirmwareStatusNotification,
		ActionStartTransaction, ActionStatusNotification, ActionStopTransaction:
		return true
	}
	return false
}

// ToChargePoint reports whether a charge point may be sent the action. OCPP 1.6
// §5, security extension §4 and §5.
func (a Action) ToChargePoint() bool {
	switch a {
	case ActionCancelReservation, ActionCertificateSigned, ActionChangeAvailability, ActionChangeConfiguration,
		ActionClearCache, ActionClearChargingProfile, ActionDataTransfer, ActionDeleteCertificate,
		ActionExtendedTriggerMessage, ActionGetCompositeSchedule, ActionGetConfiguration, ActionGetDiagnostics,
		ActionGetInstalledCertificateIds, ActionGetLocalListVersion, ActionGetLog, ActionInstallCertificate,
		ActionRemoteStartTransaction, ActionRemoteStopTransaction, ActionReserveNow, ActionReset,
		ActionSendLocalList, ActionSetChargingProfile, ActionSignedUpdateFirmware, ActionTriggerMessage,
		ActionUnlockConnector, ActionUpdateFirmware:
		return true
	}
	return false
}
