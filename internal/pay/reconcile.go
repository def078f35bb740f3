package pay

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/operator"
)

// CheckState is what a comparison found.
type CheckState string

// The states.
const (
	Matched     CheckState = "MATCHED"
	DriftFound  CheckState = "DRIFT"
	CheckFailed CheckState = "FAILED" // the provider could not be asked; it is tried again
)

// Check is one day at a provider compared with the ledger (PAY-R7). The day is UTC's, as
// providers count.
type Check struct {
	ID         ident.Payment
	Operator   ident.Operator
	Provider   Provider
	Day        string
	At         time.Time
	State      CheckState
	Matched    int
	AtProvider money.Amount // Σ of the day
	InLedger   money.Amount
	Failure    string
	Drifts     []Drift
}

// Drift is one payment that the two say different things of.
type Drift struct {
	Payment    ident.Payment `json:"payment_id,omitzero"` // none: not from here
	Ref        string        `json:"ref,omitempty"`
	AtProvider money.Amount  `json:"at_provider"`
	InLedger   money.Amount  `json:"in_ledger"`
}

const (
	mostDrifts = 50 // that are kept of one check
	// checkedAfter is how long a day must be over: what is on its way at midnight arrives.
	checkedAfter = 4 * time.Hour
	// checkSlack is how far apart the two may date the same money.
	checkSlack = 24 * time.Hour
	dayForm    = "2006-01-02"
)

// Drifted is the fact of a day that does not match.
const Drifted fact.Kind = "payment.drifted"

// DriftedPayload is what it says.
type DriftedPayload struct {
	Provider Provider `json:"provider"`
	Day      string   `json:"day"`
	Drifts   int      `json:"drifts"`
}

// Reconcile compares the days that are over and were not compared yet, at most the last
// three, with each provider in use. It returns how many it compared.
func (s *Service) Reconcile(ctx context.Context, now time.Time) (int, error) {
	used, err := one(ctx, s.read, authz.Everything("providers to compare with"), func(tx Tx) ([]InUse, error) { return tx.ProvidersInUse() })
	if err != nil {
		return 0, err
	}
	last := now.Add(-checkedAfter).UTC().Truncate(24 * time.Hour) // the day before this began is over
	n := 0
	var errs []error
	for _, u := range used {
		sc := authz.ForSystem(u.Operator, "reconciliation")
		known, err := one(ctx, s.read, sc, func(tx Tx) ([]Check, error) {
			return tx.ChecksSince(u.Operator, last.AddDate(0, 0, -3).Format(dayForm))
		})
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for back := 3; back >= 1; back-- {
			day := last.AddDate(0, 0, -back)
			if compared(known, u.Method.Provider(), day.Format(dayForm)) {
				continue
			}
			if _, err := s.Compare(ctx, sc, u.Operator, u.Method.Provider(), day); err != nil {
				errs = append(errs, err)
			}
			n++
		}
	}
	return n, errors.Join(errs...)
}

func compared(known []Check, p Provider, day string) bool {
	for _, c := range known {
		if c.Provider == p && c.Day == day {
			return c.State != CheckFailed
		}
	}
	return false
}

// Compare compares one day now.
func (s *Service) Compare(ctx context.Context, sc authz.Scope, op ident.Operator, by Provider, day time.Time) (Check, error) {
	type books struct {
		o        Option
		booked   []Booked
		currency money.Currency
	}
	from, to := day.UTC().Truncate(24*time.Hour), day.UTC().Truncate(24*time.Hour).Add(24*time.Hour)
	b, err := one(ctx, s.read, sc, func(tx Tx) (books, error) {
		var b books
		var err error
		if b.o, err = optionOf(tx, op, by.Method()); err != nil {
			return b, err
		}
		own, err := tx.OperatorByID(op)
		if err != nil {
			return b, err
		}
		b.currency = own.Currency
		b.booked, err = tx.TakenBetween(op, by, from.Add(-checkSlack), to.Add(checkSlack))
		return b, err
	})
	if err != nil {
		return Check{}, err
	}
	c := Check{ID: ident.New[ident.Payment](s.now()), Operator: op, Provider: by, Day: from.Format(dayForm), State: CheckFailed,
		AtProvider: money.New(0, b.currency), InLedger: money.New(0, b.currency), Drifts: []Drift{}}
	var inDay []Booked
	g := s.gateways[by]
	if g == nil || b.o.Secret.Key == "" {
		c.Failure = whyOf(errNoKeys).Text
	} else {
		call, cancel := context.WithTimeout(ctx, 3*CallWithin)
		defer cancel()
		moved, err := g.Moved(call, s.access(b.o), from.Add(-checkSlack), to.Add(checkSlack))
		if err != nil {
			c.Failure = whyOf(err).Text
		} else if inDay, err = one(ctx, s.read, sc, func(tx Tx) ([]Booked, error) { return tx.TakenBetween(op, by, from, to) }); err != nil {
			return c, err
		} else {
			c = compare(c, moved, b.booked, inDay, from, to)
		}
	}
	if c.State == DriftFound {
		s.log.Warn("a day at a payment provider differs from the books", "operator", op.String(), "provider", by, "day", c.Day, "payments", len(c.Drifts))
	}
	return c, s.write(ctx, sc, func(tx Tx) error {
		c.At = tx.Now()
		if err := tx.SaveCheck(c); err != nil || c.State != DriftFound {
			return err
		}
		return tx.Record(fact.Fact{Kind: Drifted, Version: 1, Operator: op, Object: c.ID.String(), At: c.At,
			Payload: DriftedPayload{by, c.Day, len(c.Drifts)}})
	})
}

// compare looks for each side's money of the day on the other side, there also a day before
// and after. It is pure.
func compare(c Check, moved []Movement, booked, inDay []Booked, from, to time.Time) Check {
	zero := money.New(0, c.AtProvider.Currency)
	there, here := map[ident.Payment]money.Amount{}, map[ident.Payment]money.Amount{}
	add := func(m map[ident.Payment]money.Amount, id ident.Payment, a money.Amount) {
		if had, found := m[id]; found {
			a = a.Add(had)
		}
		m[id] = a
	}
	for _, b := range booked {
		if b.Amount.Currency == zero.Currency {
			add(here, b.Payment, b.Amount)
		}
	}
	look := map[ident.Payment]bool{}
	drift := func(d Drift) {
		c.State = DriftFound
		if len(c.Drifts) < mostDrifts {
			c.Drifts = append(c.Drifts, d)
		}
	}
	c.State = Matched
	for _, m := range moved {
		today := !m.At.Before(from) && m.At.Before(to)
		if m.Amount.Currency != zero.Currency || m.Payment.IsZero() {
			if today {
				drift(Drift{Ref: m.Ref, AtProvider: m.Amount, InLedger: money.New(0, m.Amount.Currency)})
			}
			continue
		}
		add(there, m.Payment, m.Amount)
		if today {
			look[m.Payment] = true
			c.AtProvider = c.AtProvider.Add(m.Amount)
		}
	}
	for _, b := range inDay {
		if b.Amount.Currency == zero.Currency {
			look[b.Payment] = true
			c.InLedger = c.InLedger.Add(b.Amount)
		}
	}
	for id := range look {
		at, in := there[id], here[id]
		if at.Currency == "" {
			at = zero
		}
		if in.Currency == "" {
			in = zero
		}
		if at == in {
			c.Matched++
			continue
		}
		drift(Drift{Payment: id, AtProvider: at, InLedger: in})
	}
	slices.SortFunc(c.Drifts, func(a, b Drift) int { return strings.Compare(a.Payment.String()+a.Ref, b.Payment.String()+b.Ref) })
	return c
}

// Checks lists the comparisons, the newest day first.
func (s *Service) Checks(ctx context.Context, sc authz.Scope, p operator.Page) (operator.List[Check], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[Check], error) { return tx.CheckPage(p) })
}
