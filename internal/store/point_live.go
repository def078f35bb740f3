package store

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
)

// What a device reports: none of it touches version or an indexed column.
var (
	qPointOpen = stmt(`UPDATE charge_points SET connection_epoch = connection_epoch + 1, node = ?, connected_at = ?, disconnected_at = NULL,
			last_seen_at = ?, online_until = ?
		WHERE {{scope charge_points charge_points}} AND id = ?`)
	qPointClose = stmt(`UPDATE charge_points SET disconnected_at = ?, online_until = ?
		WHERE {{scope charge_points charge_points}} AND id = ? AND connection_epoch = ? AND disconnected_at IS NULL`)
	qPointSeen = stmt(`UPDATE charge_points SET last_seen_at = ?, online_until = ?
		WHERE {{scope charge_points charge_points}} AND id = ? AND connection_epoch = ? AND disconnected_at IS NULL`)
	qPointBoot = stmt(`UPDATE charge_points SET vendor = ?, model = ?, hardware_serial = ?, firmware = ?, iccid = ?, imsi = ?,
			meter_type = ?, meter_serial = ?, booted_at = ?
		WHERE {{scope charge_points charge_points}} AND id = ?`)
	qPointClock = stmt(`UPDATE charge_points SET clock_offset_us = ?, zone = ? WHERE {{scope charge_points charge_points}} AND id = ?`)
	qPointOwn   = stmt(`UPDATE charge_points SET own_status = ?, own_error_code = ?, own_vendor_error_code = ?, own_info = ?,
			own_status_at = ?, own_received_at = ?, rolled = ?, upgrading = ?
		WHERE {{scope charge_points charge_points}} AND id = ?`)
)

// until is the stored form of the end of a point's being online; one that never
// connected is offline since ever.
func until(c asset.Connection) int64 {
	if at := c.OnlineUntil(); !at.IsZero() {
		return micros(at)
	}
	return 0
}

func duration(us int64) time.Duration { return time.Duration(us) * time.Microsecond }

// OpenConnection implements asset.Tx.
func (tx *Tx) OpenConnection(id ident.ChargePoint, node string, at time.Time) (asset.ChargePoint, error) {
	c := asset.Connection{ConnectedAt: at, LastSeenAt: at}
	if err := tx.execOne("charge point", qPointOpen, node, at, at, until(c), id); err != nil {
		return asset.ChargePoint{}, err
	}
	p, err := tx.PointByID(id)
	if err == nil {
		tx.pointChanged(p)
	}
	return p, err
}

// CloseConnection implements asset.Tx.
func (tx *Tx) CloseConnection(id ident.ChargePoint, epoch int64, at time.Time) (asset.ChargePoint, bool, error) {
	p, err := tx.LockPoint(id)
	if err != nil || p.Epoch != epoch || !p.Open() {
		return p, false, err
	}
	p.DisconnectedAt = at
	if _, err := tx.exec(qPointClose, at, until(p.Connection), id, epoch); err != nil {
		return p, false, err
	}
	tx.pointChanged(p)
	return p, true, nil
}

// SaveSeen implements asset.Tx. A socket that a newer one replaced is not seen.
func (tx *Tx) SaveSeen(p asset.ChargePoint) error {
	_, err := tx.exec(qPointSeen, p.LastSeenAt, until(p.Connection), p.ID, p.Epoch)
	return err
}

// SaveBoot implements asset.Tx. What a point is found by is written again only where the
// serial is another: after an outage every point boots, and none of them is a new one.
func (tx *Tx) SaveBoot(p asset.ChargePoint, found string) error {
	if err := tx.laterOne("charge point", qPointBoot, p.Vendor, p.Model, p.Serial, p.Firmware, p.ICCID, p.IMSI,
		p.MeterType, p.MeterSerial, p.BootedAt, p.ID); err != nil {
		return err
	}
	tx.pointChanged(p)
	if p.Serial == found {
		return nil
	}
	return tx.savePointWords(p)
}

// SaveClock implements asset.Tx.
func (tx *Tx) SaveClock(p asset.ChargePoint) error {
	return tx.laterOne("charge point", qPointClock, p.ClockOffset.Microseconds(), p.Zone, p.ID)
}

// SaveOwn implements asset.Tx.
func (tx *Tx) SaveOwn(p asset.ChargePoint) error {
	tx.pointChanged(p)
	return tx.laterOne("charge point", qPointOwn, p.Own.Status, p.Own.ErrorCode, p.Own.VendorErrorCode, p.Own.Info,
		p.Own.StatusAt, p.Own.ReceivedAt, p.Rolled, p.Upgrading, p.ID)
}

// pointChanged tells screens, once per closure and point.
func (tx *Tx) pointChanged(p asset.ChargePoint) {
	id := p.ID.String()
	for _, c := range tx.changes {
		if c.Topic == "charge_points" && c.ID == id {
			return
		}
	}
	tx.Changed(Change{Topic: "charge_points", Operator: p.Operator, Sub: p.Sub, ID: id, Point: p.ID})
}
