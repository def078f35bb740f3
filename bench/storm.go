package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// stormWithin is how long a storm may last until every charge point is answered.
	stormWithin = 2 * time.Minute
	// afterwards is how long the processes are watched after the last answer: what a
	// boot leaves for later belongs to it.
	afterwards = 3 * time.Second
	// backWithin is how much longer memory may take, after the time to settle.
	backWithin = 5 * time.Minute
)

// reconnectStorm: every charge point is cut off, then all come back in one moment.
func reconnectStorm(s settings, e engine) (row, error) {
	r := row{name: fmt.Sprintf("reconnect storm, %d charge points connect and boot at once: CPU of each, %s", s.idle, e), unit: "µs", goal: 2,
		mustBe:   "all answered, none lost, memory back within 10 %",
		floorWas: "as many bare TCP accepts + the same inserts by the bare driver"}
	srv, err := startServer(s.ccms, e)
	if err != nil {
		return r, err
	}
	var x stormRun
	err = errors.Join(srv.storms(s, &r, &x), srv.stop())
	if err == nil {
		err = x.insert(s, &r, srv, e)
	}
	return r, errors.Join(err, srv.remove())
}

// stormRun is what the storms of one server left.
type stormRun struct {
	accepts []float64      // µs of a bare accept, for each storm
	rows    map[string]int // that the storms left, without what cutting off left
	batch   int
	last    time.Time // when the last storm began
}

func (s *server) storms(set settings, r *row, x *stormRun) error {
	points, err := s.api.chargePoints(s.site, set.idle)
	if err != nil {
		return err
	}
	links, err := s.booted(points)
	if err != nil {
		return err
	}
	defer func() { closeAll(links) }()
	memory := func() (float64, error) {
		n, err := s.restingMemory(set.settle)
		return float64(n), err
	}
	calm, err := memory()
	if err != nil {
		return err
	}
	x.rows = map[string]int{}
	for range set.repeat {
		for _, l := range links {
			l.(*socket).cut()
		}
		if err := s.awaitConnected(0); err != nil {
			return err
		}
		// Now, because both at once would be more open files than many may have.
		accept, err := bareAccepts(set.idle)
		if err != nil {
			return err
		}
		x.accepts = append(x.accepts, accept)
		time.Sleep(afterwards)
		before, err := s.db.counts()
		if err != nil {
			return err
		}
		var again int64
		var last time.Duration
		var l load
		err = s.counting(func(p probe) error {
			from, err := p.read()
			if err != nil {
				return err
			}
			x.last = time.Now()
			if links, again, err = s.storm(points); err != nil {
				return err
			}
			last = time.Since(from.at)
			time.Sleep(afterwards)
			to, err := p.read()
			l = between(from, to, int64(len(points)))
			return err
		})
		if err != nil {
			return err
		}
		after, err := s.db.counts()
		if err != nil {
			return err
		}
		for name, n := range grown(before, after, l.messages) {
			x.rows[name] += n
		}
		r.system = append(r.system, micros(l.perMessage()))
		x.batch = l.batch()
		r.remark("All answered after %.1f s, %d tries again, %d charge points to a commit.", last.Seconds(), again, l.batch())
	}
	// Nobody was lost: each is there and is answered.
	if err := s.awaitConnected(set.idle); err != nil {
		return err
	}
	if err := each(len(links), func(i int) error { return links[i].roundTrip() }); err != nil {
		return err
	}
	began := time.Now()
	for {
		back, err := memory()
		if err != nil {
			return err
		}
		late := time.Since(began) > backWithin
		if back <= 1.1*calm || late {
			if back > 1.1*calm {
				r.broken = "memory does not come back"
			}
			r.remark("Memory with all connected: %.1f MB before the storms, %.1f MB %.0f s after the last (%+.1f %%).",
				calm/(1<<20), back/(1<<20), time.Since(began).Seconds(), 100*(back/calm-1))
			return nil
		}
	}
}

// storm connects and boots all charge points in one moment. One that is turned away
// comes again, as a real one does.
func (s *server) storm(points []credential) (links []link, again int64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), stormWithin)
	defer cancel()
	var tries atomic.Int64
	links = make([]link, len(points))
	errs := make([]error, len(points))
	var wg sync.WaitGroup
	for i := range points {
		wg.Go(func() {
			for {
				c, err := s.boot(points[i])
				if err == nil {
					links[i] = c
					return
				}
				tries.Add(1)
				select {
				case <-ctx.Done():
					errs[i] = err
					return
				case <-time.After(time.Second):
				}
			}
		})
	}
	wg.Wait()
	if err := firstOf(errs); err != nil {
		closeAll(links)
		return nil, tries.Load(), err
	}
	return links, tries.Load(), nil
}

// awaitConnected waits until the server counts n charge points.
func (s *server) awaitConnected(n int) error {
	late := time.After(stormWithin)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		now, err := s.metric("ccms_charge_points_connected")
		if err != nil || int(now) == n {
			return err
		}
		select {
		case <-late:
			return fmt.Errorf("%.0f charge points are connected, not %d", now, n)
		case <-tick.C:
		}
	}
}

// cut ends the connection with a reset, as a router that has lost its table does; and
// no port of ours stays taken.
func (s *socket) cut() {
	if tcp, ok := s.conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the end is only gentler
	}
	_ = s.conn.Close()
}

// bareAccepts is what a process takes to accept connections that come in one moment, in
// µs each.
func bareAccepts(n int) (float64, error) {
	c, addr, err := startSelf("floor-echo-small")
	if err != nil {
		return 0, err
	}
	defer c.stop()
	before, err := cpuOf(c.pid())
	if err != nil {
		return 0, err
	}
	conns := make([]net.Conn, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { conns[i], errs[i] = net.Dial("tcp", addr) })
	}
	wg.Wait()
	defer func() {
		for _, c := range conns {
			if c != nil {
				(&socket{conn: c}).cut()
			}
		}
	}()
	if err := firstOf(errs); err != nil {
		return 0, err
	}
	time.Sleep(time.Second) // the last of them wait in the kernel's queue
	after, err := cpuOf(c.pid())
	if err != nil {
		return 0, err
	}
	if err := c.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		return 0, err
	}
	if !c.out.Scan() {
		return 0, io.ErrUnexpectedEOF
	}
	if c.out.Text() != fmt.Sprint(n) {
		return 0, fmt.Errorf("%s of %d connections were accepted", c.out.Text(), n)
	}
	return micros(after-before) / float64(n), nil
}

// firstOf thousands of errors says it all.
func firstOf(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// insert completes the floor with the rows of the storms.
func (x *stormRun) insert(s settings, r *row, srv *server, e engine) error {
	booted := s.idle * s.repeat
	lost, err := srv.db.number(fmt.Sprintf(`SELECT count(*) FROM charge_points WHERE booted_at < %d`, x.last.UnixMicro()))
	if err != nil {
		return err
	}
	if lost > 0 {
		r.broken = fmt.Sprintf("%d boots of the last storm were lost", lost)
	}
	out, err := replayInChild(replay{Engine: e, Source: srv.db.source(), Tables: x.rows, Messages: booted, Batch: x.batch}, srv.db)
	if err != nil {
		return err
	}
	insert := micros(out.perMessage())
	for _, accept := range x.accepts {
		r.floor = append(r.floor, accept+insert)
	}
	r.remark("Accept %s + insert %.2f; rows per boot %s.", spread(x.accepts), insert, perMessage(x.rows, int64(booted)))
	return nil
}
