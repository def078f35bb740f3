package store

import (
	"errors"
	"time"

	"ccms/internal/asset"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// keepStrangers is how long a stranger that is silent stays in the inbox.
const keepStrangers = 30 * 24 * time.Hour

var (
	_ = table("strangers", own,
		plain(`id operator_id sub_operator_id identity vendor model hardware_serial firmware key_mac_text key_mac_raw key_mark keys_seen
			first_at last_at told_at booted_at tries held ignored version`),
		personal("address_sealed", "identifier", "30 days from last_at", "delete row"))
	_ = table("stranger_reports", own, plain("stranger_id number operator_id sub_operator_id action message_id received_at"),
		personal("raw_sealed", "behaviour", "30 days from last_at of the stranger", "drop key"), prunable())
	_ = table("point_aliases", own, plain("identity operator_id sub_operator_id point_id created_at"))
	_ = table("onboarding_settings", shared, plain("operator_id sub_operator_id knock"))
)

const (
	strangerCols = `u.id, u.operator_id, u.identity, u.address_sealed, u.vendor, u.model, u.hardware_serial, u.firmware, u.key_mac_text, u.key_mac_raw,
	u.keys_seen, u.first_at, u.last_at, u.told_at, u.booted_at, u.tries, u.held, u.ignored, u.version`
	strangerAddress = "strangers.address_sealed"
	strangerRaw     = "stranger_reports.raw_sealed"
)

var (
	qStrangerInsert = stmt(`INSERT INTO strangers (operator_id, sub_operator_id, id, identity, address_sealed, vendor, model, hardware_serial, firmware,
			key_mac_text, key_mac_raw, key_mark, keys_seen, first_at, last_at, told_at, booted_at, tries, held, ignored, version)
		VALUES ({{own strangers}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (identity, operator_id) DO NOTHING`)
	qStrangerSave = stmt(`UPDATE strangers SET address_sealed = ?, vendor = ?, model = ?, hardware_serial = ?, firmware = ?, key_mac_text = ?,
			key_mac_raw = ?, key_mark = ?, keys_seen = ?, last_at = ?, told_at = ?, booted_at = ?, tries = ?, held = ?, ignored = ?, version = version + 1
		WHERE {{scope strangers strangers}} AND id = ? AND version = ?`)
	qStrangerVersion = stmt(`SELECT u.version FROM strangers u WHERE {{scope strangers u}} AND u.id = ?`)
	qStranger        = stmt(`SELECT ` + strangerCols + ` FROM strangers u WHERE {{scope strangers u}} AND u.id = ? {{lock}}`)
	qStrangerRead    = stmt(`SELECT ` + strangerCols + ` FROM strangers u WHERE {{scope strangers u}} AND u.id = ?`)
	qStrangerNamed   = stmt(`SELECT ` + strangerCols + ` FROM strangers u WHERE {{scope strangers u key}} AND u.identity = ? AND (u.operator_id = ?) IS TRUE {{lock}}`)
	qStrangerDelete  = stmt(`DELETE FROM strangers WHERE {{scope strangers strangers}} AND id = ?`)
	qStrangerCount   = stmt(`SELECT count(*) FROM strangers u WHERE {{scope strangers u}} AND u.operator_id = ?`)
	// The inbox of one operator is small by MaxStrangers.
	qStrangerEvict = stmt(`DELETE FROM strangers WHERE {{scope strangers strangers}} AND id = (SELECT u.id FROM strangers u
		WHERE {{scope strangers u}} AND u.operator_id = ?
		ORDER BY CASE WHEN u.held > 0 THEN 2 WHEN u.booted_at IS NOT NULL THEN 1 ELSE 0 END, u.last_at LIMIT 1)`)
	strangerList = listing(listSpec{
		Cols: strangerCols, From: "strangers u",
		Where: `{{scope strangers u}} {{if identity}} AND u.identity >= ? AND u.identity < ? {{end}} {{if ignored}} AND u.ignored = ? {{end}}`,
		ID:    "u.id", Sorts: map[string]string{"last_at": "u.last_at"}, Sort: "-last_at",
	})

	qHeldInsert = stmt(`INSERT INTO stranger_reports (operator_id, sub_operator_id, stranger_id, number, action, message_id, received_at, raw_sealed)
		VALUES ({{own stranger_reports}}, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	qHeld = stmt(`SELECT r.operator_id, r.stranger_id, r.number, r.action, r.message_id, r.received_at, r.raw_sealed FROM stranger_reports r
		WHERE {{scope stranger_reports r}} AND r.stranger_id = ? ORDER BY r.number`)

	qAliasInsert = stmt(`INSERT INTO point_aliases (identity, operator_id, sub_operator_id, point_id, created_at) VALUES (?, {{own point_aliases}}, ?, ?)`)
	qAliasDelete = stmt(`DELETE FROM point_aliases WHERE {{scope point_aliases point_aliases}} AND identity = ? AND point_id = ?`)
	qAliases     = stmt(`SELECT a.identity FROM point_aliases a WHERE {{scope point_aliases a}} AND a.point_id = ? ORDER BY a.identity`)
	qPointAlias  = stmt(`SELECT ` + pointCols + ` FROM point_aliases a JOIN charge_points p ON {{scope charge_points p key}} AND p.id = a.point_id
		WHERE {{scope point_aliases a key}} AND a.identity = ?`)

	qOnboarding     = stmt(`SELECT g.operator_id, g.knock FROM onboarding_settings g WHERE {{scope onboarding_settings g}} AND g.operator_id = ?`)
	qOnboardingSave = stmt(`INSERT INTO onboarding_settings (operator_id, sub_operator_id, knock) VALUES ({{own onboarding_settings}}, ?)
		ON CONFLICT (operator_id) DO UPDATE SET knock = excluded.knock
		WHERE {{scope onboarding_settings onboarding_settings}}`)
	qOperatorCoded = stmt(`SELECT o.id FROM operators o WHERE {{scope operators o}} AND o.code = ?`)
)

type strangerRow struct {
	asset.Stranger
	address Sealed
}

func scanStranger(r *Row, u *strangerRow) error {
	return r.Scan(&u.ID, &u.Operator, &u.Identity, &u.address, &u.Vendor, &u.Model, &u.Serial, &u.Firmware, &u.Key.Text, &u.Key.Raw,
		&u.KeysSeen, &u.FirstAt, &u.LastAt, &u.ToldAt, &u.BootedAt, &u.Tries, &u.Held, &u.Ignored, &u.Version)
}

func (tx *Tx) openStranger(u strangerRow) (asset.Stranger, error) {
	var err error
	u.Address, err = tx.OpenText(u.Operator, strangerAddress, u.address)
	return u.Stranger, err
}

// StrangerByID implements asset.Tx.
func (tx *Tx) StrangerByID(id ident.Stranger) (asset.Stranger, error) {
	q := qStranger
	if tx.readOnly {
		q = qStrangerRead
	}
	u, err := one(tx, "unknown charge point", q, scanStranger, id)
	if err != nil {
		return asset.Stranger{}, err
	}
	return tx.openStranger(u)
}

// LockStranger implements asset.Tx.
func (tx *Tx) LockStranger(op ident.Operator, identity string) (asset.Stranger, bool, error) {
	u, ok, err := maybe(tx, qStrangerNamed, scanStranger, identity, op)
	if err != nil || !ok {
		return asset.Stranger{}, false, err
	}
	s, err := tx.openStranger(u)
	return s, err == nil, err
}

// SaveStranger implements asset.Tx.
func (tx *Tx) SaveStranger(u asset.Stranger) (asset.Stranger, error) {
	address, err := tx.SealText(u.Operator, strangerAddress, u.Address)
	if err != nil {
		return u, err
	}
	mark := u.Key.Mark()
	text, raw := u.Key.Text, u.Key.Raw
	if mark == "" {
		text, raw = []byte{}, []byte{}
	}
	if u.Version == 0 {
		n, err := tx.exec(qStrangerInsert, u.Operator, ident.SubOperator{}, u.ID, u.Identity, address, u.Vendor, u.Model, u.Serial, u.Firmware,
			text, raw, mark, u.KeysSeen, u.FirstAt, u.LastAt, u.ToldAt, u.BootedAt, u.Tries, u.Held, u.Ignored, 1)
		if err == nil && n == 0 { // the other of two handshakes was quicker
			err = fault.New(fault.Conflict, "stranger_known", "This charge point knocks twice at once.")
		}
		u.Version = 1
		return u, err
	}
	n, err := tx.exec(qStrangerSave, address, u.Vendor, u.Model, u.Serial, u.Firmware, text, raw, mark, u.KeysSeen, u.LastAt, u.ToldAt,
		u.BootedAt, u.Tries, u.Held, u.Ignored, u.ID, u.Version)
	err = tx.oneVersion("unknown charge point", n, err, qStrangerVersion, u.ID, u.Version)
	u.Version++
	return u, err
}

// DeleteStranger implements asset.Tx. Its reports go with it.
func (tx *Tx) DeleteStranger(id ident.Stranger) error {
	return tx.execOne("unknown charge point", qStrangerDelete, id)
}

// CountStrangers implements asset.Tx.
func (tx *Tx) CountStrangers(op ident.Operator) (int, error) {
	return scalar[int](tx, qStrangerCount, op)
}

// EvictStranger implements asset.Tx.
func (tx *Tx) EvictStranger(op ident.Operator) error {
	_, err := tx.exec(qStrangerEvict, op)
	return err
}

// ListStrangers implements asset.Tx.
func (tx *Tx) ListStrangers(f asset.StrangerFilter, p operator.Page) (operator.List[asset.Stranger], error) {
	l, err := list(tx, strangerList, pageOf(p), scanStranger,
		optIf(f.Identity != "", "identity", f.Identity, f.Identity+"\U0010FFFF"),
		optIf(f.Ignored != nil, "ignored", f.Ignored != nil && *f.Ignored))
	return opened(l, err, tx.openStranger)
}

// HeldReports implements asset.Tx.
func (tx *Tx) HeldReports(id ident.Stranger) ([]asset.HeldReport, error) {
	type row struct {
		asset.HeldReport
		op     ident.Operator
		sealed Sealed
	}
	rows, err := all(tx, qHeld, func(r *Row, h *row) error {
		return r.Scan(&h.op, &h.Stranger, &h.Number, &h.Action, &h.MessageID, &h.ReceivedAt, &h.sealed)
	}, id)
	if err != nil {
		return nil, err
	}
	out := make([]asset.HeldReport, len(rows))
	for i, h := range rows {
		if h.Raw, err = tx.Open(h.op, strangerRaw, h.sealed); err != nil {
			return nil, err
		}
		out[i] = h.HeldReport
	}
	return out, nil
}

// InsertHeldReport implements asset.Tx.
func (tx *Tx) InsertHeldReport(u asset.Stranger, h asset.HeldReport) error {
	raw, err := tx.Seal(u.Operator, strangerRaw, h.Raw)
	if err != nil {
		return err
	}
	_, err = tx.exec(qHeldInsert, u.Operator, ident.SubOperator{}, u.ID, h.Number, h.Action, h.MessageID, h.ReceivedAt, raw)
	return err
}

// KeepHeld implements asset.Tx.
func (tx *Tx) KeepHeld(p asset.ChargePoint, held []asset.HeldReport) error {
	frames := make([]JournalFrame, len(held))
	for i, h := range held {
		frames[i] = JournalFrame{Operator: p.Operator, Sub: p.Sub, Point: p.ID, Inbound: true, Action: h.Action, MessageID: h.MessageID, At: h.ReceivedAt, Raw: h.Raw}
	}
	return tx.insertFrames(frames, make([]string, len(frames)))
}

// PointByAlias implements asset.Tx.
func (tx *Tx) PointByAlias(identity string) (asset.ChargePoint, error) {
	return one(tx, "charge point", qPointAlias, scanPoint, identity)
}

// InsertAlias implements asset.Tx.
func (tx *Tx) InsertAlias(p asset.ChargePoint, identity string) error {
	_, err := tx.exec(qAliasInsert, identity, p.Operator, p.Sub, p.ID, tx.now)
	var d *duplicateError
	if errors.As(err, &d) {
		return identityTaken
	}
	return err
}

// noAlias refuses an identity that some charge point of the platform has beside its own. Row
// by row nobody sees another operator's; the index does.
func (tx *Tx) noAlias(p asset.ChargePoint) error {
	if err := tx.InsertAlias(p, p.Identity); err != nil {
		return err
	}
	return tx.DeleteAlias(p.ID, p.Identity)
}

// DeleteAlias implements asset.Tx.
func (tx *Tx) DeleteAlias(p ident.ChargePoint, identity string) error {
	return tx.execOne("identity", qAliasDelete, identity, p)
}

// AliasesOf implements asset.Tx.
func (tx *Tx) AliasesOf(p ident.ChargePoint) ([]string, error) {
	return all(tx, qAliases, func(r *Row, s *string) error { return r.Scan(s) }, p)
}

// OnboardingOf implements asset.Tx.
func (tx *Tx) OnboardingOf(op ident.Operator) (asset.Onboarding, error) {
	g, ok, err := maybe(tx, qOnboarding, func(r *Row, g *asset.Onboarding) error { return r.Scan(&g.Operator, &g.Knock) }, op)
	if !ok {
		g = asset.Onboarding{Operator: op, Knock: true}
	}
	return g, err
}

// SaveOnboarding implements asset.Tx.
func (tx *Tx) SaveOnboarding(g asset.Onboarding) error {
	return tx.execOne("settings", qOnboardingSave, g.Operator, ident.SubOperator{}, g.Knock)
}

// OperatorByCode implements asset.Tx.
func (tx *Tx) OperatorByCode(code string) (ident.Operator, bool, error) {
	return maybe(tx, qOperatorCoded, func(r *Row, id *ident.Operator) error { return r.Scan(id) }, code)
}
