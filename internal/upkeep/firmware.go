package upkeep

import (
	"context"
	"errors"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/session"
)

// InstallTx keeps installs.
type InstallTx interface {
	InsertInstalls([]Install) error
	SaveInstall(Install) error
	InstallByID(ident.Install) (Install, error)
	// OpenInstall is the one that a point is at.
	OpenInstall(ident.ChargePoint) (Install, bool, error)
	InstallRow(ident.Install) (InstallRow, error)
	InstallList(InstallFilter, operator.Page) (operator.List[InstallRow], error)
	// WaitingInstall is the one of a point that was asked for by itself and waits.
	WaitingInstall(ident.ChargePoint) (Install, bool, error)
	// DueInstalls lists those that a point is at and whose time has come.
	DueInstalls(now time.Time, limit int) ([]Install, error)
}

// InstallFilter narrows a list of installs; zero fields do not narrow.
type InstallFilter struct {
	Point    ident.ChargePoint
	Campaign ident.Campaign
	State    InstallState
}

// InstallRow is an install with the names that lists show beside it.
type InstallRow struct {
	Install
	PointName, SiteName, ImageName string
}

// InstallRequest asks one charge point to install an image.
type InstallRequest struct {
	Point    ident.ChargePoint
	Image    ident.Image
	Protocol Protocol  // "": chosen
	Signed   *bool     // SignedUpdateFirmware; nil: where image and device know it
	At       time.Time // not before; zero: now
	Reason   string
	// Now asks for it also while the point is charging; else it waits for the end of the
	// session (AST-R5).
	Now bool
}

// possible says how a point can be asked to install an image: by which protocol, and
// whether signed.
func (s *Service) possible(tx Tx, p asset.ChargePoint, img Image, r InstallRequest) (signed bool, proto Protocol, err error) {
	if img.State != ImageReady {
		return false, "", fault.New(fault.Conflict, "image_has_no_file", "The image has no file yet.")
	}
	if err := img.fits(p); err != nil {
		return false, "", err
	}
	if _, busy, err := tx.OpenInstall(p.ID); err != nil || busy {
		if busy {
			err = fault.New(fault.Conflict, "install_running", "%s is installing firmware already.", p.Name)
		}
		return false, "", err
	}
	cfg, err := tx.ConfigurationOf(p.ID)
	if err != nil {
		return false, "", err
	}
	_, extended := cfg.Find("SecurityProfile") // security whitepaper: a key of the extension
	signed = img.Signed() && extended
	if r.Signed != nil {
		signed = *r.Signed
	}
	if signed && !img.Signed() {
		return false, "", fault.BadInput("/signed", "is not possible: the image has no signature")
	}
	proto, err = s.offers.choose(r.Protocol, spoken(cfg), signed)
	return signed, proto, err
}

// ask queues the command of an install, with an address for the image.
func (s *Service) ask(tx Tx, p asset.ChargePoint, i Install, img Image, r InstallRequest, actor string) (Install, error) {
	signed, proto, err := s.possible(tx, p, img, r)
	if err != nil {
		return i, err
	}
	now := tx.Now()
	at := r.At
	if at.Before(now) {
		at = now
	}
	login, secret := credentials()
	t := Transfer{ID: ident.New[ident.Transfer](now), Operator: p.Operator, Sub: p.Sub, Point: p.ID, Image: img.ID, Kind: FirmwareFile, Protocol: proto,
		Login: login, Secret: hashSecret(secret), State: TransferWaiting, CreatedAt: now, ExpiresAt: at.Add(InstallWithin),
		KeepUntil: at.Add(FilesKept), FileName: img.FileName, Version: 1}
	from := asset.Transfer{URL: s.offers.url(proto, login, secret, img.FileName), Retries: fileRetries, Interval: fileInterval}
	var args asset.Args = asset.UpdateFirmware{Transfer: from, At: at}
	if signed {
		i.Request = newRequest()
		t.Request = i.Request
		args = asset.SignedUpdate{Transfer: from, Request: i.Request, At: at, Certificate: img.Certificate, Signature: img.Signature}
	}
	c := asset.CommandOf(args)
	c.Actor, c.Reason = actor, r.Reason
	if c, err = asset.Enqueue(tx, p, c); err != nil {
		return i, err
	}
	t.Command = c.ID
	if err := tx.InsertTransfer(t); err != nil {
		return i, err
	}
	i.Command, i.Transfer, i.State, i.Before, i.Release, i.Detail = c.ID, t.ID, InstallAsked, p.Firmware, img.Release, ""
	i.Site, i.AskedAt, i.DueAt = p.Site, now, at.Add(InstallWithin)
	return i, nil
}

// RequestInstall asks one charge point to fetch and install an image. Where it is charging
// it is asked once the session has ended.
func (s *Service) RequestInstall(ctx context.Context, sc authz.Scope, r InstallRequest) (row InstallRow, err error) {
	missing := s.missing(Image{ID: r.Image}.Vault())
	err = s.write(ctx, sc, func(tx Tx) error {
		p, err := tx.LockPoint(r.Point)
		if err != nil {
			return err
		}
		img, err := tx.ImageByID(r.Image)
		if fault.Is(err, fault.Missing) {
			err = fault.BadInput("/image_id", "there is no such firmware image")
		}
		if err != nil {
			return err
		}
		if img.Missing = missing && img.State == ImageReady; img.Missing {
			return errFileMissing(img)
		}
		if r.At.After(tx.Now().Add(7 * 24 * time.Hour)) {
			return fault.BadInput("/at", "must be within a week")
		}
		i := Install{ID: ident.New[ident.Install](tx.Now()), Operator: p.Operator, Sub: p.Sub, Point: p.ID, Image: img.ID, CreatedAt: tx.Now(), Version: 1}
		charging := false
		if !r.Now {
			if err := session.PointBlocked(tx, p.ID); fault.Is(err, fault.Conflict) {
				charging = true
			} else if err != nil {
				return err
			}
		}
		if err := instead(tx, p.ID); err != nil {
			return err
		}
		if charging {
			i, err = s.wait(tx, p, i, img, r, asset.ActorOf(sc))
		} else {
			i, err = s.ask(tx, p, i, img, r, asset.ActorOf(sc))
		}
		if err != nil {
			return err
		}
		if err := tx.InsertInstalls([]Install{i}); err != nil {
			return err
		}
		row, err = tx.InstallRow(i.ID)
		return err
	})
	return row, err
}

// saveInstall saves what an event made of an install, and everything that follows from it:
// the effect of the command, the word for the point, the warning.
func saveInstall(tx Tx, was, now Install) error {
	if was == now {
		return nil
	}
	if err := tx.SaveInstall(now); err != nil {
		return err
	}
	if up := now.State == InstallInstalling || now.State == InstallInstalled; up || was.State == InstallInstalling || was.State == InstallInstalled {
		if err := asset.SetUpgrading(tx, now.Point, up); err != nil {
			return err
		}
	}
	if !now.State.Final() || was.State.Final() || now.Command.IsZero() {
		return nil
	}
	if err := endTransfer(tx, now.Transfer); err != nil {
		return err
	}
	switch now.State {
	case InstallDone:
		text := "The charge point started with " + short(now.Release) + "."
		if now.Detail != "" {
			text = now.Detail
		}
		if err := asset.Effect(tx, now.Command, text); err != nil {
			return err
		}
		_, err := applyTo(tx, now.Point, FirmwareSettled{At: tx.Now()})
		return err
	case InstallFailed:
		if err := asset.NoEffect(tx, now.Command, now.Detail); err != nil {
			return err
		}
		_, err := applyTo(tx, now.Point, FirmwareBroke{Release: now.Release, Detail: now.Detail, At: tx.Now()})
		return err
	}
	return nil
}

// endTransfer has the address of an image open nothing any more.
func endTransfer(tx Tx, id ident.Transfer) error {
	t, err := tx.TransferByID(id)
	if fault.Is(err, fault.Missing) || err == nil && t.final() {
		return nil
	}
	if err != nil {
		return err
	}
	t.State = TransferEnded
	return tx.SaveTransfer(t)
}

// FirmwareStatus takes a FirmwareStatusNotification (OCPP 1.6 §4.5) or that of the security
// extension, with the request that it is about; 0: none is named.
func (s *Service) FirmwareStatus(ctx context.Context, sc authz.Scope, p ident.ChargePoint, epoch int64, request int32, status string) error {
	return s.report(ctx, sc, func(tx Tx) error {
		if err := asset.CheckEpoch(tx, p, epoch); err != nil {
			return err
		}
		if err := asset.Triggered(tx, p, "FirmwareStatusNotification", "The charge point sent its status."); err != nil {
			return err
		}
		i, ok, err := tx.OpenInstall(p)
		if err != nil || !ok || request > 0 && i.Request > 0 && i.Request != request {
			return err
		}
		point, err := tx.PointByID(p)
		if err != nil {
			return err
		}
		return saveInstall(tx, i, i.told(status, point.Firmware, tx.Now()))
	})
}

// bootedWith is what a boot means for the firmware of a point.
func bootedWith(b asset.DeviceBooted, at time.Time) Task {
	return func(tx Tx) error {
		i, ok, err := tx.OpenInstall(b.Point)
		if err != nil || !ok {
			return err
		}
		return saveInstall(tx, i, i.booted(b.Firmware, at, tx.Now()))
	}
}

// commandEnded is what the answer to a command means for an install.
func commandEnded(c asset.CommandChanged) Task {
	if c.Type != asset.CommandUpdateFirmware && c.Type != asset.CommandSignedUpdate || c.State == asset.CommandAccepted {
		return nil
	}
	return func(tx Tx) error {
		i, ok, err := tx.OpenInstall(c.Point)
		if err != nil || !ok || i.Command != c.Command {
			return err
		}
		if c.State == asset.CommandTimeout {
			return saveInstall(tx, i, i.unanswered(tx.Now()))
		}
		cmd, err := tx.CommandByID(c.Command)
		if err != nil {
			return err
		}
		return saveInstall(tx, i, i.refused(cmd.ErrorDetail, tx.Now()))
	}
}

// Installs lists installs, the newest first; those of a campaign in its order.
func (s *Service) Installs(ctx context.Context, sc authz.Scope, f InstallFilter, p operator.Page) (l operator.List[InstallRow], err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { l, err = tx.InstallList(f, p); return err })
	return l, err
}

// Install is one install.
func (s *Service) Install(ctx context.Context, sc authz.Scope, id ident.Install) (r InstallRow, err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { r, err = tx.InstallRow(id); return err })
	return r, err
}

// SweepInstalls ends installs whose time is over, and asks for those that waited for the
// end of a session. It returns how many it ended.
func (s *Service) SweepInstalls(ctx context.Context, now time.Time) (ended int, err error) {
	ended, err = s.sweepOverdue(ctx, now)
	return ended, errors.Join(err, s.sweepWaiting(ctx, now))
}

func (s *Service) sweepOverdue(ctx context.Context, now time.Time) (ended int, err error) {
	var due []Install
	err = s.read(ctx, authz.Everything("installs whose time is over"), func(tx Tx) (err error) { due, err = tx.DueInstalls(now, forgetStep); return err })
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, d := range due {
		err := s.write(ctx, authz.ForSystem(d.Operator, "installs whose time is over"), func(tx Tx) error {
			i, err := tx.InstallByID(d.ID)
			if err != nil {
				return err
			}
			return saveInstall(tx, i, i.due(now))
		})
		if err == nil {
			ended++
		} else if !fault.Is(err, fault.Conflict) {
			errs = append(errs, err)
		}
	}
	return ended, errors.Join(errs...)
}
