package web

import (
	"context"
	"time"

	"ccms/internal/asset"
)

// Device is a piece of hardware that is or was a charge point.
type Device struct {
	Vendor         string             `json:"vendor,omitempty"`
	Model          string             `json:"model,omitempty"`
	HardwareSerial string             `json:"hardware_serial,omitempty" doc:"Absent: announced, and not heard of yet."`
	Firmware       string             `json:"firmware,omitempty"`
	MeterSerial    string             `json:"meter_serial,omitempty"`
	Origin         asset.DeviceOrigin `json:"origin" enum:"first,swap,seen" doc:"seen: it booted with a serial number that nobody expected."`
	From           time.Time          `json:"from,omitzero" doc:"Absent: before it was kept."`
	Until          time.Time          `json:"until,omitzero" doc:"Absent: it stands there now."`
	Confirmed      bool               `json:"confirmed" doc:"false: somebody should say whether that is right."`
	Reason         string             `json:"reason,omitempty"`
	Actor          string             `json:"actor,omitempty"`
}

// Devices are all of a charge point.
type Devices struct {
	Items []Device `json:"items" doc:"The newest first."`
}

func (h *handlers) listDevices(ctx context.Context, in *PointPath) (*struct{ Body Devices }, error) {
	all, err := h.svc.Asset.Devices(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	name := h.names(ctx, scopeOf(ctx))
	out := Devices{Items: make([]Device, 0, len(all))}
	for _, d := range all {
		out.Items = append(out.Items, Device{Vendor: d.Vendor, Model: d.Model, HardwareSerial: d.Serial, Firmware: d.Firmware, MeterSerial: d.MeterSerial,
			Origin: d.Origin, From: at(d.From), Until: at(d.Until), Confirmed: d.Confirmed, Reason: d.Reason, Actor: name.of(d.Actor)})
	}
	return &struct{ Body Devices }{out}, nil
}

type swapInput struct {
	PointPath
	Body struct {
		Reason  string `json:"reason" minLength:"1" maxLength:"200"`
		KeepKey bool   `json:"keep_key,omitempty" doc:"The new device has the key already; else the charge point gets a new one and the old device is out."`
	} `nameHint:"ChargePointSwap"`
}

func (h *handlers) swapPoint(ctx context.Context, in *swapInput) (*struct{ Body AdoptedChargePoint }, error) {
	p, key, err := h.svc.Asset.SwapHardware(ctx, scopeOf(ctx), in.ID, asset.Swap{Reason: in.Body.Reason, KeepKey: in.Body.KeepKey})
	if err != nil {
		return nil, err
	}
	return &struct{ Body AdoptedChargePoint }{AdoptedChargePoint{ChargePoint: pointOf(p), Key: key}}, nil
}
