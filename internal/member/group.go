package member

import (
	"context"
	"strings"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// Group is drivers who belong together; plans may be assigned to it. A driver is in one
// group at most, so that there is never a question whose price counts.
type Group struct {
	ID       ident.Group
	Operator ident.Operator
	Sub      ident.SubOperator
	Name     string // one of a name in the operator, or in the sub-operator
	Members  int    // as lists and readers count them
	Version  int64
}

func (g Group) checked() (Group, error) {
	g.Name = strings.TrimSpace(g.Name)
	var bad flaws
	if g.Name == "" {
		bad.add("/name", "must be there")
	}
	bad.text("/name", g.Name, 100)
	return g, bad.err()
}

// GroupFilter narrows a list of groups.
type GroupFilter struct {
	Name string // prefix, any case
}

// CreateGroup makes a group without members.
func (s *Service) CreateGroup(ctx context.Context, sc authz.Scope, g Group) (Group, error) {
	g, err := g.checked()
	if err != nil {
		return Group{}, err
	}
	if g.Operator, g.Sub, err = owner(sc, g.Sub); err != nil {
		return Group{}, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (Group, error) {
		g := g
		g.ID, g.Version = ident.New[ident.Group](tx.Now()), 1
		if err := tx.InsertGroup(g); err != nil {
			return g, err
		}
		return g, tx.Audit("group.created", g.ID.String(), nil, g)
	})
}

// RenameGroup changes a group that has this version.
func (s *Service) RenameGroup(ctx context.Context, sc authz.Scope, id ident.Group, name string, version int64) (Group, error) {
	return one(ctx, s.write, sc, func(tx Tx) (Group, error) {
		before, err := tx.GroupByID(id)
		if err != nil {
			return before, err
		}
		after := before
		after.Name = name
		if after, err = after.checked(); err != nil {
			return before, err
		}
		if err := tx.SaveGroup(after, version); err != nil {
			return before, err
		}
		after.Version = version + 1
		return after, tx.Audit("group.changed", id.String(), before, after)
	})
}

// DeleteGroup removes a group that nobody is in and no plan is for.
func (s *Service) DeleteGroup(ctx context.Context, sc authz.Scope, id ident.Group, version int64) error {
	return s.write(ctx, sc, func(tx Tx) error {
		g, err := tx.GroupByID(id)
		if err != nil {
			return err
		}
		if g.Members > 0 {
			return fault.New(fault.Conflict, "group_has_members", "%s still has members: %d. Take them out first.", g.Name, g.Members)
		}
		if s.opt.GroupPriced != nil {
			priced, err := s.opt.GroupPriced(tx, id)
			if err != nil {
				return err
			}
			if priced {
				return fault.New(fault.Conflict, "group_has_prices", "Plans are assigned to %s. Take these away first.", g.Name)
			}
		}
		if err := tx.DeleteGroup(id, version); err != nil {
			return err
		}
		return tx.Audit("group.deleted", id.String(), g, nil)
	})
}

// Group is one group.
func (s *Service) Group(ctx context.Context, sc authz.Scope, id ident.Group) (Group, error) {
	return one(ctx, s.read, sc, func(tx Tx) (Group, error) { return tx.GroupByID(id) })
}

// Groups lists groups.
func (s *Service) Groups(ctx context.Context, sc authz.Scope, f GroupFilter, p operator.Page) (operator.List[Group], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[Group], error) { return tx.ListGroups(f, p) })
}

// joins checks the group that a driver is put into.
func joins(tx Tx, d Driver) error {
	if d.Group.IsZero() {
		return nil
	}
	g, err := tx.GroupByID(d.Group)
	if err == nil && g.Sub != d.Sub {
		err = fault.NotFound("group")
	}
	return missingField(err, "/group_id", "group")
}
