package store

import (
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/tariff"
)

var _ = table("plan_assignments", wideRead, plain(`id operator_id sub_operator_id plan_id place place_id connector audience audience_value audience_key
	group_id from_at until_at created_at version`))

const assignmentCols = `a.id, a.operator_id, a.sub_operator_id, a.plan_id, a.place, a.place_id, a.connector, a.audience, a.audience_value,
	a.from_at, a.until_at, a.created_at, a.version`

// mostAssignments bounds what is read of places at once.
const mostAssignments = 2000

var (
	qAssignmentInsert = stmt(`INSERT INTO plan_assignments (operator_id, sub_operator_id, id, plan_id, place, place_id, connector, audience,
			audience_value, audience_key, group_id, from_at, until_at, created_at, version)
		VALUES ({{own plan_assignments}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qAssignmentSave = stmt(`UPDATE plan_assignments SET plan_id = ?, until_at = ?, version = version + 1
		WHERE {{scope plan_assignments plan_assignments}} AND id = ? AND version = ?`)
	qAssignmentDelete = stmt(`DELETE FROM plan_assignments WHERE {{scope plan_assignments plan_assignments}} AND id = ? AND version = ?`)
	qAssignmentForget = stmt(`DELETE FROM plan_assignments WHERE {{scope plan_assignments plan_assignments key}} AND place_id = ?`)
	qAssignmentRev    = stmt(`SELECT a.version FROM plan_assignments a WHERE {{scope plan_assignments a}} AND a.id = ?`)
	qAssignment       = stmt(`SELECT ` + assignmentCols + ` FROM plan_assignments a WHERE {{scope plan_assignments a}} AND a.id = ?`)
	qAssignmentLike   = stmt(`SELECT ` + assignmentCols + ` FROM plan_assignments a WHERE {{scope plan_assignments a key}}
		AND a.place_id = ? AND a.audience_key = ? AND a.connector = ? AND a.from_at = ?`)
	// With each start: the places are the operator, the sub-operator, the site and the charge
	// point, the audiences those that the driver belongs to.
	qAssignmentsFor = stmt(`SELECT ` + assignmentCols + ` FROM plan_assignments a WHERE {{scope plan_assignments a key}}
		AND a.place_id IN (?, ?, ?, ?) AND a.audience_key IN (?, ?, ?, ?, ?) LIMIT 200`)
	qAssignmentsAt = stmt(`SELECT ` + assignmentCols + ` FROM plan_assignments a WHERE {{scope plan_assignments a key}}
		AND {{in a.place_id}} ORDER BY a.id LIMIT ?`)
	qAudiences = stmt(`SELECT DISTINCT a.audience, a.audience_value, g.name FROM plan_assignments a
		LEFT JOIN driver_groups g ON {{scope driver_groups g}} AND g.id = a.group_id
		WHERE {{scope plan_assignments a}} AND a.audience IN ('GROUP', 'LEVEL', 'PROMOTION') ORDER BY 1, 2 LIMIT ?`)

	assignmentList = listing(listSpec{
		Cols: assignmentCols + `, v.name, coalesce(t.name, p.name, u.name, o.name), g.name`,
		From: `plan_assignments a
			LEFT JOIN plans l ON {{scope plans l}} AND l.id = a.plan_id
			LEFT JOIN plan_versions v ON {{scope plan_versions v}} AND v.plan_id = l.id AND v.version_no = l.version_no
			LEFT JOIN sites t ON {{scope sites t}} AND t.id = a.place_id
			LEFT JOIN charge_points p ON {{scope charge_points p}} AND p.id = a.place_id
			LEFT JOIN sub_operators u ON {{scope sub_operators u}} AND u.id = a.place_id
			LEFT JOIN operators o ON {{scope operators o}} AND o.id = a.place_id
			LEFT JOIN driver_groups g ON {{scope driver_groups g}} AND g.id = a.group_id`,
		Count: `plan_assignments a`,
		Where: `{{scope plan_assignments a}} {{if plan}} AND a.plan_id = ? {{end}} {{if group}} AND a.group_id = ? {{end}}
			{{if audience}} AND a.audience = ? {{end}} {{if place}} AND a.place_id = ? {{end}}`,
		ID: `a.id`, Sorts: map[string]string{"created_at": `a.created_at`}, Sort: "-created_at",
	})
)

// placeID is the id of what an assignment counts at.
func placeID(a *tariff.Assignment) []byte {
	switch a.Place.Kind() {
	case tariff.AtConnector, tariff.AtPoint:
		return a.Place.Point.Bytes()
	case tariff.AtSite:
		return a.Place.Site.Bytes()
	case tariff.AtSub:
		return a.Place.Sub.Bytes()
	}
	return a.Operator.Bytes()
}

// fromAt is 0 for "always": a column of a unique index cannot be NULL.
func fromAt(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return micros(t)
}

func scanAssignment(r *Row, a *tariff.Assignment) error {
	var kind tariff.PlaceKind
	var place []byte
	var from int64
	err := r.Scan(&a.ID, &a.Operator, &a.Sub, &a.Plan, &kind, &place, &a.Place.Connector, &a.Kind, &a.Value, &from, &a.Until, &a.CreatedAt, &a.Version)
	if err != nil {
		return err
	}
	if from != 0 {
		a.From = time.UnixMicro(from).UTC()
	}
	switch kind {
	case tariff.AtConnector, tariff.AtPoint:
		a.Place.Point, err = ident.FromBytes[ident.ChargePoint](place)
	case tariff.AtSite:
		a.Place.Site, err = ident.FromBytes[ident.Site](place)
	case tariff.AtSub:
		a.Place.Sub, err = ident.FromBytes[ident.SubOperator](place)
	}
	return err
}

// AssignmentsFor implements tariff.Tx.
func (tx *Tx) AssignmentsFor(s tariff.Spot, who tariff.Asker) ([]tariff.Assignment, error) {
	k := who.Keys()
	return all(tx, qAssignmentsFor, scanAssignment, s.Operator, s.Sub, s.Site, s.Point, k[0], k[1], k[2], k[3], k[4])
}

// AssignmentsAt implements tariff.Tx.
func (tx *Tx) AssignmentsAt(spots []tariff.Spot) ([]tariff.Assignment, error) {
	seen := map[string]bool{string(ident.Operator{}.Bytes()): true}
	var places [][]byte
	for _, s := range spots {
		for _, p := range [][]byte{s.Operator.Bytes(), s.Sub.Bytes(), s.Site.Bytes(), s.Point.Bytes()} {
			if !seen[string(p)] {
				seen[string(p)] = true
				places = append(places, p)
			}
		}
	}
	return all(tx, qAssignmentsAt, scanAssignment, places, mostAssignments)
}

// Audiences implements tariff.Tx.
func (tx *Tx) Audiences(limit int) ([]tariff.NamedAudience, error) {
	return all(tx, qAudiences, func(r *Row, a *tariff.NamedAudience) error { return r.Scan(&a.Kind, &a.Value, &a.GroupName) }, limit)
}

// AssignmentByID implements tariff.Tx.
func (tx *Tx) AssignmentByID(id ident.Assignment) (tariff.Assignment, error) {
	return one(tx, "assignment", qAssignment, scanAssignment, id)
}

// AssignmentLike implements tariff.Tx.
func (tx *Tx) AssignmentLike(a tariff.Assignment) (tariff.Assignment, bool, error) {
	return maybe(tx, qAssignmentLike, scanAssignment, placeID(&a), a.Key(), a.Place.Connector, fromAt(a.From))
}

// InsertAssignment implements tariff.Tx.
func (tx *Tx) InsertAssignment(a tariff.Assignment) error {
	group := ident.Group{}
	if a.Kind == tariff.ForGroup {
		var err error
		if group, err = ident.Parse[ident.Group](a.Value); err != nil {
			return err
		}
	}
	_, err := tx.exec(qAssignmentInsert, a.Operator, a.Sub, a.ID, a.Plan, a.Place.Kind(), placeID(&a), a.Place.Connector, a.Kind, a.Value, a.Key(),
		group, fromAt(a.From), a.Until, a.CreatedAt, a.Version)
	if duplicate(err, "plan_assignments_one") {
		return fault.New(fault.Conflict, "assignment_exists", "Somebody has just assigned a plan there. Look again.")
	}
	return err
}

// SaveAssignment implements tariff.Tx.
func (tx *Tx) SaveAssignment(a tariff.Assignment) error {
	n, err := tx.exec(qAssignmentSave, a.Plan, a.Until, a.ID, a.Version)
	return tx.oneVersion("assignment", n, err, qAssignmentRev, a.ID, a.Version)
}

// DeleteAssignment implements tariff.Tx.
func (tx *Tx) DeleteAssignment(a tariff.Assignment) error {
	n, err := tx.exec(qAssignmentDelete, a.ID, a.Version)
	return tx.oneVersion("assignment", n, err, qAssignmentRev, a.ID, a.Version)
}

// forgetAssignments goes with the site or the charge point.
func (tx *Tx) forgetAssignments(place any) error {
	_, err := tx.exec(qAssignmentForget, place)
	return err
}

// AssignmentPage implements tariff.Tx.
func (tx *Tx) AssignmentPage(f tariff.AssignmentFilter, p operator.Page) (operator.List[tariff.AssignmentRow], error) {
	place := f.Site.Bytes()
	if !f.Point.IsZero() {
		place = f.Point.Bytes()
	}
	return listed(list(tx, assignmentList, pageOf(p), func(r *Row, a *tariff.AssignmentRow) error {
		if err := scanAssignment(r, &a.Assignment); err != nil {
			return err
		}
		return r.Scan(&a.PlanName, &a.PlaceName, &a.GroupName)
	}, optIf(!f.Plan.IsZero(), "plan", f.Plan), optIf(!f.Group.IsZero(), "group", f.Group), optIf(f.Kind != "", "audience", f.Kind),
		optIf(!f.Site.IsZero() || !f.Point.IsZero(), "place", place)))
}
