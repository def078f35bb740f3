package store

import (
	"strings"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/operator"
)

var (
	_ = table("recharges", own, plain(`id operator_id sub_operator_id driver_id account_id transaction_id recharged_at recharge_from
		amount balance_after currency actor_id recharge_key state entry_id kind reverses reversed bonus source_book payment_id fee`),
		personal("reason_sealed reference_sealed", "behaviour", "ten years, as the books", "drop key"))
	_ = table("recharge_days", shared, plain("operator_id sub_operator_id local_day last_no"))
)

const rechargeCols = `r.id, r.operator_id, r.sub_operator_id, r.driver_id, r.account_id, r.transaction_id, r.recharged_at, r.recharge_from,
	r.amount, r.currency, r.balance_after, r.reason_sealed, r.actor_id, r.recharge_key, r.state, r.entry_id,
	r.kind, r.reverses, r.reversed, r.bonus, r.source_book, r.payment_id, r.fee, r.reference_sealed`

// rechargeWhere narrows the recharge record. Who is looked for is found first, and then
// the recharges of who was found.
const rechargeWhere = `{{scope recharges r}} {{if driver}} AND r.driver_id = ? {{end}} {{if account}} AND r.account_id = ? {{end}}
	{{if transaction}} AND r.transaction_id = ? {{end}}
	{{if recharges}} AND r.kind = 'recharge' {{end}} {{if reversals}} AND r.kind = 'reversal' {{end}}
	{{if amount}} AND {{in r.amount}} {{end}}
	{{if from}} AND r.recharged_at >= ? {{end}} {{if to}} AND r.recharged_at < ? {{end}}
	{{if number}} AND r.account_id IN (SELECT n.id FROM accounts n WHERE {{scope accounts n}} AND n.number_text = ?) {{end}}
	{{if login}} AND r.driver_id IN (SELECT d.id FROM drivers d WHERE {{scope drivers d}} AND d.account_hash = ?) {{end}}`

// wordsOf narrows rows to those whose driver has all the typed words.
func wordsOf(column string) string {
	var b strings.Builder
	for _, key := range wordKeys {
		b.WriteString(` {{if ` + key + `}} AND ` + column + ` IN (SELECT w.driver_id FROM driver_terms w WHERE {{scope driver_terms w}} AND w.term = ?) {{end}}`)
	}
	return b.String()
}

var (
	qRechargeInsert = stmt(`INSERT INTO recharges (id, operator_id, sub_operator_id, driver_id, account_id, transaction_id, recharged_at,
			recharge_from, amount, currency, balance_after, reason_sealed, actor_id, recharge_key, state, entry_id, kind, reverses, reversed, bonus,
			source_book, payment_id, fee, reference_sealed)
		VALUES (?, {{own recharges}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qRechargeReversed = stmt(`UPDATE recharges SET reversed = ?, state = ? WHERE {{scope recharges recharges}} AND id = ? AND reversed = ?`)
	qRecharge         = stmt(`SELECT ` + rechargeCols + ` FROM recharges r WHERE {{scope recharges r}} AND r.id = ?`)
	qReversalOf       = stmt(`SELECT ` + rechargeCols + ` FROM recharges r
		WHERE {{scope recharges r}} AND r.operator_id = ? AND r.reverses = ? AND r.kind = 'reversal'
		ORDER BY r.recharged_at DESC, r.id DESC LIMIT 1`)
	qRechargeSums = stmt(`SELECT f.currency, count(*), CAST(coalesce(sum(CASE WHEN f.amount > 0 THEN f.amount END), 0) AS BIGINT),
			CAST(coalesce(sum(CASE WHEN f.amount < 0 THEN -f.amount END), 0) AS BIGINT)
		FROM (SELECT r.currency, r.amount FROM recharges r WHERE ` + rechargeWhere + wordsOf(`r.driver_id`) + ` LIMIT ?) f
		GROUP BY f.currency ORDER BY f.currency`)
	qRechargeByKey = stmt(`SELECT ` + rechargeCols + ` FROM recharges r
		WHERE {{scope recharges r key}} AND (r.operator_id = ?) IS TRUE AND r.recharge_key = ?`)
	qRecharges = listing(listSpec{
		Cols: rechargeCols, From: `recharges r`,
		Where: rechargeWhere + wordsOf(`r.driver_id`),
		ID:    `r.id`, Sorts: map[string]string{"time": `r.recharged_at`, "amount": `r.amount`}, Sort: "-time", // RCH-R4
	})

	// The row stays locked until the commit, so recharges of one operator go one
	// after the other: a commit each, which is as many as are ever paid at once.
	qRechargeDay = stmt(`INSERT INTO recharge_days (operator_id, sub_operator_id, local_day, last_no)
		VALUES ({{own recharge_days}}, ?, 1)
		ON CONFLICT (operator_id, local_day) DO UPDATE SET last_no = recharge_days.last_no + 1
		WHERE {{scope recharge_days recharge_days}}`)
	qRechargeNo = stmt(`SELECT d.last_no FROM recharge_days d WHERE {{scope recharge_days d}} AND d.operator_id = ? AND d.local_day = ?`)
)

const (
	reasonColumn    = "recharges.reason_sealed"
	referenceColumn = "recharges.reference_sealed"
)

type rechargeRow struct {
	ledger.Recharge
	reason, reference Sealed
}

func scanRecharge(r *Row, v *rechargeRow) error {
	err := r.Scan(&v.ID, &v.Operator, &v.Sub, &v.Driver, &v.Account, &v.TransactionID, &v.At, &v.From, &v.Amount,
		&v.BalanceAfter.Minor, &v.reason, &v.Actor, &v.Key, &v.State, &v.Entry, &v.Kind, &v.Reverses, &v.Reversed.Minor, &v.Bonus.Minor,
		&v.Source, &v.Payment, &v.Fee.Minor, &v.reference)
	v.Bonus.Currency, v.Fee.Currency = v.Amount.Currency, v.Amount.Currency
	v.BalanceAfter.Currency, v.Reversed.Currency = v.Amount.Currency, v.Amount.Currency
	return err
}

func (tx *Tx) openRecharge(r rechargeRow) (ledger.Recharge, error) {
	var err error
	if r.Reason, err = tx.OpenText(r.Operator, reasonColumn, r.reason); err != nil {
		return r.Recharge, err
	}
	r.Reference, err = tx.OpenText(r.Operator, referenceColumn, r.reference)
	return r.Recharge, err
}

// InsertRecharge implements ledger.Tx.
func (tx *Tx) InsertRecharge(r ledger.Recharge) error {
	reason, err := tx.SealText(r.Operator, reasonColumn, r.Reason)
	if err != nil {
		return err
	}
	reference, err := tx.SealText(r.Operator, referenceColumn, r.Reference)
	if err != nil {
		return err
	}
	_, err = tx.exec(qRechargeInsert, r.ID, r.Operator, r.Sub, r.Driver, r.Account, r.TransactionID, r.At, r.From, r.Amount,
		r.BalanceAfter.Minor, reason, r.Actor, r.Key, r.State, r.Entry, r.Kind, r.Reverses, r.Reversed.Minor, r.Bonus.Minor, r.Source, r.Payment, r.Fee.Minor, reference)
	if duplicate(err, "recharges_reversal") {
		return reversedAlready
	}
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

var reversedAlready = fault.New(fault.Conflict, "recharge_reversed", "This recharge has been taken back already. A recharge is reversed once.")

// SaveReversed implements ledger.Tx.
func (tx *Tx) SaveReversed(r ledger.Recharge, before money.Amount) error {
	n, err := tx.exec(qRechargeReversed, r.Reversed.Minor, r.State, r.ID, before.Minor)
	if err == nil && n == 0 {
		return reversedAlready
	}
	return err
}

// RechargeByID implements ledger.Tx.
func (tx *Tx) RechargeByID(id ident.Recharge) (ledger.Recharge, error) {
	r, err := one(tx, "recharge", qRecharge, scanRecharge, id)
	if err != nil {
		return ledger.Recharge{}, err
	}
	return tx.openRecharge(r)
}

// ReversalOf implements ledger.Tx: what took a recharge back.
func (tx *Tx) ReversalOf(id ident.Recharge) (ledger.Recharge, bool, error) {
	of, err := tx.RechargeByID(id)
	if err != nil {
		return of, false, err
	}
	r, found, err := maybe(tx, qReversalOf, scanRecharge, of.Operator, id)
	if err != nil || !found {
		return ledger.Recharge{}, false, err
	}
	v, err := tx.openRecharge(r)
	return v, true, err
}

// withDriver adds what lists show of the driver, where the scope sees them.
func (tx *Tx) withDriver(r ledger.Recharge, known map[ident.Driver]member.Driver) (ledger.RechargeRow, error) {
	row := ledger.RechargeRow{Recharge: r}
	d, there := known[r.Driver]
	if !there {
		var err error
		if d, err = tx.DriverByID(r.Driver); err != nil && !fault.Is(err, fault.Missing) {
			return row, err
		}
		known[r.Driver] = d
	}
	row.DriverAccount, row.DriverName, row.DriverEmail, row.ChargingAccount = d.Account, d.Name, d.Email, d.ChargingAccount
	if row.DriverName == "" {
		row.DriverName = d.Nickname
	}
	return row, nil
}

// RechargeRow implements ledger.Tx.
func (tx *Tx) RechargeRow(id ident.Recharge) (ledger.RechargeRow, error) {
	r, err := tx.RechargeByID(id)
	if err != nil {
		return ledger.RechargeRow{}, err
	}
	return tx.withDriver(r, map[ident.Driver]member.Driver{})
}

// rechargeOptions are the arguments of rechargeWhere.
func (tx *Tx) rechargeOptions(f ledger.RechargeFilter) ([]any, error) {
	args, err := tx.wordOptions(f.Words)
	if err != nil {
		return nil, err
	}
	login, err := tx.exactly("login", "account", f.Login, member.NormalAccount)
	if err != nil {
		return nil, err
	}
	return append(args, login, optIf(!f.Driver.IsZero(), "driver", f.Driver), optIf(!f.Account.IsZero(), "account", f.Account),
		optIf(f.TransactionID != "", "transaction", f.TransactionID), optIf(f.ChargingAccount != "", "number", f.ChargingAccount),
		optIf(f.Kind == ledger.Forward, "recharges"), optIf(f.Kind == ledger.Reversal, "reversals"),
		optIf(f.Amount.Minor != 0, "amount", []int64{f.Amount.Minor, -f.Amount.Minor}),
		optIf(!f.From.IsZero(), "from", f.From), optIf(!f.To.IsZero(), "to", f.To)), nil
}

// RechargePage implements ledger.Tx.
func (tx *Tx) RechargePage(f ledger.RechargeFilter, p operator.Page) (operator.List[ledger.RechargeRow], error) {
	args, err := tx.rechargeOptions(f)
	if err != nil {
		return operator.List[ledger.RechargeRow]{}, err
	}
	l, err := list(tx, qRecharges, pageOf(p), scanRecharge, args...)
	drivers := map[ident.Driver]member.Driver{}
	return opened(l, err, func(r rechargeRow) (ledger.RechargeRow, error) {
		v, err := tx.openRecharge(r)
		if err != nil {
			return ledger.RechargeRow{}, err
		}
		return tx.withDriver(v, drivers)
	})
}

// RechargeSums implements ledger.Tx: nothing where there are more than upTo rows.
func (tx *Tx) RechargeSums(f ledger.RechargeFilter, upTo int) ([]ledger.RechargeSum, bool, error) {
	args, err := tx.rechargeOptions(f)
	if err != nil {
		return nil, false, err
	}
	rows := 0
	sums, err := all(tx, qRechargeSums, func(r *Row, s *ledger.RechargeSum) error {
		err := r.Scan(&s.Currency, &s.Count, &s.Recharged.Minor, &s.Reversed.Minor)
		s.Recharged.Currency, s.Reversed.Currency = s.Currency, s.Currency
		s.Net = s.Recharged.Sub(s.Reversed)
		rows += s.Count
		return err
	}, append(args, upTo+1)...)
	if err != nil || rows > upTo {
		return nil, err == nil, err
	}
	return sums, false, nil
}

// NextRechargeNo implements ledger.Tx.
func (tx *Tx) NextRechargeNo(op ident.Operator, day string) (int, error) {
	if _, err := tx.exec(qRechargeDay, op, ident.SubOperator{}, day); err != nil {
		return 0, err
	}
	return scalar[int](tx, qRechargeNo, op, day)
}
