package asset

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// capabilityFor is what is known of the model of a point.
func capabilityFor(tx Tx, p ChargePoint) (Capability, error) {
	if p.Vendor == "" && p.Model == "" { // it has not said what it is
		return Capability{}, nil
	}
	models, err := tx.ModelsNamed(p.Operator, fold(p.Vendor), fold(p.Model))
	return capabilityOf(models, p), err
}

// learned changes what is known of the point's model by its answers. A device that has not
// said what it is teaches nothing, nor does one past maxModels.
func learned(tx Tx, p ChargePoint, change func(*Learned)) error {
	if p.Vendor == "" && p.Model == "" {
		return nil
	}
	m, known, err := tx.LockModel(p.Operator, fold(p.Vendor), fold(p.Model), fold(p.Firmware))
	if err != nil {
		return err
	}
	if !known {
		n, err := tx.CountModels(p.Operator)
		if err != nil || n >= maxModels {
			return err
		}
		m = Model{ID: ident.New[ident.Model](tx.Now()), Operator: p.Operator, Vendor: p.Vendor, Name: p.Model, Firmware: p.Firmware}
		if m, err = tx.InsertModel(m); err != nil {
			return err
		}
	}
	change(&m.Learned)
	m.LearnedAt = tx.Now()
	return tx.SaveLearned(m)
}

// unlearned forgets what only this charge point has shown of its model.
func unlearned(tx Tx, p ChargePoint) error {
	m, known, err := tx.LockModel(p.Operator, fold(p.Vendor), fold(p.Model), fold(p.Firmware))
	if err != nil || !known {
		return err
	}
	found := false
	for _, of := range []map[string]Evidence{m.Learned.Actions, m.Learned.Keys, m.Learned.Effects} {
		found = forget(of, p.ID) || found
	}
	if !found {
		return nil
	}
	return tx.SaveLearned(m)
}

// learnAnswer takes what an answer tells of the model: what it does not support, which
// settings it does not have, and which charging profile passed after another was refused.
func learnAnswer(tx Tx, c Command, a Answer) error {
	args, err := c.Arguments()
	if err != nil {
		return err
	}
	var change func(*Learned)
	at := tx.Now()
	switch g := args.(type) {
	case RemoteStop, DataTransfer: // the one is always tried, the other a vendor's own
		return nil
	case ChangeConfig:
		if a.State == CommandNotSupported && a.Part {
			change = func(l *Learned) { note(&l.Keys, g.Key, 1, c.Point, at) }
		}
	case GetConfig:
		if a.State == CommandAccepted && len(g.Keys) > 0 && len(a.Unknown) > 0 {
			change = func(l *Learned) {
				for _, k := range a.Unknown {
					note(&l.Keys, k, 1, c.Point, at)
				}
			}
		}
	case SetProfile:
		if a.State == CommandAccepted && g.Try != "" {
			change = func(l *Learned) { note(&l.Profiles, g.Try, 1, c.Point, at) }
		}
	}
	if change == nil && a.State == CommandNotSupported {
		names := capableNames(args)
		what := names[0]
		if a.Part {
			what = names[len(names)-1]
		}
		change = func(l *Learned) { note(&l.Actions, what, 1, c.Point, at) }
	}
	if change == nil {
		return nil
	}
	p, err := tx.PointByID(c.Point)
	if err != nil {
		return err
	}
	return learned(tx, p, change)
}

// ModelKey is what a device says that it is.
type ModelKey struct{ Vendor, Model, Firmware string }

// LearnFlaws takes what the messages of a model had wrong, counted by its doors.
func (s *Service) LearnFlaws(ctx context.Context, op ident.Operator, k ModelKey, flaws map[string]int) error {
	return s.write(ctx, authz.ForSystem(op, "flaws of messages"), func(tx Tx) error {
		p := ChargePoint{Operator: op, Vendor: cut(k.Vendor), Model: cut(k.Model), Firmware: cut(k.Firmware)}
		return learned(tx, p, func(l *Learned) {
			for f, n := range flaws {
				note(&l.Flaws, f, n, ident.ChargePoint{}, tx.Now())
			}
		})
	})
}

// Capability is what is known of the model of a point.
func (s *Service) Capability(ctx context.Context, sc authz.Scope, id ident.ChargePoint) (Capability, error) {
	return one(ctx, s.read, sc, func(tx Tx) (Capability, error) {
		p, err := tx.PointByID(id)
		if err != nil {
			return Capability{}, err
		}
		return capabilityFor(tx, p)
	})
}

// ModelFilter narrows a list of models; zero fields do not narrow.
type ModelFilter struct {
	Name string // how vendor and model begin
}

// Models lists what is known of models.
func (s *Service) Models(ctx context.Context, sc authz.Scope, f ModelFilter, p operator.Page) (operator.List[Model], error) {
	if !sc.Sub().IsZero() { // it counts for their charge points, and is the operator's
		return operator.List[Model]{}, nil
	}
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[Model], error) { return tx.ListModels(f, p) })
}

// Model is one record.
func (s *Service) Model(ctx context.Context, sc authz.Scope, id ident.Model) (Model, error) {
	if !sc.Sub().IsZero() {
		return Model{}, fault.NotFound("model")
	}
	return one(ctx, s.read, sc, func(tx Tx) (Model, error) { return tx.ModelByID(id) })
}

// modelTaken is the fault for a record that is there.
var modelTaken = fault.New(fault.Conflict, "model_known", "There is a record of this model and firmware already. Change that one.")

// CreateModel makes a record by hand.
func (s *Service) CreateModel(ctx context.Context, sc authz.Scope, m Model) (Model, error) {
	m, err := m.checked()
	if err != nil {
		return m, err
	}
	if err := wholeOperator(sc); err != nil {
		return m, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (Model, error) {
		n := m
		n.Operator, n.Learned, n.LearnedAt = sc.Operator(), Learned{}, time.Time{}
		switch _, known, err := tx.LockModel(n.Operator, fold(n.Vendor), fold(n.Name), fold(n.Firmware)); {
		case err != nil:
			return n, err
		case known:
			return n, modelTaken
		}
		if have, err := tx.CountModels(n.Operator); err != nil || have >= maxModels {
			if err == nil {
				err = fault.New(fault.Limit, "too_many_models", "There are %d records already; delete some that are of no use.", have)
			}
			return n, err
		}
		n.ID = ident.New[ident.Model](tx.Now())
		n, err := tx.InsertModel(n)
		if err != nil {
			return n, err
		}
		return n, tx.Audit("model.created", n.ID.String(), nil, n)
	})
}

// UpdateModel changes what staff say of a model that has this version. Forget takes away
// what was learned.
func (s *Service) UpdateModel(ctx context.Context, sc authz.Scope, id ident.Model, q Quirks, note string, forget bool, version int64) (Model, error) {
	if !sc.Sub().IsZero() {
		return Model{}, fault.NotFound("model")
	}
	return one(ctx, s.write, sc, func(tx Tx) (Model, error) {
		before, err := tx.ModelByID(id)
		if err != nil {
			return before, err
		}
		after := before
		after.Quirks, after.Note = q, note
		if after, err = after.checked(); err != nil {
			return before, err
		}
		if err := tx.SaveModel(after, version); err != nil {
			return before, err
		}
		if forget {
			after.Learned, after.LearnedAt = Learned{}, time.Time{}
			if err := tx.SaveLearned(after); err != nil {
				return before, err
			}
		}
		after.Version = version + 1
		return after, tx.Audit("model.changed", id.String(), before, after)
	})
}

// DeleteModel removes a record; what its charge points answer is learned anew.
func (s *Service) DeleteModel(ctx context.Context, sc authz.Scope, id ident.Model, version int64) error {
	if !sc.Sub().IsZero() {
		return fault.NotFound("model")
	}
	return s.write(ctx, sc, func(tx Tx) error {
		m, err := tx.ModelByID(id)
		if err != nil {
			return err
		}
		if err := tx.DeleteModel(id, version); err != nil {
			return err
		}
		return tx.Audit("model.deleted", id.String(), m, nil)
	})
}
