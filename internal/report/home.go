package report

import (
	"context"
	"slices"
	"time"

	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/money"
	"ccms/internal/operator"
	"ccms/internal/unit"
)

// one runs fn in a snapshot and returns what its last run gave.
func one[T any](ctx context.Context, run Run, sc authz.Scope, fn func(Tx) (T, error)) (T, error) {
	var out, none T
	err := run(ctx, sc, func(tx Tx) (err error) {
		out, err = fn(tx)
		return err
	})
	if err != nil {
		return none, err
	}
	return out, nil
}

// clock checks what a filter names, and is the clock that its days are on: the site's,
// else the operator's.
func (s *Service) clock(tx Tx, sc authz.Scope, f Filter) (*time.Location, operator.Operator, error) {
	o, err := tx.OperatorByID(sc.Operator())
	if err != nil {
		return nil, o, err
	}
	if !f.Sub.IsZero() {
		if _, err := tx.SubOperatorByID(f.Sub); err != nil {
			return nil, o, err
		}
	}
	if f.Site.IsZero() {
		return s.zone(o.TimeZone), o, nil
	}
	site, err := tx.SiteByID(f.Site)
	return s.zone(site.TimeZone), o, err
}

// NetworkView is the block Charging Network.
type NetworkView struct {
	Network
	Licence Licence
	Days    int // that a licence which ends still runs
}

// Network counts what there is.
func (s *Service) Network(ctx context.Context, sc authz.Scope, f Filter) (NetworkView, error) {
	return one(ctx, s.read, sc, func(tx Tx) (NetworkView, error) {
		var v NetworkView
		_, o, err := s.clock(tx, sc, f)
		if err != nil {
			return v, err
		}
		if v.Network, err = tx.NetworkCounts(f); err != nil {
			return v, err
		}
		if !v.Licence.ValidTo.IsZero() {
			v.Days = EffectiveDays(v.Licence.ValidTo, tx.Now(), s.zone(o.TimeZone))
		}
		return v, nil
	})
}

// ConnectorsView is the block Connectors. Its slices come to Total (HOME-R2).
type ConnectorsView struct {
	At     time.Time
	Slices []ConnectorCount // by state and current
	Total  int64
	Usable int64 // online, and neither faulted nor out of use (KPI-R2)
}

// connectorStates is the order in which states are shown.
var connectorStates = []string{"Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Reserved",
	"Unavailable", "Faulted", "Unknown", Offline}

// ConnectorStates lists them.
func ConnectorStates() []string { return slices.Clone(connectorStates) }

// FoldConnectors sorts the counts and sums them.
func FoldConnectors(counts []ConnectorCount, at time.Time) ConnectorsView {
	v := ConnectorsView{At: at, Slices: counts}
	slices.SortFunc(v.Slices, func(a, b ConnectorCount) int {
		if a.State != b.State {
			return slices.Index(connectorStates, a.State) - slices.Index(connectorStates, b.State)
		}
		return slices.Index([]ACDC{AC, DC}, a.ACDC) - slices.Index([]ACDC{AC, DC}, b.ACDC)
	})
	for _, c := range counts {
		v.Total += c.Count
		switch c.State {
		case Offline, "Faulted", "Unavailable", "Unknown": // Unknown has never said that it works
		default:
			v.Usable += c.Count
		}
	}
	return v
}

// Connectors counts connectors by what they do now.
func (s *Service) Connectors(ctx context.Context, sc authz.Scope, f Filter) (ConnectorsView, error) {
	return one(ctx, s.read, sc, func(tx Tx) (ConnectorsView, error) {
		if _, _, err := s.clock(tx, sc, f); err != nil {
			return ConnectorsView{}, err
		}
		counts, err := tx.ConnectorCounts(f)
		return FoldConnectors(counts, tx.Now()), err
	})
}

// PowerView is the block Power.
type PowerView struct {
	At    time.Time
	Zone  string // of today
	Now   Draw
	Sites []SiteDraw // that have running sessions, the strongest first
	Curve []Slot     // of the last 24 hours
	Peak  Slot       // of today, now being a part of it; no looks: none yet
	// Contract is that of the sites; of a part of their charge points there is none.
	Contract Contract
}

// mostSites is how many sites the block lists.
const mostSites = 50

// Power is what is drawn now, and was since a day.
func (s *Service) Power(ctx context.Context, sc authz.Scope, f Filter) (PowerView, error) {
	return one(ctx, s.read, sc, func(tx Tx) (PowerView, error) {
		loc, _, err := s.clock(tx, sc, f)
		if err != nil {
			return PowerView{}, err
		}
		now := tx.Now()
		v := PowerView{At: now, Zone: loc.String()}
		drawn, err := tx.Drawn(f)
		if err != nil {
			return v, err
		}
		if f.ACDC != "" { // the grid does not tell one kind of current from the other
			for i := range drawn {
				drawn[i].Contracted = 0
			}
		}
		v.Now, v.Sites = FoldPower(drawn, now)
		if f.ACDC == "" {
			if v.Contract, err = tx.Contracted(f); err != nil {
				return v, err
			}
		}
		v.Sites = v.Sites[:min(len(v.Sites), mostSites)]
		// The slot that has begun has seen a part of its time: it is shown when it is over.
		to := SlotOf(now)
		today := SpanOf(DayOf(now, loc), loc).From
		from := to.Add(-24 * time.Hour)
		if today.Before(from) { // a day of 25 hours
			from = SlotOf(today)
		}
		slots, err := tx.Slots(f, from, to)
		if err != nil {
			return v, err
		}
		v.Curve, v.Peak = Curve(slots, from, to, today)
		v.Peak = v.Now.above(v.Peak, now)
		return v, nil
	})
}

// Query asks for a day, a month or a year.
type Query struct {
	Filter
	Bucket Bucket // zero: the one that Grain says, now
	Grain  Grain
}

// window is the time that a query is about.
type window struct {
	span     Span
	parts    []Span
	complete int // parts that are over
	zone     *time.Location
	currency money.Currency // the operator's
}

func (s *Service) window(tx Tx, sc authz.Scope, q Query, money bool) (window, error) {
	loc, o, err := s.clock(tx, sc, q.Filter)
	if err != nil {
		return window{}, err
	}
	if money {
		loc = s.zone(o.TimeZone) // postings have their own clock
	}
	if q.Bucket == 0 {
		q.Bucket = DayOf(tx.Now(), loc)
		switch q.Grain {
		case Month:
			q.Bucket = q.Bucket.Month()
		case Year:
			q.Bucket = q.Bucket.Year()
		}
	}
	w := window{span: SpanOf(q.Bucket, loc), parts: Parts(q.Bucket, loc), zone: loc, currency: o.Currency}
	for _, p := range w.parts {
		if !p.To.After(tx.Now()) {
			w.complete++
		}
	}
	return w, nil
}

// range is what to read for the parts of a bucket.
func parts(b Bucket) (first, last Bucket) {
	switch b.Grain() {
	case Day:
		return b.FirstHour(), b.LastHour()
	case Month:
		return b.FirstDay(), b.LastDay()
	}
	return b.FirstMonth(), b.LastMonth()
}

// place is where a bucket stands in its day, month or year, from 0.
func place(b Bucket) int {
	if b.Grain() == Hour {
		return int(b % 100)
	}
	return int(b%100) - 1
}

// PartOf is a part of a chart.
type PartOf[T any] struct {
	Span
	Value T
}

// AnalyticsView is the block Charging Analytics.
type AnalyticsView struct {
	Span
	Zone     string
	Parts    []PartOf[Sessions]
	Total    Sessions
	Complete Sessions // of the parts that are over, and
	Before   Sessions // of the same parts of the bucket before: these two compare
	Compared bool     // there are such parts
	Drivers  int64    // different ones
	Running  int64    // now, and in none of the sums
	Carbon   Carbon
	Avoided  int64 // g CO₂
}

// Analytics sums what ended in a day, a month, a year.
func (s *Service) Analytics(ctx context.Context, sc authz.Scope, q Query) (AnalyticsView, error) {
	return one(ctx, s.read, sc, func(tx Tx) (AnalyticsView, error) {
		var v AnalyticsView
		w, err := s.window(tx, sc, q, false)
		if err != nil {
			return v, err
		}
		v.Span, v.Zone = w.span, w.zone.String()
		sums, before, err := twoOf(w.span.Bucket, func(first, last Bucket) (map[Bucket]Sessions, error) { return tx.SessionSums(q.Filter, first, last) })
		if err != nil {
			return v, err
		}
		v.Parts, v.Total, v.Complete, v.Before = chart(w, sums, before, Sessions{}, Sessions.Add)
		v.Compared = w.complete > 0
		if v.Drivers, err = tx.DriversSeen(q.Filter, w.span.Bucket); err != nil {
			return v, err
		}
		v.Carbon = CarbonTable[len(CarbonTable)-1]
		v.Avoided = v.Carbon.Avoided(v.Total.Energy)
		v.Running, err = tx.Running(q.Filter)
		return v, err
	})
}

// twoOf reads the parts of a bucket and of the one before.
func twoOf[T any](b Bucket, read func(first, last Bucket) (T, error)) (now, before T, err error) {
	if now, err = read(parts(b)); err != nil {
		return now, before, err
	}
	before, err = read(parts(b.Before()))
	return now, before, err
}

// chart lays sums into the parts of a window. A sum of a part that the window's clock
// does not have (a site elsewhere has a longer day) gets one behind the others, so that
// the parts come to the total.
func chart[T any](w window, sums, before map[Bucket]T, zero T, add func(T, T) T) (out []PartOf[T], total, complete, prior T) {
	total, complete, prior = zero, zero, zero
	seen := 0
	for i, p := range w.parts {
		value, ok := sums[p.Bucket]
		if !ok {
			value = zero
		} else {
			seen++
		}
		out = append(out, PartOf[T]{p, value})
		total = add(total, value)
		if i < w.complete {
			complete = add(complete, value)
		}
	}
	if seen < len(sums) {
		end := w.parts[len(w.parts)-1]
		for i := place(end.Bucket) + 1; i < 30 && seen < len(sums); i++ {
			b := w.span.Bucket.FirstHour() + Bucket(i)
			if value, ok := sums[b]; ok {
				seen++
				out = append(out, PartOf[T]{Span{Bucket: b, Day: end.Day, From: end.To, To: end.To}, value})
				total = add(total, value)
			}
		}
	}
	for b, value := range before {
		if place(b) < w.complete {
			prior = add(prior, value)
		}
	}
	return out, total, complete, prior
}

// FinanceView is the block Finance, of one currency.
type FinanceView struct {
	Currency    money.Currency
	Parts       []PartOf[Finance]
	Total       Finance
	Complete    Finance
	Before      Finance
	Subs        []SubFinance  // where there are sub-operators, the operator's own first
	Outstanding *money.Amount // what wallets owe now; nil where a filter leaves wallets out
}

// SubFinance is a sub-operator's share of the total.
type SubFinance struct {
	Sub   ident.SubOperator // zero: the operator's own
	Name  string
	Total Finance
}

// FinanceBlock is the block with all of its currencies.
type FinanceBlock struct {
	Span
	Zone       string
	Compared   bool
	Currencies []FinanceView // at least the operator's
}

// Finance sums what was posted in a day, a month, a year.
func (s *Service) Finance(ctx context.Context, sc authz.Scope, q Query) (FinanceBlock, error) {
	return one(ctx, s.read, sc, func(tx Tx) (FinanceBlock, error) {
		w, err := s.window(tx, sc, q, true)
		if err != nil {
			return FinanceBlock{}, err
		}
		out := FinanceBlock{Span: w.span, Zone: w.zone.String(), Compared: w.complete > 0}
		rows, before, err := twoOf(w.span.Bucket, func(first, last Bucket) ([]Posted, error) { return tx.MoneySums(q.Filter, first, last) })
		if err != nil {
			return out, err
		}
		var owed []money.Amount
		if q.Filter.whole() {
			if owed, err = tx.Outstanding(q.Filter); err != nil {
				return out, err
			}
		}
		currencies, sums := FoldMoney(rows, bucketOf)
		earlier, sumsBefore := FoldMoney(before, bucketOf)
		_, subs := FoldMoney(rows, func(p Posted) ident.SubOperator { return p.Sub })
		currencies = append(append(currencies, earlier...), w.currency)
		for _, a := range owed {
			currencies = append(currencies, a.Currency)
		}
		slices.Sort(currencies)
		for _, c := range slices.Compact(currencies) {
			v := FinanceView{Currency: c}
			v.Parts, v.Total, v.Complete, v.Before = chart(w, sums[c], sumsBefore[c], NoMoney(c), Finance.Plus)
			if v.Subs, err = namedSubs(tx, subs[c]); err != nil {
				return out, err
			}
			if q.Filter.whole() {
				a := money.New(0, c)
				if i := slices.IndexFunc(owed, func(o money.Amount) bool { return o.Currency == c }); i >= 0 {
					a = owed[i]
				}
				v.Outstanding = &a
			}
			out.Currencies = append(out.Currencies, v)
		}
		// The operator's own currency stands first.
		slices.SortStableFunc(out.Currencies, func(a, b FinanceView) int {
			switch {
			case a.Currency == w.currency && b.Currency != w.currency:
				return -1
			case b.Currency == w.currency && a.Currency != w.currency:
				return 1
			}
			return 0
		})
		return out, nil
	})
}

// EndedRows lists the sessions that a bucket's sums of sessions are made of.
func (s *Service) EndedRows(ctx context.Context, sc authz.Scope, q Query, p operator.Page) (operator.List[EndedRow], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[EndedRow], error) {
		w, err := s.window(tx, sc, q, false)
		if err != nil {
			return operator.List[EndedRow]{}, err
		}
		first, last := parts(w.span.Bucket)
		zones, err := tx.EndedZones(first, last)
		if err != nil {
			return operator.List[EndedRow]{}, err
		}
		spans := make([]ZoneSpan, len(zones))
		for i, z := range zones {
			span := SpanOf(w.span.Bucket, s.zone(z))
			spans[i] = ZoneSpan{z, span.From, span.To}
		}
		return tx.EndedRows(q.Filter, spans, p)
	})
}

// PostedRows lists the entries that a figure of a bucket's money is made of.
func (s *Service) PostedRows(ctx context.Context, sc authz.Scope, q Query, side Side, c money.Currency, p operator.Page) (operator.List[PostedRow], error) {
	return one(ctx, s.read, sc, func(tx Tx) (operator.List[PostedRow], error) {
		w, err := s.window(tx, sc, q, true)
		if err != nil {
			return operator.List[PostedRow]{}, err
		}
		if c == "" {
			c = w.currency
		}
		return tx.PostedRows(q.Filter, side, c, w.span.From, w.span.To, p)
	})
}

func bucketOf(p Posted) Bucket { return p.Bucket }

// namedSubs are the shares of sub-operators, by name; none where there are none.
func namedSubs(tx Tx, by map[ident.SubOperator]Finance) ([]SubFinance, error) {
	var out []SubFinance
	for id, f := range by {
		v := SubFinance{Sub: id, Total: f}
		if !id.IsZero() {
			sub, err := tx.SubOperatorByID(id)
			if err != nil {
				return nil, err
			}
			v.Name = sub.Name
		}
		out = append(out, v)
	}
	if len(out) == 1 && out[0].Sub.IsZero() {
		return nil, nil
	}
	slices.SortFunc(out, func(a, b SubFinance) int {
		switch {
		case a.Sub.IsZero() != b.Sub.IsZero():
			if a.Sub.IsZero() {
				return -1
			}
			return 1
		case a.Name < b.Name:
			return -1
		case a.Name > b.Name:
			return 1
		}
		return 0
	})
	return out, nil
}

// Layout is the home page of the account that asks; what it may not see is left out.
func (s *Service) Layout(ctx context.Context, sc authz.Scope, role authz.Role, may func(authz.Permission) bool) (Layout, error) {
	return one(ctx, s.read, sc, func(tx Tx) (Layout, error) {
		l, saved, err := tx.HomeLayout(sc.Actor.Staff)
		if err != nil {
			return l, err
		}
		if !saved {
			return Layout{Blocks: DefaultBlocks(role, may)}, nil
		}
		l.Blocks = visible(l.Blocks, may)
		return l, nil
	})
}

// SaveLayout keeps the home page of the account that asks. Nobody else's is reached, so
// the last one who saves is right.
func (s *Service) SaveLayout(ctx context.Context, sc authz.Scope, blocks []Block) (Layout, error) {
	if err := checkBlocks(blocks); err != nil {
		return Layout{}, err
	}
	return one(ctx, s.write, sc, func(tx Tx) (Layout, error) {
		l := Layout{Blocks: blocks, SavedAt: tx.Now()}
		return l, tx.SaveHomeLayout(sc.Actor.Staff, l)
	})
}

// Percent is a share of a whole in permille; false where there is no whole.
func Percent(part, whole int64) (unit.Permille, bool) {
	if whole == 0 {
		return 0, false
	}
	return unit.Permille(divide(part*1000, whole)), true
}
