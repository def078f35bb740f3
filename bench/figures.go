package main

import (
	"errors"
	"fmt"
)

// figures are the rows in the order of the report, with their bars and goals.
var figures = []struct {
	flag    string
	measure func(settings) (row, error)
}{
	{"idle", idleMemory},
	{"heartbeat", heartbeatCPU},
	{"unstored", meterValuesNotStored},
	{"stored", meterValuesStored},
}

func idleMemory(s settings) (row, error) {
	r := row{name: "idle memory per connection, plain", unit: "KB", must: 1.75, goal: 1.5,
		floorWas: "raw TCP, one goroutine per connection"}
	floor, err := idleFloor(s)
	if err != nil {
		return r, err
	}
	srv, err := startServer(s.ccms)
	if err != nil {
		return r, err
	}
	system, err := idleSystem(s, srv)
	r.floor, r.system = []float64{floor}, []float64{system}
	r.remarks = append(r.remarks, fmt.Sprintf("%d connections, idle for %v.", s.idle, s.settle))
	return r, errors.Join(err, srv.end())
}

func heartbeatCPU(s settings) (row, error) {
	r := row{name: "CPU per Heartbeat, saturated", unit: "µs", must: 1.6, goal: 1.3,
		floorWas: "raw TCP echo of a frame of that size", perSecondWas: "Answers per second"}
	srv, err := startServer(s.ccms)
	if err != nil {
		return r, err
	}
	err = func() error {
		points, err := srv.api.chargePoints(srv.site, s.points)
		if err != nil {
			return err
		}
		links, err := srv.booted(points)
		if err != nil {
			return err
		}
		defer closeAll(links)
		return inTurn(&r, s.repeat,
			func() (float64, error) { return echoFloor(s, len(heartbeat().frame)) },
			func() (float64, error) {
				l, err := closedLoop(links, s.warm, s.measure, srv.pids)
				r.perSecond = append(r.perSecond, float64(l.messages)/max(l.took.Seconds(), 1e-9))
				return micros(l.perMessage()), err
			})
	}()
	return r, errors.Join(err, srv.end())
}

func meterValuesNotStored(s settings) (row, error) {
	r := row{name: "CPU per MeterValues of 12 values, not stored", unit: "µs", must: 2.2, goal: 1.7,
		floorWas: "raw TCP echo of a frame of that size", perSecondWas: "Answers per second"}
	return r, inTurn(&r, s.repeat,
		func() (float64, error) { return echoFloor(s, len(meterValues(1, 1_000_000, began).frame)) },
		func() (float64, error) {
			l, err := meteredUnstored(s)
			r.perSecond = append(r.perSecond, float64(l.messages)/max(l.took.Seconds(), 1e-9))
			return micros(l.perMessage()), err
		})
}

// storedRun is one repetition of the after-commit row.
type storedRun struct {
	load    load
	commits int64
	total   int64          // messages answered, those before and after the measurement included
	rows    map[string]int // that all of them left
	floor   replayed
}

// meterValuesStored: each repetition has a server of its own, so that its floor
// can read the rows of exactly this load from a database that nobody has open.
func meterValuesStored(s settings) (row, error) {
	r := row{name: "CPU per MeterValues answered after commit, SQLite", unit: "µs", must: 2, goal: 1.4, perSecondWas: "Answers per second",
		floorWas: "raw TCP echo of a frame of that size + the same rows inserted by the bare driver, as many messages to a commit"}
	for range s.repeat {
		wire, err := echoFloor(s, len(meterValues(1, 1_000_000, began).frame))
		if err != nil {
			return r, err
		}
		run, err := storedOnce(s)
		if err != nil {
			return r, err
		}
		insert := micros(run.floor.CPU) / float64(run.floor.Messages)
		r.system = append(r.system, micros(run.load.perMessage()))
		r.floor = append(r.floor, wire+insert)
		r.perSecond = append(r.perSecond, float64(run.load.messages)/run.load.took.Seconds())
		r.remarks = append(r.remarks, fmt.Sprintf("Wire %.2f + insert %.2f; %d messages to a commit; rows per message %s.",
			wire, insert, run.batch(), perMessage(run.rows, run.total)))
	}
	return r, nil
}
