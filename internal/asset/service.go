package asset

import (
	"context"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// Options of a Service.
type Options struct {
	// MAC hashes station keys under the server's secret.
	MAC MAC
	// Node names this server; connections carry it.
	Node string
	// Blockers refuses what would hurt a running session or an open debt of the point
	// (AST-R3). Package session comes later in the order, so cmd assigns it; nil
	// blocks nothing.
	Blockers func(Tx, ident.ChargePoint) error
	// PlanExists says whether a site or a point may name the plan; nil refuses every
	// plan. Package tariff comes later in the order, so cmd assigns it.
	PlanExists func(Tx, ident.Plan) error
	// MayStill says whether who asked for a bulk may still send commands; what of it was
	// not sent is cancelled if not. Accounts are another package's, so cmd assigns it; nil
	// asks nobody.
	MayStill func(Tx, authz.Actor) (bool, error)
	// Drop closes the connection of a point whose key ended or which may not connect any
	// more; it is called after the commit. nil leaves that to the connection's own end.
	Drop func(ident.ChargePoint)
	// Settled hears, after the commit, that staff decided about whoever knocks with this
	// identity. nil leaves its connection to its own end.
	Settled func(identity string)
	// TLS says that charge points can come by TLS: here, or to a proxy in front.
	TLS bool
}

// Service is what doors call.
type Service struct {
	write, read Run
	opt         Options
}

// New makes the service. write joins the group commit, read is a snapshot.
func New(write, read Run, o Options) *Service { return &Service{write: write, read: read, opt: o} }

func (s *Service) drop(id ident.ChargePoint) {
	if s.opt.Drop != nil {
		s.opt.Drop(id)
	}
}

// one runs fn and returns what it found.
func one[T any](ctx context.Context, run Run, sc authz.Scope, fn func(Tx) (T, error)) (T, error) {
	var out T
	err := run(ctx, sc, func(tx Tx) (err error) {
		out, err = fn(tx)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return out, nil
}

// CreateSite makes a site of the scope's operator. Sub may name one of its
// sub-operators; inside a sub-operator's scope it is that one.
func (s *Service) CreateSite(ctx context.Context, sc authz.Scope, site Site) (Site, error) {
	site, err := site.checked()
	if err != nil {
		return Site{}, err
	}
	if site.Operator, site.Sub, err = owner(sc, site.Sub); err != nil {
		return Site{}, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (Site, error) {
		n := site
		n.ID, n.Version = ident.New[ident.Site](tx.Now()), 1
		if !n.Sub.IsZero() && sc.Sub().IsZero() {
			if _, err := tx.SubOperatorByID(n.Sub); err != nil {
				return n, missingField(err, "/sub_operator_id", "sub-operator")
			}
		}
		if err := s.plan(tx, n.Plan); err != nil {
			return n, err
		}
		if err := tx.InsertSite(n); err != nil {
			return n, err
		}
		return n, tx.Audit("site.created", n.ID.String(), nil, n)
	})
}

// Site is one site.
func (s *Service) Site(ctx context.Context, sc authz.Scope, id ident.Site) (Site, error) {
	return one(ctx, s.read, sc, func(tx Tx) (Site, error) { return tx.SiteByID(id) })
}

// Sites lists sites.
func (s *Service) Sites(ctx context.Context, sc authz.Scope, f SiteFilter, p operator.Page) (operator.List[Site], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[Site], error) { return tx.ListSites(f, p) })
}

// UpdateSite changes a site that has this version.
func (s *Service) UpdateSite(ctx context.Context, sc authz.Scope, id ident.Site, c SiteChange, version int64) (Site, error) {
	return one(ctx, s.write, sc, func(tx Tx) (Site, error) {
		before, err := tx.SiteByID(id)
		if err != nil {
			return before, err
		}
		after, err := before.apply(c)
		if err != nil {
			return before, err
		}
		if after.Plan != before.Plan {
			if err := s.plan(tx, after.Plan); err != nil {
				return before, err
			}
		}
		if after.Status == Invalid && before.Status == Valid {
			if err := emptySite(tx, before); err != nil {
				return before, err
			}
		}
		return saveSite(tx, "site.changed", before, after, version)
	})
}

func saveSite(tx Tx, action string, before, after Site, version int64) (Site, error) {
	if err := tx.SaveSite(after, version); err != nil {
		return before, err
	}
	after.Version = version + 1
	return after, tx.Audit(action, after.ID.String(), before, after)
}

func emptySite(tx Tx, site Site) error {
	_, valid, err := tx.CountSitePoints(site.ID)
	if err == nil && valid > 0 {
		return fault.New(fault.Conflict, "site_has_charge_points",
			"%s still has charge points in use: %d. Take them out of use first.", site.Name, valid)
	}
	return err
}

// DeleteSite removes a site that never had a charge point, and takes one that had
// out of use. It refuses while a charge point on it is in use.
func (s *Service) DeleteSite(ctx context.Context, sc authz.Scope, id ident.Site, version int64) error {
	return s.write(ctx, sc, func(tx Tx) error {
		site, err := tx.SiteByID(id)
		if err != nil {
			return err
		}
		all, _, err := tx.CountSitePoints(id)
		if err != nil {
			return err
		}
		if all == 0 {
			if err := tx.DeleteSite(id, version); err != nil {
				return err
			}
			return tx.Audit("site.deleted", id.String(), site, nil)
		}
		if err := emptySite(tx, site); err != nil {
			return err
		}
		after := site
		after.Status = Invalid
		_, err = saveSite(tx, "site.deleted", site, after, version)
		return err
	})
}

// plan checks that a plan which somebody names is there.
func (s *Service) plan(tx Tx, id ident.Plan) error {
	if id.IsZero() {
		return nil
	}
	if s.opt.PlanExists == nil {
		return missingField(fault.NotFound("plan"), "/plan_id", "plan")
	}
	return missingField(s.opt.PlanExists(tx, id), "/plan_id", "plan")
}

// owner is whom a new site belongs to.
func owner(sc authz.Scope, sub ident.SubOperator) (ident.Operator, ident.SubOperator, error) {
	op := sc.Operator()
	switch {
	case op.IsZero():
		return op, sub, fault.New(fault.Denied, "operator_needed", "Enter an operator first.")
	case sc.Sub().IsZero():
		return op, sub, nil
	case !sub.IsZero() && sub != sc.Sub():
		return op, sub, missingField(fault.NotFound("sub-operator"), "/sub_operator_id", "sub-operator")
	}
	return op, sc.Sub(), nil
}

// missingField turns "there is no such …" about a field of the input into an
// invalid input; other errors pass.
func missingField(err error, pointer, what string) error {
	if fault.Is(err, fault.Missing) {
		return fault.BadInput(pointer, "there is no such %s", what)
	}
	return err
}
