package store

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

var (
	_ = table("command_bulks", own,
		plain(`id operator_id sub_operator_id command_type args_sealed staff_id on_behalf_of request_id interval_s wait_s total state
			created_at ended_at version`),
		personal("reason ip_sealed", "identifier", "24 months from created_at", "overwrite"))
	_ = table("command_bulk_items", own,
		plain("bulk_id number operator_id sub_operator_id point_id site_id command_id state code detail due_at done_at"))
)

const (
	bulkCols = `b.id, b.operator_id, b.sub_operator_id, b.command_type, b.args_sealed, b.reason, b.staff_id, b.on_behalf_of, b.request_id,
		b.ip_sealed, b.interval_s, b.wait_s, b.total, b.state, b.created_at, b.ended_at, b.version`
	bulkItemCols = `i.bulk_id, i.operator_id, i.sub_operator_id, i.number, i.point_id, i.site_id, i.command_id, i.state, i.code, i.detail,
		i.due_at, i.done_at`
	bulkArgs = "command_bulks.args_sealed"
	bulkIP   = "command_bulks.ip_sealed"
)

var (
	qSitesOfPoints = stmt(`SELECT p.id, p.site_id FROM charge_points p WHERE {{scope charge_points p}} AND {{in p.id}}`)
	qBusySites     = stmt(`SELECT i.site_id, max(i.due_at) FROM command_bulk_items i WHERE {{scope command_bulk_items i}}
		AND i.operator_id = ? AND i.state = 'waiting' GROUP BY i.site_id`)
	qBulkInsert = stmt(`INSERT INTO command_bulks (operator_id, sub_operator_id, id, command_type, args_sealed, reason, staff_id, on_behalf_of,
			request_id, ip_sealed, interval_s, wait_s, total, state, created_at, ended_at, version)
		VALUES ({{own command_bulks}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qBulkItemInsert = stmt(`INSERT INTO command_bulk_items (operator_id, sub_operator_id, bulk_id, number, point_id, site_id, state, code, detail,
			due_at, done_at)
		VALUES ({{own command_bulk_items}}, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qBulk     = stmt(`SELECT ` + bulkCols + ` FROM command_bulks b WHERE {{scope command_bulks b}} AND b.id = ?`)
	qBulkLock = stmt(`SELECT ` + bulkCols + ` FROM command_bulks b WHERE {{scope command_bulks b}} AND b.id = ? {{lock}}`)
	qBulkSave = stmt(`UPDATE command_bulks SET state = ?, ended_at = ?, version = version + 1
		WHERE {{scope command_bulks command_bulks}} AND id = ? AND version = ?`)
	qBulkVersion = stmt(`SELECT b.version FROM command_bulks b WHERE {{scope command_bulks b}} AND b.id = ?`)
	qBulksDue    = stmt(`SELECT ` + bulkCols + ` FROM command_bulks b WHERE {{scope command_bulks b}} AND b.id IN
		(SELECT i.bulk_id FROM command_bulk_items i WHERE {{scope command_bulk_items i}} AND i.state = 'waiting' AND i.due_at <= ?)
		ORDER BY b.created_at LIMIT ?`)
	qBulkFirstDue = stmt(`SELECT i.due_at FROM command_bulk_items i WHERE {{scope command_bulk_items i key}} AND i.bulk_id = ?
		AND i.state = 'waiting' ORDER BY i.due_at LIMIT 1`)
	qBulkPutOff = stmt(`UPDATE command_bulk_items SET due_at = due_at + ? WHERE {{scope command_bulk_items command_bulk_items key}}
		AND bulk_id = ? AND state = 'waiting'`)
	qBulkItemsDue = stmt(`SELECT ` + bulkItemCols + ` FROM command_bulk_items i WHERE {{scope command_bulk_items i key}} AND i.bulk_id = ?
		AND i.state = 'waiting' AND i.due_at <= ? ORDER BY i.due_at, i.number LIMIT ?`)
	qBulkItemSave = stmt(`UPDATE command_bulk_items SET state = ?, command_id = ?, code = ?, detail = ?, done_at = ?
		WHERE {{scope command_bulk_items command_bulk_items key}} AND bulk_id = ? AND number = ? AND state = 'waiting'`)
	qBulkItemsCancel = stmt(`UPDATE command_bulk_items SET state = 'cancelled', done_at = ?
		WHERE {{scope command_bulk_items command_bulk_items key}} AND bulk_id = ? AND state = 'waiting'`)
	qBulkCounts = stmt(`SELECT i.state, coalesce(c.state, ''), coalesce(c.effect_state, ''), count(*) FROM command_bulk_items i
		LEFT JOIN commands c ON {{scope commands c}} AND c.id = i.command_id
		WHERE {{scope command_bulk_items i key}} AND i.bulk_id = ? GROUP BY i.state, coalesce(c.state, ''), coalesce(c.effect_state, '')`)
	qBulkCountsIn = stmt(`SELECT i.bulk_id, i.state, coalesce(c.state, ''), coalesce(c.effect_state, ''), count(*) FROM command_bulk_items i
		LEFT JOIN commands c ON {{scope commands c}} AND c.id = i.command_id
		WHERE {{scope command_bulk_items i key}} AND {{in i.bulk_id}} GROUP BY i.bulk_id, i.state, coalesce(c.state, ''), coalesce(c.effect_state, '')`)

	bulkList = listing(listSpec{
		Cols: bulkCols, From: "command_bulks b", ID: "b.id",
		Where: "{{scope command_bulks b}} {{if type}} AND b.command_type = ? {{end}} {{if state}} AND b.state = ? {{end}}",
		Sorts: map[string]string{"created_at": "b.created_at"}, Sort: "-created_at",
	})
	bulkItemList = listing(listSpec{
		Cols: bulkItemCols + `, coalesce(p.name, ''), coalesce(p.identity, ''), coalesce(s.name, ''), coalesce(c.state, ''),
			coalesce(c.error_detail, ''), coalesce(c.outcome, ''), coalesce(c.effect_state, ''), coalesce(c.effect_text, '')`,
		From: `command_bulk_items i LEFT JOIN charge_points p ON {{scope charge_points p}} AND p.id = i.point_id
			LEFT JOIN sites s ON {{scope sites s}} AND s.id = p.site_id
			LEFT JOIN commands c ON {{scope commands c}} AND c.id = i.command_id`,
		Where: "{{scope command_bulk_items i}} AND i.bulk_id = ?",
		ID:    "i.point_id", Sorts: map[string]string{"number": "i.number"}, Sort: "number",
	})
)

type storedBulk struct {
	asset.Bulk
	args, ip Sealed
}

func scanBulk(r *Row, b *storedBulk) error {
	var interval, wait int64
	err := r.Scan(&b.ID, &b.Operator, &b.Sub, &b.Type, &b.args, &b.Reason, &b.Actor.Staff, &b.Actor.OnBehalfOf, &b.Actor.RequestID,
		&b.ip, &interval, &wait, &b.Total, &b.State, &b.CreatedAt, &b.EndedAt, &b.Version)
	b.Interval, b.Wait = time.Duration(interval)*time.Second, time.Duration(wait)*time.Second
	return err
}

func (tx *Tx) openBulks(sealed []storedBulk) ([]asset.Bulk, error) {
	out := make([]asset.Bulk, 0, len(sealed))
	for _, s := range sealed {
		b := s.Bulk
		args, err := tx.Open(b.Operator, bulkArgs, s.args)
		if err != nil {
			return nil, err
		}
		b.Args = args
		if b.Actor.IP, err = tx.OpenText(b.Operator, bulkIP, s.ip); err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

func scanBulkItem(r *Row, i *asset.BulkItem) error {
	return r.Scan(&i.Bulk, &i.Operator, &i.Sub, &i.Number, &i.Point, &i.Site, &i.Command, &i.State, &i.Code, &i.Detail, &i.DueAt, &i.DoneAt)
}

// SitesOfPoints implements asset.Tx.
func (tx *Tx) SitesOfPoints(ids []ident.ChargePoint) (map[ident.ChargePoint]ident.Site, error) {
	type pair struct {
		point ident.ChargePoint
		site  ident.Site
	}
	found, err := all(tx, qSitesOfPoints, func(r *Row, p *pair) error { return r.Scan(&p.point, &p.site) }, ids)
	out := make(map[ident.ChargePoint]ident.Site, len(found))
	for _, p := range found {
		out[p.point] = p.site
	}
	return out, err
}

// BusySites implements asset.Tx.
func (tx *Tx) BusySites(op ident.Operator) (map[ident.Site]time.Time, error) {
	type busy struct {
		site ident.Site
		last time.Time
	}
	found, err := all(tx, qBusySites, func(r *Row, b *busy) error { return r.Scan(&b.site, &b.last) }, op)
	out := make(map[ident.Site]time.Time, len(found))
	for _, b := range found {
		out[b.site] = b.last
	}
	return out, err
}

// InsertBulk implements asset.Tx.
func (tx *Tx) InsertBulk(b asset.Bulk, items []asset.BulkItem) error {
	args, err := tx.Seal(b.Operator, bulkArgs, b.Args)
	if err != nil {
		return err
	}
	ip, err := tx.SealText(b.Operator, bulkIP, b.Actor.IP)
	if err != nil {
		return err
	}
	if _, err := tx.exec(qBulkInsert, b.Operator, b.Sub, b.ID, b.Type, args, b.Reason, b.Actor.Staff, b.Actor.OnBehalfOf, b.Actor.RequestID,
		ip, int64(b.Interval/time.Second), int64(b.Wait/time.Second), b.Total, b.State, b.CreatedAt, b.EndedAt, b.Version); err != nil {
		return err
	}
	rows := make([][]any, len(items))
	for n, i := range items {
		rows[n] = []any{i.Operator, i.Sub, i.Bulk, i.Number, i.Point, i.Site, i.State, i.Code, i.Detail, i.DueAt, i.DoneAt}
	}
	return tx.execMany(qBulkItemInsert, rows)
}

// BulkByID implements asset.Tx.
func (tx *Tx) BulkByID(id ident.Bulk) (asset.Bulk, error) { return tx.bulk(qBulk, id) }

// LockBulk implements asset.Tx.
func (tx *Tx) LockBulk(id ident.Bulk) (asset.Bulk, error) { return tx.bulk(qBulkLock, id) }

func (tx *Tx) bulk(q *Stmt, id ident.Bulk) (asset.Bulk, error) {
	b, err := one(tx, "bulk", q, scanBulk, id)
	if err != nil {
		return asset.Bulk{}, err
	}
	found, err := tx.openBulks([]storedBulk{b})
	if err != nil {
		return asset.Bulk{}, err
	}
	return found[0], nil
}

// SaveBulk implements asset.Tx.
func (tx *Tx) SaveBulk(b asset.Bulk) error {
	n, err := tx.exec(qBulkSave, b.State, b.EndedAt, b.ID, b.Version)
	return tx.oneVersion("bulk", n, err, qBulkVersion, b.ID, b.Version)
}

// DueBulks implements asset.Tx.
func (tx *Tx) DueBulks(now time.Time, limit int) ([]asset.Bulk, error) {
	found, err := all(tx, qBulksDue, scanBulk, now, limit)
	if err != nil {
		return nil, err
	}
	return tx.openBulks(found)
}

// FirstDue implements asset.Tx.
func (tx *Tx) FirstDue(id ident.Bulk) (at time.Time, waiting bool, err error) {
	found, err := all(tx, qBulkFirstDue, func(r *Row, t *time.Time) error { return r.Scan(t) }, id)
	if err != nil || len(found) == 0 {
		return time.Time{}, false, err
	}
	return found[0], true, nil
}

// PutOff implements asset.Tx.
func (tx *Tx) PutOff(id ident.Bulk, by time.Duration) error {
	_, err := tx.exec(qBulkPutOff, by.Microseconds(), id)
	return err
}

// DueItems implements asset.Tx.
func (tx *Tx) DueItems(id ident.Bulk, now time.Time, limit int) ([]asset.BulkItem, error) {
	return all(tx, qBulkItemsDue, scanBulkItem, id, now, limit)
}

// SaveItem implements asset.Tx. Only a row that waits becomes something else.
func (tx *Tx) SaveItem(i asset.BulkItem) error {
	n, err := tx.exec(qBulkItemSave, i.State, orNull(i.Command), i.Code, i.Detail, i.DoneAt, i.Bulk, i.Number)
	if err == nil && n == 0 {
		return fault.Stale(0, 0)
	}
	return err
}

// CancelItems implements asset.Tx.
func (tx *Tx) CancelItems(id ident.Bulk, at time.Time) error {
	_, err := tx.exec(qBulkItemsCancel, at, id)
	return err
}

// CountItems implements asset.Tx.
func (tx *Tx) CountItems(id ident.Bulk) ([]asset.BulkCount, error) {
	return all(tx, qBulkCounts, func(r *Row, c *asset.BulkCount) error { return r.Scan(&c.State, &c.Command, &c.Effect, &c.Count) }, id)
}

// ListBulks implements asset.Tx.
func (tx *Tx) ListBulks(f asset.BulkFilter, p operator.Page) (operator.List[asset.BulkView], error) {
	l, err := list(tx, bulkList, pageOf(p), scanBulk, optIf(f.Type != "", "type", f.Type), optIf(f.State != "", "state", f.State))
	out := operator.List[asset.BulkView]{Next: l.Next, Total: l.Total, Capped: l.Capped}
	if err != nil || len(l.Items) == 0 {
		return out, err
	}
	opened, err := tx.openBulks(l.Items)
	if err != nil {
		return out, err
	}
	at := make(map[ident.Bulk]int, len(opened))
	ids := make([]ident.Bulk, len(opened))
	for i, b := range opened {
		at[b.ID], ids[i] = i, b.ID
		out.Items = append(out.Items, asset.BulkView{Bulk: b})
	}
	return out, each(tx, qBulkCountsIn, func(r *Row) error {
		var id ident.Bulk
		var c asset.BulkCount
		if err := r.Scan(&id, &c.State, &c.Command, &c.Effect, &c.Count); err != nil {
			return err
		}
		v := &out.Items[at[id]]
		v.Counts = append(v.Counts, c)
		return nil
	}, ids)
}

// ListBulkItems implements asset.Tx.
func (tx *Tx) ListBulkItems(id ident.Bulk, p operator.Page) (operator.List[asset.BulkRow], error) {
	return listed(list(tx, bulkItemList, pageOf(p), func(r *Row, v *asset.BulkRow) error {
		if err := scanBulkItem(r, &v.BulkItem); err != nil {
			return err
		}
		return r.Scan(&v.PointName, &v.Identity, &v.SiteName, &v.CommandState, &v.ErrorDetail, &v.Outcome, &v.EffectState, &v.EffectText)
	}, id))
}
