package store

import (
	"encoding/json"
	"fmt"
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

var (
	_ = table("security_settings", shared, plain("operator_id sub_operator_id minimum issuer version"))
	_ = table("point_securities", own, plain(`point_id operator_id sub_operator_id profile met met_at transport certificate_id refused_at
		refused_why root_at installed installed_at serials version`))
	_ = table("security_changes", own,
		plain(`id operator_id sub_operator_id point_id kind profile_from profile_to key_mac_text key_mac_raw state command_id detail actor
			created_at taken_at due_at ended_at version`),
		// A person's free text.
		personal("reason", "identifier", "as long as the charge point", "overwrite"))
	// A device may name who logged in to it.
	_ = table("security_events", own, prunable(),
		plain("id operator_id sub_operator_id point_id source kind critical at received_at"),
		personal("detail_sealed", "behaviour", "12 months from received_at", "delete row"))
)

const (
	securityCols = `s.point_id, s.operator_id, s.sub_operator_id, s.profile, s.met, s.met_at, s.transport, s.certificate_id, s.refused_at,
		s.refused_why, s.root_at, s.installed, s.installed_at, s.serials, s.version`
	changeCols = `c.id, c.operator_id, c.sub_operator_id, c.point_id, c.kind, c.profile_from, c.profile_to, c.key_mac_text, c.key_mac_raw, c.state,
		c.command_id, c.detail, c.actor, c.reason, c.created_at, c.taken_at, c.due_at, c.ended_at, c.version`
	eventDetail = "security_events.detail_sealed"
)

var (
	qSecurity     = stmt(`SELECT ` + securityCols + ` FROM point_securities s WHERE {{scope point_securities s}} AND s.point_id = ?`)
	qSecuritySave = stmt(`INSERT INTO point_securities (operator_id, sub_operator_id, point_id, profile, met, met_at, transport, certificate_id,
			refused_at, refused_why, root_at, installed, installed_at, serials, version)
		VALUES ({{own point_securities}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (point_id) DO UPDATE SET profile = excluded.profile, met = excluded.met, met_at = excluded.met_at, transport = excluded.transport,
			certificate_id = excluded.certificate_id, refused_at = excluded.refused_at, refused_why = excluded.refused_why, root_at = excluded.root_at,
			installed = excluded.installed, installed_at = excluded.installed_at, serials = excluded.serials, version = excluded.version
		WHERE {{scope point_securities point_securities}}`)
	qSecuritySettings     = stmt(`SELECT t.operator_id, t.minimum, t.issuer, t.version FROM security_settings t WHERE {{scope security_settings t}} AND t.operator_id = ?`)
	qSecuritySettingsSave = stmt(`INSERT INTO security_settings (operator_id, sub_operator_id, minimum, issuer, version) VALUES ({{own security_settings}}, ?, ?, ?)
		ON CONFLICT (operator_id) DO UPDATE SET minimum = excluded.minimum, issuer = excluded.issuer, version = excluded.version
		WHERE {{scope security_settings security_settings}} AND security_settings.version = excluded.version - 1`)
	qShown = stmt(`SELECT s.point_id, s.serials FROM point_securities s WHERE {{scope point_securities s}} AND s.operator_id = ? AND s.serials <> ''
		AND s.point_id > ? ORDER BY s.point_id LIMIT ?`)
	qOperatorName = stmt(`SELECT o.name FROM operators o WHERE {{scope operators o}} AND o.id = ?`)

	qChangeOpen   = stmt(`SELECT ` + changeCols + ` FROM security_changes c WHERE {{scope security_changes c}} AND c.point_id = ? AND c.ended_at IS NULL`)
	qChangeInsert = stmt(`INSERT INTO security_changes (operator_id, sub_operator_id, id, point_id, kind, profile_from, profile_to, key_mac_text,
			key_mac_raw, state, command_id, detail, actor, reason, created_at, taken_at, due_at, ended_at, version)
		VALUES ({{own security_changes}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qChangeSave = stmt(`UPDATE security_changes SET state = ?, detail = ?, taken_at = ?, due_at = ?, ended_at = ?, version = version + 1
		WHERE {{scope security_changes security_changes}} AND id = ? AND version = ?`)
	qChangeVersion = stmt(`SELECT c.version FROM security_changes c WHERE {{scope security_changes c}} AND c.id = ?`)
	qChangesOf     = stmt(`SELECT ` + changeCols + ` FROM security_changes c WHERE {{scope security_changes c}} AND c.point_id = ? ORDER BY c.created_at DESC LIMIT ?`)
	qChangesDue    = stmt(`SELECT ` + changeCols + ` FROM security_changes c WHERE {{scope security_changes c}} AND c.due_at <= ? ORDER BY c.due_at LIMIT ?`)

	qSecurityEvent = stmt(`INSERT INTO security_events (operator_id, sub_operator_id, id, point_id, source, kind, critical, at, received_at, detail_sealed)
		VALUES ({{own security_events}}, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (point_id, at, kind, source) DO NOTHING`)

	securityEventList = listing(listSpec{
		Cols: `e.id, e.operator_id, e.sub_operator_id, e.point_id, e.source, e.kind, e.critical, e.at, e.received_at, e.detail_sealed, p.name, t.name, t.time_zone`,
		From: `security_events e
			LEFT JOIN charge_points p ON {{scope charge_points p}} AND p.id = e.point_id
			LEFT JOIN sites t ON {{scope sites t}} AND t.id = p.site_id`,
		Count: "security_events e",
		Where: `{{scope security_events e}}
			{{if point}} AND e.point_id = ? {{end}}
			{{if kind}} AND e.kind = ? {{end}}
			{{if source}} AND e.source = ? {{end}}
			{{if critical}} AND e.critical = 1 {{end}}
			{{if from}} AND e.at >= ? {{end}}
			{{if to}} AND e.at < ? {{end}}`,
		ID:    "e.id",
		Sorts: map[string]string{"at": "e.at"},
		Sort:  "-at",
	})
)

// SecurityOfPoint implements asset.Tx.
func (tx *Tx) SecurityOfPoint(p ident.ChargePoint) (asset.Security, bool, error) {
	return maybe(tx, qSecurity, func(r *Row, s *asset.Security) error {
		var installed string
		if err := r.Scan(&s.Point, &s.Operator, &s.Sub, &s.Profile, &s.Met, &s.MetAt, &s.Transport, &s.Certificate, &s.RefusedAt,
			&s.RefusedWhy, &s.RootAt, &installed, &s.InstalledAt, &s.Serials, &s.Version); err != nil {
			return err
		}
		if installed == "" {
			return nil
		}
		if err := json.Unmarshal([]byte(installed), &s.Installed); err != nil {
			return fmt.Errorf("store: what is installed on %s: %w", s.Point, err)
		}
		return nil
	}, p)
}

// SaveSecurity implements asset.Tx. The caller has locked the point.
func (tx *Tx) SaveSecurity(s asset.Security) error {
	installed := ""
	if len(s.Installed) > 0 {
		b, err := json.Marshal(s.Installed)
		if err != nil {
			return err
		}
		installed = string(b)
	}
	if err := tx.execOne("charge point", qSecuritySave, s.Operator, s.Sub, s.Point, s.Profile, s.Met, s.MetAt, s.Transport, s.Certificate,
		s.RefusedAt, s.RefusedWhy, s.RootAt, installed, s.InstalledAt, s.Serials, s.Version+1); err != nil {
		return err
	}
	tx.pointChanged(asset.ChargePoint{ID: s.Point, Operator: s.Operator, Sub: s.Sub})
	return nil
}

// ShownCertificates implements asset.Tx.
func (tx *Tx) ShownCertificates(op ident.Operator, after ident.ChargePoint, limit int) ([]asset.Shown, error) {
	return all(tx, qShown, func(r *Row, s *asset.Shown) error { return r.Scan(&s.Point, &s.Serials) }, op, after, limit)
}

// SecuritySettings implements asset.Tx.
func (tx *Tx) SecuritySettings(op ident.Operator) (asset.SecuritySettings, bool, error) {
	return maybe(tx, qSecuritySettings, func(r *Row, s *asset.SecuritySettings) error {
		return r.Scan(&s.Operator, &s.Minimum, &s.Issuer, &s.Version)
	}, op)
}

// SaveSecuritySettings implements asset.Tx.
func (tx *Tx) SaveSecuritySettings(s asset.SecuritySettings) error {
	return tx.execOne("security settings", qSecuritySettingsSave, s.Operator, ident.SubOperator{}, s.Minimum, s.Issuer, s.Version)
}

// OperatorName implements asset.Tx.
func (tx *Tx) OperatorName(op ident.Operator) (string, error) {
	return one(tx, "operator", qOperatorName, func(r *Row, s *string) error { return r.Scan(s) }, op)
}

func scanChange(r *Row, c *asset.SecurityChange) error {
	return r.Scan(&c.ID, &c.Operator, &c.Sub, &c.Point, &c.Kind, &c.From, &c.To, &c.Keys.Text, &c.Keys.Raw, &c.State,
		&c.Command, &c.Detail, &c.Actor, &c.Reason, &c.CreatedAt, &c.TakenAt, &c.DueAt, &c.EndedAt, &c.Version)
}

// OpenSecurityChange implements asset.Tx.
func (tx *Tx) OpenSecurityChange(p ident.ChargePoint) (asset.SecurityChange, bool, error) {
	return maybe(tx, qChangeOpen, scanChange, p)
}

// InsertSecurityChange implements asset.Tx.
func (tx *Tx) InsertSecurityChange(c asset.SecurityChange) error {
	_, err := tx.exec(qChangeInsert, c.Operator, c.Sub, c.ID, c.Point, c.Kind, c.From, c.To, c.Keys.Text, c.Keys.Raw, c.State, c.Command,
		c.Detail, c.Actor, c.Reason, c.CreatedAt, c.TakenAt, c.DueAt, c.EndedAt, c.Version)
	tx.pointChanged(asset.ChargePoint{ID: c.Point, Operator: c.Operator, Sub: c.Sub})
	return err
}

// SaveSecurityChange implements asset.Tx.
func (tx *Tx) SaveSecurityChange(c asset.SecurityChange, version int64) error {
	n, err := tx.exec(qChangeSave, c.State, c.Detail, c.TakenAt, c.DueAt, c.EndedAt, c.ID, version)
	if err := tx.oneVersion("change of security", n, err, qChangeVersion, c.ID, version); err != nil {
		return err
	}
	tx.pointChanged(asset.ChargePoint{ID: c.Point, Operator: c.Operator, Sub: c.Sub})
	return nil
}

// SecurityChangesOf implements asset.Tx.
func (tx *Tx) SecurityChangesOf(p ident.ChargePoint, limit int) ([]asset.SecurityChange, error) {
	return all(tx, qChangesOf, scanChange, p, limit)
}

// DueSecurityChanges implements asset.Tx.
func (tx *Tx) DueSecurityChanges(now time.Time, limit int) ([]asset.SecurityChange, error) {
	return all(tx, qChangesDue, scanChange, now, limit)
}

// InsertSecurityEvent implements asset.Tx.
func (tx *Tx) InsertSecurityEvent(e asset.SecurityEvent) (bool, error) {
	detail, err := tx.SealText(e.Operator, eventDetail, e.Detail)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(qSecurityEvent, e.Operator, e.Sub, e.ID, e.Point, e.Source, e.Kind, e.Critical, e.At, e.ReceivedAt, detail)
	if n > 0 {
		tx.Changed(Change{Topic: "security_events", Operator: e.Operator, Sub: e.Sub, ID: e.ID.String(), Point: e.Point})
	}
	return n > 0, err
}

type storedEvent struct {
	asset.SecurityRow
	sealed Sealed
}

// ListSecurityEvents implements asset.Tx.
func (tx *Tx) ListSecurityEvents(f asset.SecurityFilter, p operator.Page) (operator.List[asset.SecurityRow], error) {
	l, err := list(tx, securityEventList, pageOf(p), func(r *Row, e *storedEvent) error {
		return r.Scan(&e.ID, &e.Operator, &e.Sub, &e.Point, &e.Source, &e.Kind, &e.Critical, &e.At, &e.ReceivedAt, &e.sealed, &e.PointName, &e.SiteName, &e.SiteZone)
	}, optIf(!f.Point.IsZero(), "point", f.Point), optIf(f.Kind != "", "kind", f.Kind), optIf(f.Source != "", "source", f.Source),
		optIf(f.Critical, "critical"), optIf(!f.From.IsZero(), "from", f.From), optIf(!f.To.IsZero(), "to", f.To))
	return opened(l, err, func(e storedEvent) (asset.SecurityRow, error) {
		var err error
		e.Detail, err = tx.OpenText(e.Operator, eventDetail, e.sealed)
		return e.SecurityRow, err
	})
}
