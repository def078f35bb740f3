package web

import (
	"context"
	"strconv"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
)

// LedgerLine is a posting with what it is of: a line of the journal.
type LedgerLine struct {
	ID                string           `json:"id" doc:"Of the posting: that of its entry and the line." export:"-"`
	EntryID           ident.Entry      `json:"entry_id"`
	BookedOn          string           `json:"booked_on" doc:"The day that it counts for, on the operator's clock." example:"2026-10-31"`
	EventOn           string           `json:"event_on" doc:"The day on which what it is of came to be. Later than it is booked for never, earlier where that month was closed." example:"2026-10-31"`
	Account           string           `json:"account" example:"revenue:electricity" doc:"wallet, manual_credit, cash, bank, provider:… and fees:… by provider, revenue:… by kind of fee, tax:… by permille."`
	ChargingAccount   string           `json:"charging_account,omitempty" doc:"Of a wallet: its number."`
	Debit             Money            `json:"debit" export:"bare"`
	Credit            Money            `json:"credit" export:"bare"`
	Currency          money.Currency   `json:"currency"`
	Text              string           `json:"text" doc:"What it is of, in words." example:"Recharge"`
	Reference         string           `json:"reference,omitempty" doc:"The number people read out: of the session, or of the recharge."`
	Kind              ledger.EntryKind `json:"kind" enum:"recharge,capture,adjust,reversal" export:"-"`
	EventAt           time.Time        `json:"event_at" export:"-"`
	PostedAt          time.Time        `json:"posted_at" doc:"When it was written." export:"-"`
	ChargingAccountID ident.Account    `json:"charging_account_id,omitzero" export:"-"`
	SessionID         ident.Session    `json:"session_id,omitzero" export:"-"`
	RechargeID        ident.Recharge   `json:"recharge_id,omitzero" export:"-"`
	Corrects          ident.Entry      `json:"corrects,omitzero" doc:"The entry that it corrects." export:"-"`
}

var entryTexts = map[ledger.EntryKind]string{ledger.KindRecharge: "Recharge", ledger.KindCapture: "Charging session",
	ledger.KindAdjust: "Charging session, corrected", ledger.KindReversal: "Reversal"}

const dateForm = "2006-01-02"

func ledgerLine(l ledger.JournalLine, zone *time.Location) LedgerLine {
	out := LedgerLine{ID: l.Entry.String() + ":" + strconv.Itoa(l.Line), EntryID: l.Entry, BookedOn: l.Booked.In(zone).Format(dateForm),
		EventOn: l.Event.In(zone).Format(dateForm), Account: string(l.Book), ChargingAccount: l.ChargingAccount, Debit: amount(l.Debit()),
		Credit: amount(l.Credit()), Currency: l.Amount.Currency, Text: entryTexts[l.Kind], Reference: l.TransactionID, Kind: l.Kind,
		EventAt: at(l.Event), PostedAt: at(l.At), ChargingAccountID: l.Account, SessionID: l.Session, RechargeID: l.Recharge, Corrects: l.Corrects}
	if l.Kind == ledger.KindRecharge && !l.Corrects.IsZero() {
		out.Text = "Recharge, taken back"
	}
	if l.OCPPID > 0 {
		out.Reference = strconv.FormatInt(l.OCPPID, 10)
	}
	return out
}

// LedgerDays is a range of booking dates.
type LedgerDays struct {
	From string `query:"from" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" maxLength:"10" doc:"The first day, on the operator's clock; absent: from the beginning." example:"2026-10-01"`
	To   string `query:"to" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" maxLength:"10" doc:"The last day, which is included; absent: until now." example:"2026-10-31"`
}

// LedgerStatement narrows to the statement of one account.
type LedgerStatement struct {
	LedgerDays
	Account           string         `query:"account" maxLength:"40" doc:"One account of the books." example:"revenue:service"`
	ChargingAccountID ident.Account  `query:"charging_account_id" doc:"One wallet."`
	ChargingAccount   string         `query:"charging_account" maxLength:"11" doc:"The same by its number, whole."`
	Currency          money.Currency `query:"currency" pattern:"^[A-Z]{3}$" maxLength:"3"`
}

func (in *LedgerStatement) filter() ledger.JournalFilter {
	return ledger.JournalFilter{Days: ledger.Days{First: in.From, Last: in.To}, Book: ledger.Book(in.Account), Account: in.ChargingAccountID, Number: in.ChargingAccount, Currency: in.Currency}
}

// TrialBalance is what the accounts of the books come to in a range of days.
type TrialBalance struct {
	From        string      `json:"from,omitempty" doc:"The first day; absent: from the beginning."`
	To          string      `json:"to" doc:"The last day."`
	TimeZone    string      `json:"time_zone" doc:"Of the days: the operator's."`
	ClosedUntil string      `json:"closed_until,omitempty" doc:"The last day of the books that are closed."`
	Items       []TrialLine `json:"items"`
	Totals      []TrialLine `json:"totals" doc:"One for each currency. Without a filter opening and closing are nothing, and debit is credit."`
}

// TrialLine is one account in one currency.
type TrialLine struct {
	Account  string         `json:"account,omitempty" doc:"Absent: of a total."`
	Currency money.Currency `json:"currency"`
	Opening  Money          `json:"opening" doc:"Above 0: credit; below 0: debit."`
	Debit    Money          `json:"debit"`
	Credit   Money          `json:"credit"`
	Closing  Money          `json:"closing" doc:"opening with credit, without debit."`
	Postings int            `json:"postings" doc:"In the range."`
}

func trialLine(l ledger.TrialLine) TrialLine {
	return TrialLine{Account: string(l.Book), Currency: l.Currency, Opening: amount(l.Opening), Debit: amount(l.Debit), Credit: amount(l.Credit),
		Closing: amount(l.Closing()), Postings: l.Postings}
}

func (h *handlers) trialBalance(ctx context.Context, in *LedgerStatement) (*single[TrialBalance], error) {
	tb, err := h.svc.Ledger.Trial(ctx, scopeOf(ctx), in.filter())
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(tb.Zone)
	if err != nil {
		return nil, err
	}
	out := TrialBalance{To: tb.To.Add(-time.Microsecond).In(zone).Format(dateForm), TimeZone: tb.Zone, Items: []TrialLine{}, Totals: []TrialLine{}}
	if !tb.From.IsZero() {
		out.From = tb.From.In(zone).Format(dateForm)
	}
	if tb.Closed.After(ledger.Never) {
		out.ClosedUntil = tb.Closed.Add(-time.Microsecond).In(zone).Format(dateForm)
	}
	for _, l := range tb.Lines {
		out.Items = append(out.Items, trialLine(l))
	}
	for _, l := range tb.Totals {
		out.Totals = append(out.Totals, trialLine(l))
	}
	return singleOf(out, 0), nil
}

type journalInput struct {
	Paging
	LedgerStatement
	Kind       ledger.EntryKind `query:"kind" enum:"recharge,capture,adjust,reversal"`
	SessionID  ident.Session    `query:"session_id"`
	RechargeID ident.Recharge   `query:"recharge_id"`
}

func (h *handlers) listJournal(ctx context.Context, in *journalInput) (*found[LedgerLine], error) {
	f := in.filter()
	f.Kind, f.Session, f.Recharge = in.Kind, in.SessionID, in.RechargeID
	zone, err := h.operatorZone(ctx)
	if err != nil {
		return nil, err
	}
	l, err := h.svc.Ledger.Journal(ctx, scopeOf(ctx), f, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, func(l ledger.JournalLine) LedgerLine { return ledgerLine(l, zone) }), nil
}

// operatorZone is the clock of the caller's operator.
func (h *handlers) operatorZone(ctx context.Context) (*time.Location, error) {
	c := callerOf(ctx)
	o, err := h.svc.Operator.Operator(ctx, c.Scope, c.Scope.Operator())
	if err != nil {
		return nil, err
	}
	return time.LoadLocation(o.TimeZone)
}

// EntryPath is the {id} in a path.
type EntryPath struct {
	ID ident.Entry `path:"id"`
}

// LedgerEntry is one entry of the books.
type LedgerEntry struct {
	ID         ident.Entry      `json:"id"`
	Kind       ledger.EntryKind `json:"kind" enum:"recharge,capture,adjust,reversal"`
	BookedOn   string           `json:"booked_on" doc:"The day that it counts for, on the operator's clock."`
	EventAt    time.Time        `json:"event_at" doc:"When what it is of came to be."`
	PostedAt   time.Time        `json:"posted_at" doc:"When it was written."`
	TimeZone   string           `json:"time_zone" doc:"The operator's."`
	Reason     string           `json:"reason,omitempty" doc:"Of a reversal."`
	SessionID  ident.Session    `json:"session_id,omitzero"`
	RechargeID ident.Recharge   `json:"recharge_id,omitzero"`
	Corrects   ident.Entry      `json:"corrects,omitzero" doc:"The entry that it corrects."`
	ReversedBy ident.Entry      `json:"reversed_by,omitzero" doc:"The entry that took it back."`
	CanReverse bool             `json:"can_reverse" doc:"It was not taken back, is of no recharge, and the caller may."`
	Lines      []LedgerLine     `json:"lines" doc:"Both sides: debit is credit."`
}

func (h *handlers) getEntry(ctx context.Context, in *EntryPath) (*single[LedgerEntry], error) {
	out, err := h.entry(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return singleOf(out, 0), nil
}

func (h *handlers) entry(ctx context.Context, id ident.Entry) (LedgerEntry, error) {
	c := callerOf(ctx)
	zone, err := h.operatorZone(ctx)
	if err != nil {
		return LedgerEntry{}, err
	}
	e, err := h.svc.Ledger.EntryDetail(ctx, c.Scope, id)
	if err != nil {
		return LedgerEntry{}, err
	}
	out := LedgerEntry{ID: e.ID, Kind: e.Kind, BookedOn: e.Booked.In(zone).Format(dateForm), EventAt: at(e.Event), PostedAt: at(e.At), TimeZone: zone.String(),
		Reason: e.Reason, SessionID: e.Session, RechargeID: e.Recharge, Corrects: e.Corrects, Lines: []LedgerLine{},
		CanReverse: e.TakenBack == nil && e.Kind != ledger.KindRecharge && e.Kind != ledger.KindReversal && c.May(authz.FinanceWrite)}
	if e.TakenBack != nil {
		out.ReversedBy = e.TakenBack.ID
	}
	for _, l := range e.Lines {
		out.Lines = append(out.Lines, ledgerLine(l, zone))
	}
	return out, nil
}

type reverseEntryInput struct {
	EntryPath
	Key  string `header:"Idempotency-Key" hidden:"true"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"200"`
	} `nameHint:"EntryReversalNew"`
}

func (h *handlers) reverseEntry(ctx context.Context, in *reverseEntryInput) (*made[LedgerEntry], error) {
	c := callerOf(ctx)
	e, err := h.svc.Session.TakeBack(ctx, c.Scope, ledger.TakeBackRequest{Entry: in.ID, Reason: strings.TrimSpace(in.Body.Reason), Key: c.Staff.ID.String() + ":" + in.Key})
	if err != nil {
		return nil, err
	}
	out, err := h.entry(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	return madeOf(out, 0, "/api/v1/ledger-entries/"+e.ID.String()), nil
}
