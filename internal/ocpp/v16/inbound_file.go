package v16

import (
	"context"

	"ccms/internal/ocpp/decode"
	"ccms/internal/ocpp/rpc"
)

// request is the requestId of the security extension; what is none names none.
func request(o decode.Opt[int64]) int32 {
	if n := o.Or(0); n > 0 && n <= 1<<31-1 {
		return int32(n)
	}
	return 0
}

// diagnosticsStatus is DiagnosticsStatusNotification (OCPP 1.6 §4.4).
func (l *Link) diagnosticsStatus(ctx context.Context, c rpc.Call) (Message, error) {
	m, _, err := DecodeDiagnosticsStatusNotificationReq(c.Payload)
	if err != nil {
		return nil, err
	}
	return nil, l.Files.UploadStatus(ctx, l.Scope, l.Point, l.Epoch, false, 0, Clean(string(m.Status)))
}

// logStatus is LogStatusNotification (security whitepaper).
func (l *Link) logStatus(ctx context.Context, c rpc.Call) (Message, error) {
	m, _, err := DecodeLogStatusNotificationReq(c.Payload)
	if err != nil {
		return nil, err
	}
	return nil, l.Files.UploadStatus(ctx, l.Scope, l.Point, l.Epoch, true, request(m.RequestID), Clean(string(m.Status)))
}

// firmwareStatus is FirmwareStatusNotification (OCPP 1.6 §4.5).
func (l *Link) firmwareStatus(ctx context.Context, c rpc.Call) (Message, error) {
	m, _, err := DecodeFirmwareStatusNotificationReq(c.Payload)
	if err != nil {
		return nil, err
	}
	return nil, l.Files.FirmwareStatus(ctx, l.Scope, l.Point, l.Epoch, 0, Clean(string(m.Status)))
}

// signedFirmwareStatus is SignedFirmwareStatusNotification (security whitepaper).
func (l *Link) signedFirmwareStatus(ctx context.Context, c rpc.Call) (Message, error) {
	m, _, err := DecodeSignedFirmwareStatusNotificationReq(c.Payload)
	if err != nil {
		return nil, err
	}
	return nil, l.Files.FirmwareStatus(ctx, l.Scope, l.Point, l.Epoch, request(m.RequestID), Clean(string(m.Status)))
}
