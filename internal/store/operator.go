package store

import (
	"fmt"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

var (
	_ = table("operators", root, plain("id rev name name_sort code currency time_zone default_plan_id created_at"))
	_ = table("sub_operators", own, plain("id operator_id sub_operator_id rev no name name_sort status created_at"),
		personal("email_sealed", "contact", "with the sub-operator", "overwrite"))

	operatorCodes = sequence("operator_code", 10_000)
)

const (
	operatorCols    = `o.id, o.name, o.code, o.currency, o.time_zone, o.default_plan_id, o.rev`
	subOperatorCols = `so.id, so.operator_id, so.no, so.name, so.email_sealed, so.status, so.rev`
)

var (
	qOperatorInsert = stmt(`INSERT INTO operators (id, rev, name, name_sort, code, currency, time_zone, default_plan_id, created_at)
		VALUES ({{own operators}}, 1, ?, ?, ?, ?, ?, ?, ?)`)
	qOperatorSave = stmt(`UPDATE operators SET rev = rev + 1, name = ?, name_sort = ?, time_zone = ?, default_plan_id = ?
		WHERE {{scope operators operators}} AND id = ? AND rev = ?`)
	qOperator        = stmt(`SELECT ` + operatorCols + ` FROM operators o WHERE {{scope operators o}} AND o.id = ?`)
	qOperatorVersion = stmt(`SELECT o.rev FROM operators o WHERE {{scope operators o}} AND o.id = ?`)
	qOperatorCode    = stmt(`SELECT count(*) FROM operators o WHERE {{scope operators o}} AND o.code = ?`)
	qOperators       = listing(listSpec{
		Cols: operatorCols, From: `operators o`,
		Where: `{{scope operators o}} {{if name}} AND o.name_sort >= ? AND o.name_sort < ? {{end}}`,
		ID:    `o.id`, Sorts: map[string]string{"name": `o.name_sort`, "code": `o.code`, "created_at": `o.created_at`}, Sort: "name",
	})

	qSubOperatorInsert = stmt(`INSERT INTO sub_operators (id, operator_id, sub_operator_id, rev, no, name, name_sort, email_sealed, status, created_at)
		VALUES (?, {{own sub_operators}}, 1, ?, ?, ?, ?, ?, ?)`)
	qSubOperatorSave = stmt(`UPDATE sub_operators SET rev = rev + 1, name = ?, name_sort = ?, email_sealed = ?, status = ?
		WHERE {{scope sub_operators sub_operators}} AND id = ? AND rev = ?`)
	qSubOperator        = stmt(`SELECT ` + subOperatorCols + ` FROM sub_operators so WHERE {{scope sub_operators so}} AND so.id = ?`)
	qSubOperatorVersion = stmt(`SELECT so.rev FROM sub_operators so WHERE {{scope sub_operators so}} AND so.id = ?`)
	qSubOperatorNext    = stmt(`SELECT CAST(coalesce(max(so.no), 0) + 1 AS BIGINT) FROM sub_operators so
		WHERE {{scope sub_operators so}} AND so.operator_id = ?`)
	qSubOperators = listing(listSpec{
		Cols: subOperatorCols, From: `sub_operators so`,
		Where: `{{scope sub_operators so}} {{if no}} AND so.no = ? {{end}} {{if status}} AND so.status = ? {{end}}
			{{if name}} AND so.name_sort >= ? AND so.name_sort < ? {{end}}`,
		ID: `so.id`, Sorts: map[string]string{"no": `so.no`, "name": `so.name_sort`}, Sort: "no",
	})
)

func scanOperator(r *Row, o *operator.Operator) error {
	return r.Scan(&o.ID, &o.Name, &o.Code, &o.Currency, &o.TimeZone, &o.DefaultPlan, &o.Version)
}

// nameFrom is the option for names that begin as typed: a range of the index. What
// has no letter in it finds nothing.
func nameFrom(typed string) any {
	if typed == "" {
		return option{}
	}
	from := sortKey(typed)
	if from == "" {
		return opt("name", "", "")
	}
	return opt("name", from, from+"\U0010FFFF")
}

// OperatorByID implements operator.Tx.
func (tx *Tx) OperatorByID(id ident.Operator) (operator.Operator, error) {
	return one(tx, "operator", qOperator, scanOperator, id)
}

// OperatorPage implements operator.Tx.
func (tx *Tx) OperatorPage(f operator.OperatorFilter, p operator.Page) (operator.List[operator.Operator], error) {
	return listed(list(tx, qOperators, pageOf(p), scanOperator, nameFrom(f.Name)))
}

// NextOperatorCode implements operator.Tx. Codes that people chose are passed over.
func (tx *Tx) NextOperatorCode() (string, error) {
	for {
		n, err := tx.Next(operatorCodes)
		if err != nil {
			return "", err
		}
		code := fmt.Sprintf("%06d", n)
		taken, err := scalar[int](tx, qOperatorCode, code)
		if err != nil || taken == 0 {
			return code, err
		}
	}
}

// InsertOperator implements operator.Tx.
func (tx *Tx) InsertOperator(o operator.Operator) error {
	_, err := tx.exec(qOperatorInsert, o.ID, o.Name, sortKey(o.Name), o.Code, o.Currency, o.TimeZone, o.DefaultPlan, tx.now)
	if duplicate(err, "operators_code") {
		return fault.New(fault.Conflict, "code_taken", "Another operator has this code.").At("/code", "is taken")
	}
	return err
}

// SaveOperator implements operator.Tx. Code and currency never change.
func (tx *Tx) SaveOperator(o operator.Operator) error {
	n, err := tx.exec(qOperatorSave, o.Name, sortKey(o.Name), o.TimeZone, o.DefaultPlan, o.ID, o.Version)
	return tx.oneVersion("operator", n, err, qOperatorVersion, o.ID, o.Version)
}

type subOperatorRow struct {
	operator.SubOperator
	email Sealed
}

func scanSubOperator(r *Row, s *subOperatorRow) error {
	return r.Scan(&s.ID, &s.Operator, &s.No, &s.Name, &s.email, &s.Status, &s.Version)
}

const emailColumn = "sub_operators.email_sealed"

func (tx *Tx) openSubOperator(r subOperatorRow) (operator.SubOperator, error) {
	var err error
	r.Email, err = tx.OpenText(r.Operator, emailColumn, r.email)
	return r.SubOperator, err
}

// SubOperatorByID implements operator.Tx.
func (tx *Tx) SubOperatorByID(id ident.SubOperator) (operator.SubOperator, error) {
	r, err := one(tx, "sub-operator", qSubOperator, scanSubOperator, id)
	if err != nil {
		return operator.SubOperator{}, err
	}
	return tx.openSubOperator(r)
}

// SubOperatorPage implements operator.Tx.
func (tx *Tx) SubOperatorPage(f operator.SubOperatorFilter, p operator.Page) (operator.List[operator.SubOperator], error) {
	l, err := list(tx, qSubOperators, pageOf(p), scanSubOperator,
		optIf(f.No != 0, "no", f.No), optIf(f.Status != "", "status", f.Status), nameFrom(f.Name))
	return opened(l, err, tx.openSubOperator)
}

// opened turns rows with sealed columns into what the domain sees.
func opened[R, T any](l Listed[R], err error, open func(R) (T, error)) (operator.List[T], error) {
	out := operator.List[T]{Next: l.Next, Total: l.Total, Capped: l.Capped}
	if err != nil {
		return out, err
	}
	for _, r := range l.Items {
		v, err := open(r)
		if err != nil {
			return out, err
		}
		out.Items = append(out.Items, v)
	}
	return out, nil
}

// NextSubOperatorNo implements operator.Tx.
func (tx *Tx) NextSubOperatorNo(op ident.Operator) (int, error) {
	return scalar[int](tx, qSubOperatorNext, op)
}

// InsertSubOperator implements operator.Tx.
func (tx *Tx) InsertSubOperator(s operator.SubOperator) error {
	email, err := tx.SealText(s.Operator, emailColumn, s.Email)
	if err != nil {
		return err
	}
	_, err = tx.exec(qSubOperatorInsert, s.ID, s.Operator, s.ID, s.No, s.Name, sortKey(s.Name), email, s.Status, tx.now)
	if duplicate(err, "sub_operators_no") {
		return fault.New(fault.Conflict, "number_taken", "Somebody made a sub-operator at the same moment. Try again.")
	}
	return err
}

// SaveSubOperator implements operator.Tx.
func (tx *Tx) SaveSubOperator(s operator.SubOperator) error {
	email, err := tx.SealText(s.Operator, emailColumn, s.Email)
	if err != nil {
		return err
	}
	n, err := tx.exec(qSubOperatorSave, s.Name, sortKey(s.Name), email, s.Status, s.ID, s.Version)
	return tx.oneVersion("sub-operator", n, err, qSubOperatorVersion, s.ID, s.Version)
}
