package store

import (
	"time"

	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/operator"
)

// Every scope that posts asks until when the books are closed.
var (
	_ = table("book_states", shared, plain("operator_id sub_operator_id closed_until"))
	_ = table("book_closings", shared, plain(`id operator_id sub_operator_id month closed_from closed_until closed_at closed_by reason
		reopened_at reopened_by reopen_reason`))
)

const closingCols = `c.id, c.operator_id, c.month, c.closed_from, c.closed_until, c.closed_at, c.closed_by, c.reason, c.reopened_at,
	c.reopened_by, c.reopen_reason`

var (
	qBookState = stmt(`SELECT b.closed_until FROM book_states b WHERE {{scope book_states b}} AND b.operator_id = ?
		{{if share}} {{pg FOR SHARE}} {{end}}`)
	qBookStateLock   = stmt(`SELECT b.closed_until FROM book_states b WHERE {{scope book_states b}} AND b.operator_id = ? {{lock}}`)
	qBookStateInsert = stmt(`INSERT INTO book_states (operator_id, sub_operator_id, closed_until) VALUES ({{own book_states}}, ?)
		ON CONFLICT (operator_id) DO NOTHING`)
	qBookStateSave = stmt(`UPDATE book_states SET closed_until = ? WHERE {{scope book_states book_states}} AND operator_id = ?`)

	qClosingInsert = stmt(`INSERT INTO book_closings (id, operator_id, sub_operator_id, month, closed_from, closed_until, closed_at, closed_by,
			reason, reopened_at, reopened_by, reopen_reason)
		VALUES (?, {{own book_closings}}, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qClosingReopened = stmt(`UPDATE book_closings SET reopened_at = ?, reopened_by = ?, reopen_reason = ?
		WHERE {{scope book_closings book_closings}} AND id = ? AND reopened_at IS NULL`)
	qClosing  = stmt(`SELECT ` + closingCols + ` FROM book_closings c WHERE {{scope book_closings c}} AND c.id = ?`)
	qClosings = listing(listSpec{
		Cols: closingCols, From: `book_closings c`, Where: `{{scope book_closings c}}`,
		ID: `c.id`, Sorts: map[string]string{"time": `c.closed_at`}, Sort: "-time",
	})
)

func scanClosing(r *Row, c *ledger.Closing) error {
	return r.Scan(&c.ID, &c.Operator, &c.Month, &c.From, &c.Until, &c.At, &c.By, &c.Reason, &c.ReopenedAt, &c.ReopenedBy, &c.ReopenReason)
}

func scanInstant(r *Row, t *time.Time) error { return r.Scan(t) }

// Past implements ledger.Tx.
func (tx *Tx) Past() bool { return tx.past }

// ClosedUntil implements ledger.Tx. Whoever may post after it shares the row; SQLite has
// one writer.
func (tx *Tx) ClosedUntil(op ident.Operator) (time.Time, error) {
	read := func() (time.Time, bool, error) {
		return maybe(tx, qBookState, scanInstant, op, optIf(!tx.readOnly, "share"))
	}
	at, found, err := read()
	if err != nil || found || tx.readOnly {
		if !found {
			at = ledger.Never
		}
		return at, err
	}
	if err := tx.insertBookState(op); err != nil {
		return at, err
	}
	at, _, err = read()
	return at, err
}

func (tx *Tx) insertBookState(op ident.Operator) error {
	_, err := tx.exec(qBookStateInsert, op, ident.SubOperator{}, ledger.Never)
	return err
}

// LockClosed implements ledger.Tx.
func (tx *Tx) LockClosed(op ident.Operator) (time.Time, error) {
	if err := tx.insertBookState(op); err != nil {
		return time.Time{}, err
	}
	return one(tx, "operator", qBookStateLock, scanInstant, op)
}

// SaveClosed implements ledger.Tx.
func (tx *Tx) SaveClosed(op ident.Operator, until time.Time) error {
	_, err := tx.exec(qBookStateSave, until, op)
	return err
}

// InsertClosing implements ledger.Tx.
func (tx *Tx) InsertClosing(c ledger.Closing) error {
	_, err := tx.exec(qClosingInsert, c.ID, c.Operator, ident.SubOperator{}, c.Month, c.From, c.Until, c.At, c.By, c.Reason, c.ReopenedAt,
		c.ReopenedBy, c.ReopenReason)
	return err
}

// SaveReopened implements ledger.Tx.
func (tx *Tx) SaveReopened(c ledger.Closing) error {
	_, err := tx.exec(qClosingReopened, c.ReopenedAt, c.ReopenedBy, c.ReopenReason, c.ID)
	return err
}

// ClosingByID implements ledger.Tx.
func (tx *Tx) ClosingByID(id ident.Closing) (ledger.Closing, error) {
	return one(tx, "closing", qClosing, scanClosing, id)
}

// ClosingPage implements ledger.Tx.
func (tx *Tx) ClosingPage(p operator.Page) (operator.List[ledger.Closing], error) {
	return listed(list(tx, qClosings, pageOf(p), scanClosing))
}
