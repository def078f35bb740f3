package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// homeAsks is how often the page is asked for in a repetition.
const homeAsks = 15

// builtWithin is how long the server may take to sum what was there before it started.
const builtWithin = 20 * time.Minute

// homeBlocks are the requests of the home page as it opens; the year is the longest.
var homeBlocks = []string{"/home/network", "/home/connectors", "/home/power", "/home/analytics?period=year", "/home/finance?period=year"}

// homeByHand reads the same from the sums as somebody would who has only the database:
// the months of this year and of the last, who charged in it, what was earned, what is
// owed, and what the connectors do and draw.
func homeByHand(e engine, operator string, now time.Time) []string {
	running := ""
	if e == sqlite {
		running = "INDEXED BY sessions_running"
	}
	year, last := now.Year(), now.Year()-1
	of := func(alias string) string { return alias + ".operator_id = " + operator }
	months := func(y int) string { return fmt.Sprintf("t.bucket >= %d01 AND t.bucket <= %d12", y, y) }
	sessions := func(y int) string {
		return `SELECT t.bucket, sum(t.ended), sum(t.succeeded), sum(t.failed), sum(t.energy_wh), sum(t.duration_s)
			FROM session_totals t WHERE ` + of("t") + ` AND ` + months(y) + ` GROUP BY t.bucket`
	}
	earned := func(y int) string {
		return `SELECT t.bucket, t.sub_operator_id, t.kind, t.back, t.book, t.currency, sum(t.amount)
			FROM money_totals t WHERE ` + of("t") + ` AND ` + months(y) + ` GROUP BY 1, 2, 3, 4, 5, 6`
	}
	micros := now.UnixMicro()
	return []string{
		sessions(year), sessions(last), earned(year), earned(last),
		fmt.Sprintf(`SELECT count(DISTINCT t.driver_id) FROM seen_drivers t WHERE %s AND t.bucket = %d`, of("t"), year),
		`SELECT a.currency, sum(a.balance) FROM accounts a WHERE ` + of("a") + ` AND a.balance < 0 GROUP BY a.currency`,
		fmt.Sprintf(`SELECT CASE WHEN p.online_until <= %d THEN 'OFFLINE' ELSE c.status END, p.charger_type, count(*)
			FROM charge_points p JOIN connectors c ON c.point_id = p.id WHERE %s AND p.status = 'VALID' GROUP BY 1, 2`, micros, of("p")),
		`SELECT count(*) FROM sites t WHERE ` + of("t") + ` AND t.status = 'VALID'`,
		`SELECT count(*), count(p.connected_at) FROM charge_points p WHERE ` + of("p") + ` AND p.status = 'VALID'`,
		`SELECT count(*) FROM drivers d WHERE ` + of("d"),
		// By the index of what runs, which SQLite would not take by itself.
		`SELECT s.id, s.state FROM sessions s ` + running + ` WHERE ` + of("s") + ` AND s.live = 1`,
		fmt.Sprintf(`SELECT w.slot_at, sum(w.watts), sum(w.looks) FROM power_slots w WHERE %s AND w.slot_at >= %d GROUP BY w.slot_at`,
			of("w"), now.Add(-24*time.Hour).UnixMicro()),
	}
}

// homePage is how long the home page takes where there are a great many sessions.
func homePage(s settings, e engine) (row, error) {
	n := s.sessions[e]
	r := row{name: fmt.Sprintf("home page with %s sessions, its five blocks for a year, %s", grouped(n), e), unit: "ms", must: 3, goal: 1.5,
		floorWas: "the rows of its sums read by hand, by the bare driver"}
	err := withSessions(s, e, n, func(srv *server, raw rawDatabase) error {
		operators, err := raw.rows(`SELECT id FROM operators`)
		if err != nil {
			return err
		}
		id, _ := operators[0][0].([]byte)
		rows, err := raw.rows(`SELECT (SELECT count(*) FROM session_totals), (SELECT count(*) FROM money_totals), (SELECT count(*) FROM seen_drivers)`)
		if err != nil {
			return err
		}
		for range s.repeat {
			byHand, byServer, err := homeOnce(e, srv, raw, dialects[e].blob(fmt.Sprintf("%x", id)))
			if err != nil {
				return err
			}
			r.floor, r.system = append(r.floor, byHand), append(r.system, byServer)
		}
		r.remark("All sums were made anew in %v when the server started on the sessions; rows of sums: sessions %v, money %v, drivers %v.",
			s.full.summed.Round(time.Second), rows[0][0], rows[0][1], rows[0][2])
		return nil
	})
	return r, err
}

func homeOnce(e engine, srv *server, raw rawDatabase, operator string) (floor, system float64, err error) {
	var byHand, byServer []float64
	for i := range homeAsks + 2 {
		began := time.Now()
		for _, q := range homeByHand(e, operator, began) {
			if _, err := raw.rows(q); err != nil {
				return 0, 0, fmt.Errorf("%s: %w", q, err)
			}
		}
		took := time.Since(began)
		began = time.Now()
		for _, block := range homeBlocks {
			if err := srv.api.read(block); err != nil {
				return 0, 0, err
			}
		}
		if i >= 2 { // the first ones warm up
			byHand, byServer = append(byHand, millis(took)), append(byServer, millis(time.Since(began)))
		}
	}
	return median(byHand), median(byServer), nil
}

// summed waits until the server has summed the sessions that were copied, which it was
// made to forget, and gives each month of them money.
func (s *server) summed(raw rawDatabase) (time.Duration, error) {
	began := time.Now()
	for {
		built, err := raw.rows(`SELECT count(*) FROM report_states`)
		if err != nil {
			return 0, err
		}
		if n, _ := built[0][0].(int64); n > 0 {
			break
		}
		if time.Since(began) > builtWithin {
			return 0, errors.New("the sums of the sessions are not there")
		}
		time.Sleep(time.Second)
	}
	took := time.Since(began)
	books := "(SELECT 'wallet' AS book, 9 AS part UNION ALL SELECT 'revenue:electricity', -6 UNION ALL SELECT 'revenue:service', -2 UNION ALL SELECT 'revenue:idle', -1)"
	return took, raw.exec(strings.ReplaceAll(`INSERT INTO money_totals (operator_id, sub_operator_id, bucket, site_id, acdc, currency, kind, back, book, amount)
		SELECT t.operator_id, t.sub_operator_id, t.bucket, t.site_id, t.acdc, 'EUR', 'capture', 0, b.book, sum(t.ended) * b.part
		FROM session_totals t CROSS JOIN BOOKS b WHERE 1 = 1 GROUP BY 1, 2, 3, 4, 5, 9, b.part ON CONFLICT DO NOTHING`, "BOOKS", books))
}
