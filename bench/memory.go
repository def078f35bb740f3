package main

import (
	"errors"
	"syscall"
	"time"
)

// idleFloor is the resident memory of one idle connection of a floor that sends back what
// comes, after two collections, in KB. Each has been spoken to, like a booted charge point.
func idleFloor(s settings, floor string, open func(addr string) (link, error)) (float64, error) {
	c, addr, err := startSelf(floor)
	if err != nil {
		return 0, err
	}
	defer c.stop()
	collect := func() (int64, error) {
		if err := c.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
			return 0, err
		}
		if !c.out.Scan() {
			return 0, errors.New("the floor ended")
		}
		return rssOf(c.pid())
	}
	empty, err := collect()
	if err != nil {
		return 0, err
	}
	links, err := openAll(s.idle, func(int) (link, error) { return open(addr) })
	if err != nil {
		return 0, err
	}
	defer closeAll(links)
	time.Sleep(s.settle)
	full, err := collect()
	return float64(full-empty) / float64(s.idle) / 1024, err
}

// greeted is a connection to the echo that has been used once.
func greeted(addr string) (link, error) {
	l, err := dialEcho(addr, message{frame: []byte("hello")})
	if err != nil {
		return nil, err
	}
	return l, l.roundTrip()
}

// idleSystem is the same of a server with booted charge points.
func idleSystem(s settings, srv *server) (float64, error) {
	points, err := srv.api.chargePoints(srv.site, s.idle)
	if err != nil {
		return 0, err
	}
	// The same collections before and after, so that what making the charge
	// points left behind counts on neither side.
	empty, err := srv.restingMemory(s.settle)
	if err != nil {
		return 0, err
	}
	links, err := srv.booted(points)
	if err != nil {
		return 0, err
	}
	defer closeAll(links)
	full, err := srv.restingMemory(s.settle)
	return float64(full-empty) / float64(s.idle) / 1024, err
}

// restingMemory is what is resident after two collections and the time to settle, in
// which Go gives back what it does not need: asking the server for its metrics until it
// has collected made garbage.
func (s *server) restingMemory(settle time.Duration) (int64, error) {
	if err := s.collections(2); err != nil {
		return 0, err
	}
	time.Sleep(settle)
	return rssOf(s.pid())
}
