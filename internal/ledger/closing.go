package ledger

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// Closing is a month of the books that was closed, with all that is before it.
type Closing struct {
	ID           ident.Closing
	Operator     ident.Operator
	Month        string    // "2026-10", on the operator's clock
	From         time.Time // until when the books were closed before; Never: not at all
	Until        time.Time // the end of the month: the first instant that is open
	At           time.Time
	By           ident.Staff
	Reason       string
	ReopenedAt   time.Time // zero: it is closed
	ReopenedBy   ident.Staff
	ReopenReason string
}

const monthForm = "2006-01"

func closedError(until time.Time) error {
	return fault.New(fault.Conflict, "books_closed", "The books are closed until %s.", until.Format(time.RFC3339))
}

func checkReason(reason string) error {
	if n := len([]rune(reason)); n == 0 || n > maxReason {
		return fault.BadInput("/reason", "must say why, in at most %d letters", maxReason)
	}
	return nil
}

// CloseMonth closes a month and all that is before it.
func CloseMonth(tx Tx, op ident.Operator, month, reason string, actor ident.Staff) (Closing, error) {
	if err := checkReason(reason); err != nil {
		return Closing{}, err
	}
	loc, err := zone(tx, op)
	if err != nil {
		return Closing{}, err
	}
	first, err := time.ParseInLocation(monthForm, month, loc)
	if err != nil || first.Year() < 2000 {
		return Closing{}, fault.BadInput("/month", "must be a month, like 2026-10")
	}
	until := first.AddDate(0, 1, 0).UTC()
	if tx.Now().Before(until.Add(closeAfter)) {
		return Closing{}, fault.New(fault.Conflict, "month_not_over", "%s is not over. It can be closed from %s on.", month,
			until.Add(closeAfter).In(loc).Format("2006-01-02 15:04"))
	}
	closed, err := tx.LockClosed(op)
	if err != nil {
		return Closing{}, err
	}
	if !until.After(closed) {
		return Closing{}, fault.New(fault.Conflict, "month_closed", "%s is closed already.", month)
	}
	c := Closing{ID: ident.New[ident.Closing](tx.Now()), Operator: op, Month: month, From: closed, Until: until, At: tx.Now(), By: actor, Reason: reason}
	if err := tx.SaveClosed(op, until); err != nil {
		return Closing{}, err
	}
	return c, tx.InsertClosing(c)
}

// Reopen opens the month again that was closed last.
func Reopen(tx Tx, id ident.Closing, reason string, actor ident.Staff) (Closing, error) {
	if err := checkReason(reason); err != nil {
		return Closing{}, err
	}
	c, err := tx.ClosingByID(id)
	if err != nil {
		return c, err
	}
	closed, err := tx.LockClosed(c.Operator)
	if err != nil {
		return c, err
	}
	if c, err = tx.ClosingByID(id); err != nil { // behind the lock
		return c, err
	}
	switch {
	case !c.ReopenedAt.IsZero():
		return c, fault.New(fault.Conflict, "month_open", "%s has been opened again already.", c.Month)
	case !c.Until.Equal(closed):
		return c, fault.New(fault.Conflict, "not_the_latest", "Only the month that was closed last can be opened again. Open the later ones first.")
	}
	c.ReopenedAt, c.ReopenedBy, c.ReopenReason = tx.Now(), actor, reason
	if err := tx.SaveReopened(c); err != nil {
		return c, err
	}
	return c, tx.SaveClosed(c.Operator, c.From)
}

// zone is the operator's clock.
func zone(tx Tx, op ident.Operator) (*time.Location, error) {
	o, err := tx.OperatorByID(op)
	if err != nil {
		return nil, err
	}
	loc, err := time.LoadLocation(o.TimeZone)
	if err != nil {
		return nil, fault.New(fault.Internal, "operator_zone", "The operator's time zone is not known.").Because(err)
	}
	return loc, nil
}

// Close closes a month of the operator's books.
func (s *Service) Close(ctx context.Context, sc authz.Scope, month, reason string) (Closing, error) {
	if !sc.Sub().IsZero() {
		return Closing{}, fault.New(fault.Denied, "operator_only", "The books are closed by the operator, not by a sub-operator.")
	}
	return one(ctx, s.write, sc, func(tx Tx) (Closing, error) {
		c, err := CloseMonth(tx, sc.Operator(), month, reason, sc.Actor.Staff)
		if err != nil {
			return c, err
		}
		return c, tx.Audit("books.closed", c.ID.String(), nil, c)
	})
}

// Reopen opens the month again that was closed last.
func (s *Service) Reopen(ctx context.Context, sc authz.Scope, id ident.Closing, reason string) (Closing, error) {
	if !sc.Sub().IsZero() { // it is the operator's
		return Closing{}, fault.NotFound("closing")
	}
	return one(ctx, s.write, sc, func(tx Tx) (Closing, error) {
		before, err := tx.ClosingByID(id)
		if err != nil {
			return before, err
		}
		c, err := Reopen(tx, id, reason, sc.Actor.Staff)
		if err != nil {
			return c, err
		}
		return c, tx.Audit("books.reopened", c.ID.String(), before, c)
	})
}

// Closings lists what was closed and opened again, newest first.
func (s *Service) Closings(ctx context.Context, sc authz.Scope, p operator.Page) (operator.List[Closing], error) {
	if !sc.Sub().IsZero() { // they count for its bills, and are the operator's
		return operator.List[Closing]{}, nil
	}
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[Closing], error) { return tx.ClosingPage(p) })
}
