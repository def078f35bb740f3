package store

import (
	"encoding/json"
	"fmt"
	"time"

	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/tariff"
)

var (
	_ = table("plans", wideRead, plain("id operator_id sub_operator_id rev version_no name_sort created_at"))
	_ = table("plan_versions", wideRead, plain(`plan_id version_no operator_id sub_operator_id name currency tax_included
		vat_permille layers rules idle_grace_s idle_cap hold min_balance saved_at`), appendOnly())
)

const (
	planCols = `p.id, p.operator_id, p.sub_operator_id, p.rev, v.version_no, v.name, v.currency, v.tax_included, v.vat_permille,
		v.layers, v.rules, v.idle_grace_s, v.idle_cap, v.hold, v.min_balance, v.saved_at`
	planCurrent = `plans p JOIN plan_versions v ON {{scope plan_versions v}} AND v.plan_id = p.id AND v.version_no = p.version_no`
)

var (
	qPlanInsert = stmt(`INSERT INTO plans (id, operator_id, sub_operator_id, rev, version_no, name_sort, created_at)
		VALUES (?, {{own plans}}, 1, ?, ?, ?)`)
	qPlanVersionInsert = stmt(`INSERT INTO plan_versions (plan_id, version_no, operator_id, sub_operator_id, name, currency,
			tax_included, vat_permille, layers, rules, idle_grace_s, idle_cap, hold, min_balance, saved_at)
		VALUES (?, ?, {{own plan_versions}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qPlanSave = stmt(`UPDATE plans SET rev = rev + 1, version_no = ?, name_sort = ?
		WHERE {{scope plans plans}} AND id = ? AND rev = ?`)
	qPlanRev     = stmt(`SELECT p.rev FROM plans p WHERE {{scope plans p}} AND p.id = ?`)
	qPlan        = stmt(`SELECT ` + planCols + ` FROM ` + planCurrent + ` WHERE {{scope plans p}} AND p.id = ?`)
	qPlanVersion = stmt(`SELECT ` + planCols + ` FROM plan_versions v JOIN plans p ON {{scope plans p}} AND p.id = v.plan_id
		WHERE {{scope plan_versions v}} AND v.plan_id = ? AND v.version_no = ?`)
	qPlanInForce = stmt(`SELECT ` + planCols + ` FROM plan_versions v JOIN plans p ON {{scope plans p}} AND p.id = v.plan_id
		WHERE {{scope plan_versions v}} AND v.plan_id = ? AND v.saved_at <= ? ORDER BY v.version_no DESC LIMIT 1`)
	qNewestVersion = stmt(`SELECT v.plan_id, v.version_no, v.saved_at FROM plan_versions v WHERE {{scope plan_versions v}}
		AND v.plan_id = ? ORDER BY v.version_no DESC LIMIT 1`)
	qDefaultVersion = stmt(`SELECT v.plan_id, v.version_no, v.saved_at FROM plan_versions v WHERE {{scope plan_versions v}}
		AND v.plan_id = (SELECT o.default_plan_id FROM operators o WHERE {{scope operators o}} AND o.id = ?) ORDER BY v.version_no DESC LIMIT 1`)
	qPlans = listing(listSpec{
		Cols: planCols, From: planCurrent,
		Where: `{{scope plans p}} {{if name}} AND p.name_sort >= ? AND p.name_sort < ? {{end}}`,
		ID:    `p.id`, Sorts: map[string]string{"name": `p.name_sort`, "created_at": `p.created_at`}, Sort: "name",
	})
)

func scanPlan(r *Row, p *tariff.Plan) error {
	var layers, rules json.RawMessage
	var grace, limit, hold, least int64
	err := r.Scan(&p.ID, &p.Operator, &p.Sub, &p.Version, &p.Number, &p.Name, &p.Currency, &p.PricesIncludeTax, &p.VAT,
		&layers, &rules, &grace, &limit, &hold, &least, &p.SavedAt)
	if err != nil {
		return err
	}
	p.IdleFee = tariff.IdleRule{Grace: time.Duration(grace) * time.Second, Cap: money.New(limit, p.Currency)}
	p.Hold, p.MinBalance = money.New(hold, p.Currency), money.New(least, p.Currency)
	if err := json.Unmarshal(layers, &p.Layers); err != nil {
		return fmt.Errorf("store: layers of %s: %w", p.ID, err)
	}
	if err := json.Unmarshal(rules, &p.Rules); err != nil {
		return fmt.Errorf("store: rules of %s: %w", p.ID, err)
	}
	return nil
}

// PlanVersion implements tariff.Tx.
func (tx *Tx) PlanVersion(id ident.Plan, number int) (tariff.Plan, error) {
	return one(tx, "plan", qPlanVersion, scanPlan, id, number)
}

// NewestVersion implements tariff.Tx.
func (tx *Tx) NewestVersion(id ident.Plan, op ident.Operator) (tariff.Version, bool, error) {
	scan := func(r *Row, v *tariff.Version) error { return r.Scan(&v.Plan, &v.Number, &v.SavedAt) }
	if id.IsZero() {
		return maybe(tx, qDefaultVersion, scan, op)
	}
	return maybe(tx, qNewestVersion, scan, id)
}

// PlanInForce implements tariff.Tx.
func (tx *Tx) PlanInForce(id ident.Plan, at time.Time) (tariff.Plan, error) {
	p, ok, err := maybe(tx, qPlanInForce, scanPlan, id, at)
	if err != nil || ok {
		return p, err
	}
	return tx.PlanVersion(id, 1)
}

// CurrentPlan implements tariff.Tx.
func (tx *Tx) CurrentPlan(id ident.Plan) (tariff.Plan, error) {
	return one(tx, "plan", qPlan, scanPlan, id)
}

// PlanPage implements tariff.Tx.
func (tx *Tx) PlanPage(f tariff.Filter, p operator.Page) (operator.List[tariff.Plan], error) {
	return listed(list(tx, qPlans, pageOf(p), scanPlan, nameFrom(f.Name)))
}

// InsertPlan implements tariff.Tx.
func (tx *Tx) InsertPlan(p tariff.Plan) error {
	if _, err := tx.exec(qPlanInsert, p.ID, p.Operator, p.Sub, p.Number, sortKey(p.Name), tx.now); err != nil {
		return err
	}
	return tx.insertPlanVersion(p)
}

// SavePlan implements tariff.Tx.
func (tx *Tx) SavePlan(p tariff.Plan) error {
	n, err := tx.exec(qPlanSave, p.Number, sortKey(p.Name), p.ID, p.Version)
	if err := tx.oneVersion("plan", n, err, qPlanRev, p.ID, p.Version); err != nil {
		return err
	}
	return tx.insertPlanVersion(p)
}

func (tx *Tx) insertPlanVersion(p tariff.Plan) error {
	layers, err := json.Marshal(p.Layers)
	if err != nil {
		return err
	}
	rules, err := json.Marshal(p.Rules)
	if err != nil {
		return err
	}
	_, err = tx.exec(qPlanVersionInsert, p.ID, p.Number, p.Operator, p.Sub, p.Name, p.Currency, p.PricesIncludeTax, p.VAT,
		string(layers), string(rules), int64(p.IdleFee.Grace/time.Second), p.IdleFee.Cap.Minor, p.Hold.Minor, p.MinBalance.Minor, p.SavedAt)
	return err
}
