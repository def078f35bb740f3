package member

import (
	"context"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// ListView is a list with how its charge points stand.
type ListView struct {
	LocalList
	Pushes Pushes
}

// ListFilter narrows local lists; zero fields do not narrow.
type ListFilter struct {
	Name   string // it begins so
	Status ListStatus
}

// ListPointFilter narrows the charge points of a list.
type ListPointFilter struct {
	State PushState
	Name  string // a word of the charge point's name begins so
}

// ListPointRow is a charge point of a list with the names that lists show beside it.
type ListPointRow struct {
	ListPoint
	PointName string
	Identity  string
	SiteName  string
	Online    bool
}

// LocalLists lists them.
func (s *Service) LocalLists(ctx context.Context, sc authz.Scope, f ListFilter, p operator.Page) (operator.List[ListView], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[ListView], error) { return tx.ListLocalLists(f, p) })
}

// LocalList is one.
func (s *Service) LocalList(ctx context.Context, sc authz.Scope, id ident.LocalList) (ListView, error) {
	return one(ctx, s.read, sc, func(tx Tx) (ListView, error) { return view(tx, id) })
}

func view(tx Tx, id ident.LocalList) (ListView, error) {
	l, err := tx.LocalListByID(id)
	if err != nil {
		return ListView{}, err
	}
	v := ListView{LocalList: l}
	v.Pushes, err = tx.PushesOf(id)
	return v, err
}

// ListPoints lists the charge points of a list.
func (s *Service) ListPoints(ctx context.Context, sc authz.Scope, id ident.LocalList, f ListPointFilter, p operator.Page) (operator.List[ListPointRow], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[ListPointRow], error) {
		if _, err := tx.LocalListByID(id); err != nil {
			return operator.List[ListPointRow]{}, err
		}
		return tx.ListListPoints(id, f, p)
	})
}

// ListCards lists the cards of a list, in the order in which they came onto it.
func (s *Service) ListCards(ctx context.Context, sc authz.Scope, id ident.LocalList, p operator.Page) (operator.List[Entry], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[Entry], error) {
		if _, err := tx.LocalListByID(id); err != nil {
			return operator.List[Entry]{}, err
		}
		return tx.ListListCards(id, p)
	})
}

// CreateLocalList makes a list; its cards are worked out and sent at once.
func (s *Service) CreateLocalList(ctx context.Context, sc authz.Scope, n NewLocalList) (ListView, error) {
	l, err := LocalList{Sub: n.Sub, Name: n.Name, Cards: n.Cards, CardsOf: n.CardsOf, WithoutBalance: n.WithoutBalance,
		Tokens: n.Tokens, Sites: n.Sites, Points: n.Points, Status: ListValid}.checked()
	if err != nil {
		return ListView{}, err
	}
	if l.Operator, l.Sub, err = owner(sc, l.Sub); err != nil {
		return ListView{}, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (ListView, error) {
		l := l
		l.ID, l.Version, l.DueAt = ident.New[ident.LocalList](tx.Now()), 1, tx.Now()
		if !l.Sub.IsZero() && sc.Sub().IsZero() {
			if _, err := tx.SubOperatorByID(l.Sub); err != nil {
				return ListView{}, missingField(err, "/sub_operator_id", "sub-operator")
			}
		}
		if err := picked(tx, l); err != nil {
			return ListView{}, err
		}
		if err := tx.InsertLocalList(l); err != nil {
			return ListView{}, err
		}
		if err := tx.Audit("local_list.created", l.ID.String(), nil, l); err != nil {
			return ListView{}, err
		}
		return view(tx, l.ID)
	})
}

// UpdateLocalList changes a list that has this version.
func (s *Service) UpdateLocalList(ctx context.Context, sc authz.Scope, id ident.LocalList, c LocalListChange, version int64) (ListView, error) {
	return one(ctx, s.write, sc, func(tx Tx) (ListView, error) {
		before, err := tx.LockLocalList(id)
		if err != nil {
			return ListView{}, err
		}
		if before.Version != version {
			return ListView{}, fault.Stale(before.Version, version)
		}
		after, err := before.apply(c)
		if err != nil {
			return ListView{}, err
		}
		if err := picked(tx, after); err != nil {
			return ListView{}, err
		}
		after.DueAt, after.Asked = tx.Now(), before.Asked+1
		if err := tx.SaveLocalList(after, version); err != nil {
			return ListView{}, err
		}
		if err := tx.Audit("local_list.changed", id.String(), before, after); err != nil {
			return ListView{}, err
		}
		return view(tx, id)
	})
}

// picked refuses what the scope does not see, cards and charge points of others than the
// list's sub-operator, and charge points that have another list.
func picked(tx Tx, l LocalList) error {
	if l.Cards == CardsOfSub {
		if _, err := tx.SubOperatorByID(l.CardsOf); err != nil {
			return missingField(err, "/cards_of", "sub-operator")
		}
		if !l.Sub.IsZero() && l.Sub != l.CardsOf {
			return fault.BadInput("/cards_of", "must be the sub-operator that the list belongs to")
		}
	}
	for _, t := range l.Tokens {
		c, err := tx.TokenByID(t)
		if err != nil {
			return missingField(err, "/token_ids", "card")
		}
		if !l.Sub.IsZero() && c.Sub != l.Sub {
			return fault.BadInput("/token_ids", "there is no such card")
		}
	}
	for _, id := range l.Sites {
		site, err := tx.SiteByID(id)
		if err != nil {
			return missingField(err, "/site_ids", "site")
		}
		if !l.Sub.IsZero() && site.Sub != l.Sub {
			return fault.BadInput("/site_ids", "there is no such site")
		}
	}
	for _, id := range l.Points {
		p, err := tx.PointByID(id)
		if err != nil {
			return missingField(err, "/charge_point_ids", "charge point")
		}
		if !l.Sub.IsZero() && p.Sub != l.Sub {
			return fault.BadInput("/charge_point_ids", "there is no such charge point")
		}
		has, found, err := tx.ListPointOf(id)
		if err != nil {
			return err
		}
		if found && has.List != l.ID && !has.Leaving {
			other, err := tx.LocalListByID(has.List)
			if err != nil && !fault.Is(err, fault.Missing) {
				return err
			}
			return PointHasList("“" + other.Name + "”")
		}
	}
	return nil
}

// DeleteLocalList removes a list that no charge point has a card of.
func (s *Service) DeleteLocalList(ctx context.Context, sc authz.Scope, id ident.LocalList, version int64) error {
	return s.write(ctx, sc, func(tx Tx) error {
		l, err := tx.LockLocalList(id)
		if err != nil {
			return err
		}
		if l.Version != version {
			return fault.Stale(l.Version, version)
		}
		points, err := tx.LockListPoints(id)
		if err != nil {
			return err
		}
		for _, p := range points {
			if !p.empty() && (l.Status == ListValid || p.State != PushSuccess || p.Cards > 0) {
				return listInUse
			}
		}
		if err := tx.DeleteLocalList(id, version); err != nil {
			return err
		}
		return tx.Audit("local_list.deleted", id.String(), l, nil)
	})
}

// Push sends the whole list anew to all its charge points, or to one, whatever they said
// before.
func (s *Service) Push(ctx context.Context, sc authz.Scope, id ident.LocalList, only ident.ChargePoint) (ListView, error) {
	return one(ctx, s.write, sc, func(tx Tx) (ListView, error) {
		l, err := tx.LockLocalList(id)
		if err != nil {
			return ListView{}, err
		}
		points, err := tx.LockListPoints(id)
		if err != nil {
			return ListView{}, err
		}
		n := 0
		for _, p := range points {
			if !only.IsZero() && p.Point != only {
				continue
			}
			n++
			if err := tx.SaveListPoint(p.again(tx.Now())); err != nil {
				return ListView{}, err
			}
		}
		if !only.IsZero() && n == 0 {
			return ListView{}, fault.BadInput("/charge_point_id", "is no charge point of this list")
		}
		if err := tx.AskLocalList(id, tx.Now()); err != nil {
			return ListView{}, err
		}
		if err := tx.Audit("local_list.pushed", id.String(), nil, map[string]any{"name": l.Name, "charge_point_id": only.String(), "charge_points": n}); err != nil {
			return ListView{}, err
		}
		return view(tx, id)
	})
}
