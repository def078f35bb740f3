package v16

import (
	"context"

	"ccms/internal/asset"
	"ccms/internal/ocpp/rpc"
)

// vendorStatus is each answer to a vendor's message in words of OCPP 1.6 §7.18.
var vendorStatus = map[asset.VendorAnswer]DataTransferStatus{
	asset.VendorAccepted:       DataTransferStatusAccepted,
	asset.VendorRejected:       DataTransferStatusRejected,
	asset.VendorUnknown:        DataTransferStatusUnknownVendorID,
	asset.VendorMessageUnknown: DataTransferStatusUnknownMessageID,
}

// dataTransfer keeps a vendor's message and answers it by the registry (OCPP 1.6 §4.3).
// What names no vendor is of a vendor that nobody knows.
func (l *Link) dataTransfer(ctx context.Context, c rpc.Call) (Message, error) {
	m, _, err := DecodeDataTransferReq(c.Payload)
	if err != nil {
		return nil, err
	}
	answer, reply, err := l.Assets.TakeVendor(ctx, l.Scope, asset.VendorReport{Point: l.Point, Vendor: Clean(m.VendorID), Message: Clean(m.MessageID),
		Data: m.Data, At: c.At})
	if err != nil {
		return nil, err
	}
	return &DataTransferConf{Status: vendorStatus[answer], Data: reply}, nil
}
