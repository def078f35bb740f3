package cpsim

import (
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// begin starts a transaction. Its contactor closes when the server has
// accepted it, or at once where there is no server to ask.
func (cp *ChargePoint) begin(c *connector, idTag, parent string) {
	now := cp.cfg.Now()
	c.meter.advance(now)
	if cp.has(QuirkMeterResetTx) {
		c.meter.wh, c.meter.rest = 0, 0
	}
	tx := &transaction{conn: c, idTag: idTag, parent: parent, offline: !cp.accepted}
	c.tx = tx
	at := cp.stamp()
	if data := cp.sample(c, "Transaction.Begin", "StopTxnSampledData", at); len(data.SampledValue) > 0 {
		tx.data = append(tx.data, data)
	}
	cp.setStatus(c, Preparing)
	cp.emit(Event{Kind: Started, Connector: c.id})
	if cp.has(QuirkStopUnknown) {
		tx.id = 900000000 + cp.rng.IntN(1000000)
		cp.energise(tx)
		return
	}
	r := startRequest{ConnectorID: c.id, IDTag: idTag, MeterStart: c.meter.wh, Timestamp: cp.format(at), ReservationID: cp.takeReservation(c, idTag, parent)}
	cp.enqueue(&item{
		action: "StartTransaction", conn: c.id, tx: tx,
		payload: func() any { return r },
		done:    func(conf json.RawMessage, err error) error { return cp.started(tx, conf, err) },
	})
	if tx.offline {
		cp.energise(tx)
	}
}

// started takes the server's answer to StartTransaction.
func (cp *ChargePoint) started(tx *transaction, conf json.RawMessage, err error) error {
	if err != nil { // given up
		tx.lost = true
		cp.energise(tx)
		return nil
	}
	var r startResponse
	if err := json.Unmarshal(conf, &r); err != nil {
		tx.lost = true
		return err
	}
	tx.id, tx.answered = r.TransactionID, true
	if r.IDTagInfo.ParentIDTag != "" {
		tx.parent = r.IDTagInfo.ParentIDTag
	}
	ok := r.IDTagInfo.Status == "Accepted"
	cp.learn(tx.idTag, ok)
	c := tx.conn
	switch {
	case ok || cp.has(QuirkChargeAnyway):
		cp.energise(tx)
	default:
		cp.emit(Event{Kind: Denied, Connector: c.id, Status: r.IDTagInfo.Status})
		if tx.ended {
			break
		}
		// OCPP 1.6 §4.8: stop, or keep the transaction and give nothing.
		if cp.boolKey("StopTransactionOnInvalidId") {
			cp.end(c, "DeAuthorized", "")
			break
		}
		c.meter.advance(cp.cfg.Now())
		c.meter.drawing = false
		tx.energised = true
		cp.setStatus(c, SuspendedEVSE)
	}
	if r.TransactionID <= 0 {
		return errors.New("cpsim: StartTransaction was answered without a usable transactionId")
	}
	return nil
}

// energise closes the contactor, once per transaction.
func (cp *ChargePoint) energise(tx *transaction) {
	if tx == nil || tx.energised || tx.ended {
		return
	}
	tx.energised = true
	c := tx.conn
	c.meter.advance(cp.cfg.Now())
	c.meter.start(c.spec.MaxW)
	tx.began = cp.cfg.Now().Add(cp.offset)
	if len(cp.profiles) > 0 {
		cp.followProfiles()
	}
	cp.followPower(c)
	cp.armSample(c)
}

// followPower sets the status to what the car draws, and looks again when it
// will be full.
func (cp *ChargePoint) followPower(c *connector) {
	if c.stopFull != nil {
		c.stopFull()
		c.stopFull = nil
	}
	tx := c.tx
	if tx == nil || !c.meter.drawing {
		return
	}
	if c.meter.power() == 0 {
		if c.meter.bound && c.meter.offer == 0 {
			cp.setStatus(c, SuspendedEVSE)
		} else {
			cp.setStatus(c, SuspendedEV)
		}
		return
	}
	cp.setStatus(c, Charging)
	if d := c.meter.untilFull(); d > 0 {
		c.stopFull = cp.after(d, func() {
			if c.tx == tx {
				c.meter.advance(cp.cfg.Now())
				cp.followPower(c)
			}
		})
	}
}

// end stops a transaction on the device and queues its StopTransaction.
func (cp *ChargePoint) end(c *connector, reason, idTag string) {
	tx := c.tx
	c.meter.advance(cp.cfg.Now())
	c.meter.drawing = false
	if c.stopSample != nil {
		c.stopSample()
		c.stopSample = nil
	}
	if c.stopFull != nil {
		c.stopFull()
		c.stopFull = nil
	}
	c.tx, tx.ended = nil, true
	// A profile for a transaction ends with it (OCPP 1.6 §3.13.1).
	cp.profiles = slices.DeleteFunc(cp.profiles, func(p chargingProfile) bool { return p.Purpose == "TxProfile" && p.Tx == tx.id })
	at := cp.stamp()
	if data := cp.sample(c, "Transaction.End", "StopTxnSampledData", at); len(data.SampledValue) > 0 {
		tx.data = append(tx.data, data)
	}
	after := cp.idle(c)
	if after == Preparing {
		after = Finishing
	}
	r := stopRequest{
		IDTag: idTag, MeterStop: c.meter.wh, Timestamp: cp.format(at), Reason: reason, TransactionData: tx.data,
	}
	it := &item{action: "StopTransaction", conn: c.id, tx: tx}
	it.payload = func() any {
		r.TransactionID = cp.wireID(tx)
		return r
	}
	it.done = func(conf json.RawMessage, err error) error {
		var r stopResponse
		if err != nil {
			return err
		}
		if err := json.Unmarshal(conf, &r); err != nil {
			return err
		}
		if r.IDTagInfo != nil {
			cp.learn(tx.idTag, r.IDTagInfo.Status == "Accepted")
		}
		return nil
	}
	if cp.has(QuirkStatusBeforeStop) {
		early := Available
		if c.plugged {
			early = Preparing
		}
		cp.setStatus(c, early)
		it.held = true
		cp.after(2*time.Second, func() {
			it.held = false
		})
		after = early
	}
	cp.enqueue(it)
	cp.emit(Event{Kind: Stopped, Connector: c.id})
	cp.setStatus(c, after)
}

// wireID is the transactionId of MeterValues and StopTransaction.
func (cp *ChargePoint) wireID(tx *transaction) int {
	switch {
	case cp.has(QuirkOfflineMinusOne) && tx.offline:
		return -1
	case cp.has(QuirkStopZero) && tx.ended:
		return 0
	}
	return tx.id
}
