package store

import (
	"encoding/json"

	"ccms/internal/ident"
	"ccms/internal/operator"
)

var (
	_ = table("staff_views", own, plain("id operator_id sub_operator_id staff_id list is_default created_at"),
		personal("name_sealed query_sealed", "what an account looks for", "until the account deletes it", "delete row"))
	_ = table("staff_columns", own, plain("operator_id sub_operator_id staff_id list choice saved_at"))
)

const viewCols = `v.id, v.operator_id, v.sub_operator_id, v.staff_id, v.list, v.name_sealed, v.query_sealed, v.is_default, v.created_at`

var (
	qViewInsert = stmt(`INSERT INTO staff_views (id, operator_id, sub_operator_id, staff_id, list, name_sealed, query_sealed, is_default, created_at)
		VALUES (?, {{own staff_views}}, ?, ?, ?, ?, ?, ?)`)
	qViewSave = stmt(`UPDATE staff_views SET name_sealed = ?, query_sealed = ?, is_default = ?
		WHERE {{scope staff_views staff_views}} AND id = ?`)
	qViewNoDefault = stmt(`UPDATE staff_views SET is_default = 0
		WHERE {{scope staff_views staff_views}} AND staff_id = ? AND list = ? AND is_default = 1`)
	qViewDelete = stmt(`DELETE FROM staff_views WHERE {{scope staff_views staff_views}} AND id = ?`)
	qView       = stmt(`SELECT ` + viewCols + ` FROM staff_views v WHERE {{scope staff_views v}} AND v.id = ?`)
	qViews      = listing(listSpec{
		Cols: viewCols, From: `staff_views v`,
		Where: `{{scope staff_views v}} AND v.staff_id = ? {{if list}} AND v.list = ? {{end}}`,
		ID:    `v.id`, Sorts: map[string]string{"list": `v.list`}, Sort: "list",
	})

	qColumnsSave = stmt(`INSERT INTO staff_columns (operator_id, sub_operator_id, staff_id, list, choice, saved_at)
		VALUES ({{own staff_columns}}, ?, ?, ?, ?)
		ON CONFLICT (operator_id, staff_id, list) DO UPDATE SET choice = excluded.choice, saved_at = excluded.saved_at
		WHERE {{scope staff_columns staff_columns}}`)
	qColumnsDelete = stmt(`DELETE FROM staff_columns WHERE {{scope staff_columns staff_columns}} AND staff_id = ? AND list = ?`)
	qColumns       = listing(listSpec{
		Cols: `c.operator_id, c.sub_operator_id, c.staff_id, c.list, c.choice, c.saved_at`, From: `staff_columns c`,
		Where: `{{scope staff_columns c}} AND c.staff_id = ?`,
		ID:    `c.list`, Sorts: map[string]string{"list": `c.list`}, Sort: "list",
	})
)

const (
	viewNameColumn  = "staff_views.name_sealed"
	viewQueryColumn = "staff_views.query_sealed"
)

type viewRow struct {
	operator.View
	name, query Sealed
}

func scanView(r *Row, v *viewRow) error {
	return r.Scan(&v.ID, &v.Operator, &v.Sub, &v.Staff, &v.List, &v.name, &v.query, &v.Default, &v.CreatedAt)
}

func (tx *Tx) openView(r viewRow) (operator.View, error) {
	var err error
	if r.Name, err = tx.OpenText(r.Operator, viewNameColumn, r.name); err != nil {
		return operator.View{}, err
	}
	r.Query, err = tx.OpenText(r.Operator, viewQueryColumn, r.query)
	return r.View, err
}

// ViewPage implements operator.DeskTx.
func (tx *Tx) ViewPage(of ident.Staff, word string, p operator.Page) (operator.List[operator.View], error) {
	l, err := list(tx, qViews, pageOf(p), scanView, of, optIf(word != "", "list", word))
	return opened(l, err, tx.openView)
}

// ViewByID implements operator.DeskTx.
func (tx *Tx) ViewByID(id ident.View) (operator.View, error) {
	r, err := one(tx, "view", qView, scanView, id)
	if err != nil {
		return operator.View{}, err
	}
	return tx.openView(r)
}

func (tx *Tx) sealView(v operator.View) (name, query Sealed, err error) {
	if name, err = tx.SealText(v.Operator, viewNameColumn, v.Name); err == nil {
		query, err = tx.SealText(v.Operator, viewQueryColumn, v.Query)
	}
	return name, query, err
}

// InsertView implements operator.DeskTx.
func (tx *Tx) InsertView(v operator.View) error {
	name, query, err := tx.sealView(v)
	if err != nil {
		return err
	}
	_, err = tx.exec(qViewInsert, v.ID, v.Operator, v.Sub, v.Staff, v.List, name, query, v.Default, v.CreatedAt)
	return err
}

// SaveView implements operator.DeskTx.
func (tx *Tx) SaveView(v operator.View) error {
	name, query, err := tx.sealView(v)
	if err != nil {
		return err
	}
	return tx.execOne("view", qViewSave, name, query, v.Default, v.ID)
}

// NoDefaultView implements operator.DeskTx.
func (tx *Tx) NoDefaultView(of ident.Staff, word string) error {
	_, err := tx.exec(qViewNoDefault, of, word)
	return err
}

// DeleteView implements operator.DeskTx.
func (tx *Tx) DeleteView(id ident.View) error { return tx.execOne("view", qViewDelete, id) }

// ColumnsPage implements operator.DeskTx.
func (tx *Tx) ColumnsPage(of ident.Staff, p operator.Page) (operator.List[operator.Columns], error) {
	return listed(list(tx, qColumns, pageOf(p), func(r *Row, c *operator.Columns) error {
		var choice json.RawMessage
		if err := r.Scan(&c.Operator, &c.Sub, &c.Staff, &c.List, &choice, &c.SavedAt); err != nil {
			return err
		}
		return json.Unmarshal(choice, &c.Choice)
	}, of))
}

// SaveColumns implements operator.DeskTx.
func (tx *Tx) SaveColumns(c operator.Columns) error {
	if len(c.Choice) == 0 {
		_, err := tx.exec(qColumnsDelete, c.Staff, c.List)
		return err
	}
	choice, err := json.Marshal(c.Choice)
	if err != nil {
		return err
	}
	_, err = tx.exec(qColumnsSave, c.Operator, c.Sub, c.Staff, c.List, string(choice), c.SavedAt)
	return err
}
