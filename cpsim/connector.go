package cpsim

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Statuses of a connector, OCPP 1.6 §7.7.
const (
	Available     = "Available"
	Preparing     = "Preparing"
	Charging      = "Charging"
	SuspendedEV   = "SuspendedEV"
	SuspendedEVSE = "SuspendedEVSE"
	Finishing     = "Finishing"
	Reserved      = "Reserved"
	Unavailable   = "Unavailable"
	Faulted       = "Faulted"
)

type connector struct {
	id          int
	spec        Connector
	status      string
	errorCode   string // empty: NoError
	info        string
	reported    string // last status that went out on this uptime
	plugged     bool
	inoperative bool // ChangeAvailability, or to be once the transaction ends
	asking      bool // an Authorize is outstanding
	intent      *intent
	tx          *transaction
	meter       meter
	stopSample  func() bool
	stopFull    func() bool
}

// intent is an authorised start that waits for the plug.
type intent struct {
	idTag    string
	parent   string
	stopWait func() bool
}

// transaction is what OCPP calls one: from start to stop on the device.
type transaction struct {
	conn      *connector
	idTag     string
	parent    string
	id        int // the server's; 0: not known yet
	answered  bool
	lost      bool      // StartTransaction was given up
	offline   bool      // began without a connection
	energised bool      // the contactor is closed, or was
	began     time.Time // when it closed
	ended     bool
	data      []meterValue // for StopTransaction.transactionData
}

// idle is the status without a transaction.
func (cp *ChargePoint) idle(c *connector) string {
	switch {
	case c.inoperative:
		return Unavailable
	case c.plugged || c.asking || c.intent != nil:
		return Preparing
	case cp.reservedAt(c.id) != nil && c.id > 0:
		return Reserved
	}
	return Available
}

func (cp *ChargePoint) setStatus(c *connector, status string) {
	if c.status == status {
		return
	}
	c.status, c.errorCode, c.info = status, "", ""
	cp.announce(c)
}

// announce tells a change to whoever listens, and to the server if it can.
// While offline nothing is kept: only the status of the moment is reported
// after the reconnect.
func (cp *ChargePoint) announce(c *connector) {
	cp.emit(Event{Kind: StatusIs, Connector: c.id, Status: c.status})
	if cp.accepted {
		cp.reportStatus(c)
	}
}

func (cp *ChargePoint) reportStatus(c *connector) { cp.sendStatus(c, false) }

func (cp *ChargePoint) sendStatus(c *connector, anytime bool) {
	r := statusRequest{ConnectorID: c.id, ErrorCode: c.errorCode, Status: c.status, Info: c.info}
	if r.ErrorCode == "" {
		r.ErrorCode = "NoError"
	}
	r.Timestamp = cp.format(cp.stamp())
	c.reported = c.status
	cp.enqueue(&item{
		action: "StatusNotification", conn: c.id, anytime: anytime,
		payload: func() any { return r },
		done: func(_ json.RawMessage, err error) error {
			if errors.Is(err, ErrOffline) {
				c.reported = ""
			}
			return nil
		},
	})
}

// Status makes a connector report a status and an error code, whatever it is
// doing; connector 0 is the point. An empty code is NoError.
func (cp *ChargePoint) Status(conn int, status, errorCode, info string) error {
	cp.lock()
	defer cp.unlock()
	if conn < 0 || conn >= len(cp.connectors) {
		return ErrConnector
	}
	c := cp.connectors[conn]
	c.status, c.errorCode, c.info = status, errorCode, info
	cp.announce(c)
	return nil
}

// Plug connects a car with a battery between 40 and 80 kWh that is 20 to 60 %
// full.
func (cp *ChargePoint) Plug(conn int) error {
	cp.lock()
	defer cp.unlock()
	return cp.plug(conn, EV{BatteryWh: 40000 + cp.rng.Int64N(40001), SoCPermille: 200 + cp.rng.Int64N(401)})
}

// PlugEV connects this car.
func (cp *ChargePoint) PlugEV(conn int, ev EV) error {
	cp.lock()
	defer cp.unlock()
	return cp.plug(conn, ev)
}

func (cp *ChargePoint) plug(conn int, ev EV) error {
	c, err := cp.connector(conn)
	if err != nil {
		return err
	}
	if c.plugged {
		return ErrBusy
	}
	c.plugged = true
	c.meter.connect(ev)
	if c.inoperative || c.tx != nil {
		return nil
	}
	cp.setStatus(c, Preparing)
	if in := c.intent; in != nil {
		cp.dropIntent(c)
		cp.begin(c, in.idTag, in.parent)
	}
	return nil
}

// Unplug pulls the cable; a transaction ends with EVDisconnected.
func (cp *ChargePoint) Unplug(conn int) error {
	cp.lock()
	defer cp.unlock()
	c, err := cp.connector(conn)
	if err != nil {
		return err
	}
	if !c.plugged {
		return ErrBusy
	}
	c.meter.advance(cp.cfg.Now())
	c.plugged = false
	if c.tx != nil {
		cp.end(c, "EVDisconnected", "")
	} else {
		cp.setStatus(c, cp.idle(c))
	}
	c.meter.ev = EV{}
	return nil
}

// Tag presents a card: it starts a transaction where none runs, and stops the
// one that the same card, or one of the same group, has started.
func (cp *ChargePoint) Tag(conn int, idTag string) error {
	cp.lock()
	defer cp.unlock()
	c, err := cp.connector(conn)
	if err != nil {
		return err
	}
	if c.asking || c.inoperative && c.tx == nil {
		return ErrBusy
	}
	if tx := c.tx; tx != nil {
		if strings.EqualFold(tx.idTag, idTag) && !cp.has(QuirkAuthorizeOnStop) {
			cp.end(c, "Local", idTag)
			return nil
		}
		cp.authorize(c, idTag, func(ok bool, parent string) {
			same := strings.EqualFold(tx.idTag, idTag) || parent != "" && strings.EqualFold(parent, tx.parent)
			if ok && same && c.tx == tx {
				cp.end(c, "Local", idTag)
			}
		})
		return nil
	}
	if c.intent != nil { // the second card replaces the first
		cp.dropIntent(c)
	}
	cp.present(c, idTag)
	return nil
}

func (cp *ChargePoint) startOrWait(c *connector, idTag, parent string) {
	if c.plugged {
		cp.begin(c, idTag, parent)
		return
	}
	in := &intent{idTag: idTag, parent: parent}
	c.intent = in
	wait := time.Duration(cp.intKey("ConnectionTimeOut")) * time.Second
	in.stopWait = cp.after(wait, func() {
		if c.intent == in {
			c.intent = nil
			cp.setStatus(c, cp.idle(c))
		}
	})
	cp.setStatus(c, cp.idle(c))
}

func (cp *ChargePoint) dropIntent(c *connector) {
	if c.intent != nil {
		c.intent.stopWait()
		c.intent = nil
	}
}

// StartLocal starts a transaction without asking for the card.
func (cp *ChargePoint) StartLocal(conn int, idTag string) error {
	cp.lock()
	defer cp.unlock()
	c, err := cp.connector(conn)
	if err != nil {
		return err
	}
	if c.tx != nil || c.inoperative {
		return ErrBusy
	}
	cp.dropIntent(c)
	cp.startOrWait(c, idTag, "")
	return nil
}

// Stop ends the transaction of a connector with a reason of OCPP 1.6 §7.37;
// empty: Local.
func (cp *ChargePoint) Stop(conn int, reason string) error {
	cp.lock()
	defer cp.unlock()
	c, err := cp.connector(conn)
	if err != nil {
		return err
	}
	if c.tx == nil {
		return ErrBusy
	}
	if reason == "" {
		reason = "Local"
	}
	cp.end(c, reason, "")
	return nil
}
