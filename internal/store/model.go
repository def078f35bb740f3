package store

import (
	"encoding/json"
	"fmt"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

var _ = table("models", shared,
	plain(`id operator_id sub_operator_id vendor model firmware vendor_key model_key firmware_key name_sort quirks learned note
		created_at learned_at version`))

const modelCols = `m.id, m.operator_id, m.vendor, m.model, m.firmware, m.quirks, m.learned, m.note, m.learned_at, m.version`

var (
	qModelInsert = stmt(`INSERT INTO models (operator_id, sub_operator_id, id, vendor, model, firmware, vendor_key, model_key, firmware_key, name_sort,
			quirks, learned, note, created_at, learned_at, version)
		VALUES ({{own models}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (vendor_key, model_key, firmware_key, operator_id) DO NOTHING`)
	qModelSave = stmt(`UPDATE models SET quirks = ?, note = ?, version = version + 1
		WHERE {{scope models models}} AND id = ? AND version = ?`)
	// What is learned does not count in version: a form must not become stale by it.
	qModelLearned = stmt(`UPDATE models SET learned = ?, learned_at = ? WHERE {{scope models models}} AND id = ?`)
	qModelDelete  = stmt(`DELETE FROM models WHERE {{scope models models}} AND id = ? AND version = ?`)
	qModelVersion = stmt(`SELECT m.version FROM models m WHERE {{scope models m}} AND m.id = ?`)
	qModel        = stmt(`SELECT ` + modelCols + ` FROM models m WHERE {{scope models m}} AND m.id = ?`)
	qModelLock    = stmt(`SELECT ` + modelCols + ` FROM models m WHERE {{scope models m key}} AND m.vendor_key = ? AND m.model_key = ? AND m.firmware_key = ?
		AND (m.operator_id = ?) IS TRUE {{lock}}`)
	qModelsNamed = stmt(`SELECT ` + modelCols + ` FROM models m WHERE {{scope models m key}} AND m.vendor_key = ? AND m.model_key = ?
		AND (m.operator_id = ?) IS TRUE ORDER BY m.id LIMIT 100`)
	qModelCount = stmt(`SELECT count(*) FROM models m WHERE {{scope models m}} AND m.operator_id = ?`)
	modelList   = listing(listSpec{
		Cols: modelCols, From: "models m",
		Where: `{{scope models m}} {{if name}} AND m.name_sort >= ? AND m.name_sort < ? {{end}}`,
		ID:    "m.id", Sorts: map[string]string{"name": "m.name_sort"}, Sort: "name",
	})
)

func scanModel(r *Row, m *asset.Model) error {
	var quirks, learned json.RawMessage
	if err := r.Scan(&m.ID, &m.Operator, &m.Vendor, &m.Name, &m.Firmware, &quirks, &learned, &m.Note, &m.LearnedAt, &m.Version); err != nil {
		return err
	}
	if err := json.Unmarshal(quirks, &m.Quirks); err != nil {
		return fmt.Errorf("store: what staff say of %s: %w", m.ID, err)
	}
	if err := json.Unmarshal(learned, &m.Learned); err != nil {
		return fmt.Errorf("store: what was learned of %s: %w", m.ID, err)
	}
	return nil
}

func jsonText(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

func modelName(m asset.Model) string { return sortKey(m.Vendor + " " + m.Name + " " + m.Firmware) }

// InsertModel implements asset.Tx.
func (tx *Tx) InsertModel(m asset.Model) (asset.Model, error) {
	quirks, err := jsonText(m.Quirks)
	if err != nil {
		return m, err
	}
	learned, err := jsonText(m.Learned)
	if err != nil {
		return m, err
	}
	key := asset.KeyOf(m)
	n, err := tx.exec(qModelInsert, m.Operator, ident.SubOperator{}, m.ID, m.Vendor, m.Name, m.Firmware, key.Vendor, key.Model, key.Firmware, modelName(m),
		quirks, learned, m.Note, tx.now, m.LearnedAt)
	if err != nil {
		return m, err
	}
	if n == 0 { // another was quicker
		was, _, err := tx.LockModel(m.Operator, key.Vendor, key.Model, key.Firmware)
		return was, err
	}
	m.Version = 1
	return m, nil
}

// SaveModel implements asset.Tx.
func (tx *Tx) SaveModel(m asset.Model, version int64) error {
	quirks, err := jsonText(m.Quirks)
	if err != nil {
		return err
	}
	n, err := tx.exec(qModelSave, quirks, m.Note, m.ID, version)
	return tx.oneVersion("model", n, err, qModelVersion, m.ID, version)
}

// SaveLearned implements asset.Tx.
func (tx *Tx) SaveLearned(m asset.Model) error {
	learned, err := jsonText(m.Learned)
	if err != nil {
		return err
	}
	return tx.execOne("model", qModelLearned, learned, m.LearnedAt, m.ID)
}

// DeleteModel implements asset.Tx.
func (tx *Tx) DeleteModel(id ident.Model, version int64) error {
	n, err := tx.exec(qModelDelete, id, version)
	return tx.oneVersion("model", n, err, qModelVersion, id, version)
}

// ModelByID implements asset.Tx.
func (tx *Tx) ModelByID(id ident.Model) (asset.Model, error) {
	return one(tx, "model", qModel, scanModel, id)
}

// LockModel implements asset.Tx.
func (tx *Tx) LockModel(op ident.Operator, vendor, model, firmware string) (asset.Model, bool, error) {
	return maybe(tx, qModelLock, scanModel, vendor, model, firmware, op)
}

// ModelsNamed implements asset.Tx.
func (tx *Tx) ModelsNamed(op ident.Operator, vendor, model string) ([]asset.Model, error) {
	return all(tx, qModelsNamed, scanModel, vendor, model, op)
}

// CountModels implements asset.Tx.
func (tx *Tx) CountModels(op ident.Operator) (int, error) { return scalar[int](tx, qModelCount, op) }

// ListModels implements asset.Tx.
func (tx *Tx) ListModels(f asset.ModelFilter, p operator.Page) (operator.List[asset.Model], error) {
	return listed(list(tx, modelList, pageOf(p), scanModel, nameFrom(f.Name)))
}
