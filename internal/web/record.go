package web

import (
	"context"
	"strconv"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/operator"
	"ccms/internal/session"
	"ccms/internal/tariff"
	"ccms/internal/unit"
)

// SessionDetail is a session with its bill.
type SessionDetail struct {
	Session
	SiteAddress string           `json:"site_address,omitempty"`
	Hold        *Money           `json:"hold,omitempty"`
	Bill        *Bill            `json:"bill,omitempty"`
	Attempts    []SessionAttempt `json:"attempts" doc:"Tries to start that belong to it."`
	Entries     []SessionEntry   `json:"entries,omitempty" doc:"What was posted on the charging account, oldest first."`
	Review      *SessionReview   `json:"review,omitempty" doc:"What a person decided of it."`
	Choice      []PriceCandidate `json:"plan_candidates,omitempty" doc:"Why the plan: all that could have priced the start, the winner first. Absent of older sessions and without the permission plans.read."`
	CanReview   bool             `json:"can_review" doc:"POST …/review is for this record and caller."`
}

// SessionEntry is one posting of a session: what was captured, and each correction.
type SessionEntry struct {
	ID       ident.Entry     `json:"id"`
	Corrects ident.Entry     `json:"corrects,omitzero" doc:"Of an adjustment or a reversal: the entry that it corrects."`
	At       time.Time       `json:"at"`
	Kind     string          `json:"kind" enum:"capture,adjust,reversal"`
	Reason   string          `json:"reason,omitempty" doc:"Of a reversal."`
	Amount   Money           `json:"amount" doc:"Taken from the account; negative: given back."`
	Debt     *Money          `json:"debt,omitempty" doc:"The part that the balance did not cover."`
	Balance  Money           `json:"balance" doc:"Of the account, after."`
	Postings []LedgerPosting `json:"postings" doc:"They sum to nothing."`
}

// SessionPlan is the price that was frozen at the start.
type SessionPlan struct {
	ID          ident.Plan `json:"id"`
	Name        string     `json:"name"`
	PlanVersion int        `json:"plan_version"`
}

// SessionAttempt is one try to start.
type SessionAttempt struct {
	At       time.Time `json:"at"`
	Kind     string    `json:"kind" example:"authorize"`
	Decision string    `json:"decision" example:"Accepted"`
	Reason   string    `json:"reason" doc:"One sentence that can be read out."`
}

// SessionClose says who ended it.
type SessionClose struct {
	By          string `json:"by" enum:"charge_point,system"`
	Provisional bool   `json:"provisional" doc:"Closed without a stop of the charge point; a late one corrects it."`
}

// Bill is the price of a session, line by line.
type Bill struct {
	Lines       []BillLine `json:"lines"`
	TaxIncluded bool       `json:"tax_included" doc:"Amounts of lines contain the tax."`
	Net         Money      `json:"net"`
	Taxes       []BillTax  `json:"taxes"`
	Total       Money      `json:"total"`
	Flags       []string   `json:"flags"`
	Explanation []string   `json:"explanation" doc:"How the total came about, a sentence each."`
}

// BillLine is one line.
type BillLine struct {
	Kind      string        `json:"kind" enum:"ELECTRICITY,SERVICE,START,RESERVATION,RES_EXPIRED,IDLE,LIMIT"`
	Label     string        `json:"label,omitempty" doc:"The band; absent: always."`
	Quantity  string        `json:"quantity" doc:"Decimal, in unit." example:"18.437"`
	Unit      string        `json:"unit" enum:"kWh,min,×1"`
	UnitPrice string        `json:"unit_price" doc:"Decimal, with at least the decimals of the currency." example:"0.30"`
	Amount    Money         `json:"amount" doc:"Net, or with tax where tax_included."`
	VAT       unit.Permille `json:"vat_permille"`
	Capped    bool          `json:"capped,omitempty"`
	Segments  []BillSegment `json:"segments"`
}

// BillSegment is a stretch of time that a line charges for.
type BillSegment struct {
	From         time.Time `json:"from"`
	To           time.Time `json:"to"`
	Quantity     string    `json:"quantity" doc:"Decimal, in the line's unit."`
	Why          string    `json:"why"`
	Interpolated bool      `json:"interpolated,omitempty"`
}

// BillTax is what one rate adds.
type BillTax struct {
	VAT unit.Permille `json:"vat_permille"`
	Net Money         `json:"net"`
	Tax Money         `json:"tax"`
}

func (h *handlers) getSession(ctx context.Context, in *SessionPath) (*single[SessionDetail], error) {
	c := callerOf(ctx)
	r, err := h.svc.Session.Get(ctx, c.Scope, in.ID)
	if err != nil {
		return nil, err
	}
	attempts, err := h.svc.Session.Attempts(ctx, c.Scope, session.AttemptFilter{Session: in.ID}, operator.Page{Limit: operator.MaxLimit})
	if err != nil {
		return nil, err
	}
	out := h.detail(c, &r)
	if err := h.review(ctx, &out, &r.State); err != nil {
		return nil, err
	}
	if c.May(authz.PlanRead) && !r.Plan.IsZero() {
		choice, known, err := h.svc.Session.ChoiceOf(ctx, c.Scope, in.ID)
		if err != nil {
			return nil, err
		}
		if known {
			out.Choice = h.candidates(ctx, choice)
		}
	}
	for _, a := range attempts.Items {
		out.Attempts = append(out.Attempts, SessionAttempt{At: at(a.At), Kind: a.Kind, Decision: string(a.Decision), Reason: a.Reason})
	}
	if c.May(authz.FinanceRead) {
		entries, err := h.svc.Ledger.Entries(ctx, c.Scope, in.ID)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			x := SessionEntry{ID: e.ID, Corrects: e.Corrects, At: at(e.At), Kind: string(e.Kind), Reason: e.Reason, Amount: amount(e.Amount),
				Balance: amount(e.Balance), Postings: postingsOf(e.Postings)}
			if e.Debt.Minor > 0 {
				x.Debt = someAmount(e.Debt)
			}
			out.Entries = append(out.Entries, x)
		}
	}
	return singleOf(out, out.Version), nil
}

func (h *handlers) detail(c operator.Caller, r *session.Row) SessionDetail {
	st := &r.State
	out := SessionDetail{Session: h.session(c, r), SiteAddress: r.SiteAddress, Attempts: []SessionAttempt{}}
	if c.May(authz.FinanceRead) {
		out.Hold = someAmount(st.HoldAmount)
		if st.Bill != nil {
			out.Bill = billOf(st.Bill)
		}
	}
	return out
}

func billOf(b *tariff.Bill) *Bill {
	out := &Bill{Lines: []BillLine{}, TaxIncluded: b.TaxIncluded, Net: amount(b.Net), Taxes: []BillTax{}, Total: amount(b.Total), Flags: []string{}, Explanation: []string{}}
	out.Explanation = append(out.Explanation, b.Explanation...)
	for _, l := range b.Lines {
		line := BillLine{Kind: string(l.Kind), Label: strings.TrimSpace(l.Name + " " + l.Label), UnitPrice: l.Price.In(b.Currency), Amount: amount(l.Amount), VAT: l.VAT, Capped: l.Capped, Segments: []BillSegment{}}
		line.Quantity, line.Unit = quantity(l.Quantity, l.Unit)
		for _, s := range l.Segments {
			q, _ := quantity(s.Quantity, l.Unit)
			line.Segments = append(line.Segments, BillSegment{From: at(s.From), To: at(s.To), Quantity: q, Why: s.Why, Interpolated: s.Interpolated})
		}
		out.Lines = append(out.Lines, line)
	}
	for _, t := range b.Taxes {
		out.Taxes = append(out.Taxes, BillTax{VAT: t.VAT, Net: amount(t.Net), Tax: amount(t.Tax)})
	}
	for _, f := range b.Flags {
		out.Flags = append(out.Flags, string(f))
	}
	return out
}

// quantity puts the engine's integers into the units that prices are per. A third
// of a minute has no end as a decimal: seconds stand in thousandths, as people read.
func quantity(n int64, of string) (text, as string) {
	switch of {
	case "Wh":
		return unit.Wh(n).KWh(), "kWh"
	case "s":
		thousandths := n * 1000 / 60
		return unit.Wh(thousandths).KWh(), "min"
	}
	return strconv.FormatInt(n, 10), "×1"
}
