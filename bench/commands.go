package main

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// beatEvery is how often each charge point that is not silent sends a Heartbeat:
	// often, so that the burst is seen by many of them.
	beatEvery = time.Second
	// burstWindow is how long Heartbeats count after the commands were sent.
	burstWindow = 5 * time.Second
)

// commandsAtOnce is how long Heartbeats wait while commands go out to as many charge
// points, half of which do not answer theirs.
func commandsAtOnce(s settings, e engine) (row, error) {
	r := row{name: fmt.Sprintf("%d commands at once, half of the charge points silent: p99 of the others' Heartbeat, %s", s.commands, e), unit: "ms",
		must: 3, goal: 2, orBelow: 5, floorWas: "the same without the commands"}
	for range s.repeat {
		if err := r.commandsOnce(s, e); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r *row) commandsOnce(s settings, e engine) (err error) {
	srv, err := startServer(s.ccms, e)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.end()) }()
	points, err := srv.api.chargePoints(srv.site, s.commands)
	if err != nil {
		return err
	}
	booted, err := srv.booted(points)
	if err != nil {
		return err
	}
	defer closeAll(booted)
	var calls atomic.Int64
	var lively []link
	for i, l := range booted {
		st, err := listening(l, i%2 == 1, &calls)
		if err != nil {
			return err
		}
		if !st.silent {
			lively = append(lively, st)
		}
	}
	when := schedule{every: beatEvery}
	_, quiet, err := onSchedule(lively, when, s.warm, burstWindow, srv.probe())
	if err != nil {
		return err
	}
	paths := make([]string, len(points))
	for i, p := range points {
		paths[i] = "/charge-points/" + p.id + "/commands"
	}
	all, err := srv.api.burstOf(srv.addr, paths, object{"type": "trigger_message", "requested_message": "Heartbeat", "reason": "bench"})
	if err != nil {
		return err
	}
	var loud []time.Duration
	var taken, arrived time.Duration
	err = inStages("burst", all, &taken, func(send func() error) error {
		var g errgroup.Group
		g.Go(func() (err error) {
			_, loud, err = onSchedule(lively, when, s.warm, burstWindow, srv.probe())
			return err
		})
		<-time.After(s.warm)
		began := time.Now()
		err := send()
		if err == nil {
			err = heard(&calls, len(points))
		}
		arrived = time.Since(began)
		return errors.Join(err, g.Wait())
	})
	if err != nil {
		return err
	}
	accepted, err := srv.db.number(`SELECT count(*) FROM commands WHERE state = 'accepted'`)
	if err != nil {
		return err
	}
	r.system = append(r.system, millis(percentile(loud, 990)))
	r.floor = append(r.floor, millis(percentile(quiet, 990)))
	r.remark("p50 %.2f, without %.2f; worst %.2f, without %.2f; %d and %d Heartbeats; the API took the commands in %.0f ms, the last charge point had its after %.0f ms; %d accepted.",
		millis(percentile(loud, 500)), millis(percentile(quiet, 500)), millis(percentile(loud, 1000)), millis(percentile(quiet, 1000)),
		len(loud), len(quiet), millis(taken), millis(arrived), accepted)
	return nil
}

// heard waits until the charge points have got n calls.
func heard(calls *atomic.Int64, n int) error {
	late := time.After(answerWithin)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for calls.Load() < int64(n) {
		select {
		case <-late:
			return fmt.Errorf("%d of %d commands reached their charge points", calls.Load(), n)
		case <-tick.C:
		}
	}
	return nil
}
