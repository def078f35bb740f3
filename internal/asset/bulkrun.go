package asset

import (
	"context"
	"errors"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// StartBulk keeps a command for many points; RunBulks then makes one after the other. A
// point that the scope does not see is a row that was not found, and nothing else is
// said of it.
func (s *Service) StartBulk(ctx context.Context, sc authz.Scope, n NewBulk) (Bulk, error) {
	n, err := n.checked()
	if err != nil {
		return Bulk{}, err
	}
	if sc.Operator().IsZero() {
		return Bulk{}, fault.New(fault.Denied, "operator_needed", "Enter an operator first.")
	}
	return one(ctx, s.write, sc, func(tx Tx) (Bulk, error) {
		now := tx.Now()
		c := CommandOf(n.Args)
		b := Bulk{ID: ident.New[ident.Bulk](now), Operator: sc.Operator(), Sub: sc.Sub(), Type: c.Type, Args: c.Args, Reason: n.Reason,
			Actor: sc.Actor, Interval: *n.Interval, Wait: n.Wait, Total: len(n.Points), State: BulkRunning, CreatedAt: now, Version: 1}
		sites, err := tx.SitesOfPoints(n.Points)
		if err != nil {
			return b, err
		}
		items := make([]BulkItem, len(n.Points))
		waiting := 0
		for i, p := range n.Points {
			it := BulkItem{Bulk: b.ID, Operator: b.Operator, Sub: b.Sub, Number: i, Point: p, State: ItemWaiting, DueAt: now}
			if site, found := sites[p]; found {
				it.Site = site
				waiting++
			} else {
				it = it.refused(fault.NotFound("charge point"))
				it.DoneAt = now
			}
			items[i] = it
		}
		busy, err := tx.BusySites(b.Operator)
		if err != nil {
			return b, err
		}
		spread(items, b.Interval, busy, now)
		if waiting == 0 {
			b.State, b.EndedAt = BulkDone, now
		}
		if err := tx.InsertBulk(b, items); err != nil {
			return b, err
		}
		if err := tx.Audit("command_bulk.created", b.ID.String(), nil, map[string]any{
			"type": b.Type, "reason": b.Reason, "charge_points": b.Total, "interval_s": int(b.Interval.Seconds())}); err != nil {
			return b, err
		}
		for _, it := range items {
			if it.State != ItemRefused {
				continue
			}
			if err := auditRefused(tx, b, it); err != nil {
				return b, err
			}
		}
		return b, nil
	})
}

func (it BulkItem) refused(f *fault.Error) BulkItem {
	it.State, it.Code, it.Detail = ItemRefused, f.Code, f.Detail
	if len(f.Fields) > 0 {
		it.Detail = f.Detail + " " + f.Fields[0].Pointer + " " + f.Fields[0].Detail
	}
	return it
}

// auditRefused leaves a row for a point that got no command (LIVE-A8: as many rows as
// there were points).
func auditRefused(tx Tx, b Bulk, it BulkItem) error {
	return tx.Audit("command."+string(b.Type)+".refused", it.Point.String(), nil, map[string]any{
		"bulk_id": b.ID.String(), "code": it.Code, "actor": ActorOf(authz.Scope{Actor: b.Actor}), "reason": b.Reason})
}

// bulkStep is how many rows of a bulk one transaction makes.
const bulkStep = 20

// RunBulks makes the commands that are due. What is due is a row, so that a restart
// loses nothing and sends nothing twice. It returns how many rows it ended.
func (s *Service) RunBulks(ctx context.Context) (ended int, err error) {
	var due []Bulk
	err = s.read(ctx, authz.Everything("bulks that are due"), func(tx Tx) (err error) {
		due, err = tx.DueBulks(tx.Now(), 50)
		return err
	})
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, b := range due {
		n := 0
		err := s.write(ctx, authz.ForStaff(b.Operator, b.Sub, b.Actor), func(tx Tx) (err error) {
			n, err = s.stepBulk(tx, b.ID)
			return err
		})
		ended += n
		if err != nil && !fault.Is(err, fault.Conflict) { // another node was faster
			errs = append(errs, err)
		}
	}
	return ended, errors.Join(errs...)
}

// stepBulk makes the next rows of a bulk that are due. A bulk may go on for hours: it
// ends with the account of who asked for it.
func (s *Service) stepBulk(tx Tx, id ident.Bulk) (ended int, err error) {
	b, err := tx.LockBulk(id)
	if err != nil || b.State != BulkRunning {
		return 0, err
	}
	if s.opt.MayStill != nil {
		if may, err := s.opt.MayStill(tx, b.Actor); err != nil || !may {
			if err == nil {
				_, err = cancelBulk(tx, b, "the account may send no commands any more")
			}
			return 0, err
		}
	}
	now := tx.Now()
	first, waiting, err := tx.FirstDue(id)
	if err != nil {
		return 0, err
	}
	if late := now.Sub(first); waiting && late > tooLate && b.Interval > 0 {
		if err := tx.PutOff(id, late); err != nil {
			return 0, err
		}
	}
	items, err := tx.DueItems(id, now, bulkStep)
	if err != nil {
		return 0, err
	}
	for _, it := range items {
		it, err := makeItem(tx, b, it)
		if err != nil {
			return 0, err
		}
		it.DoneAt = now
		if err := tx.SaveItem(it); err != nil {
			return 0, err
		}
	}
	if _, waiting, err = tx.FirstDue(id); err != nil || waiting {
		return len(items), err
	}
	b.State, b.EndedAt = BulkDone, now
	return len(items), tx.SaveBulk(b)
}

// makeItem queues the command of a row, or notes why it cannot be.
func makeItem(tx Tx, b Bulk, it BulkItem) (BulkItem, error) {
	c := Command{Type: b.Type, Args: b.Args, Bulk: b.ID, Actor: ActorOf(authz.Scope{Actor: b.Actor}), Reason: b.Reason}
	if b.Wait > 0 {
		c.WaitsUntil = tx.Now().Add(b.Wait)
	}
	p, err := tx.LockPoint(it.Point)
	if err == nil {
		c, err = Enqueue(tx, p, c)
	}
	if err == nil {
		it.State, it.Command = ItemMade, c.ID
		return it, nil
	}
	f := fault.Of(err)
	switch f.Kind {
	case fault.Invalid, fault.Missing, fault.Conflict, fault.Limit, fault.Unsupported, fault.Unavailable:
		if f.Code == "stale_version" {
			return it, err
		}
		it = it.refused(f)
		return it, auditRefused(tx, b, it)
	}
	return it, err
}

// CancelBulk ends what of a bulk was not sent yet. Commands that were made stay.
func (s *Service) CancelBulk(ctx context.Context, sc authz.Scope, id ident.Bulk) (Bulk, error) {
	return one(ctx, s.write, sc, func(tx Tx) (Bulk, error) {
		b, err := tx.LockBulk(id)
		if err != nil || b.State != BulkRunning {
			return b, err
		}
		return cancelBulk(tx, b, "")
	})
}

func cancelBulk(tx Tx, b Bulk, why string) (Bulk, error) {
	if err := tx.CancelItems(b.ID, tx.Now()); err != nil {
		return b, err
	}
	b.State, b.EndedAt = BulkCancelled, tx.Now()
	if err := tx.SaveBulk(b); err != nil {
		return b, err
	}
	b.Version++
	var after any
	if why != "" {
		after = map[string]string{"why": why}
	}
	return b, tx.Audit("command_bulk.cancelled", b.ID.String(), nil, after)
}

// Bulk is one bulk and how its rows stand.
func (s *Service) Bulk(ctx context.Context, sc authz.Scope, id ident.Bulk) (b Bulk, counts []BulkCount, err error) {
	err = s.read(ctx, sc, func(tx Tx) (err error) {
		if b, err = tx.BulkByID(id); err != nil {
			return err
		}
		counts, err = tx.CountItems(id)
		return err
	})
	return b, counts, err
}

// Bulks lists bulks with how their rows stand, newest first.
func (s *Service) Bulks(ctx context.Context, sc authz.Scope, f BulkFilter, p operator.Page) (operator.List[BulkView], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[BulkView], error) { return tx.ListBulks(f, p) })
}

// BulkItems lists the rows of a bulk in the order they were named.
func (s *Service) BulkItems(ctx context.Context, sc authz.Scope, id ident.Bulk, p operator.Page) (operator.List[BulkRow], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[BulkRow], error) {
		if _, err := tx.BulkByID(id); err != nil {
			return operator.List[BulkRow]{}, err
		}
		return tx.ListBulkItems(id, p)
	})
}
