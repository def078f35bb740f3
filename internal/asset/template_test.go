package asset

import "testing"

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
