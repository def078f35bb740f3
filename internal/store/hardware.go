package store

import (
	"ccms/internal/asset"
	"ccms/internal/ident"
)

var _ = table("point_hardware", own,
	plain(`point_id number operator_id sub_operator_id vendor model hardware_serial firmware meter_serial origin from_at until_at confirmed actor`),
	// A person's free text.
	personal("reason", "identifier", "with the charge point", "overwrite"))

var (
	qDeviceSave = stmt(`INSERT INTO point_hardware (point_id, number, operator_id, sub_operator_id, vendor, model, hardware_serial, firmware, meter_serial,
			origin, from_at, until_at, confirmed, reason, actor)
		VALUES (?, ?, {{own point_hardware}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (point_id, number) DO UPDATE SET vendor = excluded.vendor, model = excluded.model, hardware_serial = excluded.hardware_serial,
			firmware = excluded.firmware, meter_serial = excluded.meter_serial, origin = excluded.origin, from_at = excluded.from_at,
			until_at = excluded.until_at, confirmed = excluded.confirmed, reason = excluded.reason, actor = excluded.actor
		WHERE {{scope point_hardware point_hardware}}`)
	qDevices = stmt(`SELECT d.point_id, d.number, d.operator_id, d.sub_operator_id, d.vendor, d.model, d.hardware_serial, d.firmware, d.meter_serial,
			d.origin, d.from_at, d.until_at, d.confirmed, d.reason, d.actor
		FROM point_hardware d WHERE {{scope point_hardware d}} AND d.point_id = ? ORDER BY d.number`)
	qConfigurationForget = stmt(`DELETE FROM point_configurations WHERE {{scope point_configurations point_configurations}} AND point_id = ?`)
)

// DevicesOf implements asset.Tx.
func (tx *Tx) DevicesOf(p ident.ChargePoint) ([]asset.Device, error) {
	return all(tx, qDevices, func(r *Row, d *asset.Device) error {
		return r.Scan(&d.Point, &d.Number, &d.Operator, &d.Sub, &d.Vendor, &d.Model, &d.Serial, &d.Firmware, &d.MeterSerial,
			&d.Origin, &d.From, &d.Until, &d.Confirmed, &d.Reason, &d.Actor)
	}, p)
}

// SaveDevice implements asset.Tx.
func (tx *Tx) SaveDevice(d asset.Device) error {
	return tx.execOne("device", qDeviceSave, d.Point, d.Number, d.Operator, d.Sub, d.Vendor, d.Model, d.Serial, d.Firmware, d.MeterSerial,
		d.Origin, d.From, d.Until, d.Confirmed, d.Reason, d.Actor)
}

// ForgetConfiguration implements asset.Tx.
func (tx *Tx) ForgetConfiguration(p ident.ChargePoint) error {
	_, err := tx.exec(qConfigurationForget, p)
	return err
}
