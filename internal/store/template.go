package store

import (
	"encoding/json"
	"fmt"
	"time"

	"ccms/internal/asset"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

var (
	_ = table("config_templates", shared,
		plain("id operator_id sub_operator_id name name_sort vendor model vendor_key model_key settings active revision changed_at version"))
	_ = table("point_settings", own,
		plain(`point_id operator_id sub_operator_id template_id revision phase cause settings checked_at started_at due_at restarted_template restarted_revision`))
)

const (
	templateCols = `e.id, e.operator_id, e.name, e.vendor, e.model, e.settings, e.active, e.revision, e.changed_at, e.version`
	settingsCols = `g.point_id, g.operator_id, g.sub_operator_id, g.template_id, g.revision, g.phase, g.cause, g.settings, g.checked_at, g.started_at, g.due_at,
	g.restarted_template, g.restarted_revision`
)

var (
	qTemplateInsert = stmt(`INSERT INTO config_templates (operator_id, sub_operator_id, id, name, name_sort, vendor, model, vendor_key, model_key, settings,
			active, revision, changed_at, version)
		VALUES ({{own config_templates}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qTemplateSave = stmt(`UPDATE config_templates SET name = ?, name_sort = ?, vendor = ?, model = ?, vendor_key = ?, model_key = ?, settings = ?,
			active = ?, revision = ?, changed_at = ?, version = version + 1
		WHERE {{scope config_templates config_templates}} AND id = ? AND version = ?`)
	qTemplateDelete  = stmt(`DELETE FROM config_templates WHERE {{scope config_templates config_templates}} AND id = ? AND version = ?`)
	qTemplateVersion = stmt(`SELECT e.version FROM config_templates e WHERE {{scope config_templates e}} AND e.id = ?`)
	qTemplate        = stmt(`SELECT ` + templateCols + ` FROM config_templates e WHERE {{scope config_templates e}} AND e.id = ?`)
	qTemplatesActive = stmt(`SELECT ` + templateCols + ` FROM config_templates e WHERE {{scope config_templates e}} AND e.operator_id = ? AND e.active = 1 LIMIT 100`)
	qTemplateCount   = stmt(`SELECT count(*) FROM config_templates e WHERE {{scope config_templates e}} AND e.operator_id = ?`)
	templateList     = listing(listSpec{
		Cols: templateCols, From: "config_templates e", Where: `{{scope config_templates e}}`,
		ID: "e.id", Sorts: map[string]string{"name": "e.name_sort"}, Sort: "name",
	})

	qSettings     = stmt(`SELECT ` + settingsCols + ` FROM point_settings g WHERE {{scope point_settings g}} AND g.point_id = ?`)
	qSettingsSave = stmt(`INSERT INTO point_settings (operator_id, sub_operator_id, point_id, template_id, revision, phase, cause, settings, checked_at, started_at, due_at,
			restarted_template, restarted_revision)
		VALUES ({{own point_settings}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (point_id) DO UPDATE SET template_id = excluded.template_id, revision = excluded.revision, phase = excluded.phase,
			cause = excluded.cause, settings = excluded.settings, checked_at = excluded.checked_at, started_at = excluded.started_at, due_at = excluded.due_at,
			restarted_template = excluded.restarted_template, restarted_revision = excluded.restarted_revision
		WHERE {{scope point_settings point_settings}}`)
	qSettingsDue = stmt(`SELECT ` + settingsCols + ` FROM point_settings g WHERE {{scope point_settings g}} AND g.due_at <= ? ORDER BY g.due_at LIMIT ?`)
	// All charge points of an operator at once; the sweeper finds out which are meant.
	qSettingsPlan = stmt(`INSERT INTO point_settings (operator_id, sub_operator_id, point_id, template_id, revision, phase, cause, settings, due_at,
			restarted_template, restarted_revision)
		SELECT {{own point_settings of p}}, p.id, ?, 0, 'waiting', ?, '[]', ?, ?, 0 FROM charge_points p
		WHERE {{scope charge_points p}} AND p.operator_id = ? AND p.status = 'VALID'
		ON CONFLICT (point_id) DO UPDATE SET phase = excluded.phase, cause = excluded.cause, due_at = excluded.due_at
		WHERE {{scope point_settings point_settings}}`)
	qPointDiffers = stmt(`UPDATE charge_points SET settings_differ = ? WHERE {{scope charge_points charge_points}} AND id = ?`)
)

func scanTemplate(r *Row, t *asset.Template) error {
	var settings json.RawMessage
	if err := r.Scan(&t.ID, &t.Operator, &t.Name, &t.Vendor, &t.Model, &settings, &t.Active, &t.Revision, &t.ChangedAt, &t.Version); err != nil {
		return err
	}
	if err := json.Unmarshal(settings, &t.Settings); err != nil {
		return fmt.Errorf("store: the settings of %s: %w", t.ID, err)
	}
	return nil
}

func scanSettings(r *Row, g *asset.PointSettings) error {
	var settings json.RawMessage
	if err := r.Scan(&g.Point, &g.Operator, &g.Sub, &g.Template, &g.Revision, &g.Phase, &g.Cause, &settings, &g.CheckedAt, &g.StartedAt, &g.DueAt,
		&g.RestartedTemplate, &g.RestartedRevision); err != nil {
		return err
	}
	if err := json.Unmarshal(settings, &g.Settings); err != nil {
		return fmt.Errorf("store: how %s stands to its template: %w", g.Point, err)
	}
	return nil
}

var templateTaken = fault.New(fault.Conflict, "template_taken", "There is a template for this vendor and model already. Change that one.")

// InsertTemplate implements asset.Tx.
func (tx *Tx) InsertTemplate(t asset.Template) error {
	settings, err := jsonText(t.Settings)
	if err != nil {
		return err
	}
	key := asset.KeyOf(asset.Model{Vendor: t.Vendor, Name: t.Model})
	_, err = tx.exec(qTemplateInsert, t.Operator, ident.SubOperator{}, t.ID, t.Name, sortKey(t.Name), t.Vendor, t.Model, key.Vendor, key.Model, settings,
		t.Active, t.Revision, t.ChangedAt, t.Version)
	if duplicate(err, "config_templates_of") {
		return templateTaken
	}
	return err
}

// SaveTemplate implements asset.Tx.
func (tx *Tx) SaveTemplate(t asset.Template, version int64) error {
	settings, err := jsonText(t.Settings)
	if err != nil {
		return err
	}
	key := asset.KeyOf(asset.Model{Vendor: t.Vendor, Name: t.Model})
	n, err := tx.exec(qTemplateSave, t.Name, sortKey(t.Name), t.Vendor, t.Model, key.Vendor, key.Model, settings, t.Active, t.Revision, t.ChangedAt, t.ID, version)
	if duplicate(err, "config_templates_of") {
		return templateTaken
	}
	return tx.oneVersion("template", n, err, qTemplateVersion, t.ID, version)
}

// DeleteTemplate implements asset.Tx.
func (tx *Tx) DeleteTemplate(id ident.Template, version int64) error {
	n, err := tx.exec(qTemplateDelete, id, version)
	return tx.oneVersion("template", n, err, qTemplateVersion, id, version)
}

// TemplateByID implements asset.Tx.
func (tx *Tx) TemplateByID(id ident.Template) (asset.Template, error) {
	return one(tx, "template", qTemplate, scanTemplate, id)
}

// ActiveTemplates implements asset.Tx.
func (tx *Tx) ActiveTemplates(op ident.Operator) ([]asset.Template, error) {
	return all(tx, qTemplatesActive, scanTemplate, op)
}

// CountTemplates implements asset.Tx.
func (tx *Tx) CountTemplates(op ident.Operator) (int, error) {
	return scalar[int](tx, qTemplateCount, op)
}

// ListTemplates implements asset.Tx.
func (tx *Tx) ListTemplates(p operator.Page) (operator.List[asset.Template], error) {
	return listed(list(tx, templateList, pageOf(p), scanTemplate))
}

// SettingsOf implements asset.Tx.
func (tx *Tx) SettingsOf(p ident.ChargePoint) (asset.PointSettings, bool, error) {
	return maybe(tx, qSettings, scanSettings, p)
}

// SaveSettings implements asset.Tx.
func (tx *Tx) SaveSettings(p asset.ChargePoint, g asset.PointSettings) error {
	settings, err := jsonText(g.Settings)
	if err != nil {
		return err
	}
	if err := tx.execOne("settings", qSettingsSave, p.Operator, p.Sub, p.ID, g.Template, g.Revision, g.Phase, g.Cause, settings, g.CheckedAt, g.StartedAt, g.DueAt,
		g.RestartedTemplate, g.RestartedRevision); err != nil {
		return err
	}
	if n := g.Differ(); n != p.SettingsDiffer {
		if _, err := tx.exec(qPointDiffers, n, p.ID); err != nil {
			return err
		}
	}
	tx.pointChanged(p)
	return nil
}

// DueSettings implements asset.Tx.
func (tx *Tx) DueSettings(now time.Time, limit int) ([]asset.PointSettings, error) {
	return all(tx, qSettingsDue, scanSettings, now, limit)
}

// PlanSettings implements asset.Tx.
func (tx *Tx) PlanSettings(op ident.Operator, cause asset.Cause, at time.Time) error {
	_, err := tx.exec(qSettingsPlan, ident.Template{}, cause, at, ident.Template{}, op)
	return err
}
