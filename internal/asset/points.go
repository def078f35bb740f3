package asset

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// CreateChargePoint makes a charge point on a site and returns its key, which is
// shown this once and kept only as MACs.
func (s *Service) CreateChargePoint(ctx context.Context, sc authz.Scope, n NewChargePoint) (PointView, string, error) {
	p, specs, err := n.checked()
	if err != nil {
		return PointView{}, "", err
	}
	key := n.Key
	if key == "" {
		key = newKey()
	}
	if p.Keys, err = macKey(s.opt.MAC, key); err != nil {
		return PointView{}, "", err
	}
	v, err := one(ctx, s.write, sc, func(tx Tx) (PointView, error) {
		v, err := s.insertPoint(tx, p, specs)
		if err != nil {
			return v, err
		}
		// It may wait in the inbox: typing it is as good as adopting it.
		st, waits, err := tx.LockStranger(v.Operator, p.Identity)
		if err == nil && waits {
			err = s.takeOver(tx, st, v.ChargePoint)
		}
		if err != nil {
			return v, err
		}
		return v, tx.Audit("charge_point.created", v.ID.String(), nil, v)
	})
	if err != nil {
		return PointView{}, "", err
	}
	s.settled(p.Identity) // it may wait at the door
	return v, key, nil
}

// checked is the charge point that it makes, or where it is wrong.
func (n NewChargePoint) checked() (ChargePoint, []ConnectorSpec, error) {
	p, err := ChargePoint{Site: n.Site, Identity: n.Identity, Name: n.Name, Code: n.Code, Type: n.Type,
		MaxPower: n.MaxPower, Plan: n.Plan, Offer: n.Offer, Status: Valid, Version: 1}.checked()
	if err != nil {
		return p, nil, err
	}
	specs, err := checkConnectors(n.Connectors)
	return p, specs, err
}

// insertPoint puts a charge point with its connectors on its site.
func (s *Service) insertPoint(tx Tx, p ChargePoint, specs []ConnectorSpec) (PointView, error) {
	site, err := openSite(tx, p.Site)
	if err != nil {
		return PointView{}, err
	}
	if err := s.plan(tx, p.Plan); err != nil {
		return PointView{}, err
	}
	p.ID = ident.New[ident.ChargePoint](tx.Now())
	p.Operator, p.Sub = site.Operator, site.Sub
	p.Own, p.Rolled = Condition{Status: Unknown}, PointPending
	if err := insertWithCode(tx, &p); err != nil {
		return PointView{}, err
	}
	for _, c := range specs {
		if err := tx.InsertConnector(newConnector(tx.Now(), p, c)); err != nil {
			return PointView{}, err
		}
	}
	return viewOf(tx, p, site)
}

// insertWithCode inserts the point, with the next code that is free where it has none.
func insertWithCode(tx Tx, p *ChargePoint) error {
	auto := p.Code == ""
	for range 1000 { // codes typed by hand may lie in the way
		if auto {
			code, err := tx.NextPointCode(p.Operator)
			if err != nil {
				return err
			}
			p.Code = code
		}
		free, err := tx.InsertPoint(*p)
		if err != nil || free {
			return err
		}
		if !auto {
			break
		}
	}
	return CodeTaken
}

// CodeTaken is the fault for a code that another charge point of the operator has.
var CodeTaken = fault.New(fault.Conflict, "code_taken", "Another charge point has this code.").At("/code", "is taken")

func newConnector(now time.Time, p ChargePoint, c ConnectorSpec) Connector {
	if c.MaxPower == 0 {
		c.MaxPower = p.MaxPower
	}
	return Connector{ID: ident.New[ident.Connector](now), Operator: p.Operator, Sub: p.Sub, Point: p.ID, Number: c.Number,
		Type: c.Type, MaxPower: c.MaxPower, Condition: Condition{Status: Unknown}, Version: 1}
}

// openSite is the site that a point is put on.
func openSite(tx Tx, id ident.Site) (Site, error) {
	site, err := tx.SiteByID(id)
	if err != nil {
		return site, missingField(err, "/site_id", "site")
	}
	if site.Status != Valid {
		return site, fault.New(fault.Conflict, "site_invalid", "%s is out of use.", site.Name)
	}
	return site, nil
}

func viewOf(tx Tx, p ChargePoint, site Site) (PointView, error) {
	cs, err := tx.ConnectorsOf(p.ID)
	return PointView{ChargePoint: p, SiteName: site.Name, SiteZone: site.TimeZone, Connectors: cs}.at(tx.Now()), err
}

// at fills in what depends on the time.
func (v PointView) at(now time.Time) PointView {
	v.Online = v.ChargePoint.Online(now)
	v.PointStatus = v.ChargePoint.PointStatus(now)
	return v
}

// ChargePoint is one charge point with its connectors.
func (s *Service) ChargePoint(ctx context.Context, sc authz.Scope, id ident.ChargePoint) (PointView, error) {
	return one(ctx, s.read, sc, func(tx Tx) (PointView, error) { return View(tx, id) })
}

// View is the charge point as a list shows it.
func View(tx Tx, id ident.ChargePoint) (PointView, error) {
	p, err := tx.PointByID(id)
	if err != nil {
		return PointView{}, err
	}
	site, err := tx.SiteByID(p.Site)
	if err != nil {
		return PointView{}, err
	}
	return viewOf(tx, p, site)
}

// ChargePoints lists charge points.
func (s *Service) ChargePoints(ctx context.Context, sc authz.Scope, f PointFilter, p operator.Page) (operator.List[PointView], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[PointView], error) {
		f := f
		f.Now = tx.Now()
		list, err := tx.ListPoints(f, p)
		for i := range list.Items {
			list.Items[i] = list.Items[i].at(f.Now)
		}
		return list, err
	})
}

// UpdateChargePoint changes a charge point that has this version.
func (s *Service) UpdateChargePoint(ctx context.Context, sc authz.Scope, id ident.ChargePoint, c ChargePointChange, version int64) (PointView, error) {
	specs, err := checkConnectors(c.Connectors)
	if err != nil {
		return PointView{}, err
	}
	closed := false
	defer func() {
		if closed {
			s.drop(id)
		}
	}()
	return one(ctx, s.write, sc, func(tx Tx) (PointView, error) {
		closed = false
		if _, err := tx.LockPoint(id); err != nil { // no session begins between the check and the change
			return PointView{}, err
		}
		before, err := View(tx, id)
		if err != nil {
			return before, err
		}
		p, err := before.ChargePoint.apply(c)
		if err != nil {
			return before, err
		}
		if p.Plan != before.Plan {
			if err := s.plan(tx, p.Plan); err != nil {
				return before, err
			}
		}
		if p.Site != before.Site || p.Status == Valid && before.Status != Valid {
			site, err := openSite(tx, p.Site)
			if err != nil {
				return before, err
			}
			if site.Sub != p.Sub { // history stays with the old owner; a transfer is more than a move
				return before, fault.BadInput("/site_id", "belongs to another sub-operator")
			}
		}
		if p.Status == Invalid && before.Status == Valid {
			if err := s.unblocked(tx, id); err != nil {
				return before, err
			}
			closed = true // nothing runs on it; if the commit fails it merely connects again
		}
		if err := tx.SavePoint(p, version); err != nil {
			return before, err
		}
		if p.Type.Alternating() != before.Type.Alternating() {
			if err := tx.Record(fact.Fact{Kind: FactRetyped, Version: 1, Operator: p.Operator, Sub: p.Sub, Object: id.String(), At: tx.Now(),
				Payload: Retyped{id, before.Type, p.Type}}); err != nil {
				return before, err
			}
		}
		if c.Connectors != nil {
			if err := saveConnectors(tx, p, before.Connectors, specs); err != nil {
				return before, err
			}
		}
		after, err := View(tx, id)
		if err != nil {
			return before, err
		}
		return after, tx.Audit("charge_point.changed", id.String(), before, after)
	})
}

// saveConnectors makes the configured connectors those of specs.
func saveConnectors(tx Tx, p ChargePoint, have []Connector, specs []ConnectorSpec) error {
	want := map[int]ConnectorSpec{}
	for _, c := range specs {
		want[c.Number] = c
	}
	for _, c := range have {
		w, keep := want[c.Number]
		delete(want, c.Number)
		switch {
		case !keep && !c.StatusAt.IsZero():
			return fault.New(fault.Conflict, "connector_used", "Connector %d was in use and cannot be removed.", c.Number)
		case !keep:
			if err := tx.DeleteConnector(c.ID); err != nil {
				return err
			}
		case w.Type != c.Type || w.MaxPower != c.MaxPower || c.Reported:
			n := c
			n.Type, n.MaxPower, n.Reported = w.Type, w.MaxPower, false
			if err := tx.SaveConnector(n, c.Version); err != nil {
				return err
			}
		}
	}
	for _, c := range specs {
		if _, add := want[c.Number]; add {
			if err := tx.InsertConnector(newConnector(tx.Now(), p, c)); err != nil {
				return err
			}
		}
	}
	all, err := tx.ConnectorsOf(p.ID)
	if err != nil {
		return err
	}
	if rolled := p.rollUp(all); rolled != p.Rolled {
		p.Rolled = rolled
		return tx.SaveOwn(p)
	}
	return nil
}

// DeleteChargePoint removes a point that never connected, and takes one that did
// out of use. It refuses while a session runs on it (AST-R3).
func (s *Service) DeleteChargePoint(ctx context.Context, sc authz.Scope, id ident.ChargePoint, version int64) error {
	err := s.write(ctx, sc, func(tx Tx) error {
		p, err := tx.LockPoint(id)
		if err != nil {
			return err
		}
		if err := s.unblocked(tx, id); err != nil {
			return err
		}
		if p.Used() {
			after := p
			after.Status = Invalid
			if err := tx.SavePoint(after, version); err != nil {
				return err
			}
			return tx.Audit("charge_point.deleted", id.String(), p, after)
		}
		if err := tx.DeletePoint(id, version); err != nil {
			return err
		}
		return tx.Audit("charge_point.deleted", id.String(), p, nil)
	})
	if err == nil {
		s.drop(id)
	}
	return err
}

func (s *Service) unblocked(tx Tx, id ident.ChargePoint) error {
	if s.opt.Blockers == nil {
		return nil
	}
	return s.opt.Blockers(tx, id)
}

// NewKey gives the charge point another key; the one before ends with the commit.
func (s *Service) NewKey(ctx context.Context, sc authz.Scope, id ident.ChargePoint) (string, error) {
	key := newKey()
	macs, err := macKey(s.opt.MAC, key)
	if err != nil {
		return "", err
	}
	err = s.write(ctx, sc, func(tx Tx) error {
		p, err := tx.LockPoint(id)
		if err != nil {
			return err
		}
		if err := replaceKey(tx, &p, macs, "Somebody gave it another key by hand."); err != nil {
			return err
		}
		if err := tx.SavePoint(p, p.Version); err != nil {
			return err
		}
		return tx.Audit("charge_point.key_changed", id.String(), nil, nil)
	})
	if err != nil {
		return "", err
	}
	s.drop(id) // whoever has the old key is out
	return key, nil
}
