package web

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/upkeep"
)

// FirmwareImage is a firmware for one model.
type FirmwareImage struct {
	ID          ident.Image       `json:"id"`
	Name        string            `json:"name"`
	Vendor      string            `json:"vendor"`
	Model       string            `json:"model"`
	Release     string            `json:"release" doc:"The version of the firmware, as the charge point tells it in its boot."`
	FileName    string            `json:"file_name"`
	State       upkeep.ImageState `json:"state" enum:"draft,ready" doc:"draft: its file is not here yet."`
	Missing     bool              `json:"missing,omitempty" doc:"It is ready, and its file is not on this server, as after a restore: backups leave it out. PUT the same file again."`
	Bytes       int64             `json:"bytes,omitempty"`
	SHA256      string            `json:"sha256,omitempty"`
	Signed      bool              `json:"signed"`
	Signer      string            `json:"signer,omitempty" doc:"Whose certificate the signature is by."`
	Certificate string            `json:"certificate,omitempty" export:"-"`
	Signature   string            `json:"signature,omitempty" export:"-"`
	CreatedBy   string            `json:"created_by,omitempty"`
	CreatedAt   time.Time         `json:"created_at"`
	ReadyAt     time.Time         `json:"ready_at,omitzero"`
	Version     int64             `json:"version"`
}

func imageOf(i upkeep.Image) FirmwareImage {
	return FirmwareImage{ID: i.ID, Name: i.Name, Vendor: i.Vendor, Model: i.Model, Release: i.Release, FileName: i.FileName, State: i.State, Missing: i.Missing, Bytes: i.Bytes,
		SHA256: i.SHA256, Signed: i.Signed(), Signer: i.Signer, Certificate: i.Certificate, Signature: i.Signature, CreatedBy: i.CreatedBy,
		CreatedAt: at(i.CreatedAt), ReadyAt: at(i.ReadyAt), Version: i.Version}
}

// ImagePath is the {id} in a path.
type ImagePath struct {
	ID ident.Image `path:"id"`
}

type imagesInput struct {
	Paging
	Model string            `query:"model" maxLength:"50" doc:"Exactly."`
	State upkeep.ImageState `query:"state" enum:"draft,ready"`
}

func (h *handlers) listImages(ctx context.Context, in *imagesInput) (*found[FirmwareImage], error) {
	l, err := h.svc.Upkeep.Images(ctx, scopeOf(ctx), upkeep.ImageFilter{Model: in.Model, State: in.State}, in.page())
	if err != nil {
		return nil, err
	}
	name := h.names(ctx, scopeOf(ctx))
	return foundOf(l, func(i upkeep.Image) FirmwareImage {
		out := imageOf(i)
		out.CreatedBy = name.of(out.CreatedBy)
		return out
	}), nil
}

func (h *handlers) getImage(ctx context.Context, in *ImagePath) (*single[FirmwareImage], error) {
	i, err := h.svc.Upkeep.Image(ctx, scopeOf(ctx), in.ID)
	return singleOf(imageOf(i), i.Version), err
}

type newImageInput struct {
	Body struct {
		Name        string `json:"name" minLength:"1" maxLength:"100"`
		Vendor      string `json:"vendor" minLength:"1" maxLength:"50" doc:"As the charge points tell it."`
		Model       string `json:"model" minLength:"1" maxLength:"50" doc:"As the charge points tell it."`
		Release     string `json:"release" minLength:"1" maxLength:"50" doc:"The version, as the charge points will tell it."`
		FileName    string `json:"file_name" minLength:"1" maxLength:"100" doc:"Under which charge points fetch it: of A-Z a-z 0-9 . - _"`
		Signature   string `json:"signature,omitempty" maxLength:"800" doc:"Of the file, in base64: RSA (PSS or PKCS #1 v1.5) or ECDSA over SHA-256. For SignedUpdateFirmware."`
		Certificate string `json:"certificate,omitempty" maxLength:"5500" doc:"Of who signed it, in PEM."`
	} `nameHint:"FirmwareImageNew"`
}

func (h *handlers) createImage(ctx context.Context, in *newImageInput) (*made[FirmwareImage], error) {
	b := in.Body
	i, err := h.svc.Upkeep.CreateImage(ctx, scopeOf(ctx), upkeep.Image{Name: b.Name, Vendor: b.Vendor, Model: b.Model, Release: b.Release,
		FileName: b.FileName, Signature: b.Signature, Certificate: b.Certificate})
	if err != nil {
		return nil, err
	}
	return madeOf(imageOf(i), i.Version, "/api/v1/firmware-images/"+i.ID.String()), nil
}

func (h *handlers) deleteImage(ctx context.Context, in *ImagePath) (*nothing, error) {
	return &nothing{}, h.svc.Upkeep.DeleteImage(ctx, scopeOf(ctx), in.ID, versionOf(ctx), h.removeFile)
}

// cargo is a body that is no JSON, as it arrives.
type cargo struct{ hc huma.Context }

// Resolve implements huma.Resolver.
func (c *cargo) Resolve(hc huma.Context) []error { c.hc = hc; return nil }

// cargoReader gives a body the time that it needs while it moves.
type cargoReader struct {
	r   io.Reader
	ctl *http.ResponseController
}

func (c cargoReader) Read(b []byte) (int, error) {
	until := time.Now().Add(exportStall) // the socket's clock, not ours
	_ = c.ctl.SetReadDeadline(until)
	_ = c.ctl.SetWriteDeadline(until.Add(exportStall))
	return c.r.Read(b)
}

type imageFileInput struct {
	ImagePath
	cargo
}

// imageUploads is how many images may arrive at the same time.
const imageUploads = 2

// putImageFile takes the file of an image. It is kept only if its signature is right.
func (h *handlers) putImageFile(ctx context.Context, in *imageFileInput) (*single[FirmwareImage], error) {
	if _, err := h.svc.Upkeep.DraftImage(ctx, scopeOf(ctx), in.ID, versionOf(ctx)); err != nil {
		return nil, err
	}
	if h.opt.PointFiles == nil {
		return nil, fault.New(fault.Unsupported, "files_not_kept", "This server keeps no files.")
	}
	select {
	case h.cargos <- struct{}{}:
		defer func() { <-h.cargos }()
	default:
		return nil, fault.New(fault.Limit, "too_many_uploads", "Other firmware is arriving now. Try again in a minute.")
	}
	// One file at a time for an image, and only while it has none: another must not take the
	// place of what was checked. One server has the database, so its memory is enough.
	if _, busy := h.imagesArriving.LoadOrStore(in.ID, nil); busy {
		return nil, fault.New(fault.Conflict, "file_arriving", "The file of this image is arriving already, over another connection.")
	}
	defer h.imagesArriving.Delete(in.ID)
	img, err := h.svc.Upkeep.DraftImage(ctx, scopeOf(ctx), in.ID, versionOf(ctx))
	if err != nil {
		return nil, err
	}
	f, err := h.opt.PointFiles.Create(ctx, img.Operator, img.Vault())
	if err != nil {
		return nil, err
	}
	_, w := humago.Unwrap(in.hc)
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), cargoReader{in.hc.BodyReader(), http.NewResponseController(w)})
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		err = fault.New(fault.Limit, "file_too_large", "A firmware image has at most 1 GiB.")
	case err != nil:
		err = fault.New(fault.Invalid, "file_broken_off", "The file did not arrive whole.").Because(err)
	case n == 0:
		err = fault.New(fault.Invalid, "file_empty", "The file is empty.")
	}
	if err != nil {
		f.Abort()
		return nil, err
	}
	// The file is in its place before a row says so; where the row is not written, the
	// next upload takes the place.
	if err := img.Verify(sum.Sum(nil)); err != nil {
		f.Abort()
		return nil, err
	}
	if err := f.Commit(); err != nil {
		return nil, err
	}
	vault := img.Vault()
	img, err = h.svc.Upkeep.FinishImage(ctx, scopeOf(ctx), img, n, sum.Sum(nil))
	if fault.Is(err, fault.Missing) { // it was deleted meanwhile
		err = errors.Join(err, h.opt.PointFiles.Remove(vault))
	}
	if err != nil {
		return nil, err
	}
	return singleOf(imageOf(img), img.Version), nil
}

// FirmwareInstall is one image on its way into one charge point.
type FirmwareInstall struct {
	ID            ident.Install       `json:"id"`
	ChargePointID ident.ChargePoint   `json:"charge_point_id"`
	PointName     string              `json:"charge_point_name,omitempty"`
	SiteName      string              `json:"site_name,omitempty"`
	ImageID       ident.Image         `json:"image_id"`
	ImageName     string              `json:"image_name,omitempty"`
	CampaignID    ident.Campaign      `json:"campaign_id,omitzero"`
	Number        int                 `json:"number,omitempty" doc:"In the campaign, from 1."`
	Canary        bool                `json:"canary,omitempty" doc:"It goes first."`
	CommandID     ident.Command       `json:"command_id,omitzero"`
	Signed        bool                `json:"signed" doc:"Asked by SignedUpdateFirmware."`
	State         upkeep.InstallState `json:"state" enum:"WAITING,ASKED,SCHEDULED,DOWNLOADING,DOWNLOADED,INSTALLING,INSTALLED,DONE,FAILED,CANCELLED,SKIPPED" doc:"WAITING: for its turn in a campaign, or for the end of the session. DONE: the charge point started with the new version. INSTALLED: it says that it installed it."`
	Told          string              `json:"told,omitempty" doc:"The last status that the charge point told."`
	Before        string              `json:"before,omitempty" doc:"Its firmware before."`
	Release       string              `json:"release" doc:"The firmware that it is to have."`
	Detail        string              `json:"detail,omitempty" doc:"Why it failed or waits, in words."`
	DueAt         time.Time           `json:"due_at,omitzero" doc:"Of what waits: when it is looked at again. Else: when it counts as failed."`
	CreatedAt     time.Time           `json:"created_at"`
	AskedAt       time.Time           `json:"asked_at,omitzero"`
	EndedAt       time.Time           `json:"ended_at,omitzero"`
}

func installOf(r upkeep.InstallRow) FirmwareInstall {
	out := FirmwareInstall{ID: r.ID, ChargePointID: r.Point, PointName: r.PointName, SiteName: r.SiteName, ImageID: r.Image, ImageName: r.ImageName,
		CampaignID: r.Campaign, Canary: r.Canary, CommandID: r.Command, Signed: r.Request > 0, State: r.State, Told: r.Told, Before: r.Before,
		Release: r.Release, Detail: r.Detail, DueAt: at(r.DueAt), CreatedAt: at(r.CreatedAt), AskedAt: at(r.AskedAt), EndedAt: at(r.EndedAt)}
	if !r.Campaign.IsZero() {
		out.Number = r.Number + 1
	}
	return out
}

type installInput struct {
	PointPath
	Body struct {
		ImageID  ident.Image     `json:"image_id"`
		Signed   *bool           `json:"signed,omitempty" doc:"By SignedUpdateFirmware; absent: where the image is signed and the charge point has the security extension."`
		Protocol upkeep.Protocol `json:"protocol,omitempty" enum:"https,ftps,http,ftp"`
		At       time.Time       `json:"at,omitzero" doc:"Not before; absent: now."`
		Now      bool            `json:"now,omitempty" doc:"Also while it charges. Else it waits until the session has ended, for a week at most."`
		Reason   string          `json:"reason" minLength:"1" maxLength:"200"`
	} `nameHint:"FirmwareInstallNew"`
}

func (h *handlers) installFirmware(ctx context.Context, in *installInput) (*accepted[FirmwareInstall], error) {
	b := in.Body
	r, err := h.svc.Upkeep.RequestInstall(ctx, scopeOf(ctx), upkeep.InstallRequest{Point: in.ID, Image: b.ImageID, Signed: b.Signed, Protocol: b.Protocol,
		At: b.At, Reason: b.Reason, Now: b.Now})
	if err != nil {
		return nil, err
	}
	return &accepted[FirmwareInstall]{Location: "/api/v1/firmware-installs/" + r.ID.String(), Body: installOf(r)}, nil
}

// InstallPath is the {id} in a path.
type InstallPath struct {
	ID ident.Install `path:"id"`
}

func (h *handlers) getInstall(ctx context.Context, in *InstallPath) (*struct{ Body FirmwareInstall }, error) {
	r, err := h.svc.Upkeep.Install(ctx, scopeOf(ctx), in.ID)
	return &struct{ Body FirmwareInstall }{installOf(r)}, err
}

func (h *handlers) cancelInstall(ctx context.Context, in *InstallPath) (*struct{ Body FirmwareInstall }, error) {
	r, err := h.svc.Upkeep.CancelInstall(ctx, scopeOf(ctx), in.ID)
	return &struct{ Body FirmwareInstall }{installOf(r)}, err
}

type installsInput struct {
	Paging
	ChargePointID ident.ChargePoint   `query:"charge_point_id"`
	CampaignID    ident.Campaign      `query:"campaign_id"`
	State         upkeep.InstallState `query:"state" enum:"WAITING,ASKED,SCHEDULED,DOWNLOADING,DOWNLOADED,INSTALLING,INSTALLED,DONE,FAILED,CANCELLED,SKIPPED"`
}

func (h *handlers) listInstalls(ctx context.Context, in *installsInput) (*found[FirmwareInstall], error) {
	l, err := h.svc.Upkeep.Installs(ctx, scopeOf(ctx), upkeep.InstallFilter{Point: in.ChargePointID, Campaign: in.CampaignID, State: in.State}, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, installOf), nil
}
