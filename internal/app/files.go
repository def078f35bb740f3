package app

import (
	"context"
	"errors"
	"io"
	"time"

	"ccms/internal/ident"
	"ccms/internal/ocpp/files"
	"ccms/internal/store"
	"ccms/internal/upkeep"
	"ccms/internal/web"
)

// Files says how charge points bring and fetch files. Nothing is offered by default.
type Files struct {
	Offers    upkeep.Offers
	FTP       files.FTP
	MaxUpload int64 // bytes; 0: files.MaxUpload
}

// pointFiles is the vault as the door of charge points needs it.
type pointFiles struct{ v *store.Vault }

func (f pointFiles) Create(ctx context.Context, op ident.Operator, name string) (files.File, error) {
	return f.v.Create(ctx, op, name)
}

func (f pointFiles) Open(ctx context.Context, op ident.Operator, name string, size int64) (io.ReadSeekCloser, error) {
	return f.v.OpenAt(ctx, op, name, size)
}

func (f pointFiles) Remove(name string) error { return f.v.Remove(name) }

// pointVault is the same vault as the web door needs it.
type pointVault struct{ v *store.Vault }

func (f pointVault) Create(ctx context.Context, op ident.Operator, name string) (web.File, error) {
	return f.v.Create(ctx, op, name)
}

func (f pointVault) Open(ctx context.Context, op ident.Operator, name string) (io.ReadCloser, error) {
	return f.v.Open(ctx, op, name)
}

func (f pointVault) Remove(name string) error { return f.v.Remove(name) }

// firmware takes campaigns on and ends installs whose time is over.
func (a *App) firmware(ctx context.Context) error {
	_, err := a.Upkeep.RunCampaigns(ctx, a.cfg.Now())
	_, err2 := a.Upkeep.SweepInstalls(ctx, a.cfg.Now())
	return errors.Join(err, err2)
}

// sweepFiles removes what charge points brought once it is past its time.
func (a *App) sweepFiles(ctx context.Context) error {
	return a.Upkeep.SweepFiles(ctx, a.kept.Remove)
}

// strayFor is how long a file must have been there, by the machine's clock, to have a row.
const strayFor = 24 * time.Hour

// sweepStrays removes files that have no row any more, as after a restore.
func (a *App) sweepStrays(ctx context.Context) error {
	names, err := a.kept.NamesBefore(time.Now().Add(-strayFor))
	if err != nil {
		return err
	}
	n, err := a.Upkeep.SweepStrays(ctx, names, a.kept.Remove)
	if n > 0 {
		a.cfg.Log.Info("files of charge points without a row are removed", "files", n)
	}
	return err
}
