package web

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// Export is a file of all rows of a filter, which a job writes.
type Export struct {
	ID        ident.Export          `json:"id"`
	Path      string                `json:"path" doc:"Of the list." example:"/api/v1/sessions"`
	Format    operator.ExportFormat `json:"format" enum:"csv,xlsx"`
	State     operator.ExportState  `json:"state" enum:"WAITING,READY,FAILED" doc:"READY: …/file has it."`
	Why       string                `json:"why,omitempty" doc:"It failed, in words."`
	Rows      int64                 `json:"rows"`
	Bytes     int64                 `json:"bytes"`
	CreatedAt time.Time             `json:"created_at"`
	ReadyAt   time.Time             `json:"ready_at,omitzero"`
	ExpiresAt time.Time             `json:"expires_at" doc:"24 hours after it was ready; then it is gone."`
}

func exportFrom(e operator.Export) Export {
	return Export{ID: e.ID, Path: e.Path, Format: e.Format, State: e.State, Why: e.Why, Rows: e.Rows, Bytes: e.Bytes,
		CreatedAt: at(e.CreatedAt), ReadyAt: at(e.ReadyAt), ExpiresAt: at(e.ExpiresAt)}
}

// ExportPath is the {id} in a path.
type ExportPath struct {
	ID ident.Export `path:"id"`
}

func (h *handlers) listExports(ctx context.Context, in *struct{ Paging }) (*found[Export], error) {
	l, err := h.svc.Operator.Exports(ctx, callerOf(ctx), in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, exportFrom), nil
}

func (h *handlers) getExport(ctx context.Context, in *ExportPath) (*struct{ Body Export }, error) {
	e, err := h.svc.Operator.Export(ctx, callerOf(ctx), in.ID)
	return &struct{ Body Export }{exportFrom(e)}, err
}

func (h *handlers) exportFile(ctx context.Context, in *ExportPath) (*huma.StreamResponse, error) {
	c := callerOf(ctx)
	e, err := h.svc.Operator.Export(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	if e.State != operator.ExportReady {
		return nil, fault.New(fault.Conflict, "export_not_ready", "The file is not ready. Look at the export's state.")
	}
	if h.opt.Files == nil {
		return nil, fault.NotFound("file of this export")
	}
	f, err := h.opt.Files.Open(ctx, e.Operator, e.ID.String())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.NotFound("file of this export").Because(err)
	}
	if err != nil {
		return nil, err
	}
	if err := h.svc.Operator.ExportFetched(ctx, c, e); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer f.Close()
		r, w := humago.Unwrap(hc)
		ctl := http.NewResponseController(w)
		fileHead(w.Header(), e.Path, e.Format, e.CreatedAt)
		w.Header().Set("Content-Length", strconv.FormatInt(e.Bytes, 10))
		w.WriteHeader(http.StatusOK)
		for {
			_ = ctl.SetWriteDeadline(time.Now().Add(exportStall)) // the socket's clock, not ours
			_, err := io.CopyN(w, f, 1<<20)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				requestOf(r.Context()).fail(err)
				panic(http.ErrAbortHandler)
			}
		}
	}}, nil
}
