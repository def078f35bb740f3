package store

import (
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/operator"
)

var (
	_ = table("recharges", own, plain(`id operator_id sub_operator_id driver_id account_id transaction_id recharged_at recharge_from
		amount balance_after currency actor_id recharge_key state entry_id`),
		personal("reason_sealed", "behaviour", "ten years, as the books", "drop key"))
	_ = table("recharge_days", shared, plain("operator_id sub_operator_id local_day last_no"))
)

const rechargeCols = `r.id, r.operator_id, r.sub_operator_id, r.driver_id, r.account_id, r.transaction_id, r.recharged_at, r.recharge_from,
	r.amount, r.currency, r.balance_after, r.reason_sealed, r.actor_id, r.recharge_key, r.state, r.entry_id`

var (
	qRechargeInsert = stmt(`INSERT INTO recharges (id, operator_id, sub_operator_id, driver_id, account_id, transaction_id, recharged_at,
			recharge_from, amount, currency, balance_after, reason_sealed, actor_id, recharge_key, state, entry_id)
		VALUES (?, {{own recharges}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qRechargeByKey = stmt(`SELECT ` + rechargeCols + ` FROM recharges r
		WHERE {{scope recharges r key}} AND (r.operator_id = ?) IS TRUE AND r.recharge_key = ?`)
	qRecharges = listing(listSpec{
		Cols: rechargeCols, From: `recharges r`,
		Where: `{{scope recharges r}} {{if driver}} AND r.driver_id = ? {{end}} {{if account}} AND r.account_id = ? {{end}}
			{{if transaction}} AND r.transaction_id = ? {{end}}`,
		ID: `r.id`, Sorts: map[string]string{"time": `r.recharged_at`, "amount": `r.amount`}, Sort: "-time", // RCH-R4
	})

	// The row stays locked until the commit, so recharges of one operator go one
	// after the other. Staff make them by hand; providers will need a wider counter.
	qRechargeDay = stmt(`INSERT INTO recharge_days (operator_id, sub_operator_id, local_day, last_no)
		VALUES ({{own recharge_days}}, ?, 1)
		ON CONFLICT (operator_id, local_day) DO UPDATE SET last_no = recharge_days.last_no + 1
		WHERE {{scope recharge_days recharge_days}}`)
	qRechargeNo = stmt(`SELECT d.last_no FROM recharge_days d WHERE {{scope recharge_days d}} AND d.operator_id = ? AND d.local_day = ?`)
)

const reasonColumn = "recharges.reason_sealed"

type rechargeRow struct {
	ledger.Recharge
	reason Sealed
}

func scanRecharge(r *Row, v *rechargeRow) error {
	err := r.Scan(&v.ID, &v.Operator, &v.Sub, &v.Driver, &v.Account, &v.TransactionID, &v.At, &v.From, &v.Amount,
		&v.BalanceAfter.Minor, &v.reason, &v.Actor, &v.Key, &v.State, &v.Entry)
	v.BalanceAfter.Currency = v.Amount.Currency
	return err
}

func (tx *Tx) openRecharge(r rechargeRow) (ledger.Recharge, error) {
	var err error
	r.Reason, err = tx.OpenText(r.Operator, reasonColumn, r.reason)
	return r.Recharge, err
}

// InsertRecharge implements ledger.Tx.
func (tx *Tx) InsertRecharge(r ledger.Recharge) error {
	reason, err := tx.SealText(r.Operator, reasonColumn, r.Reason)
	if err != nil {
		return err
	}
	_, err = tx.exec(qRechargeInsert, r.ID, r.Operator, r.Sub, r.Driver, r.Account, r.TransactionID, r.At, r.From, r.Amount,
		r.BalanceAfter.Minor, reason, r.Actor, r.Key, r.State, r.Entry)
	if duplicate(err, "recharges_key") {
		// The key went to another wallet, so its lock did not order the two.
		return fault.New(fault.Conflict, "idempotency_key_reused", "This idempotency key came with another request before.")
	}
	return err
}

// RechargeByKey implements ledger.Tx.
func (tx *Tx) RechargeByKey(op ident.Operator, key string) (ledger.Recharge, bool, error) {
	r, found, err := maybe(tx, qRechargeByKey, scanRecharge, op, key)
	if err != nil || !found {
		return ledger.Recharge{}, false, err
	}
	v, err := tx.openRecharge(r)
	return v, true, err
}

// RechargePage implements ledger.Tx.
func (tx *Tx) RechargePage(f ledger.RechargeFilter, p operator.Page) (operator.List[ledger.Recharge], error) {
	l, err := list(tx, qRecharges, pageOf(p), scanRecharge, optIf(!f.Driver.IsZero(), "driver", f.Driver),
		optIf(!f.Account.IsZero(), "account", f.Account), optIf(f.TransactionID != "", "transaction", f.TransactionID))
	return opened(l, err, tx.openRecharge)
}

// NextRechargeNo implements ledger.Tx.
func (tx *Tx) NextRechargeNo(op ident.Operator, day string) (int, error) {
	if _, err := tx.exec(qRechargeDay, op, ident.SubOperator{}, day); err != nil {
		return 0, err
	}
	return scalar[int](tx, qRechargeNo, op, day)
}
