package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/live"
	"ccms/internal/operator"
	"ccms/internal/session"
)

// PointFrame is one OCPP frame of a charge point; a CALL with the answer that it got.
type PointFrame struct {
	ID ident.Event `json:"id,omitzero" doc:"Absent where it is shown as it passes."`
	Frame
	Kind      string        `json:"kind" enum:"call,result,error,other" doc:"result and error: an answer whose CALL is not kept; a Heartbeat's for one. other: what is no OCPP frame."`
	SessionID ident.Session `json:"session_id,omitzero" doc:"The session that a report is of."`
	Answer    *FrameAnswer  `json:"answer,omitempty" doc:"Of a CALL; absent: none is kept, as of meter values, or none came."`
	RoundTrip *int64        `json:"round_trip_ms,omitempty" doc:"From the CALL to its answer, by our clock."`
}

// FrameAnswer is the answer to a CALL.
type FrameAnswer struct {
	ReceivedAt time.Time       `json:"received_at"`
	Kind       string          `json:"kind" enum:"result,error,other"`
	Payload    json.RawMessage `json:"payload"`
	Flaws      []string        `json:"flaws"`
}

// kindOf is the kind of a frame by its first element (OCPP-J 1.6 §4.1.3); the rest of it
// need not be JSON.
func kindOf(raw []byte) string {
	raw = bytes.TrimLeft(raw, "\xef\xbb\xbf \t\r\n")
	if len(raw) > 0 && raw[0] == '[' {
		switch head, _, _ := bytes.Cut(raw[1:], []byte(",")); string(bytes.TrimSpace(head)) {
		case "2":
			return "call"
		case "3":
			return "result"
		case "4":
			return "error"
		}
	}
	return "other"
}

func pointFrameOf(f session.Frame, h hidden) PointFrame {
	out := PointFrame{ID: f.ID, Frame: frameOf(f, h), Kind: kindOf(f.Payload), SessionID: f.Session}
	if a := f.Answer; a != nil {
		out.Answer = &FrameAnswer{ReceivedAt: at(a.At), Kind: kindOf(a.Payload), Payload: payload(a.Payload, h), Flaws: a.Flaws}
		if out.Answer.Flaws == nil {
			out.Answer.Flaws = []string{}
		}
		took := a.At.Sub(f.ReceivedAt).Milliseconds()
		out.RoundTrip = &took
	}
	return out
}

// FrameQuery narrows the frames of a charge point.
type FrameQuery struct {
	Action    string        `query:"action" maxLength:"50" doc:"Only CALLs of this action, with their answers." example:"StatusNotification"`
	Direction string        `query:"direction" enum:"in,out" doc:"Of the CALL. in: from the charge point."`
	SessionID ident.Session `query:"session_id" doc:"Only what was said around this session, and its own reports."`
	Flawed    bool          `query:"flawed" doc:"Only frames with a flaw."`
}

func (q FrameQuery) filter() session.FrameFilter {
	f := session.FrameFilter{Action: q.Action, Session: q.SessionID, Flawed: q.Flawed}
	if q.Direction != "" {
		in := q.Direction == "in"
		f.Inbound = &in
	}
	return f
}

type pointFramesInput struct {
	PointPath
	FrameQuery
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Rows per page."`
	Cursor string `query:"cursor" maxLength:"500" doc:"next_cursor of the page before."`
}

func (h *handlers) pointFrames(ctx context.Context, in *pointFramesInput) (*found[PointFrame], error) {
	c := callerOf(ctx)
	l, err := h.svc.Session.PointFrames(ctx, c.Scope, in.ID, in.filter(), Paging{Limit: in.Limit, Cursor: in.Cursor}.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, func(f session.Frame) PointFrame { return pointFrameOf(f, hiddenFrom(c)) }), nil
}

// jsonLines is the format of a file of frames: one JSON object a line.
const jsonLines = "jsonl"

type framesFileInput struct {
	PointPath
	FrameQuery
}

// pointFramesFile answers with the newest frames of a filter, one JSON object a line. A
// file leaves our hands: who may not export personal data gets it covered.
func (h *handlers) pointFramesFile(ctx context.Context, in *framesFileInput) (*huma.StreamResponse, error) {
	c := callerOf(ctx)
	hide := hiddenFrom(c)
	hide.persons = hide.persons || !c.May(authz.PIIExport)
	read := func(ctx context.Context, cursor string) (operator.List[session.Frame], error) {
		return h.svc.Session.PointFrames(ctx, c.Scope, in.ID, in.filter(), operator.Page{Limit: operator.MaxLimit, Cursor: cursor})
	}
	first, err := read(ctx, "")
	if err != nil {
		return nil, err
	}
	path := "/api/v1/charge-points/" + in.ID.String() + "/frames"
	note := operator.ExportNote{Query: in.Action, Format: jsonLines, Rows: int64(first.Total), Personal: !hide.persons}
	if err := h.svc.Operator.Exported(ctx, c, path, note); err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		r, w := humago.Unwrap(hc)
		ctl := http.NewResponseController(w)
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.Header().Set("Content-Disposition", `attachment; filename="`+fileName(path, jsonLines, h.now())+`"`)
		w.WriteHeader(http.StatusOK)
		out := bufio.NewWriter(w)
		lines := json.NewEncoder(out)
		lines.SetEscapeHTML(false)
		l, sent := first, 0
		for {
			_ = ctl.SetWriteDeadline(time.Now().Add(exportStall)) // the socket's clock, not ours
			for _, f := range l.Items {
				_ = lines.Encode(pointFrameOf(f, hide)) // its error stays, and Flush tells it
			}
			err = out.Flush()
			if sent += len(l.Items); err == nil && l.Next != "" && sent < exportNow {
				l, err = read(r.Context(), l.Next)
				if err == nil {
					continue
				}
			}
			if err != nil { // half a file must not look like a whole one
				requestOf(r.Context()).fail(err)
				panic(http.ErrAbortHandler)
			}
			return
		}
	}}, nil
}

const (
	framesPattern = "GET /api/v1/charge-points/{id}/frames/live"

	frameEvents = "hello: the stream stands. frame: a frame as it passes, call or answer by itself (schema PointFrame, without id). " +
		"resync: frames were lost, fetch anew. A comment every 15 seconds."

	// FrameScreens is how many may watch frames at the same time.
	FrameScreens = 64
)

// liveFrames answers with the frames of one charge point as they pass, for as long as
// somebody looks.
func (h *handlers) liveFrames(ctx context.Context, in *PointPath) (*huma.StreamResponse, error) {
	c := callerOf(ctx)
	if _, err := h.svc.Asset.ChargePoint(ctx, c.Scope, in.ID); err != nil {
		return nil, err
	}
	if h.svc.Frames == nil {
		return nil, fault.New(fault.Unavailable, "busy", "No frames are shown live here.")
	}
	w, ok := h.svc.Frames.Watch(in.ID, FrameScreens)
	if !ok {
		return nil, fault.New(fault.Unavailable, "busy", "%d screens watch messages already. Close one of them.", FrameScreens)
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer w.Close()
		r, rw := humago.Unwrap(hc)
		q := &screenQueue{wake: make(chan struct{}, 1)}
		s := &viewer{handlers: h, sight: sightOf(c), w: rw, ctl: http.NewResponseController(rw),
			more: w.Wake(), still: func(ctx context.Context) bool {
				_, err := h.svc.Asset.ChargePoint(ctx, c.Scope, in.ID)
				return err == nil
			},
			taken: func() ([]byte, bool) { return framesTaken(w.Take, hiddenFrom(c)) }}
		s.run(r, q)
	}}, nil
}

// framesTaken is what has passed since the last look, as events.
func framesTaken(take func() ([]live.Frame, bool), hide hidden) ([]byte, bool) {
	frames, behind := take()
	var b bytes.Buffer
	for _, f := range frames {
		writeEvent(&b, "frame", pointFrameOf(session.Frame{ReceivedAt: f.At, Inbound: f.Inbound, Action: f.Action, MessageID: f.MessageID,
			Payload: f.Raw, Flaws: f.Flaws}, hide))
	}
	return b.Bytes(), behind
}
