package main

import (
	"errors"
	"fmt"
)

// figure is one row: its name on the command line and what measures it.
type figure struct {
	flag    string
	measure func(settings) (row, error)
}

// figures are the rows in the order of the report.
var figures = []figure{
	{"idle", idleMemory},
	{"tls", idleTLS},
	{"heartbeat", heartbeatCPU},
	{"unstored", meterValuesNotStored},
	{"stored-sqlite", on(sqlite, meterValuesStored)},
	{"stored-postgres", on(postgres, meterValuesStored)},
	{"session-sqlite", on(sqlite, fullSession)},
	{"session-postgres", on(postgres, fullSession)},
	{"p99-sqlite", on(sqlite, timeToAnswer)},
	{"p99-postgres", on(postgres, timeToAnswer)},
	{"commands-sqlite", on(sqlite, commandsAtOnce)},
	{"commands-postgres", on(postgres, commandsAtOnce)},
	{"screens-sqlite", on(sqlite, openScreens)},
	{"screens-postgres", on(postgres, openScreens)},
	{"list-sqlite", on(sqlite, listPages)},
	{"home-sqlite", on(sqlite, homePage)},
	{"list-postgres", on(postgres, listPages)},
	{"home-postgres", on(postgres, homePage)},
	{"storm-sqlite", on(sqlite, reconnectStorm)},
	{"storm-postgres", on(postgres, reconnectStorm)},
}

func on(e engine, measure func(settings, engine) (row, error)) func(settings) (row, error) {
	return func(s settings) (row, error) { return measure(s, e) }
}

func idleMemory(s settings) (row, error) {
	return inRest(s, row{name: "idle memory per connection, plain", unit: "KB", must: 1.75, goal: 1.5,
		floorWas: "raw TCP, one goroutine per connection"}, "floor-echo-small", greeted, func() (*server, error) { return startServer(s.ccms, sqlite) })
}

func idleTLS(s settings) (row, error) {
	return inRest(s, row{name: "idle memory per connection, TLS", unit: "KB", must: 1.5, goal: 1.25,
		floorWas: "gobwas/ws over crypto/tls, one goroutine per connection"}, "floor-tls", greetedTLS, func() (*server, error) { return startSecure(s.ccms, sqlite) })
}

// inRest compares what connections hold that nothing is said on.
func inRest(s settings, r row, floorIs string, open func(string) (link, error), serve func() (*server, error)) (row, error) {
	floor, err := idleFloor(s, floorIs, open)
	if err != nil {
		return r, err
	}
	srv, err := serve()
	if err != nil {
		return r, err
	}
	system, err := idleSystem(s, srv)
	r.floor, r.system = []float64{floor}, []float64{system}
	r.remark("%d connections, idle for %v, SQLite.", s.idle, s.settle)
	return r, errors.Join(err, srv.end())
}

// second keeps the reading at a rate that saturates nobody.
type second struct{ system, floor []float64 }

func (x second) remarkOn(r *row) {
	if len(x.system) == 0 {
		return
	}
	var ratios []float64
	for i := range x.system {
		ratios = append(ratios, x.system[i]/x.floor[i])
	}
	r.remark("Second reading, the same connections with ten messages a second each, which saturates neither: system %.2f, floor %.2f, %.2f×.",
		median(x.system), median(x.floor), median(ratios))
}

func heartbeatCPU(s settings) (row, error) {
	r := row{name: "CPU per Heartbeat, saturated", unit: "µs", must: 1.6, goal: 1.3,
		floorWas: "raw TCP echo of a frame of that size", perSecondWas: "Answers per second"}
	srv, err := startServer(s.ccms, sqlite)
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
		return r.wire(s, heartbeat, func(f func([]link, probe) (load, error)) (load, error) { return f(links, srv.probe()) })
	}()
	return r, errors.Join(err, srv.end())
}

func meterValuesNotStored(s settings) (row, error) {
	r := row{name: "CPU per MeterValues of 12 values, not stored", unit: "µs", must: 2.2, goal: 1.7,
		floorWas: "raw TCP echo of a frame of that size", perSecondWas: "Answers per second"}
	return r, r.wire(s, anyMeterValues, func(f func([]link, probe) (load, error)) (load, error) { return meteredUnstored(s, f) })
}

// anyMeterValues has the size of those that the system gets.
func anyMeterValues() message { return meterValues(1, 1_000_000, began) }

// wire measures what travels over sockets and no further, against an echo.
func (r *row) wire(s settings, m func() message, system func(func([]link, probe) (load, error)) (load, error)) error {
	var x second
	err := inTurn(r, s.repeat,
		func() (float64, error) {
			if s.relaxed > 0 {
				l, err := onEcho(s, m, s.loose)
				if err != nil {
					return 0, err
				}
				x.floor = append(x.floor, micros(l.perMessage()))
			}
			l, err := onEcho(s, m, s.saturated)
			return micros(l.perMessage()), err
		},
		func() (float64, error) {
			if s.relaxed > 0 {
				l, err := system(s.loose)
				if err != nil {
					return 0, err
				}
				x.system = append(x.system, micros(l.perMessage()))
			}
			l, err := system(s.saturated)
			r.perSecond = append(r.perSecond, l.perSecond())
			return micros(l.perMessage()), err
		})
	x.remarkOn(r)
	return err
}

func (r *row) remark(format string, args ...any) {
	r.remarks = append(r.remarks, fmt.Sprintf(format, args...))
}
