package web

import (
	"context"
	"strings"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/member"
	"ccms/internal/money"
)

// Recharge is money put on a charging account, or taken back from it.
type Recharge struct {
	ID              ident.Recharge      `json:"id"`
	TransactionID   string              `json:"transaction_id" doc:"25 digits."`
	Time            time.Time           `json:"time"`
	DriverID        ident.Driver        `json:"driver_id"`
	User            string              `json:"user,omitempty" doc:"The driver's name." export:"pii"`
	Account         string              `json:"account" doc:"The driver's login." export:"pii"`
	ChargingAccount string              `json:"charging_account"`
	Email           string              `json:"email,omitempty" export:"pii"`
	RechargeFrom    ledger.RechargeFrom `json:"recharge_from" example:"Admin" doc:"Admin: given by staff, nothing was received. Card, Paypal, Cash, Bank transfer: received. Refund: could not be given back there."`
	Reference       string              `json:"reference,omitempty" doc:"Of the receipt or the transfer." export:"pii"`
	PaymentID       ident.Payment       `json:"payment_id,omitzero" doc:"Of the provider's payment, or of its refund."`
	Fee             *Money              `json:"fee,omitempty" doc:"What the provider kept of it, where it told that at once." export:"bare"`
	Kind            ledger.RechargeKind `json:"kind" enum:"recharge,reversal" doc:"A reversal takes a recharge back."`
	Reverses        ident.Recharge      `json:"reverses,omitzero" doc:"Of a reversal: the recharge that it takes back."`
	Amount          Money               `json:"amount" doc:"Of a reversal below 0."`
	Reversed        *Money              `json:"reversed,omitempty" doc:"How much of the recharge was taken back; absent: nothing."`
	Bonus           *Money              `json:"bonus,omitempty" doc:"Given on top; of a reversal what was taken back of it, below 0; absent: none."`
	BalanceBefore   Money               `json:"balance_before"`
	BalanceAfter    Money               `json:"balance_after"`
	Reason          string              `json:"reason" export:"pii"`
	Actor           ident.Staff         `json:"actor,omitzero" doc:"Who did it; absent: the platform itself."`
	State           string              `json:"state" enum:"SUCCESS,REVERSED,PARTIALLY_REVERSED"`
	CanReverse      bool                `json:"can_reverse" doc:"It is a recharge that was not taken back, and the caller may." export:"-"`
	Masked          bool                `json:"masked" export:"-"`
}

func (h *handlers) recharge(ctx context.Context, r ledger.RechargeRow) Recharge {
	c := callerOf(ctx)
	d := member.Driver{Account: r.DriverAccount, Name: r.DriverName, Email: r.DriverEmail, ChargingAccount: r.ChargingAccount}
	masked := !c.May(authz.PIIView)
	if masked {
		d = d.Masked()
	}
	out := Recharge{ID: r.ID, TransactionID: r.TransactionID, Time: at(r.At), DriverID: r.Driver, User: d.Name, Account: d.Account,
		ChargingAccount: d.ChargingAccount, Email: d.Email, RechargeFrom: r.From, Kind: r.Kind, Reverses: r.Reverses, Amount: amount(r.Amount),
		BalanceBefore: amount(r.BalanceBefore()), BalanceAfter: amount(r.BalanceAfter), Reason: r.Reason, Actor: r.Actor, State: r.State,
		Reference: r.Reference, PaymentID: r.Payment,
		CanReverse: r.Kind == ledger.Forward && (r.State == ledger.Success || r.State == ledger.PartiallyReversed && r.Source != ledger.ManualCredit) &&
			r.From != ledger.FromRefund && c.May(authz.FinanceWrite), Masked: masked}
	if r.Fee.Minor != 0 {
		out.Fee = someAmount(r.Fee)
	}
	if r.Bonus.Minor != 0 {
		out.Bonus = someAmount(r.Bonus)
	}
	if r.Reversed.Minor > 0 {
		out.Reversed = someAmount(r.Reversed)
	}
	return out
}

// RechargePath is the {id} in a path.
type RechargePath struct {
	ID ident.Recharge `path:"id"`
}

// RechargeDetail is a recharge with its counterpart and its postings.
type RechargeDetail struct {
	Recharge
	EntryID     ident.Entry      `json:"entry_id" doc:"How it was posted."`
	ActorName   string           `json:"actor_name,omitempty" doc:"Of who did it, where the caller may see staff."`
	Counterpart *RechargeOther   `json:"counterpart,omitempty" doc:"The reversal of a recharge, the recharge of a reversal."`
	Postings    []LedgerPosting  `json:"postings" doc:"How it stands in the books: they sum to nothing."`
	Now         *DriverAvailable `json:"balance_now,omitempty" doc:"What the account has now."`
}

// RechargeOther is the other one of a recharge and its reversal.
type RechargeOther struct {
	ID            ident.Recharge `json:"id"`
	TransactionID string         `json:"transaction_id"`
	Time          time.Time      `json:"time"`
	Amount        Money          `json:"amount"`
	Reason        string         `json:"reason"`
}

// LedgerPosting is one amount in one book.
type LedgerPosting struct {
	Book   string `json:"book" example:"revenue:electricity" doc:"wallet, manual_credit, cash, bank, provider:… and fees:… by provider, revenue:… by kind of fee, tax:… by permille."`
	Amount Money  `json:"amount" doc:"In the wallet: more of the customer's money. In revenue and tax: earned, owed. In manual_credit: below 0 where given without being received."`
}

// DriverAvailable is a charging account as it stands.
type DriverAvailable struct {
	Balance   Money `json:"balance"`
	Held      Money `json:"held" doc:"Set aside for sessions that run."`
	Bonus     Money `json:"bonus" doc:"How much of the balance is bonus, which is never paid out."`
	Available Money `json:"available" doc:"balance without held: what may be spent."`
}

func postingsOf(ps []ledger.Posting) []LedgerPosting {
	out := make([]LedgerPosting, len(ps))
	for i, p := range ps {
		out[i] = LedgerPosting{Book: string(p.Book), Amount: amount(p.Amount)}
	}
	return out
}

func (h *handlers) getRecharge(ctx context.Context, in *RechargePath) (*single[RechargeDetail], error) {
	c := callerOf(ctx)
	r, err := h.svc.Ledger.RechargeDetail(ctx, c.Scope, in.ID)
	if err != nil {
		return nil, err
	}
	out := RechargeDetail{Recharge: h.recharge(ctx, r.RechargeRow), EntryID: r.Entry, Postings: postingsOf(r.Postings)}
	if o := r.Counterpart; o != nil {
		out.Counterpart = &RechargeOther{ID: o.ID, TransactionID: o.TransactionID, Time: at(o.At), Amount: amount(o.Amount), Reason: o.Reason}
	}
	a, err := h.svc.Ledger.Balance(ctx, c.Scope, r.Account)
	if err != nil {
		return nil, err
	}
	out.Now = &DriverAvailable{Balance: amount(a.Balance), Held: amount(a.Held), Bonus: amount(a.Bonus), Available: amount(a.Available())}
	if !r.Actor.IsZero() && c.May(authz.StaffRead) {
		if s, err := h.svc.Operator.StaffMember(ctx, c.Scope, r.Actor); err == nil { // one of the platform is not seen from here
			out.ActorName = s.Name
		}
	}
	return singleOf(out, 0), nil
}

type rechargeInput struct {
	DriverPath
	Key  string `header:"Idempotency-Key" hidden:"true"`
	Body struct {
		Amount       Money               `json:"amount"`
		Reason       string              `json:"reason" minLength:"1" maxLength:"200"`
		RechargeFrom ledger.RechargeFrom `json:"recharge_from,omitempty" enum:"Admin,Cash,Bank transfer" doc:"Where the money came from; absent: Admin, a gift of staff."`
		Reference    string              `json:"reference,omitempty" maxLength:"60" doc:"Number of the receipt or of the transfer: needed for money that was received."`
	} `nameHint:"RechargeNew"`
}

// rechargeRequest is what staff ask for, and of whom.
func (h *handlers) rechargeRequest(ctx context.Context, in *rechargeInput) (r ledger.RechargeRequest, d member.Driver, err error) {
	c := callerOf(ctx)
	if d, err = h.svc.Member.Driver(ctx, c.Scope, in.ID); err != nil {
		return r, d, err
	}
	from := in.Body.RechargeFrom
	if from == "" {
		from = ledger.FromAdmin
	}
	if m, received := methodOf(from); received {
		if err := h.svc.Pay.Accepts(ctx, c.Scope, m); err != nil {
			return r, d, err
		}
	}
	a, err := in.Body.Amount.parse("/amount")
	return ledger.RechargeRequest{Driver: d.ID, Account: d.Wallet, Amount: a, From: from, Reference: strings.TrimSpace(in.Body.Reference),
		Reason: strings.TrimSpace(in.Body.Reason), Key: c.Staff.ID.String() + ":" + in.Key}, d, err
}

func (h *handlers) createRecharge(ctx context.Context, in *rechargeInput) (*made[Recharge], error) {
	q, d, err := h.rechargeRequest(ctx, in)
	if err != nil {
		return nil, err
	}
	r, err := h.svc.Ledger.Recharge(ctx, scopeOf(ctx), q)
	if err != nil {
		return nil, err
	}
	return madeOf(h.recharge(ctx, rowFor(r, d)), 0, "/api/v1/recharges/"+r.ID.String()), nil
}

func rowFor(r ledger.Recharge, d member.Driver) ledger.RechargeRow {
	row := ledger.RechargeRow{Recharge: r, DriverAccount: d.Account, DriverName: d.Name, DriverEmail: d.Email, ChargingAccount: d.ChargingAccount}
	if row.DriverName == "" {
		row.DriverName = d.Nickname
	}
	return row
}

type reversalInput struct {
	RechargePath
	Key  string `header:"Idempotency-Key" hidden:"true"`
	Body struct {
		Amount   *Money `json:"amount,omitempty" doc:"How much to take back; absent: all of it."`
		Reason   string `json:"reason" minLength:"1" maxLength:"200"`
		Overdraw bool   `json:"overdraw,omitempty" doc:"Take it although part of it is spent or held: the account may then owe."`
	} `nameHint:"ReversalNew"`
}

func (h *handlers) reverseRecharge(ctx context.Context, in *reversalInput) (*made[Recharge], error) {
	c := callerOf(ctx)
	req := ledger.ReversalRequest{Recharge: in.ID, Reason: strings.TrimSpace(in.Body.Reason), Overdraw: in.Body.Overdraw, Key: c.Staff.ID.String() + ":" + in.Key}
	if in.Body.Amount != nil {
		a, err := in.Body.Amount.parse("/amount")
		if err != nil {
			return nil, err
		}
		req.Amount = a
	}
	of, err := h.svc.Ledger.RechargeDetail(ctx, c.Scope, in.ID)
	if err != nil {
		return nil, err
	}
	var back ident.Recharge
	if of.Kind == ledger.Forward && !of.Payment.IsZero() {
		back, err = h.refundRecharge(ctx, of.Recharge, req.Amount, in)
	} else {
		var r ledger.Recharge
		r, err = h.svc.Ledger.Reverse(ctx, c.Scope, req)
		back = r.ID
	}
	if err != nil {
		return nil, err
	}
	d, err := h.svc.Ledger.RechargeDetail(ctx, c.Scope, back)
	if err != nil {
		return nil, err
	}
	return madeOf(h.recharge(ctx, d.RechargeRow), 0, "/api/v1/recharges/"+back.String()), nil
}

// RechargeFilters is what lists and sums of recharges are narrowed by.
type RechargeFilters struct {
	DriverID        ident.Driver        `query:"driver_id"`
	TransactionID   string              `query:"transaction_id" maxLength:"25" doc:"The whole number."`
	Q               string              `query:"q" maxLength:"25" doc:"The whole transaction id."`
	Account         string              `query:"account" maxLength:"254" doc:"The driver's whole login."`
	ChargingAccount string              `query:"charging_account" maxLength:"11" doc:"The whole number."`
	User            string              `query:"user" maxLength:"100" doc:"How words of the driver's name, nickname, account, mobile, e-mail or charging account begin."`
	Kind            ledger.RechargeKind `query:"kind" enum:"recharge,reversal"`
	Amount          string              `query:"amount" pattern:"^-?[0-9]{1,15}([.][0-9]{1,3})?$" maxLength:"20" doc:"Exactly this amount, put on or taken back, in the operator's currency." example:"25.00"`
	From            time.Time           `query:"from" doc:"At or after."`
	To              time.Time           `query:"to" doc:"Before."`
}

func (h *handlers) rechargeFilter(ctx context.Context, in *RechargeFilters) (ledger.RechargeFilter, error) {
	f := ledger.RechargeFilter{Driver: in.DriverID, TransactionID: strings.TrimSpace(in.TransactionID), Login: strings.TrimSpace(in.Account),
		ChargingAccount: strings.TrimSpace(in.ChargingAccount), Words: in.User, Kind: in.Kind, From: in.From, To: in.To}
	if f.TransactionID == "" {
		f.TransactionID = strings.TrimSpace(in.Q)
	}
	if in.Amount == "" {
		return f, nil
	}
	currency, err := h.currency(ctx)
	if err != nil {
		return f, err
	}
	f.Amount, err = Money{in.Amount, currency}.parse("/query")
	return f, err
}

// currency is that of the caller's operator: all its accounts are kept in it.
func (h *handlers) currency(ctx context.Context) (money.Currency, error) {
	c := callerOf(ctx)
	o, err := h.svc.Operator.Operator(ctx, c.Scope, c.Scope.Operator())
	return o.Currency, err
}

type rechargesInput struct {
	Paging
	RechargeFilters
}

func (h *handlers) listRecharges(ctx context.Context, in *rechargesInput) (*found[Recharge], error) {
	f, err := h.rechargeFilter(ctx, &in.RechargeFilters)
	if err != nil {
		return nil, err
	}
	l, err := h.svc.Ledger.Recharges(ctx, scopeOf(ctx), f, in.page())
	if err != nil {
		return nil, err
	}
	return foundOf(l, func(r ledger.RechargeRow) Recharge { return h.recharge(ctx, r) }), nil
}

// RechargeSums is what a filter of recharges comes to.
type RechargeSums struct {
	Items  []RechargeSum `json:"items" doc:"One for each currency; none where there is nothing, or too much."`
	Capped bool          `json:"capped" doc:"The filter finds more rows than are summed; narrow it."`
	UpTo   int           `json:"up_to" doc:"How many rows are summed at most."`
}

// RechargeSum is the sum in one currency.
type RechargeSum struct {
	Count     int   `json:"count"`
	Recharged Money `json:"recharged"`
	Reversed  Money `json:"reversed" doc:"What was taken back, not below 0."`
	Net       Money `json:"net" doc:"recharged without reversed."`
}

type rechargeSumsInput struct{ RechargeFilters }

func (h *handlers) sumRecharges(ctx context.Context, in *rechargeSumsInput) (*single[RechargeSums], error) {
	f, err := h.rechargeFilter(ctx, &in.RechargeFilters)
	if err != nil {
		return nil, err
	}
	sums, capped, err := h.svc.Ledger.RechargeSums(ctx, scopeOf(ctx), f)
	if err != nil {
		return nil, err
	}
	out := RechargeSums{Items: []RechargeSum{}, Capped: capped, UpTo: ledger.SumsUpTo}
	for _, s := range sums {
		out.Items = append(out.Items, RechargeSum{Count: s.Count, Recharged: amount(s.Recharged), Reversed: amount(s.Reversed), Net: amount(s.Net)})
	}
	return singleOf(out, 0), nil
}
