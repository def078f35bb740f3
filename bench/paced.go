package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// schedule is when links call if they do not wait for each other: each at regular
// times, all of them at a phase of their own, as charge points do.
type schedule struct{ every time.Duration }

// phase of a link. The same seed gives the same phases, so that system and floor are
// asked at the same moments.
func (s schedule) phase(i int) time.Duration {
	return time.Duration(rand.New(rand.NewPCG(1, uint64(i))).Int64N(int64(s.every)))
}

// moments are when n links call within a time, in order.
func (s schedule) moments(n int, within time.Duration) []time.Duration {
	var all []time.Duration
	for i := range n {
		for at := s.phase(i); at < within; at += s.every {
			all = append(all, at)
		}
	}
	slices.Sort(all)
	return all
}

// onSchedule lets links call on a schedule and says how long each answer took that was
// asked for within the window. A link never has two calls under way: a late answer
// delays its next call.
func onSchedule(links []link, s schedule, warm, measure time.Duration, p probe) (load, []time.Duration, error) {
	var count atomic.Int64
	var mu sync.Mutex
	var all []time.Duration
	began := time.Now()
	l, err := inWindow(links, warm, measure, p, &count, func(i int, l link, stop <-chan struct{}) error {
		var took []time.Duration
		defer func() {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
		}()
		next := time.NewTimer(0)
		defer next.Stop()
		<-next.C
		for at := s.phase(i); ; at += s.every {
			next.Reset(time.Until(began.Add(at)))
			select {
			case <-stop:
				return nil
			case <-next.C:
			}
			from := time.Now()
			if err := l.roundTrip(); err != nil {
				return err
			}
			count.Add(1)
			if from.Sub(began) >= warm {
				took = append(took, time.Since(from))
			}
		}
	})
	return l, all, err
}

// percentile is the value that p of 1000 are not above.
func percentile(took []time.Duration, permille int) time.Duration {
	if len(took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(took))
	return sorted[min(len(sorted)-1, len(sorted)*permille/1000)]
}

const (
	pacedPoints    = 100
	pacedPerSecond = 33
)

// timeToAnswer is the p99 of MeterValues at a rate that is easy to bear.
func timeToAnswer(s settings, e engine) (row, error) {
	r := row{name: fmt.Sprintf("p99 answer at %d messages/s from %d charge points, %s", pacedPerSecond, pacedPoints, e), unit: "ms", must: 4, goal: 2,
		floorWas: "p99 of one fsynced insert of a raw report by the bare driver, same schedule, same disk"}
	for range s.repeat {
		l, system, floor, err := pacedOnce(s, e)
		if err != nil {
			return r, err
		}
		r.system = append(r.system, millis(percentile(system, 990)))
		r.floor = append(r.floor, millis(percentile(floor, 990)))
		r.remark("p50 %.2f, floor %.2f; worst %.2f, floor %.2f; %d answers, %d inserts; %.0f µs of processor time a message.", millis(percentile(system, 500)), millis(percentile(floor, 500)),
			millis(percentile(system, 1000)), millis(percentile(floor, 1000)), len(system), len(floor), micros(l.perMessage()))
	}
	return r, nil
}

func pacedOnce(s settings, e engine) (l load, system, floor []time.Duration, err error) {
	srv, err := startServer(s.ccms, e)
	if err != nil {
		return l, nil, nil, err
	}
	defer func() { err = errors.Join(err, srv.remove()) }()
	when := schedule{every: pacedPoints * time.Second / pacedPerSecond}
	var before map[string]int
	err = func() error {
		links, err := srv.chargingPoints(pacedPoints)
		if err != nil {
			return err
		}
		defer closeAll(links)
		if before, err = srv.db.counts(); err != nil {
			return err
		}
		l, system, err = onSchedule(links, when, when.every, s.paced, srv.probe())
		return err
	}()
	if err = errors.Join(err, srv.stop()); err != nil {
		return l, nil, nil, err
	}
	at := when.moments(pacedPoints, s.paced)
	table, err := widest(srv.db, before, len(at))
	if err != nil {
		return l, nil, nil, err
	}
	out, err := replayInChild(replay{Engine: e, Source: srv.db.source(), Tables: map[string]int{table: len(at)}, Messages: len(at), At: at}, srv.db)
	return l, system, out.Took, err
}

// widest is the table that got a row for each message, or the one of them whose rows
// take most: the row that holds the raw report.
func widest(db database, before map[string]int, messages int) (table string, err error) {
	after, err := db.counts()
	if err != nil {
		return "", err
	}
	sizes, err := db.sizes()
	if err != nil {
		return "", err
	}
	most := 0.0
	for name, n := range grown(before, after, int64(messages)) {
		if each := float64(sizes[name]) / float64(after[name]); n >= messages && each > most {
			table, most = name, each
		}
	}
	if table == "" {
		return "", errors.New("no table got a row for each message")
	}
	return table, nil
}
