package store

import (
	"encoding/json"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/pay"
)

var (
	_ = table("payment_options", shared, plain("operator_id method sub_operator_id enabled for_guests hint hook_set tested_at test_failure version"),
		personal("secret_sealed", "keys of a payment provider, no person's", "until they are replaced", "drop key"))
	_ = table("payment_checks", shared, plain(`operator_id provider day id sub_operator_id checked_at state matched at_provider in_ledger currency
		failure drifts`))
)

const optionCols = `o.operator_id, o.method, o.enabled, o.for_guests, o.secret_sealed, o.hint, o.hook_set, o.tested_at, o.test_failure, o.version`

var (
	qOptions      = stmt(`SELECT ` + optionCols + ` FROM payment_options o WHERE {{scope payment_options o}} AND o.operator_id = ? ORDER BY o.method`)
	qOptionInsert = stmt(`INSERT INTO payment_options (operator_id, sub_operator_id, method, enabled, for_guests, secret_sealed, hint, hook_set, tested_at,
			test_failure, version)
		VALUES ({{own payment_options}}, ?, ?, ?, ?, ?, ?, ?, ?, 2) ON CONFLICT (operator_id, method) DO NOTHING`)
	qOptionSave = stmt(`UPDATE payment_options SET enabled = ?, for_guests = ?, secret_sealed = ?, hint = ?, hook_set = ?, tested_at = ?, test_failure = ?,
			version = version + 1
		WHERE {{scope payment_options payment_options}} AND operator_id = ? AND method = ? AND version = ?`)
	qProvidersInUse = stmt(`SELECT o.operator_id, o.method FROM payment_options o
		WHERE {{scope payment_options o}} AND o.secret_sealed IS NOT NULL ORDER BY o.operator_id, o.method LIMIT 10000`)

	// What a provider has taken and given back in a time, as the ledger has it: by recharges,
	// which are one for each payment and one for each refund.
	qTakenBetween = stmt(`SELECT r.payment_id, y.of_id, r.amount, r.currency FROM recharges r
		JOIN payments y ON {{scope payments y id}} AND y.id = r.payment_id
		WHERE {{scope recharges r}} AND r.operator_id = ? AND r.source_book = ? AND r.recharged_at >= ? AND r.recharged_at < ?
		ORDER BY r.recharged_at, r.id LIMIT 100000`)
	qCheckSave = stmt(`INSERT INTO payment_checks (operator_id, sub_operator_id, provider, day, id, checked_at, state, matched, at_provider, currency,
			in_ledger, failure, drifts)
		VALUES ({{own payment_checks}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (operator_id, provider, day) DO UPDATE SET checked_at = excluded.checked_at, state = excluded.state, matched = excluded.matched,
			at_provider = excluded.at_provider, in_ledger = excluded.in_ledger, failure = excluded.failure, drifts = excluded.drifts
		WHERE {{scope payment_checks payment_checks}}`)
	qChecksSince = stmt(`SELECT ` + checkCols + ` FROM payment_checks k WHERE {{scope payment_checks k}} AND k.operator_id = ? AND k.day >= ?
		ORDER BY k.day, k.provider LIMIT 100`)
	qChecks = listing(listSpec{Cols: checkCols, From: `payment_checks k`, Where: `{{scope payment_checks k}}`, ID: `k.id`,
		Sorts: map[string]string{"day": `k.day`}, Sort: "-day"})
)

const checkCols = `k.id, k.operator_id, k.provider, k.day, k.checked_at, k.state, k.matched, k.at_provider, k.currency, k.in_ledger, k.failure, k.drifts`

const optionSecret = "payment_options.secret_sealed"

type optionRow struct {
	pay.Option
	secret Sealed
}

// PayOptions implements pay.Tx.
func (tx *Tx) PayOptions(op ident.Operator) ([]pay.Option, error) {
	rows, err := all(tx, qOptions, func(r *Row, v *optionRow) error {
		return r.Scan(&v.Operator, &v.Method, &v.Enabled, &v.Guests, &v.secret, &v.Hint, &v.HookSet, &v.TestedAt, &v.TestFailure, &v.Version)
	}, op)
	out := make([]pay.Option, 0, len(rows))
	for _, v := range rows {
		b, err := tx.Open(op, optionSecret, v.secret)
		if err != nil {
			return nil, err
		}
		if len(b) > 0 {
			if err := json.Unmarshal(b, &v.Secret); err != nil {
				return nil, err
			}
		}
		out = append(out, v.Option)
	}
	return out, err
}

// SavePayOption implements pay.Tx.
func (tx *Tx) SavePayOption(o pay.Option) error {
	var sealed Sealed
	if o.Secret != (pay.Secret{}) {
		b, err := json.Marshal(o.Secret)
		if err != nil {
			return err
		}
		if sealed, err = tx.Seal(o.Operator, optionSecret, b); err != nil {
			return err
		}
	}
	n, err := tx.exec(qOptionSave, o.Enabled, o.Guests, sealed, o.Hint, o.HookSet, o.TestedAt, o.TestFailure, o.Operator, o.Method, o.Version)
	if err == nil && n == 0 && o.Version == 1 { // it was never saved
		n, err = tx.exec(qOptionInsert, o.Operator, ident.SubOperator{}, o.Method, o.Enabled, o.Guests, sealed, o.Hint, o.HookSet, o.TestedAt, o.TestFailure)
	}
	if err == nil && n == 0 {
		return fault.Stale(0, o.Version)
	}
	return err
}

// ProvidersInUse implements pay.Tx.
func (tx *Tx) ProvidersInUse() ([]pay.InUse, error) {
	return all(tx, qProvidersInUse, func(r *Row, u *pay.InUse) error { return r.Scan(&u.Operator, &u.Method) })
}

// TakenBetween implements pay.Tx.
func (tx *Tx) TakenBetween(op ident.Operator, p pay.Provider, from, to time.Time) ([]pay.Booked, error) {
	return all(tx, qTakenBetween, func(r *Row, b *pay.Booked) error { return r.Scan(&b.Payment, &b.Of, &b.Amount) },
		op, "provider:"+string(p), from, to)
}

// SaveCheck implements pay.Tx.
func (tx *Tx) SaveCheck(c pay.Check) error {
	drifts, err := json.Marshal(c.Drifts)
	if err != nil {
		return err
	}
	_, err = tx.exec(qCheckSave, c.Operator, ident.SubOperator{}, c.Provider, c.Day, c.ID, c.At, c.State, c.Matched, c.AtProvider, c.InLedger.Minor,
		c.Failure, string(drifts))
	return err
}

func scanCheck(r *Row, c *pay.Check) error {
	var drifts string
	err := r.Scan(&c.ID, &c.Operator, &c.Provider, &c.Day, &c.At, &c.State, &c.Matched, &c.AtProvider, &c.InLedger.Minor, &c.Failure, &drifts)
	if err != nil {
		return err
	}
	c.InLedger.Currency = c.AtProvider.Currency
	return json.Unmarshal([]byte(drifts), &c.Drifts)
}

// ChecksSince implements pay.Tx.
func (tx *Tx) ChecksSince(op ident.Operator, day string) ([]pay.Check, error) {
	return all(tx, qChecksSince, scanCheck, op, day)
}

// CheckPage implements pay.Tx.
func (tx *Tx) CheckPage(p operator.Page) (operator.List[pay.Check], error) {
	return listed(list(tx, qChecks, pageOf(p), scanCheck))
}
