package asset

import (
	"slices"
	"strings"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

// Configuration is what we know of a device's settings: what it said when it was last
// asked, and what was set since. It is a copy and may be old; ReadAt tells how old.
type Configuration struct {
	Point    ident.ChargePoint
	Operator ident.Operator
	Sub      ident.SubOperator
	Firmware string // of the device when all keys were last read
	ReadAt   time.Time
	Keys     []ConfigKey // by name
}

// ConfigKey is one setting.
type ConfigKey struct {
	Key      string `json:"key"`
	Value    string `json:"value"` // "" also where the device gives none
	ReadOnly bool   `json:"read_only,omitempty"`
	// ReadAt is when the device said so; zero where it was only set and never read.
	ReadAt time.Time `json:"read_at,omitzero"`
	// Was is the value before the last change, ours or one that a reading found.
	Was       *string   `json:"was,omitempty"`
	ChangedAt time.Time `json:"changed_at,omitzero"`
	// Reboot says that the change counts after a restart.
	Reboot bool `json:"reboot,omitempty"`
}

// Pending reports whether the change waits for a restart still.
func (k ConfigKey) Pending(bootedAt time.Time) bool { return k.Reboot && !bootedAt.After(k.ChangedAt) }

const (
	mostKeys  = 1000 // of a device; what sends more sends rubbish
	mostValue = 2000 // characters of a value that are kept; OCPP allows 500
)

// SameKey reports whether two names mean one setting: devices differ in case
// (behaviour 65).
func SameKey(a, b string) bool { return strings.EqualFold(a, b) }

// Find is the setting of that name.
func (c Configuration) Find(key string) (ConfigKey, bool) {
	if i := c.at(key); i >= 0 {
		return c.Keys[i], true
	}
	return ConfigKey{}, false
}

func (c Configuration) at(key string) int {
	return slices.IndexFunc(c.Keys, func(k ConfigKey) bool { return SameKey(k.Key, key) })
}

// read is the configuration after the device has told keys; all says that it was asked
// for everything, so that what it left out is no longer there.
func (c Configuration) read(told []ConfigKey, all bool, firmware string, at time.Time) Configuration {
	if len(told) > mostKeys {
		told = told[:mostKeys]
	}
	old := c
	if c.Keys = nil; !all {
		c.Keys = slices.Clone(old.Keys)
	}
	for _, t := range told {
		k := ConfigKey{Key: cut(t.Key), Value: clip(t.Value, mostValue), ReadOnly: t.ReadOnly, ReadAt: at}
		if k.Key == "" {
			continue
		}
		if before, known := old.Find(k.Key); known {
			k.Was, k.ChangedAt, k.Reboot = before.Was, before.ChangedAt, before.Reboot
			if before.Value != k.Value {
				k.Was, k.ChangedAt, k.Reboot = &before.Value, at, false
			}
		}
		c = c.with(k)
	}
	if all {
		c.ReadAt, c.Firmware = at, firmware
	}
	return c
}

// written is the configuration after the device has taken a value.
func (c Configuration) written(key, value string, reboot bool, at time.Time) Configuration {
	k, known := c.Find(key)
	if known {
		was := k.Value
		k.Was = &was
	} else {
		k.Key = key
	}
	k.Value, k.ChangedAt, k.Reboot = value, at, reboot
	return c.with(k)
}

// with puts a setting in its place by name.
func (c Configuration) with(k ConfigKey) Configuration {
	keys := slices.Clone(c.Keys)
	if i := c.at(k.Key); i >= 0 {
		keys[i] = k
	} else {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b ConfigKey) int { return strings.Compare(strings.ToLower(a.Key), strings.ToLower(b.Key)) })
	c.Keys = keys
	return c
}

// clip is cut for texts that may be longer than a line.
func clip(s string, most int) string {
	out := make([]rune, 0, min(len(s), most))
	for _, r := range s {
		if r < ' ' || r == 0x7f {
			continue
		}
		if out = append(out, r); len(out) == most {
			break
		}
	}
	return string(out)
}

// SecretKey reports whether the value of a setting opens something, so that it is shown
// to nobody who could not set it.
func SecretKey(key string) bool {
	k := strings.ToLower(key)
	for _, part := range []string{"authorizationkey", "password", "passwd", "passphrase", "secret", "apikey", "privatekey", "pincode"} {
		if strings.Contains(k, part) {
			return true
		}
	}
	return false
}

// capable refuses what the device says it cannot do, before anything is sent. What it
// said under another firmware does not count, nor what it never said.
func (c Configuration) capable(firmware string, a Args) error {
	switch a := a.(type) {
	case Trigger:
		if c.lacks(firmware, "RemoteTrigger") {
			return fault.New(fault.Unsupported, "command_unsupported",
				"The charge point says that it cannot be asked for messages. It has no profile RemoteTrigger. Nothing was sent.")
		}
	case SetProfile, ClearProfile, GetSchedule:
		if c.lacks(firmware, "SmartCharging") {
			return fault.New(fault.Unsupported, "command_unsupported",
				"The charge point says that it knows no charging profiles. It has no profile SmartCharging. Nothing was sent.")
		}
		return c.bounds(firmware, a)
	case ChangeConfig:
		if k, known := c.Find(a.Key); known && k.ReadOnly {
			return fault.New(fault.Unsupported, "key_read_only", "The charge point says that %s can only be read. Nothing was sent.", k.Key)
		}
	}
	return nil
}

// lacks reports whether the device says, and of this firmware, that it has not a feature
// profile (OCPP 1.6 §9.1 SupportedFeatureProfiles, §3.2).
func (c Configuration) lacks(firmware, profile string) bool {
	k, known := c.Find("SupportedFeatureProfiles")
	return known && k.Value != "" && c.Firmware == firmware && !strings.Contains(strings.ToLower(k.Value), strings.ToLower(profile))
}

// keepConfig stores what an answer tells of the configuration.
func keepConfig(tx Tx, c Command, a Answer) error {
	if a.State != CommandAccepted || c.Type != CommandGetConfig && c.Type != CommandChangeConfig {
		return nil
	}
	args, err := c.Arguments()
	if err != nil {
		return err
	}
	p, err := tx.LockPoint(c.Point)
	if err != nil {
		return err
	}
	cfg, err := tx.ConfigurationOf(p.ID)
	if err != nil {
		return err
	}
	cfg.Point, cfg.Operator, cfg.Sub = p.ID, p.Operator, p.Sub
	switch args := args.(type) {
	case GetConfig:
		cfg = cfg.read(a.Keys, len(args.Keys) == 0, p.Firmware, tx.Now())
	case ChangeConfig:
		if SameKey(args.Key, keyOfKey) { // it is kept as MACs alone
			return nil
		}
		cfg = cfg.written(args.Key, args.Value, a.Outcome == OutcomeReboot, tx.Now())
	}
	return tx.SaveConfiguration(cfg)
}
