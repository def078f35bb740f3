package upkeep

import (
	"context"
	"maps"
	"slices"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
)

// Rules are what an operator and its windows of maintenance say of what is raised.
type Rules struct {
	Levels map[Type]Level // what the operator gives to a type; else the level built in
	Aside  bool           // a window of maintenance stands
}

// level is how bad a condition is for this operator; given says that the operator decided
// it. What may hurt somebody stays CRITICAL whatever anybody says.
func (r Rules) level(t Type, built Level) (l Level, given bool) {
	if built == Critical {
		return built, false
	}
	if l, given = r.Levels[t]; given {
		return l, true
	}
	return built, false
}

// LevelSettings are the levels that an operator gives to types of warnings.
type LevelSettings struct {
	Operator ident.Operator
	Levels   map[Type]Level
	Version  int64
}

// Settable are the levels that a type can be given: CRITICAL is about safety, and what has
// it never ends by itself.
var Settable = []Level{Info, Notice, Warn, Error}

// BuiltIn is the level of a type where the operator gives none. Some have more than one, by
// their code: lowest and highest are these.
func BuiltIn(t Type) (lowest, highest Level) {
	if l, one := levels[t]; one {
		return l, l
	}
	switch t {
	case ConnectorError:
		return Notice, Error
	case Security:
		return slices.Min(slices.Collect(maps.Values(securityLevels))), slices.Max(slices.Collect(maps.Values(securityLevels)))
	case CertExpiring:
		return expiryLevel(90), expiryLevel(0)
	}
	return Warn, Warn
}

// RulesTx is what rules need of a transaction.
type RulesTx interface {
	// LevelSettings gives an operator's levels; none, of version 1, where nobody set them.
	LevelSettings(ident.Operator) (LevelSettings, error)
	SaveLevelSettings(LevelSettings) error
	WindowTx
}

// applyWith is Apply with the rules of the operator, which are asked for only where the
// event raises something.
func applyWith(tx Tx, s Subject, ev Event, site ident.Site) (Outcome, error) {
	out := Apply(s, ev, tx.Now())
	if !slices.ContainsFunc(out.Warnings, Changed.raised) {
		return out, nil
	}
	set, err := tx.LevelSettings(s.Watch.Operator)
	if err != nil {
		return Outcome{}, err
	}
	s.Rules.Levels = set.Levels
	if !site.IsZero() || !s.Watch.Point.IsZero() {
		if s.Rules.Aside, err = tx.InWindow(s.Watch.Operator, site, s.Watch.Point, tx.Now()); err != nil {
			return Outcome{}, err
		}
	}
	if len(s.Rules.Levels) == 0 && !s.Rules.Aside {
		return out, nil
	}
	return Apply(s, ev, tx.Now()), nil
}

func (c Changed) raised() bool {
	return c.Was == 0 || slices.ContainsFunc(c.Entries, func(e Entry) bool { return e.Kind == Raised || e.Kind == Again })
}

// Levels gives the operator's levels.
func (s *Service) Levels(ctx context.Context, sc authz.Scope) (l LevelSettings, err error) {
	if sc.Operator().IsZero() {
		return l, errNoOperator()
	}
	err = s.read(ctx, sc, func(tx Tx) (err error) { l, err = tx.LevelSettings(sc.Operator()); return err })
	return l, err
}

func errNoOperator() error {
	return fault.New(fault.Denied, "operator_needed", "Enter an operator first.")
}

// SetLevels gives types of warnings other levels than those built in; a type that is not
// named has its own again. What stands keeps its level until it happens the next time.
func (s *Service) SetLevels(ctx context.Context, sc authz.Scope, levels map[Type]Level, version int64) (l LevelSettings, err error) {
	switch {
	case sc.Operator().IsZero():
		return l, errNoOperator()
	case !sc.Sub().IsZero():
		return l, fault.New(fault.Denied, "operator_only", "This is for the whole operator, and only its own staff decide it.")
	}
	for t, level := range levels {
		if !slices.Contains(Types, t) {
			return l, fault.BadInput("/levels", "has a type of warning that does not exist")
		}
		if !slices.Contains(Settable, level) {
			return l, fault.BadInput("/levels", "must be INFO, NOTICE, WARN or ERROR; CRITICAL is for what may hurt somebody")
		}
	}
	err = s.write(ctx, sc, func(tx Tx) error {
		before, err := tx.LevelSettings(sc.Operator())
		if err != nil {
			return err
		}
		if before.Version != version {
			return fault.Stale(before.Version, version)
		}
		l = LevelSettings{Operator: sc.Operator(), Levels: maps.Clone(levels), Version: version + 1}
		if err := tx.SaveLevelSettings(l); err != nil {
			return err
		}
		return tx.Audit("operator.warning_levels", sc.Operator().String(), levelWords(before.Levels), levelWords(l.Levels))
	})
	return l, err
}

func levelWords(levels map[Type]Level) map[Type]string {
	out := make(map[Type]string, len(levels))
	for t, l := range levels {
		out[t] = l.String()
	}
	return out
}
