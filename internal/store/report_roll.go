package store

import (
	"time"

	"ccms/internal/ident"
	"ccms/internal/report"
)

// The sums that Home is read from, and how they are made. A bucket is deleted and
// summed anew from its rows, so that making it again changes nothing.

var (
	_ = table("session_totals", own, plain(`operator_id sub_operator_id bucket site_id zone acdc ended succeeded failed energy_wh duration_s`))
	_ = table("seen_drivers", own, plain("operator_id sub_operator_id bucket site_id zone acdc"),
		personal("driver_id", "behaviour", tokenRetention, "delete row"))
	_ = table("money_totals", own, plain("operator_id sub_operator_id bucket site_id acdc currency kind back book amount"))
	_ = table("report_marks", own, plain("id operator_id sub_operator_id what site_id zone at"))
	_ = table("report_states", shared, plain("operator_id sub_operator_id zone built_at"))
)

const (
	// acdc of a charge point p: what the device feeds the car with. A point that is gone
	// counts in neither.
	acdcOf = `CASE WHEN p.charger_type IS NULL THEN '' WHEN p.charger_type IN ('AC', 'Wireless') THEN 'AC' ELSE 'DC' END`
	hourUS = `3600000000`
)

var (
	qMarkSession = stmt(`INSERT INTO report_marks (operator_id, sub_operator_id, what, site_id, zone, at)
		SELECT {{own report_marks of s}}, 'session', s.site_id, s.zone, coalesce(?, s.ended_at) FROM sessions s
		WHERE {{scope sessions s}} AND s.id = ? AND s.ended_at IS NOT NULL`)
	qMarkPosting = stmt(`INSERT INTO report_marks (operator_id, sub_operator_id, what, site_id, zone, at)
		VALUES ({{own report_marks}}, 'posting', ?, '', ?)`)
	// A point that feeds another way than before does so in all of its sessions.
	qMarkPoint = stmt(`INSERT INTO report_marks (operator_id, sub_operator_id, what, site_id, zone, at)
		SELECT {{own report_marks of s}}, 'session', s.site_id, s.zone, s.ended_at FROM sessions s
		WHERE {{scope sessions s}} AND s.point_id = ? AND s.ended_at IS NOT NULL`)
	qMarkPointPostings = stmt(`INSERT INTO report_marks (operator_id, sub_operator_id, what, site_id, zone, at)
		SELECT {{own report_marks of e}}, 'posting', ?, '', e.booked_at FROM entries e
		WHERE {{scope entries e key}} AND e.session_id IN (SELECT s.id FROM sessions s WHERE {{scope sessions s}} AND s.point_id = ?)`)
	qMarks = stmt(`SELECT m.id, m.operator_id, m.what, m.site_id, m.zone, m.at FROM report_marks m
		WHERE {{scope report_marks m}} ORDER BY m.id LIMIT ?`)
	qMarksGone = stmt(`DELETE FROM report_marks WHERE {{scope report_marks report_marks}} AND {{in id}}`)

	qSessionTotalsGone = stmt(`DELETE FROM session_totals WHERE {{scope session_totals session_totals}} AND bucket >= ? AND bucket <= ?
		AND zone = ? {{if site}} AND site_id = ? {{end}}`)
	qSessionHours = stmt(`INSERT INTO session_totals (operator_id, sub_operator_id, bucket, site_id, zone, acdc, ended, succeeded, failed,
			energy_wh, duration_s)
		SELECT {{own session_totals of s}}, CAST(? AS BIGINT) + (s.ended_at - CAST(? AS BIGINT)) / ` + hourUS + `, s.site_id, s.zone, ` + acdcOf + `,
			sum(CASE WHEN s.phase IN ('FAILED_TO_START', 'REJECTED') THEN 0 ELSE 1 END),
			sum(CASE WHEN s.phase IN ('FAILED_TO_START', 'REJECTED', 'ABNORMAL') OR s.energy_wh = 0 THEN 0 ELSE 1 END),
			sum(CASE WHEN s.phase IN ('FAILED_TO_START', 'REJECTED') THEN 1 ELSE 0 END),
			sum(CASE WHEN s.phase IN ('FAILED_TO_START', 'REJECTED') THEN 0 ELSE s.energy_wh END),
			sum(CASE WHEN s.phase IN ('FAILED_TO_START', 'REJECTED') THEN 0 ELSE coalesce((s.ended_at - s.started_at) / 1000000, 0) END)
		FROM sessions s LEFT JOIN charge_points p ON {{scope charge_points p key}} AND p.id = s.point_id
		WHERE {{scope sessions s}} AND s.ended_at >= ? AND s.ended_at < ? AND s.zone = ? {{if site}} AND s.site_id = ? {{end}}
		GROUP BY 1, 2, 3, 4, 5, 6`)
	qSessionSums = stmt(`INSERT INTO session_totals (operator_id, sub_operator_id, bucket, site_id, zone, acdc, ended, succeeded, failed,
			energy_wh, duration_s)
		SELECT {{own session_totals of t}}, CAST(? AS BIGINT), t.site_id, t.zone, t.acdc, sum(t.ended), sum(t.succeeded), sum(t.failed),
			sum(t.energy_wh), sum(t.duration_s)
		FROM session_totals t WHERE {{scope session_totals t}} AND t.bucket >= ? AND t.bucket <= ? AND t.zone = ?
			{{if site}} AND t.site_id = ? {{end}} GROUP BY 1, 2, 3, 4, 5, 6`)

	// Who is seen stays in its row; only who is not there any more goes.
	qSeenGone = stmt(`DELETE FROM seen_drivers WHERE {{scope seen_drivers seen_drivers}} AND bucket = ? AND zone = ? {{if site}} AND site_id = ? {{end}}
		AND (sub_operator_id, site_id, acdc, driver_id) NOT IN (SELECT s.sub_operator_id, s.site_id, ` + acdcOf + `, s.driver_id
			FROM sessions s LEFT JOIN charge_points p ON {{scope charge_points p key}} AND p.id = s.point_id
			WHERE {{scope sessions s}} AND s.ended_at >= ? AND s.ended_at < ? AND s.zone = ? AND s.phase NOT IN ('FAILED_TO_START', 'REJECTED')
			{{if site}} AND s.site_id = ? {{end}})`)
	qSeen = stmt(`INSERT INTO seen_drivers (operator_id, sub_operator_id, bucket, site_id, zone, acdc, driver_id)
		SELECT DISTINCT {{own seen_drivers of s}}, CAST(? AS BIGINT), s.site_id, s.zone, ` + acdcOf + `, s.driver_id
		FROM sessions s LEFT JOIN charge_points p ON {{scope charge_points p key}} AND p.id = s.point_id
		WHERE {{scope sessions s}} AND s.ended_at >= ? AND s.ended_at < ? AND s.zone = ? AND s.phase NOT IN ('FAILED_TO_START', 'REJECTED')
			AND s.driver_id <> ? {{if site}} AND s.site_id = ? {{end}}
		ON CONFLICT DO NOTHING`)
	qSeenLongerGone = stmt(`DELETE FROM seen_drivers WHERE {{scope seen_drivers seen_drivers}} AND bucket = ? AND zone = ? {{if site}} AND site_id = ? {{end}}
		AND (sub_operator_id, site_id, acdc, driver_id) NOT IN (SELECT d.sub_operator_id, d.site_id, d.acdc, d.driver_id FROM seen_drivers d
			WHERE {{scope seen_drivers d}} AND d.bucket >= ? AND d.bucket <= ? AND d.zone = ? {{if site}} AND d.site_id = ? {{end}})`)
	qSeenLonger = stmt(`INSERT INTO seen_drivers (operator_id, sub_operator_id, bucket, site_id, zone, acdc, driver_id)
		SELECT {{own seen_drivers of d}}, CAST(? AS BIGINT), d.site_id, d.zone, d.acdc, d.driver_id FROM seen_drivers d
		WHERE {{scope seen_drivers d}} AND d.bucket = ? AND d.zone = ? {{if site}} AND d.site_id = ? {{end}}
		ON CONFLICT DO NOTHING`)

	qMoneyGone = stmt(`DELETE FROM money_totals WHERE {{scope money_totals money_totals}} AND bucket >= ? AND bucket <= ?`)
	qMoneyHour = stmt(`INSERT INTO money_totals (operator_id, sub_operator_id, bucket, site_id, acdc, currency, kind, back, book, amount)
		SELECT {{own money_totals of e}}, CAST(? AS BIGINT) + (e.booked_at - CAST(? AS BIGINT)) / ` + hourUS + `, coalesce(s.site_id, ?), ` + acdcOf + `,
			b.currency, e.kind, CASE WHEN e.amount < 0 THEN 1 ELSE 0 END, b.book, sum(b.amount)
		FROM entries e JOIN postings b ON {{scope postings b id}} AND b.entry_id = e.id
		LEFT JOIN sessions s ON {{scope sessions s}} AND s.id = e.session_id
		LEFT JOIN charge_points p ON {{scope charge_points p}} AND p.id = s.point_id
		WHERE {{scope entries e}} AND e.booked_at >= ? AND e.booked_at < ?
		GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9`)
	qMoneySums = stmt(`INSERT INTO money_totals (operator_id, sub_operator_id, bucket, site_id, acdc, currency, kind, back, book, amount)
		SELECT {{own money_totals of t}}, CAST(? AS BIGINT), t.site_id, t.acdc, t.currency, t.kind, t.back, t.book, sum(t.amount)
		FROM money_totals t WHERE {{scope money_totals t}} AND t.bucket >= ? AND t.bucket <= ?
		GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9`)

	qZonesEnded = stmt(`SELECT DISTINCT s.zone FROM sessions s WHERE {{scope sessions s}} AND s.ended_at >= ? AND s.ended_at < ? ORDER BY s.zone LIMIT 500`)
	qEndedSpan  = stmt(`SELECT (SELECT min(s.ended_at) FROM sessions s WHERE {{scope sessions s}} AND s.ended_at IS NOT NULL),
		(SELECT max(u.ended_at) FROM sessions u WHERE {{scope sessions u}} AND u.ended_at IS NOT NULL),
		(SELECT min(e.booked_at) FROM entries e WHERE {{scope entries e}}), (SELECT max(f.booked_at) FROM entries f WHERE {{scope entries f}})`)
	qSessionTotalsAll = stmt(`DELETE FROM session_totals WHERE {{scope session_totals session_totals}}`)
	qSeenAll          = stmt(`DELETE FROM seen_drivers WHERE {{scope seen_drivers seen_drivers}}`)

	qUnbuilt = stmt(`SELECT o.id, o.time_zone FROM operators o LEFT JOIN report_states r ON {{scope report_states r}} AND r.operator_id = o.id
		WHERE {{scope operators o}} AND (r.zone IS NULL OR r.zone <> o.time_zone) ORDER BY o.id LIMIT ?`)
	qStateSave = stmt(`INSERT INTO report_states (operator_id, sub_operator_id, zone, built_at) VALUES ({{own report_states}}, ?, ?)
		ON CONFLICT (operator_id) DO UPDATE SET zone = excluded.zone, built_at = excluded.built_at WHERE {{scope report_states report_states}}`)
	qStateLock = stmt(`UPDATE report_states SET built_at = built_at WHERE {{scope report_states report_states}}`)
)

// MarkSession implements report.Tx.
func (tx *Tx) MarkSession(id ident.Session, before time.Time) error {
	if _, err := tx.exec(qMarkSession, time.Time{}, id); err != nil || before.IsZero() {
		return err
	}
	_, err := tx.exec(qMarkSession, before, id)
	return err
}

// MarkPosting implements report.Tx.
func (tx *Tx) MarkPosting(op ident.Operator, at time.Time) error {
	_, err := tx.exec(qMarkPosting, op, ident.SubOperator{}, ident.Site{}, at)
	return err
}

// MarkPoint implements report.Tx.
func (tx *Tx) MarkPoint(id ident.ChargePoint) error {
	if _, err := tx.exec(qMarkPoint, id); err != nil {
		return err
	}
	_, err := tx.exec(qMarkPointPostings, ident.Site{}, id)
	return err
}

// Marks implements report.Tx.
func (tx *Tx) Marks(limit int) ([]report.Mark, error) {
	return all(tx, qMarks, func(r *Row, m *report.Mark) error {
		return r.Scan(&m.ID, &m.Operator, &m.What, &m.Site, &m.Zone, &m.At)
	}, limit)
}

// ForgetMarks implements report.Tx.
func (tx *Tx) ForgetMarks(ids []int64) error {
	_, err := tx.exec(qMarksGone, ids)
	return err
}

// OneRoller implements report.Tx: whoever sums for the operator writes its row first,
// and so two nodes sum one after the other.
func (tx *Tx) OneRoller() error {
	_, err := tx.exec(qStateLock)
	return err
}

// SumSessionDay implements report.Tx.
func (tx *Tx) SumSessionDay(d report.Span, zone string, site ident.Site) error {
	first, last := d.Day.FirstHour(), d.Day.LastHour()
	there := !site.IsZero()
	at := func() any { return optIf(there, "site", site) }
	if _, err := tx.exec(qSessionTotalsGone, first, last, zone, at()); err != nil {
		return err
	}
	if _, err := tx.exec(qSessionHours, first, d.From, d.From, d.To, zone, at()); err != nil {
		return err
	}
	if _, err := tx.exec(qSessionTotalsGone, d.Day, d.Day, zone, at()); err != nil {
		return err
	}
	if _, err := tx.exec(qSessionSums, d.Day, first, last, zone, at()); err != nil {
		return err
	}
	lost, err := tx.exec(qSeenGone, d.Day, zone, d.From, d.To, zone, at())
	if err != nil {
		return err
	}
	if _, err := tx.exec(qSeen, d.Day, d.From, d.To, zone, ident.Driver{}, at()); err != nil {
		return err
	}
	// A month knows who was seen on its days, a year who was seen in its months.
	for _, longer := range []struct{ to, from, first, last report.Bucket }{
		{d.Day.Month(), d.Day, d.Day.Month().FirstDay(), d.Day.Month().LastDay()},
		{d.Day.Year(), d.Day.Month(), d.Day.Year().FirstMonth(), d.Day.Year().LastMonth()},
	} {
		if lost > 0 {
			if lost, err = tx.exec(qSeenLongerGone, longer.to, zone, longer.first, longer.last, zone, at()); err != nil {
				return err
			}
		}
		if _, err := tx.exec(qSeenLonger, longer.to, longer.from, zone, at()); err != nil {
			return err
		}
	}
	return nil
}

// SumSessionMonth implements report.Tx.
func (tx *Tx) SumSessionMonth(m report.Bucket, zone string, site ident.Site) error {
	at := func() any { return optIf(!site.IsZero(), "site", site) }
	if _, err := tx.exec(qSessionTotalsGone, m, m, zone, at()); err != nil {
		return err
	}
	_, err := tx.exec(qSessionSums, m, m.FirstDay(), m.LastDay(), zone, at())
	return err
}

// SumMoneyHours implements report.Tx.
func (tx *Tx) SumMoneyHours(first, last report.Bucket, midnight, from, to time.Time) error {
	if _, err := tx.exec(qMoneyGone, first, last); err != nil {
		return err
	}
	_, err := tx.exec(qMoneyHour, first.Day().FirstHour(), midnight, ident.Site{}, from, to)
	return err
}

// SumMoney implements report.Tx.
func (tx *Tx) SumMoney(to, first, last report.Bucket) error {
	if _, err := tx.exec(qMoneyGone, to, to); err != nil {
		return err
	}
	_, err := tx.exec(qMoneySums, to, first, last)
	return err
}

// ZonesEnded implements report.Tx.
func (tx *Tx) ZonesEnded(from, to time.Time) ([]string, error) {
	return all(tx, qZonesEnded, func(r *Row, z *string) error { return r.Scan(z) }, from, to)
}

// RecordedSpan implements report.Tx.
func (tx *Tx) RecordedSpan() (s report.Recorded, err error) {
	return one(tx, "operator", qEndedSpan, func(r *Row, s *report.Recorded) error {
		return r.Scan(&s.FirstEnd, &s.LastEnd, &s.FirstPosting, &s.LastPosting)
	})
}

// ForgetSums implements report.Tx.
func (tx *Tx) ForgetSums() error {
	for _, q := range []*Stmt{qSessionTotalsAll, qSeenAll} {
		if _, err := tx.exec(q); err != nil {
			return err
		}
	}
	_, err := tx.exec(qMoneyGone, 0, report.Latest)
	return err
}

// Unbuilt implements report.Tx.
func (tx *Tx) Unbuilt(limit int) ([]report.Clock, error) {
	return all(tx, qUnbuilt, func(r *Row, c *report.Clock) error { return r.Scan(&c.Operator, &c.Zone) }, limit)
}

// SaveBuilt implements report.Tx.
func (tx *Tx) SaveBuilt(c report.Clock) error {
	_, err := tx.exec(qStateSave, c.Operator, ident.SubOperator{}, c.Zone, tx.now)
	return err
}

var _ report.Tx = (*Tx)(nil)
