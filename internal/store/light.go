package store

import (
	"cmp"
	"context"
	"errors"
	"slices"
)

// Closures that run no statement and only leave meter values are light: what they leave
// is written behind the last closure of the transaction, for all of them at once. Each
// still gets its own answer: who came too late is told so, and where a statement for
// all fails, each is written by itself, behind its own savepoint.

// writeLight writes what light closures have left and sets their errors. Those that
// met a conflict run again in another transaction; the others are kept. only says that
// there are no others in the transaction. An error means that it is gone.
func (j *joiner) writeLight(light []*joined, only bool) (kept []*joined, gone error) {
	ctx, cancel := context.WithTimeout(context.Background(), j.store.options.Budget)
	defer cancel()
	slices.SortStableFunc(light, func(a, b *joined) int {
		return cmp.Compare(string(a.tx.measured[0].State.ID.Bytes()), string(b.tx.measured[0].State.ID.Bytes()))
	})
	for _, e := range light {
		e.tx.ctx, e.tx.over, e.tx.entered = ctx, false, true
		defer func() { e.tx.over = true }()
	}
	// Without others the transaction can be begun again: then it needs no savepoint, for
	// which SQLite keeps a second copy of every page.
	first := light[0].tx
	if !only {
		if err := j.conn.savepoint(ctx, first.scope, first.patience); err != nil {
			return nil, err
		}
	}
	err := j.conn.writeTogether(ctx, light)
	switch {
	case errors.Is(err, errGone):
		return nil, err
	case err == nil && !only:
		err = j.conn.release(ctx)
		fallthrough
	case err == nil:
		if err == nil && !j.conn.alive() {
			err = errGone
		}
		return light, err
	case only:
		if err = j.conn.rollback(ctx); err == nil {
			err = j.begin(light[0].r)
		}
	default:
		err = j.conn.rollbackTo(ctx)
	}
	if err != nil {
		return nil, err
	}
	for _, e := range light {
		e.err = nil
		again, err := j.writeAlone(e)
		if err != nil {
			return nil, err
		}
		if !again {
			kept = append(kept, e)
		}
	}
	return kept, nil
}

// writeAlone writes what one closure has left.
func (j *joiner) writeAlone(e *joined) (again bool, gone error) {
	ctx, cancel := context.WithTimeout(context.Background(), j.store.options.Budget)
	defer cancel()
	tx := e.tx
	tx.ctx, tx.failed = ctx, nil
	if err := j.conn.savepoint(ctx, tx.scope, tx.patience); err != nil {
		return false, err
	}
	end := j.leave(tx, tx.writeMeasured(), false)
	e.err = end.err
	return end.gone == nil && end.conflict && j.again(e), end.gone
}

// writeTogether implements conn: here a statement costs no round trip.
func (c *liteConn) writeTogether(_ context.Context, light []*joined) error {
	for _, e := range light {
		for i := range e.tx.measured {
			taken, err := e.tx.measured[i].write(e.tx)
			switch {
			case err != nil:
				return err
			case !taken && len(e.tx.measured) > 1:
				return errApart // its others must not stay
			case !taken:
				e.err = e.tx.measured[i].stale()
			}
		}
	}
	return nil
}

// writeTogether implements conn: two statements for each owner, all sent at once.
func (c *pgConn) writeTogether(ctx context.Context, light []*joined) error {
	groups := byOwner(light)
	var steps []pgStep
	for _, g := range groups {
		steps = append(steps, settings(g.scope, light[0].tx.patience))
		for _, s := range [...]struct {
			q    *Stmt
			args []any
		}{{qMeasureMany, g.sampleArgs()}, {qMeasuredMany, g.eventArgs()}} {
			text, values, err := s.q.bind(postgres, g.scope, s.args)
			if err != nil {
				return err
			}
			steps = append(steps, pgStep{text: text, args: values})
		}
	}
	counts, err := c.send(ctx, steps)
	if err != nil {
		return err
	}
	for i, g := range groups {
		if counts[3*i+1] == int64(len(g.of)) {
			continue
		}
		c.pending = append(c.pending, settings(g.scope, light[0].tx.patience)) // another group's stand there
		if err := g.findStale(); err != nil {
			return err
		}
	}
	return nil
}

// findStale tells those closures apart that came too late.
func (g *owned) findStale() error {
	for i, e := range g.from { // there are few of them, and seldom
		w := g.of[i]
		event, err := scalar[[]byte](e.tx, qMeasuredTaken, w.State.ID, w.number)
		switch {
		case err != nil:
			return err
		case string(event) == string(w.event.Bytes()):
		case len(e.tx.measured) > 1:
			return errApart // its others must not stay
		default:
			e.err = w.stale()
		}
	}
	return nil
}
