package v16

import (
	"errors"
	"fmt"

	"ccms/internal/asset"
	"ccms/internal/fault"
	"ccms/internal/ocpp/decode"
	"ccms/internal/ocpp/rpc"
)

// Outbound translates a command into a CALL.
func Outbound(args asset.Args) (Action, Message, error) {
	switch a := args.(type) {
	case asset.RemoteStart:
		// The connector is always named: some boxes need it (behaviour 68).
		return ActionRemoteStartTransaction, &RemoteStartTransactionReq{ConnectorID: decode.Some(int64(a.Connector)), IDTag: a.Token}, nil
	case asset.RemoteStop:
		return ActionRemoteStopTransaction, &RemoteStopTransactionReq{TransactionID: int64(a.OCPPID)}, nil
	case asset.Trigger:
		m := &TriggerMessageReq{RequestedMessage: MessageTrigger(a.Message)}
		if a.Connector > 0 {
			m.ConnectorID = decode.Some(int64(a.Connector))
		}
		return ActionTriggerMessage, m, nil
	case asset.Reset:
		m := &ResetReq{Type: ResetTypeSoft}
		if a.Hard {
			m.Type = ResetTypeHard
		}
		return ActionReset, m, nil
	case asset.Unlock:
		return ActionUnlockConnector, &UnlockConnectorReq{ConnectorID: int64(a.Connector)}, nil
	case asset.Availability:
		m := &ChangeAvailabilityReq{ConnectorID: int64(a.Connector), Type: AvailabilityTypeInoperative}
		if a.Operative {
			m.Type = AvailabilityTypeOperative
		}
		return ActionChangeAvailability, m, nil
	case asset.GetConfig:
		return ActionGetConfiguration, &GetConfigurationReq{Key: a.Keys}, nil // none: all of them (OCPP 1.6 §5.8)
	case asset.ChangeConfig:
		return ActionChangeConfiguration, &ChangeConfigurationReq{Key: a.Key, Value: a.Value}, nil
	case asset.ClearCache:
		return ActionClearCache, &ClearCacheReq{}, nil
	case asset.SetProfile:
		return ActionSetChargingProfile, setProfile(a), nil
	case asset.ClearProfile:
		return ActionClearChargingProfile, clearProfile(a), nil
	case asset.GetSchedule:
		return ActionGetCompositeSchedule, &GetCompositeScheduleReq{ConnectorID: int64(a.Connector), Duration: int64(a.Duration),
			ChargingRateUnit: ChargingRateUnit(a.Unit)}, nil
	case asset.SendList:
		return ActionSendLocalList, sendList(a), nil
	case asset.GetListVersion:
		return ActionGetLocalListVersion, &GetLocalListVersionReq{}, nil
	case asset.Reserve:
		return ActionReserveNow, &ReserveNowReq{ConnectorID: int64(a.Connector), ExpiryDate: decode.TimeOf(a.Until), IDTag: a.Token,
			ParentIDTag: a.Parent, ReservationID: int64(a.Number)}, nil
	case asset.CancelReserve:
		return ActionCancelReservation, &CancelReservationReq{ReservationID: int64(a.Number)}, nil
	}
	return outboundMore(args)
}

// outboundMore is Outbound for files, certificates and what is a vendor's own.
func outboundMore(args asset.Args) (Action, Message, error) {
	switch a := args.(type) {
	case asset.UpdateFirmware:
		return ActionUpdateFirmware, updateFirmware(a), nil
	case asset.SignedUpdate:
		return ActionSignedUpdateFirmware, signedUpdate(a), nil
	case asset.GetDiagnostics:
		return ActionGetDiagnostics, getDiagnostics(a), nil
	case asset.GetLog:
		return ActionGetLog, getLog(a), nil
	case asset.DataTransfer:
		return ActionDataTransfer, &DataTransferReq{VendorID: a.Vendor, MessageID: a.Message, Data: a.Data}, nil
	case asset.InstallCertificate:
		return ActionInstallCertificate, &InstallCertificateReq{CertificateType: uses[a.Use], Certificate: a.PEM}, nil
	case asset.DeleteCertificate:
		return ActionDeleteCertificate, deleteCertificate(a), nil
	case asset.GetCertificates:
		return ActionGetInstalledCertificateIds, &GetInstalledCertificateIdsReq{CertificateType: uses[a.Use]}, nil
	case asset.CertificateSigned:
		return ActionCertificateSigned, &CertificateSignedReq{CertificateChain: a.Chain}, nil
	case asset.ExtendedTrigger:
		return ActionExtendedTriggerMessage, &ExtendedTriggerMessageReq{RequestedMessage: ExtendedMessageTrigger(a.Message), ConnectorID: some(a.Connector)}, nil
	}
	return "", nil, fault.New(fault.Unsupported, "command_unsupported", "OCPP 1.6 has no such command.")
}

// Answer translates what came of a CALL (LIVE-R2).
func Answer(action Action, payload []byte, err error) asset.Answer {
	var ce *rpc.CallError
	switch {
	case errors.As(err, &ce) && (ce.Code == rpc.NotImplemented || ce.Code == rpc.NotSupported):
		return asset.Answer{State: asset.CommandNotSupported, Detail: "The charge point does not support this."}
	case errors.As(err, &ce):
		return asset.Answer{State: asset.CommandFailed, Detail: fmt.Sprintf("The charge point answered with an error: %s %s", ce.Code, ce.Description)}
	case errors.Is(err, rpc.ErrUnanswered):
		return asset.Answer{State: asset.CommandTimeout, Detail: "The charge point did not answer in time."}
	case errors.Is(err, rpc.ErrMalformed):
		return asset.Answer{State: asset.CommandFailed, Detail: "The charge point's answer could not be read."}
	case err != nil:
		return asset.Answer{State: asset.CommandOffline, Detail: "The connection was lost before the charge point answered."}
	}
	a := asset.Answer{Raw: payload, State: asset.CommandFailed, Detail: "The charge point's answer could not be read."}
	switch action {
	case ActionGetConfiguration:
		return configuration(a, payload)
	case ActionGetCompositeSchedule:
		a.Composite = composite(payload)
	}
	if action == ActionGetInstalledCertificateIds {
		a.Certificates = installed(payload)
	}
	status, derr := statusOf(action, payload)
	switch {
	case derr != nil:
	case yes[status]:
		a.State, a.Detail = asset.CommandAccepted, ""
	case action == ActionGetInstalledCertificateIds && status == "NotFound": // there are none, and that is an answer
		a.State, a.Detail = asset.CommandAccepted, ""
	case outcomes[status] != "":
		a.State, a.Detail, a.Outcome = asset.CommandAccepted, "", outcomes[status]
	case action == ActionChangeConfiguration && status == "NotSupported":
		a.State, a.Detail, a.Part = asset.CommandNotSupported, "The charge point does not know this setting.", true
	case status == "NotImplemented" || status == "NotSupported":
		a.State, a.Detail = asset.CommandNotSupported, "The charge point does not support this."
		a.Part = action == ActionTriggerMessage || action == ActionExtendedTriggerMessage // this message, that is
	case status == "Rejected":
		a.State, a.Detail = asset.CommandRejected, "The charge point refused."
	case status != "":
		a.State, a.Detail = asset.CommandRejected, fmt.Sprintf("The charge point refused: %s.", Clean(status))
	}
	if a.State != asset.CommandAccepted {
		a.Composite = nil
	}
	if action == ActionGetLocalListVersion && a.State == asset.CommandAccepted {
		m, _, _ := DecodeGetLocalListVersionConf(payload) // it was read before, for its status
		a.ListVersion = &m.ListVersion
	}
	return a
}

// yes are the answers that take a command, each in its own word.
var yes = map[string]bool{
	"Accepted":                   true,
	string(UnlockStatusUnlocked): true,
	"AcceptedCanceled":           true, // GetLog, SignedUpdateFirmware: and it left what it was at
}

// outcomes are the answers that are more than yes and no.
var outcomes = map[string]asset.Outcome{
	"Scheduled":      asset.OutcomeScheduled,    // ChangeAvailability, OCPP 1.6 §7.4
	"RebootRequired": asset.OutcomeReboot,       // ChangeConfiguration, §7.22
	"UnlockFailed":   asset.OutcomeUnlockFailed, // UnlockConnector, §7.47
}

// configuration reads the settings; such an answer has no status.
func configuration(a asset.Answer, payload []byte) asset.Answer {
	m, _, err := DecodeGetConfigurationConf(payload)
	if err != nil {
		return a
	}
	a.State, a.Detail, a.Unknown = asset.CommandAccepted, "", m.UnknownKey
	for _, k := range m.ConfigurationKey {
		a.Keys = append(a.Keys, asset.ConfigKey{Key: k.Key, Value: k.Value, ReadOnly: k.Readonly})
	}
	return a
}

// installed reads the certificates that a device says it has.
func installed(payload []byte) (all []asset.CertificateHash) {
	m, _, err := DecodeGetInstalledCertificateIdsConf(payload)
	if err != nil {
		return nil
	}
	for _, h := range m.CertificateHashData[:min(len(m.CertificateHashData), mostInstalled)] {
		all = append(all, asset.CertificateHash{Algorithm: Clean(string(h.HashAlgorithm)), Name: Clean(h.IssuerNameHash), Key: Clean(h.IssuerKeyHash), Serial: Clean(h.SerialNumber)})
	}
	return all
}

// mostInstalled is how many of them are kept.
const mostInstalled = 50

// statusOf is the status that the answer to a CALL carries; an answer that has none but
// can be read is "Accepted".
func statusOf(action Action, payload []byte) (string, error) {
	if read := statuses[action]; read != nil {
		return read(payload)
	}
	return "", ErrUnknownAction
}

var statuses = map[Action]func([]byte) (string, error){
	ActionRemoteStartTransaction: statusIn(DecodeRemoteStartTransactionConf, func(m *RemoteStartTransactionConf) string { return string(m.Status) }),
	ActionRemoteStopTransaction:  statusIn(DecodeRemoteStopTransactionConf, func(m *RemoteStopTransactionConf) string { return string(m.Status) }),
	ActionTriggerMessage:         statusIn(DecodeTriggerMessageConf, func(m *TriggerMessageConf) string { return string(m.Status) }),
	ActionReset:                  statusIn(DecodeResetConf, func(m *ResetConf) string { return string(m.Status) }),
	ActionUnlockConnector:        statusIn(DecodeUnlockConnectorConf, func(m *UnlockConnectorConf) string { return string(m.Status) }),
	ActionChangeAvailability:     statusIn(DecodeChangeAvailabilityConf, func(m *ChangeAvailabilityConf) string { return string(m.Status) }),
	ActionChangeConfiguration:    statusIn(DecodeChangeConfigurationConf, func(m *ChangeConfigurationConf) string { return string(m.Status) }),
	ActionClearCache:             statusIn(DecodeClearCacheConf, func(m *ClearCacheConf) string { return string(m.Status) }),
	ActionSetChargingProfile:     statusIn(DecodeSetChargingProfileConf, func(m *SetChargingProfileConf) string { return string(m.Status) }),
	ActionClearChargingProfile:   statusIn(DecodeClearChargingProfileConf, func(m *ClearChargingProfileConf) string { return string(m.Status) }),
	ActionGetCompositeSchedule:   statusIn(DecodeGetCompositeScheduleConf, func(m *GetCompositeScheduleConf) string { return string(m.Status) }),
	ActionSendLocalList:          statusIn(DecodeSendLocalListConf, func(m *SendLocalListConf) string { return string(m.Status) }),
	ActionGetLocalListVersion:    statusIn(DecodeGetLocalListVersionConf, func(*GetLocalListVersionConf) string { return "Accepted" }),
	ActionReserveNow:             statusIn(DecodeReserveNowConf, func(m *ReserveNowConf) string { return string(m.Status) }),
	ActionCancelReservation:      statusIn(DecodeCancelReservationConf, func(m *CancelReservationConf) string { return string(m.Status) }),
	ActionUpdateFirmware:         statusIn(DecodeUpdateFirmwareConf, func(*UpdateFirmwareConf) string { return "Accepted" }),
	ActionSignedUpdateFirmware:   statusIn(DecodeSignedUpdateFirmwareConf, func(m *SignedUpdateFirmwareConf) string { return string(m.Status) }),
	ActionGetDiagnostics:         statusIn(DecodeGetDiagnosticsConf, func(*GetDiagnosticsConf) string { return "Accepted" }),
	ActionGetLog:                 statusIn(DecodeGetLogConf, func(m *GetLogConf) string { return string(m.Status) }),
	ActionDataTransfer:           statusIn(DecodeDataTransferConf, func(m *DataTransferConf) string { return string(m.Status) }),
	ActionInstallCertificate:     statusIn(DecodeInstallCertificateConf, func(m *InstallCertificateConf) string { return string(m.Status) }),
	ActionDeleteCertificate:      statusIn(DecodeDeleteCertificateConf, func(m *DeleteCertificateConf) string { return string(m.Status) }),
	ActionGetInstalledCertificateIds: statusIn(DecodeGetInstalledCertificateIdsConf,
		func(m *GetInstalledCertificateIdsConf) string { return string(m.Status) }),
	ActionCertificateSigned:      statusIn(DecodeCertificateSignedConf, func(m *CertificateSignedConf) string { return string(m.Status) }),
	ActionExtendedTriggerMessage: statusIn(DecodeExtendedTriggerMessageConf, func(m *ExtendedTriggerMessageConf) string { return string(m.Status) }),
}

func statusIn[M any](read func([]byte) (M, decode.Flaws, error), status func(*M) string) func([]byte) (string, error) {
	return func(payload []byte) (string, error) {
		m, _, err := read(payload)
		return status(&m), err
	}
}
