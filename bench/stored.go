package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// storedRun is one repetition under MeterValues that are stored.
type storedRun struct {
	load  load
	total int64          // messages answered, those before and after the window included
	rows  map[string]int // that all of them left
	floor replayed
}

// meterValuesStored: each repetition has a server of its own, so that its floor
// can read the rows of exactly this load from a database that no server has open.
func meterValuesStored(s settings, e engine) (row, error) {
	r := row{name: "CPU per MeterValues answered after commit, " + e.String(), unit: "µs", must: 2, goal: 1.4, perSecondWas: "Answers per second",
		floorWas: "the same not stored, in this run, + the same rows inserted by the bare driver, as many messages to a commit"}
	if e == postgres {
		r.floorWas += "; PostgreSQL's processes count on both sides"
	}
	var onEchoRatio []float64
	for range s.repeat {
		echo, err := onEcho(s, anyMeterValues, s.saturated)
		if err != nil {
			return r, err
		}
		wire, err := meteredUnstored(s, s.saturated)
		if err != nil {
			return r, err
		}
		run, err := storedOnce(s, e, true)
		if err != nil {
			return r, err
		}
		insert := micros(run.floor.perMessage())
		r.system = append(r.system, micros(run.load.perMessage()))
		r.floor = append(r.floor, micros(wire.perMessage())+insert)
		r.perSecond = append(r.perSecond, run.load.perSecond())
		onEchoRatio = append(onEchoRatio, micros(run.load.perMessage())/(micros(echo.perMessage())+insert))
		r.remark("Not stored %.2f + insert %.2f (echo %.2f); %d messages to a commit; rows per message %s.",
			micros(wire.perMessage()), insert, micros(echo.perMessage()), run.load.batch(), perMessage(run.rows, run.total))
	}
	r.remark("With the echo for the wire instead of the not-stored row: %.2f×.", median(onEchoRatio))
	r.remark("The session's own row, which every message updates, is in the system and not in the floor.")
	return r, nil
}

func perMessage(rows map[string]int, messages int64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		parts = append(parts, fmt.Sprintf("%s %.2f", name, float64(rows[name])/float64(messages)))
	}
	return strings.Join(parts, ", ")
}

// storedOnce runs a server under MeterValues, stops it and, if asked, replays its rows.
func storedOnce(s settings, e engine, replayIt bool) (run storedRun, err error) {
	srv, err := startServer(s.ccms, e)
	if err != nil {
		return run, err
	}
	defer func() { err = errors.Join(err, srv.remove()) }()
	before, err := underMeterValues(s, srv, &run)
	if err = errors.Join(err, srv.stop()); err != nil || !replayIt {
		return run, err
	}
	after, err := srv.db.counts()
	if err != nil {
		return run, err
	}
	run.rows = grown(before, after, run.total)
	run.floor, err = replayInChild(replay{Engine: e, Source: srv.db.source(), Tables: run.rows, Messages: int(run.total), Batch: run.load.batch()}, srv.db)
	return run, err
}

// chargingPoints connects charge points, each with a session that runs.
func (s *server) chargingPoints(n int) ([]link, error) {
	points, err := s.api.chargePoints(s.site, n)
	if err != nil {
		return nil, err
	}
	cards, err := s.api.cards(n)
	if err != nil {
		return nil, err
	}
	links, err := s.booted(points)
	if err != nil {
		return nil, err
	}
	if err := charging(links, cards); err != nil {
		closeAll(links)
		return nil, err
	}
	return links, nil
}

// underMeterValues drives the load and says what was in the database before it.
func underMeterValues(s settings, srv *server, run *storedRun) (before map[string]int, err error) {
	links, err := srv.chargingPoints(s.points)
	if err != nil {
		return nil, err
	}
	defer closeAll(links)
	if before, err = srv.db.counts(); err != nil {
		return nil, err
	}
	err = srv.counting(func(p probe) (err error) {
		run.load, err = s.saturated(links, p)
		return err
	})
	for _, l := range links {
		run.total += int64(l.(*socket).serial)
	}
	return before, err
}
