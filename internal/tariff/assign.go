package tariff

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// MostPlaces is how many places one call assigns a plan at.
const MostPlaces = 200

// Assigning has a plan count for an audience at some places, in place of the one that does
// from the same instant on.
type Assigning struct {
	Plan ident.Plan // zero: none any more
	Audience
	From, Until time.Time // zero: always, for good
	Places      []Place
}

// codeForm is how promotion codes look: people read them out.
var codeForm = regexp.MustCompile(`^[A-Z0-9][A-Z0-9_-]{2,29}$`)

const longestLevel = 50

// CleanCode is a promotion code as it is kept, from how somebody typed it.
func CleanCode(typed string) string { return strings.ToUpper(strings.TrimSpace(typed)) }

func (a *Assigning) check() error {
	bad := faults{}
	a.Value = strings.TrimSpace(a.Value)
	switch a.Kind {
	case ForEveryone, ForRegistered, ForAdHoc:
		if a.Value != "" {
			bad.at("/audience", "takes no level, group or code")
		}
	case ForLevel:
		if n := len([]rune(a.Value)); n == 0 || n > longestLevel {
			bad.at("/membership_level", "must have 1 to %d characters", longestLevel)
		}
	case ForPromotion:
		if a.Value = CleanCode(a.Value); !codeForm.MatchString(a.Value) {
			bad.at("/promotion_code", "must have 3 to 30 letters, digits, - or _")
		}
	case ForGroup:
		if a.Value == "" {
			bad.at("/group_id", "must be there")
		}
	default:
		bad.at("/audience", "must be EVERYONE, AD_HOC, REGISTERED, LEVEL, GROUP or PROMOTION")
	}
	a.From, a.Until = a.From.UTC().Truncate(time.Second), a.Until.UTC().Truncate(time.Second)
	if !a.Until.IsZero() && !a.From.Before(a.Until) {
		bad.at("/until", "must be after from")
	}
	if n := len(a.Places); n == 0 || n > MostPlaces {
		bad.at("/places", "must be 1 to %d", MostPlaces)
	}
	return bad.err()
}

// plain: a plan for everyone, for good, which operators, sites and charge points have as a
// field of their own.
func (a *Assigning) plain() bool { return a.Kind == ForEveryone && a.From.IsZero() && a.Until.IsZero() }

// Assign has a plan count, or none, and tells at how many of the places that changed
// something.
func (s *Service) Assign(ctx context.Context, sc authz.Scope, q Assigning) (changed int, err error) {
	if err := q.check(); err != nil {
		return 0, err
	}
	if sc.Operator().IsZero() {
		return 0, fault.New(fault.Denied, "no_operator", "Plans belong to an operator: enter one first.")
	}
	return one(ctx, s.write, sc, func(tx Tx) (int, error) {
		var plan Plan
		if !q.Plan.IsZero() {
			var err error
			if plan, err = tx.CurrentPlan(q.Plan); err != nil {
				return 0, missingField(err, "/plan_id", "plan")
			}
		}
		if q.Kind == ForGroup {
			if id, err := ident.Parse[ident.Group](q.Value); err != nil {
				return 0, fault.BadInput("/group_id", "there is no such group")
			} else if _, err := tx.GroupByID(id); err != nil {
				return 0, missingField(err, "/group_id", "group")
			}
		}
		n := 0
		for i, p := range q.Places {
			did, err := assignAt(tx, sc, q, plan, p, fmt.Sprintf("/places/%d", i))
			if err != nil {
				return 0, err
			}
			if did {
				n++
			}
		}
		return n, nil
	})
}

// assignAt writes one place of an Assigning; at is where the input names it.
func assignAt(tx Tx, sc authz.Scope, q Assigning, plan Plan, p Place, at string) (bool, error) {
	sub, err := p.owner(tx, sc, at)
	if err != nil {
		return false, err
	}
	if !plan.Sub.IsZero() && plan.Sub != sub {
		return false, fault.BadInput(at, "is no place of the sub-operator whose plan it is")
	}
	if q.plain() {
		switch p.Kind() {
		case AtPoint:
			return asset.SetPointPlan(tx, p.Point, q.Plan)
		case AtSite:
			return asset.SetSitePlan(tx, p.Site, q.Plan)
		case AtOperator:
			return setDefault(tx, sc.Operator(), q.Plan)
		}
	}
	now := Assignment{Operator: sc.Operator(), Sub: sub, Plan: q.Plan, Place: p, Audience: q.Audience, From: q.From, Until: q.Until,
		CreatedAt: tx.Now(), Version: 1}
	was, found, err := tx.AssignmentLike(now)
	switch {
	case err != nil:
		return false, err
	case q.Plan.IsZero() && !found:
		return false, nil
	case q.Plan.IsZero():
		return true, unassign(tx, was)
	case !found:
		now.ID = ident.New[ident.Assignment](tx.Now())
		if err := tx.InsertAssignment(now); err != nil {
			return false, err
		}
		return true, tx.Audit("plan.assigned", now.ID.String(), nil, now)
	case was.Plan == q.Plan && was.Until.Equal(q.Until):
		return false, nil
	}
	now.ID, now.CreatedAt, now.Version = was.ID, was.CreatedAt, was.Version
	if err := tx.SaveAssignment(now); err != nil {
		return false, err
	}
	now.Version++
	return true, tx.Audit("plan.assigned", now.ID.String(), was, now)
}

// owner is the sub-operator whose place it is; zero: the operator's own. The place must be
// one that the scope sees.
func (p Place) owner(tx Tx, sc authz.Scope, at string) (ident.SubOperator, error) {
	switch p.Kind() {
	case AtConnector:
		cs, err := tx.ConnectorsOf(p.Point)
		if err != nil {
			return ident.SubOperator{}, err
		}
		known := false
		for _, c := range cs {
			known = known || c.Number == p.Connector
		}
		point, err := tx.PointByID(p.Point)
		if err == nil && !known {
			return point.Sub, fault.BadInput(at+"/connector", "there is no connector %d at this charge point", p.Connector)
		}
		return point.Sub, missingField(err, at+"/charge_point_id", "charge point")
	case AtPoint:
		point, err := tx.PointByID(p.Point)
		return point.Sub, missingField(err, at+"/charge_point_id", "charge point")
	case AtSite:
		site, err := tx.SiteByID(p.Site)
		return site.Sub, missingField(err, at+"/site_id", "site")
	case AtSub:
		if !sc.Sub().IsZero() && sc.Sub() != p.Sub {
			return p.Sub, fault.BadInput(at+"/sub_operator_id", "there is no such sub-operator")
		}
		_, err := tx.SubOperatorByID(p.Sub)
		return p.Sub, missingField(err, at+"/sub_operator_id", "sub-operator")
	}
	if !sc.Sub().IsZero() {
		return sc.Sub(), fault.BadInput(at, "must be a place of the sub-operator")
	}
	return ident.SubOperator{}, nil
}

func setDefault(tx Tx, id ident.Operator, plan ident.Plan) (bool, error) {
	before, err := tx.OperatorByID(id)
	if err != nil || before.DefaultPlan == plan {
		return false, err
	}
	after := before
	after.DefaultPlan = plan
	if err := tx.SaveOperator(after); err != nil {
		return false, err
	}
	after.Version++
	return true, tx.Audit("operator.changed", id.String(), before, after)
}

// missingField turns "there is no such …" about a field of the input into an invalid input;
// other errors pass.
func missingField(err error, pointer, what string) error {
	if fault.Is(err, fault.Missing) {
		return fault.BadInput(pointer, "there is no such %s", what)
	}
	return err
}

// Unassign ends an assignment that has this version.
func (s *Service) Unassign(ctx context.Context, sc authz.Scope, id ident.Assignment, version int64) error {
	return s.write(ctx, sc, func(tx Tx) error {
		a, err := tx.AssignmentByID(id)
		if err != nil {
			return err
		}
		if a.Version != version {
			return fault.Stale(a.Version, version)
		}
		return unassign(tx, a)
	})
}

func unassign(tx Tx, a Assignment) error {
	if err := tx.DeleteAssignment(a); err != nil {
		return err
	}
	return tx.Audit("plan.unassigned", a.ID.String(), a, nil)
}

// GroupPriced reports whether a plan is assigned to the group.
func GroupPriced(tx Tx, id ident.Group) (bool, error) {
	l, err := tx.AssignmentPage(AssignmentFilter{Group: id}, operator.Page{Limit: 1, Quick: true})
	return len(l.Items) > 0, err
}

// AssignmentFilter narrows a list of assignments; zero fields do not narrow.
type AssignmentFilter struct {
	Plan  ident.Plan
	Group ident.Group
	Kind  AudienceKind
	Site  ident.Site        // of the site itself
	Point ident.ChargePoint // of the charge point and its connectors
}

// AssignmentRow is an assignment with the names that lists show beside it, "" where there
// is none or the scope does not see it.
type AssignmentRow struct {
	Assignment
	PlanName  string
	PlaceName string
	GroupName string
}

// Assignments lists them, the newest first.
func (s *Service) Assignments(ctx context.Context, sc authz.Scope, f AssignmentFilter, p operator.Page) (operator.List[AssignmentRow], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[AssignmentRow], error) { return tx.AssignmentPage(f, p) })
}
