package cpsim

import (
	"sync/atomic"
	"time"
)

// Progress is how a load run goes.
type Progress struct {
	Elapsed   time.Duration
	Connected int     // now
	Answers   int     // so far
	PerSecond float64 // answers, since the last Progress
	Errors    int     // CALLERRORs and messages without an answer, so far
	Refused   int     // connections that could not be opened, so far
}

// perSession are the messages of a session besides its MeterValues: Authorize,
// StartTransaction, StopTransaction and four of StatusNotification.
const perSession = 7

// interval is the pause between the messages of a session that makes n points send
// rate messages in a second. A session has one pause before it and one per sample.
func interval(rate float64, n, samples int) time.Duration {
	messages, pauses := float64(samples+perSession), float64(samples+1)
	return time.Duration(float64(n) / rate * messages / pauses * float64(time.Second))
}

// pulse counts what all points do. Its counters are all that the points of a run
// share.
type pulse struct {
	connected, answers, errors, refused atomic.Int64
}

func (p *pulse) count(e Event) {
	switch e.Kind {
	case Connected:
		p.connected.Add(1)
	case Disconnected:
		p.connected.Add(-1)
	case Answered:
		p.answers.Add(1)
	case Failed, TimedOut:
		p.errors.Add(1)
	case Refused:
		p.refused.Add(1)
	default:
	}
}

// tell calls f at each tick until the result is called.
func (p *pulse) tell(f func(Progress), every time.Duration, begin time.Time) (stop func()) {
	if f == nil {
		return func() {}
	}
	if every <= 0 {
		every = 5 * time.Second
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		last, before := begin, int64(0)
		for {
			select {
			case <-end:
				return
			case <-tick.C:
			}
			now, answers := time.Now(), p.answers.Load()
			f(Progress{
				Elapsed: now.Sub(begin), Connected: int(p.connected.Load()), Answers: int(answers),
				PerSecond: float64(answers-before) / now.Sub(last).Seconds(),
				Errors:    int(p.errors.Load()), Refused: int(p.refused.Load()),
			})
			last, before = now, answers
		}
	}()
	return func() { close(end); <-ended }
}
