package web

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/live"
)

const (
	livePattern = "GET /api/v1/live"

	livePing    = 15 * time.Second // proxies close what is silent
	liveRecheck = 20 * time.Second // a permission taken away is gone in 30 s (SYS-A2)
	liveWrite   = 10 * time.Second // a screen that takes no bytes is let go
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
	q, leave := h.join(c, topics)
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer leave()
		r, rw := humago.Unwrap(hc)
		s := &viewer{handlers: h, sight: sightOf(c), w: rw, ctl: http.NewResponseController(rw)}
		s.run(r, q)
	}}, nil
}

// viewer is one screen: it gets what the stream of its sight has.
type viewer struct {
	*handlers
	sight sight
	w     http.ResponseWriter
	ctl   *http.ResponseController

	// Of one that has a source of its own: that there is more, what it is, and whether it
	// may still be seen.
	more  <-chan struct{}
	taken func() (events []byte, behind bool)
	still func(context.Context) bool
}

func (s *viewer) run(r *http.Request, q *screenQueue) {
	s.metrics.streams.Inc()
	defer s.metrics.streams.Dec()
	ping, stopPing := s.opt.Tick(livePing)
	recheck, stopRecheck := s.opt.Tick(liveRecheck)
	defer stopPing()
	defer stopRecheck()

	s.ctl.SetReadDeadline(time.Time{}) // a stream outlives the time to read a request
	hd := s.w.Header()
	hd.Set("Content-Type", "text/event-stream")
	hd.Set("X-Accel-Buffering", "no") // or nginx keeps the events
	s.w.WriteHeader(http.StatusOK)
	hello := bytes.NewBufferString("retry: 2000\n")
	writeEvent(hello, "hello", struct {
		Time time.Time `json:"time"`
	}{at(s.now())})
	if s.write(hello.Bytes()) != nil {
		return
	}
	resync := new(bytes.Buffer)
	writeEvent(resync, "resync", struct{}{})
	for {
		var out [][]byte
		select {
		case <-r.Context().Done():
			return
		case <-s.closing:
			return
		case <-q.wake:
			waits, behind := q.take()
			if behind {
				out = append(out, resync.Bytes())
			}
			out = append(out, waits...)
		case <-s.more:
			events, behind := s.taken()
			if behind {
				out = append(out, resync.Bytes())
			}
			out = append(out, events)
		case <-ping:
			out = append(out, []byte(": ping\n\n"))
		case <-recheck:
			c, err := s.authenticate(r)
			if err != nil || sightOf(c) != s.sight || !c.May(authz.LiveRead) || s.still != nil && !s.still(r.Context()) {
				return // the screen connects anew and learns why
			}
		}
		if s.write(out...) != nil {
			return
		}
	}
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

func (s *viewer) write(parts ...[]byte) error {
	if len(parts) == 0 {
		return nil
	}
	s.ctl.SetWriteDeadline(time.Now().Add(s.liveWrite)) // the socket's clock, not ours
	for _, p := range parts {
		if _, err := s.w.Write(p); err != nil {
			return err
		}
	}
	return s.ctl.Flush()
}
