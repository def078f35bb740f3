package web

import (
	"encoding/json"
	"time"

	"ccms/internal/ident"
	"ccms/internal/unit"
)

// Frame is one OCPP frame of a session's timeline.
type Frame struct {
	At         time.Time       `json:"at,omitzero" doc:"The device's time where the frame carries one."`
	ReceivedAt time.Time       `json:"received_at"`
	Direction  string          `json:"direction" enum:"in,out" doc:"in: from the charge point."`
	Action     string          `json:"action"`
	MessageID  string          `json:"message_id"`
	Payload    json.RawMessage `json:"payload" doc:"Tokens are covered without the permission pii.view."`
	Flaws      []string        `json:"flaws"`
}

// Frames is a timeline.
type Frames struct {
	Items []Frame `json:"items"`
}

// Sample is one point of the meter chart.
type Sample struct {
	At      time.Time       `json:"at"`
	Energy  *unit.Wh        `json:"energy_wh,omitempty" doc:"The register as reported."`
	Power   *unit.W         `json:"power_w,omitempty"`
	Current *unit.MilliAmp  `json:"current_ma,omitempty"`
	Voltage *unit.MilliVolt `json:"voltage_mv,omitempty"`
	SoC     *unit.Permille  `json:"soc_permille,omitempty"`
	Context string          `json:"context,omitempty"`
}

// Samples is a meter chart.
type Samples struct {
	Items []Sample `json:"items"`
}

// Attempt is one try to start, with the reason in words.
type Attempt struct {
	ID            ident.Attempt     `json:"id"`
	At            time.Time         `json:"at"`
	ChargePointID ident.ChargePoint `json:"charge_point_id"`
	Connector     int               `json:"connector,omitempty"`
	Kind          string            `json:"kind" enum:"authorize,start,remote_start"`
	TokenUID      string            `json:"token_uid,omitempty"`
	DriverID      ident.Driver      `json:"driver_id,omitzero"`
	SessionID     ident.Session     `json:"session_id,omitzero"`
	Decision      string            `json:"decision" enum:"Accepted,Blocked,Expired,Invalid,ConcurrentTx"`
	Reason        string            `json:"reason"`
}
