package main

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// link is one connection of the load generator: one call, one answer.
type link interface {
	roundTrip() error
	close() error
}

// load is what a closed loop found.
type load struct {
	messages int64
	cpu      time.Duration // of the processes under measurement
	took     time.Duration
}

func (l load) perMessage() time.Duration {
	if l.messages == 0 {
		return 0
	}
	return l.cpu / time.Duration(l.messages)
}

// closedLoop lets every link call as fast as it is answered, waits until the
// caches are warm and then measures the processes for a while. It is the
// saturated case: the answer to one message is what allows the next.
func closedLoop(links []link, warm, measure time.Duration, pids func() []int) (load, error) {
	var count atomic.Int64
	var stop atomic.Bool
	failed := make(chan error, len(links))
	var wg sync.WaitGroup
	for _, l := range links {
		wg.Go(func() {
			for !stop.Load() {
				if err := l.roundTrip(); err != nil {
					failed <- err
					return
				}
				count.Add(1)
			}
		})
	}
	result, err := window(&count, warm, measure, pids, failed)
	stop.Store(true)
	wg.Wait()
	select {
	case more := <-failed:
		err = errors.Join(err, more)
	default:
	}
	return result, err
}

func window(count *atomic.Int64, warm, measure time.Duration, pids func() []int, failed <-chan error) (load, error) {
	select {
	case err := <-failed:
		return load{}, err
	case <-time.After(warm):
	}
	began, before := time.Now(), count.Load()
	cpu, err := cpuOf(pids()...)
	if err != nil {
		return load{}, err
	}
	select {
	case err := <-failed:
		return load{}, err
	case <-time.After(measure):
	}
	end, err := cpuOf(pids()...)
	if err != nil {
		return load{}, err
	}
	return load{messages: count.Load() - before, cpu: end - cpu, took: time.Since(began)}, nil
}

// atOnce bounds what is prepared in parallel: a burst of thousands would measure
// the kernel's queue of connections.
const atOnce = 32

// each calls f for 0…n-1, some of them at once, and stops at the first error.
func each(n int, f func(i int) error) error {
	var g errgroup.Group
	g.SetLimit(atOnce)
	var failed atomic.Bool
	for i := 0; i < n && !failed.Load(); i++ {
		g.Go(func() error {
			err := f(i)
			if err != nil {
				failed.Store(true)
			}
			return err
		})
	}
	return g.Wait()
}

// openAll opens n links.
func openAll[L link](n int, open func(i int) (L, error)) ([]link, error) {
	links := make([]link, n)
	err := each(n, func(i int) error {
		l, err := open(i)
		if err == nil {
			links[i] = l
		}
		return err
	})
	if err != nil {
		closeAll(links)
		return nil, err
	}
	return links, nil
}

func closeAll(links []link) {
	for _, l := range links {
		if l != nil {
			_ = l.close() // the measurement is over
		}
	}
}
