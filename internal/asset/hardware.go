package asset

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
)

// DeviceOrigin is how we know of a device.
type DeviceOrigin string

// The origins.
const (
	DeviceFirst DeviceOrigin = "first" // it stood there when we first heard of the charge point
	DeviceSwap  DeviceOrigin = "swap"  // staff said that it takes the place of another
	DeviceSeen  DeviceOrigin = "seen"  // it booted with a serial number that nobody expected
)

// Device is a piece of hardware that is or was a charge point. Its place, identity, code
// and history stay (AST-R1).
type Device struct {
	Point       ident.ChargePoint
	Operator    ident.Operator
	Sub         ident.SubOperator
	Number      int
	Vendor      string
	Model       string
	Serial      string // "": announced, and not heard of yet
	Firmware    string // of its last boot that changed something
	MeterSerial string
	Origin      DeviceOrigin
	From        time.Time // zero: before we took note
	Until       time.Time // zero: it stands there now
	Confirmed   bool      // nobody needs to look at it
	Reason      string    // why it was replaced or taken for right
	Actor       string
}

// DeviceChanged is the payload of FactDeviceChanged: another device answers for a point.
type DeviceChanged struct {
	Point ident.ChargePoint `json:"charge_point_id"`
	From  string            `json:"from_serial"`
	To    string            `json:"to_serial"`
	Known bool              `json:"announced,omitempty"` // staff said that it would, or that it is right
}

// maxDevices is how many are remembered of a point; what changes its serial number at
// every start fills no table.
const maxDevices = 50

func (d Device) told(p ChargePoint) Device {
	d.Vendor, d.Model, d.Serial, d.Firmware, d.MeterSerial = p.Vendor, p.Model, p.Serial, p.Firmware, p.MeterSerial
	return d
}

// noteDevice keeps the history of the hardware after a boot. before is the point as it was.
func noteDevice(tx Tx, before, p ChargePoint, at time.Time) error {
	if p.Serial == "" || p.Serial == before.Serial {
		return nil
	}
	all, err := devices(tx, before)
	if err != nil {
		return err
	}
	next := Device{Point: p.ID, Operator: p.Operator, Sub: p.Sub, Number: len(all) + 1, Origin: DeviceFirst, Confirmed: true, From: at}.told(p)
	if len(all) == 0 {
		return tx.SaveDevice(next)
	}
	last := all[len(all)-1]
	if last.Serial == p.Serial { // it said none in between
		return tx.SaveDevice(last.told(p))
	}
	if err := forgetHardware(tx, before, at); err != nil {
		return err
	}
	if last.Serial == "" { // the one that staff announced
		if err := tx.SaveDevice(last.told(p)); err != nil {
			return err
		}
		was := ""
		if len(all) > 1 {
			was = all[len(all)-2].Serial
		}
		return recordDevice(tx, p, was, at, true)
	}
	if len(all) < maxDevices {
		last.Until, next.Origin, next.Confirmed = at, DeviceSeen, false
		if err := tx.SaveDevice(last); err != nil {
			return err
		}
	} else {
		next.Number, next.Origin, next.Confirmed = last.Number, DeviceSeen, false
	}
	if err := tx.SaveDevice(next); err != nil {
		return err
	}
	return recordDevice(tx, p, last.Serial, at, false)
}

// forgetHardware forgets what was learned of the device that was there, p as it told itself:
// another begins with a register of its own, and may do what this one could not.
func forgetHardware(tx Tx, p ChargePoint, at time.Time) error {
	if err := unlearned(tx, p); err != nil {
		return err
	}
	return tx.ForgetMeters(p.ID, at)
}

// otherMeter reports whether a boot tells of another meter than the one before.
func otherMeter(before, p ChargePoint) bool {
	return before.MeterSerial != "" && p.MeterSerial != "" && before.MeterSerial != p.MeterSerial
}

// devices is the history; one that began before it was kept begins with what is known.
func devices(tx Tx, p ChargePoint) ([]Device, error) {
	all, err := tx.DevicesOf(p.ID)
	if err != nil || len(all) > 0 || p.Serial == "" {
		return all, err
	}
	first := Device{Point: p.ID, Operator: p.Operator, Sub: p.Sub, Number: 1, Origin: DeviceFirst, Confirmed: true}.told(p)
	return []Device{first}, tx.SaveDevice(first)
}

func recordDevice(tx Tx, p ChargePoint, from string, at time.Time, known bool) error {
	return tx.Record(fact.Fact{Kind: FactDeviceChanged, Version: 1, Operator: p.Operator, Sub: p.Sub, Object: p.ID.String(), At: at,
		Payload: DeviceChanged{Point: p.ID, From: from, To: p.Serial, Known: known}})
}

// Swap says that another device takes, or has taken, the place of a charge point.
type Swap struct {
	Reason string
	// KeepKey leaves the key as it is: the new device has it already. Else the charge point
	// gets another, and the old device is out.
	KeepKey bool
}

// SwapHardware puts another device in the place of a charge point: identity, code, name and
// history stay, what was learned of the old device goes. Where the new one has booted by
// itself already, that one is meant. The key is returned where it is a new one.
func (s *Service) SwapHardware(ctx context.Context, sc authz.Scope, id ident.ChargePoint, w Swap) (PointView, string, error) {
	var bad flaws
	bad.text("/reason", w.Reason, 1, 200)
	if err := bad.err(); err != nil {
		return PointView{}, "", err
	}
	key := ""
	if !w.KeepKey {
		key = newKey()
	}
	v, err := one(ctx, s.write, sc, func(tx Tx) (PointView, error) {
		p, err := tx.LockPoint(id)
		if err != nil {
			return PointView{}, err
		}
		before := p
		if err := replaceDevice(tx, &p, sc, w.Reason); err != nil {
			return PointView{}, err
		}
		if key != "" {
			macs, err := macKey(s.opt.MAC, key)
			if err != nil {
				return PointView{}, err
			}
			if err := replaceKey(tx, &p, macs, "Other hardware took its place, with another key."); err != nil {
				return PointView{}, err
			}
		}
		if err := tx.SavePoint(p, p.Version); err != nil {
			return PointView{}, err
		}
		v, err := View(tx, id)
		if err != nil {
			return v, err
		}
		return v, tx.Audit("charge_point.swapped", id.String(), map[string]any{"hardware_serial": before.Serial},
			map[string]any{"hardware_serial": p.Serial, "kept_key": w.KeepKey, "reason": cut(w.Reason)})
	})
	if err != nil {
		return PointView{}, "", err
	}
	if !w.KeepKey {
		s.drop(id) // whoever has the old key is out
	}
	return v, key, nil
}

// replaceDevice takes note of the swap, and forgets what only the old device was.
func replaceDevice(tx Tx, p *ChargePoint, sc authz.Scope, reason string) error {
	all, err := devices(tx, *p)
	if err != nil {
		return err
	}
	if n := len(all); n > 0 && !all[n-1].Confirmed { // it is there already
		d := all[n-1]
		d.Confirmed, d.Reason, d.Actor = true, cut(reason), ActorOf(sc)
		if err := tx.SaveDevice(d); err != nil {
			return err
		}
		was := ""
		if n > 1 {
			was = all[n-2].Serial
		}
		if err := recordDevice(tx, *p, was, tx.Now(), true); err != nil {
			return err
		}
	} else {
		d := Device{Point: p.ID, Operator: p.Operator, Sub: p.Sub, Number: len(all) + 1, Origin: DeviceSwap, Confirmed: true, From: tx.Now(), Reason: cut(reason), Actor: ActorOf(sc)}
		if n > 0 && all[n-1].Serial == "" { // announced twice
			d.Number = n
		} else if n > 0 {
			last := all[n-1]
			last.Until = tx.Now()
			if err := tx.SaveDevice(last); err != nil {
				return err
			}
		}
		if d.Number > maxDevices {
			d.Number = maxDevices
		}
		if err := tx.SaveDevice(d); err != nil {
			return err
		}
		if err := forgetHardware(tx, *p, tx.Now()); err != nil { // else its boot did
			return err
		}
		found := p.Serial
		p.Serial, p.BootedAt = "", time.Time{}
		if err := tx.SaveBoot(*p, found); err != nil {
			return err
		}
	}
	p.ClockOffset, p.Zone = 0, ""
	if err := tx.SaveClock(*p); err != nil {
		return err
	}
	return tx.ForgetConfiguration(p.ID)
}

// Devices is the history of a charge point's hardware, the newest first.
func (s *Service) Devices(ctx context.Context, sc authz.Scope, id ident.ChargePoint) ([]Device, error) {
	return one(ctx, s.read, sc, func(tx Tx) ([]Device, error) {
		p, err := tx.PointByID(id)
		if err != nil {
			return nil, err
		}
		all, err := tx.DevicesOf(id)
		if err != nil {
			return nil, err
		}
		if len(all) == 0 && p.Serial != "" { // it began before it was kept
			all = []Device{Device{Point: id, Number: 1, Origin: DeviceFirst, Confirmed: true}.told(p)}
		}
		for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
			all[i], all[j] = all[j], all[i]
		}
		return all, nil
	})
}
