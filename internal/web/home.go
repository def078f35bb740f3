package web

import (
	"context"
	"slices"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fault"
	"ccms/internal/ident"
	"ccms/internal/report"
	"ccms/internal/unit"
)

// HomeScope narrows a block.
type HomeScope struct {
	SiteID        ident.Site        `query:"site_id" doc:"Only this site."`
	SubOperatorID ident.SubOperator `query:"sub_operator_id" doc:"Only this sub-operator's."`
	Current       report.ACDC       `query:"current" enum:"AC,DC" doc:"Only charge points that feed the car so; wireless ones count as AC."`
}

func (in HomeScope) filter() report.Filter {
	return report.Filter{Site: in.SiteID, Sub: in.SubOperatorID, ACDC: in.Current}
}

// HomeNetwork is how large the network is, and what its licence allows.
type HomeNetwork struct {
	Licence      HomeLicence   `json:"licence"`
	Sites        int64         `json:"sites" minimum:"0" doc:"In use."`
	Points       int64         `json:"charge_points" minimum:"0" doc:"In use."`
	Connectors   int64         `json:"connectors" minimum:"0" doc:"Of charge points in use."`
	SubOperators *int64        `json:"sub_operators,omitempty" minimum:"0" doc:"That are not closed; absent for a sub-operator's staff."`
	Users        int64         `json:"users" minimum:"0" maximum:"100000"`
	UsersCapped  bool          `json:"users_capped" doc:"There are more users."`
	Versions     []HomeVersion `json:"ocpp_versions" doc:"Of charge points that have connected."`
	NeverSeen    int64         `json:"never_connected" minimum:"0" doc:"Charge points that have never connected."`
}

// HomeLicence is the operator's licence.
type HomeLicence struct {
	Unlimited     bool        `json:"unlimited" doc:"It does not end, and limits nothing."`
	ValidTo       time.Time   `json:"valid_to,omitzero"`
	EffectiveDays *int        `json:"effective_days,omitempty" minimum:"0" doc:"Days left, one that has begun counted whole; absent where it does not end."`
	Tone          report.Tone `json:"tone,omitempty" enum:"good,soon,urgent,expired" doc:"More than 30 days, at most 30, at most 7, none."`
}

// HomeVersion counts charge points by the protocol they speak.
type HomeVersion struct {
	Version string `json:"version" example:"1.6"`
	Points  int64  `json:"charge_points" minimum:"0"`
}

// HomeConnectors counts connectors by what they do now.
type HomeConnectors struct {
	AsOf     time.Time       `json:"as_of"`
	Total    int64           `json:"total" minimum:"0" doc:"The sum of all slices, always."`
	Usable   int64           `json:"usable" minimum:"0" doc:"Online, and neither Faulted nor Unavailable nor Unknown."`
	Share    *unit.Permille  `json:"usable_permille,omitempty" minimum:"0" maximum:"1000" doc:"Absent where there is no connector."`
	Offline  int64           `json:"offline" minimum:"0"`
	Faulted  int64           `json:"faulted" minimum:"0"`
	Occupied int64           `json:"idle_occupied" minimum:"0" doc:"Finishing: charged, and the car is still there."`
	AC       int64           `json:"ac" minimum:"0"`
	DC       int64           `json:"dc" minimum:"0"`
	Slices   []HomeConnector `json:"slices" doc:"States with none are left out."`
}

// HomeConnector is a slice.
type HomeConnector struct {
	State   string      `json:"state" enum:"Available,Preparing,Charging,SuspendedEV,SuspendedEVSE,Finishing,Reserved,Unavailable,Faulted,Unknown,OFFLINE" doc:"OFFLINE where the charge point is, whatever the connector said last."`
	Current report.ACDC `json:"current" enum:"AC,DC"`
	Count   int64       `json:"count" minimum:"1"`
}

// HomePower is what is drawn now and was in the last 24 hours.
type HomePower struct {
	AsOf     time.Time   `json:"as_of"`
	TimeZone string      `json:"time_zone" doc:"Whose day the peak is of: the site's, else the operator's."`
	Power    unit.W      `json:"power_w" doc:"Of running sessions whose last value is not older than two of their samples; negative where cars feed the grid."`
	Running  int         `json:"running" minimum:"0" doc:"Sessions."`
	Stale    int         `json:"stale" minimum:"0" doc:"Sessions whose value is older or missing; it is not in power_w."`
	Sites    []HomeDraw  `json:"sites" maxItems:"50" doc:"With running sessions, the strongest first."`
	SlotS    int64       `json:"slot_s" doc:"Length of a point of the curve."`
	Curve    []HomePoint `json:"curve" doc:"Mean power by slot; the one that has begun comes when it is over."`
	Peak     *HomePoint  `json:"peak,omitempty" doc:"The highest of today: a point of the curve, or what is drawn now; absent where nothing was measured."`
	Contract *HomeLimit  `json:"contract,omitempty" doc:"What the grid gives; absent where no site has it, and for one kind of current."`
}

// HomeLimit is what the grid gives the sites.
type HomeLimit struct {
	Power unit.W         `json:"power_w" minimum:"0" doc:"Of the sites of which it is known."`
	Known int64          `json:"known" minimum:"0" doc:"Sites of which it is known."`
	Sites int64          `json:"sites" minimum:"0" doc:"All sites."`
	Share *unit.Permille `json:"drawn_permille,omitempty" doc:"Part of it that is drawn; absent as long as it is not known of all sites."`
}

// HomeDraw is what a site draws.
type HomeDraw struct {
	SiteID     ident.Site     `json:"site_id"`
	Name       string         `json:"name"`
	Power      unit.W         `json:"power_w"`
	Running    int            `json:"running" minimum:"0"`
	Stale      int            `json:"stale" minimum:"0"`
	Contracted unit.W         `json:"contracted_power_w,omitzero" minimum:"0" doc:"What the grid gives the site; absent: nobody has said."`
	Share      *unit.Permille `json:"drawn_permille,omitempty" doc:"Part of it that is drawn."`
}

// HomePoint is a point of the curve.
type HomePoint struct {
	At    time.Time `json:"at" doc:"Begin of the slot."`
	Power *unit.W   `json:"power_w,omitempty" doc:"Absent where nobody looked."`
}

func (h *handlers) homeNetwork(ctx context.Context, in *HomeScope) (*homeOf[HomeNetwork], error) {
	c := callerOf(ctx)
	v, err := h.svc.Report.Network(ctx, c.Scope, in.filter())
	if err != nil {
		return nil, err
	}
	out := HomeNetwork{Sites: v.Sites, Points: v.Points, Connectors: v.Connectors, Users: v.Drivers, UsersCapped: v.DriversCapped,
		NeverSeen: v.Points - v.Connected, Versions: []HomeVersion{}}
	if v.Connected > 0 { // the door takes no other
		out.Versions = append(out.Versions, HomeVersion{"1.6", v.Connected})
	}
	if c.Scope.Sub().IsZero() {
		out.SubOperators = &v.SubOperators
	}
	if to := v.Licence.ValidTo; to.IsZero() {
		out.Licence.Unlimited = true
	} else {
		out.Licence = HomeLicence{ValidTo: at(to), EffectiveDays: &v.Days, Tone: report.ToneOf(v.Days)}
	}
	return &homeOf[HomeNetwork]{Body: out}, nil
}

func (h *handlers) homeConnectors(ctx context.Context, in *HomeScope) (*homeOf[HomeConnectors], error) {
	v, err := h.svc.Report.Connectors(ctx, scopeOf(ctx), in.filter())
	if err != nil {
		return nil, err
	}
	out := HomeConnectors{AsOf: at(v.At), Total: v.Total, Usable: v.Usable, Slices: []HomeConnector{}}
	if share, ok := report.Percent(v.Usable, v.Total); ok {
		out.Share = &share
	}
	for _, s := range v.Slices {
		out.Slices = append(out.Slices, HomeConnector{s.State, s.ACDC, s.Count})
		switch s.State {
		case report.Offline:
			out.Offline += s.Count
		case "Faulted":
			out.Faulted += s.Count
		case "Finishing":
			out.Occupied += s.Count
		}
		if s.ACDC == report.AC {
			out.AC += s.Count
		} else {
			out.DC += s.Count
		}
	}
	return &homeOf[HomeConnectors]{Body: out}, nil
}

func (h *handlers) homePower(ctx context.Context, in *HomeScope) (*homeOf[HomePower], error) {
	v, err := h.svc.Report.Power(ctx, scopeOf(ctx), in.filter())
	if err != nil {
		return nil, err
	}
	out := HomePower{AsOf: at(v.At), TimeZone: v.Zone, Power: v.Now.Power, Running: v.Now.Running, Stale: v.Now.Stale,
		Sites: []HomeDraw{}, SlotS: int64(report.SlotLength / time.Second), Curve: make([]HomePoint, len(v.Curve))}
	for _, s := range v.Sites {
		x := HomeDraw{SiteID: s.Site, Name: s.Name, Power: s.Power, Running: s.Running, Stale: s.Stale, Contracted: s.Contracted}
		if share, ok := report.Percent(int64(s.Power), int64(s.Contracted)); ok {
			x.Share = &share
		}
		out.Sites = append(out.Sites, x)
	}
	for i, s := range v.Curve {
		out.Curve[i] = homePoint(s)
	}
	if c := v.Contract; c.Known > 0 {
		out.Contract = &HomeLimit{Power: c.Power, Known: c.Known, Sites: c.Sites}
		if share, ok := c.Share(v.Now.Power); ok {
			out.Contract.Share = &share
		}
	}
	if v.Peak.Looks > 0 {
		p := homePoint(v.Peak)
		out.Peak = &p
	}
	return &homeOf[HomePower]{Body: out}, nil
}

func homePoint(s report.Slot) HomePoint {
	w, ok := s.Mean()
	return HomePoint{At: at(s.At), Power: some(w, ok)}
}

// homeOf is the answer of a block.
type homeOf[T any] struct{ Body T }

// HomeLayout is what the caller's home page shows.
type HomeLayout struct {
	Blocks    []report.Block `json:"blocks" maxItems:"5" doc:"In their order."`
	Available []report.Block `json:"available" doc:"What the caller may see, in the order of the guide."`
	Own       bool           `json:"own" doc:"The account chose it; else it is what its role begins with."`
	Default   []report.Block `json:"default" doc:"What its role begins with."`
}

// Schema of a block's name is a list of words.
type homeLayoutInput struct {
	Body struct {
		Blocks []string `json:"blocks" maxItems:"5" enum:"network,connectors,power,analytics,finance" doc:"In their order; what is left out is not shown."`
	} `nameHint:"HomeLayoutChange"`
}

func homeLayout(c interface {
	May(authz.Permission) bool
}, role authz.Role, l report.Layout) *homeOf[HomeLayout] {
	out := HomeLayout{Blocks: l.Blocks, Available: []report.Block{}, Own: !l.SavedAt.IsZero(), Default: report.DefaultBlocks(role, c.May)}
	for _, b := range report.Blocks {
		if c.May(b.Need()) {
			out.Available = append(out.Available, b)
		}
	}
	return &homeOf[HomeLayout]{Body: out}
}

func (h *handlers) getHomeLayout(ctx context.Context, _ *empty) (*homeOf[HomeLayout], error) {
	c := callerOf(ctx)
	l, err := h.svc.Report.Layout(ctx, c.Scope, c.Staff.Role, c.May)
	if err != nil {
		return nil, err
	}
	return homeLayout(c, c.Staff.Role, l), nil
}

func (h *handlers) putHomeLayout(ctx context.Context, in *homeLayoutInput) (*homeOf[HomeLayout], error) {
	c := callerOf(ctx)
	blocks := make([]report.Block, len(in.Body.Blocks))
	for i, b := range in.Body.Blocks {
		blocks[i] = report.Block(b)
		if slices.Contains(report.Blocks, blocks[i]) && !c.May(blocks[i].Need()) {
			return nil, fault.New(fault.Denied, "forbidden", "Your role does not allow the block %s.", b)
		}
	}
	l, err := h.svc.Report.SaveLayout(ctx, c.Scope, blocks)
	if err != nil {
		return nil, err
	}
	return homeLayout(c, c.Staff.Role, l), nil
}
