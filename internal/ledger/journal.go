package ledger

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/operator"
)

// Days is a range of booking dates on the operator's clock, both days in it; "" is open
// to that side.
type Days struct{ First, Last string }

// JournalFilter narrows the postings; zero fields do not.
type JournalFilter struct {
	Days
	From, To time.Time // of Days, half-open
	Book     Book
	Account  ident.Account // one wallet
	Number   string        // the same by its number, whole
	Currency money.Currency
	Kind     EntryKind
	Session  ident.Session
	Recharge ident.Recharge
}

// JournalLine is a posting with what it is of.
type JournalLine struct {
	Entry           ident.Entry
	Line            int // from 1
	Booked          time.Time
	Event           time.Time
	At              time.Time // when it was written
	Kind            EntryKind
	Posting                // above 0: credit, below 0: debit
	ChargingAccount string // the number of a wallet
	Session         ident.Session
	OCPPID          int64 // of the session
	Recharge        ident.Recharge
	TransactionID   string      // of the recharge
	Corrects        ident.Entry // what it corrects
}

// Debit and Credit are the sides of a posting, the other one nothing.
func (p Posting) Debit() money.Amount {
	return money.New(max(0, -p.Amount.Minor), p.Amount.Currency)
}

// Credit is the other side.
func (p Posting) Credit() money.Amount {
	return money.New(max(0, p.Amount.Minor), p.Amount.Currency)
}

// TrialLine is what is booked on one book in a range of days.
type TrialLine struct {
	Currency money.Currency
	Book     Book
	Opening  money.Amount // credit above 0, debit below 0
	Debit    money.Amount // ≥ 0
	Credit   money.Amount // ≥ 0
	Postings int          // in the range
}

// Closing is what the book comes to at the end of the range.
func (l TrialLine) Closing() money.Amount { return l.Opening.Add(l.Credit).Sub(l.Debit) }

// Trial is the trial balance of a range of days.
type Trial struct {
	From, To time.Time // half-open; From is zero where the range begins with the books
	Zone     string    // of the days
	Lines    []TrialLine
	Totals   []TrialLine // one for each currency: Opening and Closing are 0, Debit is Credit
	Closed   time.Time   // until when the books are closed; Never
}

const dayForm = "2006-01-02"

// resolve turns the days into instants.
func (f *JournalFilter) resolve(tx Tx, op ident.Operator) (*time.Location, error) {
	loc, err := zone(tx, op)
	if err != nil {
		return nil, err
	}
	if f.First != "" {
		if f.From, err = time.ParseInLocation(dayForm, f.First, loc); err != nil {
			return nil, fault.BadInput("/query/from", "must be a date, like 2026-10-01")
		}
	}
	if f.Last != "" {
		last, err := time.ParseInLocation(dayForm, f.Last, loc)
		if err != nil {
			return nil, fault.BadInput("/query/to", "must be a date, like 2026-10-31")
		}
		f.To = last.AddDate(0, 0, 1)
		if f.To.Before(f.From) {
			return nil, fault.BadInput("/query/to", "must not be before from")
		}
	}
	return loc, nil
}

// Trial sums each book in a range of days. With a book, a wallet or a currency in the
// filter it is the head of that statement, which need not come to nothing.
func (s *Service) Trial(ctx context.Context, sc authz.Scope, f JournalFilter) (Trial, error) {
	return one(ctx, s.read, sc, func(tx Tx) (Trial, error) {
		loc, err := f.resolve(tx, sc.Operator())
		if err != nil {
			return Trial{}, err
		}
		if f.To.IsZero() {
			f.To = tx.Now().Add(time.Microsecond)
		}
		out := Trial{From: f.From, To: f.To, Zone: loc.String()}
		if out.Lines, err = tx.TrialLines(f); err != nil {
			return Trial{}, err
		}
		if out.Closed, err = tx.ClosedUntil(sc.Operator()); err != nil {
			return Trial{}, err
		}
		out.Totals = totals(out.Lines)
		return out, nil
	})
}

// totals adds the lines of each currency, which stand together.
func totals(lines []TrialLine) []TrialLine {
	var out []TrialLine
	for _, l := range lines {
		if n := len(out); n == 0 || out[n-1].Currency != l.Currency {
			none := money.New(0, l.Currency)
			out = append(out, TrialLine{Currency: l.Currency, Opening: none, Debit: none, Credit: none})
		}
		t := &out[len(out)-1]
		t.Opening, t.Debit, t.Credit = t.Opening.Add(l.Opening), t.Debit.Add(l.Debit), t.Credit.Add(l.Credit)
		t.Postings += l.Postings
	}
	return out
}

// Sound is an error unless the trial balance comes to nothing in each currency.
func (t Trial) Sound() error {
	for _, l := range t.Totals {
		if l.Opening.Minor != 0 || l.Debit != l.Credit {
			return fault.New(fault.Internal, "books_unbalanced", "The books do not balance in %s: %s are carried over, debit is %s, credit is %s.",
				l.Currency, l.Opening, l.Debit, l.Credit)
		}
	}
	return nil
}

// Journal lists postings by the date that they are booked for.
func (s *Service) Journal(ctx context.Context, sc authz.Scope, f JournalFilter, p operator.Page) (operator.List[JournalLine], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[JournalLine], error) {
		if _, err := f.resolve(tx, sc.Operator()); err != nil {
			return operator.List[JournalLine]{}, err
		}
		return tx.JournalPage(f, p)
	})
}

// EntryDetail is an entry with both of its sides.
type EntryDetail struct {
	Entry
	Lines     []JournalLine
	TakenBack *Entry // by what
}

// EntryDetail is one entry.
func (s *Service) EntryDetail(ctx context.Context, sc authz.Scope, id ident.Entry) (EntryDetail, error) {
	return one(ctx, s.read, sc, func(tx Tx) (EntryDetail, error) {
		e, err := tx.EntryByID(id)
		if err != nil {
			return EntryDetail{}, err
		}
		out := EntryDetail{Entry: e}
		if out.Lines, err = tx.JournalOf(id); err != nil {
			return out, err
		}
		by, found, err := tx.TakenBackBy(e)
		if found {
			out.TakenBack = &by
		}
		return out, err
	})
}
