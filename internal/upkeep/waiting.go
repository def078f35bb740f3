package upkeep

import (
	"context"
	"errors"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// chargingText is why an install waits.
const chargingText = "It is charging."

// wait has an install asked for once nothing charges any more (AST-R5). What could not be
// asked for then is refused at once.
func (s *Service) wait(tx Tx, p asset.ChargePoint, i Install, img Image, r InstallRequest, actor string) (Install, error) {
	if _, _, err := s.possible(tx, p, img, r); err != nil {
		return i, err
	}
	i.State, i.Detail, i.DueAt = InstallWaiting, chargingText, tx.Now()
	i.Site, i.Before, i.Release = p.Site, p.Firmware, img.Release
	i.Wish = Wish{Protocol: r.Protocol, Signed: r.Signed, At: r.At, Actor: actor, Reason: r.Reason}
	return i, nil
}

// instead ends an install of the point that waits: another is asked for.
func instead(tx Tx, p ident.ChargePoint) error {
	i, waits, err := tx.WaitingInstall(p)
	if err != nil || !waits {
		return err
	}
	return tx.SaveInstall(i.end(InstallCancelled, "Another was asked for instead.", tx.Now()))
}

// CancelInstall ends an install that waits for the end of a session.
func (s *Service) CancelInstall(ctx context.Context, sc authz.Scope, id ident.Install) (row InstallRow, err error) {
	err = s.write(ctx, sc, func(tx Tx) error {
		i, err := tx.InstallByID(id)
		if err != nil {
			return err
		}
		if i.State != InstallWaiting || !i.Campaign.IsZero() {
			return fault.New(fault.Conflict, "install_not_waiting", "Only an install that waits for the end of a session can be cancelled. One of a campaign ends with that.")
		}
		if err := tx.SaveInstall(i.end(InstallCancelled, "", tx.Now())); err != nil {
			return err
		}
		if err := tx.Audit("firmware_install.cancelled", id.String(), nil, map[string]any{"charge_point_id": i.Point.String(), "release": i.Release}); err != nil {
			return err
		}
		row, err = tx.InstallRow(id)
		return err
	})
	return row, err
}

// sweepWaiting asks for what waited, where nothing charges any more.
func (s *Service) sweepWaiting(ctx context.Context, now time.Time) error {
	var due []Install
	err := s.read(ctx, authz.Everything("installs that wait for the end of a session"), func(tx Tx) (err error) {
		due, err = tx.WaitingInstalls(ident.Campaign{}, false, now, forgetStep)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, d := range due {
		missing := s.missing(Image{ID: d.Image}.Vault())
		err := s.write(ctx, authz.ForSystem(d.Operator, "an install that waits for the end of a session"), func(tx Tx) error {
			i, err := tx.InstallByID(d.ID)
			if err != nil || i.State != InstallWaiting {
				return err
			}
			if tx.Now().Sub(i.CreatedAt) >= waitWithin {
				return tx.SaveInstall(i.end(InstallFailed, "It waited for a week. Ask for it again.", tx.Now()))
			}
			img, err := tx.ImageByID(i.Image)
			if err != nil {
				return err
			}
			img.Missing = missing
			if i, err = s.turn(tx, Campaign{Protocol: i.Wish.Protocol, Signed: i.Wish.Signed, Name: i.Wish.Reason, Actor: i.Wish.Actor}, img, i, tx.Now()); err != nil {
				return err
			}
			if i.State == InstallWaiting {
				i.DueAt = tx.Now().Add(lookEvery)
			}
			return tx.SaveInstall(i)
		})
		if err != nil && !fault.Is(err, fault.Conflict) { // another was faster
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// lookEvery is how often it is looked whether one that waits can be asked for: somebody
// waits for it.
const lookEvery = 30 * time.Second
