package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Nobody waits for ten million sessions to be charged. Some hundred are, by charge points
// that speak to the server; the database copies them with numbers, times and ends of their
// own. What a copy costs to read is what an original costs.

const (
	fillSites  = 40
	fillPoints = 400
	// fillBack is how far back the copies reach.
	fillBack = 2 * 365 * 24 * time.Hour
	// fillAtOnce is how many copies are one statement.
	fillAtOnce = 250_000
	// firstCopy is the transaction number of the first copy.
	firstCopy = 1_000_000
)

// dialect is how an engine writes what the two write differently.
type dialect struct {
	numbers string // a table g(n) from one number to another
	id      string // an id of a time in ms and a number
	blob    func(hex string) string
	indexes string // names and definitions of the session's indexes that may be dropped
	columns string // names of the session's columns
	before  []string
	after   []string
}

var dialects = map[engine]dialect{
	sqlite: {
		numbers: `(WITH RECURSIVE x(n) AS (SELECT %d UNION ALL SELECT n + 1 FROM x WHERE n < %d) SELECT n FROM x)`,
		id:      `unhex(printf('%012x', (at) / 1000) || printf('%020x', g.n))`,
		blob:    func(hex string) string { return `x'` + hex + `'` },
		indexes: `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'sessions' AND sql IS NOT NULL`,
		columns: `SELECT name FROM pragma_table_info('sessions')`,
		before:  []string{`PRAGMA synchronous = OFF`, `PRAGMA cache_size = -400000`},
		after:   []string{`PRAGMA wal_checkpoint(TRUNCATE)`},
	},
	postgres: {
		numbers: `generate_series(%d::bigint, %d::bigint) AS g(n)`,
		id:      `decode(lpad(to_hex((at) / 1000), 12, '0') || lpad(to_hex(g.n), 20, '0'), 'hex')`,
		blob:    func(hex string) string { return `'\x` + hex + `'::bytea` },
		indexes: `SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'sessions' AND indexname NOT IN (SELECT conname FROM pg_constraint)`,
		columns: `SELECT column_name::text FROM information_schema.columns WHERE table_name = 'sessions' ORDER BY ordinal_position`,
		// What is read afterwards is the same; the log of ten million rows is not needed.
		before: []string{`ALTER TABLE sessions SET UNLOGGED`, `SET maintenance_work_mem = '1GB'`, `SET work_mem = '256MB'`},
		after:  []string{`VACUUM ANALYZE`},
	},
}

// copied are the columns in which a copy differs; at is its start in µs.
func (d dialect) copied() map[string]string {
	later := func(column string) string { return `(at) + (t.` + column + ` - t.started_at)` }
	return map[string]string{
		"id": d.id, "ocpp_id": fmt.Sprintf("%d + g.n", firstCopy),
		"started_at": "(at)", "sort_at": "(at)", "start_device_at": "(at)",
		"ended_at": later("ended_at"), "stop_device_at": later("stop_device_at"), "billed_at": later("billed_at"),
		// What is seldom is looked for, too.
		"phase":    `CASE WHEN g.n % 5000 = 17 THEN 'ABNORMAL' ELSE t.phase END`,
		"debt":     `CASE WHEN g.n % 10000 = 33 THEN 500 ELSE 0 END`,
		"adjusted": `CASE WHEN g.n % 20000 = 77 THEN 1 ELSE 0 END`,
	}
}

// rawDatabase runs statements of the bench's own.
type rawDatabase interface {
	exec(query string) error
	rows(query string) ([][]any, error)
	close() error
}

type rawLite struct{ db *sql.DB }

func (r rawLite) exec(query string) error { _, err := r.db.Exec(query); return err }
func (r rawLite) close() error            { return r.db.Close() }

func (r rawLite) rows(query string) (all [][]any, err error) {
	q, err := r.db.Query(query)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	columns, err := q.Columns()
	if err != nil {
		return nil, err
	}
	for q.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := q.Scan(into...); err != nil {
			return nil, err
		}
		all = append(all, values)
	}
	return all, q.Err()
}

type rawPG struct{ conn *pgx.Conn }

func (r rawPG) exec(query string) error {
	_, err := r.conn.Exec(context.Background(), query)
	return err
}
func (r rawPG) close() error { return r.conn.Close(context.Background()) }

func (r rawPG) rows(query string) (all [][]any, err error) {
	q, err := r.conn.Query(context.Background(), query)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	for q.Next() {
		v, err := q.Values()
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, q.Err()
}

func (d *liteDatabase) raw() (rawDatabase, error) {
	path, err := d.path()
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(60000)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // what a statement sets holds for the next
	return rawLite{db}, nil
}

func (d *pgDatabase) raw() (rawDatabase, error) {
	c, err := pgConnect(context.Background(), d.url)
	return rawPG{c}, err
}

// raw is a connection of the bench's own to the server's database, as the tables' owner.
func (s *server) raw() (rawDatabase, error) {
	switch d := s.db.(type) {
	case *liteDatabase:
		return d.raw()
	case *pgDatabase:
		return d.raw()
	}
	return nil, errNoDatabase
}

// stock makes n sessions, beside the few that are charged for it.
func (s *server) stock(e engine, n int) error {
	if err := s.chargeSome(); err != nil {
		return fmt.Errorf("the sessions to copy: %w", err)
	}
	if err := s.stop(); err != nil { // it would hear of nothing, and SQLite has one writer
		return err
	}
	raw, err := s.raw()
	if err != nil {
		return err
	}
	err = errors.Join(fillSessions(raw, dialects[e], n), raw.close())
	if err != nil {
		return fmt.Errorf("filling: %w", err)
	}
	return s.again()
}

// again starts the server anew on what it has stored.
func (s *server) again() (err error) {
	if s.child, err = start(nil, s.ccms, append([]string{"serve", "--addr", s.addr, "--data", s.data}, s.db.serveArgs()...)...); err != nil {
		return err
	}
	go func() {
		for s.out.Scan() { // or the pipe fills up
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	return s.await(ctx)
}

// chargeSome charges one session at each of some hundred points of some sites, with a
// card of its own, and one site stays empty.
func (s *server) chargeSome() error {
	var first struct {
		Plan string `json:"plan_id"`
	}
	if err := s.api.get("/sites/"+s.site, &first); err != nil {
		return err
	}
	sites := make([]string, fillSites)
	for i := range sites {
		var place id
		site := object{"name": fmt.Sprintf("Site %02d of the bench", i), "time_zone": "Europe/Berlin", "plan_id": first.Plan}
		if err := s.api.post("/sites", site, &place); err != nil {
			return err
		}
		sites[i] = place.ID
	}
	if err := s.api.post("/sites", object{"name": "Nowhere", "time_zone": "Europe/Berlin"}, nil); err != nil {
		return err
	}
	points := make([]credential, fillPoints)
	err := each(fillPoints, func(i int) error {
		p, err := s.api.chargePoint(sites[i%fillSites], fmt.Sprintf("FILL%05d", i))
		points[i] = p
		return err
	})
	if err != nil {
		return err
	}
	cards, err := s.api.cards(fillPoints)
	if err != nil {
		return err
	}
	booted, err := s.booted(points)
	if err != nil {
		return err
	}
	defer closeAll(booted)
	return each(len(booted), func(i int) error {
		l := &sessionLink{socket: booted[i].(*socket), card: cards[i], register: meterStart}
		if err := l.roundTrip(); err != nil {
			return err
		}
		return l.finish()
	})
}

// fillSessions copies what is billed until there are n copies.
func fillSessions(db rawDatabase, d dialect, n int) error {
	for _, q := range d.before {
		if err := db.exec(q); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	dropped, err := db.rows(d.indexes)
	if err != nil {
		return err
	}
	for _, x := range dropped {
		if err := db.exec(fmt.Sprintf("DROP INDEX %s", x[0])); err != nil {
			return err
		}
	}
	if err := db.exec(`CREATE TEMP TABLE template AS SELECT row_number() OVER (ORDER BY id) - 1 AS no, s.* FROM sessions s WHERE s.phase = 'COMPLETED'`); err != nil {
		return err
	}
	if err := db.exec(`CREATE UNIQUE INDEX template_no ON template (no)`); err != nil {
		return err
	}
	count, err := db.rows(`SELECT count(*) FROM template`)
	if err != nil {
		return err
	}
	originals, _ := count[0][0].(int64)
	if originals == 0 {
		return errors.New("no session was billed")
	}
	columns, err := db.rows(d.columns)
	if err != nil {
		return err
	}
	step := fillBack.Microseconds() / int64(n)
	begin := time.Now().Add(-time.Hour - fillBack).UnixMicro()
	at := fmt.Sprintf("(%d + g.n * %d)", begin, step)
	var names, values []string
	different := d.copied()
	for _, c := range columns {
		name := fmt.Sprint(c[0])
		value, ok := different[name]
		if !ok {
			value = "t." + name
		}
		delete(different, name)
		names, values = append(names, name), append(values, strings.ReplaceAll(value, "(at)", at))
	}
	if len(different) > 0 {
		return fmt.Errorf("sessions have no columns %s", slices.Sorted(maps.Keys(different)))
	}
	// The server sums anew, when it starts, what it does not know to be summed.
	if err := db.exec(`DELETE FROM report_states`); err != nil {
		return err
	}
	for from := 0; from < n; from += fillAtOnce {
		numbers := fmt.Sprintf(d.numbers, from, min(from+fillAtOnce, n)-1)
		if !strings.Contains(numbers, " AS g(") {
			numbers += " AS g"
		}
		q := fmt.Sprintf(`INSERT INTO sessions (%s) SELECT %s FROM %s JOIN template t ON t.no = g.n %% %d`,
			strings.Join(names, ", "), strings.Join(values, ", "), numbers, originals)
		if err := db.exec(q); err != nil {
			return fmt.Errorf("%.600s: %w", q, err)
		}
	}
	for _, x := range dropped {
		if err := db.exec(fmt.Sprint(x[1])); err != nil {
			return err
		}
	}
	for _, q := range d.after {
		if err := db.exec(q); err != nil {
			return fmt.Errorf("%s: %w", q, err)
		}
	}
	return nil
}
