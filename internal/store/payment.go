package store

import (
	"encoding/json"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/pay"
)

// Payments of a driver on the points of a sub-operator are posted on the operator's wallets.
var (
	_ = table("payments", wideWrite, plain(`id operator_id sub_operator_id rev payment_type provider state account_id driver_id session_id of_id
		amount currency captured refunded refunding fee page_ref money_ref save_card saved return_url failure_code failure_text failure_retry
		reason_code expires_at created_at ended_at created_by recharge_id payment_key due_at looks`),
		personal("card_sealed action_sealed reason_sealed", "behaviour", "ten years, as the books", "drop key"))
	_ = table("payment_steps", wideWrite, plain(`payment_id number operator_id sub_operator_id op amount currency state tries began_at ended_at
		failure_code failure_text failure_retry`))
	_ = table("payment_notices", wideWrite, plain("operator_id provider notice sub_operator_id payment_id kind received_at"))
	_ = table("payment_cards", wideWrite, plain("id operator_id sub_operator_id driver_id provider saved_at removed"),
		personal("card_sealed", "identifier", "until it is removed", "drop key"))
)

const paymentCols = `y.id, y.operator_id, y.sub_operator_id, y.rev, y.payment_type, y.provider, y.state, y.account_id, y.driver_id, y.session_id, y.of_id,
	y.amount, y.currency, y.captured, y.refunded, y.refunding, y.fee, y.page_ref, y.money_ref, y.card_sealed, y.save_card, y.saved, y.action_sealed,
	y.return_url, y.failure_code, y.failure_text, y.failure_retry, y.reason_sealed, y.reason_code, y.expires_at, y.created_at, y.ended_at,
	y.created_by, y.recharge_id, y.payment_key, y.due_at, y.looks`

var (
	qPaymentInsert = stmt(`INSERT INTO payments (id, operator_id, sub_operator_id, rev, payment_type, provider, state, account_id, driver_id,
			session_id, of_id, amount, currency, captured, refunded, refunding, fee, page_ref, money_ref, card_sealed, save_card, saved, action_sealed,
			return_url, failure_code, failure_text, failure_retry, reason_sealed, reason_code, expires_at, created_at, ended_at, created_by,
			recharge_id, payment_key, due_at, looks)
		VALUES (?, {{own payments}}, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qPaymentSave = stmt(`UPDATE payments SET rev = rev + 1, state = ?, session_id = ?, amount = ?, captured = ?, refunded = ?, refunding = ?, fee = ?,
			page_ref = ?, money_ref = ?, card_sealed = ?, saved = ?, action_sealed = ?, failure_code = ?, failure_text = ?, failure_retry = ?,
			expires_at = ?, ended_at = ?, recharge_id = ?, due_at = ?, looks = ?
		WHERE {{scope payments payments}} AND id = ? AND rev = ?`)
	qPayment      = stmt(`SELECT ` + paymentCols + ` FROM payments y WHERE {{scope payments y}} AND y.id = ?`)
	qPaymentLock  = stmt(`SELECT ` + paymentCols + ` FROM payments y WHERE {{scope payments y}} AND y.id = ? {{lock}}`)
	qPaymentByKey = stmt(`SELECT ` + paymentCols + ` FROM payments y
		WHERE {{scope payments y key}} AND (y.operator_id = ?) IS TRUE AND y.payment_key = ?`)
	qPaymentByPage = stmt(`SELECT ` + paymentCols + ` FROM payments y
		WHERE {{scope payments y key}} AND (y.operator_id = ?) IS TRUE AND y.page_ref = ? AND y.page_ref <> '' AND y.provider = ? ORDER BY y.id LIMIT 1`)
	qPaymentByMoney = stmt(`SELECT ` + paymentCols + ` FROM payments y
		WHERE {{scope payments y key}} AND (y.operator_id = ?) IS TRUE AND y.money_ref = ? AND y.money_ref <> '' AND y.provider = ? ORDER BY y.id LIMIT 1`)
	qRefundsOf = stmt(`SELECT ` + paymentCols + ` FROM payments y
		WHERE {{scope payments y key}} AND y.of_id = ? AND y.payment_type = 'REFUND' ORDER BY y.created_at, y.id LIMIT 200`)
	qPaymentsDue = stmt(`SELECT y.id, y.operator_id FROM payments y WHERE {{scope payments y}} AND y.due_at <= ? ORDER BY y.due_at LIMIT ?`)
	qPayments    = listing(listSpec{
		Cols: paymentCols, From: `payments y`,
		Where: `{{scope payments y}} {{if driver}} AND y.driver_id = ? {{end}} {{if provider}} AND y.provider = ? {{end}}
			{{if type}} AND y.payment_type = ? {{end}} {{if states}} AND {{in y.state}} {{end}} {{if session}} AND y.session_id = ? {{end}}
			{{if from}} AND y.created_at >= ? {{end}} {{if to}} AND y.created_at < ? {{end}}`,
		ID: `y.id`, Sorts: map[string]string{"time": `y.created_at`, "amount": `y.amount`}, Sort: "-time",
	})

	qStepInsert = stmt(`INSERT INTO payment_steps (payment_id, number, operator_id, sub_operator_id, op, amount, currency, state, tries, began_at,
			failure_code, failure_text, failure_retry)
		VALUES (?, ?, {{own payment_steps}}, ?, ?, ?, ?, ?, ?, '', '', 0)`)
	qStepSave = stmt(`UPDATE payment_steps SET state = ?, tries = ?, ended_at = ?, failure_code = ?, failure_text = ?, failure_retry = ?
		WHERE {{scope payment_steps payment_steps}} AND payment_id = ? AND number = ?`)
	qStepsOf = stmt(`SELECT p.payment_id, p.number, p.operator_id, p.sub_operator_id, p.op, p.amount, p.currency, p.state, p.tries, p.began_at,
			p.ended_at, p.failure_code, p.failure_text, p.failure_retry
		FROM payment_steps p WHERE {{scope payment_steps p key}} AND p.payment_id = ? ORDER BY p.number`)
	qNoticeInsert = stmt(`INSERT INTO payment_notices (operator_id, sub_operator_id, provider, notice, payment_id, kind, received_at)
		VALUES ({{own payment_notices}}, ?, ?, ?, ?, ?) ON CONFLICT (notice, provider, operator_id) DO NOTHING`)
	qNoticesOf = stmt(`SELECT n.notice, n.kind, n.payment_id, n.operator_id, n.provider, n.received_at FROM payment_notices n
		WHERE {{scope payment_notices n key}} AND n.payment_id = ? ORDER BY n.received_at, n.notice LIMIT 200`)

	qPayCardInsert = stmt(`INSERT INTO payment_cards (id, operator_id, sub_operator_id, driver_id, provider, card_sealed, saved_at, removed)
		VALUES (?, {{own payment_cards}}, ?, ?, ?, ?, 0)`)
	qPayCard = stmt(`SELECT c.id, c.operator_id, c.sub_operator_id, c.driver_id, c.provider, c.card_sealed, c.saved_at, c.removed
		FROM payment_cards c WHERE {{scope payment_cards c}} AND c.id = ?`)
	qPayCardsOf = stmt(`SELECT c.id, c.operator_id, c.sub_operator_id, c.driver_id, c.provider, c.card_sealed, c.saved_at, c.removed
		FROM payment_cards c WHERE {{scope payment_cards c key}} AND c.driver_id = ? AND c.removed = 0 ORDER BY c.saved_at, c.id LIMIT 20`)
	qPayCardRemove = stmt(`UPDATE payment_cards SET removed = 1, card_sealed = NULL WHERE {{scope payment_cards payment_cards}} AND id = ? AND removed = 0`)
)

const (
	payCard   = "payments.card_sealed"
	payAction = "payments.action_sealed"
	payReason = "payments.reason_sealed"
	cardCard  = "payment_cards.card_sealed"
)

type paymentRow struct {
	pay.Payment
	card, action, reason Sealed
}

func scanPayment(r *Row, v *paymentRow) error {
	err := r.Scan(&v.ID, &v.Operator, &v.Sub, &v.Version, &v.Type, &v.Provider, &v.State, &v.Account, &v.Driver, &v.Session, &v.Of,
		&v.Amount, &v.Captured.Minor, &v.Refunded.Minor, &v.Refunding.Minor, &v.Fee.Minor, &v.Refs.Page, &v.Refs.Money, &v.card, &v.SaveCard, &v.Saved,
		&v.action, &v.ReturnURL, &v.Failure.Code, &v.Failure.Text, &v.Failure.Retryable, &v.reason, &v.ReasonAs, &v.ExpiresAt, &v.At, &v.EndedAt,
		&v.By, &v.Recharge, &v.Key, &v.DueAt, &v.Looks)
	for _, a := range []*money.Amount{&v.Captured, &v.Refunded, &v.Refunding, &v.Fee} {
		a.Currency = v.Amount.Currency
	}
	return err
}

func (tx *Tx) openPayment(v paymentRow) (pay.Payment, error) {
	p := v.Payment
	card, err := tx.Open(p.Operator, payCard, v.card)
	if err == nil && len(card) > 0 {
		err = json.Unmarshal(card, &p.Card)
	}
	if err == nil {
		p.Action, err = tx.OpenText(p.Operator, payAction, v.action)
	}
	if err == nil {
		p.Reason, err = tx.OpenText(p.Operator, payReason, v.reason)
	}
	return p, err
}

// sealedParts are a payment's columns that are sealed.
func (tx *Tx) sealedParts(p pay.Payment) (card, action, reason Sealed, err error) {
	if card, err = tx.sealCard(p.Operator, payCard, p.Card); err != nil {
		return card, action, reason, err
	}
	if action, err = tx.SealText(p.Operator, payAction, p.Action); err != nil {
		return card, action, reason, err
	}
	reason, err = tx.SealText(p.Operator, payReason, p.Reason)
	return card, action, reason, err
}

func (tx *Tx) sealCard(op ident.Operator, column string, c pay.Card) (Sealed, error) {
	if c == (pay.Card{}) {
		return Sealed{}, nil
	}
	b, err := json.Marshal(c)
	if err != nil {
		return Sealed{}, err
	}
	return tx.Seal(op, column, b)
}

// InsertPayment implements pay.Tx.
func (tx *Tx) InsertPayment(p pay.Payment) error {
	card, action, reason, err := tx.sealedParts(p)
	if err != nil {
		return err
	}
	_, err = tx.exec(qPaymentInsert, p.ID, p.Operator, p.Sub, p.Type, p.Provider, p.State, p.Account, p.Driver, p.Session, p.Of, p.Amount,
		p.Captured.Minor, p.Refunded.Minor, p.Refunding.Minor, p.Fee.Minor, p.Refs.Page, p.Refs.Money, card, p.SaveCard, p.Saved, action, p.ReturnURL,
		p.Failure.Code, p.Failure.Text, p.Failure.Retryable, reason, p.ReasonAs, p.ExpiresAt, p.At, p.EndedAt, p.By, p.Recharge, p.Key, p.DueAt, p.Looks)
	if duplicate(err, "payments_key") {
		return fault.New(fault.Conflict, "idempotency_key_reused", "This idempotency key came with another request before.")
	}
	tx.paymentChanged(p)
	return err
}

// SavePayment implements pay.Tx.
func (tx *Tx) SavePayment(p pay.Payment) error {
	card, action, _, err := tx.sealedParts(p)
	if err != nil {
		return err
	}
	n, err := tx.exec(qPaymentSave, p.State, p.Session, p.Amount.Minor, p.Captured.Minor, p.Refunded.Minor, p.Refunding.Minor, p.Fee.Minor,
		p.Refs.Page, p.Refs.Money, card, p.Saved, action, p.Failure.Code, p.Failure.Text, p.Failure.Retryable,
		p.ExpiresAt, p.EndedAt, p.Recharge, p.DueAt, p.Looks, p.ID, p.Version)
	if err == nil && n == 0 {
		return fault.Stale(0, p.Version)
	}
	tx.paymentChanged(p)
	return err
}

// paymentChanged tells screens.
func (tx *Tx) paymentChanged(p pay.Payment) {
	tx.Changed(Change{Topic: "payments", Operator: p.Operator, Sub: p.Sub, ID: p.ID.String()})
}

func (tx *Tx) payment(q *Stmt, args ...any) (pay.Payment, bool, error) {
	v, found, err := maybe(tx, q, scanPayment, args...)
	if err != nil || !found {
		return pay.Payment{}, false, err
	}
	p, err := tx.openPayment(v)
	return p, true, err
}

func (tx *Tx) onePayment(q *Stmt, id ident.Payment) (pay.Payment, error) {
	p, found, err := tx.payment(q, id)
	if err == nil && !found {
		err = fault.NotFound("payment")
	}
	return p, err
}

// LockPayment implements pay.Tx.
func (tx *Tx) LockPayment(id ident.Payment) (pay.Payment, error) {
	return tx.onePayment(qPaymentLock, id)
}

// PaymentByID implements pay.Tx.
func (tx *Tx) PaymentByID(id ident.Payment) (pay.Payment, error) { return tx.onePayment(qPayment, id) }

// PaymentByKey implements pay.Tx.
func (tx *Tx) PaymentByKey(op ident.Operator, key string) (pay.Payment, bool, error) {
	return tx.payment(qPaymentByKey, op, key)
}

// PaymentByRef implements pay.Tx.
func (tx *Tx) PaymentByRef(op ident.Operator, by pay.Provider, r pay.Refs) (pay.Payment, bool, error) {
	if r.Page != "" {
		if p, found, err := tx.payment(qPaymentByPage, op, r.Page, by); err != nil || found {
			return p, found, err
		}
	}
	if r.Money == "" {
		return pay.Payment{}, false, nil
	}
	return tx.payment(qPaymentByMoney, op, r.Money, by)
}

// RefundsOf implements pay.Tx.
func (tx *Tx) RefundsOf(id ident.Payment) ([]pay.Payment, error) {
	rows, err := all(tx, qRefundsOf, scanPayment, id)
	if err != nil {
		return nil, err
	}
	out := make([]pay.Payment, 0, len(rows))
	for _, v := range rows {
		p, err := tx.openPayment(v)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// DuePayments implements pay.Tx.
func (tx *Tx) DuePayments(now time.Time, limit int) ([]pay.Due, error) {
	return all(tx, qPaymentsDue, func(r *Row, d *pay.Due) error { return r.Scan(&d.ID, &d.Operator) }, now, limit)
}

// PaymentPage implements pay.Tx.
func (tx *Tx) PaymentPage(f pay.Filter, p operator.Page) (operator.List[pay.Row], error) {
	l, err := list(tx, qPayments, pageOf(p), scanPayment,
		optIf(!f.Driver.IsZero(), "driver", f.Driver), optIf(f.Provider != "", "provider", f.Provider), optIf(f.Type != "", "type", f.Type),
		optIf(len(f.States) > 0, "states", f.States), optIf(!f.Session.IsZero(), "session", f.Session),
		optIf(!f.From.IsZero(), "from", f.From), optIf(!f.To.IsZero(), "to", f.To))
	drivers := map[ident.Driver]member.Driver{}
	return opened(l, err, func(v paymentRow) (pay.Row, error) {
		p, err := tx.openPayment(v)
		if err != nil {
			return pay.Row{}, err
		}
		return tx.payerOf(p, drivers)
	})
}

// payerOf adds what lists show of the driver. A guest has none.
func (tx *Tx) payerOf(p pay.Payment, known map[ident.Driver]member.Driver) (pay.Row, error) {
	out := pay.Row{Payment: p}
	if p.Driver.IsZero() {
		a, err := tx.AccountByID(p.Account)
		out.ChargingAccount = a.Number
		return out, err
	}
	r, err := tx.withDriver(ledger.Recharge{Driver: p.Driver}, known)
	out.DriverAccount, out.DriverName, out.ChargingAccount = r.DriverAccount, r.DriverName, r.ChargingAccount
	return out, err
}

// PaymentRow implements pay.Tx.
func (tx *Tx) PaymentRow(id ident.Payment) (pay.Row, error) {
	p, err := tx.PaymentByID(id)
	if err != nil {
		return pay.Row{}, err
	}
	return tx.payerOf(p, map[ident.Driver]member.Driver{})
}

// InsertStep implements pay.Tx.
func (tx *Tx) InsertStep(s pay.Step) error {
	_, err := tx.exec(qStepInsert, s.Payment, s.Number, s.Operator, s.Sub, s.Op, s.Amount, s.State, s.Tries, s.At)
	return err
}

// SaveStep implements pay.Tx.
func (tx *Tx) SaveStep(s pay.Step) error {
	return tx.execOne("step", qStepSave, s.State, s.Tries, s.EndedAt, s.Failure.Code, s.Failure.Text, s.Failure.Retryable, s.Payment, s.Number)
}

// StepsOf implements pay.Tx.
func (tx *Tx) StepsOf(id ident.Payment) ([]pay.Step, error) {
	return all(tx, qStepsOf, func(r *Row, s *pay.Step) error {
		return r.Scan(&s.Payment, &s.Number, &s.Operator, &s.Sub, &s.Op, &s.Amount, &s.State, &s.Tries, &s.At, &s.EndedAt,
			&s.Failure.Code, &s.Failure.Text, &s.Failure.Retryable)
	}, id)
}

// InsertNotice implements pay.Tx.
func (tx *Tx) InsertNotice(n pay.Notice) (bool, error) {
	k, err := tx.exec(qNoticeInsert, n.Operator, ident.SubOperator{}, n.Provider, n.ID, n.Payment, n.Kind, n.At)
	return k > 0, err
}

// NoticesOf implements pay.Tx.
func (tx *Tx) NoticesOf(id ident.Payment) ([]pay.Notice, error) {
	return all(tx, qNoticesOf, func(r *Row, n *pay.Notice) error {
		return r.Scan(&n.ID, &n.Kind, &n.Payment, &n.Operator, &n.Provider, &n.At)
	}, id)
}

type payCardRow struct {
	pay.SavedCard
	card Sealed
}

func scanPayCard(r *Row, v *payCardRow) error {
	return r.Scan(&v.ID, &v.Operator, &v.Sub, &v.Driver, &v.Provider, &v.card, &v.At, &v.Removed)
}

func (tx *Tx) openPayCard(v payCardRow) (pay.SavedCard, error) {
	b, err := tx.Open(v.Operator, cardCard, v.card)
	if err == nil && len(b) > 0 {
		err = json.Unmarshal(b, &v.Card)
	}
	return v.SavedCard, err
}

// InsertCard implements pay.Tx.
func (tx *Tx) InsertCard(c pay.SavedCard) error {
	sealed, err := tx.sealCard(c.Operator, cardCard, c.Card)
	if err != nil {
		return err
	}
	_, err = tx.exec(qPayCardInsert, c.ID, c.Operator, c.Sub, c.Driver, c.Provider, sealed, c.At)
	return err
}

// CardByID implements pay.Tx.
func (tx *Tx) CardByID(id ident.Card) (pay.SavedCard, error) {
	v, err := one(tx, "card", qPayCard, scanPayCard, id)
	if err != nil {
		return pay.SavedCard{}, err
	}
	return tx.openPayCard(v)
}

// CardsOf implements pay.Tx.
func (tx *Tx) CardsOf(d ident.Driver) ([]pay.SavedCard, error) {
	rows, err := all(tx, qPayCardsOf, scanPayCard, d)
	out := make([]pay.SavedCard, 0, len(rows))
	for _, v := range rows {
		if err != nil {
			break
		}
		var c pay.SavedCard
		c, err = tx.openPayCard(v)
		out = append(out, c)
	}
	return out, err
}

// RemoveCard implements pay.Tx.
func (tx *Tx) RemoveCard(id ident.Card) error { return tx.execOne("card", qPayCardRemove, id) }
