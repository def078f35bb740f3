package store

import (
	"strings"

	"ccms/internal/asset"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

var (
	_ = table("vendor_rules", wideRead,
		plain("id operator_id sub_operator_id vendor vendor_key message message_key answer created_at version"),
		// A person's free text.
		personal("note", "identifier", "while the rule stands", "overwrite"))
	_ = table("vendor_messages", own,
		plain("id operator_id sub_operator_id point_id vendor message cut answer received_at"),
		personal("data_sealed", "behaviour", frameRetention, "drop key"), prunable())
)

const (
	vendorRuleCols    = `v.id, v.operator_id, v.vendor, v.message, v.answer, v.note, v.created_at, v.version`
	vendorMessageCols = `m.id, m.operator_id, m.sub_operator_id, m.point_id, m.vendor, m.message, m.data_sealed, m.cut, m.answer, m.received_at`
	vendorData        = "vendor_messages.data_sealed"
)

var (
	qVendorRulesOf = stmt(`SELECT ` + vendorRuleCols + ` FROM vendor_rules v WHERE {{scope vendor_rules v}} AND v.operator_id = ?
		AND v.vendor_key = ? ORDER BY v.message_key`)
	qVendorRuleCount  = stmt(`SELECT count(*) FROM vendor_rules v WHERE {{scope vendor_rules v}}`)
	qVendorRuleInsert = stmt(`INSERT INTO vendor_rules (operator_id, sub_operator_id, id, vendor, vendor_key, message, message_key, answer,
		note, created_at, version) VALUES ({{own vendor_rules}}, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qVendorRuleSave = stmt(`UPDATE vendor_rules SET answer = ?, note = ?, version = version + 1
		WHERE {{scope vendor_rules vendor_rules}} AND id = ? AND version = ?`)
	qVendorRuleDelete  = stmt(`DELETE FROM vendor_rules WHERE {{scope vendor_rules vendor_rules}} AND id = ? AND version = ?`)
	qVendorRuleVersion = stmt(`SELECT v.version FROM vendor_rules v WHERE {{scope vendor_rules v}} AND v.id = ?`)
	qVendorRule        = stmt(`SELECT ` + vendorRuleCols + ` FROM vendor_rules v WHERE {{scope vendor_rules v}} AND v.id = ?`)

	qVendorMessageInsert = stmt(`INSERT INTO vendor_messages (operator_id, sub_operator_id, id, point_id, vendor, message, data_sealed, cut,
		answer, received_at) VALUES ({{own vendor_messages}}, ?, ?, ?, ?, ?, ?, ?, ?)`)
	// All but the newest of a point.
	qVendorMessagesOver = stmt(`SELECT m.id FROM vendor_messages m WHERE {{scope vendor_messages m}} AND m.operator_id = ? AND m.point_id = ?
		ORDER BY m.received_at DESC, m.id DESC LIMIT 50 OFFSET ?`)
	qVendorMessageDelete = stmt(`DELETE FROM vendor_messages WHERE {{scope vendor_messages vendor_messages}} AND id = ?`)

	vendorRuleList = listing(listSpec{
		Cols: vendorRuleCols, From: "vendor_rules v", Where: `{{scope vendor_rules v}}`,
		ID: "v.id", Sorts: map[string]string{"vendor": "v.vendor_key"}, Sort: "vendor",
	})
	vendorMessageList = listing(listSpec{
		Cols: vendorMessageCols, From: "vendor_messages m", Where: `{{scope vendor_messages m}} AND m.point_id = ?`,
		ID: "m.id", Sorts: map[string]string{"at": "m.received_at"}, Sort: "-at",
	})
)

func scanVendorRule(r *Row, v *asset.VendorRule) error {
	return r.Scan(&v.ID, &v.Operator, &v.Vendor, &v.Message, &v.Answer, &v.Note, &v.CreatedAt, &v.Version)
}

// VendorRulesOf implements asset.Tx.
func (tx *Tx) VendorRulesOf(op ident.Operator, vendor string) ([]asset.VendorRule, error) {
	return all(tx, qVendorRulesOf, scanVendorRule, op, vendor)
}

// CountVendorRules implements asset.Tx.
func (tx *Tx) CountVendorRules() (int, error) { return scalar[int](tx, qVendorRuleCount) }

// InsertVendorRule implements asset.Tx.
func (tx *Tx) InsertVendorRule(v asset.VendorRule) error {
	_, err := tx.exec(qVendorRuleInsert, v.Operator, ident.SubOperator{}, v.ID, v.Vendor, strings.ToLower(v.Vendor), v.Message,
		strings.ToLower(v.Message), v.Answer, v.Note, v.CreatedAt, v.Version)
	return err
}

// SaveVendorRule implements asset.Tx.
func (tx *Tx) SaveVendorRule(v asset.VendorRule, version int64) error {
	n, err := tx.exec(qVendorRuleSave, v.Answer, v.Note, v.ID, version)
	return tx.oneVersion("vendor rule", n, err, qVendorRuleVersion, v.ID, version)
}

// DeleteVendorRule implements asset.Tx.
func (tx *Tx) DeleteVendorRule(id ident.VendorRule, version int64) error {
	n, err := tx.exec(qVendorRuleDelete, id, version)
	return tx.oneVersion("vendor rule", n, err, qVendorRuleVersion, id, version)
}

// VendorRuleByID implements asset.Tx.
func (tx *Tx) VendorRuleByID(id ident.VendorRule) (asset.VendorRule, error) {
	return one(tx, "vendor rule", qVendorRule, scanVendorRule, id)
}

// ListVendorRules implements asset.Tx.
func (tx *Tx) ListVendorRules(p operator.Page) (operator.List[asset.VendorRule], error) {
	return listed(list(tx, vendorRuleList, pageOf(p), scanVendorRule))
}

// InsertVendorMessage implements asset.Tx.
func (tx *Tx) InsertVendorMessage(m asset.VendorMessage, most int) error {
	sealed, err := tx.SealText(m.Operator, vendorData, m.Data)
	if err != nil {
		return err
	}
	if _, err := tx.exec(qVendorMessageInsert, m.Operator, m.Sub, m.ID, m.Point, m.Vendor, m.Message, sealed, m.Cut, m.Answer, m.At); err != nil {
		return err
	}
	over, err := all(tx, qVendorMessagesOver, func(r *Row, id *ident.Event) error { return r.Scan(id) }, m.Operator, m.Point, most)
	for _, id := range over {
		if _, err := tx.exec(qVendorMessageDelete, id); err != nil {
			return err
		}
	}
	return err
}

// ListVendorMessages implements asset.Tx.
func (tx *Tx) ListVendorMessages(p ident.ChargePoint, page operator.Page) (operator.List[asset.VendorMessage], error) {
	return listed(list(tx, vendorMessageList, pageOf(page), func(r *Row, m *asset.VendorMessage) error {
		var sealed Sealed
		if err := r.Scan(&m.ID, &m.Operator, &m.Sub, &m.Point, &m.Vendor, &m.Message, &sealed, &m.Cut, &m.Answer, &m.At); err != nil {
			return err
		}
		var err error
		m.Data, err = tx.OpenText(m.Operator, vendorData, sealed)
		return err
	}, p))
}
