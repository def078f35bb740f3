package store

import (
	"encoding/json"
	"time"

	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/report"
	"ccms/internal/session"
)

var (
	_ = table("power_slots", own, plain("operator_id sub_operator_id slot_at site_id acdc watts looks"))
	_ = table("home_layouts", own, plain("operator_id sub_operator_id staff_id blocks saved_at"))
)

const (
	keepSlots  = 35 * 24 * time.Hour
	openPhases = `s.phase IN ('CHARGING', 'PAUSED', 'OFFLINE_RUNNING', 'STOPPING', 'STOP_UNCONFIRMED')`
	// SQLite knows nothing of how few run, and would go through all sessions.
	runningIndex = `{{lite INDEXED BY sessions_running}}`
	mostDrawn    = 50_000
	mostUsers    = 100_000
)

var (
	qSessionSumsRead = stmt(`SELECT t.bucket, CAST(sum(t.ended) AS BIGINT), CAST(sum(t.succeeded) AS BIGINT), CAST(sum(t.failed) AS BIGINT),
			CAST(sum(t.energy_wh) AS BIGINT), CAST(sum(t.duration_s) AS BIGINT)
		FROM session_totals t WHERE {{scope session_totals t}} AND t.bucket >= ? AND t.bucket <= ?
			{{if site}} AND t.site_id = ? {{end}} {{if sub}} AND t.sub_operator_id = ? {{end}} {{if acdc}} AND t.acdc = ? {{end}}
		GROUP BY t.bucket`)
	qDriversSeen = stmt(`SELECT count(DISTINCT t.driver_id) FROM seen_drivers t WHERE {{scope seen_drivers t}} AND t.bucket = ?
			{{if site}} AND t.site_id = ? {{end}} {{if sub}} AND t.sub_operator_id = ? {{end}} {{if acdc}} AND t.acdc = ? {{end}}`)
	qMoneySumsRead = stmt(`SELECT t.bucket, t.sub_operator_id, CASE WHEN t.site_id = ? THEN 0 ELSE 1 END, t.kind, t.back, t.book,
			CAST(sum(t.amount) AS BIGINT), t.currency
		FROM money_totals t WHERE {{scope money_totals t}} AND t.bucket >= ? AND t.bucket <= ?
			{{if site}} AND t.site_id = ? {{end}} {{if sub}} AND t.sub_operator_id = ? {{end}} {{if acdc}} AND t.acdc = ? {{end}}
		GROUP BY 1, 2, 3, 4, 5, 6, 8`)
	qOutstanding = stmt(`SELECT CAST(sum(0 - a.balance) AS BIGINT), a.currency FROM accounts a WHERE {{scope accounts a}} AND a.balance < 0
			{{if sub}} AND a.sub_operator_id = ? {{end}} GROUP BY a.currency ORDER BY a.currency`)
	qConnectorCounts = stmt(`SELECT CASE WHEN p.online_until <= ? THEN 'OFFLINE' ELSE c.status END, ` + acdcOf + `, count(*)
		FROM charge_points p JOIN connectors c ON {{scope connectors c}} AND c.point_id = p.id
		WHERE {{scope charge_points p}} AND p.status = 'VALID'
			{{if site}} AND p.site_id = ? {{end}} {{if sub}} AND p.sub_operator_id = ? {{end}} {{if ac}} AND p.charger_type IN ('AC', 'Wireless') {{end}}
			{{if dc}} AND p.charger_type NOT IN ('AC', 'Wireless') {{end}}
		GROUP BY 1, 2`)
	qSiteStates = stmt(`SELECT t.id, t.sub_operator_id, t.name, t.address, t.latitude_e6, t.longitude_e6,
			CASE WHEN p.online_until <= ? THEN 'OFFLINE' ELSE coalesce(c.status, '') END, count(c.id)
		FROM (SELECT s.id, s.sub_operator_id, s.name, s.name_sort, s.address, s.latitude_e6, s.longitude_e6 FROM sites s WHERE {{scope sites s}} AND s.status = 'VALID'
				{{if site}} AND s.id = ? {{end}} {{if sub}} AND s.sub_operator_id = ? {{end}} ORDER BY s.name_sort, s.id LIMIT ?) t
			LEFT JOIN charge_points p ON {{scope charge_points p}} AND p.site_id = t.id AND p.status = 'VALID'
				{{if ac}} AND p.charger_type IN ('AC', 'Wireless') {{end}} {{if dc}} AND p.charger_type NOT IN ('AC', 'Wireless') {{end}}
			LEFT JOIN connectors c ON {{scope connectors c}} AND c.point_id = p.id
		GROUP BY t.name_sort, t.id, t.sub_operator_id, t.name, t.address, t.latitude_e6, t.longitude_e6, 7
		ORDER BY t.name_sort, t.id`)
	qNetworkCounts = stmt(`SELECT
		(SELECT count(*) FROM sites t WHERE {{scope sites t}} AND t.status = 'VALID' {{if site}} AND t.id = ? {{end}} {{if sub}} AND t.sub_operator_id = ? {{end}}),
		(SELECT count(*) FROM charge_points p WHERE {{scope charge_points p}} AND p.status = 'VALID' {{if site}} AND p.site_id = ? {{end}}
			{{if sub}} AND p.sub_operator_id = ? {{end}}),
		(SELECT count(*) FROM charge_points q WHERE {{scope charge_points q}} AND q.status = 'VALID' AND q.connected_at IS NOT NULL {{if site}} AND q.site_id = ? {{end}}
			{{if sub}} AND q.sub_operator_id = ? {{end}}),
		(SELECT count(*) FROM charge_points v JOIN connectors c ON {{scope connectors c}} AND c.point_id = v.id
			WHERE {{scope charge_points v}} AND v.status = 'VALID' {{if site}} AND v.site_id = ? {{end}} {{if sub}} AND v.sub_operator_id = ? {{end}}),
		(SELECT count(*) FROM sub_operators o WHERE {{scope sub_operators o}} AND o.status <> 'CLOSED'),
		(SELECT count(*) FROM (SELECT 1 FROM drivers d WHERE {{scope drivers d}} LIMIT ?) counted)`)
	qRunningSessions = stmt(`SELECT count(*) FROM sessions s ` + runningIndex + ` WHERE {{scope sessions s}} AND s.live = 1 AND ` + openPhases + `
		{{if site}} AND s.site_id = ? {{end}} {{if sub}} AND s.sub_operator_id = ? {{end}}
		{{if acdc}} AND EXISTS (SELECT 1 FROM charge_points p WHERE {{scope charge_points p key}} AND p.id = s.point_id AND ` + acdcOf + ` = ?) {{end}}`)
	qDrawn = stmt(`SELECT s.id, s.operator_id, s.sub_operator_id, s.site_id, t.name, t.contracted_w, ` + acdcOf + `, s.state, ` + newestState + `
		FROM sessions s ` + runningIndex + ` JOIN charge_points p ON {{scope charge_points p key}} AND p.id = s.point_id
			JOIN sites t ON {{scope sites t}} AND t.id = s.site_id
		WHERE {{scope sessions s}} AND s.live = 1 AND ` + openPhases + `
		{{if site}} AND s.site_id = ? {{end}} {{if sub}} AND s.sub_operator_id = ? {{end}} {{if acdc}} AND ` + acdcOf + ` = ? {{end}} LIMIT ?`)

	qContracted = stmt(`SELECT CAST(coalesce(sum(t.contracted_w), 0) AS BIGINT), count(CASE WHEN t.contracted_w > 0 THEN 1 END), count(*)
		FROM sites t WHERE {{scope sites t}} {{if site}} AND t.id = ? {{end}} {{if sub}} AND t.sub_operator_id = ? {{end}} AND (t.status = 'VALID'
			OR t.id IN (SELECT s.site_id FROM sessions s ` + runningIndex + ` WHERE {{scope sessions s}} AND s.live = 1 AND ` + openPhases + `))`)

	qOwners   = stmt(`SELECT DISTINCT t.operator_id, t.sub_operator_id FROM sites t WHERE {{scope sites t}} LIMIT 100000`)
	qLookSave = stmt(`INSERT INTO power_slots (operator_id, sub_operator_id, slot_at, site_id, acdc, watts, looks)
		VALUES ({{own power_slots}}, ?, ?, ?, ?, ?)
		ON CONFLICT (operator_id, slot_at, site_id, sub_operator_id, acdc) DO UPDATE SET watts = power_slots.watts + excluded.watts,
			looks = power_slots.looks + excluded.looks WHERE {{scope power_slots power_slots}}`)
	qSlots = stmt(`SELECT t.slot_at, CAST(sum(t.watts) AS BIGINT), max(CASE WHEN t.site_id = ? THEN t.looks ELSE 0 END)
		FROM power_slots t WHERE {{scope power_slots t}} AND t.slot_at >= ? AND t.slot_at < ?
			{{if site}} AND (t.site_id = ? OR t.acdc = '') {{end}} {{if sub}} AND t.sub_operator_id = ? {{end}} {{if acdc}} AND (t.acdc = ? OR t.acdc = '') {{end}}
		GROUP BY t.slot_at ORDER BY t.slot_at`)
	qSlotsGone = stmt(`DELETE FROM power_slots WHERE {{scope power_slots power_slots}} AND slot_at >= ? AND slot_at < ?`)
	qMetered   = stmt(`SELECT s.id, s.sub_operator_id, s.site_id, ` + acdcOf + `, m.at, m.power_w
		FROM sessions s LEFT JOIN charge_points p ON {{scope charge_points p key}} AND p.id = s.point_id
		JOIN session_samples m ON {{scope session_samples m}} AND m.session_id = s.id
		WHERE {{scope sessions s}} AND s.ended_at >= ? AND s.ended_at < ? AND m.has & 2 = 2 ORDER BY s.id, m.at, m.number, m.ordinal LIMIT ?`)

	qLayout     = stmt(`SELECT l.blocks, l.saved_at FROM home_layouts l WHERE {{scope home_layouts l}} AND l.operator_id = ? AND l.staff_id = ?`)
	qLayoutSave = stmt(`INSERT INTO home_layouts (operator_id, sub_operator_id, staff_id, blocks, saved_at) VALUES ({{own home_layouts}}, ?, ?, ?)
		ON CONFLICT (operator_id, staff_id) DO UPDATE SET blocks = excluded.blocks, saved_at = excluded.saved_at
		WHERE {{scope home_layouts home_layouts}}`)
)

// filterArgs are the parts of a statement that narrow it to a filter.
func filterArgs(f report.Filter) []any {
	return []any{optIf(!f.Site.IsZero(), "site", f.Site), optIf(!f.Sub.IsZero(), "sub", f.Sub), optIf(f.ACDC != "", "acdc", f.ACDC)}
}

// SessionSums implements report.Tx.
func (tx *Tx) SessionSums(f report.Filter, first, last report.Bucket) (map[report.Bucket]report.Sessions, error) {
	out := map[report.Bucket]report.Sessions{}
	err := each(tx, qSessionSumsRead, func(r *Row) error {
		var b report.Bucket
		var s report.Sessions
		if err := r.Scan(&b, &s.Sessions, &s.Succeeded, &s.Failed, &s.Energy, &s.Seconds); err != nil {
			return err
		}
		out[b] = s
		return nil
	}, append([]any{first, last}, filterArgs(f)...)...)
	return out, err
}

// DriversSeen implements report.Tx.
func (tx *Tx) DriversSeen(f report.Filter, b report.Bucket) (int64, error) {
	return scalar[int64](tx, qDriversSeen, append([]any{b}, filterArgs(f)...)...)
}

// Running implements report.Tx.
func (tx *Tx) Running(f report.Filter) (int64, error) {
	return scalar[int64](tx, qRunningSessions, filterArgs(f)...)
}

// MoneySums implements report.Tx.
func (tx *Tx) MoneySums(f report.Filter, first, last report.Bucket) ([]report.Posted, error) {
	return all(tx, qMoneySumsRead, func(r *Row, p *report.Posted) error {
		return r.Scan(&p.Bucket, &p.Sub, &p.OfSession, &p.Kind, &p.Back, &p.Book, &p.Amount)
	}, append([]any{ident.Site{}, first, last}, filterArgs(f)...)...)
}

// Outstanding implements report.Tx.
func (tx *Tx) Outstanding(f report.Filter) ([]money.Amount, error) {
	return all(tx, qOutstanding, func(r *Row, a *money.Amount) error { return r.Scan(a) }, optIf(!f.Sub.IsZero(), "sub", f.Sub))
}

// ConnectorCounts implements report.Tx.
func (tx *Tx) ConnectorCounts(f report.Filter) ([]report.ConnectorCount, error) {
	return all(tx, qConnectorCounts, func(r *Row, c *report.ConnectorCount) error { return r.Scan(&c.State, &c.ACDC, &c.Count) },
		micros(tx.now), optIf(!f.Site.IsZero(), "site", f.Site), optIf(!f.Sub.IsZero(), "sub", f.Sub),
		optIf(f.ACDC == report.AC, "ac"), optIf(f.ACDC == report.DC, "dc"))
}

// SiteStates implements report.Tx.
func (tx *Tx) SiteStates(f report.Filter, most int) (sites []report.SiteState, more bool, err error) {
	err = each(tx, qSiteStates, func(r *Row) error {
		var s report.SiteState
		var state string
		var n int64
		if err := r.Scan(&s.Site, &s.Sub, &s.Name, &s.Address, &s.Position.Latitude, &s.Position.Longitude, &state, &n); err != nil {
			return err
		}
		if len(sites) == 0 || sites[len(sites)-1].Site != s.Site {
			sites = append(sites, s)
		}
		sites[len(sites)-1].Add(state, n)
		return nil
	}, micros(tx.now), optIf(!f.Site.IsZero(), "site", f.Site), optIf(!f.Sub.IsZero(), "sub", f.Sub), most+1,
		optIf(f.ACDC == report.AC, "ac"), optIf(f.ACDC == report.DC, "dc"))
	if len(sites) > most {
		return sites[:most], true, err
	}
	return sites, false, err
}

// NetworkCounts implements report.Tx.
func (tx *Tx) NetworkCounts(f report.Filter) (report.Network, error) {
	return one(tx, "network", qNetworkCounts, func(r *Row, n *report.Network) error {
		if err := r.Scan(&n.Sites, &n.Points, &n.Connected, &n.Connectors, &n.SubOperators, &n.Drivers); err != nil {
			return err
		}
		if n.Drivers > mostUsers {
			n.Drivers, n.DriversCapped = mostUsers, true
		}
		return nil
	}, mostUsers+1, optIf(!f.Site.IsZero(), "site", f.Site), optIf(!f.Sub.IsZero(), "sub", f.Sub))
}

type drawnRow struct {
	report.Drawing
	state, newest []byte
}

// Drawn implements report.Tx.
func (tx *Tx) Drawn(f report.Filter) ([]report.Drawing, error) {
	rows, err := all(tx, qDrawn, func(r *Row, d *drawnRow) error {
		return r.Scan(&d.Session, &d.Operator, &d.Sub, &d.Site, &d.SiteName, &d.Contracted, &d.ACDC, &d.state, &d.newest)
	}, append(filterArgs(f), mostDrawn)...)
	if err != nil {
		return nil, err
	}
	out := make([]report.Drawing, len(rows))
	for i, r := range rows {
		if r.newest != nil {
			r.state = r.newest
		}
		var s session.State
		if err := s.ReadRunning(r.state); err != nil {
			return nil, err
		}
		out[i] = r.Drawing
		out[i].Power, out[i].Measured = s.Last.Power, s.Last.Has&session.HasPower != 0
		out[i].At, out[i].Interval = s.Last.At, s.SampleInterval()
	}
	return out, nil
}

// Contracted implements report.Tx.
func (tx *Tx) Contracted(f report.Filter) (c report.Contract, err error) {
	_, _, err = maybe(tx, qContracted, func(r *Row, _ *struct{}) error { return r.Scan(&c.Power, &c.Known, &c.Sites) },
		optIf(!f.Site.IsZero(), "site", f.Site), optIf(!f.Sub.IsZero(), "sub", f.Sub))
	return c, err
}

// Owners implements report.Tx.
func (tx *Tx) Owners() ([]report.Owner, error) {
	return all(tx, qOwners, func(r *Row, o *report.Owner) error { return r.Scan(&o.Operator, &o.Sub) })
}

// AddLooks implements report.Tx.
func (tx *Tx) AddLooks(looks []report.Look) error {
	rows := make([][]any, len(looks))
	for i, l := range looks {
		rows[i] = []any{l.Operator, l.Sub, l.At, l.Site, l.ACDC, l.Watts, l.Looks}
	}
	return tx.execMany(qLookSave, rows)
}

// Slots implements report.Tx.
func (tx *Tx) Slots(f report.Filter, from, to time.Time) ([]report.Slot, error) {
	return all(tx, qSlots, func(r *Row, s *report.Slot) error { return r.Scan(&s.At, &s.Watts, &s.Looks) },
		append([]any{ident.Site{}, from, to}, filterArgs(f)...)...)
}

// ForgetSlots implements report.Tx.
func (tx *Tx) ForgetSlots(from, to time.Time) error {
	_, err := tx.exec(qSlotsGone, from, to)
	return err
}

// mostMetered is some weeks of a demo's samples.
const mostMetered = 3_000_000

// MeteredIn implements report.Tx.
func (tx *Tx) MeteredIn(from, to time.Time) ([]report.Metered, error) {
	return all(tx, qMetered, func(r *Row, m *report.Metered) error {
		return r.Scan(&m.Session, &m.Sub, &m.Site, &m.ACDC, &m.At, &m.Power)
	}, from, to, mostMetered)
}

// HomeLayout implements report.Tx.
func (tx *Tx) HomeLayout(id ident.Staff) (report.Layout, bool, error) {
	var text string
	l, found, err := maybe(tx, qLayout, func(r *Row, l *report.Layout) error { return r.Scan(&text, &l.SavedAt) }, tx.scope.Operator(), id)
	if err != nil || !found {
		return l, false, err
	}
	return l, true, json.Unmarshal([]byte(text), &l.Blocks)
}

// SaveHomeLayout implements report.Tx.
func (tx *Tx) SaveHomeLayout(id ident.Staff, l report.Layout) error {
	text, err := json.Marshal(l.Blocks)
	if err != nil {
		return err
	}
	_, err = tx.exec(qLayoutSave, tx.scope.Operator(), tx.scope.Sub(), id, string(text), l.SavedAt)
	return err
}
