package asset

import "time"

// Composite is what a device makes of all its charging profiles together (OCPP 1.6
// §5.7). A device that has none may answer with no periods (behaviour 74).
type Composite struct {
	Connector int       `json:"connector,omitempty"` // 0: the whole device
	Start     time.Time `json:"start,omitzero"`      // what the periods count from; zero: the device did not say
	Schedule  Schedule  `json:"schedule"`
}
