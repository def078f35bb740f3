package v16

import (
	"context"

	"ccms/internal/asset"
	"ccms/internal/ocpp/rpc"
)

// securityEvent keeps what the device tells of its security (security whitepaper,
// SecurityEventNotification).
func (l *Link) securityEvent(ctx context.Context, c rpc.Call) (Message, error) {
	m, _, err := DecodeSecurityEventNotificationReq(c.Payload)
	if err != nil {
		return nil, err
	}
	return nil, l.Assets.TakeSecurity(ctx, l.Scope, asset.SecurityReport{
		Point: l.Point, Epoch: l.Epoch, Kind: m.Type, Detail: m.TechInfo, At: m.Timestamp.At, ReceivedAt: c.At,
	})
}

// signCertificate takes a request for the device's own certificate; the certificate
// follows as a command (security whitepaper, SignCertificate and CertificateSigned).
func (l *Link) signCertificate(ctx context.Context, c rpc.Call) (Message, error) {
	m, _, err := DecodeSignCertificateReq(c.Payload)
	if err != nil {
		return nil, err
	}
	taken, err := l.Assets.SignRequest(ctx, l.Scope, l.Point, l.Epoch, m.CSR)
	if err != nil {
		return nil, err
	}
	if !taken {
		return &SignCertificateConf{Status: GenericStatusRejected}, nil
	}
	return &SignCertificateConf{Status: GenericStatusAccepted}, nil
}
