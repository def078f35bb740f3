package store

import (
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/operator"
)

const (
	ofNumber     = `{{if number}} AND p.account_id IN (SELECT n.id FROM accounts n WHERE {{scope accounts n}} AND n.number_text = ?) {{end}}`
	journalWhere = `{{scope postings p}} {{if book}} AND p.book = ? {{end}} {{if account}} AND p.account_id = ? {{end}} ` + ofNumber + `
		{{if currency}} AND p.currency = ? {{end}} {{if from}} AND p.booked_at >= ? {{end}} {{if to}} AND p.booked_at < ? {{end}}
		{{if kind}} AND e.kind = ? {{end}} {{if session}} AND e.session_id = ? {{end}} {{if recharge}} AND e.recharge_id = ? {{end}}`
	journalEntry = `postings p JOIN entries e ON {{scope entries e}} AND e.id = p.entry_id`
	journalFrom  = journalEntry + `
		LEFT JOIN accounts a ON {{scope accounts a}} AND a.id = p.account_id
		LEFT JOIN sessions s ON {{scope sessions s}} AND s.id = e.session_id
		LEFT JOIN recharges r ON {{scope recharges r}} AND r.id = e.recharge_id`
	journalCols = `p.entry_id, p.line_no, e.booked_at, e.event_at, e.posted_at, e.kind, p.book, p.account_id, p.amount, p.currency,
		coalesce(a.number_text, ''), e.session_id, coalesce(s.ocpp_id, 0), e.recharge_id, coalesce(r.transaction_id, ''), e.corrects`
)

var (
	qJournal = listing(listSpec{
		Cols: journalCols, From: journalFrom, Count: journalEntry, Where: journalWhere,
		ID: `p.line_id`, Sorts: map[string]string{"booked": `p.booked_at`}, Sort: "-booked",
	})
	qJournalOf  = stmt(`SELECT ` + journalCols + ` FROM ` + journalFrom + ` WHERE {{scope postings p id}} AND p.entry_id = ? ORDER BY p.line_no`)
	qTrialLines = stmt(`SELECT p.currency, p.book, CAST(coalesce(sum(CASE WHEN p.booked_at < ? THEN p.amount END), 0) AS BIGINT),
			CAST(coalesce(sum(CASE WHEN p.booked_at >= ? AND p.amount < 0 THEN 0 - p.amount END), 0) AS BIGINT),
			CAST(coalesce(sum(CASE WHEN p.booked_at >= ? AND p.amount > 0 THEN p.amount END), 0) AS BIGINT),
			sum(CASE WHEN p.booked_at >= ? THEN 1 ELSE 0 END)
		FROM postings p WHERE {{scope postings p}} AND {{lite +}}p.booked_at < ? {{if book}} AND p.book = ? {{end}} {{if account}} AND p.account_id = ? {{end}}
			` + ofNumber + ` {{if currency}} AND p.currency = ? {{end}}
		GROUP BY p.currency, p.book ORDER BY p.currency, p.book`)
)

func scanJournal(r *Row, l *ledger.JournalLine) error {
	return r.Scan(&l.Entry, &l.Line, &l.Booked, &l.Event, &l.At, &l.Kind, &l.Book, &l.Account, &l.Amount, &l.ChargingAccount, &l.Session,
		&l.OCPPID, &l.Recharge, &l.TransactionID, &l.Corrects)
}

// bookOptions are what statements of a book, a wallet or a currency are narrowed by. A
// book that is no wallet has no account, which lets an index be used to its end.
func bookOptions(f ledger.JournalFilter) []any {
	return []any{optIf(f.Book != "", "book", f.Book), optIf(!f.Account.IsZero() || f.Book != "" && !f.Book.OfWallet(), "account", f.Account),
		optIf(f.Number != "", "number", f.Number), optIf(f.Currency != "", "currency", f.Currency)}
}

// JournalPage implements ledger.Tx.
func (tx *Tx) JournalPage(f ledger.JournalFilter, p operator.Page) (operator.List[ledger.JournalLine], error) {
	args := append(bookOptions(f), optIf(!f.From.IsZero(), "from", f.From), optIf(!f.To.IsZero(), "to", f.To),
		optIf(f.Kind != "", "kind", f.Kind), optIf(!f.Session.IsZero(), "session", f.Session), optIf(!f.Recharge.IsZero(), "recharge", f.Recharge))
	return listed(list(tx, qJournal, pageOf(p), scanJournal, args...))
}

// JournalOf implements ledger.Tx.
func (tx *Tx) JournalOf(id ident.Entry) ([]ledger.JournalLine, error) {
	return all(tx, qJournalOf, scanJournal, id)
}

// TrialLines implements ledger.Tx.
func (tx *Tx) TrialLines(f ledger.JournalFilter) ([]ledger.TrialLine, error) {
	from := f.From
	if from.IsZero() {
		from = ledger.Never
	}
	return all(tx, qTrialLines, func(r *Row, l *ledger.TrialLine) error {
		err := r.Scan(&l.Currency, &l.Book, &l.Opening.Minor, &l.Debit.Minor, &l.Credit.Minor, &l.Postings)
		l.Opening.Currency, l.Debit.Currency, l.Credit.Currency = l.Currency, l.Currency, l.Currency
		return err
	}, append([]any{from, from, from, from, f.To}, bookOptions(f)...)...)
}
