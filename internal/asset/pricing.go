package asset

import "ccms/internal/ident"

// SetPointPlan gives a charge point another plan for everyone, or none, in the caller's
// commit; changed is false where it has it already. Whether there is such a plan the caller
// has seen.
func SetPointPlan(tx Tx, id ident.ChargePoint, plan ident.Plan) (changed bool, err error) {
	if _, err := tx.LockPoint(id); err != nil {
		return false, err
	}
	before, err := View(tx, id)
	if err != nil || before.Plan == plan {
		return false, err
	}
	p := before.ChargePoint
	p.Plan = plan
	if err := tx.SavePoint(p, p.Version); err != nil {
		return false, err
	}
	after, err := View(tx, id)
	if err != nil {
		return false, err
	}
	return true, tx.Audit("charge_point.changed", id.String(), before, after)
}

// SetSitePlan is SetPointPlan for a site.
func SetSitePlan(tx Tx, id ident.Site, plan ident.Plan) (changed bool, err error) {
	before, err := tx.SiteByID(id)
	if err != nil || before.Plan == plan {
		return false, err
	}
	after := before
	after.Plan = plan
	_, err = saveSite(tx, "site.changed", before, after, before.Version)
	return err == nil, err
}
