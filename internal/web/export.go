package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// Every list can be had as a file of all rows of its filter, by the header Accept. The
// handler of the list is asked for page after page, each in a transaction of its own,
// so that nothing is held while a slow client takes the file.

const (
	// exportNow is how many rows are sent at once; more are written by a job.
	exportNow = 10_000
	// exportsAtOnce is how many files are sent at the same time.
	exportsAtOnce = 4
	// exportStall is how long a client may take for a page of rows.
	exportStall = time.Minute
)

// Files keeps the files that jobs write.
type Files interface {
	// Scratch is the folder for temporary files.
	Scratch() string
	Create(ctx context.Context, op ident.Operator, name string) (File, error)
	Open(ctx context.Context, op ident.Operator, name string) (io.ReadCloser, error)
}

// File is one that is being written; it is there after Commit.
type File interface {
	io.Writer
	Commit() error
	Abort()
}

// exporting is in the context of a request for a file.
type exporting struct {
	format operator.ExportFormat
	query  string
	path   string

	// Of a job: where the rows go, and what became of it.
	to   io.Writer
	rows int64
	err  error
}

type exportKey struct{}

// formatOf is the kind of file that a request wants; "" is JSON.
func formatOf(r *http.Request) operator.ExportFormat {
	for _, accept := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(accept, ",") {
			kind, _, _ := strings.Cut(strings.TrimSpace(part), ";")
			switch strings.ToLower(strings.TrimSpace(kind)) {
			case "text/csv":
				return operator.CSV
			case xlsxType:
				return operator.XLSX
			case "application/json", "*/*", "application/*":
				return ""
			}
		}
	}
	return ""
}

// page is what export needs of the answer of a list.
type page interface {
	counted() (total int, capped bool)
	next() string
	rows() reflect.Value // a slice
}

func (f *found[T]) counted() (int, bool) { return f.Body.Total, f.Body.TotalCapped }
func (f *found[T]) next() string         { return f.Body.NextCursor }
func (f *found[T]) rows() reflect.Value  { return reflect.ValueOf(f.Body.Items) }

// exportOf is the second way to ask a list; false where the route is none.
func exportOf[I, O any](h func(context.Context, *I) (*O, error)) (func(huma.API, huma.Operation), bool) {
	var in I
	var out O
	if _, ok := any(&in).(interface{ paging() *Paging }); !ok {
		return nil, false
	}
	if _, ok := any(&out).(page); !ok {
		return nil, false
	}
	return func(api huma.API, op huma.Operation) {
		op.Hidden, op.Metadata = true, map[string]any{exportMark: true}
		huma.Register(api, op, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
			paging := any(in).(interface{ paging() *Paging }).paging()
			paging.Cursor, paging.Limit = "", 1
			out, err := export(ctx, paging, func() (page, error) {
				p, err := h(ctx, in)
				if err != nil {
					return nil, err
				}
				return any(p).(page), nil
			})
			if err != nil {
				return nil, newProblem(ctx, err)
			}
			return out, nil
		})
	}, true
}

const exportMark = "export"

type serverKey struct{}

func export(ctx context.Context, paging *Paging, read func() (page, error)) (*huma.StreamResponse, error) {
	x := ctx.Value(exportKey{}).(*exporting)
	s := ctx.Value(serverKey{}).(*Server)
	c := callerOf(ctx)
	if x.to == nil {
		p, err := read()
		if err != nil {
			return nil, err
		}
		total, capped := p.counted()
		if capped || total > exportNow {
			return s.exportLater(ctx, c, x)
		}
		done, err := s.exportSlot()
		if err != nil {
			return nil, err
		}
		defer func() {
			if done != nil {
				done()
			}
		}()
		note := operator.ExportNote{Query: x.query, Format: x.format, Rows: int64(total), Personal: c.May(authz.PIIExport)}
		if err := s.svc.Operator.Exported(ctx, c, x.path, note); err != nil {
			return nil, err
		}
		paging.whole = true
		if p, err = read(); err != nil {
			return nil, err
		}
		free := done
		done = nil
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			defer free()
			s.sendExport(hc, c, x, paging, p, read)
		}}, nil
	}
	paging.whole = true
	p, err := read()
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(huma.Context) {
		x.err = s.writeRows(ctx, c, x, x.to, paging, p, read, func() {})
	}}, nil
}

// exportSlot keeps files from taking all the processors.
func (s *Server) exportSlot() (func(), error) {
	select {
	case s.exports <- struct{}{}:
		return func() { <-s.exports }, nil
	default:
		return nil, fault.New(fault.Unavailable, "busy", "Too many files are being made. Try again in a minute.")
	}
}

// fileName is "sessions-2026-11-30.csv".
func fileName(path string, f operator.ExportFormat, at time.Time) string {
	return path[strings.LastIndexByte(path, '/')+1:] + "-" + at.UTC().Format(time.DateOnly) + "." + string(f)
}

func fileHead(h http.Header, path string, f operator.ExportFormat, at time.Time) {
	h.Set("Content-Type", contentType(f))
	h.Set("Content-Disposition", `attachment; filename="`+fileName(path, f, at)+`"`)
	h.Set("Vary", "Accept")
}

func (s *Server) sendExport(hc huma.Context, c operator.Caller, x *exporting, paging *Paging, first page, read func() (page, error)) {
	r, w := humago.Unwrap(hc)
	ctl := http.NewResponseController(w)
	fileHead(w.Header(), x.path, x.format, s.now())
	w.WriteHeader(http.StatusOK)
	wait := func() { _ = ctl.SetWriteDeadline(time.Now().Add(exportStall)) } // the socket's clock, not ours
	if err := s.writeRows(r.Context(), c, x, w, paging, first, read, wait); err != nil {
		// Half a file must not look like a whole one: the connection breaks.
		requestOf(r.Context()).fail(err)
		panic(http.ErrAbortHandler)
	}
}

// writeRows writes page after page. wait is called before each.
func (s *Server) writeRows(ctx context.Context, c operator.Caller, x *exporting, w io.Writer, paging *Paging, p page, read func() (page, error), wait func()) error {
	tb, personal := tableOf(p.rows().Type().Elem()), c.May(authz.PIIExport)
	sh, err := newSheet(x.format, w, tb.names(personal), s.scratch())
	if err != nil {
		return err
	}
	defer sh.close()
	var cells []cell
	for {
		wait()
		rows := p.rows()
		for i := range rows.Len() {
			cells = tb.row(rows.Index(i), personal, cells)
			if err := sh.row(cells); err != nil {
				return err
			}
		}
		x.rows += int64(rows.Len())
		if p.next() == "" {
			return sh.end()
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		paging.Cursor = p.next()
		if p, err = read(); err != nil {
			return err
		}
	}
}

func (s *Server) scratch() string {
	if s.opt.Files == nil {
		return "" // the system's
	}
	return s.opt.Files.Scratch()
}

// exportLater answers with the export that a job writes.
func (s *Server) exportLater(ctx context.Context, c operator.Caller, x *exporting) (*huma.StreamResponse, error) {
	if s.opt.Files == nil {
		return nil, fault.New(fault.Limit, "too_many_rows", "More than %d rows: narrow the filter.", exportNow)
	}
	e, err := s.svc.Operator.RequestExport(ctx, c, x.path, x.query, x.format)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		_, w := humago.Unwrap(hc)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Location", "/api/v1/exports/"+e.ID.String())
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(exportFrom(e)) // the client reads it or is gone
	}}, nil
}

// wantsFile puts into the request's context that a file is asked for.
func (s *Server) wantsFile(r *http.Request, x *exporting) *http.Request {
	ctx := context.WithValue(r.Context(), exportKey{}, x)
	return r.WithContext(context.WithValue(ctx, serverKey{}, s))
}

// WriteExport writes the file of an export, for the job that has been asked to: with
// what the one who asked may do now. An error of the kinds denied, invalid and limit
// will not go away by trying again.
func (s *Server) WriteExport(ctx context.Context, id ident.Export) (operator.Export, error) {
	e, c, err := s.svc.Operator.ExportFor(ctx, id)
	if err != nil {
		return e, err
	}
	if s.opt.Files == nil {
		return e, errors.New("web: there is no place for files")
	}
	u := url.URL{Path: e.Path, RawQuery: e.Query}
	r, err := http.NewRequestWithContext(context.WithValue(ctx, callerKey{}, c), http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return e, err
	}
	// The path may have an id in it: the pattern says whose permission it is.
	_, pattern := s.exporters.Handler(r)
	if rt, ok := s.byPattern[pattern]; !ok || !c.May(rt.Permission) {
		return e, fault.New(fault.Denied, "forbidden", "Your role does not allow this.")
	}
	f, err := s.opt.Files.Create(ctx, e.Operator, e.ID.String())
	if err != nil {
		return e, err
	}
	counted := &countingWriter{w: f}
	x := &exporting{format: e.Format, path: e.Path, query: e.Query, to: counted}
	answer := &answerOnly{header: http.Header{}}
	s.exporters.ServeHTTP(answer, s.wantsFile(r, x))
	if x.err == nil && answer.status >= http.StatusBadRequest {
		x.err = answer.problem()
	}
	if x.err != nil {
		f.Abort()
		return e, x.err
	}
	if err := f.Commit(); err != nil {
		return e, err
	}
	e.State, e.Rows, e.Bytes, e.ReadyAt = operator.ExportReady, x.rows, counted.n, s.now()
	e.ExpiresAt = e.ReadyAt.Add(operator.ExportKept)
	return e, nil
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// answerOnly takes the answer of a handler that a job calls.
type answerOnly struct {
	header http.Header
	status int
	body   []byte
}

func (a *answerOnly) Header() http.Header { return a.header }
func (a *answerOnly) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answerOnly) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if room := 4096 - len(a.body); room > 0 {
		a.body = append(a.body, b[:min(room, len(b))]...)
	}
	return len(b), nil
}

func (a *answerOnly) problem() error {
	var p struct {
		Code, Detail string
	}
	if json.Unmarshal(a.body, &p) != nil || p.Code == "" {
		return errors.New("the list did not answer")
	}
	kind := fault.Internal
	if a.status < http.StatusInternalServerError {
		kind = fault.Invalid
	}
	return fault.New(kind, p.Code, "%s", p.Detail)
}
