package store

import (
	"time"

	"ccms/internal/ident"
	"ccms/internal/operator"
)

var _ = table("exports", own,
	plain("id operator_id sub_operator_id staff_id acting_in path format state why row_count byte_count created_at ready_at expires_at"),
	personal("query_sealed", "what an account looks for", "24 hours from created_at", "delete row"))

const exportCols = `e.id, e.operator_id, e.sub_operator_id, e.staff_id, e.acting_in, e.path, e.query_sealed, e.format, e.state, e.why,
	e.row_count, e.byte_count, e.created_at, e.ready_at, e.expires_at`

var (
	qExportInsert = stmt(`INSERT INTO exports (id, operator_id, sub_operator_id, staff_id, acting_in, path, query_sealed, format, state, why,
		row_count, byte_count, created_at, ready_at, expires_at) VALUES (?, {{own exports}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qExportSave = stmt(`UPDATE exports SET state = ?, why = ?, row_count = ?, byte_count = ?, ready_at = ?, expires_at = ?
		WHERE {{scope exports exports}} AND id = ?`)
	qExport  = stmt(`SELECT ` + exportCols + ` FROM exports e WHERE {{scope exports e}} AND e.id = ?`)
	qExports = listing(listSpec{
		Cols: exportCols, From: `exports e`, Where: `{{scope exports e}} AND e.staff_id = ?`,
		ID: `e.id`, Sorts: map[string]string{"created_at": `e.created_at`}, Sort: "-created_at",
	})
	qExportsOver  = stmt(`SELECT e.id FROM exports e WHERE {{scope exports e}} AND e.expires_at <= ? ORDER BY e.expires_at LIMIT ?`)
	qExportDelete = stmt(`DELETE FROM exports WHERE {{scope exports exports}} AND id = ?`)
)

const exportQueryColumn = "exports.query_sealed"

type exportRow struct {
	operator.Export
	query Sealed
}

func scanExport(r *Row, e *exportRow) error {
	return r.Scan(&e.ID, &e.Operator, &e.Sub, &e.Staff, &e.ActingIn, &e.Path, &e.query, &e.Format, &e.State, &e.Why,
		&e.Rows, &e.Bytes, &e.CreatedAt, &e.ReadyAt, &e.ExpiresAt)
}

func (tx *Tx) openExport(r exportRow) (operator.Export, error) {
	var err error
	r.Query, err = tx.OpenText(r.Operator, exportQueryColumn, r.query)
	return r.Export, err
}

// InsertExport implements operator.ExportTx.
func (tx *Tx) InsertExport(e operator.Export) error {
	query, err := tx.SealText(e.Operator, exportQueryColumn, e.Query)
	if err != nil {
		return err
	}
	_, err = tx.exec(qExportInsert, e.ID, e.Operator, e.Sub, e.Staff, e.ActingIn, e.Path, query, e.Format, e.State, e.Why,
		e.Rows, e.Bytes, e.CreatedAt, e.ReadyAt, e.ExpiresAt)
	return err
}

// ExportByID implements operator.ExportTx.
func (tx *Tx) ExportByID(id ident.Export) (operator.Export, error) {
	r, err := one(tx, "export", qExport, scanExport, id)
	if err != nil {
		return operator.Export{}, err
	}
	return tx.openExport(r)
}

// ExportPage implements operator.ExportTx.
func (tx *Tx) ExportPage(of ident.Staff, p operator.Page) (operator.List[operator.Export], error) {
	l, err := list(tx, qExports, pageOf(p), scanExport, of)
	return opened(l, err, tx.openExport)
}

// SaveExport implements operator.ExportTx: what became of it.
func (tx *Tx) SaveExport(e operator.Export) error {
	return tx.execOne("export", qExportSave, e.State, e.Why, e.Rows, e.Bytes, e.ReadyAt, e.ExpiresAt, e.ID)
}

// ExpiredExports implements operator.ExportTx.
func (tx *Tx) ExpiredExports(now time.Time) ([]ident.Export, error) {
	ids, err := all(tx, qExportsOver, func(r *Row, id *ident.Export) error { return r.Scan(id) }, now, 100)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if _, err := tx.exec(qExportDelete, id); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
