package web

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"ccms/internal/authz"
)

// Route is one line of the table: what is called, who may, and what it wants.
type Route struct {
	Method     string
	Path       string
	Permission authz.Permission
	Summary    string
	// Also are permissions that some inputs need beside it; the handler asks for them.
	Also []authz.Permission
	// Versioned routes need If-Match: PUT, PATCH and DELETE unless said otherwise.
	Versioned bool
	// Keyed routes refuse to work without an Idempotency-Key: money and commands.
	Keyed bool
	// Streams answer with server-sent events.
	Streams bool
	// Fleeting routes never keep their answer for an Idempotency-Key: it is a login.
	Fleeting bool

	// Carries routes take a file as their body: no JSON, and as large as an image may be.
	Carries bool

	// Exports routes give all rows of the filter as a file, too, by the header Accept.
	Exports bool

	register func(huma.API, huma.Operation)
}

type option func(*Route)

// keyed requires an Idempotency-Key.
func keyed(r *Route) { r.Keyed = true }

// also names permissions that some inputs need beside the route's.
func also(ps ...authz.Permission) option { return func(r *Route) { r.Also = ps } }

// unversioned is for what has no version: it can only be ended.
func unversioned(r *Route) { r.Versioned = false }

func streams(r *Route) { r.Streams = true }

func carries(r *Route) { r.Carries = true }

func fleeting(r *Route) { r.Fleeting = true }

// route is one line of the table. The permission is a parameter, so that it cannot
// be forgotten; authz.Open is written where nobody is asked.
func route[I, O any](pattern string, p authz.Permission, h func(context.Context, *I) (*O, error), summary string, opts ...option) Route {
	method, path, _ := strings.Cut(pattern, " ")
	r := Route{Method: method, Path: path, Permission: p, Summary: summary}
	r.Versioned = method == http.MethodPut || method == http.MethodPatch || method == http.MethodDelete
	for _, o := range opts {
		o(&r)
	}
	status := 0
	if f, ok := reflect.TypeFor[O]().FieldByName("Body"); ok {
		status = statusOfOutput(method, f.Type, reflect.TypeFor[O]())
	}
	r.register = func(api huma.API, op huma.Operation) {
		op.DefaultStatus = status
		huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
			out, err := h(ctx, in)
			if err != nil {
				return nil, newProblem(ctx, err)
			}
			return out, nil
		})
	}
	if file, ok := exportOf(h); ok && method == http.MethodGet {
		r.Exports = true
		list := r.register
		r.register = func(api huma.API, op huma.Operation) {
			list(api, op)
			file(api, op)
		}
	}
	return r
}

// statuser lets an output type say its status.
type statuser interface{ status() int }

func statusOfOutput(_ string, _, out reflect.Type) int {
	if s, ok := reflect.TypeAssert[statuser](reflect.New(out)); ok {
		return s.status()
	}
	return http.StatusOK
}

// Pattern is how net/http writes it.
func (r Route) Pattern() string { return r.Method + " " + r.Path }

func (r Route) tag() string {
	parts := strings.Split(r.Path, "/")
	if len(parts) > 3 {
		return parts[3]
	}
	return "server"
}

func (r Route) operation() huma.Operation {
	id := strings.NewReplacer("/api/v1/", "", "/{id}", "_one", "/", "_", "-", "_", "{", "", "}", "").Replace(r.Path)
	op := huma.Operation{
		OperationID: strings.ToLower(r.Method) + "_" + strings.Trim(id, "_"),
		Method:      r.Method, Path: r.Path, Summary: r.Summary, Tags: []string{r.tag()},
		MaxBodyBytes: MaxBody, BodyReadTimeout: bodyTimeout,
		RejectUnknownQueryParameters: true,
	}
	text := func(s string) *huma.Schema { return &huma.Schema{Type: "string", Description: s} }
	if r.Versioned {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "If-Match", In: "header", Required: true,
			Description: "The version you last saw, in quotes.", Schema: text("like \"3\"")})
	}
	if r.Method == http.MethodPost && !r.Fleeting {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header", Required: r.Keyed,
			Description: "A new random text per request; the same again gives the first answer for 24 hours.", Schema: text("1 to 100 characters")})
	}
	if r.Streams {
		events := liveEvents
		if r.Pattern() == framesPattern {
			events = frameEvents
		}
		op.Responses = map[string]*huma.Response{"200": {Description: "A stream of events.", Content: map[string]*huma.MediaType{
			"text/event-stream": {Schema: text(events)}}}}
	}
	if r.Carries {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}
		op.MaxBodyBytes, op.BodyReadTimeout = -1, -1 // the handler reads it as it arrives
	}
	switch r.Permission {
	case authz.Open:
		op.Description = "Nobody is asked who they are."
		op.Security = []map[string][]string{}
	case authz.SignedIn:
		op.Description = "For everybody who is logged in."
	default:
		op.Description = "Needs the permission `" + string(r.Permission) + "`."
		for i, p := range r.Also {
			if i == 0 {
				op.Description += " Some inputs need another beside it:"
			}
			op.Description += " `" + string(p) + "`"
		}
	}
	if r.Exports {
		op.Description += " With `Accept: text/csv` or `" + xlsxType + "` the answer is a file of all rows of the filter; " +
			"personal columns need the permission `pii.export`. Of more than 10,000 rows it is 202 with an export: its file can be fetched when it is ready."
	}
	return op
}

const bodyTimeout = 20 * time.Second

// adapter mounts huma's operations on net/http, each behind the guard of its route.
type adapter struct {
	mux   *http.ServeMux
	guard func(pattern string, next http.Handler) http.Handler
	// file makes the handler of a list give files, too; nil where only the document is wanted.
	file func(pattern string, list http.Handler) http.Handler
	// files are the handlers that answer with a file.
	files *http.ServeMux
}

func (a *adapter) Handle(op *huma.Operation, h func(huma.Context)) {
	pattern := op.Method + " " + op.Path
	work := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h(humago.NewContext(op, r, w))
	}))
	if op.Metadata[exportMark] != nil {
		if a.files != nil {
			a.files.Handle(pattern, work)
		}
		return
	}
	if a.file != nil {
		work = a.file(pattern, work)
	}
	a.mux.Handle(pattern, a.guard(pattern, work))
}

func (a *adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }
