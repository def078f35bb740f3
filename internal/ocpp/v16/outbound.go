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
	if action == ActionGetConfiguration {
		return configuration(a, payload)
	}
	status, derr := statusOf(action, payload)
	switch {
	case derr != nil:
	case status == "Accepted" || status == string(UnlockStatusUnlocked):
		a.State, a.Detail = asset.CommandAccepted, ""
	case outcomes[status] != "":
		a.State, a.Detail, a.Outcome = asset.CommandAccepted, "", outcomes[status]
	case action == ActionChangeConfiguration && status == "NotSupported":
		a.State, a.Detail = asset.CommandNotSupported, "The charge point does not know this setting."
	case status == "NotImplemented" || status == "NotSupported":
		a.State, a.Detail = asset.CommandNotSupported, "The charge point does not support this."
	case status != "":
		a.State, a.Detail = asset.CommandRejected, "The charge point refused."
	}
	return a
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

func statusOf(action Action, payload []byte) (string, error) {
	switch action {
	case ActionRemoteStartTransaction:
		m, _, err := DecodeRemoteStartTransactionConf(payload)
		return string(m.Status), err
	case ActionRemoteStopTransaction:
		m, _, err := DecodeRemoteStopTransactionConf(payload)
		return string(m.Status), err
	case ActionTriggerMessage:
		m, _, err := DecodeTriggerMessageConf(payload)
		return string(m.Status), err
	case ActionReset:
		m, _, err := DecodeResetConf(payload)
		return string(m.Status), err
	case ActionUnlockConnector:
		m, _, err := DecodeUnlockConnectorConf(payload)
		return string(m.Status), err
	case ActionChangeAvailability:
		m, _, err := DecodeChangeAvailabilityConf(payload)
		return string(m.Status), err
	case ActionChangeConfiguration:
		m, _, err := DecodeChangeConfigurationConf(payload)
		return string(m.Status), err
	case ActionClearCache:
		m, _, err := DecodeClearCacheConf(payload)
		return string(m.Status), err
	}
	return "", ErrUnknownAction
}
