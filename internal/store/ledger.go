package store

import (
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
)

// The driver of a sub-operator's charge point may belong to the operator, and so may
// the wallet: a session's scope reads and writes all the operator's money rows.
var (
	_ = table("accounts", wideWrite, plain("id operator_id sub_operator_id rev currency balance bonus held backed opened_at"),
		personal("number_text", "identifier", "ten years after the last posting", "keep locked"))
	_ = table("holds", wideWrite, plain("id operator_id sub_operator_id rev account_id session_id amount currency state held_at"))
	_ = table("entries", wideWrite, plain(`id operator_id sub_operator_id posted_at booked_at event_at kind session_id recharge_id corrects
		entry_key amount debt balance currency`), personal("reason_sealed", "behaviour", "ten years, as the books", "drop key"), appendOnly())
	_ = table("postings", wideWrite, plain(`entry_id line_no line_id operator_id sub_operator_id book account_id amount currency
		booked_at`), appendOnly())
)

const (
	accountCols = `a.id, a.operator_id, a.sub_operator_id, a.number_text, a.currency, a.balance, a.bonus, a.held, a.backed, a.rev`
	entryCols   = `e.id, e.operator_id, e.sub_operator_id, e.posted_at, e.kind, e.session_id, e.recharge_id, e.corrects, e.entry_key,
		e.amount, e.currency, e.debt, e.balance, e.booked_at, e.event_at, e.reason_sealed`
)

var (
	qAccountInsert = stmt(`INSERT INTO accounts (id, operator_id, sub_operator_id, rev, number_text, currency, balance, held, opened_at)
		VALUES (?, {{own accounts}}, 1, ?, ?, ?, ?, ?)`)
	qAccount     = stmt(`SELECT ` + accountCols + ` FROM accounts a WHERE {{scope accounts a}} AND a.id = ?`)
	qAccountLock = stmt(`SELECT ` + accountCols + ` FROM accounts a WHERE {{scope accounts a}} AND a.id = ? {{lock}}`)
	qAccountSave = stmt(`UPDATE accounts SET rev = rev + 1, balance = ?, bonus = ?, held = ?, backed = ?
		WHERE {{scope accounts accounts}} AND id = ? AND rev = ?`)

	qHoldInsert = stmt(`INSERT INTO holds (id, operator_id, sub_operator_id, rev, account_id, session_id, amount, currency, state, held_at)
		VALUES (?, {{own holds}}, 1, ?, ?, ?, ?, ?, ?)`)
	qHold = stmt(`SELECT h.id, h.operator_id, h.sub_operator_id, h.account_id, h.session_id, h.amount, h.currency, h.state, h.held_at, h.rev
		FROM holds h WHERE {{scope holds h}} AND h.session_id = ?`)
	qHoldSave = stmt(`UPDATE holds SET rev = rev + 1, amount = ?, state = ? WHERE {{scope holds holds}} AND id = ? AND rev = ?`)

	qEntryInsert = stmt(`INSERT INTO entries (id, operator_id, sub_operator_id, posted_at, kind, session_id, recharge_id, corrects,
			entry_key, amount, currency, debt, balance, booked_at, event_at, reason_sealed)
		VALUES (?, {{own entries}}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	qPostingInsert = stmt(`INSERT INTO postings (entry_id, line_no, line_id, operator_id, sub_operator_id, book, account_id, amount, currency,
			booked_at)
		VALUES (?, ?, ?, {{own postings}}, ?, ?, ?, ?, ?)`)
	qEntryByKey = stmt(`SELECT ` + entryCols + ` FROM entries e WHERE {{scope entries e key}} AND (e.operator_id = ?) IS TRUE AND e.entry_key = ?`)
	qLastAdjust = stmt(`SELECT ` + entryCols + ` FROM entries e
		WHERE {{scope entries e}} AND e.session_id = ? AND e.kind = 'adjust' ORDER BY e.id DESC LIMIT 1`)
	qEntry       = stmt(`SELECT ` + entryCols + ` FROM entries e WHERE {{scope entries e}} AND e.id = ?`)
	qTakenBackBy = stmt(`SELECT ` + entryCols + ` FROM entries e
		WHERE {{scope entries e key}} AND e.corrects = ? AND (e.operator_id = ?) IS TRUE AND e.kind = 'reversal'`)
	qCaptureOf = stmt(`SELECT ` + entryCols + ` FROM entries e WHERE {{scope entries e}} AND e.session_id = ? AND e.kind = 'capture'`)
	qEntriesOf = stmt(`SELECT ` + entryCols + ` FROM entries e WHERE {{scope entries e key}} AND e.session_id = ? ORDER BY e.posted_at, e.id LIMIT 100`)
	qPostings  = stmt(`SELECT p.book, p.account_id, p.amount, p.currency FROM postings p
		WHERE {{scope postings p id}} AND p.entry_id = ? ORDER BY p.line_no`)

	qSpentOn = stmt(`SELECT p.currency, CAST(coalesce(sum(CASE WHEN p.book = 'wallet' THEN 0 - p.amount END), 0) AS BIGINT),
			CAST(coalesce(sum(CASE WHEN p.book = 'wallet_bonus' THEN 0 - p.amount END), 0) AS BIGINT)
		FROM entries e JOIN postings p ON {{scope postings p id}} AND p.entry_id = e.id
		WHERE {{scope entries e key}} AND e.session_id = ? GROUP BY p.currency`)
	qBookSums = stmt(`SELECT p.currency, p.book, CAST(sum(p.amount) AS BIGINT) FROM postings p
		WHERE {{scope postings p}} GROUP BY p.currency, p.book ORDER BY p.currency, p.book`)
	qDrifts = stmt(`SELECT a.id, a.currency, a.balance, coalesce(w.posted, 0), a.held, coalesce(s.held_now, 0),
			a.bonus, coalesce(w.bonus_posted, 0), a.backed, coalesce(b.backed_now, 0)
		FROM accounts a
		LEFT JOIN (SELECT p.account_id, CAST(sum(p.amount) AS BIGINT) AS posted,
				CAST(coalesce(sum(CASE WHEN p.book = 'wallet_bonus' THEN p.amount END), 0) AS BIGINT) AS bonus_posted FROM postings p
			WHERE {{scope postings p}} AND p.book IN ('wallet', 'wallet_bonus') GROUP BY p.account_id) w ON w.account_id = a.id
		LEFT JOIN (SELECT h.account_id, CAST(sum(h.amount) AS BIGINT) AS held_now FROM holds h
			WHERE {{scope holds h}} AND h.state = 'held' GROUP BY h.account_id) s ON s.account_id = a.id
		LEFT JOIN (SELECT y.account_id, CAST(sum(y.amount) AS BIGINT) AS backed_now FROM payments y
			WHERE {{scope payments y}} AND y.payment_type = 'HOLD' AND y.state IN ('AUTHORISED', 'INCREMENTED', 'CAPTURE_PENDING')
			GROUP BY y.account_id) b ON b.account_id = a.id
		WHERE {{scope accounts a}} AND (a.balance <> coalesce(w.posted, 0) OR a.held <> coalesce(s.held_now, 0)
			OR a.bonus <> coalesce(w.bonus_posted, 0) OR a.backed <> coalesce(b.backed_now, 0))
		ORDER BY a.id LIMIT 100`)
)

func scanAccount(r *Row, a *ledger.Account) error {
	err := r.Scan(&a.ID, &a.Operator, &a.Sub, &a.Number, &a.Currency, &a.Balance.Minor, &a.Bonus.Minor, &a.Held.Minor, &a.Backed.Minor, &a.Version)
	a.Balance.Currency, a.Bonus.Currency, a.Held.Currency, a.Backed.Currency = a.Currency, a.Currency, a.Currency, a.Currency
	return err
}

// LockAccount implements ledger.Tx.
func (tx *Tx) LockAccount(id ident.Account) (ledger.Account, error) {
	if tx.account != nil && tx.account.ID == id {
		return *tx.account, nil
	}
	a, err := one(tx, "charging account", qAccountLock, scanAccount, id)
	if err == nil {
		tx.account = &a // nobody else changes it now
	}
	return a, err
}

// AccountByID implements ledger.Tx.
func (tx *Tx) AccountByID(id ident.Account) (ledger.Account, error) {
	return one(tx, "charging account", qAccount, scanAccount, id)
}

// InsertAccount implements ledger.Tx.
func (tx *Tx) InsertAccount(a ledger.Account) error {
	_, err := tx.exec(qAccountInsert, a.ID, a.Operator, a.Sub, a.Number, a.Currency, a.Balance.Minor, a.Held.Minor, tx.now)
	if duplicate(err, "accounts_number") {
		return fault.New(fault.Conflict, "account_number_taken", "There is a charging account with this number.").At("/charging_account", "is taken")
	}
	return err
}

// SaveAccount implements ledger.Tx.
func (tx *Tx) SaveAccount(a ledger.Account) error {
	return tx.later(qAccountSave, mustTouch(1, fault.Stale(0, a.Version)), a.Balance.Minor, a.Bonus.Minor, a.Held.Minor, a.Backed.Minor, a.ID, a.Version)
}

func scanHold(r *Row, h *ledger.Hold) error {
	return r.Scan(&h.ID, &h.Operator, &h.Sub, &h.Account, &h.Session, &h.Amount, &h.State, &h.At, &h.Version)
}

// HoldBySession implements ledger.Tx.
func (tx *Tx) HoldBySession(id ident.Session) (ledger.Hold, bool, error) {
	return maybe(tx, qHold, scanHold, id)
}

// InsertHold implements ledger.Tx.
func (tx *Tx) InsertHold(h ledger.Hold) error {
	return tx.later(qHoldInsert, nil, h.ID, h.Operator, h.Sub, h.Account, h.Session, h.Amount, h.State, h.At)
}

// SaveHold implements ledger.Tx.
func (tx *Tx) SaveHold(h ledger.Hold) error {
	return tx.later(qHoldSave, mustTouch(1, fault.Stale(0, h.Version)), h.Amount.Minor, h.State, h.ID, h.Version)
}

// Append implements ledger.Tx.
func (tx *Tx) Append(e ledger.Entry) error {
	if err := e.Check(); err != nil {
		return err
	}
	once := func(_ int64, err error) error {
		if duplicate(err, "entries_capture") {
			return fault.New(fault.Conflict, "already_captured", "The session has been charged already.")
		}
		if duplicate(err, "entries_reversal") {
			return ledger.TakenBackAlready
		}
		return err
	}
	var reason any // none, as nearly always
	if e.Reason != "" {
		sealed, err := tx.SealText(e.Operator, entryReason, e.Reason)
		if err != nil {
			return err
		}
		reason = sealed
	}
	err := tx.later(qEntryInsert, once, e.ID, e.Operator, e.Sub, e.At, e.Kind, e.Session, e.Recharge, e.Corrects, e.Key, e.Amount,
		e.Debt.Minor, e.Balance.Minor, e.Booked, e.Event, reason)
	if err != nil {
		return err
	}
	rows := make([][]any, len(e.Postings))
	for i, p := range e.Postings {
		rows[i] = []any{e.ID, i + 1, lineID(e.ID, i+1), e.Operator, e.Sub, p.Book, p.Account, p.Amount, e.Booked}
	}
	if err := tx.laterMany(qPostingInsert, rows); err != nil {
		return err
	}
	return tx.Record(e.Fact())
}

const entryReason = "entries.reason_sealed"

// lineID is the place of a posting among all: that of its entry, then its own.
func lineID(e ident.Entry, no int) []byte {
	return append(e.Bytes(), byte(no))
}

type entryRow struct {
	ledger.Entry
	reason Sealed
}

func scanEntry(r *Row, e *entryRow) error {
	err := r.Scan(&e.ID, &e.Operator, &e.Sub, &e.At, &e.Kind, &e.Session, &e.Recharge, &e.Corrects, &e.Key, &e.Amount,
		&e.Debt.Minor, &e.Balance.Minor, &e.Booked, &e.Event, &e.reason)
	e.Debt.Currency, e.Balance.Currency = e.Amount.Currency, e.Amount.Currency
	return err
}

func (tx *Tx) openEntry(e entryRow, err error) (ledger.Entry, error) {
	if err == nil {
		e.Reason, err = tx.OpenText(e.Operator, entryReason, e.reason)
	}
	return e.Entry, err
}

func (tx *Tx) openMaybe(e entryRow, found bool, err error) (ledger.Entry, bool, error) {
	if err != nil || !found {
		return ledger.Entry{}, false, err
	}
	v, err := tx.openEntry(e, nil)
	return v, true, err
}

// EntryByID implements ledger.Tx.
func (tx *Tx) EntryByID(id ident.Entry) (ledger.Entry, error) {
	return tx.openEntry(one(tx, "entry", qEntry, scanEntry, id))
}

// EntryByKey implements ledger.Tx.
func (tx *Tx) EntryByKey(op ident.Operator, key string) (ledger.Entry, bool, error) {
	return tx.openMaybe(maybe(tx, qEntryByKey, scanEntry, op, key))
}

// TakenBackBy implements ledger.Tx.
func (tx *Tx) TakenBackBy(e ledger.Entry) (ledger.Entry, bool, error) {
	return tx.openMaybe(maybe(tx, qTakenBackBy, scanEntry, e.ID, e.Operator))
}

// EntriesOf implements ledger.Tx.
func (tx *Tx) EntriesOf(id ident.Session) ([]ledger.Entry, error) {
	rows, err := all(tx, qEntriesOf, scanEntry, id)
	out := make([]ledger.Entry, len(rows))
	for i, r := range rows {
		if err == nil {
			out[i], err = tx.openEntry(r, nil)
		}
	}
	return out, err
}

// SpentOn implements ledger.Tx.
func (tx *Tx) SpentOn(id ident.Session) (ledger.Spent, error) {
	s, _, err := maybe(tx, qSpentOn, func(r *Row, s *ledger.Spent) error {
		err := r.Scan(&s.Paid.Currency, &s.Paid.Minor, &s.Bonus.Minor)
		s.Bonus.Currency = s.Paid.Currency
		return err
	}, id)
	return s, err
}

// LastEntry implements ledger.Tx: the newest adjustment, or the capture.
func (tx *Tx) LastEntry(id ident.Session) (ledger.Entry, bool, error) {
	e, found, err := maybe(tx, qLastAdjust, scanEntry, id)
	if err != nil || found {
		return tx.openMaybe(e, found, err)
	}
	return tx.openMaybe(maybe(tx, qCaptureOf, scanEntry, id))
}

// PostingsOf lists an entry's postings in their order.
func (tx *Tx) PostingsOf(id ident.Entry) ([]ledger.Posting, error) {
	return all(tx, qPostings, func(r *Row, p *ledger.Posting) error {
		return r.Scan(&p.Book, &p.Account, &p.Amount)
	}, id)
}

// BookSums implements ledger.Tx.
func (tx *Tx) BookSums() ([]ledger.BookSum, error) {
	return all(tx, qBookSums, func(r *Row, b *ledger.BookSum) error {
		err := r.Scan(&b.Currency, &b.Book, &b.Sum.Minor)
		b.Sum.Currency = b.Currency
		return err
	})
}

// Drifts implements ledger.Tx.
func (tx *Tx) Drifts() ([]ledger.Drift, error) {
	return all(tx, qDrifts, func(r *Row, d *ledger.Drift) error {
		var c money.Currency
		err := r.Scan(&d.Account, &c, &d.Stored.Minor, &d.Posted.Minor, &d.StoredHeld.Minor, &d.HeldBySession.Minor,
			&d.StoredBonus.Minor, &d.PostedBonus.Minor, &d.StoredBacked.Minor, &d.HeldByProvider.Minor)
		d.StoredBonus.Currency, d.PostedBonus.Currency, d.StoredBacked.Currency, d.HeldByProvider.Currency = c, c, c, c
		d.Stored.Currency, d.Posted.Currency, d.StoredHeld.Currency, d.HeldBySession.Currency = c, c, c, c
		return err
	})
}
