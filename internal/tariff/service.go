package tariff

import (
	"time"

	"context"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
)

// Version names a version of a plan.
type Version struct {
	Plan    ident.Plan
	Number  int
	SavedAt time.Time // in force from then on
}

// Tx is what this package needs of a transaction.
type Tx interface {
	member.Tx
	OperatorByID(ident.Operator) (operator.Operator, error)
	SaveOperator(operator.Operator) error

	// PlanVersion is one version of a plan, for as long as a session may name it.
	PlanVersion(id ident.Plan, number int) (Plan, error)
	// CurrentPlan is the newest version, locked against a save by somebody else where
	// the transaction writes.
	CurrentPlan(ident.Plan) (Plan, error)
	// NewestVersion is the newest version of the plan, or of the operator's default where
	// none is named; false where there is none either.
	NewestVersion(id ident.Plan, op ident.Operator) (Version, bool, error)
	// PlanInForce is the version that was in force at an instant; before the first one
	// was saved, that one (PRICE-R3).
	PlanInForce(id ident.Plan, at time.Time) (Plan, error)
	PlanPage(Filter, operator.Page) (operator.List[Plan], error)
	// InsertPlan writes a plan with its first version.
	InsertPlan(Plan) error
	// SavePlan writes a new version of a plan whose row still has p.Version; it
	// raises that by one, else it is fault.Stale.
	SavePlan(Plan) error

	// AssignmentsFor are the assignments at the spot's places for the audiences that the
	// asker belongs to: what a start may be priced by. It is asked with each of them.
	AssignmentsFor(Spot, Asker) ([]Assignment, error)
	// AssignmentsAt are all assignments at the places of spots, whoever they are for.
	AssignmentsAt([]Spot) ([]Assignment, error)
	// Audiences are those that plans are assigned for anywhere, at most limit, with the
	// names of groups.
	Audiences(limit int) ([]NamedAudience, error)
	AssignmentByID(ident.Assignment) (Assignment, error)
	// AssignmentLike is the one for the same audience at the same place from the same instant.
	AssignmentLike(Assignment) (Assignment, bool, error)
	InsertAssignment(Assignment) error // conflict "assignment_exists"
	// SaveAssignment writes plan and end where the row still has a.Version, else fault.Stale.
	SaveAssignment(Assignment) error
	DeleteAssignment(Assignment) error // the same
	AssignmentPage(AssignmentFilter, operator.Page) (operator.List[AssignmentRow], error)
}

// NamedAudience is an audience with the name of its group.
type NamedAudience struct {
	Audience
	GroupName string
}

// Run opens the one transaction of a call.
type Run func(context.Context, authz.Scope, func(Tx) error) error

// Filter narrows a list of plans.
type Filter struct {
	Name string // prefix, any case
}

// Service is what doors call.
type Service struct{ write, read Run }

// New makes the service. write joins the group commit, read is a snapshot.
func New(write, read Run) *Service { return &Service{write: write, read: read} }

// CreatePlan makes a plan in the scope's operator, or sub-operator.
func (s *Service) CreatePlan(ctx context.Context, sc authz.Scope, d Draft) (Plan, error) {
	p, err := d.Plan()
	if err != nil {
		return Plan{}, err
	}
	if sc.Operator().IsZero() {
		return Plan{}, fault.New(fault.Denied, "no_operator", "Plans belong to an operator: enter one first.")
	}
	return one(ctx, s.write, sc, func(tx Tx) (Plan, error) {
		p := p
		p.ID = ident.New[ident.Plan](tx.Now())
		p.Operator, p.Sub = sc.Operator(), sc.Sub()
		p.Number, p.Version, p.SavedAt = 1, 1, tx.Now()
		if err := sameCurrency(tx, p); err != nil {
			return Plan{}, err
		}
		if err := tx.InsertPlan(p); err != nil {
			return Plan{}, err
		}
		return p, tx.Audit("plan.created", p.ID.String(), nil, p)
	})
}

// SavePlan makes a new version of a plan whose row has the version given. Sessions
// that run keep theirs (PRICE-R3).
func (s *Service) SavePlan(ctx context.Context, sc authz.Scope, id ident.Plan, version int64, d Draft) (Plan, error) {
	p, err := d.Plan()
	if err != nil {
		return Plan{}, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (Plan, error) {
		before, err := tx.CurrentPlan(id)
		if err != nil {
			return Plan{}, err
		}
		if before.Version != version {
			return Plan{}, fault.Stale(before.Version, version)
		}
		after := p
		after.ID, after.Operator, after.Sub = before.ID, before.Operator, before.Sub
		after.Number, after.Version, after.SavedAt = before.Number+1, before.Version, tx.Now()
		if err := sameCurrency(tx, after); err != nil {
			return Plan{}, err
		}
		if err := tx.SavePlan(after); err != nil {
			return Plan{}, err
		}
		after.Version++
		return after, tx.Audit("plan.changed", id.String(), before, after)
	})
}

// sameCurrency: the accounts of an operator are kept in its currency, and nothing
// here knows a rate (BILL-R10).
func sameCurrency(tx Tx, p Plan) error {
	o, err := tx.OperatorByID(p.Operator)
	if err != nil {
		return err
	}
	if o.Currency != p.Currency {
		return fault.BadInput("/currency", "must be %s, the currency of the operator's accounts", o.Currency)
	}
	return nil
}

// Plans lists plans, each in its newest version.
func (s *Service) Plans(ctx context.Context, sc authz.Scope, f Filter, page operator.Page) (operator.List[Plan], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[Plan], error) { return tx.PlanPage(f, page) })
}

// Plan is one version of a plan; number 0 is the newest.
func (s *Service) Plan(ctx context.Context, sc authz.Scope, id ident.Plan, number int) (Plan, error) {
	return one(ctx, s.read, sc, func(tx Tx) (Plan, error) {
		if number == 0 {
			return tx.CurrentPlan(id)
		}
		return tx.PlanVersion(id, number)
	})
}

// one runs fn in a transaction and returns what its last run gave.
func one[T any](ctx context.Context, run Run, sc authz.Scope, fn func(Tx) (T, error)) (T, error) {
	var out, none T
	err := run(ctx, sc, func(tx Tx) (err error) {
		out, err = fn(tx)
		return err
	})
	if err != nil {
		return none, err
	}
	return out, nil
}
