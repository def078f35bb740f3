package store

import (
	"ccms/internal/asset"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

var _ = table("sites", own,
	plain("id operator_id sub_operator_id name name_sort address time_zone customer_care plan_id status version created_at latitude_e6 longitude_e6 contracted_w"))

const siteCols = `s.id, s.operator_id, s.sub_operator_id, s.name, s.address, s.time_zone, s.customer_care, s.plan_id, s.status, s.version,
	s.latitude_e6, s.longitude_e6, s.contracted_w`

var (
	qSiteInsert = stmt(`INSERT INTO sites (operator_id, sub_operator_id, id, name, name_sort, address, time_zone, customer_care,
			plan_id, status, version, created_at, latitude_e6, longitude_e6, contracted_w)
		VALUES ({{own sites}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qSiteSave = stmt(`UPDATE sites SET name = ?, name_sort = ?, address = ?, time_zone = ?, customer_care = ?, plan_id = ?, status = ?,
			latitude_e6 = ?, longitude_e6 = ?, contracted_w = ?, version = version + 1
		WHERE {{scope sites sites}} AND id = ? AND version = ?`)
	qSiteDelete  = stmt(`DELETE FROM sites WHERE {{scope sites sites}} AND id = ? AND version = ?`)
	qSiteVersion = stmt(`SELECT s.version FROM sites s WHERE {{scope sites s}} AND s.id = ?`)
	qSite        = stmt(`SELECT ` + siteCols + ` FROM sites s WHERE {{scope sites s}} AND s.id = ?`)
	qSitePoints  = stmt(`SELECT count(*), coalesce(sum(CASE WHEN p.status = 'VALID' THEN 1 ELSE 0 END), 0)
		FROM charge_points p WHERE {{scope charge_points p key}} AND p.site_id = ?`)

	siteList = listing(listSpec{
		Cols: siteCols,
		From: "sites s",
		Where: `{{scope sites s}}
			{{if status}} AND s.status = ? {{end}}
			{{if sub}} AND s.sub_operator_id = ? {{end}}
			{{if name}} AND EXISTS (SELECT 1 FROM asset_words w WHERE {{scope asset_words w}}
				AND w.object_id = s.id AND w.field = 'site.name' AND w.phrase >= ? AND w.phrase < ?) {{end}}
			{{if q}} AND EXISTS (SELECT 1 FROM asset_words w WHERE {{scope asset_words w}}
				AND w.object_id = s.id AND w.field = 'site.any' AND w.phrase >= ? AND w.phrase < ?) {{end}}`,
		ID:    "s.id",
		Sorts: map[string]string{"name": "s.name_sort", "created": "s.created_at"},
		Sort:  "name",
	})
)

func scanSite(r *Row, s *asset.Site) error {
	return r.Scan(&s.ID, &s.Operator, &s.Sub, &s.Name, &s.Address, &s.TimeZone, &s.CustomerCare, &s.Plan, &s.Status, &s.Version,
		&s.Position.Latitude, &s.Position.Longitude, &s.Contracted)
}

// InsertSite implements asset.Tx.
func (tx *Tx) InsertSite(s asset.Site) error {
	if _, err := tx.exec(qSiteInsert, s.Operator, s.Sub, s.ID, s.Name, sortKey(s.Name), s.Address, s.TimeZone, s.CustomerCare,
		s.Plan, s.Status, s.Version, tx.now, s.Position.Latitude, s.Position.Longitude, s.Contracted); err != nil {
		return err
	}
	return tx.saveSiteWords(s)
}

// SaveSite implements asset.Tx.
func (tx *Tx) SaveSite(s asset.Site, version int64) error {
	n, err := tx.exec(qSiteSave, s.Name, sortKey(s.Name), s.Address, s.TimeZone, s.CustomerCare, s.Plan, s.Status,
		s.Position.Latitude, s.Position.Longitude, s.Contracted, s.ID, version)
	if err := tx.oneVersion("site", n, err, qSiteVersion, s.ID, version); err != nil {
		return err
	}
	return tx.saveSiteWords(s)
}

// DeleteSite implements asset.Tx.
func (tx *Tx) DeleteSite(id ident.Site, version int64) error {
	n, err := tx.exec(qSiteDelete, id, version)
	if err := tx.oneVersion("site", n, err, qSiteVersion, id, version); err != nil {
		return err
	}
	if err := tx.forgetAssignments(id); err != nil {
		return err
	}
	return tx.forgetWords(id)
}

// SiteByID implements asset.Tx.
func (tx *Tx) SiteByID(id ident.Site) (asset.Site, error) {
	return one(tx, "site", qSite, scanSite, id)
}

// CountSitePoints implements asset.Tx.
func (tx *Tx) CountSitePoints(id ident.Site) (total, valid int, err error) {
	_, _, err = maybe(tx, qSitePoints, func(r *Row, _ *struct{}) error { return r.Scan(&total, &valid) }, id)
	return total, valid, err
}

// ListSites implements asset.Tx.
func (tx *Tx) ListSites(f asset.SiteFilter, p operator.Page) (operator.List[asset.Site], error) {
	return listed(list(tx, siteList, pageOf(p), scanSite,
		optIf(f.Status != "", "status", f.Status),
		optIf(!f.Sub.IsZero(), "sub", f.Sub),
		phrase("name", f.Name), phrase("q", f.Q)))
}

func (tx *Tx) saveSiteWords(s asset.Site) error {
	return tx.saveWords(s.Operator, s.Sub, s.ID, map[string][]string{
		"site.name": {s.Name}, "site.any": {s.Name, s.Address, s.CustomerCare}})
}

// oneVersion turns the outcome of a write that named a version into its fault: no
// row is either one with another version or none that this scope sees.
func (tx *Tx) oneVersion(what string, n int64, err error, q *Stmt, id any, want int64) error {
	if err != nil || n == 1 {
		return err
	}
	have, ok, err := maybe(tx, q, func(r *Row, v *int64) error { return r.Scan(v) }, id)
	switch {
	case err != nil:
		return err
	case !ok:
		return fault.NotFound(what)
	}
	return fault.Stale(have, want)
}

// pageOf and listed turn the domain's words for lists into the store's and back.
func pageOf(p operator.Page) Page {
	return Page{Sort: p.Sort, Cursor: p.Cursor, Limit: p.Limit, Whole: p.Whole, Quick: p.Quick}
}

func listed[T any](l Listed[T], err error) (operator.List[T], error) {
	return operator.List[T]{Items: l.Items, Next: l.Next, Total: l.Total, Capped: l.Capped}, err
}
