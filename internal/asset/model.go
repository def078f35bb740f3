package asset

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

// Model is what is known of a vendor's model with a firmware: what staff say of it, and
// what its answers have told. It counts for all charge points of the operator that are one,
// but for what a single one of them cannot do (Evidence.holds).
type Model struct {
	ID       ident.Model
	Operator ident.Operator
	Vendor   string
	Name     string
	// Firmware is a version, the begin of one with * behind it, or * for all.
	Firmware  string
	Quirks    Quirks // by staff; they count before what was learned
	Learned   Learned
	Note      string
	LearnedAt time.Time
	Version   int64
}

// Quirks are what staff say of a model; nil and "" say nothing.
type Quirks struct {
	// NeverProbe: it restarts or hangs up when it is asked for its settings (behaviour 21).
	NeverProbe *bool `json:"never_probe,omitempty"`
	// StackZero: a charging profile has to have the stack level 0 (behaviour 70).
	StackZero *bool `json:"stack_level_zero,omitempty"`
	// ProfileKind is the only kind of charging profile that it takes (behaviour 71).
	ProfileKind ProfileKind `json:"profile_kind,omitempty"`
	// RateUnit is the only unit of limits that it takes (behaviour 72).
	RateUnit RateUnit `json:"rate_unit,omitempty"`
	// ConnectorOne: it takes no charging profile for the whole device (behaviour 73).
	ConnectorOne *bool `json:"profile_connector_one,omitempty"`
	// ZeroIgnored: it goes on charging at a limit of 0 (behaviour 75).
	ZeroIgnored *bool `json:"zero_limit_ignored,omitempty"`
	// Actions say of commands whether it can do them, by their type, and with a colon the
	// message of trigger_message: "change_availability": false (behaviour 67).
	Actions map[string]bool `json:"actions,omitempty"`
	// Keys say of settings whether it has them.
	Keys map[string]bool `json:"keys,omitempty"`
}

// Evidence is how often something was seen, and where last.
type Evidence struct {
	Times   int               `json:"times"`
	FirstAt time.Time         `json:"first_at"`
	LastAt  time.Time         `json:"last_at"`
	Point   ident.ChargePoint `json:"charge_point_id,omitzero"`
	// Other is another charge point that has shown the same before.
	Other ident.ChargePoint `json:"other_charge_point_id,omitzero"`
}

// OfModel reports whether the evidence speaks of the model: two of its charge points have
// shown it.
func (e Evidence) OfModel() bool { return !e.Other.IsZero() }

// holds reports whether what a charge point cannot do, by this evidence, counts for p: at
// once for the one that has shown it, for the others of its model and firmware when a second
// one has (decision 0020). One that is broken or set up otherwise decides for no other.
func (e Evidence) holds(p ident.ChargePoint) bool { return e.OfModel() || e.Point == p }

// forget takes back what only p has shown: other hardware stands there now.
func forget(of map[string]Evidence, p ident.ChargePoint) (found bool) {
	for what, e := range of {
		if e.Point == p && !e.OfModel() {
			delete(of, what)
			found = true
		}
	}
	return found
}

// Learned is what answers, silence and flaws have told of a model.
type Learned struct {
	Actions    map[string]Evidence `json:"actions,omitempty"`    // commands that it says it does not support
	Keys       map[string]Evidence `json:"keys,omitempty"`       // settings that it says it does not have
	Unanswered map[string]Evidence `json:"unanswered,omitempty"` // messages that it left unanswered in a row
	Flaws      map[string]Evidence `json:"flaws,omitempty"`      // what its messages have wrong
	Profiles   map[string]Evidence `json:"profiles,omitempty"`   // what made a refused charging profile pass
	Effects    map[string]Evidence `json:"effects,omitempty"`    // what it accepted and did not do: ZeroLimit
}

// Bounds of what is kept: a device that makes up answers fills no table.
const (
	maxModels  = 500 // of an operator
	maxLearned = 100 // entries of a kind
	maxTaught  = 200 // entries by staff
)

// The profile quirks that can be learned, as Learned.Profiles and SetProfile.Try have them.
const (
	TryConnectorOne = "connector_one"
	TryStackZero    = "stack_level_zero"
	TryAbsolute     = "absolute"
	TryRelative     = "relative"
	TryAmperes      = "rate_unit_a"
	TryWatts        = "rate_unit_w"
)

// fold is the form in which names of vendors, models and firmware are compared.
func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// KeyOf is how a model is found, whatever the case that a device writes it in.
func KeyOf(m Model) ModelKey { return ModelKey{fold(m.Vendor), fold(m.Name), fold(m.Firmware)} }

// matches reports whether the record speaks of a firmware.
func (m Model) matches(firmware string) bool {
	if begin, open := strings.CutSuffix(fold(m.Firmware), "*"); open {
		return strings.HasPrefix(fold(firmware), begin)
	}
	return fold(m.Firmware) == fold(firmware)
}

// note adds to evidence, within the bound.
func note(to *map[string]Evidence, what string, times int, p ident.ChargePoint, at time.Time) {
	what = cut(what)
	e, known := (*to)[what]
	if what == "" || !known && len(*to) >= maxLearned {
		return
	}
	if *to == nil {
		*to = map[string]Evidence{}
	}
	if !known {
		e.FirstAt = at
	}
	if known && e.Point != p && !e.Point.IsZero() {
		e.Other = e.Point
	}
	e.Times, e.LastAt, e.Point = e.Times+times, at, p
	(*to)[what] = e
}

// Capability is what is known of one charge point and its model, all records together.
type Capability struct {
	Known      bool // there is a record
	NeverProbe bool
	// ZeroIgnored: a limit of 0 does not pause a charge.
	ZeroIgnored bool
	Profile     ProfileQuirks
	actions     map[string]bool // false: it cannot
	keys        map[string]bool // by folded name
	name        string
}

// ProfileQuirks are how a charging profile has to look.
type ProfileQuirks struct {
	StackZero    bool
	ConnectorOne bool
	Kind         ProfileKind // "": any
	Unit         RateUnit    // "": any
}

// capabilityOf lays the records of a model over one another: the narrower counts before
// the wider, and what staff say before what was learned.
func capabilityOf(models []Model, p ChargePoint) Capability {
	models = slices.DeleteFunc(slices.Clone(models), func(m Model) bool { return !m.matches(p.Firmware) })
	slices.SortStableFunc(models, func(a, b Model) int { return cmp.Compare(a.width(), b.width()) })
	c := Capability{Known: len(models) > 0, actions: map[string]bool{}, keys: map[string]bool{}}
	for _, m := range models {
		c.name = strings.TrimSpace(m.Vendor + " " + m.Name)
		for a, e := range m.Learned.Actions {
			if e.holds(p.ID) {
				c.actions[a] = false
			}
		}
		for k, e := range m.Learned.Keys {
			if e.holds(p.ID) {
				c.keys[fold(k)] = false
			}
		}
		if e, seen := m.Learned.Effects[ZeroLimit]; seen && e.holds(p.ID) {
			c.ZeroIgnored = true
		}
		for _, try := range slices.Sorted(maps.Keys(m.Learned.Profiles)) {
			c.Profile = c.Profile.With(try)
		}
	}
	for _, m := range models {
		q := m.Quirks
		over(&c.NeverProbe, q.NeverProbe)
		over(&c.ZeroIgnored, q.ZeroIgnored)
		over(&c.Profile.StackZero, q.StackZero)
		over(&c.Profile.ConnectorOne, q.ConnectorOne)
		c.Profile.Kind, c.Profile.Unit = cmp.Or(q.ProfileKind, c.Profile.Kind), cmp.Or(q.RateUnit, c.Profile.Unit)
		maps.Copy(c.actions, q.Actions)
		for k, v := range q.Keys {
			c.keys[fold(k)] = v
		}
	}
	return c
}

func over(to *bool, by *bool) {
	if by != nil {
		*to = *by
	}
}

// width orders records from the widest to the narrowest.
func (m Model) width() int {
	if strings.HasSuffix(m.Firmware, "*") {
		return len(m.Firmware)
	}
	return 1 << 20
}

// With is q with what a try has shown.
func (q ProfileQuirks) With(try string) ProfileQuirks {
	switch try {
	case TryConnectorOne:
		q.ConnectorOne = true
	case TryStackZero:
		q.StackZero = true
	case TryAbsolute:
		q.Kind = Absolute
	case TryRelative:
		q.Kind = Relative
	case TryAmperes:
		q.Unit = Amperes
	case TryWatts:
		q.Unit = Watts
	}
	return q
}

// capableNames are the names under which a command may be known as one that a model cannot do.
func capableNames(a Args) []string {
	t := string(a.commandType())
	switch a := a.(type) {
	case RemoteStop: // a charge must end, whatever was learned
		return nil
	case Trigger:
		return []string{t, t + ":" + a.Message}
	case ExtendedTrigger:
		return []string{t, t + ":" + a.Message}
	case ChangeConfig, GetConfig:
		return []string{t}
	}
	return []string{t}
}

// allows refuses what the model is known not to do, before anything is sent.
func (c Capability) allows(a Args) error {
	refuse := func(what string) error {
		return fault.New(fault.Unsupported, "command_unsupported",
			"%s is known not to support this: %s. Nothing was sent. Staff can change what is known of it under Models.", c.name, what)
	}
	for _, n := range capableNames(a) {
		if can, known := c.actions[n]; known && !can {
			return refuse(n)
		}
	}
	switch a := a.(type) {
	case SetProfile:
		return c.stopsNothing(a)
	case GetConfig:
		if c.NeverProbe {
			return refuse("it must not be asked for its settings")
		}
	case ChangeConfig:
		if can, known := c.keys[fold(a.Key)]; known && !can {
			return refuse("it has no setting " + a.Key)
		}
	}
	return nil
}

// LacksKey reports whether the model is known not to have a setting.
func (c Capability) LacksKey(key string) bool { can, known := c.keys[fold(key)]; return known && !can }

// checked returns the record with blanks trimmed, or where it is wrong.
func (m Model) checked() (Model, error) {
	m.Vendor, m.Name, m.Firmware = strings.TrimSpace(m.Vendor), strings.TrimSpace(m.Name), strings.TrimSpace(m.Firmware)
	if m.Firmware == "" {
		m.Firmware = "*"
	}
	var bad flaws
	bad.text("/vendor", m.Vendor, 1, 255)
	bad.text("/model", m.Name, 1, 255)
	bad.text("/firmware", m.Firmware, 1, 255)
	bad.text("/note", m.Note, 0, 1000)
	if strings.Contains(strings.TrimSuffix(m.Firmware, "*"), "*") {
		bad.add("/firmware", "may have a * at its end only")
	}
	q := m.Quirks
	if q.ProfileKind != "" && q.ProfileKind != Absolute && q.ProfileKind != Relative {
		bad.add("/quirks/profile_kind", "must be absolute or relative, or absent")
	}
	if q.RateUnit != "" && !q.RateUnit.known() {
		bad.add("/quirks/rate_unit", "must be A or W, or absent")
	}
	if len(q.Actions) > maxTaught || len(q.Keys) > maxTaught {
		bad.add("/quirks", "has too many entries; at most 200 commands and 200 settings")
	}
	for a := range q.Actions {
		if t, _, _ := strings.Cut(a, ":"); argsOf[CommandType(t)] == nil || CommandType(t) == CommandRemoteStop {
			bad.add("/quirks/actions", "names no command that may be known as not supported: "+a)
			break
		}
	}
	for k := range q.Keys {
		bad.text("/quirks/keys", k, 1, maxKeyName)
	}
	return m, bad.err()
}
