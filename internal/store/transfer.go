package store

import (
	"time"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/upkeep"
)

var _ = table("transfers", own,
	plain(`id operator_id sub_operator_id point_id command_id image_id kind protocol request_no login secret_hash state told bytes sha256
		detail created_at expires_at began_at arrived_at keep_until version`),
	// A device names a file as it likes.
	personal("file_name", "identifier", "30 days from arrival", "delete row"))

const transferCols = `t.id, t.operator_id, t.sub_operator_id, t.point_id, t.command_id, t.image_id, t.kind, t.protocol, t.request_no, t.login,
	t.secret_hash, t.state, t.told, t.file_name, t.bytes, t.sha256, t.detail, t.created_at, t.expires_at, t.began_at, t.arrived_at,
	t.keep_until, t.version`

const transferRowFrom = `transfers t LEFT JOIN charge_points p ON {{scope charge_points p}} AND p.id = t.point_id`

var (
	qTransferInsert = stmt(`INSERT INTO transfers (operator_id, sub_operator_id, id, point_id, command_id, image_id, kind, protocol, request_no,
			login, secret_hash, state, told, file_name, bytes, sha256, detail, created_at, expires_at, began_at, arrived_at, keep_until, version)
		VALUES ({{own transfers}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qTransferSave = stmt(`UPDATE transfers SET state = ?, told = ?, file_name = ?, bytes = ?, sha256 = ?, detail = ?, expires_at = ?, began_at = ?,
			arrived_at = ?, keep_until = ?, version = version + 1
		WHERE {{scope transfers transfers}} AND id = ? AND version = ?`)
	qTransferVersion = stmt(`SELECT t.version FROM transfers t WHERE {{scope transfers t}} AND t.id = ?`)
	qTransfer        = stmt(`SELECT ` + transferCols + ` FROM transfers t WHERE {{scope transfers t}} AND t.id = ?`)
	qTransferLogin   = stmt(`SELECT ` + transferCols + ` FROM transfers t WHERE {{scope transfers t key}} AND t.login = ?`)
	qTransfersOf     = stmt(`SELECT ` + transferCols + ` FROM transfers t WHERE {{scope transfers t key}} AND t.point_id = ?
		ORDER BY t.created_at DESC, t.id DESC LIMIT ?`)
	qTransferRow   = stmt(`SELECT ` + transferCols + `, coalesce(p.name, '') FROM ` + transferRowFrom + ` WHERE {{scope transfers t}} AND t.id = ?`)
	qTransfersOver = stmt(`SELECT t.id FROM transfers t WHERE {{scope transfers t}} AND t.keep_until <= ? ORDER BY t.keep_until LIMIT ?`)
	qTransfersLate = stmt(`SELECT ` + transferCols + ` FROM transfers t WHERE {{scope transfers t}} AND t.state IN ('waiting', 'arriving')
		AND t.expires_at <= ? ORDER BY t.expires_at LIMIT ?`)
	qTransferDelete = stmt(`DELETE FROM transfers WHERE {{scope transfers transfers}} AND id = ?`)

	transferList = listing(listSpec{
		Cols: transferCols + `, coalesce(p.name, '')`, From: transferRowFrom,
		Where: `{{scope transfers t}} AND t.kind <> 'firmware' {{if point}} AND t.point_id = ? {{end}}`,
		ID:    "t.id", Sorts: map[string]string{"created_at": "t.created_at"}, Sort: "-created_at",
	})
)

func transferPlaces(t *upkeep.Transfer) []any {
	return []any{&t.ID, &t.Operator, &t.Sub, &t.Point, &t.Command, &t.Image, &t.Kind, &t.Protocol, &t.Request, &t.Login,
		&t.Secret, &t.State, &t.Told, &t.FileName, &t.Bytes, &t.SHA256, &t.Detail, &t.CreatedAt, &t.ExpiresAt, &t.BeganAt, &t.ArrivedAt,
		&t.KeepUntil, &t.Version}
}

func scanTransfer(r *Row, t *upkeep.Transfer) error { return r.Scan(transferPlaces(t)...) }

func scanFileRow(r *Row, f *upkeep.FileRow) error {
	return r.Scan(append(transferPlaces(&f.Transfer), &f.PointName)...)
}

// InsertTransfer implements upkeep.TransferTx.
func (tx *Tx) InsertTransfer(t upkeep.Transfer) error {
	_, err := tx.exec(qTransferInsert, t.Operator, t.Sub, t.ID, t.Point, t.Command, t.Image, t.Kind, t.Protocol, t.Request, t.Login, t.Secret,
		t.State, t.Told, t.FileName, t.Bytes, t.SHA256, t.Detail, t.CreatedAt, t.ExpiresAt, t.BeganAt, t.ArrivedAt, t.KeepUntil, t.Version)
	tx.transferChanged(t)
	return err
}

// SaveTransfer implements upkeep.TransferTx.
func (tx *Tx) SaveTransfer(t upkeep.Transfer) error {
	n, err := tx.exec(qTransferSave, t.State, t.Told, t.FileName, t.Bytes, t.SHA256, t.Detail, t.ExpiresAt, t.BeganAt, t.ArrivedAt, t.KeepUntil,
		t.ID, t.Version)
	if err := tx.oneVersion("file", n, err, qTransferVersion, t.ID, t.Version); err != nil {
		return err
	}
	tx.transferChanged(t)
	return nil
}

// TransferByID implements upkeep.TransferTx.
func (tx *Tx) TransferByID(id ident.Transfer) (upkeep.Transfer, error) {
	return one(tx, "file", qTransfer, scanTransfer, id)
}

// TransferByLogin implements upkeep.TransferTx.
func (tx *Tx) TransferByLogin(login string) (upkeep.Transfer, bool, error) {
	return maybe(tx, qTransferLogin, scanTransfer, login)
}

// TransfersOf implements upkeep.TransferTx.
func (tx *Tx) TransfersOf(p ident.ChargePoint, limit int) ([]upkeep.Transfer, error) {
	return all(tx, qTransfersOf, scanTransfer, p, limit)
}

// TransferRow implements upkeep.TransferTx.
func (tx *Tx) TransferRow(id ident.Transfer) (upkeep.FileRow, error) {
	return one(tx, "file", qTransferRow, scanFileRow, id)
}

// TransferList implements upkeep.TransferTx.
func (tx *Tx) TransferList(f upkeep.FileFilter, p operator.Page) (operator.List[upkeep.FileRow], error) {
	l, err := list(tx, transferList, pageOf(p), scanFileRow, optIf(!f.Point.IsZero(), "point", f.Point))
	return operator.List[upkeep.FileRow]{Items: l.Items, Next: l.Next, Total: l.Total, Capped: l.Capped}, err
}

// ForgottenTransfers implements upkeep.TransferTx.
func (tx *Tx) ForgottenTransfers(now time.Time, limit int) ([]ident.Transfer, error) {
	return all(tx, qTransfersOver, func(r *Row, id *ident.Transfer) error { return r.Scan(id) }, now, limit)
}

// OverdueTransfers implements upkeep.TransferTx.
func (tx *Tx) OverdueTransfers(now time.Time, limit int) ([]upkeep.Transfer, error) {
	return all(tx, qTransfersLate, scanTransfer, now, limit)
}

// DeleteTransfer implements upkeep.TransferTx.
func (tx *Tx) DeleteTransfer(id ident.Transfer) error { return tx.execOne("file", qTransferDelete, id) }

// transferChanged tells screens that something about the point is new.
func (tx *Tx) transferChanged(t upkeep.Transfer) {
	tx.pointChanged(asset.ChargePoint{ID: t.Point, Operator: t.Operator, Sub: t.Sub})
}
