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

// writeLight writes what light closures have left, beside others in the transaction,
// and sets their errors. Those that run again in another transaction are handed back to
// the joiner; the rest are kept. An error means that the transaction is gone: then none
// was handed back, because whoever loses it answers everybody in it.
func (j *joiner) writeLight(light []*joined, others int) (kept []*joined, gone error) {
	defer func() {
		if p := recover(); p != nil {
			kept, gone = nil, panicked(p)
			j.store.options.Log.Error("panic while meter values were written", "error", gone)
		}
	}()
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
	first, only := light[0].tx, others == 0
	if !only {
		if err := j.conn.savepoint(ctx, first.scope, first.patience); err != nil {
			return nil, err
		}
	}
	failed := j.conn.writeTogether(ctx, light)
	var err error
	switch {
	case errors.Is(failed, errGone):
		return nil, failed
	case failed == nil && !only:
		err = j.conn.release(ctx)
		fallthrough
	case failed == nil:
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
	var met, rest []*joined // conflicts; those not tried
	switch conflict := errors.Is(failed, errConflict); {
	case conflict && (only && len(light) == 1 || light[0].r.apart && !only):
		met = light
	case conflict && !only:
		rest = light // the others keep their locks: they commit first
	default:
		kept, met, rest, err = j.writeEach(light, maxJoined-others)
	}
	if err != nil {
		return nil, err
	}
	for _, e := range rest {
		e.r.apart = true
		j.carry = append(j.carry, e.r)
	}
	for _, e := range met {
		if e.tx.failed == nil {
			e.tx.failed = failed
		}
		if !j.again(e) {
			kept = append(kept, e)
		}
	}
	return kept, nil
}

// writeEach writes them one by one: at most some, for the sake of maxJoined, and none
// after the first conflict. Who met that must let go of what the transaction holds, and
// the rest might meet the same, one after the other.
func (j *joiner) writeEach(light []*joined, most int) (kept, met, rest []*joined, gone error) {
	for i, e := range light {
		if i >= most || len(met) > 0 {
			return kept, met, light[i:], nil
		}
		e.err = nil
		end := j.writeAlone(e)
		switch {
		case end.gone != nil:
			return nil, nil, nil, end.gone
		case end.conflict:
			met = append(met, e)
		default:
			kept = append(kept, e)
		}
	}
	return kept, met, nil, nil
}

// writeAlone writes what one closure has left, and sets its error.
func (j *joiner) writeAlone(e *joined) ending {
	ctx, cancel := context.WithTimeout(context.Background(), j.store.options.Budget)
	defer cancel()
	tx := e.tx
	tx.ctx, tx.failed = ctx, nil
	if err := j.conn.savepoint(ctx, tx.scope, tx.patience); err != nil {
		return ending{gone: err}
	}
	end := j.leave(tx, tx.writeMeasured(), false)
	e.err = end.err
	return end
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
	taken := map[string]bool{}
	err := each(g.from[0].tx, qMeasuredTaken, func(r *Row) error { // one scope is like another in the group
		var event []byte
		err := r.Scan(&event)
		taken[string(event)] = true
		return err
	}, g.takenArgs()...)
	if err != nil {
		return err
	}
	for i, e := range g.from {
		switch w := g.of[i]; {
		case taken[string(w.event.Bytes())]:
		case len(e.tx.measured) > 1:
			return errApart // its others must not stay
		default:
			e.err = w.stale()
		}
	}
	return nil
}
