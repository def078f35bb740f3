package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// batch is how many messages the server joined to a commit.
func (r storedRun) batch() int {
	return max(1, int((r.load.messages+r.commits/2)/max(1, r.commits)))
}

func perMessage(rows map[string]int, messages int64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		parts = append(parts, fmt.Sprintf("%s %.2f", name, float64(rows[name])/float64(messages)))
	}
	return strings.Join(parts, ", ")
}

// storedOnce runs a server under MeterValues, stops it and replays its rows.
func storedOnce(s settings) (run storedRun, err error) {
	srv, err := startServer(s.ccms)
	if err != nil {
		return run, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(srv.data)) }()
	path, before, total, err := underMeterValues(s, srv, &run)
	if err = errors.Join(err, srv.stop()); err != nil {
		return run, err
	}
	after, err := countRows(path)
	if err != nil {
		return run, err
	}
	run.rows = map[string]int{}
	for name, n := range after {
		// Rows that come once in a while are not a message's.
		if grown := n - before[name]; float64(grown) >= 0.01*float64(total) {
			run.rows[name] = grown
		}
	}
	run.total = total
	run.floor, err = replayInChild(replay{Source: path, Tables: run.rows, Messages: int(total), Batch: run.batch()})
	return run, err
}

// underMeterValues drives the load. total is how many messages were answered in
// all, those before and after the measurement included: they left rows too.
func underMeterValues(s settings, srv *server, run *storedRun) (path string, before map[string]int, total int64, err error) {
	points, err := srv.api.chargePoints(srv.site, s.points)
	if err != nil {
		return "", nil, 0, err
	}
	cards, err := srv.api.cards(s.points)
	if err != nil {
		return "", nil, 0, err
	}
	links, err := srv.booted(points)
	if err != nil {
		return "", nil, 0, err
	}
	defer closeAll(links)
	if err := charging(links, cards); err != nil {
		return "", nil, 0, err
	}
	if path, err = srv.database(); err != nil {
		return "", nil, 0, err
	}
	if before, err = countRows(path); err != nil {
		return "", nil, 0, err
	}
	commits, err := srv.whileWatching(func() (err error) {
		run.load, err = closedLoop(links, s.warm, s.measure, srv.pids)
		return err
	})
	for _, l := range links {
		total += int64(l.(*socket).serial)
	}
	// Commits were counted over the whole load, so their share belongs to the
	// measured part of it.
	run.commits = commits * run.load.messages / max(1, total)
	return path, before, total, err
}

// countRows counts every table of a database, which a server may have open.
func countRows(path string) (map[string]int, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	names, err := tableNames(db)
	if err != nil {
		return nil, err
	}
	rows := map[string]int{}
	for _, name := range names {
		var n int
		if err := db.QueryRow(fmt.Sprintf(`SELECT count(*) FROM %q`, name)).Scan(&n); err != nil {
			return nil, err
		}
		rows[name] = n
	}
	return rows, nil
}

func tableNames(db *sql.DB) ([]string, error) {
	q, err := db.Query(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	var names []string
	for q.Next() {
		var n string
		if err := q.Scan(&n); err != nil {
			return nil, err
		}
		names = append(names, n)
	}
	return names, q.Err()
}

// replayInChild inserts in a process of its own, so that nothing of ours counts.
func replayInChild(r replay) (out replayed, err error) {
	arg, err := json.Marshal(r)
	if err != nil {
		return out, err
	}
	self, err := os.Executable()
	if err != nil {
		return out, err
	}
	cmd := exec.Command(self, "floor-insert", string(arg))
	cmd.Stderr = os.Stderr
	answer, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("the floor: %w", err)
	}
	return out, json.Unmarshal(answer, &out)
}
