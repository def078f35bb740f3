package asset

import (
	"slices"
	"time"

	"ccms/internal/ident"
)

// SettingsPhase is how far the comparison of a point with its template is.
type SettingsPhase string

// The phases.
const (
	SettingsNone       SettingsPhase = "none"        // no template is for it
	SettingsWaiting    SettingsPhase = "waiting"     // it will be looked at
	SettingsReading    SettingsPhase = "reading"     // it was asked for its settings
	SettingsApplying   SettingsPhase = "applying"    // it gets what differs
	SettingsRestart    SettingsPhase = "restart"     // it restarts once nothing charges
	SettingsRestarting SettingsPhase = "restarting"  // it was told to
	SettingsIdle       SettingsPhase = "idle"        // looked at; again within a day
	SettingsNeverAsked SettingsPhase = "never_asked" // its model must not be asked (behaviour 21)
)

// Cause is what a look at the settings is for.
type Cause string

// The causes.
const (
	CauseCheck  Cause = "check"  // only compare
	CauseApply  Cause = "apply"  // and give it what differs
	CauseForce  Cause = "force"  // the same, also what was given in vain before
	CauseVerify Cause = "verify" // whether it took what it was given (behaviour 85)
)

// SettingState is how one setting stands to the template.
type SettingState string

// The states of a setting.
const (
	SettingUnread       SettingState = "unread"
	SettingSame         SettingState = "same"
	SettingDiffers      SettingState = "differs"
	SettingSent         SettingState = "sent"
	SettingTaken        SettingState = "taken"         // it said yes; it will be read
	SettingRestart      SettingState = "restart"       // taken; counts after a restart
	SettingRefused      SettingState = "refused"       // it said no
	SettingReadOnly     SettingState = "read_only"     // it says that it cannot be set
	SettingNotSupported SettingState = "not_supported" // it has none (behaviour 66)
	SettingNotTaken     SettingState = "not_taken"     // it said yes and has another value all the same
	SettingFailed       SettingState = "failed"        // no answer; it is tried again
	SettingSkipped      SettingState = "skipped"       // it is none that a template may set
)

// drifts reports whether staff should know that the setting is not as it shall be. What a
// model does not have is no error (behaviour 66).
func (s SettingState) drifts() bool {
	return s == SettingDiffers || s == SettingRefused || s == SettingNotTaken || s == SettingFailed
}

// Setting is one setting of a point beside what its template wants.
type Setting struct {
	TemplateKey
	Have  *string      `json:"have,omitempty"` // as last read; nil: not read, or not there
	State SettingState `json:"state"`
	At    time.Time    `json:"at,omitzero"`
	Text  string       `json:"text,omitempty"` // what it answered, where that needs words
	// Tried is the revision of the template in which it was given in vain: it is not sent
	// again for this one unless somebody says so.
	Tried int64 `json:"tried,omitempty"`
}

// PointSettings is how a charge point stands to its template.
type PointSettings struct {
	Point     ident.ChargePoint
	Operator  ident.Operator
	Sub       ident.SubOperator
	Template  ident.Template // zero: none is for it
	Revision  int64          // of the template, as of the last look
	Phase     SettingsPhase
	Cause     Cause
	Settings  []Setting
	CheckedAt time.Time // when the device was last compared
	StartedAt time.Time // of the last start for which it was looked at
	DueAt     time.Time // zero: when it starts
	// Of the last restart for a template: never twice for the same revision.
	RestartedTemplate ident.Template
	RestartedRevision int64
}

// Differ is how many settings are not as they shall be.
func (g PointSettings) Differ() (n int) {
	for _, s := range g.Settings {
		if s.State.drifts() {
			n++
		}
	}
	return n
}

const (
	// settingsSoon lets a device that has just started or changed come to rest.
	settingsSoon = 10 * time.Second
	// settingsWithin is how long a round of commands may take before it is looked at again.
	settingsWithin = 5 * time.Minute
	// settingsRetry is when one that did not answer, or is full of commands, is tried again.
	settingsRetry = time.Hour
	// settingsAway is when one that is offline is tried again: not each comes back with a
	// boot. One that was away for so long does.
	settingsAway      = 4 * time.Hour
	settingsForgotten = 7 * 24 * time.Hour
	// settingsIdleEvery is how often one that charges is asked whether it may restart.
	settingsIdleEvery = time.Minute
	// settingsRestartWithin is how long a restart may take.
	settingsRestartWithin = 10 * time.Minute
	// A device is compared at least once a day (AST-A6); the fleet not all at once.
	settingsDay    = 20 * time.Hour
	settingsSpread = 4 * time.Hour
)

// tomorrow is when a point is compared again: each at a time of its own, within a day.
func tomorrow(p ident.ChargePoint, now time.Time) time.Time {
	var n uint64
	for _, b := range p.Bytes() {
		n = n*31 + uint64(b)
	}
	return now.Add(settingsDay + time.Duration(n%uint64(settingsSpread/time.Second))*time.Second)
}

// noneOfTemplates says why a template may not set a key; "": it may. Templates that were
// stored before that was refused may have one.
func noneOfTemplates(key string) string {
	switch {
	case ownsSetting(key) != nil: // it would shut out all at once that are not ready for it
		return "is changed on the page of each charge point, under Security"
	case SecretKey(key):
		return "opens something: each charge point has its own, which no template can know"
	}
	return ""
}

// under makes the settings those of the template, and keeps what is known of each. force
// forgets what was tried in vain.
func (g PointSettings) under(t Template, force bool) PointSettings {
	settings := make([]Setting, 0, len(t.Settings))
	for _, k := range t.Settings {
		s := Setting{TemplateKey: k, State: SettingUnread}
		if i := slices.IndexFunc(g.Settings, func(o Setting) bool { return SameKey(o.Key, k.Key) }); i >= 0 {
			s = g.Settings[i]
			s.TemplateKey = k
		}
		if why := noneOfTemplates(k.Key); why != "" {
			s.State, s.Text, s.Have = SettingSkipped, why, nil
		}
		if force || g.Template != t.ID || g.Revision != t.Revision {
			s.Tried = 0
		}
		settings = append(settings, s)
	}
	g.Template, g.Revision, g.Settings = t.ID, t.Revision, settings
	return g
}

// compared is the settings after the device told what it has.
func (g PointSettings) compared(cfg Configuration, known Capability, at time.Time) PointSettings {
	g.Settings = slices.Clone(g.Settings)
	for i := range g.Settings {
		s := &g.Settings[i]
		if s.State == SettingSkipped {
			continue
		}
		k, there := cfg.Find(s.Key)
		s.Have = nil
		if there {
			s.Have = &k.Value
		}
		was := s.State
		s.At = at
		switch {
		case there && s.sameValue(k.Value):
			s.State, s.Text, s.Tried = SettingSame, "", 0
		case there && k.ReadOnly:
			s.State, s.Text = SettingReadOnly, ""
		case known.LacksKey(s.Key):
			s.State, s.Text = SettingNotSupported, ""
		case g.Cause == CauseVerify && (was == SettingSent || was == SettingTaken || was == SettingRestart):
			s.State, s.Text, s.Tried = SettingNotTaken, "", g.Revision
		case s.Tried == g.Revision && (was == SettingRefused || was == SettingNotTaken || was == SettingNotSupported):
		default:
			s.State, s.Text = SettingDiffers, ""
		}
	}
	g.CheckedAt = at
	return g
}

// missing are the settings to send.
func (g PointSettings) missing() (keys []int) {
	for i, s := range g.Settings {
		if (s.State == SettingDiffers || s.State == SettingFailed) && s.Tried != g.Revision {
			keys = append(keys, i)
		}
	}
	return keys
}

// answered is the settings after the device answered to one of them.
func (g PointSettings) answered(c ChangeConfig, a Answer, at time.Time) PointSettings {
	i := slices.IndexFunc(g.Settings, func(s Setting) bool { return SameKey(s.Key, c.Key) })
	if i < 0 {
		return g
	}
	g.Settings = slices.Clone(g.Settings)
	s := &g.Settings[i]
	if s.State == SettingSkipped {
		return g
	}
	s.At, s.Text = at, ""
	switch {
	case a.State == CommandAccepted && !s.sameValue(c.Value): // somebody gave it another
		s.State, s.Have = SettingDiffers, &c.Value
	case a.State == CommandAccepted && a.Outcome == OutcomeReboot:
		s.State, s.Have = SettingRestart, &c.Value
	case a.State == CommandAccepted && g.Phase != SettingsApplying:
		s.State, s.Have = SettingSame, &c.Value
	case a.State == CommandAccepted:
		s.State, s.Have = SettingTaken, &c.Value
	case !s.sameValue(c.Value): // what somebody tried in vain is no matter of the template's
	case a.State == CommandRejected:
		s.State, s.Tried, s.Text = SettingRefused, g.Revision, a.Detail
	case a.State == CommandNotSupported:
		s.State, s.Tried, s.Text = SettingNotSupported, g.Revision, a.Detail
	default:
		s.State, s.Text = SettingFailed, a.Detail
	}
	return g
}

// has reports whether a setting is in one of the states.
func (g PointSettings) has(states ...SettingState) bool {
	return slices.ContainsFunc(g.Settings, func(s Setting) bool { return slices.Contains(states, s.State) })
}
