package cpsim

import (
	"encoding/json"
	"time"
)

// bootRetry is the wait before the next BootNotification where the server
// named none (OCPP 1.6 §4.2 leaves it to the device).
const bootRetry = time.Minute

func (cp *ChargePoint) onConnect() {
	switch {
	case cp.has(QuirkNoBoot), cp.booted && !cp.cfg.BootOnReconnect:
		cp.accept()
	default:
		cp.sendBoot()
	}
}

func (cp *ChargePoint) sendBoot() {
	l := cp.link
	again := func(d time.Duration) {
		cp.after(d, func() {
			if cp.link == l && !cp.accepted {
				cp.sendBoot()
			}
		})
	}
	it := &item{action: "BootNotification", anytime: true}
	it.payload = func() any {
		return bootRequest{Vendor: cp.cfg.Vendor, Model: cp.cfg.Model, Serial: cp.cfg.Serial, Firmware: cp.cfg.Firmware}
	}
	it.done = func(conf json.RawMessage, err error) error {
		var r bootResponse
		if err == nil {
			err = json.Unmarshal(conf, &r)
		}
		if err != nil {
			again(bootRetry)
			return err
		}
		cp.setClock(r.CurrentTime)
		cp.rejected = r.Status == "Rejected"
		wait := time.Duration(r.Interval) * time.Second
		if r.Status != "Accepted" {
			if wait <= 0 {
				wait = bootRetry
			}
			again(wait)
			return nil
		}
		if wait > 0 {
			cp.interval = wait
		}
		cp.booted = true
		cp.emit(Event{Kind: Booted})
		cp.accept()
		return nil
	}
	cp.enqueue(it)
}

// accept opens the connection for everything that is not BootNotification and
// reports every status that the server has not seen (OCPP 1.6 §4.9).
func (cp *ChargePoint) accept() {
	cp.accepted = true
	cp.armHeartbeat()
	for _, c := range cp.connectors {
		if c.reported != c.status {
			cp.reportStatus(c)
		}
	}
}

// bootAgain repeats a boot that was answered, id and all.
func (cp *ChargePoint) bootAgain(f *flight) {
	l := cp.link
	cp.remember(f)
	cp.after(10*time.Second, func() {
		if cp.link == l {
			f.at = time.Now()
			cp.sendText(l, callFrame(f.id, f.item.action, f.request))
			cp.bootAgain(f)
		}
	})
}

func (cp *ChargePoint) armHeartbeat() {
	if cp.stopBeat != nil {
		cp.stopBeat()
	}
	d := cp.cfg.Heartbeat
	if d <= 0 {
		d = cp.interval
	}
	if d <= 0 {
		d = time.Duration(cp.intKey("HeartbeatInterval")) * time.Second
	}
	if d <= 0 {
		cp.stopBeat = nil
		return
	}
	cp.stopBeat = cp.after(d, func() {
		if cp.accepted {
			cp.sendHeartbeat(false)
			cp.armHeartbeat()
		}
	})
}

func (cp *ChargePoint) sendHeartbeat(anytime bool) {
	cp.enqueue(&item{
		action: "Heartbeat", anytime: anytime,
		payload: func() any { return empty{} },
		done: func(conf json.RawMessage, err error) error {
			var r struct {
				CurrentTime string `json:"currentTime"`
			}
			if err != nil {
				return err
			}
			if err := json.Unmarshal(conf, &r); err != nil {
				return err
			}
			cp.setClock(r.CurrentTime)
			return nil
		},
	})
}

// Heartbeat sends a Heartbeat now.
func (cp *ChargePoint) Heartbeat() {
	cp.lock()
	defer cp.unlock()
	cp.sendHeartbeat(false)
}

// setClock follows the server's time where it is off by more than a second:
// below that the way of the message matters more than the clock.
func (cp *ChargePoint) setClock(current string) {
	if cp.has(QuirkIgnoreServerTime) {
		return
	}
	t, err := time.Parse(time.RFC3339Nano, current)
	if err != nil {
		return
	}
	d := t.Sub(cp.cfg.Now())
	if change := d - cp.offset; change > time.Second || change < -time.Second {
		cp.offset = d
	}
}
