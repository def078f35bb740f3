package web

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/upkeep"
)

// PointVault keeps the files that charge points bring and fetch.
type PointVault interface {
	Create(ctx context.Context, op ident.Operator, name string) (File, error)
	Open(ctx context.Context, op ident.Operator, name string) (io.ReadCloser, error)
	Remove(name string) error
}

// PointFile is a file that a charge point was asked for.
type PointFile struct {
	ID            ident.Transfer       `json:"id"`
	ChargePointID ident.ChargePoint    `json:"charge_point_id"`
	PointName     string               `json:"charge_point_name,omitempty"`
	CommandID     ident.Command        `json:"command_id,omitzero"`
	Kind          upkeep.FileKind      `json:"kind" enum:"diagnostics,log,security_log"`
	Protocol      upkeep.Protocol      `json:"protocol" enum:"https,http,ftp,ftps" doc:"How it was to bring the file."`
	State         upkeep.TransferState `json:"state" enum:"waiting,arriving,arrived,failed,expired" doc:"arrived: …/file has it. A file that failed after it arrived may be cut off, and can be fetched all the same."`
	Missing       bool                 `json:"missing,omitempty" doc:"It arrived, and is not on this server, as after a restore: backups leave it out."`
	Told          string               `json:"told,omitempty" doc:"The last status that the charge point told." example:"Uploaded"`
	FileName      string               `json:"file_name,omitempty" doc:"As the charge point named it." export:"pii"`
	Bytes         int64                `json:"bytes,omitempty"`
	SHA256        string               `json:"sha256,omitempty"`
	Detail        string               `json:"detail,omitempty" doc:"Why it failed, in words."`
	CreatedAt     time.Time            `json:"created_at"`
	ArrivedAt     time.Time            `json:"arrived_at,omitzero"`
	ExpiresAt     time.Time            `json:"expires_at" doc:"Until when the charge point may bring it."`
	KeptUntil     time.Time            `json:"kept_until" doc:"Then it is gone: such files may name cards."`
}

func pointFileOf(r upkeep.FileRow) PointFile {
	return PointFile{ID: r.ID, ChargePointID: r.Point, PointName: r.PointName, CommandID: r.Command, Kind: r.Kind, Protocol: r.Protocol, State: r.State, Missing: r.Missing,
		Told: r.Told, FileName: r.FileName, Bytes: r.Bytes, SHA256: r.SHA256, Detail: r.Detail, CreatedAt: at(r.CreatedAt), ArrivedAt: at(r.ArrivedAt),
		ExpiresAt: at(r.ExpiresAt), KeptUntil: at(r.KeepUntil)}
}

// PointFilePath is the {id} in a path.
type PointFilePath struct {
	ID ident.Transfer `path:"id"`
}

type pointFilesInput struct {
	Paging
	ChargePointID ident.ChargePoint `query:"charge_point_id"`
}

func (h *handlers) listPointFiles(ctx context.Context, in *pointFilesInput) (*found[PointFile], error) {
	l, err := h.svc.Upkeep.Files(ctx, scopeOf(ctx), upkeep.FileFilter{Point: in.ChargePointID}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, pointFileOf), nil
}

func (h *handlers) getPointFile(ctx context.Context, in *PointFilePath) (*struct{ Body PointFile }, error) {
	r, err := h.svc.Upkeep.File(ctx, scopeOf(ctx), in.ID)
	return &struct{ Body PointFile }{pointFileOf(r)}, err
}

func (h *handlers) pointFile(ctx context.Context, in *PointFilePath) (*huma.StreamResponse, error) {
	r, err := h.svc.Upkeep.FetchFile(ctx, scopeOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	if h.opt.PointFiles == nil {
		return nil, fault.NotFound("file")
	}
	f, err := h.opt.PointFiles.Open(ctx, r.Operator, r.Vault())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Missing, "file_missing", "The file is not on this server: it came before the backup that was restored, and backups leave it out.").Because(err)
	}
	if err != nil {
		return nil, err
	}
	name := strings.Map(func(c rune) rune {
		if c > 0x7e || c == '%' {
			return '_'
		}
		return c
	}, r.FileName)
	if name == "" {
		name = string(r.Kind)
	}
	return sendFile(f, name, r.Bytes), nil
}

// sendFile is the answer with a file that nobody shall open in the browser.
func sendFile(f io.ReadCloser, name string, size int64) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer f.Close()
		r, w := humago.Unwrap(hc)
		ctl := http.NewResponseController(w)
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
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
	}}
}

func (h *handlers) deletePointFile(ctx context.Context, in *PointFilePath) (*nothing, error) {
	return &nothing{}, h.svc.Upkeep.DeleteFile(ctx, scopeOf(ctx), in.ID, h.removeFile)
}

// removeFile takes a file out of the vault, where there is one.
func (h *handlers) removeFile(name string) error {
	if h.opt.PointFiles == nil {
		return nil
	}
	return h.opt.PointFiles.Remove(name)
}

// FileOrder is what a command for a file asks for beside an order.
type FileOrder struct {
	Log      string          `json:"log,omitempty" enum:"diagnostics,security" doc:"For get_log; absent: diagnostics."`
	From     time.Time       `json:"from,omitzero" doc:"For get_diagnostics and get_log: what it shall hold, from when on."`
	To       time.Time       `json:"to,omitzero" doc:"And until when."`
	Protocol upkeep.Protocol `json:"protocol,omitempty" enum:"https,ftps,http,ftp" doc:"How the file shall travel; absent: what the charge point says it knows, else what is usual here."`
}

// sendForFile asks for a file. Nobody gives an address: the server makes one for this file.
func (h *handlers) sendForFile(ctx context.Context, in *commandInput) (asset.Command, error) {
	b := in.Body
	if !callerOf(ctx).May(authz.LiveFiles) {
		return asset.Command{}, fault.New(fault.Denied, "forbidden", "Your role does not allow this command.")
	}
	kind := upkeep.DiagnosticsFile
	if b.Type == string(asset.CommandGetLog) {
		if kind = upkeep.LogFile; b.Log == "security" {
			kind = upkeep.SecurityLogFile
		}
	}
	return h.svc.Upkeep.RequestFile(ctx, scopeOf(ctx), upkeep.FileRequest{Point: in.ID, Kind: kind, From: b.From, To: b.To, Protocol: b.Protocol,
		Reason: b.Reason, Wait: time.Duration(b.QueueUntilOnline) * time.Second})
}
