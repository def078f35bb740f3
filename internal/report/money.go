package report

import (
	"slices"
	"strings"

	"ccms/internal/ident"
	"ccms/internal/ledger"
	"ccms/internal/money"
)

// Posted is a sum of postings of one book.
type Posted struct {
	Bucket    Bucket
	Sub       ident.SubOperator // who earned
	OfSession bool              // else of a wallet: a recharge and what takes it back
	Kind      ledger.EntryKind  // why money moved
	Back      bool              // the wallet got it
	Book      ledger.Book
	Amount    money.Amount
}

// Finance is what postings of one currency come to. Gross is the sum of its parts and
// tax less discounts, to the cent. What was given back stands beside it, with its tax,
// and changes nothing of the day that it was charged on (HOME-A4).
type Finance struct {
	Gross       money.Amount // charged for sessions, with tax
	Electricity money.Amount // net, as the following
	Service     money.Amount
	Reservation money.Amount
	Idle        money.Amount
	Other       money.Amount // start fees
	Discounts   money.Amount
	Tax         money.Amount
	Refunds     money.Amount // given back for sessions, with tax
	Recharge    money.Amount // put on wallets
	Given       money.Amount // the part of it that staff gave and nobody paid (RCH-R1)
	Reversed    money.Amount // recharges taken back
}

// NoMoney is Finance of nothing.
func NoMoney(c money.Currency) Finance {
	z := money.New(0, c)
	return Finance{z, z, z, z, z, z, z, z, z, z, z, z}
}

// Add puts a sum of postings where it belongs.
func (f *Finance) Add(p Posted) {
	add := func(to *money.Amount, a money.Amount) { *to = to.Add(a) }
	book := string(p.Book)
	switch {
	case !p.OfSession && p.Book == ledger.Wallet && p.Back:
		add(&f.Recharge, p.Amount)
	case !p.OfSession && p.Book == ledger.Wallet:
		add(&f.Reversed, p.Amount.Neg())
	case !p.OfSession && p.Book == ledger.ManualCredit && p.Back:
		add(&f.Given, p.Amount.Neg())
	case !p.OfSession:
	case p.Back && p.Book.OfWallet():
		add(&f.Refunds, p.Amount)
	case p.Back:
	case p.Book.OfWallet():
		add(&f.Gross, p.Amount.Neg())
	case p.Book == ledger.RevenueElectricity:
		add(&f.Electricity, p.Amount)
	case p.Book == ledger.RevenueService:
		add(&f.Service, p.Amount)
	case p.Book == ledger.RevenueIdle:
		add(&f.Idle, p.Amount)
	case book == "revenue:reservation":
		add(&f.Reservation, p.Amount)
	case strings.HasPrefix(book, "discount"):
		add(&f.Discounts, p.Amount.Neg())
	case strings.HasPrefix(book, "tax:"):
		add(&f.Tax, p.Amount)
	default:
		add(&f.Other, p.Amount)
	}
}

// Plus sums two of one currency.
func (f Finance) Plus(o Finance) Finance {
	return Finance{f.Gross.Add(o.Gross), f.Electricity.Add(o.Electricity), f.Service.Add(o.Service), f.Reservation.Add(o.Reservation),
		f.Idle.Add(o.Idle), f.Other.Add(o.Other), f.Discounts.Add(o.Discounts), f.Tax.Add(o.Tax), f.Refunds.Add(o.Refunds),
		f.Recharge.Add(o.Recharge), f.Given.Add(o.Given), f.Reversed.Add(o.Reversed)}
}

// FoldMoney sums postings by currency and then by key; currencies are sorted.
func FoldMoney[K comparable](rows []Posted, key func(Posted) K) ([]money.Currency, map[money.Currency]map[K]Finance) {
	by := map[money.Currency]map[K]Finance{}
	var order []money.Currency
	for _, r := range rows {
		c := r.Amount.Currency
		if by[c] == nil {
			by[c] = map[K]Finance{}
			order = append(order, c)
		}
		k := key(r)
		f, ok := by[c][k]
		if !ok {
			f = NoMoney(c)
		}
		f.Add(r)
		by[c][k] = f
	}
	slices.Sort(order)
	return order, by
}
