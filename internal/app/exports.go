package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/job"
	"ccms/internal/operator"
	"ccms/internal/store"
	"ccms/internal/web"
)

const (
	exportWorkers = 2
	// exportLease is how long the largest export may take.
	exportLease = 30 * time.Minute
	// exportTries is after how many failures one is given up and says so.
	exportTries = 3
)

// exportFiles is the vault as the web door needs it.
type exportFiles struct{ v *store.Vault }

func (f exportFiles) Scratch() string { return f.v.Scratch() }

func (f exportFiles) Create(ctx context.Context, op ident.Operator, name string) (web.File, error) {
	return f.v.Create(ctx, op, name)
}

func (f exportFiles) Open(ctx context.Context, op ident.Operator, name string) (io.ReadCloser, error) {
	return f.v.Open(ctx, op, name)
}

// exportJob writes the file of an export that somebody asked for.
func (a *App) exportJob(ctx context.Context, j job.Job) (job.Effect, error) {
	var args operator.ExportArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return nil, err
	}
	e, err := a.Web.WriteExport(ctx, args.ID)
	switch {
	case err == nil:
	case fault.Is(err, fault.Missing) && e.ID.IsZero():
		return nil, nil //nolint:nilnil // it is over: nobody waits for it
	case fault.Is(err, fault.Denied) || fault.Is(err, fault.Invalid) || fault.Is(err, fault.Limit):
		e.State, e.Why = operator.ExportFailed, fault.Of(err).Detail
	case j.Attempts >= exportTries:
		a.cfg.Log.Error("an export failed", "export", args.ID.String(), "error", err)
		e.State, e.Why = operator.ExportFailed, "The file could not be written. Ask for it again."
	default:
		return nil, err
	}
	return func(tx *store.Tx) error { return tx.SaveExport(e) }, nil
}

// forgetExports removes what is past its 24 hours.
func (a *App) forgetExports(ctx context.Context) error {
	ids, err := a.Operators.ForgetExports(ctx)
	errs := []error{err}
	for _, id := range ids {
		errs = append(errs, a.vault.Remove(id.String()))
	}
	// By the machine's clock: what has no row any more, as after a restore.
	return errors.Join(append(errs, a.vault.RemoveOlder(time.Now().Add(-2*operator.ExportKept)))...)
}
