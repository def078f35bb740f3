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

// probe reads what the processes under measurement have done so far.
type probe struct {
	cpu     func() (time.Duration, error)
	commits func() (int64, error) // nil where nothing is committed
}

// reading is what a probe says at one moment.
type reading struct {
	at      time.Time
	cpu     time.Duration
	commits int64
}

func (p probe) read() (r reading, err error) {
	if r.cpu, err = p.cpu(); err != nil {
		return r, err
	}
	if p.commits != nil {
		r.commits, err = p.commits()
	}
	r.at = time.Now()
	return r, err
}

// load is what was found in a window of time.
type load struct {
	messages int64
	commits  int64
	cpu      time.Duration // of the processes under measurement
	took     time.Duration
}

func between(from, to reading, messages int64) load {
	return load{messages: messages, commits: to.commits - from.commits, cpu: to.cpu - from.cpu, took: to.at.Sub(from.at)}
}

func (l load) perMessage() time.Duration {
	if l.messages == 0 {
		return 0
	}
	return l.cpu / time.Duration(l.messages)
}

func (l load) perSecond() float64 { return float64(l.messages) / max(l.took.Seconds(), 1e-9) }

// batch is how many messages were joined to a commit.
func (l load) batch() int { return max(1, int((l.messages+l.commits/2)/max(1, l.commits))) }

// closedLoop lets every link call as fast as it is answered, waits until the
// caches are warm and then measures the processes for a while. It is the
// saturated case: the answer to one message is what allows the next.
func closedLoop(links []link, warm, measure time.Duration, p probe) (load, error) {
	var count atomic.Int64
	return inWindow(links, warm, measure, p, &count, func(_ int, l link, stop <-chan struct{}) error {
		for {
			select {
			case <-stop:
				return nil
			default:
			}
			if err := l.roundTrip(); err != nil {
				return err
			}
			count.Add(1)
		}
	})
}

// inWindow runs drive for every link until the window is over.
func inWindow(links []link, warm, measure time.Duration, p probe, count *atomic.Int64,
	drive func(i int, l link, stop <-chan struct{}) error) (load, error) {
	stop := make(chan struct{})
	failed := make(chan error, len(links))
	var wg sync.WaitGroup
	for i, l := range links {
		wg.Go(func() {
			if err := drive(i, l, stop); err != nil {
				failed <- err
			}
		})
	}
	result, err := window(count, warm, measure, p, failed)
	close(stop)
	wg.Wait()
	select {
	case more := <-failed:
		err = errors.Join(err, more)
	default:
	}
	return result, err
}

func window(count *atomic.Int64, warm, measure time.Duration, p probe, failed <-chan error) (load, error) {
	select {
	case err := <-failed:
		return load{}, err
	case <-time.After(warm):
	}
	from, err := p.read()
	if err != nil {
		return load{}, err
	}
	before := count.Load()
	select {
	case err := <-failed:
		return load{}, err
	case <-time.After(measure):
	}
	after := count.Load()
	to, err := p.read()
	return between(from, to, after-before), err
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
