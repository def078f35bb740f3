package asset

import (
	"context"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// Adoption makes a charge point of a stranger.
type Adoption struct {
	NewChargePoint        // Identity and Key are the stranger's, or made
	KeepKey        string // the mark of the key that it shall keep; "": it gets a new one
}

// Adopt registers a stranger (AST-R2). It gets a new key, which is returned, unless staff
// say that it keeps the one it presented, by that one's mark: another one that was
// presented since is refused (decision 0017). What it reported of charges is kept with the
// charge point's frames; it sends these reports again itself.
func (s *Service) Adopt(ctx context.Context, sc authz.Scope, id ident.Stranger, a Adoption) (PointView, string, error) {
	key := ""
	if a.KeepKey == "" {
		key = newKey()
	}
	var identity string
	v, err := one(ctx, s.write, sc, func(tx Tx) (PointView, error) {
		st, err := tx.StrangerByID(id)
		if err != nil {
			return PointView{}, err
		}
		identity = st.Identity
		n := a.NewChargePoint
		n.Identity = st.Identity
		p, specs, err := n.checked()
		if err != nil {
			return PointView{}, err
		}
		if p.Keys, err = s.adoptedKey(st, a.KeepKey, key); err != nil {
			return PointView{}, err
		}
		v, err := s.insertPoint(tx, p, specs)
		if err != nil {
			return v, err
		}
		if err := s.takeOver(tx, st, v.ChargePoint); err != nil {
			return v, err
		}
		return v, tx.Audit("charge_point.adopted", v.ID.String(), st, v)
	})
	if err != nil {
		return PointView{}, "", err
	}
	s.settled(identity)
	return v, key, nil
}

// adoptedKey is the key that staff decided on.
func (s *Service) adoptedKey(st Stranger, keep, fresh string) (KeyMACs, error) {
	if keep == "" {
		return macKey(s.opt.MAC, fresh)
	}
	if st.Key.Mark() == "" || st.Key.Mark() != keep {
		return KeyMACs{}, fault.New(fault.Conflict, "key_changed",
			"The charge point presented another password since. Look at it again, or give it a new key.").At("/keep_key", "is not the one it presented last")
	}
	return st.Key, nil
}

// takeOver moves what is kept of a stranger to the charge point that it is.
func (s *Service) takeOver(tx Tx, st Stranger, p ChargePoint) error {
	held, err := tx.HeldReports(st.ID)
	if err != nil {
		return err
	}
	if err := tx.KeepHeld(p, held); err != nil {
		return err
	}
	if err := tx.DeleteStranger(st.ID); err != nil {
		return err
	}
	return recordSettled(tx, st)
}

// AddAlias says that a stranger is a charge point that is registered under another
// identity: a device that appends its serial number to the path, or has a name of its own
// (behaviour 7). keep is as in Adopt, with "" for the key that the charge point has.
func (s *Service) AddAlias(ctx context.Context, sc authz.Scope, id ident.Stranger, point ident.ChargePoint, keep, reason string) (PointView, error) {
	var identity string
	v, err := one(ctx, s.write, sc, func(tx Tx) (PointView, error) {
		st, err := tx.StrangerByID(id)
		if err != nil {
			return PointView{}, err
		}
		identity = st.Identity
		p, err := tx.LockPoint(point)
		if err != nil {
			return PointView{}, missingField(err, "/charge_point_id", "charge point")
		}
		if p.Status != Valid {
			return PointView{}, fault.New(fault.Conflict, "charge_point_invalid", "%s is out of use.", p.Name)
		}
		names, err := tx.AliasesOf(point)
		if err != nil {
			return PointView{}, err
		}
		if len(names) >= maxAliases {
			return PointView{}, fault.New(fault.Limit, "too_many_aliases", "%s has %d other identities already.", p.Name, len(names))
		}
		if keep != "" {
			macs, err := s.adoptedKey(st, keep, "")
			if err != nil {
				return PointView{}, err
			}
			if err := replaceKey(tx, &p, macs, "It was given the key that it has under another identity."); err != nil {
				return PointView{}, err
			}
			if err := tx.SavePoint(p, p.Version); err != nil {
				return PointView{}, err
			}
		}
		if err := tx.InsertAlias(p, st.Identity); err != nil {
			return PointView{}, err
		}
		if err := s.takeOver(tx, st, p); err != nil {
			return PointView{}, err
		}
		v, err := View(tx, point)
		if err != nil {
			return v, err
		}
		return v, tx.Audit("charge_point.alias_added", point.String(), nil, map[string]any{"identity": st.Identity, "kept_key": keep != "", "reason": cut(reason)})
	})
	if err != nil {
		return PointView{}, err
	}
	s.settled(identity)
	if keep != "" {
		s.drop(point) // whoever has the old key is out
	}
	return v, nil
}

// maxAliases is how many other identities a charge point may have.
const maxAliases = 8

// Aliases are the other identities that a charge point connects with.
func (s *Service) Aliases(ctx context.Context, sc authz.Scope, id ident.ChargePoint) ([]string, error) {
	return one(ctx, s.read, sc, func(tx Tx) ([]string, error) {
		if _, err := tx.PointByID(id); err != nil {
			return nil, err
		}
		return tx.AliasesOf(id)
	})
}

// RemoveAlias takes one away; whoever connects with it is a stranger again.
func (s *Service) RemoveAlias(ctx context.Context, sc authz.Scope, id ident.ChargePoint, identity string) error {
	err := s.write(ctx, sc, func(tx Tx) error {
		if _, err := tx.LockPoint(id); err != nil {
			return err
		}
		if err := tx.DeleteAlias(id, identity); err != nil {
			return err
		}
		return tx.Audit("charge_point.alias_removed", id.String(), map[string]any{"identity": identity}, nil)
	})
	if err == nil {
		s.drop(id)
	}
	return err
}
