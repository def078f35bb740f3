package web

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/live"
	"ccms/internal/operator"
)

const (
	livePattern = "GET /api/v1/live"

	liveWaits   = 500                    // objects that may wait for one screen
	liveBeat    = 250 * time.Millisecond // changes of one beat go together
	livePing    = 15 * time.Second       // proxies close what is silent
	liveRecheck = 20 * time.Second       // a permission taken away is gone in 30 s (SYS-A2)
	liveWrite   = 10 * time.Second       // a screen that takes no bytes is let go
)

// liveEvents describes the stream in the document.
const liveEvents = "hello: the stream stands. session, charge_point, command, warning: the object as its list has it (schemas Session, ChargePoint, Command, Warning). " +
	"resync: changes were lost, fetch anew. A comment every 15 seconds. There is no replay: after a reconnect fetch anew."

// The topics, and the permission each needs.
var liveTopics = map[string]authz.Permission{
	"sessions":      authz.LiveRead,
	"charge_points": authz.AssetRead,
	"commands":      authz.LiveRead,
	"warnings":      authz.LiveRead,
}

type liveInput struct {
	Topics string `query:"topics" maxLength:"100" doc:"sessions, charge_points, commands, warnings with commas between; absent: all."`
}

// live answers with a stream. The events: hello (the stream stands), session,
// charge_point, command, warning (the object, as lists have it), resync (changes were lost:
// fetch anew).
func (h *handlers) live(ctx context.Context, in *liveInput) (*huma.StreamResponse, error) {
	c := callerOf(ctx)
	topics := []string{"sessions", "charge_points", "commands", "warnings"}
	if in.Topics != "" {
		topics = strings.Split(in.Topics, ",")
	}
	for _, t := range topics {
		p, known := liveTopics[t]
		if !known {
			return nil, fault.BadInput("/query/topics", "must be sessions, charge_points, commands or warnings")
		}
		if !c.May(p) {
			return nil, fault.New(fault.Denied, "forbidden", "Your role does not allow this.")
		}
	}
	// Watching begins before the answer: what changes after hello is not missed.
	w := h.svc.Live.Watch(c.Scope, topics, liveWaits)
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer w.Close()
		r, rw := humago.Unwrap(hc)
		s := &stream{handlers: h, caller: c, w: rw, ctl: http.NewResponseController(rw), grace: map[string]time.Time{}}
		s.run(r, w)
	}}, nil
}

// stream writes events to one screen.
type stream struct {
	*handlers
	caller operator.Caller
	w      http.ResponseWriter
	ctl    *http.ResponseController
	buf    bytes.Buffer
	grace  map[string]time.Time // charge points whose socket closed: when they count as offline
}

func (s *stream) run(r *http.Request, w *live.Watcher) {
	s.metrics.streams.Inc()
	defer s.metrics.streams.Dec()
	beat, stopBeat := s.opt.Tick(liveBeat)
	ping, stopPing := s.opt.Tick(livePing)
	recheck, stopRecheck := s.opt.Tick(liveRecheck)
	defer stopBeat()
	defer stopPing()
	defer stopRecheck()

	s.ctl.SetReadDeadline(time.Time{}) // a stream outlives the time to read a request
	hd := s.w.Header()
	hd.Set("Content-Type", "text/event-stream")
	hd.Set("X-Accel-Buffering", "no") // or nginx keeps the events
	s.w.WriteHeader(http.StatusOK)
	s.buf.WriteString("retry: 2000\n")
	s.event("hello", struct {
		Time time.Time `json:"time"`
	}{at(s.now())})
	if s.flush() != nil {
		return
	}
	var wake <-chan struct{} = w.Wake()
	var due <-chan time.Time // the beat, while something waits
	for {
		select {
		case <-r.Context().Done():
			return
		case <-s.closing:
			return
		case <-wake:
			wake, due = nil, beat
			continue
		case <-due:
			wake, due = w.Wake(), nil
			events, behind := w.Take()
			if behind || !s.objects(r.Context(), events) {
				s.event("resync", struct{}{})
			}
		case <-ping:
			s.buf.WriteString(": ping\n\n")
		case <-recheck:
			c, err := s.authenticate(r)
			if err != nil || c.Scope.Operator() != s.caller.Scope.Operator() || c.Scope.Sub() != s.caller.Scope.Sub() || !c.May(authz.LiveRead) {
				return // the screen connects anew and learns why
			}
			s.caller = c
			if !s.graceOver(r.Context()) {
				continue
			}
		}
		if s.flush() != nil {
			return
		}
	}
}

// objects reads what changed in the caller's own scope and writes it. It is false
// where something could not be read.
func (s *stream) objects(ctx context.Context, events []live.Event) bool {
	whole := true
	for _, e := range events {
		name, v, err := s.object(ctx, e)
		switch {
		case fault.Is(err, fault.Missing): // gone meanwhile
		case err != nil:
			requestOf(ctx).fail(err)
			whole = false
		default:
			s.event(name, v)
		}
	}
	return whole
}

func (s *stream) object(ctx context.Context, e live.Event) (name string, v any, err error) {
	sc := s.caller.Scope
	switch e.Topic {
	case "sessions":
		id, err := ident.Parse[ident.Session](e.ID)
		if err != nil {
			return "", nil, err
		}
		r, err := s.svc.Session.Get(ctx, sc, id)
		return "session", s.session(s.caller, &r), err
	case "charge_points":
		id, err := ident.Parse[ident.ChargePoint](e.ID)
		if err != nil {
			return "", nil, err
		}
		p, err := s.svc.Asset.ChargePoint(ctx, sc, id)
		delete(s.grace, e.ID)
		if err == nil && p.Online && !p.Open() {
			s.grace[e.ID] = p.OnlineUntil()
		}
		return "charge_point", pointOf(p), err
	case "warnings":
		id, err := ident.Parse[ident.Warning](e.ID)
		if err != nil {
			return "", nil, err
		}
		w, err := s.svc.Upkeep.Get(ctx, sc, id)
		return "warning", s.names(ctx, sc).in(warningOf(w)), err
	}
	id, err := ident.Parse[ident.Command](e.ID)
	if err != nil {
		return "", nil, err
	}
	c, err := s.svc.Asset.Command(ctx, sc, id)
	return "command", s.command(s.caller, c), err
}

// graceOver tells of points that count as offline now: nothing happens at that
// instant that could be published.
func (s *stream) graceOver(ctx context.Context) (some bool) {
	for id, until := range s.grace {
		if !s.now().Before(until) {
			s.objects(ctx, []live.Event{{Topic: "charge_points", ID: id}})
			some = true
		}
	}
	return some
}

func (s *stream) event(name string, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own structs
	}
	s.buf.WriteString("event: " + name + "\ndata: ")
	s.buf.Write(data) // one line: JSON escapes line ends
	s.buf.WriteString("\n\n")
}

func (s *stream) flush() error {
	s.ctl.SetWriteDeadline(time.Now().Add(liveWrite)) // the socket's clock, not ours
	_, err := s.w.Write(s.buf.Bytes())
	s.buf.Reset()
	if err == nil {
		err = s.ctl.Flush()
	}
	return err
}
