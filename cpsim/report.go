package cpsim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Report is what a load run has seen.
type Report struct {
	Points    int
	Elapsed   time.Duration
	Sessions  int // from Authorize to an answered StopTransaction and unplug
	Answers   int // CALLRESULTs
	PerSecond float64

	Actions []ActionReport // by name

	CallErrors   int // CALLERRORs: none is expected
	Timeouts     int // CALLs without an answer on a connection that held
	Dropped      int // transaction messages given up
	Undelivered  int // transaction messages without an answer at the end
	Denied       int // cards refused
	Refused      int // connections that could not be opened
	Connects     int // connections that were opened
	Reconnects   int // of these, after the first
	FirstError   string
	firstErrorAt time.Time
	idle         bool // no session is expected
}

// ActionReport is one action of a report.
type ActionReport struct {
	Action        string
	Answers       int
	Errors        int // CALLERRORs and timeouts
	P50, P99, Max time.Duration
	latencies     []time.Duration
}

// tally counts the events of one point. Its point reports one at a time.
type tally struct {
	sessions    int
	undelivered int
	report      Report
}

func (t *tally) action(name string) *ActionReport { return t.report.action(name) }

func (r *Report) action(name string) *ActionReport {
	for i := range r.Actions {
		if r.Actions[i].Action == name {
			return &r.Actions[i]
		}
	}
	r.Actions = append(r.Actions, ActionReport{Action: name})
	return &r.Actions[len(r.Actions)-1]
}

func (t *tally) count(e Event) {
	r := &t.report
	switch e.Kind {
	case Answered:
		a := t.action(e.Action)
		a.Answers++
		a.latencies = append(a.latencies, e.Latency)
	case Failed:
		t.action(e.Action).Errors++
		r.CallErrors++
		r.remember(e)
	case TimedOut:
		t.action(e.Action).Errors++
		r.Timeouts++
		r.remember(e)
	case Dropped:
		r.Dropped++
		r.remember(e)
	case Denied:
		r.Denied++
	case Refused:
		r.Refused++
	case Connected:
		r.Connects++
	}
}

func (r *Report) remember(e Event) {
	if r.FirstError == "" {
		r.FirstError = fmt.Sprintf("%s %s: %v", e.Identity, e.Action, e.Err)
		r.firstErrorAt = e.At
	}
}

func (r *Report) add(t *tally) {
	o := &t.report
	r.Sessions += t.sessions
	r.Undelivered += t.undelivered
	r.CallErrors += o.CallErrors
	r.Timeouts += o.Timeouts
	r.Dropped += o.Dropped
	r.Denied += o.Denied
	r.Refused += o.Refused
	r.Connects += o.Connects
	r.Reconnects += max(0, o.Connects-1)
	if o.FirstError != "" && (r.FirstError == "" || o.firstErrorAt.Before(r.firstErrorAt)) {
		r.FirstError, r.firstErrorAt = o.FirstError, o.firstErrorAt
	}
	for _, a := range o.Actions {
		sum := r.action(a.Action)
		sum.Answers += a.Answers
		sum.Errors += a.Errors
		sum.latencies = append(sum.latencies, a.latencies...)
	}
}

func (r *Report) finish(elapsed time.Duration) {
	r.Elapsed = elapsed
	for i := range r.Actions {
		a := &r.Actions[i]
		slices.Sort(a.latencies)
		a.P50, a.P99 = quantile(a.latencies, 50), quantile(a.latencies, 99)
		if n := len(a.latencies); n > 0 {
			a.Max = a.latencies[n-1]
		}
		a.latencies = nil
		r.Answers += a.Answers
	}
	slices.SortFunc(r.Actions, func(a, b ActionReport) int { return strings.Compare(a.Action, b.Action) })
	if s := elapsed.Seconds(); s > 0 {
		r.PerSecond = float64(r.Answers) / s
	}
}

// quantile is the nearest rank.
func quantile(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := (len(sorted)*percent + 99) / 100
	return sorted[max(rank, 1)-1]
}

// Err says what went wrong, nil: nothing did. Lost connections alone are not a
// fault: what they interrupted was delivered later.
func (r *Report) Err() error {
	var faults []string
	add := func(n int, what string) {
		if n > 0 {
			faults = append(faults, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(r.CallErrors, "CALLERRORs")
	add(r.Timeouts, "CALLs without an answer")
	add(r.Dropped, "transaction messages given up")
	add(r.Undelivered, "transaction messages undelivered")
	switch {
	case r.idle && r.Connects < r.Points:
		faults = append(faults, fmt.Sprintf("%d points never connected", r.Points-r.Connects))
	case !r.idle && r.Sessions == 0:
		faults = append(faults, "no session was completed")
	}
	if len(faults) == 0 {
		return nil
	}
	s := strings.Join(faults, ", ")
	if r.FirstError != "" {
		s += "; first: " + r.FirstError
	}
	return errors.New("cpsim: " + s)
}

// String is the report as a table.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d points, %s, %d sessions, %d answers, %.0f answers/s\n",
		r.Points, r.Elapsed.Round(time.Millisecond), r.Sessions, r.Answers, r.PerSecond)
	fmt.Fprintf(&b, "%-20s %9s %7s %10s %10s %10s\n", "action", "answers", "errors", "p50", "p99", "max")
	for _, a := range r.Actions {
		fmt.Fprintf(&b, "%-20s %9d %7d %10s %10s %10s\n", a.Action, a.Answers, a.Errors,
			a.P50.Round(10*time.Microsecond), a.P99.Round(10*time.Microsecond), a.Max.Round(10*time.Microsecond))
	}
	fmt.Fprintf(&b, "CALLERRORs %d, unanswered %d, given up %d, undelivered %d, cards refused %d, reconnects %d, refused connections %d\n",
		r.CallErrors, r.Timeouts, r.Dropped, r.Undelivered, r.Denied, r.Reconnects, r.Refused)
	if r.FirstError != "" {
		fmt.Fprintf(&b, "first error: %s\n", r.FirstError)
	}
	return b.String()
}
