package tariff

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"ccms/internal/ident"
)

// Audience says whom a plan is for.
type Audience struct {
	Kind  AudienceKind `json:"audience"`
	Value string       `json:"value,omitempty"` // id of the group, name of the level, the code; "" for the others
}

// AudienceKind is a kind of audience.
type AudienceKind string

// The kinds of audiences, the strongest first (PRICE-R1).
const (
	ForGroup      AudienceKind = "GROUP"      // members of a group of drivers
	ForLevel      AudienceKind = "LEVEL"      // drivers of a membership level
	ForPromotion  AudienceKind = "PROMOTION"  // whoever gives a code
	ForRegistered AudienceKind = "REGISTERED" // drivers with a profile
	ForAdHoc      AudienceKind = "AD_HOC"     // who pays for one charge and has no profile
	ForEveryone   AudienceKind = "EVERYONE"
)

// strength orders audiences; a driver is either registered or not, so these two never meet.
func (k AudienceKind) strength() int {
	switch k {
	case ForGroup:
		return 5
	case ForLevel:
		return 4
	case ForPromotion:
		return 3
	case ForRegistered, ForAdHoc:
		return 2
	}
	return 1
}

// private kinds are prices that somebody grants: they cost the owner of the place money.
func (k AudienceKind) private() bool { return k.strength() >= ForPromotion.strength() }

// Key is the audience as it is compared: levels and codes in any spelling of capitals.
func (a Audience) Key() string { return string(a.Kind) + ":" + strings.ToLower(a.Value) }

// Asker is what a price may depend on of who would charge.
type Asker struct {
	Registered bool // false: ad hoc
	Level      string
	Group      ident.Group
	Promotion  string // the code that was given
}

// Keys are those of the audiences that the asker belongs to, "" where it belongs to none of
// a kind: group, level, promotion, registered or ad hoc, everyone.
func (w Asker) Keys() [5]string {
	keys := [5]string{3: Audience{Kind: ForAdHoc}.Key(), 4: Audience{Kind: ForEveryone}.Key()}
	if w.Promotion != "" {
		keys[2] = Audience{ForPromotion, w.Promotion}.Key()
	}
	if !w.Registered {
		return keys
	}
	keys[3] = Audience{Kind: ForRegistered}.Key()
	if w.Level != "" {
		keys[1] = Audience{ForLevel, w.Level}.Key()
	}
	if !w.Group.IsZero() {
		keys[0] = Audience{ForGroup, w.Group.String()}.Key()
	}
	return keys
}

// Place is where an assignment counts: at a connector, a charge point, a site, at all of a
// sub-operator, or at all of the operator. Of the ids one is set at most.
type Place struct {
	Sub       ident.SubOperator `json:"sub_operator_id,omitzero"`
	Site      ident.Site        `json:"site_id,omitzero"`
	Point     ident.ChargePoint `json:"charge_point_id,omitzero"`
	Connector int               `json:"connector,omitempty"` // of Point; 0: all of it
}

// PlaceKind is a kind of place.
type PlaceKind string

// The kinds of places, the narrowest first.
const (
	AtConnector PlaceKind = "CONNECTOR"
	AtPoint     PlaceKind = "CHARGE_POINT"
	AtSite      PlaceKind = "SITE"
	AtSub       PlaceKind = "SUB_OPERATOR"
	AtOperator  PlaceKind = "OPERATOR"
)

// Kind is the place's.
func (p Place) Kind() PlaceKind {
	switch {
	case p.Connector > 0:
		return AtConnector
	case !p.Point.IsZero():
		return AtPoint
	case !p.Site.IsZero():
		return AtSite
	case !p.Sub.IsZero():
		return AtSub
	}
	return AtOperator
}

func (k PlaceKind) narrowness() int {
	return slices.Index([]PlaceKind{AtOperator, AtSub, AtSite, AtPoint, AtConnector}, k)
}

// Spot is where a charge would be, with the plans that its charge point and its site have
// for everyone.
type Spot struct {
	Operator  ident.Operator
	Sub       ident.SubOperator // zero: the operator's own place
	Site      ident.Site
	Point     ident.ChargePoint // zero: any of the site
	Connector int               // 0: not known
	PointPlan ident.Plan
	SitePlan  ident.Plan
	// Default is the operator's plan; zero where the caller does not know it: then it may be
	// chosen all the same, as "the default, whatever it is".
	Default ident.Plan
}

// in reports whether the spot is in the place.
func (s *Spot) in(p Place) bool {
	switch p.Kind() {
	case AtConnector:
		return p.Point == s.Point && p.Connector == s.Connector
	case AtPoint:
		return p.Point == s.Point
	case AtSite:
		return p.Site == s.Site
	case AtSub:
		return p.Sub == s.Sub
	}
	return true
}

// Assignment says that a plan counts for an audience at a place, for a time.
type Assignment struct {
	ID       ident.Assignment  `json:"id"`
	Operator ident.Operator    `json:"operator_id"`
	Sub      ident.SubOperator `json:"sub_operator_id,omitzero"` // whose place it is; zero: the operator's
	Plan     ident.Plan        `json:"plan_id"`
	Place    Place             `json:"place"`
	Audience
	From      time.Time `json:"from,omitzero"`  // zero: always
	Until     time.Time `json:"until,omitzero"` // zero: for good; the first instant without it
	CreatedAt time.Time `json:"created_at"`
	Version   int64     `json:"version"`
}

// Reason says why a plan was chosen.
type Reason string

// The reasons, strongest first (PRICE-R1).
const (
	OfGroup     Reason = "group"
	OfLevel     Reason = "membership"
	OfPromotion Reason = "promotion"
	OfAudience  Reason = "audience" // ad hoc, or registered
	OfConnector Reason = "connector"
	OfPoint     Reason = "charge_point"
	OfSite      Reason = "site"
	OfSub       Reason = "sub_operator"
	OfOperator  Reason = "operator_default"
)

func (a *Assignment) reason() Reason {
	switch a.Kind {
	case ForGroup:
		return OfGroup
	case ForLevel:
		return OfLevel
	case ForPromotion:
		return OfPromotion
	case ForRegistered, ForAdHoc:
		return OfAudience
	}
	switch a.Place.Kind() {
	case AtConnector:
		return OfConnector
	case AtPoint:
		return OfPoint
	case AtSite:
		return OfSite
	case AtSub:
		return OfSub
	}
	return OfOperator
}

// Fate is what became of a candidate.
type Fate string

// The fates. Each but the first says what was against the plan.
const (
	Won            Fate = "WON"
	WeakerAudience Fate = "WEAKER_AUDIENCE" // a price for a narrower audience comes first
	WiderPlace     Fate = "WIDER_PLACE"     // one for the same audience, at a narrower place
	Earlier        Fate = "EARLIER"         // one for the same audience and place that began later
	OtherAudience  Fate = "OTHER_AUDIENCE"  // it is for others
	NotYet         Fate = "NOT_YET"         // it begins later
	Over           Fate = "OVER"            // it has ended
	NoContract     Fate = "NO_CONTRACT"     // a price of the operator that the sub-operator has not agreed to
)

// Candidate is a plan that could have priced a start, and what became of it.
type Candidate struct {
	Plan  ident.Plan `json:"plan_id,omitzero"`
	Place PlaceKind  `json:"place"`
	Audience
	From    time.Time `json:"from,omitzero"`
	Until   time.Time `json:"until,omitzero"`
	Outcome Fate      `json:"outcome"`
}

// Choice is the plan that prices a start, why, and what else there was: the strongest
// first. It is kept with the session whose snapshot it made.
type Choice struct {
	Plan       ident.Plan  `json:"-"`
	Why        Reason      `json:"why"` // "" where there is none: NO_PRICE, never free (PRICE-R2)
	Candidates []Candidate `json:"candidates"`
}

// Of reports whether a plan for this kind of audience was chosen.
func (c *Choice) Of(k AudienceKind) bool {
	return len(c.Candidates) > 0 && c.Candidates[0].Outcome == Won && c.Candidates[0].Kind == k
}

// OverPromotion reports whether a promotion that counts here was passed over for a price that
// comes before it.
func (c *Choice) OverPromotion() bool {
	return slices.ContainsFunc(c.Candidates, func(x Candidate) bool { return x.Kind == ForPromotion && x.Outcome == WeakerAudience })
}

// MostCandidates bounds what a choice remembers.
const MostCandidates = 20

// Choose picks the plan of a start (PRICE-R1): group before membership before promotion
// before audience before the plan of the asset before the operator's default; among
// those for the same audience the narrowest place, and there what began last. The order is
// total, because an audience has one assignment at a place from an instant on. all are the
// assignments at the spot's places; those for others may be among them, and are explained.
func Choose(all []Assignment, spot Spot, who Asker, at time.Time) Choice {
	keys := who.Keys()
	type ranked struct {
		a *Assignment
		Fate
	}
	var fit, unfit []ranked
	for _, a := range append(slices.Clone(all), spot.own()...) {
		if !spot.in(a.Place) {
			continue
		}
		switch {
		case !slices.Contains(keys[:], a.Key()):
			unfit = append(unfit, ranked{&a, OtherAudience})
		case a.From.After(at):
			unfit = append(unfit, ranked{&a, NotYet})
		case !a.Until.IsZero() && !at.Before(a.Until):
			unfit = append(unfit, ranked{&a, Over})
		// Until there are contracts that say so and who pays for it, what the operator grants
		// counts at its own places.
		case a.Kind.private() && !spot.Sub.IsZero() && a.Sub.IsZero():
			unfit = append(unfit, ranked{&a, NoContract})
		default:
			fit = append(fit, ranked{&a, Won})
		}
	}
	strongest := func(x, y ranked) int {
		return cmp.Or(cmp.Compare(y.a.Kind.strength(), x.a.Kind.strength()),
			cmp.Compare(y.a.Place.Kind().narrowness(), x.a.Place.Kind().narrowness()), y.a.From.Compare(x.a.From),
			cmp.Compare(x.a.Key(), y.a.Key()), y.a.Until.Compare(x.a.Until))
	}
	slices.SortStableFunc(fit, strongest)
	slices.SortStableFunc(unfit, strongest)
	var out Choice
	for i := range fit {
		switch a, won := fit[i].a, fit[0].a; {
		case i == 0:
			out.Plan, out.Why = a.Plan, a.reason()
		case a.Kind != won.Kind:
			fit[i].Fate = WeakerAudience
		case a.Place.Kind() != won.Place.Kind():
			fit[i].Fate = WiderPlace
		default:
			fit[i].Fate = Earlier
		}
	}
	for _, r := range append(fit, unfit...) {
		if len(out.Candidates) == MostCandidates {
			break
		}
		out.Candidates = append(out.Candidates, Candidate{Plan: r.a.Plan, Place: r.a.Place.Kind(), Audience: r.a.Audience,
			From: r.a.From, Until: r.a.Until, Outcome: r.Fate})
	}
	return out
}

// own are the plans for everyone that the charge point, the site and the operator have.
func (s *Spot) own() (out []Assignment) {
	add := func(p ident.Plan, at Place) {
		out = append(out, Assignment{Operator: s.Operator, Sub: s.Sub, Plan: p, Place: at, Audience: Audience{Kind: ForEveryone}})
	}
	if !s.PointPlan.IsZero() {
		add(s.PointPlan, Place{Point: s.Point})
	}
	if !s.SitePlan.IsZero() {
		add(s.SitePlan, Place{Site: s.Site})
	}
	add(s.Default, Place{})
	return out
}

// WithDefault names the operator's default plan in a choice that was made without knowing
// it; a zero plan says that there is none, or that nobody looked because another had won.
func (c *Choice) WithDefault(def ident.Plan) {
	at := slices.IndexFunc(c.Candidates, func(x Candidate) bool { return x.Plan.IsZero() })
	if at < 0 {
		return
	}
	won := c.Candidates[at].Outcome == Won
	if def.IsZero() {
		if c.Candidates = slices.Delete(c.Candidates, at, at+1); won {
			c.Why = ""
		}
		return
	}
	if c.Candidates[at].Plan = def; won {
		c.Plan = def
	}
}
