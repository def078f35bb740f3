package web

import (
	"context"
	"net/http"
	"runtime"
	"time"

	"ccms/internal/fault"
)

// MaxAtWork is how many requests are worked on at once; the others wait for their turn.
// What they do is mostly computing, so more at once would end no sooner, and each charge
// point's message would stand in one line with all of them for a processor.
var MaxAtWork = max(8, 4*runtime.GOMAXPROCS(0))

// TurnWithin is how long a request waits for its turn.
const TurnWithin = 15 * time.Second

// turns are what requests take while they are worked on. A turn is over when the answer
// begins, and is not taken while a body arrives: a slow client holds none.
type turns chan struct{}

func (t turns) take(ctx context.Context) (done func(), err error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	default:
	}
	late := time.NewTimer(TurnWithin) // the machine's clock
	defer late.Stop()
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, fault.New(fault.Unavailable, "gone", "The caller has gone.").Because(context.Cause(ctx))
	case <-late.C:
		return nil, fault.New(fault.Unavailable, "busy", "The server has too much to do. Nothing was done; try again.")
	}
}

// atWork runs next in a turn.
func (s *Server) atWork(w http.ResponseWriter, r *http.Request, next http.Handler) {
	done, err := s.turns.take(r.Context())
	if err != nil {
		writeProblem(w, r, err)
		return
	}
	t := &turnWriter{ResponseWriter: w, done: done}
	defer t.over()
	next.ServeHTTP(t, r)
}

// turnWriter ends the turn when the answer begins.
type turnWriter struct {
	http.ResponseWriter
	done func()
}

func (t *turnWriter) over() {
	if t.done != nil {
		t.done()
		t.done = nil
	}
}

func (t *turnWriter) WriteHeader(status int) {
	t.over()
	t.ResponseWriter.WriteHeader(status)
}

func (t *turnWriter) Write(b []byte) (int, error) {
	t.over()
	return t.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController flush and set deadlines.
func (t *turnWriter) Unwrap() http.ResponseWriter { return t.ResponseWriter }
