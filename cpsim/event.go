package cpsim

import (
	"encoding/json"
	"time"
)

// EventKind says what an Event reports.
type EventKind string

// The kinds of events.
const (
	Connected    EventKind = "connected"    // the WebSocket is open
	Disconnected EventKind = "disconnected" // it was lost; Err says how
	Refused      EventKind = "refused"      // it could not be opened; Err says why
	Booted       EventKind = "booted"       // BootNotification was accepted
	Answered     EventKind = "answered"     // a CALL of ours has its CALLRESULT: acknowledged
	Failed       EventKind = "failed"       // a CALL of ours has a CALLERROR
	TimedOut     EventKind = "timed out"    // a CALL of ours has no answer
	Dropped      EventKind = "dropped"      // a transaction message was given up
	Received     EventKind = "received"     // a CALL of the server; Response is what we answered
	Unmatched    EventKind = "unmatched"    // an answer to nothing that waits; Response is the frame
	StatusIs     EventKind = "status"       // the status of a connector changed
	Started      EventKind = "started"      // a transaction began on the device
	Stopped      EventKind = "stopped"      // it ended on the device
	Denied       EventKind = "denied"       // a card was refused; Status says how
	NoFile       EventKind = "no file"      // a file could not be brought or fetched; Err says why
)

// Event is one thing that happened to a charge point.
type Event struct {
	At        time.Time // the machine's clock, not the simulated device's
	Identity  string
	Kind      EventKind
	Connector int           // 0: the whole point, or not about a connector
	Action    string        // Answered, Failed, TimedOut, Dropped, Received
	MessageID string        // as above
	Attempt   int           // how often this message was sent, from 1
	Latency   time.Duration // from handing the frame to the socket to its answer
	Request   json.RawMessage
	Response  json.RawMessage
	Status    string // StatusIs, Denied
	Err       error  // Refused, Disconnected, Failed, Dropped, NoFile
}
