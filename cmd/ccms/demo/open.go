package demo

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"ccms/internal/asset"
	"ccms/internal/authz"
	"ccms/internal/ident"
	"ccms/internal/member"
	"ccms/internal/operator"
	"ccms/internal/store"
	"ccms/internal/tariff"
)

// World is the demo as the database has it.
type World struct {
	Points []Point // in the order of the sites

	store             *store.Store
	scope             authz.Scope
	operator          operator.Operator
	sites, connectors int
	riders            []*rider // of the past, by account
	plans             map[ident.Plan][]*tariff.Plan
	after             func(Written) // after each piece; for tests
}

// Point is a charge point of the demo.
type Point struct {
	asset.PointView
	Vendor, Model string
	Guide         bool     // of the guide's screens
	Cards         []string // of the drivers that charge there in real time

	site  asset.Site
	place place
}

// rider is a driver of the past.
type rider struct {
	member.Holder
	person person
	until  time.Time // busy
}

// Open reads the world back. What is not of the demo is passed over.
func Open(ctx context.Context, st *store.Store, o operator.Operator) (*World, error) {
	w := &World{store: st, scope: authz.ForSystem(o.ID, "demo"), operator: o, plans: map[ident.Plan][]*tariff.Plan{}}
	err := st.Read(ctx, w.scope, func(tx *store.Tx) error {
		var err error
		if w.operator, err = tx.OperatorByID(o.ID); err != nil {
			return err
		}
		holders, err := pages(func(p operator.Page) (operator.List[member.Holder], error) {
			return tx.ListTokens(member.TokenFilter{}, p)
		})
		if err != nil {
			return err
		}
		byAccount := map[string]member.Holder{}
		for _, h := range holders {
			byAccount[h.Driver.Account] = h
		}
		if err := w.readSites(tx); err != nil {
			return err
		}
		var cards []string
		for _, p := range population(w.sites, w.connectors, true) {
			h, there := byAccount[p.account]
			switch {
			case !there:
			case p.live:
				cards = append(cards, p.card)
			default:
				w.riders = append(w.riders, &rider{Holder: h, person: p})
			}
		}
		w.deal(cards)
		return w.readPlans(tx)
	})
	return w, err
}

// pages reads all of a list.
func pages[T any](list func(operator.Page) (operator.List[T], error)) (all []T, err error) {
	for p := (operator.Page{Limit: operator.MaxLimit}); ; {
		l, err := list(p)
		if err != nil {
			return nil, err
		}
		all = append(all, l.Items...)
		if p.Cursor = l.Next; p.Cursor == "" {
			return all, nil
		}
	}
}

func (w *World) readSites(tx *store.Tx) error {
	sites, err := pages(func(p operator.Page) (operator.List[asset.Site], error) { return tx.ListSites(asset.SiteFilter{}, p) })
	if err != nil {
		return err
	}
	byName := map[string]asset.Site{}
	for _, s := range sites {
		byName[s.Name] = s
	}
	for i, p := range places {
		s, there := byName[p.name]
		if !there {
			continue
		}
		w.sites++
		points, err := pages(func(page operator.Page) (operator.List[asset.PointView], error) {
			return tx.ListPoints(asset.PointFilter{Site: s.ID, Now: tx.Now()}, page)
		})
		if err != nil {
			return err
		}
		slices.SortFunc(points, func(a, b asset.PointView) int { return strings.Compare(a.Identity, b.Identity) })
		stands := p.stands(i)
		for n, v := range points {
			x := Point{PointView: v, Guide: i == 0, site: s, place: p}
			switch {
			case i == 0 && n < len(guidePoints):
				x.Vendor, x.Model = guidePoints[n].vendor, guidePoints[n].model
			case i > 0 && n < len(stands):
				x.Vendor, x.Model = stands[n].vendor, stands[n].model
			default:
				continue // somebody added it
			}
			w.connectors += len(v.Connectors)
			w.Points = append(w.Points, x)
		}
	}
	return nil
}

// deal gives each connector a card. The guide's points have theirs by the guide.
func (w *World) deal(cards []string) {
	for i := range w.Points {
		p := &w.Points[i]
		n := min(len(p.Connectors), len(cards))
		p.Cards, cards = cards[:n], cards[n:]
	}
}

// readPlans reads all versions of the plans that the sites are priced by.
func (w *World) readPlans(tx *store.Tx) error {
	for i := range w.Points {
		p := &w.Points[i]
		id := w.planOf(p)
		if id.IsZero() || w.plans[id] != nil {
			continue
		}
		newest, err := tx.CurrentPlan(id)
		if err != nil {
			return err
		}
		for n := 1; n <= newest.Number; n++ {
			v, err := tx.PlanVersion(id, n)
			if err != nil {
				return err
			}
			w.plans[id] = append(w.plans[id], &v)
		}
	}
	return nil
}

// planOf is the plan that the point has for everyone.
func (w *World) planOf(p *Point) ident.Plan {
	return cmp.Or(p.Plan, p.site.Plan, w.operator.DefaultPlan)
}

// price is the plan version that was in force at the point; before the first one was
// saved, that one (PRICE-R3).
func (w *World) price(p *Point, at time.Time) *tariff.Plan {
	id := w.planOf(p)
	var in *tariff.Plan
	for _, v := range w.plans[id] {
		if in == nil || !v.SavedAt.After(at) {
			in = v
		}
	}
	return in
}

// HasSub reports whether some of the sites belong to the sub-operator.
func (w *World) HasSub() bool {
	return slices.ContainsFunc(w.Points, func(p Point) bool { return !p.Sub.IsZero() })
}
