package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"ccms/internal/fault"
	"ccms/internal/operator"
)

// Problem is the body of every error (RFC 9457).
type Problem struct {
	Type        string         `json:"type" doc:"Names the kind of problem; the code with a prefix." example:"urn:ccms:problem:stale_version"`
	Title       string         `json:"title" doc:"The HTTP status in words."`
	Status      int            `json:"status"`
	Detail      string         `json:"detail,omitempty" doc:"What happened and what to do, for a person."`
	Code        string         `json:"code" doc:"Stable name of the problem, for programs." example:"stale_version"`
	Errors      []ProblemField `json:"errors,omitempty" doc:"Each wrong field."`
	RequestID   string         `json:"request_id" doc:"Stands in the server's log; give it to support."`
	HaveVersion int64          `json:"have_version,omitempty" doc:"Of a stale write: the version stored."`
	WantVersion int64          `json:"want_version,omitempty" doc:"Of a stale write: the version sent."`

	header http.Header
}

// ProblemField is one wrong field.
type ProblemField struct {
	Pointer string `json:"pointer" doc:"JSON pointer into the body; /path, /query or /header stand before other places." example:"/name"`
	Detail  string `json:"detail"`
}

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus makes it a huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders makes it a huma.HeadersError.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType is RFC 9457's.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

var statusOf = map[fault.Kind]int{
	fault.Internal: http.StatusInternalServerError, fault.Invalid: http.StatusUnprocessableEntity, fault.Denied: http.StatusForbidden,
	fault.Missing: http.StatusNotFound, fault.Conflict: http.StatusConflict, fault.Limit: http.StatusConflict,
	fault.Unsupported: http.StatusUnprocessableEntity, fault.Unavailable: http.StatusServiceUnavailable,
}

// statusOfCode says where HTTP has a finer word than the kind of fault.
var statusOfCode = map[string]int{
	"not_signed_in":           http.StatusUnauthorized,
	"login_expired":           http.StatusUnauthorized,
	"bad_credentials":         http.StatusUnauthorized,
	"throttled":               http.StatusTooManyRequests,
	"rate_limited":            http.StatusTooManyRequests,
	"insufficient_balance":    http.StatusPaymentRequired,
	"charge_point_offline":    http.StatusConflict, // for now, but asking again at once is no use
	"idempotency_key_missing": http.StatusBadRequest,
	"invalid_json":            http.StatusBadRequest,
	"body_missing":            http.StatusBadRequest,
	"body_too_large":          http.StatusRequestEntityTooLarge,
	"body_too_slow":           http.StatusRequestTimeout,
	"file_too_large":          http.StatusRequestEntityTooLarge,
	"unknown_media_type":      http.StatusUnsupportedMediaType,
	"not_acceptable":          http.StatusNotAcceptable,
	"method_not_allowed":      http.StatusMethodNotAllowed,
	"if_match_missing":        http.StatusPreconditionRequired,
}

// newProblem maps an error once. What is no fault, or an internal one, goes to the
// log with its cause and to the client without.
func newProblem(ctx context.Context, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	f := fault.Of(err)
	status, ok := statusOfCode[f.Code]
	if !ok {
		status = statusOf[f.Kind]
	}
	p = &Problem{Code: f.Code, Detail: f.Detail, Status: status, HaveVersion: f.Have, WantVersion: f.Want}
	for _, w := range f.Fields {
		p.Errors = append(p.Errors, ProblemField{Pointer: w.Pointer, Detail: w.Detail})
	}
	var t *operator.Throttled
	if errors.As(err, &t) {
		p.header = http.Header{"Retry-After": {strconv.FormatInt(t.Seconds(), 10)}}
	}
	if status >= 500 {
		requestOf(ctx).fail(err)
	}
	if f.Kind == fault.Internal {
		p.Code, p.Detail, p.Errors = "internal", "Something went wrong on our side.", nil
	}
	return p.finish(ctx)
}

func (p *Problem) finish(ctx context.Context) *Problem {
	p.Type, p.Title, p.RequestID = "urn:ccms:problem:"+p.Code, http.StatusText(p.Status), requestOf(ctx).ID
	return p
}

// writeProblem answers outside of a handler.
func writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := newProblem(r.Context(), err)
	for k, v := range p.header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	if err := json.NewEncoder(w).Encode(p); err != nil {
		requestOf(r.Context()).log(slog.LevelDebug, "the client went away")
	}
}

// huma calls these for what it finds itself: a field that does not fit, a body that
// is no JSON. Its details carry the value; ours do not.
func init() {
	huma.DefaultArrayNullable = false
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return fromHuma(ctx.Context(), status, msg, errs)
	}
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return fromHuma(context.Background(), status, msg, errs)
	}
}

func fromHuma(ctx context.Context, status int, msg string, errs []error) *Problem {
	if len(errs) == 1 && status >= 500 {
		return newProblem(ctx, errs[0])
	}
	var p Problem
	for _, err := range errs {
		var known *Problem
		if errors.As(err, &known) {
			return known
		}
		var d huma.ErrorDetailer
		if !errors.As(err, &d) {
			continue
		}
		at := d.ErrorDetail()
		if strings.HasPrefix(at.Location, "path.") {
			// No id looks like this, so nothing has it.
			return newProblem(ctx, fault.NotFound("object"))
		}
		f := ProblemField{Pointer: pointer(at.Location), Detail: safe(at.Message)}
		if name, ok := strings.CutPrefix(at.Message, "expected required property "); ok {
			// huma points at the object; the form wants to know the field.
			f.Pointer, f.Detail = f.Pointer+"/"+strings.TrimSuffix(name, " to be present"), "must be there"
		}
		p.Errors = append(p.Errors, f)
	}
	p.Status = status
	p.Code, p.Detail = "invalid_input", "Some fields are not right."
	switch status {
	case http.StatusBadRequest:
		p.Code, p.Detail, p.Errors = "invalid_json", "The body is not valid JSON.", nil
		if msg == "request body is required" {
			p.Code, p.Detail = "body_missing", "The request needs a JSON body."
		}
	case http.StatusUnsupportedMediaType:
		p.Code, p.Detail, p.Errors = "unknown_media_type", "The body must be application/json.", nil
	case http.StatusRequestEntityTooLarge:
		p.Code, p.Detail, p.Errors = "body_too_large", "The body is too large.", nil
	case http.StatusRequestTimeout:
		p.Code, p.Detail, p.Errors = "body_too_slow", "The body did not arrive in time.", nil
	case http.StatusNotAcceptable:
		p.Code, p.Detail, p.Errors = "not_acceptable", "The answer is application/json.", nil
	}
	return p.finish(ctx)
}

// pointer turns huma's "body.items[3].tags" into "/items/3/tags", and "query.limit"
// into "/query/limit". The text is cut: names of unknown fields come from outside.
func pointer(location string) string {
	rest, inBody := strings.CutPrefix(location, "body")
	var b strings.Builder
	for _, part := range strings.FieldsFunc(rest, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		if b.Len() > 100 {
			break
		}
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(cut(part, 60)))
	}
	if inBody && b.Len() == 0 {
		return ""
	}
	return b.String()
}

func cut(s string, n int) string {
	for i := range s { // at a border of characters
		if i >= n {
			return s[:i]
		}
	}
	return s
}

// safe keeps the messages of huma's validator, which speak of the schema, and
// replaces all others, which may quote the input.
func safe(msg string) string {
	switch {
	case msg == "unexpected property", msg == "unknown query parameter",
		strings.HasPrefix(msg, "required ") && strings.HasSuffix(msg, " parameter is missing"),
		strings.HasPrefix(msg, "invalid date/time for format "), msg == "invalid integer", msg == "invalid boolean":
		return msg
	case strings.HasPrefix(msg, "expected ") && !strings.Contains(msg, ": "):
		return msg
	}
	return "is not valid here"
}
