package tariff

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
)

// MostAudiences bounds the columns of a matrix.
const MostAudiences = 12

// Matrix says which plan prices a start at each of some spots for each audience.
type Matrix struct {
	Audiences []NamedAudience // the columns: registered, ad hoc, then those that plans are assigned for
	More      bool            // there are more audiences than MostAudiences
	Cells     [][]Choice      // by spot, by audience
	Names     map[ident.Plan]string
}

// asker is somebody of the audience and of no other.
func (a Audience) asker() Asker {
	who := Asker{Registered: a.Kind != ForAdHoc}
	switch a.Kind {
	case ForGroup:
		who.Group, _ = ident.Parse[ident.Group](a.Value) // what was stored is one
	case ForLevel:
		who.Level = a.Value
	case ForPromotion:
		who.Promotion = a.Value
	}
	return who
}

// Matrix works out which plan counts where and for whom at an instant. The spots are ones
// that the caller sees.
func (s *Service) Matrix(ctx context.Context, sc authz.Scope, spots []Spot, at time.Time) (Matrix, error) {
	m := Matrix{Names: map[ident.Plan]string{}, Audiences: []NamedAudience{{Audience: Audience{Kind: ForRegistered}}, {Audience: Audience{Kind: ForAdHoc}}}}
	err := s.read(ctx, sc, func(tx Tx) error {
		named, err := tx.Audiences(MostAudiences + 1)
		if m.More = len(named) > MostAudiences; m.More {
			named = named[:MostAudiences]
		}
		m.Audiences = append(m.Audiences[:2], named...)
		return err
	})
	if err != nil || len(spots) == 0 {
		return m, err
	}
	err = s.read(ctx, sc.WithinSession(), func(tx Tx) error {
		m.Cells = nil
		all, err := tx.AssignmentsAt(spots)
		if err != nil {
			return err
		}
		defaults := map[ident.Operator]ident.Plan{}
		for _, spot := range spots {
			def, known := defaults[spot.Operator]
			if !known {
				o, err := tx.OperatorByID(spot.Operator)
				if err != nil {
					return err
				}
				def, defaults[spot.Operator] = o.DefaultPlan, o.DefaultPlan
			}
			spot.Default = def
			var row []Choice
			for _, a := range m.Audiences {
				c := Choose(all, spot, a.asker(), at)
				if c.WithDefault(ident.Plan{}); !c.Plan.IsZero() && m.Names[c.Plan] == "" {
					p, err := tx.CurrentPlan(c.Plan)
					if err != nil {
						return err
					}
					m.Names[c.Plan] = p.Name
				}
				row = append(row, c)
			}
			m.Cells = append(m.Cells, row)
		}
		return nil
	})
	return m, err
}
