package upkeep

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// TransferTx keeps transfers.
type TransferTx interface {
	InsertTransfer(Transfer) error
	// SaveTransfer saves what became of it.
	SaveTransfer(Transfer) error
	TransferByID(ident.Transfer) (Transfer, error)
	// TransferByLogin finds it by its login, whoever owns it.
	TransferByLogin(string) (Transfer, bool, error)
	// TransfersOf lists the newest of a point.
	TransfersOf(p ident.ChargePoint, limit int) ([]Transfer, error)
	TransferList(FileFilter, operator.Page) (operator.List[FileRow], error)
	TransferRow(ident.Transfer) (FileRow, error)
	// ForgottenTransfers names those past their time, at most so many.
	ForgottenTransfers(now time.Time, limit int) ([]ident.Transfer, error)
	// OverdueTransfers lists those that nobody used in time.
	OverdueTransfers(now time.Time, limit int) ([]Transfer, error)
	DeleteTransfer(ident.Transfer) error
}

// FileFilter narrows a list of files of charge points; zero fields do not narrow.
type FileFilter struct {
	Point ident.ChargePoint
}

// FileRow is a file with the name of its charge point.
type FileRow struct {
	Transfer
	PointName string
	Missing   bool // it had come, and is not here: no backup has it
}

// FileRequest asks a charge point for a file.
type FileRequest struct {
	Point    ident.ChargePoint
	Kind     FileKind
	From, To time.Time // of what it shall hold; zero: as the device likes
	Protocol Protocol  // "": chosen
	Reason   string
	Wait     time.Duration // how long it may wait for the point to come online
}

// Retries that a device is asked for, where the first try fails.
const (
	fileRetries  = 3
	fileInterval = 60 // seconds
)

func newRequest() int32 {
	var b [4]byte
	rand.Read(b[:])
	return int32(binary.BigEndian.Uint32(b[:])>>1) | 1
}

// RequestFile asks a charge point for its diagnostics or a log. Nobody gives an address:
// the point is told one that takes this file, once.
func (s *Service) RequestFile(ctx context.Context, sc authz.Scope, r FileRequest) (c asset.Command, err error) {
	if r.Wait < 0 || r.Wait > asset.MaxWait {
		return c, fault.BadInput("/queue_until_online_s", "must be between 0 and 86400 seconds")
	}
	err = s.write(ctx, sc, func(tx Tx) error {
		p, err := tx.LockPoint(r.Point)
		if err != nil {
			return err
		}
		cfg, err := tx.ConfigurationOf(r.Point)
		if err != nil {
			return err
		}
		proto, err := s.offers.choose(r.Protocol, spoken(cfg), r.Kind != DiagnosticsFile)
		if err != nil {
			return err
		}
		now := tx.Now()
		login, secret := credentials()
		t := Transfer{ID: ident.New[ident.Transfer](now), Operator: p.Operator, Sub: p.Sub, Point: p.ID, Kind: r.Kind, Protocol: proto,
			Login: login, Secret: hashSecret(secret), State: TransferWaiting, CreatedAt: now, ExpiresAt: now.Add(r.Wait + UploadWithin), Version: 1}
		t.KeepUntil = now.Add(FilesKept)
		to := asset.Transfer{URL: s.offers.url(proto, login, secret, ""), Retries: fileRetries, Interval: fileInterval}
		var args asset.Args
		switch r.Kind {
		case DiagnosticsFile:
			args = asset.GetDiagnostics{Transfer: to, From: r.From, To: r.To}
		case LogFile, SecurityLogFile:
			t.Request = newRequest()
			kind := asset.DiagnosticsLog
			if r.Kind == SecurityLogFile {
				kind = asset.SecurityLog
			}
			args = asset.GetLog{Transfer: to, Request: t.Request, Log: kind, From: r.From, To: r.To}
		default:
			return fault.New(fault.Internal, "file_kind", "%q is no file that is asked for", r.Kind)
		}
		c = asset.CommandOf(args)
		c.Actor, c.Reason = asset.ActorOf(sc), r.Reason
		if r.Wait > 0 {
			c.WaitsUntil = now.Add(r.Wait)
		}
		if c, err = asset.Enqueue(tx, p, c); err != nil {
			return err
		}
		t.Command = c.ID
		return tx.InsertTransfer(t)
	})
	return c, err
}

// errNoAddress is the same for a login that there is not, a wrong secret and an address
// that is over: nobody is told which.
func errNoAddress() error { return fault.NotFound("address for a file") }

// Door is who comes with credentials: nobody is known before they are checked.
func door() authz.Scope { return authz.Everything("a charge point brings or fetches a file") }

// OpenTransfer finds the transfer that the credentials open, while it may be used.
func (s *Service) OpenTransfer(ctx context.Context, login, secret string) (t Transfer, err error) {
	err = s.read(ctx, door(), func(tx Tx) error {
		found, ok, err := tx.TransferByLogin(login)
		if err != nil {
			return err
		}
		if !ok || !found.opens(secret) || !tx.Now().Before(found.ExpiresAt) ||
			found.final() && found.State != TransferArrived {
			return errNoAddress()
		}
		t = found
		return nil
	})
	return t, err
}

func scopeOfTransfer(t Transfer) authz.Scope { return authz.ForChargePoint(t.Operator, t.Sub, t.Point) }

// BeginUpload claims the one place for the transfer's file.
func (s *Service) BeginUpload(ctx context.Context, t Transfer) (begun Transfer, err error) {
	err = s.write(ctx, scopeOfTransfer(t), func(tx Tx) error {
		now, err := tx.TransferByID(t.ID)
		if err != nil {
			return err
		}
		if begun, err = now.begun(tx.Now()); err != nil {
			return err
		}
		if err := tx.SaveTransfer(begun); err != nil {
			return err
		}
		begun.Version++
		return nil
	})
	if err != nil && fault.Of(err).Code == "stale_version" {
		err = fault.New(fault.Conflict, "file_arriving", "The file is arriving already, over another connection.")
	}
	return begun, err
}

// EndUpload notes what came of it, and what that means for the command.
func (s *Service) EndUpload(ctx context.Context, begun Transfer, b Brought) (ended Transfer, err error) {
	b.Name = cleanName(b.Name)
	err = s.report(ctx, scopeOfTransfer(begun), func(tx Tx) error {
		t, err := tx.TransferByID(begun.ID)
		if err != nil {
			return err
		}
		ended = t.brought(b, tx.Now())
		return settle(tx, ended)
	})
	return ended, err
}

// patience is how often a report is decided anew where another write came between: the
// answer to a command and what the device says of its effect travel beside each other.
const patience = 4

func (s *Service) report(ctx context.Context, sc authz.Scope, fn func(Tx) error) (err error) {
	for range patience {
		if err = s.write(ctx, sc, fn); err == nil || fault.Of(err).Code != "stale_version" {
			return err
		}
	}
	return err
}

// settle saves a transfer and notes the effect of its command.
func settle(tx Tx, t Transfer) error {
	if err := tx.SaveTransfer(t); err != nil {
		return err
	}
	settled, ok, text := t.verdict()
	switch {
	case !settled:
		return nil
	case ok:
		return asset.Effect(tx, t.Command, text)
	}
	return asset.NoEffect(tx, t.Command, text)
}

// lookBack is among how many files of a point the one is that it speaks of.
const lookBack = 20

// UploadStatus takes a DiagnosticsStatusNotification, which says of no file which it is
// (OCPP 1.6 §4.4): a device brings one at a time, the last that it was asked for. request
// is that of LogStatusNotification; 0: none.
func (s *Service) UploadStatus(ctx context.Context, sc authz.Scope, p ident.ChargePoint, epoch int64, logs bool, request int32, status string) error {
	return s.report(ctx, sc, func(tx Tx) error {
		if err := asset.CheckEpoch(tx, p, epoch); err != nil {
			return err
		}
		name := "DiagnosticsStatusNotification"
		if logs {
			name = "LogStatusNotification"
		}
		if err := asset.Triggered(tx, p, name, "The charge point sent its status."); err != nil {
			return err
		}
		if status == "Idle" {
			return nil
		}
		all, err := tx.TransfersOf(p, lookBack)
		if err != nil {
			return err
		}
		for _, t := range all {
			if t.Kind == FirmwareFile || logs != (t.Kind != DiagnosticsFile) || request > 0 && t.Request != request {
				continue
			}
			if told, err := addressTold(tx, t); err != nil {
				return err
			} else if !told {
				continue
			}
			if t.State == TransferExpired || t.State == TransferFailed || t.Told == "Uploaded" {
				return nil // it says it again
			}
			return settle(tx, t.toldOf(status))
		}
		return nil
	})
}

// addressTold reports whether the device can know of the transfer: one whose command still
// waits, or was never sent, is none that it speaks of.
func addressTold(tx Tx, t Transfer) (bool, error) {
	if t.State == TransferArriving || t.State == TransferArrived {
		return true, nil
	}
	c, err := tx.CommandByID(t.Command)
	if fault.Is(err, fault.Missing) {
		return true, nil // an old one
	}
	return !c.SentAt.IsZero(), err
}

// Files lists the files of charge points, the newest first.
func (s *Service) Files(ctx context.Context, sc authz.Scope, f FileFilter, p operator.Page) (l operator.List[FileRow], err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { l, err = tx.TransferList(f, p); return err })
	for k := range l.Items {
		l.Items[k] = s.lookedFile(l.Items[k])
	}
	return l, err
}

// File is one file.
func (s *Service) File(ctx context.Context, sc authz.Scope, id ident.Transfer) (r FileRow, err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { r, err = tx.TransferRow(id); return err })
	return s.lookedFile(r), err
}

// fileNote is what the audit keeps of a file that left, or was deleted.
type fileNote struct {
	Kind   FileKind          `json:"kind"`
	Point  ident.ChargePoint `json:"charge_point_id"`
	Bytes  int64             `json:"bytes"`
	SHA256 string            `json:"sha256"`
}

// FetchFile writes the audit of a file that is about to be sent to staff.
func (s *Service) FetchFile(ctx context.Context, sc authz.Scope, id ident.Transfer) (r FileRow, err error) {
	err = s.write(ctx, sc, func(tx Tx) (err error) {
		if r, err = tx.TransferRow(id); err != nil {
			return err
		}
		if r.ArrivedAt.IsZero() {
			return fault.New(fault.Conflict, "file_not_there", "The charge point has not brought this file.")
		}
		return tx.Audit("charge_point_file.fetched", id.String(), nil, fileNote{r.Kind, r.Point, r.Bytes, r.SHA256})
	})
	return r, err
}

// DeleteFile forgets a file before its time. remove takes it out of the vault by its name;
// where it cannot, the row stays, so that the file is not left behind without one.
func (s *Service) DeleteFile(ctx context.Context, sc authz.Scope, id ident.Transfer, remove func(string) error) error {
	return s.write(ctx, sc, func(tx Tx) error {
		r, err := tx.TransferRow(id)
		if err != nil {
			return err
		}
		if !r.final() {
			return fault.New(fault.Conflict, "file_expected", "The charge point may bring this file still. Delete it when it is here, or when its time is over.")
		}
		if r.Kind == FirmwareFile {
			return fault.NotFound("file")
		}
		if err := tx.DeleteTransfer(id); err != nil {
			return err
		}
		if err := tx.Audit("charge_point_file.deleted", id.String(), fileNote{r.Kind, r.Point, r.Bytes, r.SHA256}, nil); err != nil {
			return err
		}
		return remove(r.Vault())
	})
}

// forgetStep is how many rows one sweep ends or forgets.
const forgetStep = 100

// SweepFiles ends addresses that nobody used in time, and forgets files past their time:
// remove takes one out of the vault by its name. The row goes after its file, so that what
// could not be removed is tried again.
func (s *Service) SweepFiles(ctx context.Context, remove func(string) error) error {
	everything := authz.Everything("old files of charge points")
	var gone []ident.Transfer
	var late []Transfer
	err := s.read(ctx, everything, func(tx Tx) (err error) {
		if gone, err = tx.ForgottenTransfers(tx.Now(), forgetStep); err != nil {
			return err
		}
		late, err = tx.OverdueTransfers(tx.Now(), forgetStep)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	removed := gone[:0]
	for _, id := range gone {
		if err := remove(Transfer{ID: id}.Vault()); err != nil {
			errs = append(errs, err)
			continue
		}
		removed = append(removed, id)
	}
	if len(removed) > 0 {
		errs = append(errs, s.write(ctx, everything, func(tx Tx) error {
			for _, id := range removed {
				if err := tx.DeleteTransfer(id); err != nil && !fault.Is(err, fault.Missing) {
					return err
				}
			}
			return nil
		}))
	}
	for _, t := range late {
		err := s.write(ctx, authz.ForSystem(t.Operator, "files that did not come"), func(tx Tx) error {
			now, err := tx.TransferByID(t.ID)
			if err != nil || now.final() {
				return err
			}
			now.State = TransferExpired
			if now.Kind == FirmwareFile {
				now.State = TransferEnded
				return tx.SaveTransfer(now)
			}
			now.Detail = "The charge point did not bring the file in time."
			if err := tx.SaveTransfer(now); err != nil {
				return err
			}
			return asset.NoEffect(tx, now.Command, now.Detail)
		})
		if err != nil && !fault.Is(err, fault.Conflict) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
