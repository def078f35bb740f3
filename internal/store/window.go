package store

import (
	"encoding/json"
	"fmt"
	"time"

	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/upkeep"
)

var (
	_ = table("maintenance_windows", own,
		plain("id operator_id sub_operator_id site_id point_id begins_at ends_at created_by created_at ended_by due_at version"),
		// A person's free text.
		personal("reason", "identifier", "400 days from the end", "delete row"))
	_ = table("warning_settings", shared, plain("operator_id sub_operator_id levels version"))
)

const (
	windowCols = `m.id, m.operator_id, m.sub_operator_id, m.site_id, m.point_id, m.begins_at, m.ends_at, m.reason, m.created_by, m.created_at,
	m.ended_by, m.due_at, m.version`
	windowRowCols = windowCols + `, t.name, t.time_zone, p.name`
	windowRowFrom = `maintenance_windows m
		LEFT JOIN sites t ON {{scope sites t}} AND t.id = m.site_id
		LEFT JOIN charge_points p ON {{scope charge_points p}} AND p.id = m.point_id`
)

var (
	qWindowInsert = stmt(`INSERT INTO maintenance_windows (operator_id, sub_operator_id, id, site_id, point_id, begins_at, ends_at, reason, created_by,
			created_at, ended_by, due_at, version)
		VALUES ({{own maintenance_windows}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qWindowSave = stmt(`UPDATE maintenance_windows SET begins_at = ?, ends_at = ?, ended_by = ?, due_at = ?, version = version + 1
		WHERE {{scope maintenance_windows maintenance_windows}} AND id = ? AND version = ?`)
	qWindowVersion = stmt(`SELECT m.version FROM maintenance_windows m WHERE {{scope maintenance_windows m}} AND m.id = ?`)
	qWindowLock    = stmt(`SELECT ` + windowCols + ` FROM maintenance_windows m WHERE {{scope maintenance_windows m}} AND m.id = ? {{lock}}`)
	qWindowRow     = stmt(`SELECT ` + windowRowCols + ` FROM ` + windowRowFrom + ` WHERE {{scope maintenance_windows m}} AND m.id = ?`)
	qWindowsDue    = stmt(`SELECT ` + windowCols + ` FROM maintenance_windows m WHERE {{scope maintenance_windows m}} AND m.due_at <= ?
		ORDER BY m.due_at LIMIT ?`)
	// What is not over has due_at after its end.
	qInWindow = stmt(`SELECT count(*) FROM maintenance_windows m WHERE {{scope maintenance_windows m}} AND m.operator_id = ? AND m.due_at > ?
		AND m.begins_at <= ? AND m.ends_at > ? AND (m.point_id = ? OR m.point_id = ? AND m.site_id = ?)`)
	qAside = stmt(`SELECT ` + warningCols + ` FROM warnings w WHERE {{scope warnings w}} AND w.operator_id = ? AND w.state = 'SUPPRESSED'
		AND w.id > ? {{if point}} AND w.point_id = ? {{end}} {{if site}} AND w.site_id = ? {{end}} ORDER BY w.id LIMIT ?`)
	qAsideCount = stmt(`SELECT count(*) FROM warnings w WHERE {{scope warnings w}} AND w.operator_id = ? AND w.state = 'SUPPRESSED'
		{{if point}} AND w.point_id = ? {{end}} {{if site}} AND w.site_id = ? {{end}}`)

	windowList = listing(listSpec{
		Cols: windowRowCols,
		From: windowRowFrom,
		Where: `{{scope maintenance_windows m}}
			{{if planned}} AND m.begins_at > ? {{end}} {{if running}} AND m.due_at > ? AND m.begins_at <= ? AND m.ends_at > ? {{end}} {{if over}} AND m.ends_at <= ? {{end}}
			{{if site}} AND m.site_id = ? {{end}} {{if point}} AND m.point_id = ? {{end}}
			{{if site_name}} AND EXISTS (SELECT 1 FROM asset_words v WHERE {{scope asset_words v}} AND v.object_id = m.site_id
				AND v.field = 'site.name' AND v.phrase >= ? AND v.phrase < ?) {{end}}
			{{if point_name}} AND EXISTS (SELECT 1 FROM asset_words x WHERE {{scope asset_words x}} AND x.object_id = m.point_id
				AND x.field = 'point.name' AND x.phrase >= ? AND x.phrase < ?) {{end}}`,
		ID:    "m.id",
		Sorts: map[string]string{"from": "m.begins_at", "until": "m.ends_at"},
		Sort:  "-from",
	})

	qWarningSettings     = stmt(`SELECT g.operator_id, g.levels, g.version FROM warning_settings g WHERE {{scope warning_settings g}} AND g.operator_id = ?`)
	qWarningSettingsSave = stmt(`INSERT INTO warning_settings (operator_id, sub_operator_id, levels, version) VALUES ({{own warning_settings}}, ?, ?)
		ON CONFLICT (operator_id) DO UPDATE SET levels = excluded.levels, version = excluded.version
		WHERE {{scope warning_settings warning_settings}} AND warning_settings.version = excluded.version - 1`)
)

func scanWindow(r *Row, w *upkeep.Window) error {
	return r.Scan(&w.ID, &w.Operator, &w.Sub, &w.Site, &w.Point, &w.From, &w.Until, &w.Reason, &w.CreatedBy, &w.CreatedAt, &w.EndedBy, &w.DueAt, &w.Version)
}

func scanWindowRow(r *Row, x *upkeep.WindowRow) error {
	if err := scanWindow(r, &x.Window); err != nil {
		return err
	}
	return r.Scan(&x.SiteName, &x.TimeZone, &x.PointName)
}

// InsertWindow implements upkeep.WindowTx.
func (tx *Tx) InsertWindow(w upkeep.Window) error {
	_, err := tx.exec(qWindowInsert, w.Operator, w.Sub, w.ID, w.Site, w.Point, w.From, w.Until, w.Reason, w.CreatedBy, w.CreatedAt, w.EndedBy, w.DueAt, w.Version)
	return err
}

// SaveWindow implements upkeep.WindowTx.
func (tx *Tx) SaveWindow(w upkeep.Window) error {
	n, err := tx.exec(qWindowSave, w.From, w.Until, w.EndedBy, w.DueAt, w.ID, w.Version)
	return tx.oneVersion("window of maintenance", n, err, qWindowVersion, w.ID, w.Version)
}

// LockWindow implements upkeep.WindowTx.
func (tx *Tx) LockWindow(id ident.Window) (upkeep.Window, error) {
	return one(tx, "window of maintenance", qWindowLock, scanWindow, id)
}

// WindowRow implements upkeep.WindowTx.
func (tx *Tx) WindowRow(id ident.Window) (upkeep.WindowRow, error) {
	r, err := one(tx, "window of maintenance", qWindowRow, scanWindowRow, id)
	if err != nil {
		return r, err
	}
	return r, tx.countAside(&r)
}

// countAside counts what is suppressed in a window; in one that is done with there is nothing.
func (tx *Tx) countAside(r *upkeep.WindowRow) (err error) {
	if !r.DueAt.IsZero() && r.State(tx.now) != upkeep.WindowPlanned {
		r.Suppressed, err = scalar[int](tx, qAsideCount, r.Operator,
			optIf(!r.Point.IsZero(), "point", r.Point), optIf(r.Point.IsZero(), "site", r.Site))
	}
	return err
}

// WindowList implements upkeep.WindowTx.
func (tx *Tx) WindowList(f upkeep.WindowFilter, p operator.Page) (operator.List[upkeep.WindowRow], error) {
	l, err := listed(list(tx, windowList, pageOf(p), scanWindowRow,
		optIf(f.State == upkeep.WindowPlanned, "planned", tx.now), optIf(f.State == upkeep.WindowRunning, "running", tx.now, tx.now, tx.now),
		optIf(f.State == upkeep.WindowIsOver, "over", tx.now),
		optIf(!f.Site.IsZero(), "site", f.Site), optIf(!f.Point.IsZero(), "point", f.Point),
		phrase("site_name", f.SiteName), phrase("point_name", f.PointName)))
	for i := range l.Items {
		if err == nil {
			err = tx.countAside(&l.Items[i])
		}
	}
	return l, err
}

// InWindow implements upkeep.WindowTx.
func (tx *Tx) InWindow(op ident.Operator, site ident.Site, point ident.ChargePoint, now time.Time) (bool, error) {
	n, err := scalar[int](tx, qInWindow, op, now, now, now, point, ident.ChargePoint{}, site)
	return n > 0, err
}

// DueWindows implements upkeep.WindowTx.
func (tx *Tx) DueWindows(now time.Time, limit int) ([]upkeep.Window, error) {
	return all(tx, qWindowsDue, scanWindow, now, limit)
}

// AsideIn implements upkeep.WindowTx.
func (tx *Tx) AsideIn(w upkeep.Window, after ident.Warning, limit int) ([]upkeep.Warning, error) {
	return all(tx, qAside, scanWarning, w.Operator, after,
		optIf(!w.Point.IsZero(), "point", w.Point), optIf(w.Point.IsZero(), "site", w.Site), limit)
}

// LevelSettings implements upkeep.RulesTx.
func (tx *Tx) LevelSettings(op ident.Operator) (upkeep.LevelSettings, error) {
	s, ok, err := maybe(tx, qWarningSettings, func(r *Row, s *upkeep.LevelSettings) error {
		var levels []byte
		if err := r.Scan(&s.Operator, &levels, &s.Version); err != nil {
			return err
		}
		if err := json.Unmarshal(levels, &s.Levels); err != nil {
			return fmt.Errorf("levels: %w", err)
		}
		return nil
	}, op)
	if !ok {
		s.Operator, s.Version = op, 1 // what is built in, before anybody changed it
	}
	return s, err
}

// SaveLevelSettings implements upkeep.RulesTx.
func (tx *Tx) SaveLevelSettings(s upkeep.LevelSettings) error {
	levels, err := json.Marshal(s.Levels)
	if err != nil {
		return err
	}
	return tx.execOne("levels of warnings", qWarningSettingsSave, s.Operator, ident.SubOperator{}, levels, s.Version)
}
