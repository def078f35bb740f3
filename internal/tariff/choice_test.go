package tariff

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"ccms/internal/ident"
)

// world has one of each place and the plans that the rows of a test name.
type pricedWorld struct {
	spot  Spot
	other Spot
	group ident.Group
	plans map[string]ident.Plan
	names map[ident.Plan]string
}

func newPricedWorld() *pricedWorld {
	now := time.Unix(1_800_000_000, 0)
	w := &pricedWorld{group: ident.New[ident.Group](now), plans: map[string]ident.Plan{}, names: map[ident.Plan]string{{}: "none"}}
	w.spot = Spot{Operator: ident.New[ident.Operator](now), Sub: ident.New[ident.SubOperator](now), Site: ident.New[ident.Site](now),
		Point: ident.New[ident.ChargePoint](now), Connector: 2}
	w.other = Spot{Operator: w.spot.Operator, Sub: ident.New[ident.SubOperator](now), Site: ident.New[ident.Site](now), Point: ident.New[ident.ChargePoint](now), Connector: 1}
	return w
}

func (w *pricedWorld) plan(name string) ident.Plan {
	if _, known := w.plans[name]; !known {
		w.plans[name] = ident.New[ident.Plan](time.Unix(1_800_000_000, 0))
		w.names[w.plans[name]] = name
	}
	return w.plans[name]
}

// noon is when the rows ask.
var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// assignment reads "gold for LEVEL Gold at SITE from 2027-01-01 until 2027-02-01 by the operator".
func (w *pricedWorld) assignment(text string) Assignment {
	words := strings.Fields(text)
	a := Assignment{Operator: w.spot.Operator, Sub: w.spot.Sub, Plan: w.plan(words[0])}
	for i := 1; i < len(words); i++ {
		switch words[i] {
		case "for":
			a.Kind = AudienceKind(words[i+1])
			switch a.Kind {
			case ForLevel, ForPromotion:
				a.Value = words[i+2]
			case ForGroup:
				a.Value = w.group.String()
			}
		case "at":
			switch PlaceKind(words[i+1]) {
			case AtConnector:
				a.Place = Place{Point: w.spot.Point, Connector: 2}
			case AtPoint:
				a.Place = Place{Point: w.spot.Point}
			case AtSite:
				a.Place = Place{Site: w.spot.Site}
			case AtSub:
				a.Place = Place{Sub: w.spot.Sub}
			case "ELSEWHERE":
				a.Place = Place{Site: w.other.Site}
			case "OTHER_CONNECTOR":
				a.Place = Place{Point: w.spot.Point, Connector: 1}
			}
		case "from", "until":
			at, err := time.Parse("2006-01-02T15:04", words[i+1]+"T12:00")
			if err != nil {
				panic(err)
			}
			if words[i] == "from" {
				a.From = at
			} else {
				a.Until = at
			}
		case "by":
			a.Sub = ident.SubOperator{}
		}
	}
	return a
}

// PRICE-R1: group, then membership, then promotion, then audience, then the plan of the
// asset, then the default; among those for one audience the narrowest place.
func TestPRICE_R1_ThePlanOfAStart(t *testing.T) {
	t.Parallel()
	everyone := Asker{Registered: true, Level: "Regular Member"}
	gold := Asker{Registered: true, Level: "gold"}
	guest := Asker{}
	coded := func(w Asker) Asker { w.Promotion = "SUMMER"; return w }
	for _, c := range []struct {
		why    string
		plans  []string // assignments; "point P", "site P", "default P" are the fields of assets
		who    Asker
		group  bool
		own    bool // the place is the operator's own, not a sub-operator's
		want   string
		reason Reason
		of     []Fate
	}{
		{"nothing is no price, not free", nil, everyone, false, true, "none", "", nil},
		{"the operator's default", []string{"default D"}, everyone, false, true, "D", OfOperator, []Fate{Won}},
		{"the site comes before the default", []string{"default D", "site S"}, everyone, false, true, "S", OfSite, []Fate{Won, WiderPlace}},
		{"the charge point before the site", []string{"default D", "site S", "point P"}, everyone, false, true, "P", OfPoint, []Fate{Won, WiderPlace, WiderPlace}},
		{"its connector before the charge point", []string{"point P", "C for EVERYONE at CONNECTOR"}, everyone, false, true, "C", OfConnector, []Fate{Won, WiderPlace}},
		{"another connector does not count", []string{"point P", "C for EVERYONE at OTHER_CONNECTOR"}, everyone, false, true, "P", OfPoint, []Fate{Won}},
		{"another site neither", []string{"default D", "X for EVERYONE at ELSEWHERE"}, everyone, false, true, "D", OfOperator, []Fate{Won}},
		{"the sub-operator before the default", []string{"default D", "B for EVERYONE at SUB_OPERATOR"}, everyone, false, false, "B", OfSub, []Fate{Won, WiderPlace}},
		{"a plan for drivers with a profile before the charge point's", []string{"point P", "R for REGISTERED at OPERATOR"}, everyone, false, true, "R", OfAudience, []Fate{Won, WeakerAudience}},
		{"who has none takes the one for ad hoc", []string{"point P", "R for REGISTERED at OPERATOR", "A for AD_HOC at OPERATOR"}, guest, false, true, "A", OfAudience,
			[]Fate{Won, WeakerAudience, OtherAudience}},
		{"a code before the audience", []string{"R for REGISTERED at CONNECTOR", "M for PROMOTION summer at OPERATOR"}, coded(everyone), false, true, "M", OfPromotion, []Fate{Won, WeakerAudience}},
		{"without the code it is for others", []string{"default D", "M for PROMOTION summer at OPERATOR"}, everyone, false, true, "D", OfOperator, []Fate{Won, OtherAudience}},
		{"a guest may give a code", []string{"A for AD_HOC at POINT", "M for PROMOTION summer at OPERATOR"}, coded(guest), false, true, "M", OfPromotion, []Fate{Won, WeakerAudience}},
		{"the level before the code, in any capitals", []string{"M for PROMOTION summer at CONNECTOR", "G for LEVEL Gold at OPERATOR"}, coded(gold), false, true, "G", OfLevel, []Fate{Won, WeakerAudience}},
		{"another level is for others", []string{"default D", "G for LEVEL Gold at OPERATOR"}, everyone, false, true, "D", OfOperator, []Fate{Won, OtherAudience}},
		{"the group before the level", []string{"G for LEVEL Gold at CONNECTOR", "F for GROUP at OPERATOR"}, gold, true, true, "F", OfGroup, []Fate{Won, WeakerAudience}},
		{"of the group the narrowest place", []string{"F for GROUP at OPERATOR", "H for GROUP at SITE"}, gold, true, true, "H", OfGroup, []Fate{Won, WiderPlace}},
		{"what is over does not count", []string{"default D", "S for EVERYONE at SITE until 2027-03-01"}, everyone, false, true, "D", OfOperator, []Fate{Won, Over}},
		{"what begins later neither", []string{"default D", "S for EVERYONE at SITE from 2027-03-02"}, everyone, false, true, "D", OfOperator, []Fate{Won, NotYet}},
		{"from the instant on", []string{"default D", "S for EVERYONE at SITE from 2027-03-01 until 2027-03-02"}, everyone, false, true, "S", OfSite, []Fate{Won, WiderPlace}},
		{"of two at one place what began last", []string{"site S", "W for EVERYONE at SITE from 2027-02-01", "V for EVERYONE at SITE from 2027-01-01"}, everyone, false, true, "W", OfSite,
			[]Fate{Won, Earlier, Earlier}},
		{"what ends before what stays", []string{"site S", "W for EVERYONE at SITE until 2027-04-01"}, everyone, false, true, "W", OfSite, []Fate{Won, Earlier}},
		{"at a sub-operator's the operator's group price needs a contract", []string{"B for EVERYONE at SUB_OPERATOR", "F for GROUP at OPERATOR by operator"}, gold, true, false, "B", OfSub,
			[]Fate{Won, NoContract}},
		{"its own counts", []string{"B for EVERYONE at SUB_OPERATOR", "F for GROUP at SITE"}, gold, true, false, "F", OfGroup, []Fate{Won, WeakerAudience}},
		{"for drivers with a profile no contract is asked", []string{"B for EVERYONE at SUB_OPERATOR", "R for REGISTERED at OPERATOR by operator"}, gold, false, false, "R", OfAudience,
			[]Fate{Won, WeakerAudience}},
	} {
		w := newPricedWorld()
		spot := w.spot
		if c.own {
			w.spot.Sub, spot.Sub = ident.SubOperator{}, ident.SubOperator{}
		}
		var all []Assignment
		for _, p := range c.plans {
			field, name, _ := strings.Cut(p, " ")
			switch field {
			case "point":
				spot.PointPlan = w.plan(name)
			case "site":
				spot.SitePlan = w.plan(name)
			case "default":
				spot.Default = w.plan(name)
			default:
				all = append(all, w.assignment(strings.ReplaceAll(p, "at POINT", "at CHARGE_POINT")))
			}
		}
		if c.group {
			c.who.Group = w.group
		}
		for range 4 { // in whatever order they are read
			rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			got := Choose(all, spot, c.who, noon)
			got.WithDefault(ident.Plan{})
			var of []Fate
			for _, x := range got.Candidates {
				of = append(of, x.Outcome)
			}
			if w.names[got.Plan] != c.want || got.Why != c.reason || !slices.Equal(of, c.of) {
				t.Errorf("%s: %s because of %q, %v; want %s because of %q, %v", c.why, w.names[got.Plan], got.Why, of, c.want, c.reason, c.of)
			}
		}
	}
}

// A session does not know the operator's default before it is needed.
func TestTheDefaultIsNamedWhereItWins(t *testing.T) {
	t.Parallel()
	w := newPricedWorld()
	c := Choose(nil, w.spot, Asker{}, noon)
	if c.WithDefault(w.plan("D")); c.Plan != w.plan("D") || c.Why != OfOperator || c.Candidates[0].Plan != w.plan("D") {
		t.Errorf("the default: %+v", c)
	}
	c = Choose(nil, w.spot, Asker{}, noon)
	if c.WithDefault(ident.Plan{}); c.Why != "" || len(c.Candidates) != 0 {
		t.Errorf("without one: %+v", c)
	}
	w.spot.SitePlan = w.plan("S")
	c = Choose(nil, w.spot, Asker{}, noon)
	if c.WithDefault(ident.Plan{}); c.Why != OfSite || len(c.Candidates) != 1 {
		t.Errorf("passed over unseen: %+v", c)
	}
}

// The order is total: whatever is assigned, one plan wins, whichever way the rows come.
func TestPRICE_R2_OnePlanWinsInAnyOrder(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 5))
	w := newPricedWorld()
	places := []string{"CONNECTOR", "CHARGE_POINT", "SITE", "SUB_OPERATOR", "OPERATOR"}
	audiences := []string{"GROUP", "LEVEL Gold", "PROMOTION summer", "REGISTERED", "AD_HOC", "EVERYONE"}
	for range 300 {
		unique := map[string]bool{}
		var all []Assignment
		for i := range 1 + rnd.IntN(12) {
			text := fmt.Sprintf("for %s at %s from 2027-0%d-01", audiences[rnd.IntN(len(audiences))], places[rnd.IntN(len(places))], 1+rnd.IntN(2))
			if !unique[text] { // as the store has it
				unique[text] = true
				all = append(all, w.assignment(fmt.Sprintf("p%d %s", i, text)))
			}
		}
		who := Asker{Registered: true, Level: "GOLD", Group: w.group, Promotion: "Summer"}
		first := Choose(all, w.spot, who, noon)
		for range 5 {
			rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			if again := Choose(all, w.spot, who, noon); again.Plan != first.Plan || !slices.Equal(again.Candidates, first.Candidates) {
				t.Fatalf("another order, another plan: %+v and %+v", first, again)
			}
		}
	}
}
