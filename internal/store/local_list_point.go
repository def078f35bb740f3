package store

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
)

var _ = table("local_list_points", own, plain(`point_id list_id operator_id sub_operator_id state asking command_id reported reported_at list_version
	revision goal sent_version sent_upto whole after_number chunk chunks cards tries detail due_at started_at succeeded_at leaving version`))

const listPointCols = `x.point_id, x.list_id, x.operator_id, x.sub_operator_id, x.state, x.asking, x.command_id, x.reported, x.reported_at,
	x.list_version, x.revision, x.goal, x.sent_version, x.sent_upto, x.whole, x.after_number, x.chunk, x.chunks, x.cards, x.tries, x.detail,
	x.due_at, x.started_at, x.succeeded_at, x.leaving, x.version`

var (
	// Where the charge point has a list, of whomever, nothing happens.
	qListPointInsert = stmt(`INSERT INTO local_list_points (operator_id, sub_operator_id, point_id, list_id, state, asking, command_id, reported,
			reported_at, list_version, revision, goal, sent_version, sent_upto, whole, after_number, chunk, chunks, cards, tries, detail,
			due_at, started_at, succeeded_at, leaving, version)
		VALUES ({{own local_list_points}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	qListPointSave = stmt(`UPDATE local_list_points SET list_id = ?, state = ?, asking = ?, command_id = ?, reported = ?, reported_at = ?,
			list_version = ?, revision = ?, goal = ?, sent_version = ?, sent_upto = ?, whole = ?, after_number = ?, chunk = ?, chunks = ?,
			cards = ?, tries = ?, detail = ?, due_at = ?, started_at = ?, succeeded_at = ?, leaving = ?, version = version + 1
		WHERE {{scope local_list_points local_list_points key}} AND point_id = ? AND version = ?`)
	qListPointDelete = stmt(`DELETE FROM local_list_points WHERE {{scope local_list_points local_list_points key}} AND point_id = ?`)
	qListPoint       = stmt(`SELECT ` + listPointCols + ` FROM local_list_points x WHERE {{scope local_list_points x key}} AND x.point_id = ?`)
	qListPointLock   = stmt(`SELECT ` + listPointCols + ` FROM local_list_points x WHERE {{scope local_list_points x key}} AND x.point_id = ? {{lock}}`)
	qListPointsLock  = stmt(`SELECT ` + listPointCols + ` FROM local_list_points x WHERE {{scope local_list_points x key}} AND x.list_id = ?
		ORDER BY x.point_id {{lock}}`)
	qListPointsForget = stmt(`DELETE FROM local_list_points WHERE {{scope local_list_points local_list_points key}} AND list_id = ?`)
	qListPointsDue    = stmt(`SELECT x.point_id, x.operator_id FROM local_list_points x WHERE {{scope local_list_points x}} AND x.due_at <= ?
		ORDER BY x.due_at LIMIT ?`)
	qPushes = stmt(`SELECT x.state, x.leaving, count(*), coalesce(max(x.started_at), 0), coalesce(max(x.succeeded_at), 0), min(x.cards)
		FROM local_list_points x WHERE {{scope local_list_points x key}} AND x.list_id = ? GROUP BY x.state, x.leaving`)

	listPointList = listing(listSpec{
		Cols: listPointCols + `, p.name, p.identity, coalesce(s.name, ''), p.connected_at, p.disconnected_at, p.last_seen_at`,
		From: `charge_points p CROSS JOIN local_list_points x LEFT JOIN sites s ON {{scope sites s}} AND s.id = p.site_id`,
		Where: `{{scope charge_points p}} AND {{scope local_list_points x}} AND x.point_id = p.id AND x.list_id = ?
			{{if state}} AND x.state = ? {{end}}
			{{if name}} AND EXISTS (SELECT 1 FROM asset_words w WHERE {{scope asset_words w}}
				AND w.object_id = p.id AND w.field = 'point.name' AND w.phrase >= ? AND w.phrase < ?) {{end}}`,
		ID: "p.id", Sorts: map[string]string{"name": "p.name_sort"}, Sort: "name",
	})
)

func scanListPoint(r *Row, p *member.ListPoint) error {
	return r.Scan(&p.Point, &p.List, &p.Operator, &p.Sub, &p.State, &p.Asking, &p.Command, &p.Reported, &p.ReportedAt, &p.ListVersion,
		&p.Revision, &p.Goal, &p.SentVersion, &p.SentUpTo, &p.Whole, &p.After, &p.Chunk, &p.Chunks, &p.Cards, &p.Tries, &p.Detail,
		&p.DueAt, &p.StartedAt, &p.SucceededAt, &p.Leaving, &p.Version)
}

// InsertListPoint implements member.Tx.
func (tx *Tx) InsertListPoint(p member.ListPoint) (bool, error) {
	n, err := tx.exec(qListPointInsert, p.Operator, p.Sub, p.Point, p.List, p.State, p.Asking, orNull(p.Command), p.Reported, p.ReportedAt,
		p.ListVersion, p.Revision, p.Goal, p.SentVersion, p.SentUpTo, p.Whole, p.After, p.Chunk, p.Chunks, p.Cards, p.Tries, p.Detail,
		p.DueAt, p.StartedAt, p.SucceededAt, p.Leaving, 1)
	return n > 0, err
}

// SaveListPoint implements member.Tx.
func (tx *Tx) SaveListPoint(p member.ListPoint) error {
	n, err := tx.exec(qListPointSave, p.List, p.State, p.Asking, orNull(p.Command), p.Reported, p.ReportedAt,
		p.ListVersion, p.Revision, p.Goal, p.SentVersion, p.SentUpTo, p.Whole, p.After, p.Chunk, p.Chunks, p.Cards, p.Tries, p.Detail,
		p.DueAt, p.StartedAt, p.SucceededAt, p.Leaving, p.Point, p.Version)
	if err == nil && n == 0 {
		return fault.Stale(0, p.Version)
	}
	return err
}

// DeleteListPoint implements member.Tx.
func (tx *Tx) DeleteListPoint(id ident.ChargePoint) error {
	return tx.execOne("charge point of a local list", qListPointDelete, id)
}

// ListPointOf implements member.Tx.
func (tx *Tx) ListPointOf(id ident.ChargePoint) (member.ListPoint, bool, error) {
	return maybe(tx, qListPoint, scanListPoint, id)
}

// LockListPoint implements member.Tx.
func (tx *Tx) LockListPoint(id ident.ChargePoint) (member.ListPoint, bool, error) {
	return maybe(tx, qListPointLock, scanListPoint, id)
}

// LockListPoints implements member.Tx.
func (tx *Tx) LockListPoints(id ident.LocalList) ([]member.ListPoint, error) {
	return all(tx, qListPointsLock, scanListPoint, id)
}

// DueListPoints implements member.Tx.
func (tx *Tx) DueListPoints(now time.Time, limit int) ([]member.DueListPoint, error) {
	return all(tx, qListPointsDue, func(r *Row, d *member.DueListPoint) error { return r.Scan(&d.Point, &d.Operator) }, now, limit)
}

// PushesOf implements member.Tx.
func (tx *Tx) PushesOf(id ident.LocalList) (member.Pushes, error) {
	out := member.Pushes{Count: map[member.PushState]int{}}
	least := -1
	err := each(tx, qPushes, func(r *Row) error {
		var state member.PushState
		var leaving bool
		var n, cards int
		var started, succeeded int64
		if err := r.Scan(&state, &leaving, &n, &started, &succeeded, &cards); err != nil {
			return err
		}
		if leaving {
			out.Leaving += n
			return nil
		}
		out.Count[state] += n
		out.StartedAt, out.SucceededAt = newest(out.StartedAt, started), newest(out.SucceededAt, succeeded)
		if state != member.PushNotSupported && (least < 0 || cards < least) {
			least = cards
		}
		return nil
	}, id)
	out.Cards = max(0, least)
	return out, err
}

func newest(t time.Time, micros int64) time.Time {
	if at := time.UnixMicro(micros).UTC(); micros > 0 && at.After(t) {
		return at
	}
	return t
}

// ListListPoints implements member.Tx.
func (tx *Tx) ListListPoints(id ident.LocalList, f member.ListPointFilter, p operator.Page) (operator.List[member.ListPointRow], error) {
	return listed(list(tx, listPointList, pageOf(p), func(r *Row, v *member.ListPointRow) error {
		if err := scanListPoint(r, &v.ListPoint); err != nil {
			return err
		}
		var c asset.Connection
		err := r.Scan(&v.PointName, &v.Identity, &v.SiteName, &c.ConnectedAt, &c.DisconnectedAt, &c.LastSeenAt)
		v.Online = c.Online(tx.now)
		return err
	}, id, optIf(f.State != "", "state", f.State), phrase("name", f.Name)))
}
