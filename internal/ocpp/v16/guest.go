package v16

import (
	"context"
	"errors"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ocpp/decode"
	"ccms/internal/ocpp/rpc"
)

// Guest answers a charge point that nobody registered: its boot is Pending (OCPP 1.6
// §4.2), no card may charge, and a report that money hangs on gets no answer.
type Guest struct {
	Now       func() time.Time
	Heartbeat time.Duration // told in BootNotification.conf: when it asks again
	Booted    func(context.Context, asset.BootReport) error
	// Held hears of a report that is not answered; keep says that it tells of a start or a stop.
	Held func(ctx context.Context, c rpc.Call, keep bool)
}

// Handle answers one CALL; it is an rpc.Handler.
func (g *Guest) Handle(ctx context.Context, c rpc.Call) ([]byte, *rpc.CallError) {
	var m Message
	switch a := Action(c.Action); {
	case Carried(c.Action):
		g.Held(ctx, c, a != ActionMeterValues)
		return nil, rpc.Unavailable
	case a == ActionBootNotification:
		b, _, err := DecodeBootNotificationReq(c.Payload)
		if errors.Is(err, decode.ErrNotObject) {
			return nil, rpc.CallErrorFormation("the payload is no object")
		}
		if err != nil {
			return nil, rpc.CallErrorProperty(err.Error())
		}
		if err := g.Booted(ctx, bootReport(&b, c.At)); err != nil {
			return nil, rpc.Unavailable
		}
		m = &BootNotificationConf{Status: RegistrationStatusPending, CurrentTime: decode.TimeOf(g.Now()), Interval: int64(g.Heartbeat / time.Second)}
	case a == ActionHeartbeat:
		m = &HeartbeatConf{CurrentTime: decode.TimeOf(g.Now())}
	case a == ActionAuthorize:
		m = &AuthorizeConf{IDTagInfo: IDTagInfo{Status: AuthorizationStatusInvalid}}
	case a == ActionStatusNotification: // behaviour 83: some send it while they wait
		m = &StatusNotificationConf{}
	case a.Known():
		return nil, rpc.CallErrorNotSupported(c.Action)
	default:
		return nil, rpc.CallErrorNotImplemented(c.Action)
	}
	return m.AppendJSON(make([]byte, 0, answerRoom)), nil
}

// bootReport is what a boot tells. Boxes have two fields for their serial number.
func bootReport(m *BootNotificationReq, at time.Time) asset.BootReport {
	serial := m.ChargePointSerialNumber
	if serial == "" {
		serial = m.ChargeBoxSerialNumber
	}
	return asset.BootReport{Vendor: m.ChargePointVendor, Model: m.ChargePointModel, Serial: serial, Firmware: m.FirmwareVersion,
		ICCID: m.ICCID, IMSI: m.IMSI, MeterType: m.MeterType, MeterSerial: m.MeterSerialNumber, At: at}
}
