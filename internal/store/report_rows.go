package store

import (
	"strings"
	"time"

	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/report"
)

// The rows behind Home's sums, found by the same conditions.

// mostZones is how many clocks a network's sites are on at once: the world has fewer
// than forty, an operator a handful.
const mostZones = 12

const filterWhere = ` {{if site}} AND s.site_id = ? {{end}} {{if acdc}} AND ` + acdcOf + ` = ? {{end}}`

var (
	qEndedZones = stmt(`SELECT DISTINCT t.zone FROM session_totals t WHERE {{scope session_totals t}} AND t.bucket >= ? AND t.bucket <= ?
		ORDER BY t.zone LIMIT ?`)
	qEndedRows = listing(listSpec{
		Cols: `s.ocpp_id, s.site_id, t.name, coalesce(p.name, ''), s.zone, s.phase, s.started_at, s.energy_wh`,
		From: `sessions s JOIN sites t ON {{scope sites t}} AND t.id = s.site_id
			LEFT JOIN charge_points p ON {{scope charge_points p}} AND p.id = s.point_id`,
		Where: `{{scope sessions s}} AND s.ended_at >= ? AND s.ended_at < ? AND s.phase NOT IN ('FAILED_TO_START', 'REJECTED')
			AND (` + strings.TrimPrefix(strings.Repeat(` OR (s.zone = ? AND s.ended_at >= ? AND s.ended_at < ?)`, mostZones), " OR ") + `)
			{{if sub}} AND s.sub_operator_id = ? {{end}}` + filterWhere,
		ID: `s.id`, Sorts: map[string]string{"ended_at": `s.ended_at`}, Sort: "-ended_at",
	})
	qPostedRows = listing(listSpec{
		Cols: `e.kind, e.session_id, coalesce(s.ocpp_id, 0), e.recharge_id, coalesce(t.name, ''), CASE WHEN e.amount < 0 THEN 0 - e.amount ELSE e.amount END, e.currency`,
		From: `entries e LEFT JOIN sessions s ON {{scope sessions s}} AND s.id = e.session_id
			LEFT JOIN sites t ON {{scope sites t}} AND t.id = s.site_id
			LEFT JOIN charge_points p ON {{scope charge_points p}} AND p.id = s.point_id`,
		Where: `{{scope entries e}} AND e.booked_at >= ? AND e.booked_at < ? AND e.currency = ?
			{{if charged}} AND e.session_id <> ? AND e.amount >= 0 {{end}} {{if refunded}} AND e.session_id <> ? AND e.amount < 0 {{end}}
			{{if recharged}} AND e.session_id = ? AND e.amount < 0 {{end}} {{if reversed}} AND e.session_id = ? AND e.amount >= 0 {{end}}
			{{if sub}} AND e.sub_operator_id = ? {{end}}` + filterWhere,
		ID: `e.id`, Sorts: map[string]string{"time": `e.booked_at`}, Sort: "-time",
	})
)

// EndedZones implements report.Tx.
func (tx *Tx) EndedZones(first, last report.Bucket) ([]string, error) {
	return all(tx, qEndedZones, func(r *Row, z *string) error { return r.Scan(z) }, first, last, mostZones)
}

// EndedRows implements report.Tx.
func (tx *Tx) EndedRows(f report.Filter, spans []report.ZoneSpan, p operator.Page) (operator.List[report.EndedRow], error) {
	if len(spans) == 0 {
		return operator.List[report.EndedRow]{}, nil
	}
	from, to := spans[0].From, spans[0].To
	var slots []any
	for i := range mostZones {
		z := report.ZoneSpan{From: from, To: from} // nothing
		if i < len(spans) {
			z = spans[i]
		}
		if z.From.Before(from) {
			from = z.From
		}
		if z.To.After(to) {
			to = z.To
		}
		slots = append(slots, z.Zone, z.From, z.To)
	}
	args := append(append([]any{from, to}, slots...), filterArgs(f)...)
	return listed(list(tx, qEndedRows, pageOf(p), func(r *Row, e *report.EndedRow) error {
		if err := put(&e.EndedAt, r.cells[0]); err != nil {
			return err
		}
		if err := put(&e.ID, r.cells[1]); err != nil {
			return err
		}
		return r.Scan(&e.OCPPID, &e.Site, &e.SiteName, &e.PointName, &e.Zone, &e.Phase, &e.StartedAt, &e.Energy)
	}, args...))
}

// PostedRows implements report.Tx.
func (tx *Tx) PostedRows(f report.Filter, side report.Side, c money.Currency, from, to time.Time, p operator.Page) (operator.List[report.PostedRow], error) {
	args := append([]any{from, to, string(c), opt(string(side), ident.Session{})}, filterArgs(f)...)
	return listed(list(tx, qPostedRows, pageOf(p), func(r *Row, e *report.PostedRow) error {
		if err := put(&e.At, r.cells[0]); err != nil {
			return err
		}
		if err := put(&e.ID, r.cells[1]); err != nil {
			return err
		}
		return r.Scan(&e.Kind, &e.Session, &e.OCPPID, &e.Recharge, &e.SiteName, &e.Amount)
	}, args...))
}
