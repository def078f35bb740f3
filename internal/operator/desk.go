package operator

import (
	"context"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

// View is a list as an account likes to see it: filters and order under a name.
type View struct {
	ID        ident.View
	Operator  ident.Operator // where it is used: an owner inside an operator has some there
	Sub       ident.SubOperator
	Staff     ident.Staff
	List      string // word of the screen
	Name      string
	Query     string // of the screen's address; may name persons
	Default   bool   // the screen opens with it; one per list
	CreatedAt time.Time
}

// ViewChange changes the fields that are there.
type ViewChange struct {
	Name, Query *string
	Default     *bool
}

// Columns are what an account changed of a list's columns.
type Columns struct {
	Operator ident.Operator
	Sub      ident.SubOperator
	Staff    ident.Staff
	List     string
	Choice   map[string]bool // column → shown
	SavedAt  time.Time
}

// How much an account may keep.
const (
	ViewsPerAccount = 200
	ListsPerAccount = 100
	maxViewName     = 60
	maxViewQuery    = 2000
	maxColumns      = 100
)

var listWord = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// DeskTx keeps what accounts set up for themselves.
type DeskTx interface {
	ViewPage(of ident.Staff, list string, p Page) (List[View], error)
	ViewByID(ident.View) (View, error)
	InsertView(View) error
	SaveView(View) error
	DeleteView(ident.View) error
	// NoDefaultView takes the mark off the account's default of the list.
	NoDefaultView(of ident.Staff, list string) error
	ColumnsPage(of ident.Staff, p Page) (List[Columns], error)
	SaveColumns(Columns) error
}

func (v View) check() error {
	switch n := utf8.RuneCountInString(v.Name); {
	case !listWord.MatchString(v.List):
		return errListWord("/list")
	case n < 1 || n > maxViewName:
		return fault.BadInput("/name", "must have 1 to %d characters", maxViewName)
	case len(v.Query) > maxViewQuery:
		return fault.BadInput("/query", "must be at most %d bytes", maxViewQuery)
	}
	return nil
}

func errListWord(pointer string) error {
	return fault.BadInput(pointer, "must be a word of small letters, digits and _")
}

// Views lists the caller's own; list "" is all lists.
func (s *Service) Views(ctx context.Context, c Caller, list string, p Page) (List[View], error) {
	return one(ctx, s.read, c.Scope, func(tx Tx) (List[View], error) { return tx.ViewPage(c.Staff.ID, list, p) })
}

// CreateView keeps a view for the caller.
func (s *Service) CreateView(ctx context.Context, c Caller, v View) (View, error) {
	return one(ctx, s.write, c.Scope, func(tx Tx) (View, error) {
		v.ID, v.Operator, v.Sub, v.Staff = ident.New[ident.View](tx.Now()), c.Scope.Operator(), c.Scope.Sub(), c.Staff.ID
		v.Name, v.Query, v.CreatedAt = clean(v.Name), strings.TrimPrefix(v.Query, "?"), tx.Now()
		if err := v.check(); err != nil {
			return v, err
		}
		have, err := tx.ViewPage(c.Staff.ID, "", Page{})
		if err != nil {
			return v, err
		}
		if have.Total >= ViewsPerAccount {
			return v, fault.New(fault.Limit, "too_many_views", "You keep %d views. Delete some first.", ViewsPerAccount)
		}
		if v.Default {
			if err := tx.NoDefaultView(v.Staff, v.List); err != nil {
				return v, err
			}
		}
		return v, tx.InsertView(v)
	})
}

// UpdateView changes one of the caller's.
func (s *Service) UpdateView(ctx context.Context, c Caller, id ident.View, ch ViewChange) (View, error) {
	return one(ctx, s.write, c.Scope, func(tx Tx) (View, error) {
		v, err := ownView(tx, c, id)
		if err != nil {
			return v, err
		}
		if ch.Name != nil {
			v.Name = clean(*ch.Name)
		}
		if ch.Query != nil {
			v.Query = strings.TrimPrefix(*ch.Query, "?")
		}
		if ch.Default != nil {
			v.Default = *ch.Default
		}
		if err := v.check(); err != nil {
			return v, err
		}
		if v.Default {
			if err := tx.NoDefaultView(v.Staff, v.List); err != nil {
				return v, err
			}
		}
		return v, tx.SaveView(v)
	})
}

// DeleteView forgets one of the caller's.
func (s *Service) DeleteView(ctx context.Context, c Caller, id ident.View) error {
	return s.write(ctx, c.Scope, func(tx Tx) error {
		if _, err := ownView(tx, c, id); err != nil {
			return err
		}
		return tx.DeleteView(id)
	})
}

func ownView(tx Tx, c Caller, id ident.View) (View, error) {
	v, err := tx.ViewByID(id)
	if err == nil && v.Staff != c.Staff.ID {
		return View{}, fault.NotFound("view")
	}
	return v, err
}

// ColumnsOf lists what the caller changed, a row per list.
func (s *Service) ColumnsOf(ctx context.Context, c Caller, p Page) (List[Columns], error) {
	return one(ctx, s.read, c.Scope, func(tx Tx) (List[Columns], error) { return tx.ColumnsPage(c.Staff.ID, p) })
}

// SaveColumns replaces the caller's choice for a list; an empty one takes it back.
func (s *Service) SaveColumns(ctx context.Context, c Caller, list string, choice map[string]bool) (Columns, error) {
	return one(ctx, s.write, c.Scope, func(tx Tx) (Columns, error) {
		out := Columns{Operator: c.Scope.Operator(), Sub: c.Scope.Sub(), Staff: c.Staff.ID, List: list, Choice: choice, SavedAt: tx.Now()}
		if !listWord.MatchString(list) {
			return out, errListWord("/list")
		}
		if len(choice) > maxColumns {
			return out, fault.BadInput("/columns", "must be at most %d", maxColumns)
		}
		for name := range choice {
			if !listWord.MatchString(name) {
				return out, errListWord("/columns")
			}
		}
		have, err := tx.ColumnsPage(c.Staff.ID, Page{})
		if err != nil {
			return out, err
		}
		if have.Total >= ListsPerAccount {
			return out, fault.New(fault.Limit, "too_many_lists", "Columns are kept for %d lists at most.", ListsPerAccount)
		}
		return out, tx.SaveColumns(out)
	})
}
