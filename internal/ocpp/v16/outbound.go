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
	status, derr := statusOf(action, payload)
	a := asset.Answer{Raw: payload, State: asset.CommandFailed, Detail: "The charge point's answer could not be read."}
	switch {
	case derr != nil:
	case status == "Accepted":
		a.State, a.Detail = asset.CommandAccepted, ""
	case status == "NotImplemented" || status == "NotSupported":
		a.State, a.Detail = asset.CommandNotSupported, "The charge point does not support this."
	case status != "":
		a.State, a.Detail = asset.CommandRejected, "The charge point refused."
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
	}
	return "", ErrUnknownAction
}
