package store

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
)

var _ = table("connectors", own,
	plain(`id operator_id sub_operator_id point_id number connector_type max_power_w reported status error_code vendor_error_code
		info status_at received_at version meter_wh meter_at meter_restarts meter_swapped`))

const connectorCols = `c.id, c.operator_id, c.sub_operator_id, c.point_id, c.number, c.connector_type, c.max_power_w, c.reported,
	c.status, c.error_code, c.vendor_error_code, c.info, c.status_at, c.received_at, c.version,
	c.meter_wh, c.meter_at, c.meter_restarts, c.meter_swapped`

var (
	qConnectorInsert = stmt(`INSERT INTO connectors (operator_id, sub_operator_id, id, point_id, number, connector_type, max_power_w, reported,
			status, error_code, vendor_error_code, info, status_at, received_at, version)
		VALUES ({{own connectors}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qConnectorSave = stmt(`UPDATE connectors SET connector_type = ?, max_power_w = ?, reported = ?, version = version + 1
		WHERE {{scope connectors connectors}} AND id = ? AND version = ?`)
	qConnectorVersion   = stmt(`SELECT c.version FROM connectors c WHERE {{scope connectors c}} AND c.id = ?`)
	qConnectorDelete    = stmt(`DELETE FROM connectors WHERE {{scope connectors connectors}} AND id = ?`)
	qConnectorCondition = stmt(`UPDATE connectors SET status = ?, error_code = ?, vendor_error_code = ?, info = ?, status_at = ?, received_at = ?
		WHERE {{scope connectors connectors}} AND id = ?`)
	qConnectorMeter = stmt(`UPDATE connectors SET meter_wh = ?, meter_at = ?, meter_swapped = ?,
			meter_restarts = CASE WHEN ? = 1 THEN meter_restarts + 1 WHEN ? = 1 THEN 0 ELSE meter_restarts END
		WHERE {{scope connectors connectors}} AND point_id = ? AND number = ? AND (meter_at IS NULL OR meter_at <= ?)`)
	// From here on it is later than any end of a session with the meter before.
	qConnectorMeterNone = stmt(`UPDATE connectors SET meter_wh = 0, meter_at = ?, meter_swapped = 0, meter_restarts = 0
		WHERE {{scope connectors connectors}} AND point_id = ?`)
	qConnectors   = stmt(`SELECT ` + connectorCols + ` FROM connectors c WHERE {{scope connectors c}} AND c.point_id = ? ORDER BY c.number`)
	qConnectorsIn = stmt(`SELECT ` + connectorCols + ` FROM connectors c WHERE {{scope connectors c}} AND {{in c.point_id}}
		ORDER BY c.point_id, c.number`)
)

func scanConnector(r *Row, c *asset.Connector) error {
	return r.Scan(&c.ID, &c.Operator, &c.Sub, &c.Point, &c.Number, &c.Type, &c.MaxPower, &c.Reported,
		&c.Status, &c.ErrorCode, &c.VendorErrorCode, &c.Info, &c.StatusAt, &c.ReceivedAt, &c.Version,
		&c.Meter.Register, &c.Meter.At, &c.Meter.Restarts, &c.Meter.Swapped)
}

// InsertConnector implements asset.Tx.
func (tx *Tx) InsertConnector(c asset.Connector) error {
	_, err := tx.exec(qConnectorInsert, c.Operator, c.Sub, c.ID, c.Point, c.Number, c.Type, c.MaxPower, c.Reported,
		c.Status, c.ErrorCode, c.VendorErrorCode, c.Info, c.StatusAt, c.ReceivedAt, c.Version)
	return err
}

// SaveConnector implements asset.Tx.
func (tx *Tx) SaveConnector(c asset.Connector, version int64) error {
	n, err := tx.exec(qConnectorSave, c.Type, c.MaxPower, c.Reported, c.ID, version)
	return tx.oneVersion("connector", n, err, qConnectorVersion, c.ID, version)
}

// DeleteConnector implements asset.Tx.
func (tx *Tx) DeleteConnector(id ident.Connector) error {
	return tx.execOne("connector", qConnectorDelete, id)
}

// SaveCondition implements asset.Tx.
func (tx *Tx) SaveCondition(c asset.Connector) error {
	tx.pointChanged(asset.ChargePoint{ID: c.Point, Operator: c.Operator, Sub: c.Sub})
	return tx.laterOne("connector", qConnectorCondition, c.Status, c.ErrorCode, c.VendorErrorCode, c.Info, c.StatusAt, c.ReceivedAt, c.ID)
}

// LearnMeter implements asset.Tx. A connector that nobody configured or saw has no row,
// and nothing is learned of it.
func (tx *Tx) LearnMeter(p ident.ChargePoint, connector int, s asset.MeterSeen) error {
	return tx.later(qConnectorMeter, nil, s.Register, s.At, s.Swapped, s.Restarted, s.WentOn, p, connector, s.At)
}

// ForgetMeters implements asset.Tx.
func (tx *Tx) ForgetMeters(p ident.ChargePoint, at time.Time) error {
	_, err := tx.exec(qConnectorMeterNone, at, p)
	return err
}

// ConnectorsOf implements asset.Tx.
func (tx *Tx) ConnectorsOf(p ident.ChargePoint) ([]asset.Connector, error) {
	return all(tx, qConnectors, scanConnector, p)
}

// addConnectors reads the connectors of a page of points at once.
func (tx *Tx) addConnectors(views []asset.PointView) error {
	ids, at := make([]ident.ChargePoint, len(views)), map[ident.ChargePoint]int{}
	for i, v := range views {
		ids[i], at[v.ID] = v.ID, i
	}
	found, err := all(tx, qConnectorsIn, scanConnector, ids)
	for _, c := range found {
		v := &views[at[c.Point]]
		v.Connectors = append(v.Connectors, c)
	}
	return err
}
