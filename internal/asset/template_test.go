package asset

import (
	"testing"
	"time"

	"ccms/internal/ident"
)

// Behaviour 65: devices write the same value in many ways.
func TestRow65_AValueIsTheSameHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, want, have string
		atLeast, same   bool
	}{
		{"case of words", "true", "True", false, true},
		{"quotes around", "60", `"60"`, false, true},
		{"quotes and blanks in a list, in another order", "Energy.Active.Import.Register,SoC", `'SoC', Energy.Active.Import.Register `, false, true},
		{"a word is missing", "Energy.Active.Import.Register,SoC", "SoC", false, false},
		{"leading zeros", "60", "060", false, true},
		{"the rate unit as its letter", "Power", "W", false, true},
		{"both rate units", "Current,Power", "A,W", false, true},
		{"more is right", "10", "12", true, true},
		{"less is not", "10", "9", true, false},
		{"more is not where it is not said", "10", "12", false, false},
		{"no number", "10", "many", true, false},
		{"nothing", "", "", false, true},
	} {
		if got := (TemplateKey{Value: c.want, AtLeast: c.atLeast}).sameValue(c.have); got != c.same {
			t.Errorf("%s: %q and %q: %v", c.why, c.want, c.have, got)
		}
	}
}

// A template of SecurityProfile would shut out every charge point that is not ready for it.
func TestAST_R4_ATemplateHasNoSettingOfSecurity(t *testing.T) {
	t.Parallel()
	for key, ok := range map[string]bool{"securityprofile": false, "AuthorizationKey": false, "HeartbeatInterval": true} {
		if _, err := (Template{Name: "x", Settings: []TemplateKey{{Key: key, Value: "3"}}}).checked(); (err == nil) != ok {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// A template from before that was refused may have such a key: it is never sent, is no
// drift, and the page of the charge point says why.
func TestAST_R4_ASettingOfSecurityInAnOldTemplateIsSkipped(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	old := Template{ID: ident.New[ident.Template](now), Revision: 3, Settings: []TemplateKey{{Key: "securityProfile", Value: "3"}, {Key: "AuthorizationKey", Value: "00"}, {Key: "HeartbeatInterval", Value: "60"}}}
	has := func(profile string) Configuration {
		return Configuration{Keys: []ConfigKey{{Key: "SecurityProfile", Value: profile}, {Key: "HeartbeatInterval", Value: "300"}}}
	}
	stored := PointSettings{Template: old.ID, Revision: 3, Settings: []Setting{{TemplateKey: old.Settings[0], State: SettingDiffers}}} // as it was looked at before
	for cause, g := range map[Cause]PointSettings{CauseApply: stored.under(old, false), CauseForce: PointSettings{}.under(old, true)} {
		g.Cause, g.Phase = cause, SettingsApplying
		g = g.compared(has("1"), Capability{}, now)
		if send := g.missing(); len(send) != 1 || g.Settings[send[0]].Key != "HeartbeatInterval" {
			t.Errorf("%s: sent are %v of %+v", cause, send, g.Settings)
		}
		g = g.answered(ChangeConfig{Key: "SecurityProfile", Value: "2"}, Answer{State: CommandAccepted}, now) // staff raised it
		for _, s := range g.Settings[:2] {
			if s.State != SettingSkipped || s.State.drifts() || s.Text == "" {
				t.Errorf("%s: %+v", cause, s)
			}
		}
	}
}
