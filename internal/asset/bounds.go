package asset

import (
	"strconv"
	"strings"

	"ccms/internal/fault"
)

// bounds refuses of a profile what is past the limits that the device told (OCPP 1.6
// §9.4). What it told under another firmware does not count.
func (c Configuration) bounds(firmware string, a Args) error {
	if c.Firmware != firmware {
		return nil
	}
	switch a := a.(type) {
	case SetProfile:
		var bad flaws
		s := a.Profile.Schedule
		if most, told := c.number("ChargingScheduleMaxPeriods"); told && most > 0 && len(s.Periods) > most {
			bad.add("/profile/schedule/periods", "are too many: the charge point says that it takes at most "+strconv.Itoa(most))
		}
		if most, told := c.number("ChargeProfileMaxStackLevel"); told && a.Profile.Stack > most {
			bad.add("/profile/stack_level", "is too high: the charge point says that it takes at most "+strconv.Itoa(most))
		}
		if !c.counts(s.Unit) {
			bad.add("/profile/schedule/unit", "is not one that the charge point says it takes")
		}
		return bad.err()
	case GetSchedule:
		if a.Unit != "" && !c.counts(a.Unit) {
			return fault.BadInput("/composite/unit", "is not one that the charge point says it takes")
		}
	}
	return nil
}

// number is a setting that is a number and not below zero; anything else tells nothing.
func (c Configuration) number(key string) (int, bool) {
	k, known := c.Find(key)
	n, err := strconv.Atoi(strings.Trim(k.Value, `"' `))
	return n, known && err == nil && n >= 0
}

// counts reports whether the device takes limits in the unit, for all that it says. Its
// list says Current and Power; some write the unit itself, quoted or spaced (behaviour 65).
func (c Configuration) counts(u RateUnit) bool {
	k, known := c.Find("ChargingScheduleAllowedChargingRateUnit")
	said := false
	if known {
		for word := range strings.SplitSeq(k.Value, ",") {
			switch strings.ToLower(strings.Trim(word, `"' `)) {
			case "current", "a":
				said = true
				if u == Amperes {
					return true
				}
			case "power", "w":
				said = true
				if u == Watts {
					return true
				}
			}
		}
	}
	return !said
}
