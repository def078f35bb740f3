package store

import (
	"encoding/json"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/operator"
)

var (
	_ = table("recharge_rules", shared, plain("operator_id sub_operator_id rules version"))
	_ = table("recharge_asks", own, plain(`id operator_id sub_operator_id driver_id account_id amount currency asked_by asked_at expires_at state
		decided_by decided_at recharge_id ask_key recharge_from`), personal("reason_sealed decision_sealed reference_sealed", "behaviour", "ten years, as the books", "drop key"))
)

const askCols = `k.id, k.operator_id, k.sub_operator_id, k.driver_id, k.account_id, k.amount, k.currency, k.reason_sealed, k.asked_by, k.asked_at,
	k.expires_at, k.state, k.decided_by, k.decided_at, k.decision_sealed, k.recharge_id, k.ask_key, k.recharge_from, k.reference_sealed`

var (
	qRechargeRules       = stmt(`SELECT u.rules, u.version FROM recharge_rules u WHERE {{scope recharge_rules u}} AND u.operator_id = ?`)
	qRechargeRulesInsert = stmt(`INSERT INTO recharge_rules (operator_id, sub_operator_id, rules, version) VALUES ({{own recharge_rules}}, ?, 2)
		ON CONFLICT (operator_id) DO NOTHING`)
	qRechargeRulesSave = stmt(`UPDATE recharge_rules SET rules = ?, version = version + 1
		WHERE {{scope recharge_rules recharge_rules}} AND operator_id = ? AND version = ?`)

	qAskInsert = stmt(`INSERT INTO recharge_asks (id, operator_id, sub_operator_id, driver_id, account_id, amount, currency, reason_sealed,
			asked_by, asked_at, expires_at, state, decided_by, recharge_id, ask_key, recharge_from, reference_sealed)
		VALUES (?, {{own recharge_asks}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qAskSave = stmt(`UPDATE recharge_asks SET state = ?, decided_by = ?, decided_at = ?, decision_sealed = ?, recharge_id = ?
		WHERE {{scope recharge_asks recharge_asks}} AND id = ? AND state = 'PENDING'`)
	qAsk      = stmt(`SELECT ` + askCols + ` FROM recharge_asks k WHERE {{scope recharge_asks k}} AND k.id = ?`)
	qAskByKey = stmt(`SELECT ` + askCols + ` FROM recharge_asks k WHERE {{scope recharge_asks k key}} AND (k.operator_id = ?) IS TRUE AND k.ask_key = ?`)
	qAsks     = listing(listSpec{
		Cols: askCols, From: `recharge_asks k`,
		Where: `{{scope recharge_asks k}} {{if pending}} AND k.state = 'PENDING' AND k.expires_at > ? {{end}}`,
		ID:    `k.id`, Sorts: map[string]string{"time": `k.asked_at`}, Sort: "-time",
	})
)

// RechargeRules implements ledger.Tx.
func (tx *Tx) RechargeRules(op ident.Operator) (ledger.RechargeRules, bool, error) {
	type row struct {
		rules   string
		version int64
	}
	v, found, err := maybe(tx, qRechargeRules, func(r *Row, v *row) error { return r.Scan(&v.rules, &v.version) }, op)
	var out ledger.RechargeRules
	if err != nil || !found {
		return out, false, err
	}
	err = json.Unmarshal([]byte(v.rules), &out)
	out.Operator, out.Version = op, v.version
	return out, true, err
}

// SaveRechargeRules implements ledger.Tx.
func (tx *Tx) SaveRechargeRules(r ledger.RechargeRules) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	n, err := tx.exec(qRechargeRulesSave, string(text), r.Operator, r.Version)
	if err == nil && n == 0 && r.Version == 1 { // they were never saved
		n, err = tx.exec(qRechargeRulesInsert, r.Operator, ident.SubOperator{}, string(text))
	}
	if err == nil && n == 0 {
		return fault.Stale(0, r.Version)
	}
	return err
}

const (
	askReason   = "recharge_asks.reason_sealed"
	askDecision = "recharge_asks.decision_sealed"
	askRef      = "recharge_asks.reference_sealed"
)

type askRow struct {
	ledger.Ask
	reason, decision, reference Sealed
}

func scanAsk(r *Row, v *askRow) error {
	return r.Scan(&v.ID, &v.Operator, &v.Sub, &v.Driver, &v.Account, &v.Amount, &v.reason, &v.By, &v.At, &v.ExpiresAt, &v.State, &v.DecidedBy,
		&v.DecidedAt, &v.decision, &v.Recharge, &v.Key, &v.From, &v.reference)
}

func (tx *Tx) openAsk(v askRow, err error) (ledger.Ask, error) {
	if err == nil {
		v.Reason, err = tx.OpenText(v.Operator, askReason, v.reason)
	}
	if err == nil {
		v.DecisionReason, err = tx.OpenText(v.Operator, askDecision, v.decision)
	}
	if err == nil {
		v.Reference, err = tx.OpenText(v.Operator, askRef, v.reference)
	}
	return v.Ask, err
}

// InsertAsk implements ledger.Tx.
func (tx *Tx) InsertAsk(a ledger.Ask) error {
	reason, err := tx.SealText(a.Operator, askReason, a.Reason)
	if err != nil {
		return err
	}
	reference, err := tx.SealText(a.Operator, askRef, a.Reference)
	if err != nil {
		return err
	}
	_, err = tx.exec(qAskInsert, a.ID, a.Operator, a.Sub, a.Driver, a.Account, a.Amount, reason, a.By, a.At, a.ExpiresAt, a.State, a.DecidedBy,
		a.Recharge, a.Key, a.From, reference)
	if duplicate(err, "recharge_asks_key") {
		return fault.New(fault.Conflict, "idempotency_key_reused", "This idempotency key came with another request before.")
	}
	return err
}

// SaveAsk implements ledger.Tx.
func (tx *Tx) SaveAsk(a ledger.Ask) error {
	decision, err := tx.SealText(a.Operator, askDecision, a.DecisionReason)
	if err != nil {
		return err
	}
	n, err := tx.exec(qAskSave, a.State, a.DecidedBy, a.DecidedAt, decision, a.Recharge, a.ID)
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "ask_decided", "This request has been decided already.")
	}
	return err
}

// AskByID implements ledger.Tx.
func (tx *Tx) AskByID(id ident.Ask) (ledger.Ask, error) {
	return tx.openAsk(one(tx, "request", qAsk, scanAsk, id))
}

// AskByKey implements ledger.Tx.
func (tx *Tx) AskByKey(op ident.Operator, key string) (ledger.Ask, bool, error) {
	v, found, err := maybe(tx, qAskByKey, scanAsk, op, key)
	if err != nil || !found {
		return ledger.Ask{}, false, err
	}
	a, err := tx.openAsk(v, nil)
	return a, true, err
}

// AskPage implements ledger.Tx.
func (tx *Tx) AskPage(pending bool, now time.Time, p operator.Page) (operator.List[ledger.AskRow], error) {
	l, err := list(tx, qAsks, pageOf(p), scanAsk, optIf(pending, "pending", now))
	drivers := map[ident.Driver]member.Driver{}
	staff := map[ident.Staff]string{{}: ""}
	name := func(id ident.Staff) (string, error) {
		known, there := staff[id]
		if there {
			return known, nil
		}
		s, err := tx.StaffByID(id)
		if err != nil && !fault.Is(err, fault.Missing) { // one of the platform is not seen from here
			return "", err
		}
		staff[id] = s.Name
		return s.Name, nil
	}
	return opened(l, err, func(v askRow) (ledger.AskRow, error) {
		a, err := tx.openAsk(v, nil)
		if err != nil {
			return ledger.AskRow{}, err
		}
		a.State = a.StateAt(now)
		d, err := tx.withDriver(ledger.Recharge{Driver: a.Driver}, drivers)
		if err != nil {
			return ledger.AskRow{}, err
		}
		row := ledger.AskRow{Ask: a, DriverAccount: d.DriverAccount, DriverName: d.DriverName, ChargingAccount: d.ChargingAccount}
		if row.ByName, err = name(a.By); err == nil {
			row.DecidedByName, err = name(a.DecidedBy)
		}
		return row, err
	})
}
