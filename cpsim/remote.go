package cpsim

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// reply is the answer to a CALL of the server, and what follows once it has
// been sent.
type reply struct {
	conf any
	then func()
}

// remote is the table of what the server may ask.
var remote = map[string]func(*ChargePoint, json.RawMessage) (reply, error){
	"RemoteStartTransaction": decoded((*ChargePoint).remoteStart),
	"RemoteStopTransaction":  decoded((*ChargePoint).remoteStop),
	"Reset":                  decoded((*ChargePoint).reset),
	"TriggerMessage":         decoded((*ChargePoint).trigger),
	"GetConfiguration":       decoded((*ChargePoint).getConfiguration),
	"ChangeConfiguration":    decoded((*ChargePoint).changeConfiguration),
	"ChangeAvailability":     decoded((*ChargePoint).changeAvailability),
	"UnlockConnector":        decoded((*ChargePoint).unlockConnector),
	"ClearCache":             decoded((*ChargePoint).clearCache),
	"DataTransfer":           decoded((*ChargePoint).dataTransfer),
	"ExtendedTriggerMessage": decoded((*ChargePoint).extendedTrigger),
	"SetChargingProfile":     decoded((*ChargePoint).setProfile),
	"ClearChargingProfile":   decoded((*ChargePoint).clearProfile),
	"GetCompositeSchedule":   decoded((*ChargePoint).composite),
	"GetDiagnostics":         decoded((*ChargePoint).getDiagnostics),
	"GetLog":                 decoded((*ChargePoint).getLog),
	"UpdateFirmware":         decoded((*ChargePoint).updateFirmware),
	"SignedUpdateFirmware":   decoded((*ChargePoint).signedUpdate),
	"SendLocalList":          decoded((*ChargePoint).sendLocalList),
	"GetLocalListVersion":    decoded((*ChargePoint).getLocalListVersion),
	"ReserveNow":             decoded((*ChargePoint).reserveNow),
	"CancelReservation":      decoded((*ChargePoint).cancelReservation),
}

func decoded[T any](f func(*ChargePoint, T) reply) func(*ChargePoint, json.RawMessage) (reply, error) {
	return func(cp *ChargePoint, b json.RawMessage) (reply, error) {
		var v T
		if err := json.Unmarshal(b, &v); err != nil {
			return reply{}, err
		}
		return f(cp, v), nil
	}
}

func status(s string) reply { return reply{conf: statusResponse{s}} }

// handle answers a CALL of the server.
func (cp *ChargePoint) handle(f frame) {
	e := Event{Kind: Received, Action: f.Action, MessageID: f.ID, Request: f.Payload}
	if cp.has(QuirkNeverAnswer) || cp.rejected { // OCPP 1.6 §4.2: a rejected point keeps silent
		cp.emit(e)
		return
	}
	h := remote[f.Action]
	if h == nil {
		cp.emit(e)
		cp.sendText(cp.link, errorFrame(f.ID, "NotImplemented", f.Action))
		return
	}
	r, err := h(cp, f.Payload)
	if err != nil {
		e.Err = err
		cp.emit(e)
		cp.sendText(cp.link, errorFrame(f.ID, "FormationViolation", err.Error()))
		return
	}
	b, err := json.Marshal(r.conf)
	if err != nil { // structs of strings
		panic(err)
	}
	e.Response = b
	cp.emit(e)
	cp.sendText(cp.link, resultFrame(f.ID, b))
	if r.then != nil {
		r.then()
	}
}

func (cp *ChargePoint) remoteStart(r remoteStartRequest) reply {
	var c *connector
	if r.ConnectorID != nil {
		c, _ = cp.connector(*r.ConnectorID)
	} else {
		c = cp.freeConnector()
	}
	if c == nil || c.busy() || cp.has(QuirkRejectRemote) || cp.resetting || !cp.mayStart(c, r.IDTag, "") {
		return status("Rejected")
	}
	return reply{statusResponse{"Accepted"}, func() {
		if cp.boolKey("AuthorizeRemoteTxRequests") {
			cp.present(c, r.IDTag)
		} else {
			cp.startOrWait(c, r.IDTag, "")
		}
	}}
}

func (c *connector) busy() bool {
	return c.tx != nil || c.intent != nil || c.asking || c.inoperative || c.status == Faulted
}

// freeConnector prefers one with a car.
func (cp *ChargePoint) freeConnector() *connector {
	var free *connector
	for _, c := range cp.connectors[1:] {
		if c.busy() {
			continue
		}
		if c.plugged {
			return c
		}
		if free == nil {
			free = c
		}
	}
	return free
}

func (cp *ChargePoint) remoteStop(r remoteStopRequest) reply {
	for _, c := range cp.connectors {
		if c.tx != nil && c.tx.answered && c.tx.id == r.TransactionID && !cp.has(QuirkRejectRemote) {
			tx := c.tx
			return reply{statusResponse{"Accepted"}, func() {
				if c.tx == tx {
					cp.end(c, "Remote", "")
				}
			}}
		}
	}
	return status("Rejected")
}

// reset is Reset, OCPP 1.6 §5.14: Soft delivers what there is and restarts,
// Hard restarts and delivers afterwards.
func (cp *ChargePoint) reset(r resetRequest) reply {
	switch r.Type {
	case "Hard":
		return reply{statusResponse{"Accepted"}, func() {
			cp.endAll("HardReset")
			cp.reboot()
		}}
	case "Soft":
		return reply{statusResponse{"Accepted"}, func() {
			cp.endAll("SoftReset")
			cp.resetting = true
			cp.after(30*time.Second, func() {
				if cp.resetting {
					cp.reboot()
				}
			})
		}}
	}
	return status("Rejected")
}

func (cp *ChargePoint) trigger(r triggerRequest) reply {
	chosen := cp.connectors
	if r.ConnectorID != nil {
		if *r.ConnectorID < 0 || *r.ConnectorID >= len(cp.connectors) {
			return status("Rejected")
		}
		chosen = cp.connectors[*r.ConnectorID : *r.ConnectorID+1]
	}
	accepted := statusResponse{"Accepted"}
	switch r.RequestedMessage {
	case "BootNotification":
		return reply{accepted, cp.sendBoot}
	case "Heartbeat":
		return reply{accepted, func() { cp.sendHeartbeat(true) }}
	case "DiagnosticsStatusNotification":
		return reply{accepted, func() { cp.tell(fileJob{notify: r.RequestedMessage}, orIdle(cp.logStatus, "Uploading")) }}
	case "FirmwareStatusNotification":
		return reply{accepted, func() {
			cp.tell(fileJob{notify: r.RequestedMessage}, orIdle(cp.firmwareStatus, "Downloading", "Downloaded", "Installing"))
		}}
	case "StatusNotification":
		return reply{accepted, func() {
			for _, c := range chosen {
				cp.sendStatus(c, true)
			}
		}}
	case "MeterValues":
		return reply{accepted, func() {
			for _, c := range chosen {
				if c.id > 0 {
					cp.sendSample(c, "Trigger", true)
				}
			}
		}}
	}
	return status("NotImplemented")
}

// orIdle is the status while it is one of those on the way, else Idle (OCPP 1.6 §7.24).
func orIdle(status string, busy ...string) string {
	if slices.Contains(busy, status) {
		return status
	}
	return "Idle"
}

func (cp *ChargePoint) getConfiguration(r getConfigurationRequest) reply {
	return reply{conf: cp.readKeys(r.Key)}
}

func (cp *ChargePoint) changeConfiguration(r changeConfigurationRequest) reply {
	return status(cp.changeKey(r.Key, r.Value))
}

// changeAvailability is ChangeAvailability, OCPP 1.6 §5.2: a running
// transaction is let end first.
func (cp *ChargePoint) changeAvailability(r changeAvailabilityRequest) reply {
	if r.ConnectorID < 0 || r.ConnectorID >= len(cp.connectors) || r.Type != "Operative" && r.Type != "Inoperative" {
		return status("Rejected")
	}
	chosen := cp.connectors[r.ConnectorID : r.ConnectorID+1]
	if r.ConnectorID == 0 {
		chosen = cp.connectors
	}
	answer := "Accepted"
	for _, c := range chosen {
		if c.inoperative = r.Type == "Inoperative"; c.inoperative && c.tx != nil {
			answer = "Scheduled"
		}
	}
	return reply{statusResponse{answer}, func() {
		for _, c := range chosen {
			if c.tx == nil {
				cp.dropIntent(c)
				cp.setStatus(c, cp.idle(c))
			}
		}
	}}
}

func (cp *ChargePoint) unlockConnector(r unlockRequest) reply {
	c, err := cp.connector(r.ConnectorID)
	if err != nil {
		return status("NotSupported")
	}
	return reply{statusResponse{"Unlocked"}, func() {
		if c.tx != nil {
			cp.end(c, "UnlockCommand", "")
		}
	}}
}

func (cp *ChargePoint) clearCache(empty) reply {
	cp.cache = nil
	return status("Accepted")
}

// dataTransfer is DataTransfer, OCPP 1.6 §4.3: of its own vendor the point knows one
// message, which comes back as it went.
func (cp *ChargePoint) dataTransfer(r dataTransferRequest) reply {
	switch {
	case !strings.EqualFold(r.VendorID, cp.cfg.Vendor):
		return status("UnknownVendorId")
	case !strings.EqualFold(r.MessageID, "Echo"):
		return status("UnknownMessageId")
	}
	return reply{conf: dataTransferResponse{Status: "Accepted", Data: r.Data}}
}

// extendedTrigger is ExtendedTriggerMessage of the security extension, as far as the
// point has something to send.
func (cp *ChargePoint) extendedTrigger(r triggerRequest) reply { return cp.trigger(r) }
