package cpsim

// GoOffline cuts the network. Transactions go on; their messages wait.
func (cp *ChargePoint) GoOffline() {
	cp.lock()
	defer cp.unlock()
	cp.offline = true
	cp.cut(false)
	cp.wakeUp()
}

// GoOnline brings the network back and connects at once.
func (cp *ChargePoint) GoOnline() {
	cp.lock()
	defer cp.unlock()
	cp.offline = false
	cp.wakeUp()
}

// DropConnection breaks the connection; the point comes back by itself.
func (cp *ChargePoint) DropConnection() {
	cp.lock()
	defer cp.unlock()
	cp.cut(false)
}

// Reboot switches off and on. Transactions stop with reason Reboot; what was
// not delivered, and the registers, survive.
func (cp *ChargePoint) Reboot() {
	cp.lock()
	defer cp.unlock()
	cp.dark = true
	cp.endAll("Reboot")
	cp.cut(false)
	cp.reboot()
}

func (cp *ChargePoint) endAll(reason string) {
	for _, c := range cp.connectors {
		if c.tx != nil {
			cp.end(c, reason, "")
		}
	}
}

// reboot keeps the point dark for a while and forgets what only lives in
// memory. An answer that is on its way still goes out.
func (cp *ChargePoint) reboot() {
	cp.dark, cp.resetting = true, false
	cp.cut(true)
	cp.booted, cp.rejected = false, false
	cp.interval = 0
	cp.newIDs()
	if cp.has(QuirkForgetList) {
		cp.list, cp.listVersion = nil, 0
	}
	for _, c := range cp.connectors {
		cp.dropIntent(c)
		c.asking, c.reported = false, ""
		if cp.has(QuirkMeterResetReboot) {
			c.meter.wh, c.meter.rest = 0, 0
		}
		if c.status != Faulted {
			c.status, c.errorCode, c.info = cp.idle(c), "", ""
			cp.emit(Event{Kind: StatusIs, Connector: c.id, Status: c.status})
		}
	}
	cp.after(cp.cfg.RebootTime, func() {
		cp.dark = false
		cp.wakeUp()
	})
}
