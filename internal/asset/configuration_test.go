package asset

import (
	"testing"
	"time"

	"ccms/internal/fault"
)

func TestAReadingShowsWhatChangedSinceTheLast(t *testing.T) {
	t.Parallel()
	var c Configuration
	c = c.read([]ConfigKey{{Key: "HeartbeatInterval", Value: "300"}, {Key: "ChargeProfileMaxStackLevel", Value: "8", ReadOnly: true}}, true, "1.0", t0)
	if !c.ReadAt.Equal(t0) || c.Firmware != "1.0" || len(c.Keys) != 2 || c.Keys[0].Key != "ChargeProfileMaxStackLevel" {
		t.Fatalf("after the first reading: %+v", c)
	}
	t1 := t0.Add(time.Hour)
	c = c.read([]ConfigKey{{Key: "heartbeatinterval", Value: "60"}}, false, "1.0", t1) // behaviour 65: another case
	k, known := c.Find("HeartbeatInterval")
	if !known || k.Value != "60" || k.Was == nil || *k.Was != "300" || !k.ChangedAt.Equal(t1) || !k.ReadAt.Equal(t1) {
		t.Errorf("after the second: %+v", k)
	}
	if !c.ReadAt.Equal(t0) || len(c.Keys) != 2 {
		t.Errorf("one key was read: all were read %s, %d keys", c.ReadAt, len(c.Keys))
	}
	c = c.read([]ConfigKey{{Key: "HeartbeatInterval", Value: "60"}}, true, "1.1", t1.Add(time.Hour))
	if k, _ := c.Find("HeartbeatInterval"); len(c.Keys) != 1 || *k.Was != "300" || !k.ChangedAt.Equal(t1) {
		t.Errorf("a reading of all drops what is gone and keeps when a value changed: %+v", c.Keys)
	}
	if _, gone := c.Find("ChargeProfileMaxStackLevel"); gone {
		t.Error("a key that the device no longer has is kept")
	}
}

func TestAChangeShowsOldAndNewAndWhetherItWaitsForARestart(t *testing.T) {
	t.Parallel()
	c := Configuration{}.read([]ConfigKey{{Key: "MeterValueSampleInterval", Value: "60"}}, true, "1.0", t0)
	t1 := t0.Add(time.Minute)
	c = c.written("MeterValueSampleInterval", "30", true, t1)
	k, _ := c.Find("MeterValueSampleInterval")
	if k.Value != "30" || *k.Was != "60" || !k.ReadAt.Equal(t0) || !k.Pending(t0) || k.Pending(t1.Add(time.Second)) {
		t.Errorf("%+v", k)
	}
	c = c.written("Hidden", "x", false, t1)
	if k, _ := c.Find("hidden"); k.Was != nil || !k.ReadAt.IsZero() || k.Pending(t0) {
		t.Errorf("a key that was never read: %+v", k)
	}
	if len(Configuration{}.read(make([]ConfigKey, 3000), true, "", t0).Keys) != 0 {
		t.Error("keys without a name are kept")
	}
}

// Capabilities, not versions: what the point says it cannot do is refused before
// anything is sent; what it never said is not.
func TestWhatThePointCannotDoIsRefused(t *testing.T) {
	t.Parallel()
	says := func(v string) Configuration {
		return Configuration{}.read([]ConfigKey{{Key: "SupportedFeatureProfiles", Value: v}, {Key: "Fixed", Value: "1", ReadOnly: true}}, true, "1.0", t0)
	}
	for _, c := range []struct {
		why      string
		cfg      Configuration
		firmware string
		ask      Args
		refused  string
	}{
		{"never read", Configuration{}, "1.0", Trigger{Message: "Heartbeat"}, ""},
		{"says so", says("Core,RemoteTrigger"), "1.0", Trigger{Message: "Heartbeat"}, ""},
		{"written otherwise (behaviour 65)", says("Core, remotetrigger"), "1.0", Trigger{Message: "Heartbeat"}, ""},
		{"has not the profile", says("Core,FirmwareManagement"), "1.0", Trigger{Message: "Heartbeat"}, "command_unsupported"},
		{"had not, under another firmware", says("Core"), "2.0", Trigger{Message: "Heartbeat"}, ""},
		{"says nothing", says(""), "1.0", Trigger{Message: "Heartbeat"}, ""},
		{"the core is everybody's", says("Core"), "1.0", Unlock{Connector: 1}, ""},
		{"can only be read", says("Core"), "1.0", ChangeConfig{Key: "fixed", Value: "2"}, "key_read_only"},
		{"not known: hidden keys exist", says("Core"), "1.0", ChangeConfig{Key: "AuthorizationKey", Value: "2"}, ""},
	} {
		err := c.cfg.capable(c.firmware, c.ask)
		switch {
		case c.refused == "" && err != nil, c.refused != "" && !fault.Is(err, fault.Unsupported):
			t.Errorf("%s: %v", c.why, err)
		case err != nil && fault.Of(err).Code != c.refused:
			t.Errorf("%s: %v, want %s", c.why, err, c.refused)
		}
	}
}

func TestWhatOpensSomethingIsSecret(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{"AuthorizationKey": true, "WifiPassword": true, "vendor.apiKey": true, "HeartbeatInterval": false,
		"AuthorizationCacheEnabled": false, "LocalPreAuthorize": false} {
		if SecretKey(key) != want {
			t.Errorf("%s: %v", key, !want)
		}
	}
}
