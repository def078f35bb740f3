package upkeep

import (
	"context"
	"strings"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// Service is what doors and the clock call.
type Service struct {
	write, read Run
	offers      Offers
	has         func(name string) bool // whether a file is here; nil: it is
}

// New makes the service. write joins the group commit, read is a snapshot.
func New(write, read Run) *Service { return &Service{write: write, read: read} }

// Offer says where files are taken and given; before the first call there is nowhere.
func (s *Service) Offer(o Offers) { s.offers = o }

// List gives warnings, by default the newest event first.
func (s *Service) List(ctx context.Context, sc authz.Scope, f Filter, p operator.Page) (l operator.List[Row], err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { l, err = tx.WarningList(f, p); return err })
	return l, err
}

// Get gives one warning.
func (s *Service) Get(ctx context.Context, sc authz.Scope, id ident.Warning) (r Row, err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { r, err = tx.WarningRow(id); return err })
	return r, err
}

// Detail is a warning with its history, the newest first, and what was counted of its
// charge point.
type Detail struct {
	Row
	Entries     []Entry
	Disconnects int64 // of the charge point, ever
}

// Detail gives one warning with its history.
func (s *Service) Detail(ctx context.Context, sc authz.Scope, id ident.Warning) (d Detail, err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) {
		if d.Row, err = tx.WarningRow(id); err != nil {
			return err
		}
		if d.Entries, err = tx.WarningEntries(id, entriesKept); err != nil || d.Point.IsZero() {
			return err
		}
		w, err := tx.WatchOf(d.Point)
		d.Disconnects = w.Disconnects
		return err
	})
	return d, err
}

// WatchOf gives what is counted of a charge point.
func (s *Service) WatchOf(ctx context.Context, sc authz.Scope, p ident.ChargePoint) (w Watch, err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) { w, err = tx.WatchOf(p); return err })
	return w, err
}

// Acknowledge notes that a person has seen the warning, and what is gathered under it.
// Again is no error.
func (s *Service) Acknowledge(ctx context.Context, sc authz.Scope, id ident.Warning) (Row, error) {
	return s.decide(ctx, sc, id, "warning.acknowledged", func(w Warning) Event { return Acknowledge{ID: w.ID, Actor: asset.ActorOf(sc)} })
}

// Clear ends the warning, and what is gathered under it, by a person's word; a warning
// about safety ends no other way. Again is no error.
func (s *Service) Clear(ctx context.Context, sc authz.Scope, id ident.Warning, reason string) (Row, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return Row{}, fault.BadInput("/reason", "must say why this is over")
	}
	return s.decide(ctx, sc, id, "warning.cleared", func(w Warning) Event { return Clear{ID: w.ID, Actor: asset.ActorOf(sc), Reason: reason} })
}

// underAStorm is how many warnings go with their storm in one click.
const underAStorm = 1000

func (s *Service) decide(ctx context.Context, sc authz.Scope, id ident.Warning, action string, ev func(Warning) Event) (r Row, err error) {
	err = s.write(ctx, sc, func(tx Tx) error {
		w, err := tx.LockWarning(id)
		if err != nil {
			return err
		}
		all := []Warning{w}
		if w.Storm() {
			children, err := tx.ChildrenOf(id, underAStorm)
			if err != nil {
				return err
			}
			all = append(all, children...)
		}
		for _, x := range all {
			out := Apply(Subject{Live: []Warning{x}}, ev(x), tx.Now())
			if err := save(tx, out); err != nil {
				return err
			}
			if x.ID == id && len(out.Warnings) > 0 {
				if err := tx.Audit(action, id.String(), auditOf(x), auditOf(out.Warnings[0].Warning)); err != nil {
					return err
				}
			}
		}
		r, err = tx.WarningRow(id)
		return err
	})
	return r, err
}

type audited struct {
	State  State
	Reason string `json:",omitempty"`
}

func auditOf(w Warning) audited { return audited{w.State, w.ClearReason} }
