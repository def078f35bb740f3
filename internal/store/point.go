package store

import (
	"strconv"

	"ccms/internal/asset"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/session"
)

var (
	_ = table("charge_points", own,
		plain(`id operator_id sub_operator_id site_id identity name name_sort code charger_type max_power_w plan_id status
			key_mac_text key_mac_raw version created_at
			vendor model hardware_serial firmware iccid imsi meter_type meter_serial booted_at
			connection_epoch node connected_at disconnected_at last_seen_at online_until clock_offset_us zone
			own_status own_error_code own_vendor_error_code own_info own_status_at own_received_at rolled
			subprotocol settings_differ upgrading`))
	_ = table("code_counters", shared, plain("operator_id sub_operator_id value"))
)

const pointCols = `p.id, p.operator_id, p.sub_operator_id, p.site_id, p.identity, p.name, p.code, p.charger_type, p.max_power_w,
	p.plan_id, p.status, p.key_mac_text, p.key_mac_raw, p.version,
	p.vendor, p.model, p.hardware_serial, p.firmware, p.iccid, p.imsi, p.meter_type, p.meter_serial, p.booted_at,
	p.connection_epoch, p.node, p.connected_at, p.disconnected_at, p.last_seen_at, p.clock_offset_us, p.zone,
	p.own_status, p.own_error_code, p.own_vendor_error_code, p.own_info, p.own_status_at, p.own_received_at, p.rolled,
	p.subprotocol, p.settings_differ, p.upgrading`

var (
	// A code that is taken is not an error: the next free one may be tried in the same
	// transaction. An identity that is taken is one.
	qPointInsert = stmt(`INSERT INTO charge_points (operator_id, sub_operator_id, id, site_id, identity, name, name_sort, code, charger_type,
			max_power_w, plan_id, status, key_mac_text, key_mac_raw, version, created_at, rolled, subprotocol)
		VALUES ({{own charge_points}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (operator_id, code) DO NOTHING`)
	qPointSave = stmt(`UPDATE charge_points SET site_id = ?, name = ?, name_sort = ?, code = ?, charger_type = ?, max_power_w = ?, plan_id = ?,
			status = ?, key_mac_text = ?, key_mac_raw = ?, subprotocol = ?, version = version + 1
		WHERE {{scope charge_points charge_points}} AND id = ? AND version = ?`)
	qPointDelete  = stmt(`DELETE FROM charge_points WHERE {{scope charge_points charge_points}} AND id = ? AND version = ?`)
	qPointVersion = stmt(`SELECT p.version FROM charge_points p WHERE {{scope charge_points p}} AND p.id = ?`)
	qPoint        = stmt(`SELECT ` + pointCols + ` FROM charge_points p WHERE {{scope charge_points p}} AND p.id = ?`)
	qPointLock    = stmt(`SELECT ` + pointCols + ` FROM charge_points p WHERE {{scope charge_points p}} AND p.id = ? {{lock}}`)
	qPointAt      = stmt(`SELECT ` + pointCols + `, t.time_zone, t.plan_id FROM charge_points p JOIN sites t ON {{scope sites t}} AND t.id = p.site_id
		WHERE {{scope charge_points p}} AND p.id = ? {{lock p}}`)
	qPointNamed = stmt(`SELECT ` + pointCols + ` FROM charge_points p WHERE {{scope charge_points p key}} AND p.identity = ?`)
	qPointsOpen = stmt(`SELECT ` + pointCols + ` FROM charge_points p WHERE {{scope charge_points p}} AND p.node = ?
		AND p.connected_at IS NOT NULL AND p.disconnected_at IS NULL ORDER BY p.id LIMIT ?`)
	qCodeNext = stmt(`INSERT INTO code_counters (operator_id, sub_operator_id, value) VALUES ({{own code_counters}}, ?)
		ON CONFLICT (operator_id) DO UPDATE SET value = code_counters.value + 1 WHERE {{scope code_counters code_counters}}
		RETURNING value`)

	pointList = listing(listSpec{
		Cols: pointCols + `, s.name, s.time_zone`,
		From: "charge_points p JOIN sites s ON s.id = p.site_id",
		Where: `{{scope charge_points p}} AND {{scope sites s}}
			{{if at}} AND p.site_id = ? {{end}}
			{{if status}} AND p.status = ? {{end}}
			{{if online}} AND p.online_until > ? {{end}}
			{{if offline}} AND p.online_until <= ? {{end}}
			{{if differ}} AND p.settings_differ > 0 {{end}}
			{{if rolled}} AND p.rolled = ? {{end}}
			{{if connector}} AND EXISTS (SELECT 1 FROM connectors c WHERE {{scope connectors c}} AND c.point_id = p.id AND c.status = ?) {{end}}
			{{if site}} AND EXISTS (SELECT 1 FROM asset_words w WHERE {{scope asset_words w}}
				AND w.object_id = p.site_id AND w.field = 'site.name' AND w.phrase >= ? AND w.phrase < ?) {{end}}
			{{if name}} AND EXISTS (SELECT 1 FROM asset_words w WHERE {{scope asset_words w}}
				AND w.object_id = p.id AND w.field = 'point.name' AND w.phrase >= ? AND w.phrase < ?) {{end}}
			{{if q}} AND EXISTS (SELECT 1 FROM asset_words w WHERE {{scope asset_words w}}
				AND w.object_id = p.id AND w.field = 'point.any' AND w.phrase >= ? AND w.phrase < ?) {{end}}`,
		ID:    "p.id",
		Sorts: map[string]string{"name": "p.name_sort", "code": "p.code", "identity": "p.identity", "created": "p.created_at"},
		Sort:  "name",
	})
)

func scanPoint(r *Row, p *asset.ChargePoint) error {
	var offset int64
	err := r.Scan(&p.ID, &p.Operator, &p.Sub, &p.Site, &p.Identity, &p.Name, &p.Code, &p.Type, &p.MaxPower,
		&p.Plan, &p.Status, &p.Keys.Text, &p.Keys.Raw, &p.Version,
		&p.Vendor, &p.Model, &p.Serial, &p.Firmware, &p.ICCID, &p.IMSI, &p.MeterType, &p.MeterSerial, &p.BootedAt,
		&p.Epoch, &p.Node, &p.ConnectedAt, &p.DisconnectedAt, &p.LastSeenAt, &offset, &p.Zone,
		&p.Own.Status, &p.Own.ErrorCode, &p.Own.VendorErrorCode, &p.Own.Info, &p.Own.StatusAt, &p.Own.ReceivedAt, &p.Rolled,
		&p.Offer, &p.SettingsDiffer, &p.Upgrading)
	p.ClockOffset = duration(offset)
	return err
}

// InsertPoint implements asset.Tx.
func (tx *Tx) InsertPoint(p asset.ChargePoint) (codeFree bool, err error) {
	n, err := tx.exec(qPointInsert, p.Operator, p.Sub, p.ID, p.Site, p.Identity, p.Name, sortKey(p.Name), p.Code, p.Type,
		p.MaxPower, p.Plan, p.Status, p.Keys.Text, p.Keys.Raw, p.Version, tx.now, p.Rolled, p.Offer)
	switch {
	case duplicate(err, "charge_points_identity"):
		return false, identityTaken
	case err != nil || n == 0:
		return false, err
	}
	if err := tx.noAlias(p); err != nil {
		return false, err
	}
	tx.pointChanged(p)
	return true, tx.savePointWords(p)
}

var identityTaken = fault.New(fault.Conflict, "identity_taken",
	"A charge point with this identity is registered already. An identity belongs to one charge point on the whole platform.").
	At("/identity", "is taken")

// SavePoint implements asset.Tx.
func (tx *Tx) SavePoint(p asset.ChargePoint, version int64) error {
	n, err := tx.exec(qPointSave, p.Site, p.Name, sortKey(p.Name), p.Code, p.Type, p.MaxPower, p.Plan, p.Status,
		p.Keys.Text, p.Keys.Raw, p.Offer, p.ID, version)
	if duplicate(err, "charge_points_code") {
		return asset.CodeTaken
	}
	if err := tx.oneVersion("charge point", n, err, qPointVersion, p.ID, version); err != nil {
		return err
	}
	tx.pointChanged(p)
	return tx.savePointWords(p)
}

func (tx *Tx) savePointWords(p asset.ChargePoint) error {
	return tx.saveWords(p.Operator, p.Sub, p.ID, map[string][]string{
		"point.name": {p.Name}, "point.any": {p.Name, p.Code, p.Identity, p.Serial}})
}

// DeletePoint implements asset.Tx. The point's connectors go with it.
func (tx *Tx) DeletePoint(id ident.ChargePoint, version int64) error {
	p, err := tx.PointByID(id)
	if err != nil {
		return err
	}
	n, err := tx.exec(qPointDelete, id, version)
	if err := tx.oneVersion("charge point", n, err, qPointVersion, id, version); err != nil {
		return err
	}
	tx.pointChanged(p)
	if err := tx.forgetAssignments(id); err != nil {
		return err
	}
	return tx.forgetWords(id)
}

// PointByID implements asset.Tx.
func (tx *Tx) PointByID(id ident.ChargePoint) (asset.ChargePoint, error) {
	return one(tx, "charge point", qPoint, scanPoint, id)
}

// lockedPoint is a charge point whose lock the closure holds: until it writes there itself
// the row stays as it was read.
type lockedPoint struct {
	asset.ChargePoint
	session.Place
}

// LockPoint implements asset.Tx.
func (tx *Tx) LockPoint(id ident.ChargePoint) (asset.ChargePoint, error) {
	if tx.point != nil && tx.point.ID == id {
		return tx.point.ChargePoint, nil
	}
	return one(tx, "charge point", qPointLock, scanPoint, id)
}

// PointAt implements session.Tx.
func (tx *Tx) PointAt(id ident.ChargePoint) (asset.ChargePoint, session.Place, error) {
	p, err := one(tx, "charge point", qPointAt, func(r *Row, p *lockedPoint) error {
		if err := scanPoint(r, &p.ChargePoint); err != nil {
			return err
		}
		return r.Scan(&p.Place.Zone, &p.Place.Plan)
	}, id)
	if err == nil {
		tx.point = &p
	}
	return p.ChargePoint, p.Place, err
}

// PointByIdentity implements asset.Tx.
func (tx *Tx) PointByIdentity(identity string) (asset.ChargePoint, error) {
	return one(tx, "charge point", qPointNamed, scanPoint, identity)
}

// OpenPoints implements asset.Tx.
func (tx *Tx) OpenPoints(node string, limit int) ([]asset.ChargePoint, error) {
	return all(tx, qPointsOpen, scanPoint, node, limit)
}

// firstCode is where the guide's codes begin.
const firstCode = 1000

// NextPointCode implements asset.Tx.
func (tx *Tx) NextPointCode(op ident.Operator) (string, error) {
	n, err := scalar[int64](tx, qCodeNext, op, ident.SubOperator{}, firstCode)
	return strconv.FormatInt(n, 10), err
}

// ListPoints implements asset.Tx.
func (tx *Tx) ListPoints(f asset.PointFilter, p operator.Page) (operator.List[asset.PointView], error) {
	online, offline := f.Online != nil && *f.Online, f.Online != nil && !*f.Online
	// OFFLINE is a matter of time, the other words stand in the row and count while online.
	switch f.Point {
	case "":
	case asset.PointOffline:
		offline = true
	default:
		online = true
	}
	online = online || f.Connector != ""
	out, err := listed(list(tx, pointList, pageOf(p), func(r *Row, v *asset.PointView) error {
		if err := scanPoint(r, &v.ChargePoint); err != nil {
			return err
		}
		return r.Scan(&v.SiteName, &v.SiteZone)
	},
		optIf(!f.Site.IsZero(), "at", f.Site),
		optIf(f.Status != "", "status", f.Status),
		optIf(online, "online", micros(f.Now)),
		optIf(offline, "offline", micros(f.Now)),
		optIf(f.Differ, "differ"),
		optIf(f.Point != "" && f.Point != asset.PointOffline, "rolled", f.Point), optIf(f.Connector != "", "connector", f.Connector),
		phrase("site", f.SiteName), phrase("name", f.Name), phrase("q", f.Q)))
	if err != nil || len(out.Items) == 0 {
		return out, err
	}
	return out, tx.addConnectors(out.Items)
}

var _ asset.Tx = (*Tx)(nil)
