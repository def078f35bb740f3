package store

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/upkeep"
)

var (
	_ = table("warnings", own,
		plain(`id operator_id sub_operator_id site_id point_id connector warning_type code firmware level state times first_at at
			received_at parent_id children session_id detail gone_at due_at acknowledged_at acknowledged_by cleared_at cleared_by version`),
		// A person's free text.
		personal("clear_reason", "identifier", "400 days from clearing", "overwrite"))
	_ = table("warning_entries", own, prunable(),
		plain("warning_id number operator_id sub_operator_id kind at received_at session_id actor"),
		personal("note", "identifier", "400 days from clearing", "delete row"))
)

const warningCols = `w.id, w.operator_id, w.sub_operator_id, w.site_id, w.point_id, w.connector, w.warning_type, w.code, w.firmware, w.level,
	w.state, w.times, w.first_at, w.at, w.received_at, w.parent_id, w.children, w.session_id, w.detail, w.gone_at, w.due_at,
	w.acknowledged_at, w.acknowledged_by, w.cleared_at, w.cleared_by, w.clear_reason, w.version`

const (
	warningRowCols = warningCols + `, t.name, t.time_zone, p.name, p.identity, p.connected_at, p.disconnected_at, p.last_seen_at, p.rolled`
	warningRowFrom = `warnings w
		LEFT JOIN sites t ON {{scope sites t}} AND t.id = w.site_id
		LEFT JOIN charge_points p ON {{scope charge_points p}} AND p.id = w.point_id`
)

var (
	qWarningInsert = stmt(`INSERT INTO warnings (operator_id, sub_operator_id, id, site_id, point_id, connector, warning_type, code, firmware,
			level, state, times, first_at, at, received_at, parent_id, children, session_id, detail, gone_at, due_at,
			acknowledged_at, acknowledged_by, cleared_at, cleared_by, clear_reason, version)
		VALUES ({{own warnings}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qWarningSave = stmt(`UPDATE warnings SET level = ?, state = ?, times = ?, first_at = ?, at = ?, received_at = ?, parent_id = ?,
			children = ?, session_id = ?, detail = ?, gone_at = ?, due_at = ?, acknowledged_at = ?, acknowledged_by = ?,
			cleared_at = ?, cleared_by = ?, clear_reason = ?, version = ?
		WHERE {{scope warnings warnings}} AND id = ? AND version = ?`)
	qWarningVersion = stmt(`SELECT w.version FROM warnings w WHERE {{scope warnings w}} AND w.id = ?`)
	qWarningLock    = stmt(`SELECT ` + warningCols + ` FROM warnings w WHERE {{scope warnings w}} AND w.id = ? {{lock}}`)
	qWarningsLive   = stmt(`SELECT ` + warningCols + ` FROM warnings w WHERE {{scope warnings w key}} AND (w.operator_id = ?) IS TRUE AND w.point_id = ?
		AND w.state <> 'CLEARED' ORDER BY w.id {{lock}}`)
	qWarningKeyed = stmt(`SELECT ` + warningCols + ` FROM warnings w WHERE {{scope warnings w key}} AND (w.operator_id = ?) IS TRUE AND w.point_id = ?
		AND w.sub_operator_id = ? AND w.connector = ? AND w.warning_type = ? AND w.code = ? AND w.state <> 'CLEARED' {{lock}}`)
	qWarningsDue = stmt(`SELECT w.operator_id, w.id FROM warnings w WHERE {{scope warnings w}} AND w.due_at <= ? ORDER BY w.due_at LIMIT ?`)
	qWarningsOf  = stmt(`SELECT count(*) FROM warnings w WHERE {{scope warnings w}} AND w.operator_id = ? AND w.warning_type = ? AND w.state <> 'CLEARED'`)
	qAway        = stmt(`SELECT ` + warningCols + ` FROM warnings w WHERE {{scope warnings w}} AND w.operator_id = ? AND w.sub_operator_id = ?
		AND w.state NOT IN ('CLEARED', 'SUPPRESSED') AND w.warning_type = 'OFFLINE' AND w.code = '' AND w.gone_at IS NULL AND w.at >= ?
		{{if site}} AND w.site_id = ? {{end}} {{if firmware}} AND w.firmware = ? {{end}} ORDER BY w.at, w.id LIMIT ?`)
	qChildren = stmt(`SELECT ` + warningCols + ` FROM warnings w WHERE {{scope warnings w key}} AND (w.operator_id = ?) IS TRUE AND w.parent_id = ?
		AND w.state <> 'CLEARED' ORDER BY w.at, w.id LIMIT ?`)
	qChildCount = stmt(`SELECT count(*), coalesce(sum(CASE WHEN w.gone_at IS NULL THEN 1 ELSE 0 END), 0) FROM warnings w
		WHERE {{scope warnings w key}} AND (w.operator_id = ?) IS TRUE AND w.parent_id = ? AND w.state <> 'CLEARED'`)
	qWarningRow = stmt(`SELECT ` + warningRowCols + ` FROM ` + warningRowFrom + ` WHERE {{scope warnings w}} AND w.id = ?`)

	qEntryAdd = stmt(`INSERT INTO warning_entries (operator_id, sub_operator_id, warning_id, number, kind, at, received_at, session_id, actor, note)
		VALUES ({{own warning_entries}}, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qEntries = stmt(`SELECT e.warning_id, e.number, e.kind, e.at, e.received_at, e.session_id, e.actor, e.note FROM warning_entries e
		WHERE {{scope warning_entries e}} AND e.warning_id = ? ORDER BY e.number DESC LIMIT ?`)
	qEntryAbout = stmt(`SELECT count(*) FROM warning_entries e WHERE {{scope warning_entries e}} AND e.warning_id = ? AND e.session_id = ?`)

	qUndecided = stmt(`SELECT count(*) FROM warning_entries e JOIN sessions s ON {{scope sessions s}} AND s.id = e.session_id
		WHERE {{scope warning_entries e}} AND e.warning_id = ? AND s.phase = 'ABNORMAL'`)

	warningList = listing(listSpec{
		Cols: warningRowCols,
		From: warningRowFrom,
		Where: `{{scope warnings w}}
			{{if live}} AND w.state <> 'CLEARED' {{end}}
			{{if states}} AND {{in w.state}} {{end}} {{if types}} AND {{in w.warning_type}} {{end}} {{if levels}} AND {{in w.level}} {{end}}
			{{if site}} AND w.site_id = ? {{end}} {{if point}} AND w.point_id = ? {{end}} {{if parent}} AND w.parent_id = ? {{end}}
			{{if from}} AND w.at >= ? {{end}} {{if to}} AND w.at < ? {{end}}
			{{if site_name}} AND EXISTS (SELECT 1 FROM asset_words v WHERE {{scope asset_words v}} AND v.object_id = w.site_id
				AND v.field = 'site.name' AND v.phrase >= ? AND v.phrase < ?) {{end}}
			{{if point_name}} AND EXISTS (SELECT 1 FROM asset_words x WHERE {{scope asset_words x}} AND x.object_id = w.point_id
				AND x.field = 'point.name' AND x.phrase >= ? AND x.phrase < ?) {{end}}`,
		ID:    "w.id",
		Sorts: map[string]string{"at": "w.at", "level": "w.level"},
		Sort:  "-at",
	})
)

func scanWarning(r *Row, w *upkeep.Warning) error {
	return r.Scan(&w.ID, &w.Operator, &w.Sub, &w.Site, &w.Point, &w.Connector, &w.Type, &w.Code, &w.Firmware, &w.Level,
		&w.State, &w.Count, &w.FirstAt, &w.At, &w.ReceivedAt, &w.Parent, &w.Children, &w.Session, &w.Detail, &w.GoneAt, &w.DueAt,
		&w.AcknowledgedAt, &w.AcknowledgedBy, &w.ClearedAt, &w.ClearedBy, &w.ClearReason, &w.Version)
}

func (tx *Tx) scanWarningRow(r *Row, x *upkeep.Row) error {
	if err := scanWarning(r, &x.Warning); err != nil {
		return err
	}
	p := asset.ChargePoint{ID: x.Point}
	if err := r.Scan(&x.SiteName, &x.TimeZone, &x.PointName, &x.PointIdentity, &p.ConnectedAt, &p.DisconnectedAt, &p.LastSeenAt, &p.Rolled); err != nil {
		return err
	}
	if x.PointIdentity != "" {
		x.PointStatus = p.PointStatus(tx.now)
	}
	return nil
}

// SaveWarning implements upkeep.Tx.
func (tx *Tx) SaveWarning(c upkeep.Changed) error {
	w := c.Warning
	if c.Was == 0 {
		if _, err := tx.exec(qWarningInsert, w.Operator, w.Sub, w.ID, w.Site, w.Point, w.Connector, w.Type, w.Code, w.Firmware,
			w.Level, w.State, w.Count, w.FirstAt, w.At, w.ReceivedAt, w.Parent, w.Children, w.Session, w.Detail, w.GoneAt, w.DueAt,
			w.AcknowledgedAt, w.AcknowledgedBy, w.ClearedAt, w.ClearedBy, w.ClearReason, w.Version); err != nil {
			return err
		}
	} else {
		n, err := tx.exec(qWarningSave, w.Level, w.State, w.Count, w.FirstAt, w.At, w.ReceivedAt, w.Parent,
			w.Children, w.Session, w.Detail, w.GoneAt, w.DueAt, w.AcknowledgedAt, w.AcknowledgedBy,
			w.ClearedAt, w.ClearedBy, w.ClearReason, w.Version, w.ID, c.Was)
		if err := tx.oneVersion("warning", n, err, qWarningVersion, w.ID, c.Was); err != nil {
			return err
		}
	}
	rows := make([][]any, len(c.Entries))
	for i, e := range c.Entries {
		rows[i] = []any{w.Operator, w.Sub, e.Warning, e.Number, e.Kind, e.At, e.ReceivedAt, e.Session, e.Actor, e.Note}
	}
	if err := tx.execMany(qEntryAdd, rows); err != nil {
		return err
	}
	tx.Changed(Change{Topic: "warnings", Operator: w.Operator, Sub: w.Sub, ID: w.ID.String(), Point: w.Point})
	return nil
}

// LockLive implements upkeep.Tx.
func (tx *Tx) LockLive(p ident.ChargePoint) ([]upkeep.Warning, error) {
	return all(tx, qWarningsLive, scanWarning, tx.scope.Operator(), p)
}

// LockKey implements upkeep.Tx.
func (tx *Tx) LockKey(k upkeep.Key) (upkeep.Warning, bool, error) {
	return maybe(tx, qWarningKeyed, scanWarning, k.Operator, k.Point, k.Sub, k.Connector, k.Type, k.Code)
}

// LockWarning implements upkeep.Tx.
func (tx *Tx) LockWarning(id ident.Warning) (upkeep.Warning, error) {
	return one(tx, "warning", qWarningLock, scanWarning, id)
}

// DueWarnings implements upkeep.Tx.
func (tx *Tx) DueWarnings(now time.Time, limit int) ([]upkeep.DueWarning, error) {
	return all(tx, qWarningsDue, func(r *Row, d *upkeep.DueWarning) error { return r.Scan(&d.Operator, &d.ID) }, now, limit)
}

// CountLive implements upkeep.Tx.
func (tx *Tx) CountLive(op ident.Operator, t upkeep.Type) (int, error) {
	return scalar[int](tx, qWarningsOf, op, t)
}

// Away implements upkeep.Tx.
func (tx *Tx) Away(f upkeep.AwayFilter, limit int) ([]upkeep.Warning, error) {
	return all(tx, qAway, scanWarning, f.Operator, f.Sub, f.Since,
		optIf(!f.Site.IsZero(), "site", f.Site), optIf(f.Site.IsZero(), "firmware", f.Firmware), limit)
}

// CountChildren implements upkeep.Tx.
func (tx *Tx) CountChildren(id ident.Warning) (live, standing int, err error) {
	err = each(tx, qChildCount, func(r *Row) error { return r.Scan(&live, &standing) }, tx.scope.Operator(), id)
	return live, standing, err
}

// ChildrenOf implements upkeep.Tx.
func (tx *Tx) ChildrenOf(id ident.Warning, limit int) ([]upkeep.Warning, error) {
	return all(tx, qChildren, scanWarning, tx.scope.Operator(), id, limit)
}

// Told implements upkeep.Tx.
func (tx *Tx) Told(w ident.Warning, s ident.Session) (bool, error) {
	n, err := scalar[int](tx, qEntryAbout, w, s)
	return n > 0, err
}

// Undecided implements upkeep.Tx.
func (tx *Tx) Undecided(w ident.Warning) (bool, error) {
	n, err := scalar[int](tx, qUndecided, w)
	return n > 0, err
}

// WarningEntries implements upkeep.Tx.
func (tx *Tx) WarningEntries(w ident.Warning, limit int) ([]upkeep.Entry, error) {
	return all(tx, qEntries, func(r *Row, e *upkeep.Entry) error {
		return r.Scan(&e.Warning, &e.Number, &e.Kind, &e.At, &e.ReceivedAt, &e.Session, &e.Actor, &e.Note)
	}, w, limit)
}

// WarningRow implements upkeep.Tx.
func (tx *Tx) WarningRow(id ident.Warning) (upkeep.Row, error) {
	return one(tx, "warning", qWarningRow, tx.scanWarningRow, id)
}

// WarningList implements upkeep.Tx.
func (tx *Tx) WarningList(f upkeep.Filter, p operator.Page) (operator.List[upkeep.Row], error) {
	live := len(f.States) > 0
	for _, s := range f.States {
		live = live && s != upkeep.Cleared
	}
	return listed(list(tx, warningList, pageOf(p), tx.scanWarningRow,
		optIf(live, "live"), optIf(len(f.States) > 0, "states", f.States),
		optIf(len(f.Types) > 0, "types", f.Types), optIf(len(f.Levels) > 0, "levels", f.Levels),
		optIf(!f.Site.IsZero(), "site", f.Site), optIf(!f.Point.IsZero(), "point", f.Point),
		optIf(f.Top || !f.Parent.IsZero(), "parent", f.Parent),
		optIf(!f.From.IsZero(), "from", f.From), optIf(!f.To.IsZero(), "to", f.To),
		phrase("site_name", f.SiteName), phrase("point_name", f.PointName)))
}

// SoleOperator implements asset.Tx.
func (tx *Tx) SoleOperator() (ident.Operator, bool, error) {
	ops, err := all(tx, qTwoOperators, func(r *Row, id *ident.Operator) error { return r.Scan(id) })
	if err != nil || len(ops) != 1 {
		return ident.Operator{}, false, err
	}
	return ops[0], true, nil
}

var qTwoOperators = stmt(`SELECT o.id FROM operators o WHERE {{scope operators o}} ORDER BY o.id LIMIT 2`)

var _ upkeep.Tx = (*Tx)(nil)
